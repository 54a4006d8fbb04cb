//! Everything through the crate's edge: reference cases, properties, structure, input, packs, documentation.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can't go on should stop; the helpers of tests are not test functions"
)]

mod documentation;
mod input;
mod packs;
mod properties;
mod reference;
mod reference_session;
mod structure;
mod table;
mod vectors;
