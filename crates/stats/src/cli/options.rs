//! A model from a formula and the options beside it.

use std::collections::BTreeMap;

use crate::formula::{Formula, FormulaError};
use crate::mmrm::{DfMethod, Structure, Vcov};

use super::spec::{OneOrMany, Spec, Wanted};

/// What `lifejacket mmrm --data FILE --formula '…' …` was given.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Options {
    /// Path of the data, for the report.
    pub data: String,
    /// `change ~ baseline + arm*visit`, with or without a covariance term.
    pub formula: String,
    /// Column of the participants; may be given by the covariance term.
    pub subject: Option<String>,
    /// Column of the visits; may be given by the covariance term.
    pub visit: Option<String>,
    /// Column of the arms.
    pub arm: Option<String>,
    /// Name of the structure, or several to try in turn, as `us,toeph,ar1h,cs`; `us` if neither here nor in the formula.
    pub covariance: Option<String>,
    /// Column whose levels have covariances of their own.
    pub group: Option<String>,
    /// Columns of the spatial coordinates.
    pub coordinates: Vec<String>,
    /// Column of the weights.
    pub weights: Option<String>,
    /// `satterthwaite`, `kr`, `kr-full`, `between-within` or `residual`; `kr` (its linear form) if not given.
    pub df: Option<String>,
    /// `model`, `cr0`, `cr2` or `cr3`; `model` if not given.
    pub vcov: Option<String>,
    /// Maximum likelihood instead of REML.
    pub ml: bool,
    /// `COLUMN=first,second,…`: levels in order, the first the reference.
    pub levels: Vec<String>,
}

/// Why options do not make a model.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum OptionsError {
    /// The formula can't be read.
    #[error(transparent)]
    Formula(#[from] FormulaError),
    /// No response.
    #[error("the formula `{0}` names no response: write `response ~ effects`")]
    NoResponse(String),
    /// A column that must be named.
    #[error("name the {what} with --{option}, or in the formula as `us(visit | subject)`")]
    Missing {
        /// What is missing.
        what: &'static str,
        /// Its option.
        option: &'static str,
    },
    /// A word that an option does not know.
    #[error("--{option} does not know `{found}`; it knows {known}")]
    Unknown {
        /// The option.
        option: &'static str,
        /// The word.
        found: String,
        /// All it knows.
        known: String,
    },
    /// One column in two `--levels`.
    #[error("--levels is given twice for `{0}`: keep one")]
    LevelsTwice(String),
    /// `--levels` without `=`.
    #[error("--levels needs COLUMN=first,second,…; found `{0}`")]
    Levels(String),
    /// Kenward–Roger and ML, or a sandwich with Kenward–Roger.
    #[error("{0}")]
    Mismatch(&'static str),
}

const DF: [(&str, DfMethod, Vcov); 5] = [
    ("kr", DfMethod::KenwardRoger, Vcov::KenwardRogerLinear),
    ("kr-full", DfMethod::KenwardRoger, Vcov::KenwardRoger),
    ("satterthwaite", DfMethod::Satterthwaite, Vcov::Asymptotic),
    ("between-within", DfMethod::BetweenWithin, Vcov::Asymptotic),
    ("residual", DfMethod::Residual, Vcov::Asymptotic),
];

const VCOV: [(&str, Vcov); 4] = [
    ("model", Vcov::Asymptotic),
    ("cr0", Vcov::Empirical),
    ("cr2", Vcov::EmpiricalBiasReduced),
    ("cr3", Vcov::EmpiricalJackknife),
];

impl Options {
    /// The specification that the options stand for.
    pub fn spec(&self) -> Result<Spec, OptionsError> {
        let formula = Formula::parse(&self.formula)?;
        let response = formula.response.as_ref().ok_or_else(|| OptionsError::NoResponse(self.formula.clone()))?;
        let term = formula.covariance.as_ref();
        let names: Vec<String> =
            self.covariance.iter().flat_map(|list| list.split(',')).map(|name| name.trim().to_owned()).collect();
        let covariance = match (&self.covariance, term) {
            (Some(_), _) => {
                let name = &names[0];
                let known = || Structure::ALL.iter().map(|structure| structure.name()).collect::<Vec<_>>().join(", ");
                Structure::named(name).ok_or_else(|| unknown("covariance", name, known()))?
            }
            (None, Some(term)) => term.structure,
            (None, None) => Structure::Us,
        };
        let spatial = covariance == Structure::SpExp;
        let over = term.map(|term| term.over.clone()).unwrap_or_default();
        let visit = self.visit.clone().or_else(|| over.first().filter(|_| !spatial).cloned());
        if visit.is_none() && !spatial {
            return Err(OptionsError::Missing { what: "column of the visits", option: "visit" });
        }
        let subject = self.subject.clone().or_else(|| term.map(|term| term.subject.clone()));
        let coordinates = match (&self.coordinates[..], spatial) {
            ([], true) => over,
            (given, _) => given.to_vec(),
        };
        Ok(Spec {
            data: self.data.clone(),
            r_formula: Some(self.formula.clone()),
            response: Some(response.to_string()),
            fixed: None,
            subject: Some(
                subject.ok_or(OptionsError::Missing { what: "column of the participants", option: "subject" })?,
            ),
            visit,
            arm: self.arm.clone(),
            covariance: Some(covariance.name().to_owned()),
            fallback: names.get(1..).map(<[String]>::to_vec).unwrap_or_default(),
            group: self.group.clone().or_else(|| term.and_then(|term| term.group.clone())),
            coordinates: (!coordinates.is_empty()).then_some(OneOrMany::Many(coordinates)),
            weights: self.weights.clone(),
            reml: Some(!self.ml),
            factor_levels: self.factor_levels()?,
            inference: Some(vec![self.wanted()?]),
            others: BTreeMap::new(),
        })
    }

    fn factor_levels(&self) -> Result<BTreeMap<String, OneOrMany>, OptionsError> {
        let mut found = BTreeMap::new();
        for text in &self.levels {
            let (column, levels) = text.split_once('=').ok_or_else(|| OptionsError::Levels(text.clone()))?;
            let levels = levels.split(',').map(|level| level.trim().to_owned()).collect();
            let column = column.trim().to_owned();
            if found.insert(column.clone(), OneOrMany::Many(levels)).is_some() {
                return Err(OptionsError::LevelsTwice(column));
            }
        }
        Ok(found)
    }

    fn wanted(&self) -> Result<Wanted, OptionsError> {
        let vcov_name = self.vcov.as_deref().unwrap_or("model");
        let known = || VCOV.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let (_, vcov) =
            VCOV.iter().find(|(name, _)| *name == vcov_name).ok_or_else(|| unknown("vcov", vcov_name, known()))?;
        let usual = if self.ml || *vcov != Vcov::Asymptotic { "satterthwaite" } else { "kr" };
        let df_name = self.df.as_deref().unwrap_or(usual);
        let known = || DF.iter().map(|(name, _, _)| *name).collect::<Vec<_>>().join(", ");
        let (_, df, own) =
            DF.iter().find(|(name, _, _)| *name == df_name).ok_or_else(|| unknown("df", df_name, known()))?;
        if *df == DfMethod::KenwardRoger && self.ml {
            return Err(OptionsError::Mismatch("Kenward-Roger corrects REML; with --ml choose --df satterthwaite"));
        }
        if *df == DfMethod::KenwardRoger && *vcov != Vcov::Asymptotic {
            return Err(OptionsError::Mismatch(
                "Kenward-Roger brings its own covariance; with --vcov choose --df satterthwaite",
            ));
        }
        let vcov = if *vcov == Vcov::Asymptotic { own } else { vcov };
        Ok(Wanted { df_method: df.name().to_owned(), vcov: vcov.name().to_owned() })
    }
}

fn unknown(option: &'static str, found: &str, known: String) -> OptionsError {
    OptionsError::Unknown { option, found: found.to_owned(), known }
}
