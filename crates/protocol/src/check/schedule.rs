//! Visits, activities and gates: what they name, and what fills them.

use super::{Checker, listed};
use crate::{
    model::{ActivityKind, Assignment, Duty, Epoch, Visit, VisitKind},
    scope::TAKEN,
};

pub fn check(checker: &Checker<'_>) {
    epochs(checker);
    visits(checker);
    activities(checker);
    filled(checker);
    gates(checker);
}

/// An epoch without a visit is a part of nobody's way; but those before the first visit are the time of the first call.
fn epochs(checker: &Checker<'_>) {
    let used = |epoch: &Epoch| checker.parts.visits.iter().any(|visit| visit.epoch == epoch.id);
    let from_the_first = checker.parts.epochs.iter().skip_while(|epoch| !used(epoch));
    for epoch in from_the_first.filter(|epoch| !used(epoch)) {
        let message = format!("no visit is in the epoch `{}`", epoch.id);
        let path = format!("epoch/{}", epoch.id);
        checker.note(
            checker
                .mistake("study.epoch-empty", &path, message, "empty")
                .warning()
                .mend("name it as the `epoch` of a visit, or take it out"),
        );
    }
}

fn visits(checker: &Checker<'_>) {
    let forms = checker.named("form");
    for visit in &checker.parts.visits {
        let path = format!("visit/{}", visit.id);
        checker.known("study.unknown-epoch", "epoch", "epoch", visit.epoch.as_str(), &format!("{path}/epoch"));
        for role in &visit.roles {
            let place = format!("{path}/roles/{role}");
            checker.known("study.unknown-role", "role", "role", role.as_str(), &place);
        }
        if visit.roles.is_empty() {
            let message = format!("nobody holds `{}`", visit.id);
            checker.note(
                checker
                    .mistake("study.visit-nobody", &format!("{path}/roles"), message, "empty")
                    .mend("name the roles that hold the visit"),
            );
        }
        if TAKEN.contains(&visit.id.as_str()) || forms.contains(visit.id.as_str()) {
            let taken = if forms.contains(visit.id.as_str()) { "a form's" } else { "the expressions' own" };
            let message = format!("a visit can't be called `{}`: that name is {taken}", visit.id);
            checker.note(checker.mistake("study.taken", &path, message, "taken").mend("give the visit another id"));
        }
        if visit.repeats_every_days == Some(0) {
            let message = format!("`{}` repeats every 0 days", visit.id);
            checker.note(
                checker
                    .mistake("study.repeat", &format!("{path}/repeats_every_days"), message, "without end on one day")
                    .mend("write the days from one to the next, or leave the key out"),
            );
        }
        session_of(checker, visit, &path);
    }
    for form in &checker.parts.forms {
        if TAKEN.contains(&form.id.as_str()) {
            let message = format!("a form can't be called `{}`: that name is the expressions' own", form.id);
            let path = format!("form/{}", form.id);
            checker.note(checker.mistake("study.taken", &path, message, "taken").mend("give the form another id"));
        }
    }
}

/// A dosing visit has a session number, and nothing else has.
fn session_of(checker: &Checker<'_>, visit: &Visit, path: &str) {
    match (visit.kind == VisitKind::Dosing, visit.session) {
        (true, None) => checker.note(
            checker
                .mistake(
                    "study.session-visit",
                    path,
                    format!("`{}` is a dosing visit without a session", visit.id),
                    "which session?",
                )
                .mend("add `session = 1`, 2, …"),
        ),
        (false, Some(number)) => checker.note(
            checker
                .mistake(
                    "study.session-visit",
                    &format!("{path}/session"),
                    format!("session {number} is at `{}`, which is no dosing visit", visit.id),
                    "not a dosing visit",
                )
                .mend("write `kind = \"dosing\"`, or leave `session` out"),
        ),
        _ => {}
    }
}

fn activities(checker: &Checker<'_>) {
    for activity in &checker.parts.activities {
        let path = format!("activity/{}", activity.id);
        for visit in activity.at.keys() {
            let required = format!("{path}/required/{visit}");
            let place = if checker.notebook.place(&required).is_some() {
                required
            } else {
                format!("{path}/if_indicated/{visit}")
            };
            checker.known("study.unknown-visit", "visit", "visit", visit.as_str(), &place);
        }
        if activity.at.is_empty() {
            let message = format!("the activity `{}` is done at no visit", activity.id);
            checker.note(
                checker
                    .mistake("study.activity-nowhere", &path, message, "neither required nor if indicated")
                    .mend("name visits in `required` or `if_indicated`, or take it out"),
            );
        }
        match &activity.what {
            ActivityKind::Form(form) => {
                checker.known("study.unknown-form", "form", "form", form.as_str(), &format!("{path}/form"));
            }
            ActivityKind::Gate(number) => {
                let number = number.to_string();
                checker.known("study.unknown-gate", "gate", "gate", &number, &format!("{path}/gate"));
            }
            ActivityKind::Dosing => dosing_visits(checker, activity.at.keys().map(terms::VisitId::as_str), &path),
            ActivityKind::Consent
            | ActivityKind::Assignment
            | ActivityKind::Medication
            | ActivityKind::AdverseEvents
            | ActivityKind::Session
            | ActivityKind::Accountability => {}
        }
    }
}

fn dosing_visits<'a>(checker: &Checker<'_>, visits: impl Iterator<Item = &'a str>, path: &str) {
    for id in visits {
        let Some(visit) = checker.parts.visits.iter().find(|visit| visit.id == *id) else { continue };
        if visit.kind != VisitKind::Dosing {
            let message = format!("a dosing session is planned at `{id}`, which is no dosing visit");
            let place = format!("{path}/required/{id}");
            checker.note(
                checker
                    .mistake("study.dosing-activity", &place, message, "not a dosing visit")
                    .mend("take it out here, or make it a dosing visit"),
            );
        }
    }
}

/// Every visit is filled by something, and what a study can't do without stands somewhere.
fn filled(checker: &Checker<'_>) {
    let parts = checker.parts;
    if parts.activities.is_empty() {
        return;
    }
    for visit in &parts.visits {
        let here = || parts.activities.iter().filter(|activity| activity.at.contains_key(visit.id.as_str()));
        let path = format!("visit/{}", visit.id);
        if here().next().is_none() {
            let message = format!("nothing is done at `{}`", visit.id);
            checker.note(
                checker
                    .mistake("study.visit-empty", &path, message, "no activity names this visit")
                    .mend("name it in an activity, or take the visit out"),
            );
        } else if visit.kind == VisitKind::Dosing && !here().any(|activity| activity.what == ActivityKind::Dosing) {
            let message = format!("`{}` is a dosing visit, but no dosing session is planned at it", visit.id);
            checker.note(
                checker
                    .mistake("study.dosing-activity", &path, message, "no activity `what = \"dosing\"` here")
                    .mend("add the visit to the activity with `what = \"dosing\"`"),
            );
        }
    }
    let somewhere = |what: &ActivityKind| parts.activities.iter().any(|activity| activity.what == *what);
    if !somewhere(&ActivityKind::Consent) {
        checker.note(
            checker
                .mistake(
                    "study.no-consent",
                    "activity",
                    "consent is taken at no visit",
                    "no activity `what = \"consent\"`",
                )
                .mend("add an activity with `what = \"consent\"` at the first visit"),
        );
    }
    let randomised =
        parts.design.as_ref().is_some_and(|design| matches!(design.assignment, Assignment::Randomised { .. }));
    if randomised && !somewhere(&ActivityKind::Assignment) {
        checker.note(
            checker
                .mistake(
                    "study.no-assignment",
                    "activity",
                    "the study is randomised, but nobody is assigned at any visit",
                    "no activity `what = \"assignment\"`",
                )
                .mend("add an activity with `what = \"assignment\"` at the visit of the last gate"),
        );
    }
}

fn gates(checker: &Checker<'_>) {
    let parts = checker.parts;
    for gate in &parts.gates {
        let path = format!("gate/{}", gate.number);
        let held = parts.activities.iter().any(|activity| activity.what == ActivityKind::Gate(gate.number));
        if !held && !parts.activities.is_empty() {
            let message = format!("gate {} is decided at no visit", gate.number);
            let mend = format!("add an activity with `gate = {}`", gate.number);
            checker.note(checker.mistake("study.gate-nowhere", &path, message, "no activity").mend(mend));
        }
        if !parts.criteria.iter().any(|criterion| criterion.gates.contains(&gate.number)) && !parts.criteria.is_empty()
        {
            let message = format!("no criterion is asked at gate {}", gate.number);
            let mend = format!("add {} to the `gates` of a criterion, or take the gate out", gate.number);
            checker.note(checker.mistake("study.gate-idle", &path, message, "decides nothing").warning().mend(mend));
        }
        for visit in &gate.needs_visits {
            let place = format!("{path}/needs_visits/{visit}");
            checker.known("study.unknown-visit", "visit", "visit", visit.as_str(), &place);
        }
        let mut who: Vec<(&str, String, Duty)> = Vec::new();
        for role in &gate.decided_by {
            who.push((role.as_str(), format!("{path}/decided_by/{role}"), Duty::DecideEligibility));
        }
        if let Some(role) = &gate.countersigned_by {
            who.push((role.as_str(), format!("{path}/countersigned_by"), Duty::MonitorMedically));
        }
        for (role, place, duty) in who {
            if !checker.known("study.unknown-role", "role", "role", role, &place) {
                continue;
            }
            let Some(found) = parts.roles.iter().find(|known| known.id == *role) else { continue };
            if !found.duties.contains(&duty) {
                let able: Vec<&str> = parts
                    .roles
                    .iter()
                    .filter(|role| role.duties.contains(&duty))
                    .map(|role| role.id.as_str())
                    .collect();
                let mend = match able.as_slice() {
                    [] => format!("give `{role}` the duty `{}`", duty.name()),
                    able => format!("{} may; or give `{role}` the duty `{}`", listed(able), duty.name()),
                };
                let message = format!("`{role}` has no duty to `{}`", duty.name());
                checker.note(checker.mistake("study.gate-role", &place, message, "may not decide this").mend(mend));
            }
        }
    }
    for criterion in &parts.criteria {
        for gate in criterion.gates.iter().filter(|gate| **gate != 0) {
            let place = format!("criterion/{}/gates/{gate}", criterion.id);
            checker.known("study.unknown-gate", "gate", "gate", &gate.to_string(), &place);
        }
        if criterion.gates.is_empty() {
            let message = format!("the criterion `{}` is asked at no gate", criterion.id);
            checker.note(
                checker
                    .mistake(
                        "study.criterion-idle",
                        &format!("criterion/{}/gates", criterion.id),
                        message,
                        "never asked",
                    )
                    .mend("write the gates' numbers; 0 stands for before each dosing session"),
            );
        }
    }
}
