//! Reads, checks and versions a study's files; typed expressions.

pub mod expression;
pub mod model;
mod spelling;
