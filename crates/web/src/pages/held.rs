//! What was typed into a form when its sign-in was over: held on the page, through signing in again, back to the form.
//! Nothing of it is recorded on the way: the form is shown with it, and recording stays an act of its own.

use axum::http::{Method, StatusCode};

use crate::chart::svg::escape;
use crate::frame;
use crate::http::call::{Call, Door};
use crate::http::guard::from_our_page;
use crate::http::reply::Reply;
use crate::parts::page::{Body, Section};

/// Before the name of what is held, while somebody signs in.
const PREFIX: &str = "held.";
/// In a form that goes back to where it was typed: show it, write nothing.
pub const AGAIN: &str = "held";
/// Proofs and tokens belong to the moment; they are never held.
const NEVER: &[&str] = &["token", "pin", "second_pin", "unlock_pin", "password", AGAIN];

/// Whether the form comes back with what was typed before: it is shown, and nothing is written.
pub fn again(call: &Call<'_>) -> bool {
    call.form.has(AGAIN)
}

/// What a form held that can't be taken as it came; nothing where the call is no form of ours.
pub fn of(call: &Call<'_>, door: Door) -> Vec<(String, String)> {
    if call.method != Method::POST || door != Door::Staff || !from_our_page(&call.headers) {
        return Vec::new();
    }
    let typed = call.form.iter().filter(|(name, _)| !NEVER.contains(name));
    typed.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// What the sign-in page was given to hold.
pub fn carried(call: &Call<'_>) -> Vec<(String, String)> {
    let held = call.form.iter().filter_map(|(name, value)| Some((name.strip_prefix(PREFIX)?, value)));
    held.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Hidden fields of the sign-in page that carry it on.
pub fn carry(held: &[(String, String)]) -> String {
    hidden(held, PREFIX)
}

fn hidden(held: &[(String, String)], prefix: &str) -> String {
    let field = |(name, value): &(String, String)| {
        format!("<input type=\"hidden\" name=\"{prefix}{}\" value=\"{}\">", escape(name), escape(value))
    };
    held.iter().map(field).collect()
}

/// The page between signing in and the form: one button leads back to it with everything that was typed.
pub fn bridge(call: &Call<'_>, action: &str, token: &str, held: &[(String, String)]) -> Option<String> {
    let form = format!(
        "<form class=\"narrow\" method=\"post\" action=\"{0}\"><input type=\"hidden\" name=\"token\" value=\"{1}\"><input type=\"hidden\" name=\"{AGAIN}\" value=\"yes\">{2}<div class=\"actions\"><button class=\"button\" type=\"submit\">Go on with what you typed</button><a href=\"/\">Leave it</a></div></form>",
        escape(action),
        escape(token),
        hidden(held, "")
    );
    let body = Body::new("What you typed is still here")
        .lead("You were signed out before it was sent. Nothing of it is recorded yet: look at it once more, then record it.")
        .section(Section::bare(form));
    match frame::bare(&Call::bare(call.services, call.now), body, StatusCode::OK).ok()? {
        Reply::Page { html, .. } => Some(html),
        _ => None,
    }
}
