//! Whole-programme tests, all modules of one binary.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests stop at the first surprise")]

mod again;
mod arrows;
mod as_data;
mod bad_input;
mod cli;
mod clinic;
mod design;
mod drug;
mod failures;
mod kept;
mod licensed;
mod mmrm;
mod moves;
mod numbers;
mod proves;
mod reference;
mod report;
mod seen;
mod whole;
