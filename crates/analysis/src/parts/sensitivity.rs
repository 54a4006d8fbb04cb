//! Does it hold: other sets, estimands, structures and assumptions about what is missing; the tipping point.

use super::endpoint::Outcome;
use crate::{
    figures::{
        figure,
        forest::{Forest, Line},
        lines::{Lines, Point, Series},
    },
    model::{Asked, Data, Fitted, NoAnswer, model_of, structure},
    random::Draws,
    run::Run,
    shown,
    table::{Block, Cell, Ground, Section, Table},
};
use protocol::model::{Endpoint, Estimand, Sensitivity, SensitivityMethod};
use stats::{
    blinding::ADJUSTED_LIMITS,
    formula::Formula,
    imputation::{Effects, ReferenceBased, Strategy},
    linear::Linear,
    mmrm::Structure,
};
use std::collections::BTreeMap;

/// One result beside the primary one.
struct Found {
    arm: usize,
    estimate: f64,
    lower: f64,
    upper: f64,
    p: f64,
    how: String,
    ground: Ground,
    people: usize,
}

pub fn section(run: &Run<'_>, outcomes: &[Outcome<'_>]) -> Option<Section> {
    let primary = run.plan.primary.as_ref()?;
    let outcome = outcomes.iter().find(|outcome| outcome.endpoint.id == primary.id)?;
    let mut section = Section::new("sensitivity", "Does it hold?");
    if !run.compares() {
        section.words("Arms are not shown, so there is no difference to be tested: this part is empty until they are.");
        return Some(section);
    }
    let mut table = Table::new(
        "sensitivity",
        format!("Sensitivity of the primary result at {}", run.visit_label(primary.visit.as_str())),
        "Analysis",
        &["participant", "form", "score", "answer", "attendance", "stop", "deviation", "dose"],
    );
    table.column("n", "n").column("difference", "Difference (95\u{a0}% CI)").column("p", "p").column("how", "How");
    let mut lines = Vec::new();
    for (arm, test, _) in &outcome.tests {
        if let Ok(fitted) = &outcome.fitted {
            let found = Found {
                arm: *arm,
                estimate: test.estimate,
                lower: test.lower,
                upper: test.upper,
                p: test.p,
                how: "the primary analysis".to_owned(),
                ground: fitted.data.ground(),
                people: fitted.fit.counts().n_subjects,
            };
            write(run, "primary", "Primary analysis", &found, &mut table, &mut lines);
        }
    }
    let mut tipping = None;
    for one in &run.plan.sensitivity {
        match analysis(run, primary, outcome.estimand, one) {
            Ok(results) => {
                for found in results.found {
                    write(run, &one.id, &one.title, &found, &mut table, &mut lines);
                }
                tipping = results.tipping.map(|grid| (one, grid)).or(tipping);
            }
            Err(why) => {
                let cells =
                    vec![Cell::default(), Cell::words("no result"), Cell::default(), Cell::words(why.to_string())];
                table.row(one.id.clone(), one.title.clone(), cells);
            }
        }
    }
    if run.plan.sensitivity.iter().any(|one| one.method == SensitivityMethod::GuessAdjusted) {
        table.note(format!("Adjusted for guesses: {ADJUSTED_LIMITS}."));
    }
    let forest = Forest {
        id: "sensitivity-figure".to_owned(),
        title: "Difference at the primary visit, by analysis".to_owned(),
        finding: "Every line is one analysis of the table below.".to_owned(),
        lines,
        sides: ("better than reference".to_owned(), "worse".to_owned()),
        decimals: 1,
    };
    let drawn = figure("sensitivity-figure", &forest.title, forest.draw(), "sensitivity");
    section.blocks.extend(drawn.map(Block::Figure));
    section.table(table);
    if let Some((one, grid)) = tipping {
        tips(run, one, &grid, &mut section);
    }
    Some(section)
}

fn write(run: &Run<'_>, id: &str, title: &str, found: &Found, table: &mut Table, lines: &mut Vec<Line>) {
    let arm = run.arms.get(found.arm).map(|arm| arm.title.clone()).unwrap_or_default();
    let name = if run.arms.len() > 2 { format!("{title}, {arm}") } else { title.to_owned() };
    let text = format!("{} ({})", shown::number(found.estimate, 1), shown::interval(found.lower, found.upper, 1));
    let cells = vec![
        Cell::number(found.people.to_string(), "n", found.people as f64).on(&found.ground),
        Cell::number(text, "estimate", found.estimate)
            .and("lower", found.lower)
            .and("upper", found.upper)
            .on(&found.ground)
            .by(found.how.clone()),
        Cell::number(shown::p(found.p), "p", found.p).on(&found.ground),
        Cell::words(found.how.clone()),
    ];
    table.row(id, name.clone(), cells);
    lines.push(Line {
        name: short(&name),
        depth: 0,
        people: format!("n {}", found.people),
        estimate: Some(found.estimate),
        interval: Some((found.lower, found.upper)),
        own: id == "primary",
    });
}

/// A name that fits beside a line: up to its first bracket.
fn short(name: &str) -> String {
    let name = name.split(" (").next().unwrap_or(name);
    if name.chars().count() <= 40 {
        return name.to_owned();
    }
    let cut: String = name.chars().take(38).collect();
    format!("{}…", cut.rsplit_once(' ').map_or(cut.as_str(), |(head, _)| head))
}

/// Results of one analysis.
struct Results {
    found: Vec<Found>,
    tipping: Option<Vec<(usize, Vec<stats::imputation::TippingPoint>, Ground)>>,
}

fn analysis(run: &Run<'_>, endpoint: &Endpoint, primary: &Estimand, one: &Sensitivity) -> Result<Results, NoAnswer> {
    let named = one.estimand.as_deref().map(|id| run.plan.estimand(id).ok_or(NoAnswer::Plan("estimand")));
    let estimand = named.transpose()?.unwrap_or(primary);
    let mut asked = Asked::new(endpoint, estimand);
    asked.set = one.set.as_deref();
    asked.covariance = &one.covariance;
    let strategy = match one.method {
        SensitivityMethod::Model => return fitted(run, &asked),
        SensitivityMethod::GuessAdjusted => return guesses(run, asked),
        SensitivityMethod::LastObservation => return carried_forward(run, &asked),
        SensitivityMethod::MultipleImputation => return drawn(run, &asked, one),
        SensitivityMethod::TippingPoint | SensitivityMethod::MissingAtRandom => Strategy::MissingAtRandom,
        SensitivityMethod::JumpToReference => Strategy::JumpToReference,
        SensitivityMethod::CopyReference => Strategy::CopyReference,
        SensitivityMethod::CopyIncrements => Strategy::CopyIncrements,
    };
    let (data, plan) = imputation(run, &asked, strategy)?;
    let effects = plan.run(&data.table).map_err(|error| NoAnswer::Fit(error.to_string()))?;
    if one.method == SensitivityMethod::TippingPoint {
        return Ok(Results { found: Vec::new(), tipping: Some(tipping(run, one, &data, &effects)) });
    }
    let visit = data.visits.last().cloned().unwrap_or_default();
    let imputed = effects.imputed.len();
    let found = effects.arms.iter().filter(|arm| arm.visit == visit).filter_map(|arm| {
        let difference = arm.difference?;
        Some(Found {
            arm: run.arms.iter().position(|known| known.id == arm.arm)?,
            estimate: difference.estimate,
            lower: difference.lower,
            upper: difference.upper,
            p: difference.p,
            how: format!("conditional mean of {imputed} missing values, jackknife errors"),
            ground: data.ground(),
            people: effects.people,
        })
    });
    Ok(Results { found: found.collect(), tipping: None })
}

fn fitted(run: &Run<'_>, asked: &Asked<'_>) -> Result<Results, NoAnswer> {
    let fitted = Fitted::new(run, asked)?;
    let last = fitted.data.visits.len().saturating_sub(1);
    let how = format!(
        "{} covariance; {}",
        crate::model::structure_words(fitted.fit.model().covariance),
        if asked.further.is_some() { "guess and its interaction with the visit added" } else { "the primary model" }
    );
    let differences = fitted.differences(run).into_iter().filter(|one| one.visit == last);
    let found = differences.filter_map(|one| {
        let estimate = one.estimate?;
        Some(Found {
            arm: one.arm,
            estimate: estimate.estimate,
            lower: estimate.lower,
            upper: estimate.upper,
            p: estimate.p,
            how: how.clone(),
            ground: fitted.data.ground(),
            people: fitted.fit.counts().n_subjects,
        })
    });
    Ok(Results { found: found.collect(), tipping: None })
}

/// The participants' own guesses as an effect.
fn guesses<'r>(run: &'r Run<'_>, mut asked: Asked<'r>) -> Result<Results, NoAnswer> {
    let plan = run.plan.guesses.first().ok_or(NoAnswer::Plan("guess"))?;
    let mut values = BTreeMap::new();
    for (at, person) in run.record.people.iter().enumerate() {
        let form = person.forms.iter().rev();
        let mut form =
            form.filter(|form| form.form == plan.form.as_str() && form.visit.as_deref() == Some(plan.visit.as_str()));
        let guess = form.find_map(|form| form.scores.get("guess")?.text.clone());
        if let Some(guess) = guess {
            values.insert(at, guess);
        }
    }
    asked.further = Some(("guess".to_owned(), values));
    fitted(run, &asked)
}

/// Data and plan of a reference-based imputation: the confirmatory effects as base model, an ANCOVA of the same at the end.
fn imputation(run: &Run<'_>, asked: &Asked<'_>, strategy: Strategy) -> Result<(Data, ReferenceBased), NoAnswer> {
    let data = Data::new(run, asked)?;
    let plan = run.plan.model.as_ref().ok_or(NoAnswer::Plan("model"))?;
    let first = plan.covariance.first().map_or(Structure::Us, |name| structure(*name));
    let model = model_of(run, &data, first)?;
    let reference = run.reference().and_then(|at| run.arms.get(at)).ok_or(NoAnswer::Plan("reference arm"))?;
    // Each visit has an analysis of its own, so the visit falls out of the effects.
    let effects: Vec<String> = data
        .formula
        .trim_start_matches("change ~ ")
        .split(" + ")
        .map(|effect| effect.split('*').filter(|name| *name != "visit").collect::<Vec<_>>().join("*"))
        .filter(|effect| !effect.is_empty())
        .collect();
    let analysis = Formula::parse(&format!("change ~ {}", effects.join(" + ")));
    let analysis = analysis.map_err(|error| NoAnswer::Fit(error.to_string()))?;
    Ok((data, ReferenceBased { model, strategy, reference: reference.id.clone(), analysis }))
}

fn drawn(run: &Run<'_>, asked: &Asked<'_>, one: &Sensitivity) -> Result<Results, NoAnswer> {
    let (data, plan) = imputation(run, asked, Strategy::JumpToReference)?;
    let count = one.imputations.unwrap_or(100) as usize;
    let mut draws = Draws::new(u64::from(one.seed.unwrap_or(1)), &one.id);
    let effects = plan.draw(&data.table, count, 0.0, &mut || draws.normal());
    let effects = effects.map_err(|error| NoAnswer::Fit(error.to_string()))?;
    let visit = data.visits.last().cloned().unwrap_or_default();
    let found = effects.iter().filter(|effect| effect.visit == visit).filter_map(|effect| {
        let pooled = &effect.difference;
        Some(Found {
            arm: run.arms.iter().position(|known| known.id == effect.arm)?,
            estimate: pooled.estimate,
            lower: pooled.interval[0],
            upper: pooled.interval[1],
            p: pooled.p,
            how: format!(
                "{count} imputations, seed {}, Rubin's rules; Monte Carlo error {}",
                one.seed.unwrap_or(1),
                shown::number(pooled.monte_carlo_se, 3)
            ),
            ground: data.ground(),
            people: data.people.len(),
        })
    });
    Ok(Results { found: found.collect(), tipping: None })
}

/// The last value of each, the baseline where nothing came after it; one row a person.
fn carried_forward(run: &Run<'_>, asked: &Asked<'_>) -> Result<Results, NoAnswer> {
    let data = Data::new(run, asked)?;
    let mut last: BTreeMap<usize, (usize, f64, f64)> = BTreeMap::new();
    for row in &data.rows {
        let change = row.change.unwrap_or_else(|| last.get(&row.person).map_or(0.0, |(_, _, change)| *change));
        last.insert(row.person, (row.arm, row.baseline, change));
    }
    let mean = last.values().map(|(_, baseline, _)| baseline).sum::<f64>() / last.len() as f64;
    let reference = run.reference();
    let others: Vec<usize> = (0..run.arms.len()).filter(|arm| Some(*arm) != reference).collect();
    let rows: Vec<Vec<f64>> = last
        .values()
        .map(|(arm, baseline, _)| {
            let dummies = others.iter().map(|other| f64::from(u8::from(other == arm)));
            [1.0, baseline - mean].into_iter().chain(dummies).collect()
        })
        .collect();
    let changes: Vec<f64> = last.values().map(|(_, _, change)| *change).collect();
    let linear = Linear::new(&rows, &changes).map_err(|error| NoAnswer::Fit(error.to_string()))?;
    let tests = linear.tests(0.95);
    let found = others.iter().enumerate().filter_map(|(at, arm)| {
        let test = tests.get(at + 2)?;
        Some(Found {
            arm: *arm,
            estimate: test.estimate,
            lower: test.interval[0],
            upper: test.interval[1],
            p: test.p,
            how: "last value carried forward; ANCOVA on the baseline".to_owned(),
            ground: data.ground(),
            people: last.len(),
        })
    });
    Ok(Results { found: found.collect(), tipping: None })
}

type Grid = Vec<(usize, Vec<stats::imputation::TippingPoint>, Ground)>;

fn tipping(run: &Run<'_>, one: &Sensitivity, data: &Data, effects: &Effects) -> Grid {
    let number = |decimal: Option<terms::Decimal>| decimal.and_then(|d| d.to_string().parse::<f64>().ok());
    let (most, step) = (number(one.delta_max).unwrap_or(20.0), number(one.delta_step).unwrap_or(1.0));
    let steps = (most / step + 1e-9).floor() as usize;
    let deltas: Vec<f64> = (0..=steps).map(|at| at as f64 * step).collect();
    let visit = data.visits.last().cloned().unwrap_or_default();
    let others = run.arms.iter().enumerate().filter(|(_, arm)| !arm.reference);
    others.map(|(at, arm)| (at, effects.tipping(&visit, &arm.id, &deltas), data.ground())).collect()
}

fn tips(run: &Run<'_>, one: &Sensitivity, grid: &Grid, section: &mut Section) {
    let alpha = run.plan.model.as_ref().and_then(|model| model.alpha.to_string().parse::<f64>().ok()).unwrap_or(0.05);
    for (arm, points, ground) in grid {
        let name = run.arms.get(*arm).map(|arm| arm.title.clone()).unwrap_or_default();
        let id = if grid.len() > 1 { format!("tipping-{arm}") } else { "tipping".to_owned() };
        let mut table = Table::new(
            id.clone(),
            format!("{}: {name}", one.title),
            "Points worse",
            &["participant", "form", "score", "answer"],
        );
        table.column("difference", "Difference (95\u{a0}% CI)").column("p", "p");
        for point in points {
            let found = point.difference;
            let text =
                format!("{} ({})", shown::number(found.estimate, 1), shown::interval(found.lower, found.upper, 1));
            let cells = vec![
                Cell::number(text, "estimate", found.estimate)
                    .and("lower", found.lower)
                    .and("upper", found.upper)
                    .on(ground)
                    .by("imputed values outside the reference arm made worse by so many points"),
                Cell::number(shown::p(found.p), "p", found.p).on(ground),
            ];
            let delta = shown::number(point.delta, if point.delta.fract() == 0.0 { 0 } else { 1 });
            table.row(format!("delta-{delta}"), format!("+{delta}"), cells);
        }
        let tips = Effects::tips_at(points, alpha);
        let last = points.last().map_or(0.0, |point| point.delta);
        let said = tips.map_or_else(
            || format!("The result does not tip up to {} points.", shown::number(last, 0)),
            |delta| {
                format!("The result tips at {} points: from there on p is {alpha} or more.", shown::number(delta, 1))
            },
        );
        table.note(said.clone());
        let drawn = points.iter().map(|point| Point {
            x: point.delta,
            y: point.difference.estimate,
            interval: Some((point.difference.lower, point.difference.upper)),
        });
        let lines = Lines {
            id: format!("{id}-figure"),
            title: "Difference as imputed values are made worse".to_owned(),
            finding: said,
            series: vec![Series { name: "at the end".to_owned(), points: drawn.collect(), steps: false }],
            along: points
                .iter()
                .filter(|point| point.delta % 5.0 == 0.0)
                .map(|point| (point.delta, shown::number(point.delta, 0), String::new()))
                .collect(),
            axis: "points added to each imputed value".to_owned(),
            include: vec![0.0],
            limits: Vec::new(),
            marks: tips.map(|delta| (delta, "tips here".to_owned())).into_iter().collect(),
            decimals: 0,
            dots: false,
        };
        section.blocks.extend(figure(&format!("{id}-figure"), &lines.title, lines.draw(), &id).map(Block::Figure));
        section.table(table);
    }
}
