//! Rows of failures.md that the software prevents on the day and in the safe, each by what its last column says. Others stand
//! beside the rules that they are about; docs/failures.md lists all.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests stops the test")]

mod support;

use conduct::{Command, Fact, No, state::ContainerStanding};
use protocol::model::{Duty, Study};
use support::{
    Clinic, Extra, P,
    scene::{at_the_supplement, booked, ready_with},
    study,
};

fn with_plan(study: &mut Study) {
    study.stock = Some(study::stock_plan());
}

/// One container is not where the book has it: the first count by two finds it, whoever counts first, and everything waits.
#[test]
fn f_80_one_missing_is_found_at_the_first_count() {
    for (first, second) in [("pharmacist", "witness"), ("witness", "pharmacist")] {
        let mut clinic = ready_with(with_plan);
        clinic.all(&format!("10:00 {first}: count K3 K4 K5"));
        assert!(clinic.stocks["S01"].discrepancies.is_empty(), "one count alone tells nobody anything");
        clinic.all(&format!("10:05 {second}: count K3 K4 K5"));
        let stock = &clinic.stocks["S01"];
        assert_eq!(stock.discrepancies.len(), 1);
        assert!(stock.variance && !clinic.sites["S01"].holds.is_empty());
        let answer = clinic.run("10:10 lead+co: allow K1");
        assert!(answer.contains("safety.hold"), "{answer}");
    }
    let mut clinic = ready_with(with_plan);
    clinic.all("10:00 pharmacist: count K3 K4 K5 K6\n10:05 witness: count K3 K4 K5 K6");
    assert!(clinic.stocks["S01"].discrepancies.is_empty() && !clinic.stocks["S01"].variance);
}

/// A logger that shows too much: what lay in the safe goes back on hold, and is not released for anybody.
#[test]
fn f_82_what_was_too_warm_is_not_given() {
    let mut clinic = booked(with_plan);
    clinic.all("15:05 prescriber!: order 80+40");
    clinic.clock("2025-03-31 08:30");
    assert_eq!(clinic.clone().run("pharmacist+witness: release K1 K2"), "allowed");
    clinic.all("pharmacist: temperature 20 27");
    let held = |id: &str| clinic.stock_of(id).standing == ContainerStanding::Quarantined;
    assert!(held("K1") && held("K2"), "back on hold");
    assert!(clinic.clone().run("pharmacist+witness: release K1 K2").starts_with("refused release.container"));
    // One that had gone out of date meanwhile is no better.
    let mut clinic = ready_with(|_| {});
    clinic.all("09:55 lead: reading systolic 136 diastolic 84 pulse 78 temperature 36.8");
    support::planted::plant(&mut clinic, "K1 expired");
    assert_eq!(clinic.run("10:01 lead+co: allow K1"), "refused dose.in_date");
}

/// A container of the session that is not back in the safe: nobody goes home before.
#[test]
fn f_83_nobody_leaves_while_a_container_is_out() {
    let evening = || {
        let mut clinic = at_the_supplement(|_| {});
        clinic.all(
            "11:50 lead: not_given CLINICIAN
             18:00 lead: check vitals_settled twice yes
             18:00 lead: check oriented yes yes
             18:00 lead: check distress suds 2 baseline 4
             18:00 lead: check risk_after ideation 0",
        );
        clinic
    };
    let mut clinic = evening();
    clinic.all("pharmacist+witness: return K2");
    assert_eq!(clinic.run("18:05 lead+co: discharge"), "allowed");
    assert_eq!(evening().run("18:05 lead+co: discharge"), "refused discharge.nothing_out");
}

/// Each act belongs to a duty: somebody without it is refused, and so is somebody whose delegation has ended; nothing is written.
#[test]
fn f_59_medical_decisions_are_for_those_delegated_to_them() {
    let wrong_hands = [
        ("coordinator!", "order 80+40", "prescribe"),
        ("lead!", "order 80+40", "prescribe"),
        ("nurse!", "order 80+40", "prescribe"),
        ("coordinator+lead", "allow K1", "facilitate, nurse, prescribe"),
        ("coordinator", "agree contraindications because a cold", "prescribe"),
        ("coordinator+lead", "release K1 K2", "dispense_drug, witness_drug"),
        ("coordinator+lead", "discharge", "facilitate, nurse, prescribe"),
    ];
    for (who, act, needed) in wrong_hands {
        let mut clinic = ready_with(|_| {});
        let before = clinic.log.len();
        let answer = clinic.run(&format!("{who}: {act}"));
        assert!(answer.starts_with("unanswered") && answer.contains(needed), "{who}: {act}: {answer}");
        assert_eq!(clinic.log.len(), before, "nothing is written");
    }
    let mut clinic = booked(|_| {});
    clinic.all("15:01 investigator: end prescriber prescriber");
    assert!(clinic.run("15:05 prescriber!: order 80+40").starts_with("unanswered"));
    // The physician's go is asked for before the dose, by nobody else's hand.
    let mut clinic = ready_with(|_| {});
    clinic.all("09:55 lead: reading systolic 136 diastolic 84 pulse 78 temperature 36.8\n09:56 lead!: check physician_go go yes");
    assert_eq!(clinic.run("10:01 lead+co: allow K1"), "refused session.check/physician_go");
}

/// The sponsor's people read; what a site has written, the site corrects.
#[test]
fn f_90_the_sponsor_changes_nothing_at_a_site() {
    let sponsors = [Duty::AdministerTrial, Duty::Monitor, Duty::MonitorMedically, Duty::ManageData, Duty::Inspect];
    let written = |fact: Fact| conduct::duties_for(&Command::Fact(fact));
    let correct =
        Fact::CorrectForm { participant: P.into(), instance: "f1".into(), changes: Default::default(), seen: 0 };
    let strike = Fact::StrikeRecord { participant: P.into(), instance: "f1".into(), belongs_to: None };
    for duties in [written(correct), written(strike)] {
        let open: Vec<_> = sponsors.iter().filter(|duty| duties.contains(duty)).collect();
        assert!(open.is_empty(), "the sponsor may write by {open:?}");
    }
    let mut clinic = ready_with(|_| {});
    for who in ["monitor", "admin"] {
        let strike = Fact::StrikeRecord { participant: P.into(), instance: "f1".into(), belongs_to: None };
        let answer =
            clinic.ask(who, Command::Fact(strike), &Extra { reason: Some("tidier".into()), ..Extra::default() });
        assert!(matches!(answer, Err(No::NotYours { .. })), "{who}: {answer:?}");
    }
}

fn signed(clinic: &Clinic) -> usize {
    clinic.participant().sessions[&1].signed.len()
}

/// Who signed had signed what stood there: a correction afterwards takes the signatures away, and they are asked for again.
#[test]
fn f_91_a_correction_unsigns_the_session() {
    let mut clinic = at_the_supplement(|_| {});
    clinic.all("11:50 lead!: sign\n11:50 co!: sign");
    assert_eq!(signed(&clinic), 2);
    clinic.all("11:55 lead: fix_reading @reading systolic 151 because typo");
    assert_eq!(signed(&clinic), 0, "they signed another number");
    clinic.all("11:56 lead!: sign");
    assert_eq!(signed(&clinic), 1);
}
