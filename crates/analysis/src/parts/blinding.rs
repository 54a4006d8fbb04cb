//! How well the trial was blinded: guesses against arms, with Bang's and James' indices.

use super::record;
use crate::{
    run::Run,
    shown,
    table::{Cell, Place, Section, Table, ground},
};
use protocol::model::{Content, GuessPlan};
use stats::blinding::{Guesses, Index, bang_control, bang_treatment, james};

pub fn section(run: &Run<'_>) -> Option<Section> {
    if run.plan.guesses.is_empty() {
        return None;
    }
    let mut section = Section::new("blinding", "Blinding");
    section.words(
        "Bang's index, by arm: 0 is guessing at random, 1 everybody right, −1 everybody wrong. James' index, over both arms: 0 everybody \
         right, 0.5 at random, 1 nobody dares to guess. Therapists who see a strong effect guess right whatever the capsules look like.",
    );
    for plan in &run.plan.guesses {
        section.table(table(run, plan));
    }
    Some(section)
}

/// Guesses of one arm, with the forms that they stand on.
fn guesses(run: &Run<'_>, plan: &GuessPlan, arm: usize) -> [Vec<Place>; 3] {
    let mut found: [Vec<Place>; 3] = Default::default();
    for (_, person) in run.record.people.iter().enumerate().filter(|(at, _)| run.arm(*at) == Some(arm)) {
        for form in &person.forms {
            let here = form.form == plan.form.as_str() && form.visit.as_deref() == Some(plan.visit.as_str());
            let guess = form.scores.get("guess").and_then(|answer| answer.text.as_deref()).filter(|_| here);
            let [active, placebo, unknown] = &mut found;
            match guess {
                Some("active") => active.push(record(person, &form.instance)),
                Some("placebo") => placebo.push(record(person, &form.instance)),
                Some("dont_know") => unknown.push(record(person, &form.instance)),
                _ => {}
            }
        }
    }
    found
}

fn index_cell(index: Option<Index>, on: &crate::table::Ground, how: &str) -> Cell {
    let Some(index) = index else { return Cell::words("–") };
    let [lower, upper] = index.interval;
    let text = format!("{} ({})", shown::number(index.value, 2), shown::interval(lower.max(-1.0), upper.min(1.0), 2));
    Cell::number(text, "index", index.value).and("se", index.se).and("lower", lower).and("upper", upper).on(on).by(how)
}

fn table(run: &Run<'_>, plan: &GuessPlan) -> Table {
    let mut table = Table::new(
        format!("blinding-{}", plan.id),
        format!("Guesses: {}", plan.title.to_lowercase()),
        "Arm",
        &["participant", "form", "score"],
    );
    table.column("active", "Guessed the drug").column("placebo", "Guessed placebo").column("unknown", "Did not know");
    let known = run.compares();
    if known {
        table.column("right", "Right").column("bang", "Bang’s index (95\u{a0}% CI)");
    }
    let (mut treated, mut control) = (None, None);
    let mut everywhere = Vec::new();
    for (at, arm) in run.arms.iter().enumerate() {
        let found = guesses(run, plan, at);
        let counts = found.each_ref().map(Vec::len);
        let total: usize = counts.iter().sum();
        let on = ground(found.iter().flatten().cloned());
        everywhere.extend(found.iter().flatten().cloned());
        let mut cells: Vec<Cell> = found
            .iter()
            .map(|places| {
                let count = places.len();
                Cell::count(ground(places.iter().cloned()), count)
                    .and("of", total as f64)
                    .printed(shown::part(count, total))
                    .or_on(|| on.clone())
            })
            .collect();
        if known {
            let content = run.study.arms.iter().find(|known| known.id == *arm.id.as_str()).map(|known| known.content);
            let own = Guesses { treatment: counts[0] as u64, control: counts[1] as u64, unknown: counts[2] as u64 };
            let (right, bang) = match content {
                Some(Content::Placebo) => (counts[1], bang_control(own, 0.95)),
                _ => (counts[0], bang_treatment(own, 0.95)),
            };
            match content {
                Some(Content::Placebo) => control = Some(own),
                _ => treated = Some(own),
            }
            cells.push(Cell::number(shown::share(right, total), "n", right as f64).on(&on));
            cells.push(index_cell(bang, &on, "Bang, Ni and Davis 2004"));
        }
        table.row(arm.id.clone(), format!("{}, n {total}", arm.title), cells);
    }
    if let (Some(treated), Some(control)) = (treated, control) {
        let on = ground(everywhere);
        let both = james(treated, control, 0.95);
        let mut cells = vec![Cell::default(); 4];
        cells.push(index_cell(both.map(|james| james.index), &on, "James et al. 1996"));
        table.row("james", "James’ index, both arms", cells);
        if let Some(james) = both {
            let lost = james.index.interval[1] < 0.5;
            table.note(match lost {
                true => "James' index lies below 0.5 with its whole interval: guesses were better than chance.",
                false => "James' interval reaches 0.5: guesses can't be told from chance.",
            });
        }
    }
    table
}
