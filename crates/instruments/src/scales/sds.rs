//! SDS, modified for the programme: rated by interview; the score is the mean of the answered items, 0 to 10.
//!
//! Work that does not apply is not missing. Source: the phase 3 programme; the published changes fit the mean only.

use crate::{
    instrument::{
        Answers, Instrument, Item, Licence, Meaningful, Output, Rater, Recall, band, decision_output, item,
        score_output, whole,
    },
    scored::{Method, Scored, ratio},
    sheet::Sheet,
    truth::Truth,
    unscorable::{Fault, Unscorable},
};
use terms::{Decimal, MissingReason};

static ITEMS: [Item; 6] = [
    item("1", "work or school", whole(0, 10)),
    item("1a", "has not worked or studied for reasons unrelated to the disorder", Answers::YesNo).optional(),
    item("2", "social life", whole(0, 10)),
    item("3", "family and home", whole(0, 10)),
    item("4", "days lost", whole(0, 30)).optional(),
    item("5", "days underproductive", whole(0, 30)).optional(),
];

const BANDS: &[crate::instrument::Band] =
    &[band(0, "none"), band(1, "mild"), band(4, "moderate"), band(7, "marked"), band(10, "extreme")];

static OUTPUTS: [Output; 13] = [
    score_output("mean", "the trial's score: mean of the answered items, 0–10"),
    score_output("sum", "items 1 + 2 + 3, 0–30; only where work applies"),
    score_output("sum_prorated", "mean × 3 where work does not apply: flagged, for comparison with sums elsewhere"),
    score_output("mean_social_family", "mean of items 2 and 3, for visits whose item sets differ"),
    score_output("work", "item 1, with its band"),
    score_output("social", "item 2, with its band"),
    score_output("family", "item 3, with its band"),
    score_output("days_lost", "item 4, not in the total"),
    score_output("days_underproductive", "item 5, not in the total"),
    decision_output("work_applies", "item 1 applies"),
    decision_output("impairment", "any item at least 5"),
    decision_output("sum_response", "sum at most 12 (cut used in other fields)"),
    decision_output("sum_remission", "sum at most 6 (cut used in other fields)"),
];

/// Functional impairment at work, socially, and in the family.
pub static SDS: Instrument = Instrument {
    id: "sds",
    name: "SDS (modified)",
    also: &["sheehan disability scale", "sds modified"],
    version: "1",
    purpose: "functional impairment",
    rater: Rater::IndependentRater,
    recall: Recall::PastMonth,
    visits: "T1 baseline, T2, T3, T4, long-term follow-up",
    licence: Licence::Commercial,
    variants: &[],
    items: &ITEMS,
    scales: &[],
    pack_scales: &[],
    own_outputs: &OUTPUTS,
    higher_is_worse: true,
    meaningful: &[Meaningful {
        score: "mean",
        by: Decimal::whole(1),
        source: "about 4 on the 0–30 sum [recall, weak]",
    }],
    missing: "mean of the applicable items; one missing item: mean of the two answered, flagged; otherwise not scorable",
    source: "clinician-rated modified SDS of the phase 3 trials; item mean as the published changes imply",
    check: Some(check),
    own: Some(score),
};

fn work_not_applicable(sheet: &Sheet<'_>) -> bool {
    sheet.responses.work_not_applicable
        || sheet.yes_no("1a") == Some(true)
        || sheet.reason("1") == Some(MissingReason::NotApplicable)
}

fn check(sheet: &Sheet<'_>, wrong: &mut Vec<Unscorable>) {
    if work_not_applicable(sheet)
        && let Some(work) = sheet.whole("1")
    {
        wrong.push(Unscorable::contradiction(
            "item 1 (work or school)",
            format!("{work} beside \"work does not apply\""),
            "no rating where work does not apply",
            "clear item 1, or say that work applies",
        ));
    }
    if sheet.yes_no("1a") == Some(false) && sheet.responses.work_not_applicable {
        wrong.push(Unscorable::contradiction(
            "item 1a",
            "no beside work_not_applicable",
            "the two to agree",
            "correct the one that is wrong",
        ));
    }
    if sheet.responses.recall == Some(Recall::PastWeek) {
        for id in ["4", "5"] {
            if let Some(days) = sheet.whole(id).filter(|days| *days > 7) {
                let needed = "a whole number from 0 to 7, as the form asks about the past week";
                wrong.push(Unscorable::new(&format!("item {id}"), Fault::OutOfRange, days, needed, "check the form"));
            }
        }
    }
}

fn score(sheet: &Sheet<'_>, scored: &mut Scored) {
    let work_applies = !work_not_applicable(sheet);
    let [work, social, family] = ["1", "2", "3"].map(|id| sheet.whole(id));
    let applicable: &[Option<i64>] = if work_applies { &[work, social, family] } else { &[social, family] };
    let answered: Vec<i64> = applicable.iter().copied().flatten().collect();
    let (n, k) = (applicable.len(), answered.len());
    let sum: i64 = answered.iter().sum();
    // Two answers at least: all that apply, or one of three missing.
    let mean = if k >= 2 { ratio(sum, k as i64, 3) } else { None };
    let prorated = k < n;
    scored.push("mean", mean, k, n).method(if prorated { Method::Prorated } else { Method::Complete });
    let full = (work_applies && k == 3).then_some(Decimal::whole(sum));
    scored.push("sum", full, k, 3);
    let imputed = if work_applies {
        full
    } else if k == 2 {
        ratio(sum * 3, 2, 2)
    } else {
        None
    };
    let imputed_method = if work_applies { Method::Complete } else { Method::Prorated };
    scored.push("sum_prorated", imputed, k, 3).method(imputed_method);
    let both = social.zip(family);
    let both_answered = usize::from(social.is_some()) + usize::from(family.is_some());
    scored.push("mean_social_family", both.and_then(|(a, b)| ratio(a + b, 2, 3)), both_answered, 2);
    for (name, value) in [("work", work), ("social", social), ("family", family)] {
        scored.push(name, value.map(Decimal::whole), usize::from(value.is_some()), 1).banded(BANDS);
    }
    for (name, id) in [("days_lost", "4"), ("days_underproductive", "5")] {
        let days = sheet.whole(id);
        scored.push(name, days.map(Decimal::whole), usize::from(days.is_some()), 1);
    }
    decide(scored, work_applies, applicable, full);
    if !work_applies && k == 2 {
        scored.warn("work does not apply: the mean is of items 2 and 3; sum_prorated is mean × 3 and not a sum of three answers");
    }
    if mean.is_some() && prorated {
        scored.warn("one item is missing: the mean is of the two answered");
    }
}

fn decide(scored: &mut Scored, work_applies: bool, applicable: &[Option<i64>], full: Option<Decimal>) {
    scored.decide("work_applies", work_applies, if work_applies { "item 1 applies" } else { "work does not apply" });
    let impaired = Truth::at_least(1, applicable.iter().map(|item| Truth::from(item.map(|rating| rating >= 5))));
    scored.decide(
        "impairment",
        impaired,
        match impaired {
            Truth::Yes => "an item is at least 5",
            Truth::No => "every applicable item is below 5",
            Truth::Indeterminate => "a missing item could decide",
        },
    );
    for (name, most) in [("sum_response", 12), ("sum_remission", 6)] {
        let answer = Truth::from(full.map(|sum| sum <= Decimal::whole(most)));
        let why = match full {
            Some(sum) => format!("sum {sum}, cut {most} or less"),
            None => "the sum of three items is not defined".to_owned(),
        };
        scored.decide(name, answer, why);
    }
}

/// Whether item 1 applied at one of two visits only, so that the means are over different item sets. The mean is kept;
/// `mean_social_family` at both visits is the sensitivity.
pub fn item_set_changed(baseline_work_applies: Truth, visit_work_applies: Truth) -> Truth {
    match (baseline_work_applies, visit_work_applies) {
        (Truth::Indeterminate, _) | (_, Truth::Indeterminate) => Truth::Indeterminate,
        (before, after) => Truth::from(before != after),
    }
}
