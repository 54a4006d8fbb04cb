//! The first call: a code is given out. The name stays in the identity store.

use crate::{
    case::{Case, Draft},
    decide::FactNo,
    entry::Entry,
    finding::Unreadable,
    state::Phase,
    stream::StreamId,
};
use terms::{ParticipantId, SiteId};

pub(super) fn record(
    case: &Case<'_>,
    site: &SiteId,
    source: &str,
    language: &str,
    draft: &mut Draft,
) -> Result<(), FactNo> {
    if !case.world.trial.sites.contains_key(site) {
        return Err(Unreadable {
            field: "site".to_owned(),
            what: format!("site {site} has not been opened in this trial"),
            mend: "choose one of the trial's sites".to_owned(),
        }
        .into());
    }
    // A language tag, as forms and form packs name languages.
    if !protocol::language_known(language) {
        let what = "this is no language".to_owned();
        let mend =
            "write its tag: en, en-GB, es; the two letters of ISO 639-1, or three where it has no two".to_owned();
        return Err(Unreadable { field: "language".to_owned(), what, mend }.into());
    }
    let number = case.world.site.map_or(0, |site| site.last_number) + 1;
    let participant = ParticipantId::from(format!("{site}-{number:03}"));
    draft.set_participant(StreamId::Participant(participant.clone()));
    draft.site(site, Entry::NumberGiven { participant: participant.clone(), number });
    draft.participant(Entry::EnquiryRecorded {
        participant,
        site: site.clone(),
        source: source.to_owned(),
        language: language.to_owned(),
    });
    Ok(())
}

pub(super) fn declined(case: &Case<'_>, reason: &str, draft: &mut Draft) -> Result<(), FactNo> {
    let participant = case.participant()?;
    if participant.phase != Phase::Enquiry {
        return Err(Unreadable {
            field: "participant".to_owned(),
            what: format!("{} has consented; somebody who leaves after consent is recorded as stopped", participant.id),
            mend: "record a stop, with how far it goes".to_owned(),
        }
        .into());
    }
    draft.participant(Entry::EnquiryDeclined { reason: reason.to_owned() });
    Ok(())
}
