//! A site's containers: where each stands, and every movement.

use super::{
    CONTAINER, Numbered, STOCK_COUNT, STOCK_MOVEMENT,
    cells::{by, date, id, instant, list, maybe_id, maybe_text, second, text, version, word},
};
use crate::table::{Cell, Write};
use conduct::{
    Entry, StockState,
    command::ContainerFact,
    state::{Container, ContainerStanding},
};
use std::collections::BTreeSet;
use terms::{ContainerId, ParticipantId, SiteId};

pub(super) fn rows<'a>(
    site: &SiteId,
    after: &'a StockState,
    entries: impl Iterator<Item = Numbered<'a>>,
    writes: &mut Vec<Write>,
) {
    let mut touched: BTreeSet<&ContainerId> = BTreeSet::new();
    for one in entries {
        let mut moved = |container: &'a ContainerId, movement: &str, detail: Cell, whose: Option<&ParticipantId>| {
            touched.insert(container);
            let row = vec![
                id(site),
                version(one.version),
                id(container),
                text(movement),
                detail,
                maybe_id(whose),
                instant(one.stamp.at),
                by(one.stamp),
                second(one.stamp),
            ];
            writes.push(Write::Put(&STOCK_MOVEMENT, row));
        };
        match one.entry {
            Entry::ContainersReceived { consignment, containers, .. } => {
                containers.iter().for_each(|one| moved(&one.container, "received", text(consignment), None));
            }
            Entry::ContainersAccepted { containers } => {
                containers.iter().for_each(|container| moved(container, "accepted", Cell::Null, None));
            }
            Entry::ContainerOut { container, participant, session, .. } => {
                moved(container, "out", text(format!("session {session}")), Some(participant));
            }
            Entry::ContainerBack { container, .. } => moved(container, "back", Cell::Null, None),
            Entry::ContainerUsed { container, participant, pieces } => {
                moved(container, "used", text(pieces.to_string()), Some(participant));
            }
            Entry::ContainerChanged { container, what } => {
                let (movement, detail) = change(what);
                moved(container, movement.as_text().unwrap_or_default(), detail, None);
            }
            Entry::ContainersDestroyed { containers, method, .. } => {
                containers.iter().for_each(|container| moved(container, "destroyed", text(method), None));
            }
            Entry::ContainersShipped { shipment, containers, .. } => {
                containers.iter().for_each(|container| moved(container, "shipped", text(shipment), None));
            }
            Entry::ShipmentReceived { shipment, found, .. } => {
                found.iter().for_each(|container| moved(container, "received", text(shipment), None));
            }
            Entry::ShipmentArrived { shipment, found, missing, .. } => {
                found.iter().for_each(|container| moved(container, "arrived", text(shipment), None));
                missing.iter().for_each(|container| moved(container, "missing", text(shipment), None));
            }
            Entry::TemperatureLogged { set_aside, highest, lowest, .. } => {
                let detail = format!("{lowest} to {highest} °C");
                set_aside.iter().for_each(|container| moved(container, "temperature_excursion", text(&detail), None));
            }
            // Which containers those are is known to the state alone: their rows are written, no movement of each.
            Entry::LotRecalled { lot, .. } => {
                touched.extend(after.containers.iter().filter(|(_, state)| state.lot == *lot).map(|(id, _)| id));
            }
            Entry::DiscrepancyResolved { lost, pieces, .. } => {
                lost.iter().for_each(|container| moved(container, "lost", Cell::Null, None));
                for (container, lost) in pieces.iter().filter(|(container, _)| !lost.contains(container)) {
                    moved(container, "lost", text(format!("{lost} pieces")), None);
                }
            }
            Entry::StockCounted { expected, found, missing, unexpected, counters, .. } => {
                let row = vec![
                    id(site),
                    version(one.version),
                    (*expected).into(),
                    (*found).into(),
                    list(missing.iter()),
                    list(unexpected.iter()),
                    instant(one.stamp.at),
                    by(one.stamp),
                    maybe_id(counters.iter().find(|who| Some(who.as_str()) != by(one.stamp).as_text())),
                ];
                writes.push(Write::Put(&STOCK_COUNT, row));
            }
            _ => {}
        }
    }
    if touched.is_empty() {
        return;
    }
    let in_safe: BTreeSet<&ContainerId> = after.in_safe().collect();
    for container in touched {
        if let Some(state) = after.containers.get(container) {
            writes.push(Write::Put(&CONTAINER, row(site, container, state, in_safe.contains(container))));
        }
    }
}

fn change(what: &ContainerFact) -> (Cell, Cell) {
    let detail = match what {
        ContainerFact::Quarantined { reason }
        | ContainerFact::Damaged { reason }
        | ContainerFact::Recalled { reason } => text(reason),
        ContainerFact::Missing => Cell::Null,
        ContainerFact::TemperatureExcursion { celsius } => text(format!("{celsius} °C")),
        ContainerFact::CameBack { pieces, .. } => text(pieces.to_string()),
        ContainerFact::Refused { pieces, reason } => text(format!("{pieces}: {reason}")),
        ContainerFact::Wasted { pieces, reason } => text(format!("{pieces}: {reason}")),
        ContainerFact::Found { place } => text(place),
        ContainerFact::ReturnedOut { consignment } => text(consignment),
    };
    (word(what), detail)
}

fn row(site: &SiteId, container: &ContainerId, state: &Container, in_safe: bool) -> Vec<Cell> {
    let (standing, whose, session) = match &state.standing {
        ContainerStanding::Quarantined => ("quarantined", None, None),
        ContainerStanding::Available => ("available", None, None),
        ContainerStanding::Out { participant, session, .. } => ("out", Some(participant), Some(*session)),
        ContainerStanding::Used { participant, .. } => ("used", Some(participant), None),
        ContainerStanding::Damaged => ("damaged", None, None),
        ContainerStanding::Missing => ("missing", None, None),
        ContainerStanding::ReturnedOut => ("returned", None, None),
        ContainerStanding::Sent { .. } => ("sent", None, None),
        ContainerStanding::Destroyed => ("destroyed", None, None),
    };
    vec![
        id(site),
        id(container),
        word(&state.part),
        id(&state.level),
        text(&state.lot),
        date(state.expires),
        text(standing),
        maybe_id(whose),
        session.map(i64::from).into(),
        in_safe.into(),
        state.pieces_used.into(),
        maybe_text(state.set_aside.as_ref()),
        state.recalled.into(),
        text(&state.consignment),
        maybe_text(state.kit.as_ref()),
        maybe_text(state.seal.as_ref()),
        state.held.map(i64::from).into(),
        state.wasted.into(),
        state.back.map(i64::from).into(),
        state.lost.into(),
        state.opened.into(),
    ]
}
