//! Acts: one form for each command. The form's fields bear the names of the command's fields; sending it posts
//! exactly one command. What an act allows or refuses is asked of the rules; nothing here decides.

pub mod medical;
pub mod participant;
mod people;
pub mod reader;
mod room;
mod samples;
pub mod session;
pub mod site;
pub mod stock;
pub mod trial;

use conduct::{Command, Duties, ParticipantState, SiteState, StockState, TrialState};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use protocol::model::Study;
use terms::{SiteId, StaffId};

pub use samples::{duties, page_duties};

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
    /// Who is at the form, where it is somebody of the staff.
    pub actor: Option<StaffId>,
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
    participant::ACTS
        .iter()
        .chain(medical::ACTS)
        .chain(session::ACTS)
        .chain(room::ACTS)
        .chain(site::ACTS)
        .chain(stock::ACTS)
        .chain(trial::ACTS)
        .chain(people::ACTS)
}

/// The act with this part of the address.
pub fn find(scope: Scope, key: &str) -> Option<&'static Act> {
    all().find(|act| act.scope == scope && act.key == key)
}

/// Whether somebody with these duties may open a page: what they can't do is not offered. An address that is no act's
/// form and no page of its own is open to whoever sees it.
pub fn offered(held: Duties, address: &str) -> bool {
    let address = address.split(['?', '#']).next().unwrap_or_default();
    let Some((base, act)) = address.split_once("/do/") else {
        return page_duties(address).is_none_or(|needed| held.has_any(needed));
    };
    let scope = match base {
        base if base.contains("/sessions/") => Scope::Session,
        base if base.starts_with("/participants/") => Scope::Participant,
        base if base.starts_with("/sites/") => Scope::Site,
        base if base.starts_with("/ratings/") => Scope::Rating,
        _ => Scope::Trial,
    };
    let key = act.split('/').next().unwrap_or_default();
    find(scope, key).is_some_and(|act| held.has_any(duties(act)))
}

/// The choices of a closed list whose codes are the words of the command.
pub fn choices(pairs: &[(&str, &str)]) -> Vec<Choice> {
    pairs.iter().map(|(code, label)| Choice::new(*code, *label)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::model::Duty;

    #[test]
    fn what_somebody_cannot_do_is_not_offered() {
        let mut held = Duties::default();
        held.add(Duty::Facilitate);
        for (address, open) in [
            ("/participants/S01-001/do/enrol", false),
            ("/participants/S01-001/do/attended/V4", true),
            ("/participants/S01-001/sessions/1/do/order", false),
            ("/participants/S01-001/sessions/1/do/reading", true),
            ("/participants/S01-001/do/no-such-act", false),
            ("/sites/S01/do/count", false),
            ("/trial/do/open-site", false),
            ("/ratings/x/do/take", false),
            ("/participants/S01-001/consent", false),
            ("/participants/S01-001/consent?version=2", false),
            ("/participants/S01-001/visits/V4/forms/caps5", true),
            ("/participants/S01-001/casebook", true),
        ] {
            assert_eq!(offered(held, address), open, "{address}");
        }
    }
}
