//! What an interim look says about the end of the trial, and what may be changed then.

use crate::distributions::{normal_quantile, normal_upper};

use super::sample_size::sample_size_two_means;

/// Probability of exceeding `critical` at the end, given `z` at information fraction `t` and the drift (the expected z at
/// the end) assumed for the rest.
pub fn conditional_power(z: f64, t: f64, critical: f64, drift: f64) -> f64 {
    if t >= 1.0 {
        return f64::from(u8::from(z > critical));
    }
    normal_upper((critical - z * t.sqrt() - drift * (1.0 - t)) / (1.0 - t).sqrt())
}

/// The drift that the data so far suggest: z/√t.
pub fn predictive_drift(z: f64, t: f64) -> f64 {
    z / t.sqrt()
}

/// Cui, Hung & Wang's statistic: both stages by their planned weights, so that changing the second stage's size does not
/// change the type I error. `t`: planned information fraction of the first stage.
pub fn weighted_z(first: f64, second: f64, t: f64) -> f64 {
    t.sqrt() * first + (1.0 - t).sqrt() * second
}

/// A rule for enlarging a trial at an interim look (Mehta & Pocock 2011).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PromisingZone {
    /// Conditional power at which the zone begins.
    pub least: f64,
    /// Conditional power aimed at; from there on nothing is changed.
    pub target: f64,
    /// Largest size allowed, as a multiple of the planned one.
    pub largest: f64,
}

/// What a rule says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReEstimate {
    /// Conditional power at the planned size under the current trend.
    pub conditional_power: f64,
    /// New total size as a multiple of the planned one; 1 where nothing is changed.
    pub factor: f64,
    /// Conditional power at the new size.
    pub new_conditional_power: f64,
}

impl PromisingZone {
    /// Applies the rule to `z` at information fraction `t`; `critical` is the bound at the end.
    pub fn re_estimate(self, z: f64, t: f64, critical: f64) -> ReEstimate {
        let drift = predictive_drift(z, t);
        let planned = conditional_power(z, t, critical, drift);
        let unchanged = ReEstimate { conditional_power: planned, factor: 1.0, new_conditional_power: planned };
        if planned < self.least || planned >= self.target || z <= 0.0 {
            return unchanged;
        }
        // With planned weights the second stage must reach z₂*; its mean grows with the square root of its size.
        let needed = (critical - t.sqrt() * z) / (1.0 - t).sqrt();
        let power = |factor: f64| normal_upper(needed - drift * (factor - t).sqrt());
        let second = ((needed - normal_quantile(1.0 - self.target)) / drift).powi(2);
        let factor = (t + second).clamp(1.0, self.largest);
        ReEstimate { conditional_power: planned, factor, new_conditional_power: power(factor) }
    }
}

/// The number of people an arm when the pooled (blinded) standard deviation turns out as `deviation`, for the planned
/// difference. The pooled variance contains the difference itself, which is taken out (Gould & Shih 1992); never below
/// what was planned.
pub fn blinded_sample_size(planned: u64, difference: f64, deviation: f64, alpha: f64, power: f64) -> Option<u64> {
    let within = (deviation * deviation - 0.25 * difference * difference).sqrt();
    let size = sample_size_two_means((difference / within).abs(), alpha, power)?;
    Some(size.max(planned))
}
