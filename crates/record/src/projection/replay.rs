//! The current tables made anew from the log, and the proof that they are what the log says.

use super::{Before, Beside, MILESTONE_COUNT, MILESTONE_DAY, PHASE_COUNT, TABLES, rows};
use crate::{
    body::{body_read, written_read},
    error::StoreError,
    folded::{Folded, Held, fold},
    sealed::SEALED,
    sqlite::Scratch,
    store::{Range, Store, Stored, Take},
    table::{Cell, Row, Table},
    verify::{verify_chain, verify_chain_with},
};
use chain::Verifier;
use conduct::{StockState, StreamId, Studies, TrialState, Written};
use jiff::Timestamp;
use std::{collections::BTreeSet, fmt, sync::Arc, sync::mpsc};

/// Streams listed at a time.
const STREAMS_A_PAGE: u32 = 1_000;

/// Replays every stream, as it was known at a time, and gives the rows that it makes.
fn replay(
    store: &dyn Store,
    studies: &Studies,
    as_of: Option<Timestamp>,
    take: &mut Take<'_>,
) -> Result<(), StoreError> {
    let trial = match fold(store, &StreamId::Trial, as_of)? {
        Folded::Trial(state) => state,
        _ => Arc::new(TrialState::default()),
    };
    let beside = Beside { studies, trial: &trial };
    let mut after = String::new();
    loop {
        let names = store.streams(&after, STREAMS_A_PAGE)?;
        let Some(last) = names.last() else { return Ok(()) };
        after.clone_from(last);
        for name in names.iter().filter(|name| *name != SEALED) {
            let stream =
                StreamId::parse(name).ok_or_else(|| StoreError::Damaged { what: format!("`{name}` is no stream") })?;
            let mut written: Vec<Written> = Vec::new();
            store.read(Range::Stream { name, after: 0, as_of }, &mut |entry| {
                written.extend(written_read(&entry)?);
                Ok(true)
            })?;
            let mut held = Held::new(Folded::empty(&stream));
            let before = Before::of(&held, beside);
            written.iter().for_each(|one| held.apply(one));
            let mut writes = Vec::new();
            rows(&stream, &before, written.iter(), &mut held, beside, &mut writes);
            take(&writes)?;
        }
    }
}

/// Throws the current tables away and makes them anew from the log, if the log is whole: tables that fit a log with entries
/// missing would hide that. Gives the number of rows.
///
/// # Errors
/// What is wrong with the log, or why the store can't be read or written; then the tables are as they were.
pub fn rebuild(store: &dyn Store, studies: &Studies) -> Result<u64, StoreError> {
    verify_chain(store)?;
    first_wrong(store.check_links()?)?;
    store.rebuild(TABLES, &mut |take| replay(store, studies, None, take))?;
    let mut rows = 0;
    for table in TABLES {
        let counted = store.select(&format!("SELECT count(*) FROM {}", table.name), &[])?;
        rows += counted.first().and_then(|row| row.first()?.as_integer()).unwrap_or(0).unsigned_abs();
    }
    Ok(rows)
}

/// The current tables as they were known at a time, made by replay in a temporary database. Takes as long as a rebuild.
///
/// # Errors
/// When the store can't be read.
pub fn as_of(store: &dyn Store, studies: &Studies, at: Timestamp) -> Result<Scratch, StoreError> {
    let mut scratch = Scratch::new(TABLES)?;
    replay(store, studies, Some(at), &mut |writes| scratch.write(writes))?;
    Ok(scratch)
}

/// What was proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proved {
    /// Entries in the log.
    pub entries: u64,
    /// Heads of the chains, to be written down elsewhere.
    pub heads: std::collections::BTreeMap<chain::ChainName, chain::Head>,
    /// Rows of the current tables, all equal to a fresh replay.
    pub rows: u64,
    /// Entries of stocks, after each of which the inventory added up.
    pub stocked: u64,
}

impl fmt::Display for Proved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the record is whole: {} entries in {} chains", self.entries, self.heads.len())?;
        for (chain, head) in &self.heads {
            writeln!(f, "  {chain:<12} {:>8} {}", head.position, head.hash)?;
        }
        writeln!(f, "the inventory of every safe adds up after each of {} entries", self.stocked)?;
        write!(f, "the current tables are what a fresh replay makes: {} rows", self.rows)
    }
}

/// Proves the chain, the file and the current tables.
///
/// # Errors
/// [`StoreError::Flaw`] with the first bad entry; [`StoreError::Damaged`], [`StoreError::TablesChanged`] or
/// [`StoreError::TableDiffers`] for what is not an entry.
pub fn verify(store: &dyn Store, studies: &Studies) -> Result<Proved, StoreError> {
    verify_through(store, studies, Verifier::new())
}

/// The same with a verifier that expects heads that were written down elsewhere.
///
/// # Errors
/// As [`verify`].
pub fn verify_through(store: &dyn Store, studies: &Studies, verifier: Verifier) -> Result<Proved, StoreError> {
    let mut erased = BTreeSet::new();
    let verified = verify_chain_with(store, verifier, &mut |entry| agrees_with_itself(&entry, &mut erased))?;
    first_wrong(store.check_file(TABLES)?)?;
    erased_are_gone(store, &erased)?;
    if let Some(what) = store.check_tables(TABLES)?.into_iter().next() {
        return Err(StoreError::TablesChanged { what });
    }
    let stocked = stocks_add_up(store)?;
    let mut scratch = Scratch::new(TABLES)?;
    replay(store, studies, None, &mut |writes| scratch.write(writes))?;
    let mut rows = 0;
    for table in TABLES {
        rows += compare(store, &scratch, table)?;
    }
    Ok(Proved { entries: verified.links, heads: verified.heads, rows, stocked })
}

fn first_wrong(wrong: Vec<String>) -> Result<(), StoreError> {
    wrong.into_iter().next().map_or(Ok(()), |what| Err(StoreError::Damaged { what }))
}

/// Whose identity was erased stands in the log and beside it alike, and nothing of it is left.
fn erased_are_gone(store: &dyn Store, in_log: &BTreeSet<String>) -> Result<(), StoreError> {
    let people = |table: &str| -> Result<BTreeSet<String>, StoreError> {
        let rows = store.select(&format!("SELECT DISTINCT participant FROM {table}"), &[])?;
        Ok(rows.iter().filter_map(|row| row.first()?.as_text().map(str::to_owned)).collect())
    };
    let beside = people("person_erased")?;
    if let Some(one) = beside.difference(in_log).next() {
        let what = format!("person_erased says that the identity of {one} was erased, but no entry does");
        return Err(StoreError::Damaged { what });
    }
    for table in ["person", "person_value", "person_token", "person_document"] {
        if let Some(one) = people(table)?.intersection(in_log).next() {
            let what =
                format!("an entry says that the identity of {one} was erased, but {table} holds some of it still");
            return Err(StoreError::Damaged { what });
        }
    }
    Ok(())
}

/// Whether received = on hand + given + sent out + destroyed + lost holds after every entry of every stock, and the book that
/// was carried forward is what the containers weigh at the end. Gives the number of entries.
fn stocks_add_up(store: &dyn Store) -> Result<u64, StoreError> {
    let (mut after, mut entries) = ("stock/".to_owned(), 0);
    loop {
        let names = store.streams(&after, STREAMS_A_PAGE)?;
        let Some(last) = names.last() else { return Ok(entries) };
        after.clone_from(last);
        for name in names.iter().filter(|name| name.starts_with("stock/")) {
            let mut stock = StockState::default();
            let wrong =
                |version: u64, what: String| StoreError::Damaged { what: format!("{name}, entry {version}: {what}") };
            store.read(Range::Stream { name, after: 0, as_of: None }, &mut |entry| {
                let (stamp, written) = body_read(&entry)?;
                stock.apply(&stamp, &written);
                entries += 1;
                stock.balance().wrong().map_or(Ok(true), |what| Err(wrong(stock.version, what)))
            })?;
            stock.adds_up().map_err(|what| wrong(stock.version, what))?;
        }
    }
}

/// What stands beside an entry in the database says what the entry says. Notes whose identity was erased.
fn agrees_with_itself(entry: &Stored<'_>, erased: &mut BTreeSet<String>) -> Result<(), StoreError> {
    if entry.chain == SEALED {
        return Ok(());
    }
    let Some(written) = written_read(entry)? else {
        return Err(StoreError::Damaged { what: format!("entry {}: `{}` is no stream", entry.number, entry.stream) });
    };
    if matches!(written.entry, conduct::Entry::IdentityErased)
        && let Some(participant) = entry.stream.strip_prefix("participant/")
    {
        erased.insert(participant.to_owned());
    }
    if written.stamp.recorded_at.as_microsecond() != entry.recorded_at.as_microsecond() {
        return Err(StoreError::Damaged {
            what: format!(
                "chain {}, position {}: it says that it was recorded at {}, the table says {}",
                entry.chain, entry.position, written.stamp.recorded_at, entry.recorded_at
            ),
        });
    }
    Ok(())
}

/// Counts that went up and down again stand at 0; a replay never had them.
fn counts_nothing(table: &Table, row: &[Cell]) -> bool {
    [PHASE_COUNT.name, MILESTONE_COUNT.name, MILESTONE_DAY.name].contains(&table.name)
        && row.last() == Some(&Cell::Integer(0))
}

/// Walks a table and its replay side by side, in the order of the key. Gives the number of rows.
fn compare(store: &dyn Store, scratch: &Scratch, table: &'static Table) -> Result<u64, StoreError> {
    let sql = table.all_rows();
    std::thread::scope(|scope| {
        let (send, rows) = mpsc::sync_channel::<Row>(1_000);
        let kept = &sql;
        let reading = scope.spawn(move || {
            store.select_each(kept, &[], &mut |row| Ok(counts_nothing(table, &row) || send.send(row).is_ok()))
        });
        let mut number = 0;
        let mut differs = None;
        scratch.select_each(&sql, &[], &mut |needed| {
            if counts_nothing(table, &needed) {
                return Ok(true);
            }
            let found = rows.recv().ok();
            if found.as_ref() != Some(&needed) {
                differs = Some((found, Some(needed)));
                return Ok(false);
            }
            number += 1;
            Ok(true)
        })?;
        if differs.is_none()
            && let Ok(more) = rows.recv()
        {
            differs = Some((Some(more), None));
        }
        drop(rows);
        let read = reading.join().map_err(|_| StoreError::Internal { what: "reading a table stopped".to_owned() })?;
        read?;
        match differs {
            None => Ok(number),
            Some((found, needed)) => Err(StoreError::TableDiffers {
                table: table.name,
                found: found.map_or_else(|| "nothing".to_owned(), |row| shown(&row)),
                needed: needed.map_or_else(|| "nothing".to_owned(), |row| shown(&row)),
            }),
        }
    })
}

fn shown(row: &[Cell]) -> String {
    let cells: Vec<String> = row
        .iter()
        .map(|cell| match cell {
            Cell::Null => "–".to_owned(),
            Cell::Integer(number) => number.to_string(),
            Cell::Decimal(number) => number.to_string(),
            Cell::Text(text) => text.clone(),
        })
        .collect();
    cells.join(" | ")
}
