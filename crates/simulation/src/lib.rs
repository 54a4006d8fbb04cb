//! Virtual participants, staff and slips, from a seed.
mod fate;
mod items;
mod random;
mod scenario;
mod severity;
mod vitals;
pub use scenario::{Scenario, ScenarioError};
