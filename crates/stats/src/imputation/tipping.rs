//! How much worse imputed values must be before the result tips: over one delta as a table and a chart, over one for each
//! arm as a grid.

use std::fmt::Write as _;

use crate::chart::{Axis, Chart, Mark, Point, Series};

use super::analysis::{Effects, NormalEstimate};

/// A difference under one delta.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TippingPoint {
    /// What was added to each imputed value outside the reference arm.
    pub delta: f64,
    /// The difference.
    pub difference: NormalEstimate,
}

/// Differences of one arm at one visit over a delta for the arm (rows) and one for the reference arm (columns).
#[derive(Debug, Clone, PartialEq)]
pub struct TippingGrid {
    /// What was added to imputed values outside the reference arm, one a row.
    pub deltas: Vec<f64>,
    /// What was added to those of the reference arm, one a column.
    pub reference_deltas: Vec<f64>,
    /// The differences by rows.
    pub differences: Vec<Vec<NormalEstimate>>,
}

impl Effects {
    /// The difference of one arm at one visit over a range of deltas; empty where there is no such arm or visit.
    pub fn tipping(&self, visit: &str, arm: &str, deltas: &[f64]) -> Vec<TippingPoint> {
        let point = |delta: f64| Some(TippingPoint { delta, difference: self.difference(visit, arm, delta, 0.0)? });
        deltas.iter().filter_map(|delta| point(*delta)).collect()
    }

    /// The same over a delta for each arm; `None` where there is no such arm or visit.
    pub fn tipping_grid(
        &self,
        visit: &str,
        arm: &str,
        deltas: &[f64],
        reference_deltas: &[f64],
    ) -> Option<TippingGrid> {
        let row =
            |delta: f64| reference_deltas.iter().map(|other| self.difference(visit, arm, delta, *other)).collect();
        let differences: Option<Vec<Vec<NormalEstimate>>> = deltas.iter().map(|delta| row(*delta)).collect();
        Some(TippingGrid {
            deltas: deltas.to_vec(),
            reference_deltas: reference_deltas.to_vec(),
            differences: differences?,
        })
    }

    /// The smallest delta of an ascending range at which the difference is no longer significant.
    pub fn tips_at(points: &[TippingPoint], alpha: f64) -> Option<f64> {
        points.iter().find(|point| point.difference.p >= alpha).map(|point| point.delta)
    }
}

/// Deltas, differences with their intervals, and p, with a mark at the tipping point.
pub fn tipping_table(points: &[TippingPoint], alpha: f64) -> String {
    let mut out = String::new();
    let tips = Effects::tips_at(points, alpha);
    // Writing to a String can't fail.
    let _ = writeln!(out, "{:>8} {:>12} {:>10}   {:<22} {:>8}", "delta", "difference", "se", "95 % interval", "p");
    for TippingPoint { delta, difference } in points {
        let interval = format!("{:.3} to {:.3}", difference.lower, difference.upper);
        let p = if difference.p < 1e-4 { "<.0001".to_owned() } else { format!("{:.4}", difference.p) };
        let mark = if tips == Some(*delta) { "  tips" } else { "" };
        let (estimate, se) = (difference.estimate, difference.se);
        let _ = writeln!(out, "{delta:>8} {estimate:>12.3} {se:>10.3}   {interval:<22} {p:>8}{mark}");
    }
    let _ = match tips {
        Some(delta) => writeln!(out, "no longer significant at {alpha} from a delta of {delta} on"),
        None => writeln!(out, "significant at {alpha} over the whole range"),
    };
    out
}

/// The difference with its interval by delta, with a line at no difference and one where it tips. `arm` and `unit` are for
/// the labels.
pub fn tipping_chart(points: &[TippingPoint], alpha: f64, arm: &str, unit: &str) -> Chart {
    let tips = Effects::tips_at(points, alpha);
    let description = match tips {
        Some(delta) => format!("The difference is no longer significant at {alpha} from a delta of {delta} {unit} on."),
        None => format!("The difference stays significant at {alpha} for every delta looked at."),
    };
    let mut marks = vec![Mark::Level(0.0, "no difference".to_owned())];
    marks.extend(tips.map(|delta| Mark::Upright(delta, format!("tips at {delta}"))));
    let of = |point: &TippingPoint| Point {
        x: point.delta,
        y: point.difference.estimate,
        interval: Some([point.difference.lower, point.difference.upper]),
    };
    Chart {
        title: "Tipping point: the difference with imputed values made worse".to_owned(),
        description,
        x: Axis { label: format!("added to every imputed value of {arm}, {unit}"), ..Axis::default() },
        y: Axis { label: format!("difference, {unit}, with 95 % interval"), ..Axis::default() },
        series: vec![Series { name: String::new(), points: points.iter().map(of).collect() }],
        marks,
    }
}

impl TippingGrid {
    /// p by both deltas; a star where the difference is no longer significant.
    pub fn table(&self, alpha: f64) -> String {
        let mut out = String::new();
        let heads: Vec<String> = self.reference_deltas.iter().map(|delta| format!("{delta:>8}")).collect();
        // Writing to a String can't fail.
        let _ = writeln!(out, "{:>8}{}   ← delta of the reference arm", "delta", heads.concat());
        for (delta, row) in self.deltas.iter().zip(&self.differences) {
            let cell = |found: &NormalEstimate| {
                let star = if found.p >= alpha { "*" } else { "" };
                format!("{:>8}", format!("{:.4}{star}", found.p))
            };
            let cells: Vec<String> = row.iter().map(cell).collect();
            let _ = writeln!(out, "{delta:>8}{}", cells.concat());
        }
        let _ = writeln!(out, "p-values; *: not significant at {alpha}");
        out
    }
}
