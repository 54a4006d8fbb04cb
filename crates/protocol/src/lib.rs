//! Reads, checks and versions a study's files; typed expressions.
//!
//! Pure: files come in as texts, diagnostics go out as data. [`read`] answers with the study, or with every mistake
//! at once; [`model`] is what the rules work on.

mod analysis;
mod check;
mod decode;
mod diagnostic;
pub mod diff;
pub mod embedded;
pub mod expression;
mod files;
mod instrument;
mod item;
mod kinds;
pub mod model;
mod people;
mod places;
mod planning;
mod read;
mod room;
pub mod scope;
pub mod show;
mod spelling;
mod stock;
mod tree;
mod version;
mod washout;

pub use diagnostic::{Diagnostic, Secondary, Severity, plain};
pub use files::StudyFiles;
pub use kinds::{KINDS, Kind};
pub use read::read;
