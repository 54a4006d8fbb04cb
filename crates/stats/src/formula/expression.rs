//! What one variable of a formula is: a column, or a number made from columns row by row.

use std::fmt;

/// A function of one number that a formula may apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// Natural logarithm.
    Log,
    /// Logarithm to base 2.
    Log2,
    /// Logarithm to base 10.
    Log10,
    /// Square root.
    Sqrt,
    /// Exponential.
    Exp,
    /// Absolute value.
    Abs,
    /// Arithmetic as written, `I(...)`.
    AsIs,
}

impl Function {
    pub(super) const ALL: [(&'static str, Function); 7] = [
        ("log", Function::Log),
        ("log2", Function::Log2),
        ("log10", Function::Log10),
        ("sqrt", Function::Sqrt),
        ("exp", Function::Exp),
        ("abs", Function::Abs),
        ("I", Function::AsIs),
    ];

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, function)| *function == self).map_or("I", |(name, _)| name)
    }

    fn of(self, number: f64) -> f64 {
        match self {
            Function::Log => number.ln(),
            Function::Log2 => number.log2(),
            Function::Log10 => number.log10(),
            Function::Sqrt => number.sqrt(),
            Function::Exp => number.exp(),
            Function::Abs => number.abs(),
            Function::AsIs => number,
        }
    }
}

/// Arithmetic between two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Times,
    /// `/`
    Over,
    /// `^`
    Power,
}

/// A variable of a formula.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// A column as it is.
    Column(String),
    /// A column taken as a factor, `factor(SITE)`.
    Factor(String),
    /// A number.
    Number(f64),
    /// A function of an expression.
    Call(Function, Box<Expression>),
    /// Two expressions and what is done with them.
    Arithmetic(Operator, Box<Expression>, Box<Expression>),
}

impl Expression {
    /// The columns that the expression reads.
    pub fn columns(&self) -> Vec<&str> {
        match self {
            Expression::Column(name) | Expression::Factor(name) => vec![name],
            Expression::Number(_) => Vec::new(),
            Expression::Call(_, inner) => inner.columns(),
            Expression::Arithmetic(_, left, right) => {
                let mut names = left.columns();
                names.extend(right.columns());
                names
            }
        }
    }

    /// The expression's value, given the number behind each column.
    pub fn value(&self, column: &impl Fn(&str) -> f64) -> f64 {
        match self {
            Expression::Column(name) | Expression::Factor(name) => column(name),
            Expression::Number(number) => *number,
            Expression::Call(function, inner) => function.of(inner.value(column)),
            Expression::Arithmetic(operator, left, right) => {
                let (left, right) = (left.value(column), right.value(column));
                match operator {
                    Operator::Plus => left + right,
                    Operator::Minus => left - right,
                    Operator::Times => left * right,
                    Operator::Over => left / right,
                    Operator::Power => left.powf(right),
                }
            }
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expression::Column(name) => out.write_str(&quoted(name)),
            Expression::Factor(name) => write!(out, "factor({})", quoted(name)),
            Expression::Number(number) => write!(out, "{number}"),
            Expression::Call(function, inner) => write!(out, "{}({inner})", function.name()),
            Expression::Arithmetic(operator, left, right) => {
                let sign = match operator {
                    Operator::Plus => " + ",
                    Operator::Minus => " - ",
                    Operator::Times => " * ",
                    Operator::Over => "/",
                    Operator::Power => "^",
                };
                write!(out, "{}{sign}{}", bracketed(left), bracketed(right))
            }
        }
    }
}

fn bracketed(expression: &Expression) -> String {
    match expression {
        Expression::Arithmetic(..) => format!("({expression})"),
        Expression::Column(_) | Expression::Factor(_) | Expression::Number(_) | Expression::Call(..) => {
            expression.to_string()
        }
    }
}

fn quoted(name: &str) -> String {
    let plain = name.chars().all(|character| character.is_alphanumeric() || matches!(character, '_' | '.'))
        && name.chars().next().is_some_and(|first| !first.is_ascii_digit());
    if plain { name.to_owned() } else { format!("`{name}`") }
}
