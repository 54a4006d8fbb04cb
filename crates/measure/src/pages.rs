//! Server time of pages under a steady load, on both databases.

use crate::{
    database::{self, Database},
    http::Client,
    load::{self, Asked, Load, View},
    personas::{self, Persona},
    program::{self, Server},
    table::Table,
};
use anyhow::{Context, bail};
use record::{SqliteStore, Store, projection::TABLES, table::Cell};
use std::{collections::BTreeSet, path::Path};

/// The steady load of the target.
const LOAD: Load = Load { clients: 16, rate: 100.0, seconds: 60.0 };

/// A load before it, which is not counted.
const WARM: Load = Load { seconds: 10.0, ..LOAD };

/// Core of the server, and of the clients.
const CORES: [usize; 2] = [0, 1];

/// Kinds of pages with how many of a hundred requests they are, and the most addresses of each that are asked for.
const MIX: &[(&str, usize)] = &[
    ("today", 15),
    ("participants", 10),
    ("search", 10),
    ("participant", 25),
    ("visit", 10),
    ("form", 10),
    ("session", 5),
    ("trial", 5),
    ("stock", 5),
    ("own pages", 5),
];

/// Addresses of one kind, at most.
const ADDRESSES_MAX: usize = 400;

/// Runs the load on the smaller and the larger database.
pub fn measure() -> anyhow::Result<Table> {
    let built = program::build()?;
    let mut table = Table::default();
    let (thousand, large) = (database::thousand()?, database::large()?);
    let cores = program::cores()?;
    let small = one(&built, &thousand, &mut table, "1,000 histories")?;
    let large = one(&built, &large, &mut table, "100,000 participants")?;
    // What is measured after this may use every core again.
    program::keep_to_cores(&cores);
    table.target("1,000 histories: p99", format!("{:.1} ms", small.p99), "≤ 10 ms", small.p99 <= 10.0);
    table.target("100,000 participants: p99", format!("{:.1} ms", large.p99), "≤ 15 ms", large.p99 <= 15.0);
    let ratio = large.p99 / small.p99;
    table.target("the larger p99 over the smaller", format!("{ratio:.2} ×"), "≤ 1.5 ×", ratio <= 1.5);
    let shown = program::megabytes(large.resident);
    table.target("resident memory on 100,000 after the run", shown, "≤ 200 MB", large.resident <= 200_000_000);
    table.note(format!(
        "Method: the release build serves on core {} and {} connections are kept by threads on core {}; request k is sent at \
         k/{} s after the start, whatever became of the others, for {} s after {} s that are not counted. The time runs in \
         the client from before the request is written until its answer has been read whole, on the loopback, so it is \
         longer than the server's own. Pages in hundredths: {}. They are asked for by every persona that may see them.",
        CORES[0],
        LOAD.clients,
        CORES[1],
        LOAD.rate,
        LOAD.seconds,
        WARM.seconds,
        MIX.iter().map(|(kind, share)| format!("{kind} {share}")).collect::<Vec<_>>().join(", ")
    ));
    Ok(table)
}

struct Outcome {
    p99: f64,
    resident: u64,
}

fn one(built: &Path, database: &Database, table: &mut Table, name: &str) -> anyhow::Result<Outcome> {
    let mut server = Server::start(built, &database.folder, Some(CORES[0]))?;
    server.wait()?;
    let personas = personas::all(server.address)?;
    let views = mixed(&server, &personas, &Known::of(&database.folder)?)?;
    let ours = std::process::id();
    let first = program::first_in_line(server.process()) && program::first_in_line(ours);
    let pinned = program::keep_to_cores(&CORES[1].to_string());
    load::run(server.address, &views, WARM)?;
    let asked = load::run(server.address, &views, LOAD)?;
    let (resident, highest) = server.memory()?;
    let [middle, p99, longest] = load::figures(asked.iter(), |one| one.milliseconds);
    let [_, planned, _] = load::figures(asked.iter(), |one| one.from_plan);
    let figures = format!("{middle:.1} / {p99:.1} / {longest:.1} ms");
    table.figure(&format!("{name}: all pages, median / p99 / longest"), figures);
    table.figure(&format!("{name}: p99 from the planned moment"), format!("{planned:.1} ms"));
    for (kind, _) in MIX {
        by_kind(table, name, kind, &asked);
    }
    let memory = format!("{} (highest {})", program::megabytes(resident), program::megabytes(highest));
    table.figure(&format!("{name}: resident memory after the run"), memory);
    table.note(format!(
        "{name}: {}; {} requests of {} personas over {} addresses; load on the machine {}{}{}.",
        database.says(),
        asked.len(),
        personas.len(),
        views.iter().map(|view| &view.path).collect::<BTreeSet<_>>().len(),
        program::load(),
        if first { ", both processes first in line (nice −10)" } else { "" },
        if pinned { "" } else { ", not pinned to cores" },
    ));
    Ok(Outcome { p99, resident })
}

fn by_kind(table: &mut Table, name: &str, kind: &'static str, asked: &[Asked]) {
    let of_kind: Vec<&Asked> = asked.iter().filter(|one| one.kind == kind).collect();
    if of_kind.is_empty() {
        return;
    }
    let [middle, p99, longest] = load::figures(of_kind.iter().copied(), |one| one.milliseconds);
    let kilobytes = of_kind.iter().map(|one| one.bytes).sum::<usize>() as f64 / of_kind.len() as f64 / 1e3;
    let figures = format!("{middle:.1} / {p99:.1} / {longest:.1} ms");
    table.figure(&format!("{name}: {kind} ({} requests, {kilobytes:.0} kB)", of_kind.len()), figures);
}

/// What there is to look at.
struct Known {
    /// Participants, those with the longest histories and others in turns.
    participants: Vec<String>,
    visits: Vec<(String, String)>,
    forms: Vec<(String, String)>,
    sites: Vec<String>,
}

impl Known {
    fn of(folder: &Path) -> anyhow::Result<Self> {
        let store = SqliteStore::open(&folder.join("record.sqlite"), TABLES)?;
        let texts = |sql: &str| -> anyhow::Result<Vec<Vec<String>>> {
            let text = |cell: &Cell| cell.as_text().unwrap_or_default().to_owned();
            Ok(store.select(sql, &[])?.iter().map(|row| row.iter().map(text).collect()).collect())
        };
        let mut known = Self { participants: Vec::new(), visits: Vec::new(), forms: Vec::new(), sites: Vec::new() };
        let sites = texts("SELECT DISTINCT site FROM phase_count ORDER BY site")?;
        known.sites = sites.into_iter().flatten().collect();
        for site in &known.sites {
            // The same share of whole histories and of all others, spread over the site's codes.
            for which in ["IS NOT NULL", "IS NULL"] {
                let of_site = texts(&format!(
                    "SELECT participant FROM participant WHERE site = '{site}' AND assigned_on {which} ORDER BY participant"
                ))?;
                let step = (of_site.len() / 60).max(1);
                known.participants.extend(of_site.into_iter().step_by(step).flatten());
            }
        }
        for code in &known.participants {
            let pairs = |table: &str, column: &str| {
                texts(&format!("SELECT participant, {column} FROM {table} WHERE participant = '{code}' LIMIT 40"))
            };
            known.visits.extend(every(pairs("visit", "visit")?, 4));
            known.forms.extend(every(pairs("form", "instance")?, 8));
        }
        Ok(known)
    }

    /// Addresses of a kind, more than will be asked for.
    fn addresses(&self, kind: &str) -> Vec<String> {
        let people = |of: &dyn Fn(&str) -> String| self.participants.iter().map(|code| of(code)).collect::<Vec<_>>();
        match kind {
            "today" => vec!["/today".to_owned()],
            "participants" => {
                let mut all = vec!["/participants".to_owned()];
                all.extend(self.sites.iter().map(|site| format!("/participants?site={site}")));
                all.extend(["screening", "treatment", "follow_up"].map(|phase| format!("/participants?phase={phase}")));
                all.extend(people(&|code| format!("/participants?after={code}")).into_iter().step_by(7));
                all
            }
            "search" => people(&|code| format!("/participants?q={}", code.to_lowercase())),
            "participant" => people(&|code| format!("/participants/{code}")),
            "visit" => self.visits.iter().map(|(code, visit)| format!("/participants/{code}/visits/{visit}")).collect(),
            "form" => self.forms.iter().map(|(code, form)| format!("/participants/{code}/forms/{form}")).collect(),
            "session" => people(&|code| format!("/participants/{code}/sessions/1")),
            "trial" => vec!["/trial".to_owned(), "/study".to_owned()],
            "stock" => {
                let mut all = vec!["/stock".to_owned()];
                all.extend(self.sites.iter().map(|site| format!("/stock/{site}")));
                all
            }
            _ => vec!["/me".to_owned(), "/me/visits".to_owned(), "/me/agreed".to_owned()],
        }
    }
}

fn every(rows: Vec<Vec<String>>, nth: usize) -> impl Iterator<Item = (String, String)> {
    rows.into_iter().step_by(nth).filter_map(|row| {
        let mut cells = row.into_iter();
        Some((cells.next()?, cells.next()?))
    })
}

/// Every view that is asked for, in the order in which they are: kinds by their shares, personas in turns.
fn mixed(server: &Server, personas: &[Persona], known: &Known) -> anyhow::Result<Vec<View>> {
    let mut client = Client::connect(server.address)?;
    let mut by_kind = Vec::new();
    let mut shuffle = Shuffle(0x2545_f491_4f6c_dd1d);
    for (kind, share) in MIX {
        let mut candidates: Vec<(String, &Persona)> = known
            .addresses(kind)
            .into_iter()
            .flat_map(|path| personas.iter().map(move |persona| (path.clone(), persona)))
            .collect();
        shuffle.shuffle(&mut candidates);
        let mut views = Vec::new();
        for (path, persona) in candidates.into_iter().take(ADDRESSES_MAX * 4) {
            client.cookie = Some(persona.cookie.clone());
            let reply = client.get(&path)?;
            match reply.status {
                200 => views.push(View { kind, path, cookie: persona.cookie.clone() }),
                // Not everybody may see everything.
                303 | 403 | 404 => {}
                other => bail!("{path} was answered with {other} for {}: {}", persona.login, reply.text()),
            }
            if views.len() >= ADDRESSES_MAX {
                break;
            }
        }
        if views.is_empty() {
            bail!("nobody may see any page of the kind `{kind}`");
        }
        by_kind.push((views, *share));
    }
    let mut order: Vec<usize> = by_kind.iter().enumerate().flat_map(|(kind, (_, share))| vec![kind; *share]).collect();
    let mut all = Vec::new();
    let mut next = vec![0; by_kind.len()];
    for _ in 0..40 {
        shuffle.shuffle(&mut order);
        for kind in &order {
            let (views, _) = by_kind.get(*kind).context("a kind of page")?;
            let place = next.get_mut(*kind).context("a kind of page")?;
            all.extend(views.get(*place % views.len()).cloned());
            *place += 1;
        }
    }
    Ok(all)
}

/// Always the same disorder (xorshift), so that runs can be compared.
struct Shuffle(u64);

impl Shuffle {
    fn shuffle<T>(&mut self, all: &mut [T]) {
        for last in (1..all.len()).rev() {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            all.swap(last, (self.0 % (last as u64 + 1)) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mix_is_a_hundred() {
        assert_eq!(MIX.iter().map(|(_, share)| share).sum::<usize>(), 100);
    }

    #[test]
    fn disorder_keeps_everything() {
        let mut all: Vec<u32> = (0..100).collect();
        Shuffle(7).shuffle(&mut all);
        assert_ne!(all, (0..100).collect::<Vec<_>>());
        all.sort_unstable();
        assert_eq!(all, (0..100).collect::<Vec<_>>());
    }
}
