//! Doubled submits, and two people at one form: nothing is written twice, and nothing that was typed is lost.

use crate::clinic::{Clinic, study};
use conduct::{Authorisation, Command, Entry, Fact, No};
use record::{Answer, People, SealedPerson};
use std::sync::Arc;
use terms::{InstanceId, ParticipantId, Value};

fn clinic() -> (Clinic, ParticipantId) {
    let mut clinic = Clinic::open(study("small"));
    let id = clinic.enquiry();
    clinic.later(1).consent(&id);
    (clinic, id)
}

fn weight(clinic: &mut Clinic, id: &ParticipantId) -> InstanceId {
    let written = clinic.form(id, "weight", Some("SCREEN"));
    let recorded = written.iter().find_map(|one| match &one.entry {
        Entry::FormRecorded { instance, .. } => Some(instance.clone()),
        _ => None,
    });
    recorded.unwrap()
}

fn correction(id: &ParticipantId, instance: &InstanceId, kilograms: &str, seen: u32) -> Command {
    let changes = [("weight_kg".into(), Value::Decimal(kilograms.parse().unwrap()))].into();
    Command::Fact(Fact::CorrectForm { participant: id.clone(), instance: instance.clone(), changes, seen })
}

/// The browser's back button, a nervous finger, a page that was sent twice: each kind of answer is the first one again.
#[test]
fn the_same_request_twice_is_one() {
    let (mut clinic, id) = clinic();
    let note = Command::Fact(Fact::RecordNote { participant: id.clone(), text: "rang back".to_owned() });
    let enrol = Command::Authorise(conduct::Authorisation::Enrol { participant: id.clone() });
    for (second, command) in [(None, note), (Some("medical_monitor"), enrol)] {
        let asked = clinic.asked("investigator", second, command);
        let first = clinic.door.ask(&asked).unwrap();
        let entries = clinic.count("entry");
        let again = clinic.door.ask(&asked).unwrap();
        match (&first, &again) {
            (Answer::Done(first), Answer::Done(again)) => {
                assert_eq!(first.entries, again.entries);
                assert!(!first.repeated && again.repeated);
            }
            (Answer::No(first), Answer::No(again)) => assert_eq!(first, again),
            other => panic!("{other:?}"),
        }
        assert_eq!(clinic.count("entry"), entries, "nothing was written the second time");
        // Another program on the same file gives the first answer too.
        let store = record::SqliteStore::open(&clinic.path, record::projection::TABLES).unwrap();
        let other = record::Door::new(std::sync::Arc::new(store), (*clinic.door.studies()).clone(), None, "journeys");
        match (other.ask(&asked).unwrap(), &again) {
            (Answer::Done(there), Answer::Done(here)) => assert_eq!(there.entries, here.entries),
            (Answer::No(there), Answer::No(here)) => assert_eq!(there, *here),
            other => panic!("{other:?}"),
        }
    }
    clinic.prove();
}

#[test]
fn the_same_id_for_something_else_is_a_conflict() {
    let (mut clinic, id) = clinic();
    let say = |text: &str| Command::Fact(Fact::RecordNote { participant: id.clone(), text: text.to_owned() });
    let asked = clinic.asked("coordinator", None, say("rang back"));
    clinic.give(&asked).unwrap();
    let entries = clinic.count("entry");
    let mut other = asked.clone();
    other.request.command = say("something else");
    assert!(matches!(clinic.give(&other), Err(No::Conflict { .. })));
    let mut somebody_else = asked.clone();
    somebody_else.actor.person = conduct::Person::Staff("nurse".into());
    assert!(matches!(clinic.give(&somebody_else), Err(No::Conflict { .. })));
    assert_eq!(clinic.count("entry"), entries);
    assert_eq!(clinic.participant(&id).notes.len(), 1);
}

/// Both opened the form when it had no corrections. The second is told, and what they typed is still theirs to give again.
#[test]
fn two_people_correct_one_form_at_once() {
    let (mut clinic, id) = clinic();
    let instance = weight(&mut clinic, &id);
    let one = clinic.asked("nurse", None, correction(&id, &instance, "72.5", 0));
    let mut two = clinic.asked("coordinator", None, correction(&id, &instance, "75.2", 0));
    let with_reason = |asked: &record::Asked| {
        let mut asked = asked.clone();
        asked.request.reason = Some("read from the scales again".to_owned());
        asked
    };
    clinic.give(&with_reason(&one)).unwrap();
    let entries = clinic.count("entry");
    let no = clinic.give(&with_reason(&two)).unwrap_err();
    assert!(matches!(no, No::Conflict { .. }), "{no:?}");
    assert!(no.to_string().len() > 20, "a sentence that says what to do: {no}");
    assert_eq!(clinic.count("entry"), entries, "nothing half-written");
    // They look at the form as it stands now and decide again, under a new request.
    two.request.id = "request-again".to_owned();
    two.request.command = correction(&id, &instance, "75.2", 1);
    clinic.give(&with_reason(&two)).unwrap();
    let person = clinic.participant(&id);
    let form = &person.forms[&instance];
    assert_eq!(form.values["weight_kg"], Value::Decimal("75.2".parse().unwrap()));
    // Every value that ever stood there is in the record, with who and why.
    let history: Vec<_> = clinic
        .log()
        .into_iter()
        .filter_map(|one| match one.entry {
            Entry::FormCorrected { changes, number, .. } => {
                let change = changes.into_values().next().unwrap();
                Some((number, change.old.unwrap().to_string(), change.new.to_string(), one.stamp.reason.clone()))
            }
            _ => None,
        })
        .collect();
    let why = Some("read from the scales again".to_owned());
    assert_eq!(
        history,
        [(1, "71.5".to_owned(), "72.5".to_owned(), why.clone()), (2, "72.5".to_owned(), "75.2".to_owned(), why)]
    );
    clinic.prove();
}

/// The same race with threads: of eight who correct at once exactly one is first, the others are told.
#[test]
fn of_many_at_once_one_is_first() {
    let (mut clinic, id) = clinic();
    let instance = weight(&mut clinic, &id);
    let all: Vec<record::Asked> = (0..8)
        .map(|n| {
            let mut asked = clinic.asked("nurse", None, correction(&id, &instance, &format!("8{n}.5"), 0));
            asked.request.reason = Some("typing error".to_owned());
            asked
        })
        .collect();
    let door = &clinic.door;
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let asking: Vec<_> = all.iter().map(|asked| scope.spawn(move || door.ask(asked).unwrap())).collect();
        asking.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let done = answers.iter().filter(|answer| matches!(answer, Answer::Done(_))).count();
    let conflicts = answers.iter().filter(|answer| matches!(answer, Answer::No(No::Conflict { .. }))).count();
    assert_eq!((done, conflicts), (1, 7), "{answers:?}");
    clinic.prove();
}

/// What was known on a date, before and after a correction: `--as-of`.
#[test]
fn the_record_as_it_was_known_before_a_correction() {
    let (mut clinic, id) = clinic();
    let instance = weight(&mut clinic, &id);
    let before = clinic.now;
    clinic.later(10);
    let because = "typing error";
    clinic.because("nurse", correction(&id, &instance, "68.5", 0), because).unwrap();
    let stream = conduct::StreamId::Participant(id.clone());
    let known = |as_of| {
        let folded = clinic.door.folded_as_of(&stream, as_of).unwrap();
        let person = folded.participant().unwrap().clone();
        (person.forms[&instance].values["weight_kg"].to_string(), person.version)
    };
    assert_eq!(known(before).0, "71.5");
    assert_eq!(known(clinic.now).0, "68.5");
    assert_eq!(known(clinic.now).1, known(before).1 + 1);
    // The day before the first call nobody was known.
    let long_ago = before.checked_sub(jiff::SignedDuration::from_hours(24 * 30)).unwrap();
    assert!(clinic.door.folded_as_of(&stream, long_ago).unwrap().participant().is_none());
}

/// Somebody who withdrew consent asks to be erased: who they are goes for good, the record keeps code and history and is proved.
#[test]
fn who_withdrew_is_erased_and_the_record_stays_whole() {
    let (mut clinic, id) = clinic();
    let draw: Box<record::Draw> = Box::new(|bytes| {
        bytes.fill(3);
        Ok(())
    });
    let people = People::new(Arc::clone(clinic.door.store()), chain::Key::from_array([7; 32]), draw);
    people.keep(&id, &[("name", "Quillon Vexley"), ("escort", "a neighbour, 000 111")]).unwrap();
    weight(&mut clinic, &id);
    let erase = Command::Authorise(Authorisation::EraseIdentity { participant: id.clone() });
    let early = clinic.because("coordinator", erase.clone(), "asked by letter");
    assert!(matches!(early, Err(No::Refused(_))), "{early:?}");
    assert!(people.values(&id).unwrap().is_some(), "a refusal erases nothing");
    let stop = Fact::RecordStop {
        participant: id.clone(),
        scope: conduct::command::StopScope::Consent,
        reason: "wish".to_owned(),
        text: String::new(),
    };
    clinic.act("coordinator", Command::Fact(stop)).unwrap();
    let forms = clinic.door.participant(&id).unwrap().unwrap().forms.len();
    let written = clinic.because("coordinator", erase, "asked by letter").unwrap();
    assert!(written.iter().any(|one| one.entry == Entry::IdentityErased));
    assert!(people.values(&id).unwrap().is_none() && people.find("Vexley", 9).unwrap().is_empty());
    let after = clinic.door.participant(&id).unwrap().unwrap();
    assert!(after.erased.is_some() && after.forms.len() == forms, "the record stays whole");
    clinic.prove();
    let sealed = SealedPerson::default();
    assert!(clinic.door.store().person_keep(id.as_str(), &sealed).is_err(), "nobody can be put behind the code again");
}
