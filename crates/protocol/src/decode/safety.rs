//! Deviations, clocks, approvals, follow-up, and the names of the analysis.

use super::{each, forms};
use crate::{
    item::Item,
    model::{AnalysisPlan, ApprovalRule, Clock, DeviationRule, Endpoint, FollowUpPlan, NamedText},
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

pub fn analysis(item: &Item<'_>) -> Option<AnalysisPlan> {
    let primary = item.optional_table("primary").and_then(|item| endpoint(&item));
    let key_secondary = each(item.items("key_secondary"), endpoint);
    let (estimands, sets) = (each(item.items("estimand"), named), each(item.items("set"), named));
    let source = item.source();
    item.finish();
    Some(AnalysisPlan { primary, key_secondary, estimands, sets, source: source? })
}

fn endpoint(item: &Item<'_>) -> Option<Endpoint> {
    let (id, title, form) = (item.identifier("id"), item.text("title"), item.text("form"));
    let (score, baseline, visit) = (item.text("score"), item.text("baseline"), item.text("visit"));
    item.finish();
    Some(Endpoint {
        id: id?,
        title: title?,
        form: form?.into(),
        score: score?,
        baseline: baseline?.into(),
        visit: visit?.into(),
    })
}

fn named(item: &Item<'_>) -> Option<NamedText> {
    let (id, text) = (item.identifier("id"), item.text("text"));
    item.finish();
    Some(NamedText { id: id?, text: text? })
}
