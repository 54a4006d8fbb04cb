//! Eligibility criteria.

use crate::{expression::Names, item::Item, model::Criterion};

pub fn criterion(item: &Item<'_>, names: &Names<'_>) -> Option<Criterion> {
    let (id, kind, text) = (item.text("id"), item.word("kind"), item.text("text"));
    let (check, judged) = (item.expression("check", names), item.word("judged"));
    if !item.has("gates") {
        item.required_texts("gates");
    }
    let (gates, source) = (item.wholes("gates"), item.source());
    item.finish();
    Some(Criterion { id: id?.into(), kind: kind?, text: text?, check: check?, judged: judged?, gates, source: source? })
}
