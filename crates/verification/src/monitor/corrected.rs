//! A reading that was written down wrongly: what it would have stopped is stopped, or flagged where it was given.

use super::{Harm, day::Bed, memory::Day};
use conduct::{command::DosePart, entry::MeasureChange};
use jiff::Timestamp;
use protocol::model::Trigger;
use std::collections::BTreeMap;
use terms::InstanceId;

impl Bed<'_> {
    pub(super) fn corrected(&self, id: &InstanceId, changes: &BTreeMap<String, MeasureChange>, harms: &mut Vec<Harm>) {
        let mut day = self.day.clone();
        day.correct(id, changes);
        let Some(at) = day.readings.iter().find(|read| read.id == *id).map(|read| read.at) else { return };
        for limit in &self.study.session.limits {
            let Some(change) = changes.get(&limit.measure).filter(|change| change.old != Some(change.new)) else {
                continue;
            };
            let over = |value| self.breached(&limit.measure, value).any(|(found, _)| found.id == limit.id);
            let amber = over(change.new) && !change.old.is_some_and(over);
            let red = day.is_red(limit, at, change.new);
            let was = change.old.is_some_and(|old| self.day.is_red(limit, at, old));
            self.answer(harms, red && !was, Trigger::LimitRed, "a reading corrected to a red limit breached");
            self.answer(harms, amber && !red, Trigger::LimitAmber, "a reading corrected to an amber limit breached");
        }
        let now = self.look.now();
        let given = [(&self.day.allowed, DosePart::Initial), (&self.day.opened, DosePart::Supplement)];
        for (allowed, part) in given {
            let taken = self.day.taken.iter().find(|taken| taken.part == part);
            let waits = taken.is_none() && allowed.as_ref().is_some_and(|allowed| allowed.until >= now);
            let then = taken.filter(|taken| taken.lawful).map(|taken| taken.at).or(waits.then_some(now));
            let Some(then) = then.filter(|_| !self.day.ground_lost) else { continue };
            let lost = self.too_high(&day, part, then) && !self.too_high(self.day, part, then);
            let what = "a corrected reading took away the ground of what had been allowed";
            self.answer(harms, lost, Trigger::GroundWithdrawn, what);
        }
    }

    /// Whether the readings up to a moment stand in the way: the last of each measure before the first dose, any red one before the
    /// supplement.
    fn too_high(&self, day: &Day, part: DosePart, until: Timestamp) -> bool {
        let read = || day.readings.iter().rev().filter(|read| read.at <= until);
        match part {
            DosePart::Initial => self.study.session.measures.iter().any(|measure| {
                let last = read().find_map(|read| read.measures.get(&measure.id));
                last.is_some_and(|value| self.breached(&measure.id, *value).next().is_some())
            }),
            DosePart::Supplement => self.study.session.limits.iter().any(|limit| {
                let mut all = read().filter_map(|read| Some((read.at, *read.measures.get(&limit.measure)?)));
                all.any(|(at, value)| day.is_red(limit, at, value))
            }),
        }
    }
}
