//! Notes and the timeline of a dosing session: everything that happened in it, newest first, by minutes since the dose.

use conduct::Person;
use conduct::command::{Destination, DosePart};
use conduct::state::Reading;
use jiff::Timestamp;
use protocol::model::TimelineCode;
use terms::InstanceId;

use super::ahead::Room;
use crate::chart::svg::escape;
use crate::http::pairs::segment;
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
    /// The record, where it can be corrected, and when it was written down.
    pub record: Option<(InstanceId, Timestamp)>,
}

impl Line {
    fn new(at: Timestamp, what: impl Into<String>, beside: impl Into<String>) -> Self {
        Self { at, what: what.into(), beside: beside.into(), amber: false, kind: LineKind::Drug, record: None }
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
            let mut beside =
                if line.beside.is_empty() { String::new() } else { format!("<p>{}</p>", escape(&line.beside)) };
            beside.push_str(&self.mend_line(&line));
            out.push_str(&format!(
                "<li{class} data-kind=\"{}\" data-key=\"{}\"><span class=\"at\">{}</span><div><b>{}</b>{beside}</div></li>",
                line.kind.code(),
                line.key(),
                self.offset_of(line.at),
                escape(&line.what)
            ));
        }
        if out.is_empty() {
            let none =
                if self.find.is_empty() { "Nothing is written yet." } else { "Nothing on the timeline is like that." };
            out.push_str(&format!("<li><span class=\"at\"></span><div><p>{none}</p></div></li>"));
        }
        format!("<ol class=\"log\" aria-labelledby=\"tl\">{out}</ol>")
    }

    /// What was written down late says when; what can be corrected leads to where it is.
    fn mend_line(&self, line: &Line) -> String {
        let Some((record, recorded_at)) = &line.record else { return String::new() };
        let mut out = String::new();
        if recorded_at.duration_since(line.at).as_secs() > 60 {
            out.push_str(&format!(
                "<p>Happened at {}, written down at {}.</p>",
                self.clock(line.at),
                self.clock(*recorded_at)
            ));
        }
        let key = match line.kind {
            LineKind::Reading => "correct-reading",
            LineKind::Note | LineKind::Person | LineKind::Drug => "correct-note",
        };
        if self.may_do(key) {
            let at = segment(record.as_str());
            out.push_str(&format!(
                "<p class=\"mend\"><a href=\"{0}/do/{key}/{at}\">Correct<span class=\"unseen\"> {1}</span></a> <a href=\"{0}/do/strike-line/{at}\">Strike<span class=\"unseen\"> {1}</span></a></p>",
                self.at(),
                escape(&line.what)
            ));
        }
        out
    }

    /// What stands over the timeline: its filters and the search.
    pub fn log_head(&self) -> String {
        let filters: String =
            [("", "All"), ("readings", "Readings"), ("notes", "Notes"), ("people", "People"), ("drug", "Drug")]
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
        // A study that gives no keys has its codes offered in their order; otherwise those without are written elsewhere.
        let keyed = codes.iter().any(|code| code.keys.is_some());
        let offered: Vec<&TimelineCode> = codes.iter().filter(|code| !keyed || code.keys.is_some()).collect();
        let mut groups: Vec<&str> = Vec::new();
        for code in &offered {
            let group = code.group.as_deref().unwrap_or("");
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
        let pad: String = groups
            .iter()
            .map(|group| {
                let buttons: String = offered
                    .iter()
                    .filter(|code| code.group.as_deref().unwrap_or("") == *group)
                    .map(|code| buttons(code))
                    .collect();
                let title = if group.is_empty() {
                    String::new()
                } else {
                    format!("<h3 class=\"small quiet\">{}</h3>", escape(group))
                };
                format!("{title}<div class=\"log-tools\">{buttons}</div>")
            })
            .collect();
        let switch = if keyed {
            "<button class=\"quiet-button small\" type=\"button\" data-keys-switch aria-pressed=\"true\">Two keys write a note: on</button>"
        } else {
            ""
        };
        format!(
            "{}<button class=\"unseen\" type=\"submit\" name=\"code\" value=\"\" data-fallback tabindex=\"-1\" aria-hidden=\"true\">Add</button><div class=\"room-title\"><h2 class=\"f-2\">Note</h2>{switch}</div><div class=\"form-said\"></div><label for=\"note-number\">A number, where the code carries one</label><div class=\"note\"><input class=\"input w-5\" id=\"note-number\" name=\"number\" inputmode=\"decimal\" autocomplete=\"off\"></div><label for=\"note\">In words, beside the code</label><div class=\"note\"><input class=\"input\" id=\"note\" name=\"text\" autocomplete=\"off\"></div>{pad}</form>",
            self.fact_form("session-note", "note-pad", "Note"),
        )
    }

    /// The stretch of the day with its music, and what was drunk against the day's limit.
    pub fn intake(&self) -> String {
        if self.state.departed.is_some() || self.state.closed.is_some() {
            return String::new();
        }
        let mut out = String::new();
        if let Some((title, care, music)) = &self.now.phase {
            out.push_str(&format!(
                "<section class=\"side-block\"><h2>{}</h2><ul class=\"side-list\"><li><p><b>Care</b> {}</p></li><li><p><b>Music</b> {}</p></li></ul></section>",
                escape(title),
                escape(care),
                escape(music)
            ));
        }
        if let Some(fluids) = self.now.fluids.as_ref().filter(|_| self.state.dosed_at().is_some()) {
            let most = i64::from(fluids.day_max_ml.max(1));
            let width = (fluids.all_ml.trunc().clamp(0, most)) * 300 / most;
            let over = fluids.all_ml.trunc() >= most;
            let next = fluids.next_alert_ml.map_or_else(String::new, |at| format!(" An alarm at {at} ml."));
            out.push_str(&format!(
                "<section class=\"side-block\"><h2>Drinking</h2><p class=\"up-2\"><b>{} ml</b> of at most {} ml; {} ml in the last hour.{next}</p><svg class=\"meter\" viewBox=\"0 0 300 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"rest\" width=\"300\" height=\"8\"/><rect class=\"{}\" width=\"{width}\" height=\"8\"/></svg></section>",
                fluids.all_ml,
                fluids.day_max_ml,
                fluids.hour_ml,
                if over { "over" } else { "done" }
            ));
        }
        if let Some(touch) = self.now.touch.as_ref().filter(|_| self.state.dosed_at().is_some()) {
            let agreed: Vec<&str> =
                touch.kinds.iter().filter(|kind| kind.agreed).map(|kind| kind.label.as_str()).collect();
            let words = match (touch.withdrawn, agreed.as_slice()) {
                (Some(at), _) => format!("None any more, since {}.", self.clock(at)),
                (None, []) => "None was agreed on.".to_owned(),
                (None, agreed) => format!("Agreed on: {}. Ask, and wait for yes.", agreed.join(", ").to_lowercase()),
            };
            out.push_str(&format!(
                "<section class=\"side-block\"><h2>Touch</h2><p class=\"up-2\">{}</p></section>",
                escape(&words)
            ));
        }
        out
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
            beside: [beyond.join(", "), self.desk.name_of(&reading.by.person)]
                .into_iter()
                .chain((reading.corrections > 0).then(|| "Corrected".to_owned()))
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(". "),
            amber: !beyond.is_empty(),
            kind: LineKind::Reading,
            record: Some((reading.instance.clone(), reading.recorded_at)),
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
            let code = codes.iter().find(|c| c.code == note.code);
            let label = code.map_or(note.code.as_str(), |c| c.label.as_str());
            let detail = note.detail.as_deref().map_or_else(String::new, |detail| {
                let option = code.and_then(|code| code.options.iter().find(|option| option.code == detail));
                format!(": {}", option.map_or(detail, |option| option.label.as_str()))
            });
            let unit = code.and_then(|code| code.unit.as_deref()).map_or_else(String::new, |unit| format!(" {unit}"));
            let number = note.number.map(|n| format!(" {n}{unit}")).unwrap_or_default();
            let who = self.desk.name_of(&note.by.person);
            let mut beside = match &note.text {
                Some(text) => format!("{text} {who}"),
                None => who,
            };
            if !note.corrected.is_empty() {
                beside.push_str(". Corrected");
            }
            lines.push(Line {
                kind: LineKind::Note,
                record: Some((note.instance.clone(), note.recorded_at)),
                ..Line::new(note.at, format!("{label}{detail}{number}"), beside)
            });
        }
        for look in &self.state.night {
            let distress = look.distress.map(|d| format!(", distress {d} of 10")).unwrap_or_default();
            let how = if look.awake { "Awake in the night" } else { "Asleep in the night" };
            lines.push(Line { kind: LineKind::Note, ..Line::new(look.at, format!("{how}{distress}"), "") });
        }
        lines
    }
}

/// One button for a code, or one for each of its choices.
fn buttons(code: &TimelineCode) -> String {
    let keys = code.keys.as_deref().unwrap_or("");
    let one = |value: &str, label: &str, keys: &str| {
        let unit = code.unit.as_deref().map_or_else(String::new, |unit| format!(" data-unit=\"{}\"", escape(unit)));
        let words = if code.words { " data-words" } else { "" };
        let (attribute, shown) = if keys.is_empty() {
            (String::new(), String::new())
        } else {
            (
                format!(" data-keys=\"{0}\" aria-keyshortcuts=\"{0}\"", escape(keys)),
                format!("<kbd>{}</kbd>", escape(keys)),
            )
        };
        format!(
            "<button class=\"quick\" type=\"submit\" name=\"code\" value=\"{}\"{unit}{words}{attribute}>{}{shown}</button>",
            escape(value),
            escape(label)
        )
    };
    if code.options.is_empty() {
        return one(&code.code, &code.label, keys);
    }
    let numbered = (1..).zip(&code.options);
    numbered
        .map(|(number, option)| {
            let keys = if keys.is_empty() { String::new() } else { format!("{keys}{number}") };
            one(&format!("{}:{}", code.code, option.code), &format!("{}: {}", code.label, option.label), &keys)
        })
        .collect()
}

fn pieces(count: u32) -> String {
    show::count(usize::try_from(count).unwrap_or(usize::MAX), "piece", "pieces")
}
