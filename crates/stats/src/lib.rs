//! Numbers in, numbers out: the statistics of a confirmatory trial, with no clock, no randomness of their own and no files.
//!
//! | to answer | look in |
//! |---|---|
//! | what the confirmatory model says (mixed model for repeated measures) | [`mmrm`] |
//! | how a formula and a table become a design matrix | [`formula`], [`table`], [`design`] |
//! | what `lifejacket mmrm` reads and prints | [`cli`] |
//! | what if those who left were like the reference arm | [`imputation`], [`rubin`] |
//! | who responded, adjusted for what | [`responders`] |
//! | how large a difference is in standard deviations | [`effect_size`] |
//! | who dropped out when | [`survival`] |
//! | who moved to which severity band | [`severity`] |
//! | how well the trial was blinded | [`blinding`] |
//! | several tests, several looks, how many people | [`multiplicity`], [`group_sequential`] |
//! | one row a person | [`linear`] |
//! | tails and quantiles | [`distributions`] |
//! | how it looks on a page | [`chart`] |
//!
//! Every number is checked against `tests/reference`; which file, and to how many digits, stands in the tests. Where an
//! answer does not exist there is an error that names the row, visit or term: never a number, never a panic.

pub mod blinding;
pub mod chart;
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
pub mod severity;
pub mod survival;
pub mod table;
