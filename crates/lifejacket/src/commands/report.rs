//! `report`: the analysis of the plan on the record, as one HTML file, PDF, CSV and JSON.

use crate::{arguments::Report, store};
use analysis::{Standing, write};
use anyhow::Context as _;
use exchange::analysed::{Analysed, Arms};
use std::{fs, process::ExitCode};

pub fn run(arguments: &Report) -> anyhow::Result<ExitCode> {
    let opened = store::open(&arguments.data.data)?;
    let arms = arguments.dummy.map_or(Arms::AsLocked, Arms::Dummy);
    let analysed = Analysed::read(&opened.door, store::PROGRAM, arms)?;
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
    let paper = out.join("report.pdf");
    match report::pdf(&report) {
        Ok(bytes) => {
            put("report.pdf", &bytes)?;
            println!("the same for paper: {}", paper.display());
        }
        Err(reason) => {
            // A PDF of an earlier report must not lie beside this one.
            if paper.exists() {
                fs::remove_file(&paper).with_context(|| format!("removing the earlier {}", paper.display()))?;
            }
            match reason {
                report::NotTypeset::NotBuilt => println!("{reason}"),
                report::NotTypeset::Refused(_) => return Err(reason.into()),
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
