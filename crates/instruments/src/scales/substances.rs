//! Alcohol and drugs: AUDIT (with AUDIT-C) and DUDIT. All items required, with the forms' own skip rules.

use crate::{
    alerts,
    instrument::{
        Answers, Band, Instrument, Item, Licence, Output, Rater, Recall, band, decision_output, numbered, score_output,
        whole,
    },
    responses::Sex,
    scored::{AlertLevel, Score, Scored},
    sheet::Sheet,
    truth::Truth,
};
use std::borrow::Cow;
use terms::Decimal;

const LAST_TWO: Answers = Answers::OneOf(&[0, 2, 4]);

static AUDIT_ITEMS: [Item; 10] = {
    let mut items = numbered(
        [
            "how often",
            "how much on a day",
            "how often six or more",
            "unable to stop",
            "failed what was expected",
            "morning drink",
            "guilt",
            "memory gap",
            "injury",
            "concern of others",
        ],
        whole(0, 4),
    );
    items[8].answers = LAST_TWO;
    items[9].answers = LAST_TWO;
    items
};

static AUDIT_OUTPUTS: [Output; 4] = [
    score_output("total", "Σ items 1–10, 0–40"),
    score_output("audit_c", "Σ items 1–3, 0–12"),
    decision_output("audit_c_positive_us", "AUDIT-C at least 3 (women) or 4 (men)"),
    decision_output("audit_c_positive_uk", "AUDIT-C at least 5"),
];
const AUDIT_BANDS: &[Band] =
    &[band(0, "low"), band(8, "hazardous"), band(16, "harmful"), band(20, "dependence likely")];

/// Alcohol use.
pub static AUDIT: Instrument = Instrument {
    id: "audit",
    name: "AUDIT",
    also: &["audit-c"],
    version: "1",
    purpose: "alcohol use",
    rater: Rater::Participant,
    recall: Recall::PastYear,
    visits: "baseline, T4",
    licence: Licence::Free,
    variants: &[],
    items: &AUDIT_ITEMS,
    scales: &[],
    pack_scales: &[],
    own_outputs: &AUDIT_OUTPUTS,
    higher_is_worse: true,
    meaningful: &[],
    missing: "all items required; items 2–8 do not apply when item 1 is never, items 4–8 when items 2 and 3 are 0",
    source: "structure, bands and skip rule [recall]",
    check: None,
    own: Some(score_audit),
};

/// Sum over items 1–`of`, where those at `skipped` positions need no answer: value, answered, items that apply.
fn sum_skipping(sheet: &Sheet<'_>, of: usize, skipped: std::ops::Range<usize>) -> (Option<i64>, usize, usize) {
    let (mut sum, mut answered, mut applying) = (0, 0, 0);
    for position in 0..of {
        match sheet.points(position) {
            Some(points) => {
                sum += points;
                answered += 1;
                applying += 1;
            }
            None if skipped.contains(&position) => {}
            None => applying += 1,
        }
    }
    ((answered == applying).then_some(sum), answered, applying)
}

fn score_audit(sheet: &Sheet<'_>, scored: &mut Scored) {
    let zero = |position: usize| sheet.points(position) == Some(0);
    let never = zero(0);
    let skipped = if never {
        1..8
    } else if zero(1) && zero(2) {
        3..8
    } else {
        0..0
    };
    let (total, answered, applying) = sum_skipping(sheet, 10, skipped.clone());
    scored.push("total", total.map(Decimal::whole), answered, applying).banded(AUDIT_BANDS);
    let (consumption, answered, applying) = sum_skipping(sheet, 3, skipped.clone());
    scored.push("audit_c", consumption.map(Decimal::whole), answered, applying);
    let cut = |least: i64| Truth::from(consumption.map(|sum| sum >= least));
    let us = match sheet.responses.sex {
        Some(Sex::Female) => cut(3),
        Some(Sex::Male) => cut(4),
        // Without the sex, only what both cut-offs agree on.
        None if cut(3) == cut(4) => cut(3),
        None => Truth::Indeterminate,
    };
    scored.decide(
        "audit_c_positive_us",
        us,
        match us {
            Truth::Indeterminate if consumption.is_some() => "AUDIT-C is 3: the cut-off is 3 for women, 4 for men",
            Truth::Indeterminate => "AUDIT-C is not scorable",
            Truth::Yes | Truth::No => "cut-off 3 for women, 4 for men",
        },
    );
    scored.decide(
        "audit_c_positive_uk",
        cut(5),
        if consumption.is_some() { "cut-off 5" } else { "AUDIT-C is not scorable" },
    );
    if never && skipped.clone().any(|position| sheet.points(position).is_some_and(|points| points > 0)) {
        scored.warn("item 1 is never, but items 2–8 are not all 0: check the form");
    }
    if let Some(total) = total.filter(|total| *total >= 16) {
        scored.alert(AlertLevel::Review, format!("AUDIT {total}, 16 or more"), alerts::CLINICIAN, "review alcohol use");
    }
    let before = sheet.responses.baseline.as_ref().and_then(|baseline| baseline.number("total"));
    if let (Some(total), Some(before)) = (total, before)
        && Decimal::whole(total) >= before.plus(Decimal::whole(8))
    {
        let trigger = format!("AUDIT rose from {before} to {total}, by 8 or more");
        scored.alert(AlertLevel::Review, trigger, alerts::CLINICIAN, "review alcohol use");
    }
}

static DUDIT_ITEMS: [Item; 11] = {
    let mut items = numbered(
        [
            "how often",
            "more than one drug at a time",
            "how often on a day",
            "heavily influenced",
            "longing",
            "unable to stop",
            "neglected what was expected",
            "morning use",
            "guilt",
            "harm",
            "concern of others",
        ],
        whole(0, 4),
    );
    items[9].answers = LAST_TWO;
    items[10].answers = LAST_TWO;
    items
};

static DUDIT_OUTPUTS: [Output; 3] = [
    score_output("total", "Σ items 1–11, 0–44; bands by sex"),
    decision_output("drug_related_problem", "total at least 6 (men) or 2 (women)"),
    decision_output("dependence_likely", "total at least 25"),
];

/// Drug use.
pub static DUDIT: Instrument = Instrument {
    id: "dudit",
    name: "DUDIT",
    also: &[],
    version: "1",
    purpose: "drug use other than alcohol",
    rater: Rater::Participant,
    recall: Recall::PastYear,
    visits: "baseline, T4",
    licence: Licence::Registration,
    variants: &[],
    items: &DUDIT_ITEMS,
    scales: &[],
    pack_scales: &[],
    own_outputs: &DUDIT_OUTPUTS,
    higher_is_worse: true,
    meaningful: &[],
    missing: "all items required; items 2–9 do not apply when item 1 is never",
    source: "structure and cut-offs [recall]",
    check: None,
    own: Some(score_dudit),
};

fn score_dudit(sheet: &Sheet<'_>, scored: &mut Scored) {
    let never = sheet.points(0) == Some(0);
    let (total, answered, applying) = sum_skipping(sheet, 11, if never { 1..9 } else { 0..0 });
    let reaches = |least: i64| Truth::from(total.map(|total| total >= least));
    let problem = match sheet.responses.sex {
        Some(Sex::Female) => reaches(2),
        Some(Sex::Male) => reaches(6),
        None if reaches(2) == reaches(6) => reaches(2),
        None => Truth::Indeterminate,
    };
    let score: &mut Score = scored.push("total", total.map(Decimal::whole), answered, applying);
    score.band = match (reaches(25), problem) {
        (Truth::Yes, _) => Some(Cow::Borrowed("dependence likely")),
        (_, Truth::Yes) => Some(Cow::Borrowed("drug-related problem")),
        (_, Truth::No) => Some(Cow::Borrowed("no drug-related problem")),
        (_, Truth::Indeterminate) => None,
    };
    scored.decide(
        "drug_related_problem",
        problem,
        match problem {
            Truth::Indeterminate if total.is_some() => {
                "the cut-off is 2 for women, 6 for men, and the sex was not given"
            }
            Truth::Indeterminate => "total is not scorable",
            Truth::Yes | Truth::No => "cut-off 2 for women, 6 for men",
        },
    );
    scored.decide(
        "dependence_likely",
        reaches(25),
        if total.is_some() { "cut-off 25" } else { "total is not scorable" },
    );
    if never && (1..9).any(|position| sheet.points(position).is_some_and(|points| points > 0)) {
        scored.warn("item 1 is never, but items 2–9 are not all 0: check the form");
    }
    if let Some(total) = total.filter(|total| *total >= 25) {
        scored.alert(AlertLevel::Review, format!("DUDIT {total}, 25 or more"), alerts::CLINICIAN, "review drug use");
    }
}
