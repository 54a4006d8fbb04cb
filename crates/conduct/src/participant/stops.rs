//! Every way out. Stopping treatment does not stop the follow-up; withdrawal is one act, with no question asked.

use super::enrolment::phase_words;
use crate::{
    case::{Case, Draft},
    command::{Seriousness, StopScope},
    decide::FactNo,
    entry::Entry,
    finding::Unreadable,
    schedule::days_between,
    state::{ParticipantState, Phase},
};
use protocol::model::{Duty, Trigger};
use std::collections::BTreeSet;

pub(super) fn record(
    case: &Case<'_>,
    scope: StopScope,
    reason: &str,
    text: &str,
    draft: &mut Draft,
) -> Result<(), FactNo> {
    let participant = case.participant()?;
    // A death, and the withdrawal of consent, are never too late to be told.
    let always = matches!(scope, StopScope::Consent | StopScope::Died);
    if matches!(participant.phase, Phase::Enquiry | Phase::Declined)
        || (matches!(participant.phase, Phase::Left | Phase::Completed) && !always)
    {
        return Err(Unreadable {
            field: "scope".to_owned(),
            what: format!("{} is {}", participant.id, phase_words(participant.phase)),
            mend: "there is nothing left to stop; before consent, record that the person declined".to_owned(),
        }
        .into());
    }
    let reasons = &case.study.follow_up.reasons;
    if !reasons.is_empty() && !reasons.iter().any(|known| known.code == reason) {
        let codes: Vec<&str> = reasons.iter().map(|known| known.code.as_str()).collect();
        return Err(Unreadable {
            field: "reason".to_owned(),
            what: format!("\"{reason}\" is not one of the study's reasons"),
            mend: format!("choose one of {}", codes.join(", ")),
        }
        .into());
    }
    if always && let Some(known) = participant.stops.iter().find(|stop| stop.scope == scope) {
        return Err(FactNo::Conflict { what: format!("this is on record already, since {}", known.day) });
    }
    draft.participant(Entry::Stopped { scope, reason: reason.to_owned(), text: text.to_owned() });
    for (number, session) in &participant.sessions {
        if session.order.is_some() && session.dosed_at().is_none() {
            draft.participant(Entry::OrderWithdrawn { session: *number });
        } else if session.dosed_at().is_some() && session.closed.is_none() && session.stopped.is_none() {
            draft.participant(Entry::SessionStopped { session: *number });
        }
    }
    if !matches!(scope, StopScope::Treatment | StopScope::Discontinued) {
        nothing_more(participant, draft);
    }
    match scope {
        StopScope::LostToFollowUp => enough_tries(case, participant, draft)?,
        StopScope::Died => death(case, participant, draft),
        StopScope::Consent => withdrawn(case, draft),
        StopScope::Treatment | StopScope::Study | StopScope::Discontinued => {}
    }
    if matches!(scope, StopScope::Treatment | StopScope::Discontinued) && participant.assigned.is_some() {
        let due = case.due_days(case.study.due.early_termination_days);
        draft.task(
            "Book the early termination visit and go on with follow-up",
            Duty::Coordinate,
            due,
            Trigger::Silence,
            None,
        );
    }
    Ok(())
}

/// Whoever has left is waited for nowhere: appointments are cancelled, ratings that were asked for are given up.
fn nothing_more(participant: &ParticipantState, draft: &mut Draft) {
    const LEFT: &str = "the participant has left the study";
    for (visit, _) in participant.visits.iter().filter(|(_, record)| record.booking.is_some()) {
        draft.participant(Entry::VisitCancelled { visit: visit.clone(), reason: LEFT.to_owned() });
    }
    for (request, _) in participant.ratings.iter().filter(|(_, rating)| !rating.done) {
        draft.participant(Entry::RatingMissed { request: request.clone(), text: LEFT.to_owned() });
    }
}

/// Somebody died. If no adverse event says of what, somebody must: whenever it was, the medical monitor judges it.
fn death(case: &Case<'_>, participant: &ParticipantState, draft: &mut Draft) {
    let told =
        participant.adverse_events.values().any(|one| !one.struck && one.event.serious.contains(&Seriousness::Death));
    if !told {
        let due = case.due_hours(case.study.due.report_hours);
        let title = "Record what they died of as a serious adverse event, and judge it";
        draft.task(title, Duty::MonitorMedically, due, Trigger::SeriousAdverseEvent, None);
    }
}

/// Consent was withdrawn: somebody says what of theirs may still be used, and whether they want to be erased.
fn withdrawn(case: &Case<'_>, draft: &mut Draft) {
    let due = case.due_hours(case.study.due.answer_hours);
    let title = "Say what may be done with samples and recordings, and whether they ask to be erased";
    draft.task(title, Duty::Coordinate, due, Trigger::Silence, None);
}

/// Everybody is followed, or it is recorded why not, by whom, after which tries. Silence alone makes nobody lost: without a
/// single try on record it is not known that they can't be reached, and the word can't be read (failures.md F-99).
fn enough_tries(case: &Case<'_>, participant: &ParticipantState, draft: &mut Draft) -> Result<(), FactNo> {
    let tries = participant.contacts.len();
    if tries == 0 {
        return Err(Unreadable {
            field: "scope".to_owned(),
            what: "nobody has tried to reach them: no try is on record".to_owned(),
            mend: "record each try with its time first, those of earlier days too".to_owned(),
        }
        .into());
    }
    let span = participant.contacts.first().map_or(0, |first| days_between(first.day, case.day));
    let plan = &case.study.follow_up;
    let routes: BTreeSet<_> = participant.contacts.iter().filter_map(|tried| tried.route).collect();
    let asked = plan.routes_min.unwrap_or_default();
    let few = tries < plan.tries_min as usize || span < i32::try_from(plan.tries_days_min).unwrap_or(i32::MAX);
    if few || routes.len() < asked as usize {
        let by = if asked == 0 { String::new() } else { format!(" by {} routes", routes.len()) };
        let asked = if asked == 0 { String::new() } else { format!(" by {asked} routes") };
        let detail = format!(
            "called lost after {tries} tries over {span} days{by}; {} over {} days{asked} are asked for",
            plan.tries_min, plan.tries_days_min
        );
        draft.consequence(case, Trigger::Silence, detail, None, None);
    }
    Ok(())
}
