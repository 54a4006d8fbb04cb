//! CPU time of one reference fit with tested coefficients, for `benches/peer.sh`: `timing NAME METHOD REPEATS`.
//!
//! The table is read and coded before the clock starts, as a data frame is in R. Prints the smallest of ten means, in
//! seconds of this thread's CPU time as Linux counts it.

#![allow(clippy::unwrap_used, reason = "a measurement without its data must stop")]

use std::hint::black_box;

use stats::cli::Spec;
use stats::mmrm::{DfMethod, Fit, Vcov};
use stats::table::Table;

fn cpu_seconds() -> f64 {
    let state = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    state.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, method, repeats] = &arguments[..] else {
        println!("usage: timing NAME satterthwaite|kenward-roger|none REPEATS");
        return;
    };
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/mmrm");
    let spec = Spec::parse(&std::fs::read_to_string(format!("{folder}/{name}.json")).unwrap()).unwrap();
    let table = Table::from_csv(&std::fs::read_to_string(format!("{folder}/{}", spec.data)).unwrap()).unwrap();
    let model = spec.model().unwrap();
    let wanted = match method.as_str() {
        "none" => None,
        "satterthwaite" => Some((DfMethod::Satterthwaite, Vcov::Asymptotic)),
        _ => Some((DfMethod::KenwardRoger, Vcov::KenwardRogerLinear)),
    };
    let repeats: u32 = repeats.parse().unwrap();
    let mut best = f64::INFINITY;
    for _ in 0..10 {
        let before = cpu_seconds();
        for _ in 0..repeats {
            let fit = Fit::new(black_box(&table), black_box(&model)).unwrap();
            match wanted {
                Some((df, vcov)) => drop(black_box(fit.inference(df, vcov).unwrap().coefficients())),
                None => drop(black_box(fit)),
            }
        }
        best = best.min((cpu_seconds() - before) / f64::from(repeats));
    }
    println!("{best:.7}");
}
