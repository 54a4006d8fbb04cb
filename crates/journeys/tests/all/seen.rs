//! Every rule is seen to refuse, and every kind of entry to be written: in the demonstration trial (whose own test says which are
//! out of its reach), or in a test that is named here and that speaks of it.

use std::{collections::BTreeSet, fs, path::Path};

/// What the demonstration trial can't show, and the test that shows it: file, function, and the words by which it does.
const NAMED: &[(&str, &str, &str, &str)] = &[
    ("session.clock", "conduct/tests/session_rules.rs", "doses", "refused session.clock"),
    ("session.approval", "conduct/tests/session_rules.rs", "releases", "refused session.approval/ethics"),
    ("session.nurse", "journeys/tests/all/licensed.rs", "a_whole_treatment_in_the_open", "session.nurse"),
    ("session.site", "conduct/tests/session_rules.rs", "releases", "refused session.site"),
    ("supplement.reason", "conduct/tests/session_rules.rs", "supplements", "refused supplement.reason"),
    (
        "randomisation.planned",
        "conduct/tests/participant/gates.rs",
        "randomisation_wants_a_row_a_confirmation_and_a_place_in_the_plan",
        "randomisation.planned",
    ),
    ("supplement.maximum", "conduct/tests/session_rules.rs", "supplements", "refused supplement.maximum"),
    ("dose.count", "conduct/tests/session_rules.rs", "doses", "refused dose.count"),
    ("allocated_open_label", "journeys/tests/all/licensed.rs", "a_whole_treatment_in_the_open", "AllocatedOpenLabel"),
    ("approval_recorded", "journeys/tests/all/licensed.rs", "a_whole_treatment_in_the_open", "RecordApproval"),
    ("plan.known", "conduct/tests/staffing_rules.rs", "holds_are_placed_and_lifted", "refused plan.known"),
    ("plan.blind", "conduct/tests/staffing_rules.rs", "holds_are_placed_and_lifted", "refused plan.blind"),
    ("plan.signed", "conduct/tests/staffing_rules.rs", "holds_are_placed_and_lifted", "refused plan.signed"),
    ("lock.plan", "conduct/tests/staffing_rules.rs", "holds_are_placed_and_lifted", "refused lock.plan"),
    ("lock.standing", "conduct/tests/staffing_rules.rs", "holds_are_placed_and_lifted", "refused lock.standing"),
    ("lock.open", "conduct/tests/staffing_rules.rs", "holds_are_placed_and_lifted", "refused lock.open"),
    ("lock.two_people", "conduct/tests/staffing_rules.rs", "holds_are_placed_and_lifted", "refused lock.two_people"),
    ("lock.reason", "conduct/tests/staffing_rules.rs", "holds_are_placed_and_lifted", "refused lock.reason"),
    ("lock.closed", "conduct/tests/staffing_rules.rs", "holds_are_placed_and_lifted", "refused lock.closed"),
    (
        "analysis_plan_frozen",
        "conduct/tests/staffing_rules.rs",
        "what_happens_after_the_lock_is_recorded_and_flagged",
        "admin!: freeze own",
    ),
    (
        "record_locked",
        "conduct/tests/staffing_rules.rs",
        "what_happens_after_the_lock_is_recorded_and_flagged",
        "lock.is_some()",
    ),
    (
        "record_unlocked",
        "conduct/tests/staffing_rules.rs",
        "what_happens_after_the_lock_is_recorded_and_flagged",
        "unlock because it must be read",
    ),
    ("identity.right", "conduct/tests/participant/rules.rs", "every_rule_refuses_and_allows", "identity.right"),
    ("identity.once", "conduct/tests/participant/rules.rs", "every_rule_refuses_and_allows", "identity.once"),
    ("identity.safe", "conduct/tests/participant/rules.rs", "every_rule_refuses_and_allows", "identity.safe"),
    ("identity.signed", "conduct/tests/participant/rules.rs", "every_rule_refuses_and_allows", "identity.signed"),
    (
        "identity_erased",
        "journeys/tests/all/again.rs",
        "who_withdrew_is_erased_and_the_record_stays_whole",
        "IdentityErased",
    ),
    (
        "delegation.certificate",
        "conduct/tests/staffing_rules.rs",
        "every_rule_refuses_and_allows",
        "refused delegation.certificate/gcp",
    ),
    (
        "staff.certificate",
        "conduct/tests/staffing_rules.rs",
        "every_rule_refuses_and_allows",
        "refused staff.certificate/gcp",
    ),
    (
        "session.licensed",
        "conduct/tests/certificates.rs",
        "f_52_an_expired_licence_refuses_the_dose_with_that_pair",
        "refused session.licensed",
    ),
    (
        "session.related",
        "conduct/tests/certificates.rs",
        "f_53_a_related_pair_is_refused_without_a_third",
        "refused session.related",
    ),
    (
        "certificate_withdrawn",
        "conduct/tests/certificates.rs",
        "f_52_a_licence_withdrawn_later_reaches_back",
        "WithdrawCertificate",
    ),
    (
        "relation_declared",
        "conduct/tests/certificates.rs",
        "f_53_a_relation_declared_later_reaches_back",
        "DeclareRelation",
    ),
    (
        "relation_ended",
        "conduct/tests/certificates.rs",
        "f_53_a_related_pair_is_refused_without_a_third",
        "unrelate lead co married",
    ),
    ("role_ended", "journeys/tests/all/moves.rs", "a_medical_monitor_leaves_and_another_takes_over", "RoleEnded"),
];

fn source(file: &str) -> String {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    fs::read_to_string(crates.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[test]
fn what_the_demonstration_cannot_show_is_shown_by_a_named_test() {
    let trial = source("simulation/tests/demonstration.rs");
    for test in ["fn every_rule_is_seen_to_refuse", "fn every_kind_of_entry_is_written"] {
        assert!(trial.contains(test), "the demonstration trial is not looked through any more: {test}");
    }
    let beyond: BTreeSet<&str> = ["const OUT_OF_REACH", "const NOT_HERE"]
        .iter()
        .flat_map(|list| {
            let (_, from) = trial.split_once(list).unwrap_or_else(|| panic!("no {list}"));
            let (body, _) = from.split_once("];\n").unwrap();
            body.lines().filter_map(|line| line.trim().strip_prefix("(\"")?.split('"').next()).collect::<Vec<_>>()
        })
        .collect();
    let named: BTreeSet<&str> = NAMED.iter().map(|(what, ..)| *what).collect();
    let unnamed: Vec<_> = beyond.difference(&named).collect();
    assert!(unnamed.is_empty(), "neither in the demonstration trial nor in a named test: {unnamed:?}");
    for (what, file, function, words) in NAMED {
        let text = source(file);
        let test = format!("#[test]\nfn {function}()");
        assert!(text.contains(&test), "{what}: {file} has no test {function}");
        assert!(text.contains(words), "{what}: {file} does not say {words}");
    }
}
