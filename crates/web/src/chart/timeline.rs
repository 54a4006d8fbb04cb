//! One participant's planned windows against what really happened.
//!
//! Lanes by kind; a band is a window, a tick its target, filled is done, hollow is booked, a dashed band moves
//! with an anchor that is not yet real, a diamond is a dosing session, the orange line is today.

use jiff::civil::Date;

use super::svg::{Anchor, Svg, width_of};
use crate::parts::table::{Cell, Table};
use crate::show;

/// What has become of a planned thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    Nothing,
    Booked(Date),
    Done(Date),
    Missed,
}

/// How a thing is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Visit,
    Dosing,
    /// Small and unlabelled: phone calls, of which there are many.
    Call,
}

/// One planned or real thing in a lane.
#[derive(Debug, Clone)]
pub struct Mark {
    pub label: String,
    pub kind: Kind,
    /// First and last day, both inside.
    pub window: Option<(Date, Date)>,
    pub target: Option<Date>,
    /// The window hangs on a date that is itself only planned.
    pub moves: bool,
    pub happened: Happened,
    /// A word about it for the table: "2 days late", "by phone".
    pub remark: String,
}

#[derive(Debug, Clone)]
pub struct Lane {
    pub name: String,
    /// Comes long after the other lanes, and may be drawn closer together.
    pub far: bool,
    pub marks: Vec<Mark>,
}

/// The plan and life of one participant, ready to draw.
#[derive(Debug, Clone)]
pub struct Timeline {
    pub id: String,
    pub title: String,
    /// What the picture says, in words.
    pub finding: String,
    pub today: Date,
    pub lanes: Vec<Lane>,
}

const WIDTH: f64 = 1150.0;
const LEFT: f64 = 117.0;
const TOP: f64 = 26.0;
const LEVEL: f64 = 16.0;

/// Days to places. Where a follow-up lies months after everything else, it is drawn closer together behind a bend, so
/// that the months of treatment keep their room.
struct Scale {
    first: Date,
    days: f64,
    bend: Option<Bend>,
}

struct Bend {
    at: Date,
    /// Days before the bend.
    near: f64,
}

/// Share of the width that lies before a bend.
const NEAR: f64 = 0.76;

impl Scale {
    fn new(first: Date, last: Date, near_last: Option<Date>) -> Self {
        let days = days_between(first, last).max(27.0) + 4.0;
        let bend = near_last.and_then(|day| {
            let at = day.saturating_add(jiff::Span::new().days(12));
            let near = days_between(first, at);
            (days > 240.0 && near > 30.0 && near / days < NEAR - 0.1).then_some(Bend { at, near })
        });
        Self { first, days, bend }
    }

    fn x(&self, date: Date) -> f64 {
        let width = WIDTH - LEFT - 10.0;
        let day = days_between(self.first, date);
        let share = match &self.bend {
            None => day / self.days,
            Some(bend) if day <= bend.near => day / bend.near * NEAR,
            Some(bend) => NEAR + (day - bend.near) / (self.days - bend.near) * (1.0 - NEAR),
        };
        LEFT + share * width
    }
}

fn days_between(from: Date, to: Date) -> f64 {
    from.until(to).map_or(0.0, |span| f64::from(span.get_days()))
}

impl Mark {
    fn dates(&self) -> impl Iterator<Item = Date> + '_ {
        let real = match self.happened {
            Happened::Booked(day) | Happened::Done(day) => Some(day),
            Happened::Nothing | Happened::Missed => None,
        };
        self.window.iter().flat_map(|(a, b)| [*a, *b]).chain(self.target).chain(real)
    }

    fn point(&self) -> Option<Date> {
        match self.happened {
            Happened::Done(day) | Happened::Booked(day) => Some(day),
            Happened::Nothing | Happened::Missed => self.target.or(self.window.map(|(_, last)| last)),
        }
    }
}

impl Timeline {
    fn scale(&self) -> Option<Scale> {
        let marks = || self.lanes.iter().flat_map(|l| &l.marks).flat_map(Mark::dates);
        let today = self.shows_today().then_some(self.today);
        let (first, last) = (marks().chain(today).min()?, marks().chain(today).max()?);
        let far = self.lanes.iter().filter(|lane| lane.far);
        let near = self.lanes.iter().filter(|lane| !lane.far).flat_map(|l| &l.marks).flat_map(Mark::dates);
        let near_last = if far.count() > 0 { near.chain(today).max() } else { None };
        Some(Scale::new(first.first_of_month(), last, near_last))
    }

    /// Long after the last date the line of today would only squeeze the rest together.
    fn shows_today(&self) -> bool {
        let last = self.lanes.iter().flat_map(|l| &l.marks).flat_map(Mark::dates).max();
        last.is_none_or(|last| days_between(last, self.today) <= 120.0)
    }

    /// The drawing, or `None` where nothing is planned and nothing has happened.
    pub fn draw(&self) -> Option<String> {
        if self.lanes.iter().all(|lane| lane.marks.is_empty()) {
            return None;
        }
        let scale = self.scale()?;
        let placed: Vec<Placed<'_>> = self.lanes.iter().map(|lane| place(lane, &scale)).collect();
        let bottom = TOP + placed.iter().map(|lane| lane.height).sum::<f64>();
        let mut svg = Svg::new(&self.id, WIDTH, bottom + 30.0, &self.title, &self.finding);
        months(&mut svg, &scale, bottom);
        let mut y = TOP;
        for lane in &placed {
            draw_lane(&mut svg, lane, y, &scale);
            y += lane.height;
        }
        if !self.shows_today() {
            return Some(svg.finish());
        }
        let x = scale.x(self.today);
        svg.line("now", (x, TOP), (x, bottom + 8.0));
        let (anchor, at) = if x > WIDTH - 90.0 { (Anchor::End, x + 8.0) } else { (Anchor::Middle, x) };
        svg.text("t-now", (at, bottom + 24.0), anchor, &format!("Today, {}", show::day_month(self.today)));
        Some(svg.finish())
    }

    /// The same facts as a table: one row a planned thing, in the order of their dates.
    pub fn table(&self) -> Table {
        let mut marks: Vec<(&Lane, &Mark)> =
            self.lanes.iter().flat_map(|l| l.marks.iter().map(move |m| (l, m))).collect();
        marks.sort_by_key(|(_, mark)| (mark.point().or(mark.window.map(|w| w.0)), mark.label.clone()));
        let rows = marks
            .into_iter()
            .map(|(lane, mark)| {
                let window = match mark.window {
                    Some((a, b)) if a == b => show::date(a),
                    Some((a, b)) => format!("{} to {}", show::date(a), show::date(b)),
                    None => "none".to_owned(),
                };
                let window = if mark.moves { format!("{window}, moves") } else { window };
                let happened = match mark.happened {
                    Happened::Done(day) => format!("done {}", show::date(day)),
                    Happened::Booked(day) => format!("booked {}", show::date(day)),
                    Happened::Missed => "missed".to_owned(),
                    Happened::Nothing => "planned".to_owned(),
                };
                vec![
                    Cell::head(&mark.label),
                    Cell::text(&lane.name),
                    Cell::text(&window),
                    Cell::text(&mark.target.map(show::date).unwrap_or_default()),
                    Cell::text(&happened),
                    Cell::text(&mark.remark),
                ]
            })
            .collect();
        Table::new(&self.title, &["What", "Kind", "Window", "Target", "State", "Remark"], rows)
    }
}

fn months(svg: &mut Svg, scale: &Scale, bottom: f64) {
    let mut at = scale.first;
    let mut free_from = f64::MIN;
    let mut year_said = None;
    loop {
        let x = scale.x(at);
        if x > WIDTH - 40.0 {
            break;
        }
        let name = show::month(at.month());
        let said = if year_said == Some(at.year()) { name.to_owned() } else { format!("{name} {}", at.year()) };
        if x >= free_from {
            if at != scale.first {
                svg.line("grid", (x, TOP), (x, bottom));
            }
            svg.text("t-3", (x + 5.0, 20.0), Anchor::Start, &said);
            free_from = x + width_of(&said) + 18.0;
            year_said = Some(at.year());
        }
        match at.checked_add(jiff::Span::new().months(1)) {
            Ok(next) => at = next,
            Err(_) => break,
        }
    }
    if let Some(bend) = &scale.bend {
        let x = scale.x(bend.at);
        svg.line("bend", (x, TOP), (x, bottom));
    }
}

struct Placed<'a> {
    name: &'a str,
    height: f64,
    /// Each mark with the level its label stands on; 0 is nearest to the band.
    marks: Vec<(&'a Mark, usize)>,
    levels: usize,
}

/// Gives each label a level on which it does not touch its neighbours.
fn place<'a>(lane: &'a Lane, scale: &Scale) -> Placed<'a> {
    let mut marks: Vec<&Mark> = lane.marks.iter().collect();
    marks.sort_by_key(|mark| mark.point());
    let mut ends: Vec<f64> = Vec::new();
    let mut out = Vec::new();
    for mark in marks {
        let mut level = 0;
        if let (Some(day), false) = (mark.point(), mark.kind == Kind::Call) {
            let half = width_of(&said(mark)) / 2.0 + 4.0;
            let x = scale.x(day);
            level = ends.iter().position(|end| *end <= x - half).unwrap_or(ends.len());
            if level == ends.len() {
                ends.push(f64::MIN);
            }
            if let Some(end) = ends.get_mut(level) {
                *end = x + half;
            }
        }
        out.push((mark, level));
    }
    let levels = ends.len().max(1);
    Placed { name: &lane.name, height: 30.0 + LEVEL * levels as f64, marks: out, levels }
}

fn said(mark: &Mark) -> String {
    match mark.happened {
        Happened::Booked(_) => format!("{} booked", mark.label),
        Happened::Missed => format!("{} missed", mark.label),
        Happened::Done(_) | Happened::Nothing => mark.label.clone(),
    }
}

fn draw_lane(svg: &mut Svg, lane: &Placed<'_>, top: f64, scale: &Scale) {
    let base = top + lane.height;
    let middle = top + LEVEL * lane.levels as f64 + 13.0;
    svg.line("grid", (0.0, base), (WIDTH, base));
    svg.text("t-ink", (0.0, middle + 4.0), Anchor::Start, lane.name);
    for (mark, _) in &lane.marks {
        if let (Some((from, to)), false) = (mark.window, mark.kind == Kind::Call) {
            let (a, b) = (scale.x(from), scale.x(to));
            let class = if mark.moves { "window-plan" } else { "window" };
            svg.rect(class, (a, middle - 6.0), ((b - a).max(6.0), 12.0), 2.0);
            if let Some(target) = mark.target {
                svg.line("target", (scale.x(target), middle - 6.0), (scale.x(target), middle + 6.0));
            }
        }
    }
    for (mark, level) in &lane.marks {
        draw_mark(svg, mark, middle, *level, scale);
    }
}

fn draw_mark(svg: &mut Svg, mark: &Mark, middle: f64, level: usize, scale: &Scale) {
    let Some(x) = mark.point().map(|day| scale.x(day)) else { return };
    let at = (x, middle);
    match (mark.kind, mark.happened) {
        (Kind::Dosing, Happened::Done(_)) => svg.diamond("dose", at, 9.0),
        (Kind::Dosing, Happened::Booked(_)) => svg.diamond("dose-plan", at, 9.0),
        (Kind::Visit, Happened::Done(_)) => svg.circle("did", at, 5.5),
        (Kind::Visit, Happened::Booked(_)) => svg.circle("booked", at, 5.5),
        (Kind::Call, Happened::Done(_)) => svg.circle("did", at, 3.0),
        (Kind::Call, Happened::Booked(_)) => svg.circle("booked thin", at, 3.0),
        (_, Happened::Missed) => {
            let d = format!(
                "M{0} {1}l10 10M{0} {2}l10 -10",
                super::svg::n(x - 5.0),
                super::svg::n(middle - 5.0),
                super::svg::n(middle + 5.0)
            );
            svg.path("missed", &d)
        }
        (_, Happened::Nothing) => svg,
    };
    if mark.kind == Kind::Call {
        return;
    }
    let class = match (mark.kind, mark.happened) {
        (Kind::Dosing, Happened::Done(_)) => "t-b",
        (_, Happened::Done(_)) => "t-ink",
        (_, Happened::Missed) => "t-now",
        _ => "",
    };
    let words = said(mark);
    let half = width_of(&words) / 2.0;
    let lift = if mark.kind == Kind::Dosing { 15.0 } else { 13.0 };
    let x = x.clamp(LEFT + half.min(60.0), WIDTH - half);
    svg.text(class, (x, middle - lift - LEVEL * level as f64), Anchor::Middle, &words);
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn mark(label: &str, kind: Kind, window: (Date, Date), happened: Happened) -> Mark {
        Mark {
            label: label.into(),
            kind,
            window: Some(window),
            target: None,
            moves: false,
            happened,
            remark: String::new(),
        }
    }

    fn example() -> Timeline {
        let day = |m, d| date(2025, m, d);
        Timeline {
            id: "tl".into(),
            title: "Planned windows and what happened".into(),
            finding: "One session done.".into(),
            today: day(4, 10),
            lanes: vec![
                Lane {
                    name: "Dosing".into(),
                    far: false,
                    marks: vec![
                        mark("Session 1", Kind::Dosing, (day(2, 5), day(2, 20)), Happened::Done(day(2, 13))),
                        mark("Session 2", Kind::Dosing, (day(4, 1), day(4, 17)), Happened::Booked(day(4, 17))),
                    ],
                },
                Lane {
                    name: "Calls".into(),
                    far: false,
                    marks: vec![mark("Call", Kind::Call, (day(2, 14), day(2, 15)), Happened::Missed)],
                },
            ],
        }
    }

    #[test]
    fn draws_what_is_there() {
        let drawn = example().draw().unwrap();
        for part in [
            "class=\"dose\"",
            "class=\"dose-plan\"",
            "Session 2 booked",
            "class=\"now\"",
            "Today, 10 April",
            "class=\"missed\"",
        ] {
            assert!(drawn.contains(part), "{part} in {drawn}");
        }
    }

    #[test]
    fn table_is_in_order_of_dates_and_complete() {
        let table = example().table();
        let firsts: Vec<String> = table.rows.iter().map(|row| row[0].words.clone()).collect();
        assert_eq!(firsts, ["Session 1", "Call", "Session 2"]);
    }

    #[test]
    fn a_follow_up_long_after_leaves_the_treatment_its_room() {
        let scale = Scale::new(date(2025, 1, 1), date(2026, 6, 1), Some(date(2025, 6, 1)));
        let (end_of_treatment, end) = (scale.x(date(2025, 6, 1)), scale.x(date(2026, 6, 1)));
        assert!(end_of_treatment > LEFT + 0.68 * (WIDTH - LEFT) && end <= WIDTH, "{end_of_treatment} {end}");
        let days: Vec<f64> = (1..=12).map(|m| scale.x(date(2025, m, 15))).collect();
        assert!(days.windows(2).all(|w| w[0] < w[1]), "days keep their order: {days:?}");
        assert!(Scale::new(date(2025, 1, 1), date(2025, 6, 1), Some(date(2025, 3, 1))).bend.is_none());
    }

    #[test]
    fn nothing_planned_draws_nothing() {
        let mut empty = example();
        empty.lanes.iter_mut().for_each(|lane| lane.marks.clear());
        assert!(empty.draw().is_none());
    }

    #[test]
    fn labels_of_one_lane_never_touch() {
        let day = date(2025, 3, 3);
        let marks: Vec<Mark> =
            (0..6).map(|i| mark(&format!("Integration {i}"), Kind::Visit, (day, day), Happened::Done(day))).collect();
        let lane = Lane { name: "Integration".into(), far: false, marks };
        let scale = Scale { first: date(2025, 1, 1), days: 200.0, bend: None };
        let placed = place(&lane, &scale);
        let mut levels: Vec<usize> = placed.marks.iter().map(|(_, level)| *level).collect();
        levels.sort_unstable();
        assert_eq!(levels, [0, 1, 2, 3, 4, 5]);
    }
}
