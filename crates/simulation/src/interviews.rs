//! Interviews whose answers hang together: PTSD severity with its diagnosis, suicide risk, and guesses of the arm.
//!
//! Source: outcomes-sim.md §3.3, §3.4, §8; structure from the instruments' own check of consistency.

use crate::{
    filler::{Filler, Values},
    items::{Part, spread},
    person::Stage,
    random::Stream,
};
use conduct::forms::read_form;
use protocol::model::{Content, Duty, Form};
use terms::{Decimal, FieldId, Value};

/// Answers to an interview that is known by its instrument; none for any other.
pub(crate) fn answers(filler: &Filler<'_>, form: &Form, instrument: &str, stream: &mut Stream) -> Option<Values> {
    match instrument {
        "caps5" => Some(severity(filler, form, stream)),
        "cssrs" => Some(suicide_risk(filler, form, stream)),
        "guess" => Some(guess(filler, form, stream)),
        _ => None,
    }
}

/// Weights of the severity items: sleep carries more than its share, amnesia and recklessness less.
fn weight(item: usize) -> f64 {
    match item {
        8 => 0.6,
        16 => 0.45,
        18 => 0.9,
        20 => 1.25,
        _ => 1.0,
    }
}

/// Items that sum to the person's total, with the diagnosis that was drawn for it.
fn severity(filler: &Filler<'_>, form: &Form, stream: &mut Stream) -> Values {
    let total = filler.person.primary(filler.stage, filler.treated);
    let outcome = &filler.scenario.outcome;
    let chance = 1.0 / (1.0 + (-(total as f64 - outcome.diagnosis_midpoint) / outcome.diagnosis_scale).exp());
    let drawn = stream.chance(chance);
    // At baseline somebody who is ill enough has the diagnosis, or they would not be there.
    let at_baseline = filler.treated.is_none() && total >= filler.scenario.baseline.severity.min as i64;
    let wanted = drawn || at_baseline;
    let mut best = severity_once(filler, total, stream);
    for _ in 0..60 {
        let found = read_form(form, &best).ok().and_then(|read| read.scores.get("diagnosis")?.value.clone());
        if found == Some(Value::Bool(wanted)) {
            break;
        }
        best = severity_once(filler, total, stream);
    }
    best
}

fn severity_once(filler: &Filler<'_>, total: i64, stream: &mut Stream) -> Values {
    let parts: Vec<Part> = (1..=20).map(|item| Part { min: 0, max: 4, weight: weight(item) }).collect();
    let mut values = Values::new();
    for (number, points) in (1..).zip(spread(total, &parts, stream)) {
        values.insert(FieldId::from(number.to_string()), Value::Integer(points));
    }
    let mut set = |item: &str, value: i64| values.insert(FieldId::from(item), Value::Integer(value));
    for item in ["23", "24", "25"] {
        let drawn = (total as f64 / 20.0 + stream.normal(0.0, 0.5)).round() as i64;
        set(item, drawn.clamp(0, 4));
    }
    let mean = if filler.person.dissociative { 2.2 } else { 0.4 };
    let fading = (total as f64 / 40.0).min(1.0);
    for item in ["29", "30"] {
        set(item, stream.normal(mean * fading, 0.6).round().clamp(0.0, 4.0) as i64);
    }
    set("26", i64::from(stream.chance(0.15)));
    let months = |value: i64| Value::Decimal(Decimal::whole(value));
    values.insert(FieldId::from("21"), months(if filler.person.whose.is_multiple_of(7) { 9 } else { 1 }));
    values.insert(FieldId::from("22"), months(filler.person.ptsd_months));
    values
}

/// Mostly no; a wish to be dead in some; what a lifetime column asks for where the form asks for it.
fn suicide_risk(filler: &Filler<'_>, form: &Form, stream: &mut Stream) -> Values {
    let mut values = Values::new();
    let mut say = |item: &str, yes: bool| values.insert(FieldId::from(item), Value::Bool(yes));
    let total = filler.person.primary(filler.stage, filler.treated) as f64;
    let passive = stream.chance(0.0025 * total);
    let active = passive && stream.chance(0.15);
    say("1", passive);
    say("2", active);
    if active {
        for item in ["3", "4", "5"] {
            say(item, false);
        }
    }
    say("nssi", false);
    let lifetime = form.recall.as_deref() == Some("lifetime");
    if lifetime {
        let ever = filler.person.ideation_lifetime;
        say("lifetime_1", ever || passive);
        say("lifetime_2", (ever && stream.chance(0.6)) || active);
        let tried = filler.person.attempt_lifetime;
        for item in ["lifetime_3", "lifetime_4", "lifetime_5"] {
            say(item, tried);
        }
    }
    let mut count = |item: &str, number: i64| values.insert(FieldId::from(item), Value::Integer(number));
    for item in ["actual_attempts", "interrupted_attempts", "aborted_attempts", "preparatory_acts"] {
        count(item, 0);
    }
    if passive {
        count("most_severe_type", if active { 2 } else { 1 });
        for (item, high) in
            [("frequency", 3), ("duration", 2), ("controllability", 3), ("deterrents", 2), ("reasons", 4)]
        {
            let drawn = stream.whole(1, high);
            count(item, drawn);
        }
    }
    values
}

/// What somebody takes the treatment to be, by who they are and when they are asked.
fn guess(filler: &Filler<'_>, form: &Form, stream: &mut Stream) -> Values {
    let has = |duty: Duty| {
        let roles = form.completed_by.iter().filter_map(|role| filler.study.role(role.as_str()));
        roles.into_iter().any(|role| role.duties.contains(&duty))
    };
    let table = &filler.scenario.guess;
    let content = filler.treated.map_or(Content::Placebo, |treated| treated.content);
    let chances = if has(Duty::RateOutcomes) {
        table.rater.of(content)
    } else if has(Duty::Participate) {
        match filler.stage {
            Stage::Occasion(0 | 1) => table.first_session.of(content),
            Stage::Occasion(_) | Stage::LongTerm(_) => table.last.of(content),
        }
    } else {
        table.therapist.of(content)
    };
    let drawn = stream.weighted(&chances);
    let code = match drawn {
        0 => "active",
        1 => "placebo",
        _ => "dont_know",
    };
    let mut values = Values::new();
    values.insert(FieldId::from("guess"), Value::Text(code.to_owned()));
    let confidence = if drawn == 2 { 1 } else { stream.whole(2, 5) };
    values.insert(FieldId::from("confidence"), Value::Integer(confidence));
    values
}
