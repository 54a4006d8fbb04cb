//! The answered commands are chained too: each row's hash goes over the row and the hash before it, and the first goes on
//! from what the store says of itself. So no answer can be changed, and no store can cease to be synthetic, in silence.

use super::fault::fault;
use crate::{error::StoreError, store::Act};
use chain::{Hash, canonical};
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeMap;

/// What a row's hash goes over.
pub(super) struct Row<'a> {
    pub(super) id: i64,
    pub(super) command: &'a str,
    pub(super) digest: &'a [u8],
    pub(super) recorded_at: i64,
    pub(super) first: Option<i64>,
    pub(super) entries: i64,
    pub(super) answer: Option<&'a [u8]>,
}

impl<'a> Row<'a> {
    pub(super) fn of(act: &'a Act, id: i64, first: Option<i64>) -> Self {
        Self {
            id,
            command: &act.command,
            digest: act.digest.as_bytes(),
            recorded_at: act.recorded_at.as_microsecond(),
            first,
            entries: act.entries.len() as i64,
            answer: act.answer.as_deref(),
        }
    }

    pub(super) fn hash(&self, previous: &Hash, buffer: &mut Vec<u8>) -> Hash {
        buffer.clear();
        buffer.extend_from_slice(previous.as_bytes());
        for number in [self.id, self.recorded_at, self.first.unwrap_or(0), self.entries] {
            buffer.extend_from_slice(&number.to_be_bytes());
        }
        for part in [self.command.as_bytes(), self.digest, self.answer.unwrap_or_default()] {
            buffer.extend_from_slice(&(part.len() as u64).to_be_bytes());
            buffer.extend_from_slice(part);
        }
        buffer.push(u8::from(self.answer.is_some()));
        Hash::of(buffer)
    }
}

/// Where the chain of answers begins.
fn beginning(connection: &Connection) -> Result<Hash, StoreError> {
    let mut query = connection.prepare("SELECT name, value FROM about").map_err(fault)?;
    let about: BTreeMap<String, String> =
        query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).and_then(Iterator::collect).map_err(fault)?;
    let bytes = canonical::to_vec(&about).map_err(|error| StoreError::Internal { what: error.to_string() })?;
    Ok(Hash::of(&bytes))
}

/// Number and hash of the last answer.
pub(super) fn last(connection: &Connection) -> Result<(i64, Hash), StoreError> {
    let last = connection
        .prepare_cached("SELECT id, hash FROM act ORDER BY id DESC LIMIT 1")
        .and_then(|mut query| query.query_row([], |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?))).optional())
        .map_err(fault)?;
    match last {
        Some((id, hash)) => Ok((id, stored(&hash)?)),
        None => Ok((0, beginning(connection)?)),
    }
}

fn stored(hash: &[u8]) -> Result<Hash, StoreError> {
    Hash::from_slice(hash).map_err(|error| StoreError::Damaged { what: error.to_string() })
}

/// The first answer that is not what was written, entries that an answer led to and that are gone, and entries that belong to none.
pub(super) fn check(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut wrong = Vec::new();
    let mut query = connection
        .prepare("SELECT id, command, digest, recorded_at, first_entry, entries, answer, hash FROM act ORDER BY id")
        .map_err(fault)?;
    let mut rows = query.query([]).map_err(fault)?;
    let (mut previous, mut buffer, mut expected, mut next) = (beginning(connection)?, Vec::new(), 1, 1);
    let mut newest = String::new();
    while let Some(row) = rows.next().map_err(fault)? {
        let bytes = |column| row.get_ref(column).map_err(fault).map(|value| value.as_bytes().unwrap_or_default());
        let command = bytes(1)?;
        let read = Row {
            id: row.get(0).map_err(fault)?,
            command: std::str::from_utf8(command).unwrap_or_default(),
            digest: bytes(2)?,
            recorded_at: row.get(3).map_err(fault)?,
            first: row.get(4).map_err(fault)?,
            entries: row.get(5).map_err(fault)?,
            answer: row.get_ref(6).map_err(fault)?.as_bytes_or_null().unwrap_or_default(),
        };
        let hash = read.hash(&previous, &mut buffer);
        let out_of_order = read.id != expected || read.first.is_some_and(|first| first != next);
        if out_of_order || hash != stored(bytes(7)?)? {
            wrong.push(format!(
                "answer {} (command {}) or what the store says of itself was changed",
                read.id,
                String::from_utf8_lossy(command)
            ));
            return Ok(wrong);
        }
        if read.entries > 0 {
            newest = format!("answer {} (command {})", read.id, read.command);
        }
        expected += 1;
        next += read.entries;
        previous = hash;
    }
    let (last, entries): (i64, i64) = connection
        .query_row("SELECT coalesce(max(id), 0), count(*) FROM entry", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .map_err(fault)?;
    if last < next - 1 {
        wrong.push(format!(
            "the log ends with entry {last}, but {newest} led to entries up to {}: its newest entries are missing",
            next - 1
        ));
    } else if entries != next - 1 {
        wrong.push(format!("the answers led to {} entries, but the log holds {entries}", next - 1));
    }
    let strays = "SELECT entry.id FROM entry LEFT JOIN act ON act.id = entry.act \
         WHERE act.id IS NULL OR entry.recorded_at <> act.recorded_at \
         OR entry.id NOT BETWEEN act.first_entry AND act.first_entry + act.entries - 1 LIMIT 1";
    let stray: Option<i64> = connection.query_row(strays, [], |row| row.get(0)).optional().map_err(fault)?;
    wrong.extend(stray.map(|id| format!("entry {id} does not belong to the answer that it names")));
    Ok(wrong)
}
