//! List A of what people hold: roles given and acts allowed without certificates, doses without a licence in the room, and
//! pairs who are related and alone.

use super::{Harm, Look, memory::Shared, must};
use conduct::{Entry, Person};
use jiff::civil::Date;
use protocol::model::{CertificateKind, Duty, NeededFrom, Study};
use std::collections::BTreeSet;
use terms::{RoleId, SiteId, StaffId};

/// A certificate as it is remembered.
#[derive(Debug, Clone, Hash)]
pub(super) struct Certified {
    pub kind: String,
    pub hours: u32,
    pub first: Date,
    pub last: Option<Date>,
}

impl Shared {
    /// Takes in what is written of certificates and relations, at a site or in the trial.
    pub(super) fn credentials(&mut self, site: Option<&SiteId>, entry: &Entry) {
        match entry {
            Entry::CertificateRecorded { staff, certificate, hours, issued, until, .. } => {
                let held = self.certificates.entry((site.cloned(), staff.clone())).or_default();
                let hours = hours.unwrap_or_default();
                held.push(Certified { kind: certificate.clone(), hours, first: *issued, last: *until });
            }
            Entry::CertificateWithdrawn { staff, certificate, from } => {
                let held = self.certificates.get_mut(&(site.cloned(), staff.clone()));
                for one in held.into_iter().flatten().filter(|one| one.kind == *certificate && one.first <= *from) {
                    let last = from.yesterday().unwrap_or(*from);
                    one.last = Some(one.last.map_or(last, |known| known.min(last)));
                }
            }
            Entry::RelationDeclared { staff, other, from, .. } => {
                let pair = (staff.clone().min(other.clone()), staff.clone().max(other.clone()));
                self.related.insert(pair, *from);
            }
            Entry::RelationEnded { staff, other, .. } => {
                self.related.remove(&(staff.clone().min(other.clone()), staff.clone().max(other.clone())));
            }
            _ => {}
        }
    }

    fn holds(&self, staff: &StaffId, site: Option<&SiteId>, kind: &CertificateKind, day: Date) -> bool {
        let keys = [(site.cloned(), staff.clone()), (None, staff.clone())];
        keys.iter().filter_map(|key| self.certificates.get(key)).flatten().any(|one| {
            one.kind == kind.id
                && one.first <= day
                && one.last.is_none_or(|last| day <= last)
                && one.hours >= kind.hours_min.unwrap_or_default()
        })
    }

    /// What a role asks for and somebody does not hold.
    fn lacks(
        &self,
        study: &Study,
        staff: &StaffId,
        site: Option<&SiteId>,
        role: &RoleId,
        day: Date,
        all: bool,
    ) -> bool {
        let asked = study.certificates.iter().filter(|kind| kind.roles.contains(role));
        let mut asked = asked.filter(|kind| all || kind.from == NeededFrom::Delegation);
        asked.any(|kind| !self.holds(staff, site, kind, day))
    }

    /// Duties for which somebody holds what is asked for; `all` with what the dosing day asks for.
    pub(super) fn fit(
        &self,
        study: &Study,
        staff: &StaffId,
        site: Option<&SiteId>,
        day: Date,
        all: bool,
    ) -> BTreeSet<Duty> {
        let here = site.and_then(|site| self.sites.get(site)).into_iter().flat_map(|site| &site.delegations);
        let delegated = here
            .filter(|(who, _, from, until)| who == staff && *from <= day && until.is_none_or(|until| day <= until))
            .map(|(_, role, _, _)| role);
        let roles = delegated.chain(self.roles.get(staff).into_iter().flatten());
        roles
            .filter(|role| !self.lacks(study, staff, site, role, day, all))
            .filter_map(|role| study.role(role.as_str()))
            .flat_map(|role| role.duties.iter().copied())
            .collect()
    }

    pub(super) fn licensed(&self, study: &Study, staff: &StaffId, site: Option<&SiteId>, day: Date) -> bool {
        study.certificates.iter().any(|kind| kind.licensed && self.holds(staff, site, kind, day))
    }

    /// Whether everybody is related to everybody else, and they are two at least.
    pub(super) fn only_related(&self, people: &[&StaffId], day: Date) -> bool {
        let mut pairs = people.iter().enumerate().flat_map(|(place, one)| {
            people.iter().skip(place + 1).map(move |other| ((*one).min(*other).clone(), (*one).max(*other).clone()))
        });
        people.len() > 1 && pairs.all(|pair| self.related.get(&pair).is_some_and(|from| *from <= day))
    }
}

impl Look<'_> {
    /// A role given to somebody who does not hold what it asks for.
    pub(super) fn certified_for(
        &self,
        who: &StaffId,
        role: &RoleId,
        site: Option<&SiteId>,
        day: Date,
        harms: &mut Vec<Harm>,
    ) {
        let lacks = self.shared.lacks(&self.setting.study, who, site, role, day, false);
        must(harms, !lacks, "delegation.certificate", format!("{role} given to {who} without its certificates"));
    }

    /// Something allowed by people who do not hold what their roles ask for.
    pub(super) fn certified(&self, site: Option<&SiteId>, entry: &Entry, harms: &mut Vec<Harm>) {
        let bedside = [Duty::Facilitate, Duty::Nurse, Duty::Prescribe];
        let (duties, all, both): (&[Duty], bool, bool) = match entry {
            Entry::Enrolled { .. } | Entry::EnrolmentConfirmed { .. } => (&[Duty::DecideEligibility], false, false),
            Entry::Randomised { .. } | Entry::AllocatedOpenLabel => (&[Duty::Randomise], false, false),
            Entry::RatingTaken { .. } => (&[Duty::RateOutcomes], false, false),
            Entry::Delegated { .. } => (&[Duty::LeadSite, Duty::AdministerTrial], false, false),
            Entry::DoseOrdered { .. } => (&[Duty::Prescribe], true, false),
            Entry::ContainersReleased { .. } => (&[Duty::DispenseDrug, Duty::WitnessDrug], true, true),
            Entry::DoseAuthorised { .. } | Entry::SupplementAuthorised { .. } => (&bedside, true, true),
            _ => return,
        };
        for proof in [Some(self.actor()), self.second().filter(|_| both)].into_iter().flatten() {
            let Person::Staff(staff) = &proof.person else { continue };
            let may = self.duties_of(staff, site);
            // Somebody who may not at all is another property's.
            if !duties.iter().any(|duty| may.contains(duty)) {
                continue;
            }
            let fit = self.shared.fit(&self.setting.study, staff, site, self.stamp.day, all);
            let holds = duties.iter().any(|duty| fit.contains(duty));
            must(harms, holds, "staff.certificate", format!("allowed by {staff}, whose certificates are not in date"));
        }
    }
}
