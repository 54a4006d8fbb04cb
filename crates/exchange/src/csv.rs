//! Every current table as CSV with a data dictionary: any spreadsheet and R's `read.csv` read it.
//!
//! One tidy table a file, UTF-8, commas, quoted where needed, lines ended by CR LF (RFC 4180), `""` for "nothing", days as
//! `2026-03-02`, instants in UTC as `2026-03-02T09:12:00Z`, decimals with a point, yes and no as 1 and 0. Text that a
//! spreadsheet would take for a formula is written with an apostrophe before it, and the dictionary says so.

use jiff::Timestamp;
use record::{
    Scratch, Store, StoreError,
    table::{Cell, Kind, Row, Table},
};
use sha2::{Digest, Sha256};
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// Files, the dictionary last.
    pub files: Vec<File>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub name: String,
    /// Rows below the heading.
    pub rows: u64,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
}

/// Why nothing, or not everything, was written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// There are files already.
    #[error("{} is not empty: choose another folder, so that two exports are never mixed", .0.display())]
    NotEmpty(PathBuf),
    /// The disk.
    #[error("writing {}: {error}. What stands in the folder is not a whole export", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where rows are read from: the store as it stands, or its tables as they were known at a time.
pub trait Rows {
    /// Row by row; `false` ends it.
    ///
    /// # Errors
    /// When they can't be read.
    fn each(&self, sql: &str, look: &mut dyn FnMut(Row) -> Result<bool, StoreError>) -> Result<(), StoreError>;
}

impl Rows for dyn Store + '_ {
    fn each(&self, sql: &str, look: &mut dyn FnMut(Row) -> Result<bool, StoreError>) -> Result<(), StoreError> {
        self.select_each(sql, &[], look)
    }
}

impl Rows for Scratch {
    fn each(&self, sql: &str, look: &mut dyn FnMut(Row) -> Result<bool, StoreError>) -> Result<(), StoreError> {
        self.select_each(sql, &[], look)
    }
}

/// Writes every current table and `dictionary.csv` into an empty or absent folder. `as_of` is written into the dictionary:
/// the moment at which what stands in the tables was known.
///
/// # Errors
/// When the folder holds something, the disk fails or the store can't be read.
pub fn write<R: Rows + ?Sized>(
    rows: &R,
    tables: &[&'static Table],
    as_of: Option<Timestamp>,
    folder: &Path,
) -> Result<Exported, ExportError> {
    let disk = |path: &Path| {
        let path = path.to_owned();
        move |error| ExportError::Disk { path, error }
    };
    if folder.exists() && fs::read_dir(folder).map_err(disk(folder))?.next().is_some() {
        return Err(ExportError::NotEmpty(folder.to_owned()));
    }
    fs::create_dir_all(folder).map_err(disk(folder))?;
    let mut files = Vec::new();
    for table in tables {
        files.push(table_write(rows, table, folder)?);
    }
    let path = folder.join("dictionary.csv");
    let mut out = Out::new(&path).map_err(disk(&path))?;
    dictionary_write(tables, as_of, &mut out).map_err(disk(&path))?;
    files.push(out.finish("dictionary.csv").map_err(disk(&path))?);
    Ok(Exported { files })
}

fn table_write<R: Rows + ?Sized>(rows: &R, table: &Table, folder: &Path) -> Result<File, ExportError> {
    let name = format!("{}.csv", table.name);
    let path = folder.join(&name);
    let disk = |error| ExportError::Disk { path: path.clone(), error };
    let mut out = Out::new(&path).map_err(disk)?;
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    out.row(columns.iter().copied()).map_err(disk)?;
    let keys: Vec<&str> = table.key_columns().iter().map(|column| column.name).collect();
    let sql = format!("SELECT {} FROM {} ORDER BY {}", columns.join(", "), table.name, keys.join(", "));
    let mut failed = None;
    rows.each(&sql, &mut |row| {
        out.rows += 1;
        match out.row(row.iter().map(text)) {
            Ok(()) => Ok(true),
            Err(error) => {
                failed = Some(error);
                Ok(false)
            }
        }
    })?;
    if let Some(error) = failed {
        return Err(disk(error));
    }
    out.finish(&name).map_err(disk)
}

fn dictionary_write(tables: &[&'static Table], as_of: Option<Timestamp>, out: &mut Out) -> io::Result<()> {
    out.row(["table", "column", "kind", "key", "means"])?;
    if let Some(as_of) = as_of {
        out.rows += 1;
        out.row([
            "",
            "",
            "as of",
            "",
            &format!("the record as it was known at {as_of}; what was recorded later is left out"),
        ])?;
    }
    for table in tables {
        out.rows += 1;
        out.row([table.name, "", "table", "", table.means])?;
        for (number, column) in table.columns.iter().enumerate() {
            out.rows += 1;
            let key = if number < table.key { "1" } else { "0" };
            out.row([table.name, column.name, kind(column.kind), key, column.means])?;
        }
    }
    Ok(())
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text (a leading apostrophe guards against formulas)",
        Kind::Integer => "whole number",
        Kind::Decimal => "decimal number",
        Kind::Flag => "1 yes, 0 no",
        Kind::Date => "calendar day",
        Kind::Instant => "instant in UTC",
    }
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Integer(number) => number.to_string(),
        Cell::Decimal(number) => number.to_string(),
        Cell::Text(text) if text.starts_with(['=', '+', '@', '\t', '\r']) => format!("'{text}"),
        // A minus begins a number as often as a formula; only what isn't a number is guarded.
        Cell::Text(text) if text.starts_with('-') && text.parse::<f64>().is_err() => format!("'{text}"),
        Cell::Text(text) => text.clone(),
    }
}

/// A file being written and hashed.
struct Out {
    csv: csv::Writer<Hashed>,
    rows: u64,
}

struct Hashed {
    file: io::BufWriter<fs::File>,
    hash: Sha256,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Out {
    fn new(path: &Path) -> io::Result<Self> {
        let file = io::BufWriter::new(fs::OpenOptions::new().write(true).create_new(true).open(path)?);
        let hashed = Hashed { file, hash: Sha256::new() };
        let csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(hashed);
        Ok(Self { csv, rows: 0 })
    }

    fn row<T: AsRef<[u8]>>(&mut self, cells: impl IntoIterator<Item = T>) -> io::Result<()> {
        self.csv.write_record(cells).map_err(io::Error::from)
    }

    fn finish(self, name: &str) -> io::Result<File> {
        let mut hashed = self.csv.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
        hashed.flush()?;
        hashed.file.get_ref().sync_all()?;
        let sha256 = hashed.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(File { name: name.to_owned(), rows: self.rows, sha256 })
    }
}
