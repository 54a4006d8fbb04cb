//! The allocation list: made here in permuted blocks, or loaded; sealed either way.

use crate::{
    blocks::{BlockError, blocks},
    row::{ARM_BYTES_MAX, SealedRow, nonce_draw},
    seed::Seed,
};
use chain::{Hash, Key, Unopened, to_hex};
use protocol::model::{Arm, Assignment, Study};
use rand::Rng;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What a list is made from.
#[derive(Debug, Clone)]
pub struct ListPlan {
    /// Arms with their shares.
    pub arms: Vec<Arm>,
    /// Sizes of blocks, mixed at random.
    pub block_sizes: Vec<u32>,
    /// Strata and the rows that each needs at least.
    pub strata: BTreeMap<String, u32>,
}

impl ListPlan {
    /// The plan of a study: one stratum a site. A site has as many rows as its cap allows, or as the whole trial has places
    /// where it has none. Nothing for an open-label study.
    pub fn of(study: &Study) -> Option<Self> {
        let Assignment::Randomised { block_sizes, .. } = &study.design.assignment else { return None };
        let planned = study.design.participants_planned;
        let strata = study.sites.iter().map(|site| (site.id.to_string(), site.cap.unwrap_or(planned))).collect();
        Some(Self { arms: study.arms.clone(), block_sizes: block_sizes.clone(), strata })
    }
}

/// Why a list can't be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// The blocks don't work.
    #[error(transparent)]
    Blocks(#[from] BlockError),
    /// An id that doesn't fit into a sealed row.
    #[error("the arm's id \"{0}\" is longer than {ARM_BYTES_MAX} bytes")]
    LongArm(String),
    /// Sealing failed.
    #[error("a row could not be sealed")]
    Sealing(#[from] Unopened),
}

/// A sealed allocation list, strata in order, positions in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedList {
    /// The rows.
    pub rows: Vec<SealedRow>,
}

impl SealedList {
    /// Hash over what is public of the list: strata, positions and handles. It binds the trial to the rows and their order and
    /// doesn't depend on any arm, so it may stand in the trial's own chain.
    pub fn commitment(&self) -> String {
        self.hash(|row, bytes| bytes.extend_from_slice(row.handle.as_bytes()))
    }

    /// Hash over everything, ciphertexts included: the head of the list's own chain. It binds the arms too, so it is kept
    /// beside the list (an envelope at the sponsor's, say) and never enters a chain that a blinded role may read.
    pub fn sealed_head(&self) -> String {
        self.hash(|row, bytes| {
            bytes.extend_from_slice(row.handle.as_bytes());
            bytes.extend_from_slice(&row.sealed.to_bytes());
        })
    }

    fn hash(&self, add: impl Fn(&SealedRow, &mut Vec<u8>)) -> String {
        let mut head = Hash::of(b"lifejacket allocation list v1");
        for row in &self.rows {
            let mut bytes = head.as_bytes().to_vec();
            bytes.extend_from_slice(row.stratum.as_bytes());
            bytes.push(0);
            bytes.extend_from_slice(&row.position.to_be_bytes());
            add(row, &mut bytes);
            head = Hash::of(&bytes);
        }
        head.to_string()
    }
}

/// Makes and seals a list. The same plan, key and seed give the same bytes.
///
/// # Errors
/// When blocks and ratio don't fit, or an arm's id is too long.
pub fn list_make(plan: &ListPlan, key: &Key, seed: &Seed) -> Result<SealedList, ListError> {
    let ratios: Vec<u32> = plan.arms.iter().map(|arm| arm.ratio).collect();
    let mut order = seed.stream("order of arms");
    let mut rows = Vec::new();
    for (stratum, needed) in &plan.strata {
        let places = blocks(&ratios, &plan.block_sizes, *needed as usize, &mut order)?;
        rows.extend(
            (1u32..).zip(places).filter_map(|(position, arm)| Some((stratum.as_str(), position, plan.arms.get(arm)?))),
        );
    }
    seal_rows(key, seed, rows)
}

/// Seals rows in the order given, with fresh handles.
pub(crate) fn seal_rows(key: &Key, seed: &Seed, rows: Vec<(&str, u32, &Arm)>) -> Result<SealedList, ListError> {
    // Handles and nonces come from streams of their own: they can tell nothing of the arms.
    let mut handles = seed.stream("handles");
    let mut nonces = seed.stream("nonces of rows");
    let mut taken = BTreeSet::new();
    let mut sealed = Vec::with_capacity(rows.len());
    for (stratum, position, arm) in rows {
        if arm.id.as_str().len() > ARM_BYTES_MAX {
            return Err(ListError::LongArm(arm.id.to_string()));
        }
        let handle = loop {
            let mut bytes = [0; 16];
            handles.fill_bytes(&mut bytes);
            let handle = to_hex(&bytes);
            if taken.insert(handle.clone()) {
                break handle;
            }
        };
        let nonce = nonce_draw(&mut nonces);
        sealed.push(SealedRow::seal(key, nonce, handle, (stratum, position), (&arm.id, arm.content))?);
    }
    Ok(SealedList { rows: sealed })
}
