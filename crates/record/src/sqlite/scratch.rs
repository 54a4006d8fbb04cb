//! Current tables in a temporary database, for comparing with a fresh replay and for reading as of a date.

use super::{
    fault::fault,
    rows::{self, Statements},
};
use crate::{
    error::StoreError,
    table::{Cell, Row, Table, Write},
};
use rusqlite::Connection;

/// Tables that live as long as this value. They stand in a temporary file once they outgrow memory.
pub struct Scratch {
    connection: Connection,
    statements: Statements,
}

impl Scratch {
    /// Empty tables.
    pub fn new(tables: &[&'static Table]) -> Result<Self, StoreError> {
        // An empty name is SQLite's own way to ask for a private temporary database.
        let connection = Connection::open("").map_err(fault)?;
        connection.pragma_update(None, "synchronous", "off").map_err(fault)?;
        connection.pragma_update(None, "journal_mode", "off").map_err(fault)?;
        connection.pragma_update(None, "cache_size", -64_000).map_err(fault)?;
        connection.set_prepared_statement_cache_capacity(256);
        rows::tables_create(&connection, tables)?;
        connection.execute_batch("BEGIN").map_err(fault)?;
        Ok(Self { connection, statements: Statements::default() })
    }

    /// Writes rows.
    pub fn write(&mut self, writes: &[Write]) -> Result<(), StoreError> {
        self.statements.write_all(&self.connection, writes)
    }

    /// Reads rows, as [`crate::Store::select`].
    pub fn select(&self, sql: &str, parameters: &[Cell]) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        self.select_each(sql, parameters, &mut |row| {
            rows.push(row);
            Ok(true)
        })?;
        Ok(rows)
    }

    /// Reads rows, as [`crate::Store::select_each`].
    pub fn select_each(
        &self,
        sql: &str,
        parameters: &[Cell],
        look: &mut dyn FnMut(Row) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        rows::select_each(&self.connection, sql, parameters, look)
    }
}
