//! From the start of the compiled program to the first page of the demonstration, its trial made meanwhile.

use crate::{
    http::Client,
    program::{self, Server},
    table::{Table, median},
};
use std::fs;

/// Times that the demonstration is started.
const TIMES: usize = 3;

/// Starts `lifejacket demo` in an empty folder and asks for the first page as soon as somebody listens.
pub fn measure() -> anyhow::Result<Table> {
    let built = program::build()?;
    let folder = program::cache()?.join("demo");
    let (mut walls, mut cpus) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        let mut server = Server::demo(&built, &folder)?;
        server.wait()?;
        let reply = Client::connect(server.address)?.get("/")?;
        anyhow::ensure!(reply.status < 400, "the first page was answered with {}", reply.status);
        walls.push(server.started.elapsed().as_secs_f64());
        cpus.push(server.cpu()?);
    }
    fs::remove_dir_all(&folder)?;
    let wall = median(&mut walls);
    let mut table = Table::default();
    table.target("start to the demonstration's first page (median)", format!("{wall:.2} s"), "≤ 10 s", wall <= 10.0);
    table.figure("CPU until then (user and system)", format!("{:.2} s", median(&mut cpus)));
    table.note(format!(
        "Method: `lifejacket demo` is started {TIMES} times; the clock runs from before the process is made until the whole \
         first page has been read. The trial is made anew each time. Load on the machine: {}.",
        program::load()
    ));
    Ok(table)
}
