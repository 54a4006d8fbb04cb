//! `account`: who may sign in. What they may do once they are in, the delegation log says.

use super::score::read_input;
use crate::{
    arguments::{Account, Data},
    store,
};
use anyhow::Context;
use identity::{NewAccount, Standing, Who, judge_name, judge_password, judge_pin};
use jiff::Timestamp;
use std::{io::Write, path::Path, process::ExitCode};
use terms::{ParticipantId, StaffId};

/// Who did it, in the accounts' own log.
const BY: &str = "command line";

pub fn run(arguments: &Account) -> anyhow::Result<ExitCode> {
    match arguments {
        Account::Add { data, login, name, staff, participant, secrets } => {
            let who = match participant {
                Some(code) => Who::Participant(ParticipantId::from(code.as_str())),
                None => Who::Staff(StaffId::from(staff.as_ref().unwrap_or(login).trim())),
            };
            add(&store::open(&data.data)?, login, name, who, secrets.as_deref())?;
        }
        Account::List { data } => list(&store::open_to_look(&data.data)?)?,
        Account::Password { whose } => {
            password(&store::open(&whose.data.data)?, &whose.login, whose.secrets.as_deref())?;
        }
        Account::Pin { whose } => {
            let pin = secret("PIN (6 to 12 digits)", whose.secrets.as_deref())?;
            let opened = store::open(&whose.data.data)?;
            opened.identity.pin_set(&whose.login, &pin, &store::random()?)?;
            note(&opened, &whose.login, "PIN set")?;
            println!("{} has a new PIN", whose.login);
        }
        Account::Unlock { data, login } => stand(data, login, true)?,
        Account::Disable { data, login } => stand(data, login, false)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn add(opened: &store::Opened, login: &str, name: &str, who: Who, secrets: Option<&Path>) -> anyhow::Result<()> {
    let name = judge_name(name)?;
    if let Who::Participant(code) = &who {
        opened.door.participant(code)?.with_context(|| format!("the record knows no participant {code}"))?;
    }
    // Everything is judged before anything is made.
    let chosen = secrets.map(read_input).transpose()?;
    let mut lines = chosen.iter().flat_map(|text| text.lines());
    let (password, pin) = (lines.next(), lines.next().filter(|pin| !pin.is_empty()));
    if secrets.is_some() {
        judge_password(password.unwrap_or_default(), login, name)?;
    }
    pin.map_or(Ok(()), judge_pin)?;
    let known_as = match &who {
        Who::Staff(id) => format!("staff id {id}"),
        Who::Participant(code) => format!("participant {code}"),
    };
    let new = NewAccount { login: login.to_owned(), display_name: name.to_owned(), who, persona: false };
    let account = opened.identity.account_create(&new, Timestamp::now())?;
    note(opened, &account.login, "account made")?;
    println!("made account {} ({}), {known_as}", account.login, account.display_name);
    match password {
        Some(password) => opened.identity.password_set(&account.login, password, &store::random()?)?,
        None => give_once(opened, &account.login)?,
    }
    if let Some(pin) = pin {
        opened.identity.pin_set(&account.login, pin, &store::random()?)?;
    }
    if matches!(account.who, Who::Staff(_)) {
        println!("next: delegate a role to them; until then they sign in and find nothing");
    }
    Ok(())
}

fn password(opened: &store::Opened, login: &str, secrets: Option<&Path>) -> anyhow::Result<()> {
    match secrets {
        None => give_once(opened, login)?,
        Some(_) => {
            let password = secret("password", secrets)?;
            opened.identity.password_set(login, &password, &store::random()?)?;
            println!("{login} has a new password; their sessions have ended");
        }
    }
    note(opened, login, "password reset")
}

/// Draws a password, sets it and prints it: the one time that anybody sees it.
fn give_once(opened: &store::Opened, login: &str) -> anyhow::Result<()> {
    let password = identity::password_once(&store::random()?);
    opened.identity.password_set_once(login, &password, &store::random()?)?;
    println!("one-time password, shown now and never again: {password}");
    println!("it opens only the page on which they choose their own password and PIN");
    Ok(())
}

fn stand(data: &Data, login: &str, on: bool) -> anyhow::Result<()> {
    let opened = store::open(&data.data)?;
    if on {
        opened.identity.account_enable(login)?;
        println!("{login} may sign in");
    } else {
        opened.identity.account_disable(login)?;
        println!("{login} is switched off; their sessions have ended. Record the end of their delegations too");
    }
    note(&opened, login, if on { "unlocked" } else { "switched off" })
}

fn note(opened: &store::Opened, login: &str, what: &str) -> anyhow::Result<()> {
    Ok(opened.identity.event_note(login, what, BY, Timestamp::now())?)
}

fn list(opened: &store::Opened) -> anyhow::Result<()> {
    println!("{:<24} {:<14} {:<10} {:<22} name", "login", "known as", "standing", "secrets");
    let mut after = String::new();
    loop {
        let page = opened.identity.accounts(&after, 500)?;
        let Some(last) = page.last() else { return Ok(()) };
        after.clone_from(&last.login);
        for account in &page {
            let who = match &account.who {
                Who::Staff(id) => id.to_string(),
                Who::Participant(code) => code.to_string(),
            };
            let standing = match account.standing {
                Standing::Enabled => "enabled",
                Standing::Disabled => "disabled",
                Standing::Locked => "locked",
            };
            let password = match (account.has_password, account.password_once) {
                (false, _) => "no password",
                (true, true) => "one-time password",
                (true, false) => "password",
            };
            let pin = if account.has_pin { " + PIN" } else { "" };
            let secrets = format!("{password}{pin}");
            println!("{:<24} {who:<14} {standing:<10} {secrets:<22} {}", account.login, account.display_name);
        }
    }
}

/// One secret: the first line of a file, or asked for on the terminal.
fn secret(what: &str, file: Option<&Path>) -> anyhow::Result<String> {
    let text = match file {
        Some(path) => read_input(path)?,
        None => {
            print!("{what}: ");
            std::io::stdout().flush()?;
            let mut line = String::new();
            std::io::stdin().read_line(&mut line)?;
            line
        }
    };
    text.lines().next().map(str::to_owned).with_context(|| format!("no {what} was given: put it on the first line"))
}
