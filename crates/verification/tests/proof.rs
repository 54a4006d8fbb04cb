//! The proof proved: what is sound holds, what is planted is found by a shortest way, and what is written about it is fresh.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests stop at the first surprise")]

use protocol::{StudyFiles, model::Study};
use std::{fs, path::Path, sync::Arc};
use verification::{Bounds, Off, Proof, book, faults, floors, needed, prove, prove_worlds};

fn small() -> Arc<Study> {
    Arc::new(protocol::embedded::load("small").unwrap())
}

fn amended() -> Option<Arc<Study>> {
    Some(Arc::new(protocol::embedded::load("small-amended").unwrap()))
}

/// The small study with some words of its files replaced. Mistakes that the reader only warns of are no matter here.
fn small_with(changes: &[(&str, &str)]) -> Arc<Study> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../studies/small");
    let mut done = 0;
    let files = fs::read_dir(folder).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        let mut text = fs::read_to_string(&path).unwrap();
        for (from, to) in changes {
            done += usize::from(text.contains(from));
            text = text.replace(from, to);
        }
        (path.file_name().unwrap().to_string_lossy().into_owned(), text)
    });
    let files = StudyFiles::new("small", files.collect::<Vec<_>>());
    let (study, diagnostics) = protocol::read(&files);
    assert!(done >= changes.len(), "nothing to replace: {changes:?}");
    Arc::new(study.unwrap_or_else(|| panic!("{diagnostics:?}")))
}

fn quick(study: &Arc<Study>, worlds: &[&str]) -> Proof {
    prove_worlds(study, None, worlds, Bounds::QUICK, &Off::nothing(), &|_, _| ()).unwrap()
}

#[test]
fn the_small_study_holds_and_everything_is_reached() {
    let proof = prove(&small(), amended(), Bounds::QUICK, &Off::nothing(), &|_, _| ()).unwrap();
    assert_eq!(proof.harm, None);
    assert_eq!(proof.left_out, Vec::new());
    assert_eq!(proof.unreached, Vec::<String>::new(), "rules that no world reaches");
    assert_eq!(proof.ungranted, Vec::<String>::new(), "acts that no world grants");
    assert!(proof.states > 5_000, "{}", proof.states);
}

/// A rule is taken away: the shortest sequence that leads to the harm is shown in words.
#[test]
fn a_planted_bug_is_found_by_a_shortest_way() {
    let proof = prove_worlds(
        &small(),
        None,
        &["people of the dose"],
        Bounds::QUICK,
        &needed::off_for("session.carers"),
        &|_, _| (),
    )
    .unwrap();
    let found = proof.harm.expect("the carers' rule is off");
    assert_eq!(found.property, "floor.carers");
    assert_eq!(
        found.way,
        [
            "2026-05-12 08:36  co leaves the room: recorded",
            "2026-05-12 08:36  lead with co asks to let S-001 swallow the released dose: allowed",
        ]
    );
}

/// The same, with one thread or with two: as short, and the same states.
#[test]
fn threads_change_nothing() {
    let study = small();
    let run = |threads| {
        let bounds = Bounds { depth: 2, states: 50_000, threads };
        let proof = prove_worlds(&study, None, &["people of the dose"], bounds, &Off::nothing(), &|_, _| ()).unwrap();
        (proof.states, proof.coverage.rules, proof.worlds[0].tried)
    };
    assert_eq!(run(1), run(2));
}

#[test]
fn unsafe_studies_are_shown_the_way_to_the_harm() {
    /// What is changed in the file, and what is found.
    type Case<'c> = (&'c [(&'c str, &'c str)], &'c str, &'c str);
    let cases: &[Case<'_>] = &[
        (&[("interval_days_min = 21", "interval_days_min = 2")], "second session", "floor.interval"),
        (&[("carers_min = 2", "carers_min = 1")], "people of the dose", "floor.carers"),
        (&[("together_minutes = 5", "together_minutes = 60")], "people of the dose", "floor.together"),
    ];
    for (changes, world, floor) in cases {
        let proof = quick(&small_with(changes), &[world]);
        let found = proof.harm.unwrap_or_else(|| panic!("{changes:?} is not found unsafe: {:?}", proof.left_out));
        assert_eq!(found.property, *floor, "{changes:?}: {found:#?}");
        assert!(!found.way.is_empty());
        assert!(floors::ALL.iter().any(|known| known.id == *floor && found.source == known.source));
    }
}

/// What other studies the program carries: each keeps the floors, and its rules hold.
#[test]
fn the_other_studies_hold_at_the_bedside() {
    for id in ["reference-mapp2", "licensed-practice"] {
        let study = Arc::new(protocol::embedded::load(id).unwrap());
        let bounds = Bounds { depth: 1, states: 20_000, threads: 1 };
        let proof = prove(&study, None, bounds, &Off::nothing(), &|_, _| ()).unwrap();
        assert_eq!(proof.harm, None, "{id}");
        let explored: Vec<&str> = proof.worlds.iter().map(|world| world.world).collect();
        for world in ["dose", "people of the dose", "swallow", "release"] {
            assert!(explored.contains(&world), "{id}: {world} {:?}", proof.left_out);
        }
    }
}

/// Facts that reach back: what was allowed is flagged and stopped, as the onlooker sees it in a session that waits for its dose.
#[test]
fn whole_sessions_with_slips_let_nothing_through() {
    let study = small();
    let report = faults::simulate(&study, 300, 7, 1, &|_| ()).unwrap();
    assert_eq!(report.through, Default::default(), "{:?}", report.first);
    assert!(report.dosed > 150, "{report:?}");
    assert!(report.closed > 30, "{report:?}");
    for rule in ["dose.two_people", "release.two_people", "dose.container", "order.signed"] {
        assert!(report.caught.contains_key(rule), "{rule} caught nothing: {:?}", report.caught);
    }
    assert_eq!(report, faults::simulate(&study, 300, 7, 2, &|_| ()).unwrap(), "threads change nothing");
    assert_ne!(report.slips, faults::simulate(&study, 300, 8, 1, &|_| ()).unwrap().slips, "another seed, other slips");
}

#[test]
fn declared_tests_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for declared in needed::DECLARED {
        let (file, name) = declared.test.split_once("::").unwrap();
        let text = fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(text.contains(&format!("fn {name}(")), "{} names no test", declared.test);
        assert!(conduct::rules::all().iter().any(|rule| rule.id == declared.rule), "{} is no rule", declared.rule);
    }
    for partners in needed::PARTNERS {
        for rule in std::iter::once(&partners.rule).chain(partners.with) {
            assert!(conduct::rules::all().iter().any(|known| known.id == *rule), "{rule} is no rule");
        }
    }
}

#[test]
fn the_rule_book_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules.md");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, book::rules()).unwrap();
    }
    let page = fs::read_to_string(path).unwrap();
    assert!(
        page == book::rules(),
        "docs/rules.md is old: `lifejacket rules --markdown > docs/rules.md` writes it anew"
    );
}

#[test]
fn the_page_of_the_proof_names_every_floor() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/proof.md");
    let page = fs::read_to_string(path).unwrap();
    assert!(page.contains(&book::floors()), "docs/proof.md: the floors are old; `book::floors` writes them");
}
