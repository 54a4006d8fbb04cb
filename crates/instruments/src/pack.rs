//! Form packs: licensed wording, keys and norms, loaded by the organisation that holds the licence.
//!
//! A pack is TOML, for one instrument, version and language. It replaces labels and answer words, and brings the item
//! numbers and norms of scales whose key is licensed. It can't touch a rule, a range or a cut-off. Every mistake in it
//! is reported at once. The format is documented in `docs/form-packs.md`.

mod check;

use crate::{Instrument, Item, responses::Sex};
use std::collections::BTreeMap;

/// One mistake in a pack.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, thiserror::Error)]
#[error("line {line}, column {column}: {message}; {mend}")]
pub struct PackError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub mend: String,
}

/// Words of one item.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Words {
    label: String,
    answers: BTreeMap<String, String>,
}

/// One norm table: raw scores of a scale and their T scores, for a sex and ages.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Norm {
    scale: String,
    sex: Option<Sex>,
    ages: (u16, u16),
    /// Raw score of the first T; the others follow by one.
    first_raw: i64,
    t: Vec<i64>,
}

/// A pack that fits its instrument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormPack {
    instrument: &'static str,
    version: String,
    language: String,
    title: Option<String>,
    instructions: Option<String>,
    items: BTreeMap<&'static str, Words>,
    answers: BTreeMap<String, String>,
    keys: BTreeMap<&'static str, Vec<u16>>,
    norms: Vec<Norm>,
}

impl FormPack {
    /// Reads a pack and checks that it fits.
    ///
    /// Errors: every mistake at once, with its place and how to mend it.
    pub fn parse(text: &str) -> Result<Self, Vec<PackError>> {
        check::parse(text)
    }

    /// The instrument's id.
    pub const fn instrument(&self) -> &'static str {
        self.instrument
    }

    /// The version of the form that the words belong to.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The language of the words, `en-GB`.
    pub fn language(&self) -> &str {
        &self.language
    }

    /// The form's title.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// What stands above the questions.
    pub fn instructions(&self) -> Option<&str> {
        self.instructions.as_deref()
    }

    /// The licensed text of an item.
    pub fn label(&self, item: &str) -> Option<&str> {
        self.items.get(item).map(|words| words.label.as_str())
    }

    /// The licensed word of one answer of an item: the item's own, else the form's.
    pub fn answer(&self, item: &str, code: &str) -> Option<&str> {
        let own = self.items.get(item).and_then(|words| words.answers.get(code));
        own.or_else(|| self.answers.get(code)).map(String::as_str)
    }

    /// The item numbers of a scale.
    pub(crate) fn key(&self, scale: &str) -> Option<&[u16]> {
        self.keys.get(scale).map(Vec::as_slice)
    }

    /// The T score of a raw score; none when no table is for this sex and age, or the raw score lies outside it.
    pub(crate) fn t_score(&self, scale: &str, raw: i64, sex: Option<Sex>, age: Option<u16>) -> Option<i64> {
        let fits = |norm: &&Norm| {
            let by_age =
                norm.ages == (0, u16::MAX) || age.is_some_and(|age| (norm.ages.0..=norm.ages.1).contains(&age));
            norm.scale == scale && (norm.sex.is_none() || norm.sex == sex) && by_age
        };
        let norm = self.norms.iter().find(fits)?;
        norm.t.get(usize::try_from(raw.checked_sub(norm.first_raw)?).ok()?).copied()
    }
}

/// The text of an item: the pack's where there is one, else our neutral label.
pub fn item_label<'a>(pack: Option<&'a FormPack>, instrument: &Instrument, item: &'a Item) -> &'a str {
    pack.filter(|pack| pack.instrument() == instrument.id).and_then(|pack| pack.label(item.id)).unwrap_or(item.label)
}
