//! Ordinary least squares (ANCOVA), its heteroscedasticity-consistent errors, and the rank-sum test.
//!
//! Sources: MacKinnon & White 1985 (HC3); Wilcoxon 1945, Mann & Whitney 1947.

use crate::dense::{axpy, cholesky, dot, inverse_from, invert_lower, solve_lower};
use crate::distributions::{normal_upper, t_quantile, t_two_sided};

/// Why there is no fit.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LinearError {
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
    /// No more rows than columns.
    #[error("{columns} coefficients can't be estimated from {rows} rows")]
    TooFewRows {
        /// Coefficients.
        columns: usize,
        /// Rows.
        rows: usize,
    },
    /// Columns that depend on each other.
    #[error("the columns depend on each other (column {0}, counted from 1, on the ones before it)")]
    Dependent(usize),
}

/// A least-squares fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear {
    /// Coefficients, by column.
    pub coefficients: Vec<f64>,
    /// Residual degrees of freedom.
    pub df: f64,
    /// Residual standard deviation.
    pub sigma: f64,
    /// (X′X)⁻¹, p×p by rows.
    unscaled: Vec<f64>,
    rows: Vec<Vec<f64>>,
    residuals: Vec<f64>,
}

/// A combination of coefficients.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinearEstimate {
    /// Its value.
    pub estimate: f64,
    /// Its standard error.
    pub se: f64,
    /// Its t statistic.
    pub t: f64,
    /// Two-sided.
    pub p: f64,
    /// Its interval.
    pub interval: [f64; 2],
}

impl Linear {
    /// Fits responses to rows of covariates, the intercept's ones included.
    pub fn new(rows: &[Vec<f64>], responses: &[f64]) -> Result<Self, LinearError> {
        let p = rows.first().map_or(0, Vec::len);
        if let Some(row) = rows.iter().position(|row| row.len() != p || p == 0) {
            return Err(LinearError::Ragged { row: row + 1, found: rows[row].len(), needed: p.max(1) });
        }
        if rows.len() <= p || responses.len() != rows.len() {
            return Err(LinearError::TooFewRows { columns: p, rows: rows.len().min(responses.len()) });
        }
        // Columns scaled to length 1, so that dependence shows as a small pivot.
        let scale: Vec<f64> = (0..p).map(|j| rows.iter().map(|row| row[j] * row[j]).sum::<f64>().sqrt()).collect();
        let (mut factor, mut right) = (vec![0.0; p * p], vec![0.0; p]);
        for (row, response) in rows.iter().zip(responses) {
            let row: Vec<f64> = row.iter().zip(&scale).map(|(value, length)| value / length).collect();
            for i in 0..p {
                axpy(row[i], &row[..=i], &mut factor[i * p..i * p + i + 1]);
            }
            axpy(*response, &row, &mut right);
        }
        for column in 1..=p {
            let mut leading: Vec<f64> = (0..column).flat_map(|i| factor[i * p..i * p + column].to_vec()).collect();
            if cholesky(&mut leading, column).is_none() || leading[column * column - 1] < 1e-7 {
                return Err(LinearError::Dependent(column));
            }
        }
        cholesky(&mut factor, p).ok_or(LinearError::Dependent(p))?;
        let (mut inverse, mut unscaled) = (vec![0.0; p * p], vec![0.0; p * p]);
        invert_lower(&factor, p, &mut inverse);
        inverse_from(&inverse, p, &mut unscaled);
        let mut half = right.clone();
        solve_lower(&factor, p, &mut half);
        let coefficients: Vec<f64> = (0..p).map(|i| dot(&unscaled[i * p..(i + 1) * p], &right) / scale[i]).collect();
        for i in 0..p {
            for j in 0..p {
                unscaled[i * p + j] /= scale[i] * scale[j];
            }
        }
        let mut fit = Linear {
            coefficients,
            df: (rows.len() - p) as f64,
            sigma: 0.0,
            unscaled,
            rows: rows.to_vec(),
            residuals: Vec::new(),
        };
        fit.refine(responses);
        fit.sigma = (dot(&fit.residuals, &fit.residuals) / fit.df).sqrt();
        Ok(fit)
    }

    /// One step of iterative refinement: the normal equations square the condition number, the residuals do not.
    fn refine(&mut self, responses: &[f64]) {
        let p = self.coefficients.len();
        for _ in 0..2 {
            let mut right = vec![0.0; p];
            self.residuals = self
                .rows
                .iter()
                .zip(responses)
                .map(|(row, response)| response - dot(row, &self.coefficients))
                .collect();
            self.rows.iter().zip(&self.residuals).for_each(|(row, residual)| axpy(*residual, row, &mut right));
            for i in 0..p {
                self.coefficients[i] += dot(&self.unscaled[i * p..(i + 1) * p], &right);
            }
        }
        self.residuals =
            self.rows.iter().zip(responses).map(|(row, response)| response - dot(row, &self.coefficients)).collect();
    }

    /// Covariance of the coefficients, p×p by rows.
    pub fn covariance(&self) -> Vec<f64> {
        self.unscaled.iter().map(|value| value * self.sigma * self.sigma).collect()
    }

    /// A combination of the coefficients.
    pub fn contrast(&self, combination: &[f64], level: f64) -> LinearEstimate {
        let p = self.coefficients.len();
        let variance: f64 =
            self.unscaled.chunks_exact(p).zip(combination).map(|(row, weight)| weight * dot(row, combination)).sum();
        let (estimate, se) = (dot(combination, &self.coefficients), self.sigma * variance.sqrt());
        let t = estimate / se;
        let reach = t_quantile(0.5 + 0.5 * level, self.df) * se;
        LinearEstimate { estimate, se, t, p: t_two_sided(t, self.df), interval: [estimate - reach, estimate + reach] }
    }

    /// Each coefficient by itself.
    pub fn tests(&self, level: f64) -> Vec<LinearEstimate> {
        let p = self.coefficients.len();
        let unit = |i: usize| (0..p).map(|j| if i == j { 1.0 } else { 0.0 }).collect::<Vec<_>>();
        (0..p).map(|i| self.contrast(&unit(i), level)).collect()
    }

    /// Heteroscedasticity-consistent standard errors HC3: residuals divided by 1 − leverage.
    pub fn hc3(&self) -> Vec<f64> {
        let p = self.coefficients.len();
        let mut middle = vec![0.0; p * p];
        for (row, residual) in self.rows.iter().zip(&self.residuals) {
            let along: Vec<f64> = self.unscaled.chunks_exact(p).map(|line| dot(line, row)).collect();
            let score = residual / (1.0 - dot(&along, row));
            for i in 0..p {
                axpy(score * score * along[i], &along, &mut middle[i * p..(i + 1) * p]);
            }
        }
        (0..p).map(|i| middle[i * p + i].sqrt()).collect()
    }
}

/// The rank-sum test of two samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankSum {
    /// Mann & Whitney's U of the first sample (R calls it W).
    pub w: f64,
    /// Two-sided, by the normal approximation with correction for ties and continuity.
    pub p: f64,
}

/// Compares two samples by ranks; `None` where one is empty or all values are equal.
pub fn rank_sum(first: &[f64], second: &[f64]) -> Option<RankSum> {
    let (n, m) = (first.len() as f64, second.len() as f64);
    let mut all: Vec<(f64, bool)> =
        first.iter().map(|value| (*value, true)).chain(second.iter().map(|value| (*value, false))).collect();
    all.sort_by(|left, right| left.0.total_cmp(&right.0));
    let (mut ranks, mut ties, mut start) = (0.0, 0.0, 0);
    while start < all.len() {
        let end = all[start..]
            .iter()
            .position(|(value, _)| *value != all[start].0)
            .map_or(all.len(), |length| start + length);
        let size = (end - start) as f64;
        let rank = start as f64 + (size + 1.0) / 2.0;
        ranks += rank * all[start..end].iter().filter(|(_, is_first)| *is_first).count() as f64;
        ties += size.powi(3) - size;
        start = end;
    }
    let w = ranks - n * (n + 1.0) / 2.0;
    let total = n + m;
    let variance = n * m / 12.0 * (total + 1.0 - ties / (total * (total - 1.0)));
    if variance.is_nan() || variance <= 0.0 {
        return None;
    }
    let off = w - n * m / 2.0;
    let z = (off - off.signum() * if off == 0.0 { 0.0 } else { 0.5 }) / variance.sqrt();
    Some(RankSum { w, p: (2.0 * normal_upper(z.abs())).min(1.0) })
}
