//! The schedule of activities: visits across, activities down, cut into pieces that fit a page.

use super::{
    kind_words,
    text::{WIDTH, heading, paragraph},
};
use crate::model::{Anchor, Requirement, Study, Visit, VisitKind, VisitMode};
use std::fmt::Write;

/// The schedule of activities as a table: ● required, ○ if indicated, – not done; below it each visit's days.
pub fn schedule(study: &Study) -> String {
    let mut out = String::new();
    heading(&mut out, "Schedule of activities");
    out.push_str("● required   ○ if indicated   – not done\n");
    let titles = study.activities.iter().map(|activity| activity.title.chars().count()).max().unwrap_or(0).min(46);
    for piece in pieces(study, titles) {
        table(&mut out, study, &piece, titles);
    }
    out
}

/// Visits that stand in one table: a new one starts with each dosing session, with follow-up, and where a page is full.
fn pieces(study: &Study, titles: usize) -> Vec<Vec<&Visit>> {
    let mut pieces: Vec<Vec<&Visit>> = Vec::new();
    let mut width = 0;
    let mut before: Option<&Visit> = None;
    for visit in &study.visits {
        let wide = column(visit) + 2;
        let starts = visit.kind == VisitKind::Dosing
            || before.is_none_or(|before| {
                let late = |visit: &Visit| {
                    matches!(
                        visit.kind,
                        VisitKind::Termination
                            | VisitKind::EarlyTermination
                            | VisitKind::FollowUp
                            | VisitKind::Unscheduled
                    ) || (visit.kind == VisitKind::Rating && visit.epoch != before.epoch)
                };
                late(visit) && !late(before) && before.epoch != visit.epoch
            });
        match pieces.last_mut() {
            Some(piece) if !starts && titles + width + wide <= WIDTH => {
                piece.push(visit);
                width += wide;
            }
            _ => {
                pieces.push(vec![visit]);
                width = wide;
            }
        }
        before = Some(visit);
    }
    pieces
}

fn days(visit: &Visit) -> String {
    if visit.kind == VisitKind::Unscheduled { "any".to_owned() } else { format!("{:+}", visit.target_days) }
}

fn window(visit: &Visit) -> String {
    if visit.kind == VisitKind::Unscheduled {
        return "–".to_owned();
    }
    if visit.window.opens == visit.window.closes {
        return visit.window.opens.to_string();
    }
    format!("{}…{}", visit.window.opens, visit.window.closes)
}

fn column(visit: &Visit) -> usize {
    let cells = [visit.id.to_string(), days(visit), window(visit), visit.time_point.clone().unwrap_or_default()];
    cells.iter().map(|cell| cell.chars().count()).max().unwrap_or(0).max(3)
}

fn table(out: &mut String, study: &Study, visits: &[&Visit], titles: usize) {
    out.push('\n');
    let line = |out: &mut String, title: &str, cell: &dyn Fn(&Visit) -> String| {
        let mut shown: String = title.chars().take(titles).collect();
        if shown.len() < title.len() {
            shown.pop();
            shown.push('…');
        }
        let mut row = format!("{shown:titles$}");
        for visit in visits {
            let _ = write!(row, "  {:^width$}", cell(visit), width = column(visit));
        }
        out.push_str(row.trim_end());
        out.push('\n');
    };
    line(out, "", &|visit| visit.id.to_string());
    if visits.iter().any(|visit| visit.time_point.is_some()) {
        line(out, "outcome", &|visit| visit.time_point.clone().unwrap_or_default());
    }
    line(out, "day", &days);
    line(out, "window", &window);
    let rule: usize = titles + visits.iter().map(|visit| column(visit) + 2).sum::<usize>();
    let _ = writeln!(out, "{}", "─".repeat(rule));
    for activity in &study.activities {
        if !visits.iter().any(|visit| activity.at.contains_key(visit.id.as_str())) {
            continue;
        }
        line(out, &activity.title, &|visit| match activity.at.get(visit.id.as_str()) {
            Some(Requirement::Required) => "●".to_owned(),
            Some(Requirement::IfIndicated) => "○".to_owned(),
            None => "–".to_owned(),
        });
    }
    out.push('\n');
    for visit in visits {
        paragraph(out, &format!("{:7} ", visit.id.as_str()), &footnote(visit));
    }
}

/// A visit's line below the table.
fn footnote(visit: &Visit) -> String {
    let mut parts = vec![kind_words(visit.kind).to_owned()];
    let from = match &visit.anchor {
        Some(Anchor::Consent) => "consent",
        Some(Anchor::Enrolment) => "enrolment",
        Some(Anchor::Taper) => "the first taper step",
        Some(Anchor::Confirmation) => "confirmation",
        Some(Anchor::Stop) => "the decision to stop",
        Some(Anchor::Visit(id)) => id.as_str(),
        None => "",
    };
    if !from.is_empty() {
        parts.push(format!("days from {from}"));
    }
    if let Some(days) = visit.repeats_every_days {
        parts.push(format!("every {days} days"));
    }
    if !visit.after.is_empty() {
        let after: Vec<&str> = visit.after.iter().map(terms::VisitId::as_str).collect();
        parts.push(format!("after {}", after.join(", ")));
    }
    parts.push(
        match visit.mode {
            VisitMode::OnSite => "at the site",
            VisitMode::Remote => "by video or phone",
            VisitMode::Either => "at the site or by video",
            VisitMode::Phone => "by phone",
        }
        .to_owned(),
    );
    if let Some(minutes) = visit.minutes_min {
        parts.push(format!("{minutes} min or more"));
    }
    if visit.after_stop {
        parts.push("goes on after treatment has stopped".to_owned());
    }
    if visit.optional {
        parts.push("not for everybody".to_owned());
    }
    format!("{}: {} ({})", visit.name, parts.join("; "), visit.source)
}
