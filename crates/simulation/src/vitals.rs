//! Vital signs on a dosing day: a person's own baseline, a rise that follows the effect, and noise.
//!
//! For simulation and pages alone, never clinical limits. Source: outcomes-sim.md §7.

use crate::{
    random::{Purpose, Stream},
    scenario::{MeasureDraw, Scenario, Vitals},
};
use protocol::model::Content;
use std::collections::BTreeMap;
use terms::Decimal;

/// A person's baselines and how strongly they answer.
#[derive(Debug, Clone)]
pub(crate) struct Signs {
    own: BTreeMap<String, Own>,
}

#[derive(Debug, Clone, Copy)]
struct Own {
    baseline: f64,
    answer: f64,
}

/// What was given at a session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given {
    /// What the containers held.
    pub content: Content,
    /// A level above the study's first.
    pub higher: bool,
    /// Hours from the first swallow to the supplement, if there was one.
    pub supplement_hours: Option<f64>,
}

impl Signs {
    /// Draws a person.
    pub(crate) fn draw(scenario: &Scenario, seed: u64, whose: u64) -> Self {
        let vitals = &scenario.vitals;
        let mut stream = Stream::new(seed, whose, Purpose::Vitals);
        // One factor shared by the measures gives the correlations: 0.6 between pressures, 0.3 with the pulse.
        let (shared_own, shared_answer) = (stream.standard(), stream.standard());
        let own = vitals
            .measures
            .iter()
            .map(|(measure, draw)| {
                let loading = loading(vitals, measure);
                let rest = (1.0 - loading * loading).sqrt();
                let own = loading * shared_own + rest * stream.standard();
                let answer = loading * shared_answer + rest * stream.standard();
                let floor = draw.baseline[0] - 2.5 * draw.baseline[1];
                let baseline = (draw.baseline[0] + draw.baseline[1] * own).clamp(floor, draw.ceiling);
                (measure.clone(), Own { baseline, answer: draw.person * answer })
            })
            .collect();
        Self { own }
    }

    /// A reading of one measure so many hours after the first swallow (negative before it); none for a measure that the
    /// scenario doesn't know.
    pub(crate) fn reading(
        &self,
        scenario: &Scenario,
        curve: &Curve,
        measure: &str,
        hours: f64,
        given: Option<Given>,
        noise: &mut Stream,
    ) -> Option<Decimal> {
        let draw = scenario.vitals.measures.get(measure)?;
        let own = self.own.get(measure)?;
        let rise = given.map_or(0.0, |given| {
            let height = rise_of(draw, given) + own.answer;
            height * curve.at(hours, given.supplement_hours)
        });
        let value = own.baseline + rise + noise.normal(0.0, draw.noise);
        rounded(value, draw.decimals)
    }
}

fn rise_of(draw: &MeasureDraw, given: Given) -> f64 {
    match (given.content, given.higher) {
        (Content::Placebo, _) => draw.low,
        (Content::Active, false) => draw.initial,
        (Content::Active, true) => draw.high,
    }
}

fn loading(vitals: &Vitals, measure: &str) -> f64 {
    let pressures = vitals.correlation_pressures.sqrt();
    match measure {
        "systolic" | "diastolic" => pressures,
        "heart_rate" => vitals.correlation_pulse / pressures,
        _ => 0.0,
    }
}

fn rounded(value: f64, decimals: u32) -> Option<Decimal> {
    let scale = 10f64.powi(decimals.min(3) as i32);
    Decimal::nearest((value * scale).round() / scale)
}

/// The effect's course over a session, 1 at the height reached with the reference supplement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Curve {
    absorption: f64,
    elimination: f64,
    lag_hours: f64,
    supplement_share: f64,
    /// Height of a first dose alone, before scaling.
    peak: f64,
    /// Height with the reference supplement, over a first dose whose own height is 1.
    height: f64,
}

impl Curve {
    /// The curve of a scenario.
    pub(crate) fn new(vitals: &Vitals) -> Self {
        let (ka, ke) = (vitals.absorption, vitals.elimination);
        let mut curve = Self {
            absorption: ka,
            elimination: ke,
            lag_hours: vitals.lag_hours,
            supplement_share: vitals.supplement_share,
            peak: 1.0,
            height: 1.0,
        };
        curve.peak = curve.dose((ka / ke).ln() / (ka - ke));
        let reference = Some(vitals.reference_supplement_hours);
        curve.height = (0..480).map(|minute| curve.at(f64::from(minute) / 60.0, reference)).fold(0.0, f64::max);
        curve
    }

    /// The course so many hours after the first swallow; 0 before the lag.
    pub(crate) fn at(&self, hours: f64, supplement_hours: Option<f64>) -> f64 {
        let second = supplement_hours.map_or(0.0, |s| self.supplement_share * self.dose(hours - s - self.lag_hours));
        (self.dose(hours - self.lag_hours) + second) / self.height
    }

    /// `exp(−ke t) − exp(−ka t)` over its own height; 0 before 0.
    fn dose(&self, hours: f64) -> f64 {
        if hours <= 0.0 {
            return 0.0;
        }
        ((-self.elimination * hours).exp() - (-self.absorption * hours).exp()) / self.peak
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The column `f` of outcomes-sim.md §7, computed there with another program.
    #[test]
    fn the_course_is_the_tabulated_one() {
        let curve = Curve::new(&Scenario::named("S-M1").unwrap().vitals);
        assert!((curve.height - 1.187_880).abs() < 1e-4);
        for (minute, expected) in [
            (0, 0.000),
            (30, 0.231),
            (60, 0.770),
            (90, 0.838),
            (120, 0.768),
            (150, 0.965),
            (180, 0.983),
            (210, 0.883),
            (240, 0.760),
            (300, 0.543),
            (360, 0.384),
            (420, 0.270),
            (480, 0.191),
        ] {
            let found = curve.at(f64::from(minute) / 60.0, Some(1.75));
            assert!((found - expected).abs() < 0.001, "minute {minute}: {found}");
        }
        let alone = (0..480).map(|m| curve.at(f64::from(m) / 60.0, None)).fold(0.0, f64::max);
        assert!((alone * 1.187_880 - 1.0).abs() < 1e-3);
    }

    /// Method: 20,000 people at the height of the course; means of the table, SD of one reading √(11² + 9² + 6²) = 15.43 before
    /// baselines are held under the ceiling, which takes a little of both.
    #[test]
    fn pressures_at_the_height() {
        let scenario = Scenario::named("S-M1").unwrap();
        let curve = Curve::new(&scenario.vitals);
        for (content, higher, expected) in
            [(Content::Placebo, false, 125.0), (Content::Active, false, 144.0), (Content::Active, true, 151.0)]
        {
            let given = Given { content, higher, supplement_hours: Some(1.75) };
            let readings: Vec<f64> = (0..20_000)
                .map(|whose| {
                    let noise = &mut Stream::new(3, whose, Purpose::Session);
                    let signs = Signs::draw(&scenario, 3, whose);
                    signs.reading(&scenario, &curve, "systolic", 3.0, Some(given), noise).unwrap().as_f64()
                })
                .collect();
            let mean = readings.iter().sum::<f64>() / readings.len() as f64;
            let sd = (readings.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / readings.len() as f64).sqrt();
            assert!((mean - expected).abs() < 2.0, "{content:?}: {mean}, expected {expected}");
            assert!((13.9..15.6).contains(&sd), "SD {sd}");
        }
    }
}
