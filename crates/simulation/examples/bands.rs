//! Many whole trials against the published results: `cargo run --release -p simulation --example bands -- 200 1`.

use std::io::Write as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let trials = arguments.get(1).map_or(Ok(200), |trials| trials.parse())?;
    let seed = arguments.get(2).map_or(Ok(1), |seed| seed.parse())?;
    let bands = simulation::bands::bands(trials, seed, &|done, all| {
        eprint!("\r{done} of {all} ");
        let _ = std::io::stderr().flush();
    })?;
    println!("{}", simulation::bands::table(&bands, trials));
    Ok(())
}
