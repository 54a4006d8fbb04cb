//! Leaving, the night, and the close of a session's record.
//!
//! Nothing that can be swallowed leaves with a participant. Source: dosing-day.md §10, §11, §13.6; failures.md F-83.

use super::{
    checks, ground, monitoring, presence, release,
    room::{Room, minutes},
    signing,
};
use crate::{
    case::{Case, Draft},
    command::{Destination, DosePart, Escort},
    entry::Entry,
    finding::{Broken, Finding, Rule},
    state::{Container, ContainerStanding, Task},
};
use protocol::model::{Duty, Overnight, Trigger};
use terms::InstanceId;

/// Long enough after the first dose.
pub const EARLIEST: Rule = Rule {
    id: "discharge.earliest",
    sentence: "Enough time has passed since the first dose and since the supplement",
    source: "The study's discharge plan; dosing-day.md §10 X1",
    binds: &["discharge"],
    broken: "Deviation left_early",
};
/// Nothing to take home.
pub const NOTHING_OUT: Rule = Rule {
    id: "discharge.nothing_out",
    sentence: "Nothing that can be swallowed is out of the safe for this session",
    source: "DESIGN, never authorised: a take-home dose; failures.md F-83",
    binds: &["discharge"],
    broken: "The session can't be closed until the container is found",
};
/// Here, and not gone.
pub const HERE: Rule = Rule {
    id: "discharge.here",
    sentence: "The participant has had the dose and is still here",
    source: "dosing-day.md §10",
    binds: &["discharge"],
    broken: "The act is refused",
};
/// Two people.
pub const TWO_PEOPLE: Rule = Rule {
    id: "discharge.two_people",
    sentence: "Two people sign that the participant may leave",
    source: "dosing-day.md §10",
    binds: &["discharge"],
    broken: "Deviation left_early",
};
/// Gone home.
pub const DEPARTED: Rule = Rule {
    id: "close.departed",
    sentence: "The participant has left for home or hospital, if they had a dose",
    source: "dosing-day.md §11",
    binds: &["close_session"],
    broken: "The act is refused",
};
/// Containers accounted for.
pub const CONTAINERS: Rule = Rule {
    id: "close.containers",
    sentence: "Every container of the session is back in the safe, or its loss is on record",
    source: "dosing-day.md §4 D9 and §6; DESIGN: emptied containers go back to the safe",
    binds: &["close_session"],
    broken: "Deviation stock_variance",
};
/// The supplement was decided.
pub const SUPPLEMENT: Rule = Rule {
    id: "close.supplement",
    sentence: "The supplement was swallowed, or it is on record why not",
    source: "dosing-day.md §6",
    binds: &["close_session"],
    broken: "The act is refused",
};
/// Once.
pub const OPEN: Rule = Rule {
    id: "close.open",
    sentence: "The session has begun and is not closed yet",
    source: "The session's course",
    binds: &["close_session"],
    broken: "The act is refused",
};
/// What may have been harm.
pub const HARM: Rule = Rule {
    id: "close.adverse_events",
    sentence: "Of everything in the session that may have been harm it is said whether it was an adverse event",
    source: "failures.md F-03: an open question keeps the session open",
    binds: &["close_session"],
    broken: "The act is refused",
};
/// Signed.
pub const SIGNED: Rule = Rule {
    id: "close.signed",
    sentence: "The close is signed by somebody who was part of it",
    source: "21 CFR 11.200",
    binds: &["close_session"],
    broken: "The act is refused",
};

pub(super) fn ask_discharge(room: &Room<'_>) -> Vec<Finding> {
    let mut findings = vec![here(room)];
    earliest(room, &mut findings);
    checks::for_leaving(room, &mut findings);
    findings.extend([ground::suicide_risk(room), nothing_out(room), ground::clock(room), two_people(room)]);
    findings
}

fn here(room: &Room<'_>) -> Finding {
    let case = room.case;
    let found = match (room.dosed_at(), room.session.departed) {
        (None, _) => "no dose was taken".to_owned(),
        (Some(_), Some((at, _))) => format!("left at {}", case.clock(at)),
        (Some(at), None) => return Finding::holds(&HERE, format!("dose at {}", case.clock(at))),
    };
    Broken::new(&HERE, found, "somebody who had a dose and is here", "nobody who had no dose needs to be discharged")
        .into()
}

fn earliest(room: &Room<'_>, findings: &mut Vec<Finding>) {
    let plan = &room.case.study.session.discharge;
    let supplement = room.session.swallow(DosePart::Supplement).map(|swallow| swallow.at);
    let rows = [
        (room.dosed_at(), plan.earliest_minutes, "first dose", "after_dose"),
        (supplement, plan.after_supplement_minutes, "supplement", "after_supplement"),
    ];
    for (at, least, what, condition) in rows {
        let Some(at) = at else { continue };
        let sentence = format!("At least {least} min since the {what}");
        let passed = Case::minutes_between(at, room.case.at);
        findings.push(if passed >= minutes(least) {
            Finding::holds(&EARLIEST, format!("{passed} min")).about(condition, sentence)
        } else {
            let clock = room.case.clock(Case::after_minutes(at, minutes(least)));
            Broken::new(&EARLIEST, format!("{passed} min"), format!("{least} min"), format!("wait until {clock}"))
                .from_source(&plan.source)
                .about(condition, sentence)
                .into()
        });
    }
}

/// Pieces that a container held, as its label says.
pub(super) fn held(room: &Room<'_>, container: &Container) -> Option<u32> {
    room.case.study.level(container.level.as_str()).map(|level| match container.part {
        DosePart::Initial => level.initial_pieces,
        DosePart::Supplement => level.supplement_pieces,
    })
}

fn nothing_out(room: &Room<'_>) -> Finding {
    let out: Vec<&str> = release::out_for(room)
        .filter(|(_, container)| {
            let unopened = matches!(container.standing, ContainerStanding::Out { .. });
            unopened || held(room, container).is_none_or(|held| container.pieces_used < held)
        })
        .map(|(id, _)| id.as_str())
        .collect();
    if out.is_empty() {
        return Finding::holds(&NOTHING_OUT, "nothing");
    }
    Broken::new(
        &NOTHING_OUT,
        format!("{} out", out.join(", ")),
        "nothing out",
        "put what is unopened back into the safe, and record what came back of the rest",
    )
    .by(Duty::DispenseDrug)
    .into()
}

fn two_people(room: &Room<'_>) -> Finding {
    let may = &[Duty::Facilitate, Duty::Nurse, Duty::Prescribe];
    match room.case.two_people(may, may) {
        Ok(()) => Finding::holds(&TWO_PEOPLE, "both signed"),
        Err(found) => Broken::new(&TWO_PEOPLE, found, "two signatures", "the second person signs with their own PIN")
            .by(Duty::Facilitate)
            .into(),
    }
}

pub(super) fn grant_discharge(room: &Room<'_>, draft: &mut Draft) {
    draft.participant(Entry::Discharged { session: room.number });
}

pub(super) fn ask_close(room: &Room<'_>) -> Vec<Finding> {
    vec![
        open(room),
        departed(room),
        supplement(room),
        containers(room),
        harm(room),
        signing::signatures(room),
        signed(room),
    ]
}

fn open(room: &Room<'_>) -> Finding {
    let found = match room.session.closed {
        Some(at) => format!("closed on {}", room.case.day_of(at)),
        None if !room.participant.sessions.contains_key(&room.number) => "nothing of it has begun".to_owned(),
        None => return Finding::holds(&OPEN, "open"),
    };
    Broken::new(&OPEN, found, "an open session", "nothing needs to be closed").into()
}

fn departed(room: &Room<'_>) -> Finding {
    let case = room.case;
    let found = match (room.session.departed, room.dosed_at()) {
        (Some((at, Destination::Home | Destination::Hospital)), _) => {
            return Finding::holds(&DEPARTED, format!("left at {}", case.clock(at)));
        }
        (None, None) => return Finding::holds(&DEPARTED, "no dose was taken"),
        (Some((_, Destination::Overnight)), _) => "staying the night",
        (None, Some(_)) => "still here",
    };
    Broken::new(&DEPARTED, found, "left for home or hospital", "record when they left, and with whom")
        .by(Duty::Facilitate)
        .into()
}

fn supplement(room: &Room<'_>) -> Finding {
    let planned = room.case.study.dose.supplement.is_some() && room.session.supplement_times.is_some();
    let found = if !planned {
        "none was to be given".to_owned()
    } else if room.session.swallow(DosePart::Supplement).is_some() {
        "swallowed".to_owned()
    } else if let Some(code) = &room.session.supplement_not_given {
        format!("not given: {code}")
    } else {
        return Broken::new(
            &SUPPLEMENT,
            "nothing on record",
            "swallowed, or why not",
            "record that it was not given, and why",
        )
        .by(Duty::Facilitate)
        .into();
    };
    Finding::holds(&SUPPLEMENT, found)
}

fn containers(room: &Room<'_>) -> Finding {
    let out: Vec<&str> = release::out_for(room).map(|(id, _)| id.as_str()).collect();
    if out.is_empty() {
        return Finding::holds(&CONTAINERS, "all accounted for");
    }
    Broken::new(
        &CONTAINERS,
        format!("{} not back", out.join(", ")),
        "each back in the safe, or recorded as missing or damaged",
        "bring the emptied containers back and record it; return what is unopened",
    )
    .by(Duty::DispenseDrug)
    .into()
}

/// Questions of this session whether something was an adverse event, that nobody has answered.
pub(super) fn open_questions<'c>(room: &Room<'c>) -> impl Iterator<Item = (&'c InstanceId, &'c Task)> {
    let session = room.session;
    room.participant.tasks.iter().filter(move |(_, task)| {
        task.done.is_none()
            && task.raised.trigger == Trigger::MayBeHarm
            && task.raised.about.as_ref().is_some_and(|about| {
                session.readings.iter().any(|reading| reading.instance == *about)
                    || session.notes.iter().any(|note| note.instance == *about)
                    || session.cards.contains_key(about)
            })
    })
}

fn harm(room: &Room<'_>) -> Finding {
    let open: Vec<&str> = open_questions(room).map(|(_, task)| task.raised.title.as_str()).collect();
    if open.is_empty() {
        return Finding::holds(&HARM, "nothing is open");
    }
    Broken::new(
        &HARM,
        open.join("; "),
        "an adverse event, or a signed reason why it was none",
        "record the adverse event from the question, or sign why there is none",
    )
    .by(Duty::Facilitate)
    .into()
}

fn signed(room: &Room<'_>) -> Finding {
    if room.case.actor.proof.signed {
        return Finding::holds(&SIGNED, "signed");
    }
    Broken::new(&SIGNED, "not signed", "a signature", "sign with your PIN").by(Duty::LeadSession).into()
}

/// Closes the record; measurements that were never taken are said to be missed, once and for all.
pub(super) fn grant_close(room: &Room<'_>, draft: &mut Draft) {
    let until = room.session.departed.map_or(room.case.at, |(at, _)| at);
    for slot in monitoring::missed(room, until) {
        let detail = format!("{} at {:+} min was not taken", slot.id, slot.offset_minutes);
        draft.consequence(room.case, Trigger::VitalsMissed, detail, Some(&room.plan.visit), None);
    }
    draft.participant(Entry::SessionClosed { session: room.number, unsigned: signing::unsigned(room) });
}

/// The participant left the room's care.
pub(super) fn depart(room: &Room<'_>, to: Destination, escort: Escort, draft: &mut Draft) {
    let case = room.case;
    let allowed = room.session.discharged.is_some() || room.dosed_at().is_none();
    draft.participant(Entry::Departed { session: room.number, to, escort: escort.code().to_owned(), allowed });
    if room.session.departed.is_none() && room.dosed_at().is_some() {
        presence::gap(room, case.at, draft);
    }
    for detail in too_early(room, to, escort) {
        draft.consequence(case, Trigger::LeftEarly, detail, Some(&room.plan.visit), None);
    }
    if to == Destination::Hospital {
        let due = case.due_hours(case.study.due.report_hours);
        let title = "Judge whether the transfer to hospital is a serious adverse event";
        draft.task(title, Duty::Prescribe, due, Trigger::SeriousAdverseEvent, None);
        draft.clocks(case, Trigger::SeriousAdverseEvent, None);
    }
}

/// What was wrong about leaving: nobody is held back, and a hospital is no deviation.
fn too_early(room: &Room<'_>, to: Destination, escort: Escort) -> Vec<String> {
    let mut found = Vec::new();
    if room.dosed_at().is_none() || to == Destination::Hospital {
        return found;
    }
    if room.session.discharged.is_none() {
        found.push("left before the criteria for leaving were met".to_owned());
    }
    if to == Destination::Home {
        let night = matches!(room.session.departed, Some((_, Destination::Overnight)));
        if room.case.study.session.overnight == Overnight::Required && !night {
            found.push("went home without the night at the site".to_owned());
        }
        if escort == Escort::Nobody {
            found.push("went home with nobody".to_owned());
        }
    }
    found
}
