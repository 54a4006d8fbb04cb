//! Who came, who left and why, who is in which set; the flow; time to leaving.

use super::{Group, entry, having, heads, kind, persons, record, standing};
use crate::{
    figures::{
        figure,
        flow::{Flow, Step},
        lines::{Lines, Point, Series},
    },
    record::Person,
    run::{Run, days},
    shown,
    table::{Cell, Place, Section, Table, ground},
};
use protocol::model::{IntercurrentEvent, VisitKind};
use stats::survival::{FollowUp, kaplan_meier, log_rank};
use std::collections::BTreeMap;

pub fn section(run: &Run<'_>) -> Section {
    let mut section = Section::new("disposition", "Who took part");
    let table = table(run);
    let drawn = flow(run);
    section.blocks.extend(figure("flow", &drawn.title, Some(drawn.draw()), "disposition").map(crate::Block::Figure));
    section.table(table);
    section.table(sets(run));
    dropout(run, &mut section);
    section
}

/// Columns: everybody with an arm, by arm, and all.
fn assigned(run: &Run<'_>) -> Vec<Group> {
    let of = |arm: Option<usize>| -> Vec<usize> {
        let all = 0..run.record.people.len();
        all.filter(|at| run.arm(*at).is_some_and(|own| arm.is_none_or(|arm| arm == own))).collect()
    };
    let mut groups: Vec<Group> = run
        .arms
        .iter()
        .enumerate()
        .map(|(at, arm)| Group { id: arm.id.clone(), title: arm.title.clone(), people: of(Some(at)) })
        .collect();
    if run.compares() {
        groups.push(Group { id: "total".to_owned(), title: "Total".to_owned(), people: of(None) });
    }
    groups
}

/// The first doses of somebody's sessions: session and entry.
fn sessions(person: &Person) -> BTreeMap<u64, u64> {
    person.doses.iter().filter(|dose| !dose.supplement).map(|dose| (dose.session, dose.version)).collect()
}

fn reason(run: &Run<'_>, code: &str) -> String {
    let known = run.study.follow_up.reasons.iter().find(|option| option.code == code);
    known.map_or_else(|| shown::capital(&shown::words(code)), |option| option.label.clone())
}

fn assigned_place(run: &Run<'_>, person: &Person) -> Option<Place> {
    let open = run.study.design.assignment == protocol::model::Assignment::OpenLabel;
    person.assigned.map(|_| kind(person, if open { "allocated_open_label" } else { "randomised" }))
}

/// Why somebody did not get as far as an arm; none for those who did.
fn before_assignment(person: &Person) -> Option<(&'static str, Place)> {
    if person.assigned.is_some() {
        return None;
    }
    Some(match person.phase.as_str() {
        "declined" => ("Declined before consent", kind(person, "enquiry_declined")),
        "screen_failed" => ("Not eligible at screening", kind(person, "screen_failed")),
        "baseline_failed" => ("Not confirmed at baseline", kind(person, "screen_failed")),
        "left" => ("Left before an arm was assigned", kind(person, "stopped")),
        _ => ("Still under way", kind(person, "enquiry_recorded")),
    })
}

/// Early stops: the code of the reason and the entry that says so.
fn stopped(run: &Run<'_>, person: &Person) -> Option<(String, Place)> {
    let (day, place) = run.event(person, IntercurrentEvent::TreatmentStopped)?;
    let stop = person.stops.iter().find(|stop| stop.day == day)?;
    Some((stop.reason.clone(), place))
}

fn rated(run: &Run<'_>, person: &Person, visit: &str) -> Vec<Place> {
    let Some(primary) = &run.plan.primary else { return Vec::new() };
    let seen = run.seen(person, primary.form.as_str(), &primary.score, visit);
    seen.map(|seen| record(person, &seen.form.instance)).into_iter().collect()
}

fn table(run: &Run<'_>) -> Table {
    let queries = ["participant", "gate_decision", "stop", "dose", "form", "score", "attendance"];
    let mut table = Table::new("disposition", "Disposition", "Participants", &queries);
    let groups = assigned(run);
    heads(&mut table, &groups);
    let last = |cell: Cell| {
        let mut cells = vec![Cell::default(); groups.len().saturating_sub(1)];
        cells.push(cell);
        cells
    };
    let total = |places: &dyn Fn(&Person) -> Option<Place>| {
        let found: Vec<Place> = run.record.people.iter().filter_map(places).collect();
        last(Cell::count(ground(found.iter().cloned()), found.len()))
    };
    table.row("assessed", "First calls", total(&|p| Some(kind(p, "enquiry_recorded"))));
    table.row("consented", "Consented", total(&|p| p.consented.map(|_| kind(p, "consent_recorded"))));
    table.row("enrolled", "Enrolled (gate 1)", total(&|p| p.enrolled.map(|_| kind(p, "enrolled"))));
    table.row("confirmed", "Confirmed (gate 2)", total(&|p| p.confirmed.map(|_| kind(p, "enrolment_confirmed"))));
    let mut whys: BTreeMap<&str, Vec<Place>> = BTreeMap::new();
    for (why, place) in run.record.people.iter().filter_map(before_assignment) {
        whys.entry(why).or_default().push(place);
    }
    for (why, places) in whys {
        let count = places.len();
        table.row(shown::slug(why), why, last(Cell::count(ground(places), count))).inset(1);
    }
    let mut every = |id: &str, title: &str, depth: u8, places: &dyn Fn(&Person) -> Vec<Place>| {
        table.row(id, title, groups.iter().map(|group| having(run, group, places)).collect()).inset(depth);
    };
    every("assigned", "Assigned an arm", 0, &|p| assigned_place(run, p).into_iter().collect());
    for session in &run.study.dose.sessions {
        let number = u64::from(session.number);
        let dosed = |p: &Person| sessions(p).get(&number).map(|version| entry(p, *version)).into_iter().collect();
        every(&format!("session-{number}"), &format!("Had dosing session {number}"), 1, &dosed);
    }
    every("stopped", "Stopped treatment early", 0, &|p| stopped(run, p).map(|(_, place)| place).into_iter().collect());
    let mut codes: Vec<String> = run.study.follow_up.reasons.iter().map(|option| option.code.clone()).collect();
    codes.retain(|code| {
        let everybody = groups.iter().flat_map(|group| persons(run, &group.people));
        everybody.into_iter().any(|p| stopped(run, p).is_some_and(|(own, _)| own == *code))
    });
    for code in codes {
        let own = |p: &Person| stopped(run, p).filter(|(own, _)| *own == code).map(|(_, place)| place);
        every(&format!("stopped-{code}"), &reason(run, &code), 1, &|p| own(p).into_iter().collect());
    }
    if let Some(primary) = &run.plan.primary {
        for visit in &primary.visits {
            let title = format!("Rated at {}", run.visit_label(visit.as_str()));
            every(&format!("rated-{visit}"), &title, 0, &|p| rated(run, p, visit.as_str()));
        }
    }
    for visit in run.study.visits.iter().filter(|visit| visit.kind == VisitKind::FollowUp) {
        let came = |p: &Person| {
            p.attendances.iter().filter(|one| one.visit == visit.id.as_str()).map(|one| entry(p, one.version)).collect()
        };
        every(&format!("followed-{}", visit.id), &visit.name, 0, &came);
    }
    check(run, &groups, &mut table);
    table
}

/// What must add up does, or the table says that it doesn't.
fn check(run: &Run<'_>, groups: &[Group], table: &mut Table) {
    let arms: usize = groups.iter().take(run.arms.len()).map(|group| group.people.len()).sum();
    let assigned = run.record.people.iter().filter(|person| person.assigned.is_some()).count();
    let before = run.record.people.iter().filter(|person| person.assigned.is_none()).count();
    let mut wrong = Vec::new();
    if arms != assigned {
        wrong.push(format!("{assigned} were assigned and {arms} stand in an arm"));
    }
    if before + assigned != run.record.people.len() {
        wrong.push("those who left before and those with an arm are not all".to_owned());
    }
    let untreated = |person: &&Person| person.assigned.is_none() && !person.doses.is_empty();
    let dosed = run.record.people.iter().filter(untreated).count();
    if dosed > 0 {
        wrong.push(format!("{dosed} had a dose without an arm"));
    }
    match wrong.is_empty() {
        true => {
            table.note("Checked: arms add up to those assigned; everybody is either before or behind the assignment.")
        }
        false => table.note(format!("DOES NOT ADD UP: {}.", wrong.join("; "))),
    };
}

fn sets(run: &Run<'_>) -> Table {
    let mut table = Table::new(
        "sets",
        "Analysis sets",
        "Set",
        &["participant", "dose", "form", "score", "attendance", "deviation", "stop"],
    );
    let groups = assigned(run);
    table.column("rule", "Rule");
    // Heads without numbers: the last column counts those without an arm too.
    for group in &groups {
        table.column(group.id.clone(), group.title.clone());
    }
    for set in &run.plan.sets {
        let mut cells = vec![Cell::words(set.rule.text())];
        for (column, group) in groups.iter().enumerate() {
            // The last column is of everybody, as in the table above: those without an arm too.
            let all: Vec<usize> = (0..run.record.people.len()).collect();
            let of = if column + 1 == groups.len() { &all } else { &group.people };
            let inside: Vec<usize> = of.iter().copied().filter(|at| run.is_in(&set.id, *at)).collect();
            let cell = Cell::count(standing(run, &inside), inside.len()).and("of", of.len() as f64);
            let cell = cell.or_on(|| standing(run, of));
            cells.push(cell.by(format!("participants for whom `{}` is true", set.rule.text())));
        }
        table.row(set.id.clone(), set.title.clone(), cells);
    }
    for set in &run.plan.sets {
        table.note(format!("{}: {}.", set.title, set.text));
    }
    table.note("The last column counts everybody for whom the rule is true, those without an arm too.");
    table
}

fn flow(run: &Run<'_>) -> Flow {
    let people = &run.record.people;
    let count = |of: &dyn Fn(&Person) -> bool| people.iter().filter(|person| of(person)).count();
    let mut assessed = Step::new("First calls", people.len());
    assessed.left = reasons(people.iter().filter(|person| person.consented.is_none()));
    let mut consented = Step::new("Consented", count(&|person| person.consented.is_some()));
    consented.left = reasons(people.iter().filter(|person| person.consented.is_some() && person.assigned.is_none()));
    let assigned_step = Step::new("Assigned an arm", count(&|person| person.assigned.is_some()));
    let branches = assigned(run).into_iter().take(run.arms.len()).map(|group| {
        let people = persons(run, &group.people);
        let mut steps = vec![Step::new("Assigned", people.len())];
        for session in &run.study.dose.sessions {
            let number = u64::from(session.number);
            let had = people.iter().filter(|person| sessions(person).contains_key(&number)).count();
            steps.push(Step::new(&format!("Had dosing session {number}"), had));
        }
        let mut stops: BTreeMap<String, usize> = BTreeMap::new();
        for (code, _) in people.iter().filter_map(|person| stopped(run, person)) {
            *stops.entry(reason(run, &code)).or_default() += 1;
        }
        let mut early = Step::new("Stopped treatment early", stops.values().sum());
        early.lines = stops.into_iter().collect();
        steps.push(early);
        if let Some(primary) = &run.plan.primary {
            let visit = primary.visit.as_str();
            let rated = people.iter().filter(|person| !rated(run, person, visit).is_empty()).count();
            steps.push(Step::new(&format!("Rated at {}", run.visit_label(visit)), rated));
        }
        let mut analysed = Step::new("In the analysis sets", people.len());
        analysed.lines = run
            .plan
            .sets
            .iter()
            .map(|set| (set.title.clone(), group.people.iter().filter(|at| run.is_in(&set.id, **at)).count()))
            .collect();
        steps.push(analysed);
        (group.title, steps)
    });
    Flow {
        id: "flow".to_owned(),
        title: "Flow of participants".to_owned(),
        trunk: vec![assessed, consented, assigned_step],
        branches: branches.collect(),
    }
}

fn reasons<'p>(people: impl Iterator<Item = &'p Person>) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (why, _) in people.filter_map(before_assignment) {
        *counts.entry(why).or_default() += 1;
    }
    counts.into_iter().map(|(why, count)| (why.to_owned(), count)).collect()
}

/// Weeks from assignment to leaving: any stop that ends treatment or follow-up before the primary endpoint.
fn dropout(run: &Run<'_>, section: &mut Section) {
    let Some(primary) = &run.plan.primary else { return };
    let follow = |person: &Person| -> Option<FollowUp> {
        let start = person.assigned?;
        let rated = person.attendances.iter().rev().find(|one| one.visit == primary.visit.as_str()).map(|one| one.day);
        let left = person.stops.iter().map(|stop| stop.day).find(|day| rated.is_none_or(|rated| *day <= rated));
        let last = person.attendances.iter().map(|one| one.day).max().unwrap_or(start);
        let until = left.or(rated).unwrap_or(last).max(start);
        Some(FollowUp { time: f64::from(days(start, until)) / 7.0, event: left.is_some() })
    };
    let mut table = Table::new(
        "dropout",
        "Time from assignment to stopping or leaving, up to the primary rating",
        "Weeks",
        &["participant", "stop", "attendance"],
    );
    let groups: Vec<Group> = assigned(run).into_iter().take(run.arms.len()).collect();
    heads(&mut table, &groups);
    let followed: Vec<Vec<FollowUp>> =
        groups.iter().map(|group| persons(run, &group.people).into_iter().filter_map(follow).collect()).collect();
    let curves: Vec<_> = followed.iter().map(|people| kaplan_meier(people, 0.95)).collect();
    for week in (0..=24).step_by(4) {
        let cells = curves.iter().zip(&groups).map(|(curve, group)| {
            let kept = curve.at(f64::from(week));
            let places = persons(run, &group.people).into_iter().flat_map(|person| {
                let stops = person.stops.iter().map(|stop| entry(person, stop.version));
                stops.chain(assigned_place(run, person)).collect::<Vec<_>>()
            });
            Cell::number(shown::number(100.0 * kept, 1), "share", kept)
                .on(&ground(places))
                .by("Kaplan–Meier: share who had neither stopped nor left, percent")
        });
        table.row(format!("week-{week}"), format!("Week {week}"), cells.collect());
    }
    if let ([one, other], true) = (&followed[..], run.compares())
        && let Some(test) = log_rank(&[[one.clone(), other.clone()]])
    {
        let left = |people: &[FollowUp]| people.iter().filter(|one| one.event).count();
        table.note(format!(
            "Log-rank test: chi-squared {}, p {}; {} and {} stopped or left.",
            shown::number(test.chi_squared, 2),
            shown::p(test.p),
            left(one),
            left(other)
        ));
    }
    let series = curves.iter().zip(&groups).map(|(curve, group)| {
        let mut points = vec![Point { x: 0.0, y: 100.0, interval: None }];
        points.extend(curve.steps.iter().map(|step| Point { x: step.time, y: 100.0 * step.survival, interval: None }));
        points.push(Point { x: curve.last, y: 100.0 * curve.at(curve.last), interval: None });
        Series { name: group.title.clone(), points, steps: true }
    });
    let lines = Lines {
        id: "dropout-figure".to_owned(),
        title: "Share still in treatment and follow-up, percent".to_owned(),
        finding: "Kaplan–Meier curves; the numbers are in the table of dropout.".to_owned(),
        series: series.collect(),
        along: (0..=24).step_by(4).map(|week| (f64::from(week), week.to_string(), String::new())).collect(),
        axis: "weeks since an arm was assigned".to_owned(),
        include: vec![100.0, 50.0],
        limits: Vec::new(),
        marks: Vec::new(),
        decimals: 0,
        dots: false,
    };
    section.blocks.extend(figure("dropout-figure", &lines.title, lines.draw(), "dropout").map(crate::Block::Figure));
    section.table(table);
}
