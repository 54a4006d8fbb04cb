//! Facts that reach back: what had been allowed is flagged when its ground goes, and what is still to come is stopped.
//!
//! Two questions. Of a permission that nobody has used yet: would it still be given? Of a dose that was swallowed as
//! allowed: would a corrected record have allowed it then? Source: DESIGN, "never unanswered"; issue 4 §3.

use super::{
    checks, dose, ground, monitoring,
    room::Room,
    supplement::{self, Asked},
};
use crate::{
    case::{Case, Draft},
    command::DosePart,
    entry::Entry,
    finding::Finding,
    names::{AGE, mentions},
    participant::{criterion_finding, interval, washout},
    state::{ParticipantState, SessionState, Swallow},
};
use protocol::{expression::Expression, model::Trigger};
use terms::RuleId;

/// Rules about the moment and its people: they say nothing about the ground.
const OF_THE_MOMENT: &[&str] = &["dose.two_people", "supplement.reason", "dose.open_to_swallow", "dose.once"];

/// Rules that the day's own course may break before the swallow: the permission ends, and it is nobody's deviation.
const COURSE_OF_THE_DAY: &[&str] = &[
    "dose.limits",
    "session.carers",
    "session.lead",
    "session.licensed",
    "session.related",
    "session.nurse",
    "session.not_over",
    "supplement.adverse_event",
    "supplement.limits",
    "supplement.vomited",
    "supplement.wish",
];

/// After a fact that may reach back: flags what was allowed and has lost its ground, stops what is still to come.
pub fn ground_check(case: &Case<'_>, draft: &mut Draft) {
    let Some(before) = case.world.participant else { return };
    let reaches_back = reaches_back(case, before, draft) && !only_of_other_forms(case, before, draft);
    let waiting = before.sessions.values().any(|session| pending(case, session).is_some());
    if !reaches_back && !waiting {
        return;
    }
    let mut after = before.clone();
    draft.apply_to(&mut after);
    for (number, session) in &before.sessions {
        let stopped_now = after.sessions.get(number).is_some_and(|s| s.ground_withdrawn && !session.ground_withdrawn);
        if stopped_now || session.ground_withdrawn {
            continue;
        }
        let before_use = pending(case, session).and_then(|part| lost_before_use(case, before, &after, *number, part));
        let used = before_use.is_none();
        // A supplement that waits to be opened stands on the first dose as well: its own rules say nothing of that ground.
        let lost = before_use.or_else(|| {
            let parts = [DosePart::Initial, DosePart::Supplement].into_iter().filter(|_| reaches_back);
            parts
                .filter_map(|part| session.swallow(part).filter(|swallow| swallow.authorised))
                .find_map(|swallow| lost_since(case, before, &after, *number, swallow))
        });
        if let Some((rule, found)) = lost {
            withdraw(case, *number, rule, found, used, draft);
        }
    }
}

/// Whether the facts of this act can change what stood at an earlier dose. New answers of today can't.
fn reaches_back(case: &Case<'_>, before: &ParticipantState, draft: &Draft) -> bool {
    let mut swallowed = before.sessions.values().flat_map(|session| &session.swallowed);
    let Some(first) = swallowed.next() else { return false };
    let last = swallowed.map(|swallow| swallow.at).fold(first.at, std::cmp::max);
    draft.entries().any(|entry| match entry {
        Entry::FormCorrected { .. } | Entry::RecordStruck { .. } | Entry::MedicationRecorded { .. } => true,
        Entry::ReadingCorrected { .. } | Entry::SessionNoteCorrected { .. } => true,
        Entry::FormRecorded { .. }
        | Entry::CheckRecorded { .. }
        | Entry::ReadingRecorded { .. }
        | Entry::SessionNoted { .. } => case.at <= last,
        _ => false,
    })
}

/// Whether the act is only about forms that nothing asks for which a dose stands on, or about records that no dose stands on.
fn only_of_other_forms(case: &Case<'_>, before: &ParticipantState, draft: &Draft) -> bool {
    let of_forms = draft.entries().all(|entry| match entry {
        Entry::FormCorrected { .. }
        | Entry::FormRecorded { .. }
        | Entry::QuestionRaised { .. }
        | Entry::TaskRaised(_)
        | Entry::DeviationRecorded { .. } => true,
        Entry::RecordStruck { instance, .. } => {
            before.forms.contains_key(instance)
                || before.adverse_events.contains_key(instance)
                || before.documents.contains_key(instance)
                || before.notes.contains_key(instance)
        }
        _ => false,
    });
    let touched = draft.forms_touched(before);
    // The date of birth may stand on any form, and a daily criterion may ask for the age.
    let names_one = |expression: &Expression| {
        mentions(expression, &touched) || expression.names().iter().any(|name| name.as_str() == AGE)
    };
    let mut daily = case.study.criteria.iter().filter(|criterion| criterion.gates.contains(&0));
    let checks = &case.study.session.checks;
    of_forms
        && !daily.any(|criterion| names_one(&criterion.check))
        && !checks.iter().any(|check| {
            check.applies.as_ref().is_some_and(&names_one)
                || names_one(&check.pass)
                || check.form.as_ref().is_some_and(|form| touched.contains(&form))
        })
}

/// The part for which a permission is in force that nobody has used.
fn pending(case: &Case<'_>, session: &SessionState) -> Option<DosePart> {
    let in_force = |given: &Option<crate::state::Authorised>, part: DosePart| {
        given.as_ref().is_some_and(|given| given.expires >= case.context.now) && session.swallow(part).is_none()
    };
    if in_force(&session.dose_authorised, DosePart::Initial) {
        return Some(DosePart::Initial);
    }
    in_force(&session.supplement_authorised, DosePart::Supplement).then_some(DosePart::Supplement)
}

/// The rule that stands in the way now and did not before this act.
fn lost_before_use(
    case: &Case<'_>,
    before: &ParticipantState,
    after: &ParticipantState,
    number: u8,
    part: DosePart,
) -> Option<(&'static str, String)> {
    let asked = |participant: &ParticipantState| -> Vec<Finding> {
        let Ok(room) = Room::of(case, participant, number) else { return Vec::new() };
        let given = match part {
            DosePart::Initial => &room.session.dose_authorised,
            DosePart::Supplement => &room.session.supplement_authorised,
        };
        // The act itself may have cleared the permission: what was asked for is what was allowed before it.
        let earlier = before.sessions.get(&number).and_then(|session| match part {
            DosePart::Initial => session.dose_authorised.as_ref(),
            DosePart::Supplement => session.supplement_authorised.as_ref(),
        });
        let Some(given) = given.as_ref().or(earlier) else { return Vec::new() };
        match part {
            DosePart::Initial => dose::ask(&room, &given.container),
            DosePart::Supplement => {
                let asked = Asked { container: &given.container, wished: true, physician_reason: None };
                supplement::ask(&room, asked)
            }
        }
    };
    first_lost(&asked(before), &asked(after))
}

/// The rule that the record as it stands now would have broken at the swallow, and as it stood before would not.
fn lost_since(
    case: &Case<'_>,
    before: &ParticipantState,
    after: &ParticipantState,
    number: u8,
    swallow: &Swallow,
) -> Option<(&'static str, String)> {
    let then = Case {
        study: case.study,
        study_hash: case.study_hash,
        studies: case.studies,
        world: case.world,
        context: case.context,
        actor: case.actor.clone(),
        second: case.second.clone(),
        site: case.site,
        zone: case.zone.clone(),
        zone_name: case.zone_name,
        at: swallow.at,
        device_at: None,
        day: swallow.day,
        reason: case.reason,
        brief: true,
    };
    let asked = |participant: &ParticipantState| -> Vec<Finding> {
        let Ok(room) = Room::of(&then, participant, number) else { return Vec::new() };
        let mut findings = Vec::new();
        if swallow.part == DosePart::Supplement {
            if let Some(plan) = &then.study.dose.supplement {
                supplement::limits(&room, plan, &mut findings);
            }
            findings.push(supplement::vomited(&room));
            return findings;
        }
        findings.push(monitoring::limits_before_the_dose(&room));
        washout(&then, participant, &mut findings);
        ground::rescue(&room, &mut findings);
        let daily = then.study.criteria.iter().filter(|criterion| criterion.gates.contains(&0));
        findings.extend(daily.map(|criterion| criterion_finding(&then, participant, criterion)));
        findings.push(interval(&then, participant, Some(number), then.day));
        checks::before_the_dose(&room, &mut findings);
        findings
    };
    first_lost(&asked(before), &asked(after))
}

fn first_lost(before: &[Finding], after: &[Finding]) -> Option<(&'static str, String)> {
    let key = |finding: &Finding| finding.broken().map(|broken| (broken.rule, broken.condition.clone()));
    let stood: Vec<_> = before.iter().filter_map(key).collect();
    after.iter().filter_map(Finding::broken).find_map(|broken| {
        let new = !stood.contains(&(broken.rule, broken.condition.clone()));
        (new && !OF_THE_MOMENT.contains(&broken.rule))
            .then(|| (broken.rule, format!("{}: {}", broken.sentence, broken.found)))
    })
}

fn withdraw(case: &Case<'_>, number: u8, rule: &'static str, found: String, swallowed: bool, draft: &mut Draft) {
    draft.participant(Entry::GroundWithdrawn {
        rule: RuleId::from(rule),
        session: Some(number),
        detail: found.clone(),
    });
    if !swallowed && COURSE_OF_THE_DAY.contains(&rule) {
        draft.clocks(case, Trigger::GroundWithdrawn, None);
        return;
    }
    let detail = format!("session {number}: {found}");
    let visit = case.study.session(number).map(|session| &session.visit);
    draft.consequence(case, Trigger::GroundWithdrawn, detail, visit, None);
}
