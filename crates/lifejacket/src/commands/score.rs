//! `score`: an instrument's scores, bands and decisions from responses.

use crate::arguments::Score;
use anyhow::Context;
use std::{io::Read, path::Path, process::ExitCode};

pub fn run(arguments: &Score) -> anyhow::Result<ExitCode> {
    let text = read_input(&arguments.responses)?;
    match instruments::cli::score_json(&arguments.instrument, &text, arguments.lines) {
        Ok(answer) => {
            println!("{}", answer.trim_end());
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            println!("{}", error.to_json());
            eprintln!("error: {error}");
            Ok(ExitCode::from(1))
        }
    }
}

/// The text of a file, or of standard input for `-`.
pub fn read_input(path: &Path) -> anyhow::Result<String> {
    if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("reading standard input")?;
        return Ok(text);
    }
    std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}
