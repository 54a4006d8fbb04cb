//! The participant's own pages: made for a phone first, one question a page, every word from the message files.

use std::collections::BTreeMap;

use askama::Template;
use axum::http::StatusCode;
use conduct::finding::No;
use conduct::state::VisitStanding;
use conduct::{Command, Fact, ParticipantState, Person, Request};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use protocol::model::{ActivityKind, Form, RoleScope, Study, Visit, VisitMode};
use record::Answer;
use terms::VisitId;

use super::act::{ask, request_id};
use super::form::no_to_trouble;
use crate::acts::reader::{Reader, Wrong};
use crate::chart::svg::escape;
use crate::http::call::Call;
use crate::http::pairs::segment;
use crate::http::reply::{Reply, Trouble};
use crate::parts::Markup;
use crate::parts::field::Errors;
use crate::sheet;
use crate::shell::{PersonShell, PersonWords};
use crate::show;
use crate::words::{Words, words};

/// The participant with what belongs to them.
struct Own {
    participant: std::sync::Arc<ParticipantState>,
    study: std::sync::Arc<Study>,
    zone: TimeZone,
    today: Date,
    words: &'static Words,
}

fn own(call: &Call<'_>) -> Result<Own, Trouble> {
    let Person::Participant(id) = &call.who()?.person else { return Err(Trouble::NotFound) };
    let door = &call.services.door;
    let participant = door.participant(id)?.ok_or(Trouble::NotFound)?;
    let study = door
        .studies()
        .get(&participant.study)
        .cloned()
        .ok_or_else(|| Trouble::Fault("study version is not loaded".to_owned()))?;
    let zone = door.trial()?.sites.get(&participant.site).map_or(TimeZone::UTC, |site| site.time_zone.clone());
    let today = call.now.to_zoned(zone.clone()).date();
    let words = words(&participant.language);
    Ok(Own { participant, study, zone, today, words })
}

fn page(call: &Call<'_>, own: &Own, title: &str, body: String, status: StatusCode) -> Result<Reply, Trouble> {
    let w = own.words;
    let phone = &call.services.help_phone;
    let shell = PersonShell {
        language: "en".to_owned(),
        direction: "ltr",
        title: title.to_owned(),
        synthetic: call.services.synthetic(),
        words: PersonWords {
            skip: w.say("skip", &[]),
            kind_of_data: w.say("kind-of-data", &[]),
            synthetic: w.say("synthetic-data", &[]),
            help_title: w.say("help-title", &[]),
            help_line: w.say("help-line", &[]),
            help_call: w.say("help-call", &[("phone", phone)]),
            sign_out: w.say("sign-out", &[]),
        },
        help_phone: phone.clone(),
        token: call.token(),
        body: Markup(body),
    };
    Ok(Reply::Page { status, html: shell.render().map_err(|e| Trouble::Fault(e.to_string()))? })
}

/// Forms that the participant fills in themselves, at visits that are open or near.
fn to_fill(own: &Own) -> Vec<(&Visit, &Form)> {
    let near = |visit: &Visit| {
        let record = own.participant.visits.get(&visit.id);
        match record.map(|r| (r.standing, r.booking)) {
            Some((VisitStanding::Attended, _)) => true,
            Some((VisitStanding::Planned, Some(booking))) => {
                booking.day <= own.today.saturating_add(jiff::Span::new().days(3))
            }
            _ => false,
        }
    };
    let mut out = Vec::new();
    for visit in own.study.visits.iter().filter(|v| near(v)) {
        for (activity, _) in own.study.activities_at(visit.id.as_str()) {
            let ActivityKind::Form(id) = &activity.what else { continue };
            let Some(form) = own.study.form(id.as_str()) else { continue };
            if is_own(&own.study, form) && own.participant.form_at(id.as_str(), visit.id.as_str()).is_none() {
                out.push((visit, form));
            }
        }
    }
    out
}

/// Whether the participant is among those who fill a form in, and may see it.
fn is_own(study: &Study, form: &Form) -> bool {
    let mine = |role: &terms::RoleId| study.role(role.as_str()).is_some_and(|r| r.scope == RoleScope::Own);
    form.completed_by.iter().any(mine) && !form.hidden_from.iter().any(mine)
}

fn form_address(visit: &Visit, form: &Form) -> String {
    format!("/me/forms/{}/{}", segment(visit.id.as_str()), segment(form.id.as_str()))
}

/// The home page.
pub fn home(call: &Call<'_>) -> Result<Reply, Trouble> {
    let own = own(call)?;
    let w = own.words;
    let mut out = format!(
        "<h1>{}</h1><p>{}</p>",
        w.say("home-hello", &[]),
        w.say("home-today", &[("date", &show::weekday_date(own.today))])
    );
    if call.query.has("thanks") {
        out.push_str(&format!("<p class=\"written up-4\" role=\"status\">{}</p>", w.say("fill-thanks", &[])));
    }
    out.push_str(&next_visit(&own));
    out.push_str(&fill_section(call, &own)?);
    out.push_str(&format!(
        "<section aria-labelledby=\"more\"><h2 id=\"more\">{}</h2><ul class=\"links\"><li><a href=\"/me/visits\">{}</a></li><li><a href=\"/me/agreed\">{}</a></li><li><a href=\"/me/stop\">{}</a></li></ul><p class=\"quiet up-4 f-1\">{}</p><p class=\"quiet f-1 up-2\">{}</p></section>",
        w.say("home-more", &[]),
        w.say("home-visits", &[]),
        w.say("home-agreed", &[]),
        w.say("home-stop", &[]),
        w.say("home-stop-any-time", &[]),
        escape(&w.say("home-code", &[("code", own.participant.id.as_str())]))
    ));
    page(call, &own, &w.say("home-title", &[]), out, StatusCode::OK)
}

fn next_visit(own: &Own) -> String {
    let w = own.words;
    let booked = own
        .participant
        .visits
        .values()
        .filter(|r| r.standing == VisitStanding::Planned)
        .filter_map(|r| r.booking)
        .min_by_key(|b| b.starts);
    let Some(booking) = booked else {
        return format!(
            "<section aria-labelledby=\"next\"><h2 id=\"next\">{}</h2><p>{}</p></section>",
            w.say("home-next", &[]),
            w.say("home-next-none", &[])
        );
    };
    let when = w.say(
        "home-next-when",
        &[("weekday", &show::weekday(booking.day)), ("time", &show::clock(booking.starts, &own.zone))],
    );
    let place = match booking.mode {
        VisitMode::OnSite | VisitMode::Either => w.say("home-next-site", &[]),
        VisitMode::Remote => w.say("home-next-video", &[]),
        VisitMode::Phone => w.say("home-next-phone", &[]),
    };
    format!(
        "<section aria-labelledby=\"next\"><h2 id=\"next\" class=\"date-over\">{}</h2><p class=\"date-big\">{}</p><p>{place}</p></section>",
        w.say("home-next", &[]),
        escape(&when)
    )
}

fn fill_section(call: &Call<'_>, own: &Own) -> Result<String, Trouble> {
    let w = own.words;
    let login = &call.who()?.login;
    let mut out = format!("<section aria-labelledby=\"ask\"><h2 id=\"ask\">{}</h2>", w.say("home-fill", &[]));
    let all = to_fill(own);
    if all.is_empty() {
        out.push_str(&format!("<p>{}</p>", w.say("home-fill-none", &[])));
    }
    for (visit, form) in all {
        let address = form_address(visit, form);
        let draft = call.services.drafts.find(login, &address).map_err(|e| Trouble::Unavailable(e.to_string()))?;
        let typed = draft.map(|d| d.typed).unwrap_or_default();
        let count = sheet::count(form);
        let open = sheet::unanswered(form, &typed);
        let done = count - open.len();
        let number = open.first().copied().unwrap_or(count);
        let (words, button) = if done == 0 {
            (w.say("home-fill-length", &[("count", &count.to_string())]), w.say("home-fill-begin", &[]))
        } else {
            let words = w.say("home-fill-begun", &[("done", &done.to_string()), ("count", &count.to_string())]);
            (words, w.say("home-fill-go-on", &[("number", &number.to_string())]))
        };
        let width = 320.0 * done as f64 / count.max(1) as f64;
        out.push_str(&format!(
            "<div class=\"up-4\"><p><b>{}</b></p><p class=\"progress roomy\">{}<svg class=\"progress-bar\" viewBox=\"0 0 320 6\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"rest\" width=\"320\" height=\"6\" rx=\"3\"/><rect class=\"done\" width=\"{width:.0}\" height=\"6\" rx=\"3\"/></svg></p><a class=\"button\" href=\"{address}?q={number}\">{}</a></div>",
            escape(&form.title),
            escape(&words),
            escape(&button)
        ));
    }
    out.push_str("</section>");
    Ok(out)
}

/// The form in hand, with what was typed so far.
struct Filling<'a> {
    visit: &'a Visit,
    form: &'a Form,
    address: String,
    typed: BTreeMap<String, String>,
}

fn filling<'a>(call: &Call<'_>, own: &'a Own) -> Result<Filling<'a>, Trouble> {
    let found =
        to_fill(own).into_iter().find(|(visit, form)| visit.id == *call.part("visit") && form.id == *call.part("form"));
    let (visit, form) = found.ok_or(Trouble::NotFound)?;
    let address = form_address(visit, form);
    let draft =
        call.services.drafts.find(&call.who()?.login, &address).map_err(|e| Trouble::Unavailable(e.to_string()))?;
    Ok(Filling { visit, form, address, typed: draft.map(|d| d.typed).unwrap_or_default() })
}

/// One question, or at the end all answers to check.
pub fn question(call: &Call<'_>) -> Result<Reply, Trouble> {
    let own = own(call)?;
    let filling = filling(call, &own)?;
    let number = call.query.text("q").parse().unwrap_or(1);
    if number > sheet::count(filling.form) {
        check(call, &own, &filling, &[])
    } else {
        ask_one(call, &own, &filling, number, &[])
    }
}

fn head(call: &Call<'_>) -> String {
    format!("<input type=\"hidden\" name=\"token\" value=\"{}\">", escape(&call.token()))
}

fn ask_one(
    call: &Call<'_>,
    own: &Own,
    filling: &Filling<'_>,
    number: usize,
    wrong: &[Wrong],
) -> Result<Reply, Trouble> {
    let w = own.words;
    let count = sheet::count(filling.form);
    let field = sheet::draw_one(filling.form, number, &filling.typed, wrong).ok_or(Trouble::NotFound)?;
    let of = w.say("fill-of", &[("number", &number.to_string()), ("count", &count.to_string())]);
    let errors = if wrong.is_empty() {
        String::new()
    } else {
        let lines = wrong.iter().map(|w| (w.href(), w.words.clone())).collect();
        Errors { title: w.say("fill-look", &[]), lines }.to_string()
    };
    let before = if number > 1 {
        format!(
            "<p class=\"up-4\"><a href=\"{}?q={}\">{}</a></p>",
            filling.address,
            number - 1,
            w.say("fill-before", &[])
        )
    } else {
        String::new()
    };
    let body = format!(
        "<p class=\"quiet f-1\">{}</p><h1>{}</h1><form method=\"post\" action=\"{}?q={number}\" novalidate>{}{errors}{field}<div class=\"actions\"><button class=\"button\" type=\"submit\">{}</button></div></form>{before}<p class=\"up-4\"><a href=\"/me\">{}</a></p><p class=\"quiet f-1 up-2\">{}</p>",
        escape(&of),
        escape(&filling.form.title),
        filling.address,
        head(call),
        w.say("fill-next", &[]),
        w.say("fill-later", &[]),
        w.say("fill-kept", &[])
    );
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page(call, own, &format!("{of}, {}", filling.form.title), body, status)
}

/// Keeps one answer and goes on, or sends them all.
pub fn answer(call: &Call<'_>) -> Result<Reply, Trouble> {
    let own = own(call)?;
    let mut filling = filling(call, &own)?;
    let who = call.who()?;
    if call.form.text("do") == "send" {
        return send(call, &own, &filling);
    }
    let number: usize = call.query.text("q").parse().unwrap_or(1);
    let sent = sheet::typed(filling.form, &call.form);
    filling.typed.extend(sent);
    let mut reader = Reader::new(&call.form, own.zone.clone());
    sheet::read(filling.form, &filling.typed, &mut reader);
    let name = sheet::draw_one(filling.form, number, &filling.typed, &[]).map(|f| f.name).unwrap_or_default();
    let wrong: Vec<Wrong> = reader.finish().into_iter().filter(|w| w.field == name).collect();
    if !wrong.is_empty() {
        return ask_one(call, &own, &filling, number, &wrong);
    }
    call.services
        .drafts
        .keep(&who.login, &filling.address, &filling.typed, call.now)
        .map_err(|e| Trouble::Unavailable(e.to_string()))?;
    Ok(Reply::see(format!("{}?q={}", filling.address, number + 1)))
}

fn check(call: &Call<'_>, own: &Own, filling: &Filling<'_>, wrong: &[Wrong]) -> Result<Reply, Trouble> {
    let w = own.words;
    let mut reader = Reader::new(&call.form, own.zone.clone());
    let values = sheet::read(filling.form, &filling.typed, &mut reader);
    let mut rows = String::new();
    for (index, (label, value)) in sheet::all_listed(filling.form, &values).into_iter().enumerate() {
        let value = value.unwrap_or_else(|| w.say("fill-open", &[]));
        rows.push_str(&format!(
            "<li><div><span class=\"quiet f-1\">{}</span><br><b>{}</b></div><a href=\"{}?q={}\">{}<span class=\"unseen\"> {}</span></a></li>",
            escape(&label),
            escape(&value),
            filling.address,
            index + 1,
            w.say("fill-change", &[]),
            escape(&label)
        ));
    }
    let errors = if wrong.is_empty() {
        String::new()
    } else {
        Errors {
            title: w.say("fill-look", &[]),
            lines: wrong.iter().map(|x| (String::new(), x.words.clone())).collect(),
        }
        .to_string()
    };
    let body = format!(
        "<h1>{}</h1><p>{}</p>{errors}<ul class=\"answers up-4\">{rows}</ul><form method=\"post\" action=\"{}\">{}<input type=\"hidden\" name=\"request\" value=\"{}\"><div class=\"actions\"><button class=\"button\" type=\"submit\" name=\"do\" value=\"send\">{}</button></div></form><p class=\"up-4\"><a href=\"/me\">{}</a></p>",
        w.say("fill-check", &[]),
        w.say("fill-check-intro", &[]),
        filling.address,
        head(call),
        escape(&request_id(call)),
        w.say("fill-send", &[]),
        w.say("fill-later", &[])
    );
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page(call, own, &w.say("fill-check", &[]), body, status)
}

fn send(call: &Call<'_>, own: &Own, filling: &Filling<'_>) -> Result<Reply, Trouble> {
    let who = call.who()?;
    let mut reader = Reader::new(&call.form, own.zone.clone());
    let values = sheet::read(filling.form, &filling.typed, &mut reader);
    let wrong = reader.finish();
    if !wrong.is_empty() {
        return check(call, own, filling, &wrong);
    }
    let command = Command::Fact(Fact::RecordForm {
        seen: None,
        participant: own.participant.id.clone(),
        form: filling.form.id.clone(),
        visit: Some(VisitId::from(filling.visit.id.as_str())),
        values,
    });
    let request = Request { id: request_id(call), at: None, sent: None, reason: None, command };
    match ask(call, request, who.proof(call.now), None)? {
        Answer::Done(_) => {
            let _ = call.services.drafts.drop(&who.login, &filling.address);
            Ok(Reply::see("/me?thanks=1"))
        }
        Answer::No(No::Unreadable(all)) => {
            let wrong: Vec<Wrong> = all.iter().map(super::act::wrong_of).collect();
            check(call, own, filling, &wrong)
        }
        Answer::No(no) => Err(no_to_trouble(&no)),
    }
}

fn back_home(w: &Words) -> String {
    format!("<p class=\"up-6\"><a href=\"/me\">{}</a></p>", w.say("back-home", &[]))
}

/// Visits so far.
pub fn visits(call: &Call<'_>) -> Result<Reply, Trouble> {
    let own = own(call)?;
    let w = own.words;
    let mut days: Vec<(Date, String)> = Vec::new();
    for visit in &own.study.visits {
        let Some(record) = own.participant.visits.get(&visit.id) else { continue };
        if matches!(record.standing, VisitStanding::Attended | VisitStanding::Completed) {
            days.extend(record.days.iter().map(|day| (*day, visit.name.clone())));
        }
    }
    days.sort();
    let mut out = format!("<h1>{}</h1>", w.say("visits-title", &[]));
    if days.is_empty() {
        out.push_str(&format!("<p>{}</p>", w.say("visits-none", &[])));
    } else {
        out.push_str("<ul class=\"plain up-4\">");
        for (day, name) in days {
            out.push_str(&format!(
                "<li><b>{}</b><br>{}</li>",
                escape(&w.say("visits-done", &[("date", &show::weekday_date(day))])),
                escape(&name)
            ));
        }
        out.push_str("</ul>");
    }
    out.push_str(&back_home(w));
    page(call, &own, &w.say("visits-title", &[]), out, StatusCode::OK)
}

/// What they agreed to, item by item, with the text.
pub fn agreed(call: &Call<'_>) -> Result<Reply, Trouble> {
    let own = own(call)?;
    let w = own.words;
    let mut out = format!("<h1>{}</h1>", w.say("agreed-title", &[]));
    match own.participant.consent() {
        None => out.push_str(&format!("<p>{}</p>", w.say("agreed-none", &[]))),
        Some(consent) => {
            let said = w.say("agreed-version", &[("version", &consent.version), ("date", &show::date(consent.day))]);
            out.push_str(&format!("<p>{}</p><ul class=\"plain up-4\">", escape(&said)));
            let text = own.study.consent_version(&consent.version);
            for item in text.iter().flat_map(|t| &t.items) {
                let yes = consent.items.get(&item.id).copied().unwrap_or(false);
                let word = if yes { w.say("agreed-yes", &[]) } else { w.say("agreed-no", &[]) };
                out.push_str(&format!("<li>{}<br><b>{word}</b></li>", escape(&item.text)));
            }
            out.push_str("</ul>");
            if let Some(text) = text {
                out.push_str(&format!(
                    "<details class=\"history up-4\"><summary>{}</summary><div class=\"prose up-3\">{}</div></details>",
                    w.say("agreed-text", &[]),
                    super::consent::prose(&text.text)
                ));
            }
        }
    }
    out.push_str(&back_home(w));
    page(call, &own, &w.say("agreed-title", &[]), out, StatusCode::OK)
}

/// How to stop.
pub fn stop(call: &Call<'_>) -> Result<Reply, Trouble> {
    let own = own(call)?;
    let w = own.words;
    let out = format!(
        "<h1>{}</h1><p>{}</p><p class=\"up-4\">{}</p><p class=\"up-4\">{}</p>{}",
        w.say("stop-title", &[]),
        w.say("stop-intro", &[]),
        w.say("stop-how", &[]),
        w.say("stop-after", &[]),
        back_home(w)
    );
    page(call, &own, &w.say("stop-title", &[]), out, StatusCode::OK)
}
