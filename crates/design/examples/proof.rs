//! The proof of truth: trials without effect and with one, simulated and fitted, and how often the test rejects and the
//! interval covers. Prints the table of `docs/design.md`.
//!
//! `cargo run --release -p design --example proof [TRIALS] [SEED]`

#![allow(clippy::print_stdout, reason = "an example that prints its table")]

use design::{Arm, Baseline, Dropout, Mechanism, ModelOfPlan, Plan, Results, Shard, run};
use std::time::Instant;

/// 100 people, three visits, six sites; a fifth leave, more on the reference arm and the more the worse they are.
fn plan(trials: u64, seed: u64) -> Plan {
    let arm = |id: &str, change: [f64; 3], hazard: [f64; 3]| Arm {
        id: id.to_owned(),
        ratio: 1,
        change: change.to_vec(),
        hazard: hazard.to_vec(),
    };
    Plan {
        study: "proof".to_owned(),
        participants: 100,
        advantage: 0.0,
        better: -1.0,
        visits: ["T2", "T3", "T4"].map(str::to_owned).to_vec(),
        reference: arm("placebo", [-7.0, -11.5, -14.8], [0.06, 0.09, 0.09]),
        compared: arm("active", [-9.5, -17.0, -23.7], [0.04, 0.06, 0.06]),
        sd: vec![8.5, 10.5, 11.8],
        correlation: vec![0.65, 0.50, 0.75],
        baseline: Baseline { mean: 38.2, sd: 7.3, min: 28.0, max: 80.0, correlation: -0.10 },
        sites: 6,
        site_sd: 1.0,
        site_concentration: 2,
        block_sizes: vec![4],
        dropout: Dropout { mechanism: Mechanism::Seen, slope: 0.03, centre: 30.0, missed: 0.03 },
        accrual: None,
        looks: None,
        model: ModelOfPlan {
            effects: ["baseline", "arm*visit", "site"].map(str::to_owned).to_vec(),
            covariates: Vec::new(),
            covariance: ["us", "toeph", "ar1h", "cs"].map(str::to_owned).to_vec(),
            kenward_roger: true,
            site_people_min: 4,
            alpha: 0.05,
        },
        curve_participants: Vec::new(),
        curve_advantages: Vec::new(),
        trials,
        seed,
    }
}

/// CPU seconds of this process, all threads, as Linux counts them.
fn cpu_seconds() -> f64 {
    let state = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = state.rsplit(')').next().unwrap_or_default();
    let ticks: f64 = after.split_whitespace().skip(11).take(2).filter_map(|part| part.parse::<f64>().ok()).sum();
    ticks / 100.0
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let trials = arguments.next().transpose()?.unwrap_or(100_000);
    let seed = arguments.next().transpose()?.unwrap_or(1);
    let null = plan(trials, seed);
    let cases = [
        ("Kenward–Roger, us", null.clone()),
        ("Satterthwaite, us", {
            let mut plan = null.clone();
            plan.model.kenward_roger = false;
            plan
        }),
        ("Kenward–Roger, us, 24 people", Plan { participants: 24, sites: 2, ..null.clone() }),
        ("Kenward–Roger, us, effect 8.9", Plan { advantage: 8.9, ..null.clone() }),
    ];
    println!(
        "| trials | what | rejects, two-sided 5 % | 95 % interval covers | bias, points | sd of estimates | se reported | df | seen at T4 | no fit | seconds | CPU s |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
    for (name, plan) in cases {
        let (began, cpu) = (Instant::now(), cpu_seconds());
        let part = run(&plan, Shard::WHOLE, None, &|_| ())?;
        let (wall, cpu) = (began.elapsed().as_secs_f64(), cpu_seconds() - cpu);
        if let Some(results) = part.results() {
            row(name, &results, wall, cpu);
        }
    }
    Ok(())
}

fn row(name: &str, results: &Results, wall: f64, cpu: f64) {
    // With an effect a run holds the trials without one beside it.
    let Some(one) = results.planned() else { return };
    let held = one.trials * results.scenarios.len() as u64;
    println!(
        "| {held} | {name} | {:.3} % ± {:.3} | {:.3} % ± {:.3} | {:+.4} ± {:.4} | {:.4} | {:.4} | {:.1} | {:.1} | {} | {wall:.1} | {cpu:.1} |",
        100.0 * one.rejected.share,
        50.0 * (one.rejected.upper - one.rejected.lower),
        100.0 * one.coverage.share,
        50.0 * (one.coverage.upper - one.coverage.lower),
        one.bias,
        1.96 * one.bias_se,
        one.sd,
        one.se,
        one.df,
        one.rated,
        (one.not_fitted * one.trials as f64).round(),
    );
}
