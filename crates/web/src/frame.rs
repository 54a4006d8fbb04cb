//! Puts a body into the shell: areas of the person's roles, what is pinned, what the last act wrote, the footer.

use askama::Template;
use conduct::entry::{Entry, Written};
use protocol::model::Duty;

use crate::desk::Desk;
use crate::http::call::Call;
use crate::http::reply::{Reply, Trouble};
use crate::parts::Markup;
use crate::parts::page::Body;
use crate::parts::words::{Icon, Link};
use crate::shell::{Area, Pin, Shell, WhoLine};
use crate::show;
use crate::then::{self, Then};

/// Areas of the product, in the header's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Today,
    Participants,
    Ratings,
    Stock,
    Trial,
    Study,
    Staff,
    Elsewhere,
}

const AREAS: [(Place, &str, &str); 7] = [
    (Place::Today, "/", "Today"),
    (Place::Participants, "/participants", "Participants"),
    (Place::Ratings, "/ratings", "Ratings"),
    (Place::Stock, "/stock", "Stock"),
    (Place::Trial, "/trial", "Trial"),
    (Place::Study, "/study", "Study"),
    (Place::Staff, "/staff", "Staff"),
];

/// Whether an area is the person's. What is not theirs is absent from the header and answers "nothing here".
pub fn open_to(desk: &Desk<'_>, place: Place) -> bool {
    let duties = desk.reader.duties;
    let reads = desk.reader.sees_participants();
    match place {
        Place::Today => true,
        Place::Elsewhere => true,
        Place::Participants | Place::Trial | Place::Study => reads,
        Place::Ratings => duties.has(Duty::RateOutcomes),
        Place::Stock => duties.has_any(&[
            Duty::DispenseDrug,
            Duty::WitnessDrug,
            Duty::LeadSite,
            Duty::Monitor,
            Duty::Inspect,
            Duty::AdministerTrial,
            Duty::MonitorMedically,
        ]),
        Place::Staff => {
            duties.has_any(&[Duty::LeadSite, Duty::AdministerTrial, Duty::Monitor, Duty::Inspect, Duty::Coordinate])
        }
    }
}

/// A page in its shell.
pub fn page(call: &Call<'_>, desk: &Desk<'_>, place: Place, crumbs: Vec<Link>, body: Body) -> Result<Reply, Trouble> {
    page_with(call, desk, place, crumbs, body, axum::http::StatusCode::OK)
}

/// The same with another status: a refusal or a form with something wrong is no success.
pub fn page_with(
    call: &Call<'_>,
    desk: &Desk<'_>,
    place: Place,
    crumbs: Vec<Link>,
    mut body: Body,
    status: axum::http::StatusCode,
) -> Result<Reply, Trouble> {
    if body.notice.0.is_empty() {
        body.notice = written_notice(call, desk)?;
    }
    let crumbs = match &desk.then {
        Some(then) => {
            let carried =
                |link: Link| Link { href: then::carry(&link.href, &then.asked).replace("&amp;", "&"), ..link };
            crumbs.into_iter().map(carried).collect()
        }
        None => crumbs,
    };
    let drawn = body.render().map_err(|e| Trouble::Fault(e.to_string()))?;
    let zone = desk.own_zone();
    let areas = AREAS
        .iter()
        .filter(|(area, ..)| open_to(desk, *area))
        .map(|(area, href, words)| Area { link: Link::new(*href, *words), current: *area == place })
        .collect();
    let zone_name = zone.iana_name().unwrap_or("UTC").to_owned();
    let as_of = format!(
        "As of {}, {}, {zone_name}",
        show::weekday_date(desk.now.to_zoned(zone.clone()).date()),
        show::clock(desk.now, &zone)
    );
    let shell = Shell {
        language: "en".to_owned(),
        title: body.title.clone(),
        room: false,
        synthetic: call.services.synthetic(),
        virtual_time: if call.services.synthetic() { show::moment(desk.now, &zone) } else { String::new() },
        who: Some(WhoLine { name: desk.who.name.clone(), role: desk.role_line(), token: call.token() }),
        areas,
        pin: match &desk.then {
            Some(then) => Some(as_known(call, desk, then)),
            None => pin(desk)?,
        },
        crumb_end: if crumbs.is_empty() { String::new() } else { body.title.clone() },
        crumbs,
        foot: [as_of, format!("Study {} version {}", desk.study.id, desk.study.version)],
        idle_seconds: call.services.idle_seconds,
        body: Markup(match &desk.then {
            Some(then) => then::carried(&drawn, &then.asked),
            None => drawn,
        }),
    };
    Ok(Reply::Page { status, html: shell.render().map_err(|e| Trouble::Fault(e.to_string()))? })
}

/// The notice on every page that shows the record as it was known at a time.
fn as_known(call: &Call<'_>, desk: &Desk<'_>, then: &Then) -> Pin {
    Pin {
        title: then::notice(then, &desk.own_zone()),
        words: "What was recorded later is left out, and nothing can be recorded here.".to_owned(),
        link: Some(Link::new(then::stands_now(&call.address), "See it as it stands now")),
    }
}

/// A page for somebody who is not signed in, or for whom nothing more is known.
pub fn bare(call: &Call<'_>, body: Body, status: axum::http::StatusCode) -> Result<Reply, Trouble> {
    let who = call.who.as_ref().map(|who| WhoLine { name: who.name.clone(), role: String::new(), token: call.token() });
    let shell = Shell {
        language: "en".to_owned(),
        title: body.title.clone(),
        room: false,
        synthetic: call.services.synthetic(),
        virtual_time: String::new(),
        who,
        areas: Vec::new(),
        pin: None,
        crumbs: Vec::new(),
        crumb_end: String::new(),
        foot: [String::new(), String::new()],
        idle_seconds: 0,
        body: Markup(body.render().map_err(|e| Trouble::Fault(e.to_string()))?),
    };
    Ok(Reply::Page { status, html: shell.render().map_err(|e| Trouble::Fault(e.to_string()))? })
}

/// The one state that outranks the page: a hold on trial or site, a count that differs.
fn pin(desk: &Desk<'_>) -> Result<Option<Pin>, Trouble> {
    if !desk.reader.sees_participants() {
        return Ok(None);
    }
    let zone = desk.own_zone();
    let since = |at| show::moment(at, &zone);
    // It stays on every page until it is closed, whatever else waits.
    if let Some(mut pin) = difference(desk)? {
        if !desk.trial.holds.is_empty() {
            pin.words.push_str(" The whole trial is on hold as well.");
        }
        return Ok(Some(pin));
    }
    if let Some(hold) = desk.trial.holds.values().next() {
        let words = format!(
            "{} Since {}. Nothing can be authorised until it is lifted.",
            full_stop(&hold.text),
            since(hold.since)
        );
        return Ok(Some(Pin {
            title: "Hold on the whole trial.".to_owned(),
            words,
            link: Some(Link::new("/trial", "See the trial")),
        }));
    }
    // A person of many sites reads the other states on the trial's page.
    let [site] = desk.sites.as_slice() else { return Ok(None) };
    let state = desk.services.door.site(site)?;
    let Some(hold) = state.holds.values().next() else { return Ok(None) };
    let words = format!(
        "{} Since {}. Nothing can be authorised here until it is lifted.",
        full_stop(&hold.text),
        since(hold.since)
    );
    Ok(Some(Pin { title: "Hold on this site.".to_owned(), words, link: Some(Link::new("/staff", "See the site")) }))
}

/// A difference between a safe and its book: on every page of the site until a third person has closed it.
fn difference(desk: &Desk<'_>) -> Result<Option<Pin>, Trouble> {
    let (marks, sites) = desk.sites_in(1);
    let sql = format!(
        "SELECT d.site FROM stock_discrepancy d WHERE d.site IN ({marks}) AND NOT EXISTS \
         (SELECT 1 FROM stock_resolution r WHERE r.site = d.site AND r.instance = d.instance) \
         ORDER BY d.opened_at, d.site, d.instance LIMIT 1"
    );
    let open = desk.select(&sql, &sites)?;
    let recount = match (open.first(), desk.sites.as_slice()) {
        (Some(row), _) => terms::SiteId::from(crate::desk::text(row, 0)),
        (None, [one]) => one.clone(),
        (None, _) => return Ok(None),
    };
    let site = &recount;
    let stock = desk.services.door.stock(site)?;
    if !stock.variance {
        return Ok(None);
    }
    let zone = desk.zone(site);
    let since = |at| show::moment(at, &zone);
    let at = if desk.sites.len() > 1 { format!(" at {site}") } else { String::new() };
    let words = match stock.discrepancies.values().min_by_key(|open| open.since) {
        Some(open) => {
            let held = if open.hold.is_some() { " Nothing leaves this safe until it is closed." } else { "" };
            let more = match stock.discrepancies.len() {
                1 => String::new(),
                all => format!(" And {} more.", all - 1),
            };
            format!("{} Since {}.{held}{more}", full_stop(&open.text), since(open.since))
        }
        None => {
            let by = stock.again_by.map(&since).unwrap_or_default();
            format!("Two counts differed from each other: neither stands. Both count again by {by}.")
        }
    };
    let address = format!("/stock/{}#difference", crate::http::pairs::segment(site.as_str()));
    let link = open_to(desk, Place::Stock).then(|| Link::new(address, "See the difference"));
    Ok(Some(Pin { title: format!("Count differs{at}."), words, link }))
}

fn full_stop(text: &str) -> String {
    let text = crate::findings::sentence(text.trim());
    if text.ends_with(['.', '!', '?']) { text } else { format!("{text}.") }
}

/// What the last act wrote, and what followed from it: said once, on the page that it led to.
fn written_notice(call: &Call<'_>, desk: &Desk<'_>) -> Result<Markup, Trouble> {
    let written = desk.written(call.query.text("written"))?;
    let Some(first) = written.first() else { return Ok(Markup::default()) };
    let zone = desk.own_zone();
    let follows: Vec<String> = written.iter().filter_map(follows).collect();
    let head = format!("Recorded at {}.", show::clock(first.stamp.recorded_at, &zone));
    let mut out = format!("<div class=\"written\" role=\"status\">{}<div><p>{head}</p>", Icon::Check);
    if !follows.is_empty() {
        out.push_str("<p>What follows from it:</p><ul class=\"follows\">");
        for line in follows {
            out.push_str(&format!("<li>{}</li>", crate::chart::svg::escape(&line)));
        }
        out.push_str("</ul>");
    }
    out.push_str("</div></div>");
    Ok(Markup(out))
}

fn follows(written: &Written) -> Option<String> {
    match &written.entry {
        Entry::DeviationRecorded { title, detail, class, .. } => {
            Some(format!("Deviation ({}): {title}. {}", crate::names::class(*class), crate::findings::sentence(detail)))
        }
        Entry::TaskRaised(task) => {
            Some(format!("Task: {}, by {}", task.title, show::date(task.due.to_zoned(jiff::tz::TimeZone::UTC).date())))
        }
        Entry::QuestionRaised { message, .. } => Some(format!("Question: {message}")),
        Entry::HoldPlaced { text, .. } => Some(format!("Hold: {text}")),
        Entry::GroundWithdrawn { detail, .. } => Some(format!("The ground of an earlier permission is gone: {detail}")),
        Entry::NumberGiven { participant, .. } => Some(format!("The code is {participant}.")),
        _ => None,
    }
}
