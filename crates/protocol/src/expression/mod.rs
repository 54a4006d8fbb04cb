//! Typed expressions over a study's own fields, in CEL's syntax.
//!
//! Reading, types and evaluation are ours, because three things differ from plain CEL:
//! a missing answer never makes anything true (what can't be computed is [`Answer::Unknown`] and names what is
//! missing), all numbers are one exact kind (`caps5.total >= 35` and `temperature <= 37.5` both read as written, and
//! nothing goes through a float), and calendar days are a kind of their own (`today - history.last_ect >= 84`).
//! Where nothing is missing and no day occurs, the answers are CEL's: by test, against `cel-core`'s own evaluator.

mod compile;
mod evaluate;
mod number;
mod syntax;

pub(crate) use compile::{Compare, Constant};
pub(crate) use number::Number;

use serde::{Serialize, Serializer};
use std::{collections::BTreeMap, fmt, ops::Range, sync::Arc};
use terms::Value;

/// What a name in an expression stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Yes or no; also decisions of instruments (indeterminate is unknown).
    Bool,
    /// Whole number.
    Integer,
    /// Number with decimals; also scores.
    Decimal,
    /// Text or the code of a choice.
    Text,
    /// A calendar day: the difference of two is a number of days; `today` is one.
    Day,
}

/// The names that an expression may use, with dots: `ecg.qtcb`.
pub type Scope = BTreeMap<String, Kind>;

/// Names in two layers: those that stand alone, and behind them those of everybody.
pub(crate) struct Names<'a> {
    /// Found first.
    pub own: &'a Scope,
    /// Found where the first hasn't the name.
    pub outer: Option<&'a Scope>,
}

impl Names<'_> {
    pub fn kind(&self, name: &str) -> Option<Kind> {
        self.own.get(name).or_else(|| self.outer?.get(name)).copied()
    }

    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.own.keys().chain(self.outer.into_iter().flat_map(Scope::keys)).map(String::as_str)
    }
}

/// What an expression says of a participant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// True.
    Yes,
    /// False.
    No,
    /// Not to be said, and the names whose answers are missing.
    Unknown(Vec<String>),
}

/// A mistake in an expression, at a byte range of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpressionError {
    /// Where in the text.
    pub range: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub mend: Option<String>,
    /// What kind of mistake.
    pub kind: ExpressionErrorKind,
}

/// Kinds of mistakes in expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpressionErrorKind {
    /// It can't be read.
    Syntax,
    /// A name that stands for nothing here.
    UnknownName,
    /// Two things that don't go together.
    Type,
    /// A part of CEL that study files don't use.
    Unsupported,
}

/// A checked expression. Compared and hashed by its text.
#[derive(Clone)]
pub struct Expression {
    text: Arc<str>,
    names: Arc<[String]>,
    tree: Arc<compile::Tree>,
}

impl Expression {
    /// Compiles and type-checks; the result must be yes or no.
    ///
    /// # Errors
    /// Every mistake found, with its place.
    pub fn compile(text: &str, scope: &Scope) -> Result<Self, Vec<ExpressionError>> {
        Self::compile_in(text, &Names { own: scope, outer: None })
    }

    /// The same over two layers of names.
    pub(crate) fn compile_in(text: &str, names: &Names<'_>) -> Result<Self, Vec<ExpressionError>> {
        let (tree, names) = compile::compile(text, names)?;
        Ok(Self { text: Arc::from(text), names: Arc::from(names), tree: Arc::new(tree) })
    }

    /// The expression as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The names it uses, dotted, each once, in order of first use.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The written numbers and texts that names are compared with: name, question, constant, place in the text.
    pub(crate) fn compared(&self) -> impl Iterator<Item = (&str, Compare, Constant<'_>, Range<usize>)> {
        let compared = self.tree.compared().into_iter();
        compared.filter_map(|found| Some((self.names.get(found.name)?.as_str(), found.sign, found.with, found.range)))
    }

    /// Evaluates with a look-up for names; `None` or a missing value makes what hangs on it unknown.
    pub fn evaluate(&self, look_up: &dyn Fn(&str) -> Option<Value>) -> Answer {
        evaluate::evaluate(&self.tree, &self.names, look_up)
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text)
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Expression {}

impl Serialize for Expression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}
