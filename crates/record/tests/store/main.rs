//! The store by its interface alone: every test here takes a `&dyn Store`, so that another database can be given to it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod crash;
mod file;
mod kit;
mod suite;
mod tampered;
