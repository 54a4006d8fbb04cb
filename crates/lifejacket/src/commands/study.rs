//! `study check | show | diff | list`; `prove` has a file of its own.

use crate::{arguments::Study as Arguments, folder, render};
use protocol::{Severity, model::Study};
use std::process::ExitCode;

pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match arguments {
        Arguments::Check { study, json } => check(study, *json),
        Arguments::Show { study } => with(study, |study| print!("{}", protocol::show::show(study))),
        Arguments::Diff { a, b } => with(a, |_| ()).and_then(|code| {
            if code != ExitCode::SUCCESS {
                return Ok(code);
            }
            let (Some(before), Some(after)) = (read(a)?, read(b)?) else { return Ok(ExitCode::from(1)) };
            let changes = protocol::diff::diff(&before, &after);
            for change in &changes {
                println!("{change}");
            }
            match changes.len() {
                0 => println!("nothing: both mean the same, {}", before.hash()),
                count => println!("{count} changes; {}", protocol::diff::consequence(&after)),
            }
            Ok(ExitCode::SUCCESS)
        }),
        Arguments::Prove(arguments) => super::prove::run(arguments),
        Arguments::Add { study, data } => add(study, &data.data),
        Arguments::List => {
            for name in protocol::embedded::ids() {
                println!("{name}");
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// A further version goes into a store; it is in force when the administrator has adopted it.
fn add(name: &str, store: &std::path::Path) -> anyhow::Result<ExitCode> {
    let opened = crate::store::open(store)?;
    let Some(study) = read(name)? else { return Ok(ExitCode::from(1)) };
    crate::store::study_keep(store, &study, &folder::study_files(name)?)?;
    let known = opened.door.studies().get(&study.hash()).is_some();
    let words = if known { "was in the store already" } else { "is in the store now" };
    println!("{} version {} {words}: {}", study.id, study.version, study.hash());
    let trial = opened.door.trial()?;
    let studies = opened.door.studies();
    if let Some(words) = another(&study, trial.studies.iter().filter_map(|(hash, _, _)| studies.get(hash))) {
        println!("{words}");
        return Ok(ExitCode::SUCCESS);
    }
    println!("the administrator puts it in force with adopt_study; a server that is running is started again first");
    Ok(ExitCode::SUCCESS)
}

/// Why a version can't be put in force in a trial: it is of another study, or doesn't say what it amends.
fn another<'a>(study: &Study, adopted: impl Iterator<Item = &'a std::sync::Arc<Study>>) -> Option<String> {
    let adopted: Vec<_> = adopted.collect();
    let first = adopted.first()?;
    if adopted.iter().all(|known| known.id != study.id) {
        return Some(format!(
            "note: this store is of the study {}, and {} is another; it can't be adopted here: make a store of its own with init",
            first.id, study.id
        ));
    }
    let amends = study.amendment.as_ref().map(|amendment| amendment.amends.as_str());
    let follows = adopted.iter().any(|known| amends == Some(known.version.as_str()) || known.hash() == study.hash());
    if follows {
        return None;
    }
    let labels: Vec<&str> = adopted.iter().map(|known| known.version.as_str()).collect();
    Some(format!(
        "note: it amends {}, and this store has adopted {}; it can't be adopted until its files say which of them it amends",
        amends.unwrap_or("nothing"),
        labels.join(", ")
    ))
}

fn check(name: &str, json: bool) -> anyhow::Result<ExitCode> {
    let files = folder::study_files(name)?;
    let (study, diagnostics) = protocol::read(&files);
    let errors = diagnostics.iter().filter(|d| d.severity == Severity::Error).count();
    if json {
        for diagnostic in &diagnostics {
            let line = serde_json::json!({
                "code": diagnostic.code,
                "severity": if diagnostic.severity == Severity::Error { "error" } else { "warning" },
                "file": diagnostic.file,
                "line": diagnostic.line,
                "column": diagnostic.column,
                "message": diagnostic.message,
                "label": diagnostic.label,
                "mend": diagnostic.mend,
            });
            println!("{line}");
        }
    } else {
        print!("{}", render::diagnostics(&diagnostics, &files));
        let warnings = diagnostics.len() - errors;
        match study.filter(|_| errors == 0) {
            Some(study) => println!(
                "{} version {} is in order ({} warnings); its meaning is {}",
                study.id,
                study.version,
                warnings,
                study.hash()
            ),
            None => println!("{errors} mistakes, {warnings} warnings"),
        }
    }
    Ok(if errors == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Reads a study; prints its mistakes and gives `None` if it has some.
pub fn read(name: &str) -> anyhow::Result<Option<Study>> {
    let files = folder::study_files(name)?;
    let (study, diagnostics) = protocol::read(&files);
    let errors: Vec<_> = diagnostics.into_iter().filter(|d| d.severity == Severity::Error).collect();
    if errors.is_empty() {
        return Ok(study);
    }
    eprint!("{}", render::diagnostics(&errors, &files));
    eprintln!("{} mistakes in {name}", errors.len());
    Ok(None)
}

fn with(name: &str, show: impl FnOnce(&Study)) -> anyhow::Result<ExitCode> {
    let Some(study) = read(name)? else { return Ok(ExitCode::from(1)) };
    show(&study);
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::another;
    use std::sync::Arc;

    fn study(name: &str) -> Arc<protocol::model::Study> {
        Arc::new(protocol::embedded::load(name).expect("a study of the program's own"))
    }

    #[test]
    fn a_version_of_another_study_is_said_to_be_one() {
        let small = [study("small")];
        let said = |name: &str| another(&study(name), small.iter());
        assert!(
            said("demonstration-amended")
                .expect("another study")
                .contains("the study small, and demonstration is another")
        );
        assert_eq!(said("small-amended"), None);
        assert_eq!(said("small"), None, "the same again");
        let mut third = protocol::model::Study::clone(&study("small"));
        third.version = "3.0".to_owned();
        assert!(
            another(&third, small.iter())
                .expect("amends nothing")
                .contains("amends nothing, and this store has adopted 1.0")
        );
        assert_eq!(another(&third, [].iter()), None, "nothing is adopted yet");
    }
}
