//! Fisher's exact test and the conditional odds ratio.

use crate::distributions::ln_choose;

use super::Counted;

/// Fisher's exact test of two proportions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fisher {
    /// Sum of the probabilities of all tables at most as likely as the one seen.
    pub two_sided_p: f64,
    /// Probability of at least as many responders in the first group.
    pub greater_p: f64,
    /// Conditional maximum-likelihood odds ratio.
    pub odds_ratio: f64,
    /// Its exact interval.
    pub interval: [f64; 2],
}

/// The number of responders in the first group, given all margins: a noncentral hypergeometric distribution.
struct Table {
    low: f64,
    seen: f64,
    /// log of the central weights from `low` on.
    weights: Vec<f64>,
}

/// Fisher's exact test, as R's `fisher.test` defines its parts.
pub fn fisher(first: Counted, second: Counted, level: f64) -> Fisher {
    let (n1, n2) = (first.people(), second.people());
    let responders = first.responders() + second.responders();
    let low = (responders - n2).max(0.0);
    let high = responders.min(n1);
    let count = (high - low) as usize + 1;
    let weights =
        (0..count).map(|step| low + step as f64).map(|x| ln_choose(n1, x) + ln_choose(n2, responders - x)).collect();
    let table = Table { low, seen: first.responders(), weights };
    let probabilities = table.probabilities(0.0);
    let seen = table.index();
    let own = probabilities[seen];
    // Ties are tables as likely as the one seen up to rounding.
    let two_sided: f64 = probabilities.iter().filter(|probability| **probability <= own * (1.0 + 1e-7)).sum();
    let tail = 0.5 * (1.0 - level);
    Fisher {
        two_sided_p: two_sided.min(1.0),
        greater_p: table.upper(0.0).min(1.0),
        odds_ratio: table.estimate(),
        interval: [
            if seen == 0 { 0.0 } else { solve(|log| table.upper(log) < tail).exp() },
            if seen + 1 == count { f64::INFINITY } else { solve(|log| table.lower(log) > tail).exp() },
        ],
    }
}

impl Table {
    fn index(&self) -> usize {
        (self.seen - self.low) as usize
    }

    fn probabilities(&self, log_odds: f64) -> Vec<f64> {
        let logs: Vec<f64> = self
            .weights
            .iter()
            .enumerate()
            .map(|(step, weight)| weight + (self.low + step as f64) * log_odds)
            .collect();
        let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let shares: Vec<f64> = logs.iter().map(|log| (log - largest).exp()).collect();
        let total: f64 = shares.iter().sum();
        shares.into_iter().map(|share| share / total).collect()
    }

    fn upper(&self, log_odds: f64) -> f64 {
        self.probabilities(log_odds)[self.index()..].iter().sum()
    }

    fn lower(&self, log_odds: f64) -> f64 {
        self.probabilities(log_odds)[..=self.index()].iter().sum()
    }

    fn mean(&self, log_odds: f64) -> f64 {
        self.probabilities(log_odds)
            .iter()
            .enumerate()
            .map(|(step, probability)| probability * (self.low + step as f64))
            .sum()
    }

    fn estimate(&self) -> f64 {
        if self.index() == 0 {
            return 0.0;
        }
        if self.index() + 1 == self.weights.len() {
            return f64::INFINITY;
        }
        solve(|log| self.mean(log) < self.seen).exp()
    }
}

/// The log odds at which a condition that holds below stops holding.
fn solve(holds: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (-60.0, 60.0);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if holds(middle) { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}
