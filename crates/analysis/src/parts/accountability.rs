//! Every container from its arrival to its end, and counts that differed.

use crate::{
    run::Run,
    shown,
    table::{Cell, Place, Section, Table, ground},
};
use std::collections::{BTreeMap, BTreeSet};

const QUERIES: &[&str] = &["container", "stock_movement", "stock_count"];
/// How a container stands at the site that sent it to another.
const SENT: &str = "sent";

pub fn section(run: &Run<'_>) -> Section {
    let mut section = Section::new("accountability", "Accountability of the medicine");
    section.words("By label alone: nothing here tells what a container holds.");
    section.table(balance(run));
    section.table(movements(run));
    section
}

/// Entries about a site's containers that fit.
fn places(run: &Run<'_>, site: Option<&str>, fits: &dyn Fn(&str) -> bool) -> Vec<Place> {
    let movements = run.record.movements.iter();
    let here = movements.filter(|one| site.is_none_or(|site| site == one.site) && fits(&one.container));
    here.map(|one| Place::Entry { stream: format!("stock/{}", one.site), version: one.version }).collect()
}

fn balance(run: &Run<'_>) -> Table {
    let mut table = Table::new("accountability", "Containers by site and where they ended", "Site", QUERIES);
    let standings: BTreeSet<&str> = run.record.containers.iter().map(|one| one.standing.as_str()).collect();
    table.column("received", "Received");
    for standing in &standings {
        table.column((*standing).to_owned(), shown::capital(&shown::words(standing)));
    }
    table.column("counts", "Counts").column("differed", "Counts that differed");
    let mut sites: Vec<Option<&str>> = run.record.sites.iter().map(|site| Some(site.id.as_str())).collect();
    sites.push(None);
    let mut wrong = 0;
    for site in sites {
        let own: Vec<_> = run.record.containers.iter().filter(|one| site.is_none_or(|site| site == one.site)).collect();
        let mut by_standing: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        // Of all sites together, a container that was sent on stands where it arrived.
        let elsewhere: BTreeSet<&str> = match site {
            Some(_) => BTreeSet::new(),
            None => own.iter().filter(|one| one.standing != SENT).map(|one| one.container.as_str()).collect(),
        };
        for one in own.iter().filter(|one| one.standing != SENT || !elsewhere.contains(one.container.as_str())) {
            by_standing.entry(&one.standing).or_default().insert(&one.container);
        }
        let all: BTreeSet<&str> = own.iter().map(|one| one.container.as_str()).collect();
        let cell = |ids: &BTreeSet<&str>| {
            Cell::count(ground(places(run, site, &|container| ids.contains(container))), ids.len()).by("containers")
        };
        let mut cells = vec![cell(&all)];
        for standing in &standings {
            cells.push(by_standing.get(standing).map_or_else(|| cell(&BTreeSet::new()), cell));
        }
        wrong += usize::from(by_standing.values().map(BTreeSet::len).sum::<usize>() != all.len());
        let counts: Vec<_> = run.record.counts.iter().filter(|one| site.is_none_or(|site| site == one.site)).collect();
        let entry =
            |one: &&crate::record::Count| Place::Entry { stream: format!("stock/{}", one.site), version: one.version };
        cells.push(Cell::count(ground(counts.iter().map(entry)), counts.len()));
        let differed: Vec<_> = counts.iter().filter(|one| one.expected != one.found).collect();
        cells.push(Cell::count(ground(differed.iter().map(|one| entry(one))), differed.len()));
        let name = run.record.sites.iter().find(|known| Some(known.id.as_str()) == site);
        let title = name.map_or_else(|| "All sites".to_owned(), |known| format!("{} {}", known.id, known.name));
        table.row(site.unwrap_or("total"), title, cells);
    }
    table.note(match wrong {
        0 => "Checked: at every site the containers by their end are those received.".to_owned(),
        count => format!("DOES NOT ADD UP at {count} sites."),
    });
    table.note("Received: by consignment or from another site. In all sites together a container counts once, where it arrived last.");
    table
}

fn movements(run: &Run<'_>) -> Table {
    let mut table = Table::new("movements", "Movements of containers", "Movement", QUERIES);
    let parts: BTreeMap<&str, &str> =
        run.record.containers.iter().map(|one| (one.container.as_str(), one.part.as_str())).collect();
    table.column("initial", "First doses").column("supplement", "Supplements").column("total", "Total");
    let kinds: BTreeSet<&str> = run.record.movements.iter().map(|one| one.movement.as_str()).collect();
    for kind in kinds {
        let cells = [Some("initial"), Some("supplement"), None].map(|part| {
            let own: Vec<_> = run
                .record
                .movements
                .iter()
                .filter(|one| {
                    one.movement == kind && part.is_none_or(|part| parts.get(one.container.as_str()) == Some(&part))
                })
                .collect();
            let places =
                own.iter().map(|one| Place::Entry { stream: format!("stock/{}", one.site), version: one.version });
            Cell::count(ground(places), own.len()).by("movements of single containers")
        });
        table.row(kind, shown::capital(&shown::words(kind)), cells.to_vec());
    }
    table
}
