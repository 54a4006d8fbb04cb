//! What an act costs: many in one transaction, and one alone, against bare SQLite writing the same bytes.
//!
//! Method: `single` and `single_bare` run in the same process on the same disk, with the same journal mode and the same
//! fsync; the bare one inserts the same body, the same rows and nothing else, without hash, chain or guards.
//!
//! `cargo bench -p record`
#![allow(clippy::unwrap_used, reason = "a bench stops at the first surprise")]

use chain::Hash;
use divan::{Bencher, counter::ItemsCount};
use jiff::Timestamp;
use record::{
    Act, New, NewEntry, SqliteStore, Store,
    table::{Column, Kind, Table, Write},
};
use rusqlite::{Connection, params};
use std::sync::Arc;

fn main() {
    divan::main();
}

static ANSWERS: Table = Table {
    name: "bench_answer",
    means: "one row an answer",
    columns: &[
        Column { name: "participant", kind: Kind::Text, means: "whose" },
        Column { name: "instance", kind: Kind::Text, means: "which form" },
        Column { name: "field", kind: Kind::Text, means: "which item" },
        Column { name: "value", kind: Kind::Text, means: "what" },
    ],
    key: 3,
    indexes: &[],
};
static TABLES: &[&Table] = &[&ANSWERS];

const SITES: u64 = 15;
const PARTICIPANTS: u64 = 300;

fn body(n: u64, items: u64) -> Vec<u8> {
    let values: Vec<String> = (0..items).map(|item| format!("\"{item}\":{}", (n + item) % 5)).collect();
    format!(
        "{{\"entry\":{{\"form_recorded\":{{\"form\":\"caps5\",\"instance\":\"a{n}.1\",\"values\":{{{}}}}}}},\"stamp\":{{\"act\":\"a{n}\",\"at\":\"2026-03-02T09:12:00Z\",\"by\":{{\"person\":{{\"staff\":\"S01-N1\"}},\"role\":\"nurse\"}},\"day\":\"2026-03-02\",\"program\":\"0.1.0\",\"recorded_at\":\"2026-03-02T09:12:00Z\",\"study\":\"{}\",\"zone\":\"Europe/Berlin\"}}}}",
        values.join(","),
        Hash::ZERO
    )
    .into_bytes()
}

fn row(n: u64, field: u64) -> Vec<record::table::Cell> {
    vec![
        format!("S{:02}-{:03}", n % SITES, n % PARTICIPANTS).into(),
        format!("a{n}.1").into(),
        field.to_string().into(),
        "3".into(),
    ]
}

fn act(n: u64, version: u64, items: u64, rows: u64) -> Act {
    let stream: Arc<str> = format!("participant/S{:02}-{:03}", n % SITES, n % PARTICIPANTS).into();
    Act {
        command: format!("command-{n:09}"),
        digest: Hash::ZERO,
        recorded_at: Timestamp::from_second(1_800_000_000 + n as i64).unwrap(),
        expected: vec![(Arc::clone(&stream), version)],
        entries: vec![NewEntry { chain: format!("site/S{:02}", n % SITES).into(), stream, body: body(n, items) }],
        answer: None,
        writes: (0..rows).map(|field| Write::Put(&ANSWERS, row(n, field))).collect(),
    }
}

fn store() -> (tempfile::TempDir, SqliteStore) {
    let folder = tempfile::tempdir_in(".").unwrap();
    let new = New { synthetic: true, created_by: "bench".into(), created_at: Timestamp::UNIX_EPOCH };
    let store = SqliteStore::create(&folder.path().join("record.sqlite"), &new, TABLES).unwrap();
    (folder, store)
}

/// 5,000 acts of one entry (about 600 bytes) and three rows, in one transaction; their making is not counted.
#[divan::bench(sample_count = 10)]
fn bulk(bencher: Bencher) {
    let (_folder, store) = store();
    let mut batch = 0;
    bencher
        .counter(ItemsCount::new(5_000u64))
        .with_inputs(|| {
            batch += 1;
            (0..5_000u64).map(|n| (batch - 1) * 5_000 + n).map(|n| act(n, n / PARTICIPANTS, 20, 3)).collect::<Vec<_>>()
        })
        .bench_local_values(|acts| store.append(acts).unwrap());
}

/// One durable act: a form of 40 items with a row for each.
#[divan::bench(sample_count = 300)]
fn single(bencher: Bencher) {
    let (_folder, store) = store();
    let mut n = 0;
    bencher
        .with_inputs(|| {
            n += 1;
            act(n - 1, (n - 1) / PARTICIPANTS, 40, 40)
        })
        .bench_local_values(|act| store.append(vec![act]).unwrap());
}

/// One durable request through the door: a form of 30 answers, decided, scored, with every row that follows from it.
#[divan::bench(sample_count = 300)]
fn door(bencher: Bencher) {
    let folder = tempfile::tempdir_in(".").unwrap();
    let new = New { synthetic: true, created_by: "bench".into(), created_at: Timestamp::UNIX_EPOCH };
    let tables = record::projection::TABLES;
    let store = SqliteStore::create(&folder.path().join("record.sqlite"), &new, tables).unwrap();
    let study = Arc::new(protocol::embedded::load("small").unwrap());
    let mut studies = conduct::Studies::new();
    studies.insert(study.hash(), Arc::clone(&study));
    let door = record::Door::new(Arc::new(store), studies, None, "bench");
    let mut number = 0;
    let mut asked = |command: serde_json::Value| {
        number += 1;
        let now = Timestamp::from_second(1_800_000_000 + number).unwrap();
        let person = conduct::Person::Program;
        record::Asked {
            request: serde_json::from_value(serde_json::json!({"id": format!("r{number}"), "command": command}))
                .unwrap(),
            actor: conduct::Proof { person, at: now, signed: true },
            second: None,
            now,
            act: format!("a{number}").as_str().into(),
            pseudonym: "P".into(),
        }
    };
    let set_up = [
        serde_json::json!({"authorise": {"adopt_study": {"study": study.hash()}}}),
        serde_json::json!({"authorise": {"open_site": {"site": "S01"}}}),
        serde_json::json!({"fact": {"record_enquiry": {"site": "S01", "source": "friend", "language": "en"}}}),
    ];
    for command in set_up {
        assert!(matches!(door.ask(&asked(command)).unwrap(), record::Answer::Done(_)));
    }
    let values: serde_json::Map<String, serde_json::Value> =
        (1..=30).map(|item| (item.to_string(), serde_json::json!(item % 4))).collect();
    bencher
        .with_inputs(|| {
            asked(serde_json::json!({"fact": {"record_form": {
                "participant": "S01-001", "form": "caps5", "visit": "BASE", "values": values}}}))
        })
        .bench_local_values(|asked| door.ask(&asked).unwrap());
}

/// The same bytes by bare SQLite in one transaction with the same fsync.
#[divan::bench(sample_count = 300)]
fn single_bare(bencher: Bencher) {
    let folder = tempfile::tempdir_in(".").unwrap();
    let connection = Connection::open(folder.path().join("bare.sqlite")).unwrap();
    connection.pragma_update(None, "journal_mode", "wal").unwrap();
    connection.pragma_update(None, "synchronous", "full").unwrap();
    connection
        .execute_batch("CREATE TABLE entry (id INTEGER PRIMARY KEY, body TEXT); CREATE TABLE answer (participant TEXT, instance TEXT, field TEXT, value TEXT, PRIMARY KEY (participant, instance, field)) WITHOUT ROWID")
        .unwrap();
    let mut n = 0;
    bencher
        .with_inputs(|| {
            n += 1;
            (body(n, 40), (0..40).map(|field| row(n, field)).collect::<Vec<_>>())
        })
        .bench_local_values(|(body, rows)| {
            connection.execute_batch("BEGIN IMMEDIATE").unwrap();
            connection
                .prepare_cached("INSERT INTO entry (body) VALUES (?1)")
                .unwrap()
                .execute([std::str::from_utf8(&body).unwrap()])
                .unwrap();
            for row in &rows {
                let texts: Vec<&str> = row.iter().filter_map(record::table::Cell::as_text).collect();
                connection
                    .prepare_cached("INSERT INTO answer VALUES (?1, ?2, ?3, ?4)")
                    .unwrap()
                    .execute(params![texts[0], texts[1], texts[2], texts[3]])
                    .unwrap();
            }
            connection.execute_batch("COMMIT").unwrap();
        });
}
