//! One simulated trial: who comes where and when, on which arm, with which values, seen until when.

use crate::{
    plan::{Mechanism, Plan, PlanError, Scenario},
    random::Streams,
};
use stats::distributions::{normal_cdf, normal_density};

const DAYS_PER_MONTH: f64 = 30.4375;

/// What is the same for all trials of a plan.
#[derive(Debug, Clone)]
pub(crate) struct Recipe<'p> {
    plan: &'p Plan,
    streams: Streams,
    /// Lower triangle of the changes' covariance given the baseline, factored, by rows.
    factor: Vec<f64>,
    /// Mean of the baseline after the cut.
    baseline_mean: f64,
    /// What a point of baseline adds to the change at each visit.
    slopes: Vec<f64>,
    /// The difference between the arms at each visit for an advantage of 1.
    shape: Vec<f64>,
}

/// A trial's people, in the order of their entry. Buffers are used again from trial to trial.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trial {
    pub(crate) people: Vec<Person>,
    /// Change of person i at visit t, at i × visits + t.
    pub(crate) change: Vec<f64>,
    /// Whether that was seen.
    pub(crate) seen: Vec<bool>,
    shares: Vec<f64>,
    at_site: Vec<usize>,
}

/// One person of a trial.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Person {
    pub(crate) site: usize,
    /// 0 for the reference arm, 1 for the compared one.
    pub(crate) arm: usize,
    pub(crate) baseline: f64,
    /// Day of randomisation, from the first person's.
    pub(crate) entry: f64,
    /// A bit for each covariate.
    pub(crate) covariates: u64,
}

impl<'p> Recipe<'p> {
    pub(crate) fn new(plan: &'p Plan) -> Result<Self, PlanError> {
        let (factor, slopes) = factor_of(plan)?;
        let (baseline_mean, _) = cut(plan);
        let last = plan.visits.len() - 1;
        let difference = |visit: usize| plan.compared.change[visit] - plan.reference.change[visit];
        let shape = (0..=last).map(|visit| match difference(last) {
            0.0 => (visit + 1) as f64 / (last + 1) as f64,
            whole => difference(visit) / whole,
        });
        let shape = shape.map(|share| plan.better * share).collect();
        Ok(Self { plan, streams: Streams::new(plan.seed), factor, baseline_mean, slopes, shape })
    }

    /// Draws a trial. The people of a smaller trial are the first of a larger one.
    pub(crate) fn draw(&self, number: u64, scenario: Scenario, trial: &mut Trial) {
        let plan = self.plan;
        let visits = plan.visits.len();
        let mut stream = self.streams.people(number);
        trial.people.clear();
        trial.change.clear();
        trial.seen.clear();
        self.sites(&mut stream, trial);
        let effects: Vec<f64> = (0..plan.sites).map(|_| plan.site_sd * stream.normal()).collect();
        let gap = plan.accrual.as_ref().map_or(0.0, |accrual| DAYS_PER_MONTH / accrual.people_per_month);
        let mut day = 0.0;
        let mut errors = vec![0.0; visits];
        for _ in 0..scenario.participants {
            let drawn = stream.uniform();
            let site = trial.shares.iter().position(|up_to| drawn < *up_to).unwrap_or(plan.sites - 1);
            day += gap * stream.exponential();
            let base = &plan.baseline;
            let baseline = stream.truncated(base.mean, base.sd, base.min, base.max);
            let mut covariates = 0;
            for (index, covariate) in plan.model.covariates.iter().enumerate() {
                covariates |= u64::from(stream.uniform() < covariate.share) << index;
            }
            trial.people.push(Person { site, arm: 0, baseline, entry: day, covariates });
            errors.iter_mut().for_each(|error| *error = stream.normal());
            for visit in 0..visits {
                let row = &self.factor[visit * visits..visit * visits + visit + 1];
                let noise: f64 = row.iter().zip(&errors).map(|(weight, error)| weight * error).sum();
                let own = self.slopes[visit] * (baseline - self.baseline_mean) + effects[site];
                trial.change.push(plan.reference.change[visit] + own + noise);
            }
            // Draws for leaving and missing come for everybody at every visit, so that nobody's depend on another's.
            for _ in 0..visits {
                trial.seen.push(stream.uniform() >= plan.dropout.missed);
            }
            self.leave_draws(&mut stream, trial);
        }
        self.allocate(number, trial);
        self.treat_and_leave(scenario, trial);
    }

    /// Cumulative shares of the sites.
    fn sites(&self, stream: &mut crate::random::Stream, trial: &mut Trial) {
        let (sites, concentration) = (self.plan.sites, self.plan.site_concentration);
        trial.shares.clear();
        let mut total = 0.0;
        for _ in 0..sites {
            // Gamma with a whole shape is a sum of exponentials; normalised gammas are Dirichlet.
            total += if concentration == 0 { 1.0 } else { (0..concentration).map(|_| stream.exponential()).sum() };
            trial.shares.push(total);
        }
        trial.shares.iter_mut().for_each(|share| *share /= total);
    }

    /// Keeps the draws for leaving beside the changes until arms are known.
    fn leave_draws(&self, stream: &mut crate::random::Stream, trial: &mut Trial) {
        for _ in 0..self.plan.visits.len() {
            trial.change.push(stream.uniform());
        }
    }

    /// Arms by permuted blocks within each site.
    fn allocate(&self, number: u64, trial: &mut Trial) {
        let ratios = self.plan.ratios();
        trial.at_site.clear();
        trial.at_site.resize(self.plan.sites, 0);
        for person in &trial.people {
            trial.at_site[person.site] += 1;
        }
        for site in 0..self.plan.sites {
            let count = trial.at_site[site];
            if count == 0 {
                continue;
            }
            let mut random = self.streams.blocks(number, site);
            // What blocks need was checked with the plan.
            let places = allocation::blocks(&ratios, &self.plan.block_sizes, count, &mut random).unwrap_or_default();
            let here = trial.people.iter_mut().filter(|person| person.site == site);
            for (person, arm) in here.zip(places) {
                person.arm = arm;
            }
        }
    }

    /// Adds the arms' difference, lets people leave, and packs the changes.
    fn treat_and_leave(&self, scenario: Scenario, trial: &mut Trial) {
        let plan = self.plan;
        let visits = plan.visits.len();
        let mut packed = 0;
        for (index, person) in trial.people.iter().enumerate() {
            let arm = [&plan.reference, &plan.compared][person.arm];
            let mut here = true;
            let mut last = person.baseline;
            for visit in 0..visits {
                let effect = if person.arm == 1 { self.shape[visit] * scenario.advantage } else { 0.0 };
                let change = trial.change[2 * visits * index + visit] + effect;
                let draw = trial.change[2 * visits * index + visits + visit];
                let score = person.baseline + change;
                let by = match plan.dropout.mechanism {
                    Mechanism::Independent => 1.0,
                    Mechanism::Seen => (plan.dropout.slope * (last - plan.dropout.centre)).exp(),
                    Mechanism::Unseen => (plan.dropout.slope * (score - plan.dropout.centre)).exp(),
                };
                here &= draw >= arm.hazard[visit] * by;
                let at = index * visits + visit;
                trial.seen[at] &= here;
                if trial.seen[at] {
                    last = score;
                }
                // INVARIANT: a person's packed place never lies beyond their own unpacked one.
                trial.change[packed] = change;
                packed += 1;
            }
        }
        trial.change.truncate(packed);
    }
}

/// Mean and standard deviation of the baseline after the cut (a truncated normal's).
fn cut(plan: &Plan) -> (f64, f64) {
    let base = &plan.baseline;
    let (low, high) = ((base.min - base.mean) / base.sd, (base.max - base.mean) / base.sd);
    let inside = normal_cdf(high) - normal_cdf(low);
    let (at_low, at_high) = (normal_density(low), normal_density(high));
    let shift = (at_low - at_high) / inside;
    let product = |z: f64, density: f64| if density > 0.0 { z * density } else { 0.0 };
    let share = 1.0 + (product(low, at_low) - product(high, at_high)) / inside - shift * shift;
    (base.mean + base.sd * shift, base.sd * share.max(1e-12).sqrt())
}

/// The Cholesky factor of the changes' covariance given the baseline, and the baseline's slopes.
pub(crate) fn factor_of(plan: &Plan) -> Result<(Vec<f64>, Vec<f64>), PlanError> {
    let visits = plan.visits.len();
    let (_, baseline_sd) = cut(plan);
    let r = plan.baseline.correlation;
    let impossible = || PlanError::Correlations(plan.correlation.clone());
    let mut a = vec![0.0; visits * visits];
    for i in 0..visits {
        for j in 0..=i {
            let correlation = if i == j { 1.0 } else { plan.correlation[i * (i - 1) / 2 + j] };
            a[i * visits + j] = plan.sd[i] * plan.sd[j] * (correlation - r * r);
        }
    }
    for i in 0..visits {
        for j in 0..=i {
            let done: f64 = (0..j).map(|k| a[i * visits + k] * a[j * visits + k]).sum();
            let left = a[i * visits + j] - done;
            if i == j {
                let least = 1e-12 * plan.sd[i] * plan.sd[i];
                if left.is_nan() || left <= least {
                    return Err(impossible());
                }
                a[i * visits + i] = left.sqrt();
            } else {
                a[i * visits + j] = left / a[j * visits + j];
            }
        }
    }
    Ok((a, plan.sd.iter().map(|sd| r * sd / baseline_sd).collect()))
}

#[cfg(test)]
#[path = "../tests/plans/mod.rs"]
mod plans;

#[cfg(test)]
mod tests {
    use super::{plans::plan, *};

    /// Means, spreads and correlations of what is drawn over many trials, and who is on which arm.
    #[test]
    fn trials_are_what_the_plan_says() {
        let mut plan = plan(1);
        plan.dropout.mechanism = Mechanism::Independent;
        plan.site_sd = 0.0;
        let recipe = Recipe::new(&plan).unwrap();
        let scenario = Scenario { participants: 60, advantage: 9.0 };
        let mut trial = Trial::default();
        let mut seen = [[0.0f64; 2]; 3];
        let (mut people, mut sums, mut squares, mut cross, mut with_baseline) =
            ([0.0f64; 2], [[0.0f64; 3]; 2], [0.0f64; 3], 0.0, 0.0);
        let trials = 1500;
        let (baseline_mean, baseline_sd) = cut(&plan);
        for number in 0..trials {
            recipe.draw(number, scenario, &mut trial);
            assert_eq!((trial.people.len(), trial.change.len(), trial.seen.len()), (60, 180, 180));
            for (index, person) in trial.people.iter().enumerate() {
                assert!((28.0..=80.0).contains(&person.baseline) && person.site < 4 && person.entry == 0.0);
                people[person.arm] += 1.0;
                let z = (person.baseline - baseline_mean) / baseline_sd;
                let mut errors = [0.0; 3];
                for visit in 0..3 {
                    let shape = [1.0 / 3.0, 2.0 / 3.0, 1.0][visit];
                    let mean = plan.reference.change[visit] - if person.arm == 1 { 9.0 * shape } else { 0.0 };
                    let change = trial.change[3 * index + visit];
                    sums[person.arm][visit] += change - mean;
                    errors[visit] = change - mean;
                    squares[visit] += errors[visit].powi(2);
                    seen[visit][person.arm] += f64::from(u8::from(trial.seen[3 * index + visit]));
                }
                cross += errors[0] * errors[2];
                with_baseline += z * errors[2];
            }
            for site in 0..4 {
                let at: Vec<usize> = trial.people.iter().filter(|p| p.site == site).map(|person| person.arm).collect();
                let active = at.iter().sum::<usize>() as i64;
                assert!((2 * active - at.len() as i64).abs() <= 2, "blocks of at most 4 keep arms within 2");
            }
        }
        let n = people[0] + people[1];
        assert!((people[1] / n - 0.5).abs() < 0.01);
        for (visit, sd) in plan.sd.iter().enumerate() {
            assert!(((squares[visit] / n).sqrt() / sd - 1.0).abs() < 0.01, "sd {visit}");
            for arm in 0..2 {
                let mean = sums[arm][visit] / people[arm];
                assert!(mean.abs() < 4.0 * sd / people[arm].sqrt(), "mean {arm} {visit}: {mean}");
                let hazard = &[&plan.reference, &plan.compared][arm].hazard;
                let stays: f64 = hazard[..=visit].iter().map(|hazard| 1.0 - hazard).product();
                assert!((seen[visit][arm] / people[arm] - 0.97 * stays).abs() < 0.008, "seen {arm} {visit}");
            }
        }
        assert!((cross / n / (plan.sd[0] * plan.sd[2]) - 0.5).abs() < 0.015, "correlation of T2 and T4");
        assert!((with_baseline / n / plan.sd[2] + 0.3).abs() < 0.015, "correlation with the baseline");
    }

    #[test]
    fn smaller_trials_and_other_effects_are_the_same_people() {
        let plan = plan(1);
        let recipe = Recipe::new(&plan).unwrap();
        let (mut small, mut large, mut none) = (Trial::default(), Trial::default(), Trial::default());
        recipe.draw(3, Scenario { participants: 20, advantage: 9.0 }, &mut small);
        recipe.draw(3, Scenario { participants: 60, advantage: 9.0 }, &mut large);
        recipe.draw(3, Scenario { participants: 60, advantage: 0.0 }, &mut none);
        assert_eq!(small.change, large.change[..60]);
        assert_eq!(small.seen, large.seen[..60]);
        for (index, (one, other)) in large.people.iter().zip(&none.people).enumerate() {
            assert_eq!((one.site, one.arm, one.baseline), (other.site, other.arm, other.baseline));
            let effect = large.change[3 * index + 2] - none.change[3 * index + 2];
            assert!((effect + if one.arm == 1 { 9.0 } else { 0.0 }).abs() < 1e-9);
        }
    }

    #[test]
    fn people_who_do_badly_leave_more_where_that_is_assumed() {
        let mut plan = plan(1);
        plan.dropout.slope = 0.1;
        plan.dropout.missed = 0.0;
        let mean_of_left = |mechanism: Mechanism| {
            let plan = Plan { dropout: crate::plan::Dropout { mechanism, ..plan.dropout.clone() }, ..plan.clone() };
            let recipe = Recipe::new(&plan).unwrap();
            let mut trial = Trial::default();
            let (mut sum, mut count) = (0.0, 0.0);
            for number in 0..800 {
                recipe.draw(number, Scenario { participants: 60, advantage: 0.0 }, &mut trial);
                for (index, person) in trial.people.iter().enumerate().filter(|(index, _)| !trial.seen[3 * index + 2]) {
                    sum += person.baseline + trial.change[3 * index + 2];
                    count += 1.0;
                }
            }
            sum / count
        };
        let means = [Mechanism::Independent, Mechanism::Seen, Mechanism::Unseen].map(mean_of_left);
        assert!(means[0] + 2.0 < means[1] && means[1] + 2.0 < means[2], "{means:?}");
    }
}
