//! What every dose stands on, whoever asks for it: treatment that goes on, a confirmation that has not run out,
//! approvals, an open site, the plan's count.
//!
//! Source: DESIGN, "never authorised"; dosing-day.md §3; protocol.md R-ORD-2 and §11.

use super::room::Room;
use crate::{
    entry::MedicineStanding,
    finding::{Broken, Finding, Rule},
    schedule::{days_between, days_from},
    state::{Approval, Phase, SiteStanding},
};
use jiff::{SignedDuration, civil::Date};
use protocol::model::{ApprovalRule, ApprovalScope, Duty, Trigger};

/// Treatment goes on.
pub const TREATMENT: Rule = Rule {
    id: "session.treatment",
    sentence: "The participant has been assigned to treatment, and it goes on",
    source: "The study's epochs; a stop is final for the treatment",
    binds: &["order_dose", "release_containers", "authorise_dose", "authorise_supplement"],
    broken: "Deviation dose_unauthorised",
};
/// Confirmed again after a long pause.
pub const RECONFIRMED: Rule = Rule {
    id: "session.reconfirmed",
    sentence: "After a long pause between doses, enrolment has been confirmed again",
    source: "The study's dose plan, R-ORD-2",
    binds: &["order_dose", "authorise_dose"],
    broken: "Deviation interval_long",
};
/// Approvals are in date.
pub const APPROVAL: Rule = Rule {
    id: "session.approval",
    sentence: "Every approval that the study asks for is in date",
    source: "The study's approvals; protocol.md §11",
    binds: &["release_containers", "authorise_dose", "activate_site"],
    broken: "Deviation dose_unauthorised",
};
/// The site gives doses.
pub const SITE: Rule = Rule {
    id: "session.site",
    sentence: "The site has been activated",
    source: "Site activation by the sponsor; those enrolled go on at a site that is closed to enrolment",
    binds: &["release_containers", "authorise_dose"],
    broken: "Deviation dose_unauthorised",
};
/// No more sessions than planned.
pub const COUNT: Rule = Rule {
    id: "dose.count",
    sentence: "No more sessions with a dose than the study plans",
    source: "The study's dose plan",
    binds: &["authorise_dose"],
    broken: "Deviation dose_unauthorised",
};
/// Rescue medicine.
pub const RESCUE: Rule = Rule {
    id: "session.rescue_medicine",
    sentence: "No rescue medicine within the study's hours before the dose",
    source: "The study's medicines; dosing-day.md §2",
    binds: &["authorise_dose"],
    broken: "Deviation prohibited_medicine",
};
/// Suicide risk.
pub const SUICIDE_RISK: Rule = Rule {
    id: "session.suicide_risk",
    sentence: "Every alarm about suicide risk has been answered by a named person",
    source: "safety.md §4; dosing-day.md C18",
    binds: &["authorise_dose", "authorise_supplement", "discharge"],
    broken: "Deviation suicide_risk, and its clock",
};
/// The session isn't over.
pub const NOT_OVER: Rule = Rule {
    id: "session.not_over",
    sentence: "The session has not been stopped, left or closed",
    source: "dosing-day.md §6 and §10",
    binds: &["order_dose", "release_containers", "authorise_dose", "authorise_supplement"],
    broken: "Deviation dose_unauthorised",
};

/// The clock goes forward.
pub const CLOCK: Rule = Rule {
    id: "session.clock",
    sentence: "The clock has not gone back behind what is on record for this participant",
    source: "DESIGN, settled point 4: times are compared; a clock that was put back makes old checks young",
    binds: &["release_containers", "authorise_dose", "authorise_supplement", "discharge"],
    broken: "The act is refused until the clock is right again",
};

/// A clock that was put back would make everything that grows old young again.
pub(super) fn clock(room: &Room<'_>) -> Finding {
    let last = room.participant.recorded;
    if last <= room.case.context.now {
        return Finding::holds(&CLOCK, "goes forward");
    }
    Broken::new(
        &CLOCK,
        format!(
            "{} now, and something was written down at {}",
            room.case.clock(room.case.context.now),
            room.case.clock(last)
        ),
        "a clock that does not go back",
        "tell whoever looks after the server; nothing is allowed by a clock that is wrong",
    )
    .into()
}

pub(super) fn treatment(room: &Room<'_>) -> Finding {
    let participant = room.participant;
    let found = if let Some(stop) = participant.stops.last() {
        format!("stopped on {}", stop.day)
    } else if matches!(participant.phase, Phase::Assigned | Phase::InTreatment) {
        return Finding::holds(&TREATMENT, "goes on");
    } else {
        "not assigned, or past treatment".to_owned()
    };
    Broken::new(
        &TREATMENT,
        found,
        "a participant who is assigned and whose treatment goes on",
        "take the steps before this one first; where treatment has stopped, follow-up goes on and no dose is given",
    )
    .by(Duty::DecideEligibility)
    .into()
}

/// Whether a pause since the last dose was short enough, or was followed by a new confirmation.
pub(super) fn reconfirmed(room: &Room<'_>, day: Date) -> Finding {
    let plan = &room.case.study.dose;
    let others = room.participant.doses().filter(|(number, _, _)| *number != room.number);
    let Some(dosed) = others.map(|(_, _, day)| day).max() else {
        return Finding::holds(&RECONFIRMED, "no earlier dose");
    };
    let most = i32::try_from(plan.reconfirm_after_days).unwrap_or(i32::MAX);
    let since = days_between(dosed, day);
    if since <= most {
        return Finding::holds(&RECONFIRMED, format!("{since} days since the last dose"));
    }
    let gate = room.case.study.gates.iter().map(|gate| gate.number).max().unwrap_or_default();
    let decision = room.participant.decisions.get(&gate).filter(|decision| decision.passed);
    match decision.map(|decision| decision.day) {
        Some(confirmed) if days_between(confirmed, day) <= most => {
            Finding::holds(&RECONFIRMED, format!("confirmed again on {confirmed}"))
        }
        confirmed => Broken::new(
            &RECONFIRMED,
            format!(
                "{since} days since the last dose, {}",
                confirmed.map_or_else(|| "not confirmed".to_owned(), |day| format!("confirmed on {day}"))
            ),
            format!("confirmed within {most} days"),
            "confirm enrolment again: the investigator decides the gate",
        )
        .from_source(&plan.source)
        .by(Duty::DecideEligibility)
        .into(),
    }
}

pub(super) fn approvals(room: &Room<'_>, findings: &mut Vec<Finding>) {
    for rule in &room.case.study.approvals {
        let held: &[Approval] = match rule.per {
            ApprovalScope::Site => room.case.world.site.map_or(&[], |site| &site.approvals),
            ApprovalScope::Participant => &room.participant.approvals,
        };
        findings.push(approval(room.case.day, rule, held));
    }
}

/// One approval, in date on a day.
pub(crate) fn approval(day: Date, rule: &ApprovalRule, held: &[Approval]) -> Finding {
    let mine = held.iter().filter(|approval| approval.approval == rule.id);
    if let Some(current) = mine.clone().find(|approval| approval.from <= day && day <= approval.until) {
        return Finding::holds(&APPROVAL, format!("{} until {}", current.number, current.until))
            .about(rule.id.as_str(), rule.title.as_str());
    }
    let last = mine.map(|approval| approval.until).max();
    let found = last.map_or_else(|| "none on record".to_owned(), |until| format!("ran out on {until}"));
    Broken::new(&APPROVAL, found, format!("one in date on {day}"), "record the approval with its number and dates")
        .from_source(&rule.source)
        .about(rule.id.as_str(), rule.title.as_str())
        .by(match rule.per {
            ApprovalScope::Site => Duty::LeadSite,
            ApprovalScope::Participant => Duty::Prescribe,
        })
        .into()
}

pub(super) fn site(room: &Room<'_>) -> Finding {
    let found = match room.case.world.trial.sites.get(&room.participant.site).map(|site| site.standing) {
        Some(SiteStanding::Active | SiteStanding::Closed) => return Finding::holds(&SITE, "activated"),
        Some(SiteStanding::Opened) => "opened, not yet activated",
        None => "not opened",
    };
    Broken::new(&SITE, found, "an activated site", "ask the sponsor to activate the site")
        .by(Duty::AdministerTrial)
        .into()
}

pub(super) fn count(room: &Room<'_>) -> Finding {
    let planned = room.case.study.dose.sessions.len();
    let had = room
        .participant
        .sessions
        .iter()
        .filter(|(number, session)| **number != room.number && !session.swallowed.is_empty())
        .count();
    if had < planned {
        return Finding::holds(&COUNT, format!("{had} of {planned} so far"));
    }
    Broken::new(
        &COUNT,
        format!("{had} sessions with a dose"),
        format!("fewer than {planned}"),
        "no further dose can be given",
    )
    .from_source(&room.case.study.dose.source)
    .into()
}

/// Rescue medicines by day: the hour isn't known, so the last dose counts from the end of its day.
pub(super) fn rescue(room: &Room<'_>, findings: &mut Vec<Finding>) {
    let case = room.case;
    let before = findings.len();
    for medication in room.participant.medications.values().filter(|medication| !medication.struck) {
        let MedicineStanding::Rescue { hours } = medication.rule else { continue };
        let name = medication.medicine.name.as_str();
        let broken = |found: String, remedy: &str| {
            Broken::new(&RESCUE, found, format!("at least {hours} h before the dose"), remedy)
                .from_source(&case.study.medication.source)
                .about(name, format!("{name} at least {hours} h before the dose"))
                .by(Duty::Prescribe)
        };
        let Some(last) = medication.medicine.last_dose else {
            findings
                .push(broken("day of the last dose not known".to_owned(), "record the day of the last dose").into());
            continue;
        };
        let clear = case
            .end_of_day_on(last)
            .checked_add(SignedDuration::from_hours(i64::from(hours)))
            .unwrap_or(jiff::Timestamp::MAX);
        if clear > case.at {
            let found = format!("last dose on {last}");
            findings.push(broken(found, "wait, or set another day").clearing(days_from(case.day_of(clear), 0)).into());
        }
    }
    if findings.len() == before {
        findings.push(Finding::holds(&RESCUE, "none"));
    }
}

pub(super) fn suicide_risk(room: &Room<'_>) -> Finding {
    let open: Vec<&str> = room
        .participant
        .tasks
        .values()
        .filter(|task| task.raised.trigger == Trigger::SuicideRisk && task.done.is_none())
        .map(|task| task.raised.title.as_str())
        .collect();
    if open.is_empty() {
        return Finding::holds(&SUICIDE_RISK, "none open");
    }
    Broken::new(&SUICIDE_RISK, open.join("; "), "each answered", "see the person, act, and record what was done")
        .by(Duty::Prescribe)
        .into()
}

pub(super) fn not_over(room: &Room<'_>) -> Finding {
    room.over().map_or_else(
        || Finding::holds(&NOT_OVER, "goes on"),
        |found| {
            Broken::new(&NOT_OVER, found, "a session that goes on", "nothing more can be given in this session").into()
        },
    )
}
