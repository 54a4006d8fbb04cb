//! What is assumed about a trial, in numbers. Made from a study's files by [`plan_of`](crate::plan_of), or by hand.

use serde::{Deserialize, Serialize};

/// Everything that a simulated trial depends on. Two parts of one run have the same plan, to the letter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The study that it was made from.
    pub study: String,
    /// People to randomise.
    pub participants: usize,
    /// By how much the compared arm does better at the last visit, in points of the change; 0 for no effect, below 0 for
    /// harm.
    pub advantage: f64,
    /// +1 where a higher change is better, −1 where a lower one is.
    pub better: f64,
    /// The visits of the model, in order; the last is the endpoint's.
    pub visits: Vec<String>,
    /// The arm that is compared with.
    pub reference: Arm,
    /// The arm that is compared.
    pub compared: Arm,
    /// Standard deviation of the change at each visit, the baseline's part included.
    pub sd: Vec<f64>,
    /// Correlations of the changes: (2,1), (3,1), (3,2), (4,1), ….
    pub correlation: Vec<f64>,
    /// The value before treatment.
    pub baseline: Baseline,
    /// Sites that take part.
    pub sites: usize,
    /// Standard deviation of a site's effect on the change.
    pub site_sd: f64,
    /// How alike sites recruit: the shares of sites are Dirichlet with this whole number; 0 for equal chances.
    pub site_concentration: u32,
    /// Sizes of the blocks within a site.
    pub block_sizes: Vec<u32>,
    /// Who leaves, and which visits are missed.
    pub dropout: Dropout,
    /// How people come, where looks are made while the trial runs.
    pub accrual: Option<Accrual>,
    /// Looks before the end.
    pub looks: Option<Looks>,
    /// The analysis.
    pub model: ModelOfPlan,
    /// Sizes at which the power is drawn.
    pub curve_participants: Vec<usize>,
    /// Advantages at which the power is drawn.
    pub curve_advantages: Vec<f64>,
    /// Trials to hold.
    pub trials: u64,
    /// Seed of everything that is drawn.
    pub seed: u64,
}

/// One arm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// Its id.
    pub id: String,
    /// Its share in a block.
    pub ratio: u32,
    /// Mean change at each visit. Of the compared arm only the shape of the difference is used: its size is
    /// [`Plan::advantage`].
    pub change: Vec<f64>,
    /// For each visit the probability of leaving before it, of those who are still there.
    pub hazard: Vec<f64>,
}

/// The value before treatment: normal, cut off at the limits of entry.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// Mean before the cut.
    pub mean: f64,
    /// Standard deviation before the cut.
    pub sd: f64,
    /// Least value that may enter.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Correlation of the baseline with the change at every visit.
    pub correlation: f64,
}

/// What leaving depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mechanism {
    /// On the arm and the visit alone.
    Independent,
    /// Also on the last score that was seen (missing at random).
    Seen,
    /// Also on the score that is not seen (not at random).
    Unseen,
}

/// Who leaves, and which visits are missed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dropout {
    /// What leaving depends on.
    pub mechanism: Mechanism,
    /// The hazard is multiplied by exp(slope·(score − centre)).
    pub slope: f64,
    /// Score at which the hazards hold as they are.
    pub centre: f64,
    /// Probability that a visit is missed by somebody who stays.
    pub missed: f64,
}

/// How people come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Accrual {
    /// People randomised a month, on average.
    pub people_per_month: f64,
    /// Days from randomisation to each visit.
    pub visit_days: Vec<f64>,
}

/// Looks before the end, and when they stop the trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Looks {
    /// Shares of the planned people who are through with their last visit when a look is made, ascending, below 1.
    pub fractions: Vec<f64>,
    /// Two-sided bounds on the z scale at each look and at the end: beyond them the effect is shown.
    pub efficacy: Vec<f64>,
    /// Bounds below which the trial is given up, in the direction of the better; empty for none.
    pub futility: Vec<f64>,
}

/// The analysis of a simulated trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelOfPlan {
    /// Fixed effects: `baseline`, `arm`, `visit`, `site`, and covariates; `a*b` for both and their interaction.
    pub effects: Vec<String>,
    /// Covariates of the effects that have nothing to do with the outcome.
    pub covariates: Vec<Covariate>,
    /// Covariance structures, tried in this order; with any but the first an empirical covariance is used.
    pub covariance: Vec<String>,
    /// `true` for Kenward–Roger (linear form), `false` for Satterthwaite.
    pub kenward_roger: bool,
    /// Sites with fewer people, or without somebody of both arms, are taken together.
    pub site_people_min: u32,
    /// Two-sided error.
    pub alpha: f64,
}

/// Something known of each participant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Covariate {
    /// Its name among the effects.
    pub id: String,
    /// Share of people who have it.
    pub share: f64,
}

/// One set of circumstances under which all trials are held.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scenario {
    /// People to randomise.
    pub participants: usize,
    /// As [`Plan::advantage`].
    pub advantage: f64,
}

/// Why a plan can't be simulated.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// A number outside what makes sense.
    #[error("{what} is {}; {needed}", plain(.found))]
    Number {
        /// Which.
        what: &'static str,
        /// Its value.
        found: f64,
        /// What it may be.
        needed: &'static str,
    },
    /// A list of the wrong length.
    #[error("{what} has {found} numbers where {needed} are needed, one for each visit (or pair of visits)")]
    Length {
        /// Which.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The right one.
        needed: usize,
    },
    /// Correlations that no numbers can have together.
    #[error("no three numbers can have these correlations with each other and with the baseline: {0:?}")]
    Correlations(Vec<f64>),
    /// A formula that can't be read, or a name in it that is nothing here.
    #[error("the effects `{effects}` can't be simulated: {problem}")]
    Effects {
        /// As given.
        effects: String,
        /// What is wrong.
        problem: String,
    },
    /// A structure of no known name.
    #[error("no covariance is called `{0}`")]
    Covariance(String),
    /// Blocks that the ratio does not divide.
    #[error("blocks: {0}")]
    Blocks(String),
}

/// People that a simulated trial may have at most: beyond, nothing is learnt from simulating.
pub const PARTICIPANTS_MAX: usize = 20_000;
/// Trials that may be held at most.
pub const TRIALS_MAX: u64 = 100_000_000;
const SITES_MAX: usize = 1000;

impl Plan {
    /// Says what can't be simulated about a plan, if anything.
    pub fn check(&self) -> Result<(), PlanError> {
        let visits = self.visits.len();
        let within = |what, found: f64, low: f64, high: f64, needed| {
            let fits = (low..=high).contains(&found);
            if fits { Ok(()) } else { Err(PlanError::Number { what, found, needed }) }
        };
        within("the number of visits", visits as f64, 1.0, 20.0, "it must be from 1 to 20")?;
        let sizes = std::iter::once(&self.participants).chain(&self.curve_participants);
        for size in sizes {
            let needed = "it must be from 8 to 20,000";
            within("the number of participants", *size as f64, 8.0, PARTICIPANTS_MAX as f64, needed)?;
        }
        for advantage in std::iter::once(&self.advantage).chain(&self.curve_advantages) {
            within(
                "the effect",
                *advantage,
                -1e6,
                1e6,
                "it must be a number of points from −1,000,000 to 1,000,000, 0 for none",
            )?;
        }
        within("the number of trials", self.trials as f64, 1.0, TRIALS_MAX as f64, "it must be from 1 to 100,000,000")?;
        within("the number of sites", self.sites as f64, 1.0, SITES_MAX as f64, "it must be from 1 to 1,000")?;
        within("the sites' concentration", f64::from(self.site_concentration), 0.0, 100.0, "it must be from 0 to 100")?;
        within("the standard deviation of sites", self.site_sd, 0.0, 1e6, "it must be 0 or more")?;
        self.check_lengths(visits)?;
        self.check_people(&within)?;
        if let Some(looks) = &self.looks {
            looks.check()?;
        }
        if let Some(accrual) = &self.accrual {
            let rate = accrual.people_per_month;
            within("the accrual", rate, 1e-3, 1e6, "it must be a number of people a month above 0")?;
            let rising = accrual.visit_days.windows(2).all(|pair| pair[0] < pair[1]);
            if !rising || accrual.visit_days.iter().any(|day| *day < 0.0) {
                let found = accrual.visit_days.first().copied().unwrap_or_default();
                return Err(PlanError::Number {
                    what: "the first visit's day",
                    found,
                    needed: "days must rise from 0",
                });
            }
        }
        crate::trial::factor_of(self).map(|_| ())?;
        crate::analysis::Analysis::new(self).map(|_| ())?;
        allocation::blocks(&self.ratios(), &self.block_sizes, 0, &mut crate::random::Streams::new(0).blocks(0, 0))
            .map_err(|error| PlanError::Blocks(error.to_string()))?;
        Ok(())
    }

    fn check_lengths(&self, visits: usize) -> Result<(), PlanError> {
        let days = self.accrual.as_ref().map_or(visits, |accrual| accrual.visit_days.len());
        for (what, found, needed) in [
            ("the reference arm's change", self.reference.change.len(), visits),
            ("the compared arm's change", self.compared.change.len(), visits),
            ("the reference arm's hazard", self.reference.hazard.len(), visits),
            ("the compared arm's hazard", self.compared.hazard.len(), visits),
            ("the standard deviation", self.sd.len(), visits),
            ("the correlation", self.correlation.len(), visits * (visits - 1) / 2),
            ("the days of visits", days, visits),
        ] {
            if found != needed {
                return Err(PlanError::Length { what, found, needed });
            }
        }
        Ok(())
    }

    fn check_people(
        &self,
        within: &impl Fn(&'static str, f64, f64, f64, &'static str) -> Result<(), PlanError>,
    ) -> Result<(), PlanError> {
        for sd in &self.sd {
            within("a standard deviation", *sd, 1e-9, 1e6, "it must be above 0")?;
        }
        for change in self.reference.change.iter().chain(&self.compared.change) {
            within("a mean change", *change, -1e6, 1e6, "it must be a number of points")?;
        }
        for hazard in self.reference.hazard.iter().chain(&self.compared.hazard) {
            within("a probability of leaving", *hazard, 0.0, 0.95, "it must be from 0 to 0.95")?;
        }
        within("the share of visits missed", self.dropout.missed, 0.0, 0.9, "it must be from 0 to 0.9")?;
        within("the slope of leaving", self.dropout.slope, -10.0, 10.0, "it must be from -10 to 10 a point")?;
        let baseline = &self.baseline;
        within("the baseline's standard deviation", baseline.sd, 1e-9, 1e6, "it must be above 0")?;
        within("the baseline's correlation", baseline.correlation, -0.99, 0.99, "it must be from -0.99 to 0.99")?;
        let (low, high) = (baseline.mean - 4.0 * baseline.sd, baseline.mean + 4.0 * baseline.sd);
        let needed = "it must leave some of the baseline's distribution: limits rise, and not all lies outside them";
        within("the baseline's least value", baseline.min, -1e6, high.min(baseline.max), needed)?;
        within("the baseline's largest value", baseline.max, low, 1e6, needed)?;
        for covariate in &self.model.covariates {
            within("a covariate's share", covariate.share, 0.0, 1.0, "it must be from 0 to 1")?;
        }
        within("alpha", self.model.alpha, 1e-6, 0.5, "it must be above 0 and at most 0.5")
    }

    pub(crate) fn ratios(&self) -> [u32; 2] {
        [self.reference.ratio, self.compared.ratio]
    }

    /// All scenarios: as planned, no effect, then those of the curves; none twice.
    pub fn scenarios(&self) -> Vec<Scenario> {
        let mut all = vec![Scenario { participants: self.participants, advantage: self.advantage }];
        let null = Scenario { advantage: 0.0, ..all[0] };
        let sizes = self.curve_participants.iter().map(|size| Scenario { participants: *size, ..all[0] });
        let advantages = self.curve_advantages.iter().map(|advantage| Scenario { advantage: *advantage, ..all[0] });
        let more: Vec<Scenario> = std::iter::once(null).chain(sizes).chain(advantages).collect();
        for scenario in more {
            if !all.contains(&scenario) {
                all.push(scenario);
            }
        }
        all
    }

    /// Share of people expected to have left by the last visit, over both arms, where leaving depends on nothing else.
    pub fn expected_dropout(&self) -> f64 {
        let stays = |arm: &Arm| arm.hazard.iter().map(|hazard| 1.0 - hazard).product::<f64>();
        let ratios = self.ratios().map(f64::from);
        1.0 - (ratios[0] * stays(&self.reference) + ratios[1] * stays(&self.compared)) / (ratios[0] + ratios[1])
    }

    /// Scales the hazards of both arms so that `share` of the people are expected to leave.
    pub fn set_dropout(&mut self, share: f64) -> Result<(), PlanError> {
        if !(0.0..=0.9).contains(&share) {
            let needed = "it must be from 0 to 0.9";
            return Err(PlanError::Number { what: "the share of people who leave", found: share, needed });
        }
        if self.expected_dropout() <= 0.0 {
            let even = 1.0 - (1.0f64 - 0.1).powf(1.0 / self.visits.len().max(1) as f64);
            for arm in [&mut self.reference, &mut self.compared] {
                arm.hazard.fill(even);
            }
        }
        let before = self.clone();
        let raise = |plan: &mut Plan, power: f64| {
            for (arm, old) in [(&mut plan.reference, &before.reference), (&mut plan.compared, &before.compared)] {
                arm.hazard = old.hazard.iter().map(|hazard| 1.0 - (1.0 - hazard).powf(power)).collect();
            }
        };
        let (mut low, mut high) = (0.0, 1.0);
        loop {
            raise(self, high);
            if self.expected_dropout() >= share || high > 1e9 {
                break;
            }
            high *= 2.0;
        }
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            raise(self, middle);
            if self.expected_dropout() < share { low = middle } else { high = middle }
        }
        raise(self, if share == 0.0 { 0.0 } else { high });
        Ok(())
    }
}

impl Looks {
    fn check(&self) -> Result<(), PlanError> {
        let rising = self.fractions.windows(2).all(|pair| pair[0] < pair[1]);
        let inside = self.fractions.iter().all(|fraction| *fraction > 0.0 && *fraction < 1.0);
        if !rising || !inside {
            let found = self.fractions.first().copied().unwrap_or_default();
            return Err(PlanError::Number { what: "a look's share", found, needed: "shares rise between 0 and 1" });
        }
        let needed = self.fractions.len() + 1;
        for (what, bounds) in [("the efficacy bounds", &self.efficacy), ("the futility bounds", &self.futility)] {
            if bounds.len() != needed && !(bounds.is_empty() && what.contains("futility")) {
                return Err(PlanError::Length { what, found: bounds.len(), needed });
            }
        }
        Ok(())
    }
}

/// A number as people type it: hundreds of digits say nothing.
fn plain(number: &f64) -> String {
    if number.abs() < 1e15 { number.to_string() } else { format!("{number:e}") }
}
