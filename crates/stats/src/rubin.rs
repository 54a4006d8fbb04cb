//! Rubin's rules: one answer from several imputed data sets.
//!
//! Sources: Rubin 1987; Barnard & Rubin 1999 (degrees of freedom in small samples).

use crate::distributions::{t_quantile, t_two_sided};

/// Why estimates can't be pooled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// Fewer than two imputations.
    #[error("{0} imputations can't show the variance between them: at least 2 are needed")]
    TooFew(usize),
    /// An estimate or standard error that is no finite number, or a standard error below 0.
    #[error("imputation {0} (counted from 1) has no usable estimate and standard error")]
    Unusable(usize),
}

/// A pooled estimate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pooled {
    /// Mean of the estimates.
    pub estimate: f64,
    /// Mean of the variances.
    pub within: f64,
    /// Variance of the estimates.
    pub between: f64,
    /// Their sum, with the between part enlarged for the number of imputations.
    pub total_variance: f64,
    /// Square root of the total variance.
    pub se: f64,
    /// Share of the total variance that is due to missing data.
    pub fraction_missing: f64,
    /// Degrees of freedom.
    pub df: f64,
    /// Two-sided.
    pub p: f64,
    /// Interval.
    pub interval: [f64; 2],
    /// Standard error that is due to the number of imputations alone.
    pub monte_carlo_se: f64,
}

/// Pools estimates with their standard errors. `complete_df`: degrees of freedom had nothing been missing; infinite for
/// Rubin's own formula.
pub fn pool(estimates: &[(f64, f64)], complete_df: f64, level: f64) -> Result<Pooled, PoolError> {
    let m = estimates.len() as f64;
    if estimates.len() < 2 {
        return Err(PoolError::TooFew(estimates.len()));
    }
    if let Some(index) =
        estimates.iter().position(|(estimate, se)| !estimate.is_finite() || !se.is_finite() || *se < 0.0)
    {
        return Err(PoolError::Unusable(index + 1));
    }
    let estimate = estimates.iter().map(|(value, _)| value).sum::<f64>() / m;
    let within = estimates.iter().map(|(_, se)| se * se).sum::<f64>() / m;
    let between = estimates.iter().map(|(value, _)| (value - estimate).powi(2)).sum::<f64>() / (m - 1.0);
    let total_variance = within + (1.0 + 1.0 / m) * between;
    let fraction = if total_variance > 0.0 { (1.0 + 1.0 / m) * between / total_variance } else { 0.0 };
    let rubin = (m - 1.0) / (fraction * fraction);
    let df = if complete_df.is_finite() {
        let observed = (complete_df + 1.0) / (complete_df + 3.0) * complete_df * (1.0 - fraction);
        if rubin.is_finite() { rubin * observed / (rubin + observed) } else { observed }
    } else {
        rubin
    };
    let se = total_variance.sqrt();
    let reach = t_quantile(0.5 + 0.5 * level, df) * se;
    Ok(Pooled {
        estimate,
        within,
        between,
        total_variance,
        se,
        fraction_missing: fraction,
        df,
        p: t_two_sided(estimate / se, df),
        interval: [estimate - reach, estimate + reach],
        monte_carlo_se: (between / m).sqrt(),
    })
}
