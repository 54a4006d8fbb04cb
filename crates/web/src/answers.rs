//! Fields of the study's forms and checks: drawn from their kind, and read back into values of that kind.

use std::collections::BTreeMap;

use protocol::model::{Field as StudyField, FieldKind};
use terms::{FieldId, MissingReason, Value};

use crate::acts::reader::{self, Reader};
use crate::parts::field::{Choice, Control, Field, LineKind};

/// Yes and no.
pub fn yes_no() -> Vec<Choice> {
    vec![Choice::new("yes", "Yes"), Choice::new("no", "No")]
}

/// Why an answer is missing, for the choice beside it.
pub fn missing_reasons() -> Vec<Choice> {
    [
        MissingReason::NotAsked,
        MissingReason::Declined,
        MissingReason::Unknown,
        MissingReason::NotApplicable,
        MissingReason::Lost,
    ]
    .into_iter()
    .map(|reason| Choice::new(missing_code(reason), format!("No answer: {}", reason.words())))
    .collect()
}

fn missing_code(reason: MissingReason) -> String {
    serde_json::to_value(reason).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// How a kind of answer is asked for.
pub fn control(kind: &FieldKind) -> Control {
    match kind {
        FieldKind::Integer { unit, .. } => Control::Number { unit: unit.clone(), decimal: false },
        FieldKind::Decimal { unit, .. } => Control::Number { unit: unit.clone(), decimal: true },
        FieldKind::YesNo => Control::Choice { options: yes_no() },
        FieldKind::Choice { options } => {
            let options: Vec<Choice> = options.iter().map(|o| Choice::new(&o.code, &o.label)).collect();
            if options.len() > 7 { Control::Select { options } } else { Control::Choice { options } }
        }
        FieldKind::Date => Control::Date,
        FieldKind::Time => Control::Time,
        FieldKind::Text { max_length } if *max_length <= 120 => Control::Line { kind: LineKind::Text },
        FieldKind::Text { .. } => Control::Text { rows: 3 },
    }
}

/// The range in words, as a hint: `30.0 to 250.0 kg.`
pub fn range(kind: &FieldKind) -> String {
    let with_unit = |low: String, high: String, unit: &str| {
        if unit.is_empty() { format!("{low} to {high}.") } else { format!("{low} to {high} {unit}.") }
    };
    match kind {
        FieldKind::Integer { min, max, unit } => with_unit(min.to_string(), max.to_string(), unit),
        FieldKind::Decimal { min, max, unit } => with_unit(min.to_string(), max.to_string(), unit),
        FieldKind::Text { max_length } => format!("At most {max_length} characters."),
        FieldKind::YesNo | FieldKind::Choice { .. } | FieldKind::Date | FieldKind::Time => String::new(),
    }
}

/// A field of the study, ready to be answered. Its name in the form is `prefix` and its id.
pub fn field(prefix: &str, field: &StudyField) -> Field {
    let hint = match (field.hint.as_deref().unwrap_or(""), range(&field.kind).as_str()) {
        ("", range) => range.to_owned(),
        (words, "") => words.to_owned(),
        (words, range) => format!("{words} {range}"),
    };
    let mut drawn = Field::new(&format!("{prefix}{}", field.id), &field.label, control(&field.kind)).hint(hint);
    drawn.optional = !field.required;
    drawn
}

/// What a value looks like in its field.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Missing(_) => String::new(),
        other => other.to_string(),
    }
}

/// One typed answer as a value of its kind; `None` where it was left open.
pub fn value(kind: &FieldKind, text: &str) -> Result<Option<Value>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let value = match kind {
        FieldKind::Integer { min, max, .. } => {
            let number: i64 = text.parse().map_err(|_| format!("“{text}” is not a whole number. Digits only."))?;
            if number < *min || number > *max {
                return Err(format!("{text} is outside {min} to {max}. Check it, then type it again."));
            }
            Value::Integer(number)
        }
        FieldKind::Decimal { min, max, .. } => {
            let number = reader::decimal(text)?;
            if number < *min || number > *max {
                return Err(format!("{text} is outside {min} to {max}. Check it, then type it again."));
            }
            Value::Decimal(number)
        }
        FieldKind::YesNo => match text {
            "yes" => Value::Bool(true),
            "no" => Value::Bool(false),
            other => return Err(format!("“{other}” is neither yes nor no.")),
        },
        FieldKind::Choice { options } => {
            if !options.iter().any(|option| option.code == text) {
                return Err(format!("“{text}” is not one of the choices."));
            }
            Value::Text(text.to_owned())
        }
        FieldKind::Date => Value::Date(reader::date(text)?),
        FieldKind::Time => Value::Time(reader::time(text)?),
        FieldKind::Text { max_length } => {
            let length = text.chars().count();
            if length > *max_length as usize {
                return Err(format!("{length} characters; at most {max_length} fit. Shorten it."));
            }
            Value::Text(text.to_owned())
        }
    };
    Ok(Some(value))
}

/// Reads the answers of some fields. An open answer with a reason beside it (`prefix` + id + `.missing`) is that
/// reason; without one it is left out, and the rules say whether it was needed.
pub fn read(prefix: &str, fields: &[StudyField], reader: &mut Reader<'_>) -> BTreeMap<FieldId, Value> {
    let mut values = BTreeMap::new();
    for field in fields {
        let name = format!("{prefix}{}", field.id);
        let typed = reader.form().text(&name).to_owned();
        match value(&field.kind, &typed) {
            Ok(Some(value)) => {
                values.insert(field.id.clone(), value);
            }
            Ok(None) => {
                if let Some(reason) = missing(reader, &name) {
                    values.insert(field.id.clone(), Value::Missing(reason));
                }
            }
            Err(words) => reader.wrong(&name, format!("{}: {words}", field.label)),
        }
    }
    values
}

/// The reason why an answer is missing, where one was chosen.
pub fn missing(reader: &mut Reader<'_>, name: &str) -> Option<MissingReason> {
    reader.maybe_one_of(&format!("{name}.missing"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::pairs::Pairs;
    use jiff::tz::TimeZone;
    use terms::Decimal;

    fn kind(text: &str) -> FieldKind {
        match text {
            "integer" => FieldKind::Integer { min: 30, max: 220, unit: "per minute".into() },
            "decimal" => FieldKind::Decimal { min: Decimal::whole(30), max: Decimal::whole(250), unit: "kg".into() },
            "yes_no" => FieldKind::YesNo,
            "date" => FieldKind::Date,
            "time" => FieldKind::Time,
            _ => FieldKind::Text { max_length: 5 },
        }
    }

    #[test]
    fn typed_answers() {
        for (of, typed, wanted) in [
            ("integer", "72", Ok(Some("72"))),
            ("integer", "720", Err("720 is outside 30 to 220. Check it, then type it again.")),
            ("integer", "7o", Err("“7o” is not a whole number. Digits only.")),
            ("integer", "", Ok(None)),
            ("decimal", "71,2", Ok(Some("71.2"))),
            ("decimal", "712", Err("712 is outside 30 to 250. Check it, then type it again.")),
            ("yes_no", "yes", Ok(Some("yes"))),
            ("yes_no", "maybe", Err("“maybe” is neither yes nor no.")),
            (
                "date",
                "2025-02-29",
                Err("“2025-02-29” is not a day of the calendar. Year, month and day, as 2025-04-10."),
            ),
            ("time", "25:00", Err("“25:00” is not a time of day. Hours and minutes, as 11:41.")),
            ("time", "23:05", Ok(Some("23:05"))),
            ("text", "äöüßé", Ok(Some("äöüßé"))),
            ("text", "äöüßéx", Err("6 characters; at most 5 fit. Shorten it.")),
        ] {
            let found = value(&kind(of), typed).map(|v| v.map(|v| v.to_string()));
            assert_eq!(found, wanted.map(|v| v.map(str::to_owned)).map_err(str::to_owned), "{of} {typed}");
        }
    }

    #[test]
    fn an_open_answer_may_carry_its_reason() {
        let fields = [StudyField {
            id: "pulse".into(),
            label: "Pulse".into(),
            hint: None,
            kind: kind("integer"),
            required: true,
        }];
        for (form, wanted) in [
            (&[("v.pulse", ""), ("v.pulse.missing", "declined")][..], Some(Value::Missing(MissingReason::Declined))),
            (&[("v.pulse", "70"), ("v.pulse.missing", "declined")], Some(Value::Integer(70))),
            (&[("v.pulse", "")], None),
        ] {
            let form = Pairs::from_iter(form.iter().copied());
            let mut reader = Reader::new(&form, TimeZone::UTC);
            assert_eq!(read("v.", &fields, &mut reader).get("pulse").cloned(), wanted);
            assert!(reader.finish().is_empty());
        }
    }
}
