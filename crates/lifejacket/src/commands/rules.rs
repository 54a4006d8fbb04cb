//! `rules`: the rule book as a study sets it.

use crate::arguments::Rules;
use std::process::ExitCode;

pub fn run(arguments: &Rules) -> anyhow::Result<ExitCode> {
    if arguments.markdown {
        print!("{}", verification::book::rules());
        return Ok(ExitCode::SUCCESS);
    }
    let Some(study) = super::study::read(&arguments.study)? else { return Ok(ExitCode::from(1)) };
    let book = conduct::rules::book(&study);
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&book)?);
        return Ok(ExitCode::SUCCESS);
    }
    for line in book {
        println!("{}\n    {}", line.id, line.sentence);
        println!("    source  {}", line.source);
        println!("    binds   {}", line.binds.join(", "));
        if !line.id.contains('/') {
            println!("    broken  {}", line.broken);
        }
        println!();
    }
    Ok(ExitCode::SUCCESS)
}
