//! `demo`: a whole synthetic trial, built and shown.

use super::{serve, simulate};
use crate::arguments::Demo;
use std::{path::PathBuf, process::ExitCode, time::Instant};

pub fn run(arguments: &Demo) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let folder = arguments.data.clone().unwrap_or_else(passing_folder);
    let kept = folder.join("record.sqlite").exists();
    let opened = if kept {
        println!("{} holds a store already: it is shown as it is", folder.display());
        crate::store::open(&folder)?
    } else {
        println!("building the demonstration trial (seed {}): everybody in it is virtual", arguments.seed);
        let scenario = simulate::scenario(Some("DEMO"))?;
        let made = simulate::make(&folder, "demonstration", &scenario, arguments.participants, arguments.seed)?;
        let Some(made) = made else { return Ok(ExitCode::from(1)) };
        simulate::print_report(&made);
        made.opened
    };
    println!("ready after {:.1} s; the store is in {}", started.elapsed().as_secs_f64(), folder.display());
    if arguments.no_serve {
        return Ok(ExitCode::SUCCESS);
    }
    let personas = opened.identity.personas()?;
    serve::serve(&opened, arguments.listen, |address| {
        println!("\nopen http://{address}/ and enter as");
        for persona in &personas {
            println!("  {:<24} http://{address}/enter/{}", persona.display_name, persona.login);
        }
        println!("\nstop with Ctrl-C");
    })?;
    Ok(ExitCode::SUCCESS)
}

/// A folder of its own for a demonstration that nobody wants to keep.
fn passing_folder() -> PathBuf {
    std::env::temp_dir().join(format!("lifejacket-demo-{}", std::process::id()))
}
