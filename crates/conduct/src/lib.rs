//! The rules. A rule lives here and nowhere else; pages, commands and exports ask and show.
//!
//! - [`decide`]: a request in, entries out, or a "no" with every reason. Pure: time, people and draws come in through
//!   the [`Context`], state through the [`World`].
//! - [`state`]: `apply` folds entries; total, reads no study file.
//! - [`ask`]: the same rules as questions: what stands in the way of an authorisation, and what doesn't.
//! - [`next`]: what somebody may do next for a participant, and what stands in the way of the rest.
//! - [`due`]: what is due for a participant, and when.
//!
//! Folders are what the clinic would name: `participant`, `session`, `accountability`, `staffing`.

pub mod accountability;
mod case;
pub mod command;
pub mod context;
mod decide;
pub mod due;
pub mod entry;
pub mod finding;
pub mod forms;
pub mod names;
pub mod next;
pub mod participant;
pub mod rules;
pub mod schedule;
pub mod session;
pub mod setting_up;
pub mod staffing;
pub mod state;
pub mod stream;
pub mod view;
mod word;

pub use case::{Authority, Case, Draft, Duties, Studies, World, authority};
pub use command::{Authorisation, Command, Fact, Request};
pub use context::{Census, Context, Draw, Picked, Proof};
pub use decide::{FactNo, Subject, ask, case_of, decide, decide_without, duties_for};
pub use entry::{Entry, Person, Signatory, Stamp, Written};
pub use finding::{Broken, Finding, No, Refusal, Rule, Unreadable};
pub use state::{AllocationState, ParticipantState, Phase, SiteState, StockState, TrialState};
pub use stream::{ChainName, StreamId};
