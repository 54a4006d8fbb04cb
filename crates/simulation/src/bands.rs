//! Many whole trials against the published results: do virtual people change as the published ones did?
//!
//! Every trial goes through the real rules from the first call to the last visit; outcomes are then read from the folded
//! streams as an analyst would read them, with the allocation opened. Source: published-results.md §11.

use crate::{
    run::{Simulation, SimulationError, simulate},
    scenario::{Scenario, ScenarioError},
};
use conduct::{ParticipantState, Studies};
use protocol::model::{Content, Endpoint};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};
use terms::{ParticipantId, StudyHash, Value};

const BANDS: &str = include_str!("../scenarios/bands.toml");
/// A change by so many points or more is a response; a total up to so many, without the diagnosis, a remission.
/// Source: published-results.md §2.
const RESPONSE: f64 = -10.0;
const REMISSION_TOTAL: f64 = 11.0;

/// Something that a trial is described by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Mean change of the primary score, of those seen at the end.
    MeanChange,
    /// Its SD.
    SdChange,
    /// Difference of the mean changes over the pooled SD.
    CohenD,
    /// Percent with a change of 10 points or more.
    Response,
    /// Percent without the diagnosis.
    LossOfDiagnosis,
    /// Percent without the diagnosis and with a total of 11 or less.
    Remission,
    /// Percent of those assigned who were not seen at the end.
    NotSeen,
}

impl Quantity {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::MeanChange => "mean change",
            Self::SdChange => "SD of change",
            Self::CohenD => "Cohen's d",
            Self::Response => "response, %",
            Self::LossOfDiagnosis => "loss of diagnosis, %",
            Self::Remission => "remission, %",
            Self::NotSeen => "not seen at the end, %",
        }
    }
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// Scenario.
    pub scenario: String,
    /// Study.
    pub study: String,
    /// What.
    pub quantity: Quantity,
    /// In which arm; none for a comparison of the two.
    pub arm: Option<Content>,
    /// Published.
    pub target: f64,
    /// How far off is accepted.
    pub accept: f64,
    /// Mean over the trials.
    pub found: f64,
    /// SD between trials.
    pub between: f64,
}

impl Band {
    /// Whether the mean lies in the band.
    pub fn holds(&self) -> bool {
        (self.found - self.target).abs() <= self.accept
    }
}

/// Why the bands could not be computed.
#[derive(Debug, thiserror::Error)]
pub enum BandsError {
    /// A scenario.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The table of targets.
    #[error("the table of bands can't be read: {0}")]
    Table(#[from] toml::de::Error),
    /// A study that the program doesn't carry.
    #[error("the program carries no study \"{0}\" without mistakes")]
    Study(String),
    /// A study without a primary endpoint.
    #[error("the study \"{0}\" names no primary endpoint")]
    Endpoint(String),
    /// A trial.
    #[error(transparent)]
    Simulation(#[from] SimulationError),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    trial: Vec<Compared>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Compared {
    scenario: String,
    study: String,
    row: Vec<Target>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    quantity: Quantity,
    #[serde(default)]
    arm: Option<Content>,
    target: f64,
    accept: f64,
}

/// One person at the end.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Outcome {
    change: f64,
    last: f64,
    diagnosis: Option<bool>,
}

/// One arm of one trial.
#[derive(Debug, Clone, Default)]
struct ArmEnd {
    assigned: u32,
    seen: Vec<Outcome>,
}

/// Simulates `trials` trials of each published one, from `seed` on, over as many threads as the machine has, and
/// compares them. `progress` is told how many of how many are done.
///
/// # Errors
/// When a scenario, study or trial fails.
pub fn bands(trials: u32, seed: u64, progress: &(dyn Fn(u32, u32) + Sync)) -> Result<Vec<Band>, BandsError> {
    let table: Table = toml::from_str(BANDS)?;
    let all = trials.saturating_mul(u32::try_from(table.trial.len()).unwrap_or(1));
    let done = AtomicU32::new(0);
    let mut lines = Vec::new();
    for compared in &table.trial {
        let ends = run_all(compared, trials, seed, &|| {
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, all);
        })?;
        lines.extend(compared.row.iter().map(|target| line(compared, target, &ends)));
    }
    Ok(lines)
}

type Ends = BTreeMap<Content, ArmEnd>;

fn run_all(compared: &Compared, trials: u32, seed: u64, tick: &(dyn Fn() + Sync)) -> Result<Vec<Ends>, BandsError> {
    let mut scenario = Scenario::named(&compared.scenario)?;
    // Slips and rare events show rules at work; here they would only be in the way.
    scenario.slips.each_once = false;
    scenario.slips.rate = 0.0;
    // Published hazards are of everybody who was not rated at the end, whatever the reason: these would come on top.
    scenario.habits.visit_missed = 0.0;
    scenario.habits.rating_item_missing = 0.0;
    let study = protocol::embedded::load(&compared.study).map_err(|_| BandsError::Study(compared.study.clone()))?;
    let endpoint = study.analysis.primary.clone().ok_or_else(|| BandsError::Endpoint(compared.study.clone()))?;
    let hash = study.hash();
    let mut studies = Studies::new();
    studies.insert(hash.clone(), Arc::new(study));
    let next = AtomicU32::new(0);
    let collected: Mutex<BTreeMap<u32, Result<Ends, SimulationError>>> = Mutex::new(BTreeMap::new());
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= trials {
                        break;
                    }
                    let ends = one_trial(&studies, &hash, &scenario, seed + u64::from(number), &endpoint);
                    if let Ok(mut collected) = collected.lock() {
                        collected.insert(number, ends);
                    }
                    tick();
                }
            });
        }
    });
    let collected = collected.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    collected.into_values().map(|ends| ends.map_err(BandsError::from)).collect()
}

fn one_trial(
    studies: &Studies,
    study: &StudyHash,
    scenario: &Scenario,
    seed: u64,
    endpoint: &Endpoint,
) -> Result<Ends, SimulationError> {
    let simulation = Simulation {
        studies,
        study: study.clone(),
        amended: None,
        scenario,
        participants: None,
        seed,
        starts: None,
        until: None,
    };
    let simulated = simulate(&simulation, &mut ())?;
    let mut ends = Ends::new();
    for (id, content) in &simulated.contents {
        let end = ends.entry(*content).or_default();
        end.assigned += 1;
        end.seen.extend(outcome(&simulated.folded.participants, id, endpoint));
    }
    Ok(ends)
}

fn outcome(
    participants: &BTreeMap<ParticipantId, ParticipantState>,
    id: &ParticipantId,
    endpoint: &Endpoint,
) -> Option<Outcome> {
    let state = participants.get(id)?;
    let at = |visit: &str| state.form_at(endpoint.form.as_str(), visit).map(|(_, record)| record);
    let number = |value: Option<&Value>| value.and_then(Value::as_decimal).map(terms::Decimal::as_f64);
    let (first, last) = (at(endpoint.baseline.as_str())?, at(endpoint.visit.as_str())?);
    let score = |record: &conduct::state::FormRecord| number(record.scores.get(&endpoint.score)?.value.as_ref());
    let (before, after) = (score(first)?, score(last)?);
    let diagnosis = last.scores.get("diagnosis").and_then(|found| found.value.as_ref()?.as_bool());
    Some(Outcome { change: after - before, last: after, diagnosis })
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn sd(values: &[f64]) -> f64 {
    let middle = mean(values);
    let squares: f64 = values.iter().map(|value| (value - middle).powi(2)).sum();
    (squares / (values.len().saturating_sub(1).max(1)) as f64).sqrt()
}

impl ArmEnd {
    fn changes(&self) -> Vec<f64> {
        self.seen.iter().map(|outcome| outcome.change).collect()
    }

    fn percent(&self, holds: impl Fn(&Outcome) -> bool) -> f64 {
        100.0 * self.seen.iter().filter(|outcome| holds(outcome)).count() as f64 / self.seen.len().max(1) as f64
    }

    fn quantity(&self, quantity: Quantity) -> f64 {
        match quantity {
            Quantity::MeanChange => mean(&self.changes()),
            Quantity::SdChange => sd(&self.changes()),
            Quantity::CohenD => f64::NAN,
            Quantity::Response => self.percent(|outcome| outcome.change <= RESPONSE),
            Quantity::LossOfDiagnosis => self.percent(|outcome| outcome.diagnosis == Some(false)),
            Quantity::Remission => {
                self.percent(|outcome| outcome.diagnosis == Some(false) && outcome.last <= REMISSION_TOTAL)
            }
            Quantity::NotSeen => 100.0 * (1.0 - self.seen.len() as f64 / f64::from(self.assigned.max(1))),
        }
    }
}

fn cohen_d(ends: &Ends) -> Option<f64> {
    let (active, placebo) = (ends.get(&Content::Active)?.changes(), ends.get(&Content::Placebo)?.changes());
    let degrees = |values: &[f64]| values.len().saturating_sub(1) as f64;
    let (a, p) = (degrees(&active), degrees(&placebo));
    let pooled = ((a * sd(&active).powi(2) + p * sd(&placebo).powi(2)) / (a + p)).sqrt();
    Some((mean(&placebo) - mean(&active)) / pooled)
}

fn line(compared: &Compared, target: &Target, ends: &[Ends]) -> Band {
    let of_trial = |ends: &Ends| match target.arm {
        Some(arm) => ends.get(&arm).map(|end| end.quantity(target.quantity)),
        None => cohen_d(ends),
    };
    let values: Vec<f64> = ends.iter().filter_map(of_trial).collect();
    Band {
        scenario: compared.scenario.clone(),
        study: compared.study.clone(),
        quantity: target.quantity,
        arm: target.arm,
        target: target.target,
        accept: target.accept,
        found: mean(&values),
        between: sd(&values),
    }
}

/// The table in words, for a terminal or a page of documentation (Markdown).
pub fn table(bands: &[Band], trials: u32) -> String {
    use std::fmt::Write as _;
    let mut text = format!("Means over {trials} whole trials each; SD between trials in brackets.\n\n");
    text.push_str(
        "| scenario | quantity | arm | published | accepted | found | in band |\n|---|---|---|---|---|---|---|\n",
    );
    for band in bands {
        let arm = match band.arm {
            Some(Content::Active) => "active",
            Some(Content::Placebo) => "placebo",
            None => "both",
        };
        let holds = if band.holds() { "yes" } else { "NO" };
        let _ = writeln!(
            text,
            "| {} | {} | {arm} | {} | ±{} | {:.2} ({:.2}) | {holds} |",
            band.scenario,
            band.quantity.words(),
            band.target,
            band.accept,
            band.found,
            band.between,
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(changes: &[f64], assigned: u32) -> ArmEnd {
        let seen = changes.iter().map(|change| Outcome {
            change: *change,
            last: 40.0 + change,
            diagnosis: Some(40.0 + change > 24.0),
        });
        ArmEnd { assigned, seen: seen.collect() }
    }

    /// Worked by hand.
    #[test]
    fn quantities() {
        let active = end(&[-30.0, -20.0, -10.0, -40.0], 5);
        for (quantity, expected) in [
            (Quantity::MeanChange, -25.0),
            (Quantity::SdChange, (500.0f64 / 3.0).sqrt()),
            (Quantity::Response, 100.0),
            (Quantity::LossOfDiagnosis, 75.0),
            (Quantity::Remission, 50.0),
            (Quantity::NotSeen, 20.0),
        ] {
            assert!((active.quantity(quantity) - expected).abs() < 1e-9, "{quantity:?}");
        }
        let placebo = end(&[-10.0, 0.0, 10.0, -20.0], 4);
        let ends = Ends::from([(Content::Active, active), (Content::Placebo, placebo)]);
        assert!((cohen_d(&ends).unwrap() - 20.0 / (500.0f64 / 3.0).sqrt()).abs() < 1e-9);
    }

    #[test]
    fn the_table_names_scenarios_and_studies_that_there_are() {
        let table: Table = toml::from_str(BANDS).unwrap();
        for compared in table.trial {
            Scenario::named(&compared.scenario).unwrap();
            assert!(protocol::embedded::ids().any(|id| id == compared.study), "{}", compared.study);
            for row in &compared.row {
                assert_eq!(row.arm.is_none(), row.quantity == Quantity::CohenD);
            }
        }
    }
}
