//! Erasing who somebody is: name, contacts and documents go, the trial's record keeps code and hashes and stays whole.
//!
//! Source: GDPR Art. 17 and 17(3)(d) (what the trial's validity needs may stay: the record without the person); ICH E6(R3)
//! 2.8 (withdrawal). The identity store does the erasing; whether it may is decided here, and that it was done is an entry.

use crate::{
    case::{Case, Draft},
    command::StopScope,
    entry::Entry,
    finding::{Broken, Finding, Rule},
    state::{ParticipantState, Phase},
};
use protocol::model::{Duty, Trigger};

/// Whom it may be done for.
pub const RIGHT: Rule = Rule {
    id: "identity.right",
    sentence: "The person declined before consent, or has withdrawn consent",
    source: "GDPR Art. 17(1)(b), 17(3)(d); ICH E6(R3) 2.8",
    binds: &["erase_identity"],
    broken: "The act is refused: somebody who takes part must be reachable",
};
/// Once.
pub const ONCE: Rule = Rule {
    id: "identity.once",
    sentence: "Who they are has not been erased yet",
    source: "What is erased can't be brought back",
    binds: &["erase_identity"],
    broken: "The act is refused; nothing is left to erase",
};
/// Nobody need reach them.
pub const SAFE: Rule = Rule {
    id: "identity.safe",
    sentence: "No open task about their safety needs this person to be reached",
    source: "ICH E6(R3) 2.7: medical care after an adverse event goes on",
    binds: &["erase_identity"],
    broken: "The act is refused",
};
/// Asked for, and signed.
pub const SIGNED: Rule = Rule {
    id: "identity.signed",
    sentence: "The one who erases says how the person asked for it, and signs",
    source: "GDPR Art. 12(6); 21 CFR 11.200",
    binds: &["erase_identity"],
    broken: "The act is refused",
};

pub(super) const RULES: &[&Rule] = &[&RIGHT, &ONCE, &SAFE, &SIGNED];

/// Whether the person has what gives the right to be erased.
pub(crate) fn has_right(participant: &ParticipantState) -> bool {
    participant.phase == Phase::Declined || participant.stops.iter().any(|stop| stop.scope == StopScope::Consent)
}

pub(super) fn ask(case: &Case<'_>, participant: &ParticipantState) -> Vec<Finding> {
    vec![right(participant), once(case, participant), safe(participant), signed(case)]
}

fn right(participant: &ParticipantState) -> Finding {
    if participant.phase == Phase::Declined {
        return Finding::holds(&RIGHT, "declined before consent");
    }
    if has_right(participant) {
        return Finding::holds(&RIGHT, "consent was withdrawn");
    }
    Broken::new(
        &RIGHT,
        format!("{} is {}", participant.id, super::phase_words(participant.phase)),
        "somebody who declined or withdrew consent",
        "record first that they declined, or that consent was withdrawn",
    )
    .by(Duty::Coordinate)
    .into()
}

fn once(case: &Case<'_>, participant: &ParticipantState) -> Finding {
    participant.erased.map_or_else(
        || Finding::holds(&ONCE, "not erased"),
        |at| {
            Broken::new(
                &ONCE,
                format!("erased on {}", case.day_of(at)),
                "an identity that is still here",
                "nothing is left to erase",
            )
            .into()
        },
    )
}

fn safe(participant: &ParticipantState) -> Finding {
    let open: Vec<&str> = participant
        .tasks
        .values()
        .filter(|task| task.done.is_none())
        .filter(|task| matches!(task.raised.trigger, Trigger::SuicideRisk | Trigger::SeriousAdverseEvent))
        .map(|task| task.raised.title.as_str())
        .collect();
    if open.is_empty() {
        return Finding::holds(&SAFE, "none open");
    }
    Broken::new(&SAFE, open.join("; "), "none open", "do them first, and record what was done")
        .by(Duty::Prescribe)
        .into()
}

fn signed(case: &Case<'_>) -> Finding {
    let mut missing = Vec::new();
    if case.reason.is_none_or(|reason| reason.trim().is_empty()) {
        missing.push("nothing says how they asked");
    }
    if !case.actor.proof.signed {
        missing.push("not signed");
    }
    if missing.is_empty() {
        return Finding::holds(&SIGNED, "signed, with how they asked");
    }
    Broken::new(
        &SIGNED,
        missing.join("; "),
        "a signature, and how the person asked for it",
        "say how and when they asked, without a name, and sign with your PIN",
    )
    .by(Duty::Coordinate)
    .into()
}

pub(super) fn grant(draft: &mut Draft) {
    draft.participant(Entry::IdentityErased);
}
