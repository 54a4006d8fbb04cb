//! Plans that tests start from.

use design::{Arm, Baseline, Dropout, Mechanism, ModelOfPlan, Plan};

/// 60 people, three visits, four sites, a seventh leave.
pub fn plan(trials: u64) -> Plan {
    let arm = |id: &str, change: [f64; 3], hazard: [f64; 3]| Arm {
        id: id.to_owned(),
        ratio: 1,
        change: change.to_vec(),
        hazard: hazard.to_vec(),
    };
    Plan {
        study: "test".to_owned(),
        participants: 60,
        advantage: 9.0,
        better: -1.0,
        visits: ["T2", "T3", "T4"].map(str::to_owned).to_vec(),
        reference: arm("placebo", [-7.0, -11.5, -15.0], [0.05, 0.06, 0.06]),
        compared: arm("active", [-10.0, -17.5, -24.0], [0.03, 0.04, 0.04]),
        sd: vec![8.5, 10.5, 12.0],
        correlation: vec![0.65, 0.50, 0.75],
        baseline: Baseline { mean: 38.2, sd: 7.3, min: 28.0, max: 80.0, correlation: -0.3 },
        sites: 4,
        site_sd: 2.0,
        site_concentration: 2,
        block_sizes: vec![2, 4],
        dropout: Dropout { mechanism: Mechanism::Seen, slope: 0.03, centre: 30.0, missed: 0.03 },
        accrual: None,
        looks: None,
        model: ModelOfPlan {
            effects: ["baseline", "arm*visit", "site"].map(str::to_owned).to_vec(),
            covariates: Vec::new(),
            covariance: ["us", "cs"].map(str::to_owned).to_vec(),
            kenward_roger: true,
            site_people_min: 4,
            alpha: 0.05,
        },
        curve_participants: Vec::new(),
        curve_advantages: Vec::new(),
        trials,
        seed: 7,
    }
}
