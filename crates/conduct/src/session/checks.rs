//! The checks of the day, as the study sets them: each recorded by somebody who may, young enough, and clearing.
//!
//! What a check asks, what clears it, how long it stays good and what a failure does are data. The same rules serve
//! the criteria for leaving. Source: dosing-day.md §3 and §10; DESIGN, settled point 10.

use super::room::{Room, minutes};
use crate::{
    case::{Case, Draft},
    decide::FactNo,
    entry::{Entry, Person},
    finding::{Broken, Finding, Rule, Unreadable},
    forms,
    names::Names,
    state::CheckDone,
};
use jiff::Timestamp;
use protocol::{
    expression::Answer,
    model::{Check, Duty, Failing, Trigger},
};
use std::{borrow::Cow, collections::BTreeMap};
use terms::{CheckId, FieldId, Value};

/// Every check of the day.
pub const CHECK: Rule = Rule {
    id: "session.check",
    sentence: "Every check that the study names for the day is done, young enough, and clears",
    source: "The study's checks before the dose; dosing-day.md §3",
    binds: &["authorise_dose"],
    broken: "Deviation dose_unauthorised",
};
/// The form that goes with a check.
pub const CHECK_FORM: Rule = Rule {
    id: "session.check_form",
    sentence: "The form that a check goes with is filled in, young enough",
    source: "The study's checks before the dose",
    binds: &["authorise_dose"],
    broken: "Deviation dose_unauthorised",
};
/// Every criterion for leaving.
pub const DISCHARGE: Rule = Rule {
    id: "session.discharge",
    sentence: "Every criterion for leaving was found met after the dose",
    source: "The study's discharge plan; dosing-day.md §10",
    binds: &["discharge"],
    broken: "Deviation left_early",
};

/// One finding for each check of the day, and one for each form that goes with one.
pub(super) fn before_the_dose(room: &Room<'_>, findings: &mut Vec<Finding>) {
    for check in &room.case.study.session.checks {
        findings.push(finding(room, &CHECK, check, None));
        if let Some(form) = &check.form
            && applies(room, check)
        {
            findings.push(form_finding(room, check, form.as_str()));
        }
    }
}

/// One finding for each criterion for leaving; what was recorded before the dose doesn't count.
pub(super) fn for_leaving(room: &Room<'_>, findings: &mut Vec<Finding>) {
    for check in &room.case.study.session.discharge.criteria {
        findings.push(finding(room, &DISCHARGE, check, room.dosed_at()));
    }
}

/// Whether a check is asked of this participant. What can't be said is asked.
fn applies(room: &Room<'_>, check: &Check) -> bool {
    check.applies.as_ref().is_none_or(|applies| applies.evaluate(&|name| look_up(room, name)) != Answer::No)
}

/// What a name in a check's expression stands for, beside the check's own fields: a name of the study, or the session's time.
fn look_up(room: &Room<'_>, name: &str) -> Option<Value> {
    if name == "session.minutes_since_dose" {
        return room.dosed_at().map(|dosed| Value::Integer(Case::minutes_between(dosed, room.case.at)));
    }
    Names { study: room.case.study, participant: room.participant, today: room.case.day }.look_up(name)
}

fn finding(room: &Room<'_>, rule: &Rule, check: &Check, since: Option<Timestamp>) -> Finding {
    let case = room.case;
    let condition = check.id.as_str();
    let broken = |found: String, remedy: &str| -> Finding {
        let needed = check.fresh_minutes.map_or_else(
            || format!("{}, today", check.sentence),
            |fresh| format!("{}, at most {fresh} min old", check.sentence),
        );
        let broken = Broken::new(rule, found, needed, remedy)
            .from_source(&check.source)
            .about(condition, check.sentence.as_str());
        match check.by.first() {
            Some(duty) => broken.by(*duty).into(),
            None => broken.into(),
        }
    };
    let holds = |found: Cow<'static, str>| {
        let holds = Finding::holds(rule, found);
        if case.brief { holds } else { holds.about(condition, check.sentence.as_str()) }
    };
    if !applies(room, check) {
        return holds("does not apply".into());
    }
    let Some(done) = room.session.checks.get(&check.id) else {
        return broken("not done".to_owned(), &check.remedy_missing);
    };
    let found = || format!("{} at {}", shown(&done.values), case.clock(done.at));
    if since.is_some_and(|since| done.at < since) {
        return broken(format!("{}, before the dose", found()), &check.remedy_missing);
    }
    // A check of the day is over with the day: at midnight itself it is one of yesterday.
    let yesterday = check.fresh_minutes.is_none() && case.day_of(done.at) != case.day;
    if yesterday || done.expires.is_some_and(|end| end < case.at) {
        let end = done.expires.map(|end| case.clock(end)).unwrap_or_default();
        return broken(format!("{}, good until {end}", found()), &check.remedy_missing);
    }
    // What the check reads from forms may have been corrected since it was done; what was filled in later says nothing of it.
    let later = check.form.as_ref().and_then(|form| room.participant.latest_form(form.as_str()));
    let later = later.is_some_and(|(_, record)| record.at > case.at);
    let passes = || evaluate(check, &done.values, &|name| look_up(room, name)) == Answer::Yes;
    let cleared = done.clears && (later || passes())
        || match check.failing {
            Failing::Refuse => false,
            Failing::Prescriber => done.agreed,
            Failing::Warn => true,
        };
    if cleared {
        return holds(case.held(found)).until(done.expires);
    }
    broken(format!("{}{}", found(), why_not(room, check, done)), &check.remedy_failed)
}

/// Why a check whose answers pass does not clear all the same.
fn why_not(room: &Room<'_>, check: &Check, done: &CheckDone) -> String {
    match evaluate(check, &done.values, &|name| look_up(room, name)) {
        Answer::Yes => match again_too_soon(room, check, &done.failed, done.at) {
            Some(why) => format!(", {why}"),
            None if check.signed => ", not signed by one who may".to_owned(),
            None => ", done by somebody who may not".to_owned(),
        },
        Answer::No => String::new(),
        Answer::Unknown(_) => ", not fully answered".to_owned(),
    }
}

/// Why a check that is done again after it failed does not clear: too soon, or too often failed on the day.
fn again_too_soon(room: &Room<'_>, check: &Check, failed: &[Timestamp], at: Timestamp) -> Option<String> {
    let earlier: Vec<Timestamp> = failed.iter().copied().filter(|failed| *failed < at).collect();
    if let Some(most) = check.failures_max.and_then(|most| usize::try_from(most).ok())
        && earlier.len() >= most
    {
        return Some(format!("failed {} times today: the prescriber sets another day", earlier.len()));
    }
    let (last, rest) = (earlier.last()?, check.repeat_minutes?);
    let passed = Case::minutes_between(*last, at);
    (passed < minutes(rest))
        .then(|| format!("{passed} min after it failed at {}, {rest} min of rest at least", room.case.clock(*last)))
}

fn form_finding(room: &Room<'_>, check: &Check, form: &str) -> Finding {
    let case = room.case;
    let title = case.study.form(form).map_or(form, |form| form.title.as_str());
    let broken = |found: String| -> Finding {
        Broken::new(&CHECK_FORM, found, format!("{title}, filled in today"), format!("fill in {title}"))
            .from_source(&check.source)
            .about(check.id.to_string(), format!("{title} is filled in"))
            .by(Duty::RecordData)
            .into()
    };
    let Some((_, record)) = room.participant.latest_form(form) else { return broken("not filled in".to_owned()) };
    let end = good_until(case, check, record.at);
    if end < case.at || check.fresh_minutes.is_none() && record.day != case.day {
        return broken(format!("filled in on {} at {}", record.day, case.clock(record.at)));
    }
    let holds = Finding::holds(&CHECK_FORM, case.held(|| format!("filled in at {}", case.clock(record.at))));
    let holds = if case.brief { holds } else { holds.about(check.id.to_string(), format!("{title} is filled in")) };
    holds.until(Some(end))
}

/// Answers as a person reads them: `systolic 135, diastolic 85`.
fn shown(values: &BTreeMap<FieldId, Value>) -> String {
    if values.is_empty() {
        return "done".to_owned();
    }
    let each: Vec<String> =
        values.iter().map(|(field, value)| format!("{} {value}", field.as_str().replace('_', " "))).collect();
    each.join(", ")
}

/// The end of a check that was done at a moment: so many minutes, or the site's day.
fn good_until(case: &Case<'_>, check: &Check, at: Timestamp) -> Timestamp {
    check.fresh_minutes.map_or_else(|| case.end_of_day(at), |fresh| Case::after_minutes(at, minutes(fresh)))
}

fn evaluate(check: &Check, values: &BTreeMap<FieldId, Value>, other: &dyn Fn(&str) -> Option<Value>) -> Answer {
    check.pass.evaluate(&|name| match values.get(name) {
        Some(value) => (!value.is_missing()).then(|| value.clone()),
        None => other(name),
    })
}

/// A check or criterion of the study by its id.
pub(super) fn known<'c>(room: &Room<'c>, id: &CheckId) -> Result<&'c Check, Unreadable> {
    let session = &room.case.study.session;
    let mut all = session.checks.iter().chain(&session.discharge.criteria);
    all.clone().find(|check| check.id == *id).ok_or_else(|| {
        let known: Vec<&str> = all.by_ref().map(|check| check.id.as_str()).collect();
        Unreadable {
            field: "check".to_owned(),
            what: format!("there is no check \"{id}\" in this study"),
            mend: format!("the checks are {}", known.join(", ")),
        }
    })
}

/// Records a check as it was found. Unknown doesn't clear, and neither does what somebody did who may not.
pub(super) fn record(
    room: &Room<'_>,
    id: &CheckId,
    given: &BTreeMap<FieldId, Value>,
    draft: &mut Draft,
) -> Result<(), FactNo> {
    let case = room.case;
    let check = known(room, id)?;
    let values = forms::read_values(&check.fields, given).map_err(FactNo::Unreadable)?;
    let may = check.by.is_empty() || case.actor.duties.has_any(&check.by);
    let signed = !check.signed || case.actor.proof.signed || case.actor.proof.person == Person::Program;
    let passes = evaluate(check, &values, &|name| look_up(room, name)) == Answer::Yes;
    let earlier = room.session.checks.get(id).map(|done| done.failed.as_slice()).unwrap_or_default();
    let rested = again_too_soon(room, check, earlier, case.at).is_none();
    let instance = draft.instance();
    draft.participant(Entry::CheckRecorded {
        session: room.number,
        instance: instance.clone(),
        check: id.clone(),
        values,
        clears: passes && may && signed && rested,
        fails: !passes,
        expires: Some(good_until(case, check, case.at)),
    });
    if !may {
        let detail = format!("{}: recorded by somebody who may not do it", check.sentence);
        draft.consequence(case, Trigger::WrongPerson, detail, Some(&room.plan.visit), Some(&instance));
    }
    Ok(())
}

/// The prescriber clears a check with a reason, or agrees that the pause after a breach is over.
pub(super) fn agree(room: &Room<'_>, check: Option<&CheckId>, draft: &mut Draft) -> Result<(), FactNo> {
    if let Some(id) = check {
        let check = known(room, id)?;
        let unreadable =
            |field: &str, what: String, mend: &str| Unreadable { field: field.to_owned(), what, mend: mend.to_owned() };
        if check.failing != Failing::Prescriber {
            let what = format!("\"{}\" is not a check that the prescriber can clear", check.sentence);
            return Err(unreadable("check", what, "do the check again, or set another day").into());
        }
        if !room.session.checks.contains_key(id) {
            let what = format!("\"{}\" has not been done in this session", check.sentence);
            return Err(unreadable(
                "check",
                what,
                "record the check first; the prescriber then says what they make of it",
            )
            .into());
        }
        if room.case.reason.is_none_or(|reason| reason.trim().is_empty()) {
            let what = "clearing a check says why".to_owned();
            return Err(unreadable("reason", what, "give the reason in a few words").into());
        }
    }
    draft.participant(Entry::Agreed { session: room.number, check: check.cloned() });
    Ok(())
}
