//! What stands in a participant's record: visits, forms, medicines, events, tasks and the rest.
//!
//! Rows that stand for themselves (an attendance, a correction) are written from the entry. Rows that change later (a form, a
//! task) are written from the state after the act.

use super::{
    ADVERSE_EVENT, ANSWER, APPROVAL, ATTACHMENT, ATTENDANCE, CONSENT, CONTACT, CORRECTION, CRITERION, DEVIATION, FORM,
    GATE_DECISION, GROUND_WITHDRAWN, HOLD, MEDICATION, NOTE, Numbered, QUESTION, RATING, SCORE, STOP, TASK, VISIT,
    cells::{
        by, count, date, id, instant, list, maybe_date, maybe_id, maybe_instant, maybe_text, maybe_word, missing,
        person, role, text, value, version, word,
    },
    held, session,
};
use crate::table::{Cell, Write};
use conduct::{
    Entry, ParticipantState,
    command::Severity,
    entry::{CriterionFound, MedicineStanding, Scores},
    state::{AdverseEvent, Medication, VisitRecord, VisitStanding},
};
use std::collections::BTreeSet;
use terms::{FieldId, InstanceId, Value, VisitId};

/// What an act touched whose rows come from the state after it.
#[derive(Default)]
pub(super) struct Touched {
    visits: BTreeSet<VisitId>,
    moved: bool,
    instances: BTreeSet<InstanceId>,
    /// Questions are answered by corrections of the form that they are about.
    questions_about: BTreeSet<InstanceId>,
    sessions: BTreeSet<u8>,
}

pub(super) fn entry(
    participant: &ParticipantState,
    one: &Numbered<'_>,
    touched: &mut Touched,
    writes: &mut Vec<Write>,
) {
    if session::entry(participant, one, &mut touched.instances, writes) {
        touched.sessions.extend(session::number(one.entry));
        return;
    }
    let who = || id(&participant.id);
    let place = || version(one.version);
    let recorded = || instant(one.stamp.recorded_at);
    match one.entry {
        Entry::ConsentRecorded {
            instance,
            version,
            text_sha256,
            quiz_score,
            quiz_pass,
            copy_given,
            valid,
            why_not,
            ..
        } => {
            let row = vec![
                who(),
                id(instance),
                text(version),
                text(text_sha256),
                (*valid).into(),
                maybe_text(why_not.as_ref()),
                (*quiz_score).into(),
                (*quiz_pass).into(),
                (*copy_given).into(),
                date(one.stamp.day),
                by(one.stamp),
                recorded(),
            ];
            writes.push(Write::Put(&CONSENT, row));
        }
        Entry::Enrolled { criteria } => decision(participant, one, (1, true, None, None), criteria, writes),
        Entry::EnrolmentConfirmed { criteria, expires } => {
            decision(participant, one, (2, true, None, *expires), criteria, writes);
        }
        Entry::ScreenFailed { gate, criteria, reason } => {
            decision(participant, one, (*gate, false, Some(reason), None), criteria, writes);
        }
        Entry::Stopped { scope, reason, text: words } => {
            let row = vec![
                who(),
                place(),
                word(scope),
                text(reason),
                text(words),
                date(one.stamp.day),
                by(one.stamp),
                recorded(),
            ];
            writes.push(Write::Put(&STOP, row));
        }
        Entry::Transferred { .. } => touched.moved = true,
        Entry::ContactTried { visit, outcome, route } => {
            let row = vec![
                who(),
                place(),
                maybe_id(visit.as_ref()),
                word(outcome),
                maybe_word(route.as_ref()),
                date(one.stamp.day),
                by(one.stamp),
                recorded(),
            ];
            writes.push(Write::Put(&CONTACT, row));
        }
        Entry::HoldPlaced { instance, text: words } => {
            let row = vec![held(participant).into(), id(instance), text(words), instant(one.stamp.at), by(one.stamp)];
            writes.push(Write::Put(&HOLD, row));
        }
        Entry::HoldLifted { instance } => {
            writes.push(Write::Remove(&HOLD, vec![held(participant).into(), id(instance)]));
        }
        Entry::ApprovalRecorded { approval, number, from, until } => {
            let row = vec![held(participant).into(), place(), text(approval), text(number), date(*from), date(*until)];
            writes.push(Write::Put(&APPROVAL, row));
        }
        Entry::GroundWithdrawn { rule, session, detail } => {
            let row = vec![who(), place(), id(rule), (*session).map(i64::from).into(), text(detail), recorded()];
            writes.push(Write::Put(&GROUND_WITHDRAWN, row));
            touched.sessions.extend(*session);
        }
        _ => visit(participant, one, touched, writes),
    }
}

fn visit(participant: &ParticipantState, one: &Numbered<'_>, touched: &mut Touched, writes: &mut Vec<Write>) {
    match one.entry {
        Entry::VisitAttended { visit, day, mode, anchor_day, window } => {
            let window = anchor_day.zip(*window);
            let edge = |days: i32| window.map(|(anchor, _)| conduct::schedule::days_from(anchor, days));
            let row = vec![
                id(&participant.id),
                version(one.version),
                id(visit),
                date(*day),
                word(mode),
                maybe_date(*anchor_day),
                maybe_date(window.and_then(|(_, window)| edge(window.opens))),
                maybe_date(window.and_then(|(_, window)| edge(window.closes))),
                instant(one.stamp.recorded_at),
            ];
            writes.push(Write::Put(&ATTENDANCE, row));
            touched.visits.insert(visit.clone());
        }
        Entry::VisitBooked { visit, .. }
        | Entry::VisitCancelled { visit, .. }
        | Entry::VisitNoShow { visit }
        | Entry::VisitCompleted { visit, .. }
        | Entry::VisitMissed { visit, .. } => {
            touched.visits.insert(visit.clone());
        }
        Entry::RatingRequested { request, .. }
        | Entry::RatingTaken { request, .. }
        | Entry::RatingRecorded { request, .. }
        | Entry::RatingMissed { request, .. } => {
            touched.instances.insert(request.clone());
        }
        _ => record(participant, one, touched, writes),
    }
}

fn record(participant: &ParticipantState, one: &Numbered<'_>, touched: &mut Touched, writes: &mut Vec<Write>) {
    match one.entry {
        Entry::FormRecorded { instance, values, scores, .. } => {
            answers(participant, instance, values.iter(), writes);
            score_rows(participant, instance, scores, writes);
            touched.instances.insert(instance.clone());
        }
        Entry::FormCorrected { instance, changes, scores, number } => {
            answers(participant, instance, changes.iter().map(|(field, change)| (field, &change.new)), writes);
            score_rows(participant, instance, scores, writes);
            for (field, change) in changes {
                let row = vec![
                    id(&participant.id),
                    id(instance),
                    (*number).into(),
                    id(field),
                    change.old.as_ref().map_or(Cell::Null, |old| text(old.to_string())),
                    text(change.new.to_string()),
                    maybe_text(one.stamp.reason.as_ref()),
                    by(one.stamp),
                    instant(one.stamp.recorded_at),
                ];
                writes.push(Write::Put(&CORRECTION, row));
            }
            touched.instances.insert(instance.clone());
            touched.questions_about.insert(instance.clone());
        }
        Entry::RecordStruck { instance, .. }
        | Entry::QuestionRaised { instance, .. }
        | Entry::MedicationRecorded { instance, .. }
        | Entry::AdverseEventRecorded { instance, .. }
        | Entry::DeviationRecorded { instance, .. }
        | Entry::NoteRecorded { instance, .. }
        | Entry::DocumentAttached { instance, .. }
        | Entry::TaskCompleted { instance, .. } => {
            touched.instances.insert(instance.clone());
        }
        Entry::TaskRaised(task) => {
            touched.instances.insert(task.instance.clone());
        }
        // The participant's own row says the rest: phase, study version, code break.
        _ => {}
    }
}

type Decided<'a> = (u8, bool, Option<&'a String>, Option<jiff::civil::Date>);

fn decision(
    participant: &ParticipantState,
    one: &Numbered<'_>,
    (gate, passed, reason, expires): Decided<'_>,
    criteria: &[CriterionFound],
    writes: &mut Vec<Write>,
) {
    let row = vec![
        id(&participant.id),
        version(one.version),
        i64::from(gate).into(),
        passed.into(),
        maybe_text(reason),
        maybe_date(expires),
        date(one.stamp.day),
        by(one.stamp),
        instant(one.stamp.recorded_at),
    ];
    writes.push(Write::Put(&GATE_DECISION, row));
    for criterion in criteria {
        let evidence: Vec<String> =
            criterion.evidence.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        let row = vec![
            id(&participant.id),
            version(one.version),
            id(&criterion.criterion),
            word(&criterion.answer),
            text(evidence.join("; ")),
        ];
        writes.push(Write::Put(&CRITERION, row));
    }
}

fn answers<'a>(
    participant: &ParticipantState,
    instance: &InstanceId,
    values: impl Iterator<Item = (&'a FieldId, &'a Value)>,
    writes: &mut Vec<Write>,
) {
    for (field, answer) in values {
        let [shown, number] = value(answer);
        let row = vec![id(&participant.id), id(instance), id(field), shown, number, missing(answer)];
        writes.push(Write::Put(&ANSWER, row));
    }
}

fn score_rows(participant: &ParticipantState, instance: &InstanceId, scores: &Scores, writes: &mut Vec<Write>) {
    for (name, score) in scores {
        let [shown, number] = score.value.as_ref().map_or([Cell::Null, Cell::Null], value);
        let row = vec![
            id(&participant.id),
            id(instance),
            text(name),
            shown,
            number,
            text(&score.method),
            score.band.as_ref().map_or(Cell::Null, text),
        ];
        writes.push(Write::Put(&SCORE, row));
    }
}

impl Touched {
    /// The participant belongs to another site: rows that name it are all written anew.
    pub(super) const fn all_visits(&self) -> bool {
        self.moved
    }

    pub(super) fn rows(&self, participant: &ParticipantState, writes: &mut Vec<Write>) {
        for (visit, record) in &participant.visits {
            if self.moved || self.visits.contains(visit) {
                writes.push(Write::Put(&VISIT, visit_row(participant, visit, record)));
            }
        }
        for instance in &self.instances {
            self.instance(participant, instance, writes);
        }
        for (instance, question) in &participant.questions {
            if self.questions_about.contains(&question.about) || self.instances.contains(instance) {
                let row = vec![
                    id(&participant.id),
                    id(instance),
                    id(&question.about),
                    text(&question.check),
                    text(&question.message),
                    question.answered.into(),
                ];
                writes.push(Write::Put(&QUESTION, row));
            }
        }
        for number in &self.sessions {
            session::row(participant, *number, writes);
        }
    }

    /// The row of one record, whatever kind it is.
    fn instance(&self, participant: &ParticipantState, instance: &InstanceId, writes: &mut Vec<Write>) {
        let who = id(&participant.id);
        session::record(participant, instance, writes);
        if let Some(form) = participant.forms.get(instance) {
            let row = vec![
                who,
                id(instance),
                id(&form.form),
                maybe_id(form.visit.as_ref()),
                date(form.day),
                instant(form.at),
                person(&form.by.person),
                role(&form.by),
                form.corrections.into(),
                form.struck.into(),
            ];
            writes.push(Write::Put(&FORM, row));
        } else if let Some(medication) = participant.medications.get(instance) {
            writes.push(Write::Put(&MEDICATION, medication_row(who, instance, medication)));
        } else if let Some(event) = participant.adverse_events.get(instance) {
            writes.push(Write::Put(&ADVERSE_EVENT, event_row(who, instance, event)));
        } else if let Some(deviation) = participant.deviations.get(instance) {
            let row = vec![
                who,
                id(instance),
                text(&deviation.code),
                text(&deviation.title),
                word(&deviation.class),
                maybe_word(deviation.trigger.as_ref()),
                text(&deviation.detail),
                maybe_id(deviation.visit.as_ref()),
                date(deviation.day),
            ];
            writes.push(Write::Put(&DEVIATION, row));
        } else if let Some(task) = participant.tasks.get(instance) {
            let row = vec![
                who,
                id(instance),
                text(&task.raised.title),
                word(&task.raised.duty),
                instant(task.raised.due),
                word(&task.raised.trigger),
                maybe_text(task.raised.clock.as_ref()),
                maybe_id(task.raised.about.as_ref()),
                instant(task.since),
                maybe_instant(task.done),
            ];
            writes.push(Write::Put(&TASK, row));
        } else {
            small_instance(participant, instance, writes);
        }
    }
}

fn small_instance(participant: &ParticipantState, instance: &InstanceId, writes: &mut Vec<Write>) {
    let who = id(&participant.id);
    if let Some(note) = participant.notes.get(instance) {
        let row = vec![
            who,
            id(instance),
            text(&note.text),
            person(&note.by.person),
            role(&note.by),
            instant(note.at),
            note.struck.into(),
        ];
        writes.push(Write::Put(&NOTE, row));
    } else if let Some(document) = participant.documents.get(instance) {
        let row = vec![
            who,
            id(instance),
            text(&document.kind),
            text(&document.name),
            text(&document.sha256),
            i64::try_from(document.bytes).unwrap_or(i64::MAX).into(),
            instant(document.at),
            document.struck.into(),
        ];
        writes.push(Write::Put(&ATTACHMENT, row));
    } else if let Some(rating) = participant.ratings.get(instance) {
        let row = vec![
            id(instance),
            who,
            id(&rating.visit),
            text(&rating.pseudonym),
            list(rating.forms.iter()),
            maybe_id(rating.rater.as_ref()),
            rating.done.into(),
            instant(rating.at),
        ];
        writes.push(Write::Put(&RATING, row));
    }
}

fn visit_row(participant: &ParticipantState, visit: &VisitId, record: &VisitRecord) -> Vec<Cell> {
    let standing = match record.standing {
        VisitStanding::Planned => "planned",
        VisitStanding::Attended => "attended",
        VisitStanding::Completed => "completed",
        VisitStanding::Missed => "missed",
    };
    vec![
        id(&participant.id),
        id(visit),
        id(&participant.site),
        text(standing),
        maybe_instant(record.booking.map(|booking| booking.starts)),
        maybe_date(record.booking.map(|booking| booking.day)),
        record.booking.map_or(Cell::Null, |booking| word(&booking.mode)),
        maybe_date(record.day),
        count(record.days.len()),
        record.no_shows.into(),
    ]
}

fn medication_row(who: Cell, instance: &InstanceId, medication: &Medication) -> Vec<Cell> {
    let complete = match &medication.rule {
        MedicineStanding::Washout { complete, .. } => *complete,
        MedicineStanding::Rescue { .. }
        | MedicineStanding::Stable { .. }
        | MedicineStanding::Allowed
        | MedicineStanding::Unclassified => None,
    };
    let medicine = &medication.medicine;
    vec![
        who,
        id(instance),
        text(&medicine.name),
        text(&medicine.dose),
        text(&medicine.indication),
        maybe_text(medication.class.as_ref()),
        word(&medication.rule),
        maybe_date(medicine.started),
        maybe_date(medicine.taper_started),
        maybe_date(medicine.last_dose),
        maybe_date(complete),
        medicine.rescue.into(),
        instant(medication.at),
        medication.struck.into(),
    ]
}

fn event_row(who: Cell, instance: &InstanceId, event: &AdverseEvent) -> Vec<Cell> {
    let report = &event.event;
    let grounds: Vec<String> =
        report.grounds().iter().map(|ground| word(ground).as_text().unwrap_or_default().to_owned()).collect();
    let severity: &Severity = &report.severity;
    vec![
        who,
        id(instance),
        text(&report.term),
        date(report.onset),
        maybe_date(report.ended),
        word(severity),
        text(grounds.join(",")),
        word(&report.related),
        report.session.map(i64::from).into(),
        word(&report.valence),
        maybe_text(report.special_interest.as_ref()),
        word(&report.outcome),
        event.emergent.into(),
        instant(event.at),
        event.struck.into(),
    ]
}
