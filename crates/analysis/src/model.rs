//! The confirmatory model on the record's data: who is in it, what is left out and why, the fit, and its numbers by visit and arm.

use crate::{
    run::{Run, days},
    table::{Ground, Place, ground},
};
use jiff::civil::Date;
use protocol::model::{
    CovarianceName, DegreesName, Endpoint, Estimand, EventStrategy, ModelPlan, Variable, WeightsName,
};
use stats::{
    design::{TermColumns, Variable as Effect},
    mmrm::{DfMethod, Estimate, FTest, Fit, Inference, Model, Structure, Vcov, Weights},
    table::{Column, Table},
};
use std::collections::{BTreeMap, BTreeSet};

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// The plan has no model, or names what doesn't exist.
    #[error("the plan names no {0}")]
    Plan(&'static str),
    /// Nobody is left.
    #[error("nobody in the set `{0}` has a baseline and a later value")]
    Nobody(String),
    /// The data don't determine the model.
    #[error("the model has no fit: {0}")]
    Fit(String),
}

/// What is analysed: endpoint, estimand, set, structures, and a further variable if there is one.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// The endpoint.
    pub endpoint: &'a Endpoint,
    /// The estimand: its set, unless another is named, and its events.
    pub estimand: &'a Estimand,
    /// Another set.
    pub set: Option<&'a str>,
    /// Structures to try; the model's own if empty.
    pub covariance: &'a [CovarianceName],
    /// A further effect, with each participant's value.
    pub further: Option<(String, BTreeMap<usize, String>)>,
    /// The further effect interacts with the arm as well.
    pub by_arm: bool,
    /// Only these participants.
    pub only: Option<BTreeSet<usize>>,
    /// Effects that are left out.
    pub without: &'a [&'a str],
}

impl<'a> Asked<'a> {
    /// An endpoint by the plan's own estimand.
    pub fn new(endpoint: &'a Endpoint, estimand: &'a Estimand) -> Self {
        Self { endpoint, estimand, set: None, covariance: &[], further: None, by_arm: false, only: None, without: &[] }
    }
}

/// One participant's row at one visit.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// The participant's place in the record.
    pub person: usize,
    /// Arm.
    pub arm: usize,
    /// Place among the endpoint's visits.
    pub visit: usize,
    /// Baseline.
    pub baseline: f64,
    /// Change from baseline; none where it is missing or left out.
    pub change: Option<f64>,
    /// The value itself.
    pub value: Option<f64>,
    /// The places that it rests on.
    pub places: Vec<Place>,
}

/// Data of one model.
#[derive(Debug, Clone)]
pub struct Data {
    /// The table that is fitted.
    pub table: Table,
    /// Its formula, as people write it.
    pub formula: String,
    /// Every row, missing ones too: people in order, visits inside.
    pub rows: Vec<Observation>,
    /// Visits as they are called.
    pub visits: Vec<String>,
    /// What was left out, and what was done with small sites.
    pub notes: Vec<String>,
    /// The participants.
    pub people: BTreeSet<usize>,
}

impl Data {
    /// Builds the table of a model.
    ///
    /// # Errors
    /// When the plan has no model, or nobody is left.
    pub fn new(run: &Run<'_>, asked: &Asked<'_>) -> Result<Self, NoAnswer> {
        let plan = run.plan.model.as_ref().ok_or(NoAnswer::Plan("model"))?;
        let set = asked.set.unwrap_or(&asked.estimand.set);
        let mut builder = Builder::new(run, plan, asked);
        for (person, arm) in run.members(set) {
            if asked.only.as_ref().is_none_or(|only| only.contains(&person)) {
                builder.person(person, arm);
            }
        }
        builder.finish(set)
    }

    /// Everything that the rows rest on.
    pub fn ground(&self) -> Ground {
        ground(self.rows.iter().filter(|row| row.change.is_some()).flat_map(|row| row.places.iter().cloned()))
    }

    /// Rows of one arm at one visit with a value.
    pub fn at(&self, arm: usize, visit: usize) -> impl Iterator<Item = &Observation> {
        self.rows.iter().filter(move |row| row.arm == arm && row.visit == visit && row.change.is_some())
    }

    /// Participants of one arm.
    pub fn people_of(&self, arm: usize) -> BTreeSet<usize> {
        self.rows.iter().filter(|row| row.arm == arm).map(|row| row.person).collect()
    }
}

struct Builder<'r, 'a> {
    run: &'r Run<'a>,
    plan: &'r ModelPlan,
    asked: &'r Asked<'r>,
    covariates: Vec<&'r Variable>,
    rows: Vec<Observation>,
    covered: BTreeMap<usize, Vec<String>>,
    without_baseline: usize,
    without_covariate: usize,
    left_out: BTreeMap<&'static str, usize>,
}

impl<'r, 'a> Builder<'r, 'a> {
    fn new(run: &'r Run<'a>, plan: &'r ModelPlan, asked: &'r Asked<'r>) -> Self {
        let named: BTreeSet<&str> = plan.effects.iter().flat_map(|effect| effect.split('*')).map(str::trim).collect();
        let covariates = run.plan.covariates.iter();
        let used = |one: &&Variable| named.contains(one.id.as_str()) && !asked.without.contains(&one.id.as_str());
        Self {
            run,
            plan,
            asked,
            covariates: covariates.filter(used).collect(),
            rows: Vec::new(),
            covered: BTreeMap::new(),
            without_baseline: 0,
            without_covariate: 0,
            left_out: BTreeMap::new(),
        }
    }

    fn person(&mut self, person: usize, arm: usize) {
        let Some(known) = self.run.person(person) else { return };
        let endpoint = self.asked.endpoint;
        let Some(baseline) = self.run.seen(known, endpoint.form.as_str(), &endpoint.score, endpoint.baseline.as_str())
        else {
            self.without_baseline += 1;
            return;
        };
        let base_place = Place::Record { participant: known.id.clone(), instance: baseline.form.instance.clone() };
        let mut covered = Vec::new();
        let mut places = vec![base_place];
        for covariate in &self.covariates {
            let Some((answer, place)) = self.run.answer(known, &covariate.value) else { break };
            covered.extend(answer.text);
            places.push(place);
        }
        let further = self.asked.further.as_ref().map(|(_, values)| values.get(&person));
        if covered.len() < self.covariates.len() || further == Some(None) {
            self.without_covariate += 1;
            return;
        }
        self.covered.insert(person, covered);
        let ends = self.ends(person);
        for (visit, id) in endpoint.visits.iter().enumerate() {
            let seen = self.run.seen(known, endpoint.form.as_str(), &endpoint.score, id.as_str());
            let ended = seen.as_ref().and_then(|seen| ends.iter().find(|(day, _)| seen.form.day > *day));
            if let Some((_, what)) = ended {
                *self.left_out.entry(what).or_default() += 1;
            }
            let kept = seen.filter(|_| ended.is_none());
            let mut places = places.clone();
            if let Some(kept) = &kept {
                let instance = kept.form.instance.clone();
                places.push(Place::Record { participant: known.id.clone(), instance });
            }
            self.rows.push(Observation {
                person,
                arm,
                visit,
                baseline: baseline.value,
                change: kept.as_ref().map(|kept| kept.value - baseline.value),
                value: kept.map(|kept| kept.value),
                places,
            });
        }
    }

    /// Days after which values are left out, with the word for why.
    fn ends(&self, person: usize) -> Vec<(Date, &'static str)> {
        let Some(known) = self.run.person(person) else { return Vec::new() };
        let rules = self.asked.estimand.events.iter();
        let hypothetical = rules.filter(|rule| rule.strategy == EventStrategy::Hypothetical);
        hypothetical.filter_map(|rule| Some((self.run.event(known, rule.event)?.0, event_words(rule.event)))).collect()
    }

    fn finish(self, set: &str) -> Result<Data, NoAnswer> {
        if !self.rows.iter().any(|row| row.change.is_some()) {
            return Err(NoAnswer::Nobody(set.to_owned()));
        }
        let mut notes = Vec::new();
        let mut left = |count: usize, why: &str| {
            if count > 0 {
                notes.push(format!("{count} {why}"));
            }
        };
        left(self.without_baseline, "in the set without a baseline value, left out");
        left(self.without_covariate, "in the set without a covariate's value, left out");
        let seen: BTreeSet<usize> = self.rows.iter().filter(|row| row.change.is_some()).map(|row| row.person).collect();
        let all: BTreeSet<usize> = self.rows.iter().map(|row| row.person).collect();
        left(all.len() - seen.len(), "in the set with no value left: they stand in the head and carry no information");
        for (what, count) in &self.left_out {
            left(*count, &format!("values after {what} left out, as the estimand says"));
        }
        let visits: Vec<String> =
            self.asked.endpoint.visits.iter().map(|visit| self.run.visit_label(visit.as_str())).collect();
        let sites = self.sites(&mut notes);
        let column = |name: &str, of: &dyn Fn(&Observation) -> String| Column::new(name, self.rows.iter().map(of));
        let arm = |at: usize| self.run.arms.get(at).map_or_else(String::new, |arm| arm.id.clone());
        let label = |at: usize| visits.get(at).cloned().unwrap_or_default();
        let site = |row: &Observation| sites.get(&row.person).cloned().unwrap_or_default();
        let mut columns = vec![
            column("participant", &|row| self.run.person(row.person).map_or_else(String::new, |p| p.id.to_string())),
            column("arm", &|row| arm(row.arm)),
            column("visit", &|row| label(row.visit)),
            Column::from_numbers("baseline", self.rows.iter().map(|row| row.baseline).collect()),
            Column::from_numbers("change", self.rows.iter().map(|row| row.change.unwrap_or(f64::NAN)).collect()),
            column("site", &site),
        ];
        for (at, covariate) in self.covariates.iter().enumerate() {
            let value = |row: &Observation| self.covered.get(&row.person).and_then(|c| c.get(at)).cloned();
            columns.push(column(&covariate.id, &|row| value(row).unwrap_or_default()));
        }
        if let Some((name, values)) = &self.asked.further {
            columns.push(column(name, &|row| values.get(&row.person).cloned().unwrap_or_default()));
        }
        let table = Table::from_columns(columns).map_err(|error| NoAnswer::Fit(error.to_string()))?;
        let formula = self.formula(&table, visits.len(), &mut notes);
        let people = self.rows.iter().map(|row| row.person).collect();
        Ok(Data { table, formula, rows: self.rows, visits, notes, people })
    }

    /// Each participant's site, small ones taken together.
    fn sites(&self, notes: &mut Vec<String>) -> BTreeMap<usize, String> {
        let mut people: BTreeMap<&str, BTreeMap<usize, BTreeSet<usize>>> = BTreeMap::new();
        for row in self.rows.iter().filter(|row| row.change.is_some()) {
            let Some(person) = self.run.person(row.person) else { continue };
            people.entry(&person.site).or_default().entry(row.arm).or_default().insert(row.person);
        }
        let small = |arms: &BTreeMap<usize, BTreeSet<usize>>| {
            let count: usize = arms.values().map(BTreeSet::len).sum();
            count < self.plan.site_people_min as usize || arms.len() < self.run.arms.len()
        };
        let pooled: Vec<&str> = people.iter().filter(|(_, arms)| small(arms)).map(|(site, _)| *site).collect();
        let pooled: Vec<&str> = if pooled.len() > 1 { pooled } else { Vec::new() };
        let uses_site = self.effects().any(|effect| effect.contains("site"));
        if !pooled.is_empty() && uses_site {
            notes.push(format!("small sites taken together: {}", pooled.join(", ")));
        }
        let rows = self.rows.iter();
        rows.filter_map(|row| {
            let site = self.run.person(row.person)?.site.as_str();
            let known = people.contains_key(site) && !pooled.contains(&site);
            Some((row.person, if known { site.to_owned() } else { "pooled".to_owned() }))
        })
        .collect()
    }

    fn effects(&self) -> impl Iterator<Item = &str> {
        let plan = self.plan.effects.iter().map(String::as_str);
        plan.filter(|effect| !effect.split('*').any(|name| self.asked.without.contains(&name.trim())))
    }

    /// The formula, without what doesn't vary in these data.
    fn formula(&self, table: &Table, visits: usize, notes: &mut Vec<String>) -> String {
        let varies = |name: &str| {
            let observed = (0..table.rows()).filter(|row| table.column("change").is_some_and(|c| !c.is_missing(*row)));
            let column = table.column(name);
            let texts: BTreeSet<&str> =
                observed.filter_map(|row| column.filter(|c| !c.is_missing(row)).map(|c| c.text(row))).collect();
            texts.len() > 1
        };
        let mut kept: Vec<String> = Vec::new();
        for effect in self.effects() {
            let names: Vec<&str> = effect.split('*').map(str::trim).filter(|name| varies(name)).collect();
            let own_visit = names.len() < effect.split('*').count();
            if own_visit && !(effect.contains("arm") || (visits == 1 && effect.contains("visit"))) {
                notes.push(format!("the effect `{effect}` is left out: it does not vary in these data"));
            }
            let text = names.join("*");
            if !text.is_empty() && !kept.contains(&text) {
                kept.push(text);
            }
        }
        if let Some((name, _)) = self.asked.further.as_ref().filter(|(name, _)| varies(name)) {
            let arm = if self.asked.by_arm && varies("arm") { "*arm" } else { "" };
            let visit = if visits > 1 { "*visit" } else { "" };
            kept.push(format!("{name}{arm}{visit}"));
        }
        if kept.is_empty() {
            kept.push("1".to_owned());
        }
        format!("change ~ {}", kept.join(" + "))
    }
}

/// An intercurrent event in words.
pub const fn event_words(event: protocol::model::IntercurrentEvent) -> &'static str {
    use protocol::model::IntercurrentEvent;
    match event {
        IntercurrentEvent::TreatmentStopped => "treatment stopped",
        IntercurrentEvent::ProhibitedMedicine => "a prohibited medicine",
        IntercurrentEvent::CodeBroken => "the allocation was opened in an emergency",
        IntercurrentEvent::Death => "death",
    }
}

/// A covariance structure of the plan.
pub const fn structure(name: CovarianceName) -> Structure {
    match name {
        CovarianceName::Us => Structure::Us,
        CovarianceName::Toeph => Structure::Toeph,
        CovarianceName::Adh => Structure::Adh,
        CovarianceName::Ar1h => Structure::Ar1h,
        CovarianceName::Csh => Structure::Csh,
        CovarianceName::Toep => Structure::Toep,
        CovarianceName::Ar1 => Structure::Ar1,
        CovarianceName::Cs => Structure::Cs,
    }
}

/// A fitted model with its data.
#[derive(Debug)]
pub struct Fitted {
    /// The data.
    pub data: Data,
    /// The fit.
    pub fit: Fit,
    /// Structures that were passed over, and why.
    pub passed: Vec<String>,
    df: DfMethod,
    vcov: Vcov,
    weights: Weights,
}

/// One arm at one visit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// The arm.
    pub arm: usize,
    /// The visit.
    pub visit: usize,
    /// Its least-squares mean, where the data determine it.
    pub estimate: Option<Estimate>,
}

impl Fitted {
    /// Fits the model of a plan, or says why there is no fit.
    ///
    /// # Errors
    /// As [`Data::new`], and when no structure of the plan can be fitted.
    pub fn new(run: &Run<'_>, asked: &Asked<'_>) -> Result<Self, NoAnswer> {
        let plan = run.plan.model.as_ref().ok_or(NoAnswer::Plan("model"))?;
        let data = Data::new(run, asked)?;
        let names = if asked.covariance.is_empty() { &plan.covariance[..] } else { asked.covariance };
        let structures: Vec<Structure> = names.iter().map(|name| structure(*name)).collect();
        let first = plan.covariance.first().map(|name| structure(*name));
        let model = model_of(run, &data, structures.first().copied().unwrap_or(Structure::Us))?;
        let refused = |refusal: stats::mmrm::Refusal| NoAnswer::Fit(refusal.to_string());
        let (fit, passed) = Fit::by_plan(&data.table, &model, &structures).map_err(refused)?;
        let chosen = fit.model().covariance;
        // A structure that is not the plan's first may be wrong, so its errors are taken from the data.
        let (df, vcov) = match plan.degrees {
            _ if Some(chosen) != first => (DfMethod::Satterthwaite, Vcov::Empirical),
            DegreesName::KenwardRoger => (DfMethod::KenwardRoger, Vcov::KenwardRogerLinear),
            DegreesName::Satterthwaite => (DfMethod::Satterthwaite, Vcov::Asymptotic),
        };
        let weights = match plan.weights {
            WeightsName::Equal => Weights::Equal,
            WeightsName::Proportional => Weights::Proportional,
        };
        let passed = passed.iter().map(ToString::to_string).collect();
        Ok(Self { data, fit, passed, df, vcov, weights })
    }

    fn inference(&self) -> Option<Inference<'_>> {
        self.fit.inference(self.df, self.vcov).ok()
    }

    /// Least-squares means of every arm at every visit.
    pub fn means(&self, run: &Run<'_>) -> Vec<Mean> {
        let Some(inference) = self.inference() else { return Vec::new() };
        let means = inference.means(self.weights).into_iter();
        means
            .filter_map(|(row, estimate)| {
                let arm = match &row.arm {
                    Some(id) => run.arms.iter().position(|arm| arm.id == *id)?,
                    None => 0,
                };
                Some(Mean { arm, visit: self.visit(&row.visit)?, estimate })
            })
            .collect()
    }

    /// Differences of every other arm from the reference at every visit.
    pub fn differences(&self, run: &Run<'_>) -> Vec<Mean> {
        let Some(inference) = self.inference() else { return Vec::new() };
        let rows = inference.contrasts(self.weights).into_iter();
        rows.filter_map(|(row, estimate)| {
            let arm = run.arms.iter().position(|arm| arm.id == row.arm)?;
            Some(Mean { arm, visit: self.visit(&row.visit)?, estimate })
        })
        .collect()
    }

    /// Whether the arms differ alike in all groups of a further effect at the last visit: one F test. `None` where the data do not
    /// determine one of the differences.
    pub fn interaction(&self, group: &str) -> Option<FTest> {
        let inference = self.inference()?;
        let (design, variables) = (self.fit.design(), &self.fit.frame().variables);
        let index = |name: &str| variables.iter().position(|variable| variable.name() == name);
        let levels = |index: usize| match &variables[index] {
            Effect::Factor(factor) => factor.levels.len(),
            Effect::Number { .. } => 0,
        };
        let (arm, group, visit) = (index("arm")?, index(group)?, index("visit"));
        let last = visit.map_or(0, levels).saturating_sub(1);
        let mut rows = Vec::new();
        for one in 1..levels(arm) {
            for other in 1..levels(group) {
                let mut full = vec![0.0; design.names.len()];
                let of = |term: &&TermColumns| {
                    [arm, group].iter().all(|wanted| term.variables.iter().any(|(index, _)| index == wanted))
                };
                for term in design.terms.iter().filter(of) {
                    let at = |index: usize| {
                        if index == arm {
                            one
                        } else if index == group {
                            other
                        } else {
                            last
                        }
                    };
                    if let Some((column, value)) = term.cell(variables, at, |_| 1.0) {
                        full[column] += value;
                    }
                }
                if !design.is_estimable(&full) {
                    return None;
                }
                rows.push(design.kept.iter().map(|&column| full[column]).collect());
            }
        }
        if rows.is_empty() { None } else { inference.joint(&rows).ok() }
    }

    fn visit(&self, label: &str) -> Option<usize> {
        if self.data.visits.len() == 1 { Some(0) } else { self.data.visits.iter().position(|known| known == label) }
    }

    /// Residual standard deviation at a visit.
    pub fn deviation(&self, visit: usize) -> Option<f64> {
        let sigma = self.fit.sigma();
        let first = sigma.first()?;
        let size = (first.len() as f64).sqrt().round() as usize;
        first.get(visit * size + visit).map(|variance| variance.sqrt())
    }

    /// The model in one sentence.
    pub fn said(&self) -> String {
        let counts = self.fit.counts();
        format!(
            "{} participants, {} values; {}; {} covariance, REML; {} degrees of freedom, {} errors; least-squares means with {} weights",
            counts.n_subjects,
            counts.n_obs,
            self.data.formula,
            structure_words(self.fit.model().covariance),
            self.df.name(),
            vcov_words(self.vcov),
            if self.weights == Weights::Equal { "equal" } else { "proportional" },
        )
    }
}

/// The model over a data set's columns.
pub fn model_of(run: &Run<'_>, data: &Data, structure: Structure) -> Result<Model, NoAnswer> {
    let formula = format!("{} + {}(visit | participant)", data.formula, structure.name());
    let mut model = Model::from_formula(&formula).map_err(|refusal| NoAnswer::Fit(refusal.to_string()))?;
    if run.compares() {
        model.arm = Some("arm".to_owned());
        let mut arms: Vec<&crate::run::Arm> = run.arms.iter().collect();
        arms.sort_by_key(|arm| !arm.reference);
        model.levels.insert("arm".to_owned(), arms.iter().map(|arm| arm.id.clone()).collect());
    }
    model.levels.insert("visit".to_owned(), data.visits.clone());
    Ok(model)
}

/// A structure in words.
pub const fn structure_words(structure: Structure) -> &'static str {
    match structure {
        Structure::Us => "unstructured",
        Structure::Cs => "compound symmetry",
        Structure::Csh => "heterogeneous compound symmetry",
        Structure::Ar1 => "autoregressive",
        Structure::Ar1h => "heterogeneous autoregressive",
        Structure::Ad => "ante-dependence",
        Structure::Adh => "heterogeneous ante-dependence",
        Structure::Toep => "Toeplitz",
        Structure::Toeph => "heterogeneous Toeplitz",
        Structure::SpExp => "spatial exponential",
    }
}

const fn vcov_words(vcov: Vcov) -> &'static str {
    match vcov {
        Vcov::Asymptotic => "model-based",
        Vcov::KenwardRoger | Vcov::KenwardRogerLinear => "adjusted",
        Vcov::Empirical | Vcov::EmpiricalBiasReduced | Vcov::EmpiricalJackknife => "empirical",
    }
}

/// Mean and standard deviation; none of the first without values, none of the second with fewer than two.
pub fn moments(values: &[f64]) -> (Option<f64>, Option<f64>) {
    let n = values.len() as f64;
    if values.is_empty() {
        return (None, None);
    }
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (Some(mean), (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt()))
}

/// Mean number of days from a visit to another, over people who had both: for the axis of a figure.
pub fn mean_days(run: &Run<'_>, from: &str, to: &str, people: &BTreeSet<usize>) -> Option<f64> {
    let all: Vec<f64> = people
        .iter()
        .filter_map(|person| {
            let held = |visit: &str| run.person(*person)?.attendances.iter().rev().find(|one| one.visit == visit);
            Some(f64::from(days(held(from)?.day, held(to)?.day)))
        })
        .collect();
    moments(&all).0
}
