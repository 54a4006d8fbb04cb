//! A study's files in memory, and places in them.

use std::{collections::BTreeMap, ops::Range};

/// Where the files of studies that are extended are kept beside a study's own.
pub(crate) const BASES: &str = "bases/";

/// The files of one study: whoever calls has read them; nothing here touches a disk.
#[derive(Debug, Clone, Default)]
pub struct StudyFiles {
    /// The folder, as it is to be shown in messages: `studies/small`.
    pub folder: String,
    /// Text by name, relative to the folder, with `/` between parts: `forms/ecg.toml`.
    pub files: BTreeMap<String, String>,
    /// Files that whoever called could not read, by name: why, and from which byte on. What could be read of them is
    /// among `files`.
    pub unreadable: BTreeMap<String, Unreadable>,
}

/// Why a file of a study could not be read as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// In words: `it is not UTF-8 text`.
    pub why: String,
    /// The first byte that could not be read.
    pub byte: usize,
    /// How to mend it.
    pub mend: String,
}

impl StudyFiles {
    /// Files in a folder.
    pub fn new(folder: impl Into<String>, files: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { folder: folder.into(), files: files.into_iter().collect(), unreadable: BTreeMap::new() }
    }

    /// A file's name as messages give it.
    pub(crate) fn shown(&self, name: &str) -> String {
        if self.folder.is_empty() { name.to_owned() } else { format!("{}/{name}", self.folder) }
    }

    /// The study that this one extends: kept beside its files under `bases/`, or carried by the program.
    pub(crate) fn base(&self, id: &str) -> Option<Self> {
        let kept = format!("{BASES}{id}/");
        let mut own: BTreeMap<_, _> = self
            .files
            .iter()
            .filter_map(|(name, text)| Some((name.strip_prefix(&kept)?.to_owned(), text.clone())))
            .collect();
        if own.is_empty() {
            return crate::embedded::files(id);
        }
        own.extend(self.files.iter().filter(|(name, _)| name.starts_with(BASES)).map(|(n, t)| (n.clone(), t.clone())));
        Some(Self { folder: format!("{}/{BASES}{id}", self.folder), files: own, unreadable: BTreeMap::new() })
    }

    /// These files with those of every study that they extend, under `bases/`: what has to be kept so that the study's
    /// meaning stays, whatever later programs carry.
    pub fn with_bases(&self) -> Self {
        let mut whole = self.clone();
        let mut next = crate::read::extended(self);
        while let Some(id) = next.take() {
            if whole.files.keys().any(|name| name.starts_with(&format!("{BASES}{id}/"))) {
                break;
            }
            let Some(base) = self.base(&id) else { break };
            next = crate::read::extended(&base);
            let texts = base.files.into_iter().filter(|(name, _)| !name.starts_with(BASES));
            whole.files.extend(texts.map(|(name, text)| (format!("{BASES}{id}/{name}"), text)));
        }
        whole
    }

    /// The text of a file by the name that diagnostics give it: one of these, or of a study carried in the program
    /// that this one extends.
    pub fn text(&self, shown: &str) -> Option<&str> {
        let own = match shown.strip_prefix(&self.folder) {
            Some(rest) => self.files.get(rest.trim_start_matches('/')),
            None => None,
        };
        own.map(String::as_str).or_else(|| crate::embedded::text(shown))
    }
}

/// A place in one of the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub file: usize,
    pub range: Range<usize>,
}

/// The files that are being read: the study's own and those of the studies that it extends.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    files: Vec<(String, String)>,
}

impl Sources {
    pub fn add(&mut self, name: String, text: String) -> usize {
        self.files.push((name, text));
        self.files.len() - 1
    }

    pub fn name(&self, place: &Place) -> String {
        self.files.get(place.file).map_or_else(String::new, |(name, _)| name.clone())
    }

    pub fn text(&self, place: &Place) -> &str {
        self.files.get(place.file).map_or("", |(_, text)| text)
    }
}
