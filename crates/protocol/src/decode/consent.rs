//! Consent: versions with their texts.

use super::each;
use crate::{
    diagnostic::Mistake,
    item::Item,
    model::{ComprehensionQuestion, ConsentItem, ConsentPlan, ConsentVersion},
    spelling::nearest,
};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, fmt::Write};

pub fn consent(item: &Item<'_>, texts: &BTreeMap<String, String>) -> Option<ConsentPlan> {
    let versions = each(item.some_items("version"), |item| version(item, texts));
    let source = item.source();
    item.finish();
    Some(ConsentPlan { versions, source: source? })
}

fn version(item: &Item<'_>, texts: &BTreeMap<String, String>) -> Option<ConsentVersion> {
    let (version, file) = (item.text("version"), item.text("file"));
    let text = file.as_ref().and_then(|file| {
        let text = texts.get(file);
        if text.is_none() {
            let mend = match nearest(file, texts.keys().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "put the text there, in Markdown".to_owned(),
            };
            item.note(
                Mistake::new(
                    "study.consent-file",
                    &item.place_of("file"),
                    format!("there is no file `{file}`"),
                    "not in the study's folder",
                )
                .mend(mend),
            );
        }
        if text.is_some_and(|text| text.trim().is_empty()) {
            item.note(
                Mistake::new(
                    "study.consent-empty",
                    &item.place_of("file"),
                    format!("the consent text `{file}` has nothing in it"),
                    "nobody can agree to nothing",
                )
                .mend("write the text there that participants are given"),
            );
        }
        text
    });
    let items = each(item.some_items("item"), |item| {
        let (id, text, required) = (item.identifier("id"), item.text("text"), item.flag("required"));
        item.finish();
        Some(ConsentItem { id: id?, text: text?, required: required? })
    });
    let questions = each(item.items("question"), |item| {
        let (id, text, answer) = (item.identifier("id"), item.text("text"), item.flag("answer"));
        item.finish();
        Some(ComprehensionQuestion { id: id?, text: text?, answer: answer? })
    });
    let pass_mark = item.whole("pass_mark");
    item.finish();
    Some(ConsentVersion {
        version: version?,
        file: file?,
        text_sha256: sha256(text?.as_bytes()),
        text: text?.clone(),
        items,
        questions,
        pass_mark: pass_mark?,
    })
}

/// SHA-256, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
