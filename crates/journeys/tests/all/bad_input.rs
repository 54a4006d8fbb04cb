//! What can't be read, at the door: a sentence and a place, nothing half-applied, nothing lost.

use crate::clinic::{Clinic, study};
use conduct::{Command, No};
use proptest::prelude::*;
use record::{Door, SqliteStore, projection, request_read};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

fn request(command: &Value) -> String {
    json!({ "id": "r", "command": command }).to_string()
}

fn note() -> Value {
    json!({ "fact": { "record_note": { "participant": "S01-001", "text": "rang back" } } })
}

/// Every answer is one "unreadable" with a field, what is wrong, and how to mend it.
fn unreadable(text: &str) -> Value {
    let answer = request_read(text).expect_err("it was read");
    assert_eq!(answer["answer"], "unreadable");
    let all = answer["unreadable"].as_array().unwrap();
    assert!(!all.is_empty());
    for one in all {
        for part in ["field", "what", "mend"] {
            assert!(one[part].as_str().is_some_and(|words| words.len() > 2), "{one}");
        }
    }
    all[0].clone()
}

#[test]
fn hostile_and_broken_json_is_answered() {
    assert!(request_read(&request(&note())).is_ok());
    let good = request(&note());
    for cut in (0..good.len()).step_by(3) {
        unreadable(&good[..cut]);
    }
    let deep = format!("{}1{}", "[".repeat(200_000), "]".repeat(200_000));
    unreadable(&deep);
    unreadable(&request(&json!({ "fact": { "record_note": { "participant": "S01-001", "text": [[[1]]] } } })));
    let huge = unreadable(&"x".repeat(10 * 1024 * 1024));
    assert!(huge["what"].as_str().unwrap().contains("bytes"), "{huge}");
    for command in [
        json!(null),
        json!({}),
        json!("fact"),
        json!({ "fact": {} }),
        json!({ "fact": { "no_such_thing": {} } }),
        json!({ "authorise": { "enrol": { "participant": "S01-001", "waive": true } } }),
        json!({ "authorise": { "enrol": { "participant": 7 } } }),
        json!({ "authorise": { "discharge": { "participant": "S01-001", "session": 256 } } }),
        json!({ "authorise": { "discharge": { "participant": "S01-001", "session": -1 } } }),
        json!({ "authorise": { "discharge": { "participant": "S01-001", "session": 1e300 } } }),
        json!({ "authorise": { "set_cap": { "site": "S01", "cap": 99_999_999_999_999_999_u64 } } }),
        json!({ "authorise": { "delegate": { "site": "S01", "staff": "a", "role": "nurse", "from": "2025-02-30" } } }),
        json!({ "authorise": { "book_visit": { "participant": "S01-001", "visit": "PREP", "starts": "yesterday", "mode": "phone" } } }),
        json!({ "fact": { "record_note": { "participant": "S01-001", "text": "a" } }, "authorise": {} }),
    ] {
        let answer = unreadable(&request(&command));
        assert!(answer["mend"].as_str().unwrap().contains("schema"), "{answer}");
    }
    unreadable(&good.replace("\"id\":\"r\"", "\"id\":\"r\",\"actor\":\"somebody\""));
}

proptest! {
    /// Whatever bytes come, there is an answer; it is never a panic.
    #[test]
    fn any_text_is_answered(text in ".{0,400}", cut in 0usize..200, junk in any::<char>()) {
        let _ = request_read(&text);
        let mut good = request(&note());
        let place = cut.min(good.len());
        good.insert(place, junk);
        let _ = request_read(&good);
    }
}

/// Read as JSON, wrong as an act: every one is unreadable at the door, nothing is written, not even the act.
#[test]
fn what_means_nothing_leaves_no_trace() {
    let mut clinic = Clinic::open(study("small"));
    let id = clinic.enquiry();
    clinic.later(1).consent(&id);
    let counted = |clinic: &Clinic| (clinic.count("entry"), clinic.count("act"), clinic.count("form"));
    let before = counted(&clinic);
    let form = |form: &str, values: Value| json!({ "fact": { "record_form": { "participant": "S01-001", "form": form, "visit": "SCREEN", "values": values } } });
    for command in [
        json!({ "fact": { "record_note": { "participant": "S99-999", "text": "nobody" } } }),
        json!({ "fact": { "record_note": { "participant": "S01-001\u{0}", "text": "a zero byte in a code" } } }),
        json!({ "fact": { "record_note": { "participant": "", "text": "no code" } } }),
        json!({ "fact": { "record_enquiry": { "site": "S77", "source": "friend", "language": "en" } } }),
        form("no_such_form", json!({})),
        form("weight", json!({ "weight_kg": "seventy" })),
        form("weight", json!({ "weight_kg": { "decimal": "715" } })),
        form("weight", json!({ "weight_kg": -1 })),
        form("weight", json!({ "weight_lb": 150 })),
        form("ecg", json!({ "qtcb_ms": 0 })),
        form("ecg", json!({ "qtcb_ms": { "decimal": "410.5" } })),
        form("demographics", json!({ "date_of_birth": "1985-02-30" })),
        form("demographics", json!({ "qt_table": "other" })),
        form("history", json!({ "note": "x".repeat(30_000) })),
        json!({ "fact": { "correct_form": { "participant": "S01-001", "instance": "nothing", "changes": {}, "seen": 0 } } }),
        json!({ "fact": { "record_visit": { "participant": "S01-001", "visit": "NEVER", "outcome": "no_show" } } }),
        json!({ "fact": { "record_rating_missed": { "request": "none", "text": "x" } } }),
    ] {
        let Ok(read) = request_read(&request(&command)) else { continue };
        let answer = clinic.act("investigator", read.command);
        match answer {
            Err(No::Unreadable(all)) => {
                assert!(all.iter().all(|one| !one.what.is_empty() && !one.mend.is_empty()), "{all:?}");
            }
            other => panic!("{command}: {other:?}"),
        }
        assert_eq!(counted(&clinic), before, "{command} left a trace");
    }
    clinic.prove();
}

fn note_of(text: &str) -> Command {
    request_read(&request(&json!({ "fact": { "record_note": { "participant": "S01-001", "text": text } } })))
        .unwrap()
        .command
}

fn with_a_person() -> Clinic {
    let mut clinic = Clinic::open(study("small"));
    clinic.enquiry();
    clinic
}

/// Another program on the same file, with a disk or a file of its own troubles.
fn beside(clinic: &Clinic, prepare: impl FnOnce(&SqliteStore)) -> Door {
    let store = SqliteStore::open(&clinic.path, projection::TABLES).unwrap();
    prepare(&store);
    Door::new(Arc::new(store), (*clinic.door.studies()).clone(), None, "journeys")
}

#[test]
fn a_full_disk_in_the_middle_of_a_day_loses_nothing() {
    let mut clinic = with_a_person();
    let full = beside(&clinic, |store| store.limit_pages(0).unwrap());
    let mut kept = 0;
    let (refused, error) = loop {
        let asked = clinic.asked("coordinator", None, note_of(&"word ".repeat(600)));
        match full.ask(&asked) {
            Ok(_) => kept += 1,
            Err(error) => break (asked, error),
        }
    };
    assert_eq!(error.code(), "record.full");
    assert!(error.to_string().contains("Make room"), "{error}");
    assert_eq!(clinic.count("note"), kept);
    clinic.prove();
    // There is room again: the very same request is taken.
    clinic.give(&refused).unwrap();
    assert_eq!(clinic.count("note"), kept + 1);
    clinic.prove();
}

#[test]
fn a_locked_file_is_said_to_be_locked_and_the_request_is_taken_afterwards() {
    let mut clinic = with_a_person();
    let asked = clinic.asked("coordinator", None, note_of("while another program writes"));
    let waiting = beside(&clinic, |store| store.be_patient_for(Duration::from_millis(50)).unwrap());
    let error = clinic
        .door
        .store()
        .rebuild(projection::TABLES, &mut |_| {
            let error = waiting.ask(&asked).expect_err("the file is held");
            assert_eq!(error.code(), "record.locked");
            Err(error)
        })
        .expect_err("given up");
    assert_eq!(error.code(), "record.locked");
    assert_eq!(clinic.count("note"), 0);
    clinic.prove();
    waiting.ask(&asked).unwrap();
    assert_eq!(clinic.count("note"), 1);
    clinic.prove();
}
