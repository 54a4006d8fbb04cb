//! The names that expressions may use, and what each stands for. `conduct` looks names up by [`Name`]; this file says
//! which there are. docs/study-files.md lists them for authors.

use crate::{
    expression::{Kind, Scope},
    instrument,
    model::{Activity, ActivityKind, ConsentPlan, Field, FieldKind, Form, Study, Visit},
};
use terms::{FieldId, FormId, VisitId};

/// What a name of a criterion stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// `today`: the day at the site for which the question is asked.
    Today,
    /// `participant.age_at_consent`: full years on the day of consent.
    AgeAtConsent,
    /// `participant.days_since_consent`.
    DaysSinceConsent,
    /// `washout.complete`: every medicine with a washout is out for long enough; missing while a last dose is unknown.
    WashoutComplete,
    /// `medication.prohibited`: a medicine of a prohibited class is current, or was taken too lately.
    MedicationProhibited,
    /// `dosing.count`: dosing sessions that were held.
    DosingCount,
    /// `dosing.days_since_last`: missing before the first.
    DaysSinceDosing,
    /// `session.minutes_since_dose`: missing before the swallow and outside a session.
    MinutesSinceDose,
    /// `consent.quiz_score`: comprehension questions answered rightly.
    QuizScore,
    /// `consent.<item>`: whether that item was agreed to and still is.
    ConsentItem(String),
    /// `done.<visit>`: whether that visit happened.
    Done(VisitId),
    /// `<form>.<field>` or `<form>.<score>`: the latest record of the form; `<visit>.<form>.<field>`: that of one visit.
    Form {
        /// Of this visit, or the latest anywhere.
        visit: Option<VisitId>,
        /// The form.
        form: FormId,
        /// A field of it, or a score, decision or text that its instrument yields.
        field: FieldId,
    },
}

/// Reads a dotted name of a criterion; `None` for one that this study doesn't have.
pub fn name(study: &Study, dotted: &str) -> Option<Name> {
    if let Some((_, _, name)) = FACTS.iter().find(|(text, _, _)| *text == dotted) {
        return Some(name.clone());
    }
    if let Some(item) = dotted.strip_prefix("consent.") {
        return Some(Name::ConsentItem(item.to_owned()));
    }
    if let Some(visit) = dotted.strip_prefix("done.") {
        return study.visit(visit).map(|visit| Name::Done(visit.id.clone()));
    }
    let mut parts = dotted.split('.');
    let first = parts.next()?;
    let (visit, form) = match study.visit(first) {
        Some(visit) => (Some(visit.id.clone()), parts.next()?),
        None => (None, first),
    };
    let (form, field) = (study.form(form)?, parts.next()?);
    parts.next().is_none().then(|| Name::Form { visit, form: form.id.clone(), field: field.into() })
}

/// Names that every study has.
const FACTS: [(&str, Kind, Name); 9] = [
    ("today", Kind::Day, Name::Today),
    ("participant.age_at_consent", Kind::Integer, Name::AgeAtConsent),
    ("participant.days_since_consent", Kind::Integer, Name::DaysSinceConsent),
    ("washout.complete", Kind::Bool, Name::WashoutComplete),
    ("medication.prohibited", Kind::Bool, Name::MedicationProhibited),
    ("dosing.count", Kind::Integer, Name::DosingCount),
    ("dosing.days_since_last", Kind::Integer, Name::DaysSinceDosing),
    ("session.minutes_since_dose", Kind::Integer, Name::MinutesSinceDose),
    ("consent.quiz_score", Kind::Integer, Name::QuizScore),
];

/// First parts of names that no form and no visit may take.
pub const TAKEN: [&str; 8] = ["today", "participant", "washout", "medication", "dosing", "session", "consent", "done"];

/// Names that the rules of analysis sets have beside those of criteria. What each counts is looked up by the crate `analysis`.
pub const SET_NAMES: [(&str, Kind); 11] = [
    // A consent that can carry study acts was given.
    ("consented", Kind::Bool),
    // The first gate was passed.
    ("enrolled", Kind::Bool),
    // An arm was assigned.
    ("assigned", Kind::Bool),
    // Dosing sessions with a first dose.
    ("doses", Kind::Integer),
    // Visits of the primary endpoint after the baseline with a value.
    ("ratings", Kind::Integer),
    // The primary endpoint's own visit has a value.
    ("primary_rated", Kind::Bool),
    // It was held in its window.
    ("primary_in_window", Kind::Bool),
    // Important protocol deviations.
    ("important_deviations", Kind::Integer),
    // Treatment stopped before its last session.
    ("stopped", Kind::Bool),
    // The allocation was opened in an emergency.
    ("code_broken", Kind::Bool),
    // Days from the first consent to the last visit held.
    ("days_followed", Kind::Integer),
];

/// The names of analysis sets' rules, as a scope.
pub(crate) fn analysis_sets() -> Scope {
    SET_NAMES.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect()
}

/// The names of criteria: facts, forms, scores, visits.
pub(crate) fn participant(
    forms: &[Form],
    visits: &[Visit],
    activities: &[Activity],
    consent: Option<&ConsentPlan>,
) -> Scope {
    let mut scope: Scope = FACTS.iter().map(|(name, kind, _)| ((*name).to_owned(), *kind)).collect();
    for version in consent.iter().flat_map(|plan| &plan.versions) {
        for item in &version.items {
            scope.insert(format!("consent.{}", item.id), Kind::Bool);
        }
    }
    for visit in visits {
        scope.insert(format!("done.{}", visit.id), Kind::Bool);
    }
    for form in forms {
        let names = form_names(form);
        for (name, kind) in &names {
            scope.insert(format!("{}.{name}", form.id), *kind);
        }
        let at = activities.iter().filter(|activity| activity.what == ActivityKind::Form(form.id.clone()));
        for visit in at.flat_map(|activity| activity.at.keys()) {
            for (name, kind) in &names {
                scope.insert(format!("{visit}.{}.{name}", form.id), *kind);
            }
        }
    }
    scope
}

/// The names of a form's edit checks: its fields and scores, alone; and `today`.
pub(crate) fn form(fields: &[Field], instrument_id: Option<&str>) -> Scope {
    let mut scope = self::fields(fields);
    scope.extend(instrument_id.and_then(instrument::outputs).unwrap_or_default());
    scope.insert("today".to_owned(), Kind::Day);
    scope
}

fn form_names(form: &Form) -> Scope {
    let mut names = fields(&form.fields);
    names.extend(form.instrument.as_deref().and_then(instrument::outputs).unwrap_or_default());
    names
}

/// The names that fields give: in a check of the dosing day they stand alone, before those of criteria.
pub(crate) fn fields(fields: &[Field]) -> Scope {
    fields.iter().filter_map(|field| Some((field.id.to_string(), kind(&field.kind)?))).collect()
}

/// The kind that a field has in expressions; times of day have none.
fn kind(kind: &FieldKind) -> Option<Kind> {
    match kind {
        FieldKind::Integer { .. } => Some(Kind::Integer),
        FieldKind::Decimal { .. } => Some(Kind::Decimal),
        FieldKind::YesNo => Some(Kind::Bool),
        FieldKind::Choice { .. } | FieldKind::Text { .. } => Some(Kind::Text),
        FieldKind::Date => Some(Kind::Day),
        FieldKind::Time => None,
    }
}
