//! Values as cells.

use crate::table::Cell;
use conduct::{Person, Signatory, Stamp};
use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use terms::Value;

/// An instant to the second, so that texts sort as times do.
pub(super) fn instant(at: Timestamp) -> Cell {
    Cell::Text(format!("{at:.0}"))
}

pub(super) fn maybe_instant(at: Option<Timestamp>) -> Cell {
    at.map_or(Cell::Null, instant)
}

pub(super) fn date(day: Date) -> Cell {
    Cell::Text(day.to_string())
}

pub(super) fn maybe_date(day: Option<Date>) -> Cell {
    day.map_or(Cell::Null, date)
}

pub(super) fn text(value: impl AsRef<str>) -> Cell {
    Cell::Text(value.as_ref().to_owned())
}

/// Text of an id or another value that prints itself.
pub(super) fn id(value: &impl ToString) -> Cell {
    Cell::Text(value.to_string())
}

pub(super) fn maybe_id(value: Option<&impl ToString>) -> Cell {
    value.map_or(Cell::Null, id)
}

pub(super) fn maybe_text(value: Option<&String>) -> Cell {
    value.map_or(Cell::Null, text)
}

pub(super) fn count(number: usize) -> Cell {
    Cell::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

pub(super) fn version(number: u64) -> Cell {
    Cell::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

pub(super) fn session(number: u8) -> Cell {
    Cell::Integer(i64::from(number))
}

/// An enumeration's value as it is spelled in JSON: `screen_failed`. Of one with values inside, its name.
pub(super) fn word(value: &impl Serialize) -> Cell {
    let bytes = chain::canonical::to_vec(value).unwrap_or_default();
    let name = bytes.split(|byte| *byte == b'"').nth(1).unwrap_or_default();
    Cell::Text(String::from_utf8_lossy(name).into_owned())
}

pub(super) fn maybe_word(value: Option<&impl Serialize>) -> Cell {
    value.map_or(Cell::Null, word)
}

pub(super) fn person(person: &Person) -> Cell {
    Cell::Text(match person {
        Person::Staff(staff) => staff.to_string(),
        Person::Participant(participant) => participant.to_string(),
        Person::Program => "program".to_owned(),
    })
}

pub(super) fn by(stamp: &Stamp) -> Cell {
    person(&stamp.by.person)
}

pub(super) fn second(stamp: &Stamp) -> Cell {
    stamp.second.as_ref().map_or(Cell::Null, |second| person(&second.person))
}

pub(super) fn role(signatory: &Signatory) -> Cell {
    maybe_id(signatory.role.as_ref())
}

pub(super) fn list(values: impl Iterator<Item = impl ToString>) -> Cell {
    Cell::Text(values.map(|value| value.to_string()).collect::<Vec<_>>().join(","))
}

/// An answer as text (nothing for a missing one), and as a number where it is one.
pub(super) fn value(value: &Value) -> [Cell; 2] {
    let shown = match value {
        Value::Missing(_) => Cell::Null,
        other => Cell::Text(other.to_string()),
    };
    [shown, value.as_decimal().map_or(Cell::Null, Cell::from)]
}

pub(super) fn missing(value: &Value) -> Cell {
    match value {
        Value::Missing(reason) => word(reason),
        _ => Cell::Null,
    }
}
