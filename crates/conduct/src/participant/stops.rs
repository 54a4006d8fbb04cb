//! Every way out. Stopping treatment does not stop the follow-up; withdrawal is one act, with no question asked.

use super::enrolment::phase_words;
use crate::{
    case::{Case, Draft},
    command::StopScope,
    decide::FactNo,
    entry::Entry,
    finding::Unreadable,
    schedule::days_between,
    state::{ParticipantState, Phase},
};
use protocol::model::{Duty, Trigger};

pub(super) fn record(
    case: &Case<'_>,
    scope: StopScope,
    reason: &str,
    text: &str,
    draft: &mut Draft,
) -> Result<(), FactNo> {
    let participant = case.participant()?;
    if matches!(participant.phase, Phase::Enquiry | Phase::Declined | Phase::Completed)
        || (participant.phase == Phase::Left && scope != StopScope::Consent && scope != StopScope::Died)
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
    if scope == StopScope::LostToFollowUp {
        enough_tries(case, draft)?;
    }
    if matches!(scope, StopScope::Treatment | StopScope::Discontinued) && participant.assigned.is_some() {
        let due = Case::after_minutes(case.at, 14 * 24 * 60);
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

/// Everybody is followed, or it is recorded why not, by whom, after which tries.
fn enough_tries(case: &Case<'_>, draft: &mut Draft) -> Result<(), FactNo> {
    let participant = case.participant()?;
    let tries = participant.contacts.len();
    let span = participant.contacts.first().map_or(0, |first| days_between(first.day, case.day));
    let plan = &case.study.follow_up;
    if tries < plan.tries_min as usize || span < i32::try_from(plan.tries_days_min).unwrap_or(i32::MAX) {
        let detail = format!(
            "called lost after {tries} tries over {span} days; {} over {} days are asked for",
            plan.tries_min, plan.tries_days_min
        );
        draft.consequence(case, Trigger::Silence, detail, None, None);
    }
    Ok(())
}
