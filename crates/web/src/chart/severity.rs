//! A total score on its bands: five steps of one hue with their words under them, the ratings above.

use super::svg::{Anchor, Svg, n, width_of};
use crate::parts::table::{Cell, Table};

/// One band of a score; both ends belong to it.
#[derive(Debug, Clone)]
pub struct Band {
    pub name: String,
    pub from: u32,
    pub to: u32,
}

/// One total at one point of the plan, first to last.
#[derive(Debug, Clone)]
pub struct Rating {
    pub label: String,
    pub total: u32,
}

#[derive(Debug, Clone)]
pub struct Severity {
    pub id: String,
    pub title: String,
    pub bands: Vec<Band>,
    pub ratings: Vec<Rating>,
}

const WIDTH: f64 = 1150.0;

impl Severity {
    fn top(&self) -> f64 {
        f64::from(self.bands.iter().map(|b| b.to).max().unwrap_or(1).max(1)) + 1.0
    }

    fn band_of(&self, total: u32) -> &str {
        self.bands.iter().find(|b| (b.from..=b.to).contains(&total)).map_or("outside the bands", |b| b.name.as_str())
    }

    fn finding(&self) -> String {
        let said: Vec<String> =
            self.ratings.iter().map(|r| format!("{} {}, {}", r.label, r.total, self.band_of(r.total))).collect();
        match (self.ratings.first(), self.ratings.last()) {
            (Some(first), Some(last)) if self.ratings.len() > 1 => {
                let change = i64::from(last.total) - i64::from(first.total);
                format!("{}; change {}.", said.join("; "), crate::show::signed(change))
            }
            _ => format!("{}.", said.join("; ")),
        }
    }

    pub fn draw(&self) -> String {
        let x = |value: f64| value / self.top() * WIDTH;
        // Labels stand on as many rows as they need.
        let mut rows: Vec<Vec<(f64, f64)>> = Vec::new();
        let mut placed = Vec::new();
        for rating in &self.ratings {
            let words = format!("{}  {}", rating.label, rating.total);
            let half = width_of(&words) / 2.0 + 6.0;
            let at = x(f64::from(rating.total) + 0.5).clamp(half, WIDTH - half);
            let free = |row: &Vec<(f64, f64)>| row.iter().all(|(a, b)| at + half < *a || at - half > *b);
            let level = rows.iter().position(free).unwrap_or(rows.len());
            if level == rows.len() {
                rows.push(Vec::new());
            }
            if let Some(row) = rows.get_mut(level) {
                row.push((at - half, at + half));
            }
            placed.push((words, at, x(f64::from(rating.total) + 0.5), level));
        }
        let strip = 18.0 + 17.0 * rows.len().max(1) as f64;
        let mut svg = Svg::new(&self.id, WIDTH, strip + 42.0, &self.title, &self.finding());
        for (index, band) in self.bands.iter().enumerate() {
            let (a, b) = (x(f64::from(band.from)), x(f64::from(band.to) + 1.0));
            svg.rect(&format!("sev{}", (index + 1).min(5)), (a, strip), (b - a, 16.0), 0.0);
            svg.text("", (a + 2.0, strip + 36.0), Anchor::Start, &format!("{} {}–{}", band.name, band.from, band.to));
        }
        svg.rect("axis", (0.5, strip + 0.5), (WIDTH - 1.0, 15.0), 0.0);
        for (words, at, tip, level) in placed {
            let y = strip - 17.0 - 17.0 * level as f64;
            if level > 0 {
                svg.line("grid", (tip, y + 5.0), (tip, strip - 9.0));
            }
            svg.path("did", &format!("M{} {}l-6 -9h12z", n(tip), n(strip - 1.0)));
            svg.text("t-b", (at, y), Anchor::Middle, &words);
        }
        svg.finish()
    }

    pub fn table(&self) -> Table {
        let rows = self
            .ratings
            .iter()
            .map(|r| vec![Cell::head(&r.label), Cell::number(r.total), Cell::text(self.band_of(r.total))])
            .collect();
        Table::new(&self.title, &["Rating", "Total", "Band"], rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(totals: &[u32]) -> Severity {
        let band = |name: &str, from, to| Band { name: name.into(), from, to };
        Severity {
            id: "sev".into(),
            title: "Total severity".into(),
            bands: vec![
                band("few", 0, 10),
                band("mild", 11, 22),
                band("moderate", 23, 34),
                band("severe", 35, 46),
                band("extreme", 47, 80),
            ],
            ratings: totals
                .iter()
                .enumerate()
                .map(|(i, t)| Rating { label: format!("T{}", i + 1), total: *t })
                .collect(),
        }
    }

    #[test]
    fn finding_names_bands_and_change() {
        assert!(example(&[44, 37]).draw().contains("T1 44, severe; T2 37, severe; change −7."));
        assert!(example(&[10]).draw().contains("T1 10, few."));
        assert!(example(&[81]).draw().contains("outside the bands"));
    }

    #[test]
    fn equal_totals_stand_above_each_other() {
        let drawn = example(&[40, 40, 40]).draw();
        let heights: Vec<&str> = drawn
            .split("<text class=\"t-b mid\"")
            .skip(1)
            .filter_map(|t| t.split("y=\"").nth(1)?.split('"').next())
            .collect();
        assert_eq!(heights.len(), 3);
        assert!(heights[0] != heights[1] && heights[1] != heights[2], "{heights:?}");
    }
}
