//! One dosing session, plainly: how far it is, what stands in the way of its next step, checks, vital signs, presence,
//! and the timeline. The live room comes later; the states and the rules are the same.

use conduct::command::{Destination, DosePart};
use conduct::names::Names;
use conduct::state::{CheckDone, SessionState};
use jiff::Timestamp;
use protocol::expression::Answer;
use protocol::model::{Check, Failing, FieldKind, Study};

use super::ahead::Room;
use super::participant::{base, wide};
use crate::acts;
use crate::chart::svg::escape;
use crate::chart::vitals::{self, Vitals};
use crate::desk::Desk;
use crate::frame::{self, Place};
use crate::http::call::Call;
use crate::http::pairs::segment;
use crate::http::reply::{Reply, Trouble};
use crate::parts::page::{Body, Layout, Section};
use crate::parts::words::{Empty, Fact, Link, Strip, Tag, Tone};
use crate::show;

/// The page.
pub fn get(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::of(call.services, call.who()?, call.now)?;
    let file = desk.case(call.part("participant"))?;
    if !file.reader.sees_sessions() {
        return Err(Trouble::NotFound);
    }
    let number: u8 = call.part("session").parse().map_err(|_| Trouble::NotFound)?;
    let plan = file.study.session(number).ok_or(Trouble::NotFound)?;
    let none = SessionState::default();
    let state = file.participant.sessions.get(&number).unwrap_or(&none);
    let room = Room { desk: &desk, file: &file, state, number, base: base(file.participant.id.as_str()) };
    let ahead = room.ahead(&super::participant::steps_of(&desk, &file.participant)?);
    let mut body = Body::new(format!("{}: session {number}", file.participant.id));
    body.lead = room.lead();
    body.strip = room.strip();
    body.add(Section::bare(room.draw(&ahead)));
    body.add(Section::bare(room.acts()));
    let before = room.checks(&file.study.session.checks, "checks", "Checks before the dose");
    let after = room.checks(&file.study.session.discharge.criteria, "leaving", "Before leaving");
    // What is behind the person in the room stands below what is ahead of them.
    if state.dosed_at().is_some() {
        body.add(room.vitals()).add(after).add(folded(before));
    } else {
        body.add(before).add(room.vitals());
    }
    body.beside(room.people());
    body.beside(room.drug());
    body.beside(room.timeline());
    body.layout = Layout::Split;
    body.side_label = "In the room".to_owned();
    let crumbs = vec![
        Link::new("/participants", "Participants"),
        Link::new(base(file.participant.id.as_str()), file.participant.id.as_str()),
        Link::new(format!("{}/visits/{}", base(file.participant.id.as_str()), segment(plan.visit.as_str())), "Visit"),
    ];
    frame::page(call, &desk, Place::Participants, crumbs, body)
}

/// A section that is behind: its heading stays, the rest opens on demand.
fn folded(section: Section) -> Section {
    let body =
        format!("<details class=\"history\"><summary>{}</summary>{}</details>", escape(&section.lead), section.body.0);
    Section::new(&section.id, section.title, body)
}

/// What was found at a check: one answer as it is, several with their labels.
fn found_words(check: &Check, done: &CheckDone) -> String {
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

    fn lead(&self) -> String {
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

    fn strip(&self) -> Strip {
        let mut facts = Vec::new();
        if let Some(minute) = self.minute(self.desk.now).filter(|_| self.state.departed.is_none()) {
            facts.push(Fact::new("Since the dose", format!("{} min", show::offset(minute)), ""));
        }
        match &self.state.order {
            Some(order) => {
                facts.push(Fact::new("Ordered", order.initial.to_string(), format!("then {}", order.supplement)))
            }
            None => facts.push(Fact::new("Ordered", "No order", "")),
        }
        if let Some(times) = &self.state.supplement_times {
            facts.push(Fact::new(
                "Supplement window",
                format!("{} to {}", self.clock(times.opens), self.clock(times.closes)),
                "",
            ));
        }
        if let Some(granted) =
            self.state.dose_authorised.as_ref().filter(|a| a.expires > self.desk.now && self.state.dosed_at().is_none())
        {
            facts.push(Fact::new(
                "Authorised",
                format!("until {}", self.clock(granted.expires)),
                granted.container.to_string(),
            ));
        }
        if let Some((at, _, closes)) = self.next_reading() {
            let overdue = if closes < self.desk.now { "overdue" } else { "" };
            facts.push(Fact::new("Next reading", self.clock(at), overdue));
        }
        if self.state.departed.is_none() && self.state.closed.is_none() {
            facts.push(Fact::new("In the room", self.state.in_room().count().to_string(), "people"));
        }
        Strip { facts }
    }

    /// What can be written down at any time, whatever the rules think of it: three at hand, the rest folded, stop apart.
    fn acts(&self) -> String {
        if self.state.closed.is_some() {
            return String::new();
        }
        let dosed = self.state.dosed_at().is_some();
        let link = |key: &str, words: &str, class: &str| {
            let address = format!("{}/do/{key}", self.at());
            let mine = acts::offered(self.file.reader.duties, &address);
            if mine { format!("<a{class} href=\"{address}\">{words}</a>") } else { String::new() }
        };
        let second = " class=\"button button-second\"";
        let mut out = String::from("<div class=\"actions acts\">");
        for (key, words) in [
            ("reading", "Take a reading"),
            ("session-note", "Write to the timeline"),
            ("presence", "In or out of the room"),
        ] {
            out.push_str(&link(key, words, second));
        }
        if self.state.stopped.is_none() && self.state.departed.is_none() {
            out.push_str(&link("stop-session", "Stop the session", " class=\"button button-stop\""));
        }
        out.push_str("</div>");
        let more: String = [
            ("swallow", "Something was swallowed", true),
            ("no-supplement", "The supplement is not given", dosed),
            ("departure", "The participant left", true),
            ("night-check", "A look in the night", dosed),
            ("sign-session", "Sign the session’s record", dosed),
            ("agreement", "The prescriber agrees to go on", true),
            ("withdraw-order", "Take the order back", self.state.order.is_some() && !dosed),
        ]
        .into_iter()
        .filter(|(.., now)| *now)
        .map(|(key, words, _)| link(key, words, ""))
        .filter(|link| !link.is_empty())
        .map(|link| format!("<li>{link}</li>"))
        .collect();
        if !more.is_empty() {
            out.push_str(&format!(
                "<details class=\"history up-3\"><summary>Record something else that happened</summary><ul class=\"then\">{more}</ul></details>"
            ));
        }
        out
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

    fn vitals(&self) -> Section {
        let measure = |name: &str, reading: &conduct::state::Reading| reading.measures.get(name).copied();
        let whole = |value: Option<terms::Decimal>| value.and_then(|v| u32::try_from(v.trunc()).ok());
        let zero = self.state.dosed_at().or_else(|| self.state.readings.first().map(|r| r.at));
        let readings = self
            .state
            .readings
            .iter()
            .map(|reading| vitals::Reading {
                minute: zero.map_or(0, |dose| reading.at.duration_since(dose).as_mins()),
                systolic_mmhg: whole(measure("systolic", reading)),
                diastolic_mmhg: whole(measure("diastolic", reading)),
                pulse_per_minute: whole(measure("pulse", reading).or_else(|| measure("heart_rate", reading))),
                temperature_tenths: measure("temperature", reading)
                    .and_then(|v| u32::try_from(v.as_thousandths() / 100).ok()),
                beyond: reading
                    .breaches
                    .first()
                    .map(|b| format!("{} {}, {}", b.value, b.measure, if b.red { "red" } else { "amber" })),
            })
            .collect();
        let minutes = |at: Timestamp| self.minute(at).unwrap_or(0);
        let chart = Vitals {
            id: "vitals".to_owned(),
            readings,
            limits: self.limits(),
            dose: self.state.dosed_at().map(|at| self.clock(at)),
            supplement: self.state.supplement_times.as_ref().map(|t| (minutes(t.opens), minutes(t.closes))),
            now: self.minute(self.desk.now).filter(|_| self.state.departed.is_none() && self.state.closed.is_none()),
        };
        match chart.draw() {
            None => Section::new(
                "vitals-title",
                "Vital signs",
                Empty::new("No reading yet.", "Readings stand here with the study’s limits."),
            ),
            Some(drawn) => {
                let body = format!(
                    "{}<details class=\"history\"><summary>As a table</summary><div class=\"up-3\">{}</div></details>",
                    wide("Vital signs", &drawn),
                    chart.table()
                );
                Section::new("vitals-title", "Vital signs", body)
            }
        }
    }

    fn limits(&self) -> Vec<vitals::Limit> {
        let mut out = Vec::new();
        for limit in &self.study().session.limits {
            let temperature = limit.measure == "temperature";
            if !temperature && !matches!(limit.measure.as_str(), "systolic" | "diastolic" | "pulse" | "heart_rate") {
                continue;
            }
            let scale = if temperature { 10.0 } else { 1.0 };
            for (edge, stops, word) in [(limit.amber_at, false, "amber"), (limit.red_at, true, "red")] {
                if let Some(edge) = edge {
                    let words = format!("{edge} {}, {word}", limit.measure.replace('_', " "));
                    out.push(vitals::Limit { value: edge.as_f64() * scale, words, stops, temperature });
                }
            }
        }
        out
    }

    fn people(&self) -> String {
        let mut lines = String::new();
        for span in self.state.presence.iter().rev().take(12) {
            let name = escape(&self.desk.name_of(&conduct::Person::Staff(span.staff.clone())));
            let over = self.state.departed.is_some() || self.state.closed.is_some();
            let (words, tag) = match span.until {
                None if over => (format!("Came in at {}", self.clock(span.from)), String::new()),
                None => (format!("In the room since {}", self.clock(span.from)), Tag::plan("Here").to_string()),
                Some(until) => {
                    (format!("{} to {}", self.clock(span.from), self.clock(until)), Tag::done("Out").to_string())
                }
            };
            lines.push_str(&format!("<li><div class=\"row\"><b>{name}</b>{tag}</div><p>{words}</p></li>"));
        }
        if lines.is_empty() {
            lines = format!("<li><p>{}</p></li>", "Nobody has checked in yet.");
        }
        format!("<section class=\"side-block\"><h2>People</h2><ul class=\"side-list\">{lines}</ul></section>")
    }

    fn drug(&self) -> String {
        let mut lines = String::new();
        if let Some((initial, supplement, at)) = &self.state.containers {
            lines.push_str(&format!(
                "<li><div class=\"row\"><b>{}</b><span>first dose</span></div><p>Out of the safe {}</p></li>",
                escape(initial.as_str()),
                self.clock(*at)
            ));
            if let Some(supplement) = supplement {
                lines.push_str(&format!("<li><div class=\"row\"><b>{}</b><span>supplement</span></div><p>Sealed, in the locked box</p></li>", escape(supplement.as_str())));
            }
        }
        for swallow in &self.state.swallowed {
            let part = match swallow.part {
                DosePart::Initial => "First dose",
                DosePart::Supplement => "Supplement",
            };
            let tag = if swallow.authorised { Tag::done("Authorised") } else { Tag::stop("Not authorised") };
            lines.push_str(&format!(
                "<li><div class=\"row\"><b>{part} swallowed</b>{tag}</div><p>{}, {}, from {}</p></li>",
                self.clock(swallow.at),
                swallow.amount,
                escape(swallow.container.as_str())
            ));
        }
        if let Some(code) = &self.state.supplement_not_given {
            let label = self
                .study()
                .session
                .supplement_refusals
                .iter()
                .find(|c| c.code == *code)
                .map_or(code.as_str(), |c| c.label.as_str());
            lines.push_str(&format!(
                "<li><div class=\"row\"><b>Supplement not given</b></div><p>{}</p></li>",
                escape(label)
            ));
        }
        if lines.is_empty() {
            return String::new();
        }
        format!(
            "<section class=\"side-block\"><h2>Containers and doses</h2><ul class=\"side-list\">{lines}</ul></section>"
        )
    }
}
