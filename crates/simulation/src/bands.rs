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
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
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
    /// Trials that it is the mean of.
    pub trials: usize,
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

    /// Standard error of the mean.
    pub fn standard_error(&self) -> f64 {
        self.between / (self.trials.max(1) as f64).sqrt()
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

/// What one whole trial came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// Scenario.
    pub scenario: String,
    /// Its seed.
    pub seed: u64,
    /// Hash of scenario, study and rows: a trial counts only for what it was drawn from.
    pub drawn_from: String,
    /// A figure for each row of the scenario's table; none where an arm is empty.
    pub figures: Vec<Option<f64>>,
}

/// Which trials are run, and who hears of them.
pub struct Run<'a> {
    /// Trials of each scenario.
    pub trials: u32,
    /// Seed of the first; the others follow.
    pub seed: u64,
    /// Threads; the figures don't depend on it.
    pub threads: usize,
    /// Trials that ended before, which are not run again if they were drawn from the same.
    pub known: &'a [Ended],
    /// Hears of every trial that ends, in whatever order.
    pub ended: &'a (dyn Fn(&Ended) + Sync),
}

/// A comparison with everything that its trials are drawn from.
struct Prepared {
    compared: Compared,
    scenario: Scenario,
    endpoint: Endpoint,
    studies: Studies,
    study: StudyHash,
    drawn_from: String,
}

impl Prepared {
    fn new(compared: Compared) -> Result<Self, BandsError> {
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
        let drawn_from = chain::Hash::of(format!("{hash}{scenario:?}{:?}", compared.row).as_bytes()).to_string();
        Ok(Self { compared, scenario, endpoint, studies, study: hash, drawn_from })
    }

    fn run(&self, seed: u64) -> Result<Ended, SimulationError> {
        let simulation = Simulation {
            studies: &self.studies,
            study: self.study.clone(),
            amended: None,
            scenario: &self.scenario,
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
            end.seen.extend(outcome(&simulated.folded.participants, id, &self.endpoint));
        }
        let figure = |row: &Target| match row.arm {
            Some(arm) => ends.get(&arm).map(|end| end.quantity(row.quantity)),
            None => cohen_d(&ends),
        };
        let figures = self.compared.row.iter().map(figure).map(|found| found.filter(|found| found.is_finite()));
        Ok(Ended {
            scenario: self.compared.scenario.clone(),
            seed,
            drawn_from: self.drawn_from.clone(),
            figures: figures.collect(),
        })
    }

    fn bands(&self, ended: &BTreeMap<(String, u64), Ended>) -> Vec<Band> {
        let mine: Vec<&Ended> = ended.values().filter(|one| one.drawn_from == self.drawn_from).collect();
        let rows = self.compared.row.iter().enumerate();
        rows.map(|(place, target)| {
            let values: Vec<f64> = mine.iter().filter_map(|one| one.figures.get(place).copied().flatten()).collect();
            Band {
                scenario: self.compared.scenario.clone(),
                study: self.compared.study.clone(),
                quantity: target.quantity,
                arm: target.arm,
                target: target.target,
                accept: target.accept,
                trials: values.len(),
                found: mean(&values),
                between: sd(&values),
            }
        })
        .collect()
    }
}

/// Simulates trials of each published one and compares their means. The two kinds take turns, so that a run that was
/// stopped says as much of one as of the other.
///
/// # Errors
/// When a scenario, study or trial fails.
pub fn bands(run: &Run<'_>) -> Result<Vec<Band>, BandsError> {
    let table: Table = toml::from_str(BANDS)?;
    let prepared = table.trial.into_iter().map(Prepared::new).collect::<Result<Vec<_>, _>>()?;
    run_all(&prepared, run)
}

fn run_all(prepared: &[Prepared], run: &Run<'_>) -> Result<Vec<Band>, BandsError> {
    let seeds = run.seed..run.seed + u64::from(run.trials);
    let wanted = |one: &Prepared, known: &Ended| one.drawn_from == known.drawn_from && seeds.contains(&known.seed);
    let mut ended: BTreeMap<(String, u64), Ended> = run
        .known
        .iter()
        .filter(|known| prepared.iter().any(|one| wanted(one, known)))
        .map(|known| ((known.scenario.clone(), known.seed), known.clone()))
        .collect();
    let todo: Vec<(&Prepared, u64)> = seeds
        .flat_map(|seed| prepared.iter().map(move |one| (one, seed)))
        .filter(|(one, seed)| !ended.contains_key(&(one.compared.scenario.clone(), *seed)))
        .collect();
    let next = AtomicUsize::new(0);
    let fresh: Mutex<Vec<Result<Ended, SimulationError>>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..run.threads.max(1) {
            scope.spawn(|| {
                while let Some((one, seed)) = todo.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let end = one.run(*seed);
                    if let Ok(end) = &end {
                        (run.ended)(end);
                    }
                    fresh.lock().unwrap_or_else(PoisonError::into_inner).push(end);
                }
            });
        }
    });
    for end in fresh.into_inner().unwrap_or_else(PoisonError::into_inner) {
        let end = end?;
        ended.insert((end.scenario.clone(), end.seed), end);
    }
    Ok(prepared.iter().flat_map(|one| one.bands(&ended)).collect())
}

type Ends = BTreeMap<Content, ArmEnd>;

fn outcome(
    participants: &BTreeMap<ParticipantId, ParticipantState>,
    id: &ParticipantId,
    endpoint: &Endpoint,
) -> Option<Outcome> {
    let state = participants.get(id)?;
    let at = |visit: &str| state.form_at(endpoint.form.as_str(), visit).map(|(_, record)| record);
    let number = |value: Option<&Value>| value.and_then(Value::as_decimal).map(terms::Decimal::as_f64);
    let (first, last) = (at(endpoint.baseline.as_str())?, at(endpoint.visit.as_str())?);
    let score =
        |record: &conduct::state::FormRecord| number(record.scores.get(endpoint.score.as_str())?.value.as_ref());
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

/// The table in words, for a terminal or a page of documentation (Markdown).
pub fn table(bands: &[Band]) -> String {
    use std::fmt::Write as _;
    let mut text = String::from(
        "| scenario | quantity | arm | published | accepted | found | standard error | SD between trials | trials | in band |\n\
         |---|---|---|---:|---:|---:|---:|---:|---:|---|\n",
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
            "| {} | {} | {arm} | {} | ±{} | {:.2} | {:.2} | {:.2} | {} | {holds} |",
            band.scenario,
            band.quantity.words(),
            band.target,
            band.accept,
            band.found,
            band.standard_error(),
            band.between,
            band.trials,
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

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

    /// Method: small trials (6 people), so that it takes seconds; what was kept and what is run anew must agree, however many
    /// threads there are, and what was drawn from other parameters must not count.
    #[test]
    fn trials_that_were_kept_are_not_run_again() {
        let kept = Mutex::new(Vec::new());
        let keep = |end: &Ended| kept.lock().unwrap().push(end.clone());
        let compared = Compared {
            scenario: "S-SMALL".to_owned(),
            study: "reference-mapp1".to_owned(),
            row: vec![Target {
                quantity: Quantity::MeanChange,
                arm: Some(Content::Active),
                target: -24.0,
                accept: 90.0,
            }],
        };
        let mut prepared = [Prepared::new(compared).unwrap()];
        prepared[0].scenario.participants = 6;
        let run = |trials: u32, threads: usize, known: &[Ended]| {
            run_all(&prepared, &Run { trials, seed: 1, threads, known, ended: &keep }).unwrap()
        };
        let first = run(1, 1, &[]);
        let known: Vec<Ended> = kept.lock().unwrap().drain(..).collect();
        assert_eq!(known.len(), 1);
        let mut stale = known.clone();
        stale[0].drawn_from = "other parameters".to_owned();
        assert_eq!(run(1, 1, &stale), first);
        assert_eq!(kept.lock().unwrap().drain(..).count(), 1);
        let more = run(3, 2, &known);
        let fresh: Vec<u64> = kept.lock().unwrap().iter().map(|end| end.seed).collect();
        assert_eq!(BTreeSet::from_iter(fresh), BTreeSet::from([2, 3]));
        assert_eq!((first[0].trials, more[0].trials), (1, 3));
        assert!(table(&more).contains("| S-SMALL | mean change | active | -24 | ±90 |"), "{}", table(&more));
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
