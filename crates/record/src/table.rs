//! Tables of the current state as data: one definition gives the SQL of both databases, the data dictionary and the
//! comparison with a fresh replay.

use std::fmt::Write as _;
use terms::Decimal;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// A decimal number.
    Decimal,
    /// Yes (1) or no (0).
    Flag,
    /// A calendar day, `2026-03-02`.
    Date,
    /// An instant in UTC, `2026-03-02T09:12:00Z`.
    Instant,
}

/// A column with its meaning, for the data dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// What it means.
    pub means: &'static str,
}

/// A table of the current state.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// What a row is.
    pub means: &'static str,
    /// Columns; the key comes first.
    pub columns: &'static [Column],
    /// How many of the columns are the key.
    pub key: usize,
    /// Indexes, each a list of columns as SQL has it.
    pub indexes: &'static [&'static str],
}

/// One value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A whole number or a flag.
    Integer(i64),
    /// A decimal number.
    Decimal(Decimal),
    /// Text, a date, an instant.
    Text(String),
}

/// A row as it was read.
pub type Row = Vec<Cell>;

/// A change to a table of the current state.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// The row is this now, whatever stood under its key.
    Put(&'static Table, Row),
    /// There is no row with this key any more.
    Remove(&'static Table, Row),
    /// A count (the table's last column) goes up or down; a row that is not there counts 0.
    Add(&'static Table, Row, i64),
}

impl Table {
    /// The columns of the key.
    pub fn key_columns(&self) -> &'static [Column] {
        self.columns.get(..self.key).unwrap_or_default()
    }

    /// `name, name, …` of some columns.
    fn names(columns: &[Column]) -> String {
        columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
    }

    /// The statement that makes the table, with its meaning as comments that people see in the schema.
    pub fn create(&self, in_schema: &str) -> Vec<String> {
        let mut table = format!("CREATE TABLE {in_schema}{} ( -- {}\n", self.name, self.means);
        for column in self.columns {
            let (kind, check) = match column.kind {
                Kind::Text | Kind::Date | Kind::Instant => ("TEXT", String::new()),
                Kind::Integer => ("INTEGER", String::new()),
                Kind::Decimal => ("NUMERIC", String::new()),
                Kind::Flag => ("INTEGER", format!(" CHECK ({} IN (0, 1))", column.name)),
            };
            // Writing to a String can't fail.
            let _ = writeln!(table, "  {} {kind}{check}, -- {}", column.name, column.means);
        }
        let _ = write!(table, "  PRIMARY KEY ({})\n) WITHOUT ROWID", Self::names(self.key_columns()));
        let indexes = self.indexes.iter().enumerate().map(|(number, columns)| {
            format!("CREATE INDEX {in_schema}{}_{} ON {} ({columns})", self.name, number + 1, self.name)
        });
        std::iter::once(table).chain(indexes).collect()
    }

    /// The statement of [`Write::Put`].
    pub fn put(&self) -> String {
        let marks = (1..=self.columns.len()).map(|n| format!("?{n}")).collect::<Vec<_>>().join(",");
        let rest = self.columns.get(self.key..).unwrap_or_default();
        let sets = rest.iter().map(|c| format!("{0}=excluded.{0}", c.name)).collect::<Vec<_>>().join(",");
        let conflict = if sets.is_empty() { "NOTHING".to_owned() } else { format!("UPDATE SET {sets}") };
        format!(
            "INSERT INTO {} VALUES ({marks}) ON CONFLICT ({}) DO {conflict}",
            self.name,
            Self::names(self.key_columns())
        )
    }

    /// The statement of [`Write::Remove`].
    pub fn remove(&self) -> String {
        let wheres: Vec<_> =
            self.key_columns().iter().enumerate().map(|(n, column)| format!("{}=?{}", column.name, n + 1)).collect();
        format!("DELETE FROM {} WHERE {}", self.name, wheres.join(" AND "))
    }

    /// The statement of [`Write::Add`].
    pub fn add(&self) -> String {
        let marks = (1..=self.columns.len()).map(|n| format!("?{n}")).collect::<Vec<_>>().join(",");
        let count = self.columns.last().map_or("", |column| column.name);
        format!(
            "INSERT INTO {0} VALUES ({marks}) ON CONFLICT ({1}) DO UPDATE SET {count}={0}.{count}+excluded.{count}",
            self.name,
            Self::names(self.key_columns())
        )
    }

    /// All rows, in the order of the key.
    pub fn all_rows(&self) -> String {
        format!("SELECT * FROM {} ORDER BY {}", self.name, Self::names(self.key_columns()))
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}
impl From<u32> for Cell {
    fn from(number: u32) -> Self {
        Self::Integer(i64::from(number))
    }
}
impl From<bool> for Cell {
    fn from(flag: bool) -> Self {
        Self::Integer(i64::from(flag))
    }
}
impl From<Decimal> for Cell {
    /// Whole numbers become integers, as both databases give them back.
    fn from(number: Decimal) -> Self {
        match number.is_whole() {
            true => Self::Integer(number.trunc()),
            false => Self::Decimal(number),
        }
    }
}
impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl Cell {
    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Null | Self::Integer(_) | Self::Decimal(_) => None,
        }
    }

    /// The whole number, if it is one.
    pub const fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            Self::Null | Self::Text(_) | Self::Decimal(_) => None,
        }
    }
}
