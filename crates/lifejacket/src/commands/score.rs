//! `score`: an instrument's scores, bands and decisions from responses.

use crate::arguments::Score;
use anyhow::Context;
use std::{io::Read, path::Path, process::ExitCode};

pub fn run(arguments: &Score) -> anyhow::Result<ExitCode> {
    let text = read_input(&arguments.responses)?;
    let pack = arguments.pack.as_deref().map(pack).transpose()?;
    match instruments::cli::answer_json(&arguments.instrument, &text, arguments.lines, pack.as_ref()) {
        Ok(answered) => {
            println!("{}", answered.json.trim_end());
            if answered.bad_lines == 0 {
                return Ok(ExitCode::SUCCESS);
            }
            eprintln!("error: lines that could not be scored: {}; each is answered by its error", answered.bad_lines);
            Ok(ExitCode::from(1))
        }
        Err(error) => {
            println!("{}", error.to_json());
            eprintln!("error: {error}");
            Ok(ExitCode::from(1))
        }
    }
}

/// A form pack; all its mistakes at once, each with its place.
fn pack(path: &Path) -> anyhow::Result<instruments::FormPack> {
    instruments::FormPack::parse(&read_input(path)?).map_err(|mistakes| {
        let lines: Vec<String> = mistakes.iter().map(|mistake| format!("  {mistake}")).collect();
        anyhow::anyhow!("{} has {} mistakes, nothing was scored:\n{}", path.display(), lines.len(), lines.join("\n"))
    })
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
