//! `report`: the analysis of the plan on the record, as one HTML file, PDF, CSV and JSON.

use crate::{arguments::Report, store};
use analysis::{Standing, write};
use anyhow::Context as _;
use exchange::analysed::{Analysed, Arms};
use serde_json::Value;
use std::{fs, path::Path, process::ExitCode};

pub fn run(arguments: &Report) -> anyhow::Result<ExitCode> {
    let opened = store::open(&arguments.data.data)?;
    let arms = arguments.dummy.map_or(Arms::AsLocked, Arms::Dummy);
    let analysed = Analysed::read(&opened.door, store::PROGRAM, arms)?;
    let report = analysis::report(&analysed.input())?;
    let out = &arguments.out;
    fs::create_dir_all(out.join("csv")).with_context(|| format!("making {}", out.display()))?;
    clear(out)?;
    let put = |name: &str, bytes: &[u8]| -> anyhow::Result<()> {
        let path = out.join(name);
        fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))
    };
    // First what names the files of this report, so that one broken off half-way can be cleared away as well.
    put("report.json", write::json(&report).as_bytes())?;
    put("report.html", write::html(&report).as_bytes())?;
    let files = write::csv_files(&report)?;
    for (name, bytes) in &files {
        put(&format!("csv/{name}"), bytes)?;
    }
    match report.standing.warning() {
        Some(warning) => println!("{warning}"),
        None if report.standing == Standing::Final => println!("the record is locked, and the allocation was opened"),
        None => {}
    }
    println!(
        "{} sections, {} tables: {}, report.json and {} CSV files",
        report.sections.len(),
        report.tables().count(),
        out.join("report.html").display(),
        files.len()
    );
    println!("checkpoint {} of {} entries", report.checkpoint.digest, report.checkpoint.entries);
    let paper = out.join("report.pdf");
    match report::pdf(&report) {
        Ok(bytes) => {
            put("report.pdf", &bytes)?;
            println!("the same for paper: {}", paper.display());
        }
        Err(reason) => match reason {
            report::NotTypeset::NotBuilt => println!("{reason}"),
            report::NotTypeset::Refused(_) => return Err(reason.into()),
        },
    }
    Ok(ExitCode::SUCCESS)
}

/// Removes the files of an earlier report, and nothing else: a blinded report must not lie beside results by arm.
fn clear(out: &Path) -> anyhow::Result<()> {
    let named = out.join("report.json");
    let earlier: Option<Value> = fs::read(&named).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let mut names = earlier.as_ref().map(names_in).unwrap_or_default();
    names.extend(["report.html", "report.pdf", "report.json"].map(str::to_owned));
    for path in names.iter().map(|name| out.join(name)).filter(|path| path.exists()) {
        fs::remove_file(&path).with_context(|| format!("removing the earlier {}", path.display()))?;
    }
    Ok(())
}

/// The CSV files of an earlier report: as it lists them, or, in one that lists none, after its tables.
fn names_in(earlier: &Value) -> Vec<String> {
    let texts = |list: &Value, key: &str| -> Vec<String> {
        let items = list.as_array().into_iter().flatten();
        items
            .filter_map(|item| if key.is_empty() { item.as_str() } else { item[key].as_str() }.map(str::to_owned))
            .collect()
    };
    let names = match &earlier["files"] {
        Value::Null => {
            let sections = earlier["sections"].as_array().into_iter().flatten();
            let blocks = sections.flat_map(|section| section["blocks"].as_array().into_iter().flatten());
            let tables: Vec<Value> = blocks.map(|block| block["table"].clone()).collect();
            let ids = texts(&Value::Array(tables), "id").into_iter().chain(std::iter::once("numbers".to_owned()));
            ids.map(|id| format!("csv/{}.csv", write::slug(&id))).collect()
        }
        listed => texts(listed, ""),
    };
    // A list that somebody changed must not lead out of the folder.
    let own = |name: &String| {
        name.strip_prefix("csv/").is_some_and(|name| name.ends_with(".csv") && !name.contains(['/', '\\']))
    };
    names.into_iter().filter(own).collect()
}
