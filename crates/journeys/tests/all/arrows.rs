//! The house rules about crates, as tests: arrows point one way, pure crates stay pure.

use std::{collections::BTreeMap, fs, path::Path};

/// Which of our crates each may import.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("terms", &[]),
    ("instruments", &["terms"]),
    ("protocol", &["terms", "instruments"]),
    ("conduct", &["terms", "protocol", "instruments"]),
    ("chain", &["terms"]),
    ("allocation", &["terms", "protocol", "conduct", "chain"]),
    ("record", &["terms", "protocol", "conduct", "chain", "allocation"]),
    ("identity", &["terms"]),
    ("stats", &[]),
    ("design", &["terms", "protocol", "allocation", "stats"]),
    ("analysis", &["terms", "protocol", "instruments", "stats"]),
    ("measure", &["terms", "protocol", "conduct", "record", "simulation"]),
    ("simulation", &["terms", "protocol", "instruments", "conduct", "chain", "allocation"]),
    ("verification", &["terms", "protocol", "instruments", "conduct"]),
    ("exchange", &["terms", "protocol", "conduct", "chain", "record", "analysis"]),
    ("report", &["analysis"]),
    ("web", &["terms", "protocol", "instruments", "conduct", "record", "identity", "exchange", "analysis"]),
    (
        "lifejacket",
        &[
            "terms",
            "protocol",
            "instruments",
            "conduct",
            "chain",
            "allocation",
            "record",
            "identity",
            "simulation",
            "verification",
            "stats",
            "design",
            "analysis",
            "report",
            "exchange",
            "web",
        ],
    ),
    (
        "journeys",
        &[
            "terms",
            "protocol",
            "instruments",
            "conduct",
            "chain",
            "allocation",
            "record",
            "identity",
            "simulation",
            "exchange",
            "web",
            "lifejacket",
        ],
    ),
    // Beside them the program itself, as a process.
];

fn manifests() -> BTreeMap<String, String> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    fs::read_dir(crates)
        .unwrap()
        .filter_map(|entry| {
            let path = entry.unwrap().path();
            let manifest = fs::read_to_string(path.join("Cargo.toml")).ok()?;
            Some((path.file_name().unwrap().to_string_lossy().into_owned(), manifest))
        })
        .collect()
}

/// Names in `[dependencies]` (not in `[dev-dependencies]`).
fn dependencies(manifest: &str) -> Vec<String> {
    let mut inside = false;
    let mut names = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line == "[dependencies]";
        } else if inside && !line.is_empty() && !line.starts_with('#') {
            names.push(line.split(['.', ' ', '=']).next().unwrap_or_default().to_owned());
        }
    }
    names
}

#[test]
fn arrows_point_one_way() {
    let manifests = manifests();
    let ours: Vec<&str> = manifests.keys().map(String::as_str).collect();
    for (name, manifest) in &manifests {
        let (_, allowed) = MAY_IMPORT
            .iter()
            .find(|(known, _)| known == name)
            .unwrap_or_else(|| panic!("{name} stands in no row of the table: say what it may import"));
        for dependency in dependencies(manifest).iter().filter(|d| ours.contains(&d.as_str())) {
            assert!(allowed.contains(&dependency.as_str()), "{name} may not import {dependency}");
        }
    }
}

#[test]
fn pure_crates_stay_pure() {
    const FORBIDDEN_DEPENDENCIES: &[&str] = &["tokio", "rand", "getrandom", "rusqlite", "axum", "rayon"];
    const FORBIDDEN_WORDS: &[&str] = &[
        "Timestamp::now",
        "Zoned::now",
        "SystemTime::now",
        "Instant::now",
        "std::fs",
        "std::net",
        "async fn",
        "thread::",
    ];
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let manifests = manifests();
    for name in ["terms", "instruments", "protocol", "conduct", "chain", "stats", "analysis"] {
        for dependency in dependencies(&manifests[name]) {
            assert!(!FORBIDDEN_DEPENDENCIES.contains(&dependency.as_str()), "{name} imports {dependency}");
        }
        for (path, text) in sources(&crates.join(name).join("src")) {
            for word in FORBIDDEN_WORDS {
                assert!(!text.contains(word), "{path} uses {word}");
            }
        }
    }
}

/// Rules can be switched off for the proof that each is needed: nothing that decides for people may name the way to it.
#[test]
fn rules_are_switched_off_in_the_proof_alone() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let named: Vec<String> = manifests()
        .keys()
        .filter(|name| !["conduct", "verification"].contains(&name.as_str()))
        .flat_map(|name| sources(&crates.join(name).join("src")))
        .filter(|(_, text)| text.contains("decide_without"))
        .map(|(path, _)| path)
        .collect();
    assert!(named.is_empty(), "{named:?} switch rules off");
    let inside: Vec<String> = sources(&crates.join("conduct/src"))
        .into_iter()
        .filter(|(_, text)| text.contains("decide_without"))
        .map(|(path, _)| path.rsplit('/').next().unwrap().to_owned())
        .collect();
    assert_eq!(inside.iter().filter(|file| !["decide.rs", "lib.rs"].contains(&file.as_str())).count(), 0, "{inside:?}");
}

fn sources(folder: &Path) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") && !is_tests(&path) {
            all.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
    all
}

/// Tests that stand in a file of their own beside the source.
fn is_tests(path: &Path) -> bool {
    path.file_stem().is_some_and(|name| name == "tests" || name.to_string_lossy().ends_with("_tests"))
}
