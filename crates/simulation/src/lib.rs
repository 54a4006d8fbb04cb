//! Virtual people and staff who go through the real rules: a whole trial from a seed.
//!
//! - [`Scenario`]: what a trial is drawn from, as data.
//! - [`simulate`]: drives everybody through [`conduct::decide`] with virtual time and hands each act to a [`Sink`].
//! - [`Folded`]: a whole trial in memory; the same decide and apply as everywhere.
//! - [`Report`]: counts of what happened, refusals by rule.
//!
//! The same seed gives the same bytes: every time, id, draw and nonce comes from it. Everybody is made up.
//! Absent on purpose: a clock, files, a database; what a trial is kept in is the sink's affair.

mod agenda;
pub mod bands;
mod clinic;
mod course;
mod fate;
mod filler;
mod folded;
mod interviews;
mod items;
mod people;
mod person;
mod questions;
mod random;
mod report;
mod run;
mod scenario;
mod severity;
mod sink;
mod vitals;

pub use folded::Folded;
pub use people::{VirtualIdentity, VirtualStaff};
pub use report::Report;
pub use run::{Simulated, Simulation, SimulationError, key_of, simulate};
pub use scenario::{Scenario, ScenarioError};
pub use sink::{Accepted, Progress, Sink, SinkError};

/// SHA-256 of a document's bytes, as text.
fn hash_of(bytes: &[u8]) -> String {
    chain::Hash::of(bytes).to_string()
}
