//! What scoring gives: every score with its method, every decision with its reason, warnings, and safety triggers.

use crate::{instrument::Band, truth::Truth};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use terms::Decimal;

/// A text that is nearly always a constant of this crate.
pub type Words = Cow<'static, str>;

/// How a score was reached. No score is given without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Every item that applies was answered.
    Complete,
    /// Some were missing, within the instrument's rule; filled with the mean of the answered ones.
    Prorated,
    /// Counted over the answered items only: a floor, not an estimate. Only where the instrument asks for a count.
    Partial,
    /// Too much is missing; there is no value.
    NotScorable,
}

impl Method {
    /// `complete`, `prorated`, `partial`, `not_scorable`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Prorated => "prorated",
            Self::Partial => "partial",
            Self::NotScorable => "not_scorable",
        }
    }
}

/// One score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// Plain snake case: `total`, `b_severity`.
    pub name: Words,
    /// The value; none exactly when `method` is [`Method::NotScorable`]. Means have three decimals, prorated sums two.
    pub value: Option<Decimal>,
    /// Answered items among those that apply.
    pub n_answered: u16,
    /// Items that apply.
    pub n_items: u16,
    /// How it was reached.
    pub method: Method,
    /// The named range it lies in, where the instrument has some.
    pub band: Option<Words>,
    /// Direction, so that a table of changes never flips a sign.
    pub higher_is_worse: bool,
}

/// One yes/no/indeterminate with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Plain snake case: `diagnosis`.
    pub name: Words,
    /// The answer.
    pub answer: Truth,
    /// Why, in a sentence.
    pub why: Words,
}

/// One word that is a result: a grade, a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// Plain snake case: `grade`.
    pub name: Words,
    /// The word; none when it can't be told.
    pub value: Option<Words>,
}

/// How urgent a safety trigger is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertLevel {
    /// A safety question was left unanswered: ask it again.
    Task,
    /// A clinician looks at it.
    Review,
    /// A clinician is paged at once.
    Amber,
    /// The physician acts now.
    Red,
    /// No dose today.
    StopDosing,
}

impl AlertLevel {
    /// The written form.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Review => "review",
            Self::Amber => "amber",
            Self::Red => "red",
            Self::StopDosing => "stop_dosing",
        }
    }
}

/// A safety trigger. INVARIANT: its words never name an arm or a dose, and it never goes to an independent rater.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// How urgent.
    pub level: AlertLevel,
    /// What was found.
    pub trigger: Words,
    /// Who is told.
    pub told: Words,
    /// What they do, and within which time.
    pub action: Words,
}

/// Everything that scoring one form gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scored {
    /// The instrument's id.
    pub instrument: Words,
    /// The scoring version.
    pub version: Words,
    /// Scores, in the instrument's order.
    pub scores: Vec<Score>,
    /// Decisions, in the instrument's order.
    pub decisions: Vec<Decision>,
    /// Words, in the instrument's order.
    pub texts: Vec<Text>,
    /// What a reader of the scores has to know.
    pub warnings: Vec<Words>,
    /// Safety triggers.
    pub alerts: Vec<Alert>,
}

impl Scored {
    /// The score with this name.
    pub fn score(&self, name: &str) -> Option<&Score> {
        self.scores.iter().find(|score| score.name == name)
    }

    /// The value of the score with this name; none also when it is not scorable.
    pub fn value(&self, name: &str) -> Option<Decimal> {
        self.score(name).and_then(|score| score.value)
    }

    /// The answer of the decision with this name.
    pub fn decision(&self, name: &str) -> Option<Truth> {
        self.decisions.iter().find(|decision| decision.name == name).map(|decision| decision.answer)
    }

    /// The word with this name; none also when it can't be told.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts.iter().find(|text| text.name == name).and_then(|text| text.value.as_deref())
    }

    pub(crate) fn decide(&mut self, name: impl Into<Words>, answer: impl Into<Truth>, why: impl Into<Words>) {
        self.decisions.push(Decision { name: name.into(), answer: answer.into(), why: why.into() });
    }

    pub(crate) fn say(&mut self, name: impl Into<Words>, value: Option<impl Into<Words>>) {
        self.texts.push(Text { name: name.into(), value: value.map(Into::into) });
    }

    pub(crate) fn warn(&mut self, warning: impl Into<Words>) {
        self.warnings.push(warning.into());
    }

    pub(crate) fn alert(
        &mut self,
        level: AlertLevel,
        trigger: impl Into<Words>,
        told: &'static str,
        action: impl Into<Words>,
    ) {
        self.alerts.push(Alert { level, trigger: trigger.into(), told: told.into(), action: action.into() });
    }

    /// Adds a score that all its items are needed for: complete when there is a value, not scorable otherwise.
    pub(crate) fn push(
        &mut self,
        name: impl Into<Words>,
        value: Option<Decimal>,
        answered: usize,
        of: usize,
    ) -> &mut Score {
        let method = if value.is_some() { Method::Complete } else { Method::NotScorable };
        self.push_score(Score {
            name: name.into(),
            value,
            n_answered: small(answered),
            n_items: small(of),
            method,
            band: None,
            higher_is_worse: true,
        })
    }

    pub(crate) fn push_score(&mut self, score: Score) -> &mut Score {
        let last = self.scores.len();
        self.scores.push(score);
        &mut self.scores[last]
    }

    /// Whether the score with this name reaches `least`; indeterminate when it is not scorable.
    pub(crate) fn reaches(&self, score: &str, least: Decimal) -> Truth {
        Truth::from(self.value(score).map(|value| value >= least))
    }

    /// Adds the decision that a score reaches a cut-off.
    pub(crate) fn cut_off(&mut self, name: &'static str, score: &'static str, least: i64) {
        let answer = self.reaches(score, Decimal::whole(least));
        let why = match self.value(score) {
            Some(value) => format!("{score} {value}, cut-off {least} or more"),
            None => format!("{score} is not scorable"),
        };
        self.decide(name, answer, why);
    }
}

impl Score {
    pub(crate) fn banded(&mut self, bands: &[Band]) -> &mut Self {
        self.band = self.value.and_then(|value| band_of(value, bands)).map(Cow::Borrowed);
        self
    }

    pub(crate) fn higher_is_better(&mut self) -> &mut Self {
        self.higher_is_worse = false;
        self
    }

    pub(crate) fn method(&mut self, method: Method) -> &mut Self {
        if self.value.is_some() {
            self.method = method;
        }
        self
    }
}

/// The name of the band that a value lies in: the last whose lower edge it reaches.
pub(crate) fn band_of(value: Decimal, bands: &[Band]) -> Option<&'static str> {
    bands.iter().rev().find(|band| value >= band.from).map(|band| band.name)
}

/// A count of items; far below the limit, held there otherwise.
pub(crate) fn small(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

/// `numerator / denominator`, rounded half away from zero to `places` (0 to 3) decimals; none for a zero denominator.
pub(crate) fn ratio(numerator: i64, denominator: i64, places: u32) -> Option<Decimal> {
    if denominator == 0 {
        return None;
    }
    let scale = 10_i128.pow(places.min(3));
    let (n, d) = (i128::from(numerator) * scale, i128::from(denominator));
    let sign = if (n < 0) == (d < 0) { 1 } else { -1 };
    let rounded = (n.abs() * 2 + d.abs()) / (d.abs() * 2) * sign;
    i64::try_from(rounded * (1000 / scale)).ok().map(Decimal::thousandths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_round_half_away_from_zero() {
        for (n, d, places, expected) in [
            (20, 3, 3, "6.667"),
            (1, 8, 2, "0.13"),
            (-1, 8, 2, "-0.13"),
            (21, 3, 2, "7"),
            (5, 2, 0, "3"),
            (1, -8, 2, "-0.13"),
        ] {
            assert_eq!(ratio(n, d, places).unwrap().to_string(), expected, "{n}/{d}");
        }
        assert_eq!(ratio(1, 0, 3), None);
    }
}
