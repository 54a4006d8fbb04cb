//! What an amendment changes, in words: two versions of a study, told apart thing by thing.
//!
//! Both are walked as the structure that names a version, so nothing that changes the meaning can be left out; words
//! are found for each place.

use crate::model::{Reconsent, Study};
use serde_json::{Map, Value};
use std::fmt;

/// One change, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What it is about: `visit V9`, `criterion I11`, `dose`.
    pub about: String,
    /// What changed: "the window opens on day 21, was 18".
    pub what: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.about, self.what)
    }
}

/// Everything that the second version changes in the first, in the order of the study's parts. Empty exactly when both
/// have the same hash.
pub fn diff(before: &Study, after: &Study) -> Vec<Change> {
    let mut changes = Vec::new();
    if let (Ok(Value::Object(before)), Ok(Value::Object(after))) =
        (serde_json::to_value(before), serde_json::to_value(after))
    {
        for (key, noun) in PARTS {
            let (one, other) = (before.get(*key).unwrap_or(&Value::Null), after.get(*key).unwrap_or(&Value::Null));
            part(key, noun, one, other, &mut changes);
        }
    }
    changes
}

/// Who has to consent again before being moved to this version, in a sentence.
pub fn consequence(after: &Study) -> &'static str {
    match after.amendment.as_ref().map(|amendment| amendment.reconsent) {
        None => "This version amends no other: nobody is asked to consent again.",
        Some(Reconsent::None) => "Nobody is asked to consent again.",
        Some(Reconsent::InTreatment) => {
            "People who have not had their last dosing session consent again before they are moved."
        }
        Some(Reconsent::All) => "Everybody who is still in the study consents again before being moved.",
    }
}

/// Keys of a study with the noun for it, or for one of its list.
const PARTS: &[(&str, &str)] = &[
    ("id", "study"),
    ("title", "study"),
    ("version", "study"),
    ("summary", "study"),
    ("source", "study"),
    ("amendment", "amendment"),
    ("design", "design"),
    ("arms", "arm"),
    ("sites", "site"),
    ("epochs", "epoch"),
    ("visits", "visit"),
    ("activities", "activity"),
    ("forms", "form"),
    ("criteria", "criterion"),
    ("gates", "gate"),
    ("medication", "medicines"),
    ("consent", "consent"),
    ("dose", "dose"),
    ("session", "dosing day"),
    ("roles", "role"),
    ("deviations", "deviation"),
    ("clocks", "clock"),
    ("approvals", "approval"),
    ("certificates", "certificate"),
    ("relations", "relation of staff"),
    ("follow_up", "follow-up"),
    ("due", "time to do things"),
    ("stock", "stock"),
    ("analysis", "analysis"),
];

/// Nouns of lists inside other parts.
const INSIDE: &[(&str, &str)] = &[
    ("fields", "field"),
    ("checks", "check"),
    ("classes", "class"),
    ("medicines", "medicine"),
    ("versions", "version"),
    ("items", "item"),
    ("questions", "question"),
    ("sessions", "session"),
    ("levels", "level"),
    ("vitals", "reading"),
    ("measures", "measure"),
    ("limits", "limit"),
    ("criteria", "criterion for leaving"),
    ("codes", "code"),
    ("steps", "step"),
    ("ratings", "rating"),
    ("phases", "phase"),
    ("alarms", "alarm"),
    ("cards", "card"),
    ("contacts", "contact"),
    ("kinds", "kind of touch"),
    ("must_call", "sign"),
    ("options", "choice"),
    ("supplement_refusals", "reason"),
    ("reasons", "reason"),
    ("estimands", "estimand"),
    ("sets", "analysis set"),
    ("key_secondary", "secondary endpoint"),
    ("covariates", "covariate"),
    ("subgroups", "subgroup"),
    ("characteristics", "characteristic"),
    ("shifts", "shift"),
    ("responders", "responder"),
    ("sensitivity", "sensitivity analysis"),
    ("guesses", "guess"),
    ("systems", "body system"),
    ("published", "published result"),
    ("forms", "form"),
    ("calendars", "calendar"),
];

/// Words for keys that don't speak for themselves.
const KEYS: &[(&str, &str)] = &[
    ("opens", "the window opens on day"),
    ("closes", "the window closes on day"),
    ("target_days", "the target day is"),
    ("check", "the check is"),
    ("pass", "it passes when"),
    ("applies", "it is asked when"),
    ("text", "the text is"),
    ("sentence", "the sentence is"),
    ("title", "the title is"),
    ("name", "the name is"),
    ("label", "the label is"),
    ("anchor", "days are counted from"),
    ("fresh_minutes", "it stays good for"),
    ("valid_days", "it stays good for"),
    ("ack_minutes", "it is answered in"),
    ("sober_after_hours", "nobody can consent after a dose for"),
    ("grave_at", "it is grave from"),
    ("day_max_ml", "most in a day is"),
    ("missed_minutes", "it is an alarm after"),
    ("red_once_at", "red begins at once at"),
    ("red_minutes", "red begins when it has lasted"),
    ("tell_minutes", "the prescriber is told after"),
    ("repeat_minutes", "it is done again after"),
    ("failures_max", "it clears no more after"),
    ("amber_at", "amber begins at"),
    ("red_at", "red begins at"),
    ("amber_low", "amber begins at or below"),
    ("red_low", "red begins at or below"),
    ("opens_minutes", "the supplement's window opens at"),
    ("closes_minutes", "the supplement's window closes at"),
    ("reason_after_minutes", "a reason is asked for after"),
    ("text_sha256", "the text itself changed; its hash is"),
    ("interval_days_min", "least time between sessions is"),
    ("interval_days_max", "most time between sessions is"),
    ("session_max_mg", "most in one session is"),
    ("participants_planned", "people planned are"),
    ("due_hours", "it is due in"),
    ("routes_min", "routes by which people are tried are at least"),
    ("notice_days", "people are told before its end by"),
    ("hours_min", "supervised hours on it are at least"),
    ("licensed_min", "carers with a licence are at least"),
    ("from", "it is needed from"),
    ("temperature_c_min", "the coldest in the safe is"),
    ("temperature_c_max", "the warmest in the safe is"),
    ("count_every_days", "a count is due every"),
    ("recount_minutes", "both count again within"),
    ("forecast_weeks", "the forecast looks ahead"),
];

fn part(key: &str, noun: &str, before: &Value, after: &Value, changes: &mut Vec<Change>) {
    match (before, after) {
        (Value::Array(one), Value::Array(other)) => list(noun, noun, one, other, changes),
        (Value::Object(one), Value::Object(other)) => {
            if key == "source" {
                compare(noun, key, before, after, changes);
            } else {
                object(noun, one, other, changes);
            }
        }
        _ => compare(noun, key, before, after, changes),
    }
}

/// Two tables, key by key.
fn object(about: &str, before: &Map<String, Value>, after: &Map<String, Value>, changes: &mut Vec<Change>) {
    let mut keys: Vec<&String> = before.keys().collect();
    keys.extend(after.keys().filter(|key| !before.contains_key(*key)));
    for key in keys {
        let (one, other) = (before.get(key).unwrap_or(&Value::Null), after.get(key).unwrap_or(&Value::Null));
        if one == other {
            continue;
        }
        match (key.as_str(), one, other) {
            ("at", Value::Object(one), Value::Object(other)) => schedule(about, one, other, changes),
            ("source" | "kind", _, _) => compare(about, key, one, other, changes),
            (_, Value::Object(one), Value::Object(other)) => {
                // The window and its kin are part of the thing; larger tables are named.
                let inner = match key.as_str() {
                    "window" | "what" | "anchor" | "rule" | "assignment" => about.to_owned(),
                    _ => format!("{about}, {}", key.replace('_', " ")),
                };
                object(&inner, one, other, changes);
            }
            (_, Value::Array(one), Value::Array(other)) if named(one) && named(other) => {
                let noun = INSIDE.iter().find(|(known, _)| known == key).map_or(key.as_str(), |(_, noun)| noun);
                list(&format!("{about}, {noun}"), noun, one, other, changes);
            }
            (_, Value::Array(one), Value::Array(other)) => members(about, key, one, other, changes),
            _ => compare(about, key, one, other, changes),
        }
    }
}

/// Where an activity is done.
fn schedule(about: &str, before: &Map<String, Value>, after: &Map<String, Value>, changes: &mut Vec<Change>) {
    let need = |value: &Value| if value == "required" { "required" } else { "if indicated" };
    for (visit, value) in after {
        let what = match before.get(visit) {
            None => format!("now at {visit} ({})", need(value)),
            Some(was) if was != value => format!("at {visit} now {}, was {}", need(value), need(was)),
            Some(_) => continue,
        };
        changes.push(Change { about: about.to_owned(), what });
    }
    for visit in before.keys().filter(|visit| !after.contains_key(*visit)) {
        changes.push(Change { about: about.to_owned(), what: format!("no longer at {visit}") });
    }
}

/// Two lists of things with names: new, gone, changed, in another order.
fn list(about: &str, noun: &str, before: &[Value], after: &[Value], changes: &mut Vec<Change>) {
    let title = |value: &Value| {
        let title = ["title", "name", "label", "text", "sentence"].iter().find_map(|key| value.get(key)?.as_str());
        title.map(|title| format!(" ({title})")).unwrap_or_default()
    };
    // `visit V9`, but `form ecg, field qt_ms`: the noun stands at the end of `about` already.
    let called = |name: &str| format!("{about} {name}");
    let _ = noun;
    for other in after {
        let Some(name) = identity(other) else { continue };
        match before.iter().find(|one| identity(one).as_deref() == Some(name.as_str())) {
            None => {
                let added = format!("new{}{}", title(other), essence(other));
                changes.push(Change { about: called(&name), what: added });
            }
            Some(one) => {
                if let (Value::Object(one), Value::Object(other)) = (one, other) {
                    object(&called(&name), one, other, changes);
                }
            }
        }
    }
    for one in before {
        let Some(name) = identity(one) else { continue };
        if !after.iter().any(|other| identity(other).as_deref() == Some(name.as_str())) {
            changes.push(Change { about: called(&name), what: format!("taken out{}", title(one)) });
        }
    }
    let kept = |list: &[Value], other: &[Value]| -> Vec<String> {
        let there = |name: &String| other.iter().any(|value| identity(value).as_ref() == Some(name));
        list.iter().filter_map(identity).filter(there).collect()
    };
    let (one, other) = (kept(before, after), kept(after, before));
    if one != other {
        let moved = one.iter().zip(&other).find(|(a, b)| a != b).map(|(_, b)| b.as_str()).unwrap_or_default();
        let what = format!("another order, from `{moved}` on");
        changes.push(Change { about: about.to_owned(), what });
    }
}

/// The gist of something new: its window, its check, its doses.
fn essence(value: &Value) -> String {
    let mut parts = Vec::new();
    if let (Some(target), Some(window)) = (value.get("target_days"), value.get("window")) {
        let bound = |key: &str| window.get(key).map(Value::to_string).unwrap_or_default();
        let from = value.get("anchor").map(shown).unwrap_or_default();
        parts.push(format!("day {target} from {from}, window {} to {}", bound("opens"), bound("closes")));
    }
    for key in ["check", "pass"] {
        if let Some(Value::String(check)) = value.get(key) {
            parts.push(format!("`{}`", one_line(check)));
        }
    }
    if let (Some(initial), Some(supplement)) = (value.get("initial_mg"), value.get("supplement_mg")) {
        parts.push(format!("{} mg, then {} mg", shown(initial), shown(supplement)));
    }
    if parts.is_empty() { String::new() } else { format!(": {}", parts.join("; ")) }
}

/// Two lists of plain values: what came, what went.
fn members(about: &str, key: &str, before: &[Value], after: &[Value], changes: &mut Vec<Change>) {
    let list = |values: Vec<&Value>| values.into_iter().map(shown).collect::<Vec<_>>().join(", ");
    let came: Vec<&Value> = after.iter().filter(|value| !before.contains(value)).collect();
    let went: Vec<&Value> = before.iter().filter(|value| !after.contains(value)).collect();
    let key = key.replace('_', " ");
    let what = match (came.is_empty(), went.is_empty()) {
        (true, true) => format!("{key}: another order, {}", list(after.iter().collect())),
        (false, true) => format!("{key}: also {}", list(came)),
        (true, false) => format!("{key}: no longer {}", list(went)),
        (false, false) => format!("{key}: now {}, no longer {}", list(came), list(went)),
    };
    changes.push(Change { about: about.to_owned(), what });
}

fn compare(about: &str, key: &str, before: &Value, after: &Value, changes: &mut Vec<Change>) {
    if before == after {
        return;
    }
    let unit = unit(key);
    let with_unit = |value: &Value| match value {
        Value::Null => "nothing".to_owned(),
        value if unit.is_empty() => shown(value),
        value => format!("{} {unit}", shown(value)),
    };
    let words = KEYS.iter().find(|(known, _)| *known == key).map(|(_, words)| (*words).to_owned());
    let words = words.unwrap_or_else(|| {
        let bare = key.trim_end_matches("_minutes").trim_end_matches("_days").trim_end_matches("_mg");
        format!("{} is", bare.replace('_', " "))
    });
    let what = match (before, after) {
        (Value::Bool(_), Value::Bool(now)) => {
            format!("{} {}", key.replace('_', " "), if *now { "now holds" } else { "no longer holds" })
        }
        _ => format!("{words} {}, was {}", with_unit(after), with_unit(before)),
    };
    changes.push(Change { about: about.to_owned(), what });
}

fn unit(key: &str) -> &'static str {
    match key {
        "target_days" => "",
        _ if key.contains("_days") => "days",
        _ if key.contains("_minutes") || key.starts_with("minutes") => "min",
        _ if key.contains("_hours") => "h",
        _ if key.contains("_mg") => "mg",
        _ => "",
    }
}

/// A value as a person reads it.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => {
            let line = one_line(text);
            if line.contains(' ') || line.contains('=') { format!("`{line}`") } else { line }
        }
        Value::Object(map) => match (map.get("text"), map.get("tag")) {
            (Some(Value::String(text)), Some(Value::String(tag))) => format!("`{} [{tag}]`", one_line(text)),
            _ => {
                let parts: Vec<String> = map
                    .iter()
                    .map(|(key, value)| {
                        if key == "kind" || key == "visit" {
                            shown(value)
                        } else {
                            format!("{} {}", key.replace('_', " "), shown(value))
                        }
                    })
                    .collect();
                parts.join(", ")
            }
        },
        Value::Array(values) => values.iter().map(shown).collect::<Vec<_>>().join(", "),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Null => "nothing".to_owned(),
        Value::Number(number) => number.to_string(),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn named(values: &[Value]) -> bool {
    values.iter().all(|value| value.is_object() && identity(value).is_some())
}

fn identity(value: &Value) -> Option<String> {
    ["id", "code", "number", "version", "name"].iter().find_map(|key| match value.get(key)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}
