//! Numbers in, numbers out.
pub mod cli;
mod dense;
pub mod design;
pub mod distributions;
pub mod formula;
pub mod mmrm;
pub mod table;
