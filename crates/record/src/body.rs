//! An entry's canonical bytes: its stamp and what it says.

use crate::{error::StoreError, store::Stored};
use conduct::{Entry, Stamp, StreamId, Written};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Serialize)]
struct BodyRef<'a> {
    entry: &'a Entry,
    stamp: &'a Stamp,
}

#[derive(Deserialize)]
struct Body {
    entry: Entry,
    stamp: Stamp,
}

/// The bytes that are hashed for an entry's body.
///
/// # Errors
/// Never for an entry that the rules made: they hold no floats.
pub fn body_write(written: &Written) -> Result<Vec<u8>, StoreError> {
    let body = BodyRef { entry: &written.entry, stamp: &written.stamp };
    chain::canonical::to_vec(&body).map_err(|error| StoreError::Internal { what: error.to_string() })
}

/// Reads an entry back.
///
/// # Errors
/// [`StoreError::Damaged`] when the bytes are no entry that this program knows.
pub fn body_read(stored: &Stored<'_>) -> Result<(Arc<Stamp>, Entry), StoreError> {
    let body: Body = serde_json::from_slice(stored.body).map_err(|error| StoreError::Damaged {
        what: format!("entry {} of {}: {error}", stored.version, stored.stream),
    })?;
    Ok((Arc::new(body.stamp), body.entry))
}

/// Reads an entry back with its stream.
///
/// # Errors
/// [`StoreError::Damaged`] when the bytes are no entry that this program knows.
pub fn written_read(stored: &Stored<'_>) -> Result<Option<Written>, StoreError> {
    let Some(stream) = StreamId::parse(stored.stream) else { return Ok(None) };
    let (stamp, entry) = body_read(stored)?;
    let chain = match stored.chain.strip_prefix("site/") {
        Some(site) => conduct::ChainName::Site(site.into()),
        None => conduct::ChainName::Trial,
    };
    Ok(Some(Written { stream, chain, stamp, entry }))
}
