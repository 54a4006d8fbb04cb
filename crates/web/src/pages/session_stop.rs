//! Stop and emergency: on every page of the session, one press away, and there when the server is not.

use conduct::Person;

use super::ahead::Room;
use crate::acts;
use crate::chart::svg::escape;
use crate::parts::words::Icon;

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

    /// What to do in an emergency beside stopping.
    fn emergency(&self) -> String {
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
        let here: Vec<String> =
            self.state.in_room().map(|span| self.desk.name_of(&Person::Staff(span.staff.clone()))).collect();
        let here = if here.is_empty() {
            String::new()
        } else {
            format!("<p class=\"quiet\">In the room: {}.</p>", escape(&here.join(", ")))
        };
        format!("{here}<ul class=\"then\">{links}</ul>")
    }
}
