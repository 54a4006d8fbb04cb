//! The noncentral t distribution, for the power of t tests and exact intervals of effect sizes.

use super::beta::incomplete_beta;
use super::special::ln_gamma;

/// P(T ≤ t) for a noncentral t distribution with noncentrality `delta`, to about 1e-12 absolute (Lenth 1989).
pub fn noncentral_t_cdf(t: f64, df: f64, delta: f64) -> f64 {
    if t.is_nan() || delta.is_nan() || df.is_nan() || df <= 0.0 {
        return f64::NAN;
    }
    if t < 0.0 {
        // The upper tail of the mirrored distribution, summed as such.
        return upper(-t, df, -delta);
    }
    1.0 - upper(t, df, delta)
}

/// P(T > t) for t ≥ 0: ½ Σ p_j I_y(ν/2, j+½) + q_j I_y(ν/2, j+1), the complement of Lenth's sum.
fn upper(t: f64, df: f64, delta: f64) -> f64 {
    let x = t * t / (df + t * t);
    let y = df / (df + t * t);
    let half = 0.5 * delta * delta;
    // Poisson weights from their largest outwards, so that nothing underflows at the start.
    let peak = half.floor();
    let both = |j: f64| {
        let p = (-half
            + if half > 0.0 {
                j * half.ln()
            } else if j == 0.0 {
                0.0
            } else {
                f64::NEG_INFINITY
            }
            - ln_gamma(j + 1.0))
        .exp();
        let q = if half > 0.0 {
            (-half + j * half.ln() - ln_gamma(j + 1.5)).exp() * delta / std::f64::consts::SQRT_2
        } else {
            0.0
        };
        let one = incomplete_beta(y, x, 0.5 * df, j + 0.5);
        let other = incomplete_beta(y, x, 0.5 * df, j + 1.0);
        0.5 * (p * one + q * other)
    };
    let mut sum = 0.0;
    let mut j = peak;
    loop {
        let term = both(j);
        sum += term;
        if term.abs() <= 1e-17 * sum.abs() || j > peak + 10_000.0 {
            break;
        }
        j += 1.0;
    }
    let mut j = peak - 1.0;
    while j >= 0.0 {
        let term = both(j);
        sum += term;
        if term.abs() <= 1e-17 * sum.abs() {
            break;
        }
        j -= 1.0;
    }
    sum.clamp(0.0, 1.0)
}

/// The noncentrality at which P(T ≤ `t`) is `p`: an exact confidence limit.
pub fn noncentral_t_quantile_shift(t: f64, df: f64, p: f64) -> f64 {
    let (mut low, mut high) = (t.abs().mul_add(-2.0, -10.0), t.abs().mul_add(2.0, 10.0));
    // The distribution function falls as the noncentrality rises.
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if noncentral_t_cdf(t, df, middle) > p {
            low = middle
        } else {
            high = middle
        }
        if high - low < 1e-14 * middle.abs().max(1.0) {
            break;
        }
    }
    0.5 * (low + high)
}
