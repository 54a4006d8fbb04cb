//! One state of the explored world: every stream folded, the clock, and the monitor's own memory of what happened.
//!
//! Nothing here decides: the only way from a state to the next is [`conduct::decide_without`] with nothing or one rule switched
//! off, and `apply`. The streams that a decision is given are those that the store would load and guard, no more.

use crate::{
    monitor::{Harm, Monitor, Performed},
    print,
};
use conduct::{
    AllocationState, Broken, Context, No, ParticipantState, Request, SiteState, StockState, StreamId, Studies, Subject,
    TrialState, World, Written, decide_without,
};
use jiff::Timestamp;
use protocol::model::Study;
use std::{
    collections::BTreeMap,
    fmt::Debug,
    sync::{Arc, OnceLock},
};
use terms::{InstanceId, ParticipantId, SiteId, StudyHash};

/// A value shared between states, with its fingerprint.
pub struct Kept<T> {
    value: Arc<T>,
    print: OnceLock<u128>,
}

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Self {
        Self { value: Arc::clone(&self.value), print: self.print.clone() }
    }
}

impl<T: Debug> Debug for Kept<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.value.fmt(f)
    }
}

impl<T: Default> Default for Kept<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> Kept<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value: Arc::new(value), print: OnceLock::new() }
    }

    /// The fingerprint, made once until it changes.
    pub(crate) fn print_by(&self, how: impl FnOnce(&T) -> u128) -> u128 {
        *self.print.get_or_init(|| how(&self.value))
    }
}

impl<T: Clone> Kept<T> {
    /// To be changed: other states that share it keep it as it was.
    pub(crate) fn value_mut(&mut self) -> &mut T {
        self.print = OnceLock::new();
        Arc::make_mut(&mut self.value)
    }

    fn change(&mut self, with: impl FnOnce(&mut T)) {
        with(self.value_mut());
    }
}

impl<T: Debug> Kept<T> {
    fn print(&self) -> u128 {
        self.print_by(|value| print::of_shown(value))
    }
}

impl<T> std::ops::Deref for Kept<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

/// What is the same in every state of one exploration.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The study that is proved.
    pub study: Arc<Study>,
    /// Its hash.
    pub hash: StudyHash,
    /// It and its amendment, if the worlds use one.
    pub studies: Studies,
    /// What is switched off.
    pub off: Off,
}

/// Rules and answers that are switched off, to see that their absence is noticed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Off {
    /// Ids of rules: `dose.interval`, or one condition of a rule: `session.check/pressure`.
    pub rules: Vec<String>,
    /// Answers to facts, by the trigger that they carry.
    pub answers: Vec<protocol::model::Trigger>,
    /// Holds that facts place by themselves.
    pub holds: bool,
    /// Properties that are not looked at: those of a rule's partners, so that the rule's own harm is what is found.
    pub ignored: Vec<String>,
}

impl Off {
    /// Nothing is.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// These rules.
    pub fn rules(ids: &[&str]) -> Self {
        Self { rules: ids.iter().map(|id| (*id).to_owned()).collect(), ..Self::default() }
    }

    fn drops(&self, broken: &Broken) -> bool {
        self.rules.iter().any(|id| {
            let (rule, condition) = id.split_once('/').map_or((id.as_str(), None), |(rule, c)| (rule, Some(c)));
            rule == broken.rule && condition.is_none_or(|condition| broken.condition.as_deref() == Some(condition))
        })
    }

    fn silences(&self, written: &mut Vec<Written>, fact: bool) {
        use conduct::Entry;
        if self.answers.is_empty() && !self.holds {
            return;
        }
        written.retain(|one| match &one.entry {
            Entry::DeviationRecorded { trigger: Some(trigger), .. } => !self.answers.contains(trigger),
            Entry::TaskRaised(task) => !self.answers.contains(&task.trigger),
            Entry::GroundWithdrawn { .. } => !self.answers.contains(&protocol::model::Trigger::GroundWithdrawn),
            Entry::HoldPlaced { .. } => !(self.holds && fact),
            _ => true,
        });
    }
}

/// One state.
#[derive(Debug, Clone)]
pub struct State {
    /// The trial.
    pub trial: Kept<TrialState>,
    /// Who was drawn.
    pub allocation: Kept<AllocationState>,
    /// Rosters.
    pub sites: BTreeMap<SiteId, Kept<SiteState>>,
    /// Stocks.
    pub stocks: BTreeMap<SiteId, Kept<StockState>>,
    /// Participants.
    pub people: BTreeMap<ParticipantId, Kept<ParticipantState>>,
    /// The clock.
    pub now: Timestamp,
    /// What an onlooker who knows only what was written makes of it.
    pub monitor: Monitor,
    /// Minutes that have gone by, whatever the clock says. With the moves of this minute they name acts: the same acts in
    /// another order get the same names, so that what differs by order alone is one state. No part of the fingerprint.
    passed: i64,
    made: Vec<(u16, u8)>,
}

/// How often one move is made within one minute: the second time is the doubled command, a third tells nothing new.
const TIMES_IN_A_MINUTE: u8 = 2;

/// What came of asking.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// Granted or recorded.
    Written(Vec<Written>),
    /// Not granted, not read, or not this person's.
    No(No),
}

impl State {
    /// Nothing has happened yet.
    pub fn new(now: Timestamp) -> Self {
        Self {
            trial: Kept::new(TrialState::default()),
            allocation: Kept::new(AllocationState::default()),
            sites: BTreeMap::new(),
            stocks: BTreeMap::new(),
            people: BTreeMap::new(),
            now,
            monitor: Monitor::default(),
            passed: 0,
            made: Vec::new(),
        }
    }

    /// Time goes by.
    pub(crate) fn pass(&mut self, minutes: i64) {
        self.passed += minutes;
        self.made.clear();
    }

    /// The name of an act by this move now; `None` if it was made often enough in this minute.
    pub(crate) fn act(&self, number: u16) -> Option<String> {
        let times = self.made.iter().find(|(made, _)| *made == number).map_or(0, |(_, times)| *times);
        (times < TIMES_IN_A_MINUTE).then(|| format!("a{number}-{}-{}", self.passed, times + 1))
    }

    /// An act by this move was made in this minute.
    pub(crate) fn made(&mut self, number: u16) {
        match self.made.iter_mut().find(|(made, _)| *made == number) {
            Some((_, times)) => *times += 1,
            None => self.made.push((number, 1)),
        }
    }

    /// The state's fingerprint.
    pub fn print(&self) -> u128 {
        let sites: Vec<u128> = self.sites.values().map(Kept::print).collect();
        let stocks: Vec<u128> = self.stocks.values().map(Kept::print).collect();
        let people: Vec<u128> = self.people.values().map(Kept::print).collect();
        let all = (self.trial.print(), self.allocation.print(), sites, stocks, people, self.now, self.monitor.print());
        print::of_hashed(&all)
    }

    /// Takes in what was granted or recorded; the monitor says what it thinks of it.
    pub(crate) fn take_in(
        &mut self,
        setting: &Setting,
        request: &Request,
        context: &Context,
        written: &mut Vec<Written>,
    ) -> Vec<Harm> {
        let fact = matches!(request.command, conduct::Command::Fact(_));
        setting.off.silences(written, fact);
        let mut harms = self.monitor.observe(setting, &Performed { request, context, written });
        harms.retain(|harm| !setting.off.ignored.contains(&harm.property));
        self.apply(written);
        harms
    }

    /// Asks the rules, with what is switched off.
    pub(crate) fn decide(&self, setting: &Setting, request: &Request, context: &Context) -> Result<Vec<Written>, No> {
        let subject = request.command.subject();
        let participant = match &subject {
            Subject::Participant(id) => self.people.get(id),
            Subject::Rating(request) => self.people.values().find(|person| person.ratings.contains_key(request)),
            Subject::Site(_) | Subject::Trial => None,
        };
        let asked = match &subject {
            Subject::Site(id) => Some(id),
            Subject::Participant(_) | Subject::Rating(_) | Subject::Trial => None,
        };
        let site = participant.map(|person| &person.site).or(asked);
        let stock = site.filter(|_| request.command.needs_stock()).and_then(|site| self.stocks.get(site));
        let allocation = request.command.needs_allocation().then_some(&*self.allocation);
        let world = World {
            trial: &self.trial,
            allocation,
            site: site.and_then(|site| self.sites.get(site)).map(|kept| &**kept),
            stock: stock.map(|kept| &**kept),
            participant: participant.map(|kept| &**kept),
        };
        decide_without(&|broken| setting.off.drops(broken), &setting.studies, world, site, request, context)
    }

    /// Takes in what was written, and forgets what no rule reads.
    pub fn apply(&mut self, written: &[Written]) {
        let mut streams: BTreeMap<&StreamId, Vec<&Written>> = BTreeMap::new();
        for one in written {
            streams.entry(&one.stream).or_default().push(one);
        }
        for (stream, written) in streams {
            self.apply_to(stream, &written);
        }
    }

    fn apply_to(&mut self, stream: &StreamId, written: &[&Written]) {
        match stream {
            StreamId::Trial => {
                self.trial.change(|trial| {
                    written.iter().for_each(|one| trial.apply(&one.stamp, &one.entry));
                    trial.version = 0;
                });
                for site in self.trial.sites.keys() {
                    self.sites.entry(site.clone()).or_insert_with(|| Kept::new(SiteState::default()));
                    self.stocks.entry(site.clone()).or_insert_with(|| Kept::new(StockState::default()));
                }
            }
            StreamId::Allocation => self.allocation.change(|allocation| {
                written.iter().for_each(|one| allocation.apply(&one.stamp, &one.entry));
                allocation.version = 0;
            }),
            StreamId::Site(id) => {
                let site = self.sites.entry(id.clone()).or_insert_with(|| Kept::new(SiteState::default()));
                site.change(|site| {
                    written.iter().for_each(|one| site.apply(&one.stamp, &one.entry));
                    site.version = 0;
                });
            }
            StreamId::Stock(id) => {
                let stock = self.stocks.entry(id.clone()).or_insert_with(|| Kept::new(StockState::default()));
                stock.change(|stock| {
                    written.iter().for_each(|one| stock.apply(&one.stamp, &one.entry));
                    stock.version = 0;
                });
            }
            StreamId::Participant(id) => self.apply_to_person(id, written),
        }
    }

    fn apply_to_person(&mut self, id: &ParticipantId, written: &[&Written]) {
        let mut rest = written;
        if !self.people.contains_key(id) {
            let Some((first, later)) = written.split_first() else { return };
            let Some(person) = ParticipantState::begin(&first.stamp, &first.entry) else { return };
            self.people.insert(id.clone(), Kept::new(person));
            rest = later;
        }
        let Some(person) = self.people.get_mut(id) else { return };
        person.change(|person| {
            rest.iter().for_each(|one| person.apply(&one.stamp, &one.entry));
            forget(person);
        });
    }

    /// The rating request that is open, if there is one.
    pub fn open_rating(&self) -> Option<InstanceId> {
        let all = self.people.values().flat_map(|person| &person.ratings);
        all.filter(|(_, rating)| !rating.done).map(|(request, _)| request.clone()).next()
    }
}

/// What no rule reads doesn't tell two states apart: how many entries there were, and the list of deviations (it is written
/// and shown; that the right ones were written is judged by the monitor at the moment of writing).
fn forget(person: &mut ParticipantState) {
    person.version = 0;
    person.deviations.clear();
}
