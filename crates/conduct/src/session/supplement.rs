//! Opening the supplement: its window, its limits, the participant's wish, and never twice.
//!
//! It lies sealed in the room's locked box; opening it is what is allowed. Source: dosing-day.md §6, §13.2, §13.3.

use super::{
    dose, ground,
    monitoring::breach_words,
    order, presence,
    room::{Room, minutes},
    timeline::means,
};
use crate::{
    case::{Case, Draft},
    command::{AdverseEventOutcome, DosePart, Severity},
    decide::FactNo,
    entry::Entry,
    finding::{Broken, Finding, Rule, Unreadable},
    participant::{consent_in_force, no_hold},
    state::Reading,
};
use jiff::Timestamp;
use protocol::model::{BlockOn, CodeMeaning, Duty, SupplementPlan, Trigger};
use terms::{ContainerId, Decimal};

/// A supplement belongs to the order.
pub const PLANNED: Rule = Rule {
    id: "supplement.planned",
    sentence: "The study has a supplement, and the order names one",
    source: "The study's dose plan",
    binds: &["authorise_supplement"],
    broken: "Deviation dose_unauthorised",
};
/// The first dose went as allowed.
pub const FIRST_DOSE: Rule = Rule {
    id: "supplement.first_dose",
    sentence: "The first dose was swallowed wholly, and as it had been allowed",
    source: "dosing-day.md §6: eligible if",
    binds: &["authorise_supplement"],
    broken: "Deviation dose_unauthorised",
};
/// The window.
pub const WINDOW: Rule = Rule {
    id: "supplement.window",
    sentence: "The supplement is opened within its minutes after the first swallow, by nobody outside them",
    source: "The study's supplement; dosing-day.md §6 and §13.2",
    binds: &["authorise_supplement"],
    broken: "Deviation supplement_outside_window",
};
/// Late, with the physician's reason.
pub const REASON: Rule = Rule {
    id: "supplement.reason",
    sentence: "After the study's minute the prescriber takes part and gives a reason",
    source: "The study's supplement; dosing-day.md §13.2",
    binds: &["authorise_supplement"],
    broken: "Deviation dose_unauthorised",
};
/// Fresh readings.
pub const VITALS: Rule = Rule {
    id: "supplement.vitals",
    sentence: "The vital signs that the study asks for before the supplement are fresh",
    source: "The study's supplement; dosing-day.md §6",
    binds: &["authorise_supplement"],
    broken: "Deviation dose_unauthorised",
};
/// Limits.
pub const LIMITS: Rule = Rule {
    id: "supplement.limits",
    sentence: "No limit is breached: a red reading ends the supplement for the day, an amber one pauses it until it is lifted",
    source: "The study's limits and supplement; dosing-day.md §5 and §13.3",
    binds: &["authorise_supplement"],
    broken: "Deviation dose_unauthorised",
};
/// Vomiting.
pub const VOMITED: Rule = Rule {
    id: "supplement.vomited",
    sentence: "The participant did not vomit within the study's minutes after the first dose",
    source: "The study's dose plan; dosing-day.md §4 D10",
    binds: &["authorise_supplement"],
    broken: "Deviation dose_vomited",
};
/// Adverse events.
pub const ADVERSE_EVENT: Rule = Rule {
    id: "supplement.adverse_event",
    sentence: "No severe or serious adverse event of this session goes on",
    source: "dosing-day.md §6: eligible if",
    binds: &["authorise_supplement"],
    broken: "Deviation dose_unauthorised",
};
/// The wish.
pub const WISH: Rule = Rule {
    id: "supplement.wish",
    sentence: "The participant wishes it now; they may decline, and that stands for the day",
    source: "dosing-day.md §6: consent while intoxicated is one-way",
    binds: &["authorise_supplement"],
    broken: "Deviation dose_unauthorised",
};
/// Once.
pub const ONCE: Rule = Rule {
    id: "supplement.once",
    sentence: "No supplement has been swallowed in this session",
    source: "DESIGN, never authorised: a supplement twice",
    binds: &["authorise_supplement"],
    broken: "Deviation dose_twice",
};
/// The session's most.
pub const MAXIMUM: Rule = Rule {
    id: "supplement.maximum",
    sentence: "What was swallowed and the supplement together stay within the session's maximum",
    source: "The study's dose plan",
    binds: &["authorise_supplement"],
    broken: "Deviation dose_unauthorised",
};
/// The ground of the first dose still stands.
pub const GROUND: Rule = Rule {
    id: "supplement.ground",
    sentence: "What the first dose was allowed on still stands",
    source: "DESIGN, never unanswered: a correction that takes away the ground of an authorisation",
    binds: &["authorise_supplement"],
    broken: "Deviation ground_withdrawn",
};

/// What the bedside says when it asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'c> {
    pub container: &'c ContainerId,
    pub wished: bool,
    pub physician_reason: Option<&'c str>,
}

pub(super) fn ask(room: &Room<'_>, asked: Asked<'_>) -> Vec<Finding> {
    let (case, participant) = (room.case, room.participant);
    let Some(plan) = case.study.dose.supplement.as_ref() else {
        return vec![
            Broken::new(&PLANNED, "the study has no supplement", "a study with a supplement", "nothing is given")
                .into(),
        ];
    };
    let mut findings = vec![
        planned(room),
        order::in_force(room),
        ground::treatment(room),
        consent_in_force(case, participant),
        no_hold(case, participant),
        first_dose(room),
        ground_stands(room),
        window(room, plan),
        reason(room, plan, asked.physician_reason),
        vitals(room, plan),
    ];
    limits(room, plan, &mut findings);
    findings.extend([vomited(room), adverse_event(room), ground::suicide_risk(room), wish(room, asked.wished)]);
    presence::in_room(room, &mut findings);
    findings.extend([
        dose::in_hand(room, asked.container, DosePart::Supplement),
        dose::in_date(room, asked.container),
        once(room),
        maximum(room),
        ground::not_over(room),
        ground::clock(room),
        dose::two_people(room),
    ]);
    findings
}

fn planned(room: &Room<'_>) -> Finding {
    match &room.session.order {
        Some(order) if order.supplement_pieces > 0 => Finding::holds(&PLANNED, format!("{} ordered", order.supplement)),
        Some(order) => Broken::new(
            &PLANNED,
            format!("level {} has no supplement", order.level),
            "a level with a supplement",
            "nothing is given beside the first dose",
        )
        .from_source(&room.plan.source)
        .into(),
        None => Broken::new(&PLANNED, "nothing is ordered", "an order with a supplement", "ask the prescriber")
            .by(Duty::Prescribe)
            .into(),
    }
}

fn first_dose(room: &Room<'_>) -> Finding {
    let whole = room.session.order.as_ref().map_or(u32::MAX, |order| order.initial_pieces);
    let taken = room.pieces(DosePart::Initial);
    let initial = room.session.swallowed.iter().filter(|swallow| swallow.part == DosePart::Initial);
    let found = if taken == 0 {
        "not swallowed yet".to_owned()
    } else if initial.clone().any(|swallow| !swallow.authorised) {
        "swallowed otherwise than it had been allowed".to_owned()
    } else if taken < whole {
        format!("{taken} of {whole} pieces")
    } else {
        return Finding::holds(&FIRST_DOSE, format!("{taken} pieces"));
    };
    Broken::new(&FIRST_DOSE, found, "the whole first dose, as it was allowed", "no supplement is given in this session")
        .by(Duty::Prescribe)
        .into()
}

fn ground_stands(room: &Room<'_>) -> Finding {
    if !room.session.ground_withdrawn {
        return Finding::holds(&GROUND, "stands");
    }
    Broken::new(
        &GROUND,
        "a correction took away what the dose had been allowed on",
        "ground that stands",
        "no supplement is given in this session; the physician looks at what was corrected",
    )
    .by(Duty::Prescribe)
    .into()
}

fn window(room: &Room<'_>, plan: &SupplementPlan) -> Finding {
    let case = room.case;
    let Some(times) = &room.session.supplement_times else {
        return Broken::new(&WINDOW, "the first dose has not been swallowed", "the first dose first", "wait").into();
    };
    let span = format!("{} to {}", case.clock(times.opens), case.clock(times.closes));
    let (found, remedy) = if case.at < times.opens {
        (format!("{}, too early", case.clock(case.at)), format!("wait until {}", case.clock(times.opens)))
    } else if case.at > times.closes {
        let remedy = "the window is over for everybody: put the container back unopened today";
        (format!("{}, too late", case.clock(case.at)), remedy.to_owned())
    } else {
        return Finding::holds(&WINDOW, span).until(Some(times.closes));
    };
    Broken::new(&WINDOW, found, span, remedy).from_source(&plan.source).into()
}

fn reason(room: &Room<'_>, plan: &SupplementPlan, given: Option<&str>) -> Finding {
    let offset = room.dosed_at().map(|dosed| Case::minutes_between(dosed, room.case.at));
    let late = plan.reason_after_minutes.filter(|after| offset.is_some_and(|offset| offset > minutes(*after)));
    let Some(after) = late else {
        return Finding::holds(&REASON, "none is needed at this minute");
    };
    let people = std::iter::once(&room.case.actor).chain(&room.case.second);
    let prescriber = people.clone().any(|person| person.duties.has(Duty::Prescribe));
    let said = given.is_some_and(|reason| !reason.trim().is_empty());
    let found = match (prescriber, said) {
        (true, true) => return Finding::holds(&REASON, "given by a prescriber"),
        (true, false) => "no reason given",
        (false, true) => "no prescriber takes part",
        (false, false) => "no reason, and no prescriber takes part",
    };
    Broken::new(
        &REASON,
        found,
        format!("after +{after} min a prescriber's reason"),
        "ask the prescriber to come, to prove who they are and to give the reason",
    )
    .from_source(&plan.source)
    .by(Duty::Prescribe)
    .into()
}

/// Measures that the supplement looks at: those of the slot before it, or all that have limits.
fn looked_at<'c>(room: &Room<'c>) -> Vec<&'c str> {
    let plan = &room.case.study.session;
    let slots = plan.vitals.iter().filter(|slot| slot.before_supplement);
    let mut measures: Vec<&str> = slots.flat_map(|slot| &slot.measures).map(String::as_str).collect();
    if measures.is_empty() {
        measures.extend(plan.limits.iter().map(|limit| limit.measure.as_str()));
    }
    measures.sort_unstable();
    measures.dedup();
    measures
}

fn vitals(room: &Room<'_>, plan: &SupplementPlan) -> Finding {
    let case = room.case;
    let dosed = room.dosed_at().unwrap_or(case.at);
    let mut end: Option<Timestamp> = None;
    let mut stale: Vec<String> = Vec::new();
    for id in looked_at(room) {
        let label = case.study.session.measures.iter().find(|m| m.id == id).map_or(id, |m| m.label.as_str());
        let last = readings_of(room, id).rfind(|(at, _)| *at >= dosed && *at <= case.at);
        match last {
            None => stale.push(format!("{label} not measured since the dose")),
            Some((at, _)) => {
                let good = Case::after_minutes(at, minutes(plan.vitals_fresh_minutes));
                if good < case.at {
                    let age = Case::minutes_between(at, case.at);
                    stale.push(format!("{label} {age} min old"));
                }
                end = Some(end.map_or(good, |end| end.min(good)));
            }
        }
    }
    if stale.is_empty() {
        return Finding::holds(&VITALS, "fresh").until(end);
    }
    Broken::new(&VITALS, stale.join("; "), format!("at most {} min old", plan.vitals_fresh_minutes), "take a reading")
        .from_source(&plan.source)
        .by(Duty::Facilitate)
        .into()
}

/// Readings of one measure in order of time.
fn readings_of<'c>(room: &Room<'c>, measure: &str) -> impl DoubleEndedIterator<Item = (Timestamp, Decimal)> + use<'c> {
    let measure = measure.to_owned();
    room.session.readings.iter().filter_map(move |reading| Some((reading.at, *reading.measures.get(&measure)?)))
}

/// One finding for each limit that was breached in this session, or one for all.
pub(super) fn limits(room: &Room<'_>, plan: &SupplementPlan, findings: &mut Vec<Finding>) {
    let before = findings.len();
    for limit in &room.case.study.session.limits {
        let breached = |reading: &&Reading| reading.breaches.iter().any(|breach| breach.limit == limit.id);
        let until = || room.session.readings.iter().filter(|reading| reading.at <= room.case.at);
        let Some(last) = until().rfind(breached) else { continue };
        let red = until().flat_map(|r| &r.breaches).find(|b| b.limit == limit.id && b.red);
        let broken = |found: String, needed: &str, remedy: &str| {
            Broken::new(&LIMITS, found, needed, remedy)
                .from_source(&limit.source)
                .about(limit.id.as_str(), format!("{} within its limit", limit.measure.replace('_', " ")))
        };
        if let Some(red) = red {
            let found = breach_words(room.case.study, red);
            let remedy = "no supplement is given today; act as the limit says";
            findings.push(broken(found, "no red reading on the day", remedy).by(Duty::Prescribe).into());
            continue;
        }
        if plan.block_on == BlockOn::Red {
            continue;
        }
        if let Err((found, needed)) = lifted(room, plan, &limit.measure, last) {
            let remedy = format!(
                "measure until two readings at least {} min apart are below, then the prescriber agrees",
                plan.lift_after_minutes
            );
            findings.push(broken(found, needed, &remedy).by(Duty::Prescribe).into());
        }
    }
    if findings.len() == before {
        findings.push(Finding::holds(&LIMITS, "no limit stands in the way"));
    }
}

/// Whether the pause after an amber reading is over: two readings below it, far enough apart, and the prescriber's
/// agreement given in the knowledge of both.
fn lifted(room: &Room<'_>, plan: &SupplementPlan, measure: &str, last: &Reading) -> Result<(), (String, &'static str)> {
    let case = room.case;
    let since = |at: Timestamp| format!("amber at {}", case.clock(at));
    let mut below = readings_of(room, measure).filter(|(at, _)| *at > last.at && *at <= case.at);
    let Some((first, _)) = below.next() else {
        return Err((format!("{}, not measured since", since(last.at)), "two readings below amber"));
    };
    let second = below.find(|(at, _)| *at >= Case::after_minutes(first, minutes(plan.lift_after_minutes)));
    let Some((second, _)) = second else {
        return Err((format!("{}, below since {}", since(last.at), case.clock(first)), "two readings below amber"));
    };
    match room.session.pause_lifted {
        Some(agreed) if agreed >= second => Ok(()),
        Some(_) | None => Err((format!("{}, below twice", since(last.at)), "the prescriber's agreement")),
    }
}

pub(super) fn vomited(room: &Room<'_>) -> Finding {
    let most = minutes(room.case.study.dose.vomit_minutes);
    let early = room.dosed_at().and_then(|dosed| {
        let vomits = room.session.notes.iter().filter(|note| means(room.case.study, &note.code, CodeMeaning::Vomited));
        vomits.map(|note| Case::minutes_between(dosed, note.at)).find(|after| (0..=most).contains(after))
    });
    let Some(after) = early else { return Finding::holds(&VOMITED, "no") };
    Broken::new(
        &VOMITED,
        format!("vomited at +{after} min"),
        format!("no vomiting up to +{most} min"),
        "no supplement is given, and nothing is given again",
    )
    .from_source(&room.case.study.dose.source)
    .by(Duty::Prescribe)
    .into()
}

fn adverse_event(room: &Room<'_>) -> Finding {
    let goes_on = room.participant.adverse_events.values().any(|event| {
        let known = &event.event;
        !event.struck
            && known.session == Some(room.number)
            && (known.severity == Severity::Severe || known.is_serious())
            && known.ended.is_none()
            && !matches!(known.outcome, AdverseEventOutcome::Recovered)
    });
    if !goes_on {
        return Finding::holds(&ADVERSE_EVENT, "none goes on");
    }
    Broken::new(
        &ADVERSE_EVENT,
        "a severe or serious adverse event goes on",
        "none",
        "see to the person; no supplement is given while it lasts",
    )
    .by(Duty::Prescribe)
    .into()
}

fn wish(room: &Room<'_>, wished: bool) -> Finding {
    let found = match (&room.session.supplement_not_given, wished) {
        (Some(code), _) => format!("decided not to give it: {code}"),
        (None, false) => "the participant does not wish it".to_owned(),
        (None, true) => return Finding::holds(&WISH, "yes"),
    };
    Broken::new(
        &WISH,
        found,
        "a yes at this moment, and no \"no\" before it",
        "record that it is not given, and put the container back unopened today",
    )
    .by(Duty::Facilitate)
    .into()
}

fn once(room: &Room<'_>) -> Finding {
    room.session.swallow(DosePart::Supplement).map_or_else(
        || Finding::holds(&ONCE, "none"),
        |swallow| {
            let found = format!("swallowed at {}", room.case.clock(swallow.at));
            Broken::new(&ONCE, found, "no supplement so far", "nothing: it is never given twice").into()
        },
    )
}

fn maximum(room: &Room<'_>) -> Finding {
    let taken = room.session.swallowed.iter().fold(terms::Milligrams::ZERO, |sum, swallow| sum.plus(swallow.amount));
    let total = room.session.order.as_ref().map_or(taken, |order| taken.plus(order.supplement));
    let most = room.case.study.dose.session_max_mg;
    if total <= most {
        return Finding::holds(&MAXIMUM, format!("{total} of at most {most}"));
    }
    Broken::new(&MAXIMUM, format!("{total} together"), format!("at most {most}"), "no supplement is given")
        .from_source(&room.case.study.dose.source)
        .into()
}

pub(super) fn grant(room: &Room<'_>, asked: Asked<'_>, draft: &mut Draft) {
    let expires = dose::earliest_end(&ask(room, asked)).unwrap_or(room.case.at);
    draft.participant(Entry::SupplementAuthorised {
        session: room.number,
        container: asked.container.clone(),
        expires,
        physician_reason: asked.physician_reason.map(str::to_owned),
    });
}

/// It is not given, and why: by a code of the study.
pub(super) fn not_given(room: &Room<'_>, code: &str, draft: &mut Draft) -> Result<(), FactNo> {
    let codes = &room.case.study.session.supplement_refusals;
    if !codes.iter().any(|known| known.code == code) {
        let known: Vec<&str> = codes.iter().map(|known| known.code.as_str()).collect();
        return Err(Unreadable {
            field: "code".to_owned(),
            what: format!("\"{code}\" is not one of the study's reasons"),
            mend: format!("choose one of {}", known.join(", ")),
        }
        .into());
    }
    draft.participant(Entry::SupplementNotGiven { session: room.number, code: code.to_owned() });
    Ok(())
}

/// Vomiting soon after the first dose is answered at once: nothing is given again, and the physician is told.
pub(super) fn answer_vomiting(room: &Room<'_>, draft: &mut Draft) {
    let Some(dosed) = room.dosed_at() else { return };
    let after = Case::minutes_between(dosed, room.case.at);
    if (0..=minutes(room.case.study.dose.vomit_minutes)).contains(&after) {
        let detail = format!("vomited at +{after} min; nothing is given again");
        draft.event(room.case, Trigger::DoseVomited, &detail, Duty::Prescribe, None);
    }
}
