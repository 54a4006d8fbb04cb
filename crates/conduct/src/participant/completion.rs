//! The last visit done: the record of somebody who has done everything is closed for new acts.

use super::enrolment::phase_is;
use crate::{
    case::{Case, Draft},
    entry::Entry,
    finding::{Broken, Finding, Rule},
    schedule,
    state::{ParticipantState, Phase},
};
use protocol::model::{Duty, VisitKind};

/// Nothing left to do.
pub const VISITS_SETTLED: Rule = Rule {
    id: "completion.visits",
    sentence: "Every visit of the plan is complete or recorded as missed",
    source: "The study's schedule; mission row M6",
    binds: &["complete_participation"],
    broken: "The act is refused",
};
/// No open task.
pub const TASKS_DONE: Rule = Rule {
    id: "completion.tasks",
    sentence: "No task about this participant is open",
    source: "The study's clocks",
    binds: &["complete_participation"],
    broken: "The act is refused",
};

pub(super) const RULES: &[&Rule] = &[&VISITS_SETTLED, &TASKS_DONE];

pub(super) fn ask(case: &Case<'_>, participant: &ParticipantState) -> Vec<Finding> {
    let open: Vec<&str> = case
        .study
        .visits
        .iter()
        .filter(|visit| schedule::applies(case.study, participant, visit) && !visit.optional)
        .filter(|visit| visit.repeats_every_days.is_none())
        .filter(|visit| !schedule::settled(participant, visit.id.as_str()))
        .filter(|visit| visit.kind != VisitKind::Unscheduled)
        .map(|visit| visit.id.as_str())
        .collect();
    let visits = if open.is_empty() {
        Finding::holds(&VISITS_SETTLED, "all settled")
    } else {
        Broken::new(
            &VISITS_SETTLED,
            format!("open: {}", open.join(", ")),
            "none open",
            "hold them, or record why each will not take place",
        )
        .by(Duty::Coordinate)
        .into()
    };
    let tasks: Vec<&str> =
        participant.tasks.values().filter(|task| task.done.is_none()).map(|task| task.raised.title.as_str()).collect();
    let tasks = if tasks.is_empty() {
        Finding::holds(&TASKS_DONE, "none open")
    } else {
        Broken::new(&TASKS_DONE, tasks.join("; "), "none open", "do them, and record what was done").into()
    };
    let phases = [Phase::Assigned, Phase::InTreatment, Phase::FollowUp];
    vec![phase_is(participant, &phases, "in treatment or follow-up"), visits, tasks]
}

pub(super) fn grant(draft: &mut Draft) {
    draft.participant(Entry::ParticipationCompleted);
}
