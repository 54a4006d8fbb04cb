//! Rows of the current tables: written, read, dropped.

use super::fault::fault;
use crate::{
    error::StoreError,
    table::{Cell, Row, Table, Write},
};
use rusqlite::{
    Connection, Statement, ToSql,
    types::{ToSqlOutput, Value, ValueRef},
};
use std::collections::{BTreeSet, HashMap};
use terms::Decimal;

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(Value::Null),
            Self::Integer(number) => ToSqlOutput::Owned(Value::Integer(*number)),
            Self::Decimal(number) => ToSqlOutput::Owned(Value::Real(number.as_f64())),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        })
    }
}

/// The statements of each table, made once.
#[derive(Default)]
pub(super) struct Statements {
    tables: HashMap<&'static str, [String; 3]>,
}

impl Statements {
    pub(super) fn write_all(&mut self, connection: &Connection, writes: &[Write]) -> Result<(), StoreError> {
        writes.iter().try_for_each(|write| self.write(connection, write).map_err(fault))
    }

    fn write(&mut self, connection: &Connection, write: &Write) -> rusqlite::Result<()> {
        let table = match write {
            Write::Put(table, _) | Write::Remove(table, _) | Write::Add(table, _, _) => *table,
        };
        let [put, remove, add] =
            self.tables.entry(table.name).or_insert_with(|| [table.put(), table.remove(), table.add()]);
        match write {
            Write::Put(_, row) => bind(&mut *connection.prepare_cached(put)?, row.iter()),
            Write::Remove(_, key) => bind(&mut *connection.prepare_cached(remove)?, key.iter()),
            Write::Add(_, key, count) => {
                bind(&mut *connection.prepare_cached(add)?, key.iter().chain(std::iter::once(&Cell::Integer(*count))))
            }
        }
    }
}

fn bind<'c>(statement: &mut Statement<'_>, cells: impl Iterator<Item = &'c Cell>) -> rusqlite::Result<()> {
    let mut bound = 0;
    for cell in cells {
        bound += 1;
        statement.raw_bind_parameter(bound, cell)?;
    }
    // A row of the wrong length would be filled up with nulls in silence.
    if bound != statement.parameter_count() {
        return Err(rusqlite::Error::InvalidParameterCount(bound, statement.parameter_count()));
    }
    statement.raw_execute().map(drop)
}

pub(super) fn select_each(
    connection: &Connection,
    sql: &str,
    parameters: &[Cell],
    look: &mut dyn FnMut(Row) -> Result<bool, StoreError>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(fault)?;
    let columns = statement.column_count();
    let mut rows = statement.query(rusqlite::params_from_iter(parameters)).map_err(fault)?;
    while let Some(row) = rows.next().map_err(fault)? {
        let mut cells = Vec::with_capacity(columns);
        for column in 0..columns {
            cells.push(cell(row.get_ref(column).map_err(fault)?)?);
        }
        if !look(cells)? {
            break;
        }
    }
    Ok(())
}

fn cell(value: ValueRef<'_>) -> Result<Cell, StoreError> {
    let damaged = |what: &str| StoreError::Damaged { what: format!("a current table holds {what}") };
    Ok(match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Real(number) => {
            Cell::Decimal(Decimal::nearest(number).ok_or_else(|| damaged("a number beyond all bounds"))?)
        }
        ValueRef::Text(text) => {
            Cell::Text(std::str::from_utf8(text).map_err(|_| damaged("text that is not UTF-8"))?.to_owned())
        }
        ValueRef::Blob(_) => return Err(damaged("bytes where text or a number belongs")),
    })
}

pub(super) fn tables_create(connection: &Connection, tables: &[&'static Table]) -> Result<(), StoreError> {
    tables
        .iter()
        .flat_map(|table| table.create(""))
        .try_for_each(|statement| connection.execute_batch(&statement).map_err(fault))
}

/// The current tables that the file says it holds.
pub(super) fn tables_listed(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare("SELECT name FROM current_tables").map_err(fault)?;
    statement.query_map([], |row| row.get(0)).and_then(Iterator::collect).map_err(fault)
}

/// Throws away the current tables that the file says it holds and those that come in their place, and no other table.
pub(super) fn tables_drop(connection: &Connection, tables: &[&'static Table]) -> Result<(), StoreError> {
    let mut names: BTreeSet<String> = tables.iter().map(|table| table.name.to_owned()).collect();
    names.extend(tables_listed(connection)?);
    for name in names {
        // Dropping is what a rebuild may do to a current table and to nothing else, whatever stands in the list.
        if crate::sqlite::schema::is_own_table(&name)? {
            return Err(StoreError::Damaged { what: format!("it counts {name} among the current tables") });
        }
        connection.execute_batch(&format!("DROP TABLE IF EXISTS \"{}\"", name.replace('"', "\"\""))).map_err(fault)?;
    }
    connection.execute_batch("DELETE FROM current_tables").map_err(fault)
}
