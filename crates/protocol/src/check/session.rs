//! The dosing day: checks, presence, vital signs, limits, leaving.

use super::{Checker, forms, room};
use crate::model::{Check, Duty, Limit, Overnight, SessionPlan, VitalsSlot};

pub fn check(checker: &Checker<'_>) {
    let Some(session) = &checker.parts.session else { return };
    for check in &session.checks {
        one_check(checker, check, &format!("session/check/{}", check.id));
    }
    for criterion in &session.discharge.criteria {
        one_check(checker, criterion, &format!("session/discharge/criterion/{}", criterion.id));
        let twin = format!("session/check/{}", criterion.id);
        if session.checks.iter().any(|check| check.id == criterion.id) {
            let message = format!("`{}` is a check before the dose and a criterion for leaving", criterion.id);
            let path = format!("session/discharge/criterion/{}", criterion.id);
            checker.note(
                checker
                    .mistake("study.duplicate", &path, message, "called so again")
                    .note(&checker.place(&twin), "the check before the dose")
                    .mend("give one of them another id"),
            );
        }
    }
    presence(checker, session);
    vitals(checker, session);
    limits(checker, session);
    leaving(checker, session);
    room::check(checker, session);
}

fn one_check(checker: &Checker<'_>, check: &Check, path: &str) {
    forms::fields(checker, &check.fields, path);
    if check.fresh_minutes == Some(0) {
        let message = format!("`{}` is out of date as soon as it is done", check.id);
        checker.note(
            checker
                .mistake("study.fresh-zero", &format!("{path}/fresh_minutes"), message, "0 minutes")
                .mend("write how long it stays good; leave it out for the rest of the day"),
        );
    }
    if check.by.is_empty() {
        let message = format!("nobody may do `{}`", check.id);
        let place = format!("{path}/by");
        checker.note(
            checker.mistake("study.check-nobody", &place, message, "no duty").mend("name the duties that may do it"),
        );
    }
    if check.failures_max == Some(0) {
        let message = format!("`{}` has failed before it is done", check.id);
        let place = format!("{path}/failures_max");
        let mistake = checker.mistake("study.check-repeat", &place, message, "0 failures");
        checker.note(mistake.mend("write after how many failures it clears no more; leave it out for no end"));
    }
    let held = |duty: &Duty| checker.parts.roles.iter().any(|role| role.duties.contains(duty));
    if !check.by.is_empty() && !check.by.iter().any(held) && !checker.parts.roles.is_empty() {
        let message = format!("no role has a duty that may do `{}`", check.id);
        checker.note(
            checker
                .mistake("study.check-nobody", &format!("{path}/by"), message, "held by no role")
                .mend("name another duty, or give one of these to a role"),
        );
    }
    if let Some(form) = &check.form {
        checker.known("study.unknown-form", "form", "form", form.as_str(), &format!("{path}/form"));
    }
}

fn presence(checker: &Checker<'_>, session: &SessionPlan) {
    let presence = &session.presence;
    let path = "session/presence";
    if presence.in_room_min > presence.carers_min {
        let message = format!(
            "{} carers in the room, but only {} need to be there at all",
            presence.in_room_min, presence.carers_min
        );
        let place = format!("{path}/in_room_min");
        checker.note(
            checker
                .mistake("study.presence", &place, message, "more than `carers_min`")
                .mend("lower it, or raise `carers_min`"),
        );
    }
    if presence.leads_min > presence.carers_min {
        let message = format!("{} leads among {} carers", presence.leads_min, presence.carers_min);
        let place = format!("{path}/leads_min");
        checker.note(
            checker
                .mistake("study.presence", &place, message, "more than `carers_min`")
                .mend("lower it, or raise `carers_min`"),
        );
    }
    if presence.carers_min == 0 || presence.in_room_min == 0 {
        let key = if presence.carers_min == 0 { "carers_min" } else { "in_room_min" };
        let message = "a participant could be alone";
        let place = format!("{path}/{key}");
        checker.note(
            checker.mistake("study.presence", &place, message, "nobody").mend("at least one carer stays in the room"),
        );
    }
    if presence.together_minutes == 0 {
        let message = "two people can never prove themselves at the same moment";
        let place = format!("{path}/together_minutes");
        checker.note(
            checker
                .mistake("study.presence", &place, message, "0 minutes")
                .mend("write how far apart they may be, such as 5"),
        );
    }
}

fn vitals(checker: &Checker<'_>, session: &SessionPlan) {
    overlaps(checker, &session.vitals, "session/vitals");
    for measure in &session.measures {
        if measure.min > measure.max {
            forms::range(
                checker,
                &format!("session/measure/{}", measure.id),
                &measure.min.to_string(),
                &measure.max.to_string(),
            );
        }
    }
}

/// Slots that measure something, and never two at once.
pub fn overlaps(checker: &Checker<'_>, all: &[VitalsSlot], list: &str) {
    let mut slots: Vec<_> = all.iter().collect();
    for slot in &slots {
        for measure in &slot.measures {
            let place = format!("{list}/{}/measures/{measure}", slot.id);
            checker.known("study.unknown-measure", "session/measure", "measure", measure, &place);
        }
        if slot.measures.is_empty() {
            let message = format!("nothing is measured at `{}`", slot.id);
            let place = format!("{list}/{}/measures", slot.id);
            checker.note(
                checker
                    .mistake("study.vitals-empty", &place, message, "empty")
                    .mend("name what is measured, or take the slot out"),
            );
        }
    }
    slots.sort_by_key(|slot| slot.offset_minutes);
    for pair in slots.windows(2) {
        let [first, second] = pair else { continue };
        let first_ends = i64::from(first.offset_minutes) + i64::from(first.within_minutes);
        let second_starts = i64::from(second.offset_minutes) - i64::from(second.within_minutes);
        if second_starts <= first_ends {
            let message = format!("one reading would count for `{}` and `{}`", first.id, second.id);
            checker.note(
                checker
                    .mistake(
                        "study.vitals-overlap",
                        &format!("{list}/{}/offset_minutes", second.id),
                        message,
                        format!("from minute {second_starts}"),
                    )
                    .note(
                        &checker.place(&format!("{list}/{}/offset_minutes", first.id)),
                        format!("until minute {first_ends}"),
                    )
                    .mend("set them further apart, or make `within_minutes` smaller"),
            );
        }
    }
}

fn limits(checker: &Checker<'_>, session: &SessionPlan) {
    for limit in &session.limits {
        let path = format!("session/limit/{}", limit.id);
        let place = format!("{path}/measure");
        if !checker.known("study.unknown-measure", "session/measure", "measure", &limit.measure, &place) {
            continue;
        }
        let Some(measure) = session.measures.iter().find(|measure| measure.id == limit.measure) else { continue };
        if limit.unit != measure.unit {
            let message = format!("`{}` is measured in {}, its limit is in {}", measure.id, measure.unit, limit.unit);
            checker.note(
                checker
                    .mistake("study.limit-unit", &format!("{path}/unit"), message, "another unit")
                    .note(&checker.place(&format!("session/measure/{}/unit", measure.id)), "the measure's unit")
                    .mend(format!("write the limit in {}", measure.unit)),
            );
        }
        let levels = [
            ("amber_at", limit.amber_at),
            ("red_at", limit.red_at),
            ("amber_low", limit.amber_low),
            ("red_low", limit.red_low),
            ("red_once_at", limit.red_once_at),
        ];
        for (key, level) in levels {
            let Some(level) = level else { continue };
            if level < measure.min || level > measure.max {
                let message = format!("`{}` can never reach this limit", measure.id);
                let label = format!("readings lie from {} to {} {}", measure.min, measure.max, measure.unit);
                checker.note(
                    checker
                        .mistake("study.limit-range", &format!("{path}/{key}"), message, label)
                        .mend("is it in another unit?"),
                );
            }
        }
        limit_order(checker, limit, &path);
    }
}

fn limit_order(checker: &Checker<'_>, limit: &Limit, path: &str) {
    if limit.amber_at.is_none() && limit.red_at.is_none() && limit.amber_low.is_none() && limit.red_low.is_none() {
        let message = format!("the limit `{}` has no level", limit.id);
        checker.note(
            checker
                .mistake("study.limit-empty", path, message, "never reached")
                .mend("add `amber_at`, `red_at`, `amber_low` or `red_low`"),
        );
    }
    if let (Some(amber), Some(red)) = (limit.amber_at, limit.red_at)
        && amber >= red
    {
        let message = format!("red of `{}` comes before amber", limit.id);
        checker.note(
            checker
                .mistake("study.limit-order", &format!("{path}/red_at"), message, format!("not above amber, {amber}"))
                .note(&checker.place(&format!("{path}/amber_at")), "amber")
                .mend("red is the graver: further from normal"),
        );
    }
    if let (Some(red), Some(once)) = (limit.red_at, limit.red_once_at)
        && once <= red
    {
        let message = format!("`{}` is red at once before it is red at all", limit.id);
        let label = format!("not above red, {red}");
        let mistake = checker.mistake("study.limit-order", &format!("{path}/red_once_at"), message, label);
        let mistake = mistake.note(&checker.place(&format!("{path}/red_at")), "red, when it lasts");
        checker.note(mistake.mend("write a graver value, or leave it out"));
    }
    if let (Some(amber), Some(red)) = (limit.amber_low, limit.red_low)
        && amber <= red
    {
        let message = format!("low red of `{}` comes before low amber", limit.id);
        checker.note(
            checker
                .mistake("study.limit-order", &format!("{path}/red_low"), message, format!("not below amber, {amber}"))
                .note(&checker.place(&format!("{path}/amber_low")), "amber")
                .mend("red is the graver: further from normal"),
        );
    }
    let lowest_high = [limit.amber_at, limit.red_at].into_iter().flatten().min();
    let highest_low = [limit.amber_low, limit.red_low].into_iter().flatten().max();
    if let (Some(high), Some(low)) = (lowest_high, highest_low)
        && low >= high
    {
        let message = format!("every reading breaks the limit `{}`", limit.id);
        checker.note(
            checker
                .mistake("study.limit-order", path, message, format!("low from {low}, high from {high}"))
                .mend("leave room for normal readings between them"),
        );
    }
    if limit.repeat_minutes == 0 {
        let message = format!("the repeat reading of `{}` is due at once", limit.id);
        let place = format!("{path}/repeat_minutes");
        checker.note(
            checker
                .mistake("study.limit-repeat", &place, message, "0 minutes")
                .mend("write the minutes until it, such as 5"),
        );
    }
}

fn leaving(checker: &Checker<'_>, session: &SessionPlan) {
    let discharge = &session.discharge;
    let supplement = checker.parts.dose.as_ref().and_then(|dose| dose.supplement.as_ref());
    if let Some(supplement) = supplement
        && discharge.earliest_minutes <= supplement.closes_minutes
    {
        checker.note(
            checker
                .mistake(
                    "study.discharge-early",
                    "session/discharge/earliest_minutes",
                    "a participant could leave while the supplement may still be given",
                    format!("its window closes at minute {}", supplement.closes_minutes),
                )
                .note(&checker.place("dose/supplement/closes_minutes"), "the supplement's window closes")
                .mend("let nobody leave before the window has closed"),
        );
    }
    for slot in &session.vitals {
        if i64::from(slot.offset_minutes) > i64::from(discharge.earliest_minutes) {
            let message = format!("the reading `{}` comes after the participant may have left", slot.id);
            checker.note(
                checker
                    .mistake(
                        "study.vitals-late",
                        &format!("session/vitals/{}/offset_minutes", slot.id),
                        message,
                        format!("leaving from minute {}", discharge.earliest_minutes),
                    )
                    .warning()
                    .mend("take the reading earlier, or leave it to the next morning's form"),
            );
        }
    }
    if session.overnight == Overnight::None && discharge.criteria.is_empty() {
        checker.note(
            checker
                .mistake(
                    "study.discharge-free",
                    "session/discharge",
                    "people go home after a dose, and nothing is asked before",
                    "no criterion",
                )
                .mend("add criteria for leaving"),
        );
    }
}
