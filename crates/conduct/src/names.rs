//! What the names in a study's expressions stand for, for one participant on one day.
//!
//! A name that can't be answered is `None`: whatever hangs on it is unknown, never met.

use crate::{
    entry::MedicineStanding,
    schedule::days_between,
    state::{FormRecord, ParticipantState},
};
use jiff::civil::Date;
use protocol::expression::{Answer, Expression};
use protocol::model::{Criterion, CriterionKind, Study};
use std::collections::BTreeMap;
use terms::{FormId, Value};

use crate::entry::{CriterionAnswer, CriterionFound};

/// Looks names up for one participant on one day.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// The study version.
    pub study: &'a Study,
    /// The participant.
    pub participant: &'a ParticipantState,
    /// The site's day.
    pub today: Date,
}

impl Names<'_> {
    /// The value of a dotted name.
    pub fn look_up(&self, name: &str) -> Option<Value> {
        let participant = self.participant;
        let (head, rest) = name.split_once('.').unwrap_or((name, ""));
        match (head, rest) {
            ("today", "") => Some(Value::Date(self.today)),
            ("participant", "age_at_consent") => {
                let born = self.date_of_birth()?;
                age_on(born, participant.consent_day()?).map(Value::Integer)
            }
            ("participant", "days_since_consent") => {
                Some(Value::Integer(days_between(participant.consent_day()?, self.today).into()))
            }
            ("consent", "quiz_score") => Some(Value::Integer(participant.consent()?.quiz_score.into())),
            ("consent", item) => participant.consent()?.items.get(item).copied().map(Value::Bool),
            ("washout", "complete") => washout_complete(participant, self.today).map(Value::Bool),
            ("medication", "prohibited") => Some(Value::Bool(prohibited_now(participant))),
            ("done", visit) => Some(Value::Bool(
                participant
                    .visits
                    .get(visit)
                    .is_some_and(|record| record.standing == crate::state::VisitStanding::Completed),
            )),
            ("dosing", "count") => Some(Value::Integer(participant.doses().count() as i64)),
            ("dosing", "days_since_last") => {
                let last = participant.doses().map(|(_, _, day)| day).max()?;
                Some(Value::Integer(days_between(last, self.today).into()))
            }
            (form, field) if self.study.form(form).is_some() => {
                let (_, record) = participant.latest_form(form)?;
                if !self.fresh(form, record) {
                    return None;
                }
                answer_of(record, field)
            }
            (visit, path) if self.study.visit(visit).is_some() => {
                let (form, field) = path.split_once('.')?;
                let (_, record) = participant.form_at(form, visit)?;
                answer_of(record, field)
            }
            _ => None,
        }
    }

    /// Evaluates an expression for this participant.
    pub fn evaluate(&self, expression: &Expression) -> Answer {
        expression.evaluate(&|name| self.look_up(name))
    }

    /// A criterion's answer with its evidence. `met` speaks of the requirement: an exclusion is met when its check is
    /// false, and an unknown one blocks like any unknown.
    pub fn criterion(&self, criterion: &Criterion) -> CriterionFound {
        // Each name is looked up once: for the answer and as evidence for it.
        let names = criterion.check.names().iter();
        let evidence: BTreeMap<String, Value> = names
            .map(|name| {
                let value = self.look_up(name).unwrap_or(Value::Missing(terms::MissingReason::NotAsked));
                (name.clone(), value)
            })
            .collect();
        let answer = match (criterion.check.evaluate(&|name| evidence.get(name).cloned()), criterion.kind) {
            (Answer::Yes, CriterionKind::Inclusion) | (Answer::No, CriterionKind::Exclusion) => CriterionAnswer::Met,
            (Answer::No, CriterionKind::Inclusion) | (Answer::Yes, CriterionKind::Exclusion) => CriterionAnswer::NotMet,
            (Answer::Unknown(_), _) => CriterionAnswer::Unknown,
        };
        CriterionFound { criterion: criterion.id.clone(), answer, evidence }
    }

    /// Whether a record is young enough to count, where its form sets a limit.
    fn fresh(&self, form: &str, record: &FormRecord) -> bool {
        self.study
            .form(form)
            .and_then(|form| form.valid_days)
            .is_none_or(|days| days_between(record.day, self.today) <= i32::try_from(days).unwrap_or(i32::MAX))
    }

    fn date_of_birth(&self) -> Option<Date> {
        let mut forms = self.participant.latest_forms();
        forms.find_map(|record| record.values.get("date_of_birth").and_then(Value::as_date))
    }
}

/// Whether an expression names one of these forms, alone or at a visit.
pub(crate) fn mentions(expression: &Expression, forms: &[&FormId]) -> bool {
    let named = |part: &str| forms.iter().any(|form| **form == *part);
    expression.names().iter().any(|name| name.split('.').any(named))
}

/// The name that is answered from the date of birth on whichever form has it.
pub(crate) const AGE: &str = "participant.age_at_consent";

fn answer_of(record: &FormRecord, field: &str) -> Option<Value> {
    if let Some(score) = record.scores.get(field) {
        return score.value.clone();
    }
    record.values.get(field).filter(|value| !value.is_missing()).cloned()
}

/// Whole years on a day. Somebody born on 29 February has their birthday on 1 March in other years.
pub fn age_on(born: Date, day: Date) -> Option<i64> {
    if day < born {
        return None;
    }
    let years = i64::from(day.year()) - i64::from(born.year());
    let had_birthday = (day.month(), day.day()) >= (born.month(), born.day());
    Some(if had_birthday { years } else { years - 1 })
}

/// Whether every medicine that needs a washout has completed it; `None` while a medicine is not classified.
pub fn washout_complete(participant: &ParticipantState, today: Date) -> Option<bool> {
    let mut complete = true;
    for medication in participant.medications.values().filter(|medication| !medication.struck) {
        match &medication.rule {
            MedicineStanding::Washout { complete: on, .. } => complete &= on.is_some_and(|on| on <= today),
            MedicineStanding::Stable { days, stable_from } => {
                complete &= medication.medicine.last_dose.is_some()
                    || stable_from.is_some_and(|from| days_between(from, today) >= i32::try_from(*days).unwrap_or(0));
            }
            MedicineStanding::Unclassified if medication.medicine.last_dose.is_none() => return None,
            MedicineStanding::Unclassified | MedicineStanding::Rescue { .. } | MedicineStanding::Allowed => {}
        }
    }
    Some(complete)
}

fn prohibited_now(participant: &ParticipantState) -> bool {
    participant.medications.values().any(|medication| {
        !medication.struck
            && medication.medicine.last_dose.is_none()
            && matches!(medication.rule, MedicineStanding::Washout { prohibited: true, .. })
    })
}
