//! Mistakes in study files, as plain data: where, what, and how to mend it. Drawing them is the caller's business;
//! [`plain`] does it without colours.

use crate::files::{Place, Sources};
use std::fmt::Write;
use std::ops::Range;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The study can't be used.
    Error,
    /// It can, but somebody should look.
    Warning,
}

/// One mistake in a study's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which kind of mistake: `study.window`. All are in [`crate::KINDS`].
    pub code: &'static str,
    /// Error or warning.
    pub severity: Severity,
    /// The file, with its folder.
    pub file: String,
    /// Bytes of the file that are meant.
    pub range: Range<usize>,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong, without full stop.
    pub message: String,
    /// A few words at the underlined place.
    pub label: String,
    /// How to mend it.
    pub mend: Option<String>,
    /// Other places that matter.
    pub notes: Vec<Secondary>,
}

/// Another place that a mistake has to do with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secondary {
    /// The file, with its folder.
    pub file: String,
    /// Bytes of the file that are meant.
    pub range: Range<usize>,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// A few words at the place.
    pub label: String,
}

/// A mistake before its place is turned into line and column.
pub(crate) struct Mistake {
    pub code: &'static str,
    pub severity: Severity,
    pub place: Place,
    pub message: String,
    pub label: String,
    pub mend: Option<String>,
    pub notes: Vec<(Place, String)>,
}

impl Mistake {
    pub fn new(code: &'static str, place: &Place, message: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            place: place.clone(),
            message: message.into(),
            label: label.into(),
            mend: None,
            notes: Vec::new(),
        }
    }

    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    pub fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }

    pub fn mend_opt(mut self, mend: Option<String>) -> Self {
        self.mend = mend;
        self
    }

    pub fn note(mut self, place: &Place, label: impl Into<String>) -> Self {
        self.notes.push((place.clone(), label.into()));
        self
    }

    /// With names of files, lines and columns.
    pub fn placed(self, sources: &Sources) -> Diagnostic {
        let (line, column) = line_column(sources.text(&self.place), self.place.range.start);
        let notes = self.notes.into_iter().map(|(place, label)| {
            let (line, column) = line_column(sources.text(&place), place.range.start);
            Secondary { file: sources.name(&place), range: place.range, line, column, label }
        });
        Diagnostic {
            code: self.code,
            severity: self.severity,
            file: sources.name(&self.place),
            range: self.place.range,
            line,
            column,
            message: self.message,
            label: self.label,
            mend: self.mend,
            notes: notes.collect(),
        }
    }
}

/// Line and column of a byte, both from 1; columns count characters.
fn line_column(text: &str, byte: usize) -> (usize, usize) {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    let before = text.get(..byte).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    (line, before.get(line_start..).unwrap_or_default().chars().count() + 1)
}

/// Draws diagnostics as plain text, in the manner of a compiler. `text_of` gives the text of a file by the name in
/// [`Diagnostic::file`].
pub fn plain<'a>(diagnostics: &[Diagnostic], text_of: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        let word = if diagnostic.severity == Severity::Error { "error" } else { "warning" };
        let lines = diagnostic.notes.iter().map(|note| note.line).chain([diagnostic.line]);
        let width = lines.max().unwrap_or(1).to_string().len();
        let _ = writeln!(out, "{word}[{}]: {}", diagnostic.code, diagnostic.message);
        let text = text_of(&diagnostic.file).unwrap_or_default();
        let spot = Spot {
            file: &diagnostic.file,
            line: diagnostic.line,
            column: diagnostic.column,
            range: &diagnostic.range,
            label: &diagnostic.label,
        };
        draw(&mut out, width, &spot, text, '^');
        for note in &diagnostic.notes {
            let spot =
                Spot { file: &note.file, line: note.line, column: note.column, range: &note.range, label: &note.label };
            draw(&mut out, width, &spot, text_of(&note.file).unwrap_or_default(), '-');
        }
        if let Some(mend) = &diagnostic.mend {
            let _ = writeln!(out, "{:width$} = mend: {mend}", "");
        }
        out.push('\n');
    }
    out
}

struct Spot<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    range: &'a Range<usize>,
    label: &'a str,
}

fn draw(out: &mut String, width: usize, spot: &Spot<'_>, text: &str, mark: char) {
    let _ = writeln!(out, "{:width$} ┌─ {}:{}:{}", "", spot.file, spot.line, spot.column);
    let line = text.lines().nth(spot.line.saturating_sub(1)).unwrap_or_default();
    // Tabs and wide characters would throw the marks off; the first is drawn as one space.
    let line = line.replace('\t', " ");
    let marked = text.get(spot.range.clone()).unwrap_or_default();
    let rest = line.chars().count().saturating_sub(spot.column - 1).max(1);
    let marks = marked.lines().next().unwrap_or_default().chars().count().clamp(1, rest);
    let _ = writeln!(out, "{:>width$}│ {line}", spot.line);
    let underline: String = std::iter::repeat_n(mark, marks).collect();
    let _ = writeln!(out, "{:width$}│ {:indent$}{underline} {}", "", "", spot.label, indent = spot.column - 1);
}
