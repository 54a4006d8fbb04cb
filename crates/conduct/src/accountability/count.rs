//! Blind counts: two people count, each by themselves and under their own proof. Nobody is shown what should be there,
//! or what the other found, before both have said what they see.
//!
//! Source: safety.md §6, two-person count; pages.md 24; failures.md F-80.

use super::{
    discrepancy::{self, Found},
    orders::plan,
};
use crate::{
    case::{Case, Draft},
    decide::FactNo,
    entry::{DiscrepancyKind, Entry, Person},
    finding::Unreadable,
    state::HalfCount,
};
use protocol::model::Duty;
use std::collections::{BTreeMap, BTreeSet};
use terms::{ContainerId, SiteId, StaffId};

/// The safe was counted by one person. If the other has counted within the study's time, the two are compared.
pub(super) fn record(
    case: &Case<'_>,
    site: &SiteId,
    found: &[ContainerId],
    pieces: &BTreeMap<ContainerId, u32>,
    draft: &mut Draft,
) -> Result<(), FactNo> {
    let mut seen: BTreeSet<ContainerId> = BTreeSet::new();
    for id in found {
        if !seen.insert(id.clone()) {
            return Err(Unreadable {
                field: "found".to_owned(),
                what: format!("{id} is named twice"),
                mend: "name each container once".to_owned(),
            }
            .into());
        }
    }
    let mine = HalfCount {
        by: case.actor.proof.person.clone(),
        at: case.at,
        until: Case::after_minutes(case.at, together_minutes(case)),
        found: seen,
        pieces: pieces.clone(),
        hands_out: case.actor.duties.has(Duty::DispenseDrug),
        witnesses: case.actor.duties.has(Duty::WitnessDrug),
    };
    draft.stock(
        site,
        Entry::CountEntered {
            found: found.to_vec(),
            pieces: pieces.clone(),
            hands_out: mine.hands_out,
            witnesses: mine.witnesses,
            until: mine.until,
        },
    );
    let other = case.world.stock.and_then(|stock| stock.half.as_ref()).filter(|half| belongs(half, &mine));
    if let Some(other) = other {
        compare(case, site, other, &mine, draft);
    }
    Ok(())
}

/// Minutes between the two counts of one count: the study's, or those of any two proofs.
fn together_minutes(case: &Case<'_>) -> i64 {
    i64::from(plan(case).map_or(case.study.session.presence.together_minutes, |plan| plan.count_together_minutes))
}

/// Two halves of one count: by two people, one of whom may hand out and the other witness, soon after each other.
fn belongs(one: &HalfCount, other: &HalfCount) -> bool {
    let pair = (one.hands_out && other.witnesses) || (one.witnesses && other.hands_out);
    one.by != other.by && pair && other.at <= one.until
}

fn staff(half: &HalfCount) -> Option<StaffId> {
    match &half.by {
        Person::Staff(staff) => Some(staff.clone()),
        Person::Participant(_) | Person::Program => None,
    }
}

fn compare(case: &Case<'_>, site: &SiteId, one: &HalfCount, other: &HalfCount, draft: &mut Draft) {
    let counters: Vec<StaffId> = [staff(one), staff(other)].into_iter().flatten().collect();
    let pieces_of = |half: &HalfCount| -> BTreeMap<ContainerId, u32> {
        half.pieces.iter().filter(|(_, pieces)| **pieces > 0).map(|(id, pieces)| (id.clone(), *pieces)).collect()
    };
    if one.found != other.found || pieces_of(one) != pieces_of(other) {
        differ(case, site, counters, draft);
        return;
    }
    let Some(stock) = case.world.stock else { return };
    let expected: BTreeSet<&ContainerId> = stock.in_safe().collect();
    let found: BTreeSet<&ContainerId> = one.found.iter().collect();
    let missing: Vec<ContainerId> = expected.difference(&found).map(|id| (*id).clone()).collect();
    let unexpected: Vec<ContainerId> = found.difference(&expected).map(|id| (*id).clone()).collect();
    let mut pieces: BTreeMap<ContainerId, [u32; 2]> = BTreeMap::new();
    for (id, book) in stock.pieces_in_safe().into_iter().filter(|(id, _)| found.contains(*id)) {
        let counted = one.pieces.get(id).copied().unwrap_or(0);
        if counted != book {
            pieces.insert(id.clone(), [counted, book]);
        }
    }
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    draft.stock(
        site,
        Entry::StockCounted {
            expected: number(expected.len()),
            found: number(found.len()),
            missing: missing.clone(),
            unexpected: unexpected.clone(),
            pieces: pieces.clone(),
            counters: counters.clone(),
        },
    );
    // One that is open already takes this as its recount; it is not opened a second time.
    let answered = stock.discrepancies.values().any(|open| {
        let known = |id: &ContainerId| {
            open.containers.contains(id) || open.recount.as_ref().is_some_and(|recount| recount.missing.contains(id))
        };
        missing.iter().all(known)
            && unexpected.iter().all(known)
            && pieces.keys().all(|id| open.pieces.contains_key(id))
    });
    if (missing.is_empty() && unexpected.is_empty() && pieces.is_empty()) || answered {
        return;
    }
    let mut parts = Vec::new();
    let list = |ids: &[ContainerId]| ids.iter().map(ContainerId::as_str).collect::<Vec<_>>().join(", ");
    if !missing.is_empty() {
        parts.push(format!("{} not found: {}", missing.len(), list(&missing)));
    }
    if !unexpected.is_empty() {
        parts.push(format!("{} not expected: {}", unexpected.len(), list(&unexpected)));
    }
    for (id, [counted, book]) in &pieces {
        parts.push(format!("{id} holds {counted} pieces, {book} by the book"));
    }
    let short = pieces.iter().map(|(id, [counted, book])| (id.clone(), i64::from(*book) - i64::from(*counted)));
    let concerned = Found {
        containers: missing.iter().chain(&unexpected).cloned().collect(),
        pieces: short.collect(),
        consignment: None,
        people: counters,
        holds: true,
    };
    let text = format!("the count differs: {}", parts.join("; "));
    discrepancy::open(case, site, DiscrepancyKind::Count, text, concerned, draft);
}

/// Neither count stands. Once, both count again; twice in a row, it is a difference that a third person must close.
fn differ(case: &Case<'_>, site: &SiteId, counters: Vec<StaffId>, draft: &mut Draft) {
    let again = plan(case).map_or_else(|| together_minutes(case), |plan| i64::from(plan.recount_minutes));
    let twice = case.world.stock.is_some_and(|stock| stock.again_by.is_some());
    draft.stock(
        site,
        Entry::CountsDiffered { counters: counters.clone(), again_by: Case::after_minutes(case.context.now, again) },
    );
    if twice {
        let concerned = Found { people: counters, holds: true, ..Found::default() };
        let text = "two counts differed from each other, twice".to_owned();
        discrepancy::open(case, site, DiscrepancyKind::Counters, text, concerned, draft);
    }
}
