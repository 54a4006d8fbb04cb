//! Every way out: the end of treatment, the end of the study, silence, and the close of somebody who has done everything.

use super::{Slip, Step, Trial};
use crate::{
    clinic::{Ask, days_after},
    fate::{Why, scope_of},
};
use conduct::{
    Authorisation, Fact,
    command::{ContactOutcome, ContactRoute, StopScope, VisitOutcome},
    schedule,
};
use jiff::Timestamp;
use protocol::model::{Duty, VisitKind};
use terms::ParticipantId;

impl Trial<'_> {
    /// A stop in the study's own reasons: the code that fits the words best.
    pub(super) fn stop_fact(&self, participant: &ParticipantId, scope: StopScope, why: Why) -> Fact {
        let reasons = &self.clinic.study.follow_up.reasons;
        let fits = |word: &str| {
            let has = |text: &str| text.to_lowercase().contains(word);
            reasons.iter().find(|reason| has(&reason.code) || has(&reason.label))
        };
        let found = why.words().iter().find_map(|word| fits(word)).or_else(|| reasons.last());
        Fact::RecordStop {
            participant: participant.clone(),
            scope,
            reason: found.map_or_else(|| "other".to_owned(), |reason| reason.code.clone()),
            text: why.text().to_owned(),
        }
    }

    fn stop(&mut self, now: Timestamp, whose: usize, scope: StopScope, why: Why) {
        let Some(by) = self.by(whose, Duty::Coordinate) else { return };
        let Some(participant) = self.lives.get(whose).and_then(|life| life.id.clone()) else { return };
        if self.slips.taken(Slip::StopWithoutReason) {
            let fact = Fact::RecordStop {
                participant: participant.clone(),
                scope,
                reason: "?".to_owned(),
                text: String::new(),
            };
            self.soon(Ask::fact(now, &by, fact).may_fail());
        }
        let fact = self.stop_fact(&participant, scope, why);
        self.soon(Ask::fact(now, &by, fact));
    }

    /// Leaves the study: at once, or by falling silent.
    pub(super) fn leave(&mut self, now: Timestamp, whose: usize, why: Why) {
        if self.in_session(whose) {
            self.later(days_after(now, 2.0), whose, Step::Leave(why));
            return;
        }
        if why == Why::Lost {
            if let Some(life) = self.lives.get_mut(whose) {
                life.silent = true;
            }
            self.later(days_after(now, 3.0), whose, Step::Try(1));
            return;
        }
        self.stop(now, whose, scope_of(why), why);
        self.finish(whose);
    }

    /// Whether a dosing session is under way.
    pub(super) fn in_session(&self, whose: usize) -> bool {
        // Containers that were released for a session that was then put off don't keep anybody in the room.
        let put_off = self.lives.get(whose).is_some_and(|life| life.day.leaves);
        self.state(whose).is_some_and(|state| {
            state.sessions.values().any(|session| {
                let under_way = session.dosed_at().is_some() || (session.containers.is_some() && !put_off);
                session.closed.is_none() && under_way
            })
        })
    }

    /// One more try to reach somebody who doesn't answer.
    pub(super) fn try_to_reach(&mut self, now: Timestamp, whose: usize, n: u8) {
        let Some(by) = self.by(whose, Duty::Coordinate) else { return };
        let Some(participant) = self.lives.get(whose).and_then(|life| life.id.clone()) else { return };
        let outcome = match n % 4 {
            1 => ContactOutcome::NoAnswer,
            2 => ContactOutcome::Voicemail,
            3 => ContactOutcome::NoAnswer,
            _ => ContactOutcome::WelfareCheck,
        };
        let route = if n.is_multiple_of(3) { ContactRoute::Letter } else { ContactRoute::Telephone };
        self.soon(Ask::fact(now, &by, Fact::RecordContact { participant, visit: None, outcome, route: Some(route) }));
        let plan = self.plan_of(whose);
        let follow = &plan.study.follow_up;
        let days = f64::from(follow.tries_days_min) / f64::from(follow.tries_min.max(2) - 1) + 1.0;
        if u32::from(n) <= follow.tries_min {
            self.later(days_after(now, days), whose, Step::Try(n + 1));
            return;
        }
        self.stop(now, whose, StopScope::LostToFollowUp, Why::Lost);
        self.finish(whose);
    }

    /// Stops the treatment; follow-up goes on.
    pub(super) fn stop_treatment(&mut self, now: Timestamp, whose: usize, why: Why) {
        if self.in_session(whose) {
            self.later(days_after(now, 2.0), whose, Step::StopTreatment(why));
            return;
        }
        let scope = if why == Why::AdverseEvent { StopScope::Discontinued } else { StopScope::Treatment };
        self.stop(now, whose, scope, why);
        self.later(days_after(now, 0.5), whose, Step::Plan);
    }

    /// Withdraws while preparing.
    pub(super) fn withdraw_early(&mut self, now: Timestamp, whose: usize) {
        if self.state(whose).is_some_and(|state| state.assigned.is_some()) {
            return;
        }
        self.stop(now, whose, StopScope::Consent, Why::Withdrew);
        self.finish(whose);
    }

    /// After the last occasion: the record is closed when everything is settled.
    pub(super) fn after_last_occasion(&mut self, now: Timestamp, whose: usize) {
        if self.slips.taken(Slip::CompleteEarly)
            && let Some(investigator) = self.by(whose, Duty::DecideEligibility)
            && let Some(participant) = self.lives.get(whose).and_then(|life| life.id.clone())
        {
            let act = Authorisation::CompleteParticipation { participant };
            self.soon(Ask::act(now, &investigator, act).signed().may_fail());
        }
        self.later(days_after(now, 320.0), whose, Step::Close { tries: 0 });
    }

    pub(super) fn close(&mut self, now: Timestamp, whose: usize, tries: u8) {
        let Some(investigator) = self.by(whose, Duty::DecideEligibility) else { return };
        let Some(participant) = self.lives.get(whose).and_then(|life| life.id.clone()) else { return };
        self.settle(now, whose);
        let act = Authorisation::CompleteParticipation { participant };
        let answer = self.clinic.ask(Ask::act(now, &investigator, act).signed().may_fail());
        if answer.is_ok() || tries > 30 {
            self.finish(whose);
            return;
        }
        self.later(days_after(now, 9.0), whose, Step::Plan);
        self.later(days_after(now, 10.0), whose, Step::Close { tries: tries + 1 });
    }

    /// Visits whose time is long past are recorded as missed.
    fn settle(&mut self, now: Timestamp, whose: usize) {
        let plan = self.plan_of(whose);
        let today = self.today(whose, now);
        let Some(state) = self.state(whose) else { return };
        let past = |visit: &&protocol::model::Visit| {
            let planned = schedule::planned(&plan.study, state, visit);
            schedule::applies(&plan.study, state, visit)
                && !schedule::settled(state, visit.id.as_str())
                && !visit.optional
                && planned.is_some_and(|planned| schedule::days_between(planned.closes, today) > 45)
        };
        let missed: Vec<_> = plan.study.visits.iter().filter(past).map(|visit| visit.id.clone()).collect();
        for visit in missed {
            let outcome = VisitOutcome::Missed { reason: "its time has passed".to_owned() };
            self.record_visit(now, whose, &visit, outcome);
        }
        if self.slips.once(Slip::CompleteWithTask) {
            let unscheduled = plan.study.visits.iter().find(|visit| visit.kind == VisitKind::Unscheduled);
            if let Some(visit) = unscheduled {
                // Somebody forgot to come to a talk: that leaves a task.
                self.record_visit(now, whose, &visit.id, VisitOutcome::NoShow);
            }
        }
    }
}
