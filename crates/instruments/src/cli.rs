//! The body of `lifejacket score INSTRUMENT --responses FILE [--lines]`: text in, text out.

use crate::{
    Alert, Decision, FormPack, InputError, Instrument, Score, Scored, all, find, read_case, score_with,
    unscorable::nearest,
};
use serde::{Serialize, Serializer, ser::SerializeMap};
use terms::Decimal;

/// Why nothing was scored. Prints as a sentence, then every fault on a line of its own; [`ScoreError::to_json`] for
/// machines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.lines())]
pub struct ScoreError(Box<InputError>);

impl ScoreError {
    /// `unknown_instrument`, `not_json`, `unreadable` or `unscorable`.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    fn lines(&self) -> String {
        let mut text = self.0.message.clone();
        if self.0.problems.len() > 1 {
            for problem in &self.0.problems {
                text.push_str("\n  ");
                text.push_str(&problem.to_string());
            }
        }
        text
    }

    /// `{"error": {"code", "message", "problems"}}`.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&Failed { line: None, error: &self.0 }).unwrap_or_default()
    }
}

impl From<InputError> for ScoreError {
    fn from(error: InputError) -> Self {
        Self(Box::new(error))
    }
}

/// Scores what stands in `text`: one case, or with `lines` one case a line, each answered on its own line (a bad line
/// by an error with its number; empty lines are passed over).
///
/// Errors: an unknown instrument; and, for a single case, JSON that breaks or answers that can't be scored.
pub fn score_json(instrument: &str, text: &str, lines: bool) -> Result<String, ScoreError> {
    score_json_with(instrument, text, lines, None)
}

/// As [`score_json`], by the key and norms of a form pack.
///
/// Errors: as [`score_json`]; and a pack of another instrument.
pub fn score_json_with(
    instrument: &str,
    text: &str,
    lines: bool,
    pack: Option<&FormPack>,
) -> Result<String, ScoreError> {
    answer_json(instrument, text, lines, pack).map(|answered| answered.json)
}

/// What was answered, and how much of it is an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The answer; with lines, one a line.
    pub json: String,
    /// Lines that could not be scored, each answered by its error.
    pub bad_lines: usize,
}

/// As [`score_json_with`], with the number of bad lines: every line is answered, and whoever asked is told that not all
/// could be scored.
///
/// Errors: as [`score_json_with`].
pub fn answer_json(instrument: &str, text: &str, lines: bool, pack: Option<&FormPack>) -> Result<Answered, ScoreError> {
    let instrument = named(instrument)?;
    if let Some(pack) = pack.filter(|pack| pack.instrument() != instrument.id) {
        let message = format!("the form pack is of {}, not of {}", pack.instrument(), instrument.id);
        return Err(InputError::of("unreadable", message, Vec::new()).into());
    }
    if !lines {
        let (id, scored) = answer(instrument, text, pack)?;
        let shown = Shown { line: None, id: id.as_deref(), instrument, scored: &scored };
        return Ok(Answered { json: serde_json::to_string_pretty(&shown).unwrap_or_default(), bad_lines: 0 });
    }
    let mut answers = String::new();
    let mut bad_lines = 0;
    for (n, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let line_number = Some(n + 1);
        let written = match answer(instrument, line, pack) {
            Ok((id, scored)) => {
                serde_json::to_string(&Shown { line: line_number, id: id.as_deref(), instrument, scored: &scored })
            }
            Err(error) => {
                bad_lines += 1;
                serde_json::to_string(&Failed { line: line_number, error: &error.0 })
            }
        };
        answers.push_str(&written.unwrap_or_default());
        answers.push('\n');
    }
    Ok(Answered { json: answers, bad_lines })
}

fn named(name: &str) -> Result<&'static Instrument, ScoreError> {
    find(name).ok_or_else(|| {
        let ids: Vec<&str> = all().iter().map(|instrument| instrument.id).collect();
        let mend =
            nearest(name, ids.iter().copied()).map_or_else(String::new, |near| format!("; did you mean {near}?"));
        let name: String = name.chars().take(60).collect();
        let message = format!("there is no instrument \"{name}\"{mend} Instruments: {}", ids.join(", "));
        InputError::of("unknown_instrument", message, Vec::new()).into()
    })
}

fn answer(
    instrument: &Instrument,
    text: &str,
    pack: Option<&FormPack>,
) -> Result<(Option<String>, Scored), ScoreError> {
    let case = read_case(instrument, text, pack)?;
    match score_with(instrument, &case.responses, &case.settings, pack) {
        Ok(scored) => Ok((case.id, scored)),
        Err(wrong) => Err(InputError { id: case.id, ..InputError::unscorable(wrong) }.into()),
    }
}

/// A number as JSON: whole where it is, else with its decimals.
struct Number(Decimal);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_whole() {
            serializer.serialize_i64(self.0.trunc())
        } else {
            serializer.serialize_f64(self.0.as_f64())
        }
    }
}

struct Failed<'a> {
    line: Option<usize>,
    error: &'a InputError,
}

impl Serialize for Failed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(line) = self.line {
            map.serialize_entry("line", &line)?;
        }
        if let Some(id) = &self.error.id {
            map.serialize_entry("id", id)?;
        }
        map.serialize_entry("error", self.error)?;
        map.end()
    }
}

struct Shown<'a> {
    line: Option<usize>,
    id: Option<&'a str>,
    instrument: &'a Instrument,
    scored: &'a Scored,
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(line) = self.line {
            map.serialize_entry("line", &line)?;
        }
        if let Some(id) = self.id {
            map.serialize_entry("id", id)?;
        }
        map.serialize_entry("instrument", self.instrument.id)?;
        map.serialize_entry("name", self.instrument.name)?;
        map.serialize_entry("version", &self.scored.version)?;
        let scores = self.scored.scores.iter().map(|score| (&*score.name, ShownScore(score)));
        map.serialize_entry("scores", &Named(scores.collect()))?;
        let decisions = self.scored.decisions.iter().map(|decision| (&*decision.name, ShownDecision(decision)));
        map.serialize_entry("decisions", &Named(decisions.collect()))?;
        let texts = self.scored.texts.iter().map(|text| (&*text.name, &text.value));
        map.serialize_entry("texts", &Named(texts.collect()))?;
        map.serialize_entry("warnings", &self.scored.warnings)?;
        let alerts: &[Alert] = &self.scored.alerts;
        map.serialize_entry("alerts", alerts)?;
        map.end()
    }
}

/// A list shown as an object by name, in its order.
struct Named<'a, V>(Vec<(&'a str, V)>);

impl<V: Serialize> Serialize for Named<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

struct ShownScore<'a>(&'a Score);

impl Serialize for ShownScore<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let score = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("value", &score.value.map(Number))?;
        map.serialize_entry("method", score.method.word())?;
        map.serialize_entry("n_answered", &score.n_answered)?;
        map.serialize_entry("n_items", &score.n_items)?;
        map.serialize_entry("band", &score.band)?;
        map.serialize_entry("higher_is_worse", &score.higher_is_worse)?;
        map.end()
    }
}

struct ShownDecision<'a>(&'a Decision);

impl Serialize for ShownDecision<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("answer", self.0.answer.word())?;
        map.serialize_entry("why", &self.0.why)?;
        map.end()
    }
}
