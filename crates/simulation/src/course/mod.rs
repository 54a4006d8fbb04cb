//! A trial's course: who does what next, from the first site's opening to the last visit.
//!
//! Virtual staff follow the study as people do: they look at what is due, book, hold, record, decide, and answer what the
//! rules raise. Whatever they do goes through [`Clinic::ask`]; nothing is written in any other way.

mod arrivals;
mod assignment;
mod booking;
mod consent;
mod day;
mod drug;
mod evening;
mod gate;
mod leaving;
mod life;
mod medicines;
mod mishaps;
mod people;
mod rating;
mod room;
mod safe;
mod safety;
mod setup;
mod slips;
mod stock;
mod upkeep;
mod visit;

pub(crate) use life::{Life, Path};
pub(crate) use setup::Beginning;
pub(crate) use slips::Slip;

use crate::{
    agenda::Agenda,
    clinic::{Ask, Clinic, at_clock},
    fate::Why,
    filler::{Filler, FormBook, Values},
    person::Stage,
    random::{Purpose, Stream},
    run::{Simulated, SimulationError},
    vitals::Curve,
};
use allocation::Consignment;
use conduct::{ParticipantState, command::HoldOn, participant::rating_forms_of};
use day::DayStep;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use protocol::model::{ActivityKind, Form, Requirement, Study, VisitKind};
use slips::Slips;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use terms::{ContainerId, FormId, InstanceId, LevelId, SiteId, StaffId, StudyHash, VisitId};

/// Something that happens at a site.
#[derive(Debug)]
pub(crate) enum SiteStep {
    Staff,
    FirstStock,
    Activate,
    Enquiry,
    Call,
    Look,
    Arrive(Box<Consignment>),
    Accept(Vec<ContainerId>),
    Count,
    /// The other of two counts, with what they find.
    OtherCounts(StaffId, Vec<ContainerId>),
    Recount,
    Difference,
    Send,
    Unpack(SiteId),
    CloseToEnrolment,
    Wrap,
}

/// Something that happens in a participant's course.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    CallBack(u8),
    Decline,
    BookFirst,
    Hold { visit: VisitId, starts: Timestamp },
    Move { visit: VisitId, starts: Timestamp },
    Cancel { visit: VisitId, starts: Timestamp },
    Consent { visit: VisitId, attempt: u8 },
    Fill { visit: Option<VisitId>, form: FormId },
    Review { visit: VisitId },
    Complete { visit: VisitId, minutes: u32 },
    Prepare { gate: u8 },
    Decide { gate: u8, tries: u8 },
    Assign { tries: u8 },
    Plan,
    TakeRating { request: InstanceId },
    Rate { request: InstanceId, visit: VisitId },
    Taper { medicine: usize },
    LastDose { medicine: usize },
    TaperCall { visit: VisitId },
    Order { session: u8, tries: u8 },
    Day { session: u8, what: DayStep },
    NewEvent { event: usize, session: Option<u8> },
    EventEnds { event: usize },
    Task { instance: InstanceId },
    Question { instance: InstanceId, about: InstanceId },
    Correct { instance: InstanceId },
    Strike { instance: InstanceId, belongs_to: usize },
    Leave(Why),
    StopTreatment(Why),
    Try(u8),
    Withdraw,
    Transfer { to: usize },
    Amend { tries: u8 },
    GroundGoes { session: u8 },
    BreakCode,
    Unscheduled,
    Close { tries: u8 },
}

/// What the trial as a whole does.
#[derive(Debug)]
pub(crate) enum TrialStep {
    Begin,
    Adopt,
    Hold,
    Lift(InstanceId),
    LiftOne(HoldOn, InstanceId),
}

#[derive(Debug)]
enum Event {
    Trial(TrialStep),
    Site(usize, SiteStep),
    Life(usize, Step),
    Ask(Box<Ask>),
}

/// A site while the trial runs.
#[derive(Debug)]
pub(crate) struct SiteRun {
    pub id: SiteId,
    pub zone: TimeZone,
    /// Enquiries a day.
    pub rate: f64,
    /// Effect on change.
    pub effect: f64,
    /// Open to enrolment.
    pub active: bool,
    pub arrivals: Stream,
    pub keeping: Stream,
    /// Its shelf is let run empty, once.
    pub starved: bool,
    /// Levels that a session did not find on it.
    pub lacking: BTreeSet<LevelId>,
    pub expected: bool,
    pub consignments: u32,
}

/// What is read off a study version once.
#[derive(Debug)]
pub(crate) struct Plan {
    pub study: Arc<Study>,
    pub book: FormBook,
    /// Visits with the primary rating: the baseline first, long-term ones apart.
    pub occasions: Vec<VisitId>,
    pub long_term: Vec<VisitId>,
}

impl Plan {
    fn new(study: &Arc<Study>) -> Self {
        let rates = |form: &Form| {
            let raters = |role: &terms::RoleId| {
                study.role(role.as_str()).is_some_and(|role| role.duties.contains(&protocol::model::Duty::RateOutcomes))
            };
            !form.completed_by.is_empty() && form.completed_by.iter().all(raters)
        };
        let primary = study.analysis.primary.as_ref().map(|endpoint| endpoint.form.clone());
        let measured = |visit: &VisitId| match &primary {
            Some(form) => study.activities_at(visit.as_str()).any(|(activity, need)| {
                need == Requirement::Required && activity.what == ActivityKind::Form(form.clone())
            }),
            None => study.visit(visit.as_str()).is_some_and(|visit| visit.time_point.is_some()),
        };
        let (mut occasions, mut long_term) = (Vec::new(), Vec::new());
        for visit in study.visits.iter().filter(|visit| measured(&visit.id)) {
            let list = if visit.kind == VisitKind::FollowUp { &mut long_term } else { &mut occasions };
            list.push(visit.id.clone());
        }
        Self { study: Arc::clone(study), book: FormBook::new(study, &rates), occasions, long_term }
    }

    /// Occasions after the baseline.
    pub(crate) fn after_baseline(&self) -> usize {
        self.occasions.len().saturating_sub(1).max(1)
    }

    /// Where somebody stands at a visit: at the last occasion up to it in the schedule.
    pub(crate) fn stage(&self, visit: &VisitId) -> Stage {
        if let Some(place) = self.long_term.iter().position(|known| known == visit) {
            return Stage::LongTerm(place);
        }
        let place = |id: &VisitId| self.study.visits.iter().position(|visit| visit.id == *id).unwrap_or(0);
        let here = place(visit);
        let passed = self.occasions.iter().filter(|occasion| place(occasion) <= here).count();
        Stage::Occasion(passed.saturating_sub(1))
    }

    /// Forms of a visit that the site fills in, with whether they are required.
    pub(crate) fn site_forms(&self, visit: &VisitId) -> Vec<(FormId, Requirement)> {
        let rated = rating_forms_of(&self.study, visit.as_str());
        let activities = self.study.activities_at(visit.as_str());
        activities
            .filter_map(|(activity, need)| match &activity.what {
                ActivityKind::Form(form) if !rated.contains(form) => Some((form.clone(), need)),
                _ => None,
            })
            .collect()
    }

    /// Whether something of a kind is done at a visit.
    pub(crate) fn has(&self, visit: &VisitId, what: &dyn Fn(&ActivityKind) -> bool) -> bool {
        self.study.activities_at(visit.as_str()).any(|(activity, _)| what(&activity.what))
    }
}

/// Everything while it runs.
pub(crate) struct Trial<'a> {
    pub clinic: Clinic<'a>,
    pub lives: Vec<Life>,
    pub sites: Vec<SiteRun>,
    pub curve: Curve,
    pub slips: Slips,
    /// An amended version, adopted when half of the people have an arm.
    pub amended: Option<StudyHash>,
    pub until: Option<Timestamp>,
    /// People who are still to come when all others have finished.
    second: Option<&'a crate::scenario::Second>,
    plans: BTreeMap<StudyHash, Arc<Plan>>,
    agenda: Agenda<Event>,
    start: Timestamp,
    first_day: Date,
    taken: BTreeSet<ContainerId>,
    adopted: bool,
    holds_left: u32,
    breaks_left: u32,
    transfers_left: u32,
    rare: setup::Rare,
}

impl<'a> Trial<'a> {
    /// Runs from the first day until nothing is left to do, or until the given moment.
    pub(crate) fn run(&mut self) {
        self.agenda.plan(self.start, Event::Trial(TrialStep::Begin));
        while let Some((now, event)) = self.agenda.next() {
            if self.clinic.failure.is_some() || self.until.is_some_and(|until| now > until) {
                break;
            }
            match event {
                Event::Trial(what) => self.trial_step(now, what),
                Event::Site(site, what) => self.site_step(now, site, what),
                Event::Life(whose, what) => self.life_step(now, whose, what),
                Event::Ask(ask) => {
                    let _ = self.clinic.ask(*ask);
                }
            }
            self.answer_raised(now);
        }
    }

    /// The trial as it ended, or why its sink took no more.
    pub(crate) fn finished(mut self) -> Result<Simulated, SimulationError> {
        let last = self.clinic.progress();
        self.clinic.hand_over(|sink| {
            sink.progress(last);
            Ok(())
        });
        match self.clinic.failure {
            Some(failure) => Err(SimulationError::Sink(failure)),
            None => Ok(Simulated {
                report: self.clinic.tally.finish(),
                folded: self.clinic.folded,
                contents: self.lives.into_iter().filter_map(|life| Some((life.id?, life.treated?.content))).collect(),
            }),
        }
    }

    fn site_step(&mut self, now: Timestamp, site: usize, what: SiteStep) {
        match what {
            SiteStep::Staff => self.staff_site(now, site),
            SiteStep::FirstStock => self.first_stock(now, site),
            SiteStep::Activate => self.activate(now, site),
            SiteStep::Enquiry => self.enquiry(now, site),
            SiteStep::Call => self.somebody_calls(now, site),
            SiteStep::Look => self.look_at_stock(now, site),
            SiteStep::Arrive(consignment) => self.consignment_arrives(now, site, &consignment),
            SiteStep::Accept(containers) => self.accept(now, site, containers),
            SiteStep::Count => {
                self.renew_certificates(now, site);
                self.count(now, site);
            }
            SiteStep::OtherCounts(who, found) => self.other_counts(now, site, &who, &found),
            SiteStep::Recount => self.recount(now, site),
            SiteStep::Difference => self.difference(now, site),
            SiteStep::Send => self.send_on(now, site),
            SiteStep::Unpack(from) => self.unpack(now, site, &from),
            SiteStep::CloseToEnrolment => self.close_to_enrolment(now, site),
            SiteStep::Wrap => self.wrap_up(now, site),
        }
    }

    fn life_step(&mut self, now: Timestamp, whose: usize, what: Step) {
        if self.lives.get(whose).is_none_or(|life| life.over) {
            // Loose ends of somebody who has left are still answered.
            match what {
                Step::Task { instance } => self.do_task(now, whose, &instance),
                Step::Question { instance, about } => self.answer_question(now, whose, &instance, &about),
                Step::Day { session, what } if what.goes_on_after_the_end() => self.day_step(now, whose, session, what),
                _ => {}
            }
            return;
        }
        match what {
            Step::CallBack(n) => self.call_back(now, whose, n),
            Step::Decline => self.decline(now, whose),
            Step::BookFirst => self.book_first(now, whose),
            Step::Hold { visit, starts } => self.hold(now, whose, &visit, starts),
            Step::Move { visit, starts } => self.move_visit(now, whose, &visit, starts),
            Step::Cancel { visit, starts } => self.cancel_visit(now, whose, &visit, starts),
            Step::Consent { visit, attempt } => self.consent(now, whose, &visit, attempt),
            Step::Fill { visit, form } => self.fill(now, whose, visit.as_ref(), &form),
            Step::Review { visit } => self.review(now, whose, &visit),
            Step::Complete { visit, minutes } => self.complete(now, whose, &visit, minutes),
            Step::Prepare { gate } => self.prepare_gate(now, whose, gate),
            Step::Decide { gate, tries } => self.decide(now, whose, gate, tries),
            Step::Assign { tries } => self.assign(now, whose, tries),
            Step::Plan => self.plan_visits(now, whose),
            Step::TakeRating { request } => self.take_rating(now, whose, &request),
            Step::Rate { request, visit } => self.rate(now, whose, &request, &visit),
            Step::Taper { medicine } => self.taper(now, whose, medicine),
            Step::LastDose { medicine } => self.last_dose(now, whose, medicine),
            Step::TaperCall { visit } => self.taper_call(now, whose, &visit),
            Step::Order { session, tries } => self.order(now, whose, session, tries),
            Step::Day { session, what } => self.day_step(now, whose, session, what),
            Step::NewEvent { event, session } => self.new_event(now, whose, event, session),
            Step::EventEnds { event } => self.event_ends(now, whose, event),
            Step::Task { instance } => self.do_task(now, whose, &instance),
            Step::Question { instance, about } => self.answer_question(now, whose, &instance, &about),
            Step::Correct { instance } => self.correct(now, whose, &instance),
            Step::Strike { instance, belongs_to } => self.strike(now, whose, &instance, belongs_to),
            Step::Leave(why) => self.leave(now, whose, why),
            Step::StopTreatment(why) => self.stop_treatment(now, whose, why),
            Step::Try(n) => self.try_to_reach(now, whose, n),
            Step::Withdraw => self.withdraw_early(now, whose),
            Step::Transfer { to } => self.transfer(now, whose, to),
            Step::Amend { tries } => self.amend(now, whose, tries),
            Step::GroundGoes { session } => self.ground_goes(now, whose, session),
            Step::BreakCode => self.break_code(now, whose),
            Step::Unscheduled => self.unscheduled(now, whose),
            Step::Close { tries } => self.close(now, whose, tries),
        }
    }

    /// Plans a step of somebody's course.
    pub(crate) fn later(&mut self, at: Timestamp, whose: usize, what: Step) {
        self.agenda.plan(at, Event::Life(whose, what));
    }

    pub(crate) fn later_at_site(&mut self, at: Timestamp, site: usize, what: SiteStep) {
        self.agenda.plan(at, Event::Site(site, what));
    }

    pub(crate) fn later_in_trial(&mut self, at: Timestamp, what: TrialStep) {
        self.agenda.plan(at, Event::Trial(what));
    }

    /// Asks at the moment of the question: now, or when that moment has come.
    pub(crate) fn soon(&mut self, ask: Ask) {
        if ask.moment() <= self.agenda.moment() {
            let _ = self.clinic.ask(ask);
        } else {
            self.agenda.plan(ask.moment(), Event::Ask(Box::new(ask)));
        }
    }

    /// Virtual time.
    pub(crate) const fn now(&self) -> Timestamp {
        self.agenda.moment()
    }

    /// A participant as the record has them.
    pub(crate) fn state(&self, whose: usize) -> Option<&ParticipantState> {
        self.clinic.folded.participants.get(self.lives.get(whose)?.id.as_ref()?)
    }

    /// The plan of the version that somebody is on; of the version for new people before they are on record.
    pub(crate) fn plan_of(&mut self, whose: usize) -> Arc<Plan> {
        let hash = self.state(whose).map_or_else(|| self.clinic.hash.clone(), |state| state.study.clone());
        self.plan_for(&hash)
    }

    fn plan_for(&mut self, hash: &StudyHash) -> Arc<Plan> {
        if let Some(plan) = self.plans.get(hash) {
            return Arc::clone(plan);
        }
        let study = self.clinic.studies.get(hash).unwrap_or(&self.clinic.study);
        let plan = Arc::new(Plan::new(study));
        self.plans.insert(hash.clone(), Arc::clone(&plan));
        plan
    }

    /// The site of a participant, by its place.
    pub(crate) fn site_of(&self, whose: usize) -> Option<&SiteRun> {
        self.sites.get(self.lives.get(whose)?.site)
    }

    /// The calendar day where a participant is.
    pub(crate) fn today(&self, whose: usize, now: Timestamp) -> Date {
        self.site_of(whose)
            .map_or_else(|| now.to_zoned(TimeZone::UTC).date(), |site| now.to_zoned(site.zone.clone()).date())
    }

    /// A moment of a calendar day where a participant is.
    pub(crate) fn clock(&self, whose: usize, day: Date, hour: i64, minute: i64) -> Timestamp {
        let zone = self.site_of(whose).map_or(TimeZone::UTC, |site| site.zone.clone());
        at_clock(&zone, day, hour as i8, minute as i8)
    }

    /// A random working moment of a day.
    pub(crate) fn working_moment(&mut self, whose: usize, day: Date) -> Timestamp {
        let [from, to] = self.clinic.scenario.trial.working_hours;
        let Some(life) = self.lives.get_mut(whose) else { return Timestamp::UNIX_EPOCH };
        let hour = life.times.whole(i64::from(from), i64::from(to) - 1);
        let minute = life.times.whole(0, 11) * 5;
        self.clock(whose, day, hour, minute)
    }

    /// Answers of a form as this person gives them now.
    pub(crate) fn answers(&mut self, whose: usize, form: &Form, visit: Option<&VisitId>, today: Date) -> Values {
        self.with_filler(whose, visit, today, |filler, stream| filler.form(form, stream))
    }

    /// Lets somebody be asked something where they stand at a visit.
    pub(crate) fn with_filler<T: Default>(
        &mut self,
        whose: usize,
        visit: Option<&VisitId>,
        today: Date,
        ask: impl FnOnce(&Filler<'_>, &mut Stream) -> T,
    ) -> T {
        let plan = self.plan_of(whose);
        let Some(life) = self.lives.get(whose) else { return T::default() };
        let mut stream = life.answers.clone();
        let stage = visit.map_or(life.stage, |visit| plan.stage(visit));
        let filler = Filler {
            scenario: self.clinic.scenario,
            study: &plan.study,
            book: &plan.book,
            curve: &self.curve,
            person: &life.person,
            treated: life.treated.as_ref(),
            stage,
            state: life.id.as_ref().and_then(|id| self.clinic.folded.participants.get(id)),
            today,
            visit,
            misses: life.misses(),
            eligible: true,
            untidy: true,
        };
        let asked = ask(&filler, &mut stream);
        if let Some(life) = self.lives.get_mut(whose) {
            life.answers = stream;
        }
        asked
    }
}

/// Seeds of a site: streams of their own, away from those of people.
pub(crate) fn site_stream(seed: u64, site: usize, purpose: Purpose) -> Stream {
    Stream::new(seed, 1_000_000 + site as u64, purpose)
}
