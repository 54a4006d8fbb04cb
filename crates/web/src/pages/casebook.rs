//! The casebook: activities down, visits across, each cell the word of its state. And one visit with its activities.

use conduct::state::{FormRecord, VisitRecord, VisitStanding};
use conduct::view::Reader;
use conduct::{ParticipantState, schedule};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use protocol::model::{Activity, ActivityKind, Form, Requirement, Study, Visit};
use terms::RoleId;

use super::participant::base;
use crate::acts;
use crate::chart::svg::escape;
use crate::desk::Desk;
use crate::frame::{self, Place};
use crate::http::call::Call;
use crate::http::pairs::segment;
use crate::http::reply::{Reply, Trouble};
use crate::names;
use crate::parts::page::{Body, Layout, Section};
use crate::parts::table::{Cell, Table};
use crate::parts::words::{Empty, Fact, Facts, Link, Strip, Tag};
use crate::show;

const NOT_NEEDED: &str = "Not needed";

/// Whether a reader may see an activity at all: what is hidden from them is absent.
fn seen(study: &Study, reader: &Reader, activity: &Activity) -> bool {
    match &activity.what {
        ActivityKind::Form(form) => study.form(form.as_str()).is_some_and(|form| reader.sees_form(form)),
        _ => true,
    }
}

/// How an activity of a visit stands.
fn state(study: &Study, participant: &ParticipantState, visit: &Visit, activity: &Activity) -> Option<Tag> {
    let record = participant.visits.get(&visit.id);
    let held = record.is_some_and(|r| matches!(r.standing, VisitStanding::Attended | VisitStanding::Completed));
    let over = record.is_some_and(|r| matches!(r.standing, VisitStanding::Completed | VisitStanding::Missed));
    let done = match &activity.what {
        ActivityKind::Form(form) => participant.form_at(form.as_str(), visit.id.as_str()).is_some(),
        ActivityKind::Consent => participant.consent().is_some(),
        ActivityKind::Gate(number) => participant.decisions.contains_key(number),
        ActivityKind::Assignment => participant.assigned.is_some(),
        ActivityKind::Dosing => {
            visit.session.and_then(|n| participant.sessions.get(&n)).is_some_and(|s| s.dosed_at().is_some())
        }
        ActivityKind::Medication
        | ActivityKind::AdverseEvents
        | ActivityKind::Session
        | ActivityKind::Accountability => record.is_some_and(|r| r.standing == VisitStanding::Completed),
    };
    let _ = study;
    if done {
        return Some(Tag::done("Done"));
    }
    let requirement = activity.at.get(&visit.id)?;
    Some(match (requirement, over, held) {
        (Requirement::IfIndicated, true, _) => Tag::done(NOT_NEEDED),
        (Requirement::IfIndicated, false, _) => Tag::plan("If needed"),
        (Requirement::Required, true, _) => Tag::in_the_way("Left out"),
        (Requirement::Required, false, true) => Tag::now("Open"),
        (Requirement::Required, false, false) => Tag::plan("Planned"),
    })
}

/// The grid of the whole casebook.
pub fn body(study: &Study, participant: &ParticipantState, reader: &Reader) -> Body {
    let at = base(participant.id.as_str());
    let visits: Vec<&Visit> = study
        .visits
        .iter()
        .filter(|visit| participant.visits.contains_key(&visit.id) || schedule::applies(study, participant, visit))
        .collect();
    let heads = visits
        .iter()
        .map(|visit| {
            let record = participant.visits.get(&visit.id);
            let day = schedule::happened_on(participant, visit).map(show::day_month);
            let booked = record.and_then(|r| r.booking).map(|b| show::day_month(b.day));
            let when = day.or(booked).unwrap_or_default();
            vec![
                Cell::link(format!("{at}/visits/{}", segment(visit.id.as_str())), &visit.name).as_head(),
                Cell::text(crate::plan::kind_name(visit.kind)),
                Cell::text(&when),
                Cell::tag(names::standing(record.map_or(VisitStanding::Planned, |r| r.standing))),
            ]
        })
        .collect();
    let list = Table::new("Visits", &["Visit", "Kind", "Day", "State"], heads).unseen_caption();
    let mut grid_heads = vec!["Activity".to_owned()];
    grid_heads.extend(visits.iter().map(|v| v.id.to_string()));
    let rows = study
        .activities
        .iter()
        .filter(|activity| seen(study, reader, activity))
        .map(|activity| {
            let mut row = vec![Cell::head(&activity.title)];
            row.extend(visits.iter().map(|visit| match (&activity.what, state(study, participant, visit, activity)) {
                _ if !activity.at.contains_key(&visit.id) => Cell::text(""),
                (ActivityKind::Form(form), Some(tag)) => {
                    let href = form_address(participant, visit, form.as_str(), &at);
                    // What was not needed at a visit that is over stays quiet; the visit's page still leads to it.
                    let open = tag.word != NOT_NEEDED && acts::offered(reader.duties, &href);
                    if open { Cell::link(href, &tag.word) } else { Cell::text(&tag.word) }
                }
                (_, Some(tag)) => Cell::text(&tag.word),
                (_, None) => Cell::text(""),
            }));
            row
        })
        .collect();
    let grid = Table::owned("Activities by visit", grid_heads, rows).unseen_caption();
    let mut body = Body::new(format!("Casebook {}", participant.id)).lead(names::phase(participant.phase));
    body.action(format!("{at}/casebook?part={FORMS}"), "Forms on record");
    body.add(Section::new("visits", "Visits", list));
    body.add(
        Section::new("grid", "Activities by visit", grid).lead("Each word is the state of the activity at that visit."),
    );
    body
}

/// The part of the casebook that lists every form on record: long, so on a page of its own.
const FORMS: &str = "forms";

/// Every form on record, the newest first.
pub fn forms_body(study: &Study, participant: &ParticipantState, reader: &Reader) -> Body {
    let at = base(participant.id.as_str());
    let mut all: Vec<_> = participant
        .forms
        .iter()
        .filter_map(|(instance, record)| Some((instance, record, study.form(record.form.as_str())?)))
        .filter(|(_, _, form)| reader.sees_form(form))
        .collect();
    all.sort_by(|a, b| (b.1.day, &a.2.title, a.0).cmp(&(a.1.day, &b.2.title, b.0)));
    let rows: Vec<Vec<Cell>> = all
        .iter()
        .map(|(instance, record, form)| form_row(study, &at, instance.as_str(), &form.title, record))
        .collect();
    let body = Body::new(format!("Forms on record, {}", participant.id));
    if rows.is_empty() {
        return body.section(Section::bare(Empty::new("No form is on record.", "Forms are filled in from a visit.")));
    }
    let lead = format!("{}, the newest first.", show::count(rows.len(), "form", "forms"));
    let table = Table::new("Forms on record", &["Form", "Visit", "Day", "State"], rows).unseen_caption();
    body.lead(lead).section(Section::bare(table))
}

fn form_row(study: &Study, at: &str, instance: &str, title: &str, record: &FormRecord) -> Vec<Cell> {
    let visit = record.visit.as_ref().and_then(|v| study.visit(v.as_str())).map(|v| v.name.clone()).unwrap_or_default();
    // What is as it should be is a plain word; a long list has no room for more.
    let state = match (record.struck, record.corrections) {
        (true, _) => Cell::tag(Tag::in_the_way("Struck through")),
        (false, 0) => Cell::text("Recorded"),
        (false, many) => Cell::text(&format!("Corrected {}", show::count(many as usize, "time", "times"))),
    };
    vec![
        Cell::link(format!("{at}/forms/{}", segment(instance)), title).as_head(),
        Cell::text(&visit),
        Cell::text(&show::date(record.day)),
        state,
    ]
}

/// One visit: when, what it needs, what can be recorded of it.
pub fn visit_body(
    study: &Study,
    participant: &ParticipantState,
    visit: &Visit,
    reader: &Reader,
    today: Date,
    zone: &TimeZone,
) -> Body {
    let at = base(participant.id.as_str());
    let id = segment(visit.id.as_str());
    let record = participant.visits.get(&visit.id).cloned().unwrap_or_default();
    let planned = schedule::planned(study, participant, visit);
    let mut body =
        Body::new(&visit.name).lead(format!("{}, {}.", crate::plan::kind_name(visit.kind), names::mode(visit.mode)));
    let mut facts = vec![Fact::new("State", &names::standing(record.standing).word, "")];
    if let Some(booking) = record.booking {
        let words = format!("{}, {}", show::short(booking.day), show::clock(booking.starts, zone));
        facts.push(Fact::new("Booked", words, names::mode(booking.mode)));
    }
    if let Some(planned) = planned {
        facts.push(Fact::new("Planned", show::date(planned.target), if planned.real { "" } else { "still moves" }));
        let closed = planned.closes < today && record.standing == VisitStanding::Planned;
        let words = format!("{} to {}", show::day_month(planned.opens), show::day_month(planned.closes));
        facts.push(Fact::new("Window", words, if closed { "has closed" } else { "" }));
    }
    if let Some(day) = record.day {
        facts.push(Fact::new("Held", show::date(day), ""));
    }
    body.strip = Strip { facts };
    for (key, words) in facts_of(&record) {
        let address = format!("{at}/do/{key}/{id}");
        if acts::offered(reader.duties, &address) {
            body.action(address, words);
        }
    }
    body.main_act = true;
    if let Some(session) = visit.session.filter(|_| reader.sees_sessions()) {
        body.add(
            Section::new("session", format!("Dosing session {session}"), "")
                .link(format!("{at}/sessions/{session}"), "Open the session"),
        );
    }
    body.add(Section::new("activities", "What this visit needs", activities(study, participant, visit, reader, &at)));
    body.beside(about(study, visit));
    body.layout = Layout::Split;
    body.side_label = "About this visit".to_owned();
    body
}

/// Whether a form is for somebody in these roles. Somebody else's counts too, with a deviation.
pub fn fills_in(form: &Form, roles: &[RoleId]) -> bool {
    form.completed_by.is_empty() || roles.iter().any(|role| form.completed_by.contains(role))
}

/// The roles that fill a form in, as the study calls them.
pub fn for_whom(study: &Study, form: &Form) -> String {
    let titles = form.completed_by.iter().map(|role| super::study::role_title(study, role.as_str()));
    titles.collect::<Vec<_>>().join(", ").to_lowercase()
}

/// What can be recorded of a visit as it stands, the likeliest first.
fn facts_of(record: &VisitRecord) -> Vec<(&'static str, &'static str)> {
    let booked = record.booking.is_some();
    match record.standing {
        VisitStanding::Planned if booked => vec![
            ("attended", "The person came"),
            ("book", "Move the appointment"),
            ("no-show", "Nobody came"),
            ("cancelled", "It was cancelled"),
            ("missed", "It will not take place"),
        ],
        VisitStanding::Planned => {
            vec![("book", "Book the visit"), ("attended", "The person came"), ("missed", "It will not take place")]
        }
        VisitStanding::Attended => vec![("completed", "The visit is done")],
        VisitStanding::Completed | VisitStanding::Missed => Vec::new(),
    }
}

fn activities(study: &Study, participant: &ParticipantState, visit: &Visit, reader: &Reader, at: &str) -> String {
    let mut rows: Vec<(Tag, String)> = study
        .activities_at(visit.id.as_str())
        .filter(|(activity, _)| seen(study, reader, activity))
        .map(|(activity, requirement)| {
            let href = activity_address(participant, visit, activity, at);
            let title = escape(&activity.title);
            let head = if href.is_empty() || !leads(reader, &activity.what, &href) {
                format!("<span>{title}</span>")
            } else {
                format!("<a href=\"{href}\">{title}</a>")
            };
            let kind = super::study::activity_word(&activity.what);
            let need = match requirement {
                Requirement::Required => "required",
                Requirement::IfIndicated => "if needed",
            };
            let form = match &activity.what {
                ActivityKind::Form(form) => study.form(form.as_str()).filter(|form| !fills_in(form, &reader.roles)),
                _ => None,
            };
            let whose = form.map(|form| format!(". For: {}", for_whom(study, form))).unwrap_or_default();
            let remark = escape(&format!("{kind}, {need}{whose}")).to_string();
            let tag = state(study, participant, visit, activity).unwrap_or_else(|| Tag::plan("Planned"));
            let row = format!("<li data-kind=\"{kind}\"><div>{head}<p>{remark}</p></div>{tag}</li>");
            (tag, row)
        })
        .collect();
    if rows.is_empty() {
        return Empty::new(
            "This visit has no activity in the schedule.",
            "Facts can be recorded on the participant’s page.",
        )
        .to_string();
    }
    // What is open stands on top.
    rows.sort_by_key(|(tag, _)| tag.tone);
    let all: String = rows.into_iter().map(|(_, row)| row).collect();
    format!("<ul class=\"check-rows\">{all}</ul>")
}

/// Where an activity of a visit is done; empty for one without a page.
fn activity_address(participant: &ParticipantState, visit: &Visit, activity: &Activity, at: &str) -> String {
    match &activity.what {
        ActivityKind::Form(form) => form_address(participant, visit, form.as_str(), at),
        ActivityKind::Consent => format!("{at}/consent"),
        ActivityKind::Gate(1) => format!("{at}/do/enrol"),
        ActivityKind::Gate(_) => format!("{at}/do/confirm"),
        ActivityKind::Assignment => format!("{at}/do/randomise"),
        ActivityKind::Dosing => format!("{at}/sessions/{}", visit.session.unwrap_or(0)),
        ActivityKind::Medication => format!("{at}#medicines"),
        ActivityKind::AdverseEvents => format!("{at}#events"),
        ActivityKind::Session | ActivityKind::Accountability => String::new(),
    }
}

/// Whether the page of an activity is there for the reader. The consent's text may be read by whoever sees the person.
fn leads(reader: &Reader, what: &ActivityKind, address: &str) -> bool {
    match what {
        ActivityKind::Consent => true,
        ActivityKind::Dosing => reader.sees_sessions(),
        _ => acts::offered(reader.duties, address),
    }
}

/// A form at a visit: as it is on record, or to be filled in.
pub(super) fn form_address(participant: &ParticipantState, visit: &Visit, form: &str, at: &str) -> String {
    match participant.form_at(form, visit.id.as_str()) {
        Some((instance, _)) => format!("{at}/forms/{}", segment(instance.as_str())),
        None => format!("{at}/visits/{}/forms/{}", segment(visit.id.as_str()), segment(form)),
    }
}

fn about(study: &Study, visit: &Visit) -> String {
    let roles: Vec<String> = visit.roles.iter().map(|role| super::study::role_title(study, role.as_str())).collect();
    let mut facts = vec![
        Fact::new("Id", visit.id.as_str(), ""),
        Fact::new("Held by", roles.join(", "), ""),
        Fact::new("How", names::mode(visit.mode), ""),
    ];
    if let Some(minutes) = visit.minutes_min {
        facts.push(Fact::new("Takes", format!("at least {minutes} min"), ""));
    }
    facts.push(Fact::new("Source", visit.source.to_string(), ""));
    format!(
        "<section class=\"side-block\"><h2>About this visit</h2><div class=\"up-3\">{}</div></section>",
        Facts { facts }
    )
}

/// The casebook's page.
pub fn get(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::reading(call)?;
    let file = desk.case(call.part("participant"))?;
    let at = base(file.participant.id.as_str());
    let mut crumbs = vec![Link::new("/participants", "Participants"), Link::new(&at, file.participant.id.as_str())];
    let body = if call.query.text("part") == FORMS {
        crumbs.push(Link::new(format!("{at}/casebook"), "Casebook"));
        forms_body(&file.study, &file.participant, &file.reader)
    } else {
        body(&file.study, &file.participant, &file.reader)
    };
    frame::page(call, &desk, Place::Participants, crumbs, body)
}

/// A visit's page.
pub fn visit_get(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::reading(call)?;
    let file = desk.case(call.part("participant"))?;
    let visit = file.study.visit(call.part("visit")).ok_or(Trouble::NotFound)?;
    let at = base(file.participant.id.as_str());
    let crumbs = vec![
        Link::new("/participants", "Participants"),
        Link::new(&at, file.participant.id.as_str()),
        Link::new(format!("{at}/casebook"), "Casebook"),
    ];
    let body = visit_body(&file.study, &file.participant, visit, &file.reader, file.today, &file.zone);
    frame::page(call, &desk, Place::Participants, crumbs, body)
}
