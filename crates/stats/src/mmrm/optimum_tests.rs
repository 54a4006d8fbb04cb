//! The search arrives where the reference's polished optimum lies.

use super::evaluation_tests::{folder, numbers};
use super::{Fit, Refusal};
use crate::cli::Spec;
use crate::table::Table;

#[test]
fn reaches_the_optimum_of_every_reference_fit() {
    let mut files: Vec<_> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let mut wrong = Vec::new();
    for path in files {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let file: serde_json::Value = serde_json::from_str(&text).unwrap();
        let spec = Spec::parse(&text).unwrap();
        let table = Table::from_csv(&std::fs::read_to_string(folder().join(&spec.data)).unwrap()).unwrap();
        let began = std::time::Instant::now();
        match Fit::new(&table, &spec.model().unwrap()) {
            Ok(fit) => {
                if file["outcome"] == "error" {
                    wrong.push(format!("{name}: fitted"));
                    continue;
                }
                let criteria = fit.criteria();
                let wanted = file["fit"]["neg_log_lik"].as_f64().unwrap();
                let gap = criteria.neg_log_lik - wanted;
                let theta = fit.theta();
                let w: Vec<f64> = (0..theta.len()).map(|k| fit.theta_vcov()[k * theta.len() + k].sqrt()).collect();
                let off = theta
                    .iter()
                    .zip(numbers(&file["theta"]))
                    .zip(&w)
                    .map(|((a, b), se)| ((a - b) / se).abs())
                    .fold(0.0, f64::max);
                println!(
                    "{name:40} steps {:3} start {} gap {gap:9.1e} θ off {off:9.1e} se, gradient {:8.1e}, {:?}",
                    fit.steps,
                    fit.starts,
                    criteria.max_abs_gradient,
                    began.elapsed()
                );
                if gap.abs() > 1e-8 * (1.0 + wanted.abs()) || off > 1e-6 {
                    wrong.push(format!("{name}: gap {gap:e} off {off:e}"));
                }
            }
            Err(refusal) => {
                println!("{name:40} {refusal}");
                if file["outcome"] != "error" {
                    wrong.push(format!("{name}: {refusal}"));
                } else {
                    assert!(
                        matches!(refusal, Refusal::Unbounded { ref visit, .. } if visit == "T5"),
                        "{name}: {refusal}"
                    );
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
