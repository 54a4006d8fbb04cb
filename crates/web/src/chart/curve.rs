//! How many were randomised (or enrolled) at each site, day by day: one step line a site, labelled at its end.

use jiff::civil::Date;

use super::svg::{Anchor, Svg, axis_step, n};
use crate::parts::table::{Cell, Table};
use crate::show;

/// One site and the day of each of its participants, in any order.
#[derive(Debug, Clone)]
pub struct Series {
    pub name: String,
    pub days: Vec<Date>,
}

#[derive(Debug, Clone)]
pub struct Curve {
    pub id: String,
    pub title: String,
    pub series: Vec<Series>,
    /// The line that is coloured; the others stay grey. Out of range colours none.
    pub bold: usize,
    /// The day on which the picture ends.
    pub until: Date,
}

const WIDTH: f64 = 584.0;
const RIGHT: f64 = 480.0;
const LEFT: f64 = 30.0;
const TOP: f64 = 14.0;

impl Curve {
    fn first(&self) -> Option<Date> {
        self.series.iter().flat_map(|s| &s.days).min().map(|day| day.first_of_month())
    }

    /// The last day of the picture: today, or a month after the last participant where that is long ago.
    fn end(&self) -> Date {
        let last = self.series.iter().flat_map(|s| &s.days).max();
        let calm = last.map(|day| day.saturating_add(jiff::Span::new().days(31)));
        calm.map_or(self.until, |day| day.min(self.until))
    }

    /// The drawing, or `None` before the first participant.
    pub fn draw(&self) -> Option<String> {
        let first = self.first()?;
        let until = self.end();
        let bottom = (TOP + 286.0).max(TOP + 16.0 * self.series.len() as f64);
        let most = self.series.iter().map(|s| s.days.len()).max().unwrap_or(0) as f64;
        let step = axis_step(most, 6);
        let top_value = (most / step).ceil().max(1.0) * step;
        let total_days = days(first, until).max(1.0);
        let x = |day: Date| LEFT + (days(first, day) / total_days).clamp(0.0, 1.0) * (RIGHT - LEFT);
        let y = |count: f64| bottom - count / top_value * (bottom - TOP);
        let mut svg = Svg::new(&self.id, WIDTH, bottom + 28.0, &self.title, &self.finding());
        let mut at = 0.0;
        while at <= top_value + 1e-9 {
            svg.line("grid", (LEFT, y(at)), (RIGHT, y(at)));
            svg.text("t-3", (LEFT - 8.0, y(at) + 4.0), Anchor::End, &n(at));
            at += step;
        }
        date_axis(&mut svg, first, until, bottom, &x);
        let wanted = self.series.iter().map(|s| y(s.days.len() as f64) + 4.0).collect();
        let labels = spread(wanted, TOP, bottom + 4.0);
        for (index, (series, label_y)) in self.series.iter().zip(labels).enumerate() {
            let mut sorted = series.days.clone();
            sorted.sort();
            let mut d = String::new();
            for (count, day) in sorted.iter().enumerate() {
                let from =
                    if count == 0 { format!("M{} {}", n(x(*day)), n(y(0.0))) } else { format!("H{}", n(x(*day))) };
                d.push_str(&from);
                d.push_str(&format!("V{}", n(y((count + 1) as f64))));
            }
            if !d.is_empty() {
                d.push_str(&format!("H{}", n(RIGHT)));
            }
            let (line, words) = if index == self.bold { ("l1", "t-act") } else { ("l2 thin", "") };
            if !d.is_empty() {
                svg.path(line, &d);
            }
            let end_y = y(series.days.len() as f64);
            if (label_y - 4.0 - end_y).abs() > 3.0 {
                svg.line("grid", (RIGHT, end_y), (RIGHT + 8.0, label_y - 4.0));
            }
            svg.text(words, (RIGHT + 10.0, label_y), Anchor::Start, &format!("{}  {}", series.name, series.days.len()));
        }
        Some(svg.finish())
    }

    fn finding(&self) -> String {
        let mut sites: Vec<(&str, usize)> = self.series.iter().map(|s| (s.name.as_str(), s.days.len())).collect();
        sites.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), name.to_owned()));
        let said: Vec<String> = sites.iter().map(|(name, count)| format!("{name} {count}")).collect();
        format!("By {}: {}.", show::date(self.end()), said.join(", "))
    }

    /// A row a month, a column a site, counts so far.
    pub fn table(&self) -> Table {
        let mut heads = vec!["By the end of".to_owned()];
        heads.extend(self.series.iter().map(|s| s.name.clone()));
        let mut rows = Vec::new();
        let mut month = self.first();
        while let Some(start) = month {
            if start > self.end() {
                break;
            }
            let end = start.last_of_month().min(self.end());
            let mut row = vec![Cell::head(&format!("{} {}", show::month(start.month()), start.year()))];
            row.extend(self.series.iter().map(|s| Cell::number(s.days.iter().filter(|day| **day <= end).count())));
            rows.push(row);
            month = start.checked_add(jiff::Span::new().months(1)).ok();
        }
        Table::owned(&self.title, heads, rows)
    }
}

fn days(from: Date, to: Date) -> f64 {
    from.until(to).map_or(0.0, |span| f64::from(span.get_days()))
}

fn date_axis(svg: &mut Svg, first: Date, until: Date, bottom: f64, x: &dyn Fn(Date) -> f64) {
    let months = days(first, until) / 30.4;
    let step: i64 = if months <= 8.0 {
        2
    } else if months <= 30.0 {
        6
    } else {
        12 * (months / 72.0).ceil() as i64
    };
    let mut at = first;
    let mut last_year = None;
    while at <= until && x(at) < RIGHT - 20.0 {
        svg.line("axis", (x(at), bottom), (x(at), bottom + 5.0));
        let name: String = show::month(at.month()).chars().take(3).collect();
        let said = if last_year == Some(at.year()) { name } else { format!("{name} {}", at.year()) };
        last_year = Some(at.year());
        svg.text("t-3", (x(at), bottom + 20.0), Anchor::Start, &said);
        match at.checked_add(jiff::Span::new().months(step)) {
            Ok(next) => at = next,
            Err(_) => break,
        }
    }
}

/// Moves labels apart so that none touch, keeping their order and staying above `lowest`.
fn spread(wanted: Vec<f64>, highest: f64, lowest: f64) -> Vec<f64> {
    const APART: f64 = 15.5;
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|a, b| {
        wanted.get(*b).partial_cmp(&wanted.get(*a)).unwrap_or(std::cmp::Ordering::Equal).then(a.cmp(b))
    });
    let mut out = wanted.clone();
    // From the lowest on the page upwards: each is at least one line above the one before.
    let mut floor = lowest;
    for index in &order {
        if let Some(place) = out.get_mut(*index) {
            *place = place.min(floor);
            floor = *place - APART;
        }
    }
    // And from the highest downwards, so that none leaves the drawing.
    let mut ceiling = highest;
    for index in order.iter().rev() {
        if let Some(place) = out.get_mut(*index) {
            *place = place.max(ceiling);
            ceiling = *place + APART;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn example() -> Curve {
        let days = |n: i8| (1..=n).map(|d| date(2025, 2, d)).collect();
        Curve {
            id: "enr".into(),
            title: "Randomised by site".into(),
            series: vec![
                Series { name: "Site 01".into(), days: days(9) },
                Series { name: "Site 02".into(), days: days(9) },
                Series { name: "Site 03".into(), days: Vec::new() },
            ],
            bold: 0,
            until: date(2025, 4, 10),
        }
    }

    #[test]
    fn labels_stay_apart() {
        let places = spread(vec![100.0, 100.0, 101.0, 299.0, 300.0, 20.0, 20.0, 20.0], 14.0, 300.0);
        let mut sorted = places.clone();
        sorted.sort_by(f64::total_cmp);
        assert!(sorted.windows(2).all(|w| w[1] - w[0] > 15.0), "{places:?}");
        assert!(sorted.iter().all(|y| (14.0..=300.0).contains(y)), "{places:?}");
    }

    #[test]
    fn finding_and_table_say_the_numbers() {
        let curve = example();
        let drawn = curve.draw().unwrap();
        assert!(drawn.contains("By 12 March 2025: Site 01 9, Site 02 9, Site 03 0."), "{drawn}");
        let table = curve.table();
        let row: Vec<&str> = table.rows[0].iter().map(|c| c.words.as_str()).collect();
        assert_eq!(row, ["February 2025", "9", "9", "0"]);
        assert_eq!(table.rows.len(), 2, "it ends a month after the last");
    }

    #[test]
    fn nobody_yet_draws_nothing() {
        let mut curve = example();
        curve.series.iter_mut().for_each(|s| s.days.clear());
        assert!(curve.draw().is_none());
    }
}
