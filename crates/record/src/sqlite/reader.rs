//! Reading the log.

use super::fault::fault;
use crate::{
    error::StoreError,
    store::{Answered, Appended, Look, Range, Stored},
};
use chain::{ChainName, Hash, Head};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::BTreeMap;

/// The columns that [`stored`] reads, in its order. Names are joined in; the log itself holds numbers.
const COLUMNS: &str = "SELECT entry.id, chain.name, entry.position, stream.name, entry.version, act.command, \
     entry.recorded_at, entry.heads, entry.body, entry.hash FROM entry \
     CROSS JOIN chain ON chain.id = entry.chain CROSS JOIN stream ON stream.id = entry.stream \
     CROSS JOIN act ON act.id = entry.act";

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
    let text = |column| row.get_ref(column).map_err(fault)?.as_str().map_err(|error| damaged(error.to_string()));
    let count = |column| {
        let number = row.get::<_, i64>(column).map_err(|error| damaged(error.to_string()))?;
        u64::try_from(number).map_err(|error| damaged(error.to_string()))
    };
    let bytes = |column| row.get_ref(column).map_err(fault)?.as_bytes().map_err(|error| damaged(error.to_string()));
    Ok(Stored {
        number: count(0)?,
        chain: text(1)?,
        position: count(2)?,
        stream: text(3)?,
        version: count(4)?,
        command: text(5)?,
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

/// The guards of `schema.sql`, by name.
const GUARDS: [&str; 9] = [
    "about_is_said_once",
    "about_never_changes",
    "about_never_goes",
    "act_comes_last",
    "act_never_changes",
    "act_never_goes",
    "entry_comes_last",
    "entry_never_changes",
    "entry_never_goes",
];

pub(super) fn check_file(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut wrong: Vec<String> = Vec::new();
    let own_schema = guards_of(&own_schema()?)?;
    let found = guards_of(connection)?;
    for guard in GUARDS {
        match (own_schema.get(guard), found.get(guard)) {
            (_, None) => wrong.push(format!("the guard {guard} was taken away")),
            (needed, found) if needed != found => wrong.push(format!("the guard {guard} was changed")),
            _ => {}
        }
    }
    let mut statement = connection.prepare("PRAGMA integrity_check(20)").map_err(fault)?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0)).map_err(fault)?;
    for line in lines {
        let line = line.map_err(fault)?;
        if line != "ok" {
            wrong.push(line);
        }
    }
    wrong.extend(super::act::check(connection)?);
    wrong.extend(super::keep::check(connection)?);
    Ok(wrong)
}

fn own_schema() -> Result<Connection, StoreError> {
    let memory = Connection::open_in_memory().map_err(fault)?;
    memory.execute_batch(include_str!("schema.sql")).map_err(fault)?;
    Ok(memory)
}

/// Whether a name is that of a table of the record itself.
pub(super) fn is_own_table(name: &str) -> Result<bool, StoreError> {
    own_schema()?
        .prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1 COLLATE NOCASE")
        .and_then(|mut query| query.exists([name]))
        .map_err(fault)
}

fn guards_of(connection: &Connection) -> Result<BTreeMap<String, String>, StoreError> {
    let mut statement =
        connection.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").map_err(fault)?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).and_then(Iterator::collect).map_err(fault)
}
