//! `trace`: from a cell of the report to the entries under it, each with its chain, position and hash.

use crate::{arguments::Trace, store};
use analysis::{Place, Report, Table};
use anyhow::{Context as _, bail};
use exchange::analysed::{Analysed, Arms};
use record::{Range, Store, Stored};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    process::ExitCode,
};

pub fn run(arguments: &Trace) -> anyhow::Result<ExitCode> {
    let opened = store::open_to_look(&arguments.data.data)?;
    let arms = arguments.dummy.map_or(Arms::AsLocked, Arms::Dummy);
    let analysed = Analysed::read(&opened.door, store::PROGRAM, arms)?;
    let report = analysis::report(&analysed.input())?;
    let table = report.table(&arguments.table).with_context(|| {
        let known: Vec<&str> = report.tables().map(|table| table.id.as_str()).collect();
        format!("there is no table \"{}\"; there are {}", arguments.table, known.join(", "))
    })?;
    let (row, column) = arguments.cell.rsplit_once('.').with_context(|| named(table))?;
    let cell = table.cell(row, column).with_context(|| format!("there is no cell {row}.{column}. {}", named(table)))?;
    let store = opened.door.store();
    let mut found: Vec<Under> = Vec::new();
    let mut lost = 0;
    for (stream, places) in streams(&cell.ground) {
        lost += under(store.as_ref(), &stream, &places, analysed.until, &mut found)?;
    }
    let said = Said { report: &report, table, row, column, cell, found: &found };
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&said.json())?);
    } else {
        said.print();
    }
    if lost > 0 {
        bail!("{lost} places of this number are not in the record");
    }
    Ok(ExitCode::SUCCESS)
}

fn named(table: &Table) -> String {
    let rows: Vec<&str> = table.rows.iter().map(|row| row.id.as_str()).collect();
    let columns: Vec<&str> = table.columns.iter().map(|column| column.id.as_str()).collect();
    format!("A cell is ROW.COLUMN; rows of {}: {}; columns: {}", table.id, rows.join(" "), columns.join(" "))
}

/// One entry under a number.
struct Under {
    stream: String,
    version: u64,
    kind: String,
    instance: Option<String>,
    chain: String,
    position: u64,
    number: u64,
    recorded_at: String,
    hash: String,
}

/// Places by the stream that they are in.
fn streams(places: &BTreeSet<Place>) -> BTreeMap<String, Vec<&Place>> {
    let mut streams: BTreeMap<String, Vec<&Place>> = BTreeMap::new();
    for place in places {
        let stream = match place {
            Place::Entry { stream, .. } => stream.clone(),
            Place::Record { participant, .. } | Place::Kind { participant, .. } => format!("participant/{participant}"),
        };
        streams.entry(stream).or_default().push(place);
    }
    streams
}

/// Entries of one stream that the places mean; gives the number of places without one.
fn under(
    store: &dyn Store,
    stream: &str,
    places: &[&Place],
    until: u64,
    found: &mut Vec<Under>,
) -> anyhow::Result<usize> {
    let mut met = vec![false; places.len()];
    store.read(Range::Stream { name: stream, after: 0, as_of: None }, &mut |stored: Stored<'_>| {
        if stored.number > until {
            return Ok(false);
        }
        let body: Value = serde_json::from_slice(stored.body).unwrap_or_default();
        let (kind, inner) = match body.get("entry") {
            Some(Value::Object(entry)) => entry.iter().next().map(|(kind, inner)| (kind.clone(), inner.clone())),
            Some(Value::String(kind)) => Some((kind.clone(), Value::Null)),
            _ => None,
        }
        .unwrap_or_default();
        let instance = inner.get("instance").and_then(Value::as_str);
        let mut here = false;
        for (place, met) in places.iter().zip(&mut met) {
            let meant = match place {
                Place::Record { instance: wanted, .. } => instance == Some(wanted),
                Place::Entry { version, .. } => *version == stored.version,
                Place::Kind { kind: wanted, .. } => kind == *wanted,
            };
            *met |= meant;
            here |= meant;
        }
        if here {
            found.push(Under {
                stream: stored.stream.to_owned(),
                version: stored.version,
                kind,
                instance: instance.map(str::to_owned),
                chain: stored.chain.to_owned(),
                position: stored.position,
                number: stored.number,
                recorded_at: format!("{:.0}", stored.recorded_at),
                hash: stored.hash.to_string(),
            });
        }
        Ok(true)
    })?;
    Ok(met.iter().filter(|met| !**met).count())
}

/// A traced cell, as it is told.
struct Said<'a> {
    report: &'a Report,
    table: &'a Table,
    row: &'a str,
    column: &'a str,
    cell: &'a analysis::Cell,
    found: &'a [Under],
}

impl Said<'_> {
    fn print(&self) {
        let cell = self.cell;
        println!("{} {}.{}: {}", self.table.id, self.row, self.column, cell.text);
        for (name, value) in &cell.numbers {
            println!("  {name:<12} {value}");
        }
        if !cell.how.is_empty() {
            println!("  how          {}", cell.how);
        }
        let checkpoint = &self.report.checkpoint;
        println!("  checkpoint   {} of {} entries", checkpoint.digest, checkpoint.entries);
        println!("  plan         {}", self.report.plan);
        for query in self.table.queries.iter().filter_map(|name| self.report.query(name)) {
            println!("  query        {}: {}", query.name, query.sql);
        }
        let people: BTreeSet<&str> = cell.ground.iter().filter_map(Place::participant).collect();
        println!("  rests on     {} entries of {} participants", self.found.len(), people.len());
        let mut stream = "";
        for under in self.found {
            if under.stream != stream {
                stream = &under.stream;
                println!("{stream}");
            }
            let instance = under.instance.as_deref().unwrap_or("–");
            println!(
                "  {:<22} {instance:<22} {:<10} {:>6}  {}  {}",
                under.kind, under.chain, under.position, under.recorded_at, under.hash
            );
        }
    }

    fn json(&self) -> Value {
        let entries: Vec<Value> = self
            .found
            .iter()
            .map(|under| {
                json!({
                    "stream": under.stream,
                    "version": under.version,
                    "kind": under.kind,
                    "instance": under.instance,
                    "chain": under.chain,
                    "position": under.position,
                    "number": under.number,
                    "recorded_at": under.recorded_at,
                    "hash": under.hash,
                })
            })
            .collect();
        let queries: BTreeMap<&str, &str> = self
            .table
            .queries
            .iter()
            .filter_map(|name| self.report.query(name))
            .map(|query| (query.name, query.sql.as_str()))
            .collect();
        json!({
            "table": self.table.id,
            "row": self.row,
            "column": self.column,
            "cell": self.cell,
            "checkpoint": self.report.checkpoint.digest,
            "plan": self.report.plan,
            "queries": queries,
            "entries": entries,
        })
    }
}
