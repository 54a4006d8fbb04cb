//! Vital signs in the room: the reading's form, the times at which one is due, and the chart.

use conduct::session::day::{Slot, SlotStanding};
use jiff::Timestamp;
use protocol::model::Measure;
use terms::Decimal;

use super::ahead::Room;
use super::participant::wide;
use crate::chart::svg::escape;
use crate::chart::vitals::{self, Vitals};
use crate::parts::page::Section;
use crate::parts::words::{Empty, Tag};
use crate::show;

impl Room<'_> {
    /// The panel in which a reading is typed. Its form stays as it is while others write; what moves stands in regions.
    pub fn reading_panel(&self, head: &str, last: &str) -> String {
        if !self.may_do("reading") || self.state.departed.is_some() {
            return String::new();
        }
        let plan = &self.file.study.session;
        let asked = |measure: &Measure| {
            let slots = plan.vitals.iter().chain(&plan.room.ratings);
            slots.flat_map(|slot| &slot.measures).any(|asked| *asked == measure.id)
        };
        let (often, seldom): (Vec<&Measure>, Vec<&Measure>) = plan.measures.iter().partition(|m| asked(m));
        let (shown, more) = if often.is_empty() { (seldom, Vec::new()) } else { (often, seldom) };
        let more = if more.is_empty() {
            String::new()
        } else {
            format!(
                "<details class=\"history up-3\"><summary>More to measure</summary><div class=\"vitals\">{}</div></details>",
                more.into_iter().map(|m| self.measure_field(m)).collect::<String>()
            )
        };
        format!(
            "<section class=\"panel due\" id=\"take-reading\" aria-labelledby=\"reading-title\">{}<div class=\"panel-in\">{head}<div class=\"form-said\"></div><div class=\"vitals\">{}</div>{more}\
             <label class=\"option confirm\" hidden><input type=\"checkbox\" name=\"confirmed\" value=\"yes\"><span>Measured again, and it is so</span></label><div class=\"actions\"><button class=\"button\" type=\"submit\">Record reading</button><a href=\"{}/do/reading\">With another time</a></div>{last}</div></form></section>",
            self.fact_form("reading", "reading-form", "Reading"),
            shown.into_iter().map(|m| self.measure_field(m)).collect::<String>(),
            self.at()
        )
    }

    fn measure_field(&self, measure: &Measure) -> String {
        let id = format!("m-{}", measure.id);
        let whole = measure.min.is_whole() && measure.max.is_whole();
        let (mode, digits) = if whole { ("numeric", "0") } else { ("decimal", "1") };
        let unit = if measure.unit.is_empty() {
            String::new()
        } else {
            format!("<span class=\"unit\">{}</span>", escape(&measure.unit))
        };
        format!(
            "<div class=\"vital field\"><label for=\"{id}\">{}</label><div class=\"entry\"><input id=\"{id}\" name=\"measures.{}\" inputmode=\"{mode}\" autocomplete=\"off\" aria-describedby=\"{id}-h\" data-min=\"{}\" data-max=\"{}\" data-digits=\"{digits}\" data-label=\"{}\">{unit}</div><p class=\"last\" id=\"{id}-h\">{} to {}</p></div>",
            escape(&measure.label),
            escape(&measure.id),
            measure.min,
            measure.max,
            escape(&measure.label),
            measure.min,
            measure.max
        )
    }

    /// Whether one is due, and why.
    pub fn reading_head(&self) -> String {
        let (tag, why) = match self.next_reading() {
            Some((at, _, closes)) if closes < self.desk.now => {
                (Tag::stop("Overdue"), format!("Was due at {}, in time until {}.", self.clock(at), self.clock(closes)))
            }
            Some((at, opens, closes)) if opens <= self.desk.now => {
                (Tag::now("Due now"), format!("Due at {}, in time until {}.", self.clock(at), self.clock(closes)))
            }
            Some((at, opens, _)) => {
                (Tag::plan(format!("Next {}", self.clock(at))), format!("In time from {}.", self.clock(opens)))
            }
            None => (Tag::plan("When you see fit"), "None is due by the plan just now.".to_owned()),
        };
        let age = self.state.readings.last().map_or_else(String::new, |last| {
            let minutes = self.desk.now.duration_since(last.at).as_mins();
            format!(" The last is {} old.", show::count(usize::try_from(minutes).unwrap_or(0), "minute", "minutes"))
        });
        format!(
            "<div class=\"room-title\"><h2 id=\"reading-title\">Take a reading</h2>{tag}</div><p class=\"quiet\">{why}{age}</p>"
        )
    }

    /// The last values, to hold the new ones against.
    pub fn last_values(&self) -> String {
        let words: Vec<String> = self
            .file
            .study
            .session
            .measures
            .iter()
            .filter_map(|measure| {
                let found = self.state.readings.iter().rev().find_map(|r| Some((r.at, r.measures.get(&measure.id)?)));
                let (at, value) = found?;
                Some(format!("{} {value} at {}", measure.label.to_lowercase(), self.clock(at)))
            })
            .collect();
        if words.is_empty() {
            return String::new();
        }
        format!("<p class=\"small quiet up-3\">Last: {}.</p>", escape(&words.join(", ")))
    }

    /// Times of the plan: due, window, and by whom done or how late.
    pub fn due_list(&self) -> String {
        let slots: Vec<&Slot> = self.now.slots.iter().filter(|slot| slot.at.is_some()).collect();
        if self.state.dosed_at().is_none() || slots.is_empty() {
            return String::new();
        }
        let rows: String = slots.into_iter().filter_map(|slot| self.due_row(slot)).collect();
        Section::new("due-title", "Readings by the plan", format!("<ol class=\"due-list\">{rows}</ol>")).to_string()
    }

    fn due_row(&self, slot: &Slot) -> Option<String> {
        let (at, opens, closes) = (slot.at?, slot.opens?, slot.closes?);
        let taken = self.state.readings.iter().find(|reading| {
            let filled = if slot.rating { &reading.rating } else { &reading.slot };
            filled.as_deref() == Some(slot.id.as_str())
        });
        let left = self.state.departed.is_some_and(|(left, _)| left < opens);
        let (tag, words) = match (slot.standing, taken) {
            (SlotStanding::Taken, Some(reading)) if reading.at > closes => (
                Tag::now("Taken late"),
                format!("{}, {}", self.clock(reading.at), self.desk.name_of(&reading.by.person)),
            ),
            (SlotStanding::Taken, Some(reading)) => {
                (Tag::done("Taken"), format!("{}, {}", self.clock(reading.at), self.desk.name_of(&reading.by.person)))
            }
            (SlotStanding::Taken, None) => (Tag::done("Not asked, said why"), String::new()),
            _ if left => (Tag::done("Left before"), String::new()),
            (SlotStanding::Overdue, _) => (Tag::stop("Overdue"), "take it, or say why not".to_owned()),
            (SlotStanding::Open, _) => (Tag::now("Due now"), String::new()),
            (SlotStanding::Ahead, _) => (Tag::plan("Planned"), String::new()),
        };
        let measures: Vec<String> = slot.measures.iter().map(|id| self.measure_label(id)).collect();
        Some(format!(
            "<li data-key=\"{}\"><span class=\"at\">{}</span><div><b>{}</b><p>{} to {}. {}</p></div><div class=\"due-state\">{tag}<p class=\"small quiet\">{}</p></div></li>",
            escape(&slot.id),
            show::offset(i64::from(slot.offset_minutes)),
            self.clock(at),
            self.clock(opens),
            self.clock(closes),
            escape(&measures.join(", ")),
            escape(&words)
        ))
    }

    fn measure_label(&self, id: &str) -> String {
        let found = self.file.study.session.measures.iter().find(|measure| measure.id == id);
        found.map_or_else(|| id.replace('_', " "), |measure| measure.label.to_lowercase())
    }

    /// Pressure, pulse and temperature against limits, dose and supplement.
    pub fn chart(&self) -> String {
        let measure = |name: &str, reading: &conduct::state::Reading| reading.measures.get(name).copied();
        let whole = |value: Option<Decimal>| value.and_then(|v| u32::try_from(v.trunc()).ok());
        let zero = self.state.dosed_at().or_else(|| self.state.readings.first().map(|r| r.at));
        let readings: Vec<vitals::Reading> = self
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
        let Some(drawn) = chart.draw() else {
            let empty = Empty::new("No reading yet.", "Readings stand here with the study’s limits.");
            return Section::new("vitals-title", "Vital signs", empty).to_string();
        };
        let key = "<ul class=\"key\"><li><svg class=\"chart key-mark\" width=\"14\" height=\"22\" viewBox=\"0 0 14 22\" aria-hidden=\"true\"><path class=\"l1\" d=\"M7 5V17M2 1l5 5l5 -5M2 21l5 -5l5 5\"/></svg>pressure, systolic to diastolic</li>\
             <li><svg class=\"chart key-mark\" width=\"26\" height=\"10\" viewBox=\"0 0 26 10\" aria-hidden=\"true\"><path class=\"l2\" d=\"M0 5h26\"/><circle class=\"p2\" cx=\"13\" cy=\"5\" r=\"4\"/></svg>pulse; below, temperature</li>\
             <li><svg class=\"chart key-mark\" width=\"26\" height=\"10\" viewBox=\"0 0 26 10\" aria-hidden=\"true\"><path class=\"limit\" d=\"M0 5h26\"/></svg>limit</li></ul>";
        let body = format!(
            "{key}{}<details class=\"history\"><summary>As a table</summary><div class=\"up-3\">{}</div></details>",
            wide("Vital signs", &drawn),
            chart.table()
        );
        Section::new("vitals-title", "Vital signs", body).to_string()
    }

    fn limits(&self) -> Vec<vitals::Limit> {
        let mut out = Vec::new();
        for limit in &self.file.study.session.limits {
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

    /// A moment that the script counts down to, with what is left of it now.
    pub fn countdown(&self, until: Timestamp) -> String {
        let left = until.duration_since(self.desk.now).as_mins().max(0);
        format!("<span data-until=\"{}\">{left}</span>", until.as_millisecond())
    }
}
