//! Suicide risk: what was asked and said at each visit, and what was new after the first dose.

use super::{Group, difference, groups, having, heads, persons, record};
use crate::{
    record::{Form, Person},
    run::Run,
    shown,
    table::{Cell, Place, Section, Table, ground},
};
use jiff::civil::Date;

const QUERIES: &[&str] = &["participant", "dose", "form", "score"];

pub fn section(run: &Run<'_>) -> Option<Section> {
    let set = run.safety_set()?.to_owned();
    if run.plan.suicidality.is_empty() {
        return None;
    }
    let groups = groups(run, &set);
    let mut section = Section::new("suicidality", "Suicide risk");
    section.table(emergent(run, &groups));
    section.table(by_visit(run, &groups));
    Some(section)
}

/// Interviews of the plan's forms.
fn interviews<'p>(run: &'p Run<'_>, person: &'p Person) -> impl Iterator<Item = &'p Form> {
    person.forms.iter().filter(|form| run.plan.suicidality.iter().any(|id| id.as_str() == form.form))
}

fn ideation(form: &Form) -> Option<f64> {
    form.scores.get("ideation_max").and_then(|answer| answer.number)
}

fn behaviour(form: &Form) -> bool {
    form.scores.get("behaviour").and_then(|answer| answer.text.as_deref()) == Some("yes")
}

fn first_dose(person: &Person) -> Option<Date> {
    person.doses.iter().map(|dose| dose.at.to_zoned(jiff::tz::TimeZone::UTC).date()).min()
}

/// Interviews up to the day of the first dose, and those after it.
fn split<'p>(run: &'p Run<'_>, person: &'p Person) -> (Vec<&'p Form>, Vec<&'p Form>) {
    let first = first_dose(person);
    interviews(run, person).partition(|form| first.is_none_or(|first| form.day <= first))
}

fn highest(forms: &[&Form]) -> f64 {
    forms.iter().filter_map(|form| ideation(form)).fold(0.0, f64::max)
}

fn emergent(run: &Run<'_>, groups: &[Group]) -> Table {
    let mut table =
        Table::new("suicidality", "Suicidal ideation and behaviour, before and after the first dose", "Found", QUERIES);
    heads(&mut table, groups);
    if run.arms.len() == 2 {
        table.column("difference", "Difference, points (95\u{a0}% CI)");
    }
    type Of<'f> = &'f dyn Fn(&Person) -> Vec<Place>;
    let places = |person: &Person, forms: &[&Form], fits: &dyn Fn(&Form) -> bool| -> Vec<Place> {
        forms.iter().filter(|form| fits(form)).map(|form| record(person, &form.instance)).collect()
    };
    let before_any = |p: &Person| places(p, &split(run, p).0, &|form| ideation(form).is_some_and(|max| max >= 1.0));
    let after_any = |p: &Person| places(p, &split(run, p).1, &|form| ideation(form).is_some_and(|max| max >= 1.0));
    let new = |p: &Person| {
        let (before, after) = split(run, p);
        let worst = highest(&before);
        places(p, &after, &|form| ideation(form).is_some_and(|max| max >= 1.0 && max > worst))
    };
    let grave = |p: &Person| {
        let (before, after) = split(run, p);
        let worst = highest(&before);
        places(p, &after, &|form| ideation(form).is_some_and(|max| max >= 4.0 && worst < 4.0))
    };
    let acts = |p: &Person| places(p, &split(run, p).1, &behaviour);
    let rows: [(&str, &str, Of<'_>); 5] = [
        ("before", "Any ideation up to the first dose, lifetime included", &before_any),
        ("after", "Any ideation after it", &after_any),
        ("worse", "Ideation graver than at any time before", &new),
        ("grave", "Ideation with intent (4 or 5), not before", &grave),
        ("behaviour", "Behaviour after the first dose", &acts),
    ];
    for (id, title, of) in rows {
        let mut cells: Vec<Cell> = groups.iter().map(|group| having(run, group, of)).collect();
        if let ([one, other, ..], 2, [first, second, ..]) = (&cells[..], run.arms.len(), groups) {
            let count = |cell: &Cell| cell.numbers.first().map_or(0, |(_, value)| *value as usize);
            let on = super::both(&one.ground, &other.ground);
            let cell = difference((count(one), first.people.len()), (count(other), second.people.len()), &on);
            cells.push(cell);
        }
        table.row(id, title, cells);
    }
    table.note("Participants (percent). A missing answer is never counted as a no: it is not counted.");
    table
}

/// One interview: its place, the gravest ideation, and whether there was behaviour.
type Interview = (Place, Option<f64>, bool);

fn by_visit(run: &Run<'_>, groups: &[Group]) -> Table {
    let mut table = Table::new("suicidality-visits", "Suicide-risk interviews by visit", "Visit", QUERIES);
    for group in groups {
        table.column(format!("{}-asked", group.id), format!("{}, asked", group.title));
        table.column(format!("{}-ideation", group.id), "any ideation");
        table.column(format!("{}-grave", group.id), "4 or 5");
        table.column(format!("{}-behaviour", group.id), "behaviour");
    }
    for visit in &run.study.visits {
        let at = |p: &Person| -> Vec<Interview> {
            let here = interviews(run, p).filter(|form| form.visit.as_deref() == Some(visit.id.as_str()));
            here.map(|form| (record(p, &form.instance), ideation(form), behaviour(form))).collect()
        };
        let mut cells = Vec::new();
        let mut any = false;
        for group in groups {
            let people: Vec<_> =
                persons(run, &group.people).into_iter().map(at).filter(|forms| !forms.is_empty()).collect();
            any |= !people.is_empty();
            let mut push = |fits: &dyn Fn(&Interview) -> bool| {
                let found: Vec<_> = people.iter().filter(|forms| forms.iter().any(fits)).collect();
                let places = found
                    .iter()
                    .flat_map(|forms| forms.iter().filter(|one| fits(one)).map(|(place, ..)| place.clone()));
                // Of those asked nobody had it: what shows that are their interviews.
                let asked = || ground(people.iter().flatten().map(|(place, ..)| place.clone()));
                let cell = Cell::count(ground(places), found.len()).and("of", people.len() as f64);
                cells.push(cell.or_on(asked));
            };
            push(&|_| true);
            push(&|(_, max, _)| max.is_some_and(|max| max >= 1.0));
            push(&|(_, max, _)| max.is_some_and(|max| max >= 4.0));
            push(&|(_, _, behaviour)| *behaviour);
        }
        if any {
            let label = run.visit_label(visit.id.as_str());
            let title =
                if label == visit.id.as_str() { visit.name.clone() } else { format!("{label}, {}", visit.name) };
            table.row(shown::slug(visit.id.as_str()), title, cells);
        }
    }
    table
}
