//! Expressions against the study: codes of choices, and whether what a criterion asks about is asked in time.

use super::{
    Checker,
    decided::{AGE_MAX, Settled, settled},
};
use crate::{
    diagnostic::Mistake,
    expression::{Constant, Expression, Number},
    model::{ActivityKind, Criterion, Field, FieldKind, VisitKind},
    scope,
    spelling::nearest,
};
use terms::Decimal;

pub fn check(checker: &Checker<'_>) {
    let parts = checker.parts;
    let scope = scope::participant(&parts.forms, &parts.visits, &parts.activities, parts.consent.as_ref());
    let decided = |expression: &Expression, what: String, path: &str, own: &[Field], always: Always| {
        if constants(checker, expression, path, own, always) {
            return;
        }
        match settled(checker, expression, own, &scope) {
            Some(Settled::Always) if always == Always::Fine => {}
            Some(settled) => settled.report(checker, &what, path),
            None => {}
        }
    };
    for criterion in &parts.criteria {
        let path = format!("criterion/{}/check", criterion.id);
        let what = format!("the criterion `{}`", criterion.id);
        decided(&criterion.check, what, &path, &[], Always::Reported);
        asked_in_time(checker, criterion, &path);
        if criterion.check.names().iter().any(|name| name == "participant.age_at_consent") {
            age(checker, &path);
        }
    }
    for form in &parts.forms {
        for check in &form.checks {
            let path = format!("form/{}/check/{}/check", form.id, check.id);
            constants(checker, &check.check, &path, &form.fields, Always::Fine);
        }
    }
    let Some(session) = &parts.session else { return };
    let checks = session.checks.iter().map(|check| ("session/check", check));
    let criteria = session.discharge.criteria.iter().map(|check| ("session/discharge/criterion", check));
    for (list, check) in checks.chain(criteria) {
        let path = format!("{list}/{}", check.id);
        let what = format!("the check `{}`", check.id);
        decided(&check.pass, what, &format!("{path}/pass"), &check.fields, Always::Fine);
        if let Some(applies) = &check.applies {
            let what = format!("what the check `{}` applies to", check.id);
            decided(applies, what, &format!("{path}/applies"), &[], Always::Reported);
        }
    }
}

/// Whether a comparison that is always true is a mistake: a check may ask only that something was recorded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Always {
    Reported,
    Fine,
}

/// Texts that a choice is compared with must be among its codes, and numbers within reach of the field. Answers whether
/// something was reported.
fn constants(checker: &Checker<'_>, expression: &Expression, path: &str, own: &[Field], always: Always) -> bool {
    let mut reported = false;
    let whole = checker.place(path);
    for (name, sign, with, range) in expression.compared() {
        let place = checker.notebook.inside(&whole, &range);
        match with {
            Constant::Text(text) => {
                let Some(options) = field_of(checker, name, own).and_then(options_of) else { continue };
                if options.contains(&text) {
                    continue;
                }
                let mend = match nearest(text, options.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("its codes are {}", options.join(", ")),
                };
                reported = true;
                let message = format!("`{name}` is never `{text}`");
                checker.note(Mistake::new("study.expression-choice", &place, message, "none of its codes").mend(mend));
            }
            Constant::Number(number) => {
                let Some((min, max, words)) = reach_of(checker, name, own) else { continue };
                let answer = sign.of_range((min, max), number);
                if answer.is_none() || (answer == Some(true) && always == Always::Fine) {
                    continue;
                }
                reported = true;
                let message = format!(
                    "this comparison of `{name}` is always {}",
                    if answer == Some(true) { "true" } else { "false" }
                );
                checker.note(
                    Mistake::new("study.expression-range", &place, message, words)
                        .mend("is it in another unit? correct the number, or the range of the field"),
                );
            }
        }
    }
    reported
}

/// The field that a name stands for, where it is one.
pub fn field_of<'a>(checker: &Checker<'a>, name: &str, own: &'a [Field]) -> Option<&'a Field> {
    own.iter().find(|field| field.id == *name).or_else(|| {
        let mut parts = name.rsplit('.');
        let (field, form) = (parts.next()?, parts.next()?);
        let form = checker.parts.forms.iter().find(|known| known.id == *form)?;
        form.fields.iter().find(|known| known.id == *field)
    })
}

fn options_of(field: &Field) -> Option<Vec<&str>> {
    match &field.kind {
        FieldKind::Choice { options } => Some(options.iter().map(|option| option.code.as_str()).collect()),
        _ => None,
    }
}

/// Smallest and largest answer of a name, and the same in words.
fn reach_of(checker: &Checker<'_>, name: &str, own: &[Field]) -> Option<(Number, Number, String)> {
    if name == "consent.quiz_score" {
        let versions = checker.parts.consent.iter().flat_map(|plan| &plan.versions);
        let most = i64::try_from(versions.map(|version| version.questions.len()).max()?).ok()?;
        return Some((Number::whole(0), Number::whole(most), format!("there are {most} questions")));
    }
    if name == "participant.age_at_consent" {
        let oldest = Number::decimal(Decimal::thousandths(AGE_MAX));
        return Some((Number::whole(0), oldest, "people live from 0 to 130 years".to_owned()));
    }
    match &field_of(checker, name, own)?.kind {
        FieldKind::Integer { min, max, unit } if min <= max => {
            Some((Number::whole(*min), Number::whole(*max), format!("answers lie from {min} to {max} {unit}")))
        }
        FieldKind::Decimal { min, max, unit } if min <= max => {
            Some((Number::decimal(*min), Number::decimal(*max), format!("answers lie from {min} to {max} {unit}")))
        }
        _ => None,
    }
}

/// What a criterion asks about must be on a form that is scheduled no later than the gate's own visit.
fn asked_in_time(checker: &Checker<'_>, criterion: &Criterion, path: &str) {
    let parts = checker.parts;
    let position = |visit: &str| parts.visits.iter().position(|known| known.id == *visit);
    for name in criterion.check.names() {
        let mut words = name.split('.');
        let first = words.next().unwrap_or_default();
        let at_visit = parts.visits.iter().find(|visit| visit.id == *first);
        let form = if at_visit.is_some() { words.next().unwrap_or_default() } else { first };
        if !parts.forms.iter().any(|known| known.id == *form) {
            continue;
        }
        let asked = |last: usize| {
            parts
                .activities
                .iter()
                .filter(|activity| activity.what == ActivityKind::Form(form.into()))
                .flat_map(|activity| activity.at.keys())
                .filter(|visit| at_visit.is_none_or(|wanted| wanted.id == **visit))
                .filter_map(|visit| position(visit.as_str()))
                .any(|found| found <= last)
        };
        for gate in &criterion.gates {
            let last = last_visit_before(checker, *gate);
            let Some(last) = last else { continue };
            if asked(last) {
                continue;
            }
            let gate_words = if *gate == 0 { "the first dosing session".to_owned() } else { format!("gate {gate}") };
            let held = parts.visits.get(last).map(|visit| visit.id.as_str()).unwrap_or_default();
            let whole = checker.place(path);
            let text = criterion.check.text();
            let range = text.find(name.as_str()).map_or(0..text.len(), |start| start..start + name.len());
            let place = checker.notebook.inside(&whole, &range);
            let message =
                format!("`{}` asks about `{name}` at {gate_words}, but nobody has asked it by then", criterion.id);
            let mend = format!("add the form `{form}` to an activity at `{held}` or earlier, or ask at a later gate");
            checker.note(Mistake::new("study.unasked", &place, message, "would always be unknown").mend(mend));
        }
    }
}

/// Position of the last visit at which answers still come in time for a gate.
fn last_visit_before(checker: &Checker<'_>, gate: u8) -> Option<usize> {
    let parts = checker.parts;
    if gate == 0 {
        return parts.visits.iter().position(|visit| visit.kind == VisitKind::Dosing);
    }
    let held = parts.activities.iter().filter(|activity| activity.what == ActivityKind::Gate(gate));
    held.flat_map(|activity| activity.at.keys())
        .filter_map(|visit| parts.visits.iter().position(|known| known.id == *visit))
        .max()
}

/// The age is computed from a date of birth: some form must ask for it.
fn age(checker: &Checker<'_>, path: &str) {
    let asked = checker
        .parts
        .forms
        .iter()
        .any(|form| form.fields.iter().any(|field| field.id == *"date_of_birth" && field.kind == FieldKind::Date));
    if !asked {
        let message = "the age is asked about, but no form asks for the date of birth";
        checker.note(
            checker
                .mistake("study.age", path, message, "would always be unknown")
                .mend("add a field `date_of_birth` of kind `date` to a form of the first visit"),
        );
    }
}
