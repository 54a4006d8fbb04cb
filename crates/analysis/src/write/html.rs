//! One HTML file with everything in it: tables, figures, and on every sheet of paper what it is and where it is from.

use crate::{
    figures::svg::escape,
    report::Report,
    table::{Block, Figure, Row, Section, Table},
};
use std::fmt::Write as _;

const STYLE: &str = include_str!("report.css");

/// The report as one file.
pub fn html(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a String can't fail; the results are dropped.
    let _ = writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, \
         initial-scale=1\">\n<title>{}: report</title>\n<style>\n{}{STYLE}</style>\n</head>\n<body>",
        escape(&report.title),
        margins(report)
    );
    if report.checkpoint.synthetic {
        out.push_str("<p class=\"synthetic\">Synthetic data. No real participants.</p>\n");
    }
    if let Some(warning) = report.standing.warning() {
        let _ = writeln!(out, "<p class=\"warning\" role=\"status\">{}</p>", escape(&warning));
    }
    out.push_str("<main>\n");
    front(report, &mut out);
    let mut numbers = Numbers::default();
    for section in &report.sections {
        self::section(section, &mut numbers, &mut out);
    }
    out.push_str("</main>\n");
    foot(report, &mut out);
    out.push_str("</body>\n</html>\n");
    out
}

/// What stands in the margins of every printed sheet.
fn margins(report: &Report) -> String {
    let quoted = |text: &str| text.replace(['\\', '"', '\n', '<'], " ");
    let warning = report.standing.warning().unwrap_or_default();
    format!(
        "@page {{ size: A4; margin: 20mm 16mm 18mm; @top-left {{ content: \"{}\"; }} @top-right {{ content: \"{}\"; }} @bottom-left {{ content: \
         \"{}\"; }} @bottom-right {{ content: \"page \" counter(page) \" of \" counter(pages); }} }}\n",
        quoted(&report.running_head()),
        quoted(&warning),
        quoted(&report.running_foot())
    )
}

fn front(report: &Report, out: &mut String) {
    let (study, version, _) = &report.study;
    let _ = writeln!(
        out,
        "<header class=\"front\"><p class=\"quiet\">{} · version {}</p><h1>{}</h1>",
        escape(study),
        escape(version),
        escape(&report.title)
    );
    out.push_str("<dl class=\"facts\">\n");
    for (name, value) in report.facts() {
        let _ = writeln!(out, "<div><dt>{}</dt><dd>{}</dd></div>", escape(name), escape(&value));
    }
    out.push_str("</dl></header>\n<nav aria-label=\"Contents\"><ol class=\"contents\">\n");
    for section in &report.sections {
        let _ = writeln!(out, "<li><a href=\"#{}\">{}</a></li>", escape(&section.id), escape(&section.title));
    }
    out.push_str("</ol></nav>\n");
}

/// Numbers of tables and figures.
#[derive(Default)]
struct Numbers {
    tables: usize,
    figures: usize,
}

fn section(section: &Section, numbers: &mut Numbers, out: &mut String) {
    let id = escape(&section.id);
    let _ = writeln!(
        out,
        "<section aria-labelledby=\"{id}-h\"><h2 id=\"{id}\"><span id=\"{id}-h\">{}</span></h2>",
        escape(&section.title)
    );
    for block in &section.blocks {
        match block {
            Block::Words(text) => {
                let _ = writeln!(out, "<p class=\"read\">{}</p>", code(text));
            }
            Block::Table(table) => {
                numbers.tables += 1;
                self::table(table, numbers.tables, out);
            }
            Block::Figure(figure) => {
                numbers.figures += 1;
                self::figure(figure, numbers.figures, out);
            }
        }
    }
    out.push_str("</section>\n");
}

/// Words with what stands between backticks set as code.
fn code(text: &str) -> String {
    let mut parts = text.split('`');
    let mut out = escape(parts.next().unwrap_or_default());
    for (at, part) in parts.enumerate() {
        let part = escape(part);
        let _ = if at % 2 == 0 { write!(out, "<code>{part}</code>") } else { write!(out, "{part}") };
    }
    out
}

fn figure(figure: &Figure, number: usize, out: &mut String) {
    let _ = writeln!(
        out,
        "<figure id=\"figure-{}\"><figcaption>Figure {number}. {}</figcaption>{}",
        escape(&figure.id),
        escape(&figure.title),
        figure.svg
    );
    for note in &figure.notes {
        let _ = writeln!(out, "<p class=\"note\">{}</p>", code(note));
    }
    out.push_str("</figure>\n");
}

/// Rows of a table that is kept on one sheet.
const SHORT: usize = 16;

fn table(table: &Table, number: usize, out: &mut String) {
    let id = escape(&table.id);
    // What fits on a sheet is not torn apart: the caption stays with its rows.
    let short = if table.rows.len() <= SHORT { " class=\"short\"" } else { "" };
    let _ = writeln!(
        out,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table {number}\"><table id=\"table-{id}\"{short}><caption>Table {number}. {} \
         <span class=\"quiet\">{id}</span></caption>\n<thead><tr><th scope=\"col\">{}</th>",
        escape(&table.title),
        escape(&table.head)
    );
    let wordy = table.wordy();
    for (column, wordy) in table.columns.iter().zip(&wordy) {
        let class = if *wordy { "" } else { " class=\"num\"" };
        let _ = write!(out, "<th scope=\"col\"{class}>{}</th>", escape(&column.title));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        self::row(table, row, &wordy, out);
    }
    out.push_str("</tbody></table>\n");
    for note in &table.notes {
        let class = if note.starts_with("DOES NOT ADD UP") { "note wrong" } else { "note" };
        let _ = writeln!(out, "<p class=\"{class}\">{}</p>", code(note));
    }
    out.push_str("</div>\n");
}

fn row(table: &Table, row: &Row, wordy: &[bool], out: &mut String) {
    let empty = row.cells.iter().all(|cell| cell.text.is_empty());
    let class = match (empty, row.depth) {
        (true, _) => " class=\"group\"",
        (false, 1) => " class=\"in1\"",
        (false, 2..) => " class=\"in2\"",
        (false, 0) => "",
    };
    let _ = write!(out, "<tr{class}><th scope=\"row\">{}</th>", escape(&row.title));
    for ((column, cell), wordy) in table.columns.iter().zip(&row.cells).zip(wordy) {
        let class = if *wordy { "" } else { " class=\"num\"" };
        if cell.ground.is_empty() {
            let _ = write!(out, "<td{class}>{}</td>", escape(&cell.text));
        } else {
            let title = format!("trace {} {}.{}: {}", table.id, row.id, column.id, cell.how);
            let _ = write!(out, "<td{class} title=\"{}\">{}</td>", escape(&title), escape(&cell.text));
        }
    }
    out.push_str("</tr>\n");
}

fn foot(report: &Report, out: &mut String) {
    let _ = writeln!(
        out,
        "<footer class=\"foot\"><p>Record {} · plan {} · {}</p></footer>",
        escape(&report.checkpoint.digest),
        escape(&report.plan),
        escape(&report.checkpoint.program)
    );
}
