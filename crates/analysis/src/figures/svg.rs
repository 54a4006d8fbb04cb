//! A small writer of SVG: numbers in, accessible markup out. Colours come from the report's stylesheet.

use std::fmt::Write as _;

/// Where a text hangs from its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hang {
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
    /// Starts a drawing. `id` is unique in the report; `title` names it, `finding` says in words what it shows.
    pub fn new(id: &str, (width, height): (f64, f64), title: &str, finding: &str) -> Self {
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

    pub fn rect(&mut self, class: &str, at: (f64, f64), size: (f64, f64)) -> &mut Self {
        let (x, y, w, h) = (n(at.0), n(at.1), n(size.0.max(0.0)), n(size.1.max(0.0)));
        self.push(format_args!(r#"<rect class="{class}" x="{x}" y="{y}" width="{w}" height="{h}"/>"#))
    }

    pub fn circle(&mut self, class: &str, at: (f64, f64), radius: f64) -> &mut Self {
        let (x, y, r) = (n(at.0), n(at.1), n(radius));
        self.push(format_args!(r#"<circle class="{class}" cx="{x}" cy="{y}" r="{r}"/>"#))
    }

    pub fn path(&mut self, class: &str, points: &[(f64, f64)]) -> &mut Self {
        let mut d = String::new();
        for (at, (x, y)) in points.iter().enumerate() {
            // Writing to a String can't fail.
            let _ = write!(d, "{}{} {}", if at == 0 { "M" } else { "L" }, n(*x), n(*y));
        }
        self.push(format_args!(r#"<path class="{class}" d="{d}"/>"#))
    }

    pub fn text(&mut self, class: &str, at: (f64, f64), hang: Hang, words: &str) -> &mut Self {
        let hang = match hang {
            Hang::Start => "",
            Hang::Middle => " mid",
            Hang::End => " end",
        };
        let (x, y) = (n(at.0), n(at.1));
        self.push(format_args!(r#"<text class="{class}{hang}" x="{x}" y="{y}">{}</text>"#, escape(words)))
    }

    /// A mark at a point: each series has a form of its own, so that nothing hangs on colour alone.
    pub fn mark(&mut self, series: usize, at: (f64, f64)) -> &mut Self {
        let class = format!("p{}", series + 1);
        match series {
            0 => self.rect(&class, (at.0 - 4.5, at.1 - 4.5), (9.0, 9.0)),
            1 => self.circle(&class, at, 4.5),
            _ => {
                let (x, y) = at;
                self.path(&class, &[(x, y - 5.5), (x + 5.5, y + 4.0), (x - 5.5, y + 4.0), (x, y - 5.5)])
            }
        }
    }

    /// An interval across a line, with ends.
    pub fn whisker(&mut self, class: &str, x: f64, (low, high): (f64, f64)) -> &mut Self {
        self.line(class, (x, low), (x, high));
        self.line(class, (x - 4.0, low), (x + 4.0, low));
        self.line(class, (x - 4.0, high), (x + 4.0, high))
    }

    /// The finished markup.
    pub fn finish(&self) -> String {
        let id = escape(&self.id);
        format!(
            r#"<svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" role="img" aria-labelledby="{id}-t {id}-d"><title id="{id}-t">{}</title><desc id="{id}-d">{}</desc>{}</svg>"#,
            n(self.width),
            n(self.height),
            escape(&self.title),
            escape(&self.finding),
            self.body
        )
    }

    fn push(&mut self, markup: std::fmt::Arguments<'_>) -> &mut Self {
        // Writing to a String can't fail.
        let _ = self.body.write_fmt(markup);
        self
    }
}

/// A coordinate to one decimal; anything not finite becomes 0 rather than broken markup.
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

/// A scale: values to places.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    from: (f64, f64),
    to: (f64, f64),
}

impl Scale {
    /// Values between two lie between two places.
    pub fn new(values: (f64, f64), places: (f64, f64)) -> Self {
        // Without a spread everything lies in the middle.
        let values = if (values.1 - values.0).abs() < 1e-12 { (values.0 - 1.0, values.1 + 1.0) } else { values };
        Self { from: values, to: places }
    }

    /// The place of a value.
    pub fn at(&self, value: f64) -> f64 {
        self.to.0 + (value - self.from.0) / (self.from.1 - self.from.0) * (self.to.1 - self.to.0)
    }
}

/// Round marks that cover a range: at most about `most`, the first at or below `low`, the last at or above `high`.
pub fn ticks(low: f64, high: f64, most: u32) -> Vec<f64> {
    let span = (high - low).max(1e-9);
    let raw = span / f64::from(most.max(1));
    let magnitude = 10_f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * magnitude).find(|step| *step >= raw).unwrap_or(raw);
    let (first, last) = ((low / step + 1e-9).floor() as i64, (high / step - 1e-9).ceil() as i64);
    (first..=last.min(first + 60)).map(|at| at as f64 * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_cover() {
        for (low, high, most, expected) in [
            (-23.0, 2.0, 5, vec![-25.0, -20.0, -15.0, -10.0, -5.0, 0.0, 5.0]),
            (0.0, 1.0, 5, vec![0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        ] {
            let found = ticks(low, high, most);
            assert!(
                found.len() == expected.len() && found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-9),
                "{found:?}"
            );
        }
        assert!(ticks(0.0, 0.0, 4).len() < 62);
    }

    #[test]
    fn hostile_words_stay_words() {
        let mut svg = Svg::new("x", (10.0, 10.0), "<script>", "\"quoted\" & more");
        svg.text("t", (0.0, f64::NAN), Hang::End, "</text><script>alert(1)</script>");
        let drawn = svg.finish();
        assert!(!drawn.contains("<script>") && drawn.contains("&lt;script&gt;"), "{drawn}");
    }
}
