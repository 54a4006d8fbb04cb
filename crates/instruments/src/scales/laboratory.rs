//! Laboratory tests: units, ranges, Hy's law; urine drug screen; pregnancy test.

use crate::{
    alerts,
    instrument::{
        Answers, Code, Instrument, Item, Licence, Output, Rater, Recall, code, code_also, decision_output, item,
        number, score_output,
    },
    responses::Sex,
    scored::{AlertLevel, Scored, ratio},
    sheet::Sheet,
    truth::Truth,
    unscorable::{Fault, Unscorable, nearest},
};
use std::borrow::Cow;
use terms::Decimal;

/// One test: its usual unit, its SI unit with the factor as a fraction, its adult range, and what is plausible at all.
#[derive(Debug)]
pub struct Test {
    /// Item id and score name.
    pub id: &'static str,
    /// The score in SI units.
    pub si: &'static str,
    /// Unit of the value unless another is given.
    pub unit: &'static str,
    /// SI unit.
    pub si_unit: &'static str,
    /// SI value = value × factor; numerator and denominator.
    pub factor: (i64, i64),
    /// Adult reference range of men, thousandths of the unit.
    pub male: (i64, i64),
    /// Adult reference range of women, thousandths of the unit.
    pub female: (i64, i64),
}

const fn test(
    (id, si): (&'static str, &'static str),
    (unit, si_unit): (&'static str, &'static str),
    factor: (i64, i64),
    range: (i64, i64),
) -> Test {
    Test { id, si, unit, si_unit, factor, male: range, female: range }
}

/// Adult reference ranges; each laboratory's own replace them.
pub static TESTS: [Test; 13] = [
    test(("sodium", "sodium_si"), ("mmol/L", "mmol/L"), (1, 1), (135_000, 145_000)),
    test(("potassium", "potassium_si"), ("mmol/L", "mmol/L"), (1, 1), (3_500, 5_100)),
    test(("creatinine", "creatinine_si"), ("mg/dL", "µmol/L"), (8_842, 100), (600, 1_300)),
    test(("alt", "alt_si"), ("U/L", "U/L"), (1, 1), (7_000, 55_000)),
    test(("ast", "ast_si"), ("U/L", "U/L"), (1, 1), (8_000, 48_000)),
    test(("alp", "alp_si"), ("U/L", "U/L"), (1, 1), (40_000, 129_000)),
    test(("bilirubin", "bilirubin_si"), ("mg/dL", "µmol/L"), (171, 10), (100, 1_200)),
    test(("albumin", "albumin_si"), ("g/dL", "g/L"), (10, 1), (3_500, 5_000)),
    test(("glucose", "glucose_si"), ("mg/dL", "mmol/L"), (555, 10_000), (70_000, 99_000)),
    test(("tsh", "tsh_si"), ("mIU/L", "mIU/L"), (1, 1), (400, 4_500)),
    Test {
        female: (12_000, 15_500),
        ..test(("haemoglobin", "haemoglobin_si"), ("g/dL", "g/L"), (10, 1), (13_500, 17_500))
    },
    test(("wbc", "wbc_si"), ("10^9/L", "10^9/L"), (1, 1), (4_000, 11_000)),
    test(("platelets", "platelets_si"), ("10^9/L", "10^9/L"), (1, 1), (150_000, 400_000)),
];

/// Wide enough for a value in either unit; a value in the wrong unit is caught by `plausible`.
const fn value(max: i64) -> Answers {
    number(0, max, "")
}

static LAB_ITEMS: [Item; 13] = [
    item("sodium", "sodium, mmol/L", value(200)).also(&["na"]),
    item("potassium", "potassium, mmol/L", value(15)).also(&["k"]),
    item("creatinine", "creatinine, mg/dL", value(2_000)),
    item("alt", "ALT, U/L", value(20_000)),
    item("ast", "AST, U/L", value(20_000)),
    item("alp", "ALP, U/L", value(10_000)),
    item("bilirubin", "total bilirubin, mg/dL", value(1_000)),
    item("albumin", "albumin, g/dL", value(100)),
    item("glucose", "fasting glucose, mg/dL", value(2_000)),
    item("tsh", "TSH, mIU/L", value(500)),
    item("haemoglobin", "haemoglobin, g/dL", value(300)).also(&["hb", "hemoglobin"]),
    item("wbc", "white cells, 10^9/L", value(500)),
    item("platelets", "platelets, 10^9/L", value(3_000)),
];

/// What a living adult can have, in thousandths of the usual unit.
const PLAUSIBLE: [(i64, i64); 13] = [
    (90_000, 190_000),
    (1_500, 10_000),
    (100, 25_000),
    (0, 20_000_000),
    (0, 20_000_000),
    (0, 10_000_000),
    (0, 60_000),
    (500, 7_000),
    (10_000, 2_000_000),
    (0, 500_000),
    (2_000, 25_000),
    (0, 500_000),
    (0, 3_000_000),
];

macro_rules! lab_outputs {
    ($($id:literal),*) => {
        [
            $(score_output($id, "in the usual unit; band low, normal or high"), score_output(concat!($id, "_si"), "in SI units"),)*
            decision_output("hys_law", "ALT or AST at least 3 × the upper limit, bilirubin at least 2 ×, ALP below 2 ×"),
            decision_output("sodium_stop", "sodium below 130 (setting sodium_stop_below)"),
        ]
    };
}
static LAB_OUTPUTS: [Output; 28] = lab_outputs!(
    "sodium",
    "potassium",
    "creatinine",
    "alt",
    "ast",
    "alp",
    "bilirubin",
    "albumin",
    "glucose",
    "tsh",
    "haemoglobin",
    "wbc",
    "platelets"
);

/// Laboratory tests.
pub static LABS: Instrument = Instrument {
    id: "labs",
    name: "laboratory",
    also: &["lab", "laboratory tests"],
    version: "1",
    purpose: "safety laboratory; ranges, conversions, Hy's law",
    rater: Rater::Measurement,
    recall: Recall::Today,
    visits: "screening; where the study says",
    licence: Licence::Own,
    variants: &[],
    items: &LAB_ITEMS,
    scales: &[],
    pack_scales: &[],
    own_outputs: &LAB_OUTPUTS,
    higher_is_worse: true,
    meaningful: &[],
    missing: "each test on its own; Hy's law by three-valued logic",
    source: "adult reference ranges and factors [recall]; each laboratory's own ranges replace them",
    check: Some(check_labs),
    own: Some(score_labs),
};

fn plain_unit(unit: &str) -> String {
    unit.trim().to_lowercase().replace(['µ', 'μ'], "u").replace(' ', "").replace("10⁹", "10^9").replace("x10^9", "10^9")
}

/// The value in the usual unit; an error names the unit that is not known.
fn in_usual_unit(sheet: &Sheet<'_>, test: &Test) -> Option<Result<Decimal, String>> {
    let value = sheet.number(test.id)?;
    let Some(unit) = sheet.responses.units.get(test.id) else { return Some(Ok(value)) };
    let given = plain_unit(unit);
    if given == plain_unit(test.unit) {
        return Some(Ok(value));
    }
    if given == plain_unit(test.si_unit) {
        return ratio(value.as_thousandths() * test.factor.1, test.factor.0 * 1000, 3).map(Ok);
    }
    Some(Err(unit.clone()))
}

fn check_labs(sheet: &Sheet<'_>, wrong: &mut Vec<Unscorable>) {
    let known = |id: &&String| TESTS.iter().any(|test| test.id == id.as_str());
    for id in sheet.responses.units.keys().chain(sheet.responses.ranges.keys()).filter(|id| !known(id)) {
        let names = TESTS.iter().map(|test| test.id);
        let mend =
            nearest(id, names.clone()).map_or_else(|| "drop it".to_owned(), |name| format!("did you mean {name}?"));
        wrong.push(Unscorable::new(
            id,
            Fault::UnknownItem,
            format!("\"{id}\""),
            names.collect::<Vec<_>>().join(", "),
            mend,
        ));
    }
    for (id, range) in &sheet.responses.ranges {
        if range.low >= range.high {
            let found = format!("{} to {}", range.low, range.high);
            wrong.push(Unscorable::new(
                &format!("range of {id}"),
                Fault::OutOfRange,
                found,
                "a lower limit below the upper",
                "check the report",
            ));
        }
    }
    for (test, (least, most)) in TESTS.iter().zip(PLAUSIBLE) {
        match in_usual_unit(sheet, test) {
            Some(Err(unit)) => {
                let needed = if test.unit == test.si_unit {
                    test.unit.to_owned()
                } else {
                    format!("{} or {}", test.unit, test.si_unit)
                };
                wrong.push(Unscorable::new(
                    &format!("unit of {}", test.id),
                    Fault::OutOfRange,
                    format!("\"{unit}\""),
                    needed,
                    "convert the value, or correct the unit",
                ));
            }
            Some(Ok(value)) if value.as_thousandths() < least || value.as_thousandths() > most => {
                wrong.push(Unscorable::new(
                    &format!("item {}", test.id),
                    Fault::Implausible,
                    format!("{value} {}", test.unit),
                    format!("{} to {} {}", Decimal::thousandths(least), Decimal::thousandths(most), test.unit),
                    format!("is it in {}? give the unit; put aside (quarantine) until known", test.si_unit),
                ));
            }
            Some(Ok(_)) | None => {}
        }
    }
}

/// Lower and upper limit of normal in the usual unit; by sex where they differ.
fn range(sheet: &Sheet<'_>, test: &Test) -> Option<(Decimal, Decimal)> {
    if let Some(own) = sheet.responses.ranges.get(test.id) {
        let si = sheet.responses.units.get(test.id).is_some_and(|unit| plain_unit(unit) != plain_unit(test.unit));
        let usual = |limit: Decimal| {
            if si { ratio(limit.as_thousandths() * test.factor.1, test.factor.0 * 1000, 3) } else { Some(limit) }
        };
        return usual(own.low).zip(usual(own.high));
    }
    let (low, high) = match sheet.responses.sex {
        Some(Sex::Female) => test.female,
        Some(Sex::Male) => test.male,
        None if test.male == test.female => test.male,
        None => return None,
    };
    Some((Decimal::thousandths(low), Decimal::thousandths(high)))
}

fn score_labs(sheet: &Sheet<'_>, scored: &mut Scored) {
    for test in &TESTS {
        let value = in_usual_unit(sheet, test).and_then(Result::ok);
        let si = match sheet.responses.units.get(test.id) {
            // Given in SI units: as given, not there and back.
            Some(unit) if plain_unit(unit) == plain_unit(test.si_unit) => sheet.number(test.id),
            _ => value.and_then(|value| ratio(value.as_thousandths() * test.factor.0, test.factor.1 * 1000, 3)),
        };
        let answered = usize::from(value.is_some());
        scored.push(test.id, value, answered, 1).band = value.zip(range(sheet, test)).map(|(value, (low, high))| {
            Cow::Borrowed(if value < low {
                "low"
            } else if value > high {
                "high"
            } else {
                "normal"
            })
        });
        scored.push(test.si, si, answered, 1);
        if value.is_some() && range(sheet, test).is_none() {
            scored.warn(format!("{}: the range differs by sex, which was not given", test.id));
        }
    }
    let times = |id: &str, factor: i64| {
        let test = TESTS.iter().find(|test| test.id == id)?;
        let (value, (_, high)) = scored.value(id).zip(range(sheet, test))?;
        Some(value.as_thousandths() >= factor * high.as_thousandths())
    };
    let transaminase = Truth::from(times("alt", 3)).or(Truth::from(times("ast", 3)));
    let hys = transaminase.and(Truth::from(times("bilirubin", 2))).and(Truth::from(times("alp", 2)).negated());
    scored.decide(
        "hys_law",
        hys,
        match hys {
            Truth::Yes => "transaminase and bilirubin raised without cholestasis",
            Truth::No => "a condition is not met",
            Truth::Indeterminate => "a test that could decide is missing",
        },
    );
    let least = sheet.settings.sodium_stop_below;
    let sodium = scored.value("sodium");
    let stop = Truth::from(sodium.map(|sodium| sodium < Decimal::whole(least)));
    scored.decide("sodium_stop", stop, format!("limit {least} mmol/L"));
    if let (Truth::Yes, Some(sodium)) = (stop, sodium) {
        scored.alert(
            AlertLevel::StopDosing,
            format!("sodium {sodium} mmol/L is below {least}"),
            alerts::PHYSICIAN,
            "no dose; hyponatraemia",
        );
    }
    if hys.is_yes() {
        scored.alert(
            AlertLevel::Review,
            "Hy's law screen is met",
            alerts::PHYSICIAN,
            "review for drug-induced liver injury",
        );
    }
}

static RESULTS: [Code; 3] = [
    code_also("negative", "negative", &["neg"]),
    code_also("positive", "positive", &["pos"]),
    code("invalid", "invalid"),
];
const RESULT: Answers = Answers::Code(&RESULTS);
static UDS_ITEMS: [Item; 14] = [
    item("amphetamine", "amphetamine", RESULT),
    item("methamphetamine", "methamphetamine", RESULT),
    item("mdma", "MDMA", RESULT),
    item("cocaine", "cocaine", RESULT),
    item("opiates", "opiates", RESULT),
    item("oxycodone", "oxycodone", RESULT).optional(),
    item("benzodiazepines", "benzodiazepines", RESULT),
    item("barbiturates", "barbiturates", RESULT),
    item("pcp", "PCP", RESULT),
    item("thc", "THC", RESULT),
    item("methadone", "methadone", RESULT),
    item("eddp", "EDDP, the metabolite of methadone", RESULT).optional(),
    item("creatinine_mg_dl", "urine creatinine", number(0, 1_000, "mg/dL")).optional(),
    item("after_dosing", "taken within days after a dosing session", Answers::YesNo).optional(),
];
static UDS_OUTPUTS: [Output; 3] = [
    decision_output("any_positive", "any panel positive"),
    decision_output(
        "exclusionary_positive",
        "a positive that excludes: not THC unless the study says, not what a dosing session explains",
    ),
    decision_output("dilute", "urine creatinine below 20 mg/dL"),
];

/// The urine drug screen.
pub static UDS: Instrument = Instrument {
    id: "uds",
    name: "urine drug screen",
    also: &["urine drug screen"],
    version: "1",
    purpose: "drugs in urine before screening and each dose",
    rater: Rater::Measurement,
    recall: Recall::Today,
    visits: "screening, each dosing day",
    licence: Licence::Own,
    variants: &[],
    items: &UDS_ITEMS,
    scales: &[],
    pack_scales: &[],
    own_outputs: &UDS_OUTPUTS,
    higher_is_worse: true,
    meaningful: &[],
    missing: "invalid and missing panels leave a decision open, never no",
    source: "panel and dilution limit [recall]; cannabis by setting uds_thc_excludes",
    check: None,
    own: Some(score_uds),
};

fn score_uds(sheet: &Sheet<'_>, scored: &mut Scored) {
    let after = sheet.yes_no("after_dosing") == Some(true);
    let (mut any, mut excluding, mut positive) = (Vec::new(), Vec::new(), Vec::new());
    for panel in UDS_ITEMS.iter().take(12) {
        let result = match sheet.code(panel.id) {
            Some("positive") => Truth::Yes,
            Some("negative") => Truth::No,
            Some(_) => Truth::Indeterminate,
            None if panel.optional => continue,
            None => Truth::Indeterminate,
        };
        if result.is_yes() {
            positive.push(panel.id);
        }
        any.push(result);
        let explained = after && matches!(panel.id, "amphetamine" | "methamphetamine" | "mdma");
        let information = panel.id == "thc" && !sheet.settings.uds_thc_excludes;
        if !explained && !information {
            excluding.push(result);
        }
    }
    let found =
        if positive.is_empty() { "none positive".to_owned() } else { format!("positive: {}", positive.join(", ")) };
    scored.decide("any_positive", Truth::at_least(1, any), found.clone());
    scored.decide("exclusionary_positive", Truth::at_least(1, excluding), found);
    let creatinine = sheet.number("creatinine_mg_dl");
    let dilute = Truth::from(creatinine.map(|value| value < Decimal::whole(20)));
    scored.decide("dilute", dilute, "urine creatinine, limit 20 mg/dL");
    if dilute.is_yes() {
        scored.warn("the sample is dilute: negatives may be false, repeat");
    }
    if after && positive.iter().any(|panel| matches!(*panel, "amphetamine" | "methamphetamine" | "mdma")) {
        scored.warn("a positive for amphetamines or MDMA is expected after a dosing session");
    }
}

static TEST_RESULTS: [Code; 4] = [
    code_also("negative", "negative", &["neg"]),
    code_also("positive", "positive", &["pos"]),
    code("invalid", "invalid"),
    code("not_done", "not done"),
];
static PREGNANCY_ITEMS: [Item; 2] = [
    item("child_bearing_potential", "of child-bearing potential", Answers::YesNo),
    item("result", "urine β-hCG", Answers::Code(&TEST_RESULTS)),
];
static PREGNANCY_OUTPUTS: [Output; 1] =
    [decision_output("hard_stop", "of child-bearing potential, and positive or not done")];

/// The pregnancy test.
pub static PREGNANCY: Instrument = Instrument {
    id: "pregnancy",
    name: "pregnancy test",
    also: &["pregnancy test", "hcg"],
    version: "1",
    purpose: "pregnancy, a hard stop",
    rater: Rater::Measurement,
    recall: Recall::Today,
    visits: "screening, each dosing day",
    licence: Licence::Own,
    variants: &[],
    items: &PREGNANCY_ITEMS,
    scales: &[],
    pack_scales: &[],
    own_outputs: &PREGNANCY_OUTPUTS,
    higher_is_worse: true,
    meaningful: &[],
    missing: "a missing result is a test not done: a hard stop unless child-bearing potential is ruled out",
    source: "[recall]",
    check: None,
    own: Some(|sheet, scored| {
        let result = sheet.code("result");
        let ruled_out = sheet.yes_no("child_bearing_potential") == Some(false);
        let positive = result == Some("positive");
        let stop = positive || (!ruled_out && result != Some("negative"));
        scored.decide(
            "hard_stop",
            stop,
            match result {
                Some("positive") => "the test is positive",
                Some("negative") => "the test is negative",
                _ if ruled_out => "not of child-bearing potential",
                Some("invalid") => "the test is invalid: it counts as not done",
                _ => "the test was not done",
            },
        );
        if stop {
            let trigger = if positive { "pregnancy test positive" } else { "pregnancy test not done" };
            scored.alert(AlertLevel::StopDosing, trigger, alerts::PHYSICIAN, "no dose");
        }
    }),
};
