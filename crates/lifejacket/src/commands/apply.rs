//! `apply`: commands as JSON lines through the one door; each answered on a line of its own.

use crate::{arguments::Apply, store};
use anyhow::{Context, bail};
use conduct::{Person, Proof};
use identity::{Authenticated, Factor, Who};
use jiff::Timestamp;
use record::{Answer, Asked};
use std::{fs, io::Write, path::Path, process::ExitCode};

pub fn run(arguments: &Apply) -> anyhow::Result<ExitCode> {
    let opened = store::open(&arguments.data.data)?;
    let text = super::score::read_input(&arguments.commands)?;
    let secrets = secrets(arguments.secrets.as_deref())?;
    let now = store::now(&opened)?;
    let actor = prove(&opened, &arguments.login, secrets.first(), now)?;
    let second = match &arguments.second {
        Some(login) => Some(prove(&opened, login, secrets.get(1), now)?),
        None => None,
    };
    let mut out = std::io::stdout().lock();
    let mut refused = false;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let answer = match record::request_read(line) {
            Err(answer) => {
                refused = true;
                answer
            }
            Ok(request) => {
                let asked = Asked {
                    request,
                    actor: actor.clone(),
                    second: second.clone(),
                    now: store::now(&opened)?,
                    act: store::act_id()?,
                    pseudonym: store::act_id()?.to_string(),
                };
                let answer = opened.door.ask(&asked)?;
                refused |= matches!(answer, Answer::No(_));
                json(&opened, &asked, &answer)?
            }
        };
        writeln!(out, "{answer}")?;
    }
    Ok(if refused { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn json(opened: &store::Opened, asked: &Asked, answer: &Answer) -> anyhow::Result<serde_json::Value> {
    let streams = opened.door.streams(&asked.request.command)?;
    let studies = opened.door.studies();
    let hash = streams.participant.as_ref().map(|p| p.study.clone()).or_else(|| streams.trial.current_study().cloned());
    let study = hash.and_then(|hash| studies.get(&hash).cloned());
    let roles = study.as_ref().map_or_else(Vec::new, |study| {
        let day = asked.now.to_zoned(jiff::tz::TimeZone::UTC).date();
        conduct::authority(study, &streams.trial, streams.site.as_deref(), day, &asked.actor).roles
    });
    Ok(record::answer_json(&asked.request.id, answer, study.as_deref(), &roles))
}

/// Passwords from a file, one a line.
pub fn secrets(path: Option<&Path>) -> anyhow::Result<Vec<String>> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// Somebody proves who they are, by password, or as the persona of a synthetic store.
pub fn prove(opened: &store::Opened, login: &str, secret: Option<&String>, now: Timestamp) -> anyhow::Result<Proof> {
    let persona = opened.identity.account(login)?.is_some_and(|account| account.persona);
    let proved = match secret {
        Some(secret) => opened.identity.prove(login, secret, Factor::Password, now)?,
        None if persona => opened.identity.prove(login, "", Factor::Persona, now)?,
        None => bail!("the password of {login} is needed: put it into a file and give it with --secrets"),
    };
    if proved.password_once {
        bail!("{login} still has the password that somebody else gave them: sign in on the pages and choose one first");
    }
    Ok(proof(&proved))
}

/// A proof for the rules from one of the identity store.
pub fn proof(proved: &Authenticated) -> Proof {
    let person = match &proved.who {
        Who::Staff(staff) => Person::Staff(staff.clone()),
        Who::Participant(participant) => Person::Participant(participant.clone()),
    };
    Proof { person, at: proved.at, signed: true }
}
