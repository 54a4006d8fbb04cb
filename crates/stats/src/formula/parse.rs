//! From words and signs to terms. Precedence as in R: `^`, then `:`, `%in%`, `*` and `/`, `+` and `-`.

use super::expression::{Expression, Function, Operator};
use super::token::{Placed, Token, syntax, tokens};
use super::{CovarianceTerm, Formula, FormulaError, Term};
use crate::mmrm::Structure;
use crate::table::nearest;

/// Terms in order of appearance; the intercept is a flag that a `0` or `1` sets.
#[derive(Default, Clone)]
struct Sum {
    terms: Vec<Term>,
    intercept: Option<bool>,
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Placed>,
    next: usize,
    variables: Vec<Expression>,
    covariance: Option<CovarianceTerm>,
    /// Open brackets; bounded, so that no formula can exhaust the stack.
    depth: usize,
}

const DEPTH_MAX: usize = 64;

pub(super) fn formula(text: &str) -> Result<Formula, FormulaError> {
    let mut parser = Parser { text, tokens: tokens(text)?, next: 0, variables: Vec::new(), covariance: None, depth: 0 };
    let mut response = None;
    if parser.tokens.iter().any(|placed| placed.token == Token::Sign("~")) && !parser.take("~") {
        response = Some(parser.arithmetic()?);
        parser.need("~")?;
    }
    let sum = parser.sum()?;
    if let Some(token) = parser.peek() {
        let problem = format!("`{}` stands where an operator (`+`, `*`, `:`) or the end is needed", shown(token));
        return Err(parser.error(&problem));
    }
    let mut terms = sum.terms;
    terms.sort_by_key(|term| term.degree());
    Ok(Formula {
        response,
        intercept: sum.intercept.unwrap_or(true),
        variables: parser.variables,
        terms,
        covariance: parser.covariance,
    })
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|placed| &placed.token)
    }

    fn at_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Token::Sign(found)) if *found == sign)
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = self.at_sign(sign);
        self.next += usize::from(found);
        found
    }

    fn need(&mut self, sign: &str) -> Result<(), FormulaError> {
        if self.take(sign) { Ok(()) } else { Err(self.error(&format!("`{sign}` is needed here{}", self.instead()))) }
    }

    fn instead(&self) -> String {
        self.peek().map_or(String::new(), |token| format!(", found `{}`", shown(token)))
    }

    fn error(&self, problem: &str) -> FormulaError {
        let at = self.tokens.get(self.next).map_or(self.text.chars().count() + 1, |placed| placed.at);
        syntax(self.text, at, problem)
    }

    fn name(&mut self) -> Result<String, FormulaError> {
        match self.peek() {
            Some(Token::Name(name)) => {
                let name = name.clone();
                self.next += 1;
                Ok(name)
            }
            _ => Err(self.error(&format!("the name of a column is needed here{}", self.instead()))),
        }
    }

    fn enter(&mut self) -> Result<(), FormulaError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX { Err(self.error("brackets are nested too deeply here")) } else { Ok(()) }
    }

    fn sum(&mut self) -> Result<Sum, FormulaError> {
        let mut sum = Sum::default();
        let mut adding = true;
        loop {
            while self.at_sign("+") || self.at_sign("-") {
                adding = self.take("+") || {
                    self.next += 1;
                    false
                };
            }
            let part = self.product()?;
            if adding {
                sum.terms
                    .extend(part.terms.iter().filter(|term| !sum.terms.contains(term)).copied().collect::<Vec<_>>());
                sum.intercept = part.intercept.or(sum.intercept);
            } else {
                sum.terms.retain(|term| !part.terms.contains(term));
                sum.intercept = part.intercept.map(|flag| !flag).or(sum.intercept);
            }
            if !self.at_sign("+") && !self.at_sign("-") {
                return Ok(sum);
            }
        }
    }

    fn product(&mut self) -> Result<Sum, FormulaError> {
        let mut left = self.inside()?;
        loop {
            if self.take("*") {
                let right = self.inside()?;
                let mut terms = left.terms.clone();
                terms.extend(right.terms.iter().copied());
                terms.extend(crossed(&left.terms, &right.terms));
                left = Sum { terms: distinct(terms), intercept: left.intercept.or(right.intercept) };
            } else if self.take("/") {
                // `a/b` is `a + a:b`; over a sum on the left, b is nested in all of it.
                let right = self.inside()?;
                let all = left.terms.iter().fold(Term::INTERCEPT, |product, term| product.times(*term));
                let mut terms = left.terms.clone();
                terms.extend(right.terms.iter().map(|term| all.times(*term)));
                left = Sum { terms: distinct(terms), intercept: left.intercept };
            } else {
                return Ok(left);
            }
        }
    }

    fn inside(&mut self) -> Result<Sum, FormulaError> {
        let mut left = self.interaction()?;
        while self.take("%in%") {
            let right = self.interaction()?;
            left = Sum { terms: distinct(crossed(&left.terms, &right.terms)), intercept: None };
        }
        Ok(left)
    }

    fn interaction(&mut self) -> Result<Sum, FormulaError> {
        let mut left = self.power()?;
        while self.take(":") {
            let right = self.power()?;
            left = Sum { terms: distinct(crossed(&left.terms, &right.terms)), intercept: None };
        }
        Ok(left)
    }

    fn power(&mut self) -> Result<Sum, FormulaError> {
        let base = self.atom()?;
        if !self.take("^") {
            return Ok(base);
        }
        let Some(Token::Number(degree)) = self.peek().cloned() else {
            return Err(self.error(&format!(
                "a whole number is needed after `^`{}; powers of a variable go inside I(...)",
                self.instead()
            )));
        };
        if degree.fract() != 0.0 || !(1.0..=64.0).contains(&degree) {
            return Err(self.error("the degree after `^` must be a whole number of at least 1"));
        }
        self.next += 1;
        let mut terms = base.terms.clone();
        for _ in 1..degree as usize {
            let more = crossed(&terms, &base.terms);
            terms.extend(more);
            terms = distinct(terms);
        }
        Ok(Sum { terms, intercept: base.intercept })
    }

    fn atom(&mut self) -> Result<Sum, FormulaError> {
        match self.peek().cloned() {
            Some(Token::Sign("(")) => {
                self.enter()?;
                self.next += 1;
                let sum = self.sum()?;
                self.need(")")?;
                self.depth -= 1;
                Ok(sum)
            }
            Some(Token::Number(number)) if number == 0.0 || number == 1.0 => {
                self.next += 1;
                Ok(Sum { terms: Vec::new(), intercept: Some(number == 1.0) })
            }
            Some(Token::Number(number)) => Err(self
                .error(&format!("`{number}` is no variable: only 0 and 1 (no intercept, intercept) may stand here"))),
            Some(Token::Name(name))
                if matches!(self.tokens.get(self.next + 1), Some(Placed { token: Token::Sign("("), .. })) =>
            {
                match Structure::named(&name) {
                    Some(structure) => self.covariance_term(structure),
                    None => {
                        let call = self.call()?;
                        self.variable(call)
                    }
                }
            }
            Some(Token::Name(name)) => {
                self.next += 1;
                self.variable(Expression::Column(name))
            }
            _ => Err(self.error(&format!("a variable is needed here{}", self.instead()))),
        }
    }

    fn variable(&mut self, expression: Expression) -> Result<Sum, FormulaError> {
        let index = match self.variables.iter().position(|known| *known == expression) {
            Some(index) => index,
            None => {
                self.variables.push(expression);
                self.variables.len() - 1
            }
        };
        if index >= 64 {
            return Err(FormulaError::TooManyVariables(self.text.to_owned()));
        }
        Ok(Sum { terms: vec![Term::of(index)], intercept: None })
    }

    fn covariance_term(&mut self, structure: Structure) -> Result<Sum, FormulaError> {
        if self.covariance.is_some() {
            return Err(self.error("a second covariance: a model has one"));
        }
        self.next += 2;
        let mut over = vec![self.name()?];
        while self.take(",") {
            over.push(self.name()?);
        }
        if over.len() > 1 && structure != Structure::SpExp {
            return Err(self.error(&format!(
                "`{}` takes one visit column; several coordinates belong to sp_exp",
                structure.name()
            )));
        }
        self.need("|")?;
        let mut subject = self.name()?;
        let mut group = None;
        if self.take("/") {
            group = Some(subject);
            subject = self.name()?;
        }
        self.need(")")?;
        self.covariance = Some(CovarianceTerm { structure, over, group, subject });
        Ok(Sum::default())
    }

    /// `log(x)`, `I(x^2)`, `factor(x)`: the name is the next token, the bracket the one after.
    fn call(&mut self) -> Result<Expression, FormulaError> {
        let Some(Token::Name(name)) = self.peek().cloned() else { return Err(self.error("a function is needed here")) };
        if name == "factor" || name == "as.factor" {
            self.next += 2;
            let column = self.name()?;
            self.need(")")?;
            return Ok(Expression::Factor(column));
        }
        let Some((_, function)) = Function::ALL.iter().find(|(known, _)| *known == name) else {
            let known = Function::ALL
                .iter()
                .map(|(known, _)| *known)
                .chain(["factor"])
                .chain(Structure::ALL.iter().map(|known| known.name()));
            let hint = nearest(&name, known).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            return Err(self.error(&format!(
                "no function is called `{name}` here (log, log2, log10, sqrt, exp, abs, I, factor){hint}"
            )));
        };
        self.next += 2;
        let inner = self.arithmetic()?;
        self.need(")")?;
        Ok(Expression::Call(*function, Box::new(inner)))
    }

    fn arithmetic(&mut self) -> Result<Expression, FormulaError> {
        let mut left = self.arithmetic_product()?;
        loop {
            let operator = if self.take("+") {
                Operator::Plus
            } else if self.take("-") {
                Operator::Minus
            } else {
                return Ok(left);
            };
            left = Expression::Arithmetic(operator, Box::new(left), Box::new(self.arithmetic_product()?));
        }
    }

    fn arithmetic_product(&mut self) -> Result<Expression, FormulaError> {
        let mut left = self.arithmetic_power()?;
        loop {
            let operator = if self.take("*") {
                Operator::Times
            } else if self.take("/") {
                Operator::Over
            } else {
                return Ok(left);
            };
            left = Expression::Arithmetic(operator, Box::new(left), Box::new(self.arithmetic_power()?));
        }
    }

    fn arithmetic_power(&mut self) -> Result<Expression, FormulaError> {
        let base = self.arithmetic_atom()?;
        if !self.take("^") {
            return Ok(base);
        }
        self.enter()?;
        let exponent = self.arithmetic_power()?;
        self.depth -= 1;
        Ok(Expression::Arithmetic(Operator::Power, Box::new(base), Box::new(exponent)))
    }

    fn arithmetic_atom(&mut self) -> Result<Expression, FormulaError> {
        self.enter()?;
        let atom = self.arithmetic_unit()?;
        self.depth -= 1;
        Ok(atom)
    }

    fn arithmetic_unit(&mut self) -> Result<Expression, FormulaError> {
        if self.take("(") {
            let inner = self.arithmetic()?;
            self.need(")")?;
            return Ok(inner);
        }
        if self.take("-") {
            let inner = self.arithmetic_atom()?;
            return Ok(Expression::Arithmetic(Operator::Minus, Box::new(Expression::Number(0.0)), Box::new(inner)));
        }
        if let Some(Token::Number(number)) = self.peek() {
            let number = *number;
            self.next += 1;
            return Ok(Expression::Number(number));
        }
        if matches!(self.peek(), Some(Token::Name(_)))
            && matches!(self.tokens.get(self.next + 1), Some(Placed { token: Token::Sign("("), .. }))
        {
            return self.call();
        }
        Ok(Expression::Column(self.name()?))
    }
}

fn crossed(left: &[Term], right: &[Term]) -> Vec<Term> {
    left.iter().flat_map(|one| right.iter().map(|other| one.times(*other))).collect()
}

fn distinct(terms: Vec<Term>) -> Vec<Term> {
    let mut seen = Vec::with_capacity(terms.len());
    for term in terms {
        if !seen.contains(&term) {
            seen.push(term);
        }
    }
    seen
}

fn shown(token: &Token) -> String {
    match token {
        Token::Name(name) => name.clone(),
        Token::Number(number) => number.to_string(),
        Token::Sign(sign) => (*sign).to_owned(),
    }
}
