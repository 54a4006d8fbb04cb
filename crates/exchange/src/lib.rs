//! Exports: one module a format. An export says how much it wrote, with a hash of each file; nothing is an error.

pub mod csv;
