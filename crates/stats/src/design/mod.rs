//! From a table and a formula to a design matrix, in R's conventions: treatment contrasts, the first level as
//! reference, a factor coded in full where its margin is absent, linearly dependent columns dropped and named.

mod columns;
mod factor;
mod frame;
mod rank;

pub use columns::{Coding, Design, TermColumns};
pub(crate) use factor::people;
pub use factor::{Factor, Levels};
pub use frame::{Dropped, Frame, Roles, Variable};

/// Why a table and a formula do not make a design.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DesignError {
    /// The formula names a column that the data do not have.
    #[error("the data have no column `{name}`{}", hint(.nearest))]
    NoColumn {
        /// As written.
        name: String,
        /// A column with a similar name.
        nearest: Option<String>,
    },
    /// Text where a number is needed.
    #[error("`{column}` must be a number, but {row} holds `{found}`{}", .remedy)]
    NotNumber {
        /// The column.
        column: String,
        /// The row, as people count.
        row: String,
        /// The cell.
        found: String,
        /// What else to do, or nothing.
        remedy: &'static str,
    },
    /// Infinite or so large that sums of squares overflow.
    #[error("`{column}` in {row} is {found}: no finite number below 1e100 in size, so nothing can be computed from it")]
    TooLarge {
        /// The column or expression.
        column: String,
        /// The row, as people count.
        row: String,
        /// The value, as it was typed.
        found: String,
    },
    /// A level that the specification does not list.
    #[error("`{column}` in {row} is `{found}`, which is not among its declared levels ({levels})")]
    UnknownLevel {
        /// The factor.
        column: String,
        /// The row.
        row: String,
        /// The cell.
        found: String,
        /// The declared levels.
        levels: String,
    },
    /// Every cell of a column is missing.
    #[error("`{0}` has no value in any row")]
    AllMissing(String),
    /// No row has all that the model needs.
    #[error("no row is complete: {0}")]
    NoCompleteRow(String),
    /// A factor with one level cannot be an effect.
    #[error(
        "`{factor}` has one level only (`{level}`) in the rows used, so the term `{term}` can't be estimated; take it out of the formula"
    )]
    OneLevel {
        /// The factor.
        factor: String,
        /// Its level.
        level: String,
        /// The term.
        term: String,
    },
    /// No coefficient at all.
    #[error("the formula has no coefficient to estimate: write at least an intercept (`1`)")]
    NoCoefficient,
    /// Too many columns to be meant.
    #[error("the term `{term}` alone makes {columns} columns; is `{factor}` meant to be a factor?")]
    TooManyColumns {
        /// The widest term.
        term: String,
        /// Its columns.
        columns: usize,
        /// Its factor with most levels.
        factor: String,
    },
    /// As many coefficients as rows, or more.
    #[error("{coefficients} coefficients can't be estimated from {rows} rows")]
    TooFewRows {
        /// Rank of the design.
        coefficients: usize,
        /// Complete rows.
        rows: usize,
    },
}

fn hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or(String::new(), |near| format!("; did you mean `{near}`?"))
}
