//! The flow of participants (CONSORT 2010): a trunk with those who left beside it, and a branch an arm.

use super::svg::{Hang, Svg};

/// A box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What.
    pub title: String,
    /// How many.
    pub count: usize,
    /// Lines below.
    pub lines: Vec<(String, usize)>,
    /// Who left before the next box, by reason.
    pub left: Vec<(String, usize)>,
}

impl Step {
    /// A box with nothing but its count.
    pub fn new(title: &str, count: usize) -> Self {
        Self { title: title.to_owned(), count, lines: Vec::new(), left: Vec::new() }
    }
}

/// The flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// Boxes before arms part.
    pub trunk: Vec<Step>,
    /// Boxes of each arm, with the arm's name.
    pub branches: Vec<(String, Vec<Step>)>,
}

const WIDTH: f64 = 640.0;
const BOX: f64 = 290.0;
const LINE: f64 = 18.0;
const GAP: f64 = 22.0;

fn height(lines: usize) -> f64 {
    16.0 + LINE * lines.max(1) as f64
}

fn tall(step: &Step) -> f64 {
    height(1 + step.lines.len())
}

fn gap(step: &Step) -> f64 {
    if step.left.is_empty() { GAP } else { height(step.left.len()) + 18.0 }
}

impl Flow {
    /// The markup.
    pub fn draw(&self) -> String {
        let trunk: f64 = self.trunk.iter().map(|step| tall(step) + gap(step)).sum();
        let branch = |steps: &Vec<Step>| 26.0 + steps.iter().map(|step| tall(step) + GAP).sum::<f64>();
        let branches = self.branches.iter().map(|(_, steps)| branch(steps)).fold(0.0, f64::max);
        let mut svg = Svg::new(&self.id, (WIDTH, trunk + branches + 2.0), &self.title, &self.finding());
        let mut y = 1.0;
        for (at, step) in self.trunk.iter().enumerate() {
            boxed(&mut svg, (1.0, y), BOX, step);
            let more = at + 1 < self.trunk.len() || !self.branches.is_empty();
            let below = y + tall(step);
            if !step.left.is_empty() {
                let side = height(step.left.len());
                let (top, middle) = (below + 9.0, below + 9.0 + side / 2.0);
                listed(&mut svg, (WIDTH - BOX - 1.0, top), BOX, &step.left);
                arrow(&mut svg, (BOX / 2.0, middle), (WIDTH - BOX - 1.0, middle));
            }
            if more {
                arrow(&mut svg, (BOX / 2.0, below), (BOX / 2.0, below + gap(step)));
            }
            y = below + gap(step);
        }
        self.arms(&mut svg, y);
        svg.finish()
    }

    fn arms(&self, svg: &mut Svg, top: f64) {
        let count = self.branches.len() as f64;
        let between = 24.0;
        let width = (WIDTH - 2.0 - between * (count - 1.0)) / count.max(1.0);
        for (at, (name, steps)) in self.branches.iter().enumerate() {
            let x = 1.0 + at as f64 * (width + between);
            let middle = x + width / 2.0;
            if count > 1.0 {
                svg.line("axis", (BOX / 2.0, top), (middle, top));
            }
            arrow(svg, (middle, top), (middle, top + 26.0));
            let mut y = top + 26.0;
            for (step_at, step) in steps.iter().enumerate() {
                if step_at == 0 {
                    boxed(svg, (x, y), width, &Step { title: name.clone(), ..step.clone() });
                } else {
                    boxed(svg, (x, y), width, step);
                }
                let below = y + tall(step);
                if step_at + 1 < steps.len() {
                    arrow(svg, (middle, below), (middle, below + GAP));
                }
                y = below + GAP;
            }
        }
    }

    fn finding(&self) -> String {
        let said = |step: &Step| format!("{} {}", step.title, step.count);
        let trunk = self.trunk.iter().map(said);
        let arms = self
            .branches
            .iter()
            .map(|(name, steps)| format!("{name}: {}", steps.iter().map(said).collect::<Vec<_>>().join(", ")));
        format!("{}.", trunk.chain(arms).collect::<Vec<_>>().join("; "))
    }
}

fn boxed(svg: &mut Svg, at: (f64, f64), width: f64, step: &Step) {
    svg.rect("box", at, (width, tall(step)));
    let (left, right, mut y) = (at.0 + 11.0, at.0 + width - 11.0, at.1 + 21.0);
    svg.text("tb", (left, y), Hang::Start, &step.title);
    svg.text("tb", (right, y), Hang::End, &step.count.to_string());
    for (words, count) in &step.lines {
        y += LINE;
        svg.text("t3", (left, y), Hang::Start, words);
        svg.text("t3", (right, y), Hang::End, &count.to_string());
    }
}

fn listed(svg: &mut Svg, at: (f64, f64), width: f64, lines: &[(String, usize)]) {
    svg.rect("box", at, (width, height(lines.len())));
    for (index, (words, count)) in lines.iter().enumerate() {
        let y = at.1 + 21.0 + LINE * index as f64;
        svg.text("t1", (at.0 + 11.0, y), Hang::Start, words);
        svg.text("t1", (at.0 + width - 11.0, y), Hang::End, &count.to_string());
    }
}

fn arrow(svg: &mut Svg, from: (f64, f64), to: (f64, f64)) {
    svg.line("axis", from, to);
    let flat = (from.1 - to.1).abs() < 0.5;
    let (dx, dy) = if flat { (6.0, 4.0) } else { (4.0, 6.0) };
    let other = if flat { (to.0 - dx, to.1 + dy) } else { (to.0 + dx, to.1 - dy) };
    svg.path("axis", &[(to.0 - dx, to.1 - dy), to, other]);
}
