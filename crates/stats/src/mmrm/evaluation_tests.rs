//! The likelihood, its gradient and its Hessian at the fixed θ that the reference files give, before any search.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

use super::likelihood::Likelihood;
use super::model::Data;
use crate::cli::Spec;
use crate::table::Table;

pub(super) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reference/mmrm")
}

pub(super) fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(list) => list.iter().map(|item| item.as_f64().unwrap()).collect(),
        other => vec![other.as_f64().unwrap()],
    }
}

#[test]
fn likelihood_gradient_and_hessian_agree_with_the_reference() {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let mut points = 0;
    for path in files {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let file: Value = serde_json::from_str(&text).unwrap();
        if file["outcome"] == "error" {
            continue;
        }
        let spec = Spec::parse(&text).unwrap();
        let model = spec.model().unwrap();
        let table = Table::from_csv(&std::fs::read_to_string(folder().join(&spec.data)).unwrap()).unwrap();
        let data = Data::new(&table, &model).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        assert_eq!(
            data.design.kept_names(),
            file["coefficients"]["names"]
                .as_array()
                .unwrap()
                .iter()
                .map(|name| name.as_str().unwrap())
                .collect::<Vec<_>>()
        );
        let problem = data.problem;
        let mut likelihood = Likelihood::new(Arc::clone(&problem));
        for point in ["at_standard_start", "at_perturbed_optimum"] {
            let expected = &file["evaluations"][point];
            if expected.is_null() {
                continue;
            }
            points += 1;
            let theta = problem.to_working(&numbers(&expected["theta"]));
            let value = likelihood.value(&theta).unwrap() + problem.constant;
            let wanted = expected["neg_log_lik"].as_f64().unwrap();
            assert!((value - wanted).abs() <= 1e-11 * (1.0 + wanted.abs()), "{name} {point}: −log L {value} {wanted}");
            likelihood.differentiate(&theta);
            close(&format!("{name} {point} gradient"), &likelihood.gradient, &numbers(&expected["gradient"]));
            if expected["hessian"].is_null() {
                continue;
            }
            likelihood.hessian(&theta);
            let count = theta.len();
            let packed: Vec<f64> = (0..count)
                .flat_map(|k| (0..=k).map(move |l| k * count + l))
                .map(|at| likelihood.curvature[at])
                .collect();
            close(&format!("{name} {point} hessian"), &packed, &numbers(&expected["hessian"]));
        }
    }
    assert_eq!(points, 126 + 124);
}

/// Relative to the largest entry: small entries are differences of large sums.
fn close(what: &str, found: &[f64], wanted: &[f64]) {
    assert_eq!(found.len(), wanted.len(), "{what}");
    let largest = wanted.iter().fold(1.0f64, |largest, value| largest.max(value.abs()));
    for (index, (found, wanted)) in found.iter().zip(wanted).enumerate() {
        assert!((found - wanted).abs() <= 1e-9 * largest, "{what}[{index}]: {found} {wanted}");
    }
}
