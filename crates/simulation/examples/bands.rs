//! Many whole trials against the published results: `cargo run --release -p simulation --example bands -- 200 1`.
//!
//! Trials, the first one's seed, then optionally the number of threads (all cores without it) and a file in which every trial
//! that ends is kept: a run that was stopped goes on from there.

use simulation::bands::{Ended, Run, bands, table};
use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    sync::{Mutex, atomic},
    thread,
    time::Instant,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |place: usize, default: u64| arguments.get(place).map_or(Ok(default), |text| text.parse());
    let cores = thread::available_parallelism().map_or(1, usize::from) as u64;
    let (trials, seed, threads) = (u32::try_from(number(0, 200)?)?, number(1, 1)?, usize::try_from(number(2, cores)?)?);
    let (mut known, mut file) = (Vec::new(), None);
    if let Some(path) = arguments.get(3) {
        let text = fs::read_to_string(path).unwrap_or_default();
        // The last line may have been cut off in the middle.
        known.extend(text.lines().filter_map(|line| serde_json::from_str::<Ended>(line).ok()));
        let mut keep = OpenOptions::new().create(true).append(true).open(path)?;
        if !text.is_empty() && !text.ends_with('\n') {
            writeln!(keep)?;
        }
        file = Some(Mutex::new(keep));
    }
    let (started, done) = (Instant::now(), atomic::AtomicU32::new(0));
    let ended = |end: &Ended| {
        let done = done.fetch_add(1, atomic::Ordering::Relaxed) + 1;
        let each = started.elapsed().as_secs_f64() / f64::from(done);
        eprint!("\r{done} trials ended, {} seed {}; {each:.1} s each   ", end.scenario, end.seed);
        if let (Some(file), Ok(line)) = (&file, serde_json::to_string(end))
            && let Ok(mut file) = file.lock()
        {
            let _ = writeln!(file, "{line}");
        }
    };
    let found = bands(&Run { trials, seed, threads, known: &known, ended: &ended })?;
    eprintln!();
    print!("{}", table(&found));
    if found.iter().all(simulation::bands::Band::holds) { Ok(()) } else { Err("a mean lies outside its band".into()) }
}
