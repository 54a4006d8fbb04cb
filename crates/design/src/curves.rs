//! Power by size and by effect, as charts.

use crate::results::{Results, ScenarioResult};
use stats::chart::{Axis, Chart, Mark, Point, Series};

impl Results {
    /// File names with charts as SVG: power by number of participants, power by effect. A curve of one point is left out.
    pub fn curves(&self) -> Vec<(&'static str, String)> {
        let mut out = Vec::new();
        let sizes = self.by_participants();
        if sizes.len() > 1 {
            let chart = self.chart(
                format!("Power by number of participants, advantage {:.1} points", self.plan.advantage),
                "participants randomised",
                Mark::Upright(self.plan.participants as f64, "planned".to_owned()),
                sizes.iter().map(|one| (one.participants as f64, *one)).collect(),
            );
            out.push(("power-by-participants.svg", chart.svg()));
        }
        let advantages = self.by_advantage();
        if advantages.len() > 1 {
            let chart = self.chart(
                format!("Power by effect, {} participants", self.plan.participants),
                "true advantage at the last visit, points",
                Mark::Upright(self.plan.advantage, "planned".to_owned()),
                advantages.iter().map(|one| (one.advantage, *one)).collect(),
            );
            out.push(("power-by-effect.svg", chart.svg()));
        }
        out
    }

    fn chart(&self, title: String, across: &str, planned: Mark, list: Vec<(f64, &ScenarioResult)>) -> Chart {
        let trials = self.plan.trials;
        let each: Vec<String> =
            list.iter().map(|(x, one)| format!("{x} → {:.1} %", 100.0 * one.better.share)).collect();
        let points = list.iter().map(|(x, one)| Point {
            x: *x,
            y: one.better.share,
            interval: Some([one.better.lower, one.better.upper]),
        });
        let alpha = self.plan.model.alpha;
        Chart {
            title,
            description: format!(
                "Share of {trials} simulated trials that show the compared arm to be better: {}. Bands: 95 % intervals of the simulation.",
                each.join(", ")
            ),
            x: Axis { label: across.to_owned(), ..Axis::default() },
            y: Axis { label: "trials that show a benefit".to_owned(), reach: vec![0.0, 1.0], percent: true },
            series: vec![Series { name: String::new(), points: points.collect() }],
            marks: vec![
                planned,
                Mark::Level(0.9, "90 %".to_owned()),
                Mark::Level(0.8, "80 %".to_owned()),
                Mark::Level(0.5 * alpha, format!("{:.1} %: half of alpha", 50.0 * alpha)),
            ],
        }
    }
}
