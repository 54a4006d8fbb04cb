//! Numbers from a seed: for dummy allocations and drawn imputations. The same seed gives the same numbers on every machine.

use stats::distributions::normal_quantile;

/// Steele, Lea and Flood's SplitMix64.
#[derive(Debug, Clone)]
pub struct Draws(u64);

impl Draws {
    /// From a seed and a word that keeps streams apart.
    pub fn new(seed: u64, word: &str) -> Self {
        // FNV-1a of the word.
        let mixed = word
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let mut draws = Self(seed ^ mixed);
        draws.next();
        draws
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    /// Between 0 and 1, neither of them.
    pub fn uniform(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// A standard normal number.
    pub fn normal(&mut self) -> f64 {
        normal_quantile(self.uniform())
    }

    /// A whole number below `bound`, which is above 0.
    pub fn below(&mut self, bound: usize) -> usize {
        ((self.uniform() * bound as f64) as usize).min(bound.saturating_sub(1))
    }

    /// Mixes a list.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers_and_they_look_drawn() {
        let draw = |seed, word| {
            let mut draws = Draws::new(seed, word);
            (0..2_000).map(|_| draws.normal()).collect::<Vec<_>>()
        };
        let one = draw(1, "a");
        assert_eq!(one, draw(1, "a"));
        assert_ne!(one, draw(2, "a"));
        assert_ne!(one, draw(1, "b"));
        let mean = one.iter().sum::<f64>() / 2_000.0;
        let variance = one.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 1_999.0;
        // Five standard errors.
        assert!(mean.abs() < 5.0 / 2_000_f64.sqrt(), "{mean}");
        assert!((variance - 1.0).abs() < 5.0 * (2.0 / 2_000_f64).sqrt(), "{variance}");
    }
}
