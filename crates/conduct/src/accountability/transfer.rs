//! From site to site: sent by two, sealed; what arrives is compared with what was sent, in both books.
//!
//! Source: safety.md §6, transfer to another site.

use super::{
    discrepancy::{self, Found},
    orders::forms,
    receipt::{each, two_people},
};
use crate::{
    case::{Case, Draft},
    decide::FactNo,
    entry::{DiscrepancyKind, Entry},
    finding::{Broken, Finding, Rule, Unreadable},
    session::standing_words,
    state::{ContainerStanding, SiteStanding},
};
use protocol::model::{Duty, StockUse};
use std::collections::{BTreeMap, BTreeSet};
use terms::{ContainerId, SiteId};

/// Another site.
pub const DESTINATION: Rule = Rule {
    id: "shipment.destination",
    sentence: "Containers are sent to another site of the trial that may hold them",
    source: "safety.md §6: registration of both",
    binds: &["ship_containers"],
    broken: "The act is refused",
};
/// Fit to be sent.
pub const FIT: Rule = Rule {
    id: "shipment.fit",
    sentence: "What is sent lies in the safe, unopened",
    source: "DESIGN, container states: nothing that was opened is given again",
    binds: &["ship_containers"],
    broken: "The act is refused",
};
/// Papers.
pub const PAPERS: Rule = Rule {
    id: "shipment.papers",
    sentence: "The shipment has a number of its own and a seal, and the form that the study asks for",
    source: "The study's plan for the drug; safety.md §6: a transfer needs a form",
    binds: &["ship_containers"],
    broken: "The act is refused",
};

/// What is to be sent.
#[derive(Debug)]
pub(super) struct Asked<'c> {
    pub to: &'c SiteId,
    pub shipment: &'c str,
    pub containers: &'c [ContainerId],
    pub seal: &'c str,
    pub number: Option<&'c str>,
}

pub(super) fn ask(case: &Case<'_>, site: &SiteId, asked: &Asked<'_>) -> Vec<Finding> {
    let mut findings = vec![destination(case, site, asked.to)];
    each(case, asked.containers, &mut findings, |id, container| {
        let unopened = !container.opened;
        if unopened && matches!(container.standing, ContainerStanding::Available | ContainerStanding::Quarantined) {
            return None;
        }
        let found = if unopened { standing_words(&container.standing) } else { "opened" };
        let broken = Broken::new(&FIT, found, "in the safe, unopened", "leave it out")
            .about(id.as_str(), format!("Container {id} may be sent"))
            .by(Duty::DispenseDrug);
        Some(broken.into())
    });
    findings.push(papers(case, site, asked));
    findings.push(two_people(case));
    findings
}

fn destination(case: &Case<'_>, site: &SiteId, to: &SiteId) -> Finding {
    let standing = case.world.trial.sites.get(to).map(|site| site.standing);
    let found = match standing {
        Some(SiteStanding::Active | SiteStanding::Closed) if to != site => {
            return Finding::holds(&DESTINATION, to.to_string());
        }
        Some(_) if to == site => "the same site",
        Some(_) => "not activated",
        None => "no site of this trial",
    };
    Broken::new(&DESTINATION, found, "another site that was activated", "check the site's id")
        .by(Duty::DispenseDrug)
        .into()
}

fn papers(case: &Case<'_>, site: &SiteId, asked: &Asked<'_>) -> Finding {
    let mut lacking: Vec<String> = Vec::new();
    let known = case.world.stock.is_some_and(|stock| stock.consignments.contains_key(asked.shipment));
    if asked.shipment.trim().is_empty() || known {
        lacking.push(if known { format!("{} is on record", asked.shipment) } else { "no number".to_owned() });
    }
    if asked.seal.trim().is_empty() {
        lacking.push("no seal".to_owned());
    }
    let form = forms(case, site, StockUse::Transfer).into_iter().next();
    if let Some(form) = form.filter(|_| asked.number.is_none_or(|number| number.trim().is_empty())) {
        lacking.push(format!("no number of {}", form.title));
    }
    if lacking.is_empty() {
        return Finding::holds(&PAPERS, format!("{}, seal {}", asked.shipment, asked.seal));
    }
    Broken::new(&PAPERS, lacking.join("; "), "number, seal and form", "give what is lacking")
        .by(Duty::DispenseDrug)
        .into()
}

pub(super) fn grant(case: &Case<'_>, site: &SiteId, asked: &Asked<'_>, draft: &mut Draft) {
    let stock = case.world.stock;
    let known = |id: &ContainerId| stock.and_then(|stock| stock.containers.get(id));
    let reports = asked.containers.iter().filter_map(|id| known(id).map(|container| container.report(id)));
    let mut certificates: BTreeMap<String, String> = BTreeMap::new();
    for container in asked.containers.iter().filter_map(known) {
        let arrival = stock.and_then(|stock| stock.consignments.get(&container.consignment));
        let certificate = arrival.and_then(|arrival| arrival.certificates.get(&container.lot));
        certificates.extend(certificate.map(|certificate| (container.lot.clone(), certificate.clone())));
    }
    let reports = reports.collect();
    draft.stock(
        site,
        Entry::ContainersShipped {
            shipment: asked.shipment.to_owned(),
            to: asked.to.clone(),
            containers: asked.containers.to_vec(),
            seal: asked.seal.to_owned(),
            number: asked.number.map(str::to_owned),
        },
    );
    draft.stock(
        asked.to,
        Entry::ShipmentAnnounced {
            shipment: asked.shipment.to_owned(),
            from: site.clone(),
            containers: reports,
            seal: asked.seal.to_owned(),
            certificates,
        },
    );
}

/// A shipment arrived: what was found of it goes into quarantine here, and leaves the sender's book; what is missing is the
/// sender's difference.
pub(super) fn receive(
    case: &Case<'_>,
    site: &SiteId,
    shipment: &str,
    found: &[ContainerId],
    seal_whole: bool,
    draft: &mut Draft,
) -> Result<(), FactNo> {
    let wrong =
        |field: &str, what: String, mend: &str| Unreadable { field: field.to_owned(), what, mend: mend.to_owned() };
    let known = case.world.stock.and_then(|stock| stock.shipments.get(shipment));
    let Some(known) = known.filter(|known| !known.received) else {
        let what = match known {
            Some(_) => format!("{shipment} was received already"),
            None => format!("no shipment {shipment} is on its way to {site}"),
        };
        return Err(wrong("shipment", what, "read the number on the box again").into());
    };
    let sent: BTreeSet<&ContainerId> = known.containers.iter().map(|report| &report.container).collect();
    let here: BTreeSet<&ContainerId> = found.iter().collect();
    if here.len() != found.len() {
        return Err(wrong("found", "a container is named twice".to_owned(), "name each container once").into());
    }
    let list = |ids: &mut dyn Iterator<Item = &&ContainerId>| ids.map(|id| (*id).clone()).collect::<Vec<ContainerId>>();
    let (arrived, missing) = (list(&mut here.intersection(&sent)), list(&mut sent.difference(&here)));
    let unknown = list(&mut here.difference(&sent));
    draft.stock(
        site,
        Entry::ShipmentReceived {
            shipment: shipment.to_owned(),
            from: known.from.clone(),
            found: arrived.clone(),
            missing: missing.clone(),
            seal_whole,
        },
    );
    draft.stock(
        &known.from,
        Entry::ShipmentArrived {
            shipment: shipment.to_owned(),
            at: site.clone(),
            found: arrived,
            missing: missing.clone(),
        },
    );
    let names = |ids: &[ContainerId]| ids.iter().map(ContainerId::as_str).collect::<Vec<_>>().join(", ");
    if !missing.is_empty() {
        let text = format!("shipment {shipment} to {site}: {} did not arrive", names(&missing));
        let concerned = Found {
            containers: missing,
            consignment: Some(shipment.to_owned()),
            people: discrepancy::people(case),
            ..Found::default()
        };
        discrepancy::open(case, &known.from, DiscrepancyKind::Shipment, text, concerned, draft);
    }
    if !unknown.is_empty() || !seal_whole {
        let mut parts = Vec::new();
        if !unknown.is_empty() {
            parts.push(format!("{} had not been announced", names(&unknown)));
        }
        if !seal_whole {
            parts.push("the seal was broken".to_owned());
        }
        let text = format!("shipment {shipment} from {}: {}", known.from, parts.join("; "));
        let concerned = Found {
            containers: unknown,
            consignment: Some(shipment.to_owned()),
            people: discrepancy::people(case),
            ..Found::default()
        };
        discrepancy::open(case, site, DiscrepancyKind::Shipment, text, concerned, draft);
    }
    Ok(())
}
