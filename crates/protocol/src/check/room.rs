//! The session room: codes and their keys, alarms, cards, contacts, drinking, touch, phases, the night.

use super::{Checker, session::overlaps};
use crate::{
    decode::word_of,
    model::{CodeMeaning, Duty, RoomPlan, SessionPlan, TimelineCode},
};

pub fn check(checker: &Checker<'_>, session: &SessionPlan) {
    let room = &session.room;
    codes(checker, session);
    cards(checker, session);
    alarms(checker, room);
    steps(checker, session);
    overlaps(checker, &room.ratings, "session/rating");
    fluids(checker, room);
    distress(checker, session);
    touch(checker, session);
    phases(checker, room);
    night(checker, room);
    for site in &checker.parts.sites {
        for contact in &site.contacts {
            let place = format!("site/{}/contact/{}", site.id, contact.contact);
            checker.known("study.unknown-contact", "session/contact", "contact", &contact.contact, &place);
        }
    }
}

fn card(checker: &Checker<'_>, card: Option<&String>, path: &str) {
    if let Some(card) = card {
        checker.known("study.unknown-card", "session/card", "card", card, &format!("{path}/card"));
    }
}

fn codes(checker: &Checker<'_>, session: &SessionPlan) {
    for (position, code) in session.codes.iter().enumerate() {
        let path = format!("session/code/{}", code.code);
        keys(checker, session.codes.get(..position).unwrap_or_default(), code, &path);
        meaning(checker, session, code, &path);
        card(checker, code.card.as_ref(), &path);
        for chosen in &code.alarm_on {
            if !code.options.iter().any(|option| option.code == *chosen) {
                let message = format!("`{}` has no choice `{chosen}`", code.code);
                let place = format!("{path}/alarm_on");
                let mistake = checker.mistake("study.code-meaning", &place, message, "never chosen");
                checker.note(mistake.mend("name one of its `options`, or leave `alarm_on` out"));
            }
        }
    }
}

fn keys(checker: &Checker<'_>, before: &[TimelineCode], code: &TimelineCode, path: &str) {
    let Some(keys) = &code.keys else { return };
    let place = format!("{path}/keys");
    let letters = keys.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit());
    if !letters || keys.len() > 2 {
        let message = format!("`{keys}` can't be typed in two strokes");
        let mistake = checker.mistake("study.code-keys", &place, message, "not one or two small letters");
        checker.note(mistake.mend("write one or two letters from a to z, or digits"));
    }
    let clash = before.iter().find(|other| {
        other.keys.as_ref().is_some_and(|known| known.starts_with(keys.as_str()) || keys.starts_with(known.as_str()))
    });
    if let Some(other) = clash {
        let message = format!("the keys of `{}` begin like those of `{}`", code.code, other.code);
        let mistake = checker.mistake("study.code-keys", &place, message, "nobody knows which is meant");
        let mistake = mistake.note(&checker.place(&format!("session/code/{}/keys", other.code)), "the other");
        checker.note(mistake.mend("choose other letters for one of them"));
    }
}

fn meaning(checker: &Checker<'_>, session: &SessionPlan, code: &TimelineCode, path: &str) {
    let Some(means) = code.means else { return };
    let touch = matches!(means, CodeMeaning::TouchOffered | CodeMeaning::TouchAccepted);
    let kinds = session.room.touch.as_ref().map(|touch| touch.kinds.as_slice()).unwrap_or_default();
    let strange = code.options.iter().find(|option| !kinds.iter().any(|kind| kind.code == option.code));
    let wrong = match means {
        CodeMeaning::Drink if code.unit.is_none() => Some(("it carries no number", "add `unit = \"ml\"`".to_owned())),
        CodeMeaning::Rescue if !code.words => Some(("nothing names the medicine", "add `words = true`".to_owned())),
        _ if touch && strange.is_some() => {
            let known: Vec<&str> = kinds.iter().map(|kind| kind.code.as_str()).collect();
            Some(("it offers a kind of touch that can't be agreed on", format!("the kinds are: {}", known.join(", "))))
        }
        _ => None,
    };
    if let Some((why, mend)) = wrong {
        let message = format!("`{}` means {}, and {why}", code.code, word_of(means).replace('_', " "));
        let mistake = checker.mistake("study.code-meaning", &format!("{path}/means"), message, "not enough is asked");
        checker.note(mistake.mend(mend));
    }
}

fn cards(checker: &Checker<'_>, session: &SessionPlan) {
    for (position, one) in session.room.cards.iter().enumerate() {
        let path = format!("session/card/{}", one.id);
        if one.steps.is_empty() || one.recognise.is_empty() {
            let key = if one.steps.is_empty() { "steps" } else { "recognise" };
            let message = format!("the card `{}` helps nobody", one.id);
            let mistake = checker.mistake("study.card-empty", &format!("{path}/{key}"), message, "nothing in it");
            checker.note(mistake.mend("write how it is recognised and what to do, or take the card out"));
        }
        for contact in &one.call {
            let place = format!("{path}/call/{contact}");
            checker.known("study.unknown-contact", "session/contact", "contact", contact, &place);
        }
        let earlier = session.room.cards.get(..position).unwrap_or_default();
        if let Some(other) = earlier.iter().find(|other| one.key.is_some() && other.key == one.key) {
            let message = format!("`{}` and `{}` open with the same key", one.id, other.id);
            let mistake = checker.mistake("study.code-keys", &format!("{path}/key"), message, "taken");
            let mistake = mistake.note(&checker.place(&format!("session/card/{}/key", other.id)), "the other card");
            checker.note(mistake.mend("choose another key for one of them"));
        }
    }
    for limit in &session.limits {
        card(checker, limit.card.as_ref(), &format!("session/limit/{}", limit.id));
    }
}

fn held(checker: &Checker<'_>, duty: Duty, path: &str) {
    let roles = &checker.parts.roles;
    if !roles.is_empty() && !roles.iter().any(|role| role.duties.contains(&duty)) {
        let message = format!("nobody has the duty `{}`", duty.name());
        let mistake = checker.mistake("study.alarm", path, message, "nobody would be told");
        checker.note(mistake.mend("name another duty, or give this one to a role"));
    }
}

fn alarms(checker: &Checker<'_>, room: &RoomPlan) {
    for rule in &room.alarms {
        let path = format!("session/alarm/{}", rule.level.name());
        if rule.ack_minutes == 0 || rule.tell.is_empty() {
            let key = if rule.tell.is_empty() { "tell" } else { "ack_minutes" };
            let message = format!("an alarm of the level `{}` can't be answered", rule.level.name());
            let mistake = checker.mistake("study.alarm", &format!("{path}/{key}"), message, "nobody, or no time");
            checker.note(mistake.mend("name who is told, and in how many minutes they answer"));
        }
        for duty in &rule.tell {
            held(checker, *duty, &format!("{path}/tell/{}", duty.name()));
        }
    }
}

fn steps(checker: &Checker<'_>, session: &SessionPlan) {
    for step in &session.room.steps {
        let path = format!("session/presence/step/{}", step.id);
        held(checker, step.tell, &format!("{path}/tell"));
        if step.after_minutes > session.presence.gap_minutes_max {
            let message = format!("`{}` is told only after it has become a deviation", step.id);
            let label = format!("later than {} min", session.presence.gap_minutes_max);
            let mistake = checker.mistake("study.presence", &format!("{path}/after_minutes"), message, label);
            checker.note(mistake.mend("tell them before `gap_minutes_max` has passed"));
        }
    }
}

fn fluids(checker: &Checker<'_>, room: &RoomPlan) {
    let Some(plan) = &room.fluids else { return };
    let path = "session/fluids";
    card(checker, plan.card.as_ref(), path);
    let ordered = plan.alert_at_ml.windows(2).all(|pair| matches!(pair, [one, other] if one < other));
    if plan.alert_at_ml.is_empty() || !ordered || plan.alert_at_ml.first() == Some(&0) {
        let message = "sums at which an alarm is raised must rise from above 0";
        let place = format!("{path}/alert_at_ml");
        let mistake = checker.mistake("study.fluids", &place, message, "not in order");
        checker.note(mistake.mend("write them from small to large, such as [2500, 3000]"));
    }
    if plan.alert_at_ml.iter().all(|at| *at > plan.day_max_ml) && !plan.alert_at_ml.is_empty() {
        let message = format!("the day's limit of {} ml is passed without an alarm", plan.day_max_ml);
        let mistake = checker.mistake("study.fluids", &format!("{path}/day_max_ml"), message, "no alarm up to here");
        checker.note(mistake.mend("raise an alarm at the limit, or before it"));
    }
}

fn distress(checker: &Checker<'_>, session: &SessionPlan) {
    let Some(plan) = &session.room.distress else { return };
    let path = "session/distress";
    card(checker, plan.card.as_ref(), path);
    let place = format!("{path}/measure");
    if !checker.known("study.unknown-measure", "session/measure", "measure", &plan.measure, &place) {
        return;
    }
    let Some(measure) = session.measures.iter().find(|measure| measure.id == plan.measure) else { return };
    if plan.grave_at > measure.max || plan.grave_at < measure.min {
        let message = format!("`{}` can never be so grave", measure.id);
        let label = format!("ratings lie from {} to {}", measure.min, measure.max);
        let mistake = checker.mistake("study.limit-range", &format!("{path}/grave_at"), message, label);
        checker.note(mistake.mend("write a rating of the scale"));
    }
}

fn touch(checker: &Checker<'_>, session: &SessionPlan) {
    let Some(plan) = &session.room.touch else { return };
    let path = "session/touch";
    if !checker.known("study.unknown-check", "session/check", "check", &plan.check, &format!("{path}/check")) {
        return;
    }
    let Some(asked) = session.checks.iter().find(|check| check.id == *plan.check.as_str()) else { return };
    for kind in &plan.kinds {
        if !asked.fields.iter().any(|field| field.id == *kind.code.as_str()) {
            let message = format!("nobody is asked whether `{}` is agreed on", kind.code);
            let place = format!("{path}/kinds/{}", kind.code);
            let label = format!("no field of the check `{}`", plan.check);
            let mistake = checker.mistake("study.touch", &place, message, label);
            let mend = format!("add a yes-or-no field `{}` to the check `{}`", kind.code, plan.check);
            checker.note(mistake.mend(mend));
        }
    }
}

fn phases(checker: &Checker<'_>, room: &RoomPlan) {
    for (position, phase) in room.phases.iter().enumerate() {
        let path = format!("session/phase/{}", phase.id);
        if phase.until_minutes.is_some_and(|until| until <= phase.from_minutes) {
            let message = format!("`{}` is over before it begins", phase.id);
            let mistake = checker.mistake("study.phase", &format!("{path}/until_minutes"), message, "not later");
            checker.note(mistake.mend("write a later minute"));
        }
        let Some(next) = room.phases.get(position + 1) else { continue };
        if phase.until_minutes != Some(next.from_minutes) {
            let message = format!("between `{}` and `{}` two phases are on, or none", phase.id, next.id);
            let place = format!("session/phase/{}/from_minutes", next.id);
            let until = phase.until_minutes.map_or_else(|| "never".to_owned(), |until| format!("at minute {until}"));
            let mistake = checker.mistake("study.phase", &place, message, format!("the one before ends {until}"));
            checker.note(mistake.mend("let each begin where the one before ends"));
        }
    }
}

fn night(checker: &Checker<'_>, room: &RoomPlan) {
    let Some(plan) = &room.night else { return };
    if plan.missed_minutes < plan.every_minutes || plan.every_minutes == 0 {
        let message = format!(
            "somebody looks in every {} min, and after {} min it is an alarm",
            plan.every_minutes, plan.missed_minutes
        );
        let mistake = checker.mistake("study.night", "session/night/missed_minutes", message, "too soon");
        checker.note(mistake.mend("let `missed_minutes` be longer than `every_minutes`"));
    }
}
