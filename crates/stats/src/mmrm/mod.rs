//! The mixed model for repeated measures.
#[cfg(test)]
mod evaluation_tests;
mod fit;
mod inference;
mod likelihood;
mod means;
mod model;
mod optimise;
#[cfg(test)]
mod optimum_tests;
mod posterior;
mod problem;
mod refusal;
mod sandwich;
mod start;
mod store;
mod structure;

pub use fit::{Counts, Criteria, Fit};
pub use inference::{DfMethod, Estimate, FTest, Inference, InferenceError, Vcov};
pub use means::{ContrastRow, MeanRow, Weights};
pub use model::{Estimation, Model};
pub use refusal::Refusal;
pub use structure::Structure;
