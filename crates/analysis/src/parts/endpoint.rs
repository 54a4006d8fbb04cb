//! The primary and the key secondary endpoints: the confirmatory model by visit and arm, tested in the plan's order.

use crate::{
    figures::{
        figure,
        lines::{Lines, Point, Series},
    },
    model::{Asked, Fitted, Mean, NoAnswer, mean_days, moments},
    run::Run,
    shown,
    table::{Block, Cell, Ground, Section, Table, ground},
};
use protocol::model::{Endpoint, Estimand, MultiplicityName};
use stats::{
    effect_size::standardised,
    mmrm::Estimate,
    multiplicity::{Adjustment, adjust},
};

/// One endpoint as it came out.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// The endpoint.
    pub endpoint: &'a Endpoint,
    /// Its estimand.
    pub estimand: &'a Estimand,
    /// The fit, or why there is none.
    pub fitted: Result<Fitted, NoAnswer>,
    /// Every other arm against the reference at the endpoint's own visit, with the adjusted p.
    pub tests: Vec<(usize, Estimate, f64)>,
}

impl Outcome<'_> {
    /// The endpoint's own visit among those of the model.
    pub fn last(&self) -> usize {
        self.endpoint.visits.len().saturating_sub(1)
    }
}

/// Fits every endpoint of the plan, and adjusts the tests as the plan says.
pub fn outcomes<'a>(run: &Run<'a>) -> Vec<Outcome<'a>> {
    let Some(plan) = &run.plan.model else { return Vec::new() };
    let Some(estimand) = run.plan.estimand(&plan.estimand) else { return Vec::new() };
    let mut outcomes: Vec<Outcome<'a>> = run
        .plan
        .endpoints()
        .map(|endpoint| {
            let fitted = Fitted::new(run, &Asked::new(endpoint, estimand));
            let last = endpoint.visits.len().saturating_sub(1);
            let tests = fitted.iter().flat_map(|fitted| fitted.differences(run));
            let tests =
                tests.filter(|one| one.visit == last).filter_map(|one| Some((one.arm, one.estimate?, f64::NAN)));
            Outcome { endpoint, estimand, tests: tests.collect(), fitted }
        })
        .collect();
    let p: Vec<f64> = outcomes.iter().flat_map(|outcome| outcome.tests.iter().map(|(_, test, _)| test.p)).collect();
    let method = match plan.multiplicity {
        MultiplicityName::FixedSequence => Adjustment::FixedSequence,
        MultiplicityName::Holm => Adjustment::Holm,
        MultiplicityName::Hochberg => Adjustment::Hochberg,
    };
    let adjusted = adjust(&p, method);
    let tests = outcomes.iter_mut().flat_map(|outcome| &mut outcome.tests);
    tests.zip(adjusted).for_each(|((_, _, own), adjusted)| *own = adjusted);
    outcomes
}

pub fn primary(run: &Run<'_>, outcomes: &[Outcome<'_>]) -> Option<Section> {
    let primary = run.plan.primary.as_ref()?;
    let outcome = outcomes.iter().find(|outcome| outcome.endpoint.id == primary.id)?;
    let mut section = Section::new("primary", &format!("Primary endpoint: {}", lower(&primary.title)));
    described(run, outcome, "primary", &mut section);
    super::scores::add(run, primary, &mut section);
    Some(section)
}

pub fn key_secondary(run: &Run<'_>, outcomes: &[Outcome<'_>]) -> Option<Section> {
    let mut section = Section::new("key_secondary", "Key secondary endpoints");
    for endpoint in &run.plan.key_secondary {
        let outcome = outcomes.iter().find(|outcome| outcome.endpoint.id == endpoint.id)?;
        section.words(format!("{}.", endpoint.title));
        described(run, outcome, &endpoint.id, &mut section);
    }
    (!section.blocks.is_empty()).then_some(section)
}

/// A first letter in lower case, unless it begins an abbreviation.
fn lower(title: &str) -> String {
    let mut characters = title.chars();
    if title.chars().nth(1).is_some_and(char::is_uppercase) {
        return title.to_owned();
    }
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

/// Decimals that fit a score: one for totals, two for means of few items.
fn decimals(outcome: &Outcome<'_>) -> usize {
    let Ok(fitted) = &outcome.fitted else { return 1 };
    let whole = fitted.data.rows.iter().filter_map(|row| row.value).all(|value| value.fract() == 0.0);
    if whole { 1 } else { 2 }
}

/// What came out, in one sentence.
pub fn sentence(run: &Run<'_>, outcome: &Outcome<'_>) -> Option<String> {
    let digits = decimals(outcome);
    let (arm, test, adjusted) = outcome.tests.first()?;
    let reference = run.arms.get(run.reference()?)?;
    let way = if test.estimate < 0.0 { "fell by" } else { "rose by" };
    let alpha = run.plan.model.as_ref()?.alpha.to_string().parse::<f64>().ok()?;
    let verdict = if *adjusted < alpha { "The test passes" } else { "The test does not pass" };
    Some(format!(
        "{}: the score {way} {} points more than with {} (95\u{a0}% CI {}; p {}). {verdict} at the two-sided level {alpha}, adjusted p {}.",
        run.arms.get(*arm)?.title,
        shown::number(test.estimate.abs(), digits),
        lower(&reference.title),
        shown::interval(test.lower, test.upper, digits),
        shown::p(test.p),
        shown::p(*adjusted),
    ))
}

fn described(run: &Run<'_>, outcome: &Outcome<'_>, id: &str, section: &mut Section) {
    let fitted = match &outcome.fitted {
        Ok(fitted) => fitted,
        Err(why) => {
            section.words(format!("No result: {why}."));
            return;
        }
    };
    section.blocks.extend(sentence(run, outcome).map(Block::Words));
    section.words(format!("Estimand: {}. {}.", outcome.estimand.title, outcome.estimand.text));
    let drawn = change(run, outcome, fitted, id);
    section.blocks.extend(figure(&format!("{id}-figure"), &drawn.title, drawn.draw(), id).map(Block::Figure));
    section.table(table(run, outcome, fitted, id));
}

fn table(run: &Run<'_>, outcome: &Outcome<'_>, fitted: &Fitted, id: &str) -> Table {
    let digits = decimals(outcome);
    let data = &fitted.data;
    let mut table = Table::new(
        id,
        outcome.endpoint.title.clone(),
        "Visit",
        &["participant", "form", "score", "answer", "attendance", "stop", "deviation", "dose"],
    );
    for (at, arm) in run.arms.iter().enumerate() {
        table.column(arm.id.clone(), format!("{}, n\u{a0}{}", arm.title, data.people_of(at).len()));
    }
    for arm in run.arms.iter().filter(|arm| run.compares() && !arm.reference) {
        let (id, title) = if run.arms.len() > 2 {
            (format!("difference-{}", arm.id), format!("{} less reference (95\u{a0}% CI)", arm.title))
        } else {
            ("difference".to_owned(), "Difference (95\u{a0}% CI)".to_owned())
        };
        table.column(id, title);
    }
    if run.compares() {
        table.column("p", "p");
    }
    let all = data.ground();
    baseline(run, outcome, fitted, digits, &mut table);
    let (means, differences) = (fitted.means(run), fitted.differences(run));
    for (visit, label) in data.visits.iter().enumerate() {
        observed(run, fitted, visit, label, digits, &mut table);
        let mut cells: Vec<Cell> = (0..run.arms.len())
            .map(|arm| {
                let own = means.iter().find(|mean| mean.arm == arm && mean.visit == visit);
                own.and_then(|mean| mean.estimate).map_or_else(
                    || Cell::words("not determined"),
                    |estimate| {
                        let text = format!(
                            "{} ({})",
                            shown::number(estimate.estimate, digits),
                            shown::number(estimate.se, digits + 1)
                        );
                        estimated(&estimate, text, &all).by("least-squares mean of the model, with its standard error")
                    },
                )
            })
            .collect();
        let mut p = Cell::default();
        for mean in differences.iter().filter(|mean| mean.visit == visit) {
            let Some(estimate) = mean.estimate else {
                cells.push(Cell::words("not determined"));
                continue;
            };
            let text = format!(
                "{} ({})",
                shown::number(estimate.estimate, digits),
                shown::interval(estimate.lower, estimate.upper, digits)
            );
            cells.push(estimated(&estimate, text, &all).by("difference of least-squares means"));
            let said =
                if p.text.is_empty() { shown::p(estimate.p) } else { format!("{}; {}", p.text, shown::p(estimate.p)) };
            p = Cell { text: said, ..p }.and("p", estimate.p).on(&all).by("two-sided test of the difference");
        }
        cells.push(p);
        table.row(format!("{label}-lsmean"), "change, LS mean (SE)", cells).inset(1);
    }
    sizes(run, outcome, fitted, &all, &mut table);
    table.note(format!("Model: {}.", fitted.said()));
    for passed in &fitted.passed {
        table.note(format!("A structure was passed over, in the plan's order: {passed}."));
    }
    for note in &data.notes {
        table.note(format!("{}.", shown::capital(note)));
    }
    table.note("Observed means are of those seen at the visit; LS means are the model's, and count everybody.");
    table
}

fn estimated(estimate: &Estimate, text: String, ground: &Ground) -> Cell {
    Cell::number(text, "estimate", estimate.estimate)
        .and("se", estimate.se)
        .and("df", estimate.df)
        .and("lower", estimate.lower)
        .and("upper", estimate.upper)
        .and("t", estimate.t)
        .and("p", estimate.p)
        .on(ground)
}

/// The baseline of everybody in the model.
fn baseline(run: &Run<'_>, outcome: &Outcome<'_>, fitted: &Fitted, digits: usize, table: &mut Table) {
    let label = run.visit_label(outcome.endpoint.baseline.as_str());
    let cells = (0..run.arms.len()).map(|arm| {
        let first = fitted.data.rows.iter().filter(|row| row.arm == arm && row.visit == 0);
        let rows: Vec<_> = first.collect();
        let values: Vec<f64> = rows.iter().map(|row| row.baseline).collect();
        mean_cell(&values, digits, &ground(rows.iter().filter_map(|row| row.places.first().cloned())))
    });
    table.row(format!("{label}-value"), format!("{label}, mean (SD)"), cells.collect());
}

fn observed(run: &Run<'_>, fitted: &Fitted, visit: usize, label: &str, digits: usize, table: &mut Table) {
    let mut rows: [Vec<Cell>; 3] = Default::default();
    for arm in 0..run.arms.len() {
        let seen: Vec<_> = fitted.data.at(arm, visit).collect();
        let places = ground(seen.iter().flat_map(|row| row.places.iter().cloned()));
        let of = fitted.data.people_of(arm).len();
        let [n, values, changes] = &mut rows;
        n.push(
            Cell::count(places.clone(), seen.len())
                .and("of", of as f64)
                .printed(shown::part(seen.len(), of))
                .by("participants seen at the visit, and percent of those in the model"),
        );
        let value: Vec<f64> = seen.iter().filter_map(|row| row.value).collect();
        values.push(mean_cell(&value, digits, &places));
        let change: Vec<f64> = seen.iter().filter_map(|row| row.change).collect();
        changes.push(mean_cell(&change, digits, &places));
    }
    let [n, values, changes] = rows;
    table.row(format!("{label}-n"), format!("{label}, seen (%)"), n);
    table.row(format!("{label}-value"), "value, observed mean (SD)", values).inset(1);
    table.row(format!("{label}-change"), "change, observed mean (SD)", changes).inset(1);
}

/// Mean and standard deviation of what was seen.
pub fn mean_cell(values: &[f64], digits: usize, places: &Ground) -> Cell {
    let (Some(mean), deviation) = moments(values) else { return Cell::words("–") };
    let deviation = deviation.unwrap_or(f64::NAN);
    let text = format!("{} ({})", shown::number(mean, digits), shown::number(deviation, digits));
    Cell::number(text, "mean", mean)
        .and("sd", deviation)
        .and("n", values.len() as f64)
        .on(places)
        .by("observed mean and standard deviation")
}

/// Standardised differences, each with what it is divided by.
fn sizes(run: &Run<'_>, outcome: &Outcome<'_>, fitted: &Fitted, all: &Ground, table: &mut Table) {
    if !run.compares() {
        return;
    }
    let last = outcome.last();
    let mut model = vec![Cell::default(); run.arms.len()];
    let mut observed = model.clone();
    let changes = |arm: usize| -> Vec<f64> { fitted.data.at(arm, last).filter_map(|row| row.change).collect() };
    let reference = run.reference().map(changes).unwrap_or_default();
    let mut title = String::new();
    for (arm, test, _) in &outcome.tests {
        if let Some(deviation) = fitted.deviation(last) {
            let [d, lower, upper] = standardised(test.estimate, [test.lower, test.upper], deviation);
            let text = format!("{} ({})", shown::number(d, 2), shown::interval(lower, upper, 2));
            title = shown::number(deviation, 1);
            model.push(
                Cell::number(text, "d", d)
                    .and("lower", lower)
                    .and("upper", upper)
                    .and("deviation", deviation)
                    .on(all)
                    .by("difference over the model's residual standard deviation at the visit"),
            );
        }
        if let Ok(size) = stats::effect_size::effect_size(&changes(*arm), &reference, 0.95) {
            let [lower, upper] = size.interval_d;
            let text = format!("{} ({})", shown::number(size.cohen_d, 2), shown::interval(lower, upper, 2));
            observed.push(
                Cell::number(text, "d", size.cohen_d)
                    .and("lower", lower)
                    .and("upper", upper)
                    .and("hedges_g", size.hedges_g)
                    .on(all)
                    .by("difference of observed changes over their pooled standard deviation, exact interval"),
            );
        }
    }
    let label = run.visit_label(outcome.endpoint.visit.as_str());
    table.row(format!("{label}-d-residual"), format!("{label}, d (residual SD {title})"), model);
    table.row(format!("{label}-d-observed"), format!("{label}, d (change-score SD of those seen)"), observed);
}

/// Change by visit with intervals, from the baseline's zero.
fn change(run: &Run<'_>, outcome: &Outcome<'_>, fitted: &Fitted, id: &str) -> Lines {
    let endpoint = outcome.endpoint;
    let people = &fitted.data.people;
    let weeks: Vec<f64> = endpoint
        .visits
        .iter()
        .enumerate()
        .map(|(at, visit)| {
            let days = mean_days(run, endpoint.baseline.as_str(), visit.as_str(), people);
            days.map_or((at + 1) as f64, |days| days / 7.0)
        })
        .collect();
    let means = fitted.means(run);
    let series: Vec<Series> = run
        .arms
        .iter()
        .enumerate()
        .map(|(arm, shown)| {
            let mut points = vec![Point { x: 0.0, y: 0.0, interval: None }];
            let own = means.iter().filter(|mean: &&Mean| mean.arm == arm);
            points.extend(own.filter_map(|mean| {
                let estimate = mean.estimate?;
                let interval = Some((estimate.lower, estimate.upper));
                Some(Point { x: *weeks.get(mean.visit)?, y: estimate.estimate, interval })
            }));
            Series { name: shown.title.clone(), points, steps: false }
        })
        .collect();
    let mut along = vec![(0.0, run.visit_label(endpoint.baseline.as_str()), "week 0".to_owned())];
    along.extend(
        fitted.data.visits.iter().zip(&weeks).map(|(label, week)| (*week, label.clone(), format!("week {week:.0}"))),
    );
    let said: Vec<String> = series
        .iter()
        .map(|series| {
            let values: Vec<String> = series.points.iter().skip(1).map(|point| shown::number(point.y, 1)).collect();
            format!("{}: {}", series.name, values.join(", "))
        })
        .collect();
    Lines {
        id: format!("{id}-figure"),
        title: "Change from baseline by visit, LS means with 95\u{a0}% intervals".to_owned(),
        finding: format!("{}. The numbers are in the table below.", said.join("; ")),
        series,
        along,
        axis: "time since the baseline, mean".to_owned(),
        include: vec![0.0],
        limits: Vec::new(),
        marks: Vec::new(),
        decimals: 0,
        dots: true,
    }
}
