//! `forecast`: what each site needs of the drug, from the visit schedule, by level and part of the label.

use crate::{arguments::Forecast, store};
use anyhow::{Context as _, bail};
use conduct::{
    accountability::forecast::{forecast, needs},
    command::DosePart,
};
use record::table::Cell;
use std::process::ExitCode;
use terms::{ParticipantId, SiteId};

pub fn run(arguments: &Forecast) -> anyhow::Result<ExitCode> {
    let opened = store::open_to_look(&arguments.data.data)?;
    let now = store::now(&opened)?;
    let trial = opened.door.trial()?;
    let studies = opened.door.studies();
    let current = trial.current_study().and_then(|hash| studies.get(hash));
    let study = current.context("no study version is in force in this store")?;
    let wanted = arguments.site.as_deref().map(SiteId::from);
    if let Some(site) = wanted.as_ref().filter(|site| !trial.sites.contains_key(*site)) {
        bail!("there is no site {site} in this store");
    }
    println!("site,until,level,part,sessions,first,usable,coming,expiring,send");
    for (site, opened_site) in &trial.sites {
        if wanted.as_ref().is_some_and(|wanted| wanted != site) {
            continue;
        }
        let today = now.to_zoned(opened_site.time_zone.clone()).date();
        let sql = "SELECT participant FROM participant WHERE site = ?1 ORDER BY participant";
        let mut all = Vec::new();
        for row in opened.door.store().select(sql, &[site.as_str().into()])? {
            let Some(id) = row.first().and_then(Cell::as_text).map(ParticipantId::from) else { continue };
            let Some(participant) = opened.door.participant(&id)? else { continue };
            let theirs = studies.get(&participant.study).context("a study version that this store does not hold")?;
            all.extend(needs(theirs, &participant));
        }
        let stock = opened.door.stock(site)?;
        let Some(found) = forecast(study, &all, &stock, today) else {
            bail!("this study has no plan for the drug: add [stock] to its files");
        };
        for line in found.lines {
            let part = match line.part {
                DosePart::Initial => "initial",
                DosePart::Supplement => "supplement",
            };
            let first = line.first.map(|day| day.to_string()).unwrap_or_default();
            println!(
                "{site},{},{},{part},{},{first},{},{},{},{}",
                found.until, line.level, line.needed, line.usable, line.coming, line.expiring, line.send
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}
