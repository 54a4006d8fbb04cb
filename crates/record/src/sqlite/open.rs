//! Making, opening and copying the file.

use super::{
    fault::{PATIENCE, fault},
    rows,
};
use crate::{error::StoreError, store::About, table::Table};
use chain::Hash;
use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use std::{collections::BTreeMap, fs, path::Path, time::Duration};

/// The format of the tables in `schema.sql`.
pub const FORMAT: u32 = 1;

/// Marks the file as ours ("LJKT"), so that another program's database is not taken for a record.
const APPLICATION: i32 = 0x4c4a_4b54;

/// What a new store says of itself for ever.
#[derive(Debug, Clone)]
pub struct New {
    /// No real person's data will be in it.
    pub synthetic: bool,
    /// Version of the program.
    pub created_by: String,
    /// Now (virtual, in a synthetic store).
    pub created_at: Timestamp,
}

pub(super) fn create(path: &Path, new: &New, tables: &[&'static Table]) -> Result<(), StoreError> {
    if path.exists() {
        return Err(StoreError::Exists { path: path.display().to_string() });
    }
    private_file(path)?;
    let mut connection = Connection::open(path).map_err(fault)?;
    connection.pragma_update(None, "page_size", 4096).map_err(fault)?;
    journal(&connection)?;
    let transaction = connection.transaction().map_err(fault)?;
    transaction.execute_batch(include_str!("schema.sql")).map_err(fault)?;
    for (name, value) in [
        ("synthetic", if new.synthetic { "yes" } else { "no" }),
        ("created_by", new.created_by.as_str()),
        ("created_at", &new.created_at.to_string()),
    ] {
        transaction.execute("INSERT INTO about VALUES (?1, ?2)", [name, value]).map_err(fault)?;
    }
    tables_create(&transaction, tables)?;
    transaction.pragma_update(None, "application_id", APPLICATION).map_err(fault)?;
    transaction.pragma_update(None, "user_version", FORMAT).map_err(fault)?;
    transaction.commit().map_err(fault)?;
    connection.close().map_err(|(_, error)| fault(error))
}

/// An empty file that its owner alone may read; SQLite fills it, and its journals take its mode.
fn private_file(path: &Path) -> Result<(), StoreError> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let made = options.open(path);
    made.map(|_| ()).map_err(|error| StoreError::Disk { what: format!("making {}: {error}", path.display()) })
}

/// Write-ahead journal, every commit on the disk before it is answered.
fn journal(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(PATIENCE).map_err(fault)?;
    connection.pragma_update(None, "journal_mode", "wal").map_err(fault)?;
    connection.pragma_update(None, "synchronous", "full").map_err(fault)
}

/// The writing connection, and what the store says of itself.
pub(super) fn open(path: &Path) -> Result<(Connection, About), StoreError> {
    let shown = || path.display().to_string();
    match fs::metadata(path) {
        Ok(file) if file.is_file() => {}
        Ok(_) => return Err(StoreError::NotARecord { path: shown() }),
        Err(_) => return Err(StoreError::Missing { path: shown() }),
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(fault)?;
    connection.busy_timeout(PATIENCE).map_err(fault)?;
    let about = about(&connection).map_err(|error| match error {
        // SQLite answers so when the first bytes are not its own.
        StoreError::Damaged { .. } if !has_sqlite_header(path) => StoreError::NotARecord { path: shown() },
        other => other,
    })?;
    let Some(about) = about else { return Err(StoreError::NotARecord { path: shown() }) };
    journal(&connection)?;
    connection.pragma_update(None, "cache_size", -32_000).map_err(fault)?;
    connection.pragma_update(None, "wal_autocheckpoint", 0).map_err(fault)?;
    // The writer makes every row that it names; `verify` looks again.
    connection.pragma_update(None, "foreign_keys", false).map_err(fault)?;
    connection.set_prepared_statement_cache_capacity(256);
    Ok((connection, about))
}

fn has_sqlite_header(path: &Path) -> bool {
    use std::io::Read as _;
    let mut first = [0u8; 16];
    fs::File::open(path).and_then(|mut file| file.read_exact(&mut first)).is_ok() && &first == b"SQLite format 3\0"
}

/// What the store says of itself; none if it is not a record.
fn about(connection: &Connection) -> Result<Option<About>, StoreError> {
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0)).map_err(fault);
    if number("application_id")? != APPLICATION {
        return Ok(None);
    }
    let format = u32::try_from(number("user_version")?).unwrap_or(u32::MAX);
    if format > FORMAT {
        return Err(StoreError::NewerFormat { found: format, known: FORMAT });
    }
    let value = |name: &str| {
        connection
            .query_row("SELECT value FROM about WHERE name = ?1", [name], |row| row.get::<_, String>(0))
            .optional()
            .map_err(fault)?
            .ok_or_else(|| StoreError::Damaged { what: format!("it no longer says `{name}` of itself") })
    };
    let created_at = value("created_at")?;
    Ok(Some(About {
        format,
        synthetic: match value("synthetic")?.as_str() {
            "yes" => true,
            "no" => false,
            other => return Err(StoreError::Damaged { what: format!("it says `{other}` to whether it is synthetic") }),
        },
        created_by: value("created_by")?,
        created_at: created_at
            .parse()
            .map_err(|_| StoreError::Damaged { what: format!("`{created_at}` is no time") })?,
    }))
}

/// A connection that can't write.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(fault)?;
    connection.busy_timeout(PATIENCE).map_err(fault)?;
    connection.pragma_update(None, "cache_size", -8_000).map_err(fault)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

/// Makes the current tables and notes their definitions.
pub(super) fn tables_create(connection: &Connection, tables: &[&'static Table]) -> Result<(), StoreError> {
    rows::tables_create(connection, tables)?;
    fingerprints(tables).iter().try_for_each(|(name, fingerprint)| {
        connection.execute("INSERT INTO current_tables VALUES (?1, ?2)", [name, fingerprint]).map(drop).map_err(fault)
    })
}

/// Whether the file's current tables are those that this program fills.
pub(super) fn tables_fit(connection: &Connection, tables: &[&'static Table]) -> Result<(), StoreError> {
    let found: BTreeMap<String, String> = connection
        .prepare("SELECT name, fingerprint FROM current_tables")
        .and_then(|mut query| query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
        .map_err(fault)?;
    match found == fingerprints(tables) {
        true => Ok(()),
        false => Err(StoreError::OlderTables),
    }
}

fn fingerprints(tables: &[&'static Table]) -> BTreeMap<String, String> {
    let fingerprint = |table: &Table| Hash::of(table.create("").join("\n").as_bytes()).to_string();
    tables.iter().map(|table| (table.name.to_owned(), fingerprint(table))).collect()
}

pub(super) fn backup(connection: &Connection, to: &Path) -> Result<(), StoreError> {
    if to.exists() {
        return Err(StoreError::Exists { path: to.display().to_string() });
    }
    let mut copy = Connection::open(to).map_err(fault)?;
    // Pages are copied under one read transaction of ours, so that the copy is one moment's state and writers go on.
    let whole = connection.unchecked_transaction().map_err(fault)?;
    connection.query_row("SELECT count(*) FROM about", [], |row| row.get::<_, i64>(0)).map_err(fault)?;
    let backup = rusqlite::backup::Backup::new(connection, &mut copy).map_err(fault)?;
    backup.run_to_completion(1024, Duration::ZERO, None).map_err(fault)?;
    drop(backup);
    drop(whole);
    journal(&copy)?;
    copy.close().map_err(|(_, error)| fault(error))?;
    fs::File::open(to).and_then(|file| file.sync_all()).map_err(|error| StoreError::Disk { what: error.to_string() })
}
