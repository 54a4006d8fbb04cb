//! `export csv`.

use crate::{arguments::Export, store};
use std::process::ExitCode;

pub fn run(arguments: &Export) -> anyhow::Result<ExitCode> {
    match arguments {
        Export::Csv { data, out } => {
            let opened = store::open(&data.data)?;
            let written = exchange::csv::write(opened.door.store().as_ref(), record::projection::TABLES, out)?;
            for file in &written.files {
                println!("{:>9} rows  {}  {}", file.rows, file.name, file.sha256);
            }
            println!("{} tables written to {}", written.files.len(), out.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}
