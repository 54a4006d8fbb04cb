//! Model formulas as people write them: `change ~ baseline + arm*visit + site + us(visit | subject)`.
//!
//! The conventions are R's: `*` main effects and interaction, `:` interaction, `/` nesting, `^` crossing up to a
//! degree, `-` removal, `0 +` or `- 1` no intercept; terms sorted by degree, variables inside a term in the order
//! of their first appearance. Source: Chambers & Hastie, Statistical Models in S (1992), chapter 2.

mod expression;
mod parse;
mod token;

pub use expression::{Expression, Function, Operator};

use crate::mmrm::Structure;

/// Why a formula could not be read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FormulaError {
    /// A character or word that cannot stand where it stands.
    #[error("the formula `{formula}` can't be read at character {at}: {problem}")]
    Syntax {
        /// The formula as given.
        formula: String,
        /// Character, counted from 1.
        at: usize,
        /// What was found and what is needed.
        problem: String,
    },
    /// More variables than a term can name.
    #[error("the formula `{0}` names more than 64 variables")]
    TooManyVariables(String),
}

/// A term of the fixed effects: which variables are multiplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term(u64);

impl Term {
    /// The intercept: no variable at all.
    pub const INTERCEPT: Term = Term(0);

    pub(crate) fn of(variable: usize) -> Term {
        Term(1 << variable)
    }

    /// The product of two terms.
    pub fn times(self, other: Term) -> Term {
        Term(self.0 | other.0)
    }

    /// This term without one of its variables.
    pub fn without(self, variable: usize) -> Term {
        Term(self.0 & !(1 << variable))
    }

    /// Whether a variable is part of the term.
    pub fn holds(self, variable: usize) -> bool {
        self.0 >> variable & 1 == 1
    }

    /// Whether every variable of `other` is part of this term.
    pub fn covers(self, other: Term) -> bool {
        other.0 & !self.0 == 0
    }

    /// Number of variables.
    pub fn degree(self) -> u32 {
        self.0.count_ones()
    }

    /// The variables' indices, ascending.
    pub fn variables(self) -> impl Iterator<Item = usize> {
        (0..64).filter(move |&variable| self.holds(variable))
    }
}

/// The part `us(visit | group / subject)` of a formula.
#[derive(Debug, Clone, PartialEq)]
pub struct CovarianceTerm {
    /// The structure's name.
    pub structure: Structure,
    /// The visit factor, or the coordinates of a spatial structure.
    pub over: Vec<String>,
    /// The factor whose levels each have a covariance of their own.
    pub group: Option<String>,
    /// The participants' column.
    pub subject: String,
}

/// A formula, read: which variables, which terms, in which order.
#[derive(Debug, Clone, PartialEq)]
pub struct Formula {
    /// Left-hand side, if one was written.
    pub response: Option<Expression>,
    /// Whether the model has an intercept.
    pub intercept: bool,
    /// The variables of the terms, in the order of their first appearance.
    pub variables: Vec<Expression>,
    /// Terms without the intercept, sorted by degree, then by appearance.
    pub terms: Vec<Term>,
    /// The covariance term, if one was written.
    pub covariance: Option<CovarianceTerm>,
}

impl Formula {
    /// Reads a formula, with or without `response ~` before it.
    pub fn parse(text: &str) -> Result<Self, FormulaError> {
        parse::formula(text)
    }

    /// The formula with a column added as a main effect, and its interaction with each of `with` that it contains.
    pub fn with_effect(&self, column: &str, with: &[&str]) -> Self {
        let mut formula = self.clone();
        let expression = Expression::Column(column.to_owned());
        let index = match formula.variables.iter().position(|known| *known == expression) {
            Some(index) => index,
            None if formula.variables.len() < 64 => {
                formula.variables.push(expression);
                formula.variables.len() - 1
            }
            None => return formula,
        };
        let others =
            with.iter().filter_map(|name| formula.variables.iter().position(|known| known.columns() == [*name]));
        let products: Vec<Term> = others.map(|other| Term::of(other).times(Term::of(index))).collect();
        for term in std::iter::once(Term::of(index)).chain(products) {
            if !formula.terms.contains(&term) {
                formula.terms.push(term);
            }
        }
        formula.terms.sort_by_key(|term| term.degree());
        formula
    }

    /// A term's name, as `ARM:AVISIT`.
    pub fn term_name(&self, term: Term) -> String {
        let names: Vec<String> =
            term.variables().filter_map(|index| self.variables.get(index).map(ToString::to_string)).collect();
        names.join(":")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> String {
        let formula = Formula::parse(text).unwrap();
        let mut names: Vec<String> = formula.terms.iter().map(|&term| formula.term_name(term)).collect();
        names.insert(0, if formula.intercept { "1".to_owned() } else { "0".to_owned() });
        names.join(" + ")
    }

    #[test]
    fn expands_as_r_does() {
        // Right column: attr(terms(~ ...), "term.labels") of R 4.2.2.
        for (text, expected) in [
            ("y ~ a*b", "1 + a + b + a:b"),
            ("~ a:b + a", "1 + a + a:b"),
            ("BASVAL * VISIT + THERAPY * VISIT", "1 + BASVAL + VISIT + THERAPY + BASVAL:VISIT + VISIT:THERAPY"),
            ("0 + a", "0 + a"),
            ("a - 1", "0 + a"),
            ("a + 0 + 1", "1 + a"),
            ("(a+b+c)^2", "1 + a + b + c + a:b + a:c + b:c"),
            ("a/b", "1 + a + a:b"),
            ("a*b*c - a:b:c", "1 + a + b + c + a:b + a:c + b:c"),
            ("a*b - a", "1 + b + a:b"),
            ("a %in% b", "1 + a:b"),
            ("a + a", "1 + a"),
            ("(a+b)/c", "1 + a + b + a:b:c"),
            ("log(a) + I(b^2)*c", "1 + log(a) + I(b^2) + c + I(b^2):c"),
            ("`odd name` + factor(s)", "1 + `odd name` + factor(s)"),
            ("1", "1"),
        ] {
            assert_eq!(terms(text), expected, "{text}");
        }
    }

    #[test]
    fn adds_an_effect_with_its_interactions() {
        let formula = Formula::parse("y ~ base + arm*visit").unwrap().with_effect("guess", &["visit", "absent"]);
        let names: Vec<String> = formula.terms.iter().map(|&term| formula.term_name(term)).collect();
        assert_eq!(names, ["base", "arm", "visit", "guess", "arm:visit", "visit:guess"]);
        assert_eq!(formula.with_effect("guess", &["visit"]), formula);
    }

    #[test]
    fn reads_the_covariance_term() {
        let formula = Formula::parse("y ~ a + sp_exp(d1, d2 | arm / id)").unwrap();
        let covariance = formula.covariance.unwrap();
        assert_eq!(covariance.structure, Structure::SpExp);
        assert_eq!(covariance.over, ["d1", "d2"]);
        assert_eq!(covariance.group.as_deref(), Some("arm"));
        assert_eq!(covariance.subject, "id");
    }

    #[test]
    fn says_where_it_stops_reading() {
        for (text, part) in [
            ("y ~ a + ", "at character 9: a variable is needed here"),
            ("y ~ a ++ * b", "at character 10: a variable is needed here, found `*`"),
            ("y ~ (a + b", "at character 11: `)` is needed here"),
            ("y ~ a b", "at character 7: `b` stands where an operator"),
            ("y ~ a ~ b", "at character 7: `~` stands where an operator"),
            ("y ~ foo(a)", "at character 5: no function is called `foo`"),
            ("y ~ a # b", "at character 7: `#` means nothing in a formula"),
            ("", "at character 1: a variable is needed here"),
        ] {
            let message = Formula::parse(text).unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
