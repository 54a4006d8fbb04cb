//! The tables, and the door to them.

use crate::{
    attempt::Limits,
    error::{OpenError, Unavailable},
    secret::Cost,
};
use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::{
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// All names begin with `account`: whoever rebuilds the current tables of the same file leaves these alone.
const TABLES: &str = "
CREATE TABLE IF NOT EXISTS account ( -- somebody who may sign in
  login TEXT PRIMARY KEY,
  display_name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('staff', 'participant')),
  person TEXT NOT NULL,          -- the staff id or participant id that the record knows them by
  standing TEXT NOT NULL CHECK (standing IN ('enabled', 'disabled', 'locked')),
  persona INTEGER NOT NULL,
  password TEXT,                 -- argon2id
  pin TEXT,                      -- argon2id
  created_at INTEGER NOT NULL,   -- microseconds since 1970, UTC, as all times here
  signed_in_at INTEGER,
  password_once INTEGER NOT NULL DEFAULT 0 -- given by somebody else: must be replaced at the first sign-in
) STRICT;
CREATE INDEX IF NOT EXISTS account_person ON account (person);
CREATE INDEX IF NOT EXISTS account_persona ON account (persona) WHERE persona;
CREATE TABLE IF NOT EXISTS account_session ( -- somebody is signed in on a device
  token BLOB PRIMARY KEY,        -- SHA-256 of the token that the device holds
  login TEXT NOT NULL,
  signed_in_at INTEGER NOT NULL,
  proved_at INTEGER NOT NULL,    -- when they last gave password or PIN
  seen_at INTEGER NOT NULL,
  wrong_pins INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS account_session_login ON account_session (login);
CREATE TABLE IF NOT EXISTS account_attempt ( -- wrong tries in a row; also for logins that don't exist
  login TEXT PRIMARY KEY,
  wrong INTEGER NOT NULL,
  last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS account_event ( -- what was done to accounts, and by whom; never a secret
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  login TEXT NOT NULL,
  what TEXT NOT NULL,
  by TEXT NOT NULL               -- a login, or the command line
) STRICT;
";

/// The accounts of one store.
pub struct Identity {
    connection: Mutex<Connection>,
    pub(crate) synthetic: bool,
    pub(crate) cost: Cost,
    pub(crate) limits: Limits,
}

/// The format of the tables; 0 is a file of before formats were counted.
const FORMAT: i64 = 1;

impl Identity {
    /// Makes a new file of accounts at `path`, which its owner alone may read.
    ///
    /// # Errors
    /// When there is one, or the disk doesn't take it.
    pub fn create(path: &Path, synthetic: bool, cost: Cost, limits: Limits) -> Result<Self, OpenError> {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let shown = || path.display().to_string();
        options.open(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => OpenError::Exists { path: shown() },
            _ => OpenError::Disk { path: shown(), what: error.to_string() },
        })?;
        let connection = Connection::open(path)?;
        set(&connection)?;
        make(&connection)?;
        Ok(Self { connection: Mutex::new(connection), synthetic, cost, limits })
    }

    /// Opens the file of accounts at `path`; makes none.
    ///
    /// # Errors
    /// What is there in its place, in a sentence.
    pub fn open(path: &Path, synthetic: bool, cost: Cost, limits: Limits) -> Result<Self, OpenError> {
        must_be_there(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(PATIENCE)?;
        let format = judged(&connection, path)?;
        set(&connection)?;
        if format < FORMAT {
            make(&connection)?;
        }
        Ok(Self { connection: Mutex::new(connection), synthetic, cost, limits })
    }

    /// Opens the file of accounts at `path` to look at it, where it can't be written too.
    ///
    /// # Errors
    /// As [`Identity::open`].
    pub fn open_to_look(path: &Path, synthetic: bool, cost: Cost, limits: Limits) -> Result<Self, OpenError> {
        must_be_there(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(PATIENCE)?;
        if judged(&connection, path)? < FORMAT {
            // Tables of before are read as they would be after: in memory.
            let mut copy = Connection::open_in_memory()?;
            rusqlite::backup::Backup::new(&connection, &mut copy)?.run_to_completion(1024, Duration::ZERO, None)?;
            make(&copy)?;
            return Ok(Self { connection: Mutex::new(copy), synthetic, cost, limits });
        }
        Ok(Self { connection: Mutex::new(connection), synthetic, cost, limits })
    }

    /// Makes accounts on a connection that was opened elsewhere. `synthetic`: the store says of itself that it holds no real
    /// person.
    pub fn on(connection: Connection, synthetic: bool, cost: Cost, limits: Limits) -> Result<Self, Unavailable> {
        connection.busy_timeout(PATIENCE)?;
        make(&connection)?;
        Ok(Self { connection: Mutex::new(connection), synthetic, cost, limits })
    }

    pub(crate) fn connection(&self) -> MutexGuard<'_, Connection> {
        // A panic elsewhere rolled its transaction back when it was dropped; the connection is good.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long somebody waits for another program's write.
const PATIENCE: Duration = Duration::from_secs(5);

fn set(connection: &Connection) -> Result<(), Unavailable> {
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "cache_size", -2_000)?;
    Ok(())
}

/// Makes what is missing of the tables.
fn make(connection: &Connection) -> Result<(), Unavailable> {
    connection.execute_batch(TABLES)?;
    // Stores of earlier versions have accounts without this column.
    let known: bool = connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM pragma_table_info('account') WHERE name = 'password_once')",
        [],
        |row| row.get(0),
    )?;
    if !known {
        connection.execute("ALTER TABLE account ADD COLUMN password_once INTEGER NOT NULL DEFAULT 0", [])?;
    }
    Ok(connection.pragma_update(None, "user_version", FORMAT)?)
}

fn must_be_there(path: &Path) -> Result<(), OpenError> {
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(OpenError::Missing { path: path.display().to_string() })
        }
        Err(error) => Err(Unavailable { what: error.to_string() }.into()),
        Ok(_) => Ok(()),
    }
}

/// The format of a file that holds accounts.
fn judged(connection: &Connection, path: &Path) -> Result<i64, OpenError> {
    let none = |what: &str| OpenError::NotAccounts { path: path.display().to_string(), what: what.to_owned() };
    let there = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'account')";
    let found = connection
        .pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))
        .and_then(|format| Ok((format, connection.query_row(there, [], |row| row.get::<_, bool>(0))?)));
    match found {
        Err(rusqlite::Error::SqliteFailure(cause, text))
            if matches!(cause.code, ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) =>
        {
            Err(none(&text.unwrap_or_else(|| cause.to_string())))
        }
        Err(other) => Err(other.into()),
        Ok((found, _)) if found > FORMAT => {
            Err(OpenError::Newer { path: path.display().to_string(), found, known: FORMAT })
        }
        Ok((_, false)) => Err(none("it holds no table of accounts")),
        Ok((found, true)) => Ok(found),
    }
}

pub(crate) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// Times are written by `micros` alone, so they are always in range.
pub(crate) fn time(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}
