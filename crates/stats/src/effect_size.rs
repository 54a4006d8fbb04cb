//! Standardised differences of two means, and the t tests beside them.
//!
//! Sources: Cohen 1988; Hedges 1981 (the exact J); Glass 1976; Welch 1947; Steiger & Fouladi 1997 (the exact interval).

use crate::distributions::{ln_gamma, noncentral_t_quantile_shift, normal_quantile, t_quantile, t_two_sided};

/// Why there is no effect size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EffectSizeError {
    /// Fewer than two values in a group.
    #[error("group {group} has {found} values; a standard deviation needs at least 2")]
    TooFew {
        /// 1 or 2.
        group: u8,
        /// Its size.
        found: usize,
    },
    /// Nothing varies, or a value is no number.
    #[error("the values of a group don't vary (or are not finite), so there is nothing to standardise by")]
    NoSpread,
}

/// A t test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TTest {
    /// The statistic.
    pub t: f64,
    /// Degrees of freedom.
    pub df: f64,
    /// Two-sided.
    pub p: f64,
    /// Interval of the difference of means.
    pub interval: [f64; 2],
}

/// The difference of two groups, first minus second, in several units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EffectSize {
    /// Difference of means.
    pub difference: f64,
    /// In pooled standard deviations of the values.
    pub cohen_d: f64,
    /// Large-sample variance of d.
    pub variance_d: f64,
    /// Exact interval of d, by the noncentral t distribution.
    pub interval_d: [f64; 2],
    /// d times the exact J.
    pub hedges_g: f64,
    /// d times 1 − 3/(4·df − 1).
    pub hedges_g_approximate: f64,
    /// The exact J.
    pub j: f64,
    /// The approximate J.
    pub j_approximate: f64,
    /// Variance of g.
    pub variance_g: f64,
    /// In standard deviations of the second group.
    pub glass_delta: f64,
    /// Student's test.
    pub student: TTest,
    /// Welch's test.
    pub welch: TTest,
}

/// Compares two groups of values.
pub fn effect_size(first: &[f64], second: &[f64], level: f64) -> Result<EffectSize, EffectSizeError> {
    let (one, other) = (Moments::of(first, 1)?, Moments::of(second, 2)?);
    let difference = one.mean - other.mean;
    let df = one.n + other.n - 2.0;
    let pooled = (((one.n - 1.0) * one.variance + (other.n - 1.0) * other.variance) / df).sqrt();
    let errors = [one.variance / one.n, other.variance / other.n];
    // Written so that NaN is refused as well.
    if !(pooled > 0.0 && other.variance > 0.0 && difference.is_finite()) {
        return Err(EffectSizeError::NoSpread);
    }
    let scale = (one.n * other.n / (one.n + other.n)).sqrt();
    let d = difference / pooled;
    let t = d * scale;
    let tail = 0.5 * (1.0 - level);
    let j = hedges_j(df);
    let j_approximate = 1.0 - 3.0 / (4.0 * df - 1.0);
    let variance_d = 1.0 / (scale * scale) + d * d / (2.0 * (one.n + other.n));
    let welch_se = (errors[0] + errors[1]).sqrt();
    let welch_df =
        (errors[0] + errors[1]).powi(2) / (errors[0].powi(2) / (one.n - 1.0) + errors[1].powi(2) / (other.n - 1.0));
    let test = |se: f64, df: f64| {
        let t = difference / se;
        let reach = t_quantile(1.0 - tail, df) * se;
        TTest { t, df, p: t_two_sided(t, df), interval: [difference - reach, difference + reach] }
    };
    Ok(EffectSize {
        difference,
        cohen_d: d,
        variance_d,
        interval_d: [
            noncentral_t_quantile_shift(t, df, 1.0 - tail) / scale,
            noncentral_t_quantile_shift(t, df, tail) / scale,
        ],
        hedges_g: j * d,
        hedges_g_approximate: j_approximate * d,
        j,
        j_approximate,
        variance_g: j * j * variance_d,
        glass_delta: difference / other.variance.sqrt(),
        student: test(pooled / scale, df),
        welch: test(welch_se, welch_df),
    })
}

/// The factor that removes the bias of d.
pub fn hedges_j(df: f64) -> f64 {
    (ln_gamma(0.5 * df) - 0.5 * (0.5 * df).ln() - ln_gamma(0.5 * (df - 1.0))).exp()
}

/// A difference between arms over a chosen standard deviation, with the limits of its interval: how papers print d from a
/// model's least-squares means. Always say which standard deviation it is.
pub fn standardised(estimate: f64, interval: [f64; 2], deviation: f64) -> [f64; 3] {
    [estimate / deviation, interval[0] / deviation, interval[1] / deviation]
}

/// What papers print of a group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// People.
    pub n: u64,
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub sd: f64,
}

/// A standardised number with the intervals that papers give it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standardised {
    /// d.
    pub d: f64,
    /// Large-sample standard error of d.
    pub se: f64,
    /// d ± z·se, as most papers print it.
    pub interval: [f64; 2],
    /// The exact interval, by the noncentral t distribution.
    pub exact: [f64; 2],
    /// d times the exact J (Hedges).
    pub g: f64,
}

impl Summary {
    fn checked(self, group: u8) -> Result<Self, EffectSizeError> {
        if self.n < 2 {
            return Err(EffectSizeError::TooFew { group, found: self.n as usize });
        }
        if self.sd > 0.0 && self.sd.is_finite() && self.mean.is_finite() {
            Ok(self)
        } else {
            Err(EffectSizeError::NoSpread)
        }
    }

    /// The mean of a change in standard deviations of that change (d_z): the effect within one arm, which contains all that
    /// would have changed without treatment.
    pub fn within(self, level: f64) -> Result<Standardised, EffectSizeError> {
        let one = self.checked(1)?;
        let n = one.n as f64;
        let d = one.mean / one.sd;
        Ok(standardised_by(d, n.sqrt(), n - 1.0, (1.0 / n + d * d / (2.0 * n)).sqrt(), level))
    }

    /// First minus second group in pooled standard deviations: d as published from means and standard deviations alone.
    pub fn between(self, other: Self, level: f64) -> Result<Standardised, EffectSizeError> {
        let (one, other) = (self.checked(1)?, other.checked(2)?);
        let (n, m) = (one.n as f64, other.n as f64);
        let df = n + m - 2.0;
        let pooled = (((n - 1.0) * one.sd * one.sd + (m - 1.0) * other.sd * other.sd) / df).sqrt();
        let d = (one.mean - other.mean) / pooled;
        let se = ((n + m) / (n * m) + d * d / (2.0 * (n + m))).sqrt();
        Ok(standardised_by(d, (n * m / (n + m)).sqrt(), df, se, level))
    }
}

/// The mean change in the mean of the standard deviations before and after (d_av).
pub fn within_average(change: f64, sd_before: f64, sd_after: f64) -> f64 {
    2.0 * change / (sd_before + sd_after)
}

fn standardised_by(d: f64, scale: f64, df: f64, se: f64, level: f64) -> Standardised {
    let tail = 0.5 * (1.0 - level);
    let reach = -normal_quantile(tail) * se;
    let limit = |p: f64| noncentral_t_quantile_shift(d * scale, df, p) / scale;
    Standardised {
        d,
        se,
        interval: [d - reach, d + reach],
        exact: [limit(1.0 - tail), limit(tail)],
        g: hedges_j(df) * d,
    }
}

struct Moments {
    n: f64,
    mean: f64,
    variance: f64,
}

impl Moments {
    fn of(values: &[f64], group: u8) -> Result<Self, EffectSizeError> {
        if values.len() < 2 {
            return Err(EffectSizeError::TooFew { group, found: values.len() });
        }
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
        Ok(Moments { n, mean, variance })
    }
}
