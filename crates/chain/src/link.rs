//! What is hashed for one entry, and how links hang together.
//!
//! A link is the entry's body with its place around it. Its bytes are one canonical JSON object:
//!
//! ```text
//! {"body":…,"chain":"site/S01","heads":{},"position":7,"previous":"<64 digits>","stream":"participant/S01-003","version":3}
//! ```
//!
//! and its hash is the SHA-256 of exactly these bytes. `previous` is the hash at the position before, in the same chain.
//! An act that touches several chains binds them: see [`Heads`].

use crate::{canonical, hash::Hash};
use serde::{Deserialize, Serialize};
use std::{borrow::Borrow, collections::BTreeMap, fmt, str::FromStr, sync::Arc};

/// The name of a chain: `trial`, `sealed`, or `site/<site>`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ChainName(Arc<str>);

/// The text names no chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` names no chain: needed `trial`, `sealed` or `site/` and a site's id")]
pub struct NotAChain {
    /// What was found.
    pub found: String,
}

impl ChainName {
    /// The trial as a whole.
    pub const TRIAL: &'static str = "trial";
    /// Ciphertexts of allocations.
    pub const SEALED: &'static str = "sealed";

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the chain of ciphertexts.
    ///
    /// INVARIANT: no link of another chain names its head, so that nothing that a blinded person can see, not even a
    /// hash, depends on an allocation.
    pub fn is_sealed(&self) -> bool {
        &*self.0 == Self::SEALED
    }
}

impl FromStr for ChainName {
    type Err = NotAChain;
    fn from_str(text: &str) -> Result<Self, NotAChain> {
        let good = match text.split_once('/') {
            None => text == Self::TRIAL || text == Self::SEALED,
            Some((kind, id)) => kind == "site" && !id.is_empty() && !id.contains('/') && !id.contains(char::is_control),
        };
        good.then(|| Self(Arc::from(text))).ok_or_else(|| NotAChain { found: text.chars().take(80).collect() })
    }
}
impl<'de> Deserialize<'de> for ChainName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
impl Borrow<str> for ChainName {
    fn borrow(&self) -> &str {
        &self.0
    }
}
impl fmt::Display for ChainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for ChainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How far a chain goes: the position and hash of its last link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Hash of the link at `position`; zero while the chain is empty.
    pub hash: Hash,
    /// Number of links; the first has position 1.
    pub position: u64,
}

impl Head {
    /// Of a chain without links.
    pub const EMPTY: Self = Self { hash: Hash::ZERO, position: 0 };
}

/// Heads of other chains that a link names.
///
/// Where an act writes to several chains, each link whose predecessor in the act stands in another chain (the act's
/// first link too) names the heads, just before itself, of all other chains that the act touches. So none of these
/// chains can be rewritten or exchanged without the others. The sealed chain is never named; its links may name others.
pub type Heads = BTreeMap<ChainName, Head>;

/// One link, borrowed from wherever its parts lie.
#[derive(Debug, Clone, Copy)]
pub struct Link<'a> {
    /// Canonical bytes of the body.
    pub body: &'a [u8],
    /// The chain that it is in.
    pub chain: &'a str,
    /// Canonical bytes of [`Heads`]; mostly `{}`.
    pub heads: &'a [u8],
    /// Its place in the chain, from 1.
    pub position: u64,
    /// Hash of the link before it in the chain; zero for the first.
    pub previous: Hash,
    /// The stream that it is in.
    pub stream: &'a str,
    /// Its place in the stream, from 1.
    pub version: u64,
}

impl Link<'_> {
    /// Appends the bytes that are hashed.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.reserve(self.body.len() + self.heads.len() + self.chain.len() + self.stream.len() + 192);
        out.extend_from_slice(b"{\"body\":");
        out.extend_from_slice(self.body);
        out.extend_from_slice(b",\"chain\":");
        canonical::write_text(self.chain, out);
        out.extend_from_slice(b",\"heads\":");
        out.extend_from_slice(self.heads);
        out.extend_from_slice(b",\"position\":");
        canonical::write_count(self.position, out);
        out.extend_from_slice(b",\"previous\":\"");
        self.previous.push_hex(out);
        out.extend_from_slice(b"\",\"stream\":");
        canonical::write_text(self.stream, out);
        out.extend_from_slice(b",\"version\":");
        canonical::write_count(self.version, out);
        out.push(b'}');
    }

    /// The link's hash.
    pub fn hash(&self) -> Hash {
        self.hash_with(&mut Vec::new())
    }

    /// The link's hash, written through a buffer that a loop can use again.
    pub fn hash_with(&self, buffer: &mut Vec<u8>) -> Hash {
        buffer.clear();
        self.write(buffer);
        Hash::of(buffer)
    }
}

/// A link that owns its parts, as it is read from an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedLink {
    /// Canonical bytes of the body.
    pub body: Vec<u8>,
    /// The chain that it is in.
    pub chain: ChainName,
    /// Canonical bytes of [`Heads`].
    pub heads: Vec<u8>,
    /// Its place in the chain.
    pub position: u64,
    /// Hash of the link before it.
    pub previous: Hash,
    /// The stream that it is in.
    pub stream: String,
    /// Its place in the stream.
    pub version: u64,
}

impl OwnedLink {
    /// The same link, borrowed.
    pub fn as_link(&self) -> Link<'_> {
        Link {
            body: &self.body,
            chain: self.chain.as_str(),
            heads: &self.heads,
            position: self.position,
            previous: self.previous,
            stream: &self.stream,
            version: self.version,
        }
    }
}
