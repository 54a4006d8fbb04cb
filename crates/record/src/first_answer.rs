//! The first answer to a command, given again when the command comes again.
//!
//! What was written is found by the command's id. A refusal is kept under the id and the hash of everything that was asked,
//! signatures and second person included: the very same request gets the very same refusal, while one that was mended (signed
//! now, say) is decided anew under its old id.

use crate::{
    body::written_read,
    door::{Answer, Receipt},
    error::StoreError,
    store::{Act, Answered, Range, Store},
};
use chain::{Hash, canonical};
use conduct::{Broken, Context, No, Person, Refusal, Request, finding::Evidence};
use jiff::{Timestamp, civil::Date};
use protocol::model::Duty;
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use terms::{FormId, Source};

/// Hashes that tell one request from another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Digests {
    /// Who asks what.
    pub(crate) asked: Hash,
    /// The same with who signed and who stands by. Times of proofs don't count.
    with_proofs: Hash,
    /// Whether a text in it may be one that can't be read: then all of them are looked at.
    pub(crate) doubtful: bool,
}

#[derive(Serialize)]
struct Asked<'a> {
    person: &'a Person,
    request: &'a Request,
}

#[derive(Serialize)]
struct WithProofs<'a> {
    asked: Hash,
    second: Option<&'a Person>,
    signed: [bool; 2],
}

impl Digests {
    pub(crate) fn of(request: &Request, context: &Context) -> Result<Self, StoreError> {
        // A held request that is sent again is the same: what the device's clock shows then is no part of it.
        let unsent;
        let request = match request.sent {
            None => request,
            Some(_) => {
                unsent = Request { sent: None, ..request.clone() };
                &unsent
            }
        };
        let whole = canonical::to_vec(&Asked { person: &context.actor.person, request }).map_err(internal)?;
        let asked = Hash::of(&whole);
        let second = context.second.as_ref();
        let signed = [context.actor.signed, second.is_some_and(|second| second.signed)];
        let with_proofs = hash(&WithProofs { asked, second: second.map(|second| &second.person), signed })?;
        Ok(Self { asked, with_proofs, doubtful: Request::texts_doubtful(&whole) })
    }

    fn refusal_id(&self, command: &str) -> String {
        format!("{command} refused {}", self.with_proofs)
    }
}

fn hash(value: &impl Serialize) -> Result<Hash, StoreError> {
    canonical::to_vec(value).map(|bytes| Hash::of(&bytes)).map_err(internal)
}

fn internal(error: impl Display) -> StoreError {
    StoreError::Internal { what: error.to_string() }
}

/// What was answered to this request before, if it was.
pub(crate) fn find(store: &dyn Store, command: &str, digests: &Digests) -> Result<Option<Answer>, StoreError> {
    if let Some(answered) = store.answered(command)? {
        if answered.digest != digests.asked {
            let what = "this command id was used for something else: give each request an id of its own".to_owned();
            return Ok(Some(Answer::No(No::Conflict { what })));
        }
        return written(store, &answered).map(Some);
    }
    match store.answered(&digests.refusal_id(command))?.and_then(|answered| answered.answer) {
        Some(bytes) => refusal_read(&bytes).map(|refusal| Some(Answer::No(refusal.into()))),
        None => Ok(None),
    }
}

fn written(store: &dyn Store, answered: &Answered) -> Result<Answer, StoreError> {
    let mut entries = Vec::new();
    if let Some(first) = answered.appended.first {
        let mut left = answered.appended.entries;
        store.read(Range::Log { after: first - 1 }, &mut |stored| {
            entries.extend(written_read(&stored)?);
            left -= 1;
            Ok(left > 0)
        })?;
    }
    Ok(Answer::Done(Receipt { entries, repeated: true }))
}

/// Keeps a refusal as the first answer.
pub(crate) fn refusal_act(
    command: &str,
    digests: &Digests,
    now: Timestamp,
    refusal: &Refusal,
) -> Result<Act, StoreError> {
    Ok(Act {
        command: digests.refusal_id(command),
        digest: digests.asked,
        recorded_at: now,
        expected: Vec::new(),
        entries: Vec::new(),
        answer: Some(serde_json::to_vec(refusal).map_err(internal)?),
        writes: Vec::new(),
    })
}

/// A refusal as it was kept. Rules are known by name to the program that reads it.
#[derive(Deserialize)]
struct RefusalRead {
    act: String,
    broken: Vec<BrokenRead>,
}

#[derive(Deserialize)]
struct BrokenRead {
    rule: String,
    #[serde(default)]
    condition: Option<String>,
    sentence: String,
    source: Source,
    found: String,
    #[serde(default)]
    evidence: Vec<EvidenceRead>,
    needed: String,
    remedy: String,
    #[serde(default)]
    who: Option<Duty>,
    #[serde(default)]
    clears: Option<Date>,
}

#[derive(Deserialize)]
struct EvidenceRead {
    name: String,
    value: String,
    #[serde(default)]
    form: Option<FormId>,
}

fn refusal_read(bytes: &[u8]) -> Result<Refusal, StoreError> {
    let read: RefusalRead = serde_json::from_slice(bytes)
        .map_err(|error| StoreError::Damaged { what: format!("a refusal that was kept can't be read: {error}") })?;
    let rules = conduct::rules::all();
    let broken = read.broken.into_iter().map(|one| Broken {
        rule: rules.iter().find(|rule| rule.id == one.rule).map_or("rule.no_longer_known", |rule| rule.id),
        condition: one.condition,
        sentence: one.sentence,
        source: one.source,
        found: one.found,
        evidence: one
            .evidence
            .into_iter()
            .map(|evidence| Evidence { name: evidence.name, value: evidence.value, form: evidence.form })
            .collect(),
        needed: one.needed,
        remedy: one.remedy,
        who: one.who,
        clears: one.clears,
    });
    Ok(Refusal { act: read.act, broken: broken.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_reads_back_as_it_was() {
        for rule in conduct::rules::all() {
            let full = Broken::new(rule, "147", "at most 140", "measure again")
                .about("pressure", "Blood pressure before the dose")
                .by(Duty::Nurse)
                .clearing(jiff::civil::date(2026, 3, 2));
            let with_evidence = Broken {
                evidence: vec![Evidence { name: "ecg.qtcb".into(), value: "460 ms".into(), form: Some("ecg".into()) }],
                ..Broken::new(rule, "", "", "")
            };
            let refusal = Refusal { act: "authorise_dose".into(), broken: vec![full, with_evidence] };
            let again = refusal_read(&serde_json::to_vec(&refusal).unwrap()).unwrap();
            assert_eq!(again, refusal);
        }
        assert!(matches!(refusal_read(b"{\"act\":1}"), Err(StoreError::Damaged { .. })));
    }
}
