//! The entry point: a study, a scenario, a number of people, a seed; a whole trial into a sink.

use crate::{
    clinic::{Clinic, Opening},
    course::{Beginning, Trial},
    folded::Folded,
    people::Roster,
    report::Report,
    scenario::Scenario,
    sink::{Sink, SinkError},
};
use allocation::{Key, Seed};
use conduct::Studies;
use jiff::{Timestamp, civil::Date};
use protocol::model::Content;
use std::{collections::BTreeMap, sync::Arc};
use terms::{ParticipantId, SiteId, StudyHash};

/// What is simulated.
#[derive(Debug, Clone)]
pub struct Simulation<'a> {
    /// Study versions by hash: at least the one to begin with, and the amended one if there is one.
    pub studies: &'a Studies,
    /// The version that the trial begins with.
    pub study: StudyHash,
    /// An amended version, adopted when half of the people have an arm.
    pub amended: Option<StudyHash>,
    /// What is drawn from.
    pub scenario: &'a Scenario,
    /// People to get an arm, at most as many as the study plans; the scenario's own number without it.
    pub participants: Option<u32>,
    /// The seed of everything.
    pub seed: u64,
    /// The trial's first day; the scenario's own without it.
    pub starts: Option<Date>,
    /// Where virtual time ends, for a trial that is still under way; without it, at the last visit.
    pub until: Option<Timestamp>,
}

/// A trial as it ended.
#[derive(Debug)]
pub struct Simulated {
    /// Counts.
    pub report: Report,
    /// Every stream, folded.
    pub folded: Folded,
    /// What nature knows: who was given what. Never to be shown beside the trial itself.
    pub(crate) contents: BTreeMap<ParticipantId, Content>,
}

/// Why a simulation stopped.
#[derive(Debug, thiserror::Error)]
pub enum SimulationError {
    /// The version to begin with is not among the studies.
    #[error("the study version {0} is not among those that were given")]
    UnknownStudy(StudyHash),
    /// The study has no sites.
    #[error("the study plans no sites: there is nowhere to simulate")]
    NoSites,
    /// The sink takes no more.
    #[error("the simulated trial could not be kept: {0}")]
    Sink(#[source] SinkError),
}

/// The key that a simulated trial's sealed rows are closed with.
pub fn key_of(seed: u64) -> Key {
    Key::from_array(*Seed::of_simulation(seed, "key").bytes())
}

/// Simulates a whole trial. The same simulation gives the same acts, to the byte.
///
/// # Errors
/// When the study is unknown or has no sites, or the sink takes no more.
pub fn simulate(simulation: &Simulation<'_>, sink: &mut dyn Sink) -> Result<Simulated, SimulationError> {
    let study = simulation.studies.get(&simulation.study);
    let study = Arc::clone(study.ok_or_else(|| SimulationError::UnknownStudy(simulation.study.clone()))?);
    let scenario = simulation.scenario;
    let sites: Vec<SiteId> = study.sites.iter().map(|site| site.id.clone()).take(scenario.trial.sites_max).collect();
    if sites.is_empty() {
        return Err(SimulationError::NoSites);
    }
    // No more than the study plans: further ones would be refused.
    let wanted = simulation.participants.unwrap_or(scenario.participants).min(study.design.participants_planned);
    let count = |role: &str| scenario.staff.get(role).copied().unwrap_or(1);
    let roster = Roster::hire(&study, &sites, &count, simulation.seed);
    let opening = Opening {
        studies: simulation.studies,
        scenario,
        seed: simulation.seed,
        study,
        hash: simulation.study.clone(),
        roster,
        key: key_of(simulation.seed),
        participants: wanted,
    };
    // Whoever asks for a number of people gets them, and no more.
    let second = scenario.second.as_ref().filter(|_| simulation.participants.is_none());
    let clinic = Clinic::open(opening, sink);
    let mut trial = Trial::new(Beginning {
        clinic,
        sites,
        amended: simulation.amended.clone(),
        second,
        until: simulation.until,
        starts: simulation.starts,
    });
    trial.run();
    trial.finished()
}
