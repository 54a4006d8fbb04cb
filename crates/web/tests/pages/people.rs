//! Certificates and relations of staff on the pages: recorded, seen to run out, refused and mended.

use axum::http::StatusCode;

use crate::support::{Clinic, text_of};

#[test]
fn certificates_are_recorded_seen_to_run_out_and_stand_in_the_way() {
    let clinic = Clinic::new("reference-mapp2");
    let site = clinic.site.clone();
    let investigator = clinic.at("investigator");
    let staff = text_of(&investigator.see("/staff"));
    assert!(staff.contains("Certificates") && staff.contains("Good clinical practice"), "{staff}");
    assert!(!staff.contains("lacks:"), "everybody has theirs: {staff}");
    // Nobody is reminded yet.
    assert!(!text_of(&investigator.see("/today")).contains("Good clinical practice"));
    // Two months before their end they are.
    *clinic.now.lock().unwrap() = "2028-11-20T15:00:00Z".parse().unwrap();
    let investigator = clinic.at("investigator");
    let today = text_of(&investigator.see("/today"));
    assert!(today.contains("renew “Good clinical practice”"), "{today}");
    // It has ended: the role lacks it, and a delegation by somebody without it is refused with what to do.
    *clinic.now.lock().unwrap() = "2029-01-10T15:00:00Z".parse().unwrap();
    let investigator = clinic.at("investigator");
    let staff = text_of(&investigator.see("/staff"));
    assert!(staff.contains("lacks: Good clinical practice"), "{staff}");
    let delegate = format!("/sites/{site}/do/delegate");
    let asked = [("staff", "night"), ("role", "co_therapist"), ("from", "2029-01-10")];
    let refused = investigator.fill(&delegate, &asked);
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", text_of(&refused.html));
    let text = text_of(&refused.html);
    assert!(text.contains("Good clinical practice") && text.contains("ran out on 2028-12-30"), "{text}");
    // The fact that mends it is recorded whatever is out of date.
    let renew = format!("/sites/{site}/do/certificate/investigator.gcp");
    investigator.record(&renew, &[("issued", "2029-01-09"), ("number", "GCP-77")]);
    let staff = text_of(&investigator.see("/staff"));
    assert!(staff.contains("GCP-77"), "{staff}");
}

#[test]
fn a_relation_is_declared_shown_and_ended() {
    let clinic = Clinic::new("reference-mapp2");
    let site = clinic.site.clone();
    let investigator = clinic.at("investigator");
    let declare = format!("/sites/{site}/do/relation");
    investigator
        .record(&declare, &[("staff", "lead"), ("other", "second"), ("relation", "married"), ("from", "2026-03-01")]);
    let staff = text_of(&investigator.see("/staff"));
    assert!(staff.contains("Related to each other") && staff.contains("Married or living together"), "{staff}");
    let end = format!("/sites/{site}/do/end-relation/lead.second.married");
    investigator.record(&end, &[]);
    assert!(!text_of(&investigator.see("/staff")).contains("Related to each other"));
    // Coordinators read the log and offer nothing there.
    let coordinator = clinic.at("coordinator");
    assert!(!coordinator.see("/staff").contains("/do/certificate"), "not theirs");
    assert_eq!(coordinator.get(&declare).status, StatusCode::FORBIDDEN);
}
