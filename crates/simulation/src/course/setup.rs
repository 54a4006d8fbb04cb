//! The trial's first weeks: version, roles, sites, the sealed list, staff, first stock, activation.

use super::{Plan, SiteRun, SiteStep, Slip, Step, Trial, TrialStep, slips::Slips};
use crate::{
    agenda::Agenda,
    clinic::{Ask, Clinic, at_clock, days_after, minutes_after},
    random::{Purpose, Stream},
    vitals::Curve,
};
use allocation::{ListPlan, Seed, Service, list_make};
use conduct::{
    Authorisation, Command, Entry, Fact,
    command::HoldOn,
    entry::Person,
    staffing::credentials::{issued, usual},
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use protocol::model::{ApprovalScope, Duty, RoleScope};
use std::collections::{BTreeMap, BTreeSet};
use terms::{RoleId, SiteId, StaffId, StudyHash};

/// Things that a trial meets seldom, each counted down.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rare {
    pub suicidality_serious: u32,
    pub systolic_over: u32,
    pub temperature_over: u32,
    pub qtc_over: u32,
    pub pregnancy_positive: u32,
    pub cover: u32,
}

/// Virtual time ends after so many years, whatever is left to do.
const YEARS_MAX: f64 = 4.0;

/// What a trial is begun with.
pub(crate) struct Beginning<'a> {
    pub clinic: Clinic<'a>,
    pub sites: Vec<SiteId>,
    pub amended: Option<StudyHash>,
    pub second: Option<&'a crate::scenario::Second>,
    pub until: Option<Timestamp>,
    pub starts: Option<Date>,
}

impl<'a> Trial<'a> {
    pub(crate) fn new(beginning: Beginning<'a>) -> Self {
        let Beginning { clinic, sites, amended, second, until, starts } = beginning;
        let (scenario, seed) = (clinic.scenario, clinic.seed);
        let first_day = starts.unwrap_or(scenario.trial.starts);
        let start = at_clock(&TimeZone::UTC, first_day, 9, 0);
        let last = days_after(start, YEARS_MAX * 365.0);
        let mut stream = Stream::new(seed, 0, Purpose::Sites);
        let weights = stream.dirichlet(&vec![scenario.trial.site_concentration; sites.len()]);
        let share = scenario.trial.enquiries_a_month / 30.4 * sites.len() as f64;
        let zone_of = |site: &SiteId| {
            let plan = clinic.study.site(site.as_str());
            plan.and_then(|plan| TimeZone::get(&plan.time_zone).ok()).unwrap_or(TimeZone::UTC)
        };
        let sites: Vec<SiteRun> = sites
            .iter()
            .zip(weights)
            .enumerate()
            .map(|(place, (id, weight))| {
                let drawn = stream.normal(0.0, scenario.outcome.site_sd);
                let fixed = scenario.outcome.site_fixed.get(&(place + 1).to_string());
                SiteRun {
                    id: id.clone(),
                    zone: zone_of(id),
                    rate: share * weight,
                    effect: fixed.copied().unwrap_or(drawn),
                    active: false,
                    arrivals: super::site_stream(seed, place, Purpose::Arrivals),
                    keeping: super::site_stream(seed, place, Purpose::Habits),
                    starved: false,
                    lacking: BTreeSet::new(),
                    expected: false,
                    consignments: 0,
                }
            })
            .collect();
        let events = &scenario.events;
        let rare = Rare {
            suicidality_serious: events.suicidality_serious,
            systolic_over: events.systolic_over,
            temperature_over: events.temperature_over,
            qtc_over: events.qtc_over,
            pregnancy_positive: events.pregnancy_positive,
            cover: events.cover,
        };
        let plans = BTreeMap::from([(clinic.hash.clone(), std::sync::Arc::new(Plan::new(&clinic.study)))]);
        Self {
            curve: Curve::new(&scenario.vitals),
            slips: Slips::new(scenario, seed),
            lives: Vec::new(),
            amended,
            // Somebody who is waited for in vain would keep sites open for ever.
            until: Some(until.unwrap_or(last).min(last)),
            second,
            plans,
            agenda: Agenda::new(start),
            start,
            first_day,
            taken: BTreeSet::new(),
            adopted: false,
            holds_left: events.hold,
            breaks_left: events.code_break,
            transfers_left: events.transfer,
            rare,
            sites,
            clinic,
        }
    }

    pub(super) fn trial_step(&mut self, now: Timestamp, what: TrialStep) {
        match what {
            TrialStep::Begin => self.begin(now),
            TrialStep::Adopt => self.adopt(now),
            TrialStep::Hold => self.place_hold(now),
            TrialStep::Lift(hold) => self.lift_hold(now, &hold),
            TrialStep::LiftOne(on, hold) => self.lift_one(now, on, &hold),
        }
    }

    fn begin(&mut self, now: Timestamp) {
        let staff: Vec<_> = self.clinic.roster.all().to_vec();
        for member in &staff {
            self.clinic.hand_over(|sink| sink.staff(member));
        }
        let hash = self.clinic.hash.clone();
        let program = |act| Ask::new(now, Person::Program, Command::Authorise(act));
        if self.slips.once(Slip::UnknownVersion) {
            // Nothing has been adopted, so there is not even a version to decide under.
            let unknown = StudyHash::from("0".repeat(64));
            self.soon(program(Authorisation::AdoptStudy { study: unknown }).may_fail());
        }
        self.soon(program(Authorisation::AdoptStudy { study: hash.clone() }));
        if self.slips.once(Slip::VersionTwice) {
            self.soon(program(Authorisation::AdoptStudy { study: hash }).may_fail());
        }
        let Some(administrator) = self.trial_person(Duty::AdministerTrial) else { return };
        let mut at = now;
        let first_day = self.first_day;
        let (first, others): (Vec<_>, Vec<_>) =
            staff.iter().filter(|member| member.site.is_none()).partition(|member| member.id == administrator);
        for member in first.into_iter().chain(others) {
            at = minutes_after(at, 2);
            let study = std::sync::Arc::clone(&self.clinic.study);
            for kind in usual(&study, &member.role) {
                self.soon(Ask::new(at, Person::Program, Command::Fact(issued(kind, None, &member.id, first_day))));
            }
            let grant = Authorisation::GrantRole { staff: member.id.clone(), role: member.role.clone() };
            let ask = if member.id == administrator {
                Ask::new(at, Person::Program, Command::Authorise(grant))
            } else {
                Ask::act(at, &administrator, grant).signed()
            };
            self.soon(ask);
        }
        self.slips_in_roles(at, &administrator);
        for place in 0..self.sites.len() {
            at = minutes_after(at, 3);
            self.open_site(at, place, &administrator);
        }
        self.bind_list(minutes_after(at, 30), &administrator);
        let scenario = &self.clinic.scenario.trial;
        let (first, each) = (f64::from(scenario.first_activation_days), scenario.activation_days);
        for place in 0..self.sites.len() {
            let activation = days_after(self.start, first + each * place as f64);
            self.later_at_site(days_after(activation, -9.0), place, SiteStep::Staff);
            self.later_at_site(days_after(activation, -5.0), place, SiteStep::FirstStock);
            self.later_at_site(activation, place, SiteStep::Activate);
        }
    }

    fn trial_person(&self, duty: Duty) -> Option<StaffId> {
        let study = &self.clinic.study;
        let able = study.roles.iter().filter(|role| role.scope == RoleScope::Trial && role.duties.contains(&duty));
        able.into_iter().find_map(|role| self.clinic.roster.in_role(None, &role.id, 0)).cloned()
    }

    fn slips_in_roles(&mut self, now: Timestamp, administrator: &StaffId) {
        let study = std::sync::Arc::clone(&self.clinic.study);
        let of_site = study.roles.iter().find(|role| role.scope == RoleScope::Site).map(|role| role.id.clone());
        let held = self.clinic.roster.all().iter().find(|m| m.site.is_none()).map(|m| (m.id.clone(), m.role.clone()));
        let mut grant = |slip, staff: StaffId, role: RoleId| {
            if self.slips.once(slip) {
                let ask = Ask::act(now, administrator, Authorisation::GrantRole { staff, role }).signed().may_fail();
                self.soon(ask);
            }
        };
        if let Some(role) = of_site {
            grant(Slip::RoleOfASite, administrator.clone(), role);
        }
        if let Some((staff, role)) = held {
            grant(Slip::RoleTwice, staff, role);
        }
        if self.slips.once(Slip::UnplannedSite) {
            let act = Authorisation::OpenSite { site: SiteId::from("S99") };
            self.soon(Ask::act(now, administrator, act).may_fail());
        }
        if self.slips.once(Slip::NotAdministrator)
            && let Some(inspector) = self.trial_person(Duty::Inspect)
            && let Some(site) = self.sites.first().map(|site| site.id.clone())
        {
            self.soon(Ask::act(now, &inspector, Authorisation::OpenSite { site }).may_fail());
        }
    }

    fn open_site(&mut self, now: Timestamp, place: usize, administrator: &StaffId) {
        let Some(site) = self.sites.get(place).map(|site| site.id.clone()) else { return };
        let open = Authorisation::OpenSite { site: site.clone() };
        self.soon(Ask::act(now, administrator, open.clone()).signed());
        if self.slips.once(Slip::SiteTwice) {
            self.soon(Ask::act(now, administrator, open).signed().may_fail());
        }
        if self.slips.once(Slip::ActivateUnstaffed) {
            let act = Authorisation::ActivateSite { site };
            self.soon(Ask::act(now, administrator, act).signed().may_fail());
        }
    }

    /// Makes the sealed list, hands it over, and binds the trial to it.
    fn bind_list(&mut self, now: Timestamp, administrator: &StaffId) {
        let seed = Seed::of_simulation(self.clinic.seed, "allocation list");
        let mut rows = Vec::new();
        let mut commitment = None;
        if let Some(mut plan) = ListPlan::of(&self.clinic.study) {
            // Sites enrol at different speeds: every stratum could take a third of the trial, at least twice an even share.
            let even = self.clinic.participants.div_ceil(u32::try_from(self.sites.len().max(1)).unwrap_or(1));
            let least = self.clinic.study.design.participants_planned.max(self.clinic.participants);
            let each = (even * 3).max(least / 3 + 1).max(8);
            plan.strata = self.sites.iter().map(|site| (site.id.to_string(), each)).collect();
            if let Ok(list) = list_make(&plan, &self.clinic.key, &seed) {
                commitment = Some((list.commitment(), u32::try_from(list.rows.len()).unwrap_or(u32::MAX)));
                self.clinic.hand_over(|sink| sink.sealed_list(&list));
                rows = list.rows;
            }
        }
        self.clinic.service = Service::open(self.clinic.key.clone(), rows, []).ok();
        let Some((commitment, rows)) = commitment else { return };
        let mut bind = |slip: Option<Slip>, rows: u32| {
            if slip.is_none_or(|slip| self.slips.once(slip)) {
                let act = Authorisation::LoadAllocation { commitment: commitment.clone(), rows };
                let ask = Ask::act(now, administrator, act).signed();
                self.soon(if slip.is_some() { ask.may_fail() } else { ask });
            }
        };
        bind(Some(Slip::ListTooShort), 3);
        bind(None, rows);
        bind(Some(Slip::ListTwice), rows);
    }

    /// The sponsor names who leads the site; they delegate the others.
    pub(super) fn staff_site(&mut self, now: Timestamp, place: usize) {
        let Some((site, day)) =
            self.sites.get(place).map(|site| (site.id.clone(), now.to_zoned(site.zone.clone()).date()))
        else {
            return;
        };
        let Some(administrator) = self.trial_person(Duty::AdministerTrial) else { return };
        let study = std::sync::Arc::clone(&self.clinic.study);
        let leads = |role: &RoleId| study.role(role.as_str()).is_some_and(|role| role.duties.contains(&Duty::LeadSite));
        let here: Vec<_> =
            self.clinic.roster.all().iter().filter(|member| member.site.as_ref() == Some(&site)).cloned().collect();
        let delegate = |staff: &StaffId, role: &RoleId, from: Date, until: Option<Date>, covers: Option<StaffId>| {
            Authorisation::Delegate {
                site: site.clone(),
                staff: staff.clone(),
                role: role.clone(),
                from,
                until,
                covers,
            }
        };
        // Everybody brings their certificates along, the cover who is delegated later among them.
        for member in &here {
            for kind in usual(&study, &member.role) {
                self.soon(Ask::fact(now, &administrator, issued(kind, Some(&site), &member.id, day)));
            }
        }
        let mut lead = None;
        for member in here.iter().filter(|member| leads(&member.role)) {
            let act = delegate(&member.id, &member.role, day, None, None);
            self.soon(Ask::act(now, &administrator, act).signed());
            lead.get_or_insert_with(|| member.id.clone());
        }
        let lead = lead.unwrap_or(administrator);
        let mut at = now;
        let prescribes =
            |role: &RoleId| study.role(role.as_str()).is_some_and(|role| role.duties.contains(&Duty::Prescribe));
        let mut prescribers = 0;
        for member in here.iter().filter(|member| !leads(&member.role)) {
            if prescribes(&member.role) {
                // The second is there as a cover alone, and delegated when one is needed.
                prescribers += 1;
                if prescribers > 1 {
                    continue;
                }
            }
            at = minutes_after(at, 1);
            let act = delegate(&member.id, &member.role, day, None, None);
            self.soon(Ask::act(at, &lead, act).signed());
        }
        let Some(first) = here.iter().find(|member| !leads(&member.role)) else { return };
        let (mine, theirs) = (here.iter().find(|member| leads(&member.role)), &first.id);
        let rater = study.roles.iter().find(|role| role.duties.contains(&Duty::RateOutcomes));
        let rater = rater.and_then(|role| self.clinic.roster.in_role(None, &role.id, 0)).cloned();
        let carer = study.roles.iter().find(|role| role.duties.contains(&Duty::Facilitate)).map(|role| role.id.clone());
        let earlier = conduct::schedule::days_from(day, -20);
        let later = Some(conduct::schedule::days_from(day, 30));
        let mut wrong = vec![
            (Slip::DelegateBackwards, delegate(theirs, &first.role, earlier, None, None)),
            (Slip::DelegateTwice, delegate(theirs, &first.role, day, None, None)),
            (Slip::CoverNobody, delegate(theirs, &first.role, day, later, Some(theirs.clone()))),
        ];
        if let (Some(rater), Some(carer)) = (rater, carer) {
            wrong.push((Slip::RaterTreats, delegate(&rater, &carer, day, None, None)));
        }
        if let Some(mine) = mine {
            wrong.push((Slip::LeadHimself, delegate(theirs, &mine.role, day, None, None)));
        }
        for (slip, act) in wrong {
            if self.slips.once(slip) {
                self.soon(Ask::act(at, &lead, act).signed().may_fail());
            }
        }
        let helps =
            study.roles.iter().find(|role| role.scope == RoleScope::Site && role.duties.contains(&Duty::Coordinate));
        if let (Some(rater), Some(helps)) = (self.moonlighter(), helps)
            && self.slips.once(Slip::RaterMoonlights)
        {
            for kind in usual(&study, &helps.id) {
                self.soon(Ask::fact(at, &lead, issued(kind, Some(&site), &rater, day)));
            }
            let act = delegate(&rater, &helps.id, day, None, None);
            self.soon(Ask::act(at, &lead, act).signed());
        }
        self.site_approvals(at, &site, day, &lead);
    }

    /// A rater who also helps at the first site, which they should not.
    pub(super) fn moonlighter(&self) -> Option<StaffId> {
        let role = self.clinic.study.roles.iter().find(|role| role.duties.contains(&Duty::RateOutcomes))?;
        self.clinic.roster.in_role(None, &role.id, 7).cloned()
    }

    fn site_approvals(&mut self, now: Timestamp, site: &SiteId, day: Date, lead: &StaffId) {
        let study = std::sync::Arc::clone(&self.clinic.study);
        for rule in study.approvals.iter().filter(|rule| rule.per == ApprovalScope::Site) {
            let fact = Fact::RecordApproval {
                approval: rule.id.clone(),
                scope: ApprovalScope::Site,
                site: site.clone(),
                participant: None,
                number: format!("SYN-{}-{}", site, rule.id),
                from: day,
                until: conduct::schedule::days_from(day, 1500),
            };
            self.soon(Ask::fact(now, lead, fact));
        }
        if self.slips.once(Slip::ApprovalUnknown) {
            let fact = Fact::RecordApproval {
                approval: "nonsense".to_owned(),
                scope: ApprovalScope::Site,
                site: site.clone(),
                participant: None,
                number: "1".to_owned(),
                from: day,
                until: day,
            };
            self.soon(Ask::fact(now, lead, fact).may_fail());
        }
    }

    pub(super) fn activate(&mut self, now: Timestamp, place: usize) {
        let Some(site) = self.sites.get(place).map(|site| site.id.clone()) else { return };
        let Some(administrator) = self.trial_person(Duty::AdministerTrial) else { return };
        if self.recruited() {
            return;
        }
        let act = Authorisation::ActivateSite { site: site.clone() };
        if self.clinic.ask(Ask::act(now, &administrator, act).signed()).is_err() {
            return;
        }
        let Some(run) = self.sites.get_mut(place) else { return };
        run.active = true;
        let first = run.arrivals.waiting(run.rate);
        self.later_at_site(days_after(now, first), place, SiteStep::Enquiry);
        self.later_at_site(days_after(now, 7.0), place, SiteStep::Look);
        self.later_at_site(days_after(now, 10.3), place, SiteStep::Count);
    }

    /// An amended version is put in force; people on the first are asked again where the amendment says so.
    fn adopt(&mut self, now: Timestamp) {
        let Some(hash) = self.amended.clone() else { return };
        let Some(administrator) = self.trial_person(Duty::AdministerTrial) else { return };
        let act = Authorisation::AdoptStudy { study: hash.clone() };
        if self.clinic.ask(Ask::act(now, &administrator, act).signed()).is_err() {
            return;
        }
        for whose in 0..self.lives.len() {
            let Some(life) = self.lives.get_mut(whose) else { continue };
            let wait = life.times.between(3.0, 30.0);
            if !life.over && life.id.is_some() {
                self.later(days_after(now, wait), whose, Step::Amend { tries: 0 });
            }
        }
    }

    fn place_hold(&mut self, now: Timestamp) {
        let Some(monitor) = self.trial_person(Duty::MonitorMedically) else { return };
        if self.slips.once(Slip::HoldSilently) {
            let fact = Fact::PlaceHold { on: HoldOn::Trial, text: "  ".to_owned() };
            self.soon(Ask::fact(now, &monitor, fact).may_fail());
        }
        let text = "Review of events of special interest by the safety committee".to_owned();
        let Ok(written) = self.clinic.ask(Ask::fact(now, &monitor, Fact::PlaceHold { on: HoldOn::Trial, text })) else {
            return;
        };
        let placed = written.iter().find_map(|one| match &one.entry {
            Entry::HoldPlaced { instance, .. } => Some(instance.clone()),
            _ => None,
        });
        let waiting = self.lives.iter().position(|life| {
            let phase =
                life.id.as_ref().and_then(|id| self.clinic.folded.participants.get(id)).map(|state| state.phase);
            !life.over && phase == Some(conduct::Phase::Screening)
        });
        if let Some(whose) = waiting.filter(|_| self.slips.once(Slip::EnrolOnHold)) {
            self.later(days_after(now, 0.5), whose, Step::Decide { gate: 1, tries: 250 });
        }
        if let Some(hold) = placed {
            self.later_in_trial(days_after(now, 4.0), TrialStep::Lift(hold));
        }
    }

    fn lift_hold(&mut self, now: Timestamp, hold: &terms::InstanceId) {
        let Some(monitor) = self.trial_person(Duty::MonitorMedically) else { return };
        let lift = |hold: &terms::InstanceId| Authorisation::LiftHold { on: HoldOn::Trial, hold: hold.clone() };
        if self.slips.once(Slip::LiftNothing) {
            let nothing = terms::InstanceId::from("nothing.1");
            self.soon(Ask::act(now, &monitor, lift(&nothing)).signed().may_fail());
        }
        let _ = self
            .clinic
            .ask(Ask::act(now, &monitor, lift(hold)).signed().because("the committee found no reason to wait"));
    }

    /// Rare events that are due now that so many people have an arm.
    pub(super) fn milestones(&mut self, now: Timestamp) {
        let assigned = self.clinic.tally.report.assigned;
        let goal = self.clinic.participants;
        if assigned * 2 >= goal && !self.adopted {
            self.adopted = true;
            if self.amended.is_some() {
                self.later_in_trial(days_after(now, 1.0), TrialStep::Adopt);
            }
            if self.slips.once(Slip::AmendsNothing)
                && let Some(administrator) = self.trial_person(Duty::AdministerTrial)
            {
                let other = self.clinic.studies.iter().map(|(hash, _)| hash.clone());
                let stray =
                    other.into_iter().find(|hash| Some(hash) != self.amended.as_ref() && *hash != self.clinic.hash);
                if let Some(study) = stray {
                    let act = Authorisation::AdoptStudy { study };
                    self.soon(Ask::act(now, &administrator, act).signed().may_fail());
                }
            }
        }
        if assigned == goal {
            let going_on = self.second.map_or(0, |second| second.sites);
            for place in going_on..self.sites.len() {
                if self.sites.get(place).is_some_and(|site| site.active) {
                    self.later_at_site(minutes_after(now, 90), place, SiteStep::CloseToEnrolment);
                }
            }
        }
        if self.holds_left > 0 && assigned * 5 >= goal * 2 {
            self.holds_left -= 1;
            self.later_in_trial(days_after(now, 2.0), TrialStep::Hold);
        }
    }

    /// Nobody is enrolled at a site any more; those enrolled go on.
    pub(super) fn close_to_enrolment(&mut self, now: Timestamp, place: usize) {
        let Some(administrator) = self.administrator() else { return };
        let Some(run) = self.sites.get_mut(place) else { return };
        run.active = false;
        let site = run.id.clone();
        let close = Authorisation::CloseSite { site };
        self.soon(Ask::act(now, &administrator, close).signed());
        let waiting = self.lives.iter().position(|life| {
            let phase =
                life.id.as_ref().and_then(|id| self.clinic.folded.participants.get(id)).map(|state| state.phase);
            life.site == place && phase == Some(conduct::Phase::Screening)
        });
        if let Some(whose) = waiting.filter(|_| self.slips.once(Slip::EnrolWhereClosed)) {
            self.later(minutes_after(now, 30), whose, Step::Decide { gate: 1, tries: 250 });
        }
    }

    pub(super) const fn first_day(&self) -> Date {
        self.first_day
    }

    pub(super) fn administrator(&self) -> Option<StaffId> {
        self.trial_person(Duty::AdministerTrial)
    }

    pub(super) fn medical_monitor(&self) -> Option<StaffId> {
        self.trial_person(Duty::MonitorMedically)
    }
}
