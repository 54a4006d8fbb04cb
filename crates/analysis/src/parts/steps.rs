//! How far everybody came: the furthest of the plan's responders by visit, and each participant's change.

use super::{
    record,
    responders::{Answer, answer},
    standing,
};
use crate::{
    figures::{
        bands::{Bar, Bars},
        figure,
        waterfall::Waterfall,
    },
    run::Run,
    shown,
    table::{Block, Cell, Place, Section, Table, ground},
};
use protocol::model::{Endpoint, Responder};

/// Adds both figures with their tables.
pub fn add(run: &Run<'_>, primary: &Endpoint, set: &str, section: &mut Section) {
    let (table, bars) = by_visit(run, primary, set);
    section
        .blocks
        .extend(figure("responder-steps-figure", &bars.title, bars.draw(), "responder-steps").map(Block::Figure));
    section.table(table);
    let (table, drawn) = changes(run, primary, set);
    section.blocks.extend(figure("changes-figure", &drawn.title, drawn.draw(), "changes").map(Block::Figure));
    section.table(table);
}

/// `Response: 10 points or more better` → `Response`.
fn short(responder: &Responder) -> &str {
    responder.title.split(':').next().unwrap_or(&responder.title)
}

fn by_visit(run: &Run<'_>, primary: &Endpoint, set: &str) -> (Table, Bars) {
    let mut table = Table::new(
        "responder-steps",
        "The furthest that participants came, by visit",
        "Arm and visit",
        &["participant", "form", "score", "answer"],
    );
    table.column("none", "None of these");
    for responder in &run.plan.responders {
        table.column(responder.id.clone(), short(responder));
    }
    table.column("missing", "Not seen");
    let names = std::iter::once("None of these").chain(run.plan.responders.iter().map(short));
    let mut bars = Bars {
        id: "responder-steps-figure".to_owned(),
        title: "The furthest that participants came, by visit".to_owned(),
        finding: "Counts are in the table below.".to_owned(),
        bands: names.map(str::to_owned).collect(),
        bars: Vec::new(),
    };
    for (at, arm) in run.arms.iter().enumerate() {
        let people = run.members_of(set, at);
        for (first, visit) in primary.visits.iter().enumerate() {
            let mut steps: Vec<Vec<Place>> = vec![Vec::new(); run.plan.responders.len() + 1];
            let mut counts = vec![0; steps.len()];
            let mut unseen = Vec::new();
            for at in &people {
                let Some(person) = run.person(*at) else { continue };
                let answers = run.plan.responders.iter().map(|one| answer(run, person, primary, one, visit.as_str()));
                let answers: Vec<_> = answers.collect();
                if answers.iter().any(|(answer, _)| *answer == Answer::NotSeen) {
                    unseen.push(*at);
                    continue;
                }
                let step = answers.iter().rposition(|(answer, _)| *answer == Answer::Yes).map_or(0, |at| at + 1);
                if let (Some(places), Some(count)) = (steps.get_mut(step), counts.get_mut(step)) {
                    *count += 1;
                    places.extend(answers.into_iter().flat_map(|(_, places)| places));
                }
            }
            let seen: usize = counts.iter().sum();
            let mut cells: Vec<Cell> = steps
                .into_iter()
                .zip(&counts)
                .map(|(places, count)| Cell::count(ground(places), *count).and("of", seen as f64))
                .map(|cell| cell.or_on(|| standing(run, &people)))
                .collect();
            cells.push(Cell::count(standing(run, &unseen), unseen.len()).by("members of the set who were not seen"));
            let label = run.visit_label(visit.as_str());
            table.row(format!("{}-{label}", arm.id), format!("{}, {label}", arm.title), cells);
            let group = (first == 0).then(|| format!("{}, n {}", arm.title, people.len()));
            bars.bars.push(Bar { group, name: label, counts });
        }
    }
    table.note("Each participant counts once, with the last of the plan’s responders that is true of them.");
    (table, bars)
}

/// Steps of the table of changes: ten points each.
const STEP: f64 = 10.0;

fn changes(run: &Run<'_>, primary: &Endpoint, set: &str) -> (Table, Waterfall) {
    let last = run.visit_label(primary.visit.as_str());
    let mut seen: Vec<(usize, f64, Vec<Place>)> = Vec::new();
    for (at, arm) in run.members(set) {
        let Some(person) = run.person(at) else { continue };
        let value = |visit: &str| run.seen(person, primary.form.as_str(), &primary.score, visit);
        if let (Some(base), Some(end)) = (value(primary.baseline.as_str()), value(primary.visit.as_str())) {
            let places = vec![record(person, &base.form.instance), record(person, &end.form.instance)];
            seen.push((arm, end.value - base.value, places));
        }
    }
    let mut table = Table::new(
        "changes",
        format!("Each participant’s change to {last}, in steps of ten points"),
        "Change",
        &["participant", "form", "score"],
    );
    let count = |arm: usize| seen.iter().filter(|(own, ..)| *own == arm).count();
    for (at, arm) in run.arms.iter().enumerate() {
        table.column(arm.id.clone(), format!("{}, n\u{a0}{}", arm.title, count(at)));
    }
    let step = |change: f64| (change / STEP).floor() as i64;
    let steps: Vec<i64> = seen.iter().map(|(_, change, _)| step(*change)).collect();
    if let (Some(low), Some(high)) = (steps.iter().min(), steps.iter().max()) {
        for at in *low..=*high {
            let from = at as f64 * STEP;
            let title = format!("{} to below {}", shown::number(from, 0), shown::number(from + STEP, 0));
            let cells = (0..run.arms.len()).map(|arm| {
                let here = seen.iter().filter(|(own, change, _)| *own == arm && step(*change) == at);
                let places: Vec<Place> = here.clone().flat_map(|(_, _, places)| places.clone()).collect();
                let (count, of) = (here.count(), count(arm));
                let cell = Cell::count(ground(places), count).and("of", of as f64).printed(shown::part(count, of));
                cell.or_on(|| standing(run, &run.members_of(set, arm)))
            });
            table.row(format!("step{at}"), title, cells.collect());
        }
    }
    table.note("Of those seen at both visits, whatever happened in between. Negative is better.");
    let drawn = Waterfall {
        id: "changes-figure".to_owned(),
        title: format!("Everybody’s change to {last}"),
        finding: "The numbers by steps of ten points are in the table below.".to_owned(),
        arms: run.arms.iter().map(|arm| arm.title.clone()).collect(),
        people: seen.iter().map(|(arm, change, _)| (*arm, *change)).collect(),
        limits: Vec::new(),
    };
    (table, drawn)
}
