//! Virtual time of a synthetic store: it can be let pass, so that a washout or a window need not be waited for. A real
//! store has no such page.

use jiff::SignedDuration;

use crate::chart::svg::escape;
use crate::desk::Desk;
use crate::frame::{self, Place};
use crate::http::call::Call;
use crate::http::reply::{Reply, Trouble};
use crate::parts::page::{Body, Section};
use crate::show;

/// What can be let pass: code, words, hours.
const SPANS: &[(&str, &str, i64)] =
    &[("hour", "One hour", 1), ("day", "One day", 24), ("week", "One week", 24 * 7), ("month", "Four weeks", 24 * 28)];

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
    let Some((_, _, hours)) = span.filter(|_| call.services.synthetic()) else { return Err(Trouble::NotFound) };
    call.services.let_pass(SignedDuration::from_hours(*hours));
    Ok(Reply::see("/clock"))
}
