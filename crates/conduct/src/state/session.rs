//! One dosing session as it stands.

use crate::{
    command::{Destination, DosePart, Going},
    entry::{BreachFound, Entry, Signatory, Stamp, SupplementTimes},
};
use jiff::{Timestamp, civil::Date};
use std::collections::BTreeMap;
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
    /// Words.
    pub text: Option<String>,
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
    /// Timeline.
    pub notes: Vec<SessionNote>,
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
            Entry::CheckRecorded { instance, check, values, clears, expires, .. } => {
                let done = CheckDone {
                    instance: instance.clone(),
                    values: values.clone(),
                    clears: *clears,
                    at: stamp.at,
                    expires: *expires,
                    by: stamp.by.clone(),
                    agreed: false,
                };
                // A record that comes in late never replaces a younger one.
                if self.checks.get(check).is_none_or(|earlier| earlier.at <= done.at) {
                    self.checks.insert(check.clone(), done);
                }
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
            Entry::ReadingRecorded { instance, measures, slot, breaches, .. } => {
                let reading = Reading {
                    instance: instance.clone(),
                    at: stamp.at,
                    measures: measures.clone(),
                    slot: slot.clone(),
                    breaches: breaches.clone(),
                };
                let place = self.readings.partition_point(|earlier| earlier.at <= reading.at);
                self.readings.insert(place, reading);
            }
            Entry::SessionNoted { instance, code, number, text, .. } => self.notes.push(SessionNote {
                instance: instance.clone(),
                at: stamp.at,
                code: code.clone(),
                number: *number,
                text: text.clone(),
                by: stamp.by.clone(),
            }),
            Entry::SessionStopped { .. } => {
                self.stopped.get_or_insert(stamp.at);
                self.dose_authorised = None;
                self.supplement_authorised = None;
            }
            Entry::Discharged { .. } => self.discharged = Some(stamp.at),
            Entry::Departed { to, .. } => self.departed = Some((stamp.at, *to)),
            Entry::NightChecked { awake, distress, .. } => {
                self.night.push(NightCheck { at: stamp.at, awake: *awake, distress: *distress });
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
            _ => {}
        }
    }

    fn presence_apply(&mut self, stamp: &Stamp, staff: &StaffId, going: Going) {
        let open = self.presence.iter_mut().find(|span| span.staff == *staff && span.until.is_none());
        match (going, open) {
            (Going::In, None) => {
                self.presence.push(PresenceSpan { staff: staff.clone(), from: stamp.at, until: None });
            }
            (Going::Out, Some(span)) => span.until = Some(stamp.at),
            (Going::In, Some(_)) | (Going::Out, None) => {}
        }
    }
}
