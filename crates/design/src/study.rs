//! From a study's files to a plan.

use crate::plan::{Accrual, Arm, Baseline, Covariate, Dropout, Looks, Mechanism, ModelOfPlan, Plan, PlanError};
use protocol::model::{
    Assignment, BetterWord, CovarianceName, DegreesName, MechanismWord, Planning, PlanningArm, PlanningLooks,
    SpendingWord, Study,
};
use stats::group_sequential::{BoundaryError, Design, Efficacy, Futility, Spending};
use terms::Decimal;

/// What is asked for beside the study's files.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Changes {
    /// People to randomise.
    pub participants: Option<usize>,
    /// Advantage of the compared arm at the last visit, in points.
    pub advantage: Option<f64>,
    /// Share of people expected to leave before the last visit.
    pub dropout: Option<f64>,
    /// Trials to simulate.
    pub trials: Option<u64>,
    /// Seed.
    pub seed: Option<u64>,
}

/// Why a study can't be planned by simulation.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StudyPlanError {
    /// Nothing is assumed.
    #[error("{0} says nothing of what is assumed: add a file `planning.toml` with `[planning]` (docs/study-files.md)")]
    NoPlanning(String),
    /// Nothing is compared.
    #[error("{0} compares no arms on a primary endpoint by a model, so there is nothing to simulate")]
    NothingCompared(String),
    /// Arms that do not fit.
    #[error("[planning] needs two arms of the study, one of them the model's reference `{0}`")]
    Arms(String),
    /// Looks that have no bounds.
    #[error("[planning.looks]: {0}")]
    Looks(#[from] BoundaryError),
    /// Numbers that can't be.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

/// The plan of a study, with what is asked for otherwise.
pub fn plan_of(study: &Study, changes: &Changes) -> Result<Plan, StudyPlanError> {
    let planning = study.planning.as_ref().ok_or_else(|| StudyPlanError::NoPlanning(study.id.clone()))?;
    let nothing = || StudyPlanError::NothingCompared(study.id.clone());
    let primary = study.analysis.primary.as_ref().ok_or_else(nothing)?;
    let model = study.analysis.model.as_ref().ok_or_else(nothing)?;
    let Assignment::Randomised { block_sizes, .. } = &study.design.assignment else { return Err(nothing()) };
    let no_arms = || StudyPlanError::Arms(model.reference.to_string());
    let ratio = |arm: &PlanningArm| study.arms.iter().find(|known| known.id == arm.id).map(|known| known.ratio);
    let arm = |is_reference: bool| {
        let mut found = planning.arms.iter().filter(|arm| (arm.id == model.reference) == is_reference);
        let arm = found.next().filter(|_| found.next().is_none())?;
        Some(Arm { id: arm.id.to_string(), ratio: ratio(arm)?, change: list(&arm.change), hazard: list(&arm.hazard) })
    };
    let (reference, compared) = (arm(true).ok_or_else(no_arms)?, arm(false).ok_or_else(no_arms)?);
    let better = if planning.better == BetterWord::Lower { -1.0 } else { 1.0 };
    let last = |arm: &Arm| arm.change.last().copied().unwrap_or_default();
    let mut plan = Plan {
        study: study.id.clone(),
        participants: changes.participants.unwrap_or(study.design.participants_planned as usize),
        advantage: changes.advantage.unwrap_or(thousandths(better * (last(&compared) - last(&reference)))),
        better,
        visits: primary.visits.iter().map(ToString::to_string).collect(),
        reference,
        compared,
        sd: list(&planning.sd),
        correlation: list(&planning.correlation),
        baseline: Baseline {
            mean: planning.baseline.mean.as_f64(),
            sd: planning.baseline.sd.as_f64(),
            min: planning.baseline.min.as_f64(),
            max: planning.baseline.max.as_f64(),
            correlation: planning.baseline.correlation.as_f64(),
        },
        sites: study.sites.len(),
        site_sd: planning.site_sd.as_f64(),
        site_concentration: planning.site_concentration,
        block_sizes: block_sizes.clone(),
        dropout: dropout(planning),
        accrual: planning.accrual.as_ref().map(|accrual| Accrual {
            people_per_month: accrual.people_per_month.as_f64(),
            visit_days: accrual.visit_days.iter().map(|day| f64::from(*day)).collect(),
        }),
        looks: None,
        model: ModelOfPlan {
            effects: model.effects.clone(),
            covariates: covariates(&model.effects, planning),
            covariance: model.covariance.iter().map(|name| structure(*name).to_owned()).collect(),
            kenward_roger: model.degrees == DegreesName::KenwardRoger,
            site_people_min: model.site_people_min,
            alpha: model.alpha.as_f64(),
        },
        curve_participants: planning.participants.iter().map(|size| *size as usize).collect(),
        curve_advantages: list(&planning.advantages),
        trials: changes.trials.unwrap_or(u64::from(planning.trials)),
        seed: changes.seed.unwrap_or(u64::from(planning.seed)),
    };
    // Bounds need an error between 0 and 1: looked at before they are made.
    plan.check()?;
    if let Some(share) = changes.dropout {
        plan.set_dropout(share)?;
    }
    if planning.participants.is_empty() && planning.advantages.is_empty() {
        curves(&mut plan);
    }
    plan.looks = planning.looks.as_ref().map(|looks| bounds(looks, plan.model.alpha)).transpose()?;
    plan.check()?;
    Ok(plan)
}

/// The structure's name as `stats` knows it.
fn structure(name: CovarianceName) -> &'static str {
    match name {
        CovarianceName::Us => "us",
        CovarianceName::Toeph => "toeph",
        CovarianceName::Adh => "adh",
        CovarianceName::Ar1h => "ar1h",
        CovarianceName::Csh => "csh",
        CovarianceName::Toep => "toep",
        CovarianceName::Ar1 => "ar1",
        CovarianceName::Cs => "cs",
    }
}

fn list(numbers: &[Decimal]) -> Vec<f64> {
    numbers.iter().map(|number| number.as_f64()).collect()
}

/// Points around what is planned, where the study names none.
fn curves(plan: &mut Plan) {
    let size = |share: f64| ((share * plan.participants as f64 / 2.0).round() * 2.0).max(8.0) as usize;
    let sizes = [0.5, 0.75, 1.0, 1.25, 1.5].map(|share| if share == 1.0 { plan.participants } else { size(share) });
    plan.curve_participants = sizes.to_vec();
    plan.curve_advantages = [0.0, 0.25, 0.5, 0.75, 1.0, 1.25].map(|share| thousandths(share * plan.advantage)).to_vec();
}

/// A number as study files hold it: a difference of two is one again, and not off by a rounding.
fn thousandths(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

fn dropout(planning: &Planning) -> Dropout {
    Dropout {
        mechanism: match planning.dropout.mechanism {
            MechanismWord::Independent => Mechanism::Independent,
            MechanismWord::Seen => Mechanism::Seen,
            MechanismWord::Unseen => Mechanism::Unseen,
        },
        slope: planning.dropout.slope.as_f64(),
        centre: planning.dropout.centre.as_f64(),
        missed: planning.dropout.missed.as_f64(),
    }
}

/// The model's covariates with the share of people who have each; half of them where nothing is said.
fn covariates(effects: &[String], planning: &Planning) -> Vec<Covariate> {
    let mut found: Vec<Covariate> = Vec::new();
    for name in effects.iter().flat_map(|effect| effect.split('*')).map(str::trim) {
        let built_in = ["baseline", "arm", "visit", "site"].contains(&name);
        if built_in || found.iter().any(|known| known.id == name) {
            continue;
        }
        let given = planning.covariates.iter().find(|covariate| covariate.id == name);
        let share = given.map_or(0.5, |covariate| covariate.share.as_f64());
        found.push(Covariate { id: name.to_owned(), share });
    }
    found
}

/// Bounds at every look and at the end; two-sided, so each side has half of the error.
fn bounds(looks: &PlanningLooks, alpha: f64) -> Result<Looks, BoundaryError> {
    let spending = |word: SpendingWord| match word {
        SpendingWord::ObrienFleming => Spending::ObrienFleming,
        SpendingWord::Pocock => Spending::Pocock,
    };
    let fractions = list(&looks.fractions);
    let design = Design {
        looks: fractions.iter().copied().chain([1.0]).collect(),
        alpha: 0.5 * alpha,
        beta: 1.0 - looks.power.as_f64(),
        efficacy: Efficacy::Spend(spending(looks.efficacy)),
        futility: looks.futility.map(|word| Futility::NonBinding(spending(word))),
    };
    let boundary = design.boundary()?;
    Ok(Looks { fractions, efficacy: boundary.upper, futility: boundary.lower })
}
