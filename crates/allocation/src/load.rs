//! A list that was made elsewhere: a table with the columns `position`, `stratum` and `arm`, sealed as it is read.
//!
//! Error texts name lines and columns, never an arm that was read.

use crate::{
    list::{ListError, SealedList, seal_rows},
    seed::Seed,
};
use chain::Key;
use protocol::model::Arm;
use std::collections::{BTreeMap, BTreeSet};

/// One mistake in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadFlaw {
    /// Line in the file, from 1; 0 for the whole file.
    pub line: u64,
    /// What is wrong and how to mend it.
    pub what: String,
}

/// Why a list can't be loaded: nothing is taken over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// Mistakes, all of them.
    #[error("the allocation list has {} mistakes; line {}: {}", .0.len(), .0.first().map_or(0, |f| f.line), .0.first().map_or("", |f| f.what.as_str()))]
    Flaws(Vec<LoadFlaw>),
    /// Sealing failed.
    #[error(transparent)]
    List(#[from] ListError),
}

/// Reads and seals a list. Positions must run from 1 without a gap in each stratum; `strata` are the study's (its sites).
///
/// # Errors
/// Every mistake in the table at once.
pub fn list_load(
    table: &[u8],
    arms: &[Arm],
    strata: &BTreeSet<String>,
    key: &Key,
    seed: &Seed,
) -> Result<SealedList, LoadError> {
    let rows = read(table, arms, strata).map_err(LoadError::Flaws)?;
    let rows = rows
        .iter()
        .flat_map(|(stratum, rows)| rows.iter().map(|(position, arm)| (stratum.as_str(), *position, *arm)))
        .collect();
    Ok(seal_rows(key, seed, rows)?)
}

type Rows<'a> = BTreeMap<String, BTreeMap<u32, &'a Arm>>;

fn read<'a>(table: &[u8], arms: &'a [Arm], known: &BTreeSet<String>) -> Result<Rows<'a>, Vec<LoadFlaw>> {
    let mut flaws = Vec::new();
    let mut strata = Rows::new();
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(table);
    let columns = columns(&mut reader)?;
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                flaws.push(LoadFlaw {
                    line,
                    what: "the line can't be read as a table row: save the table as CSV in UTF-8".to_owned(),
                });
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |column: usize| record.get(column).unwrap_or("");
        let [position, stratum, arm] = columns.map(cell);
        let position = position.parse::<u32>().ok().filter(|position| *position > 0);
        let found = arms.iter().find(|known| known.id == *arm);
        if position.is_none() {
            flaws.push(LoadFlaw {
                line,
                what: "`position` is not a whole number: count from 1 in each stratum".to_owned(),
            });
        }
        if !known.contains(stratum) {
            flaws.push(LoadFlaw {
                line,
                what: format!(
                    "the study has no stratum \"{stratum}\": use {}",
                    known.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
                ),
            });
        }
        if found.is_none() {
            flaws.push(LoadFlaw {
                line,
                what: "`arm` is not the id of an arm: use the ids of the study's arms".to_owned(),
            });
        }
        if let (Some(position), Some(arm)) = (position, found)
            && strata.entry(stratum.to_owned()).or_default().insert(position, arm).is_some()
        {
            flaws.push(LoadFlaw {
                line,
                what: format!("position {position} of stratum {stratum} is given twice: leave one out"),
            });
        }
    }
    for (stratum, rows) in &strata {
        if let Some((gap, _)) = (1u32..).zip(rows.keys()).find(|(expected, found)| expected != *found) {
            let what = format!("stratum {stratum} has no position {gap}: positions run from 1 without a gap");
            flaws.push(LoadFlaw { line: 0, what });
        }
    }
    if strata.is_empty() && flaws.is_empty() {
        flaws.push(LoadFlaw {
            line: 0,
            what: "the list has no rows: give one for each place of each stratum".to_owned(),
        });
    }
    if flaws.is_empty() { Ok(strata) } else { Err(flaws) }
}

fn columns(reader: &mut csv::Reader<&[u8]>) -> Result<[usize; 3], Vec<LoadFlaw>> {
    let names = ["position", "stratum", "arm"];
    let header = reader.headers().cloned().unwrap_or_default();
    let found = names.map(|name| header.iter().position(|column| column.eq_ignore_ascii_case(name)));
    let missing: Vec<&str> =
        names.into_iter().zip(found).filter(|(_, column)| column.is_none()).map(|(name, _)| name).collect();
    if missing.is_empty() {
        return Ok(found.map(Option::unwrap_or_default));
    }
    let what =
        format!("the first line must name the columns position, stratum and arm; missing: {}", missing.join(", "));
    Err(vec![LoadFlaw { line: 1, what }])
}
