//! What the world does against the rules: facts that nobody could refuse, each once in a trial that is to show everything.
//!
//! Every one is recorded as it happened; the rules answer with deviations, tasks, holds. Source: DESIGN, list B.

use super::{Slip, Step, Trial, day::DayStep};
use crate::clinic::{Ask, minutes_after};
use conduct::{
    Authorisation, Fact,
    command::{
        AdverseEventOutcome, AdverseEventReport, Causality, ContainerFact, Destination, DosePart, Going, Severity,
        Valence,
    },
};
use jiff::Timestamp;
use protocol::model::{DeviationClass, Duty};
use terms::{ContainerId, FieldId, ParticipantId, StaffId, Value};

/// The people and things of a session in which something goes wrong.
pub(super) struct Scene {
    pub participant: ParticipantId,
    pub session: u8,
    pub lead: StaffId,
    pub other: StaffId,
    pub initial: ContainerId,
    pub supplement: Option<ContainerId>,
}

impl Trial<'_> {
    pub(super) fn scene(&self, whose: usize, session: u8) -> Option<Scene> {
        let (lead, other) = self.pair(whose)?;
        let participant = self.lives.get(whose)?.id.clone()?;
        let state = self.state(whose)?.sessions.get(&session)?;
        let (initial, supplement, _) = state.containers.clone()?;
        Some(Scene { participant, session, lead, other, initial, supplement })
    }

    fn swallows(scene: &Scene, part: DosePart, container: &ContainerId, pieces: u32) -> Fact {
        Fact::RecordSwallow {
            participant: scene.participant.clone(),
            session: scene.session,
            part,
            container: container.clone(),
            pieces,
            mouth_checked: false,
            seen: None,
        }
    }

    /// Before the permission: somebody swallows too soon. True if the dose is in, and nothing more is to be allowed.
    pub(super) fn swallows_too_soon(&mut self, now: Timestamp, whose: usize, session: u8) -> bool {
        let Some(scene) = self.scene(whose, session) else { return false };
        let pieces = self.state(whose).and_then(|s| s.sessions.get(&session)?.order.as_ref().map(|o| o.initial_pieces));
        let assigned = self.clinic.tally.report.assigned;
        if assigned > 9 && self.slips.once(Slip::SwallowsUnallowed) {
            let fact = Self::swallows(&scene, DosePart::Initial, &scene.initial, pieces.unwrap_or(1));
            self.soon(Ask::fact(now, &scene.lead, fact).signed().with(Some(&scene.other)));
            return true;
        }
        if let Some(supplement) = scene.supplement.clone()
            && assigned > 14
            && self.slips.once(Slip::SwallowsOther)
        {
            // The wrong bottle, by one person alone.
            let fact = Self::swallows(&scene, DosePart::Initial, &supplement, 1);
            self.soon(Ask::fact(now, &scene.lead, fact).signed());
            return true;
        }
        false
    }

    /// The room empties, somebody vomits, an order is stopped, a correction reaches back: in the hour after the dose.
    pub(super) fn after_the_dose(&mut self, dosed: Timestamp, whose: usize, session: u8) {
        let Some(scene) = self.scene(whose, session) else { return };
        let assigned = self.clinic.tally.report.assigned;
        if assigned > 3 && self.slips.once(Slip::LeftAlone) {
            for (minute, staff, going) in [
                (21, &scene.other, Going::Out),
                (22, &scene.lead, Going::Out),
                (25, &scene.lead, Going::In),
                (27, &scene.other, Going::In),
            ] {
                self.goes(minutes_after(dosed, minute), whose, session, staff, going);
            }
            return;
        }
        if assigned > 4 && self.slips.once(Slip::VomitsSoon) {
            self.day_later(minutes_after(dosed, 19), whose, session, DayStep::Code("VOMIT".to_owned()));
            return;
        }
        if assigned > 5 && self.slips.once(Slip::SevereInSession) {
            let today = self.today(whose, dosed);
            let event = AdverseEventReport {
                term: "panic".to_owned(),
                onset: today,
                ended: None,
                severity: Severity::Severe,
                serious: Vec::new(),
                related: Causality::Possible,
                session: Some(session),
                valence: Valence::Mixed,
                special_interest: None,
                outcome: AdverseEventOutcome::NotRecovered,
                answers: Vec::new(),
            };
            let fact = Fact::RecordAdverseEvent { participant: scene.participant, event };
            self.soon(Ask::fact(minutes_after(dosed, 62), &scene.lead, fact));
            return;
        }
        if assigned > 6 && self.slips.once(Slip::StoppedEarly) {
            let fact = Fact::StopSession { participant: scene.participant, session };
            self.soon(Ask::fact(minutes_after(dosed, 71), &scene.lead, fact));
            return;
        }
        if assigned > 7 && self.slips.once(Slip::GroundGoes) {
            self.later(minutes_after(dosed, 41), whose, Step::GroundGoes { session });
            return;
        }
        if assigned > 10 && self.slips.once(Slip::LeavesEarly) {
            let fact = Fact::RecordDeparture {
                participant: scene.participant,
                session,
                to: Destination::Home,
                escort: String::new(),
            };
            self.soon(Ask::fact(minutes_after(dosed, 395), &scene.lead, fact));
            return;
        }
        if assigned > 11 && self.slips.once(Slip::ToHospital) {
            let fact = Fact::RecordDeparture {
                participant: scene.participant,
                session,
                to: Destination::Hospital,
                escort: "ambulance".to_owned(),
            };
            self.soon(Ask::fact(minutes_after(dosed, 300), &scene.lead, fact));
        }
    }

    /// The weight was typed wrongly before the session: the true one is below the limit, and the ground of the dose is gone.
    pub(super) fn ground_goes(&mut self, now: Timestamp, whose: usize, _session: u8) {
        let Some((lead, _)) = self.pair(whose) else { return };
        let Some(state) = self.state(whose) else { return };
        let weighed = state
            .forms
            .iter()
            .filter(|(_, record)| !record.struck && record.values.contains_key("weight_kg"))
            .max_by_key(|(_, record)| record.at);
        let Some((instance, record)) = weighed else { return };
        let wrong = Value::Decimal(terms::Decimal::whole(46));
        let changes: crate::filler::Values = [(FieldId::from("weight_kg"), wrong)].into();
        let fact = Fact::CorrectForm {
            participant: state.id.clone(),
            instance: instance.clone(),
            changes,
            seen: record.corrections,
        };
        self.soon(Ask::fact(now, &lead, fact).because("typing mistake: 46, not 64"));
    }

    /// After the window has closed: the supplement asked for, and once taken all the same.
    pub(super) fn after_the_window(&mut self, now: Timestamp, whose: usize, session: u8) {
        let Some(scene) = self.scene(whose, session) else { return };
        let Some(container) = scene.supplement.clone() else { return };
        let ask = Authorisation::AuthoriseSupplement {
            participant: scene.participant.clone(),
            session,
            container: container.clone(),
            wished: true,
            physician_reason: None,
        };
        self.soon(Ask::act(now, &scene.lead, ask).signed().with(Some(&scene.other)).may_fail());
        if self.slips.once(Slip::SupplementAnyway) {
            let fact = Self::swallows(&scene, DosePart::Supplement, &container, 1);
            self.soon(Ask::fact(now, &scene.lead, fact).signed().with(Some(&scene.other)));
            self.day_later(minutes_after(now, 5), whose, session, DayStep::Empty);
        }
    }

    /// Small things between sessions: a deviation that somebody reports, a count that somebody forgot, a hold on one person.
    pub(super) fn between_sessions(&mut self, now: Timestamp, whose: usize) {
        let Some(participant) = self.lives.get(whose).and_then(|life| life.id.clone()) else { return };
        if self.slips.taken(Slip::ReportedDeviation)
            && let Some(by) = self.by(whose, Duty::RecordData)
        {
            let text = "The recording of the first ten minutes is missing: the camera was switched on late.".to_owned();
            let fact = Fact::RecordDeviation { participant: participant.clone(), text, class: DeviationClass::Minor };
            self.soon(Ask::fact(now, &by, fact));
        }
        if self.slips.once(Slip::HoldOnOne)
            && let Some(prescriber) = self.by(whose, Duty::Prescribe)
        {
            let on = conduct::command::HoldOn::Participant { participant };
            let fact = Fact::PlaceHold { on, text: "Result of the blood test is awaited".to_owned() };
            self.soon(Ask::fact(now, &prescriber, fact));
        }
    }

    /// A container on its way to the room is called back by its maker, or dropped.
    pub(super) fn on_the_way(&mut self, now: Timestamp, whose: usize, session: u8) {
        let Some(scene) = self.scene(whose, session) else { return };
        let Some(site) = self.site_id(whose) else { return };
        let Some(pharmacist) = self.at_site(&site, Duty::DispenseDrug) else { return };
        let what = if self.slips.once(Slip::CalledBack) {
            ContainerFact::Recalled { reason: "the maker calls the lot's first bottles back".to_owned() }
        } else if self.clinic.tally.report.assigned > 16 && self.slips.once(Slip::Dropped) {
            ContainerFact::Damaged { reason: "dropped on the way; the bottle broke".to_owned() }
        } else {
            return;
        };
        let fact = Fact::RecordContainer { site: site.clone(), container: scene.initial, what };
        self.soon(Ask::fact(now, &pharmacist, fact));
    }

    /// The other therapist's delegation is ended by mistake on the morning of a session, and given again.
    pub(super) fn delegation_lapses(&mut self, now: Timestamp, whose: usize) {
        let Some((_, other)) = self.pair(whose) else { return };
        let Some(lead) = self.by(whose, Duty::LeadSite) else { return };
        let Some(site) = self.site_id(whose) else { return };
        let today = self.today(whose, now);
        let role = self.clinic.roster.all().iter().find(|member| member.id == other).map(|member| member.role.clone());
        let Some(role) = role else { return };
        let end = Fact::EndDelegation { site: Some(site.clone()), staff: other.clone(), role: role.clone() };
        self.soon(Ask::fact(now, &lead, end));
        let again = Authorisation::Delegate { site, staff: other, role, from: today, until: None, covers: None };
        self.soon(Ask::act(minutes_after(now, 130), &lead, again).signed());
    }
}
