//! Acts of a dosing session: order, release, checks, dose, supplement, readings, leaving.

use std::collections::BTreeMap;

use conduct::command::{DosePart, Going};
use conduct::{Authorisation, Command, Fact};
use protocol::model::Check;
use terms::{CheckId, ContainerId, LevelId, ParticipantId};

use super::reader::Reader;
use super::{Act, Kind, Proofs, Reason, Scene, Scope, choices, nothing};
use crate::answers;
use crate::parts::field::{Choice, Control, Field, LineKind};

const PARTS: &[(&str, &str)] = &[("initial", "First dose"), ("supplement", "Supplement")];
const GOING: &[(&str, &str)] = &[("in", "I come into the room"), ("out", "I leave the room")];
const DESTINATIONS: &[(&str, &str)] =
    &[("overnight", "Stays the night here"), ("home", "Home"), ("hospital", "Hospital")];

fn who(scene: &Scene<'_>) -> Option<ParticipantId> {
    scene.participant.map(|p| p.id.clone())
}

/// The check or discharge criterion that the address names.
pub fn check<'a>(scene: &Scene<'a>) -> Option<&'a Check> {
    let plan = &scene.study.session;
    plan.checks.iter().chain(&plan.discharge.criteria).find(|check| check.id == *scene.about)
}

fn container_field(scene: &Scene<'_>) -> Field {
    Field::new("container", "Number on the container in hand", Control::Line { kind: LineKind::Text })
        .value(scene.about.clone())
}

fn container(reader: &mut Reader<'_>) -> ContainerId {
    ContainerId::from(
        reader.needed("container", "Read the number from the label of the container in hand.").to_uppercase(),
    )
}

/// How many pieces the order asks for, to be held against what was seen.
fn ordered(scene: &Scene<'_>) -> String {
    let state = scene.participant.and_then(|p| p.sessions.get(&scene.session));
    state.and_then(|state| state.order.as_ref()).map_or_else(String::new, |order| {
        format!("Ordered: {} for the first dose, {} for the supplement.", order.initial_pieces, order.supplement_pieces)
    })
}

/// What somebody does next who is, or isn't, in the room.
fn going(scene: &Scene<'_>) -> &'static str {
    let state = scene.participant.and_then(|p| p.sessions.get(&scene.session));
    let here = state.is_some_and(|state| state.in_room().any(|span| Some(&span.staff) == scene.actor.as_ref()));
    if here { "out" } else { "in" }
}

fn levels(scene: &Scene<'_>) -> Field {
    let plan = scene.study.session(scene.session);
    let named = plan.into_iter().flat_map(|session| &session.levels).filter_map(|id| scene.study.level(id.as_str()));
    let options = named
        .map(|level| {
            let supplement = if level.supplement_mg == terms::Milligrams::ZERO {
                String::new()
            } else {
                format!(", supplement {}", level.supplement_mg)
            };
            Choice::new(level.id.as_str(), format!("{}{supplement}", level.initial_mg))
        })
        .collect();
    let planned = plan.map(|session| session.level_default.to_string()).unwrap_or_default();
    Field::new("level", "Dose", Control::Choice { options }).value(planned)
}

/// The measures of the study, those that its times ask for first; the last value stands beside each.
fn measures(scene: &Scene<'_>) -> Vec<Field> {
    let last = scene.participant.and_then(|p| p.sessions.get(&scene.session)).map(|s| &s.readings);
    let plan = &scene.study.session;
    let asked = |id: &str| plan.vitals.iter().any(|slot| slot.measures.iter().any(|measure| measure == id));
    let (often, seldom): (Vec<_>, Vec<_>) = plan.measures.iter().partition(|measure| asked(&measure.id));
    often
        .into_iter()
        .chain(seldom)
        .map(|measure| {
            let before = last.and_then(|all| all.iter().rev().find_map(|r| r.measures.get(&measure.id)));
            let before = before.map_or_else(String::new, |value| format!(" Last {value}."));
            let hint = format!("{} to {}.{before}", measure.min, measure.max);
            let control = Control::Number {
                unit: measure.unit.clone(),
                decimal: !(measure.min.is_whole() && measure.max.is_whole()),
            };
            Field::new(&format!("measures.{}", measure.id), &measure.label, control).hint(hint)
        })
        .collect()
}

fn codes(scene: &Scene<'_>) -> Vec<Choice> {
    scene.study.session.codes.iter().map(|code| Choice::new(&code.code, &code.label)).collect()
}

fn refusal_codes(scene: &Scene<'_>) -> Vec<Choice> {
    scene.study.session.supplement_refusals.iter().map(|code| Choice::new(&code.code, &code.label)).collect()
}

/// Acts in one dosing session.
pub const ACTS: &[Act] = &[
    Act {
        key: "order",
        scope: Scope::Session,
        kind: Kind::Authorisation,
        title: "Order the dose",
        intro: "The order is for this person, this session and this amount.",
        button: "Sign the order",
        proofs: Proofs::Signed("I order this dose for this participant and session."),
        reason: Reason::None,
        fields: |scene| {
            let why = Field::new("level_reason", "Why another level than planned", Control::Text { rows: 2 });
            vec![levels(scene), why.hint("Only where the level differs from the plan.").optional()]
        },
        build: |scene, reader| {
            let level = LevelId::from(reader.needed("level", "Choose the dose."));
            let level_reason = reader.maybe("level_reason");
            let act =
                Authorisation::OrderDose { participant: who(scene)?, session: scene.session, level, level_reason };
            Some(Command::Authorise(act))
        },
    },
    Act {
        key: "withdraw-order",
        scope: Scope::Session,
        kind: Kind::Fact,
        title: "Take the order back",
        intro: "Nothing can be released or authorised on it any more.",
        button: "Take the order back",
        proofs: Proofs::Signed("I take back my order for this session."),
        reason: Reason::Asked("Why"),
        fields: nothing,
        build: |scene, _| Some(Command::Fact(Fact::WithdrawOrder { participant: who(scene)?, session: scene.session })),
    },
    Act {
        key: "release",
        scope: Scope::Session,
        kind: Kind::Authorisation,
        title: "Take the containers out of the safe",
        intro: "The sealed service names the containers. Two people take them out, and the supplement stays sealed in the room.",
        button: "Release containers",
        proofs: Proofs::Two(
            "I take the containers named here out of the safe.",
            "I saw the containers named here, and no others, leave the safe.",
        ),
        reason: Reason::None,
        fields: nothing,
        build: |scene, _| {
            Some(Command::Authorise(Authorisation::ReleaseContainers {
                participant: who(scene)?,
                session: scene.session,
            }))
        },
    },
    Act {
        key: "check",
        scope: Scope::Session,
        kind: Kind::Fact,
        title: "Record a check",
        intro: "",
        button: "Record check",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: |scene| {
            check(scene)
                .map(|check| check.fields.iter().map(|f| answers::field("values.", f)).collect())
                .unwrap_or_default()
        },
        build: |scene, reader| {
            let check = check(scene)?;
            let values = answers::read("values.", &check.fields, reader);
            let id = CheckId::from(check.id.as_str());
            Some(Command::Fact(Fact::RecordCheck {
                participant: who(scene)?,
                session: scene.session,
                check: id,
                values,
            }))
        },
    },
    Act {
        key: "presence",
        scope: Scope::Session,
        kind: Kind::Fact,
        title: "In or out of the room",
        intro: "For yourself; each carer for themselves.",
        button: "Record",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: |scene| {
            vec![Field::new("going", "What you do", Control::Choice { options: choices(GOING) }).value(going(scene))]
        },
        build: |scene, reader| {
            let going: Option<Going> = reader.one_of("going", "Say whether you come or go.");
            Some(Command::Fact(Fact::RecordPresence {
                participant: who(scene)?,
                session: scene.session,
                going: going?,
            }))
        },
    },
    Act {
        key: "reading",
        scope: Scope::Session,
        kind: Kind::Fact,
        title: "Take a reading",
        intro: "What was measured; the rest stays empty.",
        button: "Record reading",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: measures,
        build: |scene, reader| {
            let mut found = BTreeMap::new();
            for measure in &scene.study.session.measures {
                let name = format!("measures.{}", measure.id);
                if !reader.form().text(&name).is_empty()
                    && let Some(value) = reader.decimal(&name, "")
                {
                    found.insert(measure.id.clone(), value);
                }
            }
            if found.is_empty() {
                let first = scene.study.session.measures.first().map(|m| m.id.as_str()).unwrap_or_default();
                reader.wrong(
                    &format!("measures.{first}"),
                    "Give at least one value, or write a note why it was not possible.",
                );
            }
            Some(Command::Fact(Fact::RecordReading {
                participant: who(scene)?,
                session: scene.session,
                measures: found,
                confirmed: false,
                seen: None,
            }))
        },
    },
    Act {
        key: "authorise-dose",
        scope: Scope::Session,
        kind: Kind::Authorisation,
        title: "Authorise the dose",
        intro: "Granted, it holds until its oldest check expires.",
        button: "Authorise the dose",
        proofs: Proofs::Two(
            "Every check is done and I authorise this person to swallow this dose.",
            "I have read the label with the order and the checks, and they agree.",
        ),
        reason: Reason::None,
        fields: |scene| vec![container_field(scene)],
        build: |scene, reader| {
            let container = container(reader);
            let act = Authorisation::AuthoriseDose { participant: who(scene)?, session: scene.session, container };
            Some(Command::Authorise(act))
        },
    },
    Act {
        key: "swallow",
        scope: Scope::Session,
        kind: Kind::Fact,
        title: "Swallowed: record it",
        intro: "Whatever the rules thought of it: what was swallowed is written down.",
        button: "Record what was swallowed",
        proofs: Proofs::Two("I saw this swallowed.", "I saw this swallowed as well."),
        reason: Reason::None,
        fields: |scene| {
            let part = PARTS.iter().find(|(code, _)| *code == scene.about).map_or("", |(code, _)| *code);
            vec![
                Field::new("part", "Which part", Control::Choice { options: choices(PARTS) }).value(part),
                Field::new("container", "Number on the container in hand", Control::Line { kind: LineKind::Text }),
                Field::new("pieces", "Pieces swallowed", Control::Number { unit: "pieces".into(), decimal: false })
                    .hint(ordered(scene)),
                Field::new("mouth_checked", "The mouth was looked into", Control::Tick),
            ]
        },
        build: |scene, reader| {
            let part: Option<DosePart> = reader.one_of("part", "Say which part it was.");
            let container = container(reader);
            let pieces = reader.whole("pieces", "Give the number of pieces.");
            let mouth_checked = reader.form().ticked("mouth_checked");
            Some(Command::Fact(Fact::RecordSwallow {
                participant: who(scene)?,
                session: scene.session,
                part: part?,
                container,
                pieces: pieces?,
                mouth_checked,
                seen: None,
            }))
        },
    },
    Act {
        key: "authorise-supplement",
        scope: Scope::Session,
        kind: Kind::Authorisation,
        title: "Open the supplement",
        intro: "Within its window, inside the limits, and only if the participant says yes.",
        button: "Authorise opening",
        proofs: Proofs::Two(
            "The participant says yes and every condition is met: I authorise opening the supplement.",
            "I have read the label with the order and the last reading, and they agree.",
        ),
        reason: Reason::None,
        fields: |scene| {
            vec![
                container_field(scene),
                Field::new("wished", "Does the participant want it?", Control::Choice { options: answers::yes_no() }),
                Field::new(
                    "physician_reason",
                    "The physician’s reason, where the study asks for one",
                    Control::Text { rows: 2 },
                )
                .optional(),
            ]
        },
        build: |scene, reader| {
            let container = container(reader);
            let wished = reader.yes_no("wished", "Ask the participant.");
            let physician_reason = reader.maybe("physician_reason");
            Some(Command::Authorise(Authorisation::AuthoriseSupplement {
                participant: who(scene)?,
                session: scene.session,
                container,
                wished: wished?,
                physician_reason,
            }))
        },
    },
    Act {
        key: "no-supplement",
        scope: Scope::Session,
        kind: Kind::Fact,
        title: "Supplement declined or withheld",
        intro: "The sealed container goes back to the safe today.",
        button: "Record",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: |scene| vec![Field::new("code", "Why", Control::Choice { options: refusal_codes(scene) })],
        build: |scene, reader| {
            let code = reader.needed("code", "Choose why.");
            Some(Command::Fact(Fact::RecordSupplementNotGiven {
                participant: who(scene)?,
                session: scene.session,
                code,
            }))
        },
    },
    Act {
        key: "agreement",
        scope: Scope::Session,
        kind: Kind::Fact,
        title: "The prescriber agrees to go on",
        intro: "After a breach that has passed, or a check that the prescriber may clear.",
        button: "Sign the agreement",
        proofs: Proofs::Signed("I know what was found and agree to go on."),
        reason: Reason::Asked("On what ground"),
        fields: nothing,
        build: |scene, _| {
            let check = (!scene.about.is_empty()).then(|| CheckId::from(scene.about.as_str()));
            Some(Command::Fact(Fact::RecordAgreement { participant: who(scene)?, session: scene.session, check }))
        },
    },
    Act {
        key: "session-note",
        scope: Scope::Session,
        kind: Kind::Fact,
        title: "Write to the timeline",
        intro: "",
        button: "Add to the timeline",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: |scene| {
            vec![
                Field::new("code", "What", Control::Select { options: codes(scene) }),
                Field::new(
                    "number",
                    "Its number, where it carries one",
                    Control::Number { unit: String::new(), decimal: true },
                )
                .optional(),
                Field::new("text", "In words", Control::Text { rows: 2 }).optional(),
            ]
        },
        build: |scene, reader| {
            let code = reader.needed("code", "Choose what it is.");
            let number = if reader.form().text("number").is_empty() { None } else { reader.decimal("number", "") };
            let text = reader.maybe("text");
            Some(Command::Fact(Fact::RecordSessionNote {
                participant: who(scene)?,
                session: scene.session,
                code,
                number,
                detail: None,
                text,
            }))
        },
    },
    Act {
        key: "stop-session",
        scope: Scope::Session,
        kind: Kind::Fact,
        title: "Stop the session",
        intro: "No more of the medicine today. Care goes on until the person may leave.",
        button: "Stop the session",
        proofs: Proofs::SignedIn,
        reason: Reason::Asked("Why"),
        fields: nothing,
        build: |scene, _| Some(Command::Fact(Fact::StopSession { participant: who(scene)?, session: scene.session })),
    },
    Act {
        key: "discharge",
        scope: Scope::Session,
        kind: Kind::Authorisation,
        title: "Let the participant leave",
        intro: "Every criterion must be recorded and met.",
        button: "Allow leaving",
        proofs: Proofs::Two(
            "I have seen this person and find that they may leave.",
            "I have seen this person as well and agree that they may leave.",
        ),
        reason: Reason::None,
        fields: nothing,
        build: |scene, _| {
            Some(Command::Authorise(Authorisation::Discharge { participant: who(scene)?, session: scene.session }))
        },
    },
    Act {
        key: "departure",
        scope: Scope::Session,
        kind: Kind::Fact,
        title: "The participant left",
        intro: "Whether allowed or not: where they went, and with whom.",
        button: "Record that they left",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: |_| {
            vec![
                Field::new("to", "Where to", Control::Choice { options: choices(DESTINATIONS) }),
                Field::new("escort", "Who went with them", Control::Line { kind: LineKind::Text })
                    .hint("As what, not by name: partner, sister, staff, nobody."),
            ]
        },
        build: |scene, reader| {
            let to = reader.one_of("to", "Say where to.");
            let escort = reader.needed("escort", "Say who went with them; “nobody” is an answer.");
            Some(Command::Fact(Fact::RecordDeparture {
                participant: who(scene)?,
                session: scene.session,
                to: to?,
                escort,
            }))
        },
    },
    Act {
        key: "night-check",
        scope: Scope::Session,
        kind: Kind::Fact,
        title: "A look in the night",
        intro: "",
        button: "Record",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: |_| {
            vec![
                Field::new("awake", "Awake?", Control::Choice { options: answers::yes_no() }),
                Field::new("distress", "Distress, if asked", Control::Number { unit: "of 10".into(), decimal: false })
                    .hint("0 to 10.")
                    .optional(),
            ]
        },
        build: |scene, reader| {
            let awake = reader.yes_no("awake", "Say whether they were awake.");
            let distress = reader.maybe_whole("distress");
            Some(Command::Fact(Fact::RecordNightCheck {
                participant: who(scene)?,
                session: scene.session,
                awake: awake?,
                distress,
                signs: Vec::new(),
                text: None,
            }))
        },
    },
    Act {
        key: "sign-session",
        scope: Scope::Session,
        kind: Kind::Fact,
        title: "Sign the session’s record",
        intro: "Everybody who was in the room signs for themselves; then the record can be closed.",
        button: "Sign",
        proofs: Proofs::Signed("I was there, and this record says what happened."),
        reason: Reason::None,
        fields: nothing,
        build: |scene, _| Some(Command::Fact(Fact::SignSession { participant: who(scene)?, session: scene.session })),
    },
    Act {
        key: "close-session",
        scope: Scope::Session,
        kind: Kind::Authorisation,
        title: "Close the session’s record",
        intro: "Containers are reconciled and the morning is recorded.",
        button: "Close the session",
        proofs: Proofs::Signed("I have read this session’s record and find it complete."),
        reason: Reason::None,
        fields: nothing,
        build: |scene, _| {
            Some(Command::Authorise(Authorisation::CloseSession { participant: who(scene)?, session: scene.session }))
        },
    },
];
