//! Replays every reference fit through the same door as `lifejacket mmrm --spec` and compares everything printed.
//!
//! Tolerances (relative unless said): log L 1e-8·(1+|f|); estimates 1e-6 of their standard error; standard errors,
//! covariances, Σ 1e-6; degrees of freedom 1e-4; p-values 1e-5 to 1e-3; ten times that where Σ's condition is above
//! 1e4 or people are fewer than 15. Where the reference refuses, a refusal that names the visit.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a reference file that can't be read must stop the test")]

use std::path::{Path, PathBuf};

use serde_json::Value;
use stats::cli::{Spec, mmrm_report};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reference/mmrm")
}

/// Fits in which one person alone carries a coefficient (a site of one), so that I−H of that person is singular. The reference inverts
/// it all the same by LU: 1/ε times a residual that is itself rounding, so its numbers are those of one machine's last bits (the scores
/// of one person are not even proportional). We take the pseudo-inverse, as for CR2, where the reference does so too and agrees; of CR3
/// only the estimates are compared here, and the errors with leaving each person out in turn in `alone.rs`.
const ROUNDING_NOISE: [&str; 2] = ["p02_us_reml_main", "p08_us_reml_singleton"];

struct Replay {
    name: String,
    /// 1, or 10 for ill-conditioned or tiny fits.
    loose: f64,
    wrong: Vec<String>,
    compared: usize,
    variants: usize,
}

impl Replay {
    fn estimates_only(&mut self, found: &Value, wanted: &Value) {
        for (index, wanted) in list(&wanted["coef_tests"]).iter().enumerate() {
            let found = &found["coef_tests"][index];
            self.relative("estimate beside a singular I−H", &found["estimate"], &wanted["estimate"], 1e-6);
            self.compared += 1;
            if !(found["se"].as_f64().is_some_and(|se| se > 0.0) && found["df"].as_f64().is_some_and(|df| df > 0.0)) {
                self.wrong.push(format!("no standard error beside a singular I−H: {found}"));
            }
        }
    }

    fn number(&mut self, what: &str, found: &Value, wanted: &Value, tolerance: f64) {
        self.compared += 1;
        let (Some(a), Some(b)) = (found.as_f64(), wanted.as_f64()) else {
            self.wrong.push(format!("{what}: {found} where {wanted} is wanted"));
            return;
        };
        let close = (a - b).abs() <= tolerance;
        if !close {
            self.wrong.push(format!(
                "{what}: {a} where {b} is wanted, off by {:.1e}, allowed {tolerance:.1e}",
                (a - b).abs()
            ));
        }
    }

    fn relative(&mut self, what: &str, found: &Value, wanted: &Value, tolerance: f64) {
        let size = wanted.as_f64().unwrap_or(0.0).abs();
        self.number(what, found, wanted, self.loose * tolerance * size);
    }

    fn same(&mut self, what: &str, found: &Value, wanted: &Value) {
        self.compared += 1;
        if found != wanted {
            self.wrong.push(format!("{what}: {found} where {wanted} is wanted"));
        }
    }

    /// Entries of a covariance matrix, packed: relative to the two standard deviations.
    fn covariance(&mut self, what: &str, found: &Value, wanted: &Value) {
        let (found, wanted) = (list(found), list(wanted));
        if found.len() != wanted.len() {
            self.wrong.push(format!("{what}: {} entries where {} are wanted", found.len(), wanted.len()));
            return;
        }
        let mut start = 0;
        let mut deviations = Vec::new();
        let mut row = 0;
        while start < wanted.len() {
            deviations.push(wanted[start + row].as_f64().unwrap().abs().sqrt());
            for column in 0..=row {
                let size = deviations[row] * deviations[column];
                self.number(
                    &format!("{what}[{row},{column}]"),
                    &found[start + column],
                    &wanted[start + column],
                    self.loose * 2e-6 * size,
                );
            }
            row += 1;
            start += row;
        }
    }

    fn estimate(&mut self, what: &str, found: &Value, wanted: &Value) {
        if wanted["estimable"] == false {
            self.same(&format!("{what} estimable"), &found["estimable"], &wanted["estimable"]);
            self.same(&format!("{what} number where none may be"), &found["estimate"], &Value::Null);
            return;
        }
        let se = wanted["se"].as_f64().unwrap();
        self.number(&format!("{what} estimate"), &found["estimate"], &wanted["estimate"], self.loose * 1e-6 * se);
        self.relative(&format!("{what} se"), &found["se"], &wanted["se"], 1e-6);
        self.relative(&format!("{what} df"), &found["df"], &wanted["df"], 1e-4);
        self.number(
            &format!("{what} t"),
            &found["t"],
            &wanted["t"],
            self.loose * 1e-6 * (1.0 + wanted["t"].as_f64().unwrap().abs()),
        );
        // A heavy tail multiplies a small error in t and df; the reference prints 13 digits, so tails below 1e-13 are its rounding.
        self.p(&format!("{what} p"), &found["p"], &wanted["p"]);
        let half = (wanted["upper95"].as_f64().unwrap() - wanted["lower95"].as_f64().unwrap()).abs() / 2.0;
        for side in ["lower95", "upper95"] {
            self.number(&format!("{what} {side}"), &found[side], &wanted[side], self.loose * 1e-5 * half);
        }
    }

    fn p(&mut self, what: &str, found: &Value, wanted: &Value) {
        let p = wanted.as_f64().unwrap_or(0.0);
        let tolerance = if p > 1e-6 { 1e-5 } else { 1e-3 };
        self.number(what, found, wanted, self.loose * tolerance * p + 1e-300);
    }

    fn test(&mut self, what: &str, found: &Value, wanted: &Value) {
        if !wanted["error"].is_null() {
            // The reference can't invert the covariance of this test: then there must be no number here either.
            return self.same(
                &format!("{what} refused"),
                &Value::from(found["error"].is_string() && found["F"].is_null()),
                &Value::from(true),
            );
        }
        self.same(&format!("{what} num_df"), &found["num_df"], &wanted["num_df"]);
        self.relative(&format!("{what} F"), &found["F"], &wanted["F"], 2e-6);
        self.relative(&format!("{what} den_df"), &found["den_df"], &wanted["den_df"], 1e-4);
        self.p(&format!("{what} p"), &found["p"], &wanted["p"]);
    }

    fn fit(&mut self, found: &Value, wanted: &Value) {
        for key in
            ["n_obs", "n_subjects", "n_visits", "n_beta", "n_theta", "n_groups", "rows_read", "n_patterns", "patterns"]
        {
            self.same(key, &found["counts"][key], &wanted["counts"][key]);
        }
        for key in ["names", "aliased"] {
            self.same(key, &found["coefficients"][key], &wanted["coefficients"][key]);
        }
        let size = wanted["fit"]["neg_log_lik"].as_f64().unwrap().abs();
        for (key, factor) in
            [("neg_log_lik", 1.0), ("log_lik", 1.0), ("deviance", 2.0), ("aic", 2.0), ("aicc", 2.0), ("bic", 2.0)]
        {
            self.number(key, &found["fit"][key], &wanted["fit"][key], factor * 1e-8 * (1.0 + size));
        }
        self.relative("sigma_condition", &found["fit"]["sigma_condition"], &wanted["fit"]["sigma_condition"], 1e-5);
        self.relative(
            "min_eigen_hessian",
            &found["fit"]["min_eigen_hessian"],
            &wanted["fit"]["min_eigen_hessian"],
            1e-4,
        );
        self.covariance("beta_vcov", &found["beta_vcov"], &wanted["beta_vcov"]);
        self.covariance("theta_vcov", &found["theta_vcov"], &wanted["theta_vcov"]);
        self.sigma(&found["sigma"], &wanted["sigma"]);
        for weights in ["equal", "proportional"] {
            self.matrix(weights, &found["lsmeans_matrix"][weights], &wanted["lsmeans_matrix"][weights]);
        }
        let entries = list(&wanted["inference"]);
        self.same("inference entries", &Value::from(list(&found["inference"]).len()), &Value::from(entries.len()));
        for (index, entry) in entries.iter().enumerate() {
            self.inference(&found["inference"][index], entry);
        }
    }

    fn sigma(&mut self, found: &Value, wanted: &Value) {
        if let Value::Object(groups) = wanted {
            for (group, wanted) in groups {
                self.sigma(&found[group], wanted);
            }
            return;
        }
        for (i, row) in list(wanted).iter().enumerate() {
            for (j, value) in list(row).iter().enumerate() {
                let size = (wanted[i][i].as_f64().unwrap() * wanted[j][j].as_f64().unwrap()).sqrt();
                self.number(&format!("sigma[{i},{j}]"), &found[i][j], value, self.loose * 1e-6 * size);
            }
        }
    }

    fn matrix(&mut self, weights: &str, found: &Value, wanted: &Value) {
        self.same(&format!("{weights} rows"), &found["rows"], &wanted["rows"]);
        self.same(&format!("{weights} columns"), &found["columns"], &wanted["columns"]);
        for (i, row) in list(&wanted["L"]).iter().enumerate() {
            for (j, value) in list(row).iter().enumerate() {
                let size = 1.0 + value.as_f64().unwrap().abs();
                let column = &wanted["columns"][j];
                self.number(&format!("L {weights}[{i},{column}]"), &found["L"][i][j], value, 1e-11 * size);
            }
        }
    }

    fn inference(&mut self, found: &Value, wanted: &Value) {
        if wanted["vcov"] == "Empirical-Jackknife" && ROUNDING_NOISE.contains(&&self.name[..]) {
            return self.estimates_only(found, wanted);
        }
        self.variants += 1;
        let name = format!("{}/{}", wanted["df_method"].as_str().unwrap(), wanted["vcov"].as_str().unwrap());
        self.same(&name, &found["df_method"], &wanted["df_method"]);
        self.same(&name, &found["vcov"], &wanted["vcov"]);
        if !wanted["beta_vcov"].is_null() {
            self.covariance(&format!("{name} beta_vcov"), &found["beta_vcov"], &wanted["beta_vcov"]);
        }
        for (index, wanted) in list(&wanted["coef_tests"]).iter().enumerate() {
            let found = &found["coef_tests"][index];
            self.same(&name, &found["label"], &wanted["label"]);
            self.estimate(&format!("{name} {}", wanted["label"]), found, wanted);
        }
        for (index, wanted) in list(&wanted["term_tests"]).iter().enumerate() {
            let found = &found["term_tests"][index];
            self.same(&name, &found["term"], &wanted["term"]);
            self.same(&name, &found["coefficients"], &wanted["coefficients"]);
            self.test(&format!("{name} {}", wanted["term"]), found, wanted);
        }
        for table in ["lsmeans", "contrasts"] {
            let Value::Object(kinds) = &wanted[table] else { continue };
            for (weights, rows) in kinds {
                for (index, wanted) in list(rows).iter().enumerate() {
                    let found = &found[table][weights][index];
                    for (key, value) in wanted.as_object().unwrap().iter().filter(|(_, value)| value.is_string()) {
                        self.same(&format!("{name} {table} {weights} {index}"), &found[key], value);
                    }
                    self.estimate(&format!("{name} {table} {weights} {index}"), found, wanted);
                }
            }
        }
        if let Value::Object(kinds) = &wanted["joint_contrast"] {
            for (weights, wanted) in kinds {
                self.test(&format!("{name} joint {weights}"), &found["joint_contrast"][weights], wanted);
            }
        }
    }
}

fn list(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        Value::Null => Vec::new(),
        other => vec![other.clone()],
    }
}

fn replay(path: &Path) -> Replay {
    let text = std::fs::read_to_string(path).unwrap();
    let wanted: Value = serde_json::from_str(&text).unwrap();
    let spec = Spec::parse(&text).unwrap();
    let data = std::fs::read_to_string(folder().join(&spec.data)).unwrap();
    let condition = wanted["fit"]["sigma_condition"].as_f64().unwrap_or(1.0);
    let people = wanted["counts"]["n_subjects"].as_f64().unwrap_or(100.0);
    let loose = if condition > 1e4 || people < 15.0 { 10.0 } else { 1.0 };
    let mut replay = Replay {
        name: path.file_stem().unwrap().to_string_lossy().into_owned(),
        loose,
        wrong: Vec::new(),
        compared: 0,
        variants: 0,
    };
    match (mmrm_report(&spec, &data), wanted["outcome"] == "error") {
        (Ok(report), false) => replay.fit(&serde_json::to_value(&report).unwrap(), &wanted),
        (Err(refusal), true) => {
            replay.compared += 1;
            if !refusal.to_string().contains("`T5`") {
                replay.wrong.push(format!("the refusal does not name the visit: {refusal}"));
            }
        }
        (Ok(_), true) => replay.wrong.push("fitted where the reference refuses".to_owned()),
        (Err(refusal), false) => replay.wrong.push(format!("refused: {refusal}")),
    }
    replay
}

#[test]
fn every_reference_fit_is_reproduced() {
    let only = std::env::var("REPLAY").unwrap_or_default();
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| {
        path.extension().is_some_and(|extension| extension == "json") && path.to_string_lossy().contains(&only)
    });
    files.sort();
    let replays: Vec<Replay> = files.iter().map(|path| replay(path)).collect();
    let mut report = Vec::new();
    for replay in replays.iter().filter(|replay| !replay.wrong.is_empty()) {
        report.push(format!("{}: {} of {} wrong", replay.name, replay.wrong.len(), replay.compared));
        report.extend(replay.wrong.iter().take(6).map(|line| format!("    {line}")));
    }
    assert!(report.is_empty(), "{}", report.join("\n"));
    if only.is_empty() {
        assert_eq!(replays.len(), 128);
        let compared: usize = replays.iter().map(|replay| replay.compared).sum();
        let variants: usize = replays.iter().map(|replay| replay.variants).sum();
        println!("{compared} numbers compared in {variants} variants of inference");
        assert_eq!(variants, 705 - ROUNDING_NOISE.len());
    }
}
