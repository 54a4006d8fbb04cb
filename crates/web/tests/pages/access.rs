//! Role × address: what each role finds at each address. An address without a line in the table fails.

use axum::http::StatusCode;

use crate::support::{Clinic, STAFF, TRIAL, text_of};

/// Address pattern, then who finds a page there; everybody else finds nothing (404), nobody at all signs in first.
const TABLE: &[(&str, &str)] = &[
    ("/", "all"),
    ("/today", "all"),
    ("/clock", "all"),
    (
        "/participants",
        "coordinator investigator prescriber lead second nurse pharmacist night monitor medic data inspector admin",
    ),
    (
        "/participants/{participant}",
        "coordinator investigator prescriber lead second nurse pharmacist night monitor medic data inspector admin",
    ),
    (
        "/participants/{participant}/dates",
        "coordinator investigator prescriber lead second nurse pharmacist night monitor medic data inspector admin",
    ),
    (
        "/participants/{participant}/facts",
        "coordinator investigator prescriber lead second nurse pharmacist night monitor medic data inspector admin",
    ),
    (
        "/participants/{participant}/casebook",
        "coordinator investigator prescriber lead second nurse pharmacist night monitor medic data inspector admin",
    ),
    (
        "/participants/{participant}/consent",
        "coordinator investigator prescriber lead second nurse pharmacist night monitor medic data inspector admin",
    ),
    ("/participants/{participant}/person", "coordinator investigator prescriber lead second nurse night"),
    ("/participants/{participant}/document", "coordinator investigator prescriber lead second nurse night"),
    (
        "/participants/{participant}/sessions/{session}",
        "coordinator investigator prescriber lead second nurse pharmacist night monitor medic inspector",
    ),
    ("/ratings", "rater"),
    ("/stock", "investigator pharmacist coordinator lead second nurse monitor medic inspector admin"),
    ("/stock/{site}", "investigator pharmacist coordinator lead second nurse monitor medic inspector admin"),
    ("/stock/{site}/ledger", "investigator pharmacist coordinator lead second nurse monitor medic inspector admin"),
    ("/stock/{site}/ledger.csv", "investigator pharmacist coordinator lead second nurse monitor medic inspector admin"),
    (
        "/stock/{site}/forecast.csv",
        "investigator pharmacist coordinator lead second nurse monitor medic inspector admin",
    ),
    (
        "/trial",
        "coordinator investigator prescriber lead second nurse pharmacist night monitor medic data inspector admin",
    ),
    (
        "/study",
        "coordinator investigator prescriber lead second nurse pharmacist night monitor medic data inspector admin",
    ),
    (
        "/study/{hash}",
        "coordinator investigator prescriber lead second nurse pharmacist night monitor medic data inspector admin",
    ),
    ("/staff", "coordinator investigator monitor inspector admin"),
    ("/staff/new-account", "admin"),
    ("/staff/accounts/{login}", "admin"),
    ("/account", "all"),
    ("/me", "none"),
    ("/me/visits", "none"),
    ("/me/agreed", "none"),
    ("/me/stop", "none"),
];

/// Addresses that are walked in other tests because they need something there first.
const ELSEWHERE: &[&str] = &[
    "/healthz",
    "/sign-in",
    "/enter/{login}",
    "/locked",
    "/participants/{participant}/visits/{visit}",
    "/participants/{participant}/visits/{visit}/forms/{form}",
    "/participants/{participant}/forms/{instance}",
    "/participants/{participant}/forms/{instance}/correct",
    "/participants/{participant}/documents/{instance}",
    "/ratings/{request}",
    "/ratings/{request}/forms/{form}",
    "/me/forms/{visit}/{form}",
    "/participants/{participant}/do/{act}",
    "/participants/{participant}/do/{act}/{about}",
    "/participants/{participant}/sessions/{session}/do/{act}",
    "/participants/{participant}/sessions/{session}/do/{act}/{about}",
    "/sites/{site}/do/{act}",
    "/sites/{site}/do/{act}/{about}",
    "/trial/do/{act}",
    "/trial/do/{act}/{about}",
    "/ratings/{request}/do/{act}",
];

#[test]
fn no_address_is_forgotten() {
    for route in web::routes::table().iter().filter(|r| r.method == axum::http::Method::GET) {
        let known = TABLE.iter().any(|(path, _)| *path == route.path) || ELSEWHERE.contains(&route.path);
        assert!(known, "{} stands in no line of the access table", route.path);
    }
}

#[test]
fn each_role_finds_what_is_theirs_and_nothing_else() {
    let clinic = Clinic::new("reference-mapp2");
    let made = clinic
        .at("coordinator")
        .record(&format!("/sites/{}/do/enquiry", clinic.site), &[("source", "friend"), ("language", "en")]);
    assert!(made.starts_with("/participants"), "{made}");
    let code = format!("{}-001", clinic.site);
    let hash = clinic.door.studies().iter().next().unwrap().0.to_string();
    let mut wrong = Vec::new();
    for (login, _) in STAFF.iter().chain(TRIAL) {
        let device = clinic.at(login);
        for (pattern, who) in TABLE {
            let address = pattern
                .replace("{participant}", &code)
                .replace("{session}", "1")
                .replace("{site}", clinic.site.as_str())
                .replace("{hash}", &hash)
                .replace("{login}", "nurse");
            let page = device.get(&address);
            let theirs = *who == "all" || who.split(' ').any(|w| w == *login);
            let wanted = if theirs { StatusCode::OK } else { StatusCode::NOT_FOUND };
            if page.status != wanted {
                wrong.push(format!(
                    "{login} at {address}: {} ({})",
                    page.status,
                    text_of(&page.html).chars().take(120).collect::<String>()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nobody_signed_in_finds_the_door_alone() {
    let clinic = Clinic::new("reference-mapp2");
    for (pattern, _) in TABLE {
        let address = pattern
            .replace("{participant}", "S01-001")
            .replace("{session}", "1")
            .replace("{site}", "S01")
            .replace("{hash}", "x")
            .replace("{login}", "nurse");
        let page = clinic.nobody().get(&address);
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{address}");
        assert!(page.address.starts_with("/sign-in"), "{address} leads to {}", page.address);
    }
}
