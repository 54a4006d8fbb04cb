//! Power and size of a comparison of two means.

use crate::distributions::{noncentral_t_cdf, normal_quantile, t_quantile};

/// Power of the two-sided t test with `people` an arm, for a standardised difference `d`.
pub fn power_two_means(people: u64, d: f64, alpha: f64) -> f64 {
    let n = people as f64;
    let df = 2.0 * n - 2.0;
    if df <= 0.0 {
        return f64::NAN;
    }
    let (critical, delta) = (t_quantile(1.0 - 0.5 * alpha, df), d * (n / 2.0).sqrt());
    1.0 - noncentral_t_cdf(critical, df, delta) + noncentral_t_cdf(-critical, df, delta)
}

/// The smallest number of people an arm with at least `power`; `None` where no size has it (no difference).
pub fn sample_size_two_means(d: f64, alpha: f64, power: f64) -> Option<u64> {
    let sum = normal_quantile(1.0 - 0.5 * alpha) + normal_quantile(power);
    let start = 2.0 * (sum / d).powi(2);
    if !start.is_finite() || start > 1e7 {
        return None;
    }
    let mut people = (start.floor() as u64).max(2);
    while people > 2 && power_two_means(people - 1, d, alpha) >= power {
        people -= 1;
    }
    while power_two_means(people, d, alpha) < power {
        people += 1;
    }
    Some(people)
}
