//! What was taken: sessions, milligrams, supplements, and why not.

use super::{entry, groups, having, heads, persons, summary};
use crate::{
    record::Person,
    run::Run,
    shown,
    table::{Place, Section, Table, ground},
};
use std::collections::{BTreeMap, BTreeSet};

pub fn section(run: &Run<'_>) -> Option<Section> {
    let set = run.safety_set()?.to_owned();
    let groups = groups(run, &set);
    let mut table = Table::new("exposure", "Exposure", "What was taken", &["dose", "dosing_session"]);
    heads(&mut table, &groups);
    let mut every = |id: &str, title: &str, depth: u8, places: &dyn Fn(&Person) -> Vec<Place>| {
        table.row(id, title, groups.iter().map(|group| having(run, group, places)).collect()).inset(depth);
    };
    let planned = run.study.dose.sessions.len();
    for number in 1..=planned {
        let exactly = |p: &Person| {
            let own = first_doses(p);
            if own.len() == number { own } else { Vec::new() }
        };
        every(&format!("sessions-{number}"), &format!("{number} dosing sessions"), 0, &exactly);
    }
    for session in &run.study.dose.sessions {
        let number = u64::from(session.number);
        for level in &session.levels {
            let at = |p: &Person| {
                let ordered = p.sessions.iter().any(|one| {
                    one.session == number && one.dosed_at.is_some() && one.level.as_deref() == Some(level.as_str())
                });
                let doses = p.doses.iter().filter(|dose| ordered && dose.session == number);
                doses.map(|dose| entry(p, dose.version)).collect()
            };
            every(&format!("level-{number}-{level}"), &format!("Session {number} at level {level}"), 1, &at);
        }
        let supplement = |p: &Person| {
            let doses = p.doses.iter().filter(|dose| dose.supplement && dose.session == number);
            doses.map(|dose| entry(p, dose.version)).collect()
        };
        every(&format!("supplement-{number}"), &format!("Session {number}, supplement taken"), 1, &supplement);
    }
    for code in not_given(run) {
        let label = run.study.session.supplement_refusals.iter().find(|option| option.code == code);
        let label = label.map_or_else(|| shown::words(&code.to_lowercase()), |option| option.label.clone());
        let own = |p: &Person| {
            let sessions = p.sessions.iter().filter(|one| one.not_given.as_deref() == Some(code.as_str()));
            sessions.map(|_| super::kind(p, "supplement_not_given")).collect()
        };
        every(&format!("not-given-{}", shown::slug(&code)), &format!("Supplement not given: {label}"), 1, &own);
    }
    amounts(run, &groups, &mut table);
    table.note(format!(
        "Set: safety, {}. Milligrams by the label: containers of all arms bear the same labels.",
        super::BY_ARM
    ));
    let mut section = Section::new("exposure", "What was taken");
    section.table(table);
    Some(section)
}

fn first_doses(person: &Person) -> Vec<Place> {
    let mut seen = BTreeSet::new();
    let first = person.doses.iter().filter(|dose| !dose.supplement && seen.insert(dose.session));
    first.map(|dose| entry(person, dose.version)).collect()
}

fn not_given(run: &Run<'_>) -> BTreeSet<String> {
    run.record.people.iter().flat_map(|p| &p.sessions).filter_map(|one| one.not_given.clone()).collect()
}

fn amounts(run: &Run<'_>, groups: &[super::Group], table: &mut Table) {
    let total = |p: &Person| -> Option<(f64, Place)> {
        let last = p.doses.last()?;
        Some((p.doses.iter().map(|dose| dose.amount_mg).sum(), entry(p, last.version)))
    };
    let cells = groups.iter().map(|group| {
        let values: Vec<(f64, Place)> = persons(run, &group.people).into_iter().filter_map(total).collect();
        let doses = persons(run, &group.people).into_iter().flat_map(|p| p.doses.iter().map(|d| entry(p, d.version)));
        summary(&values, 0).on(&ground(doses)).by("mean and standard deviation of each participant's sum")
    });
    table.row("milligrams", "Milligrams in all sessions, mean (SD)", cells.collect());
    let cells = groups.iter().map(|group| {
        let mut minutes: Vec<(f64, Place)> = Vec::new();
        for p in persons(run, &group.people) {
            let mut starts: BTreeMap<u64, jiff::Timestamp> = BTreeMap::new();
            for dose in &p.doses {
                if !dose.supplement {
                    starts.entry(dose.session).or_insert(dose.at);
                } else if let Some(start) = starts.get(&dose.session) {
                    minutes.push((dose.at.duration_since(*start).as_mins() as f64, entry(p, dose.version)));
                }
            }
        }
        summary(&minutes, 0)
    });
    table.row("supplement-minutes", "Minutes from first dose to supplement, mean (SD)", cells.collect());
    let cells = groups.iter().map(|group| {
        let people = persons(run, &group.people).into_iter();
        let stays: Vec<(f64, Place)> = people
            .flat_map(|p| {
                let stays = p.sessions.iter().filter_map(|one| {
                    let stay = one.discharged_at?.duration_since(one.dosed_at?);
                    Some((stay.as_mins() as f64 / 60.0, super::kind(p, "discharged")))
                });
                stays.collect::<Vec<_>>()
            })
            .collect();
        summary(&stays, 1)
    });
    table.row("hours", "Hours from first dose to leave being allowed, mean (SD)", cells.collect());
}
