//! Breadth first: every state that some moves lead to, the near ones first, so that the first harm found is a shortest one.
//!
//! A state that was expanded is forgotten but for its fingerprint, its parent and its move; when its turn comes it is made again from
//! the world's beginning by `decide` and `apply` alone. So a crash between two acts is part of every run: nothing but what was
//! written survives from one state to the next, and a state that did not come out the same again would be told.

use crate::{
    monitor::Harm,
    moves::{self, Move, Step},
    state::{Outcome, Setting, State},
};
use conduct::{Command, Entry, No, Written};
use std::{
    collections::{BTreeMap, HashSet},
    hash::{BuildHasherDefault, Hasher},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

/// Where an exploration begins, and what may be done there.
#[derive(Debug, Clone)]
pub struct World {
    /// Its name: `dose`.
    pub name: &'static str,
    /// How things stand at its beginning, in a sentence.
    pub about: &'static str,
    /// What is the same in all its states; some worlds are of a variant of the study.
    pub setting: Setting,
    /// The beginning.
    pub start: State,
    /// What may be done.
    pub moves: Vec<Move>,
    /// Moves deep that the quick bound goes.
    pub quick: u8,
}

/// How far an exploration goes.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Moves deep; 0 for the world's own quick depth.
    pub depth: u8,
    /// States that are kept at most.
    pub states: usize,
    /// Threads.
    pub threads: usize,
}

impl Bounds {
    /// Seconds: in every ordinary test run.
    pub const QUICK: Self = Self { depth: 0, states: 20_000, threads: 1 };
}

/// How often a rule stood in the way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Reached {
    /// Times.
    pub broken: u64,
    /// Times alone.
    pub alone: u64,
}

/// What an exploration came across.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    /// Rules, by id, and how often they said no.
    pub rules: BTreeMap<String, Reached>,
    /// Authorisations that were granted, by name.
    pub granted: BTreeMap<String, u64>,
    /// Facts that were recorded, by name.
    pub recorded: BTreeMap<String, u64>,
    /// Answers that were written, by trigger.
    pub answers: BTreeMap<String, u64>,
}

impl Coverage {
    /// Adds what another came across.
    pub fn add(&mut self, other: &Self) {
        for (rule, reached) in &other.rules {
            let mine = self.rules.entry(rule.clone()).or_default();
            mine.broken += reached.broken;
            mine.alone += reached.alone;
        }
        let sum = |mine: &mut BTreeMap<String, u64>, theirs: &BTreeMap<String, u64>| {
            theirs.iter().for_each(|(name, count)| *mine.entry(name.clone()).or_default() += count);
        };
        sum(&mut self.granted, &other.granted);
        sum(&mut self.recorded, &other.recorded);
        sum(&mut self.answers, &other.answers);
    }

    fn take(&mut self, one: &Command, outcome: &Outcome) {
        match (outcome, one) {
            (Outcome::Written(written), Command::Authorise(_)) => {
                *self.granted.entry(one.name()).or_default() += 1;
                self.answered(written);
            }
            (Outcome::Written(written), Command::Fact(_)) => {
                *self.recorded.entry(one.name()).or_default() += 1;
                self.answered(written);
            }
            (Outcome::No(No::Refused(refusal)), _) => {
                let mut rules: Vec<&str> = refusal.broken.iter().map(|broken| broken.rule).collect();
                rules.sort_unstable();
                rules.dedup();
                for rule in &rules {
                    let reached = self.rules.entry((*rule).to_owned()).or_default();
                    reached.broken += 1;
                    reached.alone += u64::from(rules.len() == 1);
                }
            }
            (Outcome::No(No::Unreadable(_) | No::Conflict { .. } | No::NotYours { .. }), _) => {}
        }
    }

    fn answered(&mut self, written: &[Written]) {
        for one in written {
            let word = match &one.entry {
                Entry::DeviationRecorded { trigger: Some(trigger), .. } => crate::monitor::word(*trigger),
                Entry::TaskRaised(task) => crate::monitor::word(task.trigger),
                Entry::HoldPlaced { .. } => "hold".to_owned(),
                _ => continue,
            };
            *self.answers.entry(word).or_default() += 1;
        }
    }
}

/// A way from a world's beginning, in moves.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Way {
    /// Moves by number.
    pub moves: Vec<u16>,
    /// What should never have happened at its end.
    pub harm: Harm,
}

/// What an exploration found.
#[derive(Debug, Clone)]
pub struct Explored {
    /// Distinct states.
    pub states: usize,
    /// Moves that were tried.
    pub tried: u64,
    /// Moves deep to which everything was seen.
    pub depth: u8,
    /// The bound of states cut the next depth short.
    pub cut: bool,
    /// What was come across.
    pub coverage: Coverage,
    /// The shortest way to a harm.
    pub harm: Option<Way>,
}

/// Fingerprints are spread already.
#[derive(Debug, Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
            self.0 ^= u64::from_le_bytes(word);
        }
    }
}

type Prints = HashSet<u128, BuildHasherDefault<AsIs>>;

const SHARDS: usize = 64;

/// A state that was seen: whence, by which move, and a part of its fingerprint.
#[derive(Debug, Clone, Copy)]
struct Node {
    parent: u32,
    made: u16,
    mark: u16,
}

struct Search<'w> {
    setting: &'w Setting,
    world: &'w World,
    seen: Vec<Mutex<Prints>>,
    states: AtomicUsize,
    most: usize,
    cut: AtomicBool,
    harm: Mutex<Option<Way>>,
}

#[derive(Default)]
struct Found {
    nodes: Vec<(u32, u16, u16)>,
    tried: u64,
    coverage: Coverage,
}

/// Explores a world. `heard` is told how many states there are, from time to time.
pub fn explore(world: &World, bounds: Bounds, heard: &(dyn Fn(usize) + Sync)) -> Explored {
    let search = Search {
        setting: &world.setting,
        world,
        seen: (0..SHARDS).map(|_| Mutex::new(Prints::default())).collect(),
        states: AtomicUsize::new(0),
        most: bounds.states,
        cut: AtomicBool::new(false),
        harm: Mutex::new(None),
    };
    let print = world.start.print();
    search.new_state(print);
    let mut nodes = vec![Node { parent: 0, made: u16::MAX, mark: mark(print) }];
    let (mut from, mut depth) = (0, 0);
    let most = if bounds.depth == 0 { world.quick } else { bounds.depth };
    let mut all = Found::default();
    while depth < most && from < nodes.len() && search.harm().is_none() && !search.cut.load(Ordering::Relaxed) {
        let level = from..nodes.len();
        let next = AtomicUsize::new(level.start);
        let found: Vec<Found> = std::thread::scope(|scope| {
            let (search, nodes, next, level) = (&search, &nodes, &next, &level);
            let work = move || search.expand(nodes, next, level.end, heard);
            let threads: Vec<_> = (1..bounds.threads.max(1)).map(|_| scope.spawn(work)).collect();
            let mine = work();
            let others = threads.into_iter().filter_map(|thread| thread.join().ok());
            std::iter::once(mine).chain(others).collect()
        });
        from = level.end;
        for one in found {
            nodes.extend(one.nodes.iter().map(|(parent, made, mark)| Node {
                parent: *parent,
                made: *made,
                mark: *mark,
            }));
            all.tried += one.tried;
            all.coverage.add(&one.coverage);
        }
        if !search.cut.load(Ordering::Relaxed) {
            depth += 1;
        }
    }
    Explored {
        states: nodes.len(),
        tried: all.tried,
        depth,
        cut: search.cut.load(Ordering::Relaxed),
        coverage: all.coverage,
        harm: search.harm(),
    }
}

fn mark(print: u128) -> u16 {
    u16::try_from(print & 0xffff).unwrap_or_default()
}

impl Search<'_> {
    fn harm(&self) -> Option<Way> {
        self.harm.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes a way to a harm, if it is before the one that is known.
    fn harmed(&self, way: Way) {
        let mut known = self.harm.lock().unwrap_or_else(PoisonError::into_inner);
        if known.as_ref().is_none_or(|known| way < *known) {
            *known = Some(way);
        }
    }

    /// Whether a fingerprint is new; notes it.
    fn new_state(&self, print: u128) -> bool {
        let shard = usize::try_from((print >> 64) % SHARDS as u128).unwrap_or_default();
        let Some(shard) = self.seen.get(shard) else { return false };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if shard.contains(&print) {
            return false;
        }
        if self.states.fetch_add(1, Ordering::Relaxed) >= self.most {
            self.cut.store(true, Ordering::Relaxed);
            return false;
        }
        shard.insert(print)
    }

    fn expand(&self, nodes: &[Node], next: &AtomicUsize, end: usize, heard: &(dyn Fn(usize) + Sync)) -> Found {
        const AT_ONCE: usize = 8;
        let mut found = Found::default();
        // Neighbours have the same parent: it is made again once for all of them.
        let mut parent: Option<(u32, State)> = None;
        loop {
            let begin = next.fetch_add(AT_ONCE, Ordering::Relaxed);
            if begin >= end || self.cut.load(Ordering::Relaxed) {
                return found;
            }
            for place in begin..(begin + AT_ONCE).min(end) {
                let state = self.again(nodes, place, &mut parent);
                self.expand_one(nodes, place, &state, &mut found);
            }
            heard(self.states.load(Ordering::Relaxed).min(self.most));
        }
    }

    fn expand_one(&self, nodes: &[Node], place: usize, state: &State, found: &mut Found) {
        for (number, one) in self.world.moves.iter().enumerate() {
            let number = u16::try_from(number).unwrap_or(u16::MAX);
            let Some(step) = moves::make(self.setting, state, number, one) else { continue };
            found.tried += 1;
            if let (Some(outcome), Some(command)) = (&step.outcome, &step.asked) {
                found.coverage.take(command, outcome);
            }
            if let Some(harm) = step.harms.first() {
                let mut moves = path(nodes, place);
                moves.push(number);
                self.harmed(Way { moves, harm: harm.clone() });
                return;
            }
            if let Some(print) = step.state.map(|state| state.print())
                && self.new_state(print)
            {
                let parent = u32::try_from(place).unwrap_or(u32::MAX);
                found.nodes.push((parent, number, mark(print)));
            }
        }
    }

    /// A state made again from the world's beginning.
    fn again(&self, nodes: &[Node], place: usize, kept: &mut Option<(u32, State)>) -> State {
        let Some(node) = nodes.get(place).filter(|_| place > 0) else { return self.world.start.clone() };
        let known = kept.as_ref().filter(|(parent, _)| *parent == node.parent).map(|(_, state)| state.clone());
        let parent = known.unwrap_or_else(|| {
            let ways = path(nodes, node.parent as usize);
            let state = ways.iter().fold(self.world.start.clone(), |state, made| self.step(&state, *made));
            *kept = Some((node.parent, state.clone()));
            state
        });
        let state = self.step(&parent, node.made);
        debug_assert_eq!(mark(state.print()), node.mark, "the same acts led to another state");
        state
    }

    fn step(&self, state: &State, made: u16) -> State {
        let one = self.world.moves.get(usize::from(made));
        let step: Option<Step> = one.and_then(|one| moves::make(self.setting, state, made, one));
        step.and_then(|step| step.state).unwrap_or_else(|| state.clone())
    }
}

/// The moves from the beginning to a state.
fn path(nodes: &[Node], place: usize) -> Vec<u16> {
    let mut moves = Vec::new();
    let mut place = place;
    while let Some(node) = nodes.get(place).filter(|_| place > 0) {
        moves.push(node.made);
        place = node.parent as usize;
    }
    moves.reverse();
    moves
}

/// A way told step by step: time, move, answer.
pub fn told(world: &World, way: &Way, zone: &jiff::tz::TimeZone) -> Vec<String> {
    let setting = &world.setting;
    let mut state = world.start.clone();
    let mut lines = Vec::new();
    for number in &way.moves {
        let Some(one) = world.moves.get(usize::from(*number)) else { continue };
        let at = state.now.to_zoned(zone.clone());
        let Some(step) = moves::make(setting, &state, *number, one) else { continue };
        let answer = match &step.outcome {
            None => String::new(),
            Some(Outcome::Written(_)) => match &step.asked {
                Some(Command::Authorise(_)) => ": allowed".to_owned(),
                _ => ": recorded".to_owned(),
            },
            Some(Outcome::No(no)) => format!(": no, {no}"),
        };
        lines.push(format!("{} {:02}:{:02}  {}{answer}", at.date(), at.hour(), at.minute(), one.words));
        state = step.state.unwrap_or(state);
    }
    lines
}
