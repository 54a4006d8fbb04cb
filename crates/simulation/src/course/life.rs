//! One participant's life while the trial runs: the person, their path, and streams of their own for every purpose.

use crate::{
    fate::Fate,
    people::VirtualIdentity,
    person::{Person, Stage, Treated},
    random::{Purpose, Stream},
};
use conduct::command::{AdverseEventReport, MedicineReport};
use jiff::Timestamp;
use std::collections::BTreeSet;
use terms::{CriterionId, InstanceId, ParticipantId, StaffId, VisitId};

/// Where somebody's course is to lead, before an arm.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Path {
    /// Declines before consent.
    Declines,
    /// Misses a criterion of the first gate; comes again and then meets it, or not.
    Fails { criterion: CriterionId, comes_again: bool },
    /// Is better by the time of the second gate.
    Better,
    /// Withdraws while preparing.
    Withdraws,
    /// Gets as far as an arm.
    Goes,
}

/// A medicine that somebody takes.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub report: MedicineReport,
    pub instance: Option<InstanceId>,
    pub washout: bool,
    pub taper: bool,
}

/// An adverse event that is to come, or has come.
#[derive(Debug, Clone)]
pub(crate) struct Happening {
    pub report: AdverseEventReport,
    pub instance: Option<InstanceId>,
    /// Sessions after which it comes; the session number and the day after it.
    pub after: Vec<(u8, i32)>,
    pub days: i32,
}

/// A dosing day while it lasts.
#[derive(Debug, Clone, Default)]
pub(crate) struct DayNow {
    pub dosed: Option<Timestamp>,
    pub supplement: Option<Timestamp>,
    pub offset: i64,
    pub amber: bool,
    pub wished: bool,
    pub leaves: bool,
}

/// One participant's life.
#[derive(Debug)]
pub(crate) struct Life {
    pub person: Person,
    pub identity: VirtualIdentity,
    pub id: Option<ParticipantId>,
    pub site: usize,
    pub pair: usize,
    pub path: Path,
    pub attempt: u32,
    pub stage: Stage,
    pub treated: Option<Treated>,
    pub fate: Option<Fate>,
    pub medicines: Vec<Taken>,
    pub events: Vec<Happening>,
    pub raters: BTreeSet<StaffId>,
    pub asked: BTreeSet<VisitId>,
    pub day: DayNow,
    /// How often a session was put off.
    pub put_off: u32,
    /// Doesn't answer any more.
    pub silent: bool,
    /// Nothing more is to come.
    pub over: bool,
    pub screening_ends: Option<Timestamp>,
    pub answers: Stream,
    pub times: Stream,
    pub habits: Stream,
    pub room: Stream,
    pub pills: Stream,
    pub harm: Stream,
}

impl Life {
    pub(crate) fn new(person: Person, seed: u64, site: usize, pair: usize, path: Path) -> Self {
        let whose = person.whose;
        let stream = |purpose| Stream::new(seed, whose, purpose);
        Self {
            identity: VirtualIdentity::draw(seed, whose),
            person,
            id: None,
            site,
            pair,
            path,
            attempt: 1,
            stage: Stage::Occasion(0),
            treated: None,
            fate: None,
            medicines: Vec::new(),
            events: Vec::new(),
            raters: BTreeSet::new(),
            asked: BTreeSet::new(),
            day: DayNow::default(),
            put_off: 0,
            silent: false,
            over: false,
            screening_ends: None,
            answers: stream(Purpose::Answers),
            times: stream(Purpose::Times),
            habits: stream(Purpose::Habits),
            room: stream(Purpose::Session),
            pills: stream(Purpose::Medicines),
            harm: stream(Purpose::AdverseEvents),
        }
    }

    /// The criterion that this person misses, as things stand.
    pub(crate) const fn misses(&self) -> Option<&CriterionId> {
        match &self.path {
            // Who comes again has been mended in between.
            Path::Fails { criterion, comes_again } if self.attempt == 1 || !*comes_again => Some(criterion),
            Path::Fails { .. } | Path::Declines | Path::Better | Path::Withdraws | Path::Goes => None,
        }
    }
}
