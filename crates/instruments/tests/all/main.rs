//! Everything through the crate's edge: reference cases, properties, structure, input, packs, documentation.

mod documentation;
mod input;
mod packs;
mod properties;
mod reference;
mod reference_session;
mod structure;
mod table;
mod vectors;
