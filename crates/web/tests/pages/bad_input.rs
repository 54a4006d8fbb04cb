//! Bad input at the pages and at the programs' address: each gets a sentence and a code, and loses nothing.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::Value;

use crate::support::{Clinic, Device, Page, text_of};

const MEGABYTES_10: usize = 10 * 1024 * 1024;

fn person(clinic: &Clinic) -> String {
    let coordinator = clinic.at("coordinator");
    coordinator.record(&format!("/sites/{}/do/enquiry", clinic.site), &[("source", "physician"), ("language", "en")]);
    format!("{}-001", clinic.site)
}

fn token(device: &Device<'_>) -> String {
    let html = device.see("/participants");
    html.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

/// A program's post, as bytes.
fn post(device: &Device<'_>, token: &str, body: impl Into<Body>) -> Page {
    let request = Request::builder()
        .method("POST")
        .uri("/api/commands")
        .header("cookie", &device.cookie)
        .header("content-type", "application/json")
        .header("x-lifejacket-token", token)
        .body(body.into())
        .unwrap();
    device.clinic.raw(request)
}

fn entries(clinic: &Clinic) -> u64 {
    clinic.door.store().heads().unwrap().values().map(|head| head.position).sum()
}

#[test]
fn hostile_json_at_the_programs_address_is_answered_line_by_line_and_writes_nothing() {
    let clinic = Clinic::new("reference-mapp2");
    let code = person(&clinic);
    let coordinator = clinic.at("coordinator");
    let token = token(&coordinator);
    let before = entries(&clinic);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let note = |text: &str| {
        format!(r#"{{"id":"r-1","command":{{"fact":{{"record_note":{{"participant":"{code}","text":{text}}}}}}}}}"#)
    };
    let wrong = [
        deep,
        "{".to_owned(),
        note("\"cut off"),
        note("12"),
        r#"{"id":"r-2","command":{"fact":{"record_nonsense":{}}}}"#.to_owned(),
        r#"{"id":"r-3","command":{"fact":{"record_note":{"participant":"S01-001","text":"x","arm":"active"}}}}"#
            .to_owned(),
        r#"{"id":"","command":null}"#.to_owned(),
        "null".to_owned(),
        "\"\\ud800\"".to_owned(),
        r#"{"id":1e400}"#.to_owned(),
    ];
    for text in wrong {
        let page = post(&coordinator, &token, text.clone());
        assert_eq!(page.status, StatusCode::OK, "{text:.80}: {}", page.html);
        let answer: Value = serde_json::from_str(page.html.lines().next().unwrap()).unwrap();
        assert_eq!(answer["answer"], "unreadable", "{text:.80}: {answer}");
        assert!(answer.to_string().len() < 2_000, "the answer is short: {text:.80}");
    }
    assert_eq!(entries(&clinic), before);
}

#[test]
fn bytes_that_are_no_text_and_more_than_may_be_sent_have_their_codes() {
    let clinic = Clinic::new("reference-mapp2");
    let coordinator = clinic.at("coordinator");
    let token = token(&coordinator);
    let before = entries(&clinic);
    for (body, status, code) in [
        (vec![0xff, 0xfe, 0x00], StatusCode::BAD_REQUEST, "LJ-400"),
        (Vec::new(), StatusCode::BAD_REQUEST, "LJ-400"),
        (b"{}\n".repeat(1001), StatusCode::BAD_REQUEST, "LJ-400"),
        (vec![b'x'; MEGABYTES_10], StatusCode::PAYLOAD_TOO_LARGE, "LJ-413"),
    ] {
        let page = post(&coordinator, &token, body);
        assert_eq!(page.status, status, "{}", page.html);
        let said: Value = serde_json::from_str(&page.html).unwrap();
        assert_eq!(said["code"], code);
        assert!(said["what"].as_str().is_some_and(|words| words.len() > 10) && said["next"].is_string(), "{said}");
    }
    let nobody = clinic.nobody();
    let page = post(&nobody, &token, "{}");
    assert_eq!(
        (page.status, serde_json::from_str::<Value>(&page.html).unwrap()["code"].as_str()),
        (StatusCode::UNAUTHORIZED, Some("LJ-401"))
    );
    assert_eq!(entries(&clinic), before);
}

#[test]
fn ten_megabytes_in_a_form_of_the_study_are_said_to_be_too_much_and_the_draft_stays() {
    let clinic = Clinic::new("reference-mapp2");
    let code = person(&clinic);
    let coordinator = clinic.at("coordinator");
    let study = clinic.door.studies().iter().next().unwrap().1.clone();
    let (visit, form) = study
        .visits
        .iter()
        .find_map(|visit| {
            study.activities_at(visit.id.as_str()).find_map(|(activity, _)| match &activity.what {
                protocol::model::ActivityKind::Form(id) => Some((visit.id.clone(), id.clone())),
                _ => None,
            })
        })
        .unwrap();
    let address = format!("/participants/{code}/visits/{visit}/forms/{form}");
    let field = study.form(form.as_str()).unwrap().fields[0].id.clone();
    let name = format!("values.{field}");
    let html = coordinator.see(&address);
    coordinator.submit(&html, &address, &[(&name, "kept"), ("do", "save")]);
    let before = entries(&clinic);
    let page = coordinator.submit(&html, &address, &[(&name, &"9".repeat(MEGABYTES_10)), ("do", "check")]);
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(page.html.contains("That is too much at once") && page.html.contains("LJ-413"), "{}", text_of(&page.html));
    // A number of two hundred thousand digits fits through the door and is said to be no answer.
    let page = coordinator.submit(&html, &address, &[(&name, &"9".repeat(200_000)), ("do", "check")]);
    assert!(page.status.is_success() || page.status == StatusCode::UNPROCESSABLE_ENTITY, "{}", page.status);
    assert_eq!(entries(&clinic), before);
    assert_eq!(coordinator.get(&address).status, StatusCode::OK);
}

#[test]
fn ids_that_nobody_knows_are_answered_on_every_kind_of_address_by_get_and_post() {
    let clinic = Clinic::new("reference-mapp2");
    let code = person(&clinic);
    let coordinator = clinic.at("coordinator");
    let token = token(&coordinator);
    let before = entries(&clinic);
    for unknown in [
        format!("/participants/{code}/visits/V999"),
        format!("/participants/{code}/visits/V999/forms/caps5"),
        format!("/participants/{code}/visits/V1/forms/nothing"),
        format!("/participants/{code}/forms/0000.1"),
        format!("/participants/{code}/forms/0000.1/correct"),
        format!("/participants/{code}/documents/0000.1"),
        format!("/participants/{code}/sessions/0"),
        format!("/participants/{code}/sessions/-1"),
        format!("/participants/{code}/sessions/99999999999999999999"),
        format!("/participants/{code}/do/fly"),
        "/participants/%00/casebook".to_owned(),
        format!("/participants/{}", "S".repeat(7_000)),
        "/sites/S99/do/enquiry".to_owned(),
        "/trial/do/fly".to_owned(),
    ] {
        for method in ["GET", "POST"] {
            let page = coordinator.send(
                method,
                &unknown,
                &[("token", &token), ("do", "record"), ("request", "unknown-ids-1")],
            );
            let calm =
                matches!(page.status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::FORBIDDEN);
            assert!(calm, "{method} {unknown:.80}: {} {}", page.status, text_of(&page.html));
            assert!(!page.html.contains("LJ-500"), "{method} {unknown:.80}");
        }
        let page = coordinator.get(&unknown);
        assert!(
            page.html.contains("There is nothing at this address") && page.html.contains("LJ-404"),
            "{unknown:.80}: {}",
            text_of(&page.html)
        );
    }
    assert_eq!(entries(&clinic), before);
}

#[test]
fn impossible_moments_and_numbers_are_said_at_their_field_and_kept() {
    let clinic = Clinic::new("reference-mapp2");
    let code = person(&clinic);
    let coordinator = clinic.at("coordinator");
    let before = entries(&clinic);
    let address = format!("/participants/{code}/do/note");
    for moment in ["2026-02-30T10:00", "tomorrow", "2026-13-01T00:00", "99999-01-01T00:00", "2026-03-02T25:00"] {
        let page = coordinator.fill(&address, &[("text", "A note."), ("at", moment)]);
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{moment}: {}", text_of(&page.html));
        assert!(page.html.contains("needs a look") && page.html.contains("A note."), "{moment}");
    }
    // The future is no time at which something has happened.
    let page = coordinator.fill(&address, &[("text", "A note."), ("at", "2031-01-01T10:00")]);
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", text_of(&page.html));
    assert_eq!(entries(&clinic), before);
}

#[test]
fn after_the_back_button_the_same_form_is_the_same_act_and_a_changed_one_says_so() {
    let clinic = Clinic::new("reference-mapp2");
    let code = person(&clinic);
    let coordinator = clinic.at("coordinator");
    let address = format!("/participants/{code}/do/note");
    let html = coordinator.see(&address);
    let first = coordinator.submit(&html, &address, &[("text", "Said once.")]);
    assert_eq!(first.status, StatusCode::SEE_OTHER);
    let after = entries(&clinic);
    let again = coordinator.submit(&html, &address, &[("text", "Said once.")]);
    assert_eq!((again.status, &again.address), (StatusCode::SEE_OTHER, &first.address));
    assert_eq!(entries(&clinic), after, "sent again, nothing is written");
    let changed = coordinator.submit(&html, &address, &[("text", "Said otherwise.")]);
    assert_eq!(changed.status, StatusCode::CONFLICT);
    assert!(
        changed.html.contains("This form was sent before") && changed.html.contains("Said otherwise."),
        "{}",
        text_of(&changed.html)
    );
    assert_eq!(entries(&clinic), after);
    // Sent on purpose from that page, it stands beside the first.
    let page = coordinator.submit(&changed.html, &address, &[]);
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", text_of(&page.html));
    assert!(entries(&clinic) > after);
}

#[test]
fn two_people_at_one_act_are_both_answered_and_it_is_done_once() {
    let clinic = Clinic::new("reference-mapp2");
    let code = person(&clinic);
    let (one, two) = (clinic.at("coordinator"), clinic.at("investigator"));
    let address = format!("/participants/{code}/do/declined");
    let (first, second) = (one.see(&address), two.see(&address));
    assert_eq!(one.submit(&first, &address, &[("reason", "no time")]).status, StatusCode::SEE_OTHER);
    let after = entries(&clinic);
    let page = two.submit(&second, &address, &[("reason", "too far away")]);
    // What has happened can be recorded; whatever the answer is, it is one in words and never a fault of ours.
    assert!(page.status.is_redirection() || page.status.is_client_error(), "{}", page.status);
    assert!(!page.html.contains("LJ-500"), "{}", text_of(&page.html));
    if page.status.is_client_error() {
        assert!(page.html.contains("too far away"), "what they typed is kept: {}", text_of(&page.html));
        assert_eq!(entries(&clinic), after);
    }
}

/// Whoever gives a wrong secret is told so: it has nothing to do with their duties.
#[test]
fn a_wrong_secret_is_said_to_be_wrong_and_when_to_try_again_is_said_in_clock_time() {
    let clinic = Clinic::new("reference-mapp2");
    let nobody = clinic.nobody();
    let sign_in = Request::builder()
        .method("POST")
        .uri("/api/sign-in")
        .header("content-type", "application/json")
        .body(Body::from(r#"{"login":"coordinator","password":"not this one"}"#))
        .unwrap();
    let coordinator = clinic.at("coordinator");
    let second = Request::builder()
        .method("POST")
        .uri("/api/commands")
        .header("cookie", &coordinator.cookie)
        .header("x-lifejacket-token", token(&coordinator))
        .header("x-lifejacket-second", "nurse:000000")
        .body(Body::from("{}"))
        .unwrap();
    for (request, login) in [(sign_in, "coordinator"), (second, "nurse")] {
        let page = clinic.raw(request);
        let said: Value = serde_json::from_str(&page.html).unwrap();
        assert_eq!((page.status, said["code"].as_str()), (StatusCode::UNAUTHORIZED, Some("LJ-401-P")), "{said}");
        let what = said["what"].as_str().unwrap();
        assert!(what.contains(login) && what.contains("do not belong together"), "{said}");
        assert!(!said.to_string().contains("duties"), "{said}");
    }
    let typed = [("login", "coordinator"), ("password", "nor this"), ("back", "/")];
    let tries = (0..20).map(|_| text_of(&nobody.send("POST", "/sign-in", &typed).html));
    let told = tries.into_iter().find(|page| page.contains("Too many wrong tries")).expect("it never ends");
    let words = told.split("Too many wrong tries").nth(1).unwrap().split('.').next().unwrap().to_owned();
    // As `: try again at 08:01, in a minute`: no seconds, no date, no letters between them.
    assert!(words.starts_with(": try again at ") && words.contains(", in "), "{words}");
    let clock = words.trim_start_matches(": try again at ").split([',', ' ']).next().unwrap();
    assert!(clock.len() == 5 && clock.as_bytes()[2] == b':', "{words}");
}

/// A call of a kind that an address doesn't take is answered with a sentence, and with the kinds that it takes.
#[test]
fn a_call_of_another_kind_is_told_which_kinds_there_are() {
    let clinic = Clinic::new("reference-mapp2");
    for (method, address, allowed) in [
        ("PUT", "/today", "GET"),
        ("DELETE", "/sign-in", "POST"),
        ("DELETE", "/api/commands", "POST"),
        ("PATCH", "/participants/S01-001", "GET"),
    ] {
        let request = Request::builder().method(method).uri(address).body(Body::empty()).unwrap();
        let page = clinic.raw(request);
        assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {address}");
        let allow = page.headers.get("allow").map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        assert!(allow.contains(allowed), "{method} {address}: {allow}");
        assert!(page.html.contains(&format!("{method} is not answered here")), "{}", text_of(&page.html));
        assert!(page.html.contains("LJ-405"));
        if address.starts_with("/api/") {
            assert_eq!(serde_json::from_str::<Value>(&page.html).unwrap()["code"], "LJ-405");
        }
    }
    assert_eq!(
        clinic.raw(Request::builder().method("PUT").uri("/nowhere").body(Body::empty()).unwrap()).status,
        StatusCode::NOT_FOUND
    );
}
