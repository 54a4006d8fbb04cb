//! Alarms: raised by what happens or by what time brings, taken by somebody, handed on when nobody takes them, and over
//! when their cause is. Each is a fact in the record; none stands in the way of care.
//!
//! Source: dosing-day.md §9 (levels, `ack_by_min`), §13.4, §13.5, §13.12; the study's `session.alarm`.

use super::{
    night, presence,
    room::{Room, minutes},
    watch,
};
use crate::{
    case::{Case, Draft},
    decide::FactNo,
    entry::{AlarmKind, Entry},
    finding::Unreadable,
    state::Alarm,
};
use jiff::Timestamp;
use protocol::model::{AlarmLevel, Duty};
use terms::InstanceId;

/// An alarm that is about to be raised.
#[derive(Debug, Clone)]
pub struct Raise {
    /// What it is about.
    pub kind: AlarmKind,
    /// Which of its kind.
    pub key: String,
    /// How grave.
    pub level: AlarmLevel,
    /// In words.
    pub text: String,
    /// Who is told, where the study's level doesn't say it.
    pub tell: Option<Duty>,
    /// The record that it is about.
    pub about: Option<InstanceId>,
    /// The card that helps.
    pub card: Option<String>,
}

impl Raise {
    pub(super) fn new(kind: AlarmKind, key: impl Into<String>, level: AlarmLevel, text: impl Into<String>) -> Self {
        Self { kind, key: key.into(), level, text: text.into(), tell: None, about: None, card: None }
    }

    pub(super) const fn tell(mut self, duty: Duty) -> Self {
        self.tell = Some(duty);
        self
    }

    pub(super) fn about(mut self, about: &InstanceId) -> Self {
        self.about = Some(about.clone());
        self
    }

    pub(super) fn card(mut self, card: Option<&String>) -> Self {
        self.card = card.cloned();
        self
    }
}

/// Something that only the time has brought.
#[derive(Debug, Clone)]
pub enum Brought {
    /// An alarm.
    Raised(Raise),
    /// Nobody took an alarm in time: the next is told.
    Escalated {
        /// Which.
        instance: InstanceId,
        /// Who is told now.
        tell: Duty,
    },
    /// The carers have been too few for longer than the study allows, since then.
    Gap(Timestamp),
}

/// Raises an alarm, unless one of the same kind about the same is up already. An alarm that nobody else could take in
/// time may be told hours after it arose: its minutes begin when it is written down.
pub(super) fn raise(room: &Room<'_>, raise: Raise, draft: &mut Draft) {
    let same = |kind: AlarmKind, key: &str| kind == raise.kind && key == raise.key;
    let up = room.session.alarms.values().any(|alarm| alarm.ended.is_none() && same(alarm.kind, &alarm.key));
    let drafted = draft.entries().any(|entry| match entry {
        Entry::AlarmRaised { alarm, key, .. } => same(*alarm, key),
        _ => false,
    });
    if up || drafted {
        return;
    }
    let rule = room.case.study.session.room.alarm(raise.level);
    let tell = raise.tell.or_else(|| rule.and_then(|rule| rule.tell.first().copied())).unwrap_or(Duty::LeadSession);
    let ack_by = rule.map(|rule| Case::after_minutes(room.case.context.now, minutes(rule.ack_minutes)));
    let instance = draft.instance();
    draft.participant(Entry::AlarmRaised {
        session: room.number,
        instance,
        alarm: raise.kind,
        key: raise.key,
        level: raise.level,
        text: raise.text,
        tell,
        ack_by,
        about: raise.about,
        card: raise.card,
    });
}

/// Ends the alarms that something answers.
pub(super) fn end(room: &Room<'_>, over: impl Fn(&Alarm) -> bool, text: impl Fn() -> String, draft: &mut Draft) {
    for (instance, alarm) in &room.session.alarms {
        if alarm.ended.is_none() && over(alarm) {
            draft.participant(Entry::AlarmEnded { session: room.number, instance: instance.clone(), text: text() });
        }
    }
}

fn known<'c>(room: &Room<'c>, id: &InstanceId) -> Result<&'c Alarm, Unreadable> {
    room.session.alarms.get(id).ok_or_else(|| Unreadable {
        field: "alarm".to_owned(),
        what: format!("there is no alarm {id} in this session"),
        mend: "open the session again: its alarms are listed first".to_owned(),
    })
}

/// Somebody says that they have it.
pub(super) fn acknowledge(room: &Room<'_>, id: &InstanceId, draft: &mut Draft) -> Result<(), FactNo> {
    let alarm = known(room, id)?;
    if let Some((_, at)) = &alarm.acknowledged {
        return Err(FactNo::Conflict { what: format!("somebody has had it since {}", room.case.clock(*at)) });
    }
    draft.participant(Entry::AlarmAcknowledged { session: room.number, instance: id.clone(), contact: None });
    Ok(())
}

/// Somebody of the call-out list was called; whoever was reached has the alarm.
pub(super) fn called(
    room: &Room<'_>,
    contact: &str,
    reached: bool,
    about: Option<&InstanceId>,
    text: Option<&str>,
    draft: &mut Draft,
) -> Result<(), FactNo> {
    let plan = &room.case.study.session.room;
    let Some(entry) = plan.contact(contact) else {
        let all: Vec<&str> = plan.contacts.iter().map(|contact| contact.id.as_str()).collect();
        return Err(Unreadable {
            field: "contact".to_owned(),
            what: format!("there is no contact \"{contact}\" in this study"),
            mend: format!("the contacts are {}", all.join(", ")),
        }
        .into());
    };
    super::timeline::length(text)?;
    let waiting = about.map(|id| known(room, id)).transpose()?.is_some_and(|alarm| alarm.acknowledged.is_none());
    draft.participant(Entry::ContactCalled {
        session: room.number,
        contact: contact.to_owned(),
        label: entry.label.clone(),
        reached,
        alarm: about.cloned(),
        text: text.map(str::to_owned),
    });
    if let Some(id) = about.filter(|_| reached && waiting) {
        draft.participant(Entry::AlarmAcknowledged {
            session: room.number,
            instance: id.clone(),
            contact: Some(contact.to_owned()),
        });
    }
    Ok(())
}

/// Writes down what only the time has brought.
pub(super) fn by_time(room: &Room<'_>, draft: &mut Draft) -> Result<(), FactNo> {
    let brought = brought(room);
    if brought.is_empty() {
        let what = "nothing new: every alarm that the time has brought is on record".to_owned();
        return Err(FactNo::Conflict { what });
    }
    for one in brought {
        match one {
            Brought::Raised(alarm) => raise(room, alarm, draft),
            Brought::Escalated { instance, tell } => escalate(room, &instance, tell, draft),
            Brought::Gap(since) => presence::gap_deviation(room, since, room.case.at, draft),
        }
    }
    Ok(())
}

fn escalate(room: &Room<'_>, instance: &InstanceId, tell: Duty, draft: &mut Draft) {
    let level = room.session.alarms.get(instance).map(|alarm| alarm.level);
    let rule = level.and_then(|level| room.case.study.session.room.alarm(level));
    draft.participant(Entry::AlarmEscalated {
        session: room.number,
        instance: instance.clone(),
        tell,
        ack_by: rule.map(|rule| Case::after_minutes(room.case.context.now, minutes(rule.ack_minutes))),
    });
}

/// What the time has brought up to now and nobody has written down.
pub(super) fn brought(room: &Room<'_>) -> Vec<Brought> {
    let mut all = Vec::new();
    if room.session.closed.is_none() {
        let raised = |alarm: &Raise| {
            room.session.alarms.values().any(|known| known.kind == alarm.kind && known.key == alarm.key)
        };
        let mut alarms = Vec::new();
        if presence::under_the_drug(room) {
            presence::by_time(room, &mut alarms, &mut all);
            watch::by_time(room, &mut alarms);
        }
        night::by_time(room, &mut alarms);
        all.extend(alarms.into_iter().filter(|alarm| !raised(alarm)).map(Brought::Raised));
    }
    for (instance, alarm) in &room.session.alarms {
        let late = alarm.waits() && alarm.ack_by.is_some_and(|by| by < room.case.at);
        if let Some(tell) = next_told(room, alarm).filter(|_| late) {
            all.push(Brought::Escalated { instance: instance.clone(), tell });
        }
    }
    all
}

/// Who is told after the one who is told now; nobody at the end of the study's list.
fn next_told(room: &Room<'_>, alarm: &Alarm) -> Option<Duty> {
    let rule = room.case.study.session.room.alarm(alarm.level)?;
    rule.tell.iter().copied().find(|duty| *duty != alarm.tell && !alarm.told.contains(duty))
}
