//! Normal and chi-squared.

use statrs::function::gamma::gamma_ur;
use std::f64::consts::TAU;

/// P(Z ≤ z).
pub fn normal_cdf(z: f64) -> f64 {
    normal_upper(-z)
}

/// P(Z > z), to full relative precision far out as well.
pub fn normal_upper(z: f64) -> f64 {
    if z.is_nan() {
        return z;
    }
    if z < 0.0 {
        return 1.0 - normal_upper(-z);
    }
    if z > 40.0 {
        return 0.0;
    }
    if z < 1.7 {
        // Φ(z) − ½ = φ(z)·(z + z³/3 + z⁵/(3·5) + …).
        let (mut sum, mut term, mut odd) = (z, z, 1.0);
        while term > 1e-18 * sum {
            odd += 2.0;
            term *= z * z / odd;
            sum += term;
        }
        return 0.5 - normal_density(z) * sum;
    }
    // Mills' ratio as a continued fraction, from the inside out.
    let terms = (20.0 + 420.0 / (z * z)) as u32;
    let ratio = (1..=terms).rev().fold(z, |inner, k| z + f64::from(k) / inner);
    normal_density(z) / ratio
}

/// The standard normal density. The square is split, so that rounding it does not cost digits far out.
pub fn normal_density(z: f64) -> f64 {
    let coarse = (z * 16.0).trunc() / 16.0;
    (-0.5 * coarse * coarse).exp() * (-0.5 * (z - coarse) * (z + coarse)).exp() / TAU.sqrt()
}

/// The z at which [`normal_cdf`] is `p`.
pub fn normal_quantile(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if p == 0.0 {
        return f64::NEG_INFINITY;
    }
    if p == 1.0 {
        return f64::INFINITY;
    }
    if p > 0.5 {
        // 1 − p is exact here.
        return -normal_quantile(1.0 - p);
    }
    // Start: the tail's asymptotic expansion; then Newton on log Φ, which is smooth and concave.
    let log_p = p.ln();
    let mut z = if p > 0.1 {
        -(TAU.sqrt()) * (0.5 - p)
    } else {
        let r = -2.0 * (log_p + 0.5 * TAU.ln());
        -(r - r.ln()).sqrt()
    };
    for _ in 0..60 {
        let below = normal_cdf(z);
        let step = (below.ln() - log_p) * below / normal_density(z);
        // Second-order correction: d² log Φ = −h(z + h) with h the reversed hazard.
        let hazard = normal_density(z) / below;
        let bend = 1.0 - 0.5 * step * (z + hazard);
        z -= step / if bend > 0.2 { bend } else { 1.0 };
        if step.abs() < 1e-15 * z.abs().max(1.0) {
            break;
        }
    }
    z
}

/// P(X > x) for a chi-squared distribution with `df` > 0.
pub fn chi_squared_upper(x: f64, df: f64) -> f64 {
    if x.is_nan() || df.is_nan() || df <= 0.0 {
        return f64::NAN;
    }
    if x <= 0.0 {
        return 1.0;
    }
    if x.is_infinite() {
        return 0.0;
    }
    if df == 1.0 {
        return 2.0 * normal_upper(x.sqrt());
    }
    gamma_ur(0.5 * df, 0.5 * x)
}

/// The x with P(X ≤ x) = `p` for a chi-squared distribution.
pub fn chi_squared_quantile(p: f64, df: f64) -> f64 {
    if !((0.0..=1.0).contains(&p) && df > 0.0) {
        return f64::NAN;
    }
    let (mut low, mut high) = (0.0, df.max(1.0));
    while 1.0 - chi_squared_upper(high, df) < p {
        high *= 2.0;
        if high > 1e300 {
            return f64::INFINITY;
        }
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if 1.0 - chi_squared_upper(middle, df) < p {
            low = middle
        } else {
            high = middle
        }
        if high - low <= 1e-16 * high {
            break;
        }
    }
    0.5 * (low + high)
}
