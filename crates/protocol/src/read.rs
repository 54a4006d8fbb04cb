//! From files to a study: parse, lay over what is extended, take apart, check; every mistake at once.

use crate::{
    check, decode,
    diagnostic::{Diagnostic, Mistake, Severity},
    embedded,
    files::{BASES, Place, StudyFiles},
    item::Notebook,
    model::Study,
    spelling::nearest,
    tree::{self, Content, Table},
};
use std::collections::BTreeMap;

/// A study may extend one that extends another, and so on, this far.
const GENERATIONS_MAX: usize = 8;

/// Reads and checks a study. The study is there when no mistake is an error; warnings may stand beside it.
pub fn read(files: &StudyFiles) -> (Option<Study>, Vec<Diagnostic>) {
    let mut notebook = Notebook::default();
    let mut mistakes = Vec::new();
    let mut texts = BTreeMap::new();
    unreadable(files, &mut notebook, &mut mistakes);
    let root = generation(files, &mut notebook, &mut mistakes, &mut texts, &mut Vec::new());
    let start = root.entries.first().map_or(Place { file: 0, range: 0..0 }, |entry| entry.key_place.clone());
    // What stood behind the unreadable place, or in a study that isn't there, is gone: calling it missing would mislead.
    let broken = mistakes.iter().any(|mistake| ["study.syntax", "study.file", NO_BASE].contains(&mistake.code));
    let parts = decode::decode(&notebook, &root, &texts, start);
    check::check(&parts, &notebook);
    mistakes.append(&mut notebook.mistakes.borrow_mut());
    if broken {
        let root = notebook.place("");
        mistakes.retain(|mistake| {
            let of_root = root.as_ref() == Some(&mistake.place) && mistake.code == "study.source";
            !AFTER_SYNTAX.contains(&mistake.code) && !of_root
        });
    }
    let mut diagnostics: Vec<Diagnostic> =
        mistakes.into_iter().map(|mistake| mistake.placed(&notebook.sources)).collect();
    diagnostics.sort_by(|one, other| {
        (&one.file, one.range.start, one.code, &one.message).cmp(&(
            &other.file,
            other.range.start,
            other.code,
            &other.message,
        ))
    });
    diagnostics.dedup();
    let failed = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    (if failed { None } else { parts.study() }, diagnostics)
}

/// Kinds of mistakes that an unreadable file may bring about by itself.
const AFTER_SYNTAX: [&str; 2] = ["study.missing", "study.key"];
const NO_BASE: &str = "study.extends";

/// The id of the study that these files extend.
pub(crate) fn extended(files: &StudyFiles) -> Option<String> {
    let tree = tree::parse(0, files.files.get("study.toml")?, &mut Vec::new());
    match &tree.get("extends")?.node.content {
        Content::Text(id) => Some(id.clone()),
        _ => None,
    }
}

/// Files that could not be read: one mistake each, at the byte where reading ended.
fn unreadable(files: &StudyFiles, notebook: &mut Notebook, mistakes: &mut Vec<Mistake>) {
    for (name, why) in &files.unreadable {
        let text = files.files.get(name).cloned().unwrap_or_default();
        let end =
            text.get(why.byte..).and_then(|rest| rest.chars().next()).map_or(why.byte, |c| why.byte + c.len_utf8());
        let start = why.byte.min(text.len());
        let file = notebook.sources.add(files.shown(name), text.clone());
        let place = Place { file, range: start..end.min(text.len()).max(start) };
        let message = format!("`{name}` can't be read: {}", why.why);
        mistakes
            .push(Mistake::new("study.file", &place, message, format!("from byte {} on", why.byte)).mend(&why.mend));
    }
}

/// One study's files as a tree, laid over those of the study that it extends.
fn generation(
    files: &StudyFiles,
    notebook: &mut Notebook,
    mistakes: &mut Vec<Mistake>,
    texts: &mut BTreeMap<String, String>,
    ancestors: &mut Vec<String>,
) -> Table {
    let mut whole = Table::default();
    // study.toml goes first: that is where a missing section is missed.
    let mut names: Vec<&String> = files.files.keys().collect();
    names.sort_by_key(|name| (name.as_str() != "study.toml", name.as_str()));
    for name in names {
        let Some(text) = files.files.get(name).filter(|_| !name.starts_with(BASES)) else { continue };
        // It was reported; half a file would be reported as a whole one with mistakes.
        if files.unreadable.contains_key(name) && name.ends_with(".toml") {
            continue;
        }
        if !name.ends_with(".toml") {
            texts.insert(name.clone(), text.clone());
            continue;
        }
        let file = notebook.sources.add(files.shown(name), text.clone());
        let part = tree::parse(file, text, mistakes);
        tree::join(&mut whole, part, mistakes);
    }
    tree::duplicates(&whole, mistakes);
    let Some(entry) = whole.get("extends").cloned() else { return whole };
    let Content::Text(base_id) = &entry.node.content else { return whole };
    let place = &entry.node.place;
    if ancestors.contains(base_id) || ancestors.len() >= GENERATIONS_MAX {
        mistakes.push(
            Mistake::new("study.extends", place, format!("`{base_id}` extends itself in the end"), "goes in a circle")
                .mend("extend a study that stands by itself"),
        );
        return whole;
    }
    let Some(base_files) = files.base(base_id) else {
        let mend = match nearest(base_id, embedded::ids()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("studies that can be extended: {}", embedded::ids().collect::<Vec<_>>().join(", ")),
        };
        mistakes.push(
            Mistake::new("study.extends", place, format!("there is no study `{base_id}` to extend"), "unknown study")
                .mend(mend),
        );
        return whole;
    };
    ancestors.push(base_id.clone());
    let mut own_texts = std::mem::take(texts);
    let mut base = generation(&base_files, notebook, mistakes, texts, ancestors);
    texts.append(&mut own_texts);
    if let Some(removal) = whole.get("remove").cloned()
        && let Content::Table(wanted) = &removal.node.content
    {
        tree::remove(&mut base, wanted, mistakes);
    }
    whole.entries.retain(|entry| entry.key != "extends" && entry.key != "remove");
    tree::overlay(&mut base, whole, mistakes);
    base
}
