//! What a reader may see. Blinded roles get pages without holes: what they may not see is absent.

use crate::{case::Duties, entry::Written};
use protocol::model::{Duty, Form, Study};
use terms::RoleId;

/// Somebody who reads, in their roles at this site.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    /// Roles.
    pub roles: Vec<RoleId>,
    /// Duties of these roles.
    pub duties: Duties,
    /// Duties by which they see, where they can't act by them just now; otherwise they see by what they do.
    pub sees_by: Option<Duties>,
}

impl Reader {
    /// A reader in some roles of a study.
    pub fn of(study: &Study, roles: Vec<RoleId>) -> Self {
        let mut duties = Duties::default();
        for role in &roles {
            for duty in study.role(role.as_str()).into_iter().flat_map(|role| &role.duties) {
                duties.add(*duty);
            }
        }
        Self { roles, duties, sees_by: None }
    }

    /// The same reader, who sees what they saw and can do nothing: for pages that show the record as it was.
    #[must_use]
    pub fn reading_only(self) -> Self {
        Self { sees_by: Some(self.seeing()), duties: Duties::default(), ..self }
    }

    fn seeing(&self) -> Duties {
        self.sees_by.unwrap_or(self.duties)
    }

    /// An entry as they may read it, as JSON: whoever meets opaque requests alone learns that it was written and when; from
    /// everybody else only answers and scores of forms that are hidden from them are kept back.
    ///
    /// # Errors
    /// When the entry can't be written as JSON, which no entry does.
    pub fn entry(&self, study: &Study, written: &Written) -> Result<serde_json::Value, serde_json::Error> {
        let mut entry = serde_json::to_value(&written.entry)?;
        if !self.sees_participants() {
            let kind = entry.as_object().and_then(|kinds| kinds.keys().next().cloned());
            return Ok(serde_json::json!({
                "at": written.stamp.at,
                "recorded_at": written.stamp.recorded_at,
                "entry": kind.or_else(|| entry.as_str().map(str::to_owned)),
            }));
        }
        self.redact(study, &mut entry);
        Ok(serde_json::json!({
            "stream": written.stream.to_string(),
            "chain": written.chain.to_string(),
            "at": written.stamp.at,
            "day": written.stamp.day,
            "recorded_at": written.stamp.recorded_at,
            "by": written.stamp.by,
            "entry": entry,
        }))
    }

    fn redact(&self, study: &Study, value: &mut serde_json::Value) {
        let hidden = |form: &str| study.form(form).is_some_and(|form| !self.sees_form(form));
        match value {
            serde_json::Value::Object(all) => {
                if all.get("form").and_then(serde_json::Value::as_str).is_some_and(hidden) {
                    all.retain(|key, _| !matches!(key.as_str(), "values" | "scores"));
                }
                if let Some(serde_json::Value::Object(evidence)) = all.get_mut("evidence") {
                    evidence.retain(|name, _| !name.split('.').any(hidden));
                }
                for inner in all.values_mut() {
                    self.redact(study, inner);
                }
            }
            serde_json::Value::Array(all) => all.iter_mut().for_each(|inner| self.redact(study, inner)),
            _ => {}
        }
    }

    /// Whether any role lets them see a form's answers and scores.
    pub fn sees_form(&self, form: &Form) -> bool {
        self.sees_participants() && self.roles.iter().any(|role| !form.hidden_from.contains(role))
    }

    /// Whether they may look at participants' records at all. A rater meets opaque requests alone.
    pub fn sees_participants(&self) -> bool {
        self.seeing().iter().any(|duty| !matches!(duty, Duty::RateOutcomes | Duty::Participate))
    }

    /// Whether they may see who a participant is and how to reach them: only those who meet people at the site.
    pub fn sees_identity(&self) -> bool {
        self.seeing().has_any(&[
            Duty::Coordinate,
            Duty::TakeConsent,
            Duty::Facilitate,
            Duty::Nurse,
            Duty::Prescribe,
            Duty::AttendNight,
        ])
    }

    /// Whether they may see what goes on in the dosing room. Patterns of readings can unmask the arm, so the sponsor's
    /// operations don't (dosing-day.md §15).
    pub fn sees_sessions(&self) -> bool {
        self.seeing().has_any(&[
            Duty::Facilitate,
            Duty::Nurse,
            Duty::Prescribe,
            Duty::RecordData,
            Duty::DispenseDrug,
            Duty::LeadSite,
            Duty::AttendNight,
            Duty::MonitorMedically,
            Duty::Monitor,
            Duty::Coordinate,
            Duty::Inspect,
        ])
    }

    /// Whether every role that they hold is blind: then no allocation is ever shown to them.
    pub fn blinded(&self, study: &Study) -> bool {
        self.roles.iter().all(|role| study.role(role.as_str()).is_none_or(|role| role.blinded))
    }
}
