//! What is counted over trials. Only whole numbers are kept, so the order of addition does not matter: any threads and any
//! shards give the same sums.

use crate::analysis::{Finding, Verdict};
use serde::{Deserialize, Serialize};
use std::ops::AddAssign;

/// A sum of numbers, each rounded to the nearest 2⁻⁴⁰, held exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Exact(i128);

const UNIT: f64 = (1u64 << 40) as f64;
/// Beyond this a number is held at it: a sum of 10⁹ of them still fits.
const LARGEST: f64 = 1e16;

impl Exact {
    pub(crate) fn add(&mut self, number: f64) {
        self.0 += (number.clamp(-LARGEST, LARGEST) * UNIT).round() as i128;
    }

    pub(crate) fn value(self) -> f64 {
        self.0 as f64 / UNIT
    }
}

impl AddAssign for Exact {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

/// As text: JSON has no whole numbers of this size.
impl Serialize for Exact {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Exact).map_err(|_| serde::de::Error::custom(format!("\"{text}\" is no whole number")))
    }
}

/// What was counted in one scenario.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// Trials held.
    pub(crate) trials: u64,
    /// Of them, trials whose model could not be fitted in the end, which count as showing nothing: no structure had an
    /// optimum, the design had too few rows or levels, the difference was not determined.
    pub(crate) unfitted: [u64; 3],
    /// Trials that showed a difference in favour of the compared arm.
    pub(crate) better: u64,
    /// Trials that showed one against it.
    pub(crate) worse: u64,
    /// Trials whose interval covers the truth.
    pub(crate) covers: u64,
    /// Trials shown, either way, at each look and at the end.
    pub(crate) shown_at: Vec<u64>,
    /// Trials given up at each look.
    pub(crate) futile_at: Vec<u64>,
    /// Trials by the structure that fitted.
    pub(crate) by_structure: Vec<u64>,
    /// People randomised.
    pub(crate) people: u64,
    /// People seen at the last visit.
    pub(crate) rated: u64,
    pub(crate) error: Exact,
    pub(crate) error_squared: Exact,
    pub(crate) variance: Exact,
    pub(crate) width: Exact,
    pub(crate) df: Exact,
}

impl Tally {
    /// An empty tally for so many looks before the end and so many structures.
    pub(crate) fn new(looks: usize, structures: usize) -> Self {
        Tally {
            shown_at: vec![0; looks + 1],
            futile_at: vec![0; looks],
            by_structure: vec![0; structures],
            ..Self::default()
        }
    }

    /// Counts a trial whose true difference is `truth`.
    pub(crate) fn count(&mut self, finding: &Finding, truth: f64) {
        self.trials += 1;
        self.people += finding.people as u64;
        self.rated += finding.rated as u64;
        match finding.verdict {
            Verdict::Better => self.better += 1,
            Verdict::Worse => self.worse += 1,
            Verdict::Futile => self.futile_at[finding.look] += 1,
            Verdict::Open => {}
        }
        if matches!(finding.verdict, Verdict::Better | Verdict::Worse) {
            self.shown_at[finding.look] += 1;
        }
        let effect = match finding.effect {
            Ok(effect) => effect,
            Err(why) => {
                self.unfitted[why as usize] += 1;
                return;
            }
        };
        let error = effect.estimate - truth;
        self.covers += u64::from(effect.lower <= truth && truth <= effect.upper);
        self.by_structure[effect.structure] += 1;
        self.error.add(error);
        self.error_squared.add(error * error);
        self.variance.add(effect.se * effect.se);
        self.width.add(effect.upper - effect.lower);
        self.df.add(effect.df);
    }

    /// Whether another tally counts the same looks and structures.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.shown_at.len() == other.shown_at.len()
            && self.futile_at.len() == other.futile_at.len()
            && self.by_structure.len() == other.by_structure.len()
    }
}

impl AddAssign<&Tally> for Tally {
    fn add_assign(&mut self, other: &Tally) {
        self.trials += other.trials;
        self.unfitted.iter_mut().zip(other.unfitted).for_each(|(mine, theirs)| *mine += theirs);
        self.better += other.better;
        self.worse += other.worse;
        self.covers += other.covers;
        self.people += other.people;
        self.rated += other.rated;
        for (mine, theirs) in [
            (&mut self.shown_at, &other.shown_at),
            (&mut self.futile_at, &other.futile_at),
            (&mut self.by_structure, &other.by_structure),
        ] {
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine += theirs);
        }
        self.error += other.error;
        self.error_squared += other.error_squared;
        self.variance += other.variance;
        self.width += other.width;
        self.df += other.df;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever the order, the sum is the same to the last bit, and close to that of floats.
        #[test]
        fn sums_have_no_order(mut numbers in proptest::collection::vec(-1e4f64..1e4, 1..50), turn in 0usize..50) {
            let sum = |numbers: &[f64]| {
                let mut exact = Exact::default();
                numbers.iter().for_each(|number| exact.add(*number));
                exact
            };
            let one = sum(&numbers);
            let count = numbers.len();
            prop_assert!((one.value() - numbers.iter().sum::<f64>()).abs() < 1e-7);
            numbers.rotate_left(turn % count);
            numbers.reverse();
            prop_assert_eq!(one, sum(&numbers));
            let text = serde_json::to_string(&one).unwrap();
            prop_assert_eq!(one, serde_json::from_str::<Exact>(&text).unwrap());
        }
    }

    #[test]
    fn numbers_beyond_reason_are_held() {
        let mut exact = Exact::default();
        for number in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e300] {
            exact.add(number);
        }
        assert_eq!(exact.value(), LARGEST);
    }
}
