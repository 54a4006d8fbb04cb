//! Heads as text: what is written is read back, and nothing else is.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use chain::{Hash, Head, heads_read, heads_write};
use std::collections::BTreeMap;

#[test]
fn heads_are_read_back_as_they_were_written() {
    let heads: BTreeMap<_, _> = [("trial", 41), ("site/S01", 7), ("site/S 02", 1), ("sealed", 260)]
        .map(|(chain, position)| (chain.parse().unwrap(), Head { hash: Hash::of(chain.as_bytes()), position }))
        .into();
    let text = heads_write(&heads);
    assert!(text.starts_with("lifejacket heads v1\nsealed 260 "), "{text}");
    assert_eq!(heads_read(&text).unwrap().into_iter().collect::<BTreeMap<_, _>>(), heads);
    // Typed from paper, or printed and indented: the same.
    let typed = text.replace('\n', "  \r\n\n  ");
    assert_eq!(heads_read(&typed).unwrap().len(), 4);
}

#[test]
fn what_is_no_list_of_heads_is_refused_with_its_line() {
    let zeros = Hash::ZERO;
    for (text, line, says) in [
        (String::new(), 1, "begin with"),
        ("trial 1 00".to_owned(), 1, "begin with"),
        ("\n\nlifejacket heads v2\n".to_owned(), 3, "begin with"),
        ("lifejacket heads v1\n".to_owned(), 1, "no head"),
        (format!("lifejacket heads v1\ntrial 1 {zeros}\ntrial {zeros}\n"), 3, "needed a chain"),
        (format!("lifejacket heads v1\n\ntrial x {zeros}\n"), 3, "no position"),
        (format!("lifejacket heads v1\ntrial -1 {zeros}\n"), 2, "no position"),
        ("lifejacket heads v1\ntrial 1 12ab\n".to_owned(), 2, ""),
        (format!("lifejacket heads v1\nother 1 {zeros}\n"), 2, "names no chain"),
        (format!("lifejacket heads v1\ntrial 1 {zeros}\nsigned 1 by somebody\n"), 3, ""),
    ] {
        let flaw = heads_read(&text).unwrap_err();
        assert_eq!(flaw.line, line, "{text}: {flaw}");
        assert!(flaw.what.contains(says), "{text}: {flaw}");
    }
}
