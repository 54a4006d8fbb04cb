//! `why`: what a participant may do next, and what stands in the way of the rest.

use crate::{arguments::Why, render, store};
use anyhow::{Context as _, bail};
use conduct::{Authorisation, Command, Context, Person, Proof, Request, next};
use jiff::{Timestamp, civil::Date};
use record::{Folded, Streams};
use std::process::ExitCode;
use terms::{ActId, ParticipantId};

pub fn run(arguments: &Why) -> anyhow::Result<ExitCode> {
    let opened = store::open_to_look(&arguments.data.data)?;
    let id = ParticipantId::from(arguments.participant.as_str());
    let as_of = arguments.as_of.as_deref().map(moment).transpose()?;
    let mut streams = opened.door.streams_of(Some(&id), None, true, true)?;
    let mut now = store::now(&opened)?;
    if let Some(as_of) = as_of {
        now = as_of;
        known_then(&opened, &mut streams, as_of)?;
    }
    let Some(participant) = streams.participant.clone() else {
        bail!("there is no participant {id} in this store{}", if as_of.is_some() { " at that time" } else { "" });
    };
    let context = Context {
        now,
        actor: Proof { person: Person::Program, at: now, signed: true },
        second: None,
        act: ActId::from("why"),
        program: store::PROGRAM.to_owned(),
        draw: None,
        picked: None,
        pseudonym: None,
        census: None,
    };
    let request = Request {
        id: "why".to_owned(),
        at: None,
        sent: None,
        reason: None,
        command: Command::Authorise(Authorisation::CompleteParticipation { participant: id.clone() }),
    };
    let studies = opened.door.studies();
    let case = conduct::case_of(&studies, streams.world(), streams.site_id.as_ref(), &request, &context)?;
    let steps = next::steps(&case);
    if arguments.json {
        print_json(&participant.id, participant.phase, &steps)?;
        return Ok(ExitCode::SUCCESS);
    }
    println!("{id} is {} at {}", conduct::participant::phase_words(participant.phase), participant.site);
    for due in conduct::due::due(case.study, &participant, &case.zone) {
        let until = due.closes.map(|day| format!(" until {day}")).unwrap_or_default();
        println!("  due      {} (from {}{until}; {})", due.title, due.opens, due.duty.name().replace('_', " "));
    }
    for step in &steps {
        let blocking = step.in_the_way();
        println!();
        if blocking.is_empty() {
            println!("{}: nothing in the way", step.title);
        } else {
            println!("{}: {} in the way", step.title, blocking.len());
        }
        for broken in blocking {
            print!("{}", indent(&render::broken(broken)));
        }
        for finding in step.findings.iter().filter_map(render::held) {
            println!("  {finding}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print_json(id: &ParticipantId, phase: conduct::Phase, steps: &[next::Step]) -> anyhow::Result<()> {
    let steps: Vec<_> = steps
        .iter()
        .map(|step| {
            serde_json::json!({
                "act": step.act,
                "title": step.title,
                "open": step.open(),
                "findings": step.findings,
            })
        })
        .collect();
    let answer = serde_json::json!({ "participant": id, "phase": phase, "steps": steps });
    println!("{}", serde_json::to_string_pretty(&answer)?);
    Ok(())
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

/// The record as it was known then: what was recorded later is left out.
fn known_then(opened: &store::Opened, streams: &mut Streams, as_of: Timestamp) -> anyhow::Result<()> {
    use conduct::StreamId;
    if let Some(participant) = &streams.participant {
        let stream = StreamId::Participant(participant.id.clone());
        streams.participant = match opened.door.folded_as_of(&stream, as_of)? {
            Folded::Participant(state) => state,
            _ => None,
        };
    }
    if let Folded::Trial(state) = opened.door.folded_as_of(&StreamId::Trial, as_of)? {
        streams.trial = state;
    }
    streams.site_id = streams.participant.as_ref().map(|participant| participant.site.clone());
    if let Some(site) = streams.site_id.clone() {
        if let Folded::Site(state) = opened.door.folded_as_of(&StreamId::Site(site.clone()), as_of)? {
            streams.site = Some(state);
        }
        if let Folded::Stock(state) = opened.door.folded_as_of(&StreamId::Stock(site), as_of)? {
            streams.stock = Some(state);
        }
    }
    if let Folded::Allocation(state) = opened.door.folded_as_of(&StreamId::Allocation, as_of)? {
        streams.allocation = Some(state);
    }
    Ok(())
}

/// `2026-03-02` (its end, in UTC) or `2026-03-02T09:12:00Z`.
pub fn moment(text: &str) -> anyhow::Result<Timestamp> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        asked_about(moment.to_zoned(jiff::tz::TimeZone::UTC).date(), text)?;
        return Ok(moment);
    }
    let day: Date = text
        .parse()
        .with_context(|| format!("\"{text}\" is neither a day (2026-03-02) nor a moment (2026-03-02T09:12:00Z)"))?;
    asked_about(day, text)?;
    let end = day.to_datetime(jiff::civil::time(23, 59, 59, 999_999_999)).to_zoned(jiff::tz::TimeZone::UTC)?;
    Ok(end.timestamp())
}

/// Nobody kept a record before these days or will after them; the calendar itself ends not far from there.
fn asked_about(day: Date, text: &str) -> anyhow::Result<()> {
    if !(1900..=2199).contains(&day.year()) {
        bail!("\"{text}\" can't be asked about: give a day from 1900-01-01 to 2199-12-31");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn days_that_no_record_reaches_are_said_to_be_so() {
        for text in ["9999-12-31", "0001-01-01", "9999-12-30T22:00:00Z", "2200-01-01"] {
            let said = moment(text).expect_err(text).to_string();
            assert_eq!(said, format!("\"{text}\" can't be asked about: give a day from 1900-01-01 to 2199-12-31"));
        }
        assert_eq!(moment("2026-03-02").expect("a day").to_string(), "2026-03-02T23:59:59.999999999Z");
        assert!(moment("yesterday").expect_err("no day").to_string().contains("neither a day"));
    }
}
