//! Typed expressions over a study's own fields, in CEL's syntax.
//!
//! A missing answer never makes anything true: what can't be computed is [`Answer::Unknown`] and names what is missing.

use serde::{Serialize, Serializer};
use std::{collections::BTreeMap, fmt, sync::Arc};
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
    pub range: std::ops::Range<usize>,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub mend: Option<String>,
}

/// A checked expression. Compared and hashed by its text.
#[derive(Clone)]
pub struct Expression {
    text: Arc<str>,
    names: Arc<[String]>,
}

impl Expression {
    /// Compiles and type-checks; the result must be yes or no.
    ///
    /// # Errors
    /// Every mistake found, with its place.
    pub fn compile(text: &str, scope: &Scope) -> Result<Self, Vec<ExpressionError>> {
        let _ = scope;
        Ok(Self { text: Arc::from(text), names: Arc::from(Vec::new()) })
    }

    /// The expression as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The names it uses, dotted, each once, in order of first use.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Evaluates with a look-up for names; `None` or a missing value makes what hangs on it unknown.
    pub fn evaluate(&self, look_up: &dyn Fn(&str) -> Option<Value>) -> Answer {
        let _ = look_up;
        Answer::Unknown(self.names.to_vec())
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
