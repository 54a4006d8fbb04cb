//! Every number with its place, its query and the record's checkpoint, as JSON.

use crate::{
    report::{Report, Standing},
    table::{Block, Table},
};
use serde_json::{Map, Value, json};

/// The report as JSON, indented.
pub fn json(report: &Report) -> String {
    let checkpoint = &report.checkpoint;
    let heads: Map<String, Value> = checkpoint
        .heads
        .iter()
        .map(|(chain, (entries, hash))| (chain.clone(), json!({ "entries": entries, "hash": hash })))
        .collect();
    let lock = report.lock.as_ref().map(|lock| {
        json!({
            "day": lock.day.to_string(),
            "signed_by": lock.signed_by,
            "reason": lock.reason,
            "open": lock.open,
            "earlier": lock.earlier.iter().map(|(day, why)| json!({ "day": day.to_string(), "unlocked_because": why })).collect::<Vec<_>>(),
        })
    });
    let (study, version, hash) = &report.study;
    let queries: Map<String, Value> =
        report.queries.iter().map(|query| (query.name.to_owned(), json!(query.sql))).collect();
    let sections: Vec<Value> = report
        .sections
        .iter()
        .map(|section| {
            let blocks = section.blocks.iter().map(|block| match block {
                Block::Words(text) => json!({ "words": text }),
                Block::Table(table) => json!({ "table": self::table(table, &checkpoint.digest) }),
                Block::Figure(figure) => {
                    json!({ "figure": { "id": figure.id, "title": figure.title, "numbers_in": figure.table } })
                }
            });
            json!({ "id": section.id, "title": section.title, "blocks": blocks.collect::<Vec<_>>() })
        })
        .collect();
    let whole = json!({
        "title": report.title,
        "study": { "id": study, "version": version, "hash": hash },
        "plan": report.plan,
        "standing": match report.standing {
            Standing::Final => "final",
            Standing::Dummy(_) => "dummy",
            Standing::Blinded => "blinded",
            Standing::Open => "open",
        },
        "files": super::file_names(report),
        "warning": report.standing.warning(),
        "synthetic": checkpoint.synthetic,
        "frozen": report.frozen.as_ref().map(|one| json!({ "day": one.day.to_string(), "signed_by": one.signed_by })),
        "lock": lock,
        "checkpoint": {
            "digest": checkpoint.digest,
            "recorded_at": format!("{:.0}", checkpoint.recorded_at),
            "entries": checkpoint.entries,
            "heads": heads,
            "program": checkpoint.program,
            "entries_after_the_lock": checkpoint.late,
        },
        "queries": queries,
        "sections": sections,
    });
    let mut text = serde_json::to_string_pretty(&whole).unwrap_or_default();
    text.push('\n');
    text
}

fn table(table: &Table, checkpoint: &str) -> Value {
    let rows: Vec<Value> = table
        .rows
        .iter()
        .map(|row| {
            let cells: Map<String, Value> = table
                .columns
                .iter()
                .zip(&row.cells)
                .filter(|(_, cell)| !cell.text.is_empty())
                .map(|(column, cell)| (column.id.clone(), serde_json::to_value(cell).unwrap_or_default()))
                .collect();
            json!({ "id": row.id, "title": row.title, "cells": cells })
        })
        .collect();
    json!({
        "id": table.id,
        "title": table.title,
        "checkpoint": checkpoint,
        "queries": table.queries,
        "columns": table.columns,
        "rows": rows,
        "notes": table.notes,
    })
}
