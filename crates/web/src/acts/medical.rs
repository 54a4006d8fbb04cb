//! Acts about medicines, adverse events, deviations, notes: facts that can be written down at every point.

use conduct::command::{AdverseEventReport, MedicineReport};
use conduct::{Command, Fact};
use protocol::model::Trigger;
use terms::{InstanceId, ParticipantId};

use super::reader::{Reader, Wrong};
use super::{Act, Kind, Proofs, Reason, Scene, Scope, choices};
use crate::parts::field::{Choice, Control, Field, LineKind};

const SEVERITIES: &[(&str, &str)] =
    &[("mild", "Mild: no limit on activity"), ("moderate", "Moderate: some limit"), ("severe", "Severe: unable")];

pub const SERIOUS: &[(&str, &str)] = &[
    ("death", "Death"),
    ("life_threatening", "Life-threatening"),
    ("hospitalisation", "Hospital stay, or a longer one"),
    ("disability", "Disability"),
    ("congenital_anomaly", "Congenital anomaly"),
    ("important", "Otherwise medically important"),
];

const CAUSALITY: &[(&str, &str)] = &[
    ("not_related", "Not related"),
    ("unlikely", "Unlikely"),
    ("possible", "Possible"),
    ("probable", "Probable"),
    ("definite", "Definite"),
];

const VALENCE: &[(&str, &str)] =
    &[("negative", "Unpleasant"), ("positive", "Pleasant"), ("neutral", "Neither"), ("mixed", "Both")];

const OUTCOMES: &[(&str, &str)] = &[
    ("recovered", "Recovered"),
    ("recovering", "Recovering"),
    ("not_recovered", "Not recovered"),
    ("sequelae", "Recovered with lasting effects"),
    ("fatal", "Fatal"),
    ("unknown", "Not known"),
];

const DEVIATION_CLASSES: &[(&str, &str)] =
    &[("minor", "Minor"), ("important", "Important: may touch rights, safety or the primary outcome")];

fn who(scene: &Scene<'_>) -> Option<ParticipantId> {
    scene.participant.map(|p| p.id.clone())
}

fn line(name: &str, label: &str) -> Field {
    Field::new(name, label, Control::Line { kind: LineKind::Text })
}

fn day(value: Option<jiff::civil::Date>) -> String {
    value.map(|d| d.to_string()).unwrap_or_default()
}

/// The code of a value in a closed list of the command.
fn code_of(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

fn medicine_fields(scene: &Scene<'_>) -> Vec<Field> {
    let known = scene.participant.and_then(|p| p.medications.get(scene.about.as_str())).map(|m| m.medicine.clone());
    let text = |pick: fn(&MedicineReport) -> &String| known.as_ref().map(|m| pick(m).clone()).unwrap_or_default();
    let date = |pick: fn(&MedicineReport) -> Option<jiff::civil::Date>| day(known.as_ref().and_then(pick));
    vec![
        line("name", "Generic name").hint("Small letters, as sertraline.").value(text(|m| &m.name)),
        line("dose", "Dose").hint("As 50 mg daily.").value(text(|m| &m.dose)),
        line("indication", "What for").value(text(|m| &m.indication)),
        Field::new("started", "First day", Control::Date).value(date(|m| m.started)).optional(),
        Field::new("taper_started", "First day of the taper", Control::Date)
            .value(date(|m| m.taper_started))
            .optional(),
        Field::new("last_dose", "Day of the last dose, as the participant says", Control::Date)
            .hint("Leave empty while it is taken. The washout is counted from this day.")
            .value(date(|m| m.last_dose))
            .optional(),
        Field::new("last_change", "Last day on which the dose changed", Control::Date)
            .value(date(|m| m.last_change))
            .optional(),
        Field::new("rescue", "Taken as rescue during a session or a taper", Control::Tick)
            .value(if known.as_ref().is_some_and(|m| m.rescue) { "yes" } else { "" }),
    ]
}

fn medicine(reader: &mut Reader<'_>) -> MedicineReport {
    MedicineReport {
        name: reader.needed("name", "Give the generic name.").to_lowercase(),
        dose: reader.needed("dose", "Give the dose, or “not known”."),
        indication: reader.needed("indication", "Say what it is for, or “not known”."),
        started: reader.maybe_date("started"),
        taper_started: reader.maybe_date("taper_started"),
        last_dose: reader.maybe_date("last_dose"),
        last_change: reader.maybe_date("last_change"),
        rescue: reader.form().ticked("rescue"),
    }
}

fn event_fields(scene: &Scene<'_>) -> Vec<Field> {
    let known = scene.participant.and_then(|p| p.adverse_events.get(scene.about.as_str())).map(|e| e.event.clone());
    let code = |pick: fn(&AdverseEventReport) -> String| known.as_ref().map(pick).unwrap_or_default();
    let serious: Vec<String> = known.iter().flat_map(|e| &e.serious).map(code_of).collect();
    let mut fields = vec![
        line("term", "What it was, in the reporter’s words").value(code(|e| e.term.clone())),
        Field::new("onset", "First day", Control::Date).value(code(|e| e.onset.to_string())),
        Field::new("ended", "Last day", Control::Date)
            .hint("Leave empty while it goes on.")
            .value(code(|e| day(e.ended)))
            .optional(),
        Field::new("severity", "How strong", Control::Choice { options: choices(SEVERITIES) })
            .value(code(|e| code_of(&e.severity))),
        Field::new("related", "May the medicine have caused it?", Control::Choice { options: choices(CAUSALITY) })
            .value(code(|e| code_of(&e.related))),
        Field::new("valence", "How it was for the participant", Control::Choice { options: choices(VALENCE) })
            .hint("It never decides whether this is an adverse event.")
            .value(code(|e| code_of(&e.valence))),
        Field::new("outcome", "What became of it", Control::Choice { options: choices(OUTCOMES) })
            .value(code(|e| code_of(&e.outcome))),
        Field::new("session", "Session after which it came", Control::Number { unit: String::new(), decimal: false })
            .value(code(|e| e.session.map(|n| n.to_string()).unwrap_or_default()))
            .optional(),
        line("special_interest", "Of special interest: which kind")
            .value(code(|e| e.special_interest.clone().unwrap_or_default()))
            .optional(),
        Field::new("serious", "Is it serious? Tick each ground", Control::Ticks { options: choices(SERIOUS) })
            .hint("Leave all open if it is not serious.")
            .value(serious.join(",")),
    ];
    fields.extend(questions(scene));
    fields
}

/// Lines of a session of which somebody has to say whether they were an adverse event, and that this one answers. The one
/// from which the person comes is ticked.
fn questions(scene: &Scene<'_>) -> Option<Field> {
    let open: Vec<Choice> = scene
        .participant?
        .tasks
        .iter()
        .filter(|(_, task)| task.done.is_none() && task.raised.trigger == Trigger::MayBeHarm)
        .map(|(id, task)| Choice::new(id.as_str(), task.raised.title.as_str()))
        .collect();
    if open.is_empty() {
        return None;
    }
    let asked = if open.iter().any(|choice| choice.code == scene.about) { scene.about.clone() } else { String::new() };
    let field = Field::new("answers", "Which questions of a session does it answer?", Control::Ticks { options: open });
    Some(field.hint("A session can’t be closed while one of them is open.").value(asked).optional())
}

fn event(reader: &mut Reader<'_>) -> Option<AdverseEventReport> {
    let term = reader.needed("term", "Say what it was.");
    let onset = reader.date("onset", "Give the first day.");
    let ended = reader.maybe_date("ended");
    let severity = reader.one_of("severity", "Say how strong it was.");
    let related = reader.one_of("related", "Say whether the medicine may have caused it.");
    let valence = reader.one_of("valence", "Say how it was for the participant.");
    let outcome = reader.one_of("outcome", "Say what became of it.");
    let session = reader.maybe_whole("session");
    let special_interest = reader.maybe("special_interest");
    let answers = reader.form().all("answers").map(InstanceId::from).collect();
    let ticked = reader.form().all("serious");
    let serious = ticked.filter_map(|code| serde_json::from_value(serde_json::Value::from(code)).ok()).collect();
    Some(AdverseEventReport {
        term,
        onset: onset?,
        ended,
        severity: severity?,
        serious,
        related: related?,
        session,
        valence: valence?,
        special_interest,
        outcome: outcome?,
        answers,
    })
}

/// Acts about what happens to the participant beside visits.
pub const ACTS: &[Act] = &[
    Act {
        key: "medicine",
        scope: Scope::Participant,
        kind: Kind::Fact,
        title: "Record a medicine",
        intro: "Past or present. The study’s rule for its class and the end of its washout are computed from it.",
        button: "Record medicine",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: medicine_fields,
        build: |scene, reader| {
            let medicine = medicine(reader);
            Some(Command::Fact(Fact::RecordMedication { participant: who(scene)?, medicine }))
        },
    },
    Act {
        key: "update-medicine",
        scope: Scope::Participant,
        kind: Kind::Fact,
        title: "More is known of a medicine",
        intro: "What stood there before stays readable.",
        button: "Record what is known now",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: medicine_fields,
        build: |scene, reader| {
            let medicine = medicine(reader);
            let instance = InstanceId::from(scene.about.as_str());
            Some(Command::Fact(Fact::UpdateMedication { participant: who(scene)?, instance, medicine }))
        },
    },
    Act {
        key: "adverse-event",
        scope: Scope::Participant,
        kind: Kind::Fact,
        title: "Record an adverse event",
        intro: "Anything unfavourable or new, whatever its cause; pleasant ones too. If it is serious, the clocks start at once.",
        button: "Record adverse event",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: event_fields,
        build: |scene, reader| {
            let event = event(reader)?;
            Some(Command::Fact(Fact::RecordAdverseEvent { participant: who(scene)?, event }))
        },
    },
    Act {
        key: "update-adverse-event",
        scope: Scope::Participant,
        kind: Kind::Fact,
        title: "More is known of an adverse event",
        intro: "What stood there before stays readable.",
        button: "Record what is known now",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: event_fields,
        build: |scene, reader| {
            let event = event(reader)?;
            let instance = InstanceId::from(scene.about.as_str());
            Some(Command::Fact(Fact::UpdateAdverseEvent { participant: who(scene)?, instance, event }))
        },
    },
    Act {
        key: "deviation",
        scope: Scope::Participant,
        kind: Kind::Fact,
        title: "Record a deviation",
        intro: "Something was not done as the protocol says.",
        button: "Record deviation",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: |_| {
            vec![
                Field::new("text", "What happened", Control::Text { rows: 4 }),
                Field::new("class", "How grave", Control::Choice { options: choices(DEVIATION_CLASSES) }),
            ]
        },
        build: |scene, reader| {
            let text = reader.needed("text", "Say what happened.");
            let class = reader.one_of("class", "Say how grave it is.");
            Some(Command::Fact(Fact::RecordDeviation { participant: who(scene)?, text, class: class? }))
        },
    },
    Act {
        key: "note",
        scope: Scope::Participant,
        kind: Kind::Fact,
        title: "Write a note",
        intro: "No names of people or places. It can be struck through later, never erased.",
        button: "Record note",
        proofs: Proofs::SignedIn,
        reason: Reason::None,
        fields: |_| vec![Field::new("text", "Note", Control::Text { rows: 5 })],
        build: |scene, reader| {
            let text = reader.needed("text", "Write the note.");
            Some(Command::Fact(Fact::RecordNote { participant: who(scene)?, text }))
        },
    },
];

/// Says that a document's upload was not a document.
pub fn document_wrong(words: &str) -> Wrong {
    Wrong::new("file", words)
}
