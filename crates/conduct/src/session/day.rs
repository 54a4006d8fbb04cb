//! What stands on the session's page: questions for whoever draws it. Nothing here is decided anew.

use super::{
    alarms::{self, Brought},
    leaving, monitoring, night, presence,
    room::Room,
    signing, timeline,
};
use crate::{
    case::Case,
    command::{Destination, DosePart},
    finding::Unreadable,
    state::{SessionState, Task},
};
use jiff::Timestamp;
use protocol::model::{Phase, Study, VitalsSlot};
use std::collections::BTreeMap;
use terms::{Decimal, InstanceId, StaffId};

/// One participant's session, as it stands at the case's moment.
#[derive(Debug, Clone, Copy)]
pub struct Day<'c> {
    room: Room<'c>,
}

/// How far a measurement that is due has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SlotStanding {
    /// Taken.
    Taken,
    /// Later today.
    Ahead,
    /// It can be taken now.
    Open,
    /// Its minutes are over.
    Overdue,
}

/// A measurement of the day.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// Its id in the study.
    pub id: String,
    /// Minutes from the first swallow.
    pub offset_minutes: i32,
    /// What is measured.
    pub measures: Vec<String>,
    /// Distress is asked for, rather than vital signs.
    pub rating: bool,
    /// The supplement looks at it.
    pub before_supplement: bool,
    /// From when it counts; none before the first swallow.
    pub opens: Option<Timestamp>,
    /// When it is best taken.
    pub at: Option<Timestamp>,
    /// Until when it counts.
    pub closes: Option<Timestamp>,
    /// How far it has come.
    pub standing: SlotStanding,
}

/// What was drunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fluids {
    /// In the session so far, ml.
    pub all_ml: Decimal,
    /// In the last hour, ml.
    pub hour_ml: Decimal,
    /// The day's limit, ml.
    pub day_max_ml: u32,
    /// The next sum with an alarm, ml.
    pub next_alert_ml: Option<u32>,
}

/// A kind of touch, and whether it was agreed on for today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TouchKind {
    /// Code.
    pub code: String,
    /// In words.
    pub label: String,
    /// Agreed on.
    pub agreed: bool,
}

/// Touch as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touch {
    /// Kinds.
    pub kinds: Vec<TouchKind>,
    /// The participant wants none any more, since then.
    pub withdrawn: Option<Timestamp>,
}

/// Who is in the room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Here {
    /// Who.
    pub staff: StaffId,
    /// Since when.
    pub since: Timestamp,
    /// Counts as a carer.
    pub carer: bool,
}

/// The room's people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// In the room now.
    pub here: Vec<Here>,
    /// Carers among them.
    pub carers: usize,
    /// Carers that the study asks for.
    pub carers_min: u32,
    /// Since when they have been too few while the participant is under the drug.
    pub below_since: Option<Timestamp>,
}

/// Somebody who was there, and when they signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Who.
    pub staff: StaffId,
    /// Signed when.
    pub signed: Option<Timestamp>,
}

impl<'c> Day<'c> {
    /// The session of the case's participant.
    ///
    /// # Errors
    /// When there is no such participant or session.
    pub fn of(case: &'c Case<'c>, session: u8) -> Result<Self, Unreadable> {
        Ok(Self { room: Room::new(case, session)? })
    }

    /// The session's state.
    pub const fn state(&self) -> &'c SessionState {
        self.room.session
    }

    /// Minutes since the first swallow.
    pub fn minute(&self) -> Option<i64> {
        timeline::minute(self.room.session, self.room.case.at)
    }

    /// The stretch of the day that it is, with its music.
    pub fn phase(&self) -> Option<&'c Phase> {
        self.minute().and_then(|minute| self.room.case.study.session.room.phase(minute))
    }

    /// Measurements and ratings of the day in order of time.
    pub fn slots(&self) -> Vec<Slot> {
        let session = &self.room.case.study.session;
        let vitals = session.vitals.iter().map(|slot| self.slot(slot, false));
        let ratings = session.room.ratings.iter().map(|slot| self.slot(slot, true));
        let mut all: Vec<Slot> = vitals.chain(ratings).collect();
        all.sort_by_key(|slot| slot.offset_minutes);
        all
    }

    /// What is to be measured now: open or overdue.
    pub fn due(&self) -> Vec<Slot> {
        let mut due = self.slots();
        due.retain(|slot| matches!(slot.standing, SlotStanding::Open | SlotStanding::Overdue));
        due
    }

    fn slot(&self, slot: &VitalsSlot, rating: bool) -> Slot {
        let room = &self.room;
        let (opens, closes) = timeline::within(slot.offset_minutes, slot.within_minutes);
        let moment = |minute: i64| room.dosed_at().map(|dosed| Case::after_minutes(dosed, minute));
        let taken = if rating { monitoring::rated(room, slot) } else { monitoring::filled(room.session, slot) };
        let standing = match self.minute() {
            _ if taken => SlotStanding::Taken,
            // Before the dose nobody knows when it will be: what comes before it is due now.
            None if slot.offset_minutes < 0 => SlotStanding::Open,
            None => SlotStanding::Ahead,
            Some(now) if now < opens => SlotStanding::Ahead,
            Some(now) if now <= closes => SlotStanding::Open,
            Some(_) => SlotStanding::Overdue,
        };
        Slot {
            id: slot.id.clone(),
            offset_minutes: slot.offset_minutes,
            measures: slot.measures.clone(),
            rating,
            before_supplement: slot.before_supplement,
            opens: moment(opens),
            at: moment(i64::from(slot.offset_minutes)),
            closes: moment(closes),
            standing,
        }
    }

    /// What was drunk, where the study watches it.
    pub fn fluids(&self) -> Option<Fluids> {
        let plan = self.room.case.study.session.room.fluids.as_ref()?;
        let (all_ml, hour_ml) = timeline::fluids(self.room.case.study, self.room.session, self.room.case.at);
        let ahead = plan.alert_at_ml.iter().copied().filter(|at| all_ml < Decimal::whole(i64::from(*at)));
        Some(Fluids { all_ml, hour_ml, day_max_ml: plan.day_max_ml, next_alert_ml: ahead.min() })
    }

    /// Touch as it was agreed on for today, where the study asks for it.
    pub fn touch(&self) -> Option<Touch> {
        let (study, session) = (self.room.case.study, self.room.session);
        let plan = study.session.room.touch.as_ref()?;
        let kinds = plan.kinds.iter().map(|kind| TouchKind {
            code: kind.code.clone(),
            label: kind.label.clone(),
            agreed: timeline::agreed(study, session, &kind.code) == Some(true),
        });
        let withdrawn = timeline::touch_withdrawn(study, session, self.room.case.at);
        Some(Touch { kinds: kinds.collect(), withdrawn })
    }

    /// Who is in the room.
    pub fn presence(&self) -> Presence {
        let room = &self.room;
        let day = room.case.day;
        let here: Vec<Here> = room
            .session
            .in_room()
            .map(|span| Here { staff: span.staff.clone(), since: span.from, carer: room.is_carer(&span.staff, day) })
            .collect();
        Presence {
            carers: here.iter().filter(|one| one.carer).count(),
            here,
            carers_min: room.case.study.session.presence.carers_min,
            below_since: presence::under_the_drug(room).then(|| presence::below_since(room, room.case.at)).flatten(),
        }
    }

    /// What the time has brought and nobody has written down: when there is something, `RecordAlarms` writes it.
    pub fn brought_by_time(&self) -> Vec<Brought> {
        alarms::brought(&self.room)
    }

    /// Questions whether something was an adverse event, that keep the session open.
    pub fn open_questions(&self) -> Vec<(&'c InstanceId, &'c Task)> {
        leaving::open_questions(&self.room).collect()
    }

    /// Everybody who was there, with their signatures.
    pub fn signatures(&self) -> Vec<Signature> {
        let session = self.room.session;
        let all = session.were_there().into_iter();
        all.map(|staff| Signature { staff: staff.clone(), signed: session.signed.get(staff).copied() }).collect()
    }

    /// Those who were there, have not signed, and are not the one who asks.
    pub fn unsigned(&self) -> Vec<StaffId> {
        signing::unsigned(&self.room)
    }

    /// When the next look at the participant is due, if they stay the night.
    pub fn next_look(&self) -> Option<Timestamp> {
        night::next_look(&self.room)
    }

    /// Numbers of the call-out list at this site, by contact.
    pub fn phones(&self) -> BTreeMap<String, String> {
        let case = self.room.case;
        phones(case.study, case.site.map(terms::SiteId::as_str))
    }

    /// Whether the participant is under the drug and here.
    pub fn under_the_drug(&self) -> bool {
        presence::under_the_drug(&self.room)
    }

    /// Whether they stay the night and have not gone home.
    pub fn in_the_night(&self) -> bool {
        matches!(self.room.session.departed, Some((_, Destination::Overnight)))
    }

    /// Whether the supplement is still to be decided.
    pub fn supplement_open(&self) -> bool {
        let session = self.room.session;
        session.supplement_times.is_some()
            && session.swallow(DosePart::Supplement).is_none()
            && session.supplement_not_given.is_none()
            && self.room.over().is_none()
    }
}

/// Numbers of the call-out list at a site, by contact: the site's own, or the study's.
pub fn phones(study: &Study, site: Option<&str>) -> BTreeMap<String, String> {
    let plan = &study.session.room.contacts;
    let everywhere = plan.iter().filter_map(|contact| Some((contact.id.clone(), contact.phone.clone()?)));
    let mut phones: BTreeMap<String, String> = everywhere.collect();
    let here = site.and_then(|site| study.site(site)).into_iter().flat_map(|site| &site.contacts);
    phones.extend(here.map(|contact| (contact.contact.clone(), contact.phone.clone())));
    phones
}
