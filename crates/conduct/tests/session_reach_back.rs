//! What goes after it was allowed: the ground of a dose while the supplement waits, carers and orders whose delegation ends.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests stops the test")]

mod support;

use conduct::{Entry, Fact};
use support::{
    Clinic, P,
    scene::{at_the_supplement, ready_with},
};

fn allowed() -> Clinic {
    let mut clinic = ready_with(|_| {});
    clinic.all("09:55 lead: reading systolic 136 diastolic 84 pulse 78 temperature 36.8\n10:01 lead+co: allow K1");
    clinic
}

/// A washout that was not complete at the first dose is found out while the supplement has been allowed and waits.
#[test]
fn the_first_doses_ground_goes_while_the_supplement_waits() {
    let found_out = |last: &str| {
        let mut clinic = at_the_supplement(|_| {});
        clinic.all("11:40 lead+co: open K2");
        assert!(clinic.participant().sessions[&1].supplement_authorised.is_some());
        let report = format!(
            "{{\"name\":\"sertraline\",\"dose\":\"50 mg\",\"indication\":\"mood\",\"started\":\"2024-01-01\",\"last_dose\":\"{last}\"}}"
        );
        let fact = Fact::RecordMedication { participant: P.into(), medicine: serde_json::from_str(&report).unwrap() };
        let entries = clinic.ask("lead", conduct::Command::Fact(fact), &support::Extra::default()).unwrap();
        let flagged = entries.iter().any(|entry| matches!(entry, Entry::GroundWithdrawn { session: Some(1), .. }));
        (flagged, clinic.run("11:42 lead+co: open K2"))
    };
    let (flagged, again) = found_out("2025-03-20");
    assert!(flagged);
    assert!(again.starts_with("refused") && again.contains("supplement.ground"), "{again}");
    let (flagged, _) = found_out("2025-02-20");
    assert!(!flagged, "a washout that was complete takes nothing away");
}

/// A carer whose delegation ended since the dose was allowed does not count at the swallow.
#[test]
fn a_carer_whose_delegation_ended_does_not_count_at_the_swallow() {
    let mut clinic = allowed();
    assert!(clinic.run("10:02 lead+nurse: swallow K1 2").contains(" authorised"));
    let mut clinic = allowed();
    clinic.all("10:01 investigator: end co co_therapist");
    let answer = clinic.run("10:02 lead+nurse: swallow K1 2");
    assert!(answer.contains("unauthorised") && answer.contains("hold"), "{answer}");
}

/// An order carries a dose as long as the one who signed it prescribes here.
#[test]
fn an_order_ends_with_the_prescribers_delegation() {
    let begin = || {
        let mut clinic = ready_with(|_| {});
        clinic.all("09:55 lead: reading systolic 136 diastolic 84 pulse 78 temperature 36.8");
        clinic
    };
    assert_eq!(begin().run("10:01 lead+co: allow K1"), "allowed");
    let mut clinic = begin();
    clinic.all("09:56 investigator: end prescriber prescriber");
    let answer = clinic.run("10:01 lead+co: allow K1");
    assert!(answer.starts_with("refused") && answer.contains("session.order"), "{answer}");
}

/// What was set aside while it was out (too warm, cracked) is not swallowed: somebody judges it first.
#[test]
fn what_is_set_aside_in_the_room_is_not_given() {
    let begin = || {
        let mut clinic = ready_with(|_| {});
        clinic.all("09:55 lead: reading systolic 136 diastolic 84 pulse 78 temperature 36.8");
        clinic
    };
    let mut clinic = begin();
    let warm = conduct::command::ContainerFact::TemperatureExcursion { celsius: terms::Decimal::whole(41) };
    let fact = Fact::RecordContainer { site: "S01".into(), container: "K1".into(), what: warm };
    clinic.ask("pharmacist", conduct::Command::Fact(fact), &support::Extra::default()).unwrap();
    let answer = clinic.run("10:01 lead+co: allow K1");
    assert_eq!(answer, "refused dose.container dose.in_date");
}
