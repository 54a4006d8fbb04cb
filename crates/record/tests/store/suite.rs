//! What any store must do.

use crate::kit::{COUNTS, NOTES, TABLES, act, at, bodies, counted, new_store, note, verify};
use chain::{ChainName, Hash, Head};
use proptest::prelude::*;
use record::{Answered, Appended, Range, SealedDocument, SealedPerson, Store, StoreError, table::Cell};
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU32, Ordering},
};

/// Runs a test on a new store of every kind that there is.
fn on_every_store(test: impl Fn(&dyn Store)) {
    let folder = tempfile::tempdir().unwrap();
    test(&new_store(&folder.path().join("record.sqlite")));
}

#[test]
fn appends_and_reads_back() {
    on_every_store(|store| {
        let first = store.append(vec![act("c1", 1, &[("site/S01", "participant/1", 0)])]).unwrap();
        assert_eq!(first, [Appended { first: Some(1), entries: 1 }]);
        let second = store
            .append(vec![act(
                "c2",
                2,
                &[("site/S01", "participant/1", 1), ("site/S01", "site/S01", 0), ("site/S01", "participant/1", 1)],
            )])
            .unwrap();
        assert_eq!(second, [Appended { first: Some(2), entries: 3 }]);
        assert_eq!(store.version("participant/1").unwrap(), 3);
        assert_eq!(store.version("participant/2").unwrap(), 0);
        let stream = |after, as_of| bodies(store, Range::Stream { name: "participant/1", after, as_of });
        let all = [
            "site/S01 {\"command\":\"c1\",\"n\":0}",
            "site/S01 {\"command\":\"c2\",\"n\":0}",
            "site/S01 {\"command\":\"c2\",\"n\":2}",
        ];
        assert_eq!(stream(0, None), all);
        assert_eq!(stream(1, None), all[1..]);
        assert_eq!(stream(0, Some(at(1))), all[..1]);
        assert_eq!(stream(0, Some(at(0))), [""; 0]);
        assert_eq!(bodies(store, Range::Log { after: 3 }).len(), 1);
        assert_eq!(bodies(store, Range::Chain { name: "site/S01", after: 0 }).len(), 4);
        assert_eq!(bodies(store, Range::Chain { name: "site/S02", after: 0 }).len(), 0);
        assert_eq!(verify(store).unwrap().links, 4);
    });
}

/// The body, its place and its hash are what the chain crate says they are.
#[test]
fn hashes_are_the_chains_own() {
    on_every_store(|store| {
        store
            .append(vec![act("c1", 1, &[("trial", "trial", 0), ("site/S01", "site/S01", 0), ("trial", "trial", 0)])])
            .unwrap();
        let mut seen = Vec::new();
        store
            .read(Range::Log { after: 0 }, &mut |entry| {
                seen.push((
                    entry.chain.to_owned(),
                    entry.position,
                    String::from_utf8(entry.heads.to_vec()).unwrap(),
                    entry.hash,
                ));
                Ok(true)
            })
            .unwrap();
        let zero = Hash::ZERO;
        let first = Hash::of(format!(r#"{{"body":{{"command":"c1","n":0}},"chain":"trial","heads":{{"site/S01":{{"hash":"{zero}","position":0}}}},"position":1,"previous":"{zero}","stream":"trial","version":1}}"#).as_bytes());
        let second = Hash::of(format!(r#"{{"body":{{"command":"c1","n":1}},"chain":"site/S01","heads":{{"trial":{{"hash":"{first}","position":1}}}},"position":1,"previous":"{zero}","stream":"site/S01","version":1}}"#).as_bytes());
        let third = Hash::of(format!(r#"{{"body":{{"command":"c1","n":2}},"chain":"trial","heads":{{"site/S01":{{"hash":"{second}","position":1}}}},"position":2,"previous":"{first}","stream":"trial","version":2}}"#).as_bytes());
        assert_eq!(seen.iter().map(|entry| entry.3).collect::<Vec<_>>(), [first, second, third]);
        assert_eq!(
            store.heads().unwrap(),
            BTreeMap::<ChainName, Head>::from([
                ("site/S01".parse().unwrap(), Head { hash: second, position: 1 }),
                ("trial".parse().unwrap(), Head { hash: third, position: 2 }),
            ])
        );
    });
}

/// Nothing that another chain's hash depends on may depend on a ciphertext.
#[test]
fn the_sealed_chain_is_named_by_nobody() {
    let heads_with = |ciphertext: &str| {
        let folder = tempfile::tempdir().unwrap();
        let store = new_store(&folder.path().join("record.sqlite"));
        let mut act = act("c1", 1, &[("trial", "trial", 0), ("sealed", "sealed", 0), ("trial", "trial", 0)]);
        act.entries[1].body = format!("{{\"ciphertext\":\"{ciphertext}\"}}").into_bytes();
        store.append(vec![act]).unwrap();
        verify(&store).unwrap();
        store.heads().unwrap()
    };
    let (one, other) = (heads_with("00"), heads_with("ff"));
    assert_eq!(one.get(ChainName::TRIAL), other.get(ChainName::TRIAL));
    assert_ne!(one.get(ChainName::SEALED), other.get(ChainName::SEALED));
}

#[test]
fn a_moved_stream_is_a_conflict_and_changes_nothing() {
    on_every_store(|store| {
        store.append(vec![act("c1", 1, &[("site/S01", "participant/1", 0)])]).unwrap();
        let mut late = act("c2", 2, &[("site/S01", "participant/1", 0)]);
        late.writes.push(note("1", 1, "late"));
        let error = store.append(vec![late]).unwrap_err();
        assert!(matches!(&error, StoreError::Conflict { stream, expected: 0, found: 1 } if stream == "participant/1"));
        assert_eq!(error.code(), "record.conflict");
        // A stream that was read and not written is guarded as well.
        let mut reader = act("c3", 3, &[("site/S01", "participant/2", 0)]);
        reader.expected.push(("participant/1".into(), 7));
        assert!(matches!(store.append(vec![reader]), Err(StoreError::Conflict { expected: 7, found: 1, .. })));
        // Ahead of the stream is as wrong as behind it.
        assert!(matches!(
            store.append(vec![act("c4", 3, &[("site/S01", "new", 1)])]),
            Err(StoreError::Conflict { .. })
        ));
        assert_eq!(bodies(store, Range::Log { after: 0 }).len(), 1);
        assert_eq!(store.select("SELECT * FROM test_note", &[]).unwrap(), Vec::<Vec<Cell>>::new());
        assert_eq!(store.answered("c2").unwrap(), None);
        store.append(vec![act("c2", 2, &[("site/S01", "participant/1", 1)])]).unwrap();
        verify(store).unwrap();
    });
}

#[test]
fn a_stream_must_be_read_before_it_is_written() {
    on_every_store(|store| {
        let mut blind = act("c1", 1, &[("site/S01", "participant/1", 0)]);
        blind.expected.clear();
        assert!(matches!(store.append(vec![blind]), Err(StoreError::Internal { .. })));
        assert_eq!(bodies(store, Range::Log { after: 0 }).len(), 0);
    });
}

#[test]
fn a_command_is_answered_once() {
    on_every_store(|store| {
        store.append(vec![act("c1", 1, &[("site/S01", "participant/1", 0)])]).unwrap();
        let again = act("c1", 9, &[("site/S01", "participant/1", 1)]);
        assert!(matches!(store.append(vec![again]), Err(StoreError::Answered { command }) if command == "c1"));
        assert_eq!(
            store.answered("c1").unwrap(),
            Some(Answered {
                digest: Hash::of(b"c1"),
                recorded_at: at(1),
                appended: Appended { first: Some(1), entries: 1 },
                answer: None,
            })
        );
        let mut refused = act("c2", 2, &[]);
        refused.answer = Some(b"no".to_vec());
        assert_eq!(store.append(vec![refused]).unwrap(), [Appended { first: None, entries: 0 }]);
        let answered = store.answered("c2").unwrap().unwrap();
        assert_eq!((answered.answer.as_deref(), answered.appended.first), (Some(&b"no"[..]), None));
        assert_eq!(store.answered("c3").unwrap(), None);
        assert_eq!(bodies(store, Range::Log { after: 0 }).len(), 1);
    });
}

/// Many acts at once are one transaction: a bad one takes all of them along.
#[test]
fn many_acts_are_all_or_nothing() {
    on_every_store(|store| {
        let acts = |bad: u64| {
            (0..100u64)
                .map(|n| {
                    act(&format!("c{n}"), n as i64, &[("site/S01", "participant/1", if n == bad { 0 } else { n })])
                })
                .collect::<Vec<_>>()
        };
        assert!(store.append(acts(50)).is_err());
        assert_eq!(bodies(store, Range::Log { after: 0 }).len(), 0);
        assert_eq!(store.append(acts(0)).unwrap().len(), 100);
        assert_eq!(verify(store).unwrap().links, 100);
        assert!(matches!(store.append(vec![act("x", 1, &[("nowhere", "s", 0)])]), Err(StoreError::Internal { .. })));
        assert_eq!(verify(store).unwrap().links, 100);
    });
}

/// Sixteen people write at once, each to a stream of their own and to one that they share, and ask again on a conflict.
#[test]
fn writers_at_once() {
    on_every_store(|store| {
        let conflicts = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for person in 0..16 {
                let conflicts = &conflicts;
                scope.spawn(move || {
                    for n in 0..20 {
                        loop {
                            let own = format!("participant/{person}");
                            let shared = store.version("site/S01").unwrap();
                            let one = act(
                                &format!("p{person}-{n}"),
                                n,
                                &[("site/S01", &own, n as u64), ("site/S01", "site/S01", shared)],
                            );
                            match store.append(vec![one]) {
                                Ok(_) => break,
                                Err(StoreError::Conflict { .. }) => conflicts.fetch_add(1, Ordering::Relaxed),
                                Err(other) => panic!("{other}"),
                            };
                        }
                    }
                });
            }
        });
        assert_eq!(store.version("site/S01").unwrap(), 320);
        assert_eq!(verify(store).unwrap().links, 640);
        assert!((0..16).all(|person| store.version(&format!("participant/{person}")).unwrap() == 20));
    });
}

#[test]
fn current_tables() {
    on_every_store(|store| {
        let mut one = act("c1", 1, &[("site/S01", "participant/1", 0)]);
        one.writes = vec![note("1", 1, "first"), note("1", 2, "second"), counted("S01", 2), counted("S02", 1)];
        let mut two = act("c2", 1, &[("site/S01", "participant/1", 1)]);
        two.writes = vec![
            note("1", 2, "changed"),
            record::table::Write::Remove(&NOTES, vec!["1".into(), 1i64.into()]),
            counted("S01", -1),
        ];
        store.append(vec![one, two]).unwrap();
        let half: terms::Decimal = "12.5".parse().unwrap();
        assert_eq!(
            store.select(&NOTES.all_rows(), &[]).unwrap(),
            [vec!["1".into(), 2i64.into(), "changed".into(), half.into()]]
        );
        let counts = store.select("SELECT notes FROM test_count WHERE site = ?1", &["S01".into()]).unwrap();
        assert_eq!(counts, [vec![Cell::Integer(1)]]);

        let error = store.rebuild(TABLES, &mut |write| {
            write(&[note("1", 1, "new")])?;
            Err(StoreError::Full)
        });
        assert!(matches!(error, Err(StoreError::Full)));
        assert_eq!(store.select(&NOTES.all_rows(), &[]).unwrap().len(), 1, "a rebuild that fails changes nothing");
        store.rebuild(TABLES, &mut |write| write(&[note("3", 1, "new"), note("2", 1, "new")])).unwrap();
        let names: Vec<_> =
            store.select(&NOTES.all_rows(), &[]).unwrap().into_iter().map(|row| row[0].clone()).collect();
        assert_eq!(names, [Cell::from("2"), "3".into()]);
        assert_eq!(store.select(&COUNTS.all_rows(), &[]).unwrap().len(), 0);
        let wrong = record::table::Write::Put(&NOTES, vec!["1".into()]);
        assert!(store.rebuild(TABLES, &mut |write| write(std::slice::from_ref(&wrong))).is_err());
    });
}

#[test]
fn identities_are_kept_found_and_erased() {
    on_every_store(|store| {
        let person = |words: &[u8]| SealedPerson {
            key: vec![1; 60],
            values: BTreeMap::from([
                ("name".into(), b"sealed name".to_vec()),
                ("phone".into(), b"sealed phone".to_vec()),
            ]),
            tokens: words.iter().map(|word| [*word; 32]).collect(),
        };
        store.person_keep("S01-001", &person(&[1, 2])).unwrap();
        store.person_keep("S01-002", &person(&[2, 3])).unwrap();
        assert_eq!(store.person("S01-001").unwrap(), Some(person(&[1, 2])));
        assert_eq!(store.person("S01-003").unwrap(), None);
        assert_eq!(store.person_find(&[[2; 32]], 10).unwrap(), ["S01-001", "S01-002"]);
        assert_eq!(store.person_find(&[[2; 32]], 1).unwrap(), ["S01-001"]);
        assert_eq!(store.person_find(&[[2; 32], [3; 32]], 10).unwrap(), ["S01-002"]);
        assert_eq!(store.person_find(&[], 10).unwrap(), [""; 0]);
        store.person_keep("S01-001", &person(&[4])).unwrap();
        assert_eq!(store.person_find(&[[1; 32]], 10).unwrap(), [""; 0]);

        let document =
            SealedDocument { sha256: Hash::of(b"ecg"), participant: "S01-001".into(), sealed: vec![7; 10_000] };
        store.document_keep(&document).unwrap();
        store.document_keep(&document).unwrap();
        assert_eq!(store.document("S01-001", &document.sha256).unwrap(), Some(document.clone()));
        assert_eq!(store.document("S01-002", &document.sha256).unwrap(), None);

        store.person_erase("S01-001", at(9)).unwrap();
        store.person_erase("S01-001", at(10)).unwrap();
        assert_eq!(store.person("S01-001").unwrap(), None);
        assert_eq!(store.person_find(&[[4; 32]], 10).unwrap(), [""; 0]);
        assert_eq!(store.document("S01-001", &document.sha256).unwrap(), None);
        assert!(matches!(store.person_keep("S01-001", &person(&[1])), Err(StoreError::Erased { .. })));
        assert!(store.person("S01-002").unwrap().is_some());
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Whatever order acts arrive in, streams and chains have no gaps and the log is whole.
    #[test]
    fn any_acts_leave_a_whole_log(steps in prop::collection::vec(prop::collection::vec((0u8..3, 0u8..4, 0u64..6), 1..5), 1..25)) {
        on_every_store(|store| {
            for (n, step) in steps.iter().enumerate() {
                let names: Vec<_> = step.iter().map(|(chain, stream, version)| {
                    (["trial", "site/A", "sealed"][usize::from(*chain)], format!("participant/{stream}"), *version)
                }).collect();
                let entries: Vec<_> = names.iter().map(|(chain, stream, version)| (*chain, stream.as_str(), *version)).collect();
                let _ = store.append(vec![act(&format!("c{n}"), n as i64, &entries)]);
            }
            verify(store).unwrap();
        });
    }
}

/// The log as text can be verified line by line, with the chain crate alone.
#[test]
fn an_export_verifies_without_the_store() {
    on_every_store(|store| {
        for n in 0..20u64 {
            let entries: &[_] = &[("site/S01", "participant/1", n), ("trial", "trial", n)];
            store
                .append(vec![act(&format!("c{n}"), n as i64, if n % 3 == 0 { entries } else { &entries[..1] })])
                .unwrap_or_default();
        }
        let mut text = Vec::new();
        let lines = record::export(store, &mut text).unwrap();
        let links: Vec<_> =
            std::str::from_utf8(&text).unwrap().lines().map(|line| chain::line_read(line).unwrap()).collect();
        assert_eq!(links.len() as u64, lines);
        let verified = chain::verify(links.iter().map(|(link, hash)| (link.as_link(), *hash))).unwrap();
        assert_eq!(verified, verify(store).unwrap());
        assert_eq!(verified.heads, store.heads().unwrap());
    });
}
