//! What a page answers with, and what can be wrong with a call: each a calm sentence with a code.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse as _;

/// An answer on its way out.
#[derive(Debug)]
pub enum Reply {
    /// A whole page.
    Page {
        status: StatusCode,
        html: String,
    },
    /// Go and look there: what every successful post answers, so that reloading repeats nothing.
    See {
        address: String,
        cookie: Option<String>,
    },
    /// Somebody signed in, and a page goes on with what they had typed.
    Entered {
        html: String,
        cookie: String,
    },
    Json {
        status: StatusCode,
        body: String,
    },
    /// A program is signed in.
    SignedIn {
        body: String,
        cookie: String,
    },
    /// Goes on for as long as somebody looks: what the receiver is given goes out at once.
    Live(tokio::sync::mpsc::Receiver<axum::response::sse::Event>),
    /// A file to keep or show.
    File {
        kind: String,
        name: String,
        bytes: Vec<u8>,
    },
}

impl Reply {
    pub fn page(html: String) -> Self {
        Self::Page { status: StatusCode::OK, html }
    }

    pub fn see(address: impl Into<String>) -> Self {
        Self::See { address: address.into(), cookie: None }
    }

    pub fn json(body: String) -> Self {
        Self::Json { status: StatusCode::OK, body }
    }

    /// As it goes out on the wire.
    pub fn into_response(self) -> Response<Body> {
        match self {
            Self::Page { status, html } => plain(status, "text/html; charset=utf-8", html.into()),
            Self::Entered { html, cookie } => {
                let mut response = plain(StatusCode::OK, "text/html; charset=utf-8", html.into());
                if let Ok(value) = HeaderValue::from_str(&cookie) {
                    response.headers_mut().insert(header::SET_COOKIE, value);
                }
                response
            }
            Self::Json { status, body } => plain(status, "application/json", body.into()),
            Self::SignedIn { body, cookie } => {
                let mut response = plain(StatusCode::OK, "application/json", body.into());
                if let Ok(value) = HeaderValue::from_str(&cookie) {
                    response.headers_mut().insert(header::SET_COOKIE, value);
                }
                response
            }
            Self::See { address, cookie } => {
                let mut response = plain(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", Body::empty());
                if let Ok(value) = HeaderValue::from_str(&address) {
                    response.headers_mut().insert(header::LOCATION, value);
                }
                if let Some(value) = cookie.and_then(|c| HeaderValue::from_str(&c).ok()) {
                    response.headers_mut().insert(header::SET_COOKIE, value);
                }
                response
            }
            Self::Live(receiver) => {
                let mut response = axum::response::sse::Sse::new(Stream(receiver)).into_response();
                // A proxy in between must hand each line on as it comes.
                response
                    .headers_mut()
                    .insert(axum::http::HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
                response
            }
            Self::File { kind, name, bytes } => {
                let mut response = plain(StatusCode::OK, &kind, bytes.into());
                let safe: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || "-_. ".contains(*c)).collect();
                if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{safe}\"")) {
                    response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
                }
                response
            }
        }
    }
}

fn plain(status: StatusCode, kind: &str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    if let Ok(value) = HeaderValue::from_str(kind) {
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    response
}

/// What a task sends, as the stream that the answer is made of.
struct Stream(tokio::sync::mpsc::Receiver<axum::response::sse::Event>);

impl futures_core::Stream for Stream {
    type Item = Result<axum::response::sse::Event, std::convert::Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context).map(|event| event.map(Ok))
    }
}

/// Why a call could not be answered with what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    #[error("not signed in")]
    SignIn,
    /// The words say why the last try did not unlock it; empty before the first.
    #[error("locked after a pause")]
    Locked(String),
    #[error("nothing at this address")]
    NotFound,
    /// It is there now, and was not at the time that the page was asked for.
    #[error("not known then: {0}")]
    NotThen(String),
    /// The record knows of it, and this store does not hold it.
    #[error("not here: {0}")]
    NotHere(String),
    #[error("not among your duties: {0}")]
    NotYours(String),
    /// Somebody said who they are and did not prove it.
    #[error("not proved: {0}")]
    NotProved(String),
    /// The address is there, and takes no call of this kind.
    #[error("{0} is not answered here")]
    Method(String),
    #[error("the form is not from this session")]
    Forged,
    #[error("somebody wrote first: {0}")]
    Conflict(String),
    #[error("more than {limit_kb} kB were sent")]
    TooLarge { limit_kb: usize },
    #[error("what was sent can't be read: {0}")]
    Unreadable(String),
    /// The store can't be written to now: disk full, locked, gone.
    #[error("{0}")]
    Unavailable(String),
    /// A fault of ours. The words stay in the server's log; the page shows the code alone.
    #[error("{0}")]
    Fault(String),
}

impl Trouble {
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::SignIn | Self::Locked(_) | Self::NotProved(_) => StatusCode::UNAUTHORIZED,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotFound | Self::NotThen(_) | Self::NotHere(_) => StatusCode::NOT_FOUND,
            Self::NotYours(_) | Self::Forged => StatusCode::FORBIDDEN,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unreadable(_) => StatusCode::BAD_REQUEST,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Fault(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Short, stable, for the phone call to whoever runs the server.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::SignIn => "LJ-401",
            Self::Locked(_) => "LJ-401-L",
            Self::NotFound => "LJ-404",
            Self::NotThen(_) => "LJ-404-T",
            Self::NotHere(_) => "LJ-404-H",
            Self::NotYours(_) => "LJ-403",
            Self::NotProved(_) => "LJ-401-P",
            Self::Method(_) => "LJ-405",
            Self::Forged => "LJ-403-F",
            Self::Conflict(_) => "LJ-409",
            Self::TooLarge { .. } => "LJ-413",
            Self::Unreadable(_) => "LJ-400",
            Self::Unavailable(_) => "LJ-503",
            Self::Fault(_) => "LJ-500",
        }
    }

    /// Heading, what happened, what to do.
    pub fn words(&self) -> (String, String, String) {
        let say = |a: &str, b: String, c: &str| (a.to_owned(), b, c.to_owned());
        match self {
            Self::SignIn => say("Sign in first", "This page is for people who are signed in.".to_owned(), "Sign in, then open it again."),
            Self::Locked(_) => say("Locked after a pause", "Nothing was lost.".to_owned(), "Give your PIN to go on where you were."),
            Self::NotFound => say(
                "There is nothing at this address",
                "It may have been typed wrong, or it is not for your role.".to_owned(),
                "Go to Today, or look under Participants.",
            ),
            Self::NotThen(what) => say("Not on record at that time", what.clone(), "Ask for a later day, or open the page without a day to see it as it stands now."),
            Self::NotHere(what) => say("The file is not here", what.clone(), "Look for it where it came from; whoever has it can attach it again."),
            Self::NotYours(what) => say("This is not among your duties", what.clone(), "Ask somebody who has the duty, or the person who keeps the delegation log."),
            Self::NotProved(what) => say("Nobody was let in", what.clone(), "Give login and password, or PIN, as they were chosen. Nothing was written."),
            Self::Method(method) => say(
                "This address takes no call of this kind",
                format!("{method} is not answered here. Nothing was written."),
                "The kinds that it takes are in the header Allow: GET to look, POST to send.",
            ),
            Self::Forged => say(
                "The form could not be accepted",
                "It does not belong to this sign-in. It may have been open since before you signed out. Nothing was written.".to_owned(),
                "Go back, reload the page and send the form again.",
            ),
            Self::Conflict(what) => say("Somebody wrote first", what.clone(), "Look at what is there now, then decide again. Nothing of yours was written."),
            Self::TooLarge { limit_kb } => say(
                "That is too much at once",
                format!("At most {limit_kb} kB can be sent to this page. Nothing was written."),
                "Shorten the text, or send the document in parts.",
            ),
            Self::Unreadable(what) => say("That could not be read", what.clone(), "Go back: what you typed is still in the form. Nothing was written."),
            Self::Unavailable(what) => say("The record can't be written just now", what.clone(), "Nothing was lost that was said to be recorded. Try again in a minute; if it stays, tell whoever runs this server."),
            Self::Fault(_) => say(
                "Something went wrong on our side",
                "Nothing was half written: an act is recorded whole or not at all.".to_owned(),
                "Go back and look whether it is there. If not, send it again; if it fails again, give the code below to whoever runs this server.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every() -> Vec<Trouble> {
        vec![
            Trouble::SignIn,
            Trouble::Locked(String::new()),
            Trouble::NotFound,
            Trouble::NotThen("x".into()),
            Trouble::NotHere("x".into()),
            Trouble::NotYours("x".into()),
            Trouble::NotProved("x".into()),
            Trouble::Method("PUT".into()),
            Trouble::Forged,
            Trouble::Conflict("x".into()),
            Trouble::TooLarge { limit_kb: 64 },
            Trouble::Unreadable("x".into()),
            Trouble::Unavailable("x".into()),
            Trouble::Fault("secret detail".into()),
        ]
    }

    #[test]
    fn each_has_its_own_code_and_a_next_step() {
        let mut codes: Vec<&str> = every().iter().map(Trouble::code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), every().len());
        assert!(every().iter().all(|t| !t.words().2.is_empty()));
    }

    #[test]
    fn a_fault_tells_nobody_its_inside() {
        let (a, b, c) = Trouble::Fault("secret detail".into()).words();
        assert!(!format!("{a}{b}{c}").contains("secret"));
    }

    #[test]
    fn a_file_name_cannot_break_its_header() {
        let reply =
            Reply::File { kind: "text/plain".into(), name: "a\"\r\nX: y;.pdf".into(), bytes: vec![] }.into_response();
        assert_eq!(reply.headers()["content-disposition"], "attachment; filename=\"aX y.pdf\"");
    }
}
