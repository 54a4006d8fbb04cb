//! One virtual participant: what is drawn of them once, and how their scores stand at any point of their course.
//!
//! Source: outcomes-sim.md §1, §2, §5.

use crate::{
    random::{Purpose, Stream},
    scenario::{Scenario, ScoreDraw},
    severity::{Course, Latent},
    vitals::Signs,
};
use protocol::model::Content;
use std::collections::BTreeMap;

/// Where somebody stands in their course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// At an occasion, 0 being the baseline and everything before it.
    Occasion(usize),
    /// At a long-term visit, from 0.
    LongTerm(usize),
}

/// What is drawn of a person once.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub whose: u64,
    pub female: bool,
    pub age: i16,
    pub weight_kg: f64,
    pub dissociative: bool,
    pub ptsd_months: i64,
    pub ideation_lifetime: bool,
    pub attempt_lifetime: bool,
    pub work_applies: bool,
    pub latent: Latent,
    pub signs: Signs,
    scores: BTreeMap<String, Score>,
}

#[derive(Debug, Clone, Copy)]
struct Score {
    baseline: f64,
    residual: f64,
}

/// What became of a person who has an arm, as nature knows it.
#[derive(Debug, Clone)]
pub(crate) struct Treated {
    pub content: Content,
    pub course: Course,
}

impl Person {
    pub(crate) fn draw(scenario: &Scenario, seed: u64, whose: u64, site_effect: f64) -> Self {
        let baseline = &scenario.baseline;
        let mut stream = Stream::new(seed, whose, Purpose::Person);
        let years = (baseline.duration_years.median.ln() + baseline.duration_years.log_sd * stream.standard()).exp();
        let (age, weight) = (&baseline.age, &baseline.weight_kg);
        let age = stream.truncated(age.mean, age.sd, age.min, age.max) as i16;
        let female = stream.chance(baseline.female);
        let mean = weight.mean + if female { -5.0 } else { 9.0 };
        let weight_kg = stream.truncated(mean, weight.sd, weight.min, weight.max);
        let scores = scenario
            .scores
            .iter()
            .map(|(id, score)| {
                let (at_baseline, residual) = (stream.standard(), stream.standard());
                let baseline = match score {
                    ScoreDraw::Own(own) => own.baseline[0] + own.baseline[1] * at_baseline,
                    ScoreDraw::Following(_) => 0.0,
                };
                (id.clone(), Score { baseline, residual })
            })
            .collect();
        Self {
            whose,
            female,
            age,
            weight_kg,
            dissociative: stream.chance(baseline.dissociative),
            ptsd_months: ((years * 12.0) as i64).clamp(7, i64::from(age) * 12 - 60),
            ideation_lifetime: stream.chance(baseline.ideation_lifetime),
            attempt_lifetime: stream.chance(baseline.attempt_lifetime),
            work_applies: stream.chance(0.8),
            latent: Latent::draw(scenario, seed, whose, site_effect),
            signs: Signs::draw(scenario, seed, whose),
            scores,
        }
    }

    /// The primary total at a stage.
    pub(crate) fn primary(&self, stage: Stage, treated: Option<&Treated>) -> i64 {
        let Some(treated) = treated else { return self.latent.baseline() };
        let totals = &treated.course.totals;
        let last = totals.last().copied().unwrap_or_else(|| self.latent.baseline());
        match stage {
            Stage::Occasion(occasion) => totals.get(occasion).copied().unwrap_or(last),
            Stage::LongTerm(visit) => treated.course.long_term.get(visit).copied().unwrap_or(last),
        }
    }

    /// A score of an instrument at a stage; none for an instrument that the scenario doesn't know. `noise` is the day's.
    pub(crate) fn score(
        &self,
        scenario: &Scenario,
        instrument: &str,
        stage: Stage,
        treated: Option<&Treated>,
        noise: &mut Stream,
    ) -> Option<f64> {
        let score = self.scores.get(instrument)?;
        match scenario.scores.get(instrument)? {
            ScoreDraw::Following(follow) => {
                let primary = self.primary(stage, treated) as f64;
                // Half of the spread is the person's own, half the day's.
                let spread = follow.sd * std::f64::consts::FRAC_1_SQRT_2;
                Some(primary + follow.offset + spread * score.residual + spread * noise.standard())
            }
            ScoreDraw::Own(own) => {
                let Some(treated) = treated else { return Some(score.baseline) };
                let mean = match treated.content {
                    Content::Active => own.active,
                    Content::Placebo => own.placebo,
                };
                let arm = scenario.arm(treated.content);
                let totals = &treated.course.totals;
                let first = totals.first().copied().unwrap_or(0) as f64;
                let last = totals.last().copied().unwrap_or(0) as f64;
                let sd = scenario.outcome.sd[2];
                let primary = (last - first - arm.change[2]) / sd;
                let rest = (1.0 - own.correlation * own.correlation).sqrt();
                let whole = mean + own.sd * (own.correlation * primary + rest * score.residual);
                Some(score.baseline + whole * share(stage, totals.len()))
            }
        }
    }
}

/// How much of the whole change has come about at a stage.
fn share(stage: Stage, totals: usize) -> f64 {
    match stage {
        Stage::Occasion(occasion) => (occasion as f64 / totals.saturating_sub(1).max(1) as f64).min(1.0),
        Stage::LongTerm(_) => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Method: 20,000 people on each content; mean changes of the disability score as published, correlation as assumed.
    #[test]
    fn secondary_scores_move_as_published() {
        let scenario = Scenario::named("S-M1").unwrap();
        for (content, expected) in [(Content::Active, -3.2), (Content::Placebo, -2.05)] {
            let mut pairs = Vec::new();
            for whose in 0..20_000 {
                let person = Person::draw(&scenario, 2, whose, 0.0);
                let course = person.latent.course(&scenario, content, 3, 0.0);
                let treated = Treated { content, course };
                let noise = &mut Stream::new(2, whose, Purpose::Answers);
                let before = person.score(&scenario, "sds", Stage::Occasion(0), Some(&treated), noise).unwrap();
                let after = person.score(&scenario, "sds", Stage::Occasion(3), Some(&treated), noise).unwrap();
                pairs.push((after - before, (treated.course.totals[3] - treated.course.totals[0]) as f64));
            }
            let n = pairs.len() as f64;
            let mean = |f: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(f).sum::<f64>() / n;
            let (a, b) = (mean(&|p| p.0), mean(&|p| p.1));
            assert!((a - expected).abs() < 0.15, "{content:?}: {a}");
            let covariance = mean(&|p| (p.0 - a) * (p.1 - b));
            let correlation = covariance / (mean(&|p| (p.0 - a).powi(2)) * mean(&|p| (p.1 - b).powi(2))).sqrt();
            assert!((correlation - 0.55).abs() < 0.05, "{correlation}");
        }
    }
}
