//! Epochs, visits, the schedule of activities, and the gates.

use crate::{
    diagnostic::Mistake,
    item::{Item, Words},
    model::{Activity, ActivityKind, Anchor, Epoch, Gate, Requirement, Visit, VisitKind, Window},
};
use std::collections::BTreeMap;

pub fn epoch(item: &Item<'_>) -> Option<Epoch> {
    let (id, title, source) = (item.identifier("id"), item.text("title"), item.source());
    item.finish();
    Some(Epoch { id: id?.into(), title: title?, source: source? })
}

pub fn visit(item: &Item<'_>) -> Option<Visit> {
    let id = item.identifier("id");
    let name = item.text("name");
    let time_point = item.optional_text("time_point");
    let kind: Option<VisitKind> = item.word("kind");
    let epoch = item.text("epoch");
    let unscheduled = kind == Some(VisitKind::Unscheduled);
    // An unscheduled visit is counted from nothing.
    let (anchor, target_days, window) = if unscheduled {
        (None, Some(0), Some(Window { opens: 0, closes: 0 }))
    } else {
        (item.text("anchor").as_deref().map(anchor), item.whole("target_days"), item.table("window").and_then(window))
    };
    let anchor_missing = anchor.is_none() && !unscheduled;
    let after = ids(item.texts("after"));
    let mode = item.word("mode");
    let minutes_min = item.optional_whole("minutes_min");
    let roles = ids(item.required_texts("roles"));
    let session = item.optional_whole("session");
    let after_stop = item.flag_or("after_stop", false);
    let optional = item.flag_or("optional", false);
    let therapy = item.flag_or("therapy", false);
    let repeats_every_days = item.optional_whole("repeats_every_days");
    let source = item.source();
    item.finish();
    if anchor_missing {
        return None;
    }
    Some(Visit {
        id: id?.into(),
        name: name?,
        time_point,
        kind: kind?,
        epoch: epoch?.into(),
        anchor,
        target_days: target_days?,
        window: window?,
        after,
        mode: mode?,
        minutes_min,
        roles,
        session,
        after_stop,
        optional,
        therapy,
        repeats_every_days,
        source: source?,
    })
}

fn anchor(word: &str) -> Anchor {
    match word {
        "consent" => Anchor::Consent,
        "enrolment" => Anchor::Enrolment,
        "taper" => Anchor::Taper,
        "confirmation" => Anchor::Confirmation,
        "stop" => Anchor::Stop,
        visit => Anchor::Visit(visit.into()),
    }
}

fn window(item: Item<'_>) -> Option<Window> {
    let (opens, closes) = (item.whole("opens"), item.whole("closes"));
    item.finish();
    Some(Window { opens: opens?, closes: closes? })
}

/// Texts as ids of one kind.
pub fn ids<T: From<String>>(texts: Vec<String>) -> Vec<T> {
    texts.into_iter().map(T::from).collect()
}

#[derive(Debug, Clone, Copy)]
enum What {
    Consent,
    Assignment,
    Dosing,
    Medication,
    AdverseEvents,
    Session,
    Accountability,
}

impl Words for What {
    const ALL: &'static [(&'static str, Self)] = &[
        ("consent", Self::Consent),
        ("assignment", Self::Assignment),
        ("dosing", Self::Dosing),
        ("medication", Self::Medication),
        ("adverse_events", Self::AdverseEvents),
        ("session", Self::Session),
        ("accountability", Self::Accountability),
    ];
}

pub fn activity(item: &Item<'_>) -> Option<Activity> {
    let (id, title) = (item.identifier("id"), item.text("title"));
    let what = match (item.optional_text("form"), item.optional_whole("gate"), item.has("what")) {
        (Some(form), None, false) => Some(ActivityKind::Form(form.into())),
        (None, Some(gate), false) => Some(ActivityKind::Gate(gate)),
        (None, None, true) => item.word("what").map(|what| match what {
            What::Consent => ActivityKind::Consent,
            What::Assignment => ActivityKind::Assignment,
            What::Dosing => ActivityKind::Dosing,
            What::Medication => ActivityKind::Medication,
            What::AdverseEvents => ActivityKind::AdverseEvents,
            What::Session => ActivityKind::Session,
            What::Accountability => ActivityKind::Accountability,
        }),
        _ => {
            item.optional_text("what");
            item.note(
                Mistake::new(
                    "study.activity",
                    &item.place,
                    "an activity is one thing: a form, a gate, or another act",
                    "none of these, or several",
                )
                .mend("give one of `form = \"…\"`, `gate = 1`, `what = \"dosing\"`"),
            );
            None
        }
    };
    let (required, if_indicated) = (item.texts("required"), item.texts("if_indicated"));
    let mut at = BTreeMap::new();
    for visit in &required {
        at.insert(visit.as_str().into(), Requirement::Required);
    }
    for visit in &if_indicated {
        if at.insert(visit.as_str().into(), Requirement::IfIndicated).is_some() {
            item.note(
                Mistake::new(
                    "study.duplicate",
                    &item.place_of("if_indicated"),
                    format!("`{visit}` is both required and if indicated"),
                    "also in `required`",
                )
                .mend("take it out of one of the two lists"),
            );
        }
    }
    let source = item.source();
    item.finish();
    Some(Activity { id: id?, title: title?, what: what?, at, source: source? })
}

pub fn gate(item: &Item<'_>) -> Option<Gate> {
    let (number, title) = (item.whole("number"), item.text("title"));
    let decided_by = ids(item.required_texts("decided_by"));
    let countersigned_by = item.optional_text("countersigned_by").map(Into::into);
    let needs_visits = ids(item.texts("needs_visits"));
    let needs_washout = item.flag_or("needs_washout", false);
    let within_days_of_consent = item.optional_whole("within_days_of_consent");
    let retries = item.optional_whole("retries").unwrap_or(0);
    let valid_days = item.optional_whole("valid_days");
    let source = item.source();
    item.finish();
    Some(Gate {
        number: number?,
        title: title?,
        decided_by,
        countersigned_by,
        needs_visits,
        needs_washout,
        within_days_of_consent,
        retries,
        valid_days,
        source: source?,
    })
}
