//! The tables, and the door to them.

use crate::{attempt::Limits, error::Unavailable, secret::Cost};
use jiff::Timestamp;
use rusqlite::Connection;
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

impl Identity {
    /// Opens the accounts in the database file at `path`, which may hold other things too.
    pub fn open(path: &Path, synthetic: bool, cost: Cost, limits: Limits) -> Result<Self, Unavailable> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "cache_size", -2_000)?;
        Self::on(connection, synthetic, cost, limits)
    }

    /// Uses a connection that was opened elsewhere. `synthetic`: the store says of itself that it holds no real person.
    pub fn on(connection: Connection, synthetic: bool, cost: Cost, limits: Limits) -> Result<Self, Unavailable> {
        connection.busy_timeout(Duration::from_secs(5))?;
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
        Ok(Self { connection: Mutex::new(connection), synthetic, cost, limits })
    }

    pub(crate) fn connection(&self) -> MutexGuard<'_, Connection> {
        // A panic elsewhere rolled its transaction back when it was dropped; the connection is good.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// Times are written by `micros` alone, so they are always in range.
pub(crate) fn time(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}
