//! The record: the one door for commands, the log and its current tables.
//!
//! - [`Store`]: the narrow interface to whatever keeps the log; [`SqliteStore`] keeps it in one file.
//! - [`table`]: current tables as data.

mod body;
mod door;
mod error;
mod folded;
pub mod projection;
mod sqlite;
mod store;
pub mod table;
mod verify;

pub use body::{body_read, body_write, written_read};
pub use door::{Answer, Asked, Batch, Door, Receipt, SEALED, Streams, sealed_read};
pub use error::StoreError;
pub use folded::{Cache, Folded, fold};
pub use sqlite::{FORMAT, New, Scratch, SqliteStore};
pub use store::{
    About, Act, Answered, Appended, Fill, Look, NewEntry, Range, SealedDocument, SealedPerson, Store, Stored, Take,
};
pub use verify::{verify_chain, verify_chain_with};
