//! Windows and due days, computed from what really happened.
//!
//! Days are the site's calendar days. A visit hangs on an anchor; while the anchor hasn't happened its planned day
//! stands in, and the window is marked as not yet real. Source: protocol.md §3, R-ORD-1 to R-ORD-8.

use crate::state::{ParticipantState, VisitStanding};
use jiff::{Span, civil::Date};
use protocol::model::{Anchor, Study, Visit, VisitKind};

/// A visit's days, counted from its anchor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    /// The anchor's day.
    pub anchor: Date,
    /// The anchor has happened (or stands in for one that was missed); otherwise its planned day was used.
    pub real: bool,
    /// First day of the window.
    pub opens: Date,
    /// Planned day.
    pub target: Date,
    /// Last day of the window.
    pub closes: Date,
}

/// A day some days from another; held at the calendar's ends.
pub fn days_from(day: Date, days: i32) -> Date {
    match Span::new().try_days(days) {
        Ok(span) => day.saturating_add(span),
        // More days than the calendar has.
        Err(_) if days < 0 => Date::MIN,
        Err(_) => Date::MAX,
    }
}

/// Days from one day to another; negative if it is earlier.
pub fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}

/// The day on which a visit happened: for dosing, the day of its first capsule.
pub fn happened_on(participant: &ParticipantState, visit: &Visit) -> Option<Date> {
    if let Some(number) = visit.session
        && let Some(swallow) =
            participant.sessions.get(&number).and_then(|s| s.swallow(crate::command::DosePart::Initial))
    {
        return Some(swallow.day);
    }
    let record = participant.visits.get(&visit.id)?;
    match record.standing {
        VisitStanding::Attended | VisitStanding::Completed => record.days.first().copied().or(record.day),
        VisitStanding::Planned | VisitStanding::Missed => None,
    }
}

/// The days of a visit; `None` when nothing that it hangs on is known yet, or it hangs on nothing.
pub fn planned(study: &Study, participant: &ParticipantState, visit: &Visit) -> Option<Planned> {
    planned_to_depth(study, participant, visit, study.visits.len())
}

fn planned_to_depth(study: &Study, participant: &ParticipantState, visit: &Visit, depth: usize) -> Option<Planned> {
    let (anchor, real) = anchor_day(study, participant, visit.anchor.as_ref()?, depth)?;
    Some(Planned {
        anchor,
        real,
        opens: days_from(anchor, visit.window.opens),
        target: days_from(anchor, visit.target_days),
        closes: days_from(anchor, visit.window.closes),
    })
}

fn anchor_day(study: &Study, participant: &ParticipantState, anchor: &Anchor, depth: usize) -> Option<(Date, bool)> {
    let depth = depth.checked_sub(1)?;
    let gate = |number: u8| participant.decisions.get(&number).filter(|d| d.passed).map(|d| (d.day, true));
    match anchor {
        Anchor::Consent => participant.consent_day().map(|day| (day, true)),
        Anchor::Enrolment => gate(1),
        Anchor::Confirmation => gate(2),
        Anchor::Taper => participant
            .medications
            .values()
            .filter(|medication| !medication.struck)
            .filter_map(|medication| medication.medicine.taper_started)
            .min()
            .map(|day| (day, true)),
        Anchor::Stop => participant.stops.first().map(|stop| (stop.day, true)),
        Anchor::Visit(id) => {
            let before = study.visit(id.as_str())?;
            if let Some(day) = happened_on(participant, before) {
                return Some((day, true));
            }
            let record = participant.visits.get(id);
            // What was missed stands in with the day that was planned for it (R-ORD-4).
            if let Some(record) = record.filter(|r| r.standing == VisitStanding::Missed)
                && let Some(day) = record.day
            {
                return Some((day, true));
            }
            if let Some(booking) = record.and_then(|r| r.booking) {
                return Some((booking.day, false));
            }
            planned_to_depth(study, participant, before, depth).map(|planned| (planned.target, false))
        }
    }
}

/// Whether a visit belongs to this person's plan as things stand.
pub fn applies(study: &Study, participant: &ParticipantState, visit: &Visit) -> bool {
    if participant.has_left() && visit.kind != VisitKind::Unscheduled {
        return false;
    }
    match visit.kind {
        VisitKind::Unscheduled => false,
        VisitKind::EarlyTermination => participant.treatment_stopped(),
        VisitKind::Screening
        | VisitKind::Preparation
        | VisitKind::Baseline
        | VisitKind::Dosing
        | VisitKind::Integration
        | VisitKind::Call
        | VisitKind::Rating
        | VisitKind::Termination
        | VisitKind::FollowUp => {
            !participant.treatment_stopped() || visit.after_stop || follows_a_dose(study, participant, visit)
        }
    }
}

/// Calls and integration sessions that hang on a dose that was given go on when treatment stops after it.
fn follows_a_dose(study: &Study, participant: &ParticipantState, visit: &Visit) -> bool {
    let Some(Anchor::Visit(anchor)) = &visit.anchor else { return false };
    matches!(visit.kind, VisitKind::Call | VisitKind::Integration)
        && study
            .visit(anchor.as_str())
            .and_then(|anchor| anchor.session)
            .is_some_and(|number| participant.sessions.get(&number).is_some_and(|session| session.dosed_at().is_some()))
}

/// Whether nothing more is to be expected of a visit.
pub fn settled(participant: &ParticipantState, visit: &str) -> bool {
    participant
        .visits
        .get(visit)
        .is_some_and(|record| matches!(record.standing, VisitStanding::Completed | VisitStanding::Missed))
}

/// Visits that should have come before this one and are neither done nor recorded as missed.
pub fn unsettled_before<'a>(study: &'a Study, participant: &ParticipantState, visit: &'a Visit) -> Vec<&'a Visit> {
    visit
        .after
        .iter()
        .filter_map(|id| study.visit(id.as_str()))
        .filter(|before| {
            let standing = participant.visits.get(&before.id).map_or(VisitStanding::Planned, |r| r.standing);
            standing == VisitStanding::Planned && applies(study, participant, before) && !before.optional
        })
        .collect()
}
