//! List A in the trial's own frame: versions, sites, the sealed list, the plan and the lock.

use super::{Harm, Look, must};
use conduct::Entry;
use jiff::tz::TimeZone;
use protocol::model::{Duty, RoleScope};
use std::collections::BTreeSet;
use terms::{SiteId, StaffId};

/// What a lock without its two people does.
const UNSIGNED: &str = "the record locked or opened without two signatures";

impl Look<'_> {
    pub(super) fn trial_entry(&self, entry: &Entry, harms: &mut Vec<Harm>) {
        let shared = self.shared;
        match entry {
            Entry::StudyAdopted { study, .. } => {
                let version = self.setting.studies.get(study);
                let new = version.is_some() && !shared.studies.iter().any(|(hash, _)| hash == study);
                must(harms, new, "study.known", "a study version adopted twice, or one that nobody has");
                let amends = version.and_then(|version| version.amendment.as_ref()).map(|amendment| &amendment.amends);
                // Labels alone say nothing: another study may have the same.
                let same = |hash| {
                    let before = self.setting.studies.get(hash);
                    before.is_some_and(|before| version.is_some_and(|version| before.id == version.id))
                };
                let follows = shared.studies.is_empty()
                    || amends
                        .is_some_and(|amends| shared.studies.iter().any(|(hash, label)| label == amends && same(hash)));
                must(harms, follows, "study.follows", "a study version adopted that amends none in force");
                must(harms, !shared.locked, "lock.closed", "a study version adopted in a locked record");
            }
            Entry::SiteOpened { site, zone, .. } => {
                let planned = self.setting.study.site(site.as_str()).is_some() && TimeZone::get(zone).is_ok();
                must(harms, planned, "site.planned", format!("{site} opened, which the study does not have"));
                let new = shared.sites.get(site).is_none_or(|clinic| clinic.standing == 0);
                must(harms, new, "site.standing", format!("{site} opened twice"));
            }
            Entry::SiteActivated { site } => self.activated(site, harms),
            Entry::SiteClosed { site } => {
                let open = shared.sites.get(site).is_some_and(|clinic| matches!(clinic.standing, 1 | 2));
                must(harms, open, "site.standing", format!("{site} closed, which is not open"));
            }
            Entry::CapSet { site, cap } => {
                let taken = shared.sites.get(site).map_or(0, |clinic| clinic.places.len());
                let room = cap.is_none_or(|cap| taken <= cap as usize);
                must(harms, room, "site.cap_taken", format!("{site} capped below the places taken"));
            }
            Entry::AllocationLoaded { commitment, rows } => {
                let hash = commitment.len() == 64 && commitment.bytes().all(|byte| byte.is_ascii_hexdigit());
                let enough = *rows >= self.setting.study.design.participants_planned;
                let sound = hash && enough && shared.rows.is_none() && self.draws();
                must(harms, sound, "randomisation.list", "a sealed list bound that is too short, or a second one");
            }
            Entry::RoleGranted { staff, role } => self.role_given(staff, role, RoleScope::Trial, None, harms),
            Entry::HoldLifted { instance } => self.lifted_of(&shared.holds, instance, harms),
            Entry::AnalysisPlanFrozen { plan, .. } => {
                let own = self.setting.study.analysis.hash() == *plan
                    || self.setting.studies.iter().any(|(_, study)| study.analysis.hash() == *plan);
                must(harms, own, "plan.known", "a plan frozen that is not the version's");
                let blind = !shared.opened && shared.plan.as_ref() != Some(plan);
                must(harms, blind, "plan.blind", "a plan frozen after the allocation was opened, or twice");
                self.two_of_the_trial("plan.signed", "a plan frozen without two signatures", harms);
            }
            Entry::RecordLocked { open, .. } => {
                must(harms, shared.plan.is_some(), "lock.plan", "the record locked without a plan");
                must(harms, !shared.locked, "lock.standing", "the record locked twice");
                must(
                    harms,
                    open.is_empty() || self.reason(),
                    "lock.open",
                    "the record locked over what is open, without a reason",
                );
                self.two_of_the_trial("lock.two_people", UNSIGNED, harms);
            }
            Entry::RecordUnlocked {} => {
                must(harms, shared.locked, "lock.standing", "a record opened that was not locked");
                must(harms, self.reason(), "lock.reason", "a locked record opened without a reason");
                self.two_of_the_trial("lock.two_people", UNSIGNED, harms);
            }
            _ => {}
        }
    }

    fn two_of_the_trial(&self, rule: &'static str, what: &str, harms: &mut Vec<Harm>) {
        let signed = self.actor().signed && self.second().is_some_and(|second| second.signed);
        let two = self.two(
            None,
            &[Duty::ManageData, Duty::AdministerTrial],
            &[Duty::AdministerTrial, Duty::MonitorMedically],
        );
        must(harms, signed && two.is_ok(), rule, what);
    }

    fn activated(&self, site: &SiteId, harms: &mut Vec<Harm>) {
        let opened = self.shared.sites.get(site).is_some_and(|clinic| clinic.standing == 1);
        must(harms, opened, "site.standing", format!("{site} activated out of turn"));
        let presence = &self.setting.study.session.presence;
        let staff: BTreeSet<&StaffId> = self
            .shared
            .sites
            .get(site)
            .into_iter()
            .flat_map(|clinic| clinic.delegations.iter().map(|(staff, ..)| staff))
            .collect();
        let with = |duty: Duty| -> BTreeSet<&&StaffId> {
            let here = |staff: &&&StaffId| {
                let clinic = self.shared.sites.get(site);
                let today = self.stamp.day;
                clinic.into_iter().flat_map(|clinic| &clinic.delegations).any(|(who, role, from, until)| {
                    who == **staff
                        && *from <= today
                        && until.is_none_or(|until| today <= until)
                        && self.setting.study.role(role.as_str()).is_some_and(|role| role.duties.contains(&duty))
                })
            };
            staff.iter().filter(here).collect()
        };
        let needed = [
            (Duty::LeadSite, 1),
            (Duty::DecideEligibility, 1),
            (Duty::Prescribe, 1),
            (Duty::DispenseDrug, 1),
            (Duty::WitnessDrug, 1),
            (Duty::LeadSession, presence.leads_min as usize),
            (Duty::Nurse, presence.nurses_min as usize),
        ];
        let enough = needed.iter().all(|(duty, least)| with(*duty).len() >= *least);
        let pair: BTreeSet<_> = with(Duty::DispenseDrug).union(&with(Duty::WitnessDrug)).copied().collect();
        must(harms, enough && pair.len() >= 2, "site.staffed", format!("{site} activated without the people it needs"));
        must(harms, self.site_approved(site), "session.approval", format!("{site} activated without its approvals"));
    }
}
