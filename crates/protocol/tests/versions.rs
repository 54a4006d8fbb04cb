//! Versions: named by their meaning, and told apart in words.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use protocol::{StudyFiles, diff::diff, embedded, model::Study, read};
use std::collections::BTreeMap;

fn amended(text: &str) -> Study {
    let files = StudyFiles::new("amendment", [("study.toml".to_owned(), format!("extends = \"small\"\n{text}"))]);
    let (study, diagnostics) = read(&files);
    study.unwrap_or_else(|| panic!("{}", protocol::plain(&diagnostics, |file| files.text(file))))
}

fn changes(text: &str) -> Vec<String> {
    let small = embedded::load("small").unwrap();
    diff(&small, &amended(text)).iter().map(ToString::to_string).collect()
}

#[test]
fn comments_order_and_files_do_not_change_the_name() {
    let small = embedded::load("small").unwrap();
    let files = embedded::files("small").unwrap();
    let turned: BTreeMap<String, String> = files
        .files
        .iter()
        .map(|(name, text)| {
            // Other comments, other space, windows' line ends, and the keys of `[dose.supplement]` turned round.
            let text = text.replace(" = ", "  =   ").replace('\n', "\r\n");
            let text = text.replace(
                "opens_minutes  =   90\r\ncloses_minutes  =   120",
                "closes_minutes = 120\nopens_minutes = 90",
            );
            (name.clone(), format!("# another comment\n{text}"))
        })
        .collect();
    // A text file is part of the meaning, byte for byte.
    let turned = turned.into_iter().map(|(name, text)| {
        let own = files.files[&name].clone();
        if name.ends_with(".md") { (name, own) } else { (name, text) }
    });
    let (study, diagnostics) = read(&StudyFiles::new("turned", turned));
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let study = study.unwrap();
    assert_eq!(study.hash(), small.hash());
    assert_eq!(diff(&small, &study), []);
    assert_eq!(amended("").hash(), small.hash());
}

#[test]
fn any_change_of_meaning_changes_the_name() {
    let small = embedded::load("small").unwrap().hash();
    for text in [
        "version = \"1.1\"",
        "[[visit]]\nid = \"RATE\"\ntarget_days = 29",
        "[[criterion]]\nid = \"E03\"\ncheck = \"weight.weight_kg < 47.9\"",
        "[[session.check]]\nid = \"pressure\"\nfresh_minutes = 61",
        "[dose]\nsource = \"another [design]\"",
    ] {
        let study = amended(text);
        assert_ne!(study.hash(), small, "{text}");
        assert_ne!(diff(&embedded::load("small").unwrap(), &study), [], "{text}");
    }
    let hash = small.as_str();
    assert!(hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{hash}");
}

#[test]
fn consent_text_is_part_of_the_meaning() {
    let mut files = embedded::files("small").unwrap();
    files.files.get_mut("consent.md").unwrap().push('.');
    let changed = read(&files).0.unwrap();
    let small = embedded::load("small").unwrap();
    assert_ne!(changed.hash(), small.hash());
    let said = diff(&small, &changed);
    assert!(said.first().unwrap().to_string().starts_with("consent, version 1: the text itself changed"), "{said:?}");
}

#[test]
fn changes_in_words() {
    for (text, expected) in [
        ("[[visit]]\nid = \"RATE\"\nwindow = { opens = 24 }", "visit RATE: the window opens on day 24, was 21"),
        (
            "[[criterion]]\nid = \"I03\"\ncheck = \"BASE.caps5.total >= 35 && BASE.caps5.diagnosis\"",
            "criterion I03: the check is `BASE.caps5.total >= 35 && BASE.caps5.diagnosis`, was `BASE.caps5.total >= 28 && BASE.caps5.diagnosis`",
        ),
        ("[[activity]]\nid = \"ecg\"\nif_indicated = [\"DOSE1\"]", "activity ecg: no longer at DOSE2"),
        (
            "[[activity]]\nid = \"ecg\"\nrequired = [\"SCREEN\", \"DOSE1\", \"END\"]\nif_indicated = [\"DOSE2\"]",
            "activity ecg: at DOSE1 now required, was if indicated|activity ecg: now at END (required)",
        ),
        ("[dose]\ninterval_days_max = 42", "dose: most time between sessions is 42 days, was 35 days"),
        (
            "[dose.supplement]\ncloses_minutes = 150\nreason_after_minutes = 120",
            "dose, supplement: the supplement's window closes at 150 min, was 120 min|dose, supplement: a reason is asked for after 120 min, was nothing",
        ),
        (
            "[[session.check]]\nid = \"pressure\"\nfresh_minutes = 90",
            "dosing day, check pressure: it stays good for 90 min, was 60 min",
        ),
        ("[[session.limit]]\nid = \"L1\"\namber_at = 155", "dosing day, limit L1: amber begins at 155, was 161"),
        (
            "[[role]]\nid = \"nurse\"\nduties = [\"nurse\", \"record_data\", \"witness_drug\"]",
            "role nurse: duties: no longer facilitate",
        ),
        ("[[visit]]\nid = \"CALL1\"\noptional = true", "visit CALL1: optional now holds"),
        ("[remove]\nclock = [\"stock_loss\"]", "clock stock_loss: taken out (Report theft or loss to the authority)"),
        (
            "[[criterion]]\nid = \"E08\"\nkind = \"exclusion\"\ntext = \"Too light\"\ncheck = \"weight.weight_kg < 50\"\njudged = \"auto\"\ngates = [1]\nsource = \"amendment [design]\"",
            "criterion E08: new (Too light): `weight.weight_kg < 50`",
        ),
        (
            "[[visit]]\nid = \"CALL2\"\ninsert_after = \"INT2\"\nname = \"Safety call after session 2\"\nkind = \"call\"\nepoch = \"treatment\"\nanchor = \"DOSE2\"\ntarget_days = 2\nwindow = { opens = 1, closes = 3 }\nmode = \"phone\"\nroles = [\"co_therapist\"]\nsource = \"amendment [design]\"\n[[activity]]\nid = \"call2\"\ntitle = \"Call\"\nwhat = \"session\"\nrequired = [\"CALL2\"]\nsource = \"amendment [design]\"",
            "visit CALL2: new (Safety call after session 2): day 2 from DOSE2, window 1 to 3|activity call2: new (Call)",
        ),
    ] {
        assert_eq!(changes(text).join("|"), expected, "{text}");
    }
}

#[test]
fn an_amendment_says_who_consents_again() {
    let study = amended(
        "version = \"2.0\"\n[amendment]\namends = \"1.0\"\nsummary = \"Another limit\"\nreconsent = \"in_treatment\"",
    );
    assert!(protocol::diff::consequence(&study).contains("not had their last dosing session"));
}

/// A kept version means the same whatever studies a later program carries.
#[test]
fn what_is_extended_can_be_kept_beside_the_study() {
    let amended = embedded::files("small-amended").unwrap();
    let mut kept = amended.with_bases();
    assert!(kept.files.contains_key("bases/small/study.toml"), "{:?}", kept.files.keys());
    assert_eq!(read(&kept).0.unwrap().hash(), read(&amended).0.unwrap().hash());
    assert_eq!(kept.with_bases().files, kept.files);
    // The base beside it is what counts, not the program's.
    let consent = kept.files.get_mut("bases/small/study.toml").unwrap();
    *consent = consent.replacen("title = \"", "title = \"Another ", 1);
    assert!(read(&kept).0.unwrap().title.starts_with("Another"));
}

#[test]
fn a_chain_of_bases_is_kept_whole() {
    let files = embedded::files("demonstration-amended").unwrap().with_bases();
    for base in ["bases/demonstration/study.toml", "bases/reference-mapp2/study.toml"] {
        assert!(files.files.contains_key(base), "{base}");
    }
    assert_eq!(read(&files).0.unwrap().hash(), embedded::load("demonstration-amended").unwrap().hash());
}
