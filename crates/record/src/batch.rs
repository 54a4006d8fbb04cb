//! Many acts in few transactions, for a simulated store: the same decisions, appended together.

use crate::{
    door::Door,
    error::StoreError,
    first_answer::Digests,
    folded::{Folded, Held, fold},
    projection::Beside,
    store::Act,
    streams::Streams,
    write::{Prepared, act_of},
};
use conduct::{Context, No, Request, StreamId, Subject, Written, decide};
use std::{collections::HashMap, sync::Arc};
use terms::ParticipantId;

/// Many acts in few transactions. Nobody else writes meanwhile; if somebody does, the transaction in hand fails whole.
pub struct Batch<'d> {
    door: &'d Door,
    streams: HashMap<StreamId, Held>,
    acts: Vec<Act>,
    entries: usize,
}

/// Entries that one transaction of a batch takes.
const ENTRIES_A_TRANSACTION: usize = 20_000;

/// Entries folded in memory beyond which streams are forgotten between transactions.
const ENTRIES_KEPT: u64 = 200_000;

impl<'d> Batch<'d> {
    /// A batch on a door.
    pub fn new(door: &'d Door) -> Self {
        Self { door, streams: HashMap::new(), acts: Vec::new(), entries: 0 }
    }

    /// Decides a request with a context that was made for it, and keeps what it leads to for the next transaction.
    /// `participant`: whom it is about, if it is about one.
    ///
    /// # Errors
    /// When the store can't be read or written.
    pub fn ask(
        &mut self,
        request: &Request,
        participant: Option<&ParticipantId>,
        context: &Context,
    ) -> Result<Result<Vec<Written>, No>, StoreError> {
        let command = &request.command;
        let site = match command.subject() {
            Subject::Site(site) => Some(site),
            Subject::Trial | Subject::Participant(_) | Subject::Rating(_) => None,
        };
        let parts = (command.needs_stock(), command.needs_allocation());
        let streams = Streams::read(participant, site, parts, &mut |stream| self.load(stream))?;
        let studies = self.door.studies();
        let written = match decide(&studies, streams.world(), streams.site_id.as_ref(), request, context) {
            Ok(written) => written,
            Err(no) => return Ok(Err(no)),
        };
        self.keep(request, context, streams, &written)?;
        Ok(Ok(written))
    }

    fn keep(
        &mut self,
        request: &Request,
        context: &Context,
        streams: Streams,
        written: &[Written],
    ) -> Result<(), StoreError> {
        let studies = self.door.studies();
        let trial = Arc::clone(&streams.trial);
        let expected = streams.expected.clone();
        // Held by nobody else from here on, so the streams are changed in place.
        drop(streams);
        let beside = Beside { studies: &studies, trial: &trial };
        let prepared = Prepared::new(expected, written, beside, &mut |stream| {
            self.load(stream)?;
            Ok(self.streams.remove(stream).unwrap_or_else(|| Held::new(Folded::empty(stream))))
        })?;
        let digest = Digests::of(request, context)?.asked;
        let act = act_of(&request.id, digest, context.now, &prepared, written)?;
        self.streams.extend(prepared.after);
        self.entries += act.entries.len();
        self.acts.push(act);
        if self.entries >= ENTRIES_A_TRANSACTION { self.flush() } else { Ok(()) }
    }

    /// Appends what is kept.
    ///
    /// # Errors
    /// When the store can't be written.
    pub fn flush(&mut self) -> Result<(), StoreError> {
        self.entries = 0;
        let acts = std::mem::take(&mut self.acts);
        if acts.is_empty() {
            return Ok(());
        }
        let appended = self.door.store().append(acts);
        // What is not in the store must not be built upon; and memory has its bounds.
        if appended.is_err() || self.streams.values().map(|held| held.folded.version()).sum::<u64>() > ENTRIES_KEPT {
            self.streams.clear();
        }
        appended.map(drop)
    }

    fn load(&mut self, stream: &StreamId) -> Result<Folded, StoreError> {
        if let Some(held) = self.streams.get(stream) {
            return Ok(held.folded.clone());
        }
        let folded = fold(self.door.store().as_ref(), stream, None)?;
        self.streams.insert(stream.clone(), Held::new(folded.clone()));
        Ok(folded)
    }
}
