//! Who is in the room: a fact that each person records for themselves, and what must follow when too few are left.
//!
//! Source: dosing-day.md §1 and §13.5; DESIGN, "never unanswered".

use super::{
    alarms::{self, Brought, Raise},
    company::{self, Company, Stretch},
    room::{Room, minutes},
};
use crate::{
    case::{Case, Draft},
    command::Going,
    decide::FactNo,
    entry::{AlarmKind, Entry},
    finding::{Broken, Finding, Rule, Unreadable},
    staffing::credentials::Staff,
};
use jiff::{Timestamp, civil::Date};
use protocol::model::{AlarmLevel, Duty, Trigger};
use terms::StaffId;

/// Enough carers.
pub const CARERS: Rule = Rule {
    id: "session.carers",
    sentence: "Enough carers are in the room",
    source: "The study's presence plan; dosing-day.md §1",
    binds: &["authorise_dose", "authorise_supplement"],
    broken: "Deviation carers_below_minimum",
};
/// One who leads.
pub const LEAD: Rule = Rule {
    id: "session.lead",
    sentence: "One who may lead the session is in the room",
    source: "The study's presence plan; dosing-day.md §1",
    binds: &["authorise_dose", "authorise_supplement"],
    broken: "Deviation carers_below_minimum",
};
/// A nurse, where the study asks for one.
pub const NURSE: Rule = Rule {
    id: "session.nurse",
    sentence: "A nurse is in the room, where the study asks for one",
    source: "The study's presence plan; dosing-day.md §1",
    binds: &["authorise_dose", "authorise_supplement"],
    broken: "Deviation carers_below_minimum",
};
/// Enough licences.
pub const LICENSED: Rule = Rule {
    id: "session.licensed",
    sentence: "Enough of the carers in the room hold a licence, in date",
    source: "The study's presence plan and certificates; failures.md F-52",
    binds: &["authorise_dose", "authorise_supplement"],
    broken: "Deviation dose_unauthorised",
};
/// Nobody witnesses for their own.
pub const RELATED: Rule = Rule {
    id: "session.related",
    sentence: "Those in the room are not only people who are related to each other",
    source: "The study's presence plan and relations; failures.md F-53",
    binds: &["authorise_dose", "authorise_supplement"],
    broken: "Deviation dose_unauthorised",
};
/// Delegations outlast the session.
pub const DELEGATION: Rule = Rule {
    id: "session.delegation",
    sentence: "The carers' delegations and certificates last until the session will be over",
    source: "The study's presence plan; dosing-day.md §1, RF-STAFF-2",
    binds: &["authorise_dose"],
    broken: "Deviation carers_below_minimum",
};

/// Carers, lead and nurse in the room now.
pub(super) fn in_room(room: &Room<'_>, findings: &mut Vec<Finding>) {
    let plan = &room.case.study.session.presence;
    let rows = [
        (&CARERS, CARING, plan.carers_min, "carers", Duty::Facilitate),
        (&LEAD, &[Duty::LeadSession][..], plan.leads_min, "who may lead", Duty::LeadSession),
        (&NURSE, &[Duty::Nurse][..], plan.nurses_min, "nurses", Duty::Nurse),
    ];
    for (rule, duties, least, what, duty) in rows {
        let here = room.fit_with(duties);
        let out_of_date = room.duty_with(duties).saturating_sub(here);
        findings.push(if here >= least as usize {
            Finding::holds(rule, format!("{here} {what} in the room"))
        } else {
            Broken::new(
                rule,
                match out_of_date {
                    0 => format!("{here} {what} in the room"),
                    more => format!("{here} {what} in the room, and {more} whose certificates are not in date"),
                },
                format!("at least {least}"),
                "each checks in with their own PIN when they come into the room",
            )
            .from_source(&plan.source)
            .by(duty)
            .into()
        });
    }
    findings.extend([licensed(room), related(room)]);
}

/// Duties of carers.
const CARING: &[Duty] = &[Duty::Facilitate, Duty::Nurse];

fn licensed(room: &Room<'_>) -> Finding {
    let (staff, day) = (room.staff(), room.case.day);
    let least = room.case.study.licensed_min();
    let held = licences(staff, &room.present(), day);
    if held >= least as usize {
        return Finding::holds(&LICENSED, format!("{held} licensed"));
    }
    Broken::new(
        &LICENSED,
        format!("{held} of the carers in the room hold a licence in date"),
        format!("at least {least}"),
        "a licensed carer comes into the room, or the licence is recorded",
    )
    .from_source(&room.case.study.session.presence.source)
    .by(Duty::LeadSite)
    .into()
}

fn licences(staff: Staff<'_>, people: &[&StaffId], day: Date) -> usize {
    people.iter().filter(|who| staff.is_fit_carer(who, day) && staff.is_licensed(who, day)).count()
}

fn related(room: &Room<'_>) -> Finding {
    if room.case.study.session.presence.related_alone {
        return Finding::holds(&RELATED, "the study lets them");
    }
    match room.staff().only_related(&room.present(), room.case.day) {
        None => Finding::holds(&RELATED, "not related, as far as is declared"),
        Some((one, other, title)) => Broken::new(
            &RELATED,
            format!("{one} and {other}: {}", title.to_lowercase()),
            "somebody who is not related to them",
            "a third person comes into the room and checks in",
        )
        .from_source(&room.case.study.session.presence.source)
        .by(Duty::Facilitate)
        .into(),
    }
}

/// Whether these people would be enough at a dose, by what they hold and how they are related.
///
/// # Errors
/// The rule that says no, and what was found.
pub(crate) fn room_stands(staff: Staff<'_>, people: &[&StaffId], day: Date) -> Result<(), (&'static str, String)> {
    let plan = &staff.study.session.presence;
    let carers = people.iter().filter(|who| staff.is_fit_carer(who, day)).count();
    if carers < plan.carers_min as usize {
        let found = format!("{carers} carers in the room with certificates in date, {} at least", plan.carers_min);
        return Err((CARERS.id, found));
    }
    let (held, least) = (licences(staff, people, day), staff.study.licensed_min());
    if held < least as usize {
        return Err((
            LICENSED.id,
            format!("{held} of the carers in the room hold a licence in date, {least} at least"),
        ));
    }
    match staff.only_related(people, day).filter(|_| !plan.related_alone) {
        None => Ok(()),
        Some((one, other, title)) => {
            Err((RELATED.id, format!("only people who are related: {one} and {other}, {}", title.to_lowercase())))
        }
    }
}

/// Carers in the room whose delegation lasts until the session will be over.
pub(super) fn delegations(room: &Room<'_>) -> Finding {
    let plan = &room.case.study.session.presence;
    let end = room.case.day_of(Case::after_minutes(room.case.at, minutes(plan.delegation_minutes)));
    let lasting = room
        .session
        .in_room()
        .filter(|span| {
            room.staff().is_fit_carer(&span.staff, room.case.day) && room.staff().is_fit_carer(&span.staff, end)
        })
        .count();
    if lasting >= plan.carers_min as usize {
        return Finding::holds(&DELEGATION, format!("{lasting} until {end}"));
    }
    Broken::new(
        &DELEGATION,
        format!("{lasting} carers with a delegation and certificates until {end}"),
        format!("at least {}", plan.carers_min),
        "the investigator extends the delegation or records the certificate anew, or another carer comes",
    )
    .from_source(&plan.source)
    .by(Duty::LeadSite)
    .into()
}

/// Somebody came or went.
pub(super) fn record(room: &Room<'_>, going: Going, draft: &mut Draft) -> Result<(), FactNo> {
    let case = room.case;
    let Some(staff) = case.actor.staff() else {
        return Err(Unreadable {
            field: "actor".to_owned(),
            what: "presence is recorded by each member of staff for themselves".to_owned(),
            mend: "sign in as the person who came or went".to_owned(),
        }
        .into());
    };
    let known = room.session.goings.get(staff).map(Vec::as_slice).unwrap_or_default();
    if going == Going::Out
        && let Some((came, _)) = known.first()
        && case.at < *came
    {
        return Err(Unreadable {
            field: "at".to_owned(),
            what: format!("going at {} is before coming at {}", case.clock(case.at), case.clock(*came)),
            mend: "check the time".to_owned(),
        }
        .into());
    }
    let here = room.at(case.at).any(|span| span.staff == *staff);
    draft.participant(Entry::PresenceRecorded { session: room.number, staff: staff.clone(), going });
    judged(room, None, draft);
    if going == Going::In && !here {
        came(room, staff, draft);
    }
    Ok(())
}

/// One goes as the other comes: one fact, for which both prove who they are. Who was in the room goes.
pub(super) fn handover(room: &Room<'_>, draft: &mut Draft) -> Result<(), FactNo> {
    let case = room.case;
    let wrong = |field: &str, what: &str, mend: &str| Unreadable {
        field: field.to_owned(),
        what: what.to_owned(),
        mend: mend.to_owned(),
    };
    let people = [Some(&case.actor), case.second.as_ref()].map(|one| one.and_then(crate::case::Authority::staff));
    let [Some(one), Some(other)] = people else {
        let what = "a handover needs both: the one who goes and the one who comes";
        let mend = "the other proves who they are with their own PIN; or each records their own coming and going";
        return Err(wrong("second", what, mend).into());
    };
    case.two_people(PRESENT, PRESENT).map_err(|what| wrong("second", &what, "both prove who they are now"))?;
    let here = |staff: &StaffId| room.at(case.at).any(|span| span.staff == *staff);
    let (goes, comes) = match (here(one), here(other)) {
        (true, false) => (one, other),
        (false, true) => (other, one),
        (both, _) => {
            let what = if both { "both are in the room already" } else { "neither of the two is in the room" };
            return Err(wrong("second", what, "each records their own coming or going").into());
        }
    };
    for (staff, going) in [(comes, Going::In), (goes, Going::Out)] {
        draft.participant(Entry::PresenceRecorded { session: room.number, staff: staff.clone(), going });
    }
    judged(room, None, draft);
    if room.is_carer(comes, case.day) && !room.is_carer(goes, case.day) {
        came(room, comes, draft);
    }
    Ok(())
}

/// Those who may be with a participant.
const PRESENT: &[Duty] = &[Duty::Facilitate, Duty::Nurse, Duty::Prescribe, Duty::AttendNight, Duty::LeadSession];

/// Between the first swallow and the participant's leaving.
pub(super) fn under_the_drug(room: &Room<'_>) -> bool {
    let case = room.case;
    room.dosed_at().is_some_and(|dosed| dosed <= case.at)
        && room.session.departed.is_none_or(|(left, _)| case.at < left)
}

/// What the drafted comings and goings (or a swallow that is told late) show of the time under the drug: every stretch in
/// which the participant was alone or had too few carers, and of which nobody knew before, is answered here. What began
/// with the swallow itself is answered as such: only what began `since` is looked at.
fn judged(room: &Room<'_>, since: Option<Timestamp>, draft: &mut Draft) {
    let mut participant = room.participant.clone();
    draft.apply_to(&mut participant);
    let Ok(after) = Room::of(room.case, &participant, room.number) else { return };
    if after.dosed_at().is_none() {
        return;
    }
    let plan = &room.case.study.session.presence;
    let (least, enough) = (plan.in_room_min as usize, plan.carers_min as usize);
    let newly = |so: &dyn Fn(Company) -> bool| {
        let mut stretches = company::newly(room, &after, so);
        stretches.retain(|stretch| since.is_none_or(|since| stretch.from > since));
        stretches
    };
    alone(room, newly(&|here| here.people == 0), draft);
    for stretch in newly(&|here| here.people > 0 && here.carers < least) {
        let carers = room_carers(&after, stretch.from);
        let detail = format!("{carers} carers in the room {}, {least} at least", stretch.clock(room));
        draft.consequence(room.case, Trigger::CarersBelowMinimum, detail.clone(), Some(&room.plan.visit), None);
        if stretch.until.is_none() {
            alarms::raise(room, Raise::new(AlarmKind::Carers, "in_room", AlarmLevel::Red, detail), draft);
        }
    }
    // What was told may have made a stretch longer that was known: it is judged as a whole, and once.
    let too_few = |here: Company| here.carers < enough;
    let new = newly(&too_few);
    let whole = company::all(&after, too_few);
    for stretch in whole.into_iter().filter(|whole| new.iter().any(|new| whole.holds(new.from))) {
        below(room, stretch, draft);
    }
    let swallowed = room.session.swallowed.iter().map(|swallow| swallow.at);
    for at in swallowed.filter(|at| new.iter().any(|new| new.holds(*at)) && after.at(*at).next().is_some()) {
        let (carers, clock) = (room_carers(&after, at), room.case.clock(at));
        let detail = format!("{carers} carers in the room at the swallow at {clock}, {enough} at least");
        draft.consequence(room.case, Trigger::CarersBelowMinimum, detail, Some(&room.plan.visit), None);
    }
}

fn room_carers(room: &Room<'_>, at: Timestamp) -> usize {
    company::at(room, at).map_or(0, |here| here.carers)
}

/// Nobody was there. Of what was over before it was told nobody is alarmed any more, and nobody is sent.
fn alone(room: &Room<'_>, stretches: Vec<Stretch>, draft: &mut Draft) {
    for stretch in stretches {
        let detail = format!("alone {}", stretch.clock(room));
        draft.consequence(room.case, Trigger::ParticipantAlone, detail.clone(), Some(&room.plan.visit), None);
        if stretch.until.is_some() {
            continue;
        }
        let text = format!("Nobody is with the participant: {detail}");
        alarms::raise(room, Raise::new(AlarmKind::Alone, "alone", AlarmLevel::Red, text), draft);
        let title = "Go to the participant at once: nobody is with them";
        draft.task(title, Duty::Facilitate, stretch.from, Trigger::ParticipantAlone, None);
    }
}

/// The carers became too few: they are to be enough again in time; where they are already, it is judged how long it lasted.
fn below(room: &Room<'_>, stretch: Stretch, draft: &mut Draft) {
    let plan = &room.case.study.session.presence;
    let enough = plan.carers_min as usize;
    let Some(until) = stretch.until else {
        let due = Case::after_minutes(stretch.from, minutes(plan.gap_minutes_max));
        let title = format!("Be {enough} carers in the room again by {}", room.case.clock(due));
        draft.task(title, Duty::LeadSession, due, Trigger::CarersBelowMinimum, None);
        return;
    };
    let known = company::all(room, |here| here.carers < enough);
    let said = known.into_iter().filter(|known| stretch.holds(known.from));
    let said = said.filter_map(|known| known.until.map(|until| (known.from, until)));
    if too_long(room, stretch.from, until) && !said.into_iter().any(|(from, until)| too_long(room, from, until)) {
        gap_consequence(room, stretch.from, until, draft);
    }
}

/// A carer came: what stood open because too few were there is over, if they are still there. Whoever was there and has
/// left again before it was told answers nothing.
fn came(room: &Room<'_>, staff: &StaffId, draft: &mut Draft) {
    let case = room.case;
    if !room.is_carer(staff, case.day) || room.dosed_at().is_none() {
        return;
    }
    let plan = &case.study.session.presence;
    if under_the_drug(room) && room.carers_at(case.at) + 1 >= plan.carers_min as usize {
        gap(room, case.at, draft);
    }
    let mut participant = room.participant.clone();
    draft.apply_to(&mut participant);
    let Ok(after) = Room::of(case, &participant, room.number) else { return };
    let carers = after.carers_without(None);
    if carers == 0 || room.session.departed.is_some() {
        return;
    }
    let enough = carers >= plan.carers_min as usize;
    let text = format!("{carers} carers in the room at {}", case.clock(case.at));
    let in_room = carers >= plan.in_room_min as usize;
    alarms::end(
        room,
        |alarm| match alarm.kind {
            AlarmKind::Alone => true,
            AlarmKind::Carers => enough || in_room && alarm.key == "in_room",
            _ => false,
        },
        || text.clone(),
        draft,
    );
    for task in room.participant.tasks.values().filter(|task| task.done.is_none() && task.raised.clock.is_none()) {
        let answered = match task.raised.trigger {
            Trigger::ParticipantAlone => true,
            Trigger::CarersBelowMinimum => enough,
            _ => false,
        };
        if answered {
            draft.participant(Entry::TaskCompleted { instance: task.raised.instance.clone(), text: text.clone() });
        }
    }
}

/// Writes the deviation if the carers have been too few for longer than the study allows, and that is not said yet.
pub(super) fn gap(room: &Room<'_>, until: Timestamp, draft: &mut Draft) {
    if let Some(since) = below_since(room, until)
        && too_long(room, since, until)
        && !gap_said(room, since)
    {
        gap_consequence(room, since, until, draft);
    }
}

fn too_long(room: &Room<'_>, since: Timestamp, until: Timestamp) -> bool {
    Case::minutes_between(since, until) > minutes(room.case.study.session.presence.gap_minutes_max)
}

fn gap_key(since: Timestamp) -> String {
    format!("gap/{since}")
}

fn gap_said(room: &Room<'_>, since: Timestamp) -> bool {
    let key = gap_key(since);
    room.session.alarms.values().any(|alarm| alarm.kind == AlarmKind::Carers && alarm.key == key)
}

fn gap_consequence(room: &Room<'_>, since: Timestamp, until: Timestamp, draft: &mut Draft) {
    let plan = &room.case.study.session.presence;
    let detail = format!(
        "fewer than {} carers for {} min from {}, {} min at most",
        plan.carers_min,
        Case::minutes_between(since, until),
        room.case.clock(since),
        plan.gap_minutes_max
    );
    draft.consequence(room.case, Trigger::CarersBelowMinimum, detail, Some(&room.plan.visit), None);
}

/// The deviation while the carers are still too few; the alarm keeps it from being said twice.
pub(super) fn gap_deviation(room: &Room<'_>, since: Timestamp, until: Timestamp, draft: &mut Draft) {
    gap_consequence(room, since, until, draft);
    let most = room.case.study.session.presence.gap_minutes_max;
    let text = format!("Too few carers since {}: longer than {most} min, a deviation", room.case.clock(since));
    alarms::raise(room, Raise::new(AlarmKind::Carers, gap_key(since), AlarmLevel::Amber, text), draft);
}

/// What the time has brought: steps of the study that are due, and the deviation.
pub(super) fn by_time(room: &Room<'_>, alarms: &mut Vec<Raise>, brought: &mut Vec<Brought>) {
    let case = room.case;
    if room.carers_at(case.at) >= case.study.session.presence.carers_min as usize {
        return;
    }
    let Some(since) = below_since(room, case.at) else { return };
    let lasted = Case::minutes_between(since, case.at);
    let carers = room.carers_at(case.at);
    for step in case.study.session.room.steps.iter().filter(|step| lasted >= minutes(step.after_minutes)) {
        let text = format!("{carers} carers in the room since {}, for {lasted} min", case.clock(since));
        alarms.push(Raise::new(AlarmKind::Carers, format!("{}/{since}", step.id), step.level, text).tell(step.tell));
    }
    if too_long(room, since, case.at) && !gap_said(room, since) {
        brought.push(Brought::Gap(since));
    }
}

/// Since when the carers have been too few up to a moment, counted from the first swallow; `None` if they are enough.
pub(super) fn below_since(room: &Room<'_>, until: Timestamp) -> Option<Timestamp> {
    let dosed = room.dosed_at()?;
    let enough = room.case.study.session.presence.carers_min as usize;
    let day: Date = room.case.day;
    let carers: Vec<(Timestamp, Option<Timestamp>)> = room
        .session
        .presence
        .iter()
        .filter(|span| room.is_carer(&span.staff, day))
        .map(|span| (span.from, span.until.filter(|end| *end <= until)))
        .collect();
    let count =
        |at: Timestamp| carers.iter().filter(|(from, end)| *from <= at && end.is_none_or(|end| at < end)).count();
    // The count falls only where somebody goes: walk back over those moments while it stays too low.
    let mut goings: Vec<Timestamp> = carers.iter().filter_map(|(_, end)| *end).filter(|end| *end >= dosed).collect();
    goings.sort_unstable();
    let still = until.checked_sub(jiff::SignedDuration::from_nanos(1)).unwrap_or(until);
    if count(still) >= enough {
        return None;
    }
    for at in goings.into_iter().rev() {
        let just_before = at.checked_sub(jiff::SignedDuration::from_nanos(1)).unwrap_or(at);
        if count(just_before) >= enough {
            return Some(at);
        }
    }
    Some(dosed)
}

/// What must be written when something is swallowed with too few people in the room.
pub(super) fn at_swallow(room: &Room<'_>, draft: &mut Draft) {
    let case = room.case;
    let visit = Some(&room.plan.visit);
    let carers = room.carers_at(case.at);
    let least = case.study.session.presence.carers_min as usize;
    if room.at(case.at).next().is_none() {
        draft.consequence(
            case,
            Trigger::ParticipantAlone,
            "nobody was checked into the room at the swallow",
            visit,
            None,
        );
    } else if carers < least {
        let detail = format!("{carers} carers in the room at the swallow, {least} at least");
        draft.consequence(case, Trigger::CarersBelowMinimum, detail, visit, None);
    }
    // Of a first dose that is told late: who has gone since was not known to leave somebody under the drug.
    if room.dosed_at().is_none() {
        judged(room, Some(case.at), draft);
    }
}
