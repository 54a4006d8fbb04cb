//! Consent: versioned, item by item, with a comprehension check and a copy. Source: ICH E6(R3) 2.8; protocol.md §5.
//!
//! What was signed is always recorded. Whether it can carry study acts is computed here and stands in the entry.

use crate::{
    case::{Case, Draft},
    decide::FactNo,
    entry::Entry,
    finding::{Rule, Unreadable},
};
use protocol::model::ConsentVersion;
use std::collections::BTreeMap;

/// This file's rules: consent binds through `participant.consent`, asked with each authorisation.
pub(super) const RULES: &[&Rule] = &[];

pub(super) fn record(
    case: &Case<'_>,
    version: &str,
    items: &BTreeMap<String, bool>,
    answers: &BTreeMap<String, bool>,
    copy_given: bool,
    draft: &mut Draft,
) -> Result<(), FactNo> {
    case.participant()?;
    let text = find_version(case, version)?;
    for item in items.keys() {
        if !text.items.iter().any(|known| known.id == *item) {
            return Err(Unreadable {
                field: item.clone(),
                what: format!("consent version {version} has no item \"{item}\""),
                mend: "use the items of the version that was signed".to_owned(),
            }
            .into());
        }
    }
    let quiz_score =
        text.questions.iter().filter(|question| answers.get(&question.id) == Some(&question.answer)).count();
    let quiz_score = u32::try_from(quiz_score).unwrap_or(u32::MAX);
    let mut why_not: Vec<String> = Vec::new();
    for item in text.items.iter().filter(|item| item.required && items.get(&item.id) != Some(&true)) {
        why_not.push(format!("not agreed to: {}", item.text));
    }
    if quiz_score < text.pass_mark {
        why_not.push(format!(
            "{quiz_score} of {} comprehension questions right, {} needed",
            text.questions.len(),
            text.pass_mark
        ));
    }
    if !copy_given {
        why_not.push("no copy was given".to_owned());
    }
    why_not.extend(under_the_drug(case));
    let instance = draft.instance();
    draft.participant(Entry::ConsentRecorded {
        instance,
        version: version.to_owned(),
        text_sha256: text.text_sha256.clone(),
        items: items.clone(),
        quiz_score,
        quiz_pass: text.pass_mark,
        copy_given,
        valid: why_not.is_empty(),
        why_not: (!why_not.is_empty()).then(|| why_not.join("; ")),
    });
    Ok(())
}

/// Only the sober consent: nothing is given between a swallow and the study's hours after it (failures.md F-57).
fn under_the_drug(case: &Case<'_>) -> Option<String> {
    let hours = case.study.session.room.sober_after_hours?;
    let sessions = case.world.participant?.sessions.values();
    let mut swallowed = sessions.flat_map(|session| &session.swallowed).map(|swallow| swallow.at);
    let last = swallowed.find(|at| *at <= case.at && case.at < Case::after_minutes(*at, i64::from(hours) * 60))?;
    Some(format!("given within {hours} h of a dose, swallowed on {} at {}", case.day_of(last), case.clock(last)))
}

/// The text of a version: of the participant's own study version first, then of any other that the trial adopted.
fn find_version<'a>(case: &Case<'a>, version: &str) -> Result<&'a ConsentVersion, Unreadable> {
    let adopted = case.world.trial.studies.iter().rev().filter_map(|(hash, _, _)| case.studies.get(hash));
    case.study
        .consent_version(version)
        .or_else(|| adopted.map(AsRef::as_ref).find_map(|study| study.consent_version(version)))
        .ok_or_else(|| {
            let known: Vec<&str> = case.study.consent.versions.iter().map(|v| v.version.as_str()).collect();
            Unreadable {
                field: "version".to_owned(),
                what: format!("there is no consent version \"{version}\""),
                mend: format!("the study's versions are {}", known.join(", ")),
            }
        })
}
