//! A participant's plan and life as a drawing: the study's visits with their windows against what happened.

use conduct::ParticipantState;
use conduct::schedule;
use conduct::state::VisitStanding;
use jiff::civil::Date;
use protocol::model::{Study, Visit, VisitKind};

use crate::chart::timeline::{Happened, Kind, Lane, Mark, Timeline};
use crate::show;

/// Lanes from top to bottom, with the kinds of visit in each.
const LANES: &[(&str, &[VisitKind])] = &[
    ("Screening", &[VisitKind::Screening, VisitKind::Baseline]),
    ("Preparation", &[VisitKind::Preparation]),
    ("Rating", &[VisitKind::Rating]),
    ("Dosing", &[VisitKind::Dosing]),
    ("Integration", &[VisitKind::Integration]),
    ("Calls", &[VisitKind::Call]),
    ("Follow-up", &[VisitKind::Termination, VisitKind::EarlyTermination, VisitKind::FollowUp]),
    ("Unplanned", &[VisitKind::Unscheduled]),
];

/// The name of a kind of visit, as a lane bears it.
pub fn kind_name(kind: VisitKind) -> &'static str {
    LANES.iter().find(|(_, kinds)| kinds.contains(&kind)).map_or("Other", |(name, _)| name)
}

/// The timeline of one participant. Long names stand in the table; the drawing bears what distinguishes a visit in
/// its lane.
pub fn timeline(study: &Study, participant: &ParticipantState, today: Date) -> Timeline {
    let mut lanes = Vec::new();
    for (name, kinds) in LANES {
        let mut marks = Vec::new();
        for visit in study.visits.iter().filter(|visit| kinds.contains(&visit.kind)) {
            marks.extend(marks_of(study, participant, visit, today));
        }
        if !marks.is_empty() {
            lanes.push(Lane { name: (*name).to_owned(), far: kinds.contains(&VisitKind::FollowUp), marks });
        }
    }
    Timeline {
        id: "timeline".to_owned(),
        title: format!("Planned windows and what happened, {}", participant.id),
        finding: finding(study, participant, today),
        today,
        lanes,
    }
}

fn marks_of(study: &Study, participant: &ParticipantState, visit: &Visit, today: Date) -> Vec<Mark> {
    let record = participant.visits.get(&visit.id);
    let planned = schedule::planned(study, participant, visit);
    let real = schedule::happened_on(participant, visit);
    let standing = record.map_or(VisitStanding::Planned, |r| r.standing);
    let settled = real.is_some() || standing == VisitStanding::Missed;
    if !settled && record.and_then(|r| r.booking).is_none() && !schedule::applies(study, participant, visit) {
        return Vec::new();
    }
    let happened = match (real, standing) {
        (Some(day), _) => Happened::Done(day),
        (None, VisitStanding::Missed) => Happened::Missed,
        (None, _) => record.and_then(|r| r.booking).map_or(Happened::Nothing, |booking| Happened::Booked(booking.day)),
    };
    let mark = Mark {
        label: short_name(visit),
        kind: kind_of(visit.kind),
        window: planned.map(|p| (p.opens, p.closes)),
        target: planned.map(|p| p.target),
        moves: planned.is_some_and(|p| !p.real) && !settled,
        happened,
        remark: remark(visit, planned.map(|p| (p.opens, p.closes)), happened, record.map_or(0, |r| r.no_shows), today),
    };
    if planned.is_none() && happened == Happened::Nothing {
        return Vec::new();
    }
    // A visit that repeats was held on several days; each is a mark of its own, without the window.
    let more = record.into_iter().flat_map(|r| r.days.iter().skip(1)).map(|day| Mark {
        window: None,
        target: None,
        moves: false,
        happened: Happened::Done(*day),
        remark: String::new(),
        ..mark.clone()
    });
    let more: Vec<Mark> = more.collect();
    std::iter::once(mark).chain(more).collect()
}

const fn kind_of(kind: VisitKind) -> Kind {
    match kind {
        VisitKind::Dosing => Kind::Dosing,
        VisitKind::Call => Kind::Call,
        VisitKind::Screening
        | VisitKind::Preparation
        | VisitKind::Baseline
        | VisitKind::Integration
        | VisitKind::Rating
        | VisitKind::Termination
        | VisitKind::EarlyTermination
        | VisitKind::FollowUp
        | VisitKind::Unscheduled => Kind::Visit,
    }
}

/// What tells a visit from others in its lane: its time point, its session, or its id.
pub fn short_name(visit: &Visit) -> String {
    match (&visit.time_point, visit.session) {
        (_, Some(session)) => format!("Session {session}"),
        (Some(point), None) => point.clone(),
        (None, None) => {
            let number: String = visit
                .name
                .chars()
                .skip_while(|c| !c.is_ascii_digit())
                .take_while(|c| c.is_ascii_digit() || *c == '.')
                .collect();
            if number.is_empty() { visit.id.to_string() } else { number.trim_end_matches('.').to_owned() }
        }
    }
}

fn remark(visit: &Visit, window: Option<(Date, Date)>, happened: Happened, no_shows: u32, today: Date) -> String {
    let mut said = vec![visit.name.clone()];
    match (happened, window) {
        (Happened::Done(day), Some((opens, closes))) => {
            if day < opens {
                said.push(format!("{} early", days(day, opens)));
            } else if day > closes {
                said.push(format!("{} late", days(closes, day)));
            }
        }
        (Happened::Nothing, Some((_, closes))) if closes < today => said.push("window has closed".to_owned()),
        _ => {}
    }
    if no_shows > 0 {
        said.push(show::count(no_shows as usize, "no-show", "no-shows"));
    }
    said.join("; ")
}

fn days(from: Date, to: Date) -> String {
    show::count(usize::try_from(schedule::days_between(from, to)).unwrap_or(0), "day", "days")
}

/// The drawing in words: what was done, what is booked, what is overdue.
fn finding(study: &Study, participant: &ParticipantState, today: Date) -> String {
    let mut done = 0;
    let mut booked = Vec::new();
    let mut closed = Vec::new();
    for visit in &study.visits {
        let record = participant.visits.get(&visit.id);
        if schedule::happened_on(participant, visit).is_some() {
            done += 1;
        } else if let Some(booking) = record.and_then(|r| r.booking) {
            booked.push(format!("{} is booked on {}", visit.name, show::day_month(booking.day)));
        } else if schedule::applies(study, participant, visit)
            && !schedule::settled(participant, visit.id.as_str())
            && schedule::planned(study, participant, visit).is_some_and(|p| p.real && p.closes < today)
        {
            closed.push(visit.name.clone());
        }
    }
    let mut said = vec![format!("{} done", show::count(done, "visit", "visits"))];
    said.extend(booked);
    if !closed.is_empty() {
        said.push(format!("past their window: {}", closed.join(", ")));
    }
    format!("{}. The table has every date.", said.join("; "))
}
