//! Who a participant is and how to reach them, safely: apart from the record, under their own key, erasable. For the
//! people of their site who meet them; for everyone else this page is not there.

use axum::http::StatusCode;
use record::Values;

use super::participant::base;
use crate::acts::offered;
use crate::chart::svg::escape;
use crate::desk::{CaseFile, Desk};
use crate::frame::{self, Place};
use crate::http::call::Call;
use crate::http::reply::{Reply, Trouble};
use crate::parts::field::{Choice, Control, Errors, Field, LineKind};
use crate::parts::page::{Body, Layout, Section};
use crate::parts::words::{Empty, Link};

/// Fields of an identity: name in the store, label, how it is typed.
const FIELDS: &[(&str, &str, LineKind)] = &[
    ("name", "Name", LineKind::Text),
    ("called", "How they want to be called", LineKind::Text),
    ("phone", "Telephone", LineKind::Phone),
    ("email", "Email", LineKind::Email),
    ("address", "Address", LineKind::Text),
    ("contact_person", "A person whom we may ask if we can’t reach them", LineKind::Text),
    ("contact_person_phone", "That person’s telephone", LineKind::Phone),
    ("escort", "Who takes them home after a session", LineKind::Text),
    ("escort_phone", "That person’s telephone", LineKind::Phone),
];

fn ways() -> Vec<Choice> {
    [
        ("any", "Any of these is safe; messages may be left with our name"),
        ("no_name", "Messages may be left, without our name"),
        ("no_message", "Call only; leave no message"),
        ("email_only", "Email only"),
        ("ask_first", "Only at the times written below"),
    ]
    .into_iter()
    .map(|(code, label)| Choice::new(code, label))
    .collect()
}

fn file<'a>(call: &Call<'_>, desk: &Desk<'a>) -> Result<CaseFile, Trouble> {
    let file = desk.case(call.part("participant"))?;
    if file.reader.sees_identity() { Ok(file) } else { Err(Trouble::NotFound) }
}

/// The page.
pub fn get(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::of(call.services, call.who()?, call.now)?;
    let file = file(call, &desk)?;
    let values = call.services.people.values(&file.participant.id)?;
    page(call, &desk, &file, &values.unwrap_or_default(), "", StatusCode::OK)
}

fn page(
    call: &Call<'_>,
    desk: &Desk<'_>,
    file: &CaseFile,
    values: &Values,
    wrong: &str,
    status: StatusCode,
) -> Result<Reply, Trouble> {
    let code = file.participant.id.as_str();
    let at = base(code);
    let value = |name: &str| values.get(name).cloned().unwrap_or_default();
    let mut form = format!(
        "<form method=\"post\" action=\"{at}/person\" novalidate><input type=\"hidden\" name=\"token\" value=\"{}\">",
        escape(&call.token())
    );
    if !wrong.is_empty() {
        form.push_str(
            &Errors { title: "Not kept yet".to_owned(), lines: vec![(String::new(), wrong.to_owned())] }.to_string(),
        );
    }
    for (name, label, kind) in FIELDS {
        form.push_str(
            &Field::new(name, label, Control::Line { kind: *kind }).value(value(name)).optional().to_string(),
        );
    }
    let hint = "Some live with the person who hurt them. Ask before the first message.";
    form.push_str(
        &Field::new("safe_way", "Which way is safe?", Control::Choice { options: ways() })
            .hint(hint)
            .value(value("safe_way"))
            .to_string(),
    );
    form.push_str(
        &Field::new("safe_times", "Safe times, and anything else to mind", Control::Text { rows: 3 })
            .value(value("safe_times"))
            .optional()
            .to_string(),
    );
    form.push_str(&format!("<div class=\"actions\"><button class=\"button\" type=\"submit\" name=\"do\" value=\"keep\">Keep</button><a href=\"{at}\">Back</a></div></form>"));
    let mut body = Body::new(format!("{code}: person and contact"));
    body.lead =
        "Kept apart from the record, sealed under this person’s own key. The record itself carries the code alone."
            .to_owned();
    body.layout = Layout::Form;
    body.side_label = "Erasing".to_owned();
    body.add(Section::bare(form));
    body.beside(erasing(file));
    let crumbs = vec![Link::new("/participants", "Participants"), Link::new(at, code)];
    frame::page_with(call, desk, Place::Participants, crumbs, body, status)
}

/// Whether somebody may be erased is for the rules to say; here stands the way to ask them.
fn erasing(file: &CaseFile) -> String {
    let words = match file.participant.erased {
        Some(_) => Empty::new("Erased.", "Nobody stands behind this code any more.").to_string(),
        None => {
            let to = format!("{}/do/erase-identity", base(file.participant.id.as_str()));
            let link = match offered(file.reader.duties, &to) {
                true => format!("<p><a href=\"{to}\">Erase who they are</a></p>"),
                false => String::new(),
            };
            format!("<p>Who declines, or withdraws consent and asks for it, is erased whole.</p>{link}")
        }
    };
    format!("<section class=\"side-block\"><h2>Erasing</h2>{words}</section>")
}

/// Keeps what was typed.
pub fn post(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::of(call.services, call.who()?, call.now)?;
    let file = file(call, &desk)?;
    let id = &file.participant.id;
    let names = FIELDS.iter().map(|(name, ..)| *name).chain(["safe_way", "safe_times"]);
    let typed: Vec<(&str, &str)> = names.map(|name| (name, call.form.text(name))).collect();
    if super::held::again(call) {
        let values = typed.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        return page(call, &desk, &file, &values, "", StatusCode::OK);
    }
    if typed.iter().any(|(_, value)| value.chars().count() > 2000) {
        let values = typed.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        return page(
            call,
            &desk,
            &file,
            &values,
            "One of the answers is longer than 2000 characters. Shorten it.",
            StatusCode::UNPROCESSABLE_ENTITY,
        );
    }
    call.services.people.keep(id, &typed)?;
    Ok(Reply::see(base(id.as_str())))
}
