//! What a site's stock asks of its people today: counts, differences with their terms, temperatures, what ends soon.
//!
//! A question like the forecast: nothing is written and nothing refused. Source: safety.md §6; pages.md.

use crate::{
    schedule::days_from,
    state::{ContainerStanding, StockState},
};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use protocol::model::Study;
use std::collections::BTreeMap;
use terms::InstanceId;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asks {
    /// A count by two: never done, too long ago, or to be repeated.
    Count,
    /// A difference that nobody has closed.
    Difference(InstanceId),
    /// A notice of a difference that has not been sent.
    Notice(InstanceId),
    /// A reading of the logger: never done or too long ago.
    Temperature,
    /// Containers of a lot that end within the study's weeks, or have ended.
    Expiry {
        /// Which lot.
        lot: String,
        /// How many are left in the safe.
        containers: u32,
    },
}

/// One thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What.
    pub asks: Asks,
    /// In words.
    pub text: String,
    /// By when; none where it is late as long as it stands.
    pub due: Option<Timestamp>,
}

/// Everything that is asked for now, the most pressing first. A study that says nothing of the drug's keeping asks for what
/// is open alone.
pub fn notices(study: &Study, stock: &StockState, now: Timestamp, zone: &TimeZone) -> Vec<Notice> {
    let mut all = Vec::new();
    let mut add = |asks, text: String, due| all.push(Notice { asks, text, due });
    let today = now.to_zoned(zone.clone()).date();
    for (instance, open) in &stock.discrepancies {
        if let (Some(by), None) = (open.again_by, &open.recount) {
            add(Asks::Count, "Count the safe again: two counts differed".to_owned(), Some(by));
        }
        add(Asks::Difference(instance.clone()), format!("Close the difference: {}", open.text), None);
        for notice in open.notices.iter().filter(|notice| !open.sent.contains(&notice.form)) {
            let text = format!("{}, where it is missing or stolen", notice.title);
            add(Asks::Notice(instance.clone()), text, Some(notice.due));
        }
    }
    if stock.discrepancies.is_empty()
        && let Some(by) = stock.again_by
    {
        add(Asks::Count, "Count the safe again: two counts differed from each other".to_owned(), Some(by));
    }
    let Some(plan) = &study.stock else { return all };
    // An empty safe has nothing to count and nothing to keep cool.
    if stock.in_safe().next().is_none() {
        return all;
    }
    let after = |at: Timestamp, days: u32| {
        at.checked_add(SignedDuration::from_hours(i64::from(days).saturating_mul(24))).unwrap_or(at)
    };
    match stock.last_count.map(|(at, _)| after(at, plan.count_every_days)) {
        None => add(Asks::Count, "Count the safe: it was never counted".to_owned(), None),
        Some(due) if due <= now => add(Asks::Count, "Count the safe".to_owned(), Some(due)),
        Some(_) => {}
    }
    match stock.temperature {
        None => add(Asks::Temperature, "Read the logger: it was never read".to_owned(), None),
        Some((at, _)) if after(at, plan.temperature_every_days) <= now => {
            add(Asks::Temperature, "Read the logger".to_owned(), Some(after(at, plan.temperature_every_days)));
        }
        Some(_) => {}
    }
    let weeks = i32::try_from(plan.forecast_weeks.saturating_mul(7)).unwrap_or(i32::MAX);
    for ((day, lot), containers) in expiring(stock, days_from(today, weeks)) {
        let what = match containers {
            1 => format!("1 container of lot {lot}"),
            count => format!("{count} containers of lot {lot}"),
        };
        // The last day stands beside it, as `due`.
        let text = if day < today {
            format!("Destroy or send back {what}: out of date")
        } else {
            format!("Use or replace {what}")
        };
        let due = day.tomorrow().ok().and_then(|next| next.to_zoned(zone.clone()).ok()).map(|end| end.timestamp());
        add(Asks::Expiry { lot, containers }, text, due);
    }
    all.sort_by_key(|notice| notice.due);
    all
}

fn expiring(stock: &StockState, until: Date) -> BTreeMap<(Date, String), u32> {
    let mut by: BTreeMap<(Date, String), u32> = BTreeMap::new();
    let left = stock.containers.values().filter(|container| {
        !container.opened && matches!(container.standing, ContainerStanding::Available | ContainerStanding::Quarantined)
    });
    for container in left.filter(|container| container.expires <= until) {
        *by.entry((container.expires, container.lot.clone())).or_default() += 1;
    }
    by
}
