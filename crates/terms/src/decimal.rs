//! Exact numbers: a decimal with three places, and milligrams in micrograms.
//!
//! Doses, readings and limits are compared exactly; nothing that is hashed or authorised goes through a float.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// A decimal number with at most three places, exact from −9·10¹⁵ to 9·10¹⁵.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Decimal(i64);

/// Why a text is not a [`Decimal`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Something else than digits, a sign and a point.
    #[error("\"{0}\" is not a number (digits, with a point before up to three decimals)")]
    NotANumber(String),
    /// More than three places after the point.
    #[error("\"{0}\" has more than three decimals")]
    TooPrecise(String),
    /// Too large to be held.
    #[error("\"{0}\" is too large")]
    TooLarge(String),
}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self(0);

    /// From a whole number; saturates far outside any reading.
    pub const fn whole(number: i64) -> Self {
        Self(number.saturating_mul(1000))
    }

    /// From thousandths.
    pub const fn thousandths(number: i64) -> Self {
        Self(number)
    }

    /// As thousandths.
    pub const fn as_thousandths(self) -> i64 {
        self.0
    }

    /// As a float, for statistics, drawing and expressions only.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// The nearest decimal with three places; `None` outside the range or for not-a-number.
    pub fn nearest(number: f64) -> Option<Self> {
        let scaled = (number * 1000.0).round();
        (scaled.is_finite() && scaled.abs() <= 9.0e15).then_some(Self(scaled as i64))
    }

    /// Whether there is nothing after the point.
    pub const fn is_whole(self) -> bool {
        self.0 % 1000 == 0
    }

    /// The whole number before the point.
    pub const fn trunc(self) -> i64 {
        self.0 / 1000
    }

    /// Sum, held at the ends of the range.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Difference, held at the ends of the range.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let trimmed = text.trim();
        let not_a_number = || DecimalError::NotANumber(text.to_owned());
        let (negative, digits) = match trimmed.strip_prefix(['-', '\u{2212}']) {
            Some(rest) => (true, rest),
            None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction) {
            return Err(not_a_number());
        }
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > 3 {
            return Err(DecimalError::TooPrecise(text.to_owned()));
        }
        let too_large = || DecimalError::TooLarge(text.to_owned());
        let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| too_large())? };
        let mut thousandths: i64 = 0;
        for place in 0..3 {
            let digit = fraction.as_bytes().get(place).map_or(0, |byte| i64::from(byte - b'0'));
            thousandths = thousandths * 10 + digit;
        }
        let sum = whole.checked_mul(1000).and_then(|w| w.checked_add(thousandths)).ok_or_else(too_large)?;
        if sum > 9_000_000_000_000_000 {
            return Err(too_large());
        }
        Ok(Self(if negative { -sum } else { sum }))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, mut rest) = (self.0.unsigned_abs() / 1000, self.0.unsigned_abs() % 1000);
        if rest == 0 {
            return write!(f, "{sign}{whole}");
        }
        let mut places = 3;
        while rest.is_multiple_of(10) {
            rest /= 10;
            places -= 1;
        }
        write!(f, "{sign}{whole}.{rest:0places$}")
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl schemars::JsonSchema for Decimal {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Decimal".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A number with at most three decimals, best sent as text: \"37.5\".",
            "type": ["string", "number"],
            "pattern": "^[-+]?[0-9]*\\.?[0-9]{0,3}$"
        })
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Decimal;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number with at most three decimals")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Decimal, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Decimal, E> {
                Ok(Decimal::whole(number))
            }
            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Decimal, E> {
                i64::try_from(number).map(Decimal::whole).map_err(E::custom)
            }
            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Decimal, E> {
                let text = format!("{number}");
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// A mass of drug, exact to the microgram. Printed in mg.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Milligrams(Decimal);

impl Milligrams {
    /// Nothing.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// From a number of milligrams.
    pub const fn new(milligrams: Decimal) -> Self {
        Self(milligrams)
    }

    /// The number of milligrams.
    pub const fn amount(self) -> Decimal {
        self.0
    }

    /// Sum.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.plus(other.0))
    }
}

impl fmt::Display for Milligrams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} mg", self.0)
    }
}

impl fmt::Debug for Milligrams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints() {
        for (text, printed) in [
            ("37.5", "37.5"),
            ("120", "120"),
            ("-0.25", "-0.25"),
            (".5", "0.5"),
            ("62.500", "62.5"),
            ("0.001", "0.001"),
        ] {
            assert_eq!(text.parse::<Decimal>().unwrap().to_string(), printed);
        }
    }

    #[test]
    fn refuses_what_is_not_a_number() {
        for text in ["", ".", "1,5", "12a", "--1", "1.2345", "99999999999999999999", "NaN", "1e3"] {
            assert!(text.parse::<Decimal>().is_err(), "{text} was read");
        }
    }
}
