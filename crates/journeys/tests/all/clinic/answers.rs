//! Answers to forms that meet the criteria which read them: what most people of a trial say.

use protocol::model::{Field, FieldKind, Study};
use std::collections::BTreeMap;
use terms::{Decimal, FieldId, Value};

pub type Values = BTreeMap<FieldId, Value>;

/// `identifiers yes systolic 135 celsius 36.8 result negative`, as values.
pub fn values(words: &[&str]) -> Values {
    words.chunks(2).map(|pair| (FieldId::from(pair[0]), value(pair[1]))).collect()
}

fn value(word: &str) -> Value {
    match word {
        "yes" => Value::Bool(true),
        "no" => Value::Bool(false),
        _ => word
            .parse::<i64>()
            .map(Value::Integer)
            .or_else(|_| word.parse::<Decimal>().map(Value::Decimal))
            .unwrap_or_else(|_| Value::Text(word.to_owned())),
    }
}

/// Every CAPS-5 symptom at this severity, with distress and duration that carry a diagnosis.
pub fn caps5(severity: i64) -> Values {
    let mut all: Values = (1..=20).map(|n| (FieldId::from(n.to_string()), Value::Integer(severity))).collect();
    let rest = "21 1 22 60 23 3 24 3 25 3 26 0 27 3 29 0 30 0";
    all.extend(values(&rest.split(' ').collect::<Vec<_>>()));
    all
}

/// Answers to a form of a study that stand in nobody's way.
pub fn passing(study: &Study, form: &str) -> Values {
    let form = study.form(form).unwrap();
    let mut all: Values = form.fields.iter().map(|field| (field.id.clone(), plain(field))).collect();
    if let Some(instrument) = form.instrument.as_deref().and_then(instruments::find) {
        for item in instrument.items.iter().filter(|item| !item.optional) {
            all.extend(at_rest(instrument.id, item).map(|value| (FieldId::from(item.id), value)));
        }
    }
    for (field, value) in wanted(form.id.as_str()) {
        if form.instrument.is_some() || form.fields.iter().any(|known| known.id == field) {
            all.insert(field, value);
        }
    }
    // Some answers exclude others (with no thoughts there is no intensity to ask for): what can't be read is left out.
    for _ in 0..6 {
        let Err(wrong) = conduct::forms::read_form(form, &all) else { break };
        all.retain(|field, _| !wrong.iter().any(|w| w.field == field.as_str()));
    }
    all
}

/// The quiet end of an item; the checklist of symptoms shows the severity that screening asks for.
fn at_rest(instrument: &str, item: &instruments::Item) -> Option<Value> {
    use instruments::Answers;
    let (low, high) = item.points_range();
    Some(match item.answers {
        Answers::Whole { .. } | Answers::OneOf(_) | Answers::Count { .. } => {
            Value::Integer(if instrument == "pcl5" { high.min(3) } else { low.max(0) })
        }
        Answers::Number { min, .. } => Value::Decimal(min),
        Answers::YesNo => Value::Bool(false),
        Answers::Graded(options) => Value::Text(options[0].0.to_owned()),
        Answers::Code(codes) | Answers::Codes(codes) => {
            let quiet = codes.iter().find(|code| ["absent", "no", "none"].contains(&code.code));
            Value::Text(quiet.unwrap_or(&codes[codes.len() - 1]).code.to_owned())
        }
        Answers::Time => Value::Text("23:00".to_owned()),
        Answers::Moment => Value::Text("2024-01-01".to_owned()),
        Answers::Text => Value::Text("as asked".to_owned()),
        Answers::Rows(_) => return None,
    })
}

fn plain(field: &Field) -> Value {
    match &field.kind {
        FieldKind::Integer { min, max, .. } => Value::Integer(min.midpoint(*max)),
        FieldKind::Decimal { min, max, .. } => {
            Value::Decimal(Decimal::thousandths(min.as_thousandths().midpoint(max.as_thousandths())))
        }
        FieldKind::YesNo => Value::Bool(false),
        FieldKind::Choice { options } => Value::Text(options[0].code.clone()),
        FieldKind::Date => Value::Date("2020-05-01".parse().unwrap()),
        FieldKind::Time => Value::Time("09:00".parse().unwrap()),
        FieldKind::Text { .. } => Value::Text("as asked".to_owned()),
    }
}

/// What the criteria of the studies want to hear, where the plain answer isn't it.
fn wanted(form: &str) -> Vec<(FieldId, Value)> {
    let words = match form {
        "demographics" => "language_fluent yes childbearing_potential no qt_table male",
        "weight" => "weight_kg 71.5",
        "attestations" => {
            "swallows_pills yes contact_named yes tells_of_changes yes fasting_rules yes medicine_rules yes no_other_trial yes \
             overnight_stay yes driven_home yes commits_to_therapy yes"
        }
        "mini7" => "ptsd_current yes ptsd_months 60",
        "ecg" => "qtcb_ms 410 rhythm_normal yes",
        "labs" => "sodium_mmol_l 140 alt_u_l 20 ast_u_l 20 alt_upper_u_l 50 ast_upper_u_l 50",
        "pressure_screen" => {
            "systolic_1 122 diastolic_1 78 systolic_2 122 diastolic_2 78 systolic_3 122 diastolic_3 78"
        }
        "substance_use" => "ecstasy_uses 0",
        "escort" => "named yes reached yes",
        "pregnancy_test" => "result negative",
        _ => "",
    };
    let words: Vec<&str> = words.split_whitespace().collect();
    let mut all: Vec<(FieldId, Value)> = values(&words).into_iter().collect();
    if form == "demographics" {
        all.push(("date_of_birth".into(), Value::Date("1985-03-01".parse().unwrap())));
    }
    all
}
