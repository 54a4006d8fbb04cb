//! Probabilities of crossing boundaries, by Gauss–Legendre quadrature over the continuation region of each look.

use crate::distributions::{normal_density, normal_upper};

/// Nodes a look; with the region cut at nine standard deviations the error is far below 1e-12.
const NODES: usize = 160;
const REACH: f64 = 9.0;

/// The density of B on the region where the trial goes on, after some looks, under one drift.
#[derive(Debug, Clone)]
pub(super) struct Continuing {
    drift: f64,
    /// Information fraction of the last look; 0 before the first.
    time: f64,
    nodes: Vec<f64>,
    /// Quadrature weight times density.
    mass: Vec<f64>,
}

impl Continuing {
    /// Before the first look, all mass at 0.
    pub(super) fn start(drift: f64) -> Self {
        Continuing { drift, time: 0.0, nodes: vec![0.0], mass: vec![1.0] }
    }

    /// Probability that Z at `time` exceeds `z`, having gone on so far.
    pub(super) fn above(&self, time: f64, z: f64) -> f64 {
        let spread = (time - self.time).sqrt();
        let target = z * time.sqrt() - self.drift * (time - self.time);
        self.nodes.iter().zip(&self.mass).map(|(node, mass)| mass * normal_upper((target - node) / spread)).sum()
    }

    /// Probability that Z at `time` stays below `z`, having gone on so far.
    pub(super) fn below(&self, time: f64, z: f64) -> f64 {
        let spread = (time - self.time).sqrt();
        let target = z * time.sqrt() - self.drift * (time - self.time);
        self.nodes.iter().zip(&self.mass).map(|(node, mass)| mass * normal_upper((node - target) / spread)).sum()
    }

    /// Goes on to `time` where Z lies between `lower` and `upper`.
    pub(super) fn go_on(&self, time: f64, lower: f64, upper: f64) -> Self {
        let (root, spread) = (time.sqrt(), (time - self.time).sqrt());
        let centre = self.drift * time;
        let low = (lower * root).max(centre - REACH * root);
        let high = (upper * root).min(centre + REACH * root);
        let (abscissae, weights) = gauss_legendre();
        let (middle, half) = (0.5 * (low + high), 0.5 * (high - low).max(0.0));
        let nodes: Vec<f64> = abscissae.iter().map(|x| middle + half * x).collect();
        let shift = self.drift * (time - self.time);
        let density = |b: f64| {
            self.nodes
                .iter()
                .zip(&self.mass)
                .map(|(node, mass)| mass * normal_density((b - node - shift) / spread))
                .sum::<f64>()
                / spread
        };
        let mass = nodes.iter().zip(&weights).map(|(node, weight)| half * weight * density(*node)).collect();
        Continuing { drift: self.drift, time, nodes, mass }
    }
}

/// Roots of the Legendre polynomial by Newton's method, and their weights.
fn gauss_legendre() -> (Vec<f64>, Vec<f64>) {
    let n = NODES as f64;
    let mut pairs = Vec::with_capacity(NODES);
    for index in 0..NODES {
        let mut x = -(std::f64::consts::PI * (index as f64 + 0.75) / (n + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..100 {
            let (mut before, mut value) = (1.0, x);
            for k in 2..=NODES {
                let k = k as f64;
                (before, value) = (value, ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k);
            }
            slope = n * (x * value - before) / (x * x - 1.0);
            let step = value / slope;
            x -= step;
            if step.abs() < 1e-15 {
                break;
            }
        }
        pairs.push((x, 2.0 / ((1.0 - x * x) * slope * slope)));
    }
    pairs.into_iter().unzip()
}
