//! `lock`: what is still open is listed, two people sign, the analysis plan is frozen and the record locked, or neither.

use super::apply::prove;
use crate::{arguments::Lock, render, store};
use anyhow::{Context as _, bail};
use conduct::{Authorisation, Command, No, Proof, Request, TrialState, entry::OpenItem};
use jiff::Timestamp;
use protocol::model::{Duty, Study};
use record::{Answer, Asked};
use std::{collections::BTreeMap, process::ExitCode};

pub fn run(arguments: &Lock) -> anyhow::Result<ExitCode> {
    let folder = &arguments.data.data;
    let opened = if arguments.list { store::open_to_look(folder)? } else { store::open(folder)? };
    let trial = opened.door.trial()?;
    let studies = opened.door.studies();
    let hash = trial.current_study().context("no study version has been adopted in this store")?;
    let study = studies.get(hash).context("the files of the adopted study version are missing")?;
    if arguments.list {
        let census = record::census(opened.door.store().as_ref(), &studies)?;
        print_open(&census.open);
        return Ok(ExitCode::SUCCESS);
    }
    let signing = Signing::new(&opened, arguments, study, &trial)?;
    if arguments.unlock {
        return signing.ask(Authorisation::UnlockRecord {}, "the record is open again");
    }
    let plan = study.analysis.hash();
    let frozen = trial.plan.as_ref().is_some_and(|frozen| frozen.plan == plan) || trial.opened.is_some();
    // Both acts are asked for before either is written: a lock that is refused leaves no frozen plan behind.
    let freeze = (!frozen).then(|| Authorisation::FreezePlan { plan: plan.clone() });
    let lock = (!arguments.freeze_only).then_some(Authorisation::LockRecord {});
    if lock.is_some() {
        print_open(&record::census(opened.door.store().as_ref(), &studies)?.open);
    }
    let mut may = true;
    for act in freeze.iter().chain(&lock) {
        may &= signing.may(act, freeze.is_some())?;
    }
    if !may {
        return Ok(ExitCode::from(1));
    }
    if let Some(act) = freeze {
        let words = format!("the analysis plan of version {} is frozen: {plan}", study.version);
        let code = signing.ask(act, &words)?;
        if code != ExitCode::SUCCESS {
            return Ok(code);
        }
    } else if arguments.freeze_only {
        println!("the analysis plan was frozen before: {plan}");
    }
    let Some(act) = lock else { return Ok(ExitCode::SUCCESS) };
    signing.ask(act, "the record is locked: `lifejacket report` opens the allocation for the analysis from now on")
}

/// The rule that a plan frozen in the same breath satisfies.
const LOCK_PLAN: &str = "lock.plan";

/// The two who sign, and how they ask.
struct Signing<'a> {
    opened: &'a store::Opened,
    actor: Proof,
    second: Option<Proof>,
    reason: Option<String>,
    now: Timestamp,
}

impl<'a> Signing<'a> {
    fn new(opened: &'a store::Opened, arguments: &Lock, study: &Study, trial: &TrialState) -> anyhow::Result<Self> {
        let now = store::now(opened)?;
        let secrets = super::apply::secrets(arguments.secrets.as_deref())?;
        let (login, second) = match (&arguments.login, &arguments.second) {
            (Some(login), second) => (login.clone(), second.clone()),
            (None, _) if opened.door.store().about().synthetic => {
                let first = persona(opened, study, trial, Duty::ManageData)?;
                (first, Some(persona(opened, study, trial, Duty::AdministerTrial)?))
            }
            (None, _) => bail!("say who signs: --as LOGIN --second LOGIN, their passwords in a file with --secrets"),
        };
        let second = second.map(|login| prove(opened, &login, secrets.get(1), now)).transpose()?;
        let actor = prove(opened, &login, secrets.first(), now)?;
        Ok(Self { opened, actor, second, reason: arguments.reason.clone(), now })
    }

    /// Whether the act would be granted, with the reasons on paper if not. `freezing`: the plan is to be frozen in the same
    /// breath, so that its absence is no reason. A refusal is kept as every refusal is; nothing else is written.
    fn may(&self, act: &Authorisation, freezing: bool) -> anyhow::Result<bool> {
        let asked = self.asked(act.clone())?;
        let door = &self.opened.door;
        let streams = door.streams(&asked.request.command)?;
        let context = door.context(&asked, &streams)?;
        let site = streams.site_id.as_ref();
        let mut refusal = match conduct::decide(&door.studies(), streams.world(), site, &asked.request, &context) {
            Ok(_) => return Ok(true),
            Err(No::Refused(refusal)) => refusal,
            Err(no) => bail!("{no}"),
        };
        if freezing {
            refusal.broken.retain(|broken| broken.rule != LOCK_PLAN);
        }
        if refusal.broken.is_empty() {
            return Ok(true);
        }
        print!("{}", render::refusal(&refusal));
        door.ask(&asked)?;
        Ok(false)
    }

    fn asked(&self, act: Authorisation) -> anyhow::Result<Asked> {
        let act_id = store::act_id()?;
        let request = Request {
            id: format!("lock-{act_id}"),
            at: None,
            sent: None,
            reason: self.reason.clone().filter(|_| !matches!(act, Authorisation::FreezePlan { .. })),
            command: Command::Authorise(act),
        };
        Ok(Asked {
            request,
            actor: self.actor.clone(),
            second: self.second.clone(),
            now: self.now,
            act: act_id,
            pseudonym: String::new(),
        })
    }

    fn ask(&self, act: Authorisation, done: &str) -> anyhow::Result<ExitCode> {
        let asked = self.asked(act)?;
        match self.opened.door.ask(&asked)? {
            Answer::Done(receipt) => {
                println!("{done}");
                for written in &receipt.entries {
                    let people = [Some(&written.stamp.by), written.stamp.second.as_ref()];
                    let names: Vec<String> = people.into_iter().flatten().map(exchange::analysed::signatory).collect();
                    println!("  signed by {} at {:.0}", names.join(" and "), written.stamp.recorded_at);
                }
                Ok(ExitCode::SUCCESS)
            }
            Answer::No(No::Refused(refusal)) => {
                print!("{}", render::refusal(&refusal));
                Ok(ExitCode::from(1))
            }
            Answer::No(no) => bail!("{no}"),
        }
    }
}

/// The persona of a synthetic store who holds a duty in the whole trial.
fn persona(opened: &store::Opened, study: &Study, trial: &TrialState, duty: Duty) -> anyhow::Result<String> {
    let holds = |staff: &terms::StaffId| {
        let roles = trial.roles.get(staff).into_iter().flatten();
        roles.filter_map(|role| study.role(role.as_str())).any(|role| role.duties.contains(&duty))
    };
    let personas = opened.identity.personas()?.into_iter();
    let found = personas.into_iter().find(|account| match &account.who {
        identity::Who::Staff(staff) => holds(staff),
        identity::Who::Participant(_) => false,
    });
    found.map(|account| account.login).with_context(|| {
        format!("no persona of this store may {}: say who signs with --as and --second", duty.name().replace('_', " "))
    })
}

fn print_open(open: &[OpenItem]) {
    if open.is_empty() {
        println!("nothing is open");
        return;
    }
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for item in open {
        let participant = item.participant.as_ref().map_or("–", |participant| participant.as_str());
        println!("  {:<12} {participant:<10} {:<24} {}", item.kind, item.item, item.text);
        *kinds.entry(&item.kind).or_default() += 1;
    }
    let counts: Vec<String> = kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    println!("{} still open: {}", open.len(), counts.join(", "));
}
