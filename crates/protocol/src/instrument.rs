//! What instruments yield, as names of expressions.

use crate::expression::{Kind, Scope};
use instruments::{Answers, Item, OutputKind, Recall};

/// The scores, decisions and texts of an instrument by name, and its items that have a name (those that have a number
/// only can't be named); `None` for an unknown instrument.
pub fn outputs(id: &str) -> Option<Scope> {
    let instrument = instruments::find(id).filter(|found| found.id == id)?;
    let items = instrument.items.iter().filter_map(|item| Some((item.id.to_owned(), item_kind(item)?)));
    let outputs = instruments::outputs(instrument).into_iter().map(|output| {
        let kind = match output.kind {
            OutputKind::Number => Kind::Decimal,
            OutputKind::Decision => Kind::Bool,
            OutputKind::Text => Kind::Text,
        };
        (output.name.to_owned(), kind)
    });
    Some(items.chain(outputs).collect())
}

/// Whether an instrument's score is a number.
pub fn is_score(id: &str, score: &str) -> bool {
    instruments::find(id).is_some_and(|instrument| {
        instruments::outputs(instrument).iter().any(|output| output.name == score && output.kind == OutputKind::Number)
    })
}

/// Ids of all instruments.
pub fn ids() -> impl Iterator<Item = &'static str> {
    instruments::all().iter().map(|instrument| instrument.id)
}

/// The keys that an instrument's items have: a form's own fields can't be called so.
pub fn has_item(id: &str, key: &str) -> bool {
    instruments::find(id).is_some_and(|instrument| instrument.item_position(key).is_some())
}

/// The recall periods.
pub fn recalls() -> impl Iterator<Item = &'static str> {
    Recall::ALL.iter().map(|(_, word)| *word)
}

fn item_kind(item: &Item) -> Option<Kind> {
    let named = item.id.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && item.id.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
    match item.answers {
        _ if !named => None,
        Answers::Whole { .. } | Answers::OneOf(_) | Answers::Number { .. } => Some(Kind::Decimal),
        Answers::YesNo => Some(Kind::Bool),
        Answers::Code(_) => Some(Kind::Text),
        Answers::Count { .. }
        | Answers::Graded(_)
        | Answers::Codes(_)
        | Answers::Time
        | Answers::Moment
        | Answers::Text
        | Answers::Rows(_) => None,
    }
}
