//! Two arms compared at every event time.
//!
//! Sources: Mantel 1966; Peto & Peto 1972 (events weighted by the pooled curve just before them: R's `rho = 1`).

use crate::distributions::chi_squared_upper;

use super::FollowUp;

/// A comparison of two arms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogRank {
    /// Observed (weighted) events by arm.
    pub observed: [f64; 2],
    /// Expected ones.
    pub expected: [f64; 2],
    /// Variance of observed minus expected.
    pub variance: f64,
    /// The statistic, on one degree of freedom.
    pub chi_squared: f64,
    /// Its tail.
    pub p: f64,
}

/// The log-rank test. One pair of arms a stratum; unstratified is one stratum.
pub fn log_rank(strata: &[[Vec<FollowUp>; 2]]) -> Option<LogRank> {
    compare(strata, |_| 1.0)
}

/// The Peto–Peto modification of the Wilcoxon test.
pub fn peto_peto(strata: &[[Vec<FollowUp>; 2]]) -> Option<LogRank> {
    compare(strata, |survival| survival)
}

/// `None` where no event has people of both arms at risk.
fn compare(strata: &[[Vec<FollowUp>; 2]], weight: impl Fn(f64) -> f64) -> Option<LogRank> {
    let (mut observed, mut expected, mut variance) = ([0.0; 2], [0.0; 2], 0.0);
    for arms in strata {
        let mut times: Vec<f64> =
            arms.iter().flatten().filter(|person| person.event).map(|person| person.time).collect();
        times.sort_by(f64::total_cmp);
        times.dedup();
        let mut survival = 1.0;
        for time in times {
            let at_risk = arms.each_ref().map(|arm| arm.iter().filter(|person| person.time >= time).count() as f64);
            let events = arms
                .each_ref()
                .map(|arm| arm.iter().filter(|person| person.event && person.time == time).count() as f64);
            let (n, d) = (at_risk[0] + at_risk[1], events[0] + events[1]);
            let w = weight(survival);
            for arm in 0..2 {
                observed[arm] += w * events[arm];
                expected[arm] += w * d * at_risk[arm] / n;
            }
            if n > 1.0 {
                variance += w * w * d * at_risk[0] * at_risk[1] / (n * n) * (n - d) / (n - 1.0);
            }
            survival *= (n - d) / n;
        }
    }
    let chi_squared = (observed[0] - expected[0]).powi(2) / variance;
    (variance > 0.0).then(|| LogRank {
        observed,
        expected,
        variance,
        chi_squared,
        p: chi_squared_upper(chi_squared, 1.0),
    })
}
