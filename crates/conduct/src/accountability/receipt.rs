//! What arrives is quarantined; two people let it be used, once its papers and its count are right.

use super::{
    discrepancy::{self, Found},
    orders,
};
use crate::{
    case::{Case, Draft},
    command::{ContainerReport, DosePart},
    decide::FactNo,
    entry::{DiscrepancyKind, Entry},
    finding::{Broken, Finding, Rule, Unreadable},
    session::standing_words,
    state::{Container, ContainerStanding},
};
use protocol::model::Duty;
use std::collections::{BTreeMap, BTreeSet};
use terms::{ContainerId, SiteId};

/// Two people.
pub const TWO_PEOPLE: Rule = Rule {
    id: "accountability.two_people",
    sentence: "Two people handle the safe: one who hands out and one who witnesses, each proving who they are",
    source: "dosing-day.md §4 D3; DESIGN: two people, really two",
    binds: &["accept_containers", "return_to_safe", "destroy_containers", "ship_containers"],
    broken: "The act is refused; a receipt by one person stays in quarantine until two accept it",
};
/// Known here.
pub const KNOWN: Rule = Rule {
    id: "accountability.known",
    sentence: "Each container is in this site's stock, and named once",
    source: "DESIGN, never authorised: a container from another site",
    binds: &["accept_containers", "return_to_safe", "destroy_containers", "ship_containers"],
    broken: "The act is refused",
};
/// Fit to be used.
pub const FIT: Rule = Rule {
    id: "accountability.fit",
    sentence: "What is let into use lies in quarantine, unopened, in date, and was not called back",
    source: "dosing-day.md §4 D2; failures.md F-82",
    binds: &["accept_containers"],
    broken: "The act is refused",
};
/// Why it may be used after all.
pub const REASON: Rule = Rule {
    id: "accountability.reason",
    sentence: "What had been set aside is let into use only with a reason",
    source: "failures.md F-82: an excursion is judged before the container is used",
    binds: &["accept_containers"],
    broken: "The act is refused",
};

/// The delivery agrees with its note.
pub const AGREES: Rule = Rule {
    id: "accountability.agrees",
    sentence: "No difference about the delivery is open",
    source: "safety.md §6: receipt compared to packing list and seals",
    binds: &["accept_containers"],
    broken: "What arrived stays in quarantine until the difference is closed",
};

/// More containers than this in one consignment is a mistake in the file, not a delivery.
const CONSIGNMENT_MAX: usize = 10_000;

/// One who may hand out and another who may witness, both by a proof at this moment; what is wrong otherwise, in words.
pub(super) fn pair_of_the_safe(case: &Case<'_>) -> Result<(), String> {
    case.two_people(&[Duty::DispenseDrug], &[Duty::WitnessDrug])
}

/// Whether two people who may handle the safe proved themselves now.
pub(super) fn two_people(case: &Case<'_>) -> Finding {
    match pair_of_the_safe(case) {
        Ok(()) => Finding::holds(&TWO_PEOPLE, "both proved who they are"),
        Err(found) => Broken::new(
            &TWO_PEOPLE,
            found,
            "one who may hand out and another who may witness, both proved now",
            "the second person proves who they are with their own PIN",
        )
        .by(Duty::WitnessDrug)
        .into(),
    }
}

/// Findings for containers that aren't known here or are named twice; the others are looked at one by one.
pub(super) fn each(
    case: &Case<'_>,
    containers: &[ContainerId],
    findings: &mut Vec<Finding>,
    mut look: impl FnMut(&ContainerId, &Container) -> Option<Finding>,
) {
    let before = findings.len();
    let mut seen: BTreeSet<&ContainerId> = BTreeSet::new();
    let about = |id: &ContainerId, found: &str, remedy: &str| -> Finding {
        Broken::new(&KNOWN, found, "a container of this site, once", remedy)
            .about(id.as_str(), format!("Container {id} is in this site's stock"))
            .by(Duty::DispenseDrug)
            .into()
    };
    if containers.is_empty() {
        findings.push(Broken::new(&KNOWN, "no container named", "at least one", "name the containers").into());
    }
    for id in containers {
        if !seen.insert(id) {
            findings.push(about(id, "named twice", "name each container once"));
            continue;
        }
        match case.world.stock.and_then(|stock| stock.containers.get(id)) {
            None => findings.push(about(id, "not in this site's stock", "read the number on the label again")),
            Some(container) => findings.extend(look(id, container)),
        }
    }
    if findings.len() == before {
        findings.push(Finding::holds(&KNOWN, format!("{} containers", containers.len())));
    }
}

pub(super) fn ask(case: &Case<'_>, containers: &[ContainerId]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let said = case.reason.is_some_and(|reason| !reason.trim().is_empty());
    each(case, containers, &mut findings, |id, container| {
        let papers = || disagrees(case, id, container).or_else(|| orders::covered(case, id, container));
        unfit(case, id, container).or_else(|| unsaid(id, container, said)).or_else(papers)
    });
    findings.push(two_people(case));
    findings
}

fn unfit(case: &Case<'_>, id: &ContainerId, container: &Container) -> Option<Finding> {
    let found = if container.standing != ContainerStanding::Quarantined {
        standing_words(&container.standing).to_owned()
    } else if container.opened {
        "opened before".to_owned()
    } else if container.recalled {
        "called back by its maker".to_owned()
    } else if container.expires < case.day {
        format!("expired on {}", container.expires)
    } else {
        return None;
    };
    let broken = Broken::new(
        &FIT,
        found,
        "quarantined, unopened, in date",
        "leave it out; what can't be used is sent back or destroyed",
    )
    .about(id.as_str(), format!("Container {id} is fit for use"))
    .by(Duty::DispenseDrug);
    Some(broken.into())
}

fn disagrees(case: &Case<'_>, id: &ContainerId, container: &Container) -> Option<Finding> {
    let open = case.world.stock?.discrepancies.values();
    let mine = open.filter(|open| open.consignment.as_ref() == Some(&container.consignment)).next()?;
    let broken = Broken::new(
        &AGREES,
        mine.text.as_str(),
        "the difference closed",
        "have it closed by somebody who did not count",
    )
    .about(id.as_str(), format!("Container {id} came in a delivery that agrees with its note"))
    .by(Duty::LeadSite);
    Some(broken.into())
}

fn unsaid(id: &ContainerId, container: &Container, said: bool) -> Option<Finding> {
    let why = container.set_aside.as_ref().filter(|_| !said)?;
    let broken = Broken::new(
        &REASON,
        format!("set aside: {why}"),
        "why it may be used after all",
        "say who judged it, and what they found",
    )
    .about(id.as_str(), format!("Container {id} may be used after all"))
    .by(Duty::DispenseDrug);
    Some(broken.into())
}

pub(super) fn grant(site: &SiteId, containers: &[ContainerId], draft: &mut Draft) {
    draft.stock(site, Entry::ContainersAccepted { containers: containers.to_vec() });
}

/// A consignment as it was found.
#[derive(Debug)]
pub(super) struct Arrived<'c> {
    pub consignment: &'c str,
    pub containers: &'c [ContainerReport],
    pub order: Option<&'c String>,
    pub noted: Option<u32>,
    pub certificates: &'c BTreeMap<String, String>,
}

/// A consignment as it was found, into quarantine.
pub(super) fn record(case: &Case<'_>, site: &SiteId, arrived: &Arrived<'_>, draft: &mut Draft) -> Result<(), FactNo> {
    let Arrived { consignment, containers, .. } = *arrived;
    let mut wrong = Vec::new();
    let mut unreadable = |what: String, mend: &str| {
        wrong.push(Unreadable { field: "containers".to_owned(), what, mend: mend.to_owned() });
    };
    if containers.is_empty() || containers.len() > CONSIGNMENT_MAX {
        unreadable(format!("{} containers", containers.len()), "name 1 to 10000 containers in one consignment");
    }
    let mut seen: BTreeSet<&ContainerId> = BTreeSet::new();
    for report in containers {
        let id = &report.container;
        let known = case.world.stock.is_some_and(|stock| stock.containers.contains_key(id));
        if id.as_str().trim().is_empty() {
            unreadable("a container without a number".to_owned(), "read the label");
        } else if !seen.insert(id) {
            unreadable(format!("{id} is named twice"), "name each container once");
        } else if known {
            unreadable(format!("{id} is in this site's stock already"), "read the number on the label again");
        }
        if report.pieces == Some(0) {
            unreadable(format!("{id}: no piece in it"), "give the pieces that the label says");
        }
        match pieces_of(case, report) {
            None => {
                unreadable(format!("{id}: there is no level {}", report.level), "read the level on the label again")
            }
            Some(0) => unreadable(format!("{id}: level {} has no such part", report.level), "read the label again"),
            Some(_) => {}
        }
    }
    if !wrong.is_empty() {
        return Err(FactNo::Unreadable(wrong));
    }
    let whole = containers
        .iter()
        .map(|report| ContainerReport { pieces: report.pieces.or_else(|| pieces_of(case, report)), ..report.clone() });
    draft.stock(
        site,
        Entry::ContainersReceived {
            consignment: consignment.to_owned(),
            containers: whole.collect(),
            order: arrived.order.cloned(),
            noted: arrived.noted,
            certificates: arrived.certificates.clone(),
        },
    );
    let counted = u32::try_from(containers.len()).unwrap_or(u32::MAX);
    if let Some(noted) = arrived.noted.filter(|noted| *noted != counted) {
        let text = format!("delivery {consignment}: {noted} containers on the note, {counted} counted");
        let concerned =
            Found { consignment: Some(consignment.to_owned()), people: discrepancy::people(case), ..Found::default() };
        discrepancy::open(case, site, DiscrepancyKind::Receipt, text, concerned, draft);
    }
    Ok(())
}

/// Pieces in a container, as the study's level has it.
fn pieces_of(case: &Case<'_>, report: &ContainerReport) -> Option<u32> {
    case.study.level(report.level.as_str()).map(|level| match report.part {
        DosePart::Initial => level.initial_pieces,
        DosePart::Supplement => level.supplement_pieces,
    })
}

/// What was missing of a receipt came later.
pub(super) fn complete(
    case: &Case<'_>,
    site: &SiteId,
    consignment: &str,
    order: Option<&String>,
    certificates: &BTreeMap<String, String>,
    draft: &mut Draft,
) -> Result<(), FactNo> {
    let wrong = |field: &str, what: String, mend: &str| -> FactNo {
        Unreadable { field: field.to_owned(), what, mend: mend.to_owned() }.into()
    };
    if !case.world.stock.is_some_and(|stock| stock.consignments.contains_key(consignment)) {
        let mend = "read the number on the delivery note again";
        return Err(wrong("consignment", format!("no consignment {consignment} was received here"), mend));
    }
    let empty = |text: &String| text.trim().is_empty();
    if order.is_none_or(empty)
        && (certificates.is_empty() || certificates.iter().any(|(lot, c)| empty(lot) || empty(c)))
    {
        return Err(wrong(
            "order",
            "nothing to add".to_owned(),
            "give the order form's number, or lots with certificates",
        ));
    }
    draft.stock(
        site,
        Entry::ReceiptCompleted {
            consignment: consignment.to_owned(),
            order: order.cloned(),
            certificates: certificates.clone(),
        },
    );
    Ok(())
}
