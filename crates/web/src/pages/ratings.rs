//! For independent raters: opaque requests and nothing else. No code, site, visit, arm, threshold or other score is on
//! these pages, in no role.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use conduct::finding::No;
use conduct::{Command, Fact, Person, Request};
use protocol::model::Form;
use record::Answer;
use terms::{FormId, InstanceId, ParticipantId};

use super::act::{ask, request_id, wrong_of};
use super::form::no_to_trouble;
use crate::acts::reader::{Reader, Wrong};
use crate::acts::trial::{disclosure, disclosure_field};
use crate::chart::svg::escape;
use crate::desk::{Desk, instant, number, text};
use crate::frame::{self, Place};
use crate::http::call::Call;
use crate::http::pairs::segment;
use crate::http::reply::{Reply, Trouble};
use crate::parts::field::Errors;
use crate::parts::page::{Body, Layout, Section};
use crate::parts::table::{Cell, Table};
use crate::parts::words::{Empty, Link, Tag};
use crate::sheet::{self, Around};
use crate::show;

fn desk<'a>(call: &'a Call<'a>) -> Result<Desk<'a>, Trouble> {
    let desk = Desk::of(call.services, call.who()?, call.now)?;
    if frame::open_to(&desk, Place::Ratings) { Ok(desk) } else { Err(Trouble::NotFound) }
}

fn me(desk: &Desk<'_>) -> String {
    match &desk.who.person {
        Person::Staff(id) => id.to_string(),
        Person::Participant(_) | Person::Program => String::new(),
    }
}

/// Requests that wait, and those that are mine.
pub fn get(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = desk(call)?;
    let rows = desk.select(
        "SELECT request, pseudonym, requested_at, rater FROM rating WHERE done = 0 AND (rater IS NULL OR rater = ?1) ORDER BY requested_at LIMIT 200",
        &[&me(&desk)],
    )?;
    let zone = desk.own_zone();
    let mut body = Body::new("Ratings").lead(
        "Each is a video call and its forms, under a name that says nothing. Don’t ask which visit it is, nor where.",
    );
    if rows.is_empty() {
        body.add(Section::bare(Empty::new("No rating waits.", "A request shows here when a site asks for one.")));
        return frame::page(call, &desk, Place::Ratings, Vec::new(), body);
    }
    let cells = rows
        .iter()
        .map(|row| {
            let mine = !text(row, 3).is_empty();
            vec![
                Cell::link(format!("/ratings/{}", segment(&text(row, 0))), &text(row, 1)).as_head(),
                Cell::text(&instant(row, 2).map(|at| show::moment(at, &zone)).unwrap_or_default()),
                Cell::tag(if mine { Tag::now("Yours") } else { Tag::plan("Waits") }),
            ]
        })
        .collect();
    body.add(Section::bare(Table::new("Ratings that wait", &["Rating", "Asked for", "State"], cells).unseen_caption()));
    frame::page(call, &desk, Place::Ratings, Vec::new(), body)
}

/// What a rater may know of a request, and beside it whose it is, for the forms' definitions alone.
struct Opaque {
    id: String,
    pseudonym: String,
    mine: bool,
    done: bool,
    forms: Vec<Form>,
    recorded: Vec<FormId>,
}

fn opaque(desk: &Desk<'_>, id: &str) -> Result<Opaque, Trouble> {
    let rows =
        desk.select("SELECT pseudonym, rater, done, forms, participant, visit FROM rating WHERE request = ?1", &[id])?;
    let row = rows.first().ok_or(Trouble::NotFound)?;
    let rater = text(row, 1);
    let mine = rater == me(desk) && !rater.is_empty();
    if !rater.is_empty() && !mine {
        return Err(Trouble::NotFound);
    }
    let participant = desk.services.door.participant(&ParticipantId::from(text(row, 4)))?.ok_or(Trouble::NotFound)?;
    let study = desk.study_of(&participant.study)?;
    let ids: Vec<String> =
        text(row, 3).split(',').map(str::trim).filter(|f| !f.is_empty()).map(str::to_owned).collect();
    let visit = text(row, 5);
    let forms: Vec<Form> = ids.iter().filter_map(|id| study.form(id)).cloned().collect();
    let recorded = forms
        .iter()
        .filter(|form| participant.form_at(form.id.as_str(), &visit).is_some())
        .map(|form| form.id.clone())
        .collect();
    Ok(Opaque { id: id.to_owned(), pseudonym: text(row, 0), mine, done: number(row, 2) == 1, forms, recorded })
}

/// One request.
pub fn one(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = desk(call)?;
    let rating = opaque(&desk, call.part("request"))?;
    let at = format!("/ratings/{}", segment(&rating.id));
    let mut body = Body::new(format!("Rating {}", rating.pseudonym));
    if rating.done {
        body.lead = "Done. Thank you.".to_owned();
        return frame::page(call, &desk, Place::Ratings, vec![Link::new("/ratings", "Ratings")], body);
    }
    if !rating.mine {
        body.lead = "Nobody has taken it yet.".to_owned();
        body.main_act = true;
        body.action(format!("{at}/do/take"), "Take this rating");
        return frame::page(call, &desk, Place::Ratings, vec![Link::new("/ratings", "Ratings")], body);
    }
    body.lead = "Yours. Fill in each form after the call.".to_owned();
    body.action(format!("{at}/do/rating-missed"), "It did not take place");
    let cells = rating
        .forms
        .iter()
        .map(|form| {
            let done = rating.recorded.contains(&form.id);
            let head = if done {
                Cell::head(&form.title)
            } else {
                Cell::link(format!("{at}/forms/{}", segment(form.id.as_str())), &form.title).as_head()
            };
            vec![head, Cell::tag(if done { Tag::done("Recorded") } else { Tag::now("To fill in") })]
        })
        .collect();
    body.add(Section::bare(Table::new("Forms of this rating", &["Form", "State"], cells).unseen_caption()));
    frame::page(call, &desk, Place::Ratings, vec![Link::new("/ratings", "Ratings")], body)
}

fn form_of<'a>(rating: &'a Opaque, call: &Call<'_>) -> Result<&'a Form, Trouble> {
    if !rating.mine || rating.done {
        return Err(Trouble::NotFound);
    }
    rating.forms.iter().find(|form| form.id == *call.part("form")).ok_or(Trouble::NotFound)
}

fn page_key(rating: &Opaque, form: &Form) -> String {
    format!("/ratings/{}/forms/{}", segment(&rating.id), segment(form.id.as_str()))
}

/// A form of the rating.
pub fn form_get(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = desk(call)?;
    let rating = opaque(&desk, call.part("request"))?;
    let form = form_of(&rating, call)?;
    let draft = call
        .services
        .drafts
        .find(&desk.who.login, &page_key(&rating, form))
        .map_err(|e| Trouble::Unavailable(e.to_string()))?;
    draw(call, &desk, &rating, form, &draft.map(|d| d.typed).unwrap_or_default(), &[], StatusCode::OK)
}

fn draw(
    call: &Call<'_>,
    desk: &Desk<'_>,
    rating: &Opaque,
    form: &Form,
    typed: &BTreeMap<String, String>,
    wrong: &[Wrong],
    status: StatusCode,
) -> Result<Reply, Trouble> {
    let address = page_key(rating, form);
    let request = if call.form.has("request") { request_id(call) } else { call.services.fresh_id() };
    let mut markup = format!(
        "<form method=\"post\" action=\"{0}\" novalidate data-draft=\"{0}/draft\"><input type=\"hidden\" name=\"token\" value=\"{1}\"><input type=\"hidden\" name=\"request\" value=\"{2}\">",
        escape(&address),
        escape(&call.token()),
        escape(&request)
    );
    if !wrong.is_empty() {
        let lines = wrong.iter().map(|w| (w.href(), w.words.clone())).collect();
        markup.push_str(&Errors { title: "Some answers need a look".to_owned(), lines }.to_string());
    }
    markup.push_str(&sheet::draw(form, typed, &Around { wrong, ..Around::default() }).0);
    let asked = disclosure_field();
    let value = if call.form.has("disclosure") { call.form.text("disclosure").to_owned() } else { asked.value.clone() };
    markup.push_str(&asked.value(value).to_string());
    markup.push_str("<div class=\"actions\"><button class=\"button\" type=\"submit\" name=\"do\" value=\"record\">Record the rating</button><button class=\"button button-second\" type=\"submit\" name=\"do\" value=\"save\">Save and come back</button></div></form>");
    let mut body = Body::new(&form.title).lead(format!("Rating {}.", rating.pseudonym));
    body.layout = Layout::Form;
    body.side_label = "This form".to_owned();
    body.add(Section::bare(markup));
    body.beside("<section class=\"side-block\"><h2>Saved</h2><p class=\"small quiet up-3\" id=\"saved\">What you type is kept by the server as you go.</p></section>");
    let crumbs = vec![
        Link::new("/ratings", "Ratings"),
        Link::new(format!("/ratings/{}", segment(&rating.id)), &rating.pseudonym),
    ];
    frame::page_with(call, desk, Place::Ratings, crumbs, body, status)
}

const RATED: &str = "This form of the rating is on record already; a rating is given once. If something in it is wrong, tell the data manager.";

/// Records one form of the rating, with what the participant let slip.
pub fn form_post(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = desk(call)?;
    let rating = opaque(&desk, call.part("request"))?;
    let back = format!("/ratings/{}", segment(&rating.id));
    if rating.mine && rating.done {
        // Sent twice, the last form finds its rating done: that is the answer.
        return Ok(Reply::see(back));
    }
    let form = form_of(&rating, call)?;
    let typed = sheet::typed(form, &call.form);
    let key = page_key(&rating, form);
    let keep = || {
        call.services
            .drafts
            .keep(&desk.who.login, &key, &typed, call.now)
            .map_err(|e| Trouble::Unavailable(e.to_string()))
    };
    if super::held::again(call) {
        keep()?;
        return draw(call, &desk, &rating, form, &typed, &[], StatusCode::OK);
    }
    if rating.recorded.contains(&form.id) {
        let first = desk.written(call.form.text("request"))?;
        return if first.is_empty() { Err(Trouble::Conflict(RATED.to_owned())) } else { Ok(Reply::see(back)) };
    }
    if call.form.text("do") == "save" {
        keep()?;
        return Ok(Reply::see(back));
    }
    let mut reader = Reader::new(&call.form, desk.own_zone());
    let values = sheet::read(form, &typed, &mut reader);
    let disclosed = disclosure(&mut reader);
    let mut wrong = reader.finish();
    if wrong.is_empty()
        && let Err(more) = sheet::score(form, &values)
    {
        wrong = more;
    }
    let Some(disclosure) = disclosed.filter(|_| wrong.is_empty()) else {
        keep()?;
        return draw(call, &desk, &rating, form, &typed, &wrong, StatusCode::UNPROCESSABLE_ENTITY);
    };
    let command = Command::Fact(Fact::RecordRating {
        request: InstanceId::from(rating.id.as_str()),
        form: form.id.clone(),
        values,
        disclosure,
    });
    let request = Request { id: request_id(call), at: None, sent: None, reason: None, command };
    match ask(call, request, desk.who.proof(call.now), None)? {
        Answer::Done(_) => {
            let _ = call.services.drafts.drop(&desk.who.login, &key);
            Ok(Reply::see(back))
        }
        Answer::No(No::Unreadable(all)) => {
            let wrong: Vec<Wrong> = all.iter().map(wrong_of).collect();
            keep()?;
            draw(call, &desk, &rating, form, &typed, &wrong, StatusCode::UNPROCESSABLE_ENTITY)
        }
        Answer::No(no) => Err(no_to_trouble(&no)),
    }
}

/// Keeps a draft. No score comes back: a rater sees none.
pub fn form_draft(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = desk(call)?;
    let rating = opaque(&desk, call.part("request"))?;
    let form = form_of(&rating, call)?;
    let typed = sheet::typed(form, &call.form);
    call.services
        .drafts
        .keep(&desk.who.login, &page_key(&rating, form), &typed, call.now)
        .map_err(|e| Trouble::Unavailable(e.to_string()))?;
    let saved = format!(
        "Draft kept at {} by the server. Nothing is lost if you close the page.",
        show::clock(call.now, &desk.own_zone())
    );
    Ok(Reply::json(serde_json::json!({ "saved": saved }).to_string()))
}
