//! Making, opening and copying the file.

use super::{
    fault::{PATIENCE, fault},
    rows, schema,
};
use crate::{error::StoreError, store::About, table::Table};
use chain::Hash;
use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior};
use std::{collections::BTreeMap, fs, io, path::Path, time::Duration};

/// The format of the record's own tables: 1 is `schema.sql`, 2 has `names.sql` too.
pub const FORMAT: u32 = 2;

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
    transaction.execute_batch(&schema::own_sql(FORMAT)).map_err(fault)?;
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

/// The writing connection, and what the store says of itself. A file of an earlier format takes what this one adds.
pub(super) fn open(path: &Path) -> Result<(Connection, About), StoreError> {
    let (mut connection, mut about) = open_as_it_is(path)?;
    if about.format < FORMAT {
        about.format = upgrade(&mut connection)?;
    }
    Ok((connection, about))
}

/// Takes what later formats add, in one transaction; another program may have done so just before.
fn upgrade(connection: &mut Connection) -> Result<u32, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
    let found: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fault)?;
    for (format, sql) in schema::added_since(found) {
        transaction.execute_batch(sql).map_err(fault)?;
        transaction.pragma_update(None, "user_version", format).map_err(fault)?;
    }
    transaction.commit().map_err(fault)?;
    Ok(FORMAT)
}

/// A file that may be a record.
fn must_be_a_file(path: &Path) -> Result<(), StoreError> {
    let path_shown = path.display().to_string();
    match fs::metadata(path) {
        Ok(file) if file.is_file() => Ok(()),
        Ok(_) => Err(StoreError::NotARecord { path: path_shown }),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(StoreError::Disk { what: format!("reading {path_shown}: {error}") })
        }
        Err(_) => Err(StoreError::Missing { path: path_shown }),
    }
}

/// What the store says of itself, or the sentence that fits a file that is none.
fn about_of(connection: &Connection, path: &Path) -> Result<About, StoreError> {
    let none = || StoreError::NotARecord { path: path.display().to_string() };
    match about(connection) {
        Ok(about) => about.ok_or_else(none),
        // SQLite answers so when the first bytes are not its own.
        Err(StoreError::Damaged { .. }) if !has_sqlite_header(path) => Err(none()),
        Err(other) => Err(other),
    }
}

/// How a file that nothing is written to is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looking {
    /// Beside others, who may write.
    Beside,
    /// Nobody can write to it where it lies, and there is no journal: no lock is taken and no file is made.
    Immutable,
}

/// What is needed to look at a file without ever changing what it says.
///
/// Where it can be written, a connection is kept open that nothing is written through: it takes the journal's files away at
/// the end, as a reader alone can't. Where it can't, as on a copy that was delivered, the file is read as it is.
pub(super) fn open_to_look(path: &Path) -> Result<(Option<Connection>, Looking, About), StoreError> {
    must_be_a_file(path)?;
    if fs::OpenOptions::new().write(true).open(path).is_ok() {
        match open_as_it_is(path) {
            Ok((connection, about)) => return Ok((Some(connection), Looking::Beside, about)),
            // The folder can't be written, so no journal can be made there.
            Err(StoreError::ReadOnly | StoreError::Disk { .. }) => {}
            Err(other) => return Err(other),
        }
    }
    let mut journal = path.as_os_str().to_owned();
    journal.push("-wal");
    let in_journal = fs::metadata(&journal).is_ok_and(|file| file.len() > 0);
    let looking = if in_journal { Looking::Beside } else { Looking::Immutable };
    let reader = open_reader(path, looking)?;
    match about_of(&reader, path) {
        Err(StoreError::ReadOnly | StoreError::Disk { .. }) if in_journal => {
            Err(StoreError::JournalLeft { path: path.display().to_string() })
        }
        about => Ok((None, looking, about?)),
    }
}

fn open_as_it_is(path: &Path) -> Result<(Connection, About), StoreError> {
    must_be_a_file(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(fault)?;
    connection.busy_timeout(PATIENCE).map_err(fault)?;
    let about = about_of(&connection, path)?;
    journal(&connection)?;
    connection.pragma_update(None, "cache_size", -32_000).map_err(fault)?;
    connection.pragma_update(None, "wal_autocheckpoint", 0).map_err(fault)?;
    // The writer makes every row that it names, and its names are guarded; `verify` looks again (`check_links`).
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
pub(super) fn open_reader(path: &Path, looking: Looking) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match looking {
        Looking::Beside => Connection::open_with_flags(path, flags),
        Looking::Immutable => Connection::open_with_flags(immutable(path), flags | OpenFlags::SQLITE_OPEN_URI),
    }
    .map_err(fault)?;
    connection.busy_timeout(PATIENCE).map_err(fault)?;
    connection.pragma_update(None, "cache_size", -8_000).map_err(fault)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

/// The address by which SQLite takes a file for one that nobody changes.
fn immutable(path: &Path) -> String {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    let encoded: String = (whole.as_os_str().as_encoded_bytes().iter())
        .map(|byte| if plain(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    format!("file:{encoded}?immutable=1")
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
