//! The dosing day as the room lives it: arrival, checks, readings, the long afternoon, leaving, the night.

use super::{Slip, Step, Trial};
use crate::{
    clinic::{Ask, minutes_after},
    vitals::Given,
};
use conduct::{
    Authorisation, Command, Entry, Fact,
    command::{Going, VisitOutcome},
};
use jiff::Timestamp;
use protocol::model::{Check, Duty, Failing, Requirement, VisitMode};
use std::collections::BTreeMap;
use terms::{CheckId, Decimal, FormId, InstanceId, StaffId, VisitId};

/// One thing of a dosing day.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum DayStep {
    Fill(FormId),
    Check { check: CheckId, again: bool },
    Reading { slot: Option<String>, repeats: u8 },
    Distress,
    Release { tries: u8 },
    Authorise { tries: u8 },
    Swallow,
    Empty,
    Supplement { tries: u8 },
    SwallowSupplement,
    NoSupplement,
    AfterWindow,
    PutBack,
    Code(String),
    Goes,
    Returns,
    Discharge { tries: u8 },
    Depart,
    NightBegins,
    Night(u8),
    Take(InstanceId),
    Watch,
    Handover,
    Home,
    CloseSession { tries: u8 },
}

impl DayStep {
    /// Whether it is done even for somebody who has left the study meanwhile.
    pub(crate) const fn goes_on_after_the_end(&self) -> bool {
        matches!(self, Self::Empty | Self::PutBack | Self::Depart | Self::Home | Self::CloseSession { .. })
    }
}

/// Codes that are not written down at random: each says that something grave or of its own kind happened.
const NOT_AT_RANDOM: [&str; 23] = [
    "NO_TOUCH",
    "VOMIT",
    "SUICIDAL_TALK",
    "STOPWORD",
    "RESCUE",
    "ALERT",
    "DOSE1",
    "DOSE2",
    "DOSE2_REFUSED",
    "END",
    "STAFF_IN",
    "STAFF_OUT",
    "PHYSICIAN_CALL",
    "AE_OPEN",
    "RECORDING_STOP",
    "RECORDING_START",
    "VISITOR",
    "NOT_ASKED",
    "PANIC",
    "VITALS",
    "SUDS",
    "DISSOCIATION",
    "PHONE",
];

impl Trial<'_> {
    pub(super) fn day_step(&mut self, now: Timestamp, whose: usize, session: u8, what: DayStep) {
        match what {
            DayStep::Fill(form) => {
                let visit = self.session_visit(whose, session);
                self.fill(now, whose, visit.as_ref(), &form);
            }
            DayStep::Check { check, again } => self.check(now, whose, session, &check, again),
            DayStep::Reading { slot, repeats } => self.reading(now, whose, session, slot.as_deref(), repeats),
            DayStep::Distress => self.distress(now, whose, session),
            DayStep::Release { tries } => self.release(now, whose, session, tries),
            DayStep::Authorise { tries } => self.authorise(now, whose, session, tries),
            DayStep::Swallow => self.swallow(now, whose, session),
            DayStep::Empty => self.empties(now, whose, session),
            DayStep::Supplement { tries } => self.supplement(now, whose, session, tries),
            DayStep::SwallowSupplement => self.swallow_supplement(now, whose, session),
            DayStep::NoSupplement => self.not_given(now, whose, session, "CLINIC"),
            DayStep::AfterWindow => self.after_the_window(now, whose, session),
            DayStep::PutBack => self.put_back(now, whose, session),
            DayStep::Code(code) => self.code(now, whose, session, &code),
            DayStep::Goes => self.other_goes(now, whose, session, Going::Out),
            DayStep::Returns => self.other_goes(now, whose, session, Going::In),
            DayStep::Discharge { tries } => self.discharge(now, whose, session, tries),
            DayStep::Depart => self.depart(now, whose, session),
            DayStep::NightBegins => self.night_begins(now, whose, session),
            DayStep::Night(n) => self.night(now, whose, session, n),
            DayStep::Take(alarm) => self.takes_alarm(now, whose, session, &alarm),
            DayStep::Watch => self.watch(now, whose, session),
            DayStep::Handover => self.handover(now, whose, session),
            DayStep::Home => self.home(now, whose, session),
            DayStep::CloseSession { tries } => self.close_session(now, whose, session, tries),
        }
    }

    pub(super) fn day_later(&mut self, at: Timestamp, whose: usize, session: u8, what: DayStep) {
        self.later(at, whose, Step::Day { session, what });
    }

    pub(super) fn session_visit(&mut self, whose: usize, session: u8) -> Option<VisitId> {
        self.plan_of(whose).study.session(session).map(|session| session.visit.clone())
    }

    /// The participant has come: the pair checks in, forms and checks follow, the longest-lived first.
    pub(super) fn session_begins(
        &mut self,
        now: Timestamp,
        whose: usize,
        visit: &VisitId,
        session: u8,
        mode: VisitMode,
    ) {
        let plan = self.plan_of(whose);
        self.record_visit(now, whose, visit, VisitOutcome::Attended { mode });
        if let Some(life) = self.lives.get_mut(whose) {
            life.day = super::life::DayNow::default();
        }
        if session > 1 && self.slips.once(Slip::DelegationLapses) {
            self.delegation_lapses(now, whose);
        }
        let Some((lead, other)) = self.pair(whose) else { return };
        for (place, staff) in (1i64..).zip([&lead, &other]) {
            self.goes(minutes_after(now, place), whose, session, staff, Going::In);
        }
        if plan.study.session.presence.nurses_min > 0
            && let Some(nurse) = self.by(whose, Duty::Nurse)
        {
            self.goes(minutes_after(now, 3), whose, session, &nurse, Going::In);
        }
        let mut minute = 5;
        for (form, need) in plan.site_forms(visit) {
            let before = self.before_the_dose(whose, &form);
            let indicated = need == Requirement::Required || self.indicated_on_the_day(now, whose, &form);
            if before && indicated {
                self.day_later(minutes_after(now, minute), whose, session, DayStep::Fill(form));
                minute += 3;
            }
        }
        let mut checks: Vec<&Check> = plan.study.session.checks.iter().collect();
        checks.sort_by_key(|check| std::cmp::Reverse(check.fresh_minutes.unwrap_or(1440)));
        minute = minute.max(28);
        for check in checks {
            self.day_later(
                minutes_after(now, minute),
                whose,
                session,
                DayStep::Check { check: check.id.clone(), again: false },
            );
            minute += 2;
        }
        let slot = plan.study.session.vitals.iter().find(|slot| slot.offset_minutes < 0).map(|slot| slot.id.clone());
        let dose = minute + 22;
        self.day_later(minutes_after(now, dose - 20), whose, session, DayStep::Release { tries: 0 });
        if slot.is_some() {
            self.day_later(minutes_after(now, dose - 14), whose, session, DayStep::Reading { slot, repeats: 0 });
        }
        self.day_later(minutes_after(now, dose - 2), whose, session, DayStep::Authorise { tries: 0 });
        self.slips_at_arrival(now, whose, session, &lead);
    }

    /// Whether a form of the day is needed before the dose: a check or a daily criterion looks at it.
    pub(super) fn before_the_dose(&mut self, whose: usize, form: &FormId) -> bool {
        let plan = self.plan_of(whose);
        let session = &plan.study.session;
        let in_check = session.checks.iter().any(|check| {
            check.form.as_ref() == Some(form)
                || check.pass.names().iter().any(|name| name.split('.').any(|part| *form == *part))
        });
        let daily = plan.study.criteria.iter().filter(|criterion| criterion.gates.contains(&0));
        in_check
            || daily.into_iter().any(|c| c.check.names().iter().any(|name| name.split('.').any(|part| *form == *part)))
    }

    fn indicated_on_the_day(&mut self, now: Timestamp, whose: usize, form: &FormId) -> bool {
        let plan = self.plan_of(whose);
        let Some(check) = plan.study.session.checks.iter().find(|check| check.form.as_ref() == Some(form)) else {
            return false;
        };
        let Some(applies) = &check.applies else { return true };
        let today = self.today(whose, now);
        let Some(state) = self.state(whose) else { return false };
        conduct::names::Names { study: &plan.study, participant: state, today }.evaluate(applies)
            != protocol::expression::Answer::No
    }

    /// A check of the day, or a criterion for leaving. A few don't clear at once.
    fn check(&mut self, now: Timestamp, whose: usize, session: u8, id: &CheckId, again: bool) {
        let plan = self.plan_of(whose);
        let day = &plan.study.session;
        let Some(check) = day.checks.iter().chain(&day.discharge.criteria).find(|check| check.id == *id) else {
            return;
        };
        let Some(by) = self.who_checks(whose, &check.by) else { return };
        let today = self.today(whose, now);
        let Some(life) = self.lives.get_mut(whose) else { return };
        let Some(participant) = life.id.clone() else { return };
        let dosed = life.day.dosed.is_some();
        let fails = !again && !check.fields.is_empty() && life.room.chance(0.025);
        let values = self.with_filler(whose, None, today, |filler, stream| filler.check(check, !fails, stream));
        let fact = Fact::RecordCheck { participant: participant.clone(), session, check: id.clone(), values };
        let ask = Ask::fact(now, &by, fact);
        self.soon(if check.signed { ask.signed() } else { ask });
        if self.slips.taken(Slip::CheckUnknown) {
            let fact = Fact::RecordCheck {
                participant: participant.clone(),
                session,
                check: CheckId::from("nonsense"),
                values: BTreeMap::new(),
            };
            self.soon(Ask::fact(now, &by, fact).may_fail());
        }
        if fails && check.failing == Failing::Prescriber {
            let Some(prescriber) = self.by(whose, Duty::Prescribe) else { return };
            let agree =
                |check: Option<CheckId>| Fact::RecordAgreement { participant: participant.clone(), session, check };
            let at = minutes_after(now, 9);
            if self.slips.taken(Slip::AgreeNothing) {
                self.soon(Ask::fact(now, &prescriber, agree(Some(id.clone()))).may_fail());
            }
            let seen = "examined; no reason against the session";
            self.soon(Ask::fact(at, &prescriber, agree(Some(id.clone()))).because(seen));
        } else if fails {
            let rest = check.repeat_minutes.map_or(0, |rest| i64::from(rest) + 1);
            let wait = rest.max(if dosed { 8 } else { 13 });
            self.day_later(minutes_after(now, wait), whose, session, DayStep::Check { check: id.clone(), again: true });
        }
    }

    /// Vital signs of a slot, or a repeat. A breach is measured again.
    fn reading(&mut self, now: Timestamp, whose: usize, session: u8, slot: Option<&str>, repeats: u8) {
        let plan = self.plan_of(whose);
        let day = &plan.study.session;
        let planned = slot.and_then(|slot| day.vitals.iter().find(|known| known.id == slot));
        let measures: Vec<String> = match planned {
            Some(slot) => slot.measures.clone(),
            None => day.limits.iter().map(|limit| limit.measure.clone()).collect(),
        };
        let vitals = &self.clinic.scenario.vitals;
        let (missing, missed) = (vitals.missing, self.clinic.scenario.habits.missed_reading);
        let Some(life) = self.lives.get_mut(whose) else { return };
        let Some(participant) = life.id.clone() else { return };
        let left_out = life.room.chance(missing.max(missed) / 2.0)
            && planned.is_some_and(|slot| slot.offset_minutes > 0 && !slot.before_supplement);
        if left_out {
            return;
        }
        let hours = life.day.dosed.map_or(-0.3, |dosed| now.duration_since(dosed).as_secs_f64() / 3600.0);
        let given = life.treated.as_ref().map(|treated| Given {
            content: treated.content,
            higher: life.day.offset > 0,
            supplement_hours: life
                .day
                .supplement
                .zip(life.day.dosed)
                .map(|(s, d)| s.duration_since(d).as_secs_f64() / 3600.0),
        });
        let given = given.filter(|_| life.day.dosed.is_some());
        let mut values: BTreeMap<String, Decimal> = BTreeMap::new();
        for measure in &measures {
            let known = day.measures.iter().find(|known| known.id == *measure);
            let drawn =
                life.person.signs.reading(self.clinic.scenario, &self.curve, measure, hours, given, &mut life.room);
            if let (Some(known), Some(value)) = (known, drawn) {
                values.insert(measure.clone(), value.clamp(known.min, known.max));
            }
        }
        self.rare_readings(hours, &mut values);
        if hours < 0.0 && repeats == 0 && self.clinic.tally.report.assigned > 2 && self.slips.once(Slip::BreachBefore) {
            values.insert("systolic".to_owned(), Decimal::whole(168));
            // Asked all the same, before it has been measured again.
            self.day_later(minutes_after(now, 1), whose, session, DayStep::Authorise { tries: 250 });
        }
        if let (Some(upper), Some(lower)) = (values.get("systolic").copied(), values.get("diastolic").copied())
            && upper <= lower.plus(Decimal::whole(8))
        {
            values.insert("systolic".to_owned(), lower.plus(Decimal::whole(9)));
        }
        if values.is_empty() {
            return;
        }
        self.write_reading(now, whose, session, participant, values, repeats);
    }

    fn rare_readings(&mut self, hours: f64, values: &mut BTreeMap<String, Decimal>) {
        if hours > 1.2 && self.rare.systolic_over > 0 && self.clinic.tally.report.assigned > 6 {
            self.rare.systolic_over -= 1;
            values.insert("systolic".to_owned(), Decimal::whole(204));
            values.insert("diastolic".to_owned(), Decimal::whole(104));
        }
        if hours > 2.0 && self.rare.temperature_over > 0 && values.contains_key("temperature") {
            self.rare.temperature_over -= 1;
            values.insert("temperature".to_owned(), Decimal::thousandths(39_100));
        }
    }

    fn write_reading(
        &mut self,
        now: Timestamp,
        whose: usize,
        session: u8,
        participant: terms::ParticipantId,
        measures: BTreeMap<String, Decimal>,
        repeats: u8,
    ) {
        let Some((lead, other)) = self.pair(whose) else { return };
        let nurse = self.by(whose, Duty::Nurse).filter(|_| self.nurse_is_there(whose, session));
        let room = self.state(whose).and_then(|state| state.sessions.get(&session));
        let other_here = room.is_some_and(|room| room.in_room().any(|span| span.staff == other));
        let by = nurse.unwrap_or(if repeats.is_multiple_of(2) && other_here { other } else { lead });
        let record = |measures| Fact::RecordReading {
            participant: participant.clone(),
            session,
            measures,
            confirmed: false,
            seen: None,
        };
        if self.slips.taken(Slip::ReadingImpossible) {
            let wrong = [("systolic".to_owned(), Decimal::whole(900))].into();
            self.soon(Ask::fact(now, &by, record(wrong)).may_fail());
        }
        if let (Some(upper), Some(lower)) = (measures.get("systolic").copied(), measures.get("diastolic").copied())
            && self.slips.taken(Slip::ReadingSwapped)
        {
            let swapped = [("systolic".to_owned(), lower), ("diastolic".to_owned(), upper)].into();
            self.soon(Ask::fact(now, &by, record(swapped)).may_fail());
        }
        if repeats == 0 && self.slips.taken(Slip::ReadingHeldBack) {
            // The tablet is offline for two hours: it is told then, with the time at which it happened.
            self.soon(Ask::fact(minutes_after(now, 120), &by, record(measures)).happened(now));
            return;
        }
        let mut ask = Ask::fact(now, &by, record(measures));
        if self.slips.taken(Slip::ClockWrong) {
            let fast = minutes_after(now, 11);
            ask = ask.happened(fast).sent(fast);
        }
        let Ok(written) = self.clinic.ask(ask) else { return };
        self.about_the_reading(now, whose, session, &by, &written);
        let breached = written.iter().any(|one| match &one.entry {
            Entry::ReadingRecorded { breaches, .. } => !breaches.is_empty(),
            _ => false,
        });
        let Some(life) = self.lives.get_mut(whose) else { return };
        if breached && repeats < 5 {
            life.day.amber = true;
            self.day_later(
                minutes_after(now, 5),
                whose,
                session,
                DayStep::Reading { slot: None, repeats: repeats + 1 },
            );
        } else if !breached && repeats > 0 && repeats < 6 {
            // A second one below, ten minutes later, before anything is allowed again.
            self.day_later(minutes_after(now, 10), whose, session, DayStep::Reading { slot: None, repeats: 6 });
        } else if !breached && repeats == 6 && life.day.amber && life.day.supplement.is_none() {
            // Below twice: the prescriber is asked whether the pause is over.
            life.day.amber = false;
            self.agree_to_go_on(minutes_after(now, 2), whose, session);
        }
    }

    /// The prescriber agrees that the pause after a breach is over.
    pub(super) fn agree_to_go_on(&mut self, at: Timestamp, whose: usize, session: u8) {
        let Some(prescriber) = self.by(whose, Duty::Prescribe) else { return };
        let Some(participant) = self.lives.get(whose).and_then(|life| life.id.clone()) else { return };
        let fact = Fact::RecordAgreement { participant, session, check: None };
        self.soon(Ask::fact(at, &prescriber, fact).signed());
    }

    fn nurse_is_there(&self, whose: usize, session: u8) -> bool {
        let nurse = self.by(whose, Duty::Nurse);
        let room = self.state(whose).and_then(|state| state.sessions.get(&session));
        nurse.is_some_and(|nurse| room.is_some_and(|room| room.in_room().any(|span| span.staff == nurse)))
    }

    fn distress(&mut self, now: Timestamp, whose: usize, session: u8) {
        let [before, height, end] = match self.lives.get(whose).and_then(|life| life.treated.as_ref()) {
            Some(treated) => self.clinic.scenario.session.distress.of(treated.content),
            None => return,
        };
        let Some(life) = self.lives.get_mut(whose) else { return };
        let hours = life.day.dosed.map_or(0.0, |dosed| now.duration_since(dosed).as_secs_f64() / 3600.0);
        let mean = if hours < 1.2 {
            before
        } else if hours < 3.6 {
            height
        } else {
            end
        };
        let drawn = life.room.normal(mean, 1.8).round().clamp(0.0, 10.0) as i64;
        let Some(participant) = life.id.clone() else { return };
        let Some((lead, _)) = self.pair(whose) else { return };
        let measures = [("distress".to_owned(), Decimal::whole(drawn))].into();
        self.soon(Ask::fact(
            now,
            &lead,
            Fact::RecordReading { participant, session, measures, confirmed: false, seen: None },
        ));
    }

    /// Somebody comes into the room, or goes out.
    pub(super) fn goes(&mut self, at: Timestamp, whose: usize, session: u8, staff: &StaffId, going: Going) {
        let Some(participant) = self.lives.get(whose).and_then(|life| life.id.clone()) else { return };
        // Somebody whose delegation has lapsed can't check in: the page says so, and they are told.
        self.soon(Ask::fact(at, staff, Fact::RecordPresence { participant, session, going }).may_fail());
    }

    fn other_goes(&mut self, now: Timestamp, whose: usize, session: u8, going: Going) {
        if let Some((_, other)) = self.pair(whose) {
            self.goes(now, whose, session, &other, going);
        }
    }

    fn code(&mut self, now: Timestamp, whose: usize, session: u8, code: &str) {
        let plan = self.plan_of(whose);
        let Some(known) = plan.study.session.codes.iter().find(|known| known.code == code) else { return };
        let Some((lead, other)) = self.pair(whose) else { return };
        let Some(life) = self.lives.get_mut(whose) else { return };
        let Some(participant) = life.id.clone() else { return };
        let number = known.unit.as_ref().map(|unit| match unit.as_str() {
            "ml" => Decimal::whole(life.room.whole(2, 6) * 50),
            _ => Decimal::whole(1),
        });
        let by = if life.room.chance(0.5) { lead } else { other };
        let Some(detail) = self.detail(whose, session, known) else { return };
        let text = known.words.then(|| crate::course::room::words(code).to_owned());
        let note = |code: &str| Fact::RecordSessionNote {
            participant: participant.clone(),
            session,
            code: code.to_owned(),
            number,
            detail: detail.clone(),
            text: text.clone(),
        };
        if self.slips.taken(Slip::NoteUnknownCode) {
            self.soon(Ask::fact(now, &by, note("NONSENSE")).may_fail());
        }
        if let Ok(written) = self.clinic.ask(Ask::fact(now, &by, note(code))) {
            self.about_the_line(now, whose, session, &by, &written);
        }
    }

    /// The afternoon, laid out when the dose has been swallowed.
    pub(super) fn afternoon(&mut self, dosed: Timestamp, whose: usize, session: u8) {
        let plan = self.plan_of(whose);
        let day = &plan.study.session;
        for slot in day.vitals.iter().filter(|slot| slot.offset_minutes >= 0) {
            let Some(life) = self.lives.get_mut(whose) else { return };
            let within = i64::from(slot.within_minutes);
            let drift = life.room.normal(0.0, within as f64 / 3.0).round() as i64;
            let late = if life.room.chance(0.01) { within + 6 } else { 0 };
            let drift = if slot.before_supplement { 0 } else { drift.clamp(-within, within) + late };
            let at = minutes_after(dosed, i64::from(slot.offset_minutes) + drift);
            self.day_later(at, whose, session, DayStep::Reading { slot: Some(slot.id.clone()), repeats: 0 });
        }
        if day.measures.iter().any(|measure| measure.id == "distress") {
            let slots = day.room.ratings.iter().map(|slot| i64::from(slot.offset_minutes));
            for minute in slots.filter(|minute| *minute > 0) {
                self.day_later(minutes_after(dosed, minute), whose, session, DayStep::Distress);
            }
        }
        for minute in (16..i64::from(day.discharge.earliest_minutes)).step_by(30) {
            self.day_later(minutes_after(dosed, minute), whose, session, DayStep::Watch);
        }
        let codes: Vec<String> = day
            .codes
            .iter()
            .map(|code| code.code.clone())
            .filter(|code| !NOT_AT_RANDOM.contains(&code.as_str()))
            .collect();
        let vomits = self.clinic.scenario.habits.vomits;
        let (mean, out) =
            (self.clinic.scenario.session.codes_an_hour * 8.0, self.clinic.scenario.habits.unplanned_stay_out);
        let vomit_minutes = i64::from(plan.study.dose.vomit_minutes);
        let Some(life) = self.lives.get_mut(whose) else { return };
        let mut lines = Vec::new();
        for _ in 0..life.room.poisson(mean) {
            let minute = life.room.whole(18, 470);
            if let Some(code) = life.room.one(&codes) {
                lines.push((minute, code.clone()));
            }
        }
        if life.room.chance(vomits) && day.codes.iter().any(|code| code.code == "VOMIT") {
            lines.push((life.room.whole(8, vomit_minutes.max(9)), "VOMIT".to_owned()));
        }
        let leaves = life.room.whole(190, 340);
        let minutes = if life.room.chance(out) { life.room.whole(17, 28) } else { life.room.whole(4, 12) };
        for (minute, code) in lines {
            self.day_later(minutes_after(dosed, minute), whose, session, DayStep::Code(code));
        }
        self.day_later(minutes_after(dosed, leaves), whose, session, DayStep::Goes);
        for after in [10, 16] {
            self.day_later(minutes_after(dosed, leaves + after), whose, session, DayStep::Watch);
        }
        self.day_later(minutes_after(dosed, leaves + minutes), whose, session, DayStep::Returns);
        self.rare_lines(dosed, whose, session);
        self.evening(dosed, whose, session, i64::from(day.discharge.earliest_minutes));
    }

    fn slips_at_arrival(&mut self, now: Timestamp, whose: usize, session: u8, lead: &StaffId) {
        let Some(participant) = self.lives.get(whose).and_then(|life| life.id.clone()) else { return };
        let mut wrong: Vec<(Slip, Command)> = Vec::new();
        let fact = |fact| Command::Fact(fact);
        wrong.push((
            Slip::SwallowNothing,
            fact(Fact::RecordSwallow {
                participant: participant.clone(),
                session,
                part: conduct::command::DosePart::Initial,
                container: terms::ContainerId::from("0000000"),
                pieces: 0,
                mouth_checked: false,
                seen: None,
            }),
        ));
        wrong.push((
            Slip::NotGivenUnknownCode,
            fact(Fact::RecordSupplementNotGiven {
                participant: participant.clone(),
                session,
                code: "NONSENSE".to_owned(),
            }),
        ));
        wrong.push((
            Slip::SupplementBeforeDose,
            Command::Authorise(Authorisation::AuthoriseSupplement {
                participant: participant.clone(),
                session,
                container: terms::ContainerId::from("0000000"),
                wished: true,
                physician_reason: None,
            }),
        ));
        wrong.push((
            Slip::DischargeBeforeDose,
            Command::Authorise(Authorisation::Discharge { participant: participant.clone(), session }),
        ));
        wrong.push((
            Slip::DoseUnchecked,
            Command::Authorise(Authorisation::AuthoriseDose {
                participant: participant.clone(),
                session,
                container: terms::ContainerId::from("0000000"),
            }),
        ));
        wrong.push((
            Slip::CloseUnbegun,
            Command::Authorise(Authorisation::CloseSession { participant: participant.clone(), session: session + 1 }),
        ));
        wrong.push((Slip::SessionUnknown, Command::Authorise(Authorisation::Discharge { participant, session: 77 })));
        for (slip, command) in wrong {
            if self.slips.once(slip) {
                let by = conduct::entry::Person::Staff(lead.clone());
                self.soon(Ask::new(minutes_after(now, 0), by, command).signed().may_fail());
            }
        }
    }
}
