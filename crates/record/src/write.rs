//! From decided entries to one act of the store: streams folded on, rows of the current tables, bytes.

use crate::{
    body,
    door::InHand,
    error::StoreError,
    folded::Held,
    projection::{self, Beside},
    store::Act,
    table,
};
use chain::Hash;
use conduct::{StreamId, Written};
use jiff::Timestamp;
use std::sync::Arc;

/// An act that is decided and not yet appended.
pub(crate) struct Prepared {
    /// Every stream that was read or is written, with the version that it had.
    pub(crate) expected: Vec<(StreamId, u64)>,
    /// The streams that are written, as they stand after it.
    pub(crate) after: Vec<InHand>,
    /// Changes to the current tables.
    pub(crate) writes: Vec<table::Write>,
}

impl Prepared {
    /// Takes the entries into their streams. `take` gives a stream out of the hands of everybody else.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if a stream has moved since it was read.
    pub(crate) fn new(
        mut expected: Vec<(StreamId, u64)>,
        written: &[Written],
        beside: Beside<'_>,
        take: &mut dyn FnMut(&StreamId) -> Result<Held, StoreError>,
    ) -> Result<Self, StoreError> {
        let (mut after, mut writes) = (Vec::<InHand>::new(), Vec::new());
        for one in written {
            if after.iter().any(|(stream, _)| *stream == one.stream) {
                continue;
            }
            let mut held = take(&one.stream)?;
            let found = held.folded.version();
            match expected.iter().find(|(stream, _)| *stream == one.stream) {
                Some((_, version)) if *version == found => {}
                Some((_, version)) => {
                    return Err(StoreError::Conflict { stream: one.stream.to_string(), expected: *version, found });
                }
                // The decision did not look at it, so it is written to as it stands.
                None => expected.push((one.stream.clone(), found)),
            }
            let entries: Vec<&Written> = written.iter().filter(|other| other.stream == one.stream).collect();
            projection::take_in(&one.stream, &mut held, &entries, beside, &mut writes);
            after.push((one.stream.clone(), held));
        }
        Ok(Self { expected, after, writes })
    }
}

/// The act that the store appends.
pub(crate) fn act_of(
    command: &str,
    digest: Hash,
    now: Timestamp,
    prepared: &Prepared,
    written: &[Written],
) -> Result<Act, StoreError> {
    let expected = prepared.expected.iter().map(|(stream, version)| (Arc::from(stream.to_string()), *version));
    Ok(Act {
        command: command.to_owned(),
        digest,
        recorded_at: now,
        expected: expected.collect(),
        entries: body::entries(written)?,
        answer: None,
        writes: prepared.writes.clone(),
    })
}
