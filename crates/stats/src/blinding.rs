//! How well a trial was blinded: guesses of treatment against treatment.
//!
//! Sources: Bang, Ni & Davis 2004 (by arm; 0 is random guessing, 1 everybody right, −1 everybody wrong); James et al. 1996
//! (one number: 0 everybody right, ½ random, 1 nobody dares to guess).

use crate::distributions::normal_quantile;
use crate::mmrm::Model;

/// Guesses of the people of one arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guesses {
    /// They guessed treatment.
    pub treatment: u64,
    /// They guessed control.
    pub control: u64,
    /// They did not know.
    pub unknown: u64,
}

/// An index with its uncertainty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Index {
    /// The index.
    pub value: f64,
    /// Its standard error.
    pub se: f64,
    /// Its normal interval, not cut at the index's bounds.
    pub interval: [f64; 2],
}

/// James' index with its parts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct James {
    /// The index; standard error by the delta method over all six cells.
    pub index: Index,
    /// Chance-corrected disagreement among those who guessed.
    pub kappa: f64,
    /// Share of people who did not know.
    pub unknown: f64,
    /// Observed disagreement.
    pub observed: f64,
    /// Disagreement expected by chance.
    pub expected: f64,
}

/// What must stand beside an effect adjusted for guesses.
pub const ADJUSTED_LIMITS: &str = "post hoc: a guess is made after treatment, often because of its effect, so adjusting for it \
    can remove a real effect or create one; a sensitivity analysis, not an estimate of the effect under perfect blinding";

/// A model with what people guessed among its effects, alone and by visit. See [`ADJUSTED_LIMITS`].
pub fn adjusted(model: &Model, guess_column: &str) -> Model {
    let formula = model.formula.with_effect(guess_column, &[&model.visit]);
    Model { formula, ..model.clone() }
}

fn index(value: f64, variance: f64, level: f64) -> Index {
    let se = variance.max(0.0).sqrt();
    let reach = -normal_quantile(0.5 * (1.0 - level)) * se;
    Index { value, se, interval: [value - reach, value + reach] }
}

/// Bang's index of one arm from right, wrong and missing guesses; `None` without people.
pub fn bang(right: u64, wrong: u64, unknown: u64, level: f64) -> Option<Index> {
    let n = (right + wrong + unknown) as f64;
    if n == 0.0 {
        return None;
    }
    let (p, q) = (right as f64 / n, wrong as f64 / n);
    Some(index(p - q, (p * (1.0 - p) + q * (1.0 - q) + 2.0 * p * q) / n, level))
}

/// Bang's index of the treatment arm.
pub fn bang_treatment(guesses: Guesses, level: f64) -> Option<Index> {
    bang(guesses.treatment, guesses.control, guesses.unknown, level)
}

/// Bang's index of the control arm.
pub fn bang_control(guesses: Guesses, level: f64) -> Option<Index> {
    bang(guesses.control, guesses.treatment, guesses.unknown, level)
}

/// Bang's index from five answers a person can give: sure and right, rather right, unknown, rather wrong, sure and wrong.
pub fn bang_graded(answers: [u64; 5], level: f64) -> Option<Index> {
    const SCORES: [f64; 5] = [1.0, 0.5, 0.0, -0.5, -1.0];
    let n = answers.iter().sum::<u64>() as f64;
    if n == 0.0 {
        return None;
    }
    let mean = |power: i32| {
        answers.iter().zip(SCORES).map(|(count, score)| *count as f64 * score.powi(power)).sum::<f64>() / n
    };
    Some(index(mean(1), (mean(2) - mean(1).powi(2)) / n, level))
}

/// James' index of both arms together. `None` where nobody is there, or where those who guessed all named one arm and were
/// all of one arm, so that chance expects no disagreement.
///
/// With s the share who guessed, w the share who guessed wrong and D the cross-products of the guessers' margins, the index
/// is 1 − s + s²w/(2D); its variance follows by the delta method.
pub fn james(treatment: Guesses, control: Guesses, level: f64) -> Option<James> {
    let cells = [[treatment.treatment, treatment.control], [control.treatment, control.control]];
    let n = (cells.iter().flatten().sum::<u64>() + treatment.unknown + control.unknown) as f64;
    if n == 0.0 {
        return None;
    }
    let p = cells.map(|row| row.map(|count| count as f64 / n));
    let rows = [p[0][0] + p[0][1], p[1][0] + p[1][1]];
    let columns = [p[0][0] + p[1][0], p[0][1] + p[1][1]];
    let (guessed, wrong) = (rows[0] + rows[1], p[0][1] + p[1][0]);
    if guessed == 0.0 {
        let all_unknown = Index { value: 1.0, se: 0.0, interval: [1.0, 1.0] };
        return Some(James { index: all_unknown, kappa: 0.0, unknown: 1.0, observed: 0.0, expected: 0.0 });
    }
    let crossed = rows[0] * columns[1] + rows[1] * columns[0];
    if crossed == 0.0 {
        return None;
    }
    let value = 1.0 - guessed + guessed * guessed * wrong / (2.0 * crossed);
    let mut moments = [0.0; 2];
    for (i, row) in p.iter().enumerate() {
        for (j, share) in row.iter().enumerate() {
            let crossed_slope = columns[1 - i] + rows[1 - j];
            let wrong_slope = if i == j { 0.0 } else { 1.0 };
            let slope = -1.0
                + guessed * wrong / crossed
                + guessed * guessed / (2.0 * crossed) * (wrong_slope - wrong * crossed_slope / crossed);
            moments[0] += share * slope;
            moments[1] += share * slope * slope;
        }
    }
    let observed = 0.5 * wrong / guessed;
    let expected = 0.5 * crossed / (guessed * guessed);
    Some(James {
        index: index(value, (moments[1] - moments[0] * moments[0]) / n, level),
        kappa: (observed - expected) / expected,
        unknown: 1.0 - guessed,
        observed,
        expected,
    })
}
