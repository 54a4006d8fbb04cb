//! The people of a trial, with what they were seen to have and what the base model expects of them at every visit.

use crate::design::{Design, DesignError, Factor, Frame, Roles, TermColumns, Variable, people};
use crate::formula::{Expression, Formula};
use crate::linear::LinearError;
use crate::mmrm::{Fit, Model, Refusal};
use crate::table::Table;

use super::conditional::Distribution;

/// Why nothing can be imputed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ImputationError {
    /// The base model has no fit.
    #[error("the imputation model: {0}")]
    Base(#[from] Refusal),
    /// A column does not fit.
    #[error(transparent)]
    Design(#[from] DesignError),
    /// The analysis of the completed data fails.
    #[error("the analysis at visit `{visit}`: {problem}")]
    Analysis {
        /// The visit.
        visit: String,
        /// Why.
        problem: LinearError,
    },
    /// The base model names no arm, or the formula does not contain it.
    #[error("an arm is needed: name it in the model, and as an effect of both formulas")]
    NoArm,
    /// The reference arm does not exist.
    #[error("`{found}` is no arm; arms are {arms}")]
    UnknownReference {
        /// As asked for.
        found: String,
        /// All arms.
        arms: String,
    },
    /// A covariate that changes between a person's rows can't be known at visits without a row.
    #[error(
        "`{column}` changes between the rows of participant `{subject}`: covariates of an imputation model must be constant within a person"
    )]
    Varying {
        /// The column.
        column: String,
        /// The participant.
        subject: String,
    },
    /// A coefficient that the base model could not estimate.
    #[error("the base model has no estimate of `{0}`, so it can't predict")]
    NoCoefficient(String),
    /// Fewer than three people.
    #[error("{0} people are too few to leave one out")]
    TooFewPeople(usize),
}

/// One person.
#[derive(Debug, Clone)]
pub(super) struct Person {
    /// A row of the table that holds the person's covariates.
    pub(super) row: usize,
    /// Position in [`Skeleton::frame`].
    pub(super) at: usize,
    /// Level of the arm.
    pub(super) arm: usize,
    /// Value at each visit.
    pub(super) seen: Vec<Option<f64>>,
}

impl Person {
    /// The first visit after the last value seen; the number of visits where the last visit was seen.
    pub(super) fn event(&self) -> usize {
        self.seen.iter().rposition(Option::is_some).map_or(0, |last| last + 1)
    }
}

/// People and visits, with the columns of the base model over them.
#[derive(Debug, Clone)]
pub(super) struct Skeleton {
    pub(super) people: Vec<Person>,
    pub(super) arms: Factor,
    pub(super) visits: Factor,
    frame: Frame,
    design: Design,
    arm_variable: usize,
    visit_variable: usize,
}

impl Skeleton {
    /// Reads everybody whose covariates are known, seen or not.
    pub(super) fn new(table: &Table, model: &Model) -> Result<Self, ImputationError> {
        let arm = model.arm.as_deref().ok_or(ImputationError::NoArm)?;
        let roles = Roles {
            factors: vec![model.visit.as_str(), arm],
            numbers: Vec::new(),
            present: vec![&model.subject],
            levels: Some(&model.levels),
        };
        let mut frame = Frame::new(table, &Expression::Number(0.0), &model.formula, &roles)?;
        let mut factors = std::mem::take(&mut frame.factors).into_iter();
        let (Some(visits), Some(arms)) = (factors.next(), factors.next()) else { return Err(ImputationError::NoArm) };
        let variable = |column: &str| {
            frame.variables.iter().position(|variable| variable.name() == column).ok_or(ImputationError::NoArm)
        };
        let (arm_variable, visit_variable) = (variable(arm)?, variable(&model.visit)?);
        let design = Design::new(&frame, &model.formula)?;
        let subject = table.column(&model.subject);
        let (codes, texts) = subject.map(|column| people(column, &frame.rows)).unwrap_or_default();
        let name = |code: u32| {
            subject.and_then(|column| column.texts().get(texts[code as usize] as usize)).cloned().unwrap_or_default()
        };
        let mut found: Vec<Person> = Vec::with_capacity(texts.len());
        for (at, &row) in frame.rows.iter().enumerate() {
            let code = codes[at] as usize;
            if code == found.len() {
                found.push(Person { row, at, arm: arms.codes[at] as usize, seen: vec![None; visits.levels.len()] });
            }
            let person = &mut found[code];
            check_constant(&frame, person.at, at, visit_variable)
                .map_err(|column| ImputationError::Varying { column, subject: name(codes[at]) })?;
            let value = response(table, model, row);
            if !value.is_nan() {
                person.seen[visits.codes[at] as usize] = Some(value);
            }
        }
        Ok(Skeleton { people: found, arms, visits, frame, design, arm_variable, visit_variable })
    }

    /// The mean of a person in `arm` at every visit, for coefficients by name.
    pub(super) fn means(&self, person: &Person, arm: usize, coefficients: &Coefficients) -> Vec<f64> {
        (0..self.visits.levels.len())
            .map(|visit| {
                let cells = self.design.terms.iter().filter_map(|term| self.cell(term, person, arm, visit));
                cells.map(|(column, value)| coefficients.of_column[column] * value).sum()
            })
            .collect()
    }

    fn cell(&self, term: &TermColumns, person: &Person, arm: usize, visit: usize) -> Option<(usize, f64)> {
        let level = |index: usize| {
            if index == self.arm_variable {
                return arm;
            }
            if index == self.visit_variable {
                return visit;
            }
            match &self.frame.variables[index] {
                Variable::Factor(factor) => factor.codes[person.at] as usize,
                Variable::Number { .. } => 0,
            }
        };
        let number = |index: usize| match &self.frame.variables[index] {
            Variable::Number { values, .. } => values[person.at],
            Variable::Factor(_) => 1.0,
        };
        term.cell(&self.frame.variables, level, number)
    }
}

fn response(table: &Table, model: &Model, row: usize) -> f64 {
    model.response.value(&|name| table.column(name).map_or(f64::NAN, |column| column.numbers()[row]))
}

/// The name of the first variable besides the visit that differs between two rows of a frame.
fn check_constant(frame: &Frame, first: usize, other: usize, visit: usize) -> Result<(), String> {
    for (index, variable) in frame.variables.iter().enumerate().filter(|(index, _)| *index != visit) {
        let same = match variable {
            Variable::Factor(factor) => factor.codes[first] == factor.codes[other],
            Variable::Number { values, .. } => values[first] == values[other],
        };
        if !same {
            return Err(frame.variables[index].name().to_owned());
        }
    }
    Ok(())
}

/// Coefficients of a fit by the columns of a skeleton's design.
#[derive(Debug, Clone)]
pub(super) struct Coefficients {
    of_column: Vec<f64>,
}

impl Coefficients {
    pub(super) fn new(skeleton: &Skeleton, fit: &Fit, values: &[f64]) -> Result<Self, ImputationError> {
        let names = fit.design().kept_names();
        let aliased = fit.design().aliased_names();
        let find = |name: &String| {
            let known = names.iter().position(|known| known == name).and_then(|index| values.get(index)).copied();
            // A dropped column has coefficient 0 beside the ones that took its place.
            known
                .or(aliased.contains(&name.as_str()).then_some(0.0))
                .ok_or_else(|| ImputationError::NoCoefficient(name.clone()))
        };
        Ok(Coefficients { of_column: skeleton.design.names.iter().map(find).collect::<Result<_, _>>()? })
    }
}

/// Σ of each arm: one for all, or the arm's own where the model groups by arm.
pub(super) fn covariances(skeleton: &Skeleton, fit: &Fit, sigma: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let common = sigma.first().cloned().unwrap_or_default();
    let of_arm = |arm: &String| {
        let groups = fit.groups()?;
        sigma.get(groups.iter().position(|group| group == arm)?).cloned()
    };
    skeleton.arms.levels.iter().map(|arm| of_arm(arm).unwrap_or_else(|| common.clone())).collect()
}

/// A person's distribution in an arm.
pub(super) fn distribution(
    skeleton: &Skeleton,
    person: &Person,
    arm: usize,
    coefficients: &Coefficients,
    sigma: &[Vec<f64>],
) -> Distribution {
    Distribution { mean: skeleton.means(person, arm, coefficients), covariance: sigma[arm].clone() }
}

/// A person's row of an analysis: as it is, and as it would be in each arm.
pub(super) type PersonRow = (Vec<f64>, Vec<Vec<f64>>);

/// The design of an analysis with one row a person.
pub(super) fn person_rows(
    table: &Table,
    model: &Model,
    formula: &Formula,
    skeleton: &Skeleton,
) -> Result<Vec<PersonRow>, ImputationError> {
    let arm = model.arm.as_deref().ok_or(ImputationError::NoArm)?;
    let rows: Vec<usize> = skeleton.people.iter().map(|person| person.row).collect();
    let table = table.select(&rows);
    let roles = Roles { factors: vec![arm], numbers: Vec::new(), present: Vec::new(), levels: Some(&model.levels) };
    let frame = Frame::new(&table, &Expression::Number(0.0), formula, &roles)?;
    if frame.rows.len() != rows.len() {
        let gap = frame.dropped.first().map(|gap| gap.column.clone()).unwrap_or_default();
        return Err(DesignError::AllMissing(gap).into());
    }
    let arm_variable =
        frame.variables.iter().position(|variable| variable.name() == arm).ok_or(ImputationError::NoArm)?;
    let design = Design::new(&frame, formula)?;
    let row = |at: usize, arm: Option<usize>| {
        let mut full = vec![0.0; design.names.len()];
        for term in &design.terms {
            let level = |index: usize| match (&frame.variables[index], arm) {
                (Variable::Factor(_), Some(arm)) if index == arm_variable => arm,
                (Variable::Factor(factor), _) => factor.codes[at] as usize,
                (Variable::Number { .. }, _) => 0,
            };
            let number = |index: usize| match &frame.variables[index] {
                Variable::Number { values, .. } => values[at],
                Variable::Factor(_) => 1.0,
            };
            if let Some((column, value)) = term.cell(&frame.variables, level, number) {
                full[column] += value;
            }
        }
        design.kept.iter().map(|&column| full[column]).collect::<Vec<f64>>()
    };
    Ok((0..rows.len())
        .map(|at| (row(at, None), (0..skeleton.arms.levels.len()).map(|arm| row(at, Some(arm))).collect()))
        .collect())
}
