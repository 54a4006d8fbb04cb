//! The sealed service beside the core: who is on what, and what a container holds. It alone has the key.
//!
//! - [`list_make`], [`list_load`]: an allocation list, made here in permuted blocks or loaded from a file, sealed.
//! - [`list_write`], [`list_read`]: a list that travels sealed, from whoever made it to the store; a first stock likewise.
//! - [`consignment_make`], [`resupply`]: containers whose contents are sealed, and balanced shipments.
//! - [`Service`]: answers the two questions that the core may ask, "which row is next" ([`Service::draw`]) and "which
//!   containers may this participant have" ([`Service::pick`]), and opens one allocation in an emergency
//!   ([`Service::break_code`]).
//!
//! INVARIANT: nothing that leaves this crate unsealed depends on an arm: neither handles, numbers, lots, expiries, orders of rows,
//! counts in a shipment, nor error texts. What is opened ([`Opened`]) can't be printed, compared or serialised.
//! Absent on purpose: clock, database, a random source of its own. Seeds are passed in.

mod blocks;
mod list;
mod load;
mod number;
mod row;
mod sealed_file;
mod seed;
mod service;
mod stock;
mod supply;

pub use blocks::{BlockError, blocks};
pub use chain::{Key, Sealed, Unopened};
pub use list::{ListError, ListPlan, SealedList, list_make};
pub use load::{LoadError, LoadFlaw, list_load};
pub use number::{check_digit, is_container_number};
pub use row::{Opened, SealedContainer, SealedRow};
pub use sealed_file::{is_sealed, list_read, list_write, stock_read, stock_write};
pub use seed::Seed;
pub use service::{Service, ServiceError, Wanted};
pub use stock::{FirstStock, stock_load};
pub use supply::{Consignment, ConsignmentPlan, SupplyLine, SupplyRule, consignment_make, resupply};
