//! Shifts: where somebody stood before the first dose against the worst after it. Vital signs by the study's own limits, values of forms
//! (electrocardiogram, laboratory) by the plan's cuts.

use super::{
    Group,
    baseline::{group_of, levels},
    persons, record,
};
use crate::{
    record::{Answer, Form, Person},
    run::Run,
    shown,
    table::{Cell, Place, Section, Table, ground},
};
use jiff::civil::Date;
use protocol::{
    model::{Limit, Variable},
    scope::{self, Name},
};

/// Adds every table.
pub fn add(run: &Run<'_>, groups: &[Group], section: &mut Section) {
    let arms = groups.get(..run.arms.len()).unwrap_or(groups);
    if let Some(table) = vitals(run, arms) {
        section.table(table);
    }
    for variable in &run.plan.shifts {
        section.table(values(run, arms, variable));
    }
}

/// One person's class before and classes after, with the places.
struct Shift {
    before: usize,
    after: Vec<usize>,
    places: Vec<Place>,
}

/// Classes of a vital sign by a limit that is passed upwards: below amber, amber, red.
fn class_of(limit: &Limit, value: f64) -> usize {
    let passed = |at: &Option<terms::Decimal>| {
        at.as_ref().and_then(|at| at.to_string().parse::<f64>().ok()).is_some_and(|at| value >= at)
    };
    if passed(&limit.red_at) { 2 } else { usize::from(passed(&limit.amber_at)) }
}

fn vitals(run: &Run<'_>, arms: &[Group]) -> Option<Table> {
    let mut table = Table::new(
        "vitals-shift",
        "Vital signs: the first reading of the day against the highest after it, by the study’s limits",
        "Measure and first reading",
        &["participant", "dose", "vital"],
    );
    const BANDS: [(&str, &str); 3] = [("below", "below the limits"), ("amber", "amber"), ("red", "red")];
    for arm in arms {
        for (id, title) in BANDS {
            table.column(format!("{}-{id}", arm.id), format!("{}: {title}", arm.title));
        }
    }
    let first = run.study.session.vitals.iter().min_by_key(|slot| slot.offset_minutes)?;
    for limit in run.study.session.limits.iter().filter(|limit| limit.amber_at.is_some() && limit.red_at.is_some()) {
        let shift = |p: &Person| -> Option<Shift> {
            let own = || p.vitals.iter().filter(|one| one.measure == limit.measure);
            let start = |one: &&crate::record::Vital| one.slot.as_deref() == Some(first.id.as_str());
            // The highest first reading of any day, against the highest later one.
            let high = |a: &&crate::record::Vital, b: &&crate::record::Vital| a.number.total_cmp(&b.number);
            let (before, after) = (own().filter(start).max_by(high)?, own().filter(|one| !start(one)).max_by(high)?);
            Some(Shift {
                before: class_of(limit, before.number),
                after: vec![class_of(limit, after.number)],
                places: vec![record(p, &before.instance), record(p, &after.instance)],
            })
        };
        let shifts: Vec<Vec<Shift>> =
            arms.iter().map(|arm| persons(run, &arm.people).into_iter().filter_map(shift).collect()).collect();
        if shifts.iter().all(Vec::is_empty) {
            continue;
        }
        let measure = run.study.session.measures.iter().find(|measure| measure.id == limit.measure);
        let name = measure.map_or(limit.measure.as_str(), |measure| measure.label.as_str());
        let at = |at: &Option<terms::Decimal>| at.as_ref().map(ToString::to_string).unwrap_or_default();
        let head = format!("{name}: amber at {} {}, red at {}", at(&limit.amber_at), limit.unit, at(&limit.red_at));
        let id = shown::slug(&limit.id);
        table.row(id.clone(), head, Vec::new());
        for (before, (band, title)) in BANDS.iter().enumerate() {
            let cells = cells(&shifts, before, BANDS.len());
            table.row(format!("{id}-{band}"), *title, cells).inset(1);
        }
    }
    table.note(
        "Participants. Each counts once, with the highest first reading and the highest later one of all sessions.",
    );
    (!table.rows.is_empty()).then_some(table)
}

/// Counts of those who stood in one class before, by arm and class after.
fn cells(shifts: &[Vec<Shift>], before: usize, classes: usize) -> Vec<Cell> {
    let count = |own: &Vec<Shift>, after: usize| {
        let here: Vec<&Shift> = own.iter().filter(|one| one.before == before && one.after.contains(&after)).collect();
        Cell::count(ground(here.iter().flat_map(|one| one.places.iter().cloned())), here.len())
    };
    shifts.iter().flat_map(|own| (0..classes).map(|after| count(own, after)).collect::<Vec<_>>()).collect()
}

fn values(run: &Run<'_>, arms: &[Group], variable: &Variable) -> Table {
    let classes = levels(run, variable, &[]);
    let unit = if variable.unit.is_empty() { String::new() } else { format!(", {}", variable.unit) };
    let mut table = Table::new(
        format!("shift-{}", variable.id),
        format!("{}{unit}: before the first dose against the worst after it", variable.title),
        "Before",
        &["participant", "dose", "form", "score", "answer"],
    );
    for arm in arms {
        for (id, title) in &classes {
            table.column(format!("{}-{id}", arm.id), format!("{}: {title}", arm.title));
        }
    }
    let shifts: Vec<Vec<Shift>> = arms
        .iter()
        .map(|arm| persons(run, &arm.people).into_iter().filter_map(|p| shift(run, variable, p)).collect())
        .collect();
    for (before, (id, title)) in classes.iter().enumerate() {
        table.row(format!("before-{id}"), title.clone(), cells(&shifts, before, classes.len()));
    }
    // Two cuts make a middle that is normal: whoever left it on both sides counts on both.
    table.note(match variable.cuts.len() {
        2 => {
            "Participants with a value before and after. After: the lowest and the highest value, so that whoever was once low and once \
             high counts twice; in the middle only those who never left it."
        }
        _ => "Participants with a value before and after. After: the highest value.",
    });
    table
}

/// The last value on or before the day of the first dose against those after it.
fn shift(run: &Run<'_>, variable: &Variable, p: &Person) -> Option<Shift> {
    let Some(Name::Form { form, field, .. }) = scope::name(run.study, &variable.value) else { return None };
    let first: Date = p.doses.iter().map(|dose| dose.at).min()?.to_zoned(jiff::tz::TimeZone::UTC).date();
    let value = |one: &Form| -> Option<(usize, Place)> {
        let known = one.scores.get(field.as_str()).or_else(|| one.answers.get(field.as_str()))?;
        let answer = Answer { number: known.number, ..Answer::default() };
        Some((group_of(variable, &answer)?.parse().ok()?, record(p, &one.instance)))
    };
    let own = || p.forms.iter().filter(|one| one.form == form.as_str());
    let (before, place) = own().filter(|one| one.day <= first).filter_map(&value).next_back()?;
    let later: Vec<(usize, Place)> = own().filter(|one| one.day > first).filter_map(&value).collect();
    let (low, high) = (later.iter().map(|(class, _)| *class).min()?, later.iter().map(|(class, _)| *class).max()?);
    let after = match variable.cuts.len() {
        2 if low == high => vec![low],
        2 => [low, high].into_iter().filter(|class| *class != 1).collect(),
        _ => vec![high],
    };
    let places = std::iter::once(place).chain(later.into_iter().map(|(_, place)| place)).collect();
    Some(Shift { before, after, places })
}
