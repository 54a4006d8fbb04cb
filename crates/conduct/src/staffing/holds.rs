//! Holds and approvals: what makes others wait, and what must be in date.
//!
//! Anybody who may stop something can place a hold at once; lifting it asks for a reason. Source: safety.md §5.

use crate::{
    case::{Case, Draft},
    command::HoldOn,
    decide::FactNo,
    entry::Entry,
    finding::{Broken, Finding, Rule, Unreadable},
    session::ground_check,
};
use jiff::civil::Date;
use protocol::model::{ApprovalScope, Duty};
use terms::{InstanceId, ParticipantId, SiteId};

/// A hold that stands.
pub const KNOWN: Rule = Rule {
    id: "hold.known",
    sentence: "The hold stands",
    source: "safety.md §5",
    binds: &["lift_hold"],
    broken: "The act is refused",
};
/// A reason.
pub const REASON: Rule = Rule {
    id: "hold.reason",
    sentence: "Lifting a hold says why its ground is gone",
    source: "safety.md §5",
    binds: &["lift_hold"],
    broken: "The act is refused",
};

/// A hold that belongs to a difference in the safe.
pub const DIFFERENCE: Rule = Rule {
    id: "hold.difference",
    sentence: "A hold that a difference in the safe put on the site ends with the difference",
    source: "safety.md §6: never auto-balanced, closed by somebody who did not count",
    binds: &["lift_hold"],
    broken: "The act is refused",
};

/// An approval as it was recorded.
#[derive(Debug)]
pub(super) struct Given<'c> {
    pub approval: &'c str,
    pub scope: ApprovalScope,
    pub number: &'c str,
    pub from: Date,
    pub until: Date,
}

pub(super) fn ask(case: &Case<'_>, on: &HoldOn, hold: &InstanceId) -> Vec<Finding> {
    let found = match on {
        HoldOn::Trial => case.world.trial.holds.get(hold),
        HoldOn::Site { .. } => case.world.site.and_then(|site| site.holds.get(hold)),
        HoldOn::Participant { .. } => case.world.participant.and_then(|participant| participant.holds.get(hold)),
    };
    let known = found.map_or_else(
        || {
            Broken::new(
                &KNOWN,
                "no such hold",
                "a hold that stands",
                "look at the holds again: somebody may have lifted it",
            )
            .into()
        },
        |hold| Finding::holds(&KNOWN, hold.text.clone()),
    );
    let reason = if case.reason.is_some_and(|reason| !reason.trim().is_empty()) {
        Finding::holds(&REASON, "given")
    } else {
        Broken::new(&REASON, "no reason given", "why its ground is gone", "say what was found and done")
            .by(Duty::MonitorMedically)
            .into()
    };
    let mut findings = vec![known, reason];
    let of_a_difference = case
        .world
        .stock
        .into_iter()
        .flat_map(|stock| &stock.discrepancies)
        .find(|(_, open)| open.hold.as_ref() == Some(hold));
    if let HoldOn::Site { .. } = on {
        findings.push(of_a_difference.map_or_else(
            || Finding::holds(&DIFFERENCE, "none is open"),
            |(_, open)| {
                let remedy = "count again by two, and let somebody who did not count close the difference";
                Broken::new(&DIFFERENCE, open.text.as_str(), "the difference closed", remedy).by(Duty::LeadSite).into()
            },
        ));
    }
    findings
}

fn write(on: &HoldOn, entry: Entry, draft: &mut Draft) {
    match on {
        HoldOn::Trial => draft.trial(entry),
        HoldOn::Site { site } => draft.site(site, entry),
        HoldOn::Participant { .. } => draft.participant(entry),
    }
}

pub(super) fn grant(on: &HoldOn, hold: &InstanceId, draft: &mut Draft) {
    write(on, Entry::HoldLifted { instance: hold.clone() }, draft);
}

pub(super) fn place(case: &Case<'_>, on: &HoldOn, text: &str, draft: &mut Draft) -> Result<(), FactNo> {
    if text.trim().is_empty() || text.chars().count() > crate::forms::TEXT_MAX {
        return Err(Unreadable {
            field: "text".to_owned(),
            what: format!("{} characters", text.trim().chars().count()),
            mend: "say in a few words why everything must wait".to_owned(),
        }
        .into());
    }
    if let HoldOn::Participant { .. } = on {
        case.participant()?;
    }
    let instance = draft.instance();
    write(on, Entry::HoldPlaced { instance, text: text.to_owned() }, draft);
    ground_check(case, draft);
    Ok(())
}

/// An approval of a site or of one participant came in.
pub(super) fn approve(
    case: &Case<'_>,
    site: &SiteId,
    participant: Option<&ParticipantId>,
    given: &Given<'_>,
    draft: &mut Draft,
) -> Result<(), FactNo> {
    let unreadable = |field: &str, what: String, mend: String| Unreadable { field: field.to_owned(), what, mend };
    let known = case.study.approvals.iter().find(|rule| rule.id == given.approval);
    let Some(rule) = known else {
        let ids: Vec<&str> = case.study.approvals.iter().map(|rule| rule.id.as_str()).collect();
        let mend = if ids.is_empty() {
            "this study asks for none".to_owned()
        } else {
            format!("the study's are {}", ids.join(", "))
        };
        return Err(unreadable("approval", format!("there is no approval \"{}\"", given.approval), mend).into());
    };
    let fits = rule.per == given.scope && participant.is_some() == (rule.per == ApprovalScope::Participant);
    if !fits {
        let mend = match rule.per {
            ApprovalScope::Site => "record it for the site, without a participant",
            ApprovalScope::Participant => "name the participant",
        };
        return Err(unreadable("scope", format!("{} is not given for that", rule.title), mend.to_owned()).into());
    }
    if given.number.trim().is_empty() {
        return Err(unreadable(
            "number",
            "an approval without a number".to_owned(),
            "read it on the letter".to_owned(),
        )
        .into());
    }
    if given.until < given.from {
        let what = format!("from {} to {}", given.from, given.until);
        return Err(unreadable("until", what, "check the two days".to_owned()).into());
    }
    let entry = Entry::ApprovalRecorded {
        approval: given.approval.to_owned(),
        number: given.number.to_owned(),
        from: given.from,
        until: given.until,
    };
    match participant {
        Some(_) => {
            case.participant()?;
            draft.participant(entry);
        }
        None => draft.site(site, entry),
    }
    Ok(())
}
