//! Moving: to another site, to another version of the study; and the emergency opening of one allocation.

use super::enrolment::phase_is;
use crate::{
    case::{Case, Draft},
    entry::Entry,
    finding::{Broken, Finding, Rule},
    state::{ParticipantState, Phase, SiteStanding},
};
use protocol::model::{Duty, Reconsent, Trigger};
use terms::{SiteId, StudyHash};

/// The other site.
pub const TO_SITE: Rule = Rule {
    id: "transfer.site",
    sentence: "The site that the participant moves to is another one, open and active",
    source: "Site activation by the sponsor",
    binds: &["transfer_participant"],
    broken: "The act is refused",
};
/// Between sessions only.
pub const BETWEEN_SESSIONS: Rule = Rule {
    id: "transfer.session",
    sentence: "No dosing session is open and no container is out for this participant",
    source: "Chain of custody",
    binds: &["transfer_participant", "move_version"],
    broken: "The act is refused",
};
/// The version.
pub const VERSION_ADOPTED: Rule = Rule {
    id: "version.adopted",
    sentence: "The version is one that the trial has adopted, and another than the present",
    source: "The study's versions",
    binds: &["move_version"],
    broken: "The act is refused",
};
/// Consent to it.
pub const VERSION_CONSENT: Rule = Rule {
    id: "version.consent",
    sentence: "The participant has consented again where the amendment asks for it",
    source: "The amendment's re-consent rule; ICH E6(R3) 2.8",
    binds: &["move_version"],
    broken: "The act is refused",
};
/// The reason of a code break.
pub const CODE_REASON: Rule = Rule {
    id: "unblinding.reason",
    sentence: "An allocation is opened for one participant, by a physician who signs, with the reason",
    source: "protocol.md §10: emergency unblinding; ICH E6(R3)",
    binds: &["break_code"],
    broken: "The act is refused",
};

pub(super) const RULES: &[&Rule] = &[&TO_SITE, &BETWEEN_SESSIONS, &VERSION_ADOPTED, &VERSION_CONSENT, &CODE_REASON];

pub(super) fn ask_transfer(case: &Case<'_>, participant: &ParticipantState, to: &SiteId) -> Vec<Finding> {
    let standing = case.world.trial.sites.get(to).map(|site| site.standing);
    let site = if *to != participant.site && standing == Some(SiteStanding::Active) {
        Finding::holds(&TO_SITE, format!("{to} is active"))
    } else {
        let found = match standing {
            _ if *to == participant.site => "the participant is there already".to_owned(),
            None => format!("{to} is not open in this trial"),
            Some(SiteStanding::Opened) => format!("{to} is not yet active"),
            Some(SiteStanding::Closed) => format!("{to} is closed"),
            Some(SiteStanding::Active) => format!("{to} is active"),
        };
        Broken::new(&TO_SITE, found, "another active site", "choose an active site").by(Duty::AdministerTrial).into()
    };
    let phase = if participant.has_left() {
        phase_is(participant, &[Phase::Screening], "in the study")
    } else {
        Finding::holds(&super::enrolment::PHASE, "in the study")
    };
    vec![phase, site, between_sessions(participant)]
}

fn between_sessions(participant: &ParticipantState) -> Finding {
    let open = participant.sessions.iter().find(|(_, session)| {
        session.closed.is_none() && (session.containers.is_some() || session.dosed_at().is_some())
    });
    open.map_or_else(
        || Finding::holds(&BETWEEN_SESSIONS, "no session is open"),
        |(number, _)| {
            Broken::new(
                &BETWEEN_SESSIONS,
                format!("session {number} is open"),
                "no open session",
                "close the session first",
            )
            .into()
        },
    )
}

pub(super) fn ask_version(case: &Case<'_>, participant: &ParticipantState, to: &StudyHash) -> Vec<Finding> {
    let adopted = case.world.trial.studies.iter().any(|(hash, _, _)| hash == to);
    let target = case.studies.get(to).filter(|_| adopted && *to != participant.study);
    let Some(target) = target else {
        let found = if *to == participant.study { "the present version" } else { "not adopted by the trial" };
        return vec![
            Broken::new(&VERSION_ADOPTED, found, "an adopted version", "adopt the version first")
                .by(Duty::AdministerTrial)
                .into(),
        ];
    };
    let asked = match target.amendment.as_ref().map_or(Reconsent::None, |amendment| amendment.reconsent) {
        Reconsent::None => false,
        Reconsent::All => true,
        Reconsent::InTreatment => {
            participant.doses().count() < usize::from(u8::try_from(target.dose.sessions.len()).unwrap_or(u8::MAX))
        }
    };
    let needed = target.consent.versions.last().map(|version| version.version.as_str()).unwrap_or_default();
    let signed = participant.consent().is_some_and(|consent| consent.version == needed);
    let consent = if !asked || signed {
        Finding::holds(
            &VERSION_CONSENT,
            if asked { format!("version {needed} signed") } else { "not asked for".to_owned() },
        )
    } else {
        Broken::new(
            &VERSION_CONSENT,
            participant
                .consent()
                .map_or_else(|| "no consent in force".to_owned(), |c| format!("version {} signed", c.version)),
            format!("consent version {needed}"),
            "take consent again on that version",
        )
        .from_source(&target.consent.source)
        .by(Duty::TakeConsent)
        .into()
    };
    vec![
        Finding::holds(&VERSION_ADOPTED, format!("version {}", target.version)),
        consent,
        between_sessions(participant),
    ]
}

pub(super) fn ask_break_code(case: &Case<'_>, participant: &ParticipantState) -> Vec<Finding> {
    let mut missing = Vec::new();
    if !matches!(participant.assigned, Some((Some(_), _))) {
        missing.push("no sealed allocation to open");
    }
    if case.reason.is_none_or(|reason| reason.trim().len() < 10) {
        missing.push("no reason in words");
    }
    if !case.actor.proof.signed {
        missing.push("not signed");
    }
    if missing.is_empty() {
        return vec![Finding::holds(&CODE_REASON, "signed, with its reason")];
    }
    vec![
        Broken::new(
            &CODE_REASON,
            missing.join("; "),
            "a signature and the reason, for a participant with an allocation",
            "say why treatment hangs on knowing it (a sentence), and sign with your PIN",
        )
        .by(Duty::BreakCode)
        .into(),
    ]
}

pub(super) fn grant_transfer(participant: &ParticipantState, to: &SiteId, draft: &mut Draft) {
    let from = participant.site.clone();
    draft.participant(Entry::Transferred { from: from.clone(), to: to.clone() });
    draft.site(&from, Entry::ParticipantLeft { participant: participant.id.clone(), to: to.clone() });
    draft.site(to, Entry::ParticipantArrived { participant: participant.id.clone(), from });
}

pub(super) fn grant_version(participant: &ParticipantState, to: &StudyHash, draft: &mut Draft) {
    draft.participant(Entry::VersionMoved { from: participant.study.clone(), to: to.clone() });
}

pub(super) fn grant_break_code(case: &Case<'_>, draft: &mut Draft) {
    let told = case.actor.staff().cloned().into_iter().collect();
    draft.participant(Entry::CodeBroken { told });
    draft.event(case, Trigger::CodeBroken, "the allocation was opened", Duty::MonitorMedically, None);
}
