//! The narrow interface to whatever keeps the log. SQLite implements it; PostgreSQL will. The test-suite in
//! `tests/store.rs` is written against this trait alone.
//!
//! A store knows nothing of the study: it appends bytes to streams and chains, keeps rows that it is given, and reads
//! them back. Absent on purpose: any way to change or delete an entry.

use crate::{
    error::StoreError,
    table::{Cell, Row, Table, Write},
};
use chain::{ChainName, Hash, Head};
use jiff::Timestamp;
use std::{collections::BTreeMap, path::Path, sync::Arc};

/// What a store says of itself. Written when it is made; never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Format of the tables.
    pub format: u32,
    /// The store holds no real person's data, and says so for ever. Personas and virtual time exist only here.
    pub synthetic: bool,
    /// Version of the program that made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An entry on its way into the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// The chain to link it into: `trial`, `site/S01`, `sealed`.
    pub chain: Arc<str>,
    /// The stream that it belongs to: `participant/S01-001`.
    pub stream: Arc<str>,
    /// Its canonical bytes.
    pub body: Vec<u8>,
}

/// One act: all of it is appended, or nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Act {
    /// The command's id, given by the client. Used once in the life of a store.
    pub command: String,
    /// Hash of who asked what, so that another command under the same id is noticed.
    pub digest: Hash,
    /// When it is recorded.
    pub recorded_at: Timestamp,
    /// Every stream that the decision read, with the version it had (0 = no entries). Streams that are written must be
    /// among them.
    pub expected: Vec<(Arc<str>, u64)>,
    /// What to append, in order.
    pub entries: Vec<NewEntry>,
    /// What was answered if nothing is appended.
    pub answer: Option<Vec<u8>>,
    /// Rows of the current tables that follow from the entries.
    pub writes: Vec<Write>,
}

/// Where an act's entries went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// Number of the first entry in the order of the record; none if nothing was appended.
    pub first: Option<u64>,
    /// How many.
    pub entries: u64,
}

/// What was answered to a command before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// Hash of who asked what.
    pub digest: Hash,
    /// When.
    pub recorded_at: Timestamp,
    /// Where its entries are.
    pub appended: Appended,
    /// The answer, if nothing was appended.
    pub answer: Option<Vec<u8>>,
}

/// An entry read from the log, borrowed while it is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Stored<'a> {
    /// Its place in the order of the record.
    pub number: u64,
    /// Its chain.
    pub chain: &'a str,
    /// Its place in the chain.
    pub position: u64,
    /// Its stream.
    pub stream: &'a str,
    /// Its place in the stream.
    pub version: u64,
    /// The command that it came from.
    pub command: &'a str,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Canonical bytes of the heads that it names.
    pub heads: &'a [u8],
    /// Its canonical bytes.
    pub body: &'a [u8],
    /// Its hash.
    pub hash: Hash,
}

/// Looks at one entry; `false` ends the reading.
pub type Look<'f> = dyn FnMut(Stored<'_>) -> Result<bool, StoreError> + 'f;

/// Takes rows of current tables.
pub type Take<'f> = dyn FnMut(&[Write]) -> Result<(), StoreError> + 'f;

/// Gives all rows of current tables to whoever takes them.
pub type Fill<'f> = dyn FnMut(&mut Take<'_>) -> Result<(), StoreError> + 'f;

/// Which entries to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range<'a> {
    /// The whole log after this number, in the order of the record.
    Log {
        /// Read after this number; 0 = from the start.
        after: u64,
    },
    /// A chain after this position.
    Chain {
        /// The chain.
        name: &'a str,
        /// Read after this position.
        after: u64,
    },
    /// A stream after this version, as it was known at a time.
    Stream {
        /// The stream.
        name: &'a str,
        /// Read after this version.
        after: u64,
        /// Leave out what was recorded later; none = as it is known now.
        as_of: Option<Timestamp>,
    },
}

/// A participant's identity, every value sealed. The store never sees a name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SealedPerson {
    /// The participant's own key, sealed under the store's key.
    pub key: Vec<u8>,
    /// Values by field, sealed under the participant's own key.
    pub values: BTreeMap<String, Vec<u8>>,
    /// Keyed hashes of words to search by.
    pub tokens: Vec<[u8; 32]>,
}

/// Bytes of a document, sealed, kept by the hash of the plain bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedDocument {
    /// SHA-256 of the plain bytes, which the chain names.
    pub sha256: Hash,
    /// Whose it is.
    pub participant: String,
    /// The sealed bytes.
    pub sealed: Vec<u8>,
}

/// What keeps the log, the current tables, the identities and the documents.
pub trait Store: Send + Sync {
    /// What the store says of itself.
    fn about(&self) -> &About;

    /// Appends acts in one durable transaction: all of them, or nothing. When it returns, they are on the disk.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if a stream has moved, [`StoreError::Answered`] if a command's id was used.
    fn append(&self, acts: Vec<Act>) -> Result<Vec<Appended>, StoreError>;

    /// What was answered to this command, if it was.
    fn answered(&self, command: &str) -> Result<Option<Answered>, StoreError>;

    /// Reads entries in order, one after another.
    fn read(&self, range: Range<'_>, look: &mut Look<'_>) -> Result<(), StoreError>;

    /// Names of streams after a name, in order, at most `limit`.
    fn streams(&self, after: &str, limit: u32) -> Result<Vec<String>, StoreError>;

    /// How many entries a stream has.
    fn version(&self, stream: &str) -> Result<u64, StoreError>;

    /// The head of every chain.
    fn heads(&self) -> Result<BTreeMap<ChainName, Head>, StoreError>;

    /// Rows of the current tables. `sql` keeps to what both databases understand; parameters are `?1`, `?2`, ….
    fn select(&self, sql: &str, parameters: &[Cell]) -> Result<Vec<Row>, StoreError>;

    /// Like [`Store::select`], row by row, for more rows than fit in memory; `false` ends it.
    fn select_each(
        &self,
        sql: &str,
        parameters: &[Cell],
        look: &mut dyn FnMut(Row) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError>;

    /// Throws the current tables away and fills them anew, in one transaction. `fill` is given a function that takes
    /// rows; the log does not move meanwhile.
    fn rebuild(&self, tables: &[&'static Table], fill: &mut Fill<'_>) -> Result<(), StoreError>;

    /// The identity of a participant, if there is one.
    fn person(&self, participant: &str) -> Result<Option<SealedPerson>, StoreError>;

    /// Keeps an identity in place of the one before.
    ///
    /// # Errors
    /// [`StoreError::Erased`] if it was erased.
    fn person_keep(&self, participant: &str, person: &SealedPerson) -> Result<(), StoreError>;

    /// Erases key, values, search words and documents, and overwrites where they stood.
    fn person_erase(&self, participant: &str, at: Timestamp) -> Result<(), StoreError>;

    /// Participants whose identity has all of these search words, in order, at most `limit`.
    fn person_find(&self, tokens: &[[u8; 32]], limit: u32) -> Result<Vec<String>, StoreError>;

    /// Keeps a document; the same bytes of the same participant are kept once.
    fn document_keep(&self, document: &SealedDocument) -> Result<(), StoreError>;

    /// A participant's document by the hash of its plain bytes.
    fn document(&self, participant: &str, sha256: &Hash) -> Result<Option<SealedDocument>, StoreError>;

    /// Copies the whole store to a new file while it is in use: one moment's state, whole.
    fn backup(&self, to: &Path) -> Result<(), StoreError>;

    /// What is wrong between log, answers and names, beyond what the chain can tell, and what no rebuild can mend: entries
    /// that an answer led to and that are gone, entries without an answer, names that are gone. Empty = nothing.
    fn check_links(&self) -> Result<Vec<String>, StoreError>;

    /// What is wrong with the file itself, beyond what the chain can tell: its pages, its own tables, view and guards, whatever
    /// else stands in it that is not of `tables`, sealed identities, and [`Store::check_links`]. Empty = nothing.
    fn check_file(&self, tables: &[&'static Table]) -> Result<Vec<String>, StoreError>;

    /// How the definitions of the current tables differ from `tables`; a rebuild mends it. Empty = not.
    ///
    /// # Errors
    /// [`StoreError::OlderTables`] if the file says itself that they were made by other definitions.
    fn check_tables(&self, tables: &[&'static Table]) -> Result<Vec<String>, StoreError>;
}
