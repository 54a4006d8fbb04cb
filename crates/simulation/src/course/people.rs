//! Who does it: the people of a participant's site, by what they may do.

use super::Trial;
use conduct::entry::Person;
use protocol::model::{Duty, Form};
use terms::{RoleId, SiteId, StaffId};

impl Trial<'_> {
    /// The id of a participant's site.
    pub(crate) fn site_id(&self, whose: usize) -> Option<SiteId> {
        self.site_of(whose).map(|site| site.id.clone())
    }

    /// Somebody at a participant's site (or in the trial) with a duty.
    pub(crate) fn by(&self, whose: usize, duty: Duty) -> Option<StaffId> {
        let site = self.site_of(whose)?;
        // A second prescriber is there as a cover alone; of the others there are two who share the work.
        let nth = if duty == Duty::Prescribe { 0 } else { self.lives.get(whose)?.pair };
        self.clinic.roster.with_duty(&self.clinic.study, &site.id, duty, nth).cloned()
    }

    /// Somebody else at the participant's site with a duty.
    pub(crate) fn other(&self, whose: usize, duty: Duty, than: &StaffId) -> Option<StaffId> {
        let site = self.site_of(whose)?;
        self.other_at(&site.id, duty, than)
    }

    /// Somebody else at a site with a duty.
    pub(crate) fn other_at(&self, site: &SiteId, duty: Duty, than: &StaffId) -> Option<StaffId> {
        let study = &self.clinic.study;
        let able = study.roles.iter().filter(|role| role.duties.contains(&duty));
        let mut people =
            able.flat_map(|role| (0..2).filter_map(|nth| self.clinic.roster.in_role(Some(site), &role.id, nth)));
        people.find(|staff| *staff != than).cloned()
    }

    /// Somebody at a site with a duty.
    pub(crate) fn at_site(&self, site: &SiteId, duty: Duty) -> Option<StaffId> {
        self.clinic.roster.with_duty(&self.clinic.study, site, duty, 0).cloned()
    }

    /// The therapy pair: who leads, and the other.
    pub(crate) fn pair(&self, whose: usize) -> Option<(StaffId, StaffId)> {
        let site = self.site_of(whose)?;
        let pair = self.lives.get(whose)?.pair;
        let lead = self.by(whose, Duty::LeadSession)?;
        let study = &self.clinic.study;
        let follows = |role: &&protocol::model::Role| {
            role.duties.contains(&Duty::Facilitate) && !role.duties.contains(&Duty::LeadSession)
        };
        let other = study
            .roles
            .iter()
            .filter(follows)
            .find_map(|role| self.clinic.roster.in_role(Some(&site.id), &role.id, pair));
        let other = other.cloned().or_else(|| self.other(whose, Duty::Facilitate, &lead))?;
        Some((lead, other))
    }

    /// Who fills a form in: the participant where they may, mostly; else the first of its roles that somebody holds.
    pub(crate) fn who_fills(&mut self, whose: usize, form: &Form) -> Option<Person> {
        let own = |role: &RoleId| {
            self.clinic.study.role(role.as_str()).is_some_and(|role| role.duties.contains(&Duty::Participate))
        };
        let by_themselves = form.completed_by.iter().any(own);
        let life = self.lives.get_mut(whose)?;
        let (drawn, pair) = (life.habits.chance(0.85), life.pair);
        let id = life.id.clone()?;
        if by_themselves && drawn {
            return Some(Person::Participant(id));
        }
        let site = self.site_of(whose)?;
        let roster = &self.clinic.roster;
        let study = &self.clinic.study;
        let prescribes =
            |role: &RoleId| study.role(role.as_str()).is_some_and(|role| role.duties.contains(&Duty::Prescribe));
        let nth = |role: &RoleId| if prescribes(role) { 0 } else { pair };
        let somebody = form.completed_by.iter().find_map(|role| roster.anywhere(&site.id, role, nth(role)));
        somebody.cloned().or_else(|| self.by(whose, Duty::RecordData)).map(Person::Staff)
    }

    /// Somebody who may do a check, the pair first.
    pub(crate) fn who_checks(&self, whose: usize, duties: &[Duty]) -> Option<StaffId> {
        duties.iter().find_map(|duty| self.by(whose, *duty))
    }
}
