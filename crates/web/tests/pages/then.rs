//! The record as it was known at a time, on the pages that read it.

use axum::http::StatusCode;

use crate::support::{Clinic, text_of};

/// A note on Monday, another ten days later; today is the day of the second.
fn two_notes() -> (Clinic, String) {
    let clinic = Clinic::new("reference-mapp2");
    let coordinator = clinic.at("coordinator");
    coordinator.record(&format!("/sites/{}/do/enquiry", clinic.site), &[("source", "physician"), ("language", "en")]);
    let code = format!("{}-001", clinic.site);
    coordinator.record(&format!("/participants/{code}/do/note"), &[("text", "Said on the first day.")]);
    clinic.pass_minutes(10 * 24 * 60);
    let coordinator = clinic.at("coordinator");
    coordinator.record(&format!("/participants/{code}/do/note"), &[("text", "Said ten days later.")]);
    (clinic, code)
}

#[test]
fn a_participants_page_leaves_out_what_was_recorded_later_and_says_so() {
    let (clinic, code) = two_notes();
    let coordinator = clinic.at("coordinator");
    let now = coordinator.see(&format!("/participants/{code}"));
    assert!(now.contains("Said on the first day.") && now.contains("Said ten days later."), "{}", text_of(&now));
    let then = coordinator.see(&format!("/participants/{code}?as_of=2026-03-04"));
    assert!(then.contains("Said on the first day.") && !then.contains("Said ten days later."), "{}", text_of(&then));
    assert!(then.contains("As it was known on 4 March 2026, 23:59"), "the notice names the time");
    assert!(then.contains(&format!("<a href=\"/participants/{code}\">See it as it stands now</a>")));
    // Nothing is offered there, and the way on stays in that time.
    assert!(!then.contains("/do/") && !then.contains("/facts") && !then.contains("/person"), "{}", text_of(&then));
    assert!(then.contains(&format!("href=\"/participants/{code}/casebook?as_of=2026-03-04\"")));
}

#[test]
fn every_reading_page_of_the_participant_takes_a_day() {
    let (clinic, code) = two_notes();
    let monitor = clinic.at("monitor");
    for page in ["", "/dates", "/casebook", "/consent", "/visits/V1"] {
        let html = monitor.see(&format!("/participants/{code}{page}?as_of=2026-03-04"));
        assert!(html.contains("As it was known on 4 March 2026"), "{page}");
        assert!(!html.contains("method=\"post\" action=\"/participants"), "{page} offers nothing to send");
    }
}

#[test]
fn the_list_and_the_trial_are_made_anew_as_they_were() {
    let (clinic, code) = two_notes();
    let coordinator = clinic.at("coordinator");
    coordinator.record(&format!("/sites/{}/do/enquiry", clinic.site), &[("source", "physician"), ("language", "en")]);
    let second = format!("{}-002", clinic.site);
    let now = coordinator.see("/participants");
    assert!(now.contains(&code) && now.contains(&second));
    let then = coordinator.see("/participants?as_of=2026-03-04");
    assert!(then.contains(&code) && !then.contains(&second), "{}", text_of(&then));
    assert!(then.contains("1 person at the sites") && !then.contains("Record an enquiry"), "{}", text_of(&then));
    let trial = coordinator.see("/trial?as_of=2026-03-04");
    assert!(trial.contains("As it was known on 4 March 2026"), "{}", text_of(&trial));
    // The same tables again, from memory, and those of another time.
    assert!(!coordinator.see("/participants?as_of=2026-03-04").contains(&second));
    assert!(coordinator.see("/participants?as_of=2026-03-12").contains(&second));
}

#[test]
fn a_day_before_the_enquiry_and_a_day_that_is_none_are_said_in_words() {
    let (clinic, code) = two_notes();
    let coordinator = clinic.at("coordinator");
    let page = coordinator.get(&format!("/participants/{code}?as_of=2026-03-01"));
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.html.contains("was not on record then") && page.html.contains("LJ-404-T"), "{}", text_of(&page.html));
    for (asked, words) in
        [("2026-03-40", "neither a day"), ("2030-01-01", "still to come"), ("%00%27%3Cb%3E", "neither a day")]
    {
        let page = coordinator.get(&format!("/participants/{code}?as_of={asked}"));
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{asked}");
        assert!(page.html.contains(words) && page.html.contains("LJ-400"), "{asked}: {}", text_of(&page.html));
        assert!(!page.html.contains("<b>'"), "{asked} is shown as text");
    }
}

#[test]
fn roles_of_today_decide_who_may_look_at_an_earlier_day() {
    let (clinic, code) = two_notes();
    for login in ["rater"] {
        assert_eq!(
            clinic.at(login).get(&format!("/participants/{code}?as_of=2026-03-04")).status,
            StatusCode::NOT_FOUND
        );
    }
    // A form's history, its answers and who somebody is are no more open in the past than now.
    let data = clinic.at("data").see(&format!("/participants/{code}?as_of=2026-03-04"));
    assert!(!data.contains("/sessions/") && !data.contains("/person"), "{}", text_of(&data));
}
