//! One participant as they stand.

use super::{Approval, SessionState};
use crate::{
    command::{AdverseEventReport, ContactOutcome, ContactRoute, MedicineReport, StopScope},
    entry::{CriterionFound, Entry, MedicineStanding, Scores, Signatory, Stamp, TaskRaised},
};
use jiff::{Timestamp, civil::Date};
use protocol::model::{DeviationClass, Trigger, VisitMode};
use std::{collections::BTreeMap, sync::Arc};
use terms::{FieldId, FormId, InstanceId, ParticipantId, SiteId, StaffId, StudyHash, Value, VisitId};

/// How far somebody has come. Stopping is told apart: see [`Stop`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Asked about the study.
    #[default]
    Enquiry,
    /// Declined before consent.
    Declined,
    /// Consented; screening goes on.
    Screening,
    /// Not eligible at the first gate.
    ScreenFailed,
    /// Passed the first gate: taper, washout, preparation, baseline.
    Enrolled,
    /// Not confirmed at the second gate.
    BaselineFailed,
    /// Passed the second gate.
    Confirmed,
    /// Has an arm, no dose yet.
    Assigned,
    /// Has had a dose, and more are planned.
    InTreatment,
    /// Has had all doses, or stopped treatment: followed up.
    FollowUp,
    /// Has done everything.
    Completed,
    /// Is not followed any more: see the stop.
    Left,
}

/// Consent as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentGiven {
    /// The record.
    pub instance: InstanceId,
    /// Version of the text.
    pub version: String,
    /// Items.
    pub items: BTreeMap<String, bool>,
    /// Right answers.
    pub quiz_score: u32,
    /// It can carry study acts.
    pub valid: bool,
    /// When.
    pub at: Timestamp,
    /// The site's day.
    pub day: Date,
}

/// A form as it stands after corrections.
#[derive(Debug, Clone, PartialEq)]
pub struct FormRecord {
    /// Which form.
    pub form: FormId,
    /// At which visit.
    pub visit: Option<VisitId>,
    /// The site's day.
    pub day: Date,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Signatory,
    /// Answers. Shared with the entry that they came in.
    pub values: Arc<BTreeMap<FieldId, Value>>,
    /// Scores. Shared as well.
    pub scores: Arc<Scores>,
    /// Times corrected.
    pub corrections: u32,
    /// Struck through.
    pub struck: bool,
}

/// What finding a record of a form needs: which it is, where it belongs, whether it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept {
    instance: InstanceId,
    visit: Option<VisitId>,
    struck: bool,
}

/// An appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Booking {
    /// When.
    pub starts: Timestamp,
    /// The site's day.
    pub day: Date,
    /// How.
    pub mode: VisitMode,
}

/// What became of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum VisitStanding {
    /// Nothing yet.
    #[default]
    Planned,
    /// The person came.
    Attended,
    /// All of it is done.
    Completed,
    /// It will not take place.
    Missed,
}

/// A visit as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VisitRecord {
    /// What became of it.
    pub standing: VisitStanding,
    /// The appointment in force.
    pub booking: Option<Booking>,
    /// The day it happened; for a missed visit, the planned day that stands in.
    pub day: Option<Date>,
    /// Days on which it happened, for visits that repeat.
    pub days: Vec<Date>,
    /// Times that nobody came.
    pub no_shows: u32,
}

/// A decision at a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Passed.
    pub passed: bool,
    /// The site's day.
    pub day: Date,
    /// When.
    pub at: Timestamp,
    /// Criteria as found.
    pub criteria: Vec<CriterionFound>,
    /// Last day on which it carries a dose.
    pub expires: Option<Date>,
}

/// A medicine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Medication {
    /// What is known.
    pub medicine: MedicineReport,
    /// Class in the study.
    pub class: Option<String>,
    /// What the study's rule says.
    pub rule: MedicineStanding,
    /// When it was last written about.
    pub at: Timestamp,
    /// Struck through.
    pub struck: bool,
}

/// An adverse event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdverseEvent {
    /// What is known.
    pub event: AdverseEventReport,
    /// Came at or after the first dose.
    pub emergent: bool,
    /// When it was first written down.
    pub at: Timestamp,
    /// Struck through.
    pub struck: bool,
}

/// A deviation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deviation {
    /// Code.
    pub code: String,
    /// Title.
    pub title: String,
    /// How grave.
    pub class: DeviationClass,
    /// What brought it about.
    pub trigger: Option<Trigger>,
    /// In words.
    pub detail: String,
    /// The site's day.
    pub day: Date,
    /// The visit it is about.
    pub visit: Option<VisitId>,
}

/// A task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// What it is.
    pub raised: TaskRaised,
    /// Since when.
    pub since: Timestamp,
    /// Done, when.
    pub done: Option<Timestamp>,
}

/// Something that makes others wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Why.
    pub text: String,
    /// Since when.
    pub since: Timestamp,
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Kind.
    pub kind: String,
    /// File name.
    pub name: String,
    /// Hash of the bytes.
    pub sha256: String,
    /// Size.
    pub bytes: u64,
    /// When.
    pub at: Timestamp,
    /// Struck through.
    pub struck: bool,
}

/// A note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Words.
    pub text: String,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Signatory,
    /// Struck through.
    pub struck: bool,
}

/// A question that an edit check raised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The form's record.
    pub about: InstanceId,
    /// The check.
    pub check: String,
    /// The question.
    pub message: String,
    /// Answered by a correction or in words.
    pub answered: bool,
}

/// A rating.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rating {
    /// For which visit.
    pub visit: VisitId,
    /// What the rater sees instead of the code.
    pub pseudonym: String,
    /// Forms to fill in.
    pub forms: Vec<FormId>,
    /// Who took it.
    pub rater: Option<StaffId>,
    /// Filled in or given up.
    pub done: bool,
    /// Asked for when.
    pub at: Timestamp,
}

/// A stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// How far it goes.
    pub scope: StopScope,
    /// Reason code.
    pub reason: String,
    /// In words.
    pub text: String,
    /// The site's day.
    pub day: Date,
}

/// A try to reach somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactTry {
    /// For which visit.
    pub visit: Option<VisitId>,
    /// How it ended.
    pub outcome: ContactOutcome,
    /// By which route.
    pub route: Option<ContactRoute>,
    /// The site's day.
    pub day: Date,
}

/// One participant.
#[derive(Debug, Clone, PartialEq)]
pub struct ParticipantState {
    /// Code.
    pub id: ParticipantId,
    /// Where they belong.
    pub site: SiteId,
    /// The study version that they are on.
    pub study: StudyHash,
    /// Entries folded.
    pub version: u64,
    /// How far they have come.
    pub phase: Phase,
    /// Day of the enquiry.
    pub enquired: Date,
    /// Language to speak.
    pub language: String,
    /// Consents, oldest first.
    pub consents: Vec<ConsentGiven>,
    /// Screening attempts, from 1.
    pub attempt: u32,
    /// Decisions by gate, last one.
    pub decisions: BTreeMap<u8, Decision>,
    /// Assigned: handle (none in an open programme) and day.
    pub assigned: Option<(Option<String>, Date)>,
    /// Visits.
    pub visits: BTreeMap<VisitId, VisitRecord>,
    /// Forms by record. Shared with copies of the state that rules make to see what would follow from an act.
    pub forms: Arc<BTreeMap<InstanceId, Arc<FormRecord>>>,
    /// Records of each form, oldest first.
    forms_by_kind: Arc<BTreeMap<FormId, Vec<Kept>>>,
    /// Medicines by record.
    pub medications: BTreeMap<InstanceId, Medication>,
    /// Adverse events by record.
    pub adverse_events: BTreeMap<InstanceId, AdverseEvent>,
    /// Deviations by record.
    pub deviations: BTreeMap<InstanceId, Deviation>,
    /// Tasks by record.
    pub tasks: BTreeMap<InstanceId, Task>,
    /// Questions by record.
    pub questions: BTreeMap<InstanceId, Question>,
    /// Notes by record.
    pub notes: BTreeMap<InstanceId, Note>,
    /// Documents by record.
    pub documents: BTreeMap<InstanceId, Document>,
    /// Ratings by request.
    pub ratings: BTreeMap<InstanceId, Rating>,
    /// Dosing sessions by number.
    pub sessions: BTreeMap<u8, SessionState>,
    /// Holds by record.
    pub holds: BTreeMap<InstanceId, Hold>,
    /// Approvals for this participant.
    pub approvals: Vec<Approval>,
    /// Tries to reach them.
    pub contacts: Vec<ContactTry>,
    /// Stops, in order: treatment may stop first and the study later.
    pub stops: Vec<Stop>,
    /// The code was broken, when.
    pub code_broken: Option<Timestamp>,
    /// Name, contacts and documents were erased, when.
    pub erased: Option<Timestamp>,
    /// The latest moment at which anything was written down for them.
    pub recorded: Timestamp,
}

impl ParticipantState {
    /// The state after the first entry of a participant's stream; `None` for any other entry.
    pub fn begin(stamp: &Stamp, entry: &Entry) -> Option<Self> {
        let Entry::EnquiryRecorded { participant, site, language, .. } = entry else { return None };
        Some(Self {
            id: participant.clone(),
            site: site.clone(),
            study: stamp.study.clone(),
            version: 1,
            phase: Phase::Enquiry,
            enquired: stamp.day,
            language: language.clone(),
            consents: Vec::new(),
            attempt: 1,
            decisions: BTreeMap::new(),
            assigned: None,
            visits: BTreeMap::new(),
            forms: Arc::default(),
            forms_by_kind: Arc::default(),
            medications: BTreeMap::new(),
            adverse_events: BTreeMap::new(),
            deviations: BTreeMap::new(),
            tasks: BTreeMap::new(),
            questions: BTreeMap::new(),
            notes: BTreeMap::new(),
            documents: BTreeMap::new(),
            ratings: BTreeMap::new(),
            sessions: BTreeMap::new(),
            holds: BTreeMap::new(),
            approvals: Vec::new(),
            contacts: Vec::new(),
            stops: Vec::new(),
            code_broken: None,
            erased: None,
            recorded: stamp.recorded_at,
        })
    }

    /// The last consent that can carry study acts.
    pub fn consent(&self) -> Option<&ConsentGiven> {
        if self.stops.iter().any(|stop| stop.scope == StopScope::Consent) {
            return None;
        }
        self.consents.iter().rev().find(|consent| consent.valid)
    }

    /// The first day of a consent that can carry study acts.
    pub fn consent_day(&self) -> Option<Date> {
        self.consents.iter().find(|consent| consent.valid).map(|consent| consent.day)
    }

    /// Whether treatment has been stopped.
    pub fn treatment_stopped(&self) -> bool {
        !self.stops.is_empty()
    }

    /// Whether the person is followed any more.
    pub fn has_left(&self) -> bool {
        matches!(self.phase, Phase::Left | Phase::Completed | Phase::Declined | Phase::ScreenFailed)
    }

    /// The latest record of a form that is not struck, and its id.
    pub fn latest_form(&self, form: &str) -> Option<(&InstanceId, &FormRecord)> {
        self.last_standing(self.forms_by_kind.get(form)?, |_| true)
    }

    /// The latest record of each form that is not struck.
    pub fn latest_forms(&self) -> impl Iterator<Item = &FormRecord> {
        self.forms_by_kind.values().filter_map(|kept| self.last_standing(kept, |_| true).map(|(_, record)| record))
    }

    fn last_standing<'s>(
        &'s self,
        kept: &'s [Kept],
        of: impl Fn(&Kept) -> bool,
    ) -> Option<(&'s InstanceId, &'s FormRecord)> {
        let last = kept.iter().rev().find(|kept| !kept.struck && of(kept))?;
        Some((&last.instance, self.forms.get(&last.instance)?.as_ref()))
    }

    /// The latest record of a form at a visit that is not struck, and its id.
    pub fn form_at(&self, form: &str, visit: &str) -> Option<(&InstanceId, &FormRecord)> {
        let here = |kept: &Kept| kept.visit.as_ref().is_some_and(|kept| *kept == *visit);
        self.last_standing(self.forms_by_kind.get(form)?, here)
    }

    /// How many records of a form stand at a visit, or between visits.
    pub fn records_at(&self, form: &FormId, visit: Option<&VisitId>) -> u32 {
        let all = self.forms_by_kind.get(form).into_iter().flatten();
        let here = all.filter(|kept| !kept.struck && kept.visit.as_ref() == visit);
        u32::try_from(here.count()).unwrap_or(u32::MAX)
    }

    /// Swallows of first doses, by session.
    pub fn doses(&self) -> impl Iterator<Item = (u8, Timestamp, Date)> {
        self.sessions.iter().filter_map(|(number, session)| {
            let swallow = session.swallow(crate::command::DosePart::Initial)?;
            Some((*number, swallow.at, swallow.day))
        })
    }

    /// Takes in one entry.
    pub fn apply(&mut self, stamp: &Stamp, entry: &Entry) {
        self.version += 1;
        self.recorded = self.recorded.max(stamp.recorded_at);
        if let Some(number) = entry.session() {
            self.sessions.entry(number).or_default().apply(stamp, entry);
            if matches!(entry, Entry::DoseTaken { .. }) && self.phase == Phase::Assigned {
                self.phase = Phase::InTreatment;
            }
            return;
        }
        match entry {
            Entry::EnquiryDeclined { .. } => self.phase = Phase::Declined,
            Entry::ConsentRecorded { instance, version, items, quiz_score, valid, .. } => {
                self.consents.push(ConsentGiven {
                    instance: instance.clone(),
                    version: version.clone(),
                    items: items.clone(),
                    quiz_score: *quiz_score,
                    valid: *valid,
                    at: stamp.at,
                    day: stamp.day,
                });
                if *valid && self.phase == Phase::Enquiry {
                    self.phase = Phase::Screening;
                }
            }
            Entry::Enrolled { criteria } => {
                self.decide_gate(1, stamp, criteria, true, None);
                self.phase = Phase::Enrolled;
            }
            Entry::EnrolmentConfirmed { criteria, expires } => {
                self.decide_gate(2, stamp, criteria, true, *expires);
                if self.phase == Phase::Enrolled {
                    self.phase = Phase::Confirmed;
                }
            }
            Entry::ScreenFailed { gate, criteria, .. } => {
                self.decide_gate(*gate, stamp, criteria, false, None);
                self.phase = if *gate <= 1 { Phase::ScreenFailed } else { Phase::BaselineFailed };
            }
            Entry::Rescreened { attempt } => {
                self.attempt = *attempt;
                self.phase = if self.phase == Phase::BaselineFailed { Phase::Enrolled } else { Phase::Screening };
            }
            Entry::Randomised { handle, .. } => {
                self.assigned = Some((Some(handle.clone()), stamp.day));
                self.phase = Phase::Assigned;
            }
            Entry::AllocatedOpenLabel => {
                self.assigned = Some((None, stamp.day));
                self.phase = Phase::Assigned;
            }
            Entry::Stopped { scope, reason, text } => self.stop(stamp, *scope, reason, text),
            Entry::ParticipationCompleted => self.phase = Phase::Completed,
            Entry::Transferred { to, .. } => self.site = to.clone(),
            Entry::VersionMoved { to, .. } => self.study = to.clone(),
            Entry::CodeBroken { .. } => self.code_broken = Some(stamp.at),
            Entry::IdentityErased => self.erased = Some(stamp.at),
            Entry::HoldPlaced { instance, text } => {
                self.holds.insert(instance.clone(), Hold { text: text.clone(), since: stamp.at });
            }
            Entry::HoldLifted { instance } => {
                self.holds.remove(instance);
            }
            Entry::ApprovalRecorded { approval, number, from, until } => self.approvals.push(Approval {
                approval: approval.clone(),
                number: number.clone(),
                from: *from,
                until: *until,
            }),
            Entry::ContactTried { visit, outcome, route } => {
                let tried = ContactTry { visit: visit.clone(), outcome: *outcome, route: *route, day: stamp.day };
                self.contacts.push(tried);
            }
            _ if self.apply_visit(stamp, entry) => {}
            _ => self.apply_record(stamp, entry),
        }
    }

    fn decide_gate(
        &mut self,
        gate: u8,
        stamp: &Stamp,
        criteria: &[CriterionFound],
        passed: bool,
        expires: Option<Date>,
    ) {
        let decision = Decision { passed, day: stamp.day, at: stamp.at, criteria: criteria.to_vec(), expires };
        self.decisions.insert(gate, decision);
    }

    fn stop(&mut self, stamp: &Stamp, scope: StopScope, reason: &str, text: &str) {
        self.stops.push(Stop { scope, reason: reason.to_owned(), text: text.to_owned(), day: stamp.day });
        // What was completed stays completed: a death or a withdrawal afterwards is told by the stop.
        if self.phase == Phase::Completed {
            return;
        }
        self.phase = match scope {
            StopScope::Treatment | StopScope::Discontinued => {
                if self.assigned.is_some() {
                    Phase::FollowUp
                } else {
                    Phase::Left
                }
            }
            StopScope::Study | StopScope::Consent | StopScope::LostToFollowUp | StopScope::Died => Phase::Left,
        };
    }

    fn apply_visit(&mut self, stamp: &Stamp, entry: &Entry) -> bool {
        match entry {
            Entry::VisitBooked { visit, starts, day, mode, .. } => {
                self.visit_mut(visit).booking = Some(Booking { starts: *starts, day: *day, mode: *mode });
            }
            Entry::VisitCancelled { visit, .. } => self.visit_mut(visit).booking = None,
            Entry::VisitNoShow { visit } => {
                let record = self.visit_mut(visit);
                record.booking = None;
                record.no_shows += 1;
            }
            Entry::VisitAttended { visit, day, .. } => {
                let record = self.visit_mut(visit);
                if record.standing != VisitStanding::Completed {
                    record.standing = VisitStanding::Attended;
                }
                record.booking = None;
                record.day = Some(*day);
                record.days.push(*day);
            }
            Entry::VisitCompleted { visit, day, .. } => {
                let record = self.visit_mut(visit);
                record.standing = VisitStanding::Completed;
                if record.days.is_empty() {
                    record.days.push(*day);
                }
                record.day = Some(*day);
            }
            Entry::VisitMissed { visit, planned, .. } => {
                let record = self.visit_mut(visit);
                record.standing = VisitStanding::Missed;
                record.booking = None;
                record.day = *planned;
            }
            Entry::RatingRequested { request, visit, pseudonym, forms } => {
                let rating = Rating {
                    visit: visit.clone(),
                    pseudonym: pseudonym.clone(),
                    forms: forms.clone(),
                    rater: None,
                    done: false,
                    at: stamp.at,
                };
                self.ratings.insert(request.clone(), rating);
            }
            Entry::RatingTaken { request, rater } => {
                if let Some(rating) = self.ratings.get_mut(request) {
                    rating.rater = Some(rater.clone());
                }
            }
            Entry::RatingRecorded { request, .. } | Entry::RatingMissed { request, .. } => {
                if let Some(rating) = self.ratings.get_mut(request) {
                    rating.done = true;
                }
            }
            _ => return false,
        }
        true
    }

    fn visit_mut(&mut self, visit: &VisitId) -> &mut VisitRecord {
        self.visits.entry(visit.clone()).or_default()
    }

    fn apply_record(&mut self, stamp: &Stamp, entry: &Entry) {
        match entry {
            Entry::FormRecorded { instance, form, visit, values, scores } => {
                let record = FormRecord {
                    form: form.clone(),
                    visit: visit.clone(),
                    day: stamp.day,
                    at: stamp.at,
                    by: stamp.by.clone(),
                    values: Arc::clone(values),
                    scores: Arc::clone(scores),
                    corrections: 0,
                    struck: false,
                };
                Arc::make_mut(&mut self.forms).insert(instance.clone(), Arc::new(record));
                let kept = Kept { instance: instance.clone(), visit: visit.clone(), struck: false };
                Arc::make_mut(&mut self.forms_by_kind).entry(form.clone()).or_default().push(kept);
            }
            Entry::FormCorrected { instance, changes, scores, number } => {
                if let Some(record) = Arc::make_mut(&mut self.forms).get_mut(instance).map(Arc::make_mut) {
                    let values = Arc::make_mut(&mut record.values);
                    for (field, change) in changes {
                        values.insert(field.clone(), change.new.clone());
                    }
                    record.scores = Arc::clone(scores);
                    record.corrections = *number;
                }
                for question in self.questions.values_mut().filter(|question| question.about == *instance) {
                    question.answered = true;
                }
            }
            Entry::RecordStruck { instance, .. } => self.strike(instance),
            Entry::QuestionRaised { instance, about, check, message } => {
                let question =
                    Question { about: about.clone(), check: check.clone(), message: message.clone(), answered: false };
                self.questions.insert(instance.clone(), question);
            }
            Entry::MedicationRecorded { instance, medicine, class, rule, .. } => {
                let medication = Medication {
                    medicine: medicine.clone(),
                    class: class.clone(),
                    rule: rule.clone(),
                    at: stamp.at,
                    struck: false,
                };
                self.medications.insert(instance.clone(), medication);
            }
            Entry::AdverseEventRecorded { instance, event, emergent, .. } => {
                let at = self.adverse_events.get(instance).map_or(stamp.at, |earlier| earlier.at);
                let event = AdverseEvent { event: event.clone(), emergent: *emergent, at, struck: false };
                self.adverse_events.insert(instance.clone(), event);
            }
            Entry::DeviationRecorded { instance, code, title, class, trigger, detail, visit } => {
                let deviation = Deviation {
                    code: code.clone(),
                    title: title.clone(),
                    class: *class,
                    trigger: *trigger,
                    detail: detail.clone(),
                    day: stamp.day,
                    visit: visit.clone(),
                };
                self.deviations.insert(instance.clone(), deviation);
            }
            Entry::NoteRecorded { instance, text } => {
                let note = Note { text: text.clone(), at: stamp.at, by: stamp.by.clone(), struck: false };
                self.notes.insert(instance.clone(), note);
            }
            Entry::DocumentAttached { instance, kind, name, sha256, bytes, .. } => {
                let document = Document {
                    kind: kind.clone(),
                    name: name.clone(),
                    sha256: sha256.clone(),
                    bytes: *bytes,
                    at: stamp.at,
                    struck: false,
                };
                self.documents.insert(instance.clone(), document);
            }
            Entry::TaskRaised(raised) => {
                let task = Task { raised: raised.clone(), since: stamp.at, done: None };
                self.tasks.insert(raised.instance.clone(), task);
            }
            Entry::TaskCompleted { instance, .. } => {
                if let Some(task) = self.tasks.get_mut(instance) {
                    task.done = Some(stamp.at);
                }
                if let Some(question) = self.questions.get_mut(instance) {
                    question.answered = true;
                }
            }
            _ => {}
        }
    }

    fn strike(&mut self, instance: &InstanceId) {
        if self.forms.contains_key(instance)
            && let Some(record) = Arc::make_mut(&mut self.forms).get_mut(instance).map(Arc::make_mut)
        {
            record.struck = true;
            let of_form = Arc::make_mut(&mut self.forms_by_kind).get_mut(&record.form);
            for kept in of_form.into_iter().flatten().filter(|kept| kept.instance == *instance) {
                kept.struck = true;
            }
        }
        if let Some(medication) = self.medications.get_mut(instance) {
            medication.struck = true;
        }
        if let Some(event) = self.adverse_events.get_mut(instance) {
            event.struck = true;
        }
        if let Some(document) = self.documents.get_mut(instance) {
            document.struck = true;
        }
        if let Some(note) = self.notes.get_mut(instance) {
            note.struck = true;
        }
        self.sessions.values_mut().for_each(|session| session.strike(instance));
    }

    /// Whether a record is a reading or line of the timeline of a dosing session.
    pub fn in_a_session(&self, instance: &InstanceId) -> bool {
        self.sessions.values().any(|session| {
            session.readings.iter().any(|reading| reading.instance == *instance)
                || session.notes.iter().any(|note| note.instance == *instance)
        })
    }
}
