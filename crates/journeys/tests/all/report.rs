//! The end of a trial: rehearsed blind, locked by two, analysed, traced, changed after the lock, opened again and locked again.
//!
//! Method: a demonstration trial of thirty people in a real store, everything by the program itself. What the report says is counted
//! anew here from the store's tables and the sealed rows, by other code than the report's.

use crate::cli::{folder, program, run, typesets, well};
use serde_json::{Value, json};
use stats::{
    mmrm::{DfMethod, Fit, Model, Vcov, Weights},
    table::Table,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::Path,
    sync::Arc,
};

const REASON: &str = "The people concerned have left";

fn lock(here: &Path, more: &[&str]) -> (i32, String) {
    let mut command = std::process::Command::new(program());
    let said = command.current_dir(here).args(["lock", "--data", "store"]).args(more).output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    (said.status.code().unwrap(), text)
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for path in [folder.to_owned(), folder.join("csv")] {
        for entry in fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
            found.insert(entry.strip_prefix(folder).unwrap().display().to_string(), fs::read(&entry).unwrap());
        }
    }
    found
}

fn json_of(here: &Path, out: &str) -> Value {
    serde_json::from_slice(&fs::read(here.join(out).join("report.json")).unwrap()).unwrap()
}

fn table<'v>(report: &'v Value, id: &str) -> &'v Value {
    let sections = report["sections"].as_array().unwrap().iter();
    let mut tables = sections.flat_map(|section| section["blocks"].as_array().unwrap()).map(|block| &block["table"]);
    tables.find(|table| table["id"] == id).unwrap_or_else(|| panic!("no table {id}"))
}

fn cell<'v>(report: &'v Value, id: &str, row: &str, column: &str) -> &'v Value {
    let rows = table(report, id)["rows"].as_array().unwrap();
    let row = rows.iter().find(|known| known["id"] == row).unwrap_or_else(|| panic!("{id} has no row {row}"));
    &row["cells"][column]
}

/// The store as another reader sees it: rows, and arms opened with the key by hand.
struct Known {
    store: Arc<dyn record::Store>,
    arms: BTreeMap<String, String>,
}

impl Known {
    fn of(here: &Path) -> Self {
        let path = here.join("store/record.sqlite");
        let store = record::SqliteStore::open(&path, record::projection::TABLES).unwrap();
        let key = chain::from_hex(fs::read_to_string(here.join("store/keys/sealed.key")).unwrap().trim()).unwrap();
        let (rows, containers) = record::sealed_read(&store).unwrap();
        let service = allocation::Service::open(allocation::Key::from_slice(&key).unwrap(), rows, containers).unwrap();
        let mut arms = BTreeMap::new();
        let range = record::Range::Stream { name: "allocation", after: 0, as_of: None };
        record::Store::read(&store, range, &mut |stored| {
            let (_, entry) = record::body_read(&stored)?;
            if let conduct::Entry::AllocationDrawn { handle, participant, .. } = entry {
                arms.insert(participant.to_string(), service.break_code(&handle).unwrap().arm().to_string());
            }
            Ok(true)
        })
        .unwrap();
        Self { store: Arc::new(store), arms }
    }

    fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        let text = |cell: &record::table::Cell| match cell {
            record::table::Cell::Null => String::new(),
            record::table::Cell::Integer(number) => number.to_string(),
            record::table::Cell::Decimal(number) => number.to_string(),
            record::table::Cell::Text(text) => text.clone(),
        };
        self.store.select(sql, &[]).unwrap().iter().map(|row| row.iter().map(text).collect()).collect()
    }

    fn people(&self, sql: &str, arm: &str) -> usize {
        let found: BTreeSet<String> = self.rows(sql).into_iter().map(|row| row[0].clone()).collect();
        found.into_iter().filter(|person| self.arms.get(person).is_some_and(|own| own == arm)).count()
    }
}

/// Counts by SQL and the opened arms.
fn counts_agree(known: &Known, report: &Value) {
    let dosed = "SELECT participant FROM dose WHERE part = 'initial' AND session =";
    let rated = "SELECT f.participant FROM form f JOIN score s ON s.participant = f.participant AND s.instance = f.instance \
                 WHERE f.struck = 0 AND f.form = 'caps5' AND f.visit = 'V19' AND s.score = 'total' AND s.number IS NOT NULL";
    let emergent = "SELECT participant FROM adverse_event WHERE struck = 0 AND emergent = 1";
    for arm in ["mdma", "placebo"] {
        for (id, row, sql) in [
            ("disposition", "session-1", format!("{dosed} 1")),
            ("disposition", "session-3", format!("{dosed} 3")),
            ("disposition", "rated-V19", rated.to_owned()),
            ("adverse-events", "any", emergent.to_owned()),
            ("adverse-terms", "muscle-tightness", format!("{emergent} AND term = 'muscle tightness'")),
            (
                "exposure",
                "supplement-2",
                "SELECT participant FROM dose WHERE part = 'supplement' AND session = 2".to_owned(),
            ),
            ("deviations", "important", "SELECT participant FROM deviation WHERE class = 'important'".to_owned()),
        ] {
            assert_eq!(cell(report, id, row, arm)["n"], known.people(&sql, arm) as f64, "{id} {row} {arm}");
        }
    }
    containers_agree(known, report);
    let calls = known.rows("SELECT count(*) FROM participant")[0][0].parse::<f64>().unwrap();
    assert_eq!(cell(report, "disposition", "assessed", "total")["n"], calls);
}

/// Containers by site, and all of them together: one that went from site to site is one container.
fn containers_agree(known: &Known, report: &Value) {
    let count = |sql: &str| known.rows(sql)[0][0].parse::<f64>().unwrap();
    let received = |row: &str| cell(report, "accountability", row, "received")["n"].clone();
    assert_eq!(received("total"), count("SELECT count(DISTINCT container) FROM container"));
    assert_eq!(received("S01"), count("SELECT count(*) FROM container WHERE site = 'S01'"));
    let standings = known.rows("SELECT standing, count(*) FROM container WHERE standing <> 'sent' GROUP BY standing");
    assert!(standings.len() > 1, "{standings:?}");
    for standing in standings {
        let found = standing[1].parse::<f64>().unwrap();
        assert_eq!(cell(report, "accountability", "total", &standing[0])["n"], found, "{standing:?}");
    }
    let notes = table(report, "accountability")["notes"].to_string();
    assert!(notes.contains("Checked: at every site"), "{notes}");
    for row in table(report, "accountability")["rows"].as_array().unwrap() {
        let cells = row["cells"].as_object().unwrap().iter();
        let ends = cells.filter(|(column, _)| !["received", "counts", "differed"].contains(&column.as_str()));
        assert_eq!(
            ends.map(|(_, cell)| cell["n"].as_f64().unwrap()).sum::<f64>(),
            row["cells"]["received"]["n"],
            "{row}"
        );
    }
}

/// The treatment-policy model again: rows by SQL, sites taken together here, the crate of statistics called by itself.
fn model_agrees(known: &Known, report: &Value) {
    let sql = "SELECT f.participant, f.visit, s.number, p.site FROM form f JOIN score s ON s.participant = f.participant AND \
               s.instance = f.instance JOIN participant p ON p.participant = f.participant WHERE f.struck = 0 AND \
               f.form = 'caps5' AND s.score = 'total' AND s.number IS NOT NULL AND p.doses >= 1 AND p.assigned_on IS NOT NULL";
    let mut people: BTreeMap<String, (String, BTreeMap<String, f64>)> = BTreeMap::new();
    for row in known.rows(sql) {
        let entry = people.entry(row[0].clone()).or_insert_with(|| (row[3].clone(), BTreeMap::new()));
        entry.1.insert(row[1].clone(), row[2].parse().unwrap());
    }
    people.retain(|_, (_, seen)| seen.contains_key("V4") && ["V9", "V14", "V19"].iter().any(|v| seen.contains_key(*v)));
    let mut sites: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (person, (site, _)) in &people {
        sites.entry(site).or_default().push(&known.arms[person]);
    }
    let small: Vec<&str> = sites
        .iter()
        .filter(|(_, arms)| arms.len() < 4 || arms.iter().collect::<BTreeSet<_>>().len() < 2)
        .map(|(site, _)| *site)
        .collect();
    let mut csv = String::from("id,arm,site,visit,base,change\n");
    for (person, (site, seen)) in &people {
        let site = if small.len() > 1 && small.contains(&site.as_str()) { "pooled" } else { site };
        for visit in ["V9", "V14", "V19"] {
            if let Some(value) = seen.get(visit) {
                let base = seen["V4"];
                writeln!(csv, "{person},{},{site},{visit},{base},{}", known.arms[person], value - base).unwrap();
            }
        }
    }
    let data = Table::from_csv(&csv).unwrap();
    let several = data.column("site").unwrap().texts().len() > 1;
    let formula = format!("change ~ base + arm*visit{} + us(visit | id)", if several { " + site" } else { "" });
    let mut model = Model::from_formula(&formula).unwrap();
    model.arm = Some("arm".into());
    model.levels.insert("arm".into(), vec!["placebo".into(), "mdma".into()]);
    model.levels.insert("visit".into(), vec!["V9".into(), "V14".into(), "V19".into()]);
    let fit = Fit::new(&data, &model).unwrap();
    let inference = fit.inference(DfMethod::KenwardRoger, Vcov::KenwardRogerLinear).unwrap();
    let contrasts = inference.contrasts(Weights::Equal);
    let expected = contrasts.iter().find(|(row, _)| row.visit == "V19").unwrap().1.unwrap();
    let found = cell(report, "sensitivity", "treatment_policy", "difference");
    for (name, expected) in [("estimate", expected.estimate), ("lower", expected.lower), ("upper", expected.upper)] {
        let found = found[name].as_f64().unwrap();
        assert!((found - expected).abs() < 1e-7 * expected.abs().max(1.0), "{name}: {found} is not {expected}");
    }
}

/// Every entry that a trace names is in the exported log with that hash, and a count has as many people under it.
/// No number but those of the chains, the queries and others' publications is without a place in the record.
fn every_number_rests_on_something(report: &Value) {
    let words = ["text", "how", "places", "participants"];
    for section in report["sections"].as_array().unwrap() {
        let tables = section["blocks"].as_array().unwrap().iter().map(|block| &block["table"]);
        let own = |table: &&Value| !["chains", "queries", "published"].iter().any(|id| table["id"] == **id);
        for row in tables.filter(own).flat_map(|table| table["rows"].as_array().into_iter().flatten()) {
            for (column, cell) in row["cells"].as_object().unwrap() {
                let mut numbers = cell.as_object().unwrap().iter().filter(|(name, _)| !words.contains(&name.as_str()));
                let counts = numbers.any(|(_, value)| value.as_f64().is_some_and(|value| value != 0.0));
                assert!(
                    !counts || cell["places"].as_u64() > Some(0),
                    "{} {}.{column}: {cell}",
                    section["id"],
                    row["id"]
                );
            }
        }
    }
}

fn traces_lead_to_entries(here: &Path, known: &Known, report: &Value) {
    let mut log = Vec::new();
    record::export(known.store.as_ref(), &mut log).unwrap();
    let hashes: BTreeSet<&str> = std::str::from_utf8(&log).unwrap().lines().map(|line| &line[..64]).collect();
    for (id, row, column) in [
        ("disposition", "session-1", "mdma"),
        ("disposition", "stopped", "total"),
        ("primary", "T4-lsmean", "difference"),
        ("responders", "response", "placebo"),
        ("adverse-terms", "muscle-tightness", "mdma"),
        ("blinding-participant", "mdma", "bang"),
        ("accountability", "total", "received"),
        ("deviations", "important", "consented"),
        ("vitals-limits", "l1-amber", "mdma"),
        ("severity", "placebo-LT1", "missing"),
        ("responder-steps", "placebo-T4", "missing"),
    ] {
        let said = well(here, &format!("trace {id} {row}.{column} --data store --json"));
        let trace: Value = serde_json::from_str(&said).unwrap();
        let entries = trace["entries"].as_array().unwrap();
        assert_eq!(trace["cell"], *cell(report, id, row, column), "{id} {row}.{column}");
        assert_eq!(trace["checkpoint"], report["checkpoint"]["digest"]);
        assert!(trace["queries"].as_object().unwrap().values().all(|sql| sql.as_str().unwrap().starts_with("SELECT ")));
        for entry in entries {
            assert!(hashes.contains(entry["hash"].as_str().unwrap()), "{id} {row}.{column}: {entry}");
        }
        let people: BTreeSet<&str> = entries.iter().map(|entry| entry["stream"].as_str().unwrap()).collect();
        // "So many of those seen" rests on all who were seen.
        let counted = &trace["cell"][if id == "responders" { "of" } else { "n" }];
        if let (Some(n), true) = (counted.as_f64(), id != "accountability") {
            assert_eq!(people.len(), n as usize, "{id} {row}.{column}");
        }
        // The queries are no ornament: they can be asked.
        for sql in trace["queries"].as_object().unwrap().values() {
            known.rows(sql.as_str().unwrap());
        }
    }
    let nowhere = run(here, "trace primary nowhere.at-all --data store");
    assert_eq!(nowhere.code, 1);
    assert!(nowhere.err.contains("rows of primary"), "{}", nowhere.err);
    assert_eq!(run(here, "trace no-table a.b --data store").code, 1);
}

#[test]
fn a_trial_is_rehearsed_locked_analysed_traced_and_opened_again() {
    let folder = folder();
    let here = folder.path();
    well(here, "demo --no-serve --participants 30 --seed 11 --data store");

    // Blind: no arm in any column, twice the same bytes; with dummy arms it is said, and said again.
    fs::create_dir(here.join("blind")).unwrap();
    fs::write(here.join("blind/report.pdf"), "of another record").unwrap();
    let said = well(here, "report --data store --out blind");
    assert!(said.contains("BLINDED"));
    paper(here, &said);
    well(here, "report --data store --out blind-again");
    assert_eq!(files(&here.join("blind")), files(&here.join("blind-again")));
    let blind = json_of(here, "blind");
    assert_eq!((&blind["standing"], &blind["lock"]), (&json!("blinded"), &Value::Null));
    assert!(cell(&blind, "primary", "T4-lsmean", "all")["estimate"].is_number());
    assert!(cell(&blind, "primary", "T4-lsmean", "difference").is_null());
    assert!(well(here, "report --data store --out dummy --dummy 5").contains("REHEARSAL"));
    let html = fs::read_to_string(here.join("dummy/report.html")).unwrap();
    assert!(html.matches("REHEARSAL WITH A DUMMY ALLOCATION (seed 5)").count() >= 2, "on the page and on every sheet");

    for (name, bytes) in files(&here.join("dummy")).iter().filter(|(name, _)| name.ends_with(".csv")) {
        for line in String::from_utf8_lossy(bytes).lines().skip(1) {
            assert!(line.ends_with(",rehearsal: dummy allocation with seed 5"), "{name}: {line}");
        }
    }
    // Into a folder that held another report: nothing of that one is left, and nothing of anybody else is lost.
    let foreign = ["notes.txt", "csv/mine.csv", "../foreign.csv"];
    foreign.iter().for_each(|name| fs::write(here.join("dummy").join(name), "kept").unwrap());
    fs::write(here.join("dummy/csv/by-arm.csv"), "of an earlier version").unwrap();
    let mut listed = json_of(here, "dummy");
    listed["files"].as_array_mut().unwrap().extend([json!("csv/by-arm.csv"), json!("csv/../../foreign.csv")]);
    fs::write(here.join("dummy/report.json"), listed.to_string()).unwrap();
    well(here, "report --data store --out dummy");
    assert!(!here.join("dummy/csv/by-arm.csv").exists());
    assert!(foreign.iter().all(|name| fs::read(here.join("dummy").join(name)).unwrap() == b"kept"));
    well(here, "report --data store --out cleared --dummy 5");
    well(here, "report --data store --out cleared");
    assert_eq!(files(&here.join("cleared")), files(&here.join("blind")), "no file of the rehearsal is left");

    // Locking: listed, refused without a reason, done with two signatures, not twice.
    let open = well(here, "lock --data store --list");
    assert!(open.contains("still open"), "{open}");
    let alone: [&[&str]; 3] = [
        &["--as", "data-manager"],
        &["--freeze-only", "--as", "data-manager"],
        &["--freeze-only", "--as", "data-manager", "--second", "data-manager"],
    ];
    for arguments in alone {
        let (code, said) = lock(here, arguments);
        assert!(code == 1 && said.contains("plan.signed"), "{arguments:?}: {said}");
        assert_eq!(said.contains("lock.two_people") && said.contains("lock.open"), arguments.len() == 2, "{said}");
    }
    let (code, said) = lock(here, &[]);
    assert!(code == 1 && said.contains("refused: lock.open") && !said.contains("lock.plan"), "{said}");
    assert!(!said.contains("lock.two_people") && !said.contains("plan.signed"), "{said}");
    well(here, "report --data store --out refused");
    let refused = json_of(here, "refused");
    assert_eq!(refused["checkpoint"], blind["checkpoint"], "a lock that is refused leaves no frozen plan behind");
    assert_eq!(json_of(here, "blind")["plan"], blind["plan"]);
    let (code, said) = lock(here, &["--reason", REASON]);
    assert!(code == 0 && said.contains("data-manager") && said.contains("administrator"), "{said}");
    let (code, said) = lock(here, &["--reason", REASON]);
    assert!(code == 1 && said.contains("lock.standing"), "{said}");

    // Analysed: twice the same bytes, numbers as others count them.
    well(here, "report --data store --out final");
    well(here, "report --data store --out final-again");
    assert_eq!(files(&here.join("final")), files(&here.join("final-again")));
    let report = json_of(here, "final");
    assert_eq!((&report["standing"], &report["lock"]["reason"]), (&json!("final"), &json!(REASON)));
    let known = Known::of(here);
    assert_eq!(known.arms.len(), 30);
    counts_agree(&known, &report);
    model_agrees(&known, &report);
    traces_lead_to_entries(here, &known, &report);
    every_number_rests_on_something(&report);
    let frozen = report["frozen"]["signed_by"].as_str().unwrap();
    assert!(frozen.contains("data-manager") && frozen.contains("administrator"), "{frozen}");
    assert!(fs::read_to_string(here.join("final/report.html")).unwrap().contains("<dt>Plan frozen</dt>"));
    self_contained(&fs::read_to_string(here.join("final/report.html")).unwrap());

    together(here);

    // After the lock: a fact is recorded and flagged, an authorisation refused, the report what it was.
    let coordinator = personas(here).into_iter().find(|login| login.contains("coordinator")).unwrap();
    let site = coordinator.split('-').next().unwrap().to_uppercase();
    let sql = format!("SELECT participant FROM participant WHERE site = '{site}' ORDER BY consented_on DESC");
    let person = known.rows(&sql)[0][0].clone();
    drop(known);
    let note =
        json!({ "id": "late-1", "command": { "fact": { "record_note": { "participant": person, "text": "rang" } } } });
    fs::write(here.join("late"), note.to_string()).unwrap();
    let said = well(here, &format!("apply --data store --commands late --as {coordinator}"));
    assert!(said.contains("after_lock"), "recorded, and flagged: {said}");
    let hold = json!({ "id": "late-2", "command": { "authorise": { "adopt_study": { "study": "0" } } } });
    fs::write(here.join("late"), hold.to_string()).unwrap();
    let said = run(here, "apply --data store --commands late --as administrator");
    assert!(said.code == 1 && said.out.contains("lock.closed"), "{}", said.out);
    late(here, &report);

    // Opened again: blind as before, with the trace of it; locked again, the same plan.
    let (code, said) = lock(here, &["--unlock"]);
    assert!(code == 1 && said.contains("lock.reason"), "{said}");
    let (code, _) = lock(here, &["--unlock", "--reason", "A rating came late"]);
    assert_eq!(code, 0);
    assert!(well(here, "report --data store --out unlocked").contains("BLINDED"));
    let (code, said) = lock(here, &["--reason", REASON]);
    assert_eq!(code, 0, "{said}");
    well(here, "report --data store --out relocked");
    let again = json_of(here, "relocked");
    assert_eq!(again["plan"], report["plan"]);
    assert_eq!(again["lock"]["earlier"][0]["unlocked_because"], "A rating came late");
    assert!(well(here, "verify --data store").contains("the record is whole"));
}

/// Whoever stays blind after the lock gets all arms together, by a door that could not open the allocation if it tried.
fn together(here: &Path) {
    use exchange::analysed::{Analysed, Arms, NotAnalysed};
    let path = here.join("store/record.sqlite");
    let store: Arc<dyn record::Store> = Arc::new(record::SqliteStore::open(&path, record::projection::TABLES).unwrap());
    let mut studies = conduct::Studies::new();
    let study = Arc::new(protocol::embedded::load("demonstration").unwrap());
    studies.insert(study.hash(), study);
    let door = record::Door::new(store, studies, None, "test");
    let analysed = Analysed::read(&door, "test", Arms::Together).unwrap();
    let report = analysis::report(&analysed.input()).unwrap();
    assert_eq!(report.standing, analysis::Standing::Blinded);
    assert!(report.lock.is_some());
    let printed = analysis::write::json(&report).to_lowercase();
    for word in ["placebo with therapy", "mdma with therapy"] {
        assert!(!printed.contains(word), "an arm's name stands in a blind report: {word}");
    }
    assert!(matches!(Analysed::read(&door, "test", Arms::AsLocked), Err(NotAnalysed::NoAllocation)));
}

/// With the typesetter a PDF lies beside the HTML; without it a sentence says so, and an earlier one is gone. `files` compares its bytes.
fn paper(here: &Path, said: &str) {
    let found = fs::read(here.join("blind/report.pdf"));
    if typesets() {
        let found = found.unwrap();
        assert!(found.starts_with(b"%PDF-") && found.len() > 50_000, "{} bytes", found.len());
        assert!(said.contains("report.pdf"), "{said}");
    } else {
        assert!(said.contains("built without its typesetter") && said.contains("--features pdf"), "{said}");
        assert!(found.is_err() && here.join("blind/report.html").exists());
    }
}

/// What was written after the lock is said, and changes no number.
fn late(here: &Path, report: &Value) {
    well(here, "report --data store --out late-report");
    let after = json_of(here, "late-report");
    assert_eq!(after["checkpoint"]["entries_after_the_lock"], 2, "the note, and the deviation that flags it");
    assert_eq!(after["checkpoint"]["digest"], report["checkpoint"]["digest"]);
    assert_eq!(after["sections"], report["sections"]);
}

fn personas(here: &Path) -> Vec<String> {
    let accounts = rusqlite::Connection::open(here.join("store/accounts.sqlite")).unwrap();
    let mut asked = accounts.prepare("SELECT login FROM account WHERE persona = 1 ORDER BY login").unwrap();
    asked.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// One file that fetches nothing and runs nothing, with every table and figure named.
fn self_contained(html: &str) {
    let rest = html.replace("http://www.w3.org/2000/svg", "");
    for fetched in ["<script", "<link", "src=", "url(", "@import", "http://", "https://"] {
        assert!(!rest.contains(fetched), "the report has {fetched}");
    }
    assert_eq!(html.matches("<svg").count(), html.matches("<figcaption>").count());
    assert!(html.matches("<table").count() > 30 && html.contains("@page"));
}
