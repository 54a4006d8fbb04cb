//! What a report is made from, read out of a store: rows of its tables as they stood at the lock (or now), the allocation if the lock
//! has opened it, and the checkpoint.

use analysis::{Allocation, Checkpoint, Frozen, Input, Lock, Row, Rows};
use conduct::{Entry, Person, Signatory, Stamp};
use jiff::civil::Date;
use protocol::model::{Assignment, Study};
use record::{Door, Range, Store, StoreError, table::Cell};
use std::{collections::BTreeMap, sync::Arc};

/// How arms may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Arms {
    /// By arm once the record is locked, all together before.
    AsLocked,
    /// All together, whatever the lock: for readers who are kept blind. The allocation is not opened.
    Together,
    /// Made up from a seed, for rehearsal. The allocation is not opened.
    Dummy(u64),
}

/// Why a store can't be analysed.
#[derive(Debug, thiserror::Error)]
pub enum NotAnalysed {
    /// The store can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The trial has adopted no study version.
    #[error("no study version has been adopted in this store")]
    NoStudy,
    /// Its files are not here.
    #[error("the files of the study version {0} are missing")]
    NoFiles(String),
    /// The plan in the study's files is not the one that was frozen.
    #[error("the record was locked for the plan {0}, and the study's files say another")]
    OtherPlan(String),
    /// The sealed rows are not in this store.
    #[error("the sealed allocation is not in this store")]
    NoAllocation,
    /// The clock went back.
    #[error(
        "something was written after the lock with an earlier time: the clock went back, so the tables of the lock can't be made"
    )]
    ClockWentBack,
}

/// A store with everything that a report of it needs.
pub struct Analysed {
    study: Arc<Study>,
    rows: Rows,
    allocation: Allocation,
    checkpoint: Checkpoint,
    frozen: Option<Frozen>,
    lock: Option<Lock>,
    /// The last entry that is looked at.
    pub until: u64,
}

/// A lock as it stands in the record.
struct Found {
    number: u64,
    stamp: Arc<Stamp>,
    study: terms::StudyHash,
    plan: String,
    open: BTreeMap<String, u64>,
    earlier: Vec<(Date, String)>,
}

impl Analysed {
    /// Reads a store through its door. `program`: name and version of the program, as the report says them.
    ///
    /// # Errors
    /// When the store can't be read, or what a lock needs is not in it.
    pub fn read(door: &Door, program: &str, arms: Arms) -> Result<Self, NotAnalysed> {
        let store = Arc::clone(door.store());
        let (found, mut plans) = locks(store.as_ref())?;
        let studies = door.studies();
        let trial = door.trial()?;
        let hash = match &found {
            Some(found) => found.study.clone(),
            None => trial.current_study().cloned().ok_or(NotAnalysed::NoStudy)?,
        };
        let study = Arc::clone(studies.get(&hash).ok_or_else(|| NotAnalysed::NoFiles(hash.to_string()))?);
        if let Some(found) = found.as_ref().filter(|found| found.plan != study.analysis.hash()) {
            return Err(NotAnalysed::OtherPlan(found.plan.clone()));
        }
        let until = found.as_ref().map_or(u64::MAX, |found| found.number);
        let (checkpoint, until) = checkpoint(store.as_ref(), until, program)?;
        let rows = rows(store.as_ref(), &studies, &study, found.as_ref().filter(|_| checkpoint.late > 0), &checkpoint)?;
        let allocation = match (&study.design.assignment, arms, &found) {
            (Assignment::OpenLabel, _, _) => Allocation::OneArm,
            (Assignment::Randomised { .. }, Arms::Dummy(seed), _) => Allocation::Dummy(seed),
            (Assignment::Randomised { .. }, Arms::Together, _)
            | (Assignment::Randomised { .. }, Arms::AsLocked, None) => Allocation::Pooled,
            (Assignment::Randomised { .. }, Arms::AsLocked, Some(_)) => {
                let arms = door.opened_for_analysis()?.ok_or(NotAnalysed::NoAllocation)?;
                Allocation::Opened(arms.into_iter().map(|(id, opened)| (id, opened.arm().clone())).collect())
            }
        };
        let frozen = plans.remove(&study.analysis.hash());
        let lock = found.map(|found| Lock {
            day: found.stamp.day,
            signed_by: signed_by(&found.stamp),
            reason: found.stamp.reason.clone(),
            open: found.open,
            earlier: found.earlier,
        });
        Ok(Self { study, rows, allocation, checkpoint, frozen, lock, until })
    }

    /// As the analysis takes it.
    pub fn input(&self) -> Input<'_> {
        Input {
            study: &self.study,
            rows: self.rows.clone(),
            allocation: self.allocation.clone(),
            checkpoint: self.checkpoint.clone(),
            frozen: self.frozen.clone(),
            lock: self.lock.clone(),
        }
    }
}

fn signed_by(stamp: &Stamp) -> String {
    let people = [Some(&stamp.by), stamp.second.as_ref()];
    people.into_iter().flatten().map(signatory).collect::<Vec<_>>().join(" and ")
}

/// Somebody who signed, with their role.
pub fn signatory(signatory: &Signatory) -> String {
    let name = match &signatory.person {
        Person::Staff(staff) => staff.to_string(),
        Person::Participant(participant) => participant.to_string(),
        Person::Program => "the program".to_owned(),
    };
    signatory.role.as_ref().map_or(name.clone(), |role| format!("{name} ({role})"))
}

/// The lock in force, with those before it that were opened again; and by plan how it was frozen.
fn locks(store: &dyn Store) -> Result<(Option<Found>, BTreeMap<String, Frozen>), StoreError> {
    let mut plans = BTreeMap::new();
    let mut current: Option<Found> = None;
    let mut earlier: Vec<(Date, String)> = Vec::new();
    store.read(Range::Stream { name: "trial", after: 0, as_of: None }, &mut |stored| {
        let (stamp, entry) = record::body_read(&stored)?;
        match entry {
            Entry::AnalysisPlanFrozen { plan, .. } => {
                plans.insert(plan, Frozen { day: stamp.day, signed_by: signed_by(&stamp) });
            }
            Entry::RecordLocked { plan, study, open, .. } => {
                let mut kinds: BTreeMap<String, u64> = BTreeMap::new();
                for item in open {
                    *kinds.entry(item.kind).or_default() += 1;
                }
                let number = stored.number;
                current = Some(Found { number, stamp, study, plan, open: kinds, earlier: earlier.clone() });
            }
            Entry::RecordUnlocked {} => {
                if let Some(lock) = current.take() {
                    earlier.push((lock.stamp.day, stamp.reason.clone().unwrap_or_default()));
                }
            }
            _ => {}
        }
        Ok(true)
    })?;
    Ok((current, plans))
}

/// The ends of the chains after an entry, and the number of the last entry up to it.
fn checkpoint(store: &dyn Store, until: u64, program: &str) -> Result<(Checkpoint, u64), StoreError> {
    let mut heads: BTreeMap<String, (u64, String)> = BTreeMap::new();
    let (mut entries, mut late, mut last, mut recorded_at) = (0, 0, 0, store.about().created_at);
    store.read(Range::Log { after: 0 }, &mut |stored| {
        // Nothing that is printed may depend on a ciphertext.
        if stored.chain == record::SEALED {
            return Ok(true);
        }
        if stored.number > until {
            late += 1;
            return Ok(true);
        }
        heads.insert(stored.chain.to_owned(), (stored.position, stored.hash.to_string()));
        entries += 1;
        last = stored.number;
        recorded_at = recorded_at.max(stored.recorded_at);
        Ok(true)
    })?;
    let text: String = heads.iter().map(|(chain, (position, hash))| format!("{chain} {position} {hash}\n")).collect();
    let digest = chain::Hash::of(text.as_bytes()).to_string();
    let synthetic = store.about().synthetic;
    let program = program.to_owned();
    Ok((Checkpoint { synthetic, recorded_at, entries, heads, digest, program, late }, last))
}

/// Answers to every query: from the current tables, or from those of the lock where something was written after it.
fn rows(
    store: &dyn Store,
    studies: &conduct::Studies,
    study: &Study,
    lock: Option<&Found>,
    checkpoint: &Checkpoint,
) -> Result<Rows, NotAnalysed> {
    let scratch = match lock {
        None => None,
        Some(lock) => {
            let at = lock.stamp.recorded_at;
            let sql = "SELECT count(*) FROM entry e JOIN chain c ON c.id = e.chain WHERE e.recorded_at <= ?1 AND c.name <> 'sealed'";
            let counted = store.select(sql, &[Cell::Integer(at.as_microsecond())])?;
            let counted = counted.first().and_then(|row| row.first()?.as_integer());
            if counted.is_none_or(|count| count.unsigned_abs() != checkpoint.entries) {
                return Err(NotAnalysed::ClockWentBack);
            }
            Some(record::projection::as_of(store, studies, at)?)
        }
    };
    let mut rows = Rows::new();
    for query in analysis::queries(study) {
        let mut answers: Vec<Row> = Vec::new();
        let mut take = |row: record::table::Row| {
            answers.push(row.iter().map(text).collect());
            Ok(true)
        };
        match &scratch {
            Some(scratch) => scratch.select_each(&query.sql, &[], &mut take)?,
            None => store.select_each(&query.sql, &[], &mut take)?,
        }
        rows.insert(query.name, answers);
    }
    Ok(rows)
}

fn text(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Null => None,
        Cell::Integer(number) => Some(number.to_string()),
        Cell::Decimal(number) => Some(number.to_string()),
        Cell::Text(text) => Some(text.clone()),
    }
}
