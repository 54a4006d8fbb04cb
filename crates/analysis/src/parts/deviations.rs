//! Protocol deviations by kind and arm; the important ones one by one.

use super::{Group, having, heads, persons, record};
use crate::{
    record::Person,
    run::Run,
    shown,
    table::{Cell, Place, Section, Table, ground},
};
use std::collections::BTreeMap;

const QUERIES: &[&str] = &["participant", "deviation"];

pub fn section(run: &Run<'_>) -> Section {
    let mut section = Section::new("deviations", "Protocol deviations");
    section.table(by_kind(run));
    section.table(by_site(run));
    section
}

/// Columns: each arm, and everybody, those without an arm too.
fn groups(run: &Run<'_>) -> Vec<Group> {
    let all = 0..run.record.people.len();
    let mut groups: Vec<Group> = run
        .arms
        .iter()
        .enumerate()
        .map(|(at, arm)| Group {
            id: arm.id.clone(),
            title: arm.title.clone(),
            people: all.clone().filter(|person| run.arm(*person) == Some(at)).collect(),
        })
        .collect();
    let consented = all.filter(|at| run.person(*at).is_some_and(|person| person.consented.is_some()));
    groups.push(Group {
        id: "consented".to_owned(),
        title: "Everybody consented".to_owned(),
        people: consented.collect(),
    });
    groups
}

fn by_kind(run: &Run<'_>) -> Table {
    let mut table = Table::new("deviations", "Participants with deviations, by kind", "Deviation", QUERIES);
    let groups = groups(run);
    heads(&mut table, &groups);
    table.column("events", "Times");
    let mut kinds: BTreeMap<(bool, &str), &str> = BTreeMap::new();
    for one in run.record.people.iter().flat_map(|person| &person.deviations) {
        kinds.insert((!one.important, &one.code), &one.title);
    }
    for (class, important) in [("Important", true), ("Minor", false)] {
        let row = |code: Option<&str>| -> Vec<Cell> {
            let own = |p: &Person| -> Vec<Place> {
                let here = p
                    .deviations
                    .iter()
                    .filter(|one| one.important == important && code.is_none_or(|code| one.code == code));
                here.map(|one| record(p, &one.instance)).collect()
            };
            let mut cells: Vec<Cell> = groups.iter().map(|group| having(run, group, &own)).collect();
            let times: Vec<Place> = run.record.people.iter().flat_map(own).collect();
            let count = times.len();
            cells.push(Cell::count(ground(times), count).by("deviations"));
            cells
        };
        table.row(class.to_lowercase(), format!("{class}, any"), row(None));
        for ((minor, code), title) in &kinds {
            if *minor != important {
                table.row(shown::slug(code), (*title).to_owned(), row(Some(code))).inset(1);
            }
        }
    }
    table.note("Participants (percent). What counts as important is the study's own list.");
    table
}

fn by_site(run: &Run<'_>) -> Table {
    let mut table = Table::new("deviations-sites", "Deviations by site", "Site", QUERIES);
    table.column("people", "Consented").column("important", "Important").column("minor", "Minor");
    for site in &run.record.sites {
        let people: Vec<usize> = (0..run.record.people.len())
            .filter(|at| run.person(*at).is_some_and(|p| p.site == site.id && p.consented.is_some()))
            .collect();
        let of = |important: bool| {
            let places: Vec<Place> = persons(run, &people)
                .into_iter()
                .flat_map(|p| {
                    let own = p.deviations.iter().filter(|one| one.important == important);
                    own.map(|one| record(p, &one.instance)).collect::<Vec<_>>()
                })
                .collect();
            let count = places.len();
            Cell::count(ground(places), count).by("deviations")
        };
        let consented = persons(run, &people).into_iter().map(|p| super::kind(p, "consent_recorded"));
        let cells = vec![Cell::count(ground(consented), people.len()), of(true), of(false)];
        table.row(site.id.clone(), format!("{} {}", site.id, site.name), cells);
    }
    table
}
