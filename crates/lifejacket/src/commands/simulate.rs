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
    can_be_simulated(arguments.participants)?;
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
    /// People that were asked for, if a number was.
    pub asked: Option<u32>,
    /// What the study lets in.
    pub room: Room,
}

/// How many people a study lets in.
pub struct Room {
    /// People that it plans.
    pub planned: u32,
    /// The sum of its sites' caps, if each has one.
    pub caps: Option<u32>,
}

impl Room {
    fn of(study: &Study) -> Self {
        let caps: Option<Vec<u32>> = study.sites.iter().map(|site| site.cap).collect();
        Self {
            planned: study.design.participants_planned,
            caps: caps.map(|caps| caps.into_iter().fold(0, u32::saturating_add)),
        }
    }
}

/// A number of people that a study may plan can be simulated; more is a slip of the hand.
pub fn can_be_simulated(participants: Option<u32>) -> anyhow::Result<()> {
    let most = protocol::bound_of("participants_planned").map_or(i64::MAX, |bound| bound.most / 1000);
    match participants {
        Some(0) => anyhow::bail!("a trial without people can't be simulated: ask for 1 or more"),
        Some(asked) if i64::from(asked) > most => {
            anyhow::bail!("{asked} people can't be simulated: no study may plan more than {most}")
        }
        Some(_) | None => Ok(()),
    }
}

/// How many have an arm of how many that were asked for, and what kept the others out; nothing where all came.
pub fn short_of(asked: Option<u32>, assigned: u32, room: &Room) -> Option<String> {
    let asked = asked.filter(|asked| assigned < *asked)?;
    let why = match room.caps {
        _ if assigned >= room.planned => format!("the study plans {}", room.planned),
        Some(caps) if assigned >= caps => format!("the sites' caps leave room for {caps}"),
        _ => "recruitment was over, or the day came on which the simulation stops, before more had come".to_owned(),
    };
    Some(format!("{assigned} of {asked} people asked for have an arm: {why}"))
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
        Ok(Made { opened, report: simulated.report, asked: extent.participants, room: Room::of(&study) })
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
    if let Some(words) = short_of(made.asked, report.assigned, &made.room) {
        println!("{words}");
    }
    let deviations: u64 = report.deviations.values().sum();
    println!("{deviations} deviations of {} kinds", report.deviations.len());
    for (command, (count, answer)) in &report.surprises {
        println!("note: {command} was answered otherwise than the scenario expects, {count} times: {answer}");
    }
}

#[cfg(test)]
mod tests {
    use super::{Room, can_be_simulated, short_of};

    #[test]
    fn whoever_gets_fewer_than_asked_is_told_why() {
        let room = |planned, caps| Room { planned, caps };
        assert_eq!(
            short_of(Some(20), 8, &room(8, None)).as_deref(),
            Some("8 of 20 people asked for have an arm: the study plans 8")
        );
        assert_eq!(
            short_of(Some(20), 6, &room(8, Some(6))).as_deref(),
            Some("6 of 20 people asked for have an arm: the sites' caps leave room for 6")
        );
        assert!(short_of(Some(20), 5, &room(30, None)).expect("fewer").contains("before more had come"));
        assert_eq!(short_of(Some(8), 8, &room(8, None)), None);
        assert_eq!(short_of(None, 5, &room(8, None)), None);
    }

    #[test]
    fn absurd_numbers_are_refused_in_words() {
        let said = |asked| can_be_simulated(Some(asked)).map_err(|error| error.to_string());
        assert_eq!(
            said(100_000_000),
            Err("100000000 people can't be simulated: no study may plan more than 20000".to_owned())
        );
        assert!(said(0).is_err() && said(20).is_ok() && said(20_000).is_ok());
    }
}
