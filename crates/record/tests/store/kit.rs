//! Acts, tables and stores to test with.

use chain::Hash;
use jiff::Timestamp;
use record::{
    Act, NewEntry, Range, SqliteStore, Store,
    table::{Cell, Column, Kind, Table, Write},
};
use std::{path::Path, sync::Arc};

pub const NOTES: Table = Table {
    name: "test_note",
    means: "one row a note",
    columns: &[
        Column { name: "participant", kind: Kind::Text, means: "whose" },
        Column { name: "number", kind: Kind::Integer, means: "which" },
        Column { name: "words", kind: Kind::Text, means: "what" },
        Column { name: "dose_mg", kind: Kind::Decimal, means: "how much" },
    ],
    key: 2,
    indexes: &["words, participant"],
};

pub const COUNTS: Table = Table {
    name: "test_count",
    means: "how many",
    columns: &[
        Column { name: "site", kind: Kind::Text, means: "where" },
        Column { name: "notes", kind: Kind::Integer, means: "how many" },
    ],
    key: 1,
    indexes: &[],
};

pub static TABLES: &[&Table] = &[&NOTES, &COUNTS];

pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// An act that appends entries to streams in chains, each at the version given.
pub fn act(command: &str, second: i64, entries: &[(&str, &str, u64)]) -> Act {
    let mut expected: Vec<(Arc<str>, u64)> = Vec::new();
    for (_, stream, version) in entries {
        if !expected.iter().any(|(known, _)| **known == **stream) {
            expected.push((Arc::from(*stream), *version));
        }
    }
    Act {
        command: command.to_owned(),
        digest: Hash::of(command.as_bytes()),
        recorded_at: at(second),
        expected,
        entries: entries
            .iter()
            .enumerate()
            .map(|(n, (chain, stream, _))| NewEntry {
                chain: Arc::from(*chain),
                stream: Arc::from(*stream),
                body: format!("{{\"command\":\"{command}\",\"n\":{n}}}").into_bytes(),
            })
            .collect(),
        answer: None,
        writes: Vec::new(),
    }
}

pub fn note(participant: &str, number: i64, words: &str) -> Write {
    let dose: terms::Decimal = "12.5".parse().unwrap();
    Write::Put(&NOTES, vec![participant.into(), number.into(), words.into(), dose.into()])
}

pub fn counted(site: &str, by: i64) -> Write {
    Write::Add(&COUNTS, vec![Cell::from(site)], by)
}

pub fn new_store(path: &Path) -> SqliteStore {
    let new = record::New { synthetic: true, created_by: "test".into(), created_at: at(0) };
    SqliteStore::create(path, &new, TABLES).unwrap()
}

/// Bodies of a range, in order.
pub fn bodies(store: &dyn Store, range: Range<'_>) -> Vec<String> {
    let mut bodies = Vec::new();
    store
        .read(range, &mut |entry| {
            bodies.push(format!("{} {}", entry.chain, String::from_utf8_lossy(entry.body)));
            Ok(true)
        })
        .unwrap();
    bodies
}

/// The chain's own verifier over the whole log.
pub fn verify(store: &dyn Store) -> Result<chain::Verified, chain::Flaw> {
    record::verify_chain(store).map_err(|error| match error {
        record::StoreError::Flaw(flaw) => flaw,
        other => panic!("{other}"),
    })
}
