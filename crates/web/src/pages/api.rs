//! For programs: the same commands as at the command line, in JSON, under one signed-in address; and whether all is well.

use conduct::{Person, Proof};
use identity::{Factor, ProofError};
use record::{answer_json, request_read};
use serde_json::{Value, json};

use crate::desk::Desk;
use crate::http::call::Call;
use crate::http::reply::{Reply, Trouble};
use crate::people::{cookie_for, hex, proof_words};

/// Most requests that are answered at once.
const REQUESTS_MAX: usize = 1000;

/// Signs a program in: `{"login": …, "password": …}` → a cookie, and the token that its posts must bear as
/// `X-Lifejacket-Token`.
pub fn sign_in(call: &Call<'_>) -> Result<Reply, Trouble> {
    let unreadable = |what: String| Trouble::Unreadable(what);
    let sent: Value =
        serde_json::from_slice(&call.body).map_err(|e| unreadable(format!("The body is not JSON: {e}.")))?;
    let field =
        |name: &str| sent.get(name).and_then(Value::as_str).ok_or_else(|| unreadable(format!("“{name}” is missing.")));
    let key = (call.services.draw)();
    let session = hex(&key);
    call.services
        .identity
        .sign_in(field("login")?, field("password")?, &key, call.device_now)
        .map_err(|error| not_proved(call, field("login").unwrap_or_default(), "password", &error))?;
    let token = call.services.form_key.token(&session);
    let cookie = cookie_for(&session, call.services.secure);
    Ok(Reply::SignedIn { body: json!({ "token": token }).to_string(), cookie })
}

/// Takes one request, or one a line, and answers each: its entries, or why there are none.
///
/// The PIN in `X-Lifejacket-Pin` signs; a second person signs with `X-Lifejacket-Second: login:pin`.
pub fn commands(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::of(call.services, call.who()?, call.now)?;
    let text = std::str::from_utf8(&call.body)
        .map_err(|e| Trouble::Unreadable(format!("The body is not UTF-8 text from byte {} on.", e.valid_up_to())))?;
    let actor = actor(call)?;
    let second = second(call)?;
    let whole: Option<Value> = serde_json::from_str::<Value>(text).ok().filter(Value::is_object);
    let requests: Vec<&str> =
        if whole.is_some() { vec![text] } else { text.lines().filter(|line| !line.trim().is_empty()).collect() };
    if requests.len() > REQUESTS_MAX {
        return Err(Trouble::Unreadable(format!(
            "{} requests were sent; {REQUESTS_MAX} at most are answered at once.",
            requests.len()
        )));
    }
    if requests.is_empty() {
        return Err(Trouble::Unreadable("No request was sent.".to_owned()));
    }
    let mut answers = Vec::new();
    for text in requests {
        answers.push(match request_read(text) {
            Err(answer) => answer,
            Ok(request) => {
                let id = request.id.clone();
                let answer = super::act::ask(call, request, actor.clone(), second.clone())?;
                answer_json(&id, &answer, Some(&desk.study), &desk.reader.roles)
            }
        });
    }
    let body: Vec<String> = answers.iter().map(Value::to_string).collect();
    Ok(Reply::json(body.join("\n")))
}

/// Why somebody was not let in: their secret and not their duties.
fn not_proved(call: &Call<'_>, login: &str, secret: &str, error: &ProofError) -> Trouble {
    match error {
        ProofError::Unavailable(error) => Trouble::Unavailable(error.to_string()),
        // Whether there is such a login is not told either.
        ProofError::Wrong => Trouble::NotProved(format!("The login {login} and this {secret} do not belong together.")),
        other => Trouble::NotProved(proof_words(call, other)),
    }
}

fn header(call: &Call<'_>, name: &str) -> Option<String> {
    call.headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned)
}

fn prove(call: &Call<'_>, login: &str, pin: &str) -> Result<Proof, Trouble> {
    let proved = call
        .services
        .identity
        .prove(login, pin, Factor::Pin, call.device_now)
        .map_err(|error| not_proved(call, login, "PIN", &error))?;
    let person = match proved.who {
        identity::Who::Staff(id) => Person::Staff(id),
        identity::Who::Participant(id) => Person::Participant(id),
    };
    Ok(Proof { person, at: call.now, signed: true })
}

fn actor(call: &Call<'_>) -> Result<Proof, Trouble> {
    let who = call.who()?;
    match header(call, "x-lifejacket-pin") {
        Some(pin) => prove(call, &who.login, &pin),
        None => Ok(who.proof(call.now)),
    }
}

fn second(call: &Call<'_>) -> Result<Option<Proof>, Trouble> {
    let Some(both) = header(call, "x-lifejacket-second") else { return Ok(None) };
    let (login, pin) = both
        .split_once(':')
        .ok_or_else(|| Trouble::Unreadable("X-Lifejacket-Second is written login:pin.".to_owned()))?;
    prove(call, login, pin).map(Some)
}

/// Whether the store can be read: for whoever watches the server.
pub fn health(call: &Call<'_>) -> Result<Reply, Trouble> {
    let trial = call.services.door.trial()?;
    let about = call.services.door.store().about();
    let body = json!({
        "status": "ok",
        "synthetic": about.synthetic,
        "format": about.format,
        "sites": trial.sites.len(),
        "now": call.now,
    });
    Ok(Reply::json(body.to_string()))
}
