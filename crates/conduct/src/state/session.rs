//! One dosing session as it stands.

use crate::{
    command::{Destination, DosePart, Going},
    entry::{AlarmKind, BreachFound, Entry, NoteFound, Person, Signatory, Stamp, SupplementTimes},
};
use jiff::{Timestamp, civil::Date};
use protocol::model::{AlarmLevel, Duty};
use std::collections::{BTreeMap, BTreeSet};
use terms::{CheckId, ContainerId, Decimal, FieldId, InstanceId, LevelId, Milligrams, StaffId, Value};

/// The prescriber's order.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// Level.
    pub level: LevelId,
    /// First dose.
    pub initial: Milligrams,
    /// Supplement.
    pub supplement: Milligrams,
    /// Pieces of the first dose.
    pub initial_pieces: u32,
    /// Pieces of the supplement.
    pub supplement_pieces: u32,
    /// Signed by.
    pub by: Signatory,
    /// Signed when.
    pub at: Timestamp,
}

/// A check as last done.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckDone {
    /// The record.
    pub instance: InstanceId,
    /// What was found.
    pub values: BTreeMap<FieldId, Value>,
    /// Whether it clears.
    pub clears: bool,
    /// When it was done.
    pub at: Timestamp,
    /// Until when it stays good.
    pub expires: Option<Timestamp>,
    /// By whom.
    pub by: Signatory,
    /// The prescriber cleared it nevertheless.
    pub agreed: bool,
    /// When it was done and did not clear, in order of time.
    pub failed: Vec<Timestamp>,
}

/// Somebody's stay in the room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresenceSpan {
    /// Who.
    pub staff: StaffId,
    /// Came in.
    pub from: Timestamp,
    /// Went out.
    pub until: Option<Timestamp>,
}

/// A permission that ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Authorised {
    /// For which container.
    pub container: ContainerId,
    /// Given when.
    pub at: Timestamp,
    /// Good until.
    pub expires: Timestamp,
}

/// Something swallowed.
#[derive(Debug, Clone, PartialEq)]
pub struct Swallow {
    /// First dose or supplement.
    pub part: DosePart,
    /// From which container.
    pub container: ContainerId,
    /// How much.
    pub amount: Milligrams,
    /// Pieces.
    pub pieces: u32,
    /// When.
    pub at: Timestamp,
    /// The site's day.
    pub day: Date,
    /// An authorisation was in force.
    pub authorised: bool,
}

/// A set of vital signs.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The record.
    pub instance: InstanceId,
    /// When.
    pub at: Timestamp,
    /// Values.
    pub measures: BTreeMap<String, Decimal>,
    /// The slot that it fills.
    pub slot: Option<String>,
    /// Limits that it breached.
    pub breaches: Vec<BreachFound>,
    /// The slot of the distress ratings that it fills.
    pub rating: Option<String>,
    /// Measures outside what is plausible, confirmed.
    pub confirmed: Vec<String>,
    /// By whom.
    pub by: Signatory,
    /// When it was written down.
    pub recorded_at: Timestamp,
    /// Times corrected.
    pub corrections: u32,
    /// Limits that it breached before it was corrected.
    pub breaches_gone: Vec<BreachFound>,
}

/// A line of the timeline.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionNote {
    /// The record.
    pub instance: InstanceId,
    /// When.
    pub at: Timestamp,
    /// Code.
    pub code: String,
    /// Number.
    pub number: Option<Decimal>,
    /// Choice.
    pub detail: Option<String>,
    /// Words.
    pub text: Option<String>,
    /// By whom.
    pub by: Signatory,
    /// When it was written down.
    pub recorded_at: Timestamp,
    /// What stood there before it was corrected, oldest first.
    pub corrected: Vec<NoteFound>,
}

/// Something that needs somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// What it is about.
    pub kind: AlarmKind,
    /// Which of its kind.
    pub key: String,
    /// How grave.
    pub level: AlarmLevel,
    /// In words.
    pub text: String,
    /// What it arose from, happened when.
    pub at: Timestamp,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// Who is told now.
    pub tell: Duty,
    /// Who was told before them and did not take it.
    pub told: Vec<Duty>,
    /// Until when somebody takes it.
    pub ack_by: Option<Timestamp>,
    /// Taken by whom, when.
    pub acknowledged: Option<(Signatory, Timestamp)>,
    /// Over, when.
    pub ended: Option<Timestamp>,
    /// The record that it is about.
    pub about: Option<InstanceId>,
    /// The card that helps.
    pub card: Option<String>,
}

impl Alarm {
    /// Neither over nor taken by anybody.
    pub const fn waits(&self) -> bool {
        self.ended.is_none() && self.acknowledged.is_none()
    }
}

/// An emergency card that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardOpen {
    /// Its id in the study.
    pub card: String,
    /// Title.
    pub title: String,
    /// Its steps as they stood.
    pub steps: Vec<String>,
    /// Opened when.
    pub at: Timestamp,
    /// By whom.
    pub by: Signatory,
    /// Steps done, when, by whom.
    pub done: BTreeMap<u32, (Timestamp, Signatory)>,
    /// Over, when, and how it ended.
    pub closed: Option<(Timestamp, String)>,
}

/// A call of the call-out list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The contact's id in the study.
    pub contact: String,
    /// Spoken to.
    pub reached: bool,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Signatory,
}

/// A look in the night.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NightCheck {
    /// When.
    pub at: Timestamp,
    /// Awake.
    pub awake: bool,
    /// Distress.
    pub distress: Option<u8>,
    /// Signs at which somebody must be called.
    pub signs: Vec<String>,
    /// What they needed.
    pub text: Option<String>,
    /// By whom.
    pub by: Signatory,
}

/// One dosing session.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SessionState {
    /// The order in force.
    pub order: Option<Order>,
    /// Containers out of the safe: first dose, supplement, when.
    pub containers: Option<(ContainerId, Option<ContainerId>, Timestamp)>,
    /// Checks and discharge criteria by id, as last done.
    pub checks: BTreeMap<CheckId, CheckDone>,
    /// Stays in the room.
    pub presence: Vec<PresenceSpan>,
    /// Comings and goings as they happened, which may be told out of order.
    pub goings: BTreeMap<StaffId, Vec<(Timestamp, Going)>>,
    /// Permission for the first dose.
    pub dose_authorised: Option<Authorised>,
    /// Permission for the supplement.
    pub supplement_authorised: Option<Authorised>,
    /// What was swallowed, in order.
    pub swallowed: Vec<Swallow>,
    /// When the supplement may be opened.
    pub supplement_times: Option<SupplementTimes>,
    /// The supplement was not given: code.
    pub supplement_not_given: Option<String>,
    /// The prescriber agreed to lift the pause, when.
    pub pause_lifted: Option<Timestamp>,
    /// Vital signs in order of time.
    pub readings: Vec<Reading>,
    /// Timeline in order of time.
    pub notes: Vec<SessionNote>,
    /// Readings that were struck through.
    pub struck_readings: Vec<Reading>,
    /// Lines that were struck through.
    pub struck_notes: Vec<SessionNote>,
    /// Alarms by record.
    pub alarms: BTreeMap<InstanceId, Alarm>,
    /// Emergency cards that were opened, by record.
    pub cards: BTreeMap<InstanceId, CardOpen>,
    /// Calls of the call-out list.
    pub calls: Vec<Call>,
    /// Who signed the session's record, when.
    pub signed: BTreeMap<StaffId, Timestamp>,
    /// Stopped, when.
    pub stopped: Option<Timestamp>,
    /// Leaving was allowed, when.
    pub discharged: Option<Timestamp>,
    /// Left, when, where to.
    pub departed: Option<(Timestamp, Destination)>,
    /// Looks in the night.
    pub night: Vec<NightCheck>,
    /// Closed, when.
    pub closed: Option<Timestamp>,
    /// The ground of something allowed in this session is gone.
    pub ground_withdrawn: bool,
}

impl SessionState {
    /// When the first dose was swallowed: the session's clock starts there.
    pub fn dosed_at(&self) -> Option<Timestamp> {
        self.swallow(DosePart::Initial).map(|swallow| swallow.at)
    }

    /// The first swallow of a part.
    pub fn swallow(&self, part: DosePart) -> Option<&Swallow> {
        self.swallowed.iter().find(|swallow| swallow.part == part)
    }

    /// Who is in the room now.
    pub fn in_room(&self) -> impl Iterator<Item = &PresenceSpan> {
        self.presence.iter().filter(|span| span.until.is_none())
    }

    /// Who was ever in the room.
    pub fn were_there(&self) -> BTreeSet<&StaffId> {
        self.presence.iter().map(|span| &span.staff).collect()
    }

    /// Alarms that are not over, gravest first.
    pub fn alarms_open(&self) -> Vec<(&InstanceId, &Alarm)> {
        let mut open: Vec<_> = self.alarms.iter().filter(|(_, alarm)| alarm.ended.is_none()).collect();
        open.sort_by_key(|(_, alarm)| (alarm.acknowledged.is_some(), std::cmp::Reverse(alarm.level), alarm.raised_at));
        open
    }

    /// Takes in one entry.
    pub(super) fn apply(&mut self, stamp: &Stamp, entry: &Entry) {
        match entry {
            Entry::DoseOrdered { level, initial, supplement, initial_pieces, supplement_pieces, .. } => {
                self.order = Some(Order {
                    level: level.clone(),
                    initial: *initial,
                    supplement: *supplement,
                    initial_pieces: *initial_pieces,
                    supplement_pieces: *supplement_pieces,
                    by: stamp.by.clone(),
                    at: stamp.at,
                });
            }
            Entry::OrderWithdrawn { .. } => {
                self.order = None;
                self.dose_authorised = None;
                self.supplement_authorised = None;
            }
            Entry::ContainersReleased { initial, supplement, .. } => {
                self.containers = Some((initial.clone(), supplement.clone(), stamp.at));
            }
            Entry::CheckRecorded { instance, check, values, clears, fails, expires, .. } => {
                let done = CheckDone {
                    instance: instance.clone(),
                    values: values.clone(),
                    clears: *clears,
                    at: stamp.at,
                    expires: *expires,
                    by: stamp.by.clone(),
                    agreed: false,
                    failed: Vec::new(),
                };
                self.check_apply(check, done, *fails);
            }
            Entry::Agreed { check: Some(check), .. } => {
                if let Some(done) = self.checks.get_mut(check) {
                    done.agreed = true;
                }
            }
            Entry::Agreed { check: None, .. } => self.pause_lifted = Some(stamp.at),
            Entry::PresenceRecorded { staff, going, .. } => self.presence_apply(stamp, staff, *going),
            Entry::DoseAuthorised { container, expires, .. } => {
                // Every rule was asked again: what had taken the ground away has been mended.
                self.ground_withdrawn = false;
                self.dose_authorised =
                    Some(Authorised { container: container.clone(), at: stamp.at, expires: *expires });
            }
            Entry::SupplementAuthorised { container, expires, .. } => {
                self.supplement_authorised =
                    Some(Authorised { container: container.clone(), at: stamp.at, expires: *expires });
            }
            Entry::DoseTaken { part, container, amount, pieces, authorised, supplement, .. } => {
                self.swallowed.push(Swallow {
                    part: *part,
                    container: container.clone(),
                    amount: *amount,
                    pieces: *pieces,
                    at: stamp.at,
                    day: stamp.day,
                    authorised: *authorised,
                });
                if supplement.is_some() && self.supplement_times.is_none() {
                    self.supplement_times.clone_from(supplement);
                }
            }
            _ => self.apply_later(stamp, entry),
        }
    }

    fn apply_later(&mut self, stamp: &Stamp, entry: &Entry) {
        match entry {
            Entry::SupplementNotGiven { code, .. } => self.supplement_not_given = Some(code.clone()),
            Entry::ReadingRecorded { instance, measures, slot, breaches, rating, confirmed, .. } => {
                let reading = Reading {
                    instance: instance.clone(),
                    at: stamp.at,
                    measures: measures.clone(),
                    slot: slot.clone(),
                    breaches: breaches.clone(),
                    rating: rating.clone(),
                    confirmed: confirmed.clone(),
                    by: stamp.by.clone(),
                    recorded_at: stamp.recorded_at,
                    corrections: 0,
                    breaches_gone: Vec::new(),
                };
                let place = self.readings.partition_point(|earlier| earlier.at <= reading.at);
                self.readings.insert(place, reading);
            }
            Entry::ReadingCorrected { instance, changes, breaches, confirmed, .. } => {
                if let Some(reading) = self.readings.iter_mut().find(|reading| reading.instance == *instance) {
                    reading.measures.extend(changes.iter().map(|(measure, change)| (measure.clone(), change.new)));
                    reading.breaches_gone.append(&mut reading.breaches);
                    reading.breaches.clone_from(breaches);
                    reading.breaches_gone.retain(|gone| !breaches.iter().any(|breach| breach.limit == gone.limit));
                    reading.confirmed.clone_from(confirmed);
                    reading.corrections += 1;
                    // Who signed had signed something else (failures.md F-91).
                    self.signed.clear();
                }
            }
            Entry::SessionNoted { instance, code, number, detail, text, .. } => {
                let note = SessionNote {
                    instance: instance.clone(),
                    at: stamp.at,
                    code: code.clone(),
                    number: *number,
                    detail: detail.clone(),
                    text: text.clone(),
                    by: stamp.by.clone(),
                    recorded_at: stamp.recorded_at,
                    corrected: Vec::new(),
                };
                let place = self.notes.partition_point(|earlier| earlier.at <= note.at);
                self.notes.insert(place, note);
            }
            Entry::SessionNoteCorrected { instance, old, new, .. } => {
                if let Some(note) = self.notes.iter_mut().find(|note| note.instance == *instance) {
                    note.corrected.push(old.clone());
                    note.code.clone_from(&new.code);
                    note.number = new.number;
                    note.detail.clone_from(&new.detail);
                    note.text.clone_from(&new.text);
                    self.signed.clear();
                }
            }
            Entry::SessionStopped { .. } => {
                self.stopped.get_or_insert(stamp.at);
                self.dose_authorised = None;
                self.supplement_authorised = None;
            }
            Entry::Discharged { .. } => self.discharged = Some(stamp.at),
            Entry::Departed { to, .. } => self.departed = Some((stamp.at, *to)),
            Entry::NightChecked { awake, distress, signs, text, .. } => {
                let look = NightCheck {
                    at: stamp.at,
                    awake: *awake,
                    distress: *distress,
                    signs: signs.clone(),
                    text: text.clone(),
                    by: stamp.by.clone(),
                };
                let place = self.night.partition_point(|earlier| earlier.at <= look.at);
                self.night.insert(place, look);
            }
            Entry::SessionSigned { staff, .. } => {
                self.signed.insert(staff.clone(), stamp.at);
            }
            Entry::SessionClosed { .. } => self.closed = Some(stamp.at),
            // The supplement's own ground may come back within its window; the dose's can't once it is swallowed.
            Entry::GroundWithdrawn { rule, .. } if rule.as_str().starts_with("supplement.") => {
                self.supplement_authorised = None;
            }
            Entry::GroundWithdrawn { .. } => {
                self.ground_withdrawn = true;
                self.dose_authorised = None;
                self.supplement_authorised = None;
            }
            _ => self.apply_alarm(stamp, entry),
        }
    }

    /// A record that comes in late never replaces a younger one; what failed is remembered.
    fn check_apply(&mut self, check: &CheckId, mut done: CheckDone, fails: bool) {
        let earlier = self.checks.remove(check);
        let mut failed = earlier.as_ref().map(|earlier| earlier.failed.clone()).unwrap_or_default();
        if fails {
            failed.push(done.at);
            failed.sort_unstable();
        }
        let mut latest = match earlier {
            Some(earlier) if earlier.at > done.at => earlier,
            Some(_) | None => {
                done.failed = Vec::new();
                done
            }
        };
        latest.failed = failed;
        self.checks.insert(check.clone(), latest);
    }

    /// Stays are read from all comings and goings in the order in which they happened, so that one told late ends the
    /// stay that it ended.
    fn presence_apply(&mut self, stamp: &Stamp, staff: &StaffId, going: Going) {
        let mine = self.goings.entry(staff.clone()).or_default();
        let place = mine.partition_point(|(at, _)| *at <= stamp.at);
        mine.insert(place, (stamp.at, going));
        let mut spans: Vec<PresenceSpan> = Vec::new();
        for (at, going) in mine.iter() {
            let open = spans.last_mut().filter(|span| span.until.is_none());
            match (going, open) {
                (Going::In, None) => spans.push(PresenceSpan { staff: staff.clone(), from: *at, until: None }),
                (Going::Out, Some(span)) => span.until = Some(*at),
                (Going::In, Some(_)) | (Going::Out, None) => {}
            }
        }
        self.presence.retain(|span| span.staff != *staff);
        self.presence.extend(spans);
        self.presence.sort_by_key(|span| span.from);
    }

    /// Takes in an entry about alarms, cards and calls.
    fn apply_alarm(&mut self, stamp: &Stamp, entry: &Entry) {
        match entry {
            Entry::AlarmRaised { instance, alarm, key, level, text, tell, ack_by, about, card, .. } => {
                let alarm = Alarm {
                    kind: *alarm,
                    key: key.clone(),
                    level: *level,
                    text: text.clone(),
                    at: stamp.at,
                    raised_at: stamp.recorded_at,
                    tell: *tell,
                    told: Vec::new(),
                    ack_by: *ack_by,
                    acknowledged: None,
                    ended: None,
                    about: about.clone(),
                    card: card.clone(),
                };
                self.alarms.insert(instance.clone(), alarm);
            }
            Entry::AlarmEscalated { instance, tell, ack_by, .. } => {
                if let Some(alarm) = self.alarms.get_mut(instance) {
                    alarm.told.push(alarm.tell);
                    alarm.tell = *tell;
                    alarm.ack_by = *ack_by;
                }
            }
            Entry::AlarmAcknowledged { instance, .. } => {
                if let Some(alarm) = self.alarms.get_mut(instance) {
                    alarm.acknowledged.get_or_insert((stamp.by.clone(), stamp.at));
                }
            }
            Entry::AlarmEnded { instance, .. } => {
                if let Some(alarm) = self.alarms.get_mut(instance) {
                    alarm.ended.get_or_insert(stamp.at);
                }
            }
            Entry::CardOpened { instance, card, title, steps, .. } => {
                let open = CardOpen {
                    card: card.clone(),
                    title: title.clone(),
                    steps: steps.clone(),
                    at: stamp.at,
                    by: stamp.by.clone(),
                    done: BTreeMap::new(),
                    closed: None,
                };
                self.cards.insert(instance.clone(), open);
            }
            Entry::CardStepDone { instance, step, .. } => {
                if let Some(card) = self.cards.get_mut(instance) {
                    card.done.entry(*step).or_insert((stamp.at, stamp.by.clone()));
                }
            }
            Entry::CardClosed { instance, text, .. } => {
                if let Some(card) = self.cards.get_mut(instance) {
                    card.closed.get_or_insert((stamp.at, text.clone()));
                }
            }
            Entry::ContactCalled { contact, reached, .. } => self.calls.push(Call {
                contact: contact.clone(),
                reached: *reached,
                at: stamp.at,
                by: stamp.by.clone(),
            }),
            _ => {}
        }
    }

    /// A reading or line of the timeline is struck: it counts for nothing any more.
    pub(super) fn strike(&mut self, instance: &InstanceId) {
        self.struck_readings.extend(self.readings.extract_if(.., |reading| reading.instance == *instance));
        self.struck_notes.extend(self.notes.extract_if(.., |note| note.instance == *instance));
    }
}

/// The member of staff who signed, if it was one.
pub fn staff_of(signatory: &Signatory) -> Option<&StaffId> {
    match &signatory.person {
        Person::Staff(staff) => Some(staff),
        Person::Participant(_) | Person::Program => None,
    }
}
