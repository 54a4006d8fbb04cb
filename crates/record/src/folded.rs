//! Folded streams, kept in memory while they are in use. What is kept is only ever a prefix of the log: a stream that
//! has moved is folded on from there, so several programs may write to one store.

use crate::{body::body_read, error::StoreError, store::{Range, Store}};
use conduct::{AllocationState, ParticipantState, SiteState, StockState, StreamId, TrialState, Written};
use jiff::Timestamp;
use std::{collections::HashMap, sync::Arc};

/// A stream as it stands.
#[derive(Debug, Clone)]
pub enum Folded {
    /// The trial.
    Trial(Arc<TrialState>),
    /// Who was drawn.
    Allocation(Arc<AllocationState>),
    /// A site's roster.
    Site(Arc<SiteState>),
    /// A site's stock.
    Stock(Arc<StockState>),
    /// A participant; none before their first entry.
    Participant(Option<Arc<ParticipantState>>),
}

impl Folded {
    /// Before the first entry.
    pub fn empty(stream: &StreamId) -> Self {
        match stream {
            StreamId::Trial => Self::Trial(Arc::default()),
            StreamId::Allocation => Self::Allocation(Arc::default()),
            StreamId::Site(_) => Self::Site(Arc::default()),
            StreamId::Stock(_) => Self::Stock(Arc::default()),
            StreamId::Participant(_) => Self::Participant(None),
        }
    }

    /// Entries folded so far.
    pub fn version(&self) -> u64 {
        match self {
            Self::Trial(state) => state.version,
            Self::Allocation(state) => state.version,
            Self::Site(state) => state.version,
            Self::Stock(state) => state.version,
            Self::Participant(state) => state.as_ref().map_or(0, |state| state.version),
        }
    }

    /// Takes in one entry.
    pub fn apply(&mut self, stamp: &conduct::Stamp, entry: &conduct::Entry) {
        match self {
            Self::Trial(state) => Arc::make_mut(state).apply(stamp, entry),
            Self::Allocation(state) => Arc::make_mut(state).apply(stamp, entry),
            Self::Site(state) => Arc::make_mut(state).apply(stamp, entry),
            Self::Stock(state) => Arc::make_mut(state).apply(stamp, entry),
            Self::Participant(Some(state)) => Arc::make_mut(state).apply(stamp, entry),
            Self::Participant(none) => *none = ParticipantState::begin(stamp, entry).map(Arc::new),
        }
    }
}

/// Folds a stream from the log, as it was known at a time.
///
/// # Errors
/// When the store can't be read.
pub fn fold(store: &dyn Store, stream: &StreamId, as_of: Option<Timestamp>) -> Result<Folded, StoreError> {
    let mut folded = Folded::empty(stream);
    fold_on(store, stream, &mut folded, as_of)?;
    Ok(folded)
}

fn fold_on(
    store: &dyn Store,
    stream: &StreamId,
    folded: &mut Folded,
    as_of: Option<Timestamp>,
) -> Result<(), StoreError> {
    let name = stream.to_string();
    let range = Range::Stream { name: &name, after: folded.version(), as_of };
    store.read(range, &mut |stored| {
        let (stamp, entry) = body_read(&stored)?;
        folded.apply(&stamp, &entry);
        Ok(true)
    })
}

/// Streams in use. Holds at most so many participants; the rest (few) stay.
#[derive(Debug)]
pub struct Cache {
    streams: HashMap<StreamId, (Folded, u64)>,
    clock: u64,
    most: usize,
}

impl Cache {
    /// An empty cache for so many streams.
    pub fn new(most: usize) -> Self {
        Self { streams: HashMap::new(), clock: 0, most }
    }

    /// A stream as it stands in the store now.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn load(&mut self, store: &dyn Store, stream: &StreamId) -> Result<Folded, StoreError> {
        self.clock += 1;
        let clock = self.clock;
        let mut folded = self.streams.remove(stream).map_or_else(|| Folded::empty(stream), |(folded, _)| folded);
        let outcome = if store.version(&stream.to_string())? > folded.version() {
            fold_on(store, stream, &mut folded, None)
        } else {
            Ok(())
        };
        outcome?;
        self.keep(stream.clone(), folded.clone(), clock);
        Ok(folded)
    }

    /// A stream as it stands here, trusting what is kept: for a batch, whose acts are not in the store yet.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn load_kept(&mut self, store: &dyn Store, stream: &StreamId) -> Result<Folded, StoreError> {
        match self.streams.get(stream) {
            Some((folded, _)) => Ok(folded.clone()),
            None => self.load(store, stream),
        }
    }

    /// Takes in entries that were appended.
    pub fn advance(&mut self, written: &[Written]) {
        for written in written {
            if let Some((folded, _)) = self.streams.get_mut(&written.stream) {
                folded.apply(&written.stamp, &written.entry);
            }
        }
    }

    /// Forgets a stream: it is folded anew when it is next asked for.
    pub fn forget(&mut self, stream: &StreamId) {
        self.streams.remove(stream);
    }

    fn keep(&mut self, stream: StreamId, folded: Folded, clock: u64) {
        if self.streams.len() >= self.most {
            // The older half goes: rare, and cheaper to say than a list in order of use.
            let mut uses: Vec<u64> = self.streams.values().map(|(_, used)| *used).collect();
            uses.sort_unstable();
            let middle = uses.get(uses.len() / 2).copied().unwrap_or(0);
            self.streams.retain(|_, (_, used)| *used > middle);
        }
        self.streams.insert(stream, (folded, clock));
    }
}
