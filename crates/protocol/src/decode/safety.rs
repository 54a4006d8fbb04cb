//! Deviations, clocks, approvals, follow-up and what is due when.

use super::forms;
use crate::{
    item::Item,
    model::{ApprovalRule, Clock, DeviationRule, DuePlan, FollowUpPlan},
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
    let routes_min = item.optional_whole("routes_min");
    let (reasons, source) = (forms::options(item, "reasons"), item.source());
    item.finish();
    Some(FollowUpPlan { tries_min: tries_min?, tries_days_min: tries_days_min?, routes_min, reasons, source: source? })
}

pub fn due(item: &Item<'_>) -> DuePlan {
    let plan = DuePlan {
        answer_hours: item.optional_whole("answer_hours"),
        safety_answer_minutes: item.optional_whole("safety_answer_minutes"),
        report_hours: item.optional_whole("report_hours"),
        no_show_hours: item.optional_whole("no_show_hours"),
        medicine_hours: item.optional_whole("medicine_hours"),
        early_termination_days: item.optional_whole("early_termination_days"),
        complete_visit_days: item.optional_whole("complete_visit_days"),
        question_days: item.optional_whole("question_days"),
        gate_days: item.optional_whole("gate_days"),
        assign_days: item.optional_whole("assign_days"),
        rating_ask_days: item.optional_whole("rating_ask_days"),
        rating_target_days: item.optional_whole("rating_target_days"),
        rating_days: item.optional_whole("rating_days"),
        order_days: item.optional_whole("order_days"),
        source: item.source(),
    };
    item.finish();
    plan
}
