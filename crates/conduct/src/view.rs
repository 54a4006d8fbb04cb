//! What a reader may see. Blinded roles get pages without holes: what they may not see is absent.

use crate::case::Duties;
use protocol::model::{Duty, Form, Study};
use terms::RoleId;

/// Somebody who reads, in their roles at this site.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    /// Roles.
    pub roles: Vec<RoleId>,
    /// Duties of these roles.
    pub duties: Duties,
}

impl Reader {
    /// Whether any role lets them see a form's answers and scores.
    pub fn sees_form(&self, form: &Form) -> bool {
        self.sees_participants() && self.roles.iter().any(|role| !form.hidden_from.contains(role))
    }

    /// Whether they may look at participants' records at all. A rater meets opaque requests alone.
    pub fn sees_participants(&self) -> bool {
        self.duties.iter().any(|duty| !matches!(duty, Duty::RateOutcomes | Duty::Participate))
    }

    /// Whether they may see who a participant is and how to reach them: only those who meet people at the site.
    pub fn sees_identity(&self) -> bool {
        self.duties.has_any(&[
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
        self.duties.has_any(&[
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
