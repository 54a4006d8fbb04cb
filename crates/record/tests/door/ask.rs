//! Asking: once, twice, at once, by two programs.

use crate::clinic::{Clinic, asked, consent, count, enquiry, note};
use conduct::{Entry, No, StreamId};
use record::{Answer, Folded, Receipt, projection};
use serde_json::json;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use terms::ParticipantId;

fn prove(clinic: &Clinic) -> projection::Proved {
    projection::verify(clinic.door.store().as_ref(), &clinic.door.studies()).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn what_is_done_is_in_the_log_and_in_the_tables() {
    let mut clinic = Clinic::new();
    let participant = clinic.enquiry("S01");
    assert_eq!(participant.as_str(), "S01-001");
    clinic.done(consent("S01-001"));
    clinic.done(note("S01-001", "rang back"));
    let store = clinic.door.store();
    let row = store.select("SELECT phase, consented_on, entries FROM participant WHERE participant = 'S01-001'", &[]);
    let state = clinic.door.participant(&participant).unwrap().unwrap();
    assert_eq!(row.unwrap(), [vec!["screening".into(), "2026-01-05".into(), (state.version as i64).into()]]);
    assert_eq!(store.select("SELECT words FROM note", &[]).unwrap(), [vec!["rang back".into()]]);
    let phases = store.select("SELECT site, phase, participants FROM phase_count WHERE participants <> 0", &[]);
    assert_eq!(phases.unwrap(), [vec!["S01".into(), "screening".into(), 1i64.into()]]);
    assert!(count(store.as_ref(), "due") > 0);
    assert_eq!(prove(&clinic).entries, clinic.entries());
}

/// Who treats at any site is not made a rater, and a rater is let treat at none: the door reads every roster for it.
#[test]
fn raters_and_carers_are_apart_across_sites() {
    let mut clinic = Clinic::new();
    let grant = |staff: &str| json!({"authorise": {"grant_role": {"staff": staff, "role": "independent_rater"}}});
    let delegate = |site: &str, staff: &str| json!({"authorise": {"delegate": {"site": site, "staff": staff, "role": "lead_therapist", "from": "2026-01-05"}}});
    let refused = |answer: Answer| match answer {
        Answer::No(No::Refused(refusal)) => refusal.broken.iter().map(|broken| broken.rule).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    for site in ["S01", "S02"] {
        let treats = format!("{site}-lead_therapist-A");
        assert_eq!(refused(clinic.ask(grant(&treats))), ["delegation.rater_apart"]);
    }
    clinic.done(grant("rater"));
    assert_eq!(refused(clinic.ask(delegate("S02", "rater"))), ["delegation.rater_apart"]);
    // Whoever treats no more may rate.
    let staff = "S02-lead_therapist-B";
    clinic.done(json!({"fact": {"end_delegation": {"site": "S02", "staff": staff, "role": "lead_therapist"}}}));
    clinic.done(grant(staff));
    prove(&clinic);
}

/// A role goes to somebody who can sign in and prove who they are; the program alone sets up before there are accounts.
#[test]
fn a_role_goes_to_somebody_with_an_account() {
    let mut clinic = Clinic::new();
    let grant = |staff: &str| json!({"authorise": {"grant_role": {"staff": staff, "role": "administrator"}}});
    let delegate = |staff: &str| json!({"authorise": {"delegate": {"site": "S01", "staff": staff, "role": "nurse", "from": "2026-01-05"}}});
    clinic.done(grant("admin"));
    let known = ["admin", "nora"];
    clinic.door.directory(Box::new(move |staff| Ok(known.contains(&staff.as_str()))));
    let mut by_admin = |command| {
        let mut asked = clinic.asked(command);
        asked.actor.person = conduct::Person::Staff("admin".into());
        clinic.door.ask(&asked).unwrap()
    };
    for command in [grant("ghost"), delegate("zz")] {
        match by_admin(command) {
            Answer::No(No::Unreadable(all)) => assert_eq!((all[0].field.as_str(), all.len()), ("staff", 1)),
            other => panic!("{other:?}"),
        }
    }
    for command in [grant("nora"), delegate("nora")] {
        let answer = by_admin(command);
        assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
    }
    clinic.done(delegate("set up by the program"));
}

#[test]
fn the_same_request_again_gives_the_first_answer_again() {
    let mut clinic = Clinic::new();
    clinic.enquiry("S01");
    let asked = clinic.asked(note("S01-001", "once"));
    let Answer::Done(first) = clinic.door.ask(&asked).unwrap() else { panic!("not done") };
    let before = clinic.entries();
    for door in [&clinic.door, &clinic.another_door()] {
        let mut later = asked.clone();
        later.now = clinic.now.checked_add(jiff::SignedDuration::from_hours(1)).unwrap();
        later.act = "another act".into();
        let again = door.ask(&later).unwrap();
        assert_eq!(again, Answer::Done(Receipt { entries: first.entries.clone(), repeated: true }));
    }
    let mut other = asked.clone();
    other.request.reason = Some("another reason".into());
    assert!(matches!(clinic.door.ask(&other).unwrap(), Answer::No(No::Conflict { .. })));
    let mut somebody = asked.clone();
    somebody.actor.person = conduct::Person::Staff("else".into());
    assert!(matches!(clinic.door.ask(&somebody).unwrap(), Answer::No(No::Conflict { .. })));
    assert_eq!(clinic.entries(), before);
    prove(&clinic);
}

/// Whoever listens is told which streams moved, once an append, and nothing where nothing was written.
#[test]
fn the_listener_is_told_what_moved() {
    let mut clinic = Clinic::new();
    let told = Arc::new(Mutex::new(Vec::<Vec<StreamId>>::new()));
    let heard = Arc::clone(&told);
    clinic.door.listen(Box::new(move |streams| heard.lock().unwrap().push(streams.to_vec())));
    clinic.enquiry("S01");
    let asked = clinic.asked(note("S01-001", "rang back"));
    clinic.door.ask(&asked).unwrap();
    let participant = StreamId::Participant("S01-001".into());
    let so_far = told.lock().unwrap().clone();
    assert_eq!(so_far.len(), 2, "{so_far:?}");
    assert!(so_far.iter().all(|streams| streams.contains(&participant)), "{so_far:?}");
    assert_eq!(so_far[1], [participant]);
    // The first answer again, and what can't be read.
    clinic.door.ask(&asked).unwrap();
    clinic.ask(note("S01-999", "nobody"));
    assert_eq!(told.lock().unwrap().len(), 2);
}

/// Eight at once with one id: one is written, all are told the same.
#[test]
fn doubled_submits_write_once() {
    let mut clinic = Clinic::new();
    clinic.enquiry("S01");
    let before = clinic.entries();
    let asked = clinic.asked(note("S01-001", "clicked eight times"));
    let fresh = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| match clinic.door.ask(&asked).unwrap() {
                Answer::Done(receipt) => {
                    assert_eq!(receipt.entries.len(), 1);
                    fresh.fetch_add(u32::from(!receipt.repeated), Ordering::Relaxed);
                }
                Answer::No(no) => panic!("{no}"),
            });
        }
    });
    assert_eq!(fresh.into_inner(), 1);
    assert_eq!(clinic.entries(), before + 1);
}

#[test]
fn a_refusal_is_given_again_and_one_that_was_mended_is_decided_anew() {
    let mut clinic = Clinic::new();
    clinic.enquiry("S01");
    let asked = clinic.asked(json!({"authorise": {"enrol": {"participant": "S01-001"}}}));
    let Answer::No(first) = clinic.door.ask(&asked).unwrap() else { panic!("enrolled without consent") };
    assert!(matches!(&first, No::Refused(refusal) if refusal.broken.len() > 1));
    clinic.done(consent("S01-001"));
    let before = clinic.entries();
    assert_eq!(clinic.door.ask(&asked).unwrap(), Answer::No(first.clone()), "the same request, the same answer");
    let mut mended = asked.clone();
    mended.actor.signed = false;
    let Answer::No(second) = clinic.door.ask(&mended).unwrap() else { panic!("enrolled without screening") };
    assert_ne!(first, second, "asked otherwise, it is decided on what stands now");
    assert_eq!(clinic.entries(), before);
    prove(&clinic);
}

#[test]
fn what_cannot_be_read_leaves_no_trace() {
    let mut clinic = Clinic::new();
    let before = (clinic.entries(), count(clinic.door.store().as_ref(), "act"));
    for command in [
        note("S09-001", "nobody"),
        enquiry("S09"),
        json!({"fact": {"record_rating_missed": {"request": "none", "text": "x"}}}),
    ] {
        assert!(matches!(clinic.ask(command), Answer::No(No::Unreadable(_))));
    }
    assert_eq!((clinic.entries(), count(clinic.door.store().as_ref(), "act")), before);
}

/// Everybody enters things at one site at once; nobody's act is lost and the roster gives out no number twice.
#[test]
fn many_people_at_once() {
    let mut clinic = Clinic::new();
    clinic.enquiry("S01");
    let other = clinic.another_door();
    let doors = [&clinic.door, &other];
    let now = clinic.now;
    std::thread::scope(|scope| {
        for person in 0..6u32 {
            let door = doors[person as usize % 2];
            scope.spawn(move || {
                for n in 0..12 {
                    let number = 1000 + person * 100 + n;
                    let command = if n % 3 == 0 { enquiry("S01") } else { note("S01-001", "at once") };
                    match door.ask(&asked(number, now, command)).unwrap() {
                        Answer::Done(receipt) => assert!(!receipt.repeated),
                        Answer::No(no) => panic!("{no}"),
                    }
                }
            });
        }
    });
    let store = clinic.door.store();
    assert_eq!(count(store.as_ref(), "participant"), 25);
    assert_eq!(count(store.as_ref(), "note"), 48);
    assert_eq!(clinic.door.site(&"S01".into()).unwrap().last_number, 25);
    let seen = clinic.door.participant(&ParticipantId::from("S01-001")).unwrap().unwrap();
    assert_eq!(seen.notes.len(), 48);
    prove(&clinic);
}

#[test]
fn as_it_was_known() {
    let mut clinic = Clinic::new();
    clinic.enquiry("S01");
    let then = clinic.now;
    clinic.done(consent("S01-001"));
    let stream = StreamId::Participant("S01-001".into());
    let phase = |folded: Folded| folded.participant().map(|participant| participant.phase);
    assert_eq!(phase(clinic.door.folded_as_of(&stream, then).unwrap()), Some(conduct::Phase::Enquiry));
    assert_eq!(phase(clinic.door.folded_as_of(&stream, clinic.now).unwrap()), Some(conduct::Phase::Screening));
    let before = "2025-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(phase(clinic.door.folded_as_of(&stream, before).unwrap()), None);
}

#[test]
fn a_disk_that_is_full_is_said_to_be_full() {
    let mut clinic = Clinic::new();
    clinic.enquiry("S01");
    let store = record::SqliteStore::open(&clinic.path, projection::TABLES).unwrap();
    store.limit_pages(0).unwrap();
    let door = record::Door::new(std::sync::Arc::new(store), crate::clinic::studies(), None, "test");
    let (mut kept, mut number) = (0, 5000);
    let error = loop {
        number += 1;
        match door.ask(&asked(number, clinic.now, note("S01-001", &"x".repeat(3000)))) {
            Ok(answer) => kept += u64::from(matches!(answer, Answer::Done(_))),
            Err(error) => break error,
        }
    };
    assert_eq!(error.code(), "record.full");
    assert_eq!(count(clinic.door.store().as_ref(), "note"), kept);
    assert_eq!(
        door.participant(&"S01-001".into()).unwrap().unwrap().notes.len() as u64,
        kept,
        "memory goes with the disk"
    );
    prove(&clinic);
}

#[test]
fn a_rating_is_found_by_its_request() {
    let mut clinic = Clinic::new();
    clinic.enquiry("S01");
    clinic.done(consent("S01-001"));
    let asked = clinic.ask(json!({"authorise": {"request_rating": {"participant": "S01-001", "visit": "BASE"}}}));
    let Answer::Done(receipt) = asked else { panic!("{asked:?}") };
    let Entry::RatingRequested { request, .. } = &receipt.entries[0].entry else { panic!("no request") };
    let missed = clinic.done(json!({"fact": {"record_rating_missed": {"request": request, "text": "ill"}}}));
    assert_eq!(missed[0].stream, StreamId::Participant("S01-001".into()));
    prove(&clinic);
}
