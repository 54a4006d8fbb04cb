//! The Kaplan–Meier curve.
//!
//! Sources: Kaplan & Meier 1958; Greenwood 1926 (variance); Kalbfleisch & Prentice 1980 (intervals on the log and log(−log)
//! scales); conventions for the median and the restricted mean as in R's survival.

use crate::distributions::normal_quantile;

use super::FollowUp;

/// An interval of the survival probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Lower limit.
    pub lower: f64,
    /// Upper limit.
    pub upper: f64,
}

/// The curve after one event time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurveStep {
    /// The event time.
    pub time: f64,
    /// People at risk just before.
    pub at_risk: usize,
    /// Events at this time.
    pub events: usize,
    /// Probability of surviving beyond it.
    pub survival: f64,
    /// Greenwood's standard error; absent where nobody survives.
    pub se: Option<f64>,
    /// Interval on the log scale; absent where nobody survives.
    pub log: Option<Limits>,
    /// Interval on the log(−log) scale; absent where nobody survives.
    pub log_log: Option<Limits>,
}

/// A Kaplan–Meier curve: one step an event time, ascending.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// The steps.
    pub steps: Vec<CurveStep>,
    /// Time of the last person followed.
    pub last: f64,
}

/// Mean survival up to a horizon.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RestrictedMean {
    /// Area under the curve.
    pub mean: f64,
    /// Its standard error.
    pub se: f64,
}

/// Estimates the curve of one group.
pub fn kaplan_meier(people: &[FollowUp], level: f64) -> Curve {
    let z = -normal_quantile(0.5 * (1.0 - level));
    let mut sorted = people.to_vec();
    sorted.sort_by(|left, right| left.time.total_cmp(&right.time));
    let (mut steps, mut survival, mut greenwood, mut start) = (Vec::new(), 1.0, 0.0, 0);
    while start < sorted.len() {
        let time = sorted[start].time;
        let end = start + sorted[start..].iter().take_while(|person| person.time == time).count();
        let at_risk = sorted.len() - start;
        let events = sorted[start..end].iter().filter(|person| person.event).count();
        start = end;
        if events == 0 {
            continue;
        }
        survival *= (at_risk - events) as f64 / at_risk as f64;
        greenwood += events as f64 / (at_risk as f64 * (at_risk - events) as f64);
        let some = events < at_risk;
        let error = greenwood.sqrt();
        steps.push(CurveStep {
            time,
            at_risk,
            events,
            survival,
            se: some.then_some(survival * error),
            log: some.then(|| Limits {
                lower: survival * (-z * error).exp(),
                upper: (survival * (z * error).exp()).min(1.0),
            }),
            log_log: some.then(|| {
                let power = |sign: f64| survival.powf((sign * z * error / survival.ln()).exp());
                Limits { lower: power(-1.0), upper: power(1.0) }
            }),
        });
    }
    Curve { steps, last: sorted.last().map_or(0.0, |person| person.time) }
}

impl Curve {
    /// The survival probability just after a time.
    pub fn at(&self, time: f64) -> f64 {
        self.steps.iter().take_while(|step| step.time <= time).last().map_or(1.0, |step| step.survival)
    }

    /// Median survival; the middle of the interval where the curve runs along ½. Absent where it stays above.
    pub fn median(&self) -> Option<f64> {
        self.crossing(|step| Some(step.survival))
    }

    /// Limits of the median: where the limits of the curve (log(−log) scale) cross ½. A limit may be absent.
    pub fn median_interval(&self) -> [Option<f64>; 2] {
        [
            self.crossing(|step| step.log_log.map(|limits| limits.lower)),
            self.crossing(|step| step.log_log.map(|limits| limits.upper)),
        ]
    }

    fn crossing(&self, of: impl Fn(&CurveStep) -> Option<f64>) -> Option<f64> {
        const CLOSE: f64 = 1e-8;
        let values: Vec<(f64, f64)> = self.steps.iter().filter_map(|step| Some((step.time, of(step)?))).collect();
        // A step without limits (nobody left) is below ½ whatever its limits.
        let bottom = self
            .steps
            .iter()
            .find(|step| step.survival == 0.0)
            .map(|step| step.time)
            .filter(|_| values.len() == self.steps.len());
        let index = values.iter().position(|(_, value)| *value <= 0.5 + CLOSE);
        match index {
            Some(index) if (values[index].1 - 0.5).abs() <= CLOSE => {
                let next = values[index..].iter().find(|(_, value)| *value < 0.5 - CLOSE).map(|(time, _)| *time);
                Some(next.map_or(values[index].0, |next| 0.5 * (values[index].0 + next)))
            }
            Some(index) => Some(values[index].0),
            None => bottom,
        }
    }

    /// Mean survival up to `horizon`, which should not lie beyond the last follow-up.
    pub fn restricted_mean(&self, horizon: f64) -> RestrictedMean {
        let steps: Vec<&CurveStep> = self.steps.iter().filter(|step| step.time <= horizon).collect();
        let (mut before, mut survival) = (0.0, 1.0);
        let mut areas = Vec::with_capacity(steps.len() + 1);
        for step in &steps {
            areas.push(survival * (step.time - before));
            (before, survival) = (step.time, step.survival);
        }
        areas.push(survival * (horizon - before));
        let mean = areas.iter().sum();
        let (mut after, mut variance) = (0.0, 0.0);
        for (step, area) in steps.iter().zip(&areas[1..]).rev() {
            after += area;
            let left = step.at_risk - step.events;
            if left > 0 {
                variance += after * after * step.events as f64 / (step.at_risk as f64 * left as f64);
            }
        }
        // `areas` after the last step belong to it; the loop adds them in from the end.
        RestrictedMean { mean, se: variance.sqrt() }
    }
}
