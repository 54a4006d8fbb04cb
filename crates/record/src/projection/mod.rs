//! Current tables as a function of the log: entries in, changes to rows out.
//!
//! Each stream is projected by itself, from its entries and what they fold to; beside it only the sites' time zones and the
//! study versions are looked at, which never change once known. So the tables after any sequence of acts are those
//! of one replay of each stream, which is how they are rebuilt and verified.

mod cells;
mod due;
mod participant;
mod records;
mod replay;
mod session;
mod stock;
mod tables;
mod trial;

pub use replay::{Proved, as_of, rebuild, verify};
pub use tables::*;

use crate::{
    error::StoreError,
    folded::{Folded, Held},
    store::Store,
    table::Write,
};
use conduct::{ParticipantState, Stamp, StreamId, Studies, TrialState, Written};
use std::sync::Arc;
use terms::{InstanceId, ParticipantId};

/// What is looked at beside a stream.
#[derive(Clone, Copy)]
pub(crate) struct Beside<'a> {
    pub(crate) studies: &'a Studies,
    /// The trial, with every site that the stream's entries name.
    pub(crate) trial: &'a TrialState,
}

/// One entry with its place in the stream.
struct Numbered<'a> {
    version: u64,
    stamp: &'a Stamp,
    entry: &'a conduct::Entry,
}

/// Takes entries of one stream into it and adds the changes to the current tables that follow.
pub(crate) fn take_in(
    stream: &StreamId,
    held: &mut Held,
    written: &[&Written],
    beside: Beside<'_>,
    writes: &mut Vec<Write>,
) {
    let participant = held.folded.participant();
    let before = participant::Counted::of(participant.map(Arc::as_ref));
    let due_before = held.due.take().unwrap_or_else(|| due::of(participant.map(Arc::as_ref), beside));
    let first = held.folded.version() + 1;
    for one in written {
        held.folded.apply(&one.stamp, &one.entry);
    }
    let numbered =
        written.iter().zip(first..).map(|(one, version)| Numbered { version, stamp: &one.stamp, entry: &one.entry });
    match (&held.folded, stream) {
        (Folded::Participant(Some(after)), _) => {
            let mut touched = records::Touched::default();
            for one in numbered {
                records::entry(after, &one, &mut touched, writes);
            }
            touched.rows(after, writes);
            participant::rows(after, &before, writes);
            let due_after = due::of(Some(after), beside);
            due::rows(after, (&due_before, &due_after), touched.all_visits(), writes);
            held.due = Some(due_after);
        }
        (Folded::Trial(after), _) => trial::trial(after, numbered, writes),
        (Folded::Site(after), StreamId::Site(site)) => trial::site(site, after, numbered, writes),
        (Folded::Stock(after), StreamId::Stock(site)) => stock::rows(site, after, numbered, writes),
        (Folded::Allocation(_) | Folded::Participant(None) | Folded::Site(_) | Folded::Stock(_), _) => {}
    }
}

/// Whose rating an opaque request is.
///
/// # Errors
/// When the store can't be read.
pub fn participant_of_rating(store: &dyn Store, request: &InstanceId) -> Result<Option<ParticipantId>, StoreError> {
    let rows = store.select("SELECT participant FROM rating WHERE request = ?1", &[request.as_str().into()])?;
    Ok(rows.first().and_then(|row| row.first()?.as_text().map(ParticipantId::from)))
}

/// `participant/S01-001`, as the tables name what an approval or a hold lies on.
fn held(participant: &ParticipantState) -> String {
    format!("participant/{}", participant.id)
}
