//! The monitor: an onlooker who reads what was written and knows the world, and shares no rule with those who decide.
//!
//! It keeps its own memory of people, containers, staff and trial, folded from entries, and judges each append twice: nothing of list A
//! ("never authorised") may stand in it, and of list B ("never unanswered") the answer must stand in the same append. A property has the
//! id of the rule that guards it where there is one, so that the reader finds both.

mod answers;
mod company;
mod corrected;
mod credentials;
mod day;
mod fold;
mod memory;
mod names;
mod paper;
mod papers;
mod safe;
mod staff;
mod ways;

pub(crate) use answers::word;
pub use memory::Person;

use crate::{
    print,
    state::{Kept, Setting},
};
use conduct::{Command, Context, Entry, Proof, Request, Stamp, StreamId, Written};
use jiff::Timestamp;
use memory::Shared;
use protocol::model::{Duty, Study, Trigger};
use std::{collections::BTreeMap, collections::BTreeSet};
use terms::{ParticipantId, SiteId, StaffId};

/// Something that must never happen, and did.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Harm {
    /// The property: a rule's id, or `floor.…` or `answer.…`.
    pub property: String,
    /// What happened, in words.
    pub what: String,
}

/// What was asked and what was written.
#[derive(Debug, Clone, Copy)]
pub struct Performed<'a> {
    /// What was asked.
    pub request: &'a Request,
    /// Who, when, with whom.
    pub context: &'a Context,
    /// What was written.
    pub written: &'a [Written],
}

/// What the onlooker remembers.
#[derive(Debug, Clone, Default)]
pub struct Monitor {
    people: BTreeMap<ParticipantId, Kept<Person>>,
    shared: Kept<Shared>,
}

impl Monitor {
    /// The fingerprint of what is remembered.
    pub fn print(&self) -> u128 {
        let people: Vec<u128> = self.people.values().map(|person| person.print_by(print::of_hashed)).collect();
        print::of_hashed(&(people, self.shared.print_by(print::of_hashed)))
    }

    /// Judges an append, then remembers it.
    pub fn observe(&mut self, setting: &Setting, performed: &Performed<'_>) -> Vec<Harm> {
        let mut harms = Vec::new();
        let authorised = matches!(performed.request.command, Command::Authorise(_));
        let nothing = authorised && performed.written.is_empty();
        must(&mut harms, !nothing, "granted.nothing", "something was granted, and nothing was written of it");
        for one in performed.written {
            let look = Look { setting, performed, stamp: &one.stamp, shared: &self.shared };
            let who = match &one.stream {
                StreamId::Participant(id) => self.people.get(id).map(|person| (id, &**person)),
                _ => None,
            };
            if authorised {
                look.certified(one_site(&one.stream, who.map(|(_, person)| person)), &one.entry, &mut harms);
                look.never_authorised(who, &one.stream, &one.entry, &mut harms);
            }
            look.never_unanswered(who, &one.stream, &one.entry, &mut harms);
        }
        self.remember(setting, performed.written);
        harms.sort();
        harms.dedup();
        harms
    }

    /// Takes in what was written without judging it: how the world came to stand there.
    pub fn remember(&mut self, setting: &Setting, written: &[Written]) {
        for one in written {
            fold::fold(self, &setting.study, one);
        }
    }

    fn person_mut(&mut self, id: &ParticipantId) -> &mut Person {
        self.people.entry(id.clone()).or_default().value_mut()
    }

    fn shared_mut(&mut self) -> &mut Shared {
        self.shared.value_mut()
    }
}

/// One entry looked at: with all that was remembered before the append, and the people who acted.
#[derive(Clone, Copy)]
struct Look<'a> {
    setting: &'a Setting,
    performed: &'a Performed<'a>,
    stamp: &'a Stamp,
    shared: &'a Shared,
}

impl<'a> Look<'a> {
    fn study_of(&self, person: &Person) -> &'a Study {
        person.study.as_ref().and_then(|hash| self.setting.studies.get(hash)).map_or(&self.setting.study, |study| study)
    }

    fn now(&self) -> Timestamp {
        self.performed.context.now
    }

    fn actor(&self) -> &'a Proof {
        &self.performed.context.actor
    }

    fn second(&self) -> Option<&'a Proof> {
        self.performed.context.second.as_ref()
    }

    fn reason(&self) -> bool {
        self.performed.request.reason.as_deref().is_some_and(|reason| !reason.trim().is_empty())
    }

    /// Whether the same append answers with a deviation, a task or a clock of this kind.
    fn answered(&self, trigger: Trigger) -> bool {
        self.performed.written.iter().any(|one| match &one.entry {
            Entry::DeviationRecorded { trigger: Some(found), .. } => *found == trigger,
            Entry::TaskRaised(task) => task.trigger == trigger,
            Entry::GroundWithdrawn { .. } => trigger == Trigger::GroundWithdrawn,
            _ => false,
        })
    }

    /// Whether the same append places a hold.
    fn held_now(&self) -> bool {
        self.performed.written.iter().any(|one| matches!(one.entry, Entry::HoldPlaced { .. }))
    }

    fn duties(&self, proof: &Proof, site: Option<&SiteId>) -> BTreeSet<Duty> {
        match &proof.person {
            conduct::Person::Staff(staff) => self.duties_of(staff, site),
            conduct::Person::Participant(_) | conduct::Person::Program => BTreeSet::new(),
        }
    }

    fn duties_of(&self, staff: &StaffId, site: Option<&SiteId>) -> BTreeSet<Duty> {
        self.shared.duties(&self.setting.study, staff, site, self.stamp.day)
    }

    /// Two different people who proved themselves now, each with one of these duties.
    fn two(&self, site: Option<&SiteId>, first: &[Duty], second: &[Duty]) -> Result<(), String> {
        let Some(other) = self.second() else { return Err("by one person alone".to_owned()) };
        let actor = self.actor();
        if other.person == actor.person {
            return Err("by the same person twice".to_owned());
        }
        let oldest = other.at.min(actor.at);
        let most = i64::from(self.setting.study.session.presence.together_minutes);
        if minutes(oldest, self.now()) > most {
            return Err(format!("by a proof that was {} min old", minutes(oldest, self.now())));
        }
        let (mine, theirs) = (self.duties(actor, site), self.duties(other, site));
        let any = |held: &BTreeSet<Duty>, asked: &[Duty]| asked.iter().any(|duty| held.contains(duty));
        if (any(&mine, first) && any(&theirs, second)) || (any(&mine, second) && any(&theirs, first)) {
            return Ok(());
        }
        Err("by people who may not do it together".to_owned())
    }
}

/// The site that an entry is about.
fn one_site<'a>(stream: &'a StreamId, person: Option<&'a Person>) -> Option<&'a SiteId> {
    match stream {
        StreamId::Site(site) | StreamId::Stock(site) => Some(site),
        StreamId::Participant(_) => person.and_then(|person| person.site.as_ref()),
        StreamId::Trial | StreamId::Allocation => None,
    }
}

/// Whole minutes from one moment to another.
fn minutes(from: Timestamp, to: Timestamp) -> i64 {
    to.duration_since(from).as_mins()
}

/// Whole days from one day to another.
fn days(from: jiff::civil::Date, to: jiff::civil::Date) -> i64 {
    from.until(to).map_or(0, |span| i64::from(span.get_days()))
}

/// Notes a harm unless something holds.
fn must(harms: &mut Vec<Harm>, so: bool, property: &str, what: impl Into<String>) {
    if !so {
        harms.push(Harm { property: property.to_owned(), what: what.into() });
    }
}
