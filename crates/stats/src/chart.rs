//! Line charts as SVG text: axes with round ticks, series with intervals, lines to compare with.
//!
//! Whole documents without script, style sheet or outside font, for a page or a print; colours are told apart by colour-blind
//! eyes and on grey paper, and the title and description are read by screen readers. The same data give the same bytes.

use std::fmt::Write as _;

/// A chart.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chart {
    /// What it shows, above it.
    pub title: String,
    /// What it shows, for those who can't see it: the finding in a sentence.
    pub description: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// The lines, in the order of the legend.
    pub series: Vec<Series>,
    /// Lines to compare with.
    pub marks: Vec<Mark>,
}

/// An axis.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Axis {
    /// Its name with its unit.
    pub label: String,
    /// Numbers that it must reach, beside the data.
    pub reach: Vec<f64>,
    /// Ticks as percentages.
    pub percent: bool,
}

/// A line through points.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// Its name in the legend; none for a single line.
    pub name: String,
    /// Its points, from left to right.
    pub points: Vec<Point>,
}

/// A point with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Across.
    pub x: f64,
    /// Up.
    pub y: f64,
    /// The interval's ends, if it has one.
    pub interval: Option<[f64; 2]>,
}

/// A line to compare with.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// Level, at a height.
    Level(f64, String),
    /// Upright, at a place.
    Upright(f64, String),
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 440.0;
const LEFT: f64 = 74.0;
const RIGHT: f64 = 22.0;
const TOP: f64 = 52.0;
const BOTTOM: f64 = 62.0;
/// Blue, vermilion, green, purple (Okabe & Ito 2008), each with a dash pattern of its own.
const LINES: [(&str, &str); 4] = [("#0072b2", ""), ("#d55e00", "7 4"), ("#009e73", "2 3"), ("#8a4a78", "9 3 2 3")];

impl Chart {
    /// The chart as an SVG document. Points that are no numbers are left out.
    pub fn svg(&self) -> String {
        let points = || self.series.iter().flat_map(|series| &series.points).filter(|point| point.is_sound());
        let (mut across, mut up) = (self.x.reach.clone(), self.y.reach.clone());
        for mark in &self.marks {
            match mark {
                Mark::Level(y, _) => up.push(*y),
                Mark::Upright(x, _) => across.push(*x),
            }
        }
        across.extend(points().map(|point| point.x));
        up.extend(points().flat_map(|point| [point.y].into_iter().chain(point.interval.into_iter().flatten())));
        let (x, y) = (Scale::over(&across, LEFT, WIDTH - RIGHT), Scale::over(&up, HEIGHT - BOTTOM, TOP));
        let mut out = String::new();
        // Writing to a String can't fail.
        let _ = self.draw(&mut out, &x, &y);
        out
    }

    fn draw(&self, out: &mut String, x: &Scale, y: &Scale) -> std::fmt::Result {
        writeln!(
            out,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" aria-labelledby="t d" font-family="system-ui, sans-serif" font-size="13">"#
        )?;
        writeln!(
            out,
            r#"<title id="t">{}</title><desc id="d">{}</desc>"#,
            escaped(&self.title),
            escaped(&self.description)
        )?;
        writeln!(out, r##"<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>"##)?;
        writeln!(
            out,
            r##"<text x="{LEFT}" y="24" font-size="16" font-weight="600" fill="#1a1a1a">{}</text>"##,
            escaped(&self.title)
        )?;
        self.axes(out, x, y)?;
        self.draw_marks(out, x, y)?;
        for (index, series) in self.series.iter().enumerate() {
            self.draw_series(out, x, y, index, series)?;
        }
        writeln!(out, "</svg>")
    }

    fn axes(&self, out: &mut String, x: &Scale, y: &Scale) -> std::fmt::Result {
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        for tick in &y.ticks {
            let at = y.place(*tick);
            writeln!(
                out,
                r##"<path d="M{LEFT} {at:.1}H{right}" stroke="#e3e3e3"/><text x="{:.1}" y="{:.1}" text-anchor="end" fill="#333333">{}</text>"##,
                LEFT - 8.0,
                at + 4.5,
                y.label(*tick, self.y.percent)
            )?;
        }
        for tick in &x.ticks {
            let at = x.place(*tick);
            writeln!(
                out,
                r##"<path d="M{at:.1} {bottom}v5" stroke="#333333"/><text x="{at:.1}" y="{:.1}" text-anchor="middle" fill="#333333">{}</text>"##,
                bottom + 20.0,
                x.label(*tick, self.x.percent)
            )?;
        }
        writeln!(out, r##"<path d="M{LEFT} {TOP}V{bottom}H{right}" fill="none" stroke="#333333"/>"##)?;
        writeln!(
            out,
            r##"<text x="{:.1}" y="{:.1}" text-anchor="middle" fill="#1a1a1a">{}</text>"##,
            0.5 * (LEFT + right),
            HEIGHT - 16.0,
            escaped(&self.x.label)
        )?;
        let middle = 0.5 * (TOP + bottom);
        writeln!(
            out,
            r##"<text transform="translate(18 {middle:.1}) rotate(-90)" text-anchor="middle" fill="#1a1a1a">{}</text>"##,
            escaped(&self.y.label)
        )
    }

    fn draw_marks(&self, out: &mut String, x: &Scale, y: &Scale) -> std::fmt::Result {
        for mark in &self.marks {
            match mark {
                Mark::Level(height, name) => {
                    let (at, right) = (y.place(*height), WIDTH - RIGHT);
                    writeln!(
                        out,
                        r##"<path d="M{LEFT} {at:.1}H{right}" stroke="#666666" stroke-dasharray="4 4"/><text x="{:.1}" y="{:.1}" text-anchor="end" fill="#444444" font-size="12">{}</text>"##,
                        right - 4.0,
                        at - 5.0,
                        escaped(name)
                    )?;
                }
                Mark::Upright(place, name) => {
                    let (at, bottom) = (x.place(*place), HEIGHT - BOTTOM);
                    // Beside the line, on the side with more room.
                    let (side, anchor) = if at > 0.5 * WIDTH { (-5.0, "end") } else { (5.0, "start") };
                    writeln!(
                        out,
                        r##"<path d="M{at:.1} {TOP}V{bottom}" stroke="#666666" stroke-dasharray="4 4"/><text x="{:.1}" y="{:.1}" text-anchor="{anchor}" fill="#444444" font-size="12">{}</text>"##,
                        at + side,
                        TOP + 12.0,
                        escaped(name)
                    )?;
                }
            }
        }
        Ok(())
    }

    fn draw_series(&self, out: &mut String, x: &Scale, y: &Scale, index: usize, series: &Series) -> std::fmt::Result {
        let (colour, dashes) = LINES[index % LINES.len()];
        let points: Vec<&Point> = series.points.iter().filter(|point| point.is_sound()).collect();
        let banded: Vec<(f64, [f64; 2])> = points.iter().filter_map(|point| Some((point.x, point.interval?))).collect();
        if banded.len() > 1 {
            let there = banded.iter().map(|(at, [low, _])| (at, low));
            let back = banded.iter().rev().map(|(at, [_, high])| (at, high));
            let corners: Vec<String> =
                there.chain(back).map(|(at, height)| format!("{:.1},{:.1}", x.place(*at), y.place(*height))).collect();
            writeln!(out, r#"<polygon points="{}" fill="{colour}" fill-opacity="0.15"/>"#, corners.join(" "))?;
        }
        let line: Vec<String> =
            points.iter().map(|point| format!("{:.1},{:.1}", x.place(point.x), y.place(point.y))).collect();
        let dash = if dashes.is_empty() { String::new() } else { format!(r#" stroke-dasharray="{dashes}""#) };
        writeln!(
            out,
            r#"<polyline points="{}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>"#,
            line.join(" ")
        )?;
        for point in &points {
            let (cx, cy) = (x.place(point.x), y.place(point.y));
            if let Some([low, high]) = point.interval {
                writeln!(out, r#"<path d="M{cx:.1} {:.1}V{:.1}" stroke="{colour}"/>"#, y.place(low), y.place(high))?;
            }
            writeln!(out, r#"<circle cx="{cx:.1}" cy="{cy:.1}" r="3.2" fill="{colour}"/>"#)?;
        }
        if series.name.is_empty() {
            return Ok(());
        }
        let (from, height) = (LEFT + 170.0 * index as f64, 42.0);
        writeln!(
            out,
            r##"<path d="M{from:.1} {height}h26" stroke="{colour}" stroke-width="2"{dash}/><text x="{:.1}" y="{:.1}" fill="#1a1a1a">{}</text>"##,
            from + 32.0,
            height + 4.5,
            escaped(&series.name)
        )
    }
}

impl Point {
    fn is_sound(&self) -> bool {
        let ends = self.interval.is_none_or(|[low, high]| low.is_finite() && high.is_finite());
        self.x.is_finite() && self.y.is_finite() && ends
    }
}

/// From numbers to places on paper.
struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    step: f64,
    ticks: Vec<f64>,
}

impl Scale {
    /// A scale with round ends that holds all `values`.
    fn over(values: &[f64], from: f64, to: f64) -> Self {
        let finite = || values.iter().copied().filter(|value| value.is_finite());
        let (mut low, mut high) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if high - low < 1e-12 * (1.0 + high.abs()) {
            (low, high) = (low - 0.5, high + 0.5);
        }
        let raw = (high - low) / 6.0;
        let power = 10f64.powf(raw.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|part| part * power).find(|step| *step >= raw * 0.999);
        let step = step.unwrap_or(raw);
        let (first, last) = ((low / step + 1e-9).floor(), (high / step - 1e-9).ceil());
        let ticks: Vec<f64> = (0..=(last - first) as usize).map(|at| (first + at as f64) * step).collect();
        Scale { low: first * step, high: last * step, from, to, step, ticks }
    }

    fn place(&self, value: f64) -> f64 {
        self.from + (value - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    fn label(&self, value: f64, percent: bool) -> String {
        let (value, step) = if percent { (100.0 * value, 100.0 * self.step) } else { (value, self.step) };
        let decimals = (0..6).find(|digits| {
            let scaled = step * 10f64.powi(*digits);
            (scaled - scaled.round()).abs() < 1e-6 * scaled
        });
        let decimals = decimals.unwrap_or(6) as usize;
        // A minus sign as typesetters have it, and none before 0.
        let text = format!("{:.decimals$}", if value.abs() < 1e-9 * step { 0.0 } else { value }).replace('-', "−");
        if percent { text + " %" } else { text }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ticks_are_round_and_hold_the_data() {
        for (values, expected) in [
            (vec![0.03, 0.97], "0.0 0.2 0.4 0.6 0.8 1.0"),
            (vec![60.0, 160.0], "60 80 100 120 140 160"),
            (vec![-12.0, 3.0], "−12.5 −10.0 −7.5 −5.0 −2.5 0.0 2.5 5.0"),
            (vec![5.0], "4.4 4.6 4.8 5.0 5.2 5.4 5.6"),
            (vec![], "0.0 0.2 0.4 0.6 0.8 1.0"),
        ] {
            let scale = Scale::over(&values, 0.0, 100.0);
            let labels: Vec<String> = scale.ticks.iter().map(|tick| scale.label(*tick, false)).collect();
            assert_eq!(labels.join(" "), expected, "{values:?}");
        }
        let scale = Scale::over(&[0.0, 1.0], 0.0, 100.0);
        assert_eq!(scale.label(0.2, true), "20 %");
    }

    #[test]
    fn text_is_escaped_and_names_are_there() {
        let chart = Chart {
            title: "A < B & \"C\"".into(),
            series: vec![Series {
                name: "one".into(),
                points: vec![Point { x: 1.0, y: 2.0, interval: Some([1.0, 3.0]) }],
            }],
            marks: vec![Mark::Level(2.5, "80 %".into()), Mark::Upright(1.5, "planned".into())],
            ..Chart::default()
        };
        let svg = chart.svg();
        for part in ["A &lt; B &amp; &quot;C&quot;", ">one<", ">80 %<", ">planned<", "<circle", "</svg>"] {
            assert!(svg.contains(part), "{part}\n{svg}");
        }
        assert_eq!(svg, chart.svg());
    }

    proptest! {
        /// Whatever the numbers, every place lies on the paper and the text is a whole document.
        #[test]
        fn all_places_are_on_the_paper(points in proptest::collection::vec((any::<f64>(), any::<f64>(), any::<f64>()), 0..8)) {
            let points = points.into_iter().map(|(x, y, z)| Point { x: x % 1e9, y: y % 1e9, interval: Some([y % 1e9, z % 1e9]) });
            let chart = Chart { series: vec![Series { name: String::new(), points: points.collect() }], ..Chart::default() };
            let svg = chart.svg();
            prop_assert!(svg.ends_with("</svg>\n") && !svg.contains("NaN") && !svg.contains("inf"));
            for number in svg.split([',', ' ', '"']).filter_map(|part| part.parse::<f64>().ok()) {
                prop_assert!((-1.0..=WIDTH + 1.0).contains(&number), "{number}");
            }
        }
    }
}
