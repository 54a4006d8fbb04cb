//! Draws of a fit's parameters from their large-sample posterior.

use crate::dense::{axpy, cholesky, dot};

use super::Fit;
use super::likelihood::Likelihood;

/// A fit's parameters as random quantities.
#[derive(Debug)]
pub(crate) struct Posterior<'a> {
    fit: &'a Fit,
    likelihood: Likelihood,
    /// Cholesky factor of θ's covariance.
    root: Vec<f64>,
}

impl Fit {
    pub(crate) fn posterior(&self) -> Posterior<'_> {
        let mut root = self.theta_vcov.clone();
        if cholesky(&mut root, self.working.len()).is_none() {
            root.fill(0.0);
        }
        Posterior { fit: self, likelihood: self.likelihood.clone(), root }
    }
}

impl Posterior<'_> {
    /// One draw: coefficients, and Σ of each covariance group. A θ outside the parameter space is drawn again.
    pub(crate) fn draw(&mut self, normal: &mut impl FnMut() -> f64) -> (Vec<f64>, Vec<Vec<f64>>) {
        let problem = &self.fit.problem;
        let (p, count) = (problem.p, self.fit.working.len());
        let mut theta = self.fit.working.clone();
        for _ in 0..100 {
            let normals: Vec<f64> = (0..count).map(|_| normal()).collect();
            for (k, value) in theta.iter_mut().enumerate() {
                *value = self.fit.working[k] + dot(&self.root[k * count..k * count + k + 1], &normals[..=k]);
            }
            if self.likelihood.value(&theta).is_some() {
                break;
            }
            theta.copy_from_slice(&self.fit.working);
        }
        if self.likelihood.value(&theta).is_none() {
            return (self.fit.coefficients(), self.fit.sigma());
        }
        self.likelihood.differentiate(&theta);
        // γ = γ̂ + L⁻ᵀz, β = b₀ + s·R⁻¹γ.
        let mut gamma: Vec<f64> = self.likelihood.gamma[..p].iter().map(|value| -value).collect();
        for i in 0..p {
            let z = normal();
            axpy(z, &self.likelihood.inverse_factor[i * p..i * p + i + 1], &mut gamma[..=i]);
        }
        let beta =
            (0..p).map(|i| problem.base[i] + problem.unit * dot(&problem.back[i * p..(i + 1) * p], &gamma)).collect();
        (beta, self.fit.sigma_at(&theta))
    }
}
