//! Differences with their intervals, one a line: subgroups, sensitivity, published trials.

use super::svg::{Hang, Scale, Svg, ticks};
use crate::shown::number;

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Name.
    pub name: String,
    /// Set in under a head.
    pub depth: u8,
    /// What stands behind the name, such as numbers of people.
    pub people: String,
    /// Estimate; a line without one is a head.
    pub estimate: Option<f64>,
    /// Its interval.
    pub interval: Option<(f64, f64)>,
    /// This trial's own.
    pub own: bool,
}

/// A forest.
#[derive(Debug, Clone, PartialEq)]
pub struct Forest {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// What it shows, in words.
    pub finding: String,
    /// Lines from top to bottom.
    pub lines: Vec<Line>,
    /// Words under the scale, left and right of nothing.
    pub sides: (String, String),
    /// Decimals.
    pub decimals: usize,
}

const WIDTH: f64 = 720.0;
const STEP: f64 = 21.0;
const NAME: f64 = 0.0;
const LEFT: f64 = 366.0;
const RIGHT: f64 = 560.0;

impl Forest {
    /// The markup; nothing where no line has a number.
    pub fn draw(&self) -> Option<String> {
        let ends = self.lines.iter().filter_map(|line| {
            let estimate = line.estimate?;
            Some(line.interval.map_or([estimate, estimate], |(low, high)| [low, high]))
        });
        let all: Vec<f64> = ends.flatten().chain([0.0]).collect();
        let (low, high) = super::lines::range(&all).filter(|_| all.len() > 1)?;
        let marks = ticks(low, high, 5);
        let (first, last) = super::lines::range(&marks)?;
        let x = Scale::new((first, last), (LEFT, RIGHT));
        let bottom = 14.0 + STEP * self.lines.len() as f64;
        let mut svg = Svg::new(&self.id, (WIDTH, bottom + 48.0), &self.title, &self.finding);
        for mark in &marks {
            svg.line("grid", (x.at(*mark), 6.0), (x.at(*mark), bottom));
            svg.text("t3", (x.at(*mark), bottom + 16.0), Hang::Middle, &number(*mark, self.decimals.min(1)));
        }
        svg.line("axis", (x.at(0.0), 6.0), (x.at(0.0), bottom));
        svg.text("t3", (x.at(0.0) - 8.0, bottom + 36.0), Hang::End, &self.sides.0);
        svg.text("t3", (x.at(0.0) + 8.0, bottom + 36.0), Hang::Start, &self.sides.1);
        for (at, line) in self.lines.iter().enumerate() {
            let y = 14.0 + STEP * (at as f64 + 0.5);
            let class = if line.estimate.is_none() || line.own { "tb" } else { "t1" };
            svg.text(class, (NAME + 14.0 * f64::from(line.depth), y + 4.0), Hang::Start, &line.name);
            svg.text("t3", (LEFT - 14.0, y + 4.0), Hang::End, &line.people);
            let Some(estimate) = line.estimate else { continue };
            let stroke = if line.own { "l1 thin" } else { "l2 thin" };
            if let Some((low, high)) = line.interval {
                svg.line(stroke, (x.at(low), y), (x.at(high), y));
                let said = format!(
                    "{} ({} to {})",
                    number(estimate, self.decimals),
                    number(low, self.decimals),
                    number(high, self.decimals)
                );
                svg.text("t1", (WIDTH, y + 4.0), Hang::End, &said);
            } else {
                svg.text("t1", (WIDTH, y + 4.0), Hang::End, &number(estimate, self.decimals));
            }
            svg.mark(usize::from(!line.own), (x.at(estimate), y));
        }
        Some(svg.finish())
    }
}
