//! The drug, container by container: every rule refusing and allowing, every loss answered.
//!
//! Method: as in the session's tables; the last test is an equation: whatever is done in whatever order, every container
//! that arrived is in one place, and the places add up.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests stops the test")]

mod support;

use conduct::state::ContainerStanding;
use proptest::prelude::*;
use std::collections::BTreeSet;
use support::{
    Clinic, rows,
    scene::{dosed_with, ready_with},
    study,
};

fn arrived() -> Clinic {
    let mut clinic = Clinic::new(study::study("1")).assigned();
    clinic.clock("2025-03-31 09:00");
    clinic.all("pharmacist+witness: receive C2 N1 initial 80+40, N2 supplement 80+40, N3 initial 80+40 2025-03-30");
    clinic
}

type Seen = BTreeSet<(&'static str, bool)>;

fn table(begin: impl Fn() -> Clinic, rows_of: &str) -> Seen {
    let mut seen = Seen::new();
    for (acts, expected) in rows(rows_of) {
        let mut clinic = begin();
        let (last, before) = acts.split_last().unwrap();
        for act in before {
            let answer = clinic.run(act);
            assert!(!answer.starts_with("refused") && !answer.starts_with("un"), "{act}: {answer}");
        }
        assert_eq!(clinic.run(last), expected, "after {before:?}: {last}");
        seen.extend(clinic.findings.iter().map(|finding| (finding.rule(), finding.broken().is_some())));
    }
    seen
}

fn acceptance() -> Seen {
    table(
        arrived,
        "
        pharmacist+witness: accept N1 N2                          | allowed
        witness+pharmacist: accept N1 N2                          | allowed
        pharmacist: accept N1                                     | refused accountability.two_people
        pharmacist+pharmacist: accept N1                          | refused accountability.two_people
        pharmacist+lead: accept N1                                | refused accountability.two_people
        pharmacist+witness: accept N1 N1                          | refused accountability.known/N1
        pharmacist+witness: accept N1 N9                          | refused accountability.known/N9
        pharmacist+witness: accept                                | refused accountability.known
        pharmacist+witness: accept N1 N3                          | refused accountability.fit/N3
        pharmacist+witness: accept K1                             | refused accountability.fit/K1
        pharmacist: container N1 recalled lot; pharmacist+witness: accept N1 because asked | refused accountability.fit/N1
        pharmacist: container N1 damaged broken; pharmacist+witness: accept N1 | refused accountability.fit/N1
        pharmacist: container N1 warm 31; pharmacist+witness: accept N1 | refused accountability.reason/N1
        pharmacist: container N1 warm 31; pharmacist+witness: accept N1 because stable for a day at 40 °C | allowed
        pharmacist: container K1 aside dented; pharmacist+witness: accept K1 because only the box | allowed
        ",
    )
}

fn returns() -> Seen {
    let mut seen = table(
        || ready_with(|_| {}),
        "
        pharmacist+witness: return K1                             | allowed
        pharmacist: return K1                                     | refused accountability.two_people
        pharmacist+witness: return K5                             | refused accountability.unopened/K5
        pharmacist+witness: return K9                             | refused accountability.known/K9
        pharmacist+witness: return K1; pharmacist+witness: return K1 | refused accountability.unopened/K1
        ",
    );
    seen.extend(table(
        || dosed_with(|_| {}),
        "
        pharmacist+witness: return K1                             | refused accountability.unopened/K1
        pharmacist+witness: return K2                             | allowed
        pharmacist: container K1 back 0                           | recorded
        pharmacist: container K1 back 1                           | recorded hold
        pharmacist: container K2 back 1                           | unreadable container
        pharmacist: container K1 back 0; pharmacist: container K1 back 0 | unreadable container
        pharmacist: container K2 missing                          | recorded hold
        pharmacist: container K2 damaged dropped                  | recorded hold
        pharmacist: container K5 damaged dropped                  | recorded
        # What was opened is never given again.
        pharmacist: container K1 aside found; pharmacist+witness: accept K1 because whole | refused accountability.fit/K1
        pharmacist: container K1 back 0; pharmacist+witness: accept K1 because whole | refused accountability.fit/K1
        ",
    ));
    seen
}

fn destruction() -> Seen {
    let mut seen = table(
        arrived,
        "
        pharmacist+witness: destroy N1 because incinerated        | allowed
        pharmacist+witness: destroy N3 because incinerated        | allowed
        pharmacist+witness: destroy N1                            | refused accountability.method
        pharmacist: destroy N1 because incinerated                | refused accountability.two_people
        pharmacist+witness: destroy K1 because incinerated        | refused accountability.not_in_use/K1
        pharmacist: container K1 recalled lot; pharmacist+witness: destroy K1 because incinerated | allowed
        pharmacist: container K1 missing; pharmacist+witness: destroy K1 because incinerated | refused accountability.in_safe/K1
        pharmacist+witness: destroy N9 because incinerated        | refused accountability.known/N9
        pharmacist+witness: destroy N1 because incinerated; pharmacist+witness: destroy N1 because incinerated | refused accountability.in_safe/N1
        pharmacist+witness: destroy N1 because incinerated; pharmacist: container N1 aside found | unreadable container
        pharmacist: container N1 sent D1; pharmacist: container N1 missing | unreadable container
        ",
    );
    seen.extend(table(
        || dosed_with(|_| {}),
        "
        pharmacist+witness: destroy K1 because incinerated        | refused accountability.in_safe/K1
        pharmacist+witness: destroy K2 because incinerated        | refused accountability.in_safe/K2
        pharmacist: container K1 back 0; pharmacist+witness: destroy K1 because incinerated | allowed
        ",
    ));
    seen
}

#[test]
fn containers() {
    acceptance();
    returns();
    destruction();
}

#[test]
fn arrivals() {
    table(
        arrived,
        "
        pharmacist: receive C3 A1 initial 80+40, A2 supplement 120+60 | recorded
        pharmacist: receive C3 A1 initial 80+40, A1 supplement 80+40  | unreadable containers
        pharmacist: receive C3 K1 initial 80+40                       | unreadable containers
        pharmacist: receive C3 A1 initial 75                          | unreadable containers
        pharmacist: receive C3 K1 initial 75                          | unreadable containers containers
        pharmacist: receive C3                                        | unreadable containers
        pharmacist: container A9 missing                              | unreadable container
        ",
    );
    // What arrives is quarantined, whoever took it in; nobody can give it before two people have accepted it.
    let mut clinic = arrived();
    assert_eq!(clinic.stock_of("N1").standing, ContainerStanding::Quarantined);
    clinic.book("ES1", "2025-03-31");
    clinic.all("09:10 prescriber!: order 80+40");
    assert_eq!(
        clinic.run("09:20 pharmacist+witness: release N1 N2"),
        "refused release.container/N1 release.container/N2"
    );
}

/// A blind count: people name what they see; what should be there is computed, and a difference stops the site.
#[test]
fn counts() {
    table(
        || ready_with(|_| {}),
        "
        pharmacist+witness: count K3 K4 K5 K6               | recorded
        pharmacist: count K6 K5 K4 K3                       | recorded
        pharmacist: count K3 K4 K5                          | recorded hold
        pharmacist: count K3 K4 K5 K6 K1                    | recorded hold
        pharmacist: count K3 K4 K5 K6 Z1                    | recorded hold
        pharmacist: count                                   | recorded hold
        pharmacist: count K3 K3                             | unreadable found
        pharmacist: count K3 K4 K5; 10:00 lead+co: allow K1 | refused safety.hold
        lead: count K3 K4 K5 K6 | unanswered: count stock needs one of these duties at S01 today: dispense_drug, witness_drug. The investigator can delegate them
        ",
    );
    let mut clinic = ready_with(|_| {});
    clinic.run("pharmacist: count K3 K4 K5");
    assert!(clinic.stocks["S01"].variance);
    clinic.run("pharmacist: count K3 K4 K5 K6");
    assert!(!clinic.stocks["S01"].variance, "a count that agrees answers the difference");
    assert_eq!(clinic.sites["S01"].holds.len(), 1, "the hold stays until somebody lifts it");
}

#[test]
fn every_rule_refuses_and_allows() {
    let mut seen = acceptance();
    seen.extend(returns());
    seen.extend(destruction());
    for rule in conduct::accountability::RULES {
        assert!(seen.contains(&(rule.id, true)), "{} was never seen refusing", rule.id);
        // The rules about one container speak up only when something is wrong with it.
        let speaks =
            !["accountability.fit", "accountability.reason", "accountability.not_in_use", "accountability.in_safe"]
                .contains(&rule.id);
        assert!(!speaks || seen.contains(&(rule.id, false)), "{} was never seen allowing", rule.id);
    }
}

const ACTS: &[&str] = &[
    "pharmacist+witness: accept N1",
    "pharmacist+witness: accept N1 because judged",
    "pharmacist+witness: accept K1 because judged",
    "pharmacist+witness: accept K2 because judged",
    "pharmacist+witness: release K1 K2",
    "pharmacist+witness: release N1 K2",
    "pharmacist+witness: release K5 K6",
    "pharmacist+witness: return K1",
    "pharmacist+witness: return K2",
    "pharmacist+witness: destroy K1 because burnt",
    "pharmacist+witness: destroy N1 because burnt",
    "pharmacist: container K1 back 0",
    "pharmacist: container K1 back 1",
    "pharmacist: container K1 aside dented",
    "pharmacist: container K1 recalled lot",
    "pharmacist: container K1 missing",
    "pharmacist: container N1 sent D1",
    "lead+co: swallow K1 1",
    "lead+co: swallow K1 2",
    "lead+co: supplement K2 1",
    "lead+co: swallow N1 2",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Received = in the safe + out + opened and not back + missing + sent back + destroyed; and nothing that was
    /// opened, called back or expired can leave the safe for a session again.
    #[test]
    fn the_inventory_adds_up(acts in prop::collection::vec(prop::sample::select(ACTS), 1..40)) {
        let mut clinic = ready_with(|_| {});
        clinic.all("pharmacist+witness: receive C2 N1 initial 80+40");
        let mut opened: BTreeSet<String> = BTreeSet::new();
        for act in acts {
            let before = clinic.stocks["S01"].clone();
            let answer = clinic.run(act);
            if act.contains(": release") && answer.starts_with("allowed") {
                for id in act.split(' ').skip(2) {
                    prop_assert!(!opened.contains(id), "{} left the safe again", id);
                    let was = &before.containers[id];
                    prop_assert!(was.standing == ContainerStanding::Available && !was.recalled, "{} {:?}", id, was);
                }
            }
            if act.contains(": swallow") || act.contains(": supplement") {
                opened.insert(act.split(' ').nth(2).unwrap().to_owned());
            }
            let stock = &clinic.stocks["S01"];
            prop_assert_eq!(stock.containers.len(), 7, "a container came from nowhere or vanished");
            let safe: BTreeSet<_> = stock.in_safe().collect();
            for (id, container) in &stock.containers {
                let elsewhere = matches!(
                    container.standing,
                    ContainerStanding::Out { .. } | ContainerStanding::Used { back: false, .. }
                        | ContainerStanding::Missing | ContainerStanding::ReturnedOut | ContainerStanding::Destroyed
                );
                prop_assert_eq!(safe.contains(id), !elsewhere, "{} is in two places", id);
                if opened.contains(id.as_str()) {
                    prop_assert!(container.standing != ContainerStanding::Available, "{} was opened", id);
                }
            }
        }
    }
}
