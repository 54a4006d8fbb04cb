//! The latent course of one person: severity at baseline, change by occasion and arm, who gets deep relief.
//!
//! Source: outcomes-sim.md §2, §3.1, §3.2. Totals are on the primary scale (0–80).

use crate::{
    random::{Purpose, Stream},
    scenario::Scenario,
};
use protocol::model::Content;

/// Severity as it would be measured, were the person seen. Occasion 0 is the baseline.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Course {
    /// Totals by occasion.
    pub totals: Vec<i64>,
    /// Total at long-term follow-up, by order of the visits.
    pub long_term: Vec<i64>,
}

/// What is drawn of a person before an arm is known; arms only shift it, so that the same person can be followed in both.
#[derive(Debug, Clone)]
pub(crate) struct Latent {
    baseline: i64,
    /// Baseline, standardised.
    standing: f64,
    residuals: [f64; 3],
    pull: f64,
    long_term: [f64; 4],
    site: f64,
}

impl Latent {
    /// Draws a person of a site.
    pub(crate) fn draw(scenario: &Scenario, seed: u64, whose: u64, site: f64) -> Self {
        let severity = &scenario.baseline.severity;
        let drawn = Stream::new(seed, whose, Purpose::Baseline).truncated(
            severity.mean,
            severity.sd,
            severity.min - 0.5,
            severity.max + 0.499,
        );
        let mut stream = Stream::new(seed, whose, Purpose::Outcome);
        let outcome = &scenario.outcome;
        let factor = cholesky(residual_covariance(outcome.sd, outcome.correlation, outcome.baseline_correlation));
        let z = [stream.standard(), stream.standard(), stream.standard()];
        let residuals = factor.map(|row| row.iter().zip(z).map(|(f, z)| f * z).sum());
        Self {
            baseline: drawn.round() as i64,
            standing: (drawn - severity.mean) / severity.sd,
            residuals,
            pull: stream.uniform(),
            long_term: [stream.standard(), stream.standard(), stream.standard(), stream.standard()],
            site,
        }
    }

    /// Total at baseline.
    pub(crate) const fn baseline(&self) -> i64 {
        self.baseline
    }

    /// A person whose baseline is another than drawn: somebody who turns out not ill enough.
    pub(crate) const fn with_baseline(mut self, baseline: i64) -> Self {
        self.baseline = baseline;
        self
    }

    /// The course on one content, over so many occasions after the baseline. `shift` is added to the last change.
    pub(crate) fn course(&self, scenario: &Scenario, content: Content, occasions: usize, shift: f64) -> Course {
        let outcome = &scenario.outcome;
        let arm = scenario.arm(content);
        let mut totals = vec![self.baseline];
        for occasion in 1..=occasions {
            // Three occasions are the scenario's own; fewer or more lie on the line between them.
            let position = 3.0 * occasion as f64 / occasions as f64;
            let at = |values: [f64; 3]| interpolate(values, position);
            let tilt = outcome.baseline_correlation * self.standing;
            let mut change = at(arm.change) + at(outcome.sd) * tilt + at(self.residuals) + self.site;
            if occasion == occasions {
                change += shift;
            }
            let mut total = clip(self.baseline as f64 + change, scenario);
            if occasion == occasions && total <= outcome.pull_from && self.pull < arm.pull {
                total = (total as f64 * 0.5).round() as i64;
            }
            totals.push(total);
        }
        let last = totals.last().copied().unwrap_or(self.baseline) as f64;
        let long_term = self
            .long_term
            .iter()
            .map(|z| clip(last + arm.long_term_change + outcome.long_term_sd * z, scenario))
            .collect();
        Course { totals, long_term }
    }
}

fn clip(total: f64, scenario: &Scenario) -> i64 {
    total.round().clamp(0.0, scenario.baseline.severity.max) as i64
}

/// Value at a position from 0 (where it is 0) over three points at 1, 2 and 3.
fn interpolate(values: [f64; 3], position: f64) -> f64 {
    let points = [0.0, values[0], values[1], values[2]];
    let below = (position.floor() as usize).min(2);
    let part = position - below as f64;
    points[below] * (1.0 - part) + points[below + 1] * part
}

type Matrix = [[f64; 3]; 3];

/// Covariance of the change after the baseline is taken out: `Σ − r² · sd sdᵀ`.
fn residual_covariance(sd: [f64; 3], correlation: [f64; 3], r: f64) -> Matrix {
    let rho = [
        [1.0, correlation[0], correlation[1]],
        [correlation[0], 1.0, correlation[2]],
        [correlation[1], correlation[2], 1.0],
    ];
    let mut covariance = [[0.0; 3]; 3];
    for i in 0..3 {
        for j in 0..3 {
            covariance[i][j] = sd[i] * sd[j] * (rho[i][j] - r * r);
        }
    }
    covariance
}

/// Lower triangular factor `L` with `L Lᵀ` the matrix; zeros where it is not positive definite.
fn cholesky(matrix: Matrix) -> Matrix {
    let mut factor = [[0.0f64; 3]; 3];
    for i in 0..3 {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| factor[i][k] * factor[j][k]).sum();
            let left = matrix[i][j] - sum;
            factor[i][j] = if i == j {
                left.max(0.0).sqrt()
            } else if factor[j][j] > 0.0 {
                left / factor[j][j]
            } else {
                0.0
            };
        }
    }
    factor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covariance_is_the_published_one() {
        let covariance = residual_covariance([8.5, 10.5, 11.8], [0.65, 0.50, 0.75], 0.0);
        let expected = [[72.25, 58.01, 50.15], [58.01, 110.25, 92.93], [50.15, 92.93, 139.24]];
        for (row, expected) in covariance.iter().zip(expected) {
            for (found, expected) in row.iter().zip(expected) {
                assert!((found - expected).abs() < 0.01);
            }
        }
        let factor = cholesky(covariance);
        for i in 0..3 {
            for j in 0..3 {
                let back: f64 = (0..3).map(|k| factor[i][k] * factor[j][k]).sum();
                assert!((back - covariance[i][j]).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn three_occasions_are_the_scenario_s_own() {
        for (position, expected) in [(0.0, 0.0), (1.0, -10.0), (1.5, -13.75), (2.0, -17.5), (3.0, -23.7)] {
            assert!((interpolate([-10.0, -17.5, -23.7], position) - expected).abs() < 1e-12);
        }
    }

    /// Method: 60,000 people an arm, site effect off; columns of outcomes-sim.md §2 and §10, computed there with another program.
    #[test]
    fn large_samples_agree_with_the_independent_computation() {
        for (id, content, baseline, change, sd) in [
            ("S-M1", Content::Active, 44.04, -24.26, 11.97),
            ("S-M1", Content::Placebo, 44.04, -13.95, 11.70),
            ("S-M2", Content::Placebo, 39.27, -15.00, 11.93),
        ] {
            let scenario = Scenario::named(id).unwrap();
            let people: Vec<(f64, f64)> = (0..60_000)
                .map(|whose| {
                    let course = Latent::draw(&scenario, 5, whose, 0.0).course(&scenario, content, 3, 0.0);
                    (course.totals[0] as f64, (course.totals[3] - course.totals[0]) as f64)
                })
                .collect();
            let n = people.len() as f64;
            let mean = |f: &dyn Fn(&(f64, f64)) -> f64| people.iter().map(f).sum::<f64>() / n;
            let found = mean(&|p| p.1);
            assert!((mean(&|p| p.0) - baseline).abs() < 0.15, "{id} baseline {}", mean(&|p| p.0));
            assert!((found - change).abs() < 0.35, "{id} {content:?} change {found}, expected {change}");
            let spread = (mean(&|p| (p.1 - found).powi(2))).sqrt();
            assert!((spread - sd).abs() < 0.35, "{id} {content:?} SD {spread}, expected {sd}");
        }
    }
}
