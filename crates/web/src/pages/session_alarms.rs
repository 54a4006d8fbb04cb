//! What outranks the room's page: alarms, gravest first, each with who is told and the way to answer it; and readings that
//! are owed. The rules raise and end them; here they are drawn.

use conduct::state::{Alarm, Task};
use protocol::model::{AlarmLevel, Duty, Trigger};
use terms::InstanceId;

use super::ahead::Room;
use crate::chart::svg::escape;
use crate::findings::{holder, sentence};
use crate::http::pairs::segment;
use crate::parts::words::{Icon, Tag};

impl Room<'_> {
    fn role(&self, duty: Duty) -> String {
        holder(&self.file.study, duty).to_lowercase()
    }

    /// Whether something in the room needs a person at once: said at once, and the one thing that may make a sound.
    pub fn alarm(&self) -> bool {
        self.state.alarms_open().iter().any(|(_, alarm)| alarm.waits() && alarm.level >= AlarmLevel::Red)
    }

    /// Notices over the full width that stay until they are true no more.
    pub fn alarms(&self) -> String {
        if self.state.closed.is_some() {
            return String::new();
        }
        let mut out = String::new();
        if let (here, wanted, Some(since)) = self.now.carers {
            let words = format!(
                "{here} of {wanted} carers in the room since {}. Until they are {wanted} again no dose and no supplement can be allowed.",
                self.clock(since)
            );
            out.push_str(&pin("carers", true, "Too few carers", &words, ""));
        }
        let (notices, alarms): (Vec<_>, Vec<_>) =
            self.state.alarms_open().into_iter().partition(|(_, alarm)| alarm.level == AlarmLevel::Info);
        for (instance, alarm) in alarms {
            out.push_str(&self.one(instance, alarm));
        }
        if self.state.ground_withdrawn {
            let words =
                "A correction took away what it had been allowed on. The physician looks at what was corrected.";
            out.push_str(&pin("ground", true, "The ground of the dose is gone", words, ""));
        }
        // What is only to be known takes one line, however much of it there is.
        match notices.as_slice() {
            [] => {}
            [(instance, alarm)] => out.push_str(&self.one(instance, alarm)),
            many => {
                let all: String = many.iter().map(|(instance, alarm)| self.one(instance, alarm)).collect();
                out.push_str(&format!(
                    "<details class=\"notices\" data-key=\"notices\"><summary class=\"pin-in\">{} notices, none of them urgent</summary>{all}</details>",
                    many.len()
                ));
            }
        }
        out
    }

    fn one(&self, instance: &InstanceId, alarm: &Alarm) -> String {
        let mut words = format!("{} alarm since {}.", sentence(alarm.level.name()), self.clock(alarm.at));
        match (&alarm.acknowledged, alarm.ack_by) {
            (Some((by, at)), _) => {
                words.push_str(&format!(" {} has it since {}.", self.desk.name_of(&by.person), self.clock(*at)));
            }
            (None, Some(until)) => {
                words.push_str(&format!(" With the {}, to be taken by {}.", self.role(alarm.tell), self.clock(until)));
            }
            (None, None) => words.push_str(&format!(" With the {}.", self.role(alarm.tell))),
        }
        let mut acts = String::new();
        if alarm.waits() && self.may_do("acknowledge") {
            acts.push_str(&self.fact_form(
                &format!("acknowledge/{}", segment(instance.as_str())),
                "inline",
                "Alarm taken",
            ));
            acts.push_str("<button class=\"button button-second\" type=\"submit\">I have it</button></form>");
        }
        if let Some(card) = alarm.card.as_deref().and_then(|id| self.file.study.session.room.card(id)) {
            let open = self.state.cards.values().any(|known| known.card == card.id && known.closed.is_none());
            if !open && self.may_do("open-card") {
                acts.push_str(&format!("<a href=\"#card-{}\">Card: {}</a>", escape(&card.id), escape(&card.title)));
            }
        }
        pin(instance.as_str(), alarm.waits() && alarm.level >= AlarmLevel::Red, &alarm.text, &words, &acts)
    }

    /// Tasks that a reading of this session raised and that nothing has answered yet, the gravest first.
    fn owed(&self) -> Vec<&Task> {
        let mine = |task: &&Task| {
            let about = task.raised.about.as_ref();
            task.done.is_none()
                && matches!(task.raised.trigger, Trigger::LimitRed | Trigger::LimitAmber)
                && task.raised.clock.is_none()
                && self.state.readings.iter().any(|reading| Some(&reading.instance) == about)
        };
        let mut owed: Vec<&Task> = self.file.participant.tasks.values().filter(mine).collect();
        owed.sort_by_key(|task| (task.raised.trigger != Trigger::LimitRed, task.raised.due));
        owed
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

    /// Questions whether something was an adverse event, for those who may answer: the session can't be closed before.
    pub fn questions(&self) -> String {
        let open = self.file.participant.tasks.values().filter(|task| {
            let about = task.raised.about.as_ref();
            task.done.is_none()
                && task.raised.trigger == Trigger::MayBeHarm
                && self.state.notes.iter().any(|note| Some(&note.instance) == about)
        });
        let rows: String = open
            .map(|task| {
                let none = format!("{}/do/no-event/{}", self.base, segment(task.raised.instance.as_str()));
                let event = format!("{}/do/adverse-event/{}", self.base, segment(task.raised.instance.as_str()));
                let acts: String = [(event, "Record an adverse event"), (none, "It was none")]
                    .into_iter()
                    .filter(|(at, _)| crate::acts::offered(self.file.reader.duties, at))
                    .map(|(at, words)| format!("<a href=\"{at}\">{words}</a> "))
                    .collect();
                format!(
                    "<li><b>{}</b><p class=\"quiet\">{}.</p><p class=\"mend\">{acts}</p></li>",
                    escape(&sentence(&task.raised.title)),
                    escape(&sentence(&self.role(task.raised.duty)))
                )
            })
            .collect();
        if rows.is_empty() {
            return String::new();
        }
        format!(
            "<section class=\"section\" aria-labelledby=\"questions\"><h2 id=\"questions\">Was it an adverse event?</h2><ul class=\"owed\">{rows}</ul></section>"
        )
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

fn pin(key: &str, stops: bool, title: &str, words: &str, acts: &str) -> String {
    let (class, alarm, icon) = if stops {
        ("pin pin-stop", format!(" data-alarm=\"{}\"", escape(key)), Icon::Stop)
    } else {
        ("pin", String::new(), Icon::Warn)
    };
    let acts = if acts.is_empty() { String::new() } else { format!("<div class=\"pin-acts\">{acts}</div>") };
    format!(
        "<section class=\"{class}\"{alarm} data-key=\"{}\" aria-label=\"{}\"><div class=\"pin-in\">{icon}<p><b>{}.</b> {}</p>{acts}</div></section>",
        escape(key),
        escape(title),
        escape(&sentence(title.trim_end_matches('.'))),
        escape(words)
    )
}
