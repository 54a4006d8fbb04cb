//! What must never happen, over random days: any acts, by anybody, in any order, early and late, signed or not.
//!
//! Method: a second opinion. Each property is read from the log alone, by a fold that shares no code with the rules;
//! `decide` and `apply` are driven by a random sequence from the bedside's words. Half of the days begin with
//! everything ready, so that permissions and swallows are common rather than rare.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests stops the test")]

mod support;

use conduct::{
    Entry,
    command::{DosePart, Going},
};
use jiff::Timestamp;
use proptest::prelude::*;
use protocol::model::Trigger;
use std::collections::{BTreeMap, BTreeSet};
use support::{
    Clinic,
    scene::{booked, ready_with},
};

const PEOPLE: &[&str] = &[
    "lead",
    "co",
    "nurse",
    "prescriber!",
    "prescriber",
    "pharmacist",
    "witness",
    "coordinator",
    "monitor",
    "lead+co",
    "co+lead",
    "lead+lead",
    "lead+prescriber",
    "pharmacist+witness",
    "pharmacist+pharmacist",
    "lead+nurse",
];

const ACTS: &[&str] = &[
    "order 80+40",
    "withdraw_order",
    "release K1 K2",
    "release K5 K6",
    "return K1",
    "return K2",
    "allow K1",
    "allow K1",
    "allow K5",
    "swallow K1 2",
    "swallow K1 1",
    "swallow K5 2",
    "open K2",
    "open K2",
    "open K6",
    "supplement K2 1",
    "supplement K6 1",
    "not_given DECLINED_P",
    "come",
    "come",
    "go",
    "check identity identifiers yes",
    "check reaffirmed free yes",
    "check contraindications new_illness yes",
    "agree contraindications because judged",
    "agree",
    "check pregnancy positive no",
    "check pressure systolic 130 diastolic 80",
    "check pressure systolic 150 diastolic 80",
    "check suicide_risk ideation 1 behaviour no",
    "check suicide_risk ideation 5 behaviour no",
    "form suicide_risk ideation 1 behaviour no",
    "check physician_go go yes",
    "reading systolic 140 diastolic 85 pulse 80 temperature 37",
    "reading systolic 165 diastolic 85 pulse 80 temperature 37",
    "reading systolic 185 diastolic 85 pulse 80 temperature 37",
    "note VOMIT",
    "stop_session",
    "hold participant rash",
    "container K1 recalled lot",
    "container K1 back 0",
    "discharge",
    "leave home Kim",
    "close",
];

/// Acts by those who would do them: half of all steps, so that a day gets somewhere.
const AS_PLANNED: &[(&str, &str)] = &[
    ("prescriber!", "order 80+40"),
    ("pharmacist+witness", "release K1 K2"),
    ("lead+co", "allow K1"),
    ("lead+co", "allow K1"),
    ("lead+co", "swallow K1 2"),
    ("lead+co", "swallow K1 2"),
    ("lead+co", "open K2"),
    ("lead+co", "supplement K2 1"),
    ("lead", "come"),
    ("co", "come"),
    ("nurse", "reading systolic 140 diastolic 85 pulse 80 temperature 37"),
    ("prescriber!", "check physician_go go yes"),
    ("lead", "check identity identifiers yes"),
    ("lead", "check reaffirmed free yes"),
    ("lead", "check contraindications new_illness no"),
    ("nurse", "check pregnancy positive no"),
    ("nurse", "check pressure systolic 130 diastolic 80"),
    ("lead", "check suicide_risk ideation 1 behaviour no"),
    ("lead", "form suicide_risk ideation 1 behaviour no"),
    ("coordinator", "check emergency_contact reached yes"),
];

/// What the log says, folded without the rules.
#[derive(Debug, Default)]
struct Opinion {
    order: bool,
    room: BTreeSet<String>,
    carers: BTreeSet<String>,
    checks: BTreeMap<String, (bool, Timestamp)>,
    out: BTreeMap<String, u32>,
    swallowed_authorised: BTreeMap<bool, u32>,
    mg_authorised: i64,
    first_dose: Option<Timestamp>,
    red: bool,
    stopped: bool,
    held: bool,
    opened: BTreeSet<String>,
}

fn carer(name: &str) -> bool {
    ["lead", "co", "nurse"].contains(&name)
}

impl Opinion {
    /// Takes in the entries of one act; says what should not have been written.
    fn take(&mut self, entries: &[Entry], at: Timestamp, people: &str) -> Result<(), String> {
        let answered = |trigger: Trigger| {
            entries.iter().any(|e| matches!(e, Entry::DeviationRecorded { trigger: Some(t), .. } if *t == trigger))
        };
        for entry in entries {
            match entry {
                Entry::DoseOrdered { .. } => {
                    self.must(people.contains("prescriber!"), "an order that no prescriber signed")?;
                    self.order = true;
                }
                Entry::OrderWithdrawn { .. } => self.order = false,
                Entry::ContainerOut { container, .. } => {
                    let distinct = people == "pharmacist+witness";
                    self.must(distinct, "a safe opened by fewer than two")?;
                    self.must(self.order, "a release without an order")?;
                    self.must(!self.opened.contains(container.as_str()), "an opened container released")?;
                    *self.out.entry(container.to_string()).or_default() += 1;
                    self.must(self.out.values().all(|times| *times <= 1), "a container out twice")?;
                }
                Entry::ContainerBack { container, .. } => {
                    *self.out.entry(container.to_string()).or_default() -= 1;
                }
                Entry::CheckRecorded { check, clears, .. } => {
                    self.checks.insert(check.to_string(), (*clears, at));
                }
                Entry::Agreed { check: Some(check), .. } => {
                    if let Some(done) = self.checks.get_mut(check.as_str()) {
                        done.0 = true;
                    }
                }
                Entry::PresenceRecorded { staff, going, .. } => {
                    match going {
                        Going::In => self.room.insert(staff.to_string()),
                        Going::Out => self.room.remove(staff.as_str()),
                    };
                    self.carers = self.room.iter().filter(|name| carer(name)).cloned().collect();
                }
                Entry::DoseAuthorised { container, expires, .. } => self.dose(container.as_str(), *expires, at)?,
                Entry::SupplementAuthorised { expires, .. } => self.supplement(*expires, at)?,
                Entry::DoseTaken { part, container, amount, pieces, authorised, .. } => {
                    self.opened.insert(container.to_string());
                    let initial = *part == DosePart::Initial;
                    if initial && self.first_dose.is_none() {
                        self.first_dose = Some(at);
                    }
                    if *authorised {
                        *self.swallowed_authorised.entry(initial).or_default() += pieces;
                        self.mg_authorised += amount.amount().as_thousandths();
                        self.must(!self.stopped && !self.held, "a dose as allowed, after a stop or under a hold")?;
                    } else {
                        self.must(answered(Trigger::DoseUnauthorised), "an unauthorised dose without an answer")?;
                    }
                    let pair = people.split_once('+').is_some_and(|(one, two)| one != two);
                    let bedside = !people.contains("pharmacist");
                    self.must(
                        (pair && bedside) || answered(Trigger::DoseUnwitnessed),
                        "a swallow that one person saw",
                    )?;
                    let few = self.carers.len() < 2;
                    let said = answered(Trigger::CarersBelowMinimum) || answered(Trigger::ParticipantAlone);
                    self.must(!few || said, "too few carers at a swallow, unanswered")?;
                }
                Entry::ReadingRecorded { breaches, .. } => self.red |= breaches.iter().any(|breach| breach.red),
                Entry::SessionStopped { .. } => self.stopped = true,
                Entry::HoldPlaced { .. } => self.held = true,
                Entry::Departed { allowed, .. } => {
                    self.must(*allowed || answered(Trigger::LeftEarly), "somebody left early, unanswered")?;
                }
                Entry::Discharged { .. } => {
                    let long = self.first_dose.is_some_and(|dosed| at.duration_since(dosed).as_mins() >= 480);
                    self.must(long, "a discharge before its time")?;
                }
                _ => {}
            }
        }
        self.must(self.mg_authorised <= 120_000, "more milligrams as allowed than ordered")
    }

    fn must(&self, so: bool, otherwise: &str) -> Result<(), String> {
        if so { Ok(()) } else { Err(format!("{otherwise}: {self:?}")) }
    }

    fn dose(&self, container: &str, expires: Timestamp, at: Timestamp) -> Result<(), String> {
        self.must(self.order, "a dose without an order")?;
        self.must(!self.stopped && !self.held, "a dose after a stop or under a hold")?;
        self.must(self.first_dose.is_none(), "a second first dose")?;
        self.must(self.out.get(container) == Some(&1), "a dose from a container that is not out")?;
        self.must(self.carers.len() >= 2 && self.room.contains("lead"), "a dose with too few in the room")?;
        for (check, fresh) in [
            ("identity", 720),
            ("contraindications", 240),
            ("pregnancy", 1440),
            ("pressure", 60),
            ("suicide_risk", 240),
            ("physician_go", 60),
        ] {
            let done = self.checks.get(check);
            let good = done.is_some_and(|(clears, when)| *clears && at.duration_since(*when).as_mins() <= fresh);
            self.must(good, check)?;
            let until = done.map(|(_, when)| expires.duration_since(*when).as_mins()).unwrap_or_default();
            self.must(until <= fresh, "a permission that outlives a check")?;
        }
        Ok(())
    }

    fn supplement(&self, expires: Timestamp, at: Timestamp) -> Result<(), String> {
        let Some(dosed) = self.first_dose else { return Err("a supplement before the dose".to_owned()) };
        let offset = at.duration_since(dosed).as_secs();
        self.must((90 * 60..=120 * 60).contains(&offset), "a supplement outside its window")?;
        self.must(expires.duration_since(dosed).as_secs() <= 120 * 60, "a permission beyond the window")?;
        self.must(!self.red, "a supplement after a red reading")?;
        self.must(!self.stopped && !self.held, "a supplement after a stop or under a hold")?;
        self.must(self.swallowed_authorised.get(&true) == Some(&2), "a supplement without the whole first dose")?;
        self.must(!self.swallowed_authorised.contains_key(&false), "a second supplement")
    }
}

/// A day: each step some minutes later, by somebody, something.
fn run(mut clinic: Clinic, steps: &[(i64, &str, &str)], mut opinion: Opinion) -> (Clinic, BTreeSet<&'static str>) {
    let mut seen = BTreeSet::new();
    for (minutes, who, act) in steps {
        clinic.now = clinic.now.checked_add(jiff::SignedDuration::from_mins(*minutes)).unwrap();
        let before = clinic.log.len();
        let version = clinic.participant().version;
        let answer = clinic.run(&format!("{who}: {act}"));
        let fact = !["order", "release", "return", "allow", "open", "discharge", "close"]
            .contains(&act.split(' ').next().unwrap());
        assert!(!(fact && answer.starts_with("refused")), "a fact was refused: {who}: {act}: {answer}");
        if answer.starts_with("refused") || answer.starts_with("un") {
            assert_eq!(clinic.participant().version, version, "a no that changed something: {answer}");
        }
        let entries = clinic.log[before..].to_vec();
        if let Err(wrong) = opinion.take(&entries, clinic.now, who) {
            panic!("{wrong}\nafter {who}: {act}: {answer}");
        }
        for entry in &entries {
            match entry {
                Entry::DoseAuthorised { .. } => seen.insert("dose authorised"),
                Entry::SupplementAuthorised { .. } => seen.insert("supplement authorised"),
                Entry::DoseTaken { authorised: true, .. } => seen.insert("swallowed as allowed"),
                Entry::DoseTaken { authorised: false, .. } => seen.insert("swallowed otherwise"),
                _ => false,
            };
        }
    }
    (clinic, seen)
}

/// What the log said before a day began.
fn so_far(clinic: &Clinic) -> Opinion {
    let mut opinion = Opinion { order: true, ..Opinion::default() };
    let session = &clinic.participant().sessions[&1];
    opinion.room = session.in_room().map(|span| span.staff.to_string()).collect();
    opinion.carers = opinion.room.iter().filter(|name| carer(name)).cloned().collect();
    opinion.checks = session.checks.iter().map(|(id, done)| (id.to_string(), (done.clears, done.at))).collect();
    opinion.out = BTreeMap::from([("K1".to_owned(), 1), ("K2".to_owned(), 1)]);
    opinion
}

fn steps(longest: i64, count: usize) -> impl Strategy<Value = Steps> {
    let any = (prop::sample::select(PEOPLE), prop::sample::select(ACTS));
    let step = (0..longest, prop_oneof![any, prop::sample::select(AS_PLANNED)]);
    prop::collection::vec(step.prop_map(|(minutes, (who, act))| (minutes, who, act)), 1..count)
}

/// Random days of each kind; `PROPTEST_CASES` asks for more.
fn days() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(96)
}

type Steps = Vec<(i64, &'static str, &'static str)>;

/// A dose as allowed, some steps, and the supplement's hour.
fn around_the_supplement(early: Steps, late: Steps) -> Steps {
    let mut day = vec![(1, "lead+co", "allow K1"), (1, "lead+co", "swallow K1 2")];
    day.extend(early);
    day.push((87, "nurse", "reading systolic 140 diastolic 85 pulse 80 temperature 37"));
    day.push((5, "lead+co", "open K2"));
    day.extend(late);
    day
}

proptest! {
    #![proptest_config(ProptestConfig { cases: days(), ..ProptestConfig::default() })]

    #[test]
    fn nothing_unsafe_from_the_start(steps in steps(20, 80)) {
        let mut clinic = booked(|_| {});
        clinic.clock("2025-03-31 08:00");
        run(clinic, &steps, Opinion::default());
    }

    #[test]
    fn nothing_unsafe_when_all_is_ready(steps in steps(4, 40)) {
        let clinic = ready_with(|_| {});
        let opinion = so_far(&clinic);
        run(clinic, &steps, opinion);
    }

    /// From the middle of the session on: +85 and later, with permissions for the supplement within reach.
    #[test]
    fn nothing_unsafe_after_the_dose(early in steps(2, 6), late in steps(8, 40)) {
        let clinic = ready_with(|_| {});
        let opinion = so_far(&clinic);
        run(clinic, &around_the_supplement(early, late), opinion);
    }
}

/// The properties would mean little if the random days never reached a permission: they do, by the same generator.
#[test]
fn random_days_reach_what_they_test() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for _ in 0..100 {
        let mut draw = |longest, count| steps(longest, count).new_tree(&mut runner).unwrap().current();
        for day in [draw(4, 40), around_the_supplement(draw(2, 6), draw(8, 40))] {
            let clinic = ready_with(|_| {});
            let opinion = so_far(&clinic);
            for what in run(clinic, &day, opinion).1 {
                *seen.entry(what).or_default() += 1;
            }
        }
    }
    for what in ["dose authorised", "swallowed as allowed", "swallowed otherwise", "supplement authorised"] {
        assert!(seen.get(what).is_some_and(|times| *times >= 3), "{what}: {seen:?}");
    }
}
