//! How many commands a second the core decides and applies, over the demonstration trial's own command stream.
//!
//! Method: the trial is simulated once and every request is kept with its context, refused ones too. What is measured is
//! `decide` and `apply` alone, on one core, over the whole stream in its order, beginning with nothing. `cargo bench -p simulation`.

#![allow(clippy::unwrap_used, reason = "a benchmark that can't be set up has nothing to say")]

use conduct::{Context, No, Request, Studies};
use simulation::{Accepted, Folded, Scenario, Simulation, Sink, SinkError, simulate};
use std::sync::{Arc, LazyLock};

fn main() {
    divan::main();
}

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

static STREAM: LazyLock<(Studies, Vec<(Request, Context)>)> = LazyLock::new(|| {
    let study = protocol::embedded::load("demonstration").unwrap();
    let hash = study.hash();
    let mut studies = Studies::new();
    studies.insert(hash.clone(), Arc::new(study));
    let scenario = Scenario::named("DEMO").unwrap();
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
    simulate(&simulation, &mut asked).unwrap();
    (studies, asked.0)
});

/// The whole trial, decided and applied.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn decided_and_applied(bencher: divan::Bencher<'_, '_>) {
    let (studies, stream) = &*STREAM;
    bencher.counter(divan::counter::ItemsCount::new(stream.len())).bench_local(|| {
        let mut folded = Folded::default();
        for (request, context) in stream {
            let _ = divan::black_box(folded.ask(studies, request, context));
        }
        folded.participants.len()
    });
}

/// The driver with everything that people draw and decide, for comparison.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn simulated(bencher: divan::Bencher<'_, '_>) {
    let (studies, stream) = &*STREAM;
    let scenario = Scenario::named("DEMO").unwrap();
    let hash = studies.iter().next().map(|(hash, _)| hash.clone()).unwrap();
    let simulation = Simulation {
        studies,
        study: hash,
        amended: None,
        scenario: &scenario,
        participants: None,
        seed: 104,
        starts: None,
        until: None,
    };
    bencher
        .counter(divan::counter::ItemsCount::new(stream.len()))
        .bench_local(|| simulate(&simulation, &mut ()).unwrap().report.accepted);
}
