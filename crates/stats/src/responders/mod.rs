//! Responders: proportions, their differences, stratified tables and logistic regression with standardisation.

mod fisher;
mod logistic;
mod proportion;
mod stratified;

pub use fisher::{Fisher, fisher};
pub use logistic::{Logistic, LogisticError, RiskDifference};
pub use proportion::{
    ChiSquared, Counted, clopper_pearson, miettinen_nurminen, newcombe, number_needed_to_treat, pearson_chi_squared,
    poisson_rate, wilson, yates_chi_squared,
};
pub use stratified::{MantelHaenszel, Stratum, mantel_haenszel};

/// Why a table can't be analysed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CountError {
    /// More responders than people.
    #[error("{responders} responders among {people} people: the first can't exceed the second")]
    TooManyResponders {
        /// Responders.
        responders: u64,
        /// People.
        people: u64,
    },
    /// Nobody in a group.
    #[error("a group without people has no proportion")]
    NoPeople,
    /// No stratum has both arms.
    #[error("no stratum has people in both arms, so nothing can be compared within strata")]
    NothingToCompare,
}
