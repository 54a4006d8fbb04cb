//! The participant's life, rule by rule: each shown refusing and allowing, on the reference study's own files.

mod clinic;
mod gates;
mod moves;
mod records;
mod schedule;
