//! Why a model is not fitted: sentences that name the row, visit or term.

use crate::design::DesignError;
use crate::formula::FormulaError;

impl Refusal {
    /// Whether another covariance structure might fit where this one did not: the data are sound, but do not determine it.
    pub fn is_of_the_structure(&self) -> bool {
        match self {
            Refusal::NeverTogether { .. }
            | Refusal::Unbounded { .. }
            | Refusal::ThinVisit { .. }
            | Refusal::ThinGroup { .. }
            | Refusal::Saturated { .. }
            | Refusal::NoOptimum { .. }
            | Refusal::TooManyVisits { .. } => true,
            Refusal::Formula(_)
            | Refusal::Design(_)
            | Refusal::NoResponse
            | Refusal::NoCovariance
            | Refusal::NoCoordinates
            | Refusal::NothingVaries { .. }
            | Refusal::PerfectFit { .. }
            | Refusal::WeightNotPositive { .. }
            | Refusal::VisitTwice { .. }
            | Refusal::GroupVaries { .. }
            | Refusal::Uneven { .. } => false,
        }
    }
}

/// Why there is no fit.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The formula can't be read.
    #[error(transparent)]
    Formula(#[from] FormulaError),
    /// Formula and data do not go together.
    #[error(transparent)]
    Design(#[from] DesignError),
    /// No left-hand side.
    #[error("the formula names no response: write `response ~ effects`")]
    NoResponse,
    /// No covariance.
    #[error("the formula has no covariance: add a term like `us(visit | subject)`")]
    NoCovariance,
    /// Spatial structure without coordinates.
    #[error("sp_exp needs at least one column of coordinates")]
    NoCoordinates,
    /// All responses are one number.
    #[error("`{response}` is {value} in all {rows} rows used: nothing varies, so nothing can be estimated")]
    NothingVaries {
        /// The response.
        response: String,
        /// Its value.
        value: f64,
        /// Rows used.
        rows: usize,
    },
    /// Fixed effects reproduce the response.
    #[error("the fixed effects reproduce `{response}` exactly: no variation is left to estimate a covariance from")]
    PerfectFit {
        /// The response.
        response: String,
    },
    /// A weight of zero or below.
    #[error("the weight `{column}` in {row} is {found}: weights must be above 0")]
    WeightNotPositive {
        /// The column.
        column: String,
        /// The row.
        row: String,
        /// The weight.
        found: f64,
    },
    /// Two rows for one visit.
    #[error("participant `{subject}` has visit `{visit}` twice, in {first} and {second}: keep one of them")]
    VisitTwice {
        /// The participant.
        subject: String,
        /// The visit.
        visit: String,
        /// Its first row.
        first: String,
        /// Its second row.
        second: String,
    },
    /// A participant in two covariance groups.
    #[error("participant `{subject}` changes `{group}` in {row}: a covariance group must be one per participant")]
    GroupVaries {
        /// The participant.
        subject: String,
        /// The grouping column.
        group: String,
        /// The first row that differs.
        row: String,
    },
    /// More parameters than can be meant.
    #[error(
        "`{visit}` has {visits} visits, so `{structure}` would have {parameters} parameters; is it the right column?"
    )]
    TooManyVisits {
        /// The visit column.
        visit: String,
        /// Its levels.
        visits: usize,
        /// The structure.
        structure: &'static str,
        /// Its parameters.
        parameters: usize,
    },
    /// Rows in numbers that do not fit each other.
    #[error(
        "{variables} variables over {rows} rows do not fit the model: one value a row for each variable of its formula, and each participant's visits once"
    )]
    Uneven {
        /// Responses.
        rows: usize,
        /// Variables.
        variables: usize,
    },
    /// Two visits that nobody has both.
    #[error(
        "nobody{within} was seen at both `{first}` and `{second}`, so `{structure}` can't estimate their covariance"
    )]
    NeverTogether {
        /// One visit.
        first: String,
        /// The other.
        second: String,
        /// The structure.
        structure: &'static str,
        /// In which covariance group, or nothing.
        within: String,
    },
    /// −log L falls without end as a variance goes to zero.
    #[error(
        "the likelihood has no maximum: the part of visit `{visit}`{within} that the other visits leave open can be driven to variance 0 ({seen}); \
         `{structure}` needs more people at `{visit}`, or a simpler structure",
        seen = seen(*people)
    )]
    Unbounded {
        /// The visit.
        visit: String,
        /// In which covariance group, or nothing.
        within: String,
        /// People observed there.
        people: usize,
        /// The structure.
        structure: &'static str,
    },
    /// Nobody, or hardly anybody, is left at a visit beyond what its own effects take up.
    #[error(
        "visit `{visit}`{within} has too few people for its variance ({seen}, {own}): `{structure}` needs more people at \
         `{visit}`, fewer effects or a simpler structure",
        seen = seen(*people), own = own(*effects)
    )]
    ThinVisit {
        /// The visit.
        visit: String,
        /// In which covariance group, or nothing.
        within: String,
        /// People observed there.
        people: usize,
        /// Effects that only these rows determine.
        effects: usize,
        /// The structure.
        structure: &'static str,
    },
    /// A spatial structure, and a group whose people were hardly seen twice.
    #[error(
        "{count}{within} tell too little of how rows of one person go together ({repeated} seen more than once, {own}): \
         `{structure}` needs more of them, fewer effects or a simpler structure",
        count = counted(*people), own = own(*effects)
    )]
    ThinGroup {
        /// In which covariance group, or nothing.
        within: String,
        /// People.
        people: usize,
        /// Of them seen more than once.
        repeated: usize,
        /// Effects that only these people determine.
        effects: usize,
        /// The structure.
        structure: &'static str,
    },
    /// Effects between people take up all that differs between people.
    #[error(
        "`{term}` and what else is the same in all rows of a person take {effects} coefficients for {count}: nothing is left \
         between people to estimate `{structure}` from; leave out `{term}`, or some of it",
        count = counted(*people)
    )]
    Saturated {
        /// The term with most of these effects.
        term: String,
        /// Effects between people, the intercept among them.
        effects: usize,
        /// People.
        people: usize,
        /// The structure.
        structure: &'static str,
    },
    /// The search ended nowhere that counts as an optimum.
    #[error("no optimum was found for `{structure}` from {starts} starting points: {reason}")]
    NoOptimum {
        /// The structure.
        structure: &'static str,
        /// Starting points tried.
        starts: usize,
        /// What the last one ran into.
        reason: String,
    },
}

fn counted(people: usize) -> String {
    if people == 1 { "1 person".to_owned() } else { format!("{people} people") }
}

fn seen(people: usize) -> String {
    format!("{} {} seen there", counted(people), if people == 1 { "was" } else { "were" })
}

fn own(effects: usize) -> String {
    match effects {
        0 => "with no effect of their own".to_owned(),
        1 => "with 1 effect of their own".to_owned(),
        more => format!("with {more} effects of their own"),
    }
}
