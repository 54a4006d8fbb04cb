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
use super::participant::base;
use crate::acts;
use crate::acts::reader::{Reader, Wrong, moment_value};
use crate::chart::svg::escape;
use crate::desk::{CaseFile, Desk, text};
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
struct Spot<'a> {
    desk: Desk<'a>,
    file: CaseFile,
    code: String,
    form: FormId,
    visit: Option<VisitId>,
    /// Shown beside the score; hidden from raters.
    scores: bool,
}

impl Spot<'_> {
    fn form(&self) -> Result<&Form, Trouble> {
        self.file.study.form(self.form.as_str()).ok_or(Trouble::NotFound)
    }

    fn base(&self) -> String {
        base(&self.code)
    }

    fn address(&self) -> String {
        let visit = self.visit.as_ref().map_or(NO_VISIT, |v| v.as_str());
        format!("{}/visits/{}/forms/{}", self.base(), segment(visit), segment(self.form.as_str()))
    }

    fn crumbs(&self) -> Vec<Link> {
        let mut crumbs =
            vec![Link::new(self.base(), self.code.clone()), Link::new(format!("{}/casebook", self.base()), "Casebook")];
        if let Some(visit) = self.visit.as_ref().and_then(|id| self.file.study.visit(id.as_str())) {
            crumbs.push(Link::new(format!("{}/visits/{}", self.base(), segment(visit.id.as_str())), &visit.name));
        }
        crumbs
    }
}

fn spot<'a>(call: &Call<'a>, desk: Desk<'a>, form: &str, visit: Option<&str>) -> Result<Spot<'a>, Trouble> {
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
    if !form.repeats
        && let Some(visit) = &spot.visit
        && let Some((instance, _)) = spot.file.participant.form_at(form.id.as_str(), visit.as_str())
    {
        return Ok(Reply::see(format!("{}/forms/{}", spot.base(), segment(instance.as_str()))));
    }
    only_theirs(&spot, &spot.address())?;
    let draft =
        call.services.drafts.find(&who.login, &spot.address()).map_err(|e| Trouble::Unavailable(e.to_string()))?;
    let (typed, kept) = draft.map_or((BTreeMap::new(), None), |d| (d.typed, Some(d.kept_at)));
    entry(call, &spot, &Entry { typed, kept, ..Entry::default() }, StatusCode::OK)
}

/// A form that somebody may read and not fill in isn't shown to them as one to fill in.
fn only_theirs(spot: &Spot<'_>, address: &str) -> Result<(), Trouble> {
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
    if wrong.is_empty() && !recording {
        return check_page(call, &spot, form, &typed, &values);
    }
    let mut overtaken = false;
    if wrong.is_empty() {
        let seen = call.form.text("seen").parse().ok();
        let command = Command::Fact(Fact::RecordForm {
            seen,
            participant: spot.file.participant.id.clone(),
            form: form.id.clone(),
            visit: spot.visit.clone(),
            values,
        });
        let request = Request { id: request_id(call), at, reason: None, command };
        match ask(call, request.clone(), who.proof(call.now), None)? {
            Answer::Done(_) => {
                let _ = call.services.drafts.drop(&who.login, &spot.address());
                return Ok(Reply::see(format!("{}?written={}", goes_on(&spot)?, segment(&request.id))));
            }
            Answer::No(No::Unreadable(all)) => wrong = all.iter().map(at_field).collect(),
            Answer::No(No::Conflict { what }) => {
                overtaken = true;
                wrong.push(Wrong::new("", sentence(&what)));
            }
            Answer::No(no) => return Err(no_to_trouble(&no)),
        }
    }
    // What was typed is not lost whatever becomes of the page.
    let _ = keep(&typed);
    entry(
        call,
        &spot,
        &Entry { typed, wrong, overtaken, kept: Some(call.now), ..Entry::default() },
        if overtaken { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY },
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

fn at_field(unreadable: &conduct::Unreadable) -> Wrong {
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
struct Entry {
    typed: BTreeMap<String, String>,
    /// Somebody else recorded the form since it was opened.
    overtaken: bool,
    wrong: Vec<Wrong>,
    kept: Option<Timestamp>,
    correcting: Option<Correcting>,
}

struct Correcting {
    instance: String,
    seen: u32,
    history: BTreeMap<String, Vec<Past>>,
}

fn entry(call: &Call<'_>, spot: &Spot<'_>, entry: &Entry, status: StatusCode) -> Result<Reply, Trouble> {
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
        hidden(call, spot, entry)
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
    };
    markup.push_str(&sheet::draw(form, &entry.typed, &around).0);
    if entry.correcting.is_none() {
        let at = call.form.text("at");
        let value = if at.is_empty() { moment_value(call.now, &spot.file.zone) } else { at.to_owned() };
        let hint = "Change it if it was earlier. When it is written down is kept beside it.";
        markup
            .push_str(&Field::new("at", "When it was filled in", Control::Moment).value(value).hint(hint).to_string());
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

/// What was seen when the form was opened goes through the check page; after a conflict it is what stands now.
fn hidden(call: &Call<'_>, spot: &Spot<'_>, entry: &Entry) -> String {
    let kept = call.form.has("request") && !entry.overtaken;
    let request = if kept { request_id(call) } else { call.services.fresh_id() };
    let carried = call.form.text("seen").parse().ok().filter(|_| !entry.overtaken);
    let seen = match &entry.correcting {
        Some(correcting) => correcting.seen,
        None => carried.unwrap_or_else(|| spot.file.participant.records_at(&spot.form, spot.visit.as_ref())),
    };
    format!(
        "<input type=\"hidden\" name=\"token\" value=\"{}\"><input type=\"hidden\" name=\"request\" value=\"{}\">\
         <input type=\"hidden\" name=\"seen\" value=\"{seen}\">",
        escape(&call.token()),
        escape(&request)
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
fn siblings(spot: &Spot<'_>, current: &Form) -> String {
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
        if form.id == current.id {
            lines.push_str(&format!("<li aria-current=\"page\"><span>{title}</span>{tag}</li>"));
        } else {
            let href = format!("{}/visits/{}/forms/{}", spot.base(), segment(visit.id.as_str()), segment(id.as_str()));
            lines.push_str(&format!("<li><a href=\"{href}\">{title}</a>{tag}</li>"));
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
    let rows = sheet::listed(form, values)
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
        hidden(call, spot, &Entry::default())
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

/// A form on record with its scores and history.
pub fn read(call: &Call<'_>) -> Result<Reply, Trouble> {
    let who = call.who()?;
    let desk = Desk::of(call.services, who, call.now)?;
    let (spot, instance, record) = on_record(call, desk)?;
    let form = spot.form()?;
    let history = history(&spot, &instance, &record)?;
    let mut body = Body::new(&form.title);
    body.lead = format!(
        "Filled in on {} by {}.",
        show::moment(record.at, &spot.file.zone),
        spot.desk.name_of(&record.by.person)
    );
    if record.struck {
        body.lead.push_str(" Struck through: made by mistake or for somebody else.");
    } else {
        for (address, words) in [
            (format!("{}/forms/{}/correct", spot.base(), segment(instance.as_str())), "Correct"),
            (format!("{}/do/strike/{}", spot.base(), segment(instance.as_str())), "Strike through"),
        ] {
            if acts::offered(spot.file.reader.duties, &address) {
                body.action(address, words);
            }
        }
    }
    body.layout = Layout::Form;
    body.side_label = "This form".to_owned();
    let rows = sheet::listed(form, &record.values)
        .into_iter()
        .map(|(id, label, value)| {
            let past = history.get(&id).map(Vec::as_slice).unwrap_or_default();
            let remark = match past {
                [_, older @ ..] if !older.is_empty() => {
                    format!(
                        "Corrected {}; before: {}",
                        show::count(older.len(), "time", "times"),
                        older.iter().map(|p| p.value.clone()).collect::<Vec<_>>().join(", ")
                    )
                }
                _ => String::new(),
            };
            vec![Cell::head(&label), Cell::text(&value).with_remark(&remark)]
        })
        .collect::<Vec<_>>();
    body.add(Section::bare(Table::new("Answers", &["Question", "Answer"], rows).unseen_caption()));
    let open: Vec<String> = spot
        .file
        .participant
        .questions
        .values()
        .filter(|q| q.about == instance && !q.answered)
        .map(|q| q.message.clone())
        .collect();
    if !open.is_empty() {
        let list: String = open.iter().map(|m| format!("<li>{}</li>", escape(&sentence(m)))).collect();
        body.add(
            Section::new("asked", "Open questions", format!("<ul class=\"plain\">{list}</ul>"))
                .lead("A correction answers them."),
        );
    }
    let all: Vec<Vec<Cell>> = history_rows(&history, form, &record);
    if !all.is_empty() {
        body.add(Section::new(
            "history",
            "History",
            Table::new("History", &["Question", "Was", "Became", "Who, when", "Reason"], all).unseen_caption(),
        ));
    }
    if spot.scores {
        body.beside(recorded_scores(&record));
    }
    body.beside(siblings(&spot, form));
    frame::page(call, &spot.desk, Place::Participants, spot.crumbs(), body)
}

fn recorded_scores(record: &FormRecord) -> String {
    let mut rows = String::new();
    for (name, score) in &record.scores {
        let value = score.value.as_ref().map_or_else(|| "not scorable".to_owned(), ToString::to_string);
        let band = score.band.as_ref().map(|b| format!(", {b}")).unwrap_or_default();
        rows.push_str(&format!(
            "<dt>{}</dt><dd><b>{}</b>{} <span class=\"quiet\">{}</span></dd>",
            escape(&sentence(&name.replace('_', " "))),
            escape(&value),
            escape(&band),
            escape(&score.method.replace('_', " "))
        ));
    }
    if rows.is_empty() {
        String::new()
    } else {
        format!("<section class=\"side-block\"><h2>Scores</h2><dl class=\"facts up-3\">{rows}</dl></section>")
    }
}

fn on_record<'a>(call: &Call<'a>, desk: Desk<'a>) -> Result<(Spot<'a>, InstanceId, FormRecord), Trouble> {
    let file = desk.case(call.part("participant"))?;
    let instance = InstanceId::from(call.part("instance"));
    let record = file.participant.forms.get(&instance).cloned().ok_or(Trouble::NotFound)?;
    let spot = spot(call, desk, record.form.as_str(), record.visit.as_ref().map(VisitId::as_str))?;
    Ok((spot, instance, record))
}

/// Values of each field over time, newest first, from the corrections on record.
fn history(
    spot: &Spot<'_>,
    instance: &InstanceId,
    record: &FormRecord,
) -> Result<BTreeMap<String, Vec<Past>>, Trouble> {
    let rows = spot.desk.select(
        "SELECT field, was, becomes, reason, corrected_by, recorded_at FROM correction WHERE participant = ?1 AND instance = ?2 ORDER BY number",
        &[spot.code.as_str(), instance.as_str()],
    )?;
    let mut out: BTreeMap<String, Vec<Past>> = BTreeMap::new();
    let first = format!("{}, {}", spot.desk.name_of(&record.by.person), show::moment(record.at, &spot.file.zone));
    for row in &rows {
        let who = spot.desk.name_of(&conduct::Person::Staff(terms::StaffId::from(text(row, 4))));
        let when = crate::desk::instant(row, 5).map(|at| show::moment(at, &spot.file.zone)).unwrap_or_default();
        let past = out.entry(text(row, 0)).or_default();
        if past.is_empty() {
            past.push(Past { value: text(row, 1), who: first.clone(), reason: "First entry".to_owned() });
        }
        past.insert(0, Past { value: text(row, 2), who: format!("{who}, {when}"), reason: text(row, 3) });
    }
    Ok(out)
}

fn history_rows(history: &BTreeMap<String, Vec<Past>>, form: &Form, record: &FormRecord) -> Vec<Vec<Cell>> {
    let labels: BTreeMap<String, String> =
        sheet::listed(form, &record.values).into_iter().map(|(id, label, _)| (id, label)).collect();
    let mut rows = Vec::new();
    for (field, past) in history {
        let label = labels.get(field).map_or(field.as_str(), String::as_str);
        for pair in past.windows(2) {
            let [new, old] = pair else { continue };
            rows.push(vec![
                Cell::head(label),
                Cell::text(&old.value),
                Cell::text(&new.value),
                Cell::text(&new.who),
                Cell::text(&new.reason),
            ]);
        }
    }
    rows
}

/// The form with what stands in it, to be corrected.
pub fn correct_get(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::of(call.services, call.who()?, call.now)?;
    let (spot, instance, record) = on_record(call, desk)?;
    only_theirs(&spot, &call.address)?;
    let history = history(&spot, &instance, &record)?;
    let correcting = Correcting { instance: instance.to_string(), seen: record.corrections, history };
    let entry_state =
        Entry { typed: sheet::as_typed(&record.values), correcting: Some(correcting), ..Entry::default() };
    entry(call, &spot, &entry_state, StatusCode::OK)
}

/// First the old and the new together, with the reason to be given; then the correction itself.
pub fn correct_post(call: &Call<'_>) -> Result<Reply, Trouble> {
    let who = call.who()?;
    let desk = Desk::of(call.services, who, call.now)?;
    let (spot, instance, record) = on_record(call, desk)?;
    let form = spot.form()?;
    let typed = sheet::typed(form, &call.form);
    let mut reader = Reader::new(&call.form, spot.file.zone.clone());
    let values = sheet::read(form, &typed, &mut reader);
    let seen = call.form.text("seen").parse().unwrap_or(record.corrections);
    let mut wrong = reader.finish();
    if wrong.is_empty()
        && let Err(more) = sheet::score(form, &values)
    {
        wrong = more;
    }
    let changes = changes(&record, &values);
    let redraw = |wrong: Vec<Wrong>| -> Result<Reply, Trouble> {
        let correcting =
            Correcting { instance: instance.to_string(), seen, history: history(&spot, &instance, &record)? };
        entry(
            call,
            &spot,
            &Entry { typed: typed.clone(), wrong, correcting: Some(correcting), ..Entry::default() },
            StatusCode::UNPROCESSABLE_ENTITY,
        )
    };
    if !wrong.is_empty() {
        return redraw(wrong);
    }
    if changes.is_empty() {
        return redraw(vec![Wrong::new("", "Nothing is different from what is on record.")]);
    }
    let reason = call.form.text("reason_given");
    if call.form.text("do") != "correct" || reason.is_empty() {
        let missing = call.form.text("do") == "correct";
        return confirm_page(
            call,
            &spot,
            form,
            &Confirm {
                instance: &instance,
                record: &record,
                changes: &changes,
                typed: &typed,
                seen,
                missing,
                conflict: None,
            },
        );
    }
    let command = Command::Fact(Fact::CorrectForm {
        participant: spot.file.participant.id.clone(),
        instance: instance.clone(),
        changes: changes.clone(),
        seen,
    });
    let request = Request { id: request_id(call), at: None, reason: Some(reason.to_owned()), command };
    match ask(call, request.clone(), who.proof(call.now), None)? {
        Answer::Done(_) => Ok(Reply::see(format!(
            "{}/forms/{}?written={}",
            spot.base(),
            segment(instance.as_str()),
            segment(&request.id)
        ))),
        Answer::No(No::Unreadable(all)) => redraw(all.iter().map(at_field).collect()),
        Answer::No(No::Conflict { what }) => {
            let confirm = Confirm {
                instance: &instance,
                record: &record,
                changes: &changes,
                typed: &typed,
                seen: record.corrections,
                missing: false,
                conflict: Some(what),
            };
            confirm_page(call, &spot, form, &confirm)
        }
        Answer::No(no) => Err(no_to_trouble(&no)),
    }
}

/// What differs from the record: changed answers, and those taken away.
fn changes(record: &FormRecord, values: &BTreeMap<FieldId, Value>) -> BTreeMap<FieldId, Value> {
    let mut out = BTreeMap::new();
    for (field, value) in values {
        let same = record.values.get(field).is_some_and(|old| same_answer(old, value));
        if !same {
            out.insert(field.clone(), value.clone());
        }
    }
    for (field, old) in &record.values {
        if !values.contains_key(field) && !old.is_missing() {
            out.insert(field.clone(), Value::Missing(terms::MissingReason::NotAsked));
        }
    }
    out
}

/// A whole number typed into a decimal field is the same answer.
fn same_answer(old: &Value, new: &Value) -> bool {
    old == new || old.as_decimal().is_some() && old.as_decimal() == new.as_decimal()
}

struct Confirm<'a> {
    instance: &'a InstanceId,
    record: &'a FormRecord,
    changes: &'a BTreeMap<FieldId, Value>,
    typed: &'a BTreeMap<String, String>,
    seen: u32,
    missing: bool,
    /// Somebody wrote first: what changed meanwhile.
    conflict: Option<String>,
}

fn confirm_page(call: &Call<'_>, spot: &Spot<'_>, form: &Form, confirm: &Confirm<'_>) -> Result<Reply, Trouble> {
    let mut body = Body::new(format!("Correct: {}", form.title))
        .lead("What stands there now stays readable beside what it becomes.");
    body.layout = Layout::Form;
    let mut all = confirm.record.values.clone();
    all.extend(confirm.changes.clone());
    let new: BTreeMap<String, (String, String)> =
        sheet::listed(form, &all).into_iter().map(|(id, label, value)| (id, (label, value))).collect();
    let old: BTreeMap<String, String> =
        sheet::listed(form, &confirm.record.values).into_iter().map(|(id, _, value)| (id, value)).collect();
    let rows = confirm
        .changes
        .keys()
        .map(|field| {
            let (label, value) = new.get(field.as_str()).cloned().unwrap_or_else(|| (field.to_string(), String::new()));
            let before = old.get(field.as_str()).cloned().unwrap_or_else(|| "no answer".to_owned());
            vec![Cell::head(&label), Cell::text(&before), Cell::text(&value)]
        })
        .collect::<Vec<_>>();
    let mut markup = String::new();
    let mut status = StatusCode::OK;
    if let Some(what) = &confirm.conflict {
        status = StatusCode::CONFLICT;
        markup.push_str(&format!(
            "<div class=\"errors\" role=\"alert\" tabindex=\"-1\" id=\"errors\" autofocus><h2>Somebody corrected this form first</h2><p>{}</p><p>“On record” below is what stands there now, theirs included. Look at both, then record yours again or leave it. Nothing of yours was written.</p></div>",
            escape(&sentence(what))
        ));
    }
    markup
        .push_str(&Table::new("Old and new", &["Question", "On record", "Becomes"], rows).unseen_caption().to_string());
    let correcting =
        Correcting { instance: confirm.instance.to_string(), seen: confirm.seen, history: BTreeMap::new() };
    // A correction after a conflict is another request than the one that met it.
    let state = Entry { correcting: Some(correcting), overtaken: confirm.conflict.is_some(), ..Entry::default() };
    let hidden = hidden(call, spot, &state);
    markup.push_str(&format!(
        "<form method=\"post\" action=\"{}/forms/{}/correct\">{hidden}",
        spot.base(),
        segment(confirm.instance.as_str())
    ));
    for (name, value) in confirm.typed {
        markup.push_str(&format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value)));
    }
    let error = if confirm.missing { "Say why it is corrected." } else { "" };
    let hint = "As: typing error, read from the wrong line, measured again.";
    let reason = Field::new("reason_given", "Reason", Control::Text { rows: 2 })
        .hint(hint)
        .error(error)
        .value(call.form.text("reason_given"));
    markup.push_str(&reason.to_string());
    markup.push_str(&format!(
        "<div class=\"actions\"><button class=\"button\" type=\"submit\" name=\"do\" value=\"correct\">Correct</button><a href=\"{}/forms/{}/correct\">Go back and change</a></div></form>",
        spot.base(),
        segment(confirm.instance.as_str())
    ));
    body.add(Section::bare(markup));
    frame::page_with(call, &spot.desk, Place::Participants, spot.crumbs(), body, status)
}
