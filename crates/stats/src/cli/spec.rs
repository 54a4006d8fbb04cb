//! Reads the `spec` object of a fit: the same fields as the reference files have.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::formula::{Expression, Formula};
use crate::mmrm::{Estimation, Model, Structure};
use crate::table::Table;

/// One text or a list of them: R writes a list of one as its one element.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// A single text.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl OneOrMany {
    fn list(&self) -> Vec<String> {
        match self {
            OneOrMany::One(text) => vec![text.clone()],
            OneOrMany::Many(list) => list.clone(),
        }
    }
}

/// One combination of degrees of freedom and covariance that is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wanted {
    /// `Satterthwaite`, `Kenward-Roger`, `Between-Within` or `Residual`.
    pub df_method: String,
    /// `Asymptotic`, `Kenward-Roger`, `Kenward-Roger-Linear`, `Empirical`, `Empirical-Bias-Reduced`, `Empirical-Jackknife`.
    pub vcov: String,
}

/// The `spec` object of a fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    /// Path of the data, relative to the file that holds the spec.
    pub data: String,
    /// The whole model as R's mmrm takes it; needed where `response`, `fixed` or `subject` is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r_formula: Option<String>,
    /// Column of the response.
    #[serde(default)]
    pub response: Option<String>,
    /// Right-hand side of the fixed effects.
    #[serde(default)]
    pub fixed: Option<String>,
    /// Column of the participants.
    #[serde(default)]
    pub subject: Option<String>,
    /// Column of the visits.
    #[serde(default)]
    pub visit: Option<String>,
    /// Column of the arms.
    #[serde(default)]
    pub arm: Option<String>,
    /// Name of the covariance structure.
    #[serde(default)]
    pub covariance: Option<String>,
    /// Structures to try in turn where the data do not determine `covariance`, as the protocol plans it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fallback: Vec<String>,
    /// Column whose levels have covariances of their own.
    #[serde(default)]
    pub group: Option<String>,
    /// Columns of the spatial coordinates.
    #[serde(default)]
    pub coordinates: Option<OneOrMany>,
    /// Column of the weights.
    #[serde(default)]
    pub weights: Option<String>,
    /// REML (the default) or ML.
    #[serde(default)]
    pub reml: Option<bool>,
    /// Levels of factors in order, first the reference.
    #[serde(default)]
    pub factor_levels: BTreeMap<String, OneOrMany>,
    /// Combinations of inference; none named means all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inference: Option<Vec<Wanted>>,
    /// What else the object holds: printed again, not used, and named in a note.
    #[serde(flatten)]
    pub others: BTreeMap<String, serde_json::Value>,
}

/// Why a specification can't be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SpecError {
    /// Not JSON, or not the fields that a specification has.
    #[error("the specification can't be read: {0}")]
    Unreadable(String),
    /// A field that is needed and can't be taken from `r_formula`.
    #[error("the specification has no `{0}`, and `r_formula` does not give it either")]
    Missing(&'static str),
    /// A structure of no known name.
    #[error("no covariance is called `{found}`; known are {known}")]
    UnknownStructure {
        /// As written.
        found: String,
        /// All names.
        known: String,
    },
    /// Levels of a column that is not there.
    #[error("levels are given for `{column}`, and the data have no such column{hint}")]
    LevelsOfNoColumn {
        /// The column.
        column: String,
        /// A column with a similar name, in words.
        hint: String,
    },
    /// A level twice.
    #[error("`{level}` stands twice among the levels of `{column}`: name each once")]
    LevelTwice {
        /// The column.
        column: String,
        /// The level.
        level: String,
    },
    /// Coordinates without a structure that looks at them.
    #[error("coordinates are for `sp_exp`, and the covariance is `{structure}`: leave them out, or choose `sp_exp`")]
    NoUseOfCoordinates {
        /// The structure.
        structure: &'static str,
    },
    /// The formula and a field or option say different things.
    #[error("the formula says `{in_formula}` for the {what}, and beside it stands `{beside}`: make them one")]
    Contradiction {
        /// What they differ in.
        what: &'static str,
        /// What stands in the formula's covariance term.
        in_formula: String,
        /// What stands in the field or the option.
        beside: String,
    },
    /// The formula can't be read.
    #[error(transparent)]
    Formula(#[from] crate::formula::FormulaError),
}

impl Spec {
    /// Reads a specification: the object itself, or a whole reference file that holds it under `spec`. Combinations of
    /// inference that the file lists beside it count as asked for.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        let unreadable = |error: serde_json::Error| SpecError::Unreadable(error.to_string());
        let mut value: serde_json::Value = serde_json::from_str(text).map_err(unreadable)?;
        let listed = value.get("inference").cloned();
        if let Some(inner) = value.get_mut("spec") {
            let mut spec: Spec = serde_json::from_value(inner.take()).map_err(unreadable)?;
            if let (None, Some(listed)) = (&spec.inference, listed) {
                spec.inference = Some(serde_json::from_value(listed).map_err(unreadable)?);
            }
            return Ok(spec);
        }
        serde_json::from_value(value).map_err(unreadable)
    }

    /// Finds what would otherwise be ignored in silence: levels of no column, a level twice, coordinates that nothing looks at,
    /// and a formula that says one thing where a field says another.
    pub fn check(&self, table: &Table) -> Result<(), SpecError> {
        for (column, levels) in &self.factor_levels {
            if table.column(column).is_none() {
                let hint = table.nearest(column).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                return Err(SpecError::LevelsOfNoColumn { column: column.clone(), hint });
            }
            let levels = levels.list();
            let twice = levels
                .iter()
                .enumerate()
                .find(|(index, level)| levels.iter().take(*index).any(|other| other == *level));
            if let Some((_, level)) = twice {
                return Err(SpecError::LevelTwice { column: column.clone(), level: level.clone() });
            }
        }
        let plan = self.plan()?;
        let coordinates = self.coordinates.as_ref().map(OneOrMany::list).unwrap_or_default();
        if let (false, Some(first)) = (coordinates.is_empty() || plan.contains(&Structure::SpExp), plan.first()) {
            return Err(SpecError::NoUseOfCoordinates { structure: first.name() });
        }
        let Some(term) =
            self.r_formula.as_deref().map(Formula::parse).transpose()?.and_then(|formula| formula.covariance)
        else {
            return Ok(());
        };
        let spatial = term.structure == Structure::SpExp;
        for (what, in_formula, beside) in [
            ("covariance", Some(term.structure.name()), self.covariance.as_deref()),
            ("participants", Some(term.subject.as_str()), self.subject.as_deref()),
            ("visits", term.over.first().map(String::as_str).filter(|_| !spatial), self.visit.as_deref()),
            ("covariance groups", term.group.as_deref(), self.group.as_deref()),
        ] {
            if let (Some(in_formula), Some(beside)) = (in_formula, beside)
                && in_formula != beside
            {
                let (in_formula, beside) = (in_formula.to_owned(), beside.to_owned());
                return Err(SpecError::Contradiction { what, in_formula, beside });
            }
        }
        Ok(())
    }

    /// Names another structure, in the formula's covariance term too.
    pub(super) fn set_covariance(&mut self, structure: Structure) {
        let term =
            |text: &String| Formula::parse(text).ok()?.covariance.map(|term| format!("{}(", term.structure.name()));
        if let Some(formula) = &mut self.r_formula
            && let Some(call) = term(formula)
        {
            let starts = formula.match_indices(&call).map(|(at, _)| at);
            let is_word = |at: &usize| {
                !formula[..*at].ends_with(|before: char| before.is_alphanumeric() || matches!(before, '_' | '.'))
            };
            if let Some(at) = starts.filter(is_word).last() {
                formula.replace_range(at..at + call.len() - 1, structure.name());
            }
        }
        self.covariance = Some(structure.name().to_owned());
    }

    /// The structures to fit, in order: `covariance`, then `fallback`.
    pub fn plan(&self) -> Result<Vec<Structure>, SpecError> {
        let rest = self.fallback.iter().map(|name| structure(name));
        std::iter::once(self.model().map(|model| model.covariance)).chain(rest).collect()
    }

    /// The model that the specification describes.
    pub fn model(&self) -> Result<Model, SpecError> {
        let whole = self.r_formula.as_deref().map(Formula::parse).transpose()?;
        let term = whole.as_ref().and_then(|formula| formula.covariance.clone());
        let formula = match (&self.fixed, &whole) {
            (Some(fixed), _) => Formula::parse(fixed)?,
            (None, Some(whole)) => whole.clone(),
            (None, None) => return Err(SpecError::Missing("fixed")),
        };
        let response = match (&self.response, &whole) {
            (Some(name), _) => Formula::parse(&format!("{name} ~ 1"))
                .ok()
                .and_then(|formula| formula.response)
                .unwrap_or_else(|| Expression::Column(name.clone())),
            (None, Some(whole)) => whole.response.clone().ok_or(SpecError::Missing("response"))?,
            (None, None) => return Err(SpecError::Missing("response")),
        };
        let covariance = match (&self.covariance, &term) {
            (Some(name), _) => structure(name)?,
            (None, Some(term)) => term.structure,
            (None, None) => return Err(SpecError::Missing("covariance")),
        };
        let spatial = covariance == Structure::SpExp;
        let over = term.as_ref().map(|term| term.over.clone()).unwrap_or_default();
        let visit = match (&self.visit, over.first()) {
            (Some(visit), _) => visit.clone(),
            (None, Some(first)) if !spatial => first.clone(),
            (None, _) if spatial => String::new(),
            (None, _) => return Err(SpecError::Missing("visit")),
        };
        let coordinates =
            self.coordinates.as_ref().map(OneOrMany::list).unwrap_or(if spatial { over } else { Vec::new() });
        Ok(Model {
            response,
            formula,
            subject: self
                .subject
                .clone()
                .or(term.as_ref().map(|term| term.subject.clone()))
                .ok_or(SpecError::Missing("subject"))?,
            visit,
            arm: self.arm.clone(),
            covariance,
            group: self.group.clone().or(term.and_then(|term| term.group)),
            coordinates,
            weights: self.weights.clone(),
            estimation: if self.reml.unwrap_or(true) { Estimation::Reml } else { Estimation::Ml },
            levels: self.factor_levels.iter().map(|(name, levels)| (name.clone(), levels.list())).collect(),
        })
    }
}

fn structure(name: &str) -> Result<Structure, SpecError> {
    Structure::named(name).ok_or_else(|| {
        let known: Vec<&str> = Structure::ALL.iter().map(|structure| structure.name()).collect();
        SpecError::UnknownStructure { found: name.to_owned(), known: known.join(", ") }
    })
}
