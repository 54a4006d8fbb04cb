//! `export csv`.

use crate::{arguments::Export, store};
use record::projection::{TABLES, as_of};
use std::process::ExitCode;

pub fn run(arguments: &Export) -> anyhow::Result<ExitCode> {
    match arguments {
        Export::Csv { data, out, as_of: when } => {
            let opened = store::open(&data.data)?;
            let store = opened.door.store().as_ref();
            let when = when.as_deref().map(super::why::moment).transpose()?;
            let written = match when {
                None => exchange::csv::write(store, TABLES, None, out)?,
                Some(at) => exchange::csv::write(&as_of(store, &opened.door.studies(), at)?, TABLES, when, out)?,
            };
            for file in &written.files {
                println!("{:>9} rows  {}  {}", file.rows, file.name, file.sha256);
            }
            println!("{} tables written to {}", written.files.len(), out.display());
            if let Some(at) = when {
                println!("as the record was known at {at}");
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
