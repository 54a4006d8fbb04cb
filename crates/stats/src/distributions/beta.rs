//! The incomplete beta function.

use super::special::{deviance, stirling_error};

/// I_x(a, b), with `y` = 1 − x given apart so that neither tail cancels.
pub(super) fn incomplete_beta(x: f64, y: f64, a: f64, b: f64) -> f64 {
    if !(a > 0.0 && b > 0.0) || x.is_nan() {
        return f64::NAN;
    }
    if x <= 0.0 {
        return 0.0;
    }
    if y <= 0.0 {
        return 1.0;
    }
    // How far x lies below the mean, from whichever of x and y is small.
    let below = if x > y { (a + b) * y - b } else { a - (a + b) * x };
    if below < 0.0 {
        1.0 - prefix(y, x, b, a) * fraction(y, x, b, a, -below)
    } else {
        prefix(x, y, a, b) * fraction(x, y, a, b, below)
    }
}

/// x^a y^b / B(a, b) as ab/(a+b) times a binomial probability (Loader 2000), which is exact for large a and b.
fn prefix(x: f64, y: f64, a: f64, b: f64) -> f64 {
    let n = a + b;
    let log = stirling_error(n) - stirling_error(a) - stirling_error(b) - deviance(a, n * x) - deviance(b, n * y);
    log.exp() * (a * b / (std::f64::consts::TAU * n)).sqrt()
}

/// The even part of the continued fraction of I_x(a, b), for x below the mean by `below`/(a+b). It is written in
/// `below` and y, so that nothing cancels where a is large and x near 1 (Didonato & Morris 1992, BFRAC).
fn fraction(x: f64, y: f64, a: f64, b: f64, below: f64) -> f64 {
    let (c, c1) = (1.0 + below, 1.0 + 1.0 / a);
    let (mut p, mut s) = (1.0, a + 1.0);
    let (mut numerator, mut denominator) = ([0.0, 1.0], [1.0, c / c1]);
    let mut result = c1 / c;
    for step in 1..100_000 {
        let n = f64::from(step);
        let t = n / a;
        let w = n * (b - n) * x;
        let e = a / s;
        let alpha = p * (p + b / a) * e * e * w * x;
        let e = (t + 1.0) / (c1 + t + t);
        let beta = n + w / s + e * (c + n * (1.0 + y));
        p = t + 1.0;
        s += 2.0;
        numerator = [numerator[1], alpha * numerator[0] + beta * numerator[1]];
        denominator = [denominator[1], alpha * denominator[0] + beta * denominator[1]];
        let before = result;
        result = numerator[1] / denominator[1];
        if (result - before).abs() <= 1e-16 * result.abs() {
            break;
        }
        let scale = denominator[1];
        numerator = [numerator[0] / scale, result];
        denominator = [denominator[0] / scale, 1.0];
    }
    result
}

/// P(X ≤ x) for a beta distribution.
pub fn beta_cdf(x: f64, a: f64, b: f64) -> f64 {
    incomplete_beta(x, 1.0 - x, a, b)
}

/// The x at which [`beta_cdf`] is `p`.
pub fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    if !((0.0..=1.0).contains(&p) && a > 0.0 && b > 0.0) {
        return f64::NAN;
    }
    if p == 0.0 || p == 1.0 {
        return p;
    }
    let (mut low, mut high) = (0.0f64, 1.0f64);
    let mut x = a / (a + b);
    for _ in 0..200 {
        let off = beta_cdf(x, a, b) - p;
        if off > 0.0 {
            high = x
        } else {
            low = x
        }
        let density = prefix(x, 1.0 - x, a, b) / (x * (1.0 - x));
        let mut next = x - off / density;
        // Newton inside the bracket, halving where it leaves it.
        if !(next > low && next < high) {
            next = 0.5 * (low + high);
        }
        if (next - x).abs() <= 1e-16 * x.abs() || high - low <= 1e-16 * high {
            return next;
        }
        x = next;
    }
    x
}
