//! The proof: explores the rules as they ship, and judges every history by what must never happen.
//!
//! - [`prove`]: a study's worlds, breadth first, over the very `decide` and `apply` that the clinic runs; a harm comes back with the
//!   shortest way to it, in words.
//! - [`monitor`]: the onlooker who judges, by histories of entries; it shares no rule with those who decide.
//! - [`needed`]: every rule switched off once, and what then happens.
//! - [`faults`]: whole sessions by the hundred thousand, with slips and mischief.
//! - [`floors`]: what no study may go below. [`book`]: the rule book.
//!
//! Pure but for threads: no clock, no files. How states and time are made small is told in `docs/proof.md`.

mod answers;
pub mod book;
pub mod faults;
pub mod floors;
pub mod monitor;
pub mod moves;
pub mod needed;
mod print;
mod prove;
pub mod search;
pub mod stage;
pub mod state;
pub mod worlds;

pub use monitor::Harm;
pub use prove::{Found, Proof, Told, prove, prove_worlds};
pub use search::{Bounds, Coverage, Explored, Reached, World};
pub use stage::Stage;
pub use state::Off;
