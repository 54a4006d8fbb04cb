//! One proportion and the difference of two.
//!
//! Sources: Wilson 1927; Clopper & Pearson 1934; Newcombe 1998 (method 10); Miettinen & Nurminen 1985; Yates 1934.

use crate::distributions::{beta_quantile, chi_squared_quantile, chi_squared_upper, normal_quantile};

use super::CountError;

/// Responders among people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    responders: u64,
    people: u64,
}

impl Counted {
    /// Responders among at least one person.
    pub fn new(responders: u64, people: u64) -> Result<Self, CountError> {
        if people == 0 {
            return Err(CountError::NoPeople);
        }
        if responders > people {
            Err(CountError::TooManyResponders { responders, people })
        } else {
            Ok(Counted { responders, people })
        }
    }

    /// Number of responders.
    pub fn responders(self) -> f64 {
        self.responders as f64
    }

    /// Number of people.
    pub fn people(self) -> f64 {
        self.people as f64
    }

    /// People who did not respond.
    pub fn others(self) -> f64 {
        (self.people - self.responders) as f64
    }

    /// The share of responders.
    pub fn share(self) -> f64 {
        self.responders() / self.people()
    }
}

fn two_sided_z(level: f64) -> f64 {
    -normal_quantile(0.5 * (1.0 - level))
}

/// Wilson's score interval for a proportion, without continuity correction.
pub fn wilson(group: Counted, level: f64) -> [f64; 2] {
    let (z, n, p) = (two_sided_z(level), group.people(), group.share());
    let square = z * z;
    let centre = p + square / (2.0 * n);
    let reach = z * (p * (1.0 - p) / n + square / (4.0 * n * n)).sqrt();
    let scale = 1.0 + square / n;
    [((centre - reach) / scale).max(0.0), ((centre + reach) / scale).min(1.0)]
}

/// The exact interval of Clopper & Pearson.
pub fn clopper_pearson(group: Counted, level: f64) -> [f64; 2] {
    let (tail, x) = (0.5 * (1.0 - level), group.responders());
    let lower = if x == 0.0 { 0.0 } else { beta_quantile(tail, x, group.others() + 1.0) };
    let upper = if group.others() == 0.0 { 1.0 } else { beta_quantile(1.0 - tail, x + 1.0, group.others()) };
    [lower, upper]
}

/// Newcombe's hybrid score interval for the difference of two proportions, first minus second.
pub fn newcombe(first: Counted, second: Counted, level: f64) -> [f64; 2] {
    let difference = first.share() - second.share();
    let ([l1, u1], [l2, u2]) = (wilson(first, level), wilson(second, level));
    let (p1, p2) = (first.share(), second.share());
    [
        difference - ((p1 - l1).powi(2) + (u2 - p2).powi(2)).sqrt(),
        difference + ((u1 - p1).powi(2) + (p2 - l2).powi(2)).sqrt(),
    ]
}

/// Miettinen & Nurminen's score interval for the difference of two proportions, with their factor N/(N−1).
pub fn miettinen_nurminen(first: Counted, second: Counted, level: f64) -> [f64; 2] {
    let z = two_sided_z(level);
    let difference = first.share() - second.share();
    // The score falls as the hypothetical difference rises; it is 0 at the observed one.
    let root = |mut inside: f64, mut outside: f64, target: f64| {
        for _ in 0..200 {
            let middle = 0.5 * (inside + outside);
            if score(first, second, middle).abs() < target { inside = middle } else { outside = middle }
        }
        0.5 * (inside + outside)
    };
    [root(difference, -1.0, z), root(difference, 1.0, z)]
}

/// The score statistic for a hypothetical difference, with the restricted maximum-likelihood proportions.
fn score(first: Counted, second: Counted, difference: f64) -> f64 {
    let (n1, n2, x1, x2) = (first.people(), second.people(), first.responders(), second.responders());
    let n = n1 + n2;
    let observed = first.share() - second.share() - difference;
    if observed == 0.0 {
        return 0.0;
    }
    // The cubic for the second proportion, solved by its trigonometric form.
    let l2 = (n1 + 2.0 * n2) * difference - n - (x1 + x2);
    let l1 = (n2 * difference - n - 2.0 * x2) * difference + x1 + x2;
    let l0 = x2 * difference * (1.0 - difference);
    let q = l2.powi(3) / (3.0 * n).powi(3) - l1 * l2 / (6.0 * n * n) + l0 / (2.0 * n);
    let p = q.signum() * (l2 * l2 / (3.0 * n).powi(2) - l1 / (3.0 * n)).max(0.0).sqrt();
    let angle = if p == 0.0 { 0.0 } else { (q / p.powi(3)).clamp(-1.0, 1.0).acos() };
    let p2 = (2.0 * p * ((std::f64::consts::PI + angle) / 3.0).cos() - l2 / (3.0 * n)).clamp(0.0, 1.0);
    let p1 = (p2 + difference).clamp(0.0, 1.0);
    let variance = (p1 * (1.0 - p1) / n1 + p2 * (1.0 - p2) / n2) * n / (n - 1.0);
    if variance <= 0.0 { f64::INFINITY } else { observed / variance.sqrt() }
}

/// One over a risk difference; infinite where there is none.
pub fn number_needed_to_treat(difference: f64) -> f64 {
    1.0 / difference
}

/// A chi-squared statistic on one degree of freedom, and its tail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChiSquared {
    /// The statistic.
    pub statistic: f64,
    /// Its upper tail.
    pub p: f64,
}

/// Pearson's test of two proportions; `None` where everybody or nobody responded.
pub fn pearson_chi_squared(first: Counted, second: Counted) -> Option<ChiSquared> {
    corrected_chi_squared(first, second, 0.0)
}

/// The same with Yates' correction.
pub fn yates_chi_squared(first: Counted, second: Counted) -> Option<ChiSquared> {
    corrected_chi_squared(first, second, 0.5)
}

fn corrected_chi_squared(first: Counted, second: Counted, correction: f64) -> Option<ChiSquared> {
    let (n1, n2) = (first.people(), second.people());
    let (responders, others) = (first.responders() + second.responders(), first.others() + second.others());
    if responders == 0.0 || others == 0.0 {
        return None;
    }
    let n = n1 + n2;
    // All four cells are off by the same amount; the correction never overshoots it.
    let off = (first.responders() - n1 * responders / n).abs();
    let off = off - correction.min(off);
    let statistic = off * off * n.powi(3) / (n1 * n2 * responders * others);
    Some(ChiSquared { statistic, p: chi_squared_upper(statistic, 1.0) })
}

/// Events per unit of time with the exact Poisson interval: lower, upper.
pub fn poisson_rate(events: u64, time: f64, level: f64) -> [f64; 3] {
    let (tail, x) = (0.5 * (1.0 - level), events as f64);
    let lower = if events == 0 { 0.0 } else { 0.5 * chi_squared_quantile(tail, 2.0 * x) };
    let upper = 0.5 * chi_squared_quantile(1.0 - tail, 2.0 * (x + 1.0));
    [x / time, lower / time, upper / time]
}
