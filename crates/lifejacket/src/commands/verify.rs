//! `verify` and `rebuild`.

use crate::{arguments::Data, store};
use std::process::ExitCode;

/// Proves the chain and the current tables.
pub fn verify(arguments: &Data) -> anyhow::Result<ExitCode> {
    let (store, studies) = store::open_to_rebuild(&arguments.data)?;
    match record::projection::verify(&store, &studies) {
        Ok(proved) => {
            println!("{proved}");
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            println!("{error}");
            Ok(ExitCode::from(1))
        }
    }
}

/// Makes the current tables anew from the log.
pub fn rebuild(arguments: &Data) -> anyhow::Result<ExitCode> {
    let (store, studies) = store::open_to_rebuild(&arguments.data)?;
    let rows = record::projection::rebuild(&store, &studies)?;
    println!("the current tables were made anew from the log: {rows} rows");
    Ok(ExitCode::SUCCESS)
}
