//! The other scores of the primary instrument, cluster by cluster: observed change by arm, and the model's difference.

use super::endpoint::mean_cell;
use crate::{
    model::{Asked, Fitted},
    run::Run,
    shown,
    table::{Cell, Section, Table, ground},
};
use protocol::model::{Endpoint, Estimand};

/// Adds the table, where the instrument has further scores that are numbers.
pub fn add(run: &Run<'_>, primary: &Endpoint, section: &mut Section) {
    let Some(model) = &run.plan.model else { return };
    let Some(estimand) = run.plan.estimand(&model.estimand) else { return };
    let names = others(run, primary);
    if names.is_empty() {
        return;
    }
    let last = run.visit_label(primary.visit.as_str());
    let mut table = Table::new(
        "scores",
        format!("Other scores of the same instrument: change to {last}"),
        "Score",
        &["participant", "form", "score", "answer", "attendance", "stop", "deviation", "dose"],
    );
    for arm in &run.arms {
        table.column(arm.id.clone(), format!("{}, observed mean (SD), n", arm.title));
    }
    let others: Vec<usize> = (0..run.arms.len()).filter(|arm| Some(*arm) != run.reference()).collect();
    if run.compares() {
        for arm in &others {
            let arm = run.arms.get(*arm).map(|arm| (arm.id.as_str(), arm.title.as_str())).unwrap_or_default();
            let many = others.len() > 1;
            let id = if many { format!("difference-{}", arm.0) } else { "difference".to_owned() };
            let title = if many { format!("{} less reference", arm.1) } else { "Difference".to_owned() };
            table.column(id, format!("{title}, LS means (95\u{a0}% CI)"));
        }
        table.column("p", "p");
    }
    for (name, meaning) in names {
        let endpoint = Endpoint { id: name.clone(), title: name.clone(), score: name.clone(), ..primary.clone() };
        table.row(name.clone(), meaning, cells(run, &endpoint, estimand, &others));
    }
    table.note(format!(
        "Each by the model and the estimand of the primary endpoint ({}), unadjusted for multiplicity, exploratory.",
        estimand.title.to_lowercase()
    ));
    section.table(table);
}

/// Numbers that the primary form's instrument gives besides the endpoint's own and its prorated twin.
fn others(run: &Run<'_>, primary: &Endpoint) -> Vec<(String, String)> {
    let form = run.study.form(primary.form.as_str());
    let Some(instrument) = form.and_then(|form| form.instrument.as_deref()).and_then(instruments::find) else {
        return Vec::new();
    };
    let twin = format!("{}_prorated", primary.score);
    let outputs = instruments::outputs(instrument).into_iter();
    let numbers = outputs.filter(|one| one.kind == instruments::OutputKind::Number);
    numbers
        .filter(|one| one.name != primary.score && one.name != twin)
        .map(|one| (one.name.to_owned(), shown::capital(&shown::words(one.name))))
        .collect()
}

fn cells(run: &Run<'_>, endpoint: &Endpoint, estimand: &Estimand, others: &[usize]) -> Vec<Cell> {
    let fitted = match Fitted::new(run, &Asked::new(endpoint, estimand)) {
        Ok(fitted) => fitted,
        Err(why) => return vec![Cell::words(why.to_string())],
    };
    let last = fitted.data.visits.len().saturating_sub(1);
    let mut cells: Vec<Cell> = (0..run.arms.len())
        .map(|arm| {
            let seen: Vec<_> = fitted.data.at(arm, last).collect();
            let changes: Vec<f64> = seen.iter().filter_map(|row| row.change).collect();
            let cell = mean_cell(&changes, 1, &ground(seen.iter().flat_map(|row| row.places.iter().cloned())));
            let text = format!("{}, {}", cell.text, changes.len());
            if changes.is_empty() { cell } else { cell.printed(text) }
        })
        .collect();
    if !run.compares() {
        return cells;
    }
    let all = fitted.data.ground();
    let differences = fitted.differences(run);
    let mut p = Cell::default();
    for arm in others {
        let own = differences.iter().find(|one| one.arm == *arm && one.visit == last);
        let Some(estimate) = own.and_then(|one| one.estimate) else {
            cells.push(Cell::words("not determined"));
            continue;
        };
        let interval = shown::interval(estimate.lower, estimate.upper, 1);
        let text = format!("{} ({interval})", shown::number(estimate.estimate, 1));
        cells.push(
            Cell::number(text, "estimate", estimate.estimate)
                .and("se", estimate.se)
                .and("df", estimate.df)
                .and("lower", estimate.lower)
                .and("upper", estimate.upper)
                .on(&all)
                .by("difference of least-squares means"),
        );
        let said =
            if p.text.is_empty() { shown::p(estimate.p) } else { format!("{}; {}", p.text, shown::p(estimate.p)) };
        p = Cell { text: said, ..p }.and("p", estimate.p).on(&all).by("two-sided test of the difference");
    }
    cells.push(p);
    cells
}
