//! Reading answers: each into its field's kind, with its range; and scoring what was read.
//!
//! Out of range is unreadable: it is never clamped, and what was typed goes back to the person. A missing answer is
//! kept as missing, with its reason.

use crate::{
    entry::{ScoreFound, Scores},
    finding::Unreadable,
};
use instruments::{Alert, Responses};
use protocol::{
    expression::Answer,
    model::{Field, FieldKind, Form},
};
use std::collections::BTreeMap;
use terms::{Decimal, FieldId, MissingReason, Value};

/// The longest text that any field takes, in characters; larger input is answered before it is read further.
pub const TEXT_MAX: usize = 20_000;

/// Reads answers into their fields' kinds. Fields that were not given and are required are missing, "not asked".
///
/// # Errors
/// Every answer that can't be read, with its range or form.
pub fn read_values(
    fields: &[Field],
    values: &BTreeMap<FieldId, Value>,
) -> Result<BTreeMap<FieldId, Value>, Vec<Unreadable>> {
    let mut read = Vec::with_capacity(fields.len());
    let mut wrong = Vec::new();
    let mut known = 0;
    for field in fields {
        match values.get(&field.id) {
            Some(value) => {
                known += 1;
                match read_value(field, value) {
                    Ok(value) => read.push((field.id.clone(), value)),
                    Err(unreadable) => wrong.push(unreadable),
                }
            }
            None if field.required => read.push((field.id.clone(), Value::Missing(MissingReason::NotAsked))),
            None => {}
        }
    }
    // Looked for only where something was given that no field took: nearly never.
    if known < values.len() {
        let strange = values.keys().filter(|id| !fields.iter().any(|field| field.id == **id));
        wrong.extend(strange.map(|id| unknown_field(id, fields)));
    }
    if wrong.is_empty() {
        return Ok(read.into_iter().collect());
    }
    wrong.sort_by(|one, other| one.field.cmp(&other.field));
    Err(wrong)
}

fn unknown_field(id: &FieldId, fields: &[Field]) -> Unreadable {
    let known: Vec<&str> = fields.iter().take(12).map(|field| field.id.as_str()).collect();
    Unreadable {
        field: id.to_string(),
        what: format!("there is no field \"{id}\" here"),
        mend: format!("the fields are {}{}", known.join(", "), if fields.len() > 12 { ", …" } else { "" }),
    }
}

fn read_value(field: &Field, value: &Value) -> Result<Value, Unreadable> {
    if value.is_missing() {
        return Ok(value.clone());
    }
    let wrong = |what: String, mend: String| Unreadable { field: field.id.to_string(), what, mend };
    match &field.kind {
        FieldKind::Integer { min, max, unit } => {
            let number = number_of(value).filter(|number| number.is_whole()).ok_or_else(|| {
                wrong(format!("\"{value}\" is not a whole number"), format!("type a number from {min} to {max} {unit}"))
            })?;
            if number < Decimal::whole(*min) || number > Decimal::whole(*max) {
                return Err(wrong(
                    format!("{number} is outside {min} to {max} {unit}"),
                    "check the measurement or the unit, then type it again".to_owned(),
                ));
            }
            Ok(Value::Integer(number.trunc()))
        }
        FieldKind::Decimal { min, max, unit } => {
            let number = number_of(value).ok_or_else(|| {
                wrong(format!("\"{value}\" is not a number"), format!("type a number from {min} to {max} {unit}"))
            })?;
            if number < *min || number > *max {
                return Err(wrong(
                    format!("{number} is outside {min} to {max} {unit}"),
                    "check the measurement or the unit, then type it again".to_owned(),
                ));
            }
            Ok(Value::Decimal(number))
        }
        FieldKind::YesNo => yes_no(value)
            .map(Value::Bool)
            .ok_or_else(|| wrong(format!("\"{value}\" is neither yes nor no"), "answer yes or no".to_owned())),
        FieldKind::Choice { options } => match value.as_text() {
            Some(code) if options.iter().any(|option| option.code == code) => Ok(value.clone()),
            Some(_) | None => {
                let codes: Vec<&str> = options.iter().map(|option| option.code.as_str()).collect();
                Err(wrong(
                    format!("\"{value}\" is not one of the choices"),
                    format!("choose one of {}", codes.join(", ")),
                ))
            }
        },
        FieldKind::Date => {
            let day = match value {
                Value::Date(day) => Some(*day),
                _ => value.as_text().and_then(|text| text.trim().parse().ok()),
            };
            match day {
                Some(day) if impossible(day) => {
                    Err(wrong(format!("{day} is not a day that anybody here lives in"), "look at the year".to_owned()))
                }
                Some(day) => Ok(Value::Date(day)),
                None => {
                    Err(wrong(format!("\"{value}\" is not a day of the calendar"), "write it as 2025-03-31".to_owned()))
                }
            }
        }
        FieldKind::Time => match value {
            Value::Time(_) => Ok(value.clone()),
            _ => value.as_text().and_then(|text| text.trim().parse().ok()).map(Value::Time).ok_or_else(|| {
                wrong(format!("\"{value}\" is not a time of day"), "write it as 09:05 or 23:40".to_owned())
            }),
        },
        FieldKind::Text { max_length } => match value {
            Value::Text(text) if text.chars().count() <= *max_length as usize => Ok(value.clone()),
            Value::Text(text) => Err(wrong(
                format!("the text has {} characters, at most {max_length} fit", text.chars().count()),
                "shorten it, or put the rest into a note".to_owned(),
            )),
            other => Ok(Value::Text(other.to_string())),
        },
    }
}

/// Whether a day lies where nobody who is alive was, or will be.
pub(crate) fn impossible(day: jiff::civil::Date) -> bool {
    !(1900..=2199).contains(&day.year())
}

fn number_of(value: &Value) -> Option<Decimal> {
    value.as_decimal().or_else(|| value.as_text()?.parse().ok())
}

fn yes_no(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(answer) => Some(*answer),
        Value::Text(text) => match text.as_str() {
            "yes" | "true" => Some(true),
            "no" | "false" => Some(false),
            _ => None,
        },
        Value::Integer(1) => Some(true),
        Value::Integer(0) => Some(false),
        _ => None,
    }
}

/// A form's answers, read and scored.
#[derive(Debug, Default)]
pub struct ReadForm {
    /// Answers by field.
    pub values: BTreeMap<FieldId, Value>,
    /// Scores and decisions by name.
    pub scores: Scores,
    /// Safety triggers of the instrument.
    pub alerts: Vec<Alert>,
    /// Edit checks that ask a question: id and message.
    pub questions: Vec<(String, String)>,
}

/// Reads and scores a form's answers. For an instrument, fields are its items (by number), `related_N` is CAPS-5's
/// trauma-relatedness of item N, `work_not_applicable` is the SDS's mark; the form's own fields stand beside them.
///
/// # Errors
/// Every answer that can't be read.
pub fn read_form(form: &Form, given: &BTreeMap<FieldId, Value>) -> Result<ReadForm, Vec<Unreadable>> {
    let mut read = match &form.instrument {
        Some(id) => read_instrument(form, id, given)?,
        None => ReadForm { values: read_values(&form.fields, given)?, ..ReadForm::default() },
    };
    for field in form.fields.iter().filter(|field| field.required) {
        if read.values.get(&field.id).is_none_or(|v| *v == Value::Missing(MissingReason::NotAsked)) {
            read.questions.push((
                format!("required.{}", field.id),
                format!("{} was not answered: give the answer, or why there is none", field.label),
            ));
        }
    }
    for check in &form.checks {
        let answer = check.check.evaluate(&|name| {
            read.values
                .get(name)
                .filter(|value| !value.is_missing())
                .cloned()
                .or_else(|| read.scores.get(name)?.value.clone())
        });
        if answer == Answer::No {
            read.questions.push((check.id.clone(), check.message.clone()));
        }
    }
    Ok(read)
}

fn read_instrument(form: &Form, id: &str, given: &BTreeMap<FieldId, Value>) -> Result<ReadForm, Vec<Unreadable>> {
    let Some(instrument) = instruments::find(id) else {
        return Err(vec![Unreadable {
            field: "form".to_owned(),
            what: format!("the form's instrument \"{id}\" is not known to this program"),
            mend: "load a study version that this program can score".to_owned(),
        }]);
    };
    let mut own = BTreeMap::new();
    let mut answers: Vec<(&str, &Value)> = Vec::with_capacity(given.len());
    let mut responses = Responses::new();
    let mut wrong = Vec::new();
    for (field, value) in given {
        if form.fields.iter().any(|own| own.id == *field) {
            own.insert(field.clone(), value.clone());
        } else if let Some(item) = field.as_str().strip_prefix("related_") {
            match value.as_text().and_then(instruments::TraumaRelated::parse) {
                Some(related) => {
                    responses.trauma_related.insert(item.to_owned(), related);
                }
                None if value.is_missing() => {}
                None => wrong.push(Unreadable {
                    field: field.to_string(),
                    what: format!("\"{value}\" does not say whether it is trauma-related"),
                    mend: "answer definite, probable or unlikely".to_owned(),
                }),
            }
        } else if field.as_str() == "work_not_applicable" {
            responses.work_not_applicable = yes_no(value).unwrap_or(false);
        } else {
            answers.push((field.as_str(), value));
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let own = if form.fields.is_empty() { own } else { read_values(&form.fields, &own)? };
    let mut scored = instruments::score_answers(instrument, &mut answers.into_iter(), &responses).map_err(|all| {
        all.into_iter()
            .map(|unscorable| Unreadable {
                field: item_key(&unscorable.item).to_owned(),
                what: format!("{}: {} is not {}", unscorable.item, unscorable.found, unscorable.needed),
                mend: unscorable.mend,
            })
            .collect::<Vec<_>>()
    })?;
    let mut values: BTreeMap<FieldId, Value> = given.clone();
    values.extend(own);
    let alerts = std::mem::take(&mut scored.alerts);
    Ok(ReadForm { values, scores: scores_of(scored), alerts, questions: Vec::new() })
}

/// The item's number out of "item 9 (negative beliefs)"; anything else as it stands.
fn item_key(item: &str) -> &str {
    item.strip_prefix("item ").and_then(|rest| rest.split(' ').next()).unwrap_or(item)
}

fn scores_of(scored: instruments::Scored) -> Scores {
    let of_score = |score: instruments::Score| {
        let found =
            ScoreFound { value: score.value.map(Value::Decimal), method: score.method.word().into(), band: score.band };
        (score.name, found)
    };
    let of_decision = |decision: instruments::Decision| {
        let value = truth_of(decision.answer);
        let method = if value.is_some() { "decided" } else { "indeterminate" };
        (decision.name, ScoreFound { value, method: method.into(), band: None })
    };
    let of_text = |text: instruments::Text| {
        let value = text.value.map(|word| Value::Text(word.into_owned()));
        (text.name, ScoreFound { value, method: "derived".into(), band: None })
    };
    let scores = scored.scores.into_iter().map(of_score);
    let decisions = scored.decisions.into_iter().map(of_decision);
    scores.chain(decisions).chain(scored.texts.into_iter().map(of_text)).collect()
}

const fn truth_of(answer: instruments::Truth) -> Option<Value> {
    match answer {
        instruments::Truth::Yes => Some(Value::Bool(true)),
        instruments::Truth::No => Some(Value::Bool(false)),
        instruments::Truth::Indeterminate => None,
    }
}
