//! Simulates one trial and prints what it counted: `cargo run --release -p simulation --example trial -- demonstration DEMO 104 1 [2024-01-01T00:00:00Z [COMMAND]]`.
//!
//! With a command's name every "no" to it is printed..

use simulation::{Scenario, Simulation, simulate};
use std::{sync::Arc, time::Instant};

/// Prints where virtual time stands.
#[derive(Default)]
struct Watch(u64, String);

impl simulation::Sink for Watch {
    fn accepted(&mut self, act: simulation::Accepted<'_>) -> Result<(), simulation::SinkError> {
        self.0 += 1;
        if self.0.is_multiple_of(5000) {
            eprintln!("{:>8} acts, {}", self.0, act.context.now);
        }
        Ok(())
    }

    fn refused(
        &mut self,
        request: &conduct::Request,
        context: &conduct::Context,
        no: &conduct::No,
    ) -> Result<(), simulation::SinkError> {
        if self.1 == request.command.name() {
            match no {
                conduct::No::Refused(refusal) => {
                    for broken in &refusal.broken {
                        println!(
                            "{} {} {:?}: {} (needed {})",
                            context.now, broken.rule, broken.condition, broken.found, broken.needed
                        );
                    }
                }
                other => println!("{} {other}", context.now),
            }
            println!("{:?}", request.command);
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let argument = |place: usize, default: &str| arguments.get(place).cloned().unwrap_or_else(|| default.to_owned());
    let study =
        protocol::embedded::load(&argument(1, "demonstration")).map_err(|all| format!("{} mistakes", all.len()))?;
    let scenario = Scenario::named(&argument(2, "DEMO"))?;
    let hash = study.hash();
    // An amendment that changes the consent text alone, so that both versions run side by side.
    let mut amended = study.clone();
    amended.amendment = Some(protocol::model::Amendment {
        amends: study.version.clone(),
        summary: "A second consent text".to_owned(),
        reconsent: protocol::model::Reconsent::InTreatment,
    });
    amended.version.push_str(".1");
    if let Some(mut text) = amended.consent.versions.last().cloned() {
        text.version.push_str(".1");
        amended.consent.versions.push(text);
    }
    let second = amended.hash();
    let mut studies = conduct::Studies::new();
    studies.insert(hash.clone(), Arc::new(study));
    studies.insert(second.clone(), Arc::new(amended));
    let simulation = Simulation {
        studies: &studies,
        study: hash,
        amended: Some(second),
        scenario: &scenario,
        participants: argument(3, "104").parse().ok(),
        seed: argument(4, "1").parse()?,
        starts: None,
        until: argument(5, "").parse().ok(),
    };
    let begun = Instant::now();
    let simulated = simulate(&simulation, &mut Watch(0, argument(6, "")))?;
    let took = begun.elapsed();
    let report = &simulated.report;
    println!("{report:#?}");
    let asked = report.accepted + report.refused;
    println!("{asked} commands in {took:?}: {:.0} a second", asked as f64 / took.as_secs_f64());
    let mut phases = std::collections::BTreeMap::<String, u32>::new();
    for participant in simulated.folded.participants.values() {
        *phases.entry(format!("{:?}", participant.phase)).or_default() += 1;
    }
    println!("{phases:?}");
    let unseen: Vec<&str> =
        conduct::rules::all().iter().map(|rule| rule.id).filter(|rule| !report.rules.contains_key(*rule)).collect();
    println!("{} rules, never broken: {}", conduct::rules::all().len(), unseen.join(", "));
    Ok(())
}
