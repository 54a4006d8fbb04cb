//! Draws from a seed: one stream for each participant and purpose, so that switching one thing off moves nothing else.
//!
//! Source of the methods: Box–Muller (normal), Marsaglia and Tsang 2000 (gamma), Knuth (Poisson).

use rand::{Rng, RngExt};
use rand_pcg::Pcg64Mcg;

/// What a stream is for. The names are part of the seed: renaming one changes every simulated trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Sites,
    Acts,
    Arrivals,
    Person,
    Baseline,
    Outcome,
    Dropout,
    AdverseEvents,
    Vitals,
    Guesses,
    Answers,
    Medicines,
    Times,
    Habits,
    Slips,
    Session,
    Names,
}

/// A stream of draws.
#[derive(Debug, Clone)]
pub(crate) struct Stream(Pcg64Mcg);

/// Scrambles 64 bits so that neighbours have nothing in common (splitmix64's finaliser).
const fn mix(mut bits: u64) -> u64 {
    bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

impl Stream {
    /// The stream of one participant (or site, or 0 for the trial) for one purpose.
    pub(crate) fn new(seed: u64, whose: u64, purpose: Purpose) -> Self {
        let high = mix(mix(seed) ^ mix(whose.wrapping_mul(2).wrapping_add(1)));
        let low = mix(high ^ mix(purpose as u64));
        Self(Pcg64Mcg::new((u128::from(high) << 64) | u128::from(low)))
    }

    /// From 0 (inclusive) to 1 (exclusive).
    pub(crate) fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// From `low` to `high`.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// A whole number from `low` to `high`, both inclusive.
    pub(crate) fn whole(&mut self, low: i64, high: i64) -> i64 {
        self.0.random_range(low..=high.max(low))
    }

    /// A place in a list of `length`; 0 for an empty one.
    pub(crate) fn place(&mut self, length: usize) -> usize {
        self.0.random_range(0..length.max(1))
    }

    /// One of a list.
    pub(crate) fn one<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let place = self.place(of.len());
        of.get(place)
    }

    /// Whether something of this probability happens. One draw, whatever the probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }

    /// 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Normal with mean 0 and SD 1. Two draws, always.
    pub(crate) fn standard(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Normal.
    pub(crate) fn normal(&mut self, mean: f64, sd: f64) -> f64 {
        mean + sd * self.standard()
    }

    /// Normal between two bounds: drawn again until it fits, at most 200 times, then held at the bounds.
    pub(crate) fn truncated(&mut self, mean: f64, sd: f64, low: f64, high: f64) -> f64 {
        let mut drawn = mean;
        for _ in 0..200 {
            drawn = self.normal(mean, sd);
            if (low..=high).contains(&drawn) {
                return drawn;
            }
        }
        drawn.clamp(low, high)
    }

    /// Days until the next of events that come `rate` times a day.
    pub(crate) fn waiting(&mut self, rate: f64) -> f64 {
        -(1.0 - self.uniform()).ln() / rate.max(1e-9)
    }

    /// A count with this mean.
    pub(crate) fn poisson(&mut self, mean: f64) -> u32 {
        let limit = (-mean).exp();
        let mut count = 0;
        let mut product = self.uniform();
        while product > limit && count < 1000 {
            product *= self.uniform();
            count += 1;
        }
        count
    }

    fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            let boost = self.uniform().max(f64::MIN_POSITIVE).powf(1.0 / shape);
            return self.gamma(shape + 1.0) * boost;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.standard();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && (1.0 - self.uniform()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }

    /// Shares that sum to 1, around `weights`: the larger these are, the closer.
    pub(crate) fn dirichlet(&mut self, weights: &[f64]) -> Vec<f64> {
        let drawn: Vec<f64> = weights.iter().map(|weight| self.gamma(weight.max(1e-3))).collect();
        let sum: f64 = drawn.iter().sum();
        drawn.into_iter().map(|share| share / sum).collect()
    }

    /// A place drawn by weight; 0 when all weights are 0.
    pub(crate) fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut left = self.uniform() * weights.iter().sum::<f64>();
        for (place, weight) in weights.iter().enumerate() {
            if left < *weight {
                return place;
            }
            left -= weight;
        }
        weights.len().saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(values: &[f64]) -> (f64, f64) {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
        (mean, variance.sqrt())
    }

    #[test]
    fn the_same_seed_draws_the_same_and_purposes_have_nothing_in_common() {
        let take = |seed, whose, purpose| {
            let mut stream = Stream::new(seed, whose, purpose);
            [stream.bits(), stream.bits(), stream.bits()]
        };
        assert_eq!(take(7, 3, Purpose::Vitals), take(7, 3, Purpose::Vitals));
        let others = [
            take(7, 3, Purpose::Vitals),
            take(8, 3, Purpose::Vitals),
            take(7, 4, Purpose::Vitals),
            take(7, 3, Purpose::Outcome),
        ];
        for (i, a) in others.iter().enumerate() {
            assert!(others.iter().skip(i + 1).all(|b| a.iter().all(|x| !b.contains(x))));
        }
    }

    /// Method: 40,000 draws; means within 4 standard errors of what theory says.
    #[test]
    fn distributions_have_their_moments() {
        let mut stream = Stream::new(1, 0, Purpose::Person);
        let mut draw =
            |f: &mut dyn FnMut(&mut Stream) -> f64| -> Vec<f64> { (0..40_000).map(|_| f(&mut stream)).collect() };
        for (name, values, mean, sd) in [
            ("uniform", draw(&mut |s| s.uniform()), 0.5, (1.0f64 / 12.0).sqrt()),
            ("normal", draw(&mut |s| s.normal(5.0, 2.0)), 5.0, 2.0),
            ("gamma", draw(&mut |s| s.gamma(3.0)), 3.0, 3.0f64.sqrt()),
            ("small gamma", draw(&mut |s| s.gamma(0.5)), 0.5, 0.5f64.sqrt()),
            ("poisson", draw(&mut |s| f64::from(s.poisson(4.0))), 4.0, 2.0),
            ("waiting", draw(&mut |s| s.waiting(0.25)), 4.0, 4.0),
            ("chance", draw(&mut |s| f64::from(u8::from(s.chance(0.3)))), 0.3, 0.21f64.sqrt()),
            // Mean and SD of a standard normal kept above 0: √(2/π), √(1 − 2/π).
            ("truncated", draw(&mut |s| s.truncated(0.0, 1.0, 0.0, 9.0)), 0.797_885, 0.602_81),
        ] {
            let (found, spread) = moments(&values);
            assert!((found - mean).abs() < 4.0 * sd / 200.0, "{name}: mean {found}, expected {mean}");
            assert!((spread / sd - 1.0).abs() < 0.03, "{name}: SD {spread}, expected {sd}");
        }
    }

    #[test]
    fn shares_sum_to_one_and_follow_their_weights() {
        let mut stream = Stream::new(2, 0, Purpose::Sites);
        let mut sums = [0.0; 3];
        for _ in 0..4000 {
            let shares = stream.dirichlet(&[2.0, 4.0, 2.0]);
            assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            sums.iter_mut().zip(shares).for_each(|(sum, share)| *sum += share / 4000.0);
        }
        assert!((sums[0] - 0.25).abs() < 0.01 && (sums[1] - 0.5).abs() < 0.01);
        let places: Vec<f64> = (0..20_000).map(|_| stream.weighted(&[1.0, 0.0, 3.0]) as f64).collect();
        assert!(!places.contains(&1.0) && (moments(&places).0 - 1.5).abs() < 0.03);
    }
}
