//! The record: the one door for commands, the log and its current tables.
//!
//! - [`Door`]: loads streams, lets the rules decide, appends. The only way to write.
//! - [`Store`]: the narrow interface to whatever keeps the log; [`SqliteStore`] keeps it in one file.
//! - [`projection`]: current tables from entries; rebuilt at will, and proved equal to a replay.
//! - [`table`]: tables as data.
//! - [`People`]: who the participants are, apart from the log, sealed and erasable.

mod answer;
mod batch;
mod body;
mod census;
mod door;
mod error;
mod first_answer;
mod folded;
mod people;
mod plainly;
pub mod projection;
mod sealed;
mod sqlite;
mod store;
mod streams;
pub mod table;
mod verify;
mod write;

pub use answer::{answer_json, request_read};
pub use batch::Batch;
pub use body::{body_read, body_write, written_read};
pub use census::census;
pub use door::{Answer, Asked, Door, Listener, Receipt};
pub use error::StoreError;
pub use folded::{Folded, fold};
pub use people::{Draw, People, Values};
pub use sealed::{SEALED, sealed_read};
pub use sqlite::{FORMAT, New, Scratch, SqliteStore};
pub use store::{
    About, Act, Answered, Appended, Fill, Look, NewEntry, Range, SealedDocument, SealedPerson, Store, Stored, Take,
};
pub use streams::Streams;
pub use verify::{export, verify_chain, verify_chain_with};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A lock whose holder panicked is taken on: nothing is half-written, because the store's transaction is the only write.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
