//! The session room: what is asked, watched, answered and drawn there, beside the checks before the dose.
//!
//! Every part may be missing; then nothing of it is asked.

use crate::model::{ChoiceOption, Duty, VitalsSlot};
use jiff::civil::Time;
use serde::Serialize;
use terms::{Decimal, Source};

/// The session room.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RoomPlan {
    /// Who is told when the carers are too few, and after how many minutes.
    pub steps: Vec<PresenceStep>,
    /// When distress is asked for; slots like those of the vital signs.
    pub ratings: Vec<VitalsSlot>,
    /// How grave a distress is, and for how long.
    pub distress: Option<DistressPlan>,
    /// What may be drunk.
    pub fluids: Option<FluidPlan>,
    /// Kinds of touch that can be agreed on.
    pub touch: Option<TouchPlan>,
    /// The course of the day, with its music.
    pub phases: Vec<Phase>,
    /// How each level of alarm is answered.
    pub alarms: Vec<AlarmRule>,
    /// Emergency cards.
    pub cards: Vec<EmergencyCard>,
    /// Who is called.
    pub contacts: Vec<Contact>,
    /// Looks at the participant in the night.
    pub night: Option<NightPlan>,
    /// Hours after a swallow in which nobody can consent.
    pub sober_after_hours: Option<u32>,
}

impl RoomPlan {
    /// How an alarm of a level is answered.
    pub fn alarm(&self, level: AlarmLevel) -> Option<&AlarmRule> {
        self.alarms.iter().find(|rule| rule.level == level)
    }

    /// The emergency card with this id.
    pub fn card(&self, id: &str) -> Option<&EmergencyCard> {
        self.cards.iter().find(|card| card.id == id)
    }

    /// The contact with this id.
    pub fn contact(&self, id: &str) -> Option<&Contact> {
        self.contacts.iter().find(|contact| contact.id == id)
    }

    /// The phase of a minute after the first swallow; before the first begins and after the last ends there is none.
    pub fn phase(&self, minute: i64) -> Option<&Phase> {
        self.phases.iter().rev().find(|phase| {
            i64::from(phase.from_minutes) <= minute && phase.until_minutes.is_none_or(|end| minute < i64::from(end))
        })
    }
}

/// How grave an alarm is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AlarmLevel {
    /// To be known.
    Info,
    /// The carers look.
    Amber,
    /// The physician, within minutes.
    Red,
    /// Ambulance, physician, sponsor.
    Black,
}

impl AlarmLevel {
    /// Its name: `amber`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Amber => "amber",
            Self::Red => "red",
            Self::Black => "black",
        }
    }
}

/// How an alarm of a level is answered.
#[derive(Debug, Clone, Serialize)]
pub struct AlarmRule {
    /// The level.
    pub level: AlarmLevel,
    /// Minutes in which somebody says that they have it; then the next is told.
    pub ack_minutes: u32,
    /// Who is told, one after the other.
    pub tell: Vec<Duty>,
    /// Where it comes from.
    pub source: Source,
}

/// Who is told when the carers have been too few for so long.
#[derive(Debug, Clone, Serialize)]
pub struct PresenceStep {
    /// Id: `lead`.
    pub id: String,
    /// Minutes since then.
    pub after_minutes: u32,
    /// Who is told.
    pub tell: Duty,
    /// How grave it is then.
    pub level: AlarmLevel,
    /// Where it comes from.
    pub source: Source,
}

/// How grave a distress is, and for how long.
#[derive(Debug, Clone, Serialize)]
pub struct DistressPlan {
    /// The measure: `distress`.
    pub measure: String,
    /// From this rating on it is grave.
    pub grave_at: Decimal,
    /// An alarm when it has lasted so many minutes.
    pub grave_minutes: u32,
    /// The card that then helps.
    pub card: Option<String>,
    /// Where it comes from.
    pub source: Source,
}

/// What may be drunk: alarms, never a bar.
#[derive(Debug, Clone, Serialize)]
pub struct FluidPlan {
    /// The day's limit, ml.
    pub day_max_ml: u32,
    /// Sums of the day at which an alarm is raised, ml.
    pub alert_at_ml: Vec<u32>,
    /// Most in one hour before an alarm, ml.
    pub hour_max_ml: Option<u32>,
    /// The card that then helps.
    pub card: Option<String>,
    /// Where it comes from.
    pub source: Source,
}

/// Kinds of touch that can be agreed on before the dose, each a yes or no of a check. They never widen in a session.
#[derive(Debug, Clone, Serialize)]
pub struct TouchPlan {
    /// The check that asks for each kind, by a field of the kind's code.
    pub check: String,
    /// Kinds: `hand = "Holding a hand"`.
    pub kinds: Vec<ChoiceOption>,
    /// Carers who must be there for any touch.
    pub carers_min: u32,
    /// Where it comes from.
    pub source: Source,
}

/// A stretch of the day with its music.
#[derive(Debug, Clone, Serialize)]
pub struct Phase {
    /// Id: `peak`.
    pub id: String,
    /// Title.
    pub title: String,
    /// First minute after the first swallow.
    pub from_minutes: i32,
    /// The minute at which it is over; none for the last.
    pub until_minutes: Option<i32>,
    /// What the carers do.
    pub care: String,
    /// What the music is like.
    pub music: String,
    /// Where it comes from.
    pub source: Source,
}

/// An emergency card.
#[derive(Debug, Clone, Serialize)]
pub struct EmergencyCard {
    /// Id: `hyperthermia`.
    pub id: String,
    /// Title.
    pub title: String,
    /// The key that opens it.
    pub key: Option<String>,
    /// How grave it is.
    pub level: AlarmLevel,
    /// How it is recognised.
    pub recognise: Vec<String>,
    /// What to do, in order.
    pub steps: Vec<String>,
    /// Medicines, by a physician's order, and those to be avoided.
    pub medicines: Vec<String>,
    /// When it is beyond this room.
    pub stop: String,
    /// Who is called, in order.
    pub call: Vec<String>,
    /// Where it comes from.
    pub source: Source,
}

/// Somebody who is called in an emergency.
#[derive(Debug, Clone, Serialize)]
pub struct Contact {
    /// Id: `ambulance`.
    pub id: String,
    /// Label.
    pub label: String,
    /// The duty that they hold at the site, if they are staff.
    pub duty: Option<Duty>,
    /// Minutes within which they must be reached.
    pub within_minutes: u32,
    /// Number, where it is the same everywhere.
    pub phone: Option<String>,
    /// Where it comes from.
    pub source: Source,
}

/// A contact's number at a site.
#[derive(Debug, Clone, Serialize)]
pub struct SiteContact {
    /// The contact.
    pub contact: String,
    /// Number.
    pub phone: String,
}

/// Looks at the participant in the night.
#[derive(Debug, Clone, Serialize)]
pub struct NightPlan {
    /// Minutes between two looks.
    pub every_minutes: u32,
    /// After so many minutes without one there is an alarm.
    pub missed_minutes: u32,
    /// The site's clock time at which the morning begins.
    pub until: Time,
    /// Signs at which the attendant must call: `{ confusion = "Confusion" }`.
    pub must_call: Vec<ChoiceOption>,
    /// Grave distress, from this rating on: the attendant calls.
    pub distress_call_at: Option<u8>,
    /// Where it comes from.
    pub source: Source,
}

/// What a code of the timeline means to the rules. The list is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeMeaning {
    /// Something drunk; its number is millilitres.
    Drink,
    /// A rating was not asked for.
    NotAsked,
    /// Touch was offered.
    TouchOffered,
    /// It was accepted.
    TouchAccepted,
    /// It was declined.
    TouchDeclined,
    /// It ended.
    TouchEnded,
    /// The participant wants no touch any more.
    NoTouch,
    /// The stop word was said.
    StopWord,
    /// A medicine was given; its words name it.
    Rescue,
    /// The participant vomited.
    Vomited,
}
