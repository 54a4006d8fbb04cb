//! One's own account: a new password, a new PIN. Whoever came with a password from somebody else begins here.

use axum::http::StatusCode;
use identity::{AccountError, ProofError, judge_password, judge_pin};

use crate::chart::svg::escape;
use crate::desk::Desk;
use crate::findings::sentence;
use crate::frame::{self, Place};
use crate::http::call::Call;
use crate::http::reply::{Reply, Trouble};
use crate::parts::field::{Control, Errors, Field};
use crate::parts::page::{Body, Section};
use crate::people::{cookie_for, hex};

/// What is wrong: field and words.
type Wrong = Vec<(&'static str, String)>;

/// The page.
pub fn get(call: &Call<'_>) -> Result<Reply, Trouble> {
    page(call, &Wrong::new(), StatusCode::OK)
}

fn page(call: &Call<'_>, wrong: &Wrong, status: StatusCode) -> Result<Reply, Trouble> {
    let who = call.who()?;
    let account = call.services.identity.account(&who.login).map_err(|e| Trouble::Unavailable(e.to_string()))?;
    let account = account.ok_or(Trouble::NotFound)?;
    let field = |name: &str, label: &str, pin: bool| {
        let words = wrong.iter().find(|(at, _)| *at == name).map_or("", |(_, words)| words.as_str());
        Field::new(name, label, Control::Secret { pin }).error(words)
    };
    let once = account.password_once;
    let leave = if once { "" } else { " Leave empty to keep the one you have." };
    let new = field("new", "New password", false)
        .hint(format!("At least 12 characters: a sentence or several words.{leave}"));
    let again = field("again", "New password again", false);
    let pin_leave = if account.has_pin { " Leave empty to keep the one you have." } else { "" };
    let pin = field("new_pin", "New PIN", true).hint(format!("6 to 12 digits; you sign with it.{pin_leave}"));
    let fields = [
        field("password", if once { "The password that you were given" } else { "Your password now" }, false),
        if once { new } else { new.optional() },
        if once { again } else { again.optional() },
        if account.has_pin { pin.optional() } else { pin },
    ];
    let errors = if wrong.is_empty() {
        String::new()
    } else {
        let lines = wrong.iter().map(|(at, words)| (format!("#{}", crate::parts::field::id_of(at)), words.clone()));
        Errors { title: "Nothing was changed".to_owned(), lines: lines.collect() }.to_string()
    };
    let form = format!(
        "<form class=\"narrow\" method=\"post\" action=\"/account\"><input type=\"hidden\" name=\"token\" value=\"{}\">{errors}{}<div class=\"actions\"><button class=\"button\" type=\"submit\">Change</button></div></form>",
        escape(&call.token()),
        fields.iter().map(ToString::to_string).collect::<String>(),
    );
    let mut body = Body::new("Your account");
    body.lead = if once {
        format!("You signed in as {} with a password that somebody else knows. Choose your own to go on.", who.login)
    } else if call.query.has("changed") {
        "It was changed. On other devices you are signed out where the password is new.".to_owned()
    } else {
        format!("You are signed in as {}.", who.login)
    };
    body.add(Section::bare(form));
    if who.is_staff() && !once {
        let desk = Desk::of(call.services, who, call.now)?;
        return frame::page_with(call, &desk, Place::Elsewhere, Vec::new(), body, status);
    }
    frame::bare(call, body, status)
}

/// Changes what was filled in, after the password of now; all of it or nothing.
pub fn post(call: &Call<'_>) -> Result<Reply, Trouble> {
    let who = call.who()?;
    let identity = &call.services.identity;
    let typed = |name: &str| call.form.exact(name).to_owned();
    let (new, pin) = (typed("new"), typed("new_pin"));
    let mut wrong = Wrong::new();
    if new.is_empty() && (who.password_once || pin.is_empty()) {
        wrong.push(("new", "Give the new password.".to_owned()));
    }
    if !new.is_empty() {
        if let Err(error) = judge_password(&new, &who.login, &who.name) {
            wrong.push(("new", sentence(&error.to_string())));
        } else if new == typed("password") {
            wrong.push(("new", "This is the password that you have. Choose another.".to_owned()));
        }
        if new != typed("again") {
            wrong.push(("again", "The two are not the same. Type it again.".to_owned()));
        }
    }
    if let Some(error) = Some(&pin).filter(|pin| !pin.is_empty()).and_then(|pin| judge_pin(pin).err()) {
        wrong.push(("new_pin", sentence(&error.to_string())));
    }
    match identity.prove(&who.login, &typed("password"), identity::Factor::Password, call.device_now) {
        Ok(_) => {}
        Err(ProofError::Unavailable(error)) => return Err(Trouble::Unavailable(error.to_string())),
        Err(ProofError::Wrong) => wrong.insert(0, ("password", "This is not your password. Type it again.".to_owned())),
        Err(other) => wrong.insert(0, ("password", crate::people::proof_words(call, &other))),
    }
    if !wrong.is_empty() {
        return page(call, &wrong, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let unavailable = |error: AccountError| Trouble::Unavailable(error.to_string());
    let note = |what: &str| {
        identity
            .event_note(&who.login, what, &who.login, call.device_now)
            .map_err(|error| Trouble::Unavailable(error.to_string()))
    };
    if !pin.is_empty() {
        identity.pin_set(&who.login, &pin, &salt(call)).map_err(unavailable)?;
        note("PIN changed")?;
    }
    if new.is_empty() {
        return Ok(Reply::see("/account?changed=pin"));
    }
    identity.password_set(&who.login, &new, &salt(call)).map_err(unavailable)?;
    note("password changed")?;
    // All sessions ended with the old password; this device goes on in a new one.
    let key = (call.services.draw)();
    identity.sign_in(&who.login, &new, &key, call.device_now).map_err(|e| Trouble::Unavailable(e.to_string()))?;
    let cookie = Some(cookie_for(&hex(&key), call.services.secure));
    Ok(Reply::See { address: "/account?changed=password".to_owned(), cookie })
}

/// Sixteen fresh random bytes.
pub(super) fn salt(call: &Call<'_>) -> identity::Salt {
    let drawn = (call.services.draw)();
    std::array::from_fn(|n| drawn.get(n).copied().unwrap_or_default())
}
