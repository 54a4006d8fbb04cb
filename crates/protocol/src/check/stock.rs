//! The drug's keeping: limits that can hold, forms that somebody can sign, notices that have a term.

use super::Checker;
use crate::stock::{StockForm, StockPlan, StockUse, Term};

pub fn check(checker: &Checker<'_>) {
    let Some(plan) = &checker.parts.stock else { return };
    temperature(checker, plan);
    zeros(checker, plan);
    for form in &plan.forms {
        signer(checker, form);
        term(checker, form);
        country(checker, &format!("stock/form/{}/countries", form.id), &form.countries);
        if form.fields.is_empty() {
            let message = format!("the form `{}` asks for nothing", form.id);
            let path = format!("stock/form/{}", form.id);
            checker.note(
                checker
                    .mistake("study.stock-fields", &path, message, "no fields")
                    .mend("add `fields = [{ id = …, label = … }]`"),
            );
        }
    }
    for calendar in &plan.calendars {
        country(checker, &format!("stock/calendar/{}", calendar.country), std::slice::from_ref(&calendar.country));
    }
}

fn temperature(checker: &Checker<'_>, plan: &StockPlan) {
    if plan.temperature_c_min < plan.temperature_c_max {
        return;
    }
    let message = "no temperature is within these limits";
    checker.note(
        checker
            .mistake(
                "study.stock-temperature",
                "stock/temperature_c_min",
                message,
                format!("from {} °C", plan.temperature_c_min),
            )
            .note(&checker.place("stock/temperature_c_max"), format!("to {} °C", plan.temperature_c_max))
            .mend("write the coldest below the warmest"),
    );
}

fn zeros(checker: &Checker<'_>, plan: &StockPlan) {
    let numbers = [
        ("temperature_every_days", plan.temperature_every_days),
        ("count_every_days", plan.count_every_days),
        ("count_together_minutes", plan.count_together_minutes),
        ("recount_minutes", plan.recount_minutes),
        ("forecast_weeks", plan.forecast_weeks),
    ];
    for (key, _) in numbers.iter().filter(|(_, number)| *number == 0) {
        let message = format!("`{key}` leaves no time at all");
        let place = format!("stock/{key}");
        checker.note(checker.mistake("study.stock-zero", &place, message, "0").mend("write at least 1"));
    }
}

fn signer(checker: &Checker<'_>, form: &StockForm) {
    let roles = &checker.parts.roles;
    let somebody = roles.iter().any(|role| role.duties.iter().any(|duty| form.signed_by.contains(duty)));
    if roles.is_empty() || somebody {
        return;
    }
    let message = format!("nobody can sign the form `{}`", form.id);
    let place = format!("stock/form/{}/signed_by", form.id);
    checker.note(
        checker
            .mistake("study.stock-signer", &place, message, "no role has such a duty")
            .mend("name a duty that a role of the study has"),
    );
}

fn term(checker: &Checker<'_>, form: &StockForm) {
    let place = format!("stock/form/{}", form.id);
    let zero = matches!(form.due, Some(Term::Hours(0) | Term::Days(0)));
    let (message, label) = match (form.used_for, form.due) {
        (StockUse::Notice, None) => (format!("the notice `{}` is due at no time", form.id), "no term"),
        (StockUse::Notice, Some(_)) if zero => (format!("the notice `{}` is overdue as it starts", form.id), "0"),
        (StockUse::Notice, Some(_)) if form.causes.is_empty() => {
            (format!("the notice `{}` is sent for no cause", form.id), "no `causes`")
        }
        (StockUse::Order, _) if form.valid_days == Some(0) => {
            (format!("an order on `{}` has ended before anything arrives", form.id), "0 days")
        }
        (StockUse::Order | StockUse::Transfer | StockUse::Destruction, Some(_)) => {
            (format!("`{}` is no notice, and has a term", form.id), "due")
        }
        _ => return,
    };
    let mend =
        "a notice has `causes` and one of `due_hours`, `due_business_days`, `due_days`; an order has `valid_days`";
    checker.note(checker.mistake("study.stock-term", &place, message, label).mend(mend));
}

fn country(checker: &Checker<'_>, path: &str, countries: &[String]) {
    let sites = &checker.parts.sites;
    for country in countries {
        if sites.is_empty() || sites.iter().any(|site| site.country == *country) {
            continue;
        }
        let message = format!("no site is in the country `{country}`");
        checker.note(
            checker
                .mistake("study.stock-country", path, message, "used nowhere")
                .warning()
                .mend("take it out, or check the code: they are as in `[[site]]`"),
        );
    }
}
