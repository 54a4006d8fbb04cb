//! Everybody's change, a bar each, from the most to the least improved, coloured by arm.

use super::svg::{Hang, Scale, Svg, ticks};
use crate::shown::number;

/// The drawing.
#[derive(Debug, Clone, PartialEq)]
pub struct Waterfall {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// What it shows, in words.
    pub finding: String,
    /// Arms by name; the first is the one that is coloured.
    pub arms: Vec<String>,
    /// Arm and change of each, in any order.
    pub people: Vec<(usize, f64)>,
    /// Horizontal lines with their names.
    pub limits: Vec<(f64, String)>,
}

const WIDTH: f64 = 680.0;
const LEFT: f64 = 46.0;
const RIGHT: f64 = 600.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 270.0;

impl Waterfall {
    /// The markup; nothing where nobody changed or nobody was seen.
    pub fn draw(&self) -> Option<String> {
        let mut people = self.people.clone();
        people.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        let values: Vec<f64> = people.iter().map(|(_, change)| *change).chain([0.0]).collect();
        let (low, high) = super::lines::range(&values).filter(|_| !people.is_empty())?;
        let marks = ticks(low, high, 6);
        let (bottom, top) = super::lines::range(&marks)?;
        let y = Scale::new((bottom, top), (BOTTOM, TOP));
        let mut svg = Svg::new(&self.id, (WIDTH, BOTTOM + 34.0), &self.title, &self.finding);
        let mut legend = LEFT;
        for (at, arm) in self.arms.iter().enumerate() {
            svg.rect(&format!("w{}", at + 1), (legend, 6.0), (14.0, 14.0));
            let count = people.iter().filter(|(own, _)| *own == at).count();
            let words = format!("{arm}, n {count}");
            svg.text("t1", (legend + 20.0, 18.0), Hang::Start, &words);
            legend += 44.0 + 7.2 * words.chars().count() as f64;
        }
        for mark in &marks {
            svg.line("grid", (LEFT, y.at(*mark)), (RIGHT, y.at(*mark)));
            svg.text("t3", (LEFT - 8.0, y.at(*mark) + 4.0), Hang::End, &number(*mark, 0));
        }
        let step = (RIGHT - LEFT) / people.len() as f64;
        for (at, (arm, change)) in people.iter().enumerate() {
            let (from, to) = (y.at(0.0), y.at(*change));
            let (up, tall) = (from.min(to), (to - from).abs().max(0.8));
            svg.rect(&format!("w{}", arm + 1), (LEFT + at as f64 * step, up), ((step - 0.8).max(0.6), tall));
        }
        svg.line("axis", (LEFT, y.at(0.0)), (RIGHT, y.at(0.0)));
        for (at, name) in self.limits.iter().filter(|(at, _)| (bottom..=top).contains(at)) {
            svg.line("limit", (LEFT, y.at(*at)), (RIGHT, y.at(*at)));
            svg.text("t3", (RIGHT + 8.0, y.at(*at) + 4.0), Hang::Start, name);
        }
        svg.text(
            "t3",
            ((LEFT + RIGHT) / 2.0, BOTTOM + 22.0),
            Hang::Middle,
            "each bar one participant, most improved first",
        );
        Some(svg.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_go_down_in_order() {
        let drawn = Waterfall {
            id: "w".to_owned(),
            title: "Change".to_owned(),
            finding: "Two better, one worse.".to_owned(),
            arms: vec!["One".to_owned(), "Other".to_owned()],
            people: vec![(1, 4.0), (0, -20.0), (1, -5.0)],
            limits: Vec::new(),
        };
        let svg = drawn.draw().unwrap();
        let bars: Vec<&str> = svg.split("<rect class=\"").skip(3).map(|bar| &bar[..2]).collect();
        assert_eq!(bars, ["w1", "w2", "w2"], "{svg}");
        assert_eq!(Waterfall { people: Vec::new(), ..drawn }.draw(), None);
    }
}
