//! The proof as the program says it: a study that holds, and one whose numbers are unsafe.

use crate::cli::{folder, run, well};
use std::fs;

#[test]
fn a_safe_study_holds_and_an_unsafe_one_is_shown_the_way() {
    let here = folder();
    let said = well(here.path(), "study prove small");
    assert!(said.contains("nothing that must never happen was found"), "{said}");
    assert!(!said.contains("never reached"), "{said}");
    // A file that the checker takes: the second person's proof may be an hour old.
    let mine = here.path().join("mine");
    for (name, text) in protocol::embedded::files("small").unwrap().files {
        let path = mine.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text.replace("\ntogether_minutes = 5\n", "\ntogether_minutes = 60\n")).unwrap();
    }
    let said = run(here.path(), "study prove mine");
    assert_eq!(said.code, 1, "{}", said.out);
    for words in ["found: floor.together", "source", "the shortest way there", " min ago)", ": allowed"] {
        assert!(said.out.contains(words), "no {words} in\n{}", said.out);
    }
}

#[test]
fn a_rule_is_switched_off_and_missed() {
    let here = folder();
    let said = well(here.path(), "study prove small --without dose.two_people");
    assert!(said.contains("without dose.two_people") && said.contains("the way there"), "{said}");
    let said = run(here.path(), "study prove small --without no.such_rule");
    assert_ne!(said.code, 0);
    assert!(said.err.contains("there is no rule"), "{}", said.err);
}
