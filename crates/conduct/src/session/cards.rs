//! Emergency cards: opened by what is happening, ticked step by step with the time, closed with how it ended.
//!
//! The cards are the study's. Source: dosing-day.md §9.

use super::{
    alarms::{self, Raise},
    room::Room,
    timeline,
};
use crate::{
    case::Draft,
    decide::FactNo,
    entry::{AlarmKind, Entry},
    finding::Unreadable,
    state::CardOpen,
};
use protocol::model::{AlarmLevel, Trigger};
use terms::InstanceId;

pub(super) fn open(room: &Room<'_>, id: &str, draft: &mut Draft) -> Result<(), FactNo> {
    let plan = &room.case.study.session.room;
    let Some(card) = plan.card(id) else {
        let all: Vec<&str> = plan.cards.iter().map(|card| card.id.as_str()).collect();
        return Err(Unreadable {
            field: "card".to_owned(),
            what: format!("there is no card \"{id}\" in this study"),
            mend: format!("the cards are {}", all.join(", ")),
        }
        .into());
    };
    if let Some(open) = room.session.cards.values().find(|open| open.card == id && open.closed.is_none()) {
        let what = format!("this card has been open since {}: tick its steps", room.case.clock(open.at));
        return Err(FactNo::Conflict { what });
    }
    let instance = draft.instance();
    draft.participant(Entry::CardOpened {
        session: room.number,
        instance: instance.clone(),
        card: id.to_owned(),
        title: card.title.clone(),
        steps: card.steps.clone(),
    });
    let text = format!("{}: {}", card.title, card.stop);
    let alarm = Raise::new(AlarmKind::Card, instance.to_string(), card.level, text);
    alarms::raise(room, alarm.about(&instance).card(Some(&card.id)), draft);
    if card.level >= AlarmLevel::Amber {
        timeline::ask_for_harm(room, &card.title, Trigger::MayBeHarm, &instance, draft);
    }
    Ok(())
}

fn known<'c>(room: &Room<'c>, id: &InstanceId) -> Result<&'c CardOpen, FactNo> {
    let Some(card) = room.session.cards.get(id) else {
        return Err(Unreadable {
            field: "card".to_owned(),
            what: format!("no card was opened as {id} in this session"),
            mend: "open the card first".to_owned(),
        }
        .into());
    };
    match &card.closed {
        Some((at, _)) => Err(FactNo::Conflict { what: format!("this card was closed at {}", room.case.clock(*at)) }),
        None => Ok(card),
    }
}

pub(super) fn tick(room: &Room<'_>, id: &InstanceId, step: u32, draft: &mut Draft) -> Result<(), FactNo> {
    let card = known(room, id)?;
    let Some(text) = usize::try_from(step).ok().and_then(|step| card.steps.get(step)) else {
        return Err(Unreadable {
            field: "step".to_owned(),
            what: format!("the card has {} steps, counted from 0, and no step {step}", card.steps.len()),
            mend: "tick one of its steps".to_owned(),
        }
        .into());
    };
    if let Some((at, _)) = card.done.get(&step) {
        let what = format!("this step was done at {} already", room.case.clock(*at));
        return Err(FactNo::Conflict { what });
    }
    draft.participant(Entry::CardStepDone { session: room.number, instance: id.clone(), step, text: text.clone() });
    Ok(())
}

pub(super) fn close(room: &Room<'_>, id: &InstanceId, text: &str, draft: &mut Draft) -> Result<(), FactNo> {
    known(room, id)?;
    if text.trim().is_empty() {
        return Err(Unreadable {
            field: "text".to_owned(),
            what: "a card is closed with how it ended".to_owned(),
            mend: "say in a few words how the participant is now".to_owned(),
        }
        .into());
    }
    timeline::length(Some(text))?;
    draft.participant(Entry::CardClosed { session: room.number, instance: id.clone(), text: text.to_owned() });
    let over = |alarm: &crate::state::Alarm| alarm.kind == AlarmKind::Card && alarm.about.as_ref() == Some(id);
    alarms::end(room, over, || "card closed".to_owned(), draft);
    Ok(())
}
