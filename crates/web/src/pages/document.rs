//! Documents of a participant: attached by hash, sealed under the participant's own key, read back by those who may.

use axum::http::StatusCode;
use conduct::{Command, Fact, Request};
use record::Answer;
use sha2::{Digest, Sha256};
use terms::VisitId;

use super::act::{ask, request_id};
use super::form::no_to_trouble;
use super::participant::base;
use crate::acts::reader::Wrong;
use crate::chart::svg::escape;
use crate::desk::{CaseFile, Desk};
use crate::frame::{self, Place};
use crate::http::call::Call;
use crate::http::pairs::segment;
use crate::http::reply::{Reply, Trouble};
use crate::parts::field::{Choice, Control, Errors, Field, id_of};
use crate::parts::page::{Body, Layout, Section};
use crate::parts::words::Link;
use crate::people::hex;

/// Kinds of the rules, in their order, as people call them.
const KINDS: &[(&str, &str)] =
    &[("consent", "Signed consent"), ("ecg", "ECG"), ("laboratory", "Laboratory report"), ("other", "Something else")];

/// The form.
pub fn get(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::of(call.services, call.who()?, call.now)?;
    let file = desk.case(call.part("participant"))?;
    if !crate::acts::offered(file.reader.duties, &call.address) {
        return Err(Trouble::NotFound);
    }
    page(call, &desk, &file, &[], StatusCode::OK)
}

fn page(
    call: &Call<'_>,
    desk: &Desk<'_>,
    file: &CaseFile,
    wrong: &[Wrong],
    status: StatusCode,
) -> Result<Reply, Trouble> {
    let code = file.participant.id.as_str();
    let at = base(code);
    let error = |name: &str| wrong.iter().find(|w| w.field == name).map(|w| w.words.clone()).unwrap_or_default();
    let kinds = KINDS.iter().map(|(code, label)| Choice::new(*code, *label)).collect();
    let visits = file
        .participant
        .visits
        .keys()
        .filter_map(|id| file.study.visit(id.as_str()))
        .map(|v| Choice::new(v.id.as_str(), &v.name))
        .collect();
    let request = if call.form.has("request") { request_id(call) } else { call.services.fresh_id() };
    let mut form = format!(
        "<form method=\"post\" action=\"{at}/document\" enctype=\"multipart/form-data\" novalidate><input type=\"hidden\" name=\"token\" value=\"{}\"><input type=\"hidden\" name=\"request\" value=\"{}\">",
        escape(&call.token()),
        escape(&request)
    );
    if !wrong.is_empty() {
        let lines = wrong.iter().map(|w| (w.href(), w.words.clone())).collect();
        form.push_str(&Errors { title: "Nothing is attached yet".to_owned(), lines }.to_string());
    }
    form.push_str(
        &Field::new("kind", "What it is", Control::Choice { options: kinds })
            .value(call.form.text("kind"))
            .error(error("kind"))
            .to_string(),
    );
    form.push_str(
        &Field::new("visit", "Visit that it belongs to", Control::Select { options: visits })
            .value(call.form.text("visit"))
            .error(error("visit"))
            .optional()
            .to_string(),
    );
    form.push_str(&file_field(&error("file")));
    form.push_str(&format!("<div class=\"actions\"><button class=\"button\" type=\"submit\">Attach</button><a href=\"{at}\">Back without attaching</a></div></form>"));
    let mut body = Body::new("Attach a document").lead(
        "The record keeps its SHA-256; the bytes are sealed under the participant’s own key and can be erased with it.",
    );
    body.layout = Layout::Form;
    body.add(Section::bare(form));
    let crumbs = vec![Link::new("/participants", "Participants"), Link::new(at, code)];
    frame::page_with(call, desk, Place::Participants, crumbs, body, status)
}

fn file_field(error: &str) -> String {
    let id = id_of("file");
    let (class, said, invalid) = if error.is_empty() {
        ("field", String::new(), "")
    } else {
        (
            "field wrong",
            format!(
                "<p class=\"field-error\" id=\"{id}-e\">{}<span>{}</span></p>",
                crate::parts::words::Icon::Stop,
                escape(error)
            ),
            " aria-invalid=\"true\"",
        )
    };
    format!(
        "<div class=\"{class}\"><label class=\"field-label\" for=\"{id}\">File</label><p class=\"field-hint\" id=\"{id}-h\">At most 10 MB.</p>{said}<input class=\"input\" type=\"file\" id=\"{id}\" name=\"file\" aria-describedby=\"{id}-h\"{invalid}></div>"
    )
}

/// Seals the bytes, then records their hash: in this order, so that the record never names what was not kept.
pub fn post(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::of(call.services, call.who()?, call.now)?;
    let file = desk.case(call.part("participant"))?;
    let mut wrong = Vec::new();
    let kind = call.form.text("kind");
    if !KINDS.iter().any(|(code, _)| *code == kind) {
        wrong.push(Wrong::new("kind", "Say what it is."));
    }
    let visit = Some(call.form.text("visit")).filter(|visit| !visit.is_empty());
    if visit.is_some_and(|visit| file.study.visit(visit).is_none()) {
        wrong.push(Wrong::new("visit", "There is no such visit: choose one, or none."));
    }
    let upload = call.uploads.iter().find(|u| u.name == "file" && !u.bytes.is_empty());
    if upload.is_none() {
        wrong.push(Wrong::new("file", "Choose a file that is not empty."));
    }
    let Some(upload) = upload.filter(|_| wrong.is_empty()) else {
        return page(call, &desk, &file, &wrong, StatusCode::UNPROCESSABLE_ENTITY);
    };
    let id = &file.participant.id;
    let sha256 = hex(&Sha256::digest(&upload.bytes));
    call.services.people.document_keep(id, &sha256, &upload.bytes)?;
    let command = Command::Fact(Fact::AttachDocument {
        participant: id.clone(),
        kind: kind.to_owned(),
        name: upload.file_name.clone(),
        sha256,
        bytes: u64::try_from(upload.bytes.len()).unwrap_or(u64::MAX),
        visit: visit.map(VisitId::from),
    });
    let request = Request { id: request_id(call), at: None, sent: None, reason: None, command };
    match ask(call, request.clone(), call.who()?.proof(call.now), None)? {
        Answer::Done(_) => Ok(Reply::see(format!("{}?written={}", base(id.as_str()), segment(&request.id)))),
        Answer::No(no) => Err(no_to_trouble(&no)),
    }
}

/// The bytes of a document, for keeping.
pub fn bytes(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::of(call.services, call.who()?, call.now)?;
    let file = desk.case(call.part("participant"))?;
    if !file.reader.sees_identity() {
        // A scan may bear a name.
        return Err(Trouble::NotFound);
    }
    let document = file.participant.documents.get(call.part("instance")).ok_or(Trouble::NotFound)?;
    let found = call.services.people.document(&file.participant.id, &document.sha256)?;
    let bytes = found.ok_or_else(|| {
        Trouble::NotHere(
            "The record keeps what it was and its hash; its bytes were never stored here, or were erased.".to_owned(),
        )
    })?;
    Ok(Reply::File { kind: "application/octet-stream".to_owned(), name: document.name.clone(), bytes })
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_kind_of_the_rules_is_offered() {
        let offered: Vec<&str> = super::KINDS.iter().map(|(code, _)| *code).collect();
        assert_eq!(offered, conduct::participant::DOCUMENT_KINDS);
    }
}
