//! The whole demonstration trial, as the program makes it: its chain is proved, its tables are what a fresh replay makes, and
//! whichever byte of an entry is changed, `verify` ends with 1 and names the first bad entry.
//!
//! `scripts/whole` runs it with the program as it is shipped, and changes more bytes (`WHOLE_BYTES`).

use crate::cli::{folder, run, well};
use std::{fs, path::Path};

/// A seeded draw, so that the same bytes are changed each time.
fn draw(seed: &mut u64) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*seed >> 33).unwrap()
}

/// Where the bodies of the entries stand in the file: they begin alike.
fn bodies(file: &[u8]) -> Vec<usize> {
    let begin = b"{\"entry\":{\"";
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(next) = file[from..].windows(begin.len()).position(|window| window == begin) {
        found.push(from + next);
        from += next + begin.len();
    }
    found
}

fn checkpointed(here: &Path) -> Vec<u8> {
    let path = here.join("store/record.sqlite");
    let store = record::SqliteStore::open(&path, record::projection::TABLES).unwrap();
    record::Store::backup(&store, &here.join("whole.sqlite")).unwrap();
    drop(store);
    for journal in ["record.sqlite-wal", "record.sqlite-shm"] {
        let _ = fs::remove_file(here.join("store").join(journal));
    }
    fs::read(here.join("whole.sqlite")).unwrap()
}

#[test]
fn the_demonstration_trial_is_whole_and_a_changed_byte_is_named() {
    let bytes_to_change: usize = std::env::var("WHOLE_BYTES").ok().and_then(|text| text.parse().ok()).unwrap_or(2);
    let folder = folder();
    let here = folder.path();
    let said = well(here, "demo --no-serve --seed 104 --data store");
    assert!(said.contains("104"), "{said}");
    let proved = well(here, "verify --data store");
    assert!(proved.contains("the record is whole") && proved.contains("what a fresh replay makes"), "{proved}");
    let chains = proved.lines().filter(|line| line.trim_start().starts_with("site/")).count();
    assert_eq!(chains, 15, "a chain for each site:\n{proved}");

    let whole = checkpointed(here);
    let places = bodies(&whole);
    assert!(places.len() > 10_000, "{} entries", places.len());
    let mut seed = 104;
    for _ in 0..bytes_to_change {
        let place = places[draw(&mut seed) % places.len()] + draw(&mut seed) % 24;
        let mut changed = whole.clone();
        changed[place] ^= 1 << (draw(&mut seed) % 7);
        fs::write(here.join("store/record.sqlite"), &changed).unwrap();
        let said = run(here, "verify --data store");
        let told = format!("{}{}", said.out, said.err);
        assert_eq!(said.code, 1, "byte {place}: {told}");
        assert!(told.contains("chain ") && told.contains("position "), "byte {place}: {told}");
    }
    fs::write(here.join("store/record.sqlite"), &whole).unwrap();
    assert_eq!(well(here, "verify --data store"), proved, "put right, it is whole again");
}
