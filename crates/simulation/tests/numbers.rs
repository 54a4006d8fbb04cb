//! Any number in any place of a study's files: the checker refuses it, or the rules go a short way with it and nothing
//! fails but by an answer.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what is wrong by failing")]

use proptest::{prelude::*, sample::Index};
use protocol::{StudyFiles, model::Study};
use simulation::{Scenario, Simulation, simulate};
use std::{ops::Range, sync::Arc};

/// Swallows what is written: only that the rules answer is looked at.
struct Nowhere;

impl simulation::Sink for Nowhere {
    fn accepted(&mut self, _: simulation::Accepted<'_>) -> Result<(), simulation::SinkError> {
        Ok(())
    }

    fn refused(
        &mut self,
        _: &conduct::Request,
        _: &conduct::Context,
        _: &conduct::No,
    ) -> Result<(), simulation::SinkError> {
        Ok(())
    }
}

/// Every number in the files of the small study: the file, and where it stands in it.
fn numbers() -> Vec<(String, Range<usize>)> {
    let mut found = Vec::new();
    for (name, text) in protocol::embedded::files("small").unwrap().files {
        if !name.ends_with(".toml") {
            continue;
        }
        let (bytes, mut at, mut quoted) = (text.as_bytes(), 0, false);
        while at < bytes.len() {
            if bytes[at] == b'"' {
                quoted = !quoted;
            }
            if bytes[at] == b'#' && !quoted {
                at += bytes[at..].iter().take_while(|byte| **byte != b'\n').count();
                continue;
            }
            let begins =
                bytes[at].is_ascii_digit() || (bytes[at] == b'-' && bytes.get(at + 1).is_some_and(u8::is_ascii_digit));
            let after_word = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || b"_-.".contains(&bytes[at - 1]));
            if quoted || !begins || after_word {
                at += 1;
                continue;
            }
            let length = bytes[at..].iter().take_while(|byte| b"0123456789.-_".contains(byte)).count();
            found.push((name.clone(), at..at + length));
            at += length;
        }
    }
    found
}

/// The small study with another number at one place; `None` where the checker refuses it.
fn with(place: &(String, Range<usize>), number: &str) -> Option<Study> {
    let mut files = protocol::embedded::files("small").unwrap();
    files.files.get_mut(&place.0).unwrap().replace_range(place.1.clone(), number);
    let (study, mistakes) = protocol::read(&StudyFiles::new("small", files.files));
    assert!(study.is_some() || mistakes.iter().all(|mistake| mistake.mend.is_some()), "{place:?} = {number}");
    study
}

/// Two people go through the first weeks of it.
fn goes_a_short_way(study: Study) {
    let mut studies = conduct::Studies::new();
    let hash = study.hash();
    studies.insert(hash.clone(), Arc::new(study));
    let scenario = Scenario::named("DEMO").unwrap();
    let until = scenario.starts().checked_add(jiff::Span::new().days(100)).unwrap();
    let simulation = Simulation {
        studies: &studies,
        study: hash,
        amended: None,
        scenario: &scenario,
        participants: Some(2),
        seed: 1,
        starts: None,
        until: Some(until.at(12, 0, 0, 0).in_tz("UTC").unwrap().timestamp()),
    };
    simulate(&simulation, &mut Nowhere).unwrap();
}

#[test]
fn a_thousand_millions_are_refused_wherever_they_stand() {
    let all = numbers();
    assert!(all.len() > 200, "{}", all.len());
    // A seed may be any number of 32 bits: nothing is reckoned with it.
    let taken: Vec<_> = all.iter().filter(|place| with(place, "2_000_000_001").is_some()).collect();
    let files = protocol::embedded::files("small").unwrap().files;
    for (file, range) in taken {
        let text = &files[file];
        let line = text[..range.start].rsplit('\n').next().unwrap_or_default();
        assert!(line.trim_start().starts_with("seed"), "{file}: {line}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_number_anywhere_is_refused_or_the_rules_go_on(
        place in any::<Index>(),
        number in prop_oneof![
            Just(0_i64), Just(1), Just(-1), Just(20), Just(100), Just(2_880), Just(3_660), Just(8_760), Just(20_000),
            Just(i64::from(i32::MAX)), Just(i64::from(u32::MAX)), Just(i64::MAX), Just(i64::MIN + 1),
            -10_000_i64..10_000,
        ],
    ) {
        let all = numbers();
        if let Some(study) = with(place.get(&all), &number.to_string()) {
            goes_a_short_way(study);
        }
    }
}
