//! The timeline: lines by a code of the study, corrected and never erased, and what follows from some of them: touch
//! that was not agreed on, what was drunk, rescue medicine, something that may have been harm, a stop.
//!
//! Source: dosing-day.md §7 (codes, touch, fluids), §8, §9, §13.10, §13.11; failures.md F-03, F-50.

use super::{
    alarms::{self, Raise},
    room::{Room, minutes},
    supplement,
};
use crate::{
    case::{Case, Draft},
    command::MedicineReport,
    decide::FactNo,
    entry::{AlarmKind, Entry, NoteFound},
    finding::Unreadable,
    state::SessionState,
};
use jiff::Timestamp;
use protocol::model::{AlarmLevel, CodeMeaning, Duty, FluidPlan, Study, TimelineCode, Trigger};
use terms::{Decimal, FieldId, InstanceId, Value};

/// The code that says that the participant vomited, in studies that give codes no meaning.
const VOMIT: &str = "VOMIT";

/// Whether a code means something.
pub(super) fn means(study: &Study, code: &str, meaning: CodeMeaning) -> bool {
    let known = study.session.codes.iter().find(|known| known.code == code);
    known.is_some_and(|known| known.means == Some(meaning))
        || meaning == CodeMeaning::Vomited && code.eq_ignore_ascii_case(VOMIT)
}

/// Words are kept to a length; a longer story is attached as a document.
pub(super) fn length(text: Option<&str>) -> Result<(), Unreadable> {
    let length = text.map_or(0, |text| text.chars().count());
    if length <= crate::forms::TEXT_MAX {
        return Ok(());
    }
    Err(Unreadable {
        field: "text".to_owned(),
        what: format!("{length} characters"),
        mend: format!("at most {}; attach a longer text as a document", crate::forms::TEXT_MAX),
    })
}

/// A line as it is asked for, read by the study's code.
fn read<'c>(room: &Room<'c>, line: &NoteFound) -> Result<&'c TimelineCode, Unreadable> {
    let codes = &room.case.study.session.codes;
    let code = &line.code;
    let wrong = |field: &str, what: String, mend: String| Unreadable { field: field.to_owned(), what, mend };
    let Some(known) = codes.iter().find(|known| known.code == *code) else {
        let all: Vec<&str> = codes.iter().map(|known| known.code.as_str()).collect();
        let mend = format!("the codes are {}", all.join(", "));
        return Err(wrong("code", format!("there is no code \"{code}\" in this study"), mend));
    };
    match (&known.unit, line.number) {
        (Some(unit), None) => {
            return Err(wrong("number", format!("{code} carries a number"), format!("give it in {unit}")));
        }
        (None, Some(number)) => {
            let mend = "leave the number out, or put it into the words".to_owned();
            return Err(wrong("number", format!("{code} carries no number, {number} was given"), mend));
        }
        (Some(unit), Some(number)) if number < Decimal::ZERO => {
            return Err(wrong(
                "number",
                format!("{code} {number} {unit} is below zero"),
                "check the number".to_owned(),
            ));
        }
        (Some(_), Some(_)) | (None, None) => {}
    }
    let chosen = line.detail.as_deref();
    if !known.options.is_empty() || chosen.is_some() {
        let all: Vec<&str> = known.options.iter().map(|option| option.code.as_str()).collect();
        match chosen {
            None => {
                let mend = format!("choose one of {}", all.join(", "));
                return Err(wrong("detail", format!("{code} goes with a choice"), mend));
            }
            Some(chosen) if !all.contains(&chosen) => {
                let mend = match all.as_slice() {
                    [] => "leave it out".to_owned(),
                    all => format!("choose one of {}", all.join(", ")),
                };
                return Err(wrong("detail", format!("{code} has no choice \"{chosen}\""), mend));
            }
            Some(_) => {}
        }
    }
    if known.words && line.text.as_deref().is_none_or(|text| text.trim().is_empty()) {
        return Err(wrong("text", format!("{code} goes with words"), "write a few".to_owned()));
    }
    length(line.text.as_deref())?;
    Ok(known)
}

/// A line of the timeline, by a code of the study.
pub(super) fn note(room: &Room<'_>, line: NoteFound, draft: &mut Draft) -> Result<(), FactNo> {
    let code = read(room, &line)?;
    let instance = draft.instance();
    let NoteFound { code: id, number, detail, text } = line.clone();
    draft.participant(Entry::SessionNoted {
        session: room.number,
        instance: instance.clone(),
        code: id,
        number,
        detail,
        text,
    });
    follow(room, code, &line, &instance, draft)
}

/// A line is corrected: what follows from it as it stands now follows now.
pub(super) fn correct(room: &Room<'_>, id: &InstanceId, line: NoteFound, draft: &mut Draft) -> Result<(), FactNo> {
    let wrong =
        |field: &str, what: String, mend: &str| Unreadable { field: field.to_owned(), what, mend: mend.to_owned() };
    let Some(note) = room.session.notes.iter().find(|note| note.instance == *id) else {
        let what = format!("there is no line {id} in this session");
        return Err(wrong("note", what, "open the timeline again and choose a line of it").into());
    };
    if room.case.reason.is_none_or(|reason| reason.trim().is_empty()) {
        let what = "a correction says why".to_owned();
        return Err(wrong("reason", what, "give the reason in a few words").into());
    }
    let code = read(room, &line)?;
    let old = NoteFound {
        code: note.code.clone(),
        number: note.number,
        detail: note.detail.clone(),
        text: note.text.clone(),
    };
    if old == line {
        return Err(wrong("note", "nothing differs from what stands there".to_owned(), "change it, or leave it").into());
    }
    let followed = old.code == line.code && old.detail == line.detail && old.number == line.number;
    draft.participant(Entry::SessionNoteCorrected {
        session: room.number,
        instance: id.clone(),
        old,
        new: line.clone(),
    });
    if followed { Ok(()) } else { follow(room, code, &line, id, draft) }
}

/// What follows from a line.
fn follow(
    room: &Room<'_>,
    code: &TimelineCode,
    line: &NoteFound,
    instance: &InstanceId,
    draft: &mut Draft,
) -> Result<(), FactNo> {
    let study = room.case.study;
    let chosen = line.detail.as_deref();
    let raises = code.alarm_on.is_empty() || chosen.is_some_and(|chosen| code.alarm_on.iter().any(|on| on == chosen));
    if let Some(level) = code.alarm.filter(|_| raises) {
        let choice = chosen.and_then(|chosen| code.options.iter().find(|option| option.code == chosen));
        let text = match (choice, line.text.as_deref()) {
            (Some(choice), _) => format!("{}: {}", code.label, choice.label),
            (None, Some(words)) => format!("{}: {words}", code.label),
            (None, None) => code.label.clone(),
        };
        let alarm = Raise::new(AlarmKind::Note, instance.to_string(), level, text);
        alarms::raise(room, alarm.about(instance).card(code.card.as_ref()), draft);
    }
    match code.means {
        Some(CodeMeaning::Drink) => drunk(room, line.number, instance, draft),
        Some(CodeMeaning::TouchOffered | CodeMeaning::TouchAccepted) => touched(room, code, chosen, instance, draft),
        Some(CodeMeaning::StopWord) => {
            let due = Case::after_minutes(room.case.at, 24 * 60);
            let title = "Look at the recording around the stop word";
            draft.task(title, Duty::LeadSite, due, Trigger::TouchNotAgreed, Some(instance));
        }
        Some(CodeMeaning::Rescue) => rescue(room, line, draft)?,
        Some(
            CodeMeaning::Vomited
            | CodeMeaning::TouchDeclined
            | CodeMeaning::TouchEnded
            | CodeMeaning::NoTouch
            | CodeMeaning::NotAsked,
        )
        | None => {}
    }
    if means(study, &line.code, CodeMeaning::Vomited) {
        supplement::answer_vomiting(room, draft);
    }
    if code.may_be_harm {
        ask_for_harm(room, &code.label, Trigger::MayBeHarm, instance, draft);
    }
    Ok(())
}

/// Something may have been harm: somebody says whether it was an adverse event, and until then the record stays open.
pub(super) fn ask_for_harm(room: &Room<'_>, what: &str, trigger: Trigger, about: &InstanceId, draft: &mut Draft) {
    let due = Case::after_minutes(room.case.at, 24 * 60);
    let title = format!("Adverse event? {what}, {}: record it, or sign why not", room.case.clock(room.case.at));
    draft.task(title, Duty::Facilitate, due, trigger, Some(about));
}

/// A rescue medicine is a medicine taken, like any other.
fn rescue(room: &Room<'_>, line: &NoteFound, draft: &mut Draft) -> Result<(), FactNo> {
    let Some(name) = line.text.clone() else { return Ok(()) };
    let unit = room.case.study.session.codes.iter().find(|code| code.code == line.code).and_then(|c| c.unit.as_deref());
    let dose = match (line.number, unit) {
        (Some(number), Some(unit)) => format!("{number} {unit}"),
        _ => "once".to_owned(),
    };
    let report = MedicineReport {
        name,
        dose,
        indication: format!("rescue in session {}", room.number),
        started: Some(room.case.day),
        taper_started: None,
        last_dose: Some(room.case.day),
        last_change: None,
        rescue: true,
    };
    crate::participant::medicine_write(room.case, None, &report, draft)
}

/// What was drunk of late: `(in all, in the hour before)`, ml, up to a moment.
pub(super) fn fluids(study: &Study, session: &SessionState, until: Timestamp) -> (Decimal, Decimal) {
    let hour_ago = Case::after_minutes(until, -60);
    let drinks = session.notes.iter().filter(|note| note.at <= until && means(study, &note.code, CodeMeaning::Drink));
    drinks.fold((Decimal::ZERO, Decimal::ZERO), |(all, hour), note| {
        let ml = note.number.unwrap_or(Decimal::ZERO);
        (all.plus(ml), if note.at > hour_ago { hour.plus(ml) } else { hour })
    })
}

/// Alarms at the study's sums. Nothing is ever barred.
fn drunk(room: &Room<'_>, ml: Option<Decimal>, instance: &InstanceId, draft: &mut Draft) {
    let Some(plan) = &room.case.study.session.room.fluids else { return };
    // A line told late counts for the whole of what is known, so that a sum is never passed unseen.
    let until = room.session.notes.last().map_or(room.case.at, |note| note.at.max(room.case.at));
    let corrected = room.session.notes.iter().find(|note| note.instance == *instance).and_then(|note| note.number);
    let (all, hour) = fluids(room.case.study, room.session, until);
    let more = ml.unwrap_or(Decimal::ZERO).minus(corrected.unwrap_or(Decimal::ZERO));
    let (before, all) = (all, all.plus(more));
    let passed = plan.alert_at_ml.iter().copied().filter(|at| {
        let at = Decimal::whole(i64::from(*at));
        before < at && all >= at
    });
    for at in passed {
        let text = format!("{all} ml drunk, {at} ml passed; the day's limit is {} ml", plan.day_max_ml);
        fluid_alarm(room, plan, &format!("day/{at}"), text, instance, draft);
    }
    if let Some(most) = plan.hour_max_ml.filter(|most| hour.plus(more) > Decimal::whole(i64::from(*most))) {
        let text = format!("{} ml drunk within one hour, {most} ml at most", hour.plus(more));
        fluid_alarm(room, plan, "hour", text, instance, draft);
    }
}

fn fluid_alarm(room: &Room<'_>, plan: &FluidPlan, key: &str, text: String, about: &InstanceId, draft: &mut Draft) {
    let alarm = Raise::new(AlarmKind::Fluids, key, AlarmLevel::Amber, text);
    alarms::raise(room, alarm.about(about).card(plan.card.as_ref()), draft);
}

/// When the participant said that they want no touch any more, or said the stop word.
pub(super) fn touch_withdrawn(study: &Study, session: &SessionState, until: Timestamp) -> Option<Timestamp> {
    let said = |meaning| {
        let mut notes = session.notes.iter().filter(move |note| note.at <= until && means(study, &note.code, meaning));
        notes.next().map(|note| note.at)
    };
    // The stop word ends one contact; a wish for none ends all.
    said(CodeMeaning::NoTouch)
}

/// Whether a kind of touch was agreed on in the day's check.
pub(super) fn agreed(study: &Study, session: &SessionState, kind: &str) -> Option<bool> {
    let plan = study.session.room.touch.as_ref()?;
    let check = session.checks.iter().find(|(id, _)| **id == *plan.check.as_str()).map(|(_, done)| done);
    Some(check.is_some_and(|done| done.values.get(&FieldId::from(kind)) == Some(&Value::Bool(true))))
}

/// Touch never widens in a session: what was not agreed on, what was taken back, and any with too few people there.
fn touched(room: &Room<'_>, code: &TimelineCode, kind: Option<&str>, instance: &InstanceId, draft: &mut Draft) {
    let case = room.case;
    let Some(plan) = &case.study.session.room.touch else { return };
    let carers = room.carers_at(case.at);
    let label = kind.map_or(code.label.as_str(), |kind| {
        plan.kinds.iter().find(|known| known.code == kind).map_or(kind, |known| known.label.as_str())
    });
    let why = if let Some(at) = touch_withdrawn(case.study, room.session, case.at) {
        format!("{}, after no touch was wished at {}", code.label, case.clock(at))
    } else if kind.is_some_and(|kind| agreed(case.study, room.session, kind) == Some(false)) {
        format!("{}: {label} was not agreed on for today", code.label)
    } else if carers < plan.carers_min as usize {
        format!("{} with {carers} carers in the room, {} at least", code.label, plan.carers_min)
    } else {
        return;
    };
    let alarm = Raise::new(AlarmKind::Touch, instance.to_string(), AlarmLevel::Red, why.clone());
    alarms::raise(room, alarm.about(instance), draft);
    draft.event(case, Trigger::TouchNotAgreed, &why, Duty::LeadSite, Some(instance));
}

/// The session was stopped: everybody who can help hears of it.
pub(super) fn stop(room: &Room<'_>, draft: &mut Draft) {
    let first = room.session.stopped.is_none();
    draft.participant(Entry::SessionStopped { session: room.number });
    if first {
        let why = room.case.reason.map(str::trim).filter(|reason| !reason.is_empty());
        let text =
            why.map_or_else(|| "The session was stopped".to_owned(), |why| format!("The session was stopped: {why}"));
        alarms::raise(room, Raise::new(AlarmKind::Stop, "stop", AlarmLevel::Red, text), draft);
    }
}

/// Minutes after the first swallow, for lines and readings; negative before it.
pub(super) fn minute(session: &SessionState, at: Timestamp) -> Option<i64> {
    session.dosed_at().map(|dosed| Case::minutes_between(dosed, at))
}

/// Whether a rating was said not to have been asked for, in a slot's minutes.
pub(super) fn not_asked(room: &Room<'_>, from: i64, until: i64) -> bool {
    room.session.notes.iter().any(|note| {
        means(room.case.study, &note.code, CodeMeaning::NotAsked)
            && minute(room.session, note.at).is_some_and(|at| (from..=until).contains(&at))
    })
}

/// A whole number of minutes as a signed one, for those who count from here.
pub(super) fn within(offset: i32, within: u32) -> (i64, i64) {
    (i64::from(offset) - minutes(within), i64::from(offset) + minutes(within))
}
