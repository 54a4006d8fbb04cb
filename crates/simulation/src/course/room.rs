//! What a session's room does beside the plan: alarms taken and handed on, cards worked through, slips of the pen put
//! right, a handover, the signatures.

use super::{Slip, Trial, day::DayStep};
use crate::clinic::{Ask, minutes_after};
use conduct::{
    Command, Entry, Fact, Person, Written,
    command::{AdverseEventOutcome, AdverseEventReport, Causality, Going, Severity, Valence},
    entry::AlarmKind,
    state::ParticipantState,
};
use jiff::Timestamp;
use protocol::model::{CodeMeaning, Duty, TimelineCode, Trigger};
use terms::{Decimal, FieldId, InstanceId, ParticipantId, StaffId, Value};

/// What somebody writes with a code that asks for words.
pub(super) fn words(code: &str) -> &'static str {
    match code {
        "RESCUE" => "lorazepam",
        "NOT_ASKED" => "asleep",
        _ => "I can look at it now.",
    }
}

impl Trial<'_> {
    fn participant_in(&self, whose: usize) -> Option<ParticipantId> {
        self.lives.get(whose).and_then(|life| life.id.clone())
    }

    /// Lines that few sessions have: a rescue medicine, too much to drink, no touch from now on.
    pub(super) fn rare_lines(&mut self, dosed: Timestamp, whose: usize, session: u8) {
        let plan = self.plan_of(whose);
        let known = |code: &str| plan.study.session.codes.iter().any(|known| known.code == code);
        for (slip, code, minute) in [(Slip::RescueGiven, "RESCUE", 141), (Slip::NoTouchWished, "NO_TOUCH", 203)] {
            if known(code) && self.slips.taken(slip) {
                self.day_later(minutes_after(dosed, minute), whose, session, DayStep::Code(code.to_owned()));
            }
        }
        if known("DRINK") && self.slips.taken(Slip::MuchDrunk) {
            let (Some((lead, _)), Some(participant)) = (self.pair(whose), self.participant_in(whose)) else { return };
            let fact = Fact::RecordSessionNote {
                participant,
                session,
                code: "DRINK".to_owned(),
                number: Some(Decimal::whole(2600)),
                detail: None,
                text: Some("by the bottles, since the dose".to_owned()),
            };
            self.soon(Ask::fact(minutes_after(dosed, 301), &lead, fact).may_fail());
        }
    }

    /// The choice that goes with a code; nothing where the line would not be written.
    pub(super) fn detail(&mut self, whose: usize, session: u8, code: &TimelineCode) -> Option<Option<String>> {
        if code.options.is_empty() {
            return Some(None);
        }
        let room = self.state(whose)?.sessions.get(&session)?.clone();
        if matches!(code.means, Some(CodeMeaning::TouchOffered | CodeMeaning::TouchAccepted)) {
            if self.slips.taken(Slip::TouchUnagreed) {
                return code.options.last().map(|option| Some(option.code.clone()));
            }
            let touch = self.plan_of(whose).study.session.room.touch.clone()?;
            let stopped = room.notes.iter().any(|note| note.code == "NO_TOUCH");
            let both = room.in_room().count() > 1;
            let check = room.checks.iter().find(|(id, _)| **id == *touch.check.as_str()).map(|(_, done)| done)?;
            let agreed = |kind: &str| check.values.get(&FieldId::from(kind)) == Some(&Value::Bool(true));
            let kind = code.options.iter().find(|option| agreed(&option.code)).filter(|_| both && !stopped)?;
            return Some(Some(kind.code.clone()));
        }
        let alone = self.slips.taken(Slip::WentAlone);
        let option = if alone { code.options.last() } else { code.options.first() };
        option.map(|option| Some(option.code.clone()))
    }

    /// Somebody hears of an alarm and takes it; where a card helps, they work through it.
    pub(super) fn takes_alarm(&mut self, now: Timestamp, whose: usize, session: u8, id: &InstanceId) {
        let Some(participant) = self.participant_in(whose) else { return };
        let Some(alarm) = self.state(whose).and_then(|state| state.sessions.get(&session)?.alarms.get(id)).cloned()
        else {
            return;
        };
        if !alarm.waits() {
            return;
        }
        let Some((lead, _)) = self.pair(whose) else { return };
        let by = self.by(whose, alarm.tell).unwrap_or_else(|| lead.clone());
        let fact = Fact::AcknowledgeAlarm { participant, session, alarm: id.clone() };
        self.soon(Ask::fact(now, &by, fact.clone()).may_fail());
        if self.slips.taken(Slip::AlarmTwice) {
            self.soon(Ask::fact(now, &lead, fact).may_fail());
        }
        if let Some(card) = alarm.card.filter(|_| alarm.kind != AlarmKind::Card) {
            self.works_through(now, whose, session, &lead, &card, id);
        }
    }

    fn works_through(
        &mut self,
        now: Timestamp,
        whose: usize,
        session: u8,
        lead: &StaffId,
        card: &str,
        alarm: &InstanceId,
    ) {
        let Some(participant) = self.participant_in(whose) else { return };
        let plan = self.plan_of(whose);
        let Some(known) = plan.study.session.room.card(card) else { return };
        let open = |card: &str| Fact::OpenCard { participant: participant.clone(), session, card: card.to_owned() };
        if self.slips.taken(Slip::CardUnknown) {
            self.soon(Ask::fact(now, lead, open("nonsense")).may_fail());
        }
        let Ok(written) = self.clinic.ask(Ask::fact(now, lead, open(card)).may_fail()) else { return };
        let opened = written.iter().find_map(|one| match &one.entry {
            Entry::CardOpened { instance, .. } => Some(instance.clone()),
            _ => None,
        });
        let Some(opened) = opened else { return };
        let mut at = now;
        for step in 0..known.steps.len() {
            at = minutes_after(at, 1);
            let step = u32::try_from(step).unwrap_or(0);
            let fact = Fact::TickCard { participant: participant.clone(), session, card: opened.clone(), step };
            self.soon(Ask::fact(at, lead, fact).may_fail());
        }
        if let Some(contact) = known.call.first() {
            let fact = Fact::CallContact {
                participant: participant.clone(),
                session,
                contact: contact.clone(),
                reached: true,
                alarm: Some(alarm.clone()),
                text: Some("told what is happening; knows the participant".to_owned()),
            };
            self.soon(Ask::fact(minutes_after(now, 2), lead, fact).may_fail());
        }
        let text = "settled; vital signs and awareness as before".to_owned();
        let fact = Fact::CloseCard { participant, session, card: opened, text };
        self.soon(Ask::fact(minutes_after(at, 9), lead, fact).may_fail());
    }

    /// The room's clock: what only the time has brought is written down, if there is something.
    pub(super) fn watch(&mut self, now: Timestamp, whose: usize, session: u8) {
        let Some(participant) = self.participant_in(whose) else { return };
        let fact = Command::Fact(Fact::RecordAlarms { participant, session });
        self.soon(Ask::new(now, Person::Program, fact).may_fail());
    }

    /// The night attendant comes as the second therapist goes.
    pub(super) fn handover(&mut self, now: Timestamp, whose: usize, session: u8) {
        let Some((_, other)) = self.pair(whose) else { return };
        let Some(attendant) = self.by(whose, Duty::AttendNight) else { return };
        let Some(participant) = self.participant_in(whose) else { return };
        let here = self
            .state(whose)
            .and_then(|state| state.sessions.get(&session))
            .is_some_and(|room| room.in_room().any(|span| span.staff == other));
        if !here {
            self.goes(now, whose, session, &attendant, Going::In);
            return;
        }
        let fact = Fact::RecordHandover { participant, session };
        if self.slips.taken(Slip::HandoverAlone) {
            self.soon(Ask::fact(now, &other, fact.clone()).signed().may_fail());
        }
        self.soon(Ask::fact(now, &other, fact).signed().with(Some(&attendant)).may_fail());
    }

    /// A number was mistyped, or is hardly possible and so all the same.
    pub(super) fn about_the_reading(
        &mut self,
        now: Timestamp,
        whose: usize,
        session: u8,
        by: &StaffId,
        written: &[Written],
    ) {
        let Some(participant) = self.participant_in(whose) else { return };
        let found = written.iter().find_map(|one| match &one.entry {
            Entry::ReadingRecorded { instance, measures, .. } => Some((instance.clone(), measures.clone())),
            _ => None,
        });
        let Some((reading, measures)) = found else { return };
        if self.slips.taken(Slip::ReadingMistyped)
            && let Some((measure, value)) = measures.iter().find(|(id, _)| *id != "diastolic" && *id != "temperature")
        {
            let measures = [(measure.clone(), value.plus(Decimal::whole(1)))].into();
            let fact =
                Fact::CorrectReading { participant: participant.clone(), session, reading, measures, confirmed: false };
            self.soon(Ask::fact(minutes_after(now, 2), by, fact).because("typing mistake").may_fail());
        }
        if self.slips.taken(Slip::ReadingUnlikely) {
            let cold = Fact::RecordReading {
                participant,
                session,
                measures: [("temperature".to_owned(), Decimal::thousandths(32_400))].into(),
                confirmed: true,
                seen: None,
            };
            self.soon(Ask::fact(minutes_after(now, 1), by, cold).may_fail());
        }
    }

    /// A line was mistyped, or written for nothing.
    pub(super) fn about_the_line(
        &mut self,
        now: Timestamp,
        whose: usize,
        session: u8,
        by: &StaffId,
        written: &[Written],
    ) {
        let Some(participant) = self.participant_in(whose) else { return };
        let found = written.iter().find_map(|one| match &one.entry {
            Entry::SessionNoted { instance, code, number, detail, text, .. } => {
                Some((instance.clone(), code.clone(), *number, detail.clone(), text.clone()))
            }
            _ => None,
        });
        let Some((note, code, number, detail, text)) = found else { return };
        if self.slips.taken(Slip::NoteMistyped) {
            let text = Some(text.map_or_else(|| "said softly".to_owned(), |text| format!("{text} (as said)")));
            let fact = Fact::CorrectSessionNote { participant, session, note, code, number, detail, text };
            self.soon(Ask::fact(minutes_after(now, 4), by, fact).because("left out at first").may_fail());
        } else if self.slips.taken(Slip::NoteStruck) {
            let fact = Fact::StrikeRecord { participant, instance: note, belongs_to: None };
            self.soon(Ask::fact(minutes_after(now, 5), by, fact).because("written in the wrong line").may_fail());
        }
    }

    /// Whether a question is open whether something was an adverse event.
    pub(super) fn asks_for_harm(&self, whose: usize) -> bool {
        self.state(whose).is_some_and(|state| !open_questions(state).is_empty())
    }

    /// What may have been harm is answered, and everybody who was there signs; whether somebody's signature is missing.
    pub(super) fn signed_by_all(&mut self, now: Timestamp, whose: usize, session: u8, lead: &StaffId) -> bool {
        let Some(participant) = self.participant_in(whose) else { return false };
        let Some(state) = self.state(whose) else { return false };
        let questions: Vec<InstanceId> = open_questions(state);
        let there: Vec<StaffId> = state
            .sessions
            .get(&session)
            .map(|room| {
                let staff = room.were_there().into_iter();
                staff.filter(|staff| *staff != lead && !room.signed.contains_key(*staff)).cloned().collect()
            })
            .unwrap_or_default();
        let today = self.today(whose, now);
        for question in questions {
            let was = self.lives.get_mut(whose).is_some_and(|life| life.habits.chance(0.2));
            if was {
                let event = AdverseEventReport {
                    term: "unease during the session".to_owned(),
                    onset: today,
                    ended: Some(today),
                    severity: Severity::Mild,
                    serious: Vec::new(),
                    related: Causality::Possible,
                    session: Some(session),
                    valence: Valence::Mixed,
                    special_interest: None,
                    outcome: AdverseEventOutcome::Recovered,
                    answers: vec![question],
                };
                let fact = Fact::RecordAdverseEvent { participant: participant.clone(), event };
                self.soon(Ask::fact(now, lead, fact).may_fail());
            } else {
                let text = "Looked at with the participant: passing, no adverse event.".to_owned();
                let fact = Fact::CompleteTask { participant: participant.clone(), task: question, text };
                self.soon(Ask::fact(now, lead, fact).signed().may_fail());
            }
        }
        let mut missing = false;
        for staff in there {
            let fact = Fact::SignSession { participant: participant.clone(), session };
            missing |= self.clinic.ask(Ask::fact(now, &staff, fact).signed().may_fail()).is_err();
        }
        missing
    }
}

/// Questions whether something was an adverse event, not answered yet.
fn open_questions(state: &ParticipantState) -> Vec<InstanceId> {
    let open = state.tasks.iter().filter(|(_, task)| task.done.is_none() && task.raised.trigger == Trigger::MayBeHarm);
    open.map(|(instance, _)| instance.clone()).collect()
}
