//! The two gates: decided, or what is missing is fetched, or the person is found not eligible.

use super::{Path, Slip, Step, Trial};
use crate::clinic::{Ask, days_after, minutes_after};
use conduct::{Authorisation, Fact, No, Phase, Refusal, command::VisitOutcome, state::VisitStanding};
use jiff::{Timestamp, civil::Date};
use protocol::model::Duty;
use std::collections::BTreeSet;
use terms::{FormId, ParticipantId, VisitId};

/// What can be done about a refused gate.
#[derive(Debug, Default)]
struct Ways {
    /// Forms that are missing or too old.
    forms: BTreeSet<FormId>,
    /// Visits that are not complete.
    visits: Vec<VisitId>,
    /// Criteria that are not met.
    unmet: Vec<String>,
    /// The day on which something clears by itself.
    clears: Option<Date>,
    cap: bool,
    consent: bool,
    hold: bool,
    late: bool,
}

fn ways(refusal: &Refusal) -> Ways {
    let mut ways = Ways::default();
    for broken in &refusal.broken {
        match broken.rule {
            "eligibility.criterion" if broken.found.starts_with("unknown") => {
                ways.forms
                    .extend(broken.evidence.iter().filter(|e| e.value.starts_with('(')).filter_map(|e| e.form.clone()));
            }
            "eligibility.criterion" => ways.unmet.extend(broken.condition.clone()),
            "eligibility.visits" => ways.visits.extend(broken.condition.as_deref().map(VisitId::from)),
            "eligibility.in_time" => ways.late = true,
            "medication.washout" => ways.clears = ways.clears.max(broken.clears),
            "site.cap" => ways.cap = true,
            "participant.consent" => ways.consent = true,
            "safety.hold" => ways.hold = true,
            _ => {}
        }
    }
    ways
}

impl Trial<'_> {
    fn gate_act(gate: u8, participant: &ParticipantId) -> Authorisation {
        if gate <= 1 {
            Authorisation::Enrol { participant: participant.clone() }
        } else {
            Authorisation::ConfirmEnrolment { participant: participant.clone() }
        }
    }

    /// Decides a gate; `tries` from 250 on are tries by mistake.
    pub(super) fn decide(&mut self, now: Timestamp, whose: usize, gate: u8, tries: u8) {
        let Some(investigator) = self.by(whose, Duty::DecideEligibility) else { return };
        let Some(participant) = self.lives.get(whose).and_then(|life| life.id.clone()) else { return };
        let monitor = self.medical_monitor();
        let act = Self::gate_act(gate, &participant);
        if tries >= 250 {
            let ask = Ask::act(now, &investigator, act).signed().with(monitor.as_ref());
            self.soon(ask.may_fail());
            return;
        }
        if self.wrong_phase(whose, gate) {
            return;
        }
        if tries > 9 {
            if !self.ends_treatment(now, whose) {
                self.fail(now, whose, gate, "could not be decided in time");
                self.finish(whose);
            }
            return;
        }
        if gate <= 1 && self.no_place_left(whose) {
            self.turn_away(now, whose);
            return;
        }
        if gate <= 1 && self.places_taken(whose) > 0 && self.slips.once(Slip::CapReached) {
            self.cap_reached(now, whose);
        }
        if self.slips.taken(Slip::EnrolUnsigned) {
            self.soon(Ask::act(now, &investigator, act.clone()).may_fail());
        }
        let ask = Ask::act(now, &investigator, act.clone()).signed().with(monitor.as_ref());
        match self.clinic.ask(ask.may_fail()) {
            Ok(_) => {
                if self.slips.taken(Slip::EnrolTwice) {
                    let again = Ask::act(now, &investigator, act).signed().with(monitor.as_ref());
                    self.soon(again.may_fail());
                }
                self.passed(now, whose, gate);
            }
            Err(No::Refused(refusal)) => self.refused_at_gate(now, whose, gate, tries, &refusal),
            Err(No::Unreadable(_) | No::Conflict { .. } | No::NotYours { .. }) => {}
        }
    }

    /// Looks through what the gate will ask, as the page shows it, and fetches what is missing or too old.
    pub(super) fn prepare_gate(&mut self, now: Timestamp, whose: usize, gate: u8) {
        let plan = self.plan_of(whose);
        let today = self.today(whose, now);
        let Some(state) = self.state(whose) else { return };
        let names = conduct::names::Names { study: &plan.study, participant: state, today };
        let mut forms = BTreeSet::new();
        for criterion in plan.study.criteria.iter().filter(|criterion| criterion.gates.contains(&gate)) {
            let found = names.criterion(criterion);
            if found.answer != conduct::entry::CriterionAnswer::Unknown {
                continue;
            }
            let missing = found.evidence.iter().filter(|(_, value)| value.is_missing()).map(|(name, _)| name);
            let parts = missing.flat_map(|name| name.split('.'));
            forms.extend(parts.filter_map(|part| plan.study.form(part)).map(|form| form.id.clone()));
        }
        let visit = self.visit_of_gate(whose, gate);
        for (place, form) in (1i64..).zip(forms) {
            self.later(minutes_after(now, place * 3), whose, Step::Fill { visit: visit.clone(), form });
        }
    }

    fn wrong_phase(&self, whose: usize, gate: u8) -> bool {
        let Some(state) = self.state(whose) else { return true };
        match gate {
            0 | 1 => state.phase != Phase::Screening,
            _ => !matches!(state.phase, Phase::Enrolled | Phase::Confirmed | Phase::Assigned | Phase::InTreatment),
        }
    }

    /// Whether everybody who is wanted is in treatment or on the way to it.
    fn no_place_left(&self, whose: usize) -> bool {
        let on_the_way = self.lives.iter().enumerate().filter(|(place, life)| {
            let phase =
                life.id.as_ref().and_then(|id| self.clinic.folded.participants.get(id)).map(|state| state.phase);
            *place != whose && !life.over && matches!(phase, Some(Phase::Enrolled | Phase::Confirmed))
        });
        let wanted = self.clinic.participants as usize;
        // One in twelve of those on the way will not get there.
        let expected = self.clinic.tally.report.assigned as usize + on_the_way.count() * 11 / 12;
        expected >= wanted
    }

    /// The trial is full: told so, and referred.
    fn turn_away(&mut self, now: Timestamp, whose: usize) {
        self.fail(now, whose, 1, "enrolment has been completed; referred to standard care");
        self.finish(whose);
    }

    fn passed(&mut self, now: Timestamp, whose: usize, gate: u8) {
        if gate > 1 {
            let assigned = self.state(whose).is_some_and(|state| state.assigned.is_some());
            if !assigned {
                self.later(minutes_after(now, 30), whose, Step::Assign { tries: 0 });
            }
            return;
        }
        self.start_tapers(now, whose);
        if self.slips.taken(Slip::OrderTooEarly)
            && let Some(prescriber) = self.by(whose, Duty::Prescribe)
            && let Some(participant) = self.lives.get(whose).and_then(|life| life.id.clone())
            && let Some(first) = self.clinic.study.dose.sessions.first()
        {
            let act = Authorisation::OrderDose {
                participant,
                session: first.number,
                level: first.level_default.clone(),
                level_reason: None,
            };
            self.soon(Ask::act(now, &prescriber, act).signed().may_fail());
        }
        self.later(minutes_after(now, 45), whose, Step::Plan);
        let Some(life) = self.lives.get_mut(whose) else { return };
        let wait = life.times.between(3.0, 20.0);
        if life.path == Path::Withdraws {
            self.later(days_after(now, wait), whose, Step::Withdraw);
        }
        self.participant_approvals(now, whose);
    }

    fn refused_at_gate(&mut self, now: Timestamp, whose: usize, gate: u8, tries: u8, refusal: &Refusal) {
        let ways = ways(refusal);
        let again = |trial: &mut Self, at: Timestamp| {
            trial.later(at, whose, Step::Decide { gate, tries: tries + 1 });
        };
        if !ways.unmet.is_empty() || ways.late {
            let why = if ways.late {
                "too long since consent".to_owned()
            } else {
                format!("not met: {}", ways.unmet.join(", "))
            };
            if !self.ends_treatment(now, whose) {
                self.fail(now, whose, gate, &why);
                self.after_failure(now, whose);
            }
        } else if ways.consent {
            let visit = self.plan_of(whose).study.visits.first().map(|visit| visit.id.clone());
            if let Some(visit) = visit {
                self.later(minutes_after(now, 60), whose, Step::Consent { visit, attempt: 2 });
            }
            again(self, days_after(now, 0.25));
        } else if !ways.visits.is_empty() {
            self.complete_visits(now, whose, &ways.visits);
            again(self, days_after(now, 1.0));
        } else if !ways.forms.is_empty() {
            let visit = self.visit_of_gate(whose, gate);
            for (place, form) in (1i64..).zip(ways.forms) {
                self.later(minutes_after(now, place * 4), whose, Step::Fill { visit: visit.clone(), form });
            }
            again(self, minutes_after(now, 55));
        } else if ways.cap {
            self.raise_cap(now, whose);
            again(self, minutes_after(now, 120));
        } else if let Some(day) = ways.clears {
            let at = self.clock(whose, day, 10, 0);
            again(self, at.max(days_after(now, 0.9)));
        } else if ways.hold {
            again(self, days_after(now, 2.0));
        } else {
            again(self, days_after(now, 1.0));
        }
    }

    fn visit_of_gate(&mut self, whose: usize, gate: u8) -> Option<VisitId> {
        let plan = self.plan_of(whose);
        let at = plan
            .study
            .visits
            .iter()
            .find(|visit| plan.has(&visit.id, &|what| *what == protocol::model::ActivityKind::Gate(gate)));
        at.map(|visit| visit.id.clone())
    }

    /// Visits that were held and not closed are closed; those not held at all wait.
    fn complete_visits(&mut self, now: Timestamp, whose: usize, visits: &[VisitId]) {
        for visit in visits {
            let standing = self.state(whose).and_then(|state| state.visits.get(visit)).map(|record| record.standing);
            if standing == Some(VisitStanding::Attended) {
                self.record_visit(now, whose, visit, VisitOutcome::Completed { minutes: None });
            }
        }
    }

    fn places_taken(&self, whose: usize) -> usize {
        self.site_id(whose).and_then(|site| self.clinic.folded.sites.get(&site)).map_or(0, |site| site.places.len())
    }

    /// The sponsor lowers a site's cap to the places that are taken.
    fn cap_reached(&mut self, now: Timestamp, whose: usize) {
        let Some(administrator) = self.administrator() else { return };
        let Some(site) = self.site_id(whose) else { return };
        let taken = self.clinic.folded.sites.get(&site).map_or(0, |site| site.places.len());
        let cap = Some(u32::try_from(taken).unwrap_or(u32::MAX));
        self.soon(Ask::act(now, &administrator, Authorisation::SetCap { site, cap }).signed());
    }

    fn raise_cap(&mut self, now: Timestamp, whose: usize) {
        let Some(administrator) = self.administrator() else { return };
        let Some(site) = self.site_id(whose) else { return };
        let cap = self.clinic.folded.trial.sites.get(&site).and_then(|site| site.cap);
        let set = |cap: u32| Authorisation::SetCap { site: site.clone(), cap: Some(cap) };
        if self.slips.taken(Slip::CapTooLow) {
            self.soon(Ask::act(now, &administrator, set(0)).signed().may_fail());
        }
        if let Some(cap) = cap {
            self.soon(Ask::act(now, &administrator, set(cap + 4)).signed());
        }
    }

    /// Records that somebody is not eligible.
    pub(super) fn fail(&mut self, now: Timestamp, whose: usize, gate: u8, why: &str) {
        let Some(investigator) = self.by(whose, Duty::DecideEligibility) else { return };
        let Some(participant) = self.lives.get(whose).and_then(|life| life.id.clone()) else { return };
        let fact = Fact::RecordScreenFailure { participant, gate, reason: why.to_owned() };
        self.soon(Ask::fact(now, &investigator, fact));
    }

    /// Whoever has an arm and can't be confirmed again after a pause gets no more doses, and is followed up as planned.
    fn ends_treatment(&mut self, now: Timestamp, whose: usize) -> bool {
        let treated = self.state(whose).is_some_and(|state| state.assigned.is_some());
        if treated {
            self.later(days_after(now, 1.0), whose, Step::StopTreatment(crate::fate::Why::AdverseEvent));
        }
        treated
    }

    /// After a failure: some come again, most don't.
    fn after_failure(&mut self, now: Timestamp, whose: usize) {
        let Some(investigator) = self.by(whose, Duty::DecideEligibility) else { return };
        let Some(life) = self.lives.get_mut(whose) else { return };
        let Some(participant) = life.id.clone() else { return };
        let rescreen = Authorisation::Rescreen { participant };
        let comes_again = matches!(life.path, Path::Fails { comes_again: true, .. });
        if comes_again && life.attempt == 1 {
            life.attempt += 1;
            let wait = life.times.between(4.0, 12.0);
            let at = days_after(now, wait);
            self.soon(Ask::act(at, &investigator, rescreen.clone()).signed());
            if self.slips.taken(Slip::RescreenTooOften) {
                self.soon(Ask::act(minutes_after(at, 5), &investigator, rescreen).signed().may_fail());
            }
            let visit = self.visit_of_gate(whose, 1);
            let plan = self.plan_of(whose);
            let forms = visit.as_ref().map(|visit| plan.site_forms(visit)).unwrap_or_default();
            // What the criterion looks at is asked again; the rest is kept while it is young enough.
            for (place, (form, need)) in (1i64..).zip(forms) {
                if need == protocol::model::Requirement::Required {
                    self.later(minutes_after(at, 30 + place * 6), whose, Step::Fill { visit: visit.clone(), form });
                }
            }
            self.later(days_after(at, 1.05), whose, Step::Prepare { gate: 1 });
            self.later(days_after(at, 1.1), whose, Step::Decide { gate: 1, tries: 0 });
            return;
        }
        self.finish(whose);
    }

    /// Approvals that are given for one person (licensed practice).
    fn participant_approvals(&mut self, now: Timestamp, whose: usize) {
        let plan = self.plan_of(whose);
        let rules = plan.study.approvals.iter().filter(|rule| rule.per == protocol::model::ApprovalScope::Participant);
        let Some(prescriber) = self.by(whose, Duty::Prescribe) else { return };
        let Some(participant) = self.lives.get(whose).and_then(|life| life.id.clone()) else { return };
        let Some(site) = self.site_id(whose) else { return };
        let today = self.today(whose, now);
        for rule in rules {
            let fact = Fact::RecordApproval {
                approval: rule.id.clone(),
                scope: protocol::model::ApprovalScope::Participant,
                site: site.clone(),
                participant: Some(participant.clone()),
                number: format!("SYN-{participant}-{}", rule.id),
                from: today,
                until: conduct::schedule::days_from(today, 360),
            };
            self.soon(Ask::fact(minutes_after(now, 50), &prescriber, fact));
        }
    }
}
