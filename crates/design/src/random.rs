//! Draws: a stream for each trial's people, and one for each of its sites' blocks.
//!
//! Every scenario of a trial uses the same streams, so two scenarios differ by what is assumed and not by luck.
//! Source of the methods: Box–Muller (normal).

use rand::Rng;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

/// Streams of one trial: its people, and its sites (at most this many, less one).
const STREAMS: u64 = 1024;

/// All streams of a seed.
#[derive(Debug, Clone)]
pub(crate) struct Streams(ChaCha8Rng);

impl Streams {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// The stream of a trial's people.
    pub(crate) fn people(&self, trial: u64) -> Stream {
        self.stream(trial, 0)
    }

    /// The stream of one site's blocks in a trial.
    pub(crate) fn blocks(&self, trial: u64, site: usize) -> ChaCha8Rng {
        self.stream(trial, 1 + site as u64 % (STREAMS - 1)).random
    }

    fn stream(&self, trial: u64, which: u64) -> Stream {
        let mut random = self.0.clone();
        random.set_stream(trial.wrapping_mul(STREAMS).wrapping_add(which));
        Stream { random, spare: None }
    }
}

/// A stream of draws.
pub(crate) struct Stream {
    random: ChaCha8Rng,
    spare: Option<f64>,
}

impl Stream {
    /// From 0 (inclusive) to 1 (exclusive).
    pub(crate) fn uniform(&mut self) -> f64 {
        (self.random.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Exponential with mean 1.
    pub(crate) fn exponential(&mut self) -> f64 {
        -(1.0 - self.uniform()).ln()
    }

    /// Normal with mean 0 and SD 1.
    pub(crate) fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let radius = (2.0 * self.exponential()).sqrt();
        let (sine, cosine) = (std::f64::consts::TAU * self.uniform()).sin_cos();
        self.spare = Some(radius * sine);
        radius * cosine
    }

    /// Normal between two bounds: drawn again until it fits, at most 1,000 times, then held at the bounds.
    pub(crate) fn truncated(&mut self, mean: f64, sd: f64, low: f64, high: f64) -> f64 {
        let mut drawn = mean;
        for _ in 0..1000 {
            drawn = mean + sd * self.normal();
            if (low..=high).contains(&drawn) {
                return drawn;
            }
        }
        drawn.clamp(low, high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(draw: impl FnMut() -> f64) -> (f64, f64, f64) {
        let values: Vec<f64> = std::iter::repeat_with(draw).take(200_000).collect();
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n;
        let fourth = values.iter().map(|value| (value - mean).powi(4)).sum::<f64>() / n / variance.powi(2);
        (mean, variance, fourth)
    }

    #[test]
    fn draws_have_their_moments() {
        let streams = Streams::new(11);
        let mut stream = streams.people(3);
        // Means within 4 standard errors; kurtosis 3, 9 and 1.8.
        let (mean, variance, fourth) = moments(|| stream.normal());
        assert!(mean.abs() < 0.01 && (variance - 1.0).abs() < 0.013 && (fourth - 3.0).abs() < 0.1, "{mean} {variance}");
        let (mean, variance, fourth) = moments(|| stream.exponential());
        assert!((mean - 1.0).abs() < 0.01 && (variance - 1.0).abs() < 0.03 && (fourth - 9.0).abs() < 1.5, "{fourth}");
        let (mean, variance, fourth) = moments(|| stream.uniform());
        assert!((mean - 0.5).abs() < 0.003 && (variance - 1.0 / 12.0).abs() < 0.001 && (fourth - 1.8).abs() < 0.02);
        let (mean, ..) = moments(|| stream.truncated(38.2, 7.3, 28.0, 80.0));
        // 38.2 + 7.3·φ(a)/(1 − Φ(a)) at a = (28 − 38.2)/7.3.
        assert!((mean - 39.394).abs() < 0.06, "{mean}");
    }

    #[test]
    fn streams_have_nothing_in_common() {
        let streams = Streams::new(1);
        let first = |mut stream: Stream| stream.uniform().to_bits();
        let mut seen = std::collections::BTreeSet::new();
        for trial in 0..200 {
            assert!(seen.insert(first(streams.people(trial))));
            for site in 0..20 {
                assert!(seen.insert(first(Stream { random: streams.blocks(trial, site), spare: None })));
            }
        }
        assert_ne!(first(Streams::new(2).people(0)), first(streams.people(0)));
        assert_eq!(first(streams.people(5)), first(Streams::new(1).people(5)));
    }
}
