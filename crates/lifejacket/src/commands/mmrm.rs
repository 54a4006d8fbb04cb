//! `mmrm`: the mixed model for repeated measures, from a formula or from the specification of a fit.

use crate::arguments::Mmrm;
use anyhow::Context;
use stats::cli::{Options, Report, Spec, json, mmrm_report, mmrm_text, refusal_json};
use std::{
    io::Read,
    path::{Path, PathBuf},
    process::ExitCode,
};

pub fn run(arguments: &Mmrm) -> anyhow::Result<ExitCode> {
    let mut spec = None;
    let fitted = match &arguments.spec {
        Some(file) => from_file(file, &mut spec),
        None => from_options(arguments, &mut spec),
    };
    // A specification is replayed by programs, so its answer is always JSON; so is its "no".
    let as_json = arguments.json || arguments.spec.is_some();
    match fitted {
        Ok(report) => {
            println!("{}", if as_json { json(&report) } else { mmrm_text(&report) }.trim_end());
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            if as_json {
                println!("{}", refusal_json(spec.as_ref(), &format!("{error:#}")));
            }
            Err(error)
        }
    }
}

/// Fits the specification that a file holds; the path of its data is relative to that file.
fn from_file(file: &Path, kept: &mut Option<Spec>) -> anyhow::Result<Report> {
    let named = || file.display().to_string();
    let spec = kept.insert(Spec::parse(&text(file)?).with_context(named)?);
    let data = file.parent().map_or_else(|| PathBuf::from(&spec.data), |folder| folder.join(&spec.data));
    Ok(mmrm_report(spec, &text(&data)?)?)
}

fn from_options(arguments: &Mmrm, kept: &mut Option<Spec>) -> anyhow::Result<Report> {
    let data = arguments.data.clone().unwrap_or_default();
    let options = Options {
        data: data.display().to_string(),
        formula: arguments.formula.clone().unwrap_or_default(),
        subject: arguments.subject.clone(),
        visit: arguments.visit.clone(),
        arm: arguments.arm.clone(),
        covariance: arguments.covariance.clone(),
        group: arguments.group.clone(),
        coordinates: arguments.coordinates.clone(),
        weights: arguments.weights.clone(),
        df: arguments.df.clone(),
        vcov: arguments.vcov.clone(),
        ml: arguments.ml,
        levels: arguments.levels.clone(),
    };
    let spec = kept.insert(options.spec()?);
    Ok(mmrm_report(spec, &text(&data)?)?)
}

/// The text of a file (`-`: standard input); what is no text is named by its line.
fn text(path: &Path) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin().read_to_end(&mut bytes).context("reading standard input")?;
    } else {
        bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        anyhow::anyhow!("{} is not UTF-8 text: line {line} holds a byte that is none; save it as UTF-8", path.display())
    })
}
