//! The one door for commands: load the streams, decide, append with the versions that were read, and once more if
//! somebody else was quicker. Pages, command line, imports and the simulator have no other way to write.

use crate::{
    body::body_write,
    error::StoreError,
    folded::{Cache, Folded, fold},
    projection::Projector,
    store::{Act, NewEntry, Range, Store},
};
use allocation::{Opened, SealedContainer, SealedRow, Service, Wanted};
use chain::Hash;
use conduct::{
    Authorisation, Command, Context, Draw, No, ParticipantState, Picked, Proof, Request, SiteState, StockState, Studies,
    StreamId, Subject, TrialState, World, Written, decide,
};
use jiff::Timestamp;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use terms::{ActId, InstanceId, ParticipantId, SiteId};

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

/// The streams that a request reads, as they stand.
#[derive(Debug, Clone)]
pub struct Streams {
    /// The trial.
    pub trial: Arc<TrialState>,
    /// Who was drawn, if it was asked for.
    pub allocation: Option<Arc<conduct::AllocationState>>,
    /// The site concerned.
    pub site_id: Option<SiteId>,
    /// Its roster.
    pub site: Option<Arc<SiteState>>,
    /// Its stock, if it was asked for.
    pub stock: Option<Arc<StockState>>,
    /// The participant concerned.
    pub participant: Option<Arc<ParticipantState>>,
    expected: Vec<(StreamId, u64)>,
}

impl Streams {
    /// The same, borrowed for the rules.
    pub fn world(&self) -> World<'_> {
        World {
            trial: &self.trial,
            allocation: self.allocation.as_deref(),
            site: self.site.as_deref(),
            stock: self.stock.as_deref(),
            participant: self.participant.as_deref(),
        }
    }
}

/// The door of one store.
pub struct Door {
    store: Arc<dyn Store>,
    studies: Mutex<Arc<Studies>>,
    cache: Mutex<Cache>,
    // One decision at a time in this program; what other programs write is noticed by the versions.
    turn: Mutex<()>,
    sealed: Mutex<Option<Service>>,
    program: String,
}

/// Streams that are kept folded. A participant's state takes some 100 kB after a whole trial.
const STREAMS_KEPT: usize = 600;

/// Times that a decision is made anew when somebody else was quicker.
const TRIES: usize = 5;

impl Door {
    /// Opens the door of a store.
    pub fn new(store: Arc<dyn Store>, studies: Studies, sealed: Option<Service>, program: &str) -> Self {
        Self {
            store,
            studies: Mutex::new(Arc::new(studies)),
            cache: Mutex::new(Cache::new(STREAMS_KEPT)),
            turn: Mutex::new(()),
            sealed: Mutex::new(sealed),
            program: program.to_owned(),
        }
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
        lock(&self.cache).load(self.store.as_ref(), stream)
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
        self.streams_of(participant_id.as_ref(), site_id, command.needs_stock(), command.needs_allocation())
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
        let mut cache = lock(&self.cache);
        streams_with(participant, site, stock, allocation, &mut |stream| cache.load(self.store.as_ref(), stream))
    }

    /// Decides and appends. When it returns [`Answer::Done`], the entries are on the disk.
    ///
    /// # Errors
    /// When the store can't be read or written; then nothing was written.
    pub fn ask(&self, asked: &Asked) -> Result<Answer, StoreError> {
        let _turn = lock(&self.turn);
        let digest = digest_of(asked)?;
        for _ in 0..TRIES {
            if let Some(answer) = self.first_answer(&asked.request.id, &digest)? {
                return Ok(answer);
            }
            match self.try_once(asked, digest) {
                Err(StoreError::Conflict { .. } | StoreError::Answered { .. }) => {}
                other => return other,
            }
        }
        Ok(Answer::No(No::Conflict { what: "others are writing to the same record: look again and repeat".to_owned() }))
    }

    fn try_once(&self, asked: &Asked, digest: Hash) -> Result<Answer, StoreError> {
        let streams = self.streams(&asked.request.command)?;
        let context = self.context(asked, &streams)?;
        let studies = self.studies();
        match decide(&studies, streams.world(), streams.site_id.as_ref(), &asked.request, &context) {
            Err(no) => Ok(Answer::No(no)),
            Ok(written) => {
                self.append(&asked.request.id, digest, asked.now, &streams, &written)?;
                Ok(Answer::Done(Receipt { entries: written, repeated: false }))
            }
        }
    }

    fn append(
        &self,
        command: &str,
        digest: Hash,
        now: Timestamp,
        streams: &Streams,
        written: &[Written],
    ) -> Result<(), StoreError> {
        let mut cache = lock(&self.cache);
        let mut expected = streams.expected.clone();
        let known: BTreeSet<StreamId> = expected.iter().map(|(stream, _)| stream.clone()).collect();
        let others: BTreeSet<&StreamId> = written.iter().map(|w| &w.stream).filter(|s| !known.contains(s)).collect();
        for stream in others {
            let folded = cache.load(self.store.as_ref(), stream)?;
            expected.push((stream.clone(), folded.version()));
        }
        let mut after = Vec::new();
        for (stream, _) in &expected {
            if written.iter().any(|w| w.stream == *stream) {
                after.push((stream.clone(), cache.load(self.store.as_ref(), stream)?));
            }
        }
        for written in written {
            if let Some((_, folded)) = after.iter_mut().find(|(stream, _)| *stream == written.stream) {
                folded.apply(&written.stamp, &written.entry);
            }
        }
        let act = self.act(command, digest, now, expected, written, &after)?;
        self.store.append(vec![act])?;
        cache.advance(written);
        Ok(())
    }

    fn act(
        &self,
        command: &str,
        digest: Hash,
        now: Timestamp,
        expected: Vec<(StreamId, u64)>,
        written: &[Written],
        after: &[(StreamId, Folded)],
    ) -> Result<Act, StoreError> {
        let entries = written
            .iter()
            .map(|written| {
                Ok(NewEntry {
                    chain: Arc::from(written.chain.to_string()),
                    stream: Arc::from(written.stream.to_string()),
                    body: body_write(written)?,
                })
            })
            .collect::<Result<_, StoreError>>()?;
        let studies = self.studies();
        Ok(Act {
            command: command.to_owned(),
            digest,
            recorded_at: now,
            expected: expected.into_iter().map(|(stream, version)| (Arc::from(stream.to_string()), version)).collect(),
            entries,
            answer: None,
            writes: Projector::new(&studies).writes(written, after),
        })
    }

    fn first_answer(&self, command: &str, digest: &Hash) -> Result<Option<Answer>, StoreError> {
        let Some(answered) = self.store.answered(command)? else { return Ok(None) };
        if answered.digest != *digest {
            let what = "this command id was used for something else: give each request an id of its own".to_owned();
            return Ok(Some(Answer::No(No::Conflict { what })));
        }
        let mut entries = Vec::new();
        if let Some(first) = answered.appended.first {
            let mut left = answered.appended.entries;
            self.store.read(Range::Log { after: first - 1 }, &mut |stored| {
                entries.extend(crate::body::written_read(&stored)?);
                left -= 1;
                Ok(left > 0)
            })?;
        }
        Ok(Some(Answer::Done(Receipt { entries, repeated: true })))
    }

    /// What a decision is given: the time, the people, and what the sealed service says.
    ///
    /// # Errors
    /// When a sealed row does not open.
    pub fn context(&self, asked: &Asked, streams: &Streams) -> Result<Context, StoreError> {
        let mut context = Context {
            now: asked.now,
            actor: asked.actor.clone(),
            second: asked.second.clone(),
            act: asked.act.clone(),
            program: self.program.clone(),
            draw: None,
            picked: None,
            pseudonym: Some(asked.pseudonym.clone()),
        };
        let sealed = lock(&self.sealed);
        let (Some(service), Command::Authorise(act)) = (sealed.as_ref(), &asked.request.command) else {
            return Ok(context);
        };
        match act {
            Authorisation::Randomise { .. } => {
                if let (Some(participant), Some(allocation)) = (&streams.participant, &streams.allocation) {
                    context.draw = Some(service.draw(participant.site.as_str(), allocation));
                }
            }
            Authorisation::ReleaseContainers { session, .. } => {
                context.picked = self.pick(service, streams, *session, asked.now)?;
            }
            _ => {}
        }
        Ok(context)
    }

    fn pick(
        &self,
        service: &Service,
        streams: &Streams,
        session: u8,
        now: Timestamp,
    ) -> Result<Option<Picked>, StoreError> {
        let (Some(participant), Some(stock)) = (&streams.participant, &streams.stock) else { return Ok(None) };
        let Some(order) = participant.sessions.get(&session).and_then(|session| session.order.as_ref()) else {
            return Ok(None);
        };
        let Some((handle, _)) = &participant.assigned else { return Ok(None) };
        let zone = streams.trial.sites.get(&participant.site).map(|site| site.time_zone.clone());
        let wanted = Wanted {
            handle: handle.as_deref(),
            level: &order.level,
            supplement: order.supplement > terms::Milligrams::ZERO,
            stock,
            today: now.to_zoned(zone.unwrap_or(jiff::tz::TimeZone::UTC)).date(),
        };
        service.pick(&wanted).map(Some).map_err(|error| StoreError::Damaged { what: error.to_string() })
    }

    /// Opens one allocation, if the record says that its code was broken.
    ///
    /// # Errors
    /// When a sealed row does not open.
    pub fn opened(&self, participant: &ParticipantState) -> Result<Option<Opened>, StoreError> {
        let (Some(_), Some((Some(handle), _))) = (participant.code_broken, &participant.assigned) else {
            return Ok(None);
        };
        let sealed = lock(&self.sealed);
        let Some(service) = sealed.as_ref() else { return Ok(None) };
        service.break_code(handle).map(Some).map_err(|error| StoreError::Damaged { what: error.to_string() })
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
        let act = sealed_act(self.store.as_ref(), command, now, rows, containers)?;
        self.store.append(vec![act])?;
        if let Some(service) = lock(&self.sealed).as_mut() {
            service.add_containers(containers.iter().cloned());
        }
        Ok(())
    }

    /// Puts a service in place, after its rows were added.
    pub fn sealed_open(&self, service: Service) {
        *lock(&self.sealed) = Some(service);
    }

    fn rated(&self, request: &InstanceId) -> Result<Option<ParticipantId>, StoreError> {
        crate::projection::participant_of_rating(self.store.as_ref(), request)
    }
}

/// The chain and stream of ciphertexts.
pub const SEALED: &str = "sealed";

fn sealed_act(
    store: &dyn Store,
    command: &str,
    now: Timestamp,
    rows: &[SealedRow],
    containers: &[SealedContainer],
) -> Result<Act, StoreError> {
    let mut entries = Vec::new();
    let mut add = |body: Result<Vec<u8>, chain::canonical::Uncanonical>| -> Result<(), StoreError> {
        let body = body.map_err(|error| StoreError::Internal { what: error.to_string() })?;
        entries.push(NewEntry { chain: Arc::from(SEALED), stream: Arc::from(SEALED), body });
        Ok(())
    };
    for row in rows {
        add(chain::canonical::to_vec(&SealedBody::Row(row.clone())))?;
    }
    for container in containers {
        add(chain::canonical::to_vec(&SealedBody::Container(container.clone())))?;
    }
    Ok(Act {
        command: command.to_owned(),
        digest: Hash::of(command.as_bytes()),
        recorded_at: now,
        expected: vec![(Arc::from(SEALED), store.version(SEALED)?)],
        entries,
        answer: None,
        writes: Vec::new(),
    })
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum SealedBody {
    Row(SealedRow),
    Container(SealedContainer),
}

/// Reads the sealed rows and contents back, to open the service over them.
///
/// # Errors
/// When the store can't be read.
pub fn sealed_read(store: &dyn Store) -> Result<(Vec<SealedRow>, Vec<SealedContainer>), StoreError> {
    let (mut rows, mut containers) = (Vec::new(), Vec::new());
    store.read(Range::Stream { name: SEALED, after: 0, as_of: None }, &mut |stored| {
        let body = serde_json::from_slice(stored.body)
            .map_err(|error| StoreError::Damaged { what: format!("sealed entry {}: {error}", stored.version) })?;
        match body {
            SealedBody::Row(row) => rows.push(row),
            SealedBody::Container(container) => containers.push(container),
        }
        Ok(true)
    })?;
    Ok((rows, containers))
}

/// Hash over who asks what: the same id for something else is noticed. Times of proofs don't count.
fn digest_of(asked: &Asked) -> Result<Hash, StoreError> {
    let people = (&asked.actor.person, asked.second.as_ref().map(|second| &second.person));
    serde_json::to_vec(&(people, &asked.request))
        .map(|bytes| Hash::of(&bytes))
        .map_err(|error| StoreError::Internal { what: error.to_string() })
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic while deciding leaves nothing half-written: the store's transaction is the only write.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Many acts in few transactions, for a simulated store: the same decisions, appended in batches.
pub struct Batch<'d> {
    door: &'d Door,
    cache: Cache,
    acts: Vec<Act>,
    entries: usize,
}

/// Entries that one transaction of a batch takes.
const BATCH_ENTRIES: usize = 20_000;

impl<'d> Batch<'d> {
    /// A batch on a door. Nobody else writes meanwhile.
    pub fn new(door: &'d Door) -> Self {
        Self { door, cache: Cache::new(usize::MAX), acts: Vec::new(), entries: 0 }
    }

    /// Decides a request with a context that was made for it, and keeps what it leads to for the next transaction.
    ///
    /// # Errors
    /// When the store can't be read or written.
    pub fn ask(&mut self, request: &Request, participant: Option<&ParticipantId>, context: &Context) -> Result<Result<Vec<Written>, No>, StoreError> {
        let command = &request.command;
        let site = match command.subject() {
            Subject::Site(site) => Some(site),
            Subject::Trial | Subject::Participant(_) | Subject::Rating(_) => None,
        };
        let streams = self.streams(participant, site, command.needs_stock(), command.needs_allocation())?;
        let studies = self.door.studies();
        let written = match decide(&studies, streams.world(), streams.site_id.as_ref(), request, context) {
            Ok(written) => written,
            Err(no) => return Ok(Err(no)),
        };
        let mut expected = streams.expected.clone();
        drop(streams);
        for w in &written {
            if !expected.iter().any(|(stream, _)| *stream == w.stream) {
                expected.push((w.stream.clone(), self.load(&w.stream)?.version()));
            }
        }
        self.cache.advance(&written);
        let mut after = Vec::new();
        for (stream, _) in &expected {
            if written.iter().any(|w| w.stream == *stream) {
                after.push((stream.clone(), self.load(stream)?));
            }
        }
        let digest = Hash::of(request.id.as_bytes());
        let act = self.door.act(&request.id, digest, context.now, expected, &written, &after)?;
        self.entries += act.entries.len();
        self.acts.push(act);
        if self.entries >= BATCH_ENTRIES {
            self.flush()?;
        }
        Ok(Ok(written))
    }

    /// Appends what is kept.
    ///
    /// # Errors
    /// When the store can't be written.
    pub fn flush(&mut self) -> Result<(), StoreError> {
        self.entries = 0;
        let acts = std::mem::take(&mut self.acts);
        if !acts.is_empty() {
            self.door.store.append(acts)?;
        }
        Ok(())
    }

    fn load(&mut self, stream: &StreamId) -> Result<Folded, StoreError> {
        self.cache.load_kept(self.door.store.as_ref(), stream)
    }

    fn streams(
        &mut self,
        participant: Option<&ParticipantId>,
        site: Option<SiteId>,
        stock: bool,
        allocation: bool,
    ) -> Result<Streams, StoreError> {
        let (cache, store) = (&mut self.cache, self.door.store.as_ref());
        streams_with(participant, site, stock, allocation, &mut |stream| cache.load_kept(store, stream))
    }
}

fn streams_with(
    participant: Option<&ParticipantId>,
    site: Option<SiteId>,
    stock: bool,
    allocation: bool,
    load: &mut dyn FnMut(&StreamId) -> Result<Folded, StoreError>,
) -> Result<Streams, StoreError> {
    let mut expected = Vec::new();
    let mut read = |stream: StreamId| -> Result<Folded, StoreError> {
        let folded = load(&stream)?;
        expected.push((stream, folded.version()));
        Ok(folded)
    };
    let mut streams = Streams {
        trial: Arc::default(),
        allocation: None,
        site_id: site,
        site: None,
        stock: None,
        participant: None,
        expected: Vec::new(),
    };
    if let Folded::Trial(state) = read(StreamId::Trial)? {
        streams.trial = state;
    }
    if let Some(id) = participant
        && let Folded::Participant(Some(state)) = read(StreamId::Participant(id.clone()))?
    {
        streams.site_id = Some(state.site.clone());
        streams.participant = Some(state);
    }
    if let Some(id) = streams.site_id.clone() {
        if let Folded::Site(state) = read(StreamId::Site(id.clone()))? {
            streams.site = Some(state);
        }
        if stock && let Folded::Stock(state) = read(StreamId::Stock(id))? {
            streams.stock = Some(state);
        }
    }
    if allocation && let Folded::Allocation(state) = read(StreamId::Allocation)? {
        streams.allocation = Some(state);
    }
    streams.expected = expected;
    Ok(streams)
}
