//! A site's stock: what is in the safe, where each container stands, movements and counts. What a container holds is
//! not known here.

use conduct::command::DosePart;
use conduct::state::ContainerStanding;

use protocol::model::Duty;

use crate::acts;
use crate::desk::{Desk, SiteFile, instant, number, text};
use crate::frame::{self, Place};
use crate::http::call::Call;
use crate::http::pairs::segment;
use crate::http::reply::{Reply, Trouble};
use crate::names;
use crate::parts::page::{Body, Section};
use crate::parts::table::{Cell, Table};
use crate::parts::words::{Empty, Fact, Link, Strip, Tag};
use crate::show;
use record::table::Row;

/// The person's sites, or the one that they have.
pub fn get(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::of(call.services, call.who()?, call.now)?;
    if !frame::open_to(&desk, Place::Stock) {
        return Err(Trouble::NotFound);
    }
    if let [one] = desk.sites.as_slice() {
        return site_page(call, &desk, one.as_str());
    }
    let mut rows = Vec::new();
    for site in &desk.sites {
        let stock = desk.services.door.stock(site)?;
        let name = desk.trial.sites.get(site).map(|s| s.name.clone()).unwrap_or_default();
        let available = stock.containers.values().filter(|c| c.standing == ContainerStanding::Available).count();
        let counted =
            stock.last_count.map(|(at, _)| show::moment(at, &desk.zone(site))).unwrap_or_else(|| "never".to_owned());
        let tag = if stock.variance { Tag::stop("Count differs") } else { Tag::done("In order") };
        let next = super::forecast::first_lack(&desk, site)?;
        rows.push(vec![
            Cell::link(format!("/stock/{}", segment(site.as_str())), site.as_str()).as_head(),
            Cell::text(&name),
            Cell::number(available),
            Cell::text(&counted),
            Cell::text(&next),
            Cell::tag(tag),
        ]);
    }
    let body = Body::new("Stock").lead("The label of a container doesn’t say what it holds.");
    let body = if rows.is_empty() {
        body.section(Section::bare(Empty::new("No site is open to you today.", "")))
    } else {
        body.section(Section::bare(
            Table::new(
                "Stock by site",
                &["Site", "Name", "In the safe, to be used", "Last count", "To send", "State"],
                rows,
            )
            .unseen_caption(),
        ))
    };
    frame::page(call, &desk, Place::Stock, Vec::new(), body)
}

/// One site of several.
pub fn site(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::of(call.services, call.who()?, call.now)?;
    if !frame::open_to(&desk, Place::Stock) {
        return Err(Trouble::NotFound);
    }
    site_page(call, &desk, call.part("site"))
}

fn site_page(call: &Call<'_>, desk: &Desk<'_>, code: &str) -> Result<Reply, Trouble> {
    let file = desk.site(code)?;
    let at = format!("/sites/{}", segment(code));
    let mut body = Body::new(format!("Stock, site {code}")).lead("The label of a container doesn’t say what it holds. Nothing here is edited or deleted; a mistake is answered by a further movement.");
    for (key, words) in [
        ("count", "Count the safe"),
        ("receive", "Containers arrived"),
        ("accept", "Accept into the safe"),
        ("container", "Record a container"),
        ("temperature", "Read the logger"),
        ("safe-access", "Safe opened or shut"),
        ("order-form", "Sign an order form"),
        ("complete-receipt", "Papers came later"),
        ("ship", "Send to another site"),
        ("receive-shipment", "A shipment arrived"),
        ("recall", "A lot was called back"),
        ("destroy", "Destroy"),
    ] {
        let address = format!("{at}/do/{key}");
        if acts::offered(file.reader.duties, &address) {
            body.action(address, words);
        }
    }
    body.main_act = true;
    if counting(desk, &file) {
        body.add(Section::bare(being_counted(&file)));
        let crumbs = if desk.sites.len() > 1 { vec![Link::new("/stock", "Stock")] } else { Vec::new() };
        return frame::page(call, desk, Place::Stock, crumbs, body);
    }
    body.strip = strip(desk, &file);
    if file.stock.variance {
        body.add(super::differences::section(desk, &file)?);
    }
    let today = super::forecast::section(desk, &file)?;
    body.add(Section::new("containers", "Containers", containers(&file, &at)));
    if let Some(forecast) = today {
        body.add(forecast);
    }
    body.add(Section::new("keeping", "Keeping", keeping(desk, &file)));
    let register = format!("/stock/{}/ledger", segment(code));
    body.add(
        Section::new("movements", "Movements", movements(desk, &file, call.query.text("before"))?)
            .lead("Newest first.")
            .link(register, "The controlled-drug register, with balances"),
    );
    let crumbs = if desk.sites.len() > 1 { vec![Link::new("/stock", "Stock")] } else { Vec::new() };
    frame::page(call, desk, Place::Stock, crumbs, body)
}

/// Whether somebody who may count must not be shown now what should be there: one of two has counted, and the other may be
/// about to.
pub fn counting(desk: &Desk<'_>, file: &SiteFile) -> bool {
    let counts = file.reader.duties.has_any(&[Duty::DispenseDrug, Duty::WitnessDrug]);
    counts && file.stock.half.as_ref().is_some_and(|half| half.until >= desk.now)
}

/// What stands in place of figures while a count is under way.
pub fn being_counted(file: &SiteFile) -> Empty {
    let until = file.stock.half.as_ref().map(|half| show::clock(half.until, &file.zone)).unwrap_or_default();
    Empty::new(
        "The safe is being counted.",
        format!("One of two has counted. What should be there is shown when the other has, by {until} at the latest."),
    )
}

/// Temperature, the safe's door, papers, shipments, recalls: what stands and what is due.
fn keeping(desk: &Desk<'_>, file: &SiteFile) -> String {
    let stock = &file.stock;
    let plan = desk.study.stock.as_ref();
    let mut facts = Vec::new();
    let due = |last: jiff::Timestamp, days: u32| {
        let hours = i64::from(days) * 24;
        desk.now.duration_since(last).as_hours() > hours
    };
    let (value, remark) = match stock.temperature {
        None => ("Never read".to_owned(), String::new()),
        Some((at, within)) => {
            let late = plan.is_some_and(|plan| due(at, plan.temperature_every_days));
            let state = if within { "within the limits" } else { "outside the limits" };
            (show::moment(at, &file.zone), if late { format!("{state}; a reading is due") } else { state.to_owned() })
        }
    };
    let limits = plan.map(|plan| format!("Temperature, {} to {} °C", plan.temperature_c_min, plan.temperature_c_max));
    facts.push(Fact::new(limits.unwrap_or_else(|| "Temperature".to_owned()), value, remark));
    facts.push(match &stock.open {
        Some((at, purpose)) => {
            Fact::new("The safe", "Open", format!("since {}, {purpose}", show::moment(*at, &file.zone)))
        }
        None => Fact::new("The safe", "Shut", ""),
    });
    for (number, shipment) in stock.shipments.iter().filter(|(_, shipment)| !shipment.received) {
        let remark = format!("{} containers, seal {}", shipment.containers.len(), shipment.seal);
        facts.push(Fact::new(format!("On its way from {}", shipment.from), number.clone(), remark));
    }
    for (number, order) in &stock.orders {
        let until = order.until.map(|day| format!("holds to {}", show::date(day))).unwrap_or_default();
        let open = order.until.is_none_or(|until| until >= file.today);
        let arrived = stock.consignments.values().any(|consignment| consignment.order.as_ref() == Some(number));
        if open && !arrived {
            facts.push(Fact::new("Ordered, not yet here", number.clone(), until));
        }
    }
    let papers = plan.is_some_and(|plan| plan.certificate);
    for (number, consignment) in &stock.consignments {
        let mine = stock.containers.values().filter(|container| container.consignment == *number);
        let waiting = mine
            .filter(|container| container.standing == ContainerStanding::Quarantined)
            .filter(|container| papers && !consignment.certificates.contains_key(&container.lot))
            .count();
        if waiting > 0 {
            let remark = format!("{waiting} containers wait in quarantine");
            facts.push(Fact::new("Certificate not on record", format!("delivery {number}"), remark));
        }
    }
    for (lot, reason) in &stock.recalls {
        let given: Vec<String> = stock
            .containers
            .iter()
            .filter(|(_, container)| container.lot == *lot && container.pieces_used > 0)
            .map(|(id, container)| match &container.standing {
                ContainerStanding::Used { participant, .. } => format!("{id} to {participant}"),
                _ => id.to_string(),
            })
            .collect();
        let given = if given.is_empty() {
            "nothing of it was given".to_owned()
        } else {
            format!("given before: {}", given.join(", "))
        };
        facts.push(Fact::new(format!("Lot {lot} called back"), reason.clone(), given));
    }
    crate::parts::words::Facts { facts }.to_string()
}

fn strip(desk: &Desk<'_>, file: &SiteFile) -> Strip {
    let count =
        |wanted: fn(&ContainerStanding) -> bool| file.stock.containers.values().filter(|c| wanted(&c.standing)).count();
    let available = file.stock.containers.values().filter(|c| c.standing == ContainerStanding::Available);
    let first = available.map(|c| c.expires).min();
    let every = desk.study.stock.as_ref().map(|plan| i64::from(plan.count_every_days) * 24);
    let counted = match file.stock.last_count {
        Some((at, true)) if every.is_some_and(|hours| desk.now.duration_since(at).as_hours() > hours) => {
            Fact::new("Last count by two", show::moment(at, &file.zone), "agreed; the next is due")
        }
        Some((at, true)) => Fact::new("Last count by two", show::moment(at, &file.zone), "agreed"),
        Some((at, false)) => Fact::new("Last count by two", show::moment(at, &file.zone), "differs"),
        None => Fact::new("Last count by two", "Never", ""),
    };
    Strip {
        facts: vec![
            Fact::new(
                "In the safe, to be used",
                count(|s| *s == ContainerStanding::Available).to_string(),
                "containers",
            ),
            Fact::new("Set aside", count(|s| *s == ContainerStanding::Quarantined).to_string(), ""),
            Fact::new("Out of the safe", count(|s| matches!(s, ContainerStanding::Out { .. })).to_string(), ""),
            counted,
            Fact::new("First to expire", first.map_or_else(|| "None".to_owned(), show::date), ""),
        ],
    }
}

fn containers(file: &SiteFile, at: &str) -> String {
    let mut all: Vec<_> = file.stock.containers.iter().collect();
    let over = |standing: &ContainerStanding| {
        matches!(
            standing,
            ContainerStanding::Destroyed
                | ContainerStanding::ReturnedOut
                | ContainerStanding::Sent { arrived: true, .. }
                | ContainerStanding::Used { back: true, .. }
        )
    };
    all.sort_by_key(|(id, container)| (over(&container.standing), container.expires, (*id).clone()));
    let (now, past): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, container)| !over(&container.standing));
    let row = |(id, container): (&terms::ContainerId, &conduct::state::Container)| {
        let part = match container.part {
            DosePart::Initial => "first dose",
            DosePart::Supplement => "supplement",
        };
        let whose = match &container.standing {
            ContainerStanding::Out { participant, session, .. } => format!("{participant}, session {session}"),
            ContainerStanding::Used { participant, .. } => participant.to_string(),
            _ => String::new(),
        };
        let expired = container.expires < file.today && container.standing == ContainerStanding::Available;
        let tag = if expired { Tag::in_the_way("Out of date") } else { names::container(&container.standing) };
        let address = format!("{at}/do/container/{}", segment(id.as_str()));
        vec![
            if acts::offered(file.reader.duties, &address) {
                Cell::link(address, id.as_str()).as_head()
            } else {
                Cell::head(id.as_str())
            },
            Cell::text(part),
            Cell::text(container.level.as_str()),
            Cell::text(&container.lot),
            Cell::text(&show::date(container.expires)),
            Cell::text(&whose),
            Cell::tag(tag),
        ]
    };
    let heads = ["Container", "Part", "Level", "Lot", "Last day", "For", "State"];
    let now_rows: Vec<_> = now.into_iter().map(row).collect();
    let past_rows: Vec<_> = past.into_iter().map(row).collect();
    let mut out = if now_rows.is_empty() {
        Empty::new("No container is here.", "Record an arrival when one comes.").to_string()
    } else {
        Table::new("Containers", &heads, now_rows).unseen_caption().to_string()
    };
    if !past_rows.is_empty() {
        out.push_str(&format!(
            "<details class=\"history\"><summary>Used up, sent back or destroyed: {}</summary><div class=\"up-3\">{}</div></details>",
            past_rows.len(),
            Table::new("Containers of the past", &heads, past_rows).unseen_caption()
        ));
    }
    out
}

/// How many movements stand on one page.
const PAGE: i64 = 60;

fn movements(desk: &Desk<'_>, file: &SiteFile, before: &str) -> Result<String, Trouble> {
    let newest = before.parse::<i64>().unwrap_or(i64::MAX).to_string();
    let rows = desk.select(
        "SELECT version, container, movement, detail, participant, happened_at, moved_by, second FROM stock_movement \
         WHERE site = ?1 AND version < CAST(?2 AS INTEGER) ORDER BY version DESC, container LIMIT 61",
        &[file.id.as_str(), &newest],
    )?;
    if rows.is_empty() {
        return Ok(Empty::new("No movement is on record.", "").to_string());
    }
    let more = i64::try_from(rows.len()).unwrap_or(0) > PAGE;
    let shown: Vec<_> = rows.iter().take(usize::try_from(PAGE).unwrap_or(0)).collect();
    let last = shown.last().map(|row| number(row, 0)).unwrap_or(0);
    let cells = together(&shown)
        .into_iter()
        .map(|(row, containers)| {
            let when = instant(row, 5).map(|at| show::moment(at, &file.zone)).unwrap_or_default();
            let people = [text(row, 6), text(row, 7)]
                .into_iter()
                .filter(|p| !p.is_empty())
                .map(|p| person_name(desk, &p))
                .collect::<Vec<_>>()
                .join(", ");
            let (what, detail) = movement_words(&text(row, 2), &text(row, 3));
            vec![
                Cell::head(&when),
                Cell::text(&what).with_remark(&detail),
                Cell::text(&containers.join(", ")),
                Cell::text(&text(row, 4)),
                Cell::text(&people),
                Cell::text(&text(row, 0)),
            ]
        })
        .collect();
    let table =
        Table::new("Movements", &["When", "Movement", "Containers", "For", "People", "Entry"], cells).unseen_caption();
    let older = if more {
        format!("<p class=\"up-3\"><a href=\"?before={last}\">Older movements</a></p>")
    } else {
        String::new()
    };
    Ok(format!("{table}{older}"))
}

/// Containers that moved together in one entry stand on one line.
fn together<'a>(rows: &[&'a Row]) -> Vec<(&'a Row, Vec<String>)> {
    let mut out: Vec<(&Row, Vec<String>)> = Vec::new();
    for row in rows {
        let same = |known: &Row| [0, 2, 3, 4].iter().all(|column| text(known, *column) == text(row, *column));
        match out.last_mut().filter(|(known, _)| same(known)) {
            Some((_, containers)) => containers.push(text(row, 1)),
            None => out.push((row, vec![text(row, 1)])),
        }
    }
    out
}

/// A movement as people say it, and what stands beside it.
fn movement_words(movement: &str, detail: &str) -> (String, String) {
    let pieces = |left: &str| detail.parse::<usize>().map(|n| format!("{}{left}", show::count(n, "piece", "pieces")));
    match movement {
        "out" => ("Out of the safe".to_owned(), detail.to_owned()),
        "used" => ("Swallowed".to_owned(), pieces("").unwrap_or_else(|_| detail.to_owned())),
        "came_back" => {
            ("Opened container came back".to_owned(), pieces(" left in it").unwrap_or_else(|_| detail.to_owned()))
        }
        "back" => ("Put back unopened".to_owned(), detail.to_owned()),
        "accepted" => ("Accepted into the safe".to_owned(), detail.to_owned()),
        "received" => ("Received".to_owned(), detail.to_owned()),
        other => (crate::findings::sentence(&other.replace('_', " ")), detail.to_owned()),
    }
}

/// A person from a table's column: an id of staff, or what stands there.
pub fn person_name(desk: &Desk<'_>, id: &str) -> String {
    match id {
        "program" | "" => "the program".to_owned(),
        other => desk.name_of(&conduct::Person::Staff(terms::StaffId::from(other))),
    }
}
