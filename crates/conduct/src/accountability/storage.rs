//! The safe itself: how warm it is, who opens it, and lots that are called back.
//!
//! Source: safety.md §6, temperature and vault log; failures.md F-82; dosing-day.md §4 D3.

use super::{
    discrepancy::{self, Found},
    orders::plan,
    receipt::pair_of_the_safe,
};
use crate::{
    case::{Case, Draft},
    command::{SafeGoing, TemperatureReading},
    context::GivenFound,
    decide::FactNo,
    entry::{DiscrepancyKind, Entry, TaskRaised},
    finding::Unreadable,
    forms::TEXT_MAX,
    state::ContainerStanding,
};
use protocol::model::{Duty, Trigger};
use terms::{ContainerId, Decimal, SiteId};

/// More readings than this in one act is another file than a logger's.
const READINGS_MAX: usize = 5_000;
/// What a logger can say, °C.
const CELSIUS: [i64; 2] = [-100, 100];

fn unreadable(field: &str, what: impl Into<String>, mend: &str) -> FactNo {
    Unreadable { field: field.to_owned(), what: what.into(), mend: mend.to_owned() }.into()
}

/// The logger was read: what had been stored outside the study's limits is set aside in the same append.
pub(super) fn temperature(
    case: &Case<'_>,
    site: &SiteId,
    logger: &str,
    readings: &[TemperatureReading],
    draft: &mut Draft,
) -> Result<(), FactNo> {
    if logger.trim().is_empty() {
        return Err(unreadable("logger", "a reading of no logger", "give the number of the logger"));
    }
    if readings.is_empty() || readings.len() > READINGS_MAX {
        return Err(unreadable("readings", format!("{} readings", readings.len()), "give 1 to 5000 readings"));
    }
    for reading in readings {
        if reading.celsius < Decimal::whole(CELSIUS[0]) || reading.celsius > Decimal::whole(CELSIUS[1]) {
            let what = format!("{} °C", reading.celsius);
            return Err(unreadable("readings", what, "look at the logger again; give degrees Celsius"));
        }
        if reading.at > Case::after_minutes(case.context.now, 5) {
            let what = format!("{} lies in the future", reading.at);
            return Err(unreadable("readings", what, "check the logger's clock"));
        }
    }
    let lowest = readings.iter().map(|reading| reading.celsius).min().unwrap_or_default();
    let highest = readings.iter().map(|reading| reading.celsius).max().unwrap_or_default();
    let within = plan(case).is_none_or(|plan| plan.temperature_c_min <= lowest && highest <= plan.temperature_c_max);
    let in_safe = case.world.stock.into_iter().flat_map(|stock| &stock.containers);
    let set_aside: Vec<ContainerId> = in_safe
        .filter(|(_, container)| {
            !within && matches!(container.standing, ContainerStanding::Available | ContainerStanding::Quarantined)
        })
        .map(|(id, _)| id.clone())
        .collect();
    draft.stock(
        site,
        Entry::TemperatureLogged {
            logger: logger.to_owned(),
            readings: readings.to_vec(),
            lowest,
            highest,
            within,
            set_aside,
        },
    );
    Ok(())
}

/// The safe was opened for something that moves nothing, or shut. By one alone it is a difference: both count.
pub(super) fn access(
    case: &Case<'_>,
    site: &SiteId,
    going: SafeGoing,
    purpose: &str,
    seal: Option<&str>,
    draft: &mut Draft,
) -> Result<(), FactNo> {
    let length = purpose.trim().chars().count();
    if length == 0 || length > TEXT_MAX {
        return Err(unreadable("purpose", format!("{length} characters"), "say in a few words what for"));
    }
    let pair = pair_of_the_safe(case);
    let alone = pair.is_err();
    let entry = Entry::SafeAccessed { going, purpose: purpose.to_owned(), seal: seal.map(str::to_owned), alone };
    draft.stock(site, entry);
    if let Err(found) = pair {
        let text = format!("the safe was opened or shut without two: {found}");
        let concerned = Found { people: discrepancy::people(case), ..Found::default() };
        discrepancy::open(case, site, DiscrepancyKind::Alone, text, concerned, draft);
    }
    Ok(())
}

/// A lot was called back, at one site or at all: none of it is given any more, and who had of it is looked at.
pub(super) fn recall(
    case: &Case<'_>,
    site: Option<&SiteId>,
    lot: &str,
    reason: &str,
    draft: &mut Draft,
) -> Result<(), FactNo> {
    if lot.trim().is_empty() {
        return Err(unreadable("lot", "no lot", "give the lot as the label has it"));
    }
    let length = reason.trim().chars().count();
    if length == 0 || length > TEXT_MAX {
        return Err(unreadable("reason", format!("{length} characters"), "say why it is called back"));
    }
    let sites: Vec<SiteId> =
        site.map_or_else(|| case.world.trial.sites.keys().cloned().collect(), |site| vec![site.clone()]);
    for at in &sites {
        draft.stock(at, Entry::LotRecalled { lot: lot.to_owned(), reason: reason.to_owned() });
    }
    let given = case.context.census.iter().flat_map(|census| &census.given);
    for found in given.filter(|found| sites.contains(&found.site)) {
        flag(case, lot, found, draft);
    }
    Ok(())
}

/// Somebody has swallowed from a lot that was called back: their prescriber looks at them within a day.
fn flag(case: &Case<'_>, lot: &str, found: &GivenFound, draft: &mut Draft) {
    let instance = draft.instance();
    let task = TaskRaised {
        instance,
        title: format!("See the participant: lot {lot} was called back, {} was given from it", found.container),
        duty: Duty::Prescribe,
        due: Case::after_minutes(case.at, 24 * 60),
        trigger: Trigger::StockVariance,
        clock: None,
        about: None,
    };
    draft.participant_at(&found.site, &found.participant, Entry::TaskRaised(task));
}
