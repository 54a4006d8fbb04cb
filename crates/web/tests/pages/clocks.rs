//! The night in which the clocks go back, at a form.

use axum::http::StatusCode;

use crate::support::{Clinic, text_of};

/// Half past one was there twice in New York on 1 November 2026: the form asks which, keeps what was typed, and the page shows
/// which one it took; the record holds the instant.
#[test]
fn f_88_a_time_that_was_there_twice_is_asked_about() {
    let clinic = Clinic::new("reference-mapp2");
    let coordinator = clinic.at("coordinator");
    coordinator.record(&format!("/sites/{}/do/enquiry", clinic.site), &[("source", "physician"), ("language", "en")]);
    let code = format!("{}-001", clinic.site);
    *clinic.now.lock().unwrap() = "2026-11-01T09:00:00Z".parse().unwrap();
    let coordinator = clinic.at("coordinator");
    let address = format!("/participants/{code}/do/note");
    let entries = || clinic.door.store().heads().unwrap().values().map(|head| head.position).sum::<u64>();
    let before = entries();
    let typed = [("text", "Woke and asked for water."), ("at", "2026-11-01T01:30")];
    let asked = coordinator.fill(&address, &typed);
    assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", text_of(&asked.html));
    let text = text_of(&asked.html);
    assert!(text.contains("01:30 was there twice"), "{text}");
    assert!(text.contains("01:30 before the clocks went back (UTC-04)"), "{text}");
    assert!(text.contains("01:30 after the clocks went back (UTC-05)"), "{text}");
    assert!(asked.html.contains("Woke and asked for water."), "what was typed stands there");
    assert_eq!(entries(), before, "nothing was guessed");
    for (which, instant) in [("-05", "2026-11-01T06:30:00Z"), ("-04", "2026-11-01T05:30:00Z")] {
        let mut typed = typed.to_vec();
        let text = format!("Woke at the one of UTC{which}.");
        typed[0].1 = &text;
        let asked = coordinator.fill(&address, &typed);
        typed.push(("at_which", which));
        let done = coordinator.submit(&asked.html, &address, &typed);
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", text_of(&done.html));
        let person = clinic.door.participant(&code.as_str().into()).unwrap().unwrap();
        let note = person.notes.values().find(|note| note.text == text).unwrap();
        assert_eq!(note.at.to_string(), instant, "the record says which");
        let page = text_of(&coordinator.see(&format!("/participants/{code}/facts")));
        let shown = text_of(&coordinator.see(&format!("/participants/{code}")));
        assert!(
            page.contains(&format!("01:30 (UTC{which})")) || shown.contains(&format!("01:30 (UTC{which})")),
            "the page shows which it took: {shown}"
        );
    }
    // In spring an hour is not there at all.
    *clinic.now.lock().unwrap() = "2027-03-14T15:00:00Z".parse().unwrap();
    let coordinator = clinic.at("coordinator");
    let asked = coordinator.fill(&address, &[("text", "Slept."), ("at", "2027-03-14T02:30")]);
    assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text_of(&asked.html).contains("02:30 was never there"), "{}", text_of(&asked.html));
}
