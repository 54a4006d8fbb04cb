//! Drawings made on the server from plain numbers: no script, no library, and a table beside each.
//!
//! Every chart here takes a struct of what it shows, draws itself with `draw`, and says the same with `table`.
//! A chart never knows where its numbers come from, so a blinded reader's chart is blind because its numbers are.

pub mod curve;
pub mod flow;
pub mod severity;
pub mod svg;
pub mod timeline;
pub mod vitals;
