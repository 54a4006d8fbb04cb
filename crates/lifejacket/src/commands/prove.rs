//! `study prove`: explores the rules as a study sets them, and shows the shortest way to a harm.

use crate::arguments::Prove;
use anyhow::anyhow;
use indicatif::{ProgressBar, ProgressStyle};
use protocol::model::Study;
use std::{fmt::Write as _, process::ExitCode, sync::Arc, time::Instant};
use verification::{Bounds, Off, Proof, book, faults, needed};

/// States that a deep run keeps at most: some hundred megabytes of fingerprints.
const DEEP_STATES: usize = 1_300_000;
/// Moves deep that a deep run goes at most; its bound is the number of states.
const DEEP_MOVES: u8 = 12;
/// Threads of a deep run.
const THREADS: usize = 2;

pub fn run(arguments: &Prove) -> anyhow::Result<ExitCode> {
    let Some(study) = super::study::read(&arguments.study)? else { return Ok(ExitCode::from(1)) };
    let amended = amendment_of(&study);
    let study = Arc::new(study);
    if arguments.each_without {
        return each_without(&study, amended.as_ref(), arguments);
    }
    if let Some(rule) = &arguments.without {
        return without(&study, amended, rule, arguments);
    }
    if let Some(sessions) = arguments.faults {
        return simulate_faults(&study, sessions, arguments);
    }
    let bounds = match (arguments.deep, arguments.states) {
        (false, None) => Bounds { threads: THREADS, ..Bounds::QUICK },
        (_, states) => Bounds { depth: DEEP_MOVES, states: states.unwrap_or(DEEP_STATES), threads: THREADS },
    };
    let bar = if arguments.deep { ProgressBar::new(bounds.states as u64) } else { ProgressBar::hidden() };
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} states, {elapsed}, {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let begun = Instant::now();
    let proof = verification::prove(&study, amended, bounds, &Off::nothing(), &|world, states| {
        bar.set_position(states as u64);
        bar.set_message(world.to_owned());
    })
    .map_err(|why| anyhow!("this study can't be set up: {why}"))?;
    bar.finish_and_clear();
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&as_json(&proof))?);
    } else {
        print!("{}", told(&proof));
        eprintln!("{:.1} s", begun.elapsed().as_secs_f64());
    }
    Ok(ExitCode::from(u8::from(!proof.holds())))
}

/// The study that the program carries as an amendment of this one, so that moves between versions are explored too.
fn amendment_of(study: &Study) -> Option<Arc<Study>> {
    let name = format!("{}-amended", study.id);
    let carried = protocol::embedded::ids().find(|id| *id == name)?;
    protocol::embedded::load(carried).ok().map(Arc::new)
}

fn as_json(proof: &Proof) -> serde_json::Value {
    let mut value = serde_json::to_value(proof).unwrap_or_default();
    if let Some(object) = value.as_object_mut() {
        object.insert("rules".to_owned(), serde_json::to_value(&proof.coverage.rules).unwrap_or_default());
        object.insert("granted".to_owned(), serde_json::to_value(&proof.coverage.granted).unwrap_or_default());
        object.insert("answers".to_owned(), serde_json::to_value(&proof.coverage.answers).unwrap_or_default());
        object.insert("holds".to_owned(), proof.holds().into());
    }
    value
}

/// A proof as people read it.
fn told(proof: &Proof) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{} version {}: what must never happen, looked for", proof.study, proof.version);
    let _ = writeln!(text, "\n{:<26} {:>9} {:>10} {:>6}", "world", "states", "moves", "deep");
    for world in &proof.worlds {
        let depth = if world.cut { format!("{}+", world.depth) } else { world.depth.to_string() };
        let _ = writeln!(text, "{:<26} {:>9} {:>10} {:>6}", world.world, world.states, world.tried, depth);
    }
    for (world, why) in &proof.left_out {
        let _ = writeln!(text, "{world:<26} not in this study: {why}");
    }
    let reached = proof.coverage.rules.len();
    let _ = writeln!(
        text,
        "\n{} distinct states; {} rules said no, {} acts were granted, {} kinds of answer were written",
        proof.states,
        reached,
        proof.coverage.granted.len(),
        proof.coverage.answers.len()
    );
    for rule in &proof.unreached {
        let _ = writeln!(text, "never reached: the rule {rule}");
    }
    for act in &proof.ungranted {
        let _ = writeln!(text, "never granted: {act}");
    }
    match &proof.harm {
        None => {
            let _ = writeln!(text, "nothing that must never happen was found");
        }
        Some(found) => {
            let _ = writeln!(text, "\nfound: {}\n    {}\n    source  {}", found.property, found.harm, found.source);
            let _ = writeln!(text, "\nthe shortest way there, from where {}:", found.about);
            for line in &found.way {
                let _ = writeln!(text, "    {line}");
            }
        }
    }
    text
}

fn without(study: &Arc<Study>, amended: Option<Arc<Study>>, rule: &str, arguments: &Prove) -> anyhow::Result<ExitCode> {
    let knocked = needed::without(study, amended, rule, Bounds::QUICK).map_err(|why| anyhow!("{why}"))?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&knocked)?);
    } else {
        print_knocked(&knocked);
        if let Some(found) = &knocked.harm {
            println!("the way there, from where {}:", found.about);
            found.way.iter().for_each(|line| println!("    {line}"));
        }
    }
    Ok(ExitCode::from(u8::from(!knocked.noticed())))
}

fn print_knocked(knocked: &needed::Knocked) {
    let with = if knocked.with.is_empty() { String::new() } else { format!(" (with {})", knocked.with.join(", ")) };
    let what = match (&knocked.harm, knocked.test, knocked.not_in_study) {
        (Some(found), _, _) => format!("{} moves to: {}", found.way.len(), found.harm),
        (None, Some(test), _) => format!("noticed by the property test {test}"),
        (None, None, true) => "the study has nothing that it asks about".to_owned(),
        (None, None, false) => "NOTHING NOTICES ITS ABSENCE".to_owned(),
    };
    println!("without {}{with}: {what}", knocked.rule);
}

fn each_without(study: &Arc<Study>, amended: Option<&Arc<Study>>, arguments: &Prove) -> anyhow::Result<ExitCode> {
    let bounds = Bounds { threads: THREADS, ..Bounds::QUICK };
    let all = needed::each(study, amended, bounds, &|knocked| {
        if !arguments.json && !arguments.markdown {
            print_knocked(knocked);
        }
    })
    .map_err(|why| anyhow!("{why}"))?;
    let missed = all.iter().filter(|knocked| !knocked.noticed()).count();
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&all)?);
    } else if arguments.markdown {
        print!("{}", book::needed_list(&study.id, &all));
    } else {
        println!("{} switched off one by one; {missed} that nothing notices", all.len());
    }
    Ok(ExitCode::from(u8::from(missed > 0)))
}

fn simulate_faults(study: &Arc<Study>, sessions: u64, arguments: &Prove) -> anyhow::Result<ExitCode> {
    let bar = ProgressBar::new(sessions);
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} sessions, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let begun = Instant::now();
    let report = faults::simulate(study, sessions, arguments.seed, THREADS, &|done| bar.inc(done))
        .map_err(|why| anyhow!("this study can't be set up: {why}"))?;
    bar.finish_and_clear();
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{}", report.told());
        let seconds = begun.elapsed().as_secs_f64();
        eprintln!("{seconds:.1} s, {:.0} sessions a second", sessions as f64 / seconds.max(0.001));
    }
    Ok(ExitCode::from(u8::from(report.got_through() > 0)))
}
