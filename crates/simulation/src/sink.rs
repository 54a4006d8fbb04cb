//! Where a simulated trial goes: every act as it is decided, the sealed rows, the people, and how far it has come.

use crate::people::{VirtualIdentity, VirtualStaff};
use allocation::{SealedContainer, SealedList};
use conduct::{Context, No, Request, Written};
use terms::{ParticipantId, SiteId};

/// What a sink may answer when it can take no more: the simulation stops there.
pub type SinkError = Box<dyn std::error::Error + Send + Sync>;

/// One act that the rules accepted.
#[derive(Debug, Clone, Copy)]
pub struct Accepted<'a> {
    /// What was asked.
    pub request: &'a Request,
    /// Time, people and draws that it was decided with.
    pub context: &'a Context,
    /// Its entries, in order; already folded by the simulation.
    pub written: &'a [Written],
}

/// How far a simulation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// People who have an arm.
    pub assigned: u32,
    /// People who are to have one.
    pub participants: u32,
    /// People whose last visit is behind them, or who left.
    pub finished: u32,
    /// Acts so far.
    pub acts: u64,
}

/// Takes what a simulation makes, in the order of virtual time. Only [`Sink::accepted`] must be written.
pub trait Sink {
    /// An act was accepted.
    ///
    /// # Errors
    /// When it can't be kept.
    fn accepted(&mut self, act: Accepted<'_>) -> Result<(), SinkError>;

    /// A command was answered with "no". Nothing was written.
    ///
    /// # Errors
    /// When it can't be kept.
    fn refused(&mut self, _request: &Request, _context: &Context, _no: &No) -> Result<(), SinkError> {
        Ok(())
    }

    /// The sealed allocation list, before it is bound to the trial.
    ///
    /// # Errors
    /// When it can't be kept.
    fn sealed_list(&mut self, _list: &SealedList) -> Result<(), SinkError> {
        Ok(())
    }

    /// The sealed contents of a consignment, before a site receives it.
    ///
    /// # Errors
    /// When they can't be kept.
    fn sealed_contents(&mut self, _site: &SiteId, _containers: &[SealedContainer]) -> Result<(), SinkError> {
        Ok(())
    }

    /// A member of staff, before their first act.
    ///
    /// # Errors
    /// When it can't be kept.
    fn staff(&mut self, _staff: &VirtualStaff) -> Result<(), SinkError> {
        Ok(())
    }

    /// Who a participant is: for the identity store, never for the chain.
    ///
    /// # Errors
    /// When it can't be kept.
    fn identity(&mut self, _participant: &ParticipantId, _identity: &VirtualIdentity) -> Result<(), SinkError> {
        Ok(())
    }

    /// A document's bytes, before it is attached by its hash.
    ///
    /// # Errors
    /// When they can't be kept.
    fn document(&mut self, _participant: &ParticipantId, _sha256: &str, _bytes: &[u8]) -> Result<(), SinkError> {
        Ok(())
    }

    /// How far it has come; called every few hundred acts.
    fn progress(&mut self, _progress: Progress) {}
}

/// Keeps nothing.
impl Sink for () {
    fn accepted(&mut self, _act: Accepted<'_>) -> Result<(), SinkError> {
        Ok(())
    }
}
