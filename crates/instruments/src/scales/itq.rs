//! ITQ: PTSD and complex PTSD of ICD-11. The two diagnoses exclude each other.

use crate::{
    instrument::{Answers, Instrument, Item, Licence, Output, Rater, Recall, Scale, decision_output, item, run, whole},
    scored::Scored,
    sheet::Sheet,
    truth::Truth,
};

const RATING: Answers = whole(0, 4);

static ITEMS: [Item; 18] = [
    item("P1", "re-experiencing: dreams", RATING).also(&["1"]),
    item("P2", "re-experiencing: images or memories", RATING).also(&["2"]),
    item("P3", "avoidance: internal", RATING).also(&["3"]),
    item("P4", "avoidance: external", RATING).also(&["4"]),
    item("P5", "threat: on guard", RATING).also(&["5"]),
    item("P6", "threat: startle", RATING).also(&["6"]),
    item("P7", "PTSD impairment: relationships", RATING).also(&["7"]),
    item("P8", "PTSD impairment: work", RATING).also(&["8"]),
    item("P9", "PTSD impairment: other", RATING).also(&["9"]),
    item("C1", "affect: calming down", RATING).also(&["10"]),
    item("C2", "affect: numb", RATING).also(&["11"]),
    item("C3", "self: failure", RATING).also(&["12"]),
    item("C4", "self: worthless", RATING).also(&["13"]),
    item("C5", "relations: distant", RATING).also(&["14"]),
    item("C6", "relations: staying close", RATING).also(&["15"]),
    item("C7", "self-organisation impairment: relationships", RATING).also(&["16"]),
    item("C8", "self-organisation impairment: work", RATING).also(&["17"]),
    item("C9", "self-organisation impairment: other", RATING).also(&["18"]),
];

static SCALES: [Scale; 2] = [Scale::sum("ptsd_score", &run::<6>(1)), Scale::sum("dso_score", &run::<6>(10))];

static OUTPUTS: [Output; 4] = [
    decision_output("ptsd_criteria", "each of the three clusters has an item at least 2, and an impairment at least 2"),
    decision_output("dso_criteria", "the same for disturbances in self-organisation"),
    decision_output("ptsd", "PTSD, the complex form excluded"),
    decision_output("cptsd", "complex PTSD: both sets of criteria"),
];

/// The international trauma questionnaire.
pub static ITQ: Instrument = Instrument {
    id: "itq",
    name: "ITQ",
    also: &["international trauma questionnaire"],
    version: "1",
    purpose: "PTSD and complex PTSD by ICD-11, self-report",
    rater: Rater::Participant,
    recall: Recall::PastMonth,
    visits: "as the study says",
    licence: Licence::Free,
    variants: &[],
    items: &ITEMS,
    scales: &SCALES,
    pack_scales: &[],
    own_outputs: &OUTPUTS,
    higher_is_worse: true,
    meaningful: &[],
    missing: "all six items for a sum; diagnoses by three-valued logic",
    source: "structure and algorithm [recall]",
    check: None,
    own: Some(score),
};

fn score(sheet: &Sheet<'_>, scored: &mut Scored) {
    let present = |position: usize| Truth::from(sheet.points(position).map(|points| points >= 2));
    // Three pairs of symptoms and three impairments, from `first` on.
    let criteria = |first: usize| {
        let pairs = [0, 2, 4].map(|pair| present(first + pair).or(present(first + pair + 1)));
        let impaired = Truth::at_least(1, (6..9).map(|place| present(first + place)));
        Truth::at_least(3, pairs).and(impaired)
    };
    let (ptsd, dso) = (criteria(0), criteria(9));
    let why = |answer: Truth| match answer {
        Truth::Yes => "every cluster and an impairment at least 2",
        Truth::No => "a cluster or the impairment is below 2",
        Truth::Indeterminate => "a missing item could decide",
    };
    scored.decide("ptsd_criteria", ptsd, why(ptsd));
    scored.decide("dso_criteria", dso, why(dso));
    let alone = ptsd.and(dso.negated());
    scored.decide(
        "ptsd",
        alone,
        match alone {
            Truth::Yes => "PTSD criteria without disturbances in self-organisation",
            Truth::No if dso.is_yes() && ptsd.is_yes() => "complex PTSD takes its place",
            Truth::No => "PTSD criteria are not met",
            Truth::Indeterminate => "a missing item could decide",
        },
    );
    let complex = ptsd.and(dso);
    scored.decide(
        "cptsd",
        complex,
        match complex {
            Truth::Yes => "both sets of criteria are met",
            Truth::No => "one set of criteria is not met",
            Truth::Indeterminate => "a missing item could decide",
        },
    );
}
