//! Depression and anxiety by self-report: BDI-II, PHQ-9, GAD-7.
//!
//! A missing item 9 of BDI-II or PHQ-9 may leave the total prorated, but opens a task: it is never read as a no.

use crate::{
    alerts,
    instrument::{
        Answers, Band, Instrument, Item, Licence, Meaningful, Output, Rater, Recall, Scale, band, decision_output,
        first, item, numbered, whole,
    },
    scored::Scored,
    sheet::Sheet,
    truth::Truth,
};
use terms::Decimal;

const PLAIN: Answers = Answers::Graded(&[("0", 0), ("1", 1), ("2", 2), ("3", 3)]);
const LETTERED: Answers =
    Answers::Graded(&[("0", 0), ("1a", 1), ("1b", 1), ("2a", 2), ("2b", 2), ("3a", 3), ("3b", 3)]);

static BDI2_ITEMS: [Item; 21] = [
    item("1", "mood", PLAIN),
    item("2", "outlook", PLAIN),
    item("3", "sense of having failed", PLAIN),
    item("4", "enjoyment", PLAIN),
    item("5", "guilt", PLAIN),
    item("6", "feeling of punishment", PLAIN),
    item("7", "view of oneself", PLAIN),
    item("8", "criticism of oneself", PLAIN),
    item("9", "suicidal thoughts", PLAIN),
    item("10", "tearfulness", PLAIN),
    item("11", "restlessness", PLAIN),
    item("12", "interest in others", PLAIN),
    item("13", "deciding", PLAIN),
    item("14", "sense of worth", PLAIN),
    item("15", "energy", PLAIN),
    item("16", "change of sleep", LETTERED),
    item("17", "irritability", PLAIN),
    item("18", "change of appetite", LETTERED),
    item("19", "concentration", PLAIN),
    item("20", "fatigue", PLAIN),
    item("21", "interest in sex", PLAIN),
];

const BDI2_BANDS: &[Band] = &[band(0, "minimal"), band(14, "mild"), band(20, "moderate"), band(29, "severe")];
static BDI2_SCALES: [Scale; 1] = [Scale::sum("total", &first::<21>()).allowing(2).bands(BDI2_BANDS)];
static BDI2_OUTPUTS: [Output; 1] = [decision_output("suicidal_thoughts", "item 9 at least 1")];

/// Depression, 21 items.
pub static BDI2: Instrument = Instrument {
    id: "bdi2",
    name: "BDI-II",
    also: &["bdi", "bdi-2", "bdiii"],
    version: "1",
    purpose: "depression, self-report",
    rater: Rater::Participant,
    recall: Recall::PastTwoWeeks,
    visits: "baseline, T4 (some at T2, T3, long-term follow-up)",
    licence: Licence::Commercial,
    variants: &[],
    items: &BDI2_ITEMS,
    scales: &BDI2_SCALES,
    pack_scales: &[],
    own_outputs: &BDI2_OUTPUTS,
    higher_is_worse: true,
    meaningful: &[Meaningful {
        score: "total",
        by: Decimal::whole(5),
        source: "5 points, or 17.5 % (32 % when treatment-resistant) [recall]",
    }],
    missing: "prorated with at most 2 items missing; of several ticks in an item the highest counts; item 9 is never filled",
    source: "structure and bands [recall]",
    check: None,
    own: Some(|sheet, scored| alerts::suicidal_thoughts_item(scored, sheet.points(8))),
};

static PHQ9_ITEMS: [Item; 10] = {
    let mut items = numbered(
        [
            "interest or pleasure",
            "low mood",
            "sleep",
            "energy",
            "appetite",
            "view of oneself",
            "concentration",
            "slowed or restless",
            "thoughts of death or self-harm",
            "difficulty from these problems (not scored)",
        ],
        whole(0, 3),
    );
    items[9] = items[9].optional();
    items
};

const PHQ9_BANDS: &[Band] =
    &[band(0, "minimal"), band(5, "mild"), band(10, "moderate"), band(15, "moderately severe"), band(20, "severe")];
static PHQ9_SCALES: [Scale; 1] = [Scale::sum("total", &first::<9>()).allowing(2).bands(PHQ9_BANDS)];
static PHQ9_OUTPUTS: [Output; 4] = [
    decision_output("above_cutoff", "total at least 10 (setting phq9_cutoff)"),
    decision_output(
        "major_depression",
        "5 or more symptoms (items at least 2; item 9 at least 1), item 1 or 2 among them",
    ),
    decision_output("other_depression", "2 to 4 such symptoms, item 1 or 2 among them"),
    decision_output("suicidal_thoughts", "item 9 at least 1"),
];

/// Depression, 9 items.
pub static PHQ9: Instrument = Instrument {
    id: "phq9",
    name: "PHQ-9",
    also: &["phq"],
    version: "1",
    purpose: "depression, self-report",
    rater: Rater::Participant,
    recall: Recall::PastTwoWeeks,
    visits: "as the study says",
    licence: Licence::Free,
    variants: &[],
    items: &PHQ9_ITEMS,
    scales: &PHQ9_SCALES,
    pack_scales: &[],
    own_outputs: &PHQ9_OUTPUTS,
    higher_is_worse: true,
    meaningful: &[Meaningful { score: "total", by: Decimal::whole(5), source: "[recall]" }],
    missing: "mean substitution with at most 2 items missing; the algorithm by three-valued logic; item 9 is never filled",
    source: "structure, bands and algorithm [recall]",
    check: None,
    own: Some(score_phq9),
};

/// Two to four symptoms, item 1 or 2 among them. More symptoms can turn a yes into a no, so what the missing answers may be is
/// tried out: an open item 1 that would be the fifth symptom can't make it a yes.
fn other_depression(symptom: &impl Fn(usize) -> Truth) -> Truth {
    let open = |position: usize| symptom(position) == Truth::Indeterminate;
    let choices = |position: usize| match symptom(position) {
        Truth::Yes => vec![true],
        Truth::No => vec![false],
        Truth::Indeterminate => vec![false, true],
    };
    let known = (2..9).filter(|position| symptom(*position).is_yes()).count();
    let more = (2..9).filter(|position| open(*position)).count();
    let (mut yes, mut no) = (false, false);
    for first in choices(0) {
        for second in choices(1) {
            for others in known..=known + more {
                let count = others + usize::from(first) + usize::from(second);
                if (first || second) && (2..=4).contains(&count) { yes = true } else { no = true }
            }
        }
    }
    match (yes, no) {
        (true, false) => Truth::Yes,
        (false, _) => Truth::No,
        (true, true) => Truth::Indeterminate,
    }
}

fn score_phq9(sheet: &Sheet<'_>, scored: &mut Scored) {
    scored.cut_off("above_cutoff", "total", sheet.settings.phq9_cutoff);
    // Item 9 counts from 1, the others from 2.
    let symptom =
        |position: usize| Truth::from(sheet.points(position).map(|points| points >= if position == 8 { 1 } else { 2 }));
    let core = symptom(0).or(symptom(1));
    let at_least = |needed: usize| Truth::at_least(needed, (0..9).map(symptom));
    let major = at_least(5).and(core);
    let count = (0..9).filter(|position| symptom(*position).is_yes()).count();
    let why = |answer: Truth| match (answer, core) {
        (Truth::Indeterminate, _) => "a missing item could decide".to_owned(),
        (_, Truth::No) => format!("{count} symptoms, but neither item 1 nor 2"),
        (_, Truth::Yes | Truth::Indeterminate) => format!("{count} symptoms, item 1 or 2 among them"),
    };
    scored.decide("major_depression", major, why(major));
    let other = other_depression(&symptom);
    scored.decide("other_depression", other, why(other));
    alerts::suicidal_thoughts_item(scored, sheet.points(8));
}

static GAD7_ITEMS: [Item; 7] = numbered(
    [
        "nervous",
        "worry beyond control",
        "worry about many things",
        "unable to relax",
        "restless",
        "irritable",
        "afraid",
    ],
    whole(0, 3),
);
const GAD7_BANDS: &[Band] = &[band(0, "minimal"), band(5, "mild"), band(10, "moderate"), band(15, "severe")];
static GAD7_SCALES: [Scale; 1] = [Scale::sum("total", &first::<7>()).allowing(2).bands(GAD7_BANDS)];
static GAD7_OUTPUTS: [Output; 1] = [decision_output("above_cutoff", "total at least 10 (setting gad7_cutoff)")];

/// Anxiety, 7 items.
pub static GAD7: Instrument = Instrument {
    id: "gad7",
    name: "GAD-7",
    also: &["gad"],
    version: "1",
    purpose: "anxiety, self-report",
    rater: Rater::Participant,
    recall: Recall::PastTwoWeeks,
    visits: "as the study says",
    licence: Licence::Free,
    variants: &[],
    items: &GAD7_ITEMS,
    scales: &GAD7_SCALES,
    pack_scales: &[],
    own_outputs: &GAD7_OUTPUTS,
    higher_is_worse: true,
    meaningful: &[Meaningful { score: "total", by: Decimal::whole(4), source: "[recall]" }],
    missing: "prorated with at most 2 items missing",
    source: "structure and bands [recall]",
    check: None,
    own: Some(|sheet, scored| scored.cut_off("above_cutoff", "total", sheet.settings.gad7_cutoff)),
};
