//! What `lifejacket mmrm` reads and prints: text in, text out; files are the caller's.

mod report;
mod spec;

pub use report::{
    CoefficientTest, CoefficientsReport, Contrasts, CountsReport, Given, InferenceReport, Joint, Labelled, Labels,
    MatrixReport, Report, Sigma, TermTest, TestReport, Unboxed,
};
pub use spec::{OneOrMany, Spec, SpecError, Wanted};

use crate::mmrm::{Fit, Refusal};
use crate::table::{Table, TableError};

/// Why a specification leads to no fit.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MmrmError {
    /// The data can't be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The specification can't be used.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// There is no fit.
    #[error(transparent)]
    Refusal(#[from] Refusal),
}

/// Fits what a specification asks for to the text of its data.
pub fn mmrm_report(spec: &Spec, data: &str) -> Result<Report, MmrmError> {
    let table = Table::from_csv(data)?;
    let fit = Fit::new(&table, &spec.model()?)?;
    Ok(Report::new(&fit, spec.clone(), Vec::new()))
}
