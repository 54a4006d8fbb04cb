//! Enquiries, the first calls, and who is let in while places are left.

use super::{Life, Path, SiteStep, Slip, Step, Trial, booking::weekday};
use crate::{
    clinic::{Ask, days_after, minutes_after},
    person::Person,
    random::{Purpose, Stream},
};
use conduct::{
    Authorisation, Entry, Fact, Phase,
    command::{ContactOutcome, ContactRoute},
    schedule::days_from,
};
use jiff::Timestamp;
use protocol::model::{Duty, VisitKind};

/// Where people heard of the study.
const SOURCES: [&str; 6] =
    ["general practitioner", "psychiatrist", "veterans' service", "newspaper", "a friend", "the study's web page"];

impl Trial<'_> {
    /// Whether everybody who is wanted has an arm.
    pub(super) fn recruited(&self) -> bool {
        self.clinic.tally.report.assigned >= self.clinic.participants
    }

    /// People who may still get an arm, each by how likely that is, with those who have one.
    fn expected(&self) -> f64 {
        let pipeline = &self.clinic.scenario.pipeline;
        let lost_later = pipeline.baseline_failed + pipeline.withdrew_before_assignment;
        let in_front: f64 = self
            .lives
            .iter()
            .filter(|life| !life.over && life.treated.is_none())
            .map(|life| {
                let id = life.id.as_ref();
                let phase = id.and_then(|id| self.clinic.folded.participants.get(id)).map(|state| state.phase);
                match phase {
                    Some(Phase::Enrolled | Phase::Confirmed) => 1.0 - lost_later,
                    Some(Phase::Screening) => 1.0 - pipeline.screen_failed - lost_later,
                    _ => 0.8 * (1.0 - pipeline.screen_failed - lost_later),
                }
            })
            .sum();
        f64::from(self.clinic.tally.report.assigned) + in_front
    }

    /// All have finished: the second part begins, if there is to be one, and is left when its days are over.
    pub(super) fn second_part(&mut self, now: Timestamp) {
        let Some(second) = self.second.take() else { return };
        self.clinic.participants += second.participants;
        for place in 0..second.sites.min(self.sites.len()) {
            let Some(run) = self.sites.get_mut(place).filter(|run| run.active) else { continue };
            run.rate = second.enquiries_a_month / 30.4;
            let first = run.arrivals.waiting(run.rate);
            self.later_at_site(days_after(now, first), place, SiteStep::Enquiry);
        }
        let Some(site) = self.sites.first() else { return };
        let last = weekday(days_from(now.to_zoned(site.zone.clone()).date(), second.days));
        let left = crate::clinic::at_clock(&site.zone, last, 10, 30);
        self.until = Some(self.until.map_or(left, |until| until.min(left)));
    }

    pub(super) fn enquiry(&mut self, now: Timestamp, site: usize) {
        if self.recruited() {
            return;
        }
        let Some(run) = self.sites.get_mut(site) else { return };
        let next = run.arrivals.waiting(run.rate);
        let hour = run.arrivals.whole(9, 16);
        let minute = run.arrivals.whole(0, 59);
        let day = now.to_zoned(run.zone.clone()).date();
        let at = crate::clinic::at_clock(&run.zone, day, hour as i8, minute as i8);
        self.later_at_site(days_after(now, next), site, SiteStep::Enquiry);
        if self.expected() >= f64::from(self.clinic.participants) {
            return;
        }
        self.later_at_site(at, site, SiteStep::Call);
    }

    pub(super) fn somebody_calls(&mut self, now: Timestamp, site: usize) {
        let whose = self.lives.len();
        let (seed, scenario) = (self.clinic.seed, self.clinic.scenario);
        let Some(run) = self.sites.get(site) else { return };
        let (effect, site_id) = (run.effect, run.id.clone());
        let number = whose as u64 + 1;
        let mut person = Person::draw(scenario, seed, number, effect);
        let path = self.path_of(number);
        if path == Path::Better {
            let threshold = scenario.baseline.severity.min as i64;
            let mut stream = Stream::new(seed, number, Purpose::Guesses);
            let lower = threshold - stream.whole(2, 11);
            person.latent = person.latent.clone().with_baseline(lower);
        }
        let pair = whose % 2;
        let mut life = Life::new(person, seed, site, pair, path);
        let source = life.habits.one(&SOURCES).copied().unwrap_or("general practitioner").to_owned();
        let languages = self.clinic.study.site(site_id.as_str()).map(|site| site.languages.clone()).unwrap_or_default();
        let language = if life.habits.chance(0.85) { languages.first() } else { languages.last() };
        let language = language.cloned().unwrap_or_else(|| "en".to_owned());
        let identity = life.identity.clone();
        self.lives.push(life);
        let Some(coordinator) = self.by(whose, Duty::Coordinate) else { return };
        let fact = Fact::RecordEnquiry { site: site_id, source, language };
        let Ok(written) = self.clinic.ask(Ask::fact(now, &coordinator, fact)) else { return };
        let given = written.iter().find_map(|one| match &one.entry {
            Entry::EnquiryRecorded { participant, .. } => Some(participant.clone()),
            _ => None,
        });
        let Some(participant) = given else { return };
        self.clinic.hand_over(|sink| sink.identity(&participant, &identity));
        let Some(life) = self.lives.get_mut(whose) else { return };
        life.id = Some(participant);
        let wait = life.times.between(0.2, 3.0);
        self.later(days_after(now, wait), whose, Step::CallBack(1));
    }

    /// Where somebody's course is to lead.
    fn path_of(&mut self, number: u64) -> Path {
        let pipeline = &self.clinic.scenario.pipeline;
        let mut stream = Stream::new(self.clinic.seed, number, Purpose::Dropout);
        // One draw decides, so that shares of the whole are those of the scenario.
        let drawn = stream.uniform();
        let after = [
            pipeline.declined,
            (1.0 - pipeline.declined) * pipeline.screen_failed,
            (1.0 - pipeline.declined) * (1.0 - pipeline.screen_failed) * pipeline.baseline_failed,
            (1.0 - pipeline.declined) * (1.0 - pipeline.screen_failed) * pipeline.withdrew_before_assignment,
        ];
        let mut edge = 0.0;
        let mut place = after.len();
        for (here, share) in after.iter().enumerate() {
            edge += share;
            if drawn < edge {
                place = here;
                break;
            }
        }
        match place {
            0 => Path::Declines,
            1 => {
                let plan = self.plan_for(&self.clinic.hash.clone());
                let missable = plan.book.missable(&plan.study, 1);
                let weights: Vec<f64> = missable
                    .iter()
                    .map(|c| self.clinic.scenario.pipeline.fail_weights.get(c.id.as_str()).copied().unwrap_or(1.0))
                    .collect();
                let comes_again = stream.chance(self.clinic.scenario.pipeline.rescreened);
                let criterion = missable.get(stream.weighted(&weights)).map(|criterion| criterion.id.clone());
                criterion.map_or(Path::Goes, |criterion| Path::Fails { criterion, comes_again })
            }
            2 => Path::Better,
            3 => Path::Withdraws,
            _ => Path::Goes,
        }
    }

    pub(super) fn call_back(&mut self, now: Timestamp, whose: usize, tries: u8) {
        let Some(coordinator) = self.by(whose, Duty::Coordinate) else { return };
        let Some(life) = self.lives.get_mut(whose) else { return };
        let Some(participant) = life.id.clone() else { return };
        let reached = tries > 4 || !life.habits.chance(self.clinic.scenario.pipeline.no_answer);
        let outcome = match (reached, life.habits.chance(0.6)) {
            (true, _) => ContactOutcome::Reached,
            (false, true) => ContactOutcome::NoAnswer,
            (false, false) => ContactOutcome::Voicemail,
        };
        let wait = life.times.between(0.3, 2.5);
        let path = life.path.clone();
        let fact = Fact::RecordContact {
            participant: participant.clone(),
            visit: None,
            outcome,
            route: Some(ContactRoute::Telephone),
        };
        self.soon(Ask::fact(now, &coordinator, fact));
        if !reached {
            self.later(days_after(now, wait), whose, Step::CallBack(tries + 1));
            return;
        }
        if self.slips.taken(Slip::StopEnquiry) {
            let fact = self.stop_fact(&participant, conduct::command::StopScope::Study, crate::fate::Why::Withdrew);
            self.soon(Ask::fact(now, &coordinator, fact).may_fail());
        }
        self.fill_between_visits(now, whose);
        let next = if path == Path::Declines { Step::Decline } else { Step::BookFirst };
        self.later(minutes_after(now, 25 + (wait * 300.0) as i64), whose, next);
    }

    /// Forms that no visit names and the site fills in at the first call, if the study has such.
    fn fill_between_visits(&mut self, now: Timestamp, whose: usize) {
        let plan = self.plan_of(whose);
        let on_schedule = |form: &terms::FormId| {
            plan.study
                .activities
                .iter()
                .any(|activity| activity.what == protocol::model::ActivityKind::Form(form.clone()))
        };
        let in_checks = |form: &terms::FormId| {
            let session = &plan.study.session;
            session.checks.iter().chain(&session.discharge.criteria).any(|check| check.form.as_ref() == Some(form))
        };
        let loose: Vec<_> = plan
            .study
            .forms
            .iter()
            .map(|form| form.id.clone())
            .filter(|id| !on_schedule(id) && !in_checks(id))
            .collect();
        for (place, form) in (1i64..).zip(loose) {
            self.later(minutes_after(now, place * 6), whose, Step::Fill { visit: None, form });
        }
    }

    pub(super) fn decline(&mut self, now: Timestamp, whose: usize) {
        let Some(coordinator) = self.by(whose, Duty::Coordinate) else { return };
        let Some(life) = self.lives.get_mut(whose) else { return };
        let Some(participant) = life.id.clone() else { return };
        let reasons =
            ["lives too far away", "does not want a placebo", "no time for so many visits", "prefers other help"];
        let reason = life.habits.one(&reasons).copied().unwrap_or("other").to_owned();
        self.soon(Ask::fact(now, &coordinator, Fact::RecordDeclined { participant, reason }));
        self.finish(whose);
    }

    /// The first appointment: the screening visit, some days from now.
    pub(super) fn book_first(&mut self, now: Timestamp, whose: usize) {
        let plan = self.plan_of(whose);
        let first = plan.study.visits.iter().find(|visit| visit.kind == VisitKind::Screening);
        let Some(visit) = first.or_else(|| plan.study.visits.first()) else { return };
        let today = self.today(whose, now);
        let Some(life) = self.lives.get_mut(whose) else { return };
        let days = life.times.whole(2, 12) as i32;
        let day = super::booking::weekday(conduct::schedule::days_from(today, days));
        let starts = self.working_moment(whose, day);
        if self.slips.taken(Slip::BookInThePast)
            && let (Some(coordinator), Some(participant)) =
                (self.by(whose, Duty::Coordinate), self.lives.get(whose).and_then(|life| life.id.clone()))
        {
            let act = Authorisation::BookVisit {
                participant,
                visit: visit.id.clone(),
                starts: days_after(now, -1.0),
                mode: visit.mode,
            };
            self.soon(Ask::act(now, &coordinator, act).may_fail());
        }
        let later = plan.study.visits.iter().find(|later| later.kind == VisitKind::Preparation);
        if let Some(later) = later
            && self.slips.taken(Slip::BookWithoutConsent)
            && let (Some(coordinator), Some(participant)) =
                (self.by(whose, Duty::Coordinate), self.lives.get(whose).and_then(|life| life.id.clone()))
        {
            let act = Authorisation::BookVisit { participant, visit: later.id.clone(), starts, mode: later.mode };
            self.soon(Ask::act(now, &coordinator, act).may_fail());
        }
        let visit = visit.id.clone();
        if !self.book(now, whose, &visit, starts, None) {
            self.later(days_after(now, 1.0), whose, Step::BookFirst);
        }
    }

    /// Nothing more is to come for this person.
    pub(super) fn finish(&mut self, whose: usize) {
        if let Some(life) = self.lives.get_mut(whose)
            && !life.over
        {
            life.over = true;
            self.clinic.finished += 1;
        }
    }
}
