//! The dosing day.

use super::{each, forms, room};
use crate::{
    expression::{Names, Scope},
    item::Item,
    model::{AlarmLevel, Check, DischargePlan, Limit, Measure, PresencePlan, SessionPlan, VitalsSlot},
    scope,
};

pub fn session(item: &Item<'_>, names: &Scope) -> Option<SessionPlan> {
    let checks = each(item.some_items("check"), |item| check(item, names));
    let presence = item.table("presence").and_then(|item| presence(&item));
    let vitals = each(item.some_items("vitals"), slot);
    let measures = each(item.some_items("measure"), measure);
    let limits = each(item.some_items("limit"), limit);
    let discharge = item.table("discharge").and_then(|item| discharge(&item, names));
    let overnight = item.word("overnight");
    let codes = each(item.items("code"), room::code);
    let supplement_refusals =
        if item.has("supplement_refusals") { forms::options(item, "supplement_refusals") } else { Vec::new() };
    let room = room::room(item);
    let source = item.source();
    item.finish();
    Some(SessionPlan {
        checks,
        presence: presence?,
        vitals,
        measures,
        limits,
        discharge: discharge?,
        overnight: overnight?,
        codes,
        supplement_refusals,
        room,
        source: source?,
    })
}

fn check(item: &Item<'_>, names: &Scope) -> Option<Check> {
    let (id, alias, sentence) = (item.identifier("id"), item.optional_text("alias"), item.text("sentence"));
    let fields = each(item.items("field"), forms::field);
    let own = scope::fields(&fields);
    let pass = item.expression("pass", &Names { own: &own, outer: Some(names) });
    let applies = item.optional_expression("applies", &Names { own: names, outer: None });
    let by = item.words("by");
    let fresh_minutes = item.optional_whole("fresh_minutes");
    let failing = item.word("failing");
    let (remedy_missing, remedy_failed) = (item.text("remedy_missing"), item.text("remedy_failed"));
    let signed = item.flag_or("signed", false);
    let (repeat_minutes, failures_max) = (item.optional_whole("repeat_minutes"), item.optional_whole("failures_max"));
    let form = item.optional_text("form").map(Into::into);
    let source = item.source();
    item.finish();
    Some(Check {
        id: id?.into(),
        alias,
        sentence: sentence?,
        fields,
        pass: pass?,
        applies,
        by,
        fresh_minutes,
        failing: failing?,
        remedy_missing: remedy_missing?,
        remedy_failed: remedy_failed?,
        signed,
        repeat_minutes,
        failures_max,
        form,
        source: source?,
    })
}

fn presence(item: &Item<'_>) -> Option<PresencePlan> {
    let (carers_min, in_room_min) = (item.whole("carers_min"), item.whole("in_room_min"));
    let (gap_minutes_max, nurses_min) = (item.whole("gap_minutes_max"), item.whole("nurses_min"));
    let (leads_min, delegation_minutes) = (item.whole("leads_min"), item.whole("delegation_minutes"));
    let (together_minutes, source) = (item.whole("together_minutes"), item.source());
    let (licensed_min, related_alone) = (item.optional_whole("licensed_min"), item.flag_or("related_alone", false));
    // Its steps are read with the room.
    item.items("step");
    item.finish();
    Some(PresencePlan {
        carers_min: carers_min?,
        in_room_min: in_room_min?,
        gap_minutes_max: gap_minutes_max?,
        nurses_min: nurses_min?,
        leads_min: leads_min?,
        delegation_minutes: delegation_minutes?,
        together_minutes: together_minutes?,
        licensed_min,
        related_alone,
        source: source?,
    })
}

pub fn slot(item: &Item<'_>) -> Option<VitalsSlot> {
    let (id, offset_minutes) = (item.text("id"), item.whole("offset_minutes"));
    let (within_minutes, measures) = (item.whole("within_minutes"), item.required_texts("measures"));
    let (before_supplement, source) = (item.flag_or("before_supplement", false), item.source());
    item.finish();
    Some(VitalsSlot {
        id: id?,
        offset_minutes: offset_minutes?,
        within_minutes: within_minutes?,
        measures,
        before_supplement,
        source: source?,
    })
}

fn measure(item: &Item<'_>) -> Option<Measure> {
    let (id, label, unit) = (item.identifier("id"), item.text("label"), item.text("unit"));
    let (min, max) = (item.decimal("min"), item.decimal("max"));
    item.finish();
    Some(Measure { id: id?, label: label?, unit: unit?, min: min?, max: max? })
}

fn limit(item: &Item<'_>) -> Option<Limit> {
    let (id, measure, unit) = (item.text("id"), item.text("measure"), item.text("unit"));
    let (amber_at, red_at) = (item.optional_decimal("amber_at"), item.optional_decimal("red_at"));
    let (amber_low, red_low) = (item.optional_decimal("amber_low"), item.optional_decimal("red_low"));
    let (amber_action, red_action) = (item.text("amber_action"), item.text("red_action"));
    let (repeat_minutes, source) = (item.whole("repeat_minutes"), item.source());
    let (red_minutes, red_once_at) = (item.optional_whole("red_minutes"), item.optional_decimal("red_once_at"));
    let tell_minutes = item.optional_whole("tell_minutes");
    let red_level = if item.has("red_level") { item.word("red_level") } else { Some(AlarmLevel::Red) };
    let card = item.optional_text("card");
    item.finish();
    Some(Limit {
        id: id?,
        measure: measure?,
        amber_at,
        red_at,
        amber_low,
        red_low,
        unit: unit?,
        amber_action: amber_action?,
        red_action: red_action?,
        repeat_minutes: repeat_minutes?,
        red_minutes,
        red_once_at,
        tell_minutes,
        red_level: red_level?,
        card,
        source: source?,
    })
}

fn discharge(item: &Item<'_>, names: &Scope) -> Option<DischargePlan> {
    let (earliest_minutes, after_supplement_minutes) =
        (item.whole("earliest_minutes"), item.whole("after_supplement_minutes"));
    let criteria = each(item.some_items("criterion"), |item| check(item, names));
    let source = item.source();
    item.finish();
    Some(DischargePlan {
        earliest_minutes: earliest_minutes?,
        after_supplement_minutes: after_supplement_minutes?,
        criteria,
        source: source?,
    })
}
