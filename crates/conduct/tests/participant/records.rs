//! Forms, corrections, strikes, medicines, adverse events: always recorded, never erased.

use crate::clinic::{Clinic, passing};
use conduct::{
    Authorisation, Command, Entry, Fact, No, Person, Phase,
    command::{
        AdverseEventOutcome, AdverseEventReport, Causality, Disclosure, MedicineReport, Seriousness, Severity,
        StopScope, Valence,
    },
};
use protocol::model::Trigger;
use std::collections::BTreeMap;
use terms::{FieldId, InstanceId, MissingReason, ParticipantId, Value};

fn clinic() -> Clinic {
    Clinic::open(protocol::embedded::load("reference-mapp2").unwrap())
}

fn weigh(id: &ParticipantId, value: Value) -> Fact {
    Fact::RecordForm {
        seen: None,
        participant: id.clone(),
        form: "weight".into(),
        visit: None,
        values: [(FieldId::from("weight_kg"), value)].into(),
    }
}

#[test]
fn what_cannot_be_read_is_answered_and_nothing_is_written() {
    let mut clinic = clinic();
    let id = clinic.screened();
    let before = clinic.log.len();
    let cases: Vec<(Fact, &str)> = vec![
        (weigh(&id, Value::Text("heavy".to_owned())), "weight_kg"),
        (weigh(&id, Value::Integer(5000)), "weight_kg"),
        (
            Fact::RecordForm {
                seen: None,
                participant: id.clone(),
                form: "no_such".into(),
                visit: None,
                values: BTreeMap::new(),
            },
            "form",
        ),
        (
            Fact::RecordForm {
                seen: None,
                participant: id.clone(),
                form: "weight".into(),
                visit: Some("V99".into()),
                values: BTreeMap::new(),
            },
            "visit",
        ),
        (
            Fact::RecordForm {
                seen: None,
                participant: id.clone(),
                form: "weight".into(),
                visit: None,
                values: [(FieldId::from("wait_kg"), Value::Integer(70))].into(),
            },
            "wait_kg",
        ),
        (Fact::RecordNote { participant: id.clone(), text: "  ".to_owned() }, "text"),
        (Fact::RecordNote { participant: "S01-999".into(), text: "who?".to_owned() }, "participant"),
    ];
    for (fact, field) in cases {
        let shown = format!("{fact:?}");
        match clinic.act("nurse", Command::Fact(fact)) {
            Err(No::Unreadable(all)) => {
                assert_eq!(all[0].field, field, "{shown}");
                assert!(!all[0].mend.is_empty());
            }
            other => panic!("{shown}: {other:?}"),
        }
    }
    assert_eq!(clinic.log.len(), before);
    // Tomorrow has not happened.
    let tomorrow = clinic.now.checked_add(jiff::SignedDuration::from_hours(24)).unwrap();
    let person = clinic.person("nurse", &Command::Fact(weigh(&id, Value::Integer(70))));
    let answer = clinic.ask(person, None, Command::Fact(weigh(&id, Value::Integer(70))), Some(tomorrow), None);
    assert!(matches!(answer, Err(No::Unreadable(_))));
}

#[test]
fn a_missing_answer_keeps_its_reason_and_raises_a_question() {
    let mut clinic = clinic();
    let id = clinic.screened();
    let written = clinic.fact("nurse", weigh(&id, Value::Missing(MissingReason::Declined)));
    assert!(written.iter().any(|w| matches!(&w.entry, Entry::FormRecorded { values, .. }
        if values.values().any(|v| *v == Value::Missing(MissingReason::Declined)))));
}

#[test]
fn a_correction_says_why_keeps_the_old_value_and_notices_a_second_hand() {
    let mut clinic = clinic();
    let id = clinic.screened();
    clinic.fact("nurse", weigh(&id, Value::Integer(71)));
    let instance = clinic.participant(&id).latest_form("weight").unwrap().0.clone();
    let correct = |value: i64, seen: u32| Fact::CorrectForm {
        participant: id.clone(),
        instance: instance.clone(),
        changes: [(FieldId::from("weight_kg"), Value::Integer(value))].into(),
        seen,
    };
    assert!(matches!(clinic.act("nurse", Command::Fact(correct(72, 0))), Err(No::Unreadable(_))), "no reason given");
    let written = clinic.because("nurse", correct(72, 0), "misread");
    let Entry::FormCorrected { changes, number, .. } = &written[0].entry else { panic!("{written:?}") };
    assert_eq!(changes["weight_kg"].old.as_ref().unwrap().to_string(), "71");
    assert_eq!(changes["weight_kg"].new.to_string(), "72");
    assert_eq!(*number, 1);
    // Somebody who had not seen that correction is told, and loses nothing.
    let answer = clinic.try_because("coordinator", correct(73, 0), "typed at the same time");
    assert!(matches!(answer, Err(No::Conflict { .. })));
    clinic.because("coordinator", correct(73, 1), "looked again");
}

#[test]
fn an_entry_for_the_wrong_participant_is_struck_and_stays_visible() {
    let mut clinic = clinic();
    let id = clinic.screened();
    clinic.fact("nurse", Fact::RecordNote { participant: id.clone(), text: "slept badly".to_owned() });
    let note = clinic.participant(&id).notes.keys().next().unwrap().clone();
    let strike =
        Fact::StrikeRecord { participant: id.clone(), instance: note.clone(), belongs_to: Some("S01-044".into()) };
    clinic.because("nurse", strike, "written in the wrong record");
    let participant = clinic.participant(&id);
    assert!(participant.notes[&note].struck && participant.notes[&note].text == "slept badly");
    assert!(participant.deviations.values().any(|d| d.trigger == Some(Trigger::WrongParticipant)));
    let unknown = Fact::StrikeRecord { participant: id.clone(), instance: InstanceId::from("x"), belongs_to: None };
    assert!(matches!(clinic.try_because("nurse", unknown, "?"), Err(No::Unreadable(_))));
}

fn event(term: &str, onset: jiff::civil::Date) -> AdverseEventReport {
    AdverseEventReport {
        term: term.to_owned(),
        onset,
        ended: None,
        severity: Severity::Mild,
        serious: Vec::new(),
        related: Causality::Possible,
        session: None,
        valence: Valence::Positive,
        special_interest: None,
        outcome: AdverseEventOutcome::Recovering,
        answers: Vec::new(),
    }
}

#[test]
fn adverse_events_at_every_point_pleasant_ones_too() {
    let mut clinic = clinic();
    let id = clinic.enquiry();
    let today = clinic.today();
    clinic.fact(
        "nurse",
        Fact::RecordAdverseEvent { participant: id.clone(), event: event("felt unusually close", today) },
    );
    clinic.consent(&id);
    let mut serious = event("taken to hospital", today);
    serious.serious = vec![Seriousness::Hospitalisation];
    let written = clinic.fact("nurse", Fact::RecordAdverseEvent { participant: id.clone(), event: serious });
    let clocks: Vec<&str> = written
        .iter()
        .filter_map(|w| match &w.entry {
            Entry::TaskRaised(task) => task.clock.as_deref(),
            _ => None,
        })
        .collect();
    assert!(!clocks.is_empty(), "a serious event starts the study's clock");
    assert_eq!(clinic.participant(&id).adverse_events.len(), 2);
    let mut wrong = event("ended before it began", today);
    wrong.ended = Some(today.yesterday().unwrap());
    let fact = Fact::RecordAdverseEvent { participant: id.clone(), event: wrong };
    assert!(matches!(clinic.act("nurse", Command::Fact(fact)), Err(No::Unreadable(_))));
}

/// What a fatal event starts, however it was written: the study's clocks for a serious event, and the stop.
#[test]
fn a_death_is_answered_however_it_is_told() {
    use AdverseEventOutcome::{Fatal, NotRecovered};
    use Seriousness::{Death, Hospitalisation};
    type Told<'a> = (&'a [Seriousness], AdverseEventOutcome, bool, bool);
    let steps: [&[Told<'_>]; 6] = [
        // grounds, outcome; whether clocks start, whether a stop is asked for
        &[(&[], Fatal, true, true), (&[Death], Fatal, false, false)],
        &[(&[Hospitalisation], Fatal, true, true)],
        &[(&[Hospitalisation], NotRecovered, true, false), (&[Hospitalisation, Death], Fatal, true, true)],
        &[(&[Hospitalisation], NotRecovered, true, false), (&[Hospitalisation], Fatal, true, true)],
        &[(&[Death], NotRecovered, true, true), (&[Death], Fatal, false, false)],
        &[(&[Hospitalisation], NotRecovered, true, false), (&[Hospitalisation], NotRecovered, false, false)],
    ];
    for told in steps {
        let mut clinic = clinic();
        let id = clinic.screened();
        let mut instance = None;
        for (serious, outcome, clocks, stop) in told {
            let mut report = event("collapsed", clinic.today());
            report.serious = serious.to_vec();
            report.outcome = *outcome;
            let participant = id.clone();
            let fact = match instance.clone() {
                None => Fact::RecordAdverseEvent { participant, event: report },
                Some(instance) => Fact::UpdateAdverseEvent { participant, instance, event: report },
            };
            let written = clinic.fact("nurse", fact);
            let tasks: Vec<_> = written
                .iter()
                .filter_map(|one| match &one.entry {
                    Entry::TaskRaised(task) => Some(task),
                    _ => None,
                })
                .collect();
            let case = format!("{told:?}: {tasks:?}");
            assert_eq!(tasks.iter().any(|task| task.clock.is_some()), *clocks, "{case}");
            assert_eq!(tasks.iter().any(|task| task.title == "Record the death as a stop"), *stop, "{case}");
            instance = clinic.participant(&id).adverse_events.keys().next().cloned();
        }
    }
}

/// What can't be meant is given back with the field, and what may stand there.
#[test]
fn what_cannot_be_meant_is_given_back_with_its_field() {
    let mut clinic = clinic();
    let id = clinic.screened();
    let today = clinic.today();
    let day = |text: &str| text.parse::<jiff::civil::Date>().unwrap();
    let of_event = |change: &dyn Fn(&mut AdverseEventReport)| {
        let mut report = event("headache", today);
        change(&mut report);
        Fact::RecordAdverseEvent { participant: id.clone(), event: report }
    };
    let of_medicine = |change: &dyn Fn(&mut MedicineReport)| {
        let mut medicine = MedicineReport {
            name: "sertraline".to_owned(),
            dose: "50 mg daily".to_owned(),
            indication: "sleep".to_owned(),
            started: None,
            taper_started: None,
            last_dose: None,
            last_change: None,
            rescue: false,
        };
        change(&mut medicine);
        Fact::RecordMedication { participant: id.clone(), medicine }
    };
    let enquiry = |language: &str| Fact::RecordEnquiry {
        site: "S01".into(),
        source: "friend".to_owned(),
        language: language.to_owned(),
    };
    let wrong = [
        ("started", of_medicine(&|m| m.started = Some(day("0001-01-01")))),
        ("last_change", of_medicine(&|m| m.last_change = Some(day("1066-10-14")))),
        (
            "taper_started",
            of_medicine(&|m| (m.started, m.taper_started) = (Some(day("2024-05-02")), Some(day("2024-05-01")))),
        ),
        ("special_interest", of_event(&|e| e.special_interest = Some("zzz".to_owned()))),
        ("serious", of_event(&|e| e.serious = vec![Seriousness::Death, Seriousness::Death])),
        ("outcome", of_event(&|e| (e.outcome, e.ended) = (AdverseEventOutcome::NotRecovered, Some(today)))),
        ("language", enquiry("klingon")),
        ("language", enquiry("xx")),
    ];
    for (field, fact) in wrong {
        match clinic.act("coordinator", Command::Fact(fact.clone())) {
            Err(No::Unreadable(all)) => {
                assert_eq!(all[0].field, field, "{fact:?}");
                assert!(!all[0].mend.is_empty());
            }
            other => panic!("{fact:?}: {other:?}"),
        }
    }
    let right = [
        of_medicine(&|m| (m.started, m.taper_started) = (Some(day("2024-05-01")), Some(day("2024-05-01")))),
        of_event(&|e| e.special_interest = Some("cardiac".to_owned())),
        of_event(&|e| (e.outcome, e.ended) = (AdverseEventOutcome::Recovered, Some(today))),
        enquiry("gsw-CH"),
    ];
    for fact in right {
        clinic.fact("coordinator", fact);
    }
}

#[test]
fn a_task_is_done_once() {
    let mut clinic = clinic();
    let id = clinic.enquiry();
    let today = clinic.today();
    let mut serious = event("taken to hospital", today);
    serious.serious = vec![Seriousness::Hospitalisation];
    clinic.fact("nurse", Fact::RecordAdverseEvent { participant: id.clone(), event: serious });
    let task = clinic.participant(&id).tasks.keys().next().unwrap().clone();
    let done = Fact::CompleteTask { participant: id.clone(), task, text: "told the sponsor by phone".to_owned() };
    clinic.fact("investigator", done.clone());
    assert!(matches!(clinic.act("investigator", Command::Fact(done)), Err(No::Conflict { .. })));
}

#[test]
fn a_form_by_the_wrong_hands_is_recorded_and_answered() {
    let mut clinic = clinic();
    let id = clinic.screened();
    let form = clinic.study.form("caps5").unwrap().id.clone();
    let values = crate::clinic::caps5(2);
    let fact = Fact::RecordForm { seen: None, participant: id.clone(), form, visit: Some("V4".into()), values };
    clinic.fact("coordinator", fact);
    assert!(clinic.participant(&id).deviations.values().any(|d| d.trigger == Some(Trigger::WrongPerson)));
}

#[test]
fn participants_answer_for_themselves_alone() {
    let mut clinic = clinic();
    let (one, other) = (clinic.screened(), clinic.screened());
    let values = passing(&clinic.study, "pcl5");
    let fact = |id: &ParticipantId| {
        Command::Fact(Fact::RecordForm {
            seen: None,
            participant: id.clone(),
            form: "pcl5".into(),
            visit: None,
            values: values.clone(),
        })
    };
    let me = Person::Participant(one.clone());
    clinic.ask(me.clone(), None, fact(&one), None, None).unwrap();
    assert!(matches!(clinic.ask(me.clone(), None, fact(&other), None, None), Err(No::NotYours { .. })));
    let enrol = Command::Authorise(Authorisation::Enrol { participant: one });
    assert!(matches!(clinic.ask(me, None, enrol, None, None), Err(No::NotYours { .. })));
}

#[test]
fn ratings_are_opaque_taken_once_and_by_somebody_new() {
    let mut clinic = clinic();
    let id = clinic.enrolled();
    let request = Authorisation::RequestRating { participant: id.clone(), visit: "V4".into() };
    clinic.may("coordinator", request.clone()).unwrap();
    assert!(matches!(clinic.may("coordinator", request), Err(No::Refused(r)) if r.broken[0].rule == "rating.visit"));
    let (rating, pseudonym) = {
        let (request, rating) = clinic.participant(&id).ratings.iter().next().unwrap();
        (request.clone(), rating.pseudonym.clone())
    };
    assert!(!pseudonym.contains("S01") && !rating.as_str().contains("V4"));
    let take = Authorisation::TakeRating { request: rating.clone() };
    assert!(matches!(clinic.may("coordinator", take.clone()), Err(No::NotYours { .. })));
    clinic.may("independent_rater", take.clone()).unwrap();
    assert!(matches!(clinic.may("independent_rater", take), Err(No::Refused(r)) if r.broken[0].rule == "rating.free"));
    let fact = Fact::RecordRating {
        request: rating,
        form: "caps5".into(),
        values: crate::clinic::caps5(2),
        disclosure: Disclosure::ArmHint,
    };
    let written = clinic.fact("independent_rater", fact);
    assert!(written.iter().any(|w| matches!(&w.entry, Entry::FormRecorded { scores, .. }
        if scores["total"].value.as_ref().unwrap().to_string() == "40")));
    assert!(clinic.participant(&id).deviations.values().any(|d| d.trigger == Some(Trigger::RaterUnblinded)));
}

#[test]
fn f_98_stopping_treatment_does_not_stop_the_follow_up() {
    let mut clinic = clinic();
    let id = clinic.assigned();
    let reason = clinic.study.follow_up.reasons[0].code.clone();
    let stop =
        Fact::RecordStop { participant: id.clone(), scope: StopScope::Treatment, reason, text: "enough".to_owned() };
    clinic.fact("coordinator", stop);
    assert_eq!(clinic.participant(&id).phase, Phase::FollowUp);
    let applies = |visit: &str| {
        let visit = clinic.study.visit(visit).unwrap();
        conduct::schedule::applies(&clinic.study, clinic.participant(&id), visit)
    };
    assert!(!applies("V5") && !applies("V7"));
    assert!(applies("V19") && applies("LT1"));
}
