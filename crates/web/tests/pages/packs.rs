//! Licensed wording on the pages: other words, the same answers, the same scores.

use conduct::Entry;
use instruments::FormPack;
use web::packs::Packs;

use crate::support::{Clinic, Device, text_of};
use crate::walk::{consent, enquiry};

/// A pack with invented words for the PCL-5.
fn pack(language: &str, mark: &str) -> FormPack {
    let items: String = (1..=20).map(|n| format!("{n} = \"{mark} question {n}\"\n")).collect();
    let text = format!(
        "instrument = \"pcl5\"\nversion = \"past_month\"\nlanguage = \"{language}\"\ninstructions = \"{mark} instructions\"\n\
         [answers]\n0 = \"{mark} nought\"\n1 = \"{mark} one\"\n2 = \"{mark} two\"\n3 = \"{mark} three\"\n4 = \"{mark} four\"\n[items]\n{items}"
    );
    FormPack::parse(&text).unwrap()
}

fn packs(all: impl IntoIterator<Item = FormPack>) -> Packs {
    let mut packs = Packs::default();
    for pack in all {
        packs.add(pack).unwrap();
    }
    packs
}

/// The form as it is drawn, and what is on record after it was filled in.
fn filled(clinic: &Clinic) -> (String, String, Entry) {
    let coordinator: Device<'_> = clinic.at("coordinator");
    let code = enquiry(&coordinator);
    consent(&coordinator, &code);
    let address = format!("/participants/{code}/visits/V0/forms/pcl5");
    let drawn = coordinator.see(&address);
    let answers: Vec<(String, String)> = (1..=20).map(|n| (format!("values.{n}"), (n % 5).to_string())).collect();
    let mut typed: Vec<(&str, &str)> = answers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    typed.push(("do", "record"));
    coordinator.record(&address, &typed);
    let id = terms::ParticipantId::from(code.as_str());
    let person = clinic.door.participant(&id).unwrap().unwrap();
    let (instance, record) = person.latest_form("pcl5").unwrap();
    let kept = Entry::FormRecorded {
        instance: "x".into(),
        form: record.form.clone(),
        visit: record.visit.clone(),
        values: record.values.clone(),
        scores: record.scores.clone(),
    };
    let read = coordinator.see(&format!("/participants/{code}/forms/{instance}"));
    (drawn, read, kept)
}

#[test]
fn licensed_words_stand_on_the_pages_and_touch_no_score() {
    let (neutral, _, kept) = filled(&Clinic::new("reference-mapp2"));
    let clinic = Clinic::with_packs("reference-mapp2", packs([pack("en", "LICENSED")]));
    let (licensed, read, same) = filled(&clinic);
    assert_eq!(kept, same, "what is stored and scored is the same");
    for words in ["LICENSED question 1", "LICENSED question 20", "4 LICENSED four", "LICENSED instructions"] {
        assert!(licensed.contains(words) && !neutral.contains(words), "{words}: {}", text_of(&licensed));
    }
    assert!(neutral.contains("ntrusive memories") && !licensed.contains("ntrusive memories"));
    assert!(read.contains("LICENSED question 3"), "{}", text_of(&read));
}

#[test]
fn the_participants_language_is_taken_and_none_is_guessed() {
    let study = protocol::embedded::load("reference-mapp2").unwrap();
    let form = study.form("pcl5").unwrap();
    let two = packs([pack("en-GB", "BRITISH"), pack("de", "DEUTSCH")]);
    let spoken = |language: Option<&str>| two.wording(form, language).map(|pack| pack.language().to_owned());
    assert_eq!(spoken(Some("de")).as_deref(), Some("de"));
    assert_eq!(spoken(Some("en")).as_deref(), Some("en-GB"), "the same tongue");
    assert_eq!(spoken(Some("de-AT")).as_deref(), Some("de"));
    assert_eq!(spoken(Some("fr")), None, "two would do, neither fits");
    assert_eq!(spoken(None), None);
    let one = packs([pack("en", "ONLY")]);
    assert!(one.wording(form, Some("fr")).is_some(), "the only one there is");
    assert!(one.wording(study.form("weight").unwrap(), Some("en")).is_none());
    let mut again = packs([pack("en", "A")]);
    assert!(again.add(pack("en", "B")).is_err_and(|words| words.contains("pcl5")));
}
