//! Which levels a column has as a factor, and in which order.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::DesignError;
use crate::table::{Column, MISSING, Table};

/// Declared levels by column, in order, the first being the reference. A column listed here is a factor.
pub type Levels = BTreeMap<String, Vec<String>>;

/// A factor over chosen rows: its levels, and each row's index into them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Factor {
    /// The column's name.
    pub name: String,
    /// The levels that occur, in order; the first is the reference.
    pub levels: Vec<String>,
    /// For every chosen row its level.
    pub codes: Vec<u32>,
}

impl Factor {
    /// The index of a level.
    pub fn level(&self, text: &str) -> Option<usize> {
        self.levels.iter().position(|level| level == text)
    }

    /// Takes a column as a factor over `rows`, none of which may be missing; levels that do not occur are dropped.
    ///
    /// Without declared levels, text is ordered as people count (`week 2` before `week 10`), numbers by size.
    pub(super) fn over(
        table: &Table,
        column: &Column,
        declared: Option<&Vec<String>>,
        rows: &[usize],
    ) -> Result<Self, DesignError> {
        let (levels, of_text) = match declared {
            Some(levels) => {
                let of_text = column.texts().iter().map(|text| find(levels, text).map(|index| index as u32)).collect();
                (levels.clone(), of_text)
            }
            None => natural_levels(column),
        };
        let mut seen = vec![false; levels.len()];
        let mut codes = Vec::with_capacity(rows.len());
        for &row in rows {
            let text = column.codes()[row];
            debug_assert_ne!(text, MISSING, "missing rows are dropped before");
            let Some(level) = of_text.get(text as usize).copied().flatten() else {
                return Err(DesignError::UnknownLevel {
                    column: column.name().to_owned(),
                    row: table.row_name(row),
                    found: column.text(row).to_owned(),
                    levels: levels.join(", "),
                });
            };
            seen[level as usize] = true;
            codes.push(level);
        }
        let mut renamed = vec![0u32; levels.len()];
        let mut kept = Vec::new();
        for (index, level) in levels.into_iter().enumerate() {
            if seen[index] {
                renamed[index] = kept.len() as u32;
                kept.push(level);
            }
        }
        for code in &mut codes {
            *code = renamed[*code as usize];
        }
        Ok(Factor { name: column.name().to_owned(), levels: kept, codes })
    }
}

/// Numbers the people of a column in the order of their first appearance: 0.. without gaps over `rows`.
pub(crate) fn people(column: &Column, rows: &[usize]) -> (Vec<u32>, Vec<u32>) {
    let mut renamed = vec![MISSING; column.texts().len()];
    let mut texts = Vec::new();
    let codes = rows.iter().map(|&row| {
        let text = column.codes()[row];
        let known = &mut renamed[text as usize];
        if *known == MISSING {
            *known = texts.len() as u32;
            texts.push(text);
        }
        *known
    });
    (codes.collect(), texts)
}

/// A text's level: the same text, or (so that `006` finds `6`) the same number.
fn find(levels: &[String], text: &str) -> Option<usize> {
    levels.iter().position(|level| level == text).or_else(|| {
        let number: f64 = text.parse().ok()?;
        levels.iter().position(|level| level.parse::<f64>().is_ok_and(|other| other == number))
    })
}

/// The levels in natural order, and each text's place among them.
fn natural_levels(column: &Column) -> (Vec<String>, Vec<Option<u32>>) {
    let texts = column.texts();
    let mut order: Vec<usize> = (0..texts.len()).collect();
    let numeric = column.first_text().is_none();
    if numeric {
        order.sort_by(|&left, &right| number(&texts[left]).total_cmp(&number(&texts[right])));
    } else {
        order.sort_by(|&left, &right| natural(&texts[left], &texts[right]));
    }
    let mut levels: Vec<String> = Vec::with_capacity(texts.len());
    let mut of_text = vec![None; texts.len()];
    for index in order {
        // `6` and `06` are one number.
        let known = numeric && levels.last().is_some_and(|last| number(last) == number(&texts[index]));
        if !known {
            levels.push(texts[index].clone());
        }
        of_text[index] = Some(levels.len() as u32 - 1);
    }
    (levels, of_text)
}

fn number(text: &str) -> f64 {
    text.parse().unwrap_or(f64::NAN)
}

/// Compares runs of digits by their number and everything else by its characters.
fn natural(left: &str, right: &str) -> Ordering {
    let (mut one, mut other) = (left.chars().peekable(), right.chars().peekable());
    loop {
        let (Some(a), Some(b)) = (one.peek().copied(), other.peek().copied()) else {
            return one.peek().is_some().cmp(&other.peek().is_some()).then_with(|| left.cmp(right));
        };
        let order = if a.is_ascii_digit() && b.is_ascii_digit() {
            digits(&mut one).total_cmp(&digits(&mut other))
        } else {
            one.next();
            other.next();
            a.cmp(&b)
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

fn digits(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> f64 {
    let mut value = 0.0;
    while let Some(digit) = characters.peek().and_then(|character| character.to_digit(10)) {
        value = value * 10.0 + f64::from(digit);
        characters.next();
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(cells: &[&str], declared: Option<&[&str]>) -> Result<Vec<String>, DesignError> {
        let column = Column::new("F", cells);
        let table = Table::from_columns(vec![column.clone()]).unwrap();
        let declared = declared.map(|levels| levels.iter().map(ToString::to_string).collect());
        Factor::over(&table, &column, declared.as_ref(), &(0..cells.len()).collect::<Vec<_>>())
            .map(|factor| factor.levels)
    }

    #[test]
    fn orders_levels_as_people_count() {
        assert_eq!(levels(&["week 10", "week 2", "base"], None).unwrap(), ["base", "week 2", "week 10"]);
        assert_eq!(levels(&["10", "9", "-1"], None).unwrap(), ["-1", "9", "10"]);
        assert_eq!(levels(&["006", "11"], Some(&["11", "12", "6"])).unwrap(), ["11", "6"]);
    }

    #[test]
    fn names_the_row_of_an_unknown_level() {
        let message = levels(&["a", "b"], Some(&["a"])).unwrap_err().to_string();
        assert_eq!(message, "`F` in row 2 (line 3) is `b`, which is not among its declared levels (a)");
    }
}
