//! The trial, its sites, who holds which role.

use super::{
    APPROVAL, CERTIFICATE, DELEGATION, HOLD, Numbered, RECORD_LOCK, ROSTER, SITE, STAFF_RELATION, STUDY_VERSION,
    TRIAL_ROLE,
    cells::{by, count, date, id, instant, maybe_date, maybe_id, maybe_text, person, second, text, version},
};
use crate::table::{Cell, Write};
use conduct::{
    Entry, SiteState, TrialState,
    state::{Credentials, Delegation, SiteStanding},
};
use std::collections::BTreeSet;
use terms::{SiteId, StaffId};

pub(super) fn trial<'a>(after: &TrialState, entries: impl Iterator<Item = Numbered<'a>>, writes: &mut Vec<Write>) {
    let mut touched: BTreeSet<&SiteId> = BTreeSet::new();
    for one in entries {
        match one.entry {
            Entry::StudyAdopted { study, label, title } => {
                let row = vec![id(study), text(label), text(title), date(one.stamp.day)];
                writes.push(Write::Put(&STUDY_VERSION, row));
            }
            Entry::SiteOpened { site, .. }
            | Entry::SiteActivated { site }
            | Entry::SiteClosed { site }
            | Entry::CapSet { site, .. } => {
                touched.insert(site);
            }
            Entry::RoleGranted { staff, role } => writes.push(Write::Put(&TRIAL_ROLE, vec![id(staff), id(role)])),
            Entry::RoleEnded { staff, role } => writes.push(Write::Remove(&TRIAL_ROLE, vec![id(staff), id(role)])),
            Entry::AnalysisPlanFrozen { .. } | Entry::RecordLocked { .. } | Entry::RecordUnlocked {} => {
                writes.push(Write::Put(&RECORD_LOCK, lock_row(&one)));
            }
            Entry::CertificateRecorded { staff, .. } | Entry::CertificateWithdrawn { staff, .. } => {
                certificates("trial", &after.credentials, staff, writes);
            }
            _ => hold("trial", &one, writes),
        }
    }
    for site in touched {
        if let Some(state) = after.sites.get(site) {
            let standing = match state.standing {
                SiteStanding::Opened => "opened",
                SiteStanding::Active => "active",
                SiteStanding::Closed => "closed",
            };
            let row = vec![
                id(site),
                text(&state.name),
                text(&state.country),
                text(&state.zone),
                text(standing),
                state.cap.into(),
            ];
            writes.push(Write::Put(&SITE, row));
        }
    }
}

fn lock_row(one: &Numbered<'_>) -> Vec<Cell> {
    let (step, plan, study, open) = match one.entry {
        Entry::AnalysisPlanFrozen { plan, study } => ("frozen", text(plan), id(study), Cell::Null),
        Entry::RecordLocked { plan, study, open, .. } => ("locked", text(plan), id(study), count(open.len())),
        _ => ("unlocked", Cell::Null, Cell::Null, Cell::Null),
    };
    vec![
        version(one.version),
        text(step),
        plan,
        study,
        open,
        maybe_text(one.stamp.reason.as_ref()),
        by(one.stamp),
        second(one.stamp),
        date(one.stamp.day),
        instant(one.stamp.recorded_at),
    ]
}

fn hold(held: &str, one: &Numbered<'_>, writes: &mut Vec<Write>) {
    match one.entry {
        Entry::HoldPlaced { instance, text: words } => {
            let row = vec![text(held), id(instance), text(words), instant(one.stamp.at), by(one.stamp)];
            writes.push(Write::Put(&HOLD, row));
        }
        Entry::HoldLifted { instance } => {
            writes.push(Write::Remove(&HOLD, vec![text(held), id(instance)]));
        }
        Entry::ApprovalRecorded { approval, number, from, until } => {
            let row = vec![text(held), version(one.version), text(approval), text(number), date(*from), date(*until)];
            writes.push(Write::Put(&APPROVAL, row));
        }
        _ => {}
    }
}

pub(super) fn site<'a>(
    site: &SiteId,
    after: &SiteState,
    entries: impl Iterator<Item = Numbered<'a>>,
    writes: &mut Vec<Write>,
) {
    let mut staff_touched: BTreeSet<&StaffId> = BTreeSet::new();
    let held = format!("site/{site}");
    for one in entries {
        match one.entry {
            Entry::Delegated { staff, .. } | Entry::DelegationEnded { staff, .. } => {
                staff_touched.insert(staff);
            }
            Entry::CertificateRecorded { staff, .. } | Entry::CertificateWithdrawn { staff, .. } => {
                certificates(&held, &after.credentials, staff, writes);
            }
            Entry::RelationDeclared { .. } | Entry::RelationEnded { .. } => relations(site, &after.credentials, writes),
            _ => hold(&held, &one, writes),
        }
    }
    for (place, delegation) in after.delegations.iter().enumerate() {
        if staff_touched.contains(&delegation.staff) {
            writes.push(Write::Put(&DELEGATION, delegation_row(site, place, delegation)));
        }
    }
    writes.push(Write::Put(&ROSTER, vec![id(site), after.last_number.into(), count(after.places.len())]));
}

/// All of one person's: a withdrawal may touch several.
fn certificates(held: &str, credentials: &Credentials, staff: &StaffId, writes: &mut Vec<Write>) {
    for (place, one) in credentials.of(staff).iter().enumerate() {
        let row = vec![
            text(held),
            id(staff),
            count(place + 1),
            text(&one.kind),
            maybe_text(one.number.as_ref()),
            one.hours.into(),
            date(one.issued),
            maybe_date(one.until),
            maybe_date(one.withdrawn),
            person(&one.by),
        ];
        writes.push(Write::Put(&CERTIFICATE, row));
    }
}

fn relations(site: &SiteId, credentials: &Credentials, writes: &mut Vec<Write>) {
    for (place, one) in credentials.relations.iter().enumerate() {
        let row = vec![
            id(site),
            count(place + 1),
            id(&one.staff),
            id(&one.other),
            text(&one.kind),
            date(one.from),
            maybe_date(one.until),
        ];
        writes.push(Write::Put(&STAFF_RELATION, row));
    }
}

fn delegation_row(site: &SiteId, place: usize, delegation: &Delegation) -> Vec<Cell> {
    vec![
        id(site),
        count(place + 1),
        id(&delegation.staff),
        id(&delegation.role),
        date(delegation.from),
        maybe_date(delegation.until),
        maybe_id(delegation.covers.as_ref()),
    ]
}
