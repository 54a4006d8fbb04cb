//! `design`: simulated trials of a study, and what they say of its size.

use crate::{
    arguments::{Design as Arguments, DesignOther, DesignRun, DesignShow},
    folder, render,
};
use anyhow::{Context, bail};
use design::{Changes, Part, Results, Shard, merge, plan_of};
use indicatif::{ProgressBar, ProgressStyle};
use protocol::{Severity, model::Study};
use std::{fs, path::Path, process::ExitCode};

pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.other {
        Some(DesignOther::Merge { files, show }) => merged(files, show),
        None => simulated(&arguments.run),
    }
}

fn simulated(arguments: &DesignRun) -> anyhow::Result<ExitCode> {
    let name = arguments.study.as_deref().unwrap_or_default();
    let Some(study) = read(name)? else { return Ok(ExitCode::from(1)) };
    let changes = Changes {
        participants: arguments.participants,
        advantage: arguments.effect,
        dropout: arguments.dropout,
        trials: arguments.trials,
        seed: arguments.seed,
    };
    let plan = plan_of(&study, &changes)?;
    let shard = match &arguments.shard {
        None => Shard::WHOLE,
        Some(text) => Shard::parse(text)
            .with_context(|| format!("`{text}` is no shard: write `2/8` for the second of eight, counted from 1"))?,
    };
    let bar = ProgressBar::new(shard.trials(plan.trials));
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} trials, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let part = design::run(&plan, shard, arguments.threads, &|done| bar.inc(done))?;
    bar.finish_and_clear();
    if let Some(out) = &arguments.out {
        fs::write(out, part.to_json()).with_context(|| format!("writing {}", out.display()))?;
        eprintln!("shard {}/{} written to {}", shard.number, shard.of, out.display());
    }
    if arguments.shard.is_none()
        && let Some(results) = part.results()
    {
        show(&results, &arguments.show)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The study, or none where it has mistakes or its planning does not fit, which are printed.
fn read(name: &str) -> anyhow::Result<Option<Study>> {
    let files = folder::study_files(name)?;
    let (study, diagnostics) = protocol::read(&files);
    let standing: Vec<_> =
        diagnostics.into_iter().filter(|one| one.severity == Severity::Error || one.code == "study.planning").collect();
    if standing.is_empty() {
        return Ok(study);
    }
    eprint!("{}", render::diagnostics(&standing, &files));
    Ok(None)
}

fn merged(files: &[std::path::PathBuf], how: &DesignShow) -> anyhow::Result<ExitCode> {
    let mut parts = Vec::with_capacity(files.len());
    for file in files {
        let name = file.display().to_string();
        let text = fs::read_to_string(file).with_context(|| format!("reading {name}"))?;
        let part = Part::from_json(&name, &text)?;
        parts.push((name, part));
    }
    let whole = merge(&parts)?;
    let Some(results) = whole.results() else { bail!("the parts do not add up to a whole run") };
    show(&results, how)?;
    Ok(ExitCode::SUCCESS)
}

fn show(results: &Results, how: &DesignShow) -> anyhow::Result<()> {
    if let Some(folder) = &how.svg {
        write_curves(results, folder)?;
    }
    print!("{}", if how.json { results.to_json() } else { results.text() });
    Ok(())
}

fn write_curves(results: &Results, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("making the folder {}", folder.display()))?;
    let curves = results.curves();
    if curves.is_empty() {
        eprintln!("the study names no points for curves: `[planning.curves]`");
    }
    for (name, svg) in curves {
        let path = folder.join(name);
        fs::write(&path, svg).with_context(|| format!("writing {}", path.display()))?;
        eprintln!("{} written", path.display());
    }
    Ok(())
}
