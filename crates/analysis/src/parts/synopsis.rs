//! The report on half a page: what came out, in sentences, each with its table.

use super::{endpoint, groups, persons};
use crate::{
    run::Run,
    shown,
    table::{Section, Table},
};

/// Sentences over the parts that are in the report. `tables`: those parts' tables.
pub fn section(run: &Run<'_>, outcomes: &[endpoint::Outcome<'_>], tables: &[&Table]) -> Section {
    let mut section = Section::new("synopsis", "In short");
    section.words(people(run));
    for outcome in outcomes {
        let title = &outcome.endpoint.title;
        match (endpoint::sentence(run, outcome), &outcome.fitted) {
            (Some(sentence), _) => section.words(format!("{title}. {sentence}")),
            (None, Ok(fitted)) => {
                let last = outcome.last();
                let mean = fitted.means(run).into_iter().find(|mean| mean.visit == last).and_then(|mean| mean.estimate);
                let Some(mean) = mean else { continue };
                let interval = shown::interval(mean.lower, mean.upper, 1);
                section.words(format!(
                    "{title}: {} over all arms (95\u{a0}% CI {interval}).",
                    shown::number(mean.estimate, 1)
                ))
            }
            (None, Err(why)) => section.words(format!("{title}: no result. {}.", shown::capital(&why.to_string()))),
        };
    }
    section.blocks.extend(responders(run, tables).map(crate::Block::Words));
    section.blocks.extend(safety(run, tables).map(crate::Block::Words));
    section
}

fn people(run: &Run<'_>) -> String {
    let all = &run.record.people;
    let consented = all.iter().filter(|person| person.consented.is_some()).count();
    let assigned = all.iter().filter(|person| person.assigned.is_some()).count();
    let by_arm: Vec<String> = (0..run.arms.len())
        .filter(|_| run.compares())
        .filter_map(|arm| {
            let count = (0..all.len()).filter(|at| run.arm(*at) == Some(arm)).count();
            Some(format!("{count} {}", run.arms.get(arm)?.title))
        })
        .collect();
    let arms = if by_arm.is_empty() { String::new() } else { format!(" ({})", by_arm.join(", ")) };
    let sites: std::collections::BTreeSet<&str> =
        all.iter().filter(|person| person.assigned.is_some()).map(|person| person.site.as_str()).collect();
    format!(
        "{} people called, {consented} consented, {assigned} were assigned an arm{arms} at {} sites.",
        all.len(),
        sites.len()
    )
}

fn responders(run: &Run<'_>, tables: &[&Table]) -> Option<String> {
    let table = tables.iter().find(|table| table.id == "responders")?;
    let said = table.rows.iter().filter(|row| row.depth == 0).map(|row| {
        let shares: Vec<String> = row
            .cells
            .iter()
            .zip(&run.arms)
            .map(|(cell, arm)| if run.compares() { format!("{} {}", cell.text, arm.title) } else { cell.text.clone() })
            .collect();
        format!("{}: {}", row.title, shares.join(", "))
    });
    let said: Vec<String> = said.collect();
    Some(format!("{}. Of those seen at the end, n of N (percent).", said.join(". ")))
}

fn safety(run: &Run<'_>, tables: &[&Table]) -> Option<String> {
    let table = tables.iter().find(|table| table.id == "adverse-events")?;
    let groups = groups(run, run.safety_set()?);
    let row = |id: &str| {
        let row = table.rows.iter().find(|row| row.id == id)?;
        let shares: Vec<String> = row
            .cells
            .iter()
            .zip(&groups)
            .take(run.arms.len())
            .map(
                |(cell, group)| {
                    if run.compares() { format!("{} {}", cell.text, group.title) } else { cell.text.clone() }
                },
            )
            .collect();
        Some(format!("{}: {}", row.title.to_lowercase(), shares.join(", ")))
    };
    let said: Vec<String> = ["any", "severe", "serious", "fatal"].into_iter().filter_map(row).collect();
    let treated = groups.last().map_or(0, |group| persons(run, &group.people).len());
    Some(format!("Adverse events in {treated} who had a dose, participants (percent): {}.", said.join("; ")))
}
