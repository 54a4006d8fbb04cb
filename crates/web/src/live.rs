//! Open pages are told that something moved. What moved is a stream's name and nothing of what was written: each page is
//! drawn anew for the person who looks, so that nobody is sent what they may not see.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use conduct::StreamId;
use tokio::sync::broadcast;

/// Pages that may be open at once. Each holds a connection and a task.
const SEATS_MAX: usize = 1_000;
/// Notices that wait for a page that is slow; one that falls further behind is drawn anew whatever moved.
const NOTICES_KEPT: usize = 256;

/// What moved.
#[derive(Debug, Clone)]
pub enum Moved {
    /// An act was appended to these streams.
    Streams(Arc<[StreamId]>),
    /// Virtual time was let pass.
    Time,
}

impl Moved {
    /// Whether it concerns somebody who looks at these streams.
    pub fn concerns(&self, looked_at: &[StreamId]) -> bool {
        match self {
            Self::Streams(moved) => moved.iter().any(|stream| looked_at.contains(stream)),
            Self::Time => true,
        }
    }
}

/// Who is told.
pub struct Live {
    notices: broadcast::Sender<Moved>,
    seats: Arc<AtomicUsize>,
}

impl Default for Live {
    fn default() -> Self {
        Self { notices: broadcast::Sender::new(NOTICES_KEPT), seats: Arc::default() }
    }
}

impl Live {
    /// For the door: passes on what it says.
    pub fn listener(&self) -> record::Listener {
        let notices = self.notices.clone();
        Box::new(move |streams| {
            // Nobody may be looking; then nobody is told.
            let _ = notices.send(Moved::Streams(streams.into()));
        })
    }

    /// Virtual time jumped: whatever counts minutes looks different now.
    pub fn time_jumped(&self) {
        let _ = self.notices.send(Moved::Time);
    }

    /// From here on every notice is received.
    pub fn subscribe(&self) -> broadcast::Receiver<Moved> {
        self.notices.subscribe()
    }

    /// A seat for one open page, until it is dropped; `None` when all are taken.
    pub fn seat(&self) -> Option<Seat> {
        let taken = self.seats.fetch_add(1, Ordering::Relaxed);
        let seat = Seat(Arc::clone(&self.seats));
        (taken < SEATS_MAX).then_some(seat)
    }
}

/// One open page.
pub struct Seat(Arc<AtomicUsize>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use terms::ParticipantId;

    #[test]
    fn only_who_looks_at_it_is_concerned() {
        let one = StreamId::Participant(ParticipantId::from("S01-001"));
        let other = StreamId::Participant(ParticipantId::from("S01-002"));
        let moved = Moved::Streams(vec![StreamId::Trial, one.clone()].into());
        assert!(moved.concerns(&[one]));
        assert!(!moved.concerns(std::slice::from_ref(&other)));
        assert!(Moved::Time.concerns(&[other]));
    }

    #[test]
    fn seats_are_counted_and_given_back() {
        let live = Live::default();
        let all: Vec<Seat> = std::iter::from_fn(|| live.seat()).collect();
        assert_eq!(all.len(), SEATS_MAX);
        assert!(live.seat().is_none());
        drop(all);
        assert!(live.seat().is_some());
    }
}
