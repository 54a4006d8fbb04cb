//! List A on a participant's way: gates, assignment, appointments, ratings, moves, the last visit.

use super::{
    Harm, Look, days,
    memory::{Kept, Person, Way},
    must,
};
use conduct::{Entry, StreamId, entry::Entry as E};
use jiff::civil::Date;
use protocol::model::{
    ActivityKind, Anchor, ApprovalScope, Assignment, Duty, Judged, Reconsent, Requirement, Study, Visit, VisitKind,
};
use terms::{InstanceId, ParticipantId, VisitId};

impl<'a> Look<'a> {
    pub(super) fn never_authorised(
        &self,
        who: Option<(&'a ParticipantId, &'a Person)>,
        stream: &StreamId,
        entry: &Entry,
        harms: &mut Vec<Harm>,
    ) {
        match (stream, who) {
            (StreamId::Participant(_), Some((id, person))) => {
                self.day_entry(id, person, entry, harms);
                self.way(id, person, entry, harms);
            }
            (StreamId::Site(site), _) => self.staff_entry(site, entry, harms),
            (StreamId::Stock(site), _) => self.safe_entry(site, entry, harms),
            (StreamId::Trial, _) => self.trial_entry(entry, harms),
            (StreamId::Participant(_), None) | (StreamId::Allocation, _) => {}
        }
    }

    fn way(&self, id: &ParticipantId, person: &Person, entry: &Entry, harms: &mut Vec<Harm>) {
        let study = self.study_of(person);
        let note = |harms: &mut Vec<Harm>, so: bool, property: &str, what: &str| {
            must(harms, so, property, format!("{id}: {what}"))
        };
        let looks_forward = matches!(
            entry,
            E::Enrolled { .. }
                | E::EnrolmentConfirmed { .. }
                | E::Rescreened { .. }
                | E::Randomised { .. }
                | E::AllocatedOpenLabel
                | E::RatingRequested { .. }
                | E::RatingTaken { .. }
                | E::Transferred { .. }
                | E::VersionMoved { .. }
                | E::ParticipationCompleted
        );
        note(harms, !looks_forward || !self.shared.locked, "lock.closed", "something new in a locked record");
        match entry {
            E::IdentityErased => {
                let right = person.way == Way::Gone && (person.withdrawn || person.consents.is_empty());
                note(harms, right, "identity.right", "somebody who takes part can be reached no more");
                note(harms, !person.erased, "identity.once", "who they are erased twice");
                let safe = person.alarms.is_empty() && person.grave_tasks.is_empty();
                note(harms, safe, "identity.safe", "who they are erased while their safety asks for them");
                let asked = self.actor().signed && self.reason();
                note(harms, asked, "identity.signed", "who they are erased without a signature or how they asked");
            }
            E::Enrolled { .. } => {
                note(harms, person.way == Way::Screening, "participant.phase", "enrolled out of turn");
                self.standing(id, person, study, "enrolled", harms);
                self.site_takes(id, person, true, harms);
                self.gate(id, person, study, 1, harms);
            }
            E::EnrolmentConfirmed { .. } => {
                let on_the_way = matches!(person.way, Way::Enrolled | Way::Confirmed | Way::Assigned);
                note(harms, on_the_way && !person.stopped, "participant.phase", "confirmed out of turn");
                self.standing(id, person, study, "confirmed", harms);
                self.gate(id, person, study, 2, harms);
            }
            E::Rescreened { .. } => {
                let number = if let Way::Failed(gate) = person.way { gate.max(1) } else { 0 };
                note(harms, number > 0, "participant.phase", "screened again without having failed");
                let gate = if number == 2 { 2 } else { 1 };
                let most = study.gates.iter().find(|known| known.number == gate).map_or(0, |known| known.retries);
                note(
                    harms,
                    person.attempts <= most,
                    "eligibility.rescreen",
                    "screened more often than the study allows",
                );
            }
            E::Randomised { .. } | E::AllocatedOpenLabel => {
                note(
                    harms,
                    person.way == Way::Confirmed && !person.stopped,
                    "participant.phase",
                    "assigned out of turn",
                );
                self.standing(id, person, study, "assigned", harms);
                self.site_takes(id, person, false, harms);
                let good =
                    person.gates.get(&2).is_some_and(|(_, until)| until.is_none_or(|until| self.stamp.day <= until));
                note(harms, good, "eligibility.confirmation", "assigned without a confirmation in force");
                let full = self.shared.drawn.len() >= study.design.participants_planned as usize;
                note(harms, !full, "randomisation.planned", "assigned beyond the number planned");
                note(harms, self.actor().signed, "randomisation.signed", "assigned without a signature");
            }
            E::VisitBooked { visit, starts, day, .. } => self.booked(id, person, study, (visit, *starts, *day), harms),
            E::RatingRequested { visit, .. } => {
                let something = rated_at(study, visit);
                let open = person.ratings.values().any(|rating| rating.visit == *visit && !rating.done);
                let done = person.ratings.values().any(|rating| rating.visit == *visit && rating.done)
                    && !something.is_empty()
                    && something.iter().all(|form| {
                        person.forms.values().any(|f| !f.struck && f.form == **form && f.visit.as_ref() == Some(visit))
                    });
                note(
                    harms,
                    !something.is_empty() && !open && !done,
                    "rating.visit",
                    "a rating asked for where none is to be made",
                );
                let to_come = self.lies_ahead(person, study, visit);
                note(harms, to_come, "visit.planned", "a rating for a visit that is not to come");
            }
            E::RatingTaken { request, rater } => self.rating(id, person, (request, rater), harms),
            E::Transferred { to, .. } => {
                let other = person.site.as_ref() != Some(to)
                    && self.shared.sites.get(to).is_some_and(|clinic| clinic.standing == 2);
                note(harms, other, "transfer.site", "moved to a site that is not active");
                note(harms, !self.in_the_middle(person), "transfer.session", "moved with a session open");
                let gone = matches!(person.way, Way::Gone | Way::Completed | Way::Failed(0 | 1));
                note(harms, !gone, "participant.phase", "moved after having left");
            }
            E::VersionMoved { to, .. } => {
                let known = self.shared.studies.iter().any(|(hash, _)| hash == to) && person.study.as_ref() != Some(to);
                note(harms, known, "version.adopted", "moved to a version that is not in force");
                note(
                    harms,
                    !self.in_the_middle(person),
                    "transfer.session",
                    "moved to another version with a session open",
                );
                note(
                    harms,
                    self.agreed_again(person, to),
                    "version.consent",
                    "moved to a version without consent to it",
                );
            }
            E::HoldLifted { instance } => self.lifted_of(&person.holds, instance, harms),
            E::CodeBroken { .. } => {
                let reason = self.performed.request.reason.as_deref().is_some_and(|reason| reason.trim().len() >= 10);
                note(
                    harms,
                    reason && self.actor().signed && person.assigned,
                    "unblinding.reason",
                    "an allocation opened without reason or signature",
                );
            }
            E::ParticipationCompleted => {
                let may = matches!(person.way, Way::Assigned | Way::Stopped);
                note(harms, may, "participant.phase", "completed out of turn");
                let open = study.visits.iter().any(|visit| {
                    let settled =
                        person.visits.get(&visit.id).is_some_and(|kept| kept.complete || kept.missed.is_some());
                    !visit.optional
                        && visit.repeats_every_days.is_none()
                        && visit.kind != VisitKind::Unscheduled
                        && applies(study, person, visit)
                        && !settled
                });
                note(harms, !open, "completion.visits", "completed with visits open");
                note(harms, person.tasks.is_empty(), "completion.tasks", "completed with tasks open");
            }
            _ => {}
        }
    }

    fn standing(&self, id: &ParticipantId, person: &Person, study: &Study, what: &str, harms: &mut Vec<Harm>) {
        let consent = person.consent().is_some_and(|signed| study.consent_version(signed).is_some());
        must(harms, consent, "participant.consent", format!("{id}: {what} without consent in force"));
        let site = person.site.as_ref().and_then(|site| self.shared.sites.get(site));
        let held =
            !person.holds.is_empty() || !self.shared.holds.is_empty() || site.is_some_and(|s| !s.holds.is_empty());
        must(harms, !held, "safety.hold", format!("{id}: {what} under a hold"));
    }

    fn site_takes(&self, id: &ParticipantId, person: &Person, place: bool, harms: &mut Vec<Harm>) {
        let site = person.site.as_ref().and_then(|site| self.shared.sites.get(site));
        let active = site.is_some_and(|site| site.standing == 2);
        must(harms, active, "site.active", format!("{id}: taken in at a site that is not active"));
        let taken = site.map_or(0, |site| site.places.iter().filter(|other| *other != id).count());
        let room = site.and_then(|site| site.cap).is_none_or(|cap| taken < cap as usize);
        must(harms, !place || room, "site.cap", format!("{id}: taken in beyond the site's cap"));
    }

    fn gate(&self, id: &ParticipantId, person: &Person, study: &Study, number: u8, harms: &mut Vec<Harm>) {
        let Some(gate) = study.gates.iter().find(|gate| gate.number == number) else { return };
        let mut note = |so: bool, property: &str, what: String| must(harms, so, property, format!("{id}: {what}"));
        for visit in &gate.needs_visits {
            let complete = person.visits.get(visit).is_some_and(|kept| kept.complete);
            note(complete, "eligibility.visits", format!("gate {number} passed before {visit} was complete"));
        }
        if let (Some(most), Some(consent), 1) = (gate.within_days_of_consent, person.consent_day(), number) {
            let since = days(consent, self.stamp.day);
            note(since <= i64::from(most), "eligibility.in_time", format!("gate 1 passed {since} days after consent"));
        }
        if gate.needs_washout {
            let waits = person.not_washed_out(study, self.stamp.day).next().is_some();
            note(!waits, "medication.washout", format!("gate {number} passed before the washout"));
        }
        for criterion in study.criteria.iter().filter(|criterion| criterion.gates.contains(&number)) {
            let met = person.meets(study, criterion, self.stamp.day);
            note(met, "eligibility.criterion", format!("gate {number} passed with {} not met", criterion.id));
        }
        let site = person.site.as_ref();
        let roles = |proof: &conduct::Proof| -> Vec<String> {
            let conduct::Person::Staff(staff) = &proof.person else { return Vec::new() };
            let here = site.and_then(|site| self.shared.sites.get(site)).into_iter().flat_map(|site| &site.delegations);
            let today = self.stamp.day;
            let held =
                here.filter(|(who, _, from, until)| who == staff && *from <= today && until.is_none_or(|u| today <= u));
            let here = held.map(|(_, role, _, _)| role.to_string());
            here.chain(self.shared.roles.get(staff).into_iter().flatten().map(ToString::to_string)).collect()
        };
        let mine = roles(self.actor());
        let decides = gate.decided_by.iter().any(|role| mine.iter().any(|held| *role == held.as_str()));
        let judged = study.criteria.iter().any(|c| c.judged == Judged::Judge && c.gates.contains(&number));
        let countersigned = gate.countersigned_by.as_ref().filter(|_| judged).is_none_or(|role| {
            self.second().is_some_and(|second| {
                second.person != self.actor().person && roles(second).iter().any(|held| *role == held.as_str())
            })
        });
        note(
            decides && self.actor().signed && countersigned,
            "eligibility.signed",
            format!("gate {number} passed without its signatures"),
        );
    }

    fn booked(
        &self,
        id: &ParticipantId,
        person: &Person,
        study: &Study,
        (visit, starts, day): (&VisitId, jiff::Timestamp, Date),
        harms: &mut Vec<Harm>,
    ) {
        let mut note =
            |so: bool, property: &str, what: &str| must(harms, so, property, format!("{id}: {visit} booked {what}"));
        note(self.lies_ahead(person, study, visit), "visit.planned", "though it is not to come");
        let far = days(self.stamp.day, day) > 5 * 365;
        note(starts > self.now() && !far, "visit.ahead", "in the past, or too far ahead");
        let Some(plan) = study.visit(visit.as_str()) else { return };
        let before_consent = plan.kind == VisitKind::Screening && person.way == Way::Asked;
        let consent = person.consent().is_some_and(|signed| study.consent_version(signed).is_some());
        note(consent || before_consent, "participant.consent", "without consent in force");
        if let Some(anchor) = plan.anchor.as_ref().and_then(|anchor| anchor_day(study, person, anchor)) {
            let offset = days(anchor, day);
            let inside = i64::from(plan.window.opens) <= offset && offset <= i64::from(plan.window.closes);
            note(
                inside || self.performed.request.reason.is_some(),
                "visit.window",
                "outside its window without a reason",
            );
        }
        let open = self.before_of(person, study, visit).into_iter().any(|before| {
            let booked = person.visits.get(&before.id).and_then(|kept| kept.booked);
            booked.is_none_or(|(earlier, _)| earlier >= starts)
        });
        note(!open, "visit.order", "before what must come before it");
        if let (VisitKind::Dosing, Some(number)) = (plan.kind, plan.session)
            && let Some(last) = person.doses_but(number).max()
        {
            let least = i64::from(study.dose.interval_days_min);
            note(days(last, day) >= least, "dose.interval", "too soon after the last dose");
        }
    }

    /// Whether a visit is one that this person still has before them.
    fn lies_ahead(&self, person: &Person, study: &Study, visit: &VisitId) -> bool {
        let Some(plan) = study.visit(visit.as_str()) else { return false };
        let settled = person.visits.get(visit).is_some_and(|kept| kept.complete || kept.missed.is_some());
        let again = plan.repeats_every_days.is_some() || plan.kind == VisitKind::Unscheduled;
        (!settled || again) && (plan.kind == VisitKind::Unscheduled || applies(study, person, plan))
    }

    /// Visits before one that are neither held nor recorded as missed.
    pub(super) fn before_of<'s>(&self, person: &Person, study: &'s Study, visit: &VisitId) -> Vec<&'s Visit> {
        let Some(plan) = study.visit(visit.as_str()) else { return Vec::new() };
        let nothing = Kept::default();
        plan.after
            .iter()
            .filter_map(|id| study.visit(id.as_str()))
            .filter(|before| {
                let kept = person.visits.get(&before.id).unwrap_or(&nothing);
                let done = kept.held.is_some() || kept.complete || kept.missed.is_some();
                !done && !before.optional && applies(study, person, before)
            })
            .collect()
    }

    fn rating(&self, id: &ParticipantId, person: &Person, of: (&InstanceId, &terms::StaffId), harms: &mut Vec<Harm>) {
        let (request, rater) = of;
        let mut note = |so: bool, property: &str, what: &str| must(harms, so, property, format!("{id}: {what}"));
        let free = person.ratings.get(request).is_some_and(|rating| rating.rater.is_none() && !rating.done);
        note(free, "rating.free", "a rating taken that was not free");
        let site = person.site.as_ref().and_then(|site| self.shared.sites.get(site));
        let at_site = site.is_some_and(|site| site.delegations.iter().any(|(staff, ..)| staff == rater));
        note(!at_site, "rating.independent", "a rating taken by somebody of the site");
        let met = person.ratings.values().any(|rating| rating.rater.as_ref() == Some(rater));
        note(
            !met || self.performed.request.reason.is_some(),
            "rating.not_met",
            "a rating by somebody who has met the person",
        );
    }

    fn in_the_middle(&self, person: &Person) -> bool {
        person.days.values().any(|day| !day.closed && (day.out.is_some() || day.first().is_some()))
    }

    fn agreed_again(&self, person: &Person, to: &terms::StudyHash) -> bool {
        let Some(target) = self.setting.studies.get(to) else { return false };
        let asked = match target.amendment.as_ref().map_or(Reconsent::None, |amendment| amendment.reconsent) {
            Reconsent::None => false,
            Reconsent::All => true,
            Reconsent::InTreatment => {
                person.days.values().filter(|day| day.first().is_some()).count() < target.dose.sessions.len()
            }
        };
        let needed = target.consent.versions.last().map(|version| version.version.as_str());
        !asked || person.consent() == needed
    }

    /// Whether a study that assigns arms needs a list.
    pub(super) fn draws(&self) -> bool {
        matches!(self.setting.study.design.assignment, Assignment::Randomised { .. })
    }

    /// Whether the site's approvals are in date.
    pub(super) fn site_approved(&self, site: &terms::SiteId) -> bool {
        let held = self.shared.sites.get(site).map_or(&[][..], |clinic| &clinic.approvals);
        let asked = self.setting.study.approvals.iter().filter(|rule| rule.per == ApprovalScope::Site);
        let today = self.stamp.day;
        asked
            .into_iter()
            .all(|rule| held.iter().any(|(id, from, until)| *id == rule.id && *from <= today && today <= *until))
    }
}

/// Whether a visit belongs to this person's plan as things stand.
pub(super) fn applies(study: &Study, person: &Person, visit: &Visit) -> bool {
    let left = matches!(person.way, Way::Gone | Way::Completed | Way::Failed(0 | 1));
    match visit.kind {
        VisitKind::Unscheduled => false,
        _ if left => false,
        VisitKind::EarlyTermination => person.stopped,
        _ if !person.stopped || visit.after_stop => true,
        VisitKind::Call | VisitKind::Integration => {
            let Some(Anchor::Visit(anchor)) = &visit.anchor else { return false };
            let number = study.visit(anchor.as_str()).and_then(|anchor| anchor.session);
            number.and_then(|number| person.days.get(&number)).is_some_and(|day| day.first().is_some())
        }
        _ => false,
    }
}

/// The day of an anchor that has really come.
pub(super) fn anchor_day(study: &Study, person: &Person, anchor: &Anchor) -> Option<Date> {
    match anchor {
        Anchor::Consent => person.consent_day(),
        Anchor::Enrolment => person.gates.get(&1).map(|(day, _)| *day),
        Anchor::Confirmation => person.gates.get(&2).map(|(day, _)| *day),
        Anchor::Taper | Anchor::Stop => None,
        Anchor::Visit(id) => {
            let visit = study.visit(id.as_str())?;
            if let Some(taken) = visit.session.and_then(|number| person.days.get(&number)).and_then(|day| day.first()) {
                return Some(taken.day);
            }
            let kept = person.visits.get(id)?;
            kept.held.or(kept.missed.flatten())
        }
    }
}

/// Forms of a visit that independent raters alone fill in.
fn rated_at<'s>(study: &'s Study, visit: &'s VisitId) -> Vec<&'s terms::FormId> {
    let required = study.activities_at(visit.as_str()).filter(|(_, need)| *need == Requirement::Required);
    let forms = required.filter_map(|(activity, _)| match &activity.what {
        ActivityKind::Form(form) => study.form(form.as_str()),
        _ => None,
    });
    forms
        .filter(|form| {
            let rates = |role: &terms::RoleId| {
                study.role(role.as_str()).is_some_and(|role| role.duties.contains(&Duty::RateOutcomes))
            };
            !form.completed_by.is_empty() && form.completed_by.iter().all(rates)
        })
        .map(|form| &form.id)
        .collect()
}
