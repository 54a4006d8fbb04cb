//! Cost and burden: use of care (UFEC), graded chronic pain (CPGS), work performance (HPQ-SF).

use crate::{
    instrument::{
        Answers, Code, Instrument, Item, Licence, Output, Rater, Recall, code, item, number, score_output, text_output,
        whole,
    },
    reading::Cell,
    scored::{Method, Scored, ratio},
    sheet::{Sheet, cell_code, cell_number},
    truth::Truth,
    unscorable::{Fault, Unscorable},
};
use terms::Decimal;

static CARE: [Code; 7] = [
    code("inpatient_psych", "inpatient, psychiatric"),
    code("inpatient_medical", "inpatient, medical"),
    code("emergency", "emergency department"),
    code("urgent_care", "urgent care"),
    code("outpatient_psych", "outpatient, psychiatric"),
    code("outpatient_medical", "outpatient, medical"),
    code("telephone_crisis", "telephone crisis line"),
];
static UFEC_FIELDS: [Item; 6] = [
    item("type", "kind of care", Answers::Code(&CARE)),
    item("reason", "reason", Answers::Text),
    item("related_to_ptsd", "related to PTSD", Answers::YesNo),
    item("nights", "nights", whole(0, 366)),
    item("visits", "visits (1 if left out)", whole(0, 366)),
    item("date", "date", Answers::Moment),
];
static UFEC_ITEMS: [Item; 2] = [
    item("rows", "each use of care since the last time", Answers::Rows(&UFEC_FIELDS)).also(&["visits"]),
    item(
        "months",
        "months since the last time",
        Answers::Number { min: Decimal::thousandths(1), max: Decimal::whole(60), unit: "months" },
    ),
];

macro_rules! care_outputs {
    ($($kind:literal),*) => {
        [
            $(score_output(concat!($kind, "_visits"), "visits"),
              score_output(concat!($kind, "_nights"), "nights"),
              score_output(concat!($kind, "_visits_per_month"), "visits a month"),
              score_output(concat!($kind, "_nights_per_month"), "nights a month"),)*
            score_output("ptsd_related_visits", "visits related to PTSD"),
            score_output("months", "exposure: months since the last time"),
        ]
    };
}
static UFEC_OUTPUTS: [Output; 30] = care_outputs!(
    "inpatient_psych",
    "inpatient_medical",
    "emergency",
    "urgent_care",
    "outpatient_psych",
    "outpatient_medical",
    "telephone_crisis"
);

/// Utilisation of facility and emergent care.
pub static UFEC: Instrument = Instrument {
    id: "ufec",
    name: "UFEC",
    also: &["utilization of facility and emergent care", "utilisation of facility and emergent care"],
    version: "1",
    purpose: "use of care since the last time",
    rater: Rater::Participant,
    recall: Recall::SinceLastVisit,
    visits: "baseline, T4, long-term follow-up",
    licence: Licence::Own,
    variants: &[],
    items: &UFEC_ITEMS,
    scales: &[],
    pack_scales: &[],
    own_outputs: &UFEC_OUTPUTS,
    higher_is_worse: true,
    meaningful: &[],
    missing: "an empty list is no use of care; a list that is not given is missing; rates need the months",
    source: "used in the phase 3 trials [recall]; rates by exposure [design]",
    check: None,
    own: Some(score_ufec),
};

fn score_ufec(sheet: &Sheet<'_>, scored: &mut Scored) {
    let rows = sheet.rows("rows");
    let months = sheet.number("months");
    let field = |row: &[Cell], place: usize| row.get(place).and_then(cell_number).map(Decimal::trunc);
    let (mut untyped, mut related) = (0, 0);
    let mut counts = [(0_i64, 0_i64); 7];
    for row in rows.unwrap_or_default() {
        let visits = field(row, 4).unwrap_or(1);
        if matches!(row.get(2), Some(Cell::YesNo(true))) {
            related += visits;
        }
        let kind = UFEC_FIELDS.first().zip(row.first()).and_then(|(field, cell)| cell_code(field, cell));
        match counts.iter_mut().zip(&CARE).find(|(_, care)| Some(care.code) == kind) {
            Some((count, _)) => {
                count.0 += visits;
                count.1 += field(row, 3).unwrap_or(0);
            }
            None => untyped += 1,
        }
    }
    let known = rows.is_some() && untyped == 0;
    let given = usize::from(rows.is_some());
    let rate = |count: i64| months.filter(|_| known).and_then(|months| ratio(count * 1000, months.as_thousandths(), 3));
    for ((visits, nights), outputs) in counts.into_iter().zip(UFEC_OUTPUTS.chunks(4)) {
        let values = [
            known.then_some(Decimal::whole(visits)),
            known.then_some(Decimal::whole(nights)),
            rate(visits),
            rate(nights),
        ];
        for (output, value) in outputs.iter().zip(values) {
            scored.push(output.name, value, given, 1);
        }
    }
    scored.push("ptsd_related_visits", (rows.is_some()).then_some(Decimal::whole(related)), given, 1);
    scored.push("months", months, usize::from(months.is_some()), 1);
    if untyped > 0 {
        scored.warn(format!("{untyped} row(s) without a kind of care: counts by kind can't be given"));
    }
}

static CPGS_ITEMS: [Item; 7] = [
    item("current", "pain now", whole(0, 10)).also(&["1"]),
    item("worst", "worst pain", whole(0, 10)).also(&["2"]),
    item("average", "average pain", whole(0, 10)).also(&["3"]),
    item("daily", "interference with daily activities", whole(0, 10)).also(&["4"]),
    item("social", "interference with social activities", whole(0, 10)).also(&["5"]),
    item("work", "interference with work", whole(0, 10)).also(&["6"]),
    item("days", "disability days in the period asked about", whole(0, 184)).also(&["7", "disability_days"]),
];

static CPGS_OUTPUTS: [Output; 5] = [
    score_output("intensity", "mean of the three pain ratings × 10"),
    score_output("disability", "mean of the three interference ratings × 10"),
    score_output("disability_points", "0–6, from the score and the days"),
    score_output("grade_number", "0–4"),
    text_output("grade", "0, I, II, III or IV"),
];

/// Chronic pain grade.
pub static CPGS: Instrument = Instrument {
    id: "cpgs",
    name: "CPGS",
    also: &["chronic pain grade scale", "graded chronic pain scale"],
    version: "1",
    purpose: "grade of chronic pain, self-report",
    rater: Rater::Participant,
    recall: Recall::PastSixMonths,
    visits: "baseline, T4",
    licence: Licence::Free,
    variants: &[],
    items: &CPGS_ITEMS,
    scales: &[],
    pack_scales: &[],
    own_outputs: &CPGS_OUTPUTS,
    higher_is_worse: true,
    meaningful: &[],
    missing: "all items of a part required; an intensity of 0 is grade 0 whatever else is missing",
    source: "points and grades [recall]",
    check: None,
    own: Some(score_cpgs),
};

/// Disability points of a number of days: 0–6 none, 7–14 one, 15–30 two, 31 and more three.
fn points_of_days(days: i64) -> i64 {
    [7, 15, 31].iter().filter(|edge| days >= **edge).count() as i64
}

fn score_cpgs(sheet: &Sheet<'_>, scored: &mut Scored) {
    let part = |first: usize| {
        let answers: Vec<i64> = (first..first + 3).filter_map(|position| sheet.points(position)).collect();
        (answers.len(), (answers.len() == 3).then(|| answers.iter().sum::<i64>()))
    };
    let ((pain_n, pain), (interference_n, interference)) = (part(0), part(3));
    let days = sheet.points(6);
    // mean × 10 = Σ × 10 / 3; edges are compared as Σ × 10 against edge × 3, without rounding.
    let by_score = interference.map(|sum| [30, 50, 70].iter().filter(|edge| sum * 10 >= **edge * 3).count() as i64);
    let points = by_score.zip(days).map(|(score, days)| score + points_of_days(days));
    let grade = match (pain, points) {
        (Some(0), _) => Some(0),
        (Some(pain), Some(points)) if points < 3 => Some(if pain * 10 < 150 { 1 } else { 2 }),
        (Some(_), Some(points)) => Some(if points <= 4 { 3 } else { 4 }),
        _ => None,
    };
    scored.push("intensity", pain.and_then(|sum| ratio(sum * 10, 3, 3)), pain_n, 3);
    scored.push("disability", interference.and_then(|sum| ratio(sum * 10, 3, 3)), interference_n, 3);
    scored.push("disability_points", points.map(Decimal::whole), interference_n + usize::from(days.is_some()), 4);
    let answered = pain_n + interference_n + usize::from(days.is_some());
    scored.push("grade_number", grade.map(Decimal::whole), answered, 7);
    scored.say(
        "grade",
        grade
            .and_then(|grade| usize::try_from(grade).ok())
            .and_then(|grade| ["0", "I", "II", "III", "IV"].get(grade).copied()),
    );
}

static HPQ_ITEMS: [Item; 10] = [
    item("employed", "is employed", Answers::YesNo),
    item("expected_hours_week", "hours a week that the employer expects", number(0, 168, "hours"))
        .also(&["expected_hours"]),
    item("worked_hours_28_days", "hours worked in the past 28 days", number(0, 672, "hours")).also(&["worked_hours"]),
    item("worked_hours_7_days", "hours worked in the past 7 days", number(0, 168, "hours")).optional(),
    item("days_missed_7", "days missed in the past 7 days", whole(0, 7)).optional(),
    item("days_missed_28", "days missed in the past 28 days", whole(0, 28)).optional(),
    item("usual_performance", "performance of most workers, 0–10", whole(0, 10)).also(&["usual"]),
    item("self_performance", "own performance, 0–10", whole(0, 10)).also(&["self"]),
    item("past_performance", "own usual performance in past years, 0–10", whole(0, 10)).optional(),
    item("note", "note", Answers::Text).optional(),
];

static HPQ_OUTPUTS: [Output; 5] = [
    score_output("presenteeism_absolute", "10 × own performance, 0–100; higher is better"),
    score_output("presenteeism_relative", "own over usual performance, held between 0.25 and 2"),
    score_output(
        "absenteeism_absolute",
        "hours lost in 28 days: 4 × expected a week − worked; below 0 is more than expected",
    ),
    score_output("absenteeism_relative", "share of the expected hours lost"),
    crate::instrument::decision_output("employed", "work items apply"),
];

/// Work performance.
pub static HPQSF: Instrument = Instrument {
    id: "hpqsf",
    name: "HPQ-SF",
    also: &["hpq", "who-hpq", "who hpq short form"],
    version: "1",
    purpose: "absence from work and performance at it, self-report",
    rater: Rater::Participant,
    recall: Recall::PastMonth,
    visits: "baseline, T4",
    licence: Licence::Commercial,
    variants: &[],
    items: &HPQ_ITEMS,
    scales: &[],
    pack_scales: &[],
    own_outputs: &HPQ_OUTPUTS,
    higher_is_worse: true,
    meaningful: &[],
    missing: "all items of a score required; nothing applies to a person without employment",
    source: "scoring rules [recall]",
    check: Some(|sheet, wrong| {
        let expected = sheet.number("expected_hours_week");
        if sheet.yes_no("employed") == Some(false) && expected.is_some_and(|hours| hours > Decimal::ZERO) {
            wrong.push(Unscorable::new(
                "item expected_hours_week",
                Fault::Contradiction,
                "expected hours of a person who is not employed",
                "no answer (null) where the person is not employed",
                "clear it, or correct item employed",
            ));
        }
    }),
    own: Some(score_hpq),
};

fn score_hpq(sheet: &Sheet<'_>, scored: &mut Scored) {
    let applies = sheet.yes_no("employed") != Some(false);
    let (own, usual) =
        (sheet.whole("self_performance").filter(|_| applies), sheet.whole("usual_performance").filter(|_| applies));
    let items = |of: usize| if applies { of } else { 0 };
    let count = |parts: &[bool]| parts.iter().filter(|part| **part).count();
    scored
        .push("presenteeism_absolute", own.map(|own| Decimal::whole(10 * own)), count(&[own.is_some()]), items(1))
        .higher_is_better();
    let relative = own.zip(usual).and_then(|(own, usual)| match (own, usual) {
        (0, 0) => None,
        (_, 0) => Some(Decimal::whole(2)),
        (own, usual) => ratio(own, usual, 3).map(|value| value.clamp(Decimal::thousandths(250), Decimal::whole(2))),
    });
    scored
        .push("presenteeism_relative", relative, count(&[own.is_some(), usual.is_some()]), items(2))
        .higher_is_better();
    let expected = sheet.number("expected_hours_week").filter(|_| applies).map(|week| week.as_thousandths() * 4);
    let month = sheet.number("worked_hours_28_days").filter(|_| applies).map(Decimal::as_thousandths);
    let week = sheet.number("worked_hours_7_days").filter(|_| applies).map(|hours| hours.as_thousandths() * 4);
    let (worked, method) = if month.is_some() { (month, Method::Complete) } else { (week, Method::Prorated) };
    let answered = count(&[expected.is_some(), month.is_some()]);
    let lost = expected.zip(worked).map(|(expected, worked)| (expected - worked, expected));
    scored
        .push("absenteeism_absolute", lost.map(|(lost, _)| Decimal::thousandths(lost)), answered, items(2))
        .method(method);
    scored
        .push("absenteeism_relative", lost.and_then(|(lost, expected)| ratio(lost, expected, 3)), answered, items(2))
        .method(method);
    scored.decide("employed", Truth::from(sheet.yes_no("employed")), "as answered");
    if !applies {
        scored.warn("not employed: nothing applies, and nothing is missing");
    } else if month.is_none() && week.is_some() {
        scored.warn("hours of 28 days were not given: four times those of 7 days");
    }
    if own.is_some() && usual == Some(0) {
        scored.warn("usual performance is 0: the relative score is held at its upper end, or not scorable");
    }
}
