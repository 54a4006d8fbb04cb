//! The clinic: asks the rules as a person at a moment, folds what they answer, and hands it on.

use crate::{
    folded::Folded,
    people::Roster,
    random::{Purpose, Stream},
    report::Tally,
    scenario::Scenario,
    sink::{Accepted, Progress, Sink, SinkError},
};
use allocation::{Key, Service};
use conduct::{
    Authorisation, Census, Command, Context, Draw, Entry, Fact, No, Picked, Proof, Request, Studies, Written,
    command::HoldOn,
    context::{GivenFound, RoomFound},
    entry::Person,
};
use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};
use protocol::model::Study;
use std::sync::Arc;
use terms::{ActId, InstanceId, ParticipantId, StaffId, StudyHash};

/// One thing that somebody asks.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    now: Timestamp,
    by: Person,
    signed: bool,
    second: Option<Person>,
    happened: Option<Timestamp>,
    sent: Option<Timestamp>,
    reason: Option<String>,
    command: Command,
    draw: Option<Draw>,
    picked: Option<Picked>,
    pseudonym: Option<String>,
    meant: bool,
}

impl Ask {
    /// A fact, by a member of staff.
    pub(crate) fn fact(now: Timestamp, by: &StaffId, fact: Fact) -> Self {
        Self::new(now, Person::Staff(by.clone()), Command::Fact(fact))
    }

    /// An authorisation, by a member of staff, who is signed in but doesn't sign.
    pub(crate) fn act(now: Timestamp, by: &StaffId, act: Authorisation) -> Self {
        Self::new(now, Person::Staff(by.clone()), Command::Authorise(act))
    }

    /// Anything, by anybody.
    pub(crate) const fn new(now: Timestamp, by: Person, command: Command) -> Self {
        Self {
            now,
            by,
            signed: false,
            second: None,
            happened: None,
            sent: None,
            reason: None,
            command,
            draw: None,
            picked: None,
            pseudonym: None,
            meant: false,
        }
    }

    /// When it is asked.
    pub(crate) const fn moment(&self) -> Timestamp {
        self.now
    }

    /// Signed with the PIN.
    pub(crate) const fn signed(mut self) -> Self {
        self.signed = true;
        self
    }

    /// With a second person, who proves themselves too.
    pub(crate) fn with(mut self, second: Option<&StaffId>) -> Self {
        self.second = second.map(|staff| Person::Staff(staff.clone()));
        self
    }

    /// By a device whose clock shows this when it sends.
    pub(crate) const fn sent(mut self, clock: Timestamp) -> Self {
        self.sent = Some(clock);
        self
    }

    /// About something that happened earlier.
    pub(crate) const fn happened(mut self, at: Timestamp) -> Self {
        self.happened = Some(at);
        self
    }

    /// With a reason.
    pub(crate) fn because(mut self, reason: &str) -> Self {
        self.reason = Some(reason.to_owned());
        self
    }

    /// With the sealed service's row.
    pub(crate) fn drawn(mut self, draw: Option<Draw>) -> Self {
        self.draw = draw;
        self
    }

    /// With the sealed service's containers.
    pub(crate) fn picked(mut self, picked: Option<Picked>) -> Self {
        self.picked = picked;
        self
    }

    /// Under a pseudonym.
    pub(crate) fn pseudonym(mut self, pseudonym: String) -> Self {
        self.pseudonym = Some(pseudonym);
        self
    }

    /// A "no" would be no surprise: the asker slips, or tries.
    pub(crate) const fn may_fail(mut self) -> Self {
        self.meant = true;
        self
    }
}

/// A task or question that an act raised.
#[derive(Debug, Clone)]
pub(crate) struct Raised {
    pub participant: ParticipantId,
    pub instance: InstanceId,
    pub due: Timestamp,
    pub duty: Option<protocol::model::Duty>,
    /// A question about this record, rather than a task.
    pub about: Option<InstanceId>,
    pub trigger: Option<protocol::model::Trigger>,
}

/// Everything that is shared by all who work in the trial.
pub(crate) struct Clinic<'a> {
    pub studies: &'a Studies,
    pub scenario: &'a Scenario,
    pub seed: u64,
    /// The version for new participants, and its hash.
    pub study: Arc<Study>,
    pub hash: StudyHash,
    pub roster: Roster,
    pub folded: Folded,
    pub service: Option<Service>,
    pub key: Key,
    pub tally: Tally,
    pub raised: Vec<Raised>,
    /// Holds that were placed on sites and participants.
    pub held: Vec<(HoldOn, InstanceId)>,
    /// Alarms of sessions that were raised, to be taken by somebody.
    pub alarmed: Vec<(terms::ParticipantId, u8, InstanceId)>,
    pub participants: u32,
    pub finished: u32,
    /// Why the sink takes no more.
    pub failure: Option<SinkError>,
    sink: &'a mut dyn Sink,
    acts: Stream,
    requests: u64,
}

/// What a clinic starts with.
pub(crate) struct Opening<'a> {
    pub studies: &'a Studies,
    pub scenario: &'a Scenario,
    pub seed: u64,
    pub study: Arc<Study>,
    pub hash: StudyHash,
    pub roster: Roster,
    pub key: Key,
    pub participants: u32,
}

impl<'a> Clinic<'a> {
    pub(crate) fn open(opening: Opening<'a>, sink: &'a mut dyn Sink) -> Self {
        Self {
            studies: opening.studies,
            scenario: opening.scenario,
            seed: opening.seed,
            study: opening.study,
            hash: opening.hash,
            roster: opening.roster,
            folded: Folded::default(),
            service: None,
            key: opening.key,
            tally: Tally::default(),
            raised: Vec::new(),
            held: Vec::new(),
            alarmed: Vec::new(),
            participants: opening.participants,
            finished: 0,
            failure: None,
            sink,
            acts: Stream::new(opening.seed, 0, Purpose::Acts),
            requests: 0,
        }
    }

    /// Asks; entries if it is granted or recorded.
    pub(crate) fn ask(&mut self, ask: Ask) -> Result<Vec<Written>, No> {
        if self.failure.is_some() {
            return Err(No::Conflict { what: "the simulation has been stopped".to_owned() });
        }
        self.requests += 1;
        let request = Request {
            id: format!("sim-{:06}", self.requests),
            at: ask.happened,
            sent: ask.sent,
            reason: ask.reason,
            command: ask.command,
        };
        let proof = |person: Person, signed| Proof { person, at: ask.now, signed };
        let context = Context {
            now: ask.now,
            actor: proof(ask.by, ask.signed),
            second: ask.second.map(|person| proof(person, true)),
            act: ActId::from(format!("{:016x}", self.acts.bits())),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            draw: ask.draw,
            picked: ask.picked,
            pseudonym: ask.pseudonym,
            census: self.given(&request.command),
        };
        match self.folded.ask(self.studies, &request, &context) {
            Ok(written) => {
                self.tally.accepted(&request.command, &written);
                self.collect(&written);
                let kept = self.sink.accepted(Accepted { request: &request, context: &context, written: &written });
                self.keep(kept);
                if self.requests.is_multiple_of(256) {
                    self.sink.progress(self.progress());
                }
                Ok(written)
            }
            Err(no) => {
                self.tally.refused(&request.command, &no);
                if !ask.meant {
                    self.tally.surprised(&request.command, &no);
                }
                let kept = self.sink.refused(&request, &context, &no);
                self.keep(kept);
                Err(no)
            }
        }
    }

    /// For a lot that is called back: who has swallowed from it, as the door would find it.
    fn given(&self, command: &Command) -> Option<Census> {
        let Command::Fact(Fact::RecallLot { lot, .. }) = command else { return self.rooms(command) };
        let mut given = Vec::new();
        for (participant, state) in &self.folded.participants {
            for swallow in state.sessions.values().flat_map(|session| &session.swallowed) {
                let of_the_lot = |stock: &conduct::StockState| {
                    stock.containers.get(&swallow.container).is_some_and(|c| c.lot == *lot)
                };
                if let Some((site, _)) = self.folded.stocks.iter().find(|(_, stock)| of_the_lot(stock)) {
                    let (site, container) = (site.clone(), swallow.container.clone());
                    given.push(GivenFound { site, container, participant: participant.clone() });
                }
            }
        }
        given.sort();
        given.dedup();
        Some(Census { given, ..Census::default() })
    }

    /// For a certificate that is withdrawn or a relation that is declared: who was there at each dose of the site.
    fn rooms(&self, command: &Command) -> Option<Census> {
        let Command::Fact(Fact::WithdrawCertificate { site: Some(site), .. } | Fact::DeclareRelation { site, .. }) =
            command
        else {
            return None;
        };
        let mut rooms = Vec::new();
        for state in self.folded.participants.values().filter(|state| state.site == *site) {
            for (number, session) in &state.sessions {
                let Some(at) = session.dosed_at() else { continue };
                let there = session.presence.iter().filter(|s| s.from <= at && s.until.is_none_or(|until| at < until));
                rooms.push(RoomFound {
                    site: site.clone(),
                    participant: state.id.clone(),
                    session: *number,
                    at,
                    staff: there.map(|span| span.staff.clone()).collect(),
                });
            }
        }
        Some(Census { rooms, ..Census::default() })
    }

    /// How far it has come.
    pub(crate) fn progress(&self) -> Progress {
        Progress {
            assigned: self.tally.report.assigned,
            participants: self.participants,
            finished: self.finished,
            acts: self.tally.report.accepted,
        }
    }

    /// Lets the sink keep something beside the acts.
    pub(crate) fn hand_over(&mut self, give: impl FnOnce(&mut dyn Sink) -> Result<(), SinkError>) {
        if self.failure.is_none() {
            let kept = give(self.sink);
            self.keep(kept);
        }
    }

    fn keep(&mut self, kept: Result<(), SinkError>) {
        if let Err(error) = kept {
            self.failure.get_or_insert(error);
        }
    }

    fn collect(&mut self, written: &[Written]) {
        for one in written {
            if let Entry::HoldPlaced { instance, .. } = &one.entry {
                let on = match &one.stream {
                    conduct::StreamId::Site(site) => Some(HoldOn::Site { site: site.clone() }),
                    conduct::StreamId::Participant(participant) => {
                        Some(HoldOn::Participant { participant: participant.clone() })
                    }
                    _ => None,
                };
                self.held.extend(on.map(|on| (on, instance.clone())));
            }
            let conduct::StreamId::Participant(participant) = &one.stream else { continue };
            if let Entry::AlarmRaised { session, instance, .. } = &one.entry {
                self.alarmed.push((participant.clone(), *session, instance.clone()));
            }
            let raised = match &one.entry {
                Entry::TaskRaised(task) => Raised {
                    participant: participant.clone(),
                    instance: task.instance.clone(),
                    due: task.due,
                    duty: Some(task.duty),
                    about: None,
                    trigger: Some(task.trigger),
                },
                Entry::QuestionRaised { instance, about, .. } => Raised {
                    participant: participant.clone(),
                    instance: instance.clone(),
                    due: one.stamp.recorded_at.saturating_add(SignedDuration::from_hours(72)).unwrap_or(one.stamp.at),
                    duty: None,
                    about: Some(about.clone()),
                    trigger: None,
                },
                _ => continue,
            };
            self.raised.push(raised);
        }
    }
}

/// A moment of a calendar day in a zone; the day's first moment where the clock has none such.
pub(crate) fn at_clock(zone: &TimeZone, day: civil::Date, hour: i8, minute: i8) -> Timestamp {
    let time = day.at(hour.clamp(0, 23), minute.clamp(0, 59), 0, 0);
    time.to_zoned(zone.clone()).or_else(|_| day.to_zoned(zone.clone())).map_or(Timestamp::UNIX_EPOCH, |z| z.timestamp())
}

/// A moment some minutes later.
pub(crate) fn minutes_after(at: Timestamp, minutes: i64) -> Timestamp {
    at.saturating_add(SignedDuration::from_mins(minutes)).unwrap_or(at)
}

/// A moment some days later, by the clock of the universe.
pub(crate) fn days_after(at: Timestamp, days: f64) -> Timestamp {
    at.saturating_add(SignedDuration::from_secs((days * 86_400.0) as i64)).unwrap_or(at)
}
