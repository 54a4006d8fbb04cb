//! How large the trial must be, as data: what is assumed of people, arms and leaving when trials are simulated.
//!
//! Nothing here computes anything: the crate `design` does. What was assumed to plan a trial changes nothing that is done in it,
//! so this is no part of the study's version.

use serde::Serialize;
use terms::{ArmId, Decimal, Source};

/// Assumptions for planning the trial by simulation. Lists of numbers run over the primary endpoint's visits.
#[derive(Debug, Clone, Serialize)]
pub struct Planning {
    /// The two arms that are compared, in any order; the model's reference is one of them.
    pub arms: Vec<PlanningArm>,
    /// Whether a lower or a higher change is better.
    pub better: BetterWord,
    /// Standard deviation of the change at each visit.
    pub sd: Vec<Decimal>,
    /// Correlations of the changes: (2,1), (3,1), (3,2), (4,1), ….
    pub correlation: Vec<Decimal>,
    /// The value before treatment.
    pub baseline: PlanningBaseline,
    /// Standard deviation of a site's effect on the change.
    pub site_sd: Decimal,
    /// How alike sites recruit: shares are Dirichlet with this number; 0 for equal chances.
    pub site_concentration: u32,
    /// What leaving depends on.
    pub dropout: PlanningDropout,
    /// How people come.
    pub accrual: Option<PlanningAccrual>,
    /// Looks before the end.
    pub looks: Option<PlanningLooks>,
    /// Shares of people who have the yes-or-no covariates of the model; half of them where none is given.
    pub covariates: Vec<PlanningCovariate>,
    /// Sizes at which the power is drawn.
    pub participants: Vec<u32>,
    /// Advantages at which the power is drawn, in points.
    pub advantages: Vec<Decimal>,
    /// Trials to simulate.
    pub trials: u32,
    /// Seed of everything that is drawn.
    pub seed: u32,
    /// Where it comes from.
    pub source: Source,
}

/// What is assumed of one arm.
#[derive(Debug, Clone, Serialize)]
pub struct PlanningArm {
    /// The arm.
    pub id: ArmId,
    /// Mean change at each visit.
    pub change: Vec<Decimal>,
    /// For each visit the probability of leaving before it, of those who are still there.
    pub hazard: Vec<Decimal>,
    /// Where it comes from.
    pub source: Source,
}

/// Which direction is the better one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BetterWord {
    /// A drop is better.
    Lower,
    /// A rise is better.
    Higher,
}

/// The value before treatment: normal, cut off at the limits of entry.
#[derive(Debug, Clone, Serialize)]
pub struct PlanningBaseline {
    /// Mean before the cut.
    pub mean: Decimal,
    /// Standard deviation before the cut.
    pub sd: Decimal,
    /// Least value that may enter.
    pub min: Decimal,
    /// Largest value.
    pub max: Decimal,
    /// Correlation with the change at every visit.
    pub correlation: Decimal,
}

/// What leaving depends on beside arm and visit.
#[derive(Debug, Clone, Serialize)]
pub struct PlanningDropout {
    /// On nothing, on the last score seen, or on the score not seen.
    pub mechanism: MechanismWord,
    /// The hazard is multiplied by exp(slope·(score − centre)).
    pub slope: Decimal,
    /// Score at which the hazards hold as they are.
    pub centre: Decimal,
    /// Share of visits that are missed by people who stay.
    pub missed: Decimal,
}

/// What leaving depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MechanismWord {
    /// On nothing.
    Independent,
    /// On the last score that was seen.
    Seen,
    /// On the score that is not seen.
    Unseen,
}

/// How people come, for looks while the trial runs.
#[derive(Debug, Clone, Serialize)]
pub struct PlanningAccrual {
    /// People randomised a month, on average.
    pub people_per_month: Decimal,
    /// Days from randomisation to each visit.
    pub visit_days: Vec<u32>,
}

/// Looks before the end.
#[derive(Debug, Clone, Serialize)]
pub struct PlanningLooks {
    /// Shares of the planned people who are through when a look is made.
    pub fractions: Vec<Decimal>,
    /// How the error is spent.
    pub efficacy: SpendingWord,
    /// How the chance of giving up a good treatment is spent, in bounds that may be overruled; none to go on always.
    pub futility: Option<SpendingWord>,
    /// Power for which futility is reckoned.
    pub power: Decimal,
}

/// Spending functions of Lan and DeMets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SpendingWord {
    /// Hard early, near the usual level in the end.
    ObrienFleming,
    /// Nearly the same at each look.
    Pocock,
}

/// Share of people who have a yes-or-no covariate.
#[derive(Debug, Clone, Serialize)]
pub struct PlanningCovariate {
    /// The covariate of the analysis.
    pub id: String,
    /// Share who have it.
    pub share: Decimal,
}
