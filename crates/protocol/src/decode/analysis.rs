//! The analysis plan.

use super::each;
use crate::{
    analysis::{
        AnalysisPlan, AnalysisSet, BodySystem, Compares, CovarianceName, DegreesName, Endpoint, Estimand, EventRule,
        EventStrategy, GuessPlan, IntercurrentEvent, ModelPlan, MultiplicityName, Published, PublishedStatus,
        ReportPart, Responder, Sensitivity, SensitivityMethod, Variable, WeightsName,
    },
    expression::{Kind, Names, Scope},
    instrument,
    item::{Item, Words},
    scope,
};
use terms::Decimal;

/// Reads the plan. `names`: those of criteria; `instrument_of` gives a form's instrument.
pub fn analysis(
    item: &Item<'_>,
    names: &Scope,
    instrument_of: &dyn Fn(&str) -> Option<String>,
) -> Option<AnalysisPlan> {
    let primary = item.optional_table("primary").and_then(|item| endpoint(&item));
    let sets = scope::analysis_sets();
    let set_names = Names { own: &sets, outer: Some(names) };
    let answers = responder_scope(primary.as_ref().and_then(|primary| instrument_of(primary.form.as_str())));
    let responder_names = Names { own: &answers, outer: None };
    let plan = AnalysisPlan {
        primary,
        key_secondary: each(item.items("key_secondary"), endpoint),
        estimands: each(item.items("estimand"), estimand),
        sets: each(item.items("set"), |item| set(item, &set_names)),
        model: item.optional_table("model").and_then(|item| model(&item)),
        covariates: each(item.items("covariate"), variable),
        subgroups: each(item.items("subgroup"), variable),
        characteristics: each(item.items("characteristic"), variable),
        shifts: each(item.items("shift"), variable),
        responders: each(item.items("responder"), |item| responder(item, &responder_names)),
        sensitivity: each(item.items("sensitivity"), sensitivity),
        guesses: each(item.items("guess"), guess),
        suicidality: item.texts("suicidality").into_iter().map(Into::into).collect(),
        systems: each(item.items("system"), system),
        published: each(item.items("published"), published),
        parts: if item.has("parts") { item.words("parts") } else { ReportPart::ALL.to_vec() },
        source: item.source()?,
    };
    item.finish();
    Some(plan)
}

/// The names of a responder's rule: scores of the primary form at the visit, its baseline and its change.
fn responder_scope(instrument_id: Option<String>) -> Scope {
    let mut scope = instrument_id.as_deref().and_then(instrument::outputs).unwrap_or_default();
    scope.insert("baseline".to_owned(), Kind::Decimal);
    scope.insert("change".to_owned(), Kind::Decimal);
    scope
}

fn endpoint(item: &Item<'_>) -> Option<Endpoint> {
    let (id, title, form) = (item.identifier("id"), item.text("title"), item.text("form"));
    let (score, baseline, visit) = (item.text("score"), item.text("baseline"), item.text("visit"));
    let mut visits = item.texts("visits");
    item.finish();
    let visit = visit?;
    // The endpoint's own visit closes the model; alone where no other is named.
    if !visits.contains(&visit) {
        visits.push(visit.clone());
    }
    Some(Endpoint {
        id: id?,
        title: title?,
        form: form?.into(),
        score: score?,
        baseline: baseline?.into(),
        visit: visit.into(),
        visits: visits.into_iter().map(Into::into).collect(),
    })
}

fn set(item: &Item<'_>, names: &Names<'_>) -> Option<AnalysisSet> {
    let (id, text) = (item.identifier("id"), item.text("text"));
    let title = item.optional_text("title");
    let rule = item.expression("rule", names);
    item.finish();
    let id = id?;
    Some(AnalysisSet { title: title.unwrap_or_else(|| id.replace('_', " ")), id, text: text?, rule: rule? })
}

fn estimand(item: &Item<'_>) -> Option<Estimand> {
    let (id, text, set) = (item.identifier("id"), item.text("text"), item.text("set"));
    let title = item.optional_text("title");
    let events = each(item.items("event"), |item| {
        let (event, strategy) = (item.word("event"), item.word("strategy"));
        item.finish();
        Some(EventRule { event: event?, strategy: strategy? })
    });
    item.finish();
    let id = id?;
    Some(Estimand { title: title.unwrap_or_else(|| id.replace('_', " ")), id, text: text?, set: set?, events })
}

fn model(item: &Item<'_>) -> Option<ModelPlan> {
    let (effects, reference) = (item.required_texts("effects"), item.text("reference"));
    let (covariance, degrees) = (item.words("covariance"), item.word("degrees"));
    let (weights, site_people_min) = (item.word("weights"), item.whole("site_people_min"));
    let (estimand, multiplicity) = (item.text("estimand"), item.word("multiplicity"));
    let (alpha, source) = (item.decimal("alpha"), item.source());
    item.finish();
    Some(ModelPlan {
        effects,
        reference: reference?.into(),
        covariance,
        degrees: degrees?,
        weights: weights?,
        site_people_min: site_people_min?,
        estimand: estimand?,
        multiplicity: multiplicity?,
        alpha: alpha?,
        source: source?,
    })
}

fn variable(item: &Item<'_>) -> Option<Variable> {
    let (id, title, value) = (item.identifier("id"), item.text("title"), item.text("value"));
    let (cuts, unit) = (item.wholes::<i64>("cuts"), item.optional_text("unit"));
    item.finish();
    Some(Variable {
        id: id?,
        title: title?,
        value: value?,
        cuts: cuts.into_iter().map(Decimal::whole).collect(),
        unit: unit.unwrap_or_default(),
    })
}

fn responder(item: &Item<'_>, names: &Names<'_>) -> Option<Responder> {
    let (id, title) = (item.identifier("id"), item.text("title"));
    let (check, source) = (item.expression("check", names), item.source());
    item.finish();
    Some(Responder { id: id?, title: title?, check: check?, source: source? })
}

fn sensitivity(item: &Item<'_>) -> Option<Sensitivity> {
    let (id, title, method) = (item.identifier("id"), item.text("title"), item.word("method"));
    let (estimand, set) = (item.optional_text("estimand"), item.optional_text("set"));
    let covariance = if item.has("covariance") { item.words("covariance") } else { Vec::new() };
    let (delta_max, delta_step) = (item.optional_decimal("delta_max"), item.optional_decimal("delta_step"));
    let (imputations, seed) = (item.optional_whole("imputations"), item.optional_whole("seed"));
    let source = item.source();
    item.finish();
    Some(Sensitivity {
        id: id?,
        title: title?,
        method: method?,
        estimand,
        set,
        covariance,
        delta_max,
        delta_step,
        imputations,
        seed,
        source: source?,
    })
}

fn guess(item: &Item<'_>) -> Option<GuessPlan> {
    let (id, title) = (item.identifier("id"), item.text("title"));
    let (form, visit) = (item.text("form"), item.text("visit"));
    item.finish();
    Some(GuessPlan { id: id?, title: title?, form: form?.into(), visit: visit?.into() })
}

fn system(item: &Item<'_>) -> Option<BodySystem> {
    let (id, title, terms) = (item.identifier("id"), item.text("title"), item.required_texts("terms"));
    item.finish();
    Some(BodySystem { id: id?, title: title?, terms })
}

fn published(item: &Item<'_>) -> Option<Published> {
    let (id, title, citation) = (item.identifier("id"), item.text("title"), item.text("citation"));
    let (doi, status, checked) = (item.optional_text("doi"), item.word("status"), item.text("checked"));
    let (compares, scale) = (item.word("compares"), item.text("scale"));
    let people = item.wholes("people");
    let (difference, d) = (item.optional_decimal("difference"), item.optional_decimal("d"));
    let (lower, upper) = (item.optional_decimal("lower"), item.optional_decimal("upper"));
    let (d_lower, d_upper) = (item.optional_decimal("d_lower"), item.optional_decimal("d_upper"));
    let source = item.source();
    item.finish();
    Some(Published {
        id: id?,
        title: title?,
        citation: citation?,
        doi,
        status: status?,
        checked: checked?,
        compares: compares?,
        scale: scale?,
        people,
        difference,
        interval: lower.into_iter().chain(upper).collect(),
        d,
        d_interval: d_lower.into_iter().chain(d_upper).collect(),
        source: source?,
    })
}

macro_rules! words {
    ($($type:ident { $($word:literal => $variant:ident),+ $(,)? })+) => {$(
        impl Words for $type {
            const ALL: &'static [(&'static str, Self)] = &[$(($word, Self::$variant)),+];
        }
    )+};
}

words! {
    IntercurrentEvent {
        "treatment_stopped" => TreatmentStopped, "prohibited_medicine" => ProhibitedMedicine,
        "code_broken" => CodeBroken, "death" => Death,
    }
    EventStrategy {
        "treatment_policy" => TreatmentPolicy, "hypothetical" => Hypothetical, "composite" => Composite,
    }
    CovarianceName {
        "us" => Us, "toeph" => Toeph, "adh" => Adh, "ar1h" => Ar1h, "csh" => Csh, "toep" => Toep, "ar1" => Ar1,
        "cs" => Cs,
    }
    DegreesName { "kenward_roger" => KenwardRoger, "satterthwaite" => Satterthwaite }
    WeightsName { "equal" => Equal, "proportional" => Proportional }
    MultiplicityName { "fixed_sequence" => FixedSequence, "holm" => Holm, "hochberg" => Hochberg }
    SensitivityMethod {
        "model" => Model, "missing_at_random" => MissingAtRandom, "jump_to_reference" => JumpToReference,
        "copy_reference" => CopyReference, "copy_increments" => CopyIncrements,
        "multiple_imputation" => MultipleImputation, "tipping_point" => TippingPoint,
        "last_observation" => LastObservation, "guess_adjusted" => GuessAdjusted,
    }
    PublishedStatus {
        "active" => Active, "corrected" => Corrected, "concern" => Concern, "retracted" => Retracted,
    }
    Compares { "therapy_added" => TherapyAdded, "daily_medicine" => DailyMedicine, "other_outcome" => OtherOutcome }
    ReportPart {
        "disposition" => Disposition, "baseline" => Baseline, "exposure" => Exposure, "primary" => Primary,
        "key_secondary" => KeySecondary, "sensitivity" => Sensitivity, "responders" => Responders,
        "severity" => Severity, "subgroups" => Subgroups, "adverse_events" => AdverseEvents, "vitals" => Vitals,
        "suicidality" => Suicidality, "blinding" => Blinding, "accountability" => Accountability,
        "deviations" => Deviations, "published" => Published,
    }
}
