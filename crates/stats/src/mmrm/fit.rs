//! A fitted model: the search, its diagnostics, and what every inference starts from.

use std::sync::Arc;

use nalgebra::{DMatrix, SymmetricEigen};

use crate::dense::{cholesky, dot, inverse_from, invert_lower, outer_triangle, packed_len};
use crate::design::{Design, Dropped, Factor, Frame};
use crate::table::Table;

use super::likelihood::Likelihood;
use super::model::{Data, Estimation, Model, Rows};
use super::optimise::{Optimum, Stuck, minimise};
use super::problem::Problem;
use super::{Refusal, Structure, start, thin};

/// Numbers of rows, people, visits and parameters.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Counts {
    /// Rows of the table.
    pub rows_read: usize,
    /// Rows used.
    pub n_obs: usize,
    /// People with at least one row used.
    pub n_subjects: usize,
    /// Visit levels with at least one row used.
    pub n_visits: usize,
    /// Estimated coefficients.
    pub n_beta: usize,
    /// Covariance parameters.
    pub n_theta: usize,
    /// Covariance groups.
    pub n_groups: usize,
}

/// How well the model describes the data; `k` counts covariance parameters only.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Criteria {
    /// −log L (restricted for REML).
    pub neg_log_lik: f64,
    /// log L.
    pub log_lik: f64,
    /// −2 log L.
    pub deviance: f64,
    /// −2 log L + 2k.
    pub aic: f64,
    /// AIC corrected for few observations.
    pub aicc: f64,
    /// −2 log L + k·log(people).
    pub bic: f64,
    /// Largest absolute gradient at the optimum.
    pub max_abs_gradient: f64,
    /// Smallest eigenvalue of the Hessian in θ.
    pub min_eigen_hessian: f64,
    /// Condition number of Σ; the largest where there are several.
    pub sigma_condition: f64,
}

/// A fitted mixed model for repeated measures.
#[derive(Debug, Clone)]
pub struct Fit {
    pub(crate) model: Model,
    pub(crate) data: Data,
    pub(crate) problem: Arc<Problem>,
    pub(crate) likelihood: Likelihood,
    /// θ in working coordinates.
    pub(crate) working: Vec<f64>,
    /// Inverse observed Hessian, K×K.
    pub(crate) theta_vcov: Vec<f64>,
    /// Factor L of A in working coordinates, p×p.
    pub(crate) factor: Vec<f64>,
    value: f64,
    /// Points at which derivatives were computed.
    pub steps: usize,
    /// Starting points tried before one led to the optimum.
    pub starts: usize,
}

impl Fit {
    /// Fits a model to a table, or says why there is no fit.
    pub fn new(table: &Table, model: &Model) -> Result<Self, Refusal> {
        Self::of(Data::new(table, model)?, model)
    }

    /// Fits a model to rows that are numbers already: the same fit without reading text, for trials by the thousand. Group,
    /// weights and coordinates of the model are not looked at.
    pub fn of_rows(rows: Rows, model: &Model) -> Result<Self, Refusal> {
        Self::of(Data::of_rows(rows, model)?, model)
    }

    fn of(data: Data, model: &Model) -> Result<Self, Refusal> {
        check_together(&data, model)?;
        let problem = Arc::clone(&data.problem);
        let mut likelihood = Likelihood::new(Arc::clone(&problem));
        let (optimum, starts) = search(&mut likelihood, &data, model)?;
        let count = optimum.theta.len();
        let mut factor = likelihood.curvature.clone();
        let mut theta_vcov = vec![0.0; count * count];
        if cholesky(&mut factor, count).is_none() {
            return Err(undetermined(&likelihood, &data, model, starts, None));
        }
        let mut inverse_factor = vec![0.0; count * count];
        invert_lower(&factor, count, &mut inverse_factor);
        inverse_from(&inverse_factor, count, &mut theta_vcov);
        let variance = |k: &usize| theta_vcov[k * count + k];
        let widest = (0..count).max_by(|a, b| variance(a).total_cmp(&variance(b)));
        if let Some(widest) = widest.filter(|k| variance(k) > UNDETERMINED) {
            return Err(undetermined(&likelihood, &data, model, starts, Some(widest)));
        }
        let factor = likelihood.coefficient_factor();
        Ok(Fit {
            model: model.clone(),
            data,
            problem,
            likelihood,
            working: optimum.theta,
            theta_vcov,
            factor,
            value: optimum.value,
            steps: optimum.steps,
            starts,
        })
    }

    /// Fits the first structure of a plan that the data determine, in the plan's order, and says why each one before it was
    /// passed over. The plan belongs into the protocol: a structure is never changed otherwise, and never silently.
    pub fn by_plan(table: &Table, model: &Model, plan: &[Structure]) -> Result<(Self, Vec<Refusal>), Refusal> {
        let mut passed = Vec::new();
        let mut model = model.clone();
        for (index, structure) in plan.iter().enumerate() {
            model.covariance = *structure;
            match Fit::new(table, &model) {
                Ok(fit) => return Ok((fit, passed)),
                Err(refusal) if refusal.is_of_the_structure() && index + 1 < plan.len() => passed.push(refusal),
                Err(refusal) => return Err(refusal),
            }
        }
        Fit::new(table, &model).map(|fit| (fit, passed))
    }

    /// The model fitted.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The design matrix and its names.
    pub fn design(&self) -> &Design {
        &self.data.design
    }

    /// The rows and variables used.
    pub fn frame(&self) -> &Frame {
        &self.data.frame
    }

    /// Rows left out because a cell was missing.
    pub fn dropped(&self) -> &[Dropped] {
        &self.data.frame.dropped
    }

    /// The visit factor; absent for a spatial model without visits.
    pub fn visits(&self) -> Option<&Factor> {
        self.data.visit.as_ref()
    }

    /// Rows, people, visits, parameters.
    pub fn counts(&self) -> Counts {
        Counts {
            rows_read: self.data.rows_read,
            n_obs: self.problem.rows,
            n_subjects: self.problem.people.len(),
            n_visits: self.problem.visits,
            n_beta: self.problem.p,
            n_theta: self.working.len(),
            n_groups: self.problem.groups,
        }
    }

    /// People by visit pattern (visits counted from 0), all groups together; `None` for spatial structures.
    pub fn patterns(&self) -> Option<Vec<(Vec<usize>, usize)>> {
        if self.model.covariance == Structure::SpExp {
            return None;
        }
        let mut patterns: Vec<(Vec<usize>, usize)> = Vec::new();
        for pattern in &self.problem.patterns {
            match patterns.iter_mut().find(|(visits, _)| *visits == pattern.visits) {
                Some((_, people)) => *people += pattern.people,
                None => patterns.push((pattern.visits.clone(), pattern.people)),
            }
        }
        patterns.sort();
        Some(patterns)
    }

    /// For each level of a factor over the rows used the number of people with a row there.
    pub fn people_by_level(&self, factor: &Factor) -> Vec<usize> {
        let mut counts = vec![0; factor.levels.len()];
        let mut last = vec![usize::MAX; factor.levels.len()];
        for (number, person) in self.problem.people.iter().enumerate() {
            for &row in &person.rows {
                let level = factor.codes[row] as usize;
                if last[level] != number {
                    last[level] = number;
                    counts[level] += 1;
                }
            }
        }
        counts
    }

    /// For everybody whose rows differ in a factor of the model, the first row of the table that does.
    pub fn changing(&self, factor: &str) -> Vec<usize> {
        let Some((_, factor)) = self.data.factor(factor) else { return Vec::new() };
        let differs = |rows: &[usize]| {
            let earliest = rows.iter().min()?;
            rows.iter().copied().filter(|&row| factor.codes[row] != factor.codes[*earliest]).min()
        };
        let mut rows: Vec<usize> = self.problem.people.iter().filter_map(|person| differs(&person.rows)).collect();
        rows.sort_unstable();
        rows.into_iter().filter_map(|row| self.data.frame.rows.get(row).copied()).collect()
    }

    /// Columns that only one person has any part in: without that person they could not be estimated.
    pub fn alone(&self) -> Vec<String> {
        let design = &self.data.design;
        let (mut holders, mut last) = (vec![0usize; design.names.len()], vec![usize::MAX; design.names.len()]);
        for (number, person) in self.problem.people.iter().enumerate() {
            for &(column, value) in person.rows.iter().flat_map(|&row| design.row(row)) {
                if value != 0.0 && last[column as usize] != number {
                    last[column as usize] = number;
                    holders[column as usize] += 1;
                }
            }
        }
        design.kept.iter().filter(|&&column| holders[column] == 1).map(|&column| design.names[column].clone()).collect()
    }

    /// Estimated coefficients, in the order of [`Design::kept_names`].
    pub fn coefficients(&self) -> Vec<f64> {
        let problem = &self.problem;
        (0..problem.p)
            .map(|i| {
                problem.base[i]
                    - problem.unit
                        * dot(&problem.back[i * problem.p..(i + 1) * problem.p], &self.likelihood.gamma[..problem.p])
            })
            .collect()
    }

    /// θ in the response's own unit, in the order of the reference.
    pub fn theta(&self) -> Vec<f64> {
        self.problem.to_own(&self.working)
    }

    /// Inverse observed Hessian of −log L in θ, K×K by rows.
    pub fn theta_vcov(&self) -> &[f64] {
        &self.theta_vcov
    }

    /// Σ of each covariance group (one without groups), m×m by rows; for the spatial structure the 2×2 covariance at
    /// distances 0 and 1.
    pub fn sigma(&self) -> Vec<Vec<f64>> {
        self.sigma_at(&self.working)
    }

    /// Σ of each covariance group at a θ in working coordinates.
    pub(crate) fn sigma_at(&self, theta: &[f64]) -> Vec<Vec<f64>> {
        let square = self.problem.unit * self.problem.unit;
        let block = self.problem.structure.parameters(self.problem.visits);
        let spatial = self.model.covariance == Structure::SpExp;
        let m = if spatial { 2 } else { self.problem.visits };
        let distances = [0.0, 1.0, 1.0, 0.0];
        theta
            .chunks_exact(block)
            .map(|theta| {
                let mut sigma = vec![0.0; m * m];
                self.problem.structure.sigma(theta, m, &distances, &mut sigma);
                sigma.iter_mut().for_each(|value| *value *= square);
                sigma
            })
            .collect()
    }

    /// Names of the covariance groups, if there are any.
    pub fn groups(&self) -> Option<&[String]> {
        self.data.group.as_ref().map(|factor| &factor.levels[..])
    }

    /// Log-likelihood, information criteria and the state of the optimum.
    pub fn criteria(&self) -> Criteria {
        let neg_log_lik = self.value + self.problem.constant;
        let deviance = 2.0 * neg_log_lik;
        let k = self.working.len() as f64;
        let free = match self.model.estimation {
            Estimation::Reml | Estimation::Ml => (self.problem.rows - self.problem.p) as f64,
        };
        let m = free.max(k + 2.0);
        let count = self.working.len();
        let hessian = DMatrix::from_row_slice(count, count, &self.likelihood.curvature);
        let size = |sigma: &Vec<f64>| (sigma.len() as f64).sqrt().round() as usize;
        let condition = |sigma: &Vec<f64>| {
            let values = SymmetricEigen::new(DMatrix::from_row_slice(size(sigma), size(sigma), sigma)).eigenvalues;
            values.max() / values.min()
        };
        Criteria {
            neg_log_lik,
            log_lik: -neg_log_lik,
            deviance,
            aic: deviance + 2.0 * k,
            aicc: deviance + 2.0 * k * m / (m - k - 1.0),
            bic: deviance + k * (self.problem.people.len() as f64).ln(),
            max_abs_gradient: self.likelihood.gradient.iter().fold(0.0f64, |largest, value| largest.max(value.abs())),
            min_eigen_hessian: SymmetricEigen::new(hessian).eigenvalues.min(),
            sigma_condition: self.sigma().iter().map(condition).fold(0.0, f64::max),
        }
    }

    /// Model-based covariance Φ of the coefficients, p×p by rows.
    pub fn beta_vcov(&self) -> Vec<f64> {
        let p = self.problem.p;
        let unit: Vec<f64> = (0..p * p).map(|at| if at % (p + 1) == 0 { 1.0 } else { 0.0 }).collect();
        self.unwhitened(&unit)
    }

    /// R⁻¹ L⁻ᵀ M L⁻¹ R⁻ᵀ s², the covariance of coefficients whose whitened form is M.
    pub(crate) fn unwhitened(&self, middle: &[f64]) -> Vec<f64> {
        let p = self.problem.p;
        let rows = self.whitened_unit_rows();
        let mut half = vec![0.0; p * p];
        for i in 0..p {
            for k in 0..p {
                half[i * p + k] = dot(&rows[i * p..(i + 1) * p], &middle[k * p..(k + 1) * p]);
            }
        }
        let mut out = vec![0.0; p * p];
        for i in 0..p {
            for j in 0..=i {
                let value = dot(&half[i * p..(i + 1) * p], &rows[j * p..(j + 1) * p]);
                out[i * p + j] = value;
                out[j * p + i] = value;
            }
        }
        out
    }

    /// For every coefficient the vector d = L⁻¹R⁻ᵀe·s, so that its variance is d′d.
    fn whitened_unit_rows(&self) -> Vec<f64> {
        let p = self.problem.p;
        let mut rows = vec![0.0; p * p];
        let mut unit = vec![0.0; p];
        for i in 0..p {
            unit.fill(0.0);
            unit[i] = 1.0;
            let row = &mut rows[i * p..(i + 1) * p];
            self.problem.contrast(&unit, row);
            self.likelihood.whiten_contrast(row);
        }
        rows
    }

    /// A contrast of the coefficients as d = L⁻¹R⁻ᵀc·s.
    pub(crate) fn whitened_contrast(&self, combination: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.problem.p];
        self.problem.contrast(combination, &mut out);
        self.likelihood.whiten_contrast(&mut out);
        out
    }

    /// g′Wg with g_k = d′G_kd, the derivatives of a contrast's variance d′d: the spread of that variance's estimate.
    pub(crate) fn variance_spread(&self, whitened: &[f64]) -> f64 {
        let count = self.working.len();
        let length = packed_len(whitened.len());
        let mut room = vec![0.0; length + count];
        let (outer, slopes) = room.split_at_mut(length);
        outer_triangle(whitened, outer);
        for (slope, g) in slopes.iter_mut().zip(self.likelihood.whitened.chunks_exact(length)) {
            *slope = dot(g, outer);
        }
        self.theta_vcov.chunks_exact(count).zip(slopes.iter()).map(|(row, slope)| slope * dot(row, slopes)).sum()
    }
}

/// A variance of a log standard deviation (or another parameter of θ) beyond which the data say nothing of it: the likelihood
/// is flat, as where as many effects between people are asked for as there are people. The reference's largest is 8.
const UNDETERMINED: f64 = 1e6;

const FLAT: &str = "is not determined by these data (it runs to its bound, or the likelihood is flat there); fewer effects or a simpler structure are needed";

/// Tries the starting points in turn. A likelihood without maximum is refused at once, by the visit that makes it so.
fn search(likelihood: &mut Likelihood, data: &Data, model: &Model) -> Result<(Optimum, usize), Refusal> {
    let problem = Arc::clone(&likelihood.problem);
    let starts = [start::moments as fn(&Problem) -> Vec<f64>, start::standard, start::uncorrelated];
    let mut reason = None;
    for (tried, make) in starts.iter().enumerate() {
        reason = match minimise(likelihood, &make(&problem)) {
            Ok(optimum) => return Ok((optimum, tried + 1)),
            Err(Stuck::Singular(theta)) => return Err(unbounded(&problem, data, model, &theta)),
            Err(Stuck::Start) => Some("the likelihood is zero at the start"),
            Err(Stuck::NoDescent) => Some("no step lowers −log L although its gradient is not zero"),
            Err(Stuck::Flat) => None,
        };
    }
    Err(match reason {
        Some(reason) => {
            thin::refusal(&problem, data, model).unwrap_or_else(|| no_optimum(model, starts.len(), reason.to_owned()))
        }
        None => undetermined(likelihood, data, model, starts.len(), None),
    })
}

/// Names what the data do not determine: by counting, or else the parameter (`known`, or the one along which the curvature is
/// flattest).
fn undetermined(likelihood: &Likelihood, data: &Data, model: &Model, starts: usize, known: Option<usize>) -> Refusal {
    let problem = &likelihood.problem;
    thin::refusal(problem, data, model).unwrap_or_else(|| {
        let named = match known {
            Some(index) => Some(thin::parameter(index, problem, data)),
            None => thin::flattest(&likelihood.curvature, problem, data),
        };
        no_optimum(model, starts, format!("{} {FLAT}", named.as_deref().unwrap_or("a covariance parameter")))
    })
}

fn no_optimum(model: &Model, starts: usize, reason: String) -> Refusal {
    Refusal::NoOptimum { structure: model.covariance.name(), starts, reason }
}

/// Names the visit whose variance given all others vanishes; of several, the one with the fewest people. A visit at which
/// nobody is left beyond its own effects comes first: of what the others leave open there nothing is known, wherever Σ bends.
fn unbounded(problem: &Problem, data: &Data, model: &Model, theta: &[f64]) -> Refusal {
    if let Some(refusal) = thin::refusal(problem, data, model) {
        return refusal;
    }
    let m = problem.visits;
    let block = problem.structure.parameters(m);
    let mut worst: Option<(usize, usize, usize)> = None;
    for (group, own) in theta.chunks_exact(block).enumerate() {
        let mut sigma = vec![0.0; m * m];
        problem.structure.sigma(own, m, &[], &mut sigma);
        let eigen = SymmetricEigen::new(DMatrix::from_row_slice(m, m, &sigma));
        let (least, largest) = (eigen.eigenvalues.min(), eigen.eigenvalues.max());
        if least > 1e-3 * largest {
            continue;
        }
        let direction = eigen.eigenvectors.column(eigen.eigenvalues.imin());
        for visit in (0..m).filter(|&visit| direction[visit].abs() > 0.05) {
            let seen =
                problem.patterns.iter().filter(|pattern| pattern.group == group && pattern.visits.contains(&visit));
            let people = seen.map(|pattern| pattern.people).sum();
            if worst.is_none_or(|(_, _, fewest)| people < fewest) {
                worst = Some((group, visit, people));
            }
        }
    }
    match worst {
        Some((group, visit, people)) => {
            let structure = model.covariance.name();
            Refusal::Unbounded { visit: data.visit_name(visit), within: thin::within(data, group), people, structure }
        }
        None => no_optimum(model, 1, "Σ became singular on the way".to_owned()),
    }
}

/// An unstructured Σ needs, in each group, somebody at every pair of visits.
fn check_together(data: &Data, model: &Model) -> Result<(), Refusal> {
    let (problem, m) = (&data.problem, data.problem.visits);
    if model.covariance != Structure::Us {
        return Ok(());
    }
    for group in 0..problem.groups {
        let mut together = vec![0usize; packed_len(m)];
        for pattern in problem.patterns.iter().filter(|pattern| pattern.group == group) {
            for (a, &i) in pattern.visits.iter().enumerate() {
                for &j in &pattern.visits[..=a] {
                    together[crate::dense::packed(i, j)] += pattern.people;
                }
            }
        }
        for i in 0..m {
            for j in 0..=i {
                if together[crate::dense::packed(i, j)] == 0 {
                    return Err(Refusal::NeverTogether {
                        first: data.visit_name(j),
                        second: data.visit_name(i),
                        structure: model.covariance.name(),
                        within: thin::within(data, group),
                    });
                }
            }
        }
    }
    Ok(())
}
