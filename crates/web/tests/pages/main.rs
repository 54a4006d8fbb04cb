//! Pages over the real router and a real store.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test says what is wrong by failing")]

#[path = "../support/mod.rs"]
mod support;

mod access;
mod accounts;
mod bad_input;
mod clocks;
mod guards;
mod packs;
mod people;
mod room;
mod then;
mod walk;
