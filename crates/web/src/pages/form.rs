//! A form of the study: filled in with its score as one types, checked before it is recorded, kept as a draft until
//! then; read with its history; corrected with a reason, showing old and new together.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use conduct::finding::No;
use conduct::state::FormRecord;
use conduct::{Command, Fact, Request};
use jiff::Timestamp;
use protocol::model::{ActivityKind, Form, Requirement};
use record::Answer;
use terms::{FieldId, FormId, InstanceId, Value, VisitId};

use super::act::{ask, request_id, wrong_of};
use super::casebook;
use super::form_record::{Confirm, Conflict, changes, confirm_page};
use super::participant::base;
use crate::acts;
use crate::acts::reader::{Reader, Wrong, moment_value};
use crate::chart::svg::escape;
use crate::desk::{CaseFile, Desk};
use crate::findings::sentence;
use crate::frame::{self, Place};
use crate::http::call::Call;
use crate::http::pairs::segment;
use crate::http::reply::{Reply, Trouble};
use crate::parts::field::{Control, Errors, Field, Past};
use crate::parts::page::{Body, Layout, Section};
use crate::parts::table::{Cell, Table};
use crate::parts::words::{Empty, Link, Tag};
use crate::sheet::{self, Around};
use crate::show;

/// The part of an address that says that a form belongs to no visit.
const NO_VISIT: &str = "-";

/// A form at a visit of a participant, for a reader who may see it.
pub(super) struct Spot<'a> {
    pub(super) desk: Desk<'a>,
    pub(super) file: CaseFile,
    pub(super) code: String,
    pub(super) form: FormId,
    pub(super) visit: Option<VisitId>,
    /// Shown beside the score; hidden from raters.
    pub(super) scores: bool,
}

impl Spot<'_> {
    pub(super) fn form(&self) -> Result<&Form, Trouble> {
        self.file.study.form(self.form.as_str()).ok_or(Trouble::NotFound)
    }

    pub(super) fn base(&self) -> String {
        base(&self.code)
    }

    pub(super) fn address(&self) -> String {
        let visit = self.visit.as_ref().map_or(NO_VISIT, |v| v.as_str());
        format!("{}/visits/{}/forms/{}", self.base(), segment(visit), segment(self.form.as_str()))
    }

    pub(super) fn crumbs(&self) -> Vec<Link> {
        let mut crumbs =
            vec![Link::new(self.base(), self.code.clone()), Link::new(format!("{}/casebook", self.base()), "Casebook")];
        if let Some(visit) = self.visit.as_ref().and_then(|id| self.file.study.visit(id.as_str())) {
            crumbs.push(Link::new(format!("{}/visits/{}", self.base(), segment(visit.id.as_str())), &visit.name));
        }
        crumbs
    }
}

impl Spot<'_> {
    /// A form that is filled in once at a visit and stands on record there already, with what is on record.
    fn on_record_already(&self, form: &Form) -> Option<(InstanceId, FormRecord)> {
        let visit = self.visit.as_ref().filter(|_| !form.repeats)?;
        let (instance, record) = self.file.participant.form_at(form.id.as_str(), visit.as_str())?;
        Some((instance.clone(), record.clone()))
    }
}

/// The form was recorded meanwhile, by somebody else or by the same person before they went back. What is typed and
/// differs is shown beside it, to be recorded as a correction or left; where nothing differs, the record is shown.
fn already(
    call: &Call<'_>,
    spot: &Spot<'_>,
    form: &Form,
    (instance, record): (&InstanceId, &FormRecord),
    (typed, values): (&BTreeMap<String, String>, &BTreeMap<FieldId, Value>),
) -> Result<Reply, Trouble> {
    let changes = if typed.is_empty() { BTreeMap::new() } else { changes(record, values) };
    let written = call.form.text("request");
    if changes.is_empty() {
        if let Ok(who) = call.who() {
            let _ = call.services.drafts.drop(&who.login, &spot.address());
        }
        // Sent twice, it is the same act: it leads to where the first one led.
        let first = spot.desk.written(written)?;
        let back = if first.is_empty() {
            format!("{}/forms/{}", spot.base(), segment(instance.as_str()))
        } else {
            format!("{}?written={}", goes_on(spot)?, segment(written))
        };
        return Ok(Reply::see(back));
    }
    only_theirs(spot, &spot.address())?;
    let who = spot.desk.name_of(&record.by.person);
    let what = format!("{who} recorded it on {}", show::moment(record.at, &spot.file.zone));
    let seen = record.corrections;
    let conflict = Some(Conflict::Recorded(what));
    confirm_page(
        call,
        spot,
        form,
        &Confirm { instance, record, changes: &changes, typed, seen, missing: false, conflict },
    )
}

pub(super) fn spot<'a>(call: &Call<'a>, desk: Desk<'a>, form: &str, visit: Option<&str>) -> Result<Spot<'a>, Trouble> {
    let code = call.part("participant").to_owned();
    let file = desk.case(&code)?;
    let found = file.study.form(form).ok_or(Trouble::NotFound)?;
    if !file.reader.sees_form(found) {
        return Err(Trouble::NotFound);
    }
    let visit = match visit {
        None | Some(NO_VISIT) => None,
        Some(id) => Some(file.study.visit(id).ok_or(Trouble::NotFound)?.id.clone()),
    };
    let form = found.id.clone();
    Ok(Spot { desk, file, code, form, visit, scores: true })
}

/// An empty form, or the draft of it.
pub fn get(call: &Call<'_>) -> Result<Reply, Trouble> {
    let who = call.who()?;
    let desk = Desk::of(call.services, who, call.now)?;
    let spot = spot(call, desk, call.part("form"), Some(call.part("visit")))?;
    let form = spot.form()?;
    let draft =
        call.services.drafts.find(&who.login, &spot.address()).map_err(|e| Trouble::Unavailable(e.to_string()))?;
    if let Some((instance, record)) = spot.on_record_already(form) {
        let typed = draft.map(|d| d.typed).unwrap_or_default();
        let pairs = typed.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let values = sheet::read(form, &typed, &mut Reader::new(&pairs, spot.file.zone.clone()));
        return already(call, &spot, form, (&instance, &record), (&typed, &values));
    }
    only_theirs(&spot, &spot.address())?;
    let (typed, kept) = draft.map_or((BTreeMap::new(), None), |d| (d.typed, Some(d.kept_at)));
    entry(call, &spot, &Entry { typed, kept, ..Entry::default() }, StatusCode::OK)
}

/// A form that somebody may read and not fill in isn't shown to them as one to fill in.
pub(super) fn only_theirs(spot: &Spot<'_>, address: &str) -> Result<(), Trouble> {
    if acts::offered(spot.file.reader.duties, address) {
        return Ok(());
    }
    Err(Trouble::NotYours("It is filled in by those who see the participant at the site.".to_owned()))
}

/// What is sent from the form: kept, checked, gone back to, or recorded.
pub fn post(call: &Call<'_>) -> Result<Reply, Trouble> {
    let who = call.who()?;
    let desk = Desk::of(call.services, who, call.now)?;
    let spot = spot(call, desk, call.part("form"), Some(call.part("visit")))?;
    let form = spot.form()?;
    let typed = sheet::typed(form, &call.form);
    let keep = |typed: &BTreeMap<String, String>| {
        call.services
            .drafts
            .keep(&who.login, &spot.address(), typed, call.now)
            .map_err(|e| Trouble::Unavailable(e.to_string()))
    };
    match call.form.text("do") {
        "save" => {
            keep(&typed)?;
            let back = match &spot.visit {
                Some(visit) => format!("{}/visits/{}", spot.base(), segment(visit.as_str())),
                None => spot.base(),
            };
            return Ok(Reply::see(back));
        }
        "discard" => {
            call.services.drafts.drop(&who.login, &spot.address()).map_err(|e| Trouble::Unavailable(e.to_string()))?;
            let recorded = spot.on_record_already(form);
            let at = recorded.map(|(instance, _)| format!("forms/{}", segment(instance.as_str())));
            return Ok(Reply::see(format!("{}/{}", spot.base(), at.unwrap_or_else(|| "casebook".to_owned()))));
        }
        _ if super::held::again(call) => {
            keep(&typed)?;
            return entry(call, &spot, &Entry { typed, kept: Some(call.now), ..Entry::default() }, StatusCode::OK);
        }
        "back" => {
            keep(&typed)?;
            return entry(call, &spot, &Entry { typed, kept: Some(call.now), ..Entry::default() }, StatusCode::OK);
        }
        _ => {}
    }
    let mut reader = Reader::new(&call.form, spot.file.zone.clone());
    let values = sheet::read(form, &typed, &mut reader);
    let at = reader.maybe_moment("at");
    let mut wrong = reader.finish();
    if wrong.is_empty()
        && let Err(more) = sheet::score(form, &values)
    {
        wrong = more;
    }
    let recording = call.form.text("do") == "record";
    if wrong.is_empty()
        && let Some((instance, record)) = spot.on_record_already(form)
    {
        keep(&typed)?;
        return already(call, &spot, form, (&instance, &record), (&typed, &values));
    }
    if wrong.is_empty() && !recording {
        return check_page(call, &spot, form, &typed, &values);
    }
    if wrong.is_empty() {
        let command = Command::Fact(Fact::RecordForm {
            participant: spot.file.participant.id.clone(),
            form: form.id.clone(),
            visit: spot.visit.clone(),
            values,
            // What was looked at above still holds when it is written, or it is asked again.
            seen: (!form.repeats && spot.visit.is_some()).then_some(0),
        });
        let request = Request { id: request_id(call), at, sent: None, reason: None, command };
        match ask(call, request.clone(), who.proof(call.now), None)? {
            Answer::Done(_) => {
                let _ = call.services.drafts.drop(&who.login, &spot.address());
                return Ok(Reply::see(format!("{}?written={}", goes_on(&spot)?, segment(&request.id))));
            }
            Answer::No(No::Unreadable(all)) => wrong = all.iter().map(at_field).collect(),
            Answer::No(No::Conflict { what }) => wrong.push(Wrong::new("", sentence(&what))),
            Answer::No(no) => return Err(no_to_trouble(&no)),
        }
    }
    // What was typed is not lost whatever becomes of the page.
    let _ = keep(&typed);
    entry(
        call,
        &spot,
        &Entry { typed, wrong, kept: Some(call.now), ..Entry::default() },
        StatusCode::UNPROCESSABLE_ENTITY,
    )
}

/// Where somebody goes on who has recorded a form: to the visit, or to the check that it was filled in for.
fn goes_on(spot: &Spot<'_>) -> Result<String, Trouble> {
    let Some(visit) = spot.visit.as_ref().and_then(|id| spot.file.study.visit(id.as_str())) else {
        return Ok(format!("{}/casebook", spot.base()));
    };
    let session = visit.session.filter(|_| spot.file.reader.sees_sessions());
    let plan = &spot.file.study.session;
    let checked =
        plan.checks.iter().chain(&plan.discharge.criteria).any(|check| check.form.as_ref() == Some(&spot.form));
    let next = match session.filter(|_| checked) {
        Some(number) => super::ahead::after_check(&spot.desk, &spot.code, number, None)?,
        None => None,
    };
    Ok(next.unwrap_or_else(|| format!("{}/visits/{}", spot.base(), segment(visit.id.as_str()))))
}

pub(super) fn at_field(unreadable: &conduct::Unreadable) -> Wrong {
    let mut wrong = wrong_of(unreadable);
    if wrong.field != "at" {
        wrong.field = format!("{}{}", sheet::PREFIX, wrong.field);
    }
    wrong
}

/// A "no" to a fact, as a page says it.
pub fn no_to_trouble(no: &No) -> Trouble {
    match no {
        No::Conflict { what } => Trouble::Conflict(sentence(what)),
        No::NotYours { what } => Trouble::NotYours(sentence(what)),
        No::Unreadable(all) => Trouble::Unreadable(
            all.iter().map(|u| sentence(&format!("{}. {}", u.what, u.mend))).collect::<Vec<_>>().join(" "),
        ),
        No::Refused(refusal) => Trouble::Unreadable(sentence(&refusal.to_string())),
    }
}

/// Keeps a draft while somebody types, and answers with the score so far.
pub fn draft(call: &Call<'_>) -> Result<Reply, Trouble> {
    let who = call.who()?;
    let desk = Desk::of(call.services, who, call.now)?;
    let spot = spot(call, desk, call.part("form"), Some(call.part("visit")))?;
    let form = spot.form()?;
    let typed = sheet::typed(form, &call.form);
    call.services
        .drafts
        .keep(&who.login, &spot.address(), &typed, call.now)
        .map_err(|e| Trouble::Unavailable(e.to_string()))?;
    let mut reader = Reader::new(&call.form, spot.file.zone.clone());
    let values = sheet::read(form, &typed, &mut reader);
    let saved = saved_words(&spot, call.now);
    let score = if spot.scores { score_so_far(form, &values) } else { String::new() };
    Ok(Reply::json(serde_json::json!({ "saved": saved, "score": score }).to_string()))
}

fn saved_words(spot: &Spot<'_>, at: Timestamp) -> String {
    format!("Draft kept at {} by the server. Nothing is lost if you close the page.", show::clock(at, &spot.file.zone))
}

#[derive(Default)]
pub(super) struct Entry {
    pub(super) typed: BTreeMap<String, String>,
    pub(super) wrong: Vec<Wrong>,
    pub(super) kept: Option<Timestamp>,
    pub(super) correcting: Option<Correcting>,
}

pub(super) struct Correcting {
    pub(super) instance: String,
    pub(super) seen: u32,
    pub(super) history: BTreeMap<String, Vec<Past>>,
}

pub(super) fn entry(call: &Call<'_>, spot: &Spot<'_>, entry: &Entry, status: StatusCode) -> Result<Reply, Trouble> {
    let form = spot.form()?;
    let mut body = Body::new(&form.title);
    body.lead = lead(form);
    if !casebook::fills_in(form, &spot.file.reader.roles) {
        body.lead = format!(
            "For: {}. What you record counts all the same, and a deviation is recorded with it. {}",
            casebook::for_whom(&spot.file.study, form),
            body.lead
        );
    }
    body.layout = Layout::Form;
    body.side_label = "This form".to_owned();
    let address = match &entry.correcting {
        Some(correcting) => format!("{}/forms/{}/correct", spot.base(), segment(&correcting.instance)),
        None => spot.address(),
    };
    let mut markup = String::new();
    let drafts =
        if entry.correcting.is_none() { format!(" data-draft=\"{}/draft\"", escape(&address)) } else { String::new() };
    markup.push_str(&format!(
        "<form method=\"post\" action=\"{}\" novalidate{drafts}>{}",
        escape(&address),
        hidden(call, entry)
    ));
    if !entry.wrong.is_empty() {
        let title = match entry.wrong.len() {
            1 => "One answer needs a look".to_owned(),
            many => format!("{many} answers need a look"),
        };
        let lines = entry.wrong.iter().map(|w| (w.href(), w.words.clone())).collect();
        markup.push_str(&Errors { title, lines }.to_string());
    }
    let around = Around {
        wrong: &entry.wrong,
        history: entry.correcting.as_ref().map(|c| c.history.clone()).unwrap_or_default(),
        last: last_values(spot, form),
        wording: call.services.packs.wording(form, Some(&spot.file.participant.language)),
    };
    markup.push_str(&sheet::draw(form, &entry.typed, &around).0);
    if entry.correcting.is_none() {
        let at = call.form.text("at");
        let value = if at.is_empty() { moment_value(call.now, &spot.file.zone) } else { at.to_owned() };
        let hint = "Change it if it was earlier. When it is written down is kept beside it.";
        markup
            .push_str(&Field::new("at", "When it was filled in", Control::Moment).value(value).hint(hint).to_string());
        if let Some(which) = crate::acts::reader::which("at", &call.form, &spot.file.zone) {
            markup.push_str(&which.to_string());
        }
    }
    markup.push_str("<div class=\"actions\"><button class=\"button\" type=\"submit\" name=\"do\" value=\"check\">Check answers</button>");
    if entry.correcting.is_none() {
        markup.push_str("<button class=\"button button-second\" type=\"submit\" name=\"do\" value=\"save\">Save and come back</button>");
    }
    markup.push_str("</div></form>");
    body.add(Section::bare(markup));
    let mut reader = Reader::new(&call.form, spot.file.zone.clone());
    let values = sheet::read(form, &entry.typed, &mut reader);
    if spot.scores {
        body.beside(format!("<div id=\"score\">{}</div>", score_so_far(form, &values)));
    }
    body.beside(siblings(spot, form));
    if entry.correcting.is_none() {
        let words = entry.kept.map_or_else(
            || "Nothing yet. What you type is kept by the server as you go.".to_owned(),
            |at| saved_words(spot, at),
        );
        body.beside(format!(
            "<section class=\"side-block\"><h2>Saved</h2><p class=\"small quiet up-3\" id=\"saved\">{}</p></section>",
            escape(&words)
        ));
    }
    frame::page_with(call, &spot.desk, Place::Participants, spot.crumbs(), body, status)
}

pub(super) fn hidden(call: &Call<'_>, entry: &Entry) -> String {
    let request = if call.form.has("request") { request_id(call) } else { call.services.fresh_id() };
    hidden_as(call, &request, entry)
}

pub(super) fn hidden_as(call: &Call<'_>, request: &str, entry: &Entry) -> String {
    let seen = entry
        .correcting
        .as_ref()
        .map_or_else(String::new, |c| format!("<input type=\"hidden\" name=\"seen\" value=\"{}\">", c.seen));
    format!(
        "<input type=\"hidden\" name=\"token\" value=\"{}\"><input type=\"hidden\" name=\"request\" value=\"{}\">{seen}",
        escape(&call.token()),
        escape(request)
    )
}

fn lead(form: &Form) -> String {
    let mut said = vec![format!("Form {}.", form.id)];
    if let Some(instrument) = sheet::instrument_of(form) {
        said.push(format!("{}, scored by its own rule: {}.", instrument.name, instrument.missing));
    }
    said.push(format!("Source: {}.", form.source));
    said.join(" ")
}

/// The same fields' last values at earlier visits, to stand beside what is typed now.
fn last_values(spot: &Spot<'_>, form: &Form) -> BTreeMap<String, String> {
    let Some((_, record)) = spot.file.participant.latest_form(form.id.as_str()) else { return BTreeMap::new() };
    if record.visit == spot.visit {
        return BTreeMap::new();
    }
    let numbers = record.values.iter().filter(|(_, value)| value.as_decimal().is_some());
    numbers.map(|(id, value)| (id.to_string(), format!("{value} on {}", show::day_month(record.day)))).collect()
}

/// Every score that can be computed, and how far the form is.
fn score_so_far(form: &Form, values: &BTreeMap<FieldId, Value>) -> String {
    let (done, asked) = sheet::progress(form, values);
    let bar = (asked > 0).then(|| {
        let width = 240.0 * done as f64 / asked as f64;
        format!(
            "<svg class=\"progress-bar\" viewBox=\"0 0 240 6\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"rest\" width=\"240\" height=\"6\" rx=\"3\"/><rect class=\"done\" width=\"{width:.0}\" height=\"6\" rx=\"3\"/></svg>"
        )
    });
    let progress = format!("<p class=\"progress\">{done} of {asked} answered.{}</p>", bar.unwrap_or_default());
    let scores = sheet::score(form, values).map(|read| read.scores).unwrap_or_default();
    let mut rows = String::new();
    for (name, score) in &scores {
        let Some(value) = &score.value else { continue };
        let band = score.band.as_ref().map(|b| format!(", {b}")).unwrap_or_default();
        rows.push_str(&format!(
            "<dt>{}</dt><dd><b>{}</b>{} <span class=\"quiet\">{}</span></dd>",
            escape(&sentence(&name.replace('_', " "))),
            escape(&value.to_string()),
            escape(&band),
            escape(&score.method.replace('_', " "))
        ));
    }
    if scores.is_empty() {
        return format!("<section class=\"side-block\"><h2>How far</h2><div class=\"up-3\">{progress}</div></section>");
    }
    let rows = if rows.is_empty() {
        "<p class=\"quiet small up-3\">No score can be given yet.</p>".to_owned()
    } else {
        format!("<dl class=\"facts up-3\">{rows}</dl>")
    };
    format!("<section class=\"side-block\"><h2>Score so far</h2>{rows}<div class=\"up-3\">{progress}</div></section>")
}

/// The other forms of the same visit, with their states.
pub(super) fn siblings(spot: &Spot<'_>, current: &Form) -> String {
    let Some(visit) = spot.visit.as_ref().and_then(|id| spot.file.study.visit(id.as_str())) else {
        return String::new();
    };
    let mut lines = String::new();
    for (activity, requirement) in spot.file.study.activities_at(visit.id.as_str()) {
        let ActivityKind::Form(id) = &activity.what else { continue };
        let Some(form) = spot.file.study.form(id.as_str()).filter(|f| spot.file.reader.sees_form(f)) else { continue };
        let recorded = spot.file.participant.form_at(id.as_str(), visit.id.as_str()).is_some();
        let tag = if form.id == current.id && !recorded {
            Tag::now("In hand")
        } else if recorded {
            Tag::done("Recorded")
        } else if requirement == Requirement::IfIndicated {
            Tag::plan("If needed")
        } else {
            Tag::plan("Not begun")
        };
        let title = escape(&activity.title);
        let href = super::casebook::form_address(&spot.file.participant, visit, id.as_str(), &spot.base());
        if form.id == current.id {
            lines.push_str(&format!("<li aria-current=\"page\"><span>{title}</span>{tag}</li>"));
        } else if acts::offered(spot.file.reader.duties, &href) {
            lines.push_str(&format!("<li><a href=\"{href}\">{title}</a>{tag}</li>"));
        } else {
            lines.push_str(&format!("<li><span>{title}</span>{tag}</li>"));
        }
    }
    if lines.is_empty() {
        String::new()
    } else {
        format!(
            "<section class=\"side-block\"><h2>Forms of {}</h2><ol class=\"steps\">{lines}</ol></section>",
            escape(&visit.name)
        )
    }
}

/// All answers to read through before they are recorded.
fn check_page(
    call: &Call<'_>,
    spot: &Spot<'_>,
    form: &Form,
    typed: &BTreeMap<String, String>,
    values: &BTreeMap<FieldId, Value>,
) -> Result<Reply, Trouble> {
    let mut body = Body::new(format!("Check: {}", form.title)).lead(
        "Read it through. It is recorded with your name and the time; a mistake can be corrected later, with a reason.",
    );
    body.layout = Layout::Form;
    body.side_label = "This form".to_owned();
    let mut markup = String::new();
    let open = sheet::open_questions(form, values);
    if !open.is_empty() {
        let lines = open.iter().take(40).map(|w| (String::new(), w.words.clone())).collect();
        let title = format!(
            "{} open. They are recorded as not asked unless you go back",
            show::count(open.len(), "question is", "questions are")
        );
        markup.push_str(&Errors { title, lines }.to_string());
    }
    if let Ok(read) = sheet::score(form, values) {
        let asked: Vec<&(String, String)> =
            read.questions.iter().filter(|(id, _)| !id.starts_with("required.")).collect();
        if !asked.is_empty() {
            markup.push_str("<div class=\"both\"><h2 class=\"f-2\">The form asks</h2><ul>");
            for (_, message) in asked {
                markup.push_str(&format!("<li>{}</li>", escape(&sentence(message))));
            }
            markup.push_str("</ul><p class=\"quiet\">It can be recorded as it is; the question then stays open until it is answered.</p></div>");
        }
    }
    let wording = call.services.packs.wording(form, Some(&spot.file.participant.language));
    let rows = sheet::listed(form, values, wording)
        .into_iter()
        .map(|(_, label, value)| vec![Cell::head(&label), Cell::text(&value)])
        .collect::<Vec<_>>();
    if rows.is_empty() {
        markup.push_str(&Empty::new("Nothing is answered yet.", "Go back and fill the form in.").to_string());
    } else {
        markup.push_str(&Table::new("Answers", &["Question", "Answer"], rows).unseen_caption().to_string());
    }
    markup.push_str(&format!(
        "<form method=\"post\" action=\"{}\">{}",
        escape(&spot.address()),
        hidden(call, &Entry::default())
    ));
    for (name, value) in typed {
        markup.push_str(&format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value)));
    }
    markup.push_str(&format!("<input type=\"hidden\" name=\"at\" value=\"{}\">", escape(call.form.text("at"))));
    markup.push_str(
        "<div class=\"actions\"><button class=\"button\" type=\"submit\" name=\"do\" value=\"record\">Record</button><button class=\"button button-second\" type=\"submit\" name=\"do\" value=\"back\">Go back and change</button></div></form>",
    );
    body.add(Section::bare(markup));
    if spot.scores {
        body.beside(score_so_far(form, values));
    }
    frame::page(call, &spot.desk, Place::Participants, spot.crumbs(), body)
}
