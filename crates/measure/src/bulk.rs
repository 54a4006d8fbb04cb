//! A whole trial through the program's own command into a store, from nothing.

use crate::{
    demonstration::SEED,
    program,
    table::{Table, median},
};
use std::fs;

/// Times that the trial is made.
const TIMES: usize = 3;

/// Runs `lifejacket simulate` for 104 people.
pub fn measure() -> anyhow::Result<Table> {
    let built = program::build()?;
    let folder = program::cache()?.join("bulk");
    let (mut walls, mut cpus, mut size, mut printed) = (Vec::new(), Vec::new(), 0, String::new());
    for _ in 0..TIMES {
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        let (data, seed) = (folder.display().to_string(), SEED.to_string());
        let ran = program::run(&built, &["simulate", "--participants", "104", "--seed", &seed, "--data", &data])?;
        walls.push(ran.seconds);
        cpus.push(ran.cpu_seconds);
        size = program::size_of(&folder)?;
        printed = ran.printed;
    }
    fs::remove_dir_all(&folder)?;
    let (wall, cpu) = (median(&mut walls), median(&mut cpus));
    let mut table = Table::default();
    table.target("104 participants to the end (median of runs)", format!("{wall:.2} s"), "≤ 10 s", wall <= 10.0);
    table.figure("CPU (user and system)", format!("{cpu:.2} s"));
    table.figure("store on disk", program::megabytes(size));
    table.note(format!(
        "Method: `lifejacket simulate --participants 104` into an empty folder, {TIMES} times, the whole process from start \
         to end: people are drawn, every act is decided twice (by the simulation and by the record's one door), and appended \
         with chains and current tables. It said: {} Load on the machine: {}.",
        printed.lines().take(2).collect::<Vec<_>>().join("; "),
        program::load()
    ));
    Ok(table)
}
