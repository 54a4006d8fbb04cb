//! Roles, arms and sites.

use crate::{
    item::Item,
    model::{Arm, Role, Site, SiteContact},
};

pub fn role(item: &Item<'_>) -> Option<Role> {
    let (id, title, blinded) = (item.identifier("id"), item.text("title"), item.flag("blinded"));
    let (duties, scope, source) = (item.words("duties"), item.word("scope"), item.source());
    item.finish();
    Some(Role { id: id?.into(), title: title?, blinded: blinded?, duties, scope: scope?, source: source? })
}

pub fn arm(item: &Item<'_>) -> Option<Arm> {
    let (id, title, content) = (item.identifier("id"), item.text("title"), item.word("content"));
    let (ratio, source) = (item.whole("ratio"), item.source());
    item.finish();
    Some(Arm { id: id?.into(), title: title?, content: content?, ratio: ratio?, source: source? })
}

pub fn site(item: &Item<'_>) -> Option<Site> {
    let (id, name, country) = (item.text("id"), item.text("name"), item.text("country"));
    let (time_zone, languages) = (item.text("time_zone"), item.required_texts("languages"));
    let (cap, source) = (item.optional_whole("cap"), item.source());
    let contacts = super::each(item.items("contact"), |item| {
        let (contact, phone) = (item.text("id"), item.text("phone"));
        item.finish();
        Some(SiteContact { contact: contact?, phone: phone? })
    });
    item.finish();
    Some(Site {
        id: id?.into(),
        name: name?,
        country: country?,
        time_zone: time_zone?,
        languages,
        cap,
        contacts,
        source: source?,
    })
}
