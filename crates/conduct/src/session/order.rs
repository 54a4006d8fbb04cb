//! The prescriber's signed order: for this person, this session and this amount, void after it.
//!
//! Source: dosing-day.md §4 D1; protocol.md §9 and R-ORD-1; mission row M1.

use super::{ground, room::Room};
use crate::{
    case::Draft,
    decide::FactNo,
    entry::{Entry, Person},
    finding::{Broken, Finding, Rule, Unreadable},
    participant::{confirmation_in_force, consent_in_force, interval, no_hold},
    schedule,
    state::{Order, VisitStanding},
};
use protocol::model::{Duty, NeededFrom};
use terms::LevelId;

/// The next session of the plan.
pub const NEXT: Rule = Rule {
    id: "order.next",
    sentence: "The order is for the participant's next session",
    source: "The study's dose plan",
    binds: &["order_dose"],
    broken: "The act is refused",
};
/// What lies before it is done.
pub const SEQUENCE: Rule = Rule {
    id: "order.sequence",
    sentence: "The earlier session is closed, and the visits before this one are done or recorded as missed",
    source: "The study's schedule, R-ORD-1",
    binds: &["order_dose"],
    broken: "Deviation visit_out_of_order when the session is held all the same",
};
/// A level of the session.
pub const LEVEL: Rule = Rule {
    id: "order.level",
    sentence: "The level is one of the session's, and another than the planned one says why",
    source: "The study's dose plan, protocol.md §9",
    binds: &["order_dose"],
    broken: "The act is refused",
};
/// The most in one session.
pub const MAXIMUM: Rule = Rule {
    id: "order.maximum",
    sentence: "First dose and supplement together stay within the session's maximum",
    source: "The study's dose plan",
    binds: &["order_dose", "authorise_dose"],
    broken: "The act is refused",
};
/// One order at a time.
pub const ONCE: Rule = Rule {
    id: "order.once",
    sentence: "No order is in force for the session, and nothing has been swallowed in it",
    source: "dosing-day.md §4 D1: one order, for one session, void after it",
    binds: &["order_dose"],
    broken: "The act is refused; a dose that was swallowed without an order is deviation dose_unauthorised",
};
/// Signed by the prescriber.
pub const SIGNED: Rule = Rule {
    id: "order.signed",
    sentence: "A prescriber signs the order at this moment",
    source: "dosing-day.md §4 D1; 21 CFR 11.200",
    binds: &["order_dose"],
    broken: "The act is refused",
};
/// An order for this session.
pub const IN_FORCE: Rule = Rule {
    id: "session.order",
    sentence: "The prescriber's signed order for this session is in force, and they are still a prescriber here",
    source: "dosing-day.md §4 D1",
    binds: &["release_containers", "authorise_dose", "authorise_supplement"],
    broken: "Deviation dose_unauthorised",
};

pub(super) fn ask(room: &Room<'_>, level: &LevelId, reason: Option<&str>) -> Vec<Finding> {
    let (case, participant) = (room.case, room.participant);
    let day = participant.visits.get(&room.plan.visit).and_then(|visit| visit.booking).map_or(case.day, |b| b.day);
    vec![
        ground::treatment(room),
        consent_in_force(case, participant),
        confirmation_in_force(case, participant),
        ground::reconfirmed(room, day.max(case.day)),
        no_hold(case, participant),
        next(room),
        sequence(room),
        interval(case, participant, Some(room.number), day.max(case.day)),
        level_allowed(room, level, reason),
        maximum(room, level),
        once(room),
        ground::not_over(room),
        signed(room),
    ]
}

/// The first session of the plan that has neither had a dose, nor been closed, nor been given up.
fn next(room: &Room<'_>) -> Finding {
    let open = room.case.study.dose.sessions.iter().find(|session| {
        let state = room.participant.sessions.get(&session.number);
        let missed =
            room.participant.visits.get(&session.visit).is_some_and(|visit| visit.standing == VisitStanding::Missed);
        !missed && state.is_none_or(|state| state.swallowed.is_empty() && state.closed.is_none())
    });
    match open {
        Some(session) if session.number == room.number => {
            Finding::holds(&NEXT, format!("session {} is next", room.number))
        }
        Some(session) => Broken::new(
            &NEXT,
            format!("session {} comes next", session.number),
            format!("an order for session {}", session.number),
            "order the sessions in their turn, or record the visit that will not take place as missed",
        )
        .from_source(&room.plan.source)
        .by(Duty::Prescribe)
        .into(),
        None => Broken::new(
            &NEXT,
            format!("all {} sessions of the plan are over", room.case.study.dose.sessions.len()),
            "a session of the plan that is still to come",
            "nothing more can be ordered for this person",
        )
        .from_source(&room.case.study.dose.source)
        .into(),
    }
}

fn sequence(room: &Room<'_>) -> Finding {
    let mut open: Vec<String> = Vec::new();
    for (number, earlier) in room.participant.sessions.range(..room.number) {
        if !earlier.swallowed.is_empty() && earlier.closed.is_none() {
            open.push(format!("session {number} is not closed"));
        }
    }
    if let Some(visit) = room.case.study.visit(room.plan.visit.as_str()) {
        for before in schedule::unsettled_before(room.case.study, room.participant, visit) {
            open.push(format!("{} {} is neither done nor recorded as missed", before.id, before.name));
        }
    }
    if open.is_empty() {
        return Finding::holds(&SEQUENCE, "everything before it is settled");
    }
    Broken::new(
        &SEQUENCE,
        open.join("; "),
        "each of them settled",
        "close the earlier session, hold the visits, or record why each will not take place",
    )
    .from_source(&room.plan.source)
    .by(Duty::Coordinate)
    .into()
}

fn level_allowed(room: &Room<'_>, level: &LevelId, reason: Option<&str>) -> Finding {
    let plan = room.plan;
    if !plan.levels.contains(level) || room.case.study.level(level.as_str()).is_none() {
        let known: Vec<&str> = plan.levels.iter().map(LevelId::as_str).collect();
        return Broken::new(
            &LEVEL,
            format!("level {level}"),
            format!("one of {}", known.join(", ")),
            "order one of the session's levels",
        )
        .from_source(&plan.source)
        .by(Duty::Prescribe)
        .into();
    }
    let said = reason.is_some_and(|reason| !reason.trim().is_empty());
    if *level != plan.level_default && !said {
        return Broken::new(
            &LEVEL,
            format!("level {level} without a reason"),
            format!("level {}, or the reason for another", plan.level_default),
            "say why this level: tolerance, a medical reason, or a preference",
        )
        .from_source(&plan.source)
        .by(Duty::Prescribe)
        .into();
    }
    Finding::holds(&LEVEL, format!("level {level}"))
}

/// The level's two amounts together.
pub(super) fn maximum(room: &Room<'_>, level: &LevelId) -> Finding {
    let Some(level) = room.case.study.level(level.as_str()) else {
        return Broken::new(
            &MAXIMUM,
            format!("level {level} is not in the study"),
            "a level of the study",
            "choose one",
        )
        .from_source(&room.case.study.dose.source)
        .into();
    };
    let (total, most) = (level.initial_mg.plus(level.supplement_mg), room.case.study.dose.session_max_mg);
    if total <= most {
        return Finding::holds(&MAXIMUM, format!("{total} of at most {most}"));
    }
    Broken::new(&MAXIMUM, format!("{total}"), format!("at most {most}"), "order a lower level")
        .from_source(&room.case.study.dose.source)
        .by(Duty::Prescribe)
        .into()
}

fn once(room: &Room<'_>) -> Finding {
    let found = match (&room.session.order, room.session.swallowed.first()) {
        (_, Some(swallow)) => format!("something was swallowed in it at {}", room.case.clock(swallow.at)),
        (Some(order), None) => format!("level {} was ordered on {}", order.level, room.case.day_of(order.at)),
        (None, None) => return Finding::holds(&ONCE, "none"),
    };
    Broken::new(&ONCE, found, "no order in force", "withdraw the order first, if another one is meant")
        .by(Duty::Prescribe)
        .into()
}

fn signed(room: &Room<'_>) -> Finding {
    let actor = &room.case.actor;
    let missing = match (actor.duties.has(Duty::Prescribe), actor.proof.signed) {
        (true, true) => return Finding::holds(&SIGNED, "signed"),
        (false, _) => "not a prescriber at this site today",
        (true, false) => "not signed",
    };
    Broken::new(&SIGNED, missing, "a prescriber's signature", "the prescriber signs with their PIN")
        .by(Duty::Prescribe)
        .into()
}

/// The order in force, for what follows from it.
pub(super) fn in_force(room: &Room<'_>) -> Finding {
    room.session.order.as_ref().map_or_else(
        || {
            Broken::new(
                &IN_FORCE,
                "no order in force",
                "a signed order for this session",
                "ask the prescriber to order",
            )
            .by(Duty::Prescribe)
            .into()
        },
        |order| {
            let day = room.case.day_of(order.at);
            if signer_left(room, order) {
                return Broken::new(
                    &IN_FORCE,
                    format!("signed on {day} by somebody who is no prescriber here any more, or whose certificates are not in date"),
                    "an order signed by a prescriber of today",
                    "withdraw it; another prescriber looks at the person and orders",
                )
                .by(Duty::Prescribe)
                .into();
            }
            Finding::holds(&IN_FORCE, format!("level {}, signed on {day}", order.level))
        },
    )
}

/// Whether the prescriber's delegation has ended since they signed: what is still to come stands on somebody who answers for it.
fn signer_left(room: &Room<'_>, order: &Order) -> bool {
    match &order.by.person {
        Person::Staff(staff) => !room.staff().fit(staff, room.case.day, NeededFrom::Dosing).has(Duty::Prescribe),
        Person::Participant(_) | Person::Program => false,
    }
}

pub(super) fn grant(room: &Room<'_>, level: &LevelId, reason: Option<&str>, draft: &mut Draft) {
    let Some(plan) = room.case.study.level(level.as_str()) else { return };
    draft.participant(Entry::DoseOrdered {
        session: room.number,
        level: level.clone(),
        initial: plan.initial_mg,
        supplement: plan.supplement_mg,
        initial_pieces: plan.initial_pieces,
        supplement_pieces: plan.supplement_pieces,
        level_reason: reason.map(str::to_owned),
    });
}

/// The prescriber took the order back: nothing that hangs on it can be allowed any more.
pub(super) fn withdraw(room: &Room<'_>, draft: &mut Draft) -> Result<(), FactNo> {
    if room.session.order.is_none() {
        return Err(Unreadable {
            field: "session".to_owned(),
            what: format!("no order is in force for session {}", room.number),
            mend: "look at the participant's page for the order that is meant".to_owned(),
        }
        .into());
    }
    draft.participant(Entry::OrderWithdrawn { session: room.number });
    Ok(())
}
