//! What stands around every page: headers, tokens, limits, sleep, and troubles as calm pages.

use axum::body::Body;
use axum::http::{Request, StatusCode};

use crate::support::{Clinic, text_of};

#[test]
fn every_answer_bears_the_headers_and_nothing_is_inline() {
    let clinic = Clinic::new("reference-mapp2");
    let coordinator = clinic.at("coordinator");
    for address in ["/", "/participants", "/trial", "/study", "/nothing/here"] {
        let page = coordinator.get(address);
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{address}");
        assert_eq!(page.headers["cache-control"], "no-store", "{address}");
        assert_eq!(page.headers["x-content-type-options"], "nosniff", "{address}");
        for inline in [" style=\"", "<style", " onclick=", " onload=", "javascript:", "<script>"] {
            assert!(!page.html.contains(inline), "{address} has {inline}");
        }
    }
}

#[test]
fn embedded_files_are_kept_for_ever_under_their_hash() {
    let clinic = Clinic::new("reference-mapp2");
    let html = clinic.nobody().see("/sign-in");
    let address = html.split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let page = clinic.nobody().get(&address);
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.headers["cache-control"].to_str().unwrap().contains("immutable"));
    assert_eq!(clinic.nobody().get("/static/lifejacket.css").status, StatusCode::NOT_FOUND);
}

#[test]
fn a_post_without_this_sign_ins_token_writes_nothing() {
    let clinic = Clinic::new("reference-mapp2");
    let coordinator = clinic.at("coordinator");
    let address = format!("/sites/{}/do/enquiry", clinic.site);
    for token in ["", "0000", "abc"] {
        let page = coordinator.send("POST", &address, &[("token", token), ("source", "x"), ("language", "en")]);
        assert_eq!(page.status, StatusCode::FORBIDDEN);
        assert!(page.html.contains("LJ-403-F"), "{}", text_of(&page.html));
    }
    // Another person's token is no better.
    let html = clinic.at("investigator").see(&address);
    let token = html.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let page = coordinator.send("POST", &address, &[("token", &token), ("source", "x"), ("language", "en")]);
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert_eq!(clinic.door.site(&clinic.site).unwrap().last_number, 0);
}

#[test]
fn a_post_from_another_site_is_refused_even_with_the_token() {
    let clinic = Clinic::new("reference-mapp2");
    let coordinator = clinic.at("coordinator");
    let address = format!("/sites/{}/do/enquiry", clinic.site);
    let html = coordinator.see(&address);
    let token = html.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let request = Request::builder()
        .method("POST")
        .uri(&address)
        .header("cookie", &coordinator.cookie)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "cross-site")
        .body(Body::from(format!("token={token}&source=x&language=en")))
        .unwrap();
    assert_eq!(clinic.raw(request).status, StatusCode::FORBIDDEN);
}

#[test]
fn ten_megabytes_are_answered_with_a_sentence() {
    let clinic = Clinic::new("reference-mapp2");
    let coordinator = clinic.at("coordinator");
    let address = format!("/sites/{}/do/enquiry", clinic.site);
    let page = coordinator.send("POST", &address, &[("source", &"x".repeat(10 * 1024 * 1024))]);
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(page.html.contains("LJ-413") && page.html.contains("256 kB"), "{}", text_of(&page.html));
}

/// A full disk, and a file that another program holds: a sentence with its code, what was typed still there, nothing half written;
/// when there is room again, the very same form is taken.
#[test]
fn a_full_disk_and_a_held_file_are_said_and_lose_nothing() {
    let clinic = Clinic::new("reference-mapp2");
    let coordinator = clinic.at("coordinator");
    let site = clinic.site.clone();
    let enquiry = format!("/sites/{site}/do/enquiry");
    coordinator.record(&enquiry, &[("source", "physician"), ("language", "en")]);
    let address = format!("/participants/{site}-001/do/note");
    let words = "she asked whether her sister may come along ".repeat(60);
    clinic.file.limit_pages(0).unwrap();
    let (html, page) = loop {
        let html = coordinator.see(&address);
        let page = coordinator.submit(&html, &address, &[("text", &words)]);
        if page.status != StatusCode::SEE_OTHER {
            break (html, page);
        }
    };
    let notes = || {
        let id = terms::ParticipantId::from(format!("{site}-001"));
        clinic.door.participant(&id).unwrap().unwrap().notes.len()
    };
    let before = notes();
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{}", text_of(&page.html));
    for said in ["LJ-503", "disk", "her sister may come along"] {
        assert!(page.html.contains(said), "{said}: {}", text_of(&page.html));
    }
    clinic.file.limit_pages(10_000).unwrap();
    let page = coordinator.submit(&html, &address, &[("text", &words)]);
    assert_eq!((page.status, notes()), (StatusCode::SEE_OTHER, before + 1), "{}", text_of(&page.html));

    clinic.file.be_patient_for(std::time::Duration::from_millis(30)).unwrap();
    let other = rusqlite::Connection::open(record::SqliteStore::path(&clinic.file)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let html = coordinator.see(&address);
    let page = coordinator.submit(&html, &address, &[("text", "while the file is held")]);
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{}", text_of(&page.html));
    assert!(page.html.contains("LJ-503") && page.html.contains("while the file is held"), "{}", text_of(&page.html));
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(
        coordinator.submit(&html, &address, &[("text", "while the file is held")]).status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(notes(), before + 2);
}

#[test]
fn addresses_that_are_not_there_say_so() {
    let clinic = Clinic::new("reference-mapp2");
    let coordinator = clinic.at("coordinator");
    for address in [
        "/participants/S99-001",
        "/participants/%2e%2e%2f",
        "/participants/'%20OR%201=1",
        "/study/0000",
        "/ratings/x",
        "/stock/S99",
        "/participants/x/sessions/999",
        "/me",
    ] {
        let page = coordinator.get(address);
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{address}: {}", text_of(&page.html));
        assert!(page.html.contains("LJ-404"), "{address}");
    }
}

#[test]
fn a_sleeping_session_keeps_what_was_sent_behind_the_pin() {
    let clinic = Clinic::new("reference-mapp2");
    let coordinator = clinic.at("coordinator");
    let address = format!("/sites/{}/do/enquiry", clinic.site);
    let html = coordinator.see(&address);
    clinic.pass_minutes(30);
    let page = coordinator.submit(&html, &address, &[("source", "a <friend>"), ("language", "en")]);
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    assert!(
        page.html.contains("Locked after a pause") && page.html.contains("value=\"a &lt;friend&gt;\""),
        "{}",
        text_of(&page.html)
    );
    assert!(!page.html.contains("class=\"nav\""), "a locked page shows nothing of the product");
    assert_eq!(clinic.door.site(&clinic.site).unwrap().last_number, 0);
    let page = coordinator.submit(&page.html, &address, &[("unlock_pin", "")]);
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", text_of(&page.html));
    assert_eq!(clinic.door.site(&clinic.site).unwrap().last_number, 1);
}

#[test]
fn signing_out_ends_it_and_the_back_button_finds_nothing() {
    let clinic = Clinic::new("reference-mapp2");
    let coordinator = clinic.at("coordinator");
    assert_eq!(coordinator.send("POST", "/sign-out", &[]).status, StatusCode::SEE_OTHER);
    let page = coordinator.get("/participants");
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert!(page.address.starts_with("/sign-in?back=%2Fparticipants"), "{}", page.address);
}

#[test]
fn the_same_form_sent_twice_writes_once() {
    let clinic = Clinic::new("reference-mapp2");
    let coordinator = clinic.at("coordinator");
    let address = format!("/sites/{}/do/enquiry", clinic.site);
    let html = coordinator.see(&address);
    let typed = [("source", "friend"), ("language", "en")];
    let first = coordinator.submit(&html, &address, &typed);
    let again = coordinator.submit(&html, &address, &typed);
    assert_eq!(
        (first.status, again.status),
        (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER),
        "{}",
        text_of(&again.html)
    );
    assert_eq!(clinic.door.site(&clinic.site).unwrap().last_number, 1);
    // The same form with something else in it is another request, and says so.
    let page = coordinator.submit(&html, &address, &[("source", "other"), ("language", "en")]);
    assert_eq!(page.status, StatusCode::CONFLICT);
}

#[test]
fn programs_get_json_with_the_same_answers() {
    let clinic = Clinic::new("reference-mapp2");
    let coordinator = clinic.at("coordinator");
    let html = coordinator.see("/participants");
    let token = html.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let send = |body: String, token: &str| {
        let request = Request::builder()
            .method("POST")
            .uri("/api/commands")
            .header("cookie", &coordinator.cookie)
            .header("content-type", "application/json")
            .header("x-lifejacket-token", token)
            .body(Body::from(body))
            .unwrap();
        clinic.raw(request)
    };
    let enquiry = format!(
        r#"{{"id":"r-1","command":{{"fact":{{"record_enquiry":{{"site":"{}","source":"x","language":"en"}}}}}}}}"#,
        clinic.site
    );
    let page = send(format!("{enquiry}\nnot json\n{enquiry}"), &token);
    assert_eq!(page.status, StatusCode::OK, "{}", page.html);
    let answers: Vec<serde_json::Value> = page.html.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let said: Vec<&str> = answers.iter().map(|a| a["answer"].as_str().unwrap()).collect();
    assert_eq!(said, ["done", "unreadable", "done"]);
    assert_eq!(answers[2]["repeated"], true);
    let page = send(enquiry, "wrong");
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    let wrong: serde_json::Value = serde_json::from_str(&page.html).unwrap();
    assert_eq!(wrong["code"], "LJ-403-F");
    let page = clinic.nobody().get("/healthz");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&page.html).unwrap()["status"], "ok");
}

#[test]
fn virtual_time_is_let_pass_for_the_record_and_not_for_sign_ins() {
    let clinic = Clinic::new("reference-mapp2");
    let coordinator = clinic.at("coordinator");
    let before = coordinator.see("/clock");
    assert!(before.contains("Monday 2 March 2026"), "{}", text_of(&before));
    coordinator.record("/clock", &[("span", "month")]);
    let after = coordinator.see("/clock");
    assert!(after.contains("Monday 30 March 2026"), "{}", text_of(&after));
    assert_eq!(coordinator.fill("/clock", &[("span", "-1")]).status, StatusCode::NOT_FOUND);
}
