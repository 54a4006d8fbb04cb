//! Where the core's time goes, by command: replays the demonstration trial's own stream and prints the slowest kinds.
//! `cargo run --release -p simulation --example replay`.

use conduct::{Context, No, Request, Studies};
use simulation::{Accepted, Folded, Scenario, Simulation, Sink, SinkError, simulate};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

/// Keeps every command as it was asked.
#[derive(Default)]
struct Asked(Vec<(Request, Context)>);

impl Sink for Asked {
    fn accepted(&mut self, act: Accepted<'_>) -> Result<(), SinkError> {
        self.0.push((act.request.clone(), act.context.clone()));
        Ok(())
    }

    fn refused(&mut self, request: &Request, context: &Context, _no: &No) -> Result<(), SinkError> {
        self.0.push((request.clone(), context.clone()));
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let study = protocol::embedded::load("demonstration").map_err(|all| format!("{} mistakes", all.len()))?;
    let hash = study.hash();
    let mut studies = Studies::new();
    studies.insert(hash.clone(), Arc::new(study));
    let scenario = Scenario::named("DEMO")?;
    let mut asked = Asked::default();
    let simulation = Simulation {
        studies: &studies,
        study: hash,
        amended: None,
        scenario: &scenario,
        participants: None,
        seed: 104,
        starts: None,
        until: None,
    };
    simulate(&simulation, &mut asked)?;
    let names: Vec<String> = asked.0.iter().map(|(request, _)| request.command.name()).collect();
    let mut deciding: BTreeMap<(&str, bool), (u64, Duration)> = BTreeMap::new();
    let mut applying = Duration::ZERO;
    let mut folded = Folded::default();
    for ((request, context), name) in asked.0.iter().zip(&names) {
        let begun = Instant::now();
        let answer = folded.decide(&studies, request, context);
        let took = begun.elapsed();
        let slot = deciding.entry((name, answer.is_ok())).or_default();
        slot.0 += 1;
        slot.1 += took;
        if let Ok(written) = answer {
            let begun = Instant::now();
            folded.apply(&written);
            applying += begun.elapsed();
        }
    }
    let all: Duration = deciding.values().map(|(_, took)| *took).sum();
    println!("{} commands; deciding {all:?}, applying {applying:?}", names.len());
    let mut rows: Vec<_> = deciding.into_iter().collect();
    rows.sort_by_key(|(_, (_, took))| std::cmp::Reverse(*took));
    for ((name, accepted), (count, took)) in rows.into_iter().take(22) {
        let each = took.as_secs_f64() * 1e6 / count as f64;
        let answer = if accepted { "" } else { " (no)" };
        println!("{name:>28}{answer:<6} {count:>6} × {each:>8.2} µs = {took:?}");
    }
    Ok(())
}
