//! Every kind of mistake: a wrong file and its exact answer, drawn as a person sees it.
//!
//! `wrong/NAME.toml` is a study, most often the small one with something broken; `wrong/NAME.txt` is what `study check`
//! says of it. After a deliberate change run the test with `BLESS=1` and read the difference.

use protocol::{KINDS, StudyFiles, Unreadable, plain, read};
use std::{collections::BTreeSet, fs, path::Path};

/// A text beside the study of the same name, as the command line reads it: what is not UTF-8 is said to be so.
fn beside(files: &mut StudyFiles, path: &Path) {
    let Ok(bytes) = fs::read(path) else { return };
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    if let Err(error) = std::str::from_utf8(&bytes) {
        let (why, mend) = ("it is not UTF-8 text".to_owned(), "save it as UTF-8".to_owned());
        files.unreadable.insert(name.clone(), Unreadable { why, byte: error.valid_up_to(), mend });
    }
    files.files.insert(name, String::from_utf8_lossy(&bytes).into_owned());
}

#[test]
fn each_kind_has_a_wrong_file_and_its_answer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wrong");
    let bless = std::env::var_os("BLESS").is_some();
    let mut seen = BTreeSet::new();
    let mut differ = Vec::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let Some(stem) = name.strip_suffix(".toml") else { continue };
        let mut files = StudyFiles::new("wrong", [(name.clone(), fs::read_to_string(&path).unwrap())]);
        beside(&mut files, &path.with_extension("md"));
        let (_, diagnostics) = read(&files);
        let codes: BTreeSet<&str> = diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
        // The file is called after the kind that it shows, with a word behind it where there are several.
        let shown = codes.iter().any(|code| stem.starts_with(code.trim_start_matches("study.")));
        if !shown {
            differ.push(format!("{name} does not show its kind: {codes:?}"));
        }
        seen.extend(codes);
        for diagnostic in &diagnostics {
            assert!(diagnostic.mend.is_some(), "{name} doesn't say how to mend {}", diagnostic.message);
        }
        let text = plain(&diagnostics, |file| StudyFiles::text(&files, file));
        let expected = folder.join(format!("{stem}.txt"));
        if bless {
            fs::write(&expected, &text).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != text {
            differ.push(format!("{name}:\n{text}"));
        }
    }
    assert!(differ.is_empty(), "answers changed:\n{}", differ.join("\n"));
    let all: BTreeSet<&str> = KINDS.iter().map(|kind| kind.code).collect();
    let unseen: Vec<_> = all.difference(&seen).collect();
    assert!(unseen.is_empty(), "kinds without a wrong file: {unseen:?}");
    let unlisted: Vec<_> = seen.difference(&all).collect();
    assert!(unlisted.is_empty(), "kinds that the list lacks: {unlisted:?}");
}
