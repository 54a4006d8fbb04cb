//! Start of the server on the large database to the first byte of a page.

use crate::{
    database,
    http::Client,
    program::{self, Server},
    table::{Table, median},
};

/// Times that the server is started.
const TIMES: usize = 15;

/// Starts the server again and again, and asks for the first page as soon as it listens.
pub fn measure() -> anyhow::Result<Table> {
    let built = program::build()?;
    let large = database::large()?;
    let (mut times, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        let mut server = Server::start(&built, &large.folder, None)?;
        server.wait()?;
        let reply = Client::connect(server.address)?.get("/")?;
        anyhow::ensure!(reply.status < 400, "the first page was answered with {}", reply.status);
        times.push(server.started.elapsed().as_secs_f64() * 1e3);
        memory.push(server.memory()?.0 as f64);
    }
    let longest = times.iter().copied().fold(0.0, f64::max);
    let middle = median(&mut times);
    let mut table = Table::default();
    table.target("start to first byte (median)", format!("{middle:.0} ms"), "≤ 200 ms", middle <= 200.0);
    table.figure("the longest", format!("{longest:.0} ms"));
    table.figure("resident memory then (median)", program::megabytes(median(&mut memory) as u64));
    table.figure("database", large.says());
    table.note(format!(
        "Method: the process is started {TIMES} times on the large database; the clock runs from before the process is made \
         until the whole first page has been read. The file lies in the system's cache. Load on the machine: {}.",
        program::load()
    ));
    Ok(table)
}
