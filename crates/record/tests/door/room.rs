//! A session's day in the store: a server that starts again in the middle, and a tablet's held facts.

use crate::clinic::{Clinic, count};
use conduct::{No, command::DosePart};
use jiff::{SignedDuration, Timestamp};
use record::{Answer, Receipt, projection};
use serde_json::{Value, json};

fn fact(name: &str, rest: &Value) -> Value {
    let mut fields = json!({"participant": "S01-001", "session": 1});
    fields.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    json!({"fact": {name: fields}})
}

fn prove(clinic: &Clinic) {
    projection::verify(clinic.door.store().as_ref(), &clinic.door.studies()).unwrap_or_else(|error| panic!("{error}"));
}

/// Somebody who has swallowed a first dose; a fact needs no permission, and says that there was none.
fn dosed() -> (Clinic, Timestamp) {
    let mut clinic = Clinic::new();
    clinic.enquiry("S01");
    let swallow = json!({"part": "initial", "container": "1000001", "pieces": 2, "mouth_checked": true});
    clinic.done(fact("record_swallow", &swallow));
    let at = clinic.now;
    (clinic, at)
}

/// The server starts again at minute 89: the clock of the session, the supplement's window and what is due are what the
/// record says, and a reading of minute 85 that was not answered before the stop lands once.
#[test]
fn f_93_the_server_starts_again_at_minute_89() {
    let (mut clinic, at) = dosed();
    let reading = json!({"measures": {"systolic": "150", "diastolic": "90", "temperature": "37.0"}});
    clinic.now = at.checked_add(SignedDuration::from_mins(85 - 7)).unwrap();
    let mut held = clinic.asked(fact("record_reading", &reading));
    held.request.at = Some(clinic.now);
    held.request.sent = Some(clinic.now);
    let first = clinic.door.ask(&held).unwrap();
    let before = clinic.door.participant(&"S01-001".into()).unwrap().unwrap();
    let entries = clinic.entries();
    // The answer never reached the tablet: the server stops, and another one starts on the same file.
    clinic.door = clinic.another_door();
    clinic.now = at.checked_add(SignedDuration::from_mins(89)).unwrap();
    let after = clinic.door.participant(&"S01-001".into()).unwrap().unwrap();
    assert_eq!(after, before);
    let session = &after.sessions[&1];
    assert_eq!(session.swallow(DosePart::Initial).unwrap().at, at);
    let times = session.supplement_times.as_ref().unwrap();
    assert_eq!(times.opens, at.checked_add(SignedDuration::from_mins(90)).unwrap());
    // The tablet sends what it holds again, later by its clock: the same answer, nothing new.
    let mut again = held.clone();
    again.now = clinic.now;
    again.request.sent = Some(clinic.now);
    again.act = "another".into();
    let Answer::Done(receipt) = first else { panic!("not done") };
    let repeated = Answer::Done(Receipt { entries: receipt.entries, repeated: true });
    assert_eq!(clinic.door.ask(&again).unwrap(), repeated);
    assert_eq!(clinic.entries(), entries);
    assert_eq!(session.readings.iter().filter(|reading| reading.slot.as_deref() == Some("V-d")).count(), 1);
    prove(&clinic);
}

/// Corrections, strikes, alarms, cards, calls and signatures have rows, and a replay makes the same.
#[test]
fn the_room_reaches_the_tables() {
    let (mut clinic, _) = dosed();
    let instance = |clinic: &Clinic, sql: &str| {
        let rows = clinic.door.store().select(sql, &[]).unwrap();
        rows[0][0].as_text().unwrap().to_owned()
    };
    clinic.done(fact("record_reading", &json!({"measures": {"systolic": "165", "diastolic": "90"}})));
    let reading = instance(&clinic, "SELECT instance FROM vital");
    clinic.done(fact("correct_reading", &json!({"reading": reading, "measures": {"systolic": "156"}})));
    let breach = clinic.door.store().select("SELECT corrected FROM breach", &[]).unwrap();
    assert_eq!(breach, [vec![1i64.into()]]);
    clinic.done(fact("record_session_note", &json!({"code": "DRINK", "number": "200"})));
    let note = instance(&clinic, "SELECT instance FROM session_note");
    clinic.done(fact("correct_session_note", &json!({"note": note, "code": "DRINK", "number": "250"})));
    clinic.done(json!({"fact": {"strike_record": {"participant": "S01-001", "instance": note}}}));
    let struck = clinic.door.store().select("SELECT struck, corrections FROM session_note", &[]).unwrap();
    assert_eq!(struck, [vec![1i64.into(), 1i64.into()]]);
    clinic.done(fact("open_card", &json!({"card": "hypertension"})));
    let card = instance(&clinic, "SELECT instance FROM session_card");
    clinic.done(fact("tick_card", &json!({"card": card, "step": 0})));
    let alarm = instance(&clinic, "SELECT instance FROM session_alarm WHERE alarm = 'card'");
    let call = json!({"contact": "physician", "reached": true, "alarm": alarm});
    clinic.done(fact("call_contact", &call));
    clinic.done(fact("close_card", &json!({"card": card, "text": "settled"})));
    clinic.done(fact("record_night_check", &json!({"awake": true, "distress": 3, "signs": ["confusion"]})));
    for (table, rows) in
        [("session_correction", 2), ("session_card", 1), ("card_step", 1), ("session_call", 1), ("session_note", 2)]
    {
        assert_eq!(count(clinic.door.store().as_ref(), table), rows, "{table}");
    }
    assert!(count(clinic.door.store().as_ref(), "session_alarm") >= 2);
    prove(&clinic);
    // Nothing of it is readable without words, and nothing panics.
    let unknown = clinic.ask(fact("tick_card", &json!({"card": "nothing", "step": 0})));
    assert!(matches!(unknown, Answer::No(No::Unreadable(_))), "{unknown:?}");
}
