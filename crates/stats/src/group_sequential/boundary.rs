//! Boundaries and the price of looking.

use crate::distributions::{normal_quantile, normal_upper};

use super::recursion::Continuing;

/// A spending function.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spending {
    /// Lan & DeMets' approximation to O'Brien & Fleming: 2 − 2Φ(z_{α/2}/√t) for a one-sided α.
    ObrienFleming,
    /// Lan & DeMets' approximation to Pocock: α log(1 + (e−1)t).
    Pocock,
    /// Hwang, Shih & DeCani with their γ: α(1−e^{−γt})/(1−e^{−γ}).
    HwangShihDeCani(f64),
}

impl Spending {
    /// What of `total` may be spent up to the information fraction `t`.
    pub fn spent(self, total: f64, t: f64) -> f64 {
        if t >= 1.0 {
            return total;
        }
        match self {
            Spending::ObrienFleming => 2.0 * normal_upper(-normal_quantile(0.5 * total) / t.sqrt()),
            Spending::Pocock => total * ((std::f64::consts::E - 1.0) * t).ln_1p(),
            Spending::HwangShihDeCani(0.0) => total * t,
            Spending::HwangShihDeCani(gamma) => total * (-gamma * t).exp_m1() / (-gamma).exp_m1(),
        }
    }
}

/// How the efficacy boundary is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Efficacy {
    /// By a spending function, for any number and timing of looks.
    Spend(Spending),
    /// O'Brien & Fleming's own: c/√t.
    ClassicalObrienFleming,
    /// Pocock's own: the same at each look.
    ClassicalPocock,
}

/// A futility boundary by spending of the type II error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Futility {
    /// It may be overruled: the efficacy boundary does not count on it.
    NonBinding(Spending),
    /// It must be obeyed.
    Binding(Spending),
}

/// A design: one-sided error, power, looks.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// Information fractions of the looks, ascending, the last 1.
    pub looks: Vec<f64>,
    /// One-sided type I error.
    pub alpha: f64,
    /// Type II error.
    pub beta: f64,
    /// The efficacy boundary.
    pub efficacy: Efficacy,
    /// The futility boundary, if any.
    pub futility: Option<Futility>,
}

/// Boundaries on the z scale, and what they cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Boundary {
    /// Efficacy: stop where Z exceeds it.
    pub upper: Vec<f64>,
    /// Futility: stop where Z stays below it; empty without one.
    pub lower: Vec<f64>,
    /// One-sided p-value at each efficacy bound.
    pub nominal_p: Vec<f64>,
    /// Type I error spent up to each look.
    pub cumulative_alpha: Vec<f64>,
    /// √information × effect at which the design has its power.
    pub drift: f64,
    /// Largest information as a multiple of that of a design without looks.
    pub inflation: f64,
    /// Power up to each look at that drift.
    pub cumulative_power: Vec<f64>,
}

/// Why there is no boundary.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BoundaryError {
    /// Looks that do not ascend to 1.
    #[error("information fractions must rise from above 0 to exactly 1; found {0:?}")]
    Looks(Vec<f64>),
    /// Errors out of range.
    #[error("alpha {alpha} and beta {beta} must each lie between 0 and 0.5")]
    Errors {
        /// Type I.
        alpha: f64,
        /// Type II.
        beta: f64,
    },
}

impl Design {
    /// Computes the boundaries.
    pub fn boundary(&self) -> Result<Boundary, BoundaryError> {
        let rising = self.looks.windows(2).all(|pair| pair[0] < pair[1]);
        let complete = self.looks.first().is_some_and(|first| *first > 0.0) && self.looks.last() == Some(&1.0);
        if !rising || !complete {
            return Err(BoundaryError::Looks(self.looks.clone()));
        }
        if !(self.alpha > 0.0 && self.alpha < 0.5 && self.beta > 0.0 && self.beta < 0.5) {
            return Err(BoundaryError::Errors { alpha: self.alpha, beta: self.beta });
        }
        let (upper, lower, drift) = match self.futility {
            None => {
                let upper = self.upper(&[]);
                let drift = bisect(0.0, 20.0, |drift| {
                    self.power(drift, &upper, &[]).last().copied().unwrap_or(0.0) < 1.0 - self.beta
                });
                (upper, Vec::new(), drift)
            }
            Some(futility) => self.with_futility(futility),
        };
        let fixed = -normal_quantile(self.alpha) - normal_quantile(self.beta);
        let binding: &[f64] = if matches!(self.futility, Some(Futility::Binding(_))) { &lower } else { &[] };
        Ok(Boundary {
            nominal_p: upper.iter().map(|z| normal_upper(*z)).collect(),
            cumulative_alpha: self.power(0.0, &upper, binding),
            inflation: (drift / fixed).powi(2),
            cumulative_power: self.power(drift, &upper, &lower),
            upper,
            lower,
            drift,
        })
    }

    /// Probability of having crossed the upper boundary by each look.
    fn power(&self, drift: f64, upper: &[f64], lower: &[f64]) -> Vec<f64> {
        let mut state = Continuing::start(drift);
        let mut total = 0.0;
        let mut cumulative = Vec::with_capacity(self.looks.len());
        for (look, &time) in self.looks.iter().enumerate() {
            total += state.above(time, upper[look]);
            cumulative.push(total);
            state = state.go_on(time, lower.get(look).copied().unwrap_or(f64::NEG_INFINITY), upper[look]);
        }
        cumulative
    }

    /// The efficacy boundary, given futility bounds that are obeyed (all but the last are used).
    fn upper(&self, lower: &[f64]) -> Vec<f64> {
        let shape = |constant: f64, time: f64| match self.efficacy {
            Efficacy::ClassicalObrienFleming => constant / time.sqrt(),
            Efficacy::ClassicalPocock | Efficacy::Spend(_) => constant,
        };
        if let Efficacy::Spend(spending) = self.efficacy {
            let mut state = Continuing::start(0.0);
            let (mut spent, mut bounds) = (0.0, Vec::with_capacity(self.looks.len()));
            for (look, &time) in self.looks.iter().enumerate() {
                let target = spending.spent(self.alpha, time);
                let bound = bisect(-10.0, 20.0, |z| state.above(time, z) > target - spent);
                spent = target;
                bounds.push(bound);
                state = state.go_on(time, lower.get(look).copied().unwrap_or(f64::NEG_INFINITY), bound);
            }
            return bounds;
        }
        let bounds = |constant: f64| self.looks.iter().map(|time| shape(constant, *time)).collect::<Vec<_>>();
        let constant = bisect(0.0, 20.0, |constant| {
            self.power(0.0, &bounds(constant), lower).last().copied().unwrap_or(0.0) > self.alpha
        });
        bounds(constant)
    }

    /// Both boundaries and the drift at which they meet at the last look.
    fn with_futility(&self, futility: Futility) -> (Vec<f64>, Vec<f64>, f64) {
        let (spending, binding) = match futility {
            Futility::NonBinding(spending) => (spending, false),
            Futility::Binding(spending) => (spending, true),
        };
        let free = self.upper(&[]);
        let last = self.looks.len() - 1;
        let at = |drift: f64| {
            // Bounds look by look: the lower one under the drift, the upper one (if it counts on it) under no effect.
            let (mut upper, mut lower): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
            let mut spent = 0.0;
            let mut state = Continuing::start(drift);
            for (look, &time) in self.looks.iter().enumerate() {
                upper.push(if binding { self.upper(&lower)[look] } else { free[look] });
                let target = spending.spent(self.beta, time);
                let bound = bisect(-20.0, 20.0, |z| state.below(time, z) < target - spent);
                spent = target;
                lower.push(bound);
                state = state.go_on(time, bound, upper[look]);
            }
            (upper, lower)
        };
        // More drift lifts the futility bound of the last look until it meets the efficacy bound.
        let drift = bisect(0.5, 10.0, |drift| {
            let (upper, lower) = at(drift);
            lower[last] < upper[last]
        });
        let (upper, mut lower) = at(drift);
        lower[last] = upper[last];
        (upper, lower, drift)
    }
}

/// The point at which a condition that holds from `low` on stops holding.
fn bisect(mut low: f64, mut high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if holds(middle) {
            low = middle
        } else {
            high = middle
        }
        if high - low < 1e-13 * (1.0 + high.abs()) {
            break;
        }
    }
    0.5 * (low + high)
}
