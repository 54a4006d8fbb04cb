//! What is written: past tense, complete in itself, never changed once shipped.
//!
//! `apply` reads entries and never a study file, so whatever a rule computed from the study (a due day, a window,
//! a class) stands in the entry. New variants and optional fields may be added; old bytes are read for ever.

use crate::{
    command::{
        AdverseEventReport, ContactOutcome, ContactRoute, ContainerFact, ContainerReport, Destination, Disclosure,
        DosePart, Going, MedicineReport, OrderLine, SafeGoing, StopScope, TemperatureReading,
    },
    stream::{ChainName, StreamId},
};
use jiff::{Timestamp, civil::Date};
use protocol::model::{AlarmLevel, Content, DeviationClass, Duty, LossCause, Trigger, VisitMode, Window};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::BTreeMap, sync::Arc};
use terms::{
    ActId, CheckId, ContainerId, CriterionId, Decimal, FieldId, FormId, InstanceId, LevelId, Milligrams, ParticipantId,
    RoleId, RuleId, SiteId, StaffId, StudyHash, Value, VisitId,
};

/// Who did it: a person who had proved who they are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Person {
    /// A member of staff.
    Staff(StaffId),
    /// The participant.
    Participant(ParticipantId),
    /// The program itself, on a schedule or at setting up.
    Program,
}

/// A person in the role under which they acted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signatory {
    /// Who.
    pub person: Person,
    /// In which role; none for participants and the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleId>,
}

/// When, by whom, under which version, why: one for all entries of an act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The act.
    pub act: ActId,
    /// When it happened.
    pub at: Timestamp,
    /// The site's calendar day of `at`.
    pub day: Date,
    /// The site's time zone.
    pub zone: String,
    /// When it was written down.
    pub recorded_at: Timestamp,
    /// Who acted.
    pub by: Signatory,
    /// The second person, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<Signatory>,
    /// The study version that it was decided under.
    pub study: StudyHash,
    /// The version of the program.
    pub program: String,
    /// Why, where it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it happened by the clock of the device, where that clock was wrong: `at` is the time set right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_at: Option<Timestamp>,
}

/// One entry, on its way into the log or out of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// The stream that it belongs to.
    pub stream: StreamId,
    /// The chain that it is linked into.
    pub chain: ChainName,
    /// When, by whom, why.
    pub stamp: Arc<Stamp>,
    /// What.
    pub entry: Entry,
}

/// A criterion's answer at a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CriterionAnswer {
    /// The requirement holds.
    Met,
    /// It does not.
    NotMet,
    /// Something is missing. Never met.
    Unknown,
}

/// One criterion as it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CriterionFound {
    /// Which.
    pub criterion: CriterionId,
    /// The answer.
    pub answer: CriterionAnswer,
    /// What it was read from: names and values; for unknown, the names that are missing.
    pub evidence: BTreeMap<String, Value>,
}

/// A score or decision that was computed from a form's answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScoreFound {
    /// The number or the decision's answer; none when it can't be computed.
    pub value: Option<Value>,
    /// `complete`, `prorated`, `not_scorable`.
    pub method: Cow<'static, str>,
    /// Severity band, where the score has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub band: Option<Cow<'static, str>>,
}

/// Scores and decisions of a form, by name. Their words are nearly always constants of the instruments.
pub type Scores = BTreeMap<Cow<'static, str>, ScoreFound>;

fn no_scores(scores: &Arc<Scores>) -> bool {
    scores.is_empty()
}

/// A change to one answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueChange {
    /// What stood there; none if nothing did.
    pub old: Option<Value>,
    /// What stands there now.
    pub new: Value,
}

/// Something that somebody must do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRaised {
    /// Its own id.
    pub instance: InstanceId,
    /// What must be done, imperative.
    pub title: String,
    /// The duty that must act.
    pub duty: Duty,
    /// Until when.
    pub due: Timestamp,
    /// What brought it about.
    pub trigger: Trigger,
    /// The clock of the study that it runs on, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<String>,
    /// The record it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<InstanceId>,
}

/// Where a session's time stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplementTimes {
    /// First moment at which it may be opened.
    pub opens: Timestamp,
    /// Last moment.
    pub closes: Timestamp,
}

/// Everything that can be written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    // --- participant: coming and going
    /// Somebody asked about the study.
    EnquiryRecorded { participant: ParticipantId, site: SiteId, source: String, language: String },
    /// They declined before consent.
    EnquiryDeclined { reason: String },
    /// Consent was given. `valid` says whether it can carry study acts; if not, why.
    ConsentRecorded {
        instance: InstanceId,
        version: String,
        text_sha256: String,
        items: BTreeMap<String, bool>,
        quiz_score: u32,
        quiz_pass: u32,
        copy_given: bool,
        valid: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why_not: Option<String>,
    },
    /// A gate was passed.
    Enrolled { criteria: Vec<CriterionFound> },
    /// The person was found not eligible.
    ScreenFailed { gate: u8, criteria: Vec<CriterionFound>, reason: String },
    /// Screening starts again.
    Rescreened { attempt: u32 },
    /// The second gate was passed.
    EnrolmentConfirmed {
        criteria: Vec<CriterionFound>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires: Option<Date>,
    },
    /// An arm was assigned. The handle means nothing without the sealed service's key.
    Randomised { handle: String, stratum: String },
    /// The one arm of an open programme.
    AllocatedOpenLabel,
    /// Treatment stopped or the person left.
    Stopped { scope: StopScope, reason: String, text: String },
    /// Everything was done.
    ParticipationCompleted,
    /// The participant belongs to another site from now on.
    Transferred { from: SiteId, to: SiteId },
    /// The participant is on another version of the study from now on.
    VersionMoved { from: StudyHash, to: StudyHash },
    /// Name, contacts and documents were erased from the identity store.
    IdentityErased,
    /// An allocation was opened in an emergency.
    CodeBroken { told: Vec<StaffId> },
    // --- participant: visits
    /// An appointment was made or moved.
    VisitBooked {
        visit: VisitId,
        starts: Timestamp,
        day: Date,
        mode: VisitMode,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        moved_from: Option<Timestamp>,
    },
    /// An appointment was cancelled.
    VisitCancelled { visit: VisitId, reason: String },
    /// Nobody came.
    VisitNoShow { visit: VisitId },
    /// The person came.
    VisitAttended {
        visit: VisitId,
        day: Date,
        mode: VisitMode,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        anchor_day: Option<Date>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window: Option<Window>,
    },
    /// Everything of the visit is done.
    VisitCompleted {
        visit: VisitId,
        day: Date,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        minutes: Option<u32>,
    },
    /// The visit will not take place. `planned` stands in for its day where others hang on it.
    VisitMissed {
        visit: VisitId,
        reason: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        planned: Option<Date>,
    },
    /// Somebody tried to reach the participant.
    ContactTried {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        visit: Option<VisitId>,
        outcome: ContactOutcome,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        route: Option<ContactRoute>,
    },
    // --- participant: forms and records
    /// A form was filled in.
    FormRecorded {
        instance: InstanceId,
        form: FormId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        visit: Option<VisitId>,
        values: Arc<BTreeMap<FieldId, Value>>,
        #[serde(default, skip_serializing_if = "no_scores")]
        scores: Arc<Scores>,
    },
    /// Answers were corrected; scores were computed again.
    FormCorrected {
        instance: InstanceId,
        changes: BTreeMap<FieldId, ValueChange>,
        #[serde(default, skip_serializing_if = "no_scores")]
        scores: Arc<Scores>,
        number: u32,
    },
    /// A record was struck through.
    RecordStruck {
        instance: InstanceId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        belongs_to: Option<ParticipantId>,
    },
    /// A question was raised by an edit check.
    QuestionRaised { instance: InstanceId, about: InstanceId, check: String, message: String },
    /// A medicine was recorded, or more became known of it.
    MedicationRecorded {
        instance: InstanceId,
        medicine: MedicineReport,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        class: Option<String>,
        rule: MedicineStanding,
        update: bool,
    },
    /// An adverse event was recorded, or more became known of it.
    AdverseEventRecorded { instance: InstanceId, event: AdverseEventReport, emergent: bool, update: bool },
    /// A deviation from the protocol.
    DeviationRecorded {
        instance: InstanceId,
        code: String,
        title: String,
        class: DeviationClass,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trigger: Option<Trigger>,
        detail: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        visit: Option<VisitId>,
    },
    /// A note.
    NoteRecorded { instance: InstanceId, text: String },
    /// A document, by hash.
    DocumentAttached {
        instance: InstanceId,
        kind: String,
        name: String,
        sha256: String,
        bytes: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        visit: Option<VisitId>,
    },
    /// Something must be done.
    TaskRaised(TaskRaised),
    /// It was done.
    TaskCompleted { instance: InstanceId, text: String },
    // --- ratings
    /// A rating was asked for: the rater sees the request and the pseudonym alone.
    RatingRequested { request: InstanceId, visit: VisitId, pseudonym: String, forms: Vec<FormId> },
    /// A rater took it.
    RatingTaken { request: InstanceId, rater: StaffId },
    /// The rater said what they learnt.
    RatingRecorded { request: InstanceId, disclosure: Disclosure },
    /// It did not take place.
    RatingMissed { request: InstanceId, text: String },
    // --- dosing session
    /// The prescriber ordered a dose for this session and signed it.
    DoseOrdered {
        session: u8,
        level: LevelId,
        initial: Milligrams,
        supplement: Milligrams,
        initial_pieces: u32,
        supplement_pieces: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        level_reason: Option<String>,
    },
    /// The prescriber took it back.
    OrderWithdrawn { session: u8 },
    /// The sealed service named the containers, two people took them from the safe.
    ContainersReleased {
        session: u8,
        initial: ContainerId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        supplement: Option<ContainerId>,
    },
    /// A check was done. `clears` is what the study's rule said of it then.
    CheckRecorded {
        session: u8,
        instance: InstanceId,
        check: CheckId,
        values: BTreeMap<FieldId, Value>,
        clears: bool,
        /// The answers themselves don't pass.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        fails: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires: Option<Timestamp>,
    },
    /// The prescriber cleared a check, or lifted the pause after a breach.
    Agreed {
        session: u8,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        check: Option<CheckId>,
    },
    /// Somebody came into or left the room.
    PresenceRecorded { session: u8, staff: StaffId, going: Going },
    /// The first dose may be swallowed, until `expires`.
    DoseAuthorised { session: u8, container: ContainerId, expires: Timestamp },
    /// It was swallowed. `authorised` says whether an authorisation was in force.
    DoseTaken {
        session: u8,
        part: DosePart,
        container: ContainerId,
        amount: Milligrams,
        pieces: u32,
        mouth_checked: bool,
        authorised: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        supplement: Option<SupplementTimes>,
    },
    /// The supplement may be opened, until `expires`.
    SupplementAuthorised {
        session: u8,
        container: ContainerId,
        expires: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        physician_reason: Option<String>,
    },
    /// The supplement was not given.
    SupplementNotGiven { session: u8, code: String },
    /// Vital signs.
    ReadingRecorded {
        session: u8,
        instance: InstanceId,
        measures: BTreeMap<String, Decimal>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        slot: Option<String>,
        breaches: Vec<BreachFound>,
        /// The slot of the distress ratings that it fills.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rating: Option<String>,
        /// Measures outside what is plausible, confirmed by the person.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        confirmed: Vec<String>,
    },
    /// A reading was corrected.
    ReadingCorrected {
        session: u8,
        instance: InstanceId,
        changes: BTreeMap<String, MeasureChange>,
        breaches: Vec<BreachFound>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        confirmed: Vec<String>,
    },
    /// A line of the timeline.
    SessionNoted {
        session: u8,
        instance: InstanceId,
        code: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<Decimal>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// A line of the timeline was corrected.
    SessionNoteCorrected { session: u8, instance: InstanceId, old: NoteFound, new: NoteFound },
    /// Something needs somebody now. `tell` has until `ack_by` to say that they have it.
    AlarmRaised {
        session: u8,
        instance: InstanceId,
        alarm: AlarmKind,
        /// What it is about, within its kind: no two of one are raised at a time.
        key: String,
        level: AlarmLevel,
        text: String,
        tell: Duty,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ack_by: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<InstanceId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        card: Option<String>,
    },
    /// Nobody took it in time: the next is told.
    AlarmEscalated {
        session: u8,
        instance: InstanceId,
        tell: Duty,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ack_by: Option<Timestamp>,
    },
    /// Somebody has it.
    AlarmAcknowledged {
        session: u8,
        instance: InstanceId,
        /// The contact who was reached by telephone, if it was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        contact: Option<String>,
    },
    /// What it was raised for is over.
    AlarmEnded { session: u8, instance: InstanceId, text: String },
    /// An emergency card was opened.
    CardOpened { session: u8, instance: InstanceId, card: String, title: String, steps: Vec<String> },
    /// A step of it was done.
    CardStepDone { session: u8, instance: InstanceId, step: u32, text: String },
    /// What it was opened for is over.
    CardClosed { session: u8, instance: InstanceId, text: String },
    /// Somebody of the call-out list was called.
    ContactCalled {
        session: u8,
        contact: String,
        label: String,
        reached: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        alarm: Option<InstanceId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// Somebody who was there signed the session's record.
    SessionSigned { session: u8, staff: StaffId },
    /// The session was stopped.
    SessionStopped { session: u8 },
    /// Leaving was allowed.
    Discharged { session: u8 },
    /// The participant left. `escort` is a code of [`crate::command::Escort`]; entries from before there were codes hold words.
    Departed { session: u8, to: Destination, escort: String, allowed: bool },
    /// A look in the night.
    NightChecked {
        session: u8,
        awake: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        distress: Option<u8>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        signs: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// The session's record was closed. Whoever was there and has not signed is named; the stamp's reason says why.
    SessionClosed {
        session: u8,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unsigned: Vec<StaffId>,
    },
    // --- holds and approvals (participant, site or trial stream)
    /// Something must wait.
    HoldPlaced { instance: InstanceId, text: String },
    /// It need wait no longer.
    HoldLifted { instance: InstanceId },
    /// An approval is in force.
    ApprovalRecorded { approval: String, number: String, from: Date, until: Date },
    /// The ground of an earlier authorisation is gone: what it allowed must be looked at, what is to come waits.
    GroundWithdrawn { rule: RuleId, session: Option<u8>, detail: String },
    // --- allocation stream
    /// A sealed row was used.
    AllocationDrawn { handle: String, stratum: String, participant: ParticipantId },
    /// The sealed list was bound to the trial.
    AllocationLoaded { commitment: String, rows: u32 },
    // --- trial stream
    /// A study version is in force for new participants.
    StudyAdopted { study: StudyHash, label: String, title: String },
    /// A site was opened.
    SiteOpened { site: SiteId, name: String, country: String, zone: String, cap: Option<u32> },
    /// A site may enrol.
    SiteActivated { site: SiteId },
    /// A site may not enrol any more.
    SiteClosed { site: SiteId },
    /// A site's cap changed.
    CapSet { site: SiteId, cap: Option<u32> },
    /// A trial-wide role was given.
    RoleGranted { staff: StaffId, role: RoleId },
    /// A trial-wide role ended.
    RoleEnded { staff: StaffId, role: RoleId },
    /// The analysis plan of a study version is final.
    AnalysisPlanFrozen { plan: String, study: StudyHash },
    /// The record is locked as it stands; the allocation may be opened for the analysis of that plan.
    RecordLocked { plan: String, study: StudyHash, open: Vec<OpenItem>, heads: BTreeMap<String, HeadFound> },
    /// The record was opened again.
    RecordUnlocked {},
    // --- site stream
    /// A number was given out.
    NumberGiven { participant: ParticipantId, number: u32 },
    /// Somebody was enrolled: a place under the cap is taken.
    PlaceTaken { participant: ParticipantId },
    /// A participant came from another site.
    ParticipantArrived { participant: ParticipantId, from: SiteId },
    /// A participant went to another site.
    ParticipantLeft { participant: ParticipantId, to: SiteId },
    /// A role was delegated.
    Delegated {
        staff: StaffId,
        role: RoleId,
        from: Date,
        until: Option<Date>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        covers: Option<StaffId>,
    },
    /// A delegation ended.
    DelegationEnded { staff: StaffId, role: RoleId },
    /// Somebody holds a certificate.
    CertificateRecorded {
        staff: StaffId,
        certificate: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hours: Option<u32>,
        issued: Date,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Date>,
    },
    /// A certificate does not hold from a day on.
    CertificateWithdrawn { staff: StaffId, certificate: String, from: Date },
    /// Two members of staff are related.
    RelationDeclared { staff: StaffId, other: StaffId, relation: String, from: Date },
    /// A relation has ended.
    RelationEnded { staff: StaffId, other: StaffId, relation: String },
    // --- stock stream
    /// Containers arrived; they are quarantined until accepted.
    ContainersReceived {
        consignment: String,
        containers: Vec<ContainerReport>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        order: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        noted: Option<u32>,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        certificates: BTreeMap<String, String>,
    },
    /// Containers may be used.
    ContainersAccepted { containers: Vec<ContainerId> },
    /// A container was taken out of the safe for a session.
    ContainerOut {
        container: ContainerId,
        participant: ParticipantId,
        session: u8,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seal: Option<String>,
    },
    /// A container went back unopened.
    ContainerBack {
        container: ContainerId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seal: Option<String>,
    },
    /// A container was opened and its content swallowed, `pieces` of it.
    ContainerUsed { container: ContainerId, participant: ParticipantId, pieces: u32 },
    /// Something became of a container.
    ContainerChanged { container: ContainerId, what: ContainerFact },
    /// Containers were destroyed.
    ContainersDestroyed {
        containers: Vec<ContainerId>,
        method: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        record: Option<String>,
    },
    /// Two counted the safe, each for themselves, and agreed with each other.
    StockCounted {
        expected: u32,
        found: u32,
        missing: Vec<ContainerId>,
        unexpected: Vec<ContainerId>,
        /// Pieces found in open containers where the book says another number: found, and by the book.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        pieces: BTreeMap<ContainerId, [u32; 2]>,
        /// Who counted.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        counters: Vec<StaffId>,
    },
    /// One of two counted. Nobody is shown what they found before the other has counted.
    CountEntered {
        found: Vec<ContainerId>,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        pieces: BTreeMap<ContainerId, u32>,
        /// The counter may hand out.
        hands_out: bool,
        /// The counter may witness.
        witnesses: bool,
        /// Until when the other's count belongs to it.
        until: Timestamp,
    },
    /// Two counted and did not agree with each other: neither count stands, both count again by `again_by`.
    CountsDiffered { counters: Vec<StaffId>, again_by: Timestamp },
    /// An order form was signed.
    StockOrdered {
        form: String,
        number: String,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        fields: BTreeMap<String, String>,
        lines: Vec<OrderLine>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Date>,
    },
    /// What was missing of a receipt came later.
    ReceiptCompleted {
        consignment: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        order: Option<String>,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        certificates: BTreeMap<String, String>,
    },
    /// Containers were sent to another site.
    ContainersShipped {
        shipment: String,
        to: SiteId,
        containers: Vec<ContainerId>,
        seal: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<String>,
    },
    /// Another site has sent containers, which are on their way.
    ShipmentAnnounced {
        shipment: String,
        from: SiteId,
        containers: Vec<ContainerReport>,
        seal: String,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        certificates: BTreeMap<String, String>,
    },
    /// A shipment arrived: what was found of it is in quarantine.
    ShipmentReceived {
        shipment: String,
        from: SiteId,
        found: Vec<ContainerId>,
        missing: Vec<ContainerId>,
        seal_whole: bool,
    },
    /// At the sender: the other site said what had arrived.
    ShipmentArrived { shipment: String, at: SiteId, found: Vec<ContainerId>, missing: Vec<ContainerId> },
    /// The logger in the safe was read. What had been stored outside the limits is set aside.
    TemperatureLogged {
        logger: String,
        readings: Vec<TemperatureReading>,
        lowest: Decimal,
        highest: Decimal,
        within: bool,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        set_aside: Vec<ContainerId>,
    },
    /// The safe was opened or shut; `alone` by one person.
    SafeAccessed {
        going: SafeGoing,
        purpose: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seal: Option<String>,
        alone: bool,
    },
    /// A lot was called back: no container of it is given any more.
    LotRecalled { lot: String, reason: String },
    /// The safe, a delivery or a container doesn't agree with the book.
    DiscrepancyOpened {
        instance: InstanceId,
        what: DiscrepancyKind,
        text: String,
        /// Containers concerned that are not where the book has them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        containers: Vec<ContainerId>,
        /// Pieces that an open container is short of; negative for more than there should be.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        pieces: BTreeMap<ContainerId, i64>,
        /// The consignment or shipment concerned.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        consignment: Option<String>,
        /// Who counted or reported it: none of them closes it.
        people: Vec<StaffId>,
        /// Until when both count again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        again_by: Option<Timestamp>,
        /// Notices that a theft or loss asks for, with their terms.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        notices: Vec<NoticeDue>,
        /// The hold that it put on the site.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hold: Option<InstanceId>,
    },
    /// A notice about it was sent.
    NoticeRecorded {
        discrepancy: InstanceId,
        form: String,
        number: String,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        fields: BTreeMap<String, String>,
        late: bool,
    },
    /// It was closed by somebody who had not counted. What is lost leaves the book here, and nowhere else.
    DiscrepancyResolved {
        instance: InstanceId,
        cause: LossCause,
        text: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lost: Vec<ContainerId>,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        pieces: BTreeMap<ContainerId, i64>,
    },
}

impl Entry {
    /// The dosing session that it is about, if it is about one.
    pub const fn session(&self) -> Option<u8> {
        match self {
            Self::DoseOrdered { session, .. }
            | Self::OrderWithdrawn { session }
            | Self::ContainersReleased { session, .. }
            | Self::CheckRecorded { session, .. }
            | Self::Agreed { session, .. }
            | Self::PresenceRecorded { session, .. }
            | Self::DoseAuthorised { session, .. }
            | Self::DoseTaken { session, .. }
            | Self::SupplementAuthorised { session, .. }
            | Self::SupplementNotGiven { session, .. }
            | Self::ReadingRecorded { session, .. }
            | Self::ReadingCorrected { session, .. }
            | Self::SessionNoteCorrected { session, .. }
            | Self::AlarmRaised { session, .. }
            | Self::AlarmEscalated { session, .. }
            | Self::AlarmAcknowledged { session, .. }
            | Self::AlarmEnded { session, .. }
            | Self::CardOpened { session, .. }
            | Self::CardStepDone { session, .. }
            | Self::CardClosed { session, .. }
            | Self::ContactCalled { session, .. }
            | Self::SessionSigned { session, .. }
            | Self::SessionNoted { session, .. }
            | Self::SessionStopped { session }
            | Self::Discharged { session }
            | Self::Departed { session, .. }
            | Self::NightChecked { session, .. }
            | Self::SessionClosed { session, .. } => Some(*session),
            Self::GroundWithdrawn { session, .. } => *session,
            _ => None,
        }
    }
}

/// What the study's rule says of a medicine, computed when it was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MedicineStanding {
    /// It must be stopped; complete on `complete` (none while it is still taken).
    Washout { days: u32, prohibited: bool, complete: Option<Date> },
    /// Rescue: blocks a dose for so many hours after it was taken.
    Rescue { hours: u32 },
    /// May go on if stable since `stable_from`.
    Stable { days: u32, stable_from: Option<Date> },
    /// May go on.
    Allowed,
    /// The study doesn't know it: the medical monitor must say.
    Unclassified,
}

/// Something that was still open when the record was locked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OpenItem {
    /// Whose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participant: Option<ParticipantId>,
    /// `task`, `question`, `visit`, `form`, `session`, `rating`, `participant`, `container`,
    /// `discrepancy`, `hold`.
    pub kind: String,
    /// Which: an instance, a visit, a container.
    pub item: String,
    /// In words.
    pub text: String,
}

/// A chain's end as it stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadFound {
    /// Entries in it.
    pub position: u64,
    /// Hash of the last, hexadecimal.
    pub hash: String,
}

/// A limit that a reading breached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreachFound {
    /// The limit.
    pub limit: String,
    /// The measure.
    pub measure: String,
    /// The value.
    pub value: Decimal,
    /// Red, or amber.
    pub red: bool,
    /// What the study asks for.
    pub action: String,
    /// When to measure again.
    pub repeat_by: Timestamp,
}

/// A value of a reading that was corrected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasureChange {
    /// What stood there; none if it had not been measured.
    pub old: Option<Decimal>,
    /// What stands there now.
    pub new: Decimal,
}

/// What a line of the timeline says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteFound {
    /// Code.
    pub code: String,
    /// Number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<Decimal>,
    /// Choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// What an alarm of a session is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmKind {
    /// Nobody is with the participant.
    Alone,
    /// Too few carers.
    Carers,
    /// A reading beyond a limit.
    Limit,
    /// The repeat reading after a breach was not taken.
    Repeat,
    /// A measurement was not taken in its window.
    Overdue,
    /// Grave distress that lasts.
    Distress,
    /// What was drunk.
    Fluids,
    /// Touch that was not agreed on.
    Touch,
    /// A code of the timeline that raises one.
    Note,
    /// An emergency card.
    Card,
    /// The session was stopped.
    Stop,
    /// No look at the participant in the night.
    NightMissed,
    /// Something that the attendant must call for.
    NightSign,
}

/// How the safe came not to agree with the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiscrepancyKind {
    /// Two agreed with each other, and not with the book.
    Count,
    /// Two did not agree with each other, twice.
    Counters,
    /// A delivery is not what its note says.
    Receipt,
    /// A shipment is not what was sent.
    Shipment,
    /// What was swallowed and what came back are not what the label says.
    Pieces,
    /// A container is not there.
    Missing,
    /// One person was at the safe alone.
    Alone,
}

/// A notice that a theft or loss asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeDue {
    /// The study's form.
    pub form: String,
    /// Its title.
    pub title: String,
    /// Causes that it is sent for.
    pub causes: Vec<LossCause>,
    /// Until when.
    pub due: Timestamp,
}

/// What a container holds. Only the sealed service ever has one of these in the open.
pub type Sealed = Content;
