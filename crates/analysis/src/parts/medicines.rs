//! Other medicines by class: before the arm was assigned, washed out, and while in treatment and follow-up.

use super::{Group, groups, having, heads, record};
use crate::{
    record::{Medicine, Person},
    run::Run,
    shown,
    table::{Place, Table},
};
use std::collections::BTreeSet;

/// One line of courses: its name, its words, and which courses count.
type Stage = (&'static str, &'static str, fn(&Person, &Medicine) -> bool);

/// Stages of a programme in which a medicine may have been taken.
const STAGES: [Stage; 4] = [
    ("before", "Taken before the first dose", before),
    ("washed-out", "Washed out before the first dose", washed_out),
    ("after", "Taken on or after the day of the first dose", after),
    ("rescue", "Taken as rescue", |_, one| one.rescue),
];

/// The table; nothing where nobody took anything.
pub fn table(run: &Run<'_>, set: &str) -> Option<Table> {
    let groups = groups(run, set);
    let mut table =
        Table::new("medicines", "Other medicines by class", "Stage and class", &["participant", "dose", "medication"]);
    heads(&mut table, &groups);
    for (id, title, counts) in STAGES {
        rows(run, (id, title), &groups, &counts, &mut table);
    }
    let title = run.plan.set(set).map_or(set, |set| set.title.as_str());
    table.note(format!(
        "Set: {title}. Participants (percent); a participant counts once in a class. Classes are the study’s own, not the ATC’s. Of those \
         without a dose everything counts as before it."
    ));
    (!table.rows.is_empty()).then_some(table)
}

fn rows(
    run: &Run<'_>,
    (id, title): (&str, &str),
    groups: &[Group],
    counts: &dyn Fn(&Person, &Medicine) -> bool,
    table: &mut Table,
) {
    let people = || groups.iter().flat_map(|group| super::persons(run, &group.people));
    let own = |p: &Person, class: Option<&str>| -> Vec<Place> {
        let courses = p.medicines.iter().filter(|one| counts(p, one));
        let courses = courses.filter(|one| class.is_none_or(|class| one.class.as_deref().unwrap_or("other") == class));
        courses.map(|one| record(p, &one.instance)).collect()
    };
    let classes: BTreeSet<String> = people()
        .flat_map(|p| p.medicines.iter().filter(|one| counts(p, one)).collect::<Vec<_>>())
        .map(|one| one.class.clone().unwrap_or_else(|| "other".to_owned()))
        .collect();
    if classes.is_empty() {
        return;
    }
    let any = |p: &Person| own(p, None);
    table.row(id, title, groups.iter().map(|group| having(run, group, &any)).collect());
    for class in classes {
        let known = run.study.medication.classes.iter().find(|known| known.id == class);
        let label = known.map_or_else(|| shown::capital(&shown::words(&class)), |known| known.title.clone());
        let here = |p: &Person| own(p, Some(&class));
        let cells = groups.iter().map(|group| having(run, group, &here)).collect();
        table.row(format!("{id}-{}", shown::slug(&class)), label, cells).inset(1);
    }
}

/// The day of the first dose, as the record's times have it.
fn first_dose(p: &Person) -> Option<jiff::civil::Date> {
    p.doses.iter().map(|dose| dose.at).min().map(|at| at.to_zoned(jiff::tz::TimeZone::UTC).date())
}

fn before(p: &Person, one: &Medicine) -> bool {
    first_dose(p).is_none_or(|day| one.started.is_none_or(|started| started < day))
}

fn washed_out(p: &Person, one: &Medicine) -> bool {
    one.washed_out.is_some_and(|day| first_dose(p).is_none_or(|dose| day <= dose))
}

fn after(p: &Person, one: &Medicine) -> bool {
    first_dose(p).is_some_and(|day| one.last.is_none_or(|last| last >= day))
}
