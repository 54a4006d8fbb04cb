//! The session room: who is told when, what is asked, what follows from a line, and what keeps the record open.
//!
//! Method: as in the other tables, each line is an act with the answer to it; here answers tell of alarms too. The room is
//! that of the reference study, on the small study of these tests. Names with `f_` show a row of failures.md.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests stops the test")]

mod support;

use conduct::{
    Command, Entry, Fact,
    session::{
        day::{Day, SlotStanding},
        report::{Section, report},
    },
};
use protocol::model::Study;
use support::{Clinic, Extra, P, scene, study};

/// The small study with the reference's room: its codes, alarms, cards, ratings, touch, drinking, night.
fn furnished(study: &mut Study) {
    let reference = protocol::embedded::load("reference-mapp2").unwrap();
    study.session.room = reference.session.room.clone();
    study.session.codes = reference.session.codes.clone();
    let distress = reference.session.measures.iter().find(|measure| measure.id == "distress").unwrap();
    study.session.measures.push(distress.clone());
    let check = study.session.checks.iter_mut().find(|check| check.id == *"reaffirmed").unwrap();
    for kind in ["hand", "shoulder", "head"] {
        let mut field = study::yes_no(kind);
        field.required = false;
        check.fields.push(field);
    }
    study.session.room.touch.as_mut().unwrap().check = "reaffirmed".to_owned();
}

fn dosed() -> Clinic {
    let mut clinic = scene::ready_with(furnished);
    clinic.all(
        "09:50 lead: check reaffirmed free yes hand yes
         09:55 lead: reading systolic 136 diastolic 84 pulse 78 temperature 36.8
         10:01 lead+co: allow K1
         10:02 lead+co: swallow K1 2",
    );
    clinic.alarms = true;
    clinic
}

fn table(clinic: &mut Clinic, lines: &str) {
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (act, expected) = line.rsplit_once('|').unwrap_or_else(|| panic!("no answer in {line:?}"));
        assert_eq!(clinic.run(act.trim()), expected.trim(), "{line}");
    }
}

const NOTHING_NEW: &str = "unanswered: nothing new: every alarm that the time has brought is on record";

fn day<T>(clinic: &Clinic, look: impl FnOnce(&Day<'_>) -> T) -> T {
    clinic.look(|case| look(&Day::of(case, 1).unwrap()))
}

/// §13.5: a therapist out for 16 minutes without cover: the lead is told at 10, the monitor at 15, a deviation at 16.
#[test]
fn f_64_one_carer_alone_is_told_at_10_15_and_16_minutes() {
    let mut clinic = dosed();
    table(
        &mut clinic,
        &format!(
            "
        12:00 co: go            | recorded task:CarersBelowMinimum
        12:09 program: clock    | recorded Overdue/amber Overdue/amber Overdue/amber Overdue/info Overdue/info
        12:10 program: clock    | recorded Carers/amber
        12:11 program: clock    | {NOTHING_NEW}
        12:15 program: clock    | recorded Carers/red
        12:16 program: clock    | recorded CarersBelowMinimum Carers/amber
        12:17 program: clock    | {NOTHING_NEW}
        "
        ),
    );
    let presence = day(&clinic, |day| day.presence());
    assert_eq!((presence.carers, presence.carers_min), (1, 2));
    assert!(presence.below_since.is_some());
    // The gap is said once: coming back ends the alarms and adds no second deviation.
    assert_eq!(clinic.run("12:20 co: come"), "recorded over over over done");
    assert_eq!(day(&clinic, |day| day.presence().below_since), None);
}

#[test]
fn nobody_with_the_participant_is_an_alarm_at_once() {
    let mut clinic = dosed();
    table(
        &mut clinic,
        "
        10:20 co: go     | recorded task:CarersBelowMinimum
        10:21 lead: go   | recorded ParticipantAlone Alone/red task:ParticipantAlone
        10:22 lead: come | recorded over done
        10:23 co: come   | recorded done
        ",
    );
}

/// The last two leave one after the other, and the first of them tells it after the second: the alarm is in that append.
#[test]
fn a_going_told_late_that_left_nobody_is_an_alarm_too() {
    let begin = dosed;
    for (acts, told) in [
        ("10:21 lead: go", "recorded ParticipantAlone Alone/red task:ParticipantAlone task:CarersBelowMinimum"),
        // Somebody is with the participant again when it is told: a deviation, and nobody is alarmed any more.
        ("10:21 lead: go\n10:24 nurse: come", "recorded ParticipantAlone task:CarersBelowMinimum"),
    ] {
        let mut clinic = begin();
        clinic.all(acts);
        assert_eq!(clinic.run("10:30@10:20 co: go"), told, "after {acts}");
    }
}

#[test]
fn a_handover_is_one_fact_of_two_people() {
    let mut clinic = dosed();
    table(
        &mut clinic,
        "
        10:20 co: handover        | unreadable second
        10:20 co+co: handover     | unreadable second
        10:20 co+lead: handover   | unreadable second
        10:20 co+nurse: handover  | recorded
        10:20 co+witness: handover | unreadable second
        ",
    );
    let here: Vec<String> = day(&clinic, |day| day.presence()).here.iter().map(|one| one.staff.to_string()).collect();
    assert_eq!(here, ["lead", "nurse"]);
    assert!(support::deviations(&clinic).is_empty());
}

/// What an offline tablet tells late ends the stay that it ended, not a later one; the half hour in between was too long.
#[test]
fn a_going_told_late_ends_the_right_stay() {
    let mut clinic = dosed();
    table(
        &mut clinic,
        "
        11:00 co: come       | recorded
        12:00@10:30 co: go   | recorded CarersBelowMinimum
        ",
    );
    let here = day(&clinic, |day| day.presence()).here;
    assert_eq!(here.len(), 2, "she went at 10:30 and came back at 11:00: {here:?}");
    let stays = &clinic.participant().sessions[&1].presence;
    assert_eq!(stays.len(), 3);
}

#[test]
fn an_unlikely_value_is_asked_about_and_recorded_when_confirmed() {
    let mut clinic = dosed();
    table(
        &mut clinic,
        "
        10:31 lead: reading systolic 290 diastolic 92 pulse 92   | unreadable systolic
        10:31 lead: sure systolic 92 diastolic 148               | unreadable systolic
        10:31 lead: sure temperature -3                          | unreadable temperature
        10:31 lead: sure temperature 32.5                        | recorded
        ",
    );
    let reading = clinic.participant().sessions[&1].readings.last().unwrap();
    assert_eq!(reading.confirmed, ["temperature"]);
}

/// Two nurses enter the same vital signs: whoever is second is told what the first wrote; a queue that knows of nobody
/// lands all the same, and one slot is filled once.
#[test]
fn f_08_two_nurses_enter_the_same_reading() {
    let mut clinic = dosed();
    table(
        &mut clinic,
        "
        11:27 lead: reading_seen 1 systolic 150 diastolic 90 pulse 95 temperature 37.2 | recorded V-d
        ",
    );
    let answer = clinic.run("11:27 co: reading_seen 1 systolic 150 diastolic 90 pulse 95 temperature 37.2");
    assert!(answer.starts_with("unanswered: somebody else has written down vital signs meanwhile"), "{answer}");
    assert!(answer.contains("systolic 150"), "{answer}");
    assert_eq!(clinic.run("11:28 co: reading systolic 150 diastolic 90 pulse 95 temperature 37.2"), "recorded");
    let readings = &clinic.participant().sessions[&1].readings;
    assert_eq!(readings.iter().filter(|reading| reading.slot.as_deref() == Some("V-d")).count(), 1);
    assert_eq!(readings.len(), 3, "both are on record");
}

#[test]
fn f_87_one_login_is_never_two_people() {
    let mut clinic = scene::ready_with(furnished);
    clinic.all("09:55 lead: reading systolic 136 diastolic 84 pulse 78 temperature 36.8");
    assert_eq!(clinic.run("10:01 lead+lead: allow K1"), "refused dose.two_people");
    assert_eq!(clinic.run("10:01 lead+co: allow K1"), "allowed");
}

#[test]
fn a_dose_recorded_twice() {
    let mut clinic = dosed();
    let answer = clinic.run("10:04 co+lead: swallow_seen 0 K1 2");
    assert!(
        answer.starts_with("unanswered: somebody else has written down a swallow meanwhile: 2 pieces from K1"),
        "{answer}"
    );
    // Whoever insists, or could not know, is recorded: with everything that a second dose brings.
    let answer = clinic.run("10:04 co+lead: swallow K1 2");
    assert!(answer.contains("StockVariance") && answer.contains("DoseTwice") && answer.contains("hold"), "{answer}");
    assert_eq!(clinic.participant().sessions[&1].dosed_at().unwrap().to_string(), "2025-03-31T08:02:00Z");
}

#[test]
fn f_81_a_container_scanned_from_another_site() {
    let mut clinic = scene::ready_with(furnished);
    clinic.all("09:55 lead: reading systolic 136 diastolic 84 pulse 78 temperature 36.8");
    assert_eq!(clinic.run("10:01 lead+co: allow S02-77"), "refused dose.container dose.in_date");
    let found = clinic.findings.iter().filter_map(conduct::Finding::broken).map(|broken| broken.found.clone());
    assert!(found.clone().any(|found| found == "S02-77 in hand"), "{:?}", found.collect::<Vec<_>>());
    let answer = clinic.run("10:02 lead+co: swallow S02-77 2");
    assert!(answer.contains("DoseWrongContainer") && answer.contains("StockVariance"), "{answer}");
}

#[test]
fn an_alarm_is_taken_or_handed_on() {
    let mut clinic = dosed();
    table(
        &mut clinic,
        &format!(
            "
        10:31 lead: reading systolic 205 diastolic 92 pulse 92 | recorded V-b L1:red task:LimitRed task:LimitRed task:MayBeHarm Limit/red
        10:35 program: clock               | {NOTHING_NEW}
        10:37 program: clock               | recorded Repeat/amber told:LeadSite
        10:39 co: call physician missed @alarm | recorded
        10:43 program: clock               | recorded told:MonitorMedically
        10:49 program: clock               | {NOTHING_NEW}
        "
        ),
    );
    let session = &clinic.participant().sessions[&1];
    let (id, alarm) = session.alarms_open().into_iter().find(|(_, alarm)| alarm.key == "L1/red").unwrap();
    assert_eq!(alarm.told.len(), 2);
    let id = id.clone();
    let take = format!("10:50 lead: call physician reached {id}");
    assert_eq!(clinic.run(&take), "recorded taken");
    let again = clinic.run(&format!("10:51 prescriber: ack {id}"));
    assert!(again.starts_with("unanswered: somebody has had it since 10:50"), "{again}");
    assert_eq!(clinic.run("10:51 lead: call nobody reached"), "unreadable contact");
    assert_eq!(clinic.run("10:51 lead: ack 99"), "unreadable alarm");
}

/// The reference's ladder: red is 180 twice five minutes apart, or 200 once.
fn laddered(study: &mut Study) {
    furnished(study);
    let limit = study.session.limits.iter_mut().find(|limit| limit.id == "L1").unwrap();
    limit.red_minutes = Some(5);
    limit.red_once_at = Some(study::decimal("200"));
    limit.tell_minutes = Some(15);
}

#[test]
fn f_07_a_limit_that_lasts_is_red_and_one_reading_far_beyond_it_too() {
    let mut clinic = scene::dosed_with(laddered);
    clinic.alarms = true;
    table(
        &mut clinic,
        "
        10:31 lead: reading systolic 185 diastolic 92 pulse 92 | recorded V-b L1:amber task:LimitAmber Limit/amber
        10:34 lead: reading systolic 184 diastolic 92 pulse 92 | recorded L1:amber done task:LimitAmber
        10:36 lead: reading systolic 186 diastolic 92 pulse 92 | recorded L1:red done task:LimitRed task:LimitRed task:MayBeHarm Limit/red
        # Amber is over with one reading within the limit, red with two.
        10:41 lead: reading systolic 150 diastolic 90 pulse 90 | recorded done over
        10:46 lead: reading systolic 148 diastolic 90 pulse 90 | recorded over
        11:39 lead: reading systolic 148 diastolic 90 pulse 90 temperature 37 | recorded V-d VitalsLate
        11:40 prescriber: agree | recorded
        11:41 lead+co: open K2  | refused supplement.limits/L1
        ",
    );
    let mut clinic = scene::dosed_with(laddered);
    clinic.alarms = true;
    let once = clinic.run("10:31 lead: reading systolic 200 diastolic 92 pulse 92");
    assert!(once.contains("L1:red") && once.contains("Limit/red"), "{once}");
    let mut clinic = scene::dosed_with(laddered);
    clinic.alarms = true;
    table(
        &mut clinic,
        "
        10:31 lead: reading systolic 165 diastolic 92 pulse 92 | recorded V-b L1:amber task:LimitAmber Limit/amber
        10:46 lead: reading systolic 163 diastolic 92 pulse 92 | recorded L1:amber done task:LimitAmber Limit/amber
        ",
    );
}

/// §13.11: 3.1 litres: an alarm at 2.5 and at 3.0, never a bar; too much within an hour is one too.
#[test]
fn drinking_alarms_and_never_blocks() {
    let mut clinic = dosed();
    table(
        &mut clinic,
        "
        10:40 lead: note DRINK 700  | recorded
        12:00 lead: note DRINK 700  | recorded
        13:30 lead: note DRINK 700  | recorded
        15:00 lead: note DRINK 450  | recorded Fluids/amber
        16:30 lead: note DRINK 550  | recorded Fluids/amber
        16:40 lead: note DRINK 250  | recorded Fluids/amber
        16:41 lead: note DRINK      | unreadable number
        16:41 lead: note DRINK -5   | unreadable number
        ",
    );
    let fluids = day(&clinic, |day| day.fluids().unwrap());
    assert_eq!((fluids.all_ml, fluids.next_alert_ml), (study::decimal("3350"), None));
}

/// §13.10, and touch that was not agreed on.
#[test]
fn f_50_touch_never_widens() {
    let mut clinic = dosed();
    table(
        &mut clinic,
        "
        13:10 lead: note TOUCH_OFFERED           | unreadable detail
        13:10 lead: note TOUCH_OFFERED foot      | unreadable detail
        13:10 lead: note TOUCH_OFFERED hand      | recorded
        13:11 lead: note TOUCH_ACCEPTED hand     | recorded
        13:20 lead: note TOUCH_OFFERED shoulder  | recorded Touch/red DEVIATION
        13:30 lead: note NO_TOUCH                | recorded
        13:40 lead: note TOUCH_OFFERED hand      | recorded Touch/red DEVIATION
        "
        .replace("DEVIATION", "task:TouchNotAgreed")
        .as_str(),
    );
    let touch = day(&clinic, |day| day.touch().unwrap());
    assert_eq!(touch.kinds.iter().filter(|kind| kind.agreed).count(), 1);
    assert!(touch.withdrawn.is_some());
    // Any touch with one person alone is one that nobody agreed on.
    let mut clinic = dosed();
    clinic.run("13:09 co: go");
    let alone = clinic.run("13:10 lead: note TOUCH_ACCEPTED hand");
    assert!(alone.contains("Touch/red"), "{alone}");
}

/// VOMIT and no adverse event: the question stays open and the session can't be closed.
#[test]
fn f_03_what_may_be_harm_keeps_the_session_open() {
    let mut clinic = dosed();
    assert_eq!(clinic.run("12:00 lead: note VOMIT"), "recorded task:MayBeHarm");
    assert_eq!(day(&clinic, |day| day.open_questions().len()), 1);
    let close = clinic.run("12:10 lead!: close");
    assert!(close.contains("close.adverse_events"), "{close}");
    assert_eq!(clinic.run("12:11 lead: answer @task not an event"), "unreadable signature");
    let mut signed = clinic.clone();
    assert_eq!(signed.run("12:12 lead!: answer @task motion of the chair"), "recorded done");
    assert_eq!(clinic.run("12:12 lead: harm @task"), "recorded done");
    for clinic in [&mut signed, &mut clinic] {
        let close = clinic.run("12:13 lead!: close");
        assert!(close.starts_with("refused") && !close.contains("close.adverse_events"), "{close}");
    }
}

#[test]
fn a_rescue_medicine_is_a_medicine_taken() {
    let mut clinic = dosed();
    assert_eq!(clinic.run("12:00 lead: note RESCUE 1"), "unreadable text");
    let answer = clinic.run("12:00 lead: note RESCUE 1 lorazepam");
    assert!(answer.contains("medicine") && answer.contains("task:MayBeHarm"), "{answer}");
    let medicine = clinic.participant().medications.values().next().unwrap();
    assert!(medicine.medicine.rescue && medicine.medicine.name == "lorazepam" && medicine.medicine.dose == "1 mg");
}

#[test]
fn a_card_is_opened_ticked_and_closed() {
    let mut clinic = dosed();
    table(
        &mut clinic,
        "
        12:00 lead: open_card nonsense   | unreadable card
        12:00 lead: open_card chest_pain | recorded Card/black task:MayBeHarm
        12:01 co: tick @card 0           | recorded
        12:02 co: tick @card 99          | unreadable step
        12:03 lead: call ambulance reached @alarm | recorded taken
        12:04 lead: close_card @card     | unreadable text
        12:30 lead: close_card @card ambulance took over | recorded over
        ",
    );
    for (act, why) in [
        ("12:31 co: tick @card 1", "unanswered: this card was closed at 12:30"),
        ("12:31 co: close_card @card again", "unanswered: this card was closed at 12:30"),
    ] {
        assert_eq!(clinic.run(act), why);
    }
    let card = clinic.participant().sessions[&1].cards.values().next().unwrap();
    assert_eq!(card.done.len(), 1);
    assert_eq!(clinic.run("12:40 lead: open_card chest_pain"), "recorded Card/black task:MayBeHarm");
    let twice = clinic.run("12:41 co: open_card chest_pain");
    assert!(twice.starts_with("unanswered: this card has been open since 12:40"), "{twice}");
}

#[test]
fn a_stop_is_heard() {
    let mut clinic = dosed();
    assert_eq!(clinic.run("12:00 lead: stop_session because pain"), "recorded Stop/red");
    assert_eq!(clinic.run("12:01 co: stop_session"), "recorded");
    let alarm = clinic.participant().sessions[&1].alarms.values().next().unwrap();
    assert_eq!(alarm.text, "The session was stopped: pain");
}

/// §13.12, through a night in which nobody looks for two hours and a half.
#[test]
fn a_look_in_the_night_that_was_missed() {
    let mut clinic = dosed();
    clinic.run("18:35 lead: leave overnight");
    table(
        &mut clinic,
        &format!(
            "
        20:30 attendant: night awake 3                | recorded
        22:59 program: clock                          | {NOTHING_NEW}
        23:01 program: clock                          | recorded NightMissed/red
        23:05 attendant: night asleep                 | recorded over NightCheckLate
        23:40 attendant: night awake 5 nonsense       | unreadable signs
        23:40 attendant: night awake 8 confusion      | recorded NightSign/red NightSign/red
        23:41 attendant: night asleep 4               | unreadable distress
        2025-04-01 08:10 program: clock               | recorded NightMissed/red told:LeadSite told:LeadSite
        "
        ),
    );
    assert_eq!(day(&clinic, |day| day.next_look()).map(|at| at.to_string()).as_deref(), Some("2025-03-31T23:40:00Z"));
}

/// Everybody who was there signs for themselves, or the reason is given.
#[test]
fn the_close_waits_for_every_signature() {
    let mut clinic = dosed();
    clinic.all(
        "12:00 lead: not_given DECLINED_P
         18:35 lead: leave overnight
         2025-04-01 10:20 lead: leave home named
         10:30 pharmacist: container K1 back 0
         10:31 pharmacist+witness: return K2",
    );
    table(
        &mut clinic,
        "
        10:35 lead!: close          | refused close.signatures
        10:36 co: sign              | unreadable signature
        10:36 lead: close           | refused close.signatures close.signed
        ",
    );
    let mut reason = clinic.clone();
    assert!(reason.run("10:37 lead!: close because co is on leave").starts_with("allowed"));
    assert!(
        reason.log.iter().any(|entry| matches!(entry, Entry::SessionClosed { unsigned, .. } if unsigned.len() == 1))
    );
    assert_eq!(clinic.run("10:37 co!: sign"), "recorded");
    let twice = clinic.run("10:38 co!: sign");
    assert!(twice.starts_with("unanswered: you have signed at 10:37"), "{twice}");
    assert!(clinic.run("10:39 lead!: close").starts_with("allowed"));
    assert!(
        clinic.log.iter().any(|entry| matches!(entry, Entry::SessionClosed { unsigned, .. } if unsigned.is_empty()))
    );
}

/// A tablet whose clock is eleven minutes fast: the time is set right by what its clock shows when it sends, and both
/// times stay.
#[test]
fn f_88_a_tablet_with_a_wrong_clock() {
    let mut clinic = dosed();
    clinic.clock("10:40");
    let mut fast = clinic.clone();
    fast.clock("10:42");
    let happened = fast.now;
    fast.clock("10:51");
    let measures = [("pulse".to_owned(), study::decimal("90"))].into();
    let fact = Fact::RecordReading { participant: P.into(), session: 1, measures, confirmed: false, seen: None };
    let extra = Extra { at: Some(happened), sent: Some(fast.now), ..Extra::default() };
    clinic.ask("lead", Command::Fact(fact.clone()), &extra).unwrap();
    let reading = clinic.participant().sessions[&1].readings.last().unwrap();
    assert_eq!(reading.at.to_string(), "2025-03-31T08:31:00Z", "10:31 at the site");
    assert_eq!(clinic.stamps.last().unwrap().device_at, Some(happened));
    assert_eq!(reading.slot.as_deref(), Some("V-b"));
    // The same time without what the device's clock shows lies in the future, and is asked about.
    let extra = Extra { at: Some(fast.now), ..Extra::default() };
    assert!(clinic.ask("lead", Command::Fact(fact), &extra).is_err());
}

/// §13.4 and §13.9: taken at +85, told at +200: both times are kept, the slot's alarm ends, and what it means is
/// reckoned at the time at which it happened.
#[test]
fn f_92_a_reading_told_two_hours_later() {
    let mut clinic = dosed();
    clinic.run("10:31 lead: reading systolic 150 diastolic 90 pulse 95");
    clinic.run("11:02 lead: reading systolic 150 diastolic 90 pulse 95 temperature 37");
    let overdue = clinic.run("11:40 program: clock");
    assert!(overdue.contains("Overdue/amber"), "{overdue}");
    clinic.run("12:32 lead: reading systolic 150 diastolic 90 pulse 95 temperature 37");
    let told = clinic.run("13:22@11:27 co: reading systolic 165 diastolic 90 pulse 95 temperature 37");
    // Amber then, and within the limit an hour later: no alarm now, and no repeat to be taken.
    assert_eq!(told, "recorded V-d L1:amber over");
    let reading = clinic.participant().sessions[&1].readings.iter().find(|r| r.slot.as_deref() == Some("V-d")).unwrap();
    assert_eq!(reading.recorded_at.duration_since(reading.at).as_mins(), 115);
    let slots = day(&clinic, |day| day.slots());
    let standing = |id: &str| slots.iter().find(|slot| slot.id == id).unwrap().standing;
    assert_eq!(
        (standing("V-d"), standing("V-e"), standing("V-i")),
        (SlotStanding::Taken, SlotStanding::Taken, SlotStanding::Ahead)
    );
}

#[test]
fn consents_then_withdraws_at_minute_40() {
    let mut clinic = dosed();
    clinic.run("10:42 coordinator: withdraw_consent");
    let open = clinic.run("11:40 lead+co: open K2");
    assert!(open.contains("session.treatment") && open.contains("participant.consent"), "{open}");
    // Care goes on: facts are recorded, what is due stays due, leaving is asked for as for anybody.
    assert!(clinic.run("11:41 lead: reading systolic 150 diastolic 90 pulse 95").starts_with("recorded V-d"));
    assert!(day(&clinic, |day| day.under_the_drug() && !day.due().is_empty()));
    let leaving = clinic.run("12:00 lead+co: discharge");
    assert!(leaving.contains("discharge.earliest/after_dose"), "{leaving}");
    assert!(!leaving.contains("consent"), "nobody needs to consent to leave: {leaving}");
}

/// Consent that is signed under the drug is kept, and can't carry anything.
#[test]
fn f_57_nobody_consents_under_the_drug() {
    let mut clinic = dosed();
    clinic.run("12:02 investigator: consent 1");
    let last = clinic.participant().consents.last().unwrap();
    assert!(!last.valid);
    clinic.run("2025-04-01 11:00 investigator: consent 1");
    assert!(clinic.participant().consents.last().unwrap().valid);
}

#[test]
fn corrections_stay_visible_and_reach_back() {
    let mut clinic = dosed();
    clinic.all("11:39 lead: reading systolic 150 diastolic 90 pulse 95 temperature 37\n11:40 lead+co: open K2");
    table(
        &mut clinic,
        "
        11:41 lead: fix_reading @reading systolic 165                    | unreadable reason
        11:41 lead: fix_reading 99 systolic 165 because typo             | unreadable reading
        11:41 lead: fix_reading @reading systolic 150 because typo       | unreadable measures
        11:41 lead: fix_reading @reading systolic 165 because typo       | recorded task:LimitAmber Limit/amber lost:supplement.limits
        ",
    );
    assert_eq!(clinic.participant().sessions[&1].supplement_authorised, None);
    // After the swallow it is flagged.
    let mut clinic = dosed();
    clinic.all(
        "11:39 lead: reading systolic 150 diastolic 90 pulse 95 temperature 37
         11:40 lead+co: open K2
         11:42 lead+co: supplement K2 1",
    );
    let flagged = clinic.run("12:30 lead: fix_reading @reading systolic 195 because typo");
    assert!(flagged.contains("lost:supplement.limits") && flagged.contains("GroundWithdrawn"), "{flagged}");
    // A line.
    table(
        &mut clinic,
        "
        13:00 lead: note DRINK 200                          | recorded
        13:01 lead: fix_note @note DRINK 250                | unreadable reason
        13:01 lead: fix_note @note DRINK 200 because typo   | unreadable note
        13:01 lead: fix_note @note DRINK 250 because typo   | recorded
        13:02 lead: strike @note because another person     | recorded
        ",
    );
    assert_eq!(day(&clinic, |day| day.fluids().unwrap().all_ml), study::decimal("0"));
    assert_eq!(clinic.participant().sessions[&1].struck_notes.len(), 1);
}

#[test]
fn grave_distress_that_lasts_and_a_rating_not_asked() {
    let mut clinic = dosed();
    table(
        &mut clinic,
        "
        11:02 lead: reading distress 8   | recorded
        11:20 lead: reading distress 9   | recorded
        11:25 lead: reading distress 9   | recorded Distress/amber
        11:40 lead: reading distress 4   | recorded over
        12:35 lead: note NOT_ASKED       | unreadable text
        12:35 lead: note NOT_ASKED - asleep | recorded
        ",
    );
    let slots = day(&clinic, |day| day.slots());
    let taken: Vec<&str> =
        slots.iter().filter(|s| s.rating && s.standing == SlotStanding::Taken).map(|s| s.id.as_str()).collect();
    assert_eq!(taken, ["D-b", "D-c", "D-d"], "asked, asked, said why not");
}

/// C12: after a failure 15 minutes of rest, and after the study's number of failures no more on that day.
#[test]
fn a_check_is_repeated_after_rest_and_not_for_ever() {
    let change = |study: &mut Study| {
        let check = study.session.checks.iter_mut().find(|check| check.id == *"pressure").unwrap();
        check.repeat_minutes = Some(15);
        check.failures_max = Some(3);
    };
    let mut clinic = scene::booked(change);
    clinic.clock("2025-03-31 08:30");
    table(
        &mut clinic,
        "
        09:00 nurse: check pressure systolic 150 diastolic 85 | recorded fails
        09:10 nurse: check pressure systolic 135 diastolic 85 | recorded fails
        09:15 nurse: check pressure systolic 135 diastolic 85 | recorded clears
        09:20 nurse: check pressure systolic 150 diastolic 85 | recorded fails
        09:40 nurse: check pressure systolic 150 diastolic 85 | recorded fails
        10:00 nurse: check pressure systolic 135 diastolic 85 | recorded fails
        ",
    );
}

/// Daylight saving ends and begins overnight: two and a half hours are a hundred and fifty minutes, whatever the clock on
/// the wall shows; the morning begins by the site's clock.
#[test]
fn f_88_the_clocks_go_forward_in_the_night() {
    let mut clinic = scene::dosed_with(furnished);
    clinic.alarms = true;
    // As if the session had been on the 29th: the night in which two o'clock becomes three.
    for swallow in &mut clinic.people.get_mut(P).unwrap().sessions.get_mut(&1).unwrap().swallowed {
        swallow.at = "2025-03-29T09:02:00Z".parse().unwrap();
    }
    let left = clinic.run("2025-03-29 18:35 lead: leave overnight");
    assert!(left.starts_with("recorded"), "{left}");
    table(
        &mut clinic,
        &format!(
            "
        2025-03-29 21:00 attendant: night asleep | recorded
        2025-03-29 23:00 attendant: night asleep | recorded
        2025-03-30 00:50 attendant: night asleep | recorded
        2025-03-30 04:15 program: clock          | {NOTHING_NEW}
        2025-03-30 04:21 program: clock          | recorded NightMissed/red
        "
        ),
    );
}

/// The night in which three o'clock becomes two: half past two is there twice, an hour apart, and the looks are counted by
/// the hours that went by. The record holds instants, so it says which of the two it was.
#[test]
fn f_88_the_clocks_go_back_in_the_night() {
    let mut clinic = scene::dosed_with(furnished);
    clinic.alarms = true;
    for swallow in &mut clinic.people.get_mut(P).unwrap().sessions.get_mut(&1).unwrap().swallowed {
        swallow.at = "2025-10-25T08:02:00Z".parse().unwrap();
    }
    let left = clinic.run("2025-10-25 18:35 lead: leave overnight");
    assert!(left.starts_with("recorded"), "{left}");
    table(
        &mut clinic,
        "
        2025-10-25 21:00 attendant: night asleep | recorded
        2025-10-25 23:00 attendant: night asleep | recorded
        2025-10-26 00:50 attendant: night asleep | recorded
        ",
    );
    let mut at = |instant: &str, act: &str| {
        clinic.now = instant.parse().unwrap();
        (clinic.clock_shown(), clinic.run(act))
    };
    // 00:50 was at 22:50Z. Two and a half hours later the clock shows 02:20, for the second time.
    assert_eq!(at("2025-10-26T00:20:00Z", "program: clock"), ("02:20".into(), NOTHING_NEW.into()));
    assert_eq!(at("2025-10-26T01:15:00Z", "program: clock"), ("02:15".into(), NOTHING_NEW.into()));
    assert_eq!(at("2025-10-26T01:21:00Z", "program: clock"), ("02:21".into(), "recorded NightMissed/red".into()));
    let first = at("2025-10-26T01:30:00Z", "attendant: night asleep");
    assert_eq!(first.0, "02:30");
    let looks: Vec<String> = clinic.participant().sessions[&1].night.iter().map(|look| look.at.to_string()).collect();
    assert_eq!(looks.last().map(String::as_str), Some("2025-10-26T01:30:00Z"), "the second half past two");
    let told_late = Fact::RecordNightCheck {
        participant: P.into(),
        session: 1,
        awake: false,
        distress: None,
        signs: Vec::new(),
        text: None,
    };
    let extra = Extra { at: Some("2025-10-26T00:30:00Z".parse().unwrap()), ..Extra::default() };
    clinic.ask("attendant", Command::Fact(told_late), &extra).unwrap();
    let looks: Vec<String> = clinic.participant().sessions[&1].night.iter().map(|look| look.at.to_string()).collect();
    assert_eq!(looks[looks.len() - 2..], ["2025-10-26T00:30:00Z", "2025-10-26T01:30:00Z"], "an hour apart");
}

#[test]
fn phases_and_numbers_to_call() {
    let mut clinic = dosed();
    clinic.clock("11:30");
    assert_eq!(day(&clinic, |day| day.phase().map(|phase| phase.id.clone())).as_deref(), Some("peak"));
    let reference = protocol::embedded::load("reference-mapp2").unwrap();
    let phones = conduct::session::day::phones(&reference, Some("S01"));
    assert_eq!(phones.get("ambulance").map(String::as_str), Some("911"));
    assert!(conduct::session::day::phones(&reference, None).is_empty());
}

/// The report holds every line of the session, in order, with what was told late and by whom.
#[test]
fn the_session_on_paper() {
    let mut clinic = dosed();
    clinic.all(
        "10:31 lead: reading systolic 150 diastolic 90 pulse 95
         10:40 co: note DRINK 200
         10:41 co: fix_note @note DRINK 250 because typo
         12:00 lead: open_card panic
         12:01 lead: tick @card 0
         12:02 lead: call physician reached
         12:10 lead: close_card @card calm again
         13:00@10:50 co: note MUSIC_OFF
         13:05 co: go
         13:30 co: come
         14:00 lead: not_given DECLINED_P
         18:35 lead: leave overnight
         20:30 attendant: night awake 3
         2025-04-01 10:20 lead: leave home named
         10:36 co!: sign",
    );
    let study = clinic.studies.get(&clinic.hash).unwrap().clone();
    let paper = report(&study, clinic.participant(), 1, &clinic.written);
    assert!(paper.lines.is_sorted_by_key(|line| line.at));
    for section in [
        Section::Dose,
        Section::Checks,
        Section::Presence,
        Section::Readings,
        Section::Timeline,
        Section::Alarms,
        Section::Leaving,
        Section::Events,
        Section::Signatures,
    ] {
        assert!(paper.section(section).next().is_some(), "nothing under {}", section.title());
    }
    let words: Vec<&str> = paper.section(Section::Timeline).map(|line| line.what.as_str()).collect();
    assert_eq!(words, ["Drinks, 200 ml", "Corrected: Drinks, 250 ml, was Drinks, 200 ml", "Music off"]);
    let late: Vec<&str> = paper.lines.iter().filter(|line| line.late).map(|line| line.what.as_str()).collect();
    assert_eq!(late, ["Music off"]);
    assert_eq!(paper.points.iter().filter(|point| point.measure == "systolic").count(), 2);
    let alarms: Vec<&str> = paper.section(Section::Alarms).map(|line| line.what.as_str()).collect();
    assert!(alarms.contains(&"Called Prescriber on call, reached"), "{alarms:?}");
}
