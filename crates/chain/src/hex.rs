//! Lower-case hexadecimal, both ways.

use std::fmt;

/// The text is not lower-case hexadecimal of the length needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotHex;

impl fmt::Display for NotHex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not lower-case hexadecimal of the length needed")
    }
}
impl std::error::Error for NotHex {}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Appends `bytes` as hexadecimal, two digits each.
pub(crate) fn push_hex(bytes: &[u8], out: &mut Vec<u8>) {
    out.reserve(bytes.len() * 2);
    for byte in bytes {
        for half in [byte >> 4, byte & 0x0f] {
            out.push(DIGITS.get(usize::from(half)).copied().unwrap_or(b'0'));
        }
    }
}

/// `bytes` as hexadecimal text.
pub fn to_hex(bytes: &[u8]) -> String {
    let mut out = Vec::new();
    push_hex(bytes, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// The bytes that `text` stands for. Upper-case digits are refused: one value has one spelling.
pub fn from_hex(text: &str) -> Result<Vec<u8>, NotHex> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        _ => Err(NotHex),
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return Err(NotHex);
    }
    pairs.iter().map(|[high, low]| Ok(digit(*high)? << 4 | digit(*low)?)).collect()
}
