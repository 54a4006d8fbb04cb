//! Consent: the text of the version in force, what is agreed to one by one, the questions that show it was understood.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use conduct::{Command, Fact, Request};
use protocol::model::ConsentVersion;
use record::Answer;

use super::act::{ask, request_id, signature, wrong_of};
use super::form::no_to_trouble;
use super::participant::base;
use crate::acts::reader::{Reader, Wrong, moment_value};
use crate::answers;
use crate::chart::svg::escape;
use crate::desk::{CaseFile, Desk};
use crate::frame::{self, Place};
use crate::http::call::Call;
use crate::http::pairs::segment;
use crate::http::reply::{Reply, Trouble};
use crate::parts::field::{Control, Errors, Field};
use crate::parts::page::{Body, Layout, Section};
use crate::parts::words::{Empty, Link, Tag};
use crate::show;

fn version<'a>(file: &'a CaseFile, label: &str) -> Option<&'a ConsentVersion> {
    if label.is_empty() { file.study.consent.versions.last() } else { file.study.consent_version(label) }
}

/// The page.
pub fn get(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::reading(call)?;
    let file = desk.case(call.part("participant"))?;
    page(call, &desk, &file, &[], "", StatusCode::OK)
}

fn page(
    call: &Call<'_>,
    desk: &Desk<'_>,
    file: &CaseFile,
    wrong: &[Wrong],
    pin_wrong: &str,
    status: StatusCode,
) -> Result<Reply, Trouble> {
    let participant = &file.participant;
    let at = base(participant.id.as_str());
    let crumbs = vec![Link::new("/participants", "Participants"), Link::new(&at, participant.id.as_str())];
    let asked = if call.form.has("version") { call.form.text("version") } else { call.query.text("version") };
    let Some(text) = version(file, asked) else {
        let body = Body::new("Consent")
            .section(Section::bare(Empty::new("This study has no consent text of that version.", "")));
        return frame::page(call, desk, Place::Participants, crumbs, body);
    };
    let mut body = Body::new(format!("Consent version {}", text.version));
    body.lead =
        "Read it together. Each thing is agreed to by itself; the questions show that it was understood.".to_owned();
    body.layout = Layout::Form;
    body.side_label = "Consents on record".to_owned();
    if !crate::acts::offered(file.reader.duties, &call.address) {
        body.lead = "The text, and the consents that were given.".to_owned();
        body.add(Section::bare(format!("<div class=\"prose\">{}</div>", prose(&text.text))));
        body.beside(on_record(file));
        return frame::page(call, desk, Place::Participants, crumbs, body);
    }
    let sent = call.form.has("request");
    let mut form = format!(
        "<form method=\"post\" action=\"{at}/consent\" novalidate><input type=\"hidden\" name=\"token\" value=\"{}\"><input type=\"hidden\" name=\"request\" value=\"{}\"><input type=\"hidden\" name=\"version\" value=\"{}\">",
        escape(&call.token()),
        escape(&if sent { request_id(call) } else { call.services.fresh_id() }),
        escape(&text.version)
    );
    if !wrong.is_empty() {
        let lines = wrong.iter().map(|w| (w.href(), w.words.clone())).collect();
        form.push_str(&Errors { title: "The consent is not recorded yet".to_owned(), lines }.to_string());
    }
    form.push_str(&format!(
        "<details class=\"history\" {}><summary>The text of version {}</summary><div class=\"history-in prose\">{}</div></details>",
        if sent { "" } else { "open" },
        escape(&text.version),
        prose(&text.text)
    ));
    let typed = |name: &str| if sent { call.form.text(name).to_owned() } else { String::new() };
    let error_of = |name: &str| wrong.iter().find(|w| w.field == name).map(|w| w.words.clone()).unwrap_or_default();
    form.push_str("<h2 class=\"up-6\">Agreed to, one by one</h2>");
    for item in &text.items {
        let name = format!("items.{}", item.id);
        let hint =
            if item.required { "Without it the consent cannot carry study acts." } else { "Either answer is fine." };
        let field = Field::new(&name, &item.text, Control::Choice { options: answers::yes_no() });
        form.push_str(&field.hint(hint).value(typed(&name)).error(error_of(&name)).to_string());
    }
    if !text.questions.is_empty() {
        form.push_str(&format!(
            "<h2 class=\"up-6\">Understood: {} of {} must be right</h2>",
            text.pass_mark,
            text.questions.len()
        ));
    }
    for question in &text.questions {
        let name = format!("answers.{}", question.id);
        let options =
            vec![crate::parts::field::Choice::new("yes", "True"), crate::parts::field::Choice::new("no", "Not true")];
        let field = Field::new(&name, &question.text, Control::Choice { options });
        form.push_str(&field.value(typed(&name)).error(error_of(&name)).to_string());
    }
    let copy = Field::new("copy_given", "A signed copy was given to the participant", Control::Tick)
        .value(typed("copy_given"));
    form.push_str(&copy.to_string());
    let when = if sent { call.form.text("at").to_owned() } else { moment_value(call.now, &file.zone) };
    form.push_str(
        &Field::new("at", "When it was given, at the site", Control::Moment)
            .value(when)
            .error(error_of("at"))
            .to_string(),
    );
    if let Some(which) = crate::acts::reader::which("at", &call.form, &file.zone) {
        form.push_str(&which.to_string());
    }
    form.push_str(&signature(
        call,
        "I explained this consent, answered the questions, and saw it given freely.",
        None,
        false,
        pin_wrong,
        "",
    ));
    form.push_str(&format!("<div class=\"actions\"><button class=\"button\" type=\"submit\">Record consent</button><a href=\"{at}\">Back without recording</a></div></form>"));
    body.add(Section::bare(form));
    body.beside(on_record(file));
    frame::page_with(call, desk, Place::Participants, crumbs, body, status)
}

fn on_record(file: &CaseFile) -> String {
    let mut lines = String::new();
    for consent in file.participant.consents.iter().rev() {
        let tag = if consent.valid { Tag::done("In order") } else { Tag::in_the_way("Not complete") };
        lines.push_str(&format!(
            "<li><div class=\"row\"><b>Version {}</b>{tag}</div><p>{}</p></li>",
            escape(&consent.version),
            show::moment(consent.at, &file.zone)
        ));
    }
    let inside = if lines.is_empty() {
        Empty::new("None yet.", "").to_string()
    } else {
        format!("<ul class=\"side-list\">{lines}</ul>")
    };
    format!("<section class=\"side-block\"><h2>Consents on record</h2>{inside}</section>")
}

/// Records the consent as it was given.
pub fn post(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::of(call.services, call.who()?, call.now)?;
    let file = desk.case(call.part("participant"))?;
    let text = version(&file, call.form.text("version")).ok_or(Trouble::NotFound)?;
    if super::held::again(call) {
        return page(call, &desk, &file, &[], "", StatusCode::OK);
    }
    let mut reader = Reader::new(&call.form, file.zone.clone());
    let mut items = BTreeMap::new();
    for item in &text.items {
        if let Some(answer) = reader.yes_no(&format!("items.{}", item.id), &format!("Answer yes or no: {}", item.text))
        {
            items.insert(item.id.clone(), answer);
        }
    }
    let mut given = BTreeMap::new();
    for question in &text.questions {
        if let Some(answer) =
            reader.yes_no(&format!("answers.{}", question.id), &format!("Answer true or not: {}", question.text))
        {
            given.insert(question.id.clone(), answer);
        }
    }
    let at = reader.maybe_moment("at");
    let wrong = reader.finish();
    if !wrong.is_empty() {
        return page(call, &desk, &file, &wrong, "", StatusCode::UNPROCESSABLE_ENTITY);
    }
    let actor = match crate::people::sign(call) {
        Ok(proof) => proof,
        Err(words) => return page(call, &desk, &file, &[], &words, StatusCode::UNPROCESSABLE_ENTITY),
    };
    let command = Command::Fact(Fact::RecordConsent {
        participant: file.participant.id.clone(),
        version: text.version.clone(),
        items,
        answers: given,
        copy_given: call.form.ticked("copy_given"),
    });
    let request = Request { id: request_id(call), at, sent: None, reason: None, command };
    match ask(call, request.clone(), actor, None)? {
        Answer::Done(_) => {
            Ok(Reply::see(format!("{}?written={}", base(file.participant.id.as_str()), segment(&request.id))))
        }
        Answer::No(conduct::finding::No::Unreadable(all)) => {
            let wrong: Vec<Wrong> = all.iter().map(wrong_of).collect();
            page(call, &desk, &file, &wrong, "", StatusCode::UNPROCESSABLE_ENTITY)
        }
        Answer::No(no) => Err(no_to_trouble(&no)),
    }
}

/// The little Markdown that consent texts use: headings, lists, paragraphs, emphasis. Everything else stays text.
pub fn prose(markdown: &str) -> String {
    let mut out = String::new();
    let mut list = false;
    let mut paragraph: Vec<String> = Vec::new();
    let flush = |paragraph: &mut Vec<String>, out: &mut String| {
        if !paragraph.is_empty() {
            out.push_str(&format!("<p>{}</p>", emphasis(&paragraph.join(" "))));
            paragraph.clear();
        }
    };
    for raw in markdown.lines() {
        let line = raw.trim();
        // An indented line goes on with the item above it.
        if list && raw.starts_with([' ', '\t']) && !line.is_empty() && !line.starts_with("- ") && out.ends_with("</li>")
        {
            out.truncate(out.len() - "</li>".len());
            out.push_str(&format!(" {}</li>", emphasis(line)));
            continue;
        }
        let item = line.strip_prefix("- ").or_else(|| line.strip_prefix("* "));
        if list && item.is_none() {
            out.push_str("</ul>");
            list = false;
        }
        if let Some(item) = item {
            flush(&mut paragraph, &mut out);
            if !list {
                out.push_str("<ul>");
                list = true;
            }
            out.push_str(&format!("<li>{}</li>", emphasis(item)));
        } else if let Some(title) = line.strip_prefix('#') {
            flush(&mut paragraph, &mut out);
            let deeper = title.starts_with("##");
            let tag = if deeper { "h3" } else { "h2" };
            out.push_str(&format!("<{tag}>{}</{tag}>", emphasis(title.trim_start_matches('#').trim())));
        } else if line.is_empty() {
            flush(&mut paragraph, &mut out);
        } else {
            paragraph.push(line.to_owned());
        }
    }
    flush(&mut paragraph, &mut out);
    if list {
        out.push_str("</ul>");
    }
    out
}

fn emphasis(text: &str) -> String {
    let escaped = escape(text);
    let mut out = String::new();
    for (index, part) in escaped.split("**").enumerate() {
        if index % 2 == 1 {
            out.push_str(&format!("<b>{part}</b>"));
        } else {
            out.push_str(part);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::prose;

    #[test]
    fn a_consent_text_becomes_pages_and_never_script() {
        let made = prose("# Title\nOne line\nand **more**.\n\n- first\n  goes on\n- second\n\n<script>x</script>");
        assert_eq!(
            made,
            "<h2>Title</h2><p>One line and <b>more</b>.</p><ul><li>first goes on</li><li>second</li></ul><p>&lt;script&gt;x&lt;/script&gt;</p>"
        );
    }
}
