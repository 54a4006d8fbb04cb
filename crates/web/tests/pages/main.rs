//! Pages over the real router and a real store.

#[path = "../support/mod.rs"]
mod support;

mod access;
mod guards;
mod walk;
