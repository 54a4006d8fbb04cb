//! Plain text: headings, paragraphs that wrap with a hanging indent, and tables as wide as their cells.

/// Width of a page, in characters.
pub const WIDTH: usize = 118;

pub fn heading(out: &mut String, title: &str) {
    out.push('\n');
    out.push_str(title);
    out.push('\n');
    out.push_str(&"─".repeat(title.chars().count()));
    out.push('\n');
}

/// A first word or mark, then text wrapped beside it.
pub fn paragraph(out: &mut String, first: &str, text: &str) {
    let indent = first.chars().count().min(24);
    let mut line = first.to_owned();
    let mut length = first.chars().count();
    let mut fresh = true;
    for word in text.split_whitespace() {
        let wide = word.chars().count();
        if !fresh && length + 1 + wide > WIDTH {
            out.push_str(line.trim_end());
            out.push('\n');
            line = " ".repeat(indent);
            length = indent;
            fresh = true;
        }
        if !fresh {
            line.push(' ');
            length += 1;
        }
        line.push_str(word);
        length += wide;
        fresh = false;
    }
    out.push_str(line.trim_end());
    out.push('\n');
}

/// Rows of cells; the last column wraps, the others are as wide as they need.
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(head: &[&str]) -> Self {
        Self { rows: vec![head.iter().map(|cell| (*cell).to_owned()).collect()] }
    }

    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }

    pub fn write(&self, out: &mut String) {
        if self.rows.len() < 2 {
            return;
        }
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|column| {
                self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
            })
            .collect();
        for (number, row) in self.rows.iter().enumerate() {
            let mut first = String::from("  ");
            for (cell, width) in row.iter().zip(&widths).take(columns.saturating_sub(1)) {
                first.push_str(cell);
                first.push_str(&" ".repeat(width.saturating_sub(cell.chars().count()) + 2));
            }
            wrapped(out, &first, row.get(columns.saturating_sub(1)).map_or("", String::as_str));
            if number == 0 {
                let rule: Vec<String> = widths.iter().map(|width| "─".repeat((*width).max(1))).collect();
                let rule: String = format!("  {}", rule.join("  ")).chars().take(WIDTH).collect();
                out.push_str(&rule);
                out.push('\n');
            }
        }
    }
}

fn wrapped(out: &mut String, first: &str, text: &str) {
    let indent = first.chars().count();
    let mut line = first.to_owned();
    let mut fresh = true;
    for word in text.split_whitespace() {
        if !fresh && line.chars().count() + 1 + word.chars().count() > WIDTH.max(indent + 30) {
            out.push_str(line.trim_end());
            out.push('\n');
            line = " ".repeat(indent);
            fresh = true;
        }
        if !fresh {
            line.push(' ');
        }
        line.push_str(word);
        fresh = false;
    }
    out.push_str(line.trim_end());
    out.push('\n');
}
