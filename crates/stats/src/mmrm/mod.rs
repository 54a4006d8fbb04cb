//! The mixed model for repeated measures: a mean for every arm and visit, a covariance between one person's visits.
//!
//! ```
//! use stats::mmrm::{DfMethod, Fit, Model, Vcov, Weights};
//! use stats::table::Table;
//!
//! # let mut csv = String::from("id,arm,visit,base,change\n");
//! # for (person, base) in (0..12).map(|person| (person, 40 + person % 5)) {
//! #     for visit in 1..=2 {
//! #         let arm = if person % 2 == 0 { "active" } else { "control" };
//! #         let change = -(visit * (3 + 2 * ((person + 1) % 2)) + person * 7 % 6 + person * visit % 4);
//! #         csv += &format!("{person},{arm},week {visit},{base},{change}\n");
//! #     }
//! # }
//! let table = Table::from_csv(&csv)?;
//! let mut model = Model::from_formula("change ~ base + arm*visit + us(visit | id)")?;
//! model.arm = Some("arm".into());
//! model.levels.insert("arm".into(), vec!["control".into(), "active".into()]);
//! let fit = Fit::new(&table, &model)?;
//! let inference = fit.inference(DfMethod::KenwardRoger, Vcov::KenwardRogerLinear)?;
//! for (row, estimate) in inference.contrasts(Weights::Equal) {
//!     if let Some(estimate) = estimate {
//!         println!("{}: {:.2} (p = {:.3})", row.visit, estimate.estimate, estimate.p);
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! How it works, file by file: `problem` reduces the data to cross-products by visit pattern (`store`), `structure` gives
//! Σ(θ) with exact derivatives, `likelihood` turns both into −log L, gradient and Hessian, `start` and `optimise` search,
//! `fit` diagnoses, `thin` says of what the data know too little, `inference` and `sandwich` test, `means` makes the rows of
//! least-squares means. The mathematics is in `docs/mmrm.md`.

#[cfg(test)]
mod evaluation_tests;
mod fit;
mod inference;
mod likelihood;
mod means;
mod model;
mod optimise;
#[cfg(test)]
mod optimum_tests;
mod posterior;
mod problem;
mod refusal;
mod sandwich;
mod start;
mod store;
mod structure;
mod thin;

pub use fit::{Counts, Criteria, Fit};
pub use inference::{DfMethod, Estimate, FTest, Inference, InferenceError, Vcov};
pub use means::{ContrastRow, MeanRow, Weights};
pub use model::{Estimation, Model, Rows};
pub use refusal::Refusal;
pub use structure::Structure;
