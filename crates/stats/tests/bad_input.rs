//! What people really feed to a program: each answered by a sentence that names the row, visit or term, and never a panic.

#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use stats::cli::{Options, mmrm_report, mmrm_text};

/// A small trial that fits: four sites, two arms, three visits.
fn trial() -> Vec<Vec<String>> {
    let mut rows = vec!["ID,SITE,ARM,VISIT,BASE,CHANGE".split(',').map(str::to_owned).collect::<Vec<_>>()];
    for person in 0..16u32 {
        for visit in 0..3u32 {
            let noise = f64::from((person * 7 + visit * 13 + person * visit) % 11) - 5.0;
            let change = -4.0 * f64::from(visit) - 3.0 * f64::from(person % 2) + noise + 0.3 * f64::from(person % 5);
            let arm = if person % 2 == 0 { "placebo" } else { "active" };
            let (id, site) = (format!("P{person:02}"), format!("s{}", person / 4));
            rows.push(vec![
                id,
                site,
                arm.to_owned(),
                format!("V{visit}"),
                (40 + person % 7).to_string(),
                format!("{change:.2}"),
            ]);
        }
    }
    rows
}

fn csv(rows: &[Vec<String>]) -> String {
    rows.iter().map(|row| row.join(",") + "\n").collect()
}

fn options(formula: &str) -> Options {
    Options {
        formula: formula.to_owned(),
        subject: Some("ID".to_owned()),
        visit: Some("VISIT".to_owned()),
        arm: Some("ARM".to_owned()),
        ..Options::default()
    }
}

const MODEL: &str = "CHANGE ~ BASE + ARM*VISIT";

/// The sentence for one changed trial; `fits` if it fits after all.
fn answer(formula: &str, data: &str) -> String {
    let spec = match options(formula).spec() {
        Ok(spec) => spec,
        Err(error) => return error.to_string(),
    };
    match mmrm_report(&spec, data) {
        Ok(report) => format!("fits; {}", report.notes.join("; ")),
        Err(error) => error.to_string(),
    }
}

fn changed(change: impl Fn(&mut Vec<Vec<String>>)) -> String {
    let mut rows = trial();
    change(&mut rows);
    csv(&rows)
}

#[track_caller]
fn check(formula: &str, data: &str, expected: &str) {
    let found = answer(formula, data);
    assert!(found.contains(expected), "found:  {found}\nwanted: {expected}");
}

#[test]
fn a_sound_trial_fits_and_reads_well() {
    let report = mmrm_report(&options(MODEL).spec().unwrap(), &csv(&trial())).unwrap();
    let text = mmrm_text(&report);
    for part in
        ["48 of 48 rows used, 16 participants, 3 visits", "V2: placebo − active", "Kenward-Roger-Linear", "ARM:VISIT"]
    {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
}

#[test]
fn files_that_are_no_table() {
    check(MODEL, "", "the data are empty");
    check(MODEL, "ID,ARM\n", "no rows below");
    check(MODEL, &changed(|rows| rows[3].truncate(4)), "row 3 (line 4) has 4 cells, the header has 6");
    check(MODEL, &changed(|rows| rows[0][1] = "ARM".into()), "two columns are called `ARM`");
    let trial = csv(&trial());
    check(
        MODEL,
        &trial.replace(',', ";"),
        "one column only, `ID;SITE;ARM;VISIT;BASE;CHANGE`: cells are separated by semicolons",
    );
    check(MODEL, &trial.replace(',', "\t"), "cells are separated by tabs where commas are needed");
}

#[test]
fn cells_that_are_no_number() {
    check(
        MODEL,
        &changed(|rows| rows[5][5] = "about 3".into()),
        "`CHANGE` must be a number, but row 5 (line 6) holds `about 3`",
    );
    check(
        MODEL,
        &changed(|rows| rows[9][4] = "high".into()),
        "`BASE` must be a number, but row 9 (line 10) holds `high`",
    );
    check(MODEL, &changed(|rows| rows[2][5] = "1e300".into()), "`CHANGE` in row 2 (line 3) is 1e300: no finite number");
    check(MODEL, &changed(|rows| rows[2][5] = "1e309".into()), "`CHANGE` in row 2 (line 3) is 1e309: no finite number");
    check(MODEL, &changed(|rows| rows[2][5] = "inf".into()), "`CHANGE` in row 2 (line 3) is inf");
    check(
        MODEL,
        &changed(|rows| rows[2][4] = "-Infinity".into()),
        "`BASE` in row 2 (line 3) is -Infinity: no finite number",
    );
    check("CHANGE ~ log(CHANGE) + VISIT", &csv(&trial()), "no finite number");
}

#[test]
fn missing_cells_are_counted_not_hidden() {
    check(MODEL, &changed(|rows| rows[4][5] = String::new()), "1 row not used because `CHANGE` is missing");
    check(
        MODEL,
        &changed(|rows| rows[1..].iter_mut().for_each(|row| row[4] = "NA".into())),
        "`BASE` has no value in any row",
    );
    let disjoint = |rows: &mut Vec<Vec<String>>| {
        rows[1..].iter_mut().enumerate().for_each(|(index, row)| row[4 + index % 2] = String::new());
    };
    check(MODEL, &changed(disjoint), "no row is complete");
}

#[test]
fn formulas_with_a_slip() {
    check("CHANGE ~ BAES + ARM*VISIT", &csv(&trial()), "the data have no column `BAES`; did you mean `BASE`?");
    check("CHANGE ~ BASE + + ARM *", &csv(&trial()), "a variable is needed here");
    check("CHANGE ~ BASE + (ARM*VISIT", &csv(&trial()), "`)` is needed here");
    check("CHANGE ~ BASE ARM", &csv(&trial()), "`ARM` stands where an operator");
    check("BASE + ARM", &csv(&trial()), "names no response");
    check("CHANGE ~ 0", &csv(&trial()), "no coefficient to estimate");
    check("CHANGE ~ logg(BASE)", &csv(&trial()), "did you mean `log`?");
    check(&format!("CHANGE ~ {}BASE{}", "(".repeat(5000), ")".repeat(5000)), &csv(&trial()), "nested too deeply");
}

#[test]
fn people_and_visits_that_do_not_add_up() {
    let twice = changed(|rows| {
        let row = rows[2].clone();
        rows.push(row);
    });
    check(MODEL, &twice, "participant `P00` has visit `V1` twice, in row 2 (line 3) and row 49 (line 50)");
    check(
        MODEL,
        &changed(|rows| rows[1..].iter_mut().for_each(|row| row[5] = "3".into())),
        "`CHANGE` is 3 in all 48 rows used: nothing varies",
    );
    check(
        MODEL,
        &changed(|rows| rows[1..].iter_mut().for_each(|row| row[2] = "active".into())),
        "`ARM` has one level only (`active`)",
    );
    let lonely = changed(|rows| {
        rows[1..].iter_mut().for_each(|row| row[2] = if row[0] == "P00" { "placebo".into() } else { "active".into() })
    });
    check(MODEL, &lonely, "`ARM`: one participant only at placebo");
    check(
        "CHANGE ~ ID + VISIT",
        &csv(&trial()),
        "`ID` and what else is the same in all rows of a person take 16 coefficients for 16 people: nothing is left between",
    );
    // Eight people, and as many effects between them: their variance is anything.
    let saturated = changed(|rows| {
        rows.truncate(25);
        rows[1..]
            .iter_mut()
            .for_each(|row| row[1] = format!("s{}", row[0][1..].parse::<u32>().unwrap().saturating_sub(2)));
    });
    check("CHANGE ~ BASE + SITE + ARM*VISIT", &saturated, "`SITE` and what else is the same in all rows of a");
    check("CHANGE ~ ID*VISIT", &csv(&trial()), "48 coefficients can't be estimated from 48 rows");
    let exact = changed(|rows| {
        rows[1..]
            .iter_mut()
            .for_each(|row| row[5] = format!("{}", 2 * row[4].parse::<i32>().unwrap() + i32::from(row[3] == "V1")))
    });
    check(MODEL, &exact, "the fixed effects reproduce `CHANGE` exactly");
    let apart = changed(|rows| {
        rows[1..].iter_mut().for_each(|row| {
            if (row[3] == "V2") == (row[0].as_str() < "P08") {
                row[5] = String::new();
            }
        });
        rows[1..].iter_mut().for_each(|row| {
            if row[3] == "V1" && row[0].as_str() >= "P08" {
                row[5] = String::new()
            }
        });
    });
    check(MODEL, &apart, "nobody was seen at both `V0` and `V2`");
}

#[test]
fn collinear_columns_are_dropped_by_name() {
    check(
        "CHANGE ~ BASE + SITE + factor(SITE) + ARM*VISIT",
        &csv(&trial()),
        "dropped as combinations of earlier columns: factor(SITE)s1",
    );
    let region = changed(|rows| {
        rows[0].push("REGION".into());
        rows[1..]
            .iter_mut()
            .for_each(|row| row.push(if row[1] < "s2".into() { "north".into() } else { "south".into() }));
    });
    check("CHANGE ~ BASE + REGION + SITE + ARM*VISIT", &region, "dropped as combinations of earlier columns: SITEs3");
}

#[test]
fn options_that_do_not_go_together() {
    let with = |change: &dyn Fn(&mut Options)| {
        let mut options = options(MODEL);
        change(&mut options);
        options.spec().map(|_| ()).unwrap_err().to_string()
    };
    assert!(
        with(&|options| options.covariance = Some("unstructured".into()))
            .contains("--covariance does not know `unstructured`; it knows us")
    );
    assert!(with(&|options| options.df = Some("KR".into())).contains("it knows kr, kr-full, satterthwaite"));
    assert!(
        with(&|options| (options.ml, options.df) = (true, Some("kr".into())))
            .contains("with --ml choose --df satterthwaite")
    );
    let arm = |name: &str| {
        let spec = Options { arm: Some(name.to_owned()), ..options(MODEL) }.spec().unwrap();
        mmrm_report(&spec, &csv(&trial())).map(|_| ()).unwrap_err().to_string()
    };
    assert!(arm("AMR").contains("the data have no column `AMR`; did you mean `ARM`?"));
    assert!(with(&|options| options.visit = None).contains("name the column of the visits with --visit"));
    assert!(with(&|options| options.levels = vec!["ARM".into()]).contains("--levels needs COLUMN=first,second"));
}

/// A visit that hardly anybody reached is named, whichever the structure, the formula and the visit; never another.
#[test]
fn a_thin_visit_is_named() {
    let mut refused = 0;
    for thin in ["V0", "V1", "V2"] {
        for reached in 1..4u32 {
            let data = changed(|rows| {
                rows.retain(|row| {
                    row[3] != thin || row[0].strip_prefix('P').unwrap().parse::<u32>().unwrap() < reached
                });
            });
            for structure in ["us", "adh", "toeph", "csh", "ar1h"] {
                for formula in [MODEL, "CHANGE ~ BASE + VISIT"] {
                    let spec = Options { covariance: Some(structure.into()), ..options(formula) }.spec().unwrap();
                    let Err(error) = mmrm_report(&spec, &data) else { continue };
                    let (said, others) =
                        (error.to_string(), ["V0", "V1", "V2"].into_iter().filter(|visit| *visit != thin));
                    assert!(said.contains(&format!("visit `{thin}`")), "{structure}, {reached} at {thin}: {said}");
                    others.for_each(|other| assert!(!said.contains(&format!("visit `{other}`")), "{said}"));
                    let people =
                        if reached == 1 { "1 person was".to_owned() } else { format!("{reached} people were") };
                    assert!(said.contains(&format!("{people} seen there")), "{said}");
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 30, "{refused}");
}

/// A group in which nobody was seen twice says nothing of how rows of one person go together.
#[test]
fn a_thin_group_is_named() {
    let data = changed(|rows| {
        rows.retain(|row| row[2] != "placebo" || row[3] == "V1");
        rows.iter_mut()
            .enumerate()
            .for_each(|(index, row)| row.push(if index == 0 { "DAY".into() } else { row[3][1..].into() }));
    });
    let spatial = Options {
        covariance: Some("sp_exp".into()),
        coordinates: vec!["DAY".into()],
        group: Some("ARM".into()),
        ..options("CHANGE ~ BASE + ARM + VISIT")
    };
    let said = mmrm_report(&spatial.spec().unwrap(), &data).unwrap_err().to_string();
    assert!(said.contains("8 people among ARM `placebo`") && said.contains("(0 seen more than once"), "{said}");
}

#[test]
fn what_would_be_ignored_is_said() {
    let said = |formula: &str, change: &dyn Fn(&mut Options)| {
        let mut options = options(formula);
        change(&mut options);
        let answer = options.spec().map_err(|error| error.to_string());
        match answer.and_then(|spec| mmrm_report(&spec, &csv(&trial())).map_err(|error| error.to_string())) {
            Ok(_) => "fits".to_owned(),
            Err(sentence) => sentence,
        }
    };
    let levels = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    for (list, sentence) in [
        (&["ARM=placebo,active"][..], "fits"),
        (
            &["ARMM=placebo,active"],
            "levels are given for `ARMM`, and the data have no such column; did you mean `ARM`?",
        ),
        (&["ARM=placebo,active,placebo"], "`placebo` stands twice among the levels of `ARM`: name each once"),
        (&["ARM=placebo,active", "ARM=active,placebo"], "--levels is given twice for `ARM`: keep one"),
        (&["SITE=s0,s1,s2,s3"], "fits"),
    ] {
        assert_eq!(said(MODEL, &|options| options.levels = levels(list)), sentence);
    }
    assert_eq!(
        said(MODEL, &|options| options.coordinates = levels(&["BASE"])),
        "coordinates are for `sp_exp`, and the covariance is `us`: leave them out, or choose `sp_exp`"
    );
    let with_term = format!("{MODEL} + us(VISIT | ID)");
    assert_eq!(said(&with_term, &|_| {}), "fits");
    assert_eq!(
        said(&with_term, &|options| options.covariance = Some("cs".into())),
        "the formula says `us` for the covariance, and beside it stands `cs`: make them one"
    );
    assert_eq!(
        said(&with_term, &|options| options.subject = Some("SITE".into())),
        "the formula says `ID` for the participants, and beside it stands `SITE`: make them one"
    );
}

#[test]
fn what_a_reader_should_know_is_noted() {
    let moved = changed(|rows| rows[6][2] = "placebo".into());
    check(MODEL, &moved, "participant `P01` changes `ARM` in row 6 (line 7): each row counts in the arm that it names");
    let single = changed(|rows| rows.retain(|row| row[3] == "VISIT" || row[3] == "V1"));
    let once =
        Options { df: Some("between-within".into()), covariance: Some("cs".into()), ..options("CHANGE ~ BASE + ARM") };
    let report = mmrm_report(&once.spec().unwrap(), &single).unwrap();
    assert!(
        report.notes.iter().any(|note| note.contains("each participant has one row: Between-Within")),
        "{:?}",
        report.notes
    );
}

#[test]
fn groups_keep_their_order_and_a_covariance_is_printed_once() {
    let mut spec = Options { group: Some("ARM".into()), levels: vec!["ARM=placebo,active".into()], ..options(MODEL) }
        .spec()
        .unwrap();
    spec.covariance = Some("cs".into());
    spec.inference = None;
    let report = mmrm_report(&spec, &csv(&trial())).unwrap();
    let text = serde_json::to_string(&report.sigma).unwrap();
    assert!(text.starts_with("{\"placebo\":"), "the reference's order, not the alphabet's: {text}");
    let json = serde_json::to_value(&report).unwrap();
    for entry in json["inference"].as_array().unwrap() {
        let (df, vcov) = (entry["df_method"].as_str().unwrap(), entry["vcov"].as_str().unwrap());
        let same = entry["beta_vcov_same_as"].as_str();
        let expected = (vcov == "Empirical" && df != "Satterthwaite").then_some("Satterthwaite/Empirical");
        assert_eq!(same, expected, "{df} {vcov}");
        let held = vcov != "Asymptotic" && same.is_none() && entry["error"].is_null();
        assert_eq!(entry["beta_vcov"].is_array(), held, "{df} {vcov}");
    }
}

#[test]
fn a_plan_of_structures_is_followed_and_said() {
    let data = std::fs::read_to_string(format!(
        "{}/tests/reference/mmrm/data/p05_sparse_visit.csv",
        env!("CARGO_MANIFEST_DIR")
    ))
    .unwrap();
    let mut options = Options {
        formula: "CHG ~ BASE + ARM*AVISIT + us(AVISIT | USUBJID)".into(),
        arm: Some("ARM".into()),
        ..Options::default()
    };
    let alone = mmrm_report(&options.spec().unwrap(), &data).unwrap_err().to_string();
    assert!(
        alone.contains("can be driven to variance 0 (7 people were seen there)") && alone.contains("`T5`"),
        "{alone}"
    );
    options.covariance = Some("us, toeph, cs".into());
    let report = mmrm_report(&options.spec().unwrap(), &data).unwrap();
    assert_eq!(report.spec.covariance.as_deref(), Some("toeph"));
    assert!(
        report.notes[0].starts_with("passed over by plan: the likelihood has no maximum")
            && report.notes[1].contains("fitted with `toeph`")
    );
    assert_eq!(
        report.spec.r_formula.as_deref(),
        Some("CHG ~ BASE + ARM*AVISIT + toeph(AVISIT | USUBJID)"),
        "what is printed can be run again"
    );
    options.covariance = Some("us,toepp".into());
    let unknown = mmrm_report(&options.spec().unwrap(), &data).unwrap_err().to_string();
    assert!(unknown.contains("no covariance is called `toepp`"), "{unknown}");
}

#[test]
fn weights_coordinates_and_groups_are_checked() {
    let spec = |change: &dyn Fn(&mut Options), data: &str| {
        let mut options = options(MODEL);
        change(&mut options);
        mmrm_report(&options.spec().unwrap(), data).map(|_| ()).unwrap_err().to_string()
    };
    let zero = changed(|rows| {
        rows[1..].iter_mut().for_each(|row| row[4] = if row[0] == "P03" { "0".into() } else { "1".into() })
    });
    assert!(
        spec(&|options| options.weights = Some("BASE".into()), &zero)
            .contains("the weight `BASE` in row 10 (line 11) is 0")
    );
    let moved = changed(|rows| rows[6][2] = "elsewhere".into());
    assert!(
        spec(&|options| options.group = Some("ARM".into()), &moved)
            .contains("participant `P01` changes `ARM` in row 6 (line 7)")
    );
    let same_place = csv(&trial());
    let spatial = |options: &mut Options| {
        (options.covariance, options.coordinates) = (Some("sp_exp".into()), vec!["BASE".into()])
    };
    assert!(spec(&spatial, &same_place).contains("participant `P00` has visit `one place` twice"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever stands in a cell, the answer is a fit or a sentence.
    #[test]
    fn no_cell_makes_it_panic(row in 1usize..49, column in 0usize..6, cell in "[-0-9a-zA-Z.\\* ]{0,8}|-?[0-9]{1,3}e-?[0-9]{1,3}|\"|,|inf|NaN") {
        let data = changed(|rows| rows[row][column] = cell.clone());
        prop_assert!(!answer(MODEL, &data).is_empty());
    }

    /// Whatever is typed as a formula, too.
    #[test]
    fn no_formula_makes_it_panic(formula in "(CHANGE ~ )?[A-Z01+*:/^()| ~-]{0,30}") {
        prop_assert!(!answer(&formula, &csv(&trial())).is_empty());
    }

    /// Dropping any rows leaves a fit or a sentence, for every structure.
    #[test]
    fn no_gap_makes_it_panic(kept in proptest::collection::vec(any::<bool>(), 48), structure in 0usize..9) {
        let mut rows = trial();
        let mut keep = kept.iter();
        let head = rows.remove(0);
        rows.retain(|_| *keep.next().unwrap());
        rows.insert(0, head);
        let mut options = options(MODEL);
        options.covariance = Some(stats::mmrm::Structure::ALL[structure].name().to_owned());
        let found = mmrm_report(&options.spec().unwrap(), &csv(&rows)).map(|report| report.fit.neg_log_lik.is_finite());
        prop_assert!(found.is_err() || found == Ok(true));
    }
}
