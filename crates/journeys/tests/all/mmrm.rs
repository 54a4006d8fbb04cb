//! `lifejacket mmrm` as a stranger uses it: reference files replayed by a comparison that knows nothing of the crate
//! behind it (keys and numbers alone), the same model by formula and by specification, and input that people really feed
//! to a program.

use crate::cli::{folder, run, run_with, well};
use serde_json::Value;
use std::{fs, path::PathBuf};

fn reference() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../stats/tests/reference/mmrm")
}

/// What a replay is compared by. The rest of a reference file describes how it was made.
const COMPARED: [&str; 7] = ["counts", "coefficients", "beta_vcov", "sigma", "fit", "lsmeans_matrix", "inference"];
/// Of the reference's own search, or its way of saying why there is no test.
const ITS_OWN: [&str; 5] =
    ["max_abs_gradient", "error", "emmeans_cross_check_max_rel_diff", "beta_vcov_same_as", "note"];

/// Walks what is wanted and collects every difference: numbers to 2e-4 relative (degrees of freedom and tails are the
/// loosest of the format; `crates/stats/tests/replay.rs` holds each quantity to its own tolerance).
fn differences(path: &str, found: &Value, wanted: &Value, all: &mut Vec<String>) -> usize {
    match wanted {
        Value::Object(fields) => fields
            .iter()
            .filter(|(key, _)| !ITS_OWN.contains(&key.as_str()))
            .map(|(key, wanted)| differences(&format!("{path}.{key}"), &found[key], wanted, all))
            .sum(),
        Value::Array(items) => {
            if found.as_array().map(Vec::len) != Some(items.len()) {
                all.push(format!("{path}: another length"));
            }
            items
                .iter()
                .enumerate()
                .map(|(i, wanted)| differences(&format!("{path}[{i}]"), &found[i], wanted, all))
                .sum()
        }
        Value::Number(number) => {
            let wanted = number.as_f64().unwrap();
            // Tails below 1e-6 are looser, and entries of a matrix near 0 are differences of large ones.
            let slack = if path.ends_with(".p") && wanted < 1e-6 { 2e-3 * wanted } else { 2e-4 * wanted.abs() + 1e-8 };
            match found.as_f64() {
                Some(found) if (found - wanted).abs() <= slack => {}
                _ => all.push(format!("{path}: {found} where {wanted} is wanted")),
            }
            1
        }
        other => {
            if found != other {
                all.push(format!("{path}: {found} where {other} is wanted"));
            }
            1
        }
    }
}

#[test]
fn reference_files_are_replayed_by_one_who_knows_only_their_keys() {
    let folder = folder();
    let files = [
        "p01_us_reml_main",
        "p01_us_ml_weighted",
        "p02_cs_reml_grouped",
        "p03_us_reml_tiny",
        "p05_us_reml_sparse",
        "p08_us_reml_rankdef",
        "p09_us_reml_single_noint",
        "p11_spexp_reml_grouped",
        "p12_us_reml_two",
        "fev_spexp2d_reml",
        "antidep_us_reml_site",
    ];
    for name in files {
        let file = reference().join(format!("{name}.json"));
        let wanted: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let said = run(folder.path(), &format!("mmrm --spec {}", file.display()));
        let found: Value = serde_json::from_str(&said.out).unwrap();
        assert_eq!(found["outcome"], wanted["outcome"], "{name}");
        assert_eq!(said.code, i32::from(wanted["outcome"] == "error"), "{name}: {}", said.err);
        if wanted["outcome"] == "error" {
            assert!(found["message"].as_str().unwrap().contains("`T5`") && said.err.contains("`T5`"), "{}", said.err);
            continue;
        }
        let (mut all, mut compared) = (Vec::new(), 0);
        for key in COMPARED {
            compared += differences(key, &found[key], &wanted[key], &mut all);
        }
        assert!(all.is_empty(), "{name}: {} of {compared}\n{}", all.len(), all[..all.len().min(8)].join("\n"));
        assert!(compared > 300, "{name}: {compared} numbers only");
    }
}

#[test]
fn the_specification_alone_and_the_formula_say_the_same() {
    let folder = folder();
    let here = folder.path();
    let data = reference().join("data/p01_caps_n104.csv");
    fs::create_dir(here.join("data")).unwrap();
    fs::copy(&data, here.join("data/trial.csv")).unwrap();
    // The smallest specification: everything else is in the formula, and every combination of inference is run.
    let spec = r#"{"data": "trial.csv", "r_formula": "CHG ~ BASE + ARM*AVISIT + us(AVISIT | USUBJID)", "arm": "ARM",
        "factor_levels": {"ARM": ["PLACEBO", "MDMA"]}, "covarience": "cs"}"#;
    fs::write(here.join("data/spec.json"), spec).unwrap();
    let by_spec: Value = serde_json::from_str(&well(here, "mmrm --spec data/spec.json")).unwrap();
    assert_eq!(by_spec["inference"].as_array().unwrap().len(), 10);
    let notes = by_spec["notes"].to_string();
    assert!(notes.contains("`covarience` in the specification is nothing known here"), "{notes}");
    let line = "mmrm --data data/trial.csv --formula CHG~BASE+ARM*AVISIT --subject USUBJID --visit AVISIT --arm ARM \
                --levels ARM=PLACEBO,MDMA --covariance us --df kr";
    let by_formula: Value = serde_json::from_str(&well(here, &format!("{line} --json"))).unwrap();
    for key in ["counts", "coefficients", "beta_vcov", "sigma", "fit"] {
        assert_eq!(by_spec[key], by_formula[key], "{key}");
    }
    let one = &by_formula["inference"][0];
    let same = by_spec["inference"].as_array().unwrap().iter().find(|entry| entry["vcov"] == one["vcov"]).unwrap();
    assert_eq!(same["contrasts"]["equal"], one["contrasts"]["equal"]);
    let table = well(here, line);
    let estimate = one["contrasts"]["equal"][2]["estimate"].as_f64().unwrap();
    for words in ["T4: MDMA − PLACEBO", &format!("{estimate:.4}"), "Kenward-Roger-Linear", "34 rows not used"] {
        assert!(table.contains(words), "no {words} in\n{table}");
    }
    // The same bytes from standard input.
    let piped = run_with(here, &line.replace("data/trial.csv", "-"), &fs::read_to_string(&data).unwrap());
    assert_eq!((piped.code, piped.out), (0, table));
}

/// Twelve people, two arms, three sites, three visits.
fn trial(change: impl Fn(usize, usize, &mut [String; 6])) -> String {
    let mut text = "ID,SITE,ARM,VISIT,BASE,CHANGE\n".to_owned();
    for person in 0..12 {
        for visit in 0..3 {
            let noise = ((person * 7 + visit * 13 + person * person * visit) % 11) as f64;
            let mut row = [
                format!("P{person:02}"),
                format!("s{}", person % 3),
                if person % 2 == 0 { "placebo" } else { "active" }.to_owned(),
                format!("V{visit}"),
                (40 + person % 7).to_string(),
                format!("{:.2}", noise - 3.0 * visit as f64),
            ];
            change(person, visit, &mut row);
            text += &(row.join(",") + "\n");
        }
    }
    text
}

#[test]
fn what_people_really_feed_to_it_is_answered_by_a_sentence() {
    let model = "CHANGE~BASE+ARM*VISIT";
    let cell = |column: usize, text: &'static str| {
        trial(move |person, visit, row| {
            if (person, visit) == (2, 1) {
                row[column] = text.to_owned()
            }
        })
    };
    let first_row_again = trial(|_, _, _| {}) + "P00,s0,placebo,V0,40,1\n";
    let cases: Vec<(&str, &str, String, &str)> = vec![
        ("a column that is text", model, cell(5, "much better"), "row 8 (line 9) holds `much better`"),
        (
            "a visit twice",
            model,
            first_row_again,
            "participant `P00` has visit `V0` twice, in row 1 (line 2) and row 37",
        ),
        ("all equal", model, trial(|_, _, row| row[5] = "7".to_owned()), "nothing varies"),
        ("1e300", model, cell(5, "1e300"), "row 8 (line 9) is 1"),
        ("infinite", model, cell(4, "Infinity"), "`BASE` in row 8 (line 9) is Infinity"),
        ("minus infinite", model, cell(5, "-inf"), "`CHANGE` in row 8 (line 9) is -inf"),
        ("empty", model, String::new(), "the data are empty"),
        ("no rows", model, "ID,SITE,ARM,VISIT,BASE,CHANGE\n".to_owned(), "no rows below"),
        ("a typo", "CHANGE~BAES+ARM*VISIT", trial(|_, _, _| {}), "no column `BAES`; did you mean `BASE`?"),
        ("half a formula", "CHANGE~BASE+(ARM*", trial(|_, _, _| {}), "a variable is needed here"),
        ("short row", model, trial(|_, _, _| {}) + "P13,s1,active\n", "row 37 (line 38) has 3 cells, the header has 6"),
    ];
    let folder = folder();
    for (what, formula, data, words) in cases {
        fs::write(folder.path().join("trial.csv"), data).unwrap();
        let line = format!("mmrm --data trial.csv --formula {formula} --subject ID --visit VISIT --arm ARM");
        let said = run(folder.path(), &line);
        assert_eq!(said.code, 1, "{what}: {}", said.out);
        assert!(said.err.starts_with("error: ") && said.err.contains(words), "{what}: {}", said.err);
        assert!(!said.err.contains("panicked") && said.out.is_empty(), "{what}: {}", said.err);
        let as_json = run(folder.path(), &format!("{line} --json"));
        let object: Value = serde_json::from_str(&as_json.out).unwrap();
        assert_eq!((as_json.code, &object["outcome"]), (1, &Value::from("error")), "{what}");
        assert!(object["message"].as_str().unwrap().contains(words), "{what}: {object}");
    }
}

#[test]
fn an_arm_of_one_is_fitted_and_said() {
    let folder = folder();
    let alone = trial(|person, _, row| row[2] = if person == 3 { "placebo" } else { "active" }.to_owned());
    fs::write(folder.path().join("trial.csv"), alone).unwrap();
    let line = "mmrm --data trial.csv --formula CHANGE~BASE+ARM*VISIT --subject ID --visit VISIT --arm ARM";
    let table = well(folder.path(), line);
    for words in
        ["`ARM`: one participant only at placebo", "CR2 and CR3 rest on a pseudo-inverse", "V2: placebo − active"]
    {
        assert!(table.contains(words), "no {words} in\n{table}");
    }
}

#[test]
fn collinear_sites_are_dropped_by_name_and_files_that_are_none_are_named() {
    let folder = folder();
    let here = folder.path();
    fs::write(here.join("trial.csv"), trial(|_, _, row| row[4] = row[1][1..].to_owned())).unwrap();
    let line = "mmrm --data trial.csv --formula CHANGE~SITE+factor(BASE)+ARM*VISIT --subject ID --visit VISIT";
    let table = well(here, line);
    assert!(table.contains("dropped as combinations of earlier columns: factor(BASE)1, factor(BASE)2"), "{table}");

    fs::write(here.join("odd.csv"), b"ID,VISIT\nP1,\xff\n").unwrap();
    fs::write(here.join("broken.json"), "{\"data\": ").unwrap();
    fs::write(here.join("astray.json"), "{\"data\": \"no/such.csv\", \"r_formula\": \"Y~1+us(V|ID)\"}").unwrap();
    fs::write(here.join("vague.json"), "{\"data\": \"trial.csv\"}").unwrap();
    for (line, code, words) in [
        ("mmrm --data odd.csv --formula Y~1 --subject ID --visit VISIT", 1, "line 2 holds a byte"),
        ("mmrm --data none.csv --formula Y~1 --subject ID --visit VISIT", 1, "none.csv"),
        ("mmrm --data . --formula Y~1 --subject ID --visit VISIT", 1, "reading ."),
        ("mmrm --data trial.csv --formula CHANGE~1 --visit VISIT", 1, "--subject"),
        (
            "mmrm --data trial.csv --formula CHANGE~1 --subject ID --visit VISIT --covariance ar2",
            1,
            "does not know `ar2`",
        ),
        ("mmrm --spec broken.json", 1, "broken.json: the specification can't be read"),
        ("mmrm --spec astray.json", 1, "such.csv"),
        ("mmrm --spec vague.json", 1, "has no `fixed`"),
        ("mmrm --spec none.json", 1, "none.json"),
        ("mmrm", 2, "--spec"),
        ("mmrm --data trial.csv", 2, "--formula"),
        ("mmrm --spec a.json --data trial.csv", 2, "cannot be used with"),
        ("mmrm --spec a.json --df kr", 2, "cannot be used with"),
    ] {
        let said = run(here, line);
        assert_eq!(said.code, code, "{line}: {}", said.err);
        assert!(said.err.contains(words) && !said.err.contains("panicked"), "{line}: {}", said.err);
        if line.contains("--spec") && code == 1 {
            let object: Value = serde_json::from_str(&said.out).unwrap();
            assert_eq!(object["outcome"], "error", "{line}");
        }
    }
}
