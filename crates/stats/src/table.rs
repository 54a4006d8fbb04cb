//! A table of columns, read from CSV text: what every analysis here starts from.
//!
//! A cell that is empty, `NA`, `NaN` or `.` is missing. Nothing is guessed beyond that: whether a column is
//! a number or a factor is decided where it is used, and a column that mixes both is refused there by row.

use std::collections::HashMap;

/// The code of a missing cell in [`Column::codes`].
pub const MISSING: u32 = u32::MAX;

/// The largest absolute value that can be analysed: its square, summed, must still be a number.
pub const LARGEST: f64 = 1e100;

/// Why a table could not be read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TableError {
    /// No header row.
    #[error("the data are empty: a header row with the names of the columns is needed")]
    Empty,
    /// One column whose name holds another separator.
    #[error("the data have one column only, `{header}`: cells are separated by {separator} where commas are needed")]
    OtherSeparator {
        /// The column's name, its beginning.
        header: String,
        /// What it seems to be separated by.
        separator: &'static str,
    },
    /// A header row and nothing below it.
    #[error("the data have a header row but no rows below it")]
    NoRows,
    /// Two columns of one name.
    #[error("two columns are called `{0}`: give each column its own name")]
    TwiceNamed(String),
    /// A row with too few or too many cells.
    #[error("row {row} (line {line}) has {found} cells, the header has {needed}")]
    Ragged {
        /// Row of the data, counted from 1 below the header.
        row: usize,
        /// Line of the file.
        line: u64,
        /// Cells found.
        found: usize,
        /// Columns of the header.
        needed: usize,
    },
    /// A quote that nothing closes swallows the rest of the file.
    #[error("the quote that opens in line {line} is never closed: put another at the end of that cell, or take it out")]
    OpenQuote {
        /// Line of the file.
        line: u64,
    },
    /// Bytes that are not text, or quoting that never ends.
    #[error("the data can't be read as comma-separated text: {0}")]
    Unreadable(String),
}

/// One column: each distinct text once, and what every row holds.
#[derive(Debug, Clone)]
pub struct Column {
    name: String,
    texts: Vec<String>,
    codes: Vec<u32>,
    numbers: Vec<f64>,
    first_text: Option<usize>,
    first_number: Option<usize>,
}

impl Column {
    /// A column from the text of its cells.
    pub fn new<S: AsRef<str>>(name: &str, cells: impl IntoIterator<Item = S>) -> Self {
        let mut builder = ColumnBuilder::new(name);
        for cell in cells {
            builder.push(cell.as_ref());
        }
        builder.column
    }

    /// A column of numbers; `NaN` is missing.
    pub fn from_numbers(name: &str, numbers: Vec<f64>) -> Self {
        let mut builder = ColumnBuilder::new(name);
        for number in numbers {
            if number.is_nan() { builder.push("") } else { builder.push(&number.to_string()) }
        }
        builder.column
    }

    /// The column's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The distinct texts, in the order of their first appearance.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// For every row the index into [`Column::texts`], or [`MISSING`].
    pub fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// For every row its number; `NaN` where the cell is missing or is no number.
    pub fn numbers(&self) -> &[f64] {
        &self.numbers
    }

    /// The first row (from 0) whose cell is text, if any.
    pub fn first_text(&self) -> Option<usize> {
        self.first_text
    }

    /// The first row (from 0) whose cell is a number, if any.
    pub fn first_number(&self) -> Option<usize> {
        self.first_number
    }

    /// The column with only these rows; it keeps its texts and their codes.
    fn select(&self, rows: &[usize]) -> Self {
        let first = |of: &dyn Fn(usize) -> bool| rows.iter().position(|&row| !self.is_missing(row) && of(row));
        Column {
            name: self.name.clone(),
            texts: self.texts.clone(),
            codes: rows.iter().map(|&row| self.codes[row]).collect(),
            numbers: rows.iter().map(|&row| self.numbers[row]).collect(),
            first_text: first(&|row| self.numbers[row].is_nan()),
            first_number: first(&|row| !self.numbers[row].is_nan()),
        }
    }

    /// Whether a row's cell is missing.
    pub fn is_missing(&self, row: usize) -> bool {
        self.codes[row] == MISSING
    }

    /// The text of a row's cell; `""` where it is missing.
    pub fn text(&self, row: usize) -> &str {
        self.texts.get(self.codes[row] as usize).map_or("", String::as_str)
    }
}

struct ColumnBuilder {
    column: Column,
    index: HashMap<String, u32>,
    /// The number behind each distinct text, so that a text is parsed once.
    parsed: Vec<Option<f64>>,
}

impl ColumnBuilder {
    fn new(name: &str) -> Self {
        let column = Column {
            name: name.to_owned(),
            texts: Vec::new(),
            codes: Vec::new(),
            numbers: Vec::new(),
            first_text: None,
            first_number: None,
        };
        ColumnBuilder { column, index: HashMap::new(), parsed: Vec::new() }
    }

    fn push(&mut self, cell: &str) {
        let cell = cell.trim();
        let row = self.column.codes.len();
        if matches!(cell, "" | "NA" | "NaN" | ".") {
            self.column.codes.push(MISSING);
            self.column.numbers.push(f64::NAN);
            return;
        }
        let code = match self.index.get(cell) {
            Some(&code) => code,
            None => {
                let code = self.column.texts.len() as u32;
                self.index.insert(cell.to_owned(), code);
                self.column.texts.push(cell.to_owned());
                self.parsed.push(cell.parse::<f64>().ok().filter(|number| !number.is_nan()));
                code
            }
        };
        self.column.codes.push(code);
        match self.parsed[code as usize] {
            Some(number) => {
                self.column.first_number.get_or_insert(row);
                self.column.numbers.push(number);
            }
            None => {
                self.column.first_text.get_or_insert(row);
                self.column.numbers.push(f64::NAN);
            }
        }
    }
}

/// Columns of equal length.
#[derive(Debug, Clone)]
pub struct Table {
    columns: Vec<Column>,
    lines: Vec<u64>,
}

impl Table {
    /// Reads comma-separated text whose first row names the columns. Cells may be quoted.
    pub fn from_csv(text: &str) -> Result<Self, TableError> {
        let text = text.trim_start_matches('\u{feff}');
        if let Some(line) = open_quote(text) {
            return Err(TableError::OpenQuote { line });
        }
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let header = reader.headers().map_err(|error| TableError::Unreadable(error.to_string()))?.clone();
        if header.iter().all(|name| name.trim().is_empty()) {
            return Err(TableError::Empty);
        }
        if let Some(error) = other_separator(&header) {
            return Err(error);
        }
        let mut builders: Vec<ColumnBuilder> = Vec::with_capacity(header.len());
        for name in &header {
            let name = name.trim();
            if builders.iter().any(|builder| builder.column.name == name) {
                return Err(TableError::TwiceNamed(name.to_owned()));
            }
            builders.push(ColumnBuilder::new(name));
        }
        let mut lines = Vec::new();
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record).map_err(|error| TableError::Unreadable(error.to_string()))? {
            let line = record.position().map_or(0, csv::Position::line);
            if record.len() != builders.len() {
                let row = lines.len() + 1;
                return Err(TableError::Ragged { row, line, found: record.len(), needed: builders.len() });
            }
            lines.push(line);
            for (builder, cell) in builders.iter_mut().zip(&record) {
                builder.push(cell);
            }
        }
        if lines.is_empty() {
            return Err(TableError::NoRows);
        }
        Ok(Table { columns: builders.into_iter().map(|builder| builder.column).collect(), lines })
    }

    /// A table from columns made elsewhere; columns must be of one length.
    pub fn from_columns(columns: Vec<Column>) -> Result<Self, TableError> {
        let Some(first) = columns.first() else { return Err(TableError::Empty) };
        let rows = first.codes.len();
        if rows == 0 {
            return Err(TableError::NoRows);
        }
        for (index, column) in columns.iter().enumerate() {
            if columns.iter().take(index).any(|earlier| earlier.name == column.name) {
                return Err(TableError::TwiceNamed(column.name.clone()));
            }
            if column.codes.len() != rows {
                let found = column.codes.len();
                return Err(TableError::Ragged { row: found, line: 0, found, needed: rows });
            }
        }
        Ok(Table { columns, lines: (0..rows as u64).map(|row| row + 2).collect() })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.lines.len()
    }

    /// The table with only these rows, in this order.
    pub fn select(&self, rows: &[usize]) -> Self {
        let columns = self.columns.iter().map(|column| column.select(rows)).collect();
        Table { columns, lines: rows.iter().filter_map(|&row| self.lines.get(row).copied()).collect() }
    }

    /// The columns, in the file's order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The column of a name, in exactly that spelling.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// A row as a reader of the file counts: `row 7 (line 8)`.
    pub fn row_name(&self, row: usize) -> String {
        match self.lines.get(row) {
            Some(line) => format!("row {} (line {line})", row + 1),
            None => format!("row {}", row + 1),
        }
    }

    /// The column whose name is nearest to one that does not exist, if any is near.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        nearest(name, self.columns.iter().map(Column::name))
    }
}

/// The line in which a quote opens that nothing closes. A quote opens at the beginning of a cell only; two inside stand for one.
fn open_quote(text: &str) -> Option<u64> {
    let (mut line, mut opened, mut at_start) = (1, None, true);
    let mut marks = text.chars().peekable();
    while let Some(mark) = marks.next() {
        match (mark, opened) {
            ('"', Some(_)) if marks.peek() == Some(&'"') => {
                marks.next();
            }
            ('"', Some(_)) => opened = None,
            ('"', None) if at_start => opened = Some(line),
            _ => {}
        }
        line += u64::from(mark == '\n');
        at_start = opened.is_none() && matches!(mark, ',' | '\n' | '\r');
    }
    opened
}

/// A header of one cell that holds semicolons, tabs or bars was written by a program of another habit.
fn other_separator(header: &csv::StringRecord) -> Option<TableError> {
    let only = header.get(0).filter(|_| header.len() == 1)?;
    let known = [(';', "semicolons"), ('\t', "tabs"), ('|', "bars")];
    let (_, separator) = known.into_iter().find(|(mark, _)| only.contains(*mark))?;
    let header = only.chars().take(40).collect::<String>().replace('\t', " ");
    Some(TableError::OtherSeparator { header, separator })
}

/// The candidate within two edits of a word (case aside), the nearest first.
pub(crate) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    candidates
        .map(|candidate| (edits(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= 2 && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Optimal-string-alignment distance: insert, delete, replace, or swap two neighbours.
fn edits(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut grid = vec![vec![0usize; right.len() + 1]; left.len() + 1];
    for (index, row) in grid.iter_mut().enumerate() {
        row[0] = index;
    }
    for (index, cell) in grid[0].iter_mut().enumerate() {
        *cell = index;
    }
    for i in 1..=left.len() {
        for j in 1..=right.len() {
            let cost = usize::from(left[i - 1] != right[j - 1]);
            let mut best = (grid[i - 1][j] + 1).min(grid[i][j - 1] + 1).min(grid[i - 1][j - 1] + cost);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                best = best.min(grid[i - 2][j - 2] + 1);
            }
            grid[i][j] = best;
        }
    }
    grid[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_text_and_gaps() {
        let table = Table::from_csv("ID,X\na,1\nb,\n\"c\",NA\nd,2.5\n").unwrap();
        let column = table.column("X").unwrap();
        assert_eq!(table.rows(), 4);
        assert_eq!(column.numbers()[3], 2.5);
        assert!(column.is_missing(1) && column.is_missing(2) && column.numbers()[1].is_nan());
        assert_eq!(column.first_text(), None);
        assert_eq!(table.column("ID").unwrap().text(2), "c");
        assert_eq!(table.column("ID").unwrap().first_number(), None);
    }

    #[test]
    fn refuses_what_is_no_table() {
        for (text, sentence) in [
            ("", "the data are empty: a header row with the names of the columns is needed"),
            ("A,B\n", "the data have a header row but no rows below it"),
            ("A,A\n1,2\n", "two columns are called `A`: give each column its own name"),
            (
                "A,B\n1,\"x\"\"y\"\n2,\"3\n4,5\n",
                "the quote that opens in line 3 is never closed: put another at the end of that cell, or take it out",
            ),
            ("A,B\n1,2\n3\n", "row 2 (line 3) has 1 cells, the header has 2"),
        ] {
            assert_eq!(Table::from_csv(text).unwrap_err().to_string(), sentence);
        }
    }

    #[test]
    fn finds_the_word_that_was_meant() {
        let table = Table::from_csv("BASE,ARM,AVISIT\n1,2,3\n").unwrap();
        assert_eq!(table.nearest("BAES"), Some("BASE"));
        assert_eq!(table.nearest("arm"), Some("ARM"));
        assert_eq!(table.nearest("WEIGHT"), None);
    }
}
