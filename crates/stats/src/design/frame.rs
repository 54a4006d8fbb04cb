//! The rows that a model can use, and the value of each of its variables in them.

use std::collections::BTreeSet;

use super::{DesignError, Factor, Levels};
use crate::formula::{Expression, Formula};
use crate::table::{Column, LARGEST, Table};

/// A variable of the fixed effects over the rows used.
#[derive(Debug, Clone, PartialEq)]
pub enum Variable {
    /// A number a row; `at_means` is its value when each column it is made of is at its mean over the rows used.
    Number {
        /// As printed in the formula.
        name: String,
        /// One value a row used.
        values: Vec<f64>,
        /// Value at the columns' means.
        at_means: f64,
    },
    /// A factor, named as printed in the formula.
    Factor(Factor),
}

impl Variable {
    /// As printed in the formula.
    pub fn name(&self) -> &str {
        match self {
            Variable::Number { name, .. } => name,
            Variable::Factor(factor) => &factor.name,
        }
    }
}

/// What a model asks of the columns besides its formula.
#[derive(Debug, Clone, Default)]
pub struct Roles<'a> {
    /// Columns that are factors whatever they hold (visit, group, arm) and must be present.
    pub factors: Vec<&'a str>,
    /// Columns that are numbers and must be present (weights, coordinates).
    pub numbers: Vec<&'a str>,
    /// Columns that must be present, and of which nothing else is asked (participant).
    pub present: Vec<&'a str>,
    /// Declared levels.
    pub levels: Option<&'a Levels>,
}

/// Rows left out because a cell is missing, by the first column that is missing there.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Dropped {
    /// The column.
    pub column: String,
    /// Rows dropped on its account.
    pub rows: usize,
}

/// The complete rows of a table for one model, in the table's order.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Indices of the rows used.
    pub rows: Vec<usize>,
    /// Why the others are not.
    pub dropped: Vec<Dropped>,
    /// The response, one value a row used.
    pub response: Vec<f64>,
    /// The formula's variables, in its order.
    pub variables: Vec<Variable>,
    /// The factors of [`Roles::factors`], in that order.
    pub factors: Vec<Factor>,
    /// The numbers of [`Roles::numbers`], in that order.
    pub numbers: Vec<Vec<f64>>,
}

impl Frame {
    /// Picks the complete rows and reads every variable in them.
    pub fn new(
        table: &Table,
        response: &Expression,
        formula: &Formula,
        roles: &Roles<'_>,
    ) -> Result<Self, DesignError> {
        let mut needed: Vec<&str> = response.columns();
        needed.extend(formula.variables.iter().flat_map(Expression::columns));
        needed.extend(&roles.factors);
        needed.extend(&roles.numbers);
        needed.extend(&roles.present);
        let mut seen = BTreeSet::new();
        needed.retain(|name| seen.insert(*name));
        let columns = needed.iter().map(|name| find(table, name)).collect::<Result<Vec<_>, _>>()?;
        let (rows, dropped) = complete_rows(table, &columns)?;

        let response = numbers(table, response, &rows)?;
        let mut variables = Vec::with_capacity(formula.variables.len());
        for expression in &formula.variables {
            variables.push(variable(table, expression, roles, &rows)?);
        }
        let mut factors = Vec::with_capacity(roles.factors.len());
        for name in &roles.factors {
            factors.push(factor(table, name, roles, &rows)?);
        }
        let mut extra = Vec::with_capacity(roles.numbers.len());
        for name in &roles.numbers {
            extra.push(numbers(table, &Expression::Column((*name).to_owned()), &rows)?);
        }
        Ok(Frame { rows, dropped, response, variables, factors, numbers: extra })
    }
}

fn find<'a>(table: &'a Table, name: &str) -> Result<&'a Column, DesignError> {
    table
        .column(name)
        .ok_or_else(|| DesignError::NoColumn { name: name.to_owned(), nearest: table.nearest(name).map(str::to_owned) })
}

fn complete_rows(table: &Table, columns: &[&Column]) -> Result<(Vec<usize>, Vec<Dropped>), DesignError> {
    let mut counts = vec![0usize; columns.len()];
    let mut rows = Vec::with_capacity(table.rows());
    for row in 0..table.rows() {
        match columns.iter().position(|column| column.is_missing(row)) {
            Some(index) => counts[index] += 1,
            None => rows.push(row),
        }
    }
    if let Some(empty) = columns.iter().find(|column| column.texts().is_empty()) {
        return Err(DesignError::AllMissing(empty.name().to_owned()));
    }
    let dropped: Vec<Dropped> = columns
        .iter()
        .zip(counts)
        .filter(|(_, count)| *count > 0)
        .map(|(column, rows)| Dropped { column: column.name().to_owned(), rows })
        .collect();
    if rows.is_empty() {
        let reasons: Vec<String> =
            dropped.iter().map(|gap| format!("`{}` is missing in {} rows", gap.column, gap.rows)).collect();
        return Err(DesignError::NoCompleteRow(reasons.join(", ")));
    }
    Ok((rows, dropped))
}

fn is_factor(column: &Column, roles: &Roles<'_>) -> Result<bool, Option<usize>> {
    let name = column.name();
    if roles.factors.contains(&name) || roles.levels.is_some_and(|levels| levels.contains_key(name)) {
        return Ok(true);
    }
    match (column.first_text(), column.first_number()) {
        (Some(_), None) => Ok(true),
        (None, _) => Ok(false),
        (Some(row), Some(_)) => Err(Some(row)),
    }
}

fn variable(
    table: &Table,
    expression: &Expression,
    roles: &Roles<'_>,
    rows: &[usize],
) -> Result<Variable, DesignError> {
    if let Expression::Factor(name) = expression {
        let mut factor = factor(table, name, roles, rows)?;
        factor.name = expression.to_string();
        return Ok(Variable::Factor(factor));
    }
    if let Expression::Column(name) = expression {
        let column = find(table, name)?;
        match is_factor(column, roles) {
            Ok(true) => return Ok(Variable::Factor(factor(table, name, roles, rows)?)),
            Ok(false) => {}
            Err(row) => {
                let row = row.unwrap_or(0);
                return Err(DesignError::NotNumber {
                    column: name.clone(),
                    row: table.row_name(row),
                    found: column.text(row).to_owned(),
                    remedy: " while other rows hold numbers; mend the cell, or write factor(...) around the column if it is a code",
                });
            }
        }
    }
    let values = numbers(table, expression, rows)?;
    let mean = |name: &str| match table.column(name) {
        Some(column) => rows.iter().map(|&row| column.numbers()[row]).sum::<f64>() / rows.len() as f64,
        None => f64::NAN,
    };
    let name = match expression {
        Expression::Column(name) => name.clone(),
        other => other.to_string(),
    };
    Ok(Variable::Number { name, at_means: expression.value(&mean), values })
}

fn factor(table: &Table, name: &str, roles: &Roles<'_>, rows: &[usize]) -> Result<Factor, DesignError> {
    let declared = roles.levels.and_then(|levels| levels.get(name));
    Factor::over(table, find(table, name)?, declared, rows)
}

fn numbers(table: &Table, expression: &Expression, rows: &[usize]) -> Result<Vec<f64>, DesignError> {
    for name in expression.columns() {
        let column = find(table, name)?;
        if let Some(row) = column.first_text() {
            return Err(DesignError::NotNumber {
                column: name.to_owned(),
                row: table.row_name(row),
                found: column.text(row).to_owned(),
                remedy: "",
            });
        }
    }
    let values: Vec<f64> = match expression {
        Expression::Column(name) => {
            let column = find(table, name)?.numbers();
            rows.iter().map(|&row| column[row]).collect()
        }
        other => {
            let at =
                |row: usize| other.value(&|name| table.column(name).map_or(f64::NAN, |column| column.numbers()[row]));
            rows.iter().map(|&row| at(row)).collect()
        }
    };
    match values.iter().position(|value| value.is_nan() || value.abs() > LARGEST) {
        Some(index) => {
            let row = table.row_name(rows.get(index).copied().unwrap_or(0));
            let typed = match expression {
                Expression::Column(name) => rows.get(index).map(|&at| find(table, name).map(|column| column.text(at))),
                _ => None,
            };
            let found = typed.transpose()?.map_or_else(|| format!("{:e}", values[index]), str::to_owned);
            Err(DesignError::TooLarge { column: expression.to_string(), row, found })
        }
        None => Ok(values),
    }
}
