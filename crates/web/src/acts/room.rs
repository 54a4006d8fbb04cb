//! Acts of the session's room: corrections, handing over, emergency cards, the call-out list, alarms, signatures.

use conduct::{Command, Fact};
use terms::InstanceId;

use super::session::{coded, codes, confirmed_field, measured, measures, who};
use super::{Act, Kind, Proofs, Reason, Scene, Scope, nothing};
use crate::answers;
use crate::parts::field::{Choice, Control, Field};

fn contacts(scene: &Scene<'_>) -> Field {
    let contacts = &scene.study.session.room.contacts;
    let options = contacts.iter().map(|contact| Choice::new(&contact.id, &contact.label)).collect();
    Field::new("contact", "Who was called", Control::Select { options }).value(scene.about.clone())
}

fn cards(scene: &Scene<'_>) -> Field {
    let options = scene.study.session.room.cards.iter().map(|card| Choice::new(&card.id, &card.title)).collect();
    Field::new("card", "What is happening", Control::Select { options }).value(scene.about.clone())
}

/// The card as it was opened that the address names.
fn opened<'a>(scene: &Scene<'a>) -> Option<&'a conduct::state::CardOpen> {
    let state = scene.participant?.sessions.get(&scene.session)?;
    state.cards.iter().find(|(instance, _)| instance.as_str() == scene.about).map(|(_, card)| card)
}

fn record_of(scene: &Scene<'_>) -> Option<InstanceId> {
    (!scene.about.is_empty()).then(|| InstanceId::from(scene.about.as_str()))
}

/// Acts in the room of one dosing session.
pub const ACTS: &[Act] = &[
    Act {
        key: "correct-reading",
        scope: Scope::Session,
        kind: Kind::Fact,
        title: "Correct a reading",
        intro: "What stood there stays readable beside it. Only what was wrong is typed.",
        button: "Correct the reading",
        proofs: Proofs::SignedIn,
        reason: Reason::Asked("Why"),
        fields: |scene| {
            let mut fields = measures(scene);
            fields.push(confirmed_field());
            fields
        },
        build: |scene, reader| {
            Some(Command::Fact(Fact::CorrectReading {
                participant: who(scene)?,
                session: scene.session,
                reading: record_of(scene)?,
                measures: measured(scene, reader),
                confirmed: reader.form().ticked("confirmed"),
            }))
        },
    },
    Act {
        key: "correct-note",
        scope: Scope::Session,
        kind: Kind::Fact,
        title: "Correct a line of the timeline",
        intro: "What stood there stays readable beside it.",
        button: "Correct the line",
        proofs: Proofs::SignedIn,
        reason: Reason::Asked("Why"),
        fields: |scene| {
            let state = scene.participant.and_then(|p| p.sessions.get(&scene.session));
            let note = state.and_then(|state| state.notes.iter().find(|note| note.instance.as_str() == scene.about));
            let value = note.map(|note| match &note.detail {
                Some(detail) => format!("{}:{detail}", note.code),
                None => note.code.clone(),
            });
            let number = note.and_then(|note| note.number).map(|n| n.to_string());
            vec![
                Field::new("code", "What", Control::Select { options: codes(scene) }).value(value.unwrap_or_default()),
                Field::new(
                    "number",
                    "Its number, where it carries one",
                    Control::Number { unit: String::new(), decimal: true },
                )
                .value(number.unwrap_or_default())
                .optional(),
                Field::new("text", "In words", Control::Text { rows: 2 })
                    .value(note.and_then(|note| note.text.clone()).unwrap_or_default())
                    .optional(),
            ]
        },
        build: |scene, reader| {
            let (code, detail) = coded(reader);
            let number = if reader.form().text("number").is_empty() { None } else { reader.decimal("number", "") };
            Some(Command::Fact(Fact::CorrectSessionNote {
                participant: who(scene)?,
                session: scene.session,
                note: record_of(scene)?,
                code,
                number,
                detail,
                text: reader.maybe("text"),
            }))
        },
    },
    Act {
        key: "strike-line",
        scope: Scope::Session,
        kind: Kind::Fact,
        title: "Strike a line through",
        intro: "It did not happen, or not here. It stays in the record and in the report, struck through.",
        button: "Strike it through",
        proofs: Proofs::SignedIn,
        reason: Reason::Asked("Why"),
        fields: nothing,
        build: |scene, _| {
            Some(Command::Fact(Fact::StrikeRecord {
                participant: who(scene)?,
                instance: record_of(scene)?,
                belongs_to: None,
            }))
        },
    },
    Act {
        key: "handover",
        scope: Scope::Session,
        kind: Kind::Fact,
        title: "Hand over",
        intro: "The one who is in the room goes out, the other comes in, in the same moment.",
        button: "Hand over",
        proofs: Proofs::Two("I hand over, or I take over.", "I take over, or I hand over."),
        reason: Reason::None,
        fields: nothing,
        build: |scene, _| {
            Some(Command::Fact(Fact::RecordHandover { participant: who(scene)?, session: scene.session }))
        },
    },
    Act {
        key: "open-card",
        scope: Scope::Session,
        kind: Kind::Fact,
        title: "Open an emergency card",
        intro: "What stands on it is happening. It is an alarm, and its steps are ticked off with their times.",
        button: "Open the card",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: |scene| vec![cards(scene)],
        build: |scene, reader| {
            let card = reader.needed("card", "Choose what is happening.");
            Some(Command::Fact(Fact::OpenCard { participant: who(scene)?, session: scene.session, card }))
        },
    },
    Act {
        key: "tick-card",
        scope: Scope::Session,
        kind: Kind::Fact,
        title: "A step of the card is done",
        intro: "",
        button: "Done",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: |scene| {
            let steps = opened(scene).map(|card| card.steps.as_slice()).unwrap_or_default();
            let options = steps.iter().enumerate().map(|(n, step)| Choice::new(n.to_string(), step.as_str())).collect();
            vec![Field::new("step", "Step", Control::Choice { options })]
        },
        build: |scene, reader| {
            let step = reader.whole("step", "Choose the step.");
            Some(Command::Fact(Fact::TickCard {
                participant: who(scene)?,
                session: scene.session,
                card: record_of(scene)?,
                step: step?,
            }))
        },
    },
    Act {
        key: "close-card",
        scope: Scope::Session,
        kind: Kind::Fact,
        title: "It is over: close the card",
        intro: "",
        button: "Close the card",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: |_| vec![Field::new("text", "How it ended", Control::Text { rows: 2 })],
        build: |scene, reader| {
            let text = reader.needed("text", "Say how it ended.");
            Some(Command::Fact(Fact::CloseCard {
                participant: who(scene)?,
                session: scene.session,
                card: record_of(scene)?,
                text,
            }))
        },
    },
    Act {
        key: "call-contact",
        scope: Scope::Session,
        kind: Kind::Fact,
        title: "Somebody was called",
        intro: "Who was reached has the alarm.",
        button: "Record the call",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: |scene| {
            vec![
                contacts(scene),
                Field::new("reached", "Spoken to?", Control::Choice { options: answers::yes_no() }),
                Field::new("text", "What was said", Control::Text { rows: 2 }).optional(),
            ]
        },
        build: |scene, reader| {
            let contact = reader.needed("contact", "Choose who was called.");
            let reached = reader.yes_no("reached", "Say whether they were spoken to.");
            let alarm = reader.maybe("alarm").map(InstanceId::from);
            Some(Command::Fact(Fact::CallContact {
                participant: who(scene)?,
                session: scene.session,
                contact,
                reached: reached?,
                alarm,
                text: reader.maybe("text"),
            }))
        },
    },
    Act {
        key: "acknowledge",
        scope: Scope::Session,
        kind: Kind::Fact,
        title: "I have this alarm",
        intro: "You see to it.",
        button: "I have it",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: nothing,
        build: |scene, _| {
            Some(Command::Fact(Fact::AcknowledgeAlarm {
                participant: who(scene)?,
                session: scene.session,
                alarm: record_of(scene)?,
            }))
        },
    },
    Act {
        key: "record-alarms",
        scope: Scope::Session,
        kind: Kind::Fact,
        title: "Write down what time has brought",
        intro: "Measurements overdue, too few carers for too long, an alarm that nobody took. An open room does so by itself.",
        button: "Write it down",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: nothing,
        build: |scene, _| Some(Command::Fact(Fact::RecordAlarms { participant: who(scene)?, session: scene.session })),
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
];
