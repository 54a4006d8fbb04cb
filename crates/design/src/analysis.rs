//! How a simulated trial is analysed: the study's own model, by the function that analyses real trials, at the end and at
//! the looks before it.

use crate::{
    plan::{ModelOfPlan, Plan, PlanError},
    trial::Trial,
};
use stats::{
    design::{Factor, Levels, Variable},
    distributions::normal_quantile,
    formula::{Expression, Formula},
    mmrm::{DfMethod, Estimation, Fit, Model, Refusal, Rows, Structure, Vcov},
};
use std::collections::BTreeMap;

/// What is the same for all analyses of a plan.
#[derive(Debug, Clone)]
pub(crate) struct Analysis<'p> {
    plan: &'p Plan,
    structures: Vec<Structure>,
    /// The effects, each as the names that it multiplies.
    effects: Vec<Vec<String>>,
    /// Models by the factors that have one level only and are left out.
    models: BTreeMap<Vec<String>, Model>,
}

/// What one trial showed in the end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Finding {
    /// Where it ended: the number of a look, or of the end.
    pub(crate) look: usize,
    pub(crate) verdict: Verdict,
    /// People randomised by then.
    pub(crate) people: usize,
    /// Of them, seen at the last visit.
    pub(crate) rated: usize,
    /// The difference between the arms, better counted positive, or why there is none.
    pub(crate) effect: Result<Effect, Unfitted>,
}

/// Why a trial has no estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfitted {
    /// No structure of the plan has an optimum.
    Covariance,
    /// As many coefficients as rows, or a factor with one level.
    Design,
    /// The difference at the last visit can't be told from these data.
    NotDetermined,
}

/// How a trial ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The difference is shown, in favour of the compared arm.
    Better,
    /// The difference is shown, against it.
    Worse,
    /// Given up at a look.
    Futile,
    /// Nothing is shown at the end.
    Open,
}

/// An estimated difference at the last visit, better counted positive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Effect {
    pub(crate) estimate: f64,
    pub(crate) se: f64,
    pub(crate) df: f64,
    pub(crate) p: f64,
    pub(crate) lower: f64,
    pub(crate) upper: f64,
    /// Which structure of the plan fitted.
    pub(crate) structure: usize,
}

impl<'p> Analysis<'p> {
    pub(crate) fn new(plan: &'p Plan) -> Result<Self, PlanError> {
        let model = &plan.model;
        let named = |name: &String| Structure::named(name).filter(|structure| *structure != Structure::SpExp);
        let structures: Option<Vec<Structure>> = model.covariance.iter().map(named).collect();
        let unknown = || PlanError::Covariance(model.covariance.join(", "));
        let structures = structures.filter(|list| !list.is_empty()).ok_or_else(unknown)?;
        // With one visit there is nothing that differs between visits.
        let alone = plan.visits.len() == 1;
        let names = |term: &String| -> Vec<String> {
            term.split('*').map(str::trim).filter(|name| !(alone && *name == "visit")).map(str::to_owned).collect()
        };
        let effects = model.effects.iter().map(names).collect();
        let mut analysis = Analysis { plan, structures, effects, models: BTreeMap::new() };
        let whole = analysis.model(&[]).map_err(|problem| wrong(model, problem))?;
        for expression in &whole.formula.variables {
            let known = matches!(expression, Expression::Column(name)
                if KNOWN.contains(&name.as_str()) || model.covariates.iter().any(|covariate| covariate.id == *name));
            if !known {
                let problem = format!("`{expression}` is neither of {} nor a covariate", KNOWN.join(", "));
                return Err(wrong(model, problem));
            }
        }
        let needed = |name: &str| whole.formula.variables.contains(&Expression::Column(name.to_owned()));
        if !needed("arm") || (plan.visits.len() > 1 && !needed("visit")) {
            return Err(wrong(model, "`arm*visit` is needed for a difference at the last visit".to_owned()));
        }
        // Factors that can turn out to have one level: sites where all come to one, covariates that nobody has.
        let mut loose: Vec<String> = model.covariates.iter().map(|covariate| covariate.id.clone()).collect();
        loose.push("site".to_owned());
        loose.retain(|name| needed(name));
        for chosen in 0..1u32 << loose.len().min(12) {
            let without: Vec<String> = loose
                .iter()
                .enumerate()
                .filter(|(at, _)| chosen >> at & 1 == 1)
                .map(|(_, name)| name.clone())
                .collect();
            let model = analysis.model(&without).map_err(|problem| wrong(model, problem))?;
            analysis.models.insert(without, model);
        }
        Ok(analysis)
    }

    /// The model without some factors.
    fn model(&self, without: &[String]) -> Result<Model, String> {
        let product = |product: &Vec<String>| {
            let left: Vec<&str> = product.iter().filter(|name| !without.contains(name)).map(String::as_str).collect();
            (!left.is_empty()).then(|| left.join("*"))
        };
        let terms: Vec<String> = self.effects.iter().filter_map(product).collect();
        let formula = Formula::parse(&terms.join(" + ")).map_err(|error| error.to_string())?;
        Ok(Model {
            response: Expression::Column("change".to_owned()),
            formula,
            subject: "participant".to_owned(),
            visit: "visit".to_owned(),
            arm: Some("arm".to_owned()),
            covariance: self.structures[0],
            group: None,
            coordinates: Vec::new(),
            weights: None,
            estimation: Estimation::Reml,
            levels: Levels::new(),
        })
    }

    /// Goes through the looks of a trial to its end.
    pub(crate) fn conduct(&self, trial: &Trial) -> Finding {
        let looks = self.plan.looks.as_ref();
        let fractions = looks.map_or(&[][..], |looks| &looks.fractions);
        for (look, fraction) in fractions.iter().enumerate() {
            let cut = self.cut(trial, *fraction);
            let effect = self.effect(trial, &cut);
            if let Some(verdict) = effect.ok().and_then(|effect| self.verdict(&effect, look, false)) {
                return Finding { look, verdict, people: cut.people, rated: self.rated(trial, &cut), effect };
            }
        }
        let (look, cut) = (fractions.len(), Cut { people: trial.people.len(), until: f64::INFINITY });
        let effect = self.effect(trial, &cut);
        let verdict = effect.ok().and_then(|effect| self.verdict(&effect, look, true)).unwrap_or(Verdict::Open);
        Finding { look, verdict, people: cut.people, rated: self.rated(trial, &cut), effect }
    }

    /// What a look's bounds say of an effect; `None`: go on.
    fn verdict(&self, effect: &Effect, look: usize, end: bool) -> Option<Verdict> {
        let shown = match &self.plan.looks {
            None => effect.p < self.plan.model.alpha,
            Some(looks) => z_of(effect.p) >= looks.efficacy[look],
        };
        if shown {
            return Some(if effect.estimate > 0.0 { Verdict::Better } else { Verdict::Worse });
        }
        let futility = self.plan.looks.as_ref().and_then(|looks| looks.futility.get(look))?;
        let z = z_of(effect.p) * effect.estimate.signum();
        (!end && z <= *futility).then_some(Verdict::Futile)
    }

    /// Which people and days a look sees: it is made when its share of the planned people are through.
    fn cut(&self, trial: &Trial, fraction: f64) -> Cut {
        let through = ((fraction * trial.people.len() as f64).ceil() as usize).clamp(1, trial.people.len());
        let Some(accrual) = &self.plan.accrual else { return Cut { people: through, until: f64::INFINITY } };
        let last = accrual.visit_days.last().copied().unwrap_or_default();
        let until = trial.people[through - 1].entry + last;
        let people = trial.people.iter().take_while(|person| person.entry <= until).count();
        Cut { people, until }
    }

    fn is_seen(&self, trial: &Trial, cut: &Cut, person: usize, visit: usize) -> bool {
        let day = self.plan.accrual.as_ref().map_or(0.0, |accrual| accrual.visit_days[visit]);
        trial.seen[person * self.plan.visits.len() + visit] && trial.people[person].entry + day <= cut.until
    }

    fn rated(&self, trial: &Trial, cut: &Cut) -> usize {
        let last = self.plan.visits.len() - 1;
        (0..cut.people).filter(|person| self.is_seen(trial, cut, *person, last)).count()
    }

    /// Fits the first structure that the data determine, and tests the difference at the last visit.
    fn effect(&self, trial: &Trial, cut: &Cut) -> Result<Effect, Unfitted> {
        let (rows, without) = self.rows(trial, cut);
        let model = self.models.get(&without).ok_or(Unfitted::NotDetermined)?;
        let mut refused = Unfitted::NotDetermined;
        for (index, structure) in self.structures.iter().enumerate() {
            let fitted = if index == 0 {
                Fit::of_rows(rows.clone(), model)
            } else {
                Fit::of_rows(rows.clone(), &Model { covariance: *structure, ..model.clone() })
            };
            match fitted {
                Ok(fit) => return self.test(&fit, index).ok_or(Unfitted::NotDetermined),
                Err(refusal) if refusal.is_of_the_structure() => refused = Unfitted::Covariance,
                Err(refusal) => return Err(why(&refusal)),
            }
        }
        Err(refused)
    }

    /// The difference at the last visit; `None` where the data do not determine it.
    fn test(&self, fit: &Fit, structure: usize) -> Option<Effect> {
        let visits = fit.visits()?;
        let last = visits.level(self.plan.visits.last()?)?;
        if fit.arms()?.len() != 2 {
            return None;
        }
        let row = fit.difference_row(1, last)?;
        let (df, vcov) = match (structure, self.plan.model.kenward_roger) {
            (0, true) => (DfMethod::KenwardRoger, Vcov::KenwardRogerLinear),
            (0, false) => (DfMethod::Satterthwaite, Vcov::Asymptotic),
            _ => (DfMethod::Satterthwaite, Vcov::EmpiricalBiasReduced),
        };
        let inference = fit.inference(df, vcov).ok()?.with_level(1.0 - self.plan.model.alpha);
        let found = inference.contrast(&row);
        let sound = found.estimate.is_finite() && found.se > 0.0 && found.df > 0.0 && found.p.is_finite();
        let ends = if self.plan.better < 0.0 { [-found.upper, -found.lower] } else { [found.lower, found.upper] };
        sound.then_some(Effect {
            estimate: self.plan.better * found.estimate,
            se: found.se,
            df: found.df,
            p: found.p,
            lower: ends[0],
            upper: ends[1],
            structure,
        })
    }

    /// The rows that a look sees, and the factors that have one level in them.
    fn rows(&self, trial: &Trial, cut: &Cut) -> (Rows, Vec<String>) {
        let visits = self.plan.visits.len();
        let mut who: Vec<usize> = Vec::with_capacity(cut.people * visits);
        let mut rows = Rows::default();
        let mut people = 0;
        for person in 0..cut.people {
            let before = who.len();
            for visit in (0..visits).filter(|visit| self.is_seen(trial, cut, person, *visit)) {
                who.push(person);
                rows.person.push(people);
                rows.visit.codes.push(visit as u32);
                rows.response.push(trial.change[person * visits + visit]);
            }
            people += u32::from(who.len() > before);
        }
        rows.visit = factor("visit", &self.plan.visits, &rows.visit.codes);
        let mut without = Vec::new();
        let mut known: BTreeMap<&str, Variable> = BTreeMap::new();
        let baseline: Vec<f64> = who.iter().map(|&person| trial.people[person].baseline).collect();
        let at_means = baseline.iter().sum::<f64>() / baseline.len().max(1) as f64;
        known.insert("baseline", Variable::Number { name: "baseline".to_owned(), values: baseline, at_means });
        known.insert("visit", Variable::Factor(rows.visit.clone()));
        let arms = [self.plan.reference.id.clone(), self.plan.compared.id.clone()];
        let codes: Vec<u32> = who.iter().map(|&person| trial.people[person].arm as u32).collect();
        known.insert("arm", Variable::Factor(factor("arm", &arms, &codes)));
        known.insert("site", Variable::Factor(self.sites(trial, &who)));
        for (index, covariate) in self.plan.model.covariates.iter().enumerate() {
            let has = |&person: &usize| (trial.people[person].covariates >> index & 1) as u32;
            let codes: Vec<u32> = who.iter().map(has).collect();
            let levels = ["no".to_owned(), "yes".to_owned()];
            known.insert(&covariate.id, Variable::Factor(factor(&covariate.id, &levels, &codes)));
        }
        if let Some(whole) = self.models.get(&without) {
            for expression in &whole.formula.variables {
                let Expression::Column(name) = expression else { continue };
                match known.remove(name.as_str()) {
                    Some(Variable::Factor(factor)) if factor.levels.len() < 2 && !KNOWN[..3].contains(&&name[..]) => {
                        without.push(name.clone());
                    }
                    Some(variable) => rows.variables.push(variable),
                    None => {}
                }
            }
        }
        without.sort_by_key(|name| (name == "site", self.plan.model.covariates.iter().position(|c| c.id == *name)));
        (rows, without)
    }

    /// Each row's site; small sites, and those without both arms, are taken together.
    fn sites(&self, trial: &Trial, who: &[usize]) -> Factor {
        let sites = self.plan.sites;
        let mut counts = vec![[0u32; 2]; sites];
        for (at, &person) in who.iter().enumerate() {
            if at == 0 || who[at - 1] != person {
                counts[trial.people[person].site][trial.people[person].arm] += 1;
            }
        }
        let alone =
            |count: &[u32; 2]| count[0] > 0 && count[1] > 0 && count[0] + count[1] >= self.plan.model.site_people_min;
        let mut names: Vec<String> = (0..sites).map(|site| format!("site {}", site + 1)).collect();
        names.push("small sites".to_owned());
        let level = |site: usize| if alone(&counts[site]) { site } else { sites };
        let codes: Vec<u32> = who.iter().map(|&person| level(trial.people[person].site) as u32).collect();
        factor("site", &names, &codes)
    }
}

fn why(refusal: &Refusal) -> Unfitted {
    if matches!(refusal, Refusal::Design(_) | Refusal::PerfectFit { .. }) {
        Unfitted::Design
    } else {
        Unfitted::NotDetermined
    }
}

/// Variables that every simulated trial has.
const KNOWN: [&str; 4] = ["baseline", "arm", "visit", "site"];

/// People and days that a look sees.
struct Cut {
    people: usize,
    until: f64,
}

/// The z of a two-sided p, 0 or above.
fn z_of(p: f64) -> f64 {
    -normal_quantile(0.5 * p)
}

fn wrong(model: &ModelOfPlan, problem: String) -> PlanError {
    PlanError::Effects { effects: model.effects.join(" + "), problem }
}

/// A factor with those of `levels` that occur.
fn factor(name: &str, levels: &[String], codes: &[u32]) -> Factor {
    let mut renamed = vec![u32::MAX; levels.len()];
    for &code in codes {
        renamed[code as usize] = 0;
    }
    let mut kept = Vec::new();
    for (level, new) in levels.iter().zip(&mut renamed) {
        if *new == 0 {
            *new = kept.len() as u32;
            kept.push(level.clone());
        }
    }
    Factor { name: name.to_owned(), levels: kept, codes: codes.iter().map(|&code| renamed[code as usize]).collect() }
}
