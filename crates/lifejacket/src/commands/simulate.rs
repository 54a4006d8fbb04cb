//! `simulate`: virtual people and staff through the rules, into a store.

use crate::{arguments::Simulate, folder, sink::StoreSink, store};
use allocation::Seed;
use anyhow::Context;
use protocol::{StudyFiles, model::Study};
use simulation::{Report, Scenario, Simulation};
use std::{fs, path::Path, process::ExitCode, sync::Arc};

pub fn run(arguments: &Simulate) -> anyhow::Result<ExitCode> {
    let scenario = scenario(arguments.scenario.as_deref())?;
    let folder = &arguments.data;
    let Some(made) = make(folder, &arguments.study, &scenario, &Extent::of(arguments), arguments.seed)? else {
        return Ok(ExitCode::from(1));
    };
    print_report(&made);
    println!("the store is in {}", folder.display());
    Ok(ExitCode::SUCCESS)
}

/// A store that a simulation filled.
pub struct Made {
    /// The store, open.
    pub opened: store::Opened,
    /// What the simulation counted.
    pub report: Report,
}

/// How much of a trial is simulated.
pub struct Extent {
    /// People to get an arm; the scenario's own number without it.
    pub participants: Option<u32>,
    /// The last day, for a trial that is still under way.
    pub until: Option<jiff::civil::Date>,
}

impl Extent {
    fn of(arguments: &Simulate) -> Self {
        Self { participants: arguments.participants, until: arguments.until }
    }
}

/// Simulates a trial into a new store. `None` if the study has mistakes, which were printed.
pub fn make(
    folder: &Path,
    study_name: &str,
    scenario: &Scenario,
    extent: &Extent,
    seed: u64,
) -> anyhow::Result<Option<Made>> {
    let files = folder::study_files(study_name)?;
    let Some(study) = super::study::read(study_name)? else { return Ok(None) };
    let study = Arc::new(study);
    let zone = study.sites.first().and_then(|site| jiff::tz::TimeZone::get(&site.time_zone).ok());
    let moment = |time: jiff::civil::DateTime| Some(time.to_zoned(zone.clone()?).ok()?.timestamp());
    let starts = moment(scenario.starts().at(0, 0, 0, 0)).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let mut studies = conduct::Studies::new();
    studies.insert(study.hash(), Arc::clone(&study));
    let simulation = Simulation {
        studies: &studies,
        study: study.hash(),
        amended: None,
        scenario,
        participants: extent.participants,
        seed,
        starts: None,
        until: extent.until.and_then(|day| moment(day.at(12, 0, 0, 0))),
    };
    let making = store::Making::begin(folder)?;
    let keys = store::Keys {
        sealed: *simulation::key_of(seed).secret(),
        people: *Seed::of_simulation(seed, "key of the people").bytes(),
    };
    let fill = || -> anyhow::Result<Made> {
        let opened = store::create(folder, Some(seed), starts, &keys)?;
        keep(&opened, folder, &study, &files)?;
        let people = u64::from(extent.participants.unwrap_or(scenario.participants));
        let mut sink = StoreSink::new(&opened, people, starts);
        let simulated = simulation::simulate(&simulation, &mut sink)?;
        sink.finish().map_err(|error| anyhow::anyhow!("{error}"))?;
        drop(sink);
        let opened = reopened(opened)?;
        Ok(Made { opened, report: simulated.report })
    };
    making.end(fill()).map(Some)
}

fn keep(opened: &store::Opened, folder: &Path, study: &Arc<Study>, files: &StudyFiles) -> anyhow::Result<()> {
    store::study_keep(folder, study, files)?;
    opened.door.study_add(Arc::clone(study));
    Ok(())
}

/// Opens the sealed service over what was written.
fn reopened(opened: store::Opened) -> anyhow::Result<store::Opened> {
    let (rows, containers) = record::sealed_read(opened.door.store().as_ref())?;
    let service = allocation::Service::open(store::key_read(&opened.folder)?, rows, containers)?;
    opened.door.sealed_open(service);
    Ok(opened)
}

/// A scenario by name or from a file.
pub fn scenario(name: Option<&str>) -> anyhow::Result<Scenario> {
    let name = name.unwrap_or("DEMO");
    if Path::new(name).is_file() {
        let text = fs::read_to_string(name).with_context(|| format!("reading {name}"))?;
        return Ok(Scenario::parse(&text)?);
    }
    Ok(Scenario::named(name)?)
}

/// What a simulation did, for people.
pub fn print_report(made: &Made) {
    let report = &made.report;
    println!(
        "{} enquiries, {} people with an arm; {} acts, {} entries; {} commands refused by {} rules",
        report.enquiries,
        report.assigned,
        report.accepted,
        report.entries,
        report.refused,
        report.rules.len()
    );
    let deviations: u64 = report.deviations.values().sum();
    println!("{deviations} deviations of {} kinds", report.deviations.len());
    for (command, (count, answer)) in &report.surprises {
        println!("note: {command} was answered otherwise than the scenario expects, {count} times: {answer}");
    }
}
