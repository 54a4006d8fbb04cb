//! `schema commands`.

use crate::arguments::Schema;
use std::process::ExitCode;

pub fn run(arguments: &Schema) -> anyhow::Result<ExitCode> {
    match arguments {
        Schema::Commands => {
            println!("{}", serde_json::to_string_pretty(&conduct::command::schema())?);
        }
    }
    Ok(ExitCode::SUCCESS)
}
