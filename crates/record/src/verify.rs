//! Is the record whole? The chain, link by link, with no trust in what the database says of itself.

use crate::{
    error::StoreError,
    store::{Range, Store},
};
use chain::{Hash, Link, Verified, Verifier};
use std::collections::HashMap;

/// Checks every link of every chain, in the order of the record.
///
/// # Errors
/// [`StoreError::Flaw`] with the first bad entry.
pub fn verify_chain(store: &dyn Store) -> Result<Verified, StoreError> {
    verify_chain_with(store, Verifier::new(), &mut |_| Ok(()))
}

/// The same with a verifier that expects heads that were written down, and with a look at each good entry.
pub fn verify_chain_with(
    store: &dyn Store,
    mut verifier: Verifier,
    look: &mut dyn FnMut(crate::store::Stored<'_>) -> Result<(), StoreError>,
) -> Result<Verified, StoreError> {
    // The log does not keep the previous hash beside each entry: it is the hash of the entry before it in the chain.
    let mut previous: HashMap<String, Hash> = HashMap::new();
    store.read(Range::Log { after: 0 }, &mut |entry| {
        let link = Link {
            body: entry.body,
            chain: entry.chain,
            heads: entry.heads,
            position: entry.position,
            previous: previous.get(entry.chain).copied().unwrap_or(Hash::ZERO),
            stream: entry.stream,
            version: entry.version,
        };
        verifier.check(&link, &entry.hash)?;
        match previous.get_mut(entry.chain) {
            Some(hash) => *hash = entry.hash,
            None => drop(previous.insert(entry.chain.to_owned(), entry.hash)),
        }
        look(entry)?;
        Ok(true)
    })?;
    Ok(verifier.finish()?)
}
