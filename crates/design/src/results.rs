//! What all trials together show, each figure with the error of simulating.

use crate::{
    plan::{Plan, Scenario},
    tally::Tally,
};
use serde::Serialize;
use stats::responders::{Counted, wilson};

/// Operating characteristics of a plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Results {
    /// What was assumed.
    pub plan: Plan,
    /// As planned, without effect, and at the points of the curves.
    pub scenarios: Vec<ScenarioResult>,
}

/// A share with its 95 % interval (Wilson): how far off it can be by simulating.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// The share.
    pub share: f64,
    /// Lower limit.
    pub lower: f64,
    /// Upper limit.
    pub upper: f64,
}

/// What happened at one look, or at the end.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LookResult {
    /// Share of planned people who are through.
    pub fraction: f64,
    /// Two-sided bound on the z scale; none where the test has its own distribution.
    pub efficacy_z: Option<f64>,
    /// Bound below which the trial is given up.
    pub futility_z: Option<f64>,
    /// Share of all trials in which the difference is shown here.
    pub shown: f64,
    /// Share of all trials that are given up here.
    pub futile: f64,
}

/// One scenario.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScenarioResult {
    /// People planned.
    pub participants: usize,
    /// True advantage of the compared arm, in points.
    pub advantage: f64,
    /// Trials held.
    pub trials: u64,
    /// Share of trials that show the compared arm to be better: the power, where it is.
    pub better: Interval,
    /// Share that show a difference, either way: the type I error, where there is none.
    pub rejected: Interval,
    /// Share of intervals that cover the truth, of trials with a fit.
    pub coverage: Interval,
    /// Mean of estimate − truth.
    pub bias: f64,
    /// Its standard error.
    pub bias_se: f64,
    /// Standard deviation of the estimates.
    pub sd: f64,
    /// Root of the mean squared standard error that trials report: should be near `sd`.
    pub se: f64,
    /// Mean width of intervals.
    pub width: f64,
    /// Mean degrees of freedom.
    pub df: f64,
    /// People randomised, on average.
    pub people: f64,
    /// Of them, seen at the last visit.
    pub rated: f64,
    /// Share of trials whose model could not be fitted: counted as showing nothing.
    pub not_fitted: f64,
    /// Of all trials, those without an optimum for any structure; with too few rows or levels; with a difference that the
    /// data do not determine.
    pub not_fitted_because: [f64; 3],
    /// Share of fitted trials that fell back from the first structure.
    pub fell_back: f64,
    /// Looks and end.
    pub looks: Vec<LookResult>,
}

impl Results {
    pub(crate) fn of(plan: &Plan, tallies: &[Tally]) -> Self {
        let scenarios = plan.scenarios();
        let scenarios = scenarios.iter().zip(tallies).map(|(scenario, tally)| scenario_result(plan, *scenario, tally));
        Results { plan: plan.clone(), scenarios: scenarios.collect() }
    }

    /// The scenario as planned.
    pub fn planned(&self) -> Option<&ScenarioResult> {
        self.scenarios.first()
    }

    /// The scenario without effect.
    pub fn null(&self) -> Option<&ScenarioResult> {
        self.scenarios.iter().find(|one| one.participants == self.plan.participants && one.advantage == 0.0)
    }

    /// Scenarios of the planned effect, by size.
    pub fn by_participants(&self) -> Vec<&ScenarioResult> {
        let mut list: Vec<_> = self.scenarios.iter().filter(|one| one.advantage == self.plan.advantage).collect();
        list.sort_by_key(|one| one.participants);
        list
    }

    /// Scenarios of the planned size, by effect.
    pub fn by_advantage(&self) -> Vec<&ScenarioResult> {
        let mut list: Vec<_> = self.scenarios.iter().filter(|one| one.participants == self.plan.participants).collect();
        list.sort_by(|one, other| one.advantage.total_cmp(&other.advantage));
        list
    }

    /// As indented JSON.
    pub fn to_json(&self) -> String {
        // Only a map with keys that are no text can't be written, and there is none.
        serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default()
    }
}

fn interval(count: u64, of: u64) -> Interval {
    match Counted::new(count, of) {
        Ok(counted) => {
            let [lower, upper] = wilson(counted, 0.95);
            Interval { share: counted.share(), lower, upper }
        }
        Err(_) => Interval { share: 0.0, lower: 0.0, upper: 1.0 },
    }
}

fn scenario_result(plan: &Plan, scenario: Scenario, tally: &Tally) -> ScenarioResult {
    let not_fitted = tally.unfitted.iter().sum::<u64>();
    let fitted = tally.trials.saturating_sub(not_fitted);
    let (n, trials) = (fitted.max(1) as f64, tally.trials.max(1) as f64);
    let share = |count: u64| count as f64 / trials;
    let bias = tally.error.value() / n;
    // Squared errors about the truth, moved to the mean.
    let variance = (tally.error_squared.value() / n - bias * bias).max(0.0) * n / (n - 1.0).max(1.0);
    let looks = plan.looks.as_ref();
    let look = |at: usize| LookResult {
        fraction: looks.and_then(|looks| looks.fractions.get(at).copied()).unwrap_or(1.0),
        efficacy_z: looks.and_then(|looks| looks.efficacy.get(at).copied()),
        futility_z: looks.and_then(|looks| looks.futility.get(at).copied()).filter(|_| at < tally.futile_at.len()),
        shown: tally.shown_at.get(at).map_or(0.0, |count| share(*count)),
        futile: tally.futile_at.get(at).map_or(0.0, |count| share(*count)),
    };
    let first = tally.by_structure.first().copied().unwrap_or_default();
    ScenarioResult {
        participants: scenario.participants,
        advantage: scenario.advantage,
        trials: tally.trials,
        better: interval(tally.better, tally.trials),
        rejected: interval(tally.better + tally.worse, tally.trials),
        coverage: interval(tally.covers, fitted),
        bias,
        bias_se: (variance / n).sqrt(),
        sd: variance.sqrt(),
        se: (tally.variance.value() / n).sqrt(),
        width: tally.width.value() / n,
        df: tally.df.value() / n,
        people: tally.people as f64 / trials,
        rated: tally.rated as f64 / trials,
        not_fitted: share(not_fitted),
        not_fitted_because: tally.unfitted.map(share),
        fell_back: (fitted - first.min(fitted)) as f64 / n,
        looks: (0..tally.shown_at.len()).map(look).collect(),
    }
}
