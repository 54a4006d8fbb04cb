//! Beside published trials: standardised differences, like with like, with what was retracted marked and not drawn.

use super::endpoint::Outcome;
use crate::{
    figures::{
        figure,
        forest::{Forest, Line},
    },
    run::Run,
    shown,
    table::{Block, Cell, Section, Table},
};
use protocol::model::{Compares, Published, PublishedStatus};
use stats::effect_size::standardised;

pub fn section(run: &Run<'_>, outcomes: &[Outcome<'_>]) -> Option<Section> {
    if run.plan.published.is_empty() {
        return None;
    }
    let mut section = Section::new("published", "Beside published trials");
    section.words(
        "Two kinds of comparison that must not be read as one: the drug with therapy against placebo with the same therapy, and a daily \
         medicine against a pill placebo without that therapy. People, raters, placebos and scales differ. Nothing was compared head to head.",
    );
    let own = own(run, outcomes);
    let mut lines = Vec::new();
    for (compares, title) in [
        (Compares::TherapyAdded, "Drug with therapy, placebo with the same"),
        (Compares::DailyMedicine, "Daily medicine, pill placebo, no such therapy"),
    ] {
        lines.push(head(title));
        if compares == Compares::TherapyAdded {
            lines.extend(own.clone());
        }
        let stands = |one: &&Published| {
            one.compares == compares && matches!(one.status, PublishedStatus::Active | PublishedStatus::Corrected)
        };
        for one in run.plan.published.iter().filter(stands) {
            let Some(d) = number(one.d) else { continue };
            let interval = match one.d_interval.as_slice() {
                [lower, upper] => number(Some(*lower)).zip(number(Some(*upper))),
                _ => None,
            };
            let people = one.people.iter().map(ToString::to_string).collect::<Vec<_>>().join("\u{a0}/\u{a0}");
            lines.push(Line { name: one.title.clone(), depth: 1, people, estimate: Some(d), interval, own: false });
        }
    }
    let forest = Forest {
        id: "published-figure".to_owned(),
        title: "Standardised differences, better is to the right".to_owned(),
        finding: "Each line is one trial or pool of trials of the table below; retracted work and other outcomes are not drawn.".to_owned(),
        lines,
        sides: ("worse".to_owned(), "better than control".to_owned()),
        decimals: 2,
    };
    let mut drawn = figure("published-figure", &forest.title, forest.draw(), "published");
    if let Some(figure) = &mut drawn {
        figure.notes.push(
            "The two groups stand on one scale and not on one footing: see above. This trial: d over the residual SD of the model."
                .to_owned(),
        );
    }
    section.blocks.extend(drawn.map(Block::Figure));
    section.table(table(run));
    Some(section)
}

fn number(decimal: Option<terms::Decimal>) -> Option<f64> {
    decimal.and_then(|decimal| decimal.to_string().parse().ok())
}

fn head(title: &str) -> Line {
    Line { name: title.to_owned(), depth: 0, people: String::new(), estimate: None, interval: None, own: false }
}

/// This trial's own standardised difference, turned so that better is positive.
fn own(run: &Run<'_>, outcomes: &[Outcome<'_>]) -> Option<Line> {
    let outcome = outcomes.first()?;
    let fitted = outcome.fitted.as_ref().ok()?;
    let (arm, test, _) = outcome.tests.first()?;
    let [d, lower, upper] = standardised(test.estimate, [test.lower, test.upper], fitted.deviation(outcome.last())?);
    let sizes = [*arm, run.reference()?].map(|arm| fitted.data.people_of(arm).len());
    Some(Line {
        name: "This trial".to_owned(),
        depth: 1,
        people: format!("{} / {}", sizes[0], sizes[1]),
        estimate: Some(-d),
        interval: Some((-upper, -lower)),
        own: true,
    })
}

fn table(run: &Run<'_>) -> Table {
    let mut table = Table::new("published", "Published results that are compared with", "Study", &[]);
    table
        .column("status", "Status")
        .column("n", "n")
        .column("difference", "Difference on the scale (95\u{a0}% CI)")
        .column("d", "d (95\u{a0}% CI)")
        .column("citation", "Citation, and how sure these numbers are");
    for one in &run.plan.published {
        let status = match one.status {
            PublishedStatus::Active => "stands",
            PublishedStatus::Corrected => "corrected",
            PublishedStatus::Concern => "expression of concern",
            PublishedStatus::Retracted => "RETRACTED",
        };
        let with = |value: Option<f64>, interval: &[terms::Decimal], digits: usize| match (value, interval) {
            (Some(value), [lower, upper]) => {
                let ends = (number(Some(*lower)).unwrap_or(f64::NAN), number(Some(*upper)).unwrap_or(f64::NAN));
                let text = format!("{} ({})", shown::number(value, digits), shown::interval(ends.0, ends.1, digits));
                Cell::number(text, "value", value).and("lower", ends.0).and("upper", ends.1)
            }
            (Some(value), _) => Cell::number(shown::number(value, digits), "value", value),
            (None, _) => Cell::words("–"),
        };
        let doi = one.doi.as_ref().map_or_else(String::new, |doi| format!(", doi {doi}"));
        let people = one.people.iter().map(ToString::to_string).collect::<Vec<_>>().join("\u{a0}/\u{a0}");
        let cells = vec![
            Cell::words(status),
            Cell::words(people),
            with(number(one.difference), &one.interval, 1),
            with(number(one.d), &one.d_interval, 2),
            Cell::words(format!("{}{doi}. Numbers: {}. Status looked up {}.", one.citation, one.source, one.checked)),
        ];
        table.row(one.id.clone(), format!("{}; {}", one.title, one.scale), cells);
    }
    table.note(
        "From the study's own file of published results; retracted work is listed so that nobody cites it by mistake.",
    );
    table
}
