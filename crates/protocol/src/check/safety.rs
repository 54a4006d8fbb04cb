//! Deviations, clocks, follow-up, what is due when.

use super::Checker;
use crate::{decode::word_of, model::Trigger};
use std::collections::BTreeMap;

pub fn check(checker: &Checker<'_>) {
    let parts = checker.parts;
    let mut seen: BTreeMap<Trigger, &str> = BTreeMap::new();
    for rule in &parts.deviations {
        let path = format!("deviation/{}/trigger", rule.code);
        if let Some(first) = seen.get(&rule.trigger) {
            let message = format!("`{}` is a deviation twice", word_of(rule.trigger));
            checker.note(
                checker
                    .mistake("study.deviation-twice", &path, message, "again: which class holds?")
                    .note(&checker.place(&format!("deviation/{first}/trigger")), "first here")
                    .mend("keep one of the two"),
            );
        } else {
            seen.insert(rule.trigger, &rule.code);
        }
    }
    for clock in &parts.clocks {
        let path = format!("clock/{}", clock.id);
        if clock.due_hours == 0 {
            let message = format!("the clock `{}` is overdue as it starts", clock.id);
            let place = format!("{path}/due_hours");
            checker.note(
                checker
                    .mistake("study.clock-zero", &place, message, "0 hours")
                    .mend("write the hours that somebody has"),
            );
        }
        if !parts.roles.is_empty() && !parts.roles.iter().any(|role| role.duties.contains(&clock.duty)) {
            let message =
                format!("nobody can stop the clock `{}`: no role has the duty `{}`", clock.id, clock.duty.name());
            checker.note(
                checker
                    .mistake("study.clock-nobody", &format!("{path}/duty"), message, "held by no role")
                    .mend("name another duty, or give this one to a role"),
            );
        }
    }
    due(checker);
    if let Some(plan) = &parts.follow_up {
        if plan.tries_min == 0 {
            let message = "people would be called lost without a single try";
            checker.note(
                checker
                    .mistake("study.follow-up", "follow_up/tries_min", message, "0 tries")
                    .mend("write at least 1; 3 is usual"),
            );
        }
        if plan.tries_min > 0 && plan.routes_min.is_some_and(|routes| routes > plan.tries_min) {
            let message = format!("{} tries can't go by more routes than there are tries", plan.tries_min);
            checker.note(
                checker
                    .mistake("study.follow-up", "follow_up/routes_min", message, "more than `tries_min`")
                    .mend("lower it, or raise `tries_min`; 2 is usual"),
            );
        }
        if plan.reasons.is_empty() {
            let message = "there is no reason for which somebody may stop";
            checker.note(
                checker
                    .mistake("study.follow-up", "follow_up/reasons", message, "empty")
                    .mend("give codes with their labels"),
            );
        }
    }
}

fn due(checker: &Checker<'_>) {
    let due = &checker.parts.due;
    let times = [
        ("answer_hours", due.answer_hours),
        ("safety_answer_minutes", due.safety_answer_minutes),
        ("report_hours", due.report_hours),
        ("no_show_hours", due.no_show_hours),
        ("medicine_hours", due.medicine_hours),
        ("early_termination_days", due.early_termination_days),
        ("complete_visit_days", due.complete_visit_days),
        ("question_days", due.question_days),
        ("gate_days", due.gate_days),
        ("assign_days", due.assign_days),
        ("rating_ask_days", due.rating_ask_days),
        ("rating_days", due.rating_days),
        ("order_days", due.order_days),
    ];
    for (key, time) in times {
        if time == Some(0) {
            let message = format!("nobody is ever in time for `{key}`");
            checker.note(
                checker
                    .mistake("study.due-zero", &format!("due/{key}"), message, "0 is over as it begins")
                    .mend("write how long somebody has, or leave the key out: then it is due on the same day"),
            );
        }
    }
    if let (Some(from), Some(until)) = (due.rating_ask_days, due.rating_target_days)
        && until > from
    {
        let message = "a rating should be asked for before it can be";
        checker.note(
            checker
                .mistake("study.due-order", "due/rating_target_days", message, format!("{until} days before the visit"))
                .note(&checker.place("due/rating_ask_days"), format!("it can be asked for {from} days before"))
                .mend(format!("write at most {from}")),
        );
    }
}
