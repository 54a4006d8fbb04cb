//! Figures: numbers in, SVG out. Each says in words what it shows, and has a table with its numbers.

pub mod bands;
pub mod flow;
pub mod forest;
pub mod lines;
pub mod svg;
pub mod waterfall;

use crate::table::Figure;

/// A figure of a drawing, if there was something to draw.
pub fn figure(id: &str, title: &str, svg: Option<String>, table: &str) -> Option<Figure> {
    let svg = svg?;
    Some(Figure { id: id.to_owned(), title: title.to_owned(), svg, table: table.to_owned(), notes: Vec::new() })
}
