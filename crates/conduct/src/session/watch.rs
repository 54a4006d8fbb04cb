//! What readings and their absence raise: alarms at limits, for breaches that last, for repeats and slots that were not
//! taken, for grave distress. An alarm ends when a reading answers it.
//!
//! A rise alone alarms nobody; limits do. Source: dosing-day.md §5, §8, §9, §15.

use super::{
    alarms::{self, Raise},
    monitoring::{self, breach_words},
    room::{Room, minutes},
    timeline,
};
use crate::{
    case::{Case, Draft},
    entry::{AlarmKind, BreachFound},
    state::Reading,
};
use jiff::Timestamp;
use protocol::model::{AlarmLevel, Duty, Limit, Trigger};
use std::collections::BTreeMap;
use terms::{Decimal, InstanceId};

/// Whether a measure was taken after the reading in hand.
pub(super) fn measured_after(room: &Room<'_>, measure: &str, about: &InstanceId) -> bool {
    let readings = &room.session.readings;
    let at = readings.iter().find(|reading| reading.instance == *about).map_or(room.case.at, |reading| reading.at);
    readings.iter().any(|reading| reading.at > at && reading.measures.contains_key(measure))
}

fn limit_of<'c>(room: &Room<'c>, breach: &BreachFound) -> Option<&'c Limit> {
    room.case.study.session.limits.iter().find(|limit| limit.id == breach.limit)
}

/// Readings of a measure before a moment, latest first.
fn before<'c>(room: &Room<'c>, measure: &str, at: Timestamp) -> impl Iterator<Item = &'c Reading> {
    let measure = measure.to_owned();
    let earlier = room.session.readings.iter().rev().filter(move |reading| reading.at <= at);
    earlier.filter(move |reading| reading.measures.contains_key(&measure))
}

fn breaching<'c>(reading: &'c Reading, limit: &str) -> Option<&'c BreachFound> {
    reading.breaches.iter().find(|breach| breach.limit == limit)
}

/// What a reading raises and ends.
pub(super) fn after_reading(
    room: &Room<'_>,
    measures: &BTreeMap<String, Decimal>,
    breaches: &[BreachFound],
    about: &InstanceId,
    draft: &mut Draft,
) {
    let case = room.case;
    for breach in breaches {
        raise(room, breach, case.at, about, draft);
    }
    let waits = |alarm: &crate::state::Alarm| alarm.ended.is_none() && alarm.kind == AlarmKind::Repeat;
    let asked_again = room.session.alarms.values().any(waits);
    for measure in measures.keys().filter(|_| asked_again) {
        let repeated = |reading: &Reading| {
            reading.at <= case.at && reading.breaches.iter().any(|breach| breach.measure == *measure)
        };
        let answered: Vec<String> =
            room.session.readings.iter().filter(|r| repeated(r)).map(|r| format!("{measure}/{}", r.instance)).collect();
        let over = |alarm: &crate::state::Alarm| alarm.kind == AlarmKind::Repeat && answered.contains(&alarm.key);
        alarms::end(room, over, || format!("measured again at {}", case.clock(case.at)), draft);
    }
    within_again(room, measures, breaches, draft);
    distress(room, measures, about, draft);
}

/// A corrected reading may breach what it did not, or the other way round.
pub(super) fn after_correction(
    room: &Room<'_>,
    at: Timestamp,
    breaches: &[BreachFound],
    about: &InstanceId,
    draft: &mut Draft,
) {
    for breach in breaches {
        raise(room, breach, at, about, draft);
    }
}

/// Alarms of a breach: at once if it is the latest reading; one told late, with a later reading within the limit, alarms
/// nobody any more. Red may be harm, whenever it is told.
fn raise(room: &Room<'_>, breach: &BreachFound, at: Timestamp, about: &InstanceId, draft: &mut Draft) {
    let Some(limit) = limit_of(room, breach) else { return };
    let case = room.case;
    let words = format!("{}: {}", breach_words(case.study, breach), breach.action);
    let earlier: Vec<&Reading> =
        before(room, &breach.measure, at).filter(|reading| reading.instance != *about).collect();
    let mut run = earlier.iter().map_while(|reading| breaching(reading, &breach.limit).map(|b| (reading.at, b.red)));
    let first = run.clone().last().map_or(at, |(since, _)| since);
    let was_red = run.next().is_some_and(|(_, red)| red);
    if breach.red && !was_red {
        let what = format!("{}, of special interest", breach_words(case.study, breach));
        timeline::ask_for_harm(room, &what, Trigger::MayBeHarm, about, draft);
    }
    if measured_after(room, &breach.measure, about) {
        return;
    }
    let (level, colour) = if breach.red { (limit.red_level, "red") } else { (AlarmLevel::Amber, "amber") };
    let card = limit.card.as_ref().filter(|_| breach.red);
    let key = format!("{}/{colour}", limit.id);
    alarms::raise(room, Raise::new(AlarmKind::Limit, key, level, words.clone()).about(about).card(card), draft);
    if let Some(tell) = limit.tell_minutes.filter(|_| !breach.red)
        && Case::minutes_between(first, at) >= minutes(tell)
    {
        let text = format!("Lasts since {}: {words}", case.clock(first));
        let alarm = Raise::new(AlarmKind::Limit, format!("{}/lasting", limit.id), AlarmLevel::Amber, text);
        alarms::raise(room, alarm.about(about).tell(Duty::Prescribe), draft);
    }
}

/// Amber is over with one reading within the limit, red with two one after the other.
fn within_again(room: &Room<'_>, measures: &BTreeMap<String, Decimal>, breaches: &[BreachFound], draft: &mut Draft) {
    let case = room.case;
    for limit in &case.study.session.limits {
        let now_within =
            measures.contains_key(&limit.measure) && !breaches.iter().any(|breach| breach.limit == limit.id);
        if !now_within || room.session.readings.iter().any(|r| r.at > case.at && breaching(r, &limit.id).is_some()) {
            continue;
        }
        let twice =
            before(room, &limit.measure, case.at).next().is_some_and(|last| breaching(last, &limit.id).is_none());
        let red = format!("{}/red", limit.id);
        let prefix = format!("{}/", limit.id);
        let over = |alarm: &crate::state::Alarm| {
            alarm.kind == AlarmKind::Limit && alarm.key.starts_with(&prefix) && (twice || alarm.key != red)
        };
        alarms::end(room, over, || format!("within the limit at {}", case.clock(case.at)), draft);
    }
}

/// Since when distress has been grave, up to and with the last rating before a moment.
fn grave_since(room: &Room<'_>, at: Timestamp, now: Option<Decimal>) -> Option<Timestamp> {
    let plan = room.case.study.session.room.distress.as_ref()?;
    let grave = |value: Decimal| value >= plan.grave_at;
    if now.is_some_and(|value| !grave(value)) {
        return None;
    }
    let earlier = before(room, &plan.measure, at)
        .filter_map(|reading| Some((reading.at, *reading.measures.get(&plan.measure)?)))
        .take_while(|(_, value)| grave(*value));
    earlier.last().map(|(since, _)| since).or(now.map(|_| at))
}

fn grave_alarm(room: &Room<'_>, since: Timestamp) -> Option<Raise> {
    let plan = room.case.study.session.room.distress.as_ref()?;
    let lasted = Case::minutes_between(since, room.case.at);
    (lasted > minutes(plan.grave_minutes)).then(|| {
        let level = plan.card.as_ref().and_then(|card| room.case.study.session.room.card(card));
        let level = level.map_or(AlarmLevel::Amber, |card| card.level);
        let text = format!("Distress {} or more since {}, for {lasted} min", plan.grave_at, room.case.clock(since));
        Raise::new(AlarmKind::Distress, since.to_string(), level, text).card(plan.card.as_ref())
    })
}

fn distress(room: &Room<'_>, measures: &BTreeMap<String, Decimal>, about: &InstanceId, draft: &mut Draft) {
    let case = room.case;
    let Some(plan) = &case.study.session.room.distress else { return };
    let Some(now) = measures.get(&plan.measure) else { return };
    match grave_since(room, case.at, Some(*now)) {
        Some(since) => {
            if let Some(alarm) = grave_alarm(room, since).filter(|_| !measured_after(room, &plan.measure, about)) {
                alarms::raise(room, alarm.about(about), draft);
            }
        }
        None => {
            let text = format!("distress {now} at {}", case.clock(case.at));
            alarms::end(room, |alarm| alarm.kind == AlarmKind::Distress, || text.clone(), draft);
        }
    }
}

/// What the time has brought: slots that went by, repeats that were not taken, distress that lasts.
pub(super) fn by_time(room: &Room<'_>, alarms: &mut Vec<Raise>) {
    let case = room.case;
    let session = &case.study.session;
    for slot in monitoring::missed(room, case.at).filter(|slot| slot.offset_minutes >= 0) {
        let text = format!("The vital signs of {:+} min ({}) were not taken", slot.offset_minutes, slot.id);
        alarms.push(Raise::new(AlarmKind::Overdue, slot.id.as_str(), AlarmLevel::Amber, text).tell(Duty::LeadSession));
    }
    for slot in monitoring::missed_ratings(room, case.at).filter(|slot| slot.offset_minutes >= 0) {
        let text = format!("The distress rating of {:+} min ({}) was not asked", slot.offset_minutes, slot.id);
        alarms.push(Raise::new(AlarmKind::Overdue, slot.id.as_str(), AlarmLevel::Info, text).tell(Duty::LeadSession));
    }
    for measure in &session.measures {
        let Some(last) = before(room, &measure.id, case.at).next() else { continue };
        let breach = last.breaches.iter().filter(|breach| breach.measure == measure.id).min_by_key(|b| b.repeat_by);
        if let Some(breach) = breach.filter(|breach| breach.repeat_by < case.at) {
            let words = breach_words(case.study, breach);
            let text = format!("To be measured again by {}: {words}", case.clock(breach.repeat_by));
            let key = format!("{}/{}", measure.id, last.instance);
            alarms.push(Raise::new(AlarmKind::Repeat, key, AlarmLevel::Amber, text).about(&last.instance));
        }
    }
    if let Some(since) = grave_since(room, case.at, None) {
        alarms.extend(grave_alarm(room, since));
    }
}
