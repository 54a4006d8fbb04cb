//! Reading the log.

use super::{fault::fault, schema};
use crate::{
    error::StoreError,
    store::{Answered, Appended, Look, Range, Stored},
    table::Table,
};
use chain::{ChainName, Hash, Head};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params, types::ValueRef};
use std::collections::BTreeMap;

/// The columns that [`stored`] reads, in its order. Names are joined in; the log itself holds numbers.
///
/// INVARIANT: no entry is left out because its name is gone; it is read, and [`stored`] says what is missing.
const COLUMNS: &str = "SELECT entry.id, chain.name, entry.position, stream.name, entry.version, act.command, \
     entry.recorded_at, entry.heads, entry.body, entry.hash FROM entry \
     LEFT JOIN chain ON chain.id = entry.chain LEFT JOIN stream ON stream.id = entry.stream \
     LEFT JOIN act ON act.id = entry.act";

pub(super) fn read(connection: &Connection, range: Range<'_>, look: &mut Look<'_>) -> Result<(), StoreError> {
    match range {
        Range::Log { after } => each(connection, "WHERE entry.id > ?1 ORDER BY entry.id", params![after as i64], look),
        Range::Chain { name, after } => {
            let Some(id) = number(connection, "SELECT id FROM chain WHERE name = ?1", name)? else { return Ok(()) };
            let rest = "WHERE entry.chain = ?1 AND entry.position > ?2 ORDER BY entry.position";
            each(connection, rest, params![id, after as i64], look)
        }
        Range::Stream { name, after, as_of } => {
            let Some(id) = number(connection, "SELECT id FROM stream WHERE name = ?1", name)? else { return Ok(()) };
            let until = as_of.map_or(i64::MAX, Timestamp::as_microsecond);
            let rest = "WHERE entry.stream = ?1 AND entry.version > ?2 AND entry.recorded_at <= ?3 \
                        ORDER BY entry.version";
            each(connection, rest, params![id, after as i64, until], look)
        }
    }
}

fn number(connection: &Connection, sql: &str, name: &str) -> Result<Option<i64>, StoreError> {
    connection
        .prepare_cached(sql)
        .and_then(|mut query| query.query_row([name], |row| row.get(0)).optional())
        .map_err(fault)
}

fn each(
    connection: &Connection,
    rest: &str,
    parameters: impl rusqlite::Params,
    look: &mut Look<'_>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(&format!("{COLUMNS} {rest}")).map_err(fault)?;
    let mut rows = statement.query(parameters).map_err(fault)?;
    while let Some(row) = rows.next().map_err(fault)? {
        if !look(stored(row)?)? {
            break;
        }
    }
    Ok(())
}

fn stored<'r>(row: &'r Row<'_>) -> Result<Stored<'r>, StoreError> {
    let id = row.get::<_, i64>(0).map_err(fault)?;
    let damaged = |what: String| StoreError::Damaged { what: format!("entry {id}: {what}") };
    let name = |column, of: &str| match row.get_ref(column).map_err(fault)? {
        ValueRef::Null => Err(damaged(format!("the {of} that it belongs to is not there any more"))),
        text => text.as_str().map_err(|error| damaged(error.to_string())),
    };
    let count = |column| {
        let number = row.get::<_, i64>(column).map_err(|error| damaged(error.to_string()))?;
        u64::try_from(number).map_err(|error| damaged(error.to_string()))
    };
    let bytes = |column| row.get_ref(column).map_err(fault)?.as_bytes().map_err(|error| damaged(error.to_string()));
    Ok(Stored {
        number: count(0)?,
        chain: name(1, "chain")?,
        position: count(2)?,
        stream: name(3, "stream")?,
        version: count(4)?,
        command: name(5, "answer")?,
        recorded_at: time(row.get(6).map_err(|error| damaged(error.to_string()))?)?,
        heads: row
            .get_ref(7)
            .map_err(fault)?
            .as_bytes_or_null()
            .map_err(|error| damaged(error.to_string()))?
            .unwrap_or(b"{}"),
        body: bytes(8)?,
        hash: Hash::from_slice(bytes(9)?).map_err(|error| damaged(error.to_string()))?,
    })
}

fn time(microseconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(microseconds)
        .map_err(|_| StoreError::Damaged { what: format!("{microseconds} µs is no time") })
}

pub(super) fn answered(connection: &Connection, command: &str) -> Result<Option<Answered>, StoreError> {
    let row = connection
        .prepare_cached("SELECT digest, recorded_at, first_entry, entries, answer FROM act WHERE command = ?1")
        .and_then(|mut query| {
            let read = |row: &Row<'_>| {
                Ok((
                    row.get::<_, Vec<u8>>(0)?,
                    row.get::<_, i64>(1)?,
                    row.get::<_, Option<i64>>(2)?,
                    row.get::<_, i64>(3)?,
                    row.get(4)?,
                ))
            };
            query.query_row([command], read).optional()
        })
        .map_err(fault)?;
    let Some((digest, recorded_at, first, entries, answer)) = row else { return Ok(None) };
    Ok(Some(Answered {
        digest: Hash::from_slice(&digest).map_err(|error| StoreError::Damaged { what: error.to_string() })?,
        recorded_at: time(recorded_at)?,
        appended: Appended { first: first.map(|first| first as u64), entries: entries as u64 },
        answer,
    }))
}

pub(super) fn streams(connection: &Connection, after: &str, limit: u32) -> Result<Vec<String>, StoreError> {
    connection
        .prepare_cached("SELECT name FROM stream WHERE name > ?1 ORDER BY name LIMIT ?2")
        .and_then(|mut query| query.query_map(params![after, limit], |row| row.get(0))?.collect())
        .map_err(fault)
}

pub(super) fn version(connection: &Connection, stream: &str) -> Result<u64, StoreError> {
    let sql = "SELECT coalesce(max(version), 0) FROM entry WHERE stream = (SELECT id FROM stream WHERE name = ?1)";
    Ok(number(connection, sql, stream)?.unwrap_or(0) as u64)
}

pub(super) fn heads(connection: &Connection) -> Result<BTreeMap<ChainName, Head>, StoreError> {
    let mut statement = connection
        .prepare_cached(
            "SELECT chain.name, entry.position, entry.hash FROM chain
             JOIN entry ON entry.chain = chain.id
               AND entry.position = (SELECT max(position) FROM entry WHERE chain = chain.id)",
        )
        .map_err(fault)?;
    let rows = statement
        .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, Vec<u8>>(2)?)))
        .map_err(fault)?;
    rows.map(|row| {
        let (name, position, hash) = row.map_err(fault)?;
        let damaged = |what: String| StoreError::Damaged { what };
        let name: ChainName = name.parse().map_err(|error| damaged(format!("{error}")))?;
        let hash = Hash::from_slice(&hash).map_err(|error| damaged(error.to_string()))?;
        Ok((name, Head { hash, position: position as u64 }))
    })
    .collect()
}

/// Whether log, answers and names belong together: what no rebuild can mend.
pub(super) fn check_links(connection: &Connection) -> Result<Vec<String>, StoreError> {
    // One moment's state, whoever writes meanwhile.
    let _moment = connection.unchecked_transaction().map_err(fault)?;
    links(connection)
}

fn links(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut wrong = super::act::check(connection)?;
    let sql = "SELECT rowid, parent FROM pragma_foreign_key_check('entry') ORDER BY rowid LIMIT 20";
    let mut statement = connection.prepare(sql).map_err(fault)?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))).map_err(fault)?;
    for row in rows {
        let (entry, parent) = row.map_err(fault)?;
        wrong.push(format!("entry {entry} belongs to a row of {parent} that is not there"));
    }
    Ok(wrong)
}

pub(super) fn check_file(
    connection: &Connection,
    format: u32,
    tables: &[&'static Table],
) -> Result<Vec<String>, StoreError> {
    let _moment = connection.unchecked_transaction().map_err(fault)?;
    let mut wrong = schema::check_own(connection, format, tables)?;
    let mut statement = connection.prepare("PRAGMA integrity_check(20)").map_err(fault)?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0)).map_err(fault)?;
    for line in lines {
        let line = line.map_err(fault)?;
        if line != "ok" {
            wrong.push(line);
        }
    }
    wrong.extend(links(connection)?);
    wrong.extend(super::keep::check(connection)?);
    Ok(wrong)
}
