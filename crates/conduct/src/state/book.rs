//! The perpetual inventory: received = on hand + given + sent out + destroyed + lost, in containers and in pieces.
//!
//! The book is carried forward with every entry; [`StockState::adds_up`](super::StockState::adds_up) weighs every
//! container anew and compares. What a container holds is not known here, so no line of the book tells an arm.

use super::stock::{Container, ContainerStanding};
use crate::command::DosePart;
use std::{fmt, ops};
use terms::LevelId;

/// One line of the book: what labels tell apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// Level on the label.
    pub level: LevelId,
    /// First dose or supplement.
    pub part: DosePart,
    /// Lot on the label.
    pub lot: String,
}

/// Where things are, in one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Account {
    /// Everything that ever arrived.
    pub received: i64,
    /// In the safe, or out of it for a session.
    pub on_hand: i64,
    /// Swallowed from.
    pub given: i64,
    /// Sent back to the depot, or to another site.
    pub sent_out: i64,
    /// Destroyed.
    pub destroyed: i64,
    /// Lost; less what was found beyond what the label said.
    pub lost: i64,
}

impl Account {
    /// Received less everything that it has become: nothing, if the book is right.
    pub const fn difference(&self) -> i64 {
        self.received - self.on_hand - self.given - self.sent_out - self.destroyed - self.lost
    }
}

/// A line's balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Balance {
    /// In containers. One that somebody swallowed from is given, whatever became of it later.
    pub containers: Account,
    /// In pieces, of containers of which it is known how many they held.
    pub pieces: Account,
    /// Containers in the safe that may be given.
    pub available: i64,
    /// Containers in the safe that may not: quarantined, damaged, opened and refused.
    pub aside: i64,
}

impl Balance {
    /// What one container adds to its line.
    pub fn of(container: &Container) -> Self {
        let mut balance = Self::default();
        let used = i64::from(container.pieces_used);
        balance.containers.received = 1;
        match (used > 0, term(&container.standing)) {
            (true, _) => balance.containers.given = 1,
            (false, term) => *balance.containers.term(term) = 1,
        }
        if let Some(held) = container.held {
            balance.pieces.received = i64::from(held);
            balance.pieces.given = used;
            balance.pieces.lost = container.lost;
            *balance.pieces.term(term(&container.standing)) += container.rest();
        }
        match &container.standing {
            ContainerStanding::Available => balance.available = 1,
            ContainerStanding::Quarantined | ContainerStanding::Damaged => balance.aside = 1,
            ContainerStanding::Used { back: true, .. } => balance.aside = i64::from(used == 0),
            ContainerStanding::Out { .. }
            | ContainerStanding::Used { back: false, .. }
            | ContainerStanding::Missing
            | ContainerStanding::ReturnedOut
            | ContainerStanding::Sent { .. }
            | ContainerStanding::Destroyed => {}
        }
        balance
    }

    /// In containers and pieces, what the account lacks; nothing if both are right.
    pub fn wrong(&self) -> Option<String> {
        [("containers", &self.containers), ("pieces", &self.pieces)].into_iter().find_map(|(unit, account)| {
            (account.difference() != 0).then(|| {
                format!(
                    "{} {unit} received, and {} on hand, {} given, {} sent out, {} destroyed, {} lost",
                    account.received, account.on_hand, account.given, account.sent_out, account.destroyed, account.lost
                )
            })
        })
    }
}

#[derive(Clone, Copy)]
enum Term {
    OnHand,
    SentOut,
    Destroyed,
    Lost,
}

const fn term(standing: &ContainerStanding) -> Term {
    match standing {
        ContainerStanding::Quarantined
        | ContainerStanding::Available
        | ContainerStanding::Out { .. }
        | ContainerStanding::Used { .. }
        | ContainerStanding::Damaged => Term::OnHand,
        ContainerStanding::ReturnedOut | ContainerStanding::Sent { .. } => Term::SentOut,
        ContainerStanding::Destroyed => Term::Destroyed,
        ContainerStanding::Missing => Term::Lost,
    }
}

impl Account {
    const fn term(&mut self, term: Term) -> &mut i64 {
        match term {
            Term::OnHand => &mut self.on_hand,
            Term::SentOut => &mut self.sent_out,
            Term::Destroyed => &mut self.destroyed,
            Term::Lost => &mut self.lost,
        }
    }
}

impl ops::AddAssign for Account {
    fn add_assign(&mut self, other: Self) {
        self.received += other.received;
        self.on_hand += other.on_hand;
        self.given += other.given;
        self.sent_out += other.sent_out;
        self.destroyed += other.destroyed;
        self.lost += other.lost;
    }
}

impl ops::Neg for Account {
    type Output = Self;
    fn neg(self) -> Self {
        Self {
            received: -self.received,
            on_hand: -self.on_hand,
            given: -self.given,
            sent_out: -self.sent_out,
            destroyed: -self.destroyed,
            lost: -self.lost,
        }
    }
}

impl ops::AddAssign for Balance {
    fn add_assign(&mut self, other: Self) {
        self.containers += other.containers;
        self.pieces += other.pieces;
        self.available += other.available;
        self.aside += other.aside;
    }
}

impl ops::Neg for Balance {
    type Output = Self;
    fn neg(self) -> Self {
        Self { containers: -self.containers, pieces: -self.pieces, available: -self.available, aside: -self.aside }
    }
}

impl ops::Sub for Balance {
    type Output = Self;
    fn sub(mut self, other: Self) -> Self {
        self += -other;
        self
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = match self.part {
            DosePart::Initial => "first dose",
            DosePart::Supplement => "supplement",
        };
        write!(f, "{part} {}, lot {}", self.level, self.lot)
    }
}
