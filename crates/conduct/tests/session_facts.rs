//! What happened is always recorded, and what was wrong about it is answered in the same append.
//!
//! Method: each row begins with the same scene, does what it says, and compares the answer to its last act: words for
//! what was written beside the fact itself (deviations by trigger, tasks, holds, lost ground).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests stops the test")]

mod support;

use conduct::Entry;
use support::{
    Clinic, P,
    planted::dosed_session,
    rows,
    scene::{at_the_supplement, dosed_with, ready_with},
};

/// Runs each row: all acts but the last must be possible; the last one's answer is compared.
fn table(begin: impl Fn() -> Clinic, rows_of: &str) {
    for (acts, expected) in rows(rows_of) {
        let mut clinic = begin();
        let (last, before) = acts.split_last().unwrap();
        for act in before {
            let answer = clinic.run(act);
            assert!(!answer.starts_with("refused") && !answer.starts_with("un"), "{act}: {answer}");
        }
        assert_eq!(clinic.run(last), expected, "after {before:?}: {last}");
    }
}

fn allowed() -> Clinic {
    let mut clinic = ready_with(|_| {});
    clinic.all("09:55 lead: reading systolic 136 diastolic 84 pulse 78 temperature 36.8\n10:01 lead+co: allow K1");
    clinic
}

#[test]
fn swallows() {
    let answered = "DoseUnauthorised hold task:DoseUnauthorised task:DoseUnauthorised";
    table(
        allowed,
        &format!(
            "
        10:02 lead+co: swallow K1 2                              | recorded came 80mg authorised
        10:20 lead+co: swallow K1 2                              | recorded came 80mg authorised
        10:21 lead+co: swallow K1 2                              | recorded came 80mg unauthorised {answered}
        10:30@10:02 lead+co: swallow K1 2                        | recorded came 80mg authorised
        10:30@09:59 lead+co: swallow K1 2                        | recorded came 80mg unauthorised {answered}
        # Whoever signs, it is stored; a missing second person is a deviation (§13.1).
        10:02 lead: swallow K1 2                                 | recorded came 80mg authorised DoseUnwitnessed
        10:02 lead+lead: swallow K1 2                            | recorded came 80mg authorised DoseUnwitnessed
        10:02 lead+witness: swallow K1 2                         | recorded came 80mg authorised DoseUnwitnessed
        # From another container: the one in the safe, the other part, another level, one that nobody knows.
        10:02 lead+co: swallow K5 2                              | recorded came 80mg unauthorised {answered} DoseWrongContainer
        10:02 lead+co: swallow K2 1                              | recorded came 40mg unauthorised {answered} DoseWrongContainer
        10:02 lead+co: swallow K3 3                              | recorded came 120mg unauthorised {answered} DoseWrongContainer
        10:02 lead+co: swallow K99 2                             | recorded came 80mg unauthorised {answered} DoseWrongContainer StockVariance
        10:02 lead+co: swallow K1 3                              | recorded came 120mg unauthorised {answered} StockVariance
        # In two gulps it is one dose; beyond the order it is a second one.
        10:02 lead+co: swallow K1 1; lead+co: swallow K1 1       | recorded 40mg authorised
        10:02 lead+co: swallow K1 2; 10:05 lead+co: swallow K1 2 | recorded 80mg unauthorised {answered} StockVariance DoseTwice
        10:02 lead+co: swallow K1 2; 10:05 lead+co: swallow K5 2 | recorded 80mg unauthorised {answered} DoseWrongContainer DoseTwice
        # What stopped the permission between the act and the mouth.
        prescriber: withdraw_order; 10:02 lead+co: swallow K1 2  | recorded came 80mg unauthorised {answered}
        lead: stop_session; 10:02 lead+co: swallow K1 2          | recorded came 80mg unauthorised {answered}
        monitor: hold participant rash; 10:02 lead+co: swallow K1 2 | recorded came 80mg unauthorised {answered}
        monitor: hold trial signal; 10:02 lead+co: swallow K1 2  | recorded came 80mg unauthorised {answered}
        coordinator: withdraw_consent; 10:02 lead+co: swallow K1 2 | recorded came ConsentLate 80mg unauthorised {answered}
        pharmacist: container K1 recalled lot; 10:02 lead+co: swallow K1 2 | recorded came 80mg unauthorised {answered}
        # Who is there.
        co: go; 10:02 lead+co: swallow K1 2                      | recorded came 80mg unauthorised {answered} CarersBelowMinimum
        co: go; lead: go; 10:02 lead+co: swallow K1 2            | recorded came 80mg unauthorised {answered} ParticipantAlone
        # Told late: who has gone since left somebody alone who was under the drug.
        10:03 co: go; 10:04 lead: go; 10:30@10:02 lead+co: swallow K1 2 | recorded came 80mg unauthorised {answered} ParticipantAlone task:ParticipantAlone task:CarersBelowMinimum
        lead+co: swallow K1 0                                    | unreadable pieces
        "
        ),
    );
}

/// Amounts of what came before: how far apart two doses were.
#[test]
fn intervals_between_swallows() {
    for (day, expected) in [
        ("2025-03-21", "recorded came 80mg authorised IntervalShort"),
        ("2025-03-10", "recorded came 80mg authorised"),
        ("2025-02-24", "recorded came 80mg authorised"),
        ("2025-02-23", "recorded came 80mg authorised IntervalLong"),
    ] {
        let mut clinic = allowed();
        let session = dosed_session(&format!("{day}T09:00:00Z"));
        clinic.people.get_mut(P).unwrap().sessions.insert(2, session);
        assert_eq!(clinic.run("10:02 lead+co: swallow K1 2"), expected, "after a dose on {day}");
    }
}

/// A swallow from the wrong container (§13.7): the hold stops what is to come, and the container counts as opened.
#[test]
fn f_81_a_swapped_container_stops_everything() {
    let mut clinic = allowed();
    clinic.run("10:02 lead+co: swallow K5 2");
    assert!(matches!(clinic.stock_of("K5").standing, conduct::state::ContainerStanding::Used { back: false, .. }));
    assert!(matches!(clinic.stock_of("K1").standing, conduct::state::ContainerStanding::Out { .. }));
    assert_eq!(clinic.run("10:03 lead+co: allow K1"), "refused safety.hold dose.once");
    let hold = clinic.participant().holds.keys().next().unwrap().to_string();
    assert_eq!(clinic.run(&format!("monitor: lift participant {hold}")), "refused hold.reason");
    assert_eq!(clinic.run(&format!("monitor: lift participant {hold} because judged, no harm")), "allowed");
    assert_eq!(clinic.run("11:40 lead+co: open K2"), "refused supplement.first_dose supplement.vitals");
}

#[test]
fn supplements_swallowed() {
    let begin = || {
        let mut clinic = at_the_supplement(|_| {});
        clinic.all("11:40 lead+co: open K2");
        clinic
    };
    let answered = "DoseUnauthorised hold task:DoseUnauthorised task:DoseUnauthorised";
    table(
        begin,
        &format!(
            "
        11:42 lead+co: supplement K2 1                          | recorded 40mg authorised
        11:50 lead+co: supplement K2 1                          | recorded 40mg unauthorised {answered}
        12:07 lead+co: supplement K2 1                          | recorded 40mg unauthorised {answered} SupplementOutsideWindow
        11:42 lead: not_given DECLINED_P                        | recorded lost:supplement.wish
        11:42 lead: not_given DECLINED_P; lead+co: supplement K2 1 | recorded 40mg unauthorised {answered}
        11:42 lead: not_given BECAUSE                           | unreadable code
        11:42 lead+co: supplement K2 1; lead+co: supplement K2 1 | recorded 40mg unauthorised {answered} StockVariance DoseTwice
        11:42 lead+co: supplement K6 1                          | recorded 40mg unauthorised {answered} DoseWrongContainer
        # A limit breached between the permission and the mouth takes the permission back.
        11:41 lead: reading systolic 165 diastolic 90           | recorded L1:amber task:LimitAmber lost:supplement.limits
        11:41 lead: reading systolic 165 diastolic 90; lead+co: supplement K2 1 | recorded 40mg unauthorised {answered}
        11:41 co: go                                            | recorded task:CarersBelowMinimum lost:session.carers
        "
        ),
    );
    table(
        || dosed_with(|_| {}),
        &format!("11:20 lead+co: supplement K2 1 | recorded 40mg unauthorised {answered} SupplementOutsideWindow"),
    );
    table(
        || ready_with(|_| {}),
        &format!("09:58 lead+co: supplement K2 1 | recorded 40mg unauthorised {answered} SupplementOutsideWindow"),
    );
}

/// §13.5, and what follows when nobody is left.
#[test]
fn presence() {
    table(
        || dosed_with(|_| {}),
        "
        11:00 co: go                                             | recorded task:CarersBelowMinimum
        11:00 co: go; 11:15 co: come                             | recorded done
        11:00 co: go; 11:16 co: come                             | recorded CarersBelowMinimum done
        11:00 co: go; 11:10 nurse: come                          | recorded done
        11:00 co: go; 11:30 pharmacist: reading systolic 1 diastolic 2 | unanswered: record reading needs one of these duties at S01 today: facilitate, nurse, prescribe, attend_night. The investigator can delegate them
        11:00 nurse: come; 11:05 co: go                          | recorded
        11:00 co: go; 11:05 lead: go                             | recorded ParticipantAlone task:ParticipantAlone
        11:00 co: go; 11:05 lead: go; 11:06 co: come             | recorded done
        11:00 co: go; 11:05 lead: go; 11:06 co: come; 11:08 lead: come | recorded done
        11:00 co: go; 11:05 lead: go; 11:06 co: come; 11:20 lead: come | recorded CarersBelowMinimum done
        11:00 prescriber: come; 11:01 co: go; 11:02 lead: go     | recorded CarersBelowMinimum
        10:50@10:30 co: go                                       | recorded task:CarersBelowMinimum
        10:50@09:30 co: go                                       | unreadable at
        11:00 lead: come                                         | recorded
        11:00 program: come                                      | unreadable actor
        # The last two leave one after the other, and the first of them says so only later: alone since the second left.
        11:06 lead: go; 11:30@11:00 co: go                       | recorded ParticipantAlone task:ParticipantAlone task:CarersBelowMinimum
        # It is over when it is told: it is a deviation still, and nobody is sent.
        11:06 lead: go; 11:10 lead: come; 11:30@11:00 co: go     | recorded ParticipantAlone task:CarersBelowMinimum
        11:06 lead: go; 11:10 lead: come; 11:11 nurse: come; 11:30@11:00 co: go | recorded ParticipantAlone
        11:06 lead: go; 11:16 lead: come; 11:16 nurse: come; 11:30@11:00 co: go | recorded ParticipantAlone CarersBelowMinimum
        # Gone before the swallow, and it was not known.
        10:50@10:00 co: go                                       | recorded task:CarersBelowMinimum CarersBelowMinimum
        # There for some minutes, and gone again before it is told: nobody is with the participant because of that.
        11:00 co: go; 11:05 lead: go; 11:25@11:12 co: go; 11:26@11:08 co: come | recorded
        11:00 co: go; 11:05 lead: go; 11:26@11:08 co: come       | recorded done
        # Fewer for twenty minutes, and then the participant leaves.
        17:50 co: go; 18:10 lead: leave hospital ambulance       | recorded CarersBelowMinimum task:SeriousAdverseEvent clock:SeriousAdverseEvent
        ",
    );
    // Before the dose, and after the participant has left, nobody needs to be there.
    table(|| ready_with(|_| {}), "09:58 co: go; lead: go | recorded");
    table(|| dosed_with(|_| {}), "18:00 lead: leave overnight staff; 18:05 co: go; 18:06 lead: go | recorded");
}

/// Slots by offset; one reading fills one slot; late keeps both times (§13.4; failures.md F-08).
#[test]
fn readings() {
    let all = "systolic 140 diastolic 85 pulse 90 temperature 37";
    table(
        || dosed_with(|_| {}),
        &format!(
            "
        10:22 lead: reading {all}                     | recorded V-b
        10:42 lead: reading {all}                     | recorded V-b
        10:43 lead: reading {all}                     | recorded V-b VitalsLate
        10:51 lead: reading {all}                     | recorded V-b VitalsLate
        10:52 lead: reading {all}                     | recorded V-c
        10:30 lead: reading {all}; 10:35 lead: reading {all} | recorded
        11:00 lead: reading {all}; 11:05 lead: reading {all} | recorded
        10:30 lead: reading systolic 140 diastolic 85; 10:33 lead: reading pulse 90 | recorded V-b
        10:30 lead: reading temperature 37            | recorded
        11:10@10:32 lead: reading {all}               | recorded V-b
        # Limits: at the line is over it; red hides amber.
        10:32 lead: reading systolic 160 diastolic 85 pulse 90 | recorded V-b
        10:32 lead: reading systolic 161 diastolic 85 pulse 90 | recorded V-b L1:amber task:LimitAmber
        10:32 lead: reading systolic 180 diastolic 85 pulse 90 | recorded V-b L1:red task:LimitRed task:LimitRed task:MayBeHarm
        10:32 lead: reading systolic 170 diastolic 111 pulse 90 | recorded V-b L1:amber L2:red task:LimitAmber task:LimitRed task:LimitRed task:MayBeHarm
        10:32 lead: reading systolic 170 diastolic 85; 10:37 lead: reading systolic 150 diastolic 85 | recorded V-b done
        10:32 lead: reading systolic 170 diastolic 85; 10:37 lead: reading pulse 80 | recorded V-b
        10:32 lead: reading systolic 190 diastolic 85; 10:37 lead: reading systolic 150 diastolic 85 | recorded V-b done
        10:32 lead: reading temperature 38            | recorded L5:amber task:LimitAmber
        # What can't be so.
        10:32 lead: reading systolic 281 diastolic 85 | unreadable systolic
        10:32 lead: reading systolic 49 diastolic 85  | unreadable systolic systolic
        10:32 lead: reading systolic 80 diastolic 120 | unreadable systolic
        10:32 lead: reading systolic 80 diastolic 80  | unreadable systolic
        10:32 lead: reading temperature 98.6          | unreadable temperature
        10:32 lead: reading glucose 90                | unreadable glucose
        10:32 lead: reading                           | unreadable measures
        10:32@10:50 lead: reading {all}               | unreadable at
        "
        ),
    );
}

#[test]
fn checks_as_they_were_done() {
    table(
        || ready_with(|_| {}),
        "
        lead: check pressure systolic 140 diastolic 90        | recorded clears
        lead: check pressure systolic 141 diastolic 90        | recorded fails
        lead: check pressure systolic 140                     | recorded fails
        lead: check pressure systolic ? diastolic 80          | recorded fails
        pharmacist: check pressure systolic 120 diastolic 80  | recorded fails WrongPerson
        prescriber: check physician_go go yes                 | recorded fails
        prescriber!: check physician_go go no                 | recorded fails
        lead!: check physician_go go yes                      | recorded fails WrongPerson
        lead: check pressure systolic 900 diastolic 90        | unreadable systolic
        lead: check pressure mood 3                           | unreadable mood
        lead: check aura free yes                             | unreadable check
        # The prescriber clears what the study lets them clear, with a reason, once it was done.
        prescriber: agree contraindications because a cold    | recorded
        prescriber: agree contraindications                   | unreadable reason
        prescriber: agree pressure because nervous            | unreadable check
        prescriber: agree aura because nervous                | unreadable check
        prescriber: agree distress because calm               | unreadable check
        ",
    );
    // A record that comes in late never replaces a younger one.
    let mut clinic = ready_with(|_| {});
    clinic.all("09:56 lead: check pressure systolic 147 diastolic 85");
    assert_eq!(clinic.run("09:57@09:41 lead: check pressure systolic 130 diastolic 80"), "recorded clears");
    assert_eq!(clinic.run("10:00 lead+co: allow K1"), "refused session.check/pressure");
}

#[test]
fn leaving_and_the_night() {
    let evening = || {
        let mut clinic = dosed_with(|_| {});
        clinic.all(
            "11:50 lead: not_given CLINICIAN
             17:00 pharmacist+witness: return K2
             18:00 lead: check vitals_settled twice yes
             18:00 lead: check oriented yes yes
             18:00 lead: check distress suds 2 baseline 4
             18:00 lead: check risk_after ideation 0",
        );
        clinic
    };
    table(
        evening,
        "
        18:05 lead: leave home named                                     | recorded LeftEarly LeftEarly
        18:05 lead: leave home                                         | recorded LeftEarly LeftEarly LeftEarly
        18:05 lead: leave overnight staff                          | recorded LeftEarly
        18:05 lead: leave hospital ambulance                           | recorded task:SeriousAdverseEvent clock:SeriousAdverseEvent
        18:05 lead+co: discharge; lead: leave home named                 | recorded LeftEarly
        18:05 lead+co: discharge; lead: leave overnight staff      | recorded
        18:05 lead+co: discharge; lead: leave overnight staff; 2025-04-01 10:00 lead: leave home named | recorded
        18:05 lead+co: discharge; lead: leave overnight staff; 2025-04-01 10:00 lead: leave home     | recorded LeftEarly
        23:40 attendant: night awake 5                                 | recorded
        23:40 attendant: night awake                                   | recorded
        23:40 attendant: night asleep                                  | recorded
        23:40 attendant: night asleep 5                                | unreadable distress
        23:40 attendant: night awake 11                                | unreadable distress
        ",
    );
    // Called off before the dose: nobody left too early.
    table(|| ready_with(|_| {}), "10:00 lead: leave home named | recorded");
}

#[test]
fn the_timeline() {
    table(
        || dosed_with(|_| {}),
        "
        10:20 lead: note SUDS 7            | recorded
        10:20 lead: note SUDS              | unreadable number
        10:20 lead: note TOUCH_OFFERED     | recorded
        10:20 lead: note TOUCH_OFFERED 3   | unreadable number
        10:20 lead: note YODEL             | unreadable code
        10:20 lead: note VOMIT             | recorded DoseVomited task:DoseVomited
        10:32 lead: note VOMIT             | recorded DoseVomited task:DoseVomited
        10:33 lead: note VOMIT             | recorded
        10:50@10:30 lead: note VOMIT       | recorded DoseVomited task:DoseVomited
        ",
    );
    table(
        || ready_with(|_| {}),
        "09:58 lead: note VOMIT | recorded\n prescriber: withdraw_order; prescriber: withdraw_order | unreadable session",
    );
    let elsewhere = || {
        let mut clinic = ready_with(|_| {});
        clinic.session = 9;
        clinic
    };
    table(elsewhere, "lead: note SUDS 3 | unreadable session\n lead: come | unreadable session");
}

/// A correction that reaches back: what had been allowed is flagged, what is still to come is stopped.
#[test]
fn ground_that_goes() {
    // Before anybody swallowed: the permission ends.
    table(
        allowed,
        "
        10:02 lead: check pressure systolic 150 diastolic 85     | recorded fails lost:session.check GroundWithdrawn
        10:02 lead: check identity identifiers yes               | recorded clears
        10:02 lead: reading systolic 165 diastolic 85            | recorded V-a L1:amber task:LimitAmber lost:dose.limits
        10:02 co: go                                             | recorded lost:session.carers
        10:02 lead: form screening weight_kg 45 childbearing no  | recorded lost:eligibility.criterion GroundWithdrawn
        10:02 monitor: hold participant rash                     | recorded hold lost:safety.hold GroundWithdrawn
        10:02 lead: check pressure systolic 150 diastolic 85; 10:03 lead+co: swallow K1 2 | recorded came 80mg unauthorised DoseUnauthorised hold task:DoseUnauthorised task:DoseUnauthorised
        10:02 lead: check pressure systolic 150 diastolic 85; 10:03 lead+co: allow K1 | refused session.check/pressure
        10:02 lead: check pressure systolic 150 diastolic 85; 10:15 lead: check pressure systolic 130 diastolic 85; lead+co: allow K1 | allowed
        ",
    );
    // After it: the supplement is stopped, and the record says so once.
    table(
        || at_the_supplement(|_| {}),
        "
        11:40@09:40 lead: check pressure systolic 150 diastolic 85 because misread | recorded fails lost:session.check GroundWithdrawn
        11:40@09:40 lead: check pressure systolic 150 diastolic 85 because misread; lead+co: open K2 | refused supplement.ground
        11:40@09:40 lead: check pressure systolic 150 diastolic 85 because misread; 11:41@09:40 lead: check identity identifiers no | recorded fails
        11:40 lead: check pressure systolic 150 diastolic 85                       | recorded fails
        11:40@09:40 lead: check pressure systolic 138 diastolic 85 because misread | recorded clears
        11:40 lead: form screening weight_kg 45 childbearing no                    | recorded
        11:40@09:00 lead: form screening weight_kg 45 childbearing no              | recorded lost:eligibility.criterion GroundWithdrawn
        ",
    );
    let permitted = || {
        let mut clinic = at_the_supplement(|_| {});
        clinic.all("11:40 lead+co: open K2");
        clinic
    };
    table(
        permitted,
        "
        11:41 lead: reading systolic 181 diastolic 85               | recorded L1:red task:LimitRed task:LimitRed task:MayBeHarm lost:supplement.limits
        11:41@10:20 lead: note VOMIT                                | recorded DoseVomited task:DoseVomited lost:supplement.vomited
        11:41 monitor: hold participant rash                        | recorded hold lost:safety.hold GroundWithdrawn
        ",
    );
    let clinic = {
        let mut clinic = permitted();
        clinic.run("11:41 lead: reading systolic 181 diastolic 85");
        clinic
    };
    assert!(clinic.participant().sessions[&1].supplement_authorised.is_none());
    assert!(!clinic.participant().sessions[&1].ground_withdrawn, "the first dose's ground stands");
}

/// A washout date found wrong after the dose (DESIGN, list B).
#[test]
fn a_medicine_found_out_afterwards() {
    let medicine = |last: &str| {
        let report = format!(
            "{{\"name\":\"sertraline\",\"dose\":\"50 mg\",\"indication\":\"mood\",\"started\":\"2024-01-01\",\"last_dose\":\"{last}\"}}"
        );
        conduct::Command::Fact(conduct::Fact::RecordMedication {
            participant: P.into(),
            medicine: serde_json::from_str(&report).unwrap(),
        })
    };
    for (last, lost) in [("2025-03-20", true), ("2025-02-20", false)] {
        let mut clinic = at_the_supplement(|_| {});
        let entries = clinic.ask("lead", medicine(last), &support::Extra::default()).unwrap();
        let flagged = entries.iter().any(
            |entry| matches!(entry, Entry::GroundWithdrawn { rule, session: Some(1), .. } if *rule == *"medication.washout"),
        );
        assert_eq!(flagged, lost, "last dose {last}: {entries:#?}");
    }
}
