//! `verify` and `rebuild`.

use crate::{
    arguments::{Data, Verify},
    store,
};
use anyhow::Context as _;
use chain::{ChainName, Head, Verified, Verifier};
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::ExitCode,
};

/// Proves the chain and the current tables of a store, or the chain of a record that was written out.
pub fn verify(arguments: &Verify) -> anyhow::Result<ExitCode> {
    let verifier = match &arguments.heads {
        Some(path) => expecting(path)?,
        None => Verifier::new(),
    };
    let proved = match (&arguments.data, &arguments.file) {
        (Some(folder), _) => of_store(arguments, folder, verifier)?,
        (None, Some(file)) => of_file(file, verifier)?,
        // The command line is not read without one of them.
        (None, None) => Err("give a store (--data) or a record that was written out (--file)".to_owned()),
    };
    match proved {
        Ok(proved) if arguments.print_heads => print!("{}", chain::heads_write(&proved.heads)),
        Ok(proved) => println!("{}", proved.words),
        Err(sentence) => {
            println!("{sentence}");
            return Ok(ExitCode::from(1));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What was proved, or a sentence with what is wrong.
type Answer = Result<Proved, String>;

struct Proved {
    words: String,
    heads: BTreeMap<ChainName, Head>,
}

/// A verifier that knows the heads of a file: the chains must go through them.
fn expecting(path: &Path) -> anyhow::Result<Verifier> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let heads = chain::heads_read(&text).with_context(|| format!("{} holds no heads", path.display()))?;
    Ok(heads.into_iter().fold(Verifier::new(), |verifier, (chain, head)| verifier.expect(chain, head)))
}

fn of_store(arguments: &Verify, folder: &Path, verifier: Verifier) -> anyhow::Result<Answer> {
    let (store, studies) = store::open_to_prove(folder)?;
    let proved = match record::projection::verify_through(&store, &studies, verifier) {
        Ok(proved) => proved,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let words = match arguments.without_keys {
        true => format!("{proved}\nthe keys were not looked at"),
        false => {
            let wrong = store::keys_wrong(folder, store)?;
            if !wrong.is_empty() {
                let mend = "Put the keys that belong to this record in place; of a copy that was delivered without keys, \
                            prove the record alone with --without-keys";
                return Ok(Err(format!("{proved}\nbut not everything opens:\n  {}\n{mend}", wrong.join("\n  "))));
            }
            format!("{proved}\nthe keys open everything that is sealed")
        }
    };
    Ok(Ok(Proved { words, heads: proved.heads }))
}

/// Proves the links of a file, line by line, with no store and no server.
fn of_file(path: &Path, mut verifier: Verifier) -> anyhow::Result<Answer> {
    let reading = || format!("reading {}", path.display());
    let mut file = BufReader::new(fs::File::open(path).with_context(reading)?);
    let (mut line, mut number) = (Vec::new(), 0u64);
    loop {
        line.clear();
        if file.read_until(b'\n', &mut line).with_context(reading)? == 0 {
            break;
        }
        number += 1;
        let wrong = |what: String| Ok(Err(format!("the record is not whole: line {number}: {what}")));
        let Ok(text) = std::str::from_utf8(&line) else { return wrong("the line is not UTF-8 text".to_owned()) };
        let (link, hash) = match chain::line_read(text) {
            Ok(read) => read,
            Err(flaw) => return wrong(flaw.to_string()),
        };
        if let Err(flaw) = verifier.check(&link.as_link(), &hash) {
            return wrong(flaw.to_string());
        }
        if let Err(other) = chain::canonical::check(&link.body).and_then(|()| chain::canonical::check(&link.heads)) {
            return wrong(other.to_string());
        }
    }
    Ok(match verifier.finish() {
        Err(flaw) => Err(format!("the record is not whole: {flaw}")),
        Ok(Verified { links: 0, .. }) => Err(format!("{} holds no entry", path.display())),
        Ok(verified) => {
            let mut words =
                format!("the record is whole: {} entries in {} chains", verified.links, verified.heads.len());
            for (chain, head) in &verified.heads {
                words.push_str(&format!("\n  {chain:<12} {:>8} {}", head.position, head.hash));
            }
            Ok(Proved { words, heads: verified.heads })
        }
    })
}

/// Makes the current tables anew from the log.
pub fn rebuild(arguments: &Data) -> anyhow::Result<ExitCode> {
    let (store, studies) = store::open_to_rebuild(&arguments.data)?;
    let rows = record::projection::rebuild(&store, &studies)?;
    println!("the current tables were made anew from the log: {rows} rows");
    Ok(ExitCode::SUCCESS)
}
