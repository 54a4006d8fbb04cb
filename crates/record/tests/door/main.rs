//! The one door over a real store and a real (small) study: what is asked, what is written, what the tables say of it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod ask;
mod clinic;
mod lock;
mod room;
mod tables;
