//! The end of a trial: the analysis plan is frozen, the record is locked by two, and only then is the allocation opened.
//!
//! A lock refuses what looks forward. What happens all the same is recorded, as ever, and flagged: the analysis is of the record as it
//! stood at the lock. Source: ICH E9 5.2 and 5.8; ICH E6(R3) 4.2 (data lock).

use crate::{
    case::{Case, Draft},
    command::{Authorisation, Fact},
    entry::Entry,
    finding::{Broken, Finding, Rule},
};
use protocol::model::{Duty, Trigger};

/// The plan is the version's own.
pub const PLAN_KNOWN: Rule = Rule {
    id: "plan.known",
    sentence: "The plan that is frozen is that of the study version in force",
    source: "ICH E9 5.1: the plan is part of the protocol",
    binds: &["freeze_plan"],
    broken: "The act is refused",
};
/// Before the allocation is opened.
pub const PLAN_BLIND: Rule = Rule {
    id: "plan.blind",
    sentence: "A plan is frozen while nobody has seen the allocation, and not twice",
    source: "ICH E9 5.1, 7.1: decided before the blind is broken",
    binds: &["freeze_plan"],
    broken: "The act is refused: a plan made afterwards is post hoc, and stays so",
};
/// By two people.
pub const PLAN_SIGNED: Rule = Rule {
    id: "plan.signed",
    sentence: "Two people sign the plan: one who looks after the data or the trial, one of the trial or the medical monitor",
    source: "21 CFR 11.50; ICH E9 5.1: the plan binds those who lock and those who analyse",
    binds: &["freeze_plan"],
    broken: "The act is refused",
};
/// The plan comes first.
pub const LOCK_PLAN: Rule = Rule {
    id: "lock.plan",
    sentence: "The analysis plan was frozen first, and the version in force has no other",
    source: "ICH E9 5.1",
    binds: &["lock_record"],
    broken: "The act is refused",
};
/// Open or locked.
pub const LOCK_STANDING: Rule = Rule {
    id: "lock.standing",
    sentence: "An open record is locked, a locked one is opened again",
    source: "ICH E6(R3) 4.2",
    binds: &["lock_record", "unlock_record"],
    broken: "The act is refused",
};
/// What is open.
pub const LOCK_OPEN: Rule = Rule {
    id: "lock.open",
    sentence: "What is still open is listed, and locking over it says why",
    source: "ICH E9 5.2: what is missing is known before the blind is broken",
    binds: &["lock_record"],
    broken: "The act is refused",
};
/// Two people.
pub const LOCK_TWO: Rule = Rule {
    id: "lock.two_people",
    sentence: "Two people sign: one who looks after the data or the trial, one of the trial or the medical monitor",
    source: "ICH E6(R3) 4.2; usual practice of a data lock",
    binds: &["lock_record", "unlock_record"],
    broken: "The act is refused",
};
/// Why it is opened.
pub const UNLOCK_REASON: Rule = Rule {
    id: "lock.reason",
    sentence: "Opening a locked record again says why",
    source: "ICH E6(R3) 4.2: a change after the lock is justified",
    binds: &["unlock_record"],
    broken: "The act is refused",
};
/// Nothing more.
pub const CLOSED: Rule = Rule {
    id: "lock.closed",
    sentence: "While the record is locked, nothing is authorised that would add to it",
    source: "ICH E6(R3) 4.2",
    binds: &[
        "adopt_study",
        "enrol",
        "confirm_enrolment",
        "rescreen",
        "randomise",
        "order_dose",
        "release_containers",
        "authorise_dose",
        "request_rating",
        "take_rating",
        "transfer_participant",
        "move_version",
        "complete_participation",
    ],
    broken: "Deviation after_lock: it is recorded, and is no part of the analysis",
};

/// Duties of the two who sign.
const FIRST: &[Duty] = &[Duty::ManageData, Duty::AdministerTrial];
const SECOND: &[Duty] = &[Duty::AdministerTrial, Duty::MonitorMedically];

pub(super) fn ask_freeze(case: &Case<'_>, plan: &str) -> Vec<Finding> {
    let own = case.study.analysis.hash();
    let known = if plan == own {
        Finding::holds(&PLAN_KNOWN, short(&own))
    } else {
        Broken::new(&PLAN_KNOWN, short(plan), short(&own), "freeze the plan that `study show` prints for this version")
            .by(Duty::ManageData)
            .into()
    };
    let trial = case.world.trial;
    let frozen = trial.plan.as_ref().is_some_and(|frozen| frozen.plan == plan);
    let found = if trial.opened.is_some() {
        "the allocation has been opened for an analysis"
    } else if frozen {
        "this plan is frozen already"
    } else {
        ""
    };
    let blind = if found.is_empty() {
        Finding::holds(&PLAN_BLIND, "nobody has")
    } else {
        Broken::new(&PLAN_BLIND, found, "a new plan, before the allocation is opened", "report it as post hoc").into()
    };
    vec![known, blind, two_people(case, &PLAN_SIGNED)]
}

pub(super) fn grant_freeze(case: &Case<'_>, plan: &str, draft: &mut Draft) {
    draft.trial(Entry::AnalysisPlanFrozen { plan: plan.to_owned(), study: case.study_hash.clone() });
}

pub(super) fn ask_lock(case: &Case<'_>) -> Vec<Finding> {
    let trial = case.world.trial;
    let own = case.study.analysis.hash();
    let plan = match &trial.plan {
        None => Broken::new(&LOCK_PLAN, "no plan is frozen", "a frozen plan", "freeze the analysis plan")
            .by(Duty::ManageData)
            .into(),
        // Once it was opened, no other plan can be frozen: the first one stays the plan.
        Some(frozen) if frozen.plan != own && trial.opened.is_none() => {
            let found = format!("{} is frozen", short(&frozen.plan));
            Broken::new(&LOCK_PLAN, found, short(&own), "freeze the plan of the version in force")
                .by(Duty::ManageData)
                .into()
        }
        Some(frozen) => Finding::holds(&LOCK_PLAN, format!("{}, frozen on {}", short(&frozen.plan), frozen.day)),
    };
    vec![plan, standing(case, false), open(case), two_people(case, &LOCK_TWO)]
}

fn open(case: &Case<'_>) -> Finding {
    let Some(census) = &case.context.census else {
        return Broken::new(
            &LOCK_OPEN,
            "nothing was listed",
            "a list of what is open",
            "lock through the store's door",
        )
        .into();
    };
    let reason = case.reason.is_some_and(|reason| !reason.trim().is_empty());
    match census.open.len() {
        0 => Finding::holds(&LOCK_OPEN, "nothing is open"),
        count if reason => Finding::holds(&LOCK_OPEN, format!("{count} open, with a reason")),
        count => Broken::new(
            &LOCK_OPEN,
            format!("{count} open, and no reason given"),
            "nothing open, or a reason",
            "close what can be closed; say why the rest stays open",
        )
        .by(Duty::ManageData)
        .into(),
    }
}

fn standing(case: &Case<'_>, locked_needed: bool) -> Finding {
    let lock = case.world.trial.lock.as_ref();
    let found = lock.map_or_else(|| "open".to_owned(), |lock| format!("locked on {}", lock.day));
    if lock.is_some() == locked_needed {
        return Finding::holds(&LOCK_STANDING, found);
    }
    let needed = if locked_needed { "a locked record" } else { "an open record" };
    Broken::new(&LOCK_STANDING, found, needed, "nothing needs to be done").into()
}

fn two_people(case: &Case<'_>, rule: &'static Rule) -> Finding {
    let signed = case.actor.proof.signed && case.second.as_ref().is_some_and(|second| second.proof.signed);
    let found = match case.two_people(FIRST, SECOND) {
        Ok(()) if signed => return Finding::holds(rule, "two, signed"),
        Ok(()) => "one of the two has not signed".to_owned(),
        Err(found) => found,
    };
    Broken::new(rule, found, "two signatures of two people", "the second person signs with their own password or PIN")
        .by(Duty::AdministerTrial)
        .into()
}

pub(super) fn grant_lock(case: &Case<'_>, draft: &mut Draft) {
    let (Some(frozen), Some(census)) = (&case.world.trial.plan, &case.context.census) else { return };
    draft.trial(Entry::RecordLocked {
        plan: frozen.plan.clone(),
        study: frozen.study.clone(),
        open: census.open.clone(),
        heads: census.heads.clone(),
    });
}

pub(super) fn ask_unlock(case: &Case<'_>) -> Vec<Finding> {
    let reason = if case.reason.is_some_and(|reason| !reason.trim().is_empty()) {
        Finding::holds(&UNLOCK_REASON, "given")
    } else {
        Broken::new(&UNLOCK_REASON, "no reason given", "why it is opened again", "say what must be changed, and why")
            .by(Duty::ManageData)
            .into()
    };
    vec![standing(case, true), reason, two_people(case, &LOCK_TWO)]
}

pub(super) fn grant_unlock(draft: &mut Draft) {
    draft.trial(Entry::RecordUnlocked {});
}

/// What a lock says of an authorisation that would add to the record. Said from the day on which a plan was frozen.
pub fn closed(case: &Case<'_>, act: &Authorisation) -> Option<Finding> {
    let trial = case.world.trial;
    if trial.plan.is_none() || !CLOSED.binds.contains(&act.name()) {
        return None;
    }
    Some(match &trial.lock {
        None => Finding::holds(&CLOSED, "the record is open"),
        Some(lock) => Broken::new(
            &CLOSED,
            format!("locked on {}", lock.day),
            "an open record",
            "two people open the record again and say why",
        )
        .by(Duty::AdministerTrial)
        .into(),
    })
}

/// What happened after the lock is recorded and flagged: no analysis of that lock contains it.
pub fn flag(case: &Case<'_>, fact: &Fact, draft: &mut Draft) {
    let Some(lock) = &case.world.trial.lock else { return };
    let changes = !matches!(fact, Fact::CompleteTask { .. } | Fact::RecordContact { .. } | Fact::PlaceHold { .. });
    if changes && draft.writes_to_participant() {
        let detail = format!("recorded after the lock of {}", lock.day);
        draft.consequence(case, Trigger::AfterLock, detail, None, None);
    }
}

fn short(hash: &str) -> String {
    hash.get(..12).unwrap_or(hash).to_owned()
}
