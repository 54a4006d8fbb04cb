//! Roles, arms and sites; certificates and relations of staff.

use crate::{
    item::Item,
    model::{Arm, CertificateKind, RelationKind, Role, Site, SiteContact},
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

pub fn certificate(item: &Item<'_>) -> Option<CertificateKind> {
    let (id, title) = (item.identifier("id"), item.text("title"));
    let roles = item.texts("roles").iter().map(|role| role.as_str().into()).collect();
    let (from, licensed) = (item.word("from"), item.flag_or("licensed", false));
    let (valid_days, notice_days) = (item.optional_whole("valid_days"), item.optional_whole("notice_days"));
    let (hours_min, source) = (item.optional_whole("hours_min"), item.source());
    item.finish();
    Some(CertificateKind {
        id: id?,
        title: title?,
        roles,
        from: from?,
        valid_days,
        notice_days,
        hours_min,
        licensed,
        source: source?,
    })
}

pub fn relation(item: &Item<'_>) -> Option<RelationKind> {
    let (id, title, source) = (item.identifier("id"), item.text("title"), item.source());
    item.finish();
    Some(RelationKind { id: id?, title: title?, source: source? })
}
