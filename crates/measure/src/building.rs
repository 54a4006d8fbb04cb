//! What the cold release build costs: the script that builds it, whose table is read.

use crate::table::Table;
use anyhow::{Context, bail};
use std::{
    path::Path,
    process::{Command, Stdio},
};

/// Runs `scripts/build-cost`.
pub fn measure() -> anyhow::Result<Table> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).context("finding the project's folder")?;
    let output = Command::new(root.join("scripts/build-cost"))
        .stderr(Stdio::inherit())
        .output()
        .context("running scripts/build-cost (it needs python3)")?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let mut table = Table::default();
    for line in printed.lines().skip(2) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        match cells.as_slice() {
            [what, figure, "", _] => table.figure(what, figure),
            [what, figure, target, met] => table.target(what, figure, target, *met == "met"),
            _ => bail!("scripts/build-cost printed `{line}`"),
        }
    }
    if printed.lines().count() < 3 {
        bail!("scripts/build-cost failed");
    }
    table.note(
        "Method: `cargo build --release --locked` into an empty target folder; user and system seconds of all its processes. \
         Sources of other people's crates have been fetched before.",
    );
    Ok(table)
}
