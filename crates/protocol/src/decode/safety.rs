//! Deviations, clocks, approvals and follow-up.

use super::forms;
use crate::{
    item::Item,
    model::{ApprovalRule, Clock, DeviationRule, FollowUpPlan},
};

pub fn deviation(item: &Item<'_>) -> Option<DeviationRule> {
    let (code, title, trigger) = (item.text("code"), item.text("title"), item.word("trigger"));
    let (class, source) = (item.word("class"), item.source());
    item.finish();
    Some(DeviationRule { code: code?, title: title?, trigger: trigger?, class: class?, source: source? })
}

pub fn clock(item: &Item<'_>) -> Option<Clock> {
    let (id, title, trigger) = (item.identifier("id"), item.text("title"), item.word("trigger"));
    let (due_hours, duty, source) = (item.whole("due_hours"), item.word("duty"), item.source());
    item.finish();
    Some(Clock { id: id?, title: title?, trigger: trigger?, due_hours: due_hours?, duty: duty?, source: source? })
}

pub fn approval(item: &Item<'_>) -> Option<ApprovalRule> {
    let (id, title, per, source) = (item.identifier("id"), item.text("title"), item.word("per"), item.source());
    item.finish();
    Some(ApprovalRule { id: id?, title: title?, per: per?, source: source? })
}

pub fn follow_up(item: &Item<'_>) -> Option<FollowUpPlan> {
    let (tries_min, tries_days_min) = (item.whole("tries_min"), item.whole("tries_days_min"));
    let (reasons, source) = (forms::options(item, "reasons"), item.source());
    item.finish();
    Some(FollowUpPlan { tries_min: tries_min?, tries_days_min: tries_days_min?, reasons, source: source? })
}
