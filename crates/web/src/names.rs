//! Words for the closed lists of the core, as pages say them. One place, so that no page invents its own.

use conduct::Phase;
use conduct::command::{ContactOutcome, StopScope};
use conduct::state::{ContainerStanding, VisitStanding};
use protocol::model::{DeviationClass, VisitMode};

use crate::parts::words::Tag;

/// How far somebody has come.
pub const fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Enquiry => "Enquiry",
        Phase::Declined => "Declined",
        Phase::Screening => "Screening",
        Phase::ScreenFailed => "Not eligible",
        Phase::Enrolled => "Enrolled, before confirmation",
        Phase::BaselineFailed => "Not confirmed",
        Phase::Confirmed => "Confirmed, to be assigned",
        Phase::Assigned => "Assigned, before the first dose",
        Phase::InTreatment => "In treatment",
        Phase::FollowUp => "In follow-up",
        Phase::Completed => "Completed",
        Phase::Left => "Left the study",
    }
}

/// The code of a phase in tables and addresses.
pub fn phase_code(phase: Phase) -> String {
    serde_json::to_value(phase).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Every phase, in order.
pub const PHASES: [Phase; 12] = [
    Phase::Enquiry,
    Phase::Declined,
    Phase::Screening,
    Phase::ScreenFailed,
    Phase::Enrolled,
    Phase::BaselineFailed,
    Phase::Confirmed,
    Phase::Assigned,
    Phase::InTreatment,
    Phase::FollowUp,
    Phase::Completed,
    Phase::Left,
];

/// The phase with this code.
pub fn phase_of(code: &str) -> Option<Phase> {
    PHASES.into_iter().find(|phase| phase_code(*phase) == code)
}

/// What a stop did, in words.
pub const fn stop(scope: StopScope) -> &'static str {
    match scope {
        StopScope::Treatment => "Treatment stopped; followed up",
        StopScope::Study => "Left the study",
        StopScope::Consent => "Withdrew consent",
        StopScope::Discontinued => "Treatment ended by the investigator; followed up",
        StopScope::LostToFollowUp => "Lost to follow-up",
        StopScope::Died => "Died",
    }
}

/// The same in two or three words, for a drawing.
pub const fn stop_short(scope: StopScope) -> &'static str {
    match scope {
        StopScope::Treatment => "Stopped treatment",
        StopScope::Study => "Left the study",
        StopScope::Consent => "Withdrew consent",
        StopScope::Discontinued => "Ended by the investigator",
        StopScope::LostToFollowUp => "Lost to follow-up",
        StopScope::Died => "Died",
    }
}

pub const fn mode(mode: VisitMode) -> &'static str {
    match mode {
        VisitMode::OnSite => "at the site",
        VisitMode::Remote => "by video",
        VisitMode::Either => "at the site or by video",
        VisitMode::Phone => "by phone",
    }
}

pub const fn contact(outcome: ContactOutcome) -> &'static str {
    match outcome {
        ContactOutcome::Reached => "spoken to",
        ContactOutcome::Voicemail => "a message was left",
        ContactOutcome::NoAnswer => "nobody answered",
        ContactOutcome::Refused => "would not speak",
        ContactOutcome::ViaContact => "reached through the contact person",
        ContactOutcome::WelfareCheck => "a welfare check was asked for",
    }
}

pub const fn class(class: DeviationClass) -> &'static str {
    match class {
        DeviationClass::Minor => "minor",
        DeviationClass::Important => "important",
    }
}

pub fn standing(standing: VisitStanding) -> Tag {
    match standing {
        VisitStanding::Planned => Tag::plan("Planned"),
        VisitStanding::Attended => Tag::now("In hand"),
        VisitStanding::Completed => Tag::done("Done"),
        VisitStanding::Missed => Tag::in_the_way("Missed"),
    }
}

pub fn container(standing: &ContainerStanding) -> Tag {
    match standing {
        ContainerStanding::Quarantined => Tag::in_the_way("Set aside"),
        ContainerStanding::Available => Tag::done("In the safe"),
        ContainerStanding::Out { .. } => Tag::now("Out of the safe"),
        ContainerStanding::Used { back: true, .. } => Tag::done("Opened, back in the safe"),
        ContainerStanding::Used { back: false, .. } => Tag::now("Opened, not back"),
        ContainerStanding::Damaged => Tag::in_the_way("Broken or spoilt"),
        ContainerStanding::Missing => Tag::stop("Missing"),
        ContainerStanding::ReturnedOut => Tag::done("Sent back"),
        ContainerStanding::Sent { arrived: false, .. } => Tag::now("On its way to another site"),
        ContainerStanding::Sent { arrived: true, .. } => Tag::done("At another site"),
        ContainerStanding::Destroyed => Tag::done("Destroyed"),
    }
}

/// A movement of the register as people say it.
pub fn movement(code: &str) -> &str {
    match code {
        "received" => "Received, into quarantine",
        "accepted" => "Accepted into use",
        "out" => "Released for a session",
        "back" => "Returned unopened",
        "used" => "Swallowed from",
        "came_back" => "Opened container back",
        "refused" => "Opened and refused",
        "wasted" => "Pieces spoilt",
        "found" => "Found again",
        "quarantined" => "Set aside",
        "damaged" => "Broken or spoilt",
        "missing" => "Missing",
        "temperature_excursion" => "Set aside for its temperature",
        "returned_out" => "Sent back to the depot",
        "recalled" => "Called back",
        "shipped" => "Sent to another site",
        "arrived" => "Arrived at the other site",
        "destroyed" => "Destroyed",
        "temperature" => "Temperature read",
        "safe_opened" => "Safe opened",
        "safe_shut" => "Safe shut",
        "count_entered" => "Counted, one of two",
        "counts_differed" => "Two counts differed",
        "counted" => "Counted, blind, by two",
        "difference_opened" => "Difference opened",
        "difference_closed" => "Difference closed",
        "lost" => "Lost",
        other => other,
    }
}

/// A code of a closed list as words: `not_recovered` → `not recovered`.
pub fn plain(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(|s| s.replace('_', " "))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phase_has_a_code_that_leads_back() {
        for phase in PHASES {
            assert_eq!(phase_of(&phase_code(phase)), Some(phase));
        }
        assert_eq!(phase_code(Phase::InTreatment), "in_treatment");
    }
}
