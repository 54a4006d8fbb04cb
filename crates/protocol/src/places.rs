//! Where a study's forms, visits and roles stand, by id: found out once, so that a look-up needn't walk the list.
//!
//! Rules look parts up by id a dozen times in one decision. The lists stay the truth: what a place says is compared
//! with the id that stands there, and a list that has grown or shrunk since is walked as before.

use crate::model::{Form, Role, Study, Visit};
use std::sync::OnceLock;

/// Places of the parts of one study. Empty until the first look-up.
#[derive(Debug, Clone, Default)]
pub struct Places(OnceLock<Tables>);

#[derive(Debug, Clone)]
struct Tables {
    visits: Table,
    forms: Table,
    roles: Table,
}

impl Places {
    fn tables(&self, study: &Study) -> &Tables {
        self.0.get_or_init(|| Tables {
            visits: Table::new(study.visits.iter().map(|visit| visit.id.as_str())),
            forms: Table::new(study.forms.iter().map(|form| form.id.as_str())),
            roles: Table::new(study.roles.iter().map(|role| role.id.as_str())),
        })
    }

    pub(crate) fn visit<'s>(&self, study: &'s Study, id: &str) -> Option<&'s Visit> {
        self.tables(study).visits.find(&study.visits, id, |visit| visit.id.as_str())
    }

    pub(crate) fn form<'s>(&self, study: &'s Study, id: &str) -> Option<&'s Form> {
        self.tables(study).forms.find(&study.forms, id, |form| form.id.as_str())
    }

    pub(crate) fn role<'s>(&self, study: &'s Study, id: &str) -> Option<&'s Role> {
        self.tables(study).roles.find(&study.roles, id, |role| role.id.as_str())
    }
}

/// An open hash table of positions: a slot holds a position counted from 1, or 0 for nothing.
#[derive(Debug, Clone)]
struct Table {
    count: usize,
    slots: Vec<u32>,
}

impl Table {
    fn new<'i>(ids: impl Iterator<Item = &'i str>) -> Self {
        let ids: Vec<&str> = ids.collect();
        // Half of the slots at most are taken, so that a search ends soon.
        let mut slots = vec![0_u32; (ids.len() * 2).next_power_of_two()];
        for (id, place) in ids.iter().zip(1..) {
            let mut slot = hash(id) & (slots.len() - 1);
            while slots.get(slot).is_some_and(|taken| *taken != 0) {
                slot = (slot + 1) & (slots.len() - 1);
            }
            if let Some(free) = slots.get_mut(slot) {
                *free = place;
            }
        }
        Self { count: ids.len(), slots }
    }

    fn find<'p, T>(&self, parts: &'p [T], id: &str, id_of: impl Fn(&T) -> &str) -> Option<&'p T> {
        if parts.len() != self.count {
            return parts.iter().find(|part| id_of(part) == id);
        }
        let mut slot = hash(id) & (self.slots.len() - 1);
        loop {
            let place = self.slots.get(slot).copied().filter(|place| *place != 0)?;
            let part = parts.get(place as usize - 1)?;
            if id_of(part) == id {
                return Some(part);
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
    }
}

/// FNV-1a: ids are a few letters long.
fn hash(id: &str) -> usize {
    let mixed = id
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    (mixed ^ (mixed >> 32)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_a_walk_finds() {
        for count in [0, 1, 2, 3, 16, 17, 200] {
            let mut parts: Vec<String> = (0..count).map(|n| format!("part_{}", n / 2 * 2)).collect();
            let table = Table::new(parts.iter().map(String::as_str));
            let agree = |parts: &[String]| {
                for id in (0..=count).map(|n| format!("part_{n}")).chain([String::new(), "other".to_owned()]) {
                    let walked = parts.iter().position(|part| *part == id);
                    let found = table.find(parts, &id, String::as_str);
                    let found = found.and_then(|found| parts.iter().position(|part| std::ptr::eq(part, found)));
                    assert_eq!(found, walked, "{id} among {count}");
                }
            };
            agree(&parts);
            parts.push("other".to_owned());
            agree(&parts);
        }
    }
}
