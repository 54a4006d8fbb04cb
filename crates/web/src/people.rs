//! Who is at the page: from the cookie to a person, locked after a pause, and proofs at the moment of an act.

use conduct::{Person, Proof};
use identity::{Authenticated, Factor, ProofError, SessionError, SignedIn, Token, Who as Known};
use jiff::{Timestamp, tz::TimeZone};

use crate::Services;
use crate::http::call::{Call, cookie};
use crate::http::pairs::Pairs;
use crate::http::reply::Trouble;

/// The name of our cookie.
pub const COOKIE: &str = "lifejacket";

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Who {
    /// The session's token as the device holds it, in hexadecimal: form tokens are bound to it.
    pub session: String,
    pub login: String,
    pub name: String,
    pub person: Person,
    pub persona: bool,
    /// Their password was given by somebody else: they replace it before anything else.
    pub password_once: bool,
}

impl Who {
    pub const fn is_staff(&self) -> bool {
        matches!(self.person, Person::Staff(_))
    }

    /// The proof of somebody who is signed in and has not signed this very act.
    pub fn proof(&self, now: Timestamp) -> Proof {
        Proof { person: self.person.clone(), at: now, signed: false }
    }
}

/// What a cookie says.
#[derive(Debug, Clone)]
pub enum Presence {
    Nobody,
    /// Asleep after a pause: the PIN wakes it, on the page where it slept.
    Locked(Who),
    Here(Who),
}

impl Presence {
    /// The person, awake or asleep.
    pub fn present(self) -> Option<Who> {
        match self {
            Self::Nobody => None,
            Self::Locked(who) | Self::Here(who) => Some(who),
        }
    }
}

fn person(known: &Known) -> Person {
    match known {
        Known::Staff(id) => Person::Staff(id.clone()),
        Known::Participant(id) => Person::Participant(id.clone()),
    }
}

fn who(session: String, signed: SignedIn) -> Who {
    Who {
        session,
        login: signed.login,
        name: signed.display_name,
        person: person(&signed.who),
        persona: signed.persona,
        password_once: signed.password_once,
    }
}

/// A token as text.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A token from its text; nothing for anything else.
pub fn token(text: &str) -> Option<Token> {
    let bytes = text.as_bytes();
    if bytes.len() != 64 {
        return None;
    }
    let mut token = [0_u8; 32];
    for (place, pair) in token.iter_mut().zip(bytes.chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        *place = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(token)
}

/// Who the call's cookie belongs to.
pub fn who_is(call: &Call<'_>) -> Presence {
    let Some(text) = cookie(&call.headers, COOKIE) else { return Presence::Nobody };
    let Some(key) = token(&text) else { return Presence::Nobody };
    presence(call.services, text, call.services.identity.session(&key, call.device_now))
}

/// The same for a page that is open and looks by itself: it keeps nobody awake.
pub fn look(services: &Services, session: &str) -> Presence {
    let Some(key) = token(session) else { return Presence::Nobody };
    presence(services, session.to_owned(), services.identity.session_look(&key, (services.clock)()))
}

fn presence(services: &Services, text: String, found: Result<SignedIn, SessionError>) -> Presence {
    match found {
        Ok(signed) => Presence::Here(who(text, signed)),
        Err(SessionError::Asleep { login, .. }) => match services.identity.account(&login) {
            Ok(Some(account)) => Presence::Locked(Who {
                session: text,
                login,
                name: account.display_name,
                person: person(&account.who),
                persona: account.persona,
                password_once: account.password_once,
            }),
            Ok(None) | Err(_) => Presence::Nobody,
        },
        Err(_) => Presence::Nobody,
    }
}

/// Wakes a locked session with the PIN that came with this very call; without one the call waits behind the PIN page.
pub fn unlock_here(call: &Call<'_>) -> Result<(), Trouble> {
    if !call.form.has("unlock_pin") {
        return Err(Trouble::Locked(String::new()));
    }
    let Some(who) = &call.who else { return Err(Trouble::SignIn) };
    let Some(key) = token(&who.session) else { return Err(Trouble::SignIn) };
    match call.services.identity.wake(&key, call.form.exact("unlock_pin"), call.device_now) {
        Ok(_) => Ok(()),
        Err(SessionError::Ended | SessionError::Unknown) => Err(Trouble::SignIn),
        Err(other) => Err(Trouble::Locked(crate::findings::sentence(&other.to_string()))),
    }
}

/// The cookie that keeps somebody signed in on this device. `Secure` where the pages are behind TLS.
pub fn cookie_for(session: &str, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{COOKIE}={session}; HttpOnly; SameSite=Lax; Path=/{secure}")
}

/// The cookie that ends it.
pub fn cookie_gone() -> String {
    format!("{COOKIE}=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0")
}

fn proof(authenticated: Authenticated, now: Timestamp) -> Proof {
    let person = match authenticated.who {
        Known::Staff(id) => Person::Staff(id),
        Known::Participant(id) => Person::Participant(id),
    };
    Proof { person, at: now, signed: true }
}

/// One person proves themselves for one act, by PIN; a persona of a synthetic store that has no PIN, by the click.
fn prove(call: &Call<'_>, login: &str, pin: &str) -> Result<Proof, String> {
    let identity = &call.services.identity;
    let account = identity.account(login).map_err(|e| e.to_string())?;
    let by =
        if pin.is_empty() && account.is_some_and(|a| a.persona && !a.has_pin) { Factor::Persona } else { Factor::Pin };
    if pin.is_empty() && by == Factor::Pin {
        return Err("Give the PIN.".to_owned());
    }
    identity.prove(login, pin, by, call.device_now).map(|proved| proof(proved, call.now)).map_err(|error| match error {
        ProofError::Wrong => "Login and PIN do not belong together. Type them again.".to_owned(),
        other => proof_words(call, &other),
    })
}

/// Why somebody was not let in, with the time until they may try again as people say it.
pub fn proof_words(call: &Call<'_>, error: &ProofError) -> String {
    let ProofError::Wait { until } = error else { return crate::findings::sentence(&error.to_string()) };
    // Who signs in is of no site yet: the clock on the wall is known where all sites share it.
    let trial = call.services.door.trial().ok();
    let mut zones = trial.iter().flat_map(|trial| trial.sites.values().map(|site| &site.time_zone));
    let zone = zones.next().filter(|first| zones.all(|zone| zone == *first));
    wait_words(*until, call.device_now, zone)
}

fn wait_words(until: Timestamp, now: Timestamp, zone: Option<&TimeZone>) -> String {
    // The whole minute after which it is surely allowed.
    let seconds = until.as_second() + i64::from(until.subsec_nanosecond() > 0);
    let minute =
        Timestamp::from_second(seconds.div_euclid(60) * 60 + if seconds % 60 == 0 { 0 } else { 60 }).unwrap_or(until);
    let minutes = (minute.as_second() - now.as_second()).div_euclid(60).max(1);
    let at = minute.to_zoned(zone.cloned().unwrap_or(TimeZone::UTC)).strftime("%H:%M").to_string();
    let clock = if zone.is_some() { at } else { format!("{at} UTC") };
    let long = if minutes == 1 { "in a minute".to_owned() } else { format!("in {minutes} minutes") };
    format!("Too many wrong tries: try again at {clock}, {long}.")
}

/// Somebody at a shared device proves themselves for one act, whoever is signed in on it: by login and PIN from these
/// two fields of the form.
pub fn prove_here(call: &Call<'_>, login: &str, pin: &str) -> Result<Proof, String> {
    let login = call.form.text(login);
    if login.is_empty() {
        return Err("Say who it is.".to_owned());
    }
    prove(call, login, call.form.exact(pin))
}

/// The actor's signature for this act, from the form's PIN.
pub fn sign(call: &Call<'_>) -> Result<Proof, String> {
    let who = call.who().map_err(|_| "Sign in first.".to_owned())?;
    prove(call, &who.login, call.form.exact("pin"))
}

/// The second person's proof, from their login and PIN in the form; none where neither was given.
pub fn second(form: &Pairs, call: &Call<'_>) -> Result<Option<Proof>, String> {
    let login = form.text("second_login");
    if login.is_empty() {
        return Ok(None);
    }
    prove(call, login, form.exact("second_pin")).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_token_is_one() {
        let text = hex(&[0xab; 32]);
        assert_eq!(token(&text), Some([0xab; 32]));
        for wrong in ["", "ab", &text[1..], &format!("{text}0"), &text.replace('a', "g"), &"é".repeat(32)] {
            assert_eq!(token(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_cookie_is_kept_from_scripts_and_other_sites() {
        let cookie = cookie_for("t", true);
        for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Secure"] {
            assert!(cookie.contains(part), "{part}");
        }
        assert!(!cookie_for("t", false).contains("Secure"));
    }
}
