//! Where the search for θ starts: moments of the least-squares residuals.

use nalgebra::{DMatrix, SymmetricEigen};

use crate::dense::{axpy, cholesky, packed_len};

use super::Structure;
use super::problem::Problem;
use super::store::Squares;
use super::structure::unbounded;

/// θ by the method of moments, one block a group, in working coordinates.
pub(super) fn moments(problem: &Problem) -> Vec<f64> {
    let residuals = Residuals::new(problem);
    (0..problem.groups)
        .flat_map(|group| match problem.structure {
            Structure::SpExp => spatial(problem, &residuals, group),
            _ => from_matrix(problem.structure, problem.visits, &residuals.pairwise(problem, group)),
        })
        .collect()
}

/// The reference's standard start: σ = 1, and t = ½ for the autoregressive structures.
pub(super) fn standard(problem: &Problem) -> Vec<f64> {
    let parameters = problem.structure.parameters(problem.visits);
    let scales = problem.structure.scales(problem.visits);
    let t = if matches!(problem.structure, Structure::Ar1 | Structure::Ar1h) { 0.5 } else { 0.0 };
    let block = (0..parameters).map(|k| if k < scales { 0.0 } else { t });
    (0..problem.groups).flat_map(|_| block.clone()).collect()
}

/// Moments for the scales, no correlation.
pub(super) fn uncorrelated(problem: &Problem) -> Vec<f64> {
    let mut theta = moments(problem);
    let scales = problem.structure.scales(problem.visits);
    for block in theta.chunks_mut(problem.structure.parameters(problem.visits).max(1)) {
        block[scales..].fill(0.0);
    }
    theta
}

/// Products of least-squares residuals by pattern.
struct Residuals {
    products: Vec<Vec<f64>>,
}

impl Residuals {
    fn new(problem: &Problem) -> Self {
        let (p, q) = (problem.p, problem.q);
        let largest = problem.patterns.iter().map(|pattern| pattern.shape(q).scratch()).max().unwrap_or(q);
        let mut scratch = vec![0.0; largest];
        let mut gamma = problem.plain[p * q..].to_vec();
        for i in (0..p).rev() {
            gamma[i] /= problem.plain[i * q + i];
            let value = gamma[i];
            axpy(-value, &problem.plain[i * q..i * q + i], &mut gamma[..i]);
        }
        gamma[..p].iter_mut().for_each(|value| *value = -*value);
        gamma[p] = 1.0;
        let products = problem
            .patterns
            .iter()
            .map(|pattern| {
                let m = pattern.size();
                let (mut e, mut f, mut h) = (vec![0.0; m * m], vec![0.0; m * m], vec![0.0; packed_len(m) * p]);
                let mut squares = Squares { spread: &mut e, misfit: &mut f, pairs: &mut h };
                pattern.store.squares(pattern.shape(q), None, &gamma, &mut scratch, &mut squares);
                f
            })
            .collect();
        Residuals { products }
    }

    /// Covariance over the people seen at both visits; 0 where there is nobody.
    fn pairwise(&self, problem: &Problem, group: usize) -> Vec<f64> {
        let m = problem.visits;
        let (mut sums, mut counts) = (vec![0.0; m * m], vec![0.0; m * m]);
        for (pattern, products) in
            problem.patterns.iter().zip(&self.products).filter(|(pattern, _)| pattern.group == group)
        {
            let size = pattern.size();
            for (a, &i) in pattern.visits.iter().enumerate() {
                for (b, &j) in pattern.visits.iter().enumerate() {
                    sums[i * m + j] += products[a * size + b];
                    counts[i * m + j] += pattern.people as f64;
                }
            }
        }
        let mut covariance: Vec<f64> =
            sums.iter().zip(&counts).map(|(sum, count)| if *count > 0.0 { sum / count } else { 0.0 }).collect();
        let known: Vec<f64> = (0..m).map(|i| covariance[i * m + i]).filter(|value| *value > 0.0).collect();
        let typical = known.iter().sum::<f64>() / known.len().max(1) as f64;
        for i in 0..m {
            let variance = &mut covariance[i * m + i];
            // A visit that the fixed effects reproduce, or that this group never had, gets the average variance.
            if *variance <= 1e-6 * typical {
                *variance = if typical > 0.0 { typical } else { 1.0 };
            }
        }
        covariance
    }
}

fn from_matrix(structure: Structure, m: usize, covariance: &[f64]) -> Vec<f64> {
    let repaired = repaired(covariance, m);
    if structure == Structure::Us {
        return log_cholesky(&repaired, m);
    }
    let deviation: Vec<f64> = (0..m).map(|i| repaired[i * m + i].sqrt()).collect();
    let correlation = |i: usize, j: usize| repaired[i * m + j] / (deviation[i] * deviation[j]);
    let lag = |h: usize| (h..m).map(|i| correlation(i, i - h)).sum::<f64>() / (m - h) as f64;
    let clipped = |value: f64| value.clamp(-0.9, 0.9);
    let scales = structure.scales(m);
    let mut theta: Vec<f64> = match scales {
        1 => vec![(deviation.iter().map(|sd| sd * sd).sum::<f64>() / m as f64).sqrt().ln()],
        _ => deviation.iter().map(|sd| sd.ln()).collect(),
    };
    if m < 2 {
        return theta;
    }
    match structure {
        Structure::Us | Structure::SpExp => {}
        Structure::Cs | Structure::Csh => {
            let a = 1.0 / (m as f64 - 1.0);
            let pairs = (m * (m - 1) / 2) as f64;
            let mean = (1..m).map(|i| (0..i).map(|j| correlation(i, j)).sum::<f64>()).sum::<f64>() / pairs;
            let share = ((mean + a) / (1.0 + a)).clamp(0.05, 0.95);
            theta.push((share / (1.0 - share)).ln());
        }
        Structure::Ar1 | Structure::Ar1h => theta.push(unbounded(clipped(lag(1)))),
        Structure::Ad | Structure::Adh => theta.extend((1..m).map(|i| unbounded(clipped(correlation(i, i - 1))))),
        Structure::Toep | Structure::Toeph => {
            let lags: Vec<f64> = (1..m).map(|h| clipped(lag(h))).collect();
            theta.extend(positive_lags(lags, m).into_iter().map(unbounded));
        }
    }
    theta
}

/// Shrinks the correlations of a Toeplitz matrix until it is positive definite.
fn positive_lags(mut lags: Vec<f64>, m: usize) -> Vec<f64> {
    for _ in 0..60 {
        let mut matrix: Vec<f64> = (0..m * m)
            .map(|index| (index / m).abs_diff(index % m))
            .map(|h| if h == 0 { 1.0 } else { lags[h - 1] })
            .collect();
        for i in 0..m {
            matrix[i * m + i] *= 0.95;
        }
        if cholesky(&mut matrix, m).is_some() {
            break;
        }
        lags.iter_mut().for_each(|lag| *lag *= 0.9);
    }
    lags
}

/// The nearest matrix whose eigenvalues, as a correlation matrix, are at least a thousandth of the largest.
fn repaired(covariance: &[f64], m: usize) -> Vec<f64> {
    let deviation: Vec<f64> = (0..m).map(|i| covariance[i * m + i].sqrt()).collect();
    let correlation =
        DMatrix::from_fn(m, m, |i, j| if i == j { 1.0 } else { covariance[i * m + j] / (deviation[i] * deviation[j]) });
    let plain = |matrix: &DMatrix<f64>| -> Vec<f64> {
        (0..m * m).map(|at| matrix[(at / m, at % m)] * deviation[at / m] * deviation[at % m]).collect()
    };
    let mut factor: Vec<f64> = (0..m * m).map(|at| correlation[(at / m, at % m)]).collect();
    if cholesky(&mut factor, m).is_some() && (0..m).all(|i| factor[i * m + i] > 0.05) {
        return plain(&correlation);
    }
    let eigen = SymmetricEigen::new(correlation);
    let floor = 1e-3 * eigen.eigenvalues.max();
    let values = eigen.eigenvalues.map(|value| value.max(floor));
    plain(&(&eigen.eigenvectors * DMatrix::from_diagonal(&values) * eigen.eigenvectors.transpose()))
}

fn log_cholesky(covariance: &[f64], m: usize) -> Vec<f64> {
    let mut l = covariance.to_vec();
    if cholesky(&mut l, m).is_none() {
        let mut theta: Vec<f64> = (0..m).map(|i| 0.5 * covariance[i * m + i].ln()).collect();
        theta.resize(m * (m + 1) / 2, 0.0);
        return theta;
    }
    let diagonal = (0..m).map(|i| l[i * m + i].ln());
    let below = (0..m).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| l[i * m + j] / l[i * m + i]);
    diagonal.chain(below).collect()
}

fn spatial(problem: &Problem, residuals: &Residuals, group: usize) -> Vec<f64> {
    let (mut squares, mut rows, mut products, mut pairs, mut distances) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (pattern, f) in problem.patterns.iter().zip(&residuals.products).filter(|(pattern, _)| pattern.group == group) {
        let (m, people) = (pattern.size(), pattern.people as f64);
        for i in 0..m {
            squares += f[i * m + i];
            rows += people;
            for j in 0..i {
                products += f[i * m + j];
                pairs += people;
                distances += people * pattern.distances[i * m + j];
            }
        }
    }
    let variance = if rows > 0.0 && squares > 0.0 { squares / rows } else { 1.0 };
    let correlation = if pairs > 0.0 { (products / pairs / variance).clamp(0.05, 0.95) } else { 0.5 };
    let distance = if pairs > 0.0 && distances > 0.0 { distances / pairs } else { 1.0 };
    let rho = correlation.powf(1.0 / distance).clamp(1e-6, 1.0 - 1e-9);
    vec![variance.ln(), (rho / (1.0 - rho)).ln()]
}
