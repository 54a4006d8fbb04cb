//! What lies between the network and a page: routes, limits, guards, replies. No page is known here.

pub mod assets;
pub mod call;
pub mod guard;
pub mod multipart;
pub mod pairs;
pub mod reply;
