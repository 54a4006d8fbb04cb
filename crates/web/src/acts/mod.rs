//! Acts: one form for each command. The form's fields bear the names of the command's fields; sending it posts
//! exactly one command. What an act allows or refuses is asked of the rules; nothing here decides.

pub mod medical;
pub mod participant;
pub mod reader;
mod samples;
pub mod session;
pub mod site;
pub mod trial;

use conduct::{Command, ParticipantState, SiteState, StockState, TrialState};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use protocol::model::Study;
use terms::SiteId;

pub use samples::duties;

use crate::parts::field::{Choice, Field};
use reader::Reader;

/// What is at hand when an act is shown or sent: the streams it concerns, as they stand.
pub struct Scene<'a> {
    pub study: &'a Study,
    pub trial: &'a TrialState,
    pub participant: Option<&'a ParticipantState>,
    pub site_id: Option<&'a SiteId>,
    pub site: Option<&'a SiteState>,
    pub stock: Option<&'a StockState>,
    pub zone: TimeZone,
    pub now: Timestamp,
    /// Dosing session, from the address; 0 where the act is not in one.
    pub session: u8,
    /// What the act is about, from the address: a visit, a record, a container, a check.
    pub about: String,
    /// People who have an account here, for choosing one.
    pub staff: &'a [Choice],
}

impl Scene<'_> {
    /// Today at the site.
    pub fn today(&self) -> Date {
        self.now.to_zoned(self.zone.clone()).date()
    }

    /// The name of a visit, or its id where the study has no such visit.
    pub fn visit_name(&self, id: &str) -> String {
        self.study.visit(id).map_or_else(|| id.to_owned(), |visit| visit.name.clone())
    }
}

/// To what an act belongs, and so under which address it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Participant,
    Session,
    Site,
    Trial,
    Rating,
}

/// Who must prove themselves for it, at the moment of the act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proofs {
    /// Being signed in is enough.
    SignedIn,
    /// The person signs with their PIN; the words say what the signature means.
    Signed(&'static str),
    /// Two people: what each attests.
    Two(&'static str, &'static str),
    /// One signs, and a second may have to: the study says when.
    SignedMaybeTwo(&'static str, &'static str),
}

/// Whether a reason is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    None,
    /// The words of the question.
    Asked(&'static str),
}

/// Looks forward (may be refused) or says what has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Fact,
    Authorisation,
}

/// One act.
pub struct Act {
    /// Its part of the address.
    pub key: &'static str,
    pub scope: Scope,
    pub kind: Kind,
    pub title: &'static str,
    /// One sentence that says what it is for, or what to watch.
    pub intro: &'static str,
    pub button: &'static str,
    pub proofs: Proofs,
    pub reason: Reason,
    pub fields: fn(&Scene<'_>) -> Vec<Field>,
    pub build: fn(&Scene<'_>, &mut Reader<'_>) -> Option<Command>,
}

/// No fields beside the act itself.
pub fn nothing(_: &Scene<'_>) -> Vec<Field> {
    Vec::new()
}

/// All acts, in the order in which they are offered.
pub fn all() -> impl Iterator<Item = &'static Act> {
    participant::ACTS.iter().chain(medical::ACTS).chain(session::ACTS).chain(site::ACTS).chain(trial::ACTS)
}

/// The act with this part of the address.
pub fn find(scope: Scope, key: &str) -> Option<&'static Act> {
    all().find(|act| act.scope == scope && act.key == key)
}

/// The choices of a closed list whose codes are the words of the command.
pub fn choices(pairs: &[(&str, &str)]) -> Vec<Choice> {
    pairs.iter().map(|(code, label)| Choice::new(*code, *label)).collect()
}
