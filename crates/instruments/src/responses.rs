//! The answers of one administration, as handed in: item keys with values, and the few things that stand beside them.

use crate::{change::Baseline, instrument::Recall};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use terms::{Decimal, Value};

/// Whether a symptom began or worsened with the event, as the interviewer judged it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TraumaRelated {
    /// Certainly.
    Definite,
    /// Probably.
    Probable,
    /// Unlikely: the symptom can't count to the diagnosis.
    Unlikely,
}

impl TraumaRelated {
    /// Reads the written form.
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "definite" => Some(Self::Definite),
            "probable" => Some(Self::Probable),
            "unlikely" => Some(Self::Unlikely),
            _ => None,
        }
    }
}

/// Sex as the cut-offs of some instruments need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Sex {
    Female,
    Male,
}

impl Sex {
    /// Reads the written form.
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "female" | "f" => Some(Self::Female),
            "male" | "m" => Some(Self::Male),
            _ => None,
        }
    }
}

/// A laboratory's own range for one test, in the unit of the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnRange {
    /// Lower limit of normal.
    pub low: Decimal,
    /// Upper limit of normal.
    pub high: Decimal,
}

/// One administration. An item without an entry, or with [`Value::Missing`], is missing; it is never a zero or a no.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Responses {
    /// Item key to answer. Several codes or ticks in one answer are a text with commas between.
    pub answers: BTreeMap<String, Value>,
    /// Rows of the items that repeat (visits to emergency care, distress readings).
    pub rows: BTreeMap<String, Vec<BTreeMap<String, Value>>>,
    /// CAPS-5: the interviewer's trauma-relatedness ratings, by item.
    pub trauma_related: BTreeMap<String, TraumaRelated>,
    /// SDS: has not worked or studied for reasons unrelated to the disorder.
    pub work_not_applicable: bool,
    /// The version of the form, where there are several.
    pub variant: Option<String>,
    /// The period asked about, where it differs from the instrument's usual one.
    pub recall: Option<Recall>,
    /// For cut-offs that differ by sex.
    pub sex: Option<Sex>,
    /// For norms by age, in years.
    pub age_years: Option<u16>,
    /// Whether it was asked on a dosing day.
    pub dosing_day: bool,
    /// Units of laboratory values, where not the usual ones.
    pub units: BTreeMap<String, String>,
    /// The laboratory's own ranges.
    pub ranges: BTreeMap<String, OwnRange>,
    /// An earlier administration's results, for changes.
    pub baseline: Option<Baseline>,
}

impl Responses {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more answer.
    #[must_use]
    pub fn with(mut self, item: &str, value: impl Into<Answered>) -> Self {
        self.answers.insert(item.to_owned(), value.into().0);
        self
    }

    /// Whole-number answers keyed 1, 2, 3, …; `None` is missing.
    pub fn numbered(answers: &[Option<i64>]) -> Self {
        let answers = answers.iter().enumerate();
        Self {
            answers: answers
                .filter_map(|(position, answer)| Some(((position + 1).to_string(), Value::Integer((*answer)?))))
                .collect(),
            ..Self::default()
        }
    }
}

/// A value on its way into [`Responses`].
#[derive(Debug)]
pub struct Answered(Value);

impl From<i64> for Answered {
    fn from(number: i64) -> Self {
        Self(Value::Integer(number))
    }
}

impl From<bool> for Answered {
    fn from(answer: bool) -> Self {
        Self(Value::Bool(answer))
    }
}

impl From<&str> for Answered {
    fn from(text: &str) -> Self {
        Self(Value::Text(text.to_owned()))
    }
}

impl From<Decimal> for Answered {
    fn from(number: Decimal) -> Self {
        Self(Value::Decimal(number))
    }
}

impl From<Value> for Answered {
    fn from(value: Value) -> Self {
        Self(value)
    }
}
