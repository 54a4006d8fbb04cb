//! Proper multiple imputation: parameters and values are drawn, and Rubin's rules pool the analyses.
//!
//! θ is drawn from its asymptotic posterior N(θ̂, W) (log-Cholesky coordinates, in which that is close), β given θ from
//! N(β̂(θ), Φ(θ)), missing values given both. Randomness comes from the caller, so a seed repeats a result.

use crate::linear::Linear;
use crate::mmrm::Fit;
use crate::rubin::{Pooled, pool};
use crate::table::Table;

use super::analysis::{ReferenceBased, fill};
use super::conditional::draw;
use super::people::{Coefficients, ImputationError, PersonRow, Skeleton, covariances, person_rows};

/// One arm against the reference at one visit, pooled over imputations.
#[derive(Debug, Clone, PartialEq)]
pub struct MultipleEffects {
    /// The visit.
    pub visit: String,
    /// The arm.
    pub arm: String,
    /// Difference from the reference arm.
    pub difference: Pooled,
}

impl ReferenceBased {
    /// Draws `imputations` data sets and pools their analyses. `normal` gives independent standard normal numbers;
    /// `delta` is added to imputed values outside the reference arm.
    pub fn draw(
        &self,
        table: &Table,
        imputations: usize,
        delta: f64,
        normal: &mut impl FnMut() -> f64,
    ) -> Result<Vec<MultipleEffects>, ImputationError> {
        let skeleton = Skeleton::new(table, &self.model)?;
        let reference = self.reference_level(&skeleton)?;
        let fit = Fit::new(table, &self.model)?;
        let mut posterior = fit.posterior();
        let rows = person_rows(table, &self.model, &self.analysis, &skeleton)?;
        let own: Vec<Vec<f64>> = rows.iter().map(|(own, _)| own.clone()).collect();
        let arms = skeleton.arms.levels.len();
        let mut found: Vec<Vec<(f64, f64)>> = vec![Vec::new(); skeleton.visits.levels.len() * arms];
        let mut df = 0.0;
        for _ in 0..imputations {
            let (values, sigma) = posterior.draw(normal);
            let coefficients = Coefficients::new(&skeleton, &fit, &values)?;
            let sigma = covariances(&skeleton, &fit, &sigma);
            let completed: Vec<Vec<f64>> = skeleton
                .people
                .iter()
                .map(|person| {
                    let (mean, factor) = self.gaps(&skeleton, person, reference, &coefficients, &sigma);
                    let shift = if person.arm == reference { 0.0 } else { delta };
                    fill(person, &draw(&mean, &factor, normal).iter().map(|value| value + shift).collect::<Vec<_>>())
                })
                .collect();
            for (visit, name) in skeleton.visits.levels.iter().enumerate() {
                let values: Vec<f64> = completed.iter().map(|person| person[visit]).collect();
                let ancova = Linear::new(&own, &values)
                    .map_err(|problem| ImputationError::Analysis { visit: name.clone(), problem })?;
                df = ancova.df;
                for arm in (0..arms).filter(|&arm| arm != reference) {
                    let contrast = average_difference(&rows, arm, reference);
                    let estimate = ancova.contrast(&contrast, 0.95);
                    found[visit * arms + arm].push((estimate.estimate, estimate.se));
                }
            }
        }
        let mut effects = Vec::new();
        for (visit, visit_name) in skeleton.visits.levels.iter().enumerate() {
            for (arm, arm_name) in skeleton.arms.levels.iter().enumerate().filter(|(arm, _)| *arm != reference) {
                if let Ok(difference) = pool(&found[visit * arms + arm], df, 0.95) {
                    effects.push(MultipleEffects { visit: visit_name.clone(), arm: arm_name.clone(), difference });
                }
            }
        }
        Ok(effects)
    }
}

fn average_difference(rows: &[PersonRow], arm: usize, reference: usize) -> Vec<f64> {
    let mut contrast = vec![0.0; rows.first().map_or(0, |(own, _)| own.len())];
    for (_, by_arm) in rows {
        super::conditional::add(1.0 / rows.len() as f64, &by_arm[arm], &mut contrast);
        super::conditional::add(-1.0 / rows.len() as f64, &by_arm[reference], &mut contrast);
    }
    contrast
}
