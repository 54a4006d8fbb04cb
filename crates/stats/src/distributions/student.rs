//! Student's t and F, for any positive degrees of freedom.

use super::beta::incomplete_beta;
use super::normal::{normal_quantile, normal_upper};
use super::special::stirling_error;

/// Beyond this many degrees of freedom t is normal to the last digit.
const NORMAL: f64 = 1e18;

/// P(|T| > |t|).
pub fn t_two_sided(t: f64, df: f64) -> f64 {
    if t.is_nan() || df.is_nan() || df <= 0.0 {
        return f64::NAN;
    }
    if df > NORMAL {
        return 2.0 * normal_upper(t.abs());
    }
    if t.is_infinite() {
        return 0.0;
    }
    let square = t * t;
    incomplete_beta(df / (df + square), square / (df + square), 0.5 * df, 0.5)
}

/// P(T ≤ t).
pub fn t_cdf(t: f64, df: f64) -> f64 {
    let tail = 0.5 * t_two_sided(t, df);
    if t > 0.0 { 1.0 - tail } else { tail }
}

/// The t with P(T ≤ t) = `p`.
pub fn t_quantile(p: f64, df: f64) -> f64 {
    if !((0.0..=1.0).contains(&p) && df > 0.0) {
        return f64::NAN;
    }
    let tail = p.min(1.0 - p);
    let t = t_upper_quantile(tail, -normal_quantile(tail), df);
    if p < 0.5 { -t } else { t }
}

/// The t ≥ 0 with P(T > t) = `tail` ≤ ½, given the normal quantile `z` of the same tail: Newton on the logarithms of
/// tail and t.
pub(crate) fn t_upper_quantile(tail: f64, z: f64, df: f64) -> f64 {
    if df.is_nan() || df <= 0.0 {
        return f64::NAN;
    }
    if df > NORMAL || tail == 0.0 || tail == 0.5 {
        return z;
    }
    // Cornish–Fisher from the normal where there are some degrees of freedom, the power tail where there are few.
    let mut t = if df > 3.0 {
        let (z2, a) = (z * z, 1.0 / df);
        z * (1.0
            + a * ((z2 + 1.0) / 4.0
                + a * ((5.0 * z2 * z2 + 16.0 * z2 + 3.0) / 96.0
                    + a * (3.0 * z2 * z2 * z2 + 19.0 * z2 * z2 + 17.0 * z2 - 15.0) / 384.0)))
    } else {
        (1.0 / tail - 2.0).max(1e-3).powf(1.0 / df)
    };
    for _ in 0..100 {
        let found = 0.5 * t_two_sided(t, df);
        let density = t_density(t, df);
        let relative = (found - tail) / tail;
        if relative.abs() < 1e-3 {
            // Halley's step on the tail itself: its error is the cube of the step.
            let newton = (found - tail) / density;
            let bend = (df + 1.0) * t / (df + t * t);
            let step = newton / (1.0 - 0.5 * newton * bend);
            t += step;
            if step.abs() < 1e-5 * t {
                break;
            }
            continue;
        }
        let step = ((found / tail).ln() * found / (t * density)).clamp(-5.0, 5.0);
        t *= step.exp();
    }
    t
}

/// The density of Student's t, with its gamma functions by Stirling's formula and its errors.
fn t_density(t: f64, df: f64) -> f64 {
    let half = 0.5 * df;
    let scale = half * (0.5 / half).ln_1p() - 0.5 + stirling_error(half + 0.5) - stirling_error(half);
    (scale - (half + 0.5) * (t * t / df).ln_1p()).exp() / std::f64::consts::TAU.sqrt()
}

/// P(F > f) with `d1` and `d2` degrees of freedom.
pub fn f_upper(f: f64, d1: f64, d2: f64) -> f64 {
    if f.is_nan() || !(d1 > 0.0 && d2 > 0.0) {
        return f64::NAN;
    }
    if f <= 0.0 {
        return 1.0;
    }
    if f.is_infinite() {
        return 0.0;
    }
    if d2 > NORMAL {
        return super::chi_squared_upper(d1 * f, d1);
    }
    let total = d2 + d1 * f;
    incomplete_beta(d2 / total, d1 * f / total, 0.5 * d2, 0.5 * d1)
}
