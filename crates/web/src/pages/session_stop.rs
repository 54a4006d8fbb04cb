//! Stop and emergency: on every page of the session, one press away, and there when the server is not.

use protocol::model::EmergencyCard;

use super::ahead::Room;
use crate::acts;
use crate::chart::svg::escape;
use crate::http::pairs::segment;
use crate::parts::words::{Icon, Tag};

/// Grounds on which a session is stopped: one press each, and a line for any other.
const GROUNDS: &[&str] =
    &["The participant asks to stop", "Unwell, or a vital sign beyond a limit", "Not safe to go on here"];

impl Room<'_> {
    /// The panel behind STOP. It is part of each page, so that it opens without asking the server.
    pub fn stop_panel(&self) -> String {
        if !self.may_do("stop-session") {
            return String::new();
        }
        let grounds: String = GROUNDS
            .iter()
            .map(|ground| {
                format!(
                    "<button class=\"button button-stop\" type=\"submit\" name=\"reason_given\" value=\"{ground}\">{}Stop: {}</button>",
                    Icon::Stop,
                    ground.to_lowercase()
                )
            })
            .collect();
        format!(
            "<section class=\"stop-panel\" id=\"stop\" aria-labelledby=\"stop-title\" tabindex=\"-1\"><div class=\"stop-in\"><div class=\"room-title\"><h2 id=\"stop-title\">Stop and emergency</h2><a class=\"button button-second\" href=\"#main\" data-close>Back to the room</a></div>{}\
             {}<div class=\"form-said\"></div><p class=\"quiet\">No more of the medicine today. Care goes on until the person may leave.</p><div class=\"stop-grounds\">{grounds}</div></form>{}<div class=\"form-said\"></div><label class=\"small quiet\" for=\"stop-why\">Another ground, in words</label><div class=\"note\"><input class=\"input\" id=\"stop-why\" name=\"reason_given\" autocomplete=\"off\"><button class=\"button button-stop\" type=\"submit\">Stop</button></div></form>{}</div></section>",
            super::session::live("stop", &self.stop_state()),
            self.fact_form("stop-session", "stop-form", "Session stopped"),
            self.fact_form("stop-session", "stop-form", "Session stopped"),
            self.emergency()
        )
    }

    /// Whether it was stopped, when and by whom.
    pub fn stop_state(&self) -> String {
        self.state.stopped.map_or_else(String::new, |at| {
            format!("<p class=\"is-stop\"><b>The session was stopped at {}.</b> No dose and no supplement can be allowed any more.</p>", self.clock(at))
        })
    }

    /// What to do in an emergency beside stopping: the cards, who is called, and what follows.
    fn emergency(&self) -> String {
        let plan = &self.file.study.session.room;
        let cards: String = plan.cards.iter().map(|card| self.card(card)).collect();
        let cards = if cards.is_empty() {
            String::new()
        } else {
            format!("<h3 class=\"up-6\">What is happening</h3><div class=\"cards\">{cards}</div>")
        };
        let mut links = String::new();
        for (address, words) in [
            (format!("{}/do/departure", self.at()), "To hospital: record the transfer"),
            (format!("{}/do/adverse-event", self.base), "Record an adverse event"),
            (format!("{}/do/break-code", self.base), "Break the code, with the reason"),
        ] {
            if acts::offered(self.file.reader.duties, &address) {
                links.push_str(&format!("<li><a href=\"{}\">{words}</a></li>", escape(&address)));
            }
        }
        format!(
            "<div class=\"emergency\" data-offline>{cards}{}</div><ul class=\"then up-4\">{links}</ul>",
            self.call_list()
        )
    }

    /// One of the study's cards: how it is recognised, what to do, and the press that opens it.
    fn card(&self, card: &EmergencyCard) -> String {
        let list = |title: &str, lines: &[String]| {
            if lines.is_empty() {
                return String::new();
            }
            let rows: String = lines.iter().map(|line| format!("<li>{}</li>", escape(line))).collect();
            format!("<p class=\"up-3\"><b>{title}</b></p><ul class=\"plain\">{rows}</ul>")
        };
        let open = if self.may_do("open-card") {
            format!(
                "{}<input type=\"hidden\" name=\"card\" value=\"{}\"><div class=\"form-said\"></div><button class=\"button button-stop\" type=\"submit\">This is happening: open the card</button></form>",
                self.fact_form("open-card", "card-form", "Card opened"),
                escape(&card.id)
            )
        } else {
            String::new()
        };
        format!(
            "<details class=\"history\" id=\"card-{}\"><summary>{}</summary>{open}{}{}{}<p class=\"up-3 is-stop\">{}</p></details>",
            escape(&card.id),
            escape(&card.title),
            list("Recognise", &card.recognise),
            list("Do", &card.steps),
            list("Medicines", &card.medicines),
            escape(&card.stop)
        )
    }

    /// Who is called, in order, with their numbers; each call is one press.
    fn call_list(&self) -> String {
        let contacts = &self.file.study.session.room.contacts;
        if contacts.is_empty() || !self.may_do("call-contact") {
            return String::new();
        }
        let rows: String = contacts
            .iter()
            .map(|contact| {
                let number = self.now.phones.get(&contact.id).map_or_else(
                    || "<span class=\"quiet\">no number kept</span>".to_owned(),
                    |phone| format!("<a href=\"tel:{0}\">{0}</a>", escape(phone)),
                );
                format!(
                    "<li><b>{}</b>, within {} min: {number}{}<input type=\"hidden\" name=\"contact\" value=\"{}\"><div class=\"form-said\"></div><div class=\"actions up-2\"><button class=\"button button-second\" type=\"submit\" name=\"reached\" value=\"yes\">Reached</button><button class=\"button button-second\" type=\"submit\" name=\"reached\" value=\"no\">Not reached</button></div></form></li>",
                    escape(&contact.label),
                    contact.within_minutes,
                    self.fact_form("call-contact", "call-form", &format!("Call: {}", contact.label)),
                    escape(&contact.id)
                )
            })
            .collect();
        format!("<h3 class=\"up-6\">Who is called</h3><ol class=\"call-list\">{rows}</ol>")
    }

    /// Cards that are open: each step with the press that ticks it, or the time at which it was done.
    pub fn cards_open(&self) -> String {
        let mut out = String::new();
        for (instance, card) in self.state.cards.iter().filter(|(_, card)| card.closed.is_none()) {
            let at = segment(instance.as_str());
            let rows: String = (0_u32..)
                .zip(&card.steps)
                .map(|(number, step)| {
                    let done = match card.done.get(&number) {
                        Some((when, by)) => {
                            Tag::done(format!("{}, {}", self.clock(*when), self.desk.name_of(&by.person))).to_string()
                        }
                        None if self.may_do("tick-card") => format!(
                            "{}<button class=\"button button-second\" type=\"submit\" name=\"step\" value=\"{number}\">Done<span class=\"unseen\">: {}</span></button></form>",
                            self.fact_form(&format!("tick-card/{at}"), "inline", &format!("Step: {step}")),
                            escape(step)
                        ),
                        None => Tag::now("Open").to_string(),
                    };
                    format!("<li data-key=\"{number}\"><span>{}</span>{done}</li>", escape(step))
                })
                .collect();
            let study = self.file.study.session.room.card(&card.card);
            let stop =
                study.map_or_else(String::new, |card| format!("<p class=\"is-stop up-3\">{}</p>", escape(&card.stop)));
            let close = if self.may_do("close-card") {
                format!(
                    "<div class=\"actions\"><a class=\"button button-second\" href=\"{}/do/close-card/{at}\">It is over</a><a href=\"#stop\">Who is called</a></div>",
                    self.at()
                )
            } else {
                String::new()
            };
            out.push_str(&format!(
                "<section class=\"panel decision\" data-key=\"{}\" aria-labelledby=\"open-{at}\"><div class=\"panel-in\"><div class=\"room-title\"><h2 id=\"open-{at}\">{}</h2>{}</div><ol class=\"card-steps\">{rows}</ol>{stop}{close}</div></section>",
                escape(instance.as_str()),
                escape(&card.title),
                Tag::stop(format!("Since {}", self.clock(card.at)))
            ));
        }
        out
    }
}
