//! Identities and documents: sealed bytes in tables of their own, which can be erased.

use super::fault::fault;
use crate::{
    error::StoreError,
    store::{SealedDocument, SealedPerson},
};
use chain::Hash;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

/// SHA-256 over some parts, each with its length before it.
fn sum(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    Hash::of(&bytes).as_bytes().to_vec()
}

/// Rows that are not what was written, told by their sums.
pub(super) fn check(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let tables = [
        ("person", "SELECT participant, CAST('' AS BLOB), key, sum FROM person"),
        ("person_value", "SELECT participant, CAST(field AS BLOB), value, sum FROM person_value"),
        ("person_document", "SELECT participant, sha256, sealed, sum FROM person_document"),
    ];
    let mut wrong = Vec::new();
    for (table, sql) in tables {
        let mut query = connection.prepare(sql).map_err(fault)?;
        let mut rows = query.query([]).map_err(fault)?;
        while let Some(row) = rows.next().map_err(fault)? {
            let bytes = |column| row.get_ref(column).map_err(fault).map(|value| value.as_bytes().unwrap_or_default());
            let (participant, second, value) = (bytes(0)?, bytes(1)?, bytes(2)?);
            let computed = match table {
                "person" => sum(&[participant, value]),
                _ => sum(&[participant, second, value]),
            };
            if computed != bytes(3)? {
                wrong.push(format!("a row of {table} of {} was changed", String::from_utf8_lossy(participant)));
            }
        }
    }
    Ok(wrong)
}

pub(super) fn person(connection: &Connection, participant: &str) -> Result<Option<SealedPerson>, StoreError> {
    let key = connection
        .prepare_cached("SELECT key FROM person WHERE participant = ?1")
        .and_then(|mut query| query.query_row([participant], |row| row.get(0)).optional())
        .map_err(fault)?;
    let Some(key) = key else { return Ok(None) };
    let mut query =
        connection.prepare_cached("SELECT field, value FROM person_value WHERE participant = ?1").map_err(fault)?;
    let values = query
        .query_map([participant], |row| Ok((row.get(0)?, row.get(1)?)))
        .and_then(Iterator::collect)
        .map_err(fault)?;
    let mut query = connection
        .prepare_cached("SELECT token FROM person_token WHERE participant = ?1 ORDER BY token")
        .map_err(fault)?;
    let tokens = query.query_map([participant], |row| row.get(0)).and_then(Iterator::collect).map_err(fault)?;
    Ok(Some(SealedPerson { key, values, tokens }))
}

pub(super) fn person_keep(connection: &Connection, participant: &str, person: &SealedPerson) -> Result<(), StoreError> {
    let erased = connection
        .prepare_cached("SELECT 1 FROM person_erased WHERE participant = ?1")
        .and_then(|mut query| query.exists([participant]))
        .map_err(fault)?;
    if erased {
        return Err(StoreError::Erased { participant: participant.to_owned() });
    }
    remove(connection, participant, &["person", "person_value", "person_token"])?;
    connection
        .execute(
            "INSERT INTO person VALUES (?1, ?2, ?3)",
            params![participant, person.key, sum(&[participant.as_bytes(), &person.key])],
        )
        .map_err(fault)?;
    let mut insert = connection.prepare_cached("INSERT INTO person_value VALUES (?1, ?2, ?3, ?4)").map_err(fault)?;
    for (field, value) in &person.values {
        insert
            .execute(params![participant, field, value, sum(&[participant.as_bytes(), field.as_bytes(), value])])
            .map_err(fault)?;
    }
    let mut insert = connection.prepare_cached("INSERT OR IGNORE INTO person_token VALUES (?1, ?2)").map_err(fault)?;
    for token in &person.tokens {
        insert.execute(params![&token[..], participant]).map_err(fault)?;
    }
    Ok(())
}

fn remove(connection: &Connection, participant: &str, tables: &[&str]) -> Result<(), StoreError> {
    // What is deleted is overwritten with zeros, on every page where it stood.
    connection.pragma_update(None, "secure_delete", true).map_err(fault)?;
    let done = tables.iter().try_for_each(|table| {
        let sql = format!("DELETE FROM {table} WHERE participant = ?1");
        connection.prepare_cached(&sql).and_then(|mut delete| delete.execute([participant])).map(drop)
    });
    connection.pragma_update(None, "secure_delete", false).map_err(fault)?;
    done.map_err(fault)
}

pub(super) fn person_erase(connection: &Connection, participant: &str, at: Timestamp) -> Result<(), StoreError> {
    remove(connection, participant, &["person", "person_value", "person_token", "person_document"])?;
    connection
        .execute(
            "INSERT INTO person_erased VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![participant, at.as_microsecond()],
        )
        .map(drop)
        .map_err(fault)
}

pub(super) fn person_find(connection: &Connection, tokens: &[[u8; 32]], limit: u32) -> Result<Vec<String>, StoreError> {
    let Some((first, others)) = tokens.split_first() else { return Ok(Vec::new()) };
    let also: String = (0..others.len())
        .map(|n| {
            format!(
                " AND EXISTS (SELECT 1 FROM person_token o WHERE o.token = ?{} AND o.participant = t.participant)",
                n + 3
            )
        })
        .collect();
    let sql = format!("SELECT participant FROM person_token t WHERE token = ?1{also} ORDER BY participant LIMIT ?2");
    let mut query = connection.prepare_cached(&sql).map_err(fault)?;
    query.raw_bind_parameter(1, &first[..]).map_err(fault)?;
    query.raw_bind_parameter(2, limit).map_err(fault)?;
    for (n, token) in others.iter().enumerate() {
        query.raw_bind_parameter(n + 3, &token[..]).map_err(fault)?;
    }
    let mut rows = query.raw_query();
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(fault)? {
        found.push(row.get(0).map_err(fault)?);
    }
    Ok(found)
}

pub(super) fn document_keep(connection: &Connection, document: &SealedDocument) -> Result<(), StoreError> {
    connection
        .execute(
            "INSERT INTO person_document VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            params![
                document.participant,
                &document.sha256.as_bytes()[..],
                document.sealed,
                sum(&[document.participant.as_bytes(), document.sha256.as_bytes(), &document.sealed]),
            ],
        )
        .map(drop)
        .map_err(fault)
}

pub(super) fn document(
    connection: &Connection,
    participant: &str,
    sha256: &Hash,
) -> Result<Option<SealedDocument>, StoreError> {
    let sealed = connection
        .prepare_cached("SELECT sealed FROM person_document WHERE participant = ?1 AND sha256 = ?2")
        .and_then(|mut query| {
            query.query_row(params![participant, &sha256.as_bytes()[..]], |row| row.get(0)).optional()
        })
        .map_err(fault)?;
    Ok(sealed.map(|sealed| SealedDocument { sha256: *sha256, participant: participant.to_owned(), sealed }))
}
