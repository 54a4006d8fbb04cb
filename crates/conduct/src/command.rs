//! What people may ask: two kinds, two types.
//!
//! A [`Fact`] says what has happened; it is always recorded if it can be read. An [`Authorisation`] looks forward
//! and may be refused. No command says who acts: people come in from authentications, through the context.

use crate::finding::Unreadable;
use jiff::{Timestamp, civil::Date};
use protocol::model::{ApprovalScope, DeviationClass, LossCause, VisitMode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use terms::{
    CheckId, ContainerId, Decimal, FieldId, FormId, InstanceId, LevelId, ParticipantId, RoleId, SiteId, StaffId,
    StudyHash, Value, VisitId,
};

/// One thing asked, as it arrives: by page, command line, import or simulator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Given by the client; the same id again changes nothing and gives the first answer again.
    pub id: String,
    /// When it happened, for facts; without it, now. Authorisations are always now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// What the device's own clock showed when this was sent: a device whose clock is wrong is set right by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Timestamp>,
    /// Why, where the act asks for a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What is asked.
    pub command: Command,
}

impl Request {
    /// Longest id, in characters.
    pub const ID_MAX: usize = 200;

    /// Whether its id can be one: it is what makes the same request the same.
    ///
    /// # Errors
    /// What is wrong with it, and how to mend it.
    pub fn id_readable(&self) -> Result<(), Unreadable> {
        let length = self.id.chars().count();
        let what = if self.id.trim().is_empty() {
            "the request has no id".to_owned()
        } else if length > Self::ID_MAX {
            format!("the request's id has {length} characters; {} at most are read", Self::ID_MAX)
        } else if self.id.chars().any(char::is_control) {
            "the request's id holds characters that can't be seen".to_owned()
        } else {
            return Ok(());
        };
        let mend = "give each request an id of its own: a UUID, say, or letters, digits and hyphens".to_owned();
        Err(Unreadable { field: "id".to_owned(), what, mend })
    }
}

impl Request {
    /// Whether every text in it can be read: of a length that somebody may have typed, and without characters that nobody sees
    /// or that show it otherwise than it is written. Costs a walk through all of it.
    ///
    /// # Errors
    /// The first field whose text can't.
    pub fn texts_readable(&self) -> Result<(), Unreadable> {
        let whole = serde_json::to_value(self).unwrap_or_default();
        unreadable_text("request", &whole).map_or(Ok(()), Err)
    }

    /// Whether [`Request::texts_readable`] may find something in a request of which these are the canonical bytes: false only if
    /// it can't.
    pub fn texts_doubtful(canonical: &[u8]) -> bool {
        canonical.len() > crate::forms::TEXT_MAX || terms::may_hide(canonical)
    }
}

/// The first text that can't be read, under the key that it stands under.
fn unreadable_text(key: &str, value: &serde_json::Value) -> Option<Unreadable> {
    let unreadable = |what: String, mend: String| Some(Unreadable { field: key.to_owned(), what, mend });
    match value {
        serde_json::Value::String(text) => {
            let length = text.chars().count();
            if length > crate::forms::TEXT_MAX {
                let most = crate::forms::TEXT_MAX;
                let mend = format!("write at most {most}; attach a longer text as a document");
                return unreadable(format!("{length} characters"), mend);
            }
            let letter = terms::hidden(text)?;
            unreadable(
                format!(
                    "the text holds {}, which can't be seen or turns what follows around",
                    terms::hidden_shown(letter)
                ),
                "type it again, or paste it as plain text; tabs and new lines may stay".to_owned(),
            )
        }
        serde_json::Value::Array(all) => all.iter().find_map(|one| unreadable_text(key, one)),
        serde_json::Value::Object(all) => all.iter().find_map(|(key, one)| {
            let name = terms::hidden(key).map(|_| "a name in the request".to_owned());
            name.map_or_else(|| unreadable_text(key, one), |name| unreadable_text(&name, &key.as_str().into()))
        }),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => None,
    }
}

/// A fact or an authorisation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// What has happened.
    Fact(Fact),
    /// What is asked to be allowed.
    Authorise(Authorisation),
}

/// What has happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fact {
    /// Somebody asked about the study; they get a code.
    RecordEnquiry {
        /// Site that was asked.
        site: SiteId,
        /// How they heard of it.
        source: String,
        /// Language to speak with them.
        language: String,
    },
    /// The person declined before consent; their identity can be erased whole.
    RecordDeclined {
        /// Who.
        participant: ParticipantId,
        /// Why, in a few words.
        reason: String,
    },
    /// Consent was given on a version.
    RecordConsent {
        /// Who.
        participant: ParticipantId,
        /// Version label of the text.
        version: String,
        /// Items agreed to, one by one.
        items: BTreeMap<String, bool>,
        /// Answers to the comprehension questions.
        answers: BTreeMap<String, bool>,
        /// A signed copy was given.
        copy_given: bool,
    },
    /// A form was filled in.
    RecordForm {
        /// Who.
        participant: ParticipantId,
        /// Which form.
        form: FormId,
        /// At which visit; none between visits.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        visit: Option<VisitId>,
        /// Answers by field; for an instrument by item number.
        values: BTreeMap<FieldId, Value>,
        /// How many records of this form at this visit were there when it was opened; without it nobody else's counts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seen: Option<u32>,
    },
    /// Answers on a form were wrong; the old ones stay visible.
    CorrectForm {
        /// Who.
        participant: ParticipantId,
        /// The record to correct.
        instance: InstanceId,
        /// New answers by field.
        changes: BTreeMap<FieldId, Value>,
        /// Corrections that the corrector had seen; another number means that somebody wrote first.
        seen: u32,
    },
    /// A record was made for the wrong participant, or by mistake: struck through, never erased.
    StrikeRecord {
        /// In whose record it stands.
        participant: ParticipantId,
        /// What is struck: a form, medicine, adverse event, document or note.
        instance: InstanceId,
        /// Whose it is, if it is somebody else's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        belongs_to: Option<ParticipantId>,
    },
    /// Something became of a visit.
    RecordVisit {
        /// Who.
        participant: ParticipantId,
        /// Which visit.
        visit: VisitId,
        /// What became of it.
        outcome: VisitOutcome,
        /// The day, if it isn't the day of `at`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        day: Option<Date>,
    },
    /// Somebody tried to reach the participant.
    RecordContact {
        /// Who.
        participant: ParticipantId,
        /// For which visit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        visit: Option<VisitId>,
        /// How it ended.
        outcome: ContactOutcome,
        /// By which route.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        route: Option<ContactRoute>,
    },
    /// A medicine, past or present.
    RecordMedication {
        /// Who.
        participant: ParticipantId,
        /// What is known of it.
        medicine: MedicineReport,
    },
    /// Something changed about a medicine that is on record.
    UpdateMedication {
        /// Who.
        participant: ParticipantId,
        /// The medicine's record.
        instance: InstanceId,
        /// What is known of it now.
        medicine: MedicineReport,
    },
    /// An adverse event, pleasant ones too.
    RecordAdverseEvent {
        /// Who.
        participant: ParticipantId,
        /// What is known of it.
        event: AdverseEventReport,
    },
    /// More is known of an adverse event.
    UpdateAdverseEvent {
        /// Who.
        participant: ParticipantId,
        /// The event's record.
        instance: InstanceId,
        /// What is known of it now.
        event: AdverseEventReport,
    },
    /// Something was not done as the protocol says.
    RecordDeviation {
        /// Who.
        participant: ParticipantId,
        /// What happened.
        text: String,
        /// How grave it is.
        class: DeviationClass,
    },
    /// A note.
    RecordNote {
        /// Who.
        participant: ParticipantId,
        /// The words.
        text: String,
    },
    /// A document by its hash; the bytes are kept beside.
    AttachDocument {
        /// Who.
        participant: ParticipantId,
        /// `consent`, `ecg`, `laboratory`, `other`.
        kind: String,
        /// File name. Of it the record keeps the ending alone: people name files after whom they show.
        name: String,
        /// SHA-256 of the bytes, hexadecimal.
        sha256: String,
        /// Size in bytes; not 0.
        bytes: u64,
        /// Visit of the study that it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        visit: Option<VisitId>,
    },
    /// The person was found not eligible at a gate.
    RecordScreenFailure {
        /// Who.
        participant: ParticipantId,
        /// At which gate.
        gate: u8,
        /// Why, in words; unmet criteria are added by the rules.
        reason: String,
    },
    /// Treatment stopped, or the person left.
    RecordStop {
        /// Who.
        participant: ParticipantId,
        /// How far it goes.
        scope: StopScope,
        /// Reason code of the study.
        reason: String,
        /// In words.
        text: String,
    },
    /// An approval for one participant or a site came in.
    RecordApproval {
        /// The approval's id in the study.
        approval: String,
        /// Site or participant.
        scope: ApprovalScope,
        /// Site.
        site: SiteId,
        /// Participant, for approvals of one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        participant: Option<ParticipantId>,
        /// Number on it.
        number: String,
        /// First day.
        from: Date,
        /// Last day.
        until: Date,
    },
    /// A check before the dose, or a discharge criterion, was done.
    RecordCheck {
        /// Who.
        participant: ParticipantId,
        /// Session number.
        session: u8,
        /// Which check.
        check: CheckId,
        /// What was found.
        values: BTreeMap<FieldId, Value>,
    },
    /// The actor came into or left the room.
    RecordPresence {
        /// With whom.
        participant: ParticipantId,
        /// Session number.
        session: u8,
        /// In or out.
        going: Going,
    },
    /// Vital signs were taken.
    RecordReading {
        /// Who.
        participant: ParticipantId,
        /// Session number.
        session: u8,
        /// Values by measure.
        measures: BTreeMap<String, Decimal>,
        /// The person has looked again at values that are hardly possible: they are so.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        confirmed: bool,
        /// How many readings of this session there were when it was typed; without it nobody else's count.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seen: Option<u32>,
    },
    /// A reading was written down wrongly; the old values stay visible.
    CorrectReading {
        /// Who.
        participant: ParticipantId,
        /// Session number.
        session: u8,
        /// Which reading.
        reading: InstanceId,
        /// The values as they were, by measure; those not named stay.
        measures: BTreeMap<String, Decimal>,
        /// As in `RecordReading`.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        confirmed: bool,
    },
    /// One carer left and another came in the same moment; each proves who they are.
    RecordHandover {
        /// With whom.
        participant: ParticipantId,
        /// Session number.
        session: u8,
    },
    /// Something was swallowed.
    RecordSwallow {
        /// Who.
        participant: ParticipantId,
        /// Session number.
        session: u8,
        /// First dose or supplement.
        part: DosePart,
        /// The container that it came from.
        container: ContainerId,
        /// Pieces swallowed.
        pieces: u32,
        /// The mouth was looked into.
        mouth_checked: bool,
        /// How many swallows of this session there were when it was typed; without it nobody else's count.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seen: Option<u32>,
    },
    /// The supplement was not given.
    RecordSupplementNotGiven {
        /// Who.
        participant: ParticipantId,
        /// Session number.
        session: u8,
        /// Code of the study.
        code: String,
    },
    /// The prescriber agrees to go on after a breach that has passed.
    RecordAgreement {
        /// Who.
        participant: ParticipantId,
        /// Session number.
        session: u8,
        /// A check that the prescriber clears, or none for the vitals' pause.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        check: Option<CheckId>,
    },
    /// A line of the session's timeline.
    RecordSessionNote {
        /// Who.
        participant: ParticipantId,
        /// Session number.
        session: u8,
        /// Code of the study.
        code: String,
        /// Its number, where it carries one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<Decimal>,
        /// Which of the code's choices, where it has some.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
        /// Words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// A line of the timeline was wrong; what stood there stays visible.
    CorrectSessionNote {
        /// Who.
        participant: ParticipantId,
        /// Session number.
        session: u8,
        /// Which line.
        note: InstanceId,
        /// Code of the study.
        code: String,
        /// Its number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<Decimal>,
        /// Its choice.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
        /// Words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// An emergency card was opened: what stands on it is happening.
    OpenCard {
        /// Who.
        participant: ParticipantId,
        /// Session number.
        session: u8,
        /// The card's id in the study.
        card: String,
    },
    /// A step of an open card was done.
    TickCard {
        /// Who.
        participant: ParticipantId,
        /// Session number.
        session: u8,
        /// The card as it was opened.
        card: InstanceId,
        /// Which step, from 0.
        step: u32,
    },
    /// What a card was opened for is over.
    CloseCard {
        /// Who.
        participant: ParticipantId,
        /// Session number.
        session: u8,
        /// The card as it was opened.
        card: InstanceId,
        /// How it ended.
        text: String,
    },
    /// Somebody of the call-out list was called.
    CallContact {
        /// For whom.
        participant: ParticipantId,
        /// Session number.
        session: u8,
        /// The contact's id in the study.
        contact: String,
        /// They were spoken to.
        reached: bool,
        /// The alarm that it was about: whoever was reached has it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        alarm: Option<InstanceId>,
        /// What was said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// The actor has an alarm: they see to it.
    AcknowledgeAlarm {
        /// Of whom.
        participant: ParticipantId,
        /// Session number.
        session: u8,
        /// Which.
        alarm: InstanceId,
    },
    /// What only the time has brought is written down: measurements overdue, too few carers for too long, an alarm that
    /// nobody has taken.
    RecordAlarms {
        /// Of whom.
        participant: ParticipantId,
        /// Session number.
        session: u8,
    },
    /// The actor signs the session's record: they were there.
    SignSession {
        /// Of whom.
        participant: ParticipantId,
        /// Session number.
        session: u8,
    },
    /// The session was stopped.
    StopSession {
        /// Who.
        participant: ParticipantId,
        /// Session number.
        session: u8,
    },
    /// The participant left the room's care.
    RecordDeparture {
        /// Who.
        participant: ParticipantId,
        /// Session number.
        session: u8,
        /// Where to.
        to: Destination,
        /// Who went with them: what they are to the participant, never who they are.
        escort: Escort,
    },
    /// A look at the participant in the night.
    RecordNightCheck {
        /// Who.
        participant: ParticipantId,
        /// Session number.
        session: u8,
        /// Awake or asleep.
        awake: bool,
        /// Distress 0–10, if awake and asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        distress: Option<u8>,
        /// Signs of the study at which somebody must be called.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        signs: Vec<String>,
        /// What they needed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// The prescriber took an order back.
    WithdrawOrder {
        /// Who.
        participant: ParticipantId,
        /// Session number.
        session: u8,
    },
    /// Containers arrived at a site.
    ReceiveContainers {
        /// Site.
        site: SiteId,
        /// Number of the consignment.
        consignment: String,
        /// What arrived.
        containers: Vec<ContainerReport>,
        /// Number of the order form that it came on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        order: Option<String>,
        /// Containers that the delivery note names, where it names a number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        noted: Option<u32>,
        /// Certificates of analysis by lot.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        certificates: BTreeMap<String, String>,
    },
    /// What was missing of a receipt came later: the order form's number, certificates.
    CompleteReceipt {
        /// Site.
        site: SiteId,
        /// Number of the consignment.
        consignment: String,
        /// Number of the order form that it came on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        order: Option<String>,
        /// Certificates of analysis by lot.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        certificates: BTreeMap<String, String>,
    },
    /// A shipment from another site arrived.
    ReceiveShipment {
        /// Site.
        site: SiteId,
        /// Number of the shipment.
        shipment: String,
        /// Containers found in it, by number.
        found: Vec<ContainerId>,
        /// Its seal was whole.
        seal_whole: bool,
    },
    /// The logger in the safe was read.
    RecordTemperature {
        /// Site.
        site: SiteId,
        /// Which logger.
        logger: String,
        /// What it says.
        readings: Vec<TemperatureReading>,
    },
    /// The safe was opened for something that moves no container, or shut again.
    RecordSafeAccess {
        /// Site.
        site: SiteId,
        /// Opened or shut.
        going: SafeGoing,
        /// What for.
        purpose: String,
        /// Number of the seal that was put on it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seal: Option<String>,
    },
    /// A lot was called back.
    RecallLot {
        /// At one site; none for all of them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        site: Option<SiteId>,
        /// Which lot.
        lot: String,
        /// Why.
        reason: String,
    },
    /// A notice about a difference was sent.
    RecordNotice {
        /// Site.
        site: SiteId,
        /// Which difference.
        discrepancy: InstanceId,
        /// The study's form.
        form: String,
        /// Number or reference of what was sent.
        number: String,
        /// What was filled in.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        fields: BTreeMap<String, String>,
    },
    /// Something became of a container.
    RecordContainer {
        /// Site.
        site: SiteId,
        /// Which.
        container: ContainerId,
        /// What.
        what: ContainerFact,
    },
    /// The safe was counted, by the one who acts alone: the other counts for themselves.
    CountStock {
        /// Site.
        site: SiteId,
        /// Containers found, by number.
        found: Vec<ContainerId>,
        /// Pieces found in containers that are open.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        pieces: BTreeMap<ContainerId, u32>,
    },
    /// A delegation or role ended.
    EndDelegation {
        /// Site; none for a trial-wide role.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        site: Option<SiteId>,
        /// Who.
        staff: StaffId,
        /// Which role.
        role: RoleId,
    },
    /// Somebody of the staff holds a licence or has a training.
    RecordCertificate {
        /// Site at which it counts; none for roles in the whole trial.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        site: Option<SiteId>,
        /// Whose.
        staff: StaffId,
        /// The study's kind.
        certificate: String,
        /// Number on it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<String>,
        /// Supervised hours that stand on it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hours: Option<u32>,
        /// Day of issue.
        issued: Date,
        /// Last day that stands on it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Date>,
    },
    /// A certificate does not hold any more, or never did.
    WithdrawCertificate {
        /// Site; none for roles in the whole trial.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        site: Option<SiteId>,
        /// Whose.
        staff: StaffId,
        /// The study's kind.
        certificate: String,
        /// First day on which it does not hold; none for today.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Date>,
    },
    /// Two members of staff are related.
    DeclareRelation {
        /// Site.
        site: SiteId,
        /// The one.
        staff: StaffId,
        /// The other.
        other: StaffId,
        /// The study's kind.
        relation: String,
        /// First day; none for today.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Date>,
    },
    /// A relation has ended.
    EndRelation {
        /// Site.
        site: SiteId,
        /// The one.
        staff: StaffId,
        /// The other.
        other: StaffId,
        /// The study's kind.
        relation: String,
    },
    /// Something must wait.
    PlaceHold {
        /// On what.
        on: HoldOn,
        /// Why.
        text: String,
    },
    /// A task was done, or somebody took note of it.
    CompleteTask {
        /// Who.
        participant: ParticipantId,
        /// Which.
        task: InstanceId,
        /// What was done.
        text: String,
    },
    /// An independent rater filled in a rating.
    RecordRating {
        /// The opaque request.
        request: InstanceId,
        /// Which form.
        form: FormId,
        /// Answers by item.
        values: BTreeMap<FieldId, Value>,
        /// What the participant let slip, if anything.
        disclosure: Disclosure,
    },
    /// A rating did not take place.
    RecordRatingMissed {
        /// The opaque request.
        request: InstanceId,
        /// Why.
        text: String,
    },
}

/// What is asked to be allowed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Authorisation {
    /// Book or move an appointment.
    BookVisit {
        /// Who.
        participant: ParticipantId,
        /// Which visit.
        visit: VisitId,
        /// When.
        starts: Timestamp,
        /// How.
        mode: VisitMode,
    },
    /// Gate 1.
    Enrol {
        /// Who.
        participant: ParticipantId,
    },
    /// Gate 2.
    ConfirmEnrolment {
        /// Who.
        participant: ParticipantId,
    },
    /// Screening starts again after a failure.
    Rescreen {
        /// Who.
        participant: ParticipantId,
    },
    /// Assign an arm.
    Randomise {
        /// Who.
        participant: ParticipantId,
    },
    /// Order a dose for one session.
    OrderDose {
        /// Who.
        participant: ParticipantId,
        /// Session number.
        session: u8,
        /// Level.
        level: LevelId,
        /// Why another level than the planned.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        level_reason: Option<String>,
    },
    /// Take the session's containers out of the safe.
    ReleaseContainers {
        /// Who.
        participant: ParticipantId,
        /// Session number.
        session: u8,
    },
    /// Allow the first dose to be swallowed.
    AuthoriseDose {
        /// Who.
        participant: ParticipantId,
        /// Session number.
        session: u8,
        /// The container in hand.
        container: ContainerId,
    },
    /// Allow the supplement to be opened.
    AuthoriseSupplement {
        /// Who.
        participant: ParticipantId,
        /// Session number.
        session: u8,
        /// The container in hand.
        container: ContainerId,
        /// The participant says yes.
        wished: bool,
        /// The physician's reason, where the study asks for one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        physician_reason: Option<String>,
    },
    /// Let the participant leave.
    Discharge {
        /// Who.
        participant: ParticipantId,
        /// Session number.
        session: u8,
    },
    /// Close a session's record.
    CloseSession {
        /// Who.
        participant: ParticipantId,
        /// Session number.
        session: u8,
    },
    /// The participant moves to another site.
    TransferParticipant {
        /// Who.
        participant: ParticipantId,
        /// Where to.
        to: SiteId,
    },
    /// The participant moves to another version of the study.
    MoveVersion {
        /// Who.
        participant: ParticipantId,
        /// Which.
        to: StudyHash,
    },
    /// Ask for a blinded rating.
    RequestRating {
        /// Who.
        participant: ParticipantId,
        /// For which visit.
        visit: VisitId,
    },
    /// Take a rating from the pool.
    TakeRating {
        /// The opaque request.
        request: InstanceId,
    },
    /// Close the record of somebody who has done everything.
    CompleteParticipation {
        /// Who.
        participant: ParticipantId,
    },
    /// Erase name, contacts and documents of somebody who declined, or who withdrew consent and asks for it. The record
    /// itself stays whole.
    EraseIdentity {
        /// Who.
        participant: ParticipantId,
    },
    /// Open one participant's allocation in an emergency.
    BreakCode {
        /// Who.
        participant: ParticipantId,
    },
    /// Make a study version the current one.
    AdoptStudy {
        /// Its hash.
        study: StudyHash,
    },
    /// Open a site of the study.
    OpenSite {
        /// Which.
        site: SiteId,
    },
    /// Let a site enrol.
    ActivateSite {
        /// Which.
        site: SiteId,
    },
    /// Stop a site from enrolling.
    CloseSite {
        /// Which.
        site: SiteId,
    },
    /// Change a site's enrolment cap.
    SetCap {
        /// Which.
        site: SiteId,
        /// The cap; none for no cap.
        cap: Option<u32>,
    },
    /// Bind the sealed allocation list to the trial.
    LoadAllocation {
        /// Hash over the sealed rows.
        commitment: String,
        /// Rows in the list.
        rows: u32,
    },
    /// Give a role in the whole trial.
    GrantRole {
        /// To whom.
        staff: StaffId,
        /// Which.
        role: RoleId,
    },
    /// Delegate a role at a site.
    Delegate {
        /// Where.
        site: SiteId,
        /// To whom.
        staff: StaffId,
        /// Which.
        role: RoleId,
        /// First day.
        from: Date,
        /// Last day; none for open.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Date>,
        /// Whom they cover for, if it is a cover.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        covers: Option<StaffId>,
    },
    /// Let quarantined containers be used.
    AcceptContainers {
        /// Where.
        site: SiteId,
        /// Which.
        containers: Vec<ContainerId>,
    },
    /// Destroy containers.
    DestroyContainers {
        /// Where.
        site: SiteId,
        /// Which.
        containers: Vec<ContainerId>,
        /// How.
        method: String,
        /// Number of the record of destruction, where the study has a form for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        record: Option<String>,
    },
    /// Sign an order form for containers.
    SignOrderForm {
        /// For which site.
        site: SiteId,
        /// The study's form.
        form: String,
        /// Number on the form.
        number: String,
        /// What is filled in.
        fields: BTreeMap<String, String>,
        /// What is ordered.
        lines: Vec<OrderLine>,
    },
    /// Send containers to another site.
    ShipContainers {
        /// From where.
        site: SiteId,
        /// Where to.
        to: SiteId,
        /// Number of the shipment.
        shipment: String,
        /// Which.
        containers: Vec<ContainerId>,
        /// Number of the seal on the box.
        seal: String,
        /// Number of the form for it, where the study has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<String>,
    },
    /// Close a difference: somebody who did not count says what it was.
    ResolveDiscrepancy {
        /// Where.
        site: SiteId,
        /// Which.
        discrepancy: InstanceId,
        /// What it was.
        cause: LossCause,
        /// How it came about, and what is done so that it does not come again.
        text: String,
    },
    /// Put back a container that was released and not used.
    ReturnToSafe {
        /// Where.
        site: SiteId,
        /// Which.
        container: ContainerId,
    },
    /// Freeze the analysis plan: before anybody sees the allocation.
    FreezePlan {
        /// Its hash.
        plan: String,
    },
    /// Lock the record; it opens the allocation for the analysis.
    LockRecord {},
    /// Open a locked record again.
    UnlockRecord {},
    /// End a hold.
    LiftHold {
        /// On what.
        on: HoldOn,
        /// Which.
        hold: InstanceId,
    },
}

/// What became of a visit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum VisitOutcome {
    /// The person came, or was called.
    Attended {
        /// How it was held.
        mode: VisitMode,
    },
    /// Everything of it is done.
    Completed {
        /// How long it took.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        minutes: Option<u32>,
    },
    /// Nobody came.
    NoShow,
    /// The appointment was cancelled.
    Cancelled {
        /// Why.
        reason: String,
    },
    /// It will not take place any more.
    Missed {
        /// Why.
        reason: String,
    },
}

/// How a try to reach somebody ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContactOutcome {
    /// Spoken to.
    Reached,
    /// A message was left.
    Voicemail,
    /// Nobody answered.
    NoAnswer,
    /// Would not speak.
    Refused,
    /// Through the contact person.
    ViaContact,
    /// A welfare check was asked for.
    WelfareCheck,
}

/// By which route somebody was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContactRoute {
    /// By telephone.
    Telephone,
    /// By a text message.
    Message,
    /// By electronic mail.
    Email,
    /// By letter.
    Letter,
    /// Through the person whom they named.
    ContactPerson,
    /// At their door, or at the site.
    InPerson,
}

/// What is known of a medicine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MedicineReport {
    /// Generic name.
    pub name: String,
    /// Dose, in words: "50 mg daily".
    pub dose: String,
    /// What for.
    pub indication: String,
    /// First day, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Date>,
    /// First day of the taper, if it is tapered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taper_started: Option<Date>,
    /// Day of the last dose, as the participant says; none while it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_dose: Option<Date>,
    /// Last day on which the dose changed, for medicines that may go on if stable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_change: Option<Date>,
    /// Taken as rescue during a session or taper.
    #[serde(default)]
    pub rescue: bool,
}

/// What is known of an adverse event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdverseEventReport {
    /// In the reporter's words.
    pub term: String,
    /// First day.
    pub onset: Date,
    /// Last day; none while it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Date>,
    /// How strong.
    pub severity: Severity,
    /// Grounds of seriousness; empty if not serious.
    #[serde(default)]
    pub serious: Vec<Seriousness>,
    /// Related to the medicine.
    pub related: Causality,
    /// Session after which it came, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<u8>,
    /// How it was for the participant: it never decides whether it is an adverse event.
    pub valence: Valence,
    /// Of special interest, and which kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub special_interest: Option<String>,
    /// What became of it.
    pub outcome: AdverseEventOutcome,
    /// Tasks that asked whether something was an adverse event, which this answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<InstanceId>,
}

impl AdverseEventReport {
    /// Whether somebody died of it: said as its ground, or as what became of it.
    pub fn is_death(&self) -> bool {
        self.outcome == AdverseEventOutcome::Fatal || self.serious.contains(&Seriousness::Death)
    }

    /// Grounds of seriousness: those that were given, and death where it was fatal.
    pub fn grounds(&self) -> Vec<Seriousness> {
        let mut grounds = self.serious.clone();
        if self.is_death() && !grounds.contains(&Seriousness::Death) {
            grounds.push(Seriousness::Death);
        }
        grounds
    }

    /// Whether it is serious.
    pub fn is_serious(&self) -> bool {
        !self.serious.is_empty() || self.is_death()
    }
}

/// How strong an adverse event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// No limit on activity.
    Mild,
    /// Some limit.
    Moderate,
    /// Unable.
    Severe,
}

/// Why an adverse event is serious (ICH E2A).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Seriousness {
    /// Death.
    Death,
    /// Life-threatening.
    LifeThreatening,
    /// Hospitalisation, or a longer one.
    Hospitalisation,
    /// Disability.
    Disability,
    /// Congenital anomaly.
    CongenitalAnomaly,
    /// Otherwise medically important.
    Important,
}

/// Whether the medicine may have caused it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Causality {
    /// Not related.
    NotRelated,
    /// Unlikely.
    Unlikely,
    /// Possible.
    Possible,
    /// Probable.
    Probable,
    /// Definite.
    Definite,
}

/// How it was for the participant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Valence {
    /// Pleasant.
    Positive,
    /// Unpleasant.
    Negative,
    /// Neither.
    Neutral,
    /// Both.
    Mixed,
}

/// What became of an adverse event (ICH E2B).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AdverseEventOutcome {
    /// Recovered.
    Recovered,
    /// Recovering.
    Recovering,
    /// Not recovered.
    NotRecovered,
    /// Recovered with sequelae.
    Sequelae,
    /// Fatal.
    Fatal,
    /// Not known.
    Unknown,
}

/// How far a stop goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StopScope {
    /// No more doses; follow-up goes on.
    Treatment,
    /// The participant leaves the study: no more visits.
    Study,
    /// Consent is withdrawn.
    Consent,
    /// The investigator ends treatment; follow-up goes on.
    Discontinued,
    /// Nobody can reach them any more.
    LostToFollowUp,
    /// Died.
    Died,
}

/// In or out of the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Going {
    /// Came in.
    In,
    /// Went out.
    Out,
}

/// First dose or supplement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DosePart {
    /// First dose.
    Initial,
    /// Supplement.
    Supplement,
}

/// Where a participant goes after a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// Stays the night.
    Overnight,
    /// Home.
    Home,
    /// Hospital.
    Hospital,
}

/// Who goes with somebody who leaves. A name or a telephone number stands with the participant's contacts, apart from the
/// record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Escort {
    /// The adult who was named beforehand.
    Named,
    /// Another adult.
    Other,
    /// Somebody of the staff.
    Staff,
    /// An ambulance.
    Ambulance,
    /// Nobody.
    Nobody,
}

impl Escort {
    /// Its code, as it stands in the record.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Named => "named",
            Self::Other => "other",
            Self::Staff => "staff",
            Self::Ambulance => "ambulance",
            Self::Nobody => "nobody",
        }
    }
}

/// A container as it arrives. What it holds is not said here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContainerReport {
    /// Label number.
    pub container: ContainerId,
    /// First dose or supplement.
    pub part: DosePart,
    /// Level on the label.
    pub level: LevelId,
    /// Lot on the label.
    pub lot: String,
    /// Last day of use.
    pub expires: Date,
    /// Number of the seal on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<String>,
    /// Number of the kit or carton that it came in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kit: Option<String>,
    /// Pieces in it. Where nobody says, the label's level does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pieces: Option<u32>,
}

/// A line of an order form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderLine {
    /// First dose or supplement.
    pub part: DosePart,
    /// Level on the label.
    pub level: LevelId,
    /// Containers.
    pub containers: u32,
}

/// What a logger says of a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TemperatureReading {
    /// When.
    pub at: Timestamp,
    /// How warm, °C.
    pub celsius: Decimal,
}

/// The safe opened, or shut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SafeGoing {
    /// Opened.
    Opened,
    /// Shut, locked and sealed.
    Shut,
}

/// What became of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ContainerFact {
    /// Set aside.
    Quarantined {
        /// Why.
        reason: String,
    },
    /// Broken or spoilt.
    Damaged {
        /// How.
        reason: String,
    },
    /// Not found.
    Missing,
    /// Stored too warm or too cold.
    TemperatureExcursion {
        /// Warmest or coldest, °C.
        celsius: Decimal,
    },
    /// The emptied or partly used container came back to the safe.
    CameBack {
        /// Pieces still in it.
        pieces: u32,
        /// Number of the seal that it was put away under.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seal: Option<String>,
    },
    /// It was opened, nothing of it was swallowed, and it is back in the safe.
    Refused {
        /// Pieces in it.
        pieces: u32,
        /// Why.
        reason: String,
    },
    /// Pieces of it were spoilt: dropped, broken, vomited. They are kept to be destroyed.
    Wasted {
        /// How many.
        pieces: u32,
        /// How.
        reason: String,
    },
    /// One that was missing was found.
    Found {
        /// Where.
        place: String,
    },
    /// Sent back to the depot.
    ReturnedOut {
        /// Number of the consignment.
        consignment: String,
    },
    /// Called back by its maker.
    Recalled {
        /// Why.
        reason: String,
    },
}

/// On what a hold lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum HoldOn {
    /// The whole trial.
    Trial,
    /// A site.
    Site {
        /// Which.
        site: SiteId,
    },
    /// A participant.
    Participant {
        /// Who.
        participant: ParticipantId,
    },
}

/// What a rater learnt that they should not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Disclosure {
    /// Nothing.
    Nothing,
    /// A hint at the arm.
    ArmHint,
    /// What happened in sessions.
    SessionContent,
    /// Which visit it was.
    VisitNumber,
}

/// The JSON Schema of [`Request`], for those who write commands from outside.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Request).to_value()
}
