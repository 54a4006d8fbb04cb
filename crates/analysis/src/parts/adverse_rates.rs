//! Adverse events against the exposure: events per session and per year with exact Poisson intervals, and what may still lie behind
//! a rare event or one that nobody had.

use super::{Group, adverse_events::emergent, both, entry, heads, persons, record};
use crate::{
    record::{Event, Person},
    run::{Run, days},
    shown,
    table::{Cell, Ground, Place, Table, ground},
};
use instruments::Answers;
use jiff::civil::Date;
use stats::responders::{Counted, clopper_pearson, poisson_rate};
use std::collections::{BTreeMap, BTreeSet};

const QUERIES: &[&str] = &["participant", "dose", "attendance", "adverse_event"];
const DAYS_OF_A_YEAR: f64 = 365.25;
const LEVEL: f64 = 0.95;

/// Exposure of one column.
struct Exposure {
    sessions: usize,
    doses: Ground,
    years: f64,
    seen: Ground,
}

/// The first day of the medicine, and the last day of which anything is known.
fn observed(person: &Person) -> Option<(Date, Date)> {
    let day = |at: jiff::Timestamp| at.to_zoned(jiff::tz::TimeZone::UTC).date();
    let first = person.doses.iter().map(|dose| day(dose.at)).min()?;
    let held = person.attendances.iter().map(|one| one.day);
    let events = emergent(person).map(|event| event.onset);
    let last = held.chain(events).chain(person.doses.iter().map(|dose| day(dose.at))).max()?;
    Some((first, last))
}

fn exposure(run: &Run<'_>, group: &Group) -> Exposure {
    let (mut sessions, mut span) = (0, 0);
    let (mut doses, mut seen) = (Vec::new(), Vec::new());
    for person in persons(run, &group.people) {
        let own: BTreeSet<u64> = person.doses.iter().map(|dose| dose.session).collect();
        sessions += own.len();
        doses.extend(person.doses.iter().map(|dose| entry(person, dose.version)));
        if let Some((first, last)) = observed(person) {
            span += days(first, last) + 1;
            seen.extend(person.attendances.iter().map(|one| entry(person, one.version)));
        }
    }
    let doses = ground(doses);
    let seen = both(&doses, &ground(seen));
    Exposure { sessions, doses, years: f64::from(span) / DAYS_OF_A_YEAR, seen }
}

/// Events of a column that fit.
fn events(run: &Run<'_>, group: &Group, fits: &dyn Fn(&Event) -> bool) -> Vec<Place> {
    let people = persons(run, &group.people).into_iter();
    people
        .flat_map(|p| emergent(p).filter(|event| fits(event)).map(|e| record(p, &e.instance)).collect::<Vec<_>>())
        .collect()
}

/// A rate with its interval.
fn rate(places: Vec<Place>, time: f64, of: &Ground, decimals: usize) -> Cell {
    if time <= 0.0 {
        return Cell::words("–");
    }
    let count = places.len();
    let [estimate, lower, upper] = poisson_rate(count as u64, time, LEVEL);
    let text = format!("{} ({})", shown::number(estimate, decimals), shown::interval(lower, upper, decimals));
    Cell::number(text, "rate", estimate)
        .and("lower", lower)
        .and("upper", upper)
        .and("events", count as f64)
        .and("exposure", time)
        .on(&both(&ground(places), of))
        .by("events by exposure, exact Poisson interval, 95\u{a0}%")
}

/// Events by sessions and by years.
pub fn rates(run: &Run<'_>, groups: &[Group]) -> Table {
    let mut table = Table::new("adverse-rates", "Adverse events by exposure", "Rate (95\u{a0}% CI)", QUERIES);
    heads(&mut table, groups);
    let exposures: Vec<Exposure> = groups.iter().map(|group| exposure(run, group)).collect();
    let cells = exposures.iter().map(|one| Cell::count(one.doses.clone(), one.sessions).by("sessions with a dose"));
    table.row("sessions", "Dosing sessions", cells.collect());
    let cells = exposures.iter().map(|one| {
        let years = Cell::number(shown::number(one.years, 1), "years", one.years);
        years.on(&one.seen).by("days from the first dose to the last day known, both counted, by 365.25")
    });
    table.row("years", "Years observed", cells.collect());
    type Fits = fn(&Event) -> bool;
    let rows: [(&str, &str, Fits); 4] = [
        ("any", "Adverse events", |_| true),
        ("severe", "Severe adverse events", |event| event.severity == "severe"),
        ("serious", "Serious adverse events", |event| event.serious.is_some()),
        ("interest", "Adverse events of special interest", |event| event.interest.is_some()),
    ];
    for (id, title, fits) in rows {
        let both = || groups.iter().zip(&exposures).map(|(group, one)| (events(run, group, &fits), one));
        let cells = both().map(|(places, one)| rate(places, one.sessions as f64, &one.doses, 3)).collect();
        table.row(format!("{id}-by-session"), format!("{title} per dosing session"), cells);
        let cells = both().map(|(places, one)| rate(places, one.years, &one.seen, 2)).collect();
        table.row(format!("{id}-by-year"), format!("{title} per year"), cells).inset(1);
    }
    table.note(
        "Events, not participants: one participant may count more than once, and the interval takes events as independent. A year is \
         observed from the first dose to the last visit that was held, or to the last dose or event if that was later.",
    );
    table
}

/// Participants with a rare event, and how frequent it may be.
pub fn rare(run: &Run<'_>, groups: &[Group]) -> Table {
    let mut table = Table::new("adverse-rare", "How frequent rare adverse events may be", "Adverse events", QUERIES);
    heads(&mut table, groups);
    let mut row = |id: &str, title: &str, fits: &dyn Fn(&Event) -> bool| {
        table.row(id, title, groups.iter().map(|group| bound(run, group, fits)).collect());
    };
    row("serious", "Serious", &|event| event.serious.is_some());
    row("fatal", "Fatal", &|event| event.outcome == "fatal");
    for (kind, label) in kinds(run) {
        let title = format!("Of special interest: {label}");
        row(&format!("interest-{}", shown::slug(&kind)), &title, &|event| event.interest.as_ref() == Some(&kind));
    }
    table.note(
        "Percent of participants. Where somebody had one: with Clopper and Pearson's interval, 95\u{a0}%. Where nobody had: the exact \
         one-sided upper limit of 95\u{a0}%, 1 − 0.05^(1/n), which is about 3/n; to have seen none among few says little.",
    );
    table
}

/// Kinds of special interest: those of the form, and others that the record has.
fn kinds(run: &Run<'_>) -> BTreeMap<String, String> {
    let form = instruments::find("ae").and_then(|instrument| instrument.item("aesi"));
    let mut kinds = BTreeMap::new();
    if let Some(Answers::Codes(codes)) = form.map(|item| item.answers) {
        kinds.extend(codes.iter().map(|code| (code.code.to_owned(), code.label.to_owned())));
    }
    let found = run.record.people.iter().flat_map(|p| emergent(p).filter_map(|event| event.interest.clone()));
    for kind in found {
        let label = shown::words(&kind);
        kinds.entry(kind).or_insert(label);
    }
    kinds
}

fn bound(run: &Run<'_>, group: &Group, fits: &dyn Fn(&Event) -> bool) -> Cell {
    let people = persons(run, &group.people);
    let had: Vec<&Person> = people.iter().copied().filter(|person| emergent(person).any(fits)).collect();
    let (count, of) = (had.len(), people.len());
    let Some(counted) = Counted::new(count as u64, of as u64).ok().filter(|_| of > 0) else {
        return Cell::words("–");
    };
    if count == 0 {
        let upper = 1.0 - (1.0 - LEVEL).powf(1.0 / of as f64);
        let text = format!("0 of {of}: at most {}", shown::number(100.0 * upper, 1));
        // What shows that there was none are the doses after which there was none.
        let doses = people.iter().flat_map(|p| p.doses.iter().map(|dose| entry(p, dose.version)));
        return Cell::number(text, "n", 0.0)
            .and("of", of as f64)
            .and("upper", 100.0 * upper)
            .on(&ground(doses))
            .by("exact one-sided upper limit, 95\u{a0}%");
    }
    let [lower, upper] = clopper_pearson(counted, LEVEL).map(|end| 100.0 * end);
    let percent = shown::percent(count, of);
    let interval = shown::interval(lower, upper, 1);
    let places = people.iter().flat_map(|person| {
        emergent(person).filter(|event| fits(event)).map(|event| record(person, &event.instance)).collect::<Vec<_>>()
    });
    Cell::number(format!("{count} of {of}: {} ({interval})", shown::number(percent, 1)), "n", count as f64)
        .and("of", of as f64)
        .and("percent", percent)
        .and("lower", lower)
        .and("upper", upper)
        .on(&ground(places))
        .by("participants with at least one, Clopper and Pearson's interval, 95\u{a0}%")
}
