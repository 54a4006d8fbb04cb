//! Conditional-mean imputation: one completed data set, an ANCOVA at each visit, and the jackknife for its errors.

use crate::distributions::{normal_quantile, normal_upper};
use crate::formula::Formula;
use crate::linear::Linear;
use crate::mmrm::{Fit, Model};
use crate::table::Table;

use super::conditional::{Strategy, assumed, conditional};
use super::people::{Coefficients, ImputationError, Person, Skeleton, covariances, distribution, person_rows};

/// A reference-based analysis.
#[derive(Debug, Clone, PartialEq)]
pub struct ReferenceBased {
    /// The imputation model: a mixed model with an arm.
    pub model: Model,
    /// What is assumed of people outside the reference arm.
    pub strategy: Strategy,
    /// The reference arm.
    pub reference: String,
    /// Effects of the analysis at each visit, one row a person, as `arm + baseline`.
    pub analysis: Formula,
}

/// An estimate with a normal interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormalEstimate {
    /// The estimate.
    pub estimate: f64,
    /// Its standard error.
    pub se: f64,
    /// Lower limit (95 %).
    pub lower: f64,
    /// Upper limit (95 %).
    pub upper: f64,
    /// Two-sided.
    pub p: f64,
}

/// One arm at one visit.
#[derive(Debug, Clone, PartialEq)]
pub struct Arm {
    /// The visit.
    pub visit: String,
    /// The arm.
    pub arm: String,
    /// Its mean, everybody counted as if in it.
    pub mean: NormalEstimate,
    /// Its mean minus the reference arm's; absent for the reference arm.
    pub difference: Option<NormalEstimate>,
}

/// What a reference-based analysis found.
#[derive(Debug, Clone)]
pub struct Effects {
    /// Every arm at every visit, without delta.
    pub arms: Vec<Arm>,
    /// Every imputed value: row of the table that stands for the person, visit (from 0), value.
    pub imputed: Vec<(usize, usize, f64)>,
    /// People left out in turn.
    pub people: usize,
    visits: Vec<String>,
    arm_names: Vec<String>,
    reference: usize,
    whole: Quantities,
    without: Vec<Quantities>,
}

/// Means by visit and arm, and how they change with a unit of delta (the analysis is linear in the outcomes).
#[derive(Debug, Clone)]
struct Quantities {
    means: Vec<f64>,
    /// By a unit added to imputed values outside the reference arm.
    slopes: Vec<f64>,
    /// By a unit added to those of the reference arm.
    reference_slopes: Vec<f64>,
}

impl Quantities {
    fn moved(&self, index: usize, delta: f64, reference_delta: f64) -> f64 {
        self.means[index] + delta * self.slopes[index] + reference_delta * self.reference_slopes[index]
    }
}

impl ReferenceBased {
    /// Runs the analysis and the jackknife.
    pub fn run(&self, table: &Table) -> Result<Effects, ImputationError> {
        let skeleton = Skeleton::new(table, &self.model)?;
        let reference = self.reference_level(&skeleton)?;
        if skeleton.people.len() < 3 {
            return Err(ImputationError::TooFewPeople(skeleton.people.len()));
        }
        let completed = self.complete(table, &skeleton, reference)?;
        let whole = self.analyse(table, &skeleton, reference, &completed)?;
        let mut without = Vec::with_capacity(skeleton.people.len());
        for left_out in 0..skeleton.people.len() {
            let rows = rows_without(table, &self.model, &skeleton, left_out);
            let rest = table.select(&rows);
            let smaller = Skeleton::new(&rest, &self.model)?;
            let reference = self.reference_level(&smaller)?;
            let completed = self.complete(&rest, &smaller, reference)?;
            without.push(self.analyse(&rest, &smaller, reference, &completed)?);
        }
        let imputed = skeleton.people.iter().zip(&completed).flat_map(|(person, values)| {
            let absent = (0..values.len()).filter(|&visit| person.seen[visit].is_none());
            absent.map(|visit| (person.row, visit, values[visit])).collect::<Vec<_>>()
        });
        let mut effects = Effects {
            arms: Vec::new(),
            imputed: imputed.collect(),
            people: skeleton.people.len(),
            visits: skeleton.visits.levels.clone(),
            arm_names: skeleton.arms.levels.clone(),
            reference,
            whole,
            without,
        };
        effects.arms = effects.with_delta(0.0);
        Ok(effects)
    }

    pub(super) fn reference_level(&self, skeleton: &Skeleton) -> Result<usize, ImputationError> {
        skeleton.arms.level(&self.reference).ok_or_else(|| ImputationError::UnknownReference {
            found: self.reference.clone(),
            arms: skeleton.arms.levels.join(", "),
        })
    }

    /// Everybody's outcomes with the conditional mean in each gap.
    fn complete(&self, table: &Table, skeleton: &Skeleton, reference: usize) -> Result<Vec<Vec<f64>>, ImputationError> {
        let fit = Fit::new(table, &self.model)?;
        let coefficients = Coefficients::new(skeleton, &fit, &fit.coefficients())?;
        let sigma = covariances(skeleton, &fit, &fit.sigma());
        Ok(skeleton
            .people
            .iter()
            .map(|person| {
                let (mean, _) = self.gaps(skeleton, person, reference, &coefficients, &sigma);
                fill(person, &mean)
            })
            .collect())
    }

    /// Conditional mean and Cholesky factor for a person's missing visits.
    pub(super) fn gaps(
        &self,
        skeleton: &Skeleton,
        person: &Person,
        reference: usize,
        coefficients: &Coefficients,
        sigma: &[Vec<f64>],
    ) -> (Vec<f64>, Vec<f64>) {
        let own = distribution(skeleton, person, person.arm, coefficients, sigma);
        let assumed = if person.arm == reference {
            own
        } else {
            let other = distribution(skeleton, person, reference, coefficients, sigma);
            assumed(self.strategy, &own, &other, person.event())
        };
        conditional(&assumed, &person.seen)
    }

    /// Means by visit and arm, from an ANCOVA a visit.
    fn analyse(
        &self,
        table: &Table,
        skeleton: &Skeleton,
        reference: usize,
        completed: &[Vec<f64>],
    ) -> Result<Quantities, ImputationError> {
        let rows = person_rows(table, &self.model, &self.analysis, skeleton)?;
        let own: Vec<Vec<f64>> = rows.iter().map(|(own, _)| own.clone()).collect();
        let arms = skeleton.arms.levels.len();
        let average: Vec<Vec<f64>> = (0..arms)
            .map(|arm| {
                let mut mean = vec![0.0; own.first().map_or(0, Vec::len)];
                rows.iter()
                    .for_each(|(_, by_arm)| super::conditional::add(1.0 / rows.len() as f64, &by_arm[arm], &mut mean));
                mean
            })
            .collect();
        let (mut means, mut slopes, mut reference_slopes) = (Vec::new(), Vec::new(), Vec::new());
        for (visit, name) in skeleton.visits.levels.iter().enumerate() {
            let problem = |problem| ImputationError::Analysis { visit: name.clone(), problem };
            let values: Vec<f64> = completed.iter().map(|person| person[visit]).collect();
            let shifted = |in_reference: bool| -> Vec<f64> {
                let moved = |person: &Person| person.seen[visit].is_none() && (person.arm == reference) == in_reference;
                skeleton.people.iter().map(|person| f64::from(u8::from(moved(person)))).collect()
            };
            let level = Linear::new(&own, &values).map_err(problem)?;
            let shift = Linear::new(&own, &shifted(false)).map_err(problem)?;
            let reference_shift = Linear::new(&own, &shifted(true)).map_err(problem)?;
            for mean in &average {
                let of = |fit: &Linear| mean.iter().zip(&fit.coefficients).map(|(x, beta)| x * beta).sum::<f64>();
                means.push(of(&level));
                slopes.push(of(&shift));
                reference_slopes.push(of(&reference_shift));
            }
        }
        Ok(Quantities { means, slopes, reference_slopes })
    }
}

/// Outcomes with the gaps filled in order.
pub(super) fn fill(person: &Person, values: &[f64]) -> Vec<f64> {
    let mut next = values.iter();
    person.seen.iter().map(|seen| seen.unwrap_or_else(|| next.next().copied().unwrap_or(f64::NAN))).collect()
}

fn rows_without(table: &Table, model: &Model, skeleton: &Skeleton, left_out: usize) -> Vec<usize> {
    let codes = table.column(&model.subject).map_or(&[][..], |column| column.codes());
    let person = codes.get(skeleton.people[left_out].row).copied();
    (0..table.rows()).filter(|&row| codes.get(row).copied() != person).collect()
}

impl Effects {
    /// Every arm at every visit with `delta` added to each imputed value outside the reference arm.
    pub fn with_delta(&self, delta: f64) -> Vec<Arm> {
        self.with_deltas(delta, 0.0)
    }

    /// Every arm at every visit with `delta` added to each imputed value outside the reference arm, and `reference_delta`
    /// to each one in it.
    pub fn with_deltas(&self, delta: f64, reference_delta: f64) -> Vec<Arm> {
        let arms = self.arm_names.len();
        let at = |quantities: &Quantities, index: usize| quantities.moved(index, delta, reference_delta);
        let mut out = Vec::with_capacity(self.visits.len() * arms);
        for (visit, visit_name) in self.visits.iter().enumerate() {
            for (arm, arm_name) in self.arm_names.iter().enumerate() {
                let (index, base) = (visit * arms + arm, visit * arms + self.reference);
                out.push(Arm {
                    visit: visit_name.clone(),
                    arm: arm_name.clone(),
                    mean: self.jackknife(|quantities| at(quantities, index)),
                    difference: (arm != self.reference)
                        .then(|| self.jackknife(|quantities| at(quantities, index) - at(quantities, base))),
                });
            }
        }
        out
    }

    /// The difference of one arm from the reference at one visit, with so much added to imputed values.
    pub(super) fn difference(
        &self,
        visit: &str,
        arm: &str,
        delta: f64,
        reference_delta: f64,
    ) -> Option<NormalEstimate> {
        let level = |names: &[String], name: &str| names.iter().position(|known| known == name);
        let (visit, arm) = (level(&self.visits, visit)?, level(&self.arm_names, arm)?);
        let (index, base) = (visit * self.arm_names.len() + arm, visit * self.arm_names.len() + self.reference);
        let at = |quantities: &Quantities, index: usize| quantities.moved(index, delta, reference_delta);
        (arm != self.reference).then(|| self.jackknife(|quantities| at(quantities, index) - at(quantities, base)))
    }

    fn jackknife(&self, of: impl Fn(&Quantities) -> f64) -> NormalEstimate {
        let n = self.without.len() as f64;
        let parts: Vec<f64> = self.without.iter().map(&of).collect();
        let mean = parts.iter().sum::<f64>() / n;
        let variance = (n - 1.0) / n * parts.iter().map(|part| (part - mean).powi(2)).sum::<f64>();
        let (estimate, se) = (of(&self.whole), variance.sqrt());
        let reach = -normal_quantile(0.025) * se;
        NormalEstimate {
            estimate,
            se,
            lower: estimate - reach,
            upper: estimate + reach,
            p: 2.0 * normal_upper((estimate / se).abs()),
        }
    }
}
