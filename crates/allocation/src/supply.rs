//! Consignments: containers with sealed contents, as many of one content as of the other, so that counts tell nothing.

use crate::{
    number::number_draw,
    row::{SealedContainer, nonce_draw},
    seed::Seed,
};
use chain::{Key, Unopened};
use conduct::{
    command::{ContainerReport, DosePart},
    state::{ContainerStanding, StockState},
};
use jiff::civil::Date;
use protocol::model::{Arm, Content, DoseLevel};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use terms::{ContainerId, LevelId};

/// One line of a consignment: so many containers of each content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplyLine {
    /// Level on the label.
    pub level: LevelId,
    /// First dose or supplement.
    pub part: DosePart,
    /// Containers of each content that the study's arms use.
    pub of_each: u32,
}

/// When a site is resupplied. It looks at what everybody at the site sees, never at contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplyRule {
    /// Containers of each content that a consignment brings for every level and part.
    pub of_each: u32,
    /// A new consignment is due when fewer usable containers of a level and part are left.
    pub low: u32,
    /// A container counts as usable only if it stays in date for so many days.
    pub in_date_days: i32,
}

/// What a consignment is made from.
#[derive(Debug, Clone)]
pub struct ConsignmentPlan<'a> {
    /// Number on the consignment: no other of the trial has it.
    pub number: String,
    /// Lines.
    pub lines: Vec<SupplyLine>,
    /// Lot on every label: the same for all contents.
    pub lot: String,
    /// Last day of use on every label.
    pub expires: Date,
    /// Numbers that are in use in the trial.
    pub taken: &'a BTreeSet<ContainerId>,
}

/// A consignment on its way to a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consignment {
    /// Number on it.
    pub number: String,
    /// What the labels say, in the order of the numbers.
    pub containers: Vec<ContainerReport>,
    /// What the containers hold, for the sealed service alone.
    pub sealed: Vec<SealedContainer>,
}

/// Makes a consignment for a study with these arms. The same plan, key and seed give the same bytes.
///
/// # Errors
/// When sealing fails.
pub fn consignment_make(
    plan: &ConsignmentPlan<'_>,
    arms: &[Arm],
    key: &Key,
    seed: &Seed,
) -> Result<Consignment, Unopened> {
    let mut numbers = seed.stream("container numbers");
    let mut nonces = seed.stream("nonces of containers");
    let mut order = seed.stream("order of contents");
    let contents: BTreeSet<Content> = arms.iter().map(|arm| arm.content).collect();
    let mut given = BTreeSet::new();
    let mut containers = Vec::new();
    let mut sealed = Vec::new();
    for line in &plan.lines {
        let mut held: Vec<Content> =
            contents.iter().flat_map(|content| std::iter::repeat_n(*content, line.of_each as usize)).collect();
        held.shuffle(&mut order);
        for content in held {
            let container = loop {
                let container = ContainerId::from(number_draw(&mut numbers));
                if !plan.taken.contains(&container) && given.insert(container.clone()) {
                    break container;
                }
            };
            sealed.push(SealedContainer::seal(key, nonce_draw(&mut nonces), container.clone(), content)?);
            containers.push(ContainerReport {
                container,
                part: line.part,
                level: line.level.clone(),
                lot: plan.lot.clone(),
                expires: plan.expires,
                seal: None,
                kit: None,
                pieces: None,
            });
        }
    }
    // Sorted by number, so that the order of making can tell nothing either.
    containers.sort_by(|a, b| a.container.cmp(&b.container));
    sealed.sort_by(|a, b| a.container.cmp(&b.container));
    Ok(Consignment { number: plan.number.clone(), containers, sealed })
}

/// The lines that a site's next consignment should have; empty while nothing is low. An empty site gets everything: that is
/// its first supply.
///
/// `lacking`: levels for which a release found the shelf empty. They are sent whatever the counts say: what is left may all
/// be for one arm, which nobody but the sealed service knows.
pub fn resupply(
    levels: &[DoseLevel],
    rule: &SupplyRule,
    stock: &StockState,
    lacking: &BTreeSet<LevelId>,
    today: Date,
) -> Vec<SupplyLine> {
    let last = today.saturating_add(jiff::Span::new().days(rule.in_date_days));
    let usable = |level: &LevelId, part: DosePart| {
        let fits = stock.containers.values().filter(|container| {
            container.level == *level
                && container.part == part
                && container.expires >= last
                && matches!(container.standing, ContainerStanding::Available | ContainerStanding::Quarantined)
        });
        u32::try_from(fits.count()).unwrap_or(u32::MAX)
    };
    let mut lines = Vec::new();
    for level in levels {
        let parts = [(DosePart::Initial, true), (DosePart::Supplement, level.supplement_pieces > 0)];
        for (part, _) in parts.into_iter().filter(|(_, needed)| *needed) {
            if lacking.contains(&level.id) || usable(&level.id, part) < rule.low {
                lines.push(SupplyLine { level: level.id.clone(), part, of_each: rule.of_each });
            }
        }
    }
    lines
}
