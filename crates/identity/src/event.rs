//! What was done to accounts, by whom and when: for whoever asks later who let somebody in.

use crate::{
    account::normal,
    error::Unavailable,
    tables::{Identity, micros, time},
};
use jiff::Timestamp;
use rusqlite::params;

/// One thing that was done to an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// Whose account.
    pub login: String,
    /// What, in words; never a secret.
    pub what: String,
    /// The login of who did it, or the command line.
    pub by: String,
}

impl Identity {
    /// Writes down what was done to an account.
    pub fn event_note(&self, login: &str, what: &str, by: &str, now: Timestamp) -> Result<(), Unavailable> {
        self.connection().execute(
            "INSERT INTO account_event (at, login, what, by) VALUES (?1, ?2, ?3, ?4)",
            params![micros(now), normal(login), what, by],
        )?;
        Ok(())
    }

    /// What was done to an account, the oldest first.
    pub fn events(&self, login: &str) -> Result<Vec<Event>, Unavailable> {
        let connection = self.connection();
        let mut query =
            connection.prepare_cached("SELECT at, login, what, by FROM account_event WHERE login = ?1 ORDER BY id")?;
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Event { at: time(row.get(0)?), login: row.get(1)?, what: row.get(2)?, by: row.get(3)? })
        };
        Ok(query.query_map([normal(login)], read)?.collect::<Result<_, _>>()?)
    }
}
