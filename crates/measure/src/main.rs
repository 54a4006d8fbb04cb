//! Measurements of the program against the figures that it is to reach: `cargo run --release -p measure -- NAME`.
//! What each measures and how stands in `docs/performance.md`.

mod building;
mod bulk;
mod database;
mod decisions;
mod demonstration;
mod first_page;
mod histories;
mod http;
mod load;
mod pages;
mod personas;
mod program;
mod room;
mod save;
mod start;
mod table;

use anyhow::bail;
use std::process::ExitCode;
use table::Table;

/// As the program has it.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Measurement = fn() -> anyhow::Result<Table>;

/// Every measurement by its name, with what it says in one line.
const MEASUREMENTS: &[(&str, &str, Measurement)] = &[
    ("core", "commands decided and applied a second, on one core", decisions::measure),
    ("demo", "start of the program to the demonstration's first page", first_page::measure),
    ("bulk", "104 participants from start to long-term follow-up into a store", bulk::measure),
    ("save", "one save of a 40-item form over HTTP against bare SQLite", save::measure),
    ("large", "build the databases of 1,000 and of 100,000 participants", database::measure),
    ("pages", "server time of pages on both databases", pages::measure),
    ("room", "forty session rooms on four screens each: from an entry to every screen", room::measure),
    ("start", "start to first byte, and resident memory, on the large database", start::measure),
    ("build", "CPU seconds of the cold release build, and the size of the program", building::measure),
];

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether every target was met.
fn run() -> anyhow::Result<bool> {
    let names: Vec<String> = std::env::args().skip(1).collect();
    if names.is_empty() {
        println!("measure NAME …, or `all`:");
        for (name, says, _) in MEASUREMENTS {
            println!("  {name:<8} {says}");
        }
        return Ok(true);
    }
    let all = names.iter().any(|name| name == "all");
    if let Some(unknown) = names.iter().find(|name| *name != "all" && !MEASUREMENTS.iter().any(|(n, ..)| n == name)) {
        bail!("there is no measurement `{unknown}`; without a name they are listed");
    }
    let (mut met, mut done) = (true, Vec::new());
    for (name, says, measure) in MEASUREMENTS {
        if all || names.iter().any(|wanted| wanted == name) {
            println!("\n## {name}: {says}\n");
            // One that can't be taken here does not keep the others from being taken.
            match measure() {
                Ok(table) => {
                    print!("{table}");
                    met &= table.met();
                    done.push((*name, table));
                }
                Err(error) => {
                    println!("not measured: {error:#}");
                    met = false;
                }
            }
        }
    }
    if done.len() > 1 {
        println!("\n## Everything\n\n{}", table::together(&done));
    }
    Ok(met)
}
