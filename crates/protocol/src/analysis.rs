//! The analysis plan as data: endpoints, sets, estimands, the model, what is tested after what, which tables are made.
//!
//! Nothing here computes anything: the crate `analysis` does, and reads nothing of the plan but this. The plan has a hash of its
//! own, which is frozen in the record before the allocation is opened.

use crate::{decode::sha256, expression::Expression};
use serde::Serialize;
use terms::{ArmId, Decimal, FormId, Source, VisitId};

/// The analysis plan.
#[derive(Debug, Clone, Serialize)]
pub struct AnalysisPlan {
    /// The primary endpoint; none in a programme that tests nothing.
    pub primary: Option<Endpoint>,
    /// Key secondary endpoints, in the order in which they are tested.
    pub key_secondary: Vec<Endpoint>,
    /// Estimands by name.
    pub estimands: Vec<Estimand>,
    /// Analysis sets by name.
    pub sets: Vec<AnalysisSet>,
    /// The confirmatory model; none in a programme that tests nothing.
    pub model: Option<ModelPlan>,
    /// Covariates that the model's effects may name.
    pub covariates: Vec<Variable>,
    /// Groups in which the effect is looked at one by one.
    pub subgroups: Vec<Variable>,
    /// Rows of the baseline table.
    pub characteristics: Vec<Variable>,
    /// Values of forms whose shift from before the first dose to after it is told, by their cuts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shifts: Vec<Variable>,
    /// Responders by rule.
    pub responders: Vec<Responder>,
    /// Sensitivity analyses.
    pub sensitivity: Vec<Sensitivity>,
    /// Guesses of the allocation.
    pub guesses: Vec<GuessPlan>,
    /// Forms of the suicide-risk interview, those of the baseline first.
    pub suicidality: Vec<FormId>,
    /// Body systems with the terms that belong to each.
    pub systems: Vec<BodySystem>,
    /// Published trials to compare with.
    pub published: Vec<Published>,
    /// Parts of the report, in order.
    pub parts: Vec<ReportPart>,
    /// Where it comes from.
    pub source: Source,
}

impl AnalysisPlan {
    /// A plan that tests nothing and names nothing.
    pub fn empty(source: Source) -> Self {
        Self {
            primary: None,
            key_secondary: Vec::new(),
            estimands: Vec::new(),
            sets: Vec::new(),
            model: None,
            covariates: Vec::new(),
            subgroups: Vec::new(),
            characteristics: Vec::new(),
            shifts: Vec::new(),
            responders: Vec::new(),
            sensitivity: Vec::new(),
            guesses: Vec::new(),
            suicidality: Vec::new(),
            systems: Vec::new(),
            published: Vec::new(),
            parts: Vec::new(),
            source,
        }
    }

    /// Primary and key secondary endpoints, in the order in which they are tested.
    pub fn endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        self.primary.iter().chain(&self.key_secondary)
    }

    /// The set with this id.
    pub fn set(&self, id: &str) -> Option<&AnalysisSet> {
        self.sets.iter().find(|set| set.id == id)
    }

    /// The estimand with this id.
    pub fn estimand(&self, id: &str) -> Option<&Estimand> {
        self.estimands.iter().find(|estimand| estimand.id == id)
    }

    /// SHA-256 of the plan's meaning, hexadecimal: what is frozen before the allocation is opened. What was published
    /// elsewhere is no part of it: a paper that is retracted changes no analysis.
    pub fn hash(&self) -> String {
        let mut plan = serde_json::to_value(self).unwrap_or_default();
        if let Some(object) = plan.as_object_mut() {
            object.remove("published");
        }
        sha256(crate::version::sorted(&plan).to_string().as_bytes())
    }
}

/// A score at a visit.
#[derive(Debug, Clone, Serialize)]
pub struct Endpoint {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// Form that carries the instrument.
    pub form: FormId,
    /// Score of it.
    pub score: String,
    /// Visit of the baseline.
    pub baseline: VisitId,
    /// Visit of the endpoint.
    pub visit: VisitId,
    /// Visits of the model, in order; the endpoint's is the last.
    pub visits: Vec<VisitId>,
}

/// An analysis set: who is in it, by rule.
#[derive(Debug, Clone, Serialize)]
pub struct AnalysisSet {
    /// Id.
    pub id: String,
    /// Short name in tables.
    pub title: String,
    /// In words.
    pub text: String,
    /// True of those who are in it.
    pub rule: Expression,
}

/// What is to be estimated (ICH E9(R1)).
#[derive(Debug, Clone, Serialize)]
pub struct Estimand {
    /// Id.
    pub id: String,
    /// Short name in tables.
    pub title: String,
    /// In words: treatment, population, variable, summary.
    pub text: String,
    /// The population: an analysis set.
    pub set: String,
    /// What is done about what happens on the way.
    pub events: Vec<EventRule>,
}

/// What is done about one kind of intercurrent event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct EventRule {
    /// What happens.
    pub event: IntercurrentEvent,
    /// What is done.
    pub strategy: EventStrategy,
}

/// Intercurrent events that the record knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IntercurrentEvent {
    /// Treatment stopped before its last session, whoever wished it.
    TreatmentStopped,
    /// A medicine was taken that the plan forbids.
    ProhibitedMedicine,
    /// The allocation was opened in an emergency.
    CodeBroken,
    /// Death.
    Death,
}

/// What is done about an intercurrent event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventStrategy {
    /// Values after it are used as they are.
    TreatmentPolicy,
    /// Values after it are left out, as if it had not happened.
    Hypothetical,
    /// It counts as no response.
    Composite,
}

/// The confirmatory model.
#[derive(Debug, Clone, Serialize)]
pub struct ModelPlan {
    /// Fixed effects: `baseline`, `arm`, `visit`, `site`, and covariates; `a*b` for both and their interaction.
    pub effects: Vec<String>,
    /// The arm that the others are compared with.
    pub reference: ArmId,
    /// Covariance structures, tried in this order; with any but the first an empirical covariance is used.
    pub covariance: Vec<CovarianceName>,
    /// Degrees of freedom.
    pub degrees: DegreesName,
    /// How least-squares means weigh the levels of other factors.
    pub weights: WeightsName,
    /// Sites with fewer people, or without somebody of every arm, are taken together.
    pub site_people_min: u32,
    /// The estimand of the primary and key secondary analysis.
    pub estimand: String,
    /// How endpoints share the error.
    pub multiplicity: MultiplicityName,
    /// Two-sided error that they share.
    pub alpha: Decimal,
    /// Where it comes from.
    pub source: Source,
}

/// Names of covariance structures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CovarianceName {
    /// Unstructured.
    Us,
    /// Toeplitz with a variance a visit.
    Toeph,
    /// Ante-dependence with a variance a visit.
    Adh,
    /// First-order autoregressive with a variance a visit.
    Ar1h,
    /// Compound symmetry with a variance a visit.
    Csh,
    /// Toeplitz.
    Toep,
    /// First-order autoregressive.
    Ar1,
    /// Compound symmetry.
    Cs,
}

/// How degrees of freedom are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DegreesName {
    /// Kenward and Roger, linear form.
    KenwardRoger,
    /// Satterthwaite.
    Satterthwaite,
}

/// How levels of other factors count in least-squares means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WeightsName {
    /// All levels alike.
    Equal,
    /// By their share.
    Proportional,
}

/// How endpoints share the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MultiplicityName {
    /// One after the other, each only if all before it passed.
    FixedSequence,
    /// Holm.
    Holm,
    /// Hochberg.
    Hochberg,
}

/// Something known of each participant.
#[derive(Debug, Clone, Serialize)]
pub struct Variable {
    /// Id.
    pub id: String,
    /// Title in tables.
    pub title: String,
    /// A name as in eligibility criteria (`demographics.sex_at_birth`, `V4.caps5.total`), or `site`.
    pub value: String,
    /// Numbers at which a number is cut into groups; empty to leave it whole.
    pub cuts: Vec<Decimal>,
    /// Unit of a number, as it is shown.
    pub unit: String,
}

/// A responder by rule.
#[derive(Debug, Clone, Serialize)]
pub struct Responder {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// True of a responder; its names are the primary form's scores at the visit, `baseline` and `change`.
    pub check: Expression,
    /// Where it comes from.
    pub source: Source,
}

/// A sensitivity analysis of the primary endpoint.
#[derive(Debug, Clone, Serialize)]
pub struct Sensitivity {
    /// Id.
    pub id: String,
    /// What is different, in words.
    pub title: String,
    /// What is done.
    pub method: SensitivityMethod,
    /// Another estimand than the primary's.
    pub estimand: Option<String>,
    /// Another set than the estimand's.
    pub set: Option<String>,
    /// Other structures than the model's.
    pub covariance: Vec<CovarianceName>,
    /// Tipping point: the largest delta looked at.
    pub delta_max: Option<Decimal>,
    /// Tipping point: its step.
    pub delta_step: Option<Decimal>,
    /// Multiple imputation: how many.
    pub imputations: Option<u32>,
    /// Multiple imputation: seed.
    pub seed: Option<u32>,
    /// Where it comes from.
    pub source: Source,
}

/// What a sensitivity analysis does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SensitivityMethod {
    /// The confirmatory model with another set, estimand or structure.
    Model,
    /// Missing values imputed at random; conditional mean and jackknife.
    MissingAtRandom,
    /// Jump to reference; conditional mean and jackknife.
    JumpToReference,
    /// Copy reference; conditional mean and jackknife.
    CopyReference,
    /// Copy increments in reference; conditional mean and jackknife.
    CopyIncrements,
    /// Jump to reference by multiple imputation and Rubin's rules.
    MultipleImputation,
    /// Imputed values of the other arms made worse step by step.
    TippingPoint,
    /// The last value carried forward, one row a person.
    LastObservation,
    /// The confirmatory model with the participant's guess among its effects.
    GuessAdjusted,
}

/// Guesses of the allocation by one kind of people.
#[derive(Debug, Clone, Serialize)]
pub struct GuessPlan {
    /// Id.
    pub id: String,
    /// Who guessed, and when.
    pub title: String,
    /// Form with the instrument `guess`.
    pub form: FormId,
    /// Visit.
    pub visit: VisitId,
}

/// A body system and the terms that belong to it.
#[derive(Debug, Clone, Serialize)]
pub struct BodySystem {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// Terms, lower case.
    pub terms: Vec<String>,
}

/// A published result to compare with.
#[derive(Debug, Clone, Serialize)]
pub struct Published {
    /// Id.
    pub id: String,
    /// Short name.
    pub title: String,
    /// Authors, year, journal, pages.
    pub citation: String,
    /// Digital object identifier.
    pub doi: Option<String>,
    /// Whether it still stands.
    pub status: PublishedStatus,
    /// Day on which that was looked up, as `2026-11`, in words.
    pub checked: String,
    /// What was compared with what: only like is drawn with like.
    pub compares: Compares,
    /// Scale of the difference.
    pub scale: String,
    /// People in each arm, where known: treated, control.
    pub people: Vec<u32>,
    /// Difference on the scale.
    pub difference: Option<Decimal>,
    /// Its interval: lower and upper.
    pub interval: Vec<Decimal>,
    /// Standardised difference, better results positive.
    pub d: Option<Decimal>,
    /// Its interval: lower and upper.
    pub d_interval: Vec<Decimal>,
    /// How sure the numbers are.
    pub source: Source,
}

/// Whether a publication still stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PublishedStatus {
    /// It stands.
    Active,
    /// A correction was published.
    Corrected,
    /// The journal has said that it has doubts.
    Concern,
    /// It was retracted: shown as such, never drawn.
    Retracted,
}

/// What a publication compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Compares {
    /// The drug with therapy against placebo with the same therapy.
    TherapyAdded,
    /// A daily medicine against a pill placebo, without that therapy.
    DailyMedicine,
    /// Another outcome than the severity of the disorder: listed, and never drawn on the same scale.
    OtherOutcome,
}

/// A part of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportPart {
    /// Who came, who left, who is in which set.
    Disposition,
    /// Who they are.
    Baseline,
    /// What was taken.
    Exposure,
    /// The primary endpoint.
    Primary,
    /// Key secondary endpoints.
    KeySecondary,
    /// Does it hold.
    Sensitivity,
    /// Responders.
    Responders,
    /// Severity bands by visit.
    Severity,
    /// Subgroups.
    Subgroups,
    /// Adverse events.
    AdverseEvents,
    /// Vital signs over the session.
    Vitals,
    /// Suicide risk.
    Suicidality,
    /// Blinding.
    Blinding,
    /// Containers.
    Accountability,
    /// Deviations.
    Deviations,
    /// Comparison with published trials.
    Published,
}

impl ReportPart {
    /// Every part, in the order of a report.
    pub const ALL: [Self; 16] = [
        Self::Disposition,
        Self::Baseline,
        Self::Exposure,
        Self::Primary,
        Self::KeySecondary,
        Self::Sensitivity,
        Self::Responders,
        Self::Severity,
        Self::Subgroups,
        Self::AdverseEvents,
        Self::Vitals,
        Self::Suicidality,
        Self::Blinding,
        Self::Accountability,
        Self::Deviations,
        Self::Published,
    ];
}
