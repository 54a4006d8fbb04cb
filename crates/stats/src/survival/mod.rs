//! Time to an event, as time to dropout: curves, comparison of arms, hazard ratio.

mod cox;
mod kaplan_meier;
mod log_rank;

pub use cox::{Cox, CoxError, Ties, cox};
pub use kaplan_meier::{Curve, CurveStep, Limits, RestrictedMean, kaplan_meier};
pub use log_rank::{LogRank, log_rank, peto_peto};

/// One person's follow-up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FollowUp {
    /// How long the person was followed; in any unit, from 0.
    pub time: f64,
    /// Whether the event ended it (else it was censored).
    pub event: bool,
}
