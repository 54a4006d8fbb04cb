//! Canonical bytes, hashes, sealed fields and offline verification of the record
