//! What stands on the sheets, as data: one JSON file for `sheets.typ`, and the figures as SVG with their colours in them.

use std::collections::BTreeMap;

use analysis::{Block, Figure, Report, Section, Table};
use serde_json::{Value, json};

/// Colours and strokes of the figures on paper.
const FIGURES: &str = include_str!("figures.css");

/// Files for the typesetter, by path, and a name for the document that stays the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheets {
    /// By path.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The checkpoint and the plan.
    pub ident: String,
}

/// Columns that hold words are this wide at most, in characters, before they break.
const WORDS_MOST: usize = 56;
/// Characters that fit beside each other in a table: in its usual type and in its small one on an upright sheet, and on one laid down.
const UPRIGHT: usize = 124;
const UPRIGHT_SMALL: usize = 156;
const LAID_DOWN: usize = 190;
/// Height over width of a figure above which it would not leave room for its heading on a sheet.
const TALL: f64 = 1.02;

/// The report's sheets.
pub fn sheets(report: &Report) -> Sheets {
    let mut files = BTreeMap::new();
    let mut numbers = Numbers::default();
    let sections: Vec<Value> = report.sections.iter().map(|one| section(one, &mut numbers, &mut files)).collect();
    let day = report.checkpoint.recorded_at.to_string();
    let mut parts = day.get(..10).unwrap_or_default().split('-').map(|part| part.parse::<i64>().unwrap_or(1));
    let date: Vec<i64> = parts.by_ref().take(3).collect();
    let whole = json!({
        "title": report.title,
        "study": report.study.0,
        "version": report.study.1,
        "program": report.checkpoint.program,
        "date": date,
        "synthetic": report.checkpoint.synthetic,
        "warning": report.standing.warning(),
        "head": report.running_head(),
        "foot": report.running_foot(),
        "facts": report.facts().into_iter().map(|(name, value)| json!([name, value])).collect::<Vec<_>>(),
        "sections": sections,
    });
    files.insert("/report.json".to_owned(), whole.to_string().into_bytes());
    Sheets { files, ident: format!("{} {}", report.checkpoint.digest, report.plan) }
}

/// Numbers of tables and figures, as in the HTML.
#[derive(Default)]
struct Numbers {
    tables: usize,
    figures: usize,
}

fn section(section: &Section, numbers: &mut Numbers, files: &mut BTreeMap<String, Vec<u8>>) -> Value {
    let blocks: Vec<Value> = section
        .blocks
        .iter()
        .map(|block| match block {
            Block::Words(text) => json!({ "kind": "words", "runs": runs(text) }),
            Block::Table(one) => {
                numbers.tables += 1;
                table(one, numbers.tables)
            }
            Block::Figure(one) => {
                numbers.figures += 1;
                figure(one, numbers.figures, files)
            }
        })
        .collect();
    json!({ "title": section.title, "blocks": blocks })
}

/// Words, and what stands between backticks as code.
fn runs(text: &str) -> Vec<Value> {
    let parts = text.split('`').enumerate().filter(|(_, part)| !part.is_empty());
    parts.map(|(at, part)| json!({ "text": part, "code": at % 2 == 1 })).collect()
}

fn notes(notes: &[String]) -> Vec<Value> {
    notes.iter().map(|note| json!({ "runs": runs(note), "wrong": note.starts_with("DOES NOT ADD UP") })).collect()
}

fn figure(figure: &Figure, number: usize, files: &mut BTreeMap<String, Vec<u8>>) -> Value {
    let path = format!("/figures/{}.svg", analysis::shown::slug(&figure.id));
    files.insert(path.clone(), on_paper(&figure.svg).into_bytes());
    json!({
        "kind": "figure",
        "number": number,
        "title": figure.title,
        "file": path,
        "width": width(&figure.svg),
        "alt": format!("{}. The numbers are in the table {}.", figure.title, figure.table),
        "notes": notes(&figure.notes),
    })
}

/// How wide a figure is set, in percent of the sheet: less than all where it is tall.
fn width(svg: &str) -> f64 {
    let view = svg.split_once("viewBox=\"").and_then(|(_, rest)| rest.split_once('"')).map_or("", |(view, _)| view);
    let sizes: Vec<f64> = view.split(' ').filter_map(|size| size.parse().ok()).collect();
    match sizes.as_slice() {
        [_, _, width, height] if *width > 0.0 && height / width > TALL => (100.0 * TALL * width / height).floor(),
        _ => 100.0,
    }
}

/// A figure with its style in it: what the page's stylesheet does on the screen.
fn on_paper(svg: &str) -> String {
    match svg.split_once('>') {
        Some((head, rest)) => format!("{head}><style>{FIGURES}</style>{rest}"),
        None => svg.to_owned(),
    }
}

fn table(table: &Table, number: usize) -> Value {
    let wordy = table.wordy();
    let widths = widths(table, &wordy);
    let whole: usize = widths.iter().sum::<usize>() + 2 * widths.len();
    let columns: Vec<Value> = table
        .columns
        .iter()
        .zip(&wordy)
        .map(|(column, wordy)| json!({ "title": column.title, "words": wordy, "code": column.id == "sql" || column.id == "hash" }))
        .collect();
    let rows: Vec<Value> = table
        .rows
        .iter()
        .map(|row| {
            let cells: Vec<&str> = row.cells.iter().map(|cell| cell.text.as_str()).collect();
            let group = cells.iter().all(|cell| cell.is_empty());
            json!({ "title": row.title, "depth": row.depth, "group": group, "cells": cells })
        })
        .collect();
    json!({
        "kind": "table",
        "number": number,
        "id": table.id,
        "title": table.title,
        "head": table.head,
        "widths": widths,
        "laid_down": whole > UPRIGHT_SMALL,
        "small": (whole > UPRIGHT && whole <= UPRIGHT_SMALL) || whole > LAID_DOWN,
        "columns": columns,
        "rows": rows,
        "notes": notes(&table.notes),
    })
}

/// Room that each column needs, the rows' heads first, in characters: a number never breaks, words may.
fn widths(table: &Table, wordy: &[bool]) -> Vec<usize> {
    let longest = |text: &str| text.split(' ').map(|word| word.chars().count()).max().unwrap_or(0);
    let head = |title: &str| longest(title).max(title.chars().count().div_ceil(3));
    let rows = table.rows.iter().map(|row| row.title.chars().count() + 2 * usize::from(row.depth)).max().unwrap_or(0);
    let mut widths = vec![rows.min(40).max(head(&table.head)).max(8)];
    for (at, column) in table.columns.iter().enumerate() {
        let cells = table.rows.iter().filter_map(|row| row.cells.get(at)).map(|cell| cell.text.as_str());
        let most = cells.map(|text| text.chars().count()).max().unwrap_or(0);
        let most = if wordy.get(at).copied().unwrap_or(false) { most.min(WORDS_MOST) } else { most.min(34) };
        widths.push(most.max(head(&column.title)).max(4));
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;
    use analysis::Cell;

    #[test]
    fn code_stands_between_backticks() {
        assert_eq!(
            runs("Ask `lifejacket trace` then."),
            [
                json!({ "text": "Ask ", "code": false }),
                json!({ "text": "lifejacket trace", "code": true }),
                json!({ "text": " then.", "code": false })
            ]
        );
        assert_eq!(runs("`all`"), [json!({ "text": "all", "code": true })]);
    }

    #[test]
    fn figures_carry_their_style() {
        let svg = on_paper("<svg class=\"chart\"><title>a</title></svg>");
        assert!(svg.starts_with("<svg class=\"chart\"><style>") && svg.ends_with("</style><title>a</title></svg>"));
        assert!(!FIGURES.contains("var("), "the typesetter knows no variables");
        for (view, wanted) in [("0 0 680 300", 100.0), ("0 0 680 1020", 68.0), ("", 100.0)] {
            assert!((width(&format!("<svg viewBox=\"{view}\">")) - wanted).abs() < 1e-9, "{view}");
        }
    }

    #[test]
    fn wide_tables_are_laid_down() {
        let mut narrow = Table::new("n", "Narrow", "Row", &[]);
        narrow.column("a", "A").row("r", "Row", vec![Cell::number("1.0", "a", 1.0)]);
        assert_eq!(table(&narrow, 1)["laid_down"], json!(false));
        let mut wide = Table::new("w", "Wide", "Row", &[]);
        for at in 0..12 {
            wide.column(at.to_string(), "Difference (95 % CI)");
        }
        wide.row("r", "Row", vec![Cell::number("−10.1 (−12.2 to −8.1)", "a", 1.0); 12]);
        assert_eq!((&table(&wide, 1)["laid_down"], &table(&wide, 1)["small"]), (&json!(true), &json!(true)));
    }
}
