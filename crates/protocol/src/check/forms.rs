//! Forms: instruments, fields, who fills them in and who may not see them.

use super::{Checker, listed};
use crate::{
    instrument,
    model::{ActivityKind, ChoiceOption, Duty, Field, FieldKind, Form, Masking, RoleScope},
    spelling::nearest,
};

pub fn check(checker: &Checker<'_>) {
    for form in &checker.parts.forms {
        let path = format!("form/{}", form.id);
        of_instrument(checker, form, &path);
        fields(checker, &form.fields, &path);
        people(checker, form, &path);
        used(checker, form, &path);
        if form.valid_days == Some(0) {
            let message = format!("answers of `{}` are never good", form.id);
            checker.note(
                checker
                    .mistake("study.valid-days", &format!("{path}/valid_days"), message, "0 days")
                    .warning()
                    .mend("write 1 for the day itself and the next, or leave it out for ever"),
            );
        }
    }
}

fn of_instrument(checker: &Checker<'_>, form: &Form, path: &str) {
    let Some(id) = &form.instrument else {
        if form.fields.is_empty() {
            let message = format!("the form `{}` asks nothing", form.id);
            checker.note(
                checker
                    .mistake("study.form-empty", path, message, "no field, no instrument")
                    .mend("add a field or name an instrument"),
            );
        }
        if form.recall.is_some() {
            let message = format!("`{}` has a recall period but no instrument", form.id);
            let place = format!("{path}/recall");
            checker.note(checker.mistake("study.unknown-recall", &place, message, "of what?").mend("leave it out"));
        }
        return;
    };
    if instrument::outputs(id).is_none() {
        let mend = match nearest(id, instrument::ids()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are: {}", instrument::ids().collect::<Vec<_>>().join(", ")),
        };
        let message = format!("there is no instrument `{id}`");
        let place = format!("{path}/instrument");
        checker.note(checker.mistake("study.unknown-instrument", &place, message, "can't be scored").mend(mend));
    }
    if let Some(recall) = &form.recall
        && !instrument::recalls().any(|known| known == recall)
    {
        let mend = match nearest(recall, instrument::recalls()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it is one of: {}", instrument::recalls().collect::<Vec<_>>().join(", ")),
        };
        let message = format!("`{recall}` is no recall period");
        let place = format!("{path}/recall");
        checker.note(checker.mistake("study.unknown-recall", &place, message, "not known").mend(mend));
    }
    for field in &form.fields {
        if instrument::has_item(id, field.id.as_str()) {
            let message = format!("`{}` is an item of `{id}` already", field.id);
            let place = format!("{path}/field/{}", field.id);
            checker.note(
                checker
                    .mistake("study.field-taken", &place, message, "the instrument's own")
                    .mend("give the field another id"),
            );
        }
    }
}

/// Fields of a form or of a check.
pub fn fields(checker: &Checker<'_>, fields: &[Field], path: &str) {
    for field in fields {
        let place = format!("{path}/field/{}", field.id);
        match &field.kind {
            FieldKind::Integer { min, max, .. } if min > max => {
                range(checker, &place, &min.to_string(), &max.to_string())
            }
            FieldKind::Decimal { min, max, .. } if min > max => {
                range(checker, &place, &min.to_string(), &max.to_string())
            }
            FieldKind::Choice { options } if options.len() < 2 => {
                let message = format!("`{}` leaves no choice", field.id);
                checker.note(
                    checker
                        .mistake("study.choice", &format!("{place}/options"), message, "fewer than two")
                        .mend("give at least two codes with their labels, or use `kind = \"yes_no\"`"),
                );
            }
            FieldKind::Choice { options } => labels(checker, field, options, &place),
            FieldKind::Text { max_length: 0 } => range(checker, &place, "0", "0 characters"),
            _ => {}
        }
    }
}

/// Whoever chooses sees labels: two options of one label can't be told apart.
fn labels(checker: &Checker<'_>, field: &Field, options: &[ChoiceOption], place: &str) {
    let plain = |option: &ChoiceOption| option.label.trim().to_lowercase();
    for (position, option) in options.iter().enumerate() {
        let before = options.iter().take(position).find(|before| plain(before) == plain(option));
        let Some(before) = before else { continue };
        let message = format!("`{}` and `{}` of `{}` read the same", before.code, option.code, field.id);
        checker.note(
            checker
                .mistake("study.option-label", &format!("{place}/options/{}", option.code), message, "the same label")
                .mend("give each option words of its own"),
        );
    }
}

/// A range that nothing lies in.
pub fn range(checker: &Checker<'_>, path: &str, min: &str, max: &str) {
    let place = if checker.notebook.place(&format!("{path}/max")).is_some() { "max" } else { "max_length" };
    let place = format!("{path}/{place}");
    checker.note(
        checker
            .mistake("study.range", &place, "no answer fits this range", format!("from {min} to {max}"))
            .mend("the largest must not be below the smallest"),
    );
}

fn people(checker: &Checker<'_>, form: &Form, path: &str) {
    let parts = checker.parts;
    if form.completed_by.is_empty() {
        let message = format!("nobody may fill in `{}`", form.id);
        let place = format!("{path}/completed_by");
        checker.note(
            checker.mistake("study.form-nobody", &place, message, "empty").mend("name the roles that fill it in"),
        );
    }
    for (roles, key) in [(&form.completed_by, "completed_by"), (&form.hidden_from, "hidden_from")] {
        for role in roles {
            let place = format!("{path}/{key}/{role}");
            checker.known("study.unknown-role", "role", "role", role.as_str(), &place);
        }
    }
    for role in form.completed_by.iter().filter(|role| form.hidden_from.contains(role)) {
        let message = format!("`{role}` fills in `{}` but may not see it", form.id);
        let place = format!("{path}/hidden_from/{role}");
        checker.note(
            checker
                .mistake("study.form-hidden", &place, message, "fills it in")
                .mend("take it out of one of the two lists"),
        );
    }
    let blind = parts.design.as_ref().is_some_and(|design| design.masking == Masking::DoubleBlind);
    let rates =
        |id: &terms::RoleId| parts.roles.iter().any(|role| role.id == *id && role.duties.contains(&Duty::RateOutcomes));
    if !blind || !form.completed_by.iter().any(rates) {
        return;
    }
    for role in form.completed_by.iter().filter(|role| !rates(role)) {
        let known = parts.roles.iter().any(|known| known.id == *role);
        if known {
            let message = format!("`{}` belongs to the independent rater, but `{role}` may fill it in too", form.id);
            let place = format!("{path}/completed_by/{role}");
            checker.note(
                checker
                    .mistake("study.rater-form", &place, message, "not independent")
                    .mend("leave the rating to the rater alone"),
            );
        }
    }
    let seeing: Vec<&str> = parts
        .roles
        .iter()
        .filter(|role| matches!(role.scope, RoleScope::Site | RoleScope::Own) && !form.hidden_from.contains(&role.id))
        .map(|role| role.id.as_str())
        .collect();
    if !seeing.is_empty() {
        let message = format!("the site sees the ratings of `{}`", form.id);
        let mend = format!("add {} to `hidden_from`", listed(&seeing));
        checker.note(checker.mistake("study.rater-hidden", path, message, "shown to the site").warning().mend(mend));
    }
}

fn used(checker: &Checker<'_>, form: &Form, path: &str) {
    let parts = checker.parts;
    let scheduled = parts.activities.iter().any(|activity| activity.what == ActivityKind::Form(form.id.clone()));
    let checked = parts.session.iter().any(|session| {
        session.checks.iter().chain(&session.discharge.criteria).any(|check| check.form.as_ref() == Some(&form.id))
    });
    if !scheduled && !checked && !parts.activities.is_empty() {
        let message = format!("the form `{}` is never filled in", form.id);
        checker.note(
            checker
                .mistake("study.form-unused", path, message, "no activity names it")
                .warning()
                .mend("add an activity with this form, or take the form out"),
        );
    }
}
