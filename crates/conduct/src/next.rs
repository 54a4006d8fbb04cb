//! What somebody may do next for a participant, and what stands in the way of the rest.

use crate::{
    case::Case,
    command::{Authorisation, DosePart},
    decide,
    finding::{Broken, Finding},
    schedule,
    state::{ParticipantState, Phase},
};
use jiff::civil::time;
use protocol::model::VisitKind;
use terms::ContainerId;

/// One act that lies ahead, with every finding about it.
#[derive(Debug, Clone)]
pub struct Step {
    /// The act.
    pub act: Authorisation,
    /// What it does, imperative.
    pub title: String,
    /// The rules' findings, in their order.
    pub findings: Vec<Finding>,
}

impl Step {
    /// What stands in the way apart from signatures and proofs, which come at the moment of the act. Those that need a
    /// person come first, those that clear by themselves after them.
    pub fn in_the_way(&self) -> Vec<&Broken> {
        let mut broken: Vec<&Broken> =
            self.findings.iter().filter_map(Finding::broken).filter(|b| !crate::rules::at_the_moment(b.rule)).collect();
        broken.sort_by_key(|broken| broken.clears.is_some());
        broken
    }

    /// Proofs and signatures that the act will ask for.
    pub fn at_the_moment(&self) -> Vec<&Broken> {
        self.findings.iter().filter_map(Finding::broken).filter(|b| crate::rules::at_the_moment(b.rule)).collect()
    }

    /// Whether nothing stands in the way but proofs at the moment.
    pub fn open(&self) -> bool {
        self.in_the_way().is_empty()
    }
}

/// The acts that lie ahead of a participant, nearest first.
pub fn steps(case: &Case<'_>) -> Vec<Step> {
    let Some(participant) = case.world.participant else { return Vec::new() };
    let mut acts = phase_acts(case, participant);
    acts.extend(booking_acts(case, participant));
    acts.into_iter()
        .map(|(title, act)| {
            let findings = decide::ask(case, &act);
            Step { act, title, findings }
        })
        .collect()
}

fn phase_acts(case: &Case<'_>, participant: &ParticipantState) -> Vec<(String, Authorisation)> {
    let id = participant.id.clone();
    if crate::participant::may_be_erased(participant) && participant.erased.is_none() {
        let title = "Erase who they are, if they ask for it".to_owned();
        return vec![(title, Authorisation::EraseIdentity { participant: id })];
    }
    match participant.phase {
        Phase::Screening => vec![("Enrol".to_owned(), Authorisation::Enrol { participant: id })],
        Phase::Enrolled => vec![("Confirm enrolment".to_owned(), Authorisation::ConfirmEnrolment { participant: id })],
        Phase::ScreenFailed | Phase::BaselineFailed => {
            vec![("Start screening again".to_owned(), Authorisation::Rescreen { participant: id })]
        }
        Phase::Confirmed => vec![("Assign an arm".to_owned(), Authorisation::Randomise { participant: id })],
        Phase::Assigned | Phase::InTreatment => session_acts(case, participant),
        Phase::FollowUp => {
            vec![(
                "Close the participant's record".to_owned(),
                Authorisation::CompleteParticipation { participant: id },
            )]
        }
        Phase::Enquiry | Phase::Declined | Phase::Completed | Phase::Left => Vec::new(),
    }
}

/// The acts of the session in hand: the first that is neither closed nor missed.
fn session_acts(case: &Case<'_>, participant: &ParticipantState) -> Vec<(String, Authorisation)> {
    let id = &participant.id;
    let open = case.study.dose.sessions.iter().find(|session| {
        let state = participant.sessions.get(&session.number);
        state.is_none_or(|state| state.closed.is_none()) && !schedule::settled(participant, session.visit.as_str())
            || state.is_some_and(|state| state.dosed_at().is_some() && state.closed.is_none())
    });
    let Some(plan) = open else {
        let act = Authorisation::CompleteParticipation { participant: id.clone() };
        return vec![("Close the participant's record".to_owned(), act)];
    };
    let number = plan.number;
    let state = participant.sessions.get(&number).cloned().unwrap_or_default();
    let held = |part: DosePart| match (&state.containers, part) {
        (Some((initial, _, _)), DosePart::Initial) => initial.clone(),
        (Some((_, Some(supplement), _)), DosePart::Supplement) => supplement.clone(),
        (Some((_, None, _)) | None, _) => ContainerId::from("—"),
    };
    if state.dosed_at().is_some() {
        let mut acts = Vec::new();
        if case.study.dose.supplement.is_some()
            && state.swallow(DosePart::Supplement).is_none()
            && state.supplement_not_given.is_none()
            && state.departed.is_none()
        {
            let act = Authorisation::AuthoriseSupplement {
                participant: id.clone(),
                session: number,
                container: held(DosePart::Supplement),
                wished: true,
                physician_reason: None,
            };
            acts.push((format!("Allow the supplement of session {number}"), act));
        }
        if state.departed.is_none() {
            let act = Authorisation::Discharge { participant: id.clone(), session: number };
            acts.push((format!("Let the participant leave session {number}"), act));
        }
        let act = Authorisation::CloseSession { participant: id.clone(), session: number };
        acts.push((format!("Close session {number}"), act));
        return acts;
    }
    let mut acts = Vec::new();
    if state.order.is_none() {
        let act = Authorisation::OrderDose {
            participant: id.clone(),
            session: number,
            level: plan.level_default.clone(),
            level_reason: None,
        };
        acts.push((format!("Order the dose of session {number}"), act));
    }
    if state.containers.is_none() {
        let act = Authorisation::ReleaseContainers { participant: id.clone(), session: number };
        acts.push((format!("Take the containers of session {number} out of the safe"), act));
    }
    let act =
        Authorisation::AuthoriseDose { participant: id.clone(), session: number, container: held(DosePart::Initial) };
    acts.push((format!("Allow the dose of session {number}"), act));
    acts
}

/// The next visits without an appointment: those whose anchor has happened, and the first after them.
fn booking_acts(case: &Case<'_>, participant: &ParticipantState) -> Vec<(String, Authorisation)> {
    let mut acts = Vec::new();
    if participant.has_left() || participant.consent_day().is_none() {
        return acts;
    }
    for visit in &case.study.visits {
        let untouched = participant
            .visits
            .get(&visit.id)
            .is_none_or(|record| record.booking.is_none() && record.standing == crate::state::VisitStanding::Planned);
        if !untouched || visit.kind == VisitKind::Unscheduled || !schedule::applies(case.study, participant, visit) {
            continue;
        }
        let Some(planned) = schedule::planned(case.study, participant, visit).filter(|planned| planned.real) else {
            continue;
        };
        let day = planned.target.max(case.day.tomorrow().unwrap_or(case.day));
        let Ok(starts) = day.to_datetime(time(9, 0, 0, 0)).to_zoned(case.zone.clone()) else { continue };
        let act = Authorisation::BookVisit {
            participant: participant.id.clone(),
            visit: visit.id.clone(),
            starts: starts.timestamp(),
            mode: visit.mode,
        };
        acts.push((format!("Book {} {}", visit.id, visit.name), act));
    }
    acts
}
