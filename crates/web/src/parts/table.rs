//! Tables with a caption, headed columns and rows; and the links between their pages.

use askama::Template;

use super::markup;
use super::words::{Link, Tag};

/// One cell.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    pub words: String,
    pub remark: String,
    pub href: String,
    pub tag: Option<Tag>,
    pub head: bool,
    pub number: bool,
}

impl Cell {
    pub fn text(words: &str) -> Self {
        Self { words: words.to_owned(), ..Self::default() }
    }
    /// The head of its row.
    pub fn head(words: &str) -> Self {
        Self { head: true, ..Self::text(words) }
    }
    pub fn number(value: impl ToString) -> Self {
        Self { number: true, ..Self::text(&value.to_string()) }
    }
    pub fn link(href: impl Into<String>, words: &str) -> Self {
        Self { href: href.into(), ..Self::text(words) }
    }
    pub fn tag(tag: Tag) -> Self {
        Self { tag: Some(tag), ..Self::default() }
    }
    #[must_use]
    pub fn with_remark(mut self, remark: &str) -> Self {
        remark.clone_into(&mut self.remark);
        self
    }
    #[must_use]
    pub fn as_head(mut self) -> Self {
        self.head = true;
        self
    }
}

/// A table in a region of its own that scrolls sideways, so that the page never does.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/table.html")]
pub struct Table {
    pub caption: String,
    /// The caption is for readers of the screen only, where a heading says the same.
    pub caption_unseen: bool,
    pub heads: Vec<String>,
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    pub fn new(caption: &str, heads: &[&str], rows: Vec<Vec<Cell>>) -> Self {
        Self::owned(caption, heads.iter().map(|h| (*h).to_owned()).collect(), rows)
    }

    pub fn owned(caption: &str, heads: Vec<String>, rows: Vec<Vec<Cell>>) -> Self {
        Self { caption: caption.to_owned(), caption_unseen: false, heads, rows }
    }

    #[must_use]
    pub fn unseen_caption(mut self) -> Self {
        self.caption_unseen = true;
        self
    }

    /// Whether the column holds numbers, so that its head is set to the right as well.
    fn is_number(&self, column: &usize) -> bool {
        self.rows.first().and_then(|row| row.get(*column)).is_some_and(|cell| cell.number)
    }
}

/// Links to the next and the previous part of a long list, with what is shown in words.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/pages.html")]
pub struct Pages {
    pub shown: String,
    pub before: Option<Link>,
    pub after: Option<Link>,
}

markup!(Table, Pages);
