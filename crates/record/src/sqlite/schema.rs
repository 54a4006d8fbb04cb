//! What stands in the file beside rows: tables, indexes, views, guards. Compared as a whole with what the program makes.

use super::{fault::fault, open, rows};
use crate::{error::StoreError, table::Table};
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};

/// The record's own tables with their guards, as the first format made them.
const FIRST: &str = include_str!("schema.sql");

/// What each further format adds, in order; a file of an earlier format takes these when it is opened for writing.
const ADDED: [(u32, &str); 1] = [(2, include_str!("names.sql"))];

/// Everything that a file of a format has of its own.
pub(super) fn own_sql(format: u32) -> String {
    std::iter::once(FIRST).chain(added_since(0).take_while(|(to, _)| *to <= format).map(|(_, sql)| sql)).collect()
}

/// What the formats after this one add.
pub(super) fn added_since(format: u32) -> impl Iterator<Item = (u32, &'static str)> {
    ADDED.into_iter().filter(move |(to, _)| *to > format)
}

/// Tables, indexes, views and triggers by kind and name, each with its table and its definition.
type Objects = BTreeMap<(String, String), (String, Option<String>)>;

fn objects(connection: &Connection) -> Result<Objects, StoreError> {
    // Statistics that a hand gathered (ANALYZE) change nothing but speed.
    let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite!_stat%' ESCAPE '!'";
    let mut statement = connection.prepare(sql).map_err(fault)?;
    statement
        .query_map([], |row| Ok(((row.get(0)?, row.get(1)?), (row.get(2)?, row.get(3)?))))
        .and_then(Iterator::collect)
        .map_err(fault)
}

fn own_objects(format: u32) -> Result<Objects, StoreError> {
    let memory = Connection::open_in_memory().map_err(fault)?;
    memory.execute_batch(&own_sql(format)).map_err(fault)?;
    objects(&memory)
}

/// Whether a name is that of a table of the record itself.
pub(super) fn is_own_table(name: &str) -> Result<bool, StoreError> {
    let own = own_objects(open::FORMAT)?;
    Ok(own.keys().any(|(kind, own)| kind == "table" && own.eq_ignore_ascii_case(name)))
}

/// A guard, or an object of another kind with its kind.
fn shown(kind: &str, name: &str) -> String {
    let kind = if kind == "trigger" { "guard" } else { kind };
    format!("the {kind} {name}")
}

/// Differences of the record's own tables, and whatever nobody made who may: not by the current tables, which are looked at
/// by [`check_tables`].
pub(super) fn check_own(
    connection: &Connection,
    format: u32,
    tables: &[&'static Table],
) -> Result<Vec<String>, StoreError> {
    let (needed, found) = (own_objects(format)?, objects(connection)?);
    let mut wrong = differences(&needed, &found);
    let mut current: BTreeSet<String> = tables.iter().map(|table| table.name.to_owned()).collect();
    current.extend(rows::tables_listed(connection)?);
    for ((kind, name), (table, _)) in found.iter().filter(|(key, _)| !needed.contains_key(*key)) {
        let of_current = matches!(kind.as_str(), "table" | "index") && current.contains(table);
        if !of_current {
            let on = if kind == "table" || kind == "view" { String::new() } else { format!(" on {table}") };
            let article = if kind == "index" { "an" } else { "a" };
            wrong.push(format!("there is {article} {kind} {name}{on} that this program does not make"));
        }
    }
    Ok(wrong)
}

/// Differences of the current tables and their indexes.
pub(super) fn check_tables(connection: &Connection, tables: &[&'static Table]) -> Result<Vec<String>, StoreError> {
    let memory = Connection::open_in_memory().map_err(fault)?;
    rows::tables_create(&memory, tables)?;
    let (needed, found) = (objects(&memory)?, objects(connection)?);
    let mut wrong = differences(&needed, &found);
    let ours = |table: &str| tables.iter().any(|own| own.name == table);
    let more = found.iter().filter(|(key, (table, _))| key.0 == "index" && ours(table) && !needed.contains_key(*key));
    wrong.extend(more.map(|((_, name), (table, _))| format!("there is an index {name} on {table} too many")));
    Ok(wrong)
}

fn differences(needed: &Objects, found: &Objects) -> Vec<String> {
    let mut wrong = Vec::new();
    for ((kind, name), definition) in needed {
        match found.get(&(kind.clone(), name.clone())) {
            None => wrong.push(format!("{} was taken away", shown(kind, name))),
            Some(other) if other != definition => wrong.push(format!("{} was changed", shown(kind, name))),
            Some(_) => {}
        }
    }
    wrong
}
