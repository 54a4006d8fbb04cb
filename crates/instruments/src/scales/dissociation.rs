//! Dissociation: DES-II by self-report, and the interview for the dissociative subtype.

use crate::{
    instrument::{
        Answers, Instrument, Item, Licence, Output, Rater, Recall, Scale, decision_output, first, item, numbered,
        score_output, whole,
    },
    scored::Scored,
    sheet::Sheet,
    truth::Truth,
    unscorable::{Fault, Unscorable},
};
use terms::Decimal;

static DES2_ITEMS: [Item; 28] = numbered(
    [
        "driving without awareness",
        "missing part of a talk",
        "being somewhere without knowing how",
        "dressed in unremembered clothes",
        "unfamiliar belongings",
        "called by another name",
        "watching oneself",
        "not recognising friends or family",
        "no memory of important events",
        "accused of lying",
        "mirror unfamiliar",
        "world unreal",
        "body not one's own",
        "reliving the past",
        "unsure if it happened or was dreamt",
        "familiar place strange",
        "absorbed in a story",
        "fantasy seems real",
        "ignoring pain",
        "staring into space",
        "talking aloud alone",
        "acting as another person",
        "unusual ease",
        "unsure if done or thought",
        "evidence of unremembered acts",
        "unremembered writing",
        "voices in the head",
        "world through a fog",
    ],
    whole(0, 100),
);

static DES2_SCALES: [Scale; 5] = [
    Scale::mean("mean", &first::<28>()).allowing(3),
    Scale::mean("amnesia", &[3, 4, 5, 8, 25, 26]).allowing(1),
    Scale::mean("depersonalisation", &[7, 11, 12, 13, 27, 28]).allowing(1),
    Scale::mean("absorption", &[2, 14, 15, 16, 17, 18, 20, 22]).allowing(1),
    Scale::mean("taxon", &[3, 5, 7, 8, 12, 13, 22, 27]).allowing(1),
];
static DES2_OUTPUTS: [Output; 1] = [decision_output("further_interview", "mean at least 30 (setting des2_cutoff)")];

/// The dissociative experiences scale.
pub static DES2: Instrument = Instrument {
    id: "des2",
    name: "DES-II",
    also: &["des", "des-2"],
    version: "1",
    purpose: "dissociative experiences, not under drugs or alcohol",
    rater: Rater::Participant,
    recall: Recall::Lifetime,
    visits: "screening or baseline",
    licence: Licence::Free,
    variants: &["percent", "vas"],
    items: &DES2_ITEMS,
    scales: &DES2_SCALES,
    pack_scales: &[],
    own_outputs: &DES2_OUTPUTS,
    higher_is_worse: true,
    meaningful: &[],
    missing: "mean of the answered items with at most 3 missing (subscales: 1); otherwise not scorable",
    source: "structure, subscale and taxon sets [recall; subscale sets vary]",
    check: Some(|sheet, wrong| {
        if sheet.variant("percent") == "vas" {
            return;
        }
        for (position, item) in sheet.items.iter().enumerate() {
            if let Some(points) = sheet.points(position).filter(|points| points % 10 != 0) {
                let needed = "a whole number from 0 to 100 in steps of 10";
                let mend = "check the form; for the visual analogue form give \"version\": \"vas\"";
                wrong.push(Unscorable::new(&format!("item {}", item.id), Fault::OutOfRange, points, needed, mend));
            }
        }
    }),
    own: Some(|sheet, scored| scored.cut_off("further_interview", "mean", sheet.settings.des2_cutoff)),
};

static DSPI_ITEMS: [Item; 8] = [
    item("depersonalisation", "severity of depersonalisation", whole(0, 4)).also(&["depersonalization"]),
    item("derealisation", "severity of derealisation", whole(0, 4)).also(&["derealization"]),
    item("subtype", "dissociative subtype, as the interviewer derived it", Answers::YesNo)
        .also(&["dissociative_subtype"]),
    item("depersonalisation_frequency", "depersonalisation: frequency", whole(0, 4)).optional(),
    item("depersonalisation_intensity", "depersonalisation: intensity", whole(0, 4)).optional(),
    item("derealisation_frequency", "derealisation: frequency", whole(0, 4)).optional(),
    item("derealisation_intensity", "derealisation: intensity", whole(0, 4)).optional(),
    item("note", "note", Answers::Text).optional(),
];

static DSPI_OUTPUTS: [Output; 3] = [
    score_output("depersonalisation_severity", "0–4, as rated; else the lower of frequency and intensity"),
    score_output("derealisation_severity", "0–4, as rated; else the lower of frequency and intensity"),
    decision_output("dissociative_subtype", "as the interviewer derived it; else either severity at least 2"),
];

/// The interview for the dissociative subtype of PTSD.
pub static DSPI: Instrument = Instrument {
    id: "dspi",
    name: "DSP-I",
    also: &["dsp", "dissociative subtype of ptsd interview"],
    version: "1",
    purpose: "dissociative subtype, the stratum of the phase 3 trials; not CAPS-5 items 29–30, not DES-II",
    rater: Rater::IndependentRater,
    recall: Recall::PastMonth,
    visits: "T1 baseline, T4",
    licence: Licence::Registration,
    variants: &[],
    items: &DSPI_ITEMS,
    scales: &[],
    pack_scales: &[],
    own_outputs: &DSPI_OUTPUTS,
    higher_is_worse: true,
    meaningful: &[],
    missing: "each severity on its own; the subtype by three-valued logic",
    source: "derived values as stored in the phase 3 trials [recall]; the cut at 2 where none was derived [design]",
    check: None,
    own: Some(score_dspi),
};

fn score_dspi(sheet: &Sheet<'_>, scored: &mut Scored) {
    let severities = [
        (
            "depersonalisation_severity",
            "depersonalisation",
            "depersonalisation_frequency",
            "depersonalisation_intensity",
        ),
        ("derealisation_severity", "derealisation", "derealisation_frequency", "derealisation_intensity"),
    ]
    .map(|(name, rated, frequency, intensity)| {
        let lower =
            sheet.whole(frequency).zip(sheet.whole(intensity)).map(|(frequency, intensity)| frequency.min(intensity));
        let severity = sheet.whole(rated).or(lower);
        scored.push(name, severity.map(Decimal::whole), usize::from(severity.is_some()), 1);
        severity
    });
    let by_severity = Truth::at_least(1, severities.map(|severity| Truth::from(severity.map(|points| points >= 2))));
    match sheet.yes_no("subtype") {
        Some(derived) => {
            scored.decide("dissociative_subtype", derived, "as the interviewer derived it");
            if by_severity == Truth::from(!derived) {
                scored.warn("the interviewer's subtype and the severities point different ways");
            }
        }
        None => scored.decide(
            "dissociative_subtype",
            by_severity,
            match by_severity {
                Truth::Yes => "not derived by the interviewer; a severity is at least 2",
                Truth::No => "not derived by the interviewer; both severities are below 2",
                Truth::Indeterminate => "not derived by the interviewer, and a severity is missing",
            },
        ),
    }
}
