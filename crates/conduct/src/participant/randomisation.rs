//! Assigning an arm: the next sealed row of the stratum, or the one arm of an open programme.
//!
//! The draw comes in through the context as an opaque handle. Nothing here can tell one arm from another.

use super::enrolment::{NO_HOLD, consent_in_force, no_hold, not_stopped, phase_is, site_active};
use crate::{
    case::{Case, Draft},
    context::Draw,
    entry::Entry,
    finding::{Broken, Finding, Rule},
    state::{ParticipantState, Phase},
};
use protocol::model::{Assignment, Duty};

/// The number planned.
pub const PLANNED: Rule = Rule {
    id: "randomisation.planned",
    sentence: "No more people are assigned than the study plans",
    source: "The study's design",
    binds: &["randomise"],
    broken: "The act is refused",
};
/// The confirmation still stands.
pub const CONFIRMATION: Rule = Rule {
    id: "eligibility.confirmation",
    sentence: "The confirmation of enrolment is in force",
    source: "The study's second gate",
    binds: &["randomise", "order_dose", "release_containers", "authorise_dose"],
    broken: "The act is refused until enrolment is confirmed again",
};
/// A row.
pub const DRAW: Rule = Rule {
    id: "randomisation.draw",
    sentence: "The sealed list has a row for this stratum",
    source: "The study's randomisation; ICH E9 2.3.2",
    binds: &["randomise"],
    broken: "The act is refused",
};
/// Signature.
pub const SIGNED: Rule = Rule {
    id: "randomisation.signed",
    sentence: "The assignment is signed by the one who asks for it",
    source: "21 CFR 11.200",
    binds: &["randomise"],
    broken: "The act is refused",
};

pub(super) const RULES: &[&Rule] = &[&PLANNED, &CONFIRMATION, &DRAW, &SIGNED];

pub(super) fn ask(case: &Case<'_>, participant: &ParticipantState) -> Vec<Finding> {
    let mut findings = vec![
        phase_is(participant, &[Phase::Confirmed], "confirmed and without an arm"),
        not_stopped(participant),
        consent_in_force(case, participant),
        site_active(case),
        no_hold(case, participant),
        confirmation_in_force(case, participant),
        planned(case),
    ];
    debug_assert!(NO_HOLD.binds.contains(&"randomise"));
    if matches!(case.study.design.assignment, Assignment::Randomised { .. }) {
        findings.push(draw(case));
    }
    findings.push(if case.actor.proof.signed {
        Finding::holds(&SIGNED, "signed")
    } else {
        Broken::new(&SIGNED, "not signed", "a signature at this moment", "sign with your PIN")
            .by(Duty::Randomise)
            .into()
    });
    findings
}

/// Whether the second gate's decision was passed and has not run out.
pub fn confirmation_in_force(case: &Case<'_>, participant: &ParticipantState) -> Finding {
    let remedy = "confirm enrolment (again): the investigator decides the second gate";
    match participant.decisions.get(&2).filter(|decision| decision.passed) {
        None => Broken::new(&CONFIRMATION, "enrolment was not confirmed", "a confirmation in force", remedy)
            .by(Duty::DecideEligibility)
            .into(),
        Some(decision) if decision.expires.is_some_and(|last| last < case.day) => Broken::new(
            &CONFIRMATION,
            format!("confirmed on {}, good until {}", decision.day, decision.expires.unwrap_or(decision.day)),
            "a confirmation in force today",
            remedy,
        )
        .by(Duty::DecideEligibility)
        .into(),
        Some(decision) => Finding::holds(&CONFIRMATION, format!("confirmed on {}", decision.day)),
    }
}

fn planned(case: &Case<'_>) -> Finding {
    let most = case.study.design.participants_planned as usize;
    let assigned = case.world.allocation.map_or(0, |allocation| allocation.drawn.len());
    if assigned < most {
        return Finding::holds(&PLANNED, format!("{assigned} of {most} assigned"));
    }
    Broken::new(
        &PLANNED,
        format!("{assigned} assigned"),
        format!("fewer than {most}"),
        "the study is full; the sponsor closes enrolment or amends the study",
    )
    .from_source(&case.study.design.source)
    .by(Duty::AdministerTrial)
    .into()
}

fn draw(case: &Case<'_>) -> Finding {
    match &case.context.draw {
        Some(Draw::Row { .. }) => Finding::holds(&DRAW, "a row is ready"),
        Some(Draw::Exhausted) => Broken::new(
            &DRAW,
            "the list has no row left for this site",
            "a row",
            "the sponsor adds rows to the sealed list for this site",
        )
        .by(Duty::AdministerTrial)
        .into(),
        None if case.world.trial.allocation.is_none() => Broken::new(
            &DRAW,
            "no sealed list is loaded",
            "a sealed list bound to the trial",
            "the sponsor's administrator makes or loads the list",
        )
        .by(Duty::AdministerTrial)
        .into(),
        // Asked ahead of time, nobody has drawn yet: that stands in nobody's way.
        None => Finding::holds(&DRAW, "a list is loaded"),
    }
}

pub(super) fn grant(case: &Case<'_>, participant: &ParticipantState, draft: &mut Draft) {
    let stratum = participant.site.to_string();
    match (&case.study.design.assignment, &case.context.draw) {
        (Assignment::Randomised { .. }, Some(Draw::Row { handle })) => {
            draft.participant(Entry::Randomised { handle: handle.clone(), stratum: stratum.clone() });
            draft.allocation(Entry::AllocationDrawn {
                handle: handle.clone(),
                stratum,
                participant: participant.id.clone(),
            });
        }
        (Assignment::Randomised { .. }, Some(Draw::Exhausted) | None) => {}
        (Assignment::OpenLabel, _) => {
            draft.participant(Entry::AllocatedOpenLabel);
            draft.allocation(Entry::AllocationDrawn {
                handle: "open".to_owned(),
                stratum,
                participant: participant.id.clone(),
            });
        }
    }
}
