//! Severity bands: stacked bars by visit and arm, and every participant's line through the bands.

use super::svg::{Hang, Scale, Svg, ticks};

/// One bar: how many in each band, mildest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// Head of a group of bars; none to go on in the same.
    pub group: Option<String>,
    /// Its name.
    pub name: String,
    /// Counts by band.
    pub counts: Vec<usize>,
}

/// Stacked bars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bars {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// What it shows, in words.
    pub finding: String,
    /// Names of the bands, mildest first.
    pub bands: Vec<String>,
    /// Bars from top to bottom.
    pub bars: Vec<Bar>,
}

const WIDTH: f64 = 640.0;
const LEFT: f64 = 96.0;
const RIGHT: f64 = 596.0;

/// The class of a band: five steps of one hue, whatever the number of bands.
pub fn band_class(band: usize, of: usize) -> String {
    let step = if of <= 1 { 2 } else { band * 4 / (of - 1) };
    format!("band{}", step + 1)
}

impl Bars {
    /// The markup; nothing where nobody is in a band.
    pub fn draw(&self) -> Option<String> {
        let total = |bar: &Bar| bar.counts.iter().sum::<usize>();
        if self.bars.iter().all(|bar| total(bar) == 0) {
            return None;
        }
        let groups = self.bars.iter().filter(|bar| bar.group.is_some()).count() as f64;
        let height = 40.0 + self.bars.len() as f64 * 26.0 + groups * 24.0;
        let mut svg = Svg::new(&self.id, (WIDTH, height), &self.title, &self.finding);
        let mut x = LEFT;
        for (at, name) in self.bands.iter().enumerate() {
            svg.rect(&band_class(at, self.bands.len()), (x, 4.0), (14.0, 14.0));
            svg.text("t1", (x + 20.0, 16.0), Hang::Start, name);
            x += 36.0 + 7.2 * name.chars().count() as f64;
        }
        let mut y = 30.0;
        for bar in &self.bars {
            if let Some(group) = &bar.group {
                svg.text("tb", (0.0, y + 16.0), Hang::Start, group);
                y += 24.0;
            }
            let total = total(bar);
            svg.text("t1", (LEFT - 10.0, y + 15.0), Hang::End, &bar.name);
            let scale = Scale::new((0.0, total.max(1) as f64), (LEFT, RIGHT));
            let mut before = 0;
            for (band, count) in bar.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                let (from, to) = (scale.at(before as f64), scale.at((before + count) as f64));
                svg.rect(&band_class(band, self.bands.len()), (from, y), (to - from, 20.0));
                if to - from > 16.0 {
                    let last = band + 1 == self.bands.len();
                    let class = if last { "ti" } else { "t1" };
                    svg.text(class, ((from + to) / 2.0, y + 15.0), Hang::Middle, &count.to_string());
                }
                before += count;
            }
            svg.text("t3", (RIGHT + 10.0, y + 15.0), Hang::Start, &format!("n {total}"));
            y += 26.0;
        }
        Some(svg.finish())
    }
}

/// One participant's line.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// Values by visit; nothing where not seen.
    pub values: Vec<Option<f64>>,
    /// Band of the last value.
    pub band: usize,
}

/// Every participant's line, one panel an arm.
#[derive(Debug, Clone, PartialEq)]
pub struct Paths {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// What it shows, in words.
    pub finding: String,
    /// Names of the bands, mildest first.
    pub bands: Vec<String>,
    /// Names of the visits.
    pub visits: Vec<String>,
    /// Panels: the arm's name and its people.
    pub panels: Vec<(String, Vec<Path>)>,
}

impl Paths {
    /// The markup; nothing where nobody was seen.
    pub fn draw(&self) -> Option<String> {
        let all: Vec<f64> = self
            .panels
            .iter()
            .flat_map(|(_, people)| people)
            .flat_map(|path| path.values.iter().flatten().copied())
            .collect();
        let (_, high) = super::lines::range(&all)?;
        let marks = ticks(0.0, high, 5);
        let top = marks.last().copied().unwrap_or(high);
        let (bottom, ceiling) = (252.0, 44.0);
        let mut svg = Svg::new(&self.id, (WIDTH, 300.0), &self.title, &self.finding);
        let mut legend = 46.0;
        svg.text("t3", (0.0, 14.0), Hang::Start, "At the end:");
        legend += 36.0;
        for (at, name) in self.bands.iter().enumerate() {
            svg.line(&format!("{}l", band_class(at, self.bands.len())), (legend, 10.0), (legend + 18.0, 10.0));
            svg.text("t1", (legend + 24.0, 14.0), Hang::Start, name);
            legend += 44.0 + 7.2 * name.chars().count() as f64;
        }
        let count = self.panels.len() as f64;
        let width = (WIDTH - 34.0 - 28.0 * (count - 1.0)) / count;
        let y = Scale::new((0.0, top), (bottom, ceiling));
        for (at, (name, people)) in self.panels.iter().enumerate() {
            let left = 34.0 + at as f64 * (width + 28.0);
            let x = Scale::new((0.0, (self.visits.len().max(2) - 1) as f64), (left + 10.0, left + width - 10.0));
            for mark in &marks {
                svg.line("grid", (left, y.at(*mark)), (left + width, y.at(*mark)));
                if at == 0 {
                    svg.text("t3", (left - 8.0, y.at(*mark) + 4.0), Hang::End, &crate::shown::number(*mark, 0));
                }
            }
            svg.text("tb", (left, ceiling - 10.0), Hang::Start, &format!("{name}, n {}", people.len()));
            for (visit, label) in self.visits.iter().enumerate() {
                svg.text("t1", (x.at(visit as f64), bottom + 18.0), Hang::Middle, label);
            }
            // Grave ones first, so that the mild lie on top where they cross.
            let mut order: Vec<&Path> = people.iter().collect();
            order.sort_by_key(|path| std::cmp::Reverse(path.band));
            for path in order {
                let seen = path.values.iter().enumerate().filter_map(|(at, value)| Some((at, (*value)?)));
                let points: Vec<(f64, f64)> = seen.map(|(visit, value)| (x.at(visit as f64), y.at(value))).collect();
                if points.len() > 1 {
                    svg.path(&format!("{}l path", band_class(path.band, self.bands.len())), &points);
                }
            }
        }
        Some(svg.finish())
    }
}
