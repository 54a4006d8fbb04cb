//! `seal`: an allocation list or a first stock is sealed where it is made, by somebody who may know it, before it goes to those
//! who may not.

use crate::{
    arguments::{Seal, SealTable},
    commands::init::{flaws_of, flaws_of_list},
    folder, store,
};
use allocation::{ListPlan, Seed};
use anyhow::{Context, bail};
use protocol::model::{Assignment, Study};
use std::{collections::BTreeSet, fs, path::Path, process::ExitCode};

pub fn run(seal: &Seal) -> anyhow::Result<ExitCode> {
    match seal {
        Seal::Key { out } => {
            store::key_write(out, &store::random()?)?;
            println!("made {}", out.display());
            println!(
                "  whoever has this key can open what is sealed with it: bring it to the store by another way than the list"
            );
        }
        Seal::List(table) => list(table)?,
        Seal::Stock(table) => stock(table)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn study(table: &SealTable) -> anyhow::Result<Study> {
    let files = folder::study_files(&table.study)?;
    let (study, diagnostics) = protocol::read(&files);
    study.ok_or_else(|| {
        eprint!("{}", crate::render::diagnostics(&diagnostics, &files));
        anyhow::anyhow!("the study has mistakes: nothing was sealed")
    })
}

fn list(table: &SealTable) -> anyhow::Result<()> {
    let study = study(table)?;
    if study.design.assignment == Assignment::OpenLabel {
        bail!("this study assigns nothing at random: there is no list to seal");
    }
    let key = store::key_read_at(&table.key)?;
    let seed = Seed::from_array(store::random()?);
    let list = match &table.table {
        Some(path) => {
            let bytes = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
            let strata: BTreeSet<String> = study.sites.iter().map(|site| site.id.to_string()).collect();
            allocation::list_load(&bytes, &study.arms, &strata, &key, &seed)
                .map_err(|error| flaws_of_list(&path.display().to_string(), error))?
        }
        None => allocation::list_make(&ListPlan::of(&study).context("the study has no plan for a list")?, &key, &seed)?,
    };
    keep(&table.out, &allocation::list_write(&list, &study))?;
    println!("sealed {} rows into {}", list.rows.len(), table.out.display());
    println!("  commitment     {}", list.commitment());
    println!("  with the arms  {} (for an envelope at the sponsor's, not for the record)", list.sealed_head());
    Ok(())
}

fn stock(table: &SealTable) -> anyhow::Result<()> {
    let study = study(table)?;
    let key = store::key_read_at(&table.key)?;
    let path = table.table.as_ref().context("--table is needed: the stock as it was packed")?;
    let bytes = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    let stock = allocation::stock_load(&bytes, &study, &key, &Seed::from_array(store::random()?))
        .map_err(|flaws| flaws_of(&path.display().to_string(), &flaws))?;
    keep(&table.out, &allocation::stock_write(&stock, &study))?;
    println!("sealed {} containers into {}", stock.sealed.len(), table.out.display());
    Ok(())
}

/// Writes a new file; one that is there is never overwritten.
fn keep(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .with_context(|| format!("making {}", path.display()))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .with_context(|| format!("writing {}", path.display()))
}
