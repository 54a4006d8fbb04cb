//! A CSV file a table as it is printed, and one of every number with its query and checkpoint.

use crate::{
    report::Report,
    table::{Place, Table},
};
use std::collections::BTreeSet;

/// File names with their content, in order.
///
/// # Errors
/// When a row can't be written; a row in memory always can.
pub fn csv_files(report: &Report) -> Result<Vec<(String, Vec<u8>)>, csv::Error> {
    let mut files = Vec::new();
    for table in report.tables() {
        files.push((format!("{}.csv", crate::shown::slug(&table.id)), one(table)?));
    }
    files.push(("numbers.csv".to_owned(), numbers(report)?));
    Ok(files)
}

fn one(table: &Table) -> Result<Vec<u8>, csv::Error> {
    let mut out = csv::Writer::from_writer(Vec::new());
    let mut heads = vec!["row".to_owned(), table.head.clone()];
    heads.extend(table.columns.iter().map(|column| column.title.clone()));
    out.write_record(&heads)?;
    for row in &table.rows {
        let mut cells = vec![row.id.clone(), row.title.clone()];
        cells.extend(row.cells.iter().map(|cell| cell.text.clone()));
        out.write_record(&cells)?;
    }
    finished(out)
}

fn numbers(report: &Report) -> Result<Vec<u8>, csv::Error> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record([
        "table",
        "row",
        "column",
        "number",
        "value",
        "how",
        "queries",
        "participants",
        "places",
        "checkpoint",
    ])?;
    for table in report.tables() {
        let queries = table.queries.join(" ");
        for row in &table.rows {
            for (column, cell) in table.columns.iter().zip(&row.cells) {
                let people: BTreeSet<&str> = cell.ground.iter().filter_map(Place::participant).collect();
                for (name, value) in &cell.numbers {
                    let value = if value.is_finite() { value.to_string() } else { String::new() };
                    let (people, places) = (people.len().to_string(), cell.ground.len().to_string());
                    out.write_record([
                        &table.id,
                        &row.id,
                        &column.id,
                        *name,
                        &value,
                        &cell.how,
                        &queries,
                        &people,
                        &places,
                        &report.checkpoint.digest,
                    ])?;
                }
            }
        }
    }
    finished(out)
}

fn finished(out: csv::Writer<Vec<u8>>) -> Result<Vec<u8>, csv::Error> {
    out.into_inner().map_err(|error| error.into_error().into())
}
