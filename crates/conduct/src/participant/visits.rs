//! Appointments and what became of them. Early, late, missed and out of order are facts: they are recorded, and the
//! study's class makes deviations of them.

use super::enrolment::consent_in_force;
use crate::{
    case::{Case, Draft},
    command::{ContactOutcome, ContactRoute, VisitOutcome},
    decide::FactNo,
    entry::Entry,
    finding::{Broken, Finding, Held, Rule, Unreadable},
    schedule::{self, days_between},
    state::{ParticipantState, Phase, VisitStanding},
};
use jiff::{Timestamp, civil::Date};
use protocol::model::{ActivityKind, Duty, Requirement, Trigger, Visit, VisitKind, VisitMode};
use terms::VisitId;

/// The visit belongs to the plan.
pub const PLANNED: Rule = Rule {
    id: "visit.planned",
    sentence: "The visit belongs to this person's plan as things stand",
    source: "The study's schedule",
    binds: &["book_visit", "request_rating"],
    broken: "An unplanned meeting is recorded as an unscheduled visit",
};
/// The window.
pub const WINDOW: Rule = Rule {
    id: "visit.window",
    sentence: "The appointment lies in the visit's window, or says why not",
    source: "The study's schedule",
    binds: &["book_visit"],
    broken: "Deviation visit_early or visit_late",
};
/// The order.
pub const ORDER: Rule = Rule {
    id: "visit.order",
    sentence: "Visits that come before it are done, missed or booked earlier",
    source: "The study's schedule, R-ORD-1",
    binds: &["book_visit"],
    broken: "Deviation visit_out_of_order",
};
/// The interval between doses.
pub const INTERVAL: Rule = Rule {
    id: "dose.interval",
    sentence: "Dosing sessions are at least the study's interval apart",
    source: "The study's dose plan, R-ORD-2",
    binds: &["book_visit", "order_dose", "authorise_dose"],
    broken: "Deviation interval_short",
};
/// The future.
pub const AHEAD: Rule = Rule {
    id: "visit.ahead",
    sentence: "An appointment lies ahead, and not further than five years",
    source: "What has happened is recorded, not booked",
    binds: &["book_visit"],
    broken: "The act is refused",
};

pub(super) const RULES: &[&Rule] = &[&PLANNED, &WINDOW, &ORDER, &INTERVAL, &AHEAD];

pub(super) fn ask_book(
    case: &Case<'_>,
    participant: &ParticipantState,
    id: &VisitId,
    starts: Timestamp,
) -> Vec<Finding> {
    let Some(visit) = case.study.visit(id.as_str()) else {
        return vec![unknown_visit(case, id)];
    };
    let day = case.day_of(starts);
    let mut findings = vec![belongs(case, participant, visit), ahead(case, starts)];
    if visit.kind != VisitKind::Screening || participant.phase != Phase::Enquiry {
        findings.push(consent_in_force(case, participant));
    }
    findings.push(window(case, participant, visit, day));
    findings.push(order(case, participant, visit, starts));
    if visit.kind == VisitKind::Dosing {
        findings.push(interval(case, participant, visit.session, day));
    }
    findings
}

fn unknown_visit(case: &Case<'_>, id: &VisitId) -> Finding {
    let known: Vec<&str> = case.study.visits.iter().map(|visit| visit.id.as_str()).collect();
    Broken::new(
        &PLANNED,
        format!("there is no visit {id}"),
        "a visit of the schedule",
        format!("the visits are {}", known.join(", ")),
    )
    .into()
}

pub(super) fn belongs(case: &Case<'_>, participant: &ParticipantState, visit: &Visit) -> Finding {
    let standing = participant.visits.get(&visit.id).map_or(VisitStanding::Planned, |record| record.standing);
    let repeats = visit.repeats_every_days.is_some() || visit.kind == VisitKind::Unscheduled;
    let found = if matches!(standing, VisitStanding::Completed | VisitStanding::Missed) && !repeats {
        format!("{} is {}", visit.id, if standing == VisitStanding::Missed { "recorded as missed" } else { "complete" })
    } else if visit.kind != VisitKind::Unscheduled && !schedule::applies(case.study, participant, visit) {
        if participant.has_left() {
            "the person is no longer in the study".to_owned()
        } else {
            "treatment was stopped".to_owned()
        }
    } else {
        return Finding::holds(&PLANNED, format!("{} {}", visit.id, visit.name));
    };
    Broken::new(
        &PLANNED,
        found,
        "a visit that is still to come",
        "use an unscheduled visit for a meeting outside the plan",
    )
    .from_source(&visit.source)
    .into()
}

/// How many days ahead a calendar is kept: five years.
const CALENDAR_DAYS: i32 = 5 * 365;

fn ahead(case: &Case<'_>, starts: Timestamp) -> Finding {
    let today = case.day_of(case.context.now);
    let day = case.day_of(starts);
    if day > schedule::days_from(today, CALENDAR_DAYS) {
        return Broken::new(&AHEAD, format!("{day}"), "a day within five years", "look at the year").into();
    }
    if starts > case.context.now {
        return Finding::holds(&AHEAD, "ahead");
    }
    Broken::new(&AHEAD, format!("{starts} has passed"), "a time ahead", "record the visit as held, with its day").into()
}

fn window(case: &Case<'_>, participant: &ParticipantState, visit: &Visit, day: Date) -> Finding {
    let Some(planned) = schedule::planned(case.study, participant, visit) else {
        return Finding::holds(&WINDOW, "no window yet: what it hangs on has not happened");
    };
    let outside = if day < planned.opens {
        format!("{day} is {} days before the window opens", days_between(day, planned.opens))
    } else if day > planned.closes {
        format!("{day} is {} days after the window closes", days_between(planned.closes, day))
    } else {
        return Finding::Holds(Held {
            rule: WINDOW.id,
            condition: None,
            sentence: WINDOW.sentence.into(),
            found: case.held(|| format!("{day} lies in {} to {}", planned.opens, planned.closes)),
            until: None,
        });
    };
    if case.reason.is_some() || !planned.real {
        return Finding::holds(&WINDOW, outside);
    }
    Broken::new(
        &WINDOW,
        outside,
        format!("{} to {}, best {}", planned.opens, planned.closes, planned.target),
        "choose a day in the window, or say why it must lie outside",
    )
    .from_source(&visit.source)
    .by(Duty::Coordinate)
    .into()
}

fn order(case: &Case<'_>, participant: &ParticipantState, visit: &Visit, starts: Timestamp) -> Finding {
    let open: Vec<&str> = schedule::unsettled_before(case.study, participant, visit)
        .into_iter()
        .filter(|before| {
            let booking = participant.visits.get(&before.id).and_then(|record| record.booking);
            booking.is_none_or(|booking| booking.starts >= starts)
        })
        .map(|before| before.id.as_str())
        .collect();
    if open.is_empty() {
        return Finding::holds(&ORDER, "in order");
    }
    Broken::new(
        &ORDER,
        format!("{} not done, missed or booked before it", open.join(", ")),
        "those first",
        format!("book {} earlier, or record why it will not take place", open.join(", ")),
    )
    .from_source(&visit.source)
    .by(Duty::Coordinate)
    .into()
}

/// Days since the last dose against the study's interval, on a day.
pub fn interval(case: &Case<'_>, participant: &ParticipantState, session: Option<u8>, day: Date) -> Finding {
    let last = participant.doses().filter(|(number, _, _)| Some(*number) != session).map(|(_, _, day)| day).max();
    let Some(last) = last else { return Finding::holds(&INTERVAL, "no earlier dose") };
    let since = days_between(last, day);
    let least = i32::try_from(case.study.dose.interval_days_min).unwrap_or(i32::MAX);
    if since >= least {
        return Finding::holds(&INTERVAL, case.held(|| format!("{since} days since the last dose")));
    }
    Broken::new(
        &INTERVAL,
        format!("{since} days since the last dose on {last}"),
        format!("at least {least}"),
        "choose a later day",
    )
    .from_source(&case.study.dose.source)
    .clearing(schedule::days_from(last, least))
    .into()
}

pub(super) fn grant_book(
    case: &Case<'_>,
    participant: &ParticipantState,
    visit: &VisitId,
    starts: Timestamp,
    mode: VisitMode,
    draft: &mut Draft,
) {
    let moved_from = participant.visits.get(visit).and_then(|record| record.booking).map(|booking| booking.starts);
    draft.participant(Entry::VisitBooked { visit: visit.clone(), starts, day: case.day_of(starts), mode, moved_from });
}

pub(super) fn record(
    case: &Case<'_>,
    id: &VisitId,
    outcome: &VisitOutcome,
    day: Option<Date>,
    draft: &mut Draft,
) -> Result<(), FactNo> {
    let participant = case.participant()?;
    let visit = known(case, id)?;
    let day = day.unwrap_or(case.day);
    if day > case.day {
        return Err(Unreadable {
            field: "day".to_owned(),
            what: format!("{day} lies ahead"),
            mend: "give the day on which it happened".to_owned(),
        }
        .into());
    }
    let enquired = case.participant()?.enquired;
    if day < crate::schedule::days_from(enquired, -1) {
        return Err(Unreadable {
            field: "day".to_owned(),
            what: format!("{day} lies before the participant's enquiry on {enquired}"),
            mend: "look at the year".to_owned(),
        }
        .into());
    }
    match outcome {
        VisitOutcome::Attended { mode } => attended(case, participant, visit, day, *mode, draft),
        VisitOutcome::Completed { minutes } => completed(case, participant, visit, day, *minutes, draft),
        VisitOutcome::NoShow => {
            draft.participant(Entry::VisitNoShow { visit: id.clone() });
            let due = case.due_hours(case.study.due.no_show_hours);
            draft.task(
                format!("Call: nobody came to {id} {}", visit.name),
                Duty::Coordinate,
                due,
                Trigger::Silence,
                None,
            );
        }
        VisitOutcome::Cancelled { reason } => {
            draft.participant(Entry::VisitCancelled { visit: id.clone(), reason: reason.clone() });
        }
        VisitOutcome::Missed { reason } => {
            if let Some(held) = held_already(participant, visit) {
                let what = format!("{id} was completed on {held}: it was not missed");
                return Err(FactNo::Conflict { what });
            }
            let planned = schedule::planned(case.study, participant, visit).map(|planned| planned.target);
            draft.participant(Entry::VisitMissed { visit: id.clone(), reason: reason.clone(), planned });
            if !visit.optional {
                draft.consequence(case, Trigger::VisitMissed, format!("{id} {}: {reason}", visit.name), Some(id), None);
            }
        }
    }
    Ok(())
}

/// The day of a visit that is complete and comes once: what hangs on its day must not be moved by calling it missed afterwards.
fn held_already(participant: &ParticipantState, visit: &Visit) -> Option<Date> {
    let once = visit.repeats_every_days.is_none() && visit.kind != VisitKind::Unscheduled;
    let complete = participant.visits.get(&visit.id).is_some_and(|record| record.standing == VisitStanding::Completed);
    schedule::happened_on(participant, visit).filter(|_| once && complete)
}

pub(super) fn known<'a>(case: &Case<'a>, id: &VisitId) -> Result<&'a Visit, Unreadable> {
    case.study.visit(id.as_str()).ok_or_else(|| Unreadable {
        field: "visit".to_owned(),
        what: format!("there is no visit {id} in this study"),
        mend: "choose a visit of the schedule; a meeting outside it is the unscheduled visit".to_owned(),
    })
}

/// Writes that the person came, with its window then, and what follows when it was early, late or out of order.
pub fn attended(
    case: &Case<'_>,
    participant: &ParticipantState,
    visit: &Visit,
    day: Date,
    mode: VisitMode,
    draft: &mut Draft,
) {
    let planned = schedule::planned(case.study, participant, visit);
    draft.participant(Entry::VisitAttended {
        visit: visit.id.clone(),
        day,
        mode,
        anchor_day: planned.map(|planned| planned.anchor),
        window: planned.map(|_| visit.window),
    });
    if let Some(planned) = planned.filter(|planned| planned.real) {
        if day < planned.opens {
            let detail = format!("{} on {day}, window opens {}", visit.id, planned.opens);
            draft.consequence(case, Trigger::VisitEarly, detail, Some(&visit.id), None);
        } else if day > planned.closes {
            let detail = format!("{} on {day}, window closed {}", visit.id, planned.closes);
            draft.consequence(case, Trigger::VisitLate, detail, Some(&visit.id), None);
        }
    }
    let open: Vec<&str> =
        schedule::unsettled_before(case.study, participant, visit).iter().map(|v| v.id.as_str()).collect();
    if !open.is_empty() {
        let detail = format!("{} held before {}", visit.id, open.join(", "));
        draft.consequence(case, Trigger::VisitOutOfOrder, detail, Some(&visit.id), None);
    }
    if participant.consent().is_none() && visit.kind != VisitKind::Screening {
        let detail = format!("{} held without consent in force", visit.id);
        draft.consequence(case, Trigger::ConsentLate, detail, Some(&visit.id), None);
    }
}

fn completed(
    case: &Case<'_>,
    participant: &ParticipantState,
    visit: &Visit,
    day: Date,
    minutes: Option<u32>,
    draft: &mut Draft,
) {
    let held = participant.visits.get(&visit.id).and_then(|record| record.day);
    if held.is_none() {
        attended(case, participant, visit, day, visit.mode, draft);
    }
    draft.participant(Entry::VisitCompleted { visit: visit.id.clone(), day: held.unwrap_or(day), minutes });
    let missing = missing_forms(case, participant, visit);
    if !missing.is_empty() {
        let detail = format!("{} completed without {}", visit.id, missing.join(", "));
        draft.consequence(case, Trigger::ActivityMissed, detail, Some(&visit.id), None);
    }
    if let (Some(least), Some(took)) = (visit.minutes_min, minutes)
        && took < least
    {
        let detail = format!("{} took {took} min, {least} at least", visit.id);
        draft.consequence(case, Trigger::ActivityMissed, detail, Some(&visit.id), None);
    }
}

/// Required forms of a visit that nobody has filled in, by title.
pub fn missing_forms(case: &Case<'_>, participant: &ParticipantState, visit: &Visit) -> Vec<String> {
    case.study
        .activities_at(visit.id.as_str())
        .filter(|(_, need)| *need == Requirement::Required)
        .filter_map(|(activity, _)| match &activity.what {
            ActivityKind::Form(form) => Some((activity, form)),
            _ => None,
        })
        .filter(|(_, form)| participant.form_at(form.as_str(), visit.id.as_str()).is_none())
        .map(|(activity, _)| activity.title.clone())
        .collect()
}

pub(super) fn contact(
    case: &Case<'_>,
    visit: Option<&VisitId>,
    outcome: ContactOutcome,
    route: Option<ContactRoute>,
    draft: &mut Draft,
) -> Result<(), FactNo> {
    let participant = case.participant()?;
    if let Some(visit) = visit {
        known(case, visit)?;
    }
    draft.participant(Entry::ContactTried { visit: visit.cloned(), outcome, route });
    let reached = matches!(outcome, ContactOutcome::Reached | ContactOutcome::ViaContact | ContactOutcome::Refused);
    if !reached {
        let silent = participant
            .contacts
            .iter()
            .rev()
            .take_while(|tried| {
                !matches!(tried.outcome, ContactOutcome::Reached | ContactOutcome::ViaContact | ContactOutcome::Refused)
            })
            .count()
            + 1;
        let most = case.study.follow_up.tries_min as usize;
        if silent == most {
            let detail = format!("{silent} tries without an answer");
            draft.consequence(case, Trigger::Silence, detail, visit, None);
        }
    }
    Ok(())
}
