//! What an instrument is, as data: its items and their answers, its generic scales and bands, who rates it, over
//! which period, under which licence. Labels are neutral words of ours; licensed wording comes from a form pack.

use crate::{scored::Scored, sheet::Sheet, unscorable::Unscorable};
use serde::{Deserialize, Serialize};
use std::fmt;
use terms::Decimal;

/// Who gives the answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rater {
    /// The participant, by self-report.
    Participant,
    /// A trained clinician of the site.
    SiteClinician,
    /// A therapist of the pair.
    Therapist,
    /// A rater of the central pool, blind to arm and visit. May not see [`WITHHELD_FROM_INDEPENDENT_RATERS`].
    IndependentRater,
    /// A device or a laboratory.
    Measurement,
}

/// What the independent rater's role must never be shown.
pub const WITHHELD_FROM_INDEPENDENT_RATERS: &[&str] =
    &["arm", "visit number", "session content", "adverse events", "drop-out status", "other raters' scores"];

/// The period that the answers are about. It belongs to the administration: one form may ask about the past month
/// at baseline and about the time since the last visit later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Recall {
    Today,
    Session,
    PastWeek,
    PastTwoWeeks,
    PastMonth,
    PastThreeMonths,
    PastSixMonths,
    PastYear,
    WorstMonth,
    Lifetime,
    BeforeAge18,
    SinceEvent,
    SinceTreatment,
    SinceLastVisit,
}

impl Recall {
    /// Every period, in its written form.
    pub const ALL: &[(Self, &'static str)] = &[
        (Self::Today, "today"),
        (Self::Session, "session"),
        (Self::PastWeek, "past_week"),
        (Self::PastTwoWeeks, "past_two_weeks"),
        (Self::PastMonth, "past_month"),
        (Self::PastThreeMonths, "past_three_months"),
        (Self::PastSixMonths, "past_six_months"),
        (Self::PastYear, "past_year"),
        (Self::WorstMonth, "worst_month"),
        (Self::Lifetime, "lifetime"),
        (Self::BeforeAge18, "before_age18"),
        (Self::SinceEvent, "since_event"),
        (Self::SinceTreatment, "since_treatment"),
        (Self::SinceLastVisit, "since_last_visit"),
    ];

    /// Reads the written form.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase().replace([' ', '-'], "_");
        Self::ALL.iter().find(|(_, word)| *word == text).map(|(recall, _)| *recall)
    }

    /// The written form.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(recall, _)| *recall == self).map_or("", |(_, word)| word)
    }
}

/// What may be done with the instrument's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Licence {
    /// Public domain of the United States; text is kept in packs all the same.
    PublicDomain,
    /// Free without permission, after a local legal check.
    Free,
    /// Free for research after registration or permission: structure and scoring only ship.
    Registration,
    /// Commercial licence: structure, codes, ranges and scoring rule only ship.
    Commercial,
    /// A form of this programme itself.
    Own,
}

/// One answer code with our neutral word for it.
#[derive(Debug, Clone, Copy)]
pub struct Code {
    /// As written in responses and stored.
    pub code: &'static str,
    /// Neutral label.
    pub label: &'static str,
    /// Other spellings that are read.
    pub also: &'static [&'static str],
}

/// A code whose other spellings are none.
pub const fn code(code: &'static str, label: &'static str) -> Code {
    Code { code, label, also: &[] }
}

/// A code with other spellings.
pub const fn code_also(code: &'static str, label: &'static str, also: &'static [&'static str]) -> Code {
    Code { code, label, also }
}

/// Which answers an item takes.
#[derive(Debug, Clone, Copy)]
pub enum Answers {
    /// A whole number from `min` to `max` in steps of `step`.
    #[allow(missing_docs, reason = "the names say it")]
    Whole { min: i64, max: i64, step: i64 },
    /// One of these whole numbers.
    OneOf(&'static [i64]),
    /// A number with up to three decimals, in `unit`.
    #[allow(missing_docs, reason = "the names say it")]
    Number { min: Decimal, max: Decimal, unit: &'static str },
    /// Yes or no.
    YesNo,
    /// A count, or yes (at least one) or no (none).
    #[allow(missing_docs, reason = "the names say it")]
    Count { max: i64 },
    /// Options with points (`"2b"` is worth 2). Where several are ticked, the highest counts.
    Graded(&'static [(&'static str, i64)]),
    /// One code.
    Code(&'static [Code]),
    /// Any number of codes.
    Codes(&'static [Code]),
    /// A time of day, `HH:MM`.
    Time,
    /// A day, or what is known of it: `2026-03-14`, `2026-03`, `2026`, each day with or without `T09:30`.
    Moment,
    /// Free text.
    Text,
    /// Repeating rows of these fields.
    Rows(&'static [Item]),
}

/// Whole numbers from `min` to `max`.
pub const fn whole(min: i64, max: i64) -> Answers {
    Answers::Whole { min, max, step: 1 }
}

/// A number with decimals between two whole ends.
pub const fn number(min: i64, max: i64, unit: &'static str) -> Answers {
    Answers::Number { min: Decimal::whole(min), max: Decimal::whole(max), unit }
}

/// One question of an instrument.
#[derive(Debug, Clone, Copy)]
pub struct Item {
    /// The item's number or name, the key in responses.
    pub id: &'static str,
    /// Our neutral label.
    pub label: &'static str,
    /// Which answers it takes.
    pub answers: Answers,
    /// Whether it may be left empty without a score missing it.
    pub optional: bool,
    /// Other keys that are read.
    pub also: &'static [&'static str],
}

/// An item with an id of its own.
pub const fn item(id: &'static str, label: &'static str, answers: Answers) -> Item {
    Item { id, label, answers, optional: false, also: &[] }
}

impl Item {
    /// May be left empty.
    pub const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Is read under these keys too.
    pub const fn also(mut self, also: &'static [&'static str]) -> Self {
        self.also = also;
        self
    }

    /// Lowest and highest points of a scored item; 0 and 0 where it has none.
    pub fn points_range(&self) -> (i64, i64) {
        match self.answers {
            Answers::Whole { min, max, .. } => (min, max),
            Answers::OneOf(values) => (values.first().copied().unwrap_or(0), values.last().copied().unwrap_or(0)),
            Answers::Graded(options) => (
                options.iter().map(|(_, points)| *points).min().unwrap_or(0),
                options.iter().map(|(_, points)| *points).max().unwrap_or(0),
            ),
            Answers::YesNo => (0, 1),
            Answers::Count { max } => (0, max),
            Answers::Number { .. }
            | Answers::Code(_)
            | Answers::Codes(_)
            | Answers::Time
            | Answers::Moment
            | Answers::Text
            | Answers::Rows(_) => (0, 0),
        }
    }
}

/// `"1"`, `"2"`, … for numbered items.
const NUMBERS: [&str; 63] = [
    "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20",
    "21", "22", "23", "24", "25", "26", "27", "28", "29", "30", "31", "32", "33", "34", "35", "36", "37", "38", "39",
    "40", "41", "42", "43", "44", "45", "46", "47", "48", "49", "50", "51", "52", "53", "54", "55", "56", "57", "58",
    "59", "60", "61", "62", "63",
];

/// Items numbered from 1, all with the same answers.
pub const fn numbered<const N: usize>(labels: [&'static str; N], answers: Answers) -> [Item; N] {
    let mut items = [item("", "", answers); N];
    let mut position = 0;
    while position < N {
        items[position] = item(NUMBERS[position], labels[position], answers);
        position += 1;
    }
    items
}

/// How a scale's value comes from its items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Σ of the items; prorated as mean × number of items.
    Sum,
    /// Mean of the items; prorated as the mean of the answered ones.
    Mean,
}

/// A range of a score with a name. It begins at `from` and ends where the next begins, so that a prorated 13.65
/// lies below a band that begins at 14.
#[derive(Debug, Clone, Copy)]
pub struct Band {
    /// Lower edge, inclusive.
    pub from: Decimal,
    /// The band's name.
    pub name: &'static str,
}

/// A band with a whole lower edge.
pub const fn band(from: i64, name: &'static str) -> Band {
    Band { from: Decimal::whole(from), name }
}

/// A score that needs no code of its own: a sum or a mean, with reversed items, a missing-item rule, and bands.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    /// The score's name.
    pub name: &'static str,
    /// Item numbers (1 = the instrument's first item).
    pub items: &'static [u16],
    /// Those of them scored `min + max − raw`.
    pub reversed: &'static [u16],
    /// Sum or mean.
    pub form: Form,
    /// With at most this many items missing it is prorated; with more it is not scorable.
    pub missing_allowed: u16,
    /// Named ranges, lowest first.
    pub bands: &'static [Band],
    /// Direction.
    pub higher_is_worse: bool,
}

impl Scale {
    /// A sum of these items, all required, no bands, higher is worse.
    pub const fn sum(name: &'static str, items: &'static [u16]) -> Self {
        Self { name, items, reversed: &[], form: Form::Sum, missing_allowed: 0, bands: &[], higher_is_worse: true }
    }

    /// A mean of these items, all required, no bands, higher is worse.
    pub const fn mean(name: &'static str, items: &'static [u16]) -> Self {
        Self { form: Form::Mean, ..Self::sum(name, items) }
    }

    /// Prorated with at most this many missing.
    pub const fn allowing(mut self, missing: u16) -> Self {
        self.missing_allowed = missing;
        self
    }

    /// Prorated when at most 10 % are missing (rounded down), and one in any case.
    pub const fn allowing_tenth(self) -> Self {
        let tenth = self.items.len() as u16 / 10;
        self.allowing(if tenth < 1 { 1 } else { tenth })
    }

    /// With named ranges.
    pub const fn bands(mut self, bands: &'static [Band]) -> Self {
        self.bands = bands;
        self
    }

    /// With these items reversed.
    pub const fn reversed(mut self, items: &'static [u16]) -> Self {
        self.reversed = items;
        self
    }

    /// Higher is better.
    pub const fn higher_is_better(mut self) -> Self {
        self.higher_is_worse = false;
        self
    }
}

/// `[1, 2, …, N]`.
pub const fn first<const N: usize>() -> [u16; N] {
    run(1)
}

/// `[from, from + 1, …]`, N long.
pub const fn run<const N: usize>(from: u16) -> [u16; N] {
    let mut numbers = [0; N];
    let mut position = 0;
    while position < N {
        numbers[position] = from + position as u16;
        position += 1;
    }
    numbers
}

/// What kind of thing an output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputKind {
    /// A score.
    Number,
    /// Yes, no or indeterminate.
    Decision,
    /// A word, such as a grade or a profile.
    Text,
}

/// One thing that scoring an instrument yields, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Output {
    /// Its name.
    pub name: &'static str,
    /// Its kind.
    pub kind: OutputKind,
    /// What it means, in a few words.
    pub meaning: &'static str,
}

/// A score among the outputs.
pub const fn score_output(name: &'static str, meaning: &'static str) -> Output {
    Output { name, kind: OutputKind::Number, meaning }
}

/// A decision among the outputs.
pub const fn decision_output(name: &'static str, meaning: &'static str) -> Output {
    Output { name, kind: OutputKind::Decision, meaning }
}

/// A text among the outputs.
pub const fn text_output(name: &'static str, meaning: &'static str) -> Output {
    Output { name, kind: OutputKind::Text, meaning }
}

/// The change of a score that counts as meaningful; a default that a study may replace.
#[derive(Debug, Clone, Copy)]
pub struct Meaningful {
    /// The score that changes.
    pub score: &'static str,
    /// Size of the change, towards the better.
    pub by: Decimal,
    /// Where the number comes from.
    pub source: &'static str,
}

/// A scale whose key is licensed, so that a form pack has to bring its item numbers.
#[derive(Debug, Clone, Copy)]
pub struct PackScale {
    /// The score's name.
    pub name: &'static str,
    /// How many items it has, where that is public.
    pub n_items: Option<u16>,
    /// Item numbers that hold when no pack says otherwise; empty where the key is licensed.
    pub default: &'static [u16],
}

/// One instrument: everything about it that is not a licensed word.
pub struct Instrument {
    /// Lower-case id, as in study files.
    pub id: &'static str,
    /// Its usual name.
    pub name: &'static str,
    /// Other names that are read, case-insensitively.
    pub also: &'static [&'static str],
    /// Version of this scoring code; a new one makes a new record of a score, never overwrites.
    pub version: &'static str,
    /// What it is for.
    pub purpose: &'static str,
    /// Who may rate it, the usual one first.
    pub rater: Rater,
    /// The usual period; an administration may have another.
    pub recall: Recall,
    /// Usual visits.
    pub visits: &'static str,
    /// What the licence allows.
    pub licence: Licence,
    /// Versions of the form (`since_last_visit`), the usual one first; empty where there is only one.
    pub variants: &'static [&'static str],
    /// Its items.
    pub items: &'static [Item],
    /// Scores that need no code.
    pub scales: &'static [Scale],
    /// Scales whose key a form pack may or must bring.
    pub pack_scales: &'static [PackScale],
    /// What its own scoring adds to the scales, in order.
    pub own_outputs: &'static [Output],
    /// Direction of its main score.
    pub higher_is_worse: bool,
    /// Changes that count, the main score's first.
    pub meaningful: &'static [Meaningful],
    /// The missing-data rule in words.
    pub missing: &'static str,
    /// Where structure and scoring come from.
    pub source: &'static str,
    pub(crate) check: Option<fn(&Sheet<'_>, &mut Vec<Unscorable>)>,
    pub(crate) own: Option<fn(&Sheet<'_>, &mut Scored)>,
}

impl fmt::Debug for Instrument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Instrument({})", self.id)
    }
}

impl Instrument {
    /// The position of the item with this key: its id, or another key that it is read under.
    pub fn item_position(&self, key: &str) -> Option<usize> {
        position(self.items, key)
    }

    /// The item with this key.
    pub fn item(&self, key: &str) -> Option<&'static Item> {
        self.item_position(key).and_then(|position| self.items.get(position))
    }
}

/// The position of an item by its key; exact ids first, then other keys and other letter cases.
pub(crate) fn position(items: &[Item], key: &str) -> Option<usize> {
    // Numbered items sit at their own number: no search for the common case.
    if let Ok(number) = key.parse::<usize>()
        && let Some(position) = number.checked_sub(1)
        && items.get(position).is_some_and(|item| item.id == key)
    {
        return Some(position);
    }
    items.iter().position(|item| item.id == key).or_else(|| {
        let key = key.trim();
        items.iter().position(|item| {
            item.id.eq_ignore_ascii_case(key) || item.also.iter().any(|other| other.eq_ignore_ascii_case(key))
        })
    })
}

/// Everything that scoring this instrument yields, by name and kind: what a study's expressions may ask for.
/// Outputs that need a baseline are in [`crate::change::change_outputs`].
pub fn outputs(instrument: &Instrument) -> Vec<Output> {
    let scales = instrument.scales.iter().map(|scale| score_output(scale.name, "score"));
    scales.chain(instrument.own_outputs.iter().copied()).collect()
}
