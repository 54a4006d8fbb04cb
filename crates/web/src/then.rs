//! The record as it was known at a time: `?as_of=2025-03-04` on pages that read. What was recorded later is left out;
//! nothing can be recorded there, and a pinned notice says so.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use record::Scratch;
use record::table::{Cell, Row};

use crate::Services;
use crate::chart::svg::escape;
use crate::http::pairs::Pairs;
use crate::http::reply::Trouble;
use crate::show;

/// The part of an address that names the time.
pub const NAME: &str = "as_of";

/// Most entries of a store whose current tables are made anew for one page: about a second's work.
const ENTRIES_MAX: u64 = 400_000;

/// A time in the past, as a page was asked for it.
pub struct Then {
    pub at: Timestamp,
    /// As it stood in the address.
    pub asked: String,
    /// The tables of that time, where a page reads tables.
    pub tables: Option<Arc<Mutex<Scratch>>>,
}

/// The tables that were read last: people leaf through pages of one day.
#[derive(Default)]
pub struct Kept(Mutex<Option<(Timestamp, Arc<Mutex<Scratch>>)>>);

/// `2025-03-04` (its end, in the reader's zone) or a moment, `2025-03-04T09:12:00Z`; never one that is still to come.
pub fn moment(asked: &str, zone: &TimeZone, now: Timestamp) -> Result<Timestamp, Trouble> {
    let unreadable = || {
        let shown: String = asked.chars().take(40).collect();
        Trouble::Unreadable(format!("“{shown}” is neither a day (2025-03-04) nor a moment (2025-03-04T09:12:00Z)."))
    };
    let at = match asked.parse::<Timestamp>() {
        Ok(at) => at,
        Err(_) => {
            let day: Date = asked.parse().map_err(|_| unreadable())?;
            let next = day.tomorrow().map_err(|_| unreadable())?.to_zoned(zone.clone()).map_err(|_| unreadable())?;
            let end = next.timestamp().checked_sub(SignedDuration::from_nanos(1)).map_err(|_| unreadable())?;
            // The day that is not over yet is known up to now.
            if day == now.to_zoned(zone.clone()).date() { now } else { end }
        }
    };
    if at > now {
        return Err(Trouble::Unreadable("The record can’t be shown as of a day that is still to come.".to_owned()));
    }
    Ok(at)
}

impl Kept {
    /// The current tables as they were known then, by a replay of the log; kept for the next page of that time.
    pub fn tables(&self, services: &Services, at: Timestamp) -> Result<Arc<Mutex<Scratch>>, Trouble> {
        // Held while the tables are made: two readers don't replay the log at once.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, tables)) = kept.as_ref()
            && *known == at
        {
            return Ok(Arc::clone(tables));
        }
        let entries: u64 = services.door.store().heads()?.values().map(|head| head.position).sum();
        if entries > ENTRIES_MAX {
            return Err(Trouble::Unavailable(format!(
                "This store holds {entries} entries, too many to be read as of a day on a page of many people. A participant’s own pages show it, and `lifejacket export csv --as-of` writes every table."
            )));
        }
        let made = record::projection::as_of(services.door.store().as_ref(), &services.door.studies(), at)?;
        let tables = Arc::new(Mutex::new(made));
        *kept = Some((at, Arc::clone(&tables)));
        Ok(tables)
    }
}

impl Then {
    /// Rows of the tables of that time.
    pub fn select(&self, sql: &str, cells: &[Cell]) -> Option<Result<Vec<Row>, Trouble>> {
        let tables = self.tables.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        Some(tables.select(sql, cells).map_err(Trouble::from))
    }
}

/// Whether a page shows the record as of a time: the participant's own pages that read, the list and the trial.
fn reads(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    matches!(
        parts.as_slice(),
        ["participants" | "trial"]
            | ["participants", _]
            | ["participants", _, "dates" | "casebook" | "consent"]
            | ["participants", _, "visits" | "forms", _]
    )
}

/// A link to another page of the record, with the time carried on; one that leads elsewhere as it is.
pub fn carry(address: &str, asked: &str) -> String {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    if !reads(path) {
        return address.to_owned();
    }
    let (place, fragment) = address.split_once('#').map_or((address, None), |(place, at)| (place, Some(at)));
    let joint = if place.contains('?') { "&amp;" } else { "?" };
    let fragment = fragment.map(|at| format!("#{at}")).unwrap_or_default();
    format!("{place}{joint}{}{fragment}", Pairs::encode([(NAME, asked)]))
}

/// The page's links to other pages of the record, with the time carried on; links that lead elsewhere as they are.
pub fn carried(html: &str, asked: &str) -> String {
    const MARK: &str = "href=\"";
    let mut out = String::with_capacity(html.len() + 512);
    let mut rest = html;
    while let Some((before, after)) = rest.split_once(MARK) {
        out.push_str(before);
        out.push_str(MARK);
        let end = after.find('"').unwrap_or(after.len());
        let (address, further) = after.split_at(end);
        rest = further;
        out.push_str(&carry(address, asked));
    }
    out.push_str(rest);
    out
}

/// The same address without its time.
pub fn stands_now(address: &str) -> String {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let pairs = Pairs::decode(query.as_bytes());
    let rest = Pairs::encode(pairs.iter().filter(|(name, _)| *name != NAME && *name != "written"));
    if rest.is_empty() { path.to_owned() } else { format!("{path}?{rest}") }
}

/// The little form that asks for another day, folded at the foot of a page.
pub fn form(path: &str, then: Option<&Then>, latest: Date) -> String {
    let value = then.map(|then| then.asked.clone()).filter(|asked| asked.parse::<Date>().is_ok()).unwrap_or_default();
    format!(
        "<details class=\"history as-of\"{}><summary>As it was known on an earlier day</summary><form class=\"seek up-3\" method=\"get\" action=\"{}\"><div class=\"field\"><label class=\"field-label\" for=\"{NAME}\">Day</label><input class=\"input\" type=\"date\" id=\"{NAME}\" name=\"{NAME}\" value=\"{}\" max=\"{latest}\" required></div><button class=\"button button-second\" type=\"submit\">Show</button></form></details>",
        if then.is_some() { " open" } else { "" },
        escape(path),
        escape(&value),
    )
}

/// What the pinned notice says.
pub fn notice(then: &Then, zone: &TimeZone) -> String {
    let name = zone.iana_name().unwrap_or("UTC");
    format!("As it was known on {} ({name}).", show::moment(then.at, zone))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_is_its_end_where_the_reader_is_and_today_is_now() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let now = at("2025-06-10T15:00:00Z");
        assert_eq!(moment("2025-06-01", &zone, now).unwrap(), at("2025-06-02T03:59:59.999999999Z"));
        assert_eq!(moment("2025-06-10", &zone, now).unwrap(), now);
        assert_eq!(moment("2025-06-01T09:00:00Z", &zone, now).unwrap(), at("2025-06-01T09:00:00Z"));
    }

    #[test]
    fn what_is_no_day_or_still_to_come_is_said_in_words() {
        let now = at("2025-06-10T15:00:00Z");
        let hostile = "9".repeat(5000);
        for asked in ["2025-06-11", "2025-13-40", "yesterday", "", "9999-12-31", "-9999-01-01x", hostile.as_str()] {
            let found = moment(asked, &TimeZone::UTC, now);
            assert!(matches!(found, Err(Trouble::Unreadable(ref words)) if words.len() < 300), "{asked}: {found:?}");
        }
    }

    #[test]
    fn links_of_the_record_carry_the_time_and_others_do_not() {
        let html = r##"<a href="/participants/S01-001">a</a><a href="/participants?site=S01">b</a><a href="/participants/S01-001#due">c</a><a href="/participants/S01-001/do/note">d</a><a href="/static/x.css">e</a><a href="#main">f</a>"##;
        let carried = carried(html, "2025-03-04");
        assert_eq!(
            carried,
            r##"<a href="/participants/S01-001?as_of=2025-03-04">a</a><a href="/participants?site=S01&amp;as_of=2025-03-04">b</a><a href="/participants/S01-001?as_of=2025-03-04#due">c</a><a href="/participants/S01-001/do/note">d</a><a href="/static/x.css">e</a><a href="#main">f</a>"##
        );
    }

    #[test]
    fn the_way_back_keeps_the_rest_of_the_address() {
        assert_eq!(stands_now("/participants?site=S01&as_of=2025-03-04"), "/participants?site=S01");
        assert_eq!(stands_now("/trial?as_of=2025-03-04"), "/trial");
    }
}
