//! What a decision is given beside the state: the time, the people, the draws. Nothing here is asked of a clock or
//! a random source inside the core.

use crate::entry::{HeadFound, OpenItem, Person};
use jiff::Timestamp;
use std::collections::BTreeMap;
use terms::{ActId, ContainerId, InstanceId};

/// Somebody proved who they are, at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Who.
    pub person: Person,
    /// When they proved it.
    pub at: Timestamp,
    /// They signed this very act (PIN or password again), rather than merely being signed in.
    pub signed: bool,
}

/// The sealed service's answer to "assign an arm": a handle that means nothing without its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Draw {
    /// The next row of the stratum.
    Row {
        /// Opaque.
        handle: String,
    },
    /// The list has no row left for this stratum.
    Exhausted,
}

/// The sealed service's answer to "which containers may this participant have".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Picked {
    /// These, from this site's stock.
    Containers {
        /// First dose.
        initial: ContainerId,
        /// Supplement, where the level has one.
        supplement: Option<ContainerId>,
    },
    /// None fit. It doesn't say why, so that a stock-out tells nobody the arm.
    None,
}

/// What the door finds when the record is to be locked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Census {
    /// What is still open.
    pub open: Vec<OpenItem>,
    /// The ends of the chains that anybody may see.
    pub heads: BTreeMap<String, HeadFound>,
    /// For `RecallLot`: from which containers of the lot somebody has swallowed.
    pub given: Vec<GivenFound>,
    /// For a certificate that is withdrawn and a relation that is declared: rooms in which something was allowed.
    pub rooms: Vec<RoomFound>,
}

/// Who was with a participant when something was allowed that may have been swallowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomFound {
    /// Where.
    pub site: terms::SiteId,
    /// With whom.
    pub participant: terms::ParticipantId,
    /// In which session.
    pub session: u8,
    /// When.
    pub at: Timestamp,
    /// Who was there.
    pub staff: Vec<terms::StaffId>,
}

/// A container that somebody has swallowed from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GivenFound {
    /// Where.
    pub site: terms::SiteId,
    /// Which.
    pub container: ContainerId,
    /// Who.
    pub participant: terms::ParticipantId,
}

/// Everything beside study and state.
#[derive(Debug, Clone)]
pub struct Context {
    /// Now.
    pub now: Timestamp,
    /// Who acts.
    pub actor: Proof,
    /// The second person, by their own proof.
    pub second: Option<Proof>,
    /// The act's id, drawn outside.
    pub act: ActId,
    /// The program's version.
    pub program: String,
    /// For `Randomise`.
    pub draw: Option<Draw>,
    /// For `ReleaseContainers`.
    pub picked: Option<Picked>,
    /// For `RequestRating`: a pseudonym drawn outside.
    pub pseudonym: Option<String>,
    /// For `LockRecord`: what the door found.
    pub census: Option<Census>,
}

impl Context {
    /// The n-th new id of this act.
    pub fn instance(&self, n: usize) -> InstanceId {
        InstanceId::from(format!("{}.{n}", self.act))
    }
}
