//! What a reader of a fit should know and would not see in its numbers.

use crate::design::Variable;
use crate::mmrm::{Fit, Structure};

use crate::table::Table;

use super::spec::Spec;

/// A field of the reference files that says in words what is always so: treatment contrasts.
const DESCRIBED: &str = "factor_coding";

pub(super) fn of(fit: &Fit, spec: &Spec, table: &Table) -> Vec<String> {
    let mut notes = Vec::new();
    for name in spec.others.keys().filter(|name| *name != DESCRIBED) {
        notes.push(format!("`{name}` in the specification is nothing known here and was not used"));
    }
    for gap in fit.dropped() {
        notes.push(format!("{} not used because `{}` is missing", rows(gap.rows), gap.column));
    }
    let aliased = fit.design().aliased_names();
    if !aliased.is_empty() {
        notes.push(format!("dropped as combinations of earlier columns: {}", aliased.join(", ")));
    }
    if let Some(visits) = fit.visits() {
        notes.push(format!("visits in this order: {}", visits.levels.join(", ")));
    }
    if let Some(arm) = spec.arm.as_deref().filter(|_| fit.arms().is_none()) {
        notes.push(format!("`{arm}` is not among the effects, so there are no means and differences by arm"));
    }
    notes.extend(two_arms(fit, table));
    notes.extend(one_row_each(fit, spec));
    notes.extend(few_people(fit));
    notes.extend(few_together(fit));
    let alone = fit.alone();
    if !alone.is_empty() {
        let names = alone.join(", ");
        notes.push(format!(
            "one participant alone carries a coefficient ({names}): CR2 and CR3 rest on a pseudo-inverse there"
        ));
    }
    if fit.starts > 1 {
        notes.push(format!("the optimum was reached from starting point {} only", fit.starts));
    }
    notes
}

fn rows(count: usize) -> String {
    if count == 1 { "1 row".to_owned() } else { format!("{count} rows") }
}

/// People whose rows do not name the same arm.
fn two_arms(fit: &Fit, table: &Table) -> Option<String> {
    let arm = fit.model().arm.as_deref()?;
    let rows = fit.changing(arm);
    let first = *rows.first()?;
    let person = table.column(&fit.model().subject).map_or("", |column| column.text(first));
    let others = match rows.len() - 1 {
        0 => String::new(),
        1 => " (and 1 other participant)".to_owned(),
        more => format!(" (and {more} other participants)"),
    };
    Some(format!(
        "participant `{person}` changes `{arm}` in {}{others}: each row counts in the arm that it names",
        table.row_name(first)
    ))
}

/// Where nobody was seen twice, nothing varies within people.
fn one_row_each(fit: &Fit, spec: &Spec) -> Option<String> {
    let asked =
        spec.inference.as_ref().is_none_or(|list| list.iter().any(|wanted| wanted.df_method == "Between-Within"));
    let counts = fit.counts();
    (asked && counts.n_obs == counts.n_subjects).then(|| {
        "each participant has one row: Between-Within leaves no degrees of freedom within participants, so what counts as within \
         (the intercept is) has df 0, no p and no interval; choose another method"
            .to_owned()
    })
}

/// Levels of factors that rest on one person.
fn few_people(fit: &Fit) -> Vec<String> {
    let mut notes = Vec::new();
    for variable in &fit.frame().variables {
        let Variable::Factor(factor) = variable else { continue };
        let counts = fit.people_by_level(factor);
        let single: Vec<&str> = factor
            .levels
            .iter()
            .zip(&counts)
            .filter(|(_, count)| **count == 1)
            .map(|(level, _)| level.as_str())
            .collect();
        if !single.is_empty() {
            notes.push(format!("`{}`: one participant only at {}", factor.name, single.join(", ")));
        }
    }
    notes
}

/// Pairs of visits that fewer people share than a covariance can rest on.
fn few_together(fit: &Fit) -> Vec<String> {
    let (Some(visits), Some(patterns)) = (fit.visits(), fit.patterns()) else { return Vec::new() };
    if fit.model().covariance != Structure::Us {
        return Vec::new();
    }
    let (m, mut notes) = (visits.levels.len(), Vec::new());
    for i in 0..m {
        for j in 0..i {
            let both: usize = patterns
                .iter()
                .filter(|(seen, _)| seen.contains(&i) && seen.contains(&j))
                .map(|(_, people)| people)
                .sum();
            if both < m + 2 {
                let people = if both == 1 { "person" } else { "people" };
                notes.push(format!(
                    "`{}` and `{}` were both seen in {both} {people} only: their covariance is weakly determined",
                    visits.levels[j], visits.levels[i]
                ));
            }
        }
    }
    notes
}
