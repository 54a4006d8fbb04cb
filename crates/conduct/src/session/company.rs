//! Who was with the participant, stretch by stretch, and what a fact that is told late changes about it.
//!
//! A coming or going may be told for any earlier moment, and so may the first swallow. So it is not asked who is there at
//! the moment that is told, but in which stretches of time the participant was alone or had too few carers by the record
//! as it now stands, and was not by the record as it stood before: each such stretch is answered once.

use super::room::Room;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// A stretch of time; one with no end goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub from: Timestamp,
    pub until: Option<Timestamp>,
}

/// People and carers at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Company {
    pub people: usize,
    pub carers: usize,
}

/// Who is with the participant at a moment between the first swallow and their leaving; `None` at any other.
pub(super) fn at(room: &Room<'_>, moment: Timestamp) -> Option<Company> {
    let under = room.dosed_at().is_some_and(|dosed| dosed <= moment)
        && room.session.departed.is_none_or(|(left, _)| moment < left);
    under.then(|| Company { people: room.at(moment).count(), carers: room.carers_at(moment) })
}

/// The stretches in which something is so by the record after an act and was not by the record before it.
pub(super) fn newly(before: &Room<'_>, after: &Room<'_>, so: impl Fn(Company) -> bool) -> Vec<Stretch> {
    let told = |room: &Room<'_>, moment| at(room, moment).is_some_and(&so);
    gathered(&[before, after], |moment| told(after, moment) && !told(before, moment))
}

/// The stretches in which something is so.
pub(super) fn all(room: &Room<'_>, so: impl Fn(Company) -> bool) -> Vec<Stretch> {
    gathered(&[room], |moment| at(room, moment).is_some_and(&so))
}

/// Between two moments at which somebody came or went nothing changes: one look at the first of them tells.
fn gathered(rooms: &[&Room<'_>], so: impl Fn(Timestamp) -> bool) -> Vec<Stretch> {
    let mut moments = BTreeSet::new();
    for room in rooms {
        moments.extend(room.dosed_at());
        moments.extend(room.session.departed.map(|(left, _)| left));
        moments.extend(room.session.presence.iter().flat_map(|span| [Some(span.from), span.until]).flatten());
    }
    let mut stretches: Vec<Stretch> = Vec::new();
    let mut open = false;
    for moment in moments {
        match (so(moment), open) {
            (true, false) => stretches.push(Stretch { from: moment, until: None }),
            (false, true) => {
                if let Some(last) = stretches.last_mut() {
                    last.until = Some(moment);
                }
            }
            (true, true) | (false, false) => {}
        }
        open = so(moment);
    }
    stretches
}

impl Stretch {
    /// Whether a moment lies in it.
    pub(super) fn holds(&self, moment: Timestamp) -> bool {
        self.from <= moment && self.until.is_none_or(|until| moment < until)
    }

    /// In words: `since 11:05`, or `from 11:05 to 11:10` when it is over.
    pub(super) fn clock(&self, room: &Room<'_>) -> String {
        let from = room.case.clock(self.from);
        self.until.map_or_else(|| format!("since {from}"), |until| format!("from {from} to {}", room.case.clock(until)))
    }
}
