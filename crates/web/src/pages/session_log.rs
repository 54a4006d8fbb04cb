//! The timeline of a dosing session: everything that happened in it, newest first, by minutes since the dose.

use conduct::Person;
use conduct::command::{Destination, DosePart};
use conduct::state::Reading;
use jiff::Timestamp;

use super::ahead::Room;
use crate::chart::svg::escape;
use crate::show;

/// One line: when, what, by whom or with what beside it; and whether it is beyond a limit.
struct Line {
    at: Timestamp,
    what: String,
    beside: String,
    amber: bool,
}

impl Line {
    fn new(at: Timestamp, what: impl Into<String>, beside: impl Into<String>) -> Self {
        Self { at, what: what.into(), beside: beside.into(), amber: false }
    }
}

impl Room<'_> {
    /// The timeline, as it stands beside the page.
    pub fn timeline(&self) -> String {
        let mut lines = self.happenings();
        lines.extend(self.state.readings.iter().map(|reading| self.reading_line(reading)));
        lines.extend(self.presence_lines());
        lines.extend(self.notes());
        lines.sort_by_key(|line| std::cmp::Reverse(line.at));
        let mut out = String::new();
        for line in &lines {
            let minute = self.minute(line.at).filter(|minute| (-99..=999).contains(minute));
            let offset = minute.map_or_else(|| self.clock(line.at), show::offset);
            let class = if line.amber { " class=\"amber\"" } else { "" };
            let beside =
                if line.beside.is_empty() { String::new() } else { format!("<p>{}</p>", escape(&line.beside)) };
            out.push_str(&format!(
                "<li{class}><span class=\"at\">{offset}</span><div><b>{}</b>{beside}</div></li>",
                escape(&line.what)
            ));
        }
        if out.is_empty() {
            out.push_str("<li><span class=\"at\"></span><div><p>Nothing is written yet.</p></div></li>");
        }
        format!("<section class=\"side-block\"><h2>Timeline</h2><ol class=\"log\">{out}</ol></section>")
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
        Line { at: reading.at, what: shown.join(", "), beside: beyond.join(", "), amber: !beyond.is_empty() }
    }

    fn presence_lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        for span in &self.state.presence {
            let name = self.desk.name_of(&Person::Staff(span.staff.clone()));
            lines.push(Line::new(span.from, format!("{name} comes in"), ""));
            lines.extend(span.until.map(|until| Line::new(until, format!("{name} goes out"), "")));
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
            lines.push(Line::new(note.at, format!("{label}{number}"), beside));
        }
        for look in &self.state.night {
            let distress = look.distress.map(|d| format!(", distress {d} of 10")).unwrap_or_default();
            let how = if look.awake { "Awake in the night" } else { "Asleep in the night" };
            lines.push(Line::new(look.at, format!("{how}{distress}"), ""));
        }
        lines
    }
}

fn pieces(count: u32) -> String {
    show::count(usize::try_from(count).unwrap_or(usize::MAX), "piece", "pieces")
}
