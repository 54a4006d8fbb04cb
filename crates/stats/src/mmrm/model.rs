//! What is to be fitted, in the words of a protocol, and the data it is fitted to.

use std::collections::HashMap;
use std::sync::Arc;

use crate::design::{Design, DesignError, Factor, Frame, Levels, Roles, Variable, people};
use crate::formula::{Expression, Formula};
use crate::table::Table;

use super::problem::{Input, Problem};
use super::{Refusal, Structure};

/// How covariance parameters are estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Estimation {
    /// Restricted maximum likelihood.
    Reml,
    /// Maximum likelihood.
    Ml,
}

/// A mixed model for repeated measures: fixed effects, and the covariance of one person's visits.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// What is explained.
    pub response: Expression,
    /// The fixed effects; a covariance term inside is not looked at.
    pub formula: Formula,
    /// Column of the participants.
    pub subject: String,
    /// Column of the visits.
    pub visit: String,
    /// Column of the arms, for least-squares means.
    pub arm: Option<String>,
    /// Structure of Σ.
    pub covariance: Structure,
    /// Column whose levels each have a Σ of their own.
    pub group: Option<String>,
    /// Columns of the spatial structure's coordinates.
    pub coordinates: Vec<String>,
    /// Column of positive weights: an observation of weight w has variance Σ_jj/w.
    pub weights: Option<String>,
    /// REML or ML.
    pub estimation: Estimation,
    /// Levels of factors in order, the first the reference.
    pub levels: Levels,
}

impl Model {
    /// A model from a formula with a covariance term, `y ~ base + arm*visit + us(visit | subject)`, by REML.
    pub fn from_formula(text: &str) -> Result<Self, Refusal> {
        let formula = Formula::parse(text)?;
        let Some(response) = formula.response.clone() else { return Err(Refusal::NoResponse) };
        let Some(term) = formula.covariance.clone() else { return Err(Refusal::NoCovariance) };
        let spatial = term.structure == Structure::SpExp;
        let visit = if spatial { String::new() } else { term.over.first().cloned().unwrap_or_default() };
        Ok(Model {
            response,
            formula,
            subject: term.subject,
            visit,
            arm: None,
            covariance: term.structure,
            group: term.group,
            coordinates: if spatial { term.over } else { Vec::new() },
            weights: None,
            estimation: Estimation::Reml,
            levels: Levels::new(),
        })
    }
}

/// A model's data: the complete rows, the design over them, and their reduction.
#[derive(Debug, Clone)]
pub(crate) struct Data {
    pub(crate) rows_read: usize,
    pub(crate) frame: Frame,
    pub(crate) design: Design,
    /// Absent for a spatial model without visits.
    pub(crate) visit: Option<Factor>,
    pub(crate) group: Option<Factor>,
    pub(crate) problem: Arc<Problem>,
}

/// A trial in numbers, one row a person and visit that was seen: what [`Fit::of_rows`](super::Fit::of_rows) takes.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// The response.
    pub response: Vec<f64>,
    /// The formula's variables, in its order.
    pub variables: Vec<Variable>,
    /// Participants, numbered from 0 without gaps; nobody has a visit twice.
    pub person: Vec<u32>,
    /// Visits; each level occurs.
    pub visit: Factor,
}

/// Complete rows with what they belong to.
struct Coded {
    rows_read: usize,
    frame: Frame,
    person: Vec<u32>,
    visit: Option<Factor>,
    group: Option<Factor>,
}

impl Data {
    pub(crate) fn new(table: &Table, model: &Model) -> Result<Self, Refusal> {
        let mut factors: Vec<&str> = Vec::new();
        if !model.visit.is_empty() {
            factors.push(&model.visit);
        }
        factors.extend(model.group.as_deref());
        if let Some(name) = model.arm.as_deref().filter(|arm| table.column(arm).is_none()) {
            let nearest = table.nearest(name).map(str::to_owned);
            return Err(DesignError::NoColumn { name: name.to_owned(), nearest }.into());
        }
        let arm = model
            .arm
            .as_deref()
            .filter(|arm| model.formula.variables.iter().any(|variable| variable.columns().contains(arm)));
        factors.extend(arm);
        let spatial = model.covariance == Structure::SpExp;
        let mut numbers: Vec<&str> = model.weights.as_deref().into_iter().collect();
        if spatial {
            numbers.extend(model.coordinates.iter().map(String::as_str));
        }
        let roles = Roles { factors, numbers, present: vec![&model.subject], levels: Some(&model.levels) };
        let mut frame = Frame::new(table, &model.response, &model.formula, &roles)?;
        let mut named = std::mem::take(&mut frame.factors).into_iter();
        let visit = if model.visit.is_empty() { None } else { named.next() };
        let group = model.group.as_ref().and_then(|_| named.next());
        check_numbers(table, model, &frame)?;
        let row_visit = visit.as_ref().map_or_else(|| vec![0; frame.rows.len()], |factor| factor.codes.clone());
        let people = People::new(table, &model.subject, &frame.rows);
        check_people(table, model, &frame, &people, visit.as_ref(), group.as_ref())?;

        let rows_read = table.rows();
        Self::reduced(Coded { rows_read, frame, person: people.codes, visit, group }, row_visit, model)
    }

    /// The design over coded rows, and their reduction.
    fn reduced(coded: Coded, row_visit: Vec<u32>, model: &Model) -> Result<Self, Refusal> {
        let Coded { rows_read, frame, person, visit, group } = coded;
        let design = Design::new(&frame, &model.formula)?;
        if design.kept.len() >= frame.rows.len() {
            return Err(DesignError::TooFewRows { coefficients: design.kept.len(), rows: frame.rows.len() }.into());
        }
        let (weights, coordinates) = frame.numbers.split_at(usize::from(model.weights.is_some()));
        let visits = visit.as_ref().map_or(1, |factor| factor.levels.len());
        let problem = Problem::new(&Input {
            design: &design,
            response: &frame.response,
            person: &person,
            visit: &row_visit,
            visits,
            group: group.as_ref().map(|factor| &factor.codes[..]),
            groups: group.as_ref().map_or(1, |factor| factor.levels.len()),
            weights: weights.first().map(Vec::as_slice),
            coordinates,
            structure: model.covariance,
            reml: model.estimation == Estimation::Reml,
        });
        if problem.residual_share < 1e-9 {
            return Err(Refusal::PerfectFit { response: model.response.to_string() });
        }
        Ok(Data { rows_read, frame, design, visit, group, problem: Arc::new(problem) })
    }

    /// Rows that are numbers already: no text is looked at, so simulated trials lose no time over it.
    pub(crate) fn of_rows(rows: Rows, model: &Model) -> Result<Self, Refusal> {
        let n = rows.response.len();
        let count = |factor: &Factor| (factor.codes.len(), factor.levels.len());
        let factors = rows.variables.iter().filter_map(|variable| match variable {
            Variable::Factor(factor) => Some(factor),
            Variable::Number { .. } => None,
        });
        let coded = |factor: &Factor| factor.codes.iter().all(|&code| (code as usize) < factor.levels.len());
        let lengths = rows.variables.iter().map(|variable| match variable {
            Variable::Factor(factor) => count(factor).0,
            Variable::Number { values, .. } => values.len(),
        });
        let even = lengths.chain([rows.person.len(), count(&rows.visit).0]).all(|length| length == n);
        let visits = count(&rows.visit).1;
        if n == 0 || !even || rows.variables.len() != model.formula.variables.len() {
            return Err(Refusal::Uneven { rows: n, variables: rows.variables.len() });
        }
        let parameters = model.covariance.parameters(visits);
        if visits > 128 || parameters > 1000 || !factors.chain([&rows.visit]).all(coded) {
            let visit = model.visit.clone();
            return Err(Refusal::TooManyVisits { visit, visits, structure: model.covariance.name(), parameters });
        }
        if !each_visit_once(&rows) {
            return Err(Refusal::Uneven { rows: n, variables: rows.variables.len() });
        }
        let frame = Frame {
            rows: (0..n).collect(),
            dropped: Vec::new(),
            response: rows.response,
            variables: rows.variables,
            factors: Vec::new(),
            numbers: Vec::new(),
        };
        let row_visit = rows.visit.codes.clone();
        let coded = Coded { rows_read: n, frame, person: rows.person, visit: Some(rows.visit), group: None };
        Self::reduced(coded, row_visit, model)
    }

    /// A variable of the formula that is the given column as it is, a factor.
    pub(crate) fn factor(&self, column: &str) -> Option<(usize, &Factor)> {
        self.frame.variables.iter().enumerate().find_map(|(index, variable)| match variable {
            Variable::Factor(factor) if factor.name == column || factor.name == format!("factor({column})") => {
                Some((index, factor))
            }
            Variable::Factor(_) | Variable::Number { .. } => None,
        })
    }

    /// A level's name of the visit factor.
    pub(crate) fn visit_name(&self, visit: usize) -> String {
        self.visit.as_ref().and_then(|factor| factor.levels.get(visit)).cloned().unwrap_or_default()
    }
}

/// Everybody has a row, and nobody a visit twice.
fn each_visit_once(rows: &Rows) -> bool {
    let people = rows.person.iter().max().map_or(0, |last| *last as usize + 1);
    if people > rows.person.len() {
        return false;
    }
    let mut seen = vec![0u128; people];
    let new = rows.person.iter().zip(&rows.visit.codes).all(|(&person, &visit)| {
        let before = seen[person as usize];
        seen[person as usize] |= 1 << visit;
        before != seen[person as usize]
    });
    new && seen.iter().all(|visits| *visits != 0)
}

fn check_numbers(table: &Table, model: &Model, frame: &Frame) -> Result<(), Refusal> {
    let first = frame.response.first().copied().unwrap_or_default();
    if frame.response.iter().all(|value| *value == first) {
        return Err(Refusal::NothingVaries {
            response: model.response.to_string(),
            value: first,
            rows: frame.rows.len(),
        });
    }
    let Some(column) = &model.weights else { return Ok(()) };
    let weights = frame.numbers.first().map_or(&[][..], Vec::as_slice);
    match weights.iter().position(|weight| *weight <= 0.0) {
        Some(index) => Err(Refusal::WeightNotPositive {
            column: column.clone(),
            row: table.row_name(frame.rows[index]),
            found: weights[index],
        }),
        None => Ok(()),
    }
}

/// Nobody has a visit twice, nor two covariance groups; and the covariance has parameters in reach.
fn check_people(
    table: &Table,
    model: &Model,
    frame: &Frame,
    people: &People<'_>,
    visit: Option<&Factor>,
    group: Option<&Factor>,
) -> Result<(), Refusal> {
    let spatial = model.covariance == Structure::SpExp;
    if spatial && model.coordinates.is_empty() {
        return Err(Refusal::NoCoordinates);
    }
    let visits = visit.map_or(1, |factor| factor.levels.len());
    if !spatial {
        let parameters = model.covariance.parameters(visits);
        if visits > 128 || parameters > 1000 {
            return Err(Refusal::TooManyVisits {
                visit: model.visit.clone(),
                visits,
                structure: model.covariance.name(),
                parameters,
            });
        }
    }
    let mut seen = Seen::new(spatial, people.count(), visits);
    let mut group_of = vec![u32::MAX; people.count()];
    let coordinates = &frame.numbers[usize::from(model.weights.is_some())..];
    for (index, &row) in frame.rows.iter().enumerate() {
        let person = people.codes[index];
        if let Some(earlier) = seen.before(person, visit.map_or(0, |factor| factor.codes[index]), coordinates, index) {
            return Err(Refusal::VisitTwice {
                subject: people.name(person),
                visit: if spatial {
                    "one place".to_owned()
                } else {
                    visit.map_or(String::new(), |factor| factor.levels[factor.codes[index] as usize].clone())
                },
                first: table.row_name(frame.rows[earlier]),
                second: table.row_name(row),
            });
        }
        if let Some(factor) = group {
            let code = factor.codes[index];
            let known = &mut group_of[person as usize];
            if *known != u32::MAX && *known != code {
                return Err(Refusal::GroupVaries {
                    subject: people.name(person),
                    group: factor.name.clone(),
                    row: table.row_name(row),
                });
            }
            *known = code;
        }
    }
    Ok(())
}

/// The participants of the rows used, numbered in the order of their first appearance.
struct People<'a> {
    table: &'a Table,
    column: &'a str,
    codes: Vec<u32>,
    texts: Vec<u32>,
}

impl<'a> People<'a> {
    fn new(table: &'a Table, column: &'a str, rows: &[usize]) -> Self {
        let (codes, texts) = table.column(column).map(|column| people(column, rows)).unwrap_or_default();
        People { table, column, codes, texts }
    }

    fn count(&self) -> usize {
        self.texts.len()
    }

    fn name(&self, person: u32) -> String {
        let text = self.texts.get(person as usize).map_or(0, |&text| text as usize);
        self.table.column(self.column).and_then(|column| column.texts().get(text).cloned()).unwrap_or_default()
    }
}

/// Where each person was seen already.
enum Seen {
    /// Index + 1 by person and visit.
    Visits {
        of: Vec<u32>,
        visits: usize,
    },
    Places(HashMap<(u32, Vec<u64>), usize>),
}

impl Seen {
    fn new(spatial: bool, people: usize, visits: usize) -> Self {
        if spatial { Seen::Places(HashMap::new()) } else { Seen::Visits { of: vec![0; people * visits], visits } }
    }

    /// Notes a row, and returns the earlier row of the same person and visit (or place).
    fn before(&mut self, person: u32, visit: u32, coordinates: &[Vec<f64>], index: usize) -> Option<usize> {
        match self {
            Seen::Visits { of, visits } => {
                let cell = &mut of[person as usize * *visits + visit as usize];
                let earlier = std::mem::replace(cell, index as u32 + 1);
                (earlier > 0).then(|| earlier as usize - 1)
            }
            Seen::Places(places) => {
                places.insert((person, coordinates.iter().map(|axis| axis[index].to_bits()).collect()), index)
            }
        }
    }
}
