//! A CSV file a table as it is printed, and one of every number with its query and checkpoint. Every line says how far the
//! allocation was known: a file that is passed on by itself must not pass a rehearsal off as a result.

use crate::{
    report::Report,
    table::{Place, Table},
};
use std::collections::BTreeSet;

/// Names of the files that a report is written into, beneath its folder and in order; `report.pdf` is there where a typesetter is.
pub fn file_names(report: &Report) -> Vec<String> {
    let own = ["report.html", "report.json", "report.pdf"].map(str::to_owned);
    let tables = report.tables().map(|table| format!("csv/{}.csv", crate::shown::slug(&table.id)));
    own.into_iter().chain(tables).chain(std::iter::once("csv/numbers.csv".to_owned())).collect()
}

/// File names with their content, in order.
///
/// # Errors
/// When a row can't be written; a row in memory always can.
pub fn csv_files(report: &Report) -> Result<Vec<(String, Vec<u8>)>, csv::Error> {
    let mut files = Vec::new();
    for table in report.tables() {
        files.push((format!("{}.csv", crate::shown::slug(&table.id)), one(table, &report.standing.words())?));
    }
    files.push(("numbers.csv".to_owned(), numbers(report)?));
    Ok(files)
}

fn one(table: &Table, standing: &str) -> Result<Vec<u8>, csv::Error> {
    let mut out = csv::Writer::from_writer(Vec::new());
    let mut heads = vec!["row".to_owned(), table.head.clone()];
    heads.extend(table.columns.iter().map(|column| column.title.clone()));
    heads.push("standing".to_owned());
    out.write_record(&heads)?;
    for row in &table.rows {
        let mut cells = vec![row.id.clone(), row.title.clone()];
        cells.extend(row.cells.iter().map(|cell| cell.text.clone()));
        cells.push(standing.to_owned());
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
        "standing",
    ])?;
    let standing = report.standing.words();
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
                        &standing,
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
