//! Adverse events: an overview, by body system and term, by time since the dose, those of special interest, the serious ones.

use super::{Group, adverse_rates, difference, groups, having, heads, persons, record};
use crate::{
    record::{Event, Person},
    run::{Run, days},
    shown,
    table::{Cell, Ground, Place, Section, Table, ground},
};
use std::collections::{BTreeMap, BTreeSet};

const QUERIES: &[&str] = &["participant", "dose", "adverse_event", "stop"];

pub fn section(run: &Run<'_>) -> Option<Section> {
    let set = run.safety_set()?.to_owned();
    let groups = groups(run, &set);
    let mut section = Section::new("adverse_events", "Adverse events");
    section.words(
        format!(
            "Everything that happened at or after the first dose, in those who had one, {}. No tests: differences are described, \
             with intervals.",
            super::BY_ARM
        ),
    );
    section.table(overview(run, &groups));
    section.table(terms(run, &groups));
    section.table(timing(run, &groups));
    section.table(interest(run, &groups));
    section.table(adverse_rates::rates(run, &groups));
    section.table(adverse_rates::rare(run, &groups));
    section.table(serious(run, &set));
    Some(section)
}

/// Those at or after the first dose.
pub(super) fn emergent(person: &Person) -> impl Iterator<Item = &Event> {
    person.events.iter().filter(|event| event.emergent)
}

/// Columns for a difference of arms, where there are two.
fn compared(run: &Run<'_>, table: &mut Table) {
    if run.arms.len() == 2 {
        table.column("difference", "Difference, points (95\u{a0}% CI)");
    }
}

/// A row of people with at least one event that fits, with the difference.
fn people(run: &Run<'_>, groups: &[Group], fits: &dyn Fn(&Event) -> bool) -> Vec<Cell> {
    let places = |person: &Person| -> Vec<Place> {
        emergent(person).filter(|event| fits(event)).map(|event| record(person, &event.instance)).collect()
    };
    let mut cells: Vec<Cell> = groups.iter().map(|group| having(run, group, &places)).collect();
    if let ([one, other, ..], 2) = (&cells[..], run.arms.len()) {
        let count = |cell: &Cell| cell.numbers.first().map_or(0, |(_, value)| *value as usize);
        let sizes: Vec<usize> = groups.iter().map(|group| group.people.len()).collect();
        let on = super::both(&one.ground, &other.ground);
        let (first, second) = ((count(one), sizes[0]), (count(other), sizes[1]));
        cells.push(difference(first, second, &on));
    }
    cells
}

fn overview(run: &Run<'_>, groups: &[Group]) -> Table {
    let mut table = Table::new("adverse-events", "Participants with adverse events", "Adverse events", QUERIES);
    heads(&mut table, groups);
    compared(run, &mut table);
    let related = |event: &Event| matches!(event.related.as_str(), "possible" | "probable" | "definite");
    type Fits<'f> = &'f dyn Fn(&Event) -> bool;
    let rows: [(&str, &str, Fits<'_>); 8] = [
        ("any", "Any", &|_| true),
        ("related", "Possibly, probably or definitely related", &related),
        ("moderate", "Moderate or severe", &|event| event.severity != "mild"),
        ("severe", "Severe", &|event| event.severity == "severe"),
        ("serious", "Serious", &|event| event.serious.is_some()),
        ("interest", "Of special interest", &|event| event.interest.is_some()),
        ("pleasant", "Pleasant or mixed, asked about as others", &|event| {
            matches!(event.valence.as_str(), "positive" | "mixed")
        }),
        ("fatal", "Fatal", &|event| event.outcome == "fatal"),
    ];
    for (id, title, fits) in rows {
        table.row(id, title, people(run, groups, fits));
    }
    let stopped = |person: &Person| -> Vec<Place> {
        let stops = person.stops.iter().filter(|stop| stop.reason == "adverse_event");
        stops.map(|stop| super::entry(person, stop.version)).collect()
    };
    // The gravest that each participant had: they add up to those with any.
    for (severity, title) in
        [("mild", "Mild at worst"), ("moderate", "Moderate at worst"), ("severe", "Severe at worst")]
    {
        let places = |person: &Person| -> Vec<Place> {
            let rank = |event: &Event| ["mild", "moderate", "severe"].iter().position(|known| *known == event.severity);
            let worst = emergent(person).filter_map(rank).max();
            let here = emergent(person).filter(|event| event.severity == severity && rank(event) == worst);
            here.map(|event| record(person, &event.instance)).collect()
        };
        let cells = groups.iter().map(|group| having(run, group, &places)).collect();
        table.row(format!("worst-{severity}"), title, cells).inset(1);
    }
    table.row(
        "stopped",
        "Stopped treatment for an adverse event",
        groups.iter().map(|g| having(run, g, &stopped)).collect(),
    );
    let events = groups.iter().map(|group| {
        let places: Vec<Place> = persons(run, &group.people)
            .into_iter()
            .flat_map(|p| emergent(p).map(|event| record(p, &event.instance)).collect::<Vec<_>>())
            .collect();
        let count = places.len();
        Cell::count(ground(places), count).by("adverse events")
    });
    table.row("events", "Number of adverse events", events.collect());
    table.note("Participants (percent of the set). A participant counts once in a row.");
    table
}

fn terms(run: &Run<'_>, groups: &[Group]) -> Table {
    let mut table = Table::new("adverse-terms", "Adverse events by body system and term", "Term", QUERIES);
    heads(&mut table, groups);
    compared(run, &mut table);
    let all: BTreeSet<String> = groups
        .iter()
        .flat_map(|group| persons(run, &group.people))
        .flat_map(|person| emergent(person).map(|event| event.term.to_lowercase()).collect::<Vec<_>>())
        .collect();
    let home: BTreeMap<&str, &str> = run
        .plan
        .systems
        .iter()
        .flat_map(|system| system.terms.iter().map(|term| (term.as_str(), system.id.as_str())))
        .collect();
    let systems = run.plan.systems.iter().map(|system| (system.id.as_str(), system.title.as_str()));
    for (system, title) in systems.chain([("", "Not in any system of the plan")]) {
        let own: BTreeSet<&String> =
            all.iter().filter(|term| home.get(term.as_str()).copied().unwrap_or("") == system).collect();
        if own.is_empty() {
            continue;
        }
        let inside = |event: &Event| own.contains(&event.term.to_lowercase());
        let id = if system.is_empty() { "unknown" } else { system };
        table.row(format!("system-{id}"), title, people(run, groups, &inside));
        let mut rows: Vec<(f64, &String, Vec<Cell>)> = own
            .iter()
            .map(|term| {
                let cells = people(run, groups, &|event| event.term.to_lowercase() == **term);
                let share = cells.first().and_then(|cell| cell.numbers.get(2)).map_or(0.0, |(_, percent)| *percent);
                (share, *term, cells)
            })
            .collect();
        rows.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        for (_, term, cells) in rows {
            let mark = if run.arms.len() == 2 && stands_out(&cells) { " *" } else { "" };
            table.row(shown::slug(term), format!("{}{mark}", shown::capital(term)), cells).inset(1);
        }
    }
    if run.arms.len() == 2 {
        table.note("* At least 5 % in the first arm and at least twice as often as in the reference arm.");
    }
    table.note(
        "Terms as reported, put into the plan's systems; a participant counts once in a system and once in a term.",
    );
    table
}

fn stands_out(cells: &[Cell]) -> bool {
    let percent = |at: usize| cells.get(at).and_then(|cell| cell.numbers.get(2)).map_or(0.0, |(_, value)| *value);
    percent(0) >= 5.0 && percent(0) >= 2.0 * percent(1)
}

/// Days since the last first dose before an event.
fn since_dose(person: &Person, event: &Event) -> Option<i32> {
    let doses = person.doses.iter().filter(|dose| !dose.supplement);
    let dated = doses.map(|dose| dose.at.to_zoned(jiff::tz::TimeZone::UTC).date());
    dated.map(|day| days(day, event.onset)).filter(|days| *days >= 0).min()
}

fn timing(run: &Run<'_>, groups: &[Group]) -> Table {
    let mut table = Table::new("adverse-timing", "When adverse events began, after the last dose", "Began", QUERIES);
    heads(&mut table, groups);
    let spans: [(&str, &str, std::ops::RangeInclusive<i32>); 4] = [
        ("day-0", "On the day of the session", 0..=0),
        ("days-1-2", "Days 1 and 2", 1..=2),
        ("days-3-7", "Days 3 to 7", 3..=7),
        ("later", "Day 8 and later", 8..=i32::MAX),
    ];
    for (id, title, span) in spans {
        let cells = groups.iter().map(|group| {
            let places: Vec<Place> = persons(run, &group.people)
                .into_iter()
                .flat_map(|p| {
                    let here = emergent(p).filter(|event| since_dose(p, event).is_some_and(|day| span.contains(&day)));
                    here.map(|event| record(p, &event.instance)).collect::<Vec<_>>()
                })
                .collect();
            let count = places.len();
            Cell::count(ground(places), count).by("adverse events")
        });
        table.row(id, title, cells.collect());
    }
    let lasted = groups.iter().map(|group| {
        let values: Vec<(f64, Place)> = persons(run, &group.people)
            .into_iter()
            .flat_map(|p| {
                let ended = emergent(p).filter_map(|event| {
                    Some((f64::from(days(event.onset, event.ended?) + 1), record(p, &event.instance)))
                });
                ended.collect::<Vec<_>>()
            })
            .collect();
        super::median(&values, 0)
    });
    table.row("duration", "Days that it lasted, median (quartiles)", lasted.collect());
    table.note("Numbers of adverse events; days are counted from the calendar day of the dose.");
    table
}

fn interest(run: &Run<'_>, groups: &[Group]) -> Table {
    let mut table = Table::new("adverse-interest", "Adverse events of special interest", "Kind", QUERIES);
    heads(&mut table, groups);
    compared(run, &mut table);
    let kinds: BTreeSet<&String> =
        run.record.people.iter().flat_map(|p| emergent(p).filter_map(|e| e.interest.as_ref())).collect();
    for kind in kinds {
        let cells = people(run, groups, &|event| event.interest.as_ref() == Some(kind));
        table.row(kind.clone(), shown::capital(&shown::words(kind)), cells);
    }
    if table.rows.is_empty() {
        table.row("none", "None", Vec::new());
    }
    table
}

/// Every serious event, a line each.
fn serious(run: &Run<'_>, set: &str) -> Table {
    let mut table = Table::new("adverse-serious", "Serious adverse events, one by one", "Participant", QUERIES);
    table
        .column("arm", "Arm")
        .column("term", "Term")
        .column("severity", "Severity")
        .column("day", "Days since the last dose")
        .column("grounds", "Serious because")
        .column("related", "Related")
        .column("outcome", "Outcome");
    for (at, person) in run.record.people.iter().enumerate().filter(|(at, _)| run.is_in(set, *at)) {
        let arm = run.arm(at).and_then(|arm| run.arms.get(arm)).map(|arm| arm.title.clone()).unwrap_or_default();
        for event in person.events.iter().filter(|event| event.serious.is_some()) {
            let on: Ground = ground([record(person, &event.instance)]);
            let words = |text: &str| Cell::words(shown::words(text)).on(&on);
            let day = since_dose(person, event);
            let day = match (event.emergent, day) {
                (true, Some(day)) => Cell::number(day.to_string(), "days", f64::from(day)).on(&on),
                _ => Cell::words("before the first dose").on(&on),
            };
            let cells = vec![
                words(&arm),
                words(&event.term),
                words(&event.severity),
                day,
                words(event.serious.as_deref().unwrap_or_default()),
                words(&event.related),
                words(&event.outcome),
            ];
            table.row(shown::slug(person.id.as_str()), person.id.to_string(), cells);
        }
    }
    if table.rows.is_empty() {
        table.row("none", "None", Vec::new());
    }
    table
}
