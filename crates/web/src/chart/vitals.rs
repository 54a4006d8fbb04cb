//! Vital signs of a session over minutes since the dose: pressure as bars, pulse as open dots, temperature below on
//! its own scale, limits dashed and named, what is beyond a limit in orange with its number.

use super::svg::{Anchor, Svg, n};
use crate::parts::table::{Cell, Table};
use crate::show;

/// One reading. Minutes count from the first dose; before it they are negative.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    pub minute: i64,
    pub systolic_mmhg: Option<u32>,
    pub diastolic_mmhg: Option<u32>,
    pub pulse_per_minute: Option<u32>,
    /// Tenths of a degree Celsius.
    pub temperature_tenths: Option<u32>,
    /// Whether the study's limits call it beyond.
    pub beyond: Option<String>,
}

/// A limit line with its words, in the unit of its axis.
#[derive(Debug, Clone)]
pub struct Limit {
    pub value: f64,
    pub words: String,
    pub stops: bool,
    pub temperature: bool,
}

#[derive(Debug, Clone)]
pub struct Vitals {
    pub id: String,
    pub readings: Vec<Reading>,
    pub limits: Vec<Limit>,
    /// Wall-clock time of the dose, in words; `None` before it.
    pub dose: Option<String>,
    /// Minutes after the dose between which the supplement may be opened.
    pub supplement: Option<(i64, i64)>,
    pub now: Option<i64>,
}

const LEFT: f64 = 34.0;
const RIGHT: f64 = 624.0;
/// Minutes around the dose that are drawn; what lies outside stands in the table.
const DRAWN: std::ops::RangeInclusive<i64> = -180..=900;
const TOP: f64 = 30.0;
const MIDDLE: f64 = 262.0;
const LOW_TOP: f64 = 296.0;
const LOW: f64 = 354.0;

impl Vitals {
    fn span(&self) -> (f64, f64) {
        let now = self.now.filter(|now| DRAWN.contains(now));
        let minutes = || self.drawn().map(|r| r.minute).chain(now).chain(self.supplement.map(|s| s.1)).chain([0]);
        let first = minutes().min().unwrap_or(0).min(-40);
        let last = minutes().max().unwrap_or(0).max(120);
        let last = (last + 29) / 30 * 30;
        (first as f64, last as f64)
    }

    fn drawn(&self) -> impl Iterator<Item = &Reading> {
        self.readings.iter().filter(|reading| DRAWN.contains(&reading.minute))
    }

    fn finding(&self) -> String {
        let Some(last) = self.readings.iter().max_by_key(|r| r.minute) else { return "No reading yet.".to_owned() };
        let beyond = self.readings.iter().filter(|r| r.beyond.is_some()).count();
        let said = match beyond {
            0 => "None beyond a limit.".to_owned(),
            1 => "One beyond a limit.".to_owned(),
            many => format!("{many} beyond a limit."),
        };
        format!("{} readings. Last at {} min: {}. {said}", self.readings.len(), show::offset(last.minute), words(last))
    }

    /// The drawing, or `None` without a reading.
    pub fn draw(&self) -> Option<String> {
        if self.readings.is_empty() {
            return None;
        }
        let (first, last) = self.span();
        let x = |minute: f64| LEFT + (minute - first) / (last - first) * (RIGHT - LEFT);
        let y = |value: f64| MIDDLE - (value.clamp(40.0, 220.0) - 60.0) / 140.0 * (MIDDLE - TOP);
        let t = |tenths: f64| LOW - (tenths.clamp(340.0, 420.0) - 360.0) / 30.0 * (LOW - LOW_TOP);
        let mut svg = Svg::new(&self.id, 812.0, 380.0, "Vital signs since the dose", &self.finding());
        if let Some((from, to)) = self.supplement {
            svg.rect("supp", (x(from as f64), TOP), (x(to as f64) - x(from as f64), LOW - TOP), 0.0);
            let centre = x((from + to) as f64 / 2.0);
            svg.text("t-now", (centre, 14.0), Anchor::Middle, "supplement");
            svg.text("t-3", (centre, 28.0), Anchor::Middle, &format!("{} to {}", show::offset(from), show::offset(to)));
        }
        for value in [60, 80, 100, 120, 140, 160, 180, 200] {
            svg.line("grid", (LEFT, y(f64::from(value))), (RIGHT, y(f64::from(value))));
            svg.text("t-3", (LEFT - 7.0, y(f64::from(value)) + 4.0), Anchor::End, &value.to_string());
        }
        for degrees in [36, 37, 38, 39] {
            let at = t(f64::from(degrees) * 10.0);
            svg.line("grid", (LEFT, at), (RIGHT, at));
            svg.text("t-3", (LEFT - 7.0, at + 4.0), Anchor::End, &degrees.to_string());
        }
        self.limit_lines(&mut svg, &y, &t);
        let step = if last - first > 420.0 { 60.0 } else { 30.0 };
        let mut minute = (first / step).ceil() * step;
        while minute <= last {
            svg.text("t-3", (x(minute), 372.0), Anchor::Middle, &show::offset(minute as i64));
            minute += step;
        }
        svg.text("t-3", (RIGHT + 24.0, 372.0), Anchor::Start, "min since dose");
        if let Some(clock) = &self.dose {
            svg.line("rule", (x(0.0), TOP), (x(0.0), LOW));
            svg.text("t-b", (x(0.0), 14.0), Anchor::Middle, "Dose");
            svg.text("t-3", (x(0.0), 28.0), Anchor::Middle, clock);
        }
        self.marks(&mut svg, &x, &y, &t);
        if let Some(now) = self.now.filter(|now| DRAWN.contains(now)) {
            svg.line("now", (x(now as f64), TOP), (x(now as f64), LOW));
        }
        svg.text("t-3", (RIGHT + 8.0, 18.0), Anchor::Start, "mmHg; pulse per min");
        svg.text("t-3", (0.0, 284.0), Anchor::Start, "°C");
        Some(svg.finish())
    }

    fn limit_lines(&self, svg: &mut Svg, y: &dyn Fn(f64) -> f64, t: &dyn Fn(f64) -> f64) {
        let mut lowest = f64::MIN;
        let place = |limit: &Limit| if limit.temperature { t(limit.value) } else { y(limit.value) };
        let mut shown: Vec<&Limit> =
            self.limits.iter().filter(|l| l.temperature || (40.0..=200.0).contains(&l.value)).collect();
        shown.sort_by(|a, b| place(a).total_cmp(&place(b)));
        for limit in shown {
            let at = if limit.temperature { t(limit.value) } else { y(limit.value) };
            let (line, words) = if limit.stops { ("limit-stop", "t-stop") } else { ("limit", "t-now") };
            svg.line(line, (LEFT, at), (RIGHT, at));
            let label = (at + 4.0).max(lowest + 14.0);
            lowest = label;
            svg.text(words, (RIGHT + 8.0, label), Anchor::Start, &limit.words);
        }
    }

    fn marks(&self, svg: &mut Svg, x: &dyn Fn(f64) -> f64, y: &dyn Fn(f64) -> f64, t: &dyn Fn(f64) -> f64) {
        let mut sorted: Vec<&Reading> = self.drawn().collect();
        sorted.sort_by_key(|r| r.minute);
        let at = |r: &Reading| x(r.minute as f64);
        let pulses: Vec<(f64, f64)> =
            sorted.iter().filter_map(|r| Some((at(r), y(f64::from(r.pulse_per_minute?))))).collect();
        let temperatures: Vec<(f64, f64)> =
            sorted.iter().filter_map(|r| Some((at(r), t(f64::from(r.temperature_tenths?))))).collect();
        svg.polyline("l2", &pulses).polyline("l2", &temperatures);
        for reading in sorted {
            let at = at(reading);
            let class = if reading.beyond.is_some() { "l3" } else { "l1" };
            if let (Some(high), Some(low)) = (reading.systolic_mmhg, reading.diastolic_mmhg) {
                let (a, b) = (y(f64::from(high)), y(f64::from(low)));
                svg.line(class, (at, a), (at, b));
                svg.path(class, &format!("M{} {}l6 6l6 -6", n(at - 6.0), n(a - 6.0)));
                svg.path(class, &format!("M{} {}l6 -6l6 6", n(at - 6.0), n(b + 6.0)));
            }
            if let Some(words) = &reading.beyond {
                let top = reading.systolic_mmhg.map_or(MIDDLE, |v| y(f64::from(v)));
                let (from, anchor) =
                    if at < LEFT + 160.0 { (at + 10.0, Anchor::Start) } else { (at - 10.0, Anchor::End) };
                svg.text("t-now", (from, top - 10.0), anchor, words);
            }
        }
        for (px, py) in pulses.into_iter().chain(temperatures) {
            svg.circle("p2", (px, py), 4.0);
        }
    }

    pub fn table(&self) -> Table {
        let number = |value: Option<u32>| value.map(|v| v.to_string()).unwrap_or_default();
        let rows = self
            .readings
            .iter()
            .map(|r| {
                vec![
                    Cell::head(&format!("{} min", show::offset(r.minute))),
                    Cell::text(&number(r.systolic_mmhg)),
                    Cell::text(&number(r.diastolic_mmhg)),
                    Cell::text(&number(r.pulse_per_minute)),
                    Cell::text(&r.temperature_tenths.map(show::tenths).unwrap_or_default()),
                    Cell::text(r.beyond.as_deref().unwrap_or("")),
                ]
            })
            .collect();
        let heads = [
            "Since dose",
            "Systolic, mmHg",
            "Diastolic, mmHg",
            "Pulse, per minute",
            "Temperature, °C",
            "Beyond a limit",
        ];
        Table::new("Vital signs since the dose", &heads, rows)
    }
}

fn words(reading: &Reading) -> String {
    let mut parts = Vec::new();
    if let (Some(high), Some(low)) = (reading.systolic_mmhg, reading.diastolic_mmhg) {
        parts.push(format!("{high} over {low} mmHg"));
    }
    if let Some(pulse) = reading.pulse_per_minute {
        parts.push(format!("pulse {pulse}"));
    }
    if let Some(tenths) = reading.temperature_tenths {
        parts.push(format!("{} °C", show::tenths(tenths)));
    }
    if parts.is_empty() { "nothing measured".to_owned() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_beyond_a_limit_is_said_in_picture_and_table() {
        let chart = Vitals {
            id: "v".into(),
            readings: vec![
                Reading {
                    minute: -7,
                    systolic_mmhg: Some(136),
                    diastolic_mmhg: Some(82),
                    pulse_per_minute: Some(78),
                    temperature_tenths: Some(368),
                    beyond: None,
                },
                Reading {
                    minute: 62,
                    systolic_mmhg: Some(162),
                    diastolic_mmhg: Some(96),
                    beyond: Some("162 systolic".into()),
                    ..Reading::default()
                },
            ],
            limits: vec![Limit { value: 160.0, words: "160 systolic".into(), stops: false, temperature: false }],
            dose: Some("10:02".into()),
            supplement: Some((90, 120)),
            now: Some(99),
        };
        let drawn = chart.draw().unwrap();
        assert!(drawn.contains("2 readings. Last at +62 min: 162 over 96 mmHg. One beyond a limit."), "{drawn}");
        assert!(drawn.contains("class=\"l3\"") && drawn.contains("160 systolic"));
        assert_eq!(chart.table().rows[1][5].words, "162 systolic");
        assert_eq!(chart.table().rows[0][4].words, "36.8");
    }

    #[test]
    fn no_reading_draws_nothing() {
        let empty =
            Vitals { id: "v".into(), readings: vec![], limits: vec![], dose: None, supplement: None, now: None };
        assert!(empty.draw().is_none());
    }
}
