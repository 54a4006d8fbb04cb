//! What `lifejacket mmrm` reads and prints: text in, text out; files are the caller's.
//!
//! Two ways in: a specification (the `spec` object of a reference file), or a formula with options. Both lead to one
//! [`Report`], printed as JSON or as a table. Documented in `docs/mmrm.md`.

mod notes;
mod options;
mod report;
mod spec;
mod text;

pub use options::{Options, OptionsError};
pub use report::{
    CoefficientTest, CoefficientsReport, Contrasts, CountsReport, Given, InOrder, InferenceReport, Joint, Labelled,
    Labels, MatrixReport, Report, Sigma, TermTest, TestReport, Unboxed,
};
pub use spec::{OneOrMany, Spec, SpecError, Wanted};

use crate::mmrm::{Fit, Refusal};
use crate::table::{Table, TableError};

/// Why there is no report.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MmrmError {
    /// The data can't be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The specification can't be used.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The options can't be used.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// There is no fit.
    #[error(transparent)]
    Refusal(#[from] Refusal),
}

/// Fits what a specification asks for to the text of its data.
pub fn mmrm_report(spec: &Spec, data: &str) -> Result<Report, MmrmError> {
    let table = Table::from_csv(data)?;
    spec.check(&table)?;
    let (fit, passed) = Fit::by_plan(&table, &spec.model()?, &spec.plan()?)?;
    let mut notes: Vec<String> = passed.iter().map(|refusal| format!("passed over by plan: {refusal}")).collect();
    let mut fitted = spec.clone();
    if !passed.is_empty() {
        let structure = fit.model().covariance.name();
        notes.push(format!(
            "fitted with `{structure}`, the next structure of the plan; consider empirical standard errors"
        ));
        fitted.set_covariance(fit.model().covariance);
    }
    notes.extend(notes::of(&fit, spec, &table));
    Ok(Report::new(&fit, fitted, notes))
}

/// The JSON of `lifejacket mmrm --spec FILE`: the report, or an object with `outcome` `error` and the `message`.
pub fn mmrm_json(spec: &Spec, data: &str) -> String {
    match mmrm_report(spec, data) {
        Ok(report) => json(&report),
        Err(error) => refusal_json(Some(spec), &error.to_string()),
    }
}

/// The object that says why there is no fit; `spec` is `null` where there is none to show.
pub fn refusal_json(spec: Option<&Spec>, message: &str) -> String {
    json(&serde_json::json!({ "format": "mmrm-ref-1", "outcome": "error", "message": message, "spec": spec }))
}

/// A report as indented JSON.
pub fn json(value: &impl serde::Serialize) -> String {
    // Only a map with keys that are no text can't be written, and there is none.
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// A report as a table for people.
pub fn mmrm_text(report: &Report) -> String {
    text::of(report)
}
