//! What devices measure: vital signs with their shift bands, and the electrocardiogram with its corrected QT.
//!
//! Limits that hold a dose are settings of the study; bands here are for shift tables only.

use crate::{
    alerts,
    instrument::{
        Answers, Band, Code, Instrument, Item, Licence, Output, Rater, Recall, band, code, code_also, decision_output,
        item, number, score_output, whole,
    },
    responses::Sex,
    scored::{AlertLevel, Scored, band_of, ratio},
    settings::{Holds, QtCorrection},
    sheet::Sheet,
    truth::Truth,
    unscorable::{Fault, Unscorable},
};
use std::borrow::Cow;
use terms::Decimal;

static POSITIONS: [Code; 3] = [
    code_also("seated", "seated", &["sitting"]),
    code_also("supine", "lying", &["lying"]),
    code("standing", "standing"),
];
static TIME_POINTS: [Code; 6] = [
    code("screening", "screening"),
    code("pre_dose", "before the dose"),
    code("pre_supplement", "before the supplement, about 90 minutes"),
    code("end", "end, about 8 hours"),
    code("next_morning", "next morning"),
    code("other", "other"),
];
/// 33.0 to 42.5 °C, or 90 to 108 read as °F.
const TEMPERATURE: Answers =
    Answers::Number { min: Decimal::whole(33), max: Decimal::whole(108), unit: "°C (33.0–42.5) or °F (90–108)" };

static VITALS_ITEMS: [Item; 12] = [
    item("sbp", "systolic pressure", number(60, 260, "mmHg")).also(&["systolic", "systolic_mmhg"]),
    item("dbp", "diastolic pressure", number(30, 160, "mmHg")).also(&["diastolic", "diastolic_mmhg"]),
    item("hr", "heart rate", number(30, 220, "bpm")).also(&["heart_rate", "pulse"]),
    item("temp", "temperature", TEMPERATURE).also(&["temperature", "temperature_c"]),
    item("spo2", "oxygen saturation", number(50, 100, "%")).optional().also(&["oxygen_saturation"]),
    item("rr", "respiratory rate", number(4, 60, "a minute")).optional().also(&["respiratory_rate"]),
    item("weight", "weight", number(25, 300, "kg")).optional().also(&["weight_kg"]),
    item("position", "position", Answers::Code(&POSITIONS)).optional(),
    item("cuff_site", "site of the cuff", Answers::Text).optional(),
    item("repeat", "number of the repeat", whole(1, 99)).optional().also(&["repeat_number"]),
    item("time_point", "time point", Answers::Code(&TIME_POINTS)).optional(),
    item("time", "when it was measured", Answers::Moment).optional(),
];

const SBP_BANDS: &[Band] =
    &[band(0, "<90"), band(90, "90-139"), band(140, "140-159"), band(160, "160-179"), band(180, ">=180")];
const DBP_BANDS: &[Band] =
    &[band(0, "<60"), band(60, "60-89"), band(90, "90-99"), band(100, "100-109"), band(110, ">=110")];
const HR_BANDS: &[Band] = &[band(0, "<50"), band(50, "50-100"), band(101, "101-120"), band(121, ">120")];
const fn tenths(from: i64, name: &'static str) -> Band {
    Band { from: Decimal::thousandths(from * 100), name }
}
const TEMP_BANDS: &[Band] = &[
    tenths(0, "<36.0"),
    tenths(360, "36.0-37.5"),
    tenths(376, "37.6-38.0"),
    tenths(381, "38.1-39.0"),
    tenths(391, ">39.0"),
];

static VITALS_OUTPUTS: [Output; 8] = [
    score_output("sbp", "mmHg, with its shift band"),
    score_output("dbp", "mmHg, with its shift band"),
    score_output("hr", "bpm, with its shift band"),
    score_output("temp", "°C to one decimal, with its shift band"),
    score_output("spo2", "%"),
    score_output("rr", "a minute"),
    score_output("weight", "kg"),
    decision_output(
        "hold",
        "before the dose or the supplement: a pressure or the temperature is above the study's limit",
    ),
];

/// Vital signs at one time.
pub static VITALS: Instrument = Instrument {
    id: "vitals",
    name: "vital signs",
    also: &["vital_signs"],
    version: "1",
    purpose: "vital signs; plausibility, shift bands, holds",
    rater: Rater::Measurement,
    recall: Recall::Today,
    visits: "screening; dosing sessions before the dose, before the supplement, at the end, and more often above a limit",
    licence: Licence::Own,
    variants: &[],
    items: &VITALS_ITEMS,
    scales: &[],
    pack_scales: &[],
    own_outputs: &VITALS_OUTPUTS,
    higher_is_worse: true,
    meaningful: &[],
    missing: "each measure on its own",
    source: "plausibility and shift bands [design]; limits are the study's",
    check: Some(check_vitals),
    own: Some(score_vitals),
};

fn celsius(given: Decimal) -> Option<(Decimal, bool)> {
    if given <= Decimal::thousandths(42_500) {
        Some((given, false))
    } else if given >= Decimal::whole(90) {
        ratio((given.as_thousandths() - 32_000) * 10, 18_000, 1).map(|celsius| (celsius, true))
    } else {
        None
    }
}

fn check_vitals(sheet: &Sheet<'_>, wrong: &mut Vec<Unscorable>) {
    if let (Some(systolic), Some(diastolic)) = (sheet.number("sbp"), sheet.number("dbp"))
        && systolic <= diastolic
    {
        wrong.push(Unscorable::new(
            "items sbp and dbp",
            Fault::Implausible,
            format!("{systolic}/{diastolic}"),
            "a systolic pressure above the diastolic",
            "were they swapped? put aside (quarantine) and check the source",
        ));
    }
    if let Some(given) = sheet.number("temp")
        && celsius(given).is_none()
    {
        wrong.push(Unscorable::new(
            "item temp",
            Fault::OutOfRange,
            given,
            "33.0 to 42.5 °C, or 90 to 108 °F",
            "check the reading and its unit",
        ));
    }
}

fn score_vitals(sheet: &Sheet<'_>, scored: &mut Scored) {
    let one = |value: Option<Decimal>| usize::from(value.is_some());
    let [systolic, diastolic, heart] = ["sbp", "dbp", "hr"].map(|id| sheet.number(id));
    for (name, value, bands) in [("sbp", systolic, SBP_BANDS), ("dbp", diastolic, DBP_BANDS), ("hr", heart, HR_BANDS)] {
        // Bands are stated in whole units; a mean with decimals is read as the unit it rounds to.
        let band =
            value.and_then(|value| ratio(value.as_thousandths(), 1000, 0)).and_then(|value| band_of(value, bands));
        scored.push(name, value, one(value), 1).band = band.map(Cow::Borrowed);
    }
    let temperature = sheet.number("temp").and_then(celsius);
    let rounded = temperature.and_then(|(celsius, _)| ratio(celsius.as_thousandths(), 1000, 1));
    scored.push("temp", temperature.map(|(celsius, _)| celsius), one(rounded), 1).band =
        rounded.and_then(|value| band_of(value, TEMP_BANDS)).map(Cow::Borrowed);
    for name in ["spo2", "rr", "weight"] {
        let value = sheet.number(name);
        let score = scored.push(name, value, one(value), 1);
        score.higher_is_worse = name != "spo2";
    }
    if let (Some((celsius, true)), Some(given)) = (temperature, sheet.number("temp")) {
        scored.warn(format!("temperature {given} read as °F, {celsius} °C"));
    }
    hold(sheet, scored, systolic, diastolic, temperature.map(|(celsius, _)| celsius));
}

fn hold(
    sheet: &Sheet<'_>,
    scored: &mut Scored,
    systolic: Option<Decimal>,
    diastolic: Option<Decimal>,
    temperature: Option<Decimal>,
) {
    let limits: Holds = match sheet.code("time_point") {
        Some("pre_dose") => sheet.settings.pre_dose,
        Some("pre_supplement") => sheet.settings.pre_supplement,
        Some(_) | None => {
            scored.decide("hold", Truth::No, "limits apply before the dose and before the supplement only");
            return;
        }
    };
    let checks = [
        ("systolic pressure", systolic, limits.systolic_mmhg_max, "mmHg"),
        ("diastolic pressure", diastolic, limits.diastolic_mmhg_max, "mmHg"),
        ("temperature", temperature, limits.temperature_c_max, "°C"),
    ];
    let above = |value: Option<Decimal>, most: Decimal| Truth::from(value.map(|value| value > most));
    let hold = Truth::at_least(1, checks.iter().map(|(_, value, most, _)| above(*value, *most)));
    let mut found = Vec::new();
    for (name, value, most, unit) in checks {
        match value {
            Some(value) if value > most => {
                found.push(format!("{name} {value} {unit}, limit {most}"));
                let trigger = format!("{name} {value} {unit} is above {most}");
                scored.alert(AlertLevel::StopDosing, trigger, alerts::PHYSICIAN, "hold, repeat as the protocol says");
            }
            Some(_) => {}
            None => found.push(format!("{name} not measured")),
        }
    }
    let why = if found.is_empty() { "all within the limits".to_owned() } else { found.join("; ") };
    scored.decide("hold", hold, why);
}

static ECG_ITEMS: [Item; 7] = [
    item("hr", "heart rate", number(30, 220, "bpm")).also(&["heart_rate"]),
    item("qt", "QT interval", number(200, 800, "ms")),
    item(
        "rr",
        "RR interval, where measured",
        Answers::Number {
            min: Decimal::thousandths(250),
            max: Decimal::whole(2_000),
            unit: "s (0.25–2) or ms (250–2000)",
        },
    )
    .optional(),
    item("pr", "PR interval", number(50, 500, "ms")).optional(),
    item("qrs", "QRS duration", number(30, 300, "ms")).optional(),
    item("qtcf", "QTcF as printed by the device", number(200, 800, "ms")).optional(),
    item("qtcb", "QTcB as printed by the device", number(200, 800, "ms")).optional(),
];
/// Bands of the table: above 450, 480, 500; a thousandth above is the first value inside.
const QTC_BANDS: &[Band] = &[
    band(0, "<=450"),
    Band { from: Decimal::thousandths(450_001), name: ">450" },
    Band { from: Decimal::thousandths(480_001), name: ">480" },
    Band { from: Decimal::thousandths(500_001), name: ">500" },
];
static ECG_OUTPUTS: [Output; 7] = [
    score_output("qtcf", "QT/∛RR, ms; RR = 60/heart rate, s"),
    score_output("qtcb", "QT/√RR, ms"),
    score_output("hr", "bpm"),
    score_output("qt", "ms"),
    score_output("pr", "ms"),
    score_output("qrs", "ms"),
    decision_output("exclude_qtc", "QTc by the study's correction above 450 (men) or 460 (women)"),
];

/// The electrocardiogram.
pub static ECG: Instrument = Instrument {
    id: "ecg",
    name: "ECG",
    also: &["electrocardiogram"],
    version: "1",
    purpose: "corrected QT interval; exclusion and safety",
    rater: Rater::Measurement,
    recall: Recall::Today,
    visits: "screening; dosing day where the study says",
    licence: Licence::Own,
    variants: &[],
    items: &ECG_ITEMS,
    scales: &[],
    pack_scales: &[],
    own_outputs: &ECG_OUTPUTS,
    higher_is_worse: true,
    meaningful: &[],
    missing: "QT and heart rate (or RR) are needed for a corrected QT; a printed one stands in with a warning",
    source: "formulas of Bazett and Fridericia; limits of the study, by the correction it names",
    check: None,
    own: Some(score_ecg),
};

/// QTc in ms, to two decimals: by Fridericia (∛RR) and Bazett (√RR). `rr_seconds` above zero.
///
/// Errors: none outside plausible input. Source: the two published formulas.
pub fn qtc(qt_ms: Decimal, rr_seconds: f64) -> Option<(Decimal, Decimal)> {
    if rr_seconds <= 0.0 {
        return None;
    }
    let corrected = |root: f64| Decimal::nearest((qt_ms.as_f64() / root * 100.0).round() / 100.0);
    corrected(rr_seconds.cbrt()).zip(corrected(rr_seconds.sqrt()))
}

fn score_ecg(sheet: &Sheet<'_>, scored: &mut Scored) {
    let one = |value: Option<Decimal>| usize::from(value.is_some());
    let heart = sheet.number("hr");
    // RR of 250 and more is in milliseconds.
    let measured =
        sheet.number("rr").map(|rr| if rr >= Decimal::whole(250) { rr.as_f64() / 1000.0 } else { rr.as_f64() });
    let rr = measured.or(heart.map(|heart| 60.0 / heart.as_f64()));
    let computed = sheet.number("qt").zip(rr).and_then(|(qt, rr)| qtc(qt, rr));
    let printed = (sheet.number("qtcf"), sheet.number("qtcb"));
    let fridericia = computed.map(|(fridericia, _)| fridericia).or(printed.0);
    let bazett = computed.map(|(_, bazett)| bazett).or(printed.1);
    let answered = one(sheet.number("qt")) + usize::from(rr.is_some());
    for (name, value) in [("qtcf", fridericia), ("qtcb", bazett)] {
        // A printed value is one answer; a computed one needs QT and RR.
        let (answered, of) = if computed.is_none() && value.is_some() { (1, 1) } else { (answered, 2) };
        scored.push(name, value, answered, of).banded(QTC_BANDS);
    }
    for name in ["hr", "qt", "pr", "qrs"] {
        let value = sheet.number(name);
        scored.push(name, value, one(value), 1);
    }
    if computed.is_none() && (printed.0.is_some() || printed.1.is_some()) {
        scored.warn("QT or heart rate is missing: the corrected QT is the one that the device printed");
    }
    for (name, ours, device) in [("QTcF", fridericia, printed.0), ("QTcB", bazett, printed.1)] {
        if let (Some(ours), Some(device)) = (ours, device)
            && ours.minus(device).as_thousandths().abs() > 5_000
        {
            scored.warn(format!("{name} {ours} ms differs from the printed {device} ms by more than 5 ms"));
        }
    }
    exclude(sheet, scored, fridericia, bazett);
    if let Some(fridericia) = fridericia.filter(|qtc| *qtc > Decimal::whole(500)) {
        scored.alert(
            AlertLevel::StopDosing,
            format!("QTcF {fridericia} ms is above 500"),
            alerts::PHYSICIAN,
            "no dose; physician reads the ECG",
        );
    }
}

fn exclude(sheet: &Sheet<'_>, scored: &mut Scored, fridericia: Option<Decimal>, bazett: Option<Decimal>) {
    let (name, value) = match sheet.settings.qtc_correction {
        QtCorrection::Bazett => ("QTcB", bazett),
        QtCorrection::Fridericia => ("QTcF", fridericia),
    };
    let (male, female) = (sheet.settings.qtc_ms_max_male, sheet.settings.qtc_ms_max_female);
    let above = |most: i64| Truth::from(value.map(|value| value > Decimal::whole(most)));
    let answer = match sheet.responses.sex {
        Some(Sex::Male) => above(male),
        Some(Sex::Female) => above(female),
        None if above(male) == above(female) => above(male),
        None => Truth::Indeterminate,
    };
    let why = match value {
        Some(value) => format!("{name} {value} ms; limits {male} (men), {female} (women)"),
        None => format!("{name} can't be computed"),
    };
    scored.decide("exclude_qtc", answer, why);
}

/// The band of a change of QTc from the baseline, ms: up to 30, above 30, above 60.
pub fn qtc_change_band(change: Decimal) -> &'static str {
    if change > Decimal::whole(60) {
        ">60"
    } else if change > Decimal::whole(30) {
        ">30"
    } else {
        "<=30"
    }
}
