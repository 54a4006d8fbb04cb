//! `export csv` and `export record`.

use crate::{arguments::Export, store};
use anyhow::Context as _;
use record::projection::{TABLES, as_of};
use std::{
    fs,
    io::{BufWriter, Write as _},
    path::Path,
    process::ExitCode,
};

pub fn run(arguments: &Export) -> anyhow::Result<ExitCode> {
    match arguments {
        Export::Csv { data, out, as_of: when } => {
            let opened = store::open_to_look(&data.data)?;
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
        Export::Record { data, out } => {
            let store = store::open_record(&data.data)?;
            let lines = record_write(&store, out)?;
            println!("{lines} entries written to {}: prove them with `lifejacket verify --file`", out.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes the log as text into a new file that its owner alone may read; a file that was not written whole is taken away.
fn record_write(store: &record::SqliteStore, out: &Path) -> anyhow::Result<u64> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(out).with_context(|| format!("making {}", out.display()))?;
    let mut file = BufWriter::new(file);
    let written = record::export(store, &mut file).map_err(anyhow::Error::from).and_then(|lines| {
        file.flush()?;
        file.get_ref().sync_all()?;
        Ok(lines)
    });
    if written.is_err() {
        let _ = fs::remove_file(out);
    }
    written.with_context(|| format!("writing {}", out.display()))
}
