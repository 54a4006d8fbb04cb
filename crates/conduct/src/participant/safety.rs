//! Adverse events, pleasant ones too: how it felt never decides whether it is one. Source: safety.md §1, §3.

use crate::{
    case::{Case, Draft},
    command::{AdverseEventOutcome, AdverseEventReport, Seriousness, StopScope},
    decide::FactNo,
    entry::Entry,
    finding::Unreadable,
    forms,
    state::ParticipantState,
};
use instruments::Answers;
use protocol::model::{Duty, Trigger};
use terms::InstanceId;

pub(super) fn record(
    case: &Case<'_>,
    instance: Option<&InstanceId>,
    event: &AdverseEventReport,
    draft: &mut Draft,
) -> Result<(), FactNo> {
    let participant = case.participant()?;
    let earlier = match instance {
        Some(instance) => Some(
            participant
                .adverse_events
                .get(instance)
                .ok_or_else(|| super::records::unknown_record(instance, "adverse event"))?,
        ),
        None => None,
    };
    check(case, event)?;
    let id = instance.cloned().unwrap_or_else(|| draft.instance());
    draft.participant(Entry::AdverseEventRecorded {
        instance: id.clone(),
        event: event.clone(),
        emergent: emergent(participant, event),
        update: instance.is_some(),
    });
    for question in &event.answers {
        answered(participant, question, event, draft)?;
    }
    // What is new starts its clocks, whatever was serious about it before: somebody in hospital may die.
    let before = earlier.map(|earlier| earlier.event.grounds()).unwrap_or_default();
    if event.grounds().iter().any(|ground| !before.contains(ground)) {
        draft.event(case, Trigger::SeriousAdverseEvent, &event.term, Duty::MonitorMedically, Some(&id));
    }
    let died_before = participant.stops.iter().any(|stop| stop.scope == StopScope::Died);
    if event.is_death() && !before.contains(&Seriousness::Death) && !died_before {
        let due = case.due_hours(case.study.due.report_hours);
        draft.task("Record the death as a stop", Duty::DecideEligibility, due, Trigger::SeriousAdverseEvent, Some(&id));
    }
    Ok(())
}

/// Came on or after the day of the first dose (safety.md §1).
fn emergent(participant: &ParticipantState, event: &AdverseEventReport) -> bool {
    participant.doses().map(|(_, _, day)| day).min().is_some_and(|first| event.onset >= first)
}

fn check(case: &Case<'_>, event: &AdverseEventReport) -> Result<(), Unreadable> {
    let wrong =
        |field: &str, what: String, mend: &str| Unreadable { field: field.to_owned(), what, mend: mend.to_owned() };
    if event.term.trim().is_empty() {
        return Err(wrong("term", "the adverse event has no words".to_owned(), "write it as it was told"));
    }
    if let Some(twice) =
        event.serious.iter().enumerate().find(|(place, ground)| event.serious[..*place].contains(ground))
    {
        let what = format!("the ground {:?} stands twice", twice.1).to_lowercase();
        return Err(wrong("serious", what, "name each ground once"));
    }
    if let Some(kind) = &event.special_interest
        && let kinds = interests().into_iter().map(|(code, _)| code).collect::<Vec<_>>()
        && !kinds.contains(&kind.as_str())
    {
        let mend = format!("one of {}, or leave it out", kinds.join(", "));
        return Err(wrong("special_interest", format!("\"{kind}\" is no kind that the study watches"), &mend));
    }
    if event.onset > case.day {
        return Err(wrong("onset", format!("{} lies ahead", event.onset), "give the day on which it began"));
    }
    if forms::impossible(event.onset) {
        return Err(wrong("onset", format!("{} is out of living memory", event.onset), "look at the year"));
    }
    if let Some(session) = event.session
        && case.study.session(session).is_none()
    {
        return Err(wrong("session", format!("the study has no dosing session {session}"), "give its number, or none"));
    }
    if let Some(ended) = event.ended
        && ended < event.onset
    {
        return Err(wrong(
            "ended",
            format!("it ended on {ended}, before it began on {}", event.onset),
            "check both days",
        ));
    }
    if let Some(ended) = event.ended
        && event.outcome == AdverseEventOutcome::NotRecovered
    {
        let what = format!("it ended on {ended}, and is not recovered");
        return Err(wrong(
            "outcome",
            what,
            "leave the end out while it goes on; or recovered, sequelae, fatal, unknown",
        ));
    }
    Ok(())
}

/// The kinds of special interest that the form of adverse events offers, with their labels.
pub fn interests() -> Vec<(&'static str, &'static str)> {
    match instruments::find("ae").and_then(|form| form.item("aesi")).map(|item| item.answers) {
        Some(Answers::Codes(codes)) => codes.iter().map(|code| (code.code, code.label)).collect(),
        Some(_) | None => Vec::new(),
    }
}

/// The question whether something was an adverse event is answered by this one.
fn answered(
    participant: &ParticipantState,
    question: &InstanceId,
    event: &AdverseEventReport,
    draft: &mut Draft,
) -> Result<(), FactNo> {
    let task = participant.tasks.get(question).ok_or_else(|| super::records::unknown_record(question, "task"))?;
    if task.done.is_none() && task.raised.trigger == Trigger::MayBeHarm {
        let text = format!("recorded as an adverse event: {}", event.term);
        draft.participant(Entry::TaskCompleted { instance: question.clone(), text });
    }
    Ok(())
}
