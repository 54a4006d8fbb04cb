//! `init`: a real trial's store, with its study, sites, first administrator, allocation list and first stock.

use crate::{arguments::Init, folder, store};
use allocation::{ListPlan, SealedList, Seed};
use anyhow::{Context, bail};
use conduct::{Authorisation, Command, Fact, Person, Proof, Request};
use identity::{NewAccount, Who, judge_login, judge_name, judge_password, judge_pin};
use jiff::Timestamp;
use protocol::{
    Severity, StudyFiles,
    model::{Assignment, Duty, RoleScope, Study},
};
use record::{Answer, Asked};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
    path::Path,
    process::ExitCode,
    sync::Arc,
};
use terms::{SiteId, StaffId};

pub fn run(arguments: &Init) -> anyhow::Result<ExitCode> {
    let files = folder::study_files(&arguments.study)?;
    let (study, diagnostics) = protocol::read(&files);
    let errors = diagnostics.iter().filter(|d| d.severity == Severity::Error).count();
    let Some(study) = study.filter(|_| errors == 0) else {
        eprint!("{}", crate::render::diagnostics(&diagnostics, &files));
        bail!("the study has {errors} mistakes: nothing was made");
    };
    let mut keys = store::Keys::draw()?;
    let judged = judge(arguments, &study, &mut keys)?;
    let study = Arc::new(study);
    let making = store::Making::begin(&arguments.data)?;
    making.end(make(arguments, &study, &files, &keys, &judged))?;
    let Judged { sites, prepared, .. } = &judged;
    println!("made {} with study {} version {}", arguments.data.display(), study.id, study.version);
    println!("  meaning        {}", study.hash());
    println!("  sites          {}", sites.iter().map(SiteId::as_str).collect::<Vec<_>>().join(", "));
    println!("  administrator  {} ({})", arguments.administrator, arguments.name);
    match &prepared.list {
        Some(list) => println!("  allocation     {} sealed rows, commitment {}", list.rows.len(), list.commitment()),
        None => println!("  allocation     none: the study has one arm"),
    }
    match prepared.stock.sealed.len() {
        0 => println!("  stock          none yet: receive it at each site"),
        count => println!("  stock          {count} containers, quarantined until two people accept them"),
    }
    println!(
        "  key            keys/sealed.key: copy it to a safe place now; without it nobody can release a container"
    );
    println!("next: lifejacket serve --data {}", arguments.data.display());
    Ok(ExitCode::SUCCESS)
}

/// Makes the store of what was found good.
fn make(
    arguments: &Init,
    study: &Arc<Study>,
    files: &StudyFiles,
    keys: &store::Keys,
    judged: &Judged,
) -> anyhow::Result<()> {
    let now = Timestamp::now();
    let opened = store::create(&arguments.data, None, now, keys)?;
    store::study_keep(&arguments.data, study, files)?;
    opened.door.study_add(Arc::clone(study));
    let setting_up = SettingUp { opened: &opened, study };
    setting_up.administrator(arguments, &judged.password, &judged.pin, now)?;
    setting_up.ask("adopt", Command::Authorise(Authorisation::AdoptStudy { study: study.hash() }))?;
    setting_up.grant_role(arguments)?;
    for site in &judged.sites {
        let open = Authorisation::OpenSite { site: site.clone() };
        setting_up.ask(&format!("open-{site}"), Command::Authorise(open))?;
    }
    setting_up.seal(&judged.prepared, now)
}

/// Everything that a real trial is made of, found good.
struct Judged {
    sites: Vec<SiteId>,
    password: String,
    pin: String,
    prepared: Prepared,
}

/// Judges all that was given before anything is made, and tells all faults at once.
fn judge(arguments: &Init, study: &Study, keys: &mut store::Keys) -> anyhow::Result<Judged> {
    let mut faults: Vec<String> = Vec::new();
    let mut fault = |error: anyhow::Error| faults.push(format!("{error:#}"));
    store::must_be_empty(&arguments.data).unwrap_or_else(&mut fault);
    if let Err(error) = judge_login(&arguments.administrator) {
        fault(error.into());
    }
    if let Err(error) = judge_name(&arguments.name) {
        fault(error.into());
    }
    let sites = sites(arguments, study).map_err(&mut fault).ok();
    let prepared = match sealed_key(arguments, keys) {
        Ok(()) => Prepared::new(arguments, study, sites.as_deref(), &keys.sealed, &mut fault),
        Err(error) => {
            fault(error);
            None
        }
    };
    let secrets = secrets(arguments).map_err(&mut fault).ok();
    if let Some((password, pin)) = &secrets {
        if let Err(error) = judge_password(password, &arguments.administrator, &arguments.name) {
            fault(error.into());
        }
        if let Err(error) = judge_pin(pin) {
            fault(error.into());
        }
    }
    match (sites, prepared, secrets) {
        (Some(sites), Some(prepared), Some((password, pin))) if faults.is_empty() => {
            Ok(Judged { sites, password, pin, prepared })
        }
        _ => bail!("nothing was made:\n{}", faults.join("\n")),
    }
}

/// The key that list and stock were sealed with, where it is given: from now on it is the store's.
fn sealed_key(arguments: &Init, keys: &mut store::Keys) -> anyhow::Result<()> {
    if let Some(path) = &arguments.sealed_key {
        keys.sealed = *store::key_read_at(path)?.secret();
    }
    Ok(())
}

/// A file that was sealed elsewhere can only be read with the key that it was sealed with.
fn opens_with(arguments: &Init, path: &Path) -> anyhow::Result<()> {
    if arguments.sealed_key.is_none() {
        bail!("{} is sealed: give the key that it was sealed with (--sealed-key FILE)", path.display());
    }
    Ok(())
}

/// What is read and sealed before anything is made, so that a bad file leaves nothing behind.
struct Prepared {
    list: Option<SealedList>,
    stock: allocation::FirstStock,
    key: allocation::Key,
}

impl Prepared {
    /// Reads and seals; every fault of both files is told.
    fn new(
        arguments: &Init,
        study: &Study,
        sites: Option<&[SiteId]>,
        key: &[u8; 32],
        mut fault: impl FnMut(anyhow::Error),
    ) -> Option<Self> {
        let key = allocation::Key::from_array(*key);
        let list = Self::list(arguments, study, sites.unwrap_or_default(), &key).map_err(&mut fault).ok();
        let stock = Self::stock(arguments, study, &key).map_err(&mut fault).ok();
        Some(Self { list: list?, stock: stock?, key })
    }

    fn list(
        arguments: &Init,
        study: &Study,
        sites: &[SiteId],
        key: &allocation::Key,
    ) -> anyhow::Result<Option<SealedList>> {
        Ok(match (&study.design.assignment, &arguments.allocation) {
            (Assignment::OpenLabel, None) => None,
            (Assignment::OpenLabel, Some(_)) => bail!("this study assigns nothing at random: leave --allocation away"),
            (Assignment::Randomised { .. }, None) => {
                let plan = ListPlan::of(study).context("the study has no plan for a list")?;
                Some(allocation::list_make(&plan, key, &Seed::from_array(store::random()?))?)
            }
            (Assignment::Randomised { .. }, Some(path)) => {
                let table = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
                let shown = path.display().to_string();
                if allocation::is_sealed(&table) {
                    opens_with(arguments, path)?;
                    let opened = sites.iter().map(SiteId::to_string).collect();
                    let list = allocation::list_read(&table, study, &opened, key);
                    return list.map(Some).map_err(|flaws| flaws_of(&shown, &flaws));
                }
                let strata: BTreeSet<String> = study.sites.iter().map(|site| site.id.to_string()).collect();
                let seed = Seed::from_array(store::random()?);
                let loaded = allocation::list_load(&table, &study.arms, &strata, key, &seed);
                Some(loaded.map_err(|error| flaws_of_list(&shown, error))?)
            }
        })
    }

    fn stock(arguments: &Init, study: &Study, key: &allocation::Key) -> anyhow::Result<allocation::FirstStock> {
        Ok(match &arguments.stock {
            None => allocation::FirstStock::default(),
            Some(path) => {
                let table = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
                if allocation::is_sealed(&table) {
                    opens_with(arguments, path)?;
                    return allocation::stock_read(&table, study, key)
                        .map_err(|flaws| flaws_of(&path.display().to_string(), &flaws));
                }
                let seed = Seed::from_array(store::random()?);
                allocation::stock_load(&table, study, key, &seed)
                    .map_err(|flaws| flaws_of(&path.display().to_string(), &flaws))?
            }
        })
    }
}

pub fn flaws_of_list(path: &str, error: allocation::LoadError) -> anyhow::Error {
    match error {
        allocation::LoadError::Flaws(flaws) => flaws_of(path, &flaws),
        other => other.into(),
    }
}

pub fn flaws_of(path: &str, flaws: &[allocation::LoadFlaw]) -> anyhow::Error {
    let lines: Vec<String> = flaws
        .iter()
        .map(|flaw| match flaw.line {
            // Of the whole file.
            0 => format!("  {path}: {}", flaw.what),
            line => format!("  {path}:{line}: {}", flaw.what),
        })
        .collect();
    anyhow::anyhow!("{} mistakes:\n{}", flaws.len(), lines.join("\n"))
}

struct SettingUp<'a> {
    opened: &'a store::Opened,
    study: &'a Arc<Study>,
}

impl SettingUp<'_> {
    fn ask(&self, id: &str, command: Command) -> anyhow::Result<()> {
        let now = Timestamp::now();
        let asked = Asked {
            request: Request {
                id: format!("init-{id}"),
                at: None,
                sent: None,
                reason: Some("the store was set up".to_owned()),
                command,
            },
            actor: Proof { person: Person::Program, at: now, signed: true },
            second: None,
            now,
            act: store::act_id()?,
            pseudonym: String::new(),
        };
        match self.opened.door.ask(&asked)? {
            Answer::Done(_) => Ok(()),
            Answer::No(conduct::No::Refused(refusal)) => {
                bail!("setting up was refused:\n{}", crate::render::refusal(&refusal))
            }
            Answer::No(no) => bail!("setting up was not possible: {no}"),
        }
    }

    fn administrator(&self, arguments: &Init, password: &str, pin: &str, now: Timestamp) -> anyhow::Result<()> {
        let account = NewAccount {
            login: arguments.administrator.clone(),
            display_name: arguments.name.clone(),
            who: Who::Staff(StaffId::from(arguments.administrator.as_str())),
            persona: false,
        };
        let identity = &self.opened.identity;
        let account = identity.account_create(&account, now)?;
        identity.password_set(&account.login, password, &store::random()?)?;
        identity.pin_set(&account.login, pin, &store::random()?)?;
        identity.event_note(&account.login, "account made", "command line", now)?;
        Ok(())
    }

    fn grant_role(&self, arguments: &Init) -> anyhow::Result<()> {
        let role = self
            .study
            .roles
            .iter()
            .find(|role| role.scope == RoleScope::Trial && role.duties.contains(&Duty::AdministerTrial))
            .context("the study has no role for the trial's administrator")?;
        let staff = StaffId::from(arguments.administrator.as_str());
        self.ask("administrator", Command::Authorise(Authorisation::GrantRole { staff, role: role.id.clone() }))
    }

    fn seal(&self, prepared: &Prepared, now: Timestamp) -> anyhow::Result<()> {
        let rows = prepared.list.as_ref().map_or(&[][..], |list| &list.rows);
        if !rows.is_empty() || !prepared.stock.sealed.is_empty() {
            self.opened.door.sealed_add("init-sealed", now, rows, &prepared.stock.sealed)?;
            let service = allocation::Service::open(
                prepared.key.clone(),
                rows.iter().cloned(),
                prepared.stock.sealed.iter().cloned(),
            )?;
            self.opened.door.sealed_open(service);
        }
        if let Some(list) = &prepared.list {
            let rows = u32::try_from(list.rows.len()).unwrap_or(u32::MAX);
            let load = Authorisation::LoadAllocation { commitment: list.commitment(), rows };
            self.ask("allocation", Command::Authorise(load))?;
        }
        for (site, containers) in &prepared.stock.labels {
            let receive = Fact::ReceiveContainers {
                site: site.clone(),
                consignment: "first stock".to_owned(),
                containers: containers.clone(),
                order: None,
                noted: None,
                certificates: BTreeMap::new(),
            };
            self.ask(&format!("stock-{site}"), Command::Fact(receive))?;
        }
        Ok(())
    }
}

fn sites(arguments: &Init, study: &Study) -> anyhow::Result<Vec<SiteId>> {
    if arguments.site.is_empty() {
        return Ok(study.sites.iter().map(|site| site.id.clone()).collect());
    }
    arguments
        .site
        .iter()
        .map(|id| {
            study.site(id).map(|site| site.id.clone()).with_context(|| {
                let known: Vec<&str> = study.sites.iter().map(|site| site.id.as_str()).collect();
                format!("the study has no site {id}; it has {}", known.join(", "))
            })
        })
        .collect()
}

/// The administrator's password and PIN: from a file, or asked for.
fn secrets(arguments: &Init) -> anyhow::Result<(String, String)> {
    if let Some(path) = &arguments.secrets {
        let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        let mut lines = text.lines();
        let (Some(password), Some(pin)) = (lines.next(), lines.next()) else {
            bail!("{} needs the password on its first line and the PIN on its second", path.display());
        };
        return Ok((password.to_owned(), pin.to_owned()));
    }
    let ask = |what: &str| -> anyhow::Result<String> {
        print!("{what}: ");
        std::io::stdout().flush()?;
        let mut line = String::new();
        std::io::stdin().read_line(&mut line)?;
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    };
    Ok((ask("password (12 characters or more)")?, ask("PIN (digits, for quick signing)")?))
}
