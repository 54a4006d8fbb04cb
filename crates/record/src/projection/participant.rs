//! The participant's own row, and the counts that it goes into.

use super::{
    MILESTONE_COUNT, MILESTONE_DAY, PARTICIPANT, PHASE_COUNT,
    cells::{count, date, id, maybe_date, maybe_id, maybe_instant, session, text, version, word},
};
use crate::table::{Cell, Write};
use conduct::{ParticipantState, Phase};
use jiff::civil::Date;
use protocol::model::DeviationClass;
use terms::SiteId;

/// Where a participant is counted.
#[derive(Default, PartialEq)]
pub(super) struct Counted {
    phase: Option<(SiteId, Phase)>,
    milestones: Vec<(SiteId, &'static str, Date)>,
}

impl Counted {
    pub(super) fn of(participant: Option<&ParticipantState>) -> Self {
        let Some(participant) = participant else { return Self::default() };
        let decided = |gate: u8, passed: bool| {
            participant.decisions.get(&gate).filter(|decision| decision.passed == passed).map(|decision| decision.day)
        };
        let days = [
            ("enquired", Some(participant.enquired)),
            ("consented", participant.consent_day()),
            ("enrolled", decided(1, true)),
            ("confirmed", decided(2, true)),
            ("screen_failed", decided(1, false).or_else(|| decided(2, false))),
            ("assigned", participant.assigned.as_ref().map(|(_, day)| *day)),
            ("first_dose", participant.doses().map(|(_, _, day)| day).min()),
            ("stopped", participant.stops.first().map(|stop| stop.day)),
        ];
        let milestones = days.into_iter().filter_map(|(name, day)| Some((participant.site.clone(), name, day?)));
        Self { phase: Some((participant.site.clone(), participant.phase)), milestones: milestones.collect() }
    }

    fn add(&self, by: i64, writes: &mut Vec<Write>) {
        if let Some((site, phase)) = &self.phase {
            writes.push(Write::Add(&PHASE_COUNT, vec![id(site), word(phase)], by));
        }
        for (site, milestone, day) in &self.milestones {
            writes.push(Write::Add(&MILESTONE_COUNT, vec![id(site), text(milestone)], by));
            writes.push(Write::Add(&MILESTONE_DAY, vec![id(site), text(milestone), date(*day)], by));
        }
    }

    /// What is counted here and not there.
    fn without(&self, other: &Self) -> Self {
        Self {
            phase: self.phase.clone().filter(|phase| other.phase.as_ref() != Some(phase)),
            milestones: self.milestones.iter().filter(|one| !other.milestones.contains(one)).cloned().collect(),
        }
    }
}

pub(super) fn rows(after: &ParticipantState, before: &Counted, writes: &mut Vec<Write>) {
    let counted = Counted::of(Some(after));
    if counted != *before {
        before.without(&counted).add(-1, writes);
        counted.without(before).add(1, writes);
    }
    writes.push(Write::Put(&PARTICIPANT, row(after)));
}

fn row(participant: &ParticipantState) -> Vec<Cell> {
    let passed = |gate: u8| {
        maybe_date(participant.decisions.get(&gate).filter(|decision| decision.passed).map(|decision| decision.day))
    };
    let stop = participant.stops.last();
    let doses: Vec<Date> = participant.doses().map(|(_, _, day)| day).collect();
    let next = participant
        .visits
        .iter()
        .filter_map(|(visit, record)| Some((record.booking?.starts, visit)))
        .min_by_key(|(starts, _)| *starts);
    let events = participant.adverse_events.values().filter(|event| !event.struck);
    vec![
        id(&participant.id),
        id(&participant.site),
        word(&participant.phase),
        participant.attempt.into(),
        id(&participant.study),
        text(&participant.language),
        date(participant.enquired),
        maybe_date(participant.consent_day()),
        passed(1),
        passed(2),
        maybe_date(participant.assigned.as_ref().map(|(_, day)| *day)),
        maybe_date(doses.iter().min().copied()),
        maybe_date(doses.iter().max().copied()),
        session(u8::try_from(doses.len()).unwrap_or(u8::MAX)),
        stop.map_or(Cell::Null, |stop| word(&stop.scope)),
        stop.map_or(Cell::Null, |stop| text(&stop.reason)),
        maybe_date(stop.map(|stop| stop.day)),
        maybe_instant(participant.code_broken),
        maybe_id(next.map(|(_, visit)| visit)),
        maybe_instant(next.map(|(starts, _)| starts)),
        count(participant.tasks.values().filter(|task| task.done.is_none()).count()),
        count(participant.questions.values().filter(|question| !question.answered).count()),
        count(events.clone().count()),
        count(events.filter(|event| event.event.is_serious()).count()),
        count(participant.deviations.len()),
        count(participant.deviations.values().filter(|one| one.class == DeviationClass::Important).count()),
        version(participant.version),
    ]
}
