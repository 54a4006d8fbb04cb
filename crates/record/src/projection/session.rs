//! The dosing session's rows.

use super::{
    BREACH, CARD_STEP, DOSE, DOSING_SESSION, Numbered, PRESENCE, SESSION_ALARM, SESSION_CALL, SESSION_CARD,
    SESSION_CHECK, SESSION_CORRECTION, SESSION_NOTE, SESSION_SIGNATURE, VITAL,
    cells::{
        by, count, id, instant, maybe_id, maybe_instant, maybe_text, person, second, session, text, version, word,
    },
};
use crate::table::{Cell, Write};
use conduct::{
    Entry, ParticipantState,
    command::DosePart,
    state::{CardOpen, Reading},
};
use std::collections::BTreeSet;
use terms::{Decimal, InstanceId};

/// The session that an entry writes rows of; lost ground is a row of the participant's own.
pub(super) fn number(entry: &Entry) -> Option<u8> {
    entry.session().filter(|_| !matches!(entry, Entry::GroundWithdrawn { .. }))
}

/// Writes the rows of an entry about a session; `false` if it is about something else.
pub(super) fn entry(
    participant: &ParticipantState,
    one: &Numbered<'_>,
    touched: &mut BTreeSet<InstanceId>,
    writes: &mut Vec<Write>,
) -> bool {
    let Some(number) = number(one.entry) else { return false };
    let who = || id(&participant.id);
    let at = || instant(one.stamp.at);
    match one.entry {
        Entry::DoseTaken { part, container, amount, pieces, mouth_checked, authorised, .. } => {
            let row = vec![
                who(),
                version(one.version),
                session(number),
                word(part),
                id(container),
                amount.amount().into(),
                (*pieces).into(),
                (*mouth_checked).into(),
                (*authorised).into(),
                at(),
                by(one.stamp),
                second(one.stamp),
            ];
            writes.push(Write::Put(&DOSE, row));
        }
        Entry::CheckRecorded { instance, check, clears, expires, .. } => {
            let row = vec![
                who(),
                id(instance),
                session(number),
                id(check),
                (*clears).into(),
                maybe_instant(*expires),
                at(),
                by(one.stamp),
            ];
            writes.push(Write::Put(&SESSION_CHECK, row));
        }
        Entry::PresenceRecorded { staff, going, .. } => {
            let row = vec![who(), version(one.version), session(number), id(staff), word(going), at()];
            writes.push(Write::Put(&PRESENCE, row));
        }
        Entry::ReadingRecorded { instance, .. } | Entry::SessionNoted { instance, .. } => {
            touched.insert(instance.clone());
        }
        Entry::ReadingCorrected { instance, changes, .. } => {
            touched.insert(instance.clone());
            for (measure, change) in changes {
                let was = change.old.map(|old| old.to_string());
                let becomes = Some(change.new.to_string());
                writes.push(correction(participant, one, number, instance, (measure, was, becomes)));
            }
        }
        Entry::SessionNoteCorrected { instance, old, new, .. } => {
            touched.insert(instance.clone());
            let figure = |number: Option<Decimal>| number.map(|number| number.to_string());
            let fields = [
                ("code", Some(old.code.clone()), Some(new.code.clone())),
                ("number", figure(old.number), figure(new.number)),
                ("detail", old.detail.clone(), new.detail.clone()),
                ("words", old.text.clone(), new.text.clone()),
            ];
            for (field, was, becomes) in fields.into_iter().filter(|(_, was, becomes)| was != becomes) {
                writes.push(correction(participant, one, number, instance, (field, was, becomes)));
            }
        }
        Entry::NightChecked { awake, distress, signs, text: words, .. } => {
            let row = vec![
                who(),
                text(format!("night.{}", one.version)),
                session(number),
                text(if *awake { "night_awake" } else { "night_asleep" }),
                distress.map(|distress| Decimal::whole(i64::from(distress))).into(),
                if signs.is_empty() { Cell::Null } else { text(signs.join(",")) },
                maybe_text(words.as_ref()),
                Cell::Integer(0),
                false.into(),
                at(),
                instant(one.stamp.recorded_at),
                by(one.stamp),
            ];
            writes.push(Write::Put(&SESSION_NOTE, row));
        }
        Entry::ContactCalled { contact, reached, alarm, text: words, .. } => {
            let row = vec![
                who(),
                version(one.version),
                session(number),
                text(contact),
                (*reached).into(),
                maybe_id(alarm.as_ref()),
                maybe_text(words.as_ref()),
                at(),
                by(one.stamp),
            ];
            writes.push(Write::Put(&SESSION_CALL, row));
        }
        Entry::AlarmRaised { instance, .. }
        | Entry::AlarmEscalated { instance, .. }
        | Entry::AlarmAcknowledged { instance, .. }
        | Entry::AlarmEnded { instance, .. }
        | Entry::CardOpened { instance, .. }
        | Entry::CardStepDone { instance, .. }
        | Entry::CardClosed { instance, .. } => {
            touched.insert(instance.clone());
        }
        Entry::SessionSigned { staff, .. } => {
            writes.push(Write::Put(&SESSION_SIGNATURE, vec![who(), session(number), id(staff), at()]));
        }
        // The session's own row says the rest.
        _ => {}
    }
    true
}

fn correction(
    participant: &ParticipantState,
    one: &Numbered<'_>,
    number: u8,
    instance: &InstanceId,
    (field, was, becomes): (&str, Option<String>, Option<String>),
) -> Write {
    let row = vec![
        id(&participant.id),
        version(one.version),
        text(field),
        session(number),
        id(instance),
        maybe_text(was.as_ref()),
        maybe_text(becomes.as_ref()),
        maybe_text(one.stamp.reason.as_ref()),
        by(one.stamp),
        instant(one.stamp.recorded_at),
    ];
    Write::Put(&SESSION_CORRECTION, row)
}

/// The rows of a record of a session as it stands after the act: a reading, a line, an alarm, a card.
pub(super) fn record(participant: &ParticipantState, instance: &InstanceId, writes: &mut Vec<Write>) {
    for (number, state) in &participant.sessions {
        let readings = state.readings.iter().map(|reading| (reading, false));
        let struck = state.struck_readings.iter().map(|reading| (reading, true));
        for (one, struck) in readings.chain(struck).filter(|(one, _)| one.instance == *instance) {
            reading(participant, *number, one, struck, writes);
        }
        let notes = state.notes.iter().map(|note| (note, false));
        let struck = state.struck_notes.iter().map(|note| (note, true));
        for (one, struck) in notes.chain(struck).filter(|(one, _)| one.instance == *instance) {
            let row = vec![
                id(&participant.id),
                id(instance),
                session(*number),
                text(&one.code),
                one.number.into(),
                maybe_text(one.detail.as_ref()),
                maybe_text(one.text.as_ref()),
                count(one.corrected.len()),
                struck.into(),
                instant(one.at),
                instant(one.recorded_at),
                person(&one.by.person),
            ];
            writes.push(Write::Put(&SESSION_NOTE, row));
        }
        if let Some(alarm) = state.alarms.get(instance) {
            let taken = alarm.acknowledged.as_ref();
            let row = vec![
                id(&participant.id),
                id(instance),
                session(*number),
                word(&alarm.kind),
                word(&alarm.level),
                text(&alarm.text),
                word(&alarm.tell),
                count(alarm.told.len()),
                maybe_instant(alarm.ack_by),
                instant(alarm.at),
                instant(alarm.raised_at),
                maybe_instant(taken.map(|(_, at)| *at)),
                taken.map_or(Cell::Null, |(by, _)| person(&by.person)),
                maybe_instant(alarm.ended),
            ];
            writes.push(Write::Put(&SESSION_ALARM, row));
        }
        if let Some(card) = state.cards.get(instance) {
            opened(participant, *number, instance, card, writes);
        }
    }
}

fn reading(participant: &ParticipantState, number: u8, one: &Reading, struck: bool, writes: &mut Vec<Write>) {
    for (measure, value) in &one.measures {
        let row = vec![
            id(&participant.id),
            id(&one.instance),
            text(measure),
            session(number),
            (*value).into(),
            maybe_text(one.slot.as_ref()),
            maybe_text(one.rating.as_ref()),
            one.confirmed.contains(measure).into(),
            one.corrections.into(),
            struck.into(),
            instant(one.at),
            instant(one.recorded_at),
            person(&one.by.person),
        ];
        writes.push(Write::Put(&VITAL, row));
    }
    let gone = one.breaches_gone.iter().map(|breach| (breach, true));
    for (breach, gone) in gone.chain(one.breaches.iter().map(|breach| (breach, struck))) {
        let row = vec![
            id(&participant.id),
            id(&one.instance),
            text(&breach.limit),
            session(number),
            text(&breach.measure),
            breach.value.into(),
            breach.red.into(),
            text(&breach.action),
            instant(breach.repeat_by),
            gone.into(),
        ];
        writes.push(Write::Put(&BREACH, row));
    }
}

fn opened(participant: &ParticipantState, number: u8, instance: &InstanceId, card: &CardOpen, writes: &mut Vec<Write>) {
    let row = vec![
        id(&participant.id),
        id(instance),
        session(number),
        text(&card.card),
        instant(card.at),
        person(&card.by.person),
        maybe_instant(card.closed.as_ref().map(|(at, _)| *at)),
        maybe_text(card.closed.as_ref().map(|(_, text)| text)),
    ];
    writes.push(Write::Put(&SESSION_CARD, row));
    for (step, (at, by)) in &card.done {
        let words = usize::try_from(*step).ok().and_then(|step| card.steps.get(step));
        let row = vec![
            id(&participant.id),
            id(instance),
            (*step).into(),
            session(number),
            maybe_text(words),
            instant(*at),
            person(&by.person),
        ];
        writes.push(Write::Put(&CARD_STEP, row));
    }
}

/// The session's own row, from the state after the act.
pub(super) fn row(participant: &ParticipantState, number: u8, writes: &mut Vec<Write>) {
    let Some(state) = participant.sessions.get(&number) else { return };
    let order = state.order.as_ref();
    let containers = state.containers.as_ref();
    let row = vec![
        id(&participant.id),
        session(number),
        maybe_id(order.map(|order| &order.level)),
        order.map(|order| order.initial.amount()).into(),
        order.map(|order| order.supplement.amount()).into(),
        order.map_or(Cell::Null, |order| person(&order.by.person)),
        maybe_instant(order.map(|order| order.at)),
        maybe_id(containers.map(|(initial, _, _)| initial)),
        maybe_id(containers.and_then(|(_, supplement, _)| supplement.as_ref())),
        maybe_instant(containers.map(|(_, _, at)| *at)),
        maybe_instant(state.dosed_at()),
        maybe_instant(state.swallow(DosePart::Supplement).map(|swallow| swallow.at)),
        maybe_text(state.supplement_not_given.as_ref()),
        maybe_instant(state.stopped),
        maybe_instant(state.discharged),
        maybe_instant(state.departed.map(|(at, _)| at)),
        state.departed.map_or(Cell::Null, |(_, to)| word(&to)),
        maybe_instant(state.closed),
        state.ground_withdrawn.into(),
    ];
    writes.push(Write::Put(&DOSING_SESSION, row));
}
