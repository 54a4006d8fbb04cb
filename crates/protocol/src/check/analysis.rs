//! The analysis plan: endpoints that are measured, names that exist, methods that have what they need.

use super::Checker;
use crate::{
    analysis::{AnalysisPlan, Endpoint, EventStrategy, ModelPlan, Published, Sensitivity, SensitivityMethod, Variable},
    expression::Kind,
    instrument,
    model::ActivityKind,
    spelling::nearest,
};
use std::collections::{BTreeMap, BTreeSet};
use terms::{Decimal, FormId, VisitId};

pub fn check(checker: &Checker<'_>) {
    let Some(plan) = &checker.parts.analysis else { return };
    if let Some(primary) = &plan.primary {
        endpoint(checker, primary, "analysis/primary");
    }
    for secondary in &plan.key_secondary {
        endpoint(checker, secondary, &format!("analysis/key_secondary/{}", secondary.id));
    }
    estimands(checker, plan);
    match (&plan.model, &plan.primary) {
        (Some(model), _) => self::model(checker, plan, model),
        // With one arm there is nothing to compare.
        (None, Some(_)) if checker.parts.arms.len() > 1 => {
            let message = "the primary endpoint has no model";
            checker.note(
                checker
                    .mistake("study.model", "analysis/primary", message, "how is it analysed?")
                    .mend("add `[analysis.model]`"),
            );
        }
        (None, _) => {}
    }
    let lists =
        [("covariate", &plan.covariates), ("subgroup", &plan.subgroups), ("characteristic", &plan.characteristics)];
    for (list, variables) in lists {
        for one in variables {
            variable(checker, one, &format!("analysis/{list}/{}", one.id));
        }
    }
    for one in &plan.shifts {
        let path = format!("analysis/shift/{}", one.id);
        variable(checker, one, &path);
        if one.cuts.is_empty() {
            let message = format!("the shift of `{}` has no classes", one.id);
            let wrong = checker.mistake("study.variable", &path, message, "no cuts");
            checker.note(wrong.mend("add `cuts`: the first number of each further class"));
        }
    }
    for one in &plan.sensitivity {
        sensitivity(checker, plan, one, &format!("analysis/sensitivity/{}", one.id));
    }
    forms(checker, plan);
    systems(checker, plan);
    for one in &plan.published {
        published(checker, one, &format!("analysis/published/{}", one.id));
    }
}

fn estimands(checker: &Checker<'_>, plan: &AnalysisPlan) {
    for estimand in &plan.estimands {
        let path = format!("analysis/estimand/{}", estimand.id);
        checker.known("study.unknown-set", "analysis/set", "analysis set", &estimand.set, &format!("{path}/set"));
        let mut seen = BTreeSet::new();
        for rule in &estimand.events {
            if !seen.insert(rule.event) {
                let message = format!("the estimand `{}` answers one event twice", estimand.id);
                checker.note(
                    checker
                        .mistake("study.estimand", &path, message, "two answers to one event")
                        .mend("give each event one strategy"),
                );
            }
        }
        let composite = estimand.events.iter().any(|rule| rule.strategy == EventStrategy::Composite);
        if composite && plan.responders.is_empty() {
            let message = format!("`{}` counts an event as no response, and nobody can respond", estimand.id);
            checker.note(
                checker
                    .mistake("study.estimand", &path, message, "no responder is defined")
                    .mend("add `[[analysis.responder]]`, or another strategy"),
            );
        }
    }
}

fn model(checker: &Checker<'_>, plan: &AnalysisPlan, model: &ModelPlan) {
    let path = "analysis/model";
    let estimand = &model.estimand;
    checker.known("study.unknown-estimand", "analysis/estimand", "estimand", estimand, &format!("{path}/estimand"));
    checker.known("study.unknown-arm", "arm", "arm", model.reference.as_str(), &format!("{path}/reference"));
    let covariates: Vec<&str> = plan.covariates.iter().map(|covariate| covariate.id.as_str()).collect();
    let known: Vec<&str> = ["baseline", "arm", "visit", "site"].into_iter().chain(covariates).collect();
    for effect in &model.effects {
        for name in effect.split('*').map(str::trim).filter(|name| !known.contains(name)) {
            let mend = match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it is one of: {}", known.join(", ")),
            };
            let message = format!("the effect `{effect}` names `{name}`, which is no variable of the model");
            let place = format!("{path}/effects/{effect}");
            checker.note(checker.mistake("study.model", &place, message, "no such variable").mend(mend));
        }
    }
    let crossed = |effect: &String| {
        let names: BTreeSet<&str> = effect.split('*').map(str::trim).collect();
        names == BTreeSet::from(["arm", "visit"])
    };
    if !model.effects.iter().any(crossed) {
        let message = "the model has no effect of the arm at each visit";
        let place = format!("{path}/effects");
        checker.note(checker.mistake("study.model", &place, message, "no `arm*visit`").mend("add `\"arm*visit\"`"));
    }
    if model.alpha <= Decimal::ZERO || model.alpha >= Decimal::whole(1) {
        let message = format!("a test can't err {} of the time", model.alpha);
        let place = format!("{path}/alpha");
        checker.note(checker.mistake("study.model", &place, message, "not between 0 and 1").mend("write 0.05, say"));
    }
    if model.covariance.is_empty() {
        let place = format!("{path}/covariance");
        let message = "the model has no covariance structure";
        checker.note(checker.mistake("study.model", &place, message, "empty").mend("write `[\"us\"]`, say"));
    }
}

fn variable(checker: &Checker<'_>, variable: &Variable, path: &str) {
    let kind = checker.parts.scope.get(&variable.value).copied();
    if kind.is_none() && variable.value != "site" {
        let mend = match nearest(&variable.value, checker.parts.scope.keys().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "name a field or score as criteria do (`V4.caps5.total`), or `site`".to_owned(),
        };
        let message = format!("`{}` stands for nothing in this study", variable.value);
        checker.note(checker.mistake("study.variable", &format!("{path}/value"), message, "unknown").mend(mend));
    }
    if variable.cuts.is_empty() {
        return;
    }
    let place = format!("{path}/cuts");
    if kind.is_some_and(|kind| !matches!(kind, Kind::Integer | Kind::Decimal)) || variable.value == "site" {
        let message = format!("`{}` is no number, so it can't be cut", variable.value);
        checker.note(checker.mistake("study.variable", &place, message, "cut").mend("leave `cuts` out"));
    }
    if variable.cuts.windows(2).any(|pair| pair.first() >= pair.last()) {
        let message = format!("the cuts of `{}` don't rise", variable.id);
        checker
            .note(checker.mistake("study.variable", &place, message, "out of order").mend("write the smallest first"));
    }
}

fn sensitivity(checker: &Checker<'_>, plan: &AnalysisPlan, one: &Sensitivity, path: &str) {
    if let Some(estimand) = &one.estimand {
        let place = format!("{path}/estimand");
        checker.known("study.unknown-estimand", "analysis/estimand", "estimand", estimand, &place);
    }
    if let Some(set) = &one.set {
        checker.known("study.unknown-set", "analysis/set", "analysis set", set, &format!("{path}/set"));
    }
    let positive = |number: Option<Decimal>| number.is_some_and(|number| number > Decimal::ZERO);
    let lacks = match one.method {
        SensitivityMethod::TippingPoint if !positive(one.delta_max) || !positive(one.delta_step) => {
            Some(("no grid of deltas", "add `delta_max = 25` and `delta_step = 1`, say"))
        }
        SensitivityMethod::MultipleImputation if one.imputations.is_none_or(|m| m < 2) || one.seed.is_none() => {
            Some(("no number of imputations, or no seed", "add `imputations = 200` and `seed = 1`, say"))
        }
        SensitivityMethod::GuessAdjusted if plan.guesses.is_empty() => {
            Some(("no guesses", "add `[[analysis.guess]]`; the first is used"))
        }
        SensitivityMethod::Model
        | SensitivityMethod::MissingAtRandom
        | SensitivityMethod::JumpToReference
        | SensitivityMethod::CopyReference
        | SensitivityMethod::CopyIncrements
        | SensitivityMethod::MultipleImputation
        | SensitivityMethod::TippingPoint
        | SensitivityMethod::LastObservation
        | SensitivityMethod::GuessAdjusted => None,
    };
    if let Some((label, mend)) = lacks {
        let message = format!("the sensitivity analysis `{}` lacks what its method needs", one.id);
        checker.note(checker.mistake("study.sensitivity", path, message, label).mend(mend));
    }
    let nothing = one.estimand.is_none() && one.set.is_none() && one.covariance.is_empty();
    if one.method == SensitivityMethod::Model && nothing {
        let message = format!("`{}` is the primary analysis over again", one.id);
        checker.note(
            checker
                .mistake("study.sensitivity", path, message, "nothing differs")
                .mend("name another estimand, set or covariance"),
        );
    }
}

fn forms(checker: &Checker<'_>, plan: &AnalysisPlan) {
    for guess in &plan.guesses {
        let path = format!("analysis/guess/{}", guess.id);
        carries(checker, &guess.form, "guess", &format!("{path}/form"));
        let place = format!("{path}/visit");
        if checker.known("study.unknown-visit", "visit", "visit", guess.visit.as_str(), &place)
            && !asked_at(checker, &guess.form, &guess.visit)
        {
            let message = format!("`{}` is not filled in at `{}`", guess.form, guess.visit);
            let mend = format!("add `{}` to the activity of `{}`, or name another visit", guess.visit, guess.form);
            checker.note(checker.mistake("study.analysis-form", &place, message, "no guess here").mend(mend));
        }
    }
    for form in &plan.suicidality {
        carries(checker, form, "cssrs", &format!("analysis/suicidality/{form}"));
    }
}

fn carries(checker: &Checker<'_>, form: &FormId, needed: &str, place: &str) {
    if !checker.known("study.unknown-form", "form", "form", form.as_str(), place) {
        return;
    }
    let Some(known) = checker.parts.forms.iter().find(|known| known.id == *form) else { return };
    if known.instrument.as_deref() != Some(needed) {
        let message = format!("`{form}` does not carry the instrument `{needed}`");
        checker.note(
            checker
                .mistake("study.analysis-form", place, message, "another instrument")
                .mend(format!("name a form with `instrument = \"{needed}\"`")),
        );
    }
}

fn systems(checker: &Checker<'_>, plan: &AnalysisPlan) {
    let mut homes: BTreeMap<&str, &str> = BTreeMap::new();
    for system in &plan.systems {
        for term in &system.terms {
            let Some(first) = homes.insert(term, &system.id) else { continue };
            let message = format!("`{term}` belongs to `{first}` and to `{}`", system.id);
            let place = format!("analysis/system/{}/terms/{term}", system.id);
            checker.note(checker.mistake("study.system", &place, message, "again").mend("leave it in one of them"));
        }
    }
}

fn published(checker: &Checker<'_>, one: &Published, path: &str) {
    let broken = |interval: &[Decimal], within: Option<Decimal>| match interval {
        [] => false,
        [lower, upper] => lower > upper || within.is_none_or(|value| value < *lower || value > *upper),
        _ => true,
    };
    let what = if broken(&one.interval, one.difference) {
        "its difference does not lie in its interval"
    } else if broken(&one.d_interval, one.d) {
        "its standardised difference does not lie in its interval"
    } else if one.people.len() == 1 || one.people.len() > 2 {
        "it has people of two arms, or says nothing of them"
    } else {
        return;
    };
    let message = format!("the published result `{}` contradicts itself: {what}", one.id);
    checker.note(
        checker
            .mistake("study.published", path, message, "look again")
            .mend("compare with the publication; give both ends of an interval, or none"),
    );
}

fn asked_at(checker: &Checker<'_>, form: &FormId, visit: &VisitId) -> bool {
    let mut activities = checker.parts.activities.iter();
    activities.any(|activity| activity.what == ActivityKind::Form(form.clone()) && activity.at.contains_key(visit))
}

fn endpoint(checker: &Checker<'_>, endpoint: &Endpoint, path: &str) {
    let parts = checker.parts;
    let others = endpoint.visits.iter().filter(|visit| **visit != endpoint.visit);
    let named = [(&endpoint.baseline, "baseline".to_owned()), (&endpoint.visit, "visit".to_owned())];
    for (visit, key) in named.into_iter().chain(others.map(|visit| (visit, format!("visits/{visit}")))) {
        let place = format!("{path}/{key}");
        if !checker.known("study.unknown-visit", "visit", "visit", visit.as_str(), &place) {
            continue;
        }
        let asked = asked_at(checker, &endpoint.form, visit);
        let form_known = checker.named("form").contains(endpoint.form.as_str());
        if !asked && form_known {
            let message = format!("`{}` is not filled in at `{visit}`", endpoint.form);
            let mend = format!("add `{visit}` to the activity of `{}`, or name another visit", endpoint.form);
            checker.note(checker.mistake("study.endpoint", &place, message, "no score here").mend(mend));
        }
    }
    let place = format!("{path}/form");
    if !checker.known("study.unknown-form", "form", "form", endpoint.form.as_str(), &place) {
        return;
    }
    let Some(form) = parts.forms.iter().find(|form| form.id == endpoint.form) else { return };
    let scored = form.instrument.as_deref().is_some_and(|id| instrument::is_score(id, &endpoint.score));
    if !scored {
        let mend = match form.instrument.as_deref().and_then(instrument::outputs) {
            Some(outputs) => match nearest(&endpoint.score, outputs.keys().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    format!("it yields {}", outputs.keys().take(12).map(String::as_str).collect::<Vec<_>>().join(", "))
                }
            },
            None => "name a form that carries an instrument".to_owned(),
        };
        let message = format!("`{}` yields no score `{}`", form.id, endpoint.score);
        let place = format!("{path}/score");
        checker.note(checker.mistake("study.endpoint", &place, message, "no such score").mend(mend));
    }
}
