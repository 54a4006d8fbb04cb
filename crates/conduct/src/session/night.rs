//! The night at the site: looks at the participant, what the attendant must call for, and a look that was not taken.
//!
//! Source: dosing-day.md §11, §13.12.

use super::{
    alarms::{self, Raise},
    room::{Room, minutes},
    timeline,
};
use crate::{
    case::{Case, Draft},
    command::Destination,
    decide::FactNo,
    entry::{AlarmKind, Entry},
    finding::Unreadable,
};
use jiff::Timestamp;
use protocol::model::{AlarmLevel, NightPlan, Trigger};

/// The scale of distress ends here. Source: dosing-day.md §8.
const DISTRESS_MAX: u8 = 10;

/// A look as it is told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look<'c> {
    pub awake: bool,
    pub distress: Option<u8>,
    pub signs: &'c [String],
    pub text: Option<&'c str>,
}

pub(super) fn record(room: &Room<'_>, look: Look<'_>, draft: &mut Draft) -> Result<(), FactNo> {
    let plan = room.case.study.session.room.night.as_ref();
    readable(plan, look)?;
    let last = last_look(room).filter(|at| *at < room.case.at);
    draft.participant(Entry::NightChecked {
        session: room.number,
        awake: look.awake,
        distress: look.distress,
        signs: look.signs.to_vec(),
        text: look.text.map(str::to_owned),
    });
    let clock = room.case.clock(room.case.at);
    alarms::end(room, |alarm| alarm.kind == AlarmKind::NightMissed, || format!("looked in at {clock}"), draft);
    let Some(plan) = plan else { return Ok(()) };
    if let Some(last) = last {
        let passed = Case::minutes_between(last, room.case.at);
        if passed > minutes(plan.missed_minutes)
            && in_the_night(room, plan, Case::after_minutes(last, minutes(plan.missed_minutes)))
        {
            let detail = format!("{passed} min without a look, since {}", room.case.clock(last));
            draft.consequence(room.case, Trigger::NightCheckLate, detail, Some(&room.plan.visit), None);
        }
    }
    for sign in look.signs {
        let label = plan.must_call.iter().find(|known| known.code == *sign).map_or(sign.as_str(), |s| s.label.as_str());
        let alarm = Raise::new(AlarmKind::NightSign, format!("{sign}/{clock}"), AlarmLevel::Red, label);
        alarms::raise(room, alarm, draft);
    }
    if let (Some(distress), Some(grave)) = (look.distress, plan.distress_call_at)
        && distress >= grave
    {
        let text = format!("Distress {distress} in the night");
        alarms::raise(
            room,
            Raise::new(AlarmKind::NightSign, format!("distress/{clock}"), AlarmLevel::Red, text),
            draft,
        );
    }
    Ok(())
}

fn readable(plan: Option<&NightPlan>, look: Look<'_>) -> Result<(), Unreadable> {
    let wrong = match look.distress {
        Some(distress) if distress > DISTRESS_MAX => {
            Some(format!("distress {distress} is outside 0 to {DISTRESS_MAX}"))
        }
        Some(distress) if !look.awake => Some(format!("distress {distress} of somebody asleep")),
        Some(_) | None => None,
    };
    if let Some(what) = wrong {
        let mend = "give a number from 0 to 10 for somebody awake, and none for somebody asleep".to_owned();
        return Err(Unreadable { field: "distress".to_owned(), what, mend });
    }
    let known: Vec<&str> = plan.into_iter().flat_map(|plan| &plan.must_call).map(|sign| sign.code.as_str()).collect();
    if let Some(sign) = look.signs.iter().find(|sign| !known.contains(&sign.as_str())) {
        return Err(Unreadable {
            field: "signs".to_owned(),
            what: format!("there is no sign \"{sign}\" in this study"),
            mend: format!("the signs are {}", known.join(", ")),
        });
    }
    timeline::length(look.text)
}

/// When somebody last looked: at the latest look, or when the night began.
fn last_look(room: &Room<'_>) -> Option<Timestamp> {
    let (began, to) = room.session.departed?;
    (to == Destination::Overnight).then(|| room.session.night.last().map_or(began, |look| look.at.max(began)))
}

/// Whether a moment lies before the morning after the night began.
fn in_the_night(room: &Room<'_>, plan: &NightPlan, at: Timestamp) -> bool {
    let Some((began, _)) = room.session.departed else { return false };
    let evening = room.case.day_of(began);
    let morning = evening
        .tomorrow()
        .ok()
        .and_then(|day| day.to_datetime(plan.until).to_zoned(room.case.zone.clone()).ok())
        .map(|zoned| zoned.timestamp());
    morning.is_none_or(|morning| at < morning)
}

/// Nobody has looked in for too long.
pub(super) fn by_time(room: &Room<'_>, alarms: &mut Vec<Raise>) {
    let Some(plan) = &room.case.study.session.room.night else { return };
    let Some(last) = last_look(room) else { return };
    let due = Case::after_minutes(last, minutes(plan.missed_minutes));
    if room.case.at > due && in_the_night(room, plan, due) {
        let text = format!("Nobody has looked in since {}", room.case.clock(last));
        alarms.push(Raise::new(AlarmKind::NightMissed, last.to_string(), AlarmLevel::Red, text));
    }
}

/// When somebody looks in next.
pub(super) fn next_look(room: &Room<'_>) -> Option<Timestamp> {
    let plan = room.case.study.session.room.night.as_ref()?;
    let due = Case::after_minutes(last_look(room)?, minutes(plan.every_minutes));
    in_the_night(room, plan, due).then_some(due)
}
