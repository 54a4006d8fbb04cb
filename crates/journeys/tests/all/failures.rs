//! docs/failures.md names a test for each row that is built: each is there, is a test, and bears the row's id.

use std::{collections::BTreeSet, fs, path::Path};

#[test]
fn each_row_of_the_failures_has_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = fs::read_to_string(root.join("docs/failures.md")).unwrap();
    let mut named: BTreeSet<String> = BTreeSet::new();
    for line in page.lines().filter(|line| line.starts_with("| F-")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [row, test, file, shows] = cells.as_slice() else { panic!("not four cells: {line}") };
        let (test, file) = (test.trim_matches('`'), file.trim_matches('`'));
        let id = row.to_lowercase().replace('-', "_");
        assert!(test.starts_with(&format!("{id}_")), "{test} does not bear the id of {row}");
        assert!(!shows.is_empty(), "{row} says nothing");
        let text = fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let there = text.contains(&format!("#[test]\nfn {test}()"))
            || text.contains(&format!("#[tokio::test]\nasync fn {test}()"));
        assert!(there, "{file} has no test {test}");
        named.insert(test.to_owned());
    }
    assert!(named.len() > 20, "the table is not where it was");
    // And no test bears a row's id without standing in the table, but for those beside one that does.
    let mut unnamed = Vec::new();
    for file in ["session_room", "certificates", "failures", "accountability_rules", "session_facts"] {
        let text = fs::read_to_string(root.join(format!("crates/conduct/tests/{file}.rs"))).unwrap();
        for name in text.lines().filter_map(|line| line.strip_prefix("fn f_")?.split('(').next()) {
            let row: String = name.chars().take_while(|c| c.is_ascii_digit()).collect();
            let known = named.iter().any(|test| test.starts_with(&format!("f_{row}_")));
            if !known {
                unnamed.push(format!("f_{name}"));
            }
        }
    }
    assert!(unnamed.is_empty(), "no row of docs/failures.md names {unnamed:?}");
}
