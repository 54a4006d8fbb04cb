//! Severity bands by visit, who moved where, and everybody's line.

use super::{both, record, standing};
use crate::{
    figures::{
        bands::{Bar, Bars, Path, Paths},
        figure,
    },
    run::Run,
    table::{Block, Cell, Place, Section, Table, ground},
};
use protocol::model::Endpoint;
use stats::severity::transitions;
use std::collections::BTreeMap;

pub fn section(run: &Run<'_>) -> Option<Section> {
    let primary = run.plan.primary.as_ref()?;
    let set = run.plan.model.as_ref().and_then(|model| run.plan.estimand(&model.estimand)).map(|one| one.set.clone());
    let set = set.or_else(|| run.plan.sets.first().map(|set| set.id.clone()))?;
    let bands = bands(run, primary);
    if bands.is_empty() {
        return None;
    }
    let visits: Vec<&str> = std::iter::once(primary.baseline.as_str())
        .chain(primary.visits.iter().map(terms::VisitId::as_str))
        .chain(
            run.study.visits.iter().filter(|v| v.kind == protocol::model::VisitKind::FollowUp).map(|v| v.id.as_str()),
        )
        .collect();
    let mut section = Section::new("severity", "Severity over time");
    let (table, bars) = by_visit(run, primary, &set, &bands, &visits);
    section.blocks.extend(figure("severity-figure", &bars.title, bars.draw(), "severity").map(Block::Figure));
    section.table(table);
    let paths = paths(run, primary, &set, &bands, &visits);
    section.blocks.extend(figure("trajectories", &paths.title, paths.draw(), "severity").map(Block::Figure));
    for arm in 0..run.arms.len() {
        section.table(moves(run, primary, &set, &bands, arm));
    }
    super::durability::add(run, primary, &set, &mut section);
    Some(section)
}

/// The score as people call it: `CAPS-5 total`.
fn named(run: &Run<'_>, endpoint: &Endpoint) -> String {
    let form = run.study.form(endpoint.form.as_str()).map_or(endpoint.form.as_str(), |form| form.title.as_str());
    format!("{form} {}", crate::shown::words(&endpoint.score))
}

/// Bands of the primary score, mildest first: by the smallest value that anybody had in each.
fn bands(run: &Run<'_>, endpoint: &Endpoint) -> Vec<String> {
    let mut least: BTreeMap<&str, f64> = BTreeMap::new();
    let forms = run.record.people.iter().flat_map(|person| &person.forms);
    for form in forms.filter(|form| form.form == endpoint.form.as_str()) {
        let Some(answer) = form.scores.get(endpoint.score.as_str()) else { continue };
        if let (Some(band), Some(number)) = (&answer.band, answer.number) {
            let known = least.entry(band).or_insert(number);
            *known = known.min(number);
        }
    }
    let mut bands: Vec<(&str, f64)> = least.into_iter().collect();
    bands.sort_by(|a, b| a.1.total_cmp(&b.1));
    bands.into_iter().map(|(band, _)| band.to_owned()).collect()
}

/// Somebody's band at a visit, with its place and value.
fn band_at(
    run: &Run<'_>,
    endpoint: &Endpoint,
    bands: &[String],
    person: usize,
    visit: &str,
) -> Option<(usize, Place, f64)> {
    let person = run.person(person)?;
    let seen = run.seen(person, endpoint.form.as_str(), &endpoint.score, visit)?;
    let band = bands.iter().position(|band| Some(band.as_str()) == seen.band)?;
    Some((band, record(person, &seen.form.instance), seen.value))
}

fn by_visit(run: &Run<'_>, endpoint: &Endpoint, set: &str, bands: &[String], visits: &[&str]) -> (Table, Bars) {
    let mut table = Table::new(
        "severity",
        format!("Severity bands of the {} by visit", named(run, endpoint)),
        "Arm and visit",
        &["participant", "form", "score"],
    );
    for band in bands {
        table.column(band.clone(), crate::shown::capital(band));
    }
    table.column("missing", "Not seen");
    let mut bars = Bars {
        id: "severity-figure".to_owned(),
        title: "Participants in each severity band, by visit".to_owned(),
        finding: "Counts are in the table below.".to_owned(),
        bands: bands.to_vec(),
        bars: Vec::new(),
    };
    for (arm, shown) in run.arms.iter().enumerate() {
        let people = run.members_of(set, arm);
        for (at, visit) in visits.iter().enumerate() {
            let label = run.visit_label(visit);
            let at_visit = |person: &usize| band_at(run, endpoint, bands, *person, visit);
            let seen: Vec<_> = people.iter().filter_map(at_visit).collect();
            let unseen: Vec<usize> = people.iter().filter(|person| at_visit(person).is_none()).copied().collect();
            let mut counts = Vec::new();
            let mut cells = Vec::new();
            for band in 0..bands.len() {
                let places = seen.iter().filter(|(own, ..)| *own == band).map(|(_, place, _)| place.clone());
                let places = ground(places);
                let count = seen.iter().filter(|(own, ..)| *own == band).count();
                counts.push(count);
                let cell = Cell::count(places, count).and("of", seen.len() as f64);
                cells.push(cell.or_on(|| standing(run, &people)));
            }
            cells.push(Cell::count(standing(run, &unseen), unseen.len()).by("members of the set who were not seen"));
            table.row(format!("{}-{label}", shown.id), format!("{}, {label}", shown.title), cells);
            let group = (at == 0).then(|| format!("{}, n {}", shown.title, people.len()));
            bars.bars.push(Bar { group, name: label, counts });
        }
    }
    (table, bars)
}

fn paths(run: &Run<'_>, endpoint: &Endpoint, set: &str, bands: &[String], visits: &[&str]) -> Paths {
    let panels = run.arms.iter().enumerate().map(|(arm, shown)| {
        let people = run.members_of(set, arm).into_iter().map(|person| {
            let seen: Vec<Option<(usize, Place, f64)>> =
                visits.iter().map(|visit| band_at(run, endpoint, bands, person, visit)).collect();
            let last = visits.iter().position(|visit| *visit == endpoint.visit.as_str()).unwrap_or(0);
            let band = seen.iter().take(last + 1).rev().flatten().next().map_or(0, |(band, ..)| *band);
            Path { values: seen.iter().map(|one| one.as_ref().map(|(_, _, value)| *value)).collect(), band }
        });
        (shown.title.clone(), people.collect())
    });
    Paths {
        id: "trajectories".to_owned(),
        title: format!("Every participant’s {}, coloured by the band at the end", named(run, endpoint)),
        finding: "One line a participant.".to_owned(),
        bands: bands.to_vec(),
        visits: visits.iter().map(|visit| run.visit_label(visit)).collect(),
        panels: panels.collect(),
    }
}

fn moves(run: &Run<'_>, endpoint: &Endpoint, set: &str, bands: &[String], arm: usize) -> Table {
    let shown = run.arms.get(arm);
    let (id, title) = shown.map_or(("all", "All"), |arm| (arm.id.as_str(), arm.title.as_str()));
    let (from, to) = (run.visit_label(endpoint.baseline.as_str()), run.visit_label(endpoint.visit.as_str()));
    let mut table = Table::new(
        format!("moves-{id}"),
        format!("Bands at {from} against bands at {to}: {title}"),
        &format!("At {from}"),
        &["participant", "form", "score"],
    );
    for band in bands {
        table.column(band.clone(), crate::shown::capital(band));
    }
    table.column("missing", "Not seen").column("all", "All");
    let people = run.members_of(set, arm);
    let at = |person: usize, visit: &str| band_at(run, endpoint, bands, person, visit);
    let pairs: Vec<_> = people
        .iter()
        .filter_map(|person| {
            Some((at(*person, endpoint.baseline.as_str())?, at(*person, endpoint.visit.as_str()), *person))
        })
        .collect();
    let counted =
        transitions(bands.len(), pairs.iter().map(|(first, last, _)| (first.0, last.as_ref().map(|one| one.0))));
    for (row, band) in bands.iter().enumerate().filter(|(row, _)| counted.row_total(*row) > 0) {
        let own: Vec<_> = pairs.iter().filter(|(first, ..)| first.0 == row).collect();
        let mut cells: Vec<Cell> = (0..bands.len())
            .map(|column| {
                let here = own.iter().filter(|(_, last, _)| last.as_ref().map(|one| one.0) == Some(column));
                let places = ground(here.flat_map(|(first, last, _)| {
                    std::iter::once(first.1.clone()).chain(last.as_ref().map(|one| one.1.clone()))
                }));
                let count = counted.counts.get(row).and_then(|row| row.get(column)).copied().unwrap_or(0);
                Cell::count(places, count)
            })
            .collect();
        let missing = counted.missing.get(row).copied().unwrap_or(0);
        // Those who were not seen again: what shows them is their band at the start, and that they are there.
        let gone: Vec<_> = own.iter().filter(|(_, last, _)| last.is_none()).collect();
        let people: Vec<usize> = gone.iter().map(|(.., person)| *person).collect();
        let on = both(&ground(gone.iter().map(|(first, ..)| first.1.clone())), &standing(run, &people));
        cells.push(Cell::count(on, missing));
        cells.push(Cell::count(ground(own.iter().map(|(first, ..)| first.1.clone())), counted.row_total(row)));
        table.row(band.clone(), crate::shown::capital(band), cells);
    }
    let moved = counted.moves();
    let seen = moved.improved + moved.unchanged + moved.worsened;
    table.note(format!(
        "To a milder band: {} of {} seen, {} of all {}. Unchanged {}, to a graver band {}.",
        moved.improved,
        seen,
        moved.improved,
        seen + moved.missing,
        moved.unchanged,
        moved.worsened
    ));
    table
}
