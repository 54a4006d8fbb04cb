//! Every rule of the dosing day, refusing and allowing.
//!
//! Method: each row begins with a clinic in which the act would be allowed, does what the row says, asks for the act,
//! and compares the rules that stand in the way, in the order in which the bedside sees them. The last test demands
//! that every rule of the part was seen both ways in these tables.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests stops the test")]

mod support;

use conduct::Entry;
use protocol::model::{BlockOn, DosePlan, Study};
use std::collections::BTreeSet;
use support::{
    Clinic, P,
    planted::{dosed_session, prepare},
    rows,
    scene::{CHECKS, at_the_supplement, booked, dosed_with, ordered, ready_with},
    study,
};

/// Rule, act, whether it stood in the way.
type Seen = BTreeSet<(&'static str, String, bool)>;

/// Runs a table: `acts | answer to the act`; returns each rule as it was found.
fn table(begin: impl Fn() -> Clinic, act: &str, rows_of: &str) -> Seen {
    let mut seen = Seen::new();
    for (acts, expected) in rows(rows_of) {
        let mut clinic = begin();
        prepare(&mut clinic, &acts);
        let answer = clinic.run(act);
        assert_eq!(answer, expected, "after {acts:?}: {act}");
        let asked = clinic.asked;
        seen.extend(clinic.findings.iter().map(|f| (f.rule(), asked.clone(), f.broken().is_some())));
    }
    seen
}

fn order() -> Seen {
    let mut seen = table(
        || booked(|_| {}),
        "15:05 prescriber!: order 80+40",
        "
        -                                       | allowed
        prescriber!: order 80+40                | refused order.once
        prescriber!: order 80+40; prescriber: withdraw_order | allowed
        seed confirmation ran out               | allowed
        coordinator: stop_treatment             | refused session.treatment
        coordinator: withdraw_consent           | refused session.treatment participant.consent
        monitor: hold participant rash          | refused safety.hold
        monitor: hold trial signal              | refused safety.hold
        seed hold on the site                   | refused safety.hold
        seed a dose ten days ago                | refused dose.interval
        seed a dose three weeks ago             | allowed
        seed a dose in autumn                   | refused session.reconfirmed
        lead: stop_session                      | refused session.not_over
        seed visit missed                       | refused order.next
        ",
    );
    for (act, expected) in [
        ("prescriber: order 80+40", "refused order.signed"),
        ("prescriber!: order 120+60", "refused order.level"),
        ("prescriber!: order 120+60 because tolerated well", "refused order.level"),
        ("prescriber!: order 80+40 because tolerated well", "allowed"),
        ("prescriber!: order 500", "refused order.level order.maximum"),
        (
            "lead!: order 80+40",
            "unanswered: order dose needs one of these duties at S01 today: prescribe. The investigator can delegate them",
        ),
    ] {
        seen.extend(table(|| booked(|_| {}), act, &format!("- | {expected}")));
    }
    seen
}

/// The second session: its place, its sequence, its levels.
fn second_order() -> Seen {
    let second = || {
        let mut clinic = booked(|_| {});
        clinic.people.get_mut(P).unwrap().sessions.insert(1, dosed_session("2025-02-25T09:00:00Z"));
        clinic.people.get_mut(P).unwrap().phase = conduct::Phase::InTreatment;
        for visit in ["ES1", "I1", "T2"] {
            let day = "2025-02-25".parse().unwrap();
            let mode = protocol::model::VisitMode::OnSite;
            clinic.person(Entry::VisitAttended { visit: visit.into(), day, mode, anchor_day: None, window: None });
        }
        clinic.session = 2;
        clinic
    };
    let open_integration = move || {
        let mut clinic = second();
        clinic.people.get_mut(P).unwrap().visits.remove("I1");
        clinic
    };
    let not_closed = move || {
        let mut clinic = second();
        clinic.people.get_mut(P).unwrap().sessions.get_mut(&1).unwrap().closed = None;
        clinic
    };
    let mut seen = table(second, "prescriber!: order 120+60", "- | allowed");
    seen.extend(table(second, "prescriber!: order 80+40", "- | refused order.level"));
    seen.extend(table(second, "prescriber!: order 80+40 because headache", "- | allowed"));
    seen.extend(table(second, "prescriber!: order 200+60 because wish", "- | refused order.maximum"));
    seen.extend(table(open_integration, "prescriber!: order 120+60", "- | refused order.sequence"));
    seen.extend(table(not_closed, "prescriber!: order 120+60", "- | refused order.sequence"));
    let outside = move || {
        let mut clinic = second();
        clinic.session = 9;
        clinic
    };
    seen.extend(table(outside, "prescriber!: order 120+60", "- | refused session.planned"));
    seen
}

fn release() -> Seen {
    let mut seen = table(
        ordered,
        "09:50 pharmacist+witness: release K1 K2",
        "
        -                                            | allowed
        prescriber: withdraw_order                   | refused session.order release.container/K1 release.container/K2
        coordinator: stop_treatment                  | refused session.order session.treatment release.container/K1 release.container/K2
        seed confirmation ran out                    | refused eligibility.confirmation
        seed ethics ran out                          | refused session.approval/ethics
        seed licence ran out                         | refused session.approval/licence
        seed site only opened                        | refused session.site
        seed site closed                             | allowed
        seed hold on the site                        | refused safety.hold
        lead: stop_session                           | refused session.not_over
        seed K1 expired                              | refused release.container/K1
        pharmacist: container K2 aside dented        | refused release.container/K2
        pharmacist: container K2 damaged broken      | refused release.container/K2
        pharmacist: container K2 recalled lot        | refused release.container/K2
        pharmacist: container K2 warm 31             | refused release.container/K2
        pharmacist: container K2 missing             | refused safety.hold release.container/K2
        pharmacist+witness: release K5 K6            | refused release.once
        pharmacist+witness: release K5 K6; pharmacist+witness: return K5; pharmacist+witness: return K6 | allowed
        ",
    );
    for (act, expected) in [
        ("09:50 witness+pharmacist: release K1 K2", "allowed"),
        ("09:50 pharmacist: release K1 K2", "refused release.two_people"),
        ("09:50 pharmacist+pharmacist: release K1 K2", "refused release.two_people"),
        ("09:50 pharmacist+lead: release K1 K2", "refused release.two_people"),
        ("09:50 pharmacist+witness: release nothing", "refused release.stock"),
        ("09:50 pharmacist+witness: release", "refused release.stock"),
        ("09:50 pharmacist+witness: release K1", "refused release.stock"),
        ("09:50 pharmacist+witness: release K2 K1", "refused release.container/K2 release.container/K1"),
        ("09:50 pharmacist+witness: release K3 K4", "refused release.container/K3 release.container/K4"),
        ("09:50 pharmacist+witness: release K7 K2", "refused release.container/K7"),
        ("2025-04-01 09:50 pharmacist+witness: release K1 K2", "refused release.day"),
    ] {
        seen.extend(table(ordered, act, &format!("- | {expected}")));
    }
    seen
}

fn dose() -> Seen {
    let ready = || ready_with(|_| {});
    let mut seen = table(
        ready,
        "10:01 lead+co: allow K1",
        "
        -                                                   | allowed
        prescriber: withdraw_order                          | refused session.order dose.container
        coordinator: withdraw_consent                       | refused session.order session.treatment participant.consent dose.container
        seed confirmation ran out                           | refused eligibility.confirmation
        seed ethics ran out                                 | refused session.approval/ethics
        seed licence ran out                                | refused session.approval/licence
        seed site only opened                               | refused session.site
        monitor: hold participant rash                      | refused safety.hold
        10:20 lead: check identity identifiers yes; 10:01 lead: come | refused session.clock
        seed sertraline a week ago                          | refused medication.washout/sertraline
        seed sertraline in February                         | allowed
        seed lorazepam yesterday                            | refused session.rescue_medicine/lorazepam
        seed lorazepam some day                             | refused session.rescue_medicine/lorazepam
        seed lorazepam two days ago                         | allowed
        seed weight 45                                      | refused eligibility.criterion/E30
        seed weight unknown                                 | refused eligibility.criterion/E30
        seed three sessions before                          | refused dose.count
        seed a dose ten days ago                            | refused dose.interval
        seed a dose three weeks ago                         | allowed
        seed a dose in autumn                               | refused session.reconfirmed
        09:56 lead: check identity identifiers no           | refused session.check/identity
        09:56 lead: check reaffirmed free no                | refused session.check/reaffirmed
        09:56 lead: check pressure systolic 147 diastolic 85 | refused session.check/pressure
        09:56 lead: check pressure systolic ? diastolic 85  | refused session.check/pressure
        09:56 lead: check contraindications new_illness yes | refused session.check/contraindications
        09:56 lead: check contraindications new_illness yes; prescriber: agree contraindications because a cold | allowed
        09:56 lead: check emergency_contact reached no      | allowed
        09:56 lead: check pregnancy positive yes            | refused session.check/pregnancy
        09:56 lead: check pregnancy positive yes; seed childbearing no | allowed
        09:56 lead: check suicide_risk ideation 4 behaviour no | refused session.check/suicide_risk
        09:56 lead!: check physician_go go yes              | refused session.check/physician_go
        09:56 prescriber: check physician_go go yes         | refused session.check/physician_go
        09:56 pharmacist: check pressure systolic 120 diastolic 80 | refused session.check/pressure
        seed risk alarm                                     | refused session.suicide_risk
        seed risk answered                                  | allowed
        09:56 lead: reading systolic 162 diastolic 90       | refused dose.limits
        09:56 lead: reading systolic 162 diastolic 90; 10:00 lead: reading systolic 150 diastolic 90 | allowed
        09:56 lead: reading systolic 162 diastolic 90; 10:00 lead: reading pulse 80 | refused dose.limits
        co: go                                              | refused session.carers session.delegation
        co: go; nurse: come                                 | allowed
        lead: go; nurse: come                               | refused session.lead
        seed delegations end today                          | allowed
        pharmacist: container K1 aside dented               | refused dose.container dose.in_date
        seed K1 expired                                     | refused dose.in_date
        10:00 lead+co: allow K1; 10:01 lead+co: swallow K1 2 | refused dose.container dose.once
        lead: stop_session                                  | refused session.not_over
        pharmacist+witness: return K1                       | refused dose.container
        ",
    );
    for (act, expected) in [
        ("10:01 co+lead: allow K1", "allowed"),
        ("10:01 lead+prescriber: allow K1", "allowed"),
        ("10:01 lead: allow K1", "refused dose.two_people"),
        ("10:01 lead+lead: allow K1", "refused dose.two_people"),
        ("10:01 lead+witness: allow K1", "refused dose.two_people"),
        ("10:01 lead+co: allow K2", "refused dose.container"),
        ("10:01 lead+co: allow K5", "refused dose.container"),
        ("10:01 lead+co: allow K99", "refused dose.container dose.in_date"),
        ("10:20 lead+co: allow K1", "allowed"),
        ("10:21 lead+co: allow K1", "refused dose.open_to_swallow"),
        ("10:36 lead+co: allow K1", "refused session.check/physician_go dose.open_to_swallow"),
        (
            "2025-04-01 08:00 lead+co: allow K1",
            "refused session.check/identity session.check/reaffirmed session.check/contraindications session.check/pressure session.check/suicide_risk session.check_form/suicide_risk session.check/emergency_contact session.check/physician_go dose.open_to_swallow",
        ),
    ] {
        seen.extend(table(ready, act, &format!("- | {expected}")));
    }
    seen.extend(dose_as_others_set_it());
    seen
}

/// The same rules under studies that set them otherwise.
/// Licences, certificates and relations of those in the room.
fn people() -> Seen {
    let mut seen = table(
        || ready_with(study::with_certificates),
        "10:01 lead+co: allow K1",
        "
        -                                          | allowed
        investigator: uncertify lead licence       | refused session.licensed
        investigator: relate lead co married       | refused session.related
        investigator: relate lead co married; nurse: come | allowed
        ",
    );
    let at_the_supplement = || at_the_supplement(study::with_certificates);
    seen.extend(table(
        at_the_supplement,
        "11:40 lead+co: open K2",
        "
        -                                          | allowed
        investigator: uncertify lead licence       | refused session.licensed
        investigator: relate lead co married       | refused session.related
        investigator: uncertify co gcp             | refused session.carers staff.certificate/gcp
        ",
    ));
    seen
}

fn dose_as_others_set_it() -> Seen {
    let with_nurse = || ready_with(|study| study.session.presence.nurses_min = 1);
    let mut seen = table(
        with_nurse,
        "10:01 lead+co: allow K1",
        "
        -              | refused session.nurse
        nurse: come    | allowed
        ",
    );
    let long = || ready_with(|study| study.session.presence.delegation_minutes = 24 * 60);
    seen.extend(table(
        long,
        "10:01 lead+co: allow K1",
        "
        -                                    | allowed
        seed delegations end today           | refused session.delegation
        ",
    ));
    // No form with the check of suicide risk.
    let begin = || {
        let mut clinic = ordered();
        let lines: Vec<&str> = CHECKS.lines().filter(|line| !line.contains(": form")).collect();
        clinic.all(&lines.join("\n"));
        clinic.all("09:50 pharmacist+witness: release K1 K2");
        clinic
    };
    seen.extend(table(begin, "10:01 lead+co: allow K1", "- | refused session.check_form/suicide_risk"));
    // Not one check done.
    let nothing = || {
        let mut clinic = ordered();
        clinic.all("09:50 pharmacist+witness: release K1 K2\n 09:52 lead: come\n 09:52 co: come");
        clinic
    };
    let all = "session.check/identity session.check/reaffirmed session.check/contraindications session.check/pregnancy \
               session.check/pressure session.check/suicide_risk session.check_form/suicide_risk \
               session.check/emergency_contact session.check/physician_go";
    seen.extend(table(nothing, "10:01 lead+co: allow K1", &format!("- | refused {all}")));
    // An amount above the session's maximum, ordered before an amendment lowered it.
    let lowered = || {
        let mut clinic = ready_with(|_| {});
        let mut study = study::study("1");
        study.dose.session_max_mg = terms::Milligrams::new(study::decimal("100"));
        clinic.studies.insert(clinic.hash.clone(), std::sync::Arc::new(study));
        clinic
    };
    seen.extend(table(lowered, "10:01 lead+co: allow K1", "- | refused order.maximum"));
    seen
}

fn supplement() -> Seen {
    let begin = || at_the_supplement(|_| {});
    let mut seen = table(
        begin,
        "11:40 lead+co: open K2",
        "
        -                                                   | allowed
        prescriber: withdraw_order                          | refused supplement.planned session.order supplement.first_dose dose.container
        coordinator: stop_treatment                         | refused session.treatment session.not_over
        coordinator: withdraw_consent                       | refused session.treatment participant.consent session.not_over
        monitor: hold participant rash                      | refused safety.hold
        seed ground withdrawn                               | refused supplement.ground
        lead: not_given DECLINED_P                          | refused supplement.wish
        lead: stop_session                                  | refused session.not_over
        lead: reading systolic 162 diastolic 90 pulse 90 temperature 37 | refused supplement.limits/L1
        lead: reading systolic 181 diastolic 90 pulse 90 temperature 37 | refused supplement.limits/L1
        10:20 lead: note VOMIT                              | refused supplement.vomited
        10:40 lead: note VOMIT                              | allowed
        seed severe adverse event                           | refused supplement.adverse_event
        seed severe adverse event, over                     | allowed
        seed risk alarm                                     | refused session.suicide_risk
        co: go                                              | refused session.carers
        lead: go; nurse: come                               | refused session.lead
        seed K2 expired                                     | refused dose.in_date
        pharmacist+witness: return K2                       | refused dose.container
        lead+co: open K2; 11:40 lead+co: supplement K2 1    | refused dose.container supplement.once
        ",
    );
    for (act, expected) in [
        ("11:31 lead+co: open K2", "refused supplement.window supplement.vitals session.clock"),
        ("11:40 lead+co: open K2 unwished", "refused supplement.wish"),
        ("11:40 lead: open K2", "refused dose.two_people"),
        ("11:40 lead+co: open K6", "refused dose.container"),
        ("11:40 lead+co: open K1", "refused dose.container"),
        ("11:49 lead+co: open K2", "allowed"),
        ("11:50 lead+co: open K2", "refused supplement.vitals"),
    ] {
        seen.extend(table(begin, act, &format!("- | {expected}")));
    }
    seen.extend(supplement_window());
    seen.extend(supplement_pause());
    seen.extend(supplement_after_other_doses());
    seen
}

/// §13.2: +121 is refused to everybody under the reference; under a study that declares 150 it needs the physician's
/// reason from 120 on; +151 is refused under both.
fn supplement_window() -> Seen {
    let late = |study: &mut Study| {
        let supplement = study.dose.supplement.as_mut().unwrap();
        supplement.closes_minutes = 150;
        supplement.reason_after_minutes = Some(120);
    };
    let at = |change: fn(&mut Study), time: &'static str| {
        move || {
            let mut clinic = dosed_with(change);
            clinic.all(&format!("{time} lead: reading systolic 150 diastolic 90 pulse 95 temperature 37.4"));
            clinic
        }
    };
    let mut seen = Seen::new();
    for (begin, act, expected) in [
        (at(|_| {}, "11:58"), "12:02 lead+prescriber: open K2 because asleep", "allowed"),
        (at(|_| {}, "11:58"), "12:03 lead+prescriber: open K2 because asleep", "refused supplement.window"),
    ] {
        seen.extend(table(begin, act, &format!("- | {expected}")));
    }
    for (act, expected) in [
        ("12:02 lead+co: open K2", "allowed"),
        ("12:03 lead+co: open K2", "refused supplement.reason"),
        ("12:03 lead+co: open K2 because asleep", "refused supplement.reason"),
        ("12:03 lead+prescriber: open K2", "refused supplement.reason"),
        ("12:03 lead+prescriber: open K2 because asleep", "allowed"),
        ("prescriber+lead: open K2 because asleep", "allowed"),
    ] {
        seen.extend(table(at(late, "11:58"), act, &format!("- | {expected}")));
    }
    for (act, expected) in [
        ("12:32 lead+prescriber: open K2 because asleep", "allowed"),
        ("12:33 lead+prescriber: open K2 because asleep", "refused supplement.window"),
    ] {
        seen.extend(table(at(late, "12:30"), act, &format!("- | {expected}")));
    }
    seen
}

/// §13.3: amber pauses; two readings below it, ten minutes apart, and the physician's agreement lift; red ends it.
fn supplement_pause() -> Seen {
    let amber = || {
        let mut clinic = dosed_with(|_| {});
        clinic.all("11:20 lead: reading systolic 162 diastolic 90 pulse 90 temperature 37");
        clinic
    };
    let below = "reading systolic 150 diastolic 90 pulse 90 temperature 37";
    let mut seen = table(
        amber,
        "11:42 lead+co: open K2",
        &format!(
            "
            11:30 lead: {below}; 11:41 lead: {below}                                   | refused supplement.limits/L1
            11:30 lead: {below}; 11:41 lead: {below}; prescriber: agree                | allowed
            11:30 lead: {below}; 11:35 prescriber: agree; 11:41 lead: {below}          | refused supplement.limits/L1
            11:33 lead: {below}; 11:41 lead: {below}; prescriber: agree                | refused supplement.limits/L1
            11:30 lead: {below}; 11:35 lead: {below}; 11:41 lead: {below}; prescriber: agree | allowed
            11:30 lead: {below}; 11:40 lead: {below}; prescriber: agree; 11:41 lead: reading systolic 161 diastolic 90 pulse 90 temperature 37 | refused supplement.limits/L1
            11:30 lead: reading diastolic 90 pulse 90 temperature 37; 11:41 lead: {below}; prescriber: agree | refused supplement.limits/L1
            11:25 lead: reading systolic 185 diastolic 90; 11:30 lead: {below}; 11:41 lead: {below}; prescriber: agree | refused supplement.limits/L1
            "
        ),
    );
    let red_only = || {
        let mut clinic = dosed_with(|study| study.dose.supplement.as_mut().unwrap().block_on = BlockOn::Red);
        clinic.all("11:40 lead: reading systolic 162 diastolic 90 pulse 90 temperature 37");
        clinic
    };
    seen.extend(table(
        red_only,
        "11:42 lead+co: open K2",
        "
        -                                                | allowed
        11:41 lead: reading systolic 180 diastolic 90 pulse 90 temperature 37 | refused supplement.limits/L1
        ",
    ));
    seen
}

/// A first dose that went otherwise than it was allowed carries no supplement.
fn supplement_after_other_doses() -> Seen {
    let reading = "11:39 lead: reading systolic 150 diastolic 90 pulse 95 temperature 37.4";
    let allowed = || {
        let mut clinic = ready_with(|_| {});
        clinic.all("10:01 lead+co: allow K1");
        clinic
    };
    let act = "11:40 lead+co: open K2";
    let mut seen = table(
        allowed,
        act,
        &format!(
            "
            10:02 lead+co: swallow K1 2; {reading}                                  | allowed
            10:02 lead+co: swallow K1 1; {reading}                                  | refused supplement.first_dose
            10:02 lead+co: swallow K1 1; lead+co: swallow K1 1; {reading}           | allowed
            10:25 lead+co: swallow K1 2; {reading}                                  | refused safety.hold supplement.first_dose supplement.window
            10:02 lead+co: swallow K5 2; {reading}                                  | refused safety.hold supplement.first_dose
            10:02 lead+co: swallow K1 2                                             | refused supplement.vitals
            {reading}                                                               | refused supplement.first_dose supplement.window supplement.vitals
            "
        ),
    );
    let none = || {
        let mut clinic = ready_with(|study| study.dose.supplement = None);
        clinic.all("10:01 lead+co: allow K1\n 10:02 lead+co: swallow K1 2");
        clinic
    };
    seen.extend(table(none, act, "- | refused supplement.planned"));
    let lowered = || {
        let mut clinic = at_the_supplement(|_| {});
        let mut study = study::study("1");
        let DosePlan { session_max_mg, .. } = &mut study.dose;
        *session_max_mg = terms::Milligrams::new(study::decimal("119.999"));
        clinic.studies.insert(clinic.hash.clone(), std::sync::Arc::new(study));
        clinic
    };
    seen.extend(table(lowered, act, "- | refused supplement.maximum"));
    seen
}

/// In the evening, with every criterion met: +490 and 6 h after the supplement.
fn evening() -> Clinic {
    let mut clinic = at_the_supplement(|_| {});
    clinic.all(
        "11:40 lead+co: open K2
         11:42 lead+co: supplement K2 1
         18:00 lead: check vitals_settled twice yes
         18:00 lead: check oriented yes yes
         18:00 lead: check distress suds 2 baseline 4
         18:00 lead: check risk_after ideation 0",
    );
    clinic
}

fn discharge() -> Seen {
    let mut seen = table(
        evening,
        "18:05 lead+co: discharge",
        "
        -                                                  | allowed
        lead: check vitals_settled twice no                | refused session.discharge/vitals_settled
        lead: check oriented yes no                        | refused session.discharge/oriented
        lead: check distress suds 8 baseline 4             | refused session.discharge/distress
        lead: check distress suds 8 baseline 4; prescriber: agree distress because own wish, calm | allowed
        lead: check risk_after ideation 4                  | refused session.discharge/risk_after
        pharmacist: check oriented yes yes                 | refused session.discharge/oriented
        seed risk alarm                                    | refused session.suicide_risk
        lead: leave overnight staff                    | refused discharge.here
        ",
    );
    for (act, expected) in [
        ("18:05 lead: discharge", "refused discharge.two_people"),
        ("18:05 lead+lead: discharge", "refused discharge.two_people"),
        ("19:01 lead+co: discharge", "refused session.discharge/vitals_settled"),
    ] {
        seen.extend(table(evening, act, &format!("- | {expected}")));
    }
    // §13.6: +479 is refused, +480 with the risk not asked is refused, with all true allowed.
    let without_supplement = || {
        let mut clinic = dosed_with(|_| {});
        clinic.all(
            "11:50 lead: not_given CLINICIAN
             17:50 lead: check vitals_settled twice yes
             17:50 lead: check oriented yes yes
             17:50 lead: check distress suds 2 baseline 4",
        );
        clinic
    };
    let back = "pharmacist+witness: return K2";
    let asked = "18:00 lead: check risk_after ideation 0";
    for (acts, time, expected) in [
        (format!("{back}; {asked}"), "18:01", "refused discharge.earliest/after_dose"),
        (format!("{back}; {asked}"), "18:02", "allowed"),
        (back.to_owned(), "18:02", "refused session.discharge/risk_after"),
        (asked.to_owned(), "18:02", "refused discharge.nothing_out"),
    ] {
        seen.extend(table(without_supplement, &format!("{time} lead+co: discharge"), &format!("{acts} | {expected}")));
    }
    // What was found before the dose says nothing about the evening.
    let before = || {
        let mut clinic = ready_with(|study| study.session.discharge.criteria[1].fresh_minutes = None);
        clinic.all(
            "09:58 lead: check oriented yes yes
             10:01 lead+co: allow K1
             10:02 lead+co: swallow K1 2
             18:00 lead: check vitals_settled twice yes
             18:00 lead: check distress suds 2 baseline 4
             18:00 lead: check risk_after ideation 0
             18:01 pharmacist+witness: return K2",
        );
        clinic
    };
    seen.extend(table(before, "18:05 lead+co: discharge", "- | refused session.discharge/oriented"));
    let after_supplement = || {
        let mut clinic = evening();
        clinic.people.get_mut(P).unwrap().sessions.get_mut(&1).unwrap().swallowed[1].at = {
            clinic.clock("12:30");
            clinic.now
        };
        clinic.clock("18:05");
        clinic
    };
    seen.extend(table(after_supplement, "18:05 lead+co: discharge", "- | refused discharge.earliest/after_supplement"));
    let undosed = || ready_with(|_| {});
    seen.extend(table(
        undosed,
        "18:05 lead+co: discharge",
        "- | refused discharge.here session.discharge/vitals_settled session.discharge/oriented session.discharge/distress session.discharge/risk_after discharge.nothing_out",
    ));
    seen
}

fn close() -> Seen {
    let unsigned = || {
        let mut clinic = evening();
        clinic.all(
            "18:05 lead+co: discharge
             18:10 lead: leave overnight staff
             2025-04-01 10:00 lead: leave home named
             10:10 pharmacist: container K1 back 0
             10:10 pharmacist: container K2 back 0",
        );
        clinic
    };
    let left = move || {
        let mut clinic = unsigned();
        clinic.all("10:15 co!: sign\n10:16 lead!: sign");
        clinic
    };
    let signed_evening = || {
        let mut clinic = evening();
        clinic.all("co!: sign");
        clinic
    };
    let vitals = " VitalsMissed".repeat(7);
    let mut seen = table(left, "10:20 lead!: close", &format!("- | allowed{vitals}"));
    seen.extend(table(left, "10:20 lead: close", "- | refused close.signed"));
    seen.extend(table(left, "10:30 lead!: close", "10:20 lead!: close | refused close.open"));
    seen.extend(table(unsigned, "10:20 lead!: close", "- | refused close.signatures"));
    let harm = "10:18@2025-03-31 12:00 lead: reading systolic 185 diastolic 90 pulse 90 | refused close.adverse_events";
    seen.extend(table(left, "10:20 lead!: close", harm));
    seen.extend(table(
        signed_evening,
        "18:40 lead!: close",
        "
        -                                                          | refused close.departed close.containers
        lead: leave overnight staff                            | refused close.departed close.containers
        lead: leave hospital ambulance                             | refused close.containers
        lead: leave hospital ambulance; pharmacist: container K1 back 0; pharmacist: container K2 missing | allowed VitalsMissed VitalsMissed VitalsMissed VitalsMissed VitalsMissed VitalsMissed
        ",
    ));
    let undecided = || {
        let mut clinic = dosed_with(|_| {});
        clinic.all(
            "12:30 lead: leave hospital ambulance
             13:00 pharmacist: container K1 back 0
             13:00 pharmacist+witness: return K2
             13:05 co!: sign",
        );
        clinic
    };
    let early = " VitalsMissed".repeat(3);
    seen.extend(table(
        undecided,
        "13:30 lead!: close",
        &format!(
            "
            -                              | refused close.supplement
            lead: not_given CLINICIAN      | allowed{early}
            "
        ),
    ));
    // Called off in the morning: nobody had a dose, nobody needs to leave.
    let called_off = || {
        let mut clinic = ready_with(|_| {});
        clinic.all("10:00 lead: stop_session\n10:00 co!: sign");
        clinic
    };
    seen.extend(table(
        called_off,
        "10:30 lead!: close",
        "
        -                                                              | refused close.containers
        pharmacist+witness: return K1; pharmacist+witness: return K2   | allowed
        ",
    ));
    seen.extend(table(|| booked(|_| {}), "10:30 lead!: close", "- | refused close.open"));
    seen
}

#[test]
fn orders() {
    order();
    second_order();
}

#[test]
fn releases() {
    release();
}

#[test]
fn doses() {
    dose();
}

#[test]
fn supplements() {
    supplement();
}

#[test]
fn discharges() {
    discharge();
}

#[test]
fn closings() {
    close();
}

/// DESIGN, settled point 10: a study that adds a check before the dose, with its limit, its age and its remedy, is data.
#[test]
fn a_check_that_a_study_adds() {
    let with_oxygen = || {
        ready_with(|study| {
            use protocol::model::{Duty, Failing};
            let mut oxygen =
                study::check("oxygen", &["saturation"], "saturation >= 95", &[Duty::Nurse], Some(20), Failing::Refuse);
            oxygen.remedy_failed = "sit up, breathe, measure again".to_owned();
            study.session.checks.push(oxygen);
        })
    };
    table(
        with_oxygen,
        "10:01 lead+co: allow K1",
        "
        -                                              | refused session.check/oxygen
        09:50 nurse: check oxygen saturation 97        | allowed
        09:50 nurse: check oxygen saturation 94        | refused session.check/oxygen
        09:50 lead: check oxygen saturation 97         | refused session.check/oxygen
        09:40 nurse: check oxygen saturation 97        | refused session.check/oxygen
        ",
    );
    let mut clinic = with_oxygen();
    clinic.run("09:55 nurse: check oxygen saturation 94");
    clinic.run("10:01 lead+co: allow K1");
    let broken = clinic.findings.iter().find_map(conduct::Finding::broken).unwrap();
    assert_eq!(broken.found, "saturation 94 at 09:55");
    assert_eq!(broken.needed, "oxygen is in order, at most 20 min old");
    assert_eq!(broken.remedy, "sit up, breathe, measure again");
}

/// A permission lasts as long as the first of the things that it stands on.
#[test]
fn permissions_end() {
    let mut clinic = ready_with(|_| {});
    for (line, ends) in [
        ("10:01 lead+co: allow K1", "10:20"),
        ("10:02 prescriber!: check physician_go go yes", "10:20"),
        ("10:03 lead+co: allow K1", "10:20"),
    ] {
        clinic.run(line);
        let given = clinic.participant().sessions[&1].dose_authorised.clone().unwrap();
        let mut then = clinic.clone();
        then.clock(ends);
        assert_eq!(given.expires, then.now, "{line}: thirty minutes from the safe come before the checks' ends");
    }
    let mut slow = ready_with(|study| study.dose.open_to_swallow_minutes = 120);
    slow.run("10:01 lead+co: allow K1");
    let given = slow.participant().sessions[&1].dose_authorised.clone().unwrap();
    slow.clock("10:35");
    assert_eq!(given.expires, slow.now, "the physician's go of 09:35 is good for an hour");
}

fn everything() -> Seen {
    let mut seen = order();
    for more in [second_order(), release(), dose(), people(), supplement(), discharge(), close()] {
        seen.extend(more);
    }
    seen
}

#[test]
fn every_rule_refuses_and_allows() {
    let seen: BTreeSet<(&str, bool)> = everything().into_iter().map(|(rule, _, broken)| (rule, broken)).collect();
    let missing: Vec<String> = conduct::session::RULES
        .iter()
        .flat_map(|rule| [(rule.id, true), (rule.id, false)])
        .filter(|pair| !seen.contains(pair))
        // A session of the plan is no finding of its own.
        .filter(|pair| *pair != ("session.planned", false))
        .map(|(rule, refused)| format!("{rule} was never seen {}", if refused { "refusing" } else { "allowing" }))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Every rule says which acts it binds: it is asked of those, and of no other.
#[test]
fn rules_bind_what_they_say() {
    let asked: BTreeSet<(&str, String)> = everything().into_iter().map(|(rule, act, _)| (rule, act)).collect();
    let rules = conduct::rules::all();
    let mut wrong: Vec<String> = asked
        .iter()
        .filter(|(id, act)| !rules.iter().any(|rule| rule.id == *id && rule.binds.contains(&act.as_str())))
        .map(|(id, act)| format!("{id} is asked of {act} and does not say so"))
        .collect();
    for rule in conduct::session::RULES.iter().filter(|rule| rule.id != "session.planned") {
        // The site's approvals are asked at its activation too, in another part's tables.
        let bound = rule.binds.iter().filter(|act| **act != "activate_site");
        let never = bound.filter(|act| !asked.contains(&(rule.id, (**act).to_owned())));
        wrong.extend(never.map(|act| format!("{} says that it binds {act}, and is never asked", rule.id)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
