//! What can go wrong, one type for each kind of question. None of them says whether a login exists.

use jiff::Timestamp;

/// The tables could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the accounts can't be read or written just now ({what}): nothing was changed. Repeat in a moment")]
pub struct Unavailable {
    /// What the database said.
    pub what: String,
}

impl From<rusqlite::Error> for Unavailable {
    fn from(error: rusqlite::Error) -> Self {
        Self { what: error.to_string() }
    }
}

/// Why the accounts' file was not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// There is none. Opening makes none: an empty one would shut everybody out in silence.
    #[error("there is no file of accounts at {path}: restore it from the backup")]
    Missing {
        /// The file.
        path: String,
    },
    /// There is one already.
    #[error("there is a file at {path} already: a file of accounts is never overwritten")]
    Exists {
        /// The file.
        path: String,
    },
    /// It is something else.
    #[error("{path} is not a database of accounts, or it is damaged ({what}): restore it from the backup")]
    NotAccounts {
        /// The file.
        path: String,
        /// What was found.
        what: String,
    },
    /// A newer program made it.
    #[error(
        "{path} has format {found}, this program knows formats up to {known}: use the newer program that wrote it. Nothing was changed"
    )]
    Newer {
        /// The file.
        path: String,
        /// The file's format.
        found: i64,
        /// The newest format known here.
        known: i64,
    },
    /// The disk.
    #[error("making {path}: {what}. Look at the disk and at who may write there")]
    Disk {
        /// The file.
        path: String,
        /// What the system said.
        what: String,
    },
    /// The tables failed.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Unavailable(error.into())
    }
}

/// Why an account was not made or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// Another account has the login.
    #[error("there is an account `{0}` already: choose another login")]
    Taken(String),
    /// There is no such account.
    #[error("there is no account `{0}`")]
    Unknown(String),
    /// The login can't be used.
    #[error("`{0}` can't be a login: needed 2 to 64 letters, digits, `.`, `-`, `_` or `@`, with no space")]
    UnfitLogin(String),
    /// The name can't be shown.
    #[error("the name {0}: give it as others should see it, 1 to 200 characters")]
    UnfitName(String),
    /// The password is too easy to guess.
    #[error("the password {0}: use a sentence or several words, at least 12 characters, without your name")]
    WeakPassword(&'static str),
    /// The PIN is too easy to guess.
    #[error("the PIN {0}: use 6 to 12 digits that are not a row or a repetition")]
    WeakPin(&'static str),
    /// A persona in a store with real people.
    #[error("one-click personas exist only in a store that is marked synthetic")]
    PersonaInRealStore,
    /// The tables failed.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why somebody did not prove who they are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Login, password or PIN is wrong; which one is not said.
    #[error("login and password (or PIN) do not belong together: try again")]
    Wrong,
    /// Too many tries.
    #[error("too many wrong tries: try again after {}", .until.strftime("%Y-%m-%d %H:%M UTC"))]
    Wait {
        /// From when on it may be tried again.
        until: Timestamp,
    },
    /// Too many tries in a row: a person must look at it.
    #[error("this account is locked after too many wrong tries: ask the administrator to unlock it")]
    Locked,
    /// The account was switched off.
    #[error("this account is switched off: ask the administrator")]
    Disabled,
    /// A PIN is asked for and none was ever set.
    #[error("this account has no PIN: sign in with the password and choose one")]
    NoPin,
    /// The tables failed.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<rusqlite::Error> for ProofError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Unavailable(error.into())
    }
}
impl From<rusqlite::Error> for AccountError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Unavailable(error.into())
    }
}

/// Why nobody is signed in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// There is no such session; signed out, or never signed in.
    #[error("nobody is signed in here: sign in")]
    Unknown,
    /// It lasted as long as it may.
    #[error("the session has ended: sign in again")]
    Ended,
    /// Nobody did anything for a while: the PIN is needed, or the password.
    #[error("the session sleeps: enter your PIN")]
    Asleep {
        /// Whose it is.
        login: String,
        /// Whether they have a PIN.
        has_pin: bool,
    },
    /// The PIN was wrong, or can't be tried now.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The tables failed.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<rusqlite::Error> for SessionError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Unavailable(error.into())
    }
}
