//! A site's stock: each container and where it stands. What it holds is known to the sealed service alone.

use super::book::{Balance, Line};
use crate::{
    command::{ContainerFact, ContainerReport, DosePart, OrderLine, SafeGoing},
    entry::{DiscrepancyKind, Entry, NoticeDue, Person, Stamp},
};
use jiff::{Timestamp, civil::Date};
use std::collections::{BTreeMap, BTreeSet};
use terms::{ContainerId, InstanceId, LevelId, ParticipantId, SiteId, StaffId};

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
    /// Sent to another site.
    Sent {
        /// Which.
        to: SiteId,
        /// It has said that it arrived.
        arrived: bool,
    },
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
    /// The consignment or shipment that it came in.
    pub consignment: String,
    /// Number of the seal that is on it.
    pub seal: Option<String>,
    /// The kit or carton that it came in.
    pub kit: Option<String>,
    /// Pieces that it held when it arrived, where that is known.
    pub held: Option<u32>,
    /// It was opened, whether or not anything of it was swallowed: it is never given again.
    pub opened: bool,
    /// Pieces of it that were spoilt, kept to be destroyed.
    pub wasted: u32,
    /// Pieces that came back in it when it was put away, if it was opened and is back.
    pub back: Option<u32>,
    /// Pieces of it that are lost by the book; negative for more than the label said.
    pub lost: i64,
}

impl Container {
    /// The book has it in the safe, and somebody tells that it was opened: nobody can be given it any more.
    fn open_in_safe(&mut self, why: &str) {
        if matches!(self.standing, ContainerStanding::Available | ContainerStanding::Quarantined) {
            self.standing = ContainerStanding::Quarantined;
            self.set_aside = Some(why.to_owned());
            self.opened = true;
        }
    }

    fn arrived(report: &ContainerReport, consignment: &str) -> Self {
        Self {
            part: report.part,
            level: report.level.clone(),
            lot: report.lot.clone(),
            expires: report.expires,
            standing: ContainerStanding::Quarantined,
            pieces_used: 0,
            set_aside: None,
            recalled: false,
            consignment: consignment.to_owned(),
            seal: report.seal.clone(),
            kit: report.kit.clone(),
            held: report.pieces,
            opened: false,
            wasted: 0,
            back: None,
            lost: 0,
        }
    }

    /// Its line of the book.
    pub fn line(&self) -> Line {
        Line { level: self.level.clone(), part: self.part, lot: self.lot.clone() }
    }

    /// Pieces of it by the book that were neither swallowed nor lost, spoilt ones among them.
    pub fn rest(&self) -> i64 {
        self.held.map_or(0, |held| i64::from(held) - i64::from(self.pieces_used) - self.lost)
    }

    /// The same as a report, for whoever it is sent to.
    pub fn report(&self, id: &ContainerId) -> ContainerReport {
        ContainerReport {
            container: id.clone(),
            part: self.part,
            level: self.level.clone(),
            lot: self.lot.clone(),
            expires: self.expires,
            seal: self.seal.clone(),
            kit: self.kit.clone(),
            pieces: self.held,
        }
    }
}

/// A delivery or shipment that arrived.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Consignment {
    /// Number of the order form.
    pub order: Option<String>,
    /// Certificates by lot.
    pub certificates: BTreeMap<String, String>,
    /// The day of its arrival.
    pub arrived: Option<Date>,
    /// It came from another site.
    pub from: Option<SiteId>,
}

/// An order form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockOrder {
    /// The study's form.
    pub form: String,
    /// What is ordered.
    pub lines: Vec<OrderLine>,
    /// The day of its signature.
    pub signed: Date,
    /// The last day on which something may arrive on it.
    pub until: Option<Date>,
}

/// A shipment on its way to this site, or arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shipment {
    /// From which site.
    pub from: SiteId,
    /// What was sent.
    pub containers: Vec<ContainerReport>,
    /// Seal on the box.
    pub seal: String,
    /// Certificates by lot.
    pub certificates: BTreeMap<String, String>,
    /// Somebody has recorded its arrival.
    pub received: bool,
}

/// One half of a count: nobody is shown it before the other half is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HalfCount {
    /// Who.
    pub by: Person,
    /// When.
    pub at: Timestamp,
    /// Until when the other's count belongs to it.
    pub until: Timestamp,
    /// Containers found.
    pub found: BTreeSet<ContainerId>,
    /// Pieces found in open containers.
    pub pieces: BTreeMap<ContainerId, u32>,
    /// May hand out.
    pub hands_out: bool,
    /// May witness.
    pub witnesses: bool,
}

/// What two found when they counted again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recount {
    /// When.
    pub at: Timestamp,
    /// By the book, and not found.
    pub missing: Vec<ContainerId>,
    /// Found, and not by the book.
    pub unexpected: Vec<ContainerId>,
    /// Found and by the book, where they differ.
    pub pieces: BTreeMap<ContainerId, [u32; 2]>,
}

/// A difference that nobody has closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discrepancy {
    /// How it came.
    pub what: DiscrepancyKind,
    /// In words.
    pub text: String,
    /// Since when.
    pub since: Timestamp,
    /// Containers concerned.
    pub containers: Vec<ContainerId>,
    /// Pieces short.
    pub pieces: BTreeMap<ContainerId, i64>,
    /// The consignment or shipment concerned.
    pub consignment: Option<String>,
    /// Who counted or reported it, then and since.
    pub people: BTreeSet<StaffId>,
    /// Until when both count again.
    pub again_by: Option<Timestamp>,
    /// Notices that it asks for.
    pub notices: Vec<NoticeDue>,
    /// Notices that were sent, by form.
    pub sent: BTreeSet<String>,
    /// The hold that it put on the site.
    pub hold: Option<InstanceId>,
    /// The last count by two since then.
    pub recount: Option<Recount>,
}

/// A site's stock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StockState {
    /// Entries folded.
    pub version: u64,
    /// Containers by number.
    pub containers: BTreeMap<ContainerId, Container>,
    /// When the safe was last counted by two, and whether it agreed.
    pub last_count: Option<(Timestamp, bool)>,
    /// A difference that nobody has closed, or two counts that differed and were not repeated.
    pub variance: bool,
    /// The book, line by line.
    pub book: BTreeMap<Line, Balance>,
    /// Deliveries and shipments that arrived.
    pub consignments: BTreeMap<String, Consignment>,
    /// Order forms by number.
    pub orders: BTreeMap<String, StockOrder>,
    /// Shipments to this site.
    pub shipments: BTreeMap<String, Shipment>,
    /// Lots that were called back, and why.
    pub recalls: BTreeMap<String, String>,
    /// The first half of a count.
    pub half: Option<HalfCount>,
    /// Two counts differed from each other: both count again until then.
    pub again_by: Option<Timestamp>,
    /// Differences that nobody has closed.
    pub discrepancies: BTreeMap<InstanceId, Discrepancy>,
    /// When the logger was last read, and whether all was within the limits.
    pub temperature: Option<(Timestamp, bool)>,
    /// The safe stands open since then, for this.
    pub open: Option<(Timestamp, String)>,
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
            | ContainerStanding::Sent { .. }
            | ContainerStanding::Destroyed => None,
        })
    }

    /// Pieces by the book in open containers that are in the safe: what a count should find in them.
    pub fn pieces_in_safe(&self) -> BTreeMap<&ContainerId, u32> {
        let open = self.in_safe().filter_map(|id| Some((id, self.containers.get(id)?)));
        open.filter(|(_, container)| container.opened && container.held.is_some())
            .map(|(id, container)| (id, u32::try_from(container.rest()).unwrap_or(0)))
            .collect()
    }

    /// The book over all lines.
    pub fn balance(&self) -> Balance {
        self.book.values().fold(Balance::default(), |mut sum, line| {
            sum += *line;
            sum
        })
    }

    /// Whether the book, carried forward entry by entry, is what the containers weigh, and adds up.
    ///
    /// # Errors
    /// The first line that does not, in words.
    pub fn adds_up(&self) -> Result<(), String> {
        let mut weighed: BTreeMap<Line, Balance> = BTreeMap::new();
        for container in self.containers.values() {
            *weighed.entry(container.line()).or_default() += Balance::of(container);
        }
        for (line, carried) in &self.book {
            let now = weighed.remove(line).unwrap_or_default();
            if now != *carried {
                return Err(format!("{line}: the book carries {carried:?} forward, the containers make {now:?}"));
            }
            if let Some(wrong) = carried.wrong() {
                return Err(format!("{line}: {wrong}"));
            }
        }
        weighed.keys().next().map_or(Ok(()), |line| Err(format!("{line}: containers that the book does not know")))
    }

    /// Takes in one entry.
    pub fn apply(&mut self, stamp: &Stamp, entry: &Entry) {
        self.version += 1;
        match entry {
            Entry::ContainersReceived { consignment, containers, order, certificates, .. } => {
                let arrival = Consignment {
                    order: order.clone(),
                    certificates: certificates.clone(),
                    arrived: Some(stamp.day),
                    from: None,
                };
                self.consignments.entry(consignment.clone()).or_insert(arrival);
                containers.iter().for_each(|report| self.arrive(report, consignment));
            }
            Entry::ReceiptCompleted { consignment, order, certificates } => {
                if let Some(known) = self.consignments.get_mut(consignment) {
                    known.order = order.clone().or(known.order.take());
                    known.certificates.extend(certificates.clone());
                }
            }
            Entry::ContainersAccepted { containers } => {
                for id in containers {
                    self.change(id, |container| {
                        container.standing = ContainerStanding::Available;
                        container.set_aside = None;
                    });
                }
            }
            Entry::ContainerOut { container, participant, session, .. } => {
                let standing =
                    ContainerStanding::Out { participant: participant.clone(), session: *session, since: stamp.at };
                self.set(container, standing);
            }
            Entry::ContainerBack { container, .. } => self.change(container, |container| {
                // What was set aside or called back while it was out is not given again as if nothing had been.
                let fit = container.set_aside.is_none() && !container.recalled;
                container.standing = if fit { ContainerStanding::Available } else { ContainerStanding::Quarantined };
            }),
            Entry::ContainerUsed { container, participant, pieces } => self.change(container, |container| {
                container.standing = ContainerStanding::Used { participant: participant.clone(), back: false };
                container.pieces_used = container.pieces_used.saturating_add(*pieces);
                container.opened = true;
                container.back = None;
            }),
            Entry::ContainerChanged { container, what } => self.became(container, what),
            Entry::ContainersDestroyed { containers, .. } => {
                containers.iter().for_each(|id| self.set(id, ContainerStanding::Destroyed));
            }
            Entry::LotRecalled { lot, reason } => self.recall(lot, reason),
            Entry::TemperatureLogged { readings, within, set_aside, lowest, highest, .. } => {
                let last = readings.iter().map(|reading| reading.at).max().unwrap_or(stamp.at);
                self.temperature = Some((last, *within));
                let text = format!("stored at {lowest} to {highest} °C");
                set_aside.iter().for_each(|id| self.put_aside(id, text.clone(), false));
            }
            Entry::SafeAccessed { going, purpose, .. } => {
                self.open = match going {
                    SafeGoing::Opened => Some((stamp.at, purpose.clone())),
                    SafeGoing::Shut => None,
                };
            }
            Entry::StockOrdered { form, number, lines, until, .. } => {
                let order = StockOrder { form: form.clone(), lines: lines.clone(), signed: stamp.day, until: *until };
                self.orders.entry(number.clone()).or_insert(order);
            }
            Entry::ContainersShipped { .. }
            | Entry::ShipmentAnnounced { .. }
            | Entry::ShipmentReceived { .. }
            | Entry::ShipmentArrived { .. } => self.ship(stamp, entry),
            Entry::CountEntered { .. }
            | Entry::CountsDiffered { .. }
            | Entry::StockCounted { .. }
            | Entry::DiscrepancyOpened { .. }
            | Entry::NoticeRecorded { .. }
            | Entry::DiscrepancyResolved { .. } => self.count(stamp, entry),
            _ => {}
        }
        self.variance = !self.discrepancies.is_empty() || self.again_by.is_some();
    }

    fn arrive(&mut self, report: &ContainerReport, consignment: &str) {
        if self.containers.contains_key(&report.container) {
            return;
        }
        let mut container = Container::arrived(report, consignment);
        if let Some(reason) = self.recalls.get(&container.lot) {
            container.recalled = true;
            container.set_aside = Some(reason.clone());
        }
        *self.book.entry(container.line()).or_default() += Balance::of(&container);
        self.containers.insert(report.container.clone(), container);
    }

    fn ship(&mut self, stamp: &Stamp, entry: &Entry) {
        match entry {
            Entry::ContainersShipped { to, containers, .. } => {
                for id in containers {
                    self.set(id, ContainerStanding::Sent { to: to.clone(), arrived: false });
                }
            }
            Entry::ShipmentAnnounced { shipment, from, containers, seal, certificates } => {
                let on_the_way = Shipment {
                    from: from.clone(),
                    containers: containers.clone(),
                    seal: seal.clone(),
                    certificates: certificates.clone(),
                    received: false,
                };
                self.shipments.entry(shipment.clone()).or_insert(on_the_way);
            }
            Entry::ShipmentReceived { shipment, from, found, .. } => {
                let Some(known) = self.shipments.get_mut(shipment) else { return };
                known.received = true;
                let arrival = Consignment {
                    order: None,
                    certificates: known.certificates.clone(),
                    arrived: Some(stamp.day),
                    from: Some(from.clone()),
                };
                let here = known.containers.iter().filter(|report| found.contains(&report.container));
                let here: Vec<ContainerReport> = here.cloned().collect();
                self.consignments.entry(shipment.clone()).or_insert(arrival);
                for report in here {
                    if self.containers.contains_key(&report.container) {
                        // It had been here before, and comes back.
                        self.put_back_aside(&report.container, shipment);
                    } else {
                        self.arrive(&report, shipment);
                    }
                }
            }
            Entry::ShipmentArrived { found, missing, at, .. } => {
                for id in found {
                    self.set(id, ContainerStanding::Sent { to: at.clone(), arrived: true });
                }
                missing.iter().for_each(|id| self.set(id, ContainerStanding::Missing));
            }
            _ => {}
        }
    }

    fn count(&mut self, stamp: &Stamp, entry: &Entry) {
        match entry {
            Entry::CountEntered { found, pieces, hands_out, witnesses, until } => {
                self.half = Some(HalfCount {
                    by: stamp.by.person.clone(),
                    at: stamp.at,
                    until: *until,
                    found: found.iter().cloned().collect(),
                    pieces: pieces.clone(),
                    hands_out: *hands_out,
                    witnesses: *witnesses,
                });
            }
            Entry::CountsDiffered { again_by, .. } => {
                self.half = None;
                self.again_by = Some(*again_by);
            }
            Entry::StockCounted { missing, unexpected, pieces, counters, .. } => {
                (self.half, self.again_by) = (None, None);
                let agreed = missing.is_empty() && unexpected.is_empty() && pieces.is_empty();
                self.last_count = Some((stamp.at, agreed));
                for open in self.discrepancies.values_mut() {
                    open.recount = Some(Recount {
                        at: stamp.at,
                        missing: missing.clone(),
                        unexpected: unexpected.clone(),
                        pieces: pieces.clone(),
                    });
                    open.people.extend(counters.iter().cloned());
                }
            }
            Entry::DiscrepancyOpened {
                instance,
                what,
                text,
                containers,
                pieces,
                consignment,
                people,
                again_by,
                notices,
                hold,
            } => {
                if *what == DiscrepancyKind::Counters {
                    // Two who can't agree are answered by this.
                    (self.half, self.again_by) = (None, None);
                }
                let open = Discrepancy {
                    what: *what,
                    text: text.clone(),
                    since: stamp.at,
                    containers: containers.clone(),
                    pieces: pieces.clone(),
                    consignment: consignment.clone(),
                    people: people.iter().cloned().collect(),
                    again_by: *again_by,
                    notices: notices.clone(),
                    sent: BTreeSet::new(),
                    hold: hold.clone(),
                    recount: None,
                };
                self.discrepancies.insert(instance.clone(), open);
            }
            Entry::NoticeRecorded { discrepancy, form, .. } => {
                if let Some(open) = self.discrepancies.get_mut(discrepancy) {
                    open.sent.insert(form.clone());
                }
            }
            Entry::DiscrepancyResolved { instance, lost, pieces, .. } => {
                self.discrepancies.remove(instance);
                for id in lost {
                    self.set(id, ContainerStanding::Missing);
                }
                for (id, lost) in pieces {
                    self.change(id, |container| container.lost = container.lost.saturating_add(*lost));
                }
            }
            _ => {}
        }
    }

    fn became(&mut self, id: &ContainerId, what: &ContainerFact) {
        match what {
            ContainerFact::Quarantined { reason } => self.put_aside(id, reason.clone(), false),
            ContainerFact::Recalled { reason } => self.put_aside(id, reason.clone(), true),
            ContainerFact::TemperatureExcursion { celsius } => {
                self.put_aside(id, format!("stored at {celsius} °C"), false);
            }
            ContainerFact::Damaged { .. } => self.set(id, ContainerStanding::Damaged),
            ContainerFact::Missing => self.set(id, ContainerStanding::Missing),
            ContainerFact::ReturnedOut { .. } => self.set(id, ContainerStanding::ReturnedOut),
            ContainerFact::CameBack { pieces, seal } => self.change(id, |container| {
                if let ContainerStanding::Used { back, .. } = &mut container.standing {
                    *back = true;
                    container.back = Some(*pieces);
                    container.seal = seal.clone().or(container.seal.take());
                }
            }),
            ContainerFact::Refused { pieces, .. } => self.change(id, |container| {
                if let ContainerStanding::Out { participant, .. } = &container.standing {
                    container.standing = ContainerStanding::Used { participant: participant.clone(), back: true };
                    container.opened = true;
                    container.back = Some(*pieces);
                } else {
                    container.open_in_safe("was opened: refused, by the record");
                }
            }),
            ContainerFact::Wasted { pieces, .. } => self.change(id, |container| {
                container.wasted = container.wasted.saturating_add(*pieces);
                container.open_in_safe("was opened: pieces were spoilt, by the record");
                container.opened = true;
            }),
            ContainerFact::Found { place } => {
                self.change(id, |container| {
                    container.standing = ContainerStanding::Quarantined;
                    container.set_aside = Some(format!("was missing, found: {place}"));
                });
            }
        }
    }

    fn recall(&mut self, lot: &str, reason: &str) {
        self.recalls.insert(lot.to_owned(), reason.to_owned());
        let of_the_lot = self.containers.iter().filter(|(_, container)| container.lot == lot);
        let ids: Vec<ContainerId> = of_the_lot.map(|(id, _)| id.clone()).collect();
        for id in ids {
            let gone = self.containers.get(&id).is_some_and(|container| {
                matches!(
                    container.standing,
                    ContainerStanding::Destroyed
                        | ContainerStanding::ReturnedOut
                        | ContainerStanding::Sent { .. }
                        | ContainerStanding::Missing
                )
            });
            if gone {
                self.change(&id, |container| container.recalled = true);
            } else {
                self.put_aside(&id, reason.to_owned(), true);
            }
        }
    }

    /// Sets a container aside. What is out for a session stays out, so that it must still come back.
    fn put_aside(&mut self, id: &ContainerId, reason: String, recalled: bool) {
        self.change(id, |container| {
            // What was opened stays opened: it is in the safe or not, and never back among what may be given.
            if !container.opened && !matches!(container.standing, ContainerStanding::Out { .. }) {
                container.standing = ContainerStanding::Quarantined;
            }
            container.set_aside = Some(reason);
            container.recalled |= recalled;
        });
    }

    fn put_back_aside(&mut self, id: &ContainerId, consignment: &str) {
        self.change(id, |container| {
            container.standing = ContainerStanding::Quarantined;
            consignment.clone_into(&mut container.consignment);
        });
    }

    fn set(&mut self, id: &ContainerId, standing: ContainerStanding) {
        self.change(id, |container| container.standing = standing);
    }

    /// Changes a container, and carries the book forward.
    fn change(&mut self, id: &ContainerId, change: impl FnOnce(&mut Container)) {
        let Some(container) = self.containers.get_mut(id) else { return };
        let before = Balance::of(container);
        change(container);
        let after = Balance::of(container);
        if before != after {
            *self.book.entry(container.line()).or_default() += after - before;
        }
    }
}
