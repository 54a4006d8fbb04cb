//! What outranks the room's page, and answers that are owed. Both come from tasks that the rules raised: the page draws
//! them and leads to where they are answered.

use conduct::state::Task;
use protocol::model::{Duty, Trigger};

use super::ahead::Room;
use crate::chart::svg::escape;
use crate::findings::{holder, sentence};
use crate::http::pairs::segment;
use crate::parts::words::{Icon, Tag};

/// Tasks that say that the room is not as it must be, whatever else is going on in it.
const OF_THE_ROOM: &[Trigger] = &[Trigger::ParticipantAlone, Trigger::CarersBelowMinimum];

impl Room<'_> {
    fn open_tasks(&self) -> impl Iterator<Item = &Task> {
        self.file.participant.tasks.values().filter(|task| task.done.is_none())
    }

    /// Tasks that a reading of this session raised and that nothing has answered yet, the gravest first.
    fn owed(&self) -> Vec<&Task> {
        let mine = |task: &&Task| {
            let about = task.raised.about.as_ref();
            matches!(task.raised.trigger, Trigger::LimitRed | Trigger::LimitAmber)
                && task.raised.clock.is_none()
                && self.state.readings.iter().any(|reading| Some(&reading.instance) == about)
        };
        let mut owed: Vec<&Task> = self.open_tasks().filter(mine).collect();
        owed.sort_by_key(|task| (task.raised.trigger != Trigger::LimitRed, task.raised.due));
        owed
    }

    /// Whether something in the room is an alarm: said at once, and the one thing that may make a sound.
    pub fn alarm(&self) -> bool {
        let over = self.state.departed.is_some() || self.state.closed.is_some();
        !over
            && (self.open_tasks().any(|task| OF_THE_ROOM.contains(&task.raised.trigger))
                || self.owed().iter().any(|task| task.raised.trigger == Trigger::LimitRed))
    }

    /// Notices over the full width that stay until they are true no more.
    pub fn alarms(&self) -> String {
        if self.state.departed.is_some() || self.state.closed.is_some() {
            return String::new();
        }
        let mut out = String::new();
        for task in self.open_tasks().filter(|task| OF_THE_ROOM.contains(&task.raised.trigger)) {
            let until = if task.raised.due > task.since {
                format!(" By {} at the latest.", self.clock(task.raised.due))
            } else {
                String::new()
            };
            let words = format!(
                "Since {}.{until} Until then no dose and no supplement can be allowed.",
                self.clock(task.since)
            );
            out.push_str(&pin(&task.raised.instance.to_string(), &task.raised.title, &words));
        }
        for task in self.owed().into_iter().filter(|task| task.raised.trigger == Trigger::LimitRed) {
            let words = format!("Since {}. With the {}.", self.clock(task.since), self.role(task.raised.duty));
            out.push_str(&pin(&task.raised.instance.to_string(), &task.raised.title, &words));
        }
        if self.state.ground_withdrawn {
            let words = "A correction took away what it had been allowed on. The physician looks at what was corrected.";
            out.push_str(&pin("ground", "The ground of the dose is gone", words));
        }
        out
    }

    fn role(&self, duty: Duty) -> String {
        holder(&self.file.study, duty).to_lowercase()
    }

    /// A limit was crossed: what the study asks for, each with the way to answer it. It stays until it is answered.
    pub fn decision(&self) -> String {
        let owed = self.owed();
        if owed.is_empty() || self.state.departed.is_some() || self.state.closed.is_some() {
            return String::new();
        }
        let red = owed.iter().any(|task| task.raised.trigger == Trigger::LimitRed);
        let tag = if red { Tag::stop("Red: answer now") } else { Tag::now("Answer it") };
        let mut out = format!(
            "<section class=\"panel decision\" aria-labelledby=\"owed\"><div class=\"panel-in\"><div class=\"room-title\"><h2 id=\"owed\">A limit was crossed</h2>{tag}</div><ul class=\"owed\">"
        );
        for task in owed {
            let late = if task.raised.due < self.desk.now { " is-stop" } else { "" };
            out.push_str(&format!(
                "<li><b>{}</b><p class=\"quiet{late}\">By {}, {}.</p>{}</li>",
                escape(&sentence(&task.raised.title)),
                self.clock(task.raised.due),
                escape(&self.role(task.raised.duty)),
                self.answers(task)
            ));
        }
        out.push_str("</ul></div></section>");
        out
    }

    /// How a task is answered: by measuring again where that is asked, otherwise by saying what was done.
    fn answers(&self, task: &Task) -> String {
        let mut acts = String::new();
        if task.raised.duty == Duty::Facilitate {
            acts.push_str("<a class=\"button\" href=\"#take-reading\">Measure again</a>");
        }
        let at = format!("{}/do/complete-task/{}", self.base, segment(task.raised.instance.as_str()));
        if crate::acts::offered(self.file.reader.duties, &at)
            && (self.file.reader.duties.has(task.raised.duty) || task.raised.duty != Duty::Facilitate)
        {
            acts.push_str(&format!("<a class=\"button button-second\" href=\"{at}\">Say what was done</a>"));
        }
        if acts.is_empty() { String::new() } else { format!("<div class=\"actions up-2\">{acts}</div>") }
    }
}

fn pin(key: &str, title: &str, words: &str) -> String {
    format!(
        "<section class=\"pin pin-stop\" data-alarm=\"{}\" aria-label=\"Alarm\"><p class=\"pin-in\">{}<span><b>{}.</b> {}</span></p></section>",
        escape(key),
        Icon::Stop,
        escape(title.trim_end_matches('.')),
        escape(words)
    )
}
