//! One session on paper: everything that was written about it, in the order in which it happened, in words.
//!
//! Made of the record's entries, so that nothing which stands there is left out: what was told late says so, what was
//! corrected or struck stays readable with what stands there now.

use crate::{
    command::{Destination, DosePart, Going},
    entry::{BreachFound, Entry, NoteFound, Signatory, Stamp, Written},
    state::ParticipantState,
};
use jiff::{Timestamp, civil::Date};
use protocol::model::Study;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use terms::{ActId, Decimal, InstanceId, ParticipantId, StaffId, Value, VisitId};

/// The heading that a line stands under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// Order, release, permissions, swallows.
    Dose,
    /// Checks before the dose and criteria for leaving.
    Checks,
    /// Who was there.
    Presence,
    /// Vital signs and ratings.
    Readings,
    /// The timeline.
    Timeline,
    /// Alarms, cards, calls.
    Alarms,
    /// Leaving and the night.
    Leaving,
    /// Deviations and adverse events.
    Events,
    /// Signatures and the close.
    Signatures,
}

impl Section {
    /// Its heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Dose => "The dose",
            Self::Checks => "Checks",
            Self::Presence => "Who was there",
            Self::Readings => "Vital signs and ratings",
            Self::Timeline => "Timeline",
            Self::Alarms => "Alarms, cards, calls",
            Self::Leaving => "Leaving and the night",
            Self::Events => "Deviations and adverse events",
            Self::Signatures => "Signatures",
        }
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// Under which heading.
    pub section: Section,
    /// When it happened.
    pub at: Timestamp,
    /// Minutes from the first swallow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minute: Option<i64>,
    /// When it was written down.
    pub recorded_at: Timestamp,
    /// It was written down more than a few minutes after it happened.
    pub late: bool,
    /// When it happened by the clock of a device that was wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_at: Option<Timestamp>,
    /// In words.
    pub what: String,
    /// Why, where it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// By whom.
    pub by: Signatory,
    /// The second person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second: Option<Signatory>,
    /// Struck through later.
    pub struck: bool,
}

/// A value of a vital sign, as it stands after corrections; for the chart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point {
    /// The measure.
    pub measure: String,
    /// When.
    pub at: Timestamp,
    /// Minutes from the first swallow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minute: Option<i64>,
    /// Value.
    pub value: Decimal,
}

/// One session on paper.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Whose.
    pub participant: ParticipantId,
    /// Session number.
    pub session: u8,
    /// Its visit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visit: Option<VisitId>,
    /// The site's day of the first line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<Date>,
    /// The site's time zone.
    pub zone: String,
    /// First swallow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dosed_at: Option<Timestamp>,
    /// Supplement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplement_at: Option<Timestamp>,
    /// Stays in the room: who, from, until.
    pub stays: Vec<(StaffId, Timestamp, Option<Timestamp>)>,
    /// Vital signs.
    pub points: Vec<Point>,
    /// Everything, in order.
    pub lines: Vec<Line>,
}

impl Report {
    /// The lines under a heading, in order.
    pub fn section(&self, section: Section) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(move |line| line.section == section)
    }
}

/// Minutes after which something counts as written down late.
const LATE_MINUTES: i64 = 15;

/// One session on paper, from the participant's entries.
pub fn report<'e>(
    study: &Study,
    participant: &ParticipantState,
    number: u8,
    entries: impl IntoIterator<Item = &'e Written>,
) -> Report {
    let session = participant.sessions.get(&number);
    let dosed_at = session.and_then(crate::state::SessionState::dosed_at);
    let minute = |at: Timestamp| dosed_at.map(|dosed| crate::Case::minutes_between(dosed, at));
    let entries: Vec<&Written> = entries.into_iter().collect();
    let acts: BTreeSet<&ActId> = entries
        .iter()
        .filter(|written| written.entry.session() == Some(number))
        .map(|written| &written.stamp.act)
        .collect();
    let mut struck: BTreeSet<&InstanceId> = BTreeSet::new();
    let mut own: BTreeSet<&InstanceId> = BTreeSet::new();
    for written in &entries {
        match &written.entry {
            Entry::RecordStruck { instance, .. } => {
                struck.insert(instance);
            }
            Entry::ReadingRecorded { session, instance, .. } | Entry::SessionNoted { session, instance, .. }
                if *session == number =>
            {
                own.insert(instance);
            }
            _ => {}
        }
    }
    let words = Words { study, names: names(&entries) };
    let mut lines: Vec<Line> = Vec::new();
    for written in &entries {
        let (stamp, entry) = (&written.stamp, &written.entry);
        let here = match entry {
            Entry::DeviationRecorded { .. } | Entry::GroundWithdrawn { .. } => acts.contains(&stamp.act),
            Entry::RecordStruck { instance, .. } => own.contains(instance),
            Entry::AdverseEventRecorded { event, .. } => event.session == Some(number),
            other => other.session() == Some(number),
        };
        let Some((section, what)) = words.of(entry, stamp).filter(|_| here) else { continue };
        let instance = match entry {
            Entry::ReadingRecorded { instance, .. } | Entry::SessionNoted { instance, .. } => Some(instance),
            _ => None,
        };
        lines.push(Line {
            section,
            at: stamp.at,
            minute: minute(stamp.at),
            recorded_at: stamp.recorded_at,
            late: crate::Case::minutes_between(stamp.at, stamp.recorded_at) > LATE_MINUTES,
            device_at: stamp.device_at,
            what,
            reason: stamp.reason.clone(),
            by: stamp.by.clone(),
            second: stamp.second.clone(),
            struck: instance.is_some_and(|instance| struck.contains(instance)),
        });
    }
    lines.sort_by_key(|line| line.at);
    let readings = session.into_iter().flat_map(|session| &session.readings);
    let points = readings.flat_map(|reading| {
        let at = reading.at;
        reading.measures.iter().map(move |(measure, value)| Point {
            measure: measure.clone(),
            at,
            minute: minute(at),
            value: *value,
        })
    });
    let first = entries.iter().find(|written| written.entry.session() == Some(number));
    Report {
        participant: participant.id.clone(),
        session: number,
        visit: study.session(number).map(|session| session.visit.clone()),
        day: lines.first().map(|line| line.at).and_then(|at| day_of(&entries, at)),
        zone: first.map_or_else(|| "UTC".to_owned(), |written| written.stamp.zone.clone()),
        dosed_at,
        supplement_at: session.and_then(|s| s.swallow(DosePart::Supplement)).map(|swallow| swallow.at),
        stays: session
            .into_iter()
            .flat_map(|session| &session.presence)
            .map(|span| (span.staff.clone(), span.from, span.until))
            .collect(),
        points: points.collect(),
        lines,
    }
}

fn day_of(entries: &[&Written], at: Timestamp) -> Option<Date> {
    entries.iter().find(|written| written.stamp.at == at).map(|written| written.stamp.day)
}

/// What alarms and cards are called, for the lines that only name them.
fn names<'e>(entries: &[&'e Written]) -> BTreeMap<&'e InstanceId, &'e str> {
    let mut names = BTreeMap::new();
    for written in entries {
        match &written.entry {
            Entry::AlarmRaised { instance, text, .. } => names.insert(instance, text.as_str()),
            Entry::CardOpened { instance, title, .. } => names.insert(instance, title.as_str()),
            _ => None,
        };
    }
    names
}

struct Words<'a> {
    study: &'a Study,
    names: BTreeMap<&'a InstanceId, &'a str>,
}

impl Words<'_> {
    fn name(&self, instance: &InstanceId) -> &str {
        self.names.get(instance).copied().unwrap_or("an alarm")
    }

    /// The heading and words of an entry; none for what is not about a session.
    fn of(&self, entry: &Entry, stamp: &Stamp) -> Option<(Section, String)> {
        let all = self.dose(entry).or_else(|| self.room(entry)).or_else(|| self.alarm(entry));
        all.or_else(|| self.leaving(entry, stamp))
    }

    fn dose(&self, entry: &Entry) -> Option<(Section, String)> {
        let what = match entry {
            Entry::DoseOrdered { level, initial, supplement, level_reason, .. } => {
                let why = level_reason.as_ref().map(|why| format!(", because {why}")).unwrap_or_default();
                format!("Ordered {level}: {initial}, then {supplement}{why}")
            }
            Entry::OrderWithdrawn { .. } => "Order withdrawn".to_owned(),
            Entry::ContainersReleased { initial, supplement, .. } => match supplement {
                Some(supplement) => format!("Out of the safe: {initial} and {supplement}"),
                None => format!("Out of the safe: {initial}"),
            },
            Entry::DoseAuthorised { container, expires, .. } => {
                format!("Dose allowed from {container} until {expires}")
            }
            Entry::SupplementAuthorised { container, expires, .. } => {
                format!("Supplement allowed from {container} until {expires}")
            }
            Entry::SupplementNotGiven { code, .. } => {
                let known = self.study.session.supplement_refusals.iter().find(|known| known.code == *code);
                format!("Supplement not given: {}", known.map_or(code.as_str(), |known| known.label.as_str()))
            }
            Entry::DoseTaken { part, container, amount, pieces, mouth_checked, authorised, .. } => {
                let part = match part {
                    DosePart::Initial => "First dose",
                    DosePart::Supplement => "Supplement",
                };
                let mouth = if *mouth_checked { "mouth looked into" } else { "mouth not looked into" };
                let allowed = if *authorised { "" } else { ", not as allowed" };
                format!("{part} swallowed: {amount}, {pieces} pieces from {container}, {mouth}{allowed}")
            }
            Entry::GroundWithdrawn { rule, detail, .. } => format!("What it stood on is gone ({rule}): {detail}"),
            _ => return None,
        };
        Some((Section::Dose, what))
    }

    fn room(&self, entry: &Entry) -> Option<(Section, String)> {
        Some(match entry {
            Entry::CheckRecorded { check, values, clears, .. } => {
                let session = &self.study.session;
                let mut known = session.checks.iter().chain(&session.discharge.criteria);
                let sentence = known.find(|known| known.id == *check).map_or(check.as_str(), |k| k.sentence.as_str());
                let answers: Vec<String> =
                    values.iter().map(|(field, value)| format!("{field} {}", shown(value))).collect();
                let clears = if *clears { "clears" } else { "does not clear" };
                (Section::Checks, format!("{sentence}: {}: {clears}", answers.join(", ")))
            }
            Entry::Agreed { check: Some(check), .. } => (Section::Checks, format!("The prescriber clears {check}")),
            Entry::Agreed { check: None, .. } => {
                (Section::Readings, "The prescriber agrees that the pause is over".to_owned())
            }
            Entry::PresenceRecorded { staff, going, .. } => {
                let going = match going {
                    Going::In => "comes in",
                    Going::Out => "goes out",
                };
                (Section::Presence, format!("{staff} {going}"))
            }
            Entry::ReadingRecorded { measures, slot, breaches, rating, confirmed, .. } => {
                let values: Vec<String> = measures.iter().map(|(id, value)| self.value(id, *value)).collect();
                let slots = [slot, rating].into_iter().flatten().cloned().collect::<Vec<_>>().join(", ");
                let slots = if slots.is_empty() { String::new() } else { format!("{slots}: ") };
                let sure = if confirmed.is_empty() {
                    String::new()
                } else {
                    format!(" (confirmed: {})", confirmed.join(", "))
                };
                (Section::Readings, format!("{slots}{}{sure}{}", values.join(", "), limits(breaches)))
            }
            Entry::ReadingCorrected { changes, breaches, .. } => {
                let each: Vec<String> = changes
                    .iter()
                    .map(|(id, change)| {
                        let old = change.old.map_or_else(|| "nothing".to_owned(), |old| old.to_string());
                        format!("{}, was {old}", self.value(id, change.new))
                    })
                    .collect();
                (Section::Readings, format!("Corrected: {}{}", each.join("; "), limits(breaches)))
            }
            Entry::SessionNoted { code, number, detail, text, .. } => {
                let note =
                    NoteFound { code: code.clone(), number: *number, detail: detail.clone(), text: text.clone() };
                (Section::Timeline, self.note(&note))
            }
            Entry::SessionNoteCorrected { old, new, .. } => {
                (Section::Timeline, format!("Corrected: {}, was {}", self.note(new), self.note(old)))
            }
            Entry::RecordStruck { .. } => (Section::Timeline, "A line is struck through".to_owned()),
            _ => return None,
        })
    }

    fn alarm(&self, entry: &Entry) -> Option<(Section, String)> {
        let what = match entry {
            Entry::AlarmRaised { level, text, tell, .. } => {
                format!("Alarm, {}: {text}; {} is told", level.name(), tell.name().replace('_', " "))
            }
            Entry::AlarmEscalated { instance, tell, .. } => {
                format!("Nobody took it in time, {} is told: {}", tell.name().replace('_', " "), self.name(instance))
            }
            Entry::AlarmAcknowledged { instance, contact: None, .. } => format!("Taken: {}", self.name(instance)),
            Entry::AlarmAcknowledged { instance, contact: Some(contact), .. } => {
                format!("Taken by {contact}, by telephone: {}", self.name(instance))
            }
            Entry::AlarmEnded { instance, text, .. } => format!("Over, {text}: {}", self.name(instance)),
            Entry::CardOpened { title, .. } => format!("Card opened: {title}"),
            Entry::CardStepDone { instance, text, .. } => format!("{}: done: {text}", self.name(instance)),
            Entry::CardClosed { instance, text, .. } => format!("Card closed: {}: {text}", self.name(instance)),
            Entry::ContactCalled { label, reached, text, .. } => {
                let how = if *reached { "reached" } else { "not reached" };
                let said = text.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
                format!("Called {label}, {how}{said}")
            }
            Entry::SessionStopped { .. } => "The session was stopped".to_owned(),
            _ => return None,
        };
        Some((Section::Alarms, what))
    }

    fn leaving(&self, entry: &Entry, stamp: &Stamp) -> Option<(Section, String)> {
        Some(match entry {
            Entry::Discharged { .. } => (Section::Leaving, "May leave".to_owned()),
            Entry::Departed { to, allowed, .. } => {
                let to = match to {
                    Destination::Overnight => "stays the night",
                    Destination::Home => "goes home",
                    Destination::Hospital => "goes to hospital",
                };
                let allowed = if *allowed { "" } else { ", before it was allowed" };
                (Section::Leaving, format!("The participant {to}{allowed}"))
            }
            Entry::NightChecked { awake, distress, signs, text, .. } => {
                let mut words = vec![if *awake { "awake".to_owned() } else { "asleep".to_owned() }];
                words.extend(distress.map(|distress| format!("distress {distress}")));
                let night = self.study.session.room.night.as_ref();
                words.extend(signs.iter().map(|sign| {
                    let known = night.into_iter().flat_map(|night| &night.must_call).find(|known| known.code == *sign);
                    known.map_or_else(|| sign.clone(), |known| known.label.clone())
                }));
                words.extend(text.clone());
                (Section::Leaving, format!("In the night: {}", words.join(", ")))
            }
            Entry::DeviationRecorded { code, title, detail, .. } => {
                (Section::Events, format!("{code} {title}: {detail}"))
            }
            Entry::AdverseEventRecorded { event, update, .. } => {
                let what = if *update { "More of an adverse event" } else { "Adverse event" };
                let serious = if event.serious.is_empty() { "" } else { ", serious" };
                (Section::Events, format!("{what}: {}, {}{serious}", event.term, word(&event.severity)))
            }
            Entry::SessionSigned { staff, .. } => (Section::Signatures, format!("{staff} signs")),
            Entry::SessionClosed { unsigned, .. } => {
                let missing: Vec<&str> = unsigned.iter().map(StaffId::as_str).collect();
                let why = stamp.reason.as_deref().unwrap_or("no reason");
                let missing = if missing.is_empty() {
                    String::new()
                } else {
                    format!("; not signed by {}: {why}", missing.join(", "))
                };
                (Section::Signatures, format!("The record is closed{missing}"))
            }
            _ => return None,
        })
    }

    fn value(&self, id: &str, value: Decimal) -> String {
        let known = self.study.session.measures.iter().find(|measure| measure.id == id);
        known.map_or_else(|| format!("{id} {value}"), |measure| format!("{} {value} {}", measure.label, measure.unit))
    }

    fn note(&self, note: &NoteFound) -> String {
        let known = self.study.session.codes.iter().find(|known| known.code == note.code);
        let mut words = vec![known.map_or_else(|| note.code.clone(), |known| known.label.clone())];
        if let Some(number) = note.number {
            let unit = known.and_then(|known| known.unit.as_deref()).unwrap_or_default();
            words.push(format!("{number} {unit}"));
        }
        if let Some(detail) = &note.detail {
            let options = known.map(|known| known.options.as_slice()).unwrap_or_default();
            let option = options.iter().find(|option| option.code == *detail);
            words.push(option.map_or_else(|| detail.clone(), |option| option.label.clone()));
        }
        words.extend(note.text.clone());
        words.join(", ")
    }
}

fn shown(value: &Value) -> String {
    value.to_string()
}

fn limits(breaches: &[BreachFound]) -> String {
    if breaches.is_empty() {
        return String::new();
    }
    let each: Vec<String> =
        breaches.iter().map(|b| format!("{} {}", b.limit, if b.red { "red" } else { "amber" })).collect();
    format!("; beyond {}", each.join(", "))
}

fn word<T: Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
