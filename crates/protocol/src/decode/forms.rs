//! Forms, fields and edit checks.

use super::{each, schedule::ids};
use crate::{
    expression::Names,
    item::{Item, Words},
    model::{ChoiceOption, EditCheck, Field, FieldKind, Form},
    scope,
};

pub fn form(item: &Item<'_>) -> Option<Form> {
    let (id, title) = (item.identifier("id"), item.text("title"));
    let instrument = item.optional_text("instrument");
    let recall = item.optional_text("recall");
    let repeats = item.flag_or("repeats", false);
    let fields = each(item.items("field"), field);
    let completed_by = ids(item.required_texts("completed_by"));
    let hidden_from = ids(item.texts("hidden_from"));
    let valid_days = item.optional_whole("valid_days");
    let names = scope::form(&fields, instrument.as_deref());
    let checks = each(item.items("check"), |item| {
        let (id, check) = (item.identifier("id"), item.expression("check", &Names { own: &names, outer: None }));
        let (message, source) = (item.text("message"), item.source());
        item.finish();
        Some(EditCheck { id: id?, check: check?, message: message?, source: source? })
    });
    let source = item.source();
    item.finish();
    Some(Form {
        id: id?.into(),
        title: title?,
        instrument,
        recall,
        repeats,
        fields,
        checks,
        completed_by,
        hidden_from,
        valid_days,
        source: source?,
    })
}

#[derive(Debug, Clone, Copy)]
enum KindWord {
    Integer,
    Decimal,
    YesNo,
    Choice,
    Date,
    Time,
    Text,
}

impl Words for KindWord {
    const ALL: &'static [(&'static str, Self)] = &[
        ("integer", Self::Integer),
        ("decimal", Self::Decimal),
        ("yes_no", Self::YesNo),
        ("choice", Self::Choice),
        ("date", Self::Date),
        ("time", Self::Time),
        ("text", Self::Text),
    ];
}

/// Longest free text where the file doesn't say.
const TEXT_LENGTH: u32 = 2000;

pub fn field(item: &Item<'_>) -> Option<Field> {
    let (id, label, hint) = (item.identifier("id"), item.text("label"), item.optional_text("hint"));
    let word = item.word("kind");
    let kind = match word {
        Some(KindWord::Integer) => {
            let (min, max, unit) = (item.whole("min"), item.whole("max"), item.optional_text("unit"));
            both(min, max).map(|(min, max)| FieldKind::Integer { min, max, unit: unit.unwrap_or_default() })
        }
        Some(KindWord::Decimal) => {
            let (min, max, unit) = (item.decimal("min"), item.decimal("max"), item.text("unit"));
            both(both(min, max), unit).map(|((min, max), unit)| FieldKind::Decimal { min, max, unit })
        }
        Some(KindWord::YesNo) => Some(FieldKind::YesNo),
        Some(KindWord::Choice) => Some(FieldKind::Choice { options: options(item, "options") }),
        Some(KindWord::Date) => Some(FieldKind::Date),
        Some(KindWord::Time) => Some(FieldKind::Time),
        Some(KindWord::Text) => {
            Some(FieldKind::Text { max_length: item.optional_whole("max_length").unwrap_or(TEXT_LENGTH) })
        }
        None => return None,
    };
    let required = item.flag_or("required", true);
    item.finish();
    Some(Field { id: id?.into(), label: label?, hint, kind: kind?, required })
}

/// Codes and labels, in the order of the file.
pub fn options(item: &Item<'_>, key: &'static str) -> Vec<ChoiceOption> {
    item.pairs(key).into_iter().map(|(entry, label)| ChoiceOption { code: entry.key.clone(), label }).collect()
}

fn both<A, B>(one: Option<A>, other: Option<B>) -> Option<(A, B)> {
    Some((one?, other?))
}
