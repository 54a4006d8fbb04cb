//! The proof proved: what is sound holds, what is planted is found by a shortest way, and what is written about it is fresh.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests stop at the first surprise")]

use protocol::{StudyFiles, model::Study};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    fs,
    path::Path,
    sync::Arc,
};
use verification::{
    Bounds, Off, Proof, Stage, World, book, faults, floors, moves, needed, prove, prove_worlds, search, state::State,
    worlds,
};

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

/// A second search that shares nothing with the first but the moves: depth first, without threads, every state kept whole and
/// told apart by its whole text.
#[derive(Default)]
struct Naive {
    /// Texts of states, with the least depth at which each was met.
    seen: HashMap<String, u8>,
    prints: HashSet<u128>,
    shortest: Option<usize>,
}

impl Naive {
    fn go(&mut self, world: &World, state: &State, depth: u8, most: u8) {
        let kept = (&state.trial, &state.allocation, &state.sites, &state.stocks, &state.people);
        let text = format!("{kept:?} {} {:?}", state.now, state.monitor);
        if self.seen.get(&text).is_some_and(|met| *met <= depth) {
            return;
        }
        self.seen.insert(text, depth);
        self.prints.insert(state.print());
        for (number, one) in world.moves.iter().enumerate().filter(|_| depth < most) {
            let Some(step) = moves::make(&world.setting, state, u16::try_from(number).unwrap(), one) else { continue };
            if step.harms.is_empty() {
                step.state.iter().for_each(|next| self.go(world, next, depth + 1, most));
            } else {
                let way = usize::from(depth) + 1;
                self.shortest = Some(self.shortest.map_or(way, |known| known.min(way)));
            }
        }
    }
}

/// The same states and the same verdict, whichever way they are looked for.
#[test]
fn a_naive_search_finds_the_same() {
    let stage = Stage::new(small(), None, Off::nothing()).unwrap();
    for (name, depth, rule) in [("people of the dose", 2, "session.carers"), ("company", 3, "")] {
        let (_, make) = worlds::ALL.iter().find(|(known, _)| *known == name).unwrap();
        let mut world = make(&stage).unwrap();
        let bounds = Bounds { depth, states: 1_000_000, threads: 2 };
        let mut naive = Naive::default();
        naive.go(&world, &world.start, 0, depth);
        let explored = search::explore(&world, bounds, &|_| ());
        assert_eq!((naive.seen.len(), naive.shortest), (explored.states, None), "{name}");
        assert_eq!(explored.harm, None);
        assert_eq!(naive.prints.len(), naive.seen.len(), "{name}: two states have one fingerprint");
        if rule.is_empty() {
            continue;
        }
        world.setting.off = needed::off_for(rule);
        let mut naive = Naive::default();
        naive.go(&world, &world.start, 0, depth);
        let explored = search::explore(&world, bounds, &|_| ());
        assert_eq!(naive.shortest, explored.harm.map(|way| way.moves.len()), "{name} without {rule}");
        assert!(naive.shortest.is_some());
    }
}

#[test]
fn unsafe_studies_are_shown_the_way_to_the_harm() {
    /// What is changed in the file, and what is found.
    type Case<'c> = (&'c [(&'c str, &'c str)], &'c str, &'c str);
    let no_limit: &[(&str, &str)] = &[
        ("amber_at = 161\nred_at = 180", "amber_at = 240\nred_at = 250"),
        ("amber_at = 101\nred_at = 110", "amber_at = 139\nred_at = 140"),
    ];
    // The small study asks for the hours twice, as a number and as a criterion of leaving: either alone would hold.
    let sent_home: &[(&str, &str)] = &[
        ("earliest_minutes = 480", "earliest_minutes = 240"),
        ("session.minutes_since_dose >= 480", "session.minutes_since_dose >= 240"),
    ];
    let cases: &[Case<'_>] = &[
        (&[("interval_days_min = 21", "interval_days_min = 2")], "second session", "floor.interval"),
        (&[("carers_min = 2", "carers_min = 1")], "people of the dose", "floor.carers"),
        (&[("together_minutes = 5", "together_minutes = 60")], "people of the dose", "floor.together"),
        (no_limit, "dose", "floor.pressure"),
        (sent_home, "leaving", "floor.leaving"),
    ];
    for (changes, world, floor) in cases {
        let proof = quick(&small_with(changes), &[world]);
        let found = proof.harm.unwrap_or_else(|| panic!("{changes:?} is not found unsafe: {:?}", proof.left_out));
        assert_eq!(found.property, *floor, "{changes:?}: {found:#?}");
        // In words: each line a time, who did what, and the answer; the last is what should not have been allowed.
        assert!(found.way.last().is_some_and(|line| line.ends_with(": allowed")), "{found:#?}");
        assert!(found.way.iter().all(|line| line.starts_with("2026-")), "{found:#?}");
        assert!(floors::ALL.iter().any(|known| known.id == *floor && found.source == known.source));
    }
    // One of the two alone is no harm: the other holds.
    assert_eq!(quick(&small_with(&sent_home[..1]), &["leaving"]).harm, None);
}

/// What other studies the program carries: each keeps the floors, and its rules hold.
#[test]
fn the_other_studies_hold_at_the_bedside() {
    for id in ["reference-mapp2", "licensed-practice"] {
        let study = Arc::new(protocol::embedded::load(id).unwrap());
        let bounds = Bounds { depth: 1, states: 20_000, threads: 1 };
        let proof = prove(&study, None, bounds, &Off::nothing(), &|_, _| ()).unwrap();
        assert_eq!(proof.harm, None, "{id}");
        // Two moves deep where a form is corrected after the check that reads it was done.
        assert_eq!(quick(&study, &["ground of the dose"]).harm, None, "{id}");
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

/// A rule that is added stands in the list of what is needed, or the list is old.
#[test]
fn the_list_of_what_is_needed_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/needed.md");
    let page = fs::read_to_string(path).unwrap();
    let how = "`lifejacket study prove small --each-without --markdown > docs/needed.md` writes it anew";
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let listed: BTreeSet<&str> = rows.map(|(id, _)| id).filter(|id| !id.starts_with("answer.")).collect();
    let rules: BTreeSet<&str> = conduct::rules::all().into_iter().map(|rule| rule.id).collect();
    assert_eq!(listed, rules, "docs/needed.md is old: {how}");
    assert!(!page.contains("nothing notices its absence"), "docs/needed.md names a rule that nothing notices: {how}");
}

#[test]
fn the_page_of_the_proof_names_every_floor() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/proof.md");
    let page = fs::read_to_string(path).unwrap();
    assert!(page.contains(&book::floors()), "docs/proof.md: the floors are old; `book::floors` writes them");
}
