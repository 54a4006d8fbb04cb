//! From the record to the report: analysis sets by rule, the models of the plan, tables and figures as data, and the ways of writing
//! them down.
//!
//! Pure: rows of the record's tables come in ([`Input`]), a [`Report`] goes out; [`write`] makes HTML, CSV and JSON of it. There is no
//! clock: the same record and the same plan give the same bytes.
//!
//! | to answer | look in |
//! |---|---|
//! | what is asked of the record | [`input`], [`record`] |
//! | who is in which arm and set | [`run`] |
//! | the confirmatory model on these data | [`model`] |
//! | one part of the report | `parts/`, a file each |
//! | figures | `figures/`, a file each |
//! | what tables and figures are | [`table`] |
//! | HTML, CSV, JSON | [`write`] |

mod figures;
pub mod input;
pub mod model;
mod parts;
mod random;
pub mod record;
mod report;
pub mod run;
pub mod shown;
pub mod table;
pub mod write;

pub use input::{Allocation, Checkpoint, Frozen, Input, Lock, Query, Row, Rows, queries};
pub use record::ReadError;
pub use report::{Report, Standing, report};
pub use table::{Block, Cell, Figure, Place, Section, Table};
