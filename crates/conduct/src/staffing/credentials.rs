//! Licences, trainings and relations of staff: what counts on a day, and for what.
//!
//! Pure look-ups, shared by the rules of staffing and of the session. Nothing here refuses.

use crate::{
    case::Duties,
    command::Fact,
    state::{Certificate, SiteState, TrialState},
};
use jiff::civil::Date;
use protocol::model::{CertificateKind, Duty, NeededFrom, Study};
use terms::{RoleId, SiteId, StaffId};

/// The staff of a site (and of the trial), as a study looks at them.
#[derive(Debug, Clone, Copy)]
pub struct Staff<'a> {
    /// The study.
    pub study: &'a Study,
    /// The trial.
    pub trial: &'a TrialState,
    /// The site, where one is concerned.
    pub site: Option<&'a SiteState>,
}

impl<'a> Staff<'a> {
    /// Roles that somebody holds on a day, here or in the whole trial.
    pub fn roles(self, staff: &StaffId, day: Date) -> impl Iterator<Item = &'a RoleId> {
        let here = self.site.into_iter().flat_map(move |site| {
            let mine =
                site.delegations.iter().filter(move |one| one.from <= day && one.until.is_none_or(|end| day <= end));
            mine.map(|one| (&one.staff, &one.role))
        });
        let here: Vec<&RoleId> = here.filter(|(who, _)| *who == staff).map(|(_, role)| role).collect();
        here.into_iter().chain(self.trial.roles.get(staff).into_iter().flatten())
    }

    /// Certificates that somebody has on record, here or for the whole trial.
    pub fn certificates(self, staff: &StaffId) -> impl Iterator<Item = &'a Certificate> {
        let here = self.site.map_or(&[][..], |site| site.credentials.of(staff));
        here.iter().chain(self.trial.credentials.of(staff))
    }

    /// Whether somebody holds a kind of certificate on a day.
    pub fn holds(self, staff: &StaffId, kind: &CertificateKind, day: Date) -> bool {
        self.certificates(staff).any(|held| held.holds(kind, day))
    }

    /// Kinds that a role needs from an act on, and that somebody does not hold on a day.
    pub fn lacking(self, staff: &StaffId, role: &RoleId, day: Date, from: NeededFrom) -> Vec<&'a CertificateKind> {
        let needed = self.study.certificates.iter().filter(|kind| {
            kind.roles.contains(role) && (from == NeededFrom::Dosing || kind.from == NeededFrom::Delegation)
        });
        needed.filter(|kind| !self.holds(staff, kind, day)).collect()
    }

    /// Duties of those of somebody's roles for which nothing is lacking on a day.
    pub fn fit(self, staff: &StaffId, day: Date, from: NeededFrom) -> Duties {
        let mut duties = Duties::default();
        for role in self.roles(staff, day).filter(|role| self.lacking(staff, role, day, from).is_empty()) {
            for duty in self.study.role(role.as_str()).into_iter().flat_map(|role| &role.duties) {
                duties.add(*duty);
            }
        }
        duties
    }

    /// Whether somebody may be counted as a carer at a dose on a day.
    pub fn is_fit_carer(self, staff: &StaffId, day: Date) -> bool {
        self.fit(staff, day, NeededFrom::Dosing).has_any(&[Duty::Facilitate, Duty::Nurse])
    }

    /// Whether somebody holds a licence to practise on a day.
    pub fn is_licensed(self, staff: &StaffId, day: Date) -> bool {
        self.study.certificates.iter().any(|kind| kind.licensed && self.holds(staff, kind, day))
    }

    /// How two people are related on a day, if they are: the title of its kind.
    pub fn relation(self, one: &StaffId, other: &StaffId, day: Date) -> Option<&'a str> {
        let declared = self.site?.credentials.relations.iter().filter(|known| known.between(one, other));
        let known = declared.into_iter().find(|known| known.from <= day && known.until.is_none_or(|end| day <= end))?;
        let kind = self.study.relations.iter().find(|kind| kind.id == known.kind);
        Some(kind.map_or(known.kind.as_str(), |kind| kind.title.as_str()))
    }

    /// The first relation where everybody of these is related to everybody else, and they are two at least.
    pub fn only_related(self, present: &[&'a StaffId], day: Date) -> Option<(&'a StaffId, &'a StaffId, &'a str)> {
        let mut first = None;
        for (place, one) in present.iter().enumerate() {
            for other in present.iter().skip(place + 1) {
                let title = self.relation(one, other, day)?;
                first.get_or_insert((*one, *other, title));
            }
        }
        first
    }

    /// What somebody's certificates of a kind say on a day on which none holds, in words.
    pub fn lacking_words(self, staff: &StaffId, kind: &CertificateKind, day: Date) -> String {
        let mine = || self.certificates(staff).filter(|held| held.kind == kind.id);
        let Some(last) = mine().max_by_key(|held| held.last_day().unwrap_or(Date::MAX)) else {
            return "none on record".to_owned();
        };
        if let Some(from) = last.withdrawn.filter(|from| *from <= day) {
            return format!("withdrawn from {from} on");
        }
        match last.until {
            Some(until) if until < day => format!("ran out on {until}"),
            _ if last.issued > day => format!("issued only on {}", last.issued),
            _ => format!(
                "{} supervised hours, {} at least",
                last.hours.unwrap_or_default(),
                kind.hours_min.unwrap_or_default()
            ),
        }
    }
}

/// A certificate whose end is near or past, for worklists.
#[derive(Debug, Clone)]
pub struct RunsOut<'a> {
    /// Whose.
    pub staff: &'a StaffId,
    /// Which kind.
    pub kind: &'a CertificateKind,
    /// In which role they need it.
    pub role: &'a RoleId,
    /// Its last day; none where there is no such certificate at all.
    pub last: Option<Date>,
}

/// Certificates that somebody needs for a role held on a day and that end within the study's notice, or have ended.
/// One line for each person and kind, the soonest end first.
pub fn running_out<'a>(staff: Staff<'a>, day: Date) -> Vec<RunsOut<'a>> {
    let mut all: Vec<RunsOut<'a>> = Vec::new();
    let here = staff.site.into_iter().flat_map(|site| &site.delegations);
    let here = here.filter(|one| one.until.is_none_or(|end| day <= end)).map(|one| (&one.staff, &one.role));
    // A site's page tells of its own people; trial-wide roles are told of where no site is looked at.
    let roles = staff.trial.roles.iter().flat_map(|(who, roles)| roles.iter().map(move |role| (who, role)));
    let roles = roles.filter(|_| staff.site.is_none());
    for (who, role) in here.chain(roles) {
        for kind in staff.study.certificates.iter().filter(|kind| kind.roles.contains(role)) {
            if all.iter().any(|known| known.staff == who && known.kind.id == kind.id) {
                continue;
            }
            let ends = staff.certificates(who).filter(|held| held.kind == kind.id).map(Certificate::last_day);
            // The one that holds longest counts; one without an end ends never.
            let last = ends.max_by_key(|end| end.unwrap_or(Date::MAX));
            let soon = match (last, kind.notice_days) {
                (None, _) => true,
                (Some(None), _) => false,
                (Some(Some(end)), notice) => {
                    end < crate::schedule::days_from(day, notice.and_then(|days| i32::try_from(days).ok()).unwrap_or(0))
                }
            };
            if soon {
                all.push(RunsOut { staff: who, kind, role, last: last.flatten() });
            }
        }
    }
    all.sort_by_key(|line| (line.last, line.staff.clone()));
    all
}

/// What somebody brings along to a role, for whoever sets a trial up or simulates one: the kinds that the role needs, and
/// a licence that nobody in particular needs where the role is a carer's.
pub fn usual<'a>(study: &'a Study, role: &RoleId) -> Vec<&'a CertificateKind> {
    let cares = study.role(role.as_str()).is_some_and(|role| role.duties.contains(&Duty::Facilitate));
    let fits = |kind: &&CertificateKind| kind.roles.contains(role) || (kind.licensed && kind.roles.is_empty() && cares);
    study.certificates.iter().filter(fits).collect()
}

/// A certificate of a kind, issued on a day, with what the kind asks for on it.
pub fn issued(kind: &CertificateKind, site: Option<&SiteId>, staff: &StaffId, day: Date) -> Fact {
    Fact::RecordCertificate {
        site: site.cloned(),
        staff: staff.clone(),
        certificate: kind.id.clone(),
        number: None,
        hours: kind.hours_min,
        issued: day,
        until: None,
    }
}
