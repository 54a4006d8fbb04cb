//! A request's answer as JSON: the same at the command line and at the server's address.

use crate::door::{Answer, Receipt};
use conduct::{No, Written, view::Reader};
use protocol::model::Study;
use serde_json::{Value, json};
use terms::RoleId;

/// The answer as JSON, redacted for a reader in these roles.
///
/// `{"id","answer":"done","repeated","entries":[{"stream","entry","at",…}]}` or `{"id","answer":"refused",
/// "broken":[{"rule","condition","sentence","source","found","needed","remedy"}]}`, `"unreadable"`, `"conflict"`,
/// `"not_yours"`.
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
            json!({ "id": id, "answer": "refused", "act": refusal.act, "broken": refusal.broken })
        }
        No::Unreadable(all) => json!({ "id": id, "answer": "unreadable", "unreadable": all }),
        No::Conflict { what } => json!({ "id": id, "answer": "conflict", "what": what }),
        No::NotYours { what } => json!({ "id": id, "answer": "not_yours", "what": what }),
    }
}

/// Reads a request from JSON text; what can't be read is answered with line, column and a mend.
///
/// # Errors
/// The answer to give back.
pub fn request_read(text: &str) -> Result<conduct::Request, Value> {
    /// Nothing that a person types is longer.
    const BYTES_MAX: usize = 1024 * 1024;
    if text.len() > BYTES_MAX {
        return Err(json!({ "id": null, "answer": "unreadable", "unreadable": [{
            "field": "request",
            "what": format!("the request has {} bytes; {BYTES_MAX} at most are read", text.len()),
            "mend": "send documents as attachments, and one command at a time",
        }] }));
    }
    serde_json::from_str(text).map_err(|error| {
        json!({ "id": null, "answer": "unreadable", "unreadable": [{
            "field": "request",
            "what": error.to_string(),
            "mend": "compare it with `lifejacket schema commands`",
        }] })
    })
}
