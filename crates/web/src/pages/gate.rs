//! Coming in and going out: sign-in, one click on a persona of a synthetic store, the PIN after a pause, sign-out.

use axum::http::StatusCode;
use identity::{ProofError, SessionError};

use crate::chart::svg::escape;
use crate::frame;
use crate::http::call::Call;
use crate::http::pairs::Pairs;
use crate::http::reply::{Reply, Trouble};
use crate::parts::field::{Control, Errors, Field, LineKind};
use crate::parts::page::{Body, Section};
use crate::parts::words::Icon;
use crate::people::{cookie_for, cookie_gone, hex, token};

/// An address of ours to go back to; anything else leads home.
fn back(given: &str) -> &str {
    let ours = given.starts_with('/') && !given.starts_with("//") && !given.contains(['\\', '\r', '\n']);
    if ours { given } else { "/" }
}

/// What the sign-in page is drawn with.
struct SignIn<'a> {
    back: &'a str,
    login: &'a str,
    wrong: &'a str,
    /// What was typed into a form whose sign-in was over.
    held: &'a [(String, String)],
    status: StatusCode,
}

/// The sign-in page, with the personas of a synthetic store.
pub fn sign_in_page(call: &Call<'_>) -> Result<Reply, Trouble> {
    let back = back(call.query.text("back"));
    page(call, &SignIn { back, login: "", wrong: "", held: &[], status: StatusCode::OK })
}

/// The sign-in page in place of a form's answer: what was typed is held on it.
pub fn sign_in_again(call: &Call<'_>, held: &[(String, String)]) -> Result<Reply, Trouble> {
    let back = back(&call.address);
    page(call, &SignIn { back, login: "", wrong: "", held, status: StatusCode::UNAUTHORIZED })
}

fn page(call: &Call<'_>, sign_in: &SignIn<'_>) -> Result<Reply, Trouble> {
    let hidden = format!(
        "<input type=\"hidden\" name=\"back\" value=\"{}\">{}",
        escape(sign_in.back),
        super::held::carry(sign_in.held)
    );
    let personas = if call.services.synthetic() { personas(call, &hidden)? } else { String::new() };
    let errors = if sign_in.wrong.is_empty() {
        String::new()
    } else {
        let lines = vec![("#f-login".to_owned(), sign_in.wrong.to_owned())];
        Errors { title: "You are not signed in".to_owned(), lines }.to_string()
    };
    let login = Field::new("login", "Login", Control::Line { kind: LineKind::Login }).value(sign_in.login);
    let password = Field::new("password", "Password", Control::Secret { pin: false });
    let form = format!(
        "<form class=\"narrow\" method=\"post\" action=\"/sign-in\">{hidden}{errors}{login}{password}<div class=\"actions\"><button class=\"button\" type=\"submit\">Sign in</button></div></form>"
    );
    let mut body = Body::new("Sign in");
    if !sign_in.held.is_empty() {
        body.lead =
            "You were signed out meanwhile. What you typed is still here: sign in to go on with it. ".to_owned();
    }
    if personas.is_empty() {
        body.add(Section::bare(form));
    } else {
        body.lead.push_str("This store holds synthetic data. Enter as one of its people with one click.");
        body.add(Section::bare(personas));
        body.add(Section::new("password-title", "With login and password", form));
    }
    frame::bare(call, body, sign_in.status)
}

fn personas(call: &Call<'_>, hidden: &str) -> Result<String, Trouble> {
    let all = call.services.identity.personas().map_err(|e| Trouble::Unavailable(e.to_string()))?;
    let mut out = format!("<form method=\"post\" action=\"/sign-in/persona\">{hidden}<ul class=\"people\">");
    for account in &all {
        let role = persona_role(call, account);
        out.push_str(&format!(
            "<li><button type=\"submit\" name=\"login\" value=\"{}\"><b>{}</b><span>{}</span></button></li>",
            escape(&account.login),
            escape(&account.display_name),
            escape(&role)
        ));
    }
    out.push_str("</ul></form>");
    Ok(if all.is_empty() { String::new() } else { out })
}

/// Somebody is signed in: on to where they wanted to go, or back to what they had typed.
fn entered(call: &Call<'_>, session: &str) -> Reply {
    let cookie = cookie_for(session, call.services.secure);
    let address = back(call.form.text("back")).to_owned();
    let held = super::held::carried(call);
    let bridge = (!held.is_empty())
        .then(|| super::held::bridge(call, &address, &call.services.form_key.token(session), &held))
        .flatten();
    match bridge {
        Some(html) => Reply::Entered { html, cookie },
        None => Reply::See { address, cookie: Some(cookie) },
    }
}

/// What a persona is in the trial, for the list.
pub(super) fn persona_role(call: &Call<'_>, account: &identity::Account) -> String {
    let who = crate::people::Who {
        session: String::new(),
        login: account.login.clone(),
        name: account.display_name.clone(),
        person: match &account.who {
            identity::Who::Staff(id) => conduct::Person::Staff(id.clone()),
            identity::Who::Participant(id) => return format!("Participant {id}"),
        },
        persona: true,
        password_once: false,
    };
    crate::desk::Desk::of(call.services, &who, call.now).map(|desk| desk.role_line()).unwrap_or_default()
}

/// Signs in by password.
pub fn sign_in(call: &Call<'_>) -> Result<Reply, Trouble> {
    let login = call.form.text("login");
    let key = (call.services.draw)();
    match call.services.identity.sign_in(login, call.form.exact("password"), &key, call.device_now) {
        Ok(_) => Ok(entered(call, &hex(&key))),
        Err(ProofError::Unavailable(error)) => Err(Trouble::Unavailable(error.to_string())),
        Err(error) => {
            let wrong = crate::people::proof_words(call, &error);
            let held = super::held::carried(call);
            let back = back(call.form.text("back"));
            page(call, &SignIn { back, login, wrong: &wrong, held: &held, status: StatusCode::UNPROCESSABLE_ENTITY })
        }
    }
}

/// Enters as a persona. A real store has none, and then there is nothing at this address.
pub fn persona(call: &Call<'_>) -> Result<Reply, Trouble> {
    if !call.services.synthetic() {
        return Err(Trouble::NotFound);
    }
    let key = (call.services.draw)();
    match call.services.identity.sign_in_persona(call.form.text("login"), &key, call.device_now) {
        Ok(_) => Ok(entered(call, &hex(&key))),
        Err(ProofError::Unavailable(error)) => Err(Trouble::Unavailable(error.to_string())),
        Err(_) => Err(Trouble::NotFound),
    }
}

/// One click from the terminal of a demonstration: an address that enters as a persona. Only in a synthetic store, and
/// only when a person follows it from outside a page or from one of ours.
pub fn enter(call: &Call<'_>) -> Result<Reply, Trouble> {
    if !call.services.synthetic() || !crate::http::guard::same_origin(&call.headers) {
        return Err(Trouble::NotFound);
    }
    let key = (call.services.draw)();
    match call.services.identity.sign_in_persona(call.part("login"), &key, call.device_now) {
        Ok(_) => Ok(Reply::See { address: "/".to_owned(), cookie: Some(cookie_for(&hex(&key), call.services.secure)) }),
        Err(ProofError::Unavailable(error)) => Err(Trouble::Unavailable(error.to_string())),
        Err(_) => Err(Trouble::NotFound),
    }
}

/// Ends the session on this device.
pub fn sign_out(call: &Call<'_>) -> Result<Reply, Trouble> {
    if let Some(key) = call.who.as_ref().and_then(|who| token(&who.session)) {
        call.services.identity.sign_out(&key).map_err(|e| Trouble::Unavailable(e.to_string()))?;
    }
    Ok(Reply::See { address: "/sign-in".to_owned(), cookie: Some(cookie_gone()) })
}

/// The page behind which a session sleeps. What was sent meanwhile waits in it, and goes on with the PIN.
pub fn locked(call: &Call<'_>, wrong: &str) -> Reply {
    let name = call.who.as_ref().map(|who| who.name.clone()).unwrap_or_default();
    let held = call.method == axum::http::Method::POST && call.address != "/locked";
    let action = if held { call.address.clone() } else { "/locked".to_owned() };
    let goes_back = if call.address.starts_with("/locked") {
        back(if call.query.has("back") { call.query.text("back") } else { call.form.text("back") }).to_owned()
    } else {
        call.address.clone()
    };
    let mut hidden = String::new();
    if held {
        for (name, value) in call.form.iter().filter(|(name, _)| !matches!(*name, "pin" | "second_pin" | "unlock_pin"))
        {
            hidden.push_str(&format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value)));
        }
    } else {
        hidden.push_str(&format!(
            "<input type=\"hidden\" name=\"token\" value=\"{}\"><input type=\"hidden\" name=\"back\" value=\"{}\">",
            escape(&call.token()),
            escape(&goes_back)
        ));
    }
    let pin = Field::new("unlock_pin", "Your PIN", Control::Secret { pin: true }).error(wrong);
    let one_click = call.who.as_ref().is_some_and(|who| who.persona);
    let hint = if one_click { "<p class=\"quiet\">A persona goes on with one click.</p>" } else { "" };
    let body = format!(
        "<form class=\"narrow\" method=\"post\" action=\"{}\">{hidden}<p>{} {}</p>{hint}{pin}<div class=\"actions\"><button class=\"button\" type=\"submit\">Go on</button></div></form>\
         <form method=\"post\" action=\"/sign-out\" class=\"up-4\"><input type=\"hidden\" name=\"token\" value=\"{}\"><button class=\"quiet-button\" type=\"submit\">I am somebody else</button></form>",
        escape(&action),
        Icon::Lock,
        escape(&name),
        escape(&call.token())
    );
    let page = Body::new("Locked after a pause")
        .lead("Nothing was lost. Give your PIN to go on where you were.")
        .section(Section::bare(body));
    // Nothing of the signed-in shell stands around it: a locked page shows nothing clinical.
    let framed = frame::bare(&Call::bare(call.services, call.now), page, StatusCode::UNAUTHORIZED);
    framed.unwrap_or_else(|_| Reply::see("/sign-in"))
}

/// Locks the page by hand or after a pause that the page noticed; the session itself sleeps by its own clock.
pub fn locked_page(call: &Call<'_>) -> Result<Reply, Trouble> {
    if call.who.is_none() {
        return Err(Trouble::SignIn);
    }
    Ok(locked(call, ""))
}

/// Goes on after a pause.
pub fn unlock(call: &Call<'_>) -> Result<Reply, Trouble> {
    let who = call.who()?;
    let Some(key) = token(&who.session) else { return Err(Trouble::SignIn) };
    match call.services.identity.wake(&key, call.form.exact("unlock_pin"), call.device_now) {
        Ok(_) if call.wants_data() => Ok(Reply::json(r#"{"awake":true}"#.to_owned())),
        Ok(_) => Ok(Reply::see(back(call.form.text("back")))),
        Err(SessionError::Ended | SessionError::Unknown) => Err(Trouble::SignIn),
        Err(error) if call.wants_data() => Err(Trouble::Locked(crate::findings::sentence(&error.to_string()))),
        Err(error) => Ok(locked(call, &crate::findings::sentence(&error.to_string()))),
    }
}

/// Where a person's day begins.
pub fn home(call: &Call<'_>) -> Result<Reply, Trouble> {
    let Some(who) = &call.who else {
        return Ok(Reply::see(format!("/sign-in?{}", Pairs::encode([("back", "/")]))));
    };
    if who.is_staff() { super::today::get(call) } else { Ok(Reply::see("/me")) }
}

#[cfg(test)]
mod tests {
    use super::back;

    #[test]
    fn nobody_is_led_away_from_here() {
        for (given, leads) in [
            ("/participants?q=1", "/participants?q=1"),
            ("//evil.example", "/"),
            ("https://evil.example", "/"),
            ("/\\evil.example", "/"),
            ("javascript:alert(1)", "/"),
            ("/a\r\nSet-Cookie: x", "/"),
            ("", "/"),
        ] {
            assert_eq!(back(given), leads, "{given}");
        }
    }
}
