//! Current tables: whatever happens, they are what a fresh replay makes.

use crate::clinic::{Clinic, batch_ask, consent, count, new_store, note, setting_up, studies};
use conduct::ParticipantState;
use proptest::prelude::*;
use record::{
    Answer, Batch, Door, Store, StoreError,
    projection::{self, TABLES},
    table::Row,
};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};
use terms::ParticipantId;

/// One thing that happens, by numbers that pick among what there is.
#[derive(Debug, Clone, Copy)]
struct Happening {
    kind: u8,
    who: u8,
    which: u8,
}

fn happenings(most: usize) -> impl Strategy<Value = Vec<Happening>> {
    let one = (0u8..30, 0u8..3, any::<u8>()).prop_map(|(kind, who, which)| Happening { kind, who, which });
    prop::collection::vec(one, 1..most)
}

fn instance(state: Option<&ParticipantState>, which: u8) -> String {
    let Some(state) = state else { return "none".into() };
    let all: Vec<String> = (state.forms.keys())
        .chain(state.notes.keys())
        .chain(state.adverse_events.keys())
        .chain(state.medications.keys())
        .chain(state.documents.keys())
        .chain(state.tasks.keys())
        .map(ToString::to_string)
        .collect();
    all.get(usize::from(which) % all.len().max(1)).cloned().unwrap_or_else(|| "none".into())
}

/// The command of a happening. Most are facts, which are recorded whatever the rules think of them.
fn command(one: Happening, state: Option<&ParticipantState>, now: jiff::Timestamp) -> Value {
    let p = format!("S0{}-00{}", one.who % 2 + 1, one.who / 2 + 1);
    let site = format!("S0{}", one.who % 2 + 1);
    let visit = ["SCREEN", "PREP", "BASE", "DOSE1", "INT1", "CALL1"][usize::from(one.which) % 6];
    let session = one.which % 2 + 1;
    let container = format!("K{}", one.which % 5);
    let form = state.and_then(|state| state.forms.iter().nth(usize::from(one.which) % state.forms.len().max(1)));
    let third = usize::from(one.which) % 3;
    let scope = ["treatment", "study", "lost_to_follow_up"][third];
    let what = [
        json!("missing"),
        json!({"quarantined": {"reason": "wet"}}),
        json!({"temperature_excursion": {"celsius": "31.5"}}),
    ];
    let what = &what[third];
    let on = [json!({"participant": {"participant": p}}), json!({"site": {"site": site}}), json!("trial")];
    let on = &on[third];
    let fact = match one.kind {
        0 | 1 => json!({"record_enquiry": {"site": site, "source": "friend", "language": "en"}}),
        2 | 3 => return consent(&p),
        4 => {
            json!({"record_form": {"participant": p, "form": "weight", "visit": "SCREEN", "values": {"weight_kg": {"decimal": "71.5"}}}})
        }
        5 => {
            json!({"record_form": {"participant": p, "form": "ecg", "visit": visit, "values": {"qtcb_ms": 400 + u32::from(one.which)}}})
        }
        6 => {
            json!({"record_form": {"participant": p, "form": "history", "visit": "SCREEN", "values": {"heart_disease": false, "ketamine_ever": {"missing": "declined"}}}})
        }
        7 => {
            json!({"correct_form": {"participant": p, "instance": form.map_or("none", |(id, _)| id.as_str()), "changes": {"qtcb_ms": 444}, "seen": form.map_or(0, |(_, record)| record.corrections)}})
        }
        8 => json!({"strike_record": {"participant": p, "instance": instance(state, one.which)}}),
        9 => json!({"record_visit": {"participant": p, "visit": visit, "outcome": {"attended": {"mode": "on_site"}}}}),
        10 => json!({"record_visit": {"participant": p, "visit": visit, "outcome": {"completed": {"minutes": 90}}}}),
        11 => json!({"record_visit": {"participant": p, "visit": visit, "outcome": "no_show"}}),
        12 => json!({"record_visit": {"participant": p, "visit": visit, "outcome": {"missed": {"reason": "ill"}}}}),
        13 => json!({"record_contact": {"participant": p, "visit": visit, "outcome": "no_answer"}}),
        14 => {
            json!({"record_medication": {"participant": p, "medicine": {"name": "sertraline", "dose": "50 mg daily", "indication": "depression", "last_dose": "2025-12-20"}}})
        }
        15 => {
            json!({"record_adverse_event": {"participant": p, "event": {"term": "headache", "onset": "2026-01-05", "severity": "mild", "serious": ["hospitalisation", "important"], "related": "possible", "valence": "mixed", "outcome": "recovering"}}})
        }
        16 => {
            json!({"update_adverse_event": {"participant": p, "instance": instance(state, one.which), "event": {"term": "migraine", "onset": "2026-01-05", "severity": "severe", "serious": [], "related": "unlikely", "valence": "negative", "outcome": "recovered"}}})
        }
        17 => json!({"record_deviation": {"participant": p, "text": "late", "class": "important"}}),
        18 => return note(&p, "a note — with \"quotes\" and ünïcode"),
        19 => {
            json!({"attach_document": {"participant": p, "kind": "ecg", "name": "ecg.pdf", "sha256": "ab".repeat(32), "bytes": 4096, "visit": visit}})
        }
        20 => {
            json!({"record_stop": {"participant": p, "scope": scope, "reason": "other", "text": "words"}})
        }
        21 => {
            json!({"record_check": {"participant": p, "session": session, "check": "pressure", "values": {"systolic": 120 + u32::from(one.which % 40), "diastolic": 80}}})
        }
        22 => {
            json!({"record_reading": {"participant": p, "session": session, "measures": {"systolic": 110 + u32::from(one.which % 100), "diastolic": 80, "temperature": "37.2"}}})
        }
        23 => {
            json!({"record_presence": {"participant": p, "session": session, "going": if one.which.is_multiple_of(2) { "in" } else { "out" }}})
        }
        24 => {
            json!({"record_swallow": {"participant": p, "session": session, "part": "initial", "container": container, "pieces": 2, "mouth_checked": true}})
        }
        25 => json!({"receive_containers": {"site": site, "consignment": "C1", "containers": [
            {"container": container, "part": "initial", "level": "80+40", "lot": "L1", "expires": "2027-01-31"}]}}),
        26 => {
            json!({"record_container": {"site": site, "container": container, "what": what}})
        }
        27 => match one.which % 4 {
            0 => json!({"count_stock": {"site": site, "found": [container]}}),
            1 => {
                json!({"record_temperature": {"site": site, "logger": "T1", "readings": [{"at": now, "celsius": "31.5"}]}})
            }
            2 => json!({"record_safe_access": {"site": site, "going": "opened", "purpose": "cleaning"}}),
            _ => json!({"recall_lot": {"site": site, "lot": "L1", "reason": "called back"}}),
        },
        28 => {
            json!({"place_hold": {"on": on, "text": "wait"}})
        }
        _ => {
            let starts = now.checked_add(jiff::SignedDuration::from_hours(24 + i64::from(one.which))).unwrap();
            return json!({"authorise": {"book_visit": {"participant": p, "visit": visit, "starts": starts, "mode": "on_site"}}});
        }
    };
    json!({"fact": fact})
}

fn participant_of(one: Happening) -> ParticipantId {
    ParticipantId::from(format!("S0{}-00{}", one.who % 2 + 1, one.who / 2 + 1))
}

/// All rows of all current tables; counts of nothing are left out.
fn dump(store: &dyn Store) -> BTreeMap<&'static str, Vec<Row>> {
    TABLES
        .iter()
        .map(|table| {
            let mut rows = store.select(&table.all_rows(), &[]).unwrap();
            rows.retain(|row| {
                !table.name.ends_with("_count") && table.name != "milestone_day"
                    || row.last() != Some(&0i64.into())
                    || table.name == "stock_count"
            });
            (table.name, rows)
        })
        .collect()
}

fn run(clinic: &mut Clinic, one: Happening) -> Answer {
    let state = clinic.door.participant(&participant_of(one)).unwrap();
    let command = command(one, state.as_deref(), clinic.now);
    clinic.ask(command)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn tables_are_what_a_replay_makes(all in happenings(50)) {
        let mut clinic = Clinic::new();
        let done = all.iter().filter(|one| matches!(run(&mut clinic, **one), Answer::Done(_))).count();
        let (store, studies) = (clinic.door.store(), clinic.door.studies());
        let proved = projection::verify(store.as_ref(), &studies);
        prop_assert!(proved.is_ok(), "{}", proved.unwrap_err());
        let before = dump(store.as_ref());
        projection::rebuild(store.as_ref(), &studies).unwrap();
        prop_assert_eq!(dump(store.as_ref()), before);
        prop_assert!(done > 0 || all.iter().all(|one| one.kind > 1));
    }

    /// The same acts through a batch give the same chains and the same tables as one by one.
    #[test]
    fn a_batch_is_the_same_as_one_by_one(all in happenings(30)) {
        let mut clinic = Clinic::empty();
        let path = clinic.beside("batch.sqlite");
        let door = Door::new(new_store(&path), studies(), None, "test");
        let mut batch = Batch::new(&door);
        for command in setting_up() {
            let asked = clinic.asked(command);
            prop_assert!(matches!(clinic.door.ask(&asked).unwrap(), Answer::Done(_)));
            prop_assert!(batch_ask(&mut batch, &asked, None).is_ok());
        }
        for (n, one) in all.iter().enumerate() {
            let id = participant_of(*one);
            let state = clinic.door.participant(&id).unwrap();
            let asked = clinic.asked(command(*one, state.as_deref(), clinic.now));
            let about = match asked.request.command.subject() {
                conduct::Subject::Participant(id) => Some(id),
                _ => None,
            };
            let batched = batch_ask(&mut batch, &asked, about.as_ref());
            match clinic.door.ask(&asked).unwrap() {
                Answer::Done(receipt) => prop_assert_eq!(batched, Ok(receipt.entries)),
                Answer::No(no) => prop_assert_eq!(batched, Err(no)),
            }
            if n % 7 == 0 {
                batch.flush().unwrap();
            }
        }
        batch.flush().unwrap();
        prop_assert_eq!(door.store().heads().unwrap(), clinic.door.store().heads().unwrap());
        prop_assert_eq!(dump(door.store().as_ref()), dump(clinic.door.store().as_ref()));
        let proved = projection::verify(door.store().as_ref(), &studies());
        prop_assert!(proved.is_ok(), "{}", proved.unwrap_err());
    }
}

/// Every table is filled by some happening of the list above or named here with the reason why not.
#[test]
fn the_happenings_reach_the_tables() {
    let mut clinic = Clinic::new();
    for round in 0..9u8 {
        for kind in 0..30 {
            for who in 0..3 {
                run(&mut clinic, Happening { kind, who, which: round });
            }
        }
    }
    let empty: Vec<&str> = TABLES
        .iter()
        .filter(|table| count(clinic.door.store().as_ref(), table.name) == 0)
        .map(|table| table.name)
        .collect();
    projection::verify(clinic.door.store().as_ref(), &clinic.door.studies()).unwrap_or_else(|error| panic!("{error}"));
    // These need authorisations, people or whole forms; `journeys` fills them on a whole trial, the tests of the lock theirs.
    let reached_elsewhere = [
        "gate_decision",
        "criterion",
        "rating",
        "approval",
        "delegation",
        "certificate",
        "staff_relation",
        "trial_role",
        "breach",
        "session_note",
        "ground_withdrawn",
        "question",
        "score",
        "presence",
        "record_lock",
        "session_correction",
        "session_alarm",
        "session_card",
        "card_step",
        "session_call",
        "session_signature",
        "stock_count",
        "stock_order",
        "shipment",
        "stock_resolution",
        "stock_notice_sent",
    ];
    assert!(empty.iter().all(|table| reached_elsewhere.contains(table)), "{empty:?}");
}

#[test]
fn a_table_that_was_changed_is_found_and_mended() {
    let mut clinic = Clinic::new();
    for n in 0..60 {
        run(&mut clinic, Happening { kind: n % 30, who: n % 3, which: n });
    }
    let store = Arc::clone(clinic.door.store());
    let studies = clinic.door.studies();
    for (change, table) in [
        ("UPDATE participant SET phase = 'completed' WHERE participant = 'S01-001'", "participant"),
        ("DELETE FROM note", "note"),
        ("INSERT INTO contact VALUES ('S09-001', 1, NULL, 'x', NULL, 'x', 'x', 'x')", "contact"),
        ("UPDATE phase_count SET participants = participants + 1", "phase_count"),
        ("UPDATE due SET closes = '2020-01-01'", "due"),
    ] {
        projection::verify(store.as_ref(), &studies).unwrap();
        Connection::open(&clinic.path).unwrap().execute_batch(change).unwrap();
        let error = projection::verify(store.as_ref(), &studies).unwrap_err();
        assert!(
            matches!(&error, StoreError::TableDiffers { table: found, .. } if *found == table),
            "{change}: {error}"
        );
        projection::rebuild(store.as_ref(), &studies).unwrap();
    }
    let hand = Connection::open(&clinic.path).unwrap();
    hand.execute_batch("DROP TRIGGER entry_never_changes; UPDATE entry SET body = replace(body, 'rang', 'sang')")
        .unwrap();
    hand.execute_batch("UPDATE entry SET body = replace(body, 'friend', 'fiend')").unwrap();
    let error = projection::verify(store.as_ref(), &studies).unwrap_err();
    assert!(matches!(&error, StoreError::Flaw(flaw) if flaw.chain == "site/S01"), "{error}");
}

/// A rebuild makes tables that fit a log, whatever is missing in it; so it refuses where something is.
#[test]
fn a_rebuild_hides_nothing_that_is_missing() {
    let mut clinic = Clinic::new();
    for n in 0..20 {
        run(&mut clinic, Happening { kind: n % 30, who: n % 3, which: n });
    }
    let store = Arc::clone(clinic.door.store());
    let studies = clinic.door.studies();
    projection::verify(store.as_ref(), &studies).unwrap();
    let hand = Connection::open(&clinic.path).unwrap();
    hand.pragma_update(None, "foreign_keys", false).unwrap();
    let guard = |name: &str| -> String {
        hand.query_row("SELECT sql FROM sqlite_schema WHERE name = ?1", [name], |row| row.get(0)).unwrap()
    };
    let tables = dump(store.as_ref());
    for (guarded, change, back, says) in [
        (
            "entry_never_goes",
            "CREATE TEMP TABLE kept AS SELECT * FROM main.entry ORDER BY id DESC LIMIT 1; DELETE FROM main.entry WHERE id = (SELECT id FROM kept)",
            "INSERT INTO main.entry SELECT * FROM kept",
            "its newest entries are missing",
        ),
        (
            "chain_never_goes",
            "CREATE TEMP TABLE name AS SELECT * FROM main.chain WHERE name = 'site/S01'; DELETE FROM main.chain WHERE name = 'site/S01'",
            "INSERT INTO main.chain SELECT * FROM name",
            "the chain that it belongs to is not there",
        ),
        (
            "about_never_goes",
            "INSERT INTO person_erased VALUES ('S01-001', 0)",
            "DELETE FROM person_erased",
            "person_erased says that the identity of S01-001 was erased, but no entry does",
        ),
    ] {
        let sql = guard(guarded);
        hand.execute_batch(&format!("DROP TRIGGER {guarded}; {change}; {sql}")).unwrap();
        let damaged = |error: StoreError| match error {
            StoreError::Damaged { what } => assert!(what.contains(says), "{change}: {what}"),
            other => panic!("{other}"),
        };
        damaged(projection::verify(store.as_ref(), &studies).unwrap_err());
        if guarded != "about_never_goes" {
            damaged(projection::rebuild(store.as_ref(), &studies).unwrap_err());
            assert_eq!(dump(store.as_ref()), tables, "nothing was made anew");
        }
        hand.execute_batch(back).unwrap();
        projection::verify(store.as_ref(), &studies).unwrap();
    }
}

/// The tables as they were known at a time are those that stood there then.
#[test]
fn tables_as_they_were_known() {
    let mut clinic = Clinic::new();
    let mut then = Vec::new();
    for n in 0..90 {
        run(&mut clinic, Happening { kind: n % 30, who: n % 3, which: n / 2 });
        if n % 30 == 17 {
            then.push((clinic.now, dump(clinic.door.store().as_ref())));
        }
    }
    assert_eq!(then.len(), 3);
    for (at, tables) in then {
        let scratch = projection::as_of(clinic.door.store().as_ref(), &clinic.door.studies(), at).unwrap();
        for table in TABLES {
            let rows = scratch.select(&table.all_rows(), &[]).unwrap();
            assert_eq!(rows, tables[table.name], "{}", table.name);
        }
    }
}

/// A transfer carries every row that names the site to the other one.
#[test]
fn a_transfer_moves_rows_and_counts() {
    let mut clinic = Clinic::new();
    clinic.enquiry("S01");
    clinic.done(consent("S01-001"));
    let starts = clinic.now.checked_add(jiff::SignedDuration::from_hours(48)).unwrap();
    clinic.done(json!({"authorise": {"book_visit": {"participant": "S01-001", "visit": "SCREEN", "starts": starts, "mode": "on_site"}}}));
    let sites = |clinic: &Clinic, table: &str| {
        let sql = format!("SELECT DISTINCT site FROM {table} WHERE participant = 'S01-001'");
        clinic.door.store().select(&sql, &[]).unwrap()
    };
    for table in ["participant", "visit", "due"] {
        assert_eq!(sites(&clinic, table), [vec!["S01".into()]], "{table}");
    }
    clinic.done(json!({"authorise": {"transfer_participant": {"participant": "S01-001", "to": "S02"}}}));
    for table in ["participant", "visit", "due"] {
        assert_eq!(sites(&clinic, table), [vec!["S02".into()]], "{table}");
    }
    let counts = clinic.door.store().select("SELECT site FROM phase_count WHERE participants = 1", &[]).unwrap();
    assert_eq!(counts, [vec!["S02".into()]]);
    projection::verify(clinic.door.store().as_ref(), &clinic.door.studies()).unwrap();
}
