//! The one door for commands; the log and its projections
