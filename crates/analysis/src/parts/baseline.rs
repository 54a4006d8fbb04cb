//! Who they are: characteristics by arm, without tests.

use super::{groups, heads, median, persons, standing, summary};
use crate::{
    run::Run,
    shown,
    table::{Cell, Place, Section, Table, ground},
};
use protocol::model::Variable;
use std::collections::BTreeSet;

pub fn section(run: &Run<'_>) -> Option<Section> {
    let set = baseline_set(run)?;
    let mut table = Table::new(
        "baseline",
        "Baseline characteristics",
        "Characteristic",
        &["participant", "form", "score", "answer"],
    );
    let groups = groups(run, set);
    heads(&mut table, &groups);
    for variable in &run.plan.characteristics {
        rows(run, variable, &groups, &mut table);
    }
    let title = run.plan.set(set).map_or(set, |set| set.title.as_str());
    table.note(format!(
        "Set: {title}. Numbers: mean (standard deviation), and median (quartiles); groups: participants (percent of those known). No tests: \
         any difference here is by chance."
    ));
    let mut section = Section::new("baseline", "Who they are");
    section.table(table);
    section.blocks.extend(super::medicines::table(run, set).map(crate::table::Block::Table));
    Some(section)
}

/// The set of the baseline table: everybody with an arm, by its rule, else the first.
fn baseline_set<'r>(run: &'r Run<'_>) -> Option<&'r str> {
    let sets = &run.plan.sets;
    let assigned = sets.iter().find(|set| set.rule.text() == "assigned");
    assigned.or_else(|| run.safety_set().and_then(|id| run.plan.set(id))).or(sets.first()).map(|set| set.id.as_str())
}

/// What is known of one variable in one group of people.
type Known = Vec<(crate::record::Answer, Place)>;

fn rows(run: &Run<'_>, variable: &Variable, groups: &[super::Group], table: &mut Table) {
    let known: Vec<Known> = groups
        .iter()
        .map(|group| persons(run, &group.people).into_iter().filter_map(|p| run.answer(p, &variable.value)).collect())
        .collect();
    let numeric = known.iter().flatten().any(|(answer, _)| answer.number.is_some());
    let unit = if variable.unit.is_empty() { String::new() } else { format!(", {}", variable.unit) };
    if numeric && variable.cuts.is_empty() {
        let numbers = |known: &Known| -> Vec<(f64, Place)> {
            known.iter().filter_map(|(answer, place)| Some((answer.number?, place.clone()))).collect()
        };
        let title = format!("{}{unit}", variable.title);
        table.row(variable.id.clone(), title, known.iter().map(|known| summary(&numbers(known), 1)).collect());
        let medians = known.iter().map(|known| median(&numbers(known), 1)).collect();
        table.row(format!("{}-median", variable.id), "median (quartiles)", medians).inset(1);
    } else {
        table.row(variable.id.clone(), format!("{}{unit}", variable.title), Vec::new());
        for (code, label) in levels(run, variable, &known) {
            let cells = known.iter().zip(groups).map(|(known, group)| {
                let own = |answer: &crate::record::Answer| group_of(variable, answer) == Some(code.clone());
                let places: Vec<Place> =
                    known.iter().filter(|(answer, _)| own(answer)).map(|(_, place)| place.clone()).collect();
                let (count, of) = (places.len(), known.len());
                Cell::count(ground(places), count)
                    .and("of", of as f64)
                    .and("percent", shown::percent(count, of))
                    .printed(shown::part(count, of))
                    .or_on(|| standing(run, &group.people))
            });
            table.row(format!("{}-{}", variable.id, shown::slug(&code)), label, cells.collect()).inset(1);
        }
    }
    let missing: Vec<Vec<usize>> = groups
        .iter()
        .map(|group| {
            let unknown = |at: &&usize| run.person(**at).is_none_or(|p| run.answer(p, &variable.value).is_none());
            group.people.iter().filter(unknown).copied().collect()
        })
        .collect();
    if missing.iter().any(|people| !people.is_empty()) {
        let cells = missing.iter().map(|people| Cell::count(standing(run, people), people.len())).collect();
        table.row(format!("{}-missing", variable.id), "not known", cells).inset(1);
    }
}

/// The group that an answer belongs to: its code, or the place of its number among the cuts.
pub fn group_of(variable: &Variable, answer: &crate::record::Answer) -> Option<String> {
    if variable.cuts.is_empty() {
        return answer.text.clone();
    }
    let number = answer.number?;
    let passed = variable.cuts.iter().filter(|cut| cut.to_string().parse::<f64>().is_ok_and(|cut| number >= cut));
    Some(passed.count().to_string())
}

/// Groups of a variable in order, with their names.
pub fn levels(run: &Run<'_>, variable: &Variable, known: &[Known]) -> Vec<(String, String)> {
    if let (Some(first), Some(last)) = (variable.cuts.first(), variable.cuts.last()) {
        let mut levels = vec![("0".to_owned(), format!("below {first}"))];
        for (at, pair) in variable.cuts.windows(2).enumerate() {
            if let [from, to] = pair {
                levels.push(((at + 1).to_string(), format!("{from} to below {to}")));
            }
        }
        levels.push((variable.cuts.len().to_string(), format!("{last} and more")));
        return levels;
    }
    let present: BTreeSet<&String> = known.iter().flatten().filter_map(|(answer, _)| answer.text.as_ref()).collect();
    let mut codes: Vec<String> = run.codes(&variable.value).into_iter().filter(|code| present.contains(code)).collect();
    codes.extend(present.iter().filter(|code| !codes.contains(code)).map(|code| (*code).clone()).collect::<Vec<_>>());
    codes.into_iter().map(|code| (code.clone(), run.label(&variable.value, &code))).collect()
}
