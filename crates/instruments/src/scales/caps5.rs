//! CAPS-5: severity, the diagnosis (three-valued, never inferred from the total), dissociative subtype.
//!
//! Source: public descriptions of the interview and the publisher's training pages; bands of the phase 3 programme.

use crate::{
    instrument::{
        Answers, Instrument, Item, Licence, Meaningful, Output, Rater, Recall, Scale, decision_output, item, number,
        score_output, whole,
    },
    responses::TraumaRelated,
    scale::value_of,
    scored::{Method, Score, Scored, Words},
    sheet::Sheet,
    truth::Truth,
    unscorable::Unscorable,
};
use std::borrow::Cow;
use terms::Decimal;

const SEVERITY: Answers = whole(0, 4);
/// Positions (item number − 1) of the severity items and of what stands beside them.
const ONSET: usize = 20;
const DURATION: usize = 21;
const IMPAIRMENT: [usize; 3] = [22, 23, 24];
const VALIDITY: usize = 25;
const DISSOCIATION: [usize; 2] = [28, 29];
const DELAYED: usize = 30;
const OVER_ONE_MONTH: usize = 31;
const CRITERION_A: usize = 32;

/// Items that the interviewer also rates for trauma-relatedness.
pub const TRAUMA_RATED: [&str; 13] = ["9", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20", "29", "30"];

static ITEMS: [Item; 33] = [
    item("1", "B1 intrusive memories", SEVERITY),
    item("2", "B2 distressing dreams", SEVERITY),
    item("3", "B3 dissociative reactions (flashback)", SEVERITY),
    item("4", "B4 cued psychological distress", SEVERITY),
    item("5", "B5 cued physiological reaction", SEVERITY),
    item("6", "C1 avoids internal reminders", SEVERITY),
    item("7", "C2 avoids external reminders", SEVERITY),
    item("8", "D1 amnesia for part of the event", SEVERITY),
    item("9", "D2 negative beliefs", SEVERITY),
    item("10", "D3 distorted blame", SEVERITY),
    item("11", "D4 persistent negative emotion", SEVERITY),
    item("12", "D5 loss of interest", SEVERITY),
    item("13", "D6 detachment", SEVERITY),
    item("14", "D7 restricted positive emotion", SEVERITY),
    item("15", "E1 irritable or aggressive", SEVERITY),
    item("16", "E2 reckless or self-destructive", SEVERITY),
    item("17", "E3 hypervigilance", SEVERITY),
    item("18", "E4 startle", SEVERITY),
    item("19", "E5 concentration", SEVERITY),
    item("20", "E6 sleep", SEVERITY),
    item("21", "onset of symptoms, months after the event", number(0, 1200, "months")),
    item("22", "duration of symptoms, months", number(0, 1200, "months")),
    item("23", "subjective distress", SEVERITY),
    item("24", "impairment of social functioning", SEVERITY),
    item("25", "impairment of occupational or other functioning", SEVERITY),
    item("26", "global validity of the responses (0 excellent to 4 invalid)", SEVERITY).optional(),
    item("27", "global severity, the rater's impression", SEVERITY).optional(),
    item("28", "global improvement (0 asymptomatic to 4 none, 5 insufficient information)", whole(0, 5)).optional(),
    item("29", "depersonalisation", SEVERITY),
    item("30", "derealisation", SEVERITY),
    item("21_delayed", "onset six months or more after the event", Answers::YesNo).optional(),
    item("22_over_1_month", "symptoms for more than one month", Answers::YesNo).optional(),
    item("A", "criterion A event recorded", Answers::YesNo).optional().also(&["criterion_a"]),
];

/// The four symptom clusters: name of the sum, of the criterion, first position, length, symptoms needed.
const CLUSTERS: [(&str, &str, usize, usize, usize); 4] = [
    ("b_severity", "criterion_b", 0, 5, 1),
    ("c_severity", "criterion_c", 5, 2, 1),
    ("d_severity", "criterion_d", 7, 7, 2),
    ("e_severity", "criterion_e", 14, 6, 2),
];

const BAND_NAMES: [&str; 5] = [
    "asymptomatic / few symptoms",
    "mild / subthreshold",
    "moderate / threshold",
    "severe / markedly elevated",
    "extreme / incapacitating",
];

static OUTPUTS: [Output; 18] = [
    score_output("total", "total severity, Σ items 1–20; bands: asymptomatic, mild, moderate, severe, extreme"),
    score_output("total_prorated", "total with at most 2 items missing, at most 1 in a cluster: for sensitivity only"),
    score_output("b_severity", "Σ items 1–5"),
    score_output("c_severity", "Σ items 6–7"),
    score_output("d_severity", "Σ items 8–14"),
    score_output("e_severity", "Σ items 15–20"),
    score_output("dissociation_severity", "Σ items 29–30, not in the total"),
    score_output("symptom_count", "items 1–20 that count: severity ≥ 2 and not unlikely to be trauma-related"),
    decision_output("criterion_a", "a criterion A event is recorded"),
    decision_output("criterion_b", "at least 1 of items 1–5 counts"),
    decision_output("criterion_c", "at least 1 of items 6–7 counts"),
    decision_output("criterion_d", "at least 2 of items 8–14 count"),
    decision_output("criterion_e", "at least 2 of items 15–20 count"),
    decision_output("criterion_f", "duration over 1 month"),
    decision_output("criterion_g", "any of items 23–25 at least 2"),
    decision_output("diagnosis", "current PTSD: criteria A to G"),
    decision_output("dissociative_subtype", "diagnosis and item 29 or 30 at least 2"),
    decision_output("delayed_expression", "diagnosis and onset six months or more after the event"),
];

/// The clinician-administered interview for PTSD.
pub static CAPS5: Instrument = Instrument {
    id: "caps5",
    name: "CAPS-5",
    also: &["caps", "clinician-administered PTSD scale for DSM-5"],
    version: "1",
    purpose: "diagnosis and severity of PTSD, by interview",
    rater: Rater::IndependentRater,
    recall: Recall::PastMonth,
    visits: "T1 baseline, T2, T3, T4, long-term follow-up",
    licence: Licence::PublicDomain,
    variants: &[],
    items: &ITEMS,
    scales: &[] as &[Scale],
    pack_scales: &[],
    own_outputs: &OUTPUTS,
    higher_is_worse: true,
    meaningful: &[Meaningful { score: "total", by: Decimal::whole(10), source: "rule used in phase 3 [recall]" }],
    missing: "all 20 items for the total; diagnosis by three-valued logic; a prorated total (at most 2 missing, 1 a cluster) for sensitivity only",
    source: "public descriptions of the form; training pages of the publisher; bands and remission rule of the phase 3 programme",
    check: Some(check),
    own: Some(score),
};

fn check(sheet: &Sheet<'_>, wrong: &mut Vec<Unscorable>) {
    for id in sheet.responses.trauma_related.keys() {
        if !TRAUMA_RATED.contains(&id.as_str()) {
            wrong.push(Unscorable::contradiction(
                &format!("trauma_related.{id}"),
                format!("a rating for item \"{id}\""),
                &format!("ratings for items {} only", TRAUMA_RATED.join(", ")),
                "drop it: the other items are linked to the event by their wording",
            ));
        }
    }
    let months = |position: usize, id: &str| sheet.points(position).and_then(|_| sheet.number(id));
    let said = |position: usize| sheet.yes_no_at(position);
    if let (Some(onset), Some(delayed)) = (months(ONSET, "21"), said(DELAYED))
        && (onset >= Decimal::whole(6)) != delayed
    {
        wrong.push(Unscorable::contradiction(
            "item 21_delayed",
            format!("{} beside an onset at {onset} months", if delayed { "yes" } else { "no" }),
            "the flag and the months to agree (delayed = 6 months or more)",
            "correct item 21 or the flag",
        ));
    }
    if let (Some(duration), Some(over)) = (months(DURATION, "22"), said(OVER_ONE_MONTH))
        && (duration > Decimal::whole(1)) != over
    {
        wrong.push(Unscorable::contradiction(
            "item 22_over_1_month",
            format!("{} beside a duration of {duration} months", if over { "yes" } else { "no" }),
            "the answer and the months to agree (more than 1 month)",
            "correct item 22 or the answer",
        ));
    }
}

/// Whether the item at this position counts to the diagnosis.
fn counts(sheet: &Sheet<'_>, position: usize) -> Truth {
    if unlikely(sheet, position) {
        return Truth::No;
    }
    Truth::from(sheet.points(position).map(|severity| severity >= 2))
}

fn unlikely(sheet: &Sheet<'_>, position: usize) -> bool {
    !sheet.responses.trauma_related.is_empty()
        && sheet.items.get(position).is_some_and(|item| sheet.trauma_related(item.id) == Some(TraumaRelated::Unlikely))
}

fn score(sheet: &Sheet<'_>, scored: &mut Scored) {
    severities(sheet, scored);
    let diagnosis = criteria(sheet, scored);
    specifiers(sheet, scored, diagnosis);
    warnings(sheet, scored);
}

fn severities(sheet: &Sheet<'_>, scored: &mut Scored) {
    let drop_unlikely = !sheet.settings.caps5_unlikely_in_total;
    let mut clusters = [(0_i64, 0_usize); 4];
    for ((_, _, first, length, _), (sum, answered)) in CLUSTERS.iter().zip(clusters.iter_mut()) {
        for position in *first..first + length {
            if let Some(severity) = sheet.points(position) {
                *answered += 1;
                *sum += if drop_unlikely && unlikely(sheet, position) { 0 } else { severity };
            }
        }
    }
    let sum: i64 = clusters.iter().map(|(sum, _)| sum).sum();
    let answered: usize = clusters.iter().map(|(_, answered)| answered).sum();
    let edges = sheet.settings.caps5_band_edges;
    let total = (answered == 20).then_some(sum);
    scored.push("total", total.map(Decimal::whole), answered, 20).band = total
        .and_then(|total| BAND_NAMES.get(edges.iter().filter(|edge| total >= **edge).count()))
        .map(|name| Cow::Borrowed(short_band(name)));
    let one_a_cluster =
        CLUSTERS.iter().zip(clusters).all(|((_, _, _, length, _), (_, answered))| length - answered <= 1);
    let (value, method) = value_of(crate::instrument::Form::Sum, sum, answered, 20, if one_a_cluster { 2 } else { 0 });
    scored.push("total_prorated", value, answered, 20).method(method);
    for ((name, _, _, length, _), (sum, answered)) in CLUSTERS.iter().zip(clusters) {
        scored.push(*name, (answered == *length).then_some(Decimal::whole(sum)), answered, *length);
    }
    let dissociation: Vec<i64> = DISSOCIATION.iter().filter_map(|position| sheet.points(*position)).collect();
    let both = (dissociation.len() == 2).then(|| Decimal::whole(dissociation.iter().sum()));
    scored.push("dissociation_severity", both, dissociation.len(), 2);
    let counting = (0..20).filter(|position| counts(sheet, *position).is_yes()).count();
    let count = (answered == 20).then(|| Decimal::whole(counting as i64));
    scored.push("symptom_count", count, answered, 20);
}

/// The first word of a band's full name, as in tables.
fn short_band(name: &'static str) -> &'static str {
    name.split_once(" /").map_or(name, |(short, _)| short)
}

fn criteria(sheet: &Sheet<'_>, scored: &mut Scored) -> Truth {
    let (event, why) = match (sheet.yes_no_at(CRITERION_A), sheet.reason("A")) {
        (Some(true), _) => (Truth::Yes, "a criterion A event is recorded"),
        (Some(false), _) => (Truth::No, "no criterion A event is recorded"),
        (None, Some(_)) => (Truth::Indeterminate, "whether there was a criterion A event is not known"),
        (None, None) => (Truth::Yes, "taken as recorded: the interview is given on an index event"),
    };
    let mut diagnosis = event;
    let mut failed: Vec<&str> = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    let mut decided = |scored: &mut Scored, name: &'static str, answer: Truth, why: Words| {
        let letter = name.rsplit_once('_').map_or(name, |(_, letter)| letter);
        match answer {
            Truth::Yes => {}
            Truth::No => failed.push(letter),
            Truth::Indeterminate => open.push(letter),
        }
        scored.decide(name, answer, why);
    };
    decided(scored, "criterion_a", event, why.into());
    for (_, name, first, length, needed) in CLUSTERS {
        let answer = Truth::at_least(needed, (first..first + length).map(|position| counts(sheet, position)));
        diagnosis = diagnosis.and(answer);
        decided(scored, name, answer, cluster_reason(answer, needed));
    }
    let duration = match sheet.number("22") {
        Some(months) => Truth::from(months > Decimal::whole(1)),
        None => Truth::from(sheet.yes_no_at(OVER_ONE_MONTH)),
    };
    diagnosis = diagnosis.and(duration);
    decided(
        scored,
        "criterion_f",
        duration,
        Cow::Borrowed(match duration {
            Truth::Yes => "more than 1 month",
            Truth::No => "not more than 1 month",
            Truth::Indeterminate => "item 22 is missing",
        }),
    );
    let impaired =
        Truth::at_least(1, IMPAIRMENT.iter().map(|position| Truth::from(sheet.points(*position).map(|s| s >= 2))));
    diagnosis = diagnosis.and(impaired);
    decided(
        scored,
        "criterion_g",
        impaired,
        Cow::Borrowed(match impaired {
            Truth::Yes => "distress or impairment at least 2",
            Truth::No => "items 23, 24 and 25 are all below 2",
            Truth::Indeterminate => "items 23 to 25: one that is missing could decide",
        }),
    );
    let (diagnosis, why): (Truth, Words) = if sheet.responses.recall == Some(Recall::PastWeek) {
        (Truth::Indeterminate, "the past-week version monitors severity and gives no diagnosis".into())
    } else {
        let why = match diagnosis {
            Truth::Yes => Cow::Borrowed("criteria A, B, C, D, E, F and G are met"),
            Truth::No => format!("not met: criterion {}", failed.join(", ").to_uppercase()).into(),
            Truth::Indeterminate => {
                format!("missing answers could decide criterion {}", open.join(", ").to_uppercase()).into()
            }
        };
        (diagnosis, why)
    };
    scored.decide("diagnosis", diagnosis, why);
    diagnosis
}

const fn cluster_reason(answer: Truth, needed: usize) -> Words {
    Cow::Borrowed(match (answer, needed) {
        (Truth::Yes, 1) => "at least 1 symptom counts",
        (Truth::Yes, _) => "at least 2 symptoms count",
        (Truth::No, 1) => "no symptom counts",
        (Truth::No, _) => "fewer than 2 symptoms count",
        (Truth::Indeterminate, _) => "a missing item could decide",
    })
}

fn specifiers(sheet: &Sheet<'_>, scored: &mut Scored, diagnosis: Truth) {
    let dissociates = Truth::at_least(1, DISSOCIATION.iter().map(|position| counts(sheet, *position)));
    let subtype = diagnosis.and(dissociates);
    scored.decide(
        "dissociative_subtype",
        subtype,
        specifier_reason(
            subtype,
            diagnosis,
            [
                "diagnosis, and depersonalisation or derealisation counts",
                "neither depersonalisation nor derealisation counts",
                "item 29 or 30 is missing",
            ],
        ),
    );
    let late = match sheet.number("21") {
        Some(months) => Truth::from(months >= Decimal::whole(6)),
        None => Truth::from(sheet.yes_no_at(DELAYED)),
    };
    let delayed = diagnosis.and(late);
    scored.decide(
        "delayed_expression",
        delayed,
        specifier_reason(
            delayed,
            diagnosis,
            [
                "diagnosis, and onset six months or more after the event",
                "onset within six months of the event",
                "item 21 is missing",
            ],
        ),
    );
}

const fn specifier_reason(answer: Truth, diagnosis: Truth, [yes, no, open]: [&'static str; 3]) -> Words {
    Cow::Borrowed(match (answer, diagnosis) {
        (Truth::Yes, _) => yes,
        (Truth::No, Truth::No) => "needs the diagnosis, which is not met",
        (Truth::No, _) => no,
        (Truth::Indeterminate, Truth::Yes) => open,
        (Truth::Indeterminate, _) => "the diagnosis is indeterminate",
    })
}

fn warnings(sheet: &Sheet<'_>, scored: &mut Scored) {
    let dropped: Vec<&str> = (0..20)
        .filter(|position| unlikely(sheet, *position) && sheet.points(*position).is_some_and(|severity| severity > 0))
        .filter_map(|position| sheet.items.get(position).map(|item| item.id))
        .collect();
    if !dropped.is_empty() {
        let total = if sheet.settings.caps5_unlikely_in_total { "kept in the total" } else { "left out of the total" };
        scored.warn(format!(
            "unlikely to be trauma-related, so not counted to the diagnosis but {total}: item {}",
            dropped.join(", ")
        ));
    }
    if scored.score("total_prorated").is_some_and(|score| score.method == Method::Prorated) {
        scored.warn("total_prorated is for sensitivity analyses only; the primary total is missing");
    }
    if sheet.points(VALIDITY) == Some(4) {
        scored.warn("the interviewer rated the responses as invalid (item 26)");
    }
}

/// A severity from intensity and frequency, and the highest rating that the one exception allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Severity {
    /// The highest level whose minimum intensity and minimum frequency are both met.
    pub rating: u8,
    /// One more than the frequency where the intensity is two or more steps above it; otherwise the rating.
    pub highest_allowed: u8,
}

/// The severity from intensity (0 none, 1 minimal, 2 clearly present, 3 pronounced, 4 extreme) and the frequency's
/// level on the same steps ([`frequency_by_count`], [`frequency_by_percent`]). A frequency never rounds a rating up.
pub const fn severity(intensity: u8, frequency: u8) -> Severity {
    let rating = if intensity < frequency { intensity } else { frequency };
    let rating = if rating > 4 { 4 } else { rating };
    let raised = frequency >= 1 && intensity >= frequency + 2;
    Severity { rating, highest_allowed: if raised { rating + 1 } else { rating } }
}

/// The level of a frequency counted per month: 2 from twice a month, 3 from twice a week, 4 from daily.
pub fn frequency_by_count(per_month: Decimal) -> u8 {
    level(per_month, [2, 8, 30])
}

/// The level of a frequency as percent of the time: 2 from 20, 3 from 50, 4 from 80.
pub fn frequency_by_percent(percent: Decimal) -> u8 {
    level(percent, [20, 50, 80])
}

fn level(amount: Decimal, edges: [i64; 3]) -> u8 {
    if amount <= Decimal::ZERO {
        return 0;
    }
    1 + edges.iter().map(|edge| u8::from(amount >= Decimal::whole(*edge))).sum::<u8>()
}

/// The prorated or complete total among a CAPS-5's scores, for those who tabulate the sensitivity.
pub fn sensitivity_total(scored: &Scored) -> Option<&Score> {
    scored.score("total_prorated")
}

/// Full names of the bands, in order.
pub const fn band_names() -> [&'static str; 5] {
    BAND_NAMES
}
