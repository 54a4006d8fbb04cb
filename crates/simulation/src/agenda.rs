//! What comes next: a queue by virtual time. Things at one moment come in the order in which they were planned.

use jiff::Timestamp;
use std::{cmp::Reverse, collections::BinaryHeap};

/// A queue of things to do.
#[derive(Debug)]
pub(crate) struct Agenda<T> {
    heap: BinaryHeap<Reverse<Item<T>>>,
    planned: u64,
    now: Timestamp,
}

#[derive(Debug)]
struct Item<T> {
    at: Timestamp,
    order: u64,
    what: T,
}

impl<T> PartialEq for Item<T> {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}
impl<T> Eq for Item<T> {}
impl<T> PartialOrd for Item<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Item<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

impl<T> Agenda<T> {
    pub(crate) fn new(start: Timestamp) -> Self {
        Self { heap: BinaryHeap::new(), planned: 0, now: start }
    }

    /// Plans something. What would lie in the past is done now.
    pub(crate) fn plan(&mut self, at: Timestamp, what: T) {
        let at = at.max(self.now);
        self.planned += 1;
        self.heap.push(Reverse(Item { at, order: self.planned, what }));
    }

    /// Virtual time.
    pub(crate) const fn moment(&self) -> Timestamp {
        self.now
    }

    /// The next thing and its moment; virtual time moves there.
    pub(crate) fn next(&mut self) -> Option<(Timestamp, T)> {
        let Reverse(item) = self.heap.pop()?;
        self.now = item.at;
        Some((item.at, item.what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_time_then_by_order_of_planning() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut agenda = Agenda::new(at(0));
        for (when, what) in [(5, "late"), (1, "first"), (1, "second"), (3, "middle")] {
            agenda.plan(at(when), what);
        }
        assert_eq!(agenda.next(), Some((at(1), "first")));
        assert_eq!(agenda.next(), Some((at(1), "second")));
        agenda.plan(at(0), "what lies in the past is done now");
        assert_eq!(agenda.next(), Some((at(1), "what lies in the past is done now")));
        assert_eq!(agenda.next().map(|(_, what)| what), Some("middle"));
        assert_eq!(agenda.next().map(|(_, what)| what), Some("late"));
        assert_eq!(agenda.next(), None);
    }
}
