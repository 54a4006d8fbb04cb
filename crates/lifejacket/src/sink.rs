//! A simulated trial's way into a store: the same acts through the same door, appended in batches.

use crate::store::Opened;
use conduct::{StreamId, Written};
use identity::{NewAccount, Who};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use record::Batch;
use simulation::{Accepted, Progress, Sink, SinkError, VirtualIdentity, VirtualStaff};
use std::collections::{BTreeMap, BTreeSet};
use terms::{InstanceId, ParticipantId, RoleId, SiteId};

/// Takes a simulation's acts into a store.
pub struct StoreSink<'s> {
    opened: &'s Opened,
    batch: Batch<'s>,
    bar: ProgressBar,
    ratings: BTreeMap<InstanceId, ParticipantId>,
    personas: BTreeSet<RoleId>,
    sealed: u32,
    now: Timestamp,
    /// Requests that the rules said no to, by rule id or kind.
    pub refused: BTreeMap<String, u64>,
    /// Acts that were written.
    pub acts: u64,
    /// Entries that were written.
    pub entries: u64,
}

impl<'s> StoreSink<'s> {
    /// A sink for a store that nobody else writes to meanwhile.
    pub fn new(opened: &'s Opened, participants: u64, now: Timestamp) -> Self {
        let bar = ProgressBar::new(participants);
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} people followed to the end, {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self {
            opened,
            batch: Batch::new(&opened.door),
            bar,
            ratings: BTreeMap::new(),
            personas: BTreeSet::new(),
            sealed: 0,
            now,
            refused: BTreeMap::new(),
            acts: 0,
            entries: 0,
        }
    }

    /// Appends what is left.
    pub fn finish(&mut self) -> Result<(), SinkError> {
        self.batch.flush()?;
        self.bar.finish_and_clear();
        Ok(())
    }

    fn participant_of(&mut self, act: &Accepted<'_>) -> Option<ParticipantId> {
        use conduct::Subject;
        match act.request.command.subject() {
            Subject::Participant(id) => Some(id),
            Subject::Rating(request) => self.ratings.get(&request).cloned(),
            Subject::Site(_) | Subject::Trial => None,
        }
    }

    fn remember_ratings(&mut self, written: &[Written]) {
        for one in written {
            if let (conduct::Entry::RatingRequested { request, .. }, StreamId::Participant(id)) =
                (&one.entry, &one.stream)
            {
                self.ratings.insert(request.clone(), id.clone());
            }
        }
    }
}

impl Sink for StoreSink<'_> {
    fn accepted(&mut self, act: Accepted<'_>) -> Result<(), SinkError> {
        let participant = self.participant_of(&act);
        match self.batch.ask(act.request, participant.as_ref(), act.context)? {
            Ok(written) if written == act.written => {
                self.remember_ratings(&written);
                self.acts += 1;
                self.entries += written.len() as u64;
                self.now = act.context.now;
                Ok(())
            }
            Ok(_) => Err(format!("the door decided {} otherwise than the simulation", act.request.id).into()),
            Err(no) => Err(format!("the door said no to {}: {no}", act.request.id).into()),
        }
    }

    fn refused(
        &mut self,
        _request: &conduct::Request,
        _context: &conduct::Context,
        no: &conduct::No,
    ) -> Result<(), SinkError> {
        let mut count = |what: &str| *self.refused.entry(what.to_owned()).or_default() += 1;
        match no {
            conduct::No::Refused(refusal) => {
                let rules: BTreeSet<&str> = refusal.broken.iter().map(|broken| broken.rule).collect();
                rules.into_iter().for_each(count);
            }
            conduct::No::Unreadable(_) => count("unreadable"),
            conduct::No::Conflict { .. } => count("conflict"),
            conduct::No::NotYours { .. } => count("not yours"),
        }
        Ok(())
    }

    fn sealed_list(&mut self, list: &allocation::SealedList) -> Result<(), SinkError> {
        self.opened.door.sealed_add("simulation-list", self.now, &list.rows, &[])?;
        Ok(())
    }

    fn sealed_contents(&mut self, _site: &SiteId, containers: &[allocation::SealedContainer]) -> Result<(), SinkError> {
        self.sealed += 1;
        let command = format!("simulation-contents-{}", self.sealed);
        self.opened.door.sealed_add(&command, self.now, &[], containers)?;
        Ok(())
    }

    fn staff(&mut self, staff: &VirtualStaff) -> Result<(), SinkError> {
        // The first of each role is the persona that is entered with one click.
        let account = NewAccount {
            login: staff.id.to_string(),
            display_name: staff.name.clone(),
            who: Who::Staff(staff.id.clone()),
            persona: self.personas.insert(staff.role.clone()),
        };
        self.opened.identity.account_create(&account, self.now)?;
        Ok(())
    }

    fn identity(&mut self, participant: &ParticipantId, identity: &VirtualIdentity) -> Result<(), SinkError> {
        let values = [
            ("name", identity.name.as_str()),
            ("phone", identity.phone.as_str()),
            ("email", identity.email.as_str()),
            ("safe_way", identity.safe_way.as_str()),
            ("contact_person", identity.contact_person.as_str()),
            ("escort", identity.contact_person.as_str()),
        ];
        self.opened.people.keep(participant, &values)?;
        Ok(())
    }

    fn document(&mut self, participant: &ParticipantId, sha256: &str, bytes: &[u8]) -> Result<(), SinkError> {
        self.opened.people.document_keep(participant, sha256, bytes)?;
        Ok(())
    }

    fn progress(&mut self, progress: Progress) {
        self.bar.set_position(u64::from(progress.finished));
        self.bar.set_message(format!("{} acts", progress.acts));
    }
}
