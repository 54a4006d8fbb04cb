//! A small writer of SVG: numbers in, accessible markup out.
//!
//! Colours come from the stylesheet's classes, positions are attributes, so a strict content policy holds and
//! the same drawing follows the light theme, the room theme, forced colours and paper.

use std::fmt::Write as _;

/// Where a text hangs from its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// A drawing in the making. Width and height are in its own units; the page scales it.
#[derive(Debug)]
pub struct Svg {
    width: f64,
    height: f64,
    title: String,
    finding: String,
    id: String,
    body: String,
}

impl Svg {
    /// Starts a drawing. `id` must be unique on the page; `title` names it, `finding` says in words what it shows.
    pub fn new(id: &str, width: f64, height: f64, title: &str, finding: &str) -> Self {
        Self {
            width,
            height,
            title: title.to_owned(),
            finding: finding.to_owned(),
            id: id.to_owned(),
            body: String::new(),
        }
    }

    pub fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) -> &mut Self {
        let (x1, y1, x2, y2) = (n(from.0), n(from.1), n(to.0), n(to.1));
        self.push(format_args!(r#"<line class="{class}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>"#))
    }

    pub fn rect(&mut self, class: &str, at: (f64, f64), size: (f64, f64), radius: f64) -> &mut Self {
        let (x, y, w, h, r) = (n(at.0), n(at.1), n(size.0.max(0.0)), n(size.1.max(0.0)), n(radius));
        let round = if radius > 0.0 { format!(r#" rx="{r}""#) } else { String::new() };
        self.push(format_args!(r#"<rect class="{class}" x="{x}" y="{y}" width="{w}" height="{h}"{round}/>"#))
    }

    pub fn circle(&mut self, class: &str, at: (f64, f64), radius: f64) -> &mut Self {
        let (x, y, r) = (n(at.0), n(at.1), n(radius));
        self.push(format_args!(r#"<circle class="{class}" cx="{x}" cy="{y}" r="{r}"/>"#))
    }

    pub fn path(&mut self, class: &str, d: &str) -> &mut Self {
        self.push(format_args!(r#"<path class="{class}" d="{}"/>"#, escape(d)))
    }

    pub fn polyline(&mut self, class: &str, points: &[(f64, f64)]) -> &mut Self {
        let joined = points.iter().map(|(x, y)| format!("{},{}", n(*x), n(*y))).collect::<Vec<_>>().join(" ");
        self.push(format_args!(r#"<polyline class="{class}" points="{joined}"/>"#))
    }

    pub fn text(&mut self, class: &str, at: (f64, f64), anchor: Anchor, words: &str) -> &mut Self {
        let hang = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " mid",
            Anchor::End => " end",
        };
        let (x, y) = (n(at.0), n(at.1));
        self.push(format_args!(r#"<text class="{class}{hang}" x="{x}" y="{y}">{}</text>"#, escape(words)))
    }

    /// A diamond around a point: the mark of a dosing session.
    pub fn diamond(&mut self, class: &str, at: (f64, f64), radius: f64) -> &mut Self {
        let (x, y) = at;
        let d = format!(
            "M{} {}L{} {}L{} {}L{} {}z",
            n(x),
            n(y - radius),
            n(x + radius),
            n(y),
            n(x),
            n(y + radius),
            n(x - radius),
            n(y)
        );
        self.path(class, &d)
    }

    /// The finished markup, safe to put in a page.
    pub fn finish(&self) -> String {
        let id = escape(&self.id);
        format!(
            r#"<svg class="chart" viewBox="0 0 {} {}" role="img" aria-labelledby="{id}-t {id}-d"><title id="{id}-t">{}</title><desc id="{id}-d">{}</desc>{}</svg>"#,
            n(self.width),
            n(self.height),
            escape(&self.title),
            escape(&self.finding),
            self.body
        )
    }

    fn push(&mut self, markup: std::fmt::Arguments<'_>) -> &mut Self {
        // Writing to a String cannot fail.
        let _ = self.body.write_fmt(markup);
        self
    }
}

/// A coordinate to one decimal, without a trailing zero; anything not finite becomes 0 rather than broken markup.
pub fn n(value: f64) -> String {
    if !value.is_finite() {
        return "0".to_owned();
    }
    let text = format!("{value:.1}");
    let short = text.strip_suffix(".0").unwrap_or(&text);
    if short == "-0" { "0".to_owned() } else { short.to_owned() }
}

/// Escapes text for markup and attribute values.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// About how wide `words` are drawn at 13 units, for keeping labels apart. Errs on the wide side.
pub fn width_of(words: &str) -> f64 {
    words
        .chars()
        .map(|c| {
            if "iljt.,:;'|1 ".contains(c) {
                4.8
            } else if c.is_uppercase() {
                9.2
            } else {
                7.5
            }
        })
        .sum()
}

/// Round steps for an axis: at most `most` lines from 0 that reach `top`.
pub fn axis_step(top: f64, most: u32) -> f64 {
    let mut step = 1.0;
    for factor in [2.0, 2.5, 2.0].iter().cycle().take(30) {
        if top / step <= f64::from(most) {
            break;
        }
        step *= factor;
    }
    step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_never_broken() {
        for (value, text) in
            [(1.0, "1"), (1.25, "1.2"), (-0.01, "0"), (f64::NAN, "0"), (f64::INFINITY, "0"), (1150.0, "1150")]
        {
            assert_eq!(n(value), text, "{value}");
        }
    }

    #[test]
    fn hostile_words_stay_words() {
        let mut svg = Svg::new("x", 10.0, 10.0, "<script>", "\"quoted\" & more");
        svg.text("t", (0.0, 0.0), Anchor::End, "</text><script>alert(1)</script>");
        let drawn = svg.finish();
        assert!(!drawn.contains("<script>"), "{drawn}");
        assert!(drawn.contains("&lt;script&gt;") && drawn.contains("&quot;quoted&quot; &amp; more"));
    }

    #[test]
    fn steps_are_round_and_reach() {
        for (top, step) in [(4.0, 1.0), (26.0, 5.0), (104.0, 20.0), (900.0, 200.0)] {
            assert!((axis_step(top, 6) - step).abs() < 1e-9, "{top}: {}", axis_step(top, 6));
        }
    }
}
