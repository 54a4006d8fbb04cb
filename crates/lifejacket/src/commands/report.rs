//! `report`: the analysis of the plan on the record, as one HTML file, CSV and JSON.

use crate::{analysed::Analysed, arguments::Report};
use analysis::{Standing, write};
use anyhow::Context as _;
use std::{fs, process::ExitCode};

pub fn run(arguments: &Report) -> anyhow::Result<ExitCode> {
    let analysed = Analysed::read(&arguments.data.data, arguments.dummy)?;
    let report = analysis::report(&analysed.input())?;
    let out = &arguments.out;
    fs::create_dir_all(out.join("csv")).with_context(|| format!("making {}", out.display()))?;
    let put = |name: &str, bytes: &[u8]| -> anyhow::Result<()> {
        let path = out.join(name);
        fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))
    };
    put("report.html", write::html(&report).as_bytes())?;
    put("report.json", write::json(&report).as_bytes())?;
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
    if arguments.pdf {
        println!(
            "this program was built without PDF: print report.html from a browser, or build with `--features pdf`"
        );
    }
    Ok(ExitCode::SUCCESS)
}
