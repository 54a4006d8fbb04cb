//! Licences, trainings and relations of staff: failures.md F-52, F-53 and F-60 as tables of a dosing day.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests stops the test")]

mod support;

use conduct::{
    Command, Entry, Fact,
    context::{Census, RoomFound},
    staffing::credentials::{Staff, running_out},
};
use support::{
    Clinic, Extra, P, rows,
    scene::{at_the_supplement, booked, ready_with},
    study::with_certificates,
};

/// Each row begins before the dose; the last column is what the pair is answered.
fn check(change: impl Fn(&mut protocol::model::Study), table: &str) {
    for (acts, expected) in rows(table) {
        let mut clinic = ready_with(&change);
        for act in acts.iter().filter(|act| **act != "-") {
            let answer = clinic.run(act);
            assert!(!answer.starts_with("refused") && !answer.starts_with("un"), "{act}: {answer}");
        }
        assert_eq!(clinic.run("10:01 lead+co: allow K1"), expected, "after {acts:?}");
    }
}

/// One of the pair holds a licence. When it has run out, that pair gets no dose; with a licensed third it does.
#[test]
fn f_52_an_expired_licence_refuses_the_dose_with_that_pair() {
    check(
        with_certificates,
        "
        -                                                                                            | allowed
        investigator: uncertify lead licence 2025-03-01; investigator: certify lead licence 2025-03-01 2025-03-31 | allowed
        investigator: uncertify lead licence 2025-03-01; investigator: certify lead licence 2025-03-01 2025-03-30 | refused session.licensed
        investigator: uncertify lead licence                                                         | refused session.licensed
        investigator: uncertify lead licence; investigator: certify nurse licence 2024-01-01         | refused session.licensed
        investigator: uncertify lead licence; investigator: certify nurse licence 2024-01-01; nurse: come | allowed
        investigator: uncertify lead licence; investigator: certify co licence 2024-01-01            | allowed
        # Other certificates of those who are counted.
        investigator: uncertify co supervised                                                        | refused session.carers session.delegation staff.certificate/supervised
        investigator: uncertify co supervised; investigator: certify co supervised 2025-03-31 - hours 19 | refused session.carers session.delegation staff.certificate/supervised
        investigator: uncertify co supervised; investigator: certify co supervised 2025-03-31 - hours 20 | allowed
        investigator: uncertify lead gcp                                                             | refused session.carers session.lead session.licensed session.delegation staff.certificate/gcp
        # The prescriber's: the order stands on somebody who may prescribe.
        investigator: uncertify prescriber gcp                                                       | refused session.order
        ",
    );
    check(
        |study| {
            with_certificates(study);
            study.session.presence.licensed_min = Some(2);
        },
        "
        -                                                | refused session.licensed
        investigator: certify co licence 2024-01-01      | allowed
        ",
    );
    check(|_| {}, "- | allowed");
}

/// A certificate that ends before the session will be over is as good as none: nobody runs out in the middle of it.
#[test]
fn f_52_a_certificate_that_ends_during_the_session_is_seen_before_it() {
    let long = |study: &mut protocol::model::Study| {
        with_certificates(study);
        study.session.presence.delegation_minutes = 24 * 60;
    };
    check(
        long,
        "
        -                                                                                                  | allowed
        investigator: uncertify co gcp 2025-03-01; investigator: certify co gcp 2025-03-01 2025-03-31      | refused session.delegation
        investigator: uncertify co gcp 2025-03-01; investigator: certify co gcp 2025-03-01 2025-04-01      | allowed
        ",
    );
}

/// Each act asks for the certificates of the role in which it is asked; what somebody records is recorded without.
#[test]
fn f_52_acts_stop_and_facts_do_not() {
    let begin = || {
        let mut clinic = booked(with_certificates);
        clinic.all("2025-03-30 15:01 investigator: uncertify prescriber gcp 2025-03-30");
        clinic
    };
    assert_eq!(begin().run("15:05 prescriber!: order 80+40"), "refused staff.certificate/gcp");
    let mut clinic = begin();
    clinic.all("15:02 investigator: certify prescriber gcp 2025-03-30");
    assert_eq!(clinic.run("15:05 prescriber!: order 80+40"), "allowed");
    let mut clinic = ready_with(with_certificates);
    clinic.all("investigator: uncertify lead gcp");
    let answer = clinic.run("09:55 lead: reading systolic 136 diastolic 84 pulse 78 temperature 36.8");
    assert!(answer.starts_with("recorded"), "{answer}");
    let mut clinic = ready_with(with_certificates);
    clinic.all("pharmacist+witness: return K1\npharmacist+witness: return K2\ninvestigator: uncertify pharmacist gcp");
    assert_eq!(clinic.run("09:56 pharmacist+witness: release K1 K2"), "refused staff.certificate/gcp");
}

fn rooms(staff: &[&str]) -> Extra {
    let room = RoomFound {
        site: "S01".into(),
        participant: P.into(),
        session: 1,
        at: "2025-03-31T08:02:00Z".parse().unwrap(),
        staff: staff.iter().map(|who| (*who).into()).collect(),
    };
    Extra { census: Some(Census { rooms: vec![room], ..Census::default() }), ..Extra::default() }
}

fn flagged(entries: &[Entry]) -> Vec<&str> {
    let ground = entries.iter().filter_map(|entry| match entry {
        Entry::GroundWithdrawn { rule, session: Some(1), .. } => Some(rule.as_str()),
        _ => None,
    });
    ground.collect()
}

/// A licence turns out not to have been valid: the dose that stood on it is flagged, the supplement is stopped.
#[test]
fn f_52_a_licence_withdrawn_later_reaches_back() {
    let withdraw = |from: Option<&str>| {
        Command::Fact(Fact::WithdrawCertificate {
            site: Some("S01".into()),
            staff: "lead".into(),
            certificate: "licence".into(),
            from: from.map(|day| day.parse().unwrap()),
        })
    };
    for (from, staff, expected) in [
        (Some("2025-03-01"), &["lead", "co"][..], &["session.licensed"][..]),
        (None, &["lead", "co"], &["session.licensed"]),
        // The dose of that day stood on the licence as long as it was one.
        (Some("2025-03-01"), &["co", "nurse"], &[]),
    ] {
        let mut clinic = at_the_supplement(with_certificates);
        let entries = clinic.ask("investigator", withdraw(from), &rooms(staff)).unwrap();
        assert_eq!(flagged(&entries), expected, "{from:?} {staff:?}");
        let deviation = entries.iter().any(|entry| matches!(entry, Entry::DeviationRecorded { .. }));
        assert_eq!(deviation, !expected.is_empty());
        let answer = clinic.run("11:40 lead+co: open K2");
        assert!(answer.starts_with("refused") && answer.contains("session.licensed"), "{answer}");
        assert_eq!(answer.contains("supplement.ground"), !expected.is_empty(), "{answer}");
    }
    // Before anything was swallowed: the permission is worth nothing at the swallow.
    let allowed = || {
        let mut clinic = ready_with(with_certificates);
        clinic.all("09:55 lead: reading systolic 136 diastolic 84 pulse 78 temperature 36.8\n10:01 lead+co: allow K1");
        clinic
    };
    assert!(allowed().run("10:02 lead+co: swallow K1 2").contains(" authorised"));
    let mut clinic = allowed();
    clinic.all("investigator: uncertify lead licence");
    let answer = clinic.run("10:02 lead+co: swallow K1 2");
    assert!(answer.contains("unauthorised") && answer.contains("hold"), "{answer}");
}

/// Two who are related are not the only two with a participant, whichever of them is named first.
#[test]
fn f_53_a_related_pair_is_refused_without_a_third() {
    check(
        with_certificates,
        "
        investigator: relate lead co married                                        | refused session.related
        investigator: relate co lead married 2020-01-01                             | refused session.related
        investigator: relate lead co married; nurse: come                           | allowed
        investigator: relate lead co married; nurse: come; nurse: go                | refused session.related
        investigator: relate lead co family; investigator: relate co nurse family; nurse: come | allowed
        investigator: relate lead co family; investigator: relate co nurse family; investigator: relate nurse lead married; nurse: come | refused session.related
        investigator: relate lead co married; investigator: unrelate lead co married | allowed
        investigator: relate lead nurse married                                     | allowed
        ",
    );
    check(
        |study| {
            with_certificates(study);
            study.session.presence.related_alone = true;
        },
        "investigator: relate lead co married | allowed",
    );
}

/// It comes out later that the pair was married: the dose is flagged, the supplement waits for a third.
#[test]
fn f_53_a_relation_declared_later_reaches_back() {
    let declare = Command::Fact(Fact::DeclareRelation {
        site: "S01".into(),
        staff: "co".into(),
        other: "lead".into(),
        relation: "married".into(),
        from: Some("2024-01-01".parse().unwrap()),
    });
    let mut clinic = at_the_supplement(with_certificates);
    let entries = clinic.ask("investigator", declare, &rooms(&["lead", "co"])).unwrap();
    assert_eq!(flagged(&entries), ["session.related"]);
    let answer = clinic.run("11:40 lead+co: open K2");
    assert!(answer.contains("session.related") && answer.contains("supplement.ground"), "{answer}");
}

/// Who must be reminded, and when: the study's days before the end, the longest certificate counting.
#[test]
fn f_60_people_are_told_before_a_certificate_ends() {
    let told = |clinic: &Clinic, day: &str| -> Vec<String> {
        let study = clinic.studies.get(&clinic.hash).unwrap();
        let staff = Staff { study, trial: &clinic.trial, site: clinic.sites.get("S01") };
        let lines = running_out(staff, day.parse().unwrap()).into_iter();
        lines
            .map(|line| format!("{} {} {:?}", line.staff, line.kind.id, line.last.map(|day| day.to_string())))
            .collect()
    };
    let mut clinic = booked(with_certificates);
    assert_eq!(told(&clinic, "2025-03-30"), [""; 0]);
    clinic.all("investigator: uncertify co gcp 2025-03-01\ninvestigator: certify co gcp 2024-03-01 2025-05-28");
    assert_eq!(told(&clinic, "2025-03-29"), [""; 0]);
    assert_eq!(told(&clinic, "2025-03-30"), ["co gcp Some(\"2025-05-28\")"]);
    assert_eq!(told(&clinic, "2025-06-30"), ["co gcp Some(\"2025-05-28\")"]);
    clinic.all("investigator: certify co gcp 2025-03-20");
    assert_eq!(told(&clinic, "2025-06-30"), [""; 0], "it was renewed");
    clinic.all("investigator: uncertify nurse gcp 2025-01-01");
    assert_eq!(told(&clinic, "2025-03-30"), ["nurse gcp Some(\"2024-12-31\")"]);
}
