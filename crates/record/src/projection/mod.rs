//! Current tables as a function of the log: entries in, changes to rows out.
//!
//! Each stream is projected by itself, from its entries and what they fold to; beside it only the sites' time zones and the
//! study versions are looked at, which never change once known. So the tables after any sequence of acts are those
//! of one replay of each stream, which is how they are rebuilt and verified.

mod cells;
mod due;
mod ledger;
mod participant;
mod records;
mod replay;
mod session;
mod stock;
mod tables;
mod trial;

pub use replay::{Proved, as_of, rebuild, verify, verify_through};
pub use tables::*;

use crate::{
    error::StoreError,
    folded::{Folded, Held},
    store::Store,
    table::Write,
};
use conduct::{ParticipantState, Stamp, StreamId, Studies, TrialState, Written, due::Due};
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

/// A stream before entries are taken in, as far as the tables will have to know.
pub(crate) struct Before {
    version: u64,
    counted: participant::Counted,
    due: Arc<Vec<Due>>,
}

impl Before {
    pub(crate) fn of(held: &Held, beside: Beside<'_>) -> Self {
        let participant = held.folded.participant().map(Arc::as_ref);
        Self {
            version: held.folded.version(),
            counted: participant::Counted::of(participant),
            due: held.due.clone().unwrap_or_else(|| due::of(participant, beside)),
        }
    }
}

/// The changes to the current tables that follow from entries of one stream, which `held` has taken in since `before`.
///
/// Many acts may be told at once: rows that come from the state are then written once, as they stand at the end.
pub(crate) fn rows<'a>(
    stream: &StreamId,
    before: &Before,
    written: impl Iterator<Item = &'a Written>,
    held: &mut Held,
    beside: Beside<'_>,
    writes: &mut Vec<Write>,
) {
    let numbered = written.zip(before.version + 1..).map(|(one, version)| Numbered {
        version,
        stamp: &one.stamp,
        entry: &one.entry,
    });
    match (&held.folded, stream) {
        (Folded::Participant(Some(after)), _) => {
            let mut touched = records::Touched::default();
            for one in numbered {
                records::entry(after, &one, &mut touched, writes);
            }
            touched.rows(after, writes);
            participant::rows(after, &before.counted, writes);
            let due_after = due::of(Some(after), beside);
            due::rows(after, (&before.due, &due_after), touched.all_visits(), writes);
            held.due = Some(due_after);
        }
        (Folded::Trial(after), _) => trial::trial(after, numbered, writes),
        (Folded::Site(after), StreamId::Site(site)) => trial::site(site, after, numbered, writes),
        (Folded::Stock(after), StreamId::Stock(site)) => {
            let numbered: Vec<Numbered<'a>> = numbered.collect();
            ledger::rows(site, &numbered, &std::mem::take(&mut held.books), writes);
            stock::rows(site, after, numbered.into_iter(), writes);
        }
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
