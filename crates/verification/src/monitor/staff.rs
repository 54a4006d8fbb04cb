//! List A among the staff: delegations, and holds that are lifted.

use super::{Harm, Look, must};
use conduct::{Entry, Person};
use jiff::civil::Date;
use protocol::model::{Duty, RoleScope};
use std::collections::BTreeSet;
use terms::{InstanceId, RoleId, SiteId, StaffId};

const TREATING: &[Duty] =
    &[Duty::Facilitate, Duty::LeadSession, Duty::Nurse, Duty::Prescribe, Duty::DispenseDrug, Duty::AttendNight];

impl Look<'_> {
    pub(super) fn staff_entry(&self, site: &SiteId, entry: &Entry, harms: &mut Vec<Harm>) {
        match entry {
            Entry::Delegated { staff, role, from, until, covers } => {
                self.delegated(site, (staff, role), (*from, *until), covers.as_ref(), harms);
            }
            Entry::HoldLifted { instance } => {
                let known = self.shared.sites.get(site).is_some_and(|clinic| clinic.holds.contains(instance));
                self.lifted(known, harms);
                // Nobody lifts it past the difference that it stands for.
                let open = self.shared.differences.iter().any(|(id, open)| {
                    let closed = |one: &conduct::Written| {
                        matches!(&one.entry, Entry::DiscrepancyResolved { instance, .. } if instance == id)
                    };
                    open.hold.as_ref() == Some(instance) && !self.performed.written.iter().any(closed)
                });
                must(harms, !open, "hold.difference", "a hold lifted whose difference is open");
            }
            _ => {}
        }
    }

    pub(super) fn lifted(&self, known: bool, harms: &mut Vec<Harm>) {
        must(harms, known, "hold.known", "a hold lifted that does not stand");
        // Closing a difference says how it came about: its hold goes with it.
        let closed = self.performed.written.iter().any(|one| matches!(one.entry, Entry::DiscrepancyResolved { .. }));
        must(harms, closed || self.reason(), "hold.reason", "a hold lifted without saying why");
    }

    pub(super) fn lifted_of(&self, holds: &BTreeSet<InstanceId>, instance: &InstanceId, harms: &mut Vec<Harm>) {
        self.lifted(holds.contains(instance), harms);
    }

    fn delegated(
        &self,
        site: &SiteId,
        (staff, role): (&StaffId, &RoleId),
        (from, until): (Date, Option<Date>),
        covers: Option<&StaffId>,
        harms: &mut Vec<Harm>,
    ) {
        self.role_given(staff, role, RoleScope::Site, Some(site), harms);
        self.certified_for(staff, role, Some(site), from, harms);
        let study = &self.setting.study;
        let held = self.shared.sites.get(site).map_or(&[][..], |clinic| &clinic.delegations);
        let leads = |role: &RoleId| study.role(role.as_str()).is_some_and(|r| r.duties.contains(&Duty::LeadSite));
        let first = !held.iter().any(|(_, role, _, _)| leads(role));
        let sponsor = self.duties(self.actor(), Some(site)).contains(&Duty::AdministerTrial)
            || self.actor().person == Person::Program;
        must(
            harms,
            sponsor || !(leads(role) || first),
            "delegation.lead",
            format!("{staff} leads a site by their own word"),
        );
        let ahead = from >= self.stamp.day && until.is_none_or(|until| until >= from);
        must(harms, ahead, "delegation.term", format!("{staff} delegated backwards"));
        let last = until.unwrap_or(Date::MAX);
        let twice = held.iter().any(|(who, what, since, end)| {
            let end = end.unwrap_or(Date::MAX);
            who == staff && what == role && *since <= last && from <= end && *since <= end
        });
        must(harms, !twice, "delegation.overlap", format!("{staff} delegated twice"));
        if let Some(covered) = covers {
            let holds = held.iter().any(|(who, what, since, end)| {
                who == covered && what == role && *since <= from && end.is_none_or(|end| from <= end)
            });
            let sound = covered != staff && holds && until.is_some();
            must(harms, sound, "delegation.cover", format!("{staff} covers for nobody, or for ever"));
        }
    }

    /// A role given in the trial or at a site.
    pub(super) fn role_given(
        &self,
        staff: &StaffId,
        role: &RoleId,
        scope: RoleScope,
        site: Option<&SiteId>,
        harms: &mut Vec<Harm>,
    ) {
        let study = &self.setting.study;
        let plan = study.role(role.as_str());
        let right = plan.is_some_and(|plan| plan.scope == scope);
        must(harms, right, "delegation.role", format!("{role} given where the study does not have it"));
        let given: BTreeSet<Duty> = plan.into_iter().flat_map(|plan| plan.duties.iter().copied()).collect();
        let held = self.shared.duties(study, staff, site, self.stamp.day);
        let after: BTreeSet<Duty> = given.union(&held).copied().collect();
        let clash = after.contains(&Duty::RateOutcomes) && TREATING.iter().any(|duty| after.contains(duty));
        let new = given.contains(&Duty::RateOutcomes) || TREATING.iter().any(|duty| given.contains(duty));
        must(harms, !(clash && new), "delegation.rater_apart", format!("{staff} both treats and rates"));
        if scope == RoleScope::Trial {
            self.certified_for(staff, role, None, self.stamp.day, harms);
            let twice = self.shared.roles.get(staff).is_some_and(|roles| roles.contains(role));
            must(harms, !twice, "delegation.overlap", format!("{staff} given {role} twice"));
        }
    }
}
