//! Trials that come as numbers are fitted as those that come as text, and their differences between arms are those of the
//! least-squares means.

#![allow(clippy::unwrap_used, reason = "a reference file that can't be read must stop the test")]

use std::path::PathBuf;

use stats::cli::Spec;
use stats::design::Factor;
use stats::mmrm::{DfMethod, Fit, Model, Refusal, Rows, Vcov, Weights};
use stats::table::Table;

fn load(name: &str) -> (Table, Model) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reference/mmrm");
    let spec = Spec::parse(&std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap()).unwrap();
    let table = Table::from_csv(&std::fs::read_to_string(folder.join(&spec.data)).unwrap()).unwrap();
    (table, spec.model().unwrap())
}

/// The rows of a fit as numbers.
fn rows(fit: &Fit, table: &Table) -> Rows {
    let people = table.column(&fit.model().subject).unwrap();
    let mut known: Vec<u32> = Vec::new();
    let person = fit.frame().rows.iter().map(|&row| {
        let code = people.codes()[row];
        let at = known.iter().position(|other| *other == code).unwrap_or_else(|| {
            known.push(code);
            known.len() - 1
        });
        at as u32
    });
    let person = person.collect();
    Rows {
        response: fit.frame().response.clone(),
        variables: fit.frame().variables.clone(),
        person,
        visit: fit.visits().unwrap().clone(),
    }
}

#[test]
fn numbers_and_text_give_the_same_fit() {
    for name in ["p01_us_reml_main", "p02_ar1h_reml", "p03_us_ml_tiny", "p08_us_reml_rankdef", "p12_cs_reml_two"] {
        let (table, model) = load(name);
        let text = Fit::new(&table, &model).unwrap();
        let numbers = Fit::of_rows(rows(&text, &table), &model).unwrap();
        assert_eq!(text.coefficients(), numbers.coefficients(), "{name}");
        assert_eq!(text.beta_vcov(), numbers.beta_vcov(), "{name}");
        assert_eq!(text.criteria(), numbers.criteria(), "{name}");
        assert_eq!(text.patterns(), numbers.patterns(), "{name}");
    }
}

#[test]
fn a_difference_is_that_of_the_means() {
    let mut compared = 0;
    for name in [
        "p01_us_reml_main",
        "p02_us_reml",
        "p03_us_reml_tiny_armvisit",
        "p08_us_reml_rankdef_sitearm",
        "p08_us_reml_rankdef",
        "p11_us_reml_three",
        "antidep_us_reml_site",
    ] {
        let (table, model) = load(name);
        let fit = Fit::new(&table, &model).unwrap();
        let inference = fit.inference(DfMethod::Satterthwaite, Vcov::Asymptotic).unwrap();
        let arms = fit.arms().unwrap().len();
        for (index, (row, estimate)) in inference.contrasts(Weights::Equal).into_iter().enumerate() {
            let (visit, arm) = (index / (arms - 1), index % (arms - 1) + 1);
            let found = fit.difference_row(arm, visit);
            assert_eq!(found.is_some(), estimate.is_some(), "{name} {} {}", row.visit, row.arm);
            let Some((found, estimate)) = found.zip(estimate) else { continue };
            let again = inference.contrast(&found);
            assert!((again.estimate - estimate.estimate).abs() < 1e-9 * estimate.se, "{name} {}", row.visit);
            assert!((again.se / estimate.se - 1.0).abs() < 1e-9, "{name} {}", row.visit);
            compared += 1;
        }
        assert!(fit.difference_row(arms, 0).is_none() && fit.difference_row(1, 99).is_none());
    }
    assert!(compared > 20, "{compared}");
}

#[test]
fn rows_that_do_not_fit_are_refused() {
    let (table, model) = load("p12_cs_reml_two");
    let sound = rows(&Fit::new(&table, &model).unwrap(), &table);
    let refused = |change: &dyn Fn(&mut Rows)| {
        let mut rows = sound.clone();
        change(&mut rows);
        let found = Fit::of_rows(rows, &model).map(|_| ()).unwrap_err();
        assert!(matches!(found, Refusal::Uneven { .. } | Refusal::TooManyVisits { .. }), "{found}");
    };
    refused(&|rows| rows.response.truncate(3));
    refused(&|rows| rows.person.truncate(3));
    refused(&|rows| *rows = Rows::default());
    refused(&|rows| drop(rows.variables.pop()));
    refused(&|rows| rows.visit.codes[0] = 7);
    refused(&|rows| rows.visit.codes[1] = rows.visit.codes[0]);
    refused(&|rows| rows.person.iter_mut().for_each(|person| *person += 1));
    refused(&|rows| rows.person[0] = u32::MAX);
    refused(&|rows| rows.visit = Factor::default());
}
