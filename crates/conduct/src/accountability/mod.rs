//! The drug, container by container: orders, arrival, acceptance, counts, differences, returns, transfers, destruction.
//!
//! Which containers leave the safe for whom is the session's part. Nothing here knows what a container holds, and nothing
//! here gives a dose to be taken elsewhere: what leaves a safe goes to a session, a depot, another site or into the fire.
//! Source: dosing-day.md §4; safety.md §6; failures.md F-80 to F-84; DESIGN, container states.

mod count;
pub mod discrepancy;
pub mod forecast;
mod keeping;
pub mod notices;
mod orders;
mod receipt;
mod storage;
mod transfer;

use crate::{
    case::{Case, Draft},
    command::{Authorisation, Fact},
    decide::FactNo,
    finding::{Finding, Rule},
};

/// This part's rules.
pub const RULES: &[&Rule] = &[
    &orders::FORM,
    &orders::FIELDS,
    &orders::SIGNED,
    &orders::NUMBER,
    &receipt::TWO_PEOPLE,
    &receipt::KNOWN,
    &receipt::FIT,
    &receipt::REASON,
    &receipt::AGREES,
    &orders::ORDER,
    &orders::CERTIFICATE,
    &keeping::UNOPENED,
    &keeping::NOT_IN_USE,
    &keeping::DESTROYABLE,
    &keeping::METHOD,
    &keeping::RECORD,
    &transfer::DESTINATION,
    &transfer::FIT,
    &transfer::PAPERS,
    &discrepancy::KNOWN,
    &discrepancy::THIRD,
    &discrepancy::RECOUNTED,
    &discrepancy::CAUSE,
    &discrepancy::NOTICES,
    &discrepancy::SAID,
];

/// What the rules say of an authorisation, if it is one of this part.
pub fn ask(case: &Case<'_>, act: &Authorisation) -> Option<Vec<Finding>> {
    match act {
        Authorisation::AcceptContainers { containers, .. } => Some(receipt::ask(case, containers)),
        Authorisation::ReturnToSafe { container, .. } => Some(keeping::ask_return(case, container)),
        Authorisation::DestroyContainers { site, containers, method, record } => {
            Some(keeping::ask_destroy(case, site, containers, method, record.as_deref()))
        }
        Authorisation::SignOrderForm { site, form, number, fields, lines } => {
            Some(orders::ask(case, site, &orders::Asked { form, number, fields, lines }))
        }
        Authorisation::ShipContainers { site, to, shipment, containers, seal, number } => {
            let asked = transfer::Asked { to, shipment, containers, seal, number: number.as_deref() };
            Some(transfer::ask(case, site, &asked))
        }
        Authorisation::ResolveDiscrepancy { discrepancy, cause, text, .. } => {
            Some(discrepancy::ask(case, discrepancy, *cause, text))
        }
        _ => None,
    }
}

/// Writes what an authorisation that was granted leads to. Called only when [`ask`] found nothing broken.
pub fn grant(case: &Case<'_>, act: &Authorisation, draft: &mut Draft) {
    match act {
        Authorisation::AcceptContainers { site, containers } => receipt::grant(site, containers, draft),
        Authorisation::ReturnToSafe { site, container } => keeping::grant_return(case, site, container, draft),
        Authorisation::DestroyContainers { site, containers, method, record } => {
            keeping::grant_destroy(site, containers, method, record.as_ref(), draft);
        }
        Authorisation::SignOrderForm { site, form, number, fields, lines } => {
            orders::grant(case, site, &orders::Asked { form, number, fields, lines }, draft);
        }
        Authorisation::ShipContainers { site, to, shipment, containers, seal, number } => {
            let asked = transfer::Asked { to, shipment, containers, seal, number: number.as_deref() };
            transfer::grant(case, site, &asked, draft);
        }
        Authorisation::ResolveDiscrepancy { site, discrepancy, cause, text } => {
            discrepancy::grant(case, site, discrepancy, *cause, text, draft);
        }
        _ => {}
    }
}

/// Records a fact, if it is one of this part.
pub fn record(case: &Case<'_>, fact: &Fact, draft: &mut Draft) -> Result<bool, FactNo> {
    match fact {
        Fact::ReceiveContainers { site, consignment, containers, order, noted, certificates } => {
            let arrived =
                receipt::Arrived { consignment, containers, order: order.as_ref(), noted: *noted, certificates };
            receipt::record(case, site, &arrived, draft)?;
        }
        Fact::CompleteReceipt { site, consignment, order, certificates } => {
            receipt::complete(case, site, consignment, order.as_ref(), certificates, draft)?;
        }
        Fact::RecordContainer { site, container, what } => keeping::record(case, site, container, what, draft)?,
        Fact::CountStock { site, found, pieces } => count::record(case, site, found, pieces, draft)?,
        Fact::ReceiveShipment { site, shipment, found, seal_whole } => {
            transfer::receive(case, site, shipment, found, *seal_whole, draft)?;
        }
        Fact::RecordTemperature { site, logger, readings } => {
            storage::temperature(case, site, logger, readings, draft)?;
        }
        Fact::RecordSafeAccess { site, going, purpose, seal } => {
            storage::access(case, site, *going, purpose, seal.as_deref(), draft)?;
        }
        Fact::RecallLot { site, lot, reason } => storage::recall(case, site.as_ref(), lot, reason, draft)?,
        Fact::RecordNotice { site, discrepancy, form, number, fields } => {
            discrepancy::notice(case, site, discrepancy, &discrepancy::Notice { form, number, fields }, draft)?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}
