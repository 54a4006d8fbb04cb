//! Tests and intervals for combinations of the coefficients.
//!
//! Everything works in whitened coordinates: with A = X′V⁻¹X = LL′ a contrast c becomes d = L⁻¹c′, its variance d′d,
//! the derivative of that d′G_kd. Sources: Satterthwaite 1946; Fai & Cornelius 1996; Kenward & Roger 1997, 2009;
//! Bell & McCaffrey 2002; Pustejovsky & Tipton 2018.

use nalgebra::{DMatrix, SymmetricEigen};

use crate::dense::{axpy, axpy_rows, cholesky, dot, packed_len, solve_lower, square_of_triangle};
use crate::distributions::{f_upper, normal_quantile, t_two_sided, t_upper_quantile};

use super::sandwich::Sandwich;
use super::{Estimation, Fit};

/// How denominator degrees of freedom are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DfMethod {
    /// Moments of the variance's estimate; with an empirical covariance in the form of Bell & McCaffrey.
    Satterthwaite,
    /// Kenward & Roger (1997), also scaling the F statistic.
    KenwardRoger,
    /// Between or within people, by what a coefficient varies over.
    BetweenWithin,
    /// Rows minus coefficients.
    Residual,
}

/// Which covariance of the coefficients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vcov {
    /// Φ = (X′V⁻¹X)⁻¹ at the estimated V.
    Asymptotic,
    /// Φ adjusted for V being estimated, with the second derivatives of V in θ.
    KenwardRoger,
    /// The same without second derivatives: does not depend on the parameterisation, and is the default.
    KenwardRogerLinear,
    /// Sandwich (CR0).
    Empirical,
    /// Sandwich with residuals multiplied by (I−H)^−½ (CR2).
    EmpiricalBiasReduced,
    /// Sandwich with residuals multiplied by (I−H)^−1 (CR3).
    EmpiricalJackknife,
}

impl DfMethod {
    /// Every method, by the name that the reference files use.
    pub const NAMED: [(&'static str, DfMethod); 4] = [
        ("Satterthwaite", DfMethod::Satterthwaite),
        ("Kenward-Roger", DfMethod::KenwardRoger),
        ("Between-Within", DfMethod::BetweenWithin),
        ("Residual", DfMethod::Residual),
    ];

    /// The method's name.
    pub fn name(self) -> &'static str {
        Self::NAMED.iter().find(|(_, method)| *method == self).map_or("", |(name, _)| name)
    }
}

impl Vcov {
    /// Every covariance, by the name that the reference files use.
    pub const NAMED: [(&'static str, Vcov); 6] = [
        ("Asymptotic", Vcov::Asymptotic),
        ("Kenward-Roger", Vcov::KenwardRoger),
        ("Kenward-Roger-Linear", Vcov::KenwardRogerLinear),
        ("Empirical", Vcov::Empirical),
        ("Empirical-Bias-Reduced", Vcov::EmpiricalBiasReduced),
        ("Empirical-Jackknife", Vcov::EmpiricalJackknife),
    ];

    /// The covariance's name.
    pub fn name(self) -> &'static str {
        Self::NAMED.iter().find(|(_, vcov)| *vcov == self).map_or("", |(name, _)| name)
    }

    fn is_empirical(self) -> bool {
        matches!(self, Vcov::Empirical | Vcov::EmpiricalBiasReduced | Vcov::EmpiricalJackknife)
    }
}

/// Why an inference can't be given.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InferenceError {
    /// Kenward–Roger is a correction of REML.
    #[error("Kenward-Roger needs REML; this fit is by ML")]
    NeedsReml,
    /// Two parts that do not belong together.
    #[error("degrees of freedom `{df}` do not go with the covariance `{vcov}`")]
    Mismatch {
        /// The method asked for.
        df: &'static str,
        /// The covariance asked for.
        vcov: &'static str,
    },
    /// The joint covariance of a test can't be inverted.
    #[error("the covariance of this test's contrasts is singular: they depend on each other, or on too few people")]
    Dependent,
}

/// One estimated number.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Estimate {
    /// The combination of coefficients.
    pub estimate: f64,
    /// Its standard error.
    pub se: f64,
    /// Degrees of freedom.
    pub df: f64,
    /// estimate / se.
    pub t: f64,
    /// Two-sided.
    pub p: f64,
    /// Lower confidence limit.
    #[serde(rename = "lower95")]
    pub lower: f64,
    /// Upper confidence limit.
    #[serde(rename = "upper95")]
    pub upper: f64,
}

/// A joint test.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct FTest {
    /// Numerator degrees of freedom.
    pub num_df: usize,
    /// Denominator degrees of freedom.
    pub den_df: f64,
    /// The statistic.
    #[serde(rename = "F")]
    pub f: f64,
    /// Its tail probability.
    pub p: f64,
}

/// A fit seen through one covariance and one method for degrees of freedom.
#[derive(Debug, Clone)]
pub struct Inference<'a> {
    /// The fit.
    pub fit: &'a Fit,
    /// The method for degrees of freedom.
    pub df: DfMethod,
    /// The covariance.
    pub vcov: Vcov,
    /// One minus the coverage of intervals, halved; and its normal quantile.
    tail: f64,
    tail_z: f64,
    beta: Vec<f64>,
    /// The covariance in whitened coordinates; `None` where it is the unit matrix.
    middle: Option<Vec<f64>>,
    sandwich: Option<Sandwich>,
    /// Which coefficients vary within people; only for between–within.
    within: Vec<bool>,
}

impl Fit {
    /// The fit seen through a covariance and a method for degrees of freedom.
    pub fn inference(&self, df: DfMethod, vcov: Vcov) -> Result<Inference<'_>, InferenceError> {
        let adjusted = matches!(vcov, Vcov::KenwardRoger | Vcov::KenwardRogerLinear);
        if adjusted != (df == DfMethod::KenwardRoger) {
            return Err(InferenceError::Mismatch { df: df.name(), vcov: vcov.name() });
        }
        if adjusted && self.model.estimation == Estimation::Ml {
            return Err(InferenceError::NeedsReml);
        }
        let sandwich = vcov.is_empirical().then(|| Sandwich::new(self, vcov));
        let middle = match (&sandwich, adjusted) {
            (Some(sandwich), _) => Some(sandwich.middle.clone()),
            (None, true) => Some(self.kenward_roger_middle(vcov == Vcov::KenwardRoger)),
            (None, false) => None,
        };
        let within = if df == DfMethod::BetweenWithin { self.varies_within() } else { Vec::new() };
        Ok(Inference {
            fit: self,
            df,
            vcov,
            tail: 0.025,
            tail_z: normal_quantile(0.975),
            beta: self.coefficients(),
            middle,
            sandwich,
            within,
        })
    }

    /// I + 2(Σ W_kl Q_kl − Σ W_kl G_kG_l [− ¼ Σ W_kl R_kl]), whitened.
    fn kenward_roger_middle(&self, with_curvature: bool) -> Vec<f64> {
        let (p, count) = (self.problem.p, self.working.len());
        let size = packed_len(p);
        let (mut products, curves) = self.likelihood.kenward_roger_sums(&self.working, &self.theta_vcov);
        if with_curvature {
            axpy(-0.25, &curves, &mut products);
        }
        let slopes = &self.likelihood.whitened;
        // With W = RR′ the double sum is Σ_r Ĝ_r², Ĝ_r = Σ_k R_kr G_k.
        let mut root = self.theta_vcov.clone();
        if cholesky(&mut root, count).is_none() {
            root.fill(f64::NAN);
        }
        let mut middle = vec![0.0; p * p];
        square_of_triangle(&products, p, &mut middle);
        let (mut sum, mut slope) = (vec![0.0; size], vec![0.0; p * p]);
        let mut column = vec![0.0; count];
        for r in 0..count {
            for (k, value) in column.iter_mut().enumerate().skip(r) {
                *value = -root[k * count + r];
            }
            sum.fill(0.0);
            axpy_rows(&column[r..], &slopes[r * size..], size, 0, &mut sum);
            square_of_triangle(&sum, p, &mut slope);
            for i in 0..p {
                sum.fill(0.0);
                axpy_rows(&slope[i * p..(i + 1) * p], &slope, p, 0, &mut sum[..=i]);
                axpy(-1.0, &sum[..=i], &mut middle[i * p..i * p + i + 1]);
            }
        }
        for i in 0..p {
            for j in 0..=i {
                let value = 2.0 * middle[i * p + j] + if i == j { 1.0 } else { 0.0 };
                middle[i * p + j] = value;
                middle[j * p + i] = value;
            }
        }
        middle
    }

    /// For every kept column whether it varies between the rows of some person.
    fn varies_within(&self) -> Vec<bool> {
        let design = &self.data.design;
        let mut varies = vec![false; design.names.len()];
        let mut first = vec![0.0; design.names.len()];
        let mut now = vec![0.0; design.names.len()];
        for person in &self.problem.people {
            let Some((&head, rest)) = person.rows.split_first() else { continue };
            spread(design.row(head), &mut first);
            for &row in rest {
                spread(design.row(row), &mut now);
                for (flag, (a, b)) in varies.iter_mut().zip(first.iter().zip(&now)) {
                    *flag |= a != b;
                }
            }
        }
        design.kept.iter().map(|&column| varies[column]).collect()
    }
}

fn spread(cells: &[(u32, f64)], out: &mut [f64]) {
    out.fill(0.0);
    for &(column, value) in cells {
        out[column as usize] = value;
    }
}

impl Inference<'_> {
    /// The same with intervals of another coverage than 0.95.
    pub fn with_level(mut self, level: f64) -> Self {
        self.tail = 0.5 * (1.0 - level);
        self.tail_z = -normal_quantile(self.tail);
        self
    }

    /// Covariance of the coefficients as used for standard errors, p×p by rows.
    pub fn beta_vcov(&self) -> Vec<f64> {
        match &self.middle {
            Some(middle) => self.fit.unwhitened(middle),
            None => self.fit.beta_vcov(),
        }
    }

    /// Estimate, standard error, test and interval of one combination of the estimated coefficients.
    pub fn contrast(&self, combination: &[f64]) -> Estimate {
        let d = self.fit.whitened_contrast(combination);
        let df = self.one_df(combination, &d);
        let se = self.variance(&d, &d).max(0.0).sqrt();
        let estimate = dot(combination, &self.beta);
        let t = estimate / se;
        let reach = t_upper_quantile(self.tail, self.tail_z, df) * se;
        Estimate { estimate, se, df, t, p: t_two_sided(t, df), lower: estimate - reach, upper: estimate + reach }
    }

    /// Each estimated coefficient by itself.
    pub fn coefficients(&self) -> Vec<Estimate> {
        let p = self.beta.len();
        let mut unit = vec![0.0; p];
        (0..p)
            .map(|i| {
                unit.fill(0.0);
                unit[i] = 1.0;
                self.contrast(&unit)
            })
            .collect()
    }

    /// Every term of the formula: all its estimated coefficients zero. Gives name, coefficients and test.
    pub fn terms(&self) -> Vec<(String, Vec<String>, Result<FTest, InferenceError>)> {
        let design = &self.fit.data.design;
        let mut tests = Vec::new();
        for term in design.terms.iter().filter(|term| !term.variables.is_empty()) {
            let columns: Vec<usize> = (0..design.kept.len())
                .filter(|&i| (term.first..term.first + term.width).contains(&design.kept[i]))
                .collect();
            if columns.is_empty() {
                continue;
            }
            let rows: Vec<Vec<f64>> = columns
                .iter()
                .map(|&i| (0..design.kept.len()).map(|j| if i == j { 1.0 } else { 0.0 }).collect())
                .collect();
            let names = columns.iter().map(|&i| design.names[design.kept[i]].clone()).collect();
            tests.push((term.name.clone(), names, self.joint(&rows)));
        }
        tests
    }

    /// All combinations zero at once.
    pub fn joint(&self, rows: &[Vec<f64>]) -> Result<FTest, InferenceError> {
        if let [row] = rows {
            let one = self.contrast(row);
            return Ok(FTest { num_df: 1, den_df: one.df, f: one.t * one.t, p: f_upper(one.t * one.t, 1.0, one.df) });
        }
        let whitened: Vec<Vec<f64>> = rows.iter().map(|row| self.fit.whitened_contrast(row)).collect();
        match self.df {
            DfMethod::Satterthwaite => self.joint_satterthwaite(rows, &whitened),
            DfMethod::KenwardRoger => self.joint_kenward_roger(rows, &whitened),
            DfMethod::BetweenWithin | DfMethod::Residual => {
                let df = rows.iter().zip(&whitened).map(|(row, d)| self.one_df(row, d)).fold(f64::INFINITY, f64::min);
                let f = self.wald(rows, &whitened)? / rows.len() as f64;
                Ok(FTest { num_df: rows.len(), den_df: df, f, p: f_upper(f, rows.len() as f64, df) })
            }
        }
    }

    /// d′Me for the whitened covariance M.
    fn variance(&self, d: &[f64], e: &[f64]) -> f64 {
        match &self.middle {
            Some(middle) => middle.chunks_exact(d.len()).zip(d).map(|(row, weight)| weight * dot(row, e)).sum(),
            None => dot(d, e),
        }
    }

    fn one_df(&self, combination: &[f64], d: &[f64]) -> f64 {
        match (self.df, &self.sandwich) {
            (DfMethod::Satterthwaite, Some(sandwich)) => sandwich.df(d),
            (DfMethod::Satterthwaite, None) | (DfMethod::KenwardRoger, _) => {
                2.0 * dot(d, d).powi(2) / self.fit.variance_spread(d)
            }
            (DfMethod::Residual, _) => (self.fit.problem.rows - self.fit.problem.p) as f64,
            (DfMethod::BetweenWithin, _) => self.between_within(combination),
        }
    }

    /// The smallest over the columns in use; the intercept counts as within.
    fn between_within(&self, combination: &[f64]) -> f64 {
        let design = &self.fit.data.design;
        let is_intercept =
            |i: usize| design.terms.first().is_some_and(|term| term.variables.is_empty()) && design.kept[i] == 0;
        let (mut within, mut between, mut intercept) = (0usize, 0usize, 0usize);
        for (i, varies) in self.within.iter().enumerate() {
            if is_intercept(i) {
                intercept += 1;
            } else if *varies {
                within += 1;
            } else {
                between += 1;
            }
        }
        let people = self.fit.problem.people.len() as f64;
        let df_between = people - (between + intercept) as f64;
        let df_within = self.fit.problem.rows as f64 - people - within as f64;
        let used = combination.iter().enumerate().filter(|(_, weight)| **weight != 0.0);
        used.map(|(i, _)| if self.within[i] || is_intercept(i) { df_within } else { df_between })
            .fold(f64::INFINITY, f64::min)
    }

    /// (Cβ)′(CVC′)⁻¹Cβ.
    fn wald(&self, rows: &[Vec<f64>], whitened: &[Vec<f64>]) -> Result<f64, InferenceError> {
        let q = rows.len();
        let mut covariance: Vec<f64> =
            whitened.iter().flat_map(|d| whitened.iter().map(|e| self.variance(d, e))).collect();
        cholesky(&mut covariance, q).ok_or(InferenceError::Dependent)?;
        let mut estimates: Vec<f64> = rows.iter().map(|row| dot(row, &self.beta)).collect();
        solve_lower(&covariance, q, &mut estimates);
        Ok(dot(&estimates, &estimates))
    }

    /// Uncorrelated combinations of the rows, each with its own degrees of freedom (Fai & Cornelius 1996).
    fn joint_satterthwaite(&self, rows: &[Vec<f64>], whitened: &[Vec<f64>]) -> Result<FTest, InferenceError> {
        let q = rows.len();
        let covariance = DMatrix::from_fn(q, q, |i, j| self.variance(&whitened[i], &whitened[j]));
        let eigen = SymmetricEigen::new(covariance);
        let largest = eigen.eigenvalues.max();
        let mut sum = 0.0;
        let mut dfs = Vec::with_capacity(q);
        let p = self.beta.len();
        for (value, vector) in eigen.eigenvalues.iter().zip(eigen.eigenvectors.column_iter()) {
            if *value <= f64::EPSILON.sqrt() * largest {
                continue;
            }
            let (mut row, mut d) = (vec![0.0; p], vec![0.0; p]);
            for (i, weight) in vector.iter().enumerate() {
                axpy(*weight, &rows[i], &mut row);
                axpy(*weight, &whitened[i], &mut d);
            }
            sum += dot(&row, &self.beta).powi(2) / value;
            dfs.push(self.one_df(&row, &d));
        }
        if dfs.is_empty() {
            return Err(InferenceError::Dependent);
        }
        let rank = dfs.len();
        let f = sum / rank as f64;
        let den_df = combined_df(&dfs);
        Ok(FTest { num_df: rank, den_df, f, p: f_upper(f, rank as f64, den_df) })
    }

    /// Kenward & Roger (1997), their λ in the statistic.
    fn joint_kenward_roger(&self, rows: &[Vec<f64>], whitened: &[Vec<f64>]) -> Result<FTest, InferenceError> {
        let (q, p) = (rows.len(), self.beta.len());
        // An orthonormal basis U of the whitened contrasts: tr(ΘΦP_kΦ) = tr(U′G_kU).
        let mut gram: Vec<f64> = whitened.iter().flat_map(|d| whitened.iter().map(|e| dot(d, e))).collect();
        cholesky(&mut gram, q).ok_or(InferenceError::Dependent)?;
        let mut basis = whitened.to_vec();
        for column in 0..p {
            let mut values: Vec<f64> = whitened.iter().map(|d| d[column]).collect();
            solve_lower(&gram, q, &mut values);
            for (vector, value) in basis.iter_mut().zip(values) {
                vector[column] = value;
            }
        }
        let mut square = vec![0.0; p * p];
        let triangles = self.fit.likelihood.whitened.chunks_exact(packed_len(p));
        let slopes: Vec<Vec<f64>> = triangles
            .map(|triangle| {
                square_of_triangle(triangle, p, &mut square);
                squeeze(&square, &basis)
            })
            .collect();
        let (mut a1, mut a2) = (0.0, 0.0);
        let count = slopes.len();
        let trace = |matrix: &[f64]| (0..q).map(|i| matrix[i * q + i]).sum::<f64>();
        for k in 0..count {
            for l in 0..count {
                let weight = self.fit.theta_vcov[k * count + l];
                a1 += weight * trace(&slopes[k]) * trace(&slopes[l]);
                a2 += weight * dot(&slopes[k], &slopes[l]);
            }
        }
        let (df, scale) = kenward_roger_df(q as f64, a1, a2);
        let f = scale / q as f64 * self.wald(rows, whitened)?;
        Ok(FTest { num_df: q, den_df: df, f, p: f_upper(f, q as f64, df) })
    }
}

/// U′GU for the rows of `basis` as the columns of U.
fn squeeze(g: &[f64], basis: &[Vec<f64>]) -> Vec<f64> {
    let p = basis.first().map_or(0, Vec::len);
    let products: Vec<Vec<f64>> = basis.iter().map(|u| g.chunks_exact(p).map(|row| dot(row, u)).collect()).collect();
    basis.iter().flat_map(|u| products.iter().map(|product| dot(u, product))).collect()
}

/// Denominator degrees of freedom and the factor λ of the F statistic, from A₁ and A₂.
fn kenward_roger_df(q: f64, a1: f64, a2: f64) -> (f64, f64) {
    let b = (a1 + 6.0 * a2) / (2.0 * q);
    let g = ((q + 1.0) * a1 - (q + 4.0) * a2) / ((q + 2.0) * a2);
    let h = 3.0 * q + 2.0 * (1.0 - g);
    let (c1, c2, c3) = (g / h, (q - g) / h, (q + 2.0 - g) / h);
    let mean = 1.0 / (1.0 - a2 / q);
    let variance = 2.0 / q * (1.0 + c1 * b) / ((1.0 - c2 * b).powi(2) * (1.0 - c3 * b));
    let rho = variance / (2.0 * mean * mean);
    let df = 4.0 + (q + 2.0) / (q * rho - 1.0);
    (df, df / (mean * (df - 2.0)))
}

/// One number for several degrees of freedom: that of an F with the same mean.
fn combined_df(dfs: &[f64]) -> f64 {
    let close = dfs.windows(2).all(|pair| (pair[1] - pair[0]).abs() < f64::EPSILON.sqrt());
    if close {
        return dfs.iter().sum::<f64>() / dfs.len() as f64;
    }
    if dfs.iter().any(|df| *df <= 2.0) {
        return 2.0;
    }
    let mean: f64 = dfs.iter().map(|df| df / (df - 2.0)).sum();
    2.0 * mean / (mean - dfs.len() as f64)
}
