//! Folded streams, and the memory that keeps the last ones.
//!
//! What is kept is only ever a prefix of the log: a stream that has moved is folded on from there, so several programs may
//! write to one store.

use crate::{
    body::body_read,
    error::StoreError,
    lock,
    store::{Range, Store},
};
use conduct::{
    AllocationState, ParticipantState, SiteState, StockState, StreamId, TrialState, Written,
    due::Due,
    state::{Balance, Line},
};
use jiff::Timestamp;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

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

    /// The participant, if it is one and has entries.
    pub fn participant(&self) -> Option<&Arc<ParticipantState>> {
        match self {
            Self::Participant(state) => state.as_ref(),
            Self::Trial(_) | Self::Allocation(_) | Self::Site(_) | Self::Stock(_) => None,
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

/// A folded stream with what was computed from it.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) folded: Folded,
    /// What is due for the participant, if it was computed for this version.
    pub(crate) due: Option<Arc<Vec<Due>>>,
    /// The book of a stock before and after each entry since the tables were last told.
    pub(crate) books: Vec<Moves>,
}

/// What one entry did to the book of a site's stock.
#[derive(Debug, Clone)]
pub(crate) struct Moves {
    pub(crate) version: u64,
    /// Lines that the entry changed: by how much, and to what.
    pub(crate) lines: Vec<(Line, Balance, Balance)>,
    /// The whole book after it.
    pub(crate) whole: Balance,
}

impl Held {
    pub(crate) fn new(folded: Folded) -> Self {
        Self { folded, due: None, books: Vec::new() }
    }

    /// Takes in one entry; what was computed from the state before it is forgotten.
    pub(crate) fn apply(&mut self, written: &Written) {
        let Folded::Stock(state) = &mut self.folded else {
            self.folded.apply(&written.stamp, &written.entry);
            self.due = None;
            return;
        };
        let state = Arc::make_mut(state);
        let before = state.book.clone();
        state.apply(&written.stamp, &written.entry);
        let changed = state.book.iter().filter_map(|(line, after)| {
            let was = before.get(line).copied().unwrap_or_default();
            (was != *after).then(|| (line.clone(), *after - was, *after))
        });
        let (lines, whole) = (changed.collect(), state.balance());
        self.books.push(Moves { version: state.version, lines, whole });
    }

    /// Memory goes with the entries folded.
    fn weight(&self) -> u64 {
        self.folded.version() + 16
    }
}

/// Folded streams in use, the least lately used forgotten first. Nobody waits for a disk while it is looked at.
pub(crate) struct Memory {
    kept: Mutex<Kept>,
    weight_max: u64,
}

#[derive(Default)]
struct Kept {
    streams: HashMap<StreamId, (Held, u64)>,
    weight: u64,
    clock: u64,
}

impl Memory {
    /// A memory for streams of so many entries together.
    pub(crate) fn new(weight_max: u64) -> Self {
        Self { kept: Mutex::default(), weight_max }
    }

    /// A stream as it stands in the store now.
    pub(crate) fn load(&self, store: &dyn Store, stream: &StreamId) -> Result<Held, StoreError> {
        let version = store.version(&stream.to_string())?;
        let known = self.get(stream);
        if let Some(held) = known.as_ref().filter(|held| held.folded.version() >= version) {
            return Ok(held.clone());
        }
        let mut folded = known.map_or_else(|| Folded::empty(stream), |held| held.folded);
        fold_on(store, stream, &mut folded, None)?;
        let held = Held::new(folded);
        self.keep(stream, held.clone());
        Ok(held)
    }

    fn get(&self, stream: &StreamId) -> Option<Held> {
        let mut kept = lock(&self.kept);
        kept.clock += 1;
        let now = kept.clock;
        let (held, used) = kept.streams.get_mut(stream)?;
        *used = now;
        Some(held.clone())
    }

    /// Takes a stream out, so that nobody else holds it while it is changed.
    pub(crate) fn take(&self, stream: &StreamId) -> Option<Held> {
        let mut kept = lock(&self.kept);
        let (held, _) = kept.streams.remove(stream)?;
        kept.weight -= held.weight();
        Some(held)
    }

    /// Keeps a stream, unless a later version of it is kept already.
    pub(crate) fn keep(&self, stream: &StreamId, held: Held) {
        let mut kept = lock(&self.kept);
        kept.clock += 1;
        let now = kept.clock;
        if kept.streams.get(stream).is_some_and(|(known, _)| known.folded.version() > held.folded.version()) {
            return;
        }
        kept.weight += held.weight();
        if let Some((before, _)) = kept.streams.insert(stream.clone(), (held, now)) {
            kept.weight -= before.weight();
        }
        if kept.weight > self.weight_max {
            kept.make_room(self.weight_max / 5 * 4);
        }
    }
}

impl Kept {
    /// Forgets the least lately used until it fits. Rare, because it makes a fifth of the room free at once.
    fn make_room(&mut self, weight_max: u64) {
        let mut ages: Vec<(u64, u64)> = self.streams.values().map(|(held, used)| (*used, held.weight())).collect();
        ages.sort_unstable();
        let mut weight = self.weight;
        let mut last = 0;
        for (used, one) in ages {
            if weight <= weight_max {
                break;
            }
            weight -= one;
            last = used;
        }
        self.streams.retain(|_, (_, used)| *used > last);
        self.weight = weight;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(n: usize) -> StreamId {
        StreamId::Site(format!("S{n}").as_str().into())
    }

    #[test]
    fn the_least_lately_used_goes_first() {
        let memory = Memory::new(16 * 10);
        for n in 0..10 {
            memory.keep(&stream(n), Held::new(Folded::empty(&stream(n))));
        }
        assert!((0..10).all(|n| memory.get(&stream(n)).is_some()));
        assert!(memory.get(&stream(0)).is_some());
        memory.keep(&stream(10), Held::new(Folded::empty(&stream(10))));
        let kept: Vec<usize> = (0..11).filter(|n| memory.get(&stream(*n)).is_some()).collect();
        assert_eq!(kept, [0, 4, 5, 6, 7, 8, 9, 10]);
        assert_eq!(lock(&memory.kept).weight, 16 * 8);
        assert!(memory.take(&stream(4)).is_some());
        assert!(memory.take(&stream(4)).is_none());
        assert_eq!(lock(&memory.kept).weight, 16 * 7);
    }
}
