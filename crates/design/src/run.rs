//! Holds all trials of a shard, on all cores.

use crate::{
    analysis::Analysis,
    part::Part,
    plan::{Plan, PlanError, Scenario},
    tally::Tally,
    trial::{Recipe, Trial},
};
use std::{
    num::NonZero,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

/// Which trials are held here: those whose number leaves `number` − 1 when divided by `of`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Shard {
    /// This shard, from 1.
    pub number: u64,
    /// All shards.
    pub of: u64,
}

impl Shard {
    /// All trials.
    pub const WHOLE: Self = Self { number: 1, of: 1 };

    /// `2/8`: the second of eight.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, of) = text.split_once('/')?;
        let shard = Self { number: number.trim().parse().ok()?, of: of.trim().parse().ok()? };
        shard.is_sound().then_some(shard)
    }

    pub(crate) fn is_sound(self) -> bool {
        (1..=self.of).contains(&self.number) && self.of <= 1_000_000
    }

    fn first(self) -> u64 {
        self.number - 1
    }

    /// How many of `trials` are this shard's.
    pub fn trials(self, trials: u64) -> u64 {
        (trials + self.of - self.number) / self.of
    }
}

/// Trials that a thread takes at once.
const CHUNK: u64 = 8;

/// Holds the trials of one shard in every scenario. `threads`: how many, all cores without it. `progress` is told how many
/// trials are done since it was last told.
///
/// # Errors
/// When the plan can't be simulated; never after the first trial.
pub fn run(
    plan: &Plan,
    shard: Shard,
    threads: Option<NonZero<usize>>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Part, PlanError> {
    plan.check()?;
    if !shard.is_sound() {
        let needed = "shards are counted from 1 to their number";
        return Err(PlanError::Number { what: "the shard", found: shard.number as f64, needed });
    }
    let (recipe, analysis, scenarios) = (Recipe::new(plan)?, Analysis::new(plan)?, plan.scenarios());
    let empty: Vec<Tally> = scenarios.iter().map(|_| empty(plan)).collect();
    let total = Mutex::new(empty.clone());
    let next = AtomicU64::new(0);
    let count = shard.trials(plan.trials);
    let workers = threads.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZero::get);
    let work = || {
        let mut tallies = empty.clone();
        let mut trial = Trial::default();
        loop {
            let begin = next.fetch_add(CHUNK, Ordering::Relaxed);
            if begin >= count {
                break;
            }
            let end = (begin + CHUNK).min(count);
            for number in (begin..end).map(|index| shard.first() + index * shard.of) {
                hold(number, &recipe, &analysis, &scenarios, &mut trial, &mut tallies);
            }
            progress(end - begin);
        }
        // A thread that panics is a bug of ours; the sums of the others are sound, and the count of trials shows the gap.
        let mut total = total.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        total.iter_mut().zip(&tallies).for_each(|(total, tally)| *total += tally);
    };
    std::thread::scope(|scope| {
        for _ in 1..workers {
            scope.spawn(work);
        }
        work();
    });
    let tallies = total.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok(Part::new(plan.clone(), shard, tallies))
}

/// An empty tally for a plan.
pub(crate) fn empty(plan: &Plan) -> Tally {
    Tally::new(plan.looks.as_ref().map_or(0, |looks| looks.fractions.len()), plan.model.covariance.len())
}

fn hold(
    number: u64,
    recipe: &Recipe<'_>,
    analysis: &Analysis<'_>,
    scenarios: &[Scenario],
    trial: &mut Trial,
    tallies: &mut [Tally],
) {
    for (scenario, tally) in scenarios.iter().zip(tallies) {
        recipe.draw(number, *scenario, trial);
        tally.count(&analysis.conduct(trial), scenario.advantage);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_share_out_every_trial_once() {
        for trials in [1, 7, 8, 100] {
            for of in 1..=9 {
                let shards = (1..=of).map(|number| Shard { number, of });
                assert_eq!(shards.map(|shard| shard.trials(trials)).sum::<u64>(), trials);
            }
        }
        assert_eq!(Shard::parse("2/8"), Some(Shard { number: 2, of: 8 }));
        for wrong in ["", "2", "0/8", "9/8", "a/b", "1/0", "-1/2", "1/99999999"] {
            assert_eq!(Shard::parse(wrong), None, "{wrong}");
        }
    }
}
