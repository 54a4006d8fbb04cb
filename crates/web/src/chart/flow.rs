//! The flow of participants (CONSORT) drawn from counts: a trunk with those who left at its side, and branches
//! by arm only where the reader may know arms.

use super::svg::{Anchor, Svg};
use crate::parts::table::{Cell, Table};

/// A box: its title line with a count, then quieter lines.
#[derive(Debug, Clone)]
pub struct Step {
    pub title: String,
    pub count: u64,
    pub lines: Vec<(String, u64)>,
    /// Who left between this step and the next one, by reason.
    pub left: Vec<(String, u64)>,
}

/// A column of boxes under the trunk.
#[derive(Debug, Clone)]
pub struct Branch {
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone)]
pub struct Flow {
    pub id: String,
    pub title: String,
    pub trunk: Vec<Step>,
    /// Empty for a blinded reader; then the trunk goes on to the end.
    pub branches: Vec<Branch>,
}

const WIDTH: f64 = 584.0;
const BOX: f64 = 276.0;
const LINE: f64 = 19.0;

fn height(lines: usize) -> f64 {
    18.0 + LINE * (lines.max(1)) as f64
}

impl Flow {
    pub fn draw(&self) -> String {
        let mut svg = Svg::new(&self.id, WIDTH, self.total_height(), &self.title, &self.finding());
        let mut y = 0.5;
        for (index, step) in self.trunk.iter().enumerate() {
            let h = height(1 + step.lines.len());
            draw_box(&mut svg, (0.5, y), BOX, &step.title, step.count, &step.lines);
            let gap = self.gap(step);
            let more = index + 1 < self.trunk.len();
            if !step.left.is_empty() {
                let lh = height(step.left.len());
                let top = y + h + 8.0;
                draw_list(&mut svg, (WIDTH - BOX - 0.5, top), BOX, &step.left);
                let middle = top + lh / 2.0;
                svg.line("axis", (BOX / 2.0, y + h), (BOX / 2.0, middle));
                arrow(&mut svg, (BOX / 2.0, middle), (WIDTH - BOX - 0.5, middle));
            }
            if more {
                arrow(&mut svg, (BOX / 2.0, y + h), (BOX / 2.0, y + h + gap));
            }
            y += h + gap;
        }
        self.draw_branches(&mut svg, y);
        svg.finish()
    }

    fn gap(&self, step: &Step) -> f64 {
        if step.left.is_empty() { 22.0 } else { height(step.left.len()) + 16.0 }
    }

    fn total_height(&self) -> f64 {
        let trunk: f64 = self.trunk.iter().map(|s| height(1 + s.lines.len()) + self.gap(s)).sum();
        let branch = self
            .branches
            .iter()
            .map(|b| b.steps.iter().map(|s| height(1 + s.lines.len()) + 22.0).sum::<f64>())
            .fold(0.0, f64::max);
        trunk + branch + 1.0
    }

    fn draw_branches(&self, svg: &mut Svg, top: f64) {
        let count = self.branches.len();
        if count == 0 {
            return;
        }
        let gap = 24.0;
        let width = ((WIDTH - 1.0) - gap * (count - 1) as f64) / count as f64;
        for (index, branch) in self.branches.iter().enumerate() {
            let x = 0.5 + index as f64 * (width + gap);
            let middle = x + width / 2.0;
            svg.line("axis", (BOX / 2.0, top - 22.0), (BOX / 2.0, top - 12.0));
            svg.line("axis", (BOX / 2.0, top - 12.0), (middle, top - 12.0));
            arrow(svg, (middle, top - 12.0), (middle, top));
            let mut y = top;
            for (position, step) in branch.steps.iter().enumerate() {
                let h = height(1 + step.lines.len());
                draw_box(svg, (x, y), width, &step.title, step.count, &step.lines);
                if position + 1 < branch.steps.len() {
                    arrow(svg, (middle, y + h), (middle, y + h + 22.0));
                }
                y += h + 22.0;
            }
        }
    }

    fn finding(&self) -> String {
        let trunk = self.trunk.iter().map(|s| format!("{} {}", s.title, s.count));
        let branches = self.branches.iter().filter_map(|b| b.steps.first()).map(|s| format!("{} {}", s.title, s.count));
        format!("{}.", trunk.chain(branches).collect::<Vec<_>>().join("; "))
    }

    pub fn table(&self) -> Table {
        let mut rows = Vec::new();
        let mut add = |step: &Step| {
            rows.push(vec![Cell::head(&step.title), Cell::number(step.count)]);
            for (words, count) in step.lines.iter().chain(&step.left) {
                rows.push(vec![Cell::text(words), Cell::number(*count)]);
            }
        };
        self.trunk.iter().for_each(&mut add);
        self.branches.iter().flat_map(|b| &b.steps).for_each(&mut add);
        Table::new(&self.title, &["Step", "Participants"], rows)
    }
}

fn draw_box(svg: &mut Svg, at: (f64, f64), width: f64, title: &str, count: u64, lines: &[(String, u64)]) {
    svg.rect("box", at, (width, height(1 + lines.len())), 3.0);
    let (x, mut y) = (at.0 + 12.0, at.1 + 23.0);
    svg.text("t-b", (x, y), Anchor::Start, title);
    svg.text("t-b", (at.0 + width - 12.0, y), Anchor::End, &count.to_string());
    for (words, number) in lines {
        y += LINE;
        svg.text("t-3", (x, y), Anchor::Start, words);
        svg.text("t-3", (at.0 + width - 12.0, y), Anchor::End, &number.to_string());
    }
}

fn draw_list(svg: &mut Svg, at: (f64, f64), width: f64, lines: &[(String, u64)]) {
    svg.rect("box", at, (width, height(lines.len())), 3.0);
    for (index, (words, number)) in lines.iter().enumerate() {
        let y = at.1 + 23.0 + LINE * index as f64;
        svg.text("t-ink", (at.0 + 12.0, y), Anchor::Start, words);
        svg.text("t-ink", (at.0 + width - 12.0, y), Anchor::End, &number.to_string());
    }
}

fn arrow(svg: &mut Svg, from: (f64, f64), to: (f64, f64)) {
    svg.line("axis", from, to);
    let head = if (from.1 - to.1).abs() < 0.5 {
        vec![(to.0 - 6.0, to.1 - 4.0), to, (to.0 - 6.0, to.1 + 4.0)]
    } else {
        vec![(to.0 - 4.0, to.1 - 6.0), to, (to.0 + 4.0, to.1 - 6.0)]
    };
    svg.polyline("axis", &head);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(title: &str, count: u64, left: &[(&str, u64)]) -> Step {
        Step {
            title: title.into(),
            count,
            lines: Vec::new(),
            left: left.iter().map(|(w, c)| ((*w).to_owned(), *c)).collect(),
        }
    }

    #[test]
    fn says_every_count_in_picture_words_and_table() {
        let flow = Flow {
            id: "flow".into(),
            title: "Flow of participants".into(),
            trunk: vec![
                step("Assessed for eligibility", 318, &[("Not eligible", 171), ("Declined", 20)]),
                step("Randomised", 104, &[]),
            ],
            branches: Vec::new(),
        };
        let drawn = flow.draw();
        for part in [">318<", ">171<", ">20<", ">104<", "Assessed for eligibility 318; Randomised 104."] {
            assert!(drawn.contains(part), "{part}");
        }
        assert_eq!(flow.table().rows.len(), 4);
    }

    #[test]
    fn arms_are_drawn_only_when_given() {
        let arms =
            |branches| Flow { id: "f".into(), title: "t".into(), trunk: vec![step("Randomised", 104, &[])], branches };
        assert!(!arms(Vec::new()).draw().contains("Arm"));
        let open = arms(vec![
            Branch { steps: vec![step("Arm one", 53, &[])] },
            Branch { steps: vec![step("Arm two", 51, &[])] },
        ])
        .draw();
        assert!(open.contains("Arm one") && open.contains("Arm two"));
    }
}
