//! The instruments of the programme: items, scoring, missing-data rules, severity bands, decisions, safety triggers.
//!
//! Pure: no clock, no randomness, no files. Every instrument is data ([`Instrument`]); generic scales are scored by
//! one engine, what a table can't say by a function beside the table (`scales/`). Labels are neutral words of ours;
//! a [`FormPack`] brings licensed wording, keys and norms without touching a score.
//!
//! The three rules that hold everywhere: a missing answer is never a zero or a "no"; an answer out of range is refused
//! with what is allowed, never clamped; no score is given without its method.
//!
//! ```
//! use instruments::{Responses, find, score};
//! let phq9 = find("PHQ-9").ok_or("no such instrument")?;
//! let answers = [3, 2, 2, 1, 2, 2, 0, 0, 1].map(Some);
//! let scored = score(phq9, &Responses::numbered(&answers)).map_err(|wrong| format!("{wrong:?}"))?;
//! assert_eq!(scored.value("total"), Some(terms::Decimal::whole(13)));
//! assert_eq!(scored.score("total").and_then(|total| total.band.as_deref()), Some("moderate"));
//! # Ok::<(), String>(())
//! ```

pub mod agreement;
mod alerts;
pub mod change;
pub mod cli;
mod input;
mod instrument;
mod json;
mod pack;
mod reading;
mod responses;
mod scale;
pub mod scales;
mod scored;
mod settings;
mod sheet;
mod truth;
mod unscorable;

pub use change::Baseline;
pub use input::{Case, InputError, read_case};
pub use instrument::{
    Answers, Band, Code, Form, Instrument, Item, Licence, Meaningful, Output, OutputKind, PackScale, Rater, Recall,
    Scale, WITHHELD_FROM_INDEPENDENT_RATERS, outputs,
};
pub use pack::{FormPack, PackError, item_label};
pub use reading::Moment;
pub use responses::{Answered, OwnRange, Responses, Sex, TraumaRelated};
pub use scored::{Alert, AlertLevel, Decision, Method, Score, Scored, Text, Words};
pub use settings::{Holds, QtCorrection, Settings};
pub use sheet::Sheet;
pub use truth::Truth;
pub use unscorable::{Fault, Unscorable};

use std::borrow::Cow;

/// Every instrument, in the order of the documentation.
pub fn all() -> &'static [&'static Instrument] {
    &scales::ALL
}

/// The instrument with this id or usual name; letter case, spaces, hyphens and underscores don't matter.
pub fn find(name: &str) -> Option<&'static Instrument> {
    if let Some(found) = scales::ALL.iter().find(|instrument| instrument.id == name) {
        return Some(found);
    }
    let plain = |text: &str| -> String {
        let kept = text.chars().filter(|letter| letter.is_alphanumeric());
        kept.flat_map(char::to_lowercase).collect()
    };
    let wanted = plain(name);
    let named = |instrument: &&&'static Instrument| {
        let names = [instrument.id, instrument.name];
        names.iter().chain(instrument.also).any(|name| plain(name) == wanted)
    };
    scales::ALL.iter().find(named).copied()
}

/// Scores one administration by the reference settings.
///
/// Missing answers are not errors. Errors: all faults at once, each with item, what was found, what is allowed.
pub fn score(instrument: &Instrument, responses: &Responses) -> Result<Scored, Vec<Unscorable>> {
    score_with(instrument, responses, &Settings::REFERENCE, None)
}

/// Scores one administration by a study's settings, and by the key and norms of a form pack where there is one.
///
/// Errors: as [`score`].
pub fn score_with(
    instrument: &Instrument,
    responses: &Responses,
    settings: &Settings,
    pack: Option<&FormPack>,
) -> Result<Scored, Vec<Unscorable>> {
    let pack = pack.filter(|pack| pack.instrument() == instrument.id);
    let sheet = Sheet::read(instrument, &mut std::iter::empty(), responses, settings, pack)?;
    let mut scored = score_sheet(instrument, &sheet);
    if let Some(baseline) = &responses.baseline {
        change::add_changes(instrument, settings, baseline, &mut scored);
    }
    Ok(scored)
}

/// Scores answers that stand elsewhere, by the reference settings, without copying them; `beside` holds the rest of the
/// administration.
///
/// Errors: as [`score`].
pub fn score_answers<'a>(
    instrument: &Instrument,
    answers: &mut dyn Iterator<Item = (&'a str, &'a terms::Value)>,
    beside: &'a Responses,
) -> Result<Scored, Vec<Unscorable>> {
    let sheet = Sheet::read(instrument, answers, beside, &Settings::REFERENCE, None)?;
    let mut scored = score_sheet(instrument, &sheet);
    if let Some(baseline) = &beside.baseline {
        change::add_changes(instrument, &Settings::REFERENCE, baseline, &mut scored);
    }
    Ok(scored)
}

/// Scores whole-number answers given in item order (`None` is missing, and so is what lies beyond the slice): the
/// quick way for questionnaires. Yes is 1, no is 0; an answer from a list is its place there, from 0.
///
/// Errors: as [`score`].
pub fn score_numbers(instrument: &Instrument, answers: &[Option<i64>]) -> Result<Scored, Vec<Unscorable>> {
    let responses = Responses::default();
    let sheet = Sheet::read_numbers(instrument, answers, &responses, &Settings::REFERENCE)?;
    Ok(score_sheet(instrument, &sheet))
}

fn score_sheet(instrument: &Instrument, sheet: &Sheet<'_>) -> Scored {
    let mut scored = Scored {
        instrument: Cow::Borrowed(instrument.id),
        version: Cow::Borrowed(instrument.version),
        scores: Vec::with_capacity(instrument.scales.len() + instrument.own_outputs.len()),
        decisions: Vec::with_capacity(instrument.own_outputs.len()),
        texts: Vec::new(),
        warnings: Vec::new(),
        alerts: Vec::new(),
    };
    scored.scores.extend(instrument.scales.iter().map(|scale| scale::score_scale(scale, sheet)));
    if let Some(own) = instrument.own {
        own(sheet, &mut scored);
    }
    scored
}
