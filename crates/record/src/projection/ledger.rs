//! The register of a site's safe, and what stands beside it: orders, deliveries, shipments, temperatures, who was at the
//! safe, recalls, differences and their notices.
//!
//! Every entry of the stock has its line, with what it changed and the balance after it. Nothing here is known of what a
//! container holds: lines are told apart by their labels alone.

use super::{
    CONSIGNMENT, LEDGER, LOT_RECALL, Numbered, SAFE_ACCESS, SHIPMENT, STOCK_DISCREPANCY, STOCK_NOTICE,
    STOCK_NOTICE_SENT, STOCK_ORDER, STOCK_RESOLUTION, TEMPERATURE,
    cells::{
        by, date, id, instant, list, maybe_date, maybe_id, maybe_instant, maybe_text, second, text, version, word,
    },
};
use crate::{
    folded::Moves,
    table::{Cell, Write},
};
use conduct::{
    Entry,
    command::{ContainerFact, SafeGoing},
    state::Balance,
};
use std::collections::BTreeMap;
use terms::{ContainerId, ParticipantId, SiteId};

/// What a line of the register says of an entry.
#[derive(Default)]
struct Said<'a> {
    way: Option<&'static str>,
    movement: &'static str,
    detail: String,
    containers: Vec<&'a ContainerId>,
    seals: Vec<&'a str>,
    ground: String,
    participant: Option<&'a ParticipantId>,
    session: Option<u8>,
}

pub(super) fn rows(site: &SiteId, entries: &[Numbered<'_>], books: &[Moves], writes: &mut Vec<Write>) {
    for one in entries {
        let Some(said) = said(one.entry, one.stamp.reason.as_deref()) else {
            beside(site, one, writes);
            continue;
        };
        let Ok(place) = books.binary_search_by_key(&one.version, |moves| moves.version) else { continue };
        let Some(moves) = books.get(place) else { continue };
        let change = moves.lines.iter().fold(Balance::default(), |mut sum, (_, change, _)| {
            sum += *change;
            sum
        });
        writes.push(Write::Put(&LEDGER, row(site, one, &said, (0, None), (change, moves.whole))));
        for (number, (line, change, after)) in (1..).zip(&moves.lines) {
            let labels = Some((line.level.as_str(), word(&line.part), line.lot.as_str()));
            writes.push(Write::Put(&LEDGER, row(site, one, &said, (number, labels), (*change, *after))));
        }
        beside(site, one, writes);
    }
}

fn row(
    site: &SiteId,
    one: &Numbered<'_>,
    said: &Said<'_>,
    (number, line): (i64, Option<(&str, Cell, &str)>),
    (change, after): (Balance, Balance),
) -> Vec<Cell> {
    let change = change.available + change.aside;
    let way = said.way.unwrap_or(match change {
        0 => "none",
        change if change > 0 => "in",
        _ => "out",
    });
    let (level, part, lot) = match line {
        Some((level, part, lot)) => (text(level), part, text(lot)),
        None => (Cell::Null, Cell::Null, Cell::Null),
    };
    vec![
        id(site),
        version(one.version),
        number.into(),
        level,
        part,
        lot,
        text(way),
        text(said.movement),
        text(&said.detail),
        list(said.containers.iter().copied()),
        text(said.seals.join(", ")),
        text(&said.ground),
        maybe_id(said.participant),
        said.session.map(i64::from).into(),
        change.into(),
        (after.available + after.aside).into(),
        after.aside.into(),
        after.containers.on_hand.into(),
        after.pieces.on_hand.into(),
        instant(one.stamp.at),
        instant(one.stamp.recorded_at),
        by(one.stamp),
        second(one.stamp),
    ]
}

/// The line of an entry; none for papers that move nothing and are no act at the safe.
fn said<'a>(entry: &'a Entry, reason: Option<&str>) -> Option<Said<'a>> {
    let reason = reason.unwrap_or_default().to_owned();
    Some(match entry {
        Entry::ContainersReceived { consignment, containers, order, noted, .. } => Said {
            movement: "received",
            detail: format!(
                "delivery {consignment}: {}{} counted",
                noted.map(|noted| format!("{noted} on the note, ")).unwrap_or_default(),
                containers.len()
            ),
            containers: containers.iter().map(|report| &report.container).collect(),
            seals: containers.iter().filter_map(|report| report.seal.as_deref()).collect(),
            ground: order.as_ref().map(|order| format!("order {order}")).unwrap_or_default(),
            ..Said::default()
        },
        Entry::ContainersAccepted { containers } => {
            Said { movement: "accepted", containers: containers.iter().collect(), ground: reason, ..Said::default() }
        }
        Entry::ContainerOut { container, participant, session, seal } => Said {
            movement: "out",
            containers: vec![container],
            seals: seal.iter().map(String::as_str).collect(),
            ground: format!("order of {participant}, session {session}"),
            participant: Some(participant),
            session: Some(*session),
            ..Said::default()
        },
        Entry::ContainerBack { container, seal } => Said {
            movement: "back",
            containers: vec![container],
            seals: seal.iter().map(String::as_str).collect(),
            ground: "same day, seal whole".to_owned(),
            ..Said::default()
        },
        Entry::ContainerUsed { container, participant, pieces } => Said {
            movement: "used",
            detail: format!("{pieces} pieces swallowed"),
            containers: vec![container],
            participant: Some(participant),
            ..Said::default()
        },
        Entry::ContainerChanged { container, what } => changed(container, what),
        Entry::ContainersDestroyed { containers, method, record } => Said {
            movement: "destroyed",
            detail: method.clone(),
            containers: containers.iter().collect(),
            ground: record.as_ref().map(|record| format!("record {record}")).unwrap_or_default(),
            ..Said::default()
        },
        Entry::ContainersShipped { shipment, to, containers, seal, number } => Said {
            movement: "shipped",
            detail: format!("shipment {shipment} to {to}"),
            containers: containers.iter().collect(),
            seals: vec![seal],
            ground: number.as_ref().map(|number| format!("form {number}")).unwrap_or_default(),
            ..Said::default()
        },
        Entry::ShipmentReceived { shipment, from, found, missing, seal_whole } => Said {
            movement: "received",
            detail: format!(
                "shipment {shipment} from {from}: {} found, {} missing, seal {}",
                found.len(),
                missing.len(),
                if *seal_whole { "whole" } else { "broken" }
            ),
            containers: found.iter().collect(),
            ..Said::default()
        },
        Entry::ShipmentArrived { shipment, at, found, missing } => Said {
            movement: "arrived",
            detail: format!("shipment {shipment} at {at}: {} found, {} missing", found.len(), missing.len()),
            containers: found.iter().chain(missing).collect(),
            ..Said::default()
        },
        Entry::TemperatureLogged { logger, lowest, highest, within, set_aside, .. } => Said {
            way: Some("none"),
            movement: "temperature",
            detail: format!(
                "logger {logger}: {lowest} to {highest} °C{}",
                if *within { "" } else { ", outside the limits" }
            ),
            containers: set_aside.iter().collect(),
            ..Said::default()
        },
        Entry::SafeAccessed { going, purpose, seal, alone } => Said {
            way: Some("none"),
            movement: match going {
                SafeGoing::Opened => "safe_opened",
                SafeGoing::Shut => "safe_shut",
            },
            detail: if *alone { format!("{purpose}, by one person alone") } else { purpose.clone() },
            seals: seal.iter().map(String::as_str).collect(),
            ..Said::default()
        },
        Entry::LotRecalled { lot, reason } => {
            Said { movement: "recalled", detail: format!("lot {lot}"), ground: reason.clone(), ..Said::default() }
        }
        Entry::CountEntered { .. } => Said {
            way: Some("count"),
            movement: "count_entered",
            detail: "one of two, without seeing the book or the other’s count".to_owned(),
            ..Said::default()
        },
        Entry::CountsDiffered { .. } => Said {
            way: Some("count"),
            movement: "counts_differed",
            detail: "the two counts differ from each other: neither stands".to_owned(),
            ..Said::default()
        },
        Entry::StockCounted { expected, found, missing, unexpected, pieces, .. } => Said {
            way: Some("count"),
            movement: "counted",
            detail: if missing.is_empty() && unexpected.is_empty() && pieces.is_empty() {
                format!("{found} found, as the book has it; both counts before the book was shown")
            } else {
                format!("{found} found, {expected} by the book; both counts before the book was shown")
            },
            containers: missing.iter().chain(unexpected).chain(pieces.keys()).collect(),
            ..Said::default()
        },
        Entry::DiscrepancyOpened { text, containers, .. } => Said {
            way: Some("none"),
            movement: "difference_opened",
            detail: text.clone(),
            containers: containers.iter().collect(),
            ..Said::default()
        },
        Entry::DiscrepancyResolved { cause, text, lost, .. } => Said {
            movement: "difference_closed",
            detail: text.clone(),
            containers: lost.iter().collect(),
            ground: word(cause).as_text().unwrap_or_default().to_owned(),
            ..Said::default()
        },
        _ => return None,
    })
}

fn changed<'a>(container: &'a ContainerId, what: &'a ContainerFact) -> Said<'a> {
    let (movement, detail) = match what {
        ContainerFact::Quarantined { reason } => ("quarantined", reason.clone()),
        ContainerFact::Damaged { reason } => ("damaged", reason.clone()),
        ContainerFact::Missing => ("missing", String::new()),
        ContainerFact::TemperatureExcursion { celsius } => ("temperature_excursion", format!("{celsius} °C")),
        ContainerFact::CameBack { pieces: 0, .. } => ("came_back", "empty".to_owned()),
        ContainerFact::CameBack { pieces, .. } => ("came_back", format!("{pieces} pieces left in it")),
        ContainerFact::Refused { pieces, reason } => ("refused", format!("{pieces} pieces in it: {reason}")),
        ContainerFact::Wasted { pieces, reason } => ("wasted", format!("{pieces} pieces: {reason}")),
        ContainerFact::Found { place } => ("found", place.clone()),
        ContainerFact::ReturnedOut { consignment } => ("returned_out", format!("consignment {consignment}")),
        ContainerFact::Recalled { reason } => ("recalled", reason.clone()),
    };
    let seals = match what {
        ContainerFact::CameBack { seal, .. } => seal.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    };
    Said { movement, detail, containers: vec![container], seals, ..Said::default() }
}

fn json(map: &BTreeMap<String, String>) -> Cell {
    let bytes = chain::canonical::to_vec(map).unwrap_or_default();
    text(String::from_utf8_lossy(&bytes))
}

/// The tables beside the register.
fn beside(site: &SiteId, one: &Numbered<'_>, writes: &mut Vec<Write>) {
    access(site, one, writes);
    papers(site, one, writes);
    differences(site, one, writes);
}

/// Who was at the safe: those who opened or shut it, and those who moved something.
fn access(site: &SiteId, one: &Numbered<'_>, writes: &mut Vec<Write>) {
    let (going, purpose, seal) = match one.entry {
        Entry::SafeAccessed { going, purpose, seal, .. } => (word(going), purpose.clone(), seal.clone()),
        Entry::ContainersAccepted { containers } => (text("moved"), format!("{} accepted", containers.len()), None),
        Entry::ContainerOut { container, participant, session, .. } => {
            (text("moved"), format!("{container} out for {participant}, session {session}"), None)
        }
        Entry::ContainerBack { container, .. } => (text("moved"), format!("{container} put back"), None),
        Entry::ContainersDestroyed { containers, .. } => {
            (text("moved"), format!("{} taken out to be destroyed", containers.len()), None)
        }
        Entry::ContainersShipped { to, containers, .. } => {
            (text("moved"), format!("{} sent to {to}", containers.len()), None)
        }
        _ => return,
    };
    let row = vec![
        id(site),
        version(one.version),
        going,
        text(purpose),
        maybe_text(seal.as_ref()),
        one.stamp.second.is_none().into(),
        instant(one.stamp.at),
        by(one.stamp),
        second(one.stamp),
    ];
    writes.push(Write::Put(&SAFE_ACCESS, row));
}

fn papers(site: &SiteId, one: &Numbered<'_>, writes: &mut Vec<Write>) {
    let shipment =
        |number: &str, going: &str, other: &SiteId, containers: Cell, missing: Cell, seal: Cell, whole: Cell| {
            vec![
                id(site),
                text(number),
                text(going),
                id(other),
                containers,
                missing,
                seal,
                whole,
                instant(one.stamp.at),
                by(one.stamp),
                second(one.stamp),
            ]
        };
    match one.entry {
        Entry::StockOrdered { form, number, fields, lines, until } => {
            let ordered = lines.iter().map(|line| {
                format!("{} × {} {}", line.containers, word(&line.part).as_text().unwrap_or_default(), line.level)
            });
            let row = vec![
                id(site),
                text(number),
                text(form),
                json(fields),
                text(ordered.collect::<Vec<_>>().join(", ")),
                date(one.stamp.day),
                maybe_date(*until),
                by(one.stamp),
            ];
            writes.push(Write::Put(&STOCK_ORDER, row));
        }
        Entry::ContainersReceived { consignment, order, certificates, .. } => {
            let row = vec![
                id(site),
                text(consignment),
                Cell::Null,
                maybe_text(order.as_ref()),
                date(one.stamp.day),
                json(certificates),
            ];
            writes.push(Write::Put(&CONSIGNMENT, row));
        }
        Entry::ContainersShipped { shipment: number, to, containers, seal, .. } => {
            let row = shipment(number, "sent", to, list(containers.iter()), Cell::Null, text(seal), Cell::Null);
            writes.push(Write::Put(&SHIPMENT, row));
        }
        Entry::ShipmentAnnounced { shipment: number, from, containers, seal, .. } => {
            let ids = list(containers.iter().map(|report| &report.container));
            writes.push(Write::Put(
                &SHIPMENT,
                shipment(number, "announced", from, ids, Cell::Null, text(seal), Cell::Null),
            ));
        }
        Entry::ShipmentReceived { shipment: number, from, found, missing, seal_whole } => {
            let (found, missing) = (list(found.iter()), list(missing.iter()));
            let row = shipment(number, "received", from, found, missing, Cell::Null, (*seal_whole).into());
            writes.push(Write::Put(&SHIPMENT, row));
        }
        Entry::ShipmentArrived { shipment: number, at, found, missing } => {
            let (found, missing) = (list(found.iter()), list(missing.iter()));
            writes.push(Write::Put(&SHIPMENT, shipment(number, "arrived", at, found, missing, Cell::Null, Cell::Null)));
        }
        Entry::TemperatureLogged { logger, readings, lowest, highest, within, set_aside } => {
            let row = vec![
                id(site),
                version(one.version),
                text(logger),
                i64::try_from(readings.len()).unwrap_or(i64::MAX).into(),
                (*lowest).into(),
                (*highest).into(),
                (*within).into(),
                list(set_aside.iter()),
                maybe_instant(readings.iter().map(|reading| reading.at).max()),
                by(one.stamp),
            ];
            writes.push(Write::Put(&TEMPERATURE, row));
        }
        Entry::LotRecalled { lot, reason } => {
            let row = vec![id(site), text(lot), text(reason), instant(one.stamp.at), by(one.stamp)];
            writes.push(Write::Put(&LOT_RECALL, row));
        }
        _ => {}
    }
}

fn differences(site: &SiteId, one: &Numbered<'_>, writes: &mut Vec<Write>) {
    match one.entry {
        Entry::DiscrepancyOpened {
            instance,
            what,
            text: words,
            containers,
            consignment,
            again_by,
            notices,
            hold,
            people,
            ..
        } => {
            let row = vec![
                id(site),
                id(instance),
                word(what),
                text(words),
                list(containers.iter()),
                maybe_text(consignment.as_ref()),
                instant(one.stamp.recorded_at),
                maybe_instant(*again_by),
                maybe_id(hold.as_ref()),
                list(people.iter()),
            ];
            writes.push(Write::Put(&STOCK_DISCREPANCY, row));
            for notice in notices {
                let causes: Vec<String> =
                    notice.causes.iter().map(|cause| word(cause).as_text().unwrap_or_default().to_owned()).collect();
                let row = vec![
                    id(site),
                    id(instance),
                    text(&notice.form),
                    text(&notice.title),
                    text(causes.join(", ")),
                    instant(notice.due),
                ];
                writes.push(Write::Put(&STOCK_NOTICE, row));
            }
        }
        Entry::NoticeRecorded { discrepancy, form, number, fields, late } => {
            let row = vec![
                id(site),
                id(discrepancy),
                text(form),
                text(number),
                json(fields),
                instant(one.stamp.at),
                (*late).into(),
                by(one.stamp),
            ];
            writes.push(Write::Put(&STOCK_NOTICE_SENT, row));
        }
        Entry::DiscrepancyResolved { instance, cause, text: words, lost, pieces } => {
            let row = vec![
                id(site),
                id(instance),
                word(cause),
                text(words),
                list(lost.iter()),
                pieces.values().sum::<i64>().into(),
                instant(one.stamp.recorded_at),
                by(one.stamp),
            ];
            writes.push(Write::Put(&STOCK_RESOLUTION, row));
        }
        _ => {}
    }
}
