//! The drug, container by container: arrival, acceptance, counts, returns, loss, destruction.
//!
//! Which containers leave the safe for whom is the session's part. Nothing here knows what a container holds.
//! Source: dosing-day.md §4; failures.md F-80 to F-83; DESIGN, container states.

mod keeping;
mod receipt;

use crate::{
    case::{Case, Draft},
    command::{Authorisation, Fact},
    decide::FactNo,
    finding::{Finding, Rule},
};

/// This part's rules.
pub const RULES: &[&Rule] = &[
    &receipt::TWO_PEOPLE,
    &receipt::KNOWN,
    &receipt::FIT,
    &receipt::REASON,
    &keeping::UNOPENED,
    &keeping::NOT_IN_USE,
    &keeping::DESTROYABLE,
    &keeping::METHOD,
];

/// What the rules say of an authorisation, if it is one of this part.
pub fn ask(case: &Case<'_>, act: &Authorisation) -> Option<Vec<Finding>> {
    match act {
        Authorisation::AcceptContainers { containers, .. } => Some(receipt::ask(case, containers)),
        Authorisation::ReturnToSafe { container, .. } => Some(keeping::ask_return(case, container)),
        Authorisation::DestroyContainers { containers, method, .. } => {
            Some(keeping::ask_destroy(case, containers, method))
        }
        _ => None,
    }
}

/// Writes what an authorisation that was granted leads to. Called only when [`ask`] found nothing broken.
pub fn grant(_case: &Case<'_>, act: &Authorisation, draft: &mut Draft) {
    match act {
        Authorisation::AcceptContainers { site, containers } => receipt::grant(site, containers, draft),
        Authorisation::ReturnToSafe { site, container } => keeping::grant_return(site, container, draft),
        Authorisation::DestroyContainers { site, containers, method } => {
            keeping::grant_destroy(site, containers, method, draft);
        }
        _ => {}
    }
}

/// Records a fact, if it is one of this part.
pub fn record(case: &Case<'_>, fact: &Fact, draft: &mut Draft) -> Result<bool, FactNo> {
    match fact {
        Fact::ReceiveContainers { site, consignment, containers } => {
            receipt::record(case, site, consignment, containers, draft)?;
        }
        Fact::RecordContainer { site, container, what } => keeping::record(case, site, container, what, draft)?,
        Fact::CountStock { site, found } => keeping::count(case, site, found, draft)?,
        _ => return Ok(false),
    }
    Ok(true)
}
