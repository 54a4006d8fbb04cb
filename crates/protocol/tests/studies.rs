//! Every study that the program carries reads without a mistake; whatever is done to a file is answered, never a panic.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use proptest::prelude::*;
use protocol::{StudyFiles, embedded, plain, read};
use std::{fs, path::Path};

#[test]
fn carried_studies_are_clean() {
    for id in embedded::ids() {
        let files = embedded::files(id).unwrap();
        let (study, diagnostics) = read(&files);
        // 120 and 40 mg is what that programme gives; the warning is there to be read, not to be silenced.
        let diagnostics: Vec<_> = diagnostics
            .into_iter()
            .filter(|found| !(id == "licensed-practice" && found.code == "study.supplement-half"))
            .collect();
        let text = plain(&diagnostics, |file| StudyFiles::text(&files, file));
        assert!(diagnostics.is_empty(), "{id}:\n{text}");
        // An amendment is another version of the same study.
        assert_eq!(study.unwrap().id, id.trim_end_matches("-amended"));
    }
}

/// The page for authors names every key that the studies use, every word of the closed lists, and every fact.
#[test]
fn the_page_for_authors_is_complete() {
    let page = include_str!("../../../docs/study-files.md");
    let known = |word: &str| page.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|found| found == word);
    let mut missing = std::collections::BTreeSet::new();
    for id in embedded::ids() {
        for (name, text) in embedded::files(id).unwrap().files {
            if !name.ends_with(".toml") {
                continue;
            }
            let table: toml::Table = text.parse().unwrap();
            keys(&toml::Value::Table(table), "", &mut |path, key| {
                // Codes of choices and items to take out are the study's own words.
                let own = ["options", "reasons", "supplement_refusals", "remove", "must_call", "kinds"]
                    .iter()
                    .any(|list| path.contains(list));
                if !own && !known(key) {
                    missing.insert(format!("{path}/{key}"));
                }
            });
        }
    }
    for duty in protocol::model::Duty::ALL {
        assert!(known(duty.name()), "{}", duty.name());
    }
    // The small study has a deviation for each trigger.
    for rule in embedded::load("small").unwrap().deviations {
        let word = serde_json::to_value(rule.trigger).unwrap();
        assert!(known(word.as_str().unwrap()), "{word}");
    }
    assert!(missing.is_empty(), "docs/study-files.md lacks {missing:?}");
}

fn keys(value: &toml::Value, path: &str, see: &mut impl FnMut(&str, &str)) {
    match value {
        toml::Value::Table(table) => {
            for (key, inner) in table {
                see(path, key);
                keys(inner, &format!("{path}/{key}"), see);
            }
        }
        toml::Value::Array(values) => values.iter().for_each(|value| keys(value, path, see)),
        _ => {}
    }
}

/// What an amendment of the small study says of itself: a check, a form, a visit and a criterion more, and no Rust.
#[test]
fn an_amendment_in_words() {
    let (small, amended) = (embedded::load("small").unwrap(), embedded::load("small-amended").unwrap());
    let changes: Vec<String> = protocol::diff::diff(&small, &amended).iter().map(ToString::to_string).collect();
    for expected in [
        "form sleep: new (Sleep)",
        "criterion E08: new (Sleeps less than three hours): `sleep.hours < 3`",
        "criterion E03: the check is `weight.weight_kg < 50`, was `weight.weight_kg < 48`",
        "visit CALL2: new (Safety call after session 2): day 2 from DOSE2, window 1 to 3",
        "activity cssrs: now at CALL2 (required)",
        "dosing day, check oxygen: new (Oxygen saturation 95 % or more): `percent >= 95`",
        "dosing day, limit L1: amber begins at 156, was 161",
        "consent, version 2: new",
    ] {
        assert!(changes.iter().any(|change| change == expected), "{expected} is not among {changes:#?}");
    }
}

/// Designs of other programmes load without a line of Rust.
#[test]
fn other_designs_load() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/right");
    let mut read_files = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let files = StudyFiles::new("right", [(name.clone(), fs::read_to_string(&path).unwrap())]);
        let (study, diagnostics) = read(&files);
        let text = plain(&diagnostics, |file| StudyFiles::text(&files, file));
        assert!(study.is_some() && !text.contains("error["), "{name}:\n{text}");
        read_files += 1;
    }
    assert!(read_files >= 3);
}

/// A file that is put into a study's folder is carried as well.
#[test]
fn every_file_is_carried() {
    fn walk(folder: &Path, prefix: &str, see: &mut impl FnMut(String, String)) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
            if path.is_dir() {
                walk(&path, &format!("{name}/"), see);
            } else {
                see(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    let studies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../studies");
    let mut seen = 0;
    walk(&studies, "studies/", &mut |name, text| {
        assert_eq!(embedded::text(&name), Some(text.as_str()), "{name} is not carried");
        seen += 1;
    });
    let carried: usize = embedded::ids().map(|id| embedded::files(id).unwrap().files.len()).sum();
    assert_eq!(seen, carried);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// A line lost, doubled, moved into another file, or with a value of another type: always an answer, every place in it
    /// within its file, and never a study beside an error.
    #[test]
    fn broken_files_are_answered(
        file in 0..10_usize,
        line in 0..400_usize,
        how in 0..6_u8,
        text in "[ -~]{0,12}",
    ) {
        let mut files = embedded::files("small").unwrap();
        let name = files.files.keys().filter(|name| name.ends_with(".toml")).nth(file % 10).unwrap().clone();
        let mut lines: Vec<String> = files.files[&name].lines().map(str::to_owned).collect();
        let at = line % lines.len();
        match how {
            0 => { lines.remove(at); }
            1 => { let copy = lines[at].clone(); lines.insert(at, copy); }
            2 => lines[at] = text,
            3 => lines[at] = lines[at].split_once('=').map_or(String::new(), |(key, _)| format!("{key}= {text}")),
            4 => lines[at] = lines[at].split_once('=').map_or(String::new(), |(key, _)| format!("{key}= -7")),
            _ => lines[at] = lines[at].split_once('=').map_or(String::new(), |(key, _)| format!("{key}= \"ü{text}\"").replace('\\', "")),
        }
        files.files.insert(name, lines.join("\n"));
        let (study, diagnostics) = read(&files);
        let errors = diagnostics.iter().filter(|found| found.severity == protocol::Severity::Error).count();
        prop_assert_eq!(study.is_some(), errors == 0);
        for found in &diagnostics {
            let text = files.text(&found.file).unwrap();
            prop_assert!(found.range.end <= text.len() && found.range.start <= found.range.end, "{:?}", found);
            prop_assert!(found.mend.is_some(), "{:?}", found);
        }
        let _ = plain(&diagnostics, |file| files.text(file));
    }
}
