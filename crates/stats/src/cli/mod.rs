//! What `lifejacket mmrm` reads and prints.
mod spec;
pub use spec::{OneOrMany, Spec, SpecError, Wanted};
