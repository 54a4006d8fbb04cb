//! Accounts: made by the administrator alone, with a password that opens nothing until it is replaced.

use axum::http::StatusCode;
use identity::Standing;

use crate::support::{Clinic, Device, Page, text_of};

const OWN: &str = "four grey horses at noon";

fn once(page: &Page) -> String {
    assert_eq!(page.status, StatusCode::OK, "{}", text_of(&page.html));
    page.html.split("id=\"once\">").nth(1).unwrap().split('<').next().unwrap().to_owned()
}

fn sign_in<'a>(clinic: &'a Clinic, login: &str, password: &str) -> Result<Device<'a>, StatusCode> {
    let mut device = clinic.nobody();
    let page = device.send("POST", "/sign-in", &[("login", login), ("password", password), ("back", "/")]);
    if page.status != StatusCode::SEE_OTHER {
        return Err(page.status);
    }
    device.cookie = page.cookie.split(';').next().unwrap().to_owned();
    device.login = login.to_owned();
    Ok(device)
}

#[test]
fn a_new_person_gets_in_and_the_password_they_were_given_opens_nothing_else() {
    let clinic = Clinic::new("reference-mapp2");
    let admin = clinic.at("admin");
    let typed = [("login", "Nora.L"), ("name", "Nora Lind"), ("staff", "S01-N9")];
    let given = once(&admin.fill("/staff/new-account", &typed));
    assert!(!admin.see("/staff/accounts/nora.l").contains(&given), "shown once");
    let taken = admin.fill("/staff/new-account", &typed);
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut nora = sign_in(&clinic, "nora.l", &given).unwrap();
    for address in ["/today", "/participants", "/staff"] {
        assert_eq!(nora.get(address).address, "/account", "{address}");
    }
    for (wrong, why) in [
        (("password", "something else entirely"), "not your password"),
        (("again", "four grey horses at noo"), "not the same"),
        (("new", "short"), "too short"),
        (("new_pin", "123456"), "row of digits"),
    ] {
        let mut typed = vec![("password", given.as_str()), ("new", OWN), ("again", OWN), ("new_pin", "482915")];
        typed.retain(|(name, _)| *name != wrong.0);
        typed.push(wrong);
        let page = nora.fill("/account", &typed);
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{why}");
        assert!(page.html.contains(why), "{why}: {}", text_of(&page.html));
    }
    let typed = [("password", given.as_str()), ("new", OWN), ("again", OWN), ("new_pin", "482915")];
    let page = nora.fill("/account", &typed);
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", text_of(&page.html));
    nora.cookie = page.cookie.split(';').next().unwrap().to_owned();
    nora.see("/today");
    assert!(sign_in(&clinic, "nora.l", &given).is_err(), "the old one is gone");
    assert!(sign_in(&clinic, "nora.l", OWN).is_ok());

    let address = "/staff/accounts/nora.l";
    let reset = once(&admin.fill(address, &[("act", "reset")]));
    assert!(sign_in(&clinic, "nora.l", OWN).is_err() && sign_in(&clinic, "nora.l", &reset).is_ok());
    assert_eq!(nora.get("/today").status, StatusCode::SEE_OTHER, "her sessions have ended");
    assert_eq!(admin.fill(address, &[("act", "disable")]).status, StatusCode::SEE_OTHER);
    assert!(sign_in(&clinic, "nora.l", &reset).is_err());
    assert_eq!(admin.fill(address, &[("act", "unlock")]).status, StatusCode::SEE_OTHER);
    assert!(sign_in(&clinic, "nora.l", &reset).is_ok());
    let log: Vec<String> =
        clinic.identity.events("nora.l").unwrap().into_iter().map(|e| format!("{} {}", e.by, e.what)).collect();
    assert_eq!(
        log,
        [
            "admin account made",
            "admin one-time password given",
            "nora.l PIN changed",
            "nora.l password changed",
            "admin one-time password given",
            "admin switched off",
            "admin unlocked"
        ]
    );
}

#[test]
fn nobody_else_keeps_accounts_and_no_form_without_its_token() {
    let clinic = Clinic::new("reference-mapp2");
    let admin = clinic.at("admin");
    let form = [("login", "mallory"), ("name", "Mallory"), ("act", "disable")];
    for (device, token, wanted) in [
        (clinic.at("coordinator"), None, StatusCode::FORBIDDEN),
        (clinic.at("investigator"), None, StatusCode::FORBIDDEN),
        (clinic.at("admin"), Some("wrong"), StatusCode::FORBIDDEN),
    ] {
        let html = device.see("/today");
        let own = html.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        for address in ["/staff/new-account", "/staff/accounts/nurse"] {
            let sent = [&form[..], &[("token", token.unwrap_or(own))]].concat();
            assert_eq!(device.send("POST", address, &sent).status, wanted, "{} at {address}", device.login);
        }
    }
    assert!(clinic.identity.account("mallory").unwrap().is_none());
    assert_eq!(clinic.identity.account("nurse").unwrap().unwrap().standing, Standing::Enabled);
    assert!(!clinic.at("coordinator").see("/staff").contains("/staff/new-account"));
    assert!(admin.see("/staff").contains("/staff/accounts/nurse"));
    let html = admin.see("/staff/accounts/nurse");
    let token = html.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let own = admin.send("POST", "/staff/accounts/admin", &[("token", token), ("act", "disable")]);
    assert_eq!(own.status, StatusCode::FORBIDDEN, "nobody locks themselves out");
}
