//! How fast somebody may guess.
//!
//! A try is counted as wrong before it is looked at and forgotten if it was right, so that many tries at once are no
//! way around the count. The count belongs to the login that was typed, whether it exists or not.

use crate::{
    error::ProofError,
    tables::{Identity, micros, time},
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, TransactionBehavior, params};

/// How long sessions last and how fast somebody may guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A session sleeps after so long with nobody there; the PIN wakes it.
    pub idle: SignedDuration,
    /// A session ends after so long, whatever is done in it.
    pub absolute: SignedDuration,
    /// Wrong tries in a row that cost nothing.
    pub free_tries: u32,
    /// Wait after the first try beyond these; doubles with each further one.
    pub first_wait: SignedDuration,
    /// Longest wait.
    pub longest_wait: SignedDuration,
    /// Wrong tries in a row after which a person must unlock the account.
    pub tries_max: u32,
    /// Wrong PINs in a session after which it ends and the password is needed.
    pub pins_max: u32,
}

impl Limits {
    /// For a clinic's shared tablets: sleeps after 10 minutes, ends after 12 hours; five free tries.
    pub const STANDARD: Self = Self {
        idle: SignedDuration::from_mins(10),
        absolute: SignedDuration::from_hours(12),
        free_tries: 5,
        first_wait: SignedDuration::from_secs(30),
        longest_wait: SignedDuration::from_mins(15),
        tries_max: 30,
        pins_max: 3,
    };

    /// How long to wait after so many wrong tries in a row.
    pub fn wait(&self, wrong: u32) -> SignedDuration {
        let beyond = wrong.saturating_sub(self.free_tries);
        match beyond {
            0 => SignedDuration::ZERO,
            _ => (1..beyond)
                .try_fold(self.first_wait, |wait, _| {
                    let doubled = wait.saturating_mul(2);
                    if doubled >= self.longest_wait { Err(self.longest_wait) } else { Ok(doubled) }
                })
                .unwrap_or_else(|longest| longest)
                .min(self.longest_wait),
        }
    }
}

impl Identity {
    /// Counts a try before it is judged; refuses it while there is to be waited.
    pub(crate) fn attempt_begin(&self, login: &str, now: Timestamp) -> Result<(), ProofError> {
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let before: Option<(u32, i64)> = transaction
            .query_row("SELECT wrong, last_at FROM account_attempt WHERE login = ?1", [login], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        let (wrong, last_at) = before.map_or((0, now), |(wrong, last)| (wrong, time(last)));
        let until = last_at.saturating_add(self.limits.wait(wrong)).unwrap_or(Timestamp::MAX);
        // A clock that was set back must not make anybody wait for years: then the wait begins anew from now.
        let until = until.min(now.saturating_add(self.limits.longest_wait).unwrap_or(Timestamp::MAX));
        if wrong > self.limits.free_tries && now < until {
            return Err(ProofError::Wait { until });
        }
        transaction.execute(
            "INSERT INTO account_attempt VALUES (?1, 1, ?2)
             ON CONFLICT (login) DO UPDATE SET wrong = wrong + 1, last_at = excluded.last_at",
            params![login, micros(now)],
        )?;
        if wrong + 1 >= self.limits.tries_max {
            transaction
                .execute("UPDATE account SET standing = 'locked' WHERE login = ?1 AND standing = 'enabled'", [login])?;
        }
        // Typed logins that belong to nobody must not fill the table.
        transaction.execute(
            "DELETE FROM account_attempt WHERE last_at < ?1 AND login NOT IN (SELECT login FROM account)",
            [micros(now.saturating_sub(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MIN))],
        )?;
        Ok(transaction.commit()?)
    }

    /// The try was right: nothing is held against the login any more.
    pub(crate) fn attempt_right(&self, login: &str) -> Result<(), ProofError> {
        self.connection().execute("DELETE FROM account_attempt WHERE login = ?1", [login])?;
        Ok(())
    }
}
