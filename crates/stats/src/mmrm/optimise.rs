//! The search for θ: average-information steps from afar, exact Newton steps near the optimum, inside a trust region.

use crate::dense::{cholesky, dot, solve_lower, solve_lower_transposed};

use super::Structure;
use super::likelihood::Likelihood;

/// Newton steps take over where a step promises less than this, in units of log L.
const NEAR: f64 = 0.1;
/// Below this an exact Hessian serves for the next steps as well.
const CLOSE: f64 = 1e-3;
/// The squared length of the last Newton step, in standard errors of θ.
const ARRIVED: f64 = 1e-16;
const STEPS_MAX: usize = 300;
/// A parameter beyond this has run to the edge of what Σ can be (a correlation within 1e-12 of 1).
const FAR: f64 = 1e6;
/// A visit of whose variance the others leave less than this open is on its way to a singular Σ, which no data support.
const GONE: f64 = 1e-7;
/// The same, where the search has failed and a reason is looked for.
const GOING: f64 = 1e-4;

/// Where a search ended.
#[derive(Debug, Clone)]
pub(super) struct Optimum {
    /// θ in working coordinates.
    pub(super) theta: Vec<f64>,
    /// −log L in working coordinates.
    pub(super) value: f64,
    /// Points at which derivatives were computed.
    pub(super) steps: usize,
}

/// Why a search did not arrive.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Stuck {
    /// Σ or X′V⁻¹X is not positive definite at the start.
    Start,
    /// Σ became singular: a variance given the other visits went to zero. The θ reached.
    Singular(Vec<f64>),
    /// No step lowers −log L although the gradient is not zero.
    NoDescent,
    /// A parameter ran away, or the surface is flat where the search ended.
    Flat,
}

/// Working space of a search: gradient and curvature in the coordinates that steps are taken in.
struct Search {
    gradient: Vec<f64>,
    curvature: Vec<f64>,
    factor: Vec<f64>,
    step: Vec<f64>,
    theta: Vec<f64>,
    trial: Vec<f64>,
}

/// Minimises −log L from `start`. On success the likelihood's gradient, curvature (the exact Hessian) and whitened
/// slopes are those of the optimum.
pub(super) fn minimise(likelihood: &mut Likelihood, start: &[f64]) -> Result<Optimum, Stuck> {
    let count = start.len();
    let room = || vec![0.0; count];
    let square = || vec![0.0; count * count];
    let mut search = Search {
        gradient: room(),
        curvature: square(),
        factor: square(),
        step: room(),
        theta: start.to_vec(),
        trial: room(),
    };
    let mut value = likelihood.value(start).ok_or(Stuck::Start)?;
    let mut radius = 2.0;
    let (mut wanted, mut last) = (Kind::Average, f64::INFINITY);
    for steps in 1..=STEPS_MAX {
        likelihood.differentiate(&search.theta);
        let mut kind = search.direction(likelihood, wanted)?;
        let mut decrement = -dot(&search.step, &search.gradient);
        if kind == Kind::Chord && decrement < ARRIVED {
            // Arrived by the old Hessian: inference needs that of the optimum itself.
            kind = search.direction(likelihood, Kind::Exact)?;
            decrement = -dot(&search.step, &search.gradient);
        }
        if kind == Kind::Exact && decrement < ARRIVED {
            return Ok(Optimum { theta: search.theta, value, steps });
        }
        wanted = kind.next(decrement, last, steps);
        last = decrement;
        let near = kind != Kind::Average;
        let length = dot(&search.step, &search.step).sqrt();
        if length > radius {
            search.step.iter_mut().for_each(|part| *part *= radius / length);
            decrement *= radius / length;
        }
        loop {
            search.advance(likelihood.problem.structure, likelihood.problem.visits);
            let promised = decrement - 0.5 * quadratic(&search.curvature, &search.step);
            let found = likelihood.value(&search.trial);
            let gained = found.map_or(f64::NEG_INFINITY, |found| value - found);
            let rounding = 1e-12 * (1.0 + value.abs());
            let length = dot(&search.step, &search.step).sqrt();
            if gained > 1e-4 * promised || (near && decrement < 1e-6 && gained > -rounding) {
                if gained > 0.75 * promised {
                    radius = (2.0 * length).max(radius);
                }
                value = found.unwrap_or(value);
                std::mem::swap(&mut search.theta, &mut search.trial);
                break;
            }
            if promised < rounding {
                // What is promised can't be seen in the sum any more: the search has arrived, or stands on a plateau.
                return search.finish(likelihood, steps);
            }
            radius = 0.25 * length;
            if radius < 1e-12 {
                return Err(search.failure(likelihood, Stuck::NoDescent));
            }
            search.step.iter_mut().for_each(|part| *part *= 0.25);
            decrement *= 0.25;
        }
        let far = search.theta.iter().any(|part| part.abs() > FAR);
        if steps > 8 && singular(likelihood, &search.theta, GONE) {
            return Err(Stuck::Singular(search.theta));
        }
        if far {
            break;
        }
    }
    Err(search.failure(likelihood, Stuck::Flat))
}

/// Which curvature a step is made with.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// Average information.
    Average,
    /// The Hessian at this very point.
    Exact,
    /// The Hessian of an earlier point nearby.
    Chord,
}

impl Kind {
    /// What the next step is made with: the Hessian once near, and the same one again as long as it shortens steps well.
    fn next(self, decrement: f64, last: f64, steps: usize) -> Kind {
        match self {
            Kind::Average if decrement < NEAR || steps > 12 => Kind::Exact,
            Kind::Exact if decrement < CLOSE => Kind::Chord,
            Kind::Chord if decrement < 0.03 * last => Kind::Chord,
            Kind::Exact | Kind::Chord if decrement < NEAR => Kind::Exact,
            Kind::Average | Kind::Exact | Kind::Chord => Kind::Average,
        }
    }
}

impl Search {
    /// A step with the curvature wanted, or with the average information where the Hessian is not positive definite.
    /// Tells which it was.
    fn direction(&mut self, likelihood: &mut Likelihood, wanted: Kind) -> Result<Kind, Stuck> {
        if wanted == Kind::Chord {
            self.gradient.copy_from_slice(&likelihood.gradient);
            self.free(likelihood, false);
            self.step_back();
            return Ok(Kind::Chord);
        }
        if wanted == Kind::Exact {
            likelihood.hessian(&self.theta);
            self.copy(likelihood);
            if self.solve(0.0) {
                return Ok(Kind::Exact);
            }
        }
        likelihood.average_information();
        self.copy(likelihood);
        // It is positive semidefinite; a small share of its own diagonal makes it definite.
        let mut share = 1e-8;
        while share < 1e12 {
            if self.solve(share) {
                return Ok(Kind::Average);
            }
            share *= 10.0;
        }
        Err(Stuck::Flat)
    }

    /// Gradient and curvature in the coordinates of steps. For the unstructured Σ these are log L_jj and L_jk itself
    /// instead of t_jk = L_jk/L_jj, which would run away where a variance nears zero. The curvature's part from the
    /// bend of the coordinates is left out: it vanishes with the gradient.
    fn copy(&mut self, likelihood: &Likelihood) {
        self.gradient.copy_from_slice(&likelihood.gradient);
        self.curvature.copy_from_slice(&likelihood.curvature);
        self.free(likelihood, true);
    }

    fn free(&mut self, likelihood: &Likelihood, with_curvature: bool) {
        let (structure, m) = (likelihood.problem.structure, likelihood.problem.visits);
        if structure != Structure::Us {
            return;
        }
        let count = self.theta.len();
        let block = structure.parameters(m);
        for first in (0..count).step_by(block) {
            for j in 1..m {
                let scale = (-self.theta[first + j]).exp();
                let row = first + m + j * (j - 1) / 2;
                for t in row..row + j {
                    let value = self.theta[t];
                    self.gradient[first + j] -= value * self.gradient[t];
                    self.gradient[t] *= scale;
                    if !with_curvature {
                        continue;
                    }
                    for l in 0..count {
                        self.curvature[(first + j) * count + l] -= value * self.curvature[t * count + l];
                        self.curvature[t * count + l] *= scale;
                    }
                    for l in 0..count {
                        self.curvature[l * count + first + j] -= value * self.curvature[l * count + t];
                        self.curvature[l * count + t] *= scale;
                    }
                }
            }
        }
    }

    /// trial ← θ moved by the step.
    fn advance(&mut self, structure: Structure, m: usize) {
        for (to, (from, change)) in self.trial.iter_mut().zip(self.theta.iter().zip(&self.step)) {
            *to = from + change;
        }
        if structure != Structure::Us {
            return;
        }
        let block = structure.parameters(m);
        for first in (0..self.theta.len()).step_by(block) {
            for j in 1..m {
                let row = first + m + j * (j - 1) / 2;
                for t in row..row + j {
                    let entry = self.theta[t] * self.theta[first + j].exp() + self.step[t];
                    self.trial[t] = entry * (-self.trial[first + j]).exp();
                }
            }
        }
    }

    /// step ← −(B + share·diag B)⁻¹g; false where that matrix is not positive definite.
    fn solve(&mut self, share: f64) -> bool {
        let count = self.gradient.len();
        self.factor.copy_from_slice(&self.curvature);
        for k in 0..count {
            let diagonal = &mut self.factor[k * count + k];
            *diagonal += share * diagonal.abs().max(1e-12);
        }
        if cholesky(&mut self.factor, count).is_none() {
            return false;
        }
        self.step_back();
        true
    }

    /// step ← −(factored matrix)⁻¹g.
    fn step_back(&mut self) {
        let count = self.gradient.len();
        for (to, from) in self.step.iter_mut().zip(&self.gradient) {
            *to = -from;
        }
        solve_lower(&self.factor, count, &mut self.step);
        solve_lower_transposed(&self.factor, count, &mut self.step);
    }

    /// At a point where rounding hides further descent: an optimum if a Newton step is within a thousandth of a
    /// standard error.
    fn finish(mut self, likelihood: &mut Likelihood, steps: usize) -> Result<Optimum, Stuck> {
        let value = likelihood.value(&self.theta).ok_or(Stuck::NoDescent)?;
        likelihood.differentiate(&self.theta);
        if self.direction(likelihood, Kind::Exact)? == Kind::Exact && -dot(&self.step, &self.gradient) < 1e-6 {
            return Ok(Optimum { theta: self.theta, value, steps });
        }
        Err(self.failure(likelihood, Stuck::Flat))
    }

    /// Why the search failed: because of a vanishing variance, if there is one.
    fn failure(self, likelihood: &Likelihood, otherwise: Stuck) -> Stuck {
        if singular(likelihood, &self.theta, GOING) { Stuck::Singular(self.theta) } else { otherwise }
    }
}

fn quadratic(matrix: &[f64], x: &[f64]) -> f64 {
    matrix.chunks_exact(x.len()).zip(x).map(|(row, value)| value * dot(row, x)).sum()
}

/// Whether, at θ, some Σ leaves less than `share` of a visit's variance open once the visits before it are known.
fn singular(likelihood: &Likelihood, theta: &[f64], share: f64) -> bool {
    let structure = likelihood.problem.structure;
    let visits = likelihood.problem.visits;
    if structure == Structure::SpExp || visits < 2 {
        return false;
    }
    let block = structure.parameters(visits);
    let mut sigma = vec![0.0; visits * visits];
    theta.chunks_exact(block).any(|own| {
        structure.sigma(own, visits, &[], &mut sigma);
        let variances: Vec<f64> = (0..visits).map(|i| sigma[i * visits + i]).collect();
        cholesky(&mut sigma, visits).is_none()
            || (0..visits).any(|i| sigma[i * visits + i].powi(2) < share * variances[i])
    })
}
