//! What a site will need of the drug, from the visit schedule: by level and part of the label, never by arm.
//!
//! Every content that the study's arms use is counted alike, so that a shelf which the forecast calls enough serves whoever
//! comes, and no number in it depends on an allocation. Source: safety.md §6; protocol.md §3.

use crate::{
    command::DosePart,
    schedule::{self, days_from},
    state::{ContainerStanding, ParticipantState, Phase, StockState, VisitStanding},
};
use jiff::civil::Date;
use protocol::model::Study;
use std::collections::{BTreeMap, BTreeSet};
use terms::{LevelId, ParticipantId};

/// A session that is to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// Whose.
    pub participant: ParticipantId,
    /// Which session.
    pub session: u8,
    /// When: the appointment, or the planned day.
    pub day: Date,
    /// It has an appointment.
    pub booked: bool,
    /// Level that was ordered, or the plan's.
    pub level: LevelId,
    /// With a supplement.
    pub supplement: bool,
}

/// One line of a forecast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Level on the label.
    pub level: LevelId,
    /// First dose or supplement.
    pub part: DosePart,
    /// Sessions within the weeks that need one.
    pub needed: u32,
    /// The first of them.
    pub first: Option<Date>,
    /// Containers that may be given, or are in quarantine and may yet be, and stay in date until they are needed.
    pub usable: u32,
    /// Containers on their way here from another site.
    pub coming: u32,
    /// Containers of the same line that end before the weeks are over.
    pub expiring: u32,
    /// Containers to send, as many of one content as of another.
    pub send: u32,
}

/// Containers of one lot that end on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiry {
    /// Last day.
    pub day: Date,
    /// Lot.
    pub lot: String,
    /// Level on the label.
    pub level: LevelId,
    /// First dose or supplement.
    pub part: DosePart,
    /// How many are left.
    pub containers: u32,
}

/// What a site needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forecast {
    /// The last day that it looks at.
    pub until: Date,
    /// By level and part, in the study's order.
    pub lines: Vec<Line>,
    /// What ends first, earliest first.
    pub expiries: Vec<Expiry>,
}

/// The sessions that are to come for somebody, in the plan's order.
pub fn needs(study: &Study, participant: &ParticipantState) -> Vec<Need> {
    let under_way =
        matches!(participant.phase, Phase::Enrolled | Phase::Confirmed | Phase::Assigned | Phase::InTreatment);
    if !under_way || participant.treatment_stopped() || participant.has_left() {
        return Vec::new();
    }
    let mut all = Vec::new();
    for session in &study.dose.sessions {
        let state = participant.sessions.get(&session.number);
        let over = state.is_some_and(|state| !state.swallowed.is_empty() || state.closed.is_some());
        let record = participant.visits.get(&session.visit);
        let missed = record.is_some_and(|record| record.standing == VisitStanding::Missed);
        if over || missed {
            continue;
        }
        let booked = record.and_then(|record| record.booking).map(|booking| booking.day);
        let planned =
            study.visit(session.visit.as_str()).and_then(|visit| schedule::planned(study, participant, visit));
        let Some(day) = booked.or_else(|| planned.map(|planned| planned.target)) else { continue };
        let ordered = state.and_then(|state| state.order.as_ref()).map(|order| &order.level);
        let level = ordered.unwrap_or(&session.level_default);
        let supplement = study.level(level.as_str()).is_some_and(|level| level.supplement_pieces > 0);
        all.push(Need {
            participant: participant.id.clone(),
            session: session.number,
            day,
            booked: booked.is_some(),
            level: level.clone(),
            supplement: supplement && study.dose.supplement.is_some(),
        });
    }
    all
}

/// What a site needs within the study's weeks. Without a plan for the drug, nothing is looked ahead at.
pub fn forecast(study: &Study, needs: &[Need], stock: &StockState, today: Date) -> Option<Forecast> {
    let plan = study.stock.as_ref()?;
    let days = i32::try_from(plan.forecast_weeks.saturating_mul(7)).unwrap_or(i32::MAX);
    let until = days_from(today, days);
    let contents: BTreeSet<_> = study.arms.iter().map(|arm| arm.content).collect();
    let contents = u32::try_from(contents.len().max(1)).unwrap_or(1);
    let mut lines = Vec::new();
    for level in &study.dose.levels {
        let parts = [(DosePart::Initial, true), (DosePart::Supplement, level.supplement_pieces > 0)];
        for (part, _) in parts.into_iter().filter(|(_, has)| *has) {
            let mine = needs.iter().filter(|need| {
                need.level == level.id && need.day <= until && (part == DosePart::Initial || need.supplement)
            });
            let wanted: Vec<Date> = mine.map(|need| need.day.max(today)).collect();
            lines.push(line(&level.id, part, &wanted, stock, (today, until), (contents, plan.forecast_spare)));
        }
    }
    Some(Forecast { until, lines, expiries: expiries(stock) })
}

fn line(
    level: &LevelId,
    part: DosePart,
    wanted: &[Date],
    stock: &StockState,
    (today, until): (Date, Date),
    (contents, spare): (u32, u32),
) -> Line {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let last = wanted.iter().max().copied().unwrap_or(today);
    let mine = |container: &&crate::state::Container| {
        container.level == *level
            && container.part == part
            && !container.opened
            && !container.recalled
            && matches!(container.standing, ContainerStanding::Available | ContainerStanding::Quarantined)
    };
    let here: Vec<_> = stock.containers.values().filter(mine).collect();
    let usable = number(here.iter().filter(|container| container.expires >= last).count());
    let expiring = number(here.iter().filter(|container| container.expires <= until).count());
    let on_the_way = stock.shipments.values().filter(|shipment| !shipment.received);
    let coming = on_the_way
        .flat_map(|shipment| &shipment.containers)
        .filter(|report| report.level == *level && report.part == part && report.expires >= last);
    let coming = number(coming.count());
    let needed = number(wanted.len());
    // As if everybody were given the same content: then whichever it is, there is enough.
    let target = if needed == 0 { 0 } else { needed.saturating_add(spare).saturating_mul(contents) };
    let short = target.saturating_sub(usable.saturating_add(coming));
    let send = short.div_ceil(contents).saturating_mul(contents);
    Line { level: level.clone(), part, needed, first: wanted.iter().min().copied(), usable, coming, expiring, send }
}

/// What is left in the safe by its last day, earliest first; what has ended already comes first of all.
fn expiries(stock: &StockState) -> Vec<Expiry> {
    let mut by: BTreeMap<(Date, String, LevelId, DosePart), u32> = BTreeMap::new();
    let left = stock.containers.values().filter(|container| {
        !container.opened && matches!(container.standing, ContainerStanding::Available | ContainerStanding::Quarantined)
    });
    for container in left {
        let key = (container.expires, container.lot.clone(), container.level.clone(), container.part);
        *by.entry(key).or_default() += 1;
    }
    by.into_iter().map(|((day, lot, level, part), containers)| Expiry { day, lot, level, part, containers }).collect()
}
