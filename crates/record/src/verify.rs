//! Is the record whole? The chain, link by link, with no trust in what the database says of itself.

use crate::{
    error::StoreError,
    store::{Range, Store, Stored},
    table::Cell,
};
use chain::{Hash, Link, Verified, Verifier};
use std::{collections::HashMap, io::Write};

/// Checks every link of every chain, in the order of the record.
///
/// # Errors
/// [`StoreError::Flaw`] with the first bad entry; [`StoreError::Damaged`] with one that can't be read or that was not looked at.
pub fn verify_chain(store: &dyn Store) -> Result<Verified, StoreError> {
    verify_chain_with(store, Verifier::new(), &mut |_| Ok(()))
}

/// The same with a verifier that expects heads that were written down, and with a look at each good entry.
pub fn verify_chain_with(
    store: &dyn Store,
    mut verifier: Verifier,
    look: &mut dyn FnMut(Stored<'_>) -> Result<(), StoreError>,
) -> Result<Verified, StoreError> {
    let mut last = 0;
    links(store, &mut |link, entry| {
        verifier.check(link, &entry.hash)?;
        last = entry.number;
        look(entry)
    })?;
    let verified = verifier.finish()?;
    counted(store, last, verified.links)?;
    Ok(verified)
}

/// Whether as many entries were read as the log holds up to the last one; others may have come meanwhile.
fn counted(store: &dyn Store, last: u64, read: u64) -> Result<(), StoreError> {
    let up_to = Cell::Integer(i64::try_from(last).unwrap_or(i64::MAX));
    let rows = store.select("SELECT count(*) FROM entry WHERE id <= ?1", &[up_to])?;
    let held = rows.first().and_then(|row| row.first()?.as_integer()).unwrap_or(0).unsigned_abs();
    match held == read {
        true => Ok(()),
        false => Err(StoreError::Damaged { what: format!("the log holds {held} entries, but {read} can be read") }),
    }
}

/// Writes the whole log as text, one link a line, for somebody who verifies it without us. Gives the number of lines.
///
/// # Errors
/// When the store can't be read, or `out` can't be written.
pub fn export(store: &dyn Store, out: &mut dyn Write) -> Result<u64, StoreError> {
    let (mut line, mut lines) = (Vec::new(), 0);
    links(store, &mut |link, entry| {
        line.clear();
        chain::line_write(link, &entry.hash, &mut line);
        lines += 1;
        out.write_all(&line).map_err(|error| StoreError::Disk { what: error.to_string() })
    })?;
    out.flush().map_err(|error| StoreError::Disk { what: error.to_string() })?;
    Ok(lines)
}

/// The log as links, in the order of the record.
fn links(
    store: &dyn Store,
    look: &mut dyn FnMut(&Link<'_>, Stored<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
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
        look(&link, entry)?;
        match previous.get_mut(entry.chain) {
            Some(hash) => *hash = entry.hash,
            None => drop(previous.insert(entry.chain.to_owned(), entry.hash)),
        }
        Ok(true)
    })
}
