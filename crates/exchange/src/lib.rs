//! Exports: one module a format. An export says how much it wrote, with a hash of each file; nothing is an error. [`analysed`] hands a
//! store to the analysis.

pub mod analysed;
pub mod csv;
