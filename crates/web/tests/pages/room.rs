//! The session room over the real router: what an open page is sent, what a device kept and sends later, who comes and goes.

use std::pin::Pin;
use std::time::{Duration, Instant};

use axum::body::{Body, BodyDataStream};
use axum::http::{Request, StatusCode};
use futures_core::Stream;
use tower::ServiceExt as _;

use crate::support::{Clinic, Device, Page, text_of};

const ROOM: &str = "/participants/S01-001/sessions/1";

/// A clinic with one participant, of whom facts can be recorded.
fn clinic() -> Clinic {
    let clinic = Clinic::new("reference-mapp2");
    let site = clinic.site.clone();
    clinic.at("coordinator").record(&format!("/sites/{site}/do/enquiry"), &[("source", "friend"), ("language", "en")]);
    clinic
}

fn token(html: &str) -> String {
    html.split("data-token=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

/// Sends a form as the room's script does, and reads the answer.
fn script(device: &Device<'_>, address: &str, pairs: &[(&str, &str)]) -> (StatusCode, serde_json::Value) {
    let page = post(device, address, pairs);
    (page.status, serde_json::from_str(&page.html).unwrap_or_else(|e| panic!("{e}: {}", page.html)))
}

fn post(device: &Device<'_>, address: &str, pairs: &[(&str, &str)]) -> Page {
    let request = Request::builder()
        .method("POST")
        .uri(address)
        .header("host", "localhost")
        .header("cookie", &device.cookie)
        .header("accept", "application/json")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(web::http::pairs::Pairs::encode(pairs.iter().copied())))
        .unwrap();
    device.clinic.raw(request)
}

/// An open page: reads events one after another.
struct Open {
    stream: BodyDataStream,
    read: String,
}

impl Open {
    async fn of(device: &Device<'_>) -> Result<Self, StatusCode> {
        let request = Request::builder()
            .uri(format!("{ROOM}/live"))
            .header("cookie", &device.cookie)
            .body(Body::empty())
            .unwrap();
        let response = device.clinic.router.clone().oneshot(request).await.unwrap();
        if response.status() != StatusCode::OK {
            return Err(response.status());
        }
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Ok(Self { stream: response.into_body().into_data_stream(), read: String::new() })
    }

    /// The next event: its name and what it carries.
    async fn next(&mut self) -> (String, serde_json::Value) {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.read = rest;
                let line = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                if let (Some(name), Some(data)) = (line("event: "), line("data: ")) {
                    return (name, serde_json::from_str(&data).unwrap());
                }
                continue;
            }
            let chunk = std::future::poll_fn(|context| Pin::new(&mut self.stream).poll_next(context));
            let chunk =
                tokio::time::timeout(Duration::from_secs(10), chunk).await.expect("nothing came in ten seconds");
            self.read.push_str(std::str::from_utf8(&chunk.unwrap().unwrap()).unwrap());
        }
    }
}

/// On a thread of its own: a test's other calls run the router to its end, which can't be done inside a running one.
fn aside<T: Send>(act: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(act).join().unwrap())
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn note<'a>(token: &'a str, id: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("token", token), ("request", id), ("code", "TEARS"), ("text", "a note of the test")]
}

#[test]
fn what_one_writes_everybody_who_looks_sees_within_a_second() {
    let clinic = clinic();
    let (nurse, lead, prescriber) = (clinic.at("nurse"), clinic.at("lead"), clinic.at("prescriber"));
    let token = token(&nurse.see(ROOM));
    let address = format!("{ROOM}/do/session-note");
    runtime().block_on(async {
        let mut open = Vec::new();
        for device in [&nurse, &lead, &prescriber] {
            let mut one = Open::of(device).await.unwrap();
            let (name, first) = one.next().await;
            assert_eq!(name, "room");
            assert!(first["regions"]["log"].is_string(), "the first message brings everything");
            open.push(one);
        }
        let before = Instant::now();
        let sent = aside(|| post(&nurse, &address, &note(&token, "11111111")));
        assert_eq!(sent.status, StatusCode::OK);
        for one in &mut open {
            let (_, message) = one.next().await;
            assert!(message["regions"]["log"].as_str().unwrap().contains("a note of the test"), "{message}");
            assert!(message["regions"].get("chart").is_none(), "what did not change is not sent: {message}");
        }
        assert!(before.elapsed() < Duration::from_secs(1), "{:?}", before.elapsed());
    });
}

#[test]
fn an_open_page_is_somebodys_and_shows_them_what_they_may_see() {
    let clinic = clinic();
    let strangers = ["rater", "data", "admin"].map(|login| clinic.at(login));
    let (nobody, nurse) = (clinic.nobody(), clinic.at("nurse"));
    let address = format!("{ROOM}/do/session-note");
    runtime().block_on(async {
        for stranger in &strangers {
            assert_eq!(Open::of(stranger).await.err(), Some(StatusCode::NOT_FOUND), "{}", stranger.login);
        }
        assert_eq!(Open::of(&nobody).await.err(), Some(StatusCode::SEE_OTHER));
        // After a pause nothing clinical is sent, and after signing out nothing at all.
        let mut open = Open::of(&nurse).await.unwrap();
        open.next().await;
        clinic.pass_minutes(30);
        let (second, token) = aside(|| {
            let second = clinic.at("second");
            let token = token(&second.see(ROOM));
            (second, token)
        });
        aside(|| post(&second, &address, &note(&token, "22222222")));
        let (name, message) = open.next().await;
        assert_eq!((name.as_str(), message), ("locked", serde_json::json!({ "alarm": false })));
        let session = nurse.cookie.split('=').nth(1).unwrap();
        clinic.identity.sign_out(&web::people::token(session).unwrap()).unwrap();
        aside(|| post(&second, &address, &note(&token, "33333333")));
        assert_eq!(open.next().await.0, "gone");
    });
}

#[test]
fn what_a_device_kept_is_recorded_once_with_the_time_at_which_it_happened() {
    let clinic = clinic();
    let nurse = clinic.at("nurse");
    let token = token(&nurse.see(ROOM));
    clinic.pass_minutes(9);
    let happened = "2026-03-02T08:02:00Z";
    let address = format!("{ROOM}/do/reading");
    let kept = [
        ("token", token.as_str()),
        ("request", "0b9e2c1a-5a0e-4c0b-9d55-5c6f4b1f0001"),
        ("clock_behind_ms", "-3600000"),
        ("device_at", "2026-03-02T09:02:00Z"),
        ("typed_by", "nurse"),
        ("kept", "yes"),
        ("measures.systolic", "132"),
        ("measures.diastolic", "84"),
    ];
    let (status, said) = script(&nurse, &address, &kept);
    assert_eq!(
        (status, said["done"].as_bool(), said["before"].as_bool()),
        (StatusCode::OK, Some(true), Some(false)),
        "{said}"
    );
    // The answer was lost on the way; the device sends it once more, later.
    clinic.pass_minutes(1);
    let (status, said) = script(&nurse, &address, &kept);
    assert_eq!(
        (status, said["done"].as_bool(), said["before"].as_bool()),
        (StatusCode::OK, Some(true), Some(true)),
        "{said}"
    );
    let person = clinic.door.participant(&"S01-001".into()).unwrap().unwrap();
    let readings = &person.sessions[&1].readings;
    assert_eq!(readings.len(), 1);
    assert_eq!(readings[0].at.to_string(), happened);
    // Both clocks are in the record, and how far the device's was off.
    let rows = clinic.door.store().select("SELECT body FROM entry WHERE body LIKE '%reading_recorded%'", &[]).unwrap();
    let body = format!("{rows:?}");
    assert!(body.contains("2026-03-02T09:02:00Z") && body.contains("kept on the device"), "{body}");
}

#[test]
fn what_somebody_typed_is_never_sent_in_anothers_name() {
    let clinic = clinic();
    let lead = clinic.at("lead");
    let token = token(&lead.see(ROOM));
    let mut kept = note(&token, "44444444");
    kept.extend([("device_at", "2026-03-02T08:00:00Z"), ("typed_by", "nurse")]);
    let (status, said) = script(&lead, &format!("{ROOM}/do/session-note"), &kept);
    assert_eq!((status, said["code"].as_str()), (StatusCode::FORBIDDEN, Some("LJ-403")), "{said}");
    assert!(clinic.door.participant(&"S01-001".into()).unwrap().unwrap().sessions.is_empty());
}

#[test]
fn a_script_is_told_what_is_wrong_and_where() {
    let clinic = clinic();
    let nurse = clinic.at("nurse");
    let token = token(&nurse.see(ROOM));
    let pairs = [("token", token.as_str()), ("request", "55555555"), ("measures.systolic", "720")];
    let (status, said) = script(&nurse, &format!("{ROOM}/do/reading"), &pairs);
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{said}");
    assert_eq!(said["wrong"][0]["field"], "measures.systolic", "{said}");
    assert!(said["wrong"][0]["words"].as_str().unwrap().contains("720"), "{said}");
    // The token of a server that was started anew, and of nobody.
    let (status, said) = script(&nurse, &format!("{ROOM}/do/reading"), &[("token", "old")]);
    assert_eq!((status, said["code"].as_str()), (StatusCode::FORBIDDEN, Some("LJ-403-F")));
    let (status, said) = script(&clinic.nobody(), &format!("{ROOM}/do/reading"), &[]);
    assert_eq!((status, said["code"].as_str()), (StatusCode::UNAUTHORIZED, Some("LJ-401")));
}

#[test]
fn each_comes_and_goes_in_their_own_name_on_a_shared_device() {
    let clinic = clinic();
    let lead = clinic.at("lead");
    let html = lead.see(ROOM);
    let address = format!("{ROOM}/presence");
    let token = token(&html);
    let go = |id: &str, pairs: &[(&str, &str)]| {
        let mut all = vec![("token", token.as_str()), ("request", id)];
        all.extend(pairs);
        script(&lead, &address, &all)
    };
    assert_eq!(go("66666661", &[("who", "nurse"), ("going", "in")]).0, StatusCode::OK);
    let (status, said) = go("66666662", &[("who", ""), ("going", "in")]);
    assert_eq!(
        (status, said["wrong"][0]["words"].as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, Some("Say who it is."))
    );
    // Hand over in one step: the one who comes is there before the other goes.
    clinic.pass_minutes(1);
    assert_eq!(go("66666663", &[("comes", "second"), ("leaves", "nurse"), ("going", "handover")]).0, StatusCode::OK);
    let person = clinic.door.participant(&"S01-001".into()).unwrap().unwrap();
    let spans: Vec<(&str, bool)> =
        person.sessions[&1].presence.iter().map(|span| (span.staff.as_str(), span.until.is_none())).collect();
    assert_eq!(spans, [("nurse", false), ("second", true)]);
    let (status, _) = go("66666664", &[("comes", "second"), ("leaves", "second"), ("going", "handover")]);
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[test]
fn the_room_works_as_plain_forms() {
    let clinic = clinic();
    let nurse = clinic.at("nurse");
    let html = nurse.see(ROOM);
    let page = nurse.submit(&html, &format!("{ROOM}/do/session-note"), &[("code", "TEARS"), ("text", "plain")]);
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", text_of(&page.html));
    let html = nurse.see(&page.address);
    assert!(html.contains("Recorded at") && html.contains("plain"), "{}", text_of(&html));
    let found = nurse.see(&format!("{ROOM}?find=PLAIN&show=notes"));
    assert!(found.contains("plain") && !nurse.see(&format!("{ROOM}?find=nothing-like-it")).contains("<p>plain"));
    let page =
        nurse.submit(&html, &format!("{ROOM}/do/stop-session"), &[("reason_given", "The participant asks to stop")]);
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", text_of(&page.html));
    assert!(nurse.see(ROOM).contains("The session was stopped at"));
}

#[test]
fn the_room_that_is_kept_for_a_dead_server_has_nothing_in_it() {
    let clinic = clinic();
    let shell = clinic.nobody().see("/room-shell");
    for word in ["S01", "systolic", "Example"] {
        assert!(!shell.contains(word), "{word}");
    }
    let worker = clinic.nobody().get("/room-worker.js");
    assert!(worker.html.contains("/static/room-") && !worker.html.contains("/*FILES*/"), "{}", worker.html);
}

/// What may have been a harm is asked about; an adverse event, pleasant ones too, answers the question on its own form.
#[test]
fn f_01_an_adverse_event_answers_the_questions_of_the_session() {
    let clinic = clinic();
    let lead = clinic.at("lead");
    let token = token(&lead.see(ROOM));
    let (status, said) = script(
        &lead,
        &format!("{ROOM}/do/session-note"),
        &[("token", &token), ("request", "vomit-0000-0001"), ("code", "VOMIT")],
    );
    assert_eq!(status, StatusCode::OK, "{said}");
    let open = || -> Vec<String> {
        let person = clinic.door.participant(&"S01-001".into()).unwrap().unwrap();
        let asked = person
            .tasks
            .iter()
            .filter(|(_, task)| task.done.is_none() && task.raised.trigger == protocol::model::Trigger::MayBeHarm);
        asked.map(|(id, _)| id.to_string()).collect()
    };
    let question = open().first().cloned().expect("vomiting is asked about");
    let room = lead.see(ROOM);
    let form = format!("/participants/S01-001/do/adverse-event/{question}");
    assert!(room.contains(&format!("href=\"{form}\"")), "the room leads to the form with its question");
    let page = lead.see(&form);
    let tick = page.split(&format!("value=\"{question}\"")).nth(1).unwrap().split('>').next().unwrap();
    assert!(tick.contains("checked"), "the question is ticked: {tick}");
    for valence in ["Unpleasant", "Pleasant", "Neither", "Both"] {
        assert!(text_of(&page).contains(valence), "{valence} can be said");
    }
    lead.record(
        &form,
        &[
            ("term", "vomited once, felt lighter"),
            ("onset", "2026-03-02"),
            ("severity", "mild"),
            ("related", "possible"),
            ("valence", "positive"),
            ("outcome", "recovered"),
            ("session", "1"),
            ("answers", &question),
        ],
    );
    assert_eq!(open(), [""; 0], "it is answered");
    assert!(!lead.see(ROOM).contains("Was it an adverse event?"));
}
