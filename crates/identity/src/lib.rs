//! Who somebody is: accounts, passwords, quick PINs, sign-in sessions, and the proof of a person at the moment of an act.
//!
//! What somebody may *do* is a rule and stands in `conduct`; here it is only found out who they are. Accounts live in
//! tables of their own, because they must be replaceable and erasable, which a log is not.
//!
//! - [`Identity`]: the accounts of one store.
//! - [`Account`], [`NewAccount`]: somebody who may sign in.
//! - [`SignedIn`]: somebody is signed in on a device. [`Authenticated`]: somebody proved themselves just now.
//! - [`Limits`]: how long sessions last and how fast somebody may guess.
//!
//! Clock and randomness are passed in. Absent on purpose: duties, delegations, roles.

mod account;
mod attempt;
mod error;
mod event;
mod secret;
mod session;
mod tables;

pub use account::{Account, NewAccount, Standing, Who, judge_login, judge_name};
pub use attempt::Limits;
pub use error::{AccountError, OpenError, ProofError, SessionError, Unavailable};
pub use event::Event;
pub use secret::{Cost, Salt, judge_password, judge_pin, password_once};
pub use session::{Authenticated, Factor, SignedIn, Token};
pub use tables::Identity;
