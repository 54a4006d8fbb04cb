//! Logistic regression by iterated weighted least squares, and the risk difference standardised over everybody.

use crate::dense::{cholesky, dot, inverse_from, invert_lower, solve_lower, solve_lower_transposed};
use crate::distributions::{normal_quantile, normal_upper};

/// Why there is no fit.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LogisticError {
    /// Rows of different lengths, or none.
    #[error("row {row} has {found} values, {needed} are needed")]
    Ragged {
        /// Row from 1.
        row: usize,
        /// Values found.
        found: usize,
        /// Values needed.
        needed: usize,
    },
    /// A response other than 0 and 1, or a value that is no finite number.
    #[error("row {row} holds {found}: responses must be 0 or 1 and covariates finite")]
    BadValue {
        /// Row from 1.
        row: usize,
        /// The value.
        found: f64,
    },
    /// Columns that depend on each other.
    #[error("column {0} (counted from 1) is a combination of the ones before it")]
    Dependent(usize),
    /// Somebody's response is predicted perfectly.
    #[error("the covariates separate responders from the others, so the likelihood has no maximum")]
    Separated,
}

/// A fitted logistic regression.
#[derive(Debug, Clone, PartialEq)]
pub struct Logistic {
    /// Coefficients, by column.
    pub coefficients: Vec<f64>,
    /// Inverse expected information, p×p by rows.
    pub covariance: Vec<f64>,
    /// log L.
    pub log_likelihood: f64,
    rows: Vec<Vec<f64>>,
}

/// A risk difference standardised over all rows (g-computation).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RiskDifference {
    /// Mean risk with everybody treated.
    pub treated: f64,
    /// Mean risk with nobody treated.
    pub control: f64,
    /// Their difference.
    pub difference: f64,
    /// Standard error by the delta method, covariates held fixed.
    pub se: f64,
    /// Interval.
    pub interval: [f64; 2],
}

impl Logistic {
    /// Fits responses (0 or 1) to rows of covariates, the intercept's ones included.
    pub fn new(rows: &[Vec<f64>], responses: &[f64]) -> Result<Self, LogisticError> {
        let p = check(rows, responses)?;
        let mut beta = vec![0.0; p];
        let mut last = f64::NEG_INFINITY;
        for _ in 0..60 {
            let (information, score, log_likelihood) = derivatives(rows, responses, &beta);
            let mut factor = information;
            for column in 0..p {
                // The factorisation fails at the first dependent column.
                let mut leading: Vec<f64> =
                    (0..=column).flat_map(|i| factor[i * p..i * p + column + 1].to_vec()).collect();
                if last == f64::NEG_INFINITY && cholesky(&mut leading, column + 1).is_none() {
                    return Err(LogisticError::Dependent(column + 1));
                }
            }
            cholesky(&mut factor, p).ok_or(LogisticError::Separated)?;
            let mut step = score;
            solve_lower(&factor, p, &mut step);
            let decrement = dot(&step, &step);
            solve_lower_transposed(&factor, p, &mut step);
            if decrement < 1e-20 {
                let (mut inverse, mut covariance) = (vec![0.0; p * p], vec![0.0; p * p]);
                invert_lower(&factor, p, &mut inverse);
                inverse_from(&inverse, p, &mut covariance);
                return Ok(Logistic { coefficients: beta, covariance, log_likelihood, rows: rows.to_vec() });
            }
            beta.iter_mut().zip(&step).for_each(|(value, change)| *value += change);
            last = log_likelihood;
        }
        Err(LogisticError::Separated)
    }

    /// Standard errors.
    pub fn standard_errors(&self) -> Vec<f64> {
        let p = self.coefficients.len();
        (0..p).map(|i| self.covariance[i * p + i].sqrt()).collect()
    }

    /// Wald's z and two-sided p of each coefficient.
    pub fn tests(&self) -> Vec<(f64, f64)> {
        let z = self.coefficients.iter().zip(self.standard_errors()).map(|(value, se)| value / se);
        z.map(|z| (z, 2.0 * normal_upper(z.abs()))).collect()
    }

    /// The odds ratio of a column with Wald's interval.
    pub fn odds_ratio(&self, column: usize, level: f64) -> [f64; 3] {
        let z = -normal_quantile(0.5 * (1.0 - level));
        let (value, se) = (self.coefficients[column], self.standard_errors()[column]);
        [value.exp(), (value - z * se).exp(), (value + z * se).exp()]
    }

    /// The risk difference between `treatment` = 1 and 0, averaged over all rows.
    pub fn risk_difference(&self, treatment: usize, level: f64) -> RiskDifference {
        let (p, n) = (self.coefficients.len(), self.rows.len() as f64);
        let mut slope = vec![0.0; p];
        let mut means = [0.0; 2];
        for row in &self.rows {
            let mut row = row.clone();
            for (arm, sign) in [(0, -1.0), (1, 1.0)] {
                row[treatment] = arm as f64;
                let risk = logistic(dot(&row, &self.coefficients));
                means[arm] += risk / n;
                slope.iter_mut().zip(&row).for_each(|(value, x)| *value += sign * risk * (1.0 - risk) * x / n);
            }
        }
        let variance: f64 =
            self.covariance.chunks_exact(p).zip(&slope).map(|(line, value)| value * dot(line, &slope)).sum();
        let (difference, se) = (means[1] - means[0], variance.sqrt());
        let z = -normal_quantile(0.5 * (1.0 - level));
        RiskDifference {
            treated: means[1],
            control: means[0],
            difference,
            se,
            interval: [difference - z * se, difference + z * se],
        }
    }
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn check(rows: &[Vec<f64>], responses: &[f64]) -> Result<usize, LogisticError> {
    let p = rows.first().map_or(0, Vec::len);
    for (index, row) in rows.iter().enumerate() {
        if row.len() != p || p == 0 {
            return Err(LogisticError::Ragged { row: index + 1, found: row.len(), needed: p.max(1) });
        }
        if let Some(found) = row.iter().find(|value| !value.is_finite()) {
            return Err(LogisticError::BadValue { row: index + 1, found: *found });
        }
    }
    if responses.len() != rows.len() || rows.is_empty() {
        return Err(LogisticError::Ragged { row: rows.len().min(responses.len()) + 1, found: 0, needed: p.max(1) });
    }
    match responses.iter().position(|value| *value != 0.0 && *value != 1.0) {
        Some(index) => Err(LogisticError::BadValue { row: index + 1, found: responses[index] }),
        None => Ok(p),
    }
}

fn derivatives(rows: &[Vec<f64>], responses: &[f64], beta: &[f64]) -> (Vec<f64>, Vec<f64>, f64) {
    let p = beta.len();
    let (mut information, mut score, mut log_likelihood) = (vec![0.0; p * p], vec![0.0; p], 0.0);
    for (row, response) in rows.iter().zip(responses) {
        let linear = dot(row, beta);
        let risk = logistic(linear);
        log_likelihood +=
            response * linear - if linear > 0.0 { linear + (-linear).exp().ln_1p() } else { linear.exp().ln_1p() };
        for i in 0..p {
            score[i] += (response - risk) * row[i];
            for j in 0..=i {
                information[i * p + j] += risk * (1.0 - risk) * row[i] * row[j];
            }
        }
    }
    (information, score, log_likelihood)
}
