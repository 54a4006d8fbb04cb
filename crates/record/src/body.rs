//! An entry's canonical bytes: its stamp and what it says.

use crate::{
    error::StoreError,
    store::{NewEntry, Stored},
};
use chain::canonical;
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

/// The entries of one act, ready for the store. The stamp that they share is spelled once.
pub(crate) fn entries(written: &[Written]) -> Result<Vec<NewEntry>, StoreError> {
    let internal = |error: chain::Uncanonical| StoreError::Internal { what: error.to_string() };
    let mut spelled: Option<(&Arc<Stamp>, Vec<u8>)> = None;
    let mut entries = Vec::with_capacity(written.len());
    for one in written {
        let stamp = match &spelled {
            Some((known, stamp)) if Arc::ptr_eq(known, &one.stamp) => stamp,
            _ => &spelled.insert((&one.stamp, canonical::to_vec(&*one.stamp).map_err(internal)?)).1,
        };
        let mut body = Vec::with_capacity(stamp.len() + 256);
        body.extend_from_slice(b"{\"entry\":");
        canonical::write(&one.entry, &mut body).map_err(internal)?;
        body.extend_from_slice(b",\"stamp\":");
        body.extend_from_slice(stamp);
        body.push(b'}');
        entries.push(NewEntry { chain: one.chain.to_string().into(), stream: one.stream.to_string().into(), body });
    }
    Ok(entries)
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
