//! The session room: presence's steps, ratings, fluids, touch, phases, alarms, cards, contacts, the night, codes.

use super::{each, forms, session};
use crate::{
    diagnostic::Mistake,
    item::Item,
    model::{
        AlarmRule, Contact, DistressPlan, EmergencyCard, FluidPlan, NightPlan, Phase, PresenceStep, RoomPlan,
        TimelineCode, TouchPlan,
    },
};
use jiff::civil::Time;

/// The parts of `[session]` that the room is made of; each may be missing.
pub fn room(item: &Item<'_>) -> RoomPlan {
    let steps = item.optional_table("presence").map(|presence| each(presence.items("step"), step));
    RoomPlan {
        steps: steps.unwrap_or_default(),
        ratings: each(item.items("rating"), session::slot),
        distress: item.optional_table("distress").and_then(|item| distress(&item)),
        fluids: item.optional_table("fluids").and_then(|item| fluids(&item)),
        touch: item.optional_table("touch").and_then(|item| touch(&item)),
        phases: each(item.items("phase"), phase),
        alarms: each(item.items("alarm"), alarm),
        cards: each(item.items("card"), card),
        contacts: each(item.items("contact"), contact),
        night: item.optional_table("night").and_then(|item| night(&item)),
        sober_after_hours: item.optional_whole("sober_after_hours"),
    }
}

pub fn code(item: &Item<'_>) -> Option<TimelineCode> {
    let (code, label, unit) = (item.text("code"), item.text("label"), item.optional_text("unit"));
    let (keys, group) = (item.optional_text("keys"), item.optional_text("group"));
    let options = if item.has("options") { forms::options(item, "options") } else { Vec::new() };
    let words = item.flag_or("words", false);
    let means = item.has("means").then(|| item.word("means")).flatten();
    let alarm = item.has("alarm").then(|| item.word("alarm")).flatten();
    let (alarm_on, card) = (item.texts("alarm_on"), item.optional_text("card"));
    let may_be_harm = item.flag_or("may_be_harm", false);
    item.finish();
    Some(TimelineCode {
        code: code?,
        label: label?,
        unit,
        keys,
        group,
        options,
        words,
        means,
        alarm,
        alarm_on,
        card,
        may_be_harm,
    })
}

fn step(item: &Item<'_>) -> Option<PresenceStep> {
    let (id, after_minutes, tell) = (item.text("id"), item.whole("after_minutes"), item.word("tell"));
    let (level, source) = (item.word("level"), item.source());
    item.finish();
    Some(PresenceStep { id: id?, after_minutes: after_minutes?, tell: tell?, level: level?, source: source? })
}

fn distress(item: &Item<'_>) -> Option<DistressPlan> {
    let (measure, grave_at, grave_minutes) =
        (item.text("measure"), item.decimal("grave_at"), item.whole("grave_minutes"));
    let (card, source) = (item.optional_text("card"), item.source());
    item.finish();
    Some(DistressPlan { measure: measure?, grave_at: grave_at?, grave_minutes: grave_minutes?, card, source: source? })
}

fn fluids(item: &Item<'_>) -> Option<FluidPlan> {
    let (day_max_ml, alert_at_ml) = (item.whole("day_max_ml"), item.wholes("alert_at_ml"));
    let (hour_max_ml, card, source) = (item.optional_whole("hour_max_ml"), item.optional_text("card"), item.source());
    item.finish();
    Some(FluidPlan { day_max_ml: day_max_ml?, alert_at_ml, hour_max_ml, card, source: source? })
}

fn touch(item: &Item<'_>) -> Option<TouchPlan> {
    let (check, kinds) = (item.text("check"), forms::options(item, "kinds"));
    let (carers_min, source) = (item.whole("carers_min"), item.source());
    item.finish();
    Some(TouchPlan { check: check?, kinds, carers_min: carers_min?, source: source? })
}

fn phase(item: &Item<'_>) -> Option<Phase> {
    let (id, title, from_minutes) = (item.text("id"), item.text("title"), item.whole("from_minutes"));
    let (until_minutes, care) = (item.optional_whole("until_minutes"), item.text("care"));
    let (music, source) = (item.text("music"), item.source());
    item.finish();
    Some(Phase {
        id: id?,
        title: title?,
        from_minutes: from_minutes?,
        until_minutes,
        care: care?,
        music: music?,
        source: source?,
    })
}

fn alarm(item: &Item<'_>) -> Option<AlarmRule> {
    let (level, ack_minutes, tell) = (item.word("id"), item.whole("ack_minutes"), item.words("tell"));
    let source = item.source();
    item.finish();
    Some(AlarmRule { level: level?, ack_minutes: ack_minutes?, tell, source: source? })
}

fn card(item: &Item<'_>) -> Option<EmergencyCard> {
    let (id, title, key) = (item.text("id"), item.text("title"), item.optional_text("key"));
    let (level, recognise, steps) =
        (item.word("level"), item.required_texts("recognise"), item.required_texts("steps"));
    let (medicines, stop, call) = (item.texts("medicines"), item.text("stop"), item.texts("call"));
    let source = item.source();
    item.finish();
    Some(EmergencyCard {
        id: id?,
        title: title?,
        key,
        level: level?,
        recognise,
        steps,
        medicines,
        stop: stop?,
        call,
        source: source?,
    })
}

fn contact(item: &Item<'_>) -> Option<Contact> {
    let (id, label) = (item.text("id"), item.text("label"));
    let duty = item.has("duty").then(|| item.word("duty")).flatten();
    let (within_minutes, phone, source) = (item.whole("within_minutes"), item.optional_text("phone"), item.source());
    item.finish();
    Some(Contact { id: id?, label: label?, duty, within_minutes: within_minutes?, phone, source: source? })
}

fn night(item: &Item<'_>) -> Option<NightPlan> {
    let (every_minutes, missed_minutes) = (item.whole("every_minutes"), item.whole("missed_minutes"));
    let until = clock(item, "until");
    let must_call = if item.has("must_call") { forms::options(item, "must_call") } else { Vec::new() };
    let (distress_call_at, source) = (item.optional_whole("distress_call_at"), item.source());
    item.finish();
    Some(NightPlan {
        every_minutes: every_minutes?,
        missed_minutes: missed_minutes?,
        until: until?,
        must_call,
        distress_call_at,
        source: source?,
    })
}

/// A time of day: `"08:30"`.
fn clock(item: &Item<'_>, key: &'static str) -> Option<Time> {
    let text = item.text(key)?;
    let time = Time::strptime("%H:%M", &text).ok();
    if time.is_none() {
        let message = format!("`{key}` can't be `{text}`");
        let mistake = Mistake::new("study.type", &item.place_of(key), message, "not a time of day");
        item.note(mistake.mend("write hours and minutes, such as \"08:30\""));
    }
    time
}
