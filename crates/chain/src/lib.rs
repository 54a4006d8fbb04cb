//! What makes the record checkable by a stranger: canonical bytes, hashes, links, sealed fields, offline verification.
//!
//! - [`canonical`]: one value, one sequence of bytes (JSON with sorted keys and no floats).
//! - [`Hash`]: SHA-256, printed in lower-case hexadecimal.
//! - [`Link`]: what is hashed for one entry, and the names of the chains.
//! - [`Verifier`], [`verify`]: the first [`Flaw`] of a sequence of links, found with no database and no server.
//! - [`line_read`], [`heads_read`]: the record and its heads as text.
//! - [`Sealed`]: bytes closed under a key (XChaCha20-Poly1305).
//!
//! `docs/record-format.md` says the same for someone who writes a verifier in another language.
//! Absent on purpose: clock, randomness, files, database. Keys and nonces are passed in.

pub mod canonical;
mod export;
mod hash;
mod heads;
mod hex;
mod link;
mod sealed;
mod verify;

pub use canonical::Uncanonical;
pub use export::{LineFlaw, line_read, line_write};
pub use hash::{Hash, NotAHash};
pub use heads::{HeadsFlaw, heads_read, heads_write};
pub use hex::{NotHex, from_hex, to_hex};
pub use link::{ChainName, Head, Heads, Link, NotAChain, OwnedLink};
pub use sealed::{KEY_BYTES, Key, NONCE_BYTES, Nonce, NotSealed, Sealed, Unopened};
pub use verify::{Flaw, FlawKind, Verified, Verifier, verify};
