//! One answer on a form: a value of the field's kind, or the reason why there is none.

use crate::Decimal;
use jiff::civil::{Date, Time};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess},
    ser::SerializeMap,
};
use std::fmt;

/// Why an answer is missing. A missing safety answer is never a "no".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingReason {
    /// It was not asked or not done.
    NotAsked,
    /// The participant declined.
    Declined,
    /// It was asked and not known.
    Unknown,
    /// It does not apply to this participant.
    NotApplicable,
    /// It was recorded elsewhere and is lost.
    Lost,
}

impl MissingReason {
    /// The reason in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::NotAsked => "not asked",
            Self::Declined => "declined",
            Self::Unknown => "not known",
            Self::NotApplicable => "does not apply",
            Self::Lost => "lost",
        }
    }
}

/// One answer. In JSON: `true`, `5`, `"text or code"`, `{"decimal":"37.5"}`, `{"date":"2025-03-03"}`,
/// `{"time":"23:00"}`, `{"missing":"declined"}`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number with decimals.
    Decimal(Decimal),
    /// Free text, or the code of a choice.
    Text(String),
    /// A calendar day.
    Date(Date),
    /// A time of day.
    Time(Time),
    /// No answer, and why.
    Missing(MissingReason),
}

impl Value {
    /// As a number, where it is one.
    pub fn as_decimal(&self) -> Option<Decimal> {
        match self {
            Self::Integer(number) => Some(Decimal::whole(*number)),
            Self::Decimal(number) => Some(*number),
            Self::Bool(_) | Self::Text(_) | Self::Date(_) | Self::Time(_) | Self::Missing(_) => None,
        }
    }

    /// As yes or no, where it is one.
    pub const fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(answer) = self { Some(*answer) } else { None }
    }

    /// As text, where it is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// As a day, where it is one.
    pub const fn as_date(&self) -> Option<Date> {
        if let Self::Date(date) = self { Some(*date) } else { None }
    }

    /// Whether there is no answer.
    pub const fn is_missing(&self) -> bool {
        matches!(self, Self::Missing(_))
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(true) => f.write_str("yes"),
            Self::Bool(false) => f.write_str("no"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Decimal(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
            Self::Date(date) => write!(f, "{date}"),
            Self::Time(time) => write!(f, "{:02}:{:02}", time.hour(), time.minute()),
            Self::Missing(reason) => write!(f, "({})", reason.words()),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl schemars::JsonSchema for Value {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Value".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "oneOf": [
            { "type": "boolean" },
            { "type": "number" },
            { "type": "string" },
            { "type": "null", "description": "Not asked." },
            { "type": "object", "required": ["decimal"], "properties": { "decimal": { "type": "string" } } },
            { "type": "object", "required": ["date"], "properties": { "date": { "type": "string", "format": "date" } } },
            { "type": "object", "required": ["time"], "properties": { "time": { "type": "string" } } },
            { "type": "object", "required": ["missing"], "properties": {
                "missing": { "enum": ["not_asked", "declined", "unknown", "not_applicable", "lost"] } } }
        ] })
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let tagged = |serializer: S, tag: &str, value: &dyn fmt::Display| {
            let mut map = serializer.serialize_map(Some(1))?;
            map.serialize_entry(tag, &value.to_string())?;
            map.end()
        };
        match self {
            Self::Bool(answer) => serializer.serialize_bool(*answer),
            Self::Integer(number) => serializer.serialize_i64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Decimal(number) => tagged(serializer, "decimal", number),
            Self::Date(date) => tagged(serializer, "date", date),
            Self::Time(_) => tagged(serializer, "time", self),
            Self::Missing(reason) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("missing", reason)?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("yes/no, a number, a text, or one of decimal, date, time, missing")
            }
            fn visit_bool<E: Error>(self, answer: bool) -> Result<Value, E> {
                Ok(Value::Bool(answer))
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
                Ok(Value::Integer(number))
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
                i64::try_from(number).map(Value::Integer).map_err(|_| E::custom("the number is too large"))
            }
            fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
                format!("{number}").parse().map(Value::Decimal).map_err(E::custom)
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
                Ok(Value::Text(text.to_owned()))
            }
            fn visit_unit<E: Error>(self) -> Result<Value, E> {
                Ok(Value::Missing(MissingReason::NotAsked))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
                let Some(tag) = map.next_key::<String>()? else {
                    return Err(A::Error::custom("an empty object is no answer"));
                };
                match tag.as_str() {
                    "decimal" => map.next_value().map(Value::Decimal),
                    "date" => map.next_value().map(Value::Date),
                    "time" => {
                        let text: String = map.next_value()?;
                        text.parse().map(Value::Time).map_err(A::Error::custom)
                    }
                    "missing" => map.next_value().map(Value::Missing),
                    other => Err(A::Error::unknown_field(other, &["decimal", "date", "time", "missing"])),
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_round_trip() {
        for text in [
            "true",
            "5",
            "\"mild\"",
            r#"{"decimal":"37.5"}"#,
            r#"{"date":"2025-03-03"}"#,
            r#"{"time":"23:00"}"#,
            r#"{"missing":"declined"}"#,
        ] {
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&value).unwrap(), text);
        }
    }
}
