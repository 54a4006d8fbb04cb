//! The result of a fit as an object with the keys of the reference files.

use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::mmrm::{
    ContrastRow, Counts, Criteria, DfMethod, Estimate, FTest, Fit, Inference, InferenceError, MeanRow, Vcov, Weights,
};

use super::spec::{Spec, Wanted};

/// A list whose single element is written without brackets, as R does.
#[derive(Debug, Clone, PartialEq)]
pub struct Unboxed<T>(pub Vec<T>);

impl<T: Serialize> Serialize for Unboxed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0[..] {
            [one] => one.serialize(serializer),
            many => many.serialize(serializer),
        }
    }
}

/// What is printed for one fit.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Report {
    /// `mmrm-ref-1`, the format of the reference files.
    pub format: &'static str,
    /// `fit`.
    pub outcome: &'static str,
    /// The specification that was fitted.
    pub spec: Spec,
    /// Rows, people, visits, parameters.
    pub counts: CountsReport,
    /// Names and estimates.
    pub coefficients: CoefficientsReport,
    /// Model-based covariance of the coefficients, packed lower triangle by rows.
    pub beta_vcov: Unboxed<f64>,
    /// Covariance parameters.
    pub theta: Unboxed<f64>,
    /// Their covariance, packed.
    pub theta_vcov: Unboxed<f64>,
    /// Σ by rows; one a group if there are groups.
    pub sigma: Sigma,
    /// Likelihood and criteria.
    pub fit: Criteria,
    /// The rows behind the least-squares means.
    pub lsmeans_matrix: BTreeMap<&'static str, MatrixReport>,
    /// One entry a combination of degrees of freedom and covariance.
    pub inference: Vec<InferenceReport>,
    /// `true`: symmetric matrices are packed.
    pub packed: bool,
    /// What a reader should know: rows dropped, visits few people reached, how the search went.
    pub notes: Vec<String>,
}

/// `counts` of a report.
#[derive(Debug, Clone, serde::Serialize)]
pub struct CountsReport {
    /// The plain counts.
    #[serde(flatten)]
    pub counts: Counts,
    /// Distinct visit patterns; `null` for spatial structures.
    pub n_patterns: Option<usize>,
    /// People by pattern, visits counted from 0.
    pub patterns: Option<BTreeMap<String, usize>>,
}

/// `coefficients` of a report.
#[derive(Debug, Clone, serde::Serialize)]
pub struct CoefficientsReport {
    /// Estimated columns.
    pub names: Unboxed<String>,
    /// Their estimates.
    pub estimate: Unboxed<f64>,
    /// Dropped columns.
    pub aliased: Unboxed<String>,
}

/// `sigma` of a report.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(untagged)]
pub enum Sigma {
    /// One Σ.
    One(Vec<Vec<f64>>),
    /// One a group, in the order of the groups' levels.
    Groups(InOrder<Vec<Vec<f64>>>),
}

/// Values by name, in an order that is not the alphabet's.
#[derive(Debug, Clone, PartialEq)]
pub struct InOrder<T>(pub Vec<(String, T)>);

impl<T: Serialize> Serialize for InOrder<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// `lsmeans_matrix` for one kind of weights.
#[derive(Debug, Clone, serde::Serialize)]
pub struct MatrixReport {
    /// Labels.
    pub rows: Vec<Labels>,
    /// Estimated columns.
    pub columns: Unboxed<String>,
    /// Weights, one list a row.
    #[serde(rename = "L")]
    pub l: Vec<Vec<f64>>,
}

/// Names with values, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels(pub Vec<(String, String)>);

impl Serialize for Labels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// An estimate with its labels, or the statement that there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Labelled {
    /// What it is of.
    pub labels: Labels,
    /// `None`: the data do not determine it.
    pub estimate: Option<Estimate>,
}

impl Serialize for Labelled {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in &self.labels.0 {
            map.serialize_entry(name, value)?;
        }
        map.serialize_entry("estimable", &self.estimate.is_some())?;
        if let Some(estimate) = &self.estimate {
            for (name, value) in [
                ("estimate", estimate.estimate),
                ("se", estimate.se),
                ("df", estimate.df),
                ("t", estimate.t),
                ("p", estimate.p),
                ("lower95", estimate.lower),
                ("upper95", estimate.upper),
            ] {
                map.serialize_entry(name, &value)?;
            }
        }
        map.end()
    }
}

/// A coefficient's test.
#[derive(Debug, Clone, serde::Serialize)]
pub struct CoefficientTest {
    /// Its name.
    pub label: String,
    /// Its numbers.
    #[serde(flatten)]
    pub estimate: Estimate,
}

/// A term's test.
#[derive(Debug, Clone, serde::Serialize)]
pub struct TermTest {
    /// The term.
    pub term: String,
    /// Its estimated coefficients.
    pub coefficients: Unboxed<String>,
    /// The test, or why there is none.
    #[serde(flatten)]
    pub test: TestReport,
}

/// A joint test, or why there is none.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(untagged)]
pub enum TestReport {
    /// The test.
    Test(FTest),
    /// No test.
    Error {
        /// Why.
        error: String,
    },
    /// Nothing to test: an empty list, as in the reference files.
    None([u8; 0]),
}

impl TestReport {
    fn of(test: Result<FTest, InferenceError>) -> Self {
        match test {
            Ok(test) => TestReport::Test(test),
            Err(error) => TestReport::Error { error: error.to_string() },
        }
    }
}

/// One entry of `inference`.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(untagged)]
pub enum InferenceReport {
    /// Everything that was asked for.
    Given(Box<Given>),
    /// Why it can't be given.
    Error {
        /// Name of the method.
        df_method: String,
        /// Name of the covariance.
        vcov: String,
        /// Why.
        error: String,
    },
}

/// A full entry of `inference`.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Given {
    /// Name of the method.
    pub df_method: &'static str,
    /// Name of the covariance.
    pub vcov: &'static str,
    /// Covariance of the coefficients as used, packed; absent where it is the model-based one, or that of an earlier entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beta_vcov: Option<Unboxed<f64>>,
    /// The earlier entry that holds this covariance: `Satterthwaite/Empirical`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beta_vcov_same_as: Option<String>,
    /// One test a coefficient.
    pub coef_tests: Vec<CoefficientTest>,
    /// One test a term.
    pub term_tests: Vec<TermTest>,
    /// Least-squares means by weights.
    pub lsmeans: BTreeMap<&'static str, Vec<Labelled>>,
    /// Differences between arms by weights.
    pub contrasts: Contrasts,
    /// All differences at once, by weights.
    pub joint_contrast: Joint,
}

/// `contrasts`: by weights, or an empty list in a model without arms.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(untagged)]
pub enum Contrasts {
    /// By weights.
    By(BTreeMap<&'static str, Vec<Labelled>>),
    /// No arms.
    None([u8; 0]),
}

/// `joint_contrast`: by weights, or an empty list where there is none.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(untagged)]
pub enum Joint {
    /// By weights.
    By(BTreeMap<&'static str, TestReport>),
    /// None.
    None([u8; 0]),
}

const WEIGHTS: [(&str, Weights); 2] = [("equal", Weights::Equal), ("proportional", Weights::Proportional)];

impl Report {
    /// The report of a fit, with the combinations of inference that the specification asks for.
    pub fn new(fit: &Fit, spec: Spec, notes: Vec<String>) -> Self {
        let wanted = spec.inference.clone().unwrap_or_else(|| every(spec.reml.unwrap_or(true)));
        let design = fit.design();
        let names: Vec<String> = design.kept_names().into_iter().map(str::to_owned).collect();
        let p = names.len();
        let sigma: Vec<Vec<Vec<f64>>> = fit.sigma().iter().map(|matrix| rows(matrix)).collect();
        let patterns = fit.patterns();
        let key = |visits: &[usize]| visits.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        Report {
            format: "mmrm-ref-1",
            outcome: "fit",
            counts: CountsReport {
                counts: fit.counts(),
                n_patterns: patterns.as_ref().map(Vec::len),
                patterns: patterns.map(|list| list.iter().map(|(visits, people)| (key(visits), *people)).collect()),
            },
            coefficients: CoefficientsReport {
                names: Unboxed(names.clone()),
                estimate: Unboxed(fit.coefficients()),
                aliased: Unboxed(design.aliased_names().into_iter().map(str::to_owned).collect()),
            },
            beta_vcov: Unboxed(pack(&fit.beta_vcov(), p)),
            theta: Unboxed(fit.theta()),
            theta_vcov: Unboxed(pack(fit.theta_vcov(), fit.counts().n_theta)),
            sigma: match fit.groups() {
                Some(groups) => Sigma::Groups(InOrder(groups.iter().cloned().zip(sigma).collect())),
                None => Sigma::One(sigma.into_iter().next().unwrap_or_default()),
            },
            fit: fit.criteria(),
            lsmeans_matrix: WEIGHTS.into_iter().map(|(name, weights)| (name, matrix(fit, &names, weights))).collect(),
            inference: entries(fit, &wanted),
            packed: true,
            notes,
            spec,
        }
    }
}

/// Every combination of the format; Kenward–Roger only where it exists.
fn every(reml: bool) -> Vec<Wanted> {
    [
        ("Satterthwaite", "Asymptotic"),
        ("Kenward-Roger", "Kenward-Roger"),
        ("Kenward-Roger", "Kenward-Roger-Linear"),
        ("Between-Within", "Asymptotic"),
        ("Residual", "Asymptotic"),
        ("Satterthwaite", "Empirical"),
        ("Satterthwaite", "Empirical-Bias-Reduced"),
        ("Satterthwaite", "Empirical-Jackknife"),
        ("Between-Within", "Empirical"),
        ("Residual", "Empirical"),
    ]
    .into_iter()
    .filter(|(df, _)| reml || *df != "Kenward-Roger")
    .map(|(df, vcov)| Wanted { df_method: df.to_owned(), vcov: vcov.to_owned() })
    .collect()
}

/// All entries; a covariance that an earlier one holds is named there and not printed again.
fn entries(fit: &Fit, wanted: &[Wanted]) -> Vec<InferenceReport> {
    let mut held: BTreeMap<&'static str, String> = BTreeMap::new();
    let mut entries: Vec<InferenceReport> = wanted.iter().map(|wanted| entry(fit, wanted)).collect();
    for one in &mut entries {
        let InferenceReport::Given(given) = one else { continue };
        if given.beta_vcov.is_none() {
            continue;
        }
        match held.get(given.vcov) {
            Some(first) => (given.beta_vcov, given.beta_vcov_same_as) = (None, Some(first.clone())),
            None => {
                held.insert(given.vcov, format!("{}/{}", given.df_method, given.vcov));
            }
        }
    }
    entries
}

fn entry(fit: &Fit, wanted: &Wanted) -> InferenceReport {
    let refused = |error: String| InferenceReport::Error {
        df_method: wanted.df_method.clone(),
        vcov: wanted.vcov.clone(),
        error,
    };
    let df = DfMethod::NAMED.iter().find(|(name, _)| *name == wanted.df_method);
    let vcov = Vcov::NAMED.iter().find(|(name, _)| *name == wanted.vcov);
    let (Some((_, df)), Some((_, vcov))) = (df, vcov) else {
        let known = |names: Vec<&str>| names.join(", ");
        return refused(format!(
            "unknown: `df_method` is one of {}; `vcov` one of {}",
            known(DfMethod::NAMED.iter().map(|(name, _)| *name).collect()),
            known(Vcov::NAMED.iter().map(|(name, _)| *name).collect())
        ));
    };
    match fit.inference(*df, *vcov) {
        Ok(inference) => InferenceReport::Given(Box::new(given(&inference))),
        Err(error) => refused(error.to_string()),
    }
}

fn given(inference: &Inference<'_>) -> Given {
    let fit = inference.fit;
    let names = fit.design().kept_names();
    let beta_vcov = (inference.vcov != Vcov::Asymptotic).then(|| Unboxed(pack(&inference.beta_vcov(), names.len())));
    let coef_tests = names
        .iter()
        .zip(inference.coefficients())
        .map(|(name, estimate)| CoefficientTest { label: (*name).to_owned(), estimate })
        .collect();
    let term_tests = inference
        .terms()
        .into_iter()
        .map(|(term, coefficients, test)| TermTest {
            term,
            coefficients: Unboxed(coefficients),
            test: TestReport::of(test),
        })
        .collect();
    let lsmeans = WEIGHTS.into_iter().map(|(name, weights)| {
        let means = inference.means(weights).into_iter();
        (name, means.map(|(row, estimate)| Labelled { labels: mean_labels(fit, &row), estimate }).collect())
    });
    let contrasts = WEIGHTS.into_iter().map(|(name, weights)| {
        let contrasts = inference.contrasts(weights).into_iter();
        (name, contrasts.map(|(row, estimate)| Labelled { labels: contrast_labels(row), estimate }).collect())
    });
    let joint: BTreeMap<&'static str, TestReport> = WEIGHTS
        .into_iter()
        .filter_map(|(name, weights)| Some((name, TestReport::of(inference.joint_contrast(weights)?))))
        .collect();
    Given {
        df_method: inference.df.name(),
        vcov: inference.vcov.name(),
        beta_vcov,
        beta_vcov_same_as: None,
        coef_tests,
        term_tests,
        lsmeans: lsmeans.collect(),
        contrasts: if fit.arms().is_some() { Contrasts::By(contrasts.collect()) } else { Contrasts::None([]) },
        joint_contrast: if joint.is_empty() { Joint::None([]) } else { Joint::By(joint) },
    }
}

fn mean_labels(fit: &Fit, row: &MeanRow) -> Labels {
    let mut labels = Vec::new();
    if let (Some(column), Some(arm)) = (&fit.model().arm, &row.arm) {
        labels.push((column.clone(), arm.clone()));
    }
    labels.push((fit.model().visit.clone(), row.visit.clone()));
    Labels(labels)
}

fn contrast_labels(row: ContrastRow) -> Labels {
    Labels(vec![("visit".to_owned(), row.visit), ("arm".to_owned(), row.arm), ("versus".to_owned(), row.versus)])
}

fn matrix(fit: &Fit, names: &[String], weights: Weights) -> MatrixReport {
    let rows = fit.mean_rows(weights);
    MatrixReport {
        rows: rows.iter().map(|row| mean_labels(fit, row)).collect(),
        columns: Unboxed(names.to_vec()),
        l: rows.into_iter().map(|row| row.kept).collect(),
    }
}

fn pack(matrix: &[f64], n: usize) -> Vec<f64> {
    (0..n).flat_map(|i| matrix[i * n..i * n + i + 1].iter().copied()).collect()
}

fn rows(matrix: &[f64]) -> Vec<Vec<f64>> {
    let size = (matrix.len() as f64).sqrt().round() as usize;
    matrix.chunks(size.max(1)).map(<[f64]>::to_vec).collect()
}
