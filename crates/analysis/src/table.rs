//! Tables, figures and sections as data: what every way of writing a report is made from. Each number keeps the places in the record
//! that it rests on.

use serde::{Serialize, Serializer};
use std::{collections::BTreeSet, sync::Arc};
use terms::ParticipantId;

/// A place in the record that a number rests on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// A form, adverse event or other thing with a name of its own.
    Record {
        /// Whose.
        participant: ParticipantId,
        /// Its name.
        instance: String,
    },
    /// An entry by its place in a stream.
    Entry {
        /// The stream: `participant/S01-003`.
        stream: String,
        /// Its place in it.
        version: u64,
    },
    /// Every entry of one kind in a participant's stream.
    Kind {
        /// Whose.
        participant: ParticipantId,
        /// `randomised`, `enrolled`, ….
        kind: &'static str,
    },
}

impl Place {
    /// Whose stream it is in, if it is a participant's.
    pub fn participant(&self) -> Option<&str> {
        match self {
            Self::Record { participant, .. } | Self::Kind { participant, .. } => Some(participant.as_str()),
            Self::Entry { stream, .. } => stream.strip_prefix("participant/"),
        }
    }
}

/// All places that a number rests on; shared, because many numbers of a model rest on the same.
pub type Ground = Arc<BTreeSet<Place>>;

/// A ground from its places.
pub fn ground(places: impl IntoIterator<Item = Place>) -> Ground {
    Arc::new(places.into_iter().collect())
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cell {
    /// As it is printed.
    pub text: String,
    /// The numbers in it, unrounded, by name: `estimate`, `lower`, ….
    pub numbers: Vec<(&'static str, f64)>,
    /// What was done to get them, in words.
    pub how: String,
    /// What they rest on.
    pub ground: Ground,
}

impl Cell {
    /// Words that are no number.
    pub fn words(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// A number, with its text.
    pub fn number(text: impl Into<String>, name: &'static str, value: f64) -> Self {
        Self { text: text.into(), numbers: vec![(name, value)], ..Self::default() }
    }

    /// How many people or things, which are its ground.
    pub fn count(ground: Ground, count: usize) -> Self {
        Self { text: count.to_string(), numbers: vec![("n", count as f64)], how: "count".to_owned(), ground }
    }

    /// With another number.
    #[must_use]
    pub fn and(mut self, name: &'static str, value: f64) -> Self {
        self.numbers.push((name, value));
        self
    }

    /// With what it rests on.
    #[must_use]
    pub fn on(mut self, ground: &Ground) -> Self {
        self.ground = Arc::clone(ground);
        self
    }

    /// With what was done.
    #[must_use]
    pub fn by(mut self, how: impl Into<String>) -> Self {
        self.how = how.into();
        self
    }
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its name in `trace` and in files.
    pub id: String,
    /// Its head.
    pub title: String,
}

/// A row: a head and as many cells as there are columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its name in `trace` and in files.
    pub id: String,
    /// Its head.
    pub title: String,
    /// How far it is set in: 0, 1, 2.
    pub depth: u8,
    /// Cells.
    pub cells: Vec<Cell>,
}

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its name in `trace` and in files.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What its rows are.
    pub head: String,
    /// Columns beside the rows' heads.
    pub columns: Vec<Column>,
    /// Rows.
    pub rows: Vec<Row>,
    /// Notes below it.
    pub notes: Vec<String>,
    /// Queries that its numbers are from.
    pub queries: Vec<&'static str>,
}

impl Table {
    /// A table without rows.
    pub fn new(id: impl Into<String>, title: impl Into<String>, head: &str, queries: &[&'static str]) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
            head: head.to_owned(),
            columns: Vec::new(),
            rows: Vec::new(),
            notes: Vec::new(),
            queries: queries.to_vec(),
        }
    }

    /// With one more column.
    pub fn column(&mut self, id: impl Into<String>, title: impl Into<String>) -> &mut Self {
        self.columns.push(Column { id: id.into(), title: title.into() });
        self
    }

    /// With one more row; cells that are missing are empty.
    pub fn row(&mut self, id: impl Into<String>, title: impl Into<String>, mut cells: Vec<Cell>) -> &mut Self {
        cells.resize_with(self.columns.len(), Cell::default);
        let id = self.free(id.into());
        self.rows.push(Row { id, title: title.into(), depth: 0, cells });
        self
    }

    /// The last row set in.
    pub fn inset(&mut self, depth: u8) -> &mut Self {
        if let Some(row) = self.rows.last_mut() {
            row.depth = depth;
        }
        self
    }

    /// With a note.
    pub fn note(&mut self, text: impl Into<String>) -> &mut Self {
        self.notes.push(text.into());
        self
    }

    /// The cell of a row and a column by their names.
    pub fn cell(&self, row: &str, column: &str) -> Option<&Cell> {
        let at = self.columns.iter().position(|known| known.id == column)?;
        self.rows.iter().find(|known| known.id == row)?.cells.get(at)
    }

    /// For each column, whether it holds words and no numbers.
    pub fn wordy(&self) -> Vec<bool> {
        (0..self.columns.len())
            .map(|at| {
                let cells = self.rows.iter().filter_map(|row| row.cells.get(at)).filter(|cell| !cell.text.is_empty());
                cells.clone().count() > 0 && cells.clone().all(|cell| cell.numbers.is_empty())
            })
            .collect()
    }

    /// A row's name that no other row has.
    fn free(&self, wanted: String) -> String {
        let taken = |id: &str| self.rows.iter().any(|row| row.id == id);
        if !taken(&wanted) {
            return wanted;
        }
        let mut number = 2;
        while taken(&format!("{wanted}-{number}")) {
            number += 1;
        }
        format!("{wanted}-{number}")
    }
}

/// A figure: markup of its own, and the table with its numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// Its name.
    pub id: String,
    /// Its title.
    pub title: String,
    /// SVG.
    pub svg: String,
    /// The table that has its numbers.
    pub table: String,
    /// Notes below it.
    pub notes: Vec<String>,
}

/// One thing in a section.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// A paragraph.
    Words(String),
    /// A table.
    Table(Table),
    /// A figure.
    Figure(Figure),
}

/// A section of the report.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Section {
    /// Its name.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What is in it.
    pub blocks: Vec<Block>,
}

impl Section {
    /// A section without anything in it.
    pub fn new(id: &str, title: &str) -> Self {
        Self { id: id.to_owned(), title: title.to_owned(), blocks: Vec::new() }
    }

    /// With a paragraph.
    pub fn words(&mut self, text: impl Into<String>) -> &mut Self {
        self.blocks.push(Block::Words(text.into()));
        self
    }

    /// With a table.
    pub fn table(&mut self, table: Table) -> &mut Self {
        self.blocks.push(Block::Table(table));
        self
    }

    /// With a figure.
    pub fn figure(&mut self, figure: Figure) -> &mut Self {
        self.blocks.push(Block::Figure(figure));
        self
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("text", &self.text)?;
        for (name, value) in &self.numbers {
            // What is not a number has no number.
            map.serialize_entry(name, &value.is_finite().then_some(*value))?;
        }
        if !self.how.is_empty() {
            map.serialize_entry("how", &self.how)?;
        }
        if !self.ground.is_empty() {
            let people: BTreeSet<&str> = self.ground.iter().filter_map(Place::participant).collect();
            map.serialize_entry("places", &self.ground.len())?;
            map.serialize_entry("participants", &people.len())?;
        }
        map.end()
    }
}
