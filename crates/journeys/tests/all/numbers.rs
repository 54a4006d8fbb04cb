//! No protocol number is a constant in Rust: every number from 2 on that stands in the rules' sources is in the list below, with
//! why it is no number of a protocol. Days, doses, limits and minutes stand in `studies/`, each with its source.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// File, number, and what it is. A line that nothing in the sources needs any more fails too.
const ALLOWED: &[(&str, u64, &str)] = &[
    ("case.rs", 60, "minutes in an hour"),
    ("case.rs", 24, "hours in a day"),
    ("case.rs", 64, "bytes in which most ids fit"),
    ("case.rs", 10, "from here on a number has two digits"),
    ("case.rs", 2, "bytes of a point and a digit"),
    ("command.rs", 200, "longest id of a request"),
    ("decide.rs", 90, "seconds that a device's clock may be off before its own time is kept"),
    ("decide.rs", 5, "a tablet's clock may run fast; years back that anybody can remember"),
    ("due.rs", 2, "the second gate"),
    ("entry.rs", 2, "two people count"),
    ("forms.rs", 20_000, "longest text"),
    ("forms.rs", 12, "names told in one sentence"),
    ("forms.rs", 1900, "living memory begins"),
    ("forms.rs", 2199, "the calendar ends"),
    ("next.rs", 9, "an hour at which clinics are open, to ask about a booking"),
    ("schedule.rs", 2, "the second gate"),
    ("accountability/count.rs", 2, "two people count"),
    ("accountability/forecast.rs", 7, "days in a week"),
    ("accountability/notices.rs", 7, "days in a week"),
    ("accountability/notices.rs", 24, "hours in a day"),
    ("accountability/storage.rs", 5_000, "readings that one file may hold"),
    ("accountability/storage.rs", 100, "degrees Celsius that no logger of a safe shows"),
    ("accountability/storage.rs", 5, "minutes that a logger's clock may run fast"),
    ("accountability/receipt.rs", 10_000, "largest consignment that is read"),
    ("participant/records.rs", 1_099_511_627_776, "bytes that no file has"),
    ("participant/consent.rs", 60, "minutes in an hour"),
    ("participant/enrolment.rs", 2, "the second gate"),
    ("participant/moves.rs", 10, "letters of a reason in words"),
    ("participant/randomisation.rs", 2, "the second gate"),
    ("participant/records.rs", 5, "longest ending of a file's name"),
    ("participant/records.rs", 64, "digits of a SHA-256"),
    ("participant/visits.rs", 5, "years that a calendar is kept ahead"),
    ("participant/visits.rs", 365, "days in a year"),
    ("session/night.rs", 10, "the scale of distress ends"),
    (
        "session/report.rs",
        15,
        "minutes after which a printed line is marked as written later: it marks, and judges nothing",
    ),
    ("session/swallow.rs", 60, "seconds in a minute"),
    ("session/timeline.rs", 60, "minutes in an hour"),
    ("staffing/certificates.rs", 40, "longest number of a certificate"),
    ("staffing/opening.rs", 64, "digits of a SHA-256"),
    ("state/stock.rs", 2, "two people count"),
    ("state/participant.rs", 2, "the second gate"),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// The source without tests, comments and texts.
fn code(source: &str) -> String {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let mut out = String::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if first == '"' {
            let mut letters = rest.char_indices().skip(1);
            let mut end = rest.len();
            while let Some((at, letter)) = letters.next() {
                match letter {
                    '\\' => drop(letters.next()),
                    '"' => {
                        end = at + 1;
                        break;
                    }
                    _ => {}
                }
            }
            rest = &rest[end..];
        } else if first == '\'' && rest.chars().nth(2) == Some('\'') {
            rest = &rest[rest.char_indices().nth(3).map_or(rest.len(), |(at, _)| at)..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

/// Whole numbers that stand in code by themselves: not part of a name, as in `u8` or `S01`.
fn numbers(code: &str) -> BTreeSet<u64> {
    let mut found = BTreeSet::new();
    let mut before = ' ';
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_digit() && !(before.is_alphanumeric() || before == '_' || before == '.') {
            let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '_')).unwrap_or(rest.len());
            found.extend(rest[..end].replace('_', "").parse::<u64>());
            before = '0';
            rest = &rest[end..];
        } else {
            before = first;
            rest = &rest[first.len_utf8()..];
        }
    }
    found
}

#[test]
fn the_rules_hold_no_protocol_numbers() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("conduct/src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 30, "the sources are not where they were");
    let mut found = BTreeSet::new();
    for file in files {
        let name = file.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        let all = numbers(&code(&fs::read_to_string(&file).unwrap()));
        found.extend(all.into_iter().filter(|number| *number >= 2).map(|number| (name.clone(), number)));
    }
    let allowed: BTreeSet<(String, u64)> =
        ALLOWED.iter().map(|(file, number, _)| ((*file).to_owned(), *number)).collect();
    let bare: Vec<_> = found.difference(&allowed).collect();
    assert!(bare.is_empty(), "numbers in the rules: put them into the studies' files, with a source: {bare:?}");
    let stale: Vec<_> = allowed.difference(&found).collect();
    assert!(stale.is_empty(), "nothing needs these lines any more: {stale:?}");
}

#[test]
fn numbers_are_found_where_they_stand() {
    let text = "let a = 42; // 7\nlet b = \"9 \\\" 8\"; let u8_x = 1_000u32 + x.0; let c = '5'; case(S01, &2)";
    assert_eq!(numbers(&code(text)), [42, 1000, 2].into());
}
