//! Words that participants read, from message files: one file a language, one id a message.
//!
//! The files are Fluent. This reader takes the part of Fluent that the files use (plain messages with named
//! places) and says so of everything else, so that plurals and more languages can come without touching a page.

use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The messages of one language.
#[derive(Debug, Clone, Default)]
pub struct Words {
    messages: BTreeMap<String, String>,
}

/// Why a message file can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct WordsError {
    pub line: usize,
    pub what: String,
}

impl Words {
    /// Reads a message file.
    pub fn read(text: &str) -> Result<Self, WordsError> {
        let mut messages = BTreeMap::new();
        for (index, raw) in text.lines().enumerate() {
            let fail = |what: &str| WordsError { line: index + 1, what: what.to_owned() };
            if raw.trim().is_empty() || raw.starts_with('#') {
                continue;
            }
            if raw.starts_with([' ', '\t']) {
                return Err(fail("a message stands on one line"));
            }
            let (id, words) = raw.split_once('=').ok_or_else(|| fail("a message is written id = words"))?;
            let id = id.trim();
            if id.is_empty() || !id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
                return Err(fail("an id has small letters, digits and hyphens"));
            }
            let words = words.trim();
            if words.is_empty() {
                return Err(fail("a message has words"));
            }
            for place in words.split('{').skip(1) {
                let name =
                    place.split_once('}').map(|(inside, _)| inside.trim()).ok_or_else(|| fail("{ is not closed"))?;
                if !name
                    .strip_prefix('$')
                    .is_some_and(|n| !n.is_empty() && n.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
                {
                    return Err(fail("only { $name } may stand in braces so far"));
                }
            }
            if messages.insert(id.to_owned(), words.to_owned()).is_some() {
                return Err(fail("this id stands twice"));
            }
        }
        Ok(Self { messages })
    }

    /// The message of an id, with its places filled. An unknown id shows itself, so that it is seen and mended.
    pub fn say(&self, id: &str, places: &[(&str, &str)]) -> String {
        let Some(words) = self.messages.get(id) else { return id.to_owned() };
        let mut out = String::with_capacity(words.len());
        let mut rest = words.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let (inside, tail) = after.split_once('}').unwrap_or((after, ""));
            let name = inside.trim().trim_start_matches('$');
            // Only one pass: what is filled in is never read for places again.
            out.push_str(places.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value));
            rest = tail;
        }
        out.push_str(rest);
        out
    }

    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.messages.keys().map(String::as_str)
    }
}

/// The messages in a language, or in English where there are none in it yet.
pub fn words(_language: &str) -> &'static Words {
    static ENGLISH: OnceLock<Words> = OnceLock::new();
    // A test reads the embedded file, so that a broken one never ships; ids would be shown in its place.
    ENGLISH.get_or_init(|| Words::read(include_str!("../words/en/participant.ftl")).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn wrong_files_are_said_to_be_wrong() {
        for (text, wanted) in [
            ("a = b\n c", "line 2: a message stands on one line"),
            ("a", "line 1: a message is written id = words"),
            ("A = b", "line 1: an id has small letters, digits and hyphens"),
            ("a =", "line 1: a message has words"),
            ("a = { $b", "line 1: { is not closed"),
            ("a = { PLURAL() }", "line 1: only { $name } may stand in braces so far"),
            ("a = b\na = c", "line 2: this id stands twice"),
        ] {
            assert_eq!(Words::read(text).unwrap_err().to_string(), wanted, "{text}");
        }
    }

    #[test]
    fn places_are_filled_once() {
        let words = Words::read("a = Hello { $name }, { $name }!").unwrap();
        assert_eq!(words.say("a", &[("name", "{ $name }")]), "Hello { $name }, { $name }!");
        assert_eq!(words.say("nothing-like-it", &[]), "nothing-like-it");
    }

    /// Every id that a page asks for is in the file, and every id in the file is asked for.
    #[test]
    fn ids_used_are_ids_there() {
        let english = Words::read(include_str!("../words/en/participant.ftl")).unwrap();
        let there: BTreeSet<&str> = english.ids().collect();
        let mut used = BTreeSet::new();
        let mut source = String::new();
        gather(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut source);
        gather(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/templates")), &mut source);
        // Long calls are broken over lines.
        let source: String = source.split_whitespace().collect();
        for part in source.split(".say(\"").skip(1) {
            used.insert(part.split('"').next().unwrap().to_owned());
        }
        used.remove("a");
        used.remove("nothing-like-it");
        let missing: Vec<&String> = used.iter().filter(|id| !there.contains(id.as_str())).collect();
        assert!(missing.is_empty(), "used and not in the file: {missing:?}");
        let unused: Vec<&&str> = there.iter().filter(|id| !used.contains(**id)).collect();
        assert!(unused.is_empty(), "in the file and never used: {unused:?}");
    }

    fn gather(folder: &std::path::Path, out: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                gather(&path, out);
            } else {
                out.push_str(&std::fs::read_to_string(&path).unwrap());
            }
        }
    }
}
