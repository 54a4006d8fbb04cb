//! The safe between arrival and destruction: counts, returns, losses.
//!
//! A difference puts a hold on the site in the same append: nothing leaves the safe until somebody has answered it.

use super::receipt::{each, two_people};
use crate::{
    case::{Case, Draft},
    command::{ContainerFact, DosePart},
    decide::FactNo,
    entry::Entry,
    finding::{Broken, Finding, Rule, Unreadable},
    session::standing_words,
    state::{Container, ContainerStanding},
};
use protocol::model::Duty;
use std::collections::BTreeSet;
use terms::{ContainerId, SiteId};

/// Unopened.
pub const UNOPENED: Rule = Rule {
    id: "accountability.unopened",
    sentence: "What is put back is out of the safe for a session, and unopened",
    source: "dosing-day.md §6: returned unopened the same day",
    binds: &["return_to_safe"],
    broken: "What was opened comes back as used, and its pieces are counted",
};
/// Nobody is about to swallow it.
pub const NOT_IN_USE: Rule = Rule {
    id: "accountability.not_in_use",
    sentence: "What is destroyed was not, and will not be, given",
    source: "DESIGN, container states",
    binds: &["destroy_containers"],
    broken: "The act is refused",
};
/// Destroyable.
pub const DESTROYABLE: Rule = Rule {
    id: "accountability.in_safe",
    sentence: "What is destroyed lies in the safe",
    source: "DESIGN, container states",
    binds: &["destroy_containers"],
    broken: "The act is refused",
};
/// How.
pub const METHOD: Rule = Rule {
    id: "accountability.method",
    sentence: "It is said how containers are destroyed",
    source: "DESIGN: destroyed, witnessed",
    binds: &["destroy_containers"],
    broken: "The act is refused",
};

pub(super) fn ask_return(case: &Case<'_>, container: &ContainerId) -> Vec<Finding> {
    let mut findings = Vec::new();
    each(case, std::slice::from_ref(container), &mut findings, |id, container| {
        let unopened = container.pieces_used == 0;
        if unopened && matches!(container.standing, ContainerStanding::Out { .. }) {
            return Some(Finding::holds(&UNOPENED, "out, unopened"));
        }
        let found = if unopened { standing_words(&container.standing) } else { "opened" };
        let remedy = "record that it came back, with the pieces that are left";
        let broken = Broken::new(&UNOPENED, found, "out for a session, unopened", remedy)
            .about(id.as_str(), format!("Container {id} is unopened"))
            .by(Duty::DispenseDrug);
        Some(broken.into())
    });
    findings.push(two_people(case));
    findings
}

pub(super) fn grant_return(site: &SiteId, container: &ContainerId, draft: &mut Draft) {
    draft.stock(site, Entry::ContainerBack { container: container.clone() });
}

pub(super) fn ask_destroy(case: &Case<'_>, containers: &[ContainerId], method: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    each(case, containers, &mut findings, |id, container| {
        let in_date = container.expires >= case.day && !container.recalled;
        let (rule, found, needed) = match container.standing {
            ContainerStanding::Available if in_date => (&NOT_IN_USE, "may be given", "out of use"),
            ContainerStanding::Quarantined
            | ContainerStanding::Available
            | ContainerStanding::Damaged
            | ContainerStanding::Used { back: true, .. } => return None,
            ContainerStanding::Out { .. }
            | ContainerStanding::Used { back: false, .. }
            | ContainerStanding::Missing
            | ContainerStanding::ReturnedOut
            | ContainerStanding::Destroyed => (&DESTROYABLE, standing_words(&container.standing), "in the safe"),
        };
        let broken = Broken::new(rule, found, needed, "leave it out, or set it aside first and say why")
            .about(id.as_str(), format!("Container {id} may be destroyed"))
            .by(Duty::DispenseDrug);
        Some(broken.into())
    });
    findings.push(if method.trim().is_empty() {
        Broken::new(&METHOD, "not said", "the way of destruction", "say how: incinerated by whom, dissolved, …").into()
    } else {
        Finding::holds(&METHOD, method)
    });
    findings.push(two_people(case));
    findings
}

pub(super) fn grant_destroy(site: &SiteId, containers: &[ContainerId], method: &str, draft: &mut Draft) {
    draft.stock(site, Entry::ContainersDestroyed { containers: containers.to_vec(), method: method.to_owned() });
}

/// Puts a hold on the site: the safe doesn't agree with the record.
fn hold(site: &SiteId, text: String, draft: &mut Draft) {
    let instance = draft.instance();
    draft.site(site, Entry::HoldPlaced { instance, text });
}

/// Something became of a container.
pub(super) fn record(
    case: &Case<'_>,
    site: &SiteId,
    id: &ContainerId,
    what: &ContainerFact,
    draft: &mut Draft,
) -> Result<(), FactNo> {
    let unreadable =
        |what: String, mend: &str| Unreadable { field: "container".to_owned(), what, mend: mend.to_owned() };
    let Some(container) = case.world.stock.and_then(|stock| stock.containers.get(id)) else {
        let what = format!("there is no container {id} in this site's stock");
        return Err(
            unreadable(what, "read the number on the label again; what arrived is recorded as received first").into()
        );
    };
    if matches!(container.standing, ContainerStanding::Destroyed | ContainerStanding::ReturnedOut) {
        let what = format!("{id} was {}", standing_words(&container.standing));
        return Err(unreadable(what, "read the number on the label again").into());
    }
    let came_back = matches!(what, ContainerFact::CameBack { .. });
    if came_back && !matches!(container.standing, ContainerStanding::Used { back: false, .. }) {
        let what = format!("{id} is {}", standing_words(&container.standing));
        return Err(unreadable(what, "what was never opened is put back into the safe by two people").into());
    }
    draft.stock(site, Entry::ContainerChanged { container: id.clone(), what: what.clone() });
    match what {
        ContainerFact::Missing => hold(site, format!("container {id} is missing"), draft),
        ContainerFact::Damaged { reason } if matches!(container.standing, ContainerStanding::Out { .. }) => {
            hold(site, format!("container {id} was damaged out of the safe: {reason}"), draft);
        }
        ContainerFact::CameBack { pieces } => pieces_agree(case, site, id, container, *pieces, draft),
        ContainerFact::Quarantined { .. }
        | ContainerFact::Damaged { .. }
        | ContainerFact::TemperatureExcursion { .. }
        | ContainerFact::ReturnedOut { .. }
        | ContainerFact::Recalled { .. } => {}
    }
    Ok(())
}

/// What was swallowed and what came back make up what the label says.
fn pieces_agree(case: &Case<'_>, site: &SiteId, id: &ContainerId, container: &Container, left: u32, draft: &mut Draft) {
    let Some(level) = case.study.level(container.level.as_str()) else { return };
    let held = match container.part {
        DosePart::Initial => level.initial_pieces,
        DosePart::Supplement => level.supplement_pieces,
    };
    let accounted = container.pieces_used.saturating_add(left);
    if accounted != held {
        let text = format!("container {id}: {} pieces swallowed and {left} back, of {held}", container.pieces_used);
        hold(site, text, draft);
    }
}

/// The safe was counted: whoever counts names what they see; what should be there is computed here.
pub(super) fn count(case: &Case<'_>, site: &SiteId, found: &[ContainerId], draft: &mut Draft) -> Result<(), FactNo> {
    let mut seen: BTreeSet<&ContainerId> = BTreeSet::new();
    for id in found {
        if !seen.insert(id) {
            return Err(Unreadable {
                field: "found".to_owned(),
                what: format!("{id} is named twice"),
                mend: "name each container once".to_owned(),
            }
            .into());
        }
    }
    let expected: BTreeSet<&ContainerId> = case.world.stock.into_iter().flat_map(|stock| stock.in_safe()).collect();
    let missing: Vec<ContainerId> = expected.difference(&seen).map(|id| (*id).clone()).collect();
    let unexpected: Vec<ContainerId> = seen.difference(&expected).map(|id| (*id).clone()).collect();
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let differs = (!missing.is_empty() || !unexpected.is_empty())
        .then(|| format!("the count differs: {} not found, {} not expected", missing.len(), unexpected.len()));
    draft.stock(
        site,
        Entry::StockCounted { expected: number(expected.len()), found: number(found.len()), missing, unexpected },
    );
    if let Some(text) = differs {
        hold(site, text, draft);
    }
    Ok(())
}
