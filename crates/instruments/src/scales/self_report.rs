//! Growth, alexithymia, self-compassion, inner self-capacities, eating attitudes: plain scales, as data.

use crate::{
    instrument::{
        Answers, Band, Code, Instrument, Item, Licence, Output, PackScale, Rater, Recall, Scale, band, code,
        decision_output, first, numbered, score_output, whole,
    },
    scale::{sum_answered, value_of},
    scored::{Score, Scored, ratio, small},
    sheet::Sheet,
    truth::Truth,
};
use std::borrow::Cow;
use terms::Decimal;

const GROWTH: [&str; 5] =
    ["relating to others", "new possibilities", "personal strength", "spiritual change", "appreciation of life"];
static PTGI_ITEMS: [Item; 21] = numbered(
    [
        GROWTH[4], GROWTH[4], GROWTH[1], GROWTH[2], GROWTH[3], GROWTH[0], GROWTH[1], GROWTH[0], GROWTH[0], GROWTH[2],
        GROWTH[1], GROWTH[2], GROWTH[4], GROWTH[1], GROWTH[0], GROWTH[0], GROWTH[1], GROWTH[3], GROWTH[2], GROWTH[0],
        GROWTH[0],
    ],
    whole(0, 5),
);
static PTGI_SCALES: [Scale; 6] = [
    Scale::sum("total", &first::<21>()).allowing_tenth().higher_is_better(),
    Scale::sum("relating", &[6, 8, 9, 15, 16, 20, 21]).allowing_tenth().higher_is_better(),
    Scale::sum("possibilities", &[3, 7, 11, 14, 17]).allowing_tenth().higher_is_better(),
    Scale::sum("strength", &[4, 10, 12, 19]).allowing_tenth().higher_is_better(),
    Scale::sum("spiritual", &[5, 18]).allowing_tenth().higher_is_better(),
    Scale::sum("appreciation", &[1, 2, 13]).allowing_tenth().higher_is_better(),
];

/// Post-traumatic growth.
pub static PTGI: Instrument = Instrument {
    id: "ptgi",
    name: "PTGI",
    also: &["posttraumatic growth inventory", "post-traumatic growth inventory"],
    version: "1",
    purpose: "growth after trauma, self-report",
    rater: Rater::Participant,
    recall: Recall::SinceEvent,
    visits: "baseline (since the event), later (since treatment, or past two weeks)",
    licence: Licence::Registration,
    variants: &["since_event", "since_treatment", "past_two_weeks"],
    items: &PTGI_ITEMS,
    scales: &PTGI_SCALES,
    pack_scales: &[],
    own_outputs: &[],
    higher_is_worse: false,
    meaningful: &[],
    missing: "prorated with at most 10 % missing (total 2 items; a factor 1)",
    source: "factors of Tedeschi and Calhoun 1996 [recall]",
    check: None,
    own: None,
};

const FEELINGS: [&str; 3] = ["identifying feelings", "describing feelings", "externally oriented thinking"];
static TAS20_ITEMS: [Item; 20] = numbered(
    [
        FEELINGS[0],
        FEELINGS[1],
        FEELINGS[0],
        FEELINGS[1],
        FEELINGS[2],
        FEELINGS[0],
        FEELINGS[0],
        FEELINGS[2],
        FEELINGS[0],
        FEELINGS[2],
        FEELINGS[1],
        FEELINGS[1],
        FEELINGS[0],
        FEELINGS[0],
        FEELINGS[2],
        FEELINGS[2],
        FEELINGS[1],
        FEELINGS[2],
        FEELINGS[2],
        FEELINGS[2],
    ],
    whole(1, 5),
);
const TAS20_BANDS: &[Band] = &[band(20, "none"), band(52, "possible"), band(61, "alexithymia")];
const TAS20_REVERSED: &[u16] = &[4, 5, 10, 18, 19];
static TAS20_SCALES: [Scale; 4] = [
    Scale::sum("total", &first::<20>()).allowing_tenth().reversed(TAS20_REVERSED).bands(TAS20_BANDS),
    Scale::sum("identifying", &[1, 3, 6, 7, 9, 13, 14]).allowing_tenth().reversed(TAS20_REVERSED),
    Scale::sum("describing", &[2, 4, 11, 12, 17]).allowing_tenth().reversed(TAS20_REVERSED),
    Scale::sum("external", &[5, 8, 10, 15, 16, 18, 19, 20]).allowing_tenth().reversed(TAS20_REVERSED),
];

/// Alexithymia.
pub static TAS20: Instrument = Instrument {
    id: "tas20",
    name: "TAS-20",
    also: &["tas", "toronto alexithymia scale"],
    version: "1",
    purpose: "alexithymia, self-report",
    rater: Rater::Participant,
    recall: Recall::Today,
    visits: "baseline, T4",
    licence: Licence::Commercial,
    variants: &[],
    items: &TAS20_ITEMS,
    scales: &TAS20_SCALES,
    pack_scales: &[],
    own_outputs: &[],
    higher_is_worse: true,
    meaningful: &[],
    missing: "prorated with at most 10 % missing (total 2 items; a subscale 1)",
    source: "subscales, reversed items and bands [recall]",
    check: None,
    own: None,
};

const COMPASSION: [&str; 6] =
    ["self-kindness", "self-judgement", "common humanity", "isolation", "mindfulness", "over-identification"];
static SCS_ITEMS: [Item; 26] = numbered(
    [
        COMPASSION[1],
        COMPASSION[5],
        COMPASSION[2],
        COMPASSION[3],
        COMPASSION[0],
        COMPASSION[5],
        COMPASSION[2],
        COMPASSION[1],
        COMPASSION[4],
        COMPASSION[2],
        COMPASSION[1],
        COMPASSION[0],
        COMPASSION[3],
        COMPASSION[4],
        COMPASSION[2],
        COMPASSION[1],
        COMPASSION[4],
        COMPASSION[3],
        COMPASSION[0],
        COMPASSION[5],
        COMPASSION[1],
        COMPASSION[4],
        COMPASSION[0],
        COMPASSION[5],
        COMPASSION[3],
        COMPASSION[0],
    ],
    whole(1, 5),
);
static SCS_SCALES: [Scale; 6] = [
    Scale::mean("kindness", &[5, 12, 19, 23, 26]).allowing_tenth().higher_is_better(),
    Scale::mean("judgement", &[1, 8, 11, 16, 21]).allowing_tenth(),
    Scale::mean("humanity", &[3, 7, 10, 15]).allowing_tenth().higher_is_better(),
    Scale::mean("isolation", &[4, 13, 18, 25]).allowing_tenth(),
    Scale::mean("mindfulness", &[9, 14, 17, 22]).allowing_tenth().higher_is_better(),
    Scale::mean("over_identification", &[2, 6, 20, 24]).allowing_tenth(),
];
/// "High" is above 3.5, so it begins at the next value that three places can hold.
const SCS_BANDS: &[Band] = &[
    band(1, "low"),
    Band { from: Decimal::thousandths(2_500), name: "moderate" },
    Band { from: Decimal::thousandths(3_501), name: "high" },
];
static SCS_OUTPUTS: [Output; 1] = [score_output(
    "total",
    "mean of the six subscale means, the three negative ones reversed; bands low, moderate, high",
)];

/// Self-compassion.
pub static SCS: Instrument = Instrument {
    id: "scs",
    name: "SCS",
    also: &["self-compassion scale", "scs-26"],
    version: "1",
    purpose: "self-compassion, self-report",
    rater: Rater::Participant,
    recall: Recall::Today,
    visits: "baseline, T4",
    licence: Licence::Free,
    variants: &[],
    items: &SCS_ITEMS,
    scales: &SCS_SCALES,
    pack_scales: &[],
    own_outputs: &SCS_OUTPUTS,
    higher_is_worse: false,
    meaningful: &[],
    missing: "each subscale prorated with 1 item missing; the total needs all six",
    source: "subscales and bands [recall]",
    check: None,
    own: Some(score_scs),
};

fn score_scs(sheet: &Sheet<'_>, scored: &mut Scored) {
    // Σ of six means as one fraction over 60, which 3, 4 and 5 answered items all divide; rounded once.
    let (mut sixtieths, mut answered, mut known, mut whole) = (0, 0, 0, true);
    for scale in &SCS_SCALES {
        let (sum, n) = sum_answered(sheet, scale.items, &[]);
        let (value, method) = value_of(scale.form, sum, n, scale.items.len(), scale.missing_allowed);
        answered += n;
        if value.is_some() {
            known += 1;
            whole &= method == crate::scored::Method::Complete;
            let mean = sum * (60 / n.max(1) as i64);
            sixtieths += if scale.higher_is_worse { 6 * 60 - mean } else { mean };
        }
    }
    let value = if known == SCS_SCALES.len() { ratio(sixtieths, 360, 3) } else { None };
    let method = if whole { crate::scored::Method::Complete } else { crate::scored::Method::Prorated };
    scored.push("total", value, answered, 26).banded(SCS_BANDS).higher_is_better().method(method);
}

static IASC_ITEMS: [Item; 63] = numbered(["inner experience or relating (text in the form pack)"; 63], whole(1, 5));
static IASC_SCALES: [Scale; 1] = [Scale::sum("raw_total", &first::<63>()).allowing_tenth()];
static IASC_PACK: [PackScale; 11] = {
    const NAMES: [&str; 11] = [
        "interpersonal_conflicts",
        "idealization_disillusionment",
        "abandonment_concerns",
        "identity_impairment",
        "self_awareness",
        "identity_diffusion",
        "susceptibility_to_influence",
        "affect_dysregulation",
        "affect_skills",
        "affect_instability",
        "tension_reduction",
    ];
    let mut scales = [PackScale { name: "", n_items: None, default: &[] }; 11];
    let mut position = 0;
    while position < 11 {
        scales[position].name = NAMES[position];
        position += 1;
    }
    scales
};

macro_rules! iasc_outputs {
    ($($name:literal),*) => {
        [
            $(score_output($name, "raw sum by the pack's key"),
              score_output(concat!($name, "_t"), "T score by the pack's norms for age and sex"),)*
            decision_output("elevated", "any T score at least 70 (setting iasc_elevated)"),
        ]
    };
}
static IASC_OUTPUTS: [Output; 23] = iasc_outputs!(
    "interpersonal_conflicts",
    "idealization_disillusionment",
    "abandonment_concerns",
    "identity_impairment",
    "self_awareness",
    "identity_diffusion",
    "susceptibility_to_influence",
    "affect_dysregulation",
    "affect_skills",
    "affect_instability",
    "tension_reduction"
);

/// Inner self-capacities: altered ones score high.
pub static IASC: Instrument = Instrument {
    id: "iasc",
    name: "IASC",
    also: &["inventory of altered self-capacities"],
    version: "1",
    purpose: "altered self-capacities, self-report",
    rater: Rater::Participant,
    recall: Recall::PastSixMonths,
    visits: "baseline, T4",
    licence: Licence::Commercial,
    variants: &[],
    items: &IASC_ITEMS,
    scales: &IASC_SCALES,
    pack_scales: &IASC_PACK,
    own_outputs: &IASC_OUTPUTS,
    higher_is_worse: true,
    meaningful: &[],
    missing: "prorated with at most 10 % missing (raw total 6 items; a scale 1); T scores from the prorated raw score, rounded",
    source: "structure [recall]; key and norms are licensed and come from the form pack",
    check: None,
    own: Some(score_iasc),
};

fn score_iasc(sheet: &Sheet<'_>, scored: &mut Scored) {
    let mut elevated = Vec::with_capacity(IASC_PACK.len());
    for (scale, outputs) in IASC_PACK.iter().zip(IASC_OUTPUTS.chunks(2)) {
        let key = sheet.pack.and_then(|pack| pack.key(scale.name)).unwrap_or_default();
        let (sum, answered) = sum_answered(sheet, key, &[]);
        let allowed = small((key.len() / 10).max(1));
        let (value, method) = value_of(crate::instrument::Form::Sum, sum, answered, key.len(), allowed);
        scored.push_score(Score {
            name: Cow::Borrowed(scale.name),
            value,
            n_answered: small(answered),
            n_items: small(key.len()),
            method,
            band: None,
            higher_is_worse: true,
        });
        let norm = value.zip(sheet.pack).and_then(|(raw, pack)| {
            let raw = ratio(raw.as_thousandths(), 1000, 0)?.trunc();
            pack.t_score(scale.name, raw, sheet.responses.sex, sheet.responses.age_years)
        });
        let name = outputs.get(1).map_or("", |output| output.name);
        scored.push(name, norm.map(Decimal::whole), answered, key.len()).method(method);
        elevated.push(Truth::from(norm.map(|t| t >= sheet.settings.iasc_elevated)));
    }
    let any = Truth::at_least(1, elevated);
    scored.decide(
        "elevated",
        any,
        match any {
            Truth::Yes => "a T score is elevated",
            Truth::No => "no T score is elevated",
            Truth::Indeterminate => "a T score is missing: it needs the licensed form pack, age and sex",
        },
    );
    if sheet.pack.is_none() {
        scored.warn("scales and T scores need the licensed form pack; only the raw total is given");
    }
}

static FREQUENCIES: [Code; 6] = [
    code("always", "always"),
    code("usually", "usually"),
    code("often", "often"),
    code("sometimes", "sometimes"),
    code("rarely", "rarely"),
    code("never", "never"),
];
static EAT26_ITEMS: [Item; 26] = {
    const PARTS: [&str; 3] = ["dieting", "bulimia and food preoccupation", "oral control"];
    const OF: [usize; 26] = [0, 2, 1, 1, 2, 0, 0, 2, 1, 0, 0, 0, 2, 0, 2, 0, 0, 1, 2, 2, 1, 0, 0, 0, 1, 0];
    let mut labels = [""; 26];
    let mut position = 0;
    while position < 26 {
        labels[position] = PARTS[OF[position]];
        position += 1;
    }
    numbered(labels, Answers::Code(&FREQUENCIES))
};
/// Dieting, bulimia, oral control, by item number.
const EAT26_PARTS: [(&str, &[u16]); 3] = [
    ("dieting", &[1, 6, 7, 10, 11, 12, 14, 16, 17, 22, 23, 24, 26]),
    ("bulimia", &[3, 4, 9, 18, 21, 25]),
    ("oral_control", &[2, 5, 8, 13, 15, 19, 20]),
];
static EAT26_OUTPUTS: [Output; 5] = [
    score_output("total", "0–78"),
    score_output("dieting", "13 items, 0–39"),
    score_output("bulimia", "6 items, 0–18"),
    score_output("oral_control", "7 items, 0–21"),
    decision_output("refer", "total at least 20 (setting eat26_cutoff)"),
];

/// Eating attitudes.
pub static EAT26: Instrument = Instrument {
    id: "eat26",
    name: "EAT-26",
    also: &["eat", "eating attitudes test"],
    version: "1",
    purpose: "eating attitudes, self-report",
    rater: Rater::Participant,
    recall: Recall::Today,
    visits: "baseline, T4",
    licence: Licence::Registration,
    variants: &[],
    items: &EAT26_ITEMS,
    scales: &[],
    pack_scales: &[],
    own_outputs: &EAT26_OUTPUTS,
    higher_is_worse: true,
    meaningful: &[],
    missing: "prorated with at most 10 % missing (total 2 items; a subscale 1)",
    source: "points, reversed item 26, subscales and cut-off [recall]",
    check: None,
    own: Some(score_eat26),
};

/// Points of a response: always 3, usually 2, often 1, else 0; item 26 never 3, rarely 2, sometimes 1, else 0.
fn eating_points(sheet: &Sheet<'_>, number: u16) -> Option<i64> {
    let item = sheet.items.get(usize::from(number) - 1)?;
    let place = FREQUENCIES.iter().position(|frequency| Some(frequency.code) == sheet.code(item.id))? as i64;
    Some(if number == 26 { (place - 2).max(0) } else { (3 - place).max(0) })
}

fn score_eat26(sheet: &Sheet<'_>, scored: &mut Scored) {
    let part = |numbers: &[u16]| {
        let points = numbers.iter().filter_map(|number| eating_points(sheet, *number));
        points.fold((0, 0), |(sum, answered), points| (sum + points, answered + 1))
    };
    let all: [u16; 26] = first();
    for (name, numbers) in [("total", all.as_slice())].into_iter().chain(EAT26_PARTS) {
        let (sum, answered) = part(numbers);
        let allowed = small((numbers.len() / 10).max(1));
        let (value, method) = value_of(crate::instrument::Form::Sum, sum, answered, numbers.len(), allowed);
        scored.push(name, value, answered, numbers.len()).method(method);
    }
    scored.cut_off("refer", "total", sheet.settings.eat26_cutoff);
}

/// The three parts of EAT-26 with their item numbers.
pub const fn eat26_parts() -> [(&'static str, &'static [u16]); 3] {
    EAT26_PARTS
}
