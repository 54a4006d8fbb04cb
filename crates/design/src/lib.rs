//! How a trial would turn out if it were held ten thousand times: power, type I error, bias, coverage, stopping.
//!
//! | to find | look in |
//! |---|---|
//! | what is assumed, in numbers | [`Plan`] |
//! | how a study's files become a plan | [`plan_of`], [`Changes`] |
//! | how one trial is drawn | `trial`, `random` |
//! | how it is analysed, at its end and at looks before it | `analysis` |
//! | how trials are run on all cores, in shards, and counted | [`run`], [`Part`], `tally` |
//! | what is said about them | [`Results`], [`Results::text`], [`Results::curves`] |
//!
//! INVARIANT: a trial is drawn from the seed and its own number alone, and what is counted of it are whole numbers, which are
//! the same in whatever order they are added. So threads and shards change nothing, not even the last digit.
//! Absent on purpose: the clock, files, a scheduler. Shards are for one that exists already.

// Tests in and beside the crate start from the same plans.
#[cfg(test)]
extern crate self as design;

mod analysis;
mod curves;
mod part;
mod plan;
mod random;
mod results;
mod run;
mod study;
mod tally;
mod text;
mod trial;

pub use part::{Part, PartError, merge};
pub use plan::{Accrual, Arm, Baseline, Covariate, Dropout, Looks, Mechanism, ModelOfPlan, Plan, PlanError, Scenario};
pub use results::{Interval, LookResult, Results, ScenarioResult};
pub use run::{Shard, run};
pub use study::{Changes, StudyPlanError, plan_of};
