//! Bytes closed under a key: XChaCha20-Poly1305, with key and nonce passed in.
//!
//! The nonce has 24 bytes, so one drawn at random never comes twice. `context` is bound to the bytes without being
//! hidden: something sealed for one place does not open in another.

use crate::hex::{from_hex, to_hex};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305,
    aead::{Aead, Payload},
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Bytes in a [`Key`].
pub const KEY_BYTES: usize = 32;
/// Bytes in a [`Nonce`].
pub const NONCE_BYTES: usize = 24;

/// A secret key. It is wiped when dropped, and can't be printed, compared or serialised.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Key([u8; KEY_BYTES]);

impl Key {
    /// From 32 random bytes, drawn by the caller.
    pub const fn from_array(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    /// From the bytes of a key file, or of a key that was sealed under another.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().map(Self).ok()
    }

    /// The secret bytes, for writing them to a key file or sealing them under another key.
    pub const fn secret(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

/// A number used once with a key: 24 random bytes, drawn by the caller.
pub type Nonce = [u8; NONCE_BYTES];

/// Closed bytes with their nonce. As text: `v1.<nonce>.<ciphertext>`, both hexadecimal.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    nonce: Nonce,
    closed: Vec<u8>,
}

/// It did not open: another key, another context, or changed bytes. Which of these can't be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it does not open with this key: another key, another place, or its bytes were changed")]
pub struct Unopened;

/// The text is no sealed value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a sealed value: needed `v1.`, 48 hexadecimal digits, `.`, and an even number of hexadecimal digits")]
pub struct NotSealed;

impl Sealed {
    /// Closes `plain` under `key`. `nonce` must never have been used with this key before.
    pub fn seal(key: &Key, nonce: Nonce, context: &[u8], plain: &[u8]) -> Result<Self, Unopened> {
        let closed = cipher(key).encrypt(&nonce.into(), Payload { msg: plain, aad: context }).map_err(|_| Unopened)?;
        Ok(Self { nonce, closed })
    }

    /// The plain bytes, if `key` and `context` are those that it was closed with.
    pub fn open(&self, key: &Key, context: &[u8]) -> Result<Vec<u8>, Unopened> {
        cipher(key).decrypt(&self.nonce.into(), Payload { msg: &self.closed, aad: context }).map_err(|_| Unopened)
    }

    /// Nonce and ciphertext in one, for a database column.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.nonce[..], &self.closed].concat()
    }

    /// Reads what [`Sealed::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotSealed> {
        let (nonce, closed) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or(NotSealed)?;
        Ok(Self { nonce: *nonce, closed: closed.to_vec() })
    }
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&key.0.into())
}

impl fmt::Display for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v1.{}.{}", to_hex(&self.nonce), to_hex(&self.closed))
    }
}
impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.closed.len())
    }
}
impl FromStr for Sealed {
    type Err = NotSealed;
    fn from_str(text: &str) -> Result<Self, NotSealed> {
        let (nonce, closed) = text.strip_prefix("v1.").and_then(|rest| rest.split_once('.')).ok_or(NotSealed)?;
        let nonce = from_hex(nonce).map_err(|_| NotSealed)?.try_into().map_err(|_| NotSealed)?;
        Ok(Self { nonce, closed: from_hex(closed).map_err(|_| NotSealed)? })
    }
}
impl Serialize for Sealed {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Sealed {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
