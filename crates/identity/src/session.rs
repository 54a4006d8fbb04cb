//! Signing in, staying signed in, and proving oneself again at the moment of an act.

use crate::{
    account::{Account, Standing, Who, normal},
    error::{ProofError, SessionError},
    secret::SECRET_BYTES_MAX,
    tables::{Identity, micros, time},
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, params};
use sha2::{Digest, Sha256};

/// 256 random bits, drawn by the caller; the device keeps them, the table keeps their SHA-256.
pub type Token = [u8; 32];

/// What somebody proved themselves with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Factor {
    /// Password.
    Password,
    /// Quick PIN.
    Pin,
    /// One click on a persona; only in a synthetic store.
    Persona,
}

/// Somebody is signed in on a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// Their login.
    pub login: String,
    /// What others see.
    pub display_name: String,
    /// Whom the record knows them as.
    pub who: Who,
    /// When they signed in.
    pub signed_in_at: Timestamp,
    /// When they last gave password or PIN.
    pub proved_at: Timestamp,
    /// Whether it is a persona.
    pub persona: bool,
    /// Whether their password was given by somebody else: first of all they replace it.
    pub password_once: bool,
}

/// Somebody proved who they are, just now, for one act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated {
    /// Their login.
    pub login: String,
    /// What others see.
    pub display_name: String,
    /// Whom the record knows them as.
    pub who: Who,
    /// When.
    pub at: Timestamp,
    /// With what.
    pub by: Factor,
    /// Whether their password was given by somebody else and opens nothing but the page that replaces it.
    pub password_once: bool,
}

/// How often it is written down that somebody is still there: reading a page must not cost a write each time.
const SEEN_EVERY: SignedDuration = SignedDuration::from_secs(30);

fn kept(token: &Token) -> [u8; 32] {
    Sha256::digest(token).into()
}

impl Identity {
    /// Proves somebody by login and password or PIN. Takes as long for a login that doesn't exist.
    pub fn prove(&self, login: &str, secret: &str, by: Factor, now: Timestamp) -> Result<Authenticated, ProofError> {
        let login = normal(login);
        if login.len() > SECRET_BYTES_MAX || secret.len() > SECRET_BYTES_MAX {
            return Err(ProofError::Wrong);
        }
        let account = self.account(&login)?;
        if by == Factor::Persona {
            return persona(self.synthetic, account, now);
        }
        self.attempt_begin(&login, now)?;
        let column = match by {
            Factor::Pin => "SELECT pin FROM account WHERE login = ?1",
            Factor::Password | Factor::Persona => "SELECT password FROM account WHERE login = ?1",
        };
        let hash: Option<String> =
            self.connection().query_row(column, [&login], |row| row.get(0)).optional()?.flatten();
        let fits = self.cost.fits(secret, hash.as_deref())?;
        let Some(account) = account.filter(|_| fits) else { return Err(self.why_not(&login, by)?) };
        // Only who gave the right secret learns how the account stands.
        match account.standing {
            Standing::Enabled => {}
            Standing::Disabled => return Err(ProofError::Disabled),
            Standing::Locked => return Err(ProofError::Locked),
        }
        self.attempt_right(&login)?;
        Ok(authenticated(account, now, by))
    }

    /// Wrong; but somebody who is signed in and has no PIN is told so, which gives nothing away that they don't know.
    fn why_not(&self, login: &str, by: Factor) -> Result<ProofError, ProofError> {
        match self.account(login)? {
            Some(account) if by == Factor::Pin && account.has_password && !account.has_pin => Ok(ProofError::NoPin),
            Some(account) if account.standing == Standing::Locked => Ok(ProofError::Locked),
            _ => Ok(ProofError::Wrong),
        }
    }

    /// Signs somebody in by password and opens a session under the token.
    pub fn sign_in(&self, login: &str, password: &str, token: &Token, now: Timestamp) -> Result<SignedIn, ProofError> {
        let proved = self.prove(login, password, Factor::Password, now)?;
        self.session_open(proved, token, now)
    }

    /// Enters as a persona of a synthetic store, with no password.
    pub fn sign_in_persona(&self, login: &str, token: &Token, now: Timestamp) -> Result<SignedIn, ProofError> {
        let proved = self.prove(login, "", Factor::Persona, now)?;
        self.session_open(proved, token, now)
    }

    fn session_open(&self, proved: Authenticated, token: &Token, now: Timestamp) -> Result<SignedIn, ProofError> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let oldest = micros(now.saturating_sub(self.limits.absolute).unwrap_or(Timestamp::MIN));
        transaction.execute("DELETE FROM account_session WHERE signed_in_at < ?1", [oldest])?;
        transaction.execute(
            "INSERT OR REPLACE INTO account_session VALUES (?1, ?2, ?3, ?3, ?3, 0)",
            params![&kept(token)[..], proved.login, micros(now)],
        )?;
        transaction
            .execute("UPDATE account SET signed_in_at = ?2 WHERE login = ?1", params![proved.login, micros(now)])?;
        transaction.commit()?;
        Ok(SignedIn {
            login: proved.login,
            display_name: proved.display_name,
            who: proved.who,
            signed_in_at: now,
            proved_at: now,
            persona: proved.by == Factor::Persona,
            password_once: proved.password_once,
        })
    }

    /// Who is signed in under a token.
    ///
    /// # Errors
    /// [`SessionError::Asleep`] after the idle limit: [`Identity::wake`] it. [`SessionError::Ended`] after the absolute
    /// one, or if the account was switched off.
    pub fn session(&self, token: &Token, now: Timestamp) -> Result<SignedIn, SessionError> {
        let (signed_in, seen_at, account) = self.session_found(token, now)?;
        if now.duration_since(seen_at) > self.limits.idle {
            return Err(SessionError::Asleep { login: account.login, has_pin: account.has_pin });
        }
        if now.duration_since(seen_at) > SEEN_EVERY {
            self.connection().execute(
                "UPDATE account_session SET seen_at = ?2 WHERE token = ?1",
                params![&kept(token)[..], micros(now)],
            )?;
        }
        Ok(signed_in)
    }

    /// The same, without counting as a sign that somebody is there: for what looks by itself, as a page that is open.
    ///
    /// # Errors
    /// As [`Identity::session`].
    pub fn session_look(&self, token: &Token, now: Timestamp) -> Result<SignedIn, SessionError> {
        let (signed_in, seen_at, account) = self.session_found(token, now)?;
        if now.duration_since(seen_at) > self.limits.idle {
            return Err(SessionError::Asleep { login: account.login, has_pin: account.has_pin });
        }
        Ok(signed_in)
    }

    fn session_found(&self, token: &Token, now: Timestamp) -> Result<(SignedIn, Timestamp, Account), SessionError> {
        let found = self
            .connection()
            .prepare_cached("SELECT login, signed_in_at, proved_at, seen_at FROM account_session WHERE token = ?1")?
            .query_row([&kept(token)[..]], |row| {
                Ok((row.get::<_, String>(0)?, time(row.get(1)?), time(row.get(2)?), time(row.get(3)?)))
            })
            .optional()?;
        let Some((login, signed_in_at, proved_at, seen_at)) = found else { return Err(SessionError::Unknown) };
        let account = self.account(&login)?.filter(|account| account.standing == Standing::Enabled);
        let Some(account) = account.filter(|_| now.duration_since(signed_in_at) <= self.limits.absolute) else {
            self.sign_out(token)?;
            return Err(SessionError::Ended);
        };
        let signed_in = SignedIn {
            login,
            display_name: account.display_name.clone(),
            who: account.who.clone(),
            signed_in_at,
            proved_at,
            persona: account.persona,
            password_once: account.password_once,
        };
        Ok((signed_in, seen_at, account))
    }

    /// Wakes a sleeping session (or confirms a waking one) by PIN. Too many wrong PINs end it. A persona has no PIN
    /// and is woken by the click alone.
    pub fn wake(&self, token: &Token, pin: &str, now: Timestamp) -> Result<SignedIn, SessionError> {
        let (signed_in, _, account) = self.session_found(token, now)?;
        let by = if account.persona && !account.has_pin { Factor::Persona } else { Factor::Pin };
        match self.prove(&account.login, pin, by, now) {
            Ok(_) => {
                self.connection().execute(
                    "UPDATE account_session SET seen_at = ?2, proved_at = ?2, wrong_pins = 0 WHERE token = ?1",
                    params![&kept(token)[..], micros(now)],
                )?;
                Ok(SignedIn { proved_at: now, ..signed_in })
            }
            Err(ProofError::Wrong) => {
                let connection = self.connection();
                connection.execute(
                    "UPDATE account_session SET wrong_pins = wrong_pins + 1 WHERE token = ?1",
                    [&kept(token)[..]],
                )?;
                let ended = connection.execute(
                    "DELETE FROM account_session WHERE token = ?1 AND wrong_pins >= ?2",
                    params![&kept(token)[..], self.limits.pins_max],
                )?;
                if ended > 0 { Err(SessionError::Ended) } else { Err(ProofError::Wrong.into()) }
            }
            Err(other) => Err(other.into()),
        }
    }

    /// Ends a session.
    pub fn sign_out(&self, token: &Token) -> Result<(), SessionError> {
        self.connection().execute("DELETE FROM account_session WHERE token = ?1", [&kept(token)[..]])?;
        Ok(())
    }

    /// Ends all sessions of an account.
    pub fn sign_out_everywhere(&self, login: &str) -> Result<(), SessionError> {
        self.connection().execute("DELETE FROM account_session WHERE login = ?1", [normal(login)])?;
        Ok(())
    }
}

/// A persona is entered with one click, in a synthetic store alone.
fn persona(synthetic: bool, account: Option<Account>, now: Timestamp) -> Result<Authenticated, ProofError> {
    match account.filter(|account| synthetic && account.persona) {
        Some(account) if account.standing == Standing::Enabled => Ok(authenticated(account, now, Factor::Persona)),
        Some(_) => Err(ProofError::Disabled),
        None => Err(ProofError::Wrong),
    }
}

fn authenticated(account: Account, at: Timestamp, by: Factor) -> Authenticated {
    Authenticated {
        login: account.login,
        display_name: account.display_name,
        who: account.who,
        at,
        by,
        password_once: account.password_once,
    }
}
