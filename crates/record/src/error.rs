//! What can go wrong with the store itself, each in a sentence for the person in front of it, with a code.

use chain::Flaw;

/// Why the store did not do what was asked. Nothing was changed when one of these is returned by a write.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody wrote to a stream after it was read.
    #[error(
        "somebody else wrote to {stream} in the meantime (version {found}, {expected} was read): look again and repeat"
    )]
    Conflict {
        /// The stream.
        stream: String,
        /// The version that the decision was made on.
        expected: u64,
        /// The version that it has.
        found: u64,
    },
    /// The command's id was already used; its first answer stands.
    #[error("the command id {command} was already answered")]
    Answered {
        /// The id.
        command: String,
    },
    /// The disk, or the room that the file may take, is full.
    #[error("the disk is full: nothing was saved. Make room on it and repeat; what was saved before is safe")]
    Full,
    /// Another program holds the file.
    #[error(
        "another program is writing to the database and did not finish in {seconds} s: nothing was saved. Repeat; if it stays so, find the program that holds the file"
    )]
    Locked {
        /// How long was waited.
        seconds: u64,
    },
    /// A newer program made it.
    #[error(
        "the database has format {found}, this program knows formats up to {known}: use the newer program that wrote it. Nothing was changed"
    )]
    NewerFormat {
        /// The file's format.
        found: u32,
        /// The newest format known here.
        known: u32,
    },
    /// Its current tables were made by another version of the program.
    #[error(
        "the current tables were made by another version of this program: run `lifejacket rebuild` once. The record itself is as it was"
    )]
    OlderTables,
    /// The file can't be written.
    #[error("the database is read-only: nothing was saved. Check the permissions of the file and its folder")]
    ReadOnly,
    /// The file is damaged.
    #[error("the database file is damaged ({what}): stop, keep a copy of it, and restore the last backup")]
    Damaged {
        /// What was found.
        what: String,
    },
    /// The file is something else.
    #[error("{path} is not a record of this program: needed the file that `lifejacket init` or `lifejacket demo` made")]
    NotARecord {
        /// The file.
        path: String,
    },
    /// There is no file.
    #[error("there is no record at {path}: make one with `lifejacket init`")]
    Missing {
        /// The file.
        path: String,
    },
    /// There is one already.
    #[error("there is a record at {path} already: choose another folder; a record is never overwritten")]
    Exists {
        /// The file.
        path: String,
    },
    /// Disk or system answered with an error.
    #[error("the disk did not do what was asked ({what}): nothing was saved. Repeat; if it stays so, look at the disk")]
    Disk {
        /// What the system said.
        what: String,
    },
    /// The chain is broken.
    #[error("the record is not whole: {0}")]
    Flaw(#[from] Flaw),
    /// A current table is not what the log says.
    #[error(
        "the current table {table} is not what the log says: found {found}; needed {needed}. No entry was changed and none is missing before the log's end: see that the chains still go through the heads that were written down (`verify --heads`), then run `lifejacket rebuild`"
    )]
    TableDiffers {
        /// Which table.
        table: &'static str,
        /// The first row that differs, as it stands.
        found: String,
        /// The row that a replay makes there.
        needed: String,
    },
    /// A current table, or an index of one, is not as the program makes it.
    #[error(
        "{what}: the current tables are not as this program makes them. The log is not touched by that: run `lifejacket rebuild`"
    )]
    TablesChanged {
        /// What differs.
        what: String,
    },
    /// A file that can't be written has a journal beside it that is not in it yet.
    #[error(
        "{path} has a journal beside it (-wal) with entries that are not in the file yet, and nothing can be written there: copy both into a folder of your own, and look at the copy"
    )]
    JournalLeft {
        /// The file.
        path: String,
    },
    /// Something sealed does not open with the key that was given.
    #[error("the names and contacts do not open with this key: give the key file that belongs to this record")]
    WrongKey,
    /// The person's identity was erased.
    #[error("the identity of {participant} was erased and can't be given again")]
    Erased {
        /// Whose.
        participant: String,
    },
    /// A mistake of ours.
    #[error("the program asked the database for something impossible ({what}): nothing was saved. Please report this")]
    Internal {
        /// What the database said.
        what: String,
    },
}

impl StoreError {
    /// The same failure once more, for everybody whose act was in the transaction that failed.
    pub(crate) fn again(&self) -> Self {
        match self {
            Self::Full => Self::Full,
            Self::ReadOnly => Self::ReadOnly,
            Self::Locked { seconds } => Self::Locked { seconds: *seconds },
            Self::Damaged { what } => Self::Damaged { what: what.clone() },
            Self::Disk { what } => Self::Disk { what: what.clone() },
            other => Self::Internal { what: other.to_string() },
        }
    }

    /// A short code for programs and for the phone.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => "record.conflict",
            Self::Answered { .. } => "record.answered",
            Self::Full => "record.full",
            Self::Locked { .. } => "record.locked",
            Self::NewerFormat { .. } => "record.newer",
            Self::OlderTables => "record.older_tables",
            Self::ReadOnly => "record.read_only",
            Self::Damaged { .. } => "record.damaged",
            Self::NotARecord { .. } => "record.not_a_record",
            Self::Missing { .. } => "record.missing",
            Self::Exists { .. } => "record.exists",
            Self::Disk { .. } => "record.disk",
            Self::Flaw(_) => "record.flaw",
            Self::TableDiffers { .. } | Self::TablesChanged { .. } => "record.tables",
            Self::JournalLeft { .. } => "record.journal_left",
            Self::WrongKey => "record.key",
            Self::Erased { .. } => "record.erased",
            Self::Internal { .. } => "record.internal",
        }
    }
}
