//! Licensed practice: no placebo, nothing assigned at random, two sessions, a nurse in the room, home on the same evening.

use crate::{
    clinic::{Clinic, answers, study},
    reference,
};
use conduct::{Authorisation, Entry, Fact, Phase};
use protocol::model::ApprovalScope;
use terms::Value;

/// The reference day as this programme says it.
fn here(line: &str) -> Option<String> {
    let left_out = ["check drug_screen", "check oxygen", ": night ", "+1 12:00"];
    if left_out.iter().any(|words| line.contains(words)) {
        return None;
    }
    // The nurse comes late: no dose until then.
    if line.contains("09:34") {
        return Some(
            "09:34 lead_therapist+co_therapist: allow K1 | refused session.check/pressure session.nurse".to_owned(),
        );
    }
    if line.contains("09:35") {
        return Some(format!("{line}\n09:36 nurse: in"));
    }
    if line.contains("co_therapist: sign") {
        return Some(format!("{line}\n+1 12:03 nurse: sign"));
    }
    Some(line.replace("night_attendant: leaves overnight night attendant", "lead_therapist: leaves home sister"))
}

#[test]
fn a_whole_treatment_in_the_open() {
    let mut clinic = Clinic::open(study("licensed-practice"));
    let id = clinic.enquiry();
    clinic.later(3).consent(&id);
    let mut earlier = answers::passing(&clinic.study, "earlier_treatment");
    for field in ["psychotherapy_tried", "medicine_tried"] {
        earlier.insert(field.into(), Value::Bool(true));
    }
    clinic.hold(&id, "A0");
    assert_eq!(Clinic::refusals(clinic.enrol(&id)), ["eligibility.criterion/I11"], "nothing had been tried before");
    clinic.form_with(&id, "earlier_treatment", Some("A0"), earlier);
    clinic.enrol(&id).unwrap();
    for visit in ["P1", "P2", "P3", "B0"] {
        clinic.on_to_visit(&id, visit);
        clinic.hold(&id, visit);
    }
    clinic.confirm(&id).unwrap();
    let written = clinic.randomise(&id).unwrap();
    assert!(written.iter().any(|one| matches!(one.entry, Entry::AllocatedOpenLabel)), "{written:?}");
    for one in clinic.log() {
        match &one.entry {
            Entry::Randomised { .. } | Entry::AllocationLoaded { .. } => {
                panic!("nothing is assigned at random: {one:?}")
            }
            Entry::AllocationDrawn { handle, .. } => assert_eq!(handle, "open"),
            _ => {}
        }
    }

    // The regulator wants to hear of each person before a dose.
    let release = Authorisation::ReleaseContainers { participant: id.clone(), session: 1 };
    let refused = Clinic::refusals(clinic.may("pharmacist", release));
    assert!(refused.contains(&"session.approval/notice_of_intention".to_owned()), "{refused:?}");
    let notice = Fact::RecordApproval {
        approval: "notice_of_intention".to_owned(),
        scope: ApprovalScope::Participant,
        site: clinic.here().into(),
        participant: Some(id.clone()),
        number: "N-1".to_owned(),
        from: clinic.today(),
        until: "2035-01-01".parse().unwrap(),
    };
    clinic.fact("prescriber", notice);
    for (number, visits) in [(1, ["N1A", "S1D2", "S1D7", "N1B", "N1C"]), (2, ["N2A", "S2D2", "S2D7", "N2B", "N2C"])] {
        reference::dosing_session(&mut clinic, &id, number, visits[0], &here);
        for visit in &visits[1..] {
            clinic.on_to_visit(&id, visit);
            clinic.hold(&id, visit);
        }
    }
    for visit in ["R1", "F6", "F12"] {
        clinic.on_to_visit(&id, visit);
        clinic.hold(&id, visit);
    }
    clinic.may("investigator", Authorisation::CompleteParticipation { participant: id.clone() }).unwrap();
    let person = clinic.participant(&id);
    assert_eq!(person.phase, Phase::Completed);
    let amounts: Vec<String> =
        person.sessions.values().flat_map(|session| &session.swallowed).map(|s| s.amount.to_string()).collect();
    assert_eq!(amounts, ["120 mg", "40 mg", "120 mg", "40 mg"], "the supplement is not half of the first dose");
    assert!(person.deviations.is_empty(), "{:?}", person.deviations);
    reference::every_act_says_who_when_and_under_what(&clinic);
    reference::what_is_in_memory_is_what_a_replay_makes(&clinic);
    reference::tables_made_anew_are_the_same(&clinic);
    clinic.prove();
}
