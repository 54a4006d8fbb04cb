//! Accounts: made, changed, switched off.

use crate::{
    error::{AccountError, Unavailable},
    secret::{Salt, judge_password, judge_pin},
    tables::{Identity, micros, time},
};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};
use terms::{ParticipantId, StaffId};

/// Whom the record knows somebody as.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// A member of staff.
    Staff(StaffId),
    /// A participant.
    Participant(ParticipantId),
}

/// Whether somebody may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// They may.
    Enabled,
    /// Switched off by an administrator.
    Disabled,
    /// Locked after too many wrong tries.
    Locked,
}

/// Somebody who may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// What they type; lower case.
    pub login: String,
    /// What others see.
    pub display_name: String,
    /// Whom the record knows them as.
    pub who: Who,
    /// Whether they may sign in.
    pub standing: Standing,
    /// A figure of the demonstration, entered with one click. Only in a synthetic store.
    pub persona: bool,
    /// Whether the password was given by somebody else and must be replaced before anything else is done.
    pub password_once: bool,
    /// Whether a password was set.
    pub has_password: bool,
    /// Whether a PIN was set.
    pub has_pin: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When they last signed in.
    pub signed_in_at: Option<Timestamp>,
}

/// An account to be made. It can't be used before a password is set, unless it is a persona.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// What they type.
    pub login: String,
    /// What others see.
    pub display_name: String,
    /// Whom the record knows them as.
    pub who: Who,
    /// A figure of the demonstration.
    pub persona: bool,
}

const COLUMNS: &str = "SELECT login, display_name, kind, person, standing, persona, password IS NOT NULL, \
     pin IS NOT NULL, created_at, signed_in_at, password_once FROM account";

fn read(row: &Row<'_>) -> rusqlite::Result<Account> {
    let person: String = row.get(3)?;
    Ok(Account {
        login: row.get(0)?,
        display_name: row.get(1)?,
        who: match row.get_ref(2)?.as_str()? {
            "participant" => Who::Participant(ParticipantId::from(person)),
            _ => Who::Staff(StaffId::from(person)),
        },
        standing: match row.get_ref(4)?.as_str()? {
            "enabled" => Standing::Enabled,
            "locked" => Standing::Locked,
            _ => Standing::Disabled,
        },
        persona: row.get(5)?,
        has_password: row.get(6)?,
        has_pin: row.get(7)?,
        created_at: time(row.get(8)?),
        signed_in_at: row.get::<_, Option<i64>>(9)?.map(time),
        password_once: row.get(10)?,
    })
}

/// Logins are compared in lower case and without the spaces that a phone's keyboard adds.
pub(crate) fn normal(login: &str) -> String {
    login.trim().to_lowercase()
}

/// Whether something can be a login, and how it is then kept: lower case, without spaces around.
pub fn judge_login(login: &str) -> Result<String, AccountError> {
    let normal = normal(login);
    let fit = |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_' | '@');
    match (2..=64).contains(&normal.chars().count()) && normal.chars().all(fit) {
        true => Ok(normal),
        false => Err(AccountError::UnfitLogin(login.chars().take(80).collect())),
    }
}

/// Whether something can be the name that others see, and how it is then kept: without spaces around.
pub fn judge_name(name: &str) -> Result<&str, AccountError> {
    /// Longest name, in characters.
    const NAME_MAX: usize = 200;
    let name = name.trim();
    let unfit = |what: String| Err(AccountError::UnfitName(what));
    if name.is_empty() {
        return unfit("is empty".to_owned());
    }
    if name.chars().count() > NAME_MAX {
        return unfit(format!("has more than {NAME_MAX} characters"));
    }
    match terms::hidden(name).or_else(|| name.chars().find(|letter| letter.is_control())) {
        Some(letter) => unfit(format!("holds {}, which can't be seen", terms::hidden_shown(letter))),
        None => Ok(name),
    }
}

impl Identity {
    /// Makes an account. It has no password yet.
    pub fn account_create(&self, new: &NewAccount, now: Timestamp) -> Result<Account, AccountError> {
        let login = judge_login(&new.login)?;
        let name = judge_name(&new.display_name)?;
        if new.persona && !self.synthetic {
            return Err(AccountError::PersonaInRealStore);
        }
        let (kind, person) = match &new.who {
            Who::Staff(id) => ("staff", id.as_str()),
            Who::Participant(id) => ("participant", id.as_str()),
        };
        let made = self.connection().execute(
            "INSERT INTO account (login, display_name, kind, person, standing, persona, created_at)
             VALUES (?1, ?2, ?3, ?4, 'enabled', ?5, ?6) ON CONFLICT DO NOTHING",
            params![login, name, kind, person, new.persona, micros(now)],
        )?;
        match made {
            0 => Err(AccountError::Taken(login)),
            _ => self.account_known(&login),
        }
    }

    /// The account with this login, if there is one.
    pub fn account(&self, login: &str) -> Result<Option<Account>, Unavailable> {
        let connection = self.connection();
        let mut query = connection.prepare_cached(&format!("{COLUMNS} WHERE login = ?1"))?;
        Ok(query.query_row([normal(login)], read).optional()?)
    }

    fn account_known(&self, login: &str) -> Result<Account, AccountError> {
        self.account(login)?.ok_or_else(|| AccountError::Unknown(normal(login)))
    }

    /// Accounts after a login, in order, at most `limit`.
    pub fn accounts(&self, after: &str, limit: u32) -> Result<Vec<Account>, Unavailable> {
        let connection = self.connection();
        let mut query = connection.prepare_cached(&format!("{COLUMNS} WHERE login > ?1 ORDER BY login LIMIT ?2"))?;
        Ok(query.query_map(params![after, limit], read)?.collect::<Result<_, _>>()?)
    }

    /// The personas of a synthetic store, in the order in which they were made.
    pub fn personas(&self) -> Result<Vec<Account>, Unavailable> {
        let connection = self.connection();
        let mut query = connection.prepare_cached(&format!("{COLUMNS} WHERE persona ORDER BY rowid"))?;
        Ok(query.query_map([], read)?.collect::<Result<_, _>>()?)
    }

    /// Accounts of a person whom the record knows.
    pub fn accounts_of(&self, who: &Who) -> Result<Vec<Account>, Unavailable> {
        let (kind, person) = match who {
            Who::Staff(id) => ("staff", id.as_str()),
            Who::Participant(id) => ("participant", id.as_str()),
        };
        let connection = self.connection();
        let mut query =
            connection.prepare_cached(&format!("{COLUMNS} WHERE person = ?1 AND kind = ?2 ORDER BY login"))?;
        Ok(query.query_map([person, kind], read)?.collect::<Result<_, _>>()?)
    }

    /// Sets a password; all sessions of the account end.
    pub fn password_set(&self, login: &str, password: &str, salt: &Salt) -> Result<(), AccountError> {
        let account = self.account_known(login)?;
        judge_password(password, &account.login, &account.display_name)?;
        let hash = self.cost.hash(password, salt)?;
        self.change(&account.login, "UPDATE account SET password = ?2, password_once = 0 WHERE login = ?1", &hash)
    }

    /// Sets a password that somebody else chose or drew: it opens only the page on which its owner replaces it. All
    /// sessions of the account end.
    pub fn password_set_once(&self, login: &str, password: &str, salt: &Salt) -> Result<(), AccountError> {
        let account = self.account_known(login)?;
        judge_password(password, &account.login, &account.display_name)?;
        let hash = self.cost.hash(password, salt)?;
        self.change(&account.login, "UPDATE account SET password = ?2, password_once = 1 WHERE login = ?1", &hash)
    }

    /// Sets a quick PIN.
    pub fn pin_set(&self, login: &str, pin: &str, salt: &Salt) -> Result<(), AccountError> {
        let account = self.account_known(login)?;
        judge_pin(pin)?;
        let hash = self.cost.hash(pin, salt)?;
        let changed =
            self.connection().execute("UPDATE account SET pin = ?2 WHERE login = ?1", [&account.login, &hash])?;
        if changed == 0 { Err(AccountError::Unknown(account.login)) } else { Ok(()) }
    }

    /// Switches an account off; all its sessions end.
    pub fn account_disable(&self, login: &str) -> Result<(), AccountError> {
        self.change(&normal(login), "UPDATE account SET standing = ?2 WHERE login = ?1", "disabled")
    }

    /// Switches an account on again, or unlocks it; what was tried before is forgotten.
    pub fn account_enable(&self, login: &str) -> Result<(), AccountError> {
        let login = normal(login);
        self.change(&login, "UPDATE account SET standing = ?2 WHERE login = ?1", "enabled")?;
        self.connection().execute("DELETE FROM account_attempt WHERE login = ?1", [login])?;
        Ok(())
    }

    fn change(&self, login: &str, sql: &str, value: &str) -> Result<(), AccountError> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        if transaction.execute(sql, [login, value])? == 0 {
            return Err(AccountError::Unknown(login.to_owned()));
        }
        transaction.execute("DELETE FROM account_session WHERE login = ?1", [login])?;
        Ok(transaction.commit()?)
    }
}
