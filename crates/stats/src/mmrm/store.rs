//! What is kept of a pattern's people, and the sums over them that the likelihood asks for.

use crate::dense::{axpy, axpy_rows, dot, packed, packed_len};

/// What a pattern keeps of its participants' rows.
#[derive(Debug, Clone)]
pub(crate) enum Store {
    /// For every pair of visits a ≥ b the packed q×q matrix C_ab + C_ab′ (C_aa alone on the diagonal).
    Crossed(Vec<f64>),
    /// The rows themselves, people × visits × q: for patterns of too few people to be worth crossing.
    Rows(Vec<f64>),
}

/// Visits of a pattern, and cells of a row (coefficients and response).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) m: usize,
    pub(crate) q: usize,
}

impl Shape {
    /// Room that [`Store`]'s functions need beside their results.
    pub(crate) fn scratch(self) -> usize {
        self.m * self.m + self.q
    }
}

/// Sums of squares over a pattern's people, for given coefficients.
pub(crate) struct Squares<'a> {
    /// Σ X_iΦX_i′, m×m; 0 without Φ.
    pub(crate) spread: &'a mut [f64],
    /// Σ r_i r_i′, m×m.
    pub(crate) misfit: &'a mut [f64],
    /// For every pair a ≥ b the vector Σ x_a r_b + x_b r_a (x_a r_a on the diagonal).
    pub(crate) pairs: &'a mut [f64],
}

impl Store {
    /// out += Σ_ab M_ab C_ab, packed over the first columns that `out` is long enough for.
    pub(crate) fn contract(&self, shape: Shape, weights: &[f64], scratch: &mut [f64], out: &mut [f64]) {
        let Shape { m, q } = shape;
        match self {
            Store::Crossed(cross) => {
                let triangle = packed_len(q);
                let mut start = 0;
                for a in 0..m {
                    let weights = &weights[a * m..a * m + a + 1];
                    axpy_rows(weights, &cross[start * triangle..], triangle, 0, out);
                    start += weights.len();
                }
            }
            Store::Rows(rows) => {
                for person in rows.chunks_exact(m * q) {
                    for a in 0..m {
                        scratch[..q].fill(0.0);
                        for b in 0..m {
                            axpy(weights[a * m + b], &person[b * q..(b + 1) * q], &mut scratch[..q]);
                        }
                        let row = &person[a * q..(a + 1) * q];
                        let mut start = 0;
                        let mut i = 0;
                        while start < out.len() {
                            // z_a (Mz)_a′ alone is not symmetric; summed over a it is, so one triangle is enough.
                            axpy(row[i], &scratch[..=i], &mut out[start..=start + i]);
                            i += 1;
                            start += i;
                        }
                    }
                }
            }
        }
    }

    /// As [`Store::contract`] over the coefficients alone, for several weights at once, each packed over pairs; `out`
    /// holds one p×p triangle for each.
    pub(crate) fn contract_each(&self, shape: Shape, weights: &[f64], scratch: &mut [f64], out: &mut [f64]) {
        let Shape { m, q } = shape;
        let (pairs, length) = (packed_len(m), packed_len(q - 1));
        match self {
            Store::Crossed(cross) => {
                let triangle = packed_len(q);
                // Four pairs for all weights, then the next four: the products stay in the cache.
                for first in (0..pairs).step_by(4) {
                    let last = pairs.min(first + 4);
                    for (weights, out) in weights.chunks_exact(pairs).zip(out.chunks_exact_mut(length)) {
                        axpy_rows(&weights[first..last], &cross[first * triangle..], triangle, 0, out);
                    }
                }
            }
            Store::Rows(_) => {
                let (square, rest) = scratch.split_at_mut(m * m);
                for (weights, out) in weights.chunks_exact(pairs).zip(out.chunks_exact_mut(length)) {
                    for a in 0..m {
                        for b in 0..=a {
                            square[a * m + b] = weights[packed(a, b)];
                            square[b * m + a] = weights[packed(a, b)];
                        }
                    }
                    self.contract(shape, square, rest, out);
                }
            }
        }
    }

    /// Fills `out` for Φ (if given: packed, off-diagonals doubled) and r = [X|y]·`gamma`.
    pub(crate) fn squares(
        &self,
        shape: Shape,
        phi: Option<&[f64]>,
        gamma: &[f64],
        scratch: &mut [f64],
        out: &mut Squares<'_>,
    ) {
        let Shape { m, q } = shape;
        let p = q - 1;
        match self {
            Store::Crossed(cross) => {
                let triangle = packed_len(q);
                let mut pair = 0;
                for a in 0..m {
                    for b in 0..=a {
                        let c = &cross[pair * triangle..(pair + 1) * triangle];
                        let half = if a == b { 1.0 } else { 0.5 };
                        let along = &mut scratch[..q];
                        packed_times(c, gamma, along);
                        out.pairs[pair * p..(pair + 1) * p].copy_from_slice(&along[..p]);
                        let misfit = half * dot(along, gamma);
                        let spread = phi.map_or(0.0, |phi| half * dot(&c[..phi.len()], phi));
                        for at in [a * m + b, b * m + a] {
                            out.misfit[at] = misfit;
                            out.spread[at] = spread;
                        }
                        pair += 1;
                    }
                }
            }
            Store::Rows(rows) => {
                out.spread.fill(0.0);
                out.misfit.fill(0.0);
                out.pairs.fill(0.0);
                for person in rows.chunks_exact(m * q) {
                    person_squares(person, shape, phi, gamma, scratch, out);
                }
            }
        }
    }
}

fn person_squares(
    person: &[f64],
    shape: Shape,
    phi: Option<&[f64]>,
    gamma: &[f64],
    scratch: &mut [f64],
    out: &mut Squares<'_>,
) {
    let Shape { m, q } = shape;
    let p = q - 1;
    let residual = |a: usize| dot(&person[a * q..(a + 1) * q], gamma);
    let mut pair = 0;
    for a in 0..m {
        let x = &person[a * q..a * q + p];
        let along = &mut scratch[..p];
        match phi {
            Some(phi) => half_packed_times(phi, x, along),
            None => along.fill(0.0),
        }
        let r = residual(a);
        for b in 0..=a {
            let other = &person[b * q..b * q + p];
            let s = residual(b);
            let target = &mut out.pairs[pair * p..(pair + 1) * p];
            axpy(s, x, target);
            out.misfit[a * m + b] += r * s;
            let spread = dot(along, other);
            out.spread[a * m + b] += spread;
            if a != b {
                axpy(r, other, target);
                out.misfit[b * m + a] += r * s;
                out.spread[b * m + a] += spread;
            }
            pair += 1;
        }
    }
}

/// out ← S·x for a packed symmetric S.
pub(crate) fn packed_times(s: &[f64], x: &[f64], out: &mut [f64]) {
    let mut start = 0;
    for i in 0..x.len() {
        let row = &s[start..=start + i];
        out[i] = dot(row, &x[..=i]);
        let value = x[i];
        axpy(value, &row[..i], &mut out[..i]);
        start += i + 1;
    }
}

/// As [`packed_times`], for a triangle whose off-diagonals are doubled.
fn half_packed_times(s: &[f64], x: &[f64], out: &mut [f64]) {
    packed_times(s, x, out);
    for (i, value) in out.iter_mut().enumerate() {
        *value = 0.5 * (*value + s[packed(i, i)] * x[i]);
    }
}
