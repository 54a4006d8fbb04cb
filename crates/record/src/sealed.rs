//! The chain of ciphertexts: the rows of the allocation list and the contents of containers, closed.
//!
//! No other chain names its head, so nothing that a blinded person sees depends on what is in here.

use crate::{
    error::StoreError,
    store::{Act, NewEntry, Range, Store},
};
use allocation::{SealedContainer, SealedRow};
use chain::{Hash, canonical};
use jiff::Timestamp;
use std::sync::Arc;

/// The chain and stream of ciphertexts.
pub const SEALED: &str = "sealed";

/// One ciphertext. In the chain: `{"row":{…}}` or `{"container":{…}}`.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum SealedBody {
    Row(SealedRow),
    Container(SealedContainer),
}

pub(crate) fn act(
    store: &dyn Store,
    command: &str,
    now: Timestamp,
    rows: &[SealedRow],
    containers: &[SealedContainer],
) -> Result<Act, StoreError> {
    let bodies = rows.iter().cloned().map(SealedBody::Row).chain(containers.iter().cloned().map(SealedBody::Container));
    let entries = bodies
        .map(|body| {
            let body = canonical::to_vec(&body).map_err(|error| StoreError::Internal { what: error.to_string() })?;
            Ok(NewEntry { chain: Arc::from(SEALED), stream: Arc::from(SEALED), body })
        })
        .collect::<Result<_, StoreError>>()?;
    Ok(Act {
        command: command.to_owned(),
        digest: Hash::of(command.as_bytes()),
        recorded_at: now,
        expected: vec![(Arc::from(SEALED), store.version(SEALED)?)],
        entries,
        answer: None,
        writes: Vec::new(),
    })
}

/// Reads the sealed rows and contents back, to open the service over them.
///
/// # Errors
/// When the store can't be read.
pub fn sealed_read(store: &dyn Store) -> Result<(Vec<SealedRow>, Vec<SealedContainer>), StoreError> {
    let (mut rows, mut containers) = (Vec::new(), Vec::new());
    store.read(Range::Stream { name: SEALED, after: 0, as_of: None }, &mut |stored| {
        let body = serde_json::from_slice(stored.body)
            .map_err(|error| StoreError::Damaged { what: format!("sealed entry {}: {error}", stored.version) })?;
        match body {
            SealedBody::Row(row) => rows.push(row),
            SealedBody::Container(container) => containers.push(container),
        }
        Ok(true)
    })?;
    Ok((rows, containers))
}
