//! Many acts in few transactions, for a simulated store: the same decisions, appended together.

use crate::{
    door::Door,
    error::StoreError,
    first_answer::Digests,
    folded::{Folded, Held, fold},
    projection::Beside,
    store::Act,
    streams::{Reads, Streams},
    write::{Moved, act_of, take_in},
};
use conduct::{Context, No, Request, StreamId, Subject, TrialState, Written, decide};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};
use terms::ParticipantId;

/// Many acts in few transactions. Nobody else writes meanwhile; if somebody does, the transaction in hand fails whole.
pub struct Batch<'d> {
    door: &'d Door,
    /// Streams that no act in hand has moved.
    streams: HashMap<StreamId, Held>,
    /// Streams that acts in hand have moved, with the entries that did. Their rows are made once, when all is appended.
    moved: BTreeMap<StreamId, Moved>,
    written: HashMap<StreamId, Vec<Written>>,
    trial: Arc<TrialState>,
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
        Self {
            door,
            streams: HashMap::new(),
            moved: BTreeMap::new(),
            written: HashMap::new(),
            trial: Arc::default(),
            acts: Vec::new(),
            entries: 0,
        }
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
        let streams = Streams::read(participant, site, Reads::of(command), &mut |stream| self.load(stream))?;
        let studies = self.door.studies();
        let written = match decide(&studies, streams.world(), streams.site_id.as_ref(), request, context) {
            Ok(written) => written,
            Err(no) => return Ok(Err(no)),
        };
        match self.keep(request, context, streams, &written) {
            Ok(()) => Ok(Ok(written)),
            Err(error) => {
                // Streams may be half taken in: nothing of this transaction is appended.
                self.acts.clear();
                self.moved.clear();
                self.written.clear();
                self.streams.clear();
                Err(error)
            }
        }
    }

    fn keep(
        &mut self,
        request: &Request,
        context: &Context,
        streams: Streams,
        written: &[Written],
    ) -> Result<(), StoreError> {
        let studies = self.door.studies();
        self.trial = Arc::clone(&streams.trial);
        let mut expected = streams.expected.clone();
        // Held by nobody else from here on, so the streams are changed in place.
        drop(streams);
        let trial = Arc::clone(&self.trial);
        let beside = Beside { studies: &studies, trial: &trial };
        let moved = take_in(&mut expected, written, &mut |stream| self.take(stream, beside))?;
        let digest = Digests::of(request, context)?.asked;
        let act = act_of(&request.id, digest, context.now, &expected, written)?;
        for one in moved {
            self.moved.insert(one.stream.clone(), one);
        }
        for one in written {
            self.written.entry(one.stream.clone()).or_default().push(one.clone());
        }
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
        let mut acts = std::mem::take(&mut self.acts);
        let mut moved = std::mem::take(&mut self.moved);
        let written = std::mem::take(&mut self.written);
        let Some(last) = acts.last_mut() else { return Ok(()) };
        let studies = self.door.studies();
        let beside = Beside { studies: &studies, trial: &self.trial };
        for (stream, one) in &mut moved {
            one.rows(written.get(stream).into_iter().flatten(), beside, &mut last.writes);
        }
        let appended = self.door.store().append(acts);
        self.streams.extend(moved.into_iter().map(|(stream, one)| (stream, one.held)));
        // What is not in the store must not be built upon; and memory has its bounds.
        if appended.is_err() || self.streams.values().map(|held| held.folded.version()).sum::<u64>() > ENTRIES_KEPT {
            self.streams.clear();
        }
        appended.map(drop)
    }

    fn load(&mut self, stream: &StreamId) -> Result<Folded, StoreError> {
        let known = self.moved.get(stream).map(|moved| &moved.held).or_else(|| self.streams.get(stream));
        if let Some(held) = known {
            return Ok(held.folded.clone());
        }
        let folded = fold(self.door.store().as_ref(), stream, None)?;
        self.streams.insert(stream.clone(), Held::new(folded.clone()));
        Ok(folded)
    }

    /// Takes a stream out, so that it is changed in place.
    fn take(&mut self, stream: &StreamId, beside: Beside<'_>) -> Result<Moved, StoreError> {
        if let Some(moved) = self.moved.remove(stream) {
            return Ok(moved);
        }
        self.load(stream)?;
        let held = self.streams.remove(stream).unwrap_or_else(|| Held::new(Folded::empty(stream)));
        Ok(Moved::new(stream, held, beside))
    }
}
