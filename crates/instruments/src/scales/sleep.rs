//! Sleep: PSQI (seven components from times, hours and ratings) and ISI.

use crate::{
    instrument::{
        Answers, Band, Instrument, Item, Licence, Meaningful, Output, Rater, Recall, Scale, band, decision_output,
        first, item, number, numbered, score_output, whole,
    },
    scored::{Scored, ratio},
    sheet::Sheet,
    truth::Truth,
    unscorable::{Fault, Unscorable},
};
use terms::Decimal;

const RATING: Answers = whole(0, 3);

static PSQI_ITEMS: [Item; 24] = [
    item("1", "usual bed time", Answers::Time),
    item("2", "minutes to fall asleep", number(0, 1440, "minutes")),
    item("3", "usual getting-up time", Answers::Time),
    item("4", "hours of sleep a night", number(0, 24, "hours")),
    item("5a", "not asleep within 30 minutes", RATING),
    item("5b", "waking at night or early", RATING),
    item("5c", "bathroom", RATING),
    item("5d", "breathing", RATING),
    item("5e", "cough or snoring", RATING),
    item("5f", "too cold", RATING),
    item("5g", "too hot", RATING),
    item("5h", "bad dreams", RATING),
    item("5i", "pain", RATING),
    item("5j", "other reason", RATING),
    item("6", "overall quality (0 best to 3 worst)", RATING),
    item("7", "sleep medicine", RATING),
    item("8", "staying awake by day", RATING),
    item("9", "keeping up enthusiasm", RATING),
    item("10", "bed partner or room mate (not scored)", RATING).optional(),
    item("10a", "partner: snoring (not scored)", RATING).optional(),
    item("10b", "partner: pauses of breath (not scored)", RATING).optional(),
    item("10c", "partner: leg movements (not scored)", RATING).optional(),
    item("10d", "partner: confusion (not scored)", RATING).optional(),
    item("10e", "partner: other restlessness (not scored)", RATING).optional(),
];

static PSQI_OUTPUTS: [Output; 10] = [
    score_output("global", "Σ of the seven components, 0–21"),
    score_output("c1_quality", "item 6"),
    score_output("c2_latency", "minutes to sleep and item 5a"),
    score_output("c3_duration", "hours of sleep"),
    score_output("c4_efficiency", "hours asleep of hours in bed"),
    score_output("c5_disturbance", "items 5b to 5j"),
    score_output("c6_medication", "item 7"),
    score_output("c7_daytime", "items 8 and 9"),
    score_output("efficiency_percent", "hours asleep of hours in bed, percent"),
    decision_output("poor_sleep", "global over 5 (setting psqi_poor_above)"),
];

/// Sleep quality of the past month.
pub static PSQI: Instrument = Instrument {
    id: "psqi",
    name: "PSQI",
    also: &["pittsburgh sleep quality index"],
    version: "1",
    purpose: "sleep quality",
    rater: Rater::Participant,
    recall: Recall::PastMonth,
    visits: "baseline, T4",
    licence: Licence::Registration,
    variants: &[],
    items: &PSQI_ITEMS,
    scales: &[],
    pack_scales: &[],
    own_outputs: &PSQI_OUTPUTS,
    higher_is_worse: true,
    meaningful: &[Meaningful { score: "global", by: Decimal::whole(3), source: "[recall]" }],
    missing: "all items of a component required; any component missing, no global score",
    source: "component rules [recall]; exactly seven hours is a setting",
    check: Some(check_psqi),
    own: Some(score_psqi),
};

/// Minutes between bed and rising, over midnight where need be.
fn minutes_in_bed(sheet: &Sheet<'_>) -> Option<i64> {
    let (bed, up) = sheet.minutes("1").zip(sheet.minutes("3"))?;
    Some((up - bed).rem_euclid(24 * 60))
}

fn check_psqi(sheet: &Sheet<'_>, wrong: &mut Vec<Unscorable>) {
    let Some(in_bed) = minutes_in_bed(sheet) else { return };
    if in_bed == 0 {
        wrong.push(Unscorable::new(
            "items 1 and 3",
            Fault::Implausible,
            "bed time and getting-up time are the same",
            "more than 0 hours in bed",
            "put aside (quarantine) and ask the participant for both times",
        ));
        return;
    }
    if let Some(hours) = sheet.number("4")
        && hours.as_thousandths() * 60 > in_bed * 1000
    {
        wrong.push(Unscorable::new(
            "item 4",
            Fault::Implausible,
            format!("{hours} hours asleep in {} hours in bed", ratio(in_bed, 60, 2).unwrap_or_default()),
            "an efficiency of at most 100 %",
            "put aside (quarantine) and ask the participant for items 1, 3 and 4",
        ));
    }
}

/// Points by rising upper limits: the first limit not exceeded gives its place.
fn steps(value: i64, limits: [i64; 3]) -> i64 {
    limits.iter().filter(|limit| value > **limit).count() as i64
}

fn score_psqi(sheet: &Sheet<'_>, scored: &mut Scored) {
    let (quality, medication) = (sheet.whole("6"), sheet.whole("7"));
    let latency = sheet.number("2").map(|minutes| steps(minutes.as_thousandths(), [15_000, 30_000, 60_000]));
    let latency = latency.zip(sheet.whole("5a")).map(|(minutes, rating)| steps(minutes + rating, [0, 2, 4]));
    let hours = sheet.number("4");
    let duration = hours.map(|hours| match hours.as_thousandths() {
        7_000 => sheet.settings.psqi_seven_hours,
        more if more > 7_000 => 0,
        more if more >= 6_000 => 1,
        more if more >= 5_000 => 2,
        _ => 3,
    });
    // Thousandths of hours × 60 × 100 over minutes × 1000: compared as whole numbers, without rounding.
    let asleep = hours.zip(minutes_in_bed(sheet)).map(|(hours, in_bed)| (hours.as_thousandths() * 6, in_bed));
    let efficiency = asleep.map(|(asleep, in_bed)| match asleep {
        good if good >= 85 * in_bed => 0,
        good if good >= 75 * in_bed => 1,
        good if good >= 65 * in_bed => 2,
        _ => 3,
    });
    let nights: Vec<i64> = (5..14).filter_map(|position| sheet.points(position)).collect();
    let disturbance = (nights.len() == 9).then(|| steps(nights.iter().sum(), [0, 9, 18]));
    let daytime =
        sheet.whole("8").zip(sheet.whole("9")).map(|(awake, enthusiasm)| steps(awake + enthusiasm, [0, 2, 4]));
    let components = [
        ("c1_quality", quality),
        ("c2_latency", latency),
        ("c3_duration", duration),
        ("c4_efficiency", efficiency),
        ("c5_disturbance", disturbance),
        ("c6_medication", medication),
        ("c7_daytime", daytime),
    ];
    let known = components.iter().filter(|(_, points)| points.is_some()).count();
    let sum: i64 = components.iter().filter_map(|(_, points)| *points).sum();
    scored.push("global", (known == 7).then_some(Decimal::whole(sum)), known, 7);
    let (item_counts, of) = component_items(sheet);
    for (((name, points), answered), of) in components.into_iter().zip(item_counts).zip(of) {
        scored.push(name, points.map(Decimal::whole), answered, of);
    }
    let percent = asleep.and_then(|(asleep, in_bed)| ratio(asleep, in_bed, 2));
    scored.push("efficiency_percent", percent, item_counts[3], 3).higher_is_better();
    let above = sheet.settings.psqi_poor_above;
    let poor = Truth::from((known == 7).then_some(sum > above));
    let why =
        if known == 7 { format!("global {sum}, poor above {above}") } else { "global is not scorable".to_owned() };
    scored.decide("poor_sleep", poor, why);
}

/// Answered items and items of each component.
fn component_items(sheet: &Sheet<'_>) -> ([usize; 7], [usize; 7]) {
    let parts: [&[&str]; 7] = [
        &["6"],
        &["2", "5a"],
        &["4"],
        &["1", "3", "4"],
        &["5b", "5c", "5d", "5e", "5f", "5g", "5h", "5i", "5j"],
        &["7"],
        &["8", "9"],
    ];
    (parts.map(|ids| ids.iter().filter(|id| sheet.answered(sheet.at(id))).count()), parts.map(<[&str]>::len))
}

static ISI_ITEMS: [Item; 7] = numbered(
    [
        "falling asleep",
        "staying asleep",
        "waking too early",
        "satisfaction with sleep",
        "noticeable to others",
        "worry about sleep",
        "interference by day",
    ],
    whole(0, 4),
);
const ISI_BANDS: &[Band] = &[band(0, "none"), band(8, "subthreshold"), band(15, "moderate"), band(22, "severe")];
static ISI_SCALES: [Scale; 1] = [Scale::sum("total", &first::<7>()).allowing(1).bands(ISI_BANDS)];

/// Insomnia severity.
pub static ISI: Instrument = Instrument {
    id: "isi",
    name: "ISI",
    also: &["insomnia severity index"],
    version: "1",
    purpose: "insomnia, self-report",
    rater: Rater::Participant,
    recall: Recall::PastTwoWeeks,
    visits: "as the study says",
    licence: Licence::Free,
    variants: &[],
    items: &ISI_ITEMS,
    scales: &ISI_SCALES,
    pack_scales: &[],
    own_outputs: &[],
    higher_is_worse: true,
    meaningful: &[Meaningful { score: "total", by: Decimal::whole(6), source: "6; a moderate response is 8 [recall]" }],
    missing: "prorated with 1 item missing; otherwise not scorable",
    source: "structure and bands [recall]",
    check: None,
    own: None,
};
