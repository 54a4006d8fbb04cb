//! First call to last visit of one participant in the reference study, through the real door and a real file.

use crate::clinic::{Clinic, day::Day, study};
use conduct::{
    Authorisation, Entry, Fact, Person, Phase, StreamId,
    command::{MedicineReport, VisitOutcome},
};
use jiff::SignedDuration;
use record::{fold, projection};
use terms::ParticipantId;

/// What is said and done from the morning until somebody takes over for the night. The dose is at ten.
const BEFORE_THE_DOSE: &str = "
    08:00 coordinator: check identity identifiers yes photograph yes
    08:01 coordinator: check interval
    08:02 coordinator: check contact reached yes
    08:03 coordinator: check escort
    08:10 lead_therapist: in
    08:12 co_therapist: in
    08:15 lead_therapist: check consent_reaffirmed capable yes free yes knows_may_stop yes
    08:16 lead_therapist: check recording camera_works yes
    08:18 lead_therapist: check touch agreed_again yes stop_word_tried yes
    08:20 lead_therapist: check therapists_fit lead_fit yes co_fit yes
    08:22 nurse: check contraindications new_illness no new_injury no new_procedure no
    08:24 nurse: check medicines barred_24h no
    08:26 nurse: check drug_screen
    08:27 nurse: check weight
    08:28 nurse: check ecg
    08:29 nurse: check sodium needed no
    08:30 nurse: check rescue_kit sealed_in_date yes devices yes
    08:32 lead_therapist: check suicide_risk
    09:05 nurse: check pressure systolic_1 151 diastolic_1 92 systolic_2 149 diastolic_2 91 systolic_3 147 diastolic_3 90
    09:06 nurse: check heart_rate rate_bpm 78 trained no
    09:07 nurse: check temperature celsius 36.8
    09:08 nurse: check room celsius 21
    09:09 nurse: check oxygen percent 98
    09:10 lead_therapist: check distress rating 4
    09:12 nurse: check fasting hours_since_food 10 alcohol_24h no cannabis_24h no stimulant_2h no
    09:20 prescriber: check physician_go go yes reachable yes
    09:32 pharmacist: release | refused release.two_people
    09:33 pharmacist+coordinator: release
    09:34 lead_therapist+co_therapist: allow K1 | refused session.check/pressure
    09:35 nurse: check pressure systolic_1 138 diastolic_1 86 systolic_2 134 diastolic_2 84 systolic_3 132 diastolic_3 84
    09:45 nurse: reading systolic 134 diastolic 84 heart_rate 76 temperature 36.8
    09:58 lead_therapist: allow K1 | refused dose.two_people
    09:59 lead_therapist+co_therapist: allow K1
";

/// From the dose until somebody takes over for the night; `PIECES` is how many the level has.
const AFTER_THE_DOSE: &str = "
    10:00 lead_therapist+co_therapist: swallow K1 PIECES
    10:31 nurse: reading systolic 142 diastolic 88 heart_rate 88
    10:40 lead_therapist: note ONSET
    11:00 nurse: reading systolic 150 diastolic 92 heart_rate 96 temperature 37.2
    11:25 nurse: reading systolic 148 diastolic 90 heart_rate 94 temperature 37.3
    11:28 lead_therapist+co_therapist: open K2 | refused supplement.window
    11:32 lead_therapist+co_therapist: open K2
    11:34 lead_therapist+co_therapist: supplement K2 1
    12:30 nurse: reading systolic 146 diastolic 90 heart_rate 92 temperature 37.3
    13:00 co_therapist: note DRINK 250
    13:30 nurse: reading systolic 142 diastolic 88 heart_rate 90
    14:30 nurse: reading systolic 140 diastolic 86 heart_rate 88 temperature 37.1
    15:00 co_therapist: out
    15:10 co_therapist: in
    16:00 nurse: reading systolic 134 diastolic 84 heart_rate 82
    18:00 nurse: reading systolic 128 diastolic 80 heart_rate 74 temperature 36.8
    18:02 lead_therapist: check time_passed
    18:05 nurse: check vitals_settled systolic_1 130 diastolic_1 82 systolic_2 128 diastolic_2 80 within_tenth yes rate_bpm 74 celsius 36.8
    18:06 lead_therapist: check steady oriented yes walks yes ate_and_drank yes vomited_60 no
    18:07 lead_therapist: check distress_settled rating 2 own_wish_agreed no
    18:08 lead_therapist: check suicide_risk_after
    18:10 lead_therapist: check events_reviewed asked yes owned yes
    18:11 lead_therapist: check instructions given yes
    18:12 night_attendant: check handed_over taken_over yes
    18:13 lead_therapist: check participant_agrees agrees yes
    18:14 lead_therapist: check therapists_agree lead_agrees yes co_agrees yes
    18:20 lead_therapist+co_therapist: discharge
    18:25 night_attendant: leaves overnight night attendant
    20:30 night_attendant: night awake 2
    22:40 night_attendant: night awake 3
    +1 00:50 night_attendant: night asleep
    +1 03:00 night_attendant: night asleep
    +1 05:10 night_attendant: night asleep
";

const IN_THE_NIGHT: &str = "
    +1 06:30 night_attendant: night asleep
";

const THE_MORNING_AFTER: &str = "
    +1 08:00 pharmacist: back K1 0
    +1 08:05 pharmacist: back K2 0
    +1 12:00 lead_therapist: leaves home sister
    +1 12:02 co_therapist: sign
    +1 12:05 lead_therapist: close
";

/// One dosing session in full: booked, ordered, held, closed the morning after the first integration session. `change` says a
/// line as another study says it, or leaves it out.
pub fn dosing_session(
    clinic: &mut Clinic,
    id: &ParticipantId,
    number: u8,
    integration: &str,
    change: &dyn Fn(&str) -> Option<String>,
) -> Day {
    let changed = |script: &str| script.lines().filter_map(change).collect::<Vec<_>>().join("\n");
    let mut session = Day::new(clinic, id, number);
    let visit = session.visit.clone();
    clinic.on_to_visit(id, &visit);
    let date = clinic.today().tomorrow().unwrap();
    let starts = date.at(8, 0, 0, 0).to_zoned(clinic.zone(clinic.here())).unwrap().timestamp();
    clinic.book(id, &visit, starts).unwrap();
    let plan = clinic.study.dose.sessions.iter().find(|plan| plan.number == number).unwrap();
    let level = plan.level_default.clone();
    let pieces = clinic.study.level(level.as_str()).unwrap().initial_pieces;
    let today = clinic.today();
    session.run(clinic, today, &format!("15:00 prescriber: order {level}"));
    session.run(clinic, date, "07:30 coordinator: came");
    for form in clinic.forms_of(&visit) {
        clinic.form(id, form.as_str(), Some(&visit));
    }
    clinic.form(id, "escort", Some(&visit));
    session.run(clinic, date, &changed(BEFORE_THE_DOSE));
    session.run(clinic, date, &changed(&AFTER_THE_DOSE.replace("PIECES", &pieces.to_string())));
    clinic.clock(date.tomorrow().unwrap(), "06:00");
    session.run(clinic, date, &changed(IN_THE_NIGHT));
    clinic.visit(id, &visit, VisitOutcome::Completed { minutes: Some(620) });
    clinic.hold(id, integration);
    session.run(clinic, date, &changed(THE_MORNING_AFTER));
    session
}

/// A person who has come as far as the end of the baseline.
pub fn prepared(clinic: &mut Clinic) -> ParticipantId {
    let id = clinic.enquiry();
    clinic.later(3).consent(&id);
    clinic.hold(&id, "V0");
    clinic.later(4);
    clinic.enrol(&id).unwrap();
    for visit in ["V1", "V2", "V3", "V4"] {
        clinic.on_to_visit(&id, visit);
        if visit == "V4" {
            clinic.rate(&id, visit, 2);
        }
        clinic.hold(&id, visit);
    }
    id
}

fn whole_course(clinic: &mut Clinic) -> ParticipantId {
    let id = prepared(clinic);
    clinic.confirm(&id).unwrap();
    clinic.randomise(&id).unwrap();
    for (number, rest) in [
        (1, ["V6", "C1D2", "C1D3", "C1D5", "C1D7", "V7", "V8", "V9"]),
        (2, ["V11", "C2D2", "C2D3", "C2D5", "C2D7", "V12", "V13", "V14"]),
        (3, ["V16", "C3D2", "C3D3", "C3D5", "C3D7", "V17", "V18", "V19"]),
    ] {
        dosing_session(clinic, &id, number, rest[0], &|line| Some(line.to_owned()));
        for visit in &rest[1..] {
            clinic.on_to_visit(&id, visit);
            if ["V9", "V14", "V19"].contains(visit) {
                clinic.rate(&id, visit, 1);
            }
            clinic.hold(&id, visit);
        }
    }
    for visit in ["V20", "LT1", "LT2"] {
        clinic.on_to_visit(&id, visit);
        if visit != "V20" {
            clinic.rate(&id, visit, 1);
        }
        clinic.hold(&id, visit);
    }
    clinic.may("investigator", Authorisation::CompleteParticipation { participant: id.clone() }).unwrap();
    id
}

#[test]
fn from_the_first_call_to_the_last_visit() {
    let mut clinic = Clinic::open(study("reference-mapp2"));
    let id = whole_course(&mut clinic);
    let person = clinic.participant(&id);
    assert_eq!(person.phase, Phase::Completed);
    let doses: Vec<_> = person
        .sessions
        .values()
        .map(|session| {
            let amounts: Vec<String> = session.swallowed.iter().map(|swallow| swallow.amount.to_string()).collect();
            (session.swallowed.iter().all(|swallow| swallow.authorised), session.closed.is_some(), amounts.join(" + "))
        })
        .collect();
    let third = || (true, true, "120 mg + 60 mg".to_owned());
    assert_eq!(doses, [(true, true, "80 mg + 40 mg".to_owned()), third(), third()]);
    let deviations: Vec<_> = person.deviations.values().map(|deviation| format!("{deviation:?}")).collect();
    assert!(deviations.is_empty(), "everything went by the protocol, yet: {deviations:#?}");
    let open: Vec<_> = person.tasks.values().filter(|task| task.done.is_none()).collect();
    assert!(open.is_empty(), "{open:?}");

    // The stock agrees: six containers were opened, by two people each, and came back empty.
    let rows = clinic.door.store().select("SELECT count(*) FROM container WHERE standing = 'used'", &[]).unwrap();
    assert_eq!(rows[0][0].as_integer(), Some(6), "{:?}", clinic.stock(clinic.here()));

    every_act_says_who_when_and_under_what(&clinic);
    what_is_in_memory_is_what_a_replay_makes(&clinic);
    tables_made_anew_are_the_same(&clinic);
    let proved = clinic.prove();
    assert!(proved.entries > 300 && proved.rows > 300, "{proved}");
}

pub fn every_act_says_who_when_and_under_what(clinic: &Clinic) {
    let log = clinic.log();
    assert!(!log.is_empty());
    for one in &log {
        let stamp = &one.stamp;
        assert_eq!(stamp.study, clinic.study.hash());
        assert_eq!(stamp.program, "journeys");
        assert!(!stamp.act.as_str().is_empty() && !stamp.zone.is_empty());
        assert!(stamp.at <= stamp.recorded_at);
        match &stamp.by.person {
            Person::Staff(_) => assert!(stamp.by.role.is_some(), "{one:?}"),
            Person::Participant(_) => {
                assert_eq!(stamp.by.role.as_ref().map(terms::RoleId::as_str), Some("participant"))
            }
            Person::Program => assert!(stamp.by.role.is_none(), "{one:?}"),
        }
        let zone = jiff::tz::TimeZone::get(&stamp.zone).unwrap();
        assert_eq!(stamp.at.to_zoned(zone).date(), stamp.day, "{one:?}");
    }
    let two: Vec<_> = log.iter().filter(|one| matches!(one.entry, Entry::ContainersReleased { .. })).collect();
    assert_eq!(two.len(), clinic.study.dose.sessions.len());
    assert!(two.iter().all(|one| one.stamp.second.as_ref().is_some_and(|second| second.person != one.stamp.by.person)));
}

pub fn what_is_in_memory_is_what_a_replay_makes(clinic: &Clinic) {
    let store = clinic.door.store();
    let streams = store.streams("", 10_000).unwrap();
    assert!(streams.len() >= 6, "{streams:?}");
    for stream in streams.iter().filter_map(|name| StreamId::parse(name)) {
        let held = clinic.door.folded(&stream).unwrap();
        let replayed = fold(store.as_ref(), &stream, None).unwrap();
        assert_eq!(format!("{held:?}"), format!("{replayed:?}"), "{stream}");
    }
}

pub fn tables_made_anew_are_the_same(clinic: &Clinic) {
    let dump = || -> Vec<_> {
        let all = projection::TABLES.iter().map(|table| {
            let mut rows: Vec<String> = clinic
                .door
                .store()
                .select(&format!("SELECT * FROM {}", table.name), &[])
                .unwrap()
                .iter()
                // Counts that went up and down again stand at 0; made anew they were never there.
                .filter(|row| {
                    !(table.name.ends_with("_count") && row.last().and_then(|cell| cell.as_integer()) == Some(0))
                })
                .map(|row| format!("{row:?}"))
                .collect();
            rows.sort();
            (table.name, rows)
        });
        all.collect()
    };
    let before = dump();
    let rows = projection::rebuild(clinic.door.store().as_ref(), &clinic.door.studies()).unwrap();
    assert!(rows > 300);
    for (before, after) in before.iter().zip(dump()) {
        assert_eq!(*before, after);
    }
}

/// A visit that was booked, missed, moved, and a medicine that has to be washed out: what a coordinator meets every week.
#[test]
fn a_washout_and_a_no_show_hold_the_gate_until_they_are_over() {
    let mut clinic = Clinic::open(study("reference-mapp2"));
    let id = clinic.enquiry();
    clinic.later(1).consent(&id);
    clinic.hold(&id, "V0");
    let today = clinic.today();
    let medicine = |last_dose| MedicineReport {
        name: "fluoxetine".to_owned(),
        dose: "20 mg daily".to_owned(),
        indication: "depression".to_owned(),
        started: Some("2023-01-01".parse().unwrap()),
        taper_started: None,
        last_dose,
        last_change: None,
        rescue: false,
    };
    clinic.fact("coordinator", Fact::RecordMedication { participant: id.clone(), medicine: medicine(None) });
    clinic.later(2).enrol(&id).unwrap();
    for visit in ["V1", "V2", "V3", "V4"] {
        clinic.on_to_visit(&id, visit);
        if visit == "V1" {
            let starts = clinic.now.checked_add(SignedDuration::from_hours(2)).unwrap();
            clinic.book(&id, visit, starts).unwrap();
            clinic.later(1).visit(&id, visit, VisitOutcome::NoShow);
        }
        if visit == "V4" {
            clinic.rate(&id, visit, 2);
        }
        clinic.hold(&id, visit);
    }
    let refused = Clinic::refusals(clinic.confirm(&id));
    assert!(refused.iter().any(|rule| rule.starts_with("medication.washout")), "{refused:?}");
    let instance = clinic.participant(&id).medications.keys().next().unwrap().clone();
    let update = Fact::UpdateMedication { participant: id.clone(), instance, medicine: medicine(Some(today)) };
    clinic.fact("coordinator", update);
    // The washout's last day is computed from the last dose, and the gate opens on it and not before.
    let refused = match clinic.confirm(&id) {
        Err(conduct::No::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    };
    let washout = refused.broken.iter().find(|broken| broken.rule == "medication.washout").expect("still washing out");
    let clears = washout.clears.expect("a day on which it is over");
    assert!(clears > clinic.today());
    clinic.clock(clears.yesterday().unwrap(), "23:50");
    let refused = Clinic::refusals(clinic.confirm(&id));
    assert!(refused.iter().any(|rule| rule.starts_with("medication.washout")), "{refused:?}");
    clinic.clock(clears, "08:00");
    let refused = Clinic::refusals(clinic.confirm(&id));
    assert!(!refused.iter().any(|rule| rule.starts_with("medication.washout")), "{refused:?}");
    clinic.prove();
}
