//! An act's form: shown with what the rules say of it now, sent as exactly one command.

use askama::Template;
use axum::http::StatusCode;
use conduct::finding::{Broken, No};
use conduct::{Command, Duties, ParticipantState, Person, Proof, Request};
use record::{Answer, Asked, Streams};
use serde_json::json;
use terms::{ActId, ParticipantId, SiteId};

use super::kept::{Held, KEPT_UNSIGNED};
use crate::acts::reader::{Reader, Wrong, moment_value, which};
use crate::acts::{self, Act, Kind, Proofs, Reason, Scene, Scope};
use crate::chart::svg::escape;
use crate::desk::Desk;
use crate::findings::{self, Place as At};
use crate::frame::{self, Place};
use crate::http::call::Call;
use crate::http::pairs::segment;
use crate::http::reply::{Reply, Trouble};
use crate::parts::field::{Choice, Control, Errors, Field, Second, Sign};
use crate::parts::page::{Body, Layout, Section};
use crate::parts::words::Link;

/// Where an act is done: its streams and its address.
struct Stage<'a> {
    desk: &'a Desk<'a>,
    act: &'static Act,
    streams: Streams,
    study: std::sync::Arc<protocol::model::Study>,
    session: u8,
    about: String,
    staff: Vec<Choice>,
    /// What the person may do here.
    duties: Duties,
    /// The address of what it belongs to: a participant, a site.
    base: String,
    place: Place,
}

impl Stage<'_> {
    fn scene(&self) -> Scene<'_> {
        Scene {
            study: &self.study,
            trial: &self.streams.trial,
            participant: self.streams.participant.as_deref(),
            site_id: self.streams.site_id.as_ref(),
            site: self.streams.site.as_deref(),
            stock: self.streams.stock.as_deref(),
            zone: self.zone(),
            now: self.desk.now,
            session: self.session,
            about: self.about.clone(),
            actor: match &self.desk.who.person {
                Person::Staff(id) => Some(id.clone()),
                Person::Participant(_) | Person::Program => None,
            },
            staff: &self.staff,
        }
    }

    fn zone(&self) -> jiff::tz::TimeZone {
        self.streams.site_id.as_ref().map_or_else(|| self.desk.own_zone(), |site| self.desk.zone(site))
    }

    fn participant(&self) -> Option<&ParticipantState> {
        self.streams.participant.as_deref()
    }

    /// Where the act's own form is.
    fn address(&self) -> String {
        // A rating is what its address is about already.
        let about = if self.about.is_empty() || self.act.scope == Scope::Rating {
            String::new()
        } else {
            format!("/{}", segment(&self.about))
        };
        let session =
            if self.act.scope == Scope::Session { format!("/sessions/{}", self.session) } else { String::new() };
        format!("{}{session}/do/{}{about}", self.base, self.act.key)
    }

    /// Where the person goes on afterwards.
    fn after(&self) -> String {
        match self.act.scope {
            Scope::Session => format!("{}/sessions/{}", self.base, self.session),
            Scope::Participant => match self.act.key {
                "attended" | "completed" | "no-show" | "cancelled" | "missed" | "book" | "request-rating" => {
                    format!("{}/visits/{}", self.base, segment(&self.about))
                }
                _ => self.base.clone(),
            },
            Scope::Site => match self.place {
                Place::Staff => "/staff".to_owned(),
                Place::Participants => "/participants".to_owned(),
                _ => "/stock".to_owned(),
            },
            Scope::Trial => "/trial".to_owned(),
            Scope::Rating => self.base.clone(),
        }
    }
}

/// Acts at a site that stand on the staff's page rather than the stock's.
const STAFF_ACTS: &[&str] = &[
    "delegate",
    "end-delegation",
    "site-approval",
    "site-hold",
    "lift-site-hold",
    "certificate",
    "withdraw-certificate",
    "relation",
    "end-relation",
];
/// Acts in which somebody of the staff is chosen.
const CHOOSES_STAFF: &[&str] = &[
    "delegate",
    "end-delegation",
    "grant-role",
    "end-role",
    "certificate",
    "withdraw-certificate",
    "relation",
    "end-relation",
];

fn stage<'a>(call: &Call<'_>, desk: &'a Desk<'a>) -> Result<Stage<'a>, Trouble> {
    let (code, site, request) = (call.part("participant"), call.part("site"), call.part("request"));
    let session = call.part("session");
    let scope = if !session.is_empty() {
        Scope::Session
    } else if !code.is_empty() {
        Scope::Participant
    } else if !site.is_empty() {
        Scope::Site
    } else if !request.is_empty() {
        Scope::Rating
    } else {
        Scope::Trial
    };
    let act = acts::find(scope, call.part("act")).ok_or(Trouble::NotFound)?;
    let door = &desk.services.door;
    let mut duties = desk.reader.duties;
    let (mut study, mut base, mut place) = (std::sync::Arc::clone(&desk.study), String::new(), Place::Trial);
    let mut about = call.part("about").to_owned();
    let streams = match scope {
        Scope::Participant | Scope::Session => {
            let file = desk.case(code)?;
            base = super::participant::base(code);
            place = Place::Participants;
            study = file.study;
            duties = file.reader.duties;
            door.streams_of(Some(&ParticipantId::from(code)), None, true, act.key == "randomise")?
        }
        Scope::Site => {
            let file = desk.site(site)?;
            base = format!("/sites/{}", segment(site));
            place = if STAFF_ACTS.contains(&act.key) {
                Place::Staff
            } else if act.key == "enquiry" {
                Place::Participants
            } else {
                Place::Stock
            };
            if !frame::open_to(desk, place) {
                return Err(Trouble::NotFound);
            }
            duties = file.reader.duties;
            door.streams_of(None, Some(file.id), true, false)?
        }
        Scope::Trial => {
            if !frame::open_to(desk, Place::Trial) {
                return Err(Trouble::NotFound);
            }
            door.streams_of(None, None, false, false)?
        }
        Scope::Rating => {
            if !frame::open_to(desk, Place::Ratings) {
                return Err(Trouble::NotFound);
            }
            base = format!("/ratings/{}", segment(request));
            place = Place::Ratings;
            request.clone_into(&mut about);
            door.streams_of(None, None, false, false)?
        }
    };
    let needed = acts::duties(act);
    if !duties.has_any(needed) {
        return Err(Trouble::NotYours(format!("{} is for: {}.", act.title, holders(&study, needed))));
    }
    let number = if session.is_empty() { 0 } else { session.parse().map_err(|_| Trouble::NotFound)? };
    if scope == Scope::Session && study.session(number).is_none() {
        return Err(Trouble::NotFound);
    }
    let staff = if CHOOSES_STAFF.contains(&act.key) {
        desk.staff()?.into_iter().map(|(id, name)| Choice::new(id.as_str(), name)).collect()
    } else {
        Vec::new()
    };
    if scope == Scope::Trial {
        base = "/trial".to_owned();
    }
    Ok(Stage { desk, act, streams, study, session: number, about, staff, duties, base, place })
}

/// The roles that hold any of these duties, as the study calls them.
fn holders(study: &protocol::model::Study, duties: &[protocol::model::Duty]) -> String {
    let held = study.roles.iter().filter(|role| role.duties.iter().any(|duty| duties.contains(duty)));
    held.map(|role| role.title.as_str()).collect::<Vec<_>>().join(", ")
}

/// Shows the form.
pub fn get(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::of(call.services, call.who()?, call.now)?;
    let stage = stage(call, &desk)?;
    show(call, &stage, Shown { id: call.services.fresh_id(), ..Shown::default() }, StatusCode::OK)
}

/// Sends it.
pub fn post(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::of(call.services, call.who()?, call.now)?;
    let stage = stage(call, &desk)?;
    if super::held::again(call) {
        return show(call, &stage, Shown { id: request_id(call), sent: true, ..Shown::default() }, StatusCode::OK);
    }
    let scene = stage.scene();
    let mut reader = Reader::new(&call.form, stage.zone());
    let command = (stage.act.build)(&scene, &mut reader);
    let mut at = if stage.act.kind == Kind::Fact { reader.maybe_moment("at") } else { None };
    at = at.map(|at| whole(call, &stage, at));
    let held = Held::of(call, stage.act)?;
    if let Some(held) = &held {
        at = Some(held.at);
    }
    let mut reason = call.form.all("reason_given").find(|text| !text.trim().is_empty()).map(|t| t.trim().to_owned());
    if matches!(stage.act.reason, Reason::Asked(_)) && reason.is_none() {
        reader.wrong("reason_given", "Say why.");
    }
    if reason.is_none() {
        reason = reader.maybe("why");
    }
    if let Some(late) = held.as_ref().and_then(Held::reason) {
        reason = Some(reason.map_or(late.clone(), |reason| format!("{reason} ({late})")));
    }
    let wrong = reader.finish();
    let mut shown = Shown { id: request_id(call), sent: true, wrong, ..Shown::default() };
    let Some(command) = command.filter(|_| shown.wrong.is_empty()) else {
        if shown.wrong.is_empty() {
            return Err(Trouble::NotFound);
        }
        return show(call, &stage, shown, StatusCode::UNPROCESSABLE_ENTITY);
    };
    // Nobody can sign on a device that can't reach the server: what happened is recorded unsigned, and the rules answer that.
    let asked = if held.as_ref().is_some_and(|held| held.unsigned) { Proofs::SignedIn } else { asked_proofs(&stage) };
    let (actor, second) = match proofs(call, asked) {
        Ok(both) => both,
        Err((first, other)) => {
            shown.pin_wrong = first;
            shown.second_wrong = other;
            return show(call, &stage, shown, StatusCode::UNPROCESSABLE_ENTITY);
        }
    };
    let sent = held.as_ref().and_then(|held| held.sent);
    let request = Request { id: shown.id.clone(), at, sent, reason, command };
    let answer = match ask(call, request, actor, second) {
        // What was typed stays on the page, under the same id: sent again, it is written once.
        Err(Trouble::Unavailable(what)) if !call.wants_data() => {
            shown.conflict =
                format!("{what} Nothing was saved; what you typed stands below. Send it again in a minute (LJ-503).");
            return show(call, &stage, shown, StatusCode::SERVICE_UNAVAILABLE);
        }
        other => other?,
    };
    match answer {
        Answer::Done(receipt) if call.wants_data() => Ok(said_done(&receipt)),
        Answer::Done(_) => Ok(Reply::see(format!("{}?written={}", goes_on(&stage)?, segment(&shown.id)))),
        Answer::No(No::Refused(refusal)) => {
            let refusal = refusal.for_reader(&stage.study, &desk.reader.roles);
            shown.refused = refusal.broken;
            show(call, &stage, shown, StatusCode::UNPROCESSABLE_ENTITY)
        }
        Answer::No(No::Unreadable(all)) => {
            let fields = (stage.act.fields)(&scene);
            shown.wrong = all.into_iter().map(|u| at_field(wrong_of(&u), &fields)).collect();
            show(call, &stage, shown, StatusCode::UNPROCESSABLE_ENTITY)
        }
        Answer::No(No::Conflict { what }) => {
            if call.wants_data() && on_record(&desk, &shown.id)? {
                // The id was drawn for what was typed then, on this device alone: it is on record.
                return Ok(Reply::json(json!({ "done": true, "before": true, "follows": [] }).to_string()));
            }
            // Under another id it is another request: what is sent next is decided anew.
            shown.conflict =
                if on_record(&desk, &shown.id)? { SENT_BEFORE.to_owned() } else { findings::sentence(&what) };
            shown.id = call.services.fresh_id();
            show(call, &stage, shown, StatusCode::CONFLICT)
        }
        Answer::No(No::NotYours { what }) => Err(Trouble::NotYours(findings::sentence(&what))),
    }
}

/// What was written, for a script: that it was, and what follows from it.
fn said_done(receipt: &record::Receipt) -> Reply {
    let follows: Vec<String> = receipt.entries.iter().filter_map(frame::follows).collect();
    Reply::json(json!({ "done": true, "before": receipt.repeated, "follows": follows }).to_string())
}

/// The same that the form's page says, for a script.
fn said(shown: &Shown, status: StatusCode) -> Reply {
    let mut wrong: Vec<serde_json::Value> =
        shown.wrong.iter().map(|w| json!({ "field": w.field, "words": w.words })).collect();
    for words in [&shown.pin_wrong, &shown.second_wrong, &shown.conflict].into_iter().filter(|words| !words.is_empty())
    {
        wrong.push(json!({ "field": "", "words": words }));
    }
    for broken in &shown.refused {
        let words = format!("{}: {}. {}", findings::sentence(&broken.sentence), broken.found, broken.remedy);
        wrong.push(json!({ "field": "", "words": words, "rule": broken.rule }));
    }
    Reply::Json { status, body: json!({ "wrong": wrong }).to_string() }
}

const SENT_BEFORE: &str = "This form was sent before, and what was sent then is on record. What is typed now is something else, and is not recorded: look at the record, then send it if it is to stand beside it.";

/// Whether a request of this id was recorded.
fn on_record(desk: &Desk<'_>, request: &str) -> Result<bool, Trouble> {
    Ok(desk.services.door.store().answered(request)?.is_some())
}

/// Where the person goes on, with the record as it is now.
fn goes_on(stage: &Stage<'_>) -> Result<String, Trouble> {
    let (desk, after) = (stage.desk, stage.after());
    let Some(participant) = stage.participant() else { return Ok(after) };
    let code = participant.id.as_str();
    if stage.act.key == "check" {
        return Ok(super::ahead::after_check(desk, code, stage.session, Some(&stage.about))?.unwrap_or(after));
    }
    // Somebody who came for a dosing session is awaited in its room.
    let session = stage.study.visit(&stage.about).and_then(|visit| visit.session);
    match session.filter(|_| stage.act.key == "attended" && desk.reader.sees_sessions()) {
        Some(session) => Ok(format!("{}/sessions/{session}", stage.base)),
        None => Ok(after),
    }
}

/// The core names a value; the form may carry it in a group, as `measures.systolic`.
fn at_field(mut wrong: Wrong, fields: &[Field]) -> Wrong {
    if !fields.iter().any(|field| field.name == wrong.field) {
        let end = format!(".{}", wrong.field);
        if let Some(field) = fields.iter().find(|field| field.name.ends_with(&end)) {
            wrong.field.clone_from(&field.name);
        }
    }
    wrong
}

/// What the core could not read, at its field.
pub fn wrong_of(unreadable: &conduct::Unreadable) -> Wrong {
    let words = format!("{}. {}", findings::sentence(&unreadable.what), findings::sentence(&unreadable.mend));
    Wrong::new(&unreadable.field, words)
}

/// The id that the form was given when it was drawn: sending it twice changes nothing. A form without one gets one now.
pub fn request_id(call: &Call<'_>) -> String {
    let sent = call.form.text("request");
    let fits = (8..=64).contains(&sent.len()) && sent.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if fits { sent.to_owned() } else { call.services.fresh_id() }
}

/// Hands a request to the record's one door.
pub fn ask(call: &Call<'_>, request: Request, actor: Proof, second: Option<Proof>) -> Result<Answer, Trouble> {
    let asked = Asked {
        request,
        actor,
        second,
        now: call.now,
        act: ActId::from(call.services.fresh_id()),
        pseudonym: pseudonym(call),
    };
    Ok(call.services.door.ask(&asked)?)
}

/// What a rater sees instead of a code: letters that say nothing.
fn pseudonym(call: &Call<'_>) -> String {
    const LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";
    let drawn = (call.services.draw)();
    let letters = drawn.iter().take(6).filter_map(|byte| LETTERS.get(usize::from(*byte) % LETTERS.len()));
    format!("R-{}", letters.map(|letter| char::from(*letter)).collect::<String>())
}

/// The proofs that an act asks for here: a check that the study wants signed is signed.
fn asked_proofs(stage: &Stage<'_>) -> Proofs {
    let signed = stage.act.key == "check" && acts::session::check(&stage.scene()).is_some_and(|check| check.signed);
    if signed { Proofs::Signed("What I record here is so, and I sign for it.") } else { stage.act.proofs }
}

/// The proofs that an act asks for; what is wrong with the first and the second otherwise.
fn proofs(call: &Call<'_>, asked: Proofs) -> Result<(Proof, Option<Proof>), (String, String)> {
    let signed = || crate::people::sign(call);
    match asked {
        Proofs::SignedIn => {
            let who = call.who().map_err(|_| ("Sign in first.".to_owned(), String::new()))?;
            Ok((who.proof(call.now), None))
        }
        Proofs::Signed(_) => signed().map(|proof| (proof, None)).map_err(|words| (words, String::new())),
        Proofs::Two(..) | Proofs::SignedMaybeTwo(..) => {
            let (first, second) = (signed(), crate::people::second(&call.form, call));
            match (first, second) {
                (Ok(first), Ok(second)) => Ok((first, second)),
                (first, second) => Err((first.err().unwrap_or_default(), second.err().unwrap_or_default())),
            }
        }
    }
}

/// What stands on the form beside its fields.
#[derive(Default)]
struct Shown {
    id: String,
    /// The form was sent: what was typed stands in its fields.
    sent: bool,
    wrong: Vec<Wrong>,
    refused: Vec<Broken>,
    pin_wrong: String,
    second_wrong: String,
    /// Somebody wrote first, or this form was sent before.
    conflict: String,
}

fn show(call: &Call<'_>, stage: &Stage<'_>, shown: Shown, status: StatusCode) -> Result<Reply, Trouble> {
    if call.wants_data() && call.method == axum::http::Method::POST {
        return Ok(said(&shown, status));
    }
    let act = stage.act;
    let scene = stage.scene();
    let mut body = Body::new(title(stage));
    body.lead = intro(stage);
    body.layout = Layout::Form;
    if let Some(stands_on) = stands_on(stage) {
        body.beside(stands_on);
    }
    body.side_label = "What the rules say".to_owned();
    let place = At {
        study: &stage.study,
        base: &stage.base,
        site: stage.streams.site_id.as_ref().map_or("", |site| site.as_str()),
        session: stage.session,
        duties: stage.duties,
    };
    let mut form = String::new();
    if !shown.conflict.is_empty() {
        let lines = vec![(String::new(), shown.conflict.clone())];
        form.push_str(&Errors { title: "Not recorded".to_owned(), lines }.to_string());
    }
    if !shown.wrong.is_empty() {
        let lines = shown.wrong.iter().map(|w| (w.href(), w.words.clone())).collect();
        form.push_str(&Errors { title: counted(shown.wrong.len()), lines }.to_string());
    }
    if !shown.refused.is_empty() {
        let broken: Vec<&Broken> = shown.refused.iter().collect();
        form.push_str(&findings::answer(&format!("{}: not yet", act.title), &broken, &place).to_string());
    } else if act.kind == Kind::Authorisation {
        form.push_str(&standing(stage, &scene, &place, &mut body));
    }
    form.push_str(&the_form(call, stage, &scene, &shown));
    body.add(Section::bare(form));
    let mut crumbs = vec![Link::new(crumb(stage.place), crumb_words(stage.place))];
    if let Some(participant) = stage.participant() {
        crumbs.push(Link::new(stage.base.clone(), participant.id.as_str()));
    }
    if act.scope == Scope::Session && stage.desk.reader.sees_sessions() {
        let code = call.part("participant");
        return super::session::around(call, stage.desk, code, stage.session, &body, status);
    }
    frame::page_with(call, stage.desk, stage.place, crumbs, body, status)
}

const fn crumb(place: Place) -> &'static str {
    match place {
        Place::Participants => "/participants",
        Place::Stock => "/stock",
        Place::Staff => "/staff",
        Place::Ratings => "/ratings",
        Place::Study => "/study",
        Place::Trial => "/trial",
        Place::Today | Place::Elsewhere => "/",
    }
}

const fn crumb_words(place: Place) -> &'static str {
    match place {
        Place::Participants => "Participants",
        Place::Stock => "Stock",
        Place::Staff => "Staff",
        Place::Ratings => "Ratings",
        Place::Study => "Study",
        Place::Trial => "Trial",
        Place::Today | Place::Elsewhere => "Today",
    }
}

fn counted(number: usize) -> String {
    if number == 1 { "One answer needs a look".to_owned() } else { format!("{number} answers need a look") }
}

/// The act with what it is about: a visit's name, a check's sentence, a task's title.
fn title(stage: &Stage<'_>) -> String {
    let act = stage.act;
    if act.key == "check" {
        return acts::session::check(&stage.scene())
            .map_or_else(|| act.title.to_owned(), |check| check.sentence.clone());
    }
    if act.key == "complete-task"
        && let Some(task) = stage.participant().and_then(|p| p.tasks.get(stage.about.as_str()))
    {
        return task.raised.title.clone();
    }
    match stage.study.visit(&stage.about) {
        Some(visit) if act.scope == Scope::Participant => format!("{}: {}", act.title, visit.name),
        _ => act.title.to_owned(),
    }
}

/// What the act is for; of a check, what to do for it.
fn intro(stage: &Stage<'_>) -> String {
    match acts::session::check(&stage.scene()).filter(|_| stage.act.key == "check") {
        Some(check) => format!("{}.", findings::sentence(&check.remedy_missing)),
        None => stage.act.intro.to_owned(),
    }
}

/// The form that a check stands on: when it was filled in, and the way to it.
fn stands_on(stage: &Stage<'_>) -> Option<String> {
    if stage.act.key != "check" {
        return None;
    }
    let scene = stage.scene();
    let form = stage.study.form(acts::session::check(&scene)?.form.as_ref()?.as_str())?;
    let visit = &stage.study.session(stage.session)?.visit;
    let filled = stage.participant()?.latest_form(form.id.as_str());
    let words = filled.map_or_else(
        || "Not filled in yet.".to_owned(),
        |(_, record)| format!("Filled in on {}.", crate::show::moment(record.at, &stage.zone())),
    );
    let href = format!("{}/visits/{}/forms/{}", stage.base, segment(visit.as_str()), segment(form.id.as_str()));
    let side = crate::parts::work::Side {
        title: "It stands on a form".to_owned(),
        lines: vec![crate::parts::work::SideLine {
            words: form.title.clone(),
            href,
            code: String::new(),
            tag: None,
            remark: words,
        }],
    };
    Some(side.to_string())
}

/// What the rules say of an authorisation before it is asked for: what stands in its way, what is in order.
fn standing(stage: &Stage<'_>, scene: &Scene<'_>, place: &At<'_>, body: &mut Body) -> String {
    let Some(found) = findings_now(stage, scene) else { return String::new() };
    body.beside(findings::in_order(&found).drawn());
    let mut broken: Vec<Broken> = found
        .iter()
        .filter_map(conduct::Finding::broken)
        .filter(|b| !conduct::rules::at_the_moment(b.rule) && !waits_for_the_label(b.rule))
        .cloned()
        .collect();
    for item in &mut broken {
        item.redact(&stage.study, &stage.desk.reader.roles);
    }
    let broken: Vec<&Broken> = broken.iter().collect();
    if broken.is_empty() {
        return String::new();
    }
    let all = findings::refusals(&broken, place);
    let summary = findings::summary(&broken);
    let rows: String = all.iter().map(ToString::to_string).collect();
    format!(
        "<section class=\"way\" aria-labelledby=\"way\"><h2 id=\"way\">What stands in the way</h2><p>{}</p>{rows}</section>",
        escape(&summary)
    )
}

/// The container in hand is known when its number is typed: before that nothing can be said of it.
fn waits_for_the_label(rule: &str) -> bool {
    matches!(rule, "dose.container" | "dose.in_date")
}

/// Asks the rules, with the command as the form would make it if it were sent as it stands.
fn findings_now(stage: &Stage<'_>, scene: &Scene<'_>) -> Option<Vec<conduct::Finding>> {
    let fields = (stage.act.fields)(scene);
    let typed: Vec<(String, String)> = fields.iter().map(|f| (f.name.clone(), preset(f, scene))).collect();
    let pairs = typed.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let mut reader = Reader::new(&pairs, scene.zone.clone());
    let Some(Command::Authorise(act)) = (stage.act.build)(scene, &mut reader) else { return None };
    let desk = stage.desk;
    let request =
        Request { id: String::new(), at: None, sent: None, reason: None, command: Command::Authorise(act.clone()) };
    let asked = Asked {
        request: request.clone(),
        actor: desk.who.proof(desk.now),
        second: None,
        now: desk.now,
        act: ActId::from("ask"),
        pseudonym: String::new(),
    };
    let context = desk.services.door.context(&asked, &stage.streams).ok()?;
    let studies = desk.services.door.studies();
    let case =
        conduct::case_of(&studies, stage.streams.world(), stage.streams.site_id.as_ref(), &request, &context).ok()?;
    Some(conduct::ask(&case, &act))
}

/// What a field holds before anybody types: enough to ask the rules about the act as such.
fn preset(field: &Field, scene: &Scene<'_>) -> String {
    if !field.value.is_empty() {
        return field.value.clone();
    }
    // What may be left empty is: nobody has said whom somebody covers for.
    if field.optional {
        return String::new();
    }
    match &field.control {
        Control::Moment => {
            let tomorrow = scene.today().tomorrow().unwrap_or_else(|_| scene.today());
            format!("{tomorrow}T10:00")
        }
        Control::Choice { options } | Control::Select { options } => {
            options.first().map(|o| o.code.clone()).unwrap_or_default()
        }
        Control::Line { .. } | Control::Text { .. } => "—".to_owned(),
        _ => String::new(),
    }
}

/// A time that nobody changed is when the form was drawn, to the second: what was recorded earlier in the same minute stays
/// before it.
fn whole(call: &Call<'_>, stage: &Stage<'_>, at: jiff::Timestamp) -> jiff::Timestamp {
    let drawn = call.form.text("drawn").parse::<jiff::Timestamp>().ok();
    let zone = stage.zone();
    drawn.filter(|drawn| moment_value(*drawn, &zone) == moment_value(at, &zone)).unwrap_or(at)
}

fn the_form(call: &Call<'_>, stage: &Stage<'_>, scene: &Scene<'_>, shown: &Shown) -> String {
    let act = stage.act;
    let mut fields = (act.fields)(scene);
    if let Reason::Asked(question) = act.reason {
        fields.push(Field::new("reason_given", question, Control::Text { rows: 2 }));
    }
    if matches!(act.key, "book" | "authorise-supplement" | "close-session") {
        let hint = "Only where a rule asks for one: a day outside the window, say.";
        fields.push(Field::new("why", "Reason", Control::Text { rows: 2 }).hint(hint).optional());
    }
    if act.kind == Kind::Fact {
        let now = moment_value(scene.now, &scene.zone);
        let hint = "Change it if it was earlier. When it is written down is kept beside it.";
        fields.push(Field::new("at", "When it happened, at the site", Control::Moment).value(now).hint(hint));
    }
    for field in &mut fields {
        if shown.sent {
            field.value = match &field.control {
                Control::Ticks { .. } => call.form.all(&field.name).collect::<Vec<_>>().join(","),
                _ => call.form.text(&field.name).to_owned(),
            };
        }
        if let Some(wrong) = shown.wrong.iter().find(|w| w.field == field.name) {
            field.error.clone_from(&wrong.words);
        }
    }
    let mut out = format!(
        "<form class=\"act-{}\" method=\"post\" action=\"{}\"{} novalidate><input type=\"hidden\" name=\"token\" value=\"{}\"><input type=\"hidden\" name=\"request\" value=\"{}\">",
        act.key,
        escape(&stage.address()),
        without_the_server(stage),
        escape(&call.token()),
        escape(&shown.id)
    );
    if act.kind == Kind::Fact {
        let drawn = if shown.sent { call.form.text("drawn").to_owned() } else { scene.now.to_string() };
        out.push_str(&format!("<input type=\"hidden\" name=\"drawn\" value=\"{}\">", escape(&drawn)));
    }
    for field in &fields {
        out.push_str(&field.to_string());
        if shown.sent
            && matches!(field.control, Control::Moment)
            && let Some(which) = which(&field.name, &call.form, &scene.zone)
        {
            out.push_str(&which.to_string());
        }
    }
    out.push_str(&sign_block(call, asked_proofs(stage), shown));
    out.push_str(&format!(
        "<div class=\"actions\"><button class=\"button\" type=\"submit\">{}</button><a href=\"{}\">Back without recording</a></div></form>",
        escape(act.button),
        escape(&stage.after())
    ));
    out
}

/// Forms of facts that may have to be recorded while the server can't be reached and that stand on pages of their own:
/// for the room's script to keep.
pub fn for_later(desk: &Desk<'_>, code: &str, session: u8) -> Result<String, Trouble> {
    const KEYS: &[&str] = &["swallow", "no-supplement", "departure", "night-check"];
    let file = desk.case(code)?;
    let mut out = String::new();
    for act in KEYS.iter().filter_map(|key| acts::find(Scope::Session, key)) {
        if !file.reader.duties.has_any(acts::duties(act)) {
            continue;
        }
        let stage = Stage {
            desk,
            act,
            // Nothing of the participant goes into what a device keeps.
            streams: desk.services.door.streams_of(None, Some(file.participant.site.clone()), false, false)?,
            study: std::sync::Arc::clone(&file.study),
            session,
            about: String::new(),
            staff: Vec::new(),
            duties: file.reader.duties,
            base: super::participant::base(code),
            place: Place::Participants,
        };
        let fields: String = (act.fields)(&stage.scene()).iter().map(ToString::to_string).collect();
        out.push_str(&format!(
            "<form class=\"section\" method=\"post\" action=\"{}\" data-fact=\"{1}\" novalidate><h2>{1}</h2><div class=\"form-said\"></div>{fields}<div class=\"actions\"><button class=\"button button-second\" type=\"submit\">{2}</button></div></form>",
            escape(&stage.address()),
            escape(act.title),
            escape(act.button)
        ));
    }
    Ok(format!("<template data-offline>{out}</template>"))
}

/// What the room's script does with the form when the server can't be reached: a fact is kept, if it can do without a
/// signature; what has to be allowed waits.
fn without_the_server(stage: &Stage<'_>) -> String {
    let act = stage.act;
    if act.scope != Scope::Session {
        return String::new();
    }
    let unsigned = matches!(asked_proofs(stage), Proofs::SignedIn) || KEPT_UNSIGNED.contains(&act.key);
    let says = escape(&title(stage));
    if act.kind == Kind::Fact && unsigned {
        format!(" data-keeps=\"{says}\" data-after=\"{}\"", escape(&stage.after()))
    } else {
        format!(" data-waits=\"{says}\"")
    }
}

fn sign_block(call: &Call<'_>, asked: Proofs, shown: &Shown) -> String {
    let (first, second) = match asked {
        Proofs::SignedIn => return String::new(),
        Proofs::Signed(words) => (words, None),
        Proofs::Two(words, other) | Proofs::SignedMaybeTwo(words, other) => (words, Some(other)),
    };
    let optional = matches!(asked, Proofs::SignedMaybeTwo(..));
    signature(call, first, second, optional, &shown.pin_wrong, &shown.second_wrong)
}

/// The block in which one or two people sign.
pub fn signature(
    call: &Call<'_>,
    first: &str,
    second: Option<&str>,
    optional: bool,
    wrong: &str,
    second_wrong: &str,
) -> String {
    let who = call.who.as_ref();
    let persona = who.is_some_and(|w| w.persona)
        && call.services.identity.account(who.map_or("", |w| &w.login)).ok().flatten().is_some_and(|a| !a.has_pin);
    let personas = if second.is_some() { personas(call) } else { Vec::new() };
    let sign = Sign {
        attest: first.to_owned(),
        who: who.map(|w| w.name.clone()).unwrap_or_default(),
        error: wrong.to_owned(),
        one_click: persona,
        second: second.map(|attest| Second {
            attest: attest.to_owned(),
            login: call.form.text("second_login").to_owned(),
            error: second_wrong.to_owned(),
            optional,
            pins: personas.is_empty() || personas.iter().any(|account| account.has_pin),
            choices: personas.into_iter().map(|account| choice(call, account)).collect(),
        }),
    };
    sign.render().unwrap_or_default()
}

/// Personas that may sign as the second person; nobody in a real store.
fn personas(call: &Call<'_>) -> Vec<identity::Account> {
    if !call.services.synthetic() {
        return Vec::new();
    }
    let me = call.who.as_ref().map(|w| w.login.as_str()).unwrap_or_default();
    let mut all = call.services.identity.personas().unwrap_or_default();
    all.retain(|account| account.login != me && matches!(account.who, identity::Who::Staff(_)));
    all
}

fn choice(call: &Call<'_>, account: identity::Account) -> Choice {
    let role = super::gate::persona_role(call, &account);
    Choice::new(account.login, format!("{}: {role}", account.display_name))
}

/// The site of a call that names none: the person's own, where they have one.
pub fn own_site(desk: &Desk<'_>) -> Option<SiteId> {
    desk.sites.first().cloned()
}
