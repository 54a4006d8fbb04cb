//! Cox's proportional hazards, with strata.
//!
//! Sources: Cox 1972; Breslow 1974 and Efron 1977 for ties.

use crate::dense::{axpy, cholesky, dot, inverse_from, invert_lower, solve_lower, solve_lower_transposed};

use super::FollowUp;

/// How events at one time are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ties {
    /// Efron's approximation.
    Efron,
    /// Breslow's approximation.
    Breslow,
}

/// Why there is no fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CoxError {
    /// Lists of different lengths, or empty.
    #[error("{people} people, {covariates} rows of covariates: there must be one row a person, at least one")]
    Lengths {
        /// People.
        people: usize,
        /// Rows of covariates.
        covariates: usize,
    },
    /// The partial likelihood has no maximum, or a covariate does not vary among those at risk.
    #[error(
        "the hazard ratio can't be estimated: a covariate does not vary at the event times, or separates those with events"
    )]
    NotIdentified,
}

/// A fitted model.
#[derive(Debug, Clone, PartialEq)]
pub struct Cox {
    /// Log hazard ratios.
    pub coefficients: Vec<f64>,
    /// Their covariance, p×p by rows.
    pub covariance: Vec<f64>,
    /// Partial log-likelihood without and with the covariates.
    pub log_likelihood: [f64; 2],
}

/// Fits covariates (one row a person) to follow-up; people are compared within their stratum only.
pub fn cox(people: &[FollowUp], covariates: &[Vec<f64>], strata: &[u32], ties: Ties) -> Result<Cox, CoxError> {
    let p = covariates.first().map_or(0, Vec::len);
    if people.is_empty() || p == 0 || people.len() != covariates.len() || people.len() != strata.len() {
        return Err(CoxError::Lengths { people: people.len(), covariates: covariates.len() });
    }
    let risk = Risk { people, covariates, order: order(people, strata), strata, ties };
    let mut beta = vec![0.0; p];
    let mut state = risk.derivatives(&beta);
    let null = state.value;
    for _ in 0..60 {
        let mut factor = state.information.clone();
        cholesky(&mut factor, p).ok_or(CoxError::NotIdentified)?;
        let mut step = state.score.clone();
        solve_lower(&factor, p, &mut step);
        let decrement = dot(&step, &step);
        solve_lower_transposed(&factor, p, &mut step);
        if decrement < 1e-22 {
            let (mut inverse, mut covariance) = (vec![0.0; p * p], vec![0.0; p * p]);
            invert_lower(&factor, p, &mut inverse);
            inverse_from(&inverse, p, &mut covariance);
            return Ok(Cox { coefficients: beta, covariance, log_likelihood: [null, state.value] });
        }
        // Halve steps that would lower the likelihood.
        loop {
            let trial: Vec<f64> = beta.iter().zip(&step).map(|(value, change)| value + change).collect();
            let next = risk.derivatives(&trial);
            if next.value >= state.value - 1e-12 * state.value.abs() {
                (beta, state) = (trial, next);
                break;
            }
            step.iter_mut().for_each(|change| *change *= 0.5);
            if dot(&step, &step) < 1e-30 {
                return Err(CoxError::NotIdentified);
            }
        }
        if beta.iter().any(|value| value.abs() > 50.0) {
            break;
        }
    }
    Err(CoxError::NotIdentified)
}

/// By stratum, then from the longest follow-up to the shortest.
fn order(people: &[FollowUp], strata: &[u32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..people.len()).collect();
    order.sort_by(|&left, &right| {
        strata[left].cmp(&strata[right]).then(people[right].time.total_cmp(&people[left].time))
    });
    order
}

struct Risk<'a> {
    people: &'a [FollowUp],
    covariates: &'a [Vec<f64>],
    order: Vec<usize>,
    strata: &'a [u32],
    ties: Ties,
}

struct State {
    value: f64,
    score: Vec<f64>,
    information: Vec<f64>,
}

/// Sums over people: of exp(βx), x·exp(βx), xx′·exp(βx).
#[derive(Clone)]
struct Sums {
    weight: f64,
    first: Vec<f64>,
    second: Vec<f64>,
}

impl Sums {
    fn new(p: usize) -> Self {
        Sums { weight: 0.0, first: vec![0.0; p], second: vec![0.0; p * p] }
    }

    fn add(&mut self, weight: f64, x: &[f64]) {
        self.weight += weight;
        axpy(weight, x, &mut self.first);
        for (i, value) in x.iter().enumerate() {
            axpy(weight * value, x, &mut self.second[i * x.len()..(i + 1) * x.len()]);
        }
    }
}

impl Risk<'_> {
    fn derivatives(&self, beta: &[f64]) -> State {
        let p = beta.len();
        let mut state = State { value: 0.0, score: vec![0.0; p], information: vec![0.0; p * p] };
        let (mut at_risk, mut start) = (Sums::new(p), 0);
        while start < self.order.len() {
            let head = self.order[start];
            if start > 0 && self.strata[self.order[start - 1]] != self.strata[head] {
                at_risk = Sums::new(p);
            }
            let same = |index: &&usize| {
                self.strata[**index] == self.strata[head] && self.people[**index].time == self.people[head].time
            };
            let end = start + self.order[start..].iter().take_while(same).count();
            let mut tied = Sums::new(p);
            let mut events = 0u32;
            for &index in &self.order[start..end] {
                let x = &self.covariates[index];
                let linear = dot(x, beta);
                at_risk.add(linear.exp(), x);
                if self.people[index].event {
                    tied.add(linear.exp(), x);
                    events += 1;
                    state.value += linear;
                    axpy(1.0, x, &mut state.score);
                }
            }
            for event in 0..events {
                // Efron: those who fail at this time leave one by one, each only in part.
                let share = if self.ties == Ties::Efron { f64::from(event) / f64::from(events) } else { 0.0 };
                self.subtract(&at_risk, &tied, share, &mut state);
            }
            start = end;
        }
        state
    }

    fn subtract(&self, at_risk: &Sums, tied: &Sums, share: f64, state: &mut State) {
        let p = state.score.len();
        let weight = at_risk.weight - share * tied.weight;
        let mean: Vec<f64> =
            at_risk.first.iter().zip(&tied.first).map(|(all, part)| (all - share * part) / weight).collect();
        state.value -= weight.ln();
        axpy(-1.0, &mean, &mut state.score);
        for i in 0..p {
            for j in 0..p {
                let second = (at_risk.second[i * p + j] - share * tied.second[i * p + j]) / weight;
                state.information[i * p + j] += second - mean[i] * mean[j];
            }
        }
    }
}
