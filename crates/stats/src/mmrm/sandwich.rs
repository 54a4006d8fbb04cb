//! The empirical (sandwich) covariance and its degrees of freedom: a pass over people, not over patterns.
//!
//! With V_i⁻¹ = K_iK_i′ and A = LL′, person i has B_i = K_i′X_iL⁻ᵀ and whitened residuals e_i; then H_i = B_iB_i′ and the
//! covariance is Σ (B_i′A_ie_i)(B_i′A_ie_i)′ in whitened coordinates, A_i = I, (I−H_i)^−½ or (I−H_i)^−1.

use nalgebra::{DMatrix, SymmetricEigen};

use crate::dense::{axpy, cholesky, dot, packed, packed_len, solve_lower};

use super::Fit;
use super::inference::Vcov;

/// The sandwich of a fit.
#[derive(Debug, Clone)]
pub(crate) struct Sandwich {
    /// Covariance of the coefficients in whitened coordinates, p×p.
    pub(crate) middle: Vec<f64>,
    p: usize,
    /// A_iB_i of each person, rows by visit.
    weighted: Vec<Vec<f64>>,
    /// B_i′A_iB_i of each person, packed.
    shares: Vec<f64>,
}

impl Sandwich {
    pub(crate) fn new(fit: &Fit, vcov: Vcov) -> Self {
        let problem = &fit.problem;
        let p = problem.p;
        let factor = &fit.factor;
        let mut middle = vec![0.0; p * p];
        let mut weighted = Vec::with_capacity(problem.people.len());
        let mut shares = vec![0.0; problem.people.len() * packed_len(p)];
        let roots: Vec<Vec<f64>> = (0..problem.patterns.len())
            .map(|pattern| root(fit.likelihood.inverse(pattern), problem.patterns[pattern].size()))
            .collect();
        for (person, share) in problem.people.iter().zip(shares.chunks_exact_mut(packed_len(p))) {
            let m = person.rows.len();
            let (b, e) = whitened_rows(fit, &person.rows, &roots[person.pattern], factor);
            let adjust = adjustment(&b, m, p, vcov);
            let mut ab = vec![0.0; m * p];
            for i in 0..m {
                for j in 0..m {
                    axpy(adjust[i * m + j], &b[j * p..(j + 1) * p], &mut ab[i * p..(i + 1) * p]);
                }
            }
            let mut score = vec![0.0; p];
            for i in 0..m {
                axpy(e[i], &ab[i * p..(i + 1) * p], &mut score);
                for row in 0..p {
                    let value = b[i * p + row];
                    axpy(value, &ab[i * p..i * p + row + 1], &mut share[packed(row, 0)..=packed(row, row)]);
                }
            }
            for (row, value) in score.iter().enumerate() {
                axpy(*value, &score, &mut middle[row * p..(row + 1) * p]);
            }
            weighted.push(ab);
        }
        Sandwich { middle, p, weighted, shares }
    }

    /// Degrees of freedom of a whitened contrast: (tr M)²/tr M² with M_ij = δ_ij w_i′w_i − u_i′u_j, w_i = A_iB_id and
    /// u_i = B_i′w_i (Bell & McCaffrey 2002; I−H is idempotent, so nothing of the size of all rows is formed).
    pub(crate) fn df(&self, d: &[f64]) -> f64 {
        let p = self.p;
        let (mut trace, mut squares) = (0.0, 0.0);
        let mut outer = vec![0.0; packed_len(p)];
        let mut u = vec![0.0; p];
        for (ab, share) in self.weighted.iter().zip(self.shares.chunks_exact(packed_len(p))) {
            let ww: f64 = ab.chunks_exact(p).map(|row| dot(row, d).powi(2)).sum();
            super::store::packed_times(share, d, &mut u);
            let uu = dot(&u, &u);
            trace += ww - uu;
            squares += ww * ww - 2.0 * ww * uu;
            for (row, value) in u.iter().enumerate() {
                axpy(*value, &u[..=row], &mut outer[packed(row, 0)..=packed(row, row)]);
            }
        }
        for row in 0..p {
            let line = &outer[packed(row, 0)..=packed(row, row)];
            squares += 2.0 * dot(&line[..row], &line[..row]) + line[row] * line[row];
        }
        trace * trace / squares
    }
}

/// K′ with V⁻¹ = KK′: the transposed Cholesky factor of V⁻¹, m×m.
fn root(inverse: &[f64], m: usize) -> Vec<f64> {
    let mut factor = inverse.to_vec();
    let mut out = vec![0.0; m * m];
    if cholesky(&mut factor, m).is_some() {
        for i in 0..m {
            for j in 0..=i {
                out[j * m + i] = factor[i * m + j];
            }
        }
    }
    out
}

/// B_i (m×p) and e_i (m).
fn whitened_rows(fit: &Fit, rows: &[usize], root: &[f64], factor: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let (p, q, m) = (fit.problem.p, fit.problem.q, rows.len());
    let mut dense = vec![0.0; m * q];
    for (i, &row) in rows.iter().enumerate() {
        for &(column, value) in fit.problem.row(row) {
            dense[i * q + column as usize] += value;
        }
    }
    let (mut b, mut e) = (vec![0.0; m * p], vec![0.0; m]);
    for i in 0..m {
        let line = &mut b[i * p..(i + 1) * p];
        for j in i..m {
            let weight = root[i * m + j];
            axpy(weight, &dense[j * q..j * q + p], line);
            e[i] += weight * dot(&dense[j * q..(j + 1) * q], &fit.likelihood.gamma);
        }
        solve_lower(factor, p, line);
    }
    (b, e)
}

/// A_i, m×m. Where I−H_i is singular (a person who alone carries a coefficient) the pseudo-inverse is taken.
fn adjustment(b: &[f64], m: usize, p: usize, vcov: Vcov) -> Vec<f64> {
    let power = match vcov {
        Vcov::EmpiricalBiasReduced => -0.5,
        Vcov::EmpiricalJackknife => -1.0,
        Vcov::Asymptotic | Vcov::KenwardRoger | Vcov::KenwardRogerLinear | Vcov::Empirical => 0.0,
    };
    if power == 0.0 {
        return (0..m * m).map(|at| if at % (m + 1) == 0 { 1.0 } else { 0.0 }).collect();
    }
    let rest = DMatrix::from_fn(m, m, |i, j| {
        f64::from(u8::from(i == j)) - dot(&b[i * p..(i + 1) * p], &b[j * p..(j + 1) * p])
    });
    let eigen = SymmetricEigen::new(rest);
    // Eigenvalues lie between 0 and 1. The floor is absolute: of a person with one row all of I−H is rounding.
    let floor = f64::EPSILON.sqrt();
    let values = eigen.eigenvalues.map(|value| if value > floor { value.powf(power) } else { 0.0 });
    let matrix = &eigen.eigenvectors * DMatrix::from_diagonal(&values) * eigen.eigenvectors.transpose();
    (0..m * m).map(|at| matrix[(at / m, at % m)]).collect()
}
