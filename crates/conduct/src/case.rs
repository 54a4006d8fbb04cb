//! What one decision looks at, gathered once: the study, the streams, the people, the times; and the draft that
//! entries are written into.

use crate::{
    context::{Context, Proof},
    entry::{Entry, Person, Signatory, Stamp, TaskRaised, Written},
    finding::Unreadable,
    state::{AllocationState, ParticipantState, SiteState, StockState, TrialState},
    stream::{ChainName, StreamId},
};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use protocol::model::{Duty, RoleScope, Study, Trigger};
use std::{borrow::Cow, collections::BTreeMap, sync::Arc};
use terms::{ActId, FormId, InstanceId, RoleId, SiteId, StaffId, StudyHash, VisitId};

const MINUTES_AN_HOUR: u32 = 60;
const HOURS_A_DAY: u32 = 24;

/// The study versions that a store knows, by hash.
#[derive(Debug, Clone, Default)]
pub struct Studies(BTreeMap<StudyHash, Arc<Study>>);

impl Studies {
    /// No versions yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a version under its hash.
    pub fn insert(&mut self, hash: StudyHash, study: Arc<Study>) {
        self.0.insert(hash, study);
    }

    /// The version with this hash.
    pub fn get(&self, hash: &StudyHash) -> Option<&Arc<Study>> {
        self.0.get(hash)
    }

    /// All versions, by hash.
    pub fn iter(&self) -> impl Iterator<Item = (&StudyHash, &Arc<Study>)> {
        self.0.iter()
    }
}

/// The streams that a command reads, as they stand. What it doesn't read may be left out.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    /// The trial.
    pub trial: &'a TrialState,
    /// Who was drawn.
    pub allocation: Option<&'a AllocationState>,
    /// The site concerned: the participant's, or the command's.
    pub site: Option<&'a SiteState>,
    /// Its stock.
    pub stock: Option<&'a StockState>,
    /// The participant concerned.
    pub participant: Option<&'a ParticipantState>,
}

/// A set of duties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Duties(u32);

impl Duties {
    /// Whether it holds this one.
    pub const fn has(self, duty: Duty) -> bool {
        self.0 & (1 << duty as u32) != 0
    }

    /// Whether it holds any of these.
    pub fn has_any(self, duties: &[Duty]) -> bool {
        duties.iter().any(|duty| self.has(*duty))
    }

    /// With one more.
    pub const fn add(&mut self, duty: Duty) {
        self.0 |= 1 << duty as u32;
    }

    /// Every duty in it.
    pub fn iter(self) -> impl Iterator<Item = Duty> {
        Duty::ALL.into_iter().filter(move |duty| self.has(*duty))
    }
}

/// Somebody and what they may do here and now.
#[derive(Debug, Clone)]
pub struct Authority<'a> {
    /// The proof.
    pub proof: &'a Proof,
    /// Roles held here today.
    pub roles: Vec<RoleId>,
    /// Duties of those roles.
    pub duties: Duties,
}

impl Authority<'_> {
    /// The staff member, if it is one.
    pub const fn staff(&self) -> Option<&StaffId> {
        match &self.proof.person {
            Person::Staff(staff) => Some(staff),
            Person::Participant(_) | Person::Program => None,
        }
    }
}

/// What somebody may do at a site (or in the trial) on a day. Computed at the moment of the act, from delegations and
/// trial-wide roles, never stored.
pub fn authority<'a>(
    study: &Study,
    trial: &TrialState,
    site: Option<&SiteState>,
    day: Date,
    proof: &'a Proof,
) -> Authority<'a> {
    let mut roles: Vec<RoleId> = Vec::new();
    match &proof.person {
        Person::Staff(staff) => {
            roles.extend(trial.roles.get(staff).into_iter().flatten().cloned());
            if let Some(site) = site {
                roles.extend(site.roles_of(staff, day).map(|delegation| delegation.role.clone()));
            }
        }
        Person::Participant(_) => {
            roles.extend(study.roles.iter().filter(|role| role.scope == RoleScope::Own).map(|role| role.id.clone()));
        }
        Person::Program => {}
    }
    let mut duties = Duties::default();
    for role in &roles {
        for duty in study.role(role.as_str()).into_iter().flat_map(|role| &role.duties) {
            duties.add(*duty);
        }
    }
    if proof.person == Person::Program {
        Duty::ALL.into_iter().for_each(|duty| duties.add(duty));
    }
    Authority { proof, roles, duties }
}

/// Everything that one decision looks at.
#[derive(Debug)]
pub struct Case<'a> {
    /// The study version that applies.
    pub study: &'a Study,
    /// Its hash.
    pub study_hash: &'a StudyHash,
    /// All versions.
    pub studies: &'a Studies,
    /// The streams.
    pub world: World<'a>,
    /// Time, people, draws.
    pub context: &'a Context,
    /// Who acts.
    pub actor: Authority<'a>,
    /// The second person.
    pub second: Option<Authority<'a>>,
    /// The site concerned, if there is one.
    pub site: Option<&'a SiteId>,
    /// Its time zone.
    pub zone: TimeZone,
    /// Its name.
    pub zone_name: &'a str,
    /// When it happened (facts), or now.
    pub at: Timestamp,
    /// When it happened by a device whose clock was wrong.
    pub device_at: Option<Timestamp>,
    /// The site's calendar day of `at`.
    pub day: Date,
    /// The reason that was given.
    pub reason: Option<&'a str>,
    /// Only what is broken is looked at: what is said of a condition that holds may be left out.
    pub brief: bool,
}

impl<'a> Case<'a> {
    /// The participant, or a sentence that there is none with this code.
    pub fn participant(&self) -> Result<&'a ParticipantState, Unreadable> {
        self.world.participant.ok_or_else(|| Unreadable {
            field: "participant".to_owned(),
            what: "there is no participant with this code in the study".to_owned(),
            mend: "look the code up in the list of participants; it has the site's id and a number, as S03-012"
                .to_owned(),
        })
    }

    /// Words about a condition that holds; none where only what is broken is looked at.
    pub(crate) fn held(&self, words: impl FnOnce() -> String) -> Cow<'static, str> {
        if self.brief { Cow::Borrowed("") } else { Cow::Owned(words()) }
    }

    /// The site's calendar day of a moment.
    pub fn day_of(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }

    /// The site's clock time of a moment, `11:41`.
    pub fn clock(&self, at: Timestamp) -> String {
        let time = at.to_zoned(self.zone.clone()).time();
        format!("{:02}:{:02}", time.hour(), time.minute())
    }

    /// A moment some minutes after another.
    pub fn after_minutes(at: Timestamp, minutes: i64) -> Timestamp {
        at.checked_add(SignedDuration::from_mins(minutes)).unwrap_or(at)
    }

    /// When something is due for which the study gives so many minutes; without a number, by the end of the site's day.
    pub fn due_minutes(&self, minutes: Option<u32>) -> Timestamp {
        minutes.map_or_else(|| self.end_of_day(self.at), |minutes| Self::after_minutes(self.at, i64::from(minutes)))
    }

    /// The same, in hours.
    pub fn due_hours(&self, hours: Option<u32>) -> Timestamp {
        self.due_minutes(hours.map(|hours| hours.saturating_mul(MINUTES_AN_HOUR)))
    }

    /// The same, in days of 24 hours.
    pub fn due_days(&self, days: Option<u32>) -> Timestamp {
        self.due_hours(days.map(|days| days.saturating_mul(HOURS_A_DAY)))
    }

    /// Whole minutes from one moment to another; negative if it is earlier.
    pub fn minutes_between(from: Timestamp, to: Timestamp) -> i64 {
        to.duration_since(from).as_mins()
    }

    /// The last moment of the site's day of a moment.
    pub fn end_of_day(&self, at: Timestamp) -> Timestamp {
        self.end_of_day_on(self.day_of(at))
    }

    /// The last moment of a calendar day at the site.
    pub fn end_of_day_on(&self, day: Date) -> Timestamp {
        day.tomorrow()
            .ok()
            .and_then(|next| next.to_zoned(self.zone.clone()).ok())
            .map_or(self.at, |midnight| midnight.timestamp())
    }

    /// Two different people who each proved themselves close together and hold the duties asked for; what is wrong
    /// otherwise, in words.
    pub fn two_people(&self, first: &[Duty], second: &[Duty]) -> Result<(), String> {
        let Some(other) = &self.second else {
            return Err("only one person has proved who they are".to_owned());
        };
        if other.proof.person == self.actor.proof.person {
            return Err("both proofs are by the same person".to_owned());
        }
        let apart = Self::minutes_between(other.proof.at, self.actor.proof.at).abs();
        let most = i64::from(self.study.session.presence.together_minutes);
        if apart > most {
            return Err(format!("the two proofs lie {apart} min apart, {most} at most"));
        }
        // A sign-in of this morning proves nothing about who stands at the safe now.
        let oldest = other.proof.at.min(self.actor.proof.at);
        let ago = Self::minutes_between(oldest, self.context.now);
        if ago > most {
            return Err(format!("the older proof is {ago} min old, {most} at most"));
        }
        let straight = self.actor.duties.has_any(first) && other.duties.has_any(second);
        let crossed = self.actor.duties.has_any(second) && other.duties.has_any(first);
        if straight || crossed { Ok(()) } else { Err("the two are not delegated to this together".to_owned()) }
    }
}

/// `act.number`, put together without a text of its own in between: every entry has such an id.
fn numbered(act: &ActId, number: usize) -> InstanceId {
    /// An act's id is a UUID nearly always.
    const ROOM: usize = 64;
    let mut room = [0_u8; ROOM];
    let act = act.as_str();
    let one_digit = u8::try_from(number).ok().filter(|number| *number < 10);
    let used = act.len() + 2;
    if let (Some(digit), Some(space)) = (one_digit, room.get_mut(..used)) {
        let (head, tail) = space.split_at_mut(act.len());
        head.copy_from_slice(act.as_bytes());
        tail.copy_from_slice(&[b'.', b'0' + digit]);
        if let Ok(id) = std::str::from_utf8(space) {
            return InstanceId::from(id);
        }
    }
    InstanceId::from(format!("{act}.{number}"))
}

/// The entries of one act while they are written.
#[derive(Debug)]
pub struct Draft {
    stamp: Arc<Stamp>,
    site: Option<SiteId>,
    participant: Option<StreamId>,
    instances: usize,
    written: Vec<Written>,
}

impl Draft {
    /// An empty draft for a case; `duty` picks the role under which the actor signs.
    pub fn new(case: &Case<'_>, duties: &[Duty]) -> Self {
        let signatory = |authority: &Authority<'_>| Signatory {
            person: authority.proof.person.clone(),
            role: authority
                .roles
                .iter()
                .find(|role| {
                    case.study
                        .role(role.as_str())
                        .is_some_and(|role| role.duties.iter().any(|duty| duties.contains(duty)))
                })
                .or_else(|| authority.roles.first())
                .cloned(),
        };
        let stamp = Stamp {
            act: case.context.act.clone(),
            at: case.at,
            day: case.day,
            zone: case.zone_name.to_owned(),
            recorded_at: case.context.now,
            by: signatory(&case.actor),
            second: case.second.as_ref().map(signatory),
            study: case.study_hash.clone(),
            program: case.context.program.clone(),
            reason: case.reason.map(str::to_owned),
            device_at: case.device_at,
        };
        Self {
            stamp: Arc::new(stamp),
            site: case.site.cloned(),
            participant: case.world.participant.map(|p| StreamId::Participant(p.id.clone())),
            instances: 0,
            written: Vec::new(),
        }
    }

    /// The stamp that all entries of the act share.
    pub fn stamp(&self) -> &Stamp {
        &self.stamp
    }

    /// A new id, unique in the record.
    pub fn instance(&mut self) -> InstanceId {
        self.instances += 1;
        numbered(&self.stamp.act, self.instances)
    }

    fn site_chain(&self) -> ChainName {
        self.site.clone().map_or(ChainName::Trial, ChainName::Site)
    }

    fn push(&mut self, stream: StreamId, chain: ChainName, entry: Entry) {
        self.written.push(Written { stream, chain, stamp: Arc::clone(&self.stamp), entry });
    }

    /// What was drafted so far.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.written.iter().map(|written| &written.entry)
    }

    /// Writes to the participant's stream, in their site's chain.
    pub fn participant(&mut self, entry: Entry) {
        if let Some(stream) = self.participant.clone() {
            self.push(stream, self.site_chain(), entry);
        }
    }

    /// From now on the draft writes to this participant (an enquiry makes them).
    pub fn set_participant(&mut self, stream: StreamId) {
        self.participant = Some(stream);
    }

    /// Whether anything was written to the participant's stream.
    pub fn writes_to_participant(&self) -> bool {
        self.written.iter().any(|written| Some(&written.stream) == self.participant.as_ref())
    }

    /// Writes to the site's roster.
    pub fn site(&mut self, site: &SiteId, entry: Entry) {
        self.push(StreamId::Site(site.clone()), ChainName::Site(site.clone()), entry);
    }

    /// Writes to the site's stock.
    pub fn stock(&mut self, site: &SiteId, entry: Entry) {
        self.push(StreamId::Stock(site.clone()), ChainName::Site(site.clone()), entry);
    }

    /// Writes to another participant's stream than the one that the act is about, in the chain of a site.
    pub fn participant_at(&mut self, site: &SiteId, participant: &terms::ParticipantId, entry: Entry) {
        self.push(StreamId::Participant(participant.clone()), ChainName::Site(site.clone()), entry);
    }

    /// Writes to the trial's stream.
    pub fn trial(&mut self, entry: Entry) {
        self.push(StreamId::Trial, ChainName::Trial, entry);
    }

    /// Writes to the allocation stream.
    pub fn allocation(&mut self, entry: Entry) {
        self.push(StreamId::Allocation, ChainName::Trial, entry);
    }

    /// What the world did against the plan: a deviation by the study's class, and the clocks that it starts.
    pub fn consequence(
        &mut self,
        case: &Case<'_>,
        trigger: Trigger,
        detail: impl Into<String>,
        visit: Option<&VisitId>,
        about: Option<&InstanceId>,
    ) {
        let rule = case.study.deviation(trigger);
        let entry = Entry::DeviationRecorded {
            instance: self.instance(),
            code: rule.map_or_else(|| "DEV".to_owned(), |rule| rule.code.clone()),
            title: rule.map_or_else(|| "Deviation without a class in the study".to_owned(), |rule| rule.title.clone()),
            class: rule.map_or(protocol::model::DeviationClass::Important, |rule| rule.class),
            trigger: Some(trigger),
            detail: detail.into(),
            visit: visit.cloned(),
        };
        self.participant(entry);
        self.clocks(case, trigger, about);
    }

    /// Something that happened and must be answered, though it is nobody's deviation (unless the study says so): the
    /// study's clocks, or a task within a day where it has none.
    pub fn event(&mut self, case: &Case<'_>, trigger: Trigger, what: &str, duty: Duty, about: Option<&InstanceId>) {
        if case.study.deviation(trigger).is_some() {
            self.consequence(case, trigger, what, None, about);
        } else {
            self.clocks(case, trigger, about);
        }
        if !case.study.clocks.iter().any(|clock| clock.trigger == trigger) {
            let due = case.due_hours(case.study.due.answer_hours);
            self.task(format!("Answer: {what}"), duty, due, trigger, about);
        }
    }

    /// Forms of which this act records, corrects or strikes a record, as the participant's record stood before it.
    pub(crate) fn forms_touched<'d>(&'d self, before: &'d ParticipantState) -> Vec<&'d FormId> {
        let form_of = |entry: &'d Entry| match entry {
            Entry::FormRecorded { form, .. } => Some(form),
            Entry::FormCorrected { instance, .. } | Entry::RecordStruck { instance, .. } => {
                before.forms.get(instance).map(|record| &record.form)
            }
            _ => None,
        };
        self.entries().filter_map(form_of).collect()
    }

    /// Applies what was drafted so far for the participant to a copy of their state.
    pub fn apply_to(&self, participant: &mut ParticipantState) {
        for written in self.written.iter().filter(|written| Some(&written.stream) == self.participant.as_ref()) {
            participant.apply(&written.stamp, &written.entry);
        }
    }

    /// Starts the study's clocks for a trigger.
    pub fn clocks(&mut self, case: &Case<'_>, trigger: Trigger, about: Option<&InstanceId>) {
        for clock in case.study.clocks.iter().filter(|clock| clock.trigger == trigger) {
            let due = case.at.checked_add(SignedDuration::from_hours(i64::from(clock.due_hours))).unwrap_or(case.at);
            let task = TaskRaised {
                instance: self.instance(),
                title: clock.title.clone(),
                duty: clock.duty,
                due,
                trigger,
                clock: Some(clock.id.clone()),
                about: about.cloned(),
            };
            self.participant(Entry::TaskRaised(task));
        }
    }

    /// A task of the rules' own.
    pub fn task(
        &mut self,
        title: impl Into<String>,
        duty: Duty,
        due: Timestamp,
        trigger: Trigger,
        about: Option<&InstanceId>,
    ) {
        let task = TaskRaised {
            instance: self.instance(),
            title: title.into(),
            duty,
            due,
            trigger,
            clock: None,
            about: about.cloned(),
        };
        self.participant(Entry::TaskRaised(task));
    }

    /// The entries, in the order in which they were written.
    pub fn finish(self) -> Vec<Written> {
        self.written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_put_together_alike() {
        let long = "a".repeat(70);
        for act in ["x", "0195d7a4-1c6e-7000-8000-000000000001", "ä", &long] {
            for number in [1, 9, 10, 300] {
                assert_eq!(numbered(&ActId::from(act), number).as_str(), format!("{act}.{number}"));
            }
        }
    }
}
