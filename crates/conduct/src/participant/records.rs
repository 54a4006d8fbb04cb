//! Forms and everything else that is written down: read, scored, asked about, corrected, struck; never erased.

use crate::{
    case::{Case, Draft},
    decide::FactNo,
    entry::{Entry, ValueChange},
    finding::Unreadable,
    forms::{self, ReadForm},
    names::{Names, mentions},
    state::ParticipantState,
};
use instruments::AlertLevel;
use protocol::model::{Criterion, DeviationClass, Duty, Form, Trigger};
use std::{collections::BTreeMap, sync::Arc};
use terms::{FieldId, FormId, InstanceId, ParticipantId, Value, VisitId};

pub(super) fn unknown_record(instance: &InstanceId, what: &str) -> Unreadable {
    Unreadable {
        field: "instance".to_owned(),
        what: format!("there is no {what} {instance} in this participant's record"),
        mend: "open the record again from the participant's page".to_owned(),
    }
}

pub(super) fn form(
    case: &Case<'_>,
    id: &FormId,
    visit: Option<&VisitId>,
    given: &BTreeMap<FieldId, Value>,
    seen: Option<u32>,
    draft: &mut Draft,
) -> Result<InstanceId, FactNo> {
    let now = case.participant()?.records_at(id, visit);
    if seen.is_some_and(|seen| seen != now) {
        return Err(FactNo::Conflict {
            what: "somebody else has recorded this form meanwhile: look at what stands there now, and correct it if it is \
                   wrong; record yours only if it was filled in a second time"
                .to_owned(),
        });
    }
    if let Some(visit) = visit {
        super::visits::known(case, visit)?;
    }
    let form = known_form(case, id)?;
    let read = forms::read_form(form, given).map_err(FactNo::Unreadable)?;
    born_before(case, &read.values)?;
    let instance = draft.instance();
    let ReadForm { values, scores, alerts, questions } = read;
    draft.participant(Entry::FormRecorded {
        instance: instance.clone(),
        form: id.clone(),
        visit: visit.cloned(),
        values: Arc::new(values),
        scores: Arc::new(scores),
    });
    ask_questions(&instance, questions, draft);
    answer_alerts(case, &instance, &alerts, draft);
    if !may_fill_in(case, form) {
        let detail = format!("{} filled in by somebody who may not", form.title);
        draft.consequence(case, Trigger::WrongPerson, detail, visit, Some(&instance));
    }
    crate::session::ground_check(case, draft);
    Ok(instance)
}

/// Nobody is born after the day on which they say so.
fn born_before(case: &Case<'_>, values: &BTreeMap<FieldId, Value>) -> Result<(), Unreadable> {
    match values.get("date_of_birth") {
        Some(Value::Date(day)) if *day >= case.day => Err(Unreadable {
            field: "date_of_birth".to_owned(),
            what: format!("{day} lies ahead"),
            mend: "look at the year of birth".to_owned(),
        }),
        _ => Ok(()),
    }
}

fn known_form<'a>(case: &Case<'a>, id: &FormId) -> Result<&'a Form, Unreadable> {
    case.study.form(id.as_str()).ok_or_else(|| Unreadable {
        field: "form".to_owned(),
        what: format!("there is no form \"{id}\" in this study"),
        mend: "choose a form of the study version that this participant is on".to_owned(),
    })
}

fn may_fill_in(case: &Case<'_>, form: &Form) -> bool {
    case.actor.roles.iter().any(|role| form.completed_by.contains(role)) || case.actor.roles.is_empty()
}

fn ask_questions(about: &InstanceId, questions: Vec<(String, String)>, draft: &mut Draft) {
    for (check, message) in questions {
        let instance = draft.instance();
        draft.participant(Entry::QuestionRaised { instance, about: about.clone(), check, message });
    }
}

/// A safety answer over the line opens a clock until a named person has acted. Its words never name an arm or dose.
fn answer_alerts(case: &Case<'_>, about: &InstanceId, alerts: &[instruments::Alert], draft: &mut Draft) {
    for alert in alerts {
        match alert.level {
            AlertLevel::Red | AlertLevel::StopDosing => {
                draft.event(case, Trigger::SuicideRisk, &alert.trigger, Duty::Prescribe, Some(about));
            }
            AlertLevel::Amber => {
                let due = case.due_minutes(case.study.due.safety_answer_minutes);
                let title = format!("{}: {}", alert.trigger, alert.action);
                draft.task(title, Duty::Prescribe, due, Trigger::SuicideRisk, Some(about));
            }
            AlertLevel::Review | AlertLevel::Task => {
                let due = case.end_of_day(case.at);
                let title = format!("{}: {}", alert.trigger, alert.action);
                draft.task(title, Duty::Facilitate, due, Trigger::SuicideRisk, Some(about));
            }
        }
    }
}

pub(super) fn correct(
    case: &Case<'_>,
    instance: &InstanceId,
    changes: &BTreeMap<FieldId, Value>,
    seen: u32,
    draft: &mut Draft,
) -> Result<(), FactNo> {
    let participant = case.participant()?;
    let record = participant.forms.get(instance).ok_or_else(|| unknown_record(instance, "form"))?;
    if case.reason.is_none_or(|reason| reason.trim().is_empty()) {
        return Err(Unreadable {
            field: "reason".to_owned(),
            what: "a correction says why".to_owned(),
            mend: "give the reason in a few words".to_owned(),
        }
        .into());
    }
    if record.corrections != seen {
        return Err(FactNo::Conflict {
            what: format!(
                "this form was corrected {} times, and you had seen {seen}: look at what stands there now, then correct again",
                record.corrections
            ),
        });
    }
    if record.struck {
        return Err(Unreadable {
            field: "instance".to_owned(),
            what: "this form was struck".to_owned(),
            mend: "fill in a new one".to_owned(),
        }
        .into());
    }
    let form = known_form(case, &record.form)?;
    let mut values = BTreeMap::clone(&record.values);
    values.extend(changes.iter().map(|(field, value)| (field.clone(), value.clone())));
    let read = forms::read_form(form, &values).map_err(FactNo::Unreadable)?;
    let changed: BTreeMap<FieldId, ValueChange> = read
        .values
        .iter()
        .filter(|(field, value)| record.values.get(*field) != Some(*value))
        .map(|(field, value)| {
            (field.clone(), ValueChange { old: record.values.get(field).cloned(), new: value.clone() })
        })
        .collect();
    if changed.is_empty() {
        return Err(Unreadable {
            field: "changes".to_owned(),
            what: "nothing differs from what stands there".to_owned(),
            mend: "change an answer, or leave the form".to_owned(),
        }
        .into());
    }
    draft.participant(Entry::FormCorrected {
        instance: instance.clone(),
        changes: changed,
        scores: Arc::new(read.scores),
        number: record.corrections + 1,
    });
    ask_questions(instance, read.questions, draft);
    answer_alerts(case, instance, &read.alerts, draft);
    now_ineligible(case, participant, draft);
    crate::session::ground_check(case, draft);
    Ok(())
}

/// A fact that shows that somebody enrolled was not eligible (no waiver: protocol.md §5).
fn now_ineligible(case: &Case<'_>, before: &ParticipantState, draft: &mut Draft) {
    if before.decisions.values().all(|decision| !decision.passed) {
        return;
    }
    // A criterion is lost to this act only if it names a form that the act touches; few do, and few acts touch one.
    let touched = draft.forms_touched(before);
    let asked: Vec<&Criterion> =
        case.study.criteria.iter().filter(|criterion| mentions(&criterion.check, &touched)).collect();
    let passed = |gate: &u8| before.decisions.get(gate).is_some_and(|decision| decision.passed);
    if !asked.iter().any(|criterion| criterion.gates.iter().any(passed)) {
        return;
    }
    let mut after = before.clone();
    draft.apply_to(&mut after);
    for (gate, decision) in before.decisions.iter().filter(|(_, decision)| decision.passed) {
        let names = Names { study: case.study, participant: &after, today: case.day };
        let of_gate = asked.iter().filter(|criterion| criterion.gates.contains(gate));
        let lost: Vec<String> = of_gate
            .map(|criterion| names.criterion(criterion))
            .filter(|found| {
                let then = decision.criteria.iter().find(|c| c.criterion == found.criterion);
                let changed = then.is_some_and(|then| then.evidence != found.evidence);
                changed
                    && found.answer == crate::entry::CriterionAnswer::NotMet
                    && then.is_some_and(|then| then.answer == crate::entry::CriterionAnswer::Met)
                    && corrected_evidence(before, &after, found.evidence.keys())
            })
            .map(|found| found.criterion.to_string())
            .collect();
        if !lost.is_empty() {
            let detail = format!("after a correction gate {gate} would not have been passed: {}", lost.join(", "));
            draft.consequence(case, Trigger::Ineligible, detail, None, None);
        }
    }
}

/// Whether a name's value differs between two states because a form changed, not because time went by.
fn corrected_evidence<'a>(
    before: &ParticipantState,
    after: &ParticipantState,
    mut names: impl Iterator<Item = &'a String>,
) -> bool {
    names.any(|name| {
        name.split('.').any(|part| {
            let (then, now) = (before.latest_form(part), after.latest_form(part));
            then.map(|(_, record)| record) != now.map(|(_, record)| record)
        })
    })
}

pub(super) fn strike(
    case: &Case<'_>,
    instance: &InstanceId,
    belongs_to: Option<&ParticipantId>,
    draft: &mut Draft,
) -> Result<(), FactNo> {
    let participant = case.participant()?;
    let known = participant.forms.contains_key(instance)
        || participant.medications.contains_key(instance)
        || participant.adverse_events.contains_key(instance)
        || participant.documents.contains_key(instance)
        || participant.notes.contains_key(instance)
        || participant.in_a_session(instance);
    if !known {
        return Err(unknown_record(instance, "record").into());
    }
    if case.reason.is_none_or(|reason| reason.trim().is_empty()) {
        return Err(Unreadable {
            field: "reason".to_owned(),
            what: "striking a record says why".to_owned(),
            mend: "give the reason in a few words".to_owned(),
        }
        .into());
    }
    draft.participant(Entry::RecordStruck { instance: instance.clone(), belongs_to: belongs_to.cloned() });
    if belongs_to.is_some() {
        let detail = "a record was made for the wrong participant and is struck here";
        draft.consequence(case, Trigger::WrongParticipant, detail, None, Some(instance));
    }
    now_ineligible(case, participant, draft);
    crate::session::ground_check(case, draft);
    Ok(())
}

pub(super) fn deviation(case: &Case<'_>, text: &str, class: DeviationClass, draft: &mut Draft) -> Result<(), FactNo> {
    case.participant()?;
    words("text", text)?;
    let instance = draft.instance();
    draft.participant(Entry::DeviationRecorded {
        instance,
        code: "DEV-REPORTED".to_owned(),
        title: "Deviation reported by a person".to_owned(),
        class,
        trigger: None,
        detail: text.to_owned(),
        visit: None,
    });
    Ok(())
}

pub(super) fn note(case: &Case<'_>, text: &str, draft: &mut Draft) -> Result<(), FactNo> {
    case.participant()?;
    words("text", text)?;
    let instance = draft.instance();
    draft.participant(Entry::NoteRecorded { instance, text: text.to_owned() });
    Ok(())
}

fn words(field: &str, text: &str) -> Result<(), Unreadable> {
    let length = text.chars().count();
    if (1..=forms::TEXT_MAX).contains(&length) && !text.trim().is_empty() {
        return Ok(());
    }
    Err(Unreadable {
        field: field.to_owned(),
        what: if length == 0 || text.trim().is_empty() {
            "there are no words".to_owned()
        } else {
            format!("{length} characters")
        },
        mend: format!("write 1 to {} characters; longer texts are attached as documents", forms::TEXT_MAX),
    })
}

/// What a document can be. A closed list: a kind in somebody's own words would carry a name into the chain, for ever.
pub const DOCUMENT_KINDS: &[&str] = &["consent", "ecg", "laboratory", "other"];

/// Beyond it a size is a slip, and canonical bytes could not keep it exactly: one tebibyte.
const LARGEST_FILE: u64 = 1_099_511_627_776;

pub(super) fn document(
    case: &Case<'_>,
    kind: &str,
    name: &str,
    sha256: &str,
    bytes: u64,
    visit: Option<&VisitId>,
    draft: &mut Draft,
) -> Result<(), FactNo> {
    case.participant()?;
    if !DOCUMENT_KINDS.contains(&kind) {
        return Err(Unreadable {
            field: "kind".to_owned(),
            what: "this is no kind of document".to_owned(),
            mend: format!("give one of {}", DOCUMENT_KINDS.join(", ")),
        }
        .into());
    }
    if let Some(visit) = visit
        && case.study.visit(visit.as_str()).is_none()
    {
        return Err(Unreadable {
            field: "visit".to_owned(),
            what: format!("there is no visit {visit} in this study"),
            mend: "choose the visit that it belongs to, or none".to_owned(),
        }
        .into());
    }
    if sha256.len() != 64 || !sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Unreadable {
            field: "sha256".to_owned(),
            what: "this is not a SHA-256".to_owned(),
            mend: "give the hash of the file's bytes, 64 hexadecimal digits".to_owned(),
        }
        .into());
    }
    if bytes == 0 || bytes > LARGEST_FILE {
        return Err(Unreadable {
            field: "bytes".to_owned(),
            what: if bytes == 0 {
                "the file is empty".to_owned()
            } else {
                format!("{bytes} bytes is larger than any file")
            },
            mend: "give the size of the file in bytes".to_owned(),
        }
        .into());
    }
    let instance = draft.instance();
    draft.participant(Entry::DocumentAttached {
        instance,
        kind: kind.to_owned(),
        name: plain_name(kind, name),
        sha256: sha256.to_ascii_lowercase(),
        bytes,
        visit: visit.cloned(),
    });
    Ok(())
}

/// What a document is called in the record: its kind, and the ending of the file. People name scans after whom they show,
/// and who the person is stays out of the chain.
fn plain_name(kind: &str, name: &str) -> String {
    /// Longest ending that is one: `jpeg`, `dicom`.
    const ENDING_MAX: usize = 5;
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    match ending.filter(|ending| ending.len() <= ENDING_MAX && ending.bytes().all(|b| b.is_ascii_alphanumeric())) {
        Some(ending) if !ending.is_empty() => format!("{kind}.{ending}"),
        Some(_) | None => kind.to_owned(),
    }
}

pub(super) fn complete_task(case: &Case<'_>, task: &InstanceId, text: &str, draft: &mut Draft) -> Result<(), FactNo> {
    let participant = case.participant()?;
    if !participant.tasks.contains_key(task) && !participant.questions.contains_key(task) {
        return Err(unknown_record(task, "task").into());
    }
    if participant.tasks.get(task).is_some_and(|task| task.done.is_some()) {
        return Err(FactNo::Conflict { what: "somebody has done this task already".to_owned() });
    }
    words("text", text)?;
    let harm = participant.tasks.get(task).is_some_and(|task| task.raised.trigger == Trigger::MayBeHarm);
    if harm && !case.actor.proof.signed {
        return Err(Unreadable {
            field: "signature".to_owned(),
            what: "that something was no adverse event is signed".to_owned(),
            mend: "sign with your PIN, or record the adverse event".to_owned(),
        }
        .into());
    }
    draft.participant(Entry::TaskCompleted { instance: task.clone(), text: text.to_owned() });
    Ok(())
}
