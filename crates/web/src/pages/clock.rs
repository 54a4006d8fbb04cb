//! Virtual time of a synthetic store: it can be let pass, so that a washout or a window need not be waited for. A real
//! store has no such page.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::chart::svg::escape;
use crate::desk::Desk;
use crate::frame::{self, Place};
use crate::http::call::Call;
use crate::http::reply::{Reply, Trouble};
use crate::parts::page::{Body, Section};
use crate::show;

/// What can be let pass: code, words, minutes; none is until the next morning at the site.
const SPANS: &[(&str, &str, i64)] = &[
    ("five", "Five minutes", 5),
    ("quarter", "A quarter of an hour", 15),
    ("hour", "One hour", 60),
    ("morning", "Until eight in the morning", 0),
    ("day", "One day", 60 * 24),
    ("week", "One week", 60 * 24 * 7),
    ("month", "Four weeks", 60 * 24 * 28),
];
/// When a site's day begins.
const MORNING: i8 = 8;

/// How long until the next morning in the zone.
fn until_morning(now: Timestamp, zone: &TimeZone) -> Option<SignedDuration> {
    let today = now.to_zoned(zone.clone()).date();
    [Some(today), today.tomorrow().ok()]
        .into_iter()
        .flatten()
        .filter_map(|day| day.at(MORNING, 0, 0, 0).to_zoned(zone.clone()).ok())
        .map(|morning| morning.timestamp())
        .find(|morning| *morning > now)
        .map(|morning| morning.duration_since(now))
}

/// The page.
pub fn get(call: &Call<'_>) -> Result<Reply, Trouble> {
    if !call.services.synthetic() {
        return Err(Trouble::NotFound);
    }
    let desk = Desk::of(call.services, call.who()?, call.now)?;
    let zone = desk.own_zone();
    let mut form = format!(
        "<form method=\"post\" action=\"/clock\"><input type=\"hidden\" name=\"token\" value=\"{}\"><div class=\"actions\">",
        escape(&call.token())
    );
    for (code, words, _) in SPANS {
        form.push_str(&format!(
            "<button class=\"button button-second\" type=\"submit\" name=\"span\" value=\"{code}\">{words}</button>"
        ));
    }
    form.push_str("</div></form>");
    let mut body = Body::new("Virtual time");
    body.lead = format!(
        "It is {}, {} here. Nobody in this store is real, so time can be let pass: for everybody, and never back.",
        show::weekday_date(desk.now.to_zoned(zone.clone()).date()),
        show::clock(desk.now, &zone)
    );
    body.add(Section::new("pass", "Let time pass", form));
    frame::page(call, &desk, Place::Elsewhere, Vec::new(), body)
}

/// Lets it pass.
pub fn post(call: &Call<'_>) -> Result<Reply, Trouble> {
    let span = SPANS.iter().find(|(code, ..)| *code == call.form.text("span"));
    let Some((_, _, minutes)) = span.filter(|_| call.services.synthetic()) else { return Err(Trouble::NotFound) };
    let span = if *minutes > 0 {
        SignedDuration::from_mins(*minutes)
    } else {
        let desk = Desk::of(call.services, call.who()?, call.now)?;
        until_morning(call.now, &desk.own_zone()).ok_or(Trouble::NotFound)?
    };
    call.services.let_pass(span);
    Ok(Reply::see("/clock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_morning_is_the_sites() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        for (now, wait) in
            [("2026-03-02T06:30:00Z", 30), ("2026-03-02T07:00:00Z", 24 * 60), ("2026-03-28T20:00:00Z", 10 * 60)]
        {
            let wanted = SignedDuration::from_mins(wait);
            assert_eq!(until_morning(now.parse().unwrap(), &berlin), Some(wanted), "{now}");
        }
    }
}
