//! One call of a page: who, when, which address, what was sent. And how the table of addresses is served.
//!
//! Pages are plain functions on a thread that may wait for the store; a page that panics is answered with a calm
//! page and a code, and the next call is none the worse.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{RawPathParams, Request};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use axum::routing::{MethodFilter, any, on};
use tokio::sync::watch;

use super::assets::{WORKER, assets};
use super::guard::{harden, same_origin};
use super::multipart::{Upload, boundary, parts};
use super::pairs::Pairs;
use super::reply::{Reply, Trouble};
use crate::Services;
use crate::people::{Presence, Who};

/// Who may come to an address at all. What they may do there, the rules say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Anybody: sign-in, health.
    Anyone,
    /// People of the study: staff in any role.
    Staff,
    /// The participant, about themselves.
    Participant,
    /// Anybody who is signed in.
    SignedIn,
    /// A program or person with a signed-in session, answered in JSON.
    Program,
    /// A program that is not signed in yet, answered in JSON.
    ProgramSignIn,
}

/// One address with what answers it.
pub struct Route {
    pub method: Method,
    pub path: &'static str,
    pub door: Door,
    /// Most that may be sent, in kB.
    pub limit_kb: usize,
    pub act: fn(&Call<'_>) -> Result<Reply, Trouble>,
}

/// What a page is given.
pub struct Call<'a> {
    pub services: &'a Arc<Services>,
    pub method: Method,
    /// The address as asked, with its query.
    pub address: String,
    pub headers: HeaderMap,
    path: Vec<(String, String)>,
    pub query: Pairs,
    pub form: Pairs,
    /// Files that the form sent along.
    pub uploads: Vec<Upload>,
    /// The body as sent, for programs.
    pub body: Vec<u8>,
    pub who: Option<Who>,
    /// Now, as the record counts it.
    pub now: jiff::Timestamp,
    /// Now on the wall: sign-ins live by it, also where virtual time jumps.
    pub device_now: jiff::Timestamp,
    /// Becomes true when the server is about to stop: an answer that goes on for hours ends then.
    pub closing: Option<watch::Receiver<bool>>,
}

impl<'a> Call<'a> {
    /// A call with nothing in it, for pages that must show nothing of the one that was made.
    pub fn bare(services: &'a Arc<Services>, now: jiff::Timestamp) -> Self {
        Self {
            services,
            method: Method::GET,
            address: String::new(),
            headers: HeaderMap::new(),
            path: Vec::new(),
            query: Pairs::default(),
            form: Pairs::default(),
            uploads: Vec::new(),
            body: Vec::new(),
            who: None,
            now,
            device_now: now,
            closing: None,
        }
    }
}

impl Call<'_> {
    /// A part of the address by its name in the table; empty where the table has no such part.
    pub fn part(&self, name: &str) -> &str {
        self.path.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    /// The person, where the door has let only people in.
    pub fn who(&self) -> Result<&Who, Trouble> {
        self.who.as_ref().ok_or(Trouble::SignIn)
    }

    /// Whether a script of ours sent it and wants to be answered with data rather than with a page.
    pub fn wants_data(&self) -> bool {
        self.headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).is_some_and(|kind| kind == "application/json")
    }

    /// The token that forms on this page carry.
    pub fn token(&self) -> String {
        self.who.as_ref().map(|who| self.services.form_key.token(&who.session)).unwrap_or_default()
    }
}

/// The value of one of our cookies.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value.to_owned())
}

/// Puts the table of addresses behind the guards.
pub fn serve_table(services: &Arc<Services>, table: Vec<Route>) -> Router {
    let mut router = Router::new();
    for route in table {
        let filter = if route.method == Method::POST { MethodFilter::POST } else { MethodFilter::GET };
        let (path, route, services) = (route.path, Arc::new(route), Arc::clone(services));
        let handler = move |path: RawPathParams, request: Request| {
            let (route, services) = (Arc::clone(&route), Arc::clone(&services));
            async move { answer(route, services, parts_of(&path), request).await }
        };
        router = router.route(path, on(filter, handler));
    }
    let other_kind = Arc::clone(services);
    let router = router.method_not_allowed_fallback(move |request: Request| {
        let door = if request.uri().path().starts_with("/api/") { Door::ProgramSignIn } else { Door::Anyone };
        let route = Arc::new(Route {
            method: Method::GET,
            path: "",
            door,
            limit_kb: 64,
            act: |call| Err(Trouble::Method(call.method.to_string())),
        });
        let services = Arc::clone(&other_kind);
        async move { answer(route, services, Vec::new(), request).await }
    });
    let unknown = Arc::clone(services);
    let nothing: Arc<Route> = Arc::new(Route {
        method: Method::GET,
        path: "",
        door: Door::Anyone,
        limit_kb: 64,
        act: |_| Err(Trouble::NotFound),
    });
    router.route("/static/{file}", any(embedded)).route(WORKER, any(worker)).fallback(move |request: Request| {
        let (route, services) = (Arc::clone(&nothing), Arc::clone(&unknown));
        async move { answer(route, services, Vec::new(), request).await }
    })
}

fn parts_of(path: &RawPathParams) -> Vec<(String, String)> {
    path.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The worker that opens the room while the server is out of reach. Its address stays the same and browsers ask for it
/// anew; it knows the addresses of the files that this version embeds.
async fn worker() -> Response<Body> {
    let mut response = Response::new(Body::from(super::assets::worker()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8"));
    harden(response.headers_mut(), false);
    response
}

async fn embedded(request: Request) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    match assets().find(request.uri().path()) {
        Some(asset) => {
            let packs = accepts_gzip(request.headers()) && !asset.packed.is_empty();
            *response.body_mut() = if packs { Body::from(asset.packed.as_slice()) } else { Body::from(asset.bytes) };
            if packs {
                response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
            response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
            if let Ok(kind) = asset.kind.parse() {
                response.headers_mut().insert(header::CONTENT_TYPE, kind);
            }
            harden(response.headers_mut(), true);
        }
        None => {
            *response.status_mut() = StatusCode::NOT_FOUND;
            harden(response.headers_mut(), false);
        }
    }
    response
}

/// Whether gzip is among what the browser accepts, and not refused by a weight of nought (RFC 9110, 12.5.3).
fn accepts_gzip(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|part| {
            let (name, weight) = part.split_once(';').unwrap_or((part, ""));
            let weight = weight.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f32>);
            matches!(name.trim(), "gzip" | "x-gzip" | "*") && weight.is_ok_and(|weight| weight > 0.0)
        })
}

/// Reads what was sent, lets the page answer on a thread of its own, and turns every trouble into a page.
async fn answer(
    route: Arc<Route>,
    services: Arc<Services>,
    path: Vec<(String, String)>,
    request: Request,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    let limit = route.limit_kb * 1024;
    let read = to_bytes(body, limit).await;
    let work = move || {
        let now = services.now();
        let device_now = (services.clock)();
        let address = head.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
        let is_form = kind_is(&head.headers, "application/x-www-form-urlencoded");
        let (body, too_large) = match read {
            Ok(bytes) => (bytes.to_vec(), false),
            Err(_) => (Vec::new(), true),
        };
        let (form, uploads) = if is_form {
            (Pairs::decode(&body), Vec::new())
        } else {
            let kind = head.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
            boundary(kind).map(|mark| parts(mark, &body)).unwrap_or_default()
        };
        let mut call = Call {
            services: &services,
            method: head.method,
            address,
            path,
            query: Pairs::decode(head.uri.query().unwrap_or("").as_bytes()),
            form,
            uploads,
            body,
            who: None,
            headers: head.headers,
            now,
            device_now,
            closing: head.extensions.get::<Closing>().map(|closing| closing.0.clone()),
        };
        let reply = std::panic::catch_unwind(AssertUnwindSafe(|| {
            if too_large {
                call.who = crate::people::who_is(&call).present();
                return Err(Trouble::TooLarge { limit_kb: route.limit_kb });
            }
            through_the_door(&route, &mut call)
        }));
        let reply = reply.unwrap_or_else(|panic| Err(Trouble::Fault(panic_words(panic.as_ref()))));
        reply.unwrap_or_else(|trouble| crate::pages::trouble::page(&call, route.door, &trouble)).into_response()
    };
    let mut response = match tokio::task::spawn_blocking(work).await {
        Ok(response) => response,
        // Even the page of the trouble failed: say the least that is true.
        Err(_) => {
            let mut response =
                Response::new(Body::from("Something went wrong on our side. Nothing was half written. LJ-500"));
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        }
    };
    harden(response.headers_mut(), false);
    response
}

/// Checks who comes and whether a form is ours, then lets the page answer.
fn through_the_door(route: &Route, call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let presence = crate::people::who_is(call);
    let locked = matches!(presence, Presence::Locked(_));
    call.who = presence.present();
    if matches!(route.door, Door::Anyone | Door::ProgramSignIn) {
        if call.method == Method::POST && !same_origin(&call.headers) {
            return Err(Trouble::Forged);
        }
        return (route.act)(call);
    }
    let Some(who) = &call.who else { return Err(Trouble::SignIn) };
    let welcome = match route.door {
        Door::Staff => who.is_staff(),
        Door::Participant => !who.is_staff(),
        Door::SignedIn | Door::Program | Door::ProgramSignIn | Door::Anyone => true,
    };
    if !welcome {
        return Err(Trouble::NotFound);
    }
    if call.method == Method::POST {
        // A program sends the token as a header; a page sends it in the form.
        let sent = match call.headers.get("x-lifejacket-token").and_then(|v| v.to_str().ok()) {
            Some(token) => token.to_owned(),
            None => call.form.exact("token").to_owned(),
        };
        if !same_origin(&call.headers) || !call.services.form_key.accepts(&who.session, &sent) {
            return Err(Trouble::Forged);
        }
    }
    if locked {
        crate::people::unlock_here(call)?;
    }
    // A password that somebody else knows opens nothing but the page that replaces it.
    if call.who.as_ref().is_some_and(|who| who.password_once) && route.path != "/account" {
        return match route.door {
            Door::Program => Err(Trouble::NotYours("Choose your own password first, on the page /account.".to_owned())),
            _ => Ok(Reply::see("/account")),
        };
    }
    (route.act)(call)
}

fn kind_is(headers: &HeaderMap, wanted: &str) -> bool {
    headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).is_some_and(|kind| kind.starts_with(wanted))
}

fn panic_words(panic: &(dyn std::any::Any + Send)) -> String {
    let words = panic.downcast_ref::<&str>().copied().map(str::to_owned);
    words.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "panic".to_owned())
}

/// Told to answers that go on for as long as somebody looks.
#[derive(Clone)]
struct Closing(watch::Receiver<bool>);

/// Serves pages on a socket that is already open, until `stop` is done; calls under way are answered first, and answers
/// that go on by themselves are ended.
pub async fn serve(
    listener: tokio::net::TcpListener,
    app: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (close, closing) = watch::channel(false);
    let app = app.layer(axum::Extension(Closing(closing)));
    let stop = async move {
        stop.await;
        let _ = close.send(true);
    };
    axum::serve(listener, app).with_graceful_shutdown(stop).await
}

/// Opens the socket, or says in words why not.
pub async fn listen(address: SocketAddr) -> Result<tokio::net::TcpListener, String> {
    tokio::net::TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => format!("{address} is taken by another program; choose another with --listen"),
        std::io::ErrorKind::PermissionDenied => {
            format!("this account may not listen on {address}; choose a port above 1023")
        }
        _ => format!("can't listen on {address}: {error}"),
    })
}
