//! What is wrong, as a calm page: what happened, what to do, and a code.

use std::io::Write as _;

use crate::chart::svg::escape;
use crate::desk::Desk;
use crate::frame::{self, Place};
use crate::http::call::{Call, Door};
use crate::http::pairs::Pairs;
use crate::http::reply::{Reply, Trouble};
use crate::parts::page::{Body, Section};

/// A form of ours whose sign-in was over when it was sent: what was typed is held until somebody has signed in.
fn still_here(call: &Call<'_>, door: Door) -> Option<Reply> {
    let held = super::held::of(call, door);
    if held.is_empty() {
        return None;
    }
    match &call.who {
        None => super::gate::sign_in_again(call, &held).ok(),
        Some(_) => {
            let html = super::held::bridge(call, &call.address, &call.token(), &held)?;
            Some(Reply::Page { status: axum::http::StatusCode::CONFLICT, html })
        }
    }
}

/// The page (or, for a program, the JSON) of a trouble.
pub fn page(call: &Call<'_>, door: Door, trouble: &Trouble) -> Reply {
    if let Trouble::Fault(inside) = trouble {
        // For whoever runs the server. No response, name or allocation is ever in these words.
        let _ = writeln!(std::io::stderr(), "{} {} {} {inside}", trouble.code(), call.method, call.address);
    }
    let (title, what, next) = trouble.words();
    if matches!(door, Door::Program | Door::ProgramSignIn) || call.wants_data() {
        let mut body = serde_json::json!({ "code": trouble.code(), "error": title, "what": what, "next": next });
        if let (Trouble::Locked(words), Some(all)) = (trouble, body.as_object_mut()) {
            all.insert("detail".to_owned(), words.clone().into());
        }
        return Reply::Json { status: trouble.status(), body: body.to_string() };
    }
    match trouble {
        Trouble::SignIn if call.method == axum::http::Method::GET => {
            return Reply::see(format!("/sign-in?{}", Pairs::encode([("back", call.address.as_str())])));
        }
        Trouble::Locked(words) => return super::gate::locked(call, words),
        Trouble::SignIn | Trouble::Forged => {
            if let Some(reply) = still_here(call, door) {
                return reply;
            }
        }
        _ => {}
    }
    let mut links = String::new();
    if call.who.is_some() {
        links.push_str("<div class=\"actions\"><a class=\"button button-second\" href=\"/\">Go to Today</a></div>");
    } else {
        links.push_str(
            "<div class=\"actions\"><a class=\"button button-second\" href=\"/sign-in\">Go to sign-in</a></div>",
        );
    }
    let text = format!(
        "<div class=\"trouble\"><p>{}</p><p>{}</p><p class=\"quiet small\">Code {}</p>{links}</div>",
        escape(&what),
        escape(&next),
        trouble.code()
    );
    let body = || Body::new(title.clone()).section(Section::bare(&text));
    let framed = call
        .who
        .as_ref()
        .filter(|who| who.is_staff() && !matches!(trouble, Trouble::Fault(_) | Trouble::Unavailable(_)))
        .and_then(|who| Desk::of(call.services, who, call.now).ok())
        .and_then(|desk| frame::page_with(call, &desk, Place::Elsewhere, Vec::new(), body(), trouble.status()).ok());
    framed.or_else(|| frame::bare(call, body(), trouble.status()).ok()).unwrap_or_else(|| Reply::Page {
        status: trouble.status(),
        html: format!("<!doctype html><title>{0}</title><h1>{0}</h1><p>{1}</p>", escape(&title), escape(&what)),
    })
}
