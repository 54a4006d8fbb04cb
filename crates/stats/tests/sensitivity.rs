//! Sensitivity analyses against each other: drawn imputations against conditional means, tables and grids of deltas against
//! an analysis of shifted data, the effect adjusted for guesses.

#![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use stats::blinding::{ADJUSTED_LIMITS, adjusted};
use stats::design::Levels;
use stats::formula::{Expression, Formula};
use stats::imputation::{Effects, ReferenceBased, Strategy, tipping_chart, tipping_table};
use stats::linear::Linear;
use stats::mmrm::{DfMethod, Estimation, Fit, Model, Structure, Vcov, Weights};
use stats::table::Table;

fn trial() -> (Table, Model) {
    let path = format!("{}/tests/reference/mmrm/data/p02_caps_n90.csv", env!("CARGO_MANIFEST_DIR"));
    let levels: Levels = [("AVISIT", vec!["T2", "T3", "T4"]), ("ARM", vec!["PLACEBO", "MDMA"])]
        .into_iter()
        .map(|(name, levels)| (name.to_owned(), levels.into_iter().map(str::to_owned).collect()))
        .collect();
    let model = Model {
        response: Expression::Column("CHG".to_owned()),
        formula: Formula::parse("ARM + AVISIT + BASE*AVISIT + ARM*AVISIT").unwrap(),
        subject: "USUBJID".to_owned(),
        visit: "AVISIT".to_owned(),
        arm: Some("ARM".to_owned()),
        covariance: Structure::Us,
        group: None,
        coordinates: Vec::new(),
        weights: None,
        estimation: Estimation::Reml,
        levels,
    };
    (Table::from_csv(&std::fs::read_to_string(path).unwrap()).unwrap(), model)
}

fn plan(strategy: Strategy) -> (Table, ReferenceBased) {
    let (table, model) = trial();
    let analysis = Formula::parse("ARM + BASE").unwrap();
    (table, ReferenceBased { model, strategy, reference: "PLACEBO".to_owned(), analysis })
}

/// Standard normal numbers from a seed: xorshift and Box–Muller.
fn normals(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut uniform = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        ((state >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    };
    move || (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos()
}

/// Proper imputations scatter around the conditional mean; under missing at random their pooled error is that of the mixed
/// model, under jump to reference it is larger than the jackknife's (which knows that the reference's mean is borrowed).
#[test]
fn drawn_imputations_agree_with_conditional_means() {
    let imputations = 400;
    for strategy in
        [Strategy::MissingAtRandom, Strategy::JumpToReference, Strategy::CopyReference, Strategy::CopyIncrements]
    {
        let (table, plan) = plan(strategy);
        let exact = plan.run(&table).unwrap();
        let drawn = plan.draw(&table, imputations, 0.0, &mut normals(7)).unwrap();
        let wanted: Vec<_> = exact.arms.iter().filter_map(|arm| Some((&arm.visit, arm.difference?))).collect();
        assert_eq!(drawn.len(), wanted.len());
        for (found, (visit, difference)) in drawn.iter().zip(wanted) {
            assert_eq!(&found.visit, visit);
            // The error of drawing so few: a share of the standard error.
            let slack = 0.12 * difference.se;
            let gap = found.difference.estimate - difference.estimate;
            assert!(gap.abs() < slack, "{strategy:?} {visit}: {gap} beside {slack}");
            let ratio = found.difference.total_variance.sqrt() / difference.se;
            let expected = if strategy == Strategy::MissingAtRandom { 0.9..1.1 } else { 0.9..1.35 };
            assert!(expected.contains(&ratio), "{strategy:?} {visit}: {ratio}");
        }
        if strategy == Strategy::MissingAtRandom {
            let fit = Fit::new(&table, &plan.model).unwrap();
            let inference = fit.inference(DfMethod::KenwardRoger, Vcov::KenwardRogerLinear).unwrap();
            let (_, last) = inference.contrasts(Weights::Proportional).pop().unwrap();
            let (last, found) = (last.unwrap(), &drawn.last().unwrap().difference);
            assert!((found.estimate - last.estimate).abs() < 0.15 * last.se, "{} {}", found.estimate, last.estimate);
            assert!((found.total_variance.sqrt() / last.se - 1.0).abs() < 0.06);
        }
        // The same seed gives the same draws; a delta moves them by what it moves the conditional mean.
        let again = plan.draw(&table, 20, 0.0, &mut normals(3)).unwrap();
        assert_eq!(again, plan.draw(&table, 20, 0.0, &mut normals(3)).unwrap());
        let moved = plan.draw(&table, 20, 5.0, &mut normals(3)).unwrap();
        let (last, arm) = (again.last().unwrap(), exact.arms.last().unwrap());
        let points = exact.tipping(&arm.visit, &arm.arm, &[0.0, 5.0]);
        let expected = points[1].difference.estimate - points[0].difference.estimate;
        let found = moved.last().unwrap().difference.estimate - last.difference.estimate;
        assert!((found - expected).abs() < 1e-9, "{found} {expected}");
    }
}

/// The difference of an ANCOVA on completed data with deltas added by hand.
fn by_hand(table: &Table, effects: &Effects, delta: f64, reference_delta: f64) -> f64 {
    let column = |name: &str| table.column(name).unwrap();
    let (visit, arm) = (column("AVISIT"), column("ARM"));
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    for row in (0..table.rows()).filter(|&row| visit.text(row) == "T4") {
        let treated = f64::from(u8::from(arm.text(row) == "MDMA"));
        let person = column("USUBJID").text(row);
        let seen = column("CHG").numbers()[row];
        let value = if seen.is_nan() {
            let found = effects
                .imputed
                .iter()
                .find(|(other, visit, _)| *visit == 2 && column("USUBJID").text(*other) == person);
            let Some((_, _, imputed)) = found else { continue };
            imputed + if treated == 1.0 { delta } else { reference_delta }
        } else {
            seen
        };
        rows.push(vec![1.0, treated, column("BASE").numbers()[row]]);
        values.push(value);
    }
    Linear::new(&rows, &values).unwrap().coefficients[1]
}

#[test]
fn deltas_are_those_of_an_analysis_of_shifted_data() {
    let (table, plan) = plan(Strategy::MissingAtRandom);
    let effects = plan.run(&table).unwrap();
    let (deltas, others) = ([0.0, 4.0, 10.0, 30.0], [-5.0, 0.0, 5.0]);
    let grid = effects.tipping_grid("T4", "MDMA", &deltas, &others).unwrap();
    let line = effects.tipping("T4", "MDMA", &deltas);
    for (row, delta) in deltas.iter().enumerate() {
        for (column, other) in others.iter().enumerate() {
            let found = grid.differences[row][column].estimate;
            let wanted = by_hand(&table, &effects, *delta, *other);
            assert!((found - wanted).abs() < 1e-9, "{delta} {other}: {found} {wanted}");
        }
        assert_eq!(grid.differences[row][1], line[row].difference, "a reference delta of 0 is the line");
    }
    assert!(effects.tipping("T9", "MDMA", &deltas).is_empty());
    assert!(effects.tipping("T4", "PLACEBO", &deltas).is_empty(), "the reference arm has no difference from itself");
    assert!(effects.tipping_grid("T4", "nobody", &deltas, &others).is_none());
    let table = grid.table(0.05);
    assert_eq!(table.lines().count(), 6);
    let stars = grid.differences.iter().flatten().filter(|found| found.p >= 0.05).count();
    assert_eq!(table.matches('*').count(), stars + 1, "one star for each, and one in the legend\n{table}");
}

#[test]
fn a_tipping_point_is_named_in_table_and_chart() {
    let (table, plan) = plan(Strategy::JumpToReference);
    let effects = plan.run(&table).unwrap();
    let deltas: Vec<f64> = (0..=60).map(f64::from).collect();
    let points = effects.tipping("T4", "MDMA", &deltas);
    let tips = Effects::tips_at(&points, 0.05).unwrap();
    let before = points.iter().find(|point| point.delta == tips - 1.0).unwrap();
    assert!(before.difference.p < 0.05, "the one before is significant");
    let text = tipping_table(&points, 0.05);
    assert_eq!(text.matches("  tips").count(), 1);
    assert!(text.contains(&format!("no longer significant at 0.05 from a delta of {tips} on")), "{text}");
    let svg = tipping_chart(&points, 0.05, "MDMA", "points").svg();
    assert!(svg.contains(&format!("tips at {tips}")) && svg.matches("<circle").count() == 61, "{svg}");
    let never = effects.tipping("T4", "MDMA", &[0.0]);
    assert!(tipping_table(&never, 0.05).contains("over the whole range"));
    assert!(tipping_chart(&never, 0.05, "MDMA", "points").description.contains("stays significant"));
}

/// Guesses drawn by arm alone tell nothing beyond the arm: the adjusted effect stays near, with a larger error, and both the
/// guess and its part at each visit are in the model.
#[test]
fn the_effect_adjusted_for_guesses() {
    let (table, model) = trial();
    let mut uniform = normals(11);
    let mut guess_of = std::collections::BTreeMap::new();
    let (people, arm) = (table.column("USUBJID").unwrap(), table.column("ARM").unwrap());
    let guesses: Vec<String> = (0..table.rows())
        .map(|row| {
            let shift = if arm.text(row) == "MDMA" { 0.8 } else { -0.8 };
            let word = guess_of.entry(people.text(row).to_owned());
            word.or_insert_with(|| if uniform() + shift > 0.0 { "active" } else { "placebo" }.to_owned()).clone()
        })
        .collect();
    let mut csv = String::from("USUBJID,ARM,AVISIT,BASE,CHG,GUESS\n");
    for (row, guess) in guesses.iter().enumerate() {
        let cell = |name: &str| table.column(name).unwrap().text(row).to_owned();
        csv += &format!(
            "{},{},{},{},{},{guess}\n",
            cell("USUBJID"),
            cell("ARM"),
            cell("AVISIT"),
            cell("BASE"),
            cell("CHG")
        );
    }
    let with_guesses = Table::from_csv(&csv).unwrap();
    let last = |model: &Model| {
        let fit = Fit::new(&with_guesses, model).unwrap();
        let inference = fit.inference(DfMethod::KenwardRoger, Vcov::KenwardRogerLinear).unwrap();
        (inference.contrasts(Weights::Proportional).pop().unwrap().1.unwrap(), fit.design().names.join(" "))
    };
    let (plain, _) = last(&model);
    let (found, names) = last(&adjusted(&model, "GUESS"));
    assert!(names.contains("GUESSplacebo") && names.contains("AVISITT4:GUESSplacebo"), "{names}");
    assert!(found.se > 1.05 * plain.se, "a guess that goes with the arm costs precision: {} {}", found.se, plain.se);
    assert!((found.estimate - plain.estimate).abs() < 2.5 * found.se);
    assert!(ADJUSTED_LIMITS.contains("post hoc"));
}
