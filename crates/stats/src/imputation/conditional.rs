//! Whose mean and covariance a person is assumed to have, and what they say about the visits not seen.

use crate::dense::{axpy, cholesky, dot, solve_lower};

/// What is assumed about outcomes from the intercurrent event on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// Missing at random: as others of the same arm with the same history.
    MissingAtRandom,
    /// From the event on the mean jumps to that of the reference arm.
    JumpToReference,
    /// As if the person had been in the reference arm all along.
    CopyReference,
    /// From the event on the mean moves in parallel with the reference arm.
    CopyIncrements,
    /// From the event on the mean stays where it was.
    LastMeanCarriedForward,
}

/// A mean over the visits and a covariance, m×m by rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution {
    /// One mean a visit.
    pub mean: Vec<f64>,
    /// Covariance by rows.
    pub covariance: Vec<f64>,
}

/// The distribution that a strategy assumes. `event`: the first visit (from 0) after the intercurrent event; the number of
/// visits if there was none.
pub fn assumed(strategy: Strategy, own: &Distribution, reference: &Distribution, event: usize) -> Distribution {
    let m = own.mean.len();
    if event >= m {
        return own.clone();
    }
    let mut mean = own.mean.clone();
    match strategy {
        Strategy::MissingAtRandom => return own.clone(),
        Strategy::CopyReference => return reference.clone(),
        Strategy::LastMeanCarriedForward => {
            if event > 0 {
                mean[event..].fill(own.mean[event - 1]);
            }
            return Distribution { mean, covariance: own.covariance.clone() };
        }
        Strategy::JumpToReference => mean[event..].copy_from_slice(&reference.mean[event..]),
        Strategy::CopyIncrements if event == 0 => return reference.clone(),
        Strategy::CopyIncrements => {
            let start = own.mean[event - 1] - reference.mean[event - 1];
            mean[event..].iter_mut().zip(&reference.mean[event..]).for_each(|(to, other)| *to = start + other);
        }
    }
    Distribution { mean, covariance: joined(&own.covariance, &reference.covariance, m, event) }
}

/// The own covariance before the event, and the reference's regression on it after: Σ₁₁ = A₁₁, Σ₂₁ = R₂₁R₁₁⁻¹A₁₁,
/// Σ₂₂ = R₂₂ − R₂₁R₁₁⁻¹(R₁₁ − A₁₁)R₁₁⁻¹R₁₂.
fn joined(own: &[f64], reference: &[f64], m: usize, event: usize) -> Vec<f64> {
    if own == reference || event == 0 {
        return reference.to_vec();
    }
    // Rows of R₂₁R₁₁⁻¹.
    let head: Vec<f64> = (0..event).flat_map(|i| reference[i * m..i * m + event].to_vec()).collect();
    let slopes: Vec<Vec<f64>> = (event..m).map(|i| solve(&head, event, &reference[i * m..i * m + event])).collect();
    let mut out = own.to_vec();
    for (offset, slope) in slopes.iter().enumerate() {
        let i = event + offset;
        for j in 0..event {
            let value: f64 = (0..event).map(|k| slope[k] * own[k * m + j]).sum();
            out[i * m + j] = value;
            out[j * m + i] = value;
        }
        for (other_offset, other) in slopes.iter().enumerate() {
            let j = event + other_offset;
            let mut value = reference[i * m + j];
            for k in 0..event {
                for l in 0..event {
                    value -= slope[k] * (reference[k * m + l] - own[k * m + l]) * other[l];
                }
            }
            out[i * m + j] = value;
        }
    }
    out
}

/// A⁻¹b for a covariance matrix; zeros where it is singular.
fn solve(a: &[f64], n: usize, b: &[f64]) -> Vec<f64> {
    let (mut factor, mut x) = (a.to_vec(), b.to_vec());
    if cholesky(&mut factor, n).is_none() {
        return vec![0.0; n];
    }
    solve_lower(&factor, n, &mut x);
    crate::dense::solve_lower_transposed(&factor, n, &mut x);
    x
}

/// What a distribution says about the visits without a value: their conditional mean, and the lower Cholesky factor of
/// their conditional covariance (by rows). Visits in order.
pub fn conditional(distribution: &Distribution, seen: &[Option<f64>]) -> (Vec<f64>, Vec<f64>) {
    let m = distribution.mean.len();
    let present: Vec<usize> = (0..m).filter(|&visit| seen[visit].is_some()).collect();
    let absent: Vec<usize> = (0..m).filter(|&visit| seen[visit].is_none()).collect();
    let (n, k) = (present.len(), absent.len());
    let cell = |i: usize, j: usize| distribution.covariance[i * m + j];
    let mut factor: Vec<f64> =
        present.iter().flat_map(|&i| present.iter().map(move |&j| (i, j))).map(|(i, j)| cell(i, j)).collect();
    let mut residual: Vec<f64> =
        present.iter().map(|&visit| seen[visit].unwrap_or(0.0) - distribution.mean[visit]).collect();
    let solvable = cholesky(&mut factor, n).is_some();
    if solvable {
        solve_lower(&factor, n, &mut residual);
    } else {
        residual.fill(0.0);
    }
    let halves: Vec<Vec<f64>> = absent
        .iter()
        .map(|&visit| {
            let mut half: Vec<f64> = present.iter().map(|&other| cell(visit, other)).collect();
            if solvable {
                solve_lower(&factor, n, &mut half);
            } else {
                half.fill(0.0);
            }
            half
        })
        .collect();
    let mean =
        absent.iter().zip(&halves).map(|(&visit, half)| distribution.mean[visit] + dot(half, &residual)).collect();
    let mut spread: Vec<f64> = vec![0.0; k * k];
    for i in 0..k {
        for j in 0..=i {
            spread[i * k + j] = cell(absent[i], absent[j]) - dot(&halves[i], &halves[j]);
        }
    }
    if cholesky(&mut spread, k).is_none() {
        spread.fill(0.0);
    }
    (mean, spread)
}

/// A draw from a conditional distribution: mean + factor · standard normals.
pub(super) fn draw(mean: &[f64], factor: &[f64], normal: &mut impl FnMut() -> f64) -> Vec<f64> {
    let k = mean.len();
    let normals: Vec<f64> = (0..k).map(|_| normal()).collect();
    let mut out = mean.to_vec();
    for (i, value) in out.iter_mut().enumerate() {
        *value += dot(&factor[i * k..i * k + i + 1], &normals[..=i]);
    }
    out
}

/// y ← y + a·x, for callers outside the kernels.
pub(super) fn add(a: f64, x: &[f64], y: &mut [f64]) {
    axpy(a, x, y);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Arithmetic of Carpenter, Roger & Kenward's definitions, worked out by hand for one person with one value.
    #[test]
    fn strategies_move_mean_and_covariance_as_defined() {
        let own = Distribution {
            mean: vec![-9.0, -16.5, -24.0],
            covariance: vec![81.0, 60.0, 50.0, 60.0, 121.0, 95.0, 50.0, 95.0, 144.0],
        };
        let reference = Distribution {
            mean: vec![-6.0, -10.5, -14.5],
            covariance: vec![64.0, 45.0, 38.0, 45.0, 100.0, 78.0, 38.0, 78.0, 132.0],
        };
        let seen = [Some(-11.0), None, None];
        for (strategy, means, variances) in [
            (Strategy::MissingAtRandom, [-17.981_481, -25.234_568], [76.555_556, 113.135_802, 57.962_963]),
            (Strategy::JumpToReference, [-11.906_25, -15.687_5], [68.359_375, 109.437_5, 51.281_25]),
            (Strategy::CopyIncrements, [-14.906_25, -18.687_5], [68.359_375, 109.437_5, 51.281_25]),
            (Strategy::CopyReference, [-14.015_625, -17.468_75], [68.359_375, 109.437_5, 51.281_25]),
            (Strategy::LastMeanCarriedForward, [-10.481_481, -10.234_568], [76.555_556, 113.135_802, 57.962_963]),
        ] {
            let (mean, factor) = conditional(&assumed(strategy, &own, &reference, 1), &seen);
            let spread = [factor[0] * factor[0], factor[2] * factor[2] + factor[3] * factor[3], factor[0] * factor[2]];
            for (found, wanted) in mean.iter().chain(&spread).zip(means.iter().chain(&variances)) {
                assert!((found - wanted).abs() < 1e-6, "{strategy:?}: {mean:?} {spread:?}");
            }
        }
    }

    #[test]
    fn an_event_before_the_first_visit_leaves_the_reference() {
        let own = Distribution { mean: vec![1.0, 2.0], covariance: vec![1.0, 0.3, 0.3, 1.0] };
        let reference = Distribution { mean: vec![5.0, 7.0], covariance: vec![2.0, 0.1, 0.1, 2.0] };
        for strategy in [Strategy::JumpToReference, Strategy::CopyIncrements, Strategy::CopyReference] {
            assert_eq!(assumed(strategy, &own, &reference, 0), reference);
        }
        assert_eq!(assumed(Strategy::JumpToReference, &own, &reference, 2), own);
    }
}
