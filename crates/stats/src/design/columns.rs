//! The design matrix: which columns a formula makes, what they are called, and what each row holds.
//!
//! A row has at most one non-zero cell a term (a term multiplies indicators and numbers), so rows are kept sparse.

use super::rank::{Rank, rank};
use super::{DesignError, Factor, Frame, Variable};
use crate::formula::{Formula, Term};

/// More columns than this are a mistake, not a model.
const COLUMNS_MAX: usize = 1000;

/// How a variable enters a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// A factor by indicators of all levels but the first.
    Contrast,
    /// A factor by indicators of all its levels.
    Full,
    /// A number as it is.
    Number,
}

/// The columns of one term.
#[derive(Debug, Clone, PartialEq)]
pub struct TermColumns {
    /// The term's name; the intercept's is `(Intercept)`.
    pub name: String,
    /// The variables (index into [`Frame::variables`]) and how they enter, first varying fastest.
    pub variables: Vec<(usize, Coding)>,
    /// First column.
    pub first: usize,
    /// Number of columns.
    pub width: usize,
}

impl TermColumns {
    /// The term's non-zero cell for one row: column and value, if it has one.
    ///
    /// `level` and `number` give a variable's level or value in that row.
    pub fn cell(
        &self,
        variables: &[Variable],
        level: impl Fn(usize) -> usize,
        number: impl Fn(usize) -> f64,
    ) -> Option<(usize, f64)> {
        let mut column = self.first;
        let mut stride = 1;
        let mut value = 1.0;
        for &(index, coding) in &self.variables {
            match (coding, &variables[index]) {
                (Coding::Contrast, Variable::Factor(factor)) => {
                    column += stride * level(index).checked_sub(1)?;
                    stride *= factor.levels.len() - 1;
                }
                (Coding::Full, Variable::Factor(factor)) => {
                    column += stride * level(index);
                    stride *= factor.levels.len();
                }
                (Coding::Number, _) | (_, Variable::Number { .. }) => value *= number(index),
            }
        }
        Some((column, value))
    }
}

/// A design matrix over the rows of a frame.
#[derive(Debug, Clone)]
pub struct Design {
    /// Names of all columns, in R's order and spelling.
    pub names: Vec<String>,
    /// The columns of each term, the intercept first if there is one.
    pub terms: Vec<TermColumns>,
    /// Columns that are estimated, ascending.
    pub kept: Vec<usize>,
    /// Columns that are linear combinations of earlier ones, ascending, each with that combination over `kept`.
    pub aliased: Vec<(usize, Vec<f64>)>,
    starts: Vec<usize>,
    cells: Vec<(u32, f64)>,
}

impl Design {
    /// Builds the matrix and finds its rank.
    pub fn new(frame: &Frame, formula: &Formula) -> Result<Self, DesignError> {
        let terms = term_columns(frame, formula)?;
        let names = names(frame, &terms);
        let mut starts = Vec::with_capacity(frame.rows.len() + 1);
        let mut cells = Vec::with_capacity(frame.rows.len() * terms.len());
        starts.push(0);
        for row in 0..frame.rows.len() {
            for term in &terms {
                let level = |index: usize| match &frame.variables[index] {
                    Variable::Factor(factor) => factor.codes[row] as usize,
                    Variable::Number { .. } => 0,
                };
                let number = |index: usize| match &frame.variables[index] {
                    Variable::Number { values, .. } => values[row],
                    Variable::Factor(_) => 1.0,
                };
                if let Some((column, value)) = term.cell(&frame.variables, level, number) {
                    cells.push((column as u32, value));
                }
            }
            starts.push(cells.len());
        }
        let mut design = Design { names, terms, kept: Vec::new(), aliased: Vec::new(), starts, cells };
        let Rank { kept, aliased } = rank(&design);
        design.kept = kept;
        design.aliased = aliased;
        Ok(design)
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.starts.len() - 1
    }

    /// The non-zero cells of a row, as (column, value), columns ascending.
    pub fn row(&self, row: usize) -> &[(u32, f64)] {
        &self.cells[self.starts[row]..self.starts[row + 1]]
    }

    /// Names of the estimated columns.
    pub fn kept_names(&self) -> Vec<&str> {
        self.kept.iter().map(|&column| self.names[column].as_str()).collect()
    }

    /// Names of the dropped columns.
    pub fn aliased_names(&self) -> Vec<&str> {
        self.aliased.iter().map(|(column, _)| self.names[*column].as_str()).collect()
    }

    /// Whether a combination of all columns can be estimated: it must lie in the row space of the full matrix.
    pub fn is_estimable(&self, combination: &[f64]) -> bool {
        let size = combination.iter().map(|weight| weight * weight).sum::<f64>().sqrt();
        self.aliased.iter().all(|(column, weights)| {
            // The null space is spanned by (weights over kept, −1 at the aliased column).
            let length = (1.0 + weights.iter().map(|weight| weight * weight).sum::<f64>()).sqrt();
            let along: f64 = self.kept.iter().zip(weights).map(|(&kept, weight)| combination[kept] * weight).sum();
            ((along - combination[*column]) / length).abs() < 1e-8 * (1.0 + size)
        })
    }
}

fn term_columns(frame: &Frame, formula: &Formula) -> Result<Vec<TermColumns>, DesignError> {
    let mut terms = Vec::with_capacity(formula.terms.len() + 1);
    let mut next = 0;
    if formula.intercept {
        terms.push(TermColumns { name: "(Intercept)".to_owned(), variables: Vec::new(), first: 0, width: 1 });
        next = 1;
    }
    let first_factor = first_factor(frame, formula);
    for (position, &term) in formula.terms.iter().enumerate() {
        let name = formula.term_name(term);
        let mut width = 1usize;
        let mut variables = Vec::new();
        for index in term.variables() {
            let coding = match &frame.variables[index] {
                Variable::Number { .. } => Coding::Number,
                Variable::Factor(factor) => {
                    let coding = if first_factor == Some((position, index)) {
                        Coding::Full
                    } else {
                        coding(formula, position, term, index)
                    };
                    if factor.levels.len() < 2 {
                        let level = factor.levels.first().cloned().unwrap_or_default();
                        return Err(DesignError::OneLevel { factor: factor.name.clone(), level, term: name });
                    }
                    width = width.saturating_mul(factor.levels.len() - usize::from(coding == Coding::Contrast));
                    coding
                }
            };
            variables.push((index, coding));
        }
        if next + width > COLUMNS_MAX {
            let factors = term.variables().filter_map(|index| match &frame.variables[index] {
                Variable::Factor(factor) => Some(factor),
                Variable::Number { .. } => None,
            });
            let factor =
                factors.max_by_key(|factor| factor.levels.len()).map(|factor| factor.name.clone()).unwrap_or_default();
            return Err(DesignError::TooManyColumns { term: name, columns: width, factor });
        }
        terms.push(TermColumns { name, variables, first: next, width });
        next += width;
    }
    if next == 0 { Err(DesignError::NoCoefficient) } else { Ok(terms) }
}

/// Without an intercept the first factor met is coded in full (R's model.matrix).
fn first_factor(frame: &Frame, formula: &Formula) -> Option<(usize, usize)> {
    if formula.intercept {
        return None;
    }
    formula.terms.iter().enumerate().find_map(|(position, term)| {
        let index = term.variables().find(|&index| matches!(frame.variables[index], Variable::Factor(_)))?;
        Some((position, index))
    })
}

/// Contrasts where the term's margin over this factor is in the model already, full indicators otherwise.
/// Source: Chambers & Hastie, Statistical Models in S, p. 38, as R's terms.formula applies it.
fn coding(formula: &Formula, position: usize, term: Term, index: usize) -> Coding {
    let margin = term.without(index);
    let present =
        margin == Term::INTERCEPT || formula.terms.iter().take(position).any(|earlier| earlier.covers(margin));
    if present { Coding::Contrast } else { Coding::Full }
}

fn names(frame: &Frame, terms: &[TermColumns]) -> Vec<String> {
    let mut names = Vec::new();
    for term in terms {
        if term.variables.is_empty() {
            names.push(term.name.clone());
            continue;
        }
        let parts: Vec<Vec<String>> = term
            .variables
            .iter()
            .map(|&(index, coding)| match &frame.variables[index] {
                Variable::Number { name, .. } => vec![name.clone()],
                Variable::Factor(factor) => level_names(factor, coding),
            })
            .collect();
        for column in 0..term.width {
            let mut rest = column;
            let mut name = Vec::with_capacity(parts.len());
            for part in &parts {
                name.push(part[rest % part.len()].as_str());
                rest /= part.len();
            }
            names.push(name.join(":"));
        }
    }
    names
}

fn level_names(factor: &Factor, coding: Coding) -> Vec<String> {
    let skip = usize::from(coding == Coding::Contrast);
    factor.levels.iter().skip(skip).map(|level| format!("{}{level}", factor.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::design::{Frame, Roles};
    use crate::formula::Expression;
    use crate::table::Table;

    const DATA: &str = "y,a,b,x\n1,p,u,1\n2,p,v,2\n3,q,u,4\n4,q,v,1\n5,r,u,3\n6,r,v,5\n7,p,u,2\n";

    fn design(formula: &str) -> Design {
        let table = Table::from_csv(DATA).unwrap();
        let formula = Formula::parse(formula).unwrap();
        let frame = Frame::new(&table, &Expression::Column("y".into()), &formula, &Roles::default()).unwrap();
        Design::new(&frame, &formula).unwrap()
    }

    #[test]
    fn names_columns_as_r_does() {
        // Right column: colnames(model.matrix(...)) of R 4.2.2 on the same data.
        for (formula, expected) in [
            ("a*b", "(Intercept) aq ar bv aq:bv ar:bv"),
            ("0 + a + b", "ap aq ar bv"),
            ("a + a:b", "(Intercept) aq ar ap:bv aq:bv ar:bv"),
            ("b + a:b", "(Intercept) bv bu:aq bv:aq bu:ar bv:ar"),
            ("a:x", "(Intercept) ap:x aq:x ar:x"),
            ("x + a:x", "(Intercept) x x:aq x:ar"),
            ("0 + a:b", "ap:bu aq:bu ar:bu ap:bv aq:bv ar:bv"),
            ("0 + x + a", "x ap aq ar"),
            ("I(x^2) + log(x)", "(Intercept) I(x^2) log(x)"),
        ] {
            assert_eq!(design(formula).names.join(" "), expected, "{formula}");
        }
    }

    #[test]
    fn drops_the_later_of_dependent_columns_and_names_them() {
        let design = design("a + x + I(2*x) + b");
        assert_eq!(design.aliased_names(), ["I(2 * x)"]);
        assert_eq!(design.kept_names(), ["(Intercept)", "aq", "ar", "x", "bv"]);
        let x = design.names.iter().position(|name| name == "x").unwrap();
        let mut row = vec![0.0; design.names.len()];
        row[x] = 1.0;
        assert!(!design.is_estimable(&row), "the slope of x can't be told from that of 2x");
        row[x + 1] = 2.0;
        assert!(design.is_estimable(&row), "x + 2·2x is along the identified direction");
        row[x] = 0.0;
        row[x + 1] = 0.0;
        row[0] = 1.0;
        assert!(design.is_estimable(&row));
    }
}
