//! The working relationship and what was expected of the treatment: WAI-SR, STAR, CEQ, SETS.

use crate::{
    instrument::{
        Instrument, Item, Licence, Output, PackScale, Rater, Recall, Scale, first, item, numbered, score_output, whole,
    },
    scored::{Method, Score, Scored, ratio, small},
    sheet::Sheet,
};
use std::borrow::Cow;
use terms::Decimal;

const ALLIANCE: [&str; 3] = ["goal", "task", "bond"];
static WAI_SR_ITEMS: [Item; 12] = numbered(
    [
        ALLIANCE[1],
        ALLIANCE[1],
        ALLIANCE[2],
        ALLIANCE[0],
        ALLIANCE[2],
        ALLIANCE[0],
        ALLIANCE[2],
        ALLIANCE[0],
        ALLIANCE[2],
        ALLIANCE[1],
        ALLIANCE[0],
        ALLIANCE[1],
    ],
    whole(1, 5),
);
static WAI_SR_SCALES: [Scale; 5] = [
    Scale::mean("mean", &first::<12>()).allowing_tenth().higher_is_better(),
    Scale::sum("sum", &first::<12>()).allowing_tenth().higher_is_better(),
    Scale::mean("goal", &[4, 6, 8, 11]).allowing_tenth().higher_is_better(),
    Scale::mean("task", &[1, 2, 10, 12]).allowing_tenth().higher_is_better(),
    Scale::mean("bond", &[3, 5, 7, 9]).allowing_tenth().higher_is_better(),
];

/// Working alliance, the participant's view.
pub static WAI_SR: Instrument = Instrument {
    id: "wai_sr",
    name: "WAI-SR",
    also: &["wai", "working alliance inventory"],
    version: "1",
    purpose: "working alliance, by the participant",
    rater: Rater::Participant,
    recall: Recall::Session,
    visits: "as the study says",
    licence: Licence::Registration,
    variants: &[],
    items: &WAI_SR_ITEMS,
    scales: &WAI_SR_SCALES,
    pack_scales: &[],
    own_outputs: &[],
    higher_is_worse: false,
    meaningful: &[],
    missing: "prorated with at most 10 % missing (1 item, in each scale)",
    source: "item allocation [recall]",
    check: None,
    own: None,
};

static WAI_SRT_ITEMS: [Item; 10] = numbered(["alliance, by the therapist"; 10], whole(1, 5));
static WAI_SRT_SCALES: [Scale; 2] = [
    Scale::mean("mean", &first::<10>()).allowing_tenth().higher_is_better(),
    Scale::sum("sum", &first::<10>()).allowing_tenth().higher_is_better(),
];

/// Working alliance, the therapist's view.
pub static WAI_SRT: Instrument = Instrument {
    id: "wai_srt",
    name: "WAI-SRT",
    also: &["wai-sr-t", "wai therapist"],
    rater: Rater::Therapist,
    purpose: "working alliance, by the therapist",
    items: &WAI_SRT_ITEMS,
    scales: &WAI_SRT_SCALES,
    missing: "prorated with 1 item missing",
    source: "ten items [recall]; no subscales are scored",
    ..BASE
};

/// What most forms of this file share.
const BASE: Instrument = Instrument {
    id: "",
    name: "",
    also: &[],
    version: "1",
    purpose: "",
    rater: Rater::Participant,
    recall: Recall::Session,
    visits: "as the study says",
    licence: Licence::Registration,
    variants: &[],
    items: &[],
    scales: &[],
    pack_scales: &[],
    own_outputs: &[],
    higher_is_worse: false,
    meaningful: &[],
    missing: "",
    source: "",
    check: None,
    own: None,
};

static STAR_ITEMS: [Item; 12] = numbered(["therapeutic relationship (text in the form pack)"; 12], whole(0, 4));
static STAR_P_PACK: [PackScale; 3] = [
    PackScale { name: "collaboration", n_items: Some(6), default: &[2, 3, 5, 6, 8, 11] },
    PackScale { name: "positive_input", n_items: Some(3), default: &[1, 10, 12] },
    PackScale { name: "non_supportive", n_items: Some(3), default: &[4, 7, 9] },
];
static STAR_C_PACK: [PackScale; 3] = [
    PackScale { name: "collaboration", n_items: Some(6), default: &[1, 2, 5, 7, 10, 12] },
    PackScale { name: "positive_input", n_items: Some(3), default: &[3, 8, 11] },
    PackScale { name: "non_supportive", n_items: Some(3), default: &[4, 6, 9] },
];
static STAR_OUTPUTS: [Output; 4] = [
    score_output("total", "0–48, the three non-supportive items reversed"),
    score_output("collaboration", "6 items, 0–24"),
    score_output("positive_input", "3 items, 0–12"),
    score_output("non_supportive", "3 items reversed, 0–12: higher is better"),
];

/// Therapeutic relationship, the participant's view.
pub static STAR_P: Instrument = Instrument {
    id: "star_p",
    name: "STAR-P",
    also: &["starp", "star patient"],
    purpose: "therapeutic relationship, by the participant",
    items: &STAR_ITEMS,
    pack_scales: &STAR_P_PACK,
    own_outputs: &STAR_OUTPUTS,
    missing: "all items required",
    source: "three subscales of 6, 3 and 3 items; allocation [recall], a form pack may replace it",
    own: Some(|sheet, scored| score_star(sheet, scored, &STAR_P_PACK)),
    ..BASE
};

/// Therapeutic relationship, the clinician's view.
pub static STAR_C: Instrument = Instrument {
    id: "star_c",
    name: "STAR-C",
    also: &["starc", "star clinician"],
    rater: Rater::Therapist,
    purpose: "therapeutic relationship, by the clinician",
    items: &STAR_ITEMS,
    pack_scales: &STAR_C_PACK,
    own_outputs: &STAR_OUTPUTS,
    missing: "all items required",
    source: "three subscales of 6, 3 and 3 items (the third: difficulties); allocation [recall], a form pack may replace it",
    own: Some(|sheet, scored| score_star(sheet, scored, &STAR_C_PACK)),
    ..BASE
};

/// The item numbers of a scale: the pack's key, or the one assumed.
fn key<'a>(sheet: &Sheet<'a>, scale: &PackScale) -> &'a [u16] {
    sheet.pack.and_then(|pack| pack.key(scale.name)).unwrap_or(scale.default)
}

fn push_better(scored: &mut Scored, name: &'static str, value: Option<Decimal>, answered: usize, of: usize) {
    scored.push_score(Score {
        name: Cow::Borrowed(name),
        value,
        n_answered: small(answered),
        n_items: small(of),
        method: if value.is_some() { Method::Complete } else { Method::NotScorable },
        band: None,
        higher_is_worse: false,
    });
}

fn score_star(sheet: &Sheet<'_>, scored: &mut Scored, scales: &[PackScale; 3]) {
    let parts: Vec<(&'static str, i64, usize, usize)> = scales
        .iter()
        .map(|scale| {
            let numbers = key(sheet, scale);
            let reversed = if scale.name == "non_supportive" { numbers } else { &[] };
            let (sum, answered) = crate::scale::sum_answered(sheet, numbers, reversed);
            (scale.name, sum, answered, numbers.len())
        })
        .collect();
    let sum: i64 = parts.iter().map(|(_, sum, _, _)| sum).sum();
    let answered: usize = parts.iter().map(|(_, _, answered, _)| answered).sum();
    push_better(scored, "total", (answered == 12).then_some(Decimal::whole(sum)), answered, 12);
    for (name, sum, answered, of) in parts {
        push_better(scored, name, (answered == of).then_some(Decimal::whole(sum)), answered, of);
    }
}

static CEQ_ITEMS: [Item; 6] = [
    item("1", "how logical", whole(1, 9)),
    item("2", "how successful in reducing symptoms", whole(1, 9)),
    item("3", "how confident in recommending it", whole(1, 9)),
    item("4", "improvement thought likely, percent", whole(0, 100)),
    item("5", "improvement felt likely", whole(1, 9)),
    item("6", "improvement felt likely, percent", whole(0, 100)),
];
static CEQ_OUTPUTS: [Output; 2] = [
    score_output("credibility", "Σ items 1–3, 3–27"),
    score_output("expectancy", "items 4 and 6 mapped from 0–100 % to 1–9, plus item 5, 3–27"),
];

/// Credibility and expectancy.
pub static CEQ: Instrument = Instrument {
    id: "ceq",
    name: "CEQ",
    also: &["credibility/expectancy questionnaire"],
    purpose: "credibility of the treatment and expected benefit, self-report",
    recall: Recall::Today,
    visits: "before the first dosing session",
    items: &CEQ_ITEMS,
    own_outputs: &CEQ_OUTPUTS,
    missing: "all items of a score required",
    source: "item allocation and mapping v = 1 + 8·pct/100 [recall]",
    own: Some(score_ceq),
    ..BASE
};

fn score_ceq(sheet: &Sheet<'_>, scored: &mut Scored) {
    let answers: [Option<i64>; 6] = std::array::from_fn(|position| sheet.points(position));
    let [a, b, c, thought, felt, felt_percent] = answers;
    let credibility = a.zip(b).zip(c).map(|((a, b), c)| Decimal::whole(a + b + c));
    push_better(scored, "credibility", credibility, answers.iter().take(3).flatten().count(), 3);
    // 1 + 8·pct/100 is 1000 + 80·pct in thousandths: exact.
    let mapped = |percent: i64| 1000 + 80 * percent;
    let expectancy = thought.zip(felt).zip(felt_percent);
    let expectancy = expectancy
        .map(|((thought, felt), percent)| Decimal::thousandths(mapped(thought) + felt * 1000 + mapped(percent)));
    push_better(scored, "expectancy", expectancy, answers.iter().skip(3).flatten().count(), 3);
}

static SETS_ITEMS: [Item; 6] = [
    item("1", "positive expectation", whole(1, 7)),
    item("2", "negative expectation", whole(1, 7)),
    item("3", "positive expectation", whole(1, 7)),
    item("4", "negative expectation", whole(1, 7)),
    item("5", "positive expectation", whole(1, 7)),
    item("6", "negative expectation", whole(1, 7)),
];
static SETS_PACK: [PackScale; 2] = [
    PackScale { name: "positive", n_items: Some(3), default: &[1, 3, 5] },
    PackScale { name: "negative", n_items: Some(3), default: &[2, 4, 6] },
];
static SETS_OUTPUTS: [Output; 2] = [
    score_output("positive", "mean of 3, 1–7; higher is better"),
    score_output("negative", "mean of 3, 1–7; higher is worse"),
];

/// Expectations of treatment.
pub static SETS: Instrument = Instrument {
    id: "sets",
    name: "SETS",
    also: &["stanford expectations of treatment scale"],
    purpose: "positive and negative expectations of the treatment, self-report",
    recall: Recall::Today,
    visits: "before the first dosing session",
    items: &SETS_ITEMS,
    pack_scales: &SETS_PACK,
    own_outputs: &SETS_OUTPUTS,
    missing: "all three items of a score required",
    source: "two subscales of three; allocation [recall], a form pack may replace it",
    own: Some(|sheet, scored| {
        for scale in &SETS_PACK {
            let numbers = key(sheet, scale);
            let (sum, answered) = crate::scale::sum_answered(sheet, numbers, &[]);
            let mean = if answered == numbers.len() { ratio(sum, answered as i64, 3) } else { None };
            scored.push(scale.name, mean, answered, numbers.len()).higher_is_worse = scale.name == "negative";
        }
    }),
    ..BASE
};
