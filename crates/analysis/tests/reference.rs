//! The whole way from rows to numbers, on people made by hand, against numbers from elsewhere.
//!
//! Method: rows as the record's tables give them, for the demonstration study; twelve people with the reference data set of the
//! dossier (change at three visits, three values missing), whose model is known from another program; a thirteenth whose
//! course is there for the rules alone. Counts are by hand.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use analysis::{Allocation, Checkpoint, Input, Report, Rows, queries, report};
use protocol::model::Study;
use std::collections::BTreeMap;

/// Arm, baseline, change at the three visits.
const PEOPLE: [(bool, f64, [Option<f64>; 3]); 12] = [
    (true, 44.0, [Some(-8.0), Some(-17.0), Some(-26.0)]),
    (true, 39.0, [Some(-5.0), Some(-12.0), Some(-19.0)]),
    (true, 51.0, [Some(-12.0), Some(-22.0), Some(-33.0)]),
    (true, 36.0, [Some(-2.0), Some(-9.0), None]),
    (true, 47.0, [Some(-11.0), Some(-18.0), Some(-24.0)]),
    (true, 42.0, [Some(-6.0), Some(-20.0), Some(-30.0)]),
    (false, 45.0, [Some(-4.0), Some(-9.0), Some(-13.0)]),
    (false, 38.0, [Some(-1.0), Some(-4.0), Some(-6.0)]),
    (false, 50.0, [Some(-9.0), Some(-12.0), Some(-20.0)]),
    (false, 41.0, [Some(-6.0), None, None]),
    (false, 46.0, [Some(0.0), Some(-8.0), Some(-11.0)]),
    (false, 37.0, [Some(-3.0), Some(-5.0), Some(-14.0)]),
];

fn study() -> Study {
    protocol::embedded::load("demonstration").unwrap()
}

fn row(cells: &[&str]) -> Vec<Option<String>> {
    cells.iter().map(|cell| (!cell.is_empty()).then(|| (*cell).to_owned())).collect()
}

struct Made {
    rows: Rows,
    allocation: BTreeMap<terms::ParticipantId, terms::ArmId>,
}

impl Made {
    fn put(&mut self, query: &'static str, cells: &[&str]) {
        self.rows.entry(query).or_default().push(row(cells));
    }

    fn form(&mut self, id: &str, visit: &str, form: &str, day: &str, scores: &[(&str, &str)]) {
        let instance = format!("{id}-{visit}-{form}");
        self.put("form", &[id, &instance, form, visit, day]);
        for (name, value) in scores {
            let number = if value.parse::<f64>().is_ok() { *value } else { "" };
            self.put("score", &[id, &instance, name, value, number, band(name, value)]);
        }
    }

    /// Consented, assigned and dosed; rated at the baseline.
    fn begin(&mut self, number: usize, active: bool, baseline: f64, sessions: usize) -> String {
        let id = format!("S01-{number:03}");
        let arm = if active { "mdma" } else { "placebo" };
        self.allocation.insert(id.as_str().into(), arm.into());
        self.put(
            "participant",
            &[
                &id,
                "S01",
                "completed",
                "2025-01-01",
                "2025-01-02",
                "2025-01-10",
                "2025-02-01",
                "2025-02-01",
                "",
                "",
                "",
                "",
            ],
        );
        let total = baseline.to_string();
        self.form(&id, "V4", "caps5", "2025-02-01", &[("total", &total), ("diagnosis", "yes")]);
        self.form(&id, "V4", "dspi", "2025-02-01", &[("dissociative_subtype", "no")]);
        for session in 1..=sessions {
            let day = format!("2025-0{}-05T10:00:00Z", session + 1);
            let version = (100 * session).to_string();
            self.put("dose", &[&id, &version, &session.to_string(), "initial", "80", &day]);
        }
        id
    }

    fn rating(&mut self, id: &str, visit: usize, baseline: f64, change: f64) {
        let (visit, day) = [("V9", "2025-02-25"), ("V14", "2025-03-25"), ("V19", "2025-06-01")][visit];
        let total = baseline + change;
        let diagnosis = if total > 20.0 { "yes" } else { "no" };
        self.form(id, visit, "caps5", day, &[("total", &total.to_string()), ("diagnosis", diagnosis)]);
        self.put("attendance", &[id, "900", visit, day, day, day]);
    }

    fn report(&self, allocation: Allocation) -> Report {
        let study = study();
        let checkpoint = Checkpoint {
            synthetic: true,
            recorded_at: "2025-07-01T00:00:00Z".parse().unwrap(),
            entries: 1,
            heads: BTreeMap::new(),
            digest: "0".repeat(64),
            program: "test".to_owned(),
            late: 0,
        };
        report(&Input { study: &study, rows: self.rows.clone(), allocation, checkpoint, frozen: None, lock: None })
            .unwrap()
    }

    fn opened(&self) -> Report {
        self.report(Allocation::Opened(self.allocation.clone()))
    }
}

fn band(name: &str, value: &str) -> &'static str {
    match value.parse::<f64>() {
        Ok(total) if name == "total" => match total as i64 {
            i64::MIN..=10 => "asymptomatic",
            11..=22 => "mild",
            23..=34 => "moderate",
            35..=46 => "severe",
            47.. => "extreme",
        },
        _ => "",
    }
}

fn twelve() -> Made {
    let mut made = Made { rows: Rows::new(), allocation: BTreeMap::new() };
    for query in queries(&study()) {
        made.rows.insert(query.name, Vec::new());
    }
    made.put("site", &["S01", "First", "GB"]);
    for (number, (active, baseline, changes)) in PEOPLE.iter().enumerate() {
        let id = made.begin(number + 1, *active, *baseline, 3);
        for (visit, change) in changes.iter().enumerate() {
            if let Some(change) = change {
                made.rating(&id, visit, *baseline, *change);
            }
        }
    }
    made
}

fn number(report: &Report, table: &str, cell: (&str, &str), name: &str) -> f64 {
    let found = report.table(table).unwrap_or_else(|| panic!("no table {table}"));
    let cell = found.cell(cell.0, cell.1).unwrap_or_else(|| panic!("{table} has no {cell:?}"));
    let found = cell.numbers.iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("{table} {cell:?} has no {name}")).1
}

fn close(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{found} is not {expected}");
}

/// Estimates from another program (the dossier's §3.2); errors and degrees of freedom with the observed information.
#[test]
fn the_model_gives_the_known_numbers() {
    let report = twelve().opened();
    for (visit, difference, se, df) in
        [("T2", -3.319475, 1.3653, 9.875), ("T3", -8.572964, 1.3204, 7.881), ("T4", -10.903976, 2.8546, 7.320)]
    {
        let cell = (format!("{visit}-lsmean"), "difference");
        let cell = (cell.0.as_str(), cell.1);
        close(number(&report, "primary", cell, "estimate"), difference, 2e-5);
        close(number(&report, "primary", cell, "se"), se, 2e-4);
        close(number(&report, "primary", cell, "df"), df, 2e-3);
    }
    // The residual variance at T4 is 21.640072: its root is what d is divided by.
    let deviation = number(&report, "primary", ("T4-d-residual", "difference"), "deviation");
    close(deviation, 21.640072_f64.sqrt(), 1e-4);
    close(number(&report, "primary", ("T4-d-residual", "difference"), "d"), -10.903976 / 21.640072_f64.sqrt(), 1e-4);
    let notes = report.table("primary").unwrap().notes.join("\n");
    for words in
        ["12 participants, 33 values", "unstructured", "Kenward-Roger", "`site` is left out", "`subtype` is left out"]
    {
        assert!(notes.contains(words), "no {words} in\n{notes}");
    }
}

/// Means and deviations of those seen, by hand.
#[test]
fn observed_numbers_and_responders_are_those_of_the_data() {
    let report = twelve().opened();
    let t4: Vec<f64> = PEOPLE.iter().filter(|(active, ..)| *active).filter_map(|(_, _, c)| c[2]).collect();
    let mean = t4.iter().sum::<f64>() / 5.0;
    close(number(&report, "primary", ("T4-change", "mdma"), "mean"), mean, 1e-12);
    close(number(&report, "primary", ("T4-n", "mdma"), "n"), 5.0, 0.0);
    close(number(&report, "primary", ("T4-n", "placebo"), "n"), 5.0, 0.0);
    // Ten points better: all five on the drug, four of five on placebo (−6 is not). Diagnosis lost at 20 or less: the drug's
    // 18, 20, 18, 23, 12 → four; placebo's 32, 32, 30, 35, 23 → none.
    for (row, active, placebo) in [("response", 5.0, 4.0), ("loss_of_diagnosis", 4.0, 0.0), ("remission", 0.0, 0.0)] {
        close(number(&report, "responders", (row, "mdma"), "n"), active, 0.0);
        close(number(&report, "responders", (row, "placebo"), "n"), placebo, 0.0);
        close(number(&report, "responders", (row, "mdma"), "of"), 5.0, 0.0);
        // Everybody counted: those not seen are no responders, and the whole is six.
        close(number(&report, "responders-all", (row, "mdma"), "n"), active, 0.0);
        close(number(&report, "responders-all", (row, "placebo"), "of"), 6.0, 0.0);
    }
    close(number(&report, "responders", ("loss_of_diagnosis", "difference"), "difference"), 0.8, 1e-12);
    // Fisher by hand: 4 of 5 against 0 of 5; both extremes C(5,4)·C(5,0)/C(10,4) = 5/210 each.
    close(number(&report, "responders", ("loss_of_diagnosis", "fisher"), "p"), 10.0 / 210.0, 1e-9);
    // Bands at the baseline on the drug: 44, 39, 36, 42 severe, 51 and 47 extreme.
    close(number(&report, "severity", ("mdma-T1", "severe"), "n"), 4.0, 0.0);
    close(number(&report, "severity", ("mdma-T1", "extreme"), "n"), 2.0, 0.0);
    close(number(&report, "moves-mdma", ("extreme", "all"), "n"), 2.0, 0.0);
}

/// A thirteenth person: left after one session with a rating before and one after, and a prohibited medicine before that.
#[test]
fn what_an_estimand_leaves_out_is_left_out() {
    let mut made = twelve();
    let id = made.begin(13, true, 60.0, 1);
    made.rating(&id, 0, 60.0, -1.0);
    made.rating(&id, 1, 60.0, -2.0);
    made.rating(&id, 2, 60.0, 5.0);
    made.put("stop", &[&id, "400", "treatment", "wish", "2025-03-01"]);
    let report = made.opened();
    // T2 lies before the stop, T3 and T4 after it: left out as if treatment had gone on, used as treatment policy has it.
    close(number(&report, "primary", ("T2-n", "mdma"), "n"), 7.0, 0.0);
    close(number(&report, "primary", ("T3-n", "mdma"), "n"), 6.0, 0.0);
    close(number(&report, "primary", ("T4-n", "mdma"), "n"), 5.0, 0.0);
    let notes = report.table("primary").unwrap().notes.join("\n");
    assert!(notes.contains("2 values after treatment stopped left out"), "{notes}");
    let policy = number(&report, "sensitivity", ("treatment_policy", "difference"), "estimate");
    let primary = number(&report, "sensitivity", ("primary", "difference"), "estimate");
    assert!(policy > primary + 1.0, "somebody who got worse counts now: {policy} against {primary}");
    close(number(&report, "disposition", ("stopped", "mdma"), "n"), 1.0, 0.0);
    close(number(&report, "disposition", ("session-2", "mdma"), "n"), 6.0, 0.0);
    close(number(&report, "sets", ("per_protocol", "mdma"), "n"), 5.0, 0.0);
    // A prohibited medicine before the first rating leaves nothing of them.
    made.put("deviation", &[&id, "d1", "DEV-MEDICINE", "Medicine", "important", "prohibited_medicine", "2025-02-10"]);
    let report = made.opened();
    close(number(&report, "primary", ("T2-n", "mdma"), "n"), 6.0, 0.0);
    let notes = report.table("primary").unwrap().notes.join("\n");
    assert!(notes.contains("1 in the set with no value left"), "{notes}");
    close(number(&report, "primary", ("T4-lsmean", "difference"), "estimate"), -10.903976, 2e-5);
}

/// What is pooled says nothing of arms, and what is made up is the same for a seed and says so.
#[test]
fn before_the_lock() {
    let made = twelve();
    let pooled = made.report(Allocation::Pooled);
    assert!(analysis::write::json(&pooled).contains("BLINDED"));
    for table in pooled.tables().filter(|table| table.id != "published") {
        let shown = table.columns.iter().find(|column| ["mdma", "placebo", "difference"].contains(&column.id.as_str()));
        // A guess is no allocation.
        assert!(shown.is_none() || table.id.starts_with("blinding"), "{} shows {shown:?}", table.id);
    }
    close(number(&pooled, "primary", ("T4-n", "all"), "n"), 10.0, 0.0);
    // The same rows with every allocation swapped: the same bytes.
    let mut swapped = twelve();
    for arm in swapped.allocation.values_mut() {
        *arm = if *arm == "mdma" { "placebo".into() } else { "mdma".into() };
    }
    assert_eq!(analysis::write::html(&swapped.report(Allocation::Pooled)), analysis::write::html(&pooled));
    let dummy = |seed| analysis::write::html(&made.report(Allocation::Dummy(seed)));
    assert_eq!(dummy(1), dummy(1));
    assert!((2..12).any(|seed| dummy(seed) != dummy(1)));
    assert!(dummy(1).contains("REHEARSAL WITH A DUMMY ALLOCATION (seed 1)"));
}

/// Every number rests on something, every table has what its rows promise, and hostile words stay words.
#[test]
fn every_number_has_its_ground() {
    let mut made = twelve();
    made.put(
        "adverse_event",
        &[
            "S01-001",
            "e1",
            "<script>alert(1)</script>",
            "2025-02-05",
            "2025-02-07",
            "severe",
            "hospitalisation",
            "possible",
            "1",
            "negative",
            "cardiac",
            "recovered",
            "1",
        ],
    );
    let report = made.opened();
    for table in report.tables().filter(|table| !table.queries.is_empty()) {
        for row in &table.rows {
            assert_eq!(row.cells.len(), table.columns.len(), "{} {}", table.id, row.id);
            for (column, cell) in table.columns.iter().zip(&row.cells) {
                let counted = cell.numbers.iter().any(|(name, value)| *name == "n" && *value == 0.0);
                let derived = ["missing", "p"].contains(&column.id.as_str()) || row.id.ends_with("missing");
                // Nobody against nobody: the difference rests on there being no entries.
                let nobody = column.id == "difference" && row.cells.iter().take(2).all(|cell| cell.ground.is_empty());
                let grounded = cell.numbers.is_empty() || counted || derived || nobody || !cell.ground.is_empty();
                assert!(grounded, "{} {}.{} rests on nothing: {}", table.id, row.id, column.id, cell.text);
            }
        }
    }
    let html = analysis::write::html(&report);
    assert!(!html.contains("<script>") && html.contains("&lt;script&gt;"));
    close(number(&report, "adverse-events", ("serious", "mdma"), "n"), 1.0, 0.0);
    close(number(&report, "adverse-terms", ("system-unknown", "mdma"), "n"), 1.0, 0.0);
    close(number(&report, "adverse-timing", ("day-0", "mdma"), "n"), 1.0, 0.0);
    close(number(&report, "adverse-interest", ("cardiac", "placebo"), "n"), 0.0, 0.0);
}

/// One serious event in 18 sessions of six people against none: limits by Poisson, Clopper and Pearson, and of zero, by hand.
#[test]
fn events_by_exposure() {
    let mut made = twelve();
    let grave = ["S01-001", "e1", "syncope", "2025-02-05", "2025-02-07", "severe", "hospitalisation", "possible", "1"];
    made.put("adverse_event", &[&grave[..], &["negative", "cardiac", "recovered", "1"]].concat());
    let before = ["S01-001", "e2", "headache", "2025-01-20", "2025-01-21", "mild", "", "unrelated", ""];
    made.put("adverse_event", &[&before[..], &["negative", "", "recovered", "0"]].concat());
    let report = made.opened();
    let rate = |row: &str, arm: &str, name: &str| number(&report, "adverse-rates", (row, arm), name);
    for (arm, events, lower, upper) in
        [("mdma", 1.0, 0.025_317_808, 5.571_643_391), ("placebo", 0.0, 0.0, 3.688_879_454)]
    {
        close(rate("sessions", arm, "n"), 18.0, 0.0);
        for row in ["any-by-session", "serious-by-session"] {
            close(rate(row, arm, "rate"), events / 18.0, 1e-12);
            close(rate(row, arm, "lower"), lower / 18.0, 1e-9);
            close(rate(row, arm, "upper"), upper / 18.0, 1e-9);
        }
        // Seen last on 1 June or, without that visit, at the third session on 5 April; the first was on 5 February.
        let active = arm == "mdma";
        let own = PEOPLE.iter().filter(|(of_active, ..)| *of_active == active);
        let days: i32 = own.map(|(_, _, changes)| if changes[2].is_some() { 117 } else { 60 }).sum();
        close(rate("years", arm, "years"), f64::from(days) / 365.25, 1e-12);
        close(rate("any-by-year", arm, "upper"), upper / (f64::from(days) / 365.25), 1e-7);
    }
    let rare = |row: &str, arm: &str, name: &str| number(&report, "adverse-rare", (row, arm), name);
    close(rare("serious", "mdma", "lower"), 0.421_07, 1e-3);
    close(rare("serious", "mdma", "upper"), 64.123_46, 1e-3);
    for row in ["serious", "fatal", "interest-suicidality", "interest-cardiac", "interest-abuse_potential"] {
        close(rare(row, "placebo", "n"), 0.0, 0.0);
        close(rare(row, "placebo", "upper"), 100.0 * (1.0 - 0.05_f64.powf(1.0 / 6.0)), 1e-9);
    }
    assert_eq!(report.table("adverse-rare").unwrap().cell("fatal", "total").unwrap().text, "0 of 12: at most 22.1");
    close(rare("interest-cardiac", "mdma", "n"), 1.0, 0.0);
}

/// One container went on to another site and was used there, one is on its way, one lies in the safe.
#[test]
fn a_container_that_was_sent_on_is_one_container() {
    let mut made = twelve();
    made.put("site", &["S02", "Second", "GB"]);
    let rows = [("S01", "a", "sent"), ("S01", "b", "sent"), ("S01", "c", "available"), ("S02", "a", "used")];
    for (at, (site, container, standing)) in rows.into_iter().enumerate() {
        made.put("container", &[site, container, "initial", "low", standing]);
        made.put("stock_movement", &[site, &(at + 1).to_string(), container, "received"]);
    }
    let report = made.opened();
    for (site, received, sent, available, used) in [("S01", 3, 2, 1, 0), ("S02", 1, 0, 0, 1), ("total", 3, 1, 1, 1)] {
        for (column, wanted) in [("received", received), ("sent", sent), ("available", available), ("used", used)] {
            close(number(&report, "accountability", (site, column), "n"), f64::from(wanted), 0.0);
        }
    }
    let notes = report.table("accountability").unwrap().notes.join(" ");
    assert!(notes.contains("Checked") && !notes.contains("DOES NOT ADD UP"), "{notes}");
}

/// Blinding: the dossier's counts (49, 1, 2 against 9, 33, 2) give its indices.
#[test]
fn guesses_give_the_known_indices() {
    let mut made = Made { rows: twelve().rows, allocation: BTreeMap::new() };
    made.rows.values_mut().for_each(Vec::clear);
    made.put("site", &["S01", "First", "GB"]);
    let mut number_of = 0;
    for (active, guesses) in [(true, [49, 1, 2]), (false, [9, 33, 2])] {
        for (guess, count) in ["active", "placebo", "dont_know"].iter().zip(guesses) {
            for _ in 0..count {
                number_of += 1;
                let id = made.begin(number_of, active, 40.0, 3);
                made.form(&id, "V20", "blinding_participant", "2025-06-05", &[("guess", guess)]);
            }
        }
    }
    let report = made.opened();
    for (row, column, expected, se) in
        [("mdma", "bang", 0.9231, 0.0459), ("placebo", "bang", 0.5455, 0.1222), ("james", "bang", 0.1483, 0.0362)]
    {
        close(number(&report, "blinding-participant", (row, column), "index"), expected, 1e-4);
        close(number(&report, "blinding-participant", (row, column), "se"), se, 1e-4);
    }
}

/// Counts of what was not found, of those not seen, shares and tests too: every number leads to something in the record.
#[test]
fn no_number_is_without_ground() {
    let mut made = twelve();
    let thirteenth = made.begin(13, true, 40.0, 1);
    made.put("stop", &[&thirteenth, "950", "treatment", "withdrew", "2025-02-20"]);
    let dummy = made.report(Allocation::Dummy(3));
    for report in [made.opened(), made.report(Allocation::Pooled), dummy] {
        // The chains and the queries are of the record as a whole; what others published is not in it.
        let own = |id: &str| !["chains", "queries", "published"].contains(&id);
        let mut seen = 0;
        for table in report.tables().filter(|table| own(&table.id)) {
            for row in &table.rows {
                for (column, cell) in table.columns.iter().zip(&row.cells) {
                    let numbers = cell.numbers.iter().filter(|(_, value)| value.is_finite() && *value != 0.0);
                    for (name, value) in numbers {
                        seen += 1;
                        assert!(!cell.ground.is_empty(), "{} {}.{} {name} {value}", table.id, row.id, column.id);
                    }
                }
            }
        }
        assert!(seen > 150, "{seen}");
        let unseen = report
            .table("severity")
            .unwrap()
            .rows
            .iter()
            .filter_map(|row| row.cells.last())
            .flat_map(|cell| &cell.numbers);
        assert!(
            unseen.filter(|(_, count)| *count > 0.0).count() > 0,
            "somebody was not seen, or the test says nothing"
        );
    }
}

/// One word, one number: who consented is counted alike in the table of sets and in the flow, those without an arm too.
#[test]
fn consented_is_one_number() {
    let mut made = twelve();
    for (id, consented) in [("S01-040", "2025-01-02"), ("S01-041", "")] {
        made.put("participant", &[id, "S01", "declined", "2025-01-01", consented, "", "", "", "", "", "", ""]);
    }
    for (report, column) in [(made.opened(), "total"), (made.report(Allocation::Pooled), "all")] {
        close(number(&report, "disposition", ("consented", column), "n"), 13.0, 0.0);
        close(number(&report, "sets", ("consented", column), "n"), 13.0, 0.0);
        close(number(&report, "sets", ("randomised", column), "n"), 12.0, 0.0);
        assert!(report.table("sets").unwrap().rows.iter().all(|row| row.title != "Enrolled"));
    }
}

/// The gravest event of each participant is counted once, so that the three add up; serious events say how severe they were.
#[test]
fn the_worst_event_of_each_participant() {
    let mut made = twelve();
    let event = |made: &mut Made, id: &str, instance: &str, severity: &str, serious: &str| {
        made.put(
            "adverse_event",
            &[
                id,
                instance,
                "Nausea",
                "2025-02-06",
                "",
                severity,
                serious,
                "possible",
                "1",
                "negative",
                "",
                "recovered",
                "1",
            ],
        );
    };
    event(&mut made, "S01-001", "a1", "mild", "");
    event(&mut made, "S01-001", "a2", "severe", "hospital");
    event(&mut made, "S01-002", "a3", "mild", "");
    event(&mut made, "S01-003", "a4", "moderate", "");
    let report = made.opened();
    for (row, count) in [("any", 3.0), ("worst-mild", 1.0), ("worst-moderate", 1.0), ("worst-severe", 1.0)] {
        close(number(&report, "adverse-events", (row, "mdma"), "n"), count, 0.0);
    }
    let serious = report.table("adverse-serious").unwrap();
    let severity = serious.columns.iter().position(|column| column.id == "severity").unwrap();
    assert_eq!(serious.rows[0].cells[severity].text, "severe");
}

/// A rehearsal says so in every line of every file, whoever passes on one of them.
#[test]
fn every_line_says_how_far_arms_are_known() {
    let made = twelve();
    for (allocation, words) in [
        (Allocation::Dummy(7), "rehearsal: dummy allocation with seed 7"),
        (Allocation::Pooled, "blinded: all arms together"),
        (Allocation::Opened(made.allocation.clone()), "final: allocation opened after the lock"),
    ] {
        let report = made.report(allocation);
        let named = analysis::write::file_names(&report);
        for (name, bytes) in analysis::write::csv_files(&report).unwrap() {
            assert!(named.contains(&format!("csv/{name}")), "{name}");
            let text = String::from_utf8(bytes).unwrap();
            let (head, lines) = text.split_once('\n').unwrap();
            assert!(head.ends_with(",standing"), "{name}: {head}");
            assert!(lines.lines().all(|line| line.ends_with(words)), "{name}");
        }
    }
}

/// When readings came back, and who passed a limit in which session at which level: two people, by hand.
#[test]
fn readings_come_back_and_limits_are_told_by_session() {
    let mut made = twelve();
    let courses: [(&str, &[(&str, &str)]); 2] = [
        ("S01-001", &[("V-a", "70"), ("V-b", "90"), ("V-c", "110"), ("V-d", "80"), ("V-e", "70")]),
        ("S01-002", &[("V-a", "70"), ("V-b", "90"), ("V-c", "85")]),
    ];
    for (id, readings) in courses {
        for (slot, value) in readings {
            made.put("vital", &[id, &format!("{id}-{slot}"), "heart_rate", "1", value, slot]);
        }
        made.put("dosing_session", &[id, "1", "80+40", "2025-02-05T10:00:00Z", "", "", "", "", ""]);
    }
    made.put("breach", &["S01-001", "S01-001-V-c", "L3", "1", "heart_rate", "110", "0"]);
    let report = made.opened();
    close(number(&report, "vitals-return", ("heart_rate", "mdma"), "median"), 150.0, 0.0);
    close(number(&report, "vitals-return", ("heart_rate", "mdma"), "n"), 1.0, 0.0);
    close(number(&report, "vitals-return", ("heart_rate-not", "mdma"), "n"), 1.0, 0.0);
    close(number(&report, "vitals-return", ("heart_rate-not", "mdma"), "of"), 2.0, 0.0);
    for (row, count) in [("session-1-80+40", 1.0), ("session-1-80+40-red", 0.0)] {
        close(number(&report, "vitals-sessions", (row, "mdma"), "n"), count, 0.0);
        close(number(&report, "vitals-sessions", (row, "mdma"), "of"), 2.0, 0.0);
    }
}

/// The test of arm by group at the last visit is the square of that coefficient's t in a model whose first visit is the last one.
#[test]
fn the_interaction_of_arm_and_group() {
    use stats::mmrm::{DfMethod, Fit, Model, Vcov};
    let report = twelve().opened();
    let mut text = String::from("participant,arm,visit,baseline,change,grp\n");
    for (index, (active, baseline, changes)) in PEOPLE.iter().enumerate() {
        let (arm, group) = (if *active { "mdma" } else { "placebo" }, if *baseline < 47.0 { "below" } else { "from" });
        for (visit, change) in ["T2", "T3", "T4"].iter().zip(changes) {
            let change = change.map_or_else(String::new, |change| change.to_string());
            text += &format!("P{index},{arm},{visit},{baseline},{change},{group}\n");
        }
    }
    let table = stats::table::Table::from_csv(&text).unwrap();
    let mut model = Model::from_formula("change ~ baseline + grp*arm*visit + us(visit | participant)").unwrap();
    let levels = |list: &[&str]| list.iter().map(|level| (*level).to_owned()).collect::<Vec<_>>();
    model.levels.insert("visit".to_owned(), levels(&["T4", "T2", "T3"]));
    model.levels.insert("arm".to_owned(), levels(&["placebo", "mdma"]));
    let fit = Fit::new(&table, &model).unwrap();
    let inference = fit.inference(DfMethod::KenwardRoger, Vcov::KenwardRogerLinear).unwrap();
    let at = fit.design().kept_names().iter().position(|name| *name == "grpfrom:armmdma").unwrap();
    let wanted = inference.coefficients().into_iter().nth(at).unwrap();
    close(number(&report, "subgroups", ("severity", "interaction"), "f"), wanted.t * wanted.t, 1e-5);
    close(number(&report, "subgroups", ("severity", "interaction"), "den_df"), wanted.df, 1e-3);
    close(number(&report, "subgroups", ("severity", "interaction"), "p"), wanted.p, 1e-6);
}

/// Rows that can't be read are answered with the query, row and column.
#[test]
fn bad_rows_are_named() {
    let study = study();
    let checkpoint = Checkpoint {
        synthetic: true,
        recorded_at: jiff::Timestamp::UNIX_EPOCH,
        entries: 0,
        heads: BTreeMap::new(),
        digest: String::new(),
        program: String::new(),
        late: 0,
    };
    let said = |rows: Rows| {
        let input = Input {
            study: &study,
            rows,
            allocation: Allocation::Pooled,
            checkpoint: checkpoint.clone(),
            frozen: None,
            lock: None,
        };
        report(&input).map(|_| ()).unwrap_err().to_string()
    };
    assert_eq!(said(Rows::new()), "the query `participant` has no answer");
    let mut made = twelve();
    made.put("dose", &["S01-001", "7", "1", "initial", "much", "2025-02-05T10:00:00Z"]);
    assert_eq!(said(made.rows), "`dose`, row 37, column 5: Some(\"much\") is not a number");
    let mut made = twelve();
    made.put("stop", &["S09-001", "7", "treatment", "wish", "2025-03-01"]);
    assert_eq!(said(made.rows), "`stop`, row 1: there is no participant `S09-001`");
    let mut made = twelve();
    made.put("score", &["S01-001", "S01-001-V4-caps5", "total", "inf", "inf", ""]);
    assert!(said(made.rows).contains("not a finite number"));
}
