//! The pages. Each gathers what it shows at the desk and through the questions of `conduct`, and draws it.

pub mod act;
pub mod ahead;
pub mod api;
pub mod casebook;
pub mod clock;
pub mod consent;
pub mod document;
pub mod facts;
pub mod form;
pub mod form_record;
pub mod gate;
pub mod held;
pub mod me;
pub mod participant;
pub mod participants;
pub mod person;
pub mod ratings;
pub mod session;
mod session_log;
pub mod staff;
pub mod stock;
pub mod study;
pub mod today;
pub mod trial;
pub mod trouble;
