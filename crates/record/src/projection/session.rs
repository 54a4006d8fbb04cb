//! The dosing session's rows.

use super::{
    BREACH, DOSE, DOSING_SESSION, Numbered, PRESENCE, SESSION_CHECK, SESSION_NOTE, VITAL,
    cells::{by, id, instant, maybe_id, maybe_instant, maybe_text, person, second, session, text, version, word},
};
use crate::table::{Cell, Write};
use conduct::{Entry, ParticipantState, command::DosePart};
use terms::Decimal;

/// The session that an entry is about, if it is about one.
pub(super) const fn number(entry: &Entry) -> Option<u8> {
    match entry {
        Entry::DoseOrdered { session, .. }
        | Entry::OrderWithdrawn { session }
        | Entry::ContainersReleased { session, .. }
        | Entry::CheckRecorded { session, .. }
        | Entry::Agreed { session, .. }
        | Entry::PresenceRecorded { session, .. }
        | Entry::DoseAuthorised { session, .. }
        | Entry::DoseTaken { session, .. }
        | Entry::SupplementAuthorised { session, .. }
        | Entry::SupplementNotGiven { session, .. }
        | Entry::ReadingRecorded { session, .. }
        | Entry::SessionNoted { session, .. }
        | Entry::SessionStopped { session }
        | Entry::Discharged { session }
        | Entry::Departed { session, .. }
        | Entry::NightChecked { session, .. }
        | Entry::ReadingCorrected { session, .. }
        | Entry::SessionNoteCorrected { session, .. }
        | Entry::AlarmRaised { session, .. }
        | Entry::AlarmEscalated { session, .. }
        | Entry::AlarmAcknowledged { session, .. }
        | Entry::AlarmEnded { session, .. }
        | Entry::CardOpened { session, .. }
        | Entry::CardStepDone { session, .. }
        | Entry::CardClosed { session, .. }
        | Entry::ContactCalled { session, .. }
        | Entry::SessionSigned { session, .. }
        | Entry::SessionClosed { session, .. } => Some(*session),
        _ => None,
    }
}

/// Writes the rows of an entry about a session; `false` if it is about something else.
pub(super) fn entry(participant: &ParticipantState, one: &Numbered<'_>, writes: &mut Vec<Write>) -> bool {
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
        Entry::ReadingRecorded { instance, measures, slot, breaches, .. } => {
            for (measure, number_found) in measures {
                let row = vec![
                    who(),
                    id(instance),
                    text(measure),
                    session(number),
                    (*number_found).into(),
                    maybe_text(slot.as_ref()),
                    at(),
                ];
                writes.push(Write::Put(&VITAL, row));
            }
            for breach in breaches {
                let row = vec![
                    who(),
                    id(instance),
                    text(&breach.limit),
                    session(number),
                    text(&breach.measure),
                    breach.value.into(),
                    breach.red.into(),
                    text(&breach.action),
                    instant(breach.repeat_by),
                ];
                writes.push(Write::Put(&BREACH, row));
            }
        }
        Entry::SessionNoted { code, number: figure, text: words, .. } => {
            writes.push(note(participant, one, number, (code, *figure, words.as_ref())));
        }
        Entry::NightChecked { awake, distress, .. } => {
            let code = if *awake { "night_awake" } else { "night_asleep" };
            let figure = distress.map(|distress| Decimal::whole(i64::from(distress)));
            writes.push(note(participant, one, number, (code, figure, None)));
        }
        // The session's own row says the rest.
        _ => {}
    }
    true
}

fn note(
    participant: &ParticipantState,
    one: &Numbered<'_>,
    number: u8,
    (code, figure, words): (&str, Option<Decimal>, Option<&String>),
) -> Write {
    let row = vec![
        id(&participant.id),
        version(one.version),
        session(number),
        text(code),
        figure.into(),
        maybe_text(words),
        instant(one.stamp.at),
        by(one.stamp),
    ];
    Write::Put(&SESSION_NOTE, row)
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
