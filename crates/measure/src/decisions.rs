//! Commands decided and applied a second, on one core: the demonstration trial's own stream, made beforehand.

use crate::{
    demonstration::Demonstration,
    program,
    table::{Table, median},
};
use anyhow::bail;
use conduct::{Context, Request, Written};
use simulation::{Accepted, Folded, Sink, SinkError};
use std::{hint::black_box, time::Instant};

/// A command with what it was decided with, and how many entries it led to.
struct Asked {
    request: Request,
    context: Context,
    entries: usize,
}

#[derive(Default)]
struct Stream(Vec<Asked>);

impl Sink for Stream {
    fn accepted(&mut self, act: Accepted<'_>) -> Result<(), SinkError> {
        let Accepted { request, context, written } = act;
        self.0.push(Asked { request: request.clone(), context: context.clone(), entries: written.len() });
        Ok(())
    }
}

/// Times that the stream is replayed.
const TIMES: usize = 9;

/// Decides and applies the whole stream against an empty trial, again and again.
pub fn measure() -> anyhow::Result<Table> {
    let demonstration = Demonstration::new()?;
    let mut stream = Stream::default();
    demonstration.run(104, &mut stream)?;
    let first = program::first_in_line(std::process::id());
    let (mut rates, mut walls) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        let mut folded = Folded::default();
        let (started, cpu) = (Instant::now(), program::thread_cpu()?);
        let mut written = 0;
        for asked in &stream.0 {
            match folded.ask(&demonstration.studies, &asked.request, &asked.context) {
                Ok(entries) => written += black_box::<Vec<Written>>(entries).len(),
                Err(no) => bail!("{} was answered with no: {no}", asked.request.id),
            }
        }
        rates.push(stream.0.len() as f64 / (program::thread_cpu()? - cpu));
        walls.push(stream.0.len() as f64 / started.elapsed().as_secs_f64());
        if written != stream.0.iter().map(|asked| asked.entries).sum::<usize>() {
            bail!("the replay wrote {written} entries, another number than the trial");
        }
        black_box(folded);
    }
    let best = rates.iter().copied().fold(0.0, f64::max);
    let middle = median(&mut rates);
    let mut table = Table::default();
    let shown = format!("{middle:.0} / s");
    table.target("decided and applied commands (median of runs)", shown, "≥ 200,000 / s", middle >= 200_000.0);
    table.figure("the best run", format!("{best:.0} / s"));
    table.figure("by wall clock (median)", format!("{:.0} / s", median(&mut walls)));
    table.figure("commands in the stream", stream.0.len());
    table.figure("entries that they lead to", stream.0.iter().map(|asked| asked.entries).sum::<usize>());
    table.note(format!(
        "Method: the demonstration trial (104 people with an arm) is simulated once and its accepted commands are kept with \
         their contexts. Then they are decided and applied in order on an empty trial in memory, on one thread, {TIMES} times; \
         nothing is kept on a disk. Seconds are those that the thread had a core, as the kernel counts them.{} Load on the machine: {}.",
        if first { "" } else { " The process could not be put first in line." },
        program::load()
    ));
    Ok(table)
}
