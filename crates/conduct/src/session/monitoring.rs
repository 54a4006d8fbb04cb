//! Vital signs by the study's schedule and limits: what is read, which slot it fills, what a breach asks for.
//!
//! A breach is no deviation unless the study says so: it is a task that a repeat reading closes, and a pause of the
//! supplement. Source: dosing-day.md §5 and §15.

use super::room::{Room, minutes};
use crate::{
    case::{Case, Draft},
    decide::FactNo,
    entry::{BreachFound, Entry},
    finding::{Broken, Finding, Rule, Unreadable},
    state::{Reading, SessionState},
};
use jiff::Timestamp;
use protocol::model::{Duty, Limit, Study, Trigger, VitalsSlot};
use std::collections::BTreeMap;
use terms::{Decimal, InstanceId};

/// The last readings before the dose breach nothing.
pub const LIMITS: Rule = Rule {
    id: "dose.limits",
    sentence: "The last reading of each vital sign before the dose breaches no limit",
    source: "The study's limits; DESIGN, never authorised: with limits breached",
    binds: &["authorise_dose"],
    broken: "Deviation dose_unauthorised",
};

/// Pressures are a pair: the upper is above the lower.
const SYSTOLIC: &str = "systolic";
const DIASTOLIC: &str = "diastolic";

pub(super) fn limits_before_the_dose(room: &Room<'_>) -> Finding {
    let mut standing: Vec<&BreachFound> = Vec::new();
    for measure in &room.case.study.session.measures {
        let last = room.session.readings.iter().rev().find(|reading| reading.measures.contains_key(&measure.id));
        standing.extend(last.into_iter().flat_map(|reading| &reading.breaches).filter(|b| b.measure == measure.id));
    }
    if standing.is_empty() {
        return Finding::holds(&LIMITS, "none breached");
    }
    let found: Vec<String> = standing.iter().map(|breach| breach_words(room.case.study, breach)).collect();
    Broken::new(
        &LIMITS,
        found.join("; "),
        "a later reading within the limits",
        "let the person rest, and measure again",
    )
    .by(Duty::Facilitate)
    .into()
}

/// `Pressure, systolic 162 mmHg (L1)`.
pub(super) fn breach_words(study: &Study, breach: &BreachFound) -> String {
    let measure = study.session.measures.iter().find(|measure| measure.id == breach.measure);
    let (label, unit) = measure.map_or((breach.measure.as_str(), ""), |m| (m.label.as_str(), m.unit.as_str()));
    format!("{label} {} {unit} ({})", breach.value, breach.limit)
}

pub(super) fn record(room: &Room<'_>, measures: &BTreeMap<String, Decimal>, draft: &mut Draft) -> Result<(), FactNo> {
    plausible(room, measures).map_err(FactNo::Unreadable)?;
    let case = room.case;
    let (slot, late) = slot_of(room, measures);
    let breaches = breaches(case, measures);
    let instance = draft.instance();
    draft.participant(Entry::ReadingRecorded {
        session: room.number,
        instance: instance.clone(),
        measures: measures.clone(),
        slot: slot.map(|slot| slot.id.clone()),
        breaches: breaches.clone(),
    });
    answer_repeats(room, measures, draft);
    if let (Some(slot), Some(late)) = (slot, late) {
        let detail = format!("{} taken {late} min after its time", slot.id);
        draft.consequence(case, Trigger::VitalsLate, detail, Some(&room.plan.visit), Some(&instance));
    }
    answer_breaches(room, &breaches, &instance, draft);
    Ok(())
}

/// Everything about a reading that can't be so.
fn plausible(room: &Room<'_>, measures: &BTreeMap<String, Decimal>) -> Result<(), Vec<Unreadable>> {
    let known = &room.case.study.session.measures;
    let mut wrong = Vec::new();
    let mut unreadable = |field: &str, what: String, mend: String| {
        wrong.push(Unreadable { field: field.to_owned(), what, mend });
    };
    if measures.is_empty() {
        unreadable("measures", "nothing was measured".to_owned(), "type at least one value".to_owned());
    }
    for (id, value) in measures {
        match known.iter().find(|measure| measure.id == *id) {
            None => {
                let ids: Vec<&str> = known.iter().map(|measure| measure.id.as_str()).collect();
                unreadable(
                    id,
                    format!("there is no vital sign \"{id}\""),
                    format!("the study's are {}", ids.join(", ")),
                );
            }
            Some(measure) if *value < measure.min || *value > measure.max => unreadable(
                id,
                format!("{} {value} {} is outside {} to {}", measure.label, measure.unit, measure.min, measure.max),
                "check the number and the unit, and measure again if it is really so".to_owned(),
            ),
            Some(_) => {}
        }
    }
    if let (Some(upper), Some(lower)) = (measures.get(SYSTOLIC), measures.get(DIASTOLIC))
        && upper <= lower
    {
        let what = format!("systolic {upper} is not above diastolic {lower}");
        unreadable(SYSTOLIC, what, "check whether the two were swapped".to_owned());
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

/// The slot that a reading fills, and by how many minutes it is late; one reading fills at most one slot.
fn slot_of<'c>(room: &Room<'c>, measures: &BTreeMap<String, Decimal>) -> (Option<&'c VitalsSlot>, Option<i64>) {
    let slots = &room.case.study.session.vitals;
    let takes = |slot: &&VitalsSlot| slot.measures.iter().any(|measure| measures.contains_key(measure));
    let Some(dosed) = room.dosed_at() else {
        // Before the dose nobody knows the offset yet: it serves the slot nearest before it.
        let before = slots.iter().filter(|slot| slot.offset_minutes < 0).filter(takes);
        return (before.max_by_key(|slot| slot.offset_minutes), None);
    };
    let offset = Case::minutes_between(dosed, room.case.at);
    let away = |slot: &VitalsSlot| (offset - i64::from(slot.offset_minutes)).abs();
    let open = slots.iter().filter(takes).filter(|slot| !filled(room.session, slot));
    let in_time = open.clone().filter(|slot| away(slot) <= minutes(slot.within_minutes)).min_by_key(|slot| away(slot));
    if in_time.is_some() {
        return (in_time, None);
    }
    // A slot that went by is still filled late, until the next one opens.
    let opened = |slot: &&VitalsSlot| offset >= i64::from(slot.offset_minutes) - minutes(slot.within_minutes);
    let current = slots.iter().filter(|slot| slot.offset_minutes >= 0).filter(opened).max_by_key(|s| s.offset_minutes);
    let late = current.filter(|current| open.clone().any(|slot| slot.id == current.id));
    (late, late.map(|slot| offset - i64::from(slot.offset_minutes)))
}

/// Whether all that a slot asks for has been measured.
pub(super) fn filled(session: &SessionState, slot: &VitalsSlot) -> bool {
    let mine = |reading: &&Reading| reading.slot.as_deref() == Some(slot.id.as_str());
    let measured = |measure: &String| session.readings.iter().filter(mine).any(|r| r.measures.contains_key(measure));
    session.readings.iter().any(|reading| mine(&reading)) && slot.measures.iter().all(measured)
}

/// Slots that went by unfilled up to a moment: not one that was still open then.
pub(super) fn missed<'c>(room: &Room<'c>, until: Timestamp) -> impl Iterator<Item = &'c VitalsSlot> {
    let session = room.session;
    let over = room.dosed_at().map(|dosed| Case::minutes_between(dosed, until));
    room.case.study.session.vitals.iter().filter(move |slot| {
        let closes = i64::from(slot.offset_minutes) + minutes(slot.within_minutes);
        over.is_some_and(|over| closes <= over) && !filled(session, slot)
    })
}

/// The limits that a reading breaches; red hides amber of the same limit.
fn breaches(case: &Case<'_>, measures: &BTreeMap<String, Decimal>) -> Vec<BreachFound> {
    let mut found = Vec::new();
    for limit in &case.study.session.limits {
        let Some(value) = measures.get(&limit.measure) else { continue };
        let Some(red) = breach(limit, *value) else { continue };
        found.push(BreachFound {
            limit: limit.id.clone(),
            measure: limit.measure.clone(),
            value: *value,
            red,
            action: if red { limit.red_action.clone() } else { limit.amber_action.clone() },
            repeat_by: Case::after_minutes(case.at, minutes(limit.repeat_minutes)),
        });
    }
    found
}

/// `Some(true)` red, `Some(false)` amber, `None` within.
fn breach(limit: &Limit, value: Decimal) -> Option<bool> {
    let high = |line: Option<Decimal>| line.is_some_and(|line| value >= line);
    let low = |line: Option<Decimal>| line.is_some_and(|line| value <= line);
    if high(limit.red_at) || low(limit.red_low) {
        Some(true)
    } else if high(limit.amber_at) || low(limit.amber_low) {
        Some(false)
    } else {
        None
    }
}

fn answer_breaches(room: &Room<'_>, breaches: &[BreachFound], about: &InstanceId, draft: &mut Draft) {
    let case = room.case;
    for breach in breaches {
        let trigger = if breach.red { Trigger::LimitRed } else { Trigger::LimitAmber };
        let words = breach_words(case.study, breach);
        if case.study.deviation(trigger).is_some() {
            draft.consequence(case, trigger, words.clone(), Some(&room.plan.visit), Some(about));
        } else {
            draft.clocks(case, trigger, Some(about));
        }
        if breach.red {
            let title = format!("{words}: {}", breach.action);
            draft.task(title, Duty::Prescribe, case.at, trigger, Some(about));
        }
        let by = case.clock(breach.repeat_by);
        let title = format!("Measure again by {by}: {words}. {}", breach.action);
        draft.task(title, Duty::Facilitate, breach.repeat_by, trigger, Some(about));
    }
}

/// A new reading answers the request to measure again; what the physician was called for stays open.
fn answer_repeats(room: &Room<'_>, measures: &BTreeMap<String, Decimal>, draft: &mut Draft) {
    let Some(last) = room.session.readings.iter().rev().find(|reading| !reading.breaches.is_empty()) else { return };
    let oldest_day = room.session.readings.first().map_or(last.at, |first| first.at);
    for task in room.participant.tasks.values() {
        let raised = &task.raised;
        if task.done.is_some()
            || task.since < oldest_day
            || raised.clock.is_some()
            || raised.duty != Duty::Facilitate
            || !matches!(raised.trigger, Trigger::LimitAmber | Trigger::LimitRed)
        {
            continue;
        }
        let about = room.session.readings.iter().find(|reading| raised.about.as_ref() == Some(&reading.instance));
        let again = about.is_some_and(|earlier| {
            earlier.at < room.case.at && earlier.breaches.iter().all(|breach| measures.contains_key(&breach.measure))
        });
        if again {
            let text = format!("measured again at {}", room.case.clock(room.case.at));
            draft.participant(Entry::TaskCompleted { instance: raised.instance.clone(), text });
        }
    }
}
