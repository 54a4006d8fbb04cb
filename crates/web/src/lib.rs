//! Pages and the forms on them.
#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

pub mod chart;
pub mod parts;
pub mod show;
