//! Seeds: 32 bytes from which everything random of one act is drawn, each purpose from a stream of its own.

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use sha2::{Digest, Sha256};

/// The seed of one act of making (a list, a consignment). Fresh for each: nonces are drawn from it, and a nonce may not
/// come twice under one key. It is as secret as the key, and can't be printed.
#[derive(Clone)]
pub struct Seed([u8; 32]);

impl Seed {
    /// From 32 random bytes, drawn by the caller.
    pub const fn from_array(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The seed of one act out of a simulated trial's number and a label that no other act of that trial has.
    pub fn of_simulation(number: u64, label: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"lifejacket simulated seed v1\0");
        hash.update(number.to_be_bytes());
        hash.update(label.as_bytes());
        Self(hash.finalize().into())
    }

    /// The 32 bytes, for deriving something else that a simulation needs: a key, say.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A stream for one purpose. Streams of two purposes tell nothing of each other.
    pub(crate) fn stream(&self, purpose: &str) -> ChaCha20Rng {
        let mut hash = Sha256::new();
        hash.update(b"lifejacket allocation stream v1\0");
        hash.update(self.0);
        hash.update(purpose.as_bytes());
        ChaCha20Rng::from_seed(hash.finalize().into())
    }
}
