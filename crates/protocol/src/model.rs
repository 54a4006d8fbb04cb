//! A study as data: what its files say, after reading and checking.
//!
//! Everything here is serialisable in a stable order, because a study version is named by the hash of this
//! structure. Nothing here decides anything: the rules that use these values live in `conduct`.

pub use crate::analysis::{
    AnalysisPlan, AnalysisSet, BodySystem, Compares, CovarianceName, DegreesName, Endpoint, Estimand, EventRule,
    EventStrategy, GuessPlan, IntercurrentEvent, ModelPlan, MultiplicityName, Published, PublishedStatus, ReportPart,
    Responder, Sensitivity, SensitivityMethod, Variable, WeightsName,
};
use crate::expression::Expression;
pub use crate::people::{CertificateKind, NeededFrom, RelationKind};
pub use crate::places::Places;
pub use crate::planning::{
    BetterWord, MechanismWord, Planning, PlanningAccrual, PlanningArm, PlanningBaseline, PlanningCovariate,
    PlanningDropout, PlanningLooks, SpendingWord,
};
pub use crate::room::{
    AlarmLevel, AlarmRule, CodeMeaning, Contact, DistressPlan, EmergencyCard, FluidPlan, NightPlan, Phase,
    PresenceStep, RoomPlan, SiteContact, TouchPlan,
};
pub use crate::stock::{Calendar, FieldSource, LossCause, StockField, StockForm, StockPlan, StockUse, Term};
use jiff::civil::Date;
use serde::Serialize;
use std::collections::BTreeMap;
use terms::{
    ArmId, CheckId, CriterionId, Decimal, EpochId, FieldId, FormId, LevelId, Milligrams, RoleId, SiteId, Source,
    VisitId,
};

/// One version of one study.
#[derive(Debug, Clone, Serialize)]
pub struct Study {
    /// Short name, as in the folder: `reference-mapp2`.
    pub id: String,
    /// Title, in words.
    pub title: String,
    /// The sponsor's own version label: `1.0`.
    pub version: String,
    /// What the study is about, one paragraph.
    pub summary: String,
    /// Where the design comes from.
    pub source: Source,
    /// Randomised or open.
    pub design: Design,
    /// What this version changes in an earlier one, where it is an amendment.
    pub amendment: Option<Amendment>,
    /// Roles and what each may do.
    pub roles: Vec<Role>,
    /// Arms, one for an open programme.
    pub arms: Vec<Arm>,
    /// Sites as planned; they are opened by an act.
    pub sites: Vec<Site>,
    /// Epochs in order.
    pub epochs: Vec<Epoch>,
    /// Visits in order.
    pub visits: Vec<Visit>,
    /// The schedule of activities: rows; columns are the visits.
    pub activities: Vec<Activity>,
    /// Forms, instruments among them.
    pub forms: Vec<Form>,
    /// Eligibility criteria in protocol order.
    pub criteria: Vec<Criterion>,
    /// The decisions that criteria feed.
    pub gates: Vec<Gate>,
    /// Medicines: classes, washouts, what may go on.
    pub medication: MedicationPlan,
    /// Consent versions, items and comprehension questions.
    pub consent: ConsentPlan,
    /// Doses, levels, intervals, supplement.
    pub dose: DosePlan,
    /// The dosing day: checks, presence, vitals, discharge.
    pub session: SessionPlan,
    /// What counts as a deviation, and its class.
    pub deviations: Vec<DeviationRule>,
    /// Clocks and who they bind.
    pub clocks: Vec<Clock>,
    /// Approvals that must be in date before any dose (licensed practice).
    pub approvals: Vec<ApprovalRule>,
    /// Licences and trainings that staff must hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<CertificateKind>,
    /// How two members of staff may be related.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub relations: Vec<RelationKind>,
    /// Follow-up: tries, silence, what goes on after treatment stops.
    pub follow_up: FollowUpPlan,
    /// How long what no clock bounds may take.
    #[serde(skip_serializing_if = "DuePlan::is_empty")]
    pub due: DuePlan,
    /// How the drug is kept, ordered, counted and reported on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stock: Option<StockPlan>,
    /// The analysis plan.
    pub analysis: AnalysisPlan,
    /// What is assumed when the trial is planned by simulation. No part of the version: it changes nothing that is done.
    #[serde(skip)]
    pub planning: Option<Planning>,
    /// Where its parts stand, by id. No part of the version.
    #[serde(skip)]
    pub places: Places,
}

impl Study {
    /// The visit with this id.
    pub fn visit(&self, id: &str) -> Option<&Visit> {
        self.places.visit(self, id)
    }
    /// The form with this id.
    pub fn form(&self, id: &str) -> Option<&Form> {
        self.places.form(self, id)
    }
    /// The role with this id.
    pub fn role(&self, id: &str) -> Option<&Role> {
        self.places.role(self, id)
    }
    /// The dosing session with this number, from 1.
    pub fn session(&self, number: u8) -> Option<&DoseSession> {
        self.dose.sessions.iter().find(|session| session.number == number)
    }
    /// The dose level with this id.
    pub fn level(&self, id: &str) -> Option<&DoseLevel> {
        self.dose.levels.iter().find(|level| level.id == *id)
    }
    /// The site as planned.
    pub fn site(&self, id: &str) -> Option<&Site> {
        self.sites.iter().find(|site| site.id == *id)
    }
    /// The consent version with this label.
    pub fn consent_version(&self, label: &str) -> Option<&ConsentVersion> {
        self.consent.versions.iter().find(|version| version.version == label)
    }
    /// The activities of a visit, in the schedule's order.
    pub fn activities_at<'a>(&'a self, visit: &'a str) -> impl Iterator<Item = (&'a Activity, Requirement)> {
        self.activities.iter().filter_map(move |activity| activity.at.get(visit).map(|need| (activity, *need)))
    }
    /// The kind of certificate with this id.
    pub fn certificate(&self, id: &str) -> Option<&CertificateKind> {
        self.certificates.iter().find(|kind| kind.id == id)
    }
    /// How many of the carers in the room must hold a licence: as the study says, or one where it knows licences at all.
    pub fn licensed_min(&self) -> u32 {
        let known = self.certificates.iter().any(|kind| kind.licensed);
        self.session.presence.licensed_min.unwrap_or(u32::from(known))
    }
    /// The deviation rule for a trigger.
    pub fn deviation(&self, trigger: Trigger) -> Option<&DeviationRule> {
        self.deviations.iter().find(|rule| rule.trigger == trigger)
    }
}

/// How treatment is given out.
#[derive(Debug, Clone, Serialize)]
pub struct Design {
    /// Who is blind.
    pub masking: Masking,
    /// How an arm is assigned.
    pub assignment: Assignment,
    /// People to randomise or treat; enrolment stops there.
    pub participants_planned: u32,
    /// Where it comes from.
    pub source: Source,
}

/// Who does not know what is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Masking {
    /// Everybody knows.
    Open,
    /// Participant, site staff, raters and sponsor's operations are blind.
    DoubleBlind,
}

/// How an arm is assigned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Assignment {
    /// Permuted blocks, in strata.
    Randomised {
        /// What the strata are; only `site` is built in.
        strata: Vec<String>,
        /// Sizes of blocks, each a multiple of the sum of the arms' ratios; mixed at random.
        block_sizes: Vec<u32>,
    },
    /// Everybody gets the one arm.
    OpenLabel,
}

/// What an amendment changes and whom it asks to consent again.
#[derive(Debug, Clone, Serialize)]
pub struct Amendment {
    /// The version label that it amends.
    pub amends: String,
    /// In words.
    pub summary: String,
    /// Who must consent again before being moved.
    pub reconsent: Reconsent,
}

/// Who must consent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reconsent {
    /// Nobody.
    None,
    /// People who have not had their last dosing session.
    InTreatment,
    /// Everybody who is still in the study.
    All,
}

/// A role of the study and what it may do.
#[derive(Debug, Clone, Serialize)]
pub struct Role {
    /// Id: `nurse`.
    pub id: RoleId,
    /// Title on pages: "Nurse".
    pub title: String,
    /// Must never learn an allocation.
    pub blinded: bool,
    /// Acts that this role may do.
    pub duties: Vec<Duty>,
    /// Bound to a site, or to the whole trial.
    pub scope: RoleScope,
    /// Where it comes from.
    pub source: Source,
}

/// Where a role acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleScope {
    /// At the sites of its delegations.
    Site,
    /// In the whole trial.
    Trial,
    /// For themselves.
    Own,
}

/// One kind of act that a person may be allowed to do. The list is closed: the rules know each.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// Take enquiries, pre-screen, book appointments, follow up.
    Coordinate,
    /// Take consent.
    TakeConsent,
    /// Record forms, visits, medicines, notes, adverse events.
    RecordData,
    /// Decide eligibility, enrol, confirm, stop treatment.
    DecideEligibility,
    /// Assign an arm.
    Randomise,
    /// Order a dose, agree to a supplement, sign the day's go.
    Prescribe,
    /// Carry the therapy; be one of the carers.
    Facilitate,
    /// Lead the therapy pair.
    LeadSession,
    /// Nurse in the room: vitals, administration.
    Nurse,
    /// Hand containers out of the safe and take stock in.
    DispenseDrug,
    /// Be the second person at the safe.
    WitnessDrug,
    /// Rate outcomes, blind.
    RateOutcomes,
    /// Read records at sites, raise findings.
    Monitor,
    /// Judge medical questions for the sponsor; sign gates.
    MonitorMedically,
    /// Look after data for the sponsor.
    ManageData,
    /// Delegate staff, sign the site's records.
    LeadSite,
    /// Open sites, load studies and allocation, set caps.
    AdministerTrial,
    /// Break the code in an emergency.
    BreakCode,
    /// Read everything that the blind allows, write nothing.
    Inspect,
    /// Watch at night.
    AttendNight,
    /// Answer for oneself.
    Participate,
}

impl Duty {
    /// Every duty, in the order of the list.
    pub const ALL: [Self; 21] = [
        Self::Coordinate,
        Self::TakeConsent,
        Self::RecordData,
        Self::DecideEligibility,
        Self::Randomise,
        Self::Prescribe,
        Self::Facilitate,
        Self::LeadSession,
        Self::Nurse,
        Self::DispenseDrug,
        Self::WitnessDrug,
        Self::RateOutcomes,
        Self::Monitor,
        Self::MonitorMedically,
        Self::ManageData,
        Self::LeadSite,
        Self::AdministerTrial,
        Self::BreakCode,
        Self::Inspect,
        Self::AttendNight,
        Self::Participate,
    ];

    /// The duty's name in study files and on pages: `take_consent`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Coordinate => "coordinate",
            Self::TakeConsent => "take_consent",
            Self::RecordData => "record_data",
            Self::DecideEligibility => "decide_eligibility",
            Self::Randomise => "randomise",
            Self::Prescribe => "prescribe",
            Self::Facilitate => "facilitate",
            Self::LeadSession => "lead_session",
            Self::Nurse => "nurse",
            Self::DispenseDrug => "dispense_drug",
            Self::WitnessDrug => "witness_drug",
            Self::RateOutcomes => "rate_outcomes",
            Self::Monitor => "monitor",
            Self::MonitorMedically => "monitor_medically",
            Self::ManageData => "manage_data",
            Self::LeadSite => "lead_site",
            Self::AdministerTrial => "administer_trial",
            Self::BreakCode => "break_code",
            Self::Inspect => "inspect",
            Self::AttendNight => "attend_night",
            Self::Participate => "participate",
        }
    }
}

/// An arm. Which drug it gets is known to the sealed service alone once the trial runs.
#[derive(Debug, Clone, Serialize)]
pub struct Arm {
    /// Id: `mdma`.
    pub id: ArmId,
    /// Title.
    pub title: String,
    /// What its containers hold: `active` or `placebo`.
    pub content: Content,
    /// Share in the allocation ratio.
    pub ratio: u32,
    /// Where it comes from.
    pub source: Source,
}

/// What a container holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// The drug.
    Active,
    /// Identical capsules without it.
    Placebo,
}

/// A site as planned.
#[derive(Debug, Clone, Serialize)]
pub struct Site {
    /// Id: `S01`.
    pub id: SiteId,
    /// Name.
    pub name: String,
    /// ISO 3166 country code.
    pub country: String,
    /// IANA time zone: days at the site are counted in it.
    pub time_zone: String,
    /// Languages that the site can work in.
    pub languages: Vec<String>,
    /// Enrolment cap; `None` for no cap.
    pub cap: Option<u32>,
    /// Numbers of those who are called in an emergency, here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<SiteContact>,
    /// Where it comes from.
    pub source: Source,
}

/// A stretch of the study.
#[derive(Debug, Clone, Serialize)]
pub struct Epoch {
    /// Id: `screening`.
    pub id: EpochId,
    /// Title.
    pub title: String,
    /// Where it comes from.
    pub source: Source,
}

/// What kind of meeting a visit is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum VisitKind {
    /// Screening.
    Screening,
    /// Preparation session.
    Preparation,
    /// Baseline: outcome, confirmation, assignment.
    Baseline,
    /// Dosing session.
    Dosing,
    /// Integration session.
    Integration,
    /// Safety or taper call.
    Call,
    /// Outcome rating by an independent rater.
    Rating,
    /// End of treatment or termination visit.
    Termination,
    /// Early termination: only for people who stop.
    EarlyTermination,
    /// Long-term follow-up.
    FollowUp,
    /// Not planned; may happen at any time, any number of times.
    Unscheduled,
}

/// What a visit's window is counted from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// The day consent was given.
    Consent,
    /// The day of enrolment (gate 1).
    Enrolment,
    /// The first taper step.
    Taper,
    /// The day enrolment was confirmed (gate 2).
    Confirmation,
    /// The day treatment was stopped early.
    Stop,
    /// The day another visit happened; for a dosing visit, the day of its first capsule.
    Visit(VisitId),
}

/// A visit of the schedule.
#[derive(Debug, Clone, Serialize)]
pub struct Visit {
    /// Id: `V9`.
    pub id: VisitId,
    /// Name.
    pub name: String,
    /// Outcome time point: `T2`, where it is one.
    pub time_point: Option<String>,
    /// Kind of meeting.
    pub kind: VisitKind,
    /// The epoch that it belongs to.
    pub epoch: EpochId,
    /// What its days are counted from; `None` for unscheduled.
    pub anchor: Option<Anchor>,
    /// Planned day, counted from the anchor.
    pub target_days: i32,
    /// First and last day of the window, counted from the anchor, inclusive.
    pub window: Window,
    /// Visits that must have happened, or been recorded as missed, before this one.
    pub after: Vec<VisitId>,
    /// Where it may be held.
    pub mode: VisitMode,
    /// Shortest duration, in minutes; `None` where none is asked.
    pub minutes_min: Option<u32>,
    /// Roles that hold it.
    pub roles: Vec<RoleId>,
    /// Dosing session number, for dosing visits.
    pub session: Option<u8>,
    /// Goes on when treatment has stopped.
    pub after_stop: bool,
    /// Not everybody has it; being without it is no deviation.
    pub optional: bool,
    /// Therapy is given (so it may not fall into the primary window).
    pub therapy: bool,
    /// Repeats every so many days until the next epoch starts (taper calls).
    pub repeats_every_days: Option<u32>,
    /// Where it comes from.
    pub source: Source,
}

/// Days from an anchor, inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Window {
    /// First day.
    pub opens: i32,
    /// Last day.
    pub closes: i32,
}

/// Where a visit may be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VisitMode {
    /// At the site.
    OnSite,
    /// By video or phone.
    Remote,
    /// Either.
    Either,
    /// By phone.
    Phone,
}

/// A row of the schedule of activities.
#[derive(Debug, Clone, Serialize)]
pub struct Activity {
    /// Id: `cssrs`.
    pub id: String,
    /// Title as in the protocol's table.
    pub title: String,
    /// What is done.
    pub what: ActivityKind,
    /// At which visits, and whether required.
    pub at: BTreeMap<VisitId, Requirement>,
    /// Where it comes from.
    pub source: Source,
}

/// What an activity consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivityKind {
    /// A form is filled in.
    Form(FormId),
    /// Consent is taken or reaffirmed.
    Consent,
    /// A gate is decided.
    Gate(u8),
    /// An arm is assigned.
    Assignment,
    /// The dosing session itself.
    Dosing,
    /// Concomitant medication is reviewed.
    Medication,
    /// Adverse events are asked about.
    AdverseEvents,
    /// The therapy session itself: done when the visit is.
    Session,
    /// Containers are reconciled.
    Accountability,
}

/// How strongly an activity is asked for at a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Requirement {
    /// Always.
    Required,
    /// Where indicated.
    IfIndicated,
}

/// A form.
#[derive(Debug, Clone, Serialize)]
pub struct Form {
    /// Id: `physical_exam`; of an instrument form, the instrument's id unless it is given twice.
    pub id: FormId,
    /// Title.
    pub title: String,
    /// The instrument that it carries: its items are the fields and it is scored.
    pub instrument: Option<String>,
    /// Recall period of this administration, where it differs from the instrument's.
    pub recall: Option<String>,
    /// May be filled in several times at one visit.
    pub repeats: bool,
    /// Fields in order; for an instrument, fields beside its items.
    pub fields: Vec<Field>,
    /// Edit checks over the fields.
    pub checks: Vec<EditCheck>,
    /// Who fills it in.
    pub completed_by: Vec<RoleId>,
    /// Roles that may not see it (nor its scores).
    pub hidden_from: Vec<RoleId>,
    /// Days that its answers stay good for eligibility; `None` for ever.
    pub valid_days: Option<u32>,
    /// Where it comes from.
    pub source: Source,
}

/// A field of a form or of a check.
#[derive(Debug, Clone, Serialize)]
pub struct Field {
    /// Id within the form.
    pub id: FieldId,
    /// Label.
    pub label: String,
    /// How to answer it, where that needs saying.
    pub hint: Option<String>,
    /// Kind of answer.
    pub kind: FieldKind,
    /// Must be answered (or given a reason).
    pub required: bool,
}

/// Kinds of answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum FieldKind {
    /// A whole number.
    Integer {
        /// Smallest plausible.
        min: i64,
        /// Largest plausible.
        max: i64,
        /// Unit, empty for counts.
        unit: String,
    },
    /// A number with up to three decimals.
    Decimal {
        /// Smallest plausible.
        min: Decimal,
        /// Largest plausible.
        max: Decimal,
        /// Unit.
        unit: String,
    },
    /// Yes or no.
    YesNo,
    /// One of a list.
    Choice {
        /// Codes and labels.
        options: Vec<ChoiceOption>,
    },
    /// A calendar day.
    Date,
    /// A time of day.
    Time,
    /// Free text.
    Text {
        /// Longest allowed, in characters.
        max_length: u32,
    },
}

/// One choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChoiceOption {
    /// Code that is stored.
    pub code: String,
    /// Label that is shown.
    pub label: String,
}

/// A check over the answers of one form. A fact is never refused by it: it raises a question.
#[derive(Debug, Clone, Serialize)]
pub struct EditCheck {
    /// Id within the form.
    pub id: String,
    /// True when the answers are in order. Field names of the form stand alone.
    pub check: Expression,
    /// The question to ask when they aren't.
    pub message: String,
    /// Where it comes from.
    pub source: Source,
}

/// An eligibility criterion. It is `met` when the requirement holds, also for an exclusion.
#[derive(Debug, Clone, Serialize)]
pub struct Criterion {
    /// Id: `E17`.
    pub id: CriterionId,
    /// Inclusion or exclusion.
    pub kind: CriterionKind,
    /// In words.
    pub text: String,
    /// Over form fields, scores and derived facts. Inclusion: true when it is met. Exclusion: true when the
    /// person is to be excluded.
    pub check: Expression,
    /// Who finds it.
    pub judged: Judged,
    /// Gates at which it is asked (1, 2), and 0 for "before each dosing session".
    pub gates: Vec<u8>,
    /// Where it comes from.
    pub source: Source,
}

/// Inclusion or exclusion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CriterionKind {
    /// Must be true.
    Inclusion,
    /// Must be false.
    Exclusion,
}

/// Who finds whether a criterion holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Judged {
    /// Computed from data.
    Auto,
    /// Somebody attests it on a form.
    Attest,
    /// Clinical judgement on a form; the gate needs the medical monitor's countersignature.
    Judge,
}

/// A decision that opens the next epoch.
#[derive(Debug, Clone, Serialize)]
pub struct Gate {
    /// 1 enrolment, 2 confirmation.
    pub number: u8,
    /// Title.
    pub title: String,
    /// Roles that may decide it.
    pub decided_by: Vec<RoleId>,
    /// Role that countersigns it, if any: a second authentication at the decision.
    pub countersigned_by: Option<RoleId>,
    /// Visits that must be complete.
    pub needs_visits: Vec<VisitId>,
    /// All washouts must be complete.
    pub needs_washout: bool,
    /// Days from consent within which it must be decided; `None` for no limit.
    pub within_days_of_consent: Option<u32>,
    /// May be tried again after a failure, this many times.
    pub retries: u32,
    /// Days before a decision of this gate expires for dosing; `None` never.
    pub valid_days: Option<u32>,
    /// Where it comes from.
    pub source: Source,
}

/// Medicines and washouts.
#[derive(Debug, Clone, Serialize)]
pub struct MedicationPlan {
    /// Half-lives to wait.
    pub half_lives: u32,
    /// Days added after them.
    pub plus_days: u32,
    /// Where the rule comes from.
    pub source: Source,
    /// Classes.
    pub classes: Vec<MedicineClass>,
}

/// A class of medicines and what the study asks of it.
#[derive(Debug, Clone, Serialize)]
pub struct MedicineClass {
    /// Id: `ssri`.
    pub id: String,
    /// Title.
    pub title: String,
    /// What is asked.
    pub rule: MedicineRule,
    /// Must be tapered, not stopped at once.
    pub taper: bool,
    /// Medicines in it.
    pub medicines: Vec<Medicine>,
    /// Why.
    pub reason: String,
    /// Where it comes from.
    pub source: Source,
}

/// What is asked of a class of medicines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum MedicineRule {
    /// Stopped at least so long before baseline and dosing.
    Washout {
        /// Floor in days for every medicine of the class; the half-life rule may ask for more.
        days_min: u32,
    },
    /// Never within the study, and stopped so long before.
    Prohibited {
        /// Days since the last dose.
        days_min: u32,
    },
    /// Allowed, but not within so many hours before a dose.
    Rescue {
        /// Hours before the dose.
        hours_before_dose: u32,
    },
    /// May go on if stable for so many days.
    Stable {
        /// Days without a change.
        days: u32,
    },
    /// May go on.
    Allowed,
}

/// A medicine.
#[derive(Debug, Clone, Serialize)]
pub struct Medicine {
    /// Generic name, lower case.
    pub name: String,
    /// Longest half-life of drug and active metabolites, hours.
    pub half_life_hours: Option<Decimal>,
    /// Days that override the computed washout, with the reason in the class's source.
    pub days: Option<u32>,
}

/// Consent: versions and what must be ticked.
#[derive(Debug, Clone, Serialize)]
pub struct ConsentPlan {
    /// Versions, oldest first; the last is current.
    pub versions: Vec<ConsentVersion>,
    /// Where it comes from.
    pub source: Source,
}

/// One version of the consent text.
#[derive(Debug, Clone, Serialize)]
pub struct ConsentVersion {
    /// Label: `1`.
    pub version: String,
    /// File of the text, relative to the study.
    pub file: String,
    /// SHA-256 of the text, so that what was signed can be shown.
    pub text_sha256: String,
    /// The text itself, Markdown. Not part of the meaning's hash: its hash is.
    #[serde(skip)]
    pub text: String,
    /// Things agreed to one by one.
    pub items: Vec<ConsentItem>,
    /// Comprehension questions.
    pub questions: Vec<ComprehensionQuestion>,
    /// Questions that must be right.
    pub pass_mark: u32,
}

/// One thing agreed to.
#[derive(Debug, Clone, Serialize)]
pub struct ConsentItem {
    /// Id: `recording`.
    pub id: String,
    /// In words.
    pub text: String,
    /// Consent is not valid without it.
    pub required: bool,
}

/// A comprehension question with its right answer.
#[derive(Debug, Clone, Serialize)]
pub struct ComprehensionQuestion {
    /// Id.
    pub id: String,
    /// The statement, to be called true or false.
    pub text: String,
    /// Whether it is true.
    pub answer: bool,
}

/// Doses.
#[derive(Debug, Clone, Serialize)]
pub struct DosePlan {
    /// What is given, with its salt.
    pub medicine: String,
    /// Sessions in order.
    pub sessions: Vec<DoseSession>,
    /// Levels.
    pub levels: Vec<DoseLevel>,
    /// Most in one session, initial and supplement together.
    pub session_max_mg: Milligrams,
    /// Least days between two sessions.
    pub interval_days_min: u32,
    /// Days after which a session is a deviation.
    pub interval_days_max: u32,
    /// Days after which eligibility must be confirmed again.
    pub reconfirm_after_days: u32,
    /// Longest time from the safe to the swallow, minutes.
    pub open_to_swallow_minutes: u32,
    /// Vomiting within so many minutes is recorded, never re-dosed.
    pub vomit_minutes: u32,
    /// The supplement, where the study has one.
    pub supplement: Option<SupplementPlan>,
    /// Where it comes from.
    pub source: Source,
}

/// A dosing session of the plan.
#[derive(Debug, Clone, Serialize)]
pub struct DoseSession {
    /// From 1.
    pub number: u8,
    /// Its visit.
    pub visit: VisitId,
    /// Levels that may be ordered.
    pub levels: Vec<LevelId>,
    /// The level that is ordered unless there is a reason.
    pub level_default: LevelId,
    /// Where it comes from.
    pub source: Source,
}

/// A dose level.
#[derive(Debug, Clone, Serialize)]
pub struct DoseLevel {
    /// Id: `80+40`.
    pub id: LevelId,
    /// Initial dose.
    pub initial_mg: Milligrams,
    /// Supplement; nothing where the study has none.
    pub supplement_mg: Milligrams,
    /// Pieces (capsules) in the initial container.
    pub initial_pieces: u32,
    /// Pieces in the supplement container.
    pub supplement_pieces: u32,
    /// Where it comes from.
    pub source: Source,
}

/// When a supplement may be given.
#[derive(Debug, Clone, Serialize)]
pub struct SupplementPlan {
    /// Minutes after the first swallow.
    pub opens_minutes: u32,
    /// Last minute, inclusive.
    pub closes_minutes: u32,
    /// After this minute the physician must give a reason; `None` where never.
    pub reason_after_minutes: Option<u32>,
    /// Oldest vitals that count, minutes.
    pub vitals_fresh_minutes: u32,
    /// Which breach blocks it.
    pub block_on: BlockOn,
    /// Two readings below amber so many minutes apart lift an amber block, with the physician's agreement.
    pub lift_after_minutes: u32,
    /// Where it comes from.
    pub source: Source,
}

/// Which breach of a limit blocks the supplement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BlockOn {
    /// Amber or red.
    Amber,
    /// Red only.
    Red,
}

/// The dosing day.
#[derive(Debug, Clone, Serialize)]
pub struct SessionPlan {
    /// Checks before the dose, in order.
    pub checks: Vec<Check>,
    /// Who must be there.
    pub presence: PresencePlan,
    /// When vitals are taken.
    pub vitals: Vec<VitalsSlot>,
    /// What is measured.
    pub measures: Vec<Measure>,
    /// Limits and what each breach asks for.
    pub limits: Vec<Limit>,
    /// Leaving.
    pub discharge: DischargePlan,
    /// The night.
    pub overnight: Overnight,
    /// Codes of the timeline.
    pub codes: Vec<TimelineCode>,
    /// Codes for not giving the supplement.
    pub supplement_refusals: Vec<ChoiceOption>,
    /// What is asked, watched and answered in the room beside.
    pub room: RoomPlan,
    /// Where it comes from.
    pub source: Source,
}

/// A check of the day.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// Id: `pressure`.
    pub id: CheckId,
    /// The dossier's id, printed as an alias: `C12`.
    pub alias: Option<String>,
    /// The rule as a sentence: "Pressure at most 140/90 mmHg".
    pub sentence: String,
    /// What is recorded.
    pub fields: Vec<Field>,
    /// True when the answers clear the check; its fields stand alone.
    pub pass: Expression,
    /// Asked only when this is true of the participant; `None` always.
    pub applies: Option<Expression>,
    /// Duties that may do it.
    pub by: Vec<Duty>,
    /// Minutes that it stays good, up to the swallow; `None`: the site's calendar day.
    pub fresh_minutes: Option<u32>,
    /// What happens when it is not cleared.
    pub failing: Failing,
    /// What to do when it was not done or is too old.
    pub remedy_missing: String,
    /// What to do when it fails.
    pub remedy_failed: String,
    /// It is a signature: the person proves themselves again.
    pub signed: bool,
    /// Minutes of rest before it is done again after it failed; sooner doesn't clear.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat_minutes: Option<u32>,
    /// After so many failures on the day it clears no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failures_max: Option<u32>,
    /// A C-SSRS or other form that is filled in with it, whose record is demanded as well.
    pub form: Option<FormId>,
    /// Where it comes from.
    pub source: Source,
}

/// What a failing check does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Failing {
    /// The dose is refused.
    Refuse,
    /// The prescriber may clear it with a reason.
    Prescriber,
    /// It is shown and recorded, nothing more.
    Warn,
}

/// Who must be there.
#[derive(Debug, Clone, Serialize)]
pub struct PresencePlan {
    /// Carers checked in before a dose.
    pub carers_min: u32,
    /// Carers in the room at any time.
    pub in_room_min: u32,
    /// Longest time below `carers_min`, minutes.
    pub gap_minutes_max: u32,
    /// Nurses in the room before a dose.
    pub nurses_min: u32,
    /// Carers who must hold `lead_session`.
    pub leads_min: u32,
    /// Delegations must last so many minutes beyond the dose.
    pub delegation_minutes: u32,
    /// Two proofs of one act lie at most so far apart, minutes.
    pub together_minutes: u32,
    /// Carers with a licence among those who are there before a dose; `None`: see [`Study::licensed_min`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licensed_min: Option<u32>,
    /// Whether people who are related may be the only ones with the participant at a dose.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub related_alone: bool,
    /// Where it comes from.
    pub source: Source,
}

/// A measurement that is due.
#[derive(Debug, Clone, Serialize)]
pub struct VitalsSlot {
    /// Id: `V-d`.
    pub id: String,
    /// Minutes from the first swallow; negative before it.
    pub offset_minutes: i32,
    /// Minutes early or late that still count.
    pub within_minutes: u32,
    /// Measures to take.
    pub measures: Vec<String>,
    /// The reading that the supplement looks at.
    pub before_supplement: bool,
    /// Where it comes from.
    pub source: Source,
}

/// A vital sign and what is plausible.
#[derive(Debug, Clone, Serialize)]
pub struct Measure {
    /// Id: `systolic`.
    pub id: String,
    /// Label.
    pub label: String,
    /// Unit.
    pub unit: String,
    /// Smallest plausible: outside it the value is asked about, and recorded when it is confirmed.
    pub min: Decimal,
    /// Largest plausible.
    pub max: Decimal,
}

/// A limit on a measure.
#[derive(Debug, Clone, Serialize)]
pub struct Limit {
    /// Id: `L1`.
    pub id: String,
    /// The measure.
    pub measure: String,
    /// Amber at or above this.
    pub amber_at: Option<Decimal>,
    /// Red at or above this.
    pub red_at: Option<Decimal>,
    /// Amber at or below this.
    pub amber_low: Option<Decimal>,
    /// Red at or below this.
    pub red_low: Option<Decimal>,
    /// Unit, which must be the measure's.
    pub unit: String,
    /// What amber asks for.
    pub amber_action: String,
    /// What red asks for.
    pub red_action: String,
    /// Minutes until the repeat reading.
    pub repeat_minutes: u32,
    /// Red only when it has lasted so many minutes, by readings one after the other; at once where none are named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub red_minutes: Option<u32>,
    /// Red at once at or above this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub red_once_at: Option<Decimal>,
    /// The prescriber is told when amber has lasted so many minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tell_minutes: Option<u32>,
    /// The alarm of red.
    pub red_level: AlarmLevel,
    /// The card that helps at red.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
    /// Where it comes from.
    pub source: Source,
}

/// Leaving after a session.
#[derive(Debug, Clone, Serialize)]
pub struct DischargePlan {
    /// Earliest minute after the first swallow.
    pub earliest_minutes: u32,
    /// Earliest minute after the supplement.
    pub after_supplement_minutes: u32,
    /// Criteria, each recorded like a check.
    pub criteria: Vec<Check>,
    /// Where it comes from.
    pub source: Source,
}

/// Whether people stay the night.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overnight {
    /// Always.
    Required,
    /// By choice.
    Optional,
    /// Never.
    None,
}

/// A code of the session's timeline.
#[derive(Debug, Clone, Serialize)]
pub struct TimelineCode {
    /// Code: `MUSIC_OFF`.
    pub code: String,
    /// Label.
    pub label: String,
    /// Unit of its number, where it carries one: `ml`.
    pub unit: Option<String>,
    /// Letters that write it: at most two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<String>,
    /// The heading that it stands under.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// One of these must be chosen with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<ChoiceOption>,
    /// Words must come with it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub words: bool,
    /// What it means to the rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub means: Option<CodeMeaning>,
    /// The alarm that it raises.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarm: Option<AlarmLevel>,
    /// The alarm is raised with these choices alone; with all where none are named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alarm_on: Vec<String>,
    /// The card that helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
    /// It may be harm: somebody must say whether it was an adverse event.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub may_be_harm: bool,
}

/// What happened, when it becomes a deviation, task or clock. The list is closed: the rules know each.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// A visit before its window.
    VisitEarly,
    /// A visit after its window.
    VisitLate,
    /// A visit that did not happen.
    VisitMissed,
    /// A visit before one that must precede it.
    VisitOutOfOrder,
    /// A required activity left out of a completed visit.
    ActivityMissed,
    /// Two sessions further apart than the plan.
    IntervalLong,
    /// Two sessions closer than the plan.
    IntervalShort,
    /// Somebody enrolled turned out not to be eligible.
    Ineligible,
    /// A medicine taken against the plan.
    ProhibitedMedicine,
    /// A dose swallowed without an authorisation in force.
    DoseUnauthorised,
    /// A dose from another container than the authorised one.
    DoseWrongContainer,
    /// A dose given twice.
    DoseTwice,
    /// A dose vomited within the study's minutes.
    DoseVomited,
    /// A supplement outside its window.
    SupplementOutsideWindow,
    /// Something swallowed with nobody or one person watching.
    DoseUnwitnessed,
    /// Fewer carers than the minimum.
    CarersBelowMinimum,
    /// A participant left alone.
    ParticipantAlone,
    /// A reading taken late.
    VitalsLate,
    /// A reading not taken.
    VitalsMissed,
    /// A limit breached, amber.
    LimitAmber,
    /// A limit breached, red.
    LimitRed,
    /// Touch that had not been agreed on, or after it had been taken back.
    TouchNotAgreed,
    /// Something that may have been harm, until somebody says whether it was.
    MayBeHarm,
    /// A look in the night that came too late.
    NightCheckLate,
    /// A consent item or version that was not in force when something was done.
    ConsentLate,
    /// A form given by somebody who may not.
    WrongPerson,
    /// A correction that takes away the ground of an authorisation.
    GroundWithdrawn,
    /// A container that is missing, damaged or miscounted.
    StockVariance,
    /// A safety answer over the line.
    SuicideRisk,
    /// An adverse event that is serious.
    SeriousAdverseEvent,
    /// A rater who learnt something.
    RaterUnblinded,
    /// An allocation opened.
    CodeBroken,
    /// A participant who does not answer.
    Silence,
    /// A participant left before the criteria were met.
    LeftEarly,
    /// An entry made for the wrong participant.
    WrongParticipant,
    /// Something recorded while the record was locked.
    AfterLock,
}

/// What counts as a deviation.
#[derive(Debug, Clone, Serialize)]
pub struct DeviationRule {
    /// Code: `DEV-LATE`.
    pub code: String,
    /// Title.
    pub title: String,
    /// What brings it about.
    pub trigger: Trigger,
    /// How grave it is.
    pub class: DeviationClass,
    /// Where it comes from.
    pub source: Source,
}

/// How grave a deviation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeviationClass {
    /// Minor.
    Minor,
    /// Important: may touch rights, safety or the primary outcome.
    Important,
}

/// A clock: something that somebody must do in time.
#[derive(Debug, Clone, Serialize)]
pub struct Clock {
    /// Id: `sae_initial`.
    pub id: String,
    /// What must be done, imperative.
    pub title: String,
    /// What starts it.
    pub trigger: Trigger,
    /// Hours, calendar.
    pub due_hours: u32,
    /// Duty that must act.
    pub duty: Duty,
    /// Where it comes from.
    pub source: Source,
}

/// An approval that must be in force before a dose.
#[derive(Debug, Clone, Serialize)]
pub struct ApprovalRule {
    /// Id: `tga_authorisation`.
    pub id: String,
    /// Title.
    pub title: String,
    /// One for the site or one for each participant.
    pub per: ApprovalScope,
    /// Where it comes from.
    pub source: Source,
}

/// What an approval covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalScope {
    /// The site.
    Site,
    /// One participant.
    Participant,
}

/// Following people up.
#[derive(Debug, Clone, Serialize)]
pub struct FollowUpPlan {
    /// Tries before somebody may be called lost.
    pub tries_min: u32,
    /// Days over which they are spread.
    pub tries_days_min: u32,
    /// Routes by which it is tried: telephone, letter, a contact person; `None` asks for no second one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routes_min: Option<u32>,
    /// Reasons for stopping treatment or leaving.
    pub reasons: Vec<ChoiceOption>,
    /// Where it comes from.
    pub source: Source,
}

/// How long what no clock bounds may take. What the study leaves out is due by the end of the day on which it arose, and
/// stands on worklists without a last day.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct DuePlan {
    /// To answer an event for which the study has no clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_hours: Option<u32>,
    /// To answer a safety answer that is amber.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub safety_answer_minutes: Option<u32>,
    /// To judge a death, a stay in hospital or a wrong dose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report_hours: Option<u32>,
    /// To call somebody who did not come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_show_hours: Option<u32>,
    /// To say of a medicine that the study does not list what it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub medicine_hours: Option<u32>,
    /// To book the early termination visit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early_termination_days: Option<u32>,
    /// To complete the record of a visit that was held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub complete_visit_days: Option<u32>,
    /// To answer a question about an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question_days: Option<u32>,
    /// To decide a gate that has no time limit of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gate_days: Option<u32>,
    /// To assign an arm after the confirmation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assign_days: Option<u32>,
    /// Before a visit: from when its rating can be asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating_ask_days: Option<u32>,
    /// Before a visit: until when its rating should be asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating_target_days: Option<u32>,
    /// To do a rating that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating_days: Option<u32>,
    /// Before a session: from when its dose can be ordered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_days: Option<u32>,
    /// Where it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

impl DuePlan {
    /// The study says nothing of it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A day in a study file, for approvals and planned dates.
pub type Day = Date;
