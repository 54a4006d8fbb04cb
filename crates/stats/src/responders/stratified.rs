//! Two arms over strata: Cochran–Mantel–Haenszel and the pooled odds ratio, risk ratio and risk difference.
//!
//! Sources: Mantel & Haenszel 1959; Robins, Breslow & Greenland 1986; Greenland & Robins 1985; Sato 1989.

use crate::distributions::{chi_squared_upper, normal_quantile};

use super::CountError;
use super::proportion::{ChiSquared, Counted};

/// Both arms in one stratum; an arm may be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stratum {
    /// Treated responders.
    pub treated_responders: u64,
    /// Treated people who did not respond.
    pub treated_others: u64,
    /// Control responders.
    pub control_responders: u64,
    /// Control people who did not respond.
    pub control_others: u64,
}

impl Stratum {
    /// A stratum from both arms' counts.
    pub fn of(treated: Counted, control: Counted) -> Self {
        Stratum {
            treated_responders: treated.responders() as u64,
            treated_others: treated.others() as u64,
            control_responders: control.responders() as u64,
            control_others: control.others() as u64,
        }
    }

    fn cells(self) -> [f64; 4] {
        [
            self.treated_responders as f64,
            self.treated_others as f64,
            self.control_responders as f64,
            self.control_others as f64,
        ]
    }
}

/// Everything that is pooled over strata.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MantelHaenszel {
    /// Cochran–Mantel–Haenszel without continuity correction.
    pub test: ChiSquared,
    /// The same with the correction of ½ (none where the total is off by less).
    pub corrected: ChiSquared,
    /// Pooled odds ratio.
    pub odds_ratio: f64,
    /// Its interval (Robins, Breslow & Greenland).
    pub odds_ratio_interval: [f64; 2],
    /// Pooled risk difference, treated minus control.
    pub risk_difference: f64,
    /// Its standard error valid for many small strata and few large ones (Sato).
    pub risk_difference_se: f64,
    /// Its interval with that standard error.
    pub risk_difference_interval: [f64; 2],
    /// Its standard error of Greenland & Robins.
    pub risk_difference_se_greenland_robins: f64,
    /// Pooled risk ratio.
    pub risk_ratio: f64,
    /// Standard error of its logarithm (Greenland & Robins).
    pub log_risk_ratio_se: f64,
}

/// Pools strata. Those in which an arm is empty carry no information and are left out by the weights.
pub fn mantel_haenszel(strata: &[Stratum], level: f64) -> Result<MantelHaenszel, CountError> {
    let mut sums = Sums::default();
    for stratum in strata {
        sums.add(stratum.cells());
    }
    if sums.weight == 0.0 {
        return Err(CountError::NothingToCompare);
    }
    let z = -normal_quantile(0.5 * (1.0 - level));
    let off = sums.excess.abs();
    let test = |off: f64| {
        let statistic = off * off / sums.variance;
        ChiSquared { statistic, p: chi_squared_upper(statistic, 1.0) }
    };
    let odds_ratio = sums.r / sums.s;
    let log_se =
        (sums.pr / (2.0 * sums.r * sums.r) + sums.ps_qr / (2.0 * sums.r * sums.s) + sums.qs / (2.0 * sums.s * sums.s))
            .sqrt();
    let risk_difference = sums.difference / sums.weight;
    let sato = (risk_difference * sums.sato_p + sums.sato_q).max(0.0).sqrt() / sums.weight;
    Ok(MantelHaenszel {
        test: test(off),
        corrected: test(if off >= 0.5 { off - 0.5 } else { off }),
        odds_ratio,
        odds_ratio_interval: [odds_ratio * (-z * log_se).exp(), odds_ratio * (z * log_se).exp()],
        risk_difference,
        risk_difference_se: sato,
        risk_difference_interval: [risk_difference - z * sato, risk_difference + z * sato],
        risk_difference_se_greenland_robins: sums.greenland.sqrt() / sums.weight,
        risk_ratio: sums.treated / sums.control,
        log_risk_ratio_se: (sums.ratio / (sums.treated * sums.control)).sqrt(),
    })
}

#[derive(Default)]
struct Sums {
    excess: f64,
    variance: f64,
    r: f64,
    s: f64,
    pr: f64,
    ps_qr: f64,
    qs: f64,
    weight: f64,
    difference: f64,
    sato_p: f64,
    sato_q: f64,
    greenland: f64,
    treated: f64,
    control: f64,
    ratio: f64,
}

impl Sums {
    fn add(&mut self, [a, b, c, d]: [f64; 4]) {
        let (n1, n0) = (a + b, c + d);
        let n = n1 + n0;
        if n1 == 0.0 || n0 == 0.0 {
            return;
        }
        let responders = a + c;
        self.excess += a - n1 * responders / n;
        self.variance += n1 * n0 * responders * (n - responders) / (n * n * (n - 1.0));
        let (r, s, p, q) = (a * d / n, b * c / n, (a + d) / n, (b + c) / n);
        self.r += r;
        self.s += s;
        self.pr += p * r;
        self.ps_qr += p * s + q * r;
        self.qs += q * s;
        self.weight += n1 * n0 / n;
        self.difference += (a * n0 - c * n1) / n;
        self.sato_p += (n1 * n1 * c - n0 * n0 * a + n1 * n0 * (n0 - n1) / 2.0) / (n * n);
        self.sato_q += (a * d + c * b) / (2.0 * n);
        self.greenland += (a * b * n0.powi(3) + c * d * n1.powi(3)) / (n1 * n0 * n * n);
        self.treated += a * n0 / n;
        self.control += c * n1 / n;
        self.ratio += (n1 * n0 * responders - a * c * n) / (n * n);
    }
}
