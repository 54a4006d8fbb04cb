//! Vital signs by the study's schedule and limits: what is read, which slot it fills, what a breach asks for.
//!
//! A breach is no deviation unless the study says so: it is a task that a repeat reading closes, and a pause of the
//! supplement. Source: dosing-day.md §5 and §15.

use super::{
    alarms,
    room::{Room, minutes},
    timeline, watch,
};
use crate::{
    case::{Case, Draft},
    decide::FactNo,
    entry::{AlarmKind, BreachFound, Entry, MeasureChange},
    finding::{Broken, Finding, Rule, Unreadable},
    state::{Alarm, Reading, SessionState},
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
        // A later reading says nothing about an earlier moment.
        let mut until = room.session.readings.iter().rev().filter(|reading| reading.at <= room.case.at);
        let last = until.find(|reading| reading.measures.contains_key(&measure.id));
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

/// Vital signs as they are told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told<'c> {
    pub measures: &'c BTreeMap<String, Decimal>,
    /// Values that are hardly possible were looked at again.
    pub confirmed: bool,
    /// How many readings there were when it was typed.
    pub seen: Option<u32>,
}

pub(super) fn record(room: &Room<'_>, told: Told<'_>, draft: &mut Draft) -> Result<(), FactNo> {
    let case = room.case;
    let measures = told.measures;
    let confirmed = plausible(room, measures, told.confirmed).map_err(FactNo::Unreadable)?;
    unseen(room, told.seen)?;
    let (slot, late) = slot_of(room, &case.study.session.vitals, measures, vitals_slot);
    let (rating, _) = slot_of(room, &case.study.session.room.ratings, measures, rating_slot);
    let breaches = breaches(room, None, case.at, measures);
    let instance = draft.instance();
    draft.participant(Entry::ReadingRecorded {
        session: room.number,
        instance: instance.clone(),
        measures: measures.clone(),
        slot: slot.map(|slot| slot.id.clone()),
        breaches: breaches.clone(),
        rating: rating.map(|slot| slot.id.clone()),
        confirmed,
    });
    answer_repeats(room, measures, draft);
    if let (Some(slot), Some(late)) = (slot, late) {
        let detail = format!("{} taken {late} min after its time", slot.id);
        draft.consequence(case, Trigger::VitalsLate, detail, Some(&room.plan.visit), Some(&instance));
    }
    answer_breaches(room, &breaches, &instance, draft);
    watch::after_reading(room, measures, &breaches, &instance, draft);
    let taken = [slot, rating].map(|slot| slot.map(|slot| slot.id.as_str()));
    let over = |alarm: &Alarm| alarm.kind == AlarmKind::Overdue && taken.contains(&Some(alarm.key.as_str()));
    alarms::end(room, over, || format!("taken at {}", case.clock(case.at)), draft);
    Ok(())
}

/// Somebody else has written meanwhile: whoever typed this looks first.
fn unseen(room: &Room<'_>, seen: Option<u32>) -> Result<(), FactNo> {
    let there = room.session.readings.len();
    if seen.is_none_or(|seen| usize::try_from(seen).is_ok_and(|seen| seen == there)) {
        return Ok(());
    }
    let last = room.session.readings.last().map(|reading| {
        let values: Vec<String> =
            reading.measures.iter().map(|(id, value)| format!("{} {value}", id.replace('_', " "))).collect();
        format!("{} at {}", values.join(", "), room.case.clock(reading.at))
    });
    Err(FactNo::Conflict {
        what: format!(
            "somebody else has written down vital signs meanwhile ({}): if they are the same, leave them; if yours are another \
             measurement, record them again",
            last.unwrap_or_else(|| "and struck them".to_owned())
        ),
    })
}

/// A reading is corrected: limits are looked at again, at the time at which it was taken.
pub(super) fn correct(
    room: &Room<'_>,
    id: &InstanceId,
    given: &BTreeMap<String, Decimal>,
    confirmed: bool,
    draft: &mut Draft,
) -> Result<(), FactNo> {
    let wrong =
        |field: &str, what: String, mend: &str| Unreadable { field: field.to_owned(), what, mend: mend.to_owned() };
    let Some(reading) = room.session.readings.iter().find(|reading| reading.instance == *id) else {
        let what = format!("there is no reading {id} in this session");
        return Err(wrong("reading", what, "open the session again and choose a reading of it").into());
    };
    if room.case.reason.is_none_or(|reason| reason.trim().is_empty()) {
        let what = "a correction says why".to_owned();
        return Err(wrong("reason", what, "give the reason in a few words").into());
    }
    let mut measures = reading.measures.clone();
    measures.extend(given.iter().map(|(measure, value)| (measure.clone(), *value)));
    let confirmed = plausible(room, &measures, confirmed).map_err(FactNo::Unreadable)?;
    let changes: BTreeMap<String, MeasureChange> = given
        .iter()
        .filter(|(measure, value)| reading.measures.get(*measure) != Some(*value))
        .map(|(measure, new)| {
            (measure.clone(), MeasureChange { old: reading.measures.get(measure).copied(), new: *new })
        })
        .collect();
    if changes.is_empty() {
        let what = "nothing differs from what stands there".to_owned();
        return Err(wrong("measures", what, "change a value, or leave the reading").into());
    }
    let breaches = breaches(room, Some(id), reading.at, &measures);
    let new: Vec<BreachFound> = breaches
        .iter()
        .filter(|found| !reading.breaches.iter().any(|old| old.limit == found.limit && old.red == found.red))
        .cloned()
        .collect();
    draft.participant(Entry::ReadingCorrected {
        session: room.number,
        instance: id.clone(),
        changes,
        breaches,
        confirmed,
    });
    answer_breaches(room, &new, id, draft);
    watch::after_correction(room, reading.at, &new, id, draft);
    Ok(())
}

/// Everything about a reading that can't be so, or is hardly possible and not confirmed; otherwise what was confirmed.
fn plausible(
    room: &Room<'_>,
    measures: &BTreeMap<String, Decimal>,
    confirmed: bool,
) -> Result<Vec<String>, Vec<Unreadable>> {
    let mut outside = Vec::new();
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
            Some(measure) if *value < measure.min || *value > measure.max => {
                outside.push(id.clone());
                if !confirmed || *value < Decimal::ZERO {
                    unreadable(
                        id,
                        format!(
                            "{} {value} {} is outside {} to {}",
                            measure.label, measure.unit, measure.min, measure.max
                        ),
                        "check the number and the unit, and measure again; if it is really so, confirm it".to_owned(),
                    );
                }
            }
            Some(_) => {}
        }
    }
    if let (Some(upper), Some(lower)) = (measures.get(SYSTOLIC), measures.get(DIASTOLIC))
        && upper <= lower
    {
        let what = format!("systolic {upper} is not above diastolic {lower}");
        unreadable(SYSTOLIC, what, "check whether the two were swapped".to_owned());
    }
    if wrong.is_empty() { Ok(outside) } else { Err(wrong) }
}

/// The slot of the vital signs that a reading fills.
fn vitals_slot(reading: &Reading) -> Option<&str> {
    reading.slot.as_deref()
}

/// The slot of the distress ratings that a reading fills.
fn rating_slot(reading: &Reading) -> Option<&str> {
    reading.rating.as_deref()
}

/// The slot that a reading fills, and by how many minutes it is late; one reading fills at most one slot.
fn slot_of<'c>(
    room: &Room<'c>,
    slots: &'c [VitalsSlot],
    measures: &BTreeMap<String, Decimal>,
    of: fn(&Reading) -> Option<&str>,
) -> (Option<&'c VitalsSlot>, Option<i64>) {
    let takes = |slot: &&VitalsSlot| slot.measures.iter().any(|measure| measures.contains_key(measure));
    let Some(dosed) = room.dosed_at() else {
        // Before the dose nobody knows the offset yet: it serves the slot nearest before it.
        let before = slots.iter().filter(|slot| slot.offset_minutes < 0).filter(takes);
        return (before.max_by_key(|slot| slot.offset_minutes), None);
    };
    let offset = Case::minutes_between(dosed, room.case.at);
    let away = |slot: &VitalsSlot| (offset - i64::from(slot.offset_minutes)).abs();
    let open = slots.iter().filter(takes).filter(|slot| !filled_as(room.session, slot, of));
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
    filled_as(session, slot, vitals_slot)
}

/// Whether a slot of the distress ratings was asked for, or it was said why not.
pub(super) fn rated(room: &Room<'_>, slot: &VitalsSlot) -> bool {
    let (opens, closes) = timeline::within(slot.offset_minutes, slot.within_minutes);
    filled_as(room.session, slot, rating_slot) || timeline::not_asked(room, opens, closes)
}

fn filled_as(session: &SessionState, slot: &VitalsSlot, of: fn(&Reading) -> Option<&str>) -> bool {
    let mine = |reading: &&Reading| of(reading) == Some(slot.id.as_str());
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

/// Slots of the distress ratings that went by up to a moment, and nobody said why.
pub(super) fn missed_ratings<'c>(room: &Room<'c>, until: Timestamp) -> impl Iterator<Item = &'c VitalsSlot> {
    let over = room.dosed_at().map(|dosed| Case::minutes_between(dosed, until));
    room.case.study.session.room.ratings.iter().filter(move |slot| {
        let (_, closes) = timeline::within(slot.offset_minutes, slot.within_minutes);
        over.is_some_and(|over| closes <= over) && !rated(room, slot)
    })
}

/// The limits that a reading taken at a moment breaches; red hides amber of the same limit.
fn breaches(
    room: &Room<'_>,
    but: Option<&InstanceId>,
    at: Timestamp,
    measures: &BTreeMap<String, Decimal>,
) -> Vec<BreachFound> {
    let mut found = Vec::new();
    for limit in &room.case.study.session.limits {
        let Some(value) = measures.get(&limit.measure) else { continue };
        let Some(red) = breach(room, limit, but, at, *value) else { continue };
        found.push(BreachFound {
            limit: limit.id.clone(),
            measure: limit.measure.clone(),
            value: *value,
            red,
            action: if red { limit.red_action.clone() } else { limit.amber_action.clone() },
            repeat_by: Case::after_minutes(at, minutes(limit.repeat_minutes)),
        });
    }
    found
}

/// `Some(true)` red, `Some(false)` amber, `None` within.
fn breach(room: &Room<'_>, limit: &Limit, but: Option<&InstanceId>, at: Timestamp, value: Decimal) -> Option<bool> {
    let high = |line: Option<Decimal>| line.is_some_and(|line| value >= line);
    let low = |line: Option<Decimal>| line.is_some_and(|line| value <= line);
    let lasting = || {
        limit.red_minutes.is_none_or(|least| {
            let (first, last) = run(room, limit, but, at);
            Case::minutes_between(first, last) >= minutes(least)
        })
    };
    if high(limit.red_once_at) || low(limit.red_low) || high(limit.red_at) && lasting() {
        Some(true)
    } else if high(limit.amber_at) || low(limit.amber_low) || high(limit.red_at) {
        Some(false)
    } else {
        None
    }
}

/// First and last moment of the readings around this one that are all at red, without one below between them.
fn run(room: &Room<'_>, limit: &Limit, but: Option<&InstanceId>, at: Timestamp) -> (Timestamp, Timestamp) {
    let line = limit.red_at.unwrap_or(Decimal::ZERO);
    let others: Vec<(Timestamp, bool)> = room
        .session
        .readings
        .iter()
        .filter(|reading| Some(&reading.instance) != but)
        .filter_map(|reading| Some((reading.at, *reading.measures.get(&limit.measure)? >= line)))
        .collect();
    let before = others.iter().rev().filter(|(taken, _)| *taken <= at).take_while(|(_, red)| *red).last();
    let after = others.iter().filter(|(taken, _)| *taken > at).take_while(|(_, red)| *red).last();
    (before.map_or(at, |(taken, _)| *taken), after.map_or(at, |(taken, _)| *taken))
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
        if watch::measured_after(room, &breach.measure, about) {
            continue;
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
