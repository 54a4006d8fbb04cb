//! The store on SQLite: one file, one writer that groups commits, readers with connections of their own.

mod act;
mod fault;
mod keep;
mod open;
mod pool;
mod reader;
mod rows;
mod schema;
mod scratch;
mod writer;

pub use open::{FORMAT, New};
pub use scratch::Scratch;

use crate::{
    error::StoreError,
    store::{About, Act, Answered, Appended, Fill, Look, Range, SealedDocument, SealedPerson, Store},
    table::{Cell, Row, Table},
};
use chain::{ChainName, Hash, Head};
use jiff::Timestamp;
use open::Looking;
use pool::{Housekeeper, Readers};
use rusqlite::Connection;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Mutex,
};
use writer::Writers;

/// A record in one SQLite file.
pub struct SqliteStore {
    path: PathBuf,
    about: About,
    // Closed in this order: the last to close must be able to write, or the journal stays beside the file.
    readers: Readers,
    /// None where the store is looked at and nothing is written.
    writers: Option<Writers>,
    /// Waits at its end for the writers' bell.
    housekeeper: Option<Housekeeper>,
    /// Held to the end and never used: see [`open::open_to_look`].
    _keeper: Option<Mutex<Connection>>,
}

impl SqliteStore {
    /// Makes a new record at `path`, with these current tables.
    pub fn create(path: &Path, new: &New, tables: &[&'static Table]) -> Result<Self, StoreError> {
        open::create(path, new, tables)?;
        Self::open(path, tables)
    }

    /// Opens the record at `path`. Reads a few rows, whatever its size.
    ///
    /// # Errors
    /// Among others [`StoreError::OlderTables`] if its current tables were made by another definition than `tables`;
    /// then open it with [`SqliteStore::open_to_rebuild`] and rebuild them.
    pub fn open(path: &Path, tables: &[&'static Table]) -> Result<Self, StoreError> {
        let store = Self::open_to_rebuild(path)?;
        store.tables_fit(tables)?;
        Ok(store)
    }

    /// Opens the record at `path` without looking at its current tables.
    pub fn open_to_rebuild(path: &Path) -> Result<Self, StoreError> {
        let (connection, about) = open::open(path)?;
        let housekeeper = Housekeeper::start(path)?;
        let writers = Some(Writers::new(connection, housekeeper.bell())?);
        let readers = Readers::new(path, Looking::Beside);
        Ok(Self { path: path.to_owned(), about, writers, readers, housekeeper: Some(housekeeper), _keeper: None })
    }

    /// Opens the record at `path` to look at it, on a medium that can't be written too. Nothing that it says is changed; every
    /// write is answered with [`StoreError::ReadOnly`].
    ///
    /// # Errors
    /// As [`SqliteStore::open_to_rebuild`]; its current tables are not looked at.
    pub fn open_to_look(path: &Path) -> Result<Self, StoreError> {
        let (keeper, looking, about) = open::open_to_look(path)?;
        Ok(Self {
            path: path.to_owned(),
            about,
            writers: None,
            readers: Readers::new(path, looking),
            housekeeper: None,
            _keeper: keeper.map(Mutex::new),
        })
    }

    /// Whether the current tables are those that this program fills.
    ///
    /// # Errors
    /// [`StoreError::OlderTables`] if they are not.
    pub fn tables_fit(&self, tables: &[&'static Table]) -> Result<(), StoreError> {
        self.readers.with(|connection| open::tables_fit(connection, tables))
    }

    fn writers(&self) -> Result<&Writers, StoreError> {
        self.writers.as_ref().ok_or(StoreError::ReadOnly)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Moves the journal into the file now; otherwise it happens by itself. Waits for nobody.
    pub fn checkpoint(&self) -> Result<(), StoreError> {
        self.housekeeper.as_ref().ok_or(StoreError::ReadOnly)?.checkpoint(&self.path)
    }

    /// Lets the file grow by so many pages of 4 KiB and no further, as a quota would; 0 = not at all.
    pub fn limit_pages(&self, more: u32) -> Result<(), StoreError> {
        self.writers()?.limit_pages(more)
    }

    /// How long a write waits for another program's write before it says that the file is locked. Default 5 s.
    pub fn be_patient_for(&self, patience: std::time::Duration) -> Result<(), StoreError> {
        self.writers()?.be_patient_for(patience)
    }
}

impl Store for SqliteStore {
    fn about(&self) -> &About {
        &self.about
    }

    fn append(&self, acts: Vec<Act>) -> Result<Vec<Appended>, StoreError> {
        self.writers()?.append(acts)
    }

    fn answered(&self, command: &str) -> Result<Option<Answered>, StoreError> {
        self.readers.with(|connection| reader::answered(connection, command))
    }

    fn read(&self, range: Range<'_>, look: &mut Look<'_>) -> Result<(), StoreError> {
        self.readers.with(|connection| reader::read(connection, range, look))
    }

    fn streams(&self, after: &str, limit: u32) -> Result<Vec<String>, StoreError> {
        self.readers.with(|connection| reader::streams(connection, after, limit))
    }

    fn version(&self, stream: &str) -> Result<u64, StoreError> {
        self.readers.with(|connection| reader::version(connection, stream))
    }

    fn heads(&self) -> Result<BTreeMap<ChainName, Head>, StoreError> {
        self.readers.with(reader::heads)
    }

    fn select(&self, sql: &str, parameters: &[Cell]) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        self.select_each(sql, parameters, &mut |row| {
            rows.push(row);
            Ok(true)
        })?;
        Ok(rows)
    }

    fn select_each(
        &self,
        sql: &str,
        parameters: &[Cell],
        look: &mut dyn FnMut(Row) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        self.readers.with(|connection| rows::select_each(connection, sql, parameters, look))
    }

    fn rebuild(&self, tables: &[&'static Table], fill: &mut Fill<'_>) -> Result<(), StoreError> {
        self.writers()?.alone(|connection| {
            rows::tables_drop(connection, tables)?;
            open::tables_create(connection, tables)?;
            let mut writes = rows::Statements::default();
            fill(&mut |rows| writes.write_all(connection, rows))
        })
    }

    fn person(&self, participant: &str) -> Result<Option<SealedPerson>, StoreError> {
        self.readers.with(|connection| keep::person(connection, participant))
    }

    fn person_keep(&self, participant: &str, person: &SealedPerson) -> Result<(), StoreError> {
        self.writers()?.alone(|connection| keep::person_keep(connection, participant, person))
    }

    fn person_erase(&self, participant: &str, at: Timestamp) -> Result<(), StoreError> {
        self.writers()?.alone(|connection| keep::person_erase(connection, participant, at))?;
        // What was deleted may still stand in the journal: it goes only when the journal is emptied.
        self.writers()?.empty_journal()
    }

    fn person_find(&self, tokens: &[[u8; 32]], limit: u32) -> Result<Vec<String>, StoreError> {
        self.readers.with(|connection| keep::person_find(connection, tokens, limit))
    }

    fn document_keep(&self, document: &SealedDocument) -> Result<(), StoreError> {
        self.writers()?.alone(|connection| keep::document_keep(connection, document))
    }

    fn document(&self, participant: &str, sha256: &Hash) -> Result<Option<SealedDocument>, StoreError> {
        self.readers.with(|connection| keep::document(connection, participant, sha256))
    }

    fn backup(&self, to: &Path) -> Result<(), StoreError> {
        self.readers.with(|connection| open::backup(connection, to))
    }

    fn check_links(&self) -> Result<Vec<String>, StoreError> {
        self.readers.with(reader::check_links)
    }

    fn check_file(&self, tables: &[&'static Table]) -> Result<Vec<String>, StoreError> {
        self.readers.with(|connection| reader::check_file(connection, self.about.format, tables))
    }

    fn check_tables(&self, tables: &[&'static Table]) -> Result<Vec<String>, StoreError> {
        self.tables_fit(tables)?;
        self.readers.with(|connection| schema::check_tables(connection, tables))
    }
}
