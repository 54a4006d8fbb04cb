//! A store of many participants, built in bulk through the door, then opened and asked as a page would.
//!
//! `cargo run --release -p record --example large -- DIR [PARTICIPANTS [verify]]` builds (if DIR holds no record yet) and measures.
//! With a third argument `verify` it proves the whole store as well.
//! Prints: entries a second while building, size, time from nothing to the first page's rows, resident memory, and
//! the times of the queries that pages make.
#![allow(clippy::unwrap_used, clippy::panic, reason = "an example stops at the first surprise")]

use conduct::{Context, Person, Proof, Request, Studies};
use jiff::{SignedDuration, Timestamp};
use record::{Batch, Door, New, SqliteStore, Store, projection::TABLES};
use serde_json::{Value, json};
use std::{path::Path, sync::Arc, time::Instant};
use terms::ParticipantId;

const SITES: [&str; 2] = ["S01", "S02"];

fn studies() -> Studies {
    let study = protocol::embedded::load("small").unwrap();
    let mut studies = Studies::new();
    studies.insert(study.hash(), Arc::new(study));
    studies
}

struct Builder<'d> {
    batch: Batch<'d>,
    now: Timestamp,
    number: u64,
    entries: u64,
}

impl Builder<'_> {
    fn ask(&mut self, participant: Option<&ParticipantId>, command: Value) {
        self.number += 1;
        self.now = self.now.checked_add(SignedDuration::from_secs(17)).unwrap();
        let request: Request =
            serde_json::from_value(json!({"id": format!("r{:09}", self.number), "command": command})).unwrap();
        let context = Context {
            now: self.now,
            actor: Proof { person: Person::Program, at: self.now, signed: true },
            second: None,
            act: format!("a{}", self.number).as_str().into(),
            program: "large".into(),
            draw: None,
            picked: None,
            pseudonym: None,
            census: None,
        };
        match self.batch.ask(&request, participant, &context).unwrap() {
            Ok(written) => self.entries += written.len() as u64,
            Err(no) => panic!("{}: {no}", request.command.name()),
        }
    }

    fn trial(&mut self, studies: &Studies) {
        let (hash, study) = studies.iter().next().unwrap();
        self.ask(None, json!({"authorise": {"adopt_study": {"study": hash}}}));
        for site in SITES {
            self.ask(None, json!({"authorise": {"open_site": {"site": site}}}));
            for role in study.roles.iter().filter(|role| role.scope == protocol::model::RoleScope::Site) {
                for who in ["A", "B"] {
                    let staff = format!("{site}-{}-{who}", role.id);
                    for kind in conduct::staffing::credentials::usual(study, &role.id) {
                        self.ask(None, json!({"fact": {"record_certificate": {"site": site, "staff": staff, "certificate": kind.id, "hours": kind.hours_min, "issued": "2026-01-01"}}}));
                    }
                    self.ask(None, json!({"authorise": {"delegate": {"site": site, "staff": staff, "role": role.id, "from": "2026-01-01"}}}));
                }
            }
            self.ask(None, json!({"authorise": {"activate_site": {"site": site}}}));
        }
    }

    /// One person from the first call through screening: 20 entries or more.
    fn person(&mut self, number: usize) {
        let site = SITES[number % SITES.len()];
        let id = ParticipantId::from(format!("{site}-{:03}", number / SITES.len() + 1));
        let mut fact = |fact: Value| self.ask(Some(&id), json!({"fact": fact}));
        fact(json!({"record_enquiry": {"site": site, "source": "friend", "language": "en"}}));
        fact(json!({"record_consent": {"participant": id, "version": "1", "copy_given": true,
            "items": {"participation": true, "recording": true, "long_term": true},
            "answers": {"may_stop": true, "may_drive": false, "certain": false}}}));
        fact(
            json!({"record_visit": {"participant": id, "visit": "SCREEN", "outcome": {"attended": {"mode": "on_site"}}}}),
        );
        for n in 0..6 {
            fact(
                json!({"record_form": {"participant": id, "form": "ecg", "visit": "SCREEN", "values": {"qtcb_ms": 400 + n}}}),
            );
        }
        fact(
            json!({"record_form": {"participant": id, "form": "weight", "visit": "SCREEN", "values": {"weight_kg": {"decimal": "71.5"}}}}),
        );
        for n in 0..5 {
            fact(
                json!({"record_note": {"participant": id, "text": format!("call {n}: a few words about how they are")}}),
            );
        }
        fact(
            json!({"record_medication": {"participant": id, "medicine": {"name": "sertraline", "dose": "50 mg daily", "indication": "depression", "last_dose": "2025-12-20"}}}),
        );
        fact(
            json!({"record_adverse_event": {"participant": id, "event": {"term": "headache", "onset": "2026-01-05", "severity": "mild", "related": "possible", "valence": "neutral", "outcome": "recovered"}}}),
        );
        for _ in 0..3 {
            fact(json!({"record_contact": {"participant": id, "outcome": "no_answer"}}));
        }
    }
}

fn build(path: &Path, participants: usize) {
    let new = New { synthetic: true, created_by: "large".into(), created_at: Timestamp::UNIX_EPOCH };
    let store: Arc<dyn Store> = Arc::new(SqliteStore::create(path, &new, TABLES).unwrap());
    let door = Door::new(store, studies(), None, "large");
    let mut builder =
        Builder { batch: Batch::new(&door), now: "2026-01-05T08:00:00Z".parse().unwrap(), number: 0, entries: 0 };
    let started = Instant::now();
    builder.trial(&door.studies());
    for number in 0..participants {
        builder.person(number);
        if number % 10_000 == 9_999 {
            println!(
                "  {} people, {:.0} entries/s",
                number + 1,
                builder.entries as f64 / started.elapsed().as_secs_f64()
            );
        }
    }
    builder.batch.flush().unwrap();
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "built: {participants} people, {} entries, {} acts in {seconds:.1} s = {:.0} entries/s, {:.0} acts/s",
        builder.entries,
        builder.number,
        builder.entries as f64 / seconds,
        builder.number as f64 / seconds
    );
}

fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or_default().to_owned();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

fn time<T>(what: &str, times: u32, mut work: impl FnMut(u32) -> T) {
    let mut all: Vec<f64> = (0..times)
        .map(|n| {
            let started = Instant::now();
            std::hint::black_box(work(n));
            started.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    all.sort_by(f64::total_cmp);
    println!("  {what:<48} median {:>8.3} ms   p99 {:>8.3} ms", all[all.len() / 2], all[all.len() * 99 / 100]);
}

fn measure(path: &Path) {
    let started = Instant::now();
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(path, TABLES).unwrap());
    let door = Door::new(Arc::clone(&store), studies(), None, "large");
    let first = "SELECT participant, phase, next_visit_at FROM participant WHERE site = ?1 AND participant > ?2 ORDER BY participant LIMIT 50";
    let rows = store.select(first, &["S01".into(), "".into()]).unwrap();
    println!(
        "opened and asked for a first page ({} rows) in {:.1} ms",
        rows.len(),
        started.elapsed().as_secs_f64() * 1e3
    );
    println!("resident after opening: {:.0} MB", resident_mb());
    let people = store.select("SELECT count(*) FROM participant", &[]).unwrap()[0][0].as_integer().unwrap() as u32;
    let id = |n: u32| format!("S0{}-{:03}", n % 2 + 1, (n.wrapping_mul(2_654_435_761) % people) / 2 + 1);
    time("a participant's state, each another one", 2_000, |n| {
        door.participant(&ParticipantId::from(id(n))).unwrap().unwrap()
    });
    time("a participant's state, always the same", 2_000, |_| door.participant(&ParticipantId::from(id(7))).unwrap());
    time("participants of a site, a page", 500, |n| store.select(first, &["S01".into(), id(n).into()]).unwrap());
    let phase = "SELECT participant FROM participant WHERE site = ?1 AND phase = ?2 AND participant > ?3 ORDER BY participant LIMIT 50";
    time("participants of a site in a phase, a page", 500, |n| {
        store.select(phase, &["S02".into(), "screening".into(), id(n).into()]).unwrap()
    });
    let due = "SELECT participant, title, closes FROM due WHERE site = ?1 AND duty = ?2 AND (closes, participant, item) > (?3, ?4, '') ORDER BY closes, participant, item LIMIT 50";
    time("what is due at a site, a page", 500, |n| {
        store.select(due, &["S01".into(), "coordinate".into(), "2026-01-01".into(), id(n).into()]).unwrap()
    });
    time("counts by phase", 500, |_| store.select("SELECT site, phase, participants FROM phase_count", &[]).unwrap());
    time("a record's rows: forms, notes, events", 500, |n| {
        for table in ["form", "note", "adverse_event", "answer", "visit"] {
            store.select(&format!("SELECT * FROM {table} WHERE participant = ?1"), &[id(n).into()]).unwrap();
        }
    });
    println!("resident at the end: {:.0} MB", resident_mb());
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap_or_else(|| panic!("give a folder"));
    let participants = arguments.next().and_then(|count| count.parse().ok()).unwrap_or(100_000);
    std::fs::create_dir_all(&folder).unwrap();
    let path = Path::new(&folder).join("record.sqlite");
    if !path.exists() {
        build(&path, participants);
    }
    println!("size: {:.0} MB", std::fs::metadata(&path).unwrap().len() as f64 / 1e6);
    measure(&path);
    if arguments.next().as_deref() == Some("verify") {
        let store = SqliteStore::open(&path, TABLES).unwrap();
        let started = Instant::now();
        let links = record::verify_chain(&store).unwrap().links;
        println!("chain: {links} links, {:.0} a second", links as f64 / started.elapsed().as_secs_f64());
        let started = Instant::now();
        let proved = record::projection::verify(&store, &studies()).unwrap();
        println!("chain, file, tables: {} rows in {:.1} s", proved.rows, started.elapsed().as_secs_f64());
        println!("resident at the end: {:.0} MB", resident_mb());
    }
}
