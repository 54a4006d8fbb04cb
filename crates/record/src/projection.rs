//! Current tables from entries. The door calls [`Projector::writes`] with the entries of an act and the states after it;
//! `rebuild` and the comparison with a fresh replay call the same function.

use crate::{error::StoreError, folded::Folded, store::Store, table::Write};
use conduct::{Studies, StreamId, Written};
use terms::{InstanceId, ParticipantId};

/// Makes rows of the current tables.
#[derive(Debug)]
pub struct Projector<'s> {
    studies: &'s Studies,
}

impl<'s> Projector<'s> {
    /// With the study versions that due days are computed from.
    pub const fn new(studies: &'s Studies) -> Self {
        Self { studies }
    }

    /// The rows that follow from an act: its entries, and the streams that it wrote as they stand after it.
    pub fn writes(&self, written: &[Written], after: &[(StreamId, Folded)]) -> Vec<Write> {
        let _ = (self.studies, written, after);
        Vec::new()
    }
}

/// Whose rating an opaque request is.
///
/// # Errors
/// When the store can't be read.
pub fn participant_of_rating(store: &dyn Store, request: &InstanceId) -> Result<Option<ParticipantId>, StoreError> {
    let _ = (store, request);
    Ok(None)
}
