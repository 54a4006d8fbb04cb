//! The session room as people read it: who is told, what is asked and drunk, the phases, the codes, the cards, the night.

use super::text::{Table, heading, paragraph};
use crate::{
    decode::word_of,
    model::{EmergencyCard, RoomPlan, Study, TimelineCode},
};
use std::fmt::Write;

/// Everything of the room that the study sets; nothing of what it leaves out.
pub fn room(out: &mut String, study: &Study) {
    let session = &study.session;
    let plan = &session.room;
    asked(out, plan);
    drink_and_touch(out, plan);
    phases(out, plan);
    alarms(out, plan);
    codes(out, &session.codes);
    cards(out, plan);
    night(out, plan);
}

fn asked(out: &mut String, plan: &RoomPlan) {
    if !plan.ratings.is_empty() {
        heading(out, "The room: how much distress");
        let mut table = Table::new(&["asked", "minute", "within", "what"]);
        for slot in &plan.ratings {
            let at = (format!("{:+}", slot.offset_minutes), format!("± {}", slot.within_minutes));
            table.row([slot.id.clone(), at.0, at.1, slot.measures.join(", ")]);
        }
        table.write(out);
    }
    if let Some(distress) = &plan.distress {
        let card = distress.card.as_deref().map(|card| format!(", card {card}")).unwrap_or_default();
        let _ = writeln!(
            out,
            "grave from {} on; an alarm when it has lasted {} minutes{card}",
            distress.grave_at, distress.grave_minutes
        );
    }
}

fn drink_and_touch(out: &mut String, plan: &RoomPlan) {
    if let Some(fluids) = &plan.fluids {
        heading(out, "The room: drinking");
        let alerts: Vec<String> = fluids.alert_at_ml.iter().map(|ml| format!("{ml} ml")).collect();
        let hour = fluids.hour_max_ml.map(|ml| format!("; {ml} ml in an hour")).unwrap_or_default();
        let _ =
            writeln!(out, "at most {} ml on the day; an alarm at {}{hour}", fluids.day_max_ml, alerts.join(" and "));
    }
    if let Some(touch) = &plan.touch {
        heading(out, "The room: touch");
        let kinds: Vec<&str> = touch.kinds.iter().map(|kind| kind.label.as_str()).collect();
        paragraph(
            out,
            "",
            &format!("agreed on before the dose, kind by kind, and never widened: {}", kinds.join("; ")),
        );
        let _ = writeln!(out, "with {} carers in the room", touch.carers_min);
    }
}

fn phases(out: &mut String, plan: &RoomPlan) {
    if plan.phases.is_empty() {
        return;
    }
    heading(out, "The room: course of the day");
    let mut table = Table::new(&["minutes", "phase", "music", "care"]);
    for phase in &plan.phases {
        let until = phase.until_minutes.map_or_else(|| "on".to_owned(), |until| format!("to {until:+}"));
        let span = format!("{:+} {until}", phase.from_minutes);
        table.row([span, phase.title.clone(), phase.music.clone(), phase.care.clone()]);
    }
    table.write(out);
}

fn alarms(out: &mut String, plan: &RoomPlan) {
    if !plan.alarms.is_empty() {
        heading(out, "The room: alarms");
        let mut table = Table::new(&["level", "answered in", "who is told, one after the other"]);
        for rule in &plan.alarms {
            let tell: Vec<String> = rule.tell.iter().map(|duty| duty.name().replace('_', " ")).collect();
            table.row([rule.level.name().to_owned(), format!("{} min", rule.ack_minutes), tell.join(", ")]);
        }
        table.write(out);
    }
    for step in &plan.steps {
        let _ = writeln!(
            out,
            "too few carers for {} minutes: {} is told, {}",
            step.after_minutes,
            step.tell.name().replace('_', " "),
            step.level.name()
        );
    }
    if plan.contacts.is_empty() {
        return;
    }
    heading(out, "The room: who is called");
    let mut table = Table::new(&["contact", "who", "reached in", "number"]);
    for contact in &plan.contacts {
        let number = contact.phone.clone().unwrap_or_else(|| "the site's own".to_owned());
        table.row([contact.id.clone(), contact.label.clone(), format!("{} min", contact.within_minutes), number]);
    }
    table.write(out);
}

fn codes(out: &mut String, codes: &[TimelineCode]) {
    if codes.is_empty() {
        return;
    }
    heading(out, "The room: the timeline's codes");
    let mut table = Table::new(&["code", "keys", "line", "follows"]);
    for code in codes {
        let mut follows: Vec<String> = Vec::new();
        if let Some(unit) = &code.unit {
            follows.push(format!("a number of {unit}"));
        }
        if let Some(level) = code.alarm {
            let on = if code.alarm_on.is_empty() { String::new() } else { format!(" on {}", code.alarm_on.join(", ")) };
            follows.push(format!("alarm {}{on}", level.name()));
        }
        if let Some(card) = &code.card {
            follows.push(format!("card {card}"));
        }
        if let Some(means) = code.means {
            follows.push(format!("means {}", word_of(means)));
        }
        if code.may_be_harm {
            follows.push("somebody says whether it was an adverse event".to_owned());
        }
        let keys = code.keys.clone().unwrap_or_default();
        table.row([code.code.clone(), keys, code.label.clone(), follows.join("; ")]);
    }
    table.write(out);
}

fn cards(out: &mut String, plan: &RoomPlan) {
    for card in &plan.cards {
        one_card(out, card);
    }
}

fn one_card(out: &mut String, card: &EmergencyCard) {
    let key = card.key.as_deref().map(|key| format!(", key {key}")).unwrap_or_default();
    heading(out, &format!("Emergency card: {} ({}{key})", card.title, card.level.name()));
    for sign in &card.recognise {
        paragraph(out, "  ? ", sign);
    }
    for (number, step) in card.steps.iter().enumerate() {
        paragraph(out, &format!("{:3} ", number + 1), step);
    }
    for medicine in &card.medicines {
        paragraph(out, "  + ", medicine);
    }
    paragraph(out, "  ! ", &format!("beyond this room: {}", card.stop));
    if !card.call.is_empty() {
        let _ = writeln!(out, "    call {}", card.call.join(", then "));
    }
}

fn night(out: &mut String, plan: &RoomPlan) {
    let Some(night) = &plan.night else { return };
    heading(out, "The room: the night");
    let _ = writeln!(
        out,
        "a look every {} minutes, an alarm after {}; the morning begins at {}",
        night.every_minutes,
        night.missed_minutes,
        night.until.strftime("%H:%M")
    );
    let signs: Vec<&str> = night.must_call.iter().map(|sign| sign.label.as_str()).collect();
    if !signs.is_empty() {
        paragraph(out, "", &format!("the attendant calls at: {}", signs.join("; ")));
    }
    if let Some(from) = night.distress_call_at {
        let _ = writeln!(out, "and at a distress of {from} or more");
    }
}
