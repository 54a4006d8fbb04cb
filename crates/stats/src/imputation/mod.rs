//! Missing outcomes under stated assumptions: missing at random, or as in the reference arm after discontinuation.
//!
//! One base model (a mixed model for repeated measures) gives every person a mean and a covariance over the visits; the
//! strategy says whose mean and covariance hold after the intercurrent event. Then either the conditional mean is imputed
//! and the standard error found by leaving out one person at a time (Wolbers et al. 2022), or values are drawn and Rubin's
//! rules applied (Carpenter, Roger & Kenward 2013). Delta adjustment shifts imputed values and looks where a result tips.

mod analysis;
mod conditional;
mod multiple;
mod people;
mod tipping;

pub use analysis::{Arm, Effects, NormalEstimate, ReferenceBased};
pub use conditional::{Distribution, Strategy, assumed, conditional};
pub use multiple::MultipleEffects;
pub use people::ImputationError;
pub use tipping::{TippingGrid, TippingPoint, tipping_chart, tipping_table};
