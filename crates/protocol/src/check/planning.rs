//! The assumptions of planning: arms that exist, one number a visit, numbers that can be.
//!
//! Warnings, all of them: a trial whose planning does not fit (because a study extends another with other arms, say) can be
//! held all the same. `lifejacket design` refuses to simulate it.

use super::Checker;
use crate::{model::Assignment, planning::Planning, spelling::nearest};
use std::collections::BTreeSet;
use terms::Decimal;

const CODE: &str = "study.planning";

pub fn check(checker: &Checker<'_>) {
    let Some(planning) = &checker.parts.planning else { return };
    let primary = checker.parts.analysis.as_ref().and_then(|analysis| analysis.primary.as_ref());
    let model = checker.parts.analysis.as_ref().and_then(|analysis| analysis.model.as_ref());
    let (Some(primary), Some(model)) = (primary, model) else {
        let mend = "add `[analysis.primary]` and `[analysis.model]`, or take `[planning]` out";
        let message = "a trial without a primary endpoint and its model can't be planned by simulation";
        note(checker, "planning", message, "nothing to simulate", mend);
        return;
    };
    let randomised = checker.parts.design.as_ref().map(|design| &design.assignment);
    if matches!(randomised, Some(Assignment::OpenLabel)) {
        let message = "without random assignment there are no arms to compare";
        note(checker, "planning", message, "open label", "take `[planning]` out");
    }
    arms(checker, planning, model.reference.as_str());
    let visits: Vec<&str> = primary.visits.iter().map(|visit| visit.as_str()).collect();
    lengths(checker, planning, &visits);
    numbers(checker, planning);
    correlations(checker, planning);
    looks(checker, planning);
    for covariate in &planning.covariates {
        let place = format!("planning/covariate/{}", covariate.id);
        named(checker, "analysis/covariate", "covariate", &covariate.id, &format!("{place}/id"));
        range(checker, &format!("{place}/share"), covariate.share, (0, 1000), "from 0 to 1");
    }
}

fn note(checker: &Checker<'_>, place: &str, message: impl Into<String>, label: &str, mend: impl Into<String>) {
    checker.note(checker.mistake(CODE, place, message, label).mend(mend).warning());
}

/// Whether a list of tables has a name; says so where it has not.
fn named(checker: &Checker<'_>, list: &str, kind: &str, name: &str, place: &str) -> bool {
    let names = checker.named(list);
    if names.contains(name) {
        return true;
    }
    let mend = match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => format!("the study has no {kind}: take this one out"),
        None => format!("there are: {}", names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")),
    };
    note(checker, place, format!("there is no {kind} `{name}`"), "unknown", mend);
    false
}

fn arms(checker: &Checker<'_>, planning: &Planning, reference: &str) {
    let mut known = true;
    for arm in &planning.arms {
        known &= named(checker, "arm", "arm", arm.id.as_str(), &format!("planning/arm/{}/id", arm.id));
    }
    let ids: BTreeSet<&str> = planning.arms.iter().map(|arm| arm.id.as_str()).collect();
    if known && (planning.arms.len() != 2 || ids.len() != 2 || !ids.contains(reference)) {
        let message = "two arms are compared, one of them the model's reference";
        let mend = format!("write two `[[planning.arm]]`, one with `id = \"{reference}\"`");
        note(checker, "planning/arm", message, "not these", mend);
    }
}

fn lengths(checker: &Checker<'_>, planning: &Planning, visits: &[&str]) {
    let count = visits.len();
    let wrong = |place: &str, found: usize, needed: usize, each: &str| {
        if found != needed {
            let message = format!("there are {found} numbers where {needed} are needed, one for each {each}");
            let mend = format!("the primary endpoint's visits are {}", visits.join(", "));
            note(checker, place, message, "another length", mend);
        }
    };
    wrong("planning/sd", planning.sd.len(), count, "visit");
    wrong("planning/correlation", planning.correlation.len(), count * (count - 1) / 2, "pair of visits");
    for arm in &planning.arms {
        for (key, list) in [("change", &arm.change), ("hazard", &arm.hazard)] {
            wrong(&format!("planning/arm/{}/{key}", arm.id), list.len(), count, "visit");
        }
    }
    if let Some(accrual) = &planning.accrual {
        let place = "planning/accrual/visit_days";
        wrong(place, accrual.visit_days.len(), count, "visit");
        if accrual.visit_days.windows(2).any(|pair| pair.first() >= pair.last()) {
            let message = "the visits' days don't rise";
            note(checker, place, message, "out of order", "count days from randomisation");
        }
        range(checker, "planning/accrual/people_per_month", accrual.people_per_month, (1, i64::MAX), "above 0");
    }
}

/// Reports a number outside its bounds, which are given in thousandths.
fn range(checker: &Checker<'_>, place: &str, found: Decimal, (low, high): (i64, i64), needed: &str) {
    if !(low..=high).contains(&found.as_thousandths()) {
        let message = format!("{found} can't be: it must be {needed}");
        note(checker, place, message, "out of bounds", format!("write a number {needed}"));
    }
}

fn numbers(checker: &Checker<'_>, planning: &Planning) {
    for sd in &planning.sd {
        range(checker, "planning/sd", *sd, (1, i64::MAX), "above 0");
    }
    range(checker, "planning/site_sd", planning.site_sd, (0, i64::MAX), "from 0");
    for arm in &planning.arms {
        for hazard in &arm.hazard {
            range(checker, &format!("planning/arm/{}/hazard", arm.id), *hazard, (0, 950), "from 0 to 0.95");
        }
    }
    range(checker, "planning/dropout/missed", planning.dropout.missed, (0, 900), "from 0 to 0.9");
    let baseline = &planning.baseline;
    range(checker, "planning/baseline/sd", baseline.sd, (1, i64::MAX), "above 0");
    let (mean, sd) = (baseline.mean.as_thousandths(), baseline.sd.as_thousandths());
    let reach = sd.saturating_mul(4);
    let inside = baseline.min < baseline.max
        && baseline.min.as_thousandths() < mean.saturating_add(reach)
        && baseline.max.as_thousandths() > mean.saturating_sub(reach);
    if !inside {
        let message = format!("nobody has a baseline from {} to {}", baseline.min, baseline.max);
        let mend = "write limits that rise, within four standard deviations of the mean";
        note(checker, "planning/baseline/min", message, "nobody", mend);
    }
    for participants in &planning.participants {
        let place = format!("planning/curves/participants/{participants}");
        let thousandths = i64::from(*participants).saturating_mul(1000);
        range(checker, &place, Decimal::thousandths(thousandths), (8_000, 20_000_000), "from 8 to 20000");
    }
    if planning.trials == 0 {
        let message = "without trials there is nothing to see";
        note(checker, "planning/trials", message, "none", "write 2000, say");
    }
}

/// The correlations of changes and baseline must be possible together.
fn correlations(checker: &Checker<'_>, planning: &Planning) {
    let count = planning.sd.len();
    if planning.correlation.len() != count * count.saturating_sub(1) / 2 {
        return;
    }
    let r = planning.baseline.correlation.as_f64();
    // Cholesky, row by row, of the correlations that the baseline leaves open.
    let mut rows: Vec<Vec<f64>> = Vec::with_capacity(count);
    let mut next = planning.correlation.iter();
    for i in 0..count {
        let mut row = Vec::with_capacity(i + 1);
        for j in 0..=i {
            let given = if i == j { 1.0 } else { next.next().map_or(0.0, |number| number.as_f64()) };
            let other = rows.get(j).unwrap_or(&row);
            let done: f64 = row.iter().zip(other).map(|(a, b): (&f64, &f64)| a * b).sum();
            let left = given - r * r - done;
            row.push(if i == j { left.max(0.0).sqrt() } else { left / other.last().copied().unwrap_or(1.0) });
            if i == j && left < 1e-9 {
                let message = "no numbers can have these correlations with each other and with the baseline";
                let mend = "bring them nearer to 0, or nearer to each other";
                note(checker, "planning/correlation", message, "impossible", mend);
                return;
            }
        }
        rows.push(row);
    }
}

fn looks(checker: &Checker<'_>, planning: &Planning) {
    let Some(looks) = &planning.looks else { return };
    let place = "planning/looks/fractions";
    for fraction in &looks.fractions {
        range(checker, place, *fraction, (1, 999), "between 0 and 1");
    }
    if looks.fractions.is_empty() || looks.fractions.windows(2).any(|pair| pair.first() >= pair.last()) {
        let message = "looks follow each other";
        let mend = "write rising shares of the people, as `[0.5, 0.75]`; the end needs none";
        note(checker, place, message, "don't rise", mend);
    }
    range(checker, "planning/looks/power", looks.power, (501, 999), "between 0.5 and 1");
}
