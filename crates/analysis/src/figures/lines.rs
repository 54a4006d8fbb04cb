//! Lines over time: change by visit with intervals, vital signs over a session, a tipping point, steps of dropout.

use super::svg::{Hang, Scale, Svg, ticks};
use crate::shown::number;

/// A point of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Along.
    pub x: f64,
    /// Up.
    pub y: f64,
    /// Its interval.
    pub interval: Option<(f64, f64)>,
}

/// One series with its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Name, written at its end.
    pub name: String,
    /// Points in order.
    pub points: Vec<Point>,
    /// Goes in steps, from left to right.
    pub steps: bool,
}

/// A drawing of series.
#[derive(Debug, Clone, PartialEq)]
pub struct Lines {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// What it shows, in words.
    pub finding: String,
    /// Series; the first is the one that is coloured.
    pub series: Vec<Series>,
    /// Marks along: place, label, second label.
    pub along: Vec<(f64, String, String)>,
    /// What is along.
    pub axis: String,
    /// Values that must be on the scale.
    pub include: Vec<f64>,
    /// Horizontal lines with their names.
    pub limits: Vec<(f64, String)>,
    /// Vertical lines with their names.
    pub marks: Vec<(f64, String)>,
    /// Decimals of the scale.
    pub decimals: usize,
    /// Draw a mark at every point.
    pub dots: bool,
}

const WIDTH: f64 = 680.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 46.0;
const RIGHT: f64 = 500.0;
const TOP: f64 = 16.0;
/// Characters of a name that fit beside the drawing.
const NAME: usize = 22;
const BOTTOM: f64 = 242.0;

impl Lines {
    /// The markup; nothing where there is nothing to draw.
    pub fn draw(&self) -> Option<String> {
        let points = || self.series.iter().flat_map(|series| &series.points);
        let ys = points().flat_map(|p| p.interval.map_or([p.y, p.y], |(low, high)| [low, high]));
        let all: Vec<f64> = ys.chain(self.include.iter().copied()).chain(self.limits.iter().map(|(y, _)| *y)).collect();
        let (low, high) = range(&all)?;
        let xs: Vec<f64> = points().map(|p| p.x).chain(self.along.iter().map(|(x, ..)| *x)).collect();
        let (first, last) = range(&xs)?;
        let marks = ticks(low, high, 5);
        let (bottom, top) = range(&marks)?;
        // As many decimals as keep two marks apart.
        let step = (top - bottom) / (marks.len().max(2) - 1) as f64;
        let decimals = self.decimals.max(usize::from(step < 0.999) + usize::from(step < 0.0999));
        let x = Scale::new((first, last), (LEFT + 14.0, RIGHT - 14.0));
        let y = Scale::new((bottom, top), (BOTTOM, TOP));
        let mut svg = Svg::new(&self.id, (WIDTH, HEIGHT), &self.title, &self.finding);
        for mark in &marks {
            let class = if mark.abs() < 1e-9 { "axis" } else { "grid" };
            svg.line(class, (LEFT, y.at(*mark)), (RIGHT, y.at(*mark)));
            svg.text("t3", (LEFT - 8.0, y.at(*mark) + 4.0), Hang::End, &number(*mark, decimals));
        }
        for (at, name, second) in &self.along {
            svg.text("t1", (x.at(*at), BOTTOM + 18.0), Hang::Middle, name);
            svg.text("t3", (x.at(*at), BOTTOM + 33.0), Hang::Middle, second);
        }
        svg.text("t3", ((LEFT + RIGHT) / 2.0, BOTTOM + 50.0), Hang::Middle, &self.axis);
        for (at, name) in &self.limits {
            svg.line("limit", (LEFT, y.at(*at)), (RIGHT, y.at(*at)));
            svg.text("t3", (RIGHT + 8.0, y.at(*at) + 4.0), Hang::Start, name);
        }
        for (at, name) in &self.marks {
            svg.line("limit", (x.at(*at), TOP), (x.at(*at), BOTTOM));
            svg.text("t3", (x.at(*at) + 5.0, TOP + 8.0), Hang::Start, name);
        }
        self.drawn(&mut svg, x, y);
        Some(svg.finish())
    }

    fn drawn(&self, svg: &mut Svg, x: Scale, y: Scale) {
        let count = self.series.len() as f64;
        let ends: Vec<f64> =
            self.series.iter().map(|series| series.points.last().map_or(0.0, |point| y.at(point.y))).collect();
        let names: Vec<Vec<String>> = self.series.iter().map(|series| broken(&series.name, NAME)).collect();
        let lines = names.iter().map(Vec::len).max().unwrap_or(1);
        let labels = apart(&ends, 20.0 + 16.0 * lines as f64);
        // The coloured series is drawn last, over the others.
        for (at, series) in self.series.iter().enumerate().rev() {
            let aside = if series.steps { 0.0 } else { (at as f64 - (count - 1.0) / 2.0) * 7.0 };
            let place = |point: &Point| (x.at(point.x) + aside, y.at(point.y));
            let mut points: Vec<(f64, f64)> = Vec::new();
            for point in &series.points {
                let (px, py) = place(point);
                if let (true, Some((_, before))) = (series.steps, points.last().copied()) {
                    points.push((px, before));
                }
                points.push((px, py));
            }
            svg.path(&format!("l{}", at + 1), &points);
            for point in &series.points {
                if let Some((low, high)) = point.interval {
                    svg.whisker(&format!("l{} thin", at + 1), place(point).0, (y.at(low), y.at(high)));
                }
                if self.dots {
                    svg.mark(at, place(point));
                }
            }
            if let (Some(last), Some(label)) = (series.points.last(), labels.get(at)) {
                let class = if at == 0 { "ta" } else { "tb" };
                let mut y = label + 4.0;
                for line in names.get(at).into_iter().flatten() {
                    svg.text(class, (RIGHT + 8.0, y), Hang::Start, line);
                    y += 16.0;
                }
                let value = number(last.y, self.decimals.max(1));
                svg.text("t1", (RIGHT + 8.0, y), Hang::Start, &value);
            }
        }
    }
}

/// Smallest and largest; nothing of nothing.
pub fn range(values: &[f64]) -> Option<(f64, f64)> {
    let finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    let low = finite.iter().copied().reduce(f64::min)?;
    Some((low, finite.iter().copied().reduce(f64::max)?))
}

/// A name in lines of at most so many characters, broken at spaces: nothing is cut off.
pub fn broken(name: &str, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in name.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Places for labels, at least so far apart, in the order of the places that they belong to.
pub fn apart(places: &[f64], gap: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by(|a, b| {
        places.get(*a).partial_cmp(&places.get(*b)).unwrap_or(std::cmp::Ordering::Equal).then(a.cmp(b))
    });
    let mut out = places.to_vec();
    let mut least = f64::NEG_INFINITY;
    for index in order {
        if let Some(place) = out.get_mut(index) {
            *place = place.max(least);
            least = *place + gap;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_break_and_labels_keep_apart() {
        assert_eq!(broken("Placebo with therapy (dummy)", 22), ["Placebo with therapy", "(dummy)"]);
        assert_eq!(broken("Total", 22), ["Total"]);
        assert_eq!(apart(&[100.0, 90.0, 200.0], 36.0), [126.0, 90.0, 200.0]);
    }
}
