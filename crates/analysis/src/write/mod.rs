//! Ways of writing a report down: one HTML file, CSV files, JSON. The same report gives the same bytes.

mod csv_files;
mod html;
mod json;

pub use crate::shown::slug;
pub use csv_files::{csv_files, file_names};
pub use html::html;
pub use json::json;
