//! Numbers in, numbers out.
pub mod blinding;
pub mod cli;
mod dense;
pub mod design;
pub mod distributions;
pub mod effect_size;
pub mod formula;
pub mod group_sequential;
pub mod imputation;
pub mod linear;
pub mod mmrm;
pub mod multiplicity;
pub mod responders;
pub mod rubin;
pub mod survival;
pub mod table;
