//! A visit as it is held: who came, which forms, medicines and events asked about, done.

use super::{Slip, Step, Trial};
use crate::clinic::{Ask, days_after, minutes_after};
use conduct::{Command, Entry, Fact, command::VisitOutcome, entry::Person, schedule::days_from, state::VisitStanding};
use jiff::Timestamp;
use protocol::{
    expression::Answer,
    model::{ActivityKind, Duty, Requirement, VisitKind, VisitMode},
};
use terms::{Decimal, FieldId, FormId, Value, VisitId};

/// What documents hold: words that say that they are made up.
const DOCUMENT: &str = "SYNTHETIC DOCUMENT. Made by a simulation; nobody in it exists.\n";

impl Trial<'_> {
    /// The time of an appointment has come.
    pub(super) fn hold(&mut self, now: Timestamp, whose: usize, visit: &VisitId, starts: Timestamp) {
        if !self.stands(whose, visit, starts) {
            return;
        }
        let plan = self.plan_of(whose);
        let Some(planned) = plan.study.visit(visit.as_str()) else { return };
        let habits = &self.clinic.scenario.habits;
        let (no_show, missed) = (habits.no_show, habits.visit_missed);
        let Some(life) = self.lives.get_mut(whose) else { return };
        let (forgets, fails) = (life.habits.chance(no_show), life.habits.chance(missed));
        let serious = matches!(planned.kind, VisitKind::Dosing | VisitKind::Baseline);
        let comes = match (plan.long_term.iter().position(|id| id == visit), &life.fate) {
            (Some(place), Some(fate)) => fate.returns.get(place).copied().unwrap_or(true),
            _ => true,
        };
        if life.silent || (forgets && !serious) {
            self.nobody_came(now, whose, visit);
            return;
        }
        let settles =
            !serious && !matches!(planned.kind, VisitKind::Screening | VisitKind::Preparation | VisitKind::Rating);
        if !comes || (fails && settles) {
            let reason = if comes { "could not come within the window" } else { "did not wish to come" };
            self.record_visit(now, whose, visit, VisitOutcome::Missed { reason: reason.to_owned() });
            self.later(minutes_after(now, 60), whose, Step::Plan);
            return;
        }
        self.came(now, whose, visit);
    }

    fn came(&mut self, now: Timestamp, whose: usize, visit: &VisitId) {
        let plan = self.plan_of(whose);
        let Some(planned) = plan.study.visit(visit.as_str()) else { return };
        let (kind, session, least) = (planned.kind, planned.session, planned.minutes_min);
        let mode = match planned.mode {
            VisitMode::Either => VisitMode::OnSite,
            mode => mode,
        };
        if let Some(life) = self.lives.get_mut(whose) {
            life.stage = plan.stage(visit);
        }
        self.slips_at_visit(now, whose, visit);
        if kind == VisitKind::Dosing
            && let Some(session) = session
        {
            self.session_begins(now, whose, visit, session, mode);
            return;
        }
        self.record_visit(now, whose, visit, VisitOutcome::Attended { mode });
        if kind == VisitKind::Screening {
            self.screen(now, whose, visit);
            return;
        }
        let mut minutes = 6;
        for (form, need) in plan.site_forms(visit) {
            if need == Requirement::Required && self.leaves_out_form(whose) {
                continue;
            }
            if need == Requirement::IfIndicated && !self.indicated(now, whose, &form) {
                continue;
            }
            self.later(minutes_after(now, minutes), whose, Step::Fill { visit: Some(visit.clone()), form });
            minutes += 5;
        }
        self.later(minutes_after(now, minutes + 3), whose, Step::Review { visit: visit.clone() });
        let asked = plan.has(visit, &|what| matches!(what, ActivityKind::Gate(_)));
        let assigned = plan.has(visit, &|what| *what == ActivityKind::Assignment);
        let mut ends = i64::from(least.unwrap_or(25)).max(minutes + 6);
        if asked {
            let gate = plan.study.activities_at(visit.as_str()).find_map(|(activity, _)| match activity.what {
                ActivityKind::Gate(gate) => Some(gate),
                _ => None,
            });
            ends = ends.max(240);
            self.later(minutes_after(now, ends - 50), whose, Step::Prepare { gate: gate.unwrap_or(2) });
            self.later(minutes_after(now, ends), whose, Step::Decide { gate: gate.unwrap_or(2), tries: 0 });
            ends += if assigned { 50 } else { 15 };
        }
        let Some(life) = self.lives.get_mut(whose) else { return };
        let took = ends + life.times.whole(0, 14);
        let short = life.habits.chance(0.01);
        let minutes = u32::try_from(if short { took / 2 } else { took }).unwrap_or(0);
        let (notes, documents) = (self.clinic.scenario.habits.note, self.clinic.scenario.habits.extra_visit);
        let Some(life) = self.lives.get_mut(whose) else { return };
        let (notes, extra) = (life.habits.chance(notes), life.habits.chance(documents / 8.0));
        self.later(minutes_after(now, took.max(18)), whose, Step::Complete { visit: visit.clone(), minutes });
        if notes {
            self.note(
                minutes_after(now, took / 2),
                whose,
                "Came on time, in good spirits; nothing out of the ordinary.",
            );
        }
        if extra && kind == VisitKind::Integration {
            self.later(days_after(now, 3.4), whose, Step::Unscheduled);
        }
    }

    /// The screening visit, spread over some days: interviews first, results later, then the gate.
    fn screen(&mut self, now: Timestamp, whose: usize, visit: &VisitId) {
        let plan = self.plan_of(whose);
        let [from, to] = self.clinic.scenario.pipeline.screening_days;
        let Some(life) = self.lives.get_mut(whose) else { return };
        let days = life.times.whole(from, to);
        self.later(minutes_after(now, 10), whose, Step::Consent { visit: visit.clone(), attempt: 1 });
        let forms = plan.site_forms(visit);
        let count = forms.len().max(1) as f64;
        let today = self.today(whose, now);
        for (place, (form, need)) in forms.into_iter().enumerate() {
            if need == Requirement::IfIndicated {
                continue;
            }
            let Some(life) = self.lives.get_mut(whose) else { return };
            // The first half on the day itself, the rest as results come in.
            let late = (place as f64 / count - 0.45).max(0.0) / 0.55 * (days - 1) as f64;
            let minute = life.times.whole(0, 50);
            let at = if late < 0.5 {
                minutes_after(now, 60 + place as i64 * 7)
            } else {
                let day = super::booking::weekday(days_from(today, late.round() as i32));
                minutes_after(self.clock(whose, day, 10, 0), place as i64 * 5 + minute)
            };
            self.later(at, whose, Step::Fill { visit: Some(visit.clone()), form });
        }
        self.later(minutes_after(now, 240), whose, Step::Review { visit: visit.clone() });
        let last = super::booking::weekday(days_from(today, days as i32));
        let ends = self.clock(whose, last, 16, 10);
        if let Some(life) = self.lives.get_mut(whose) {
            life.screening_ends = Some(ends);
        }
        self.later(ends, whose, Step::Complete { visit: visit.clone(), minutes: 300 });
        let late = self.slips.once(Slip::LateGate);
        let after = if late { days_from(today, 64) } else { days_from(last, 1) };
        let decided = self.clock(whose, super::booking::weekday(after), 11, 20);
        self.later(minutes_after(decided, -75), whose, Step::Prepare { gate: 1 });
        self.later(decided, whose, Step::Decide { gate: 1, tries: 0 });
        if self.slips.taken(Slip::EnrolEarly) {
            self.later(minutes_after(now, 300), whose, Step::Decide { gate: 1, tries: 250 });
        }
    }

    fn leaves_out_form(&mut self, whose: usize) -> bool {
        let share = self.clinic.scenario.habits.form_missed;
        self.lives.get_mut(whose).is_some_and(|life| life.habits.chance(share))
    }

    /// Whether a form that is filled in "where indicated" is: when a criterion or check hangs on it for this person, or at times.
    fn indicated(&mut self, now: Timestamp, whose: usize, form: &FormId) -> bool {
        let plan = self.plan_of(whose);
        let today = self.today(whose, now);
        let Some(state) = self.state(whose) else { return false };
        let names = conduct::names::Names { study: &plan.study, participant: state, today };
        let check = plan.study.session.checks.iter().find(|check| check.form.as_ref() == Some(form));
        if let Some(applies) = check.and_then(|check| check.applies.as_ref()) {
            return names.evaluate(applies) == Answer::Yes;
        }
        self.lives.get_mut(whose).is_some_and(|life| life.habits.chance(0.12))
    }

    /// Fills a form in: sometimes late, sometimes with a number that can't be, sometimes for somebody else.
    pub(super) fn fill(&mut self, now: Timestamp, whose: usize, visit: Option<&VisitId>, id: &FormId) {
        let plan = self.plan_of(whose);
        let Some(form) = plan.study.form(id.as_str()) else { return };
        let Some(person) = self.who_fills(whose, form) else { return };
        let habits = &self.clinic.scenario.habits;
        let (late, wrong, document) = (habits.late_entry, habits.wrong_participant, habits.document);
        let (absurd, twice) = (self.clinic.scenario.dirt.item_out_of_range, self.clinic.scenario.dirt.visit_twice);
        let Some(life) = self.lives.get_mut(whose) else { return };
        let Some(participant) = life.id.clone() else { return };
        let late = life.habits.chance(late);
        let (wrong, absurd, twice) = (life.habits.chance(wrong), life.habits.chance(absurd), life.habits.chance(twice));
        let document = life.habits.chance(document);
        let today = self.today(whose, now);
        let mut values = self.answers(whose, form, visit, today);
        self.dirty(whose, &mut values);
        self.rare_findings(whose, id, &mut values);
        let record = |participant: &terms::ParticipantId, values: &crate::filler::Values| {
            Command::Fact(Fact::RecordForm {
                seen: None,
                participant: participant.clone(),
                form: id.clone(),
                visit: visit.cloned(),
                values: values.clone(),
            })
        };
        if absurd && let Some(bent) = out_of_range(form, &values) {
            self.soon(Ask::new(now, person.clone(), record(&participant, &bent)).may_fail());
        }
        self.slips_on_forms(now, whose, &person, record(&participant, &values));
        let person = if self.slips.taken(Slip::FormByAnother)
            && let Some(other) = self.by(whose, Duty::Coordinate)
        {
            Person::Staff(other)
        } else {
            person
        };
        if wrong && matches!(person, Person::Staff(_)) {
            self.for_somebody_else(now, whose, &person, &|other| record(other, &values));
        }
        // Written down from paper, an hour after it was asked.
        let ask = Ask::new(now, person.clone(), record(&participant, &values));
        let ask = if late && matches!(person, Person::Staff(_)) { ask.happened(minutes_after(now, -50)) } else { ask };
        let Ok(written) = self.clinic.ask(ask) else { return };
        if twice && form.repeats {
            self.soon(Ask::new(minutes_after(now, 1), person, record(&participant, &values)));
        }
        let instance = written.iter().find_map(|one| match &one.entry {
            Entry::FormRecorded { instance, .. } => Some(instance.clone()),
            _ => None,
        });
        let share = self.clinic.scenario.habits.correction;
        let Some(life) = self.lives.get_mut(whose) else { return };
        if let Some(instance) = instance
            && life.habits.chance(share)
        {
            let wait = life.times.between(0.7, 12.0);
            self.later(days_after(now, wait), whose, Step::Correct { instance });
        }
        if document && matches!(id.as_str(), "ecg" | "labs" | "physical_exam") {
            let kind = if id.as_str() == "ecg" { "ecg" } else { "laboratory" };
            self.attach(minutes_after(now, 2), whose, kind, visit);
        }
    }

    /// Untidy data: degrees Fahrenheit, pressures the wrong way round.
    fn dirty(&mut self, whose: usize, values: &mut crate::filler::Values) {
        let dirt = &self.clinic.scenario.dirt;
        let (fahrenheit, swapped) = (dirt.fahrenheit, dirt.swapped_pressures);
        let Some(life) = self.lives.get_mut(whose) else { return };
        if life.habits.chance(fahrenheit)
            && let Some(Value::Decimal(celsius)) = values.get("temperature_c").cloned()
        {
            let degrees = celsius.as_f64() * 1.8 + 32.0;
            if let Some(degrees) = Decimal::nearest((degrees * 10.0).round() / 10.0) {
                values.insert(FieldId::from("temperature_c"), Value::Decimal(degrees));
            }
        }
        if life.habits.chance(swapped)
            && let (Some(upper), Some(lower)) =
                (values.get("systolic_mmhg").cloned(), values.get("diastolic_mmhg").cloned())
        {
            values.insert(FieldId::from("systolic_mmhg"), lower);
            values.insert(FieldId::from("diastolic_mmhg"), upper);
        }
    }

    /// Findings that a trial meets seldom: a long QTc, a positive pregnancy test.
    fn rare_findings(&mut self, whose: usize, form: &FormId, values: &mut crate::filler::Values) {
        let treated = self.lives.get(whose).is_some_and(|life| life.treated.is_some());
        if !treated {
            return;
        }
        if form.as_str() == "ecg" && self.rare.qtc_over > 0 {
            self.rare.qtc_over -= 1;
            values.insert(FieldId::from("qtcb_ms"), Value::Integer(488));
            values.insert(FieldId::from("qtcf_ms"), Value::Integer(483));
        }
        let on_the_day = self.session_in_hand(whose).is_some();
        if values.contains_key("actual_attempts")
            && on_the_day
            && self.clinic.tally.report.assigned > 12
            && self.slips.once(Slip::RiskOnTheDay)
        {
            for item in ["1", "2", "3", "4"] {
                values.insert(FieldId::from(item), Value::Bool(true));
            }
            values.insert(FieldId::from("5"), Value::Bool(false));
            if let Some(session) = self.session_in_hand(whose) {
                // Asked all the same, before anybody has answered the alarm.
                let what = super::day::DayStep::Authorise { tries: 250 };
                self.later(self.now(), whose, Step::Day { session, what });
            }
        }
        if form.as_str() == "pregnancy_test" && self.rare.pregnancy_positive > 0 {
            self.rare.pregnancy_positive -= 1;
            values.insert(FieldId::from("result"), Value::Text("positive".to_owned()));
        }
    }

    /// The session for which the pair has checked in and that has had no dose yet.
    fn session_in_hand(&self, whose: usize) -> Option<u8> {
        let sessions = &self.state(whose)?.sessions;
        let waits = sessions.iter().find(|(_, s)| s.in_room().next().is_some() && s.dosed_at().is_none());
        waits.map(|(number, _)| *number)
    }

    /// The same answers under another participant's code; struck the next day.
    fn for_somebody_else(
        &mut self,
        now: Timestamp,
        whose: usize,
        person: &Person,
        record: &dyn Fn(&terms::ParticipantId) -> Command,
    ) {
        let site = self.lives.get(whose).map(|life| life.site);
        let other = self.lives.iter().enumerate().find(|(place, life)| {
            *place != whose && Some(life.site) == site && !life.over && life.id.is_some() && life.treated.is_some()
        });
        let Some((other, id)) = other.and_then(|(place, life)| Some((place, life.id.clone()?))) else { return };
        let Ok(written) = self.clinic.ask(Ask::new(now, person.clone(), record(&id))) else { return };
        let instance = written.iter().find_map(|one| match &one.entry {
            Entry::FormRecorded { instance, .. } => Some(instance.clone()),
            _ => None,
        });
        if let Some(instance) = instance {
            self.later(days_after(now, 0.9), other, Step::Strike { instance, belongs_to: whose });
        }
    }

    pub(super) fn strike(&mut self, now: Timestamp, whose: usize, instance: &terms::InstanceId, belongs_to: usize) {
        let Some(coordinator) = self.by(whose, Duty::RecordData) else { return };
        let Some(participant) = self.lives.get(whose).and_then(|life| life.id.clone()) else { return };
        let belongs_to = self.lives.get(belongs_to).and_then(|life| life.id.clone());
        let fact = Fact::StrikeRecord { participant, instance: instance.clone(), belongs_to };
        if self.slips.taken(Slip::StrikeSilently) {
            self.soon(Ask::fact(now, &coordinator, fact.clone()).may_fail());
        }
        self.soon(Ask::fact(now, &coordinator, fact).because("entered under the wrong code"));
    }

    /// Attaches a made-up document by its hash.
    pub(super) fn attach(&mut self, now: Timestamp, whose: usize, kind: &str, visit: Option<&VisitId>) {
        let Some(by) = self.by(whose, Duty::RecordData) else { return };
        let Some(participant) = self.lives.get(whose).and_then(|life| life.id.clone()) else { return };
        let text = format!("{DOCUMENT}{kind} of {participant}, {now}\n");
        let sha256 = crate::hash_of(text.as_bytes());
        self.clinic.hand_over(|sink| sink.document(&participant, &sha256, text.as_bytes()));
        let fact = Fact::AttachDocument {
            participant: participant.clone(),
            kind: kind.to_owned(),
            name: format!("{kind}-{participant}.txt"),
            sha256,
            bytes: text.len() as u64,
            visit: visit.cloned(),
        };
        self.soon(Ask::fact(now, &by, fact.clone()));
        if self.slips.taken(Slip::DocumentWithoutHash)
            && let Fact::AttachDocument { participant, kind, name, bytes, visit, .. } = fact
        {
            let fact = Fact::AttachDocument { participant, kind, name, sha256: "?".to_owned(), bytes, visit };
            self.soon(Ask::fact(now, &by, fact).may_fail());
        }
    }

    pub(super) fn note(&mut self, now: Timestamp, whose: usize, text: &str) {
        let Some(by) = self.by(whose, Duty::RecordData) else { return };
        let Some(participant) = self.lives.get(whose).and_then(|life| life.id.clone()) else { return };
        if self.slips.taken(Slip::NoteWithoutWords) {
            let fact = Fact::RecordNote { participant: participant.clone(), text: "  ".to_owned() };
            self.soon(Ask::fact(now, &by, fact).may_fail());
        }
        self.soon(Ask::fact(now, &by, Fact::RecordNote { participant, text: text.to_owned() }));
    }

    pub(super) fn complete(&mut self, now: Timestamp, whose: usize, visit: &VisitId, minutes: u32) {
        let standing = self.state(whose).and_then(|state| state.visits.get(visit)).map(|record| record.standing);
        if matches!(standing, Some(VisitStanding::Completed | VisitStanding::Missed)) {
            return;
        }
        self.record_visit(now, whose, visit, VisitOutcome::Completed { minutes: Some(minutes) });
        let plan = self.plan_of(whose);
        if plan.study.visit(visit.as_str()).is_some_and(|visit| visit.kind != VisitKind::Screening) {
            self.later(minutes_after(now, 20), whose, Step::Plan);
        }
        self.look_ahead(now, whose, &plan, visit);
    }

    pub(super) fn unscheduled(&mut self, now: Timestamp, whose: usize) {
        let plan = self.plan_of(whose);
        let Some(visit) = plan.study.visits.iter().find(|visit| visit.kind == VisitKind::Unscheduled) else { return };
        let visit = visit.id.clone();
        let day = super::booking::weekday(self.today(whose, now));
        let at = self.working_moment(whose, day).max(now);
        self.record_visit(at, whose, &visit, VisitOutcome::Attended { mode: VisitMode::OnSite });
        for (place, (form, _)) in (1i64..).zip(plan.site_forms(&visit)) {
            self.later(minutes_after(at, place * 6), whose, Step::Fill { visit: Some(visit.clone()), form });
        }
        self.record_visit(minutes_after(at, 50), whose, &visit, VisitOutcome::Completed { minutes: Some(45) });
    }

    fn slips_at_visit(&mut self, now: Timestamp, whose: usize, visit: &VisitId) {
        let Some(by) = self.by(whose, Duty::Coordinate) else { return };
        let Some(participant) = self.lives.get(whose).and_then(|life| life.id.clone()) else { return };
        let today = self.today(whose, now);
        let attended = |visit: &VisitId, day| Fact::RecordVisit {
            participant: participant.clone(),
            visit: visit.clone(),
            outcome: VisitOutcome::Attended { mode: VisitMode::OnSite },
            day,
        };
        if self.slips.taken(Slip::VisitUnknown) {
            self.soon(Ask::fact(now, &by, attended(&VisitId::from("V77"), None)).may_fail());
        }
        self.between_sessions(now, whose);
        if self.slips.taken(Slip::VisitTomorrow) {
            let day = Some(days_from(today, 1));
            self.soon(Ask::fact(now, &by, attended(visit, day)).may_fail());
        }
    }

    fn slips_on_forms(&mut self, now: Timestamp, whose: usize, person: &Person, right: Command) {
        let Command::Fact(Fact::RecordForm { participant, form, visit, values, .. }) = right else { return };
        let ask = |form: FormId, values| {
            Command::Fact(Fact::RecordForm {
                seen: None,
                participant: participant.clone(),
                form,
                visit: visit.clone(),
                values,
            })
        };
        if self.slips.taken(Slip::FormUnknown) {
            let command = ask(FormId::from("nonsense"), values.clone());
            self.soon(Ask::new(now, person.clone(), command).may_fail());
        }
        if self.slips.taken(Slip::FormUnknownField) {
            let mut more = values.clone();
            more.insert(FieldId::from("nonsense"), Value::Integer(1));
            self.soon(Ask::new(now, person.clone(), ask(form.clone(), more)).may_fail());
        }
        if self.slips.taken(Slip::FormInTheFuture) {
            let later = Ask::new(now, person.clone(), ask(form.clone(), values.clone())).happened(days_after(now, 2.0));
            self.soon(later.may_fail());
        }
        let plan = self.plan_of(whose);
        if let Some(known) = plan.study.form(form.as_str())
            && let Some(bent) = out_of_range(known, &values)
            && self.slips.taken(Slip::FormOutOfRange)
        {
            self.soon(Ask::new(now, person.clone(), ask(form, bent)).may_fail());
        }
    }
}

/// The same answers with one number far outside its range.
fn out_of_range(form: &protocol::model::Form, values: &crate::filler::Values) -> Option<crate::filler::Values> {
    use protocol::model::FieldKind;
    let number = form.fields.iter().find(|field| {
        matches!(field.kind, FieldKind::Integer { .. } | FieldKind::Decimal { .. }) && values.contains_key(&field.id)
    });
    let id = match number {
        Some(field) => field.id.clone(),
        None => {
            form.instrument.as_ref().and(values.iter().find(|(_, value)| matches!(value, Value::Integer(_))))?.0.clone()
        }
    };
    let mut bent = values.clone();
    bent.insert(id, Value::Integer(99_999));
    Some(bent)
}
