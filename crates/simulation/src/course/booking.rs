//! The coordinator's diary: what comes next is booked in its window; appointments are moved, cancelled, forgotten.

use super::{Plan, Slip, Step, Trial};
use crate::clinic::{Ask, days_after, minutes_after};
use conduct::{
    Authorisation, Fact, No, Phase,
    command::{ContactOutcome, ContactRoute, VisitOutcome},
    entry::MedicineStanding,
    schedule::{self, days_between, days_from},
    state::{ParticipantState, VisitStanding},
};
use jiff::{Timestamp, civil::Date};
use protocol::model::{Anchor, Duty, Study, Visit, VisitKind, VisitMode};
use terms::VisitId;

/// Appointments are made at most so many days ahead; later ones when the time has come.
const AHEAD_DAYS: i32 = 50;

/// The same day, or the Monday after a weekend.
pub(super) fn weekday(day: Date) -> Date {
    match day.weekday() {
        jiff::civil::Weekday::Saturday => days_from(day, 2),
        jiff::civil::Weekday::Sunday => days_from(day, 1),
        _ => day,
    }
}

fn is_weekend(day: Date) -> bool {
    weekday(day) != day
}

/// The day on which every washout is complete; `None` while that can't be said.
pub(super) fn washout_ends(state: &ParticipantState, today: Date) -> Option<Date> {
    let mut last = today;
    for medication in state.medications.values().filter(|medication| !medication.struck) {
        match &medication.rule {
            MedicineStanding::Washout { complete, .. } => last = last.max((*complete)?),
            MedicineStanding::Stable { days, stable_from } if medication.medicine.last_dose.is_none() => {
                last = last.max(days_from((*stable_from)?, i32::try_from(*days).unwrap_or(0)));
            }
            MedicineStanding::Stable { .. }
            | MedicineStanding::Rescue { .. }
            | MedicineStanding::Allowed
            | MedicineStanding::Unclassified => {}
        }
    }
    Some(last)
}

/// What a visit's day may be.
struct Choice {
    low: Date,
    high: Date,
    best: Date,
}

impl Trial<'_> {
    /// Books whatever comes next and has no appointment.
    pub(super) fn plan_visits(&mut self, now: Timestamp, whose: usize) {
        let plan = self.plan_of(whose);
        let today = self.today(whose, now);
        for visit in &plan.study.visits {
            let Some(choice) = self.choice(whose, &plan, visit, today) else { continue };
            if days_between(today, choice.low) > AHEAD_DAYS {
                let again = self.clock(whose, days_from(choice.low, 20 - AHEAD_DAYS), 9, 0);
                self.later(again, whose, Step::Plan);
                continue;
            }
            self.book_in(now, whose, &plan, visit, &choice);
        }
    }

    /// The days that a visit may be booked on now; `None` when it is not for now.
    fn choice(&self, whose: usize, plan: &Plan, visit: &Visit, today: Date) -> Option<Choice> {
        let (study, state) = (&plan.study, self.state(whose)?);
        let stopped = state.treatment_stopped();
        let plain =
            !matches!(visit.kind, VisitKind::Unscheduled | VisitKind::Screening) && visit.repeats_every_days.is_none();
        // A session that was put off has been come to, and is still to be held.
        let put_off = |standing: VisitStanding| {
            let dosed = visit.session.and_then(|number| state.sessions.get(&number)).and_then(|s| s.dosed_at());
            standing == VisitStanding::Attended && visit.kind == VisitKind::Dosing && dosed.is_none()
        };
        let untouched = state.visits.get(&visit.id).is_none_or(|record| {
            record.booking.is_none() && (record.standing == VisitStanding::Planned || put_off(record.standing))
        });
        if !plain || !untouched || !schedule::applies(study, state, visit) || state.consent_day().is_none() {
            return None;
        }
        let in_turn = match visit.kind {
            VisitKind::Dosing => matches!(state.phase, Phase::Assigned | Phase::InTreatment),
            VisitKind::Preparation | VisitKind::Baseline => state.phase == Phase::Enrolled,
            _ => true,
        };
        if !in_turn || state.phase == Phase::Screening {
            return None;
        }
        let planned = schedule::planned(study, state, visit).filter(|planned| planned.real || stopped)?;
        let open = schedule::unsettled_before(study, state, visit);
        let booked = |before: &&Visit| state.visits.get(&before.id).and_then(|record| record.booking).map(|b| b.day);
        if open.iter().any(|before| booked(before).is_none()) {
            return None;
        }
        let after = open
            .iter()
            .filter_map(booked)
            .max()
            .map(|day| if visit.kind == VisitKind::Call { day } else { days_from(day, 1) });
        let tomorrow = days_from(today, 1);
        let mut low = planned.opens.max(tomorrow).max(after.unwrap_or(tomorrow));
        let mut best = planned.target.max(low);
        let mut high = planned.closes;
        if let Some(ends) = self.waits_for_washout(study, state, visit, today)? {
            low = low.max(ends);
            best = best.max(ends);
        }
        if low > high {
            // Too late for the window: as soon as can be, with the reason.
            high = days_from(low, 3);
            best = low;
        }
        Some(Choice { low, high, best })
    }

    /// The earliest day that washouts leave to the baseline, or to the last visit before it; `None` inside when they don't
    /// matter, outside when it can't be said yet.
    #[allow(clippy::option_option, reason = "not yet, not at all, and from a day are three answers")]
    fn waits_for_washout(
        &self,
        study: &Study,
        state: &ParticipantState,
        visit: &Visit,
        today: Date,
    ) -> Option<Option<Date>> {
        let baseline = study.visits.iter().find(|visit| visit.kind == VisitKind::Baseline);
        let needed = study.gates.iter().any(|gate| gate.needs_washout);
        let Some(baseline) = baseline.filter(|_| needed) else { return Some(None) };
        if visit.id == baseline.id {
            return washout_ends(state, today).map(Some);
        }
        if baseline.anchor == Some(Anchor::Visit(visit.id.clone())) {
            let ends = washout_ends(state, today)?;
            return Some(Some(days_from(ends, 1 - baseline.window.closes)));
        }
        Some(None)
    }

    fn book_in(&mut self, now: Timestamp, whose: usize, plan: &Plan, visit: &Visit, choice: &Choice) {
        let habits = &self.clinic.scenario.habits;
        let (sd, outside, late) = (habits.visit_sd_days, habits.outside_window, habits.covid_delay);
        let last = plan.occasions.last() == Some(&visit.id);
        let Some(life) = self.lives.get_mut(whose) else { return };
        let scatter = if choice.high == choice.low { 0.0 } else { life.times.normal(0.0, sd) };
        let mut day = days_from(choice.best, scatter.round() as i32).clamp(choice.low, choice.high.max(choice.low));
        let mut reason = None;
        let (strays, delayed) = (life.times.chance(outside), life.times.chance(late));
        let free = !matches!(visit.kind, VisitKind::Dosing | VisitKind::Baseline) && choice.high > choice.low;
        let second = visit.kind == VisitKind::Dosing && visit.session == Some(2);
        let stays =
            self.lives.get(whose).and_then(|life| life.fate).is_some_and(|f| f.leaves.or(f.stops_treatment).is_none());
        let pauses = second && stays && self.clinic.tally.report.assigned > 8 && self.slips.once(Slip::LongPause);
        let Some(life) = self.lives.get_mut(whose) else { return };
        if pauses {
            day = days_from(choice.high, 64);
            reason = Some("a broken leg; treatment goes on when it has healed");
        } else if last && delayed {
            day = days_from(choice.high, life.times.whole(12, 24) as i32);
            reason = Some("site closed by an outbreak");
        } else if strays && free {
            day = days_from(choice.high, life.times.whole(1, 4) as i32);
            reason = Some("the participant is travelling until then");
        }
        let flexible = visit.mode != VisitMode::Phone && choice.high > choice.low && reason.is_none();
        if flexible && is_weekend(day) {
            let near = [1, 2, -1, -2].map(|shift| days_from(day, shift));
            let fits = near.into_iter().find(|d| (choice.low..=choice.high).contains(d) && !is_weekend(*d));
            day = fits.unwrap_or(day);
        }
        let starts = self.hour_for(whose, visit, day);
        self.slips_in_booking(now, whose, plan, visit, choice);
        let id = visit.id.clone();
        self.book(now, whose, &id, starts, reason);
    }

    fn hour_for(&mut self, whose: usize, visit: &Visit, day: Date) -> Timestamp {
        match visit.kind {
            VisitKind::Dosing => self.clock(whose, day, 8, 30),
            VisitKind::Baseline => self.clock(whose, day, 9, 0),
            // The morning after a session, before going home.
            VisitKind::Integration if visit.window.opens == visit.window.closes => self.clock(whose, day, 9, 30),
            _ => self.working_moment(whose, day),
        }
    }

    fn slips_in_booking(&mut self, now: Timestamp, whose: usize, plan: &Plan, visit: &Visit, choice: &Choice) {
        let Some(coordinator) = self.by(whose, Duty::Coordinate) else { return };
        let Some(participant) = self.lives.get(whose).and_then(|life| life.id.clone()) else { return };
        let mut wrong: Vec<(Slip, VisitId, Timestamp)> = Vec::new();
        if choice.high > choice.low {
            wrong.push((Slip::BookOutside, visit.id.clone(), self.clock(whose, days_from(choice.high, 9), 10, 0)));
        }
        let later = plan.study.visits.iter().find(|later| later.after.contains(&visit.id));
        if let Some(later) = later {
            wrong.push((Slip::BookOutOfOrder, later.id.clone(), self.clock(whose, days_from(choice.best, 4), 10, 0)));
        }
        let done = self.state(whose).and_then(|state| {
            let done = state.visits.iter().find(|(_, record)| record.standing == VisitStanding::Completed);
            done.map(|(visit, _)| visit.clone())
        });
        if let Some(done) = done {
            wrong.push((Slip::BookAfterDone, done, self.clock(whose, choice.best, 10, 0)));
        }
        wrong.push((Slip::BookUnknown, VisitId::from("V99"), self.clock(whose, choice.best, 10, 0)));
        if visit.kind == VisitKind::Dosing && visit.session.is_some_and(|session| session > 1) {
            wrong.push((Slip::BookTooSoon, visit.id.clone(), days_after(now, 1.0)));
        }
        for (slip, visit, starts) in wrong {
            if self.slips.taken(slip) {
                let act = Authorisation::BookVisit {
                    participant: participant.clone(),
                    visit,
                    starts,
                    mode: VisitMode::OnSite,
                };
                self.soon(Ask::act(now, &coordinator, act).may_fail());
            }
        }
    }

    /// Books one visit; `true` if it was granted. What is booked may be moved or cancelled before its day.
    pub(super) fn book(
        &mut self,
        now: Timestamp,
        whose: usize,
        visit: &VisitId,
        starts: Timestamp,
        reason: Option<&str>,
    ) -> bool {
        let plan = self.plan_of(whose);
        let Some(coordinator) = self.by(whose, Duty::Coordinate) else { return false };
        let Some(participant) = self.lives.get(whose).and_then(|life| life.id.clone()) else { return false };
        let Some(mode) = plan.study.visit(visit.as_str()).map(|visit| visit.mode) else { return false };
        let mode = if mode == VisitMode::Either { VisitMode::OnSite } else { mode };
        let act = Authorisation::BookVisit { participant, visit: visit.clone(), starts, mode };
        // A diary is filled by trying: what can't be booked so is booked otherwise, or later.
        let ask = |reason: Option<&str>| {
            let ask = Ask::act(now, &coordinator, act.clone()).may_fail();
            match reason {
                Some(reason) => ask.because(reason),
                None => ask,
            }
        };
        let mut answer = self.clinic.ask(ask(reason));
        if let (Err(No::Refused(refusal)), None) = (&answer, reason)
            && refusal.broken.iter().all(|broken| broken.rule == "visit.window")
        {
            answer = self.clinic.ask(ask(Some("no earlier day was free")));
        }
        if answer.is_err() {
            return false;
        }
        self.later(starts, whose, Step::Hold { visit: visit.clone(), starts });
        self.ask_for_rating(now, whose, visit, starts);
        let dosing = plan.study.visit(visit.as_str()).and_then(|visit| visit.session);
        if let Some(session) = dosing {
            let before = minutes_after(starts, -41 * 60);
            self.later(before.max(minutes_after(now, 30)), whose, Step::Order { session, tries: 0 });
        }
        let habits = &self.clinic.scenario.habits;
        let (moved, cancelled) = (habits.moved, habits.cancelled);
        let Some(life) = self.lives.get_mut(whose) else { return true };
        let (moves, cancels, share) =
            (life.habits.chance(moved), life.habits.chance(cancelled), life.habits.between(0.2, 0.8));
        let ahead = starts.duration_since(now).as_secs_f64() / 86_400.0;
        if ahead > 2.0 && dosing.is_none() {
            let at = days_after(now, ahead * share);
            let step = if moves {
                Some(Step::Move { visit: visit.clone(), starts })
            } else if cancels {
                Some(Step::Cancel { visit: visit.clone(), starts })
            } else {
                None
            };
            if let Some(step) = step {
                self.later(at, whose, step);
            }
        }
        true
    }

    /// Whether an appointment still stands.
    pub(super) fn stands(&self, whose: usize, visit: &VisitId, starts: Timestamp) -> bool {
        let booking = self.state(whose).and_then(|state| state.visits.get(visit)?.booking);
        booking.is_some_and(|booking| booking.starts == starts)
    }

    pub(super) fn move_visit(&mut self, now: Timestamp, whose: usize, visit: &VisitId, starts: Timestamp) {
        if !self.stands(whose, visit, starts) {
            return;
        }
        let plan = self.plan_of(whose);
        let still = self.state(whose).zip(plan.study.visit(visit.as_str()));
        if still.is_none_or(|(state, visit)| !schedule::applies(&plan.study, state, visit)) {
            return;
        }
        let window = self
            .state(whose)
            .and_then(|state| schedule::planned(&plan.study, state, plan.study.visit(visit.as_str())?));
        let day = self.today(whose, starts);
        let Some(life) = self.lives.get_mut(whose) else { return };
        let shift = life.times.whole(1, 4) as i32;
        let mut other = weekday(days_from(day, shift));
        if let Some(window) = window {
            other = other.clamp(window.opens.min(day), window.closes.max(day));
        }
        let starts = self.working_moment(whose, other);
        if starts > now {
            self.book(now, whose, visit, starts, None);
        }
    }

    pub(super) fn cancel_visit(&mut self, now: Timestamp, whose: usize, visit: &VisitId, starts: Timestamp) {
        if !self.stands(whose, visit, starts) {
            return;
        }
        let outcome = VisitOutcome::Cancelled { reason: "the participant is ill".to_owned() };
        self.record_visit(now, whose, visit, outcome);
        let screening = self.plan_of(whose).study.visit(visit.as_str()).is_some_and(|v| v.kind == VisitKind::Screening);
        let step = if screening { Step::BookFirst } else { Step::Plan };
        self.later(days_after(now, 0.9), whose, step);
    }

    /// Records what became of a visit; the coordinator does it.
    pub(super) fn record_visit(&mut self, now: Timestamp, whose: usize, visit: &VisitId, outcome: VisitOutcome) {
        let Some(coordinator) = self.by(whose, Duty::Coordinate) else { return };
        let Some(participant) = self.lives.get(whose).and_then(|life| life.id.clone()) else { return };
        let fact = Fact::RecordVisit { participant, visit: visit.clone(), outcome, day: None };
        self.soon(Ask::fact(now, &coordinator, fact));
    }

    /// Nobody came: tried to be reached, and booked again.
    pub(super) fn nobody_came(&mut self, now: Timestamp, whose: usize, visit: &VisitId) {
        self.record_visit(minutes_after(now, 40), whose, visit, VisitOutcome::NoShow);
        let Some(coordinator) = self.by(whose, Duty::Coordinate) else { return };
        let no_answer = self.clinic.scenario.habits.call_no_answer;
        let Some(life) = self.lives.get_mut(whose) else { return };
        let Some(participant) = life.id.clone() else { return };
        if life.silent {
            return;
        }
        let reached = !life.habits.chance(no_answer);
        let outcome = if reached { ContactOutcome::Reached } else { ContactOutcome::Voicemail };
        let fact = Fact::RecordContact {
            participant,
            visit: Some(visit.clone()),
            outcome,
            route: Some(ContactRoute::Telephone),
        };
        self.soon(Ask::fact(minutes_after(now, 90), &coordinator, fact));
        let screening = self.plan_of(whose).study.visit(visit.as_str()).is_some_and(|v| v.kind == VisitKind::Screening);
        let step = if screening { Step::BookFirst } else { Step::Plan };
        self.later(days_after(now, 0.8), whose, step);
    }
}
