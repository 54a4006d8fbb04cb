//! Certificates and relations: what is recorded of them, what a delegation needs, who may ask in which role, and what
//! falls when a certificate turns out not to hold.
//!
//! What somebody holds is looked at on the day of the act. A fact is recorded whatever they hold. Source: failures.md
//! F-52, F-53, F-60; dosing-day.md RF-STAFF-2; ICH E6(R3) 2.3.

use super::credentials::Staff;
use crate::{
    case::{Authority, Case, Draft},
    command::{Authorisation, Command},
    context::RoomFound,
    decide::{FactNo, duties_for},
    entry::Entry,
    finding::{Broken, Finding, Rule, Unreadable},
    session,
    state::SiteState,
    stream::StreamId,
};
use jiff::civil::Date;
use protocol::model::{CertificateKind, Duty, NeededFrom, Trigger};
use terms::{RoleId, RuleId, SiteId, StaffId};

/// No delegation without them.
pub const DELEGATION: Rule = Rule {
    id: "delegation.certificate",
    sentence: "Whoever is given a role holds its certificates on the first day",
    source: "The study's certificates; ICH E6(R3) 2.3; failures.md F-60: training before the first act",
    binds: &["grant_role", "delegate"],
    broken: "The act is refused",
};
/// No act in a role without them.
pub const ACTING: Rule = Rule {
    id: "staff.certificate",
    sentence: "Who asks holds the certificates of the role in which they do, in date",
    source: "The study's certificates; failures.md F-52: expiry blocks staffing; safety.md, 11.10(i)",
    binds: &[
        "enrol",
        "confirm_enrolment",
        "randomise",
        "order_dose",
        "release_containers",
        "authorise_dose",
        "authorise_supplement",
        "take_rating",
        "delegate",
    ],
    broken: "The act is refused; what they record is recorded",
};

/// Most characters of a certificate's number.
const NUMBER_MAX: usize = 40;

pub(super) fn staff<'a>(case: &Case<'a>) -> Staff<'a> {
    Staff { study: case.study, trial: case.world.trial, site: case.world.site }
}

/// One finding for each kind that the role needs.
pub(super) fn for_role(case: &Case<'_>, who: &StaffId, role: &RoleId, day: Date) -> Vec<Finding> {
    let needed: Vec<&CertificateKind> = case
        .study
        .certificates
        .iter()
        .filter(|kind| kind.from == NeededFrom::Delegation && kind.roles.contains(role))
        .collect();
    needed.into_iter().map(|kind| one(&DELEGATION, staff(case), who, kind, day)).collect()
}

fn one(rule: &Rule, staff: Staff<'_>, who: &StaffId, kind: &CertificateKind, day: Date) -> Finding {
    let about = |finding: Finding| finding.about(kind.id.as_str(), kind.title.as_str());
    if staff.holds(who, kind, day) {
        return about(Finding::holds(rule, format!("{who} holds it")));
    }
    Broken::new(
        rule,
        format!("{who}: {}", staff.lacking_words(who, kind, day)),
        format!("in date on {day}"),
        "record the certificate with its days, or let somebody else do it",
    )
    .from_source(&kind.source)
    .about(kind.id.as_str(), kind.title.as_str())
    .by(Duty::LeadSite)
    .into()
}

/// What the certificates of those who ask say of an authorisation; nothing where the study knows none.
pub(crate) fn acting(case: &Case<'_>, act: &Authorisation) -> Vec<Finding> {
    if case.study.certificates.is_empty() {
        return Vec::new();
    }
    let command = Command::Authorise(act.clone());
    if !ACTING.binds.contains(&command.name().as_str()) {
        return Vec::new();
    }
    let (from, together) = match act {
        Authorisation::ReleaseContainers { .. } => (NeededFrom::Dosing, &[Duty::DispenseDrug, Duty::WitnessDrug][..]),
        Authorisation::AuthoriseDose { .. } | Authorisation::AuthoriseSupplement { .. } => {
            (NeededFrom::Dosing, session::AT_BEDSIDE)
        }
        Authorisation::OrderDose { .. } => (NeededFrom::Dosing, &[][..]),
        _ => (NeededFrom::Delegation, &[][..]),
    };
    let duties = duties_for(&command);
    let mut findings = vec![person(case, &case.actor, duties, from)];
    if let Some(second) = case.second.as_ref().filter(|_| !together.is_empty()) {
        findings.push(person(case, second, together, from));
    }
    findings
}

/// Whether somebody holds what one of their roles with these duties needs.
fn person(case: &Case<'_>, who: &Authority<'_>, duties: &[Duty], from: NeededFrom) -> Finding {
    let Some(id) = who.staff() else { return Finding::holds(&ACTING, "by the program") };
    let staff = staff(case);
    let today = case.day;
    let acting = who.roles.iter().filter(|role| {
        case.study.role(role.as_str()).is_some_and(|role| role.duties.iter().any(|duty| duties.contains(duty)))
    });
    let mut missing: Option<Vec<&CertificateKind>> = None;
    for role in acting {
        let lacking = staff.lacking(id, role, today, from);
        if lacking.is_empty() {
            return Finding::holds(&ACTING, format!("{id} holds them"));
        }
        missing.get_or_insert(lacking);
    }
    match missing.as_deref() {
        // Somebody without such a role: other rules say so.
        None | Some([]) => Finding::holds(&ACTING, format!("{id} needs none")),
        Some([kind, ..]) => one(&ACTING, staff, id, kind, today),
    }
}

fn unreadable(field: &str, what: impl Into<String>, mend: impl Into<String>) -> FactNo {
    Unreadable { field: field.to_owned(), what: what.into(), mend: mend.into() }.into()
}

/// A certificate as it is recorded.
#[derive(Debug)]
pub(super) struct Told<'c> {
    pub staff: &'c StaffId,
    pub certificate: &'c str,
    pub number: Option<&'c str>,
    pub hours: Option<u32>,
    pub issued: Date,
    pub until: Option<Date>,
}

fn kind<'a>(case: &Case<'a>, id: &str) -> Result<&'a CertificateKind, FactNo> {
    case.study.certificate(id).ok_or_else(|| {
        let known: Vec<&str> = case.study.certificates.iter().map(|kind| kind.id.as_str()).collect();
        let mend = if known.is_empty() {
            "this study asks for no certificates".to_owned()
        } else {
            format!("choose one of {}", known.join(", "))
        };
        unreadable("certificate", format!("there is no certificate \"{id}\""), mend)
    })
}

fn somebody(field: &str, staff: &StaffId) -> Result<(), FactNo> {
    if staff.as_str().trim().is_empty() {
        return Err(unreadable(field, "nobody", "say whose it is"));
    }
    Ok(())
}

pub(super) fn record(case: &Case<'_>, site: Option<&SiteId>, told: &Told<'_>, draft: &mut Draft) -> Result<(), FactNo> {
    somebody("staff", told.staff)?;
    let kind = kind(case, told.certificate)?;
    if told.issued > case.day {
        return Err(unreadable(
            "issued",
            format!("{} is still to come", told.issued),
            "give the day on which it was issued",
        ));
    }
    let by_study = kind.valid_days.and_then(|days| {
        // The day of issue is the first of them.
        i32::try_from(days).ok().map(|days| crate::schedule::days_from(told.issued, days.saturating_sub(1)))
    });
    let until = [told.until, by_study].into_iter().flatten().min();
    if until.is_some_and(|until| until < told.issued) {
        return Err(unreadable("until", "it ends before it was issued", "look at the two days again"));
    }
    // A name has no place in the record; a number has a digit.
    let number = told.number.map(str::trim).filter(|number| !number.is_empty());
    if number.is_some_and(|number| number.chars().count() > NUMBER_MAX || !number.chars().any(|c| c.is_ascii_digit())) {
        let mend = format!("give the number as it stands on it, {NUMBER_MAX} characters at most, and no name");
        return Err(unreadable("number", "not a number", mend));
    }
    let entry = Entry::CertificateRecorded {
        staff: told.staff.clone(),
        certificate: kind.id.clone(),
        number: number.map(str::to_owned),
        hours: told.hours,
        issued: told.issued,
        until,
    };
    write(site, entry, draft);
    Ok(())
}

fn write(site: Option<&SiteId>, entry: Entry, draft: &mut Draft) {
    match site {
        Some(site) => draft.site(site, entry),
        None => draft.trial(entry),
    }
}

pub(super) fn withdraw(
    case: &Case<'_>,
    site: Option<&SiteId>,
    (who, certificate): (&StaffId, &str),
    from: Option<Date>,
    draft: &mut Draft,
) -> Result<(), FactNo> {
    let kind = kind(case, certificate)?;
    let from = from.unwrap_or(case.day);
    let held = site.map_or(&case.world.trial.credentials, |_| {
        case.world.site.map_or(&case.world.trial.credentials, |site| &site.credentials)
    });
    let there = held
        .of(who)
        .iter()
        .any(|held| held.kind == kind.id && held.issued <= from && held.last_day().is_none_or(|last| from <= last));
    if !there {
        let what = format!("{who} holds no \"{}\" on {from} here", kind.title);
        return Err(unreadable("certificate", what, "look at the certificates on the staff page"));
    }
    let entry = Entry::CertificateWithdrawn { staff: who.clone(), certificate: kind.id.clone(), from };
    write(site, entry, draft);
    reach_back(case, site, draft);
    Ok(())
}

/// A relation as it is declared.
#[derive(Debug)]
pub(super) struct Related<'c> {
    pub staff: &'c StaffId,
    pub other: &'c StaffId,
    pub relation: &'c str,
}

pub(super) fn relate(
    case: &Case<'_>,
    site: &SiteId,
    told: &Related<'_>,
    from: Option<Date>,
    draft: &mut Draft,
) -> Result<(), FactNo> {
    somebody("staff", told.staff)?;
    somebody("other", told.other)?;
    if told.staff == told.other {
        return Err(unreadable("other", "the same person twice", "name two people"));
    }
    if !case.study.relations.iter().any(|kind| kind.id == told.relation) {
        let known: Vec<&str> = case.study.relations.iter().map(|kind| kind.id.as_str()).collect();
        let mend = format!("the study's are: {}", known.join(", "));
        return Err(unreadable("relation", format!("there is no relation \"{}\"", told.relation), mend));
    }
    let from = from.unwrap_or(case.day);
    if from > case.day {
        return Err(unreadable(
            "from",
            format!("{from} is still to come"),
            "declare it on the day, or give an earlier one",
        ));
    }
    draft.site(
        site,
        Entry::RelationDeclared {
            staff: told.staff.clone(),
            other: told.other.clone(),
            relation: told.relation.to_owned(),
            from,
        },
    );
    reach_back(case, Some(site), draft);
    Ok(())
}

pub(super) fn unrelate(case: &Case<'_>, site: &SiteId, told: &Related<'_>, draft: &mut Draft) -> Result<(), FactNo> {
    let known = case.world.site.into_iter().flat_map(|site| &site.credentials.relations);
    let lasts = known.filter(|known| known.until.is_none() && known.kind == told.relation);
    if !lasts.into_iter().any(|known| known.between(told.staff, told.other)) {
        let what = format!("{} and {} are not declared so", told.staff, told.other);
        return Err(unreadable("relation", what, "look at the relations on the staff page"));
    }
    draft.site(
        site,
        Entry::RelationEnded {
            staff: told.staff.clone(),
            other: told.other.clone(),
            relation: told.relation.to_owned(),
        },
    );
    Ok(())
}

/// What was allowed in rooms that would not have been enough, as is known now: flagged, and what is to come is stopped.
/// The rooms are found by the door, as the people of one act are no part of what it loads.
fn reach_back(case: &Case<'_>, site: Option<&SiteId>, draft: &mut Draft) {
    let Some(census) = &case.context.census else { return };
    let before = staff(case);
    let mut trial = case.world.trial.clone();
    let mut after: Option<SiteState> = case.world.site.cloned();
    for entry in draft.entries() {
        match (&mut after, site) {
            (Some(state), Some(_)) => state.apply(draft.stamp(), entry),
            (Some(_) | None, _) => trial.apply(draft.stamp(), entry),
        }
    }
    let after = Staff { study: case.study, trial: &trial, site: after.as_ref() };
    let lost: Vec<(&RoomFound, &'static str, String)> = census
        .rooms
        .iter()
        .filter(|room| site == Some(&room.site))
        .filter_map(|room| {
            let people: Vec<&StaffId> = room.staff.iter().collect();
            let day = case.day_of(room.at);
            session::room_stands(before, &people, day).ok()?;
            let (rule, found) = session::room_stands(after, &people, day).err()?;
            Some((room, rule, found))
        })
        .collect();
    for (room, rule, found) in lost {
        draft.set_participant(StreamId::Participant(room.participant.clone()));
        draft.participant(Entry::GroundWithdrawn {
            rule: RuleId::from(rule),
            session: Some(room.session),
            detail: found.clone(),
        });
        let visit = case.study.session(room.session).map(|session| &session.visit);
        let detail = format!("session {}: {found}", room.session);
        draft.consequence(case, Trigger::GroundWithdrawn, detail, visit, None);
    }
}
