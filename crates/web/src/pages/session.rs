//! The session room: one page for one dosing session, open on several devices at once. What moves is drawn in regions,
//! each by itself, so that an open page can be given the ones that changed (`session_live`).
//!
//! | file | what |
//! |---|---|
//! | `session` | the page, its band, checks |
//! | `session_alarms` | what outranks the page; answers that are owed |
//! | `session_drug` | steps of the dose, the supplement, containers |
//! | `session_vitals` | the reading's form, times that are due, the chart |
//! | `session_people` | who is in the room; coming, going, handing over |
//! | `session_log` | notes and the timeline |
//! | `session_stop` | stop and emergency |
//! | `session_live` | server-sent events, the clock, the room without the server |
//! | `session_report` | the session on paper |

use std::collections::BTreeMap;
use std::sync::LazyLock;

use askama::Template;
use axum::http::StatusCode;
use conduct::command::Destination;
use conduct::names::Names;
use conduct::next::Step;
use conduct::session::day::{Day, Fluids, Signature, Slot, Touch};
use conduct::state::{CheckDone, SessionState};
use conduct::{Authorisation, Command, Request};
use jiff::Timestamp;
use protocol::expression::Answer;
use protocol::model::{Check, Failing, FieldKind, Study};

use super::ahead::{Ahead, Find, Room};
use super::participant::base;
use crate::acts;
use crate::chart::svg::escape;
use crate::desk::{CaseFile, Desk};
use crate::frame;
use crate::http::call::Call;
use crate::http::pairs::segment;
use crate::http::reply::{Reply, Trouble};
use crate::parts::Markup;
use crate::parts::page::{Body, Section};
use crate::parts::words::{Empty, Icon, Tag, Tone};
use crate::shell::RoomShell;
use crate::show;

static UNTOUCHED: LazyLock<SessionState> = LazyLock::new(SessionState::default);

/// The person's file, where they may see what goes on in the room, with the number of the session.
pub fn file_of(desk: &Desk<'_>, code: &str, session: &str) -> Result<(CaseFile, u8), Trouble> {
    let file = desk.case(code)?;
    if !file.reader.sees_sessions() {
        return Err(Trouble::NotFound);
    }
    let number: u8 = session.parse().map_err(|_| Trouble::NotFound)?;
    file.study.session(number).ok_or(Trouble::NotFound)?;
    Ok((file, number))
}

/// The page.
pub fn get(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::of(call.services, call.who()?, call.now)?;
    let (file, number) = file_of(&desk, call.part("participant"), call.part("session"))?;
    let mut room = Room::of(&desk, &file, number, call.token())?;
    room.find = Find { kind: call.query.text("show").to_owned(), words: call.query.text("find").to_lowercase() };
    let ahead = room.ahead(&room.now.steps);
    let notice = frame::written_notice(call, &desk)?;
    let mut body = room.whole(&ahead, &notice.0);
    if room.state.closed.is_none() {
        body.push_str(&super::act::for_later(&desk, file.participant.id.as_str(), number)?);
    }
    room.page(call, format!("{}: session {number}", file.participant.id), Markup(body), true, StatusCode::OK)
}

/// A page of an act of this session, with the room around it: who is there, the minute, and the way to stop.
pub fn around(
    call: &Call<'_>,
    desk: &Desk<'_>,
    code: &str,
    number: u8,
    body: &Body,
    status: StatusCode,
) -> Result<Reply, Trouble> {
    let (file, number) = file_of(desk, code, &number.to_string())?;
    let room = Room::of(desk, &file, number, call.token())?;
    let drawn = body.render().map_err(|e| Trouble::Fault(e.to_string()))?;
    let back = format!("<p class=\"crumb\"><a href=\"{}\">Back to the room</a></p>", room.at());
    let body = Markup(format!("<main class=\"page\" id=\"main\">{back}{drawn}</main>"));
    let title = format!("{}: session {number}", file.participant.id);
    room.page(call, title, body, false, status)
}

/// One part of the page that changes by itself: its name and how it looks now.
pub type Region = (&'static str, String);

pub fn live(name: &str, drawn: &str) -> String {
    format!("<div data-live=\"{name}\">{drawn}</div>")
}

/// What the rules say of the session as it stands now, gathered once for a page.
#[derive(Debug, Default)]
pub struct Now {
    /// What lies ahead of the participant.
    pub steps: Vec<Step>,
    /// Title, what the carers do, what the music is like.
    pub phase: Option<(String, String, String)>,
    pub slots: Vec<Slot>,
    pub fluids: Option<Fluids>,
    pub touch: Option<Touch>,
    /// Carers here, carers asked for, and since when they have been too few.
    pub carers: (usize, u32, Option<Timestamp>),
    /// Time has brought something that nobody has written down.
    pub brought: bool,
    pub signatures: Vec<Signature>,
    pub next_look: Option<Timestamp>,
    pub phones: BTreeMap<String, String>,
}

fn now_of(desk: &Desk<'_>, file: &CaseFile, number: u8) -> Result<Now, Trouble> {
    let door = &desk.services.door;
    let streams = door.streams_of(Some(&file.participant.id), None, true, true)?;
    let about = Authorisation::CompleteParticipation { participant: file.participant.id.clone() };
    let request = Request { id: String::new(), at: None, sent: None, reason: None, command: Command::Authorise(about) };
    let asked = record::Asked {
        request: request.clone(),
        actor: desk.who.proof(desk.now),
        second: None,
        now: desk.now,
        act: terms::ActId::from("ask"),
        pseudonym: String::new(),
    };
    let context = door.context(&asked, &streams)?;
    let studies = door.studies();
    let case = conduct::case_of(&studies, streams.world(), streams.site_id.as_ref(), &request, &context)
        .map_err(|no| Trouble::Fault(no.to_string()))?;
    let day = Day::of(&case, number).map_err(|no| Trouble::Fault(no.what))?;
    let presence = day.presence();
    Ok(Now {
        steps: conduct::next::steps(&case),
        phase: day.phase().map(|phase| (phase.title.clone(), phase.care.clone(), phase.music.clone())),
        slots: day.slots(),
        fluids: day.fluids(),
        touch: day.touch(),
        carers: (presence.carers, presence.carers_min, presence.below_since),
        brought: !day.brought_by_time().is_empty(),
        signatures: day.signatures(),
        next_look: day.next_look(),
        phones: day.phones(),
    })
}

impl<'a> Room<'a> {
    /// The session as somebody looks at it.
    pub fn of(desk: &'a Desk<'a>, file: &'a CaseFile, number: u8, token: String) -> Result<Self, Trouble> {
        let state = file.participant.sessions.get(&number).unwrap_or(&UNTOUCHED);
        let base = base(file.participant.id.as_str());
        let now = now_of(desk, file, number)?;
        Ok(Self { desk, file, state, number, base, token, redrawn: false, find: Find::default(), now })
    }

    /// Everything on the page that moves.
    pub fn regions(&self, ahead: &Ahead) -> Vec<Region> {
        let (behind, before) = (self.state.dosed_at().is_some(), self.checks_before());
        vec![
            ("band", self.band(true)),
            ("alarms", self.alarms()),
            ("stop", self.stop_state()),
            ("decision", self.decision()),
            ("next", self.draw(ahead)),
            ("reading", self.reading_head()),
            ("last", self.last_values()),
            ("drug", self.drug(ahead)),
            ("chart", self.chart()),
            ("due", self.due_list()),
            ("checks", if behind { folded(before) } else { before }.to_string()),
            ("leaving", format!("{}{}{}", self.questions(), self.leaving(), self.signatures())),
            ("cards", self.cards_open()),
            ("people", self.people()),
            ("intake", self.intake()),
            ("log", self.timeline()),
        ]
    }

    fn whole(&self, ahead: &Ahead, notice: &str) -> String {
        let regions = self.regions(ahead);
        let at = |name: &str| {
            let found = regions.iter().find(|(known, _)| *known == name);
            live(name, found.map_or("", |(_, drawn)| drawn))
        };
        let order = if self.state.dosed_at().is_some() {
            format!("{}{}{}{}", at("chart"), at("due"), at("leaving"), at("checks"))
        } else {
            format!("{}{}{}{}", at("checks"), at("chart"), at("due"), at("leaving"))
        };
        format!(
            "<main class=\"room\" id=\"main\"><div class=\"room-left\">{notice}{}{}{}<div class=\"room-two\">{}{}</div>{order}{}</div>\
             <div class=\"room-right\">{}{}{}{}{}{}</div></main>",
            at("decision"),
            at("cards"),
            at("next"),
            self.reading_panel(&at("reading"), &at("last")),
            at("drug"),
            self.more(),
            self.note_pad(),
            at("intake"),
            at("people"),
            self.presence_forms(),
            self.log_head(),
            at("log"),
        )
    }

    /// The shell of the room around a body. The code is the heading where the page is the room itself.
    pub fn page(
        &self,
        call: &Call<'_>,
        title: String,
        body: Markup,
        heading: bool,
        status: StatusCode,
    ) -> Result<Reply, Trouble> {
        let who = call.who()?;
        let synthetic = call.services.synthetic();
        let account = call.services.identity.account(&who.login).ok().flatten();
        let shell = RoomShell {
            title,
            address: self.at(),
            code: self.file.participant.id.to_string(),
            login: who.login.clone(),
            name: who.name.clone(),
            role: self.desk.role_line(),
            token: call.token(),
            now_ms: self.desk.now.as_millisecond(),
            dosed_ms: self.state.dosed_at().map(|at| at.as_millisecond().to_string()).unwrap_or_default(),
            idle_seconds: call.services.idle_seconds,
            zone: self.file.zone.iana_name().unwrap_or("UTC").to_owned(),
            one_click: account.is_some_and(|account| account.persona && !account.has_pin),
            synthetic,
            virtual_time: if synthetic { show::moment(self.desk.now, &self.file.zone) } else { String::new() },
            band: Markup(self.band(heading)),
            alarms: Markup(self.alarms()),
            stop: Markup(self.stop_panel()),
            body,
        };
        Ok(Reply::Page { status, html: shell.render().map_err(|e| Trouble::Fault(e.to_string()))? })
    }

    /// What each of the room's forms carries: whose it is, and an id of its own. A region that is drawn anew carries
    /// none: the script gives one when it sends.
    pub fn hidden(&self) -> String {
        let id = if self.redrawn { String::new() } else { self.desk.services.fresh_id() };
        format!(
            "<input type=\"hidden\" name=\"token\" value=\"{}\"><input type=\"hidden\" name=\"request\" value=\"{id}\">",
            escape(&self.token)
        )
    }

    /// The head of a form that records a fact: without a script it is posted, with one it is kept and sent.
    pub fn fact_form(&self, key: &str, class: &str, says: &str) -> String {
        format!(
            "<form class=\"{class}\" method=\"post\" action=\"{}/do/{key}\" data-fact=\"{}\" data-offline novalidate>{}",
            self.at(),
            escape(says),
            self.hidden()
        )
    }

    /// Whether the reader may do an act of the session.
    pub fn may_do(&self, key: &str) -> bool {
        self.state.closed.is_none() && acts::offered(self.file.reader.duties, &format!("{}/do/{key}", self.at()))
    }

    /// The band that never scrolls away.
    fn band(&self, heading: bool) -> String {
        let code = escape(self.file.participant.id.as_str());
        let name =
            if heading { format!("<h1 class=\"v f-3\">{code}</h1>") } else { format!("<p class=\"v f-3\">{code}</p>") };
        let mut out = format!("<div>{name}<span class=\"k\">Session {}</span></div>", self.number);
        let now = self.clock(self.desk.now);
        let over = self.state.departed.is_some() || self.state.closed.is_some();
        match self.state.dosed_at().filter(|_| !over) {
            Some(dose) => out.push_str(&format!(
                "<div><span class=\"clock\" role=\"timer\" aria-live=\"off\" aria-label=\"Minutes since the dose\"><span data-minute>{}</span> <small>min</small></span><span class=\"k\">dose {}<span class=\"wide\">, now <span data-clock>{now}</span></span></span></div>",
                show::offset(self.minute(self.desk.now).unwrap_or(0)),
                self.clock(dose),
            )),
            None => out.push_str(&format!(
                "<div><span class=\"clock\" role=\"timer\" aria-live=\"off\" aria-label=\"Time at the site\"><span data-clock>{now}</span></span><span class=\"k\">{}</span></div>",
                if over { "after the session" } else { "before the dose" }
            )),
        }
        out.push_str(&self.band_people());
        out.push_str(&self.band_next());
        if self.may_do("stop-session") {
            let word = if self.state.stopped.is_some() { "STOPPED" } else { "STOP" };
            out.push_str(&format!(
                "<div class=\"stop\"><a class=\"button button-stop\" href=\"#stop\" data-stop>{}{word}</a></div>",
                Icon::Stop
            ));
        }
        out
    }

    /// The next reading, for the band.
    fn band_next(&self) -> String {
        let Some((at, opens, closes)) = self.next_reading() else { return String::new() };
        let (class, words) = if closes < self.desk.now {
            ("v is-stop", format!("{}Overdue, {}", Icon::Stop, self.clock(at)))
        } else if opens <= self.desk.now {
            ("v is-now", format!("{}Due now", Icon::Now))
        } else {
            ("v", format!("{}{}", Icon::Plan, self.clock(at)))
        };
        format!(
            "<div class=\"next-due\"><span class=\"k\">Next reading</span><span class=\"{class}\">{words}</span><span class=\"k\">{} to {}</span></div>",
            self.clock(opens),
            self.clock(closes)
        )
    }

    /// Checks before the dose.
    fn checks_before(&self) -> Section {
        self.checks(&self.file.study.session.checks, "checks", "Checks before the dose")
    }

    /// What must be so before leaving, once somebody is under the drug.
    fn leaving(&self) -> String {
        if self.state.dosed_at().is_none() {
            return String::new();
        }
        let criteria = &self.file.study.session.discharge.criteria;
        let section = self.checks(criteria, "leaving", "Before leaving");
        // It opens when the first criterion is recorded; what comes next leads there.
        let begun = criteria.iter().any(|criterion| self.state.checks.contains_key(&criterion.id));
        if self.state.departed.is_some() || !begun { folded(section).to_string() } else { section.to_string() }
    }

    /// Who was there, and whether they have signed; the night's next look.
    fn signatures(&self) -> String {
        let mut out = String::new();
        if let Some(at) = self.now.next_look.filter(|_| self.state.closed.is_none()) {
            let late = if at < self.desk.now { Tag::stop("Overdue") } else { Tag::plan("Planned") };
            out.push_str(&format!("<p class=\"up-4\"><b>Next look in the night: {}</b> {late}</p>", self.clock(at)));
        }
        if self.state.departed.is_none() {
            return out;
        }
        let rows: String = self
            .now
            .signatures
            .iter()
            .map(|one| {
                let name = escape(&self.desk.name_of(&conduct::Person::Staff(one.staff.clone())));
                let tag = match one.signed {
                    Some(at) => Tag::done(format!("Signed {}", self.clock(at))),
                    None => Tag::now("Not signed"),
                };
                format!("<li><div><span>{name}</span></div>{tag}</li>")
            })
            .collect();
        out.push_str(
            &Section::new(
                "signed",
                "Signatures of those who were there",
                format!("<ul class=\"check-rows\">{rows}</ul>"),
            )
            .to_string(),
        );
        if self.may_do("sign-session") {
            out.push_str(&format!("<div class=\"actions\"><a class=\"button button-second\" href=\"{}/do/sign-session\">Sign the session’s record</a></div>", self.at()));
        }
        out
    }

    /// Facts that are seldom needed, folded.
    fn more(&self) -> String {
        let dosed = self.state.dosed_at().is_some();
        let links: String = [
            ("session-note", "Write to the timeline, with another time", true),
            ("swallow", "Something was swallowed", true),
            ("no-supplement", "The supplement is not given", dosed),
            ("departure", "The participant left", true),
            ("night-check", "A look in the night", dosed),
            ("agreement", "The prescriber agrees to go on", true),
            ("withdraw-order", "Take the order back", self.state.order.is_some() && !dosed),
            ("handover", "Hand over, each with their PIN", self.state.departed.is_none()),
            ("sign-session", "Sign the session’s record", dosed),
        ]
        .into_iter()
        .filter(|(key, _, now)| *now && self.may_do(key))
        .map(|(key, words, _)| format!("<li><a href=\"{}/do/{key}\">{words}</a></li>", self.at()))
        .collect();
        if links.is_empty() {
            return String::new();
        }
        format!(
            "<details class=\"history up-6\"><summary>Record something else that happened</summary><ul class=\"then\">{links}</ul></details>"
        )
    }
}

/// A section that is behind: its heading stays, the rest opens on demand.
fn folded(section: Section) -> Section {
    let body =
        format!("<details class=\"history\"><summary>{}</summary>{}</details>", escape(&section.lead), section.body.0);
    Section::new(&section.id, section.title, body)
}

/// What was found at a check: one answer as it is, several with their labels.
pub fn found_words(check: &Check, done: &CheckDone) -> String {
    let shown: Vec<(String, String)> = check
        .fields
        .iter()
        .filter_map(|field| {
            let value = done.values.get(&field.id)?;
            let unit = match &field.kind {
                FieldKind::Integer { unit, .. } | FieldKind::Decimal { unit, .. } if !unit.is_empty() => {
                    format!(" {unit}")
                }
                _ => String::new(),
            };
            let options = match &field.kind {
                FieldKind::Choice { options } => options.as_slice(),
                _ => &[],
            };
            let text = value.to_string();
            let label = options.iter().find(|o| o.code == text).map_or(text.clone(), |o| o.label.clone());
            Some((field.label.clone(), format!("{label}{unit}")))
        })
        .collect();
    match shown.as_slice() {
        [] => String::new(),
        [(_, only)] => only.clone(),
        many => many.iter().map(|(label, value)| format!("{label}: {value}")).collect::<Vec<_>>().join("; "),
    }
}

impl Room<'_> {
    fn study(&self) -> &Study {
        &self.file.study
    }

    pub fn minute(&self, at: Timestamp) -> Option<i64> {
        self.state.dosed_at().map(|dose| at.duration_since(dose).as_mins())
    }

    pub fn lead(&self) -> String {
        let state = self.state;
        if let Some(at) = state.closed {
            return format!("Closed on {}.", show::moment(at, &self.file.zone));
        }
        if let Some((at, to)) = state.departed {
            let to = match to {
                Destination::Overnight => "stays the night here",
                Destination::Home => "went home",
                Destination::Hospital => "went to hospital",
            };
            return format!("The participant {to} at {}.", self.clock(at));
        }
        if let Some(at) = state.stopped {
            return format!("Stopped at {}. Care goes on until the person may leave.", self.clock(at));
        }
        match (state.dosed_at(), &state.containers, &state.order) {
            (Some(dose), ..) => format!("Dose swallowed at {}. Monitoring.", self.clock(dose)),
            (None, Some(_), _) => "Containers are in the room. The dose is not yet authorised.".to_owned(),
            (None, None, Some(_)) => "Ordered. Containers are in the safe.".to_owned(),
            (None, None, None) => "Not yet ordered.".to_owned(),
        }
    }

    /// Checks as rows: what is not in order first, each with what was found and when.
    fn checks(&self, checks: &[Check], id: &str, title: &str) -> Section {
        if checks.is_empty() {
            return Section::new(id, title, Empty::new("The study asks for none.", ""));
        }
        let mut rows: Vec<(Tag, String)> = checks
            .iter()
            .map(|check| {
                let done = self.state.checks.get(&check.id);
                let tag = self.check_tag(check, done);
                let row = self.check_row(check, done, &tag);
                (tag, row)
            })
            .collect();
        let met = rows.iter().filter(|(tag, _)| tag.tone == Tone::Done).count();
        rows.sort_by_key(|(tag, _)| tag.tone);
        let all: String = rows.into_iter().map(|(_, row)| row).collect();
        Section::new(id, title, format!("<ul class=\"check-rows\">{all}</ul>"))
            .lead(format!("{met} of {} in order.", checks.len()))
    }

    /// Whether something is still to be done about a check.
    pub fn stands_open(&self, check: &Check) -> bool {
        self.check_tag(check, self.state.checks.get(&check.id)).tone != Tone::Done
    }

    fn check_row(&self, check: &Check, done: Option<&CheckDone>, tag: &Tag) -> String {
        let href = format!("{}/do/check/{}", self.at(), segment(check.id.as_str()));
        let mine = check.by.is_empty() || self.file.reader.duties.has_any(&check.by);
        let sentence = escape(&check.sentence);
        let head = if mine && self.state.closed.is_none() && acts::offered(self.file.reader.duties, &href) {
            format!("<a href=\"{href}\">{sentence}</a>")
        } else {
            format!("<span>{sentence}</span>")
        };
        let found = done.map_or_else(String::new, |done| {
            let words = found_words(check, done);
            let at = self.clock(done.at);
            let words = if words.is_empty() { at } else { format!("{words}, {at}") };
            format!("<p>{}</p>", escape(&words))
        });
        format!("<li><div>{head}{found}</div>{tag}</li>")
    }

    /// Whether the study says that a check is not for this person.
    fn spared(&self, check: &Check) -> bool {
        let names = Names { study: self.study(), participant: &self.file.participant, today: self.file.today };
        check.applies.as_ref().is_some_and(|applies| names.evaluate(applies) == Answer::No)
    }

    /// Until when a check is good: the time today, the end of today, or a later day.
    fn good_until(&self, end: Timestamp) -> String {
        let end_here = end.to_zoned(self.file.zone.clone());
        let midnight = self.file.today.tomorrow().ok().and_then(|day| day.to_zoned(self.file.zone.clone()).ok());
        match midnight {
            Some(midnight) if end_here < midnight => format!("Until {}", self.clock(end)),
            Some(midnight) if end_here == midnight => "Today".to_owned(),
            _ => format!("Until {}", show::short(end_here.date())),
        }
    }

    fn check_tag(&self, check: &Check, done: Option<&CheckDone>) -> Tag {
        match done {
            _ if self.spared(check) => Tag::done("Does not apply"),
            Some(done) if done.clears && self.state.dosed_at().is_some() => Tag::done("In order"),
            None => Tag::plan("Not done"),
            Some(done) if done.expires.is_some_and(|end| end < self.desk.now) && self.state.dosed_at().is_none() => {
                Tag::now("Too old")
            }
            Some(done) if done.clears => {
                Tag::done(done.expires.map_or_else(|| "In order".to_owned(), |end| self.good_until(end)))
            }
            Some(done) if done.agreed => Tag::done("Agreed by the prescriber"),
            // A check that only warns stands in nobody's way.
            Some(_) if check.failing == Failing::Warn => Tag::now("Outside, noted"),
            Some(_) => Tag::in_the_way("In the way"),
        }
    }
}
