//! The studies that the program carries.

use crate::{diagnostic::Diagnostic, files::StudyFiles, model::Study};

type Files = &'static [(&'static str, &'static str)];

macro_rules! studies {
    ($($id:literal: $($file:literal),+ $(,)?;)+) => {
        /// Every study with its files.
        const STUDIES: &[(&str, Files)] = &[$(
            ($id, &[$(($file, include_str!(concat!("../../../studies/", $id, "/", $file)))),+]),
        )+];
    };
}

studies! {
    "reference-mapp2": "study.toml", "schedule.toml", "roles.toml", "sites.toml", "eligibility.toml", "medication.toml",
        "dose.toml", "session.toml", "room.toml", "consent.toml", "consent/v1.md", "safety.toml", "stock.toml", "analysis.toml",
        "published.toml", "planning.toml", "forms/screening.toml", "forms/outcomes.toml", "forms/visits.toml";
    "small":
        "study.toml",
        "roles.toml",
        "schedule.toml",
        "forms.toml",
        "eligibility.toml",
        "medicines.toml",
        "session.toml",
        "consent.toml",
        "consent.md",
        "safety.toml",
        "stock.toml",
        "analysis.toml",
        "planning.toml";
    "reference-mapp1": "study.toml", "sites.toml", "planning.toml";
    "licensed-practice":
        "study.toml",
        "roles.toml",
        "schedule.toml",
        "forms.toml",
        "eligibility.toml",
        "dose.toml",
        "session.toml",
        "stock.toml",
        "consent.toml",
        "consent/v1.md";
    "small-amended": "study.toml", "consent-2.md";
    "demonstration-amended": "study.toml", "consent/v2.md";
    "demonstration": "study.toml", "sites.toml", "stock.toml";
}

/// The ids of the studies.
pub fn ids() -> impl Iterator<Item = &'static str> {
    STUDIES.iter().map(|(id, _)| *id)
}

/// The files of one of them.
pub fn files(id: &str) -> Option<StudyFiles> {
    let (id, files) = STUDIES.iter().find(|(known, _)| *known == id)?;
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    Some(StudyFiles::new(format!("studies/{id}"), files))
}

/// The text of an embedded file by the name that diagnostics give it.
pub fn text(shown: &str) -> Option<&'static str> {
    let (id, file) = shown.strip_prefix("studies/")?.split_once('/')?;
    let (_, files) = STUDIES.iter().find(|(known, _)| *known == id)?;
    files.iter().find(|(name, _)| *name == file).map(|(_, text)| *text)
}

/// Reads and checks one of them.
///
/// # Errors
/// Its mistakes; an empty list when there is no such study. The tests see to it that none of ours has any.
pub fn load(id: &str) -> Result<Study, Vec<Diagnostic>> {
    let files = files(id).ok_or_else(Vec::new)?;
    match crate::read(&files) {
        (Some(study), _) => Ok(study),
        (None, diagnostics) => Err(diagnostics),
    }
}
