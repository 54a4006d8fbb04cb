//! −log L of the mixed model with its exact gradient, average information and Hessian in θ.
//!
//! Everything is a contraction of the cross-products of [`Problem`]. For one θ call [`Likelihood::value`], then
//! [`Likelihood::differentiate`], then the curvature wanted; each uses what the one before left. Nothing is allocated
//! after [`Likelihood::new`]. Formulas: Lindstrom & Bates 1988; Gilmour, Thompson & Cullis 1995 (average information).

use std::sync::Arc;

use crate::dense::{
    axpy, cholesky, dot, inverse_from, invert_lower, log_determinant, multiply, packed, packed_len, whiten,
};

use super::Structure;
use super::problem::{Pattern, Problem};
use super::store::{Shape, Squares};

/// Where a pattern's pieces stand in the shared arrays.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// Which Σ it is cut from.
    source: usize,
    /// Start in arrays of m_i×m_i matrices.
    square: usize,
    /// Start in arrays over the pairs of visits.
    pair: usize,
}

/// One Σ: shared by a group, or a spatial pattern's own.
#[derive(Debug, Clone, Copy)]
struct Source {
    group: usize,
    m: usize,
    /// Start in arrays of m×m matrices.
    square: usize,
    /// The pattern whose distances it needs, if spatial.
    pattern: Option<usize>,
}

/// A likelihood over one problem, with all its working space.
#[derive(Debug, Clone)]
pub(crate) struct Likelihood {
    pub(crate) problem: Arc<Problem>,
    places: Vec<Place>,
    sources: Vec<Source>,
    /// Covariance parameters of one group.
    block: usize,
    sigma: Vec<f64>,
    /// ∂Σ/∂θ: `block` matrices a source.
    slopes: Vec<f64>,
    /// −log L's gradient in Σ, one matrix a source.
    sigma_gradient: Vec<f64>,
    inverse: Vec<f64>,
    /// X̃′V⁻¹X̃ with the response as last row, packed.
    cross: Vec<f64>,
    /// Cholesky factor of the above, q×q.
    pub(crate) factor: Vec<f64>,
    /// L⁻¹ of its coefficient part, p×p, and its transpose.
    pub(crate) inverse_factor: Vec<f64>,
    inverse_transposed: Vec<f64>,
    /// (−γ, 1) with γ the coefficients in working coordinates.
    pub(crate) gamma: Vec<f64>,
    /// V⁻¹EV⁻¹ and V⁻¹FV⁻¹, E = ΣXΦX′, F = Σrr′.
    spread: Vec<f64>,
    misfit: Vec<f64>,
    residual_pairs: Vec<f64>,
    /// V⁻¹V̇_kV⁻¹ by pattern and parameter.
    pub(crate) gradient: Vec<f64>,
    /// Average information or Hessian, K×K.
    pub(crate) curvature: Vec<f64>,
    /// G_k = L⁻¹P_kL⁻ᵀ with P_k = X̃′V⁻¹V̇_kV⁻¹X̃ and A = LL′: what every inference needs. One inner-product triangle a
    /// parameter.
    pub(crate) whitened: Vec<f64>,
    scratch: Scratch,
}

#[derive(Debug, Clone)]
struct Scratch {
    small: [Vec<f64>; 4],
    slopes: Vec<f64>,
    weights: Vec<f64>,
    row: Vec<f64>,
    phi: Vec<f64>,
    triangles: Vec<f64>,
    square: Vec<f64>,
    a: Vec<f64>,
}

impl Likelihood {
    pub(crate) fn new(problem: Arc<Problem>) -> Self {
        let spatial = problem.structure == Structure::SpExp;
        let block = problem.structure.parameters(problem.visits);
        let (mut places, mut sources) = (Vec::new(), Vec::new());
        let (mut square, mut pair, mut source_square) = (0, 0, 0);
        if !spatial {
            for group in 0..problem.groups {
                sources.push(Source { group, m: problem.visits, square: source_square, pattern: None });
                source_square += problem.visits * problem.visits;
            }
        }
        for (index, pattern) in problem.patterns.iter().enumerate() {
            let m = pattern.size();
            let source = if spatial { sources.len() } else { pattern.group };
            if spatial {
                sources.push(Source { group: pattern.group, m, square: source_square, pattern: Some(index) });
                source_square += m * m;
            }
            places.push(Place { source, square, pair });
            square += m * m;
            pair += packed_len(m);
        }
        let largest = problem.patterns.iter().map(Pattern::size).max().unwrap_or(1).max(problem.visits);
        let (p, q, k) = (problem.p, problem.q, problem.parameters());
        let (size, room) = (largest * largest, |count: usize| vec![0.0; count]);
        Likelihood {
            places,
            sources,
            block,
            sigma: room(source_square),
            slopes: room(source_square * block),
            sigma_gradient: room(source_square),
            inverse: room(square),
            cross: room(packed_len(q)),
            factor: room(q * q),
            inverse_factor: room(p * p),
            inverse_transposed: room(p * p),
            gamma: room(q),
            spread: room(square),
            misfit: room(square),
            residual_pairs: room(pair * p),
            gradient: room(k),
            curvature: room(k * k),
            whitened: room(k * packed_len(p)),
            scratch: Scratch {
                small: [room(size), room(size), room(size), room(size)],
                slopes: room(block * size),
                weights: room(block * pair),
                row: room(Shape { m: largest, q }.scratch()),
                phi: room(packed_len(p)),
                triangles: room(block * packed_len(p)),
                square: room(q * q),
                a: room(2 * k * p),
            },
            problem,
        }
    }

    /// −log L at θ in working coordinates, without [`Problem::constant`]; `None` where Σ or X′V⁻¹X is not positive
    /// definite, that is where the likelihood is zero.
    pub(crate) fn value(&mut self, theta: &[f64]) -> Option<f64> {
        let (problem, block) = (Arc::clone(&self.problem), self.block);
        for source in &self.sources {
            let own = &theta[source.group * block..(source.group + 1) * block];
            let distances = source.pattern.map_or(&[][..], |pattern| &problem.patterns[pattern].distances);
            let size = source.m * source.m;
            problem.structure.sigma(own, source.m, distances, &mut self.sigma[source.square..source.square + size]);
        }
        self.cross.fill(0.0);
        let mut log_det_v = 0.0;
        let [v, li, ..] = &mut self.scratch.small;
        for (pattern, place) in problem.patterns.iter().zip(&self.places) {
            let (m, source) = (pattern.size(), &self.sources[place.source]);
            gather(&self.sigma[source.square..], source.m, &pattern.visits, v);
            cholesky(v, m)?;
            log_det_v += pattern.people as f64 * log_determinant(v, m);
            invert_lower(v, m, li);
            let inverse = &mut self.inverse[place.square..place.square + m * m];
            inverse_from(li, m, inverse);
            pattern.store.contract(pattern.shape(problem.q), inverse, &mut self.scratch.row, &mut self.cross);
        }
        let (p, q) = (problem.p, problem.q);
        unpack(&self.cross, q, &mut self.factor);
        cholesky(&mut self.factor, q)?;
        let rss = self.factor[q * q - 1].powi(2);
        let mut value = 0.5 * (log_det_v + rss);
        if problem.reml {
            value += (0..p).map(|i| self.factor[i * q + i].ln()).sum::<f64>();
        }
        value.is_finite().then_some(value)
    }

    /// A pattern's V⁻¹ at the last θ.
    pub(crate) fn inverse(&self, pattern: usize) -> &[f64] {
        let m = self.problem.patterns[pattern].size();
        &self.inverse[self.places[pattern].square..][..m * m]
    }

    /// L⁻¹x for the factor L of A = X̃′V⁻¹X̃, in place.
    pub(crate) fn whiten_contrast(&self, x: &mut [f64]) {
        let p = self.problem.p;
        for i in (0..p).rev() {
            x[i] = dot(&self.inverse_factor[i * p..i * p + i + 1], &x[..=i]);
        }
    }

    /// L of A = X̃′V⁻¹X̃, p×p by rows, upper part zero.
    pub(crate) fn coefficient_factor(&self) -> Vec<f64> {
        let (p, q) = (self.problem.p, self.problem.q);
        let mut out = vec![0.0; p * p];
        for i in 0..p {
            out[i * p..i * p + i + 1].copy_from_slice(&self.factor[i * q..i * q + i + 1]);
        }
        out
    }

    /// Coefficients, residual pieces and the gradient at the θ of the last [`Likelihood::value`].
    pub(crate) fn differentiate(&mut self, theta: &[f64]) {
        let (problem, block) = (Arc::clone(&self.problem), self.block);
        let (p, q) = (problem.p, problem.q);
        self.coefficients();
        for source in &self.sources {
            let own = &theta[source.group * block..(source.group + 1) * block];
            let distances = source.pattern.map_or(&[][..], |pattern| &problem.patterns[pattern].distances);
            let size = source.m * source.m;
            let sigma = &self.sigma[source.square..source.square + size];
            problem.structure.first(
                own,
                source.m,
                distances,
                sigma,
                &mut self.slopes[source.square * block..(source.square + size) * block],
            );
        }
        self.sigma_gradient.fill(0.0);
        for (pattern, place) in problem.patterns.iter().zip(&self.places) {
            let m = pattern.size();
            let size = m * m;
            let [e, f, product, _] = &mut self.scratch.small;
            let phi = problem.reml.then_some(&self.scratch.phi[..]);
            let pairs = &mut self.residual_pairs[place.pair * p..(place.pair + packed_len(m)) * p];
            let mut squares = Squares { spread: &mut e[..size], misfit: &mut f[..size], pairs };
            pattern.store.squares(pattern.shape(q), phi, &self.gamma, &mut self.scratch.row, &mut squares);
            let inverse = &self.inverse[place.square..place.square + size];
            let misfit = &mut self.misfit[place.square..place.square + size];
            multiply(inverse, &f[..size], m, product);
            multiply(product, inverse, m, misfit);
            let spread = &mut self.spread[place.square..place.square + size];
            if problem.reml {
                multiply(inverse, &e[..size], m, product);
                multiply(product, inverse, m, spread);
            }
            let source = &self.sources[place.source];
            let gradient = &mut self.sigma_gradient[source.square..];
            for (a, &i) in pattern.visits.iter().enumerate() {
                for (b, &j) in pattern.visits.iter().enumerate() {
                    let at = a * m + b;
                    gradient[i * source.m + j] += 0.5 * (pattern.people as f64 * inverse[at] - misfit[at] - spread[at]);
                }
            }
        }
        self.gradient.fill(0.0);
        for source in &self.sources {
            let size = source.m * source.m;
            let along = &self.sigma_gradient[source.square..source.square + size];
            let slopes = &self.slopes[source.square * block..(source.square + size) * block];
            for (k, slope) in slopes.chunks_exact(size).enumerate() {
                self.gradient[source.group * block + k] += dot(along, slope);
            }
        }
    }

    /// γ from the factor, and Φ packed with off-diagonals doubled.
    fn coefficients(&mut self) {
        let (p, q) = (self.problem.p, self.problem.q);
        let (factor, gamma) = (&self.factor, &mut self.gamma);
        gamma[..p].copy_from_slice(&factor[p * q..p * q + p]);
        for i in (0..p).rev() {
            gamma[i] /= factor[i * q + i];
            let value = gamma[i];
            axpy(-value, &factor[i * q..i * q + i], &mut gamma[..i]);
        }
        for value in &mut gamma[..p] {
            *value = -*value;
        }
        gamma[p] = 1.0;
        let inverse = &mut self.inverse_factor;
        for i in 0..p {
            let pivot = 1.0 / factor[i * q + i];
            let (above, current) = inverse.split_at_mut(i * p);
            current[..i].fill(0.0);
            for k in 0..i {
                axpy(-factor[i * q + k] * pivot, &above[k * p..k * p + k + 1], &mut current[..k + 1]);
            }
            current[i] = pivot;
            for (k, value) in current[..=i].iter().enumerate() {
                self.inverse_transposed[k * p + i] = *value;
            }
        }
        if !self.problem.reml {
            return;
        }
        // Φ = L⁻ᵀL⁻¹, row by row of L⁻¹.
        let phi = &mut self.scratch.phi;
        phi.fill(0.0);
        for k in 0..p {
            let row = &inverse[k * p..k * p + k + 1];
            let mut start = 0;
            for (i, &value) in row.iter().enumerate() {
                axpy(2.0 * value, &row[..i], &mut phi[start..start + i]);
                phi[start + i] += value * value;
                start += i + 1;
            }
        }
    }

    /// For every pattern and parameter V⁻¹V̇_kV⁻¹ (kept by pairs), and adds tr(V̇_k V⁻¹ V̇_l N) to the curvature, with
    /// N from `weigh(people, V⁻¹, V⁻¹EV⁻¹, V⁻¹FV⁻¹)` entry by entry.
    fn bend(&mut self, weigh: impl Fn(f64, f64, f64, f64) -> f64) {
        let (problem, block, count) = (Arc::clone(&self.problem), self.block, self.gradient.len());
        self.curvature.fill(0.0);
        for (pattern, place) in problem.patterns.iter().zip(&self.places) {
            let m = pattern.size();
            let size = m * m;
            let source = &self.sources[place.source];
            let first = source.group * block;
            let source_size = source.m * source.m;
            let [n, u, product, y] = &mut self.scratch.small;
            let inverse = &self.inverse[place.square..place.square + size];
            for at in 0..size {
                n[at] = weigh(
                    pattern.people as f64,
                    inverse[at],
                    self.spread[place.square + at],
                    self.misfit[place.square + at],
                );
            }
            for k in 0..block {
                let slope = &self.slopes[source.square * block + k * source_size..][..source_size];
                gather(slope, source.m, &pattern.visits, &mut self.scratch.slopes[k * size..(k + 1) * size]);
            }
            let pairs = packed_len(m);
            for k in 0..block {
                // u = V̇_kV⁻¹; V⁻¹u is kept, and tr(V̇_k V⁻¹ V̇_l N) = ⟨V̇_l, N u⟩.
                multiply(&self.scratch.slopes[k * size..(k + 1) * size], inverse, m, u);
                multiply(inverse, u, m, product);
                let weights = &mut self.scratch.weights[place.pair * block + k * pairs..][..pairs];
                for a in 0..m {
                    for b in 0..=a {
                        weights[packed(a, b)] = product[a * m + b];
                    }
                }
                multiply(n, u, m, y);
                for l in 0..=k {
                    let slope = &self.scratch.slopes[l * size..(l + 1) * size];
                    self.curvature[(first + k) * count + first + l] += dot(slope, &y[..size]);
                }
            }
        }
    }

    /// a_k = X̃′V⁻¹V̇_kV⁻¹r, whitened; the curvature loses `share`·a_k′Φa_l.
    fn bend_residual(&mut self, share: f64) {
        let (problem, block, count) = (Arc::clone(&self.problem), self.block, self.gradient.len());
        let p = problem.p;
        let vectors = &mut self.scratch.a[..count * p];
        vectors.fill(0.0);
        for (pattern, place) in problem.patterns.iter().zip(&self.places) {
            let pairs = packed_len(pattern.size());
            let first = self.sources[place.source].group * block;
            for k in 0..block {
                let weights = &self.scratch.weights[place.pair * block + k * pairs..][..pairs];
                let target = &mut vectors[(first + k) * p..(first + k + 1) * p];
                for (pair, weight) in weights.iter().enumerate() {
                    let from = (place.pair + pair) * p;
                    axpy(*weight, &self.residual_pairs[from..from + p], target);
                }
            }
        }
        for k in 0..count {
            let vector = &mut vectors[k * p..(k + 1) * p];
            for i in (0..p).rev() {
                vector[i] = dot(&self.inverse_factor[i * p..i * p + i + 1], &vector[..=i]);
            }
            for l in 0..=k {
                self.curvature[k * count + l] -=
                    share * dot(&vectors[k * p..(k + 1) * p], &vectors[l * p..(l + 1) * p]);
            }
        }
    }

    fn mirror(&mut self) {
        let count = self.gradient.len();
        for k in 0..count {
            for l in 0..k {
                self.curvature[l * count + k] = self.curvature[k * count + l];
            }
        }
    }

    /// Average information ½y′PV̇_kPV̇_lPy: positive semidefinite, cheap, close to the Hessian near the optimum.
    pub(crate) fn average_information(&mut self) {
        self.bend(|_, _, _, misfit| 0.5 * misfit);
        self.bend_residual(0.5);
        self.mirror();
    }

    /// The exact Hessian, and with it the whitened P_k.
    pub(crate) fn hessian(&mut self, theta: &[f64]) {
        let (problem, block, count) = (Arc::clone(&self.problem), self.block, self.gradient.len());
        self.bend(|people, inverse, spread, misfit| misfit + spread - 0.5 * people * inverse);
        self.bend_residual(1.0);
        for source in &self.sources {
            let own = &theta[source.group * block..(source.group + 1) * block];
            let distances = source.pattern.map_or(&[][..], |pattern| &problem.patterns[pattern].distances);
            let size = source.m * source.m;
            let sigma = &self.sigma[source.square..source.square + size];
            let along = &self.sigma_gradient[source.square..source.square + size];
            let (first, curvature) = (source.group * block, &mut self.curvature);
            problem.structure.second(own, source.m, distances, sigma, &mut |k, l, i, j, value| {
                let both = if i == j { 1.0 } else { 2.0 };
                curvature[(first + k) * count + first + l] += both * along[i * source.m + j] * value;
            });
        }
        self.whitened_slopes();
        if problem.reml {
            let size = packed_len(problem.p);
            for k in 0..count {
                for l in 0..=k {
                    let product =
                        dot(&self.whitened[k * size..(k + 1) * size], &self.whitened[l * size..(l + 1) * size]);
                    self.curvature[k * count + l] -= 0.5 * product;
                }
            }
        }
        self.mirror();
    }

    /// P_k for every parameter, whitened by the factor of A.
    fn whitened_slopes(&mut self) {
        let (problem, block) = (Arc::clone(&self.problem), self.block);
        let (p, q) = (problem.p, problem.q);
        let triangle = packed_len(p);
        for group in 0..problem.groups {
            let sums = &mut self.scratch.triangles;
            sums.fill(0.0);
            for (pattern, place) in problem.patterns.iter().zip(&self.places) {
                if pattern.group != group {
                    continue;
                }
                let m = pattern.size();
                let pairs = packed_len(m);
                let weights = &self.scratch.weights[place.pair * block..(place.pair + pairs) * block];
                pattern.store.contract_each(pattern.shape(q), weights, &mut self.scratch.row, sums);
            }
            for k in 0..block {
                let out = &mut self.whitened[(group * block + k) * triangle..][..triangle];
                whiten(
                    (&self.inverse_factor, &self.inverse_transposed),
                    p,
                    &sums[k * triangle..(k + 1) * triangle],
                    &mut self.scratch.square,
                    out,
                );
            }
        }
    }

    /// The two sums that Kenward–Roger adds beside P_kΦP_l, whitened: Σ W_kl Q_kl and Σ W_kl R_kl, for a K×K matrix W.
    /// Inner-product triangles.
    pub(crate) fn kenward_roger_sums(&self, theta: &[f64], w: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let (problem, block, count) = (Arc::clone(&self.problem), self.block, self.gradient.len());
        let (p, q) = (problem.p, problem.q);
        let (mut products, mut curves) = (vec![0.0; packed_len(p)], vec![0.0; packed_len(p)]);
        let mut bends = vec![0.0; self.sigma.len()];
        let mut row = vec![0.0; self.scratch.row.len()];
        for source in &self.sources {
            let own = &theta[source.group * block..(source.group + 1) * block];
            let distances = source.pattern.map_or(&[][..], |pattern| &problem.patterns[pattern].distances);
            let (size, first) = (source.m * source.m, source.group * block);
            let bend = &mut bends[source.square..source.square + size];
            problem.structure.second(
                own,
                source.m,
                distances,
                &self.sigma[source.square..source.square + size],
                &mut |k, l, i, j, value| {
                    let both = if k == l { 1.0 } else { 2.0 };
                    let value = both * w[(first + k) * count + first + l] * value;
                    bend[i * source.m + j] += value;
                    if i != j {
                        bend[j * source.m + i] += value;
                    }
                },
            );
        }
        for (pattern, place) in problem.patterns.iter().zip(&self.places) {
            let m = pattern.size();
            let (size, source) = (m * m, &self.sources[place.source]);
            let (source_size, first) = (source.m * source.m, source.group * block);
            let inverse = &self.inverse[place.square..place.square + size];
            let slope = |k: usize| &self.slopes[source.square * block + k * source_size..][..source_size];
            let mut sum = vec![0.0; size];
            let (mut one, mut other, mut product, mut middle) =
                (vec![0.0; size], vec![0.0; source_size], vec![0.0; size], vec![0.0; size]);
            for k in 0..block {
                // V̇_k V⁻¹ (Σ_l W_kl V̇_l), summed over k.
                other.fill(0.0);
                for l in 0..block {
                    axpy(w[(first + k) * count + first + l], slope(l), &mut other);
                }
                gather(slope(k), source.m, &pattern.visits, &mut one);
                multiply(&one, inverse, m, &mut product);
                gather(&other, source.m, &pattern.visits, &mut one);
                multiply(&product, &one, m, &mut middle);
                axpy(1.0, &middle, &mut sum);
            }
            sandwich(inverse, &mut sum, m, &mut product);
            pattern.store.contract(pattern.shape(q), &sum, &mut row, &mut products);
            gather(&bends[source.square..], source.m, &pattern.visits, &mut one);
            sandwich(inverse, &mut one, m, &mut product);
            pattern.store.contract(pattern.shape(q), &one, &mut row, &mut curves);
        }
        let whitener = (&self.inverse_factor[..], &self.inverse_transposed[..]);
        let triangle = packed_len(p);
        let (mut first, mut second, mut scratch) = (vec![0.0; triangle], vec![0.0; triangle], vec![0.0; p * p]);
        whiten(whitener, p, &products, &mut scratch, &mut first);
        whiten(whitener, p, &curves, &mut scratch, &mut second);
        (first, second)
    }
}

/// s ← V⁻¹ s V⁻¹, made symmetric.
fn sandwich(inverse: &[f64], s: &mut [f64], m: usize, scratch: &mut [f64]) {
    multiply(inverse, s, m, scratch);
    multiply(scratch, inverse, m, s);
    for i in 0..m {
        for j in 0..i {
            let mean = 0.5 * (s[i * m + j] + s[j * m + i]);
            s[i * m + j] = mean;
            s[j * m + i] = mean;
        }
    }
}

/// The rows and columns `visits` of a `full`×`full` matrix.
fn gather(matrix: &[f64], full: usize, visits: &[usize], out: &mut [f64]) {
    let m = visits.len();
    for (a, &i) in visits.iter().enumerate() {
        for (b, &j) in visits.iter().enumerate() {
            out[a * m + b] = matrix[i * full + j];
        }
    }
}

fn unpack(s: &[f64], n: usize, out: &mut [f64]) {
    let mut start = 0;
    for i in 0..n {
        out[i * n..i * n + i + 1].copy_from_slice(&s[start..=start + i]);
        start += i + 1;
    }
}
