//! Something was swallowed: always recorded, and answered in the same append by everything that was wrong about it.
//!
//! Source: dosing-day.md §4 D7–D10, §13.1, §13.2, §13.7; DESIGN, "never unanswered".

use super::{
    dose::{self, AT_BEDSIDE},
    presence,
    room::{Room, minutes},
};
use crate::{
    case::{Case, Draft},
    command::DosePart,
    decide::FactNo,
    entry::{Entry, SupplementTimes},
    finding::Unreadable,
    participant::attended,
    schedule::days_between,
    state::{ContainerStanding, VisitStanding},
};
use jiff::Timestamp;
use protocol::model::{Duty, Trigger, VisitMode};
use terms::{ContainerId, Decimal, Milligrams};

pub(super) fn record(
    room: &Room<'_>,
    part: DosePart,
    container: &ContainerId,
    pieces: u32,
    mouth_checked: bool,
    seen: Option<u32>,
    draft: &mut Draft,
) -> Result<(), FactNo> {
    unseen(room, seen)?;
    if pieces == 0 {
        return Err(Unreadable {
            field: "pieces".to_owned(),
            what: "no piece was swallowed".to_owned(),
            mend: "record how many were; if none was, record that the dose was not given".to_owned(),
        }
        .into());
    }
    let authorised = authorised(room, part, container, pieces);
    came_today(room, part, draft);
    let supplement = match part {
        DosePart::Initial if room.dosed_at().is_none() => supplement_times(room),
        DosePart::Initial | DosePart::Supplement => None,
    };
    draft.participant(Entry::DoseTaken {
        session: room.number,
        part,
        container: container.clone(),
        amount: amount(room, part, container, pieces),
        pieces,
        mouth_checked,
        authorised: authorised.is_ok(),
        supplement,
    });
    if dose::in_stock(room, container).is_some() {
        let used =
            Entry::ContainerUsed { container: container.clone(), participant: room.participant.id.clone(), pieces };
        draft.stock(&room.participant.site, used);
    }
    if let Err(why) = authorised {
        answer(room, Trigger::DoseUnauthorised, why, draft);
    }
    wrong_container(room, part, container, pieces, draft);
    twice(room, part, container, pieces, draft);
    in_time(room, part, draft);
    if let Err(found) = room.case.two_people(AT_BEDSIDE, AT_BEDSIDE) {
        draft.consequence(room.case, Trigger::DoseUnwitnessed, found, Some(&room.plan.visit), None);
    }
    presence::at_swallow(room, draft);
    Ok(())
}

/// Somebody else has written a swallow down meanwhile: whoever typed this looks whether it is the same.
fn unseen(room: &Room<'_>, seen: Option<u32>) -> Result<(), FactNo> {
    let there = &room.session.swallowed;
    if seen.is_none_or(|seen| usize::try_from(seen).is_ok_and(|seen| seen == there.len())) {
        return Ok(());
    }
    let last = there.last().map_or_else(String::new, |swallow| {
        format!(": {} pieces from {} at {}", swallow.pieces, swallow.container, room.case.clock(swallow.at))
    });
    Err(FactNo::Conflict {
        what: format!(
            "somebody else has written down a swallow meanwhile{last}. If it is the same, leave it; record yours only if it \
             was a second one"
        ),
    })
}

/// Whether this swallow was the one that was allowed, or why not.
fn authorised(room: &Room<'_>, part: DosePart, id: &ContainerId, pieces: u32) -> Result<(), String> {
    let (case, session) = (room.case, room.session);
    let given = match part {
        DosePart::Initial => &session.dose_authorised,
        DosePart::Supplement => &session.supplement_authorised,
    };
    let Some(given) = given else { return Err("nothing was allowed".to_owned()) };
    if given.container != *id {
        return Err(format!("{} was allowed", given.container));
    }
    // A time typed to the minute may lie some seconds before the permission of the same minute.
    let allowed_from = Timestamp::from_second(given.at.as_second().div_euclid(60) * 60).unwrap_or(given.at);
    if case.at < allowed_from {
        return Err(format!("allowed only at {}", case.clock(given.at)));
    }
    if case.at > given.expires {
        return Err(format!("the permission ended at {}", case.clock(given.expires)));
    }
    let (taken, whole) = (room.pieces(part), ordered_pieces(room, part));
    if taken.saturating_add(pieces) > whole {
        return Err(format!("{} pieces where {whole} were ordered", taken.saturating_add(pieces)));
    }
    if let Some(stop) = room.participant.stops.last() {
        return Err(format!("treatment was stopped on {}", stop.day));
    }
    // A delegation that ended since takes the carer away, though nobody left the room.
    let (carers, least) = (room.carers_without(None), case.study.session.presence.carers_min);
    if carers < least as usize {
        return Err(format!("{carers} carers in the room, {least} at least"));
    }
    presence::room_stands(room.staff(), &room.present(), case.day).map_err(|(_, found)| found)?;
    if part == DosePart::Supplement && session.supplement_not_given.is_some() {
        return Err("it had been decided not to give it".to_owned());
    }
    let held = room.participant.holds.values().chain(room.case.world.site.into_iter().flat_map(|s| s.holds.values()));
    if held.chain(case.world.trial.holds.values()).any(|hold| hold.since <= case.at) {
        return Err("a hold was in force".to_owned());
    }
    if dose::in_stock(room, id).is_some_and(|container| container.set_aside.is_some()) {
        return Err(format!("{id} had been set aside"));
    }
    match dose::in_stock(room, id).map(|container| &container.standing) {
        Some(ContainerStanding::Out { participant, session, .. })
            if *participant == room.participant.id && *session == room.number => {}
        // What is left of a container that was opened a moment ago.
        Some(ContainerStanding::Used { participant, back: false }) if *participant == room.participant.id => {}
        Some(_) | None => return Err(format!("{id} was not out for this session")),
    }
    Ok(())
}

/// Pieces of a part that were ordered.
fn ordered_pieces(room: &Room<'_>, part: DosePart) -> u32 {
    room.session.order.as_ref().map_or(0, |order| match part {
        DosePart::Initial => order.initial_pieces,
        DosePart::Supplement => order.supplement_pieces,
    })
}

/// How much it was: by the order, or by the label where nothing was ordered; part of it if pieces are left.
fn amount(room: &Room<'_>, part: DosePart, id: &ContainerId, pieces: u32) -> Milligrams {
    let labelled = dose::in_stock(room, id)
        .and_then(|container| Some((container.part, room.case.study.level(container.level.as_str())?)))
        .map(|(part, level)| match part {
            DosePart::Initial => (level.initial_mg, level.initial_pieces),
            DosePart::Supplement => (level.supplement_mg, level.supplement_pieces),
        });
    let ordered = room.session.order.as_ref().map(|order| match part {
        DosePart::Initial => (order.initial, order.initial_pieces),
        DosePart::Supplement => (order.supplement, order.supplement_pieces),
    });
    let Some((whole, of)) = labelled.or(ordered) else { return Milligrams::ZERO };
    if pieces == of || of == 0 {
        return whole;
    }
    let share = whole.amount().as_thousandths().saturating_mul(i64::from(pieces)) / i64::from(of);
    Milligrams::new(Decimal::thousandths(share))
}

/// When the supplement may be opened, counted from this swallow.
fn supplement_times(room: &Room<'_>) -> Option<SupplementTimes> {
    let plan = room.case.study.dose.supplement.as_ref()?;
    let ordered = room.session.order.as_ref().is_none_or(|order| order.supplement_pieces > 0);
    ordered.then(|| SupplementTimes {
        opens: Case::after_minutes(room.case.at, minutes(plan.opens_minutes)),
        closes: Case::after_minutes(room.case.at, minutes(plan.closes_minutes)),
    })
}

/// A first swallow shows that the participant came: the visit is held from here on.
fn came_today(room: &Room<'_>, part: DosePart, draft: &mut Draft) {
    let record = room.participant.visits.get(&room.plan.visit);
    let standing = record.map_or(VisitStanding::Planned, |record| record.standing);
    if part != DosePart::Initial || matches!(standing, VisitStanding::Attended | VisitStanding::Completed) {
        return;
    }
    if let Some(visit) = room.case.study.visit(room.plan.visit.as_str()) {
        attended(room.case, room.participant, visit, room.case.day, VisitMode::OnSite, draft);
    }
}

/// A deviation, a hold on what is to come, and people to call: for a swallow that should not have happened.
fn answer(room: &Room<'_>, trigger: Trigger, detail: String, draft: &mut Draft) {
    let case = room.case;
    draft.consequence(case, trigger, detail.clone(), Some(&room.plan.visit), None);
    let already = draft.entries().any(|entry| matches!(entry, Entry::HoldPlaced { .. }));
    if already {
        return;
    }
    let instance = draft.instance();
    let text = format!("session {}: {detail}", room.number);
    draft.participant(Entry::HoldPlaced { instance, text });
    draft.task("Call the physician now: a dose was not as allowed", Duty::Prescribe, case.at, trigger, None);
    let due = case.due_hours(case.study.due.report_hours);
    draft.task("Judge whether this is a serious adverse event", Duty::MonitorMedically, due, trigger, None);
}

fn wrong_container(room: &Room<'_>, part: DosePart, id: &ContainerId, pieces: u32, draft: &mut Draft) {
    let visit = Some(&room.plan.visit);
    let released = dose::released(room, part);
    if released != Some(id) {
        let detail = released.map_or_else(
            || format!("from {id}; none was released"),
            |released| format!("from {id}; {released} was released"),
        );
        answer(room, Trigger::DoseWrongContainer, detail, draft);
    }
    let Some(container) = dose::in_stock(room, id) else {
        let detail = format!("{id} is not in this site's stock");
        draft.consequence(room.case, Trigger::StockVariance, detail, visit, None);
        return;
    };
    if let Some(held) = room.case.study.level(container.level.as_str()).map(|level| match container.part {
        DosePart::Initial => level.initial_pieces,
        DosePart::Supplement => level.supplement_pieces,
    }) && container.pieces_used.saturating_add(pieces) > held
    {
        let detail = format!("{} pieces from {id}, which held {held}", container.pieces_used.saturating_add(pieces));
        draft.consequence(room.case, Trigger::StockVariance, detail, visit, None);
    }
}

/// A part swallowed a second time; what is left of the same container is still the same dose.
fn twice(room: &Room<'_>, part: DosePart, id: &ContainerId, pieces: u32, draft: &mut Draft) {
    let Some(first) = room.session.swallow(part) else { return };
    let rest = first.container == *id && room.pieces(part).saturating_add(pieces) <= ordered_pieces(room, part);
    if !rest {
        let detail = format!("swallowed at {} already", room.case.clock(first.at));
        answer(room, Trigger::DoseTwice, detail, draft);
    }
}

fn in_time(room: &Room<'_>, part: DosePart, draft: &mut Draft) {
    let case = room.case;
    let visit = Some(&room.plan.visit);
    match part {
        DosePart::Initial => {
            let others = room.participant.doses().filter(|(number, _, _)| *number != room.number);
            let Some(last) = others.map(|(_, _, day)| day).max() else { return };
            let since = days_between(last, case.day);
            let plan = &case.study.dose;
            let detail = format!("{since} days after the dose of {last}");
            if since < i32::try_from(plan.interval_days_min).unwrap_or(i32::MAX) {
                draft.consequence(case, Trigger::IntervalShort, detail, visit, None);
            } else if since > i32::try_from(plan.interval_days_max).unwrap_or(i32::MAX) {
                draft.consequence(case, Trigger::IntervalLong, detail, visit, None);
            }
        }
        DosePart::Supplement => {
            let times = room.session.supplement_times.as_ref();
            let inside = times.is_some_and(|times| times.opens <= case.at && case.at <= times.closes);
            if !inside {
                let offset = room.dosed_at().map(|dosed| Case::minutes_between(dosed, case.at));
                let detail =
                    offset.map_or_else(|| "before any first dose".to_owned(), |minutes| format!("at +{minutes} min"));
                draft.consequence(case, Trigger::SupplementOutsideWindow, detail, visit, None);
            }
        }
    }
}
