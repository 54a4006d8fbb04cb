//! Pages and the forms on them: ask and draw, never decide.
//!
//! - [`app`]: the router over [`Services`]; [`routes`] is the table of all addresses.
//! - [`http`]: what lies between the network and a page: guards, limits, replies. No page is known there.
//! - [`pages`]: the pages; each gathers at the [`desk`] and draws with [`parts`] and [`chart`]s.
//! - [`acts`]: one form for each command; sending it posts exactly one command through the record's one door.
//! - [`words`]: words that participants read, from message files.
//!
//! Absent on purpose: rules (they stand in `conduct`), allocations (the door alone holds the service), any write to the
//! store but through the door.
#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

pub mod acts;
pub mod answers;
pub mod chart;
pub mod desk;
pub mod drafts;
pub mod findings;
pub mod frame;
pub mod http;
pub mod mend;
pub mod names;
pub mod pages;
pub mod parts;
pub mod people;
pub mod plan;
pub mod routes;
pub mod sheet;
pub mod shell;
pub mod show;
pub mod then;
pub mod words;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use drafts::Drafts;
pub use http::call::{listen, serve};
use http::guard::FormKey;
use identity::Identity;
use jiff::{SignedDuration, Timestamp};
use record::Door;

/// What the pages stand on.
pub struct Services {
    /// The one door of the record.
    pub door: Arc<Door>,
    /// Accounts and sign-in sessions.
    pub identity: Arc<Identity>,
    /// Who the participants are: names, contacts, documents; apart from the record and erasable.
    pub people: Arc<record::People>,
    /// What is typed and not yet recorded.
    pub drafts: Drafts,
    /// Tables as they were known at a time, for pages that were asked for it.
    pub kept: then::Kept,
    /// Now: the system's clock, or the virtual one of a synthetic store.
    pub clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    /// Virtual seconds that somebody let pass on the pages of a synthetic store; always 0 in a real one.
    pub passed: AtomicI64,
    /// 32 bytes from the system's random source.
    pub draw: Box<dyn Fn() -> [u8; 32] + Send + Sync>,
    /// Binds forms to sign-ins; drawn when the server starts.
    pub form_key: FormKey,
    /// A telephone that is answered day and night, for participants' pages; empty where there is none.
    pub help_phone: String,
    /// Seconds without a touch after which a page locks itself; the session's own limit stands in `identity`.
    pub idle_seconds: u32,
    /// The pages are reached through TLS, so the cookie may say so.
    pub secure: bool,
}

impl Services {
    /// Whether the store says of itself that it holds no real person.
    pub fn synthetic(&self) -> bool {
        self.door.store().about().synthetic
    }

    /// Now, as the record counts it.
    pub fn now(&self) -> Timestamp {
        let now = (self.clock)();
        if !self.synthetic() {
            return now;
        }
        now.saturating_add(SignedDuration::from_secs(self.passed.load(Ordering::Relaxed))).unwrap_or(now)
    }

    /// Lets virtual time pass in a synthetic store; a real store's time can't be moved.
    pub fn let_pass(&self, span: SignedDuration) {
        if self.synthetic() && span.is_positive() {
            self.passed.fetch_add(span.as_secs(), Ordering::Relaxed);
        }
    }

    /// A fresh id for a request or an act, 128 bits.
    pub fn fresh_id(&self) -> String {
        let bytes = (self.draw)();
        people::hex(bytes.get(..16).unwrap_or(&bytes))
    }
}

/// The router over everything.
pub fn app(services: Services) -> axum::Router {
    http::call::serve_table(&Arc::new(services), routes::table())
}
