//! Adverse events, pleasant ones too: drawn per person, told when they are asked about, followed until they end.

use super::{Slip, Step, Trial, life::Happening};
use crate::clinic::{Ask, days_after, minutes_after};
use conduct::{
    Authorisation, Entry, Fact,
    command::{AdverseEventOutcome, AdverseEventReport, Causality, Seriousness, Severity, Valence},
    schedule::days_from,
};
use jiff::Timestamp;
use protocol::model::{Content, Duty};

impl Trial<'_> {
    /// Draws everything that will befall a person, before it is known when their sessions are.
    pub(super) fn draw_events(&mut self, whose: usize, content: Content) {
        let scenario = self.clinic.scenario;
        let sessions = self.clinic.study.dose.sessions.len();
        let serious_crisis = self.rare.suicidality_serious > 0 && self.clinic.tally.report.assigned > 4;
        if serious_crisis {
            self.rare.suicidality_serious -= 1;
        }
        let day = self.first_day();
        let Some(life) = self.lives.get_mut(whose) else { return };
        let stream = &mut life.harm;
        let severe_person = stream.chance(scenario.severity_of_events.severe_person.of(content));
        let serious_person = stream.chance(scenario.severity_of_events.serious_person.of(content));
        let plain = |term: &str| AdverseEventReport {
            term: term.to_owned(),
            onset: day,
            ended: None,
            severity: Severity::Mild,
            serious: Vec::new(),
            related: if content == Content::Active { Causality::Probable } else { Causality::Possible },
            session: None,
            valence: Valence::Negative,
            special_interest: None,
            outcome: AdverseEventOutcome::Recovering,
            answers: Vec::new(),
        };
        let mut events = Vec::new();
        for draw in &scenario.adverse_events {
            let share = if content == Content::Active { draw.active } else { draw.placebo };
            let (happens, times) = (stream.chance(share), stream.whole(1, 3) as usize);
            let first = stream.place(sessions.max(1));
            let mut after = Vec::new();
            for step in 0..sessions {
                let onset = stream.weighted(&[0.75, 0.15, 0.10]);
                let late = stream.whole(2, 9) as i32;
                let session = (first + step) % sessions.max(1);
                if step < times {
                    let days = [0, 1, late];
                    after.push((session as u8 + 1, days.get(onset).copied().unwrap_or(0)));
                }
            }
            let moderate = stream.chance(scenario.severity_of_events.moderate);
            if happens {
                let mut report = plain(&draw.term);
                report.severity = if moderate { Severity::Moderate } else { Severity::Mild };
                report.special_interest.clone_from(&draw.special_interest);
                events.push(Happening { report, instance: None, after, days: draw.days });
            }
        }
        let euphoria = scenario.session.euphoria.of(content);
        for session in 1..=sessions {
            if stream.chance(euphoria) {
                let mut report = plain("elevated mood");
                report.valence = Valence::Positive;
                report.special_interest = Some("abuse_potential".to_owned());
                events.push(Happening { report, instance: None, after: vec![(session as u8, 0)], days: 0 });
            }
        }
        if severe_person && let Some(event) = events.first_mut() {
            event.report.severity = Severity::Severe;
            // It comes after the session, so that it stands in the way of no supplement.
            event.after.iter_mut().for_each(|(_, day)| *day = (*day).max(1));
        }
        if serious_person || serious_crisis {
            let mut report = plain(if serious_crisis { "suicidal crisis" } else { "suicidal ideation, admitted" });
            report.severity = Severity::Severe;
            report.serious = vec![Seriousness::Hospitalisation];
            report.special_interest = Some("suicidality".to_owned());
            report.related = Causality::Unlikely;
            events.push(Happening { report, instance: None, after: vec![(1, 12)], days: 9 });
        }
        life.events = events;
    }

    /// What follows one session, now that its day is known.
    pub(super) fn events_of_session(&mut self, dosed: Timestamp, whose: usize, session: u8) {
        let today = self.today(whose, dosed);
        let Some(life) = self.lives.get_mut(whose) else { return };
        let mut planned = Vec::new();
        for (place, event) in life.events.iter().enumerate() {
            for (number, days) in &event.after {
                if *number == session {
                    planned.push((place, *days));
                }
            }
        }
        for (event, days) in planned {
            let Some(life) = self.lives.get_mut(whose) else { return };
            // Told at the end of the day, or the day after.
            let at = if days == 0 {
                minutes_after(dosed, life.harm.whole(380, 470))
            } else {
                let minute = life.harm.whole(0, 50);
                self.clock(whose, days_from(today, days), 11, minute)
            };
            self.later(at, whose, Step::NewEvent { event, session: Some(session) });
        }
    }

    pub(super) fn new_event(&mut self, now: Timestamp, whose: usize, place: usize, session: Option<u8>) {
        let today = self.today(whose, now);
        let Some(by) = self.by(whose, Duty::Facilitate) else { return };
        let Some(life) = self.lives.get_mut(whose) else { return };
        let Some(participant) = life.id.clone() else { return };
        let Some(event) = life.events.get_mut(place) else { return };
        event.report.onset = today;
        event.report.ended = None;
        event.report.session = session;
        event.report.outcome = AdverseEventOutcome::Recovering;
        let (report, days) = (event.report.clone(), event.days);
        if self.slips.taken(Slip::EventBackwards) {
            let mut backwards = report.clone();
            backwards.ended = Some(days_from(today, -5));
            let fact = Fact::RecordAdverseEvent { participant: participant.clone(), event: backwards };
            self.soon(Ask::fact(now, &by, fact).may_fail());
        }
        let fact = Fact::RecordAdverseEvent { participant, event: report };
        let Ok(written) = self.clinic.ask(Ask::fact(now, &by, fact)) else { return };
        let instance = written.iter().find_map(|one| match &one.entry {
            Entry::AdverseEventRecorded { instance, .. } => Some(instance.clone()),
            _ => None,
        });
        let Some(life) = self.lives.get_mut(whose) else { return };
        if let Some(event) = life.events.get_mut(place) {
            event.instance = instance;
        }
        let lasts = f64::from(days) * life.harm.between(0.5, 2.5);
        let hour = life.harm.whole(9, 16);
        let minute = life.harm.whole(0, 55);
        let until = days_from(today, (lasts.round() as i32).max(1));
        let at = self.clock(whose, until, hour, minute);
        self.later(at, whose, Step::EventEnds { event: place });
    }

    pub(super) fn event_ends(&mut self, now: Timestamp, whose: usize, place: usize) {
        let today = self.today(whose, now);
        let Some(by) = self.by(whose, Duty::Facilitate) else { return };
        let Some(life) = self.lives.get_mut(whose) else { return };
        let (Some(participant), Some(event)) = (life.id.clone(), life.events.get_mut(place)) else { return };
        let Some(instance) = event.instance.clone() else { return };
        if event.report.ended.is_some() {
            return;
        }
        event.report.ended = Some(today.max(event.report.onset));
        event.report.outcome = AdverseEventOutcome::Recovered;
        let fact = Fact::UpdateAdverseEvent { participant, instance, event: event.report.clone() };
        self.soon(Ask::fact(now, &by, fact));
    }

    /// A physician opens one allocation in an emergency.
    pub(super) fn break_code(&mut self, now: Timestamp, whose: usize) {
        let Some(physician) = self.by(whose, Duty::BreakCode) else { return };
        let Some(participant) = self.lives.get(whose).and_then(|life| life.id.clone()) else { return };
        let act = Authorisation::BreakCode { participant };
        if self.slips.taken(Slip::BreakSilently) {
            self.soon(Ask::act(now, &physician, act.clone()).signed().may_fail());
        }
        let reason = "admitted unconscious; the emergency physicians must know what was given";
        let ask = Ask::act(now, &physician, act).signed().because(reason);
        if self.clinic.ask(ask).is_err() {
            self.breaks_left += 1;
            return;
        }
        self.later(days_after(now, 0.2), whose, Step::StopTreatment(crate::fate::Why::AdverseEvent));
    }
}
