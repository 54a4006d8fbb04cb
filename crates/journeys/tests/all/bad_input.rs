//! What can't be read, at the door: a sentence and a place, nothing half-applied, nothing lost.

use crate::clinic::{Clinic, study};
use conduct::{Command, Fact, No};
use proptest::prelude::*;
use record::{Answer, Door, SqliteStore, projection, request_read};
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
    assert!(answer["code"].as_str().is_some_and(|code| code.starts_with("request.")), "{answer}");
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

/// An id is what makes a request the same request: one that can't be one is answered, wherever it comes in.
#[test]
fn ids_and_keys_that_cannot_be() {
    let mut clinic = with_a_person();
    let before = (clinic.count("entry"), clinic.count("act"));
    for id in ["", "   ", "\u{0}", "a\nb", &"x".repeat(201), &"é".repeat(100_000)] {
        let text = json!({ "id": id, "command": note() }).to_string();
        let answer = request_read(&text).expect_err("it was read");
        assert_eq!((answer["answer"].as_str(), answer["code"].as_str()), (Some("unreadable"), Some("request.id")));
        assert!(answer["id"].is_null() && answer.to_string().len() < 600, "{answer}");
        // By another way than text, the door itself says the same.
        let mut asked = clinic.asked("coordinator", None, note_of("x"));
        id.clone_into(&mut asked.request.id);
        match clinic.door.ask(&asked).unwrap() {
            record::Answer::No(No::Unreadable(all)) => assert_eq!(all[0].field, "id"),
            other => panic!("{other:?}"),
        }
    }
    assert!(request_read(&json!({ "id": "x".repeat(200), "command": note() }).to_string()).is_ok());
    assert_eq!((clinic.count("entry"), clinic.count("act")), before);
    // Of two answers to one question none is taken in silence.
    let twice = r#"{"id":"t","command":{"fact":{"record_form":{"participant":"S01-001","form":"weight","values":{"weight_kg":70,"weight_kg":50}}}}}"#;
    let answer = request_read(twice).expect_err("it was read");
    assert_eq!(answer["code"], "request.json");
    assert!(answer["unreadable"][0]["what"].as_str().unwrap().contains("`weight_kg` stands twice"), "{answer}");
    // What was sent is quoted, but never at length; the id comes back, so that a program knows which one it was.
    let long = format!(r#"{{"id":"long","command":{{"{}":1}}}}"#, "z".repeat(900_000));
    let answer = request_read(&long).expect_err("it was read");
    assert_eq!((answer["id"].as_str(), answer["code"].as_str()), (Some("long"), Some("request.command")));
    assert!(answer.to_string().len() < 1_000, "{}", answer.to_string().len());
}

/// A text of any field that is longer than anybody types, and numbers at the ends of their types: answered, never a panic, and
/// nothing of it is written but what can be read.
#[test]
fn texts_without_end_and_extreme_numbers() {
    let mut clinic = with_a_person();
    clinic.later(1).consent(&"S01-001".into());
    let long = "x".repeat(20_001);
    let day = clinic.now.to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
    let before = (clinic.count("entry"), clinic.count("act"));
    for (field, command) in [
        ("source", json!({ "fact": { "record_enquiry": { "site": "S01", "source": long, "language": "en" } } })),
        ("language", json!({ "fact": { "record_enquiry": { "site": "S01", "source": "x", "language": "" } } })),
        ("language", json!({ "fact": { "record_enquiry": { "site": "S01", "source": "x", "language": "en; drop" } } })),
        (
            "reason",
            json!({ "fact": { "record_visit": { "participant": "S01-001", "visit": "SCREEN", "outcome": { "cancelled": { "reason": long } } } } }),
        ),
        (
            "term",
            json!({ "fact": { "record_adverse_event": { "participant": "S01-001", "event": { "term": long, "onset": day,
            "severity": "mild", "related": "possible", "valence": "neutral", "outcome": "unknown" } } } }),
        ),
        (
            "name",
            json!({ "fact": { "record_medication": { "participant": "S01-001", "medicine": { "name": long, "dose": "d", "indication": "i" } } } }),
        ),
        ("text", json!({ "fact": { "record_note": { "participant": "S01-001", "text": long } } })),
    ] {
        let read = request_read(&request(&command)).unwrap();
        match clinic.act("coordinator", read.command) {
            Err(No::Unreadable(all)) => assert_eq!(all[0].field, field, "{all:?}"),
            other => panic!("{field}: {other:?}"),
        }
    }
    assert_eq!((clinic.count("entry"), clinic.count("act")), before);
    let person = "S01-001";
    for command in [
        json!({ "fact": { "record_swallow": { "participant": person, "session": 1, "part": "initial", "container": "K1", "pieces": u32::MAX, "mouth_checked": true } } }),
        json!({ "fact": { "record_swallow": { "participant": person, "session": 0, "part": "supplement", "container": "", "pieces": 0, "mouth_checked": false } } }),
        json!({ "fact": { "record_swallow": { "participant": person, "session": 255, "part": "initial", "container": "K1", "pieces": 1, "mouth_checked": true } } }),
        json!({ "fact": { "record_container": { "site": "S01", "container": "K1", "what": { "came_back": { "pieces": u32::MAX } } } } }),
        json!({ "fact": { "record_container": { "site": "S01", "container": "K1", "what": { "temperature_excursion": { "celsius": "9223372036854775.807" } } } } }),
        json!({ "fact": { "record_reading": { "participant": person, "session": 1, "measures": { "systolic": "-9223372036854775.808" } } } }),
        json!({ "fact": { "record_night_check": { "participant": person, "session": 1, "awake": true, "distress": 255 } } }),
        json!({ "fact": { "record_visit": { "participant": person, "visit": "SCREEN", "outcome": { "completed": { "minutes": u32::MAX } } } } }),
        json!({ "fact": { "record_visit": { "participant": person, "visit": "SCREEN", "outcome": "no_show", "day": "-9999-01-01" } } }),
        json!({ "fact": { "record_visit": { "participant": person, "visit": "SCREEN", "outcome": "no_show", "day": "9999-12-31" } } }),
        json!({ "fact": { "record_screen_failure": { "participant": person, "gate": 255, "reason": "x" } } }),
        json!({ "fact": { "attach_document": { "participant": person, "kind": "ecg", "name": "..", "sha256": "0".repeat(64), "bytes": u64::MAX } } }),
        json!({ "fact": { "correct_form": { "participant": person, "instance": "x", "changes": {}, "seen": u32::MAX } } }),
        json!({ "fact": { "record_medication": { "participant": person, "medicine": { "name": "sertraline", "dose": "", "indication": "",
            "started": "-9999-01-01", "last_dose": "9999-12-31", "last_change": "0001-01-01" } } } }),
        json!({ "fact": { "receive_containers": { "site": "S01", "consignment": "", "containers": [] } } }),
        json!({ "fact": { "count_stock": { "site": "S01", "found": ["", "", "\u{202e}"] } } }),
        json!({ "authorise": { "book_visit": { "participant": person, "visit": "SCREEN", "starts": "9999-12-30T22:00:00Z", "mode": "phone" } } }),
        json!({ "authorise": { "book_visit": { "participant": person, "visit": "SCREEN", "starts": "-009999-01-02T01:59:59Z", "mode": "phone" } } }),
        json!({ "authorise": { "set_cap": { "site": "S01", "cap": u32::MAX } } }),
        json!({ "authorise": { "delegate": { "site": "S01", "staff": "", "role": "nurse", "from": "-9999-01-01", "until": "9999-12-31" } } }),
        json!({ "authorise": { "load_allocation": { "commitment": "", "rows": u32::MAX } } }),
        json!({ "authorise": { "order_dose": { "participant": person, "session": 255, "level": "" } } }),
        json!({ "authorise": { "accept_containers": { "site": "S01", "containers": [] } } }),
    ] {
        let Ok(read) = request_read(&request(&command)) else { continue };
        for who in ["investigator", "coordinator", "prescriber", "pharmacist", "lead_therapist", "administrator"] {
            let _ = clinic.act(who, read.command.clone());
        }
        for at in ["0001-01-01T00:00:00Z", "9999-12-30T22:00:00Z", "-009999-01-02T01:59:59Z"] {
            let mut asked = clinic.asked("coordinator", None, read.command.clone());
            asked.request.at = Some(at.parse().unwrap());
            let _ = clinic.door.ask(&asked).unwrap();
        }
    }
    clinic.prove();
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
    let document = |kind: &str, visit: &str, bytes: u64| {
        json!({ "fact": { "attach_document": { "participant": "S01-001", "kind": kind,
        "name": "scan.pdf", "sha256": "ab".repeat(32), "visit": visit, "bytes": bytes } } })
    };
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
        document("Jane Doe passport", "SCREEN", 4096),
        document("", "SCREEN", 4096),
        document("ecg", "NOPE", 4096),
        document("ecg", "SCREEN", 0),
        json!({ "fact": { "record_note": { "participant": "S01-001", "text": "a zero\u{0} byte" } } }),
        json!({ "fact": { "record_note": { "participant": "S01-001", "text": "\u{1b}[2J a cleared screen" } } }),
        json!({ "fact": { "record_note": { "participant": "S01-001", "text": "read me \u{202e}sdrawkcab" } } }),
        json!({ "fact": { "record_visit": { "participant": "S01-001", "visit": "SCREEN", "outcome": { "missed": { "reason": "i\u{7}ll" } } } } }),
        form("history", json!({ "note": "words\u{2066} in a field of a form" })),
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
    // A reason that can't be seen as it is written is no reason; tabs, new lines and every people's writing are.
    let note = |text: &str| Command::Fact(Fact::RecordNote { participant: id.clone(), text: text.to_owned() });
    let mut asked = clinic.asked("investigator", None, note("words"));
    asked.request.reason = Some("because\u{202e}".to_owned());
    assert!(matches!(clinic.door.ask(&asked).unwrap(), Answer::No(No::Unreadable(all)) if all[0].field == "reason"));
    assert_eq!(counted(&clinic), before);
    for text in ["lines\r\nand\nlines,\tand \"tabs\" \\ — 頭痛", "כאב ראש", "12 µg/l 🧡"] {
        clinic.act("investigator", note(text)).unwrap();
    }
    clinic.act("investigator", serde_json::from_value(document("ecg", "SCREEN", 4096)).unwrap()).unwrap();
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
