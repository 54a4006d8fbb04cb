//! A small table of figures with targets, in Markdown.

use std::fmt;

/// One figure.
struct Row {
    what: String,
    figure: String,
    target: String,
    met: Option<bool>,
}

/// Figures, and how they were come by.
#[derive(Default)]
pub struct Table {
    rows: Vec<Row>,
    notes: Vec<String>,
}

impl Table {
    /// A figure that has no target.
    pub fn figure(&mut self, what: &str, figure: impl fmt::Display) {
        self.rows.push(Row { what: what.to_owned(), figure: figure.to_string(), target: String::new(), met: None });
    }

    /// A figure with what it is to be.
    pub fn target(&mut self, what: &str, figure: impl fmt::Display, target: &str, met: bool) {
        self.rows.push(Row {
            what: what.to_owned(),
            figure: figure.to_string(),
            target: target.to_owned(),
            met: Some(met),
        });
    }

    /// How it was measured.
    pub fn note(&mut self, note: impl fmt::Display) {
        self.notes.push(note.to_string());
    }

    /// Whether every target was met.
    pub fn met(&self) -> bool {
        self.rows.iter().all(|row| row.met != Some(false))
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| figure | measured | target | |\n|---|---:|---:|---|")?;
        for Row { what, figure, target, met } in &self.rows {
            let met = match met {
                Some(true) => "met",
                Some(false) => "**missed**",
                None => "",
            };
            writeln!(f, "| {what} | {figure} | {target} | {met} |")?;
        }
        for note in &self.notes {
            writeln!(f, "\n{note}")?;
        }
        Ok(())
    }
}

/// All figures that have a target, in one table with how each was come by.
pub fn together(measured: &[(&str, Table)]) -> String {
    let mut text = String::from("| | figure | target | found | | method |\n|---|---|---|---:|---|---|\n");
    for (name, table) in measured {
        for Row { what, figure, target, met } in table.rows.iter().filter(|row| row.met.is_some()) {
            let met = if *met == Some(true) { "met" } else { "**missed**" };
            let method = table.notes.iter().find_map(|note| note.strip_prefix("Method: ")).unwrap_or_default();
            text.push_str(&format!("| `{name}` | {what} | {target} | {figure} | {met} | {method} |\n"));
        }
    }
    text
}

/// The value below which this share of the values lies; the values are sorted in place.
pub fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let place = ((values.len() as f64 * share).ceil() as usize).clamp(1, values.len().max(1)) - 1;
    values.get(place).copied().unwrap_or(f64::NAN)
}

/// The middle value.
pub fn median(values: &mut [f64]) -> f64 {
    quantile(values, 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_seen() {
        let mut values: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!(quantile(&mut values, 0.99), 99.0);
        assert_eq!(median(&mut values), 50.0);
        assert_eq!(quantile(&mut [7.0], 0.99), 7.0);
        assert!(quantile(&mut [], 0.5).is_nan());
    }

    #[test]
    fn one_missed_target_is_a_miss() {
        let mut table = Table::default();
        table.figure("a", 1);
        table.target("b", 2, "≤ 3", true);
        assert!(table.met());
        table.target("c", 4, "≤ 3", false);
        assert!(!table.met());
        assert!(table.to_string().contains("| c | 4 | ≤ 3 | **missed** |"));
        table.note("Method: by hand.");
        let all = together(&[("one", table)]);
        assert!(all.contains("| `one` | b | ≤ 3 | 2 | met | by hand. |"), "{all}");
        assert!(!all.contains("| a |"), "a figure without a target stands in its own table: {all}");
    }
}
