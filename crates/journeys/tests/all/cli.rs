//! The program itself, as people type it: what it prints, what it answers, and with which code it ends.

use serde_json::{Value, json};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
};

/// Whether the program is to be built with its typesetter: `JOURNEYS_PDF=1`.
pub fn typesets() -> bool {
    std::env::var_os("JOURNEYS_PDF").is_some()
}

/// The program, built once from this tree in the same way as this test; or the one that `LIFEJACKET_PROGRAM` names.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        if let Some(named) = std::env::var_os("LIFEJACKET_PROGRAM") {
            return PathBuf::from(named);
        }
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", "lifejacket", "--message-format", "json"])
            .args(if typesets() { &["--features", "pdf"][..] } else { &[] })
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let text = String::from_utf8(built.stdout).unwrap();
        let mut messages = text.lines().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let made = messages.find_map(|message| message["executable"].as_str().map(PathBuf::from));
        made.expect("cargo says where the program is")
    })
}

pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

fn said(output: Output) -> Said {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

pub fn run(folder: &Path, line: &str) -> Said {
    said(Command::new(program()).current_dir(folder).args(line.split_whitespace()).output().unwrap())
}

pub fn run_with(folder: &Path, line: &str, input: &str) -> Said {
    let mut command = Command::new(program());
    command.current_dir(folder).args(line.split_whitespace());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    said(child.wait_with_output().unwrap())
}

pub fn well(folder: &Path, line: &str) -> String {
    let said = run(folder, line);
    assert_eq!(said.code, 0, "{line}\n{}\n{}", said.out, said.err);
    said.out
}

pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_study_in_order_and_a_study_with_mistakes() {
    let folder = folder();
    let studies = well(folder.path(), "study list");
    assert!(studies.lines().count() >= 4, "{studies}");
    for study in studies.lines() {
        let said = well(folder.path(), &format!("study check {study}"));
        assert!(said.contains("is in order"), "{said}");
    }
    // Two mistakes in two files, both told in one run, each with its place; code 1.
    let mine = folder.path().join("mine");
    for (name, text) in protocol::embedded::files("small").unwrap().files {
        let text = text
            .replace("weight.weight_kg < 48", "weight.weight_pounds < 48")
            .replace("opens = 21, closes = 35", "opens = 35, closes = 21");
        let path = mine.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let said = run(folder.path(), "study check mine");
    assert_eq!(said.code, 1, "{}", said.out);
    for words in ["eligibility.toml:", "schedule.toml:", "weight_pounds", "error["] {
        assert!(said.out.contains(words), "no {words} in\n{}", said.out);
    }
    let lines = run(folder.path(), "study check mine --json");
    assert_eq!(lines.code, 1);
    for line in lines.out.lines() {
        let one: Value = serde_json::from_str(line).unwrap();
        assert!(one["line"].as_u64().unwrap() > 0 && one["message"].is_string() && one["mend"].is_string(), "{one}");
    }
    // The shop refuses to open on such a study, and leaves nothing behind.
    fs::write(folder.path().join("secrets"), "a long enough password\n482913\n").unwrap();
    let said = run(folder.path(), "init --data store --study mine --administrator admin --name A --secrets secrets");
    assert_eq!(said.code, 1);
    assert!(!folder.path().join("store").exists());
    assert_eq!(run(folder.path(), "study check no-such-study").code, 1);
    assert_eq!(run(folder.path(), "stduy").code, 2, "a command line that can't be read");
}

#[test]
fn scores_the_schema_and_the_rule_book() {
    let folder = folder();
    let answers =
        json!({ "responses": (1..=9).map(|n| (n.to_string(), 2)).collect::<std::collections::BTreeMap<_, _>>() });
    let said = run_with(folder.path(), "score phq9 --responses -", &answers.to_string());
    let scored: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.code, scored["scores"]["total"]["value"].as_f64()), (0, Some(18.0)), "{}", said.out);
    let lines = format!("{answers}\n{answers}\n");
    let said = run_with(folder.path(), "score phq9 --responses - --lines", &lines);
    assert_eq!((said.code, said.out.lines().count()), (0, 2), "{}", said.out);
    let some_bad = "{\"responses\": {\"1\": 1}}\n{\"responses\": {\"1\": 9}}\n\n{\n{\"responses\": {\"2\": 1}}\n";
    let said = run_with(folder.path(), "score phq9 --responses - --lines", some_bad);
    assert_eq!(
        (said.code, said.out.lines().count()),
        (1, 4),
        "every line is answered, and the code tells: {}",
        said.out
    );
    assert!(said.err.contains("could not be scored: 2"), "{}", said.err);
    for bad in ["{", "{\"responses\": {\"1\": 9}}", "{\"responses\": {\"77\": 1}}", "[]"] {
        let said = run_with(folder.path(), "score phq9 --responses -", bad);
        assert_eq!(said.code, 1, "{bad}: {}", said.out);
        assert!(!said.err.contains("panicked"), "{}", said.err);
    }
    assert_eq!(run_with(folder.path(), "score no-such-thing --responses -", "{}").code, 1);

    let schema: Value = serde_json::from_str(&well(folder.path(), "schema commands")).unwrap();
    assert_eq!(schema["required"], json!(["id", "command"]));
    let rules = well(folder.path(), "rules");
    for rule in conduct::rules::all() {
        assert!(rules.contains(rule.id) && rules.contains(rule.sentence), "{}", rule.id);
    }
    let book: Value = serde_json::from_str(&well(folder.path(), "rules --json --study licensed-practice")).unwrap();
    assert!(
        book.as_array().unwrap().iter().all(|line| line["source"].as_str().is_some_and(|source| !source.is_empty()))
    );
}

#[test]
fn output_that_nobody_reads_on_ends_quietly() {
    let mut child = Command::new(program()).arg("rules").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let said = child.wait_with_output().unwrap();
    assert!(said.stderr.is_empty(), "{}", String::from_utf8_lossy(&said.stderr));
}

#[test]
fn a_real_trial_is_started_and_its_first_commands_are_answered() {
    let folder = folder();
    let here = folder.path();
    fs::write(here.join("secrets"), "a long enough password\n482913\n").unwrap();
    let init = "init --data store --study small --administrator admin --name A --secrets secrets";
    let said = well(here, init);
    assert!(said.contains("sealed rows, commitment"), "{said}");
    let again = run(here, init);
    assert_eq!(again.code, 1, "a store is never overwritten");
    assert!(again.err.contains("not empty"), "{}", again.err);
    fs::write(here.join("wrong"), "some other password\n").unwrap();
    let acts = [
        json!({ "id": "a1", "command": { "authorise": { "set_cap": { "site": "S01", "cap": 4 } } } }).to_string(),
        json!({ "id": "a2", "command": { "authorise": { "activate_site": { "site": "S01" } } } }).to_string(),
        json!({ "id": "a3", "command": { "fact": { "record_enquiry": { "site": "S01", "source": "x", "language": "en" } } } }).to_string(),
        "{\"id\": \"a4\", \"comm".to_owned(),
    ];
    fs::write(here.join("acts"), acts.join("\n")).unwrap();
    let stranger = run(here, "apply --data store --commands acts --as admin --secrets wrong");
    assert_eq!((stranger.code, stranger.out.as_str()), (1, ""), "{}", stranger.err);
    let answers = |said: &Said| -> Vec<String> {
        let lines = said.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.map(|answer| answer["answer"].as_str().unwrap().to_owned()).collect()
    };
    let apply = "apply --data store --commands acts --as admin --secrets secrets";
    let first = run(here, apply);
    assert_eq!(first.code, 1, "not everything was done");
    assert_eq!(answers(&first), ["done", "refused", "not_yours", "unreadable"], "{}", first.out);
    let refusal: Value = serde_json::from_str(first.out.lines().nth(1).unwrap()).unwrap();
    for part in ["rule", "source", "found", "needed", "remedy"] {
        assert!(!refusal["broken"][0][part].is_null(), "{refusal}");
    }
    let second = run(here, apply);
    assert_eq!(second.out.lines().nth(1), first.out.lines().nth(1), "the refusal again, word for word");
    let done: Value = serde_json::from_str(second.out.lines().next().unwrap()).unwrap();
    assert_eq!(done["repeated"], true);
    assert!(well(here, "verify --data store").contains("the record is whole"));
}

/// An amendment is loaded into a store and put in force; before it is loaded the refusal says how.
#[test]
fn an_amendment_is_loaded_and_adopted() {
    let folder = folder();
    let here = folder.path();
    fs::write(here.join("secrets"), "a long enough password\n482913\n").unwrap();
    well(here, "init --data store --study small --administrator admin --name A --secrets secrets");
    let hash = protocol::embedded::load("small-amended").unwrap().hash().to_string();
    let adopt = |id: &str| {
        let act = json!({ "id": id, "command": { "authorise": { "adopt_study": { "study": hash } } } });
        fs::write(here.join("acts"), act.to_string()).unwrap();
        run(here, "apply --data store --commands acts --as admin --secrets secrets")
    };
    let early = adopt("b1");
    assert_eq!(early.code, 1);
    assert!(early.out.contains("lifejacket study add"), "{}", early.out);
    assert!(well(here, "study add small-amended --data store").contains(&hash));
    assert_eq!(adopt("b2").code, 0);
    assert!(well(here, "verify --data store").contains("the record is whole"));
    assert_eq!(run(here, "study add no-such-study --data store").code, 1);
}

/// What is done at the command line in a synthetic store happens in its own time, not years later by the machine's clock.
#[test]
fn a_synthetic_store_keeps_its_own_time() {
    let folder = folder();
    let here = folder.path();
    well(here, "simulate --study demonstration --participants 1 --seed 6 --data store");
    let person = "S01-001";
    let command = json!({ "id": "n1", "command": { "fact": { "record_enquiry": {
        "site": "S01", "source": "leaflet", "language": "en" } } } });
    fs::write(here.join("acts"), command.to_string()).unwrap();
    let said = run(here, "apply --data store --commands acts --as s01-coordinator-1");
    let answer: Value = serde_json::from_str(said.out.lines().next().unwrap()).unwrap();
    assert_eq!(answer["answer"], "done", "{answer}");
    let recorded = answer["entries"][0]["recorded_at"].as_str().unwrap().to_owned();
    assert!(recorded.starts_with("2023") || recorded.starts_with("2024"), "{recorded} for {person}");
}

/// A small trial is simulated; then it is asked about, proved, damaged, found damaged, made anew and exported.
#[test]
fn a_store_is_proved_rebuilt_exported_and_a_changed_byte_is_found() {
    let folder = folder();
    let here = folder.path();
    well(here, "simulate --study demonstration --participants 2 --seed 5 --data store");
    let proved = well(here, "verify --data store");
    well(here, "rebuild --data store");
    assert_eq!(
        well(here, "verify --data store"),
        proved,
        "made anew, the tables are the same and the chains untouched"
    );

    well(here, "export csv --data store --out csv");
    let dictionary = fs::read_to_string(here.join("csv/dictionary.csv")).unwrap();
    let mut tables = 0;
    for file in fs::read_dir(here.join("csv")).unwrap().map(|file| file.unwrap().path()) {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&file).unwrap();
        let header = text.trim_start_matches('\u{feff}').lines().next().unwrap();
        for column in header.split(',').filter(|_| name != "dictionary") {
            assert!(dictionary.contains(&format!("{name},{column},")), "{name}.{column} is not explained");
        }
        tables += 1;
    }
    assert!(tables > 40);

    let person = fs::read_to_string(here.join("csv/participant.csv")).unwrap();
    let person = person.lines().nth(1).unwrap().split(',').next().unwrap().to_owned();
    assert!(well(here, &format!("why {person} --data store")).contains(&person));
    let why: Value = serde_json::from_str(&well(here, &format!("why {person} --data store --json"))).unwrap();
    assert_eq!(why["participant"], person.as_str());
    assert_eq!(run(here, &format!("why {person} --data store --as-of 2000-01-01")).code, 1, "nobody was known then");
    assert_eq!(run(here, "why S99-999 --data store").code, 1);

    as_of(here);

    // One letter of what somebody wrote is changed in the file, as by a hand that goes round every guard.
    let path = here.join("store/record.sqlite");
    let store = record::SqliteStore::open(&path, record::projection::TABLES).unwrap();
    record::Store::backup(&store, &here.join("whole.sqlite")).unwrap();
    drop(store);
    for journal in ["store/record.sqlite-wal", "store/record.sqlite-shm"] {
        let _ = fs::remove_file(here.join(journal));
    }
    let mut bytes = fs::read(here.join("whole.sqlite")).unwrap();
    fs::write(&path, &bytes).unwrap();
    assert_eq!(well(here, "verify --data store"), proved, "a copy is as good");
    let words = b"\"enquiry_recorded\"";
    let place = bytes.windows(words.len()).position(|window| window == words).expect("an entry in the open");
    bytes[place + 2] ^= 1;
    fs::write(&path, bytes).unwrap();
    let said = run(here, "verify --data store");
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    let told = format!("{}{}", said.out, said.err);
    assert!(told.contains("not whole") && told.contains("position"), "{told}");
}

/// What was known on a date is the same in the tables and in the answer to `why`; the tables of the last day are those of now.
fn as_of(here: &Path) {
    let rows = |folder: &str| -> Vec<(String, String, String)> {
        let text = fs::read_to_string(here.join(folder).join("participant.csv")).unwrap();
        let places = ["participant", "phase", "enquired_on"].map(|name| place_of(&text, name));
        let cell = |row: &str, place: usize| row.split(',').nth(place).unwrap().to_owned();
        let row = |row: &str| (cell(row, places[0]), cell(row, places[1]), cell(row, places[2]));
        text.lines().skip(1).map(row).collect()
    };
    let now = rows("csv");
    let mut days: Vec<&str> = now.iter().map(|(_, _, day)| day.as_str()).collect();
    days.sort_unstable();
    let middle: jiff::civil::Date = days[days.len() / 2].parse().unwrap();
    let mut differ = 0;
    for (number, day) in [middle, middle.saturating_add(jiff::Span::new().days(60))].into_iter().enumerate() {
        let said = well(here, &format!("export csv --data store --as-of {day} --out then{number}"));
        assert!(said.contains("as the record was known at"), "{said}");
        let then = rows(&format!("then{number}"));
        assert!(!then.is_empty() && then.len() <= now.len());
        for (participant, phase, _) in &now {
            let known = then.iter().find(|(one, ..)| one == participant).map(|(_, phase, _)| phase.clone());
            let why = run(here, &format!("why {participant} --data store --as-of {day} --json"));
            match known {
                None => assert_eq!(why.code, 1, "{participant} was not known on {day}"),
                Some(known) => {
                    let why: Value = serde_json::from_str(&why.out).unwrap();
                    assert_eq!(why["phase"], known.as_str(), "{participant} on {day}");
                    differ += u32::from(known != *phase);
                }
            }
        }
        let dictionary = fs::read_to_string(here.join(format!("then{number}/dictionary.csv"))).unwrap();
        assert!(dictionary.contains("as it was known at"), "{dictionary}");
    }
    assert!(differ > 0, "nobody stood elsewhere then than now");
    well(here, "export csv --data store --as-of 2099-01-01 --out last");
    for file in fs::read_dir(here.join("csv")).unwrap().map(|file| file.unwrap().file_name()) {
        let (one, other) =
            (fs::read(here.join("csv").join(&file)).unwrap(), fs::read(here.join("last").join(&file)).unwrap());
        assert!(file == "dictionary.csv" || lines_that_count(&one) == lines_that_count(&other), "{}", file.display());
    }
    let said = run(here, "export csv --data store --as-of yesterday --out never");
    assert!(said.code == 1 && said.err.contains("neither a day") && !here.join("never").exists(), "{}", said.err);
}

fn place_of(text: &str, name: &str) -> usize {
    text.lines().next().unwrap().split(',').position(|column| column == name).unwrap()
}

/// A count that went up and down again stands at 0 in the tables of now, and is in none that were made anew.
fn lines_that_count(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    text.lines().filter(|line| !line.ends_with(",0") || line.split(',').count() > 4).map(str::to_owned).collect()
}

#[test]
fn what_is_no_store_is_said_to_be_none() {
    let folder = folder();
    let here = folder.path();
    assert_eq!(run(here, "verify --data nowhere").code, 1);
    fs::create_dir(here.join("other")).unwrap();
    fs::write(here.join("other/record.sqlite"), "not a database at all").unwrap();
    for command in
        ["verify --data other", "rebuild --data other", "why S01-001 --data other", "export csv --data other --out o"]
    {
        let said = run(here, command);
        assert_eq!(said.code, 1, "{command}");
        assert!(said.err.contains("error") && !said.err.contains("panicked"), "{command}: {}", said.err);
    }
    assert_eq!(fs::read(here.join("other/record.sqlite")).unwrap(), b"not a database at all", "left as it was");
}

/// A statistician seals list and stock where they are made; whoever starts the store with them learns no arm.
#[test]
fn a_trial_is_started_with_a_list_and_a_stock_that_were_sealed_elsewhere() {
    let folder = folder();
    let here = folder.path();
    fs::write(here.join("secrets"), "a long enough password\n482913\n").unwrap();
    let study = protocol::embedded::load("small").unwrap();
    let (arms, level) = (&study.arms, &study.dose.levels[0].id);
    let mut list = "stratum,position,arm\n".to_owned();
    for site in &study.sites {
        for position in 1..=6 {
            list.push_str(&format!("{},{position},{}\n", site.id, arms[position % arms.len()].id));
        }
    }
    fs::write(here.join("list.csv"), &list).unwrap();
    let content = serde_json::to_value(arms[0].content).unwrap();
    let stock = format!(
        "site,container,content,part,level,lot,expires\n{},K0001,{},initial,{level},L1,2031-01-31\n",
        study.sites[0].id,
        content.as_str().unwrap()
    );
    fs::write(here.join("stock.csv"), stock).unwrap();
    well(here, "seal key --out trial.key");
    let said = well(here, "seal list --study small --table list.csv --key trial.key --out list.sealed");
    assert!(said.contains("commitment"), "{said}");
    well(here, "seal stock --study small --table stock.csv --key trial.key --out stock.sealed");
    let sealed = fs::read_to_string(here.join("list.sealed")).unwrap();
    for arm in arms {
        assert!(!sealed.contains(arm.id.as_str()), "the sealed file tells {}", arm.id);
    }
    let again = run(here, "seal list --study small --key trial.key --out list.sealed");
    assert_eq!(again.code, 1, "a file is never overwritten");
    let init = "init --data store --study small --administrator admin --name A --secrets secrets --allocation list.sealed --stock stock.sealed";
    // Without its key, with another key, cut short, or changed: refused with line and mend, and nothing is made.
    let lines: Vec<&str> = sealed.lines().collect();
    let change = |from: usize, to: &str| {
        lines.iter().enumerate().map(|(n, l)| if n == from { to } else { l }).collect::<Vec<_>>().join("\n")
    };
    fs::write(here.join("short"), lines[..lines.len() - 1].join("\n")).unwrap();
    fs::write(here.join("garbled"), change(3, "{\"stratum\":")).unwrap();
    fs::write(here.join("swapped"), change(2, &lines[1].replace("\"position\":1", "\"position\":2"))).unwrap();
    well(here, "seal key --out other.key");
    for (line, words) in [
        (init.to_owned(), "--sealed-key"),
        (format!("{init} --sealed-key other.key"), "no row opens with this key"),
        (format!("{init} --sealed-key trial.key").replace("list.sealed", "short"), "short:1: "),
        (format!("{init} --sealed-key trial.key").replace("list.sealed", "garbled"), "garbled:4: "),
        (format!("{init} --sealed-key trial.key").replace("list.sealed", "swapped"), "swapped:1: "),
        (
            format!("{init} --sealed-key trial.key").replace("list.sealed", "stock.sealed"),
            "a sealed allocation list is needed",
        ),
        (format!("{init} --sealed-key nowhere.key"), "nowhere.key"),
        (format!("{init} --sealed-key list.csv"), "64 hexadecimal digits"),
    ] {
        let said = run(here, &line);
        assert_eq!(said.code, 1, "{line}\n{}", said.out);
        assert!(said.err.contains(words) && !said.err.contains("panicked"), "{line}: {}", said.err);
        assert!(!here.join("store").exists(), "{line} left something behind");
    }
    let said = well(here, &format!("{init} --sealed-key trial.key"));
    assert!(said.contains(&format!("{} sealed rows", list.lines().count() - 1)), "{said}");
    assert_eq!(
        fs::read_to_string(here.join("store/keys/sealed.key")).unwrap(),
        fs::read_to_string(here.join("trial.key")).unwrap()
    );
    assert!(well(here, "verify --data store").contains("the record is whole"));
}

/// Everything that was given is judged before anything is made, and all faults are told at once.
#[test]
fn starting_a_trial_judges_everything_first() {
    let folder = folder();
    let here = folder.path();
    fs::write(here.join("secrets"), "short\n12\n").unwrap();
    fs::write(here.join("list.csv"), "stratum,position,arm\nS99,1,nobody\n").unwrap();
    fs::write(
        here.join("stock.csv"),
        "site,container,content,part,level,lot,expires\nS01,K1,sugar,whole,,L1,tomorrow\n",
    )
    .unwrap();
    let said = run(
        here,
        "init --data store --study small --administrator A! --name A --secrets secrets --allocation list.csv --stock stock.csv --site S77",
    );
    assert_eq!(said.code, 1, "{}", said.out);
    for words in ["login", "S77", "list.csv:2: ", "S99", "stock.csv:2: ", "tomorrow", "password", "PIN"] {
        assert!(said.err.contains(words), "nothing about {words}:\n{}", said.err);
    }
    assert!(!said.err.contains("sugar") && !said.err.contains("nobody"), "an arm or content was told:\n{}", said.err);
    assert!(!here.join("store").exists());
    // A folder that is not empty is left as it is.
    fs::create_dir(here.join("full")).unwrap();
    fs::write(here.join("full/mine"), "mine").unwrap();
    fs::write(here.join("good"), "a long enough password\n482913\n").unwrap();
    let said = run(here, "init --data full --study small --administrator admin --name A --secrets good");
    assert_eq!((said.code, fs::read_dir(here.join("full")).unwrap().count()), (1, 1), "{}", said.err);
}

/// Packs at the command line: scored with, and told whole when they are wrong; a server with a wrong one serves nothing.
#[test]
fn form_packs_are_scored_with_and_told_when_they_are_wrong() {
    let folder = folder();
    let here = folder.path();
    let key = |name: &str, items: std::ops::RangeInclusive<u32>| {
        format!("{name} = [{}]\n", items.map(|n| n.to_string()).collect::<Vec<_>>().join(", "))
    };
    let pack = format!(
        "instrument = \"meq30\"\nversion = \"session\"\nlanguage = \"en\"\n[keys]\n{}{}{}{}",
        key("mystical", 1..=15),
        key("positive_mood", 16..=21),
        key("transcendence", 22..=27),
        key("ineffability", 28..=30)
    );
    fs::write(here.join("meq.toml"), &pack).unwrap();
    let answers =
        (1..=30).map(|n| (n.to_string(), if n <= 15 { 5 } else { 1 })).collect::<std::collections::BTreeMap<_, _>>();
    let answers = json!({ "responses": answers }).to_string();
    let scores = |line: &str| -> Value {
        let said = run_with(here, line, &answers);
        assert_eq!(said.code, 0, "{}", said.err);
        serde_json::from_str(&said.out).unwrap()
    };
    let (without, with) = (scores("score meq30 --responses -"), scores("score meq30 --responses - --pack meq.toml"));
    assert!(without["scores"]["mystical"]["value"].is_null(), "{without}");
    assert_eq!(with["scores"]["mystical"]["value"].as_f64(), Some(100.0), "{with}");
    assert_eq!(with["scores"]["positive_mood"]["value"].as_f64(), Some(20.0), "{with}");
    assert_eq!(without["scores"]["sum"], with["scores"]["sum"], "what needs no key is untouched");
    // Two mistakes, both told, each with its place; nothing is scored. Nor with another instrument's pack.
    let wrong = pack.replace("ineffability = [28, 29, 30]", "ineffability = [28, 29]\nelation = [1]");
    fs::write(here.join("wrong.toml"), wrong).unwrap();
    let said = run_with(here, "score meq30 --responses - --pack wrong.toml", &answers);
    assert_eq!((said.code, said.out.as_str()), (1, ""), "{}", said.out);
    assert!(said.err.contains("wrong.toml") && said.err.matches("line ").count() >= 2, "{}", said.err);
    let said = run_with(here, "score phq9 --responses - --pack meq.toml", "{\"responses\": {\"1\": 1}}");
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    assert_eq!(run_with(here, "score meq30 --responses - --pack nowhere.toml", &answers).code, 1);

    fs::write(here.join("secrets"), "a long enough password\n482913\n").unwrap();
    well(here, "init --data store --study small --administrator admin --name A --secrets secrets");
    fs::create_dir(here.join("store/packs")).unwrap();
    fs::copy(here.join("wrong.toml"), here.join("store/packs/meq.toml")).unwrap();
    let said = run(here, "serve --data store --listen 127.0.0.1:0");
    assert_eq!((said.code, said.out.as_str()), (1, ""), "{}", said.out);
    assert!(said.err.contains("meq.toml") && said.err.contains("elation"), "{}", said.err);
}
