//! The worked day of the dossier (dosing-day.md §16), minute by minute, through `decide` and `apply`.
//!
//! Method: every line is an act, said when and by whom, with the answer that the day's plan gives to it. The slots that
//! the dossier leaves out "for length" are fed in range and on time; its single vault count is the site's stock.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests stops the test")]

mod support;

use conduct::{Entry, command::DosePart};
use support::{Clinic, study};

fn check(clinic: &mut Clinic, table: &str) {
    for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (act, expected) = line.rsplit_once('|').unwrap();
        assert_eq!(clinic.run(act.trim()), expected.trim(), "{line}");
    }
}

fn morning() -> Clinic {
    let mut clinic = Clinic::new(study::study("1")).assigned();
    clinic.receive(&["K-48213 initial 80+40", "K-90377 supplement 80+40"]);
    clinic.clock("2025-03-30 15:00");
    clinic.book("ES1", "2025-03-31");
    clinic
}

const UNTIL_THE_DOSE: &str = "
    2025-03-30 15:05 prescriber!: order 80+40                                       | allowed
    2025-03-31 08:40 lead: check identity identifiers yes                           | recorded clears
    08:41 coordinator: check emergency_contact reached yes                          | recorded clears
    08:42 lead: come                                                                | recorded
    08:44 nurse: come                                                               | recorded
    08:46 lead: check reaffirmed free yes                                           | recorded clears
    08:48 lead: check contraindications new_illness no                              | recorded clears
    08:50 nurse: check pregnancy positive no                                        | recorded clears
    09:05 nurse: check pressure systolic 141 diastolic 89                           | recorded fails
    09:21 nurse: check pressure systolic 135 diastolic 85                           | recorded clears
    09:30 lead: form suicide_risk ideation 1 behaviour no                           | recorded
    09:30 lead: check suicide_risk ideation 1 behaviour no                          | recorded clears
    09:35 prescriber!: check physician_go go yes                                    | recorded clears
    09:50 pharmacist: release K-48213 K-90377                                       | refused release.two_people
    09:50 pharmacist+witness: release K-48213 K-90377                               | allowed
    09:55 nurse: reading systolic 136 diastolic 84 pulse 78 temperature 36.8        | recorded V-a
    10:01 lead+nurse: allow K-48213                                                 | allowed
    10:02 lead+nurse: swallow K-48213 2                                             | recorded came 80mg authorised
";

#[test]
fn a_worked_day() {
    let mut clinic = morning();
    check(&mut clinic, UNTIL_THE_DOSE);
    let times = clinic.participant().sessions[&1].supplement_times.clone().unwrap();
    assert_eq!(times.opens.to_string(), "2025-03-31T09:32:00Z", "11:32 at the site");
    assert_eq!(times.closes.to_string(), "2025-03-31T10:02:00Z", "12:02 at the site");
    check(
        &mut clinic,
        "
    10:31 nurse: reading systolic 148 diastolic 92 pulse 92                         | recorded V-b
    11:04 nurse: reading systolic 162 diastolic 96 pulse 104 temperature 37.4       | recorded V-c L1:amber task:LimitAmber
    11:04 lead: note SUDS 7                                                         | recorded
    11:09 nurse: reading systolic 158 diastolic 94 pulse 101                        | recorded done
    11:20 nurse: reading systolic 156 diastolic 95 pulse 99                         | recorded
    11:22 prescriber: agree                                                         | recorded
    11:27 nurse: reading systolic 157 diastolic 93 pulse 100 temperature 37.5       | recorded V-d
    11:41 lead+nurse: open K-90377                                                  | refused supplement.vitals
    11:44 nurse: reading systolic 155 diastolic 92 pulse 98 temperature 37.5        | recorded
    11:44 lead+nurse: open K-90377                                                  | allowed
    11:46 lead+nurse: supplement K-90377 1                                          | recorded 40mg authorised
    12:32 nurse: reading systolic 150 diastolic 90 pulse 96 temperature 37.4        | recorded V-e
    13:10 lead: note TOUCH_OFFERED                                                  | recorded
    13:13 lead: note TOUCH_END                                                      | recorded
    13:32 nurse: reading systolic 148 diastolic 90 pulse 94                         | recorded V-f
    14:20 nurse: go                                                                 | recorded task:CarersBelowMinimum
    14:33 nurse: come                                                               | recorded done
    14:40 nurse: reading systolic 147 diastolic 90 pulse 90 temperature 37.2        | recorded V-g
    15:05 lead: note DRINK 1550                                                     | recorded
    16:02 nurse: reading systolic 146 diastolic 90 pulse 88                         | recorded V-h
    17:40 lead+nurse: discharge | refused discharge.earliest/after_dose discharge.earliest/after_supplement session.discharge/vitals_settled session.discharge/oriented session.discharge/distress session.discharge/risk_after
    18:05 nurse: reading systolic 132 diastolic 82 pulse 76 temperature 36.9        | recorded V-i
    18:20 nurse: check vitals_settled twice yes                                     | recorded clears
    18:22 lead: check oriented yes yes                                              | recorded clears
    18:24 lead: check distress suds 2 baseline 4                                    | recorded clears
    18:30 lead+nurse: discharge                                                     | refused session.discharge/risk_after
    18:31 lead: check risk_after ideation 0                                         | recorded clears
    18:32 lead+nurse: discharge                                                     | allowed
    18:35 lead: leave overnight attendant                                           | recorded
    23:40 attendant: night awake 5                                                  | recorded
    2025-04-01 10:20 lead: leave home Kim                                           | recorded
    10:25 lead!: close                                                              | refused close.containers close.signatures
    10:30 pharmacist: container K-48213 back 0                                      | recorded
    10:30 pharmacist: container K-90377 back 0                                      | recorded
    10:35 pharmacist: count K1 K2 K3 K4 K5 K6 K-48213 K-90377                       | recorded
    10:36 witness: count K1 K2 K3 K4 K5 K6 K-48213 K-90377                          | recorded counted
    10:38 nurse!: sign                                                              | recorded
    10:40 lead: close                                                               | refused close.signatures close.signed
    10:40 lead!: close                                                              | allowed
    ",
    );
    let session = &clinic.participant().sessions[&1];
    let total: Vec<_> = session.swallowed.iter().map(|s| (s.part, s.amount.to_string(), s.authorised)).collect();
    let expected = [(DosePart::Initial, "80 mg".to_owned(), true), (DosePart::Supplement, "40 mg".to_owned(), true)];
    assert_eq!(total, expected);
    assert!(support::deviations(&clinic).is_empty(), "{:?}", clinic.participant().deviations);
    assert!(clinic.participant().tasks.values().all(|task| task.done.is_some()), "{:?}", clinic.participant().tasks);
}

/// §13.8: offsets are differences of instants: through the night on which the clocks go forward (30 March, 02:00 to
/// 03:00) the schedule of the vital signs counts minutes, not the hands of the wall clock.
#[test]
fn daylight_saving_within_a_session() {
    let mut night = Clinic::new(study::study("1")).assigned();
    night.clock("2025-03-30 00:40");
    night.person(Entry::DoseTaken {
        session: 1,
        part: DosePart::Initial,
        container: "K1".into(),
        amount: terms::Milligrams::ZERO,
        pieces: 2,
        mouth_checked: true,
        authorised: true,
        supplement: None,
    });
    night.clock("2025-03-30 03:10");
    let passed = night.now.duration_since(night.participant().sessions[&1].dosed_at().unwrap());
    assert_eq!(passed.as_mins(), 90, "two and a half hours by the wall, ninety minutes of session");
    assert_eq!(night.run("03:10 nurse: reading systolic 140 diastolic 80 pulse 90 temperature 37"), "recorded V-d");
}
