//! A request's answer as JSON: the same at the command line and at the server's address.

use crate::door::{Answer, Receipt};
use crate::plainly::plainly;
use conduct::{No, Written, view::Reader};
use protocol::model::Study;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fmt};
use terms::RoleId;

/// The answer as JSON, redacted for a reader in these roles.
///
/// `{"id","answer":"done","repeated","entries":[{"stream","entry","at",…}]}` or `{"id","answer":"refused",
/// "broken":[{"rule","condition","sentence","source","found","needed","remedy"}]}`, `"unreadable"`, `"conflict"`,
/// `"not_yours"`; whatever is not done bears a `code`.
pub fn answer_json(id: &str, answer: &Answer, study: Option<&Study>, roles: &[RoleId]) -> Value {
    match answer {
        Answer::Done(Receipt { entries, repeated }) => json!({
            "id": id,
            "answer": "done",
            "repeated": repeated,
            "entries": entries.iter().map(|written| entry_json(written, study, roles)).collect::<Vec<_>>(),
        }),
        Answer::No(no) => no_json(id, no, study, roles),
    }
}

fn entry_json(written: &Written, study: Option<&Study>, roles: &[RoleId]) -> Value {
    // Before there is a study nobody takes part in it, and nothing is hidden from anybody.
    let Some(study) = study else {
        return json!({ "stream": written.stream.to_string(), "chain": written.chain.to_string(), "entry": written.entry });
    };
    Reader::of(study, roles.to_vec()).entry(study, written).unwrap_or_default()
}

fn no_json(id: &str, no: &No, study: Option<&Study>, roles: &[RoleId]) -> Value {
    match no {
        No::Refused(refusal) => {
            let refusal = match study {
                Some(study) => refusal.clone().for_reader(study, roles),
                None => refusal.clone(),
            };
            json!({ "id": id, "answer": "refused", "code": "command.refused", "act": refusal.act, "broken": refusal.broken })
        }
        No::Unreadable(all) => {
            json!({ "id": id, "answer": "unreadable", "code": "command.unreadable", "unreadable": all })
        }
        No::Conflict { what } => json!({ "id": id, "answer": "conflict", "code": "command.conflict", "what": what }),
        No::NotYours { what } => json!({ "id": id, "answer": "not_yours", "code": "command.not_yours", "what": what }),
    }
}

/// Reads a request from JSON text; what can't be read is answered with a code, what is wrong and a mend.
///
/// # Errors
/// The answer to give back.
pub fn request_read(text: &str) -> Result<conduct::Request, Value> {
    /// Nothing that a person types is longer.
    const BYTES_MAX: usize = 1024 * 1024;
    if text.len() > BYTES_MAX {
        let what = format!("the request has {} bytes; {BYTES_MAX} at most are read", text.len());
        return Err(unreadable(
            "request.long",
            &Value::Null,
            "request",
            &what,
            "send documents as attachments, and one command at a time",
        ));
    }
    let against = "compare it with `lifejacket schema commands`";
    let id = match serde_json::from_str::<Once>(text) {
        Ok(Once(id)) => id,
        Err(error) => return Err(unreadable("request.json", &Value::Null, "request", &plainly(&error), against)),
    };
    let request: conduct::Request = serde_json::from_str(text)
        .map_err(|error| unreadable("request.command", &id, "request", &plainly(&error), against))?;
    match request.id_readable() {
        Ok(()) => Ok(request),
        // An id that can't be one is not given back either.
        Err(wrong) => Err(unreadable("request.id", &Value::Null, &wrong.field, &wrong.what, &wrong.mend)),
    }
}

fn unreadable(code: &str, id: &Value, field: &str, what: &str, mend: &str) -> Value {
    /// What was sent may be quoted in it, and may be anything.
    const WORDS_MAX: usize = 400;
    let what: String = match what.char_indices().nth(WORDS_MAX) {
        Some((end, _)) => format!("{}…", what.get(..end).unwrap_or_default()),
        None => what.to_owned(),
    };
    json!({ "id": id, "answer": "unreadable", "code": code, "unreadable": [{ "field": field, "what": what, "mend": mend }] })
}

/// JSON in which no key of any object stands twice: of two answers to one question, none may be taken in silence. Holds the
/// `id` of the outermost object, if it is a text that could be one.
struct Once(Value);

impl<'de> serde::Deserialize<'de> for Once {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Walk).map(Self)
    }
}

struct Walk;

impl<'de> Visitor<'de> for Walk {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let (mut seen, mut id) = (BTreeSet::new(), Value::Null);
        while let Some(key) = map.next_key::<String>()? {
            let Once(value) = map.next_value()?;
            if key == "id" && value.as_str().is_some_and(|id| id.chars().count() <= conduct::Request::ID_MAX) {
                id = value;
            }
            if let Some(key) = seen.replace(key) {
                return Err(serde::de::Error::custom(format!(
                    "`{key}` stands twice in one object: keep the right one"
                )));
            }
        }
        Ok(id)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        while list.next_element::<Once>()?.is_some() {}
        Ok(Value::Null)
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}
