//! The record as a text file: one link a line, its hash before it.
//!
//! ```text
//! <64 digits> <the link's canonical bytes>
//! ```
//!
//! So a stranger checks line *n* with `sed -n "${n}p" FILE | cut -c66- | tr -d '\n' | sha256sum`. Lines stand in
//! the order in which they were recorded.

use crate::{Hash, Link, OwnedLink, hash::NotAHash, link::ChainName};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Why a line of an export can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineFlaw {
    /// It doesn't begin with a hash and a space.
    #[error("the line does not begin with a hash and a space")]
    NoHash,
    /// What stands for the hash is none.
    #[error(transparent)]
    NotAHash(#[from] NotAHash),
    /// What follows is no link.
    #[error("what follows the hash is no link: {0}")]
    NotALink(String),
    /// It is a link, but not in its one spelling.
    #[error("the link is not in its canonical spelling")]
    OtherSpelling,
}

/// Appends the line of a link, its end included.
pub fn line_write(link: &Link<'_>, hash: &Hash, out: &mut Vec<u8>) {
    hash.push_hex(out);
    out.push(b' ');
    link.write(out);
    out.push(b'\n');
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Spelled<'a> {
    #[serde(borrow)]
    body: &'a RawValue,
    chain: ChainName,
    #[serde(borrow)]
    heads: &'a RawValue,
    position: u64,
    previous: Hash,
    stream: String,
    version: u64,
}

/// Reads one line (its end may be there or not). Whether the hash fits is the verifier's question, not this one's.
pub fn line_read(line: &str) -> Result<(OwnedLink, Hash), LineFlaw> {
    let line = line.strip_suffix('\n').unwrap_or(line);
    let (hash, spelled) = line.split_once(' ').ok_or(LineFlaw::NoHash)?;
    let hash: Hash = hash.parse()?;
    let read: Spelled<'_> = serde_json::from_str(spelled).map_err(|error| LineFlaw::NotALink(error.to_string()))?;
    let link = OwnedLink {
        body: read.body.get().as_bytes().to_vec(),
        chain: read.chain,
        heads: read.heads.get().as_bytes().to_vec(),
        position: read.position,
        previous: read.previous,
        stream: read.stream,
        version: read.version,
    };
    let mut again = Vec::with_capacity(spelled.len());
    link.as_link().write(&mut again);
    match again == spelled.as_bytes() {
        true => Ok((link, hash)),
        false => Err(LineFlaw::OtherSpelling),
    }
}
