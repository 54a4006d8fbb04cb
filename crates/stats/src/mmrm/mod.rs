//! The mixed model for repeated measures.
#[cfg(test)]
mod evaluation_tests;
mod fit;
mod likelihood;
mod model;
mod optimise;
#[cfg(test)]
mod optimum_tests;
mod problem;
mod refusal;
mod start;
mod structure;

pub use fit::{Counts, Criteria, Fit};
pub use model::{Estimation, Model};
pub use refusal::Refusal;
pub use structure::Structure;
