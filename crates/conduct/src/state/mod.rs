//! State: what is left of a stream's entries when they are folded. One struct a stream.
//!
//! `apply` is total: it takes any entry that was ever written and never fails. It reads no study file.

mod book;
mod credentials;
mod participant;
mod session;
mod site;
mod stock;
mod trial;

pub use book::{Account, Balance, Line};
pub use credentials::{Certificate, Credentials, Relation};
pub use participant::{
    AdverseEvent, Booking, ConsentGiven, ContactTry, Decision, Deviation, Document, FormRecord, Hold, Medication, Note,
    ParticipantState, Phase, Question, Rating, Stop, Task, VisitRecord, VisitStanding,
};
pub use session::{
    Alarm, Authorised, Call, CardOpen, CheckDone, NightCheck, Order, PresenceSpan, Reading, SessionNote, SessionState,
    Swallow, staff_of,
};
pub use site::{Delegation, SiteState};
pub use stock::{
    Consignment, Container, ContainerStanding, Discrepancy, HalfCount, Recount, Shipment, StockOrder, StockState,
};
pub use trial::{AllocationState, Approval, FrozenPlan, Locked, SiteInTrial, SiteStanding, TrialState};
