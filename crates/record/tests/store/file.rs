//! What the SQLite file must withstand: a hand with SQL, a changed byte, a full disk, a lock, another program's file.

use crate::kit::{self, TABLES, act, at, bodies, new_store, note, verify};
use record::{Range, SqliteStore, Store, StoreError};
use rusqlite::Connection;
use std::path::{Path, PathBuf};

pub struct Place {
    _folder: tempfile::TempDir,
    pub path: PathBuf,
}

pub fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record.sqlite");
    Place { _folder: folder, path }
}

/// Three chains, thirty entries, everything in the file and nothing in the journal.
pub fn filled(path: &Path) {
    let store = new_store(path);
    for n in 0..10 {
        let participant = format!("participant/{}", n % 3);
        let mut one = act(
            &format!("c{n}"),
            n,
            &[
                ("site/S01", &participant, (n / 3) as u64),
                ("trial", "trial", n as u64),
                ("site/S02", "site/S02", n as u64),
            ],
        );
        one.writes.push(note(&participant, n, "words"));
        store.append(vec![one]).unwrap();
    }
    drop(store);
    Connection::open(path).unwrap().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
}

#[test]
fn a_hand_with_sql_is_refused() {
    let place = place();
    filled(&place.path);
    let hand = Connection::open(&place.path).unwrap();
    for (sql, says) in [
        ("UPDATE entry SET body = '{}' WHERE id = 3", "never changed"),
        ("UPDATE entry SET recorded_at = 0", "never changed"),
        ("DELETE FROM entry WHERE id = 30", "never deleted"),
        ("DELETE FROM entry", "never deleted"),
        ("REPLACE INTO entry SELECT * FROM entry WHERE id = 30", "only ever appended"),
        (
            "INSERT OR REPLACE INTO entry SELECT 31, chain, position, stream, version, act, recorded_at, heads, '{}', hash FROM entry WHERE id = 30",
            "only ever appended",
        ),
        ("UPDATE act SET digest = x''", "never changed"),
        ("DELETE FROM act", "never deleted"),
        ("REPLACE INTO act SELECT * FROM act", "only ever appended"),
        ("UPDATE about SET value = 'no' WHERE name = 'synthetic'", "never changed"),
        ("DELETE FROM about", "never deleted"),
        ("REPLACE INTO about VALUES ('synthetic', 'no')", "never changed"),
        ("DELETE FROM chain WHERE name = 'trial'", "never deleted"),
        ("UPDATE chain SET name = 'site/S09' WHERE name = 'trial'", "never changed"),
        ("REPLACE INTO chain VALUES (1, 'site/S09')", "never changed"),
        ("REPLACE INTO chain (name) VALUES ('trial')", "never changed"),
        ("DELETE FROM stream WHERE name = 'participant/0'", "never deleted"),
        ("UPDATE stream SET id = id + 100", "never changed"),
        ("REPLACE INTO stream VALUES (1, 'participant/9')", "never changed"),
        ("INSERT OR REPLACE INTO stream (name) VALUES ('trial')", "never changed"),
    ] {
        let error = hand.execute_batch(sql).unwrap_err().to_string();
        assert!(error.contains(says), "{sql}: {error}");
    }
    let store = SqliteStore::open(&place.path, TABLES).unwrap();
    assert_eq!(verify(&store).unwrap().links, 30);
    assert_eq!(store.check_file(TABLES).unwrap(), [""; 0]);
    assert!(store.about().synthetic);
}

#[test]
fn a_guard_that_was_taken_away_is_found() {
    let place = place();
    filled(&place.path);
    let hand = Connection::open(&place.path).unwrap();
    hand.execute_batch("DROP TRIGGER entry_never_changes; UPDATE entry SET body = '{\"n\":5}' WHERE id = 11").unwrap();
    let store = SqliteStore::open(&place.path, TABLES).unwrap();
    assert_eq!(store.check_file(TABLES).unwrap(), ["the guard entry_never_changes was taken away"]);
    let flaw = verify(&store).unwrap_err();
    assert_eq!((flaw.chain.as_str(), flaw.position), ("trial", 4));
}

/// Every single byte of every body and hash, changed on the disk under the program's feet, is found at its entry.
#[test]
fn a_changed_byte_is_found_and_named() {
    let place = place();
    filled(&place.path);
    let good = std::fs::read(&place.path).unwrap();
    let mut places = Vec::new();
    let store = SqliteStore::open(&place.path, TABLES).unwrap();
    store
        .read(Range::Log { after: 0 }, &mut |entry| {
            for part in [entry.body, &entry.hash.as_bytes()[..]] {
                // A page that was split keeps dead copies; all are changed, the living one among them.
                let all: Vec<usize> =
                    (0..=good.len() - part.len()).filter(|at| good[*at..].starts_with(part)).collect();
                assert!(!all.is_empty());
                places.push((all, entry.chain.to_owned(), entry.position));
            }
            Ok(true)
        })
        .unwrap();
    drop(store);
    assert_eq!(places.len(), 60);
    for (all, chain, position) in places {
        for byte in [0, 7, 19] {
            let mut bad = good.clone();
            all.iter().for_each(|at| bad[at + byte] ^= 0x01);
            std::fs::write(&place.path, &bad).unwrap();
            let store = SqliteStore::open(&place.path, TABLES).unwrap();
            let flaw = verify(&store).unwrap_err();
            assert_eq!((&flaw.chain, flaw.position), (&chain, position), "{flaw}");
        }
    }
}

/// What is not in a chain is proved all the same: answers, what the store says of itself, sealed identities.
#[test]
fn a_change_beside_the_log_is_found() {
    let place = place();
    let changes = [
        ("act", "UPDATE act SET digest = x'00' WHERE id = 3", "answer 3 (command c2)"),
        ("act", "UPDATE act SET command = 'other' WHERE id = 4", "answer 4 (command other)"),
        ("act", "UPDATE act SET recorded_at = recorded_at + 1 WHERE id = 4", "answer 4"),
        ("act", "DELETE FROM act WHERE id = 2", "answer 3"),
        ("about", "UPDATE about SET value = 'no' WHERE name = 'synthetic'", "answer 1"),
        ("about", "UPDATE about SET value = 'else' WHERE name = 'created_by'", "answer 1"),
        ("entry", "UPDATE entry SET act = 1 WHERE id = 30", "entry 30 does not belong"),
        ("entry", "UPDATE entry SET recorded_at = 1 WHERE id = 29", "entry 29 does not belong"),
        ("person", "UPDATE person SET key = x'00'", "a row of person of S01-001 was changed"),
        ("person", "UPDATE person_value SET field = 'x'", "a row of person_value of S01-001 was changed"),
        ("person", "UPDATE person_document SET sealed = x'00'", "a row of person_document of S01-001 was changed"),
    ];
    for (guarded, change, says) in changes {
        let _ = std::fs::remove_file(&place.path);
        filled(&place.path);
        let store = SqliteStore::open(&place.path, TABLES).unwrap();
        let person = record::SealedPerson {
            key: vec![1; 9],
            values: [("name".to_owned(), vec![2; 9])].into(),
            tokens: Vec::new(),
        };
        store.person_keep("S01-001", &person).unwrap();
        let document =
            record::SealedDocument { sha256: chain::Hash::of(b"x"), participant: "S01-001".into(), sealed: vec![3; 9] };
        store.document_keep(&document).unwrap();
        assert_eq!(store.check_file(TABLES).unwrap(), [""; 0]);
        let hand = Connection::open(&place.path).unwrap();
        let guards: Vec<(String, String)> = hand
            .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?1")
            .unwrap()
            .query_map([guarded], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        hand.pragma_update(None, "foreign_keys", false).unwrap();
        for (name, _) in &guards {
            hand.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
        }
        hand.execute_batch(change).unwrap();
        for (_, sql) in &guards {
            hand.execute_batch(sql).unwrap();
        }
        let wrong = store.check_file(TABLES).unwrap();
        assert!(wrong.first().is_some_and(|wrong| wrong.contains(says)), "{change}: {wrong:?}");
    }
}

#[test]
fn a_full_disk_loses_nothing() {
    let place = place();
    filled(&place.path);
    let store = SqliteStore::open(&place.path, TABLES).unwrap();
    store.limit_pages(0).unwrap();
    let mut fitted = 0u64;
    let error = loop {
        let mut one = act(&format!("big{fitted}"), 20, &[("site/S01", "participant/big", fitted)]);
        one.entries[0].body = format!("{{\"big\":\"{}\"}}", "x".repeat(20_000)).into_bytes();
        one.writes.push(note("big", fitted as i64, "words"));
        match store.append(vec![one]) {
            Ok(_) => fitted += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::Full), "{error}");
    assert_eq!(error.code(), "record.full");
    assert_eq!(store.version("participant/big").unwrap(), fitted);
    assert_eq!(verify(&store).unwrap().links, 30 + fitted);
    store.limit_pages(1 << 30).unwrap();
    store.append(vec![act("after", 21, &[("site/S01", "participant/big", fitted)])]).unwrap();
    assert_eq!(verify(&store).unwrap().links, 31 + fitted);
}

/// Among acts that are committed together, those that fit nowhere do not take the others' answers with them.
#[test]
fn a_full_disk_answers_everybody() {
    let place = place();
    filled(&place.path);
    let store = SqliteStore::open(&place.path, TABLES).unwrap();
    store.limit_pages(0).unwrap();
    let kept: u64 = std::thread::scope(|scope| {
        let people: Vec<_> = (0..8)
            .map(|person| {
                let store = &store;
                scope.spawn(move || {
                    let stream = format!("participant/big{person}");
                    let mut kept = 0;
                    for n in 0..20 {
                        let mut one = act(&format!("big{person}-{n}"), 20, &[("site/S01", &stream, kept)]);
                        one.entries[0].body = format!("{{\"big\":\"{}\"}}", "x".repeat(8_000)).into_bytes();
                        match store.append(vec![one]) {
                            Ok(_) => kept += 1,
                            Err(error) => assert!(matches!(error, StoreError::Full), "{error}"),
                        }
                    }
                    assert_eq!(store.version(&stream).unwrap(), kept, "what was acknowledged is there, and no more");
                    kept
                })
            })
            .collect();
        people.into_iter().map(|person| person.join().unwrap()).sum()
    });
    assert_eq!(verify(&store).unwrap().links, 30 + kept);
}

#[test]
fn a_locked_file_is_said_to_be_locked() {
    let place = place();
    filled(&place.path);
    let store = SqliteStore::open(&place.path, TABLES).unwrap();
    store.be_patient_for(std::time::Duration::from_millis(20)).unwrap();
    let other = Connection::open(&place.path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = store.append(vec![act("c99", 20, &[("trial", "trial", 10)])]).unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    assert_eq!(bodies(&store, Range::Log { after: 0 }).len(), 30, "reading goes on");
    other.execute_batch("COMMIT").unwrap();
    store.append(vec![act("c99", 20, &[("trial", "trial", 10)])]).unwrap();
    verify(&store).unwrap();
}

/// Two programs on one file: what the other wrote is seen, although heads are kept in memory.
#[test]
fn two_programs_on_one_file() {
    let place = place();
    filled(&place.path);
    let one = SqliteStore::open(&place.path, TABLES).unwrap();
    let other = SqliteStore::open(&place.path, TABLES).unwrap();
    for n in 0..20u64 {
        let store = if n % 3 == 0 { &one } else { &other };
        store.append(vec![act(&format!("d{n}"), 20, &[("trial", "trial", 10 + n)])]).unwrap();
    }
    assert!(matches!(
        one.append(vec![act("late", 20, &[("trial", "trial", 29)])]),
        Err(StoreError::Conflict { found: 30, .. })
    ));
    assert_eq!(verify(&one).unwrap().links, 50);
}

#[test]
fn what_is_no_record_of_ours_is_left_alone() {
    let place = place();
    let open = |path: &Path| SqliteStore::open(path, TABLES).map(drop).unwrap_err();
    assert!(matches!(open(&place.path), StoreError::Missing { .. }));
    for content in ["", "hello", &"not a database ".repeat(1000)] {
        std::fs::write(&place.path, content).unwrap();
        let error = open(&place.path);
        assert!(matches!(error, StoreError::NotARecord { .. }), "{error}");
        assert_eq!(std::fs::read_to_string(&place.path).unwrap(), content);
    }
    std::fs::remove_file(&place.path).unwrap();
    Connection::open(&place.path).unwrap().execute_batch("CREATE TABLE other (x)").unwrap();
    assert!(matches!(open(&place.path), StoreError::NotARecord { .. }));
    assert!(matches!(open(place.path.parent().unwrap()), StoreError::NotARecord { .. }));
    std::fs::remove_file(&place.path).unwrap();
    filled(&place.path);
    let new = record::New { synthetic: false, created_by: "test".into(), created_at: at(0) };
    assert!(matches!(SqliteStore::create(&place.path, &new, TABLES), Err(StoreError::Exists { .. })));
}

#[test]
fn a_newer_format_is_left_alone() {
    let place = place();
    filled(&place.path);
    Connection::open(&place.path).unwrap().pragma_update(None, "user_version", 999).unwrap();
    let before = std::fs::read(&place.path).unwrap();
    let error = SqliteStore::open(&place.path, TABLES).map(drop).unwrap_err();
    assert!(matches!(error, StoreError::NewerFormat { found: 999, known: record::FORMAT }), "{error}");
    assert_eq!(std::fs::read(&place.path).unwrap(), before);
}

#[test]
fn other_current_tables_ask_for_a_rebuild() {
    let place = place();
    filled(&place.path);
    let fewer: &[&'static record::table::Table] = &[&kit::NOTES];
    assert!(matches!(SqliteStore::open(&place.path, fewer).map(drop), Err(StoreError::OlderTables)));
    let store = SqliteStore::open_to_rebuild(&place.path).unwrap();
    store.rebuild(fewer, &mut |write| write(&[note("1", 1, "new")])).unwrap();
    drop(store);
    let store = SqliteStore::open(&place.path, fewer).unwrap();
    assert_eq!(store.select(&kit::NOTES.all_rows(), &[]).unwrap().len(), 1);
    assert_eq!(verify(&store).unwrap().links, 30);
}

/// A rebuild throws away current tables and nothing else, whoever else keeps something in the file.
#[test]
fn a_rebuild_leaves_other_tables_alone() {
    let place = place();
    filled(&place.path);
    let hand = Connection::open(&place.path).unwrap();
    hand.execute_batch("CREATE TABLE draft (words TEXT); INSERT INTO draft VALUES ('kept')").unwrap();
    let store = SqliteStore::open(&place.path, TABLES).unwrap();
    store.rebuild(TABLES, &mut |_| Ok(())).unwrap();
    assert_eq!(store.select("SELECT words FROM draft", &[]).unwrap(), [vec!["kept".into()]]);
    for own in ["entry", "ENTRY", "person"] {
        hand.execute("INSERT INTO current_tables VALUES (?1, '')", [own]).unwrap();
        assert!(matches!(store.rebuild(TABLES, &mut |_| Ok(())), Err(StoreError::Damaged { .. })));
        hand.execute("DELETE FROM current_tables WHERE name = ?1", [own]).unwrap();
    }
    assert_eq!(verify(&store).unwrap().links, 30);
}

/// A file cut off in the middle, or with a page of zeros, is answered with a sentence and never with a panic.
#[test]
fn a_torn_file() {
    let place = place();
    filled(&place.path);
    let good = std::fs::read(&place.path).unwrap();
    let mut found = 0;
    for cut in (0..good.len()).step_by(4096) {
        for torn in [good[..cut].to_vec(), good[..cut + 1000].to_vec(), {
            let mut zeros = good.clone();
            zeros[cut..cut + 4096].fill(0);
            zeros
        }] {
            std::fs::write(&place.path, &torn).unwrap();
            let _ = std::fs::remove_file(place.path.with_extension("sqlite-wal"));
            let _ = std::fs::remove_file(place.path.with_extension("sqlite-shm"));
            let answer = SqliteStore::open(&place.path, TABLES).and_then(|store| {
                let wrong = store.check_file(TABLES)?;
                record::verify_chain(&store)?;
                match wrong.first() {
                    Some(what) => Err(StoreError::Damaged { what: what.clone() }),
                    None => Ok(()),
                }
            });
            match answer {
                Ok(()) => {}
                Err(error) => {
                    found += 1;
                    assert!(
                        matches!(
                            error,
                            StoreError::Damaged { .. }
                                | StoreError::NotARecord { .. }
                                | StoreError::Flaw(_)
                                | StoreError::Internal { .. }
                                | StoreError::OlderTables
                        ),
                        "{error}"
                    );
                }
            }
        }
    }
    assert_eq!(found, good.len() / 4096 * 3, "every torn file was found");
}

/// A journal that was torn by a power cut: what was committed before the tear is there, the rest is not, all is whole.
#[test]
fn a_torn_journal() {
    let place = place();
    let store = new_store(&place.path);
    for n in 0..20u64 {
        store.append(vec![act(&format!("c{n}"), n as i64, &[("trial", "trial", n)])]).unwrap();
    }
    let copy = |cut: usize| {
        let file = place.path.with_file_name(format!("cut{cut}.sqlite"));
        std::fs::copy(&place.path, &file).unwrap();
        let journal = std::fs::read(format!("{}-wal", place.path.display())).unwrap();
        std::fs::write(format!("{}-wal", file.display()), &journal[..cut.min(journal.len())]).unwrap();
        let links = match SqliteStore::open(&file, TABLES) {
            Ok(store) => verify(&store).unwrap().links,
            // Before the journal's first commit the file is not yet a record.
            Err(StoreError::NotARecord { .. }) => 0,
            Err(other) => panic!("{other}"),
        };
        std::fs::remove_file(file).unwrap();
        (links, journal.len())
    };
    let (all, length) = copy(usize::MAX);
    assert_eq!(all, 20);
    let mut before = 0;
    for cut in (0..length).step_by(1777) {
        let (links, _) = copy(cut);
        assert!(links >= before, "a longer journal never holds less");
        before = links;
    }
    assert!(before >= 18);
}

#[test]
fn a_backup_while_writing() {
    let place = place();
    filled(&place.path);
    let store = SqliteStore::open(&place.path, TABLES).unwrap();
    let to = place.path.with_file_name("copy.sqlite");
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for n in 10..200u64 {
                store.append(vec![act(&format!("w{n}"), 30, &[("trial", "trial", n)])]).unwrap();
            }
        });
        store.backup(&to).unwrap();
        writer.join().unwrap();
    });
    let copy = SqliteStore::open(&to, TABLES).unwrap();
    let links = verify(&copy).unwrap().links;
    assert!((30..=220).contains(&links));
    assert_eq!(copy.check_file(TABLES).unwrap(), [""; 0]);
    assert!(matches!(store.backup(&to), Err(StoreError::Exists { .. })));
    let next = links - 20;
    copy.append(vec![act("after", 40, &[("trial", "trial", next)])]).unwrap();
}

/// Not a byte of what was erased is left in file or journal.
#[test]
fn erased_is_gone_from_the_disk() {
    let place = place();
    let store = new_store(&place.path);
    let mark = b"AN-UNMISTAKABLE-SEALED-VALUE-";
    let big = mark.repeat(700);
    for n in 0..5 {
        let person = record::SealedPerson {
            key: mark.to_vec(),
            values: [("name".to_owned(), big.clone())].into(),
            tokens: vec![[n; 32]],
        };
        store.person_keep(&format!("S01-00{n}"), &person).unwrap();
        let sealed = record::SealedDocument {
            sha256: chain::Hash::of(b"x"),
            participant: format!("S01-00{n}"),
            sealed: big.clone(),
        };
        store.document_keep(&sealed).unwrap();
    }
    let left = || {
        ["", "-wal"]
            .iter()
            .filter_map(|suffix| std::fs::read(format!("{}{suffix}", place.path.display())).ok())
            .map(|bytes| bytes.windows(mark.len()).filter(|window| window == mark).count())
            .sum::<usize>()
    };
    assert!(left() > 0);
    for n in 0..5 {
        store.person_erase(&format!("S01-00{n}"), at(1)).unwrap();
    }
    assert_eq!(left(), 0);
}

#[test]
fn a_read_only_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = place();
    filled(&place.path);
    std::fs::set_permissions(&place.path, std::fs::Permissions::from_mode(0o444)).unwrap();
    let answer = SqliteStore::open(&place.path, TABLES)
        .and_then(|store| store.append(vec![act("c99", 20, &[("trial", "trial", 10)])]).map(drop));
    // Root may write everywhere; anybody else is told.
    match answer {
        Ok(()) => assert!(std::fs::OpenOptions::new().write(true).open(&place.path).is_ok()),
        Err(error) => assert!(matches!(error, StoreError::ReadOnly), "{error}"),
    }
}
