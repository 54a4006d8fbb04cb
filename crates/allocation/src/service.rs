//! The sealed service: two questions of the core, and one of a physician in an emergency.

use crate::row::{Opened, SealedContainer, SealedRow};
use chain::{Key, Unopened};
use conduct::{
    AllocationState, Draw, Picked, StockState,
    command::DosePart,
    state::{Container, ContainerStanding},
};
use jiff::civil::Date;
use protocol::model::{Arm, Content};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use terms::{ContainerId, LevelId};

/// Why the service can't answer. It never says what it found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServiceError {
    /// A row does not open.
    #[error("row {position} of stratum {stratum} does not open: the key is another one, or the row was changed")]
    Row {
        /// Its stratum.
        stratum: String,
        /// Its position.
        position: u32,
    },
    /// A container's content does not open.
    #[error("the content of container {0} does not open: the key is another one, or it was changed")]
    Container(ContainerId),
    /// No row has this handle.
    #[error("the list has no row with the handle {0}")]
    NoSuchHandle(String),
    /// Two rows are called the same.
    #[error("two rows of the list have the handle {0}")]
    HandleTwice(String),
}

/// What is asked for one session.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The participant's handle; none in an open-label study.
    pub handle: Option<&'a str>,
    /// Level that was ordered.
    pub level: &'a LevelId,
    /// The study's arms: nobody is served while what one of them needs is lacking.
    pub arms: &'a [Arm],
    /// A supplement is needed as well.
    pub supplement: bool,
    /// The site's stock.
    pub stock: &'a StockState,
    /// The site's day.
    pub today: Date,
}

/// The service, with its key in memory. It can't be printed or serialised.
pub struct Service {
    key: Key,
    order_key: [u8; 32],
    strata: BTreeMap<String, BTreeMap<u32, SealedRow>>,
    by_handle: BTreeMap<String, (String, u32)>,
    containers: BTreeMap<ContainerId, SealedContainer>,
}

impl Service {
    /// Opens the service over sealed rows, in any order. One row of each table is opened to see that the key is the right one;
    /// [`Service::verify`] opens all.
    ///
    /// # Errors
    /// When the key doesn't fit, or two rows have one handle.
    pub fn open(
        key: Key,
        rows: impl IntoIterator<Item = SealedRow>,
        containers: impl IntoIterator<Item = SealedContainer>,
    ) -> Result<Self, ServiceError> {
        let order_key = Sha256::new_with_prefix(b"lifejacket order of containers v1\0").chain_update(key.secret());
        let mut service = Self {
            key,
            order_key: order_key.finalize().into(),
            strata: BTreeMap::new(),
            by_handle: BTreeMap::new(),
            containers: BTreeMap::new(),
        };
        for row in rows {
            let place = (row.stratum.clone(), row.position);
            if service.by_handle.insert(row.handle.clone(), place).is_some() {
                return Err(ServiceError::HandleTwice(row.handle));
            }
            service.strata.entry(row.stratum.clone()).or_default().insert(row.position, row);
        }
        service.add_containers(containers);
        if let Some(row) = service.strata.values().flat_map(BTreeMap::values).next() {
            service.row_open(row)?;
        }
        if let Some(container) = service.containers.values().next() {
            service.content(&container.container)?;
        }
        Ok(service)
    }

    /// Takes in the containers of a further consignment.
    pub fn add_containers(&mut self, containers: impl IntoIterator<Item = SealedContainer>) {
        self.containers.extend(containers.into_iter().map(|sealed| (sealed.container.clone(), sealed)));
    }

    /// Opens every row and container once.
    ///
    /// # Errors
    /// The first that does not open.
    pub fn verify(&self) -> Result<(), ServiceError> {
        for row in self.strata.values().flat_map(BTreeMap::values) {
            self.row_open(row)?;
        }
        for container in self.containers.keys() {
            self.content(container)?;
        }
        Ok(())
    }

    /// The next row of a stratum that nobody has drawn. Nothing is used up here: the row is used when the core writes it down.
    pub fn draw(&self, stratum: &str, allocation: &AllocationState) -> Draw {
        let drawn: BTreeSet<&str> = allocation.drawn.values().map(String::as_str).collect();
        let rows = self.strata.get(stratum).into_iter().flat_map(BTreeMap::values);
        rows.into_iter()
            .find(|row| !drawn.contains(row.handle.as_str()))
            .map_or(Draw::Exhausted, |row| Draw::Row { handle: row.handle.clone() })
    }

    /// The containers that this participant may have for one session, out of the site's stock: right content, level and
    /// part, available, in date, first expiry first.
    ///
    /// Which expiry is taken from is settled without regard to the participant: the first on which what every arm needs is still
    /// to be had; where there is none, nobody is served, for a shelf that serves some people and not others tells their arms.
    /// Among containers of that expiry the order is the key's secret. So neither the containers taken nor those passed over
    /// tell anything of an arm.
    ///
    /// # Errors
    /// When a row or a content does not open, or the handle is unknown.
    pub fn pick(&self, wanted: &Wanted<'_>) -> Result<Picked, ServiceError> {
        let content = match wanted.handle {
            Some(handle) => self.break_code(handle)?.content(),
            None => Content::Active,
        };
        let Some(initial) = self.pick_part(wanted, DosePart::Initial, content)? else { return Ok(Picked::None) };
        if !wanted.supplement {
            return Ok(Picked::Containers { initial, supplement: None });
        }
        let supplement = self.pick_part(wanted, DosePart::Supplement, content)?;
        Ok(supplement.map_or(Picked::None, |supplement| Picked::Containers { initial, supplement: Some(supplement) }))
    }

    /// Opens one allocation: for the physician who breaks the code, and for the analysis after the database is locked. That it may
    /// be opened is decided by the rules, before.
    ///
    /// # Errors
    /// When the row does not open, or the handle is unknown.
    pub fn break_code(&self, handle: &str) -> Result<Opened, ServiceError> {
        let row = self
            .by_handle
            .get(handle)
            .and_then(|(stratum, position)| self.strata.get(stratum)?.get(position))
            .ok_or_else(|| ServiceError::NoSuchHandle(handle.to_owned()))?;
        self.row_open(row)
    }

    fn row_open(&self, row: &SealedRow) -> Result<Opened, ServiceError> {
        row.open(&self.key)
            .map_err(|Unopened| ServiceError::Row { stratum: row.stratum.clone(), position: row.position })
    }

    fn content(&self, container: &ContainerId) -> Result<Content, ServiceError> {
        let unopened = || ServiceError::Container(container.clone());
        self.containers.get(container).ok_or_else(unopened)?.open(&self.key).map_err(|Unopened| unopened())
    }

    fn pick_part(
        &self,
        wanted: &Wanted<'_>,
        part: DosePart,
        content: Content,
    ) -> Result<Option<ContainerId>, ServiceError> {
        let usable = |container: &Container| {
            container.part == part
                && container.level == *wanted.level
                && container.standing == ContainerStanding::Available
                && container.expires >= wanted.today
        };
        let mut expiries: BTreeMap<Date, Vec<(&ContainerId, Content)>> = BTreeMap::new();
        let contents: BTreeSet<Content> = wanted.arms.iter().map(|arm| arm.content).collect();
        for (id, container) in wanted.stock.containers.iter().filter(|(_, container)| usable(container)) {
            let held = self.content(id)?;
            expiries.entry(container.expires).or_default().push((id, held));
        }
        let every = |held: &[(&ContainerId, Content)]| contents.iter().all(|c| held.iter().any(|(_, h)| h == c));
        let Some(class) = expiries.values().find(|held| every(held)) else { return Ok(None) };
        let handle = wanted.handle.unwrap_or_default();
        let fitting = class.iter().filter(|(_, held)| *held == content).map(|(id, _)| *id);
        Ok(fitting.min_by_key(|id| self.secret_order(handle, id)).cloned())
    }

    fn secret_order(&self, handle: &str, container: &ContainerId) -> [u8; 32] {
        let hash = Sha256::new_with_prefix(self.order_key).chain_update(handle).chain_update([0]);
        hash.chain_update(container.as_str()).finalize().into()
    }
}
