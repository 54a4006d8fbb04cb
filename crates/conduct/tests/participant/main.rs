//! The participant's life, rule by rule: each shown refusing and allowing, on the reference study's own files.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests stop at the first surprise")]

mod clinic;
mod gates;
mod moves;
mod records;
mod rules;
mod schedule;
