//! From decided entries to one act of the store: streams folded on, bytes, rows of the current tables.

use crate::{
    body,
    error::StoreError,
    folded::Held,
    projection::{Before, Beside, rows},
    store::Act,
    table::Write,
};
use chain::Hash;
use conduct::{StreamId, Written};
use jiff::Timestamp;
use std::sync::Arc;

/// A stream that entries were taken into.
pub(crate) struct Moved {
    pub(crate) stream: StreamId,
    pub(crate) before: Before,
    /// As it stands with the entries.
    pub(crate) held: Held,
}

impl Moved {
    /// A stream that nothing was taken into yet.
    pub(crate) fn new(stream: &StreamId, held: Held, beside: Beside<'_>) -> Self {
        Self { stream: stream.clone(), before: Before::of(&held, beside), held }
    }

    /// The changes to the current tables that follow from the stream's entries.
    pub(crate) fn rows<'a>(
        &mut self,
        written: impl Iterator<Item = &'a Written>,
        beside: Beside<'_>,
        writes: &mut Vec<Write>,
    ) {
        rows(&self.stream, &self.before, written, &mut self.held, beside, writes);
    }
}

/// Takes entries into their streams. `expected`: what was read, with the version it had; streams that are written unread are
/// added. `take` gives a stream out of the hands of everybody else.
///
/// # Errors
/// [`StoreError::Conflict`] if a stream has moved since it was read.
pub(crate) fn take_in(
    expected: &mut Vec<(StreamId, u64)>,
    written: &[Written],
    take: &mut dyn FnMut(&StreamId) -> Result<Moved, StoreError>,
) -> Result<Vec<Moved>, StoreError> {
    let mut all = Vec::<Moved>::new();
    for one in written {
        if let Some(moved) = all.iter_mut().find(|moved| moved.stream == one.stream) {
            moved.held.apply(one);
            continue;
        }
        let mut moved = take(&one.stream)?;
        let found = moved.held.folded.version();
        match expected.iter().find(|(stream, _)| *stream == one.stream) {
            Some((_, version)) if *version == found => {}
            Some((_, version)) => {
                return Err(StoreError::Conflict { stream: one.stream.to_string(), expected: *version, found });
            }
            // The decision did not look at it, so it is written to as it stands.
            None => expected.push((one.stream.clone(), found)),
        }
        moved.held.apply(one);
        all.push(moved);
    }
    Ok(all)
}

/// The act that the store appends.
pub(crate) fn act_of(
    command: &str,
    digest: Hash,
    now: Timestamp,
    expected: &[(StreamId, u64)],
    written: &[Written],
) -> Result<Act, StoreError> {
    let expected = expected.iter().map(|(stream, version)| (Arc::from(stream.to_string()), *version));
    Ok(Act {
        command: command.to_owned(),
        digest,
        recorded_at: now,
        expected: expected.collect(),
        entries: body::entries(written)?,
        answer: None,
        writes: Vec::new(),
    })
}
