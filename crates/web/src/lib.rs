//! Pages and the forms on them.
#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

pub mod acts;
pub mod answers;
pub mod chart;
pub mod http;
pub mod parts;
pub mod shell;
pub mod show;
pub mod words;
