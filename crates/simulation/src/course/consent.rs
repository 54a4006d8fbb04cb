//! Consent with its comprehension questions, again on another version, and moves to another version or site.

use super::{Slip, Step, Trial};
use crate::clinic::{Ask, days_after, minutes_after};
use conduct::{Authorisation, Fact, Phase};
use jiff::Timestamp;
use protocol::model::{ConsentVersion, Duty, Reconsent};
use std::collections::BTreeMap;
use terms::{ParticipantId, StudyHash, VisitId};

impl Trial<'_> {
    /// Items and answers of somebody who agrees; some get too many questions wrong the first time.
    fn consent_fact(&mut self, whose: usize, participant: &ParticipantId, text: &ConsentVersion, passes: bool) -> Fact {
        let Some(life) = self.lives.get_mut(whose) else {
            return Fact::RecordNote { participant: participant.clone(), text: String::new() };
        };
        let items: BTreeMap<String, bool> =
            text.items.iter().map(|item| (item.id.clone(), item.required || life.habits.chance(0.85))).collect();
        let wrong = if passes {
            usize::from(life.habits.chance(0.3))
        } else {
            text.questions.len() + 1 - text.pass_mark as usize
        };
        let shift = life.habits.place(text.questions.len());
        let count = text.questions.len().max(1);
        let answers = text.questions.iter().enumerate().map(|(place, question)| {
            let is_wrong = (place + count - shift) % count < wrong;
            (question.id.clone(), question.answer != is_wrong)
        });
        Fact::RecordConsent {
            participant: participant.clone(),
            version: text.version.clone(),
            items,
            answers: answers.collect(),
            copy_given: true,
        }
    }

    pub(super) fn consent(&mut self, now: Timestamp, whose: usize, visit: &VisitId, attempt: u8) {
        let plan = self.plan_of(whose);
        let Some(text) = plan.study.consent.versions.last() else { return };
        let Some(by) = self.by(whose, Duty::TakeConsent) else { return };
        let first_fails = self.clinic.scenario.pipeline.quiz_failed_first;
        let documents = self.clinic.scenario.habits.document;
        let Some(life) = self.lives.get_mut(whose) else { return };
        let Some(participant) = life.id.clone() else { return };
        let passes = attempt > 1 || !life.habits.chance(first_fails);
        let with_document = life.habits.chance(documents);
        if self.slips.taken(Slip::ConsentUnknownVersion) {
            let mut other = text.clone();
            other.version = "99".to_owned();
            let fact = self.consent_fact(whose, &participant, &other, true);
            self.soon(Ask::fact(now, &by, fact).may_fail());
        }
        let fact = self.consent_fact(whose, &participant, text, passes);
        if self.slips.taken(Slip::ConsentNotByTheirs)
            && let Some(pharmacist) = self.by(whose, Duty::DispenseDrug)
        {
            self.soon(Ask::fact(now, &pharmacist, fact.clone()).may_fail());
        }
        self.soon(Ask::fact(now, &by, fact));
        if !passes {
            // Talked through once more, and asked again.
            self.later(minutes_after(now, 35), whose, Step::Consent { visit: visit.clone(), attempt: attempt + 1 });
            return;
        }
        if with_document {
            self.attach(minutes_after(now, 6), whose, "consent", Some(visit));
        }
        if self.slips.taken(Slip::DeclineAfterConsent) {
            let fact = Fact::RecordDeclined { participant, reason: "changed their mind".to_owned() };
            self.soon(Ask::fact(minutes_after(now, 8), &by, fact).may_fail());
        }
    }

    /// The participant is moved to the amended version, after consenting again where the amendment asks for it.
    pub(super) fn amend(&mut self, now: Timestamp, whose: usize, tries: u8) {
        let Some(to) = self.amended.clone() else { return };
        let Some(target) = self.clinic.studies.get(&to).cloned() else { return };
        let Some(state) = self.state(whose) else { return };
        if state.study == to || state.has_left() || tries > 6 {
            return;
        }
        let participant = state.id.clone();
        let (consented, phase) = (state.consent().is_some(), state.phase);
        let asks = target.amendment.as_ref().is_some_and(|amendment| amendment.reconsent != Reconsent::None);
        let Some(coordinator) = self.by(whose, Duty::Coordinate) else { return };
        let move_to = |to: &StudyHash| Authorisation::MoveVersion { participant: participant.clone(), to: to.clone() };
        if self.slips.once(Slip::MoveNowhere) {
            let here = StudyHash::from("f".repeat(64));
            self.soon(Ask::act(now, &coordinator, move_to(&here)).may_fail());
        }
        if asks && consented && self.slips.taken(Slip::MoveWithoutConsent) {
            self.soon(Ask::act(now, &coordinator, move_to(&to)).may_fail());
        }
        if self.in_session(whose) {
            // Between sessions alone: a new text in the middle of one would leave its dose without consent.
            self.later(days_after(now, 2.0), whose, Step::Amend { tries });
            return;
        }
        if asks && consented && tries == 0 {
            let Some(text) = target.consent.versions.last() else { return };
            let Some(by) = self.by(whose, Duty::TakeConsent) else { return };
            let fact = self.consent_fact(whose, &participant, text, true);
            self.soon(Ask::fact(now, &by, fact));
        }
        if phase == Phase::Enquiry {
            self.later(days_after(now, 20.0), whose, Step::Amend { tries: tries + 1 });
            return;
        }
        let moved = self.clinic.ask(Ask::act(now, &coordinator, move_to(&to)).may_fail());
        if moved.is_err() {
            self.later(days_after(now, 4.0), whose, Step::Amend { tries: tries + 1 });
        }
    }

    /// The participant moves to another site.
    pub(super) fn transfer(&mut self, now: Timestamp, whose: usize, to: usize) {
        let Some(coordinator) = self.by(whose, Duty::Coordinate) else { return };
        let Some(participant) = self.lives.get(whose).and_then(|life| life.id.clone()) else { return };
        let Some(site) = self.sites.get(to).map(|site| site.id.clone()) else { return };
        let transfer = |site| Authorisation::TransferParticipant { participant: participant.clone(), to: site };
        if self.slips.taken(Slip::TransferNowhere)
            && let Some(here) = self.site_id(whose)
        {
            self.soon(Ask::act(now, &coordinator, transfer(here)).may_fail());
        }
        if self.clinic.ask(Ask::act(now, &coordinator, transfer(site)).signed().may_fail()).is_err() {
            return;
        }
        if let Some(life) = self.lives.get_mut(whose) {
            life.site = to;
        }
        self.note(
            minutes_after(now, 30),
            whose,
            "Moved here for work; records and contacts were handed over by phone.",
        );
    }
}
