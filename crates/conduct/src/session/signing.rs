//! Who was there signs the session's record, each for themselves.
//!
//! Source: dosing-day.md §10; 21 CFR 11.200.

use super::room::Room;
use crate::{
    case::Draft,
    decide::FactNo,
    entry::Entry,
    finding::{Broken, Finding, Rule, Unreadable},
};
use protocol::model::Duty;
use terms::StaffId;

/// Everybody who was there.
pub const SIGNATURES: Rule = Rule {
    id: "close.signatures",
    sentence: "Everybody who was in the room has signed, or it is said why somebody has not",
    source: "dosing-day.md §10; 21 CFR 11.200: each signs for themselves",
    binds: &["close_session"],
    broken: "The act is refused",
};

pub(super) fn record(room: &Room<'_>, draft: &mut Draft) -> Result<(), FactNo> {
    let case = room.case;
    let wrong = |field: &str, what: &str, mend: &str| Unreadable {
        field: field.to_owned(),
        what: what.to_owned(),
        mend: mend.to_owned(),
    };
    let Some(staff) = case.actor.staff() else {
        let what = "a session is signed by members of staff";
        return Err(wrong("actor", what, "sign in as the person who was there").into());
    };
    if !case.actor.proof.signed {
        return Err(wrong("signature", "this is not signed", "sign with your PIN").into());
    }
    if let Some(at) = room.session.signed.get(staff) {
        return Err(FactNo::Conflict { what: format!("you have signed at {} already", case.clock(*at)) });
    }
    draft.participant(Entry::SessionSigned { session: room.number, staff: staff.clone() });
    Ok(())
}

/// Those who were in the room and have not signed; whoever closes the session signs by that.
pub(super) fn unsigned(room: &Room<'_>) -> Vec<StaffId> {
    let closing = room.case.actor.staff().filter(|_| room.case.actor.proof.signed);
    let missing = |staff: &&&StaffId| !room.session.signed.contains_key(**staff) && Some(**staff) != closing;
    room.session.were_there().iter().filter(missing).map(|staff| (*staff).clone()).collect()
}

pub(super) fn signatures(room: &Room<'_>) -> Finding {
    let unsigned = unsigned(room);
    if unsigned.is_empty() {
        return Finding::holds(&SIGNATURES, "all have signed");
    }
    let names: Vec<&str> = unsigned.iter().map(StaffId::as_str).collect();
    if room.case.reason.is_some_and(|reason| !reason.trim().is_empty()) {
        return Finding::holds(&SIGNATURES, format!("{} not, with a reason", names.join(", ")));
    }
    Broken::new(
        &SIGNATURES,
        format!("{} not yet", names.join(", ")),
        "a signature of each who was there, or the reason why not",
        "each signs with their own PIN; whoever can't come is named with the reason",
    )
    .by(Duty::LeadSession)
    .into()
}
