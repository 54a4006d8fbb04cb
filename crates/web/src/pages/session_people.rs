//! Who is in the room and since when; coming, going and handing over, each with their own PIN on a shared device.

use conduct::command::Going;
use conduct::{Command, Fact, Person, Request};
use protocol::model::Duty;
use record::Answer;
use terms::StaffId;

use super::ahead::Room;
use crate::chart::svg::escape;
use crate::desk::{CaseFile, Desk};
use crate::findings::sentence;
use crate::http::call::Call;
use crate::http::reply::{Reply, Trouble};
use crate::parts::words::{Icon, Tag};

/// Somebody who may be in the room today: their login, name, and whether they prove themselves by PIN.
struct Carer {
    login: String,
    name: String,
    pin: bool,
    here: bool,
}

impl Room<'_> {
    /// Carers for the band: two by name, more by number.
    pub fn band_people(&self) -> String {
        if self.state.departed.is_some() || self.state.closed.is_some() {
            return String::new();
        }
        let here: Vec<_> = self.state.in_room().collect();
        let mut out = String::new();
        for span in here.iter().take(2) {
            let name = escape(&self.desk.name_of(&Person::Staff(span.staff.clone())));
            out.push_str(&format!(
                "<div><span class=\"v\">{}{name}</span><span class=\"k\">In the room since {}</span></div>",
                Icon::Person,
                self.clock(span.from)
            ));
        }
        if here.len() > 2 {
            out.push_str(&format!("<div><span class=\"v\">and {} more</span></div>", here.len() - 2));
        }
        if here.is_empty() {
            let class = if self.state.dosed_at().is_some() { "v is-stop" } else { "v" };
            out.push_str(&format!(
                "<div><span class=\"{class}\">{}Nobody in the room</span><span class=\"k\">Each checks in with their PIN</span></div>",
                Icon::Person
            ));
        }
        out
    }

    /// Everybody's comings and goings.
    pub fn people(&self) -> String {
        let over = self.state.departed.is_some() || self.state.closed.is_some();
        let lines: String = self
            .state
            .presence
            .iter()
            .rev()
            .take(12)
            .map(|span| {
                let name = escape(&self.desk.name_of(&Person::Staff(span.staff.clone())));
                let (words, tag) = match span.until {
                    None if over => (format!("Came in at {}", self.clock(span.from)), String::new()),
                    None => (format!("In the room since {}", self.clock(span.from)), Tag::plan("Here").to_string()),
                    Some(until) => {
                        (format!("{} to {}", self.clock(span.from), self.clock(until)), Tag::done("Out").to_string())
                    }
                };
                format!("<li><div class=\"row\"><b>{name}</b>{tag}</div><p>{words}</p></li>")
            })
            .collect();
        let lines = if lines.is_empty() { "<li><p>Nobody has checked in yet.</p></li>".to_owned() } else { lines };
        format!("<section class=\"side-block\"><h2>People</h2><ul class=\"side-list\">{lines}</ul></section>")
    }

    fn carers(&self) -> Vec<Carer> {
        let site = &self.file.site;
        let mut staff: Vec<&StaffId> = site.delegations.iter().map(|delegation| &delegation.staff).collect();
        staff.sort();
        staff.dedup();
        let study = &self.file.study;
        let cares = |staff: &&StaffId| {
            let roles = site.roles_of(staff, self.file.today);
            roles.filter_map(|held| study.role(held.role.as_str())).any(|role| {
                let wanted = [Duty::Facilitate, Duty::Nurse, Duty::LeadSession, Duty::Prescribe, Duty::AttendNight];
                role.duties.iter().any(|duty| wanted.contains(duty))
            })
        };
        let account = |staff: &StaffId| {
            let all = self.desk.services.identity.accounts_of(&identity::Who::Staff(staff.clone())).ok()?;
            let account = all.into_iter().next()?;
            let here = self.state.in_room().any(|span| span.staff == *staff);
            Some(Carer {
                pin: !account.persona || account.has_pin,
                login: account.login,
                name: account.display_name,
                here,
            })
        };
        staff.into_iter().filter(cares).filter_map(account).collect()
    }

    /// The forms beside the list: they stay while the list changes.
    pub fn presence_forms(&self) -> String {
        if !self.may_do("presence") || self.state.departed.is_some() {
            return String::new();
        }
        let carers = self.carers();
        let pins = carers.iter().any(|carer| carer.pin);
        let me = self.desk.who.login.as_str();
        let own = self.fact_form("presence", "own-presence", "Presence");
        let at = format!("{}/presence", self.at());
        let form = |id: &str, says: &str, inside: String| {
            format!(
                "<details class=\"history up-3\"><summary>{says}</summary><form class=\"presence-form\" method=\"post\" action=\"{at}\" data-ask=\"{says}\" id=\"{id}\" novalidate>{}<div class=\"form-said\"></div>{inside}</form></details>",
                self.hidden()
            )
        };
        let pin = |name: &str, whose: &str| {
            if pins {
                format!(
                    "<label for=\"{name}\">{whose} PIN</label><input class=\"input w-5\" type=\"password\" id=\"{name}\" name=\"{name}\" inputmode=\"numeric\" autocomplete=\"off\">"
                )
            } else {
                String::new()
            }
        };
        let choose = |name: &str, says: &str, first: bool| {
            let options: String = carers
                .iter()
                .filter(|carer| !first || carer.login != me)
                .map(|carer| {
                    format!(
                        "<option value=\"{}\">{}{}</option>",
                        escape(&carer.login),
                        escape(&carer.name),
                        if carer.here { ", here" } else { "" }
                    )
                })
                .collect();
            format!(
                "<label for=\"{name}\">{says}</label><select id=\"{name}\" name=\"{name}\"><option value=\"\">Choose</option>{options}</select>"
            )
        };
        let other = format!(
            "{}{}<div class=\"actions up-3\"><button class=\"button button-second\" type=\"submit\" name=\"going\" value=\"in\">Comes in</button><button class=\"button button-second\" type=\"submit\" name=\"going\" value=\"out\">Goes out</button></div>",
            choose("who", "Who", true),
            pin("who_pin", "Their")
        );
        let over = format!(
            "<p class=\"quiet\">One goes out and the other comes in, in the same moment.</p>{}{}{}{}<div class=\"actions up-3\"><button class=\"button button-second\" type=\"submit\" name=\"going\" value=\"handover\">Hand over</button></div>",
            choose("comes", "Comes in", false),
            pin("comes_pin", "Their"),
            choose("leaves", "Goes out", false),
            pin("leaves_pin", "Their")
        );
        format!(
            "<div class=\"presence\">{own}<div class=\"form-said\"></div><div class=\"actions up-3\"><button class=\"button button-second\" type=\"submit\" name=\"going\" value=\"in\">I come in</button><button class=\"button button-second\" type=\"submit\" name=\"going\" value=\"out\">I go out</button></div></form>{}{}</div>",
            form("other-presence", "Somebody else comes or goes", other),
            form("handover", "Hand over in one step", over)
        )
    }
}

/// One leaves and another comes in the same moment; what is wrong with it otherwise.
fn handover(call: &Call<'_>, file: &CaseFile, session: u8, id: &str) -> Result<Option<String>, Trouble> {
    if call.form.text("comes") == call.form.text("leaves") {
        return Ok(Some("A handover is between two people.".to_owned()));
    }
    let leaves = match crate::people::prove_here(call, "leaves", "leaves_pin") {
        Ok(proof) => proof,
        Err(words) => return Ok(Some(words)),
    };
    let comes = match crate::people::prove_here(call, "comes", "comes_pin") {
        Ok(proof) => proof,
        Err(words) => return Ok(Some(words)),
    };
    let command = Command::Fact(Fact::RecordHandover { participant: file.participant.id.clone(), session });
    let request = Request { id: id.to_owned(), at: None, sent: None, reason: None, command };
    Ok(match super::act::ask(call, request, leaves, Some(comes))? {
        Answer::Done(_) => None,
        Answer::No(no) => Some(sentence(&no.to_string())),
    })
}

/// Somebody comes or goes on a device at which another is signed in, or hands over: each proves themselves.
pub fn post(call: &Call<'_>) -> Result<Reply, Trouble> {
    let desk = Desk::of(call.services, call.who()?, call.now)?;
    let (file, number) = super::session::file_of(&desk, call.part("participant"), call.part("session"))?;
    let room = Room::of(&desk, &file, number, call.token())?;
    let id = super::act::request_id(call);
    let one = |who: &str, pin: &str, going: Going| -> Result<Option<String>, Trouble> {
        let proof = match crate::people::prove_here(call, who, pin) {
            Ok(proof) => proof,
            Err(words) => return Ok(Some(words)),
        };
        let command =
            Command::Fact(Fact::RecordPresence { participant: file.participant.id.clone(), session: number, going });
        let request = Request { id: id.clone(), at: None, sent: None, reason: None, command };
        Ok(match super::act::ask(call, request, proof, None)? {
            Answer::Done(_) => None,
            Answer::No(no) => Some(sentence(&no.to_string())),
        })
    };
    let wrong = match call.form.text("going") {
        "in" => one("who", "who_pin", Going::In)?,
        "out" => one("who", "who_pin", Going::Out)?,
        "handover" => handover(call, &file, number, &id)?,
        _ => Some("Say who comes or goes.".to_owned()),
    };
    match wrong {
        None if call.wants_data() => Ok(Reply::json(serde_json::json!({ "done": true }).to_string())),
        None => Ok(Reply::see(format!("{}?written={id}", room.at()))),
        Some(words) if call.wants_data() => Ok(Reply::Json {
            status: axum::http::StatusCode::UNPROCESSABLE_ENTITY,
            body: serde_json::json!({ "wrong": [{ "field": "", "words": words }] }).to_string(),
        }),
        Some(words) => Err(Trouble::Unreadable(words)),
    }
}
