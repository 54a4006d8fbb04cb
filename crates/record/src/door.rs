//! The one door for commands: load the streams, decide, append with the versions that were read, and once more if
//! somebody else was quicker. Pages, command line, imports and the simulator have no other way to write.

use crate::{
    census::{census, given, rooms},
    error::StoreError,
    first_answer::{self, Digests},
    folded::{Folded, Memory, fold},
    lock,
    projection::{self, Beside},
    sealed,
    store::Store,
    streams::{Reads, Streams},
    write::{Moved, act_of, take_in},
};
use allocation::{Opened, SealedContainer, SealedRow, Service, ServiceError, Wanted};
use chain::Key;
use conduct::{
    Authorisation, Command, Context, Fact, No, ParticipantState, Person, Picked, Proof, Request, SiteState, StockState,
    StreamId, Studies, Subject, TrialState, Unreadable, Written, decide,
};
use jiff::Timestamp;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock},
};
use terms::{ActId, InstanceId, ParticipantId, SiteId, StaffId};

/// What is asked, by whom, when, with what was drawn for it outside.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The request.
    pub request: Request,
    /// Who acts.
    pub actor: Proof,
    /// The second person.
    pub second: Option<Proof>,
    /// Now.
    pub now: Timestamp,
    /// An id for the act, drawn at random (virtual stores: from the seed).
    pub act: ActId,
    /// A pseudonym for a rating, drawn at random.
    pub pseudonym: String,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// It was written.
    Done(Receipt),
    /// It was not, and why.
    No(No),
}

/// What was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// The entries, in order.
    pub entries: Vec<Written>,
    /// This is the first answer again: nothing was written now.
    pub repeated: bool,
}

/// The door of one store.
pub struct Door {
    store: Arc<dyn Store>,
    studies: Mutex<Arc<Studies>>,
    memory: Memory,
    sealed: Mutex<Ciphertexts>,
    program: String,
    listener: OnceLock<Listener>,
    directory: OnceLock<Directory>,
}

/// Says whether somebody of the staff has an account.
pub type Directory = Box<dyn Fn(&StaffId) -> Result<bool, StoreError> + Send + Sync>;

/// Told after each append which streams moved. Called on the thread that appended, so it must only pass it on.
pub type Listener = Box<dyn Fn(&[StreamId]) + Send + Sync>;

/// The sealed service, opened when it is first needed: opening reads every ciphertext.
enum Ciphertexts {
    None,
    Closed(Key),
    Open(Box<Service>, Option<Key>),
}

impl Ciphertexts {
    fn service(&mut self, store: &dyn Store) -> Result<Option<&mut Service>, StoreError> {
        if let Self::Closed(key) = self {
            let (rows, containers) = sealed::sealed_read(store)?;
            *self = match rows.is_empty() && containers.is_empty() {
                true => return Ok(None),
                false => {
                    let service = Service::open(key.clone(), rows, containers).map_err(|error| unopened(&error))?;
                    Self::Open(Box::new(service), Some(key.clone()))
                }
            };
        }
        Ok(match self {
            Self::Open(service, _) => Some(service),
            Self::None | Self::Closed(_) => None,
        })
    }
}

fn unopened(error: &ServiceError) -> StoreError {
    StoreError::Damaged { what: error.to_string() }
}

/// Entries whose folded streams are kept in memory, together. About 1.5 kB each.
const ENTRIES_KEPT: u64 = 40_000;

/// Times that a decision is made anew when somebody else was quicker. Many people may enter things at one site at once.
const TRIES: usize = 50;

impl Door {
    /// Opens the door of a store.
    pub fn new(store: Arc<dyn Store>, studies: Studies, sealed: Option<Service>, program: &str) -> Self {
        Self {
            store,
            studies: Mutex::new(Arc::new(studies)),
            memory: Memory::new(ENTRIES_KEPT),
            sealed: Mutex::new(sealed.map_or(Ciphertexts::None, |service| Ciphertexts::Open(Box::new(service), None))),
            program: program.to_owned(),
            listener: OnceLock::new(),
            directory: OnceLock::new(),
        }
    }

    /// Names who is told, from now on, that something was appended: which streams moved, not what was written. Whoever
    /// looks reads the streams again, with their own eyes. One listener a door; a second is not taken.
    pub fn listen(&self, listener: Listener) {
        let _ = self.listener.set(listener);
    }

    /// Names who knows, from now on, which staff have an account. Without it nobody is asked about: a store may be read and
    /// written where accounts are kept elsewhere. One directory a door; a second is not taken.
    pub fn directory(&self, directory: Directory) {
        let _ = self.directory.set(directory);
    }

    /// A role for somebody who can't sign in would stand in the delegation log and be held by nobody: most likely a slip of
    /// the hand. Accounts are no entries and the rules don't know them, so the door answers, before it asks the rules.
    fn nobody(&self, asked: &Asked) -> Result<Option<Unreadable>, StoreError> {
        let (staff, Some(directory)) = (
            match &asked.request.command {
                Command::Authorise(Authorisation::Delegate { staff, .. } | Authorisation::GrantRole { staff, .. }) => {
                    staff
                }
                _ => return Ok(None),
            },
            self.directory.get(),
        ) else {
            return Ok(None);
        };
        // The program sets a store up before anybody has an account.
        if asked.actor.person == Person::Program || directory(staff)? {
            return Ok(None);
        }
        Ok(Some(Unreadable {
            field: "staff".to_owned(),
            what: format!("nobody with an account is known as \"{staff}\""),
            mend: "give the staff id of an account, as the list of accounts shows it, or make the account first"
                .to_owned(),
        }))
    }

    /// The store behind the door, for reading.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The study versions that are known.
    pub fn studies(&self) -> Arc<Studies> {
        Arc::clone(&lock(&self.studies))
    }

    /// Makes another study version known, so that it can be adopted.
    pub fn study_add(&self, study: Arc<protocol::model::Study>) {
        let mut studies = lock(&self.studies);
        let mut more = Studies::clone(&studies);
        more.insert(study.hash(), study);
        *studies = Arc::new(more);
    }

    /// A stream as it stands.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn folded(&self, stream: &StreamId) -> Result<Folded, StoreError> {
        self.memory.load(self.store.as_ref(), stream).map(|held| held.folded)
    }

    /// A stream as it was known at a time.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn folded_as_of(&self, stream: &StreamId, as_of: Timestamp) -> Result<Folded, StoreError> {
        fold(self.store.as_ref(), stream, Some(as_of))
    }

    /// A participant as they stand.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn participant(&self, id: &ParticipantId) -> Result<Option<Arc<ParticipantState>>, StoreError> {
        Ok(match self.folded(&StreamId::Participant(id.clone()))? {
            Folded::Participant(state) => state,
            Folded::Trial(_) | Folded::Allocation(_) | Folded::Site(_) | Folded::Stock(_) => None,
        })
    }

    /// The trial as it stands.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn trial(&self) -> Result<Arc<TrialState>, StoreError> {
        Ok(match self.folded(&StreamId::Trial)? {
            Folded::Trial(state) => state,
            Folded::Participant(_) | Folded::Allocation(_) | Folded::Site(_) | Folded::Stock(_) => Arc::default(),
        })
    }

    /// A site's roster as it stands.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn site(&self, id: &SiteId) -> Result<Arc<SiteState>, StoreError> {
        Ok(match self.folded(&StreamId::Site(id.clone()))? {
            Folded::Site(state) => state,
            Folded::Participant(_) | Folded::Allocation(_) | Folded::Trial(_) | Folded::Stock(_) => Arc::default(),
        })
    }

    /// A site's stock as it stands.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn stock(&self, id: &SiteId) -> Result<Arc<StockState>, StoreError> {
        Ok(match self.folded(&StreamId::Stock(id.clone()))? {
            Folded::Stock(state) => state,
            Folded::Participant(_) | Folded::Allocation(_) | Folded::Trial(_) | Folded::Site(_) => Arc::default(),
        })
    }

    /// The streams that a command reads.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn streams(&self, command: &Command) -> Result<Streams, StoreError> {
        let (mut participant_id, mut site_id) = (None, None);
        match command.subject() {
            Subject::Trial => {}
            Subject::Site(site) => site_id = Some(site),
            Subject::Participant(participant) => participant_id = Some(participant),
            Subject::Rating(request) => participant_id = self.rated(&request)?,
        }
        Streams::read(participant_id.as_ref(), site_id, Reads::of(command), &mut |stream| self.folded(stream))
    }

    /// The streams about a participant or a site.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn streams_of(
        &self,
        participant: Option<&ParticipantId>,
        site: Option<SiteId>,
        stock: bool,
        allocation: bool,
    ) -> Result<Streams, StoreError> {
        let reads = Reads { stock, allocation, elsewhere: false };
        Streams::read(participant, site, reads, &mut |stream| self.folded(stream))
    }

    /// The streams about a participant, as they were known at a time: what was recorded later is left out.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn streams_as_of(&self, participant: &ParticipantId, as_of: Timestamp) -> Result<Streams, StoreError> {
        let reads = Reads { stock: true, allocation: true, elsewhere: false };
        Streams::read(Some(participant), None, reads, &mut |stream| self.folded_as_of(stream, as_of))
    }

    /// Decides and appends. When it returns [`Answer::Done`], the entries are on the disk.
    ///
    /// The same request again gives the first answer again and writes nothing.
    ///
    /// # Errors
    /// When the store can't be read or written; then nothing was written.
    pub fn ask(&self, asked: &Asked) -> Result<Answer, StoreError> {
        let answer = self.answer(asked)?;
        self.erase(asked)?;
        Ok(answer)
    }

    /// Erases an identity whose erasure is on record. It comes after the entry, so that nothing is lost that the record does
    /// not tell of; asking again does it again, should the machine have stopped in between.
    fn erase(&self, asked: &Asked) -> Result<(), StoreError> {
        let Command::Authorise(Authorisation::EraseIdentity { participant }) = &asked.request.command else {
            return Ok(());
        };
        match self.participant(participant)?.and_then(|state| state.erased) {
            Some(at) => self.store.person_erase(participant.as_str(), at),
            None => Ok(()),
        }
    }

    fn answer(&self, asked: &Asked) -> Result<Answer, StoreError> {
        if let Err(unreadable) = asked.request.id_readable() {
            return Ok(Answer::No(unreadable.into()));
        }
        let mut context = self.context_plain(asked);
        let digests = match Digests::of(&asked.request, &context) {
            Ok(digests) => digests,
            // What canonical bytes can't hold can't be kept: it is for the sender to mend.
            Err(StoreError::Internal { what }) => {
                let mend = "give numbers that can be meant".to_owned();
                return Ok(Answer::No(Unreadable { field: "request".to_owned(), what, mend }.into()));
            }
            Err(other) => return Err(other),
        };
        if digests.doubtful
            && let Err(unreadable) = asked.request.texts_readable()
        {
            return Ok(Answer::No(unreadable.into()));
        }
        for _ in 0..TRIES {
            if let Some(answer) = first_answer::find(self.store.as_ref(), &asked.request.id, &digests)? {
                return Ok(answer);
            }
            if let Some(unreadable) = self.nobody(asked)? {
                return Ok(Answer::No(unreadable.into()));
            }
            match self.try_once(&asked.request, &mut context, &digests) {
                Err(StoreError::Conflict { .. } | StoreError::Answered { .. }) => {}
                other => return other,
            }
        }
        Ok(Answer::No(No::Conflict { what: "others are writing to the same record: look again and repeat".to_owned() }))
    }

    fn try_once(&self, request: &Request, context: &mut Context, digests: &Digests) -> Result<Answer, StoreError> {
        let streams = self.streams(&request.command)?;
        self.draws(&request.command, &streams, context)?;
        let studies = self.studies();
        let decided = decide(&studies, streams.world(), streams.site_id.as_ref(), request, context);
        match decided {
            Ok(written) => {
                self.append(&request.id, digests, context.now, streams, &written)?;
                Ok(Answer::Done(Receipt { entries: written, repeated: false }))
            }
            Err(No::Refused(refusal)) => {
                let act = first_answer::refusal_act(&request.id, digests, context.now, &refusal)?;
                self.store.append(vec![act])?;
                Ok(Answer::No(refusal.into()))
            }
            Err(no) => Ok(Answer::No(no)),
        }
    }

    fn append(
        &self,
        command: &str,
        digests: &Digests,
        now: Timestamp,
        streams: Streams,
        written: &[Written],
    ) -> Result<(), StoreError> {
        let studies = self.studies();
        let trial = Arc::clone(&streams.trial);
        let beside = Beside { studies: &studies, trial: &trial };
        let mut expected = streams.expected.clone();
        // From here on nobody but the memory holds the streams, so they are changed in place and not copied.
        drop(streams);
        let mut moved = take_in(&mut expected, written, &mut |stream| {
            let held = self.memory.load(self.store.as_ref(), stream)?;
            self.memory.take(stream);
            Ok(Moved::new(stream, held, beside))
        })?;
        let mut act = act_of(command, digests.asked, now, &expected, written)?;
        for one in &mut moved {
            let stream = one.stream.clone();
            one.rows(written.iter().filter(|written| written.stream == stream), beside, &mut act.writes);
        }
        self.store.append(vec![act])?;
        let mut streams = Vec::with_capacity(moved.len());
        for one in moved {
            self.memory.keep(&one.stream, one.held);
            streams.push(one.stream);
        }
        if let Some(listener) = self.listener.get() {
            listener(&streams);
        }
        Ok(())
    }

    fn context_plain(&self, asked: &Asked) -> Context {
        Context {
            now: asked.now,
            actor: asked.actor.clone(),
            second: asked.second.clone(),
            act: asked.act.clone(),
            program: self.program.clone(),
            draw: None,
            picked: None,
            pseudonym: Some(asked.pseudonym.clone()),
            census: None,
        }
    }

    /// What a decision is given: the time, the people, and what the sealed service says.
    ///
    /// # Errors
    /// When a sealed row does not open.
    pub fn context(&self, asked: &Asked, streams: &Streams) -> Result<Context, StoreError> {
        let mut context = self.context_plain(asked);
        self.draws(&asked.request.command, streams, &mut context)?;
        Ok(context)
    }

    fn draws(&self, command: &Command, streams: &Streams, context: &mut Context) -> Result<(), StoreError> {
        if let Command::Authorise(Authorisation::LockRecord {}) = command {
            context.census = Some(census(self.store.as_ref(), &self.studies())?);
        }
        if let Command::Fact(Fact::RecallLot { lot, .. }) = command {
            context.census = Some(given(self.store.as_ref(), lot)?);
        }
        if let Command::Fact(Fact::WithdrawCertificate { site: Some(site), .. } | Fact::DeclareRelation { site, .. }) =
            command
        {
            context.census = Some(rooms(self.store.as_ref(), site)?);
        }
        let Command::Authorise(act @ (Authorisation::Randomise { .. } | Authorisation::ReleaseContainers { .. })) =
            command
        else {
            return Ok(());
        };
        let mut sealed = lock(&self.sealed);
        let Some(service) = sealed.service(self.store.as_ref())? else { return Ok(()) };
        match act {
            Authorisation::Randomise { .. } => {
                if let (Some(participant), Some(allocation)) = (&streams.participant, &streams.allocation) {
                    context.draw = Some(service.draw(participant.site.as_str(), allocation));
                }
            }
            Authorisation::ReleaseContainers { session, .. } => {
                context.picked = pick(service, &self.studies(), streams, *session, context.now)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Opens one allocation, if the record says that its code was broken.
    ///
    /// # Errors
    /// When a sealed row does not open.
    pub fn opened(&self, participant: &ParticipantState) -> Result<Option<Opened>, StoreError> {
        let (Some(_), Some((Some(handle), _))) = (participant.code_broken, &participant.assigned) else {
            return Ok(None);
        };
        let mut sealed = lock(&self.sealed);
        let Some(service) = sealed.service(self.store.as_ref())? else { return Ok(None) };
        service.break_code(handle).map(Some).map_err(|error| unopened(&error))
    }

    /// Opens every allocation for the analysis, if the record is locked: arm by participant. Nothing before the lock, and
    /// nothing while a locked record is open again.
    ///
    /// # Errors
    /// When a sealed row does not open.
    pub fn opened_for_analysis(&self) -> Result<Option<BTreeMap<ParticipantId, Opened>>, StoreError> {
        if self.trial()?.lock.is_none() {
            return Ok(None);
        }
        let Folded::Allocation(allocation) = self.folded(&StreamId::Allocation)? else { return Ok(None) };
        let mut sealed = lock(&self.sealed);
        let Some(service) = sealed.service(self.store.as_ref())? else { return Ok(None) };
        let drawn = allocation.drawn.iter();
        let opened = drawn.map(|(participant, handle)| Ok((participant.clone(), service.break_code(handle)?)));
        opened.collect::<Result<_, ServiceError>>().map(Some).map_err(|error| unopened(&error))
    }

    /// Adds sealed rows and contents to the chain of ciphertexts and to the service.
    ///
    /// # Errors
    /// When the store can't be written, or they don't open with the service's key.
    pub fn sealed_add(
        &self,
        command: &str,
        now: Timestamp,
        rows: &[SealedRow],
        containers: &[SealedContainer],
    ) -> Result<(), StoreError> {
        let act = sealed::act(self.store.as_ref(), command, now, rows, containers)?;
        self.store.append(vec![act])?;
        let mut sealed = lock(&self.sealed);
        match &mut *sealed {
            // More rows: the service is opened anew over all of them when it is next needed.
            Ciphertexts::Open(_, Some(key)) if !rows.is_empty() => *sealed = Ciphertexts::Closed(key.clone()),
            Ciphertexts::Open(service, _) => service.add_containers(containers.iter().cloned()),
            Ciphertexts::Closed(_) | Ciphertexts::None => {}
        }
        Ok(())
    }

    /// Puts a service in place, after its rows were added.
    pub fn sealed_open(&self, service: Service) {
        *lock(&self.sealed) = Ciphertexts::Open(Box::new(service), None);
    }

    /// Gives the key of the sealed service, which is opened over the store's ciphertexts when it is first needed.
    pub fn sealed_key(&self, key: Key) {
        *lock(&self.sealed) = Ciphertexts::Closed(key);
    }

    fn rated(&self, request: &InstanceId) -> Result<Option<ParticipantId>, StoreError> {
        projection::participant_of_rating(self.store.as_ref(), request)
    }
}

/// Which containers the participant may have for a session; none while nothing is ordered or assigned.
fn pick(
    service: &Service,
    studies: &Studies,
    streams: &Streams,
    session: u8,
    now: Timestamp,
) -> Result<Option<Picked>, StoreError> {
    let (Some(participant), Some(stock)) = (&streams.participant, &streams.stock) else { return Ok(None) };
    let Some(study) = studies.get(&participant.study) else { return Ok(None) };
    let Some(order) = participant.sessions.get(&session).and_then(|session| session.order.as_ref()) else {
        return Ok(None);
    };
    let Some((handle, _)) = &participant.assigned else { return Ok(None) };
    let zone = streams.trial.sites.get(&participant.site).map(|site| site.time_zone.clone());
    let wanted = Wanted {
        handle: handle.as_deref(),
        level: &order.level,
        arms: &study.arms,
        supplement: order.supplement > terms::Milligrams::ZERO,
        stock,
        today: now.to_zoned(zone.unwrap_or(jiff::tz::TimeZone::UTC)).date(),
    };
    service.pick(&wanted).map(Some).map_err(|error| unopened(&error))
}
