//! What is due for a participant: visits in their windows, tasks, questions, gates, orders, ratings.
//!
//! Nothing here depends on today: each item carries its days, and a page or projection compares them with the clock.

use crate::{
    case::Case,
    participant::rating_forms_of,
    schedule,
    state::{ParticipantState, Phase, VisitStanding},
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use protocol::model::{Duty, Study, VisitKind};
use serde::{Deserialize, Serialize};
use terms::{InstanceId, VisitId};

/// What kind of thing is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DueKind {
    /// Consent is to be taken, or a "no" recorded.
    Consent,
    /// A visit is to be booked.
    Book,
    /// A booked visit is to be held.
    Hold,
    /// A held visit is to be completed.
    Complete,
    /// A gate is to be decided.
    Gate,
    /// An arm is to be assigned.
    Assign,
    /// A dose is to be ordered.
    Order,
    /// A rating is to be asked for.
    AskRating,
    /// A rating is to be done.
    Rate,
    /// A task.
    Task,
    /// A question about an answer.
    Question,
    /// The record is to be closed.
    Close,
}

impl DueKind {
    /// Its name in tables: `ask_rating`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::Book => "book",
            Self::Hold => "hold",
            Self::Complete => "complete",
            Self::Gate => "gate",
            Self::Assign => "assign",
            Self::Order => "order",
            Self::AskRating => "ask_rating",
            Self::Rate => "rate",
            Self::Task => "task",
            Self::Question => "question",
            Self::Close => "close",
        }
    }
}

/// Something due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// Kind.
    pub kind: DueKind,
    /// Unique within the participant.
    pub key: String,
    /// What to do, imperative.
    pub title: String,
    /// Who is to do it.
    pub duty: Duty,
    /// First day on which it can be done.
    pub opens: Date,
    /// Best day.
    pub target: Option<Date>,
    /// Last day; overdue after it.
    pub closes: Option<Date>,
    /// The appointment.
    pub starts: Option<Timestamp>,
    /// The visit.
    pub visit: Option<VisitId>,
    /// The record.
    pub instance: Option<InstanceId>,
}

/// Everything that is due for a participant, in the order of the schedule, tasks last.
pub fn due(study: &Study, participant: &ParticipantState, zone: &TimeZone) -> Vec<Due> {
    let mut all = Vec::new();
    if participant.phase == Phase::Enquiry {
        all.push(item(
            DueKind::Consent,
            "consent",
            "Take consent, or record that they declined",
            Duty::TakeConsent,
            participant.enquired,
        ));
    }
    if !participant.has_left() {
        for visit in &study.visits {
            visit_due(study, participant, visit, &mut all);
        }
        gates_due(study, participant, &mut all);
    }
    for (instance, rating) in participant.ratings.iter().filter(|(_, rating)| !rating.done) {
        let day = rating.at.to_zoned(zone.clone()).date();
        let mut due = item(
            DueKind::Rate,
            format!("rate.{instance}"),
            format!("Rate {}", rating.pseudonym),
            Duty::RateOutcomes,
            day,
        );
        due.instance = Some(instance.clone());
        due.closes = later(day, study.due.rating_days);
        all.push(due);
    }
    for (instance, task) in participant.tasks.iter().filter(|(_, task)| task.done.is_none()) {
        let day = task.since.to_zoned(zone.clone()).date();
        let mut due = item(DueKind::Task, format!("task.{instance}"), task.raised.title.clone(), task.raised.duty, day);
        due.closes = Some(task.raised.due.to_zoned(zone.clone()).date());
        due.starts = Some(task.raised.due);
        due.instance = Some(instance.clone());
        all.push(due);
    }
    for (instance, question) in participant.questions.iter().filter(|(_, question)| !question.answered) {
        let Some(form) = participant.forms.get(&question.about).filter(|form| !form.struck) else { continue };
        let mut due = item(
            DueKind::Question,
            format!("question.{instance}"),
            question.message.clone(),
            Duty::RecordData,
            form.day,
        );
        due.instance = Some(question.about.clone());
        due.closes = later(form.day, study.due.question_days);
        all.push(due);
    }
    all
}

fn item(kind: DueKind, key: impl Into<String>, title: impl Into<String>, duty: Duty, opens: Date) -> Due {
    Due {
        kind,
        key: key.into(),
        title: title.into(),
        duty,
        opens,
        target: None,
        closes: None,
        starts: None,
        visit: None,
        instance: None,
    }
}

fn visit_due(study: &Study, participant: &ParticipantState, visit: &protocol::model::Visit, all: &mut Vec<Due>) {
    let record = participant.visits.get(&visit.id);
    let standing = record.map_or(VisitStanding::Planned, |record| record.standing);
    let planned = schedule::planned(study, participant, visit);
    let id = &visit.id;
    match standing {
        VisitStanding::Completed | VisitStanding::Missed => {}
        VisitStanding::Attended => {
            let day = record.and_then(|record| record.day).unwrap_or(participant.enquired);
            let title = format!("Complete {id} {}", visit.name);
            let mut due = item(DueKind::Complete, format!("complete.{id}"), title, Duty::RecordData, day);
            due.closes = later(day, study.due.complete_visit_days);
            due.visit = Some(id.clone());
            all.push(due);
        }
        VisitStanding::Planned
            if schedule::applies(study, participant, visit) && reached(study, participant, visit) =>
        {
            if let Some(booking) = record.and_then(|record| record.booking) {
                let title = format!("Hold {id} {}", visit.name);
                let mut due = item(DueKind::Hold, format!("hold.{id}"), title, holder(visit), booking.day);
                due.target = Some(booking.day);
                due.closes = Some(booking.day);
                due.starts = Some(booking.starts);
                due.visit = Some(id.clone());
                all.push(due);
            } else if let Some(planned) = planned.filter(|planned| planned.real && !visit.optional) {
                let title = format!("Book {id} {}", visit.name);
                let mut due = item(DueKind::Book, format!("book.{id}"), title, Duty::Coordinate, planned.opens);
                due.target = Some(planned.target);
                due.closes = Some(planned.closes);
                due.visit = Some(id.clone());
                all.push(due);
            }
        }
        VisitStanding::Planned => {}
    }
    if matches!(standing, VisitStanding::Planned | VisitStanding::Attended)
        && participant.consent_day().is_some()
        && record.is_some_and(|record| record.booking.is_some() || standing == VisitStanding::Attended)
    {
        rating_due(study, participant, visit, all);
    }
}

/// Visits of an epoch behind a gate are due only once the gate was passed.
fn reached(study: &Study, participant: &ParticipantState, visit: &protocol::model::Visit) -> bool {
    let _ = study;
    match visit.kind {
        VisitKind::Screening => participant.phase >= Phase::Screening,
        VisitKind::Preparation | VisitKind::Baseline => participant.phase >= Phase::Enrolled,
        VisitKind::Dosing => participant.phase >= Phase::Assigned && !participant.treatment_stopped(),
        VisitKind::Call
        | VisitKind::Integration
        | VisitKind::Rating
        | VisitKind::Termination
        | VisitKind::FollowUp
        | VisitKind::EarlyTermination => participant.phase >= Phase::Enrolled,
        VisitKind::Unscheduled => true,
    }
}

const fn holder(visit: &protocol::model::Visit) -> Duty {
    match visit.kind {
        VisitKind::Preparation | VisitKind::Integration | VisitKind::Dosing => Duty::Facilitate,
        VisitKind::Screening
        | VisitKind::Baseline
        | VisitKind::Call
        | VisitKind::Rating
        | VisitKind::Termination
        | VisitKind::EarlyTermination
        | VisitKind::FollowUp
        | VisitKind::Unscheduled => Duty::Coordinate,
    }
}

fn rating_due(study: &Study, participant: &ParticipantState, visit: &protocol::model::Visit, all: &mut Vec<Due>) {
    let id = &visit.id;
    let forms = rating_forms_of(study, id.as_str());
    if forms.is_empty()
        || participant.ratings.values().any(|rating| rating.visit == *id && !rating.done)
        || forms.iter().all(|form| participant.form_at(form.as_str(), id.as_str()).is_some())
    {
        return;
    }
    let day = participant.visits.get(id).and_then(|record| record.booking.map(|b| b.day).or(record.day));
    let day = day.unwrap_or(participant.enquired);
    let title = format!("Ask for the rating of {id}");
    let opens = sooner(day, study.due.rating_ask_days).unwrap_or(day);
    let mut due = item(DueKind::AskRating, format!("rating.{id}"), title, Duty::Coordinate, opens);
    due.target = sooner(day, study.due.rating_target_days);
    due.closes = Some(day);
    due.visit = Some(id.clone());
    all.push(due);
}

fn gates_due(study: &Study, participant: &ParticipantState, all: &mut Vec<Due>) {
    let number = match participant.phase {
        Phase::Screening => 1,
        Phase::Enrolled => 2,
        _ => 0,
    };
    let done = |visits: &[VisitId]| {
        let mut last = None;
        for visit in visits {
            let record = participant.visits.get(visit).filter(|r| r.standing == VisitStanding::Completed)?;
            last = last.max(record.day);
        }
        Some(last.unwrap_or(participant.enquired))
    };
    if let Some(gate) = study.gates.iter().find(|gate| gate.number == number)
        && let Some(day) = done(&gate.needs_visits)
    {
        let mut due = item(
            DueKind::Gate,
            format!("gate.{number}"),
            format!("Decide: {}", gate.title),
            Duty::DecideEligibility,
            day,
        );
        due.closes = match (gate.within_days_of_consent, participant.consent_day()) {
            (Some(days), Some(consent)) => Some(schedule::days_from(consent, i32::try_from(days).unwrap_or(i32::MAX))),
            _ => later(day, study.due.gate_days),
        };
        all.push(due);
    }
    if participant.phase == Phase::Confirmed {
        let day = participant.decisions.get(&2).map_or(participant.enquired, |decision| decision.day);
        let mut due = item(DueKind::Assign, "assign", "Assign an arm", Duty::Randomise, day);
        due.closes = later(day, study.due.assign_days);
        all.push(due);
    }
    if matches!(participant.phase, Phase::Assigned | Phase::InTreatment) {
        order_due(study, participant, all);
    }
}

fn order_due(study: &Study, participant: &ParticipantState, all: &mut Vec<Due>) {
    for session in &study.dose.sessions {
        let state = participant.sessions.get(&session.number);
        let ordered = state.is_some_and(|state| state.order.is_some() || state.dosed_at().is_some());
        let booking = participant.visits.get(&session.visit).and_then(|record| record.booking);
        if let Some(booking) = booking.filter(|_| !ordered) {
            let title = format!("Order the dose of session {}", session.number);
            let opens = sooner(booking.day, study.due.order_days).unwrap_or(booking.day);
            let mut due = item(DueKind::Order, format!("order.{}", session.number), title, Duty::Prescribe, opens);
            due.closes = Some(booking.day);
            due.visit = Some(session.visit.clone());
            all.push(due);
        }
    }
}

/// So many days after one; none where the study says nothing.
fn later(day: Date, days: Option<u32>) -> Option<Date> {
    days.map(|days| schedule::days_from(day, i32::try_from(days).unwrap_or(i32::MAX)))
}

/// So many days before one.
fn sooner(day: Date, days: Option<u32>) -> Option<Date> {
    days.map(|days| schedule::days_from(day, i32::try_from(days).map_or(i32::MIN, |days| -days)))
}

/// The days of a visit for a page, with what became of it.
pub fn visit_days(case: &Case<'_>, participant: &ParticipantState, visit: &str) -> Option<schedule::Planned> {
    schedule::planned(case.study, participant, case.study.visit(visit)?)
}
