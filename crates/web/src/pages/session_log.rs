//! Notes and the timeline of a dosing session: everything that happened in it, newest first, by minutes since the dose.

use conduct::Person;
use conduct::command::{Destination, DosePart};
use conduct::state::Reading;
use jiff::Timestamp;

use super::ahead::Room;
use crate::chart::svg::escape;
use crate::show;

/// What a line of the timeline is about, for choosing among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    Note,
    Reading,
    Person,
    Drug,
}

impl LineKind {
    const fn code(self) -> &'static str {
        match self {
            Self::Note => "notes",
            Self::Reading => "readings",
            Self::Person => "people",
            Self::Drug => "drug",
        }
    }
}

/// One line: when, what, by whom or with what beside it; and whether it is beyond a limit.
pub struct Line {
    pub at: Timestamp,
    pub what: String,
    pub beside: String,
    pub amber: bool,
    pub kind: LineKind,
}

impl Line {
    fn new(at: Timestamp, what: impl Into<String>, beside: impl Into<String>) -> Self {
        Self { at, what: what.into(), beside: beside.into(), amber: false, kind: LineKind::Drug }
    }
}

impl Line {
    /// Tells the line apart from every other, so that an open page keeps it where it stands.
    fn key(&self) -> String {
        use std::hash::{DefaultHasher, Hash as _, Hasher as _};
        let mut hasher = DefaultHasher::new();
        self.what.hash(&mut hasher);
        format!("{}-{:x}", self.at.as_microsecond(), hasher.finish() & 0xffff)
    }
}

impl Room<'_> {
    /// Everything that happened, newest first.
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = self.happenings();
        lines.extend(self.state.readings.iter().map(|reading| self.reading_line(reading)));
        lines.extend(self.presence_lines());
        lines.extend(self.notes());
        lines.sort_by_key(|line| std::cmp::Reverse(line.at));
        lines
    }

    /// Minutes since the dose where they say more than the clock does, and the clock otherwise.
    pub fn offset_of(&self, at: Timestamp) -> String {
        let minute = self.minute(at).filter(|minute| (-99..=999).contains(minute));
        minute.map_or_else(|| self.clock(at), show::offset)
    }

    /// The timeline as it stands: filtered and searched by the page's script, or by its address without one.
    pub fn timeline(&self) -> String {
        let mut out = String::new();
        for line in self.lines() {
            let words = format!("{} {}", line.what, line.beside).to_lowercase();
            if !self.find.kind.is_empty() && self.find.kind != line.kind.code()
                || !self.find.words.is_empty() && !words.contains(&self.find.words)
            {
                continue;
            }
            let class = if line.amber { " class=\"amber\"" } else { "" };
            let beside =
                if line.beside.is_empty() { String::new() } else { format!("<p>{}</p>", escape(&line.beside)) };
            out.push_str(&format!(
                "<li{class} data-kind=\"{}\" data-key=\"{}\"><span class=\"at\">{}</span><div><b>{}</b>{beside}</div></li>",
                line.kind.code(),
                line.key(),
                self.offset_of(line.at),
                escape(&line.what)
            ));
        }
        if out.is_empty() {
            let none = if self.find.is_empty() { "Nothing is written yet." } else { "Nothing on the timeline is like that." };
            out.push_str(&format!("<li><span class=\"at\"></span><div><p>{none}</p></div></li>"));
        }
        format!("<ol class=\"log\" aria-labelledby=\"tl\">{out}</ol>")
    }

    /// What stands over the timeline: its filters and the search.
    pub fn log_head(&self) -> String {
        let filters: String = [("", "All"), ("readings", "Readings"), ("notes", "Notes"), ("people", "People"), ("drug", "Drug")]
            .into_iter()
            .map(|(code, words)| {
                let current = if self.find.kind == code { " aria-current=\"true\"" } else { "" };
                let query = if code.is_empty() { String::new() } else { format!("?show={code}") };
                format!("<a href=\"{}{query}#tl\" data-show=\"{code}\"{current}>{words}</a>", self.at())
            })
            .collect();
        format!(
            "<div class=\"filters\"><h2 id=\"tl\">Timeline</h2>{filters}</div><form class=\"seek-log\" method=\"get\" action=\"{}\" data-seek role=\"search\" aria-label=\"Timeline\"><label for=\"find\">Find in the timeline</label><div class=\"note\"><input class=\"input\" id=\"find\" name=\"find\" autocomplete=\"off\" value=\"{}\"><button class=\"button button-second\" type=\"submit\">Find</button></div></form>",
            self.at(),
            escape(&self.find.words)
        )
    }

    /// Codes at one press or two keys, and a line of words.
    pub fn note_pad(&self) -> String {
        if !self.may_do("session-note") {
            return String::new();
        }
        let codes = &self.file.study.session.codes;
        let button = |code: &protocol::model::TimelineCode| {
            let unit = code.unit.as_deref().map_or_else(String::new, |unit| format!(" data-unit=\"{}\"", escape(unit)));
            format!(
                "<button class=\"quick\" type=\"submit\" name=\"code\" value=\"{}\"{unit}>{}</button>",
                escape(&code.code),
                escape(&code.label)
            )
        };
        let (near, far) = codes.split_at(codes.len().min(24));
        let far = if far.is_empty() {
            String::new()
        } else {
            format!(
                "<details class=\"history\"><summary>More codes</summary><div class=\"log-tools\">{}</div></details>",
                far.iter().map(button).collect::<String>()
            )
        };
        format!(
            "{}<button class=\"unseen\" type=\"submit\" name=\"code\" value=\"\" data-fallback tabindex=\"-1\" aria-hidden=\"true\">Add</button><h2 class=\"f-2\">Note</h2><div class=\"form-said\"></div><div class=\"log-tools\">{}</div>{far}<label class=\"small quiet\" for=\"note-number\">A number, where the code carries one</label><div class=\"note\"><input class=\"input w-5\" id=\"note-number\" name=\"number\" inputmode=\"decimal\" autocomplete=\"off\"></div><label class=\"small quiet\" for=\"note\">In words, beside the code</label><div class=\"note\"><input class=\"input\" id=\"note\" name=\"text\" autocomplete=\"off\"></div></form>",
            self.fact_form("session-note", "note-pad", "Note"),
            near.iter().map(button).collect::<String>()
        )
    }

    /// What was drunk.
    pub fn intake(&self) -> String {
        String::new()
    }

    /// What the session itself went through: out of the safe, swallowed, stopped, left, closed.
    fn happenings(&self) -> Vec<Line> {
        let state = self.state;
        let mut lines = Vec::new();
        if let Some((initial, supplement, at)) = &state.containers {
            let numbers: Vec<String> = std::iter::once(initial).chain(supplement).map(ToString::to_string).collect();
            lines.push(Line::new(*at, "Containers out of the safe", numbers.join(", ")));
        }
        for swallow in &state.swallowed {
            let part = match swallow.part {
                DosePart::Initial => "First dose swallowed",
                DosePart::Supplement => "Supplement swallowed",
            };
            let beside = format!("{} in {}, from {}", swallow.amount, pieces(swallow.pieces), swallow.container);
            lines.push(Line::new(swallow.at, part, beside));
        }
        if let Some(at) = state.pause_lifted {
            lines.push(Line::new(at, "Pause of the supplement lifted", "By the prescriber"));
        }
        if let Some(at) = state.stopped {
            lines.push(Line { amber: true, ..Line::new(at, "Session stopped", "Care goes on") });
        }
        if let Some(at) = state.discharged {
            lines.push(Line::new(at, "Leaving allowed", "By two people"));
        }
        if let Some((at, to)) = state.departed {
            let to = match to {
                Destination::Overnight => "Stays the night here",
                Destination::Home => "Went home",
                Destination::Hospital => "Went to hospital",
            };
            lines.push(Line::new(at, to, ""));
        }
        if let Some(at) = state.closed {
            lines.push(Line::new(at, "Record closed", ""));
        }
        lines
    }

    fn reading_line(&self, reading: &Reading) -> Line {
        let value = |id: &str| reading.measures.get(id).map(ToString::to_string);
        let mut shown = Vec::new();
        if let (Some(upper), Some(lower)) = (value("systolic"), value("diastolic")) {
            shown.push(format!("{upper}/{lower} mmHg"));
        }
        for measure in &self.file.study.session.measures {
            let paired = matches!(measure.id.as_str(), "systolic" | "diastolic") && !shown.is_empty();
            if let Some(value) = value(&measure.id).filter(|_| !paired) {
                shown.push(format!("{} {value} {}", measure.label.to_lowercase(), measure.unit).trim().to_owned());
            }
        }
        let beyond: Vec<String> = reading
            .breaches
            .iter()
            .map(|b| format!("{} beyond {}", b.measure.replace('_', " "), if b.red { "red" } else { "amber" }))
            .collect();
        Line {
            at: reading.at,
            what: shown.join(", "),
            beside: beyond.join(", "),
            amber: !beyond.is_empty(),
            kind: LineKind::Reading,
        }
    }

    fn presence_lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        for span in &self.state.presence {
            let name = self.desk.name_of(&Person::Staff(span.staff.clone()));
            let person = |at, what: String| Line { kind: LineKind::Person, ..Line::new(at, what, "") };
            lines.push(person(span.from, format!("{name} comes in")));
            lines.extend(span.until.map(|until| person(until, format!("{name} goes out"))));
        }
        lines
    }

    fn notes(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        for note in &self.state.notes {
            let codes = &self.file.study.session.codes;
            let label = codes.iter().find(|c| c.code == note.code).map_or(note.code.as_str(), |c| c.label.as_str());
            let number = note.number.map(|n| format!(" {n}")).unwrap_or_default();
            let who = self.desk.name_of(&note.by.person);
            let beside = match &note.text {
                Some(text) => format!("{text} {who}"),
                None => who,
            };
            lines.push(Line { kind: LineKind::Note, ..Line::new(note.at, format!("{label}{number}"), beside) });
        }
        for look in &self.state.night {
            let distress = look.distress.map(|d| format!(", distress {d} of 10")).unwrap_or_default();
            let how = if look.awake { "Awake in the night" } else { "Asleep in the night" };
            lines.push(Line { kind: LineKind::Note, ..Line::new(look.at, format!("{how}{distress}"), "") });
        }
        lines
    }
}

fn pieces(count: u32) -> String {
    show::count(usize::try_from(count).unwrap_or(usize::MAX), "piece", "pieces")
}
