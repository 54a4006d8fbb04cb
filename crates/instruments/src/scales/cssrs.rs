//! C-SSRS: suicidal ideation and behaviour. Nothing is prorated or carried forward; an unanswered question is never a no.
//!
//! Source: structure and derived values of the Columbia scoring guide for clinical trials [recall]; the escalation
//! ladder is the programme's own and is confirmed by each protocol.

use crate::{
    alerts,
    instrument::{
        Answers, Instrument, Item, Licence, Output, Rater, Recall, decision_output, item, score_output, whole,
    },
    scored::{AlertLevel, Method, Scored},
    sheet::Sheet,
    truth::Truth,
    unscorable::{Fault, Unscorable},
};
use terms::Decimal;

const COUNT: Answers = Answers::Count { max: 999 };

static ITEMS: [Item; 31] = [
    item("1", "wish to be dead", Answers::YesNo).also(&["ideation_1", "wish_to_be_dead"]),
    item("2", "non-specific active thoughts", Answers::YesNo).also(&["ideation_2", "active_thoughts"]),
    item("3", "active ideation, any method, no intent", Answers::YesNo).also(&["ideation_3"]),
    item("4", "active ideation, some intent, no plan", Answers::YesNo).also(&["ideation_4"]),
    item("5", "active ideation with plan and intent", Answers::YesNo).also(&["ideation_5"]),
    item("most_severe_type", "type of ideation whose intensity is rated", whole(1, 5)).optional().also(&["type"]),
    item("frequency", "intensity: frequency", whole(1, 5)),
    item("duration", "intensity: duration", whole(1, 5)),
    item("controllability", "intensity: controllability (0 = does not try)", whole(0, 5)),
    item("deterrents", "intensity: deterrents", whole(0, 5)),
    item("reasons", "intensity: reasons", whole(0, 5)),
    item("actual_attempts", "actual attempts", COUNT).also(&["actual", "actual_attempt", "attempts"]),
    item("interrupted_attempts", "interrupted attempts", COUNT).also(&["interrupted", "interrupted_attempt"]),
    item("aborted_attempts", "aborted or self-interrupted attempts", COUNT).also(&[
        "aborted",
        "aborted_attempt",
        "self_interrupted",
    ]),
    item("preparatory_acts", "preparatory acts", COUNT).also(&[
        "preparatory",
        "preparatory_behaviour",
        "preparatory_behavior",
    ]),
    item("nssi", "self-injury without suicidal intent", Answers::YesNo)
        .also(&["self_injury", "non_suicidal_self_injury"]),
    item("suicide", "suicide", Answers::YesNo).optional().also(&["completed_suicide"]),
    item("any_behaviour", "screener: any suicidal behaviour", Answers::YesNo).optional().also(&["6", "any_behavior"]),
    item("actual_lethality", "actual lethality of the attempt (0 none to 5 death)", whole(0, 5)).optional(),
    item("potential_lethality", "potential lethality, where the actual is 0", whole(0, 2)).optional(),
    item("lifetime_1", "lifetime: wish to be dead", Answers::YesNo).optional(),
    item("lifetime_2", "lifetime: non-specific active thoughts", Answers::YesNo).optional(),
    item("lifetime_3", "lifetime: any method, no intent", Answers::YesNo).optional(),
    item("lifetime_4", "lifetime: some intent, no plan", Answers::YesNo).optional(),
    item("lifetime_5", "lifetime: plan and intent", Answers::YesNo).optional(),
    item("lifetime_actual_attempts", "lifetime: actual attempts", COUNT).optional(),
    item("lifetime_interrupted_attempts", "lifetime: interrupted attempts", COUNT).optional(),
    item("lifetime_aborted_attempts", "lifetime: aborted attempts", COUNT).optional(),
    item("lifetime_preparatory_acts", "lifetime: preparatory acts", COUNT).optional(),
    item("recent_months", "months that the recent period covers", Answers::OneOf(&[1, 3, 6, 12])).optional(),
    item("note", "note", Answers::Text).optional(),
];

const IDEATION: [usize; 5] = [0, 1, 2, 3, 4];
const INTENSITY: [usize; 5] = [6, 7, 8, 9, 10];
const LIFETIME_IDEATION: [usize; 5] = [20, 21, 22, 23, 24];
const NSSI: usize = 15;
const ANY_BEHAVIOUR: usize = 17;
/// Behaviours from the least to the most severe, as on the ordinal scale from 6: preparatory, aborted, interrupted,
/// actual, suicide. Self-injury without intent is not among them.
const BEHAVIOURS: [(usize, &str); 5] = [
    (14, "preparatory acts"),
    (13, "aborted attempt"),
    (12, "interrupted attempt"),
    (11, "actual attempt"),
    (16, "suicide"),
];
const LIFETIME_BEHAVIOURS: [usize; 4] = [28, 27, 26, 25];

static OUTPUTS: [Output; 11] = [
    score_output("ideation_max", "highest ideation answered yes, 1–5; 0 if none"),
    score_output("intensity", "Σ of the five intensity ratings, 2–25; 0 when there is no ideation"),
    score_output(
        "ordinal",
        "1–5 ideation, 6 preparatory, 7 aborted, 8 interrupted, 9 actual attempt, 10 suicide; 0 none",
    ),
    score_output("attempts", "number of actual attempts"),
    score_output("lifetime_ideation_max", "highest lifetime ideation; only where the lifetime columns are asked"),
    decision_output("ideation", "any ideation"),
    decision_output("serious_ideation", "ideation 4 or 5"),
    decision_output("behaviour", "any of the five behaviour classes; self-injury without intent is none of them"),
    decision_output("self_injury", "self-injury without suicidal intent"),
    decision_output("lifetime_behaviour", "any behaviour in the lifetime columns"),
    decision_output("dosing_blocked", "ideation 4 or 5, or behaviour: no dose until cleared"),
];

/// Suicide severity by interview.
pub static CSSRS: Instrument = Instrument {
    id: "cssrs",
    name: "C-SSRS",
    also: &["columbia", "columbia suicide severity rating scale"],
    version: "1",
    purpose: "suicidal ideation and behaviour, by trained interview",
    rater: Rater::Therapist,
    recall: Recall::SinceLastVisit,
    visits: "every visit, and many telephone contacts",
    licence: Licence::Registration,
    variants: &["since_last_visit", "baseline_screening", "already_enrolled", "screener"],
    items: &ITEMS,
    scales: &[],
    pack_scales: &[],
    own_outputs: &OUTPUTS,
    higher_is_worse: true,
    meaningful: &[],
    missing: "never prorated, never carried forward; a derived value is given only where no missing answer could change it",
    source: "Columbia scoring guide for clinical trials [recall]; escalation ladder [design]",
    check: Some(check),
    own: Some(score),
};

/// One step of the escalation ladder, by finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What was found.
    pub finding: &'static str,
    /// How urgent.
    pub level: AlertLevel,
    /// Who is told.
    pub told: &'static str,
    /// What is done.
    pub action: &'static str,
    /// Within which time.
    pub within: &'static str,
}

/// The escalation ladder; a study confirms it.
pub const LADDER: [Step; 6] = [
    Step {
        finding: "ideation 1 or 2",
        level: AlertLevel::Review,
        told: alerts::THERAPIST,
        action: "therapist reviews, a safety plan is offered",
        within: "the same session",
    },
    Step {
        finding: "ideation 3",
        level: AlertLevel::Amber,
        told: alerts::CLINICIAN_AND_THERAPISTS,
        action: "clinician contact, safety plan updated, contact again the next day",
        within: "clinician within 1 hour",
    },
    Step {
        finding: "ideation 4 or 5",
        level: AlertLevel::Red,
        told: alerts::PHYSICIAN_AND_INVESTIGATOR,
        action: "do not leave the person alone; physician, risk assessment the same day; adverse event of special interest; dosing blocked until cleared",
        within: "immediately",
    },
    Step {
        finding: "suicidal behaviour",
        level: AlertLevel::Red,
        told: alerts::PHYSICIAN_AND_INVESTIGATOR,
        action: "as for ideation 4 or 5; decide on a serious adverse event; sponsor told within 24 hours",
        within: "immediately",
    },
    Step {
        finding: "lifetime behaviour at screening",
        level: AlertLevel::Review,
        told: "investigator",
        action: "eligibility review",
        within: "before enrolment",
    },
    Step {
        finding: "positive on a dosing day",
        level: AlertLevel::Red,
        told: alerts::PHYSICIAN,
        action: "the session goes on only with a physician's documented decision; the person stays until it is resolved, or overnight",
        within: "immediately",
    },
];

fn check(sheet: &Sheet<'_>, wrong: &mut Vec<Unscorable>) {
    let yes = |position: usize| sheet.yes_no_at(position);
    if yes(1) == Some(false) {
        for id in ["3", "4", "5"] {
            if let Some(answer) = sheet.yes_no(id) {
                wrong.push(Unscorable::contradiction(
                    &format!("item {id}"),
                    format!("{} where item 2 is no", if answer { "yes" } else { "no" }),
                    "no answer (null): items 3 to 5 are asked only when item 2 is yes",
                    "clear it, or correct item 2",
                ));
            }
        }
    }
    let none = IDEATION.iter().take(2).all(|position| yes(*position) == Some(false));
    for position in INTENSITY.iter().chain(&[5]) {
        if let (true, Some(item)) = (none && sheet.answered(*position), sheet.items.get(*position)) {
            wrong.push(Unscorable::contradiction(
                &format!("item {}", item.id),
                "a rating where there is no ideation",
                "no answer (null): intensity does not apply without ideation",
                "clear it, or correct items 1 and 2",
            ));
        }
    }
    lethality(sheet, wrong);
    lifetime(sheet, wrong);
}

fn lethality(sheet: &Sheet<'_>, wrong: &mut Vec<Unscorable>) {
    let died = sheet.yes_no("suicide") == Some(true);
    if sheet.whole("actual_lethality").is_some() && sheet.yes_no("actual_attempts") == Some(false) && !died {
        wrong.push(Unscorable::contradiction(
            "item actual_lethality",
            "a rating without an attempt",
            "no answer (null): lethality is rated for an actual attempt",
            "clear it, or correct actual_attempts",
        ));
    }
    if sheet.whole("potential_lethality").is_some() && sheet.whole("actual_lethality") != Some(0) {
        wrong.push(Unscorable::contradiction(
            "item potential_lethality",
            "a rating where the actual lethality is not 0",
            "no answer (null): potential lethality is rated only when the actual is 0",
            "clear it, or correct actual_lethality",
        ));
    }
}

/// Lifetime is never less than the recent period, and never less than it was.
fn lifetime(sheet: &Sheet<'_>, wrong: &mut Vec<Unscorable>) {
    let pairs =
        IDEATION.iter().zip(&LIFETIME_IDEATION).chain(BEHAVIOURS.iter().map(|(p, _)| p).zip(&LIFETIME_BEHAVIOURS));
    for (recent, ever) in pairs {
        let (Some(recent_item), Some(item)) = (sheet.items.get(*recent), sheet.items.get(*ever)) else { continue };
        // A yes without a number is one at least, so numbers are compared only with numbers.
        let yes_no = sheet.yes_no_at(*recent) == Some(true) && sheet.yes_no_at(*ever) == Some(false);
        let numbers = sheet.number(recent_item.id).zip(sheet.number(item.id));
        let less = yes_no || numbers.is_some_and(|(now, ever)| now > ever);
        if less {
            wrong.push(Unscorable::contradiction(
                &format!("item {}", item.id),
                format!("less than item {}", recent_item.id),
                "lifetime to be at least the recent period",
                "correct the one that is wrong",
            ));
        }
    }
    let Some(baseline) = &sheet.responses.baseline else { return };
    let mut decreased = |what: &str, now: String, before: String| {
        let needed = format!("at least {before}, as at the earlier visit: lifetime never decreases");
        wrong.push(Unscorable::new(what, Fault::Contradiction, now, needed, "check both visits with the participant"));
    };
    if let (Some(before), Some(now)) = (baseline.number("lifetime_ideation_max"), highest(sheet, &LIFETIME_IDEATION).0)
        && LIFETIME_IDEATION.iter().any(|position| sheet.answered(*position))
        && Decimal::whole(now) < before
    {
        decreased("lifetime ideation", now.to_string(), before.to_string());
    }
    let none = LIFETIME_BEHAVIOURS.iter().all(|position| sheet.yes_no_at(*position) == Some(false));
    if none && baseline.decision("lifetime_behaviour").is_yes() {
        decreased("lifetime behaviour", "none".to_owned(), "one behaviour".to_owned());
    }
}

/// Yes or no of an ideation question, with the skip rule: 3 to 5 are no when question 2 is no.
fn ideation(sheet: &Sheet<'_>, questions: &[usize; 5], number: usize) -> Truth {
    let [_, second, ..] = *questions;
    let answer = questions.get(number).and_then(|position| sheet.yes_no_at(*position));
    match answer {
        None if number >= 2 && sheet.yes_no_at(second) == Some(false) => Truth::No,
        answer => Truth::from(answer),
    }
}

/// The highest yes, where no unanswered question lies above it; and the highest yes at all.
fn highest(sheet: &Sheet<'_>, questions: &[usize; 5]) -> (Option<i64>, i64) {
    let mut known = true;
    for number in (0..5).rev() {
        match ideation(sheet, questions, number) {
            Truth::Yes => {
                let found = number as i64 + 1;
                return (known.then_some(found), found);
            }
            Truth::No => {}
            Truth::Indeterminate => known = false,
        }
    }
    (known.then_some(0), 0)
}

fn behaviour_class(sheet: &Sheet<'_>, position: usize, id_is_suicide: bool) -> Truth {
    let screened = sheet.yes_no_at(ANY_BEHAVIOUR);
    match sheet.yes_no_at(position) {
        Some(answer) => Truth::from(answer),
        // The person who answers has not died; and a screener's no covers every class.
        None if screened == Some(false) => Truth::No,
        None if id_is_suicide => Truth::No,
        None => Truth::Indeterminate,
    }
}

fn score(sheet: &Sheet<'_>, scored: &mut Scored) {
    let (max, floor) = highest(sheet, &IDEATION);
    let asked = 2 + if sheet.yes_no_at(1) == Some(false) { 0 } else { 3 };
    let answered = IDEATION.iter().filter(|position| sheet.answered(**position)).count();
    // Where the answers settle it, those are the items that count; what else is open is in the warnings.
    scored.push("ideation_max", max.map(Decimal::whole), answered, if max.is_some() { answered } else { asked });
    intensity(sheet, scored, max);
    let classes = BEHAVIOURS.map(|(position, _)| behaviour_class(sheet, position, position == 16));
    ordinal(scored, max, classes);
    let attempts = sheet.points(11);
    let counted = if attempts == Some(0) || sheet.number("actual_attempts").is_some() {
        Method::Complete
    } else {
        Method::Partial
    };
    scored.push("attempts", attempts.map(Decimal::whole), usize::from(attempts.is_some()), 1).method(counted);
    let lifetime_asked = LIFETIME_IDEATION.iter().filter(|position| sheet.answered(**position)).count();
    let lifetime_max = if lifetime_asked == 0 { None } else { highest(sheet, &LIFETIME_IDEATION).0 };
    let lifetime_of = if lifetime_max.is_some() { lifetime_asked } else { 5 };
    scored.push("lifetime_ideation_max", lifetime_max.map(Decimal::whole), lifetime_asked, lifetime_of);
    decide(sheet, scored, max, floor, classes);
    warn(sheet, scored, max, floor);
}

fn intensity(sheet: &Sheet<'_>, scored: &mut Scored, max: Option<i64>) {
    if max == Some(0) {
        // Structurally not applicable: zero items apply, none is missing.
        scored.push("intensity", Some(Decimal::ZERO), 0, 0);
        return;
    }
    let ratings: Vec<i64> = INTENSITY.iter().filter_map(|position| sheet.points(*position)).collect();
    let sum = (ratings.len() == 5).then(|| Decimal::whole(ratings.iter().sum()));
    scored.push("intensity", sum, ratings.len(), 5);
}

fn ordinal(scored: &mut Scored, max: Option<i64>, classes: [Truth; 5]) {
    let mut value = max;
    let mut known = classes.iter().filter(|class| **class != Truth::Indeterminate).count();
    for (place, class) in classes.iter().enumerate() {
        match class {
            Truth::Yes => value = Some(place as i64 + 6),
            Truth::No => {}
            Truth::Indeterminate => value = None,
        }
    }
    known += usize::from(max.is_some());
    scored.push("ordinal", value.map(Decimal::whole), known, if value.is_some() { known } else { 6 });
}

fn decide(sheet: &Sheet<'_>, scored: &mut Scored, max: Option<i64>, floor: i64, classes: [Truth; 5]) {
    let any = Truth::at_least(1, (0..5).map(|number| ideation(sheet, &IDEATION, number)));
    scored.decide(
        "ideation",
        any,
        if any == Truth::Indeterminate { "a question is unanswered" } else { "highest yes of questions 1–5" },
    );
    let serious = ideation(sheet, &IDEATION, 3).or(ideation(sheet, &IDEATION, 4));
    scored.decide(
        "serious_ideation",
        serious,
        match serious {
            Truth::Yes => "question 4 or 5 is yes",
            Truth::No => "questions 4 and 5 are no, or not asked because question 2 is no",
            Truth::Indeterminate => "question 4 or 5 is unanswered",
        },
    );
    let screened = Truth::from(sheet.yes_no_at(ANY_BEHAVIOUR) == Some(true));
    let behaviour = Truth::at_least(1, classes).or(screened);
    let found: Vec<&str> =
        BEHAVIOURS.iter().zip(classes).filter(|(_, class)| class.is_yes()).map(|((_, name), _)| *name).collect();
    let why = match behaviour {
        Truth::Yes if found.is_empty() => "the screener's question on behaviour is yes".to_owned(),
        Truth::Yes => found.join(", "),
        Truth::No => "no behaviour class; self-injury without intent does not count".to_owned(),
        Truth::Indeterminate => "not every behaviour question is answered".to_owned(),
    };
    scored.decide("behaviour", behaviour, why);
    scored.decide("self_injury", sheet.yes_no_at(NSSI), "self-injury without suicidal intent, as answered");
    let ever: Vec<Option<bool>> = LIFETIME_BEHAVIOURS.iter().map(|position| sheet.yes_no_at(*position)).collect();
    let lifetime = Truth::at_least(1, ever.iter().map(|answer| Truth::from(*answer)));
    scored.decide("lifetime_behaviour", lifetime, "the lifetime columns, where asked");
    let blocked = serious.or(behaviour);
    scored.decide(
        "dosing_blocked",
        blocked,
        match blocked {
            Truth::Yes => "serious ideation or behaviour: blocked until cleared",
            Truth::No => "no serious ideation and no behaviour",
            Truth::Indeterminate => "an unanswered question could decide",
        },
    );
    escalate(sheet, scored, floor, behaviour, lifetime);
    if max.is_none() {
        alerts::unanswered(scored, "a question on ideation was not answered");
    }
    if behaviour == Truth::Indeterminate {
        alerts::unanswered(scored, "a question on suicidal behaviour was not answered");
    }
}

/// The ladder's steps for what was found; unanswered questions never hide a step.
fn escalate(sheet: &Sheet<'_>, scored: &mut Scored, floor: i64, behaviour: Truth, lifetime: Truth) {
    let [low, method, serious, behaved, history, dosing_day] = &LADDER;
    let screening = sheet.variant("since_last_visit") == "baseline_screening";
    let mut step = |step: &Step| {
        scored.alert(step.level, step.finding, step.told, format!("{} ({})", step.action, step.within));
    };
    match floor {
        1 | 2 => step(low),
        3 => step(method),
        4 | 5 => step(serious),
        _ => {}
    }
    if behaviour.is_yes() {
        step(behaved);
    }
    if screening && lifetime.is_yes() {
        step(history);
    }
    if sheet.responses.dosing_day && (floor > 0 || behaviour.is_yes()) {
        step(dosing_day);
    }
}

fn warn(sheet: &Sheet<'_>, scored: &mut Scored, max: Option<i64>, floor: i64) {
    if max.is_none() && floor > 0 {
        scored.warn(format!("ideation is at least {floor}; a higher question is unanswered"));
    }
    if let (Some(rated), Some(max)) = (sheet.whole("most_severe_type"), max)
        && rated != max
    {
        scored.warn(format!("intensity was rated for type {rated}, the most severe answered yes is {max}"));
    }
    let skipped = sheet.yes_no_at(1) == Some(false);
    let asked = if skipped { 0..2 } else { 0..5 };
    for position in asked.filter(|position| max.is_some() && !sheet.answered(*position)) {
        scored.warn(format!("question {} was not answered; the highest ideation is settled without it", position + 1));
    }
}

/// Treatment-emergent ideation: the highest since the baseline lies above the recent pre-treatment highest.
pub fn treatment_emergent_ideation(baseline_recent_max: Option<Decimal>, later_max: Option<Decimal>) -> Truth {
    Truth::from(baseline_recent_max.zip(later_max).map(|(before, after)| after > before))
}

/// Emergent serious ideation: 4 or 5 after a baseline of 0 to 3.
pub fn emergent_serious_ideation(baseline_recent_max: Option<Decimal>, later_max: Option<Decimal>) -> Truth {
    let serious = |max: Option<Decimal>| Truth::from(max.map(|max| max >= Decimal::whole(4)));
    serious(later_max).and(serious(baseline_recent_max).negated())
}

/// Emergent behaviour: some since the baseline, none at the baseline.
pub const fn emergent_behaviour(baseline: Truth, later: Truth) -> Truth {
    later.and(baseline.negated())
}

/// Lifetime highest after a visit: never less than before.
pub fn lifetime_after(lifetime_before: Decimal, since_last_visit: Decimal) -> Decimal {
    lifetime_before.max(since_last_visit)
}
