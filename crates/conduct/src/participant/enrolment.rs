//! The two gates: each criterion met, not met or unknown with its evidence; unknown is never met; nobody can waive.
//!
//! Source: protocol.md §5; ICH E6(R3) (an ineligible person is not enrolled on purpose).

use crate::{
    case::{Case, Draft},
    command::StopScope,
    decide::FactNo,
    entry::{CriterionAnswer, CriterionFound, Entry, MedicineStanding},
    finding::{Broken, Evidence, Finding, Held, Rule, Unreadable},
    names::Names,
    schedule::{days_between, days_from},
    state::{ParticipantState, Phase, SiteStanding, VisitStanding},
};
use protocol::model::{Criterion, CriterionKind, Duty, Gate, Judged};
use terms::Value;

/// The steps come in order.
pub const PHASE: Rule = Rule {
    id: "participant.phase",
    sentence: "The steps of the study are taken in their order",
    source: "The study's epochs and gates",
    binds: &["enrol", "confirm_enrolment", "rescreen", "randomise", "complete_participation", "transfer_participant"],
    broken: "The act is refused; what happened can still be recorded",
};
/// Consent.
pub const CONSENT_IN_FORCE: Rule = Rule {
    id: "participant.consent",
    sentence: "Valid consent to the version that this participant is on is in force",
    source: "ICH E6(R3) 2.8; the study's consent plan",
    binds: &[
        "enrol",
        "confirm_enrolment",
        "randomise",
        "book_visit",
        "order_dose",
        "release_containers",
        "authorise_dose",
        "authorise_supplement",
    ],
    broken: "Deviation consent_late",
};
/// Site may enrol.
pub const SITE_ACTIVE: Rule = Rule {
    id: "site.active",
    sentence: "The site is active",
    source: "Site activation by the sponsor",
    binds: &["enrol", "randomise"],
    broken: "The act is refused",
};
/// Cap.
pub const SITE_CAP: Rule = Rule {
    id: "site.cap",
    sentence: "The site has a place left under its enrolment cap",
    source: "The study's sites and the sponsor's caps",
    binds: &["enrol"],
    broken: "The act is refused",
};
/// Holds.
pub const NO_HOLD: Rule = Rule {
    id: "safety.hold",
    sentence: "No hold lies on the participant, the site or the trial",
    source: "safety.md §5: stopping rules",
    binds: &[
        "enrol",
        "confirm_enrolment",
        "randomise",
        "order_dose",
        "release_containers",
        "authorise_dose",
        "authorise_supplement",
    ],
    broken: "The act is refused until the hold is lifted by the medical monitor",
};
/// Visits before a gate.
pub const GATE_VISITS: Rule = Rule {
    id: "eligibility.visits",
    sentence: "The visits that the gate looks back on are complete",
    source: "The study's gates",
    binds: &["enrol", "confirm_enrolment"],
    broken: "The act is refused",
};
/// Time since consent.
pub const GATE_TIME: Rule = Rule {
    id: "eligibility.in_time",
    sentence: "The gate is decided within its time from consent",
    source: "The study's gates",
    binds: &["enrol", "confirm_enrolment"],
    broken: "The act is refused; screening can start again",
};
/// Criteria.
pub const CRITERION: Rule = Rule {
    id: "eligibility.criterion",
    sentence: "Every criterion of the gate is met; unknown is not met, and nobody can waive one",
    source: "The study's criteria; ICH E6(R3)",
    binds: &["enrol", "confirm_enrolment", "authorise_dose"],
    broken: "Deviation ineligible",
};
/// Washout.
pub const WASHOUT: Rule = Rule {
    id: "medication.washout",
    sentence: "Every medicine that must be washed out has been",
    source: "The study's medicines",
    binds: &["confirm_enrolment", "randomise", "authorise_dose"],
    broken: "Deviation prohibited_medicine",
};
/// Signature and countersignature.
pub const GATE_SIGNED: Rule = Rule {
    id: "eligibility.signed",
    sentence: "The decision is signed by one who may decide it, and countersigned where the study asks for it",
    source: "The study's gates; 21 CFR 11.200",
    binds: &["enrol", "confirm_enrolment"],
    broken: "The act is refused",
};
/// Re-screening.
pub const RESCREEN_ALLOWED: Rule = Rule {
    id: "eligibility.rescreen",
    sentence: "Screening may start again as often as the study allows",
    source: "The study's gates",
    binds: &["rescreen"],
    broken: "The act is refused",
};

pub(super) const RULES: &[&Rule] = &[
    &PHASE,
    &CONSENT_IN_FORCE,
    &SITE_ACTIVE,
    &SITE_CAP,
    &NO_HOLD,
    &GATE_VISITS,
    &GATE_TIME,
    &CRITERION,
    &WASHOUT,
    &GATE_SIGNED,
    &RESCREEN_ALLOWED,
];

pub(super) fn ask_enrol(case: &Case<'_>, participant: &ParticipantState) -> Vec<Finding> {
    let mut findings = vec![
        phase_is(participant, &[Phase::Screening], "in screening"),
        consent_in_force(case, participant),
        site_active(case),
        site_cap(case, participant),
        no_hold(case, participant),
    ];
    gate(case, participant, 1, &mut findings);
    findings
}

pub(super) fn ask_confirm(case: &Case<'_>, participant: &ParticipantState) -> Vec<Finding> {
    // Someone already in treatment whose confirmation ran out may be confirmed again (the study's reconfirm days).
    let phases = [Phase::Enrolled, Phase::Confirmed, Phase::Assigned, Phase::InTreatment];
    let mut findings = vec![
        phase_is(participant, &phases, "enrolled and not yet followed up"),
        not_stopped(participant),
        consent_in_force(case, participant),
        no_hold(case, participant),
    ];
    gate(case, participant, 2, &mut findings);
    findings
}

pub(super) fn ask_rescreen(case: &Case<'_>, participant: &ParticipantState) -> Vec<Finding> {
    let gate = if participant.phase == Phase::BaselineFailed { 2 } else { 1 };
    let retries = case.study.gates.iter().find(|g| g.number == gate).map_or(0, |g| g.retries);
    let used = participant.attempt.saturating_sub(1);
    let allowed = if used < retries {
        Finding::holds(&RESCREEN_ALLOWED, format!("{used} of {retries} used"))
    } else {
        Broken::new(
            &RESCREEN_ALLOWED,
            format!("screened {} times", participant.attempt),
            format!("at most {} more after the first", retries),
            "nothing more can be done in this study; record where the person was referred to",
        )
        .into()
    };
    vec![phase_is(participant, &[Phase::ScreenFailed, Phase::BaselineFailed], "found not eligible"), allowed]
}

pub(super) fn phase_is(participant: &ParticipantState, allowed: &[Phase], words: &'static str) -> Finding {
    if allowed.contains(&participant.phase) {
        return Finding::holds(&PHASE, words);
    }
    Broken::new(
        &PHASE,
        format!("{} is {}", participant.id, phase_words(participant.phase)),
        format!("somebody who is {words}"),
        "take the steps before this one first; see what comes next on the participant's page",
    )
    .into()
}

/// A phase in words.
pub const fn phase_words(phase: Phase) -> &'static str {
    match phase {
        Phase::Enquiry => "at the enquiry",
        Phase::Declined => "somebody who declined",
        Phase::Screening => "in screening",
        Phase::ScreenFailed => "a screen failure",
        Phase::Enrolled => "enrolled, in preparation",
        Phase::BaselineFailed => "not confirmed at baseline",
        Phase::Confirmed => "confirmed, without an arm",
        Phase::Assigned => "assigned, before the first dose",
        Phase::InTreatment => "in treatment",
        Phase::FollowUp => "in follow-up",
        Phase::Completed => "somebody who completed the study",
        Phase::Left => "no longer in the study",
    }
}

pub(super) fn not_stopped(participant: &ParticipantState) -> Finding {
    participant.stops.last().map_or_else(
        || Finding::holds(&PHASE, "treatment has not been stopped"),
        |stop| {
            Broken::new(
                &PHASE,
                format!("treatment was stopped on {}", stop.day),
                "treatment that goes on",
                "follow-up goes on; nothing more of the treatment can be given",
            )
            .into()
        },
    )
}

/// Valid consent, to the version that the participant is on.
pub fn consent_in_force(case: &Case<'_>, participant: &ParticipantState) -> Finding {
    let needed: Vec<&str> = case.study.consent.versions.iter().map(|v| v.version.as_str()).collect();
    let withdrawn = participant.stops.iter().any(|stop| stop.scope == StopScope::Consent);
    match participant.consent() {
        Some(consent) if needed.contains(&consent.version.as_str()) => Finding::holds(
            &CONSENT_IN_FORCE,
            case.held(|| format!("version {} signed on {}", consent.version, consent.day)),
        ),
        found => Broken::new(
            &CONSENT_IN_FORCE,
            match found {
                Some(consent) => format!("version {} signed on {}", consent.version, consent.day),
                None if withdrawn => "consent was withdrawn".to_owned(),
                None if participant.consents.is_empty() => "no consent on record".to_owned(),
                None => "the consent on record is not complete".to_owned(),
            },
            format!("valid consent to version {}", needed.last().unwrap_or(&"1")),
            if withdrawn {
                "nothing more may be asked of this person"
            } else {
                "take consent again, on the version in force"
            },
        )
        .from_source(&case.study.consent.source)
        .by(Duty::TakeConsent)
        .into(),
    }
}

pub(super) fn site_active(case: &Case<'_>) -> Finding {
    let standing = case.site.and_then(|site| case.world.trial.sites.get(site)).map(|site| site.standing);
    match standing {
        Some(SiteStanding::Active) => Finding::holds(&SITE_ACTIVE, "active"),
        Some(SiteStanding::Opened) | Some(SiteStanding::Closed) | None => Broken::new(
            &SITE_ACTIVE,
            if standing == Some(SiteStanding::Closed) { "closed to enrolment" } else { "not yet activated" },
            "an active site",
            "ask the sponsor to activate the site",
        )
        .by(Duty::AdministerTrial)
        .into(),
    }
}

fn site_cap(case: &Case<'_>, participant: &ParticipantState) -> Finding {
    let cap = case.site.and_then(|site| case.world.trial.sites.get(site)).and_then(|site| site.cap);
    let taken = case.world.site.map_or(0, |site| site.places.iter().filter(|p| **p != participant.id).count());
    match cap {
        Some(cap) if taken >= cap as usize => Broken::new(
            &SITE_CAP,
            format!("{taken} places taken"),
            format!("fewer than {cap}"),
            "ask the sponsor to raise the cap, or refer the person to another site",
        )
        .by(Duty::AdministerTrial)
        .into(),
        Some(cap) => Finding::holds(&SITE_CAP, format!("{taken} of {cap} places taken")),
        None => Finding::holds(&SITE_CAP, "no cap"),
    }
}

/// Holds on participant, site and trial.
pub fn no_hold(case: &Case<'_>, participant: &ParticipantState) -> Finding {
    let holds = participant
        .holds
        .values()
        .chain(case.world.site.into_iter().flat_map(|site| site.holds.values()))
        .chain(case.world.trial.holds.values());
    let mut texts: Vec<&str> = holds.map(|hold| hold.text.as_str()).collect();
    if texts.is_empty() {
        return Finding::holds(&NO_HOLD, "none");
    }
    texts.sort_unstable();
    Broken::new(&NO_HOLD, texts.join("; "), "no hold", "the medical monitor lifts it when its ground is gone")
        .by(Duty::MonitorMedically)
        .into()
}

fn gate(case: &Case<'_>, participant: &ParticipantState, number: u8, findings: &mut Vec<Finding>) {
    let Some(gate) = case.study.gates.iter().find(|gate| gate.number == number) else { return };
    for visit in &gate.needs_visits {
        findings.push(gate_visit(case, participant, gate, visit.as_str()));
    }
    if let (Some(days), Some(consent)) = (gate.within_days_of_consent, participant.consent_day())
        && number == 1
    {
        findings.push(gate_time(case, gate, days, days_between(consent, case.day)));
    }
    if gate.needs_washout {
        washout(case, participant, findings);
    }
    for criterion in case.study.criteria.iter().filter(|criterion| criterion.gates.contains(&number)) {
        findings.push(criterion_finding(case, participant, criterion));
    }
    findings.push(gate_signed(case, gate));
}

fn gate_visit(case: &Case<'_>, participant: &ParticipantState, gate: &Gate, visit: &str) -> Finding {
    let name = case.study.visit(visit).map_or(visit, |v| v.name.as_str());
    let standing = participant.visits.get(visit).map_or(VisitStanding::Planned, |record| record.standing);
    if standing == VisitStanding::Completed {
        return Finding::Holds(Held {
            rule: GATE_VISITS.id,
            condition: Some(visit.to_owned().into()),
            sentence: case.held(|| format!("{visit} {name} is complete")),
            found: "complete".into(),
            until: None,
        });
    }
    Broken::new(
        &GATE_VISITS,
        match standing {
            VisitStanding::Planned => "not yet held",
            VisitStanding::Attended => "held, not yet complete",
            VisitStanding::Missed => "missed",
            VisitStanding::Completed => "complete",
        },
        "complete",
        format!("hold {visit} and complete its forms"),
    )
    .from_source(&gate.source)
    .about(visit, format!("{visit} {name} is complete"))
    .by(Duty::Coordinate)
    .into()
}

fn gate_time(case: &Case<'_>, gate: &Gate, days: u32, since: i32) -> Finding {
    if since <= i32::try_from(days).unwrap_or(i32::MAX) {
        return Finding::holds(&GATE_TIME, format!("{since} days since consent, {days} at most"));
    }
    let _ = case;
    Broken::new(
        &GATE_TIME,
        format!("{since} days since consent"),
        format!("at most {days}"),
        "record a screen failure and start screening again, with consent",
    )
    .from_source(&gate.source)
    .into()
}

/// One finding for each medicine that isn't washed out yet; one for all when they are.
pub fn washout(case: &Case<'_>, participant: &ParticipantState, findings: &mut Vec<Finding>) {
    let before = findings.len();
    for medication in participant.medications.values().filter(|medication| !medication.struck) {
        let name = medication.medicine.name.as_str();
        let broken = |found: String, needed: String, remedy: &str| {
            Broken::new(&WASHOUT, found, needed, remedy)
                .from_source(&case.study.medication.source)
                .about(name, format!("{name} is washed out"))
                .by(Duty::RecordData)
        };
        match &medication.rule {
            MedicineStanding::Washout { days, complete: None, .. } => findings.push(
                broken(
                    "still taken".to_owned(),
                    format!("{days} days since the last dose"),
                    "taper it by the plan, and record the day of the last dose",
                )
                .into(),
            ),
            MedicineStanding::Washout { days, complete: Some(on), .. } if *on > case.day => findings.push(
                broken(
                    format!("last dose {}", medication.medicine.last_dose.map(|d| d.to_string()).unwrap_or_default()),
                    format!("{days} days since then: {on}"),
                    "wait until that day",
                )
                .clearing(*on)
                .into(),
            ),
            MedicineStanding::Stable { days, stable_from } if medication.medicine.last_dose.is_none() => {
                let stable = stable_from.map_or(0, |from| days_between(from, case.day));
                if stable < i32::try_from(*days).unwrap_or(i32::MAX) {
                    let mut finding = broken(
                        format!("unchanged for {stable} days"),
                        format!("{days} days without a change"),
                        "keep the dose as it is and wait",
                    );
                    if let Some(from) = stable_from {
                        finding = finding.clearing(days_from(*from, i32::try_from(*days).unwrap_or(0)));
                    }
                    findings.push(finding.into());
                }
            }
            MedicineStanding::Unclassified if medication.medicine.last_dose.is_none() => findings.push(
                broken(
                    "not in the study's list of medicines".to_owned(),
                    "a medicine whose rule is known".to_owned(),
                    "ask the medical monitor which class it belongs to, and record it under that name",
                )
                .by(Duty::MonitorMedically)
                .into(),
            ),
            MedicineStanding::Washout { .. }
            | MedicineStanding::Stable { .. }
            | MedicineStanding::Rescue { .. }
            | MedicineStanding::Allowed
            | MedicineStanding::Unclassified => {}
        }
    }
    if findings.len() == before {
        findings.push(Finding::holds(&WASHOUT, "nothing to wait for"));
    }
}

pub(super) fn criteria_of(case: &Case<'_>, participant: &ParticipantState, gate: u8) -> Vec<CriterionFound> {
    let names = Names { study: case.study, participant, today: case.day };
    let asked = case.study.criteria.iter().filter(|criterion| criterion.gates.contains(&gate));
    asked.map(|criterion| names.criterion(criterion)).collect()
}

/// A criterion as a finding. Values stand apart as evidence, so that a reader who may not see a form doesn't.
pub fn criterion_finding(case: &Case<'_>, participant: &ParticipantState, criterion: &Criterion) -> Finding {
    let found = Names { study: case.study, participant, today: case.day }.criterion(criterion);
    if found.answer == CriterionAnswer::Met && case.brief {
        return Finding::holds(&CRITERION, "met");
    }
    let condition = criterion.id.to_string();
    if found.answer == CriterionAnswer::Met {
        return Finding::Holds(Held {
            rule: CRITERION.id,
            condition: Some(condition.into()),
            sentence: criterion.text.clone().into(),
            found: "met".into(),
            until: None,
        });
    }
    let missing: Vec<&str> =
        found.evidence.iter().filter(|(_, value)| value.is_missing()).map(|(name, _)| name.as_str()).collect();
    let unknown = found.answer == CriterionAnswer::Unknown;
    let mut broken = Broken::new(
        &CRITERION,
        if unknown { format!("unknown: {} not answered or too old", missing.join(", ")) } else { "not met".to_owned() },
        match criterion.kind {
            CriterionKind::Inclusion => "met",
            CriterionKind::Exclusion => "not the case",
        },
        if unknown {
            format!("record {}", missing.join(", "))
        } else {
            "record a screen failure; no criterion can be waived".to_owned()
        },
    )
    .from_source(&criterion.source)
    .about(condition, criterion.text.clone())
    .by(if unknown { Duty::RecordData } else { Duty::DecideEligibility });
    broken.evidence = found.evidence.iter().map(|(name, value)| evidence(case, name, value)).collect();
    broken.into()
}

fn evidence(case: &Case<'_>, name: &str, value: &Value) -> Evidence {
    let form = name.split('.').find(|part| case.study.form(part).is_some());
    Evidence { name: name.to_owned(), value: value.to_string(), form: form.map(Into::into) }
}

fn gate_signed(case: &Case<'_>, gate: &Gate) -> Finding {
    let may = case.actor.roles.iter().any(|role| gate.decided_by.contains(role));
    let judged = case.study.criteria.iter().any(|c| c.judged == Judged::Judge && c.gates.contains(&gate.number));
    let counter = gate.countersigned_by.as_ref().filter(|_| judged);
    let countersigned = counter.is_none_or(|role| {
        case.second
            .as_ref()
            .is_some_and(|second| second.proof.person != case.actor.proof.person && second.roles.contains(role))
    });
    let mut missing = Vec::new();
    if !may {
        missing.push("the person is not one who decides this gate".to_owned());
    }
    if !case.actor.proof.signed {
        missing.push("not signed".to_owned());
    }
    if !countersigned && let Some(role) = counter {
        missing.push(format!("not countersigned by the {}", role.as_str().replace('_', " ")));
    }
    if missing.is_empty() {
        return Finding::holds(&GATE_SIGNED, "signed");
    }
    let deciders: Vec<String> = gate.decided_by.iter().map(|role| role.as_str().replace('_', " ")).collect();
    Broken::new(
        &GATE_SIGNED,
        missing.join("; "),
        format!(
            "a signature by the {}{}",
            deciders.join(" or "),
            if counter.is_some() { ", countersigned" } else { "" }
        ),
        "sign with your PIN; ask the one who countersigns to prove themselves at this moment",
    )
    .from_source(&gate.source)
    .by(Duty::DecideEligibility)
    .into()
}

pub(super) fn grant_enrol(case: &Case<'_>, participant: &ParticipantState, draft: &mut Draft) {
    draft.participant(Entry::Enrolled { criteria: criteria_of(case, participant, 1) });
    draft.site(&participant.site, Entry::PlaceTaken { participant: participant.id.clone() });
}

pub(super) fn grant_confirm(case: &Case<'_>, participant: &ParticipantState, draft: &mut Draft) {
    let valid = case.study.gates.iter().find(|gate| gate.number == 2).and_then(|gate| gate.valid_days);
    let expires = valid.map(|days| days_from(case.day, i32::try_from(days).unwrap_or(i32::MAX)));
    draft.participant(Entry::EnrolmentConfirmed { criteria: criteria_of(case, participant, 2), expires });
}

pub(super) fn grant_rescreen(participant: &ParticipantState, draft: &mut Draft) {
    draft.participant(Entry::Rescreened { attempt: participant.attempt + 1 });
}

pub(super) fn record_failure(case: &Case<'_>, gate: u8, reason: &str, draft: &mut Draft) -> Result<(), FactNo> {
    let participant = case.participant()?;
    let expected = match participant.phase {
        Phase::Enquiry | Phase::Screening => 1,
        Phase::Enrolled | Phase::Confirmed => 2,
        _ => 0,
    };
    if gate != expected {
        return Err(Unreadable {
            field: "gate".to_owned(),
            what: format!("{} is {}, so gate {gate} can't be failed", participant.id, phase_words(participant.phase)),
            mend: if expected == 0 {
                "after an arm was assigned, record a stop instead".to_owned()
            } else {
                format!("the gate in hand is {expected}")
            },
        }
        .into());
    }
    let criteria = criteria_of(case, participant, gate);
    draft.participant(Entry::ScreenFailed { gate, criteria, reason: reason.to_owned() });
    Ok(())
}
