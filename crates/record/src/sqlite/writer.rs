//! The one writer. Acts that arrive while another is being written wait together and are committed together: one
//! fsync for all of them. Whoever gets the connection writes for everybody who waits.

use super::{
    act,
    fault::{fault, is_there_already},
    pool::Bell,
    rows::Statements,
};
use crate::{
    error::StoreError,
    store::{Act, Appended, NewEntry},
};
use chain::{ChainName, Hash, Head, Heads, Link, canonical};
use rusqlite::{Connection, OptionalExtension, params};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Streams whose version is kept in memory, at most. Beyond it the memory is emptied.
const STREAMS_KEPT_MAX: usize = 200_000;

type Answer = Result<Vec<Appended>, StoreError>;

struct Job {
    acts: Vec<Act>,
    answer: Arc<Mutex<Option<Answer>>>,
}

pub(super) struct Writers {
    waiting: Mutex<Vec<Job>>,
    writer: Mutex<Writer>,
    bell: Bell,
}

/// A lock whose holder panicked is taken on: the writer rolls back before it begins.
fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Writers {
    pub(super) fn new(mut connection: Connection, bell: Bell) -> Result<Self, StoreError> {
        let ringing = bell.clone();
        connection
            .wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages: std::ffi::c_int| {
                ringing.pages(pages);
                Ok(())
            }))
            .map_err(fault)?;
        Ok(Self { waiting: Mutex::default(), writer: Mutex::new(Writer::new(connection)), bell })
    }

    pub(super) fn append(&self, acts: Vec<Act>) -> Answer {
        let answer = Arc::new(Mutex::new(None));
        hold(&self.waiting).push(Job { acts, answer: Arc::clone(&answer) });
        let mut writer = hold(&self.writer);
        // Somebody who held the writer before us may have written for us already.
        if let Some(done) = hold(&answer).take() {
            return done;
        }
        let jobs = std::mem::take(&mut *hold(&self.waiting));
        writer.write(jobs);
        if self.bell.overflows() {
            // A reader may be in the way; then the next act tries again. What was appended is safe in the journal.
            let _ = writer.connection.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(()));
        }
        drop(writer);
        self.bell.ring_if_full();
        hold(&answer).take().unwrap_or_else(|| Err(StoreError::Internal { what: "an act was not answered".to_owned() }))
    }

    /// Runs something else in a durable transaction of its own.
    pub(super) fn alone<T>(&self, work: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut writer = hold(&self.writer);
        writer.begin()?;
        let result = work(&writer.connection);
        writer.end(result)
    }

    pub(super) fn limit_pages(&self, more: u32) -> Result<(), StoreError> {
        let writer = hold(&self.writer);
        let pages: i64 = writer.connection.pragma_query_value(None, "page_count", |row| row.get(0)).map_err(fault)?;
        writer
            .connection
            .pragma_update_and_check(None, "max_page_count", pages + i64::from(more), |_| Ok(()))
            .map_err(fault)
    }

    pub(super) fn be_patient_for(&self, patience: std::time::Duration) -> Result<(), StoreError> {
        hold(&self.writer).connection.busy_timeout(patience).map_err(fault)
    }

    /// Moves everything from the journal to the file and empties it.
    pub(super) fn empty_journal(&self) -> Result<(), StoreError> {
        let writer = hold(&self.writer);
        writer
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0))
            .map_err(fault)
            .and_then(|busy| match busy {
                0 => Ok(()),
                _ => Err(StoreError::Locked { seconds: super::fault::PATIENCE.as_secs() }),
            })
    }
}

struct Writer {
    connection: Connection,
    statements: Statements,
    /// What is known of the tables as long as nobody else writes: see `begin`.
    seen: Seen,
    data_version: i64,
    buffer: Vec<u8>,
}

#[derive(Default)]
struct Seen {
    chains: HashMap<Arc<str>, (i64, Head)>,
    streams: HashMap<Arc<str>, (i64, u64)>,
    last_entry: Option<i64>,
    last_act: Option<(i64, Hash)>,
}

impl Writer {
    fn new(connection: Connection) -> Self {
        Self {
            connection,
            statements: Statements::default(),
            seen: Seen::default(),
            data_version: -1,
            buffer: Vec::with_capacity(4096),
        }
    }

    /// Starts a transaction. Another program may have written since the last one; then what was seen is forgotten.
    fn begin(&mut self) -> Result<(), StoreError> {
        if !self.connection.is_autocommit() {
            self.connection.execute_batch("ROLLBACK").map_err(fault)?;
            self.seen = Seen::default();
        }
        self.run("BEGIN IMMEDIATE")?;
        let version = self
            .connection
            .prepare_cached("PRAGMA data_version")
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
            .map_err(fault)?;
        if version != self.data_version {
            self.seen = Seen::default();
            self.data_version = version;
        }
        Ok(())
    }

    fn run(&self, sql: &str) -> Result<(), StoreError> {
        self.connection.prepare_cached(sql).and_then(|mut statement| statement.execute([])).map(drop).map_err(fault)
    }

    /// Commits what went well, rolls back what did not.
    fn end<T>(&mut self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        let result = result.and_then(|done| self.run("COMMIT").map(|()| done));
        if result.is_err() {
            self.seen = Seen::default();
            if !self.connection.is_autocommit() {
                self.run("ROLLBACK")?;
            }
        }
        result
    }

    /// Writes all jobs in one transaction and answers each. One that can't be written takes none of the others along.
    fn write(&mut self, jobs: Vec<Job>) {
        let alone = jobs.len() == 1;
        let mut done: Vec<(Arc<Mutex<Option<Answer>>>, Answer)> = Vec::with_capacity(jobs.len());
        let begun = self.begin();
        let mut broken = begun.err();
        for job in jobs {
            let answer = match &broken {
                Some(_) => Err(StoreError::Internal { what: "not begun".to_owned() }),
                None if alone => self.acts(&job.acts),
                None => self.acts_or_nothing(&job.acts),
            };
            done.push((job.answer, answer));
        }
        if broken.is_none() {
            let result = match alone && done.iter().any(|(_, answer)| answer.is_err()) {
                // Nothing else is in the transaction: the only act did not go well.
                true => self.roll_back(),
                false => self.end(Ok(())),
            };
            broken = result.err();
        }
        for (slot, mut answer) in done {
            // After a failed commit nothing is on the disk, so nobody may be told otherwise.
            if let Some(cause) = &broken
                && !matches!(answer, Err(StoreError::Conflict { .. } | StoreError::Answered { .. }))
            {
                answer = Err(cause.again());
            }
            *hold(&slot) = Some(answer);
        }
    }

    fn roll_back(&mut self) -> Result<(), StoreError> {
        self.seen = Seen::default();
        if self.connection.is_autocommit() { Ok(()) } else { self.run("ROLLBACK") }
    }

    fn acts_or_nothing(&mut self, acts: &[Act]) -> Answer {
        self.run("SAVEPOINT job")?;
        let answer = self.acts(acts);
        if answer.is_err() {
            self.seen = Seen::default();
            // A full disk ends the whole transaction by itself; then there is nothing to go back to.
            if self.connection.is_autocommit() {
                return answer;
            }
            self.run("ROLLBACK TO job")?;
        }
        self.run("RELEASE job")?;
        answer
    }

    fn acts(&mut self, acts: &[Act]) -> Answer {
        acts.iter().map(|act| self.act(act)).collect()
    }

    fn act(&mut self, act: &Act) -> Result<Appended, StoreError> {
        for (stream, expected) in &act.expected {
            let (_, found) = self.stream(stream)?;
            if found != *expected {
                return Err(StoreError::Conflict { stream: stream.to_string(), expected: *expected, found });
            }
        }
        let first = self.next_entry()?;
        let count = act.entries.len() as u64;
        let number = self.answer(act, (count > 0).then_some(first))?;
        let recorded_at = act.recorded_at.as_microsecond();
        let chains: BTreeSet<&str> = act.entries.iter().map(|entry| &*entry.chain).collect();
        let mut before: Option<&str> = None;
        for entry in &act.entries {
            if !act.expected.iter().any(|(stream, _)| *stream == entry.stream) {
                return Err(StoreError::Internal { what: format!("stream {} is written unread", entry.stream) });
            }
            let heads = match before == Some(&*entry.chain) {
                true => None,
                false => self.heads_named(&chains, &entry.chain)?,
            };
            self.entry(entry, number, recorded_at, heads.as_deref())?;
            before = Some(&*entry.chain);
        }
        self.statements.write_all(&self.connection, &act.writes)?;
        Ok(Appended { first: (count > 0).then_some(first as u64), entries: count })
    }

    /// Writes the row that says that the command is answered; gives its number.
    fn answer(&mut self, act: &Act, first: Option<i64>) -> Result<i64, StoreError> {
        let (last, previous) = match self.seen.last_act {
            Some(last) => last,
            None => act::last(&self.connection)?,
        };
        let number = last + 1;
        let row = act::Row::of(act, number, first);
        let hash = row.hash(&previous, &mut self.buffer);
        self.connection
            .prepare_cached("INSERT INTO act VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
            .and_then(|mut insert| {
                insert.execute(params![
                    number,
                    row.command,
                    row.digest,
                    row.recorded_at,
                    row.first,
                    row.entries,
                    row.answer,
                    &hash.as_bytes()[..],
                ])
            })
            .map_err(|error| match is_there_already(&error) {
                true => StoreError::Answered { command: act.command.clone() },
                false => fault(error),
            })?;
        self.seen.last_act = Some((number, hash));
        Ok(number)
    }

    /// The heads that a link names: those of the other chains of its act, as they stand just now.
    fn heads_named(&mut self, chains: &BTreeSet<&str>, own: &str) -> Result<Option<String>, StoreError> {
        let mut heads = Heads::new();
        for name in chains.iter().filter(|name| **name != own && **name != ChainName::SEALED) {
            let (_, head) = self.chain(name)?;
            heads.insert(name.parse().map_err(internal)?, head);
        }
        if heads.is_empty() {
            return Ok(None);
        }
        canonical::to_vec(&heads)
            .map_err(internal)
            .and_then(|bytes| String::from_utf8(bytes).map_err(internal))
            .map(Some)
    }

    fn entry(&mut self, entry: &NewEntry, act: i64, recorded_at: i64, heads: Option<&str>) -> Result<(), StoreError> {
        let (chain, head) = self.chain(&entry.chain)?;
        let (stream, version) = self.stream_or_new(&entry.stream)?;
        let id = self.next_entry()?;
        let link = Link {
            body: &entry.body,
            chain: &entry.chain,
            heads: heads.unwrap_or("{}").as_bytes(),
            position: head.position + 1,
            previous: head.hash,
            stream: &entry.stream,
            version: version + 1,
        };
        let hash = link.hash_with(&mut self.buffer);
        let body = std::str::from_utf8(&entry.body).map_err(internal)?;
        self.connection
            .prepare_cached("INSERT INTO entry VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")
            .and_then(|mut insert| {
                insert.execute(params![
                    id,
                    chain,
                    link.position as i64,
                    stream,
                    link.version as i64,
                    act,
                    recorded_at,
                    heads,
                    body,
                    &hash.as_bytes()[..],
                ])
            })
            .map_err(fault)?;
        let head = Head { hash, position: link.position };
        self.seen.last_entry = Some(id);
        self.seen.chains.insert(Arc::clone(&entry.chain), (chain, head));
        self.seen.streams.insert(Arc::clone(&entry.stream), (stream, version + 1));
        Ok(())
    }

    fn next_entry(&mut self) -> Result<i64, StoreError> {
        let last = match self.seen.last_entry {
            Some(last) => last,
            None => self.number("SELECT coalesce(max(id), 0) FROM entry")?,
        };
        self.seen.last_entry = Some(last);
        Ok(last + 1)
    }

    fn number(&self, sql: &str) -> Result<i64, StoreError> {
        self.connection.prepare_cached(sql).and_then(|mut query| query.query_row([], |row| row.get(0))).map_err(fault)
    }

    /// Number and head of a chain, made if it is new.
    fn chain(&mut self, name: &str) -> Result<(i64, Head), StoreError> {
        if let Some(known) = self.seen.chains.get(name) {
            return Ok(*known);
        }
        let id: Option<i64> = self
            .connection
            .prepare_cached("SELECT id FROM chain WHERE name = ?1")
            .and_then(|mut query| query.query_row([name], |row| row.get(0)).optional())
            .map_err(fault)?;
        let found = match id {
            Some(id) => (id, self.head(id)?),
            None => {
                let _: ChainName = name.parse().map_err(internal)?;
                self.connection.execute("INSERT INTO chain (name) VALUES (?1)", [name]).map_err(fault)?;
                (self.connection.last_insert_rowid(), Head::EMPTY)
            }
        };
        self.seen.chains.insert(Arc::from(name), found);
        Ok(found)
    }

    fn head(&self, chain: i64) -> Result<Head, StoreError> {
        let last = self
            .connection
            .prepare_cached("SELECT position, hash FROM entry WHERE chain = ?1 ORDER BY position DESC LIMIT 1")
            .and_then(|mut query| {
                query.query_row([chain], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))).optional()
            })
            .map_err(fault)?;
        let Some((position, hash)) = last else { return Ok(Head::EMPTY) };
        let hash = Hash::from_slice(&hash).map_err(|error| StoreError::Damaged { what: error.to_string() })?;
        Ok(Head { hash, position: position as u64 })
    }

    /// Number and version of a stream; 0 and 0 if it has no entries.
    fn stream(&mut self, name: &Arc<str>) -> Result<(i64, u64), StoreError> {
        if let Some(known) = self.seen.streams.get(name) {
            return Ok(*known);
        }
        let found = self
            .connection
            .prepare_cached(
                "SELECT id, (SELECT coalesce(max(version), 0) FROM entry WHERE stream = stream.id)
                 FROM stream WHERE name = ?1",
            )
            .and_then(|mut query| query.query_row([&**name], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?))).optional())
            .map_err(fault)?
            .map_or((0, 0), |(id, version): (i64, i64)| (id, version as u64));
        if self.seen.streams.len() >= STREAMS_KEPT_MAX {
            self.seen.streams.clear();
        }
        self.seen.streams.insert(Arc::clone(name), found);
        Ok(found)
    }

    fn stream_or_new(&mut self, name: &Arc<str>) -> Result<(i64, u64), StoreError> {
        let found = self.stream(name)?;
        if found.0 != 0 {
            return Ok(found);
        }
        self.connection
            .prepare_cached("INSERT INTO stream (name) VALUES (?1)")
            .and_then(|mut insert| insert.execute([&**name]))
            .map_err(fault)?;
        Ok((self.connection.last_insert_rowid(), 0))
    }
}

fn internal(error: impl std::fmt::Display) -> StoreError {
    StoreError::Internal { what: error.to_string() }
}
