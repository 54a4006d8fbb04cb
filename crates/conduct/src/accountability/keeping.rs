//! The safe between arrival and destruction: counts, returns, losses.
//!
//! A loss opens a difference in the same append, with a hold on the site: nothing leaves the safe until a third person has
//! closed it.

use super::{
    discrepancy::{self, Found},
    orders::forms,
    receipt::{each, two_people},
};
use crate::{
    case::{Case, Draft},
    command::{ContainerFact, DosePart},
    decide::FactNo,
    entry::{DiscrepancyKind, Entry},
    finding::{Broken, Finding, Rule, Unreadable},
    session::standing_words,
    state::{Container, ContainerStanding},
};
use protocol::model::{Duty, StockUse};
use std::collections::BTreeMap;
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

/// On record.
pub const RECORD: Rule = Rule {
    id: "accountability.destruction_record",
    sentence: "The destruction has its record, where the study has a form for it",
    source: "The study's plan for the drug; safety.md §6: Form 41",
    binds: &["destroy_containers"],
    broken: "The act is refused",
};

pub(super) fn ask_return(case: &Case<'_>, container: &ContainerId) -> Vec<Finding> {
    let mut findings = Vec::new();
    each(case, std::slice::from_ref(container), &mut findings, |id, container| {
        let unopened = !container.opened;
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

pub(super) fn grant_return(case: &Case<'_>, site: &SiteId, container: &ContainerId, draft: &mut Draft) {
    let seal = case.world.stock.and_then(|stock| stock.containers.get(container)?.seal.clone());
    draft.stock(site, Entry::ContainerBack { container: container.clone(), seal });
}

pub(super) fn ask_destroy(
    case: &Case<'_>,
    site: &SiteId,
    containers: &[ContainerId],
    method: &str,
    record: Option<&str>,
) -> Vec<Finding> {
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
            | ContainerStanding::Sent { .. }
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
        Finding::holds(&METHOD, method.to_owned())
    });
    let form = forms(case, site, StockUse::Destruction).into_iter().next();
    let given = record.is_some_and(|record| !record.trim().is_empty());
    findings.push(match form {
        Some(form) if !given => Broken::new(
            &RECORD,
            "no number",
            format!("the number of {}", form.title),
            "fill in the record, and give its number",
        )
        .from_source(&form.source)
        .by(Duty::DispenseDrug)
        .into(),
        Some(_) | None => Finding::holds(&RECORD, record.unwrap_or("not asked for").to_owned()),
    });
    findings.push(two_people(case));
    findings
}

pub(super) fn grant_destroy(
    site: &SiteId,
    containers: &[ContainerId],
    method: &str,
    record: Option<&String>,
    draft: &mut Draft,
) {
    draft.stock(
        site,
        Entry::ContainersDestroyed {
            containers: containers.to_vec(),
            method: method.to_owned(),
            record: record.cloned(),
        },
    );
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
    let gone = matches!(
        container.standing,
        ContainerStanding::Destroyed | ContainerStanding::ReturnedOut | ContainerStanding::Sent { .. }
    );
    if gone {
        let what = format!("{id} was {}", standing_words(&container.standing));
        return Err(unreadable(what, "read the number on the label again").into());
    }
    let standing = standing_words(&container.standing);
    let wrong = match what {
        ContainerFact::CameBack { .. }
            if !matches!(container.standing, ContainerStanding::Used { back: false, .. }) =>
        {
            Some(
                "what was never opened is put back into the safe by two people; what was opened and refused is recorded as such",
            )
        }
        ContainerFact::Refused { .. } if !matches!(container.standing, ContainerStanding::Out { .. }) => {
            Some("only what is out for a session can be opened and refused")
        }
        ContainerFact::Found { .. } if container.standing != ContainerStanding::Missing => {
            Some("only what was missing can be found")
        }
        ContainerFact::Wasted { pieces: 0, .. } => Some("give the pieces that were spoilt"),
        _ => None,
    };
    if let Some(mend) = wrong {
        return Err(unreadable(format!("{id} is {standing}"), mend).into());
    }
    draft.stock(site, Entry::ContainerChanged { container: id.clone(), what: what.clone() });
    let concerned =
        || Found { containers: vec![id.clone()], people: discrepancy::people(case), holds: true, ..Found::default() };
    match what {
        // One that is known to be missing is not lost a second time.
        ContainerFact::Missing if container.standing != ContainerStanding::Missing => {
            let text = format!("container {id} is missing");
            discrepancy::open(case, site, DiscrepancyKind::Missing, text, concerned(), draft);
        }
        ContainerFact::Damaged { reason } if matches!(container.standing, ContainerStanding::Out { .. }) => {
            let text = format!("container {id} was damaged out of the safe: {reason}");
            let damaged = Found { containers: Vec::new(), ..concerned() };
            discrepancy::open(case, site, DiscrepancyKind::Pieces, text, damaged, draft);
        }
        ContainerFact::CameBack { pieces, .. } | ContainerFact::Refused { pieces, .. } => {
            pieces_agree(case, site, id, container, *pieces, draft);
        }
        ContainerFact::Missing
        | ContainerFact::Quarantined { .. }
        | ContainerFact::Damaged { .. }
        | ContainerFact::TemperatureExcursion { .. }
        | ContainerFact::Wasted { .. }
        | ContainerFact::Found { .. }
        | ContainerFact::ReturnedOut { .. }
        | ContainerFact::Recalled { .. } => {}
    }
    Ok(())
}

/// What was swallowed, what was spoilt and what came back make up what the label says.
fn pieces_agree(case: &Case<'_>, site: &SiteId, id: &ContainerId, container: &Container, left: u32, draft: &mut Draft) {
    let labelled = || {
        case.study.level(container.level.as_str()).map(|level| match container.part {
            DosePart::Initial => level.initial_pieces,
            DosePart::Supplement => level.supplement_pieces,
        })
    };
    let Some(held) = container.held.or_else(labelled) else { return };
    let accounted = container.pieces_used.saturating_add(container.wasted).saturating_add(left);
    if accounted == held {
        return;
    }
    let spoilt = if container.wasted > 0 { format!(", {} spoilt", container.wasted) } else { String::new() };
    let text = format!("container {id}: {} pieces swallowed{spoilt} and {left} back, of {held}", container.pieces_used);
    let concerned = Found {
        pieces: BTreeMap::from([(id.clone(), i64::from(held) - i64::from(accounted))]),
        people: discrepancy::people(case),
        holds: true,
        ..Found::default()
    };
    discrepancy::open(case, site, DiscrepancyKind::Pieces, text, concerned, draft);
}
