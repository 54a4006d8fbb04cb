//! Canonical bytes: a value has exactly one spelling, so a hash of it means something.
//!
//! The spelling is JSON as RFC 8785 writes it, less its floating-point numbers: no white space, members of an object
//! sorted by their names' UTF-16 code units, the shortest escapes in strings, whole numbers within ±(2⁵³ − 1).
//! A fraction is written as text by its own type (`"12.5"`), so that no reader has to agree with us about rounding.
//!
//! Bytes are written straight from `serde`, with no tree in between: an object's members are put in order after they
//! are written, and only if they were not in order already.

mod keys;
mod writer;

use serde::Serialize;
use std::fmt;

/// The largest whole number that every JSON reader keeps exactly: 2⁵³ − 1.
pub const INTEGER_MAX: i64 = (1 << 53) - 1;

/// Why a value has no canonical bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Uncanonical {
    /// A floating-point number.
    #[error(
        "a floating-point number ({0}) can't be written to the record: write it as a decimal text or in a smaller unit"
    )]
    Float(String),
    /// A whole number that a JSON reader may round.
    #[error("the whole number {0} is beyond ±9007199254740991, which not every reader keeps exactly: write it as text")]
    TooLarge(i128),
    /// Two members of one object have one name.
    #[error("an object has two members named `{0}`")]
    Twice(String),
    /// A member's name is not a text, a whole number, or a unit variant.
    #[error("a member's name must be a text, found {0}")]
    NameNotText(&'static str),
    /// The value's own `Serialize` failed.
    #[error("{0}")]
    Value(String),
}

impl serde::ser::Error for Uncanonical {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Value(message.to_string())
    }
}

/// The canonical bytes of `value`.
///
/// ```
/// use std::collections::BTreeMap;
/// let doses = BTreeMap::from([("second", 40), ("first", 80)]);
/// assert_eq!(chain::canonical::to_vec(&doses)?, br#"{"first":80,"second":40}"#);
/// # Ok::<(), chain::Uncanonical>(())
/// ```
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Uncanonical> {
    let mut out = Vec::with_capacity(512);
    write(value, &mut out)?;
    Ok(out)
}

/// Appends the canonical bytes of `value`. After an error `out` holds a part of them.
pub fn write<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), Uncanonical> {
    value.serialize(&mut writer::Writer { out })
}

/// Appends `text` as a JSON string, quotes included.
pub fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut plain_from = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let short = match byte {
            b'"' => b'"',
            b'\\' => b'\\',
            0x08 => b'b',
            0x09 => b't',
            0x0a => b'n',
            0x0c => b'f',
            0x0d => b'r',
            0x00..=0x1f => b'u',
            _ => continue,
        };
        out.extend_from_slice(bytes.get(plain_from..at).unwrap_or_default());
        out.extend_from_slice(&[b'\\', short]);
        if short == b'u' {
            out.extend_from_slice(b"00");
            crate::hex::push_hex(&[*byte], out);
        }
        plain_from = at + 1;
    }
    out.extend_from_slice(bytes.get(plain_from..).unwrap_or_default());
    out.push(b'"');
}

/// Appends a whole number, without the cost of `fmt`.
pub fn write_count(number: u64, out: &mut Vec<u8>) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    let mut rest = number;
    loop {
        at -= 1;
        if let Some(digit) = digits.get_mut(at) {
            *digit = b'0' + (rest % 10) as u8;
        }
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(at..).unwrap_or_default());
}

/// Whether `bytes` are canonical: exactly what [`to_vec`] would write for the value that they spell.
///
/// Says why not: not JSON, or where the first byte differs from the canonical spelling.
pub fn check(bytes: &[u8]) -> Result<(), NotCanonical> {
    let value: serde_json::Value =
        serde_json::from_slice(bytes).map_err(|error| NotCanonical::NotJson(error.to_string()))?;
    let again = to_vec(&value).map_err(NotCanonical::NoSpelling)?;
    match again == bytes {
        true => Ok(()),
        false => {
            let at = again.iter().zip(bytes).take_while(|(a, b)| a == b).count();
            Err(NotCanonical::OtherSpelling { at })
        }
    }
}

/// Why some bytes are not canonical.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotCanonical {
    /// They are not JSON at all.
    #[error("not JSON: {0}")]
    NotJson(String),
    /// They hold what has no canonical spelling.
    #[error(transparent)]
    NoSpelling(Uncanonical),
    /// They spell a value in another way than the canonical one.
    #[error("JSON, but not in its canonical spelling: it differs from byte {at} on")]
    OtherSpelling {
        /// The first byte that differs, counted from 0.
        at: usize,
    },
}
