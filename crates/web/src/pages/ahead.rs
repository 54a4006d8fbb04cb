//! What comes next in a dosing session for the person who looks: one act first, the rest of theirs below it, and who
//! has what else. The rules say what is missing; only the order in which it is offered is made here.

use conduct::command::{Destination, DosePart};
use conduct::next::Step;
use conduct::state::SessionState;
use conduct::{Authorisation, Broken, Finding};
use jiff::{SignedDuration, Timestamp};
use protocol::model::{Check, Duty, Form, VitalsSlot};

use super::casebook::fills_in;
use super::participant::{act_address, whose};
use crate::acts;
use crate::chart::svg::escape;
use crate::desk::{CaseFile, Desk};
use crate::findings::{self, holder, sentence};
use crate::http::reply::Trouble;
use crate::mend::{Place, mend};
use crate::parts::words::Link;
use crate::show;

/// One thing to do, with why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Todo {
    rank: u16,
    pub link: Link,
    pub title: String,
    pub why: String,
}

/// What lies ahead of a session, sorted by whose it is.
#[derive(Debug, Default)]
pub struct Ahead {
    /// The reader's own, the next first.
    pub mine: Vec<Todo>,
    /// What others have: the role, and the sentences.
    pub others: Vec<(String, Vec<String>)>,
    /// What comes by itself, with time.
    pub waits: Vec<String>,
    /// Everything that stands in the way of the step that is asked for next, with the step's title.
    pub way: Option<(String, Vec<Broken>)>,
    /// What the rules say of opening the supplement, but for proofs that come at the moment.
    pub supplement: Vec<Finding>,
}

/// A session as somebody looks at it.
pub struct Room<'a> {
    pub desk: &'a Desk<'a>,
    pub file: &'a CaseFile,
    pub state: &'a SessionState,
    pub number: u8,
    /// `/participants/S01-001`.
    pub base: String,
    /// The token of the reader's forms.
    pub token: String,
    /// The page is open already, and this is drawn for it.
    pub redrawn: bool,
    /// What is looked for in the timeline.
    pub find: Find,
    /// What the rules say of it now.
    pub now: super::session::Now,
}

/// What somebody looks for in the timeline.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Find {
    /// `notes`, `readings`, `people`, `drug`; empty for all.
    pub kind: String,
    /// Words, in small letters.
    pub words: String,
}

impl Find {
    pub const fn is_empty(&self) -> bool {
        self.kind.is_empty() && self.words.is_empty()
    }
}

impl<'a> Room<'a> {
    pub fn at(&self) -> String {
        format!("{}/sessions/{}", self.base, self.number)
    }

    pub fn clock(&self, at: Timestamp) -> String {
        show::clock(at, &self.file.zone)
    }

    fn place(&self) -> Place<'_> {
        Place {
            study: &self.file.study,
            base: &self.base,
            site: self.file.participant.site.as_str(),
            session: self.number,
            duties: self.file.reader.duties,
        }
    }

    /// Whether the session's day is today: before it nothing but the order can be done for it.
    fn is_today(&self) -> bool {
        let Some(plan) = self.file.study.session(self.number) else { return false };
        let record = self.file.participant.visits.get(&plan.visit);
        let day = record.and_then(|r| r.day.or(r.booking.map(|booking| booking.day)));
        self.state.dosed_at().is_some() || day == Some(self.file.today)
    }

    /// The moment at which a time of the vital signs is due, once the dose is swallowed.
    fn due_at(&self, slot: &VitalsSlot) -> Option<Timestamp> {
        let minutes = i64::from(slot.offset_minutes);
        self.state.dosed_at()?.checked_add(SignedDuration::from_mins(minutes)).ok()
    }

    /// The time of the vital signs that is due or comes next, with the moments between which it is in time. One that
    /// went by unread is asked for until the next one opens.
    pub fn next_reading(&self) -> Option<(Timestamp, Timestamp, Timestamp)> {
        if self.state.departed.is_some() || self.state.closed.is_some() {
            return None;
        }
        let read = |slot: &VitalsSlot| self.state.readings.iter().any(|r| r.slot.as_deref() == Some(slot.id.as_str()));
        let after = self.file.study.session.vitals.iter().filter(|slot| slot.offset_minutes >= 0);
        let mut all: Vec<_> = after
            .filter_map(|slot| {
                let within = SignedDuration::from_mins(i64::from(slot.within_minutes));
                let at = self.due_at(slot)?;
                Some((slot, at, at.checked_sub(within).ok()?, at.checked_add(within).ok()?))
            })
            .collect();
        all.sort_by_key(|(_, at, ..)| *at);
        let current = all.iter().rfind(|(_, _, opens, _)| *opens <= self.desk.now).filter(|(slot, ..)| !read(slot));
        let found = current.or_else(|| all.iter().find(|(_, _, opens, _)| *opens > self.desk.now));
        found.map(|(_, at, opens, closes)| (*at, *opens, *closes))
    }

    /// What lies ahead.
    pub fn ahead(&self, steps: &[Step]) -> Ahead {
        let mut ahead = Ahead::default();
        let own = format!("{}/", self.at());
        for step in steps {
            let Some(address) = act_address(&step.act).filter(|address| address.starts_with(&own)) else { continue };
            self.step(step, address, &mut ahead);
        }
        self.reading(&mut ahead);
        self.afterwards(&mut ahead);
        ahead.mine.sort_by_key(|todo| todo.rank);
        ahead.mine.dedup_by(|one, other| one.link.href == other.link.href);
        ahead
    }

    fn step(&self, step: &Step, address: String, ahead: &mut Ahead) {
        let study = &self.file.study;
        let broken: Vec<Broken> = step.in_the_way().into_iter().cloned().map(|b| self.redacted(b)).collect();
        if let Authorisation::AuthoriseSupplement { .. } = step.act {
            let held = step.findings.iter().filter(|finding| finding.broken().is_none()).cloned();
            ahead.supplement = broken.iter().cloned().map(Finding::Broken).chain(held).collect();
        }
        if let Authorisation::AuthoriseDose { .. } = step.act
            && self.authorised(DosePart::Initial)
        {
            return self.swallow(DosePart::Initial, ahead);
        }
        if let Authorisation::AuthoriseSupplement { .. } = step.act
            && self.authorised(DosePart::Supplement)
        {
            return self.swallow(DosePart::Supplement, ahead);
        }
        if broken.is_empty() {
            let todo = Todo {
                rank: rank_of(&step.act),
                link: Link::new(address, step.title.clone()),
                title: step.title.clone(),
                why: "Nothing stands in the way.".to_owned(),
            };
            self.give(todo, &whose(study, &step.act), ahead);
            return;
        }
        if ahead.way.is_none() || matches!(step.act, Authorisation::AuthoriseDose { .. }) {
            ahead.way = Some((step.title.clone(), broken.clone()));
        }
        if !self.worth_asking(&step.act) {
            return;
        }
        for item in &broken {
            // A check stands on its form: the form comes first.
            let form_first = item.rule == "session.check"
                && broken.iter().any(|b| b.rule == "session.check_form" && b.condition == item.condition);
            if !form_first {
                self.condition(item, &step.act, ahead);
            }
        }
    }

    /// Whether the conditions of a step are for now: those of leaving wait until leaving is near, those of the record's
    /// close until the participant left, and those of the day for the day.
    fn worth_asking(&self, act: &Authorisation) -> bool {
        let plan = &self.file.study.session.discharge;
        let near = SignedDuration::from_mins(i64::from(plan.earliest_minutes) - 45);
        match act {
            Authorisation::Discharge { .. } => {
                self.state.dosed_at().is_some_and(|dose| self.desk.now.duration_since(dose) >= near)
            }
            Authorisation::CloseSession { .. } => self.state.departed.is_some(),
            Authorisation::AuthoriseSupplement { .. } => self
                .state
                .supplement_times
                .as_ref()
                .is_some_and(|times| times.opens <= self.desk.now && self.desk.now <= times.closes),
            Authorisation::OrderDose { .. } => true,
            _ => self.is_today(),
        }
    }

    fn condition(&self, broken: &Broken, act: &Authorisation, ahead: &mut Ahead) {
        // What an earlier step brings with it is asked for there.
        if matches!(broken.rule, "session.order" | "dose.container" | "dose.in_date" | "dose.open_to_swallow")
            && !matches!(act, Authorisation::AuthoriseSupplement { .. })
            && self.state.containers.is_none()
        {
            return;
        }
        let study = &self.file.study;
        let plan = &study.session;
        let check = plan
            .checks
            .iter()
            .chain(&plan.discharge.criteria)
            .find(|c| broken.condition.as_deref() == Some(c.id.as_str()));
        if broken.who.is_none() && check.is_none() || broken.clears.is_some() || broken.rule == "discharge.earliest" {
            ahead.waits.push(format!("{}: {}.", sentence(&broken.sentence), broken.remedy));
            return;
        }
        let theirs = check.is_none_or(|check| self.may(check, broken)) && !self.already_here(broken);
        let why = format!("{}. {}.", sentence(&broken.found), sentence(&broken.remedy));
        match mend(broken, &self.place()).filter(|_| theirs) {
            Some(link) => {
                let title = match check {
                    Some(check) if broken.rule != "session.check_form" => check.sentence.clone(),
                    _ => link.words.clone(),
                };
                ahead.mine.push(Todo { rank: rank_of_condition(broken, study), link, title, why });
            }
            None => {
                remember(ahead, self.whose(check, broken), sentence(&broken.sentence));
            }
        }
    }

    /// The form that has to be filled in for a check, where that is what is missing.
    fn form_of(&self, check: Option<&Check>, broken: &Broken) -> Option<&Form> {
        let form = check.filter(|_| broken.rule == "session.check_form")?.form.as_ref()?;
        self.file.study.form(form.as_str())
    }

    /// Whether a check, or its form, is one for the reader: those who may not would only leave a deviation behind.
    fn may(&self, check: &Check, broken: &Broken) -> bool {
        match self.form_of(Some(check), broken) {
            Some(form) => fills_in(form, &self.file.reader.roles),
            None => check.by.is_empty() || self.file.reader.duties.has_any(&check.by),
        }
    }

    /// The role that mends a condition, as the study calls it.
    fn whose(&self, check: Option<&Check>, broken: &Broken) -> String {
        let study = &self.file.study;
        if let Some(role) = self.form_of(check, broken).and_then(|form| form.completed_by.first()) {
            return super::study::role_title(study, role.as_str());
        }
        let duty = check.and_then(|check| check.by.first().copied()).or(broken.who);
        duty.map_or_else(|| "Somebody else".to_owned(), |duty| holder(study, duty))
    }

    /// Somebody who is in the room already can't mend that too few are.
    fn already_here(&self, broken: &Broken) -> bool {
        let conduct::Person::Staff(me) = &self.desk.who.person else { return false };
        matches!(broken.rule, "session.carers" | "session.lead" | "session.nurse")
            && (self.state.in_room().any(|span| span.staff == *me)
                || broken.who.is_some_and(|duty| !self.file.reader.duties.has(duty)))
    }

    fn authorised(&self, part: DosePart) -> bool {
        let granted = match part {
            DosePart::Initial => &self.state.dose_authorised,
            DosePart::Supplement => &self.state.supplement_authorised,
        };
        granted.as_ref().is_some_and(|granted| granted.expires >= self.desk.now) && self.state.swallow(part).is_none()
    }

    fn swallow(&self, part: DosePart, ahead: &mut Ahead) {
        let (granted, what) = match part {
            DosePart::Initial => (&self.state.dose_authorised, "the first dose"),
            DosePart::Supplement => (&self.state.supplement_authorised, "the supplement"),
        };
        let Some(granted) = granted else { return };
        let title = format!("Swallowed: record {what}");
        let key = match part {
            DosePart::Initial => "swallow/initial",
            DosePart::Supplement => "swallow/supplement",
        };
        let link = Link::new(format!("{}/do/{key}", self.at()), title.clone());
        let why = format!("Allowed from {} until {}.", granted.container, self.clock(granted.expires));
        self.give(Todo { rank: 1, link, title, why }, &holder(&self.file.study, Duty::Facilitate), ahead);
    }

    /// The reading that is due, or that comes next.
    fn reading(&self, ahead: &mut Ahead) {
        let Some((at, opens, closes)) = self.next_reading() else { return };
        if opens > self.desk.now {
            let times = format!("from {} to {}", self.clock(opens), self.clock(closes));
            ahead.waits.push(format!("Next reading at {}, {times}.", self.clock(at)));
            return;
        }
        let why = if closes < self.desk.now {
            format!("Due at {}, overdue since {}.", self.clock(at), self.clock(closes))
        } else {
            format!("Due at {}, in time until {}.", self.clock(at), self.clock(closes))
        };
        let title = "Take a reading".to_owned();
        let link = Link::new(format!("{}/do/reading", self.at()), title.clone());
        self.give(Todo { rank: 5, link, title, why }, &holder(&self.file.study, Duty::Facilitate), ahead);
    }

    /// Facts that follow from how far the session is: a supplement that is not given, leaving, the night.
    fn afterwards(&self, ahead: &mut Ahead) {
        let state = self.state;
        let study = &self.file.study;
        let mut fact = |rank: u16, key: &str, title: &str, why: &str, duty: Duty| {
            let link = Link::new(format!("{}/do/{key}", self.at()), title);
            let todo = Todo { rank, link, title: title.to_owned(), why: why.to_owned() };
            self.give(todo, &holder(study, duty), ahead);
        };
        if state.closed.is_some() || state.dosed_at().is_none() {
            return;
        }
        let decided = state.swallow(DosePart::Supplement).is_some() || state.supplement_not_given.is_some();
        if let Some(times) = &state.supplement_times
            && !decided
            && times.opens <= self.desk.now
        {
            let why = if self.desk.now > times.closes {
                "Its window is over: say why it was not given."
            } else {
                "Where they decline, or it is not for today."
            };
            fact(9, "no-supplement", "The supplement is not given", why, Duty::Facilitate);
        }
        match state.departed {
            None if state.discharged.is_some() => {
                fact(
                    56,
                    "departure",
                    "The participant leaves: record where to",
                    "Leaving was allowed.",
                    Duty::Facilitate,
                );
            }
            Some((at, Destination::Overnight)) => {
                let zone = self.file.zone.clone();
                let morning = at.to_zoned(zone.clone()).date() < self.desk.now.to_zoned(zone).date();
                let (night, home) = if morning { (63, 58) } else { (58, 63) };
                fact(
                    night,
                    "night-check",
                    "A look in the night",
                    "As often as the plan of the night says.",
                    Duty::AttendNight,
                );
                fact(
                    home,
                    "departure",
                    "They go home: record with whom",
                    "After the night, in the morning.",
                    Duty::Facilitate,
                );
            }
            Some(_) => self.signature(ahead),
            None => {}
        }
    }

    /// Who was there signs for themselves before the session's record is closed: the reader now, the others when they come.
    fn signature(&self, ahead: &mut Ahead) {
        let title = "Sign the session’s record";
        for one in self.now.signatures.iter().filter(|one| one.signed.is_none()) {
            let person = conduct::Person::Staff(one.staff.clone());
            if person == self.desk.who.person && self.may_do("sign-session") {
                let link = Link::new(format!("{}/do/sign-session", self.at()), title);
                let why = "You were there: sign what is on record.".to_owned();
                ahead.mine.push(Todo { rank: 61, link, title: title.to_owned(), why });
            } else {
                let name = self.desk.name_of(&person);
                remember(ahead, "others who were there".to_owned(), format!("{name} signs the session’s record"));
            }
        }
    }

    /// To the reader if it is theirs, to the others' list if not.
    fn give(&self, todo: Todo, role: &str, ahead: &mut Ahead) {
        if acts::offered(self.file.reader.duties, &todo.link.href) {
            ahead.mine.push(todo);
        } else {
            remember(ahead, role.to_owned(), todo.title);
        }
    }

    fn redacted(&self, mut broken: Broken) -> Broken {
        broken.redact(&self.file.study, &self.file.reader.roles);
        broken
    }

    /// Where an act is done from the room's page: a reading is taken on it.
    fn href(&self, link: &Link) -> String {
        if link.href.ends_with("/do/reading") { "#take-reading".to_owned() } else { escape(&link.href) }
    }

    /// The section at the top of the page.
    pub fn draw(&self, ahead: &Ahead) -> String {
        let mut out = format!(
            "<section class=\"way next\" id=\"next\" aria-labelledby=\"next-step\"><p class=\"quiet\">{}</p>",
            escape(&self.lead())
        );
        out.push_str(&self.way(ahead));
        match ahead.mine.split_first() {
            Some((first, rest)) => {
                out.push_str(&format!(
                    "<h2 id=\"next-step\">Next: {}</h2><p>{}</p><div class=\"actions\"><a class=\"button\" href=\"{}\">{}</a></div>",
                    escape(&first.title),
                    escape(&first.why),
                    self.href(&first.link),
                    escape(&first.link.words)
                ));
                out.push_str(&self.then(rest));
            }
            None if self.state.closed.is_some() => {
                out.push_str("<h2 id=\"next-step\">Nothing lies ahead</h2><p>The session’s record is closed.</p>");
            }
            None => {
                out.push_str("<h2 id=\"next-step\">Nothing for you just now</h2>");
                if ahead.others.is_empty() && ahead.waits.is_empty() {
                    out.push_str("<p>Steps of this session come when it is the one in hand.</p>");
                }
            }
        }
        for wait in &ahead.waits {
            out.push_str(&format!("<p class=\"up-3\">{}</p>", escape(wait)));
        }
        for (role, sentences) in &ahead.others {
            let all: String = sentences.iter().map(|one| format!("<li>{}</li>", escape(one))).collect();
            out.push_str(&format!(
                "<details class=\"history up-3\"><summary>With the {}: {}</summary><ul class=\"plain up-2\">{all}</ul></details>",
                escape(&role.to_lowercase()),
                sentences.len()
            ));
        }
        out.push_str("</section>");
        out
    }

    fn then(&self, rest: &[Todo]) -> String {
        if rest.is_empty() {
            return String::new();
        }
        let line = |todo: &Todo| format!("<li><a href=\"{}\">{}</a></li>", self.href(&todo.link), escape(&todo.title));
        let (near, far) = rest.split_at(rest.len().min(3));
        let near: String = near.iter().map(line).collect();
        let far = if far.is_empty() {
            String::new()
        } else {
            let lines: String = far.iter().map(line).collect();
            format!(
                "<details class=\"history up-3\"><summary>And {} more</summary><ul class=\"then\">{lines}</ul></details>",
                far.len()
            )
        };
        format!("<h3 class=\"up-4\">Then</h3><ul class=\"then\">{near}</ul>{far}")
    }

    fn way(&self, ahead: &Ahead) -> String {
        let Some((title, broken)) = &ahead.way else { return String::new() };
        let all: Vec<&Broken> = broken.iter().collect();
        let place = self.place();
        let rows: String = findings::refusals(&all, &place).iter().map(ToString::to_string).collect();
        format!(
            "<details class=\"history up-3\"><summary>{}: {} in the way</summary><div class=\"up-3\">{rows}</div></details>",
            escape(title),
            broken.len()
        )
    }
}

/// Where somebody goes on who has just recorded a check or a form that a check stands on: to the next check that is
/// theirs; nothing where none is, or where the check just recorded stands in the way.
pub fn after_check(desk: &Desk<'_>, code: &str, number: u8, check: Option<&str>) -> Result<Option<String>, Trouble> {
    let file = desk.case(code)?;
    let room = Room::of(desk, &file, number, String::new())?;
    let stands_in_the_way = |ahead: &Ahead| {
        ahead.mine.iter().any(|todo| check.is_some_and(|check| todo.link.href.ends_with(&format!("/check/{check}"))))
    };
    let ahead = room.ahead(&room.now.steps);
    let next = ahead.mine.first().filter(|_| !stands_in_the_way(&ahead));
    let next = next.filter(|todo| todo.link.href.contains("/do/check/") || todo.link.href.contains("/forms/"));
    Ok(next.map(|todo| todo.link.href.clone()))
}

fn remember(ahead: &mut Ahead, role: String, what: String) {
    match ahead.others.iter_mut().find(|(known, _)| *known == role) {
        Some((_, all)) if all.contains(&what) => {}
        Some((_, all)) => all.push(what),
        None => ahead.others.push((role, vec![what])),
    }
}

const fn rank_of(act: &Authorisation) -> u16 {
    match act {
        Authorisation::OrderDose { .. } => 0,
        Authorisation::AuthoriseSupplement { .. } => 8,
        Authorisation::ReleaseContainers { .. } => 1300,
        Authorisation::AuthoriseDose { .. } => 1400,
        Authorisation::Discharge { .. } => 1500,
        _ => 1600,
    }
}

/// Checks in the order of the day, a form before the check that stands on it; then those in the room.
fn rank_of_condition(broken: &Broken, study: &protocol::model::Study) -> u16 {
    let plan = &study.session;
    let mut all = plan.checks.iter().chain(&plan.discharge.criteria);
    let place = all.position(|check| broken.condition.as_deref() == Some(check.id.as_str()));
    match (broken.rule, place.and_then(|n| u16::try_from(n).ok())) {
        ("session.check_form", Some(n)) => 100 + n * 4,
        (_, Some(n)) => 101 + n * 4,
        (rule, None) if rule.starts_with("session.") => 1200,
        (rule, None) if rule.starts_with("close.") => 1550,
        _ => 1100,
    }
}
