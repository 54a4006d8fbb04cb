//! A study's proof: its worlds one after the other, what was come across in them, and the first harm.

use crate::{
    needed,
    search::{self, Bounds, Coverage, World},
    stage::{Stage, Why},
    state::Off,
    worlds,
};
use protocol::model::Study;
use serde::Serialize;
use std::{collections::BTreeSet, sync::Arc};

/// One world, explored.
#[derive(Debug, Clone, Serialize)]
pub struct Told {
    /// Its name.
    pub world: &'static str,
    /// How it begins.
    pub about: &'static str,
    /// Distinct states.
    pub states: usize,
    /// Moves tried.
    pub tried: u64,
    /// Moves deep to which everything was seen.
    pub depth: u8,
    /// The bound of states cut it short there.
    pub cut: bool,
}

/// A harm and the shortest way to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// In which world.
    pub world: &'static str,
    /// How that world begins.
    pub about: &'static str,
    /// The property: a rule's id, or `floor.…` or `answer.…`.
    pub property: String,
    /// What happened.
    pub harm: String,
    /// Where the property comes from.
    pub source: String,
    /// The way, a line a move.
    pub way: Vec<String>,
}

/// What a proof came to.
#[derive(Debug, Clone, Serialize)]
pub struct Proof {
    /// The study.
    pub study: String,
    /// Its version.
    pub version: String,
    /// Worlds explored.
    pub worlds: Vec<Told>,
    /// Worlds that this study has none of, and why.
    pub left_out: Vec<(String, String)>,
    /// Distinct states in all worlds.
    pub states: usize,
    /// Rules that said no, and how often.
    #[serde(skip)]
    pub coverage: Coverage,
    /// Rules that never said no, and that no property test is declared for.
    pub unreached: Vec<String>,
    /// Authorisations that were never granted.
    pub ungranted: Vec<String>,
    /// What should never have happened.
    pub harm: Option<Found>,
}

impl Proof {
    /// Whether nothing was found, and everything was reached that this study has.
    pub const fn holds(&self) -> bool {
        self.harm.is_none() && self.unreached.is_empty() && self.ungranted.is_empty()
    }
}

/// What hears how it goes: the world's name, and how many states there are so far.
pub type Heard<'h> = &'h (dyn Fn(&str, usize) + Sync);

/// Proves a study within bounds.
///
/// # Errors
/// When not even its stage can be set up.
pub fn prove(
    study: &Arc<Study>,
    amended: Option<Arc<Study>>,
    bounds: Bounds,
    off: &Off,
    heard: Heard<'_>,
) -> Result<Proof, Why> {
    let names: Vec<&str> = worlds::ALL.iter().map(|(name, _)| *name).collect();
    prove_worlds(study, amended, &names, bounds, off, heard)
}

/// The same in some of the worlds.
///
/// # Errors
/// When not even the stage can be set up.
pub fn prove_worlds(
    study: &Arc<Study>,
    amended: Option<Arc<Study>>,
    names: &[&str],
    bounds: Bounds,
    off: &Off,
    heard: Heard<'_>,
) -> Result<Proof, Why> {
    // The worlds are brought to their beginnings by the rules as they are; what is switched off is so from there on.
    let stage = Stage::new(Arc::clone(study), amended, Off::nothing())?;
    let mut proof = Proof {
        study: study.id.clone(),
        version: study.version.clone(),
        worlds: Vec::new(),
        left_out: Vec::new(),
        states: 0,
        coverage: Coverage::default(),
        unreached: Vec::new(),
        ungranted: Vec::new(),
        harm: None,
    };
    let mut made: Vec<World> = Vec::new();
    for (name, make) in worlds::ALL.iter().filter(|(name, _)| names.contains(name)) {
        match make(&stage) {
            Ok(mut world) => {
                world.setting.off = off.clone();
                made.push(world);
            }
            Err(why) => proof.left_out.push(((*name).to_owned(), why)),
        }
    }
    // What is left of the bound of states goes to the worlds that are still to come.
    let mut left = bounds.states;
    for (place, world) in made.iter().enumerate() {
        let share = if bounds.depth == 0 { bounds.states } else { left / (made.len() - place) };
        let here = Bounds { states: share.max(1), ..bounds };
        let explored = search::explore(world, here, &|states| heard(world.name, proof.states + states));
        left = left.saturating_sub(explored.states);
        proof.states += explored.states;
        proof.coverage.add(&explored.coverage);
        proof.worlds.push(Told {
            world: world.name,
            about: world.about,
            states: explored.states,
            tried: explored.tried,
            depth: explored.depth,
            cut: explored.cut,
        });
        if let Some(way) = explored.harm {
            proof.harm = Some(found(&stage, world, &way));
            break;
        }
    }
    (proof.unreached, proof.ungranted) = not_reached(study, &proof);
    Ok(proof)
}

/// A way to a harm, told.
pub(crate) fn found(stage: &Stage, world: &World, way: &search::Way) -> Found {
    Found {
        world: world.name,
        about: world.about,
        property: way.harm.property.clone(),
        harm: way.harm.what.clone(),
        source: source_of(&way.harm.property),
        way: search::told(world, way, &stage.zone),
    }
}

/// Where a property comes from.
fn source_of(property: &str) -> String {
    let rule = conduct::rules::all().into_iter().find(|rule| rule.id == property).map(|rule| rule.source);
    let floor = crate::floors::ALL.iter().find(|floor| floor.id == property).map(|floor| floor.source);
    rule.or(floor).unwrap_or("DESIGN: what must never happen").to_owned()
}

/// Rules that never said no and authorisations that were never granted, among those that this study has.
fn not_reached(study: &Study, proof: &Proof) -> (Vec<String>, Vec<String>) {
    let rules = conduct::rules::all();
    let unreached = rules
        .iter()
        .filter(|rule| !proof.coverage.rules.contains_key(rule.id))
        .filter(|rule| needed::declared(rule.id).is_none() && !needed::not_in(study, rule.id))
        .map(|rule| rule.id.to_owned())
        .collect();
    let asked: BTreeSet<&str> = rules.iter().flat_map(|rule| rule.binds.iter().copied()).collect();
    let ungranted = asked
        .into_iter()
        .filter(|act| !proof.coverage.granted.contains_key(*act) && !needed::act_not_in(study, act))
        .map(str::to_owned)
        .collect();
    (unreached, ungranted)
}
