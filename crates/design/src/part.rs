//! A part of a run, as a file: what was assumed, which trials were held, what was counted. Parts add up to the whole run.

use crate::{plan::Plan, results::Results, run::Shard, run::empty, tally::Tally};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The format of the file, and of what the counts mean. Changes when trials are drawn or counted otherwise.
const FORMAT: &str = "lifejacket-design-1";

/// What one shard counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    format: String,
    plan: Plan,
    shard: Shard,
    scenarios: Vec<Tally>,
}

/// Why parts do not make a run.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PartError {
    /// Not a file of this kind.
    #[error("{file} is no part of a run: {problem}")]
    Unreadable {
        /// Its name.
        file: String,
        /// What is wrong.
        problem: String,
    },
    /// No files.
    #[error("name the files to merge: those that --out wrote")]
    Nothing,
    /// Two parts of different runs.
    #[error("{file} and {other} belong to different runs: their `{what}` differs")]
    OtherRun {
        /// One file.
        file: String,
        /// The other.
        other: String,
        /// What differs.
        what: String,
    },
    /// The same shard in two files.
    #[error("{file} and {other} both hold shard {number}/{of}: leave one out")]
    Twice {
        /// One file.
        file: String,
        /// The other.
        other: String,
        /// Its number.
        number: u64,
        /// Of how many.
        of: u64,
    },
    /// Shards that no file holds.
    #[error("shard {missing} of {of} is missing: run it with --shard, or name its file")]
    Missing {
        /// Which.
        missing: String,
        /// Of how many.
        of: u64,
    },
}

impl Part {
    pub(crate) fn new(plan: Plan, shard: Shard, scenarios: Vec<Tally>) -> Self {
        Part { format: FORMAT.to_owned(), plan, shard, scenarios }
    }

    /// Which shard it is.
    pub fn shard(&self) -> Shard {
        self.shard
    }

    /// The text of its file.
    pub fn to_json(&self) -> String {
        // Only a map with keys that are no text can't be written, and there is none.
        serde_json::to_string(self).map(|text| text + "\n").unwrap_or_default()
    }

    /// Reads a part; `file` is its name, for errors.
    pub fn from_json(file: &str, text: &str) -> Result<Self, PartError> {
        let wrong = |problem: String| PartError::Unreadable { file: file.to_owned(), problem };
        let part: Part = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        if part.format != FORMAT {
            return Err(wrong(format!("its format is `{}`, and `{FORMAT}` is read here", part.format)));
        }
        part.plan.check().map_err(|error| wrong(error.to_string()))?;
        let like = empty(&part.plan);
        let held = part.shard.is_sound().then(|| part.shard.trials(part.plan.trials));
        let whole = part.scenarios.len() == part.plan.scenarios().len()
            && part.scenarios.iter().all(|tally| tally.is_like(&like) && Some(tally.trials) == held);
        if !whole {
            return Err(wrong("what it counts does not fit its own plan; was it changed by hand?".to_owned()));
        }
        Ok(part)
    }

    /// What a part that is the whole run shows.
    pub fn results(&self) -> Option<Results> {
        (self.shard.of == 1).then(|| Results::of(&self.plan, &self.scenarios))
    }
}

/// Adds parts up to the whole run: the same, to the byte, as if it had been run in one piece.
///
/// # Errors
/// When parts belong to different runs, are there twice, or are missing.
pub fn merge(parts: &[(String, Part)]) -> Result<Part, PartError> {
    let Some(((first_file, first), rest)) = parts.split_first() else { return Err(PartError::Nothing) };
    let mut seen: BTreeMap<u64, &str> = BTreeMap::from([(first.shard.number, first_file.as_str())]);
    let mut whole = Part { shard: Shard::WHOLE, ..first.clone() };
    for (file, part) in rest {
        if let Some(what) = difference(first, part) {
            return Err(PartError::OtherRun { file: first_file.clone(), other: file.clone(), what });
        }
        let Shard { number, of } = part.shard;
        if let Some(other) = seen.insert(number, file) {
            return Err(PartError::Twice { file: other.to_owned(), other: file.clone(), number, of });
        }
        whole.scenarios.iter_mut().zip(&part.scenarios).for_each(|(total, tally)| *total += tally);
    }
    let of = first.shard.of;
    let missing: Vec<u64> = (1..=of).filter(|number| !seen.contains_key(number)).collect();
    if !missing.is_empty() {
        let some: Vec<String> = missing.iter().take(20).map(u64::to_string).collect();
        let more = if missing.len() > some.len() { ", …" } else { "" };
        return Err(PartError::Missing { missing: some.join(", ") + more, of });
    }
    Ok(whole)
}

/// The first thing by which two parts belong to different runs.
fn difference(one: &Part, other: &Part) -> Option<String> {
    if one.shard.of != other.shard.of {
        return Some("number of shards".to_owned());
    }
    if one.plan == other.plan {
        return None;
    }
    let (a, b) = (serde_json::to_value(&one.plan).ok()?, serde_json::to_value(&other.plan).ok()?);
    let fields = a.as_object()?;
    fields.iter().find(|(key, value)| b.get(key.as_str()) != Some(value)).map(|(key, _)| key.clone())
}
