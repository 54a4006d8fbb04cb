//! A site's stock: each container and where it stands. What it holds is known to the sealed service alone.

use crate::{
    command::{ContainerFact, DosePart},
    entry::{Entry, Stamp},
};
use jiff::{Timestamp, civil::Date};
use std::collections::BTreeMap;
use terms::{ContainerId, LevelId, ParticipantId};

/// Where a container stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContainerStanding {
    /// Arrived, or set aside; not to be used.
    Quarantined,
    /// In the safe, may be used.
    Available,
    /// Out of the safe for one session.
    Out {
        /// For whom.
        participant: ParticipantId,
        /// For which session.
        session: u8,
        /// Since when.
        since: Timestamp,
    },
    /// Opened; `pieces` were swallowed, and perhaps some came back.
    Used {
        /// By whom.
        participant: ParticipantId,
        /// The emptied container is back in the safe.
        back: bool,
    },
    /// Broken or spoilt.
    Damaged,
    /// Not found.
    Missing,
    /// Sent back.
    ReturnedOut,
    /// Destroyed.
    Destroyed,
}

/// A container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// First dose or supplement.
    pub part: DosePart,
    /// Level on its label.
    pub level: LevelId,
    /// Lot.
    pub lot: String,
    /// Last day of use.
    pub expires: Date,
    /// Where it stands.
    pub standing: ContainerStanding,
    /// Pieces swallowed from it. Once opened it is never given again.
    pub pieces_used: u32,
    /// Why it was set aside after it had arrived, if it was and nobody has said since that it may be used.
    pub set_aside: Option<String>,
    /// Its maker called it back: it is never given again.
    pub recalled: bool,
}

/// A site's stock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StockState {
    /// Entries folded.
    pub version: u64,
    /// Containers by number.
    pub containers: BTreeMap<ContainerId, Container>,
    /// When the safe was last counted, and whether it agreed.
    pub last_count: Option<(Timestamp, bool)>,
    /// A difference that nobody has answered.
    pub variance: bool,
}

impl StockState {
    /// Containers that are in the safe: what a count should find.
    pub fn in_safe(&self) -> impl Iterator<Item = &ContainerId> {
        self.containers.iter().filter_map(|(id, container)| match container.standing {
            ContainerStanding::Quarantined
            | ContainerStanding::Available
            | ContainerStanding::Damaged
            | ContainerStanding::Used { back: true, .. } => Some(id),
            ContainerStanding::Out { .. }
            | ContainerStanding::Used { back: false, .. }
            | ContainerStanding::Missing
            | ContainerStanding::ReturnedOut
            | ContainerStanding::Destroyed => None,
        })
    }

    /// Takes in one entry.
    pub fn apply(&mut self, stamp: &Stamp, entry: &Entry) {
        self.version += 1;
        match entry {
            Entry::ContainersReceived { containers, .. } => {
                for report in containers {
                    let container = Container {
                        part: report.part,
                        level: report.level.clone(),
                        lot: report.lot.clone(),
                        expires: report.expires,
                        standing: ContainerStanding::Quarantined,
                        pieces_used: 0,
                        set_aside: None,
                        recalled: false,
                    };
                    self.containers.entry(report.container.clone()).or_insert(container);
                }
            }
            Entry::ContainersAccepted { containers } => {
                for id in containers {
                    self.set(id, ContainerStanding::Available);
                    if let Some(container) = self.containers.get_mut(id) {
                        container.set_aside = None;
                    }
                }
            }
            Entry::ContainerOut { container, participant, session } => {
                let standing =
                    ContainerStanding::Out { participant: participant.clone(), session: *session, since: stamp.at };
                self.set(container, standing);
            }
            Entry::ContainerBack { container } => self.set(container, ContainerStanding::Available),
            Entry::ContainerUsed { container, participant, pieces } => {
                self.set(container, ContainerStanding::Used { participant: participant.clone(), back: false });
                if let Some(container) = self.containers.get_mut(container) {
                    container.pieces_used = container.pieces_used.saturating_add(*pieces);
                }
            }
            Entry::ContainerChanged { container, what } => self.change(container, what),
            Entry::ContainersDestroyed { containers, .. } => {
                for id in containers {
                    self.set(id, ContainerStanding::Destroyed);
                }
            }
            Entry::StockCounted { missing, unexpected, .. } => {
                let agreed = missing.is_empty() && unexpected.is_empty();
                self.last_count = Some((stamp.at, agreed));
                self.variance = !agreed;
            }
            _ => {}
        }
    }

    fn change(&mut self, id: &ContainerId, what: &ContainerFact) {
        match what {
            ContainerFact::Quarantined { reason } => self.set_aside(id, reason.clone(), false),
            ContainerFact::Recalled { reason } => self.set_aside(id, reason.clone(), true),
            ContainerFact::TemperatureExcursion { celsius } => {
                self.set_aside(id, format!("stored at {celsius} °C"), false);
            }
            ContainerFact::Damaged { .. } => self.set(id, ContainerStanding::Damaged),
            ContainerFact::Missing => self.set(id, ContainerStanding::Missing),
            ContainerFact::ReturnedOut { .. } => self.set(id, ContainerStanding::ReturnedOut),
            ContainerFact::CameBack { .. } => {
                if let Some(container) = self.containers.get_mut(id)
                    && let ContainerStanding::Used { back, .. } = &mut container.standing
                {
                    *back = true;
                }
            }
        }
    }

    fn set_aside(&mut self, id: &ContainerId, reason: String, recalled: bool) {
        if let Some(container) = self.containers.get_mut(id) {
            // What was opened stays opened: it is in the safe or not, and never back among what may be given.
            if container.pieces_used == 0 {
                container.standing = ContainerStanding::Quarantined;
            }
            container.set_aside = Some(reason);
            container.recalled |= recalled;
        }
    }

    fn set(&mut self, id: &ContainerId, standing: ContainerStanding) {
        if let Some(container) = self.containers.get_mut(id) {
            container.standing = standing;
        }
    }
}
