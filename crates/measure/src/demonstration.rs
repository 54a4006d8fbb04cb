//! The demonstration trial's own stream of commands, by the simulation, with nothing kept but what is measured.

use anyhow::{Context, bail};
use conduct::Studies;
use protocol::model::Study;
use simulation::{Scenario, Simulation, Sink};
use std::sync::Arc;
use terms::StudyHash;

/// The seed of every simulated trial here.
pub const SEED: u64 = 104;

/// The demonstration study with its scenario.
pub struct Demonstration {
    /// Its versions.
    pub studies: Studies,
    hash: StudyHash,
    scenario: Scenario,
}

impl Demonstration {
    /// As the program carries it.
    pub fn new() -> anyhow::Result<Self> {
        let study = Arc::new(study("demonstration")?);
        let hash = study.hash();
        let mut studies = Studies::new();
        studies.insert(hash.clone(), study);
        Ok(Self { studies, hash, scenario: Scenario::named("DEMO")? })
    }

    /// Runs the trial for so many people with an arm.
    pub fn run(&self, participants: u32, sink: &mut dyn Sink) -> anyhow::Result<()> {
        let simulation = Simulation {
            studies: &self.studies,
            study: self.hash.clone(),
            amended: None,
            scenario: &self.scenario,
            participants: Some(participants),
            seed: SEED,
            starts: None,
            until: None,
        };
        simulation::simulate(&simulation, sink).map(drop).context("simulating the demonstration trial")
    }
}

/// A study that the program carries.
pub fn study(name: &str) -> anyhow::Result<Study> {
    let files = protocol::embedded::files(name).with_context(|| format!("the program carries no study {name}"))?;
    match protocol::read(&files) {
        (Some(study), _) => Ok(study),
        (None, mistakes) => bail!("the study {name} has {} mistakes", mistakes.len()),
    }
}
