//! Logarithms of gamma and binomial coefficients, and Loader's two small functions.

/// log Γ(x) for x > 0.
pub fn ln_gamma(x: f64) -> f64 {
    // Near 1 and 2, where log Γ passes through 0, the Lanczos sum loses relative digits; the difference from 0 is what counts.
    if x < 1e-8 { -x.ln() } else { statrs::function::gamma::ln_gamma(x) }
}

/// log of "n choose k".
pub fn ln_choose(n: f64, k: f64) -> f64 {
    ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0)
}

/// log Γ(n+1) − Stirling's formula.
pub(super) fn stirling_error(n: f64) -> f64 {
    if n == 0.5 {
        // Half a degree of freedom is in every t: ½(1 − log 2).
        return 0.5 * (1.0 - std::f64::consts::LN_2);
    }
    // Upwards to where six terms of the series are exact: δ(n) = δ(n+1) + (n+½)·log(1+1/n) − 1.
    let mut below = 0.0;
    let mut n = n;
    while n < 16.0 {
        below += (n + 0.5) * (1.0 / n).ln_1p() - 1.0;
        n += 1.0;
    }
    let square = n * n;
    below
        + (1.0 / 12.0
            - (1.0 / 360.0
                - (1.0 / 1260.0 - (1.0 / 1680.0 - (1.0 / 1188.0 - 691.0 / 360_360.0 / square) / square) / square)
                    / square)
                / square)
            / n
}

/// x·log(x/m) + m − x, without cancellation where x is near m.
pub(super) fn deviance(x: f64, m: f64) -> f64 {
    if (x - m).abs() < 0.1 * (x + m) {
        let v = (x - m) / (x + m);
        let mut sum = (x - m) * v;
        let mut term = 2.0 * x * v;
        for j in 1..1000 {
            term *= v * v;
            let next = sum + term / f64::from(2 * j + 1);
            if next == sum {
                return sum;
            }
            sum = next;
        }
    }
    x * (x / m).ln() + m - x
}
