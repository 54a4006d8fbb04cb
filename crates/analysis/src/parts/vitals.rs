//! Vital signs over the dosing day: by slot and arm, largest rises, limits passed.

use super::{Group, groups, having, heads, median, persons, record, standing, summary};
use crate::{
    figures::{
        figure,
        lines::{Lines, Point, Series},
    },
    model::moments,
    record::{Person, Vital},
    run::Run,
    shown,
    table::{Block, Cell, Place, Section, Table, ground},
};
use protocol::model::Measure;
use std::collections::BTreeMap;

pub fn section(run: &Run<'_>) -> Option<Section> {
    let set = run.safety_set()?.to_owned();
    let groups = groups(run, &set);
    let mut section = Section::new("vitals", "Vital signs on the dosing days");
    for measure in run.study.session.measures.iter().filter(|measure| scheduled(run, measure)) {
        let drawn = drawing(run, &groups, measure);
        let id = format!("vitals-{}-figure", measure.id);
        section.blocks.extend(figure(&id, &drawn.title, drawn.draw(), "vitals").map(Block::Figure));
    }
    section.table(by_slot(run, &groups));
    section.table(rises(run, &groups));
    section.table(returns(run, &groups));
    section.table(limits(run, &groups));
    section.table(by_session(run, &groups));
    super::shifts::add(run, &groups, &mut section);
    Some(section)
}

fn scheduled(run: &Run<'_>, measure: &Measure) -> bool {
    let slots = run.study.session.vitals.iter();
    slots.filter(|slot| slot.measures.contains(&measure.id)).count() > 1
}

/// Values of a measure at a slot, all sessions, one a session and person.
fn at_slot(run: &Run<'_>, group: &Group, measure: &str, slot: &str) -> Vec<(f64, Place)> {
    let own = |p: &Person| {
        let vitals = p.vitals.iter().filter(|one| one.measure == measure && one.slot.as_deref() == Some(slot));
        let by_session: BTreeMap<u64, (f64, Place)> =
            vitals.map(|one| (one.session, (one.number, record(p, &one.instance)))).collect();
        by_session.into_values().collect::<Vec<_>>()
    };
    persons(run, &group.people).into_iter().flat_map(own).collect()
}

fn by_slot(run: &Run<'_>, groups: &[Group]) -> Table {
    let mut table = Table::new(
        "vitals",
        "Vital signs by time from the first dose, all sessions, mean (SD)",
        "Measure and time",
        &["participant", "dose", "vital"],
    );
    heads(&mut table, groups);
    for measure in run.study.session.measures.iter().filter(|measure| scheduled(run, measure)) {
        table.row(measure.id.clone(), format!("{}, {}", measure.label, measure.unit), Vec::new());
        for slot in run.study.session.vitals.iter().filter(|slot| slot.measures.contains(&measure.id)) {
            let cells = groups.iter().map(|group| summary(&at_slot(run, group, &measure.id, &slot.id), 1));
            table.row(format!("{}-{}", measure.id, slot.id), offset(slot.offset_minutes), cells.collect()).inset(1);
        }
    }
    table
}

fn offset(minutes: i32) -> String {
    match minutes {
        i32::MIN..=-1 => format!("{} min before", -minutes),
        0 => "at the dose".to_owned(),
        1..=119 => format!("{minutes} min after"),
        _ => format!("{} h after", shown::number(f64::from(minutes) / 60.0, usize::from(minutes % 60 != 0))),
    }
}

fn drawing(run: &Run<'_>, groups: &[Group], measure: &Measure) -> Lines {
    let slots: Vec<_> = run.study.session.vitals.iter().filter(|slot| slot.measures.contains(&measure.id)).collect();
    let series = groups.iter().take(run.arms.len()).map(|group| {
        let points = slots.iter().filter_map(|slot| {
            let values: Vec<f64> = at_slot(run, group, &measure.id, &slot.id).iter().map(|(value, _)| *value).collect();
            let (mean, deviation) = moments(&values);
            let (mean, error) = (mean?, deviation.unwrap_or(0.0) / (values.len() as f64).sqrt());
            let x = f64::from(slot.offset_minutes) / 60.0;
            Some(Point { x, y: mean, interval: Some((mean - 1.96 * error, mean + 1.96 * error)) })
        });
        Series { name: group.title.clone(), points: points.collect(), steps: false }
    });
    let series: Vec<Series> = series.collect();
    let top: Vec<String> = series
        .iter()
        .filter_map(|series| {
            let top = series.points.iter().map(|point| point.y).fold(f64::NEG_INFINITY, f64::max);
            top.is_finite().then(|| format!("{}: highest mean {}", series.name, shown::number(top, 1)))
        })
        .collect();
    let hours: Vec<f64> = series.iter().flat_map(|series| &series.points).map(|point| point.x).collect();
    let (first, last) = crate::figures::lines::range(&hours).unwrap_or((0.0, 8.0));
    let along = (first.floor() as i32..=last.ceil() as i32)
        .map(|hour| (f64::from(hour), shown::number(f64::from(hour), 0), String::new()));
    Lines {
        id: format!("vitals-{}-figure", measure.id),
        title: format!("{}, {}: mean over sessions with 95\u{a0}% intervals", measure.label, measure.unit),
        finding: format!("{}.", top.join("; ")),
        series,
        along: along.collect(),
        axis: "hours since the first dose".to_owned(),
        include: Vec::new(),
        limits: Vec::new(),
        marks: vec![(0.0, "dose".to_owned())],
        decimals: 0,
        dots: true,
    }
}

/// The largest value and the largest rise above the first slot, over a person's sessions.
fn rises(run: &Run<'_>, groups: &[Group]) -> Table {
    let mut table = Table::new(
        "vitals-rises",
        "Largest values and rises in any session, one a participant, mean (SD)",
        "Measure",
        &["participant", "dose", "vital"],
    );
    heads(&mut table, groups);
    let first = run.study.session.vitals.iter().min_by_key(|slot| slot.offset_minutes);
    for measure in run.study.session.measures.iter().filter(|measure| scheduled(run, measure)) {
        let largest = |p: &Person| {
            let own = p.vitals.iter().filter(|one| one.measure == measure.id);
            own.max_by(|a, b| a.number.total_cmp(&b.number)).map(|one| (one.number, record(p, &one.instance)))
        };
        let rise = |p: &Person| {
            let first = first?;
            let mut most: Option<(f64, Place)> = None;
            let starts = p
                .vitals
                .iter()
                .filter(|one| one.measure == measure.id && one.slot.as_deref() == Some(first.id.as_str()));
            for start in starts {
                let session = p.vitals.iter().filter(|one| one.measure == measure.id && one.session == start.session);
                for one in session {
                    let rise = one.number - start.number;
                    if most.as_ref().is_none_or(|(known, _)| rise > *known) {
                        most = Some((rise, record(p, &one.instance)));
                    }
                }
            }
            most
        };
        let cells = |of: &dyn Fn(&Person) -> Option<(f64, Place)>| {
            let values = |group: &Group| -> Vec<(f64, Place)> {
                persons(run, &group.people).into_iter().filter_map(of).collect()
            };
            groups.iter().map(|group| summary(&values(group), 1)).collect::<Vec<_>>()
        };
        table.row(measure.id.clone(), format!("{}, {}: largest", measure.label, measure.unit), cells(&largest));
        table.row(format!("{}-rise", measure.id), "rise above the first reading", cells(&rise)).inset(1);
    }
    table
}

/// One session of one person, from its highest reading on: minutes after the dose at which the first reading of the session was reached
/// again, or nothing where it was not.
fn returned(run: &Run<'_>, p: &Person, measure: &str) -> Vec<(Option<f64>, Place)> {
    let offset_of = |one: &Vital| {
        let slot = one.slot.as_deref()?;
        run.study.session.vitals.iter().find(|known| known.id == slot).map(|known| known.offset_minutes)
    };
    let mut sessions: BTreeMap<u64, Vec<(i32, &Vital)>> = BTreeMap::new();
    for one in p.vitals.iter().filter(|one| one.measure == measure) {
        if let Some(offset) = offset_of(one) {
            sessions.entry(one.session).or_default().push((offset, one));
        }
    }
    let of_one = |mut readings: Vec<(i32, &Vital)>| {
        readings.sort_by_key(|(offset, _)| *offset);
        let (_, first) = *readings.first()?;
        let (peak, highest) = *readings.iter().max_by(|a, b| a.1.number.total_cmp(&b.1.number))?;
        // One reading, or none above the first, rises nowhere and returns from nowhere.
        if highest.number <= first.number {
            return None;
        }
        let back = readings.iter().find(|(offset, one)| *offset > peak && one.number <= first.number);
        let shown = back.map_or(highest, |(_, one)| one);
        Some((back.map(|(offset, _)| f64::from(*offset)), record(p, &shown.instance)))
    };
    sessions.into_values().filter_map(of_one).collect()
}

/// When values came back to the first reading of the session, by the slots at which they were taken.
fn returns(run: &Run<'_>, groups: &[Group]) -> Table {
    let mut table = Table::new(
        "vitals-return",
        "Back at the first reading of the session: minutes after the dose, median (quartiles)",
        "Measure",
        &["participant", "dose", "vital"],
    );
    heads(&mut table, groups);
    for measure in run.study.session.measures.iter().filter(|measure| scheduled(run, measure)) {
        let found: Vec<Vec<(Option<f64>, Place)>> = groups
            .iter()
            .map(|group| persons(run, &group.people).into_iter().flat_map(|p| returned(run, p, &measure.id)).collect())
            .collect();
        let back = found.iter().map(|sessions| {
            let values: Vec<(f64, Place)> =
                sessions.iter().filter_map(|(minutes, place)| Some(((*minutes)?, place.clone()))).collect();
            median(&values, 0)
        });
        table.row(measure.id.clone(), measure.label.clone(), back.collect());
        let not = found.iter().zip(groups).map(|(sessions, group)| {
            let places: Vec<Place> =
                sessions.iter().filter(|(minutes, _)| minutes.is_none()).map(|(_, place)| place.clone()).collect();
            let (count, of) = (places.len(), sessions.len());
            let cell = Cell::count(ground(places), count).and("of", of as f64).printed(shown::part(count, of));
            cell.by("sessions").or_on(|| standing(run, &group.people))
        });
        table.row(format!("{}-not", measure.id), "not back by the last reading, sessions", not.collect()).inset(1);
    }
    table.note(
        "Of sessions in which a later reading lay above the first one: the first time after the highest at which a reading was at or below \
         it again, by the schedule of readings.",
    );
    table
}

/// Who passed a limit, by session and by what was ordered for it.
fn by_session(run: &Run<'_>, groups: &[Group]) -> Table {
    let mut table = Table::new(
        "vitals-sessions",
        "Participants who passed a limit, by session and level",
        "Session and level",
        &["participant", "dose", "dosing_session", "breach"],
    );
    heads(&mut table, groups);
    for session in &run.study.dose.sessions {
        let number = u64::from(session.number);
        for level in &session.levels {
            let had = |p: &Person| {
                p.sessions.iter().any(|one| {
                    one.session == number && one.dosed_at.is_some() && one.level.as_deref() == Some(level.as_str())
                })
            };
            let mut any = false;
            let mut rows = [Vec::new(), Vec::new()];
            for group in groups {
                let people = persons(run, &group.people).into_iter().filter(|p| had(p)).collect::<Vec<_>>();
                any |= !people.is_empty();
                for (red, row) in [false, true].into_iter().zip(&mut rows) {
                    let passed = |p: &&&Person| -> bool {
                        p.breaches.iter().any(|one| one.session == number && (one.red || !red))
                    };
                    let count = people.iter().filter(passed).count();
                    let places = people.iter().flat_map(|p| {
                        let own = p.breaches.iter().filter(|one| one.session == number && (one.red || !red));
                        own.map(|one| record(p, &one.instance)).collect::<Vec<_>>()
                    });
                    let cell = Cell::count(ground(places), count).and("of", people.len() as f64);
                    let doses = || {
                        let own = |p: &&Person| -> Vec<Place> {
                            let doses = p.doses.iter().filter(|dose| dose.session == number);
                            doses.map(|dose| super::entry(p, dose.version)).collect()
                        };
                        ground(people.iter().flat_map(own))
                    };
                    row.push(cell.printed(shown::part(count, people.len())).by("participants").or_on(doses));
                }
            }
            if !any {
                continue;
            }
            let [amber, red] = rows;
            let id = format!("session-{number}-{}", shown::slug(level.as_str()));
            table.row(id.clone(), format!("Session {number} at level {level}: amber or red"), amber);
            table.row(format!("{id}-red"), "red", red).inset(1);
        }
    }
    table.note("Of those who had the session at that level. In arms with placebo the level is that of the label.");
    table
}

fn limits(run: &Run<'_>, groups: &[Group]) -> Table {
    let mut table = Table::new(
        "vitals-limits",
        "Participants who passed a limit in any session",
        "Limit",
        &["participant", "dose", "breach"],
    );
    heads(&mut table, groups);
    for limit in &run.study.session.limits {
        for (red, word) in [(false, "amber or red"), (true, "red")] {
            let at = if red { &limit.red_at } else { &limit.amber_at };
            let low = if red { &limit.red_low } else { &limit.amber_low };
            let said = match (at, low) {
                (Some(at), _) => format!("{at} {} and more", limit.unit),
                (None, Some(low)) => format!("{low} {} and less", limit.unit),
                (None, None) => continue,
            };
            let places = |p: &Person| -> Vec<Place> {
                let own = p.breaches.iter().filter(|one| one.limit == limit.id && (one.red || !red));
                own.map(|one| record(p, &one.instance)).collect()
            };
            let measure = run.study.session.measures.iter().find(|measure| measure.id == limit.measure);
            let title = format!("{}, {word}: {said}", measure.map_or(limit.measure.as_str(), |one| one.label.as_str()));
            let id = format!("{}-{}", shown::slug(&limit.id), if red { "red" } else { "amber" });
            table.row(id, title, groups.iter().map(|group| having(run, group, &places)).collect());
        }
    }
    table
}
