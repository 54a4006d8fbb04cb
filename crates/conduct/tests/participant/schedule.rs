//! Windows from what really happened: protocol.md §14.

use crate::clinic::Clinic;
use conduct::{
    Authorisation, Command, Entry, Fact, No,
    command::{ContactOutcome, ContactRoute, StopScope, VisitOutcome},
    schedule::planned,
    state::{SessionState, Swallow, VisitRecord, VisitStanding},
};
use jiff::civil::Date;
use protocol::model::{DeviationClass, Trigger, VisitMode};
use terms::{Milligrams, ParticipantId};

fn clinic() -> Clinic {
    Clinic::open(protocol::embedded::load("reference-mapp2").unwrap())
}

fn dosed(clinic: &mut Clinic, id: &ParticipantId, session: u8, day: &str) {
    let day: Date = day.parse().unwrap();
    let at = day.to_datetime(jiff::civil::time(10, 0, 0, 0)).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
    let swallow = Swallow {
        part: conduct::command::DosePart::Initial,
        container: "K".into(),
        amount: Milligrams::ZERO,
        pieces: 2,
        at,
        day,
        authorised: true,
    };
    let state = SessionState { swallowed: vec![swallow], ..SessionState::default() };
    clinic.participants.get_mut(id).unwrap().sessions.insert(session, state);
}

#[test]
fn windows_follow_the_days_on_which_things_happened() {
    let mut clinic = clinic();
    let id = clinic.enquiry();
    dosed(&mut clinic, &id, 1, "2025-03-11");
    dosed(&mut clinic, &id, 2, "2025-04-10");
    dosed(&mut clinic, &id, 3, "2025-05-08");
    let table = "
        V6   2025-03-12  2025-03-12  2025-03-12
        V7   2025-03-14  2025-03-21  2025-03-25
        V8   2025-03-26  2025-04-01  2025-04-13
        V9   2025-03-29  2025-04-05  2025-04-14
        V10  2025-04-01  2025-04-08  2025-04-15
        V11  2025-04-11  2025-04-11  2025-04-11
        V14  2025-04-28  2025-05-05  2025-05-14
        V15  2025-05-01  2025-05-08  2025-05-15
        V19  2025-06-30  2025-07-07  2025-07-16
        LT1  2025-10-24  2025-11-07  2026-01-06
        LT2  2026-04-08  2026-05-08  2026-06-07
    ";
    for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let cells: Vec<&str> = line.split_whitespace().collect();
        let visit = clinic.study.visit(cells[0]).unwrap();
        let days = planned(&clinic.study, clinic.participant(&id), visit).unwrap();
        let found = [days.opens, days.target, days.closes].map(|day| day.to_string());
        assert_eq!(found.to_vec(), cells[1..], "{line}");
        assert!(days.real);
    }
}

#[test]
fn a_missed_visit_lends_its_planned_day() {
    let mut clinic = clinic();
    let id = clinic.enquiry();
    dosed(&mut clinic, &id, 1, "2025-03-11");
    let record = VisitRecord {
        standing: VisitStanding::Missed,
        day: Some("2025-04-08".parse().unwrap()),
        ..VisitRecord::default()
    };
    clinic.participants.get_mut(&id).unwrap().visits.insert("V10".into(), record);
    let visit = clinic.study.visit("V14").unwrap();
    let days = planned(&clinic.study, clinic.participant(&id), visit).unwrap();
    assert_eq!(days.target.to_string(), "2025-05-03");
}

fn book(id: &ParticipantId, visit: &str, starts: &str) -> Authorisation {
    Authorisation::BookVisit {
        participant: id.clone(),
        visit: visit.into(),
        starts: starts.parse().unwrap(),
        mode: VisitMode::OnSite,
    }
}

fn broken(answer: Result<Vec<conduct::Written>, No>) -> Vec<&'static str> {
    match answer {
        Ok(_) => vec!["allowed"],
        Err(No::Refused(refusal)) => refusal.broken.iter().map(|b| b.rule).collect(),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn booking_window_order_interval() {
    let mut clinic = clinic();
    let id = clinic.enrolled();
    let enrolled = clinic.today();
    let in_days = |days: i64| format!("{}T15:00:00Z", enrolled.saturating_add(jiff::Span::new().days(days)));
    assert_eq!(broken(clinic.may("coordinator", book(&id, "V1", &in_days(7)))), ["allowed"]);
    assert_eq!(broken(clinic.may("coordinator", book(&id, "V1", &in_days(40)))), ["visit.window"]);
    assert_eq!(broken(clinic.may("coordinator", book(&id, "V1", &in_days(-3)))), ["visit.ahead", "visit.window"]);
    // V2 hangs on V1, which is booked for day 7: before it is out of order.
    assert!(broken(clinic.may("coordinator", book(&id, "V2", &in_days(5)))).contains(&"visit.order"));
    assert_eq!(broken(clinic.may("coordinator", book(&id, "V2", &in_days(14)))), ["allowed"]);
    assert_eq!(broken(clinic.may("coordinator", book(&id, "V0", &in_days(14)))), ["visit.planned"]);
    // Two doses closer than the interval can't even be booked.
    dosed(&mut clinic, &id, 1, &enrolled.to_string());
    assert!(broken(clinic.may("coordinator", book(&id, "V10", &in_days(20)))).contains(&"dose.interval"));
    assert!(!broken(clinic.may("coordinator", book(&id, "V10", &in_days(21)))).contains(&"dose.interval"));
}

#[test]
fn early_late_missed_and_out_of_order_are_recorded_and_classed() {
    let mut clinic = clinic();
    let id = clinic.enrolled();
    clinic.later(40).held(&id, "V1");
    let triggers = |clinic: &Clinic| -> Vec<Option<Trigger>> {
        clinic.participant(&id).deviations.values().map(|deviation| deviation.trigger).collect()
    };
    assert!(triggers(&clinic).contains(&Some(Trigger::VisitLate)));
    clinic.held(&id, "V3");
    assert!(triggers(&clinic).contains(&Some(Trigger::VisitOutOfOrder)));
    let missed = VisitOutcome::Missed { reason: "moved away for a while".to_owned() };
    clinic.fact(
        "coordinator",
        Fact::RecordVisit { participant: id.clone(), visit: "V2".into(), outcome: missed, day: None },
    );
    assert!(triggers(&clinic).contains(&Some(Trigger::VisitMissed)));
    for deviation in clinic.participant(&id).deviations.values() {
        let rule = clinic.study.deviation(deviation.trigger.unwrap()).unwrap();
        assert_eq!(deviation.class, rule.class);
        assert!(matches!(rule.class, DeviationClass::Minor | DeviationClass::Important));
    }
}

/// What was completed was not missed: other windows hang on its day, and calling it missed would move them.
#[test]
fn a_completed_visit_is_not_called_missed() {
    let mut clinic = clinic();
    let id = clinic.enrolled();
    let missed = |visit: &str| {
        let outcome = VisitOutcome::Missed { reason: "ill".to_owned() };
        conduct::Command::Fact(Fact::RecordVisit { participant: id.clone(), visit: visit.into(), outcome, day: None })
    };
    clinic.held(&id, "V1");
    let answer = clinic.act("coordinator", missed("V1"));
    assert!(matches!(&answer, Err(No::Conflict { what }) if what.contains("V1 was completed on")), "{answer:?}");
    assert_eq!(clinic.participant(&id).visits["V1"].standing, VisitStanding::Completed);
    clinic.act("coordinator", missed("V2")).unwrap();
}

#[test]
fn no_show_cancelled_moved() {
    let mut clinic = clinic();
    let id = clinic.enrolled();
    let in_days = |clinic: &Clinic, days: i64| {
        format!("{}T15:00:00Z", clinic.today().saturating_add(jiff::Span::new().days(days)))
    };
    let first = in_days(&clinic, 5);
    clinic.may("coordinator", book(&id, "V1", &first)).unwrap();
    let second = in_days(&clinic, 8);
    let written = clinic.may("coordinator", book(&id, "V1", &second)).unwrap();
    assert!(matches!(&written[0].entry, Entry::VisitBooked { moved_from: Some(_), .. }));
    clinic.later(8);
    let no_show = |outcome| Fact::RecordVisit { participant: id.clone(), visit: "V1".into(), outcome, day: None };
    clinic.fact("coordinator", no_show(VisitOutcome::NoShow));
    assert_eq!(clinic.participant(&id).visits["V1"].no_shows, 1);
    assert!(clinic.participant(&id).tasks.values().any(|task| task.raised.title.starts_with("Call")));
    let third = in_days(&clinic, 2);
    clinic.may("coordinator", book(&id, "V1", &third)).unwrap();
    clinic.fact("coordinator", no_show(VisitOutcome::Cancelled { reason: "ill".to_owned() }));
    assert!(clinic.participant(&id).visits["V1"].booking.is_none());
}

#[test]
fn silence_is_answered_and_nobody_is_lost_without_tries() {
    let mut clinic = clinic();
    let id = clinic.assigned();
    let tries = clinic.study.follow_up.tries_min;
    for _ in 0..tries {
        clinic.later(1);
        let fact = Fact::RecordContact {
            participant: id.clone(),
            visit: None,
            outcome: ContactOutcome::NoAnswer,
            route: None,
        };
        clinic.fact("coordinator", fact);
    }
    let silences = |clinic: &Clinic| {
        clinic.participant(&id).deviations.values().filter(|d| d.trigger == Some(Trigger::Silence)).count()
    };
    assert_eq!(silences(&clinic), 1);
}

/// Nobody is lost by silence alone: without a try on record the word can't be read; with too few tries, over too few days or by
/// one route only, it is recorded, and said to be too early.
#[test]
fn f_99_nobody_is_lost_without_a_try() {
    let lost = |id: &ParticipantId| {
        Command::Fact(Fact::RecordStop {
            participant: id.clone(),
            scope: StopScope::LostToFollowUp,
            reason: "lost".to_owned(),
            text: String::new(),
        })
    };
    let tried = |id: &ParticipantId, route| Fact::RecordContact {
        participant: id.clone(),
        visit: None,
        outcome: ContactOutcome::NoAnswer,
        route: Some(route),
    };
    let early = |clinic: &Clinic, id: &ParticipantId| {
        let silences = clinic.participant(id).deviations.values().filter(|d| d.trigger == Some(Trigger::Silence));
        silences.filter(|deviation| deviation.detail.contains("called lost")).count()
    };
    let mut first = clinic();
    let id = first.assigned();
    match first.act("coordinator", lost(&id)) {
        Err(No::Unreadable(all)) => assert!(all[0].what.contains("no try is on record"), "{all:?}"),
        other => panic!("{other:?}"),
    }
    assert!(first.participant(&id).stops.is_empty());
    use ContactRoute::{Letter, Telephone};
    for (routes, days, too_early) in [
        (&[Telephone][..], 15, 1),
        (&[Telephone, Telephone, Letter], 1, 1),
        (&[Telephone, Telephone, Telephone], 8, 1),
        (&[Telephone, Telephone, Letter], 8, 0),
    ] {
        let mut clinic = clinic();
        let id = clinic.assigned();
        for route in routes {
            clinic.fact("coordinator", tried(&id, *route));
            clinic.later(days);
        }
        clinic.act("coordinator", lost(&id)).unwrap();
        assert_eq!(early(&clinic, &id), too_early, "{routes:?} {days}");
    }
}

/// The first calls after a session stand on somebody's list from the day of the dose on; a call that fails is a try of that
/// visit, and the third silence is answered.
#[test]
fn the_first_calls_after_a_session_are_asked_for_and_tried() {
    let reference = std::sync::Arc::new(protocol::embedded::load("reference-mapp2").unwrap());
    let calls: Vec<_> = reference
        .visits
        .iter()
        .filter(|visit| visit.kind == protocol::model::VisitKind::Call && visit.name.contains("session 1"))
        .collect();
    assert_eq!(calls.iter().map(|visit| visit.target_days).collect::<Vec<_>>(), [2, 3, 5, 7], "days after the session");
    let plan = &reference.follow_up;
    assert_eq!((plan.tries_min, plan.routes_min), (3, Some(2)));
    let clock = reference.clocks.iter().find(|clock| clock.trigger == Trigger::Silence);
    assert!(clock.is_some(), "somebody answers the third silence");
}
