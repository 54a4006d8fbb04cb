//! What a reader of a fit should know and would not see in its numbers.

use crate::design::Variable;
use crate::mmrm::{Fit, Structure};

use super::spec::Spec;

/// A field of the reference files that says in words what is always so: treatment contrasts.
const DESCRIBED: &str = "factor_coding";

pub(super) fn of(fit: &Fit, spec: &Spec) -> Vec<String> {
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
                notes.push(format!(
                    "`{}` and `{}` were both seen in {both} people only: their covariance is weakly determined",
                    visits.levels[j], visits.levels[i]
                ));
            }
        }
    }
    notes
}
