//! The room as it is kept up to date: server-sent events that carry the regions that changed, drawn for the person who
//! looks; the record's clock; and the empty room that opens while the server is out of reach.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use askama::Template as _;
use axum::response::sse::Event;
use conduct::{Command, Fact, Person, Proof, Request, StreamId};
use record::Asked;
use serde_json::{Value, json};
use tokio::sync::{broadcast::error::RecvError, mpsc, watch};
use tokio::time::Instant;

use super::ahead::{Find, Room};
use super::session::file_of;
use crate::Services;
use crate::desk::Desk;
use crate::http::call::Call;
use crate::http::reply::{Reply, Trouble};
use crate::live::Seat;
use crate::people::{Presence, Who, look};

/// How often a page is looked at without anything having been written: what is due changes with time.
const TICK: Duration = Duration::from_secs(15);
/// Messages that may wait for a slow connection.
const WAITING: usize = 4;

/// Whose view of which session.
#[derive(Clone)]
struct View {
    /// The sign-in, as the device holds it.
    session: String,
    participant: String,
    number: String,
    find: Find,
    streams: Arc<[StreamId]>,
}

/// What there is to be sent.
enum Drawn {
    Regions(Vec<(&'static str, String)>, Value),
    /// Asleep after a pause: nothing clinical, but whether something needs a person at once.
    Locked {
        alarm: bool,
    },
    /// Nobody is signed in, or it is not theirs any more.
    Gone,
    Trouble,
}

/// Goes on for as long as the page is open.
pub fn live(call: &Call<'_>) -> Result<Reply, Trouble> {
    let who = call.who()?;
    let desk = Desk::of(call.services, who, call.now)?;
    let (file, _) = file_of(&desk, call.part("participant"), call.part("session"))?;
    let site = file.participant.site.clone();
    let view = View {
        session: who.session.clone(),
        participant: call.part("participant").to_owned(),
        number: call.part("session").to_owned(),
        find: Find { kind: call.query.text("show").to_owned(), words: call.query.text("find").to_lowercase() },
        streams: vec![
            StreamId::Participant(file.participant.id.clone()),
            StreamId::Site(site.clone()),
            StreamId::Stock(site),
            StreamId::Trial,
        ]
        .into(),
    };
    let seat = call
        .services
        .live
        .seat()
        .ok_or_else(|| Trouble::Unavailable("Too many pages are open at once: close some.".to_owned()))?;
    let (send, receive) = mpsc::channel(WAITING);
    let (services, closing) = (Arc::clone(call.services), call.closing.clone());
    tokio::spawn(stay(services, view, seat, send, closing));
    Ok(Reply::Live(receive))
}

async fn stay(
    services: Arc<Services>,
    view: View,
    _seat: Seat,
    send: mpsc::Sender<Event>,
    closing: Option<watch::Receiver<bool>>,
) {
    // Subscribed before the first look: what is written in between is seen by one or the other.
    let mut notices = services.live.subscribe();
    let mut sent: HashMap<&'static str, u64> = HashMap::new();
    let mut closing = closing;
    loop {
        let (for_draw, look_at) = (Arc::clone(&services), view.clone());
        let drawn = tokio::task::spawn_blocking(move || draw(&for_draw, &look_at)).await;
        let (event, last) = match drawn {
            Ok(Drawn::Regions(regions, hello)) => (changed(regions, hello, &mut sent), false),
            Ok(Drawn::Locked { alarm }) => {
                sent.clear();
                (Event::default().event("locked").data(json!({ "alarm": alarm }).to_string()), false)
            }
            Ok(Drawn::Gone) => (Event::default().event("gone").data("{}"), true),
            Ok(Drawn::Trouble) | Err(_) => (Event::default().comment("trouble"), false),
        };
        if send.send(event).await.is_err() || last {
            return;
        }
        let tick = Instant::now() + TICK;
        loop {
            tokio::select! {
                () = send.closed() => return,
                () = closes(&mut closing) => return,
                () = tokio::time::sleep_until(tick) => break,
                notice = notices.recv() => match notice {
                    Ok(moved) if moved.concerns(&view.streams) => break,
                    Ok(_) => {}
                    // Too much happened elsewhere meanwhile to know what: look.
                    Err(RecvError::Lagged(_)) => break,
                    Err(RecvError::Closed) => return,
                },
            }
        }
        // Whatever else is waiting already is in the next look as well.
        while notices.try_recv().is_ok() {}
    }
}

/// Done when the server is about to stop; never where nobody says so.
async fn closes(closing: &mut Option<watch::Receiver<bool>>) {
    match closing {
        Some(closing) => {
            let _ = closing.wait_for(|closing| *closing).await;
        }
        None => std::future::pending().await,
    }
}

/// The regions that look different from what this page was sent last.
fn changed(regions: Vec<(&'static str, String)>, hello: Value, sent: &mut HashMap<&'static str, u64>) -> Event {
    let mut out = serde_json::Map::new();
    for (name, drawn) in regions {
        let mut hasher = DefaultHasher::new();
        drawn.hash(&mut hasher);
        if sent.insert(name, hasher.finish()) != Some(hasher.finish()) {
            out.insert(name.to_owned(), Value::String(drawn));
        }
    }
    let mut message = hello;
    if let Some(all) = message.as_object_mut() {
        all.insert("regions".to_owned(), Value::Object(out));
    }
    Event::default().event("room").data(message.to_string())
}

fn draw(services: &Arc<Services>, view: &View) -> Drawn {
    let (who, asleep) = match look(services, &view.session) {
        Presence::Here(who) => (who, false),
        Presence::Locked(who) => (who, true),
        Presence::Nobody => return Drawn::Gone,
    };
    match drawn_for(services, view, &who) {
        Ok((_, _, alarm)) if asleep => Drawn::Locked { alarm },
        Ok((regions, hello, _)) => Drawn::Regions(regions, hello),
        Err(Trouble::NotFound | Trouble::SignIn | Trouble::NotYours(_)) => Drawn::Gone,
        Err(_) => Drawn::Trouble,
    }
}

type Seen = (Vec<(&'static str, String)>, Value, bool);

fn drawn_for(services: &Arc<Services>, view: &View, who: &Who) -> Result<Seen, Trouble> {
    let now = services.now();
    let desk = Desk::of(services, who, now)?;
    let (file, number) = file_of(&desk, &view.participant, &view.number)?;
    let mut room = Room::of(&desk, &file, number, services.form_key.token(&who.session))?;
    room.redrawn = true;
    room.find = view.find.clone();
    if room.now.brought && room.state.closed.is_none() {
        what_time_brought(services, &file, number, now)?;
    }
    let ahead = room.ahead(&room.now.steps);
    Ok((room.regions(&ahead), hello(&room, who), room.alarm()))
}

/// Writes down what time alone has brought, overdue measurements and alarms that nobody took: an open page is looked at
/// every quarter of a minute, and what it notices is a fact. The notice of it draws every page anew.
fn what_time_brought(
    services: &Arc<Services>,
    file: &crate::desk::CaseFile,
    session: u8,
    now: jiff::Timestamp,
) -> Result<(), Trouble> {
    // One page is enough to notice; the others see what it wrote.
    static ONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let Ok(_one) = ONE.try_lock() else { return Ok(()) };
    let fact = Fact::RecordAlarms { participant: file.participant.id.clone(), session };
    let request = Request { id: services.fresh_id(), at: None, sent: None, reason: None, command: Command::Fact(fact) };
    let asked = Asked {
        request,
        actor: Proof { person: Person::Program, at: now, signed: false },
        second: None,
        now,
        act: terms::ActId::from(services.fresh_id()),
        pseudonym: String::new(),
    };
    // Nothing new, or somebody was quicker: then it stands there already.
    services.door.ask(&asked).map(|_| ()).map_err(Trouble::from)
}

/// What the page's script needs to know beside what is drawn.
fn hello(room: &Room<'_>, who: &Who) -> Value {
    json!({
        "now": room.desk.services.now().as_millisecond(),
        "dosed": room.state.dosed_at().map(|at| at.as_millisecond()),
        "token": room.token,
        "login": who.login,
        "open": room.state.departed.is_none() && room.state.closed.is_none(),
    })
}

/// The record's clock and the token of this sign-in, for the script: it measures how far its device's clock is off, and
/// says that somebody is there.
pub fn clock(call: &Call<'_>) -> Result<Reply, Trouble> {
    let who = call.who()?;
    let desk = Desk::of(call.services, who, call.now)?;
    let (file, number) = file_of(&desk, call.part("participant"), call.part("session"))?;
    let room = Room::of(&desk, &file, number, call.token())?;
    Ok(Reply::json(hello(&room, who).to_string()))
}

/// The room without anything in it. Browsers keep it for when the server is out of reach.
pub fn shell(_: &Call<'_>) -> Result<Reply, Trouble> {
    Ok(Reply::page(crate::shell::EmptyRoom.render().map_err(|e| Trouble::Fault(e.to_string()))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_different_is_sent() {
        let mut sent = HashMap::new();
        let regions = |log: &str| vec![("band", "same".to_owned()), ("log", log.to_owned())];
        let first = format!("{:?}", changed(regions("a"), json!({}), &mut sent));
        assert!(first.contains("band") && first.contains("log"), "{first}");
        let second = format!("{:?}", changed(regions("b"), json!({}), &mut sent));
        assert!(!second.contains("band") && second.contains("log"), "{second}");
    }
}
