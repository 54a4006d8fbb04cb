//! Identities: sealed, found, erased.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use chain::{Hash, Key};
use jiff::Timestamp;
use record::{New, People, SqliteStore, Store, StoreError};
use rusqlite::Connection;
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};
use terms::ParticipantId;

fn store(path: &Path) -> Arc<dyn Store> {
    let new = New { synthetic: true, created_by: "test".into(), created_at: Timestamp::UNIX_EPOCH };
    Arc::new(SqliteStore::create(path, &new, &[]).unwrap())
}

fn people(store: &Arc<dyn Store>, key: u8) -> People {
    let drawn = AtomicU8::new(0);
    let draw = move |bytes: &mut [u8]| {
        bytes.fill(drawn.fetch_add(1, Ordering::Relaxed));
        Ok(())
    };
    People::new(Arc::clone(store), Key::from_array([key; 32]), Box::new(draw))
}

fn id(code: &str) -> ParticipantId {
    ParticipantId::from(code)
}

#[test]
fn kept_found_and_erased() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record.sqlite");
    let store = store(&path);
    let people = people(&store, 1);
    people.keep(&id("S01-001"), &[("name", "Nora-Marie Lindqvist"), ("phone", "+49 30 1234567")]).unwrap();
    people.keep(&id("S01-002"), &[("name", "Paul Lindner"), ("safe_way", "text only, never call")]).unwrap();
    people.keep(&id("S01-001"), &[("phone", "+49 30 7654321")]).unwrap();
    let values = people.values(&id("S01-001")).unwrap().unwrap();
    assert_eq!(values.len(), 2);
    assert_eq!((values["name"].as_str(), values["phone"].as_str()), ("Nora-Marie Lindqvist", "+49 30 7654321"));
    assert_eq!(people.values(&id("S01-003")).unwrap(), None);

    let find = |words: &str| people.find(words, 10).unwrap().iter().map(ToString::to_string).collect::<Vec<_>>();
    for (words, found) in [
        ("lind", vec!["S01-001", "S01-002"]),
        ("LINDQ", vec!["S01-001"]),
        ("nora lindqvist", vec!["S01-001"]),
        ("marie", vec!["S01-001"]),
        ("nora lindner", vec![]),
        ("7654321", vec!["S01-001"]),
        ("1234567", vec![]),
        ("li", vec![]),
        ("", vec![]),
        ("indq", vec![]),
    ] {
        assert_eq!(find(words), found, "{words}");
    }

    let ecg = b"an electrocardiogram";
    let sha256 = Hash::of(ecg).to_string();
    people.document_keep(&id("S01-001"), &sha256, ecg).unwrap();
    people.document_keep(&id("S01-004"), &sha256, ecg).unwrap();
    assert_eq!(people.document(&id("S01-001"), &sha256).unwrap().as_deref(), Some(&ecg[..]));
    assert_eq!(people.document(&id("S01-002"), &sha256).unwrap(), None);
    assert_eq!(people.document(&id("S01-001"), "no hash").unwrap(), None);
    assert!(people.document_keep(&id("S01-001"), &Hash::ZERO.to_string(), ecg).is_err());

    people.erase(&id("S01-001"), Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(people.values(&id("S01-001")).unwrap(), None);
    assert_eq!(people.document(&id("S01-001"), &sha256).unwrap(), None);
    assert_eq!(find("lind"), ["S01-002"]);
    assert!(matches!(people.keep(&id("S01-001"), &[("name", "x")]), Err(StoreError::Erased { .. })));
    assert!(matches!(people.document_keep(&id("S01-001"), &sha256, ecg), Err(StoreError::Erased { .. })));
    assert_eq!(people.document(&id("S01-004"), &sha256).unwrap().as_deref(), Some(&ecg[..]));
}

#[test]
fn another_key_opens_nothing_and_finds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder.path().join("record.sqlite"));
    people(&store, 1).keep(&id("S01-001"), &[("name", "Nora Lindqvist")]).unwrap();
    let other = people(&store, 2);
    assert!(matches!(other.values(&id("S01-001")), Err(StoreError::WrongKey)));
    assert!(matches!(other.keep(&id("S01-001"), &[("name", "x")]), Err(StoreError::WrongKey)));
    assert!(other.find("nora", 10).unwrap().is_empty());
}

/// A stolen file tells no name, and a value moved to another person or field does not open.
#[test]
fn a_stolen_or_shuffled_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record.sqlite");
    let store = store(&path);
    let people = people(&store, 1);
    for code in ["S01-001", "S01-002"] {
        people.keep(&id(code), &[("name", "Nora Lindqvist"), ("phone", "0301234567")]).unwrap();
    }
    for suffix in ["", "-wal"] {
        let bytes = std::fs::read(format!("{}{suffix}", path.display())).unwrap();
        for secret in ["Nora", "Lindqvist", "lindqvist", "0301234567"] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
        }
    }
    let hand = Connection::open(&path).unwrap();
    hand.execute_batch(
        "UPDATE person_value SET value = (SELECT value FROM person_value WHERE participant = 'S01-001' AND field = 'phone')
         WHERE participant = 'S01-001' AND field = 'name'",
    )
    .unwrap();
    assert!(matches!(people.values(&id("S01-001")), Err(StoreError::WrongKey)));
    hand.execute_batch("UPDATE person SET key = (SELECT key FROM person WHERE participant = 'S01-001')").unwrap();
    assert!(matches!(people.values(&id("S01-002")), Err(StoreError::WrongKey)));
}
