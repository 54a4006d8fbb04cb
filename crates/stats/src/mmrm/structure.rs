//! Covariance structures: Σ(θ) with its exact first and second derivatives.
//!
//! θ has the meaning and order of R's mmrm: σ_j = exp(θ_j), correlations through t/√(1+t²), compound symmetry through
//! a logistic over (−1/(m−1), 1); the unstructured Σ = LL′ with L_jj = e^θj, L_jk = e^θj·t_jk. Matrices are m×m by rows.

/// A covariance structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Structure {
    /// Unstructured.
    Us,
    /// Compound symmetry.
    Cs,
    /// Compound symmetry with a variance a visit.
    Csh,
    /// First-order autoregressive.
    Ar1,
    /// First-order autoregressive with a variance a visit.
    Ar1h,
    /// Ante-dependence of order one.
    Ad,
    /// Ante-dependence with a variance a visit.
    Adh,
    /// Toeplitz.
    Toep,
    /// Toeplitz with a variance a visit.
    Toeph,
    /// Spatial exponential: σ²·ρ^distance.
    SpExp,
}

/// How the correlations depend on their parameters.
#[derive(Clone, Copy, PartialEq)]
enum Family {
    CompoundSymmetry,
    Autoregressive,
    AnteDependence,
    Toeplitz,
}

impl Structure {
    /// Every structure, the most general first.
    pub const ALL: [Structure; 10] = [
        Structure::Us,
        Structure::Toeph,
        Structure::Adh,
        Structure::Ar1h,
        Structure::Csh,
        Structure::Toep,
        Structure::Ad,
        Structure::Ar1,
        Structure::Cs,
        Structure::SpExp,
    ];

    /// The name that protocols and formulas use.
    pub fn name(self) -> &'static str {
        match self {
            Structure::Us => "us",
            Structure::Cs => "cs",
            Structure::Csh => "csh",
            Structure::Ar1 => "ar1",
            Structure::Ar1h => "ar1h",
            Structure::Ad => "ad",
            Structure::Adh => "adh",
            Structure::Toep => "toep",
            Structure::Toeph => "toeph",
            Structure::SpExp => "sp_exp",
        }
    }

    /// The structure of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|structure| structure.name() == name)
    }

    /// Number of covariance parameters for `visits` visits.
    pub fn parameters(self, visits: usize) -> usize {
        let family = |parts: usize| self.scales(visits) + parts;
        match self {
            Structure::Us => visits * (visits + 1) / 2,
            Structure::Cs | Structure::Csh | Structure::Ar1 | Structure::Ar1h => family(usize::from(visits > 1)),
            Structure::Ad | Structure::Adh | Structure::Toep | Structure::Toeph => family(visits.saturating_sub(1)),
            Structure::SpExp => 2,
        }
    }

    /// Number of scale parameters at the front of θ.
    pub(crate) fn scales(self, visits: usize) -> usize {
        match self {
            Structure::Us | Structure::Csh | Structure::Ar1h | Structure::Adh | Structure::Toeph => visits,
            Structure::Cs | Structure::Ar1 | Structure::Ad | Structure::Toep | Structure::SpExp => 1,
        }
    }

    /// What a change of the response's unit by `factor` adds to each scale parameter.
    pub(crate) fn scale_shift(self, factor: f64) -> f64 {
        if self == Structure::SpExp { 2.0 * factor.ln() } else { factor.ln() }
    }

    fn family(self) -> Option<Family> {
        match self {
            Structure::Us | Structure::SpExp => None,
            Structure::Cs | Structure::Csh => Some(Family::CompoundSymmetry),
            Structure::Ar1 | Structure::Ar1h => Some(Family::Autoregressive),
            Structure::Ad | Structure::Adh => Some(Family::AnteDependence),
            Structure::Toep | Structure::Toeph => Some(Family::Toeplitz),
        }
    }

    /// Σ(θ), `m`×`m`; `distances` (m×m) for the spatial structure, ignored by the others.
    pub(crate) fn sigma(self, theta: &[f64], m: usize, distances: &[f64], out: &mut [f64]) {
        match self.family() {
            None if self == Structure::Us => {
                for i in 0..m {
                    for j in 0..=i {
                        let dot: f64 = (0..=j).map(|k| factor(theta, m, i, k) * factor(theta, m, j, k)).sum();
                        out[i * m + j] = dot;
                        out[j * m + i] = dot;
                    }
                }
            }
            None => {
                let (variance, rho) = (theta[0].exp(), logistic(theta[1]));
                for (value, distance) in out.iter_mut().zip(distances) {
                    *value = variance * rho.powf(*distance);
                }
            }
            Some(family) => {
                let scales = self.scales(m);
                for i in 0..m {
                    for j in 0..=i {
                        let value = deviation(theta, scales, i)
                            * deviation(theta, scales, j)
                            * family.correlation(&theta[scales..], m, i, j);
                        out[i * m + j] = value;
                        out[j * m + i] = value;
                    }
                }
            }
        }
    }

    /// ∂Σ/∂θ_k for every k, one m×m matrix after the other.
    pub(crate) fn first(self, theta: &[f64], m: usize, distances: &[f64], sigma: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        let size = m * m;
        match self.family() {
            None if self == Structure::Us => unstructured_first(theta, m, sigma, out),
            None => {
                let rho = logistic(theta[1]);
                for index in 0..size {
                    out[index] = sigma[index];
                    out[size + index] = sigma[index] * distances[index] * (1.0 - rho);
                }
            }
            Some(family) => {
                let scales = self.scales(m);
                for i in 0..m {
                    for j in 0..=i {
                        let value = sigma[i * m + j];
                        if scales == 1 {
                            add_both(out, 0, m, i, j, 2.0 * value);
                        } else {
                            add_both(out, i * size, m, i, j, value);
                            add_both(out, j * size, m, i, j, value);
                        }
                        let product = deviation(theta, scales, i) * deviation(theta, scales, j);
                        family.first(&theta[scales..], m, i, j, &mut |k, value| {
                            add_both(out, (scales + k) * size, m, i, j, product * value);
                        });
                    }
                }
            }
        }
    }

    /// Visits every non-zero entry of the second derivatives: `each(k, l, i, j, value)` with k ≥ l and i ≥ j says
    /// that ∂²Σ_ij/∂θ_k∂θ_l has `value` added.
    pub(crate) fn second(
        self,
        theta: &[f64],
        m: usize,
        distances: &[f64],
        sigma: &[f64],
        each: &mut impl FnMut(usize, usize, usize, usize, f64),
    ) {
        match self.family() {
            None if self == Structure::Us => unstructured_second(theta, m, each),
            None => {
                let rho = logistic(theta[1]);
                for i in 0..m {
                    for j in 0..=i {
                        let (value, distance) = (sigma[i * m + j], distances[i * m + j]);
                        let slope = distance * (1.0 - rho);
                        each(0, 0, i, j, value);
                        each(1, 0, i, j, value * slope);
                        each(1, 1, i, j, value * slope * (slope - rho));
                    }
                }
            }
            Some(family) => {
                let scales = self.scales(m);
                let parts = &theta[scales..];
                let scale = |visit: usize| if scales == 1 { 0 } else { visit };
                for i in 0..m {
                    for j in 0..=i {
                        let value = sigma[i * m + j];
                        let (a, b) = (scale(i), scale(j));
                        if a == b {
                            each(a, a, i, j, 4.0 * value);
                        } else {
                            each(a, a, i, j, value);
                            each(b, b, i, j, value);
                            each(a, b, i, j, value);
                        }
                        let product = deviation(theta, scales, i) * deviation(theta, scales, j);
                        family.first(parts, m, i, j, &mut |k, slope| {
                            if a == b {
                                each(scales + k, a, i, j, 2.0 * product * slope);
                            } else {
                                each(scales + k, a, i, j, product * slope);
                                each(scales + k, b, i, j, product * slope);
                            }
                        });
                        family.second(parts, m, i, j, &mut |k, l, curve| {
                            each(scales + k, scales + l, i, j, product * curve)
                        });
                    }
                }
            }
        }
    }
}

fn add_both(out: &mut [f64], start: usize, m: usize, i: usize, j: usize, value: f64) {
    out[start + i * m + j] += value;
    if i != j {
        out[start + j * m + i] += value;
    }
}

fn deviation(theta: &[f64], scales: usize, visit: usize) -> f64 {
    theta[if scales == 1 { 0 } else { visit }].exp()
}

fn logistic(t: f64) -> f64 {
    1.0 / (1.0 + (-t).exp())
}

/// Where t_jk (k < j) of the unstructured factor stands in θ.
fn position(m: usize, j: usize, k: usize) -> usize {
    m + j * (j - 1) / 2 + k
}

/// L_jk of the unstructured factor.
fn factor(theta: &[f64], m: usize, j: usize, k: usize) -> f64 {
    let scale = theta[j].exp();
    if j == k { scale } else { scale * theta[position(m, j, k)] }
}

/// For a log-diagonal θ_j: row j of L; for t_jk: e^θj at (j, k). So Σ̇ = e_j v′ + v e_j′.
fn unstructured_first(theta: &[f64], m: usize, sigma: &[f64], out: &mut [f64]) {
    let size = m * m;
    for j in 0..m {
        for i in 0..m {
            out[j * size + j * m + i] += sigma[j * m + i];
            out[j * size + i * m + j] += sigma[j * m + i];
        }
        for k in 0..j {
            let start = position(m, j, k) * size;
            for i in k..m {
                let value = theta[j].exp() * factor(theta, m, i, k);
                out[start + j * m + i] += value;
                out[start + i * m + j] += value;
            }
        }
    }
}

/// Σ_ij = L_i·L_j with L_j = e^θj (t_j1, …, 1): differentiated twice, entry by entry.
fn unstructured_second(theta: &[f64], m: usize, each: &mut impl FnMut(usize, usize, usize, usize, f64)) {
    for i in 0..m {
        let scale_i = theta[i].exp();
        for j in 0..i {
            let scale_j = theta[j].exp();
            let value: f64 = (0..=j).map(|k| factor(theta, m, i, k) * factor(theta, m, j, k)).sum();
            each(i, i, i, j, value);
            each(j, j, i, j, value);
            each(i, j, i, j, value);
            for k in 0..=j {
                let slope = scale_i * factor(theta, m, j, k);
                each(position(m, i, k), i, i, j, slope);
                each(position(m, i, k), j, i, j, slope);
            }
            for k in 0..j {
                let slope = scale_j * factor(theta, m, i, k);
                each(position(m, j, k), i, i, j, slope);
                each(position(m, j, k), j, i, j, slope);
                each(position(m, i, k), position(m, j, k), i, j, scale_i * scale_j);
            }
        }
        let value: f64 = (0..=i).map(|k| factor(theta, m, i, k).powi(2)).sum();
        each(i, i, i, i, 4.0 * value);
        for k in 0..i {
            each(position(m, i, k), i, i, i, 4.0 * scale_i * factor(theta, m, i, k));
            each(position(m, i, k), position(m, i, k), i, i, 2.0 * scale_i * scale_i);
        }
    }
}

impl Family {
    fn correlation(self, t: &[f64], m: usize, i: usize, j: usize) -> f64 {
        if i == j {
            return 1.0;
        }
        match self {
            Family::CompoundSymmetry => {
                let a = 1.0 / (m as f64 - 1.0);
                (1.0 + a) * logistic(t[0]) - a
            }
            Family::Autoregressive => bounded(t[0]).powi((i - j) as i32),
            Family::AnteDependence => (j..i).map(|k| bounded(t[k])).product(),
            Family::Toeplitz => bounded(t[i - j - 1]),
        }
    }

    fn first(self, t: &[f64], m: usize, i: usize, j: usize, each: &mut impl FnMut(usize, f64)) {
        if i == j {
            return;
        }
        match self {
            Family::CompoundSymmetry => {
                let q = logistic(t[0]);
                each(0, (1.0 + 1.0 / (m as f64 - 1.0)) * q * (1.0 - q));
            }
            Family::Autoregressive => {
                let h = (i - j) as i32;
                each(0, f64::from(h) * bounded(t[0]).powi(h - 1) * bounded_first(t[0]));
            }
            Family::AnteDependence => {
                for k in j..i {
                    let others: f64 = (j..i).filter(|&other| other != k).map(|other| bounded(t[other])).product();
                    each(k, others * bounded_first(t[k]));
                }
            }
            Family::Toeplitz => each(i - j - 1, bounded_first(t[i - j - 1])),
        }
    }

    fn second(self, t: &[f64], m: usize, i: usize, j: usize, each: &mut impl FnMut(usize, usize, f64)) {
        if i == j {
            return;
        }
        match self {
            Family::CompoundSymmetry => {
                let q = logistic(t[0]);
                each(0, 0, (1.0 + 1.0 / (m as f64 - 1.0)) * q * (1.0 - q) * (1.0 - 2.0 * q));
            }
            Family::Autoregressive => {
                let h = (i - j) as i32;
                let (rho, slope) = (bounded(t[0]), bounded_first(t[0]));
                let mut value = f64::from(h) * rho.powi(h - 1) * bounded_second(t[0]);
                if h > 1 {
                    value += f64::from(h * (h - 1)) * rho.powi(h - 2) * slope * slope;
                }
                each(0, 0, value);
            }
            Family::AnteDependence => {
                for k in j..i {
                    for l in j..=k {
                        let others: f64 =
                            (j..i).filter(|&other| other != k && other != l).map(|other| bounded(t[other])).product();
                        let slopes =
                            if k == l { bounded_second(t[k]) } else { bounded_first(t[k]) * bounded_first(t[l]) };
                        each(k, l, others * slopes);
                    }
                }
            }
            Family::Toeplitz => each(i - j - 1, i - j - 1, bounded_second(t[i - j - 1])),
        }
    }
}

/// Maps ℝ to (−1, 1).
fn bounded(t: f64) -> f64 {
    t / (1.0 + t * t).sqrt()
}

fn bounded_first(t: f64) -> f64 {
    (1.0 + t * t).powf(-1.5)
}

fn bounded_second(t: f64) -> f64 {
    -3.0 * t * (1.0 + t * t).powf(-2.5)
}

/// The parameter of a correlation of the bounded families.
pub(crate) fn unbounded(correlation: f64) -> f64 {
    correlation / (1.0 - correlation * correlation).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A θ with no two parameters alike, one of them zero where a power could misbehave.
    fn theta(structure: Structure, m: usize) -> Vec<f64> {
        (0..structure.parameters(m)).map(|k| if k == 3 { 0.0 } else { 0.3 * ((k * 7 + 3) as f64).sin() }).collect()
    }

    fn sigma(structure: Structure, theta: &[f64], m: usize) -> Vec<f64> {
        let mut out = vec![0.0; m * m];
        structure.sigma(theta, m, &distances(m), &mut out);
        out
    }

    fn distances(m: usize) -> Vec<f64> {
        (0..m * m).map(|index| ((index / m) as f64 - (index % m) as f64).abs() * 1.3).collect()
    }

    fn first(structure: Structure, theta: &[f64], m: usize) -> Vec<f64> {
        let mut out = vec![0.0; theta.len() * m * m];
        structure.first(theta, m, &distances(m), &sigma(structure, theta, m), &mut out);
        out
    }

    /// Central differences of Σ and of its exact first derivative, against the exact first and second derivatives.
    #[test]
    fn derivatives_are_exact() {
        let step = 1e-6;
        for structure in Structure::ALL {
            for m in [1, 2, 3, 5] {
                if structure == Structure::SpExp && m == 1 {
                    continue;
                }
                let theta = theta(structure, m);
                let (size, count) = (m * m, theta.len());
                let exact_first = first(structure, &theta, m);
                let mut exact_second = vec![0.0; count * count * size];
                structure.second(&theta, m, &distances(m), &sigma(structure, &theta, m), &mut |k, l, i, j, value| {
                    assert!(k >= l && i >= j, "{} {k} {l} {i} {j}", structure.name());
                    for (k, l) in if k == l { vec![(k, l)] } else { vec![(k, l), (l, k)] } {
                        add_both(&mut exact_second, (k * count + l) * size, m, i, j, value);
                    }
                });
                for k in 0..count {
                    let (mut up, mut down) = (theta.clone(), theta.clone());
                    up[k] += step;
                    down[k] -= step;
                    let (high, low) = (sigma(structure, &up, m), sigma(structure, &down, m));
                    for index in 0..size {
                        let difference = (high[index] - low[index]) / (2.0 * step);
                        assert!(
                            (difference - exact_first[k * size + index]).abs() < 1e-8,
                            "{} m={m} θ{k} Σ{index}",
                            structure.name()
                        );
                    }
                    let (high, low) = (first(structure, &up, m), first(structure, &down, m));
                    for index in 0..count * size {
                        let difference = (high[index] - low[index]) / (2.0 * step);
                        let exact = exact_second[k * count * size + index];
                        assert!(
                            (difference - exact).abs() < 1e-8,
                            "{} m={m} θ{k} Σ̇{index}: {difference} {exact}",
                            structure.name()
                        );
                    }
                }
            }
        }
    }
}
