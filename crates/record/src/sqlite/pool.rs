//! Readers' connections, and the thread that moves the journal into the file so that no act has to wait for it.

use super::{
    fault::fault,
    open::{self, Looking},
};
use crate::error::StoreError;
use rusqlite::Connection;
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI32, Ordering},
        mpsc::{self, Receiver, SyncSender},
    },
    thread::JoinHandle,
};

/// Idle connections kept, at most.
const IDLE_MAX: usize = 8;

/// Pages in the journal at which it is moved (4 KiB each).
const JOURNAL_PAGES: i32 = 2_000;

/// Pages at which the writer moves it itself: while much is written at once, the thread never gets to the end.
const JOURNAL_PAGES_MAX: i32 = 50_000;

pub(super) struct Readers {
    path: PathBuf,
    looking: Looking,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(path: &Path, looking: Looking) -> Self {
        Self { path: path.to_owned(), looking, idle: Mutex::default() }
    }

    /// Lends a connection that can't write.
    pub(super) fn with<T>(&self, work: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open::open_reader(&self.path, self.looking)?,
        };
        let result = work(&connection);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
        result
    }
}

/// Told by every commit how long the journal is; rung when it is long.
#[derive(Clone)]
pub(super) struct Bell {
    pages: Arc<AtomicI32>,
    ring: SyncSender<()>,
}

impl Bell {
    pub(super) fn pages(&self, pages: i32) {
        self.pages.store(pages, Ordering::Relaxed);
    }

    pub(super) fn overflows(&self) -> bool {
        self.pages.load(Ordering::Relaxed) >= JOURNAL_PAGES_MAX
    }

    pub(super) fn ring_if_full(&self) {
        if self.pages.load(Ordering::Relaxed) >= JOURNAL_PAGES {
            // Full means that it has been rung already; closed, that the store is being dropped.
            let _ = self.ring.try_send(());
        }
    }
}

pub(super) struct Housekeeper {
    bell: Option<Bell>,
    thread: Option<JoinHandle<()>>,
}

impl Housekeeper {
    pub(super) fn start(path: &Path) -> Result<Self, StoreError> {
        let (ring, rung) = mpsc::sync_channel(1);
        let bell = Bell { pages: Arc::default(), ring };
        let path = path.to_owned();
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || keep_house(&path, &rung))
            .map_err(|error| StoreError::Disk { what: error.to_string() })?;
        Ok(Self { bell: Some(bell), thread: Some(thread) })
    }

    pub(super) fn bell(&self) -> Bell {
        self.bell.clone().unwrap_or_else(|| Bell { pages: Arc::default(), ring: mpsc::sync_channel(1).0 })
    }

    /// Moves the journal now.
    pub(super) fn checkpoint(&self, path: &Path) -> Result<(), StoreError> {
        move_journal(&open_mover(path)?)
    }
}

fn open_mover(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(path).map_err(fault)?;
    connection.pragma_update(None, "synchronous", "full").map_err(fault)?;
    connection.pragma_update(None, "cache_size", -1_000).map_err(fault)?;
    Ok(connection)
}

/// Moves what no reader still needs; waits for nobody.
fn move_journal(connection: &Connection) -> Result<(), StoreError> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).map_err(fault)
}

fn keep_house(path: &Path, rung: &Receiver<()>) {
    let mut connection = None;
    while rung.recv().is_ok() {
        if connection.is_none() {
            connection = open_mover(path).ok();
        }
        // A failure here loses nothing: the journal stays longer, and the next ring tries again.
        if connection.as_ref().is_some_and(|connection| move_journal(connection).is_err()) {
            connection = None;
        }
    }
}

impl Drop for Housekeeper {
    fn drop(&mut self) {
        self.bell = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
